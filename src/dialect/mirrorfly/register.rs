//! Registration by an app's licence key. Sources: the vendor's "Register" page, and what its SDK sends and takes.

use std::net::IpAddr;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    codec::Codec,
    config::Config,
    door, jid, people,
    reply::{self, AtLogin, Refused, Success},
    user_form::{self, MOBILE_CHARS_MAX},
};
use crate::{
    domain::{
        app::Registration,
        avatar::Avatar,
        device::DeviceType,
        error::{Error, Fault, What},
        free_data::Metadata,
        id::UserId,
        listening::Wire,
        profile::{Patch, ProfileChange, User},
        text::{self, MobileNumber},
    },
    http::{
        addresses::Addresses,
        form::{Form, FormLimits},
        json, peer,
        spool::Spool,
    },
    service::{
        Service,
        accounts::{Created, Enrol},
        apps::Tenant,
    },
};

/// Of registerData, encrypted: a few short fields, and metadata.
const REGISTER_DATA_BYTES_MAX: u64 = 64 * 1024;

fn limits() -> FormLimits {
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
#[expect(dead_code, reason = "the document's: a form is read field by field")]
#[derive(ToSchema)]
#[schema(
    rename_all = "camelCase", as = Registration,
    example = json!({ "userIdentifier": "user1", "deviceType": "web", "licenseKey": "StandinDemoLicenseKey0123456789" })
)]
struct RegistrationFields {
    device_type: DeviceType,
    /// Of the app.
    #[schema(min_length = 1, example = "StandinDemoLicenseKey0123456789")]
    license_key: String,
    /// The id to register: letters, digits and `. - _ @`, an `@` plain, as `=40` or as `\40`.
    #[schema(min_length = 1, max_length = 191, example = "user1")]
    user_identifier: String,
    /// The user's; the SDK repeats the identifier here, which is no number.
    #[schema(max_length = 15)]
    mobile_number: Option<String>,
    /// At the most sessions that a user may have, true ends the oldest one and false refuses.
    #[schema(default = true, example = true)]
    force_register: Option<bool>,
    /// An object, or JSON text of one. Empty: the former ones stay.
    meta_data: Option<Metadata>,
    /// Of its operating system.
    #[schema(max_length = 4096)]
    device_os_version: Option<String>,
    /// Kept; nothing is pushed.
    #[schema(max_length = 4096)]
    device_token: Option<String>,
    /// Kept; nothing is pushed.
    #[schema(max_length = 4096)]
    voip_device_token: Option<String>,
    /// "0 - production, 1 - sandbox/debug".
    #[schema(pattern = "^[01]?$")]
    mode: Option<String>,
}

/// Who registers, plainly or encrypted.
#[expect(dead_code, reason = "the document's: a form is read field by field")]
#[derive(ToSchema)]
#[schema(as = LiveRegistration)]
#[serde(untagged)]
enum LiveFields {
    /// The fields themselves, as the vendor's page shows them.
    Plain(Box<RegistrationFields>),
    /// As the vendor's SDK sends them.
    #[schema(rename_all = "camelCase")]
    Encrypted {
        /// A JSON object of the same fields, encrypted with the licence key.
        #[schema(min_length = 1, max_length = 65536)]
        register_data: String,
    },
}

