//! The other users: found, blocked, there or not.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use serde_json::{Value, json};

use super::{
    super::{
        fields,
        reply::{self, Refusal},
        view::PublicView,
    },
    door::Member,
};
use crate::{
    domain::{
        error::{Error, Fault, What},
        id::UserId,
        search::UserSearch,
    },
    http::{addresses::Addresses, form::Form, spool::Spool},
    service::Service,
};

/// The field in which the SDKs name the one to block.
const WHOM: &str = "user_email";

/// `getUsers`. `query` is part of a name or id.
pub(super) async fn get_user_list(
    member: Member,
    service: Data<Service>,
    addresses: Data<Addresses>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let form = Form::query(request.query_string())?;
    let search = UserSearch { text: form.text("query")?.map(str::to_owned), metadata: None };
    let (page, order) = (fields::page(&form)?, fields::order(&form)?);
    let listed = service.find_users(&member.tenant, search, page, order).await?;
    Ok(reply::user_list(&member.tenant.app, &addresses, page, &listed))
}

/// `blockUser`. Who is blocked already stays so.
pub(super) async fn block_user(
    member: Member,
    service: Data<Service>,
    addresses: Data<Addresses>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let whom = fields::user_id(&fields::read(&request, payload, &spool).await?, WHOM)?;
    let blocked = service.block(&member.tenant, member.user().key, &whom).await;
    shown(&member, &service, &addresses, &whom, unless(blocked, &Error::Conflict(What::Block)))
}

/// `unblockUser`. Who is not blocked stays so.
pub(super) async fn unblock_user(
    member: Member,
    service: Data<Service>,
    addresses: Data<Addresses>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let whom = fields::user_id(&fields::read(&request, payload, &spool).await?, WHOM)?;
    let unblocked = service.unblock(&member.tenant, member.user().key, &whom).await;
    shown(&member, &service, &addresses, &whom, unless(unblocked, &Error::NotFound(What::Block)))
}

/// A client that asks for what is so already has what it wants.
fn unless(done: Result<(), Error>, already: &Error) -> Result<(), Error> {
    done.or_else(|error| if error == *already { Ok(()) } else { Err(error) })
}

fn shown(
    member: &Member,
    service: &Service,
    addresses: &Addresses,
    whom: &UserId,
    done: Result<(), Error>,
) -> Result<HttpResponse, Refusal> {
    done.map_err(|error| match error == Fault::Oneself.at("user id") {
        true => Fault::Oneself.at(WHOM),
        false => error,
    })?;
    let user = service.user(&member.tenant, whom)?;
    Ok(reply::user(PublicView::of(&member.tenant.app, addresses, &user)))
}

/// `getBlockedUser`.
pub(super) async fn get_blocked_users(
    member: Member,
    service: Data<Service>,
    addresses: Data<Addresses>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let page = fields::page(&Form::query(request.query_string())?)?;
    let listed = service.blocked(&member.tenant, member.user().key, page).await?;
    let app = &member.tenant.app;
    let users: Vec<PublicView> = listed.items.iter().map(|user| PublicView::of(app, &addresses, user)).collect();
    Ok(reply::results(json!({ "blocked_users": users, "total": listed.total })))
}

/// `getUserPresences`. Ids that nobody has are left out. `timestamp` is when the user was last seen, or last changed where that is
/// not remembered.
pub(super) async fn users_status(
    member: Member,
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let ids = fields::user_ids(&[fields::read(&request, payload, &spool).await?])?;
    let statuses: Vec<Value> = service
        .presence(&member.tenant, &ids)?
        .into_iter()
        .map(|(user, presence)| {
            json!({
                "email": user.id.as_str(),
                "status": u8::from(presence.is_online),
                "timestamp": presence.seen_at.unwrap_or(user.updated_at).unix_s(),
            })
        })
        .collect();
    Ok(reply::results(json!({ "user_status": statuses })))
}
