//! The form by which a back end describes a user: the fields of createUser. Source: the vendor's "Create User" page.

use actix_web::{HttpRequest, web::Payload};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{door, jid, reply::Refused};
use crate::{
    domain::{
        avatar::AvatarChange,
        device::{Device, DeviceText, DeviceType},
        error::{Error, Fault, What},
        free_data::Metadata,
        id::UserId,
        profile::{Patch, ProfileChange, User},
        text::{self, DisplayName, Email, MobileNumber},
        upload::Format,
    },
    http::{
        addresses::{self, Addresses},
        form::{Form, FormLimits},
        spool::Spool,
    },
    service::{Service, apps::Tenant, pictures::Upload},
};

/// "Nickname of the user. Max of 30 chars allowed."
const NICKNAME_CHARS_MAX: usize = 30;

/// "Mobile number of the user. Max of 15 chars allowed."
pub(super) const MOBILE_CHARS_MAX: usize = 15;

/// "Accepted files are png, jpeg and jpg."
pub(super) const PICTURES_ACCEPTED: &[Format] = &[Format::Png, Format::Jpeg];

pub(super) use described::{CreateUserFields, CreateUserForm, UpdateUserFields, UpdateUserForm};

/// What is read below, as the document has it.
mod described {
    #![expect(dead_code, reason = "the document's: a form is read field by field")]

    use super::{DeviceType, ToSchema};

    /// Of a user to be created.
    #[derive(ToSchema)]
    #[schema(rename_all = "camelCase", as = CreateUser)]
    pub(in super::super) struct CreateUserFields {
        /// Letters, digits and `. - _ @`, an `@` plain, as `=40` or as `\40`.
        #[schema(min_length = 1, max_length = 191, example = "ada")]
        user_identifier: String,
        #[serde(flatten)]
        fields: UserFields,
    }

    /// Of a user to be created, with a picture.
    #[derive(ToSchema)]
    #[schema(as = CreateUserWithFile)]
    pub(in super::super) struct CreateUserForm {
        #[serde(flatten)]
        fields: CreateUserFields,
        #[serde(flatten)]
        file: PictureField,
    }

    /// Of a user to be updated.
    #[derive(ToSchema)]
    #[schema(rename_all = "camelCase", as = UpdateUser)]
    pub(in super::super) struct UpdateUserFields {
        /// The id in the path again.
        user_id: Option<String>,
        #[serde(flatten)]
        fields: UserFields,
    }

    /// Of a user to be updated, with a picture.
    #[derive(ToSchema)]
    #[schema(as = UpdateUserWithFile)]
    pub(in super::super) struct UpdateUserForm {
        #[serde(flatten)]
        fields: UpdateUserFields,
        #[serde(flatten)]
        file: PictureField,
    }

    /// Of any user. Empty is as not given.
    #[derive(ToSchema)]
    #[schema(rename_all = "camelCase", as = UserFields)]
    struct UserFields {
        device_type: DeviceType,
        /// Of the app.
        #[schema(min_length = 1, example = "StandinDemoLicenseKey0123456789")]
        license_key: String,
        /// Of its operating system.
        #[schema(max_length = 4096, example = "14")]
        device_os_version: Option<String>,
        /// Kept; nothing is pushed.
        #[schema(max_length = 4096)]
        device_token: Option<String>,
        /// Kept; nothing is pushed.
        #[schema(max_length = 4096)]
        voip_device_token: Option<String>,
        /// "0 - production, 1 - sandbox/debug".
        #[schema(pattern = "^[01]?$", example = "0")]
        mode: Option<String>,
        #[schema(max_length = 30, example = "Ada")]
        nickname: Option<String>,
        #[schema(max_length = 15, example = "628123456")]
        mobile_number: Option<String>,
        #[schema(max_length = 320, example = "ada@example.com")]
        email: Option<String>,
        /// An http or https address, which is shown and never fetched; or a picture of this server, by its media address or token.
        #[schema(max_length = 2048, example = "https://image.url/a.png")]
        profile_url: Option<String>,
        /// A key and its value come together; pairs that are given replace all former ones.
        #[schema(max_length = 255, example = "team")]
        metadata_key1: Option<String>,
        #[schema(max_length = 8192, example = "red")]
        metadata_value1: Option<String>,
        #[schema(max_length = 255)]
        metadata_key2: Option<String>,
        #[schema(max_length = 8192)]
        metadata_value2: Option<String>,
        #[schema(max_length = 255)]
        metadata_key3: Option<String>,
        #[schema(max_length = 8192)]
        metadata_value3: Option<String>,
    }

