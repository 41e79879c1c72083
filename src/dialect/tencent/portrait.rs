//! Profiles. Sources: the vendor's pages on setting and on pulling profiles; the second form of pulling is its Web SDK's own.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    command::{Answered, Call, Caller, account_of, bad},
    reply::{self, Answer, Code, Family, Refused},
    tags::Tag,
};
use crate::{
    domain::{
        custom::{CustomName, Readers},
        error::{Error, Fault, What},
        id::UserId,
        profile::{ProfileChange, User},
    },
    service::profiles::Author,
};

/// Users that one call asks for. "We recommend pulling at most 100."
const USERS_MAX: usize = 100;

/// Tags that one call sets or asks for: the standard ones, and as many custom ones as an app may declare.
const TAGS_MAX: usize = 32;

/// The vendor counts the states of a profile; its clients send the number back, and one that never rises is right for all of them.
const SEQUENCE: u32 = 1;

/// What a tag and its value take in an answer, about.
const TAG_BYTES: usize = 80;

/// What a whole profile does.
const PORTRAIT_BYTES: usize = 12 * TAG_BYTES;

/// `profile.portrait_set`: what is given replaces what was; all of it or nothing.
pub(super) async fn set(call: Call<'_>) -> Answered {
    let desk = call.desk;
    let id = call.owner()?;
    let known = desk.service.user(desk.tenant, &id)?;
    let change = change(call, &known)?;
    let author = match call.caller {
        Caller::BackEnd => Author::BackEnd,
        Caller::User(_) => Author::Owner,
    };
    desk.service.set_profile(desk.tenant, author, id, change).await.map_err(in_tags)?;
    Ok(Map::new())
}

fn change(call: Call<'_>, known: &User) -> Result<ProfileChange, Refused> {
    let mut change = ProfileChange::default();
    let mut set: Vec<Tag> = Vec::new();
    for item in call.list("ProfileItem", TAGS_MAX)? {
        let named = item.get("Tag").and_then(Value::as_str).ok_or_else(|| bad(&TEXT, "Tag in ProfileItem"))?;
        let tag = Tag::parse(named)?;
        if set.contains(&tag) {
            return Err(Refused::BadParameter(format!("{named} must be given once, not twice")));
        }
        tag.put(item.get("Value").unwrap_or(&Value::Null), call.desk, known, &mut change)?;
        set.push(tag);
    }
    Ok(change)
}

const TEXT: Fault = Fault::Malformed("text, in quotes");

/// What is refused of a custom field, whose name ends what the verb calls it.
fn in_tags(error: Error) -> Refused {
    if let Error::Invalid { field, fault: fault @ (Fault::Undeclared | Fault::NotWritable) } = &error {
        let name = field.rsplit(' ').next().unwrap_or_default();
        return CustomName::parse(name).map_or_else(|_| bad(fault, name), |name| Tag::Custom(name).refused(fault));
    }
    error.into()
}

/// `profile.portrait_get`: the tags that are asked for, or all, of several users. Who does not exist is told one by one.
pub(super) async fn get(call: Call<'_>) -> Result<Answer, Refused> {
    let named = accounts(call.list("To_Account", USERS_MAX)?, "To_Account", Some)?;
    let tags = tags(call)?;
    let users = portraits(call, &named)?;
    if users.iter().all(Option::is_none) {
        return Err(Refused::Said(Code::NoSuchProfile, "None of these accounts exists: import them first".to_owned()));
    }
    let asked = || named.iter().copied().zip(&users);
    let shown = |(account, user): (_, &Option<User>)| Shown::of(call, account, user.as_ref(), tags.as_deref());
    let portraits = Portraits {
        user_profile_item: asked().map(shown).collect(),
        fail_account: asked().filter(|(_, user)| user.is_none()).map(|(account, _)| account).collect(),
    };
    Ok(reply::of_bytes(
        portraits,
        named.len() * tags.as_ref().map_or(PORTRAIT_BYTES, |tags| TAG_BYTES * (1 + tags.len())),
    ))
}

/// `profile.portrait_get_all`: all tags of the first hundred users; who does not exist is left out.
pub(super) async fn get_all(call: Call<'_>) -> Result<Answer, Refused> {
    call.owner()?;
    let items = call.list("UserItem", usize::MAX)?;
    let asked = items.get(..USERS_MAX).unwrap_or(items);
    let named = accounts(asked, "To_Account in UserItem", |item| item.get("To_Account"))?;
    let users = portraits(call, &named)?;
    let known = named.iter().copied().zip(&users).filter(|(_, user)| user.is_some());
    let user_profile_item = known.map(|(account, user)| Shown::of(call, account, user.as_ref(), None)).collect();
    let bytes = named.len() * PORTRAIT_BYTES;
    Ok(reply::of_bytes(Portraits { user_profile_item, fail_account: Vec::new() }, bytes))
}

