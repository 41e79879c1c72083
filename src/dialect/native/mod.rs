//! Our own API, `/standin/v1`, and the page at the front door. For now the API answers on the control socket alone.

mod apps;
mod front;
mod reply;
mod users;

use actix_web::{Resource, Route, Scope, web};
pub use front::{front, unknown_path};

use crate::{
    domain::{error::Error, id::AppId},
    http::form::{self, FormLimits},
};

/// `/standin/v1`.
pub fn scope() -> Scope {
    web::scope("/standin/v1").service(apps::scope()).service(front::server()).default_service(web::to(unknown_path))
}

fn call(path: &str, routes: impl IntoIterator<Item = Route>) -> Resource {
    let resource = routes.into_iter().fold(web::resource(path), Resource::route);
    resource.default_service(web::to(reply::wrong_method))
}

fn app_id(raw: &str) -> Result<AppId, Error> {
    AppId::parse(raw).map_err(|fault| fault.at("app_id"))
}

/// Reads a JSON body into `T`, whose fields are all this call knows: another name is an error that names it.
async fn body<T: serde::de::DeserializeOwned>(
    request: &actix_web::HttpRequest,
    payload: web::Payload,
) -> Result<T, reply::Refusal> {
    let object = form::read_object(request, payload, &FormLimits::default()).await?.unwrap_or_default();
    serde_json::from_value(object.into()).map_err(|fault| reply::Refusal::Unreadable(fault.to_string()))
}
