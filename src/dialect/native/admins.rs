//! Administrators: made, listed, given another password, deleted.

use actix_web::{
    HttpRequest, HttpResponse, Scope,
    web::{self, Data, Path, Payload},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    body, call, deeds,
    reply::{AdminView, Refusal},
};
use crate::{
    domain::{admin::AdminName, error::Error, secret::Secret},
    service::Service,
};

/// `/admins`.
pub(super) fn scope() -> Scope {
    web::scope("/admins")
        .service(call("", [web::get().to(list), web::post().to(create)]))
        .service(call("/{name}", [web::delete().to(delete)]))
        .service(call("/{name}/password", [web::put().to(set_password)]))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAdmin {
    name: String,
    password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    password: String,
}

fn admin_name(raw: &str) -> Result<AdminName, Error> {
    AdminName::parse(raw).map_err(|fault| fault.at("name"))
}

async fn list(service: Data<Service>) -> Result<HttpResponse, Refusal> {
    let admins = service.admins()?;
    let admins: Vec<AdminView> = admins.iter().map(AdminView::from).collect();
    Ok(HttpResponse::Ok().json(json!({ "admins": admins })))
}

async fn create(service: Data<Service>, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Refusal> {
    let given: NewAdmin = body(&request, payload).await?;
    let admin = service.create_admin(admin_name(&given.name)?, &Secret::new(given.password)).await?;
    deeds::tell_target(&request, admin.name.as_str());
    Ok(HttpResponse::Created().json(AdminView::from(&admin)))
}

async fn set_password(
    service: Data<Service>,
    path: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let given: NewPassword = body(&request, payload).await?;
    service.set_admin_password(admin_name(&path)?, &Secret::new(given.password)).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn delete(service: Data<Service>, path: Path<String>) -> Result<HttpResponse, Refusal> {
    service.delete_admin(admin_name(&path)?).await?;
    Ok(HttpResponse::NoContent().finish())
}
