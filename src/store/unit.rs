//! A unit of work: what a rule of `service` reads and writes at once, by operations on rows.
//!
//! A rule is an asynchronous closure that is given a [`Tx`]. It looks first, refuses before its first write, then writes; it waits for
//! nothing but its rows. An operation on rows is one statement, or the few that one table needs; it knows no rule.

use std::{
    future::Future,
    ops::Deref,
    pin::pin,
    task::{Context, Poll, Waker},
};

use super::{FriendRow, NewPlace, NewSecrets, NewTicket, SessionState, Store, sqlite};
use crate::domain::{
    admin::{Admin, AdminKey, AdminName, Deed},
    app::{App, NewApp},
    avatar::{NewPicture, PictureKey, PictureKind},
    chat_settings::ChatSettingsChange,
    device::{Device, DeviceType},
    error::Error,
    event::EventKind,
    friend::FriendGroup,
    id::{AppKey, SessionKey, UserId, UserKey},
    listening::{MovedPlace, StoredPlace, Wire},
    owner::Owner,
    profile::{Credentials, Patch, Profile, User},
    report::NewReport,
    secret::{Digest, PasswordHash, Salt},
    text::{ContactName, CustomStatus, LockReason},
    time::Moment,
};

/// Whose rows a write may touch: an engine that runs several at a time runs those one after the other that share a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touches {
    /// Those of one user.
    User(AppKey, Owner),
    /// Those of two users of an app.
    Two(AppKey, [Owner; 2]),
    /// Those of many users, or of none.
    All,
}

/// Reads rows.
pub struct Db<'a>(On<'a>);

/// Reads and writes rows; all of it is committed, or none.
pub struct Tx<'a> {
    db: Db<'a>,
    on: Writing<'a>,
}

/// Through which engine rows are read.
enum On<'a> {
    Sqlite(&'a sqlite::Reader),
}

/// Through which engine rows are written.
enum Writing<'a> {
    Sqlite(&'a sqlite::Writing<'a>),
}

impl<'a> Tx<'a> {
    fn sqlite(tx: &'a sqlite::Writing<'a>) -> Self {
        Self { db: Db(On::Sqlite(tx)), on: Writing::Sqlite(tx) }
    }
}

impl<'a> Deref for Tx<'a> {
    type Target = Db<'a>;

    fn deref(&self) -> &Db<'a> {
        &self.db
    }
}

impl Store {
    /// Reads at once, on the caller's thread: a point read takes some microseconds.
    /// # Errors
    /// What `read` returns; `Busy`, `Internal`.
    pub async fn read<T>(&self, read: impl AsyncFnOnce(&Db<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.0.read(|connection| at_once(read(&Db(On::Sqlite(connection)))))
    }

    /// Runs a rule on the writer; resolves once its transaction is committed.
    /// # Errors
    /// What the rule refuses: nothing was changed then. `Busy`, `StorageFull`, `Internal`.
    pub async fn write<T: Send + 'static>(
        &self,
        _touches: Touches,
        rule: impl AsyncFn(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let looks_first = move |tx: &sqlite::Writing<'_>| {
            let before = tx.total_changes();
            let done = at_once(rule(&Tx::sqlite(tx)));
            // Every test that is refused by a rule checks this.
            debug_assert!(
                !done.as_ref().is_err_and(is_refusal) || tx.total_changes() == before,
                "a rule refused after its first write"
            );
            done
        };
        self.0.write(looks_first).await
    }
}

/// Whether a rule has refused; else its engine has failed.
fn is_refusal(error: &Error) -> bool {
    !matches!(error, Error::Internal(_) | Error::StorageFull | Error::Busy)
}

/// Runs work that waits for nothing: SQLite answers at once.
fn at_once<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => Err(Error::internal("a unit of work waited for something else than its rows")),
    }
}

