//! Fields that several calls of either door read, and what an empty or strange value of each means.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Type},
    },
};

use crate::{
    domain::{
        device::{Device, DeviceText, DeviceType},
        error::{Error, Fault},
        free_data::Extras,
        id::UserId,
        page::{Order, Page},
        profile::{Patch, ProfileChange, User},
        text::{self, DisplayName},
    },
    http::{
        addresses::Addresses,
        form::{self, Object, Parse, Required, Texts},
    },
    service::apps::Tenant,
};

/// Characters of a display name that this wire writes.
const USERNAME_CHARS_MAX: usize = 255;

/// Users on a page where the caller names no number, or one above [`Page::LIMIT_MAX`].
const LIMIT_DEFAULT: u32 = 20;

/// Users that one call may name.
pub(super) const USER_IDS_MAX: usize = 100;

/// Fields that may be wider than the others.
pub(super) const WIDE_FIELDS: &[&str] = &["extras", "identity_token"];

/// A user id.
pub(super) struct UserIdText(pub(super) UserId);

impl Parse for UserIdText {
    fn parse(raw: &str) -> Result<Self, Fault> {
        UserId::parse(raw).map(Self)
    }
}

impl<'de> Deserialize<'de> for UserIdText {
    fn deserialize<D: Deserializer<'de>>(field: D) -> Result<Self, D::Error> {
        Required::deserialize(field).map(|Required(id)| id)
    }
}

impl PartialSchema for UserIdText {
    fn schema() -> RefOr<Schema> {
        let id = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(UserId::CHARS_MAX));
        let id = id.pattern(Some("^[A-Za-z0-9._@-]+$")).examples([json!("guest@qiscus.com")]);
        id.description(Some("A user id, compared byte for byte")).into()
    }
}

impl ToSchema for UserIdText {
    fn name() -> Cow<'static, str> {
        "UserId".into()
    }
}

/// A display name, for [`ProfileGiven`] to judge.
#[derive(Deserialize)]
pub(super) struct Username(pub(super) String);

impl PartialSchema for Username {
    fn schema() -> RefOr<Schema> {
        let name = ObjectBuilder::new().schema_type(Type::String).max_length(Some(USERNAME_CHARS_MAX));
        let name = name.examples([json!("Qiscus Demo")]);
        name.description(Some("A display name, at most 500 bytes. Empty: not given, where it need not be given")).into()
    }
}

impl ToSchema for Username {}

/// Free data, which replaces the whole when given.
pub(super) struct ExtrasGiven(pub(super) Patch<Extras>);

impl<'de> Deserialize<'de> for ExtrasGiven {
    fn deserialize<D: Deserializer<'de>>(field: D) -> Result<Self, D::Error> {
        let given = Object::deserialize(field)?.0.map(Extras::parse).transpose().map_err(form::raised)?;
        Ok(Self(given.map_or(Patch::Keep, Patch::Set)))
    }
}

impl PartialSchema for ExtrasGiven {
    fn schema() -> RefOr<Schema> {
        let object = ObjectBuilder::new().schema_type(Type::Object).examples([json!({ "role": "admin" })]);
        let text = ObjectBuilder::new().schema_type(Type::String).examples([json!(r#"{"role": "admin"}"#)]);
        let said = format!(
            "Free data: an object, or JSON text of one, of at most {} bytes and {} levels. It replaces the whole. Empty text \
             and null: not given",
            Extras::BYTES_MAX,
            Extras::DEPTH_MAX,
        );
        let either = OneOfBuilder::new().item(object).item(text).description(Some(said));
        either.examples([json!({ "role": "admin" })]).into()
    }
}

impl ToSchema for ExtrasGiven {
    fn name() -> Cow<'static, str> {
        "Extras".into()
    }
}

/// A list of user ids, however it is written: as a JSON list or a repeated field.
pub(super) struct UserIdList(pub(super) Vec<UserId>);

impl<'de> Deserialize<'de> for UserIdList {
    fn deserialize<D: Deserializer<'de>>(field: D) -> Result<Self, D::Error> {
        let users = Texts::deserialize(field)?.0.iter().map(|raw| UserId::parse(raw)).collect::<Result<Vec<_>, _>>();
        match users.map_err(form::raised)? {
            users if users.len() <= USER_IDS_MAX => Ok(Self(users)),
            users => {
                let (most, found) = (USER_IDS_MAX as u64, users.len() as u64);
                Err(form::raised(Fault::TooMuch { most, unit: "ids", found }))
            }
        }
    }
}

impl PartialSchema for UserIdList {
    fn schema() -> RefOr<Schema> {
        let ids = ArrayBuilder::new().items(UserIdText::schema()).max_items(Some(USER_IDS_MAX));
        ids.examples([json!(["guest@qiscus.com", "user1"])]).into()
    }
}

impl ToSchema for UserIdList {
    fn name() -> Cow<'static, str> {
        "UserIds".into()
    }
}

