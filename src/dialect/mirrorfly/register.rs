//! Registration by an app's licence key. Sources: the vendor's "Register" page, and what its SDK sends and takes.

use std::net::IpAddr;

use actix_web::{HttpRequest, HttpResponse, web::Data};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    codec::Codec,
    config::Config,
    door::Visitor,
    jid::{self, Named},
    people,
    reply::{self, AtLogin, Refused, Success},
    user_form::{self, MOBILE_CHARS_MAX},
};
use crate::{
    domain::{
        app::Registration as Openness,
        avatar::Avatar,
        device::{DeviceText, DeviceType},
        error::{Error, Fault, What},
        free_data::Metadata,
        id::UserId,
        listening::Wire,
        profile::{Patch, ProfileChange, User},
        text::{self, MobileNumber},
    },
    http::{
        addresses::Addresses,
        form::{self, Body, Call, Form, FormLimits, Object, Optional, Required, Source, read_from},
        json,
    },
    service::{
        Service,
        accounts::{Created, Enrol},
        apps::Tenant,
    },
};

read_from!(Form within limits: Registration);

/// Of registerData, encrypted: a few short fields, and metadata.
const REGISTER_DATA_BYTES_MAX: u64 = 64 * 1024;

fn limits(_: FormLimits, _: &Service) -> FormLimits {
    let limits = FormLimits::before_sign_in_with(&["registerData"]);
    FormLimits { wide_bytes_max: REGISTER_DATA_BYTES_MAX, ..limits }
}

/// The register object. Keys stand in the order of the SDK's reading.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Registered {
    /// The user's id. An `@` stands in it as `=40`, because the vendor's SDK makes JIDs of it.
    #[schema(example = "user1")]
    username: String,
    /// Issued by this server, and the same each time until it is reset: `/login` and the socket take it.
    password: String,
    /// The user's own.
    token: String,
    is_existing: bool,
    /// Whether the user has filled in anything of its profile.
    is_profile_updated: bool,
    config: Config,
}

/// A trial's registration: `data` is a text for the SDK, and what it says stands beside it for readers of the page.
#[derive(Serialize, ToSchema)]
struct TrialAnswer {
    #[schema(minimum = 200, maximum = 200, example = 200)]
    status: u16,
    /// The register object as JSON text.
    data: String,
    message: &'static str,
    #[serde(flatten)]
    beside: Registered,
}

impl Registered {
    fn of(addresses: &Addresses, license_key: &str, registered: &Created) -> Self {
        Self {
            username: jid::escaped(&registered.user.id),
            password: registered.issued_password.expose().to_owned(),
            token: registered.ticket.expose().to_owned(),
            is_existing: !registered.created,
            is_profile_updated: has_profile(&registered.user),
            config: Config::at(addresses, license_key),
        }
    }

    fn to_text(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(Error::internal)
    }
}

/// Whether the user has filled in anything of the profile that the SDK's apps ask for after registration. Metadata are the app's.
fn has_profile(user: &User) -> bool {
    let profile = &user.profile;
    profile.display_name.is_some()
        || profile.status.is_some()
        || profile.mobile.is_some()
        || profile.email.is_some()
        || profile.avatar != Avatar::Tile
}

/// Who registers.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({ "userIdentifier": "user1", "deviceType": "web", "licenseKey": "StandinDemoLicenseKey0123456789" }))]
pub(super) struct Registration {
    /// Of the app.
    #[schema(value_type = String, min_length = 1, example = "StandinDemoLicenseKey0123456789")]
    license_key: Required<String>,
    #[schema(value_type = DeviceType)]
    device_type: Required<DeviceType>,
    /// Of its operating system.
    #[schema(value_type = Option<String>, max_length = 4096)]
    device_os_version: Optional<DeviceText>,
    /// Kept; nothing is pushed.
    #[schema(value_type = Option<String>, max_length = 4096)]
    device_token: Optional<DeviceText>,
    /// Kept; nothing is pushed.
    #[schema(value_type = Option<String>, max_length = 4096)]
    voip_device_token: Optional<DeviceText>,
    /// "0 - production, 1 - sandbox/debug".
    #[serde(deserialize_with = "user_form::is_sandbox")]
    #[schema(value_type = Option<String>, pattern = "^[01]?$")]
    mode: bool,
    /// The id to register: letters, digits and `. - _ @`, an `@` plain, as `=40` or as `\40`.
    #[schema(value_type = String, min_length = 1, max_length = 191, example = "user1")]
    user_identifier: Required<Named>,
    /// The user's; the SDK repeats the identifier here, which is no number.
    #[schema(value_type = Option<String>, max_length = 15)]
    mobile_number: Optional<String>,
    /// An object, or JSON text of one. Empty: the former ones stay.
    #[serde(deserialize_with = "metadata")]
    #[schema(value_type = Option<Metadata>)]
    meta_data: Patch<Metadata>,
    /// At the most sessions that a user may have, true ends the oldest one and false refuses.
    #[serde(deserialize_with = "ends_oldest")]
    #[schema(value_type = Option<bool>, default = true, example = true)]
    force_register: bool,
}

