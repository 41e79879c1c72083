//! Pictures behind a token: the same bytes as their public addresses serve, for callers of the app alone.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Payload},
};

use super::{
    door,
    reply::{self, InBody, Mirrored},
    user_form::PICTURES_ACCEPTED,
};
use crate::{
    domain::error::{Error, Fault, What},
    http::{
        addresses::Addresses,
        form::{Form, FormLimits},
        pictures,
        spool::Spool,
    },
    service::Service,
};

/// The one type of media that is served here.
const PROFILE: &str = "profile";

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

/// `POST /media/`: what the SDK uploads before it names the picture in a profile. `toUser` and `messageId` are of messages, and not read.
pub(super) async fn upload(
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, InBody> {
    let caller = door::user(&service, &request)?;
    let limits = FormLimits { file_bytes_max: service.picture_file_bytes_max(), ..FormLimits::default() };
    let mut form = Form::read(&request, payload, &limits, &spool).await?;
    if form.text("type")?.is_some_and(|given| !matches!(given, "" | PROFILE)) {
        return Err(Fault::Malformed("profile, no other media are served here").at("type").into());
    }
    let file = form.picture("file", PICTURES_ACCEPTED)?.ok_or(Fault::Missing.at("file"))?;
    let owner = service.user(&caller.tenant, &caller.id)?;
    let picture = service.upload_picture(&caller.tenant, &owner, file).await?;
    Ok(reply::uploaded(&picture.key))
}
