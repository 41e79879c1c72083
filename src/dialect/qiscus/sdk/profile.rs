//! One's own profile, picture and device.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        fields::{self, ExtrasGiven, Platforms, Username},
        reply::{self, Answer, One, Refusal, Refused},
        view::FullView,
    },
    door::{Member, Visitor, session},
};
use crate::{
    domain::{avatar::Rendition, error::Fault, owner::Owner, secret::Secret, upload::Format},
    http::{addresses::Addresses, form::FormLimits, peer, spool::Spool},
    service::{Service, accounts::Account},
};

/// What is to change of the own profile; what is empty is not.
#[expect(dead_code, reason = "a shape for the document; the call reads a form")]
#[derive(ToSchema)]
struct ProfileGiven {
    name: Option<Username>,
    /// The address of a picture, such as `upload` answers.
    #[schema(example = "https://image.url/image.jpg")]
    avatar_url: Option<String>,
    extras: Option<ExtrasGiven>,
}

/// A picture.
#[expect(dead_code, reason = "a shape for the document; the call reads a form")]
#[derive(ToSchema)]
struct PictureGiven {
    /// A JPEG, PNG, WebP or GIF picture: the bytes decide. At most 10 MiB unless the operator says otherwise.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
    /// Instead of the header `QISCUS-SDK-TOKEN`.
    token: Option<String>,
}

/// A device.
#[expect(dead_code, reason = "a shape for the document; the call reads a form")]
#[derive(ToSchema)]
struct DeviceGiven {
    #[schema(min_length = 1, max_length = 4096, example = "token-of-the-device")]
    device_token: String,
    #[schema(inline)]
    device_platform: PlatformGiven,
}

/// A device, by its platform alone.
#[expect(dead_code, reason = "a shape for the document; the call reads a form")]
#[derive(ToSchema)]
struct DeviceNamed {
    #[schema(inline)]
    device_platform: PlatformGiven,
}

/// The platforms that the SDKs name; `rn` is React Native.
#[expect(dead_code, reason = "a shape for the document; the call reads a form")]
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
enum PlatformGiven {
    Android,
    Ios,
    Rn,
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
pub(super) async fn show(
    member: Member,
    service: Data<Service>,
    addresses: Data<Addresses>,
) -> Result<HttpResponse, Refusal> {
    let Member { tenant, account } = member;
    let seq = service.last_event_seq()?;
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
    request_body = ProfileGiven,
    security(("app_id" = [], "token" = [])),
    responses(
        (status = 200, description = "The user as it is now, with its token", body = Answer<One<FullView>>),
    ),
)]
pub(super) async fn change(
    member: Member,
    service: Data<Service>,
    addresses: Data<Addresses>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let Member { tenant, account } = member;
    let form = fields::read(&service, &tenant, &request, payload, &spool).await?;
    let change = fields::profile_change(&form, "name", Some(&account.user), &tenant, &addresses)?;
    let user = service.set_profile(&tenant, Owner::Itself(account.user.key), change).await.map_err(session)?;
    let account = Account { user, token: account.token };
    let seq = service.last_event_seq()?;
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
    visitor: Visitor,
    service: Data<Service>,
    addresses: Data<Addresses>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    const FIELD: &str = "file";
    let limits = FormLimits { file_bytes_max: service.picture_file_bytes_max(), ..FormLimits::default() };
    let (member, mut form, _place) = match visitor.token.expose().is_empty() {
        false => {
            let member = Member::known(visitor, &service)?;
            let form = fields::read_within(&service, &member.tenant, &request, payload, &limits, &spool).await?;
            (member, form, None)
        }
        true => {
            let place = spool.anonymous_place(peer::client(&request))?;
            let form = fields::read_within(&service, &visitor.tenant, &request, payload, &limits, &spool).await?;
            let token = Secret::new(form.text("token")?.unwrap_or_default());
            (Member::known(Visitor { token, ..visitor }, &service)?, form, Some(place))
        }
    };
    let upload = form.picture(FIELD, &Format::ALL)?.ok_or(Fault::Missing.at(FIELD))?;
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
pub(super) async fn set_user_device_token(
    member: Member,
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let form = fields::read(&service, &member.tenant, &request, payload, &spool).await?;
    let device = fields::device(&form, Platforms::TelephonesAndReactNative)?;
    let device = device.ok_or(Fault::Missing.at("device_token"))?;
    service.set_device(&member.tenant, member.user().key, device).await.map_err(session)?;
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
pub(super) async fn remove_user_device_token(
    member: Member,
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let form = fields::read(&service, &member.tenant, &request, payload, &spool).await?;
    let platform = fields::platform(&form, Platforms::TelephonesAndReactNative)?;
    service.forget_device(&member.tenant, member.user().key, platform).await.map_err(session)?;
    Ok(reply::results(Success { success: true }))
}
