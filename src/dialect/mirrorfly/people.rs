//! What others see of users: profiles, lists, presence. Sources: what the vendor's SDK sends, and its admin page on presence.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::{
    codec::Codec,
    door, jid,
    reply::{self, InBody, Mirrored, Refused},
};
use crate::{
    domain::{
        error::{Error, Fault},
        id::UserId,
        listening::Presence,
        page::{Order, Page},
        profile::User,
        search::{MetadataFilter, TEXT_CHARS_MAX, UserSearch},
        text,
    },
    http::form::Form,
    service::{Service, apps::Tenant},
};

/// Of userList, as the vendor's page has it. The SDK always says how many it wants, 30 unless its app says otherwise.
const LIST_SIZE_DEFAULT: u32 = 20;

/// Of presence.
const PRESENCE_SIZE_DEFAULT: u32 = 10;

/// Users that one call of presence names. The vendor names no bound.
const PRESENCE_IDS_MAX: usize = 100;

/// `GET /contacts/vcard?userId=`: the profile of any user of the app.
///
/// The key of its encrypted fields is `userId` exactly as it was sent: so the SDK decrypts them.
pub(super) async fn vcard(service: Data<Service>, request: HttpRequest) -> Result<HttpResponse, InBody> {
    let caller = door::caller(&service, &request)?;
    let query = Form::query(request.query_string())?;
    let sent = door::required(&query, "userId")?;
    let id = jid::parse(sent).map_err(|_| Refused::NoSuchProfile)?;
    let user = service.find_user(&caller.tenant, &id)?.ok_or(Refused::NoSuchProfile)?;
    let codec = Codec::of_profile(sent, &profile_iv(&service, &caller.tenant)?);
    Ok(reply::success(reply::profile(&codec, sent, &user), RETRIEVED))
}

/// `GET /contacts/userList`: a page of the app's users, or of those that a part of their name or one of their metadata finds.
pub(super) async fn list(service: Data<Service>, request: HttpRequest) -> Result<HttpResponse, InBody> {
    let caller = door::caller(&service, &request)?;
    let query = Form::query(request.query_string())?;
    let search = UserSearch { text: named(&query)?, metadata: metadata(&query)? };
    let page = door::page(&query, LIST_SIZE_DEFAULT)?;
    let listed = service.find_users(&caller.tenant, search, page, Order::OldestFirst).await?;
    let iv_text = profile_iv(&service, &caller.tenant)?;
    let row = |user: &User| {
        let id = jid::escaped(&user.id);
        reply::profile(&Codec::of_profile(&id, &iv_text), &id, user)
    };
    let rows: Vec<_> = listed.items.iter().map(row).collect();
    let pages = listed.total.div_ceil(u64::from(page.limit()));
    Ok(reply::success(json!({ "userList": rows, "totalPages": pages, "totalRecords": listed.total }), RETRIEVED))
}

const RETRIEVED: &str = "Data retrieved successfully";

/// What the profile codec of an app makes its vector of.
/// # Errors
/// Internal, when the app's secrets do not open.
pub(super) fn profile_iv(service: &Service, tenant: &Tenant) -> Result<String, Error> {
    Ok(service.app_secrets(tenant)?.license_key.expose().to_owned())
}

/// The text that is looked for. Some releases of the SDK escape it twice: what still holds an escape is read once more.
fn named(query: &Form) -> Result<Option<String>, Error> {
    let Some(name) = query.text("name")?.filter(|name| !name.is_empty()) else { return Ok(None) };
    let read_again = percent_decode_str(name).decode_utf8().map_or_else(|_| name.to_owned(), String::from);
    text::at_most(&read_again, TEXT_CHARS_MAX).map_err(|fault| fault.at("name"))?;
    Ok(Some(read_again))
}

/// metadataKey, and metadataValues as often as there are values. The SDK sends both empty for "none given".
fn metadata(query: &Form) -> Result<Option<MetadataFilter>, Error> {
    let key = query.text("metadataKey")?.filter(|key| !key.is_empty());
    let values = query.texts("metadataValues")?.into_iter().filter(|value| !value.is_empty());
    let values: Vec<String> = values.map(str::to_owned).collect();
    match (key, values.is_empty()) {
        (None, true) => Ok(None),
        (None, false) => Err(Fault::Missing.at("metadataKey")),
        (Some(_), true) => Err(Fault::Missing.at("metadataValues")),
        (Some(key), false) => Ok(Some(MetadataFilter { key: key.to_owned(), values })),
    }
}

/// `GET /users/presence`: whether users are there, for the back end. Pages are of the ids that the call names.
pub(super) async fn presence(service: Data<Service>, request: HttpRequest) -> Result<HttpResponse, Mirrored> {
    let tenant = door::back_end(&service, &request)?;
    let query = Form::query(request.query_string())?;
    let page = door::page(&query, PRESENCE_SIZE_DEFAULT)?;
    let named = query.texts("userIds")?;
    match named.len() {
        0 => return Err(Fault::Missing.at("userIds").into()),
        1..=PRESENCE_IDS_MAX => {}
        found => {
            let most = PRESENCE_IDS_MAX as u64;
            return Err(Fault::TooMuch { most, unit: "ids", found: found as u64 }.at("userIds").into());
        }
    }
    let offset = usize::try_from(page.offset()).unwrap_or(usize::MAX);
    let shown: Vec<&str> = named.iter().copied().skip(offset).take(limit(page)).collect();
    let ids: Vec<UserId> = shown.iter().filter_map(|named| jid::parse(named).ok()).collect();
    let known = service.presence(&tenant, &ids)?;
    let is_known = |named: &str| jid::parse(named).is_ok_and(|id| known.iter().any(|(user, _)| user.id == id));
    let valid: Vec<Value> = known.iter().map(|(user, presence)| seen(user, *presence)).collect();
    let invalid = shown.iter().filter(|named| !is_known(named));
    let invalid: Vec<Value> =
        invalid.map(|named| json!({ "username": named, "message": "User is not available" })).collect();
    let pages = named.len().div_ceil(limit(page));
    let data = json!({ "valid": valid, "invalid": invalid, "totalPages": pages, "totalRecords": named.len() });
    Ok(reply::success(data, RETRIEVED))
}

fn limit(page: Page) -> usize {
    usize::try_from(page.limit()).unwrap_or(usize::MAX)
}

/// `lastSeen` is in seconds, as text; 0 for one who has not been seen for as long as that is remembered.
fn seen(user: &User, presence: Presence) -> Value {
    let last_seen_s = presence.seen_at.map_or(0, |at| at.micros() / 1_000_000);
    json!({
        "username": jid::escaped(&user.id),
        "presence": u8::from(presence.is_online),
        "lastSeen": last_seen_s.to_string(),
    })
}
