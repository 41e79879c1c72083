//! How the house is, in figures.

use crate::{
    domain::{error::Error, listening::Wire},
    service::{Service, blocking},
};

/// What can be told of a house at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Writes that wait for the one writer.
    pub writes_waiting: usize,
    /// Open sockets, by wire.
    pub sockets: [(Wire, usize); 2],
    /// Of the database, as if all of it were in one file.
    pub database_bytes: u64,
    /// What this user may still write on the disk of the pictures.
    pub disk_free_bytes: u64,
}

impl Service {
    /// How the house is now.
    /// # Errors
    /// Store and disk errors.
    pub async fn facts(&self) -> Result<Facts, Error> {
        let house = &self.house;
        let (store, folder) = (house.store.clone(), house.pictures.folder.clone());
        let sizes = move || Ok::<_, Error>((store.bytes()?, folder.free_bytes()?));
        let (database_bytes, disk_free_bytes) = blocking(sizes).await??;
        let sockets = [Wire::MirrorFly, Wire::Tencent].map(|wire| (wire, house.hub.open_on(wire)));
        Ok(Facts { writes_waiting: house.store.writes_waiting(), sockets, database_bytes, disk_free_bytes })
    }
}
