//! What the house remembers: whole operations, each one transaction.
//!
//! A write resolves after its commit, so what was answered is stored; whatever it refuses, nothing was changed. A read
//! runs at once on the caller's thread (a point read takes some microseconds). Every change of a user writes its event
//! in the same transaction. Every operation on users takes the app: nothing crosses.
//!
//! Time, ids and secrets are arguments; no engine's type leaves this room.

mod sqlite;

use std::{collections::HashSet, fmt, path::Path, sync::Arc};

use tokio::sync::watch;

use self::sqlite::{Engine, apps, contacts, events, pictures, tickets, users};
use crate::domain::{
    app::{App, NewApp},
    avatar::{PictureKey, PictureKind},
    contact::Contact,
    device::Device,
    error::Error,
    event::Event,
    id::{AppKey, UserId, UserKey},
    page::{Listed, Order, Page},
    profile::{Credentials, ProfileChange, State, User},
    secret::{Derived, Digest, PasswordHash},
    text::{ContactName, MobileNumber},
    time::Moment,
};

/// How a store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreOptions {
    /// When a write counts as done.
    pub durability: Durability,
    /// Connections for reading: as many as threads that read. 0 reads as 1.
    pub readers: u32,
}

/// When a write counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Once it is on the disk: it survives the loss of power.
    Full,
    /// Once the operating system has it: it survives the end of this process. A loss of power can undo the writes
    /// since the last checkpoint; the database stays consistent.
    Normal,
}

/// Why a store cannot be opened. `Display` is one sentence that says what to do.
#[derive(Debug)]
pub struct OpenError(String);

impl OpenError {
    fn unusable(database: &Path, cause: impl fmt::Display) -> Self {
        let shown = database.display();
        Self(format!(
            "Cannot use the database {shown} ({cause}): check that its folder exists, that this user may write there \
             and that the disk has room, or restore a backup."
        ))
    }

    fn newer_schema(database: &Path, found: usize) -> Self {
        let shown = database.display();
        Self(format!(
            "The database {shown} was written by a newer Standin (its schema has version {found}): start that one, or \
             restore a backup made by this one."
        ))
    }

    fn old_engine(found: &str) -> Self {
        Self(format!("This program was built with SQLite {found}: build it with the bundled one, 3.51.3 or newer."))
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OpenError {}

/// A user that may or may not be known yet, with what to make of it.
#[derive(Debug, Clone)]
pub struct Register {
    /// Its id.
    pub id: UserId,
    /// What to do if there is such a user.
    pub if_known: IfKnown,
    /// Profile fields to set.
    pub change: ProfileChange,
    /// A password somebody chose. For a known user this is a change of its password.
    pub chosen: Option<PasswordHash>,
    /// Used only when this call creates the user.
    pub secrets: NewSecrets,
    /// The device it came with; replaces the one of the same platform.
    pub device: Option<Device>,
    /// A session to begin with.
    pub ticket: Option<NewTicket>,
    /// Now.
    pub at: Moment,
}

/// What becomes of a user that is known already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfKnown {
    /// The given fields are applied; its secrets stay.
    Update,
    /// Nothing: the call is refused.
    Refuse,
}

/// What a new user is given by the house.
#[derive(Debug, Clone)]
pub struct NewSecrets {
    /// The user token.
    pub token: Derived,
    /// The issued password.
    pub issued: Derived,
    /// See [`User::handle`].
    pub handle: PictureKey,
}

/// A user after [`Store::register`].
#[derive(Debug, Clone)]
pub struct Registered {
    /// As it is now.
    pub user: User,
    /// As they are now.
    pub credentials: Credentials,
    /// Whether this call created it.
    pub created: bool,
}

/// A change of a user. What is not given stays.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// Fields of the profile.
    pub profile: ProfileChange,
    /// A new chosen password: ends the user's sessions.
    pub chosen: Option<PasswordHash>,
    /// Whether it may act.
    pub state: Option<StateChange>,
    /// Replaces the device of the same platform. No event: nobody is shown devices.
    pub device: Option<Device>,
}

/// A change of whether a user may act. The state it has already is no change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateChange {
    /// It may act again.
    Reactivate,
    /// It may not: its sessions end, and this user token takes the former one's place, which is dead for good.
    Suspend {
        /// What the token is once the user is reactivated.
        token: Derived,
    },
}

impl StateChange {
    /// What the user is after it.
    pub fn state(&self) -> State {
        match self {
            Self::Reactivate => State::Active,
            Self::Suspend { .. } => State::Suspended,
        }
    }
}

/// A change of a user's own contacts. Removal comes before addition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContactsChange {
    /// Whom to list, each with what the owner calls them; without a name the one given earlier stays. The owner itself is left out.
    pub add: Vec<(UserKey, Option<ContactName>)>,
    /// Whom to list no longer.
    pub remove: Vec<UserKey>,
    /// Whether nobody but those in `add` stays listed.
    pub replaces_all: bool,
}

