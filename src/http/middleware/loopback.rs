//! Restricts a demo, whose secrets are documented, to this machine: a page of any site could reach it by a name that
//! resolves to 127.0.0.1. A vendor's host names are safe: only the user of this machine can map them here.

use std::net::IpAddr;

use actix_web::{
    Error, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::header::{HOST, HeaderName, ORIGIN},
    middleware::Next,
};
use serde_json::json;
use url::Url;

/// `Host` and `Origin`, if any, must name this machine; `Host` may also be below one of `vendor_domains`. Others get
/// 403.
pub async fn only(
    vendor_domains: &[&str],
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let header = |name: &HeaderName| request.headers().get(name).map(|value| value.to_str().unwrap_or("?"));
    let is_from_here = request.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    let is_ours = |host: &str| {
        let origin = format!("http://{host}");
        is_loopback(&origin) || (is_from_here && is_below(&origin, vendor_domains))
    };
    let is_local = header(&HOST).is_none_or(is_ours) && header(&ORIGIN).is_none_or(is_loopback);
    if is_local {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    }
    let message = "A demo answers this machine alone: call it as localhost or 127.0.0.1, from a page of this machine";
    let refusal =
        HttpResponse::Forbidden().json(json!({ "status": 403, "message": message, "error": { "message": message } }));
    Err(InternalError::from_response(message, refusal).into())
}

fn is_below(origin: &str, domains: &[&str]) -> bool {
    let Ok(origin) = Url::parse(origin) else { return false };
    let Some(host) = origin.host_str() else { return false };
    domains.iter().any(|domain| host.strip_suffix(domain).is_some_and(|before| before.ends_with('.')))
}

pub(in crate::http) fn is_loopback(origin: &str) -> bool {
    let Ok(origin) = Url::parse(origin) else { return false };
    let Some(host) = origin.host_str() else { return false };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}