    /// A picture.
    #[derive(ToSchema)]
    #[schema(rename_all = "camelCase", as = PictureField)]
    struct PictureField {
        /// A PNG or JPEG of at most 10 MiB, unless the server's settings say otherwise. Its bytes tell its kind, not its name.
        #[schema(value_type = Option<String>, format = Binary)]
        profile_file: (),
    }
}

/// A back end's form, with what every one of them must carry: a platform and the app's licence key.
pub(super) struct UserForm {
    form: Form,
    device: Device,
}

/// What a form gives of a user.
pub(super) struct Given {
    /// The texts, and an avatar by its address.
    pub(super) change: ProfileChange,
    /// The file; it beats an address.
    pub(super) picture: Option<Upload>,
    /// The device.
    pub(super) device: Device,
}

impl Given {
    /// Whether any field of the profile is given. Metadata are an app's own data about a user, not what the user fills in.
    pub(super) fn sets_profile(&self) -> bool {
        self.picture.is_some() || ProfileChange { metadata: Patch::Keep, ..self.change.clone() }.is_given()
    }
}

impl UserForm {
    /// Reads a form, and judges deviceType, the other device fields and licenseKey.
    /// # Errors
    /// Those of the body; `Invalid` at the field.
    pub(super) async fn read(
        service: &Service,
        tenant: &Tenant,
        spool: &Spool,
        request: &HttpRequest,
        payload: Payload,
    ) -> Result<Self, Refused> {
        let limits = FormLimits { file_bytes_max: service.picture_file_bytes_max(), ..FormLimits::default() };
        let form = door::read(service, tenant, request, payload, &limits, spool).await?;
        let device = device(&form)?;
        match tenant.has_license_key(door::required(&form, "licenseKey")?) {
            true => Ok(Self { form, device }),
            false => Err(Fault::Malformed("the licence key of this app").at("licenseKey").into()),
        }
    }

    /// The user id in `field`, if one is given.
    /// # Errors
    /// `Invalid` at `field`.
    pub(super) fn id(&self, field: &'static str) -> Result<Option<UserId>, Error> {
        match self.form.text(field)? {
            None | Some("") => Ok(None),
            Some(raw) => jid::named(raw, field).map(Some),
        }
    }

    /// What is given of a user, of whom `known` is stored.
    /// # Errors
    /// `Invalid` at the field.
    pub(super) fn given(
        mut self,
        known: Option<&User>,
        tenant: &Tenant,
        addresses: &Addresses,
    ) -> Result<Given, Error> {
        let change = profile_change(&self.form, known, tenant, addresses)?;
        let picture = self.form.picture("profileFile", PICTURES_ACCEPTED)?;
        Ok(Given { change, picture, device: self.device })
    }
}

/// A verb's refusal by the names of these fields.
pub(super) fn in_this_forms_words(error: Error) -> Error {
    if error == Error::NotFound(What::Picture) {
        return Fault::Malformed("an http or https address, or the token of a picture of this user").at("profileUrl");
    }
    match matches!(error, Error::Invalid { fault: Fault::Reserved, .. }) {
        true => Fault::Reserved.at("userIdentifier"),
        false => error,
    }
}

