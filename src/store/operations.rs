//! The row operations: each is one statement, or the few that one table needs, and knows no rule. [`Db`] reads in some
//! microseconds, [`LongReads`] may take longer, [`Tx`] writes.
//!
//! `put_` inserts or replaces, `take_` deletes, `keep_newest_` deletes all but the newest, `sweep_` deletes at most
//! `at_most` old rows and returns how many. A write that returns `bool` says whether it changed a row.

use std::{collections::BTreeMap, path::Path, time::Duration};

use super::{
    ActiveSessions, Checkup, EventPage, EventsOfUser, FriendRow, HistoryPage, NewPosition, NewSecrets, NewTicket,
    PictureUsage, RelationRows, SessionState, StoredPicture, StoredSession, StoredStatus, Ticket, sqlite,
    unit::{Db, LongReads, ReadEngine, Tx, WriteEngine},
};
use crate::domain::{
    Admin, AdminKey, AdminName, AdminSession, App, AppKey, AuditEntry, ChangedPosition, ChatSettings,
    ChatSettingsChange, Claim, Contact, ContactName, Conversation, ConversationFilter, ConversationKey, Credentials,
    CustomStatus, Device, DeviceType, Digest, Direction, DirectorySearch, Error, Event, EventKind, FollowCounts,
    FollowCursor, FollowList, FollowPage, Friend, FriendGroup, FriendRequest, Listed, LockReason, Message, MessageId,
    MessageName, MessageRecall, MobileNumber, Moment, MuteLevel, NewApp, NewPicture, NewReport, Order, Page,
    Participant, PasswordHash, Patch, PictureKey, PictureKind, Profile, Relation, Report, Salt, SessionKey, Side,
    StoredAuditEntry, StoredPosition, User, UserId, UserKey, UserPage, UserPageQuery, UserSearch, Vendor,
};

