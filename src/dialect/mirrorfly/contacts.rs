//! What a user calls about others: whom it blocks, whom it lists.
//!
//! Sources: the vendor's pages "Block User", "Unblock User", "Contacts List" and "Contact Sync".

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    door, jid,
    reply::{self, Done, InBody, Mirrored, Refused, Success},
    view::{ContactRow, ContactsPage},
};
use crate::{
    domain::{
        caller::CallerKey,
        contact::{PhoneEntry, ROWS_MAX},
        error::{Error, Fault},
        id::UserId,
        text::ContactName,
    },
    http::{
        form::{Form, FormLimits},
        peer,
        spool::Spool,
    },
    service::{Service, contacts::Sync},
};

/// "Number of users per page default value is 50".
const SIZE_DEFAULT: u32 = 50;

/// Entries of each list of a phone book: no more rows fit beside them.
const ENTRIES_MAX: usize = ROWS_MAX;

/// A user.
#[expect(dead_code, reason = "the document's: a form is read field by field")]
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = Whom)]
struct WhomFields {
    /// An `@` in it plain, as `=40` or as `\40`.
    #[schema(example = "user2")]
    user_id: String,
}

/// Blocks a user
///
/// "to efficiently block a user, preventing further interactions". The user who calls blocks another.
#[utoipa::path(
    post, path = "/users/block", tag = "Blocking", operation_id = "block_user",
    security(("user" = [])),
    request_body(content = WhomFields, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Blocked", body = Done), Mirrored)
)]
pub(super) async fn block(
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Mirrored> {
    let caller = door::user(&service, &request)?;
    let whom = named(&door::read(&service, &caller.tenant, &request, payload, &FormLimits::default(), &spool).await?)?;
    let blocked = service.block(&caller.tenant, caller.key, &whom).await;
    blocked.map_err(|refused| full(refused, "The list of blocked users"))?;
    Ok(reply::done("User blockout requested"))
}

/// Unblocks a user
///
/// Whom the user who calls has blocked.
#[utoipa::path(
    post, path = "/users/unblock", tag = "Blocking", operation_id = "unblock_user",
    security(("user" = [])),
    request_body(content = WhomFields, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Blocked no more", body = Done), Mirrored)
)]
pub(super) async fn unblock(
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Mirrored> {
    let caller = door::user(&service, &request)?;
    let whom = named(&door::read(&service, &caller.tenant, &request, payload, &FormLimits::default(), &spool).await?)?;
    service.unblock(&caller.tenant, caller.key, &whom).await?;
    Ok(reply::done("User unblock requested"))
}

/// "In the case of a user id is not available": none given, none that could be one, and nobody's are the same to the page.
fn named(form: &Form) -> Result<UserId, Refused> {
    jid::parse(form.text("userId")?.unwrap_or("")).map_err(|_| Refused::InvalidUserId)
}

/// The bound of a whole list is told at the name this wire has for it.
fn full(refused: Error, list: &'static str) -> Error {
    if let Error::Invalid { fault: fault @ Fault::TooMuch { .. }, .. } = refused { fault.at(list) } else { refused }
}

/// Lists one's contacts
///
/// A page of the caller's own contacts, in the order they were created as users. `name` finds what the caller calls them as well as what
/// they call themselves.
#[utoipa::path(
    get, path = "/contacts/contactsList", tag = "Contacts", operation_id = "list_contacts",
    security(("user" = [])),
    params(
        ("name" = Option<String>, Query, description = "A part of a name"),
        ("page" = Option<u32>, Query, description = "From 1, which is the default", minimum = 1, example = 1),
        ("size" = Option<u32>, Query, description = "Contacts of a page, 50 if not given", minimum = 1, maximum = 100, example = 50),
    ),
    responses((status = 200, description = "The page", body = Success<ContactsPage>), Mirrored)
)]
pub(super) async fn list(service: Data<Service>, request: HttpRequest) -> Result<HttpResponse, Mirrored> {
    let caller = door::user(&service, &request)?;
    let query = Form::query(request.query_string())?;
    let name = query.text("name")?.filter(|name| !name.is_empty());
    let page = door::page(&query, SIZE_DEFAULT)?;
    let listed = service.contacts(&caller.tenant, CallerKey::User(caller.key), caller.key, name, page).await?;
    let total_pages = listed.total.div_ceil(u64::from(page.limit()));
    let contacts_list = listed.items.iter().map(|contact| ContactRow::of(&contact.user)).collect();
    let data = ContactsPage { contacts_list, total_pages, total_records: listed.total };
    Ok(reply::success(data, "Data retrieved successfully"))
}

/// A contact that is a user, as the phone book names it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LiveContact {
    name: String,
    mobile_number: String,
}

impl From<&PhoneEntry> for LiveContact {
    fn from(entry: &PhoneEntry) -> Self {
        let name = entry.name.as_ref().map_or("", ContactName::as_str).to_owned();
        Self { name, mobile_number: entry.given.clone() }
    }
}

/// Who of a phone book is a user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LiveContacts {
    live_contacts: Vec<LiveContact>,
}

/// What a telephone knows of people.
#[expect(dead_code, reason = "the document's: the object is read field by field")]
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = PhoneBook)]
struct PhoneBookFields {
    /// At most as many as a list of contacts holds.
    #[schema(max_items = 10000)]
    add_contacts: Vec<EntryFields>,
    #[schema(max_items = 10000, example = json!([]))]
    delete_contacts: Vec<EntryFields>,
    /// What the telephone lets the app read; the lists say that already.
    #[schema(example = true)]
    contact_permission: bool,
    /// "to delete previous contacts for the users".
    #[schema(example = false)]
    force_delete: bool,
}