/// Who is to hold a new ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// The app's back-end account.
    BackEnd,
    /// A user of the app.
    User {
        /// Which one.
        key: UserKey,
        /// The chosen password as it was when the login was checked: one that has changed since ends the login too.
        chosen: Option<PasswordHash>,
        /// The issued password, likewise.
        issued: Digest,
    },
}

impl Holder {
    /// The user whose secrets these are, as they are now.
    pub fn of(credentials: &Credentials) -> Self {
        let Credentials { user, chosen, issued, .. } = credentials;
        Self::User { key: *user, chosen: chosen.clone(), issued: issued.digest }
    }
}

/// A session ticket on its way into a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewTicket {
    /// Of the secret its holder was given.
    pub digest: Digest,
    /// From this moment on it is no good.
    pub expires_at: Moment,
}

/// A session ticket as it is stored, good or expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The app it is good for.
    pub app: AppKey,
    /// Who holds it.
    pub holder: TicketHolder,
    /// From this moment on it is no good.
    pub expires_at: Moment,
}

/// Who holds a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TicketHolder {
    /// The app's back-end account.
    BackEnd,
    /// A user of the app.
    User {
        /// Its integer key.
        key: UserKey,
        /// Its id.
        id: UserId,
    },
}

/// A picture of a living user: the current one or one that waits for the sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPicture {
    /// Its name.
    pub key: PictureKey,
    /// What its bytes are.
    pub kind: PictureKind,
    /// Its owner's app.
    pub app: AppKey,
    /// Whose it is.
    pub owner: UserKey,
    /// Of the full rendition.
    pub width_px: u32,
    /// Of the full rendition.
    pub height_px: u32,
}

/// The store. Cheap to clone; every clone is the same one.
///
/// Besides what an operation names, every write can fail with `Busy` (its queue is full, or the store is closed),
/// `StorageFull` and `Internal`, every read with `Busy` and `Internal`.
#[derive(Clone)]
pub struct Store(Arc<Engine>);

impl Store {
    /// Opens the database, creating it (mode 0600) and bringing its schema up to date. Blocks.
    ///
    /// One process at a time: whoever calls holds the lock of the folder.
    /// # Errors
    /// The file cannot be used, or a newer version wrote it; it is left as it was.
    pub fn open(database: &Path, options: &StoreOptions) -> Result<Self, OpenError> {
        Engine::open(database, options).map(|engine| Self(Arc::new(engine)))
    }

    /// Finishes what is queued and ends. Later writes, through other clones, are `Busy`.
    pub async fn close(self) {
        self.0.close().await;
    }

    /// Ties the database to the server key of this fingerprint at the first call; later, whether it is the same one.
    /// # Errors
    /// Those of every write.
    pub async fn adopt_key(&self, fingerprint: Digest) -> Result<bool, Error> {
        self.0.write(move |tx| apps::adopt_key(tx, fingerprint)).await
    }

    /// Every app, in creation order.
    /// # Errors
    /// Those of every read.
    pub fn apps(&self) -> Result<Vec<App>, Error> {
        self.0.read(apps::all)
    }

    /// Makes an app.
    /// # Errors
    /// `Conflict(App)` when its `app_id` or `sdk_app_id` is taken.
    pub async fn create_app(&self, new: NewApp, at: Moment) -> Result<App, Error> {
        self.0.write(move |tx| apps::create(tx, &new, at)).await
    }

    /// Replaces everything about the app of this key but the key and its age.
    /// # Errors
    /// `NotFound(App)`; `Conflict(App)` when its `app_id` or `sdk_app_id` is another's.
    pub async fn change_app(&self, app: App) -> Result<App, Error> {
        self.0.write(move |tx| apps::change(tx, &app)).await
    }

    /// A user by its id.
    /// # Errors
    /// Those of every read.
    pub fn user(&self, app: AppKey, id: &UserId) -> Result<Option<User>, Error> {
        self.0.read(|connection| users::find(connection, app, id))
    }

    /// A user by its key.
    /// # Errors
    /// Those of every read.
    pub fn user_by_key(&self, app: AppKey, key: UserKey) -> Result<Option<User>, Error> {
        self.0.read(|connection| users::find_by_key(connection, app, key))
    }

    /// A user, and its app, by the name of its stable picture address.
    /// # Errors
    /// Those of every read.
    pub fn user_by_handle(&self, handle: &PictureKey) -> Result<Option<(AppKey, User)>, Error> {
        self.0.read(|connection| users::find_by_handle(connection, handle))
    }

