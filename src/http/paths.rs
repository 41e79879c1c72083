//! Request targets as clients, proxies and monitors write them: slashes too many, HEAD for GET, and OPTIONS outside of CORS.

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

/// What is served here at all, by method. Which of them a path takes, its own answer says.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");

/// Paths whose slash at the end says something: they serve pages, whose links are relative to it.
const PAGES: [&str; 2] = ["/console/", "/docs/"];

/// Paths that answer HEAD themselves, at less cost than by making a body that nobody is sent.
const OF_FILES: &str = "/pictures/";

/// Hands a request on as its client meant it.
///
/// A base address that ends in a slash makes two of them of the one before the call (`//api/v2/sdk/config`,
/// `/api/v2.1/rest//user_profile`), and some libraries end every path in one. Behind one of `bases`, and at the start and the end of a
/// path, slashes too many are not looked at; elsewhere an empty part of a path is an empty name, and means no other call. HEAD is
/// answered as GET, of which the framework sends the head alone.
/// # Errors
/// What `next` answers.
pub async fn as_meant(
    bases: &[&str],
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody + 'static>, Error> {
    if let Some(uri) = tidied(bases, request.uri()) {
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

/// Answers OPTIONS, with which load balancers ask whether a server lives and clients what it serves. It goes inside the middleware that
/// answers a browser's preflights, and sees all others.
/// # Errors
/// What `next` answers.
pub async fn options(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if request.method() != Method::OPTIONS {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    }
    Ok(request.into_response(HttpResponse::NoContent().insert_header((ALLOW, METHODS)).finish()))
}

/// The address without slashes too many; none where it has none.
fn tidied(bases: &[&str], uri: &Uri) -> Option<Uri> {
    let path = tidy(bases, uri.path())?;
    let target = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(target).ok()?);
    Uri::from_parts(parts).ok()
}

fn tidy(bases: &[&str], path: &str) -> Option<String> {
    if !path.starts_with('/') {
        return None; // `*`, of OPTIONS
    }
    let mut rest = path.trim_start_matches('/');
    let mut tidy = String::with_capacity(path.len());
    let mut is_in_base = true;
    while is_in_base {
        let (part, behind) = rest.split_once('/').unwrap_or((rest, ""));
        tidy.push('/');
        tidy.push_str(part);
        // Behind a part of a base comes another part of one, or the call.
        is_in_base = rest.len() > part.len() && bases.iter().any(|base| is_part(base, &tidy));
        rest = if is_in_base { behind.trim_start_matches('/') } else { rest.get(part.len()..).unwrap_or_default() };
    }
    tidy.push_str(rest);
    if !PAGES.contains(&tidy.as_str()) {
        tidy.truncate(tidy.trim_end_matches('/').len().max(1));
    }
    (tidy != path).then_some(tidy)
}

/// Whether a base is `path`, or goes on behind it with another part.
fn is_part(base: &str, path: &str) -> bool {
    base.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASES: [&str; 3] = ["/api/v2/sdk", "/api/v1", "/v4"];

    #[test]
    fn slashes_too_many_are_looked_through_before_a_call_and_behind_it_and_nowhere_else() {
        for (path, tidied) in [
            ("//api/v2/sdk/config", "/api/v2/sdk/config"),
            ("///api//v2///sdk////config", "/api/v2/sdk/config"),
            ("/api/v2/sdk//auth/nonce", "/api/v2/sdk/auth/nonce"),
            ("/api/v2/sdk/config/", "/api/v2/sdk/config"),
            ("/api/v2/sdk/config//", "/api/v2/sdk/config"),
            ("/api/v1//users", "/api/v1/users"),
            ("/v4//profile/portrait_get", "/v4/profile/portrait_get"),
            ("//healthz/", "/healthz"),
            ("//", "/"),
            ("//console/", "/console/"),
            ("//docs//", "/docs"),
            ("/api/v2/sdk//", "/api/v2/sdk"),
        ] {
            assert_eq!(tidy(&BASES, path).as_deref(), Some(tidied), "{path}");
        }
        for path in [
            "/",
            "/api/v2/sdk/config",
            "/api/v2/sdk/auth//nonce",
            "/api/v1/users//profile",
            "/v4x//y",
            "/pictures//x",
            "/console/",
            "/docs/",
            "*",
        ] {
            assert_eq!(tidy(&BASES, path), None, "{path}");
        }
    }
}