/// The fields of either answer.
#[derive(Serialize)]
struct Portraits<'a> {
    #[serde(rename = "UserProfileItem")]
    user_profile_item: Vec<Shown<'a>>,
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    fail_account: Vec<&'a str>,
}

/// One account of an answer.
#[derive(Serialize)]
#[serde(untagged)]
enum Shown<'a> {
    Portrait(Portrait<'a>),
    Failed(Value),
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Portrait<'a> {
    #[serde(rename = "To_Account")]
    account: &'a str,
    standard_sequence: u32,
    custom_sequence: u32,
    profile_item: Vec<Item>,
    result_code: u32,
    result_info: &'a str,
}

/// A tag and what stands under it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Item {
    tag: Cow<'static, str>,
    value: Value,
}

impl<'a> Shown<'a> {
    fn of(call: Call<'_>, account: &'a str, user: Option<&User>, tags: Option<&[Tag]>) -> Self {
        let Some(user) = user else {
            let why = Refused::Domain(Error::NotFound(What::User));
            return Self::Failed(reply::outcome("To_Account", account, Family::Profile, Err(why)));
        };
        Self::Portrait(Portrait {
            account,
            standard_sequence: SEQUENCE,
            custom_sequence: SEQUENCE,
            profile_item: items(call, user, tags),
            result_code: 0,
            result_info: "",
        })
    }
}

fn accounts<'a>(
    items: &'a [Value],
    field: &str,
    of: impl Fn(&'a Value) -> Option<&'a Value>,
) -> Result<Vec<&'a str>, Refused> {
    items.iter().map(|item| account_of(of(item).unwrap_or(&Value::Null), field)).collect()
}

/// The tags of `TagList`; none where it is not given.
fn tags(call: Call<'_>) -> Result<Option<Vec<Tag>>, Refused> {
    const FIELD: &str = "TagList";
    let Some(_) = call.field(FIELD) else { return Ok(None) };
    let read = |given: &Value| tag(call, given.as_str().ok_or_else(|| bad(&TEXT, FIELD))?);
    call.list(FIELD, TAGS_MAX)?.iter().map(read).collect::<Result<_, _>>().map(Some)
}

/// A tag that a call asks for.
/// # Errors
/// 40009: there is none of this name. 40007: it is not for the caller.
pub(super) fn tag(call: Call<'_>, given: &str) -> Result<Tag, Refused> {
    let tag = Tag::parse(given)?;
    readable(call, &tag)?;
    Ok(tag)
}

/// Refuses a custom field that is not declared, and one that no user reads. Whose field a user may read is another matter: what it may
/// not is not shown.
fn readable(call: Call<'_>, tag: &Tag) -> Result<(), Refused> {
    let Tag::Custom(name) = tag else { return Ok(()) };
    let field = call.desk.tenant.app.settings.custom_field(name).ok_or_else(|| tag.refused(&Fault::Undeclared))?;
    match (call.caller, field.read) {
        (Caller::User(_), Readers::BackEnd) => {
            Err(Refused::Said(Code::TagNotReadable, format!("{} is shown to the app's back end alone", tag.name())))
        }
        (Caller::BackEnd, _) | (Caller::User(_), Readers::Everyone | Readers::Friends | Readers::Owner) => Ok(()),
    }
}

/// Those who are named, in their order; none for a name that is nobody's.
fn portraits(call: Call<'_>, named: &[&str]) -> Result<Vec<Option<User>>, Refused> {
    let ids: Vec<UserId> = named.iter().filter_map(|account| UserId::parse(account).ok()).collect();
    let mut users = call.desk.service.portraits(call.desk.tenant, call.caller.viewer(), &ids)?.into_iter();
    let user = |account: &&str| UserId::parse(account).ok().and_then(|_| users.next().flatten());
    Ok(named.iter().map(user).collect())
}

/// What stands under these tags, or under all; who sees what is decided before.
pub(super) fn items(call: Call<'_>, user: &User, tags: Option<&[Tag]>) -> Vec<Item> {
    let item = |tag: &Tag| Some(Item { tag: tag.name(), value: tag.value(call.desk, user)? });
    match tags {
        Some(tags) => tags.iter().filter_map(item).collect(),
        None => {
            let custom = user.profile.custom.keys().cloned().map(Tag::Custom);
            Tag::STANDARD.into_iter().chain(custom).filter_map(|tag| item(&tag)).collect()
        }
    }
}
