//! Friends: add, delete, change, check and list them. Source: the vendor's pages on relationship chains.

use serde::Serialize;
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{OneOfBuilder, RefOr, Schema},
};

use super::{
    body::{
        AccountItems, Accounts, BodyField, BoundedList, FieldType, IgnoredNumber, ListItem, Schemas, body, list,
        named_schema_ref,
    },
    call::{CommandCall, CommandResult},
    friend_tags::{FriendItem, FriendTag},
    portrait,
    relations::{Results, SEQUENCE, is_shown, items_of, known_users, relation_seen, results, run_for_each},
    reply::{ErrorCode, NoFields, ResponseFields, ResultItem, TencentError},
    tags::{ProfileItem, Tag, text},
    words::words,
};
use crate::domain::{
    AddFriendOptions, AddFriendOutcome, AddSource, AddWording, ContactName, Friend, FriendChange, FriendFault,
    FriendGroup, FriendToAdd, Owner, Page, Patch, User, UserId,
};

body! {
    /// Accounts to add as friends.
    struct FriendAddRequest<'a> as "FriendAdd" {
        owner: Owner = "From_Account",
        /// `Add_Type_Both` if it is not given: each user lists the other.
        lists: Option<FriendAddType> = "AddType",
        /// 1: adds the accounts without asking them, even those that want no friends. Black lists still apply.
        is_forced: Option<bool> = "ForceAddFlags" eg 0,
        friends: AccountItems<'a, FriendAddItem> = "AddFriendItem",
    }

    /// An account to add as a friend.
    struct FriendAddItem as "AddFriendItem" {
        whom: UserId = "To_Account" eg "user2",
        /// The user's name for the friend, at most 96 bytes of UTF-8.
        remark: Option<ContactName> = "Remark" eg "Two",
        /// The group for the friend, at most 30 bytes of UTF-8.
        groups: Option<GroupNames> = "GroupName",
        /// How the friendship begins.
        source: AddSource = "AddSource" eg "AddSource_Type_Web",
        /// The message of the request, at most 256 bytes of UTF-8.
        wording: Option<AddWording> = "AddWording" eg "Hello",
    }

    /// Accounts that are friends already.
    struct FriendImportRequest<'a> as "FriendImport" {
        owner: Owner = "From_Account",
        friends: AccountItems<'a, FriendAddItem> = "AddFriendItem",
    }

    /// Changes of friends.
    struct FriendUpdateRequest<'a> as "FriendUpdate" {
        owner: Owner = "From_Account",
        changes: AccountItems<'a, FriendUpdateItem<'a>> = "UpdateItem",
    }

    /// The change of one friend.
    struct FriendUpdateItem<'a> as "FriendUpdateItem" {
        whom: UserId = "To_Account",
        /// `Tag_SNS_IM_Remark` and `Tag_SNS_IM_Group`; the other tags cannot change.
        items: BoundedList<(FriendTag, &'a Value), { usize::MAX }> = "SnsItem" eg [{ "Tag": "Tag_SNS_IM_Remark", "Value": "One" }],
    }

    /// Friends to delete.
    struct FriendDeleteRequest<'a> as "FriendDelete" {
        owner: Owner = "From_Account",
        /// `Delete_Type_Single` if it is not given: the user stays in the other user's list.
        lists: Option<FriendDeleteType> = "DeleteType",
        /// The accounts.
        accounts: Accounts<'a> = "To_Account" eg ["user2"],
    }

    /// The user whose friends are deleted.
    struct FriendDeleteAllRequest as "FriendDeleteAll" {
        owner: Owner = "From_Account" eg "user2",
        /// `Delete_Type_Single` if it is not given: the user stays in the other users' lists.
        lists: Option<FriendDeleteType> = "DeleteType",
    }

    /// The accounts to compare with.
    struct FriendCheckRequest<'a> as "FriendCheck" {
        owner: Owner = "From_Account",
        lists: FriendCheckType = "CheckType",
        /// The accounts.
        accounts: Accounts<'a> = "To_Account" eg ["user1", "user2"],
    }

    /// The page to return.
    struct FriendGetRequest as "FriendGet" {
        owner: Owner = "From_Account",
        /// How many friends to skip.
        start: Option<u32> = "StartIndex" eg 0,
        /// Not read: every response has the whole list.
        _standard: IgnoredNumber = "StandardSequence",
        _custom: IgnoredNumber = "CustomSequence",
    }

    /// The friends and the tags to return.
    struct FriendGetListRequest<'a> as "FriendGetList" {
        owner: Owner = "From_Account",
        /// Tags of friends and of profiles; all if it is not given.
        tags: Option<BoundedList<FriendOrProfileTag, TAGS_MAX>> = "TagList" eg ["Tag_SNS_IM_Remark", "Tag_Profile_IM_Nick"],
        /// The accounts.
        accounts: Accounts<'a> = "To_Account" eg ["user1", "user2"],
    }
}

