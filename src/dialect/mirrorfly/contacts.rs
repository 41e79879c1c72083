//! What a user calls about others: whom it blocks, whom it lists.
//!
//! Sources: the vendor's pages "Block User", "Unblock User", "Contacts List" and "Contact Sync".

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    door, jid,
    reply::{self, InBody, Mirrored, Refused},
};
use crate::{
    domain::{
        contact::{PhoneEntry, ROWS_MAX},
        error::{Error, Fault},
        id::UserId,
        text::{ContactName, MobileNumber},
    },
    http::{
        form::{self, Form, FormLimits},
        spool::Spool,
    },
    service::{Service, contacts::Sync},
};

/// "Number of users per page default value is 50".
const SIZE_DEFAULT: u32 = 50;

/// Entries of each list of a phone book: no more rows fit beside them.
const ENTRIES_MAX: usize = ROWS_MAX;

/// `POST /users/block`: "to efficiently block a user, preventing further interactions".
pub(super) async fn block(
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Mirrored> {
    let caller = door::user(&service, &request)?;
    let whom = named(&Form::read(&request, payload, &FormLimits::default(), &spool).await?)?;
    let blocked = service.block(&caller.tenant, caller.key, &whom).await;
    blocked.map_err(|refused| full(refused, "The list of blocked users"))?;
    Ok(reply::done("User blockout requested"))
}

/// `POST /users/unblock`.
pub(super) async fn unblock(
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Mirrored> {
    let caller = door::user(&service, &request)?;
    let whom = named(&Form::read(&request, payload, &FormLimits::default(), &spool).await?)?;
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

/// `GET /contacts/contactsList`: a page of the caller's own contacts, in the order they were created as users.
///
/// `name` finds what the caller calls them as well as what they call themselves.
pub(super) async fn list(service: Data<Service>, request: HttpRequest) -> Result<HttpResponse, Mirrored> {
    let caller = door::user(&service, &request)?;
    let query = Form::query(request.query_string())?;
    let name = query.text("name")?.filter(|name| !name.is_empty());
    let page = door::page(&query, SIZE_DEFAULT)?;
    let listed = service.contacts(&caller.tenant, caller.key, name, page).await?;
    let pages = listed.total.div_ceil(u64::from(page.limit()));
    let rows: Vec<_> = listed.items.iter().map(|contact| reply::contact(&contact.user)).collect();
    let data = json!({ "contactsList": rows, "totalPages": pages, "totalRecords": listed.total });
    Ok(reply::success(data, "Data retrieved successfully"))
}

/// A contact that is a user, as the phone book names it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LiveView<'a> {
    name: &'a str,
    mobile_number: &'a str,
}

impl<'a> From<&'a PhoneEntry> for LiveView<'a> {
    fn from(entry: &'a PhoneEntry) -> Self {
        Self { name: entry.name.as_ref().map_or("", ContactName::as_str), mobile_number: entry.mobile.as_str() }
    }
}

/// `POST /contacts/syncContactsNew`: "upload all the phone book contacts to the server to get the live contacts".
///
/// forceDelete: "to delete previous contacts for the users". contactPermission is what the telephone lets the app read; the lists say
/// that already.
pub(super) async fn sync(
    service: Data<Service>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Mirrored> {
    let caller = door::user(&service, &request)?;
    let body = form::read_object(&request, payload, &FormLimits::default()).await?.unwrap_or_default();
    let sync = Sync {
        add: entries(&body, "addContacts")?,
        delete: entries(&body, "deleteContacts")?,
        replaces_all: flag(&body, "forceDelete")?,
    };
    flag(&body, "contactPermission")?;
    let live = service.sync_contacts(&caller.tenant, caller.key, sync).await;
    let live = live.map_err(|refused| full(refused, "addContacts"))?;
    let rows: Vec<_> = live.iter().map(LiveView::from).collect();
    Ok(reply::success(json!({ "liveContacts": rows }), "Contact Added successfully"))
}

/// `POST /contacts/sandbox/syncContacts`: the SDK's only call that makes a contact. It names one user, who is listed from then on; naming
/// oneself changes nothing.
pub(super) async fn sync_one(
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, InBody> {
    let caller = door::user(&service, &request)?;
    let form = Form::read(&request, payload, &FormLimits::default(), &spool).await?;
    if !caller.tenant.has_license_key(door::required(&form, "licenseKey")?) {
        return Err(Fault::Malformed("the licence key of this app").at("licenseKey").into());
    }
    let whom = jid::parse(form.text("username")?.unwrap_or("")).map_err(|_| Refused::InvalidUserId)?;
    let listed = service.list_contact(&caller.tenant, caller.key, &whom).await;
    listed.map_err(|refused| full(refused, "The list of contacts"))?;
    Ok(reply::done("Contact Added successfully"))
}

/// The entries of a phone book that have a number: the page requires none, and one without is nobody's.
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
    let name = text("name")?.map(ContactName::parse).transpose().map_err(|fault| fault.at(format!("{place}.name")))?;
    let mobile = text("mobileNumber")?.map(MobileNumber::parse).transpose();
    let mobile = mobile.map_err(|fault| fault.at(format!("{place}.mobileNumber")))?;
    Ok(mobile.map(|mobile| PhoneEntry { mobile, name }))
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
