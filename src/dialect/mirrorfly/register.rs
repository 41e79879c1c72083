//! Registration by an app's licence key. Sources: the vendor's "Register" page, and what its SDK sends and reads.

use std::net::IpAddr;

use actix_web::{HttpRequest, HttpResponse, web::Data};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    callers::{MirrorFlyClient, MirrorFlyToken},
    codec::Codec,
    config::ClientConfig,
    jid::{self, UserIdField},
    people,
    reply::{self, LoginError, MirrorFlyError, MirrorFlyReply},
    user_form::{self, MOBILE_CHARS_MAX},
};
use crate::{
    domain::{
        Avatar, DeviceText, DeviceType, Error, Fault, Metadata, MobileNumber, Patch, ProfileChange, Registration,
        Resource, User, UserId, Vendor, text,
    },
    http::{
        addresses::Addresses,
        form::{self, Body, Call, Form, FormLimits, Object, Optional, Required, Source, read_from},
        json,
    },
    service::{RegisterUser, RegisteredUser, Service, Tenant},
};

read_from!(Form within limits: RegistrationForm);

/// The longest encrypted registerData: a few short fields and metadata.
const REGISTER_DATA_BYTES_MAX: u64 = 64 * 1024;

fn limits(_: FormLimits, _: &Service) -> FormLimits {
    let limits = FormLimits::before_sign_in_with(&["registerData"]);
    FormLimits { wide_bytes_max: REGISTER_DATA_BYTES_MAX, ..limits }
}

/// The registration object. Keys are in the order in which the SDK reads them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RegistrationData {
    /// The user's id. An `@` is written as `=40`, because the vendor's SDK builds JIDs from it.
    #[schema(example = "user1")]
    username: String,
    /// Issued by this server; it stays the same until it is reset. `/login` and the socket accept it.
    password: String,
    /// The user's token.
    token: String,
    is_existing: bool,
    /// Whether any field of the user's profile is set.
    is_profile_updated: bool,
    config: ClientConfig,
}

/// The response for trials. The SDK reads `data`; the vendor's page shows the plain fields.
#[derive(Serialize, ToSchema)]
struct TrialReply {
    #[schema(minimum = 200, maximum = 200, example = 200)]
    status: u16,
    /// The registration object, encrypted with the licence key.
    data: String,
    message: &'static str,
    #[serde(flatten)]
    beside: RegistrationData,
}

impl RegistrationData {
    fn of(addresses: &Addresses, license_key: &str, service: &Service, registered: &RegisteredUser) -> Self {
        let username = jid::escaped(&registered.user.id);
        Self {
            token: MirrorFlyToken::write(service, &registered.ticket, &username),
            username,
            password: registered.issued_password.expose().to_owned(),
            is_existing: !registered.created,
            is_profile_updated: has_profile(&registered.user),
            config: ClientConfig::at(addresses, license_key),
        }
    }

    fn to_text(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(Error::internal)
    }
}

/// Metadata do not count: they are the app's.
fn has_profile(user: &User) -> bool {
    let profile = &user.profile;
    profile.display_name.is_some()
        || profile.status.is_some()
        || profile.mobile.is_some()
        || profile.email.is_some()
        || profile.avatar != Avatar::Tile
}

