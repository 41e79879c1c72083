//! Metadata: up to three pairs that an app keeps with a user, for the user itself and for the back end. Sources: the vendor's pages "Get
//! MetaData" and "Update MetaData", of its user and its admin APIs.

use actix_web::{HttpRequest, HttpResponse, web::Path};
use serde::Deserialize;

use super::{
    door::{BackEnd, Holder},
    jid,
    reply::{self, InBody, Refused, Success},
    view::MetadataShown,
};
use crate::{
    domain::{
        error::{Error, Fault},
        free_data::Metadata,
        owner::Owner,
        profile::{Patch, ProfileChange},
    },
    http::form::{Body, Call, Form, Optional, Source, read_from},
    service::{Service, accounts::Caller, apps::Tenant},
};

read_from!(Query: Whose);

/// Whose metadata to show.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct Whose {
    /// The user whose metadata this is. The back end must give it; a user may leave it out or give its own id
    #[param(value_type = Option<String>)]
    user_id: Optional<String>,
}

/// The body of a change: the pairs themselves, which replace all former ones.
pub(super) struct Pairs(Metadata);

impl Body for Pairs {
    const SOURCE: Source = Source::Object;

    fn of(form: &mut Form, _: &HttpRequest) -> Result<Self, Error> {
        let pairs = form.take_object().ok_or(Fault::Missing.at("The request body"))?;
        Metadata::parse(pairs).map(Self).map_err(|fault| fault.at("metaData"))
    }
}

/// Shows a user's metadata
///
/// "the metadata information of the logged in user id", or, for the back end, of the one in `userId`.
#[utoipa::path(
    get, path = "/users/getMetaData", tag = "Metadata", operation_id = "get_metadata",
    security(("user" = []), ("back_end" = [])),
    params(Whose),
    responses((status = 200, description = "The metadata", body = Success<MetadataShown>), InBody)
)]
pub(super) async fn get(call: Call<Holder, Whose, InBody>) -> Result<HttpResponse, InBody> {
    let owner = meant(&call.caller, call.form.user_id.0.as_deref())?;
    Ok(reply::metadata(&call.service.owner(&call.caller.tenant, &owner).await?, "Data Retrieved Successfully"))
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
pub(super) async fn update_own(call: Call<Holder, Pairs, InBody>) -> Result<HttpResponse, InBody> {
    replace(&call.service, &call.caller.tenant, meant(&call.caller, None)?, call.form).await
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
pub(super) async fn update(path: Path<String>, call: Call<BackEnd, Pairs, InBody>) -> Result<HttpResponse, InBody> {
    replace(&call.service, &call.caller.tenant, Owner::Named(jid::named(&path, "userId")?), call.form).await
}

/// Whose metadata a call means: a user's own, whom it need not name; the back end names anybody.
fn meant(caller: &Caller, named: Option<&str>) -> Result<Owner, Refused> {
    match (caller.user(), named) {
        (None, None) => Err(Fault::Missing.at("userId").into()),
        (None, Some(named)) => Ok(Owner::Named(jid::named(named, "userId")?)),
        (Some((_, own)), Some(named)) if jid::unescaped(named) != own.as_str() => Err(Refused::WrongHolder),
        (Some((key, _)), _) => Ok(Owner::Itself(key)),
    }
}

async fn replace(service: &Service, tenant: &Tenant, owner: Owner, pairs: Pairs) -> Result<HttpResponse, InBody> {
    let profile = ProfileChange { metadata: Patch::Set(pairs.0), ..ProfileChange::default() };
    let user = service.set_profile(tenant, owner, profile).await?;
    Ok(reply::metadata(&user, "User Successfully Updated"))
}
