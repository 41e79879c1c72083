//! Bounds of sockets without a live token.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{
    domain::Network,
    http::keyed_limiter::{KeyedLimiter, Permit},
};

/// From one address.
const OF_ADDRESS_MAX: usize = 50;

const IN_ALL_MAX: usize = 1000;

/// Clones share the counts.
#[derive(Debug, Clone, Default)]
pub struct AnonymousSockets {
    by_address: KeyedLimiter<Option<Network>>,
    all: Arc<AtomicUsize>,
}

#[derive(Debug)]
pub struct AnonymousPermit {
    _of_address: Permit<Option<Network>>,
    all: Arc<AtomicUsize>,
}

impl AnonymousSockets {
    /// None if there are too many, from this address or in all.
    pub fn permit(&self, client: Option<IpAddr>) -> Option<AnonymousPermit> {
        let of_address = self.by_address.acquire(client.map(Network::of), OF_ADDRESS_MAX)?;
        let one_more = |open: usize| (open < IN_ALL_MAX).then_some(open + 1);
        self.all.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()?;
        Some(AnonymousPermit { _of_address: of_address, all: Arc::clone(&self.all) })
    }
}

impl Drop for AnonymousPermit {
    fn drop(&mut self) {
        self.all.fetch_sub(1, Ordering::Relaxed);
    }
}