/// Declares row operations, one a line: name, arguments, result, and the function of each engine that does it.
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
    app(key: AppKey) -> Option<App> = apps::find;
    adopted_key() -> Option<Digest> = apps::adopted_key;
    admins() -> Vec<Admin> = admins::all;
    admin(name: &AdminName) -> Option<Admin> = admins::find;
    /// Returns where the user's sessions on a wire stand in the event log, the earliest first.
    positions(app: AppKey, user: UserKey, wire: Vendor) -> Vec<StoredPosition> = positions::of_user;
    user(app: AppKey, id: &UserId) -> Option<User> = users::find;
    user_by_key(app: AppKey, key: UserKey) -> Option<User> = users::find_by_key;
    account(app: AppKey, id: &UserId) -> Option<(User, Credentials)> = users::account;
    account_by_key(app: AppKey, key: UserKey) -> Option<(User, Credentials)> = users::account_by_key;
    picture_of(owner: UserKey, key: &PictureKey) -> Option<PictureKind> = pictures::owned;
    /// Returns the time before which signatures of this id are revoked; the epoch if none are.
    signatures_revoked_before(app: AppKey, id: &UserId) -> Moment = signatures::revoked_before;
    has_mute(owner: UserKey, muted: UserKey) -> bool = chat_settings::mutes;
    mute_level(owner: UserKey, muted: UserKey) -> Option<MuteLevel> = chat_settings::level;
    count_mutes(owner: UserKey) -> u64 = chat_settings::count;
    /// Returns whether an archived conversation of the user stays archived when a message arrives.
    keeps_archived(user: UserKey) -> bool = chat_settings::keeps_archived;
    /// Returns the time of the report that `newer` later reports of the user follow, if it is after `since`.
    report_behind(user: UserKey, since: Moment, newer: u32) -> Option<Moment> = reports::nth_newest;
    departed() -> Option<UserKey> = contacts::departed;
    user_key(app: AppKey, id: &UserId) -> Option<UserKey> = users::key;
    /// Returns what the owner calls a contact; the outer `None` says that the owner does not list it.
    contact_name(owner: UserKey, contact: UserKey) -> Option<Option<String>> = contacts::name;
    has_contact(owner: UserKey, contact: UserKey) -> bool = friends::lists;
    /// Counts deleted users too, until the sweep has deleted their rows.
    count_contacts(owner: UserKey) -> usize = friends::friends;
    has_block(owner: UserKey, blocked: UserKey) -> bool = friends::blocks;
    /// Counts blocked users that still exist.
    count_blocks(app: AppKey, owner: UserKey) -> usize = contacts::blocks_of;
    /// Returns whether the owner has at most `GROUPS_MAX` groups once these are added.
    has_room_for_groups(owner: UserKey, groups: &[FriendGroup]) -> bool = groups::have_room;
    has_group(owner: UserKey, group: &FriendGroup) -> bool = groups::is_there;
    members_of_group(owner: UserKey, group: &FriendGroup, at_most: u32) -> Vec<UserKey> = groups::members;
    request(asked: UserKey, by: UserKey) -> Option<FriendRow> = requests::waiting;
    has_follow(follower: UserKey, followed: UserKey) -> bool = follows::follows;
    count_following(follower: UserKey) -> u32 = follows::following;
    /// Returns whether `asked` may receive and `by` may send one more request. The one that may wait between them is
    /// not counted.
    has_room_for_request(asked: UserKey, by: UserKey) -> bool = requests::have_room;
    user_by_handle(handle: &PictureKey) -> Option<(AppKey, User)> = users::find_by_handle;
    user_by_token(app: AppKey, token: &Digest) -> Option<User> = users::find_by_token;
    /// Returns a user for a list or a notification; `None` also for a damaged row, which is logged.
    readable_user(app: AppKey, key: UserKey) -> Option<User> = users::find_readable;
    /// Returns these users in the order of `ids`, `None` for an unknown id. Some 5 us each.
    users_by_ids(app: AppKey, ids: &[UserId]) -> Vec<Option<User>> = users::find_all;
    credentials(app: AppKey, id: &UserId) -> Option<Credentials> = users::credentials;
    /// Answers as `has_contact` does, but false for an owner of another app.
    lists(app: AppKey, owner: UserKey, contact: UserKey) -> bool = friends::lists_in_app;
    ticket(digest: &Digest) -> Option<Ticket> = tickets::find;
    session(app: AppKey, key: SessionKey) -> Option<(User, StoredSession)> = sessions::find;
    active_sessions(app: AppKey, user: UserKey, now: Moment) -> ActiveSessions = sessions::active;
    admin_session(digest: &Digest) -> Option<AdminSession> = admins::session;
    /// Returns a picture, also a released one, unless its owner is deleted.
    picture(key: &PictureKey) -> Option<StoredPicture> = pictures::find;
    picture_usage() -> PictureUsage = pictures::room;
    /// Returns whether `listener` is among the `subscribers` of a user. A few point reads.
    is_subscriber(app: AppKey, listener: UserKey, of: UserKey) -> bool = contacts::is_subscriber;
    /// Leaves deleted users out. One point read each.
    statuses_by_key(app: AppKey, keys: &[UserKey]) -> Vec<StoredStatus> = statuses::find_by_keys;
    last_event_seq() -> i64 = events::last_seq;
    /// Returns the number below the first event of this time or later; that of the last event if there is none. Some
    /// 20 point reads.
    event_seq_before(at: Moment) -> i64 = events::seq_before;
    /// Returns whether all events after `seq` are kept and the database was not restored since. Three point reads.
    has_events_since(seq: i64) -> bool = events::has_events_since;
    /// Returns the number of the oldest kept event if the ticket is not older: then every event that its client may
    /// have missed is kept.
    oldest_event_since_ticket(ticket: &Digest) -> Option<i64> = events::oldest_since_ticket;
    conversation(app: AppKey, key: ConversationKey) -> Option<Conversation> = conversations::find;
    conversation_between(app: AppKey, one: UserKey, other: UserKey) -> Option<Conversation> = conversations::between;
    conversation_by_unique_id(app: AppKey, unique_id: &str) -> Option<Conversation> = conversations::by_unique_id;
    /// Returns the conversation of an app whose oldest message is the oldest of all, if that is older than `before`.
    conversation_with_messages_before(app: AppKey, before: Moment) -> Option<Conversation> = conversations::with_messages_before;
    participant(user: UserKey, conversation: ConversationKey) -> Option<Participant> = conversations::participant;
    count_pins(user: UserKey) -> u32 = conversations::pins;
    message(id: MessageId) -> Option<Message> = messages::find;
    message_named(conversation: ConversationKey, name: &MessageName) -> Option<Message> = messages::named;
    /// Returns the messages of this name in all conversations of an app.
    messages_named(app: AppKey, name: &MessageName, at_most: u32) -> Vec<Message> = messages::named_in_app;
    /// Returns the newest messages with this random number of Tencent's.
    messages_numbered(conversation: ConversationKey, random: u32, at_most: u32) -> Vec<Message> = messages::numbered;
    /// Returns a page of what one side sees. Costs the same wherever it begins, some 10 us each message.
    history(conversation: ConversationKey, side: Side, page: &HistoryPage) -> Vec<Message> = messages::history;
    /// Finds the first message that a side sees, recalled ones included, at this time or later. Some 200 us.
    first_message_at(conversation: ConversationKey, side: Side, at: Moment) -> Option<MessageId> = messages::first_at;
    /// Finds the first id whose message was sent at this time or later, in all conversations; one above the last message
    /// if there is none. Some 100 us.
    first_id_at(at: Moment) -> MessageId = messages::first_id_at;
    /// Returns the id below which a page begins that leaves out the newest `skipped` messages a side sees. None for 0.
    id_shown_before(conversation: ConversationKey, side: Side, above: MessageId, skipped: u32) -> Option<MessageId> = messages::shown_before;
    /// Counts the messages above one that a side sees, recalled ones included, up to `at_most`.
    count_shown(conversation: ConversationKey, side: Side, above: MessageId, at_most: u32) -> u32 = messages::count_shown;
    /// Counts the messages of `sender` that a side sees and that count as unread, above `after` up to `upto`. Reads all
    /// messages of that range.
    count_messages(conversation: ConversationKey, side: Side, sender: UserKey, after: MessageId, upto: MessageId) -> u32 = messages::count;
    /// Returns the oldest messages of a conversation that are older than `before`, also those that no user sees.
    messages_before(conversation: ConversationKey, before: Moment, at_most: u32) -> Vec<Message> = messages::older;
    database_bytes() -> u64 = health::bytes;
    is_current() -> bool = health::is_current;
});

