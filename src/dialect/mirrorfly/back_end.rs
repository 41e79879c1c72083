//! What back ends call about users. Sources: the vendor's admin pages on users and on moderation.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Payload},
};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    door, jid,
    reply::{self, Done, Mirrored, Refusal, Refused, Success, UserAnswer},
    user_form::{CreateUserFields, CreateUserForm, UpdateUserFields, UpdateUserForm, UserForm, in_this_forms_words},
    view::CreatedUser,
};
use crate::{
    domain::{
        device::DeviceType,
        error::{Error, Fault},
        id::UserId,
        owner::Owner,
        profile::State,
        text,
    },
    http::{
        addresses::Addresses,
        form::{Form, FormLimits},
        spool::Spool,
    },
    service::{
        Service,
        accounts::{CreateUser, UpdateUser},
    },
};

/// Of the reason and of the feedback that a deletion is given. The vendor names no bound.
const REMARK_CHARS_MAX: usize = 1024;

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
        (CreateUserForm = "multipart/form-data"),
        (CreateUserFields = "application/json", example = json!({ "userIdentifier": "ada", "deviceType": "web", "licenseKey": "StandinDemoLicenseKey0123456789", "nickname": "Ada" })),
        (CreateUserFields = "application/x-www-form-urlencoded"),
    )),
    responses(
        (status = 200, description = "The user, with what it signs in by", body = Success<CreatedUser>),
        (status = 429, description = "Too many pictures in a minute or a day", body = Refusal, headers(("Retry-After" = u64, description = "Seconds"))),
        Mirrored,
    )
)]
pub(super) async fn create_user(
    service: Data<Service>,
    addresses: Data<Addresses>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Mirrored> {
    let tenant = door::back_end(&service, &request)?;
    let form = UserForm::read(&service, &tenant, &spool, &request, payload).await?;
    let id = form.id("userIdentifier")?.ok_or(Fault::Missing.at("userIdentifier"))?;
    let given = form.given(service.find_user(&tenant, &id)?.as_ref(), &tenant, &addresses)?;
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
    service: Data<Service>,
    addresses: Data<Addresses>,
    path: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Mirrored> {
    let tenant = door::back_end_of_user_path(&service, &request)?;
    let user = service.user(&tenant, &jid::named(&path, "userId")?)?;
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
        (UpdateUserForm = "multipart/form-data"),
        (UpdateUserFields = "application/json", example = json!({ "deviceType": "web", "licenseKey": "StandinDemoLicenseKey0123456789", "nickname": "One" })),
        (UpdateUserFields = "application/x-www-form-urlencoded"),
    )),
    responses(
        (status = 200, description = "The user as it is now", body = UserAnswer),
        (status = 429, description = "Too many pictures in a minute or a day", body = Refusal, headers(("Retry-After" = u64, description = "Seconds"))),
        Mirrored,
    )
)]
pub(super) async fn update_user(
    service: Data<Service>,
    addresses: Data<Addresses>,
    spool: Data<Spool>,
    path: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Mirrored> {
    let tenant = door::back_end_of_user_path(&service, &request)?;
    let id = jid::named(&path, "userId")?;
    let form = UserForm::read(&service, &tenant, &spool, &request, payload).await?;
    if form.id("userId")?.is_some_and(|again| again != id) {
        return Err(Fault::Malformed("the id in the path, or left out").at("userId").into());
    }
    let given = form.given(Some(&service.user(&tenant, &id)?), &tenant, &addresses)?;
    let call = UpdateUser { id, change: given.change, picture: given.picture, device: Some(given.device) };
    let user = service.update_user(&tenant, call).await.map_err(in_this_forms_words)?;
    Ok(reply::user(&addresses, &user, "User updated successfully"))
}

/// Whom to delete, and why.
#[expect(dead_code, reason = "the document's: a form is read field by field")]
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = DeleteUserAccount)]
struct DeletionFields {
    /// An `@` in it plain, as `=40` or as `\40`.
    #[schema(min_length = 1, example = "guest99@qiscus.com")]
    user_id: String,
    /// Checked and let go.
    #[schema(min_length = 1, max_length = 1024, example = "It has moved")]
    reason: String,
    /// Checked and let go.
    #[schema(max_length = 1024)]
    feedback: Option<String>,
}

