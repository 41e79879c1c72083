//! The groups that a user sorts friends into. Sources: the vendor's pages on adding, deleting and pulling them; changing one is its Web
//! SDK's own.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    call::{Answered, Call, bad},
    relations::{ACCOUNTS_MAX, Outcomes, SEQUENCE, TEXT, accounts, each, found, is_shown, items, parsed, word},
    reply::{Code, Outcome, Refused, Told},
};
use crate::domain::{
    error::Fault,
    friend::{FriendFault, FriendGroup, GROUPS_MAX},
    id::UserId,
    owner::Owner,
};

pub(super) use self::asked::{GroupAdd, GroupDelete, GroupGet, GroupUpdate};

/// The names of `GroupName`.
fn named(call: Call<'_>) -> Result<Vec<FriendGroup>, Refused> {
    const FIELD: &str = "GroupName";
    let group = |given: &Value| {
        FriendGroup::parse(given.as_str().ok_or_else(|| bad(&TEXT, FIELD))?).map_err(|fault| bad(&fault, FIELD))
    };
    call.list(FIELD, GROUPS_MAX as usize)?.iter().map(group).collect()
}

/// `sns.group_add`: makes groups, all or none, and puts friends into every one of them.
pub(super) async fn add(call: Call<'_>) -> Answered<GroupsMade> {
    let (owner, desk) = (call.owner()?, call.desk);
    let groups = named(call)?;
    let put = async |members| {
        let made = desk.service.create_groups(desk.tenant, call.key(), &owner, groups, members).await?;
        Ok::<_, Refused>(made?.into_iter().map(|member| member.map_err(no_friend)).collect())
    };
    let (items, fail_account) = match call.field("To_Account") {
        Some(_) => {
            let (items, fail_account) = found(each(accounts(call)?, put).await?, |outcome, _| outcome);
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
pub(super) async fn delete(call: Call<'_>) -> Answered<GroupsGone> {
    let owner = call.owner()?;
    call.desk.service.delete_groups(call.desk.tenant, call.key(), &owner, named(call)?).await?;
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
pub(super) async fn get(call: Call<'_>) -> Answered<Groups> {
    let owner = call.owner()?;
    let needs_friends =
        word(call.body, "NeedFriend", &[("Need_Friend_Type_Yes", true), ("Need_Friend_Type_No", false)])?;
    let wanted = match call.field("GroupName").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        true => None,
        false => call.field("GroupName").map(|_| named(call)).transpose()?,
    };
    let groups = call.desk.service.groups(call.desk.tenant, call.key(), &owner).await?;
    let item = |(group, friends): (FriendGroup, Vec<UserId>)| {
        let friends: Vec<String> = friends.iter().filter(|id| is_shown(id)).map(|id| id.as_str().to_owned()).collect();
        Group {
            name: group.as_str().to_owned(),
            number: friends.len(),
            friends: (needs_friends == Some(true)).then_some(friends),
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
pub(super) async fn update(call: Call<'_>) -> Answered<GroupChanged> {
    let (owner, desk) = (call.owner()?, call.desk);
    let name = |field| parsed(call.body, field, FriendGroup::parse);
    let group = name("GroupOldName")?.ok_or_else(|| bad(&Fault::Missing, "GroupOldName"))?;
    match (name("GroupNewName")?, call.field("UpdateGroupItem")) {
        (Some(_), Some(_)) => Err(Refused::BadParameter("Give GroupNewName or UpdateGroupItem, not both".to_owned())),
        (Some(to), None) => match desk.service.rename_group(desk.tenant, call.key(), &owner, group, to).await? {
            true => Ok(GroupChanged { items: None, fail_account: Vec::new(), sequence: SEQUENCE }),
            false => Err(Refused::BadParameter("GroupOldName must be a group of this account".to_owned())),
        },
        (None, Some(moved)) if !moved.as_array().is_some_and(Vec::is_empty) => members(call, &owner, group).await,
        // A page that moves no friends makes the SDK send an empty list, or none: that asks for nothing.
        (None, _) => {
            desk.service.owner(desk.tenant, &owner)?;
            Ok(GroupChanged { items: Some(Vec::new()), fail_account: Vec::new(), sequence: SEQUENCE })
        }
    }
}

async fn members(call: Call<'_>, owner: &Owner, group: FriendGroup) -> Answered<GroupChanged> {
    const FIELD: &str = "UpdateGroupItem";
    let moved = items(call, FIELD, |id, item| {
        let is_in = word(item, "UpdateType", &[("Update_Type_Add", true), ("Update_Type_Delete", false)])?;
        Ok((id, is_in.ok_or_else(|| bad(&Fault::Missing, "UpdateType"))?))
    })?;
    let desk = call.desk;
    let put = async |members| desk.service.change_group(desk.tenant, call.key(), owner, group, members).await;
    let (outcomes, fail_account) = found(each(moved, put).await?, |outcome, _| outcome);
    let asked = call.list(FIELD, ACCOUNTS_MAX)?.iter();
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

/// What the calls above read, field by field.
mod asked {
    #![expect(
        dead_code,
        reason = "the document's: a body is read field by field, so that each fault has its own words"
    )]

    use utoipa::ToSchema;

    /// Groups that come to be, and who goes into them.
    #[derive(ToSchema)]
    #[schema(rename_all = "PascalCase")]
    pub(in super::super) struct GroupAdd {
        /// Whose data it is.
        #[schema(rename = "From_Account", example = "guest@qiscus.com")]
        owner: String,
        /// Names, each of at most 30 bytes of UTF-8.
        #[schema(min_items = 1, max_items = 32, example = json!(["Family"]))]
        group_name: Vec<String>,
        /// Friends.
        #[schema(rename = "To_Account", min_items = 1, max_items = 1000, example = json!(["user1"]))]
        accounts: Option<Vec<String>>,
    }

    /// Groups that go.
    #[derive(ToSchema)]
    #[schema(rename_all = "PascalCase")]
    pub(in super::super) struct GroupDelete {
        /// Whose data it is.
        #[schema(rename = "From_Account", example = "guest@qiscus.com")]
        owner: String,
        #[schema(min_items = 1, max_items = 32, example = json!(["Family"]))]
        group_name: Vec<String>,
    }

    /// Which groups are wanted.
    #[derive(ToSchema)]
    #[schema(rename_all = "PascalCase")]
    pub(in super::super) struct GroupGet {
        /// Whose data it is.
        #[schema(rename = "From_Account", example = "guest@qiscus.com")]
        owner: String,
        /// All if it is not given or empty.
        #[schema(max_items = 32, example = json!(["Family"]))]
        group_name: Option<Vec<String>>,
        /// `Need_Friend_Type_No` if it is not given.
        need_friend: Option<NeedFriend>,
        /// Not read.
        #[schema(example = 0)]
        last_sequence: Option<u32>,
    }

    /// Whether the friends in the groups are wanted too.
    #[derive(ToSchema)]
    pub(in super::super) enum NeedFriend {
        #[schema(rename = "Need_Friend_Type_Yes")]
        Yes,
        #[schema(rename = "Need_Friend_Type_No")]
        No,
    }

    /// A group with its new name, or with who goes into it and out of it; not both.
    #[derive(ToSchema)]
    #[schema(rename_all = "PascalCase", example = json!({
        "From_Account": "guest@qiscus.com", "GroupOldName": "Family", "GroupNewName": "Relatives"
    }))]
    pub(in super::super) struct GroupUpdate {
        /// Whose data it is.
        #[schema(rename = "From_Account", example = "guest@qiscus.com")]
        owner: String,
        /// The group.
        #[schema(min_length = 1, max_length = 30)]
        group_old_name: String,
        /// Its new name.
        #[schema(max_length = 30)]
        group_new_name: Option<String>,
        /// Who goes in, who goes out. An empty list, or none, changes nothing.
        #[schema(max_items = 1000)]
        update_group_item: Option<Vec<UpdateGroupItem>>,
    }

    /// Who goes in, or out.
    #[derive(ToSchema)]
    #[schema(rename_all = "PascalCase")]
    pub(in super::super) struct UpdateGroupItem {
        #[schema(rename = "To_Account", example = "user1")]
        account: String,
        update_type: UpdateType,
    }

    /// In, or out.
    #[derive(ToSchema)]
    pub(in super::super) enum UpdateType {
        #[schema(rename = "Update_Type_Add")]
        Add,
        #[schema(rename = "Update_Type_Delete")]
        Delete,
    }
}
