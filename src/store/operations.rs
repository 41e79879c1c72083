//! The operations on rows that rules and reads of `service` are made of: each one statement, or the few that one table needs.
//!
//! [`Db`] reads in some microseconds, [`LongReads`] may take longer, [`Tx`] writes. None knows a rule.

use std::{collections::BTreeMap, path::Path, time::Duration};

use super::{
    ActiveSessions, Checkup, EventPage, EventsOfUser, FriendRow, NewPlace, NewSecrets, NewTicket, PictureUsage,
    RelationRows, SessionState, StoredPicture, StoredSession, StoredStatus, Ticket, sqlite,
    unit::{Db, LongReads, ReadEngine, Tx, WriteEngine},
};
use crate::domain::{
    admin::{Admin, AdminKey, AdminName, AdminSession, AuditEntry, StoredAuditEntry},
    app::{App, NewApp},
    avatar::{NewPicture, PictureKey, PictureKind},
    chat_settings::{ChatSettings, ChatSettingsChange},
    contact::Contact,
    device::{Device, DeviceType},
    directory::DirectorySearch,
    error::Error,
    event::EventKind,
    follow::{FollowCounts, FollowCursor, FollowList, FollowPage},
    friend::{Direction, Friend, FriendGroup, Relation, Request},
    id::{AppKey, SessionKey, UserId, UserKey},
    listening::{MovedPlace, StoredPlace, Wire},
    page::{Listed, Order, Page},
    profile::{Credentials, Patch, Profile, User},
    report::{NewReport, Report},
    search::{Stretch, UserSearch, Walk},
    secret::{Digest, PasswordHash, Salt},
    text::{ContactName, CustomStatus, LockReason, MobileNumber},
    time::Moment,
};

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

operations!(Db by ReadEngine {
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
    signatures_revoked_before(app: AppKey, id: &UserId) -> Moment = signatures::dead_before;
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
    /// The app of a handle's owner, and the owner: the handle is the name of its stable picture address.
    user_by_handle(handle: &PictureKey) -> Option<(AppKey, User)> = users::find_by_handle;
    /// A user by the digest of its user token.
    user_by_token(app: AppKey, token: &Digest) -> Option<User> = users::find_by_token;
    /// A user by its key, for lists and notices: none where its row is damaged, which is logged.
    readable_user(app: AppKey, key: UserKey) -> Option<User> = users::find_readable;
    /// These users, in their order; none for ids that no user has. Some 5 us each.
    users_by_ids(app: AppKey, ids: &[UserId]) -> Vec<Option<User>> = users::find_all;
    /// What opens a user's account.
    credentials(app: AppKey, id: &UserId) -> Option<Credentials> = users::credentials;
    /// Whether a user of an app lists another.
    lists(app: AppKey, owner: UserKey, contact: UserKey) -> bool = friends::lists_in_app;
    /// A ticket, expired or not.
    ticket(digest: &Digest) -> Option<Ticket> = tickets::find;
    /// A client's session with its user, expired and ended ones included.
    session(app: AppKey, key: SessionKey) -> Option<(User, StoredSession)> = sessions::find;
    /// What keeps a user signed in at that time.
    active_sessions(app: AppKey, user: UserKey, now: Moment) -> ActiveSessions = sessions::active;
    /// An administrator's session, expired or not.
    admin_session(digest: &Digest) -> Option<AdminSession> = admins::session;
    /// A picture, unless its owner is gone.
    picture(key: &PictureKey) -> Option<StoredPicture> = pictures::find;
    /// What all pictures take. One row is read.
    picture_usage() -> PictureUsage = pictures::room;
    /// Whether `listener` is among the `subscribers` of a user. A few point reads.
    is_subscriber(app: AppKey, listener: UserKey, of: UserKey) -> bool = contacts::is_subscriber;
    /// What is stored of the status of these users; deleted ones are left out. A point read each.
    statuses_by_key(app: AppKey, keys: &[UserKey]) -> Vec<StoredStatus> = statuses::find_by_keys;
    /// The number of the last event, 0 before the first one.
    last_event_seq() -> i64 = events::last_seq;
    /// Whether all events after `seq` are still kept. Three point reads.
    has_events_since(seq: i64) -> bool = events::has_events_since;
    /// The oldest event that is kept, where a ticket was issued since: everything that its client may have missed is kept then.
    oldest_event_since_ticket(ticket: &Digest) -> Option<i64> = events::oldest_since_ticket;
    /// The bytes of the database on the disk.
    database_bytes() -> u64 = health::bytes;
    /// Whether the schema is the one this program was written for.
    is_current() -> bool = health::is_current;
});

