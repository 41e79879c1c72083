//! Profiles. Sources: the vendor's pages on setting and on pulling profiles; the second form of pulling is its Web SDK's own.

use serde::Serialize;
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use super::{
    body::{Accounts, At, Element, Kind, List, Schemas, TEXT, body, list, named, object, property, taken},
    call::{Answered, Call, Caller, account_of, bad},
    reply::{self, Code, Family, Nothing, Refused, Told},
    tags::{Item, Tag},
};
use crate::domain::{
    custom::{CustomName, Readers},
    error::{Error, Fault, What},
    id::UserId,
    owner::Owner,
    profile::{ProfileChange, User},
};

body! {
    /// Fields of a profile, and what shall stand in them.
    struct Set<'a> as "PortraitSet" {
        owner: Owner = "From_Account",
        /// Each tag once.
        items: List<(&'a str, &'a Value), TAGS_MAX> = "ProfileItem" eg [{ "Tag": "Tag_Profile_IM_Nick", "Value": "Guest" }],
    }

    /// Users, and what is wanted of their profiles.
    struct Get<'a> as "PortraitGet" {
        /// The accounts.
        accounts: Accounts<'a, USERS_MAX> = "To_Account" eg ["guest@qiscus.com", "user1"],
        /// The tags; all if it is not given.
        tags: Option<List<Tag, TAGS_MAX>> = "TagList" eg ["Tag_Profile_IM_Nick", "Tag_Profile_IM_Image"],
    }

    /// Users whose whole profiles are wanted.
    struct GetAll<'a> as "PortraitGetAll" {
        /// Who asks.
        _owner: Owner = "From_Account",
        /// The users; those behind the first 100 are not answered.
        users: FirstUsers<'a> = "UserItem",
    }
}

/// Users that are named in objects: the first hundred of them.
pub(super) struct FirstUsers<'a>(Vec<&'a str>);

impl<'a> Kind<'a> for FirstUsers<'a> {
    fn at(at: At<'a>) -> Result<Option<Self>, Refused> {
        let Some(items) = at.list(1, usize::MAX, Ok)? else { return Ok(None) };
        let account =
            |item: &'a Value| account_of(item.get("To_Account").unwrap_or(&Value::Null), "To_Account in UserItem");
        items.into_iter().take(USERS_MAX).map(account).collect::<Result<_, _>>().map(|users| Some(Self(users)))
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        let item = object(&["One of them."], [property::<UserId>("To_Account", &[], None)], None);
        list(named("PortraitGetAllItem", item, others), 1, usize::MAX).into()
    }
}

/// The tag of an item and its value. lite-chat, a later SDK of the vendor's, writes both names in lower case.
impl<'a> Element<'a> for (&'a str, &'a Value) {
    fn one(_: At<'a>, item: &'a Value) -> Result<Self, Refused> {
        let one = |name: &'static str, lower: &'static str| match (item.get(name), item.get(lower)) {
            (Some(given), Some(other)) if given != other => Err(Refused::BadParameter(format!(
                "{name} and {lower} in ProfileItem say different things: give one of them"
            ))),
            (given, other) => Ok(given.or(other).unwrap_or(&Value::Null)),
        };
        let (tag, value) = (one("Tag", "tag")?, one("Value", "value")?);
        Ok((tag.as_str().ok_or_else(|| bad(&TEXT, "Tag in ProfileItem"))?, value))
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        taken::<Item>(others)
    }
}

/// A tag that a call asks for. One of a custom field that is not declared, or that no user reads, is refused. Whose field a user may read
/// is another matter: what it may not is not shown.
impl<'a> Element<'a> for Tag {
    fn one(at: At<'a>, item: &'a Value) -> Result<Self, Refused> {
        let tag = Self::parse(item.as_str().ok_or_else(|| at.bad(&TEXT))?)?;
        let Self::Custom(name) = &tag else { return Ok(tag) };
        let field =
            at.call.desk.tenant.app.settings.custom_field(name).ok_or_else(|| tag.refused(&Fault::Undeclared))?;
        match (at.call.caller, field.read) {
            (Caller::User(_), Readers::BackEnd) => {
                Err(Refused::Said(Code::TagNotReadable, format!("{} is shown to the app's back end alone", tag.name())))
            }
            (Caller::BackEnd, _) | (Caller::User(_), Readers::Everyone | Readers::Friends | Readers::Owner) => Ok(tag),
        }
    }
}

/// Users that one call asks for. "We recommend pulling at most 100."
const USERS_MAX: usize = 100;

/// Tags that one call sets or asks for: the standard ones, and as many custom ones as an app may declare.
const TAGS_MAX: usize = 32;

/// The vendor counts the states of a profile; its clients send the number back, and one that never rises is right for all of them.
const SEQUENCE: u32 = 1;

/// What a tag and its value take in an answer, about.
const TAG_BYTES: usize = 80;

/// What stands around the tags of one account, about.
const PORTRAIT_BYTES: usize = 160;

/// `profile.portrait_set`: what is given replaces what was; all of it or nothing.
pub(super) async fn set(call: Call<'_>, asked: Set<'_>) -> Answered<Nothing> {
    let desk = call.desk;
    let known = desk.service.owner(desk.tenant, &asked.owner).await?;
    let change = change(call, &known, asked.items.0)?;
    desk.service.set_profile(desk.tenant, asked.owner, change).await.map_err(in_tags)?;
    Ok(Nothing {})
}

