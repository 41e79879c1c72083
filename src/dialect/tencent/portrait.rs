//! Profiles. Sources: the vendor's pages on setting and pulling profiles; `portrait_get_all` is as its Web SDK sends
//! it.

use serde::Serialize;
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use super::{
    body::{
        Accounts, BodyField, BoundedList, FieldType, ListItem, PerAccount, Schemas, TEXT, body, id, list,
        named_schema_ref, object, property, schema_ref,
    },
    call::{CommandCall, CommandResult, TencentCaller, account_of, bad},
    relations::{ids, matched},
    reply::{self, ErrorCode, Family, NoFields, ResponseFields, TencentError},
    tags::{ProfileItem, Tag},
};
use crate::domain::{CustomName, Error, Fault, Owner, ProfileChange, Readers, Resource, User, UserId};

body! {
    /// Fields of a profile and their new values.
    struct PortraitSetRequest<'a> as "PortraitSet" {
        owner: Owner = "From_Account",
        /// Each tag once.
        items: BoundedList<(&'a str, &'a Value), TAGS_MAX> = "ProfileItem" eg [{ "Tag": "Tag_Profile_IM_Nick", "Value": "Guest" }],
    }

    /// Users, and the tags to return.
    struct PortraitGetRequest<'a> as "PortraitGet" {
        /// The accounts.
        accounts: Accounts<'a, USERS_MAX> = "To_Account" eg ["guest@qiscus.com", "user1"],
        /// The tags; all if it is not given.
        tags: Option<BoundedList<Tag, TAGS_MAX>> = "TagList" eg ["Tag_Profile_IM_Nick", "Tag_Profile_IM_Image"],
    }

    /// Users whose whole profiles to return.
    struct PortraitGetAllRequest<'a> as "PortraitGetAll" {
        /// The user who asks.
        _owner: Owner = "From_Account",
        /// The users; only the first 100 are answered.
        users: FirstUsers<'a> = "UserItem",
    }
}

/// Accounts that are named in objects; only the first 100 are read.
pub(super) struct FirstUsers<'a>(PerAccount<'a, UserId>);

impl<'a> FieldType<'a> for FirstUsers<'a> {
    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
        let Some(items) = at.list(1, usize::MAX, Ok)? else { return Ok(None) };
        let account = |item: &'a Value| {
            let account = account_of(item.get("To_Account").unwrap_or(&Value::Null), "To_Account in UserItem")?;
            Ok((account, id(account)))
        };
        items.into_iter().take(USERS_MAX).map(account).collect::<Result<_, _>>().map(|users| Some(Self(users)))
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        let item = object(&["A user."], [property::<UserId>("To_Account", &[], None)], None);
        list(named_schema_ref("PortraitGetAllItem", item, others), 1, usize::MAX).into()
    }
}

/// A tag and its value. lite-chat, a later SDK of the vendor, writes both names in lower case.
impl<'a> ListItem<'a> for (&'a str, &'a Value) {
    fn read_item(_: BodyField<'a>, item: &'a Value) -> Result<Self, TencentError> {
        let one = |name: &'static str, lower: &'static str| match (item.get(name), item.get(lower)) {
            (Some(given), Some(other)) if given != other => Err(TencentError::BadParameter(format!(
                "{name} and {lower} in ProfileItem say different things: give one of them"
            ))),
            (given, other) => Ok(given.or(other).unwrap_or(&Value::Null)),
        };
        let (tag, value) = (one("Tag", "tag")?, one("Value", "value")?);
        Ok((tag.as_str().ok_or_else(|| bad(&TEXT, "Tag in ProfileItem"))?, value))
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        schema_ref::<ProfileItem>(others)
    }
}

/// A field that is not declared, or that no user may read, is an error. One that this caller may not read of this user
/// is left out of the response.
impl<'a> ListItem<'a> for Tag {
    fn read_item(at: BodyField<'a>, item: &'a Value) -> Result<Self, TencentError> {
        let tag = Self::parse(item.as_str().ok_or_else(|| at.bad(&TEXT))?)?;
        let Self::Custom(name) = &tag else { return Ok(tag) };
        let field =
            at.call.context.tenant.app.settings.custom_field(name).ok_or_else(|| tag.refused(&Fault::Undeclared))?;
        match (at.call.caller, field.read) {
            (TencentCaller::User(_), Readers::BackEnd) => {
                Err(tag.coded(ErrorCode::TagNotReadable, "is shown to the app's back end alone"))
            }
            (TencentCaller::BackEnd, _)
            | (TencentCaller::User(_), Readers::Everyone | Readers::Friends | Readers::Owner) => Ok(tag),
        }
    }
}

/// Users in one call. "We recommend pulling at most 100."
const USERS_MAX: usize = 100;

/// Tags in one call: the 12 standard ones, and the 20 custom ones that an app may declare.
const TAGS_MAX: usize = 32;

/// The vendor counts the versions of a profile, and its clients send the number back. A constant works for all of them.
const SEQUENCE: u32 = 1;

/// Bytes of a tag with its value in a response, roughly.
const TAG_BYTES: usize = 80;

/// Bytes of an account in a response without its tags, roughly.
const PORTRAIT_BYTES: usize = 160;

