//! Tolerates how clients write request targets: extra slashes, HEAD for GET, OPTIONS outside of CORS.

use actix_web::{
    Error, HttpResponse,
    body::{self, BodySize, BoxBody, EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, Uri,
        header::{ALLOW, HeaderValue, UPGRADE},
        uri::PathAndQuery,
    },
    middleware::Next,
};

/// All methods that the server knows. Each path's own answer lists its methods.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");

/// Paths whose trailing slash matters: their pages have relative links.
const PAGES: [&str; 2] = ["/console/", "/docs/"];

/// Paths that answer HEAD themselves, without building a body.
const OF_FILES: &str = "/pictures/";

/// A base address with a trailing slash doubles the slash before the call, and some libraries end every path in a
/// slash. Extra slashes after one of `bases` and at the start and end of a path are removed; elsewhere an empty segment
/// stays. HEAD is handled as GET; the framework sends only the head.
pub async fn normalise(
    bases: &[&str],
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody + 'static>, Error> {
    if let Some(uri) = normalised(bases, request.uri()) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
    let is_head = request.method() == Method::HEAD
        && !request.path().starts_with(OF_FILES)
        && !request.headers().contains_key(UPGRADE);
    if is_head {
        request.head_mut().method = Method::GET;
    }
    let answer = next.call(request).await?;
    Ok(answer.map_body(|_, body| match is_head && body.size() == BodySize::Stream {
        // Its end may never come, and none of it is sent.
        true => EitherBody::right(body::None::new()),
        false => EitherBody::left(body),
    }))
}

/// Answers load balancers and clients that probe a server. Goes inside the CORS middleware, which answers preflights.
pub async fn options(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if request.method() != Method::OPTIONS {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    }
    Ok(request.into_response(HttpResponse::NoContent().insert_header((ALLOW, METHODS)).finish()))
}

fn normalised(bases: &[&str], uri: &Uri) -> Option<Uri> {
    let path = normalised_path(bases, uri.path())?;
    let target = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(target).ok()?);
    Uri::from_parts(parts).ok()
}

fn normalised_path(bases: &[&str], path: &str) -> Option<String> {
    if !path.starts_with('/') {
        return None; // `*`, of OPTIONS
    }
    let mut rest = path.trim_start_matches('/');
    let mut normalised_path = String::with_capacity(path.len());
    let mut is_in_base = true;
    while is_in_base {
        let (part, behind) = rest.split_once('/').unwrap_or((rest, ""));
        normalised_path.push('/');
        normalised_path.push_str(part);
        // After a part of a base comes the next part, or the call.
        is_in_base = rest.len() > part.len() && bases.iter().any(|base| is_part(base, &normalised_path));
        rest = if is_in_base { behind.trim_start_matches('/') } else { rest.get(part.len()..).unwrap_or_default() };
    }
    normalised_path.push_str(rest);
    if !PAGES.contains(&normalised_path.as_str()) {
        normalised_path.truncate(normalised_path.trim_end_matches('/').len().max(1));
    }
    (normalised_path != path).then_some(normalised_path)
}

fn is_part(base: &str, path: &str) -> bool {
    base.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
#[path = "../../../tests/unit/http/middleware/paths.rs"]
mod tests;
