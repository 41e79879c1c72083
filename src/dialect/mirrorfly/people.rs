//! What others see of users: profiles, lists, presence. Sources: what the vendor's SDK sends, and its admin page on presence.

use actix_web::HttpResponse;
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::{
    codec::Codec,
    door::{self, BackEnd, Holder, PageNumber, PageSize},
    jid,
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
    http::form::{Call, Optional, Required, Texts, read_from},
    service::{Service, apps::Tenant, profiles::Viewer},
};

read_from!(Query: Shown, Listing, Presences);

/// Of userList, as the vendor's page has it. The SDK always says how many it wants, 30 unless its app says otherwise.
const LIST_SIZE_DEFAULT: u32 = 20;

/// Of presence.
const PRESENCE_SIZE_DEFAULT: u32 = 10;

/// Users that one call of presence names. The vendor names no bound.
const PRESENCE_IDS_MAX: usize = 100;

/// Whose profile to show.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct Shown {
    /// Whose: an `@` in it plain, as `=40` or as `\40`
    #[param(value_type = String, example = "user2")]
    user_id: Required<String>,
}

/// Shows a profile
///
/// Of any user of the app. The key of its encrypted fields is `userId` exactly as it was sent: so the SDK decrypts them. A user that there
/// is not is a refusal with `status` 204, by which the SDK knows it.
#[utoipa::path(
    get, path = "/contacts/vcard", tag = "Contacts", operation_id = "get_vcard",
    security(("user" = []), ("back_end" = [])),
    params(Shown),
    responses((status = 200, description = "The profile", body = Success<ProfileShown>), InBody)
)]
pub(super) async fn vcard(call: Call<Holder, Shown, InBody>) -> Result<HttpResponse, InBody> {
    let (tenant, sent) = (&call.caller.tenant, call.form.user_id.0);
    let id = jid::parse(&sent).map_err(|_| Refused::NoSuchProfile)?;
    let user = call.service.find_user(tenant, &id).await?.ok_or(Refused::NoSuchProfile)?;
    let codec = Codec::of_profile(&sent, &profile_iv(&call.service, tenant)?);
    Ok(reply::success(ProfileShown::of(&codec, &sent, &user), RETRIEVED))
}

/// Which users to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct Listing {
    /// A part of an id or of a nickname
    #[param(value_type = Option<String>, max_length = 500)]
    name: Optional<String>,
    /// With `metadataValues`: of users who have this key
    #[param(value_type = Option<String>)]
    metadata_key: Optional<String>,
    /// With `metadataKey`: and one of these values
    #[param(value_type = Option<Vec<String>>)]
    metadata_values: Texts,
    /// From 1, which is the default
    #[param(value_type = Option<u32>, minimum = 1, example = 1)]
    page: Optional<PageNumber>,
    /// Users of a page, 20 if not given
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, example = 20)]
    size: Optional<PageSize>,
}

/// Lists users
///
/// A page of the app's users in the order they were created, or of those that a part of their name or one of their metadata finds.
#[utoipa::path(
    get, path = "/contacts/userList", tag = "Contacts", operation_id = "list_users",
    security(("user" = []), ("back_end" = [])),
    params(Listing),
    responses((status = 200, description = "The page", body = Success<UsersPage>), InBody)
)]
pub(super) async fn list(call: Call<Holder, Listing, InBody>) -> Result<HttpResponse, InBody> {
    let Call { service, caller, form: Listing { name, metadata_key, metadata_values, page, size }, .. } = call;
    let search = UserSearch { text: named(name.0)?, metadata: metadata(metadata_key.0, metadata_values.0)? };
    let page = door::page(page, size, LIST_SIZE_DEFAULT);
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
fn named(name: Option<String>) -> Result<Option<String>, Error> {
    let Some(name) = name else { return Ok(None) };
    let read_again = percent_decode_str(&name).decode_utf8().map_or_else(|_| name.clone(), String::from);
    text::at_most(&read_again, TEXT_CHARS_MAX).map_err(|fault| fault.at("name"))?;
    Ok(Some(read_again))
}

/// metadataKey, and metadataValues as often as there are values. The SDK sends both empty for "none given".
fn metadata(key: Option<String>, mut values: Vec<String>) -> Result<Option<MetadataFilter>, Error> {
    values.retain(|value| !value.is_empty());
    match (key, values.is_empty()) {
        (None, true) => Ok(None),
        (None, false) => Err(Fault::Missing.at("metadataKey")),
        (Some(_), true) => Err(Fault::Missing.at("metadataValues")),
        (Some(key), false) => Ok(Some(MetadataFilter { key, values })),
    }
}

/// Whose presence is asked for.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct Presences {
    /// From 1, which is the default
    #[param(value_type = Option<u32>, minimum = 1, example = 1)]
    page: Optional<PageNumber>,
    /// Users of a page, 10 if not given
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, example = 10)]
    size: Optional<PageSize>,
    /// Whose, repeated for each
    #[param(value_type = Vec<String>, min_items = 1, max_items = 100, example = json!(["user1", "user2"]))]
    user_ids: Texts,
}

/// Tells whether users are there
///
/// Pages are of the ids that the call names.
#[utoipa::path(
    get, path = "/users/presence", tag = "Users", operation_id = "get_presence",
    security(("back_end" = [])),
    params(Presences),
    responses((status = 200, description = "The page", body = Success<PresencePage>), Mirrored)
)]
pub(super) async fn presence(call: Call<BackEnd, Presences, Mirrored>) -> Result<HttpResponse, Mirrored> {
    let Presences { page, size, user_ids: Texts(named) } = call.form;
    let page = door::page(page, size, PRESENCE_SIZE_DEFAULT);
    match named.len() {
        0 => return Err(Fault::Missing.at("userIds").into()),
        1..=PRESENCE_IDS_MAX => {}
        found => {
            let most = PRESENCE_IDS_MAX as u64;
            return Err(Fault::TooMuch { most, unit: "ids", found: found as u64 }.at("userIds").into());
        }
    }
    let offset = usize::try_from(page.offset()).unwrap_or(usize::MAX);
    let shown: Vec<&str> = named.iter().map(String::as_str).skip(offset).take(limit(page)).collect();
    let ids: Vec<UserId> = shown.iter().filter_map(|named| jid::parse(named).ok()).collect();
    let known = call.service.presence(&call.caller.tenant, Viewer::BackEnd, ids).await?;
    let is_known = |named: &str| jid::parse(named).is_ok_and(|id| known.iter().any(|(user, _)| user.id == id));
    let valid = known.iter().map(|(user, presence)| Seen::of(user, *presence)).collect();
    let invalid = shown.iter().filter(|named| !is_known(named)).map(|named| Unseen::from(*named)).collect();
    let (total_pages, total_records) = (named.len().div_ceil(limit(page)) as u64, named.len() as u64);
    Ok(reply::success(PresencePage { valid, invalid, total_pages, total_records }, RETRIEVED))
}

fn limit(page: Page) -> usize {
    usize::try_from(page.limit()).unwrap_or(usize::MAX)
}
