//! The groups that a user sorts friends into. Sources: the vendor's pages on adding, deleting and pulling them; changing one is its Web
//! SDK's own.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    body::{Accounts, Items, List, Outcomes, Unread, body, texts},
    call::{Answered, Call},
    relations::{SEQUENCE, each, found, is_shown},
    reply::{Code, Outcome, Refused, Told},
    tags::text,
    words::words,
};
use crate::domain::{
    friend::{FriendFault, FriendGroup, GROUPS_MAX},
    id::UserId,
    owner::Owner,
};

body! {
    /// Groups that come to be, and who goes into them.
    struct Add<'a> as "GroupAdd" {
        owner: Owner = "From_Account",
        /// Names, each of at most 30 bytes of UTF-8.
        groups: Names = "GroupName" eg ["Family"],
        /// Friends.
        accounts: Option<Accounts<'a>> = "To_Account" eg ["user1"],
    }

    /// Groups that go.
    struct Delete as "GroupDelete" {
        owner: Owner = "From_Account",
        groups: Names = "GroupName" eg ["Family"],
    }

    /// Which groups are wanted.
    struct Get as "GroupGet" {
        owner: Owner = "From_Account",
        /// `Need_Friend_Type_No` if it is not given.
        friends: Option<NeedFriend> = "NeedFriend",
        /// All if it is not given or empty.
        groups: Option<Names<0>> = "GroupName" eg ["Family"],
        _sequence: Unread = "LastSequence",
    }

    /// A group with its new name, or with who goes into it and out of it; not both.
    struct Update<'a> as "GroupUpdate" eg
        { "From_Account": "guest@qiscus.com", "GroupOldName": "Family", "GroupNewName": "Relatives" } {
        owner: Owner = "From_Account",
        /// The group.
        group: OldName = "GroupOldName",
        /// Its new name.
        name: Option<FriendGroup> = "GroupNewName",
        /// Who goes in, who goes out. An empty list, or none, changes nothing.
        moved: Option<Items<'a, Moved, 0>> = "UpdateGroupItem",
    }

    /// Who goes in, or out.
    struct Moved as "UpdateGroupItem" {
        who: UserId = "To_Account",
        to: UpdateType = "UpdateType",
    }
}

words! {
    /// Whether the friends in the groups are wanted too.
    NeedFriend { Yes = "Need_Friend_Type_Yes", No = "Need_Friend_Type_No", }

    /// In, or out.
    UpdateType { Add = "Update_Type_Add", Delete = "Update_Type_Delete", }
}

/// The name of a group that must be given.
pub(super) struct OldName(FriendGroup);

texts! {
    OldName = |name| FriendGroup::parse(name).map(Self),
        text().min_length(Some(1)).max_length(Some(FriendGroup::BYTES_MAX));
}

/// Names of groups.
type Names<const LEAST: usize = 1> = List<FriendGroup, { GROUPS_MAX as usize }, LEAST>;

/// `sns.group_add`: makes groups, all or none, and puts friends into every one of them.
pub(super) async fn add(call: Call<'_>, asked: Add<'_>) -> Answered<GroupsMade> {
    let (owner, groups, desk) = (asked.owner, asked.groups.0, call.desk);
    let put = async |members| {
        let made = desk.service.create_groups(desk.tenant, call.key(), &owner, groups, members).await?;
        Ok::<_, Refused>(made?.into_iter().map(|member| member.map_err(no_friend)).collect())
    };
    let (items, fail_account) = match asked.accounts {
        Some(accounts) => {
            let (items, fail_account) = found(each(accounts.0, put).await?, |outcome, _| outcome);
            (Some(items), fail_account)
        }
        None => each(Outcomes::new(), put).await.map(|_| (None, Vec::new()))?,
    };
    Ok(GroupsMade { items, fail_account, sequence: SEQUENCE })
}

/// What came of the accounts, if any were named.
#[derive(Serialize, ToSchema)]
pub(super) struct GroupsMade {
    /// Each in the call's order.
    #[serde(rename = "ResultItem", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    items: Option<Vec<Outcome>>,
    /// Those that failed; not there if none did.
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    fail_account: Vec<String>,
    #[serde(rename = "CurrentSequence")]
    sequence: u32,
}

impl Told for GroupsMade {}

/// Of this command alone the vendor has a number, and words, for who is no friend.
fn no_friend(fault: FriendFault) -> Refused {
    match fault == FriendFault::NotFriends {
        true => Refused::Said(Code::NoFriendForGroup, "Err_SNS_GroupAdd_ToTinyId_Not_Friend".to_owned()),
        false => fault.into(),
    }
}

/// `sns.group_delete`: takes groups away; the friends in them stay friends.
pub(super) async fn delete(call: Call<'_>, asked: Delete) -> Answered<GroupsGone> {
    call.desk.service.delete_groups(call.desk.tenant, call.key(), &asked.owner, asked.groups.0).await?;
    Ok(GroupsGone { sequence: SEQUENCE })
}

