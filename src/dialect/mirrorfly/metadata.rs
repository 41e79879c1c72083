//! Metadata: up to three pairs that an app stores for a user. Sources: the vendor's pages "Get MetaData", "Update
//! MetaData".

use actix_web::{HttpRequest, HttpResponse, web::Path};
use serde::Deserialize;

use super::{
    callers::{BackEnd, TokenHolder},
    jid,
    reply::{self, MirrorFlyError, MirrorFlyReply, SdkError},
    view::MetadataView,
};
use crate::{
    domain::{Error, Fault, Metadata, Owner, Patch, ProfileChange},
    http::form::{Body, Call, Form, Optional, Source, read_from},
    service::{Service, Tenant, TicketCaller},
};

read_from!(Query: MetadataQuery);

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct MetadataQuery {
    /// The user whose metadata to return. The back end must give it; a user may leave it out or give its own id
    #[param(value_type = Option<String>)]
    user_id: Optional<String>,
}

pub(super) struct MetadataBody(Metadata);

impl Body for MetadataBody {
    const SOURCE: Source = Source::Object;

    fn of(form: &mut Form, _: &HttpRequest) -> Result<Self, Error> {
        let pairs = form.take_object().ok_or(Fault::Missing.at("The request body"))?;
        Metadata::parse(pairs).map(Self).map_err(|fault| fault.at("metaData"))
    }
}

/// Shows a user's metadata
///
/// "the metadata information of the logged in user id". For the back end: of the user in `userId`.
#[utoipa::path(
    get, path = "/users/getMetaData", tag = "Metadata", operation_id = "get_metadata",
    security(("user" = []), ("back_end" = [])),
    params(MetadataQuery),
    responses((status = 200, description = "The metadata", body = MirrorFlyReply<MetadataView>), SdkError)
)]
pub(super) async fn get(call: Call<TokenHolder, MetadataQuery, SdkError>) -> Result<HttpResponse, SdkError> {
    let owner = owner_of(&call.caller, call.form.user_id.0.as_deref())?;
    Ok(reply::metadata(&call.service.owner(&call.caller.tenant, &owner).await?, "Data Retrieved Successfully"))
}

/// Replaces the caller's own metadata
///
/// The body is the pairs themselves. They replace all stored pairs; `{}` removes them.
#[utoipa::path(
    put, path = "/users/updateMetaData", tag = "Metadata", operation_id = "update_own_metadata",
    security(("user" = [])),
    request_body = Metadata,
    responses((status = 200, description = "The new metadata", body = MirrorFlyReply<MetadataView>), SdkError)
)]
pub(super) async fn update_own(call: Call<TokenHolder, MetadataBody, SdkError>) -> Result<HttpResponse, SdkError> {
    replace(&call.service, &call.caller.tenant, owner_of(&call.caller, None)?, call.form).await
}

/// Replaces a user's metadata
///
/// "To update the metadata information based on the user id". The body is the pairs themselves. They replace all stored
/// pairs; `{}` removes them.
#[utoipa::path(
    put, path = "/users/updateMetaData/{userId}", tag = "Metadata", operation_id = "update_metadata",
    security(("back_end" = [])),
    params(("userId" = String, Path, example = "user1")),
    request_body = Metadata,
    responses((status = 200, description = "The new metadata", body = MirrorFlyReply<MetadataView>), SdkError)
)]
pub(super) async fn update(
    path: Path<String>,
    call: Call<BackEnd, MetadataBody, SdkError>,
) -> Result<HttpResponse, SdkError> {
    replace(&call.service, &call.caller.tenant, Owner::Named(jid::parse_at(&path, "userId")?), call.form).await
}

/// A user's call is about the user itself; the back end names any user.
fn owner_of(caller: &TicketCaller, named: Option<&str>) -> Result<Owner, MirrorFlyError> {
    match (caller.user(), named) {
        (None, None) => Err(Fault::Missing.at("userId").into()),
        (None, Some(named)) => Ok(Owner::Named(jid::parse_at(named, "userId")?)),
        (Some((_, own)), Some(named)) if jid::unescaped(named) != own.as_str() => Err(MirrorFlyError::WrongHolder),
        (Some((key, _)), _) => Ok(Owner::Itself(key)),
    }
}

async fn replace(
    service: &Service,
    tenant: &Tenant,
    owner: Owner,
    pairs: MetadataBody,
) -> Result<HttpResponse, SdkError> {
    let profile = ProfileChange { metadata: Patch::Set(pairs.0), ..ProfileChange::default() };
    let user = service.set_profile(tenant, owner, profile).await?;
    Ok(reply::metadata(&user, "User Successfully Updated"))
}
