//! Groups of friends. Sources: the vendor's pages; `group_update` is as its Web SDK sends it.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    body::{AccountItems, Accounts, BoundedList, IgnoredNumber, PerAccount, body, texts},
    call::{CommandCall, CommandResult},
    relations::{SEQUENCE, is_shown, items_of, run_for_each},
    reply::{ErrorCode, ResponseFields, ResultItem, TencentError},
    tags::text,
    words::words,
};
use crate::domain::{FriendFault, FriendGroup, GROUPS_MAX, Owner, UserId};

body! {
    /// Groups to create, and friends to add to them.
    struct GroupAddRequest<'a> as "GroupAdd" {
        owner: Owner = "From_Account",
        /// Names, each of at most 30 bytes of UTF-8.
        groups: GroupNameList = "GroupName" eg ["Family"],
        /// Friends to add to each group.
        accounts: Option<Accounts<'a>> = "To_Account" eg ["user1"],
    }

    /// Groups to delete.
    struct GroupDeleteRequest as "GroupDelete" {
        owner: Owner = "From_Account",
        groups: GroupNameList = "GroupName" eg ["Family"],
    }

    /// The groups to return.
    struct GroupGetRequest as "GroupGet" {
        owner: Owner = "From_Account",
        /// `Need_Friend_Type_No` if it is not given.
        friends: Option<NeedFriend> = "NeedFriend",
        /// All groups if it is not given or empty.
        groups: Option<GroupNameList<0>> = "GroupName" eg ["Family"],
        _sequence: IgnoredNumber = "LastSequence",
    }

    /// A group with its new name, or with friends to add and remove; not both.
    struct GroupUpdateRequest<'a> as "GroupUpdate" eg
        { "From_Account": "guest@qiscus.com", "GroupOldName": "Family", "GroupNewName": "Relatives" } {
        owner: Owner = "From_Account",
        /// The group.
        group: ExistingGroup = "GroupOldName",
        /// Its new name.
        name: Option<FriendGroup> = "GroupNewName",
        /// Friends to add and to remove. An empty list, or none, changes nothing.
        moved: Option<AccountItems<'a, GroupMove, 0>> = "UpdateGroupItem",
    }

    /// A friend to add or to remove.
    struct GroupMove as "UpdateGroupItem" {
        who: UserId = "To_Account",
        to: UpdateType = "UpdateType",
    }
}

words! {
    /// Whether the response has the friends in the groups.
    NeedFriend { Yes = "Need_Friend_Type_Yes", No = "Need_Friend_Type_No", }

    /// Adds or removes.
    UpdateType { Add = "Update_Type_Add", Delete = "Update_Type_Delete", }
}

pub(super) struct ExistingGroup(FriendGroup);

texts! {
    ExistingGroup = |name| FriendGroup::parse(name).map(Self),
        text().min_length(Some(1)).max_length(Some(FriendGroup::BYTES_MAX));
}

type GroupNameList<const LEAST: usize = 1> = BoundedList<FriendGroup, { GROUPS_MAX as usize }, LEAST>;

pub(super) async fn add(call: CommandCall<'_>, request: GroupAddRequest<'_>) -> CommandResult<GroupAddResponse> {
    let (owner, groups) = (request.owner, request.groups.0);
    let put = async |members| {
        let made = call.lists(&owner).create_groups(groups, members).await?;
        Ok::<_, TencentError>(made?.into_iter().map(|member| member.map_err(no_friend)).collect())
    };
    let (items, fail_account) = match request.accounts {
        Some(accounts) => {
            let (items, fail_account) = items_of(run_for_each(accounts.0, put).await?, |outcome, _| outcome);
            (Some(items), fail_account)
        }
        None => run_for_each(PerAccount::new(), put).await.map(|_| (None, Vec::new()))?,
    };
    Ok(GroupAddResponse { items, fail_account, sequence: SEQUENCE })
}

/// The results for the accounts, if the call named any.
#[derive(Serialize, ToSchema)]
#[schema(as = GroupAddResult)]
pub(super) struct GroupAddResponse {
    /// The accounts in the order of the call.
    #[serde(rename = "ResultItem", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    items: Option<Vec<ResultItem>>,
    /// The accounts that failed; absent if none did.
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    fail_account: Vec<String>,
    #[serde(rename = "CurrentSequence")]
    sequence: u32,
}

impl ResponseFields for GroupAddResponse {}

/// For this command alone the vendor has a number and a text of its own for an account that is no friend.
fn no_friend(fault: FriendFault) -> TencentError {
    match fault == FriendFault::NotFriends {
        true => TencentError::Coded(ErrorCode::NoFriendForGroup, "Err_SNS_GroupAdd_ToTinyId_Not_Friend".to_owned()),
        false => fault.into(),
    }
}

pub(super) async fn delete(call: CommandCall<'_>, request: GroupDeleteRequest) -> CommandResult<GroupDeleteResponse> {
    call.lists(&request.owner).delete_groups(request.groups.0).await?;
    Ok(GroupDeleteResponse { sequence: SEQUENCE })
}

