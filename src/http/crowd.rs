//! How many connections one address may have open at one time.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::peer::Proxies;

/// The part of an IPv6 address that stands for one client: the rest is the client's own to choose.
const IPV6_NETWORK: u128 = u128::MAX << 64;

/// How often the log says that connections are cut off, at most.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// The connections that are open, by address: it remembers no address that has none. One for all workers: clones count on.
#[derive(Debug, Clone)]
pub struct Crowd(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    connections_max: usize,
    proxies: Proxies,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    by_address: HashMap<IpAddr, usize>,
    told_at: Option<Instant>,
}

/// The place of a connection: given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    counted: Option<(Crowd, IpAddr)>,
}

impl Crowd {
    /// Lets each address have so many; a proxy of ours, which speaks for many clients, as many as it likes.
    pub fn new(connections_max: usize, proxies: Proxies) -> Self {
        Self(Arc::new(Counted { connections_max, proxies, open: Mutex::default() }))
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
        if self.0.proxies.are(address) {
            return Ok(Place { counted: None });
        }
        let address = client_of(address);
        let mut open = self.open();
        let connections = open.by_address.get(&address).copied().unwrap_or_default();
        if connections >= self.0.connections_max {
            let is_news = open.told_at.is_none_or(|told_at| told_at.elapsed() >= TOLD_EVERY);
            if is_news {
                open.told_at = Some(Instant::now());
            }
            return Err(is_news);
        }
        open.by_address.insert(address, connections + 1);
        drop(open);
        Ok(Place { counted: Some((self.clone(), address)) })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((crowd, address)) = &self.counted else { return };
        let mut open = crowd.open();
        if let Some(connections) = open.by_address.get_mut(address) {
            *connections = connections.saturating_sub(1);
            if *connections == 0 {
                open.by_address.remove(address);
            }
        }
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
    fn of_ipv6_the_network_counts_and_what_has_gone_is_forgotten() {
        let crowd = Crowd::new(2, Proxies::new(vec!["192.0.2.1/32".parse().unwrap()]));
        let enter = |address: &str| crowd.enter(address.parse().unwrap());
        let one = enter("2001:db8::1").unwrap();
        let _other = enter("2001:db8::2").unwrap();
        assert!(enter("2001:db8::3").is_err_and(|is_news| is_news));
        assert!(enter("2001:db8::3").is_err_and(|is_news| !is_news), "told once");
        let next_door = enter("2001:db8:0:1::1").unwrap();
        drop(one);
        let _place = enter("2001:db8::3").unwrap();
        drop(next_door);
        assert_eq!(crowd.open().by_address.len(), 1);
        assert!((0..9).all(|_| enter("192.0.2.1").is_ok_and(|place| place.counted.is_none())));
    }
}