words! {
    /// Both lists, or the user's own.
    #[schema(as = AddType)]
    FriendAddType { Both = "Add_Type_Both", Single = "Add_Type_Single", }

    /// The user's own list, or both.
    #[schema(as = DeleteType)]
    FriendDeleteType { Single = "Delete_Type_Single", Both = "Delete_Type_Both", }

    /// Both lists, or the user's own.
    FriendCheckType { Both = "CheckResult_Type_Both", Single = "CheckResult_Type_Single", }

    /// Who lists whom as a friend. A is the user, B is the account.
    #[schema(as = RelationResult)]
    FriendRelation {
        BothWays = "CheckResult_Type_BothWay",
        Mine = "CheckResult_Type_AWithB",
        Theirs = "CheckResult_Type_BWithA",
        None = "CheckResult_Type_NoRelation",
    }
}

/// The groups for a new friend: one text, or a list as on the vendor's page on importing.
pub(super) struct GroupNames(Vec<FriendGroup>);

impl<'a> FieldType<'a> for GroupNames {
    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
        match at.given().is_some_and(Value::is_array) {
            true => Ok(BoundedList::<FriendGroup, { usize::MAX }, 0>::at(at)?.map(|groups| Self(groups.0))),
            false => Ok(FriendGroup::at(at)?.map(|group| Self(vec![group]))),
        }
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        let names = OneOfBuilder::new().item(text()).item(list(text(), 0, usize::MAX));
        named_schema_ref("GroupNames", names.description(Some("A group, or several.")).into(), others)
    }
}

/// Friends on one page.
const PAGE: u32 = 500;

/// The 5 of friends, the 12 standard ones of profiles, and the 20 custom ones that an app may declare.
const TAGS_MAX: usize = 37;

pub(super) async fn add(call: CommandCall<'_>, request: FriendAddRequest<'_>) -> CommandResult<Results> {
    let both_ways = request.lists != Some(FriendAddType::Single);
    let how = AddFriendOptions { both_ways, is_forced: request.is_forced == Some(true) };
    if how.is_forced && call.back_end().is_err() {
        return Err(TencentError::Rights("ForceAddFlags is for the app's administrator, by the REST API".to_owned()));
    }
    befriend(call, &request.owner, request.friends, how).await
}

pub(super) async fn import(call: CommandCall<'_>, request: FriendImportRequest<'_>) -> CommandResult<Results> {
    befriend(call, &request.owner, request.friends, AddFriendOptions { both_ways: false, is_forced: true }).await
}

async fn befriend(
    call: CommandCall<'_>,
    owner: &Owner,
    friends: AccountItems<'_, FriendAddItem>,
    how: AddFriendOptions,
) -> CommandResult<Results> {
    let befriended = run_for_each(friends.0, async |friends: Vec<FriendAddItem>| {
        let friends = friends.into_iter().map(FriendToAdd::from).collect();
        let befriended = call.lists(owner).befriend(friends, how).await?;
        Ok::<_, TencentError>(befriended.into_iter().map(Ok::<_, TencentError>).collect())
    })
    .await?;
    let results = befriended.into_iter().map(|(account, befriended)| {
        let (is_refused, outcome) = match befriended {
            Ok(AddFriendOutcome::Added) => (false, Ok(())),
            Ok(AddFriendOutcome::Waiting) => (false, Err(waiting())),
            Ok(AddFriendOutcome::Refused(fault)) => (true, Err(fault.into())),
            Err(refused) => (true, Err(refused)),
        };
        (account, is_refused, outcome)
    });
    Ok(Results::of(results))
}

fn waiting() -> TencentError {
    TencentError::Coded(ErrorCode::Waiting, "This account is asked first: the request waits for its answer".to_owned())
}