/// An entry of a phone book. One without a number is skipped.
#[expect(dead_code, reason = "the document's: the object is read field by field")]
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = PhoneEntry)]
struct EntryFields {
    /// A user's mobile number, whatever its blanks, dashes and marks and in digits of any script; or an id. One that is longer than 60 bytes
    /// is skipped.
    #[schema(example = "user2")]
    mobile_number: Option<String>,
    /// Without what may not stand in a name, such as text-direction marks; of a longer one the first 500 bytes count.
    #[schema(example = "Two")]
    name: Option<String>,
}

/// Uploads a phone book
///
/// "upload all the phone book contacts to the server to get the live contacts".
#[utoipa::path(
    post, path = "/contacts/syncContactsNew", tag = "Contacts", operation_id = "sync_phone_book",
    security(("user" = [])),
    request_body = PhoneBookFields,
    responses((status = 200, description = "Who of those added is a user", body = Success<LiveContacts>), Mirrored)
)]
pub(super) async fn sync(
    service: Data<Service>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Mirrored> {
    let caller = door::user(&service, &request)?;
    let _turn = service.phone_book_turn(caller.key).await?;
    let sync = door::read_object_as(&service, &caller.tenant, &request, payload, phone_book).await??;
    let live = service.sync_contacts(&caller.tenant, caller.key, sync, peer::client(&request)).await;
    let live = live.map_err(|refused| full(refused, "addContacts"))?;
    let live_contacts = live.iter().map(LiveContact::from).collect();
    Ok(reply::success(LiveContacts { live_contacts }, "Contact Added successfully"))
}

/// Whom to list.
#[expect(dead_code, reason = "the document's: a form is read field by field")]
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = Contact)]
struct ContactFields {
    /// Its id, an `@` in it plain, as `=40` or as `\40`.
    #[schema(example = "user2")]
    username: String,
    /// Of the app.
    #[schema(min_length = 1, example = "StandinDemoLicenseKey0123456789")]
    license_key: String,
}

/// Adds a contact
///
/// The SDK's only call that makes a contact. It names one user, who is listed from then on; naming oneself changes nothing.
#[utoipa::path(
    post, path = "/contacts/sandbox/syncContacts", tag = "Contacts", operation_id = "sync_contact",
    security(("user" = [])),
    request_body(content = ContactFields, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Listed", body = Done), InBody)
)]
pub(super) async fn sync_one(
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, InBody> {
    let caller = door::user(&service, &request)?;
    let form = door::read(&service, &caller.tenant, &request, payload, &FormLimits::default(), &spool).await?;
    if !caller.tenant.has_license_key(door::required(&form, "licenseKey")?) {
        return Err(Fault::Malformed("the licence key of this app").at("licenseKey").into());
    }
    let whom = jid::parse(form.text("username")?.unwrap_or("")).map_err(|_| Refused::InvalidUserId)?;
    let listed = service.list_contact(&caller.tenant, caller.key, &whom).await;
    listed.map_err(|refused| full(refused, "The list of contacts"))?;
    Ok(reply::done("Contact Added successfully"))
}

/// The entries of a phone book that have a number. The vendor's page requires none; an entry without a number names no user and is skipped. What has been pasted into a line is
/// cleaned, and a line that cannot be cleaned is skipped: one line must not cost the rest of the book. Only what no line of a book can be, such
/// as a list, is refused.
fn phone_book(body: Option<Map<String, Value>>) -> Result<Sync, Error> {
    let body = body.unwrap_or_default();
    let sync = Sync {
        add: entries(&body, "addContacts")?,
        delete: entries(&body, "deleteContacts")?,
        replaces_all: flag(&body, "forceDelete")?,
    };
    flag(&body, "contactPermission")?;
    Ok(sync)
}

fn entries(body: &Map<String, Value>, field: &'static str) -> Result<Vec<PhoneEntry>, Error> {
    let items = match body.get(field) {
        None | Some(Value::Null) => return Err(Fault::Missing.at(field)),
        Some(Value::Array(items)) => items,
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            return Err(Fault::Malformed("a list of objects with mobileNumber and name").at(field));
        }
    };
    if items.len() > ENTRIES_MAX {
        let (most, found) = (ENTRIES_MAX as u64, items.len() as u64);
        return Err(Fault::TooMuch { most, unit: "entries", found }.at(field));
    }
    let entry = |(index, item): (usize, &Value)| entry(item, &format!("{field}[{index}]")).transpose();
    items.iter().enumerate().filter_map(entry).collect()
}

fn entry(item: &Value, place: &str) -> Result<Option<PhoneEntry>, Error> {
    let Value::Object(fields) = item else {
        return Err(Fault::Malformed("an object with mobileNumber and name").at(place.to_owned()));
    };
    let text = |field: &str| match fields.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(Fault::Malformed("text, in quotes").at(format!("{place}.{field}")))
        }
    };
    let name = text("name")?;
    // Some clients send a number as one.
    if let Some(Value::Number(number)) = fields.get("mobileNumber") {
        return Ok(PhoneEntry::of_line(&number.to_string(), name));
    }
    Ok(text("mobileNumber")?.and_then(|number| PhoneEntry::of_line(number, name)))
}

fn flag(body: &Map<String, Value>, field: &'static str) -> Result<bool, Error> {
    match body.get(field) {
        None | Some(Value::Null) => Err(Fault::Missing.at(field)),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_)) => {
            Err(Fault::Malformed("true or false, without quotes").at(field))
        }
    }
}
