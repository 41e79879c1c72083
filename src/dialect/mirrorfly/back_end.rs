//! Calls of back ends about users. Sources: the vendor's admin pages on users and on moderation.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    callers::{BackEnd, BackEndAtUserPath},
    jid::{self, UserIdField},
    reply::{self, MessageReply, MirrorFlyError, MirrorFlyErrorReply, MirrorFlyReply, MirroredError, UserReply},
    user_form::{UserForm, at_form_field, check_license_key},
    view::CreatedUser,
};
use crate::{
    domain::{DeviceType, Error, Fault, Owner, State, UserId},
    http::{
        addresses::Addresses,
        form::{self, AtMost, Call, Optional, Required, read_from},
    },
    service::UserFields,
};

read_from!(Object: Moderation);
read_from!(QueryOrBody: ResetPassword);
read_from!(Form: DeleteUserAccount);

/// Characters of the reason and of the feedback of a deletion. The vendor names no bound.
pub(super) const REMARK_CHARS_MAX: usize = 1024;

/// Users per moderation request. The vendor names no bound.
const MODERATED_MAX: usize = 100;

/// Creates a user
///
/// "You should create a user in your MirrorFly application to initiate conversations." For a known identifier, the
/// given fields replace the stored ones. A file takes precedence over an address.
#[utoipa::path(
    post, path = "/users/createUser", tag = "Users", operation_id = "create_user",
    security(("back_end" = [])),
    request_body(content(
        (UserForm = "multipart/form-data"),
        (UserForm = "application/json", example = json!({ "userIdentifier": "ada", "deviceType": "web", "licenseKey": "StandinDemoLicenseKey0123456789", "nickname": "Ada" })),
        (UserForm = "application/x-www-form-urlencoded"),
    )),
    responses(
        (status = 200, description = "The user, with its credentials", body = MirrorFlyReply<CreatedUser>),
        (status = 429, description = "Too many pictures per minute or per day", body = MirrorFlyErrorReply, headers(("Retry-After" = u64, description = "Seconds"))),
        MirroredError,
    )
)]
pub(super) async fn create_user(
    addresses: Data<Addresses>,
    call: Call<BackEnd, UserForm, MirroredError>,
) -> Result<HttpResponse, MirroredError> {
    let Call { service, caller: BackEnd { tenant }, mut form, files, .. } = call;
    check_license_key(&tenant, &form.license_key)?;
    let UserIdField(id) = form.user_identifier.0.take().ok_or(Fault::Missing.at("userIdentifier"))?;
    let known = service.find_user(&tenant, &id).await?;
    let data = form.into_data(files, known.as_ref(), &tenant, &addresses)?;
    let set_profile = data.sets_profile();
    let call = UserFields { id, change: data.change, picture: data.picture, device: Some(data.device) };
    let created = service.create_user(&tenant, known.as_ref(), call).await.map_err(at_form_field)?;
    Ok(reply::user_created(&addresses, &service, &created, set_profile))
}

/// Shows a user
///
/// Suspended users are shown too.
#[utoipa::path(
    get, path = "/users/{userId}", tag = "Users", operation_id = "get_user",
    security(("back_end" = [])),
    params(("userId" = String, Path, description = "The `@` plain, as `=40` or as `\\40`", example = "user1")),
    responses((status = 200, description = "The user", body = UserReply), MirroredError)
)]
pub(super) async fn user(
    addresses: Data<Addresses>,
    path: Path<String>,
    call: Call<BackEndAtUserPath, (), MirroredError>,
) -> Result<HttpResponse, MirroredError> {
    let user = call.service.user(&call.caller.tenant, &jid::parse_at(&path, "userId")?).await?;
    Ok(reply::user(&addresses, &user, "Data retrieved successfully"))
}