impl From<FriendAddItem> for FriendToAdd {
    fn from(item: FriendAddItem) -> Self {
        let FriendAddItem { whom, remark, groups, source, wording } = item;
        let groups = groups.map(|groups| groups.0).unwrap_or_default();
        Self { whom, remark, groups, source: Some(source), wording }
    }
}

pub(super) async fn delete(call: CommandCall<'_>, request: FriendDeleteRequest<'_>) -> CommandResult<Results> {
    let both_ways = request.lists == Some(FriendDeleteType::Both);
    let gone = async |whom| call.lists(&request.owner).unfriend(whom, both_ways).await;
    Ok(results(run_for_each(request.accounts.0, gone).await?))
}

pub(super) async fn delete_all(call: CommandCall<'_>, request: FriendDeleteAllRequest) -> CommandResult<NoFields> {
    let (owner, both_ways) = (request.owner, request.lists == Some(FriendDeleteType::Both));
    loop {
        let page = Page::at_offset(0, Page::OFFSET_LIMIT_MAX);
        let friends = call.lists(&owner).friends(page).await?.items;
        if friends.is_empty() {
            return Ok(NoFields {});
        }
        let whom = friends.into_iter().map(|friend| friend.id).collect();
        call.lists(&owner).unfriend(whom, both_ways).await?;
    }
}

pub(super) async fn update(call: CommandCall<'_>, request: FriendUpdateRequest<'_>) -> CommandResult<Results> {
    let changes =
        request.changes.0.into_iter().map(|(account, item)| (account, item.and_then(FriendUpdateItem::change)));
    let changed = async |changes| call.lists(&request.owner).change_friends(changes).await;
    Ok(results(run_for_each(changes.collect(), changed).await?))
}

impl FriendUpdateItem<'_> {
    fn change(self) -> Result<FriendChange, TencentError> {
        let mut change = FriendChange { whom: self.whom, remark: Patch::Keep, groups: None };
        for (tag, value) in self.items.0 {
            tag.put(value, &mut change)?;
        }
        Ok(change)
    }
}

pub(super) async fn check(call: CommandCall<'_>, request: FriendCheckRequest<'_>) -> CommandResult<FriendChecks> {
    let relations = async |ids| known_users(call.lists(&request.owner).friendships(ids).await?);
    let (items, fail_account) = items_of(run_for_each(request.accounts.0, relations).await?, |outcome, relation| {
        let all = [FriendRelation::BothWays, FriendRelation::Mine, FriendRelation::Theirs, FriendRelation::None];
        FriendChecked { outcome, relation: relation_seen(all, relation, request.lists == FriendCheckType::Both) }
    });
    Ok(FriendChecks { items, fail_account })
}

/// How the user stands to each account.
#[derive(Serialize, ToSchema)]
pub(super) struct FriendChecks {
    #[serde(rename = "InfoItem")]
    items: Vec<FriendChecked>,
    /// The accounts that do not exist; absent if all exist.
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    fail_account: Vec<String>,
}

impl ResponseFields for FriendChecks {}

/// How the user stands to one account.
#[derive(Serialize, ToSchema)]
struct FriendChecked {
    #[serde(flatten)]
    outcome: ResultItem,
    #[serde(rename = "Relation")]
    relation: FriendRelation,
}

pub(super) async fn get(call: CommandCall<'_>, request: FriendGetRequest) -> CommandResult<FriendPage> {
    let start = request.start.unwrap_or(0);
    let page = call.lists(&request.owner).friends(Page::at_offset(start, PAGE)).await?;
    let next = start.saturating_add(PAGE);
    let is_complete = u64::from(next) >= page.total;
    let item = |friend: &Friend| ListedFriend {
        account: friend.id.as_str().to_owned(),
        tags: FriendTag::all().filter_map(|tag| tag.item(friend)).collect(),
    };
    Ok(FriendPage {
        user_data_item: page.items.iter().filter(|friend| is_shown(&friend.id)).map(item).collect(),
        standard_sequence: SEQUENCE,
        custom_sequence: SEQUENCE,
        friend_num: page.total,
        complete_flag: u32::from(is_complete),
        next_start_index: if is_complete { 0 } else { next },
    })
}

/// A page of the list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FriendPage {
    user_data_item: Vec<ListedFriend>,
    standard_sequence: u32,
    custom_sequence: u32,
    /// Friends on all pages.
    friend_num: u64,
    /// 1 on the last page.
    #[schema(maximum = 1)]
    complete_flag: u32,
    /// The `StartIndex` of the next page; 0 if there is none.
    next_start_index: u32,
}

