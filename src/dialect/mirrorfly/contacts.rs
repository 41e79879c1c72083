//! A user's blocks and contacts. Sources: the vendor's pages "Block User", "Unblock User", "Contacts List", "Contact
//! Sync".

use std::fmt;

use actix_web::{HttpRequest, HttpResponse, web::Payload};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{SeqAccess, Visitor},
};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    callers::{self, MirrorFlyUser, PageNumber, PageSize},
    jid,
    reply::{self, MessageReply, MirrorFlyError, MirrorFlyReply, MirroredError, SdkError},
    user_form,
    view::{ContactRow, ContactsPage},
};
use crate::{
    domain::{CallerKey, ContactName, Error, Fault, PhoneEntry, ROWS_MAX, UserId},
    http::form::{self, Call, Form, FormLimits, Optional, Required, read_from},
    service::PhoneBookSync,
};

read_from!(Query: ContactListQuery);
read_from!(Form: BlockForm, ContactForm);

/// "Number of users per page default value is 50".
const SIZE_DEFAULT: u32 = 50;

/// Entries per list of a phone book: as many as a user may have contacts.
const ENTRIES_MAX: usize = ROWS_MAX;

/// The user to block or to unblock.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct BlockForm {
    /// The `@` plain, as `=40` or as `\40`.
    #[schema(value_type = String, example = "user2")]
    user_id: Option<String>,
}

/// Blocks a user
///
/// "to efficiently block a user, preventing further interactions". Blocks the user for the caller.
#[utoipa::path(
    post, path = "/users/block", tag = "Blocking", operation_id = "block_user",
    security(("user" = [])),
    request_body(content = BlockForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Blocked", body = MessageReply), MirroredError)
)]
pub(super) async fn block(call: Call<MirrorFlyUser, BlockForm, MirroredError>) -> Result<HttpResponse, MirroredError> {
    let blocked = call.service.block(&call.caller.tenant, call.caller.key, &user_id(call.form.user_id)?).await;
    blocked.map_err(|refused| at_list(refused, "The list of blocked users"))?;
    Ok(reply::done("User blockout requested"))
}

/// Unblocks a user
///
/// Ends a block by the caller.
#[utoipa::path(
    post, path = "/users/unblock", tag = "Blocking", operation_id = "unblock_user",
    security(("user" = [])),
    request_body(content = BlockForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Unblocked", body = MessageReply), MirroredError)
)]
pub(super) async fn unblock(
    call: Call<MirrorFlyUser, BlockForm, MirroredError>,
) -> Result<HttpResponse, MirroredError> {
    call.service.unblock(&call.caller.tenant, call.caller.key, &user_id(call.form.user_id)?).await?;
    Ok(reply::done("User unblock requested"))
}

/// "In the case of a user id is not available". A missing, a malformed and an unknown id get the same error.
fn user_id(given: Option<String>) -> Result<UserId, MirrorFlyError> {
    jid::parse(&given.unwrap_or_default()).map_err(|_| MirrorFlyError::InvalidUserId)
}

fn at_list(refused: Error, list: &'static str) -> Error {
    if let Error::Invalid { fault: fault @ Fault::TooMuch { .. }, .. } = refused { fault.at(list) } else { refused }
}

/// The contacts to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ContactListQuery {
    /// A part of a name
    #[param(value_type = Option<String>)]
    name: Optional<String>,
    /// From 1, the default
    #[param(value_type = Option<u32>, minimum = 1, example = 1)]
    page: Optional<PageNumber>,
    /// Contacts per page; default 50
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, example = 50)]
    size: Optional<PageSize>,
}

/// Lists the caller's contacts
///
/// A page of the caller's own contacts, in the order in which they were created as users. `name` is compared with the
/// caller's name for the contact and with the contact's own name.
#[utoipa::path(
    get, path = "/contacts/contactsList", tag = "Contacts", operation_id = "list_contacts",
    security(("user" = [])),
    params(ContactListQuery),
    responses((status = 200, description = "The page", body = MirrorFlyReply<ContactsPage>), MirroredError)
)]
pub(super) async fn list(
    call: Call<MirrorFlyUser, ContactListQuery, MirroredError>,
) -> Result<HttpResponse, MirroredError> {
    let Call { service, caller, form: ContactListQuery { name, page, size }, .. } = call;
    let page = callers::page(page, size, SIZE_DEFAULT);
    let (name, reader) = (name.0.as_deref(), CallerKey::User(caller.key));
    let listed = service.contacts(&caller.tenant, reader, caller.key, name, page).await?;
    let total_pages = listed.total.div_ceil(u64::from(page.limit()));
    let contacts_list = listed.items.iter().map(|contact| ContactRow::of(&contact.user)).collect();
    let data = ContactsPage { contacts_list, total_pages, total_records: listed.total };
    Ok(reply::success(data, "Data retrieved successfully"))
}

/// A contact that is a user, with its name in the phone book.
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

/// The contacts that are users.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LiveContacts {
    live_contacts: Vec<LiveContact>,
}