operations!(LongReads by ReadEngine {
    /// Every app, in creation order.
    apps() -> Vec<App> = apps::all;
    /// A page of an app's users, suspended ones included; beyond the last page it is empty. Page n costs about what page 1 costs.
    users(app: AppKey, page: Page, order: Order) -> Listed<User> = users::list;
    /// A page of the users that a search finds, suspended ones included; of more than `MATCHES_MAX` the first ones. Texts of three
    /// characters and more are looked up in an index, others in every row.
    find_users(app: AppKey, search: &UserSearch, page: Page, order: Order) -> Listed<User> = search::find;
    /// The next part of a walk through an app's users, suspended ones included: some milliseconds, whatever is looked for.
    walk_users(app: AppKey, walk: &Walk) -> Stretch = search::walk;
    /// A page of the active users that a search of the directory finds. Of more than 10,000 the first ones.
    search_directory(app: AppKey, search: &DirectorySearch, page: Page) -> Listed<User> = directory::find;
    /// A page of a user's contacts, in the order they were created as users, suspended ones included; `search` is part of a name, in any
    /// case of letters. Some 10 ms for the longest list.
    contacts(app: AppKey, owner: UserKey, search: Option<&str>, page: Page) -> Listed<Contact> = contacts::list;
    /// Gives each of a user's contacts to `each`, in the order they were created as users: 10,000 at most, some 10 us each. An error of
    /// `each` ends the walk.
    roster(app: AppKey, owner: UserKey, each: &mut dyn FnMut(Contact) -> Result<(), Error>) -> () = contacts::listed_by;
    /// A user's contacts by their keys, each with what the owner calls them: 10,000 at most.
    contact_names(app: AppKey, owner: UserKey) -> BTreeMap<UserKey, Option<ContactName>> = contacts::names;
    /// For each telephone number the users that have it, in any notation, and the one whose id it is, to the letter. Some 10 us each.
    users_of_numbers(app: AppKey, numbers: &[MobileNumber]) -> Vec<Vec<UserKey>> = contacts::of_numbers;
    /// A page of the users that a user blocks, in the order they were created.
    blocked(app: AppKey, owner: UserKey, page: Page) -> Listed<User> = contacts::blocked;
    /// The users that a user blocks, in creation order: at most as many as it may block.
    blocked_ids(app: AppKey, user: UserKey) -> Vec<UserId> = contacts::blocked_ids;
    /// The users that block a user, in creation order: the first `ROWS_MAX`.
    blocking_ids(app: AppKey, user: UserKey) -> Vec<UserId> = contacts::blocking_ids;
    /// A page of the users that a user blocks and since when, in the order they were created.
    block_list(app: AppKey, owner: UserKey, page: Page) -> Listed<(UserId, Moment)> = black_list::page;
    /// The users that receive a user's changes: those it lists and those that list it, except across a block in either direction. Walks
    /// over these rows.
    subscribers(app: AppKey, user: UserKey) -> Vec<UserKey> = contacts::subscribers;
    /// A page of a user's friends, in the order they were created as users.
    friends(app: AppKey, owner: UserKey, page: Page) -> Listed<Friend> = friends::page;
    /// Which of these are a user's friends, in their order.
    friends_among(app: AppKey, owner: UserKey, ids: &[UserId]) -> Vec<Option<Friend>> = friends::among;
    /// Which of a user and each of these has a row of this kind about the other; none where there is no such other.
    relations(app: AppKey, owner: UserKey, ids: &[UserId], rows: RelationRows) -> Vec<Option<Relation>> = friends::relations;
    /// A user's groups by name, each with the friends in it.
    groups(app: AppKey, owner: UserKey) -> Vec<(FriendGroup, Vec<UserId>)> = groups::all;
    /// Requests that wait, the newest first.
    requests(app: AppKey, owner: UserKey, direction: Direction, at_most: u32) -> Vec<Request> = requests::list;
    /// How many of the requests that came to a user have not been seen.
    unread_requests(app: AppKey, owner: UserKey) -> u32 = requests::unread;
    /// A page of one of a user's lists, from the newest entry on.
    follow_list(app: AppKey, owner: UserKey, list: FollowList, after: Option<FollowCursor>, limit: u32) -> FollowPage = follows::list;
    /// How long the lists of these users are, in their order; none where there is no such user.
    follow_counts(app: AppKey, ids: &[UserId]) -> Vec<Option<FollowCounts>> = follows::counts;
    /// What is stored of the status of these users, in their order; none where there is no such user. A point read each.
    statuses(app: AppKey, ids: &[UserId]) -> Vec<Option<StoredStatus>> = statuses::find_all;
    /// What a user has set for its chats; none where it is deleted by now.
    chat_settings(app: AppKey, user: UserKey) -> Option<ChatSettings> = chat_settings::find;
    /// Reports of an app before the one of this number, the newest first.
    reports_before(app: AppKey, key: i64, at_most: u32) -> Vec<Report> = reports::before;
    /// The events after `seq` that may concern a user, of `at_most` rows. Looks into an index for each user it shares a contact row with.
    events_concerning(app: AppKey, user: UserKey, seq: i64, at_most: u32) -> EventsOfUser = events::concerning;
    /// What happened after `seq`, in the order of the commits: at most so many events, and some 4 MiB of them.
    events_after(seq: i64, at_most: u32) -> EventPage = events::after;
    /// Audit entries before the one of this number, the newest first.
    audit_entries_before(seq: i64, at_most: u32) -> Vec<StoredAuditEntry> = admins::kept;
    /// Names of pictures whose files' size is not known: stored by a version that did not keep it.
    unmeasured_pictures(at_most: u32) -> Vec<PictureKey> = pictures::unmeasured;
    /// Looks the whole database over, for so long at most.
    check_up(wait_max: Duration) -> Checkup = health::check_up;
    /// Copies everything that is committed now into a new file (mode 0600), in one step, so that writes go on meanwhile: taken 100 pages at
    /// a time, a copy began anew with each of them and never ended. Takes as long as the file is read and written; `StorageFull`.
    copy_to(file: &Path) -> () = snapshot::copy;
});

operations!(Tx by WriteEngine {
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
    put_audit_entry(entry: &AuditEntry, at: Moment) -> () = admins::keep;
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
    sweep_audit_entries(kept_max: u32, at_most: u32) -> u32 = admins::forget_kept;
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
    revoke_signatures(app: AppKey, id: &UserId, before: Moment) -> () = signatures::kill;
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