/// Who registers, plainly or encrypted.
#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum LiveRegistration {
    /// The fields themselves, as the vendor's page shows them.
    Plain(Box<Registration>),
    /// As the vendor's SDK sends them.
    Encrypted(RegisterData),
}

/// Who registers, encrypted.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RegisterData {
    /// A JSON object of the same fields, encrypted with the licence key.
    #[schema(value_type = String, min_length = 1, max_length = 65536)]
    register_data: Optional<String>,
}

impl Body for LiveRegistration {
    const SOURCE: Source = Source::Form;

    fn limits(usual: FormLimits, service: &Service) -> FormLimits {
        limits(usual, service)
    }

    fn of(form: &mut Form, _: &HttpRequest) -> Result<Self, Error> {
        let encrypted: RegisterData = form.read_as()?;
        match encrypted.register_data.0.is_none() && form.has("licenseKey") {
            true => Ok(Self::Plain(form.read_as()?)),
            false => Ok(Self::Encrypted(encrypted)),
        }
    }
}

/// Registers a user, for apps with a live licence
///
/// registerData is encrypted with the licence key, and so is the answer. The vendor's page shows a call with plain fields; that one is
/// taken too. The answer's `data` is a text in both cases: an object would make the SDK wait for ever. Who may register is the app's
/// setting `registration`.
#[utoipa::path(
    post, path = "/register", tag = "Sign-in", operation_id = "register",
    request_body(content = LiveRegistration, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The register object, encrypted", body = Success<String>), AtLogin)
)]
pub(super) async fn live(
    addresses: Data<Addresses>,
    call: Call<Visitor, LiveRegistration, AtLogin>,
) -> Result<HttpResponse, AtLogin> {
    let tenant = call.caller.tenant;
    let license_key = people::profile_iv(&call.service, &tenant)?;
    let codec = Codec::of_license(&license_key);
    let registration = match call.form {
        LiveRegistration::Plain(registration) => *registration,
        LiveRegistration::Encrypted(data) => decrypted(&codec, data)?,
    };
    let registered = enrol(&call.service, &tenant, registration, call.client).await?;
    let text = Registered::of(&addresses, &license_key, &registered).to_text()?;
    Ok(reply::success(codec.encrypt(&text), REGISTERED))
}

const REGISTERED: &str = "User registered successfully";

/// Registers a user, for trials
///
/// Nothing is encrypted. The SDK reads `data`, a text of JSON; the vendor's page shows the object bare, so the same fields stand beside it.
/// The `token` is what calls of users want. Who may register is the app's setting `registration`; a demo lets anybody.
#[utoipa::path(
    post, path = "/sandbox/register", tag = "Sign-in", operation_id = "register_for_trial",
    request_body(content = Registration, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The register object", body = TrialAnswer), AtLogin)
)]
pub(super) async fn trial(
    addresses: Data<Addresses>,
    call: Call<Visitor, Registration, AtLogin>,
) -> Result<HttpResponse, AtLogin> {
    let tenant = call.caller.tenant;
    let registered = enrol(&call.service, &tenant, call.form, call.client).await?;
    let beside = Registered::of(&addresses, &people::profile_iv(&call.service, &tenant)?, &registered);
    let data = beside.to_text()?;
    Ok(HttpResponse::Ok().json(TrialAnswer { status: 200, data, message: REGISTERED, beside }))
}

