//! The table of commands, which the REST API and the socket share.

use std::pin::Pin;

use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use super::{
    account, black_list,
    body::RequestBody,
    call::{CommandCall, CommandContext, CommandResult, TencentCaller},
    follows, friends, groups,
    messages::{changes, history, lists, marks, mutes, sending, sync},
    portrait::{self, Portraits},
    relations::Results,
    reply::{self, Family, NoFields, ResponseFields, TencentError, TencentReply},
    requests, search, status,
};

type CommandFuture<'a> = Pin<Box<dyn Future<Output = Result<TencentReply, TencentError>> + 'a>>;

fn respond<'a, T: ResponseFields>(answered: impl Future<Output = CommandResult<T>> + 'a) -> CommandFuture<'a> {
    Box::pin(async { answered.await.map(reply::success) })
}

pub(super) struct Command {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    flags: &'static [CommandFlag],
    /// The second part of the name. It is unique.
    pub(super) id: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary_lines: &'static [&'static str],
    pub(super) request: fn() -> NamedSchema,
    /// Without the envelope.
    pub(super) response: fn() -> NamedSchema,
    run: for<'a> fn(CommandCall<'a>) -> CommandFuture<'a>,
}

pub(super) struct NamedSchema {
    pub(super) name: String,
    pub(super) schemas: Vec<(String, RefOr<Schema>)>,
}