operations!(LongReads by ReadEngine {
    apps() -> Vec<App> = apps::all;
    /// Returns a page of an app's users, suspended ones included; empty beyond the last page. Page n costs about what
    /// page 1 costs.
    users(app: AppKey, page: Page, order: Order) -> Listed<User> = users::list;
    /// Returns a page of the users that match, suspended ones included, out of the first `MATCHES_MAX` matches. A text
    /// of three characters or more is looked up in an index; a shorter one is compared with every row.
    find_users(app: AppKey, search: &UserSearch, page: Page, order: Order) -> Listed<User> = search::find;
    /// Returns the next users that match, suspended ones included. Takes some milliseconds, whatever the search.
    user_page(app: AppKey, query: &UserPageQuery) -> UserPage = search::user_page;
    /// Returns a page of the active users that match, out of the first 10,000 matches.
    search_directory(app: AppKey, search: &DirectorySearch, page: Page) -> Listed<User> = directory::find;
    /// Returns a page of contacts in creation order of the users, suspended ones included; `search` is part of a name
    /// in any case of letters. Some 10 ms for the longest list.
    contacts(app: AppKey, owner: UserKey, search: Option<&str>, page: Page) -> Listed<Contact> = contacts::list;
    /// Calls `each` with every contact in creation order of the users: at most 10,000, some 10 us each. An error of
    /// `each` ends the read.
    roster(app: AppKey, owner: UserKey, each: &mut dyn FnMut(Contact) -> Result<(), Error>) -> () = contacts::listed_by;
    /// Returns the keys of all contacts with what the owner calls them: at most 10,000.
    contact_names(app: AppKey, owner: UserKey) -> BTreeMap<UserKey, Option<ContactName>> = contacts::names;
    /// Returns for each telephone number the users that have it, in any notation, and the user whose id is exactly this
    /// text. Some 10 us each.
    users_of_numbers(app: AppKey, numbers: &[MobileNumber]) -> Vec<Vec<UserKey>> = contacts::of_numbers;
    blocked(app: AppKey, owner: UserKey, page: Page) -> Listed<User> = contacts::blocked;
    /// Returns the ids of blocked users in creation order of the users: at most as many as a user may block.
    blocked_ids(app: AppKey, user: UserKey) -> Vec<UserId> = contacts::blocked_ids;
    /// Returns the ids of the users that block this one, in creation order of the users: the first `ROWS_MAX`.
    blocking_ids(app: AppKey, user: UserKey) -> Vec<UserId> = contacts::blocking_ids;
    block_list(app: AppKey, owner: UserKey, page: Page) -> Listed<(UserId, Moment)> = contacts::block_list;
    /// Returns the users that receive a user's changes: those it lists and those that list it, except where one blocks
    /// the other. Reads all these rows.
    subscribers(app: AppKey, user: UserKey) -> Vec<UserKey> = contacts::subscribers;
    friends(app: AppKey, owner: UserKey, page: Page) -> Listed<Friend> = friends::page;
    friends_among(app: AppKey, owner: UserKey, ids: &[UserId]) -> Vec<Option<Friend>> = friends::among;
    /// Returns for each of `ids` which of the two users has a row of this kind about the other; `None` for an unknown
    /// id.
    relations(app: AppKey, owner: UserKey, ids: &[UserId], rows: RelationRows) -> Vec<Option<Relation>> = friends::relations;
    groups(app: AppKey, owner: UserKey) -> Vec<(FriendGroup, Vec<UserId>)> = groups::all;
    requests(app: AppKey, owner: UserKey, direction: Direction, at_most: u32) -> Vec<FriendRequest> = requests::list;
    unread_requests(app: AppKey, owner: UserKey) -> u32 = requests::unread;
    follow_list(app: AppKey, owner: UserKey, list: FollowList, after: Option<FollowCursor>, limit: u32) -> FollowPage = follows::list;
    /// Returns the lengths of the lists of these users in the order of `ids`, `None` for an unknown id. Reads all rows
    /// of each user.
    follow_counts(app: AppKey, ids: &[UserId]) -> Vec<Option<FollowCounts>> = follows::counts;
    /// Returns these users in the order of `ids`, `None` for an unknown id. One point read each.
    statuses(app: AppKey, ids: &[UserId]) -> Vec<Option<StoredStatus>> = statuses::find_all;
    chat_settings(app: AppKey, user: UserKey) -> Option<ChatSettings> = chat_settings::find;
    /// Returns the users that a user mutes, with the levels.
    mute_levels(app: AppKey, owner: UserKey, at_most: u32) -> Vec<(UserId, MuteLevel)> = chat_settings::levels;
    reports_before(app: AppKey, key: i64, at_most: u32) -> Vec<Report> = reports::before;
    /// Returns a user's conversations with users that exist whose newest message is below `before`, latest first.
    participants(app: AppKey, user: UserKey, filter: ConversationFilter, before: MessageId, offset: u64, limit: u32) -> Vec<Participant> = conversations::list;
    count_participants(app: AppKey, user: UserKey, filter: ConversationFilter) -> u64 = conversations::count;
    /// Returns users above `after` that have not read all messages, in creation order.
    users_with_unread(app: AppKey, after: Option<UserKey>, at_most: u32) -> Vec<UserKey> = conversations::with_unread;
    /// Returns messages of a conversation that one of its users sees, newest first, without recalled ones. Reads the
    /// index entries of the whole conversation.
    page_of_conversation(app: AppKey, conversation: ConversationKey, page: Page) -> Vec<Message> = messages::page;
    /// Returns how many messages the user has not read, in all conversations.
    total_unread(app: AppKey, user: UserKey) -> u64 = conversations::total_unread;
    /// The same of messages from users whose ids have at most so many bytes.
    total_unread_from(app: AppKey, user: UserKey, id_bytes_max: u32) -> u64 = conversations::total_unread_from;
    /// Returns events after `seq` that may concern a user, out of at most `at_most` rows. One index look-up for each
    /// user it shares a contact row with.
    events_concerning(app: AppKey, user: UserKey, seq: i64, at_most: u32) -> EventsOfUser = events::concerning;
    /// Returns the profile changes above `seq` and up to `upto` that may concern a user. One index look-up for each user
    /// it shares a contact row with.
    profile_changes_concerning(app: AppKey, user: UserKey, seq: i64, upto: i64, at_most: u32) -> EventsOfUser = events::profiles_concerning;
    /// Returns marks that others moved, recalls, and what the user cleared, after `seq`, in commit order. Reads the index
    /// entries of all later events of the user.
    chat_events(app: AppKey, user: UserKey, seq: i64, at_most: u32) -> Vec<Event> = events::of_chats;
    /// Returns the events after `seq` in commit order: at most `at_most` of them and some 4 MiB.
    events_after(seq: i64, at_most: u32) -> EventPage = events::after;
    audit_entries_before(seq: i64, at_most: u32) -> Vec<StoredAuditEntry> = admins::audit_entries_before;
    /// Returns pictures whose size is not known, because an older version stored them without it.
    unmeasured_pictures(at_most: u32) -> Vec<PictureKey> = pictures::unmeasured;
    check_up(wait_max: Duration) -> Checkup = health::check_up;
    /// Copies what is committed into a new file (mode 0600), in one step while writes go on: a copy in steps of 100
    /// pages restarts at each write and never ends. Takes as long as reading and writing the file. Fails with
    /// `StorageFull`.
    copy_to(file: &Path) -> () = snapshot::copy;
});

