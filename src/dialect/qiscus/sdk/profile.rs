//! One's own profile, picture and device.

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{
    super::{
        fields::{self, ExtrasGiven, ProfileGiven, Username},
        reply::{self, Answer, One, Refusal, Refused},
        view::FullView,
    },
    door::{Member, Uploader, Visitor, session},
};
use crate::{
    domain::{
        avatar::Rendition,
        device::{DeviceText, DeviceType},
        error::Fault,
        owner::Owner,
        secret::Secret,
        upload::Format,
    },
    http::{
        addresses::Addresses,
        form::{self, Call, FileAt, Parse, Required, read_from},
    },
    service::accounts::Account,
};

read_from!(Form within form::pictures: PictureGiven);
read_from!(Form: OwnProfile, DeviceGiven, DeviceNamed);

/// What is to change of the own profile; what is empty is not.
#[derive(Deserialize, ToSchema)]
#[schema(as = ProfileGiven)]
pub(super) struct OwnProfile {
    name: Option<Username>,
    /// The address of a picture, such as `upload` answers.
    #[schema(example = "https://image.url/image.jpg")]
    avatar_url: Option<String>,
    #[schema(value_type = Option<ExtrasGiven>)]
    extras: ExtrasGiven,
}

/// A picture.
#[derive(Deserialize, ToSchema)]
pub(super) struct PictureGiven {
    /// A JPEG, PNG, WebP or GIF picture: the bytes decide. At most 10 MiB unless the operator says otherwise.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: FileAt,
    /// Instead of the header `QISCUS-SDK-TOKEN`.
    token: Option<String>,
}

/// A device.
#[derive(Deserialize, ToSchema)]
pub(super) struct DeviceGiven {
    #[schema(value_type = String, min_length = 1, max_length = 4096, example = "token-of-the-device")]
    device_token: Required<DeviceText>,
    #[schema(inline)]
    device_platform: PlatformGiven,
}

/// A device, by its platform alone.
#[derive(Deserialize, ToSchema)]
pub(super) struct DeviceNamed {
    #[schema(inline)]
    device_platform: PlatformGiven,
}

/// The platforms that the SDKs name; `rn` is React Native.
#[derive(Clone, Copy, ToSchema)]
#[schema(rename_all = "lowercase")]
enum PlatformGiven {
    Android,
    Ios,
    Rn,
}

impl Parse for PlatformGiven {
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

impl<'de> Deserialize<'de> for PlatformGiven {
    fn deserialize<D: Deserializer<'de>>(field: D) -> Result<Self, D::Error> {
        Required::deserialize(field).map(|Required(platform)| platform)
    }
}

impl PlatformGiven {
    fn device_type(self) -> DeviceType {
        match self {
            Self::Android => DeviceType::Android,
            Self::Ios => DeviceType::Ios,
            // It tells not on which telephone.
            Self::Rn => DeviceType::Web,
        }
    }
}

/// An uploaded file.
#[derive(Serialize, ToSchema)]
struct Uploaded<'a> {
    file: FileView<'a>,
}

/// A file, and where it is.
#[derive(Serialize, ToSchema)]
struct FileView<'a> {
    #[schema(required)]
    name: Option<&'a str>,
    #[schema(example = 1)]
    pages: u32,
    /// Bytes of what was sent.
    size: u64,
    #[schema(format = "uri")]
    url: &'a str,
}

/// A device that is kept. Standin sends no pushes, so none is configured.
#[derive(Serialize, ToSchema)]
struct DeviceKept {
    changed: bool,
    pn_android_configured: bool,
    pn_ios_configured: bool,
}

/// It is so.
#[derive(Serialize, ToSchema)]
struct Success {
    success: bool,
}

/// `getUserProfile`: the own profile.
#[utoipa::path(
    get,
    path = "/my_profile",
    tag = "Own profile",
    operation_id = "my_profile",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "The user with its token", body = Answer<One<FullView>>)),
)]
pub(super) async fn show(addresses: Data<Addresses>, call: Call<Member>) -> Result<HttpResponse, Refusal> {
    let Member { tenant, account } = call.caller;
    let seq = call.service.last_event_seq().await?;
    Ok(reply::user(FullView::of(&tenant.app, &addresses, &account).behind(seq)))
}

