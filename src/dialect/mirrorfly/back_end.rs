//! What back ends call about users. Sources: the vendor's admin pages on users and on moderation.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    door::{BackEnd, BackEndOfUserPath},
    jid::{self, Named},
    reply::{self, Done, Mirrored, Refusal, Refused, Success, UserAnswer},
    user_form::{UserForm, in_this_forms_words, licensed},
    view::CreatedUser,
};
use crate::{
    domain::{
        device::DeviceType,
        error::{Error, Fault},
        id::UserId,
        owner::Owner,
        profile::State,
    },
    http::{
        addresses::Addresses,
        form::{self, AtMost, Call, Optional, Required, read_from},
    },
    service::accounts::{CreateUser, UpdateUser},
};

read_from!(Object: Moderation);
read_from!(QueryOrBody: ResetPassword);
read_from!(Form: DeleteUserAccount);

/// Of the reason and of the feedback that a deletion is given. The vendor names no bound.
pub(super) const REMARK_CHARS_MAX: usize = 1024;

/// Users that one call of moderation names. The vendor names no bound.
const MODERATED_MAX: usize = 100;

/// Creates a user
///
/// "You should create a user in your MirrorFly application to initiate conversations." The fields that are given to a known identifier
/// replace the former ones. A file beats an address.
#[utoipa::path(
    post, path = "/users/createUser", tag = "Users", operation_id = "create_user",
    security(("back_end" = [])),
    request_body(content(
        (UserForm = "multipart/form-data"),
        (UserForm = "application/json", example = json!({ "userIdentifier": "ada", "deviceType": "web", "licenseKey": "StandinDemoLicenseKey0123456789", "nickname": "Ada" })),
        (UserForm = "application/x-www-form-urlencoded"),
    )),
    responses(
        (status = 200, description = "The user, with what it signs in by", body = Success<CreatedUser>),
        (status = 429, description = "Too many pictures in a minute or a day", body = Refusal, headers(("Retry-After" = u64, description = "Seconds"))),
        Mirrored,
    )
)]
pub(super) async fn create_user(
    addresses: Data<Addresses>,
    call: Call<BackEnd, UserForm, Mirrored>,
) -> Result<HttpResponse, Mirrored> {
    let Call { service, caller: BackEnd { tenant }, mut form, files, .. } = call;
    licensed(&tenant, &form.license_key)?;
    let Named(id) = form.user_identifier.0.take().ok_or(Fault::Missing.at("userIdentifier"))?;
    let given = form.given(files, service.find_user(&tenant, &id).await?.as_ref(), &tenant, &addresses)?;
    let set_profile = given.sets_profile();
    let call = CreateUser { id, change: given.change, picture: given.picture, device: Some(given.device) };
    let created = service.create_user(&tenant, call).await.map_err(in_this_forms_words)?;
    Ok(reply::user_created(&addresses, &created, set_profile))
}

/// Shows a user
///
/// The user resource, suspended users included.
#[utoipa::path(
    get, path = "/users/{userId}", tag = "Users", operation_id = "get_user",
    security(("back_end" = [])),
    params(("userId" = String, Path, description = "An `@` in it plain, as `=40` or as `\\40`", example = "user1")),
    responses((status = 200, description = "The user", body = UserAnswer), Mirrored)
)]
pub(super) async fn user(
    addresses: Data<Addresses>,
    path: Path<String>,
    call: Call<BackEndOfUserPath, (), Mirrored>,
) -> Result<HttpResponse, Mirrored> {
    let user = call.service.user(&call.caller.tenant, &jid::named(&path, "userId")?).await?;
    Ok(reply::user(&addresses, &user, "Data retrieved successfully"))
}

/// Updates a user
///
/// The fields of createUser that are given replace the former ones; nobody is created. A file beats an address.
#[utoipa::path(
    post, path = "/users/{userId}", tag = "Users", operation_id = "update_user",
    security(("back_end" = [])),
    params(("userId" = String, Path, description = "An `@` in it plain, as `=40` or as `\\40`", example = "user1")),
    request_body(content(
        (UserForm = "multipart/form-data"),
        (UserForm = "application/json", example = json!({ "deviceType": "web", "licenseKey": "StandinDemoLicenseKey0123456789", "nickname": "One" })),
        (UserForm = "application/x-www-form-urlencoded"),
    )),
    responses(
        (status = 200, description = "The user as it is now", body = UserAnswer),
        (status = 429, description = "Too many pictures in a minute or a day", body = Refusal, headers(("Retry-After" = u64, description = "Seconds"))),
        Mirrored,
    )
)]
pub(super) async fn update_user(
    addresses: Data<Addresses>,
    path: Path<String>,
    call: Call<BackEndOfUserPath, UserForm, Mirrored>,
) -> Result<HttpResponse, Mirrored> {
    let Call { service, caller: BackEndOfUserPath { tenant }, form, files, .. } = call;
    let id = jid::named(&path, "userId")?;
    licensed(&tenant, &form.license_key)?;
    if form.user_id.0.as_ref().is_some_and(|Named(again)| *again != id) {
        return Err(Fault::Malformed("the id in the path, or left out").at("userId").into());
    }
    let given = form.given(files, Some(&service.user(&tenant, &id).await?), &tenant, &addresses)?;
    let call = UpdateUser { id, change: given.change, picture: given.picture, device: Some(given.device) };
    let user = service.update_user(&tenant, call).await.map_err(in_this_forms_words)?;
    Ok(reply::user(&addresses, &user, "User updated successfully"))
}

