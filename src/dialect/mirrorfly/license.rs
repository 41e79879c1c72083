//! Where an app's server is: what the vendor's SDK asks a host of the vendor when its app names no `apiBaseUrl`. That question comes here only
//! where the host's name has been mapped to this server.

use actix_web::{HttpRequest, HttpResponse, Scope, web, web::Data};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    codec::Codec,
    door,
    reply::{self, InBody, Success},
};
use crate::{
    domain::error::Fault,
    http::{
        addresses::Addresses,
        form::{Form, Required},
        methods,
    },
    service::Service,
};

/// `/license`.
pub fn scope() -> Scope {
    web::scope("/license")
        .service(super::call("/details", [methods::get(details)]))
        .default_service(web::to(reply::unknown_call))
}

/// Which app asks.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct Question {
    /// The app's licence key
    #[param(value_type = String, example = "StandinDemoLicenseKey0123456789")]
    license_key: Required<String>,
}

/// Where an app's server is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct License {
    #[schema(example = "https://chat.example.com/api/v1")]
    api_base_url: String,
    /// Always true: the SDK then registers in clear. `/register` is served all the same.
    trial_mode: bool,
}

/// Tells an SDK where its app's server is
///
/// What `initializeSDK` asks `api-config.mirrorfly.com` when it is given no `apiBaseUrl`. It comes here only where that name is mapped to this
/// server, which then needs a certificate for it. The licence key stands in the query, encrypted with constants of the SDK; plainly it is read
/// too.
#[utoipa::path(
    get, path = "/license/details", tag = "Sign-in", operation_id = "license_details",
    params(Question),
    responses((status = 200, description = "The server's address", body = Success<License>), InBody)
)]
pub(super) async fn details(
    service: Data<Service>,
    addresses: Data<Addresses>,
    request: HttpRequest, // no caller is authenticated
) -> Result<HttpResponse, InBody> {
    let Question { license_key: Required(sent) } = Form::query(request.query_string())?.read_as()?;
    let key = Codec::of_license_question().decrypt(&sent).unwrap_or(sent);
    let tenant = service.tenant_of_license(&key);
    let tenant = tenant.ok_or(Fault::Malformed("the licence key of an app of this server").at("licenseKey"))?;
    door::served(&tenant)?;
    let api_base_url = format!("{}/api/v1", addresses.base());
    Ok(reply::success(License { api_base_url, trial_mode: true }, "Data retrieved successfully"))
}
