//! Friends: adding, deleting, changing, checking and listing them. Source: the vendor's pages on relationship chains.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    call::{Answered, Call, bad},
    friend_tags::{FriendItem, FriendTag},
    portrait,
    relations::{
        Results, SEQUENCE, TEXT, accounts, each, found, is_shown, items, number, parsed, remark, results, word,
    },
    reply::{Code, Nothing, Outcome, Refused, Told},
    tags::{Item, Tag},
};
use crate::domain::{
    error::Fault,
    friend::{
        AddSource, AddWording, Befriend, Befriended, Befriending, Friend, FriendChange, FriendFault, FriendGroup,
        Relation,
    },
    id::UserId,
    owner::Owner,
    page::Page,
    profile::{Patch, User},
};

pub(super) use self::asked::{Add, Check, Delete, DeleteAll, GetList, GetPage, Import, Update};

/// Friends that one page of a list has.
const PAGE: u32 = 500;

/// Tags that one call asks for or sets: those of friends, the standard ones of profiles, and as many custom ones as an app may declare.
const TAGS_MAX: usize = 37;

/// `sns.friend_add`: each account becomes a friend, or is asked where it wants to be (30539, which is no failure).
pub(super) async fn add(call: Call<'_>) -> Answered<Results> {
    let owner = call.owner()?;
    let both_ways = word(call.body, "AddType", &[("Add_Type_Both", true), ("Add_Type_Single", false)])?;
    let is_forced = match number(call, "ForceAddFlags")? {
        None | Some(0) => false,
        Some(1) => true,
        Some(_) => return Err(bad(&Fault::NotOneOf("0, 1"), "ForceAddFlags")),
    };
    if is_forced && call.back_end().is_err() {
        return Err(Refused::Rights("ForceAddFlags is for the app's administrator, by the REST API".to_owned()));
    }
    befriend(call, &owner, Befriending { both_ways: both_ways.unwrap_or(true), is_forced }).await
}

/// `sns.friend_import`: the back end lists friends of a user, who are not asked. When they were added is the moment of the import.
pub(super) async fn import(call: Call<'_>) -> Answered<Results> {
    call.back_end()?;
    let owner = call.owner()?;
    befriend(call, &owner, Befriending { both_ways: false, is_forced: true }).await
}

