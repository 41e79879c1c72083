//! One's own profile, picture and device.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use serde_json::json;

use super::{
    super::{
        fields::{self, Platforms},
        reply::{self, Refusal},
        view::FullView,
    },
    door::Member,
};
use crate::{
    domain::{avatar::Rendition, error::Fault, upload::Format},
    http::{
        addresses::Addresses,
        form::{Form, FormLimits},
        spool::Spool,
    },
    service::{
        Service,
        accounts::{Account, UpdateUser},
    },
};

/// `getUserProfile`.
pub(super) async fn show(
    member: Member,
    service: Data<Service>,
    addresses: Data<Addresses>,
) -> Result<HttpResponse, Refusal> {
    let Member { tenant, account } = member;
    let seq = service.last_event_seq()?;
    Ok(reply::user(FullView::of(&tenant.app, &addresses, &account).behind(seq)))
}

/// `updateProfile`: all three fields are always there, empty where they are not to change. The SDK puts the answer in the place of what
/// it knows of its user, so the token is in it again.
pub(super) async fn change(
    member: Member,
    service: Data<Service>,
    addresses: Data<Addresses>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let Member { tenant, account } = member;
    let form = fields::read(&request, payload, &spool).await?;
    let change = fields::profile_change(&form, "name", Some(&account.user), &tenant, &addresses)?;
    let update = UpdateUser { id: account.user.id, change, picture: None, device: None };
    let account = Account { user: service.update_user(&tenant, update).await?, token: account.token };
    let seq = service.last_event_seq()?;
    Ok(reply::user(FullView::of(&tenant.app, &addresses, &account).behind(seq)))
}

/// `upload`: of files, pictures are what Standin keeps. The profile shows one once it names its address.
pub(super) async fn upload(
    member: Member,
    service: Data<Service>,
    addresses: Data<Addresses>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    const FIELD: &str = "file";
    let limits = FormLimits { file_bytes_max: service.picture_file_bytes_max(), ..FormLimits::default() };
    let mut form = Form::read(&request, payload, &limits, &spool).await?;
    let upload = form.picture(FIELD, &Format::ALL)?.ok_or(Fault::Missing.at(FIELD))?;
    let size = upload.bytes;
    let picture = service.upload_picture(&member.tenant, member.user(), upload).await?;
    let url = addresses.picture(&picture.key, Rendition::Full, picture.kind);
    let name = url.rsplit('/').next();
    Ok(reply::results(json!({ "file": { "name": name, "pages": 1, "size": size, "url": url } })))
}

/// `registerDeviceToken`. Kept, and nothing is ever pushed to it.
pub(super) async fn set_user_device_token(
    member: Member,
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let form = fields::read(&request, payload, &spool).await?;
    let device = fields::device(&form, Platforms::TelephonesAndReactNative)?;
    let device = device.ok_or(Fault::Missing.at("device_token"))?;
    service.set_device(&member.tenant, member.user().id.clone(), device).await?;
    Ok(reply::results(json!({ "changed": true, "pn_android_configured": false, "pn_ios_configured": false })))
}

/// `removeDeviceToken`. There is one of each platform, so the token itself need not be told.
pub(super) async fn remove_user_device_token(
    member: Member,
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let form = fields::read(&request, payload, &spool).await?;
    let platform = fields::platform(&form, Platforms::TelephonesAndReactNative)?;
    service.forget_device(&member.tenant, member.user(), platform).await?;
    Ok(reply::results(json!({ "success": true })))
}
