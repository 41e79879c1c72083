//! Friends: adding, deleting, changing, checking and listing them. Source: the vendor's pages on relationship chains.

use serde::Serialize;
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{OneOfBuilder, RefOr, Schema},
};

use super::{
    body::{Accounts, At, Element, Items, Kind, List, Schemas, Unread, body, list, named},
    call::{Answered, Call},
    friend_tags::{FriendItem, FriendTag},
    portrait,
    relations::{Results, SEQUENCE, each, found, is_shown, known, results, standing},
    reply::{Code, Nothing, Outcome, Refused, Told},
    tags::{Item, Tag, text},
    words::words,
};
use crate::domain::{
    friend::{
        AddSource, AddWording, Befriend, Befriended, Befriending, Friend, FriendChange, FriendFault, FriendGroup,
    },
    id::UserId,
    owner::Owner,
    page::Page,
    profile::{Patch, User},
    text::ContactName,
};

body! {
    /// Who is to be a friend.
    struct Add<'a> as "FriendAdd" {
        owner: Owner = "From_Account",
        /// `Add_Type_Both` if it is not given: each lists the other.
        lists: Option<AddType> = "AddType",
        /// 1: nobody is asked, and who wants no friends is added all the same. Black lists count.
        is_forced: Option<bool> = "ForceAddFlags" eg 0,
        friends: Items<'a, AddItem> = "AddFriendItem",
    }

    /// One who is to be a friend.
    struct AddItem as "AddFriendItem" {
        whom: UserId = "To_Account" eg "user2",
        /// What the friend is called, at most 96 bytes of UTF-8.
        remark: Option<ContactName> = "Remark" eg "Two",
        /// The group the friend goes into, at most 30 bytes of UTF-8.
        groups: Option<GroupNames> = "GroupName",
        /// How the friendship comes about.
        source: AddSource = "AddSource" eg "AddSource_Type_Web",
        /// What is said to who is asked, at most 256 bytes of UTF-8.
        wording: Option<AddWording> = "AddWording" eg "Hello",
    }

    /// Who is a friend already.
    struct Import<'a> as "FriendImport" {
        owner: Owner = "From_Account",
        friends: Items<'a, AddItem> = "AddFriendItem",
    }

    /// What changes of friends.
    struct Update<'a> as "FriendUpdate" {
        owner: Owner = "From_Account",
        changes: Items<'a, UpdateItem<'a>> = "UpdateItem",
    }

    /// What changes of one.
    struct UpdateItem<'a> as "FriendUpdateItem" {
        whom: UserId = "To_Account",
        /// `Tag_SNS_IM_Remark` and `Tag_SNS_IM_Group`; the others stay as they were.
        items: List<(FriendTag, &'a Value), { usize::MAX }> = "SnsItem" eg [{ "Tag": "Tag_SNS_IM_Remark", "Value": "One" }],
    }

    /// Who is no longer a friend.
    struct Delete<'a> as "FriendDelete" {
        owner: Owner = "From_Account",
        /// `Delete_Type_Single` if it is not given: the user stays in the other's list.
        lists: Option<DeleteType> = "DeleteType",
        /// The accounts.
        accounts: Accounts<'a> = "To_Account" eg ["user2"],
    }

    /// Whose list ends.
    struct DeleteAll as "FriendDeleteAll" {
        owner: Owner = "From_Account" eg "user2",
        /// `Delete_Type_Single` if it is not given: the user stays in the others' lists.
        lists: Option<DeleteType> = "DeleteType",
    }

    /// What is wanted of whom.
    struct Check<'a> as "FriendCheck" {
        owner: Owner = "From_Account",
        lists: CheckType = "CheckType",
        /// The accounts.
        accounts: Accounts<'a> = "To_Account" eg ["user1", "user2"],
    }

    /// Which page is wanted.
    struct GetPage as "FriendGet" {
        owner: Owner = "From_Account",
        /// How many stand before the page.
        start: Option<u32> = "StartIndex" eg 0,
        /// Not read: a list is told whole every time.
        _standard: Unread = "StandardSequence",
        _custom: Unread = "CustomSequence",
    }

    /// Which friends are wanted, and what of them.
    struct GetList<'a> as "FriendGetList" {
        owner: Owner = "From_Account",
        /// Tags of friends and of profiles; all if it is not given.
        tags: Option<List<AnyTag, TAGS_MAX>> = "TagList" eg ["Tag_SNS_IM_Remark", "Tag_Profile_IM_Nick"],
        /// The accounts.
        accounts: Accounts<'a> = "To_Account" eg ["user1", "user2"],
    }
}