/// `updateProfile`: changes the own profile.
///
/// In the SDKs' calls all three fields are always there, empty where they are not to change. The SDK puts the answer in the place of
/// what it knows of its user, so the token is in it again.
#[utoipa::path(
    patch,
    path = "/my_profile",
    tag = "Own profile",
    operation_id = "change_my_profile",
    request_body = OwnProfile,
    security(("app_id" = [], "token" = [])),
    responses(
        (status = 200, description = "The user as it is now, with its token", body = Answer<One<FullView>>),
    ),
)]
pub(super) async fn change(
    addresses: Data<Addresses>,
    call: Call<Member, OwnProfile>,
) -> Result<HttpResponse, Refusal> {
    let Call { service, caller: Member { tenant, account }, form: OwnProfile { name, avatar_url, extras }, .. } = call;
    let given = ProfileGiven { name_field: "name", name: name.map(|name| name.0), avatar_url, extras };
    let change = given.change(Some(&account.user), &tenant, &addresses)?;
    let user = service.set_profile(&tenant, Owner::Itself(account.user.key), change).await.map_err(session)?;
    let account = Account { user, token: account.token };
    let seq = service.last_event_seq().await?;
    Ok(reply::user(FullView::of(&tenant.app, &addresses, &account).behind(seq)))
}

/// `upload`: uploads a picture.
///
/// Of files, pictures are what Standin keeps. The profile shows one once it names its address. `qiscus-sdk-javascript` sends its token as the
/// field `token` of the form, and no header: that is read, too, of 16 forms at a time and 2 from one address.
#[utoipa::path(
    post,
    path = "/upload",
    tag = "Own profile",
    request_body(content = PictureGiven, content_type = "multipart/form-data"),
    security(("app_id" = [], "token" = [])),
    responses(
        (status = 200, description = "Where it is", body = Answer<Uploaded>),
        (
            status = 429, description = "Too many picture uploads of late", body = Refused,
            headers(("Retry-After" = u64, description = "Seconds until it is worth trying again")),
        ),
    ),
)]
pub(super) async fn upload(
    addresses: Data<Addresses>,
    call: Call<Uploader, PictureGiven>,
) -> Result<HttpResponse, Refusal> {
    const FIELD: &str = "file";
    let Call { service, caller, form: PictureGiven { file, token }, mut files, .. } = call;
    let (member, _place) = match caller {
        Uploader::Member(member) => (*member, None),
        Uploader::Visitor(visitor, place) => {
            let visitor = Visitor { token: Secret::new(token.unwrap_or_default()), ..visitor };
            (Member::known(visitor, &service).await?, Some(place))
        }
    };
    let upload = files.picture(&file, FIELD, &Format::ALL).ok_or(Fault::Missing.at(FIELD))?;
    let size = upload.bytes;
    let picture = service.upload_picture(&member.tenant, member.user().key, upload).await.map_err(session)?;
    let url = addresses.picture(&picture.key, Rendition::Full, picture.kind);
    let name = url.rsplit('/').next();
    Ok(reply::results(Uploaded { file: FileView { name, pages: 1, size, url: &url } }))
}

/// `registerDeviceToken`: names a device.
///
/// Kept in the place of the one of the same platform, and nothing is ever pushed to it.
#[utoipa::path(
    post,
    path = "/set_user_device_token",
    tag = "Own profile",
    request_body = DeviceGiven,
    security(("app_id" = [], "token" = [])),
    responses(
        (status = 200, description = "It is kept", body = Answer<DeviceKept>),
    ),
)]
pub(super) async fn set_user_device_token(call: Call<Member, DeviceGiven>) -> Result<HttpResponse, Refusal> {
    let (member, DeviceGiven { device_token, device_platform }) = (call.caller, call.form);
    let device = fields::device(device_platform.device_type(), device_token.0);
    call.service.set_device(&member.tenant, member.user().key, device).await.map_err(session)?;
    Ok(reply::results(DeviceKept { changed: true, pn_android_configured: false, pn_ios_configured: false }))
}

/// `removeDeviceToken`: forgets a device.
///
/// There is one of each platform, so the token itself need not be told.
#[utoipa::path(
    post,
    path = "/remove_user_device_token",
    tag = "Own profile",
    request_body = DeviceNamed,
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "It is forgotten", body = Answer<Success>)),
)]
pub(super) async fn remove_user_device_token(call: Call<Member, DeviceNamed>) -> Result<HttpResponse, Refusal> {
    let (member, platform) = (call.caller, call.form.device_platform.device_type());
    call.service.forget_device(&member.tenant, member.user().key, platform).await.map_err(session)?;
    Ok(reply::results(Success { success: true }))
}
