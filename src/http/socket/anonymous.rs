//! Bounds of sockets without a live token.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::domain::Network;

/// From one address: clients behind it that all connect again at once, and have not logged in yet.
const OF_ADDRESS_MAX: usize = 250;

const IN_ALL_MAX: usize = 1000;

/// Above the bounds the oldest socket ends: a client that logs in does so at once. Clones share the counts.
#[derive(Debug, Clone, Default)]
pub struct AnonymousSockets(Arc<Mutex<OpenSockets>>);

#[derive(Debug, Default)]
struct OpenSockets {
    /// Oldest first.
    by_address: HashMap<Option<Network>, BTreeMap<u64, Arc<Notify>>>,
    all: usize,
    last_number: u64,
}

#[derive(Debug)]
pub struct AnonymousPermit {
    sockets: AnonymousSockets,
    address: Option<Network>,
    number: u64,
    /// It must make room for another one.
    gives_way: Arc<Notify>,
}

impl AnonymousSockets {
    /// If there are too many, the oldest one of this address, else of the address with the most, must end.
    pub fn permit(&self, client: Option<IpAddr>) -> AnonymousPermit {
        let (address, gives_way) = (client.map(Network::of), Arc::new(Notify::new()));
        let mut open = self.open();
        if open.by_address.get(&address).is_some_and(|sockets| sockets.len() >= OF_ADDRESS_MAX) {
            open.end_oldest(address);
        } else if open.all >= IN_ALL_MAX {
            let most = open.by_address.iter().max_by_key(|(_, sockets)| sockets.len()).map(|(address, _)| *address);
            most.into_iter().for_each(|address| open.end_oldest(address));
        }
        open.last_number += 1;
        let number = open.last_number;
        open.by_address.entry(address).or_default().insert(number, Arc::clone(&gives_way));
        open.all += 1;
        drop(open);
        AnonymousPermit { sockets: self.clone(), address, number, gives_way }
    }

    fn open(&self) -> MutexGuard<'_, OpenSockets> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenSockets {
    fn end_oldest(&mut self, address: Option<Network>) {
        let oldest = self.by_address.get(&address).and_then(|sockets| sockets.keys().next().copied());
        if let Some(gives_way) = oldest.and_then(|number| self.take(address, number)) {
            gives_way.notify_one();
        }
    }

    fn take(&mut self, address: Option<Network>, number: u64) -> Option<Arc<Notify>> {
        let sockets = self.by_address.get_mut(&address)?;
        let taken = sockets.remove(&number)?;
        if sockets.is_empty() {
            self.by_address.remove(&address);
        }
        self.all = self.all.saturating_sub(1);
        Some(taken)
    }
}

impl AnonymousPermit {
    /// Is notified when the socket must end.
    pub fn gives_way(&self) -> Arc<Notify> {
        Arc::clone(&self.gives_way)
    }
}

impl Drop for AnonymousPermit {
    fn drop(&mut self) {
        self.sockets.open().take(self.address, self.number);
    }
}
