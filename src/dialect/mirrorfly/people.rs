//! What others see of users: profiles, lists, presence. Sources: what the SDK sends, and the admin page on presence.

use actix_web::HttpResponse;
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::{
    callers::{self, BackEnd, PageNumber, PageSize, TokenHolder},
    codec::Codec,
    jid,
    reply::{self, MirrorFlyError, MirrorFlyReply, MirroredError, SdkError},
    view::{KnownPresence, PresencePage, ProfileView, UnknownUser, UsersPage},
};
use crate::{
    domain::{Error, Fault, MetadataFilter, Order, Page, TEXT_CHARS_MAX, User, UserId, UserSearch, text},
    http::form::{Call, Optional, Required, Texts, read_from},
    service::{Service, Tenant, Viewer},
};

read_from!(Query: VcardQuery, UserListQuery, PresenceQuery);

/// Users per page of userList, as on the vendor's page. The SDK always sends a size, 30 by default.
const LIST_SIZE_DEFAULT: u32 = 20;

const PRESENCE_SIZE_DEFAULT: u32 = 10;

/// Users per presence request. The vendor names no bound.
const PRESENCE_IDS_MAX: usize = 100;

/// The user whose profile to show.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct VcardQuery {
    /// The user's id, its `@` plain, as `=40` or as `\40`
    #[param(value_type = String, example = "user2")]
    user_id: Required<String>,
}

/// Shows a profile
///
/// Of any user of the app. The encrypted fields have `userId`, exactly as it was sent, as their key, so that the SDK
/// can decrypt them. For an unknown user the error has `status` 204, which the SDK recognises.
#[utoipa::path(
    get, path = "/contacts/vcard", tag = "Contacts", operation_id = "get_vcard",
    security(("user" = []), ("back_end" = [])),
    params(VcardQuery),
    responses((status = 200, description = "The profile", body = MirrorFlyReply<ProfileView>), SdkError)
)]
pub(super) async fn vcard(call: Call<TokenHolder, VcardQuery, SdkError>) -> Result<HttpResponse, SdkError> {
    let (tenant, sent) = (&call.caller.tenant, call.form.user_id.0);
    let id = jid::parse(&sent).map_err(|_| MirrorFlyError::NoSuchProfile)?;
    let user = call.service.find_user(tenant, &id).await?.ok_or(MirrorFlyError::NoSuchProfile)?;
    let codec = Codec::of_profile(&sent, &profile_iv(&call.service, tenant)?);
    Ok(reply::success(ProfileView::of(&codec, &sent, &user), RETRIEVED))
}

/// The users to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct UserListQuery {
    /// A part of an id or of a nickname
    #[param(value_type = Option<String>, max_length = 500)]
    name: Optional<String>,
    /// Lists users with this key. Needs `metadataValues`
    #[param(value_type = Option<String>)]
    metadata_key: Optional<String>,
    /// Lists users with one of these values. Needs `metadataKey`
    #[param(value_type = Option<Vec<String>>)]
    metadata_values: Texts,
    /// From 1, the default
    #[param(value_type = Option<u32>, minimum = 1, example = 1)]
    page: Optional<PageNumber>,
    /// Users per page; default 20
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, example = 20)]
    size: Optional<PageSize>,
}

/// Lists users
///
/// A page of the app's users in creation order: all, or those that match a part of the name or a metadata pair.
#[utoipa::path(
    get, path = "/contacts/userList", tag = "Contacts", operation_id = "list_users",
    security(("user" = []), ("back_end" = [])),
    params(UserListQuery),
    responses((status = 200, description = "The page", body = MirrorFlyReply<UsersPage>), SdkError)
)]
pub(super) async fn list(call: Call<TokenHolder, UserListQuery, SdkError>) -> Result<HttpResponse, SdkError> {
    let Call { service, caller, form: UserListQuery { name, metadata_key, metadata_values, page, size }, .. } = call;
    let search = UserSearch { text: searched_text(name.0)?, metadata: metadata(metadata_key.0, metadata_values.0)? };
    let page = callers::page(page, size, LIST_SIZE_DEFAULT);
    let listed = service.find_users(&caller.tenant, caller.key(), search, page, Order::OldestFirst).await?;
    let iv_text = profile_iv(&service, &caller.tenant)?;
    let row = |user: &User| {
        let id = jid::escaped(&user.id);
        ProfileView::of(&Codec::of_profile(&id, &iv_text), &id, user)
    };
    let user_list = listed.items.iter().map(row).collect();
    let total_pages = listed.total.div_ceil(u64::from(page.limit()));
    Ok(reply::success(UsersPage { user_list, total_pages, total_records: listed.total }, RETRIEVED))
}

