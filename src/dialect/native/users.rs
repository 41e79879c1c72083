//! Users of an app: list, create, show, change, delete, reset tokens.

use std::collections::BTreeMap;

use actix_web::{
    HttpResponse, Scope,
    http::header::{ETAG, EntityTag},
    web,
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    audit::AuditTarget,
    call, conversations,
    extractors::{IfMatchVersion, JsonBody, PathApp, PathUser, QueryParams},
    reply::{NativeError, NativeUserView, Problem, about},
    user,
};
use crate::{
    domain::{
        AvatarChange, CallerKey, CustomName, CustomValue, DisplayName, Email, Error, Extras, Fault, Metadata,
        MobileNumber, Order, Owner, Page, Patch, ProfileChange, Secret, State, StatusText, TencentProfile, User,
        UserId, UserPageQuery,
    },
    http::{addresses::Addresses, methods},
    service::{LoginOrRegister, Tenant, UserSetting},
};

const LIMIT_DEFAULT: u32 = 20;

pub(super) fn scope() -> Scope {
    let scope = web::scope("/{app_id}/users")
        .service(call("", [methods::get(list), methods::post(create)]))
        .service(call("/{id}", [methods::get(show), methods::patch(change), methods::delete(delete)]))
        .service(call("/{id}/reset-token", [methods::post(reset_token)]));
    user::resources().into_iter().chain(conversations::resources()).fold(scope, Scope::service)
}

/// The fields of a user that a caller may set. Null clears a field; an absent field keeps its value.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UserBody {
    /// Given when a user is created; an id never changes.
    #[schema(min_length = 1, max_length = 191, pattern = "^[A-Za-z0-9._@-]+$", example = "ada")]
    id: Option<String>,
    password: Option<String>,
    state: Option<StateBody>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    name: Patch<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    status: Patch<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    mobile: Patch<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    email: Patch<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    avatar_url: Patch<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Object>)]
    extras: Patch<Value>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Object>)]
    metadata: Patch<Map<String, Value>>,
    /// Tencent's other standard fields. They cannot be cleared.
    #[serde(default)]
    tencent_profile: TencentProfile,
    /// Declared custom fields; null clears a field.
    #[serde(default)]
    custom: BTreeMap<String, Option<String>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum StateBody {
    Active,
    Suspended,
}

fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Patch<T>, D::Error> {
    Option::deserialize(deserializer).map(|value| value.map_or(Patch::Clear, Patch::Set))
}

impl UserBody {
    fn change(&self, known: Option<&User>, tenant: &Tenant, addresses: &Addresses) -> Result<ProfileChange, Error> {
        fn text<T>(
            given: &Patch<String>,
            field: &'static str,
            parse: impl FnOnce(&str) -> Result<T, Fault>,
        ) -> Result<Patch<T>, Error> {
            given.try_map(|raw| parse(raw)).map_err(|fault| fault.at(field))
        }
        Ok(ProfileChange {
            display_name: text(&self.name, "name", DisplayName::parse)?,
            avatar: match &self.avatar_url {
                Patch::Keep => None,
                Patch::Clear => Some(AvatarChange::Tile),
                Patch::Set(raw) => addresses
                    .avatar_change(Some(raw), known, tenant.app.settings.public_pictures)
                    .map_err(|fault| fault.at("avatar_url"))?,
            },
            status: text(&self.status, "status", StatusText::parse)?,
            mobile: text(&self.mobile, "mobile", MobileNumber::parse)?,
            email: text(&self.email, "email", Email::parse)?,
            extras: self.extras.try_map(|value| Extras::parse(value.clone())).map_err(|fault| fault.at("extras"))?,
            metadata: self
                .metadata
                .try_map(|pairs| Metadata::parse(pairs.clone()))
                .map_err(|fault| fault.at("metadata"))?,
            tencent_profile: self.tencent_profile.clone(),
            custom: custom(&self.custom)?,
        })
    }
}

fn custom(given: &BTreeMap<String, Option<String>>) -> Result<BTreeMap<CustomName, CustomValue>, Error> {
    let field = |(name, value): (&String, &Option<String>)| {
        let at = || format!("custom field {name}");
        let known = CustomName::parse(name).map_err(|fault| fault.at(at()))?;
        Ok((known, CustomValue::parse(value.as_deref().unwrap_or_default()).map_err(|fault| fault.at(at()))?))
    };
    given.iter().map(field).collect()
}