words! {
    /// Both lists, or the user's own.
    AddType { Both = "Add_Type_Both", Single = "Add_Type_Single", }

    /// The user's own list, or both.
    DeleteType { Single = "Delete_Type_Single", Both = "Delete_Type_Both", }

    /// Both lists, or the user's own.
    #[schema(as = FriendCheckType)]
    CheckType { Both = "CheckResult_Type_Both", Single = "CheckResult_Type_Single", }

    /// Who lists whom as a friend: A is the user.
    Standing {
        BothWays = "CheckResult_Type_BothWay",
        Mine = "CheckResult_Type_AWithB",
        Theirs = "CheckResult_Type_BWithA",
        None = "CheckResult_Type_NoRelation",
    }
}

/// The groups a new friend goes into: one text, or a list, as the page on importing writes it.
pub(super) struct GroupNames(Vec<FriendGroup>);

impl<'a> Kind<'a> for GroupNames {
    fn at(at: At<'a>) -> Result<Option<Self>, Refused> {
        match at.given().is_some_and(Value::is_array) {
            true => Ok(List::<FriendGroup, { usize::MAX }, 0>::at(at)?.map(|groups| Self(groups.0))),
            false => Ok(FriendGroup::at(at)?.map(|group| Self(vec![group]))),
        }
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        let names = OneOfBuilder::new().item(text()).item(list(text(), 0, usize::MAX));
        named("GroupNames", names.description(Some("A group, or several.")).into(), others)
    }
}

/// Friends that one page of a list has.
const PAGE: u32 = 500;

/// Tags that one call asks for or sets: those of friends, the standard ones of profiles, and as many custom ones as an app may declare.
const TAGS_MAX: usize = 37;

/// `sns.friend_add`: each account becomes a friend, or is asked where it wants to be (30539, which is no failure).
pub(super) async fn add(call: Call<'_>, asked: Add<'_>) -> Answered<Results> {
    let both_ways = asked.lists != Some(AddType::Single);
    let how = Befriending { both_ways, is_forced: asked.is_forced == Some(true) };
    if how.is_forced && call.back_end().is_err() {
        return Err(Refused::Rights("ForceAddFlags is for the app's administrator, by the REST API".to_owned()));
    }
    befriend(call, &asked.owner, asked.friends, how).await
}

/// `sns.friend_import`: the back end lists friends of a user, who are not asked. When they were added is the moment of the import.
pub(super) async fn import(call: Call<'_>, asked: Import<'_>) -> Answered<Results> {
    befriend(call, &asked.owner, asked.friends, Befriending { both_ways: false, is_forced: true }).await
}

async fn befriend(call: Call<'_>, owner: &Owner, friends: Items<'_, AddItem>, how: Befriending) -> Answered<Results> {
    let desk = call.desk;
    let befriended = each(friends.0, async |friends: Vec<AddItem>| {
        let friends = friends.into_iter().map(Befriend::from).collect();
        let befriended = desk.service.befriend(desk.tenant, call.key(), owner, friends, how).await?;
        Ok::<_, Refused>(befriended.into_iter().map(Ok::<_, Refused>).collect())
    })
    .await?;
    let told = befriended.into_iter().map(|(account, befriended)| {
        let (is_refused, outcome) = match befriended {
            Ok(Befriended::Added) => (false, Ok(())),
            Ok(Befriended::Waiting) => (false, Err(waiting())),
            Ok(Befriended::Refused(fault)) => (true, Err(fault.into())),
            Err(refused) => (true, Err(refused)),
        };
        (account, is_refused, outcome)
    });
    Ok(Results::of(told))
}

fn waiting() -> Refused {
    Refused::Said(Code::Waiting, "This account is asked first: the request waits for its answer".to_owned())
}

impl From<AddItem> for Befriend {
    fn from(item: AddItem) -> Self {
        let AddItem { whom, remark, groups, source, wording } = item;
        let groups = groups.map(|groups| groups.0).unwrap_or_default();
        Self { whom, remark, groups, source: Some(source), wording }
    }
}