fn change(call: Call<'_>, known: &User, items: Vec<(&str, &Value)>) -> Result<ProfileChange, Refused> {
    let mut change = ProfileChange::default();
    let mut set: Vec<Tag> = Vec::new();
    for (named, value) in items {
        let tag = Tag::parse(named)?;
        if set.contains(&tag) {
            return Err(Refused::BadParameter(format!("{named} must be given once, not twice")));
        }
        tag.put(value, call.desk, known, &mut change)?;
        set.push(tag);
    }
    Ok(change)
}

/// What is refused of a custom field, whose name ends what the verb calls it.
fn in_tags(error: Error) -> Refused {
    if let Error::Invalid { field, fault: fault @ (Fault::Undeclared | Fault::NotWritable) } = &error {
        let name = field.rsplit(' ').next().unwrap_or_default();
        return CustomName::parse(name).map_or_else(|_| bad(fault, name), |name| Tag::Custom(name).refused(fault));
    }
    error.into()
}

/// `profile.portrait_get`: the tags that are asked for, or all, of several users. Who does not exist is told one by one.
pub(super) async fn get<'a>(call: Call<'a>, asked: Get<'a>) -> Answered<Portraits<'a>> {
    let named: Vec<&str> = asked.accounts.0.into_iter().map(|(account, _)| account).collect();
    let tags = asked.tags.map(|tags| tags.0);
    let users = portraits(call, &named).await?;
    if users.iter().all(Option::is_none) {
        return Err(Refused::Said(Code::NoSuchProfile, "None of these accounts exists: import them first".to_owned()));
    }
    let asked = || named.iter().copied().zip(&users);
    let shown = |(account, user): (_, &Option<User>)| Shown::of(call, account, user.as_ref(), tags.as_deref());
    Ok(Portraits {
        user_profile_item: asked().map(shown).collect(),
        fail_account: asked().filter(|(_, user)| user.is_none()).map(|(account, _)| account).collect(),
    })
}

/// `profile.portrait_get_all`: all tags of the first hundred users; who does not exist is left out.
pub(super) async fn get_all<'a>(call: Call<'a>, asked: GetAll<'a>) -> Answered<Portraits<'a>> {
    let named = asked.users.0;
    let users = portraits(call, &named).await?;
    let known = named.iter().copied().zip(&users).filter(|(_, user)| user.is_some());
    let shown = known.map(|(account, user)| Shown::of(call, account, user.as_ref(), None).never_bare());
    Ok(Portraits { user_profile_item: shown.collect(), fail_account: Vec::new() })
}

/// Each account in the call's order.
#[derive(Serialize, ToSchema)]
pub(super) struct Portraits<'a> {
    #[serde(rename = "UserProfileItem")]
    user_profile_item: Vec<Shown<'a>>,
    /// Who does not exist; not there if all do.
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    fail_account: Vec<&'a str>,
}

impl Told for Portraits<'_> {
    fn bytes(&self) -> usize {
        PORTRAIT_BYTES + self.user_profile_item.iter().map(Shown::bytes).sum::<usize>()
    }
}

/// One account of an answer: its profile, or why there is none.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum Shown<'a> {
    Portrait(Portrait<'a>),
    Failed(NoPortrait<'a>),
}

/// A profile.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct Portrait<'a> {
    /// The account, as the call named it.
    #[serde(rename = "To_Account")]
    #[schema(example = "user1")]
    account: &'a str,
    #[schema(minimum = 1, maximum = 1)]
    standard_sequence: u32,
    #[schema(minimum = 1, maximum = 1)]
    custom_sequence: u32,
    /// The tags that have a value.
    profile_item: Vec<Item>,
    #[schema(minimum = 0, maximum = 0)]
    result_code: u32,
    #[schema(max_length = 0)]
    result_info: &'static str,
}

/// Why there is no profile.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct NoPortrait<'a> {
    /// The account, as the call named it.
    #[serde(rename = "To_Account")]
    account: &'a str,
    /// A number of `ErrorCode`.
    #[schema(minimum = 1, example = 40003)]
    result_code: u32,
    result_info: String,
}

impl<'a> Shown<'a> {
    fn of(call: Call<'_>, account: &'a str, user: Option<&User>, tags: Option<&[Tag]>) -> Self {
        let Some(user) = user else {
            let why = Refused::Domain(Error::NotFound(What::User));
            let (result_code, result_info) = reply::result(Family::Profile, Err(why));
            return Self::Failed(NoPortrait { account, result_code, result_info });
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

    /// With one tag at least: lite-chat takes a profile without any for that of a user who does not exist.
    fn never_bare(mut self) -> Self {
        if let Self::Portrait(portrait) = &mut self
            && portrait.profile_item.is_empty()
        {
            portrait.profile_item.push(Item { tag: Tag::Nick.name(), value: Tag::Nick.unset() });
        }
        self
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Portrait(portrait) => PORTRAIT_BYTES + TAG_BYTES * portrait.profile_item.len(),
            Self::Failed(_) => PORTRAIT_BYTES,
        }
    }
}

/// Those who are named, in their order; none for a name that is nobody's.
async fn portraits(call: Call<'_>, named: &[&str]) -> Result<Vec<Option<User>>, Refused> {
    let ids: Vec<UserId> = named.iter().filter_map(|account| UserId::parse(account).ok()).collect();
    let mut users = call.desk.service.portraits(call.desk.tenant, call.caller.viewer(), ids).await?.into_iter();
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