/// Whom to delete, and why.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeleteUserAccount {
    /// An `@` in it plain, as `=40` or as `\40`.
    #[schema(value_type = String, min_length = 1, example = "guest99@qiscus.com")]
    user_id: Required<Named>,
    /// Checked and let go.
    #[schema(rename = "reason", value_type = String, min_length = 1, max_length = 1024, example = "It has moved")]
    _reason: Required<AtMost<REMARK_CHARS_MAX>>,
    /// Checked and let go.
    #[schema(rename = "feedback", value_type = Option<String>, max_length = 1024)]
    _feedback: Optional<AtMost<REMARK_CHARS_MAX>>,
}

/// Deletes a user
///
/// The user and its picture are gone, on all wires. Reason and feedback are for the vendor's own staff: they are checked and let go.
#[utoipa::path(
    post, path = "/users/deleteUserAccount", tag = "Users", operation_id = "delete_user_account",
    security(("back_end" = [])),
    request_body(content = DeleteUserAccount, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Deleted; `data` is `SUCCESS`", body = Success<String>), Mirrored)
)]
pub(super) async fn delete_user(call: Call<BackEnd, DeleteUserAccount, Mirrored>) -> Result<HttpResponse, Mirrored> {
    call.service.delete_user(&call.caller.tenant, Owner::Named(call.form.user_id.0.0)).await?;
    Ok(reply::success("SUCCESS", reply::ACCOUNT_DELETED))
}

/// Whose password to reset. Either field may stand in the query instead.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResetPassword {
    /// An `@` in it plain, as `=40` or as `\40`.
    #[schema(value_type = Option<String>)]
    user_id: Required<String>,
    #[schema(rename = "deviceType", value_type = Option<DeviceType>)]
    _device_type: Required<DeviceType>,
}

/// A password that was just issued.
#[derive(Serialize, ToSchema)]
struct IssuedPassword {
    /// `/login` takes it, and the former one no more.
    password: String,
}

/// Resets a user's password
///
/// "returns a new user password". Its fields stand in the query, as on the vendor's page, or in the body, each once. A new password ends
/// what every device has begun, so which device asks (`deviceId`) is not read.
#[utoipa::path(
    post, path = "/users/resetPassword", tag = "Users", operation_id = "reset_password",
    security(("back_end" = [])),
    params(
        ("userId" = Option<String>, Query, description = "Whose: an `@` in it plain, as `=40` or as `\\40`. Here or in the body", example = "user2"),
        ("deviceType" = Option<DeviceType>, Query, description = "Here or in the body", example = "web"),
    ),
    request_body(content(
        (ResetPassword = "application/x-www-form-urlencoded", example = json!({})),
    )),
    responses((status = 200, description = "The password", body = Success<IssuedPassword>), Mirrored)
)]
pub(super) async fn reset_password(call: Call<BackEnd, ResetPassword, Mirrored>) -> Result<HttpResponse, Mirrored> {
    let (tenant, username) = (call.caller.tenant, jid::unescaped(&call.form.user_id.0));
    // "In the case of an admin tries to reset another admin password".
    if username == tenant.app.account.as_str() {
        return Err(Refused::Restricted.into());
    }
    let id = jid::named(&username, "userId")?;
    let password = call.service.reset_issued_password(&tenant, id).await?.expose().to_owned();
    Ok(reply::success(IssuedPassword { password }, "The password has been successfully reset"))
}

/// Whom to keep out.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Moderation {
    /// True keeps them out, false lets them in again.
    #[serde(deserialize_with = "state")]
    #[schema(value_type = bool, example = false)]
    block_status: State,
    /// No other type is served here.
    #[serde(deserialize_with = "only_users")]
    #[schema(rename = "type", value_type = String, pattern = "^user$", example = "user")]
    _type: (),
    /// Ids of users, each with its `@` plain, as `=40` or as `\40`.
    #[serde(deserialize_with = "moderated")]
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 100, example = json!(["user1"]))]
    id: Vec<UserId>,
}

/// Keeps users out, or lets them in again
///
/// "To block the users from using the MirrorFly application". All or none: an id that nobody has refuses the whole call.
#[utoipa::path(
    post, path = "/moderation/block", tag = "Moderation", operation_id = "moderate_users",
    security(("back_end" = [])),
    request_body = Moderation,
    responses((status = 200, description = "Done", body = Done), Mirrored)
)]
pub(super) async fn moderate(call: Call<BackEnd, Moderation, Mirrored>) -> Result<HttpResponse, Mirrored> {
    let Moderation { id: ids, block_status, .. } = call.form;
    let in_this_calls_words = |error| if let Error::Invalid { fault, .. } = error { fault.at("id") } else { error };
    call.service.set_states(&call.caller.tenant, ids, block_status).await.map_err(in_this_calls_words)?;
    Ok(reply::done("Changes updated successfully"))
}

fn state<'de, D: Deserializer<'de>>(field: D) -> Result<State, D::Error> {
    form::value(field, |given| match given.ok_or(Fault::Missing)?.as_bool() {
        Some(true) => Ok(State::Suspended),
        Some(false) => Ok(State::Active),
        None => Err(Fault::Malformed("true or false")),
    })
}

fn only_users<'de, D: Deserializer<'de>>(field: D) -> Result<(), D::Error> {
    form::value(field, |given| match given.ok_or(Fault::Missing)? == "user" {
        true => Ok(()),
        false => Err(Fault::Malformed("user, no other type is served here")),
    })
}

fn moderated<'de, D: Deserializer<'de>>(field: D) -> Result<Vec<UserId>, D::Error> {
    form::value(field, |given| match given.ok_or(Fault::Missing)? {
        Value::Array(ids) if ids.is_empty() => Err(Fault::Missing),
        Value::Array(ids) => jid::all_named(&ids, MODERATED_MAX, "a list of user ids, each in quotes"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            Err(Fault::Malformed("a list of user ids"))
        }
    })
}