operations!(Tx by WriteEngine {
    /// Stores the fingerprint of the server key unless one is stored.
    adopt_key(fingerprint: Digest) -> () = apps::adopt_key;
    /// Creates an app. Fails with `Conflict(App)` when its `app_id` or `sdk_app_id` is taken.
    put_app(new: &NewApp, at: Moment) -> App = apps::create;
    /// Replaces everything about the app of this key but its key and creation time. Fails with `NotFound(App)` or
    /// `Conflict(App)`.
    change_app(wanted: &App) -> App = apps::change;
    take_back_end_tickets(app: AppKey) -> () = tickets::forget_of_back_end;
    /// Stores the time of the last successful test write.
    put_ready(at: Moment) -> () = apps::mark_ready;
    put_admin(name: &AdminName, password: &PasswordHash, at: Moment) -> Admin = admins::put;
    put_admin_password(admin: AdminKey, password: &PasswordHash) -> () = admins::set_password;
    take_admin(admin: AdminKey) -> () = admins::take;
    put_admin_session(digest: &Digest, admin: AdminKey, at: Moment) -> () = admins::begin;
    put_admin_session_seen(digest: &Digest, at: Moment) -> () = admins::seen;
    take_admin_session(digest: &Digest) -> () = admins::end;
    take_admin_sessions(admin: AdminKey) -> () = admins::end_all;
    put_audit_entry(entry: &AuditEntry, at: Moment) -> () = admins::put_audit_entry;
    /// Stores where a new session stands in the event log, and returns the key of the row.
    put_position(new: &NewPosition, confirmed: i64) -> i64 = positions::put;
    /// Notes that another client has resumed after a place, of a session whose client has confirmed this event.
    claim_position(row: i64, confirmed: i64, claim: Claim) -> () = positions::claim;
    take_position(row: i64) -> () = positions::take;
    /// Moves places forward; none moves back, and a deleted row is ignored.
    move_positions(moved: &[ChangedPosition], at: Moment) -> () = positions::move_all;
    put_picture_sizes(measured: &[(PictureKey, u64)]) -> () = pictures::measure;
    sweep_tickets(before: Moment, at_most: u32) -> u32 = tickets::forget_expired;
    sweep_sessions(before: Moment, at_most: u32) -> u32 = sessions::forget_ended;
    sweep_admin_sessions(before: Moment, at_most: u32) -> u32 = admins::forget_unused;
    /// Deletes the oldest entries beyond the last `kept_max`. Looks at the `at_most` oldest rows only.
    sweep_audit_entries(kept_max: u32, at_most: u32) -> u32 = admins::forget_audit_entries;
    /// Deletes places written before `before`, and all but the newest `kept_max`.
    sweep_positions(before: Moment, kept_max: u32, at_most: u32) -> u32 = positions::forget_old;
    /// Deletes the oldest events: those stored before `before`, and all but the last `kept_max`. Looks at the `at_most`
    /// oldest rows only.
    sweep_events(before: Moment, kept_max: u32, at_most: u32) -> u32 = events::forget;
    /// Deletes revocations older than `long_past`, then the oldest beyond `kept_max`, `at_most` of each. The time of a
    /// deleted row then holds for every id of its app, so that no signature becomes valid again.
    sweep_signatures(long_past: Moment, kept_max: u32, at_most: u32) -> u32 = signatures::forget;
    /// Deletes the rows of pictures released before `before`, the longest released first. The caller removes their
    /// files.
    sweep_pictures(before: Moment, at_most: u32) -> Vec<PictureKey> = pictures::take_released;
    /// Appends an event, and returns its number.
    append_event(app: AppKey, user: UserKey, id: &UserId, kind: &EventKind, at: Moment) -> i64 = events::append;
    /// Creates a conversation without participants.
    put_conversation(app: AppKey, users: [UserKey; 2], unique_id: &str, options: &str, at: Moment) -> ConversationKey = conversations::put;
    /// Stores number and time of the newest message.
    put_last_message(conversation: ConversationKey, seq: i64, at: Moment) -> () = conversations::put_last;
    put_participant(participant: &Participant) -> () = conversations::put_participant;
    put_message(message: &Message) -> () = messages::put;
    /// Stores the content of a changed message, and its change.
    put_message_edit(message: &Message) -> () = messages::put_edit;
    /// Marks a message as recalled and wipes its content.
    put_message_recall(id: MessageId, recall: &MessageRecall) -> () = messages::put_recall;
    /// Deletes a message for one side.
    hide_message(id: MessageId, side: Side) -> () = messages::hide;
    put_message_receipt(id: MessageId, at: Moment) -> () = messages::put_receipt;
    /// Deletes the oldest messages of a conversation that are older than `before`, and returns how many.
    take_messages_before(conversation: ConversationKey, before: Moment, at_most: u32) -> u32 = messages::take_older;
    /// Stores the time of the oldest message that is left.
    put_oldest_message_time(conversation: ConversationKey) -> () = conversations::put_oldest;
    /// Creates a user. Of its profile, only what search needs is stored: `put_profile` stores the rest.
    put_user(app: AppKey, id: &UserId, secrets: &NewSecrets, chosen: Option<&PasswordHash>, first: &Profile, at: Moment) -> UserKey = users::insert;
    put_profile(user: UserKey, profile: &Profile, at: Moment) -> () = users::set_profile;
    put_credentials(held: &Credentials) -> () = users::set_credentials;
    /// Replaces a hash with another of the same password. Version and tickets of the user stay.
    rehash(app: AppKey, user: UserKey, former: &PasswordHash, hash: &PasswordHash) -> bool = tickets::rehash;
    take_user(user: UserKey) -> () = users::take;
    /// Deletes at most `at_most` rows of other users that name this one, and returns how many.
    take_rows_naming(user: UserKey, at_most: u32) -> u32 = contacts::forget_rows_naming;
    put_departed(user: UserKey) -> () = contacts::put_departed;
    take_departed(user: UserKey) -> () = contacts::take_departed;
    put_device(user: UserKey, device: &Device, at: Moment) -> () = users::set_device;
    take_device(user: UserKey, platform: DeviceType) -> () = users::forget_device;
    take_devices(user: UserKey) -> () = users::forget_devices;
    put_ticket(app: AppKey, user: UserKey, ticket: &NewTicket, at: Moment) -> () = tickets::put;
    put_back_end_ticket(app: AppKey, ticket: &NewTicket, at: Moment) -> bool = tickets::put_for_back_end;
    /// Covers the tickets of one wire, that of `newest`, which counts as the newest whatever the clock says.
    keep_newest_tickets(user: UserKey, newest: &NewTicket, kept: u16) -> () = tickets::keep_newest;
    take_ticket(digest: &Digest) -> () = tickets::forget;
    take_tickets(user: UserKey) -> () = tickets::forget_of_user;
    take_tickets_of_vendor(user: UserKey, wire: Vendor) -> () = tickets::forget_of_vendor;
    /// Notes that a user has logged in. Writes only the first time.
    note_login(user: UserKey) -> () = statuses::note_login;
    put_custom_status(user: UserKey, custom: Option<&CustomStatus>) -> () = statuses::set;
    put_chat_settings(user: UserKey, change: &ChatSettingsChange) -> () = chat_settings::set;
    put_mute(owner: UserKey, muted: UserKey, level: MuteLevel) -> () = chat_settings::put;
    take_mute(owner: UserKey, muted: UserKey) -> () = chat_settings::take;
    put_report(app: AppKey, user: UserKey, report: &NewReport, at: Moment) -> () = reports::add;
    keep_newest_reports(app: AppKey, kept: u32) -> () = reports::keep_newest;
    put_session(user: UserKey, state: &SessionState) -> SessionKey = sessions::put;
    keep_newest_sessions(user: UserKey, kept: u32) -> () = sessions::keep_newest;
    /// Renews a session if its salt is still `former`.
    renew_session(app: AppKey, key: SessionKey, former: Salt, state: &SessionState) -> bool = sessions::renew;
    take_session(user: UserKey, key: SessionKey) -> () = sessions::end;
    take_sessions(user: UserKey) -> () = sessions::end_of_user;
    /// Revokes the signatures of this id that were made before `before`. A stored time never moves back.
    revoke_signatures(app: AppKey, id: &UserId, before: Moment) -> () = signatures::revoke;
    /// Stores a picture as a released one: no profile shows it yet.
    put_picture(owner: UserKey, new: &NewPicture, at: Moment) -> () = pictures::add;
    /// Makes a picture its owner's current one. Call `release_picture` first.
    show_picture(key: &PictureKey) -> () = pictures::show;
    /// Leaves the user's current picture, if any, to the sweep.
    release_picture(owner: UserKey, at: Moment) -> () = pictures::release;
    /// Stores why a user's picture may not be changed, or that it may, and raises the user's version.
    put_picture_lock(user: UserKey, reason: Option<&LockReason>) -> () = pictures::lock;
    /// Adds a contact, or replaces its name. Returns false when `contact` is no user of the app.
    put_contact(app: AppKey, owner: UserKey, contact: UserKey, name: Option<&ContactName>, at: Moment) -> bool = contacts::put;
    put_friend(owner: UserKey, contact: UserKey, row: &FriendRow, at: Moment) -> bool = friends::put;
    /// Changes the remark, if one is given, and the groups. Returns false when the row says the same already.
    change_friend(owner: UserKey, contact: UserKey, remark: &Patch<ContactName>, groups: Option<&[FriendGroup]>) -> bool = friends::set;
    take_contact(owner: UserKey, contact: UserKey) -> bool = friends::take;
    put_block(owner: UserKey, blocked: UserKey, at: Moment) -> bool = contacts::put_block;
    take_block(owner: UserKey, blocked: UserKey) -> bool = contacts::take_block;
    put_groups(owner: UserKey, groups: &[FriendGroup]) -> () = groups::add;
    /// Deletes a group. The rows of friends still name it.
    take_group(owner: UserKey, group: &FriendGroup) -> () = groups::take;
    regroup(owner: UserKey, friend: UserKey, without: Option<&FriendGroup>, with: &[FriendGroup]) -> bool = groups::regroup;
    put_follow(follower: UserKey, followed: UserKey, at: Moment) -> bool = follows::put;
    take_follow(follower: UserKey, followed: UserKey) -> bool = follows::take;
    put_request(asked: UserKey, by: UserKey, row: &FriendRow, at: Moment) -> () = requests::put;
    take_request(asked: UserKey, by: UserKey) -> bool = requests::take;
    /// Stores up to when the user has seen incoming requests. The time never moves back.
    set_requests_read(user: UserKey, until: Moment) -> () = requests::set_read;
});
