//! From which address a call comes: what a proxy says of it counts where the operator has named that proxy.

use std::net::IpAddr;

use actix_web::{HttpRequest, web::Data};
use ipnet::IpNet;

/// Addresses that one header may list: more are not looked at.
const HOPS_MAX: usize = 16;

/// The proxies in front of this server. Nobody else is believed.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Believes these.
    pub fn new(trusted: Vec<IpNet>) -> Self {
        Self(trusted)
    }

    pub(super) fn are(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// The client's address: the peer's, or where that is a proxy of ours, the last address in `X-Forwarded-For` that is none.
/// None on a Unix socket.
pub fn client(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let trusted = request.app_data::<Data<Proxies>>().filter(|proxies| proxies.are(peer));
    let Some(proxies) = trusted else { return Some(peer) };
    let lines: Vec<&str> = request.headers().get_all("X-Forwarded-For").filter_map(|line| line.to_str().ok()).collect();
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(',')).take(HOPS_MAX);
    // What is no address was not written by a proxy of ours: nothing before it counts either.
    let hops = hops.map_while(|hop| hop.trim().parse::<IpAddr>().ok());
    Some(hops.map(|hop| hop.to_canonical()).find(|hop| !proxies.are(*hop)).unwrap_or(peer))
}
