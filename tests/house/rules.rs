//! The rules of the service, run on a store alone: each in one unit of work.

use futures_util::FutureExt as _;
use standin::{
    domain::{
        app::{App, NewApp},
        avatar::{NewPicture, PictureKey},
        caller::Owner,
        device::DeviceType,
        error::Error,
        friend::{
            AddFriendOptions, AddFriendOutcome, Direction, FriendChange, FriendFault, FriendGroup, FriendToAdd,
            RequestAnswer,
        },
        id::{AppKey, SessionKey, UserId, UserKey},
        message::{Conversation, ConversationChange, ConversationRef, MessageId, MessageRef},
        profile::{Credentials, User},
        secret::{DerivedSecret, Digest},
        session::Resumed,
        text::CustomStatus,
        time::Moment,
    },
    service::{
        self, apps, contacts,
        conversations::{
            self, Drawn,
            changes::{self, EditOutcome, MessageChange, RecallOutcome, RecallRequest},
            expiry,
            marks::{self, MarkRequest, MovedMark},
            sending::{self, NewMessage, SentMessage},
        },
        follows,
        friends::{
            Outcomes,
            call::FriendCall,
            groups::{self, GroupStep},
            requests, rules,
        },
        owners,
        sessions::notifications,
        users,
    },
    store::{
        ContactsChange, LongReads, NewPosition, NewTicket, NewTokens, Principal, SessionState, StateChange, Store,
        StoredPicture, StoredSession, Ticket, Touches, Tx, UpsertUser, UpsertedUser, UserChange,
    },
};

