//! What a user calls about others: whom it blocks, whom it lists.
//!
//! Sources: the vendor's pages "Block User", "Unblock User", "Contacts List" and "Contact Sync".

use std::fmt;

use actix_web::{HttpRequest, HttpResponse, web::Payload};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{SeqAccess, Visitor},
};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    door::{self, PageNumber, PageSize, SignedIn},
    jid,
    reply::{self, Done, InBody, Mirrored, Refused, Success},
    user_form,
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
    http::form::{self, Call, Form, FormLimits, Optional, Required, read_from},
    service::contacts::Sync,
};

read_from!(Query: Listing);
read_from!(Form: Whom, Contact);

/// "Number of users per page default value is 50".
const SIZE_DEFAULT: u32 = 50;

/// Entries of each list of a phone book: no more rows fit beside them.
const ENTRIES_MAX: usize = ROWS_MAX;

/// A user.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Whom {
    /// An `@` in it plain, as `=40` or as `\40`.
    #[schema(value_type = String, example = "user2")]
    user_id: Option<String>,
}

/// Blocks a user
///
/// "to efficiently block a user, preventing further interactions". The user who calls blocks another.
#[utoipa::path(
    post, path = "/users/block", tag = "Blocking", operation_id = "block_user",
    security(("user" = [])),
    request_body(content = Whom, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Blocked", body = Done), Mirrored)
)]
pub(super) async fn block(call: Call<SignedIn, Whom, Mirrored>) -> Result<HttpResponse, Mirrored> {
    let blocked = call.service.block(&call.caller.tenant, call.caller.key, &named(call.form.user_id)?).await;
    blocked.map_err(|refused| full(refused, "The list of blocked users"))?;
    Ok(reply::done("User blockout requested"))
}

/// Unblocks a user
///
/// Whom the user who calls has blocked.
#[utoipa::path(
    post, path = "/users/unblock", tag = "Blocking", operation_id = "unblock_user",
    security(("user" = [])),
    request_body(content = Whom, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Blocked no more", body = Done), Mirrored)
)]
pub(super) async fn unblock(call: Call<SignedIn, Whom, Mirrored>) -> Result<HttpResponse, Mirrored> {
    call.service.unblock(&call.caller.tenant, call.caller.key, &named(call.form.user_id)?).await?;
    Ok(reply::done("User unblock requested"))
}

/// "In the case of a user id is not available": none given, none that could be one, and nobody's are the same to the page.
fn named(given: Option<String>) -> Result<UserId, Refused> {
    jid::parse(&given.unwrap_or_default()).map_err(|_| Refused::InvalidUserId)
}

/// The bound of a whole list is told at the name this wire has for it.
fn full(refused: Error, list: &'static str) -> Error {
    if let Error::Invalid { fault: fault @ Fault::TooMuch { .. }, .. } = refused { fault.at(list) } else { refused }
}

/// Which contacts to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Listing {
    /// A part of a name
    #[param(value_type = Option<String>)]
    name: Optional<String>,
    /// From 1, which is the default
    #[param(value_type = Option<u32>, minimum = 1, example = 1)]
    page: Optional<PageNumber>,
    /// Contacts of a page, 50 if not given
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, example = 50)]
    size: Optional<PageSize>,
}