/// `sns.friend_delete`: each account leaves the list, and the user leaves theirs where that is asked.
pub(super) async fn delete(call: Call<'_>, asked: Delete<'_>) -> Answered<Results> {
    let (desk, both_ways) = (call.desk, asked.lists == Some(DeleteType::Both));
    let gone = async |whom| desk.service.unfriend(desk.tenant, call.key(), &asked.owner, whom, both_ways).await;
    Ok(results(each(asked.accounts.0, gone).await?))
}

/// `sns.friend_delete_all`: the whole list goes.
pub(super) async fn delete_all(call: Call<'_>, asked: DeleteAll) -> Answered<Nothing> {
    let (owner, desk, both_ways) = (asked.owner, call.desk, asked.lists == Some(DeleteType::Both));
    loop {
        let page = Page::behind(0, Page::STRETCH_MAX);
        let friends = desk.service.friends(desk.tenant, call.key(), &owner, page).await?.items;
        if friends.is_empty() {
            return Ok(Nothing {});
        }
        let whom = friends.into_iter().map(|friend| friend.id).collect();
        desk.service.unfriend(desk.tenant, call.key(), &owner, whom, both_ways).await?;
    }
}

/// `sns.friend_update`: what the user calls friends, and the groups they are in.
pub(super) async fn update(call: Call<'_>, asked: Update<'_>) -> Answered<Results> {
    let changes = asked.changes.0.into_iter().map(|(account, item)| (account, item.and_then(UpdateItem::change)));
    let desk = call.desk;
    let changed = async |changes| desk.service.change_friends(desk.tenant, call.key(), &asked.owner, changes).await;
    Ok(results(each(changes.collect(), changed).await?))
}

impl UpdateItem<'_> {
    fn change(self) -> Result<FriendChange, Refused> {
        let mut change = FriendChange { whom: self.whom, remark: Patch::Keep, groups: None };
        for (tag, value) in self.items.0 {
            tag.put(value, &mut change)?;
        }
        Ok(change)
    }
}

/// `sns.friend_check`: who of the user and each account lists the other; the user's own list alone where that is asked.
pub(super) async fn check(call: Call<'_>, asked: Check<'_>) -> Answered<Checks> {
    let desk = call.desk;
    let relations = async |ids| known(desk.service.friendships(desk.tenant, call.key(), &asked.owner, ids).await?);
    let (items, fail_account) = found(each(asked.accounts.0, relations).await?, |outcome, relation| {
        let all = [Standing::BothWays, Standing::Mine, Standing::Theirs, Standing::None];
        Checked { outcome, relation: standing(all, relation, asked.lists == CheckType::Both) }
    });
    Ok(Checks { items, fail_account })
}

/// How the user stands to each account.
#[derive(Serialize, ToSchema)]
#[schema(as = FriendChecks)]
pub(super) struct Checks {
    #[serde(rename = "InfoItem")]
    items: Vec<Checked>,
    /// Who does not exist; not there if all do.
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    fail_account: Vec<String>,
}

impl Told for Checks {}

/// How the user stands to one account.
#[derive(Serialize, ToSchema)]
#[schema(as = FriendChecked)]
struct Checked {
    #[serde(flatten)]
    outcome: Outcome,
    #[serde(rename = "Relation")]
    relation: Standing,
}

