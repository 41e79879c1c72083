//! Metadata: up to three pairs that an app keeps with a user, for the user itself and for the back end. Sources: the vendor's pages "Get
//! MetaData" and "Update MetaData", of its user and its admin APIs.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Payload},
};

use super::{
    door, jid,
    reply::{self, InBody, Refused, Success},
    view::MetadataShown,
};
use crate::{
    domain::{
        error::Fault,
        free_data::Metadata,
        owner::Owner,
        profile::{Patch, ProfileChange},
    },
    http::form::Form,
    service::{Service, accounts::Caller, apps::Tenant},
};

/// Shows a user's metadata
///
/// "the metadata information of the logged in user id", or, for the back end, of the one in `userId`.
#[utoipa::path(
    get, path = "/users/getMetaData", tag = "Metadata", operation_id = "get_metadata",
    security(("user" = []), ("back_end" = [])),
    params(("userId" = Option<String>, Query, description = "Whose: for the back end, which must name a user; a user names itself or nobody")),
    responses((status = 200, description = "The metadata", body = Success<MetadataShown>), InBody)
)]
pub(super) async fn get(service: Data<Service>, request: HttpRequest) -> Result<HttpResponse, InBody> {
    let caller = door::caller(&service, &request)?;
    let query = Form::query(request.query_string())?;
    let owner = meant(&caller, query.text("userId")?)?;
    Ok(reply::metadata(&service.owner(&caller.tenant, &owner)?, "Data Retrieved Successfully"))
}

/// Replaces one's own metadata
///
/// The body is the pairs themselves, which replace all former ones: `{}` leaves none.
#[utoipa::path(
    put, path = "/users/updateMetaData", tag = "Metadata", operation_id = "update_own_metadata",
    security(("user" = [])),
    request_body = Metadata,
    responses((status = 200, description = "The metadata as they are now", body = Success<MetadataShown>), InBody)
)]
pub(super) async fn update_own(
    service: Data<Service>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, InBody> {
    let caller = door::caller(&service, &request)?;
    let owner = meant(&caller, None)?;
    replace(&service, &caller.tenant, owner, &request, payload).await
}

/// Replaces a user's metadata
///
/// "To update the metadata information based on the user id". The body is the pairs themselves, which replace all former ones: `{}`
/// leaves none.
#[utoipa::path(
    put, path = "/users/updateMetaData/{userId}", tag = "Metadata", operation_id = "update_metadata",
    security(("back_end" = [])),
    params(("userId" = String, Path, example = "user1")),
    request_body = Metadata,
    responses((status = 200, description = "The metadata as they are now", body = Success<MetadataShown>), InBody)
)]
pub(super) async fn update(
    service: Data<Service>,
    path: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, InBody> {
    let tenant = door::back_end(&service, &request)?;
    let id = jid::named(&path, "userId")?;
    replace(&service, &tenant, Owner::Named(id), &request, payload).await
}

/// Whose metadata a call means: a user's own, whom it need not name; the back end names anybody.
fn meant(caller: &Caller, named: Option<&str>) -> Result<Owner, Refused> {
    let named = named.filter(|named| !named.is_empty());
    match (caller.user(), named) {
        (None, None) => Err(Fault::Missing.at("userId").into()),
        (None, Some(named)) => Ok(Owner::Named(jid::named(named, "userId")?)),
        (Some((_, own)), Some(named)) if jid::unescaped(named) != own.as_str() => Err(Refused::WrongHolder),
        (Some((key, _)), _) => Ok(Owner::Itself(key)),
    }
}

/// The body is the pairs themselves, which replace all former ones: `{}` leaves none.
async fn replace(
    service: &Service,
    tenant: &Tenant,
    owner: Owner,
    request: &HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, InBody> {
    let pairs = door::read_object(service, tenant, request, payload).await?;
    let pairs = pairs.ok_or(Fault::Missing.at("The request body"))?;
    let metadata = Metadata::parse(pairs).map_err(|fault| fault.at("metaData"))?;
    let profile = ProfileChange { metadata: Patch::Set(metadata), ..ProfileChange::default() };
    let user = service.set_profile(tenant, owner, profile).await?;
    Ok(reply::metadata(&user, "User Successfully Updated"))
}