    /// A page of an app's users, suspended ones included; beyond the last page it is empty. Page n costs about what
    /// page 1 costs.
    /// # Errors
    /// Those of every read.
    pub fn users(&self, app: AppKey, page: Page, order: Order) -> Result<Listed<User>, Error> {
        self.0.read(|connection| users::list(connection, app, page, order))
    }

    /// What opens a user's account.
    /// # Errors
    /// Those of every read.
    pub fn credentials(&self, app: AppKey, id: &UserId) -> Result<Option<Credentials>, Error> {
        self.0.read(|connection| users::credentials(connection, app, id))
    }

    /// A user with what opens its account.
    /// # Errors
    /// Those of every read.
    pub fn account(&self, app: AppKey, id: &UserId) -> Result<Option<(User, Credentials)>, Error> {
        self.0.read(|connection| users::account(connection, app, id))
    }

    /// Creates a user, or updates the known one.
    ///
    /// Events: `Created` for a new user, else `ProfileChanged` for fields that differ and `PasswordChanged` for a new
    /// chosen password, which ends the sessions before the given ticket begins one.
    /// # Errors
    /// `Conflict(User)` when there is such a user and it was to be refused; `Forbidden` when a ticket is asked for a suspended one.
    /// Nothing was changed then.
    pub async fn register(&self, app: AppKey, register: Register) -> Result<Registered, Error> {
        self.0.write(move |tx| users::register(tx, app, &register)).await
    }

    /// Changes a user. A change that changes nothing leaves no trace.
    /// # Errors
    /// `NotFound(User)`.
    pub async fn change_user(&self, app: AppKey, id: UserId, change: UserChange, at: Moment) -> Result<User, Error> {
        self.0.write(move |tx| users::change(tx, app, &id, &change, at)).await
    }

    /// Changes whether users may act: all of them or none.
    /// # Errors
    /// `Invalid` at `ids`, naming the first one that nobody has.
    pub async fn change_states(
        &self,
        app: AppKey,
        changes: Vec<(UserId, StateChange)>,
        at: Moment,
    ) -> Result<(), Error> {
        self.0.write(move |tx| users::change_states(tx, app, &changes, at)).await
    }

    /// Replaces the user token; the former one is dead.
    /// # Errors
    /// `NotFound(User)`.
    pub async fn reset_token(&self, app: AppKey, id: UserId, token: Derived, at: Moment) -> Result<User, Error> {
        self.0.write(move |tx| users::reset_token(tx, app, &id, &token, at)).await
    }

    /// Replaces the issued password; the former one is dead, and so are the user's tickets. Event: `PasswordChanged`.
    /// # Errors
    /// `NotFound(User)`.
    pub async fn reset_issued(&self, app: AppKey, id: UserId, issued: Derived, at: Moment) -> Result<(), Error> {
        self.0.write(move |tx| users::reset_issued(tx, app, &id, &issued, at)).await
    }

    /// Deletes a user with its devices, tickets, contacts and blocks, and frees its id. Its pictures are released; its events stay.
    /// It leaves the lists of others at once, where more than a thousand name it by the sweep.
    /// # Errors
    /// `NotFound(User)`.
    pub async fn delete_user(&self, app: AppKey, id: UserId, at: Moment) -> Result<(), Error> {
        self.0.write(move |tx| users::delete(tx, app, &id, at)).await
    }

    /// A page of a user's contacts, in the order they were created as users, suspended ones included; `search` is part of a name, in any
    /// case of letters. Takes a walk over the list: some 10 ms for the longest, so call it on a blocking thread.
    /// # Errors
    /// Those of every read.
    pub fn contacts(
        &self,
        app: AppKey,
        owner: UserKey,
        search: Option<&str>,
        page: Page,
    ) -> Result<Listed<Contact>, Error> {
        self.0.read(|connection| contacts::list(connection, app, owner, search, page))
    }

    /// For each telephone number the users who have it, in whatever notation, and the one who has it as id, to the letter. About 10 us a
    /// number.
    /// # Errors
    /// Those of every read.
    pub fn users_of_numbers(&self, app: AppKey, numbers: &[MobileNumber]) -> Result<Vec<Vec<UserKey>>, Error> {
        self.0.read(|connection| contacts::of_numbers(connection, app, numbers))
    }

    /// Changes a user's own contacts; whom to add and is no user of this app is left out. Event: `ContactsChanged`, if the list differs.
    /// # Errors
    /// `Invalid` at `contacts` beyond the most rows one may have; `Unauthenticated` when the owner is gone or suspended by now.
    pub async fn change_contacts(
        &self,
        app: AppKey,
        owner: UserKey,
        change: ContactsChange,
        at: Moment,
    ) -> Result<(), Error> {
        self.0.write(move |tx| contacts::change(tx, app, owner, &change, at)).await
    }

