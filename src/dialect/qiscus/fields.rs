//! Fields that several calls of either door read, and what an empty or strange value of each means.

use std::borrow::Cow;

use actix_web::{
    HttpRequest,
    http::header::{CONTENT_LENGTH, TRANSFER_ENCODING},
    web::Payload,
};
use serde_json::{Map, Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Type},
    },
};

use super::reply::Refusal;
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
        form::{Form, FormLimits},
        spool::Spool,
    },
    service::{Service, apps::Tenant},
};

/// Characters of a display name that this wire writes.
const USERNAME_CHARS_MAX: usize = 255;

/// Users on a page where the caller names no number, or one above [`Page::LIMIT_MAX`].
const LIMIT_DEFAULT: u32 = 20;

/// Users that one call may name.
pub(super) const USER_IDS_MAX: usize = 100;

/// Fields that may be wider than the others.
const WIDE_FIELDS: &[&str] = &["extras", "identity_token"];

/// A user id as documents show it: what [`user_id`] reads.
pub(super) enum UserIdText {}

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

/// A display name as documents show it: what [`profile_change`] reads.
pub(super) enum Username {}

impl PartialSchema for Username {
    fn schema() -> RefOr<Schema> {
        let name = ObjectBuilder::new().schema_type(Type::String).max_length(Some(USERNAME_CHARS_MAX));
        let name = name.examples([json!("Qiscus Demo")]);
        name.description(Some("A display name, at most 500 bytes. Empty: not given, where it need not be given")).into()
    }
}

impl ToSchema for Username {}

/// Free data as documents show it: what [`extras`] reads.
pub(super) enum ExtrasGiven {}

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

/// A list of user ids as documents show it: what [`user_ids`] reads.
pub(super) enum UserIdList {}

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

/// Reads a body without files.
/// # Errors
/// As [`read_within`].
pub(super) async fn read(
    service: &Service,
    tenant: &Tenant,
    request: &HttpRequest,
    payload: Payload,
    spool: &Spool,
) -> Result<Form, Refusal> {
    let limits = FormLimits { wide_fields: WIDE_FIELDS, ..FormLimits::default() };
    read_within(service, tenant, request, payload, &limits, spool).await
}

/// Reads a body. That may take a minute, so the app is asked once more whether it serves this dialect.
/// # Errors
/// As [`Form::read`]; that the app has stopped serving this dialect meanwhile.
pub(super) async fn read_within(
    service: &Service,
    tenant: &Tenant,
    request: &HttpRequest,
    payload: Payload,
    limits: &FormLimits,
    spool: &Spool,
) -> Result<Form, Refusal> {
    let form = Form::read(request, payload, limits, spool).await?;
    match service.tenant_now(tenant)?.app.settings.dialects.qiscus {
        true => Ok(form),
        false => Err(Refusal::SwitchedOff),
    }
}

/// Reads a body whose sender has shown no token yet.
/// # Errors
/// As [`read_within`].
pub(super) async fn read_before_sign_in(
    service: &Service,
    tenant: &Tenant,
    request: &HttpRequest,
    payload: Payload,
    spool: &Spool,
) -> Result<Form, Refusal> {
    read_within(service, tenant, request, payload, &FormLimits::before_sign_in_with(WIDE_FIELDS), spool).await
}

/// The user that `field` names.
/// # Errors
/// As [`UserId::parse`], at `field`.
pub(super) fn user_id(form: &Form, field: &'static str) -> Result<UserId, Error> {
    UserId::parse(form.text(field)?.unwrap_or("")).map_err(|fault| fault.at(field))
}

/// What a call gives of a profile, the display name in `name_field`. An empty text means "not given", and a value that comes back as it
/// is stored is not held against this wire's narrower bounds.
/// # Errors
/// `Invalid` at the field.
pub(super) fn profile_change(
    form: &Form,
    name_field: &'static str,
    known: Option<&User>,
    tenant: &Tenant,
    addresses: &Addresses,
) -> Result<ProfileChange, Error> {
    let stored = known.and_then(|user| user.profile.display_name.as_ref()).map(DisplayName::as_str);
    let given = form.text(name_field)?.filter(|name| Some(*name) != stored);
    let display_name = Patch::given(given, |name| text::at_most(name, USERNAME_CHARS_MAX).and_then(DisplayName::parse))
        .map_err(|fault| fault.at(name_field))?;
    let avatar = addresses
        .avatar_change(form.text("avatar_url")?, known, tenant.app.settings.public_pictures)
        .map_err(|fault| fault.at("avatar_url"))?;
    Ok(ProfileChange { display_name, avatar, extras: extras(form)?, ..ProfileChange::default() })
}

/// `extras`: a JSON object, or JSON text of one; replaces the whole when given.
fn extras(form: &Form) -> Result<Patch<Extras>, Error> {
    match form.object("extras")? {
        None => Ok(Patch::Keep),
        Some(value) => Extras::parse(value).map(Patch::Set).map_err(|fault| fault.at("extras")),
    }
}

/// `device_token` and `device_platform`, one of `platforms`. Without a token there is nothing to remember.
/// # Errors
/// `Invalid` at the field.
pub(super) fn device(form: &Form, platforms: Platforms) -> Result<Option<Device>, Error> {
    let token =
        Patch::given(form.text("device_token")?, DeviceText::parse).map_err(|fault| fault.at("device_token"))?;
    let platform = platform(form, platforms);
    let Patch::Set(token) = token else { return if_given(platform).map(|_| None) };
    let device =
        Device { device_type: platform?, os_version: None, token: Some(token), voip_token: None, sandbox: false };
    Ok(Some(device))
}