/// The phone book of a device.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PhoneBook {
    /// At most as many entries as a user may have contacts.
    #[schema(value_type = Vec<PhoneBookEntry>, max_items = 10000)]
    add_contacts: PhoneBookEntries,
    #[schema(value_type = Vec<PhoneBookEntry>, max_items = 10000, example = json!([]))]
    delete_contacts: PhoneBookEntries,
    /// "to delete previous contacts for the users".
    #[schema(example = false)]
    force_delete: bool,
    /// Whether the app may read the device's contacts. Ignored.
    #[schema(rename = "contactPermission", example = true)]
    _contact_permission: bool,
}

/// An entry of a phone book. An entry without a number is skipped.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", expecting = "an object with mobileNumber and name")]
#[schema(as = PhoneEntry)]
struct PhoneBookEntry {
    /// Characters that a name may not have, such as text-direction marks, are removed. A longer name is cut at 500
    /// bytes.
    #[schema(value_type = Option<String>, example = "Two")]
    name: Optional<String>,
    /// A user's mobile number, with any blanks, dashes and other marks, in digits of any script; or a user id. An entry
    /// of more than 60 bytes is skipped.
    #[serde(deserialize_with = "number")]
    #[schema(example = "user2")]
    mobile_number: Option<String>,
}

/// Reads a text, or a JSON number as text, which some clients send.
fn number<'de, D: Deserializer<'de>>(field: D) -> Result<Option<String>, D::Error> {
    form::value(field, |given| match given {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(Fault::Malformed("text, in quotes")),
    })
}

/// The entries of a phone book that have a number. Entries are cleaned, and one that cannot be cleaned is skipped, so
/// that it does not cost the rest of the book. Only a value that is no entry, such as a list, is an error.
struct PhoneBookEntries(Vec<PhoneEntry>);

impl<'de> Deserialize<'de> for PhoneBookEntries {
    fn deserialize<D: Deserializer<'de>>(field: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;

        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = PhoneBookEntries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of objects with mobileNumber and name")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<PhoneBookEntries, A::Error> {
                let found = items.size_hint().unwrap_or_default();
                Fault::if_above(ENTRIES_MAX, "entries", found).map_err(form::raised)?;
                let mut entries = Vec::new();
                while let Some(PhoneBookEntry { name, mobile_number }) = items.next_element()? {
                    entries.extend(mobile_number.and_then(|number| PhoneEntry::of_line(&number, name.0.as_deref())));
                }
                Ok(PhoneBookEntries(entries))
            }
        }

        field.deserialize_seq(EntriesVisitor)
    }
}

/// Uploads a phone book
///
/// "upload all the phone book contacts to the server to get the live contacts".
#[utoipa::path(
    post, path = "/contacts/syncContactsNew", tag = "Contacts", operation_id = "sync_phone_book",
    security(("user" = [])),
    request_body = PhoneBook,
    responses((status = 200, description = "The added contacts that are users", body = MirrorFlyReply<LiveContacts>), MirroredError)
)]
pub(super) async fn sync(
    call: Call<MirrorFlyUser, (), MirroredError>,
    request: HttpRequest, // with its payload: a body of this length is read when its turn has come, and not before
    payload: Payload,
) -> Result<HttpResponse, MirroredError> {
    let caller = call.caller;
    let _turn = call.service.phone_book_turn(caller.key).await?;
    let read = |body: Option<_>| body.map(Form::from).unwrap_or_default().read_as();
    let book = form::read_object_as(&request, payload, &FormLimits::default(), read).await?;
    callers::tenant_if_served(&call.service, &caller.tenant)?;
    let book: PhoneBook = book?;
    let sync =
        PhoneBookSync { add: book.add_contacts.0, delete: book.delete_contacts.0, replaces_all: book.force_delete };
    let live = call.service.sync_contacts(&caller.tenant, caller.key, sync, call.client).await;
    let live = live.map_err(|refused| at_list(refused, "addContacts"))?;
    let live_contacts = live.iter().map(LiveContact::from).collect();
    Ok(reply::success(LiveContacts { live_contacts }, "Contact Added successfully"))
}

/// The user to add as a contact.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContactForm {
    /// The app's licence key.
    #[schema(value_type = String, min_length = 1, example = "StandinDemoLicenseKey0123456789")]
    license_key: Required<String>,
    /// The user's id, its `@` plain, as `=40` or as `\40`.
    #[schema(value_type = String, example = "user2")]
    username: Option<String>,
}

/// Adds a contact
///
/// The SDK's only call that adds a contact: one user. Adding oneself changes nothing.
#[utoipa::path(
    post, path = "/contacts/sandbox/syncContacts", tag = "Contacts", operation_id = "sync_contact",
    security(("user" = [])),
    request_body(content = ContactForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Added", body = MessageReply), SdkError)
)]
pub(super) async fn sync_one(call: Call<MirrorFlyUser, ContactForm, SdkError>) -> Result<HttpResponse, SdkError> {
    let Call { service, caller, form, .. } = call;
    user_form::check_license_key(&caller.tenant, &form.license_key)?;
    let listed = service.list_contact(&caller.tenant, caller.key, &user_id(form.username)?).await;
    listed.map_err(|refused| at_list(refused, "The list of contacts"))?;
    Ok(reply::done("Contact Added successfully"))
}