/// Updates a user
///
/// The fields are those of createUser; the given ones replace the stored ones. An unknown user is not created. A file
/// takes precedence over an address.
#[utoipa::path(
    post, path = "/users/{userId}", tag = "Users", operation_id = "update_user",
    security(("back_end" = [])),
    params(("userId" = String, Path, description = "The `@` plain, as `=40` or as `\\40`", example = "user1")),
    request_body(content(
        (UserForm = "multipart/form-data"),
        (UserForm = "application/json", example = json!({ "deviceType": "web", "licenseKey": "StandinDemoLicenseKey0123456789", "nickname": "One" })),
        (UserForm = "application/x-www-form-urlencoded"),
    )),
    responses(
        (status = 200, description = "The updated user", body = UserReply),
        (status = 429, description = "Too many pictures per minute or per day", body = MirrorFlyErrorReply, headers(("Retry-After" = u64, description = "Seconds"))),
        MirroredError,
    )
)]
pub(super) async fn update_user(
    addresses: Data<Addresses>,
    path: Path<String>,
    call: Call<BackEndAtUserPath, UserForm, MirroredError>,
) -> Result<HttpResponse, MirroredError> {
    let Call { service, caller: BackEnd { tenant }, form, files, .. } = call;
    let id = jid::parse_at(&path, "userId")?;
    check_license_key(&tenant, &form.license_key)?;
    if form.user_id.0.as_ref().is_some_and(|UserIdField(again)| *again != id) {
        return Err(Fault::Malformed("the id in the path, or left out").at("userId").into());
    }
    let data = form.into_data(files, Some(&service.user(&tenant, &id).await?), &tenant, &addresses)?;
    let call = UserFields { id, change: data.change, picture: data.picture, device: Some(data.device) };
    let user = service.update_user(&tenant, call).await.map_err(at_form_field)?;
    Ok(reply::user(&addresses, &user, "User updated successfully"))
}

/// The user to delete, and why.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeleteUserAccount {
    /// The `@` plain, as `=40` or as `\40`.
    #[schema(value_type = String, min_length = 1, example = "guest99@qiscus.com")]
    user_id: Required<UserIdField>,
    /// Checked, not stored.
    #[schema(rename = "reason", value_type = String, min_length = 1, max_length = 1024, example = "It has moved")]
    _reason: Required<AtMost<REMARK_CHARS_MAX>>,
    /// Checked, not stored.
    #[schema(rename = "feedback", value_type = Option<String>, max_length = 1024)]
    _feedback: Optional<AtMost<REMARK_CHARS_MAX>>,
}

/// Deletes a user
///
/// Deletes the user and its picture for all vendors' APIs. Reason and feedback are for the vendor's own staff: they are
/// checked and not stored.
#[utoipa::path(
    post, path = "/users/deleteUserAccount", tag = "Users", operation_id = "delete_user_account",
    security(("back_end" = [])),
    request_body(content = DeleteUserAccount, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Deleted; `data` is `SUCCESS`", body = MirrorFlyReply<String>), MirroredError)
)]
pub(super) async fn delete_user(
    call: Call<BackEnd, DeleteUserAccount, MirroredError>,
) -> Result<HttpResponse, MirroredError> {
    call.service.delete_user(&call.caller.tenant, Owner::Named(call.form.user_id.0.0)).await?;
    Ok(reply::success("SUCCESS", reply::ACCOUNT_DELETED))
}

/// The user whose password to reset. Each field may be in the query instead.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResetPassword {
    /// The `@` plain, as `=40` or as `\40`.
    #[schema(value_type = Option<String>)]
    user_id: Required<String>,
    #[schema(rename = "deviceType", value_type = Option<DeviceType>)]
    _device_type: Required<DeviceType>,
}

/// A new password.
#[derive(Serialize, ToSchema)]
struct IssuedPassword {
    /// `/login` accepts it, and no longer the previous one.
    password: String,
}