/// deviceType, deviceOsVersion, deviceToken, voipDeviceToken, mode ("0 - production, 1 - sandbox/debug").
pub(super) fn device(form: &Form) -> Result<Device, Error> {
    let optional = |field: &'static str| match form.text(field)? {
        None | Some("") => Ok(None),
        Some(given) => DeviceText::parse(given).map(Some).map_err(|fault| fault.at(field)),
    };
    Ok(Device {
        device_type: DeviceType::parse(door::required(form, "deviceType")?).map_err(|fault| fault.at("deviceType"))?,
        os_version: optional("deviceOsVersion")?,
        token: optional("deviceToken")?,
        voip_token: optional("voipDeviceToken")?,
        sandbox: match form.value("mode")?.as_deref() {
            None => false,
            Some(mode) if mode == "" || mode == "0" || *mode == 0 => false,
            Some(mode) if mode == "1" || *mode == 1 => true,
            Some(_) => return Err(Fault::NotOneOf("0, 1").at("mode")),
        },
    })
}

/// What the call gives of a profile. An empty text means "not given", and a value that comes back as it is stored is not
/// held against this wire's narrower bounds.
fn profile_change(
    form: &Form,
    known: Option<&User>,
    tenant: &Tenant,
    addresses: &Addresses,
) -> Result<ProfileChange, Error> {
    let given = |field: &'static str, chars_max: usize, stored: Option<&str>| match form.text(field)? {
        None | Some("") => Ok(None),
        same if same == stored => Ok(None),
        Some(raw) => text::at_most(raw, chars_max).map(Some).map_err(|fault| fault.at(field)),
    };
    let stored = known.map(|user| &user.profile);
    let nickname = stored.and_then(|profile| profile.display_name.as_ref()).map(DisplayName::as_str);
    let mobile = stored.and_then(|profile| profile.mobile.as_ref()).map(MobileNumber::as_str);
    let at = |field: &'static str| move |fault: Fault| fault.at(field);
    Ok(ProfileChange {
        display_name: Patch::given(given("nickname", NICKNAME_CHARS_MAX, nickname)?, DisplayName::parse)
            .map_err(at("nickname"))?,
        mobile: Patch::given(given("mobileNumber", MOBILE_CHARS_MAX, mobile)?, MobileNumber::parse)
            .map_err(at("mobileNumber"))?,
        email: Patch::given(form.text("email")?, Email::parse).map_err(at("email"))?,
        avatar: avatar(form.text("profileUrl")?, known, tenant, addresses).map_err(at("profileUrl"))?,
        metadata: metadata(form)?,
        ..ProfileChange::default()
    })
}

/// profileUrl: an address, or a picture of ours by its media address or by the bare token the SDK answers carry.
pub(super) fn avatar(
    given: Option<&str>,
    known: Option<&User>,
    tenant: &Tenant,
    addresses: &Addresses,
) -> Result<Option<AvatarChange>, Fault> {
    match given.and_then(addresses::bare_token) {
        Some(key) => Ok(Some(AvatarChange::Owned(key, None))),
        None => addresses.avatar_change(given, known, tenant.app.settings.public_pictures),
    }
}

/// metadataKey1 to metadataValue3. Half a pair is an error; pairs that are given replace all former ones.
fn metadata(form: &Form) -> Result<Patch<Metadata>, Error> {
    const PAIRS: [(&str, &str); Metadata::PAIRS_MAX] =
        [("metadataKey1", "metadataValue1"), ("metadataKey2", "metadataValue2"), ("metadataKey3", "metadataValue3")];
    let mut pairs = Map::new();
    for (key_field, value_field) in PAIRS {
        let given = |field: &'static str| form.text(field).map(|text| text.filter(|text| !text.is_empty()));
        match (given(key_field)?, given(value_field)?) {
            (None, None) => {}
            (None, Some(_)) => return Err(Fault::Missing.at(key_field)),
            (Some(_), None) => return Err(Fault::Missing.at(value_field)),
            (Some(key), Some(value)) => {
                if pairs.insert(key.to_owned(), Value::from(value)).is_some() {
                    return Err(Fault::Malformed("another key than the pairs before it").at(key_field));
                }
            }
        }
    }
    match pairs.is_empty() {
        true => Ok(Patch::Keep),
        false => Metadata::parse(pairs).map(Patch::Set).map_err(|fault| fault.at("metadata")),
    }
}
