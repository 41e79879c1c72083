//! The sessions, the picture and the contacts of one user.

use actix_web::{
    HttpRequest, HttpResponse, Resource,
    web::{Data, Path, Payload},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    audit::AuditTarget,
    call,
    extractors::{JsonBody, PathUser, QueryParams},
    reply::{NativeError, NativeUserView, Problem, SocketCountView, about, vendor_word},
    users::answer,
};
use crate::{
    domain::{
        AvatarChange, CallerKey, Contact, ContactName, Error, Fault, Format, LockReason, Moment, Page, ProfileChange,
        UserId, Vendor,
    },
    http::{
        addresses::Addresses,
        form::{Form, FormLimits},
        methods,
        spool::Spool,
    },
    service::{Tenant, UploadedPicture, UserFields, UserSetting},
};

/// Accepted picture formats, recognised by their bytes.
const FORMATS: &[Format] = &[Format::Png, Format::Jpeg, Format::WebP, Format::Gif];

const CONTACTS_DEFAULT: u32 = 100;

pub(super) fn resources() -> [Resource; 6] {
    [
        call("/{id}/sessions", [methods::get(sessions), methods::delete(revoke)]),
        call("/{id}/picture", [methods::put(put_picture), methods::delete(remove_picture)]),
        call("/{id}/picture-lock", [methods::put(lock_picture)]),
        call("/{id}/contacts", [methods::get(contacts)]),
        call("/{id}/contacts/{other}", [methods::put(list_contact), methods::delete(unlist_contact)]),
        call("/{id}/vendor-changes", [methods::post(record_vendor_change)]),
    ]
}

/// The sessions of a user.
#[derive(Serialize, ToSchema)]
#[schema(as = UserSessionsView)]
struct UserSessionsView {
    /// Open sockets, by vendor.
    sockets: Vec<SocketCountView>,
    /// Tickets of MirrorFly and Tencent.
    tickets: Vec<TicketView>,
    /// Sessions of Qiscus' SDK, if the app's tokens have a lifetime.
    sessions: Vec<SdkSessionView>,
}

#[derive(Serialize, ToSchema)]
struct TicketView {
    vendor: &'static str,
    #[schema(format = DateTime)]
    began_at: String,
    #[schema(format = DateTime)]
    ends_at: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SdkSessionView)]
struct SdkSessionView {
    vendor: &'static str,
    #[schema(format = DateTime)]
    renewed_at: String,
    #[schema(format = DateTime)]
    ends_at: String,
}

impl TicketView {
    fn of((vendor, began_at, ends_at): &(Vendor, Moment, Moment)) -> Self {
        Self { vendor: vendor_word(*vendor), began_at: began_at.to_string(), ends_at: ends_at.to_string() }
    }
}

impl SdkSessionView {
    fn of((renewed_at, ends_at): &(Moment, Moment)) -> Self {
        Self { vendor: "qiscus", renewed_at: renewed_at.to_string(), ends_at: ends_at.to_string() }
    }
}

/// Shows the sessions of a user.
#[utoipa::path(get, path = "/apps/{app_id}/users/{id}/sessions", operation_id = "list_user_sessions", tag = "Users", params(("app_id" = String, Path, example = "sdksample"), ("id" = String, Path, example = "user1")), responses((status = 200, body = UserSessionsView)))]
pub(super) async fn sessions(PathUser { service, tenant, id, .. }: PathUser) -> Result<HttpResponse, NativeError> {
    let (held, open) =
        service.active_sessions(&tenant, service.user(&tenant, &id).await.map_err(about(&id))?.key).await?;
    Ok(HttpResponse::Ok().json(UserSessionsView {
        sockets: open.map(SocketCountView::of).into(),
        tickets: held.tickets.iter().map(TicketView::of).collect(),
        sessions: held.sessions.iter().map(SdkSessionView::of).collect(),
    }))
}

/// Ends every session of a user and closes its sockets.
#[utoipa::path(delete, path = "/apps/{app_id}/users/{id}/sessions", operation_id = "revoke_user_sessions", tag = "Users", params(("app_id" = String, Path, example = "sdksample"), ("id" = String, Path, example = "user1")), responses((status = 204, description = "Done")))]
pub(super) async fn revoke(PathUser { service, tenant, id, .. }: PathUser) -> Result<HttpResponse, NativeError> {
    service.revoke(&tenant, id.clone()).await.map_err(about(&id))?;
    Ok(HttpResponse::NoContent().finish())
}

/// A picture to upload.
#[derive(ToSchema)]
struct PictureForm {
    /// PNG, JPEG, WebP or GIF, recognised by its bytes.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    picture: UploadedPicture,
}