pub(super) async fn set(call: CommandCall<'_>, request: PortraitSetRequest<'_>) -> CommandResult<NoFields> {
    let context = call.context;
    let known = context.service.owner(context.tenant, &request.owner).await?;
    let change = change(call, &known, request.items.0)?;
    context.service.set_profile(context.tenant, request.owner, change).await.map_err(custom_field_error)?;
    Ok(NoFields {})
}

fn change(call: CommandCall<'_>, known: &User, items: Vec<(&str, &Value)>) -> Result<ProfileChange, TencentError> {
    let mut change = ProfileChange::default();
    let mut set: Vec<Tag> = Vec::new();
    for (named, value) in items {
        let tag = Tag::parse(named)?;
        if set.contains(&tag) {
            return Err(TencentError::BadParameter(format!("{named} must be given once, not twice")));
        }
        tag.put(value, call.context, known, &mut change)?;
        set.push(tag);
    }
    Ok(change)
}

/// The name of the field is the last word of the service's field name.
fn custom_field_error(error: Error) -> TencentError {
    if let Error::Invalid { field, fault: fault @ (Fault::Undeclared | Fault::NotWritable) } = &error {
        let name = field.rsplit(' ').next().unwrap_or_default();
        return CustomName::parse(name).map_or_else(|_| bad(fault, name), |name| Tag::Custom(name).refused(fault));
    }
    error.into()
}

/// Each account that does not exist has an error of its own. If none exists, the call fails.
pub(super) async fn get<'a>(call: CommandCall<'a>, request: PortraitGetRequest<'a>) -> CommandResult<Portraits<'a>> {
    let tags = request.tags.map(|tags| tags.0);
    let users = portraits(call, request.accounts.0).await?;
    if users.iter().all(|(_, user)| user.is_none()) {
        return Err(TencentError::Coded(
            ErrorCode::NoSuchProfile,
            "None of these accounts exists: import them first".to_owned(),
        ));
    }
    let shown =
        |(account, user): &(&'a str, Option<User>)| PortraitResult::of(call, account, user.as_ref(), tags.as_deref());
    Ok(Portraits {
        user_profile_item: users.iter().map(shown).collect(),
        fail_account: users.iter().filter(|(_, user)| user.is_none()).map(|(account, _)| *account).collect(),
    })
}

pub(super) async fn get_all<'a>(
    call: CommandCall<'a>,
    request: PortraitGetAllRequest<'a>,
) -> CommandResult<Portraits<'a>> {
    let users = portraits(call, request.users.0).await?;
    let known = users.iter().filter(|(_, user)| user.is_some());
    let shown = known.map(|(account, user)| PortraitResult::of(call, account, user.as_ref(), None).with_some_tag());
    Ok(Portraits { user_profile_item: shown.collect(), fail_account: Vec::new() })
}

/// The accounts in the order of the call.
#[derive(Serialize, ToSchema)]
pub(super) struct Portraits<'a> {
    #[serde(rename = "UserProfileItem")]
    user_profile_item: Vec<PortraitResult<'a>>,
    /// The accounts that do not exist; absent if all exist.
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    fail_account: Vec<&'a str>,
}

impl ResponseFields for Portraits<'_> {
    fn bytes(&self) -> usize {
        PORTRAIT_BYTES + self.user_profile_item.iter().map(PortraitResult::bytes).sum::<usize>()
    }
}

/// A profile, or the reason why there is none.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = PortraitResult)]
enum PortraitResult<'a> {
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
    profile_item: Vec<ProfileItem>,
    #[schema(minimum = 0, maximum = 0)]
    result_code: u32,
    #[schema(max_length = 0)]
    result_info: &'static str,
}

/// The reason why there is no profile.
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

impl<'a> PortraitResult<'a> {
    fn of(call: CommandCall<'_>, account: &'a str, user: Option<&User>, tags: Option<&[Tag]>) -> Self {
        let Some(user) = user else {
            let why = TencentError::Domain(Error::NotFound(Resource::User));
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

    /// Adds a tag to a profile without tags: lite-chat takes a profile without tags for that of an unknown user.
    fn with_some_tag(mut self) -> Self {
        if let Self::Portrait(portrait) = &mut self
            && portrait.profile_item.is_empty()
        {
            portrait.profile_item.push(ProfileItem { tag: Tag::Nick.name(), value: Tag::Nick.unset() });
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

/// Returns the named users in this order; none for a name that no user has.
async fn portraits<'a>(
    call: CommandCall<'_>,
    accounts: PerAccount<'a, UserId>,
) -> Result<Vec<(&'a str, Option<User>)>, TencentError> {
    let ids = ids(&accounts);
    let users = call.context.service.portraits(call.context.tenant, call.caller.viewer(), ids).await?;
    Ok(matched(accounts, users).collect())
}

/// The service has already removed the fields that the caller may not read.
pub(super) fn items(call: CommandCall<'_>, user: &User, tags: Option<&[Tag]>) -> Vec<ProfileItem> {
    let item = |tag: &Tag| Some(ProfileItem { tag: tag.name(), value: tag.value(call.context, user)? });
    match tags {
        Some(tags) => tags.iter().filter_map(item).collect(),
        None => {
            let custom = user.profile.custom.keys().cloned().map(Tag::Custom);
            Tag::STANDARD.into_iter().chain(custom).filter_map(|tag| item(&tag)).collect()
        }
    }
}