/// The groups were deleted.
#[derive(Serialize, ToSchema)]
#[schema(as = GroupDeleteResult)]
pub(super) struct GroupDeleteResponse {
    #[serde(rename = "CurrentSequence")]
    sequence: u32,
}

impl ResponseFields for GroupDeleteResponse {}

pub(super) async fn get(call: CommandCall<'_>, request: GroupGetRequest) -> CommandResult<GroupGetResponse> {
    let wanted = request.groups.map(|groups| groups.0).filter(|groups| !groups.is_empty());
    let groups = call.lists(&request.owner).groups().await?;
    let item = |(group, friends): (FriendGroup, Vec<UserId>)| {
        let friends: Vec<String> = friends.iter().filter(|id| is_shown(id)).map(|id| id.as_str().to_owned()).collect();
        FriendGroupView {
            name: group.as_str().to_owned(),
            number: friends.len(),
            friends: (request.friends == Some(NeedFriend::Yes)).then_some(friends),
        }
    };
    let is_wanted = |group: &FriendGroup| wanted.as_ref().is_none_or(|wanted| wanted.contains(group));
    let items = groups.into_iter().filter(|(group, _)| is_wanted(group)).map(item).collect();
    Ok(GroupGetResponse { items, sequence: SEQUENCE })
}

/// The groups of a user.
#[derive(Serialize, ToSchema)]
#[schema(as = GroupGetResult)]
pub(super) struct GroupGetResponse {
    #[serde(rename = "ResultItem")]
    items: Vec<FriendGroupView>,
    #[serde(rename = "CurrentSequence")]
    sequence: u32,
}

impl ResponseFields for GroupGetResponse {}

/// A group of friends.
#[derive(Serialize, ToSchema)]
#[schema(as = FriendGroup)]
struct FriendGroupView {
    #[serde(rename = "GroupName")]
    #[schema(max_length = 30, example = "Family")]
    name: String,
    /// How many friends are in the group.
    #[serde(rename = "FriendNumber")]
    number: usize,
    /// The friends in the group, if requested.
    #[serde(rename = "To_Account", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    friends: Option<Vec<String>>,
}

pub(super) async fn update(
    call: CommandCall<'_>,
    request: GroupUpdateRequest<'_>,
) -> CommandResult<GroupUpdateResponse> {
    let GroupUpdateRequest { owner, group: ExistingGroup(group), name, moved } = request;
    let context = call.context;
    match (name, moved) {
        (Some(_), Some(_)) => {
            Err(TencentError::BadParameter("Give GroupNewName or UpdateGroupItem, not both".to_owned()))
        }
        (Some(to), None) => match call.lists(&owner).rename_group(group, to).await? {
            true => Ok(GroupUpdateResponse { items: None, fail_account: Vec::new(), sequence: SEQUENCE }),
            false => Err(TencentError::BadParameter("GroupOldName must be a group of this account".to_owned())),
        },
        (None, Some(moved)) if !moved.0.is_empty() => members(call, &owner, group, moved.0).await,
        // If a page moves no friends, the SDK sends an empty list or none. The command then changes nothing.
        (None, _) => {
            context.service.owner(context.tenant, &owner).await?;
            Ok(GroupUpdateResponse { items: Some(Vec::new()), fail_account: Vec::new(), sequence: SEQUENCE })
        }
    }
}

async fn members(
    call: CommandCall<'_>,
    owner: &Owner,
    group: FriendGroup,
    moved: PerAccount<'_, GroupMove>,
) -> CommandResult<GroupUpdateResponse> {
    let put = async |moved: Vec<GroupMove>| {
        let members = moved.into_iter().map(|moved| (moved.who, moved.to == UpdateType::Add)).collect();
        call.lists(owner).change_group(group, members).await
    };
    let (outcomes, fail_account) = items_of(run_for_each(moved, put).await?, |outcome, _| outcome);
    let request = call.body.get("UpdateGroupItem").and_then(Value::as_array).into_iter().flatten();
    let member =
        |(outcome, request): (_, &Value)| GroupMember { outcome, update_type: request.get("UpdateType").cloned() };
    let items = outcomes.into_iter().zip(request).map(member).collect();
    Ok(GroupUpdateResponse { items: Some(items), fail_account, sequence: SEQUENCE })
}

/// The results for the accounts, if the call named any.
#[derive(Serialize, ToSchema)]
#[schema(as = GroupUpdateResult)]
pub(super) struct GroupUpdateResponse {
    /// The accounts in the order of the call.
    #[serde(rename = "ResultItem", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    items: Option<Vec<GroupMember>>,
    /// The accounts that failed; absent if none did.
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    fail_account: Vec<String>,
    #[serde(rename = "CurrentSequence")]
    sequence: u32,
}

impl ResponseFields for GroupUpdateResponse {}

/// The result for one account.
#[derive(Serialize, ToSchema)]
struct GroupMember {
    #[serde(flatten)]
    outcome: ResultItem,
    /// The value that the call sent; the Web SDK reads it here.
    #[serde(rename = "UpdateType", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Value, required = false)]
    update_type: Option<Value>,
}