impl PictureForm {
    async fn read(
        request: &HttpRequest,
        payload: Payload,
        spool: &Spool,
        file_bytes_max: u64,
    ) -> Result<Self, NativeError> {
        let limits = FormLimits { file_bytes_max, ..FormLimits::default() };
        let mut form = Form::read_with_file(request, payload, &limits, spool, "picture").await?;
        Ok(Self { picture: form.picture("picture", FORMATS)?.ok_or_else(|| Fault::Missing.at("picture"))? })
    }
}

/// Sets a user's picture.
///
/// The server checks it, turns it upright, removes its metadata and stores it in six sizes.
#[utoipa::path(put, path = "/apps/{app_id}/users/{id}/picture", operation_id = "set_user_picture", tag = "Pictures", params(("app_id" = String, Path, example = "sdksample"), ("id" = String, Path, example = "user1")), request_body(content = PictureForm, content_type = "multipart/form-data"), responses((status = 200, body = NativeUserView, headers(("ETag" = String, description = "The version, for `If-Match` of a later change"))), (status = 429, description = "Too many pictures in a minute or a day", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn put_picture(
    spool: Data<Spool>,
    PathUser { service, addresses, tenant, id }: PathUser,
    request: HttpRequest, // with its payload: not read for an unknown user
    payload: Payload,
) -> Result<HttpResponse, NativeError> {
    service.user(&tenant, &id).await.map_err(about(&id))?;
    let bytes_max = service.picture_file_bytes_max();
    let PictureForm { picture } = PictureForm::read(&request, payload, &spool, bytes_max).await?;
    let call = UserFields { id, change: ProfileChange::default(), picture: Some(picture), device: None };
    let user = service.update_user(&tenant, call).await?;
    Ok(answer(&tenant, &addresses, &user))
}

/// Removes a picture. The user then has a generated tile.
#[utoipa::path(delete, path = "/apps/{app_id}/users/{id}/picture", operation_id = "remove_user_picture", tag = "Pictures", params(("app_id" = String, Path, example = "sdksample"), ("id" = String, Path, example = "user1")), responses((status = 200, body = NativeUserView, headers(("ETag" = String, description = "The version, for `If-Match` of a later change")))))]
pub(super) async fn remove_picture(
    PathUser { service, addresses, tenant, id }: PathUser,
) -> Result<HttpResponse, NativeError> {
    let profile = ProfileChange { avatar: Some(AvatarChange::Tile), ..ProfileChange::default() };
    let setting = UserSetting { profile, ..UserSetting::default() };
    let user = service.set_user(&tenant, id.clone(), setting).await.map_err(about(&id))?;
    Ok(answer(&tenant, &addresses, &user))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LockBody {
    locked: bool,
    /// Required to lock. Kept, and shown to administrators only.
    reason: Option<String>,
}

/// Locks a picture, so that the user cannot change it, or unlocks it.
#[utoipa::path(put, path = "/apps/{app_id}/users/{id}/picture-lock", operation_id = "lock_user_picture", tag = "Pictures", params(("app_id" = String, Path, example = "sdksample"), ("id" = String, Path, example = "user1")), request_body = LockBody, responses((status = 200, body = NativeUserView, headers(("ETag" = String, description = "The version, for `If-Match` of a later change")))))]
pub(super) async fn lock_picture(
    PathUser { service, addresses, tenant, id }: PathUser,
    JsonBody(given): JsonBody<LockBody>,
) -> Result<HttpResponse, NativeError> {
    let reason = match given.locked {
        true => {
            let reason = LockReason::parse(given.reason.as_deref().unwrap_or_default());
            Some(reason.map_err(|fault| fault.at("reason"))?)
        }
        false => None,
    };
    let user = service.lock_picture(&tenant, id.clone(), reason).await.map_err(about(&id))?;
    Ok(answer(&tenant, &addresses, &user))
}

/// A page of contacts.
#[derive(Serialize, ToSchema)]
struct ContactsView<'a> {
    contacts: Vec<ContactView<'a>>,
    /// Pass it as `after` to get the next page; null on the last page.
    next: Option<u64>,
    total: u64,
}

#[derive(Serialize, ToSchema)]
struct ContactView<'a> {
    user: NativeUserView<'a>,
    /// The name that the owner of the list gave the contact.
    name: Option<&'a str>,
}

/// Lists the contacts of a user.
#[utoipa::path(get, path = "/apps/{app_id}/users/{id}/contacts", operation_id = "list_user_contacts", tag = "Contacts", params(("app_id" = String, Path, example = "sdksample"), ("id" = String, Path, example = "user1"), ("after" = Option<u32>, Query, minimum = 0), ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000)), responses((status = 200, body = ContactsView)))]
pub(super) async fn contacts(
    PathUser { service, addresses, tenant, id }: PathUser,
    query: QueryParams,
) -> Result<HttpResponse, NativeError> {
    let after = query.number("after", 0..=u32::MAX)?.unwrap_or_default();
    let limit = query.number("limit", 1..=Page::OFFSET_LIMIT_MAX)?.unwrap_or(CONTACTS_DEFAULT);
    let owner = service.user(&tenant, &id).await.map_err(about(&id))?.key;
    let listed = service.contacts(&tenant, CallerKey::Operator, owner, None, Page::at_offset(after, limit)).await?;
    let passed = u64::from(after) + listed.items.len() as u64;
    let contact = |contact| ContactView::of(&tenant, &addresses, contact);
    Ok(HttpResponse::Ok().json(ContactsView {
        contacts: listed.items.iter().map(contact).collect(),
        next: (passed < listed.total && !listed.items.is_empty()).then_some(passed),
        total: listed.total,
    }))
}