/// Lists one's contacts
///
/// A page of the caller's own contacts, in the order they were created as users. `name` finds what the caller calls them as well as what
/// they call themselves.
#[utoipa::path(
    get, path = "/contacts/contactsList", tag = "Contacts", operation_id = "list_contacts",
    security(("user" = [])),
    params(Listing),
    responses((status = 200, description = "The page", body = Success<ContactsPage>), Mirrored)
)]
pub(super) async fn list(call: Call<SignedIn, Listing, Mirrored>) -> Result<HttpResponse, Mirrored> {
    let Call { service, caller, form: Listing { name, page, size }, .. } = call;
    let page = door::page(page, size, SIZE_DEFAULT);
    let (name, reader) = (name.0.as_deref(), CallerKey::User(caller.key));
    let listed = service.contacts(&caller.tenant, reader, caller.key, name, page).await?;
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
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PhoneBook {
    /// At most as many as a list of contacts holds.
    #[schema(value_type = Vec<Entry>, max_items = 10000)]
    add_contacts: Entries,
    #[schema(value_type = Vec<Entry>, max_items = 10000, example = json!([]))]
    delete_contacts: Entries,
    /// "to delete previous contacts for the users".
    #[schema(example = false)]
    force_delete: bool,
    /// What the telephone lets the app read; the lists say that already.
    #[schema(rename = "contactPermission", example = true)]
    _contact_permission: bool,
}

/// An entry of a phone book. One without a number is skipped.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", expecting = "an object with mobileNumber and name")]
#[schema(as = PhoneEntry)]
struct Entry {
    /// Without what may not stand in a name, such as text-direction marks; of a longer one the first 500 bytes count.
    #[schema(value_type = Option<String>, example = "Two")]
    name: Optional<String>,
    /// A user's mobile number, whatever its blanks, dashes and marks and in digits of any script; or an id. One that is longer than 60 bytes
    /// is skipped.
    #[serde(deserialize_with = "number")]
    #[schema(example = "user2")]
    mobile_number: Option<String>,
}

/// Some clients send a number as one.
fn number<'de, D: Deserializer<'de>>(field: D) -> Result<Option<String>, D::Error> {
    form::value(field, |given| match given {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(Fault::Malformed("text, in quotes")),
    })
}

/// The entries of a phone book that have a number. The vendor's page requires none; an entry without a number names no user and is skipped. What has been pasted into a line is
/// cleaned, and a line that cannot be cleaned is skipped: one line must not cost the rest of the book. Only what no line of a book can be, such
/// as a list, is refused.
struct Entries(Vec<PhoneEntry>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(field: D) -> Result<Self, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of objects with mobileNumber and name")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Entries, A::Error> {
                if let Some(found) = items.size_hint().filter(|found| *found > ENTRIES_MAX) {
                    let (most, found) = (ENTRIES_MAX as u64, found as u64);
                    return Err(form::raised(Fault::TooMuch { most, unit: "entries", found }));
                }
                let mut entries = Vec::new();
                while let Some(Entry { name, mobile_number }) = items.next_element()? {
                    entries.extend(mobile_number.and_then(|number| PhoneEntry::of_line(&number, name.0.as_deref())));
                }
                Ok(Entries(entries))
            }
        }

        field.deserialize_seq(Read)
    }
}

/// Uploads a phone book
///
/// "upload all the phone book contacts to the server to get the live contacts".
#[utoipa::path(
    post, path = "/contacts/syncContactsNew", tag = "Contacts", operation_id = "sync_phone_book",
    security(("user" = [])),
    request_body = PhoneBook,
    responses((status = 200, description = "Who of those added is a user", body = Success<LiveContacts>), Mirrored)
)]
pub(super) async fn sync(
    call: Call<SignedIn, (), Mirrored>,
    request: HttpRequest, // with its payload: a body of this length is read when its turn has come, and not before
    payload: Payload,
) -> Result<HttpResponse, Mirrored> {
    let caller = call.caller;
    let _turn = call.service.phone_book_turn(caller.key).await?;
    let read = |body: Option<_>| body.map(Form::from).unwrap_or_default().read_as();
    let book = form::read_object_as(&request, payload, &FormLimits::default(), read).await?;
    door::served_now(&call.service, &caller.tenant)?;
    let book: PhoneBook = book?;
    let sync = Sync { add: book.add_contacts.0, delete: book.delete_contacts.0, replaces_all: book.force_delete };
    let live = call.service.sync_contacts(&caller.tenant, caller.key, sync, call.client).await;
    let live = live.map_err(|refused| full(refused, "addContacts"))?;
    let live_contacts = live.iter().map(LiveContact::from).collect();
    Ok(reply::success(LiveContacts { live_contacts }, "Contact Added successfully"))
}

/// Whom to list.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Contact {
    /// Of the app.
    #[schema(value_type = String, min_length = 1, example = "StandinDemoLicenseKey0123456789")]
    license_key: Required<String>,
    /// Its id, an `@` in it plain, as `=40` or as `\40`.
    #[schema(value_type = String, example = "user2")]
    username: Option<String>,
}

/// Adds a contact
///
/// The SDK's only call that makes a contact. It names one user, who is listed from then on; naming oneself changes nothing.
#[utoipa::path(
    post, path = "/contacts/sandbox/syncContacts", tag = "Contacts", operation_id = "sync_contact",
    security(("user" = [])),
    request_body(content = Contact, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Listed", body = Done), InBody)
)]
pub(super) async fn sync_one(call: Call<SignedIn, Contact, InBody>) -> Result<HttpResponse, InBody> {
    let Call { service, caller, form, .. } = call;
    user_form::licensed(&caller.tenant, &form.license_key)?;
    let listed = service.list_contact(&caller.tenant, caller.key, &named(form.username)?).await;
    listed.map_err(|refused| full(refused, "The list of contacts"))?;
    Ok(reply::done("Contact Added successfully"))
}
