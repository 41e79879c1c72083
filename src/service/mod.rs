//! The product's rules, written like the vendors' pages, without HTTP or SQL.
//!
//! A change is a rule: a function of a [`Tx`], which reads first, refuses before its first write, then writes, all in
//! one transaction. Any method may fail with `Busy` or `Internal`, and a long read with `TooMany`. A method that acts
//! for a user itself fails with `Unauthenticated` if the user was deleted, and with `Forbidden` if it is suspended.
//!
//! Slow work leaves the async threads. Work of several steps (validate, store bytes, commit the row, announce) runs
//! to its end even if the caller hangs up.

pub mod accounts;
pub mod admins;
pub mod apps;
pub mod backup;
pub mod chats;
pub mod client_limits;
pub mod contacts;
pub mod conversations;
pub mod credentials;
pub mod demo;
pub mod follows;
pub mod friends;
pub mod health;
pub mod log_cuts;
mod login_throttle;
mod logins;
mod long_changes;
pub mod look_back;
pub mod nonces;
pub mod owners;
pub mod pictures;
pub mod profiles;
mod quota;
pub mod sessions;
pub mod status;
pub mod sweep;
mod thread_pool;
pub mod users;

pub use self::{
    accounts::{Account, LoginOrRegister, RegisterUser, RegisteredUser, TicketCaller, UserFields},
    admins::{AUDIT_ENTRIES_MAX, AdminSessionView, NewAdminSession},
    apps::{AppChange, AppSecrets, Tenant},
    backup::BackupPieces,
    client_limits::ClientBounds,
    contacts::PhoneBookSync,
    credentials::{HashCaller, HmacAlgorithm, Keyring, Purpose, SealedKind},
    friends::{Outcomes, UserLists},
    health::{CHECK_UP_WAIT_MAX, Decoding, FolderInspection, PictureTally, ReadinessCondition, ServerFigures},
    look_back::MissedEvents,
    pictures::{PictureBody, PictureFile, PictureOptions, UploadedPicture},
    profiles::{UserSetting, Viewer},
    sessions::{
        AuthenticatedUser, PasswordLogin,
        notifications::EventSubscription,
        renewal::{ClientSession, Renewal},
        signed::UserSigLogin,
    },
};

use std::sync::{Arc, Mutex};

use crate::{
    blob::Folder,
    domain::{CallerKey, Clock, Digest, Error, Event, Moment},
    live::{clients::RECENT, feed::Feed, hub::Hub, status_subscriptions::StatusSubscriptions},
    store::{Db, LongReads, Store, Touches, Tx},
};
use admins::Setup;
use apps::Directory;
use client_limits::ClientLimits;
use health::Readiness;
use log_cuts::Wiped;
use login_throttle::LoginThrottle;
use long_changes::LongChanges;
use nonces::Nonces;
use pictures::Pictures;
use sessions::signed::SigningApps;

/// Events among which the recent ones are looked for when the server starts. Of more, only these are recent.
const RECENT_EVENTS_AT_START: u32 = 1000;

/// The rules over one data folder. A clone shares it.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    keyring: Keyring,
    apps: Directory,
    pictures: Pictures,
    hub: Hub,
    /// That Tencent's clients ask for.
    status_subscriptions: StatusSubscriptions,
    /// That Qiscus' clients ask for.
    presence_subscriptions: StatusSubscriptions,
    /// To contacts and conversation partners, for MirrorFly's clients.
    contact_subscriptions: StatusSubscriptions,
    /// None once [`Service::run_feed`] has taken it.
    feed: Mutex<Option<Feed>>,
    throttle: LoginThrottle,
    client_limits: ClientLimits,
    setup: Setup,
    long_changes: LongChanges,
    phone_books: LongChanges,
    nonces: Nonces,
    signing: SigningApps,
    readiness: Readiness,
    wiped: Arc<Wiped>,
    /// Held by a backup and by each step of the sweep, so that no picture file is removed while a backup reads it.
    removing: Arc<tokio::sync::Mutex<()>>,
    clock: Clock,
}

impl Service {
    /// # Errors
    /// `Forbidden` for another server key than the one this database was made with.
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
        hub.start_recent(last_before_recent(&store, seq).await?);
        let status_subscriptions = StatusSubscriptions::new(hub.clone(), Arc::clone(&clock));
        let presence_subscriptions = StatusSubscriptions::with_calls(hub.clone(), Arc::clone(&clock));
        let contact_subscriptions = StatusSubscriptions::new(hub.clone(), Arc::clone(&clock));
        let feed = Mutex::new(Some(Feed::new(&store, hub.clone(), contact_subscriptions.clone(), seq)?));
        Ok(Self {
            inner: Arc::new(Inner {
                store,
                keyring,
                apps,
                pictures,
                hub,
                status_subscriptions,
                presence_subscriptions,
                contact_subscriptions,
                feed,
                throttle: LoginThrottle::new(),
                client_limits: ClientLimits::new(clients),
                setup: Setup::default(),
                long_changes: LongChanges::new(),
                phone_books: LongChanges::of_phone_books(),
                nonces: Nonces::new(),
                signing: SigningApps::default(),
                readiness: Readiness::new(),
                wiped: Arc::new(Wiped::new()),
                removing: Arc::default(),
                clock,
            }),
        })
    }

    /// Lets the writer finish its queue and closes the database. Later calls return [`Error::Busy`].
    pub async fn close(&self) {
        self.inner.store.clone().close().await;
    }

    pub fn now(&self) -> Moment {
        (self.inner.clock)()
    }

    async fn write_all<T: Send + 'static>(
        &self,
        rule: impl AsyncFn(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.inner.store.write(Touches::All, rule).await
    }

    async fn read<T>(&self, read: impl AsyncFnOnce(&Db<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.inner.store.read(read).await
    }

    /// Runs on a thread for long reads, queued fairly by caller.
    async fn long_read<T: Send + 'static>(
        &self,
        by: CallerKey,
        read: impl AsyncFnOnce(&LongReads<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.inner.store.long_read(by, read).await
    }

    /// Runs to its end even if the client hangs up: a stored picture must get its row, and a row its picture.
    async fn run_to_end<T: Send + 'static>(
        &self,
        steps: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        tokio::spawn(steps).await.map_err(Error::internal)?
    }
}

/// Returns the last event before those that a client may have missed when the server stopped, if there are events.
async fn last_before_recent(store: &Store, last: i64) -> Result<Option<i64>, Error> {
    let first = last.saturating_sub(RECENT_EVENTS_AT_START.into());
    let read = async move |db: &LongReads<'_>| db.events_after(first, RECENT_EVENTS_AT_START).await;
    let events = store.long_read(CallerKey::Operator, read).await?.events;
    let stopped_at = events.last().map(|event| event.at);
    Ok(stopped_at.map(|stopped_at| {
        let is_old = |event: &&Event| event.at.after(RECENT) <= stopped_at;
        events.iter().rev().find(is_old).map_or(first, |event| event.seq)
    }))
}

/// Ties the database to the first server key. Returns whether this is that key.
pub async fn adopt_key(tx: &Tx<'_>, fingerprint: Digest) -> Result<bool, Error> {
    tx.adopt_key(fingerprint).await?;
    Ok(tx.adopted_key().await? == Some(fingerprint))
}

/// Runs on the shared blocking pool.
/// # Errors
/// `Internal` if the work panics.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}