async fn befriend(call: Call<'_>, owner: &Owner, how: Befriending) -> Answered<Results> {
    let asked = items(call, "AddFriendItem", wish)?;
    let desk = call.desk;
    let befriended = each(asked, async |asked| {
        let befriended = desk.service.befriend(desk.tenant, call.key(), owner, asked, how).await?;
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

fn wish(whom: UserId, item: &Value) -> Result<Befriend, Refused> {
    Ok(Befriend {
        whom,
        remark: parsed(item, "Remark", remark)?,
        groups: groups(item)?,
        source: Some(parsed(item, "AddSource", AddSource::parse)?.ok_or_else(|| bad(&Fault::Missing, "AddSource"))?),
        wording: parsed(item, "AddWording", AddWording::parse)?,
    })
}

/// The groups a new friend goes into: one text, or a list, as the page on importing writes it.
fn groups(item: &Value) -> Result<Vec<FriendGroup>, Refused> {
    const FIELD: &str = "GroupName";
    let Some(given) = item.get(FIELD).and_then(Value::as_array) else {
        return Ok(parsed(item, FIELD, FriendGroup::parse)?.into_iter().collect());
    };
    let group = |group: &Value| {
        FriendGroup::parse(group.as_str().ok_or_else(|| bad(&TEXT, FIELD))?).map_err(|fault| bad(&fault, FIELD))
    };
    given.iter().map(group).collect()
}

/// `sns.friend_delete`: each account leaves the list, and the user leaves theirs where that is asked.
pub(super) async fn delete(call: Call<'_>) -> Answered<Results> {
    let owner = call.owner()?;
    let both_ways = word(call.body, "DeleteType", &DELETE_TYPES)?.unwrap_or(false);
    let desk = call.desk;
    let gone = async |whom| desk.service.unfriend(desk.tenant, call.key(), &owner, whom, both_ways).await;
    Ok(results(each(accounts(call)?, gone).await?))
}

/// Whether both lists are meant.
const DELETE_TYPES: [(&str, bool); 2] = [("Delete_Type_Single", false), ("Delete_Type_Both", true)];

/// `sns.friend_delete_all`: the whole list goes.
pub(super) async fn delete_all(call: Call<'_>) -> Answered<Nothing> {
    let owner = call.owner()?;
    let both_ways = word(call.body, "DeleteType", &DELETE_TYPES)?.unwrap_or(false);
    let desk = call.desk;
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
pub(super) async fn update(call: Call<'_>) -> Answered<Results> {
    let owner = call.owner()?;
    let changes = items(call, "UpdateItem", change)?;
    let desk = call.desk;
    let changed = async |changes| desk.service.change_friends(desk.tenant, call.key(), &owner, changes).await;
    Ok(results(each(changes, changed).await?))
}

fn change(whom: UserId, item: &Value) -> Result<FriendChange, Refused> {
    const FIELD: &str = "SnsItem";
    let mut change = FriendChange { whom, remark: Patch::Keep, groups: None };
    let given = item.get(FIELD).ok_or_else(|| bad(&Fault::Missing, FIELD))?;
    let given = given.as_array().ok_or_else(|| bad(&Fault::Malformed("a list"), FIELD))?;
    if given.is_empty() {
        return Err(bad(&Fault::Missing, FIELD));
    }
    for item in given {
        let tag = item.get("Tag").and_then(Value::as_str).ok_or_else(|| bad(&TEXT, "Tag in SnsItem"))?;
        FriendTag::parse(tag)?.put(item.get("Value").unwrap_or(&Value::Null), &mut change)?;
    }
    Ok(change)
}

/// `sns.friend_check`: who of the user and each account lists the other; the user's own list alone where that is asked.
pub(super) async fn check(call: Call<'_>) -> Answered<Checks> {
    let owner = call.owner()?;
    let kinds = [("CheckResult_Type_Both", true), ("CheckResult_Type_Single", false)];
    let both = word(call.body, "CheckType", &kinds)?.ok_or_else(|| bad(&Fault::Missing, "CheckType"))?;
    let desk = call.desk;
    let relations = async |ids| {
        let relations = desk.service.friendships(desk.tenant, call.key(), &owner, ids).await?;
        Ok::<_, Refused>(relations.into_iter().map(|relation| relation.ok_or(FriendFault::NoSuchUser)).collect())
    };
    let (items, fail_account) = found(each(accounts(call)?, relations).await?, |outcome, relation| {
        // Who does not exist stands in no relation.
        Checked { outcome, relation: Standing::of(relation.unwrap_or(Relation::None), both) }
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

/// Who lists whom as a friend: A is the user.
#[derive(Serialize, ToSchema)]
enum Standing {
    #[serde(rename = "CheckResult_Type_BothWay")]
    BothWays,
    #[serde(rename = "CheckResult_Type_AWithB")]
    Mine,
    #[serde(rename = "CheckResult_Type_BWithA")]
    Theirs,
    #[serde(rename = "CheckResult_Type_NoRelation")]
    None,
}

impl Standing {
    /// Of both lists, or of the user's own.
    fn of(relation: Relation, both: bool) -> Self {
        match (relation, both) {
            (Relation::BothWays, true) => Self::BothWays,
            (Relation::BothWays, false) | (Relation::Mine, _) => Self::Mine,
            (Relation::Theirs, true) => Self::Theirs,
            (Relation::Theirs, false) | (Relation::None, _) => Self::None,
        }
    }
}

/// `sns.friend_get`: the list, page by page, without profiles.
pub(super) async fn get(call: Call<'_>) -> Answered<FriendPage> {
    let owner = call.owner()?;
    let start = number(call, "StartIndex")?.unwrap_or(0);
    let page = call.desk.service.friends(call.desk.tenant, call.key(), &owner, Page::behind(start, PAGE)).await?;
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

/// Which tags a call asks for.
struct Tags {
    of_friends: Vec<FriendTag>,
    of_profiles: Option<Vec<Tag>>,
}

/// The tags of `TagList`; all where it is not given, as the Web SDK asks for a friend it has just heard of.
fn tags(call: Call<'_>) -> Result<Tags, Refused> {
    const FIELD: &str = "TagList";
    let Some(_) = call.field(FIELD) else {
        return Ok(Tags { of_friends: FriendTag::ALL.to_vec(), of_profiles: None });
    };
    let (mut of_friends, mut of_profiles) = (Vec::new(), Vec::new());
    for tag in call.list(FIELD, TAGS_MAX)? {
        let tag = tag.as_str().ok_or_else(|| bad(&TEXT, FIELD))?;
        match tag.starts_with("Tag_SNS_") {
            true => of_friends.push(FriendTag::parse(tag)?),
            false => of_profiles.push(portrait::tag(call, tag)?),
        }
    }
    Ok(Tags { of_friends, of_profiles: Some(of_profiles) })
}

/// `sns.friend_get_list`, and `sns.friend_get_specified` of the Web SDK: these friends, with their profiles.
pub(super) async fn get_list(call: Call<'_>) -> Answered<FriendsFound> {
    let owner = call.owner()?;
    let tags = tags(call)?;
    let desk = call.desk;
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
    let (items, fail_account) = found(each(accounts(call)?, friends).await?, |outcome, found| {
        let tags = found.map(|(friend, user)| shown(call, &tags, &friend, &user));
        Found { outcome, tags: tags.unwrap_or_default() }
    });
    Ok(FriendsFound { items, fail_account })
}

fn shown(call: Call<'_>, tags: &Tags, friend: &Friend, user: &User) -> Vec<AnyItem> {
    let of_friends = tags.of_friends.iter().filter_map(|tag| tag.item(friend)).map(AnyItem::Friend);
    let of_profiles = portrait::items(call, user, tags.of_profiles.as_deref()).into_iter().map(AnyItem::Profile);
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

/// What the calls above read, field by field.
mod asked {
    #![expect(
        dead_code,
        reason = "the document's: a body is read field by field, so that each fault has its own words"
    )]

    use utoipa::ToSchema;

    use super::FriendItem;

    /// Who is to be a friend.
    #[derive(ToSchema)]
    #[schema(as = FriendAdd, rename_all = "PascalCase")]
    pub(in super::super) struct Add {
        /// Whose data it is.
        #[schema(rename = "From_Account", example = "guest@qiscus.com")]
        owner: String,
        #[schema(min_items = 1, max_items = 1000)]
        add_friend_item: Vec<AddFriendItem>,
        /// `Add_Type_Both` if it is not given: each lists the other.
        add_type: Option<AddType>,
        /// 1: nobody is asked, and who wants no friends is added all the same. Black lists count.
        #[schema(maximum = 1, example = 0)]
        force_add_flags: Option<u32>,
    }

    /// Both lists, or the user's own.
    #[derive(ToSchema)]
    pub(in super::super) enum AddType {
        #[schema(rename = "Add_Type_Both")]
        Both,
        #[schema(rename = "Add_Type_Single")]
        Single,
    }

    /// One who is to be a friend.
    #[derive(ToSchema)]
    #[schema(rename_all = "PascalCase")]
    pub(in super::super) struct AddFriendItem {
        #[schema(rename = "To_Account", example = "user2")]
        account: String,
        /// How the friendship comes about.
        #[schema(pattern = "^AddSource_Type_[A-Za-z0-9]{1,8}$", example = "AddSource_Type_Web")]
        add_source: String,
        /// What the friend is called, at most 96 bytes of UTF-8.
        #[schema(max_length = 96, example = "Two")]
        remark: Option<String>,
        /// The group the friend goes into, at most 30 bytes of UTF-8.
        group_name: Option<GroupName>,
        /// What is said to who is asked, at most 256 bytes of UTF-8.
        #[schema(max_length = 256, example = "Hello")]
        add_wording: Option<String>,
    }

    /// A group, or several.
    #[derive(ToSchema)]
    #[serde(untagged)]
    #[schema(as = GroupNames)]
    pub(in super::super) enum GroupName {
        One(String),
        Several(Vec<String>),
    }

    /// Who is a friend already.
    #[derive(ToSchema)]
    #[schema(as = FriendImport, rename_all = "PascalCase")]
    pub(in super::super) struct Import {
        /// Whose data it is.
        #[schema(rename = "From_Account", example = "guest@qiscus.com")]
        owner: String,
        #[schema(min_items = 1, max_items = 1000)]
        add_friend_item: Vec<AddFriendItem>,
    }

    /// What changes of friends.
    #[derive(ToSchema)]
    #[schema(as = FriendUpdate, rename_all = "PascalCase")]
    pub(in super::super) struct Update {
        /// Whose data it is.
        #[schema(rename = "From_Account", example = "guest@qiscus.com")]
        owner: String,
        #[schema(min_items = 1, max_items = 1000)]
        update_item: Vec<UpdateItem>,
    }

    /// What changes of one.
    #[derive(ToSchema)]
    #[schema(as = FriendUpdateItem, rename_all = "PascalCase")]
    pub(in super::super) struct UpdateItem {
        #[schema(rename = "To_Account", example = "user1")]
        account: String,
        /// `Tag_SNS_IM_Remark` and `Tag_SNS_IM_Group`; the others stay as they were.
        #[schema(min_items = 1, example = json!([{ "Tag": "Tag_SNS_IM_Remark", "Value": "One" }]))]
        sns_item: Vec<FriendItem>,
    }

    /// Who is no longer a friend.
    #[derive(ToSchema)]
    #[schema(as = FriendDelete, rename_all = "PascalCase")]
    pub(in super::super) struct Delete {
        /// Whose data it is.
        #[schema(rename = "From_Account", example = "guest@qiscus.com")]
        owner: String,
        /// The accounts.
        #[schema(rename = "To_Account", min_items = 1, max_items = 1000, example = json!(["user2"]))]
        accounts: Vec<String>,
        /// `Delete_Type_Single` if it is not given: the user stays in the other's list.
        delete_type: Option<DeleteType>,
    }

    /// Whose list ends.
    #[derive(ToSchema)]
    #[schema(as = FriendDeleteAll, rename_all = "PascalCase")]
    pub(in super::super) struct DeleteAll {
        /// Whose data it is.
        #[schema(rename = "From_Account", example = "user2")]
        owner: String,
        /// `Delete_Type_Single` if it is not given: the user stays in the others' lists.
        delete_type: Option<DeleteType>,
    }

    /// The user's own list, or both.
    #[derive(ToSchema)]
    pub(in super::super) enum DeleteType {
        #[schema(rename = "Delete_Type_Single")]
        Single,
        #[schema(rename = "Delete_Type_Both")]
        Both,
    }

    /// What is wanted of whom.
    #[derive(ToSchema)]
    #[schema(as = FriendCheck, rename_all = "PascalCase")]
    pub(in super::super) struct Check {
        /// Whose data it is.
        #[schema(rename = "From_Account", example = "guest@qiscus.com")]
        owner: String,
        /// The accounts.
        #[schema(rename = "To_Account", min_items = 1, max_items = 1000, example = json!(["user1", "user2"]))]
        accounts: Vec<String>,
        check_type: CheckType,
    }

    /// Both lists, or the user's own.
    #[derive(ToSchema)]
    #[schema(as = FriendCheckType)]
    pub(in super::super) enum CheckType {
        #[schema(rename = "CheckResult_Type_Both")]
        Both,
        #[schema(rename = "CheckResult_Type_Single")]
        Single,
    }

    /// Which page is wanted.
    #[derive(ToSchema)]
    #[schema(as = FriendGet, rename_all = "PascalCase")]
    pub(in super::super) struct GetPage {
        /// Whose data it is.
        #[schema(rename = "From_Account", example = "guest@qiscus.com")]
        owner: String,
        /// How many stand before the page.
        #[schema(example = 0)]
        start_index: Option<u32>,
        /// Not read: a list is told whole every time.
        #[schema(example = 0)]
        standard_sequence: Option<u32>,
        /// Not read.
        #[schema(example = 0)]
        custom_sequence: Option<u32>,
    }

    /// Which friends are wanted, and what of them.
    #[derive(ToSchema)]
    #[schema(as = FriendGetList, rename_all = "PascalCase")]
    pub(in super::super) struct GetList {
        /// Whose data it is.
        #[schema(rename = "From_Account", example = "guest@qiscus.com")]
        owner: String,
        /// The accounts.
        #[schema(rename = "To_Account", min_items = 1, max_items = 1000, example = json!(["user1", "user2"]))]
        accounts: Vec<String>,
        /// Tags of friends and of profiles; all if it is not given.
        #[schema(min_items = 1, max_items = 37, example = json!(["Tag_SNS_IM_Remark", "Tag_Profile_IM_Nick"]))]
        tag_list: Option<Vec<String>>,
    }
}
