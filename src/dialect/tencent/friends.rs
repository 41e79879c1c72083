//! Friends: adding, deleting, changing, checking and listing them. Source: the vendor's pages on relationship chains.

use serde_json::{Map, Value, json};

use super::{
    command::{Answered, Call, bad},
    friend_tags::FriendTag,
    portrait,
    relations::{
        self, Outcomes, SEQUENCE, TEXT, accounts, each, is_shown, items, number, parsed, remark, results, word,
    },
    reply::{self, Code, Family, Refused},
    tags::Tag,
};
use crate::domain::{
    error::Fault,
    friend::{
        AddSource, AddWording, Befriend, Befriended, Befriending, Friend, FriendChange, FriendFault, FriendGroup,
        Relation,
    },
    id::UserId,
    page::Page,
    profile::{Patch, User},
};

/// Friends that one page of a list has.
const PAGE: u32 = 500;

/// Tags that one call asks for or sets: those of friends, the standard ones of profiles, and as many custom ones as an app may declare.
const TAGS_MAX: usize = 37;

/// `sns.friend_add`: each account becomes a friend, or is asked where it wants to be (30539, which is no failure).
pub(super) async fn add(call: Call<'_>) -> Answered {
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
pub(super) async fn import(call: Call<'_>) -> Answered {
    call.back_end()?;
    let owner = call.owner()?;
    befriend(call, &owner, Befriending { both_ways: false, is_forced: true }).await
}

async fn befriend(call: Call<'_>, owner: &UserId, how: Befriending) -> Answered {
    let asked = items(call, "AddFriendItem", wish)?;
    let desk = call.desk;
    let befriended = each(asked, async |asked| {
        let befriended = desk.service.befriend(desk.tenant, owner, asked, how).await?;
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
        (reply::outcome("To_Account", account, Family::Relations, outcome), is_refused)
    });
    Ok(relations::listed("ResultItem", told))
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
pub(super) async fn delete(call: Call<'_>) -> Answered {
    let owner = call.owner()?;
    let both_ways = word(call.body, "DeleteType", &DELETE_TYPES)?.unwrap_or(false);
    let desk = call.desk;
    let gone = async |whom| desk.service.unfriend(desk.tenant, &owner, whom, both_ways).await;
    results(each(accounts(call)?, gone).await?)
}

/// Whether both lists are meant.
const DELETE_TYPES: [(&str, bool); 2] = [("Delete_Type_Single", false), ("Delete_Type_Both", true)];

/// `sns.friend_delete_all`: the whole list goes.
pub(super) async fn delete_all(call: Call<'_>) -> Answered {
    let owner = call.owner()?;
    let both_ways = word(call.body, "DeleteType", &DELETE_TYPES)?.unwrap_or(false);
    let desk = call.desk;
    loop {
        let page = Page::behind(0, Page::STRETCH_MAX);
        let friends = desk.service.friends(desk.tenant, &owner, page).await?.items;
        if friends.is_empty() {
            return Ok(Map::new());
        }
        let whom = friends.into_iter().map(|friend| friend.id).collect();
        desk.service.unfriend(desk.tenant, &owner, whom, both_ways).await?;
    }
}

/// `sns.friend_update`: what the user calls friends, and the groups they are in.
pub(super) async fn update(call: Call<'_>) -> Answered {
    let owner = call.owner()?;
    let changes = items(call, "UpdateItem", change)?;
    let desk = call.desk;
    let changed = async |changes| desk.service.change_friends(desk.tenant, &owner, changes).await;
    results(each(changes, changed).await?)
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
pub(super) async fn check(call: Call<'_>) -> Answered {
    let owner = call.owner()?;
    let kinds = [("CheckResult_Type_Both", true), ("CheckResult_Type_Single", false)];
    let both = word(call.body, "CheckType", &kinds)?.ok_or_else(|| bad(&Fault::Missing, "CheckType"))?;
    let desk = call.desk;
    let relations = async |ids| {
        let relations = desk.service.friendships(desk.tenant, &owner, ids).await?;
        Ok::<_, Refused>(relations.into_iter().map(|relation| relation.ok_or(FriendFault::NoSuchUser)).collect())
    };
    Ok(checked("InfoItem", each(accounts(call)?, relations).await?, |relation| match (relation, both) {
        (Relation::BothWays, true) => "CheckResult_Type_BothWay",
        (Relation::BothWays, false) | (Relation::Mine, _) => "CheckResult_Type_AWithB",
        (Relation::Theirs, true) => "CheckResult_Type_BWithA",
        (Relation::Theirs, false) | (Relation::None, _) => "CheckResult_Type_NoRelation",
    }))
}

/// How the user stands to each account, in a vendor's words; who does not exist stands in no relation.
pub(super) fn checked(
    field: &str,
    relations: Outcomes<'_, Relation>,
    in_words: impl Fn(Relation) -> &'static str,
) -> Map<String, Value> {
    let told = relations.into_iter().map(|(account, relation)| {
        let (word, outcome) = match relation {
            Ok(relation) => (in_words(relation), Ok(())),
            Err(refused) => (in_words(Relation::None), Err(refused)),
        };
        let is_refused = outcome.is_err();
        let mut item = reply::outcome("To_Account", account, Family::Relations, outcome);
        if let Some(item) = item.as_object_mut() {
            item.insert("Relation".to_owned(), word.into());
        }
        (item, is_refused)
    });
    relations::listed(field, told)
}

/// `sns.friend_get`: the list, page by page, without profiles.
pub(super) async fn get(call: Call<'_>) -> Answered {
    let owner = call.owner()?;
    let start = number(call, "StartIndex")?.unwrap_or(0);
    let page = call.desk.service.friends(call.desk.tenant, &owner, Page::behind(start, PAGE)).await?;
    let next = start.saturating_add(PAGE);
    let is_complete = u64::from(next) >= page.total;
    let item = |friend: &Friend| {
        let tags: Vec<Value> = FriendTag::ALL.iter().filter_map(|tag| tag.item(friend)).collect();
        json!({ "To_Account": friend.id.as_str(), "ValueItem": tags })
    };
    let items: Value = page.items.iter().filter(|friend| is_shown(&friend.id)).map(item).collect();
    Ok(Map::from_iter([
        ("UserDataItem".to_owned(), items),
        ("StandardSequence".to_owned(), SEQUENCE.into()),
        ("CustomSequence".to_owned(), SEQUENCE.into()),
        ("FriendNum".to_owned(), page.total.into()),
        ("CompleteFlag".to_owned(), u32::from(is_complete).into()),
        ("NextStartIndex".to_owned(), if is_complete { 0 } else { next }.into()),
    ]))
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
pub(super) async fn get_list(call: Call<'_>) -> Answered {
    let owner = call.owner()?;
    let tags = tags(call)?;
    let desk = call.desk;
    let friends = async |ids: Vec<UserId>| {
        let users = desk.service.portraits(desk.tenant, call.caller.viewer(), &ids)?;
        let friends = desk.service.friends_among(desk.tenant, &owner, ids).await?;
        let both = friends.into_iter().zip(users).map(|(friend, user)| match (friend, user) {
            (Some(friend), Some(user)) => Ok((friend, user)),
            (_, None) => Err(FriendFault::NoSuchUser),
            (None, Some(_)) => Err(FriendFault::NotFriends),
        });
        Ok::<_, Refused>(both.collect())
    };
    let found = each(accounts(call)?, friends).await?;
    let told = found.into_iter().map(|(account, found)| {
        let (tags, outcome) = match found {
            Ok((friend, user)) => (shown(call, &tags, &friend, &user), Ok(())),
            Err(refused) => (Vec::new(), Err(refused)),
        };
        let is_refused = outcome.is_err();
        let mut item = reply::outcome("To_Account", account, Family::Relations, outcome);
        if let Some(item) = item.as_object_mut() {
            item.insert("SnsProfileItem".to_owned(), tags.into());
        }
        (item, is_refused)
    });
    Ok(relations::listed("InfoItem", told))
}

fn shown(call: Call<'_>, tags: &Tags, friend: &Friend, user: &User) -> Vec<Value> {
    let mut items: Vec<Value> = tags.of_friends.iter().filter_map(|tag| tag.item(friend)).collect();
    items.extend(portrait::items(call, user, tags.of_profiles.as_deref()).iter().map(|item| json!(item)));
    items
}