/// What a call gives of a profile. An empty text means "not given".
pub(super) struct ProfileGiven {
    /// The field of the name.
    pub(super) name_field: &'static str,
    pub(super) name: Option<String>,
    pub(super) avatar_url: Option<String>,
    pub(super) extras: ExtrasGiven,
}

impl ProfileGiven {
    /// The change it asks for. A value that comes back as it is stored is not held against this wire's narrower bounds.
    /// # Errors
    /// `Invalid` at the field.
    pub(super) fn change(
        self,
        known: Option<&User>,
        tenant: &Tenant,
        addresses: &Addresses,
    ) -> Result<ProfileChange, Error> {
        let stored = known.and_then(|user| user.profile.display_name.as_ref()).map(DisplayName::as_str);
        let given = self.name.as_deref().filter(|name| Some(*name) != stored);
        let display_name =
            Patch::given(given, |name| text::at_most(name, USERNAME_CHARS_MAX).and_then(DisplayName::parse))
                .map_err(|fault| fault.at(self.name_field))?;
        let avatar = addresses
            .avatar_change(self.avatar_url.as_deref(), known, tenant.app.settings.public_pictures)
            .map_err(|fault| fault.at("avatar_url"))?;
        Ok(ProfileChange { display_name, avatar, extras: self.extras.0, ..ProfileChange::default() })
    }
}

/// `device_token` of a platform.
pub(super) fn device(device_type: DeviceType, token: DeviceText) -> Device {
    Device { device_type, os_version: None, token: Some(token), voip_token: None, sandbox: false }
}

/// `page` and `limit`.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Paging {
    /// From 1
    #[serde(deserialize_with = "page_number")]
    #[param(value_type = Option<u32>, minimum = 1, example = 1)]
    page: u32,
    /// Users on a page: 20 where it is not given, or above 100
    #[serde(deserialize_with = "limit")]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, example = 20)]
    limit: u32,
}

impl Paging {
    pub(super) fn page(&self) -> Page {
        Page::new(self.page, self.limit)
    }
}

/// "limit: default: 20, max: 100, if the limit more than 100 then return 20"; what is no number reads so, too.
pub(super) fn limit<'de, D: Deserializer<'de>>(field: D) -> Result<u32, D::Error> {
    let limit = loose(field)?.and_then(|limit| limit.trim().parse().ok());
    Ok(limit.filter(|limit| (1..=Page::LIMIT_MAX).contains(limit)).unwrap_or(LIMIT_DEFAULT))
}

/// A page below 1 is the first one. A page that is no number is refused: a client that walks until the empty page would read the first one
/// for ever.
pub(super) fn page_number<'de, D: Deserializer<'de>>(field: D) -> Result<u32, D::Error> {
    let Some(page) = loose(field)? else { return Ok(1) };
    let (raw, is_number) =
        (page.trim(), |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    match raw.parse() {
        Ok(number) => Ok(number),
        // A page beyond the last one: a client that reads pages until one is empty must reach the empty one.
        Err(_) if is_number(raw) => Ok(u32::MAX),
        Err(_) if raw.strip_prefix('-').is_some_and(is_number) => Ok(1),
        Err(_) => Err(form::raised(Fault::OutOfRange("a number from 1"))),
    }
}

/// A text that is not empty. In JSON it may be a number.
pub(super) fn loose<'de, D: Deserializer<'de>>(field: D) -> Result<Option<String>, D::Error> {
    form::value(field, |given| match given {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(Fault::Malformed("text, in quotes")),
    })
}

/// `order_query`: `created_at` or `username`, `asc` or `desc`, such as `created_at desc nulls last`. Android and iOS send `username asc`
/// with every call.
pub(super) fn order<'de, D: Deserializer<'de>>(field: D) -> Result<Order, D::Error> {
    let wanted = loose(field)?.unwrap_or_default().to_ascii_lowercase();
    let (wanted, is_reversed) = match wanted.split_whitespace().collect::<Vec<_>>().as_slice() {
        [] => return Ok(Order::OldestFirst),
        [wanted] | [wanted, "asc"] | [wanted, "asc", "nulls", "first" | "last"] => (*wanted, false),
        [wanted, "desc"] | [wanted, "desc", "nulls", "first" | "last"] => (*wanted, true),
        _ => ("", false),
    };
    match (wanted, is_reversed) {
        ("created_at", false) => Ok(Order::OldestFirst),
        ("created_at", true) => Ok(Order::NewestFirst),
        ("username" | "name", false) => Ok(Order::ByName),
        ("username" | "name", true) => Ok(Order::ByNameReversed),
        _ => Err(form::raised(Fault::NotOneOf("created_at asc, created_at desc, username asc, username desc"))),
    }
}
