//! What others see of users: profiles, lists, presence. Sources: what the vendor's SDK sends, and its admin page on presence.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use percent_encoding::percent_decode_str;

use super::{
    codec::Codec,
    door, jid,
    reply::{self, InBody, Mirrored, Refused, Success},
    view::{PresencePage, ProfileShown, Seen, Unseen, UsersPage},
};
use crate::{
    domain::{
        error::{Error, Fault},
        id::UserId,
        page::{Order, Page},
        profile::User,
        search::{MetadataFilter, TEXT_CHARS_MAX, UserSearch},
        text,
    },
    http::form::Form,
    service::{Service, apps::Tenant, profiles::Viewer},
};

/// Of userList, as the vendor's page has it. The SDK always says how many it wants, 30 unless its app says otherwise.
const LIST_SIZE_DEFAULT: u32 = 20;

/// Of presence.
const PRESENCE_SIZE_DEFAULT: u32 = 10;

/// Users that one call of presence names. The vendor names no bound.
const PRESENCE_IDS_MAX: usize = 100;

/// Shows a profile
///
/// Of any user of the app. The key of its encrypted fields is `userId` exactly as it was sent: so the SDK decrypts them. A user that there
/// is not is a refusal with `status` 204, by which the SDK knows it.
#[utoipa::path(
    get, path = "/contacts/vcard", tag = "Contacts", operation_id = "get_vcard",
    security(("user" = []), ("back_end" = [])),
    params(("userId" = String, Query, description = "Whose: an `@` in it plain, as `=40` or as `\\40`", example = "user2")),
    responses((status = 200, description = "The profile", body = Success<ProfileShown>), InBody)
)]
pub(super) async fn vcard(service: Data<Service>, request: HttpRequest) -> Result<HttpResponse, InBody> {
    let caller = door::caller(&service, &request)?;
    let query = Form::query(request.query_string())?;
    let sent = door::required(&query, "userId")?;
    let id = jid::parse(sent).map_err(|_| Refused::NoSuchProfile)?;
    let user = service.find_user(&caller.tenant, &id)?.ok_or(Refused::NoSuchProfile)?;
    let codec = Codec::of_profile(sent, &profile_iv(&service, &caller.tenant)?);
    Ok(reply::success(ProfileShown::of(&codec, sent, &user), RETRIEVED))
}

/// Lists users
///
/// A page of the app's users in the order they were created, or of those that a part of their name or one of their metadata finds.
#[utoipa::path(
    get, path = "/contacts/userList", tag = "Contacts", operation_id = "list_users",
    security(("user" = []), ("back_end" = [])),
    params(
        ("name" = Option<String>, Query, description = "A part of an id or of a nickname", max_length = 500),
        ("page" = Option<u32>, Query, description = "From 1, which is the default", minimum = 1, example = 1),
        ("size" = Option<u32>, Query, description = "Users of a page, 20 if not given", minimum = 1, maximum = 100, example = 20),
        ("metadataKey" = Option<String>, Query, description = "With `metadataValues`: of users who have this key"),
        ("metadataValues" = Option<Vec<String>>, Query, description = "With `metadataKey`: and one of these values"),
    ),
    responses((status = 200, description = "The page", body = Success<UsersPage>), InBody)
)]
pub(super) async fn list(service: Data<Service>, request: HttpRequest) -> Result<HttpResponse, InBody> {
    let caller = door::caller(&service, &request)?;
    let query = Form::query(request.query_string())?;
    let search = UserSearch { text: named(&query)?, metadata: metadata(&query)? };
    let page = door::page(&query, LIST_SIZE_DEFAULT)?;
    let listed = service.find_users(&caller.tenant, caller.key(), search, page, Order::OldestFirst).await?;
    let iv_text = profile_iv(&service, &caller.tenant)?;
    let row = |user: &User| {
        let id = jid::escaped(&user.id);
        ProfileShown::of(&Codec::of_profile(&id, &iv_text), &id, user)
    };
    let user_list = listed.items.iter().map(row).collect();
    let total_pages = listed.total.div_ceil(u64::from(page.limit()));
    Ok(reply::success(UsersPage { user_list, total_pages, total_records: listed.total }, RETRIEVED))
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

/// Tells whether users are there
///
/// Pages are of the ids that the call names.
#[utoipa::path(
    get, path = "/users/presence", tag = "Users", operation_id = "get_presence",
    security(("back_end" = [])),
    params(
        ("userIds" = Vec<String>, Query, description = "Whose, repeated for each", min_items = 1, max_items = 100, example = json!(["user1", "user2"])),
        ("page" = Option<u32>, Query, description = "From 1, which is the default", minimum = 1, example = 1),
        ("size" = Option<u32>, Query, description = "Users of a page, 10 if not given", minimum = 1, maximum = 100, example = 10),
    ),
    responses((status = 200, description = "The page", body = Success<PresencePage>), Mirrored)
)]
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
    let known = service.presence(&tenant, Viewer::BackEnd, ids).await?;
    let is_known = |named: &str| jid::parse(named).is_ok_and(|id| known.iter().any(|(user, _)| user.id == id));
    let valid = known.iter().map(|(user, presence)| Seen::of(user, *presence)).collect();
    let invalid = shown.iter().filter(|named| !is_known(named)).map(|named| Unseen::from(*named)).collect();
    let (total_pages, total_records) = (named.len().div_ceil(limit(page)) as u64, named.len() as u64);
    Ok(reply::success(PresencePage { valid, invalid, total_pages, total_records }, RETRIEVED))
}

fn limit(page: Page) -> usize {
    usize::try_from(page.limit()).unwrap_or(usize::MAX)
}
