//! The address of an app's server. The SDK requests it from a host of the vendor if the app sets no `apiBaseUrl`; such
//! requests arrive here only if that host name is mapped to this server.

use actix_web::{HttpRequest, HttpResponse, Scope, web, web::Data};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    callers,
    codec::Codec,
    reply::{self, MirrorFlyReply, SdkError},
};
use crate::{
    domain::Fault,
    http::{
        addresses::Addresses,
        form::{Form, Required},
        methods,
    },
    service::Service,
};

pub fn scope() -> Scope {
    web::scope("/license")
        .service(super::call("/details", [methods::get(details)]))
        .default_service(web::to(reply::unknown_call))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct LicenseQuery {
    /// The app's licence key
    #[param(value_type = String, example = "StandinDemoLicenseKey0123456789")]
    license_key: Required<String>,
}

/// The address of an app's server.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct License {
    #[schema(example = "https://chat.example.com/api/v1")]
    api_base_url: String,
    /// Always true, so that the SDK registers without encryption. `/register` works too.
    trial_mode: bool,
}

/// Tells an SDK the address of its app's server
///
/// `initializeSDK` sends this request to `api-config.mirrorfly.com` if it has no `apiBaseUrl`. It arrives here only if
/// that name is mapped to this server, which then needs a certificate for it. The licence key in the query is encrypted
/// with constants of the SDK. A plain one is accepted too.
#[utoipa::path(
    get, path = "/license/details", tag = "Sign-in", operation_id = "license_details",
    params(LicenseQuery),
    responses((status = 200, description = "The server's address", body = MirrorFlyReply<License>), SdkError)
)]
pub(super) async fn details(
    service: Data<Service>,
    addresses: Data<Addresses>,
    request: HttpRequest, // no caller is authenticated
) -> Result<HttpResponse, SdkError> {
    let LicenseQuery { license_key: Required(sent) } = Form::query(request.query_string())?.read_as()?;
    let key = Codec::of_license_question().decrypt(&sent).unwrap_or(sent);
    let tenant = service.tenant_of_license_key(&key);
    let tenant = tenant.ok_or(Fault::Malformed("the licence key of an app of this server").at("licenseKey"))?;
    callers::ensure_served(&tenant)?;
    let api_base_url = format!("{}/api/v1", addresses.base());
    Ok(reply::success(License { api_base_url, trial_mode: true }, "Data retrieved successfully"))
}