/// Resets a user's password
///
/// "returns a new user password". Each field is in the query, as on the vendor's page, or in the body. A new password
/// ends the sessions of all devices, so `deviceId` is ignored.
#[utoipa::path(
    post, path = "/users/resetPassword", tag = "Users", operation_id = "reset_password",
    security(("back_end" = [])),
    params(
        ("userId" = Option<String>, Query, description = "The user's id, its `@` plain, as `=40` or as `\\40`. Here or in the body", example = "user2"),
        ("deviceType" = Option<DeviceType>, Query, description = "Here or in the body", example = "web"),
    ),
    request_body(content(
        (ResetPassword = "application/x-www-form-urlencoded", example = json!({})),
    )),
    responses((status = 200, description = "The password", body = MirrorFlyReply<IssuedPassword>), MirroredError)
)]
pub(super) async fn reset_password(
    call: Call<BackEnd, ResetPassword, MirroredError>,
) -> Result<HttpResponse, MirroredError> {
    let (tenant, username) = (call.caller.tenant, jid::unescaped(&call.form.user_id.0));
    // "In the case of an admin tries to reset another admin password".
    if username == tenant.app.account.as_str() {
        return Err(MirrorFlyError::Restricted.into());
    }
    let id = jid::parse_at(&username, "userId")?;
    let password = call.service.reset_issued_password(&tenant, id).await?.expose().to_owned();
    Ok(reply::success(IssuedPassword { password }, "The password has been successfully reset"))
}

/// The users to block or to unblock.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Moderation {
    /// True blocks the users, false unblocks them.
    #[serde(deserialize_with = "state")]
    #[schema(value_type = bool, example = false)]
    block_status: State,
    /// Only `user` is supported.
    #[serde(deserialize_with = "only_users")]
    #[schema(rename = "type", value_type = String, pattern = "^user$", example = "user")]
    _type: (),
    /// User ids, each `@` plain, as `=40` or as `\40`.
    #[serde(deserialize_with = "moderated")]
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 100, example = json!(["user1"]))]
    id: Vec<UserId>,
}

/// Blocks users from the app, or unblocks them
///
/// "To block the users from using the MirrorFly application". All users, or none: an unknown id rejects the request.
#[utoipa::path(
    post, path = "/moderation/block", tag = "Moderation", operation_id = "moderate_users",
    security(("back_end" = [])),
    request_body = Moderation,
    responses((status = 200, description = "Done", body = MessageReply), MirroredError)
)]
pub(super) async fn moderate(call: Call<BackEnd, Moderation, MirroredError>) -> Result<HttpResponse, MirroredError> {
    let Moderation { id: ids, block_status, .. } = call.form;
    let at_id = |error| if let Error::Invalid { fault, .. } = error { fault.at("id") } else { error };
    call.service.set_states(&call.caller.tenant, ids, block_status).await.map_err(at_id)?;
    Ok(reply::done("Changes updated successfully"))
}

fn state<'de, D: Deserializer<'de>>(field: D) -> Result<State, D::Error> {
    form::value(field, |data| match data.ok_or(Fault::Missing)?.as_bool() {
        Some(true) => Ok(State::Suspended),
        Some(false) => Ok(State::Active),
        None => Err(Fault::Malformed("true or false")),
    })
}

fn only_users<'de, D: Deserializer<'de>>(field: D) -> Result<(), D::Error> {
    form::value(field, |data| match data.ok_or(Fault::Missing)? == "user" {
        true => Ok(()),
        false => Err(Fault::Malformed("user, no other type is served here")),
    })
}

fn moderated<'de, D: Deserializer<'de>>(field: D) -> Result<Vec<UserId>, D::Error> {
    form::value(field, |data| match data.ok_or(Fault::Missing)? {
        Value::Array(ids) if ids.is_empty() => Err(Fault::Missing),
        Value::Array(ids) => jid::parse_all(&ids, MODERATED_MAX, "a list of user ids, each in quotes"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            Err(Fault::Malformed("a list of user ids"))
        }
    })
}
