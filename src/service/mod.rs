//! The verbs, written like the vendors' pages: what a caller may ask of the house, knowing neither HTTP nor SQL.
//!
//! A verb is a method of [`Service`]. What it changes is a rule: a function of a [`Tx`], which looks first, refuses before its first write,
//! then writes, all in one unit of work.
//!
//! Slow work leaves the asynchronous threads: hashing and files for the shared pool, pictures for threads of their own. A read of
//! one row is done where it is needed.
//! What takes several steps runs to its end even when the caller hangs up: validate, store bytes, commit the row, announce.

pub mod accounts;
pub mod admins;
pub mod apps;
pub mod backup;
pub mod chats;
pub mod client_limits;
pub mod contacts;
pub mod credentials;
pub mod demo;
pub mod follows;
pub mod friends;
pub mod health;
pub mod listening;
mod login_throttle;
mod logins;
pub mod look_back;
pub mod nonces;
pub mod owners;
pub mod pictures;
pub mod profiles;
mod quota;
pub mod rekey;
pub mod renewal;
pub mod sessions;
pub mod signed;
pub mod status;
mod steps;
pub mod sweep;
mod turns;
pub mod users;

use std::sync::{Arc, Mutex};

use crate::{
    blob::Folder,
    domain::{
        caller::CallerKey,
        error::Error,
        id::{AppKey, UserKey},
        owner::Owner,
        secret::Digest,
        time::{Clock, Moment},
    },
    live::{feed::Feed, hub::Hub, watchers::Watchers},
    store::{Db, LongReads, Store, Touches, Tx},
};
use admins::Setup;
use apps::{Directory, Tenant};
use client_limits::{ClientBounds, ClientLimits};
use credentials::Keyring;
use health::Readiness;
use login_throttle::LoginThrottle;
use nonces::Nonces;
use pictures::{PictureOptions, Pictures};
use signed::Signing;
use steps::LongChanges;

/// The verbs over one data folder. Cloning shares it.
#[derive(Clone)]
pub struct Service {
    house: Arc<House>,
}

struct House {
    store: Store,
    keyring: Keyring,
    apps: Directory,
    pictures: Pictures,
    hub: Hub,
    watchers: Watchers,
    /// Until somebody follows it.
    feed: Mutex<Option<Feed>>,
    throttle: LoginThrottle,
    client_limits: ClientLimits,
    setup: Setup,
    long_changes: LongChanges,
    phone_books: LongChanges,
    nonces: Nonces,
    signing: Signing,
    readiness: Readiness,
    /// Held while files of pictures must stay: by a backup, and by each step of the sweep.
    removing: Arc<tokio::sync::Mutex<()>>,
    clock: Clock,
}

impl Service {
    /// Opens the verbs over an open store and picture folder. The server key must be the one this database was made with.
    /// # Errors
    /// `Forbidden` when the server key is another one; store errors.
    pub async fn open(
        store: Store,
        folder: Folder,
        keyring: Keyring,
        pictures: &PictureOptions,
        clients: &ClientBounds,
        clock: Clock,
    ) -> Result<Self, Error> {
        let fingerprint = keyring.fingerprint();
        if !store.write(Touches::All, async move |tx| adopt_key(tx, fingerprint).await).await? {
            return Err(Error::Forbidden("the server key is not the one this data folder was made with"));
        }
        let apps = Directory::default();
        apps.refresh(&store, &keyring).await?;
        let pictures = Pictures::new(folder, pictures);
        let seq = store.read(async |db| db.last_event_seq().await).await?;
        let hub = Hub::new(seq, Arc::clone(&clock));
        let watchers = Watchers::new(hub.clone(), Arc::clone(&clock));
        let feed = Mutex::new(Some(Feed::new(&store, hub.clone(), seq)?));
        Ok(Self {
            house: Arc::new(House {
                store,
                keyring,
                apps,
                pictures,
                hub,
                watchers,
                feed,
                throttle: LoginThrottle::new(),
                client_limits: ClientLimits::new(clients),
                setup: Setup::default(),
                long_changes: LongChanges::new(),
                phone_books: LongChanges::of_phone_books(),
                nonces: Nonces::new(),
                signing: Signing::default(),
                readiness: Readiness::new(),
                removing: Arc::default(),
                clock,
            }),
        })
    }

    /// Lets the writer finish what is queued and closes the database. Verbs called after this answer [`Error::Busy`].
    pub async fn close(&self) {
        self.house.store.clone().close().await;
    }

    /// Now, by the clock the house was given.
    pub fn now(&self) -> Moment {
        (self.house.clock)()
    }

    /// Writes by a rule that is about no one user.
    /// # Errors
    /// Those of the rule, and of every write.
    async fn write_all<T: Send + 'static>(
        &self,
        rule: impl AsyncFn(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.house.store.write(Touches::All, rule).await
    }

    /// Reads what takes microseconds, at once.
    async fn read<T>(&self, read: impl AsyncFnOnce(&Db<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.house.store.read(read).await
    }

    /// Reads what takes long, in the caller's turn.
    async fn long_read<T: Send + 'static>(
        &self,
        by: CallerKey,
        read: impl AsyncFnOnce(&LongReads<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.house.store.long_read(by, read).await
    }

    /// Reads data of one user, which is given to `read` by its key, as it is at one moment.
    /// # Errors
    /// Those of [`owners::owner`], of `read`, and of every long read.
    async fn read_of<T: Send + 'static>(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        read: impl AsyncFnOnce(&LongReads<'_>, AppKey, UserKey) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (app, owner) = (tenant.app.key, owner.clone());
        let read = async move |db: &LongReads<'_>| {
            let owner = owners::owner(db, app, &owner).await?.key;
            read(db, app, owner).await
        };
        self.long_read(by, async move |db| db.snapshot(read).await).await
    }

    /// Runs several steps to their end, whether or not the caller waits for it: a picture that is stored must meet its row,
    /// and a row its picture, also when a client hangs up in between.
    async fn to_the_end<T: Send + 'static>(
        &self,
        steps: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        tokio::spawn(steps).await.map_err(Error::internal)?
    }
}

/// Ties the database to the server key of this fingerprint at the first call; later, whether it is the same one.
/// # Errors
/// Those of every write.
pub async fn adopt_key(tx: &Tx<'_>, fingerprint: Digest) -> Result<bool, Error> {
    tx.adopt_key(fingerprint).await?;
    Ok(tx.adopted_key().await? == Some(fingerprint))
}

/// The crossing from the asynchronous world to work that takes long on the shared pool: files, long lists, tiles. Decoding
/// and hashing cross by the workshops in `turns`.
/// # Errors
/// Internal when the work panicked.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}
