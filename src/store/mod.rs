//! What the house remembers: whole operations, each one transaction.
//!
//! A write resolves after its commit, so what was answered is stored; whatever it refuses, nothing was changed. A read
//! runs at once on the caller's thread (a point read takes some microseconds). Every change of a user writes its event
//! in the same transaction. Every operation on users takes the app: nothing crosses.
//!
//! Time, ids and secrets are arguments; no engine's type leaves this room.

mod admins;
mod asked;
mod chats;
mod follows;
mod observed;
mod places;
mod reads;
mod signatures;
mod snapshot;
mod sqlite;
mod unit;

use std::{fmt, path::Path, sync::Arc};

use tokio::sync::watch;

pub use self::asked::{
    ChosenPassword, ContactsChange, EventPage, FriendRow, Held, Holder, IfKnown, NewPassword, NewSecrets, NewTicket,
    NewTokens, Register, Registered, Session, SessionState, StateChange, StoredPicture, StoredStatus, Ticket,
    TicketHolder, UserChange,
};
pub use self::observed::{Checkup, Looked, PictureRoom, Soundness, Writes, look};
pub use self::places::NewPlace;
pub use self::reads::{FeedReader, LongReads};
pub use self::snapshot::{Inspected, Made, amounts, each_picture, inspect, mark_restored, with_new_key};
use self::sqlite::{
    Engine, apps, contacts, devices, events, friends as friend_rows, pictures, secrets, sessions, tickets, users,
};
pub use self::sqlite::{SCHEMA_VERSION, events::Concerning, pictures::PictureRows};
pub use self::unit::{Db, Touches, Tx};
use crate::domain::{
    app::{App, NewApp},
    avatar::{NewPicture, PictureKey},
    device::DeviceType,
    error::Error,
    id::{AppKey, SessionKey, UserId, UserKey},
    owner::Owner,
    profile::{Credentials, User},
    secret::{Derived, Digest, PasswordHash, Salt},
    text::LockReason,
    time::Moment,
};