const RETRIEVED: &str = "Data retrieved successfully";

pub(super) fn profile_iv(service: &Service, tenant: &Tenant) -> Result<String, Error> {
    Ok(service.app_secrets(tenant)?.license_key.expose().to_owned())
}

/// Decodes the searched text again if it still has escapes: some releases of the SDK escape it twice.
fn searched_text(name: Option<String>) -> Result<Option<String>, Error> {
    let Some(name) = name else { return Ok(None) };
    let reload = percent_decode_str(&name).decode_utf8().map_or_else(|_| name.clone(), String::from);
    text::at_most(&reload, TEXT_CHARS_MAX).map_err(|fault| fault.at("name"))?;
    Ok(Some(reload))
}

/// Reads metadataKey and the repeated metadataValues. The SDK sends both empty for "not given".
fn metadata(key: Option<String>, mut values: Vec<String>) -> Result<Option<MetadataFilter>, Error> {
    values.retain(|value| !value.is_empty());
    match (key, values.is_empty()) {
        (None, true) => Ok(None),
        (None, false) => Err(Fault::Missing.at("metadataKey")),
        (Some(_), true) => Err(Fault::Missing.at("metadataValues")),
        (Some(key), false) => Ok(Some(MetadataFilter { key, values })),
    }
}

/// The users whose presence to return.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct PresenceQuery {
    /// From 1, the default
    #[param(value_type = Option<u32>, minimum = 1, example = 1)]
    page: Optional<PageNumber>,
    /// Users per page; default 10
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, example = 10)]
    size: Optional<PageSize>,
    /// User ids, repeated
    #[param(value_type = Vec<String>, min_items = 1, max_items = 100, example = json!(["user1", "user2"]))]
    user_ids: Texts,
}

/// Tells whether users are online
///
/// The pages divide the ids of the request.
#[utoipa::path(
    get, path = "/users/presence", tag = "Users", operation_id = "get_presence",
    security(("back_end" = [])),
    params(PresenceQuery),
    responses((status = 200, description = "The page", body = MirrorFlyReply<PresencePage>), MirroredError)
)]
pub(super) async fn presence(call: Call<BackEnd, PresenceQuery, MirroredError>) -> Result<HttpResponse, MirroredError> {
    let PresenceQuery { page, size, user_ids: Texts(searched_text) } = call.form;
    let page = callers::page(page, size, PRESENCE_SIZE_DEFAULT);
    if searched_text.is_empty() {
        return Err(Fault::Missing.at("userIds").into());
    }
    Fault::if_above(PRESENCE_IDS_MAX, "ids", searched_text.len()).map_err(|fault| fault.at("userIds"))?;
    let offset = usize::try_from(page.offset()).unwrap_or(usize::MAX);
    let shown: Vec<&str> = searched_text.iter().map(String::as_str).skip(offset).take(limit(page)).collect();
    let ids: Vec<UserId> = shown.iter().filter_map(|searched_text| jid::parse(searched_text).ok()).collect();
    let known = call.service.presence(&call.caller.tenant, Viewer::BackEnd, ids).await?;
    let is_known =
        |searched_text: &str| jid::parse(searched_text).is_ok_and(|id| known.iter().any(|(user, _)| user.id == id));
    let valid = known.iter().map(|(user, presence)| KnownPresence::of(user, *presence)).collect();
    let invalid = shown
        .iter()
        .filter(|searched_text| !is_known(searched_text))
        .map(|searched_text| UnknownUser::from(*searched_text))
        .collect();
    let (total_pages, total_records) = (searched_text.len().div_ceil(limit(page)) as u64, searched_text.len() as u64);
    Ok(reply::success(PresencePage { valid, invalid, total_pages, total_records }, RETRIEVED))
}

fn limit(page: Page) -> usize {
    usize::try_from(page.limit()).unwrap_or(usize::MAX)
}