impl ResponseFields for FriendPage {
    fn bytes(&self) -> usize {
        FRIEND_BYTES * (1 + self.user_data_item.len())
    }
}

/// Bytes of a friend in a response, roughly.
const FRIEND_BYTES: usize = 256;

/// A friend in the list.
#[derive(Serialize, ToSchema)]
struct ListedFriend {
    #[serde(rename = "To_Account")]
    account: String,
    /// The tags that have a value.
    #[serde(rename = "ValueItem")]
    tags: Vec<FriendItem>,
}

pub(super) enum FriendOrProfileTag {
    Friend(FriendTag),
    Profile(Tag),
}

impl<'a> ListItem<'a> for FriendOrProfileTag {
    fn read_item(at: BodyField<'a>, item: &'a Value) -> Result<Self, TencentError> {
        match item.as_str().is_some_and(|tag| tag.starts_with("Tag_SNS_")) {
            true => FriendTag::parse(item.as_str().unwrap_or_default()).map(Self::Friend),
            false => Tag::read_item(at, item).map(Self::Profile),
        }
    }
}

/// Of friends and of profiles. If the request names none, as that of the Web SDK for a new friend, all are returned.
type RequestedTags = (Vec<FriendTag>, Option<Vec<Tag>>);

fn tags(request: Option<BoundedList<FriendOrProfileTag, TAGS_MAX>>) -> RequestedTags {
    let Some(request) = request else { return (FriendTag::all().collect(), None) };
    let (mut of_friends, mut of_profiles) = (Vec::new(), Vec::new());
    for tag in request.0 {
        match tag {
            FriendOrProfileTag::Friend(tag) => of_friends.push(tag),
            FriendOrProfileTag::Profile(tag) => of_profiles.push(tag),
        }
    }
    (of_friends, Some(of_profiles))
}

pub(super) async fn get_list(call: CommandCall<'_>, request: FriendGetListRequest<'_>) -> CommandResult<FriendsFound> {
    let (owner, context, tags) = (request.owner, call.context, tags(request.tags));
    let friends = async |ids: Vec<UserId>| {
        let users = context.service.portraits(context.tenant, call.caller.viewer(), ids.clone()).await?;
        let friends = call.lists(&owner).friends_among(ids).await?;
        let both = friends.into_iter().zip(users).map(|(friend, user)| match (friend, user) {
            (Some(friend), Some(user)) => Ok((friend, user)),
            (_, None) => Err(FriendFault::NoSuchUser),
            (None, Some(_)) => Err(FriendFault::NotFriends),
        });
        Ok::<_, TencentError>(both.collect())
    };
    let (items, fail_account) = items_of(run_for_each(request.accounts.0, friends).await?, |outcome, found| {
        let tags = found.map(|(friend, user)| shown(call, &tags, &friend, &user));
        FriendFound { outcome, tags: tags.unwrap_or_default() }
    });
    Ok(FriendsFound { items, fail_account })
}

fn shown(call: CommandCall<'_>, tags: &RequestedTags, friend: &Friend, user: &User) -> Vec<FriendOrProfileItem> {
    let of_friends = tags.0.iter().filter_map(|tag| tag.item(friend)).map(FriendOrProfileItem::Friend);
    let of_profiles = portrait::items(call, user, tags.1.as_deref()).into_iter().map(FriendOrProfileItem::Profile);
    of_friends.chain(of_profiles).collect()
}

/// The accounts in the order of the call.
#[derive(Serialize, ToSchema)]
pub(super) struct FriendsFound {
    #[serde(rename = "InfoItem")]
    items: Vec<FriendFound>,
    /// The accounts that are no friends; absent if all are.
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    fail_account: Vec<String>,
}

impl ResponseFields for FriendsFound {
    fn bytes(&self) -> usize {
        FRIEND_BYTES * (1 + self.items.len())
    }
}

/// A friend with its profile, or the reason why there is none.
#[derive(Serialize, ToSchema)]
struct FriendFound {
    #[serde(flatten)]
    outcome: ResultItem,
    /// The tags that have a value.
    #[serde(rename = "SnsProfileItem")]
    tags: Vec<FriendOrProfileItem>,
}

/// A tag of a friend or of a profile.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum FriendOrProfileItem {
    Friend(FriendItem),
    Profile(ProfileItem),
}
