//! The form by which a back end creates and updates a user. Source: the vendor's "Create User" page.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::jid::UserIdField;
use crate::{
    domain::{
        AvatarChange, Device, DeviceText, DeviceType, DisplayName, Email, Error, Fault, Format, Metadata, MobileNumber,
        Patch, ProfileChange, Resource, User, text,
    },
    http::{
        addresses::{self, Addresses},
        form::{self, FileAt, Optional, Required, UploadedFiles, read_from},
    },
    service::{Tenant, UploadedPicture},
};

read_from!(Form within form::pictures: UserForm);

/// "Nickname of the user. Max of 30 chars allowed."
const NICKNAME_CHARS_MAX: usize = 30;

/// "Mobile number of the user. Max of 15 chars allowed."
pub(super) const MOBILE_CHARS_MAX: usize = 15;

/// "Accepted files are png, jpeg and jpg."
pub(super) const PICTURES_ACCEPTED: &[Format] = &[Format::Png, Format::Jpeg];

/// A user's fields. An empty field is treated as not given.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserForm {
    #[schema(value_type = DeviceType)]
    device_type: Required<DeviceType>,
    /// The version of the device's operating system.
    #[schema(value_type = Option<String>, max_length = 4096, example = "14")]
    device_os_version: Optional<DeviceText>,
    /// Stored. No push notification is sent.
    #[schema(value_type = Option<String>, max_length = 4096)]
    device_token: Optional<DeviceText>,
    /// Stored. No push notification is sent.
    #[schema(value_type = Option<String>, max_length = 4096)]
    voip_device_token: Optional<DeviceText>,
    /// "0 - production, 1 - sandbox/debug".
    #[serde(deserialize_with = "is_sandbox")]
    #[schema(value_type = Option<String>, pattern = "^[01]?$", example = "0")]
    mode: bool,
    /// The app's licence key.
    #[schema(value_type = String, min_length = 1, example = "StandinDemoLicenseKey0123456789")]
    pub(super) license_key: Required<String>,
    /// Required to create a user. Its id: letters, digits and `. - _ @`; the `@` plain, as `=40` or as `\40`.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 191, example = "ada")]
    pub(super) user_identifier: Optional<UserIdField>,
    /// For an update: the id in the path again.
    #[schema(value_type = Option<String>)]
    pub(super) user_id: Optional<UserIdField>,
    #[schema(value_type = Option<String>, max_length = 30, example = "Ada")]
    nickname: Optional<String>,
    #[schema(value_type = Option<String>, max_length = 15, example = "628123456")]
    mobile_number: Optional<String>,
    #[schema(value_type = Option<String>, max_length = 320, example = "ada@example.com")]
    email: Optional<Email>,
    /// An http or https address, which is shown and never fetched; or a picture of this server, by its media address or
    /// token.
    #[schema(max_length = 2048, example = "https://image.url/a.png")]
    profile_url: Option<String>,
    /// A key needs a value. The given pairs replace all stored ones.
    #[schema(value_type = Option<String>, max_length = 255, example = "team")]
    metadata_key1: Optional<String>,
    #[schema(value_type = Option<String>, max_length = 8192, example = "red")]
    metadata_value1: Optional<String>,
    #[schema(value_type = Option<String>, max_length = 255)]
    metadata_key2: Optional<String>,
    #[schema(value_type = Option<String>, max_length = 8192)]
    metadata_value2: Optional<String>,
    #[schema(value_type = Option<String>, max_length = 255)]
    metadata_key3: Optional<String>,
    #[schema(value_type = Option<String>, max_length = 8192)]
    metadata_value3: Optional<String>,
    /// Only in `multipart/form-data`. A PNG or JPEG, recognised by its bytes, of at most 10 MiB, unless the server's
    /// settings set another bound.
    #[schema(value_type = Option<String>, format = Binary)]
    profile_file: FileAt,
}

pub(super) struct UserFormData {
    pub(super) change: ProfileChange,
    pub(super) picture: Option<UploadedPicture>,
    pub(super) device: Device,
}

impl UserFormData {
    /// Metadata do not count: they are the app's data about a user.
    pub(super) fn sets_profile(&self) -> bool {
        self.picture.is_some() || ProfileChange { metadata: Patch::Keep, ..self.change.clone() }.is_given()
    }
}