/// Returns a user, with its version as ETag for a later `If-Match`.
pub(super) fn answer(tenant: &Tenant, addresses: &Addresses, user: &User) -> HttpResponse {
    let etag = EntityTag::new_strong(user.version.to_string());
    HttpResponse::Ok().insert_header((ETAG, etag)).json(NativeUserView::of(&tenant.app, addresses, user))
}

/// A page of users.
#[derive(Serialize, ToSchema)]
struct UsersView<'a> {
    users: Vec<NativeUserView<'a>>,
    /// Pass it as `after` to get the next page; null on the last page, absent if the request has `page`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    next: Option<Option<String>>,
    /// How many users the app has; null for a search.
    total: Option<u64>,
}

/// Lists users in creation order, searches them, or lists those with a value in a custom field.
///
/// Pass `next` as `after` to continue: the last page costs as much as the first. `page` selects a page by its number
/// instead.
#[utoipa::path(get, path = "/apps/{app_id}/users", operation_id = "list_users", tag = "Users", params(
        ("app_id" = String, Path, example = "sdksample"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100),
        ("after" = Option<i64>, Query, minimum = 0),
        ("page" = Option<u32>, Query, minimum = 1),
        ("search" = Option<String>, Query, description = "A part of an id, a name, an email address or a number"),
        ("field" = Option<String>, Query, description = "A declared custom field"),
        ("value" = Option<String>, Query, description = "The value that it must have"),
    ), responses((status = 200, body = UsersView)))]
pub(super) async fn list(
    PathApp { service, addresses, tenant }: PathApp,
    query: QueryParams,
) -> Result<HttpResponse, NativeError> {
    let limit = query.number("limit", 1..=Page::LIMIT_MAX)?.unwrap_or(LIMIT_DEFAULT);
    let view = |user| NativeUserView::of(&tenant.app, &addresses, user);
    if let Some(number) = query.number("page", 1..=u32::MAX)? {
        let listed = service.users(&tenant, CallerKey::Operator, Page::new(number, limit), Order::OldestFirst).await?;
        let users = listed.items.iter().map(view).collect();
        return Ok(HttpResponse::Ok().json(UsersView { users, next: None, total: Some(listed.total) }));
    }
    let custom = match (query.text("field")?, query.text("value")?) {
        (None, None) => None,
        (Some(name), Some(value)) => Some(filter(&tenant, name, value)?),
        (Some(_), None) => return Err(Fault::Missing.at("value").into()),
        (None, Some(_)) => return Err(Fault::Missing.at("field").into()),
    };
    let text = query.text("search")?.map(str::to_owned);
    let wanted = UserPageQuery { text, custom, after: query.number("after", 0..=i64::MAX)?, limit };
    let page = service.user_page(&tenant, CallerKey::Operator, wanted).await?;
    Ok(HttpResponse::Ok().json(UsersView {
        users: page.users.iter().map(view).collect(),
        next: Some(page.next.map(|next| next.to_string())),
        total: page.total,
    }))
}

fn filter(tenant: &Tenant, name: &str, value: &str) -> Result<(CustomName, CustomValue), Error> {
    let name = CustomName::parse(name).map_err(|fault| fault.at("field"))?;
    if tenant.app.settings.custom_field(&name).is_none() {
        return Err(Fault::Undeclared.at("field"));
    }
    Ok((name, CustomValue::parse(value).map_err(|fault| fault.at("value"))?))
}

/// A new user, with its credentials.
#[derive(Serialize, ToSchema)]
#[schema(as = NewUserView)]
struct NewUserView<'a> {
    #[serde(flatten)]
    user: NativeUserView<'a>,
    /// The token for Qiscus' calls.
    token: &'a str,
    /// The password that MirrorFly's calls return.
    issued_password: &'a str,
}