    /// Blocks a user for another. Event: `Blocked`.
    /// # Errors
    /// `NotFound(User)`; `Conflict(Block)` when there is that block; `Invalid` at `user id` for the owner itself, at `blocked users` beyond
    /// the most one may have; `Unauthenticated` when the owner is gone or suspended by now.
    pub async fn block(&self, app: AppKey, owner: UserKey, whom: UserId, at: Moment) -> Result<(), Error> {
        self.0.write(move |tx| contacts::block(tx, app, owner, &whom, at)).await
    }

    /// Ends a block. Event: `Unblocked`.
    /// # Errors
    /// `NotFound(User)`; `NotFound(Block)`; `Invalid` at `user id` for the owner itself; `Unauthenticated` as for a block.
    pub async fn unblock(&self, app: AppKey, owner: UserKey, whom: UserId, at: Moment) -> Result<(), Error> {
        self.0.write(move |tx| contacts::unblock(tx, app, owner, &whom, at)).await
    }

    /// Takes rows that still name deleted users away, `at_most` in one step; 0 when none is left.
    /// # Errors
    /// Those of every write.
    pub async fn forget_departed(&self, at_most: u32) -> Result<u32, Error> {
        self.0.write(move |tx| contacts::forget_departed(tx, at_most)).await
    }

    /// Begins a session.
    /// # Errors
    /// `NotFound(User)` when the holder is no user of this app, is suspended, or has another password by now; `NotFound(App)` when
    /// there is no such app.
    pub async fn issue_ticket(&self, app: AppKey, holder: Holder, ticket: NewTicket, at: Moment) -> Result<(), Error> {
        self.0.write(move |tx| tickets::issue(tx, app, &holder, &ticket, at)).await
    }

    /// A ticket, also one that has expired: the caller tells expired from unknown.
    /// # Errors
    /// Those of every read.
    pub fn ticket(&self, digest: &Digest) -> Result<Option<Ticket>, Error> {
        self.0.read(|connection| tickets::find(connection, digest))
    }

    /// Deletes tickets that had expired at `before`, the longest expired first; how many.
    /// # Errors
    /// Those of every write.
    pub async fn forget_expired_tickets(&self, before: Moment, at_most: u32) -> Result<u32, Error> {
        self.0.write(move |tx| tickets::forget_expired(tx, before, at_most)).await
    }

    /// A picture, unless its owner is gone.
    /// # Errors
    /// Those of every read.
    pub fn picture(&self, key: &PictureKey) -> Result<Option<StoredPicture>, Error> {
        self.0.read(|connection| pictures::find(connection, key))
    }

    /// Deletes the rows of pictures released before then, the longest released first. The caller removes their files;
    /// if it dies over that, they are files without a row.
    /// # Errors
    /// Those of every write.
    pub async fn take_released_pictures(&self, before: Moment, at_most: u32) -> Result<Vec<PictureKey>, Error> {
        self.0.write(move |tx| pictures::take_released(tx, before, at_most)).await
    }

    /// The names of all pictures, released ones included: what the picture folder may hold. Takes a walk over them.
    /// # Errors
    /// Those of every read.
    pub fn picture_keys(&self) -> Result<HashSet<PictureKey>, Error> {
        self.0.read(pictures::keys)
    }

    /// Who hears of a user's changes: whom it lists and who lists it, but nobody across a block in either direction. Takes a walk over
    /// these rows.
    /// # Errors
    /// Those of every read.
    pub fn hearers(&self, user: UserKey) -> Result<Vec<UserKey>, Error> {
        self.0.read(|connection| contacts::hearers(connection, user))
    }

    /// Whether `listener` is among the [`Store::hearers`] of a user. A few point reads.
    /// # Errors
    /// Those of every read.
    pub fn hears(&self, listener: UserKey, of: UserKey) -> Result<bool, Error> {
        self.0.read(|connection| contacts::hears(connection, listener, of))
    }

    /// Changes after every commit, so that who follows the events need not ask in vain. Its other side is gone when the store has closed.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.0.commits()
    }

    /// The number of the last event, 0 before the first one.
    /// # Errors
    /// Those of every read.
    pub fn last_event_seq(&self) -> Result<i64, Error> {
        self.0.read(events::last_seq)
    }

    /// Deletes the oldest events: those stored before then, and all but the last `kept_max`. Looks at `at_most`; how many went.
    /// # Errors
    /// Those of every write.
    pub async fn forget_events(&self, before: Moment, kept_max: u32, at_most: u32) -> Result<u32, Error> {
        self.0.write(move |tx| events::forget(tx, before, kept_max, at_most)).await
    }

    /// What happened after `seq`, in the order of the commits.
    /// # Errors
    /// Those of every read.
    pub fn events_after(&self, seq: i64, at_most: u32) -> Result<Vec<Event>, Error> {
        self.0.read(|connection| events::after(connection, seq, at_most))
    }
}