impl UserForm {
    /// `known` is the stored user.
    /// # Errors
    /// `Invalid` at the field.
    pub(super) fn into_data(
        self,
        mut files: UploadedFiles,
        known: Option<&User>,
        tenant: &Tenant,
        addresses: &Addresses,
    ) -> Result<UserFormData, Error> {
        let change = profile_change(&self, known, tenant, addresses)?;
        let picture = files.picture(&self.profile_file, "profileFile", PICTURES_ACCEPTED);
        let texts = [self.device_os_version, self.device_token, self.voip_device_token];
        Ok(UserFormData { change, picture, device: device(&self.device_type, texts, self.mode) })
    }
}

pub(super) fn check_license_key(tenant: &Tenant, given: &Required<String>) -> Result<(), Error> {
    match tenant.has_license_key(&given.0) {
        true => Ok(()),
        false => Err(Fault::Malformed("the licence key of this app").at("licenseKey")),
    }
}

/// Gives an error of the service the field name of this form.
pub(super) fn at_form_field(error: Error) -> Error {
    if error == Error::NotFound(Resource::Picture) {
        return Fault::Malformed("an http or https address, or the token of a picture of this user").at("profileUrl");
    }
    match matches!(error, Error::Invalid { fault: Fault::Reserved, .. }) {
        true => Fault::Reserved.at("userIdentifier"),
        false => error,
    }
}

/// `texts` are deviceOsVersion, deviceToken and voipDeviceToken.
pub(super) fn device(device_type: &Required<DeviceType>, texts: [Optional<DeviceText>; 3], sandbox: bool) -> Device {
    let [os_version, token, voip_token] = texts.map(|text| text.0);
    Device { device_type: device_type.0, os_version, token, voip_token, sandbox }
}

pub(super) fn is_sandbox<'de, D: Deserializer<'de>>(mode: D) -> Result<bool, D::Error> {
    form::value(mode, |mode| match mode {
        None => Ok(false),
        Some(mode) if mode == "" || mode == "0" || mode == 0 => Ok(false),
        Some(mode) if mode == "1" || mode == 1 => Ok(true),
        Some(_) => Err(Fault::NotOneOf("0, 1")),
    })
}

/// A value equal to the stored one is accepted even if it is too long for this API.
fn profile_change(
    form: &UserForm,
    known: Option<&User>,
    tenant: &Tenant,
    addresses: &Addresses,
) -> Result<ProfileChange, Error> {
    fn given<'a>(sent: &'a Optional<String>, chars_max: usize, stored: Option<&str>) -> Result<Option<&'a str>, Fault> {
        let changed = sent.0.as_deref().filter(|sent| Some(*sent) != stored);
        changed.map(|sent| text::at_most(sent, chars_max)).transpose()
    }
    let stored = known.map(|user| &user.profile);
    let nickname = stored.and_then(|profile| profile.display_name.as_ref()).map(DisplayName::as_str);
    let mobile = stored.and_then(|profile| profile.mobile.as_ref()).map(MobileNumber::as_str);
    let at = |field: &'static str| move |fault: Fault| fault.at(field);
    Ok(ProfileChange {
        display_name: given(&form.nickname, NICKNAME_CHARS_MAX, nickname)
            .and_then(|given| Patch::given(given, DisplayName::parse))
            .map_err(at("nickname"))?,
        mobile: given(&form.mobile_number, MOBILE_CHARS_MAX, mobile)
            .and_then(|given| Patch::given(given, MobileNumber::parse))
            .map_err(at("mobileNumber"))?,
        email: form.email.0.clone().map_or(Patch::Keep, Patch::Set),
        avatar: avatar_change(form.profile_url.as_deref(), known, tenant, addresses).map_err(at("profileUrl"))?,
        metadata: metadata(form)?,
        ..ProfileChange::default()
    })
}

pub(super) fn avatar_change(
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

/// Replaces all stored pairs. A key without a value is an error, and a value without a key.
fn metadata(form: &UserForm) -> Result<Patch<Metadata>, Error> {
    let given: [(_, &Optional<String>, _, &Optional<String>); Metadata::PAIRS_MAX] = [
        ("metadataKey1", &form.metadata_key1, "metadataValue1", &form.metadata_value1),
        ("metadataKey2", &form.metadata_key2, "metadataValue2", &form.metadata_value2),
        ("metadataKey3", &form.metadata_key3, "metadataValue3", &form.metadata_value3),
    ];
    let mut pairs = Map::new();
    for (key_field, key, value_field, value) in given {
        match (&key.0, &value.0) {
            (None, None) => {}
            (None, Some(_)) => return Err(Fault::Missing.at(key_field)),
            (Some(_), None) => return Err(Fault::Missing.at(value_field)),
            (Some(key), Some(value)) => {
                if pairs.insert(key.clone(), Value::from(value.as_str())).is_some() {
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
