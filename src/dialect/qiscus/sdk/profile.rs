//! The caller's own profile, picture and devices.

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{
    super::{
        fields::{self, ExtrasField, ProfileFields, Username},
        reply::{self, QiscusError, QiscusErrorReply, QiscusReply, UserResult},
        view::FullUserView,
    },
    callers::{self, QiscusClient, QiscusUser, Uploader, session_error},
};
use crate::{
    domain::{DeviceText, DeviceType, Fault, Format, Owner, Rendition, Secret},
    http::{
        addresses::Addresses,
        form::{self, Call, FileAt, Parse, Required, read_from},
    },
    service::Account,
};

read_from!(Form within form::pictures: PictureUpload);
read_from!(Form: ProfileUpdate, DeviceRegistration, DeviceRemoval);

/// What to change in the own profile. An empty field is not changed.
#[derive(Deserialize, ToSchema)]
#[schema(as = ProfileFields)]
pub(super) struct ProfileUpdate {
    name: Option<Username>,
    /// The address of a picture, such as one that `upload` returned.
    #[schema(example = "https://image.url/image.jpg")]
    avatar_url: Option<String>,
    #[schema(value_type = Option<ExtrasField>)]
    extras: ExtrasField,
}

/// A picture.
#[derive(Deserialize, ToSchema)]
pub(super) struct PictureUpload {
    /// A JPEG, PNG, WebP or GIF picture, recognised by its bytes. At most 10 MiB, unless the operator sets another
    /// bound.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: FileAt,
    /// Instead of the header `QISCUS-SDK-TOKEN`.
    token: Option<String>,
}

/// A device.
#[derive(Deserialize, ToSchema)]
pub(super) struct DeviceRegistration {
    #[schema(value_type = String, min_length = 1, max_length = 4096, example = "token-of-the-device")]
    device_token: Required<DeviceText>,
    #[schema(inline)]
    device_platform: DevicePlatform,
}

/// A device, identified by its platform.
#[derive(Deserialize, ToSchema)]
pub(super) struct DeviceRemoval {
    #[schema(inline)]
    device_platform: DevicePlatform,
}

/// The platforms that the SDKs send; `rn` is React Native.
#[derive(Clone, Copy, ToSchema)]
#[schema(rename_all = "lowercase")]
enum DevicePlatform {
    Android,
    Ios,
    Rn,
}

impl Parse for DevicePlatform {
    fn parse(raw: &str) -> Result<Self, Fault> {
        match raw {
            "" => Err(Fault::Missing),
            "android" => Ok(Self::Android),
            "ios" => Ok(Self::Ios),
            "rn" => Ok(Self::Rn),
            _ => Err(Fault::NotOneOf("ios, android, rn")),
        }
    }
}

impl<'de> Deserialize<'de> for DevicePlatform {
    fn deserialize<D: Deserializer<'de>>(field: D) -> Result<Self, D::Error> {
        Required::deserialize(field).map(|Required(platform)| platform)
    }
}

impl DevicePlatform {
    fn device_type(self) -> DeviceType {
        match self {
            Self::Android => DeviceType::Android,
            Self::Ios => DeviceType::Ios,
            // React Native does not say on which platform it runs.
            Self::Rn => DeviceType::Web,
        }
    }
}

/// An uploaded file.
#[derive(Serialize, ToSchema)]
struct UploadResult<'a> {
    file: FileView<'a>,
}

/// A file and its address.
#[derive(Serialize, ToSchema)]
struct FileView<'a> {
    #[schema(required)]
    name: Option<&'a str>,
    #[schema(example = 1)]
    pages: u32,
    /// The size of the upload, in bytes.
    size: u64,
    #[schema(format = "uri")]
    url: &'a str,
}

/// A stored device. Standin sends no push notifications, so none is configured.
#[derive(Serialize, ToSchema)]
struct DeviceResult {
    changed: bool,
    pn_android_configured: bool,
    pn_ios_configured: bool,
}

/// Always true.
#[derive(Serialize, ToSchema)]
struct SuccessResult {
    success: bool,
}

/// `getUserProfile`: returns the caller's profile.
#[utoipa::path(
    get, path = "/my_profile", tag = "Own profile", operation_id = "my_profile",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "The user with its token", body = QiscusReply<UserResult<FullUserView>>)),
)]
pub(super) async fn show(addresses: Data<Addresses>, call: Call<QiscusUser>) -> Result<HttpResponse, QiscusError> {
    let QiscusUser { tenant, account } = call.caller;
    let (comment, event) = callers::begin_after(&call.service, &tenant, account.user.key).await?;
    Ok(reply::user(FullUserView::of(&tenant.app, &addresses, &account).behind(comment, event)))
}