/// That they are gone.
#[derive(Serialize, ToSchema)]
pub(super) struct GroupsGone {
    #[serde(rename = "CurrentSequence")]
    sequence: u32,
}

impl Told for GroupsGone {}

/// `sns.group_get`: the groups, or those that are named, with the friends in them where that is asked.
pub(super) async fn get(call: Call<'_>, asked: Get) -> Answered<Groups> {
    let wanted = asked.groups.map(|groups| groups.0).filter(|groups| !groups.is_empty());
    let groups = call.desk.service.groups(call.desk.tenant, call.key(), &asked.owner).await?;
    let item = |(group, friends): (FriendGroup, Vec<UserId>)| {
        let friends: Vec<String> = friends.iter().filter(|id| is_shown(id)).map(|id| id.as_str().to_owned()).collect();
        Group {
            name: group.as_str().to_owned(),
            number: friends.len(),
            friends: (asked.friends == Some(NeedFriend::Yes)).then_some(friends),
        }
    };
    let is_wanted = |group: &FriendGroup| wanted.as_ref().is_none_or(|wanted| wanted.contains(group));
    let items = groups.into_iter().filter(|(group, _)| is_wanted(group)).map(item).collect();
    Ok(Groups { items, sequence: SEQUENCE })
}

/// The groups of a user.
#[derive(Serialize, ToSchema)]
pub(super) struct Groups {
    #[serde(rename = "ResultItem")]
    items: Vec<Group>,
    #[serde(rename = "CurrentSequence")]
    sequence: u32,
}

impl Told for Groups {}

/// A group of friends.
#[derive(Serialize, ToSchema)]
struct Group {
    #[serde(rename = "GroupName")]
    #[schema(max_length = 30, example = "Family")]
    name: String,
    /// How many friends are in it.
    #[serde(rename = "FriendNumber")]
    number: usize,
    /// Who they are, where that is asked.
    #[serde(rename = "To_Account", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    friends: Option<Vec<String>>,
}

/// `sns.group_update`: gives a group another name, or puts friends into it and takes others out.
pub(super) async fn update(call: Call<'_>, asked: Update<'_>) -> Answered<GroupChanged> {
    let Update { owner, group: OldName(group), name, moved } = asked;
    let desk = call.desk;
    match (name, moved) {
        (Some(_), Some(_)) => Err(Refused::BadParameter("Give GroupNewName or UpdateGroupItem, not both".to_owned())),
        (Some(to), None) => match desk.service.rename_group(desk.tenant, call.key(), &owner, group, to).await? {
            true => Ok(GroupChanged { items: None, fail_account: Vec::new(), sequence: SEQUENCE }),
            false => Err(Refused::BadParameter("GroupOldName must be a group of this account".to_owned())),
        },
        (None, Some(moved)) if !moved.0.is_empty() => members(call, &owner, group, moved.0).await,
        // A page that moves no friends makes the SDK send an empty list, or none: that asks for nothing.
        (None, _) => {
            desk.service.owner(desk.tenant, &owner).await?;
            Ok(GroupChanged { items: Some(Vec::new()), fail_account: Vec::new(), sequence: SEQUENCE })
        }
    }
}

async fn members(
    call: Call<'_>,
    owner: &Owner,
    group: FriendGroup,
    moved: Outcomes<'_, Moved>,
) -> Answered<GroupChanged> {
    let desk = call.desk;
    let put = async |moved: Vec<Moved>| {
        let members = moved.into_iter().map(|moved| (moved.who, moved.to == UpdateType::Add)).collect();
        desk.service.change_group(desk.tenant, call.key(), owner, group, members).await
    };
    let (outcomes, fail_account) = found(each(moved, put).await?, |outcome, _| outcome);
    let asked = call.body.get("UpdateGroupItem").and_then(Value::as_array).into_iter().flatten();
    let member = |(outcome, asked): (_, &Value)| Member { outcome, update_type: asked.get("UpdateType").cloned() };
    let items = outcomes.into_iter().zip(asked).map(member).collect();
    Ok(GroupChanged { items: Some(items), fail_account, sequence: SEQUENCE })
}

/// What came of the accounts, if any were named.
#[derive(Serialize, ToSchema)]
pub(super) struct GroupChanged {
    /// Each in the call's order.
    #[serde(rename = "ResultItem", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    items: Option<Vec<Member>>,
    /// Those that failed; not there if none did.
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    fail_account: Vec<String>,
    #[serde(rename = "CurrentSequence")]
    sequence: u32,
}

impl Told for GroupChanged {}

/// What came of one account.
#[derive(Serialize, ToSchema)]
#[schema(as = GroupMember)]
struct Member {
    #[serde(flatten)]
    outcome: Outcome,
    /// What was asked for, as the call said it: the Web SDK looks for it here.
    #[serde(rename = "UpdateType", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Value, required = false)]
    update_type: Option<Value>,
}
