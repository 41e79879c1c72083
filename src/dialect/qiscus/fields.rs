//! Fields that several calls of both APIs read, and the meaning of an empty or unusual value.

use std::borrow::Cow;

use actix_web::HttpRequest;
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
        Device, DeviceText, DeviceType, DisplayName, Error, Extras, Fault, Order, Page, Patch, ProfileChange, User,
        UserId, text,
    },
    http::{
        addresses::Addresses,
        form::{self, Body, Form, Object, Parse, Required, Source, Texts},
    },
    service::Tenant,
};

/// The longest display name that may be set through Qiscus, in characters.
const USERNAME_CHARS_MAX: usize = 255;

/// Users per page if the caller gives no number, or one above [`Page::LIMIT_MAX`].
const LIMIT_DEFAULT: u32 = 20;

pub(super) const USER_IDS_MAX: usize = 100;

pub(super) const WIDE_FIELDS: &[&str] =
    &["extras", "identity_token", "comment", "message", "payload", "options", "room_options"];

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

pub(super) struct ExtrasField(pub(super) Patch<Extras>);

impl<'de> Deserialize<'de> for ExtrasField {
    fn deserialize<D: Deserializer<'de>>(field: D) -> Result<Self, D::Error> {
        let given = Object::deserialize(field)?.0.map(Extras::parse).transpose().map_err(form::raised)?;
        Ok(Self(given.map_or(Patch::Keep, Patch::Set)))
    }
}

impl PartialSchema for ExtrasField {
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

impl ToSchema for ExtrasField {
    fn name() -> Cow<'static, str> {
        "Extras".into()
    }
}

pub(super) struct UserIdList(pub(super) Vec<UserId>);

impl<'de> Deserialize<'de> for UserIdList {
    fn deserialize<D: Deserializer<'de>>(field: D) -> Result<Self, D::Error> {
        let users = Texts::deserialize(field)?.0.iter().map(|raw| UserId::parse(raw)).collect::<Result<Vec<_>, _>>();
        let users = users.map_err(form::raised)?;
        Fault::if_above(USER_IDS_MAX, "ids", users.len()).map_err(form::raised).map(|()| Self(users))
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

/// The profile fields of a request. An empty text means "not given".
pub(super) struct ProfileFields {
    pub(super) name_field: &'static str,
    pub(super) name: Option<String>,
    pub(super) avatar_url: Option<String>,
    pub(super) extras: ExtrasField,
}

impl ProfileFields {
    /// A value equal to the stored one is accepted even if it is too long for this API.
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

pub(super) fn device(device_type: DeviceType, token: DeviceText) -> Device {
    Device { device_type, os_version: None, token: Some(token), voip_token: None, sandbox: false }
}

/// A page.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Paging {
    /// From 1
    #[serde(deserialize_with = "page_number")]
    #[param(value_type = Option<u32>, minimum = 1, example = 1)]
    page: u32,
    /// Users per page: 20 if not given, or above 100
    #[serde(deserialize_with = "limit")]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, example = 20)]
    limit: u32,
}

impl Paging {
    pub(super) fn page(&self) -> Page {
        Page::new(self.page, self.limit)
    }
}

/// The order of a list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OrderQuery {
    /// `created_at asc` (the default), `created_at desc`, `username asc` or `username desc`
    #[serde(deserialize_with = "order")]
    #[param(value_type = Option<String>, example = "created_at desc nulls last")]
    order_query: Order,
}

pub(super) struct UserListing {
    pub(super) page: Page,
    pub(super) order: Order,
}

impl Body for UserListing {
    const SOURCE: Source = Source::QueryThenBody;

    fn of(form: &mut Form, _: &HttpRequest) -> Result<Self, Error> {
        let paging: Paging = form.read_as()?;
        let OrderQuery { order_query } = form.read_as()?;
        Ok(Self { page: paging.page(), order: order_query })
    }
}

/// "limit: default: 20, max: 100, if the limit more than 100 then return 20". Text that is not a number means 20 too.
pub(super) fn limit<'de, D: Deserializer<'de>>(field: D) -> Result<u32, D::Error> {
    let limit = text_or_number(field)?.and_then(|limit| limit.trim().parse().ok());
    Ok(limit.filter(|limit| (1..=Page::LIMIT_MAX).contains(limit)).unwrap_or(LIMIT_DEFAULT))
}

/// Reads a page number; below 1 means 1. Any other text is an error: a client that reads pages until one is empty would
/// read the first page for ever.
fn page_number<'de, D: Deserializer<'de>>(field: D) -> Result<u32, D::Error> {
    let Some(page) = text_or_number(field)? else { return Ok(1) };
    let (raw, is_number) =
        (page.trim(), |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    match raw.parse() {
        Ok(number) => Ok(number),
        // A number above the last page: a client that reads pages until one is empty must get an empty one.
        Err(_) if is_number(raw) => Ok(u32::MAX),
        Err(_) if raw.strip_prefix('-').is_some_and(is_number) => Ok(1),
        Err(_) => Err(form::raised(Fault::OutOfRange("a number from 1"))),
    }
}

/// Reads a text, or a JSON number as text. The empty text means not given.
pub(super) fn text_or_number<'de, D: Deserializer<'de>>(field: D) -> Result<Option<String>, D::Error> {
    form::value(field, |given| match given {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(Fault::Malformed("text, in quotes")),
    })
}

/// Reads `created_at` or `username`, then `asc` or `desc`. Android and iOS send `username asc` with every request.
fn order<'de, D: Deserializer<'de>>(field: D) -> Result<Order, D::Error> {
    let wanted = text_or_number(field)?.unwrap_or_default().to_ascii_lowercase();
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