/// `updateProfile`: changes the caller's profile.
///
/// The SDKs always send all three fields, and leave empty those that are not to change. The SDK replaces its stored
/// user by the response, so the response has the token again.
#[utoipa::path(
    patch, path = "/my_profile", tag = "Own profile", operation_id = "change_my_profile",
    request_body = ProfileUpdate,
    security(("app_id" = [], "token" = [])),
    responses(
        (status = 200, description = "The user as it is now, with its token", body = QiscusReply<UserResult<FullUserView>>),
    ),
)]
pub(super) async fn change(
    addresses: Data<Addresses>,
    call: Call<QiscusUser, ProfileUpdate>,
) -> Result<HttpResponse, QiscusError> {
    let Call {
        service, caller: QiscusUser { tenant, account }, form: ProfileUpdate { name, avatar_url, extras }, ..
    } = call;
    let given = ProfileFields { name_field: "name", name: name.map(|name| name.0), avatar_url, extras };
    let change = given.change(Some(&account.user), &tenant, &addresses)?;
    let user = service.set_profile(&tenant, Owner::Itself(account.user.key), change).await.map_err(session_error)?;
    let account = Account { user, token: account.token };
    let (comment, event) = callers::begin_after(&service, &tenant, account.user.key).await?;
    Ok(reply::user(FullUserView::of(&tenant.app, &addresses, &account).behind(comment, event)))
}

/// `upload`: uploads a picture.
///
/// Other files are refused. To show the picture, set its address in the profile. `qiscus-sdk-javascript` sends its
/// token as the form field `token` instead of the header. The server reads 16 such forms at a time, 2 of them from one
/// address.
#[utoipa::path(
    post, path = "/upload", tag = "Own profile",
    request_body(content = PictureUpload, content_type = "multipart/form-data"),
    security(("app_id" = [], "token" = [])),
    responses(
        (status = 200, description = "The address of the picture", body = QiscusReply<UploadResult>),
        (
            status = 429, description = "Too many picture uploads", body = QiscusErrorReply,
            headers(("Retry-After" = u64, description = "Seconds to wait before the next attempt")),
        ),
    ),
)]
pub(super) async fn upload(
    addresses: Data<Addresses>,
    call: Call<Uploader, PictureUpload>,
) -> Result<HttpResponse, QiscusError> {
    const FIELD: &str = "file";
    let Call { service, caller, form: PictureUpload { file, token }, mut files, .. } = call;
    let (caller, _permit) = match caller {
        Uploader::User(user) => (*user, None),
        Uploader::Client(client, permit) => {
            let client = QiscusClient { token: Secret::new(token.unwrap_or_default()), ..client };
            (QiscusUser::with_token_of(client, &service).await?, Some(permit))
        }
    };
    let upload = files.picture(&file, FIELD, &Format::ALL).ok_or(Fault::Missing.at(FIELD))?;
    let size = upload.bytes;
    let picture = service.upload_picture(&caller.tenant, caller.user().key, upload).await.map_err(session_error)?;
    let url = addresses.picture(&picture.key, Rendition::Full, picture.kind);
    let name = url.rsplit('/').next();
    Ok(reply::results(UploadResult { file: FileView { name, pages: 1, size, url: &url } }))
}

/// `registerDeviceToken`: stores a device.
///
/// It replaces the device of the same platform. No push notification is sent to it.
#[utoipa::path(
    post, path = "/set_user_device_token", tag = "Own profile",
    request_body = DeviceRegistration,
    security(("app_id" = [], "token" = [])),
    responses(
        (status = 200, description = "The device is stored", body = QiscusReply<DeviceResult>),
    ),
)]
pub(super) async fn set_user_device_token(
    call: Call<QiscusUser, DeviceRegistration>,
) -> Result<HttpResponse, QiscusError> {
    let (caller, DeviceRegistration { device_token, device_platform }) = (call.caller, call.form);
    let device = fields::device(device_platform.device_type(), device_token.0);
    call.service.set_device(&caller.tenant, caller.user().key, device).await.map_err(session_error)?;
    Ok(reply::results(DeviceResult { changed: true, pn_android_configured: false, pn_ios_configured: false }))
}

/// `removeDeviceToken`: removes a device.
///
/// A user has one device per platform, so the token is not needed.
#[utoipa::path(
    post, path = "/remove_user_device_token", tag = "Own profile",
    request_body = DeviceRemoval,
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "The device is removed", body = QiscusReply<SuccessResult>)),
)]
pub(super) async fn remove_user_device_token(
    call: Call<QiscusUser, DeviceRemoval>,
) -> Result<HttpResponse, QiscusError> {
    let (caller, platform) = (call.caller, call.form.device_platform.device_type());
    call.service.forget_device(&caller.tenant, caller.user().key, platform).await.map_err(session_error)?;
    Ok(reply::results(SuccessResult { success: true }))
}