impl NamedSchema {
    pub(super) fn of<T: ToSchema>() -> Self {
        let mut schemas = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut schemas);
        Self { name: T::name().into_owned(), schemas }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CommandFlag {
    /// The command only reads. Published libraries send some of these by GET, with a body.
    Read,
    /// Only the SDK calls it, on its socket; the REST API does not serve it.
    Socket,
    /// Only the app's administrator may call it.
    BackEnd,
}

/// One line for each command: its flags, name, request, response and handler. The lines above it are its public
/// documentation.
macro_rules! commands {
    ($($tag:literal, $service:ident {
        $($(#[doc = $summary_lines:literal])* $(@$flag:ident)* $id:ident($request:ty) -> $response:ty = $run:path;)*
    })*) => {
        &[$($(Command {
            name: concat!(stringify!($service), ".", stringify!($id)),
            path: concat!("/", stringify!($service), "/", stringify!($id)),
            flags: &[$(CommandFlag::$flag),*],
            id: stringify!($id),
            tag: $tag,
            summary_lines: &[$($summary_lines),*],
            request: NamedSchema::of::<$request>,
            response: NamedSchema::of::<$response>,
            run: |call| respond::<$response>(async move { $run(call, RequestBody::read(call, call.body)?).await }),
        },)*)*]
    };
}

pub(super) const COMMANDS: &[Command] = commands! {
    "Accounts", im_open_login_svc {
        /// Imports an account
        ///
        /// Creates the account. If it exists, sets the given fields.
        @BackEnd account_import(account::AccountImportRequest<'_>) -> NoFields = account::import;
        /// Imports several accounts
        ///
        /// By names only, or with the fields of `account_import`. `FailAccounts` names those that failed; the others
        /// are imported.
        @BackEnd multiaccount_import(account::MultiAccountImportRequest<'_>) -> account::FailedImports = account::import_many;
        /// Checks which accounts exist
        @Read @BackEnd account_check(account::AccountCheckRequest<'_>) -> account::AccountChecks = account::check;
        /// Deletes accounts
        ///
        /// Each account is deleted by itself, with its profile, picture and friends.
        @BackEnd account_delete(account::AccountDeleteRequest<'_>) -> account::AccountDeletions = account::delete;
        /// Ends every session of an account
        ///
        /// UserSigs that were signed before now become invalid.
        @BackEnd kick(account::AccountKickRequest<'_>) -> NoFields = account::kick;
    }
    "Profiles", profile {
        /// Sets fields of a profile
        ///
        /// Sets all given fields, or none after an error.
        portrait_set(portrait::PortraitSetRequest<'_>) -> NoFields = portrait::set;
        /// Reads profiles
        ///
        /// Returns the requested tags, or all. An account that does not exist fails alone; if none exists, the call
        /// fails.
        @Read portrait_get(portrait::PortraitGetRequest<'_>) -> Portraits<'_> = portrait::get;
        /// Reads whole profiles, as the Web SDK does
        ///
        /// Returns the first 100 users. Users that do not exist are left out.
        @Read portrait_get_all(portrait::PortraitGetAllRequest<'_>) -> Portraits<'_> = portrait::get_all;
    }
    "Friends", sns {
        /// Adds friends
        ///
        /// An account that wants to be asked gets a request: `ResultCode` 30539, which is not a failure.
        friend_add(friends::FriendAddRequest<'_>) -> Results = friends::add;
        /// Imports friends
        ///
        /// The accounts are not asked. The time of the import counts as the time of the friendship.
        @BackEnd friend_import(friends::FriendImportRequest<'_>) -> Results = friends::import;
        /// Changes friends
        ///
        /// Sets the user's remark on each friend, and the groups the friend is in.
        friend_update(friends::FriendUpdateRequest<'_>) -> Results = friends::update;
        /// Deletes friends
        friend_delete(friends::FriendDeleteRequest<'_>) -> Results = friends::delete;
        /// Deletes all friends
        friend_delete_all(friends::FriendDeleteAllRequest) -> NoFields = friends::delete_all;
        /// Checks in which direction users are friends
        @Read friend_check(friends::FriendCheckRequest<'_>) -> friends::FriendChecks = friends::check;
        /// Lists friends
        ///
        /// 500 on a page, without their profiles.
        @Read friend_get(friends::FriendGetRequest) -> friends::FriendPage = friends::get;
        /// Reads friends, with their profiles
        @Read friend_get_list(friends::FriendGetListRequest<'_>) -> friends::FriendsFound = friends::get_list;
        /// Reads friends, as the Web SDK does
        ///
        /// The same as `friend_get_list`.
        @Read friend_get_specified(friends::FriendGetListRequest<'_>) -> friends::FriendsFound = friends::get_list;
    }
    "Friend requests", sns {
        /// Lists waiting requests
        ///
        /// Newest first. A `StartTime` of 0 in the response ends the list.
        @Read pendency_get(requests::PendencyGetRequest) -> requests::Pendencies = requests::get;
        /// Answers incoming requests
        friend_response(requests::FriendResponseRequest<'_>) -> Results = requests::answer;
        /// Deletes incoming requests, or withdraws outgoing ones
        pendency_delete(requests::PendencyDeleteRequest<'_>) -> Results = requests::delete;
        /// Marks requests as seen
        ///
        /// Marks the incoming requests up to the given time. Later ones count as unread.
        pendency_report(requests::PendencyReportRequest) -> NoFields = requests::report;
    }
    "Groups of friends", sns {
        /// Creates groups
        ///
        /// Creates all groups or none, and adds the given friends to each of them.
        group_add(groups::GroupAddRequest<'_>) -> groups::GroupAddResponse = groups::add;
        /// Deletes groups
        ///
        /// The friends in them stay friends.
        group_delete(groups::GroupDeleteRequest) -> groups::GroupDeleteResponse = groups::delete;
        /// Lists groups
        ///
        /// All groups, or the named ones, with their friends if requested.
        @Read group_get(groups::GroupGetRequest) -> groups::GroupGetResponse = groups::get;
        /// Changes a group
        ///
        /// Renames it, or adds and removes friends.
        group_update(groups::GroupUpdateRequest<'_>) -> groups::GroupUpdateResponse = groups::update;
    }
    "Black lists", sns {
        /// Blocks accounts
        ///
        /// Ends the friendships with them in both directions.
        black_list_add(black_list::BlackListChangeRequest<'_>) -> Results = black_list::add;
        /// Unblocks accounts
        ///
        /// Friendships are not restored.
        black_list_delete(black_list::BlackListChangeRequest<'_>) -> Results = black_list::delete;
        /// Lists blocked accounts
        ///
        /// A `StartIndex` of 0 in the response ends the list.
        @Read black_list_get(black_list::BlackListGetRequest) -> black_list::BlackList = black_list::get;
        /// Checks who blocks whom
        @Read black_list_check(black_list::BlackListCheckRequest<'_>) -> black_list::BlackListChecks = black_list::check;
    }
    "User status", openim {
        /// Checks which accounts are online
        @Read @BackEnd query_online_status(status::OnlineStatusRequest<'_>) -> status::OnlineStatuses = status::query_online;
        /// Checks which accounts are online, by its older name
        ///
        /// The same as `query_online_status`.
        @Read @BackEnd querystate(status::OnlineStatusRequest<'_>) -> status::OnlineStatuses = status::query_online;
    }
    "User status", im_open_status {
        /// Reads the status of users
        @Socket ws_get_user_status(status::UserStatusRequest<'_>) -> status::UserStatuses = status::get;
        /// Sets the caller's custom status
        @Socket ws_set_custom_status(status::CustomStatusRequest) -> NoFields = status::set_custom;
        /// Subscribes to the status of users
        @Socket ws_status_subscribe(status::StatusSubscribeRequest<'_>) -> status::StatusSubscribed = status::subscribe;
        /// Ends subscriptions
        @Socket ws_status_unsubscribe(status::StatusUnsubscribeRequest<'_>) -> status::StatusSubscribed = status::unsubscribe;
    }
    "Following", follow {
        /// Follows users
        ///
        /// Needs no consent. A block in either direction forbids it.
        follow_add(follows::FollowAddRequest<'_>) -> Results = follows::add;
        /// Unfollows users
        follow_delete(follows::FollowDeleteRequest<'_>) -> Results = follows::delete;
        /// Lists followers, followed users, or mutual followers
        ///
        /// Newest first. An empty `NextCursor` in the response ends the list.
        @Read follow_get(follows::FollowGetRequest) -> follows::FollowGetResult = follows::get;
        /// Counts followers and followed users
        @Read follow_get_info(follows::FollowInfoRequest<'_>) -> follows::FollowInfos = follows::get_info;
        /// Checks who follows whom
        @Read follow_check(follows::FollowCheckRequest<'_>) -> follows::FollowChecks = follows::check;
    }
    "Messages", openim {
        /// Sends a message
        ///
        /// To one user, in the name of another. A block between the two does not stop it. The same `MsgSeq`, `MsgRandom`
        /// and content within 120 seconds are the same message, and get the first answer again.
        sendmsg(sending::SendRequest<'_>) -> sending::Sent = sending::send;
        /// Sends a message to several users
        ///
        /// An account that does not exist fails alone.
        @BackEnd batchsendmsg(sending::BatchSendRequest<'_>) -> sending::SentToMany = sending::send_to_many;
        /// Reads the conversation of two users
        ///
        /// As `Operator_Account` sees it. The newest page comes first, and on each page the oldest message.
        @Read @BackEnd admin_getroammsg(history::HistoryRequestOfBackEnd) -> history::PageForBackEnd = history::get_for_back_end;
        /// Recalls a message
        ///
        /// Without a limit of time. The message keeps its place; its content is wiped.
        @BackEnd admin_msgwithdraw(changes::AdminWithdrawRequest) -> NoFields = changes::withdraw_for_back_end;
        /// Marks a conversation as read
        @BackEnd admin_set_msg_read(marks::SetReadRequest) -> NoFields = marks::set_read;
        /// Counts the unread messages of a user
        @Read @BackEnd get_c2c_unread_msg_num(marks::UnreadRequest<'_>) -> marks::Unread = marks::unread;
        /// Changes a message
        ///
        /// Place and time stay. If `MsgVersion` is not the present one, the error has the present content.
        modify_c2c_msg(changes::ModifyRequest<'_>) -> changes::Modified = changes::modify;
        /// Reads a conversation, as the SDK does
        @Socket getroammsg(history::HistoryOfPeerRequest) -> history::Page = history::get;
        /// Reads unread counts and missed messages
        @Socket getmsg(sync::SyncRequest) -> sync::Synced = sync::get;
        /// Marks conversations as read
        @Socket msgreaded(marks::ReadRequest<'_>) -> NoFields = marks::read;
        /// Reads up to when the other users have read
        @Socket get_peer_read_time(marks::ReadTimesRequest<'_>) -> marks::ReadTimes = marks::read_times;
        /// Confirms that messages are read
        @Socket c2c_msg_read_receipt(marks::ReceiptRequest<'_>) -> NoFields = marks::send_receipts;
        /// Marks all conversations as read
        @Socket read_all_unread_msg(marks::ReadAllRequest) -> marks::ReadAll = marks::read_all;
        /// Recalls one of the caller's messages
        @Socket msgwithdraw(changes::WithdrawRequest) -> NoFields = changes::withdraw;
        /// Deletes messages for the caller alone
        @Socket delete_c2c_msg_ramble(changes::DeleteMessagesRequest) -> NoFields = changes::delete;
        /// Reads how the caller mutes conversations
        @Socket get_c2c_peer_mute_notifications(mutes::MutesRequest<'_>) -> mutes::Mutes = mutes::get;
        /// Mutes conversations
        @Socket set_c2c_peer_mute_notifications(mutes::SetMutesRequest<'_>) -> mutes::MutesSet = mutes::set;
    }
    "Conversations", recentcontact {
        /// Lists conversations
        ///
        /// Pinned ones first, then those with the newest message. A `CompleteFlag` of 1 ends the list.
        @Read @BackEnd get_list(lists::ListRequest) -> lists::List = lists::list;
        /// Deletes a conversation from a user's list
        ///
        /// Until its next message. It counts as read for the user.
        @BackEnd delete(lists::DeleteRequest) -> NoFields = lists::delete;
        /// Lists conversations, as the SDK does
        @Socket page_get(lists::PageRequest) -> lists::Page = lists::page;
        /// Pins or unpins conversations
        @Socket top(lists::TopRequest<'_>) -> NoFields = lists::top;
        /// Deletes conversations from the caller's list
        @Socket batch_delete(lists::BatchDeleteRequest<'_>) -> lists::ContactOutcomes = lists::delete_many;
        /// Deletes the messages of a conversation for the caller alone
        @Socket clear_msg(lists::ClearRequest) -> NoFields = lists::clear;
    }
    "Profiles", user_search {
        /// Finds users by parts of their names
        ///
        /// An empty `Cursor` in the response ends the list.
        @Read query(search::UserQueryRequest) -> search::UsersFound = search::query;
    }
};

pub(super) fn is_known(name: &str) -> bool {
    named(name).is_some()
}

fn named(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

pub(super) async fn run(
    context: &CommandContext<'_>,
    caller: &TencentCaller,
    name: &str,
    body: &Value,
) -> Option<TencentReply> {
    Some(named(name)?.run(context, caller, body).await)
}

impl Command {
    pub(super) fn has(&self, mark: CommandFlag) -> bool {
        self.flags.contains(&mark)
    }

    /// Runs the command and returns its response with the envelope.
    pub(super) async fn run(&self, context: &CommandContext<'_>, caller: &TencentCaller, body: &Value) -> TencentReply {
        let call = CommandCall { context, caller, body };
        let admitted = if self.has(CommandFlag::BackEnd) { call.back_end() } else { Ok(()) };
        let answered = match admitted {
            Ok(()) => (self.run)(call).await,
            Err(refused) => Err(refused),
        };
        answered.unwrap_or_else(|refused| reply::failure(&refused, Family::of(self.name)))
    }
}
