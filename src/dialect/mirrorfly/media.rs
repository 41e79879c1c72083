//! Pictures behind a token: the same bytes as their public addresses serve, for callers of the app alone.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};

use super::{door, reply::Mirrored};
use crate::{
    domain::error::{Error, What},
    http::{addresses::Addresses, pictures},
    service::Service,
};

/// `GET /media/{token}`: "access via the Mirrorfly SDK's and API's only".
///
/// Refusals are real HTTP errors, because the SDK wraps any 2xx body as the picture.
pub(super) async fn media(
    service: Data<Service>,
    addresses: Data<Addresses>,
    token: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Mirrored> {
    let caller = door::caller(&service, &request)?;
    let (key, rendition) = addresses.media_token(&token).ok_or(Error::NotFound(What::Picture))?;
    let file = service.picture_for(&caller, &key, rendition).await?;
    Ok(pictures::serve(&request, key.as_str(), rendition, &file, pictures::Caching::Private))
}
