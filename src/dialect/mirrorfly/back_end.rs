//! What back ends call about users. Sources: the vendor's admin pages on users and on moderation.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Payload},
};
use serde_json::{Map, Value};

use super::{
    door, jid,
    reply::{self, Mirrored, Refused},
    user_form::{UserForm, in_this_forms_words},
};
use crate::{
    domain::{
        device::DeviceType,
        error::{Error, Fault},
        id::UserId,
        profile::State,
        text,
    },
    http::{
        addresses::Addresses,
        form::{self, Form, FormLimits},
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

/// `POST /users/createUser`: "You should create a user in your MirrorFly application to initiate conversations."
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

/// `GET /users/{userId}`: the user resource, suspended users included.
pub(super) async fn user(
    service: Data<Service>,
    addresses: Data<Addresses>,
    path: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Mirrored> {
    let tenant = door::back_end(&service, &request)?;
    let user = service.user(&tenant, &jid::named(&path, "userId")?)?;
    Ok(reply::user(&addresses, &user, "Data retrieved successfully"))
}

/// `POST /users/{userId}`: the fields of createUser that are given replace the former ones; nobody is created.
pub(super) async fn update_user(
    service: Data<Service>,
    addresses: Data<Addresses>,
    spool: Data<Spool>,
    path: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Mirrored> {
    let tenant = door::back_end(&service, &request)?;
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

/// `POST /users/deleteUserAccount`. Reason and feedback are for the vendor's own staff: they are checked and let go.
pub(super) async fn delete_user(
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Mirrored> {
    let tenant = door::back_end(&service, &request)?;
    let form = Form::read(&request, payload, &FormLimits::default(), &spool).await?;
    let id = jid::named(door::required(&form, "userId")?, "userId")?;
    door::required(&form, "reason")?;
    remarks(&form)?;
    service.delete_user(&tenant, id).await?;
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

/// `POST /users/resetPassword`: "returns a new user password". Its fields stand in the query, as on the page, or in the body. A new password
/// ends what every device has begun, so which device asks (`deviceId`) is not read.
pub(super) async fn reset_password(
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Mirrored> {
    let tenant = door::back_end(&service, &request)?;
    let query = Form::query(request.query_string())?;
    let body = Form::read(&request, payload, &FormLimits::default(), &spool).await?;
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
    Ok(reply::password_reset(&service.reset_issued_password(&tenant, id).await?))
}

/// `POST /moderation/block`: "To block the users from using the MirrorFly application", or to let them in again. All or none.
pub(super) async fn moderate(
    service: Data<Service>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Mirrored> {
    let tenant = door::back_end(&service, &request)?;
    let body = form::read_object(&request, payload, &FormLimits::default()).await?.unwrap_or_default();
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