/// How a store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreOptions {
    /// When a write counts as done.
    pub durability: Durability,
    /// Connections kept for point reads: as many as threads that do such. 0 reads as 1.
    pub point_readers: usize,
    /// Threads for reads that take long, each with a connection. 0 reads as 1.
    pub long_readers: usize,
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
            "The database {shown} was written by a newer Standin (its schema has version {found}), and was left as it is: \
             start that Standin, or restore a backup made by this one."
        ))
    }

    fn no_room_for_copy(database: &Path, bytes: u64) -> Self {
        let shown = database.display();
        Self(format!(
            "The disk has no room for the copy of the database {shown} that is made before its schema is changed: make \
             room for {bytes} bytes beside it, then start again. Nothing was changed."
        ))
    }

    fn uncopied(database: &Path, cause: impl fmt::Display) -> Self {
        let shown = database.display();
        Self(format!(
            "The database {shown} cannot be copied before its schema is changed ({cause}): check the disk and that this \
             user may write beside it, then start again. Nothing was changed."
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

    /// A user by the digest of its user token.
    /// # Errors
    /// Those of every read.
    pub fn user_by_token(&self, app: AppKey, token: &Digest) -> Result<Option<User>, Error> {
        self.0.read(|connection| users::find_by_token(connection, app, token))
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

    /// A user by its key, with what opens its account.
    /// # Errors
    /// Those of every read.
    pub fn account_by_key(&self, app: AppKey, key: UserKey) -> Result<Option<(User, Credentials)>, Error> {
        self.0.read(|connection| users::account_by_key(connection, app, key))
    }

    /// Creates a user, or updates the known one.
    ///
    /// Events: `Created` for a new user, else `ProfileChanged` for fields that differ and `PasswordChanged` for a password
    /// other than the stored one. That one ends what was issued before: user token, issued password, sessions and tickets; the
    /// given ticket is issued after it.
    /// # Errors
    /// `Conflict(User)` when there is such a user and it was to be refused; `Conflict(NewerVersion)` when its password is not the one that
    /// `chosen` was compared with; `Forbidden` when a ticket is asked for a suspended one; `Unauthenticated(Revoked)` when the signature
    /// that vouches for the call is dead. Nothing was changed then.
    pub async fn register(&self, app: AppKey, register: Register) -> Result<Registered, Error> {
        self.0.write(move |tx| users::register(tx, app, &register)).await
    }

    /// Changes a user. A change that changes nothing leaves no trace. A password other than the stored one ends what was issued before, as
    /// in [`Store::register`].
    /// # Errors
    /// `NotFound(User)` for an id that no user has; `Unauthenticated` for a user that acts itself and is deleted by now, `Forbidden` for
    /// one that is suspended; `Conflict(NewerVersion)` when it is of another version than the change was made for, or its password is not
    /// the one that the new one was compared with.
    pub async fn change_user(&self, app: AppKey, owner: Owner, change: UserChange, at: Moment) -> Result<User, Error> {
        self.0.write(move |tx| users::change(tx, app, &owner, &change, at)).await
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
        self.0.write(move |tx| secrets::reset_token(tx, app, &id, &token, at)).await
    }

    /// Replaces the issued password and the user token; the former ones are dead, and so are the user's tickets and sessions. Event:
    /// `PasswordChanged`.
    /// # Errors
    /// `NotFound(User)`.
    pub async fn reset_issued(&self, app: AppKey, id: UserId, tokens: NewTokens, at: Moment) -> Result<(), Error> {
        self.0.write(move |tx| secrets::reset_issued(tx, app, &id, &tokens, at)).await
    }

    /// Puts a new hash of the same password in the place of this one; false where that is no longer the stored one. Nothing else changes:
    /// who is signed in stays so. No event.
    /// # Errors
    /// Those of every write.
    pub async fn rehash(
        &self,
        app: AppKey,
        user: UserKey,
        former: PasswordHash,
        hash: PasswordHash,
    ) -> Result<bool, Error> {
        self.0.write(move |tx| tickets::rehash(tx, app, user, &former, &hash)).await
    }

    /// Deletes a user with its devices, tickets, contacts and blocks, and frees its id. Its pictures are released; its events stay.
    /// It leaves the lists of others at once, where more than a thousand name it by the sweep. Signatures of the id that were made before
    /// `sigs_dead_before` stay dead when it is created anew.
    /// # Errors
    /// As [`Store::change_user`].
    pub async fn delete_user(
        &self,
        app: AppKey,
        owner: Owner,
        sigs_dead_before: Moment,
        at: Moment,
    ) -> Result<(), Error> {
        self.0.write(move |tx| users::delete(tx, app, &owner, sigs_dead_before, at)).await
    }

    /// Whether a user lists another.
    /// # Errors
    /// Those of every read.
    pub fn lists(&self, app: AppKey, owner: UserKey, contact: UserKey) -> Result<bool, Error> {
        self.0.read(|connection| friend_rows::lists_in_app(connection, app, owner, contact))
    }

    /// These users, in their order; None for ids that nobody has. Some 5 us each.
    /// # Errors
    /// Those of every read.
    pub fn users_of(&self, app: AppKey, ids: &[UserId]) -> Result<Vec<Option<User>>, Error> {
        self.0.read(|connection| users::find_all(connection, app, ids))
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

    /// Ends a session, if there is one of this ticket.
    /// # Errors
    /// Those of every write.
    pub async fn forget_ticket(&self, digest: Digest) -> Result<(), Error> {
        self.0.write(move |tx| tickets::forget(tx, &digest)).await
    }

    /// Ends the session of a ticket that was seen to be over, some time soon and without waiting for it: nothing hangs on it but that it
    /// stays over when the clock is set back.
    pub fn let_ticket_go(&self, digest: Digest) {
        self.0.post(move |tx| tickets::forget(tx, &digest));
    }

    /// Forgets a user's device of this platform, if it has told of one.
    /// # Errors
    /// `Unauthenticated` when the user is deleted by now, `Forbidden` when it is suspended.
    pub async fn forget_device(&self, app: AppKey, user: UserKey, platform: DeviceType) -> Result<(), Error> {
        self.0.write(move |tx| devices::forget(tx, app, user, platform)).await
    }

    /// Begins a client's session for the user who has proved to be it while its secrets were `held`; of a user's sessions the newest
    /// `at_most` stay.
    /// # Errors
    /// `Unauthenticated` when the user is gone, suspended or of another password by now.
    pub async fn begin_session(
        &self,
        app: AppKey,
        held: Credentials,
        state: SessionState,
        at_most: u32,
    ) -> Result<SessionKey, Error> {
        self.0.write(move |tx| sessions::begin(tx, app, &held, &state, at_most)).await
    }

    /// A client's session with its user, expired and ended ones included.
    /// # Errors
    /// Those of every read.
    pub fn session(&self, app: AppKey, key: SessionKey) -> Result<Option<(User, Session)>, Error> {
        self.0.read(|connection| sessions::find(connection, app, key))
    }

    /// Renews a session unless another call has done so since it had the salt `former`; whether this one did.
    /// # Errors
    /// Those of every write.
    pub async fn renew_session(
        &self,
        app: AppKey,
        key: SessionKey,
        former: Salt,
        state: SessionState,
    ) -> Result<bool, Error> {
        self.0.write(move |tx| sessions::renew(tx, app, key, former, &state)).await
    }

    /// What keeps a user signed in at that time.
    /// # Errors
    /// Those of every read.
    pub fn held(&self, app: AppKey, user: UserKey, now: Moment) -> Result<Held, Error> {
        self.0.read(|connection| sessions::held(connection, app, user, now))
    }

    /// Ends all that keeps a user signed in: its tickets and sessions, its token, which this one replaces, and UserSigs made before
    /// `sigs_dead_before`.
    /// Events: `Kicked`, `TokenReset`.
    /// # Errors
    /// `NotFound(User)`.
    pub async fn revoke(
        &self,
        app: AppKey,
        id: UserId,
        token: Derived,
        sigs_dead_before: Moment,
        at: Moment,
    ) -> Result<User, Error> {
        self.0.write(move |tx| sessions::revoke(tx, app, &id, &token, sigs_dead_before, at)).await
    }

    /// Says why a user's picture may not be changed, or that it may.
    /// # Errors
    /// `NotFound(User)`.
    pub async fn lock_picture(&self, app: AppKey, id: UserId, reason: Option<LockReason>) -> Result<User, Error> {
        self.0.write(move |tx| pictures::lock(tx, app, &id, reason.as_ref())).await
    }

    /// Signs a user off: ends the session that is named and forgets its devices.
    /// # Errors
    /// Those of every write.
    pub async fn sign_off(&self, app: AppKey, user: UserKey, session: Option<SessionKey>) -> Result<(), Error> {
        self.0.write(move |tx| sessions::sign_off(tx, app, user, session)).await
    }

    /// Deletes sessions that had ended at `before`, the longest ended first; how many.
    /// # Errors
    /// Those of every write.
    pub async fn forget_ended_sessions(&self, before: Moment, at_most: u32) -> Result<u32, Error> {
        self.0.write(move |tx| sessions::forget_ended(tx, before, at_most)).await
    }

    /// Deletes tickets that had expired at `before`, the longest expired first; how many.
    /// # Errors
    /// Those of every write.
    pub async fn forget_expired_tickets(&self, before: Moment, at_most: u32) -> Result<u32, Error> {
        self.0.write(move |tx| tickets::forget_expired(tx, before, at_most)).await
    }

    /// Adds a picture that its owner does not show yet: the sweep takes it unless a profile names it in time.
    /// # Errors
    /// `Unauthenticated` when the owner is deleted by now, `Forbidden` when it is suspended.
    pub async fn add_picture(&self, app: AppKey, owner: UserKey, new: NewPicture, at: Moment) -> Result<(), Error> {
        self.0.write(move |tx| pictures::add_unnamed(tx, app, owner, &new, at)).await
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

    /// Whether `listener` is among the [`LongReads::hearers`] of a user. A few point reads.
    /// # Errors
    /// Those of every read.
    pub fn hears(&self, app: AppKey, listener: UserKey, of: UserKey) -> Result<bool, Error> {
        self.0.read(|connection| contacts::hears(connection, app, listener, of))
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
}