/// Creates a user.
#[utoipa::path(post, path = "/apps/{app_id}/users", operation_id = "create_user", tag = "Users", params(("app_id" = String, Path, example = "sdksample")), request_body = UserBody, responses((status = 201, body = NewUserView), (status = 409, description = "A user with this id exists", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn create(
    PathApp { service, addresses, tenant }: PathApp,
    audit_target: AuditTarget,
    JsonBody(given): JsonBody<UserBody>,
) -> Result<HttpResponse, NativeError> {
    if given.state.is_some() {
        return Err(Fault::Malformed("given in a change: new users are active").at("state").into());
    }
    let id = UserId::parse(given.id.as_deref().unwrap_or("")).map_err(|fault| fault.at("id"))?;
    let change = given.change(None, &tenant, &addresses)?;
    let call = LoginOrRegister { id: id.clone(), change, password: given.password.map(Secret::new), device: None };
    let added = service.add_user(&tenant, call).await.map_err(about(&id))?;
    audit_target.set(added.user.id.as_str());
    Ok(HttpResponse::Created().json(NewUserView {
        user: NativeUserView::of(&tenant.app, &addresses, &added.user),
        token: added.token.expose(),
        issued_password: added.issued_password.expose(),
    }))
}

/// Shows a user.
#[utoipa::path(get, path = "/apps/{app_id}/users/{id}", operation_id = "show_user", tag = "Users", params(("app_id" = String, Path, example = "sdksample"), ("id" = String, Path, example = "user1")), responses((status = 200, body = NativeUserView, headers(("ETag" = String, description = "The version, for `If-Match` of a later change")))))]
pub(super) async fn show(PathUser { service, addresses, tenant, id }: PathUser) -> Result<HttpResponse, NativeError> {
    Ok(answer(&tenant, &addresses, &service.user(&tenant, &id).await.map_err(about(&id))?))
}

/// Changes a user.
///
/// Null clears a field; an absent field keeps its value. With `If-Match`, the server changes only the version that the
/// caller has seen.
#[utoipa::path(patch, path = "/apps/{app_id}/users/{id}", operation_id = "change_user", tag = "Users", params(("app_id" = String, Path, example = "sdksample"), ("id" = String, Path, example = "user1"), ("If-Match" = Option<String>, Header, description = "The ETag of the version that the change is made for")), request_body = UserBody, responses((status = 200, body = NativeUserView, headers(("ETag" = String, description = "The version, for `If-Match` of a later change"))), (status = 412, description = "The user has changed since", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn change(
    PathUser { service, addresses, tenant, id }: PathUser,
    version: Result<IfMatchVersion, NativeError>,
    JsonBody(given): JsonBody<UserBody>,
) -> Result<HttpResponse, NativeError> {
    if given.id.is_some() {
        return Err(Fault::Malformed("left out: an id never changes").at("id").into());
    }
    let setting = UserSetting {
        profile: given.change(Some(&service.user(&tenant, &id).await.map_err(about(&id))?), &tenant, &addresses)?,
        password: given.password.map(Secret::new),
        state: given.state.map(|state| match state {
            StateBody::Active => State::Active,
            StateBody::Suspended => State::Suspended,
        }),
        of_version: version?.0,
    };
    let user = service.set_user(&tenant, id.clone(), setting).await.map_err(about(&id))?;
    Ok(answer(&tenant, &addresses, &user))
}

/// The new token.
#[derive(Serialize, ToSchema)]
struct TokenView<'a> {
    token: &'a str,
}

/// Generates a new token (Qiscus). The former token is invalid when the response is sent.
#[utoipa::path(post, path = "/apps/{app_id}/users/{id}/reset-token", operation_id = "reset_user_token", tag = "Users", params(("app_id" = String, Path, example = "sdksample"), ("id" = String, Path, example = "user1")), responses((status = 200, body = TokenView)))]
pub(super) async fn reset_token(PathUser { service, tenant, id, .. }: PathUser) -> Result<HttpResponse, NativeError> {
    let account = service.reset_token(&tenant, id.clone()).await.map_err(about(&id))?;
    Ok(HttpResponse::Ok().json(TokenView { token: account.token.expose() }))
}

/// Deletes a user with its profile, pictures, contacts and tokens. Its id is then free.
#[utoipa::path(delete, path = "/apps/{app_id}/users/{id}", operation_id = "delete_user", tag = "Users", params(("app_id" = String, Path, example = "sdksample"), ("id" = String, Path, example = "user1")), responses((status = 204, description = "Done")))]
pub(super) async fn delete(PathUser { service, tenant, id, .. }: PathUser) -> Result<HttpResponse, NativeError> {
    service.delete_user(&tenant, Owner::Named(id.clone())).await.map_err(about(&id))?;
    Ok(HttpResponse::NoContent().finish())
}