/// Reads of a store, which answers at once.
pub(super) trait Reads {
    fn reads<T>(&self, read: impl AsyncFnOnce(&LongReads<'_>) -> Result<T, Error>) -> Result<T, Error>;

    /// As the service reads data of one user.
    fn reads_of<T>(
        &self,
        app: AppKey,
        owner: &Owner,
        read: impl AsyncFnOnce(&LongReads<'_>, AppKey, UserKey) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.reads(async |db| {
            let read = async |db: &LongReads<'_>| read(db, app, owners::owner(db, app, owner).await?.key).await;
            db.snapshot(read).await
        })
    }
}

impl Reads for Store {
    fn reads<T>(&self, read: impl AsyncFnOnce(&LongReads<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let reader = self.feed_reader()?;
        reader.read(read).now_or_never().expect("rows are read at once")
    }
}

macro_rules! point_reads {
    ($($name:ident($($given:ident: $type:ty),*) -> $answer:ty;)*) => {
        pub(super) trait PointReads {
            $(fn $name(&self, $($given: $type),*) -> Result<$answer, Error>;)*
        }

        impl PointReads for Store {
            $(
                fn $name(&self, $($given: $type),*) -> Result<$answer, Error> {
                    let read = self.read(async |db| db.$name($($given),*).await);
                    read.now_or_never().expect("rows are read at once")
                }
            )*
        }
    };
}

point_reads! {
    user(app: AppKey, id: &UserId) -> Option<User>;
    user_by_handle(handle: &PictureKey) -> Option<(AppKey, User)>;
    credentials(app: AppKey, id: &UserId) -> Option<Credentials>;
    account(app: AppKey, id: &UserId) -> Option<(User, Credentials)>;
    ticket(digest: &Digest) -> Option<Ticket>;
    session(app: AppKey, key: SessionKey) -> Option<(User, StoredSession)>;
    picture(key: &PictureKey) -> Option<StoredPicture>;
    last_event_seq() -> i64;
}

/// `module::rule[owner, at](..)` is a rule about the lists of a user.
macro_rules! rules {
    (@run $rule:path, $tx:expr, $app:expr, [$owner:ident, $at:expr], $($passed:expr),*) => {
        $rule(FriendCall::of($tx, $app, &$owner, $at).await?, $($passed),*).await
    };
    (@run $rule:path, $tx:expr, $app:expr, $($passed:expr),*) => {
        $rule($tx, $app, $($passed),*).await
    };
    ($($name:ident($($given:ident: $type:ty),*) -> $answer:ty
        = $module:ident::$rule:ident $([$owner:ident, $at:expr])? ($($passed:expr),*);)*) => {
        pub(super) trait Rules {
            $(async fn $name(&self, app: AppKey, $($given: $type),*) -> Result<$answer, Error>;)*
        }

        impl Rules for Store {
            $(
                async fn $name(&self, app: AppKey, $($given: $type),*) -> Result<$answer, Error> {
                    let rule = async move |tx: &Tx<'_>| {
                        rules!(@run $module::$rule, tx, app, $([$owner, $at],)? $($passed),*)
                    };
                    self.write(Touches::All, rule).await
                }
            )*
        }
    };
}

rules! {
    change_contacts(owner: UserKey, change: ContactsChange, at: Moment) -> () = contacts::change_contacts(owner, &change, at);
    block(owner: UserKey, whom: UserId, at: Moment) -> () = contacts::block(owner, &whom, at);
    unblock(owner: UserKey, whom: UserId, at: Moment) -> () = contacts::unblock(owner, &whom, at);
    open_conversation(owner: Owner, to: ConversationRef, options: String, drawn: Drawn, at: Moment) -> Conversation
        = conversations::open(&owner, &to, &options, &drawn, at);
    forget_expired_messages(before: Moment, at_most: u32) -> u32 = expiry::forget_expired(before, at_most);
    send(owner: Owner, to: ConversationRef, new: NewMessage, drawn: Drawn, at: Moment) -> SentMessage
        = sending::send(&owner, &to, &new, &drawn, at);
    mark(owner: Owner, to: ConversationRef, request: MarkRequest, at: Moment) -> MovedMark
        = marks::mark(&owner, &to, &request, at);
    send_receipts(owner: Owner, to: ConversationRef, messages: Vec<MessageRef>, at: Moment) -> Vec<MessageId>
        = marks::send_receipts(&owner, &to, &messages, at);
    recall(by: Owner, to: ConversationRef, request: RecallRequest, at: Moment) -> (Vec<RecallOutcome>, Option<i64>)
        = changes::recall(&by, &to, &request, at);
    edit(by: Owner, to: ConversationRef, message: MessageRef, change: MessageChange, at: Moment) -> EditOutcome
        = changes::edit(&by, &to, &message, &change, at);
    hide(owner: Owner, to: ConversationRef, messages: Vec<MessageRef>, at: Moment) -> Option<i64>
        = changes::hide(&owner, &to, &messages, at);
    change_conversation(owner: Owner, to: ConversationRef, change: ConversationChange, at: Moment) -> Option<i64>
        = changes::change(&owner, &to, change, at);
    befriend(owner: Owner, asked: Vec<FriendToAdd>, how: AddFriendOptions, at: Moment) -> Vec<AddFriendOutcome>
        = rules::befriend[owner, at](&asked, how);
    unfriend(owner: Owner, whom: Vec<UserId>, both_ways: bool, at: Moment) -> Outcomes
        = rules::unfriend[owner, at](&whom, both_ways);
    change_friends(owner: Owner, changes: Vec<FriendChange>, at: Moment) -> Outcomes
        = rules::change_friends[owner, at](&changes);
    answer_requests(owner: Owner, answers: Vec<RequestAnswer>, at: Moment) -> Outcomes
        = requests::answer[owner, at](&answers);
    forget_requests(owner: Owner, direction: Direction, with: Vec<UserId>, at: Moment) -> Outcomes
        = requests::forget[owner, at](direction, &with);
    read_requests(owner: Owner, until: Moment) -> () = requests::read[owner, until](until);
    black_list_add(owner: Owner, whom: Vec<UserId>, at: Moment) -> Outcomes = rules::black_list_add[owner, at](&whom);
    black_list_delete(owner: Owner, whom: Vec<UserId>, at: Moment) -> Outcomes
        = rules::black_list_delete[owner, at](&whom);
    create_groups(owner: Owner, groups: Vec<FriendGroup>, members: Vec<UserId>, at: Moment) -> Result<Outcomes, FriendFault>
        = groups::create[owner, at](&groups, &members);
    delete_group(owner: Owner, group: FriendGroup, at_most: u32, at: Moment) -> GroupStep
        = groups::delete[owner, at](&group, at_most);
    rename_group(owner: Owner, names: [FriendGroup; 2], at_most: u32, at: Moment) -> GroupStep
        = groups::rename[owner, at](names.each_ref(), at_most);
    change_group(owner: Owner, group: FriendGroup, members: Vec<(UserId, bool)>, at: Moment) -> Outcomes
        = groups::change_members[owner, at](&group, &members);
    begin_position(new: NewPosition) -> (i64, Option<Resumed>) = notifications::begin_position(&new);
    follow(owner: Owner, whom: Vec<UserId>, at: Moment) -> Outcomes = follows::follow[owner, at](&whom);
    unfollow(owner: Owner, whom: Vec<UserId>, at: Moment) -> Outcomes = follows::unfollow[owner, at](&whom);
    register(asked: UpsertUser) -> UpsertedUser = users::register(&asked);
    change_user(owner: Owner, change: UserChange, at: Moment) -> User = users::change(&owner, &change, at);
    change_states(changes: Vec<(UserId, StateChange)>, at: Moment) -> () = users::change_states(&changes, at);
    delete_user(owner: Owner, dead_before: Moment, at: Moment) -> () = users::delete(&owner, dead_before, at);
    reset_token(id: UserId, token: DerivedSecret, at: Moment) -> User = users::reset_token(&id, &token, at);
    reset_issued(id: UserId, tokens: NewTokens, at: Moment) -> () = users::reset_issued(&id, &tokens, at);
    kick(id: UserId, dead_before: Moment, at: Moment) -> () = users::kick(&id, dead_before, at);
    issue_ticket(holder: Principal, ticket: NewTicket, at: Moment) -> () = users::issue_ticket(&holder, &ticket, at);
    begin_session(held: Credentials, state: SessionState, at_most: u32) -> SessionKey
        = users::begin_session(&held, &state, at_most);
    forget_device(user: UserKey, platform: DeviceType) -> () = users::forget_device(user, platform);
    add_picture(owner: UserKey, new: NewPicture, at: Moment) -> () = users::add_picture(owner, &new, at);
    set_custom_status(user: UserKey, custom: Option<CustomStatus>) -> () = users::set_custom_status(user, custom.as_ref());
}

macro_rules! of_no_app {
    ($($name:ident($($given:ident: $type:ty),*) -> $answer:ty = |$tx:ident| $run:expr;)*) => {
        pub(super) trait RulesOfNoApp {
            $(async fn $name(&self, $($given: $type),*) -> Result<$answer, Error>;)*
        }

        impl RulesOfNoApp for Store {
            $(
                async fn $name(&self, $($given: $type),*) -> Result<$answer, Error> {
                    self.write(Touches::All, async move |$tx| $run.await).await
                }
            )*
        }
    };
}

of_no_app! {
    adopt_key(fingerprint: Digest) -> bool = |tx| service::adopt_key(tx, fingerprint);
    create_app(new: NewApp, at: Moment) -> App = |tx| tx.put_app(&new, at);
    change_app(app: App) -> App = |tx| apps::change(tx, &app);
    forget_departed(at_most: u32) -> u32 = |tx| users::forget_departed(tx, at_most);
    forget_expired_tickets(before: Moment, at_most: u32) -> u32 = |tx| tx.sweep_tickets(before, at_most);
    forget_positions(before: Moment, kept_max: u32, at_most: u32) -> u32 = |tx| tx.sweep_positions(before, kept_max, at_most);
    forget_events(before: Moment, kept_max: u32, at_most: u32) -> u32 = |tx| tx.sweep_events(before, kept_max, at_most);
    forget_dead_signatures(long_past: Moment, kept_max: u32, at_most: u32) -> u32
        = |tx| tx.sweep_signatures(long_past, kept_max, at_most);
    take_released_pictures(before: Moment, at_most: u32) -> Vec<PictureKey> = |tx| tx.sweep_pictures(before, at_most);
}
