//! What the socket tells unasked, as events of the vendor's: one kind of list in each.
//!
//! Source: wire/tencent.md section 4, run against the published SDK; the lists of requests and of changed friends as that SDK reads them.

use std::slice;

use serde_json::{Value, json};

use crate::{
    dialect::tencent::{command::Desk, friend_tags::FriendTag, relations::is_shown, tags::Tag},
    domain::{
        friend::{AddSource, AddWording, Friend, Request},
        id::UserId,
        listening::Notice,
        profile::User,
    },
};

/// Accounts that one event names at the most: for those added the SDK asks in one call.
const ACCOUNTS_MAX: usize = 100;

/// Why a session ends, by the SDK's names of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kick {
    /// `multipleAccount`: the user has logged in elsewhere.
    Replaced = 1,
    /// `REST_API_Kick`: the app ends it.
    ByBackEnd = 3,
}

/// The session is over.
pub(super) fn kicked(kick: Kick) -> Value {
    json!({ "C2cNotifyMsgArray": [{ "KickoutMsgNotify": { "KickType": kick as u8 } }] })
}

/// What can be said of a notice as it comes.
pub(super) fn at_once(notice: &Notice) -> Vec<Value> {
    match notice {
        Notice::ContactsChanged { added, removed, .. } => [friends_removed(removed), friends_added(added)].concat(),
        Notice::BlocksChanged { whom, is_blocked, .. } => block_changed(whom, *is_blocked),
        Notice::RequestChanged { with, is_waiting: false, .. } => request_gone(with),
        Notice::ProfileChanged { .. } | Notice::RequestChanged { is_waiting: true, .. } => Vec::new(),
    }
}

/// Whether more is to be said of a notice, which must be looked up.
pub(super) fn has_more(notice: &Notice) -> bool {
    match notice {
        Notice::ProfileChanged { .. } => true,
        Notice::ContactsChanged { changed, .. } => !changed.is_empty(),
        Notice::BlocksChanged { .. } => false,
        Notice::RequestChanged { with, is_waiting, .. } => *is_waiting && is_shown(with),
    }
}

/// These are friends from now on.
fn friends_added(ids: &[UserId]) -> Vec<Value> {
    by_hundreds(1, "FriendAddAccount", &shown(ids))
}

/// These are friends no longer. The SDK breaks at one that it never had, so who is shown nowhere is not named here.
fn friends_removed(ids: &[UserId]) -> Vec<Value> {
    by_hundreds(2, "FriendDelAccount", &shown(ids))
}

/// The owner's remark on these friends, and the groups they are in.
pub(super) fn friends_changed(friends: &[Friend]) -> Vec<Value> {
    let item = |friend: &Friend| {
        let shown =
            |(tag, none): (FriendTag, Value)| json!({ "Tag": tag.name(), "Value": tag.value(friend).unwrap_or(none) });
        let tags = [(FriendTag::Remark, "".into()), (FriendTag::Group, json!([]))].map(shown);
        json!({ "Friend_Account": friend.id.as_str(), "Sns": tags })
    };
    let items: Vec<Value> = friends.iter().filter(|friend| is_shown(&friend.id)).map(item).collect();
    by_hundreds(5, "FriendUpInfo", &items)
}

/// Somebody is on the black list from now on, or no longer.
fn block_changed(whom: &UserId, is_blocked: bool) -> Vec<Value> {
    let key = if is_blocked { "BlackListAddAccount" } else { "BlackListDelAccount" };
    shown(slice::from_ref(whom)).iter().map(|whom| friend_list(&json!({ key: [whom] }))).collect()
}

/// A request waits. Who it came from tells the SDK whether it came or went.
pub(super) fn request_came(asker: &UserId, request: &Request, other: Option<&User>, desk: &Desk<'_>) -> Value {
    let shown = |tag: &Tag| other.and_then(|other| tag.value(desk, other)).unwrap_or_else(|| tag.unset());
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

/// A request waits no longer, whoever of the two had asked. Spelt as the SDK spells it.
fn request_gone(with: &UserId) -> Vec<Value> {
    by_hundreds(4, "FrienPencydDel_Account", &shown(slice::from_ref(with)))
}

/// These tags of a profile have changed, to what stands in them by now. None where nothing of it is shown here.
pub(super) fn profile_changed(user: &User, tags: &[Tag], desk: &Desk<'_>) -> Option<Value> {
    let item = |tag: &Tag| {
        let value = tag.value(desk, user).unwrap_or_else(|| tag.unset());
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

/// The ids of those whom this wire's lists show.
fn shown(ids: &[UserId]) -> Vec<Value> {
    ids.iter().filter(|id| is_shown(id)).map(|id| id.as_str().into()).collect()
}

/// Changes of a kind of the SDK's, each with some of the items.
fn by_hundreds(push_type: u8, key: &str, items: &[Value]) -> Vec<Value> {
    let change = |items: &[Value]| friend_list(&json!({ "PushType": push_type, key: items }));
    items.chunks(ACCOUNTS_MAX).map(change).collect()
}
