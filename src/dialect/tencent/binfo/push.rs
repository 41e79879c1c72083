//! Pushes, as events of the vendor with one kind of list each. Source: wire/tencent.md section 4; the lists of requests
//! and of changed friends are as the published SDK reads them.

use std::slice;

use serde_json::{Value, json};

use super::chat_push;
use crate::{
    dialect::tencent::{
        call::CommandContext, friend_tags::FriendTag, relations::is_shown, status::UserStatusView, tags::Tag,
        words::Word as _,
    },
    domain::{AddSource, AddWording, Friend, FriendRequest, Notification, User, UserId, UserStatus},
};

/// Accounts in one event: the SDK reads all added accounts of an event in one call.
const ACCOUNTS_MAX: usize = 100;

/// Why a session ends, by the SDK's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KickReason {
    /// `multipleAccount`: the user logged in on another client.
    Replaced = 1,
    /// `REST_API_Kick`: the app ended the session.
    ByBackEnd = 3,
}

pub(super) fn kicked(kick: KickReason) -> Value {
    json!({ "C2cNotifyMsgArray": [{ "KickoutMsgNotify": { "KickType": kick as u8 } }] })
}

pub(super) fn at_once(notification: &Notification) -> Vec<Value> {
    match notification {
        Notification::ContactsChanged { added, removed, .. } => {
            [friends_removed(removed), friends_added(added)].concat()
        }
        Notification::BlocksChanged { whom, is_blocked, .. } => block_changed(whom, *is_blocked),
        Notification::RequestChanged { with, is_waiting: false, .. } => request_gone(with),
        // This vendor does not tell a user who blocks it.
        Notification::BlockedBy { .. }
        | Notification::ProfileChanged { .. }
        | Notification::FollowChanged { .. }
        | Notification::AccountChanged { .. }
        | Notification::StatusChanged { .. }
        | Notification::Chat { .. }
        | Notification::ChatSettingsChanged { .. }
        | Notification::RequestChanged { is_waiting: true, .. } => Vec::new(),
    }
}

/// Whether the notice has pushes that need reads.
pub(super) fn has_more(notice: &Notification) -> bool {
    match notice {
        Notification::ProfileChanged { .. } | Notification::StatusChanged { .. } => true,
        Notification::FollowChanged { with, .. } => is_shown(with),
        Notification::ContactsChanged { changed, .. } => !changed.is_empty(),
        Notification::Chat { news, .. } => chat_push::is_pushed(news),
        Notification::BlocksChanged { .. }
        | Notification::BlockedBy { .. }
        | Notification::AccountChanged { .. }
        | Notification::ChatSettingsChanged { .. } => false,
        Notification::RequestChanged { with, is_waiting, .. } => *is_waiting && is_shown(with),
    }
}

fn friends_added(ids: &[UserId]) -> Vec<Value> {
    by_hundreds(1, "FriendAdd_Account", &shown(ids))
}

/// Leaves out ids that are never shown: the SDK breaks if it removes a friend that it never had.
fn friends_removed(ids: &[UserId]) -> Vec<Value> {
    by_hundreds(2, "FriendDel_Account", &shown(ids))
}

pub(super) fn friends_changed(friends: &[Friend]) -> Vec<Value> {
    let item = |friend: &Friend| {
        let shown =
            |(tag, none): (FriendTag, Value)| json!({ "Tag": tag.word(), "Value": tag.value(friend).unwrap_or(none) });
        let tags = [(FriendTag::Remark, "".into()), (FriendTag::Group, json!([]))].map(shown);
        json!({ "Friend_Account": friend.id.as_str(), "SNS": tags })
    };
    let items: Vec<Value> = friends.iter().filter(|friend| is_shown(&friend.id)).map(item).collect();
    by_hundreds(5, "FriendUpInfo", &items)
}

fn block_changed(whom: &UserId, is_blocked: bool) -> Vec<Value> {
    let key = if is_blocked { "BlackListAdd_Account" } else { "BlackListDel_Account" };
    shown(slice::from_ref(whom)).iter().map(|whom| friend_list(&json!({ key: [whom] }))).collect()
}

