//! How many connections one address may have open at one time.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{
    peer::Proxies,
    places::{self, Places},
};

/// The part of an IPv6 address that stands for one client: the rest is the client's own to choose.
const IPV6_NETWORK: u128 = u128::MAX << 64;

/// How often the log says that connections are cut off, at most.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// The connections that are open, by address. One for all workers: clones count on.
#[derive(Debug, Clone)]
pub struct Crowd(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    connections_max: usize,
    proxies: Proxies,
    open: Places<IpAddr>,
    told_at: Mutex<Option<Instant>>,
}

/// The place of a connection, counted unless it is a proxy's: given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    _counted: Option<places::Place<IpAddr>>,
}

impl Crowd {
    /// Lets each address have so many; a proxy of ours, which speaks for many clients, as many as it likes.
    pub fn new(connections_max: usize, proxies: Proxies) -> Self {
        Self(Arc::new(Counted { connections_max, proxies, open: Places::default(), told_at: Mutex::default() }))
    }

    /// A place for a connection that has just been accepted, to be dropped with it; without a place it is to be dropped at once.
    pub(super) fn admit(&self, peer: SocketAddr) -> Option<Place> {
        self.enter(peer.ip().to_canonical())
            .inspect_err(|is_news| {
                if *is_news {
                    let most = self.0.connections_max;
                    log::warn!("connections of {} are cut off: it has {most} open, the most of one address", peer.ip());
                }
            })
            .ok()
    }

    /// A place for a connection; where there is none, whether that is worth telling.
    fn enter(&self, address: IpAddr) -> Result<Place, bool> {
        let Counted { connections_max, proxies, open, .. } = &*self.0;
        if proxies.are(address) {
            return Ok(Place { _counted: None });
        }
        let counted = open.enter(client_of(address), *connections_max).ok_or_else(|| self.is_news())?;
        Ok(Place { _counted: Some(counted) })
    }

    fn is_news(&self) -> bool {
        let mut told_at = self.0.told_at.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = told_at.is_none_or(|told_at| told_at.elapsed() >= TOLD_EVERY);
        if is_news {
            *told_at = Some(Instant::now());
        }
        is_news
    }
}

fn client_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & IPV6_NETWORK)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_ipv6_the_network_counts_and_a_proxy_does_not() {
        let crowd = Crowd::new(2, Proxies::new(vec!["192.0.2.1/32".parse().unwrap()]));
        let enter = |address: &str| crowd.enter(address.parse().unwrap());
        let one = enter("2001:db8::1").unwrap();
        let _other = enter("2001:db8::2").unwrap();
        assert!(enter("2001:db8::3").is_err_and(|is_news| is_news));
        assert!(enter("2001:db8::3").is_err_and(|is_news| !is_news), "told once");
        let _next_door = enter("2001:db8:0:1::1").unwrap();
        drop(one);
        let _place = enter("2001:db8::3").unwrap();
        let of_proxy: Vec<_> = (0..9).map(|_| enter("192.0.2.1")).collect();
        assert!(of_proxy.iter().all(Result::is_ok));
    }
}
