//! How many connections may be open at one time: of one address, and in all.

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

/// How many connections may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Of one address.
    pub per_address: usize,
    /// Of all addresses together, those of proxies included.
    pub in_all: usize,
    /// Beyond that, while they are told that there are too many.
    pub turned_away: usize,
    /// To the control socket.
    pub local: usize,
}

/// The connections that are open, by address and in all. One for all workers: clones count on.
#[derive(Debug, Clone)]
pub struct Crowd(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    limits: ConnectionLimits,
    proxies: Proxies,
    open: Places<IpAddr>,
    groups: Places<Group>,
    told_at: Mutex<Option<Instant>>,
}

/// What connections are counted by beside their address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Group {
    All,
    TurnedAway,
    Local,
}

/// The place of a connection, counted by its address unless it is a proxy's: given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    _of_address: Option<places::Place<IpAddr>>,
    _in_all: places::Place<Group>,
}

/// The place of a connection that is about to be closed.
#[derive(Debug)]
pub(super) struct Leaving(#[expect(dead_code, reason = "counts until it is dropped")] places::Place<Group>);

/// What becomes of a connection that was just accepted.
#[derive(Debug)]
pub(super) enum Entry {
    /// It is served, and keeps its place.
    Admitted(Place),
    /// As many are open as may be: it is told so.
    TurnedAway(Leaving),
    /// It is to be closed at once: its address has as many as it may have, or too many are being told already.
    CutOff,
}

impl Crowd {
    /// Keeps to these limits; a proxy of ours, which speaks for many clients, has as many as there may be in all.
    pub fn new(limits: ConnectionLimits, proxies: Proxies) -> Self {
        let (open, groups) = (Places::default(), Places::default());
        Self(Arc::new(Counted { limits, proxies, open, groups, told_at: Mutex::default() }))
    }

    /// What it keeps to.
    pub fn limits(&self) -> ConnectionLimits {
        self.0.limits
    }

    /// What becomes of a connection that has just been accepted.
    pub(super) fn admit(&self, peer: SocketAddr) -> Entry {
        let Counted { limits, groups, .. } = &*self.0;
        let of_address = match self.enter(peer.ip().to_canonical()) {
            Ok(of_address) => of_address,
            Err(is_news) => {
                if is_news {
                    let most = limits.per_address;
                    log::warn!("connections of {} are cut off: it has {most} open, the most of one address", peer.ip());
                }
                return Entry::CutOff;
            }
        };
        if let Some(in_all) = groups.enter(Group::All, limits.in_all) {
            return Entry::Admitted(Place { _of_address: of_address, _in_all: in_all });
        }
        if self.is_news() {
            log::warn!(
                "connections are turned away: {} are open, the most that the limit of open files leaves room for",
                limits.in_all
            );
        }
        self.turn_away()
    }

    /// What becomes of a connection to the control socket.
    pub(super) fn admit_locally(&self) -> Entry {
        match self.0.groups.enter(Group::Local, self.0.limits.local) {
            Some(in_all) => Entry::Admitted(Place { _of_address: None, _in_all: in_all }),
            None => self.turn_away(),
        }
    }

    fn turn_away(&self) -> Entry {
        match self.0.groups.enter(Group::TurnedAway, self.0.limits.turned_away) {
            Some(leaving) => Entry::TurnedAway(Leaving(leaving)),
            None => Entry::CutOff,
        }
    }

    /// A place among those of its address, none for a proxy; where there is none left, whether that is worth telling.
    fn enter(&self, address: IpAddr) -> Result<Option<places::Place<IpAddr>>, bool> {
        let Counted { limits, proxies, open, .. } = &*self.0;
        if proxies.are(address) {
            return Ok(None);
        }
        open.enter(client_of(address), limits.per_address).map(Some).ok_or_else(|| self.is_news())
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
        let limits = ConnectionLimits { per_address: 2, in_all: 100, turned_away: 1, local: 1 };
        let crowd = Crowd::new(limits, Proxies::new(vec!["192.0.2.1/32".parse().unwrap()]));
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

    #[test]
    fn promise_64_in_all_there_are_so_many_then_some_are_told_and_the_rest_are_cut_off() {
        let limits = ConnectionLimits { per_address: 9, in_all: 3, turned_away: 1, local: 1 };
        let crowd = Crowd::new(limits, Proxies::new(vec!["192.0.2.1/32".parse().unwrap()]));
        let admit = |address: &str| crowd.admit(SocketAddr::new(address.parse().unwrap(), 1));
        let mut open: Vec<Entry> = ["192.0.2.1", "192.0.2.2", "192.0.2.2"].map(admit).into();
        assert!(open.iter().all(|entry| matches!(entry, Entry::Admitted(_))), "{open:?}");
        let told = admit("192.0.2.3");
        assert!(matches!(told, Entry::TurnedAway(_)), "{told:?}");
        assert!(matches!(admit("192.0.2.1"), Entry::CutOff), "a proxy too");
        let _local = crowd.admit_locally();
        assert!(matches!(crowd.admit_locally(), Entry::CutOff));
        drop(told);
        assert!(matches!(admit("192.0.2.1"), Entry::TurnedAway(_)));
        open.pop();
        assert!(matches!(admit("192.0.2.4"), Entry::Admitted(_)));
    }
}
