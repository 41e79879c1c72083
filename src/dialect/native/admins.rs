//! Administrators: list, create, set a password, delete.

use actix_web::{
    HttpResponse, Scope,
    web::{self, Data, Path},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    audit::AuditTarget,
    call,
    extractors::JsonBody,
    reply::{AdminView, NativeError, Problem},
};
use crate::{
    domain::{AdminName, Error, Secret},
    http::methods,
    service::Service,
};

pub(super) fn scope() -> Scope {
    web::scope("/admins")
        .service(call("", [methods::get(list), methods::post(create)]))
        .service(call("/{name}", [methods::delete(delete)]))
        .service(call("/{name}/password", [methods::put(set_password)]))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAdmin {
    #[schema(min_length = 1, max_length = 64, example = "ada")]
    name: String,
    #[schema(min_length = 12, max_length = 1024, format = Password)]
    password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPassword)]
pub(super) struct PasswordBody {
    #[schema(min_length = 12, max_length = 1024, format = Password)]
    password: String,
}

fn admin_name(raw: &str) -> Result<AdminName, Error> {
    AdminName::parse(raw).map_err(|fault| fault.at("name"))
}

/// All administrators.
#[derive(Serialize, ToSchema)]
struct AdminsView<'a> {
    admins: Vec<AdminView<'a>>,
}

/// Lists the administrators.
#[utoipa::path(get, path = "/admins", operation_id = "list_admins", tag = "Administrators", responses((status = 200, body = AdminsView)))]
pub(super) async fn list(service: Data<Service>) -> Result<HttpResponse, NativeError> {
    let admins = service.admins().await?;
    Ok(HttpResponse::Ok().json(AdminsView { admins: admins.iter().map(AdminView::from).collect() }))
}

/// Creates an administrator.
#[utoipa::path(post, path = "/admins", operation_id = "create_admin", tag = "Administrators", request_body = NewAdmin, responses((status = 201, body = AdminView), (status = 409, description = "An administrator with this name exists", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn create(
    service: Data<Service>,
    audit_target: AuditTarget,
    JsonBody(given): JsonBody<NewAdmin>,
) -> Result<HttpResponse, NativeError> {
    let admin = service.create_admin(admin_name(&given.name)?, &Secret::new(given.password)).await?;
    audit_target.set(admin.name.as_str());
    Ok(HttpResponse::Created().json(AdminView::from(&admin)))
}

/// Sets an administrator's password and ends its sessions.
#[utoipa::path(put, path = "/admins/{name}/password", operation_id = "set_admin_password", tag = "Administrators", request_body = PasswordBody, params(("name" = String, Path, example = "ada")), responses((status = 204, description = "Done")))]
pub(super) async fn set_password(
    service: Data<Service>,
    path: Path<String>,
    JsonBody(given): JsonBody<PasswordBody>,
) -> Result<HttpResponse, NativeError> {
    service.set_admin_password(admin_name(&path)?, &Secret::new(given.password)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Deletes an administrator and ends its sessions.
#[utoipa::path(delete, path = "/admins/{name}", operation_id = "delete_admin", tag = "Administrators", params(("name" = String, Path, example = "ada")), responses((status = 204, description = "Done"), (status = 409, description = "This is the last administrator", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn delete(service: Data<Service>, path: Path<String>) -> Result<HttpResponse, NativeError> {
    service.delete_admin(admin_name(&path)?).await?;
    Ok(HttpResponse::NoContent().finish())
}