/// Deletes a user
///
/// The user and its picture are gone, on all wires. Reason and feedback are for the vendor's own staff: they are checked and let go.
#[utoipa::path(
    post, path = "/users/deleteUserAccount", tag = "Users", operation_id = "delete_user_account",
    security(("back_end" = [])),
    request_body(content = DeletionFields, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Deleted; `data` is `SUCCESS`", body = Success<String>), Mirrored)
)]
pub(super) async fn delete_user(
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Mirrored> {
    let tenant = door::back_end(&service, &request)?;
    let form = door::read(&service, &tenant, &request, payload, &FormLimits::default(), &spool).await?;
    let id = jid::named(door::required(&form, "userId")?, "userId")?;
    door::required(&form, "reason")?;
    remarks(&form)?;
    service.delete_user(&tenant, Owner::Named(id)).await?;
    Ok(reply::success("SUCCESS", reply::ACCOUNT_DELETED))
}

/// The bounds of what a deletion is said to be for. Nobody keeps it.
/// # Errors
/// `Invalid` at either.
pub(super) fn remarks(form: &Form) -> Result<(), Error> {
    for field in ["reason", "feedback"] {
        let remark = form.text(field)?.unwrap_or_default();
        text::at_most(remark, REMARK_CHARS_MAX).map_err(|fault| fault.at(field))?;
    }
    Ok(())
}

/// What may stand in the query as well.
#[expect(dead_code, reason = "the document's: a form is read field by field")]
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = ResetPassword)]
struct ResetFields {
    /// An `@` in it plain, as `=40` or as `\40`.
    user_id: Option<String>,
    device_type: Option<DeviceType>,
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
        (ResetFields = "application/x-www-form-urlencoded", example = json!({})),
    )),
    responses((status = 200, description = "The password", body = Success<IssuedPassword>), Mirrored)
)]
pub(super) async fn reset_password(
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Mirrored> {
    let tenant = door::back_end(&service, &request)?;
    let query = Form::query(request.query_string())?;
    let body = door::read(&service, &tenant, &request, payload, &FormLimits::default(), &spool).await?;
    let given = |field: &'static str| {
        let [query, body] = [query.text(field)?, body.text(field)?].map(|text| text.filter(|text| !text.is_empty()));
        match query.is_some() && body.is_some() {
            true => Err(Fault::Malformed("given once, in the query or in the body").at(field)),
            false => query.or(body).ok_or(Fault::Missing.at(field)),
        }
    };
    let username = jid::unescaped(given("userId")?);
    DeviceType::parse(given("deviceType")?).map_err(|fault| fault.at("deviceType"))?;
    // "In the case of an admin tries to reset another admin password".
    if username == tenant.app.account.as_str() {
        return Err(Refused::Restricted.into());
    }
    let id = jid::named(&username, "userId")?;
    let password = service.reset_issued_password(&tenant, id).await?.expose().to_owned();
    Ok(reply::success(IssuedPassword { password }, "The password has been successfully reset"))
}

/// Whom to keep out.
#[expect(dead_code, reason = "the document's: the object is read field by field")]
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = Moderation)]
struct ModerationFields {
    /// True keeps them out, false lets them in again.
    #[schema(example = false)]
    block_status: bool,
    /// Ids of users, each with its `@` plain, as `=40` or as `\40`.
    #[schema(min_items = 1, max_items = 100, example = json!(["user1"]))]
    id: Vec<String>,
    /// No other type is served here.
    #[schema(pattern = "^user$", example = "user")]
    r#type: String,
}

/// Keeps users out, or lets them in again
///
/// "To block the users from using the MirrorFly application". All or none: an id that nobody has refuses the whole call.
#[utoipa::path(
    post, path = "/moderation/block", tag = "Moderation", operation_id = "moderate_users",
    security(("back_end" = [])),
    request_body = ModerationFields,
    responses((status = 200, description = "Done", body = Done), Mirrored)
)]
pub(super) async fn moderate(
    service: Data<Service>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Mirrored> {
    let tenant = door::back_end(&service, &request)?;
    let body = door::read_object(&service, &tenant, &request, payload).await?.unwrap_or_default();
    let (state, ids) = moderation(&body)?;
    let in_this_calls_words = |error| if let Error::Invalid { fault, .. } = error { fault.at("id") } else { error };
    service.set_states(&tenant, ids, state).await.map_err(in_this_calls_words)?;
    Ok(reply::done("Changes updated successfully"))
}

fn moderation(body: &Map<String, Value>) -> Result<(State, Vec<UserId>), Error> {
    let given = |field: &'static str| body.get(field).filter(|value| !value.is_null()).ok_or(Fault::Missing.at(field));
    let malformed = |field: &'static str, form: &'static str| move || Fault::Malformed(form).at(field);
    let state = match given("blockStatus")?.as_bool().ok_or_else(malformed("blockStatus", "true or false"))? {
        true => State::Suspended,
        false => State::Active,
    };
    if given("type")? != "user" {
        return Err(Fault::Malformed("user, no other type is served here").at("type"));
    }
    let ids = given("id")?.as_array().ok_or_else(malformed("id", "a list of user ids"))?;
    match ids.len() {
        0 => return Err(Fault::Missing.at("id")),
        1..=MODERATED_MAX => {}
        found => return Err(Fault::TooMuch { most: MODERATED_MAX as u64, unit: "ids", found: found as u64 }.at("id")),
    }
    let ids = ids.iter().map(|id| {
        let id = id.as_str().ok_or_else(malformed("id", "a list of user ids, each in quotes"))?;
        jid::named(id, "id")
    });
    Ok((state, ids.collect::<Result<_, _>>()?))
}