fn if_given(platform: Result<DeviceType, Error>) -> Result<(), Error> {
    match platform {
        Err(Error::Invalid { fault: Fault::Missing, .. }) | Ok(_) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The platforms that a door knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Platforms {
    /// "ios or android".
    Telephones,
    /// The JavaScript SDK's own word, too: `rn`, React Native, which tells not on which telephone. It is kept where browsers are.
    TelephonesAndReactNative,
}

/// `device_platform`.
/// # Errors
/// `Invalid` at the field.
pub(super) fn platform(form: &Form, platforms: Platforms) -> Result<DeviceType, Error> {
    const FIELD: &str = "device_platform";
    let fault = match (form.text(FIELD)?.unwrap_or(""), platforms) {
        ("ios", _) => return Ok(DeviceType::Ios),
        ("android", _) => return Ok(DeviceType::Android),
        ("rn", Platforms::TelephonesAndReactNative) => return Ok(DeviceType::Web),
        ("", _) => Fault::Missing,
        (_, Platforms::Telephones) => Fault::NotOneOf("ios, android"),
        (_, Platforms::TelephonesAndReactNative) => Fault::NotOneOf("ios, android, rn"),
    };
    Err(fault.at(FIELD))
}

/// `page` and `limit`. "limit: default: 20, max: 100, if the limit more than 100 then return 20"; what is no number reads so, too. A page
/// below 1 is the first one. A page that is no number is refused: a client that walks until the empty page would read the first one for ever.
/// # Errors
/// `Invalid` for a field given twice, and at `page`.
pub(super) fn page(forms: &[Form]) -> Result<Page, Error> {
    let limit = given(forms, "limit")?.and_then(|limit| limit.trim().parse().ok());
    let limit = limit.filter(|limit| (1..=Page::LIMIT_MAX).contains(limit));
    let page = given(forms, "page")?.map(|page| page_number(page.trim())).transpose()?;
    Ok(Page::new(page.unwrap_or(1), limit.unwrap_or(LIMIT_DEFAULT)))
}

fn page_number(raw: &str) -> Result<u32, Error> {
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    match raw.parse() {
        Ok(number) => Ok(number),
        // A page beyond the last one: a client that reads pages until one is empty must reach the empty one.
        Err(_) if is_number(raw) => Ok(u32::MAX),
        Err(_) if raw.strip_prefix('-').is_some_and(is_number) => Ok(1),
        Err(_) => Err(Fault::OutOfRange("a number from 1").at("page")),
    }
}

/// The text of a field, from the first of the forms that has one which is not empty. In JSON it may be a number.
/// # Errors
/// `Invalid` as for [`Form::text`].
pub(super) fn given(forms: &[Form], field: &'static str) -> Result<Option<String>, Error> {
    for form in forms {
        let text = match form.value(field)?.as_deref() {
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(_) | None => form.text(field)?.map(str::to_owned),
        };
        if text.as_deref().is_some_and(|text| !text.is_empty()) {
            return Ok(text);
        }
    }
    Ok(None)
}

/// `order_query`: `created_at` or `username`, `asc` or `desc`, such as `created_at desc nulls last`. Android and iOS send `username asc`
/// with every call.
/// # Errors
/// `Invalid` for any other order.
pub(super) fn order(forms: &[Form]) -> Result<Order, Error> {
    const FIELD: &str = "order_query";
    let wanted = given(forms, FIELD)?.unwrap_or_default().to_ascii_lowercase();
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
        _ => Err(Fault::NotOneOf("created_at asc, created_at desc, username asc, username desc").at(FIELD)),
    }
}

/// What a call that is made by GET gives: its query, then its body. The SDK for Flutter sends a body with a GET.
/// # Errors
/// As [`Form::query`]; as [`read`] where there is a body.
pub(super) async fn query_and_body(
    service: &Service,
    tenant: &Tenant,
    request: &HttpRequest,
    payload: Payload,
    spool: &Spool,
) -> Result<[Form; 2], Refusal> {
    let query = Form::query(request.query_string())?;
    // A type that is declared for no body at all says nothing.
    let has_body = [CONTENT_LENGTH, TRANSFER_ENCODING]
        .iter()
        .any(|name| request.headers().get(name).is_some_and(|value| value.as_bytes() != b"0"));
    let body = match has_body {
        true => read(service, tenant, request, payload, spool).await?,
        false => Form::from(Map::new()),
    };
    Ok([query, body])
}

/// `user_ids`, however its lists are written: at most [`USER_IDS_MAX`] in the order given, as a JSON list or a repeated field.
/// # Errors
/// `Invalid` at the field.
pub(super) fn user_ids(forms: &[Form]) -> Result<Vec<UserId>, Error> {
    const FIELD: &str = "user_ids";
    let mut users = Vec::new();
    for form in forms {
        for raw in form.texts(FIELD)? {
            users.push(UserId::parse(raw).map_err(|fault| fault.at(FIELD))?);
        }
    }
    match users.len() {
        0..=USER_IDS_MAX => Ok(users),
        found => Err(Fault::TooMuch { most: USER_IDS_MAX as u64, unit: "ids", found: found as u64 }.at(FIELD)),
    }
}