/// Operations on rows, a line each: what is given, what comes of it, and which function of every engine does it.
macro_rules! operations {
    ($on:ident by $engines:ident { $(
        $(#[$doc:meta])* $name:ident($($given:ident: $type:ty),*) -> $answer:ty = $module:ident::$function:ident;
    )* }) => {
        #[expect(clippy::missing_errors_doc, reason = "each fails as every read or write does")]
        impl $on<'_> {
            $(
                $(#[$doc])*
                pub async fn $name(&self, $($given: $type),*) -> Result<$answer, Error> {
                    match self.engine() {
                        $engines::Sqlite(rows) => sqlite::$module::$function(rows, $($given),*),
                    }
                }
            )*
        }
    };
}

impl<'a> Db<'a> {
    fn engine(&self) -> &On<'a> {
        &self.0
    }
}

impl<'a> Tx<'a> {
    fn engine(&self) -> &Writing<'a> {
        &self.on
    }
}

operations!(Db by On {
    /// An app by its key.
    app(key: AppKey) -> Option<App> = apps::find;
    /// The fingerprint of the server key that everything here belongs to.
    adopted_key() -> Option<Digest> = apps::adopted_key;
    /// Every administrator, in creation order.
    admins() -> Vec<Admin> = admins::all;
    /// An administrator by its name.
    admin(name: &AdminName) -> Option<Admin> = admins::find;
    /// The places of a user's sessions on a wire.
    places(app: AppKey, user: UserKey, wire: Wire) -> Vec<StoredPlace> = places::of_user;
    /// A user by its id.
    user(app: AppKey, id: &UserId) -> Option<User> = users::find;
    /// A user by its key.
    user_by_key(app: AppKey, key: UserKey) -> Option<User> = users::find_by_key;
    /// A user by its id, with what opens its account.
    account(app: AppKey, id: &UserId) -> Option<(User, Credentials)> = users::account;
    /// A user by its key, with what opens its account.
    account_by_key(app: AppKey, key: UserKey) -> Option<(User, Credentials)> = users::account_by_key;
    /// What a picture of this user is; none where it has none of this name.
    picture_of(owner: UserKey, key: &PictureKey) -> Option<PictureKind> = pictures::owned;
    /// The moment before which signatures of this id are dead; the epoch where none are.
    signatures_dead_before(app: AppKey, id: &UserId) -> Moment = signatures::dead_before;
    /// Whether a user has muted the chat with another.
    has_mute(owner: UserKey, muted: UserKey) -> bool = chat_settings::mutes;
    /// How many chats a user has muted.
    count_mutes(owner: UserKey) -> u64 = chat_settings::count;
    /// When a user made its report that has so many newer ones, if that was after `since`.
    report_behind(user: UserKey, since: Moment, newer: u32) -> Option<Moment> = reports::nth_newest;
    /// A deleted user whom rows of others still name.
    departed() -> Option<UserKey> = contacts::departed;
    /// The key of the user of this id.
    user_key(app: AppKey, id: &UserId) -> Option<UserKey> = users::key;
    /// What a user calls a contact; none where it does not list it.
    contact_name(owner: UserKey, contact: UserKey) -> Option<Option<String>> = contacts::name;
    /// Whether a user lists another.
    has_contact(owner: UserKey, contact: UserKey) -> bool = friends::lists;
    /// How many users one lists, deleted ones included whose rows the sweep has not taken away.
    count_contacts(owner: UserKey) -> usize = friends::friends;
    /// Whether a user blocks another.
    has_block(owner: UserKey, blocked: UserKey) -> bool = friends::blocks;
    /// How many users one blocks.
    count_blocks(app: AppKey, owner: UserKey) -> usize = contacts::blocks_of;
    /// Whether a user has room for these groups beside those it has.
    has_room_for_groups(owner: UserKey, groups: &[FriendGroup]) -> bool = groups::have_room;
    /// Whether a user has a group of this name.
    has_group(owner: UserKey, group: &FriendGroup) -> bool = groups::is_there;
    /// Friends in a group, `at_most`.
    members_of_group(owner: UserKey, group: &FriendGroup, at_most: u32) -> Vec<UserKey> = groups::members;
    /// What a friend was asked for with, while it has not answered.
    request(asked: UserKey, by: UserKey) -> Option<FriendRow> = requests::waiting;
    /// Whether a user follows another.
    has_follow(follower: UserKey, followed: UserKey) -> bool = follows::follows;
    /// How many users one follows.
    count_following(follower: UserKey) -> u32 = follows::following;
    /// Whether another request may wait for one, or by the other.
    has_room_for_request(asked: UserKey, by: UserKey) -> bool = requests::have_room;
});