/// From `asker` the SDK sees whether the request is incoming or outgoing.
pub(super) fn request_came(
    asker: &UserId,
    request: &FriendRequest,
    other: Option<&User>,
    context: &CommandContext<'_>,
) -> Value {
    let shown = |tag: &Tag| other.and_then(|other| tag.value(context, other)).unwrap_or_else(|| tag.unset());
    let item = json!({
        "PendencyAdd_Account": request.with.as_str(),
        "ProfileImNick": shown(&Tag::Nick),
        "ProfileImImage": shown(&Tag::Image),
        "AddTime": request.at.unix_s(),
        "AddSource": request.source.as_ref().map_or("", AddSource::as_str),
        "AddWording": request.wording.as_ref().map_or("", AddWording::as_str),
    });
    friend_list(&json!({ "PushType": 3, "From_Account": asker.as_str(), "PendencyAdd": [item] }))
}

/// A request in either direction no longer waits. The key is misspelt as in the SDK.
fn request_gone(with: &UserId) -> Vec<Value> {
    by_hundreds(4, "FrienPencydDel_Account", &shown(slice::from_ref(with)))
}

#[derive(Clone, Copy)]
enum FollowType {
    Follower = 1,
    Following = 2,
    Mutual = 3,
}

/// `is_own`: the user follows the other one. `is_answered`: both follow each other, so that the list of mutual
/// followers changes too.
pub(super) fn follow_changed(
    with: &User,
    is_own: bool,
    is_following: bool,
    is_answered: bool,
    context: &CommandContext<'_>,
) -> Value {
    let shown = |tag: &Tag| tag.value(context, with).unwrap_or_else(|| tag.unset());
    let one_way = if is_own { FollowType::Following } else { FollowType::Follower };
    let types = [Some(one_way), is_answered.then_some(FollowType::Mutual)];
    let differences = types.into_iter().flatten();
    let differences: Vec<Value> =
        differences.map(|list| json!({ "IsAdd": u8::from(is_following), "FollowType": list as u8 })).collect();
    json!({ "FollowChangeList": [{
        "From_Account": with.id.as_str(),
        "NickName": shown(&Tag::Nick),
        "FaceUrl": shown(&Tag::Image),
        "FollowDiffList": differences,
    }] })
}

pub(super) fn statuses(statuses: &[UserStatus]) -> Vec<Value> {
    let statuses: Vec<UserStatusView> =
        statuses.iter().filter(|status| is_shown(&status.id)).map(UserStatusView::of).collect();
    statuses.chunks(ACCOUNTS_MAX).map(|statuses| json!({ "UserStatusList": statuses })).collect()
}

/// Returns the tags that changed, with their current values; none if this dialect shows none of them.
pub(super) fn profile_changed(user: &User, tags: &[Tag], context: &CommandContext<'_>) -> Option<Value> {
    let item = |tag: &Tag| {
        let value = tag.value(context, user).unwrap_or_else(|| tag.unset());
        let key = if value.is_number() { "ValueNum" } else { "ValueBytes" };
        json!({ "Tag": tag.name(), key: value })
    };
    let items: Vec<Value> = tags.iter().map(item).collect();
    let is_heard = !items.is_empty();
    is_heard.then(|| json!({ "ProfileDataMod": [{ "Profile_Account": user.id.as_str(), "ProfileList": items }] }))
}

fn friend_list(change: &Value) -> Value {
    json!({ "FriendListMod": [change] })
}

fn shown(ids: &[UserId]) -> Vec<Value> {
    ids.iter().filter(|id| is_shown(id)).map(|id| id.as_str().into()).collect()
}

/// Splits the items into events of at most [`ACCOUNTS_MAX`].
fn by_hundreds(push_type: u8, key: &str, items: &[Value]) -> Vec<Value> {
    let change = |items: &[Value]| friend_list(&json!({ "PushType": push_type, key: items }));
    items.chunks(ACCOUNTS_MAX).map(change).collect()
}