fn decrypted(codec: &Codec, data: RegisterData) -> Result<Registration, Error> {
    const FIELD: &str = "registerData";
    let data = data.register_data.0.ok_or(Fault::Missing.at(FIELD))?;
    if data.len() as u64 > REGISTER_DATA_BYTES_MAX {
        return Err(Fault::TooManyBytes { bytes_max: REGISTER_DATA_BYTES_MAX }.at(FIELD));
    }
    let text =
        codec.decrypt(&data).map_err(|_| Fault::Malformed("encrypted with the licenseKey of this app").at(FIELD))?;
    let object = json::parse_object(text.as_bytes());
    Form::from(object.map_err(|_| Fault::Malformed("a JSON object, encrypted").at(FIELD))?).read_as()
}

async fn enrol(
    service: &Service,
    tenant: &Tenant,
    sent: Registration,
    client: Option<IpAddr>,
) -> Result<Created, Refused> {
    user_form::licensed(tenant, &sent.license_key)?;
    let texts = [sent.device_os_version, sent.device_token, sent.voip_device_token];
    let device = Some(user_form::device(&sent.device_type, texts, sent.mode));
    let Required(Named(id)) = sent.user_identifier;
    let mobile = mobile(sent.mobile_number.0.as_deref(), id.as_str())?;
    let change = ProfileChange { mobile, metadata: sent.meta_data, ..ProfileChange::default() };
    if !sent.force_register && has_most_sessions(service, tenant, &id).await? {
        return Err(Refused::MostSessions);
    }
    let enrolled = service.enrol(tenant, Enrol { id, change, device }, client).await;
    enrolled.map_err(|error| in_this_doors_words(error).into())
}

/// The SDK fills mobileNumber with the identifier, so that one is no number.
fn mobile(given: Option<&str>, id: &str) -> Result<Patch<MobileNumber>, Error> {
    let given = given.filter(|number| jid::unescaped(number) != id);
    let given = given.map(|number| text::at_most(number, MOBILE_CHARS_MAX)).transpose();
    given.and_then(|given| Patch::given(given, MobileNumber::parse)).map_err(|fault| fault.at("mobileNumber"))
}

/// The SDK sends an empty object for "none given"; pairs that are given replace all former ones.
fn metadata<'de, D: Deserializer<'de>>(field: D) -> Result<Patch<Metadata>, D::Error> {
    match Object::deserialize(field)?.0 {
        None => Ok(Patch::Keep),
        Some(Value::Object(pairs)) if pairs.is_empty() => Ok(Patch::Keep),
        Some(Value::Object(pairs)) => Metadata::parse(pairs).map(Patch::Set).map_err(form::raised),
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Null) => {
            Err(form::raised(Fault::Malformed("an object of at most 3 pairs")))
        }
    }
}

/// forceRegister says what to do at the most sessions a user may have: true, which is the SDK's own default, ends the oldest one, and
/// opening a socket does that by itself.
fn ends_oldest<'de, D: Deserializer<'de>>(field: D) -> Result<bool, D::Error> {
    form::value(field, |given| match given {
        None => Ok(true),
        Some(Value::Bool(given)) => Ok(given),
        Some(Value::String(text)) if matches!(text.as_str(), "" | "true") => Ok(true),
        Some(Value::String(text)) if text == "false" => Ok(false),
        Some(_) => Err(Fault::NotOneOf("true, false")),
    })
}

/// Only an open app lets a known user in, so in others nobody learns who is there.
async fn has_most_sessions(service: &Service, tenant: &Tenant, id: &UserId) -> Result<bool, Error> {
    match tenant.app.settings.registration {
        Openness::Open => {
            let known = service.find_user(tenant, id).await?;
            Ok(known.is_some_and(|user| service.has_most_sessions(tenant, user.key, Wire::MirrorFly)))
        }
        Openness::New | Openness::Closed => Ok(false),
    }
}

fn in_this_doors_words(error: Error) -> Error {
    const TAKEN: &str = "one that nobody has: this app's setting registration is new, so it registers new users alone";
    match error == Error::Conflict(What::User) {
        true => Fault::Malformed(TAKEN).at("userIdentifier"),
        false => user_form::in_this_forms_words(error),
    }
}