impl<'a> ContactView<'a> {
    fn of(tenant: &Tenant, addresses: &Addresses, contact: &'a Contact) -> Self {
        let name = contact.name.as_ref().map(ContactName::as_str);
        Self { user: NativeUserView::of(&tenant.app, addresses, &contact.user), name }
    }
}

#[derive(Deserialize)]
pub(super) struct ContactPath {
    other: String,
}

/// Adds a user to another user's contacts.
#[utoipa::path(put, path = "/apps/{app_id}/users/{id}/contacts/{other}", operation_id = "add_contact", tag = "Contacts", params(("app_id" = String, Path, example = "sdksample"), ("id" = String, Path, example = "user1"), ("other" = String, Path, example = "user2")), responses((status = 204, description = "Done"), (status = 409, description = "The list is full", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list_contact(
    PathUser { service, tenant, id, .. }: PathUser,
    path: Path<ContactPath>,
) -> Result<HttpResponse, NativeError> {
    let owner = service.user(&tenant, &id).await.map_err(about(&id))?.key;
    let other = UserId::parse(&path.other).map_err(|fault| fault.at("other"))?;
    service.list_contact(&tenant, owner, &other).await.map_err(forbid_if_suspended).map_err(about(&other))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Removes a user from another user's contacts.
#[utoipa::path(delete, path = "/apps/{app_id}/users/{id}/contacts/{other}", operation_id = "remove_contact", tag = "Contacts", params(("app_id" = String, Path, example = "sdksample"), ("id" = String, Path, example = "user1"), ("other" = String, Path, example = "user2")), responses((status = 204, description = "Done")))]
pub(super) async fn unlist_contact(
    PathUser { service, tenant, id, .. }: PathUser,
    path: Path<ContactPath>,
) -> Result<HttpResponse, NativeError> {
    let owner = service.user(&tenant, &id).await.map_err(about(&id))?.key;
    let other = UserId::parse(&path.other).map_err(|fault| fault.at("other"))?;
    service.unlist_contact(&tenant, owner, &other).await.map_err(forbid_if_suspended).map_err(about(&other))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Maps `Unauthenticated` to `Forbidden`: the caller is an administrator; the suspended user is the owner of the list.
fn forbid_if_suspended(error: Error) -> Error {
    match error {
        Error::Unauthenticated(_) => Error::Forbidden("A suspended user's contacts stay as they are"),
        Error::Invalid { .. }
        | Error::Forbidden(_)
        | Error::NotFound(_)
        | Error::Conflict(_)
        | Error::TooMany { .. }
        | Error::Busy
        | Error::StorageFull
        | Error::Internal(_) => error,
    }
}

/// A vendor whose API makes a change.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum VendorName {
    Qiscus,
    MirrorFly,
    Tencent,
}

/// What a vendor's API changes.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum VendorChange {
    /// The user itself, which the call creates if it does not exist.
    Account,
    /// The display name.
    Name,
    /// A message that the user sends.
    Message,
}

/// A change that the caller is about to make through a vendor's own API.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VendorChangeBody {
    vendor: VendorName,
    change: VendorChange,
}

/// Puts on record that the caller is about to change a user through a vendor's own API.
///
/// A vendor's API leaves no audit entry, because it knows no administrator. The console calls this before each such change. The user
/// need not exist yet.
#[utoipa::path(post, path = "/apps/{app_id}/users/{id}/vendor-changes", operation_id = "record_vendor_change", tag = "Users", params(("app_id" = String, Path, example = "sdksample"), ("id" = String, Path, example = "user1")), request_body = VendorChangeBody, responses((status = 204, description = "Done")))]
pub(super) async fn record_vendor_change(
    audit_target: AuditTarget,
    _user: PathUser,
    JsonBody(given): JsonBody<VendorChangeBody>,
) -> HttpResponse {
    let change = match given.change {
        VendorChange::Account => "account",
        VendorChange::Name => "name",
        VendorChange::Message => "message",
    };
    let vendor = match given.vendor {
        VendorName::Qiscus => "Qiscus",
        VendorName::MirrorFly => "MirrorFly",
        VendorName::Tencent => "Tencent",
    };
    audit_target.describe(format!("{change}, through the API of {vendor}"));
    HttpResponse::NoContent().finish()
}