/// `sns.friend_get`: the list, page by page, without profiles.
pub(super) async fn get(call: Call<'_>, asked: GetPage) -> Answered<FriendPage> {
    let start = asked.start.unwrap_or(0);
    let page = call.desk.service.friends(call.desk.tenant, call.key(), &asked.owner, Page::behind(start, PAGE)).await?;
    let next = start.saturating_add(PAGE);
    let is_complete = u64::from(next) >= page.total;
    let item = |friend: &Friend| Listed {
        account: friend.id.as_str().to_owned(),
        tags: FriendTag::ALL.iter().filter_map(|tag| tag.item(friend)).collect(),
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
    user_data_item: Vec<Listed>,
    standard_sequence: u32,
    custom_sequence: u32,
    /// Friends on all pages.
    friend_num: u64,
    /// 1 on the last page.
    #[schema(maximum = 1)]
    complete_flag: u32,
    /// Where the next page begins; 0 if there is none.
    next_start_index: u32,
}

impl Told for FriendPage {
    fn bytes(&self) -> usize {
        FRIEND_BYTES * (1 + self.user_data_item.len())
    }
}

/// What a friend takes in an answer, about.
const FRIEND_BYTES: usize = 256;

/// A friend in the list.
#[derive(Serialize, ToSchema)]
#[schema(as = ListedFriend)]
struct Listed {
    #[serde(rename = "To_Account")]
    account: String,
    /// The tags that have a value.
    #[serde(rename = "ValueItem")]
    tags: Vec<FriendItem>,
}

/// A tag that a call asks for.
pub(super) enum AnyTag {
    Friend(FriendTag),
    Profile(Tag),
}

impl<'a> Element<'a> for AnyTag {
    fn one(at: At<'a>, item: &'a Value) -> Result<Self, Refused> {
        match item.as_str().is_some_and(|tag| tag.starts_with("Tag_SNS_")) {
            true => FriendTag::parse(item.as_str().unwrap_or_default()).map(Self::Friend),
            false => Tag::one(at, item).map(Self::Profile),
        }
    }
}

/// The tags that a call asks for, of friends and of profiles; all where it does not say which, as the Web SDK asks for a friend it has
/// just heard of.
type Tags = (Vec<FriendTag>, Option<Vec<Tag>>);

fn tags(asked: Option<List<AnyTag, TAGS_MAX>>) -> Tags {
    let Some(asked) = asked else { return (FriendTag::ALL.to_vec(), None) };
    let (mut of_friends, mut of_profiles) = (Vec::new(), Vec::new());
    for tag in asked.0 {
        match tag {
            AnyTag::Friend(tag) => of_friends.push(tag),
            AnyTag::Profile(tag) => of_profiles.push(tag),
        }
    }
    (of_friends, Some(of_profiles))
}

/// `sns.friend_get_list`, and `sns.friend_get_specified` of the Web SDK: these friends, with their profiles.
pub(super) async fn get_list(call: Call<'_>, asked: GetList<'_>) -> Answered<FriendsFound> {
    let (owner, desk, tags) = (asked.owner, call.desk, tags(asked.tags));
    let friends = async |ids: Vec<UserId>| {
        let users = desk.service.portraits(desk.tenant, call.caller.viewer(), ids.clone()).await?;
        let friends = desk.service.friends_among(desk.tenant, call.key(), &owner, ids).await?;
        let both = friends.into_iter().zip(users).map(|(friend, user)| match (friend, user) {
            (Some(friend), Some(user)) => Ok((friend, user)),
            (_, None) => Err(FriendFault::NoSuchUser),
            (None, Some(_)) => Err(FriendFault::NotFriends),
        });
        Ok::<_, Refused>(both.collect())
    };
    let (items, fail_account) = found(each(asked.accounts.0, friends).await?, |outcome, found| {
        let tags = found.map(|(friend, user)| shown(call, &tags, &friend, &user));
        Found { outcome, tags: tags.unwrap_or_default() }
    });
    Ok(FriendsFound { items, fail_account })
}

fn shown(call: Call<'_>, tags: &Tags, friend: &Friend, user: &User) -> Vec<AnyItem> {
    let of_friends = tags.0.iter().filter_map(|tag| tag.item(friend)).map(AnyItem::Friend);
    let of_profiles = portrait::items(call, user, tags.1.as_deref()).into_iter().map(AnyItem::Profile);
    of_friends.chain(of_profiles).collect()
}

/// Each account in the call's order.
#[derive(Serialize, ToSchema)]
pub(super) struct FriendsFound {
    #[serde(rename = "InfoItem")]
    items: Vec<Found>,
    /// Who is no friend; not there if all are.
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    fail_account: Vec<String>,
}

impl Told for FriendsFound {
    fn bytes(&self) -> usize {
        FRIEND_BYTES * (1 + self.items.len())
    }
}

/// A friend with its profile, or why there is none.
#[derive(Serialize, ToSchema)]
#[schema(as = FriendFound)]
struct Found {
    #[serde(flatten)]
    outcome: Outcome,
    /// The tags that have a value.
    #[serde(rename = "SnsProfileItem")]
    tags: Vec<AnyItem>,
}

/// A tag of a friend or of a profile.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = FriendOrProfileItem)]
enum AnyItem {
    Friend(FriendItem),
    Profile(Item),
}