/// Registers a user, for apps with a live licence
///
/// registerData is encrypted with the licence key, and so is the answer. The vendor's page shows a call with plain fields; that one is
/// taken too. The answer's `data` is a text in both cases: an object would make the SDK wait for ever. Who may register is the app's
/// setting `registration`.
#[utoipa::path(
    post, path = "/register", tag = "Sign-in", operation_id = "register",
    request_body(content = LiveFields, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The register object, encrypted", body = Success<String>), AtLogin)
)]
pub(super) async fn live(
    service: Data<Service>,
    addresses: Data<Addresses>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, AtLogin> {
    let tenant = door::addressed(&service, &request)?;
    let form = door::read(&service, &tenant, &request, payload, &limits(), &spool).await?;
    let license_key = people::profile_iv(&service, &tenant)?;
    let codec = Codec::of_license(&license_key);
    let registered = enrol(&service, &tenant, decrypted(&codec, form)?, peer::client(&request)).await?;
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
    request_body(content = RegistrationFields, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The register object", body = TrialAnswer), AtLogin)
)]
pub(super) async fn trial(
    service: Data<Service>,
    addresses: Data<Addresses>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, AtLogin> {
    let tenant = door::addressed(&service, &request)?;
    let form = door::read(&service, &tenant, &request, payload, &limits(), &spool).await?;
    let registered = enrol(&service, &tenant, form, peer::client(&request)).await?;
    let beside = Registered::of(&addresses, &people::profile_iv(&service, &tenant)?, &registered);
    let data = beside.to_text()?;
    Ok(HttpResponse::Ok().json(TrialAnswer { status: 200, data, message: REGISTERED, beside }))
}

/// What is within registerData; the form itself where the call came with plain fields.
fn decrypted(codec: &Codec, form: Form) -> Result<Form, Error> {
    const FIELD: &str = "registerData";
    let data = match form.text(FIELD)?.filter(|data| !data.is_empty()) {
        Some(data) => data,
        None if form.text("licenseKey")?.is_some() => return Ok(form),
        None => return Err(Fault::Missing.at(FIELD)),
    };
    if data.len() as u64 > REGISTER_DATA_BYTES_MAX {
        return Err(Fault::TooManyBytes { bytes_max: REGISTER_DATA_BYTES_MAX }.at(FIELD));
    }
    let text =
        codec.decrypt(data).map_err(|_| Fault::Malformed("encrypted with the licenseKey of this app").at(FIELD))?;
    let object = json::parse_object(text.as_bytes());
    object.map(Form::from).map_err(|_| Fault::Malformed("a JSON object, encrypted").at(FIELD))
}

async fn enrol(service: &Service, tenant: &Tenant, form: Form, from: Option<IpAddr>) -> Result<Created, Refused> {
    if !tenant.has_license_key(door::required(&form, "licenseKey")?) {
        return Err(Fault::Malformed("the licence key of this app").at("licenseKey").into());
    }
    let device = Some(user_form::device(&form)?);
    let id = jid::named(door::required(&form, "userIdentifier")?, "userIdentifier")?;
    let change =
        ProfileChange { mobile: mobile(&form, id.as_str())?, metadata: metadata(&form)?, ..ProfileChange::default() };
    let ends_oldest = is_true(&form, "forceRegister")?;
    if !ends_oldest && has_most_sessions(service, tenant, &id)? {
        return Err(Refused::MostSessions);
    }
    let enrolled = service.enrol(tenant, Enrol { id, change, device }, from).await;
    enrolled.map_err(|error| in_this_doors_words(error).into())
}

/// The SDK fills mobileNumber with the identifier, so that one is no number.
fn mobile(form: &Form, id: &str) -> Result<Patch<MobileNumber>, Error> {
    let at = |fault: Fault| fault.at("mobileNumber");
    let given = form.text("mobileNumber")?.filter(|number| jid::unescaped(number) != id);
    let given = given.map(|number| text::at_most(number, MOBILE_CHARS_MAX)).transpose().map_err(at)?;
    Patch::given(given, MobileNumber::parse).map_err(at)
}

/// The SDK sends an empty object for "none given"; pairs that are given replace all former ones.
fn metadata(form: &Form) -> Result<Patch<Metadata>, Error> {
    let pairs = match form.object("metaData")? {
        None => return Ok(Patch::Keep),
        Some(Value::Object(pairs)) => pairs,
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Null) => {
            return Err(Fault::Malformed("an object of at most 3 pairs").at("metaData"));
        }
    };
    match pairs.is_empty() {
        true => Ok(Patch::Keep),
        false => Metadata::parse(pairs).map(Patch::Set).map_err(|fault| fault.at("metaData")),
    }
}

/// forceRegister says what to do at the most sessions a user may have: true, which is the SDK's own default, ends the oldest one, and
/// opening a socket does that by itself.
fn is_true(form: &Form, field: &'static str) -> Result<bool, Error> {
    match form.value(field)?.as_deref() {
        None => Ok(true),
        Some(Value::Bool(given)) => Ok(*given),
        Some(Value::String(text)) if matches!(text.as_str(), "" | "true") => Ok(true),
        Some(Value::String(text)) if text == "false" => Ok(false),
        Some(_) => Err(Fault::NotOneOf("true, false").at(field)),
    }
}

/// Only an open app lets a known user in, so in others nobody learns who is there.
fn has_most_sessions(service: &Service, tenant: &Tenant, id: &UserId) -> Result<bool, Error> {
    match tenant.app.settings.registration {
        Registration::Open => {
            let known = service.find_user(tenant, id)?;
            Ok(known.is_some_and(|user| service.has_most_sessions(tenant, user.key, Wire::MirrorFly)))
        }
        Registration::New | Registration::Closed => Ok(false),
    }
}

fn in_this_doors_words(error: Error) -> Error {
    const TAKEN: &str = "one that nobody has: this app's setting registration is new, so it registers new users alone";
    match error == Error::Conflict(What::User) {
        true => Fault::Malformed(TAKEN).at("userIdentifier"),
        false => user_form::in_this_forms_words(error),
    }
}