/// A user to register.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({ "userIdentifier": "user1", "deviceType": "web", "licenseKey": "StandinDemoLicenseKey0123456789" }))]
pub(super) struct RegistrationForm {
    /// The app's licence key.
    #[schema(value_type = String, min_length = 1, example = "StandinDemoLicenseKey0123456789")]
    license_key: Required<String>,
    #[schema(value_type = DeviceType)]
    device_type: Required<DeviceType>,
    /// The version of the device's operating system.
    #[schema(value_type = Option<String>, max_length = 4096)]
    device_os_version: Optional<DeviceText>,
    /// Stored. No push notification is sent.
    #[schema(value_type = Option<String>, max_length = 4096)]
    device_token: Optional<DeviceText>,
    /// Stored. No push notification is sent.
    #[schema(value_type = Option<String>, max_length = 4096)]
    voip_device_token: Optional<DeviceText>,
    /// "0 - production, 1 - sandbox/debug".
    #[serde(deserialize_with = "user_form::is_sandbox")]
    #[schema(value_type = Option<String>, pattern = "^[01]?$")]
    mode: bool,
    /// The id to register: letters, digits and `. - _ @`; the `@` plain, as `=40` or as `\40`.
    #[schema(value_type = String, min_length = 1, max_length = 191, example = "user1")]
    user_identifier: Required<UserIdField>,
    /// The user's mobile number. The SDK repeats the identifier here, which is then ignored.
    #[schema(value_type = Option<String>, max_length = 15)]
    mobile_number: Optional<String>,
    /// An object, or JSON text of one. Empty: the stored metadata stay.
    #[serde(deserialize_with = "metadata")]
    #[schema(value_type = Option<Metadata>)]
    meta_data: Patch<Metadata>,
    /// If the user has the maximum number of sessions: true ends the oldest one, false rejects the request.
    #[serde(deserialize_with = "ends_oldest")]
    #[schema(value_type = Option<bool>, default = true, example = true)]
    force_register: bool,
}

/// A user to register, plain or encrypted.
#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum LiveRegistration {
    /// Plain fields, as on the vendor's page.
    Plain(Box<RegistrationForm>),
    /// Encrypted fields, as the vendor's SDK sends them.
    Encrypted(EncryptedForm),
}

/// A user to register, encrypted.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct EncryptedForm {
    /// A JSON object of the plain fields, encrypted with the licence key.
    #[schema(value_type = String, min_length = 1, max_length = 65536)]
    register_data: Optional<String>,
}

impl Body for LiveRegistration {
    const SOURCE: Source = Source::Form;

    fn limits(usual: FormLimits, service: &Service) -> FormLimits {
        limits(usual, service)
    }

    fn of(form: &mut Form, _: &HttpRequest) -> Result<Self, Error> {
        let encrypted: EncryptedForm = form.read_as()?;
        match encrypted.register_data.0.is_none() && form.has("licenseKey") {
            true => Ok(Self::Plain(form.read_as()?)),
            false => Ok(Self::Encrypted(encrypted)),
        }
    }
}

/// Registers a user, for apps with a live licence
///
/// registerData is encrypted with the licence key, and so is the response. The vendor's page shows a request with plain
/// fields, which works too. `data` in the response is always text: an object would make the SDK wait for ever. The
/// app's setting `registration` says which users may register.
#[utoipa::path(
    post, path = "/register", tag = "Sign-in", operation_id = "register",
    request_body(content = LiveRegistration, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The registration object, encrypted", body = MirrorFlyReply<String>), LoginError)
)]
pub(super) async fn live(
    addresses: Data<Addresses>,
    call: Call<MirrorFlyClient, LiveRegistration, LoginError>,
) -> Result<HttpResponse, LoginError> {
    let tenant = call.caller.tenant;
    let license_key = people::profile_iv(&call.service, &tenant)?;
    let codec = Codec::of_license(&license_key);
    let registration = match call.form {
        LiveRegistration::Plain(registration) => *registration,
        LiveRegistration::Encrypted(data) => decrypted(&codec, data)?,
    };
    let registered = enrol(&call.service, &tenant, registration, call.client).await?;
    let text = RegistrationData::of(&addresses, &license_key, &call.service, &registered).to_text()?;
    Ok(reply::success(codec.encrypt(&text), REGISTERED))
}

const REGISTERED: &str = "User registered successfully";