operations!(Tx by Writing {
    /// Keeps the fingerprint of the server key, unless one is kept.
    adopt_key(fingerprint: Digest) -> () = apps::adopt_key;
    /// Makes an app; `Conflict(App)` when its `app_id` or `sdk_app_id` is taken.
    put_app(new: &NewApp, at: Moment) -> App = apps::create;
    /// Replaces everything about the app of this key but the key and its age; `NotFound(App)`, `Conflict(App)`.
    change_app(wanted: &App) -> App = apps::change;
    /// Ends every ticket of an app's back end.
    take_back_end_tickets(app: AppKey) -> () = tickets::forget_of_back_end;
    /// Writes for the sake of writing: the moment at which that went well last.
    put_ready(at: Moment) -> () = apps::mark_ready;
    /// Makes an administrator.
    put_admin(name: &AdminName, password: &PasswordHash, at: Moment) -> Admin = admins::put;
    /// Replaces an administrator's password.
    put_admin_password(admin: AdminKey, password: &PasswordHash) -> () = admins::set_password;
    /// Takes an administrator away, with its sessions. What it did stays on record.
    take_admin(admin: AdminKey) -> () = admins::take;
    /// Begins a session of an administrator.
    put_admin_session(digest: &Digest, admin: AdminKey, at: Moment) -> () = admins::begin;
    /// A session was used at that time.
    put_admin_session_seen(digest: &Digest, at: Moment) -> () = admins::seen;
    /// Ends a session of an administrator.
    take_admin_session(digest: &Digest) -> () = admins::end;
    /// Ends every session of an administrator.
    take_admin_sessions(admin: AdminKey) -> () = admins::end_all;
    /// Puts something that was done on record.
    put_deed(deed: &Deed, at: Moment) -> () = admins::keep;
    /// Begins the row that keeps a session's place; its number.
    put_place(new: &NewPlace, heard: i64) -> i64 = places::put;
    /// A place is of a session that has ended, at that time at the earliest.
    end_place(row: i64, at: Moment) -> () = places::end;
    /// Takes a place away.
    take_place(row: i64) -> () = places::take;
    /// Writes places that have moved; none moves back, and one whose row is gone is left out.
    move_places(moved: &[MovedPlace], at: Moment) -> () = places::move_all;
    /// Keeps what the files of these pictures take.
    put_picture_sizes(measured: &[(PictureKey, u64)]) -> () = pictures::measure;
    /// Deletes tickets that had expired before then; how many.
    sweep_tickets(before: Moment, at_most: u32) -> u32 = tickets::forget_expired;
    /// Deletes sessions that had ended before then; how many.
    sweep_sessions(before: Moment, at_most: u32) -> u32 = sessions::forget_ended;
    /// Deletes administrators' sessions that were last used before then; how many.
    sweep_admin_sessions(before: Moment, at_most: u32) -> u32 = admins::forget_unused;
    /// Deletes the oldest deeds beyond the last `kept_max`. Looks at `at_most`; how many went.
    sweep_deeds(kept_max: u32, at_most: u32) -> u32 = admins::forget_kept;
    /// Deletes places that were written before then, and all but the newest `kept_max`; how many.
    sweep_places(before: Moment, kept_max: u32, at_most: u32) -> u32 = places::forget_old;
    /// Deletes the oldest events: those stored before then, and all but the last `kept_max`. Looks at `at_most`; how many went.
    sweep_events(before: Moment, kept_max: u32, at_most: u32) -> u32 = events::forget;
    /// Deletes moments of dead signatures before `long_past`, then the oldest beyond `kept_max`. The moment of a deleted row becomes that of
    /// every id of its app: none of its signatures revives.
    sweep_signatures(long_past: Moment, kept_max: u32, at_most: u32) -> u32 = signatures::forget;
    /// Deletes the rows of pictures released before then, the longest released first; their files are the caller's to remove.
    sweep_pictures(before: Moment, at_most: u32) -> Vec<PictureKey> = pictures::take_released;
    /// Tells of a change.
    append_event(app: AppKey, user: UserKey, id: &UserId, kind: &EventKind, at: Moment) -> () = events::append;
    /// Makes a user, of whose profile nothing is stored yet but what search finds.
    put_user(app: AppKey, id: &UserId, secrets: &NewSecrets, chosen: Option<&PasswordHash>, first: &Profile, at: Moment) -> UserKey = users::insert;
    /// Replaces a profile, with a new version.
    put_profile(user: UserKey, profile: &Profile, at: Moment) -> () = users::set_profile;
    /// Replaces what opens an account, with a new version.
    put_credentials(held: &Credentials) -> () = users::set_credentials;
    /// Puts a new hash of the same password in the place of this one; whether it was the stored one.
    rehash(app: AppKey, user: UserKey, former: &PasswordHash, hash: &PasswordHash) -> bool = tickets::rehash;
    /// Takes a user away, with the rows that are its own.
    take_user(user: UserKey) -> () = users::take;
    /// Takes rows of others away that name a user, `at_most`; how many went.
    take_rows_naming(user: UserKey, at_most: u32) -> u32 = contacts::forget_rows_naming;
    /// Notes that rows of others name a deleted user.
    put_departed(user: UserKey) -> () = contacts::put_departed;
    /// No row of others names this deleted user any more.
    take_departed(user: UserKey) -> () = contacts::take_departed;
    /// Keeps a device in the place of the one of the same platform.
    put_device(user: UserKey, device: &Device, at: Moment) -> () = devices::set;
    /// Forgets the device of a platform.
    take_device(user: UserKey, platform: DeviceType) -> () = devices::forget;
    /// Forgets every device of a user.
    take_devices(user: UserKey) -> () = devices::forget_all;
    /// Keeps a ticket of a user.
    put_ticket(app: AppKey, user: UserKey, ticket: &NewTicket, at: Moment) -> () = tickets::put;
    /// Keeps a ticket of an app's back end; whether there is such an app.
    put_back_end_ticket(app: AppKey, ticket: &NewTicket, at: Moment) -> bool = tickets::put_for_back_end;
    /// Of a user's tickets of this one's wire the newest stay, this one among them.
    keep_newest_tickets(user: UserKey, newest: &NewTicket, kept: u16) -> () = tickets::keep_newest;
    /// Ends a ticket.
    take_ticket(digest: &Digest) -> () = tickets::forget;
    /// Ends every ticket of a user.
    take_tickets(user: UserKey) -> () = tickets::forget_of_user;
    /// Ends the tickets of a user that one wire issued.
    take_tickets_of_wire(user: UserKey, wire: Wire) -> () = tickets::forget_of_wire;
    /// Notes that a user has logged in. Costs a write only the first time.
    note_login(user: UserKey) -> () = statuses::note_login;
    /// Replaces what a user says of its present state.
    put_custom_status(user: UserKey, custom: Option<&CustomStatus>) -> () = statuses::set;
    /// Replaces what is given of a user's settings for all its chats.
    put_chat_settings(user: UserKey, change: &ChatSettingsChange) -> () = chat_settings::set;
    /// Mutes the chat with another.
    put_mute(owner: UserKey, muted: UserKey) -> () = chat_settings::put;
    /// Ends that.
    take_mute(owner: UserKey, muted: UserKey) -> () = chat_settings::take;
    /// Keeps a report.
    put_report(app: AppKey, user: UserKey, report: &NewReport, at: Moment) -> () = reports::add;
    /// Of an app's reports the newest stay.
    keep_newest_reports(app: AppKey, kept: u32) -> () = reports::keep_newest;
    /// Begins a session.
    put_session(user: UserKey, state: &SessionState) -> SessionKey = sessions::put;
    /// Of a user's sessions the newest stay.
    keep_newest_sessions(user: UserKey, kept: u32) -> () = sessions::keep_newest;
    /// Renews a session that still has the salt `former`; whether it had.
    renew_session(app: AppKey, key: SessionKey, former: Salt, state: &SessionState) -> bool = sessions::renew;
    /// Ends a session of a user.
    take_session(user: UserKey, key: SessionKey) -> () = sessions::end;
    /// Ends every session of a user.
    take_sessions(user: UserKey) -> () = sessions::end_of_user;
    /// Signatures of this id that were made before that moment are dead. A moment that is kept is never set back.
    kill_signatures(app: AppKey, id: &UserId, before: Moment) -> () = signatures::kill;
    /// Keeps a picture, released: nobody shows it yet.
    put_picture(owner: UserKey, new: &NewPicture, at: Moment) -> () = pictures::add;
    /// Makes a picture its owner's current one.
    show_picture(key: &PictureKey) -> () = pictures::show;
    /// Leaves a user's current picture, if there is one, to the sweep.
    release_picture(owner: UserKey, at: Moment) -> () = pictures::release;
    /// Says why a user's picture may not be changed, or that it may; with a new version.
    put_picture_lock(user: UserKey, reason: Option<&LockReason>) -> () = pictures::lock;
    /// Lists a user of the app under a name, or gives it another; whether there is such a user.
    put_contact(app: AppKey, owner: UserKey, contact: UserKey, name: Option<&ContactName>, at: Moment) -> bool = contacts::put;
    /// Lists a friend; whether it was not listed.
    put_friend(owner: UserKey, contact: UserKey, row: &FriendRow, at: Moment) -> bool = friends::put;
    /// Changes a friend's remark, where one is given, and groups; whether they were others.
    change_friend(owner: UserKey, contact: UserKey, remark: &Patch<ContactName>, groups: Option<&[FriendGroup]>) -> bool = friends::set;
    /// Whether it was listed.
    take_contact(owner: UserKey, contact: UserKey) -> bool = friends::take;
    /// Whether it was not blocked.
    put_block(owner: UserKey, blocked: UserKey, at: Moment) -> bool = contacts::put_block;
    /// Whether it was blocked.
    take_block(owner: UserKey, blocked: UserKey) -> bool = contacts::take_block;
    /// Makes the groups that are new.
    put_groups(owner: UserKey, groups: &[FriendGroup]) -> () = groups::add;
    /// Takes a group away; the rows of friends still name it.
    take_group(owner: UserKey, group: &FriendGroup) -> () = groups::take;
    /// Takes a friend out of one group and puts it into others; whether its row says something else by that.
    regroup(owner: UserKey, friend: UserKey, without: Option<&FriendGroup>, with: &[FriendGroup]) -> bool = groups::regroup;
    /// Whether it did not follow.
    put_follow(follower: UserKey, followed: UserKey, at: Moment) -> bool = follows::put;
    /// Whether it followed.
    take_follow(follower: UserKey, followed: UserKey) -> bool = follows::take;
    /// Keeps a request, in the place of the one that waits between the two.
    put_request(asked: UserKey, by: UserKey, row: &FriendRow, at: Moment) -> () = requests::put;
    /// Whether there was one.
    take_request(asked: UserKey, by: UserKey) -> bool = requests::take;
    /// Requests that came to a user until then have been seen; it is never earlier than it was.
    set_requests_read(user: UserKey, until: Moment) -> () = requests::set_read;
});
