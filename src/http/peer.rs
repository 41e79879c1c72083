//! The client's address. `X-Forwarded-For` counts only if the operator trusts the proxy that sent it.

use std::net::{IpAddr, SocketAddr};

use actix_web::{
    HttpRequest,
    http::header::{HOST, HeaderValue},
    web::Data,
};
use ipnet::IpNet;

use crate::domain::Host;

/// Addresses read from a request's header, from the last one backwards.
const HOPS_MAX: usize = 16;

#[derive(Debug, Clone, Default)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    pub fn new(trusted: Vec<IpNet>) -> Self {
        Self(trusted)
    }

    pub(super) fn are(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Returns the peer's address, or if that is a trusted proxy, the last one in `X-Forwarded-For` that is none. None on a
/// Unix socket.
pub fn client(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let trusted = request.app_data::<Data<Proxies>>().filter(|proxies| proxies.are(peer));
    let Some(proxies) = trusted else { return Some(peer) };
    let lines: Vec<&[u8]> = request.headers().get_all("X-Forwarded-For").map(HeaderValue::as_bytes).collect();
    Some(forwarded(&lines, proxies).unwrap_or(peer))
}

/// Returns the host that the request names. Ignores what proxies say about it.
pub fn host(request: &HttpRequest) -> Option<Host> {
    Host::of_header(request.headers().get(HOST)?.to_str().ok()?).ok()
}

/// Each proxy appends to the right, so whatever a client wrote is to the left, in the same line or in an earlier one.
fn forwarded(lines: &[&[u8]], proxies: &Proxies) -> Option<IpAddr> {
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    // Empty entries are allowed (RFC 9110, 5.6.1). Any other entry that is no address, such as `unknown`, ends the
    // search: a client can have written everything before it.
    let hops = hops.filter(|hop| !hop.is_empty()).take(HOPS_MAX).map_while(address);
    hops.map(|hop| hop.to_canonical()).find(|hop| !proxies.are(*hop))
}

/// Reads `192.0.2.7`, `2001:db8::7`, `[2001:db8::7]`, the first and the last also with a port, each also in quotes.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let hop = str::from_utf8(hop).ok()?;
    let hop = hop.strip_prefix('"').and_then(|hop| hop.strip_suffix('"')).unwrap_or(hop);
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    let with_port = || hop.parse().ok().map(|with_port: SocketAddr| with_port.ip());
    hop.parse().ok().or_else(bracketed).or_else(with_port)
}

#[cfg(test)]
#[path = "../../tests/unit/http/peer.rs"]
mod tests;