/// Registers a user, for trials
///
/// The request is plain. The SDK reads `data`, which it decrypts on trial too. The vendor's page shows the object
/// itself, so its fields are next to `data`, plain. Send `token` with a user's calls. The app's setting `registration`
/// says which users may register; a demo lets all.
#[utoipa::path(
    post, path = "/sandbox/register", tag = "Sign-in", operation_id = "register_for_trial",
    request_body(content = RegistrationForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The registration object", body = TrialReply), LoginError)
)]
pub(super) async fn trial(
    addresses: Data<Addresses>,
    call: Call<MirrorFlyClient, RegistrationForm, LoginError>,
) -> Result<HttpResponse, LoginError> {
    let tenant = call.caller.tenant;
    let registered = enrol(&call.service, &tenant, call.form, call.client).await?;
    let license_key = people::profile_iv(&call.service, &tenant)?;
    let beside = RegistrationData::of(&addresses, &license_key, &call.service, &registered);
    // The SDK takes JSON text of some lengths for a ciphertext, and then its promise never settles.
    let data = Codec::of_license(&license_key).encrypt(&beside.to_text()?);
    Ok(HttpResponse::Ok().json(TrialReply { status: 200, data, message: REGISTERED, beside }))
}

fn decrypted(codec: &Codec, data: EncryptedForm) -> Result<RegistrationForm, Error> {
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
    sent: RegistrationForm,
    client: Option<IpAddr>,
) -> Result<RegisteredUser, MirrorFlyError> {
    user_form::check_license_key(tenant, &sent.license_key)?;
    let texts = [sent.device_os_version, sent.device_token, sent.voip_device_token];
    let device = Some(user_form::device(&sent.device_type, texts, sent.mode));
    let Required(UserIdField(id)) = sent.user_identifier;
    let mobile = mobile(sent.mobile_number.0.as_deref(), id.as_str())?;
    let change = ProfileChange { mobile, metadata: sent.meta_data, ..ProfileChange::default() };
    if !sent.force_register && has_most_sessions(service, tenant, &id).await? {
        return Err(MirrorFlyError::MostSessions);
    }
    let enrolled = service.register_as_client(tenant, RegisterUser { id, change, device }, client).await;
    enrolled.map_err(|error| at_form_field_or_taken(error).into())
}

/// Ignores a mobile number that equals the identifier, which the SDK sends.
fn mobile(given: Option<&str>, id: &str) -> Result<Patch<MobileNumber>, Error> {
    let given = given.filter(|number| jid::unescaped(number) != id);
    let given = given.map(|number| text::at_most(number, MOBILE_CHARS_MAX)).transpose();
    given.and_then(|given| Patch::given(given, MobileNumber::parse)).map_err(|fault| fault.at("mobileNumber"))
}

/// Replaces all stored pairs. The SDK sends an empty object for "not given".
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

/// If the user has the maximum number of sessions, true, the SDK's default, ends the oldest when the socket opens.
fn ends_oldest<'de, D: Deserializer<'de>>(field: D) -> Result<bool, D::Error> {
    form::value(field, |given| match given {
        None => Ok(true),
        Some(Value::Bool(given)) => Ok(given),
        Some(Value::String(text)) if matches!(text.as_str(), "" | "true") => Ok(true),
        Some(Value::String(text)) if text == "false" => Ok(false),
        Some(_) => Err(Fault::NotOneOf("true, false")),
    })
}

/// Checks this for apps with open registration only. In others the error would reveal that a user exists.
async fn has_most_sessions(service: &Service, tenant: &Tenant, id: &UserId) -> Result<bool, Error> {
    match tenant.app.settings.registration {
        Registration::Open => {
            let known = service.find_user(tenant, id).await?;
            Ok(known.is_some_and(|user| service.has_most_sessions(tenant, user.key, Vendor::MirrorFly)))
        }
        Registration::New | Registration::Closed => Ok(false),
    }
}

fn at_form_field_or_taken(error: Error) -> Error {
    const TAKEN: &str =
        "an id that no user has: this app's setting registration is new, so only new users can register";
    match error == Error::Conflict(Resource::User) {
        true => Fault::Malformed(TAKEN).at("userIdentifier"),
        false => user_form::at_form_field(error),
    }
}
