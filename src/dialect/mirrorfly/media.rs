//! Pictures behind a token: the bytes of their public addresses, for callers of the app only.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    callers::{MirrorFlyUser, TokenHolder},
    reply::{self, MirrorFlyErrorReply, MirrorFlyReply, MirroredError, SdkError},
    user_form::PICTURES_ACCEPTED,
    view::MediaTokens,
};
use crate::{
    domain::{Error, Fault, Resource},
    http::{
        addresses::Addresses,
        form::{self, Call, FileAt, Optional, Parse, read_from},
        pictures,
    },
};

read_from!(Form within form::pictures: MediaUpload);

struct ProfileMedia;

impl Parse for ProfileMedia {
    fn parse(raw: &str) -> Result<Self, Fault> {
        if raw == "profile" { Ok(Self) } else { Err(Fault::Malformed("profile, no other media are served here")) }
    }
}

/// Returns a picture
///
/// "access via the Mirrorfly SDK's and API's only": the bytes of the picture's public address, for callers with a
/// token. Errors have their HTTP status, because the SDK treats any 2xx body as the picture.
#[utoipa::path(
    get, path = "/media/{token}", tag = "Media", operation_id = "get_media",
    security(("user" = []), ("back_end" = [])),
    params(
        ("token" = String, Path, description = "The token from an upload or a profile", example = "3sAFuPebIrDpO5yG1VP872"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the caller's copy"),
    ),
    responses(
        (
            status = 200, description = "The picture", content(("image/jpeg"), ("image/png")),
            headers(
                ("ETag" = String, description = "Identifies these bytes"),
                ("X-Picture-Rendition" = String, description = "The size: `full` or a number of pixels"),
            )
        ),
        (status = 304, description = "The caller's copy is current"),
        (status = 404, description = "No such picture, or the caller may not see it", body = MirrorFlyErrorReply),
        MirroredError,
    )
)]
pub(super) async fn media(
    addresses: Data<Addresses>,
    token: Path<String>,
    call: Call<TokenHolder, (), MirroredError>,
    request: HttpRequest, // its conditions
) -> Result<HttpResponse, MirroredError> {
    let (key, rendition) = addresses.media_token(&token).ok_or(Error::NotFound(Resource::Picture))?;
    let file = call.service.picture_for(&call.caller, &key, rendition).await?;
    Ok(pictures::serve(&request, key.as_str(), rendition, &file, pictures::Caching::Private))
}

/// A picture. `toUser` and `messageId`, which the SDK sends too, belong to messages and are ignored.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MediaUpload {
    /// Only `profile` is supported.
    #[schema(rename = "type", value_type = Option<String>, pattern = "^(profile)?$", example = "profile")]
    _type: Optional<ProfileMedia>,
    /// A PNG or JPEG picture, recognised by its bytes, of at most 10 MiB, unless the server's settings set another
    /// bound.
    #[schema(value_type = String, format = Binary)]
    file: FileAt,
}

/// Uploads a picture
///
/// The SDK uploads a picture before it sets it in a profile. A picture that no profile names within an hour is removed.
#[utoipa::path(
    post, path = "/media/", tag = "Media", operation_id = "upload_media",
    security(("user" = [])),
    request_body(content = MediaUpload, content_type = "multipart/form-data"),
    responses((status = 200, description = "The picture's tokens", body = MirrorFlyReply<MediaTokens>), SdkError)
)]
pub(super) async fn upload(call: Call<MirrorFlyUser, MediaUpload, SdkError>) -> Result<HttpResponse, SdkError> {
    let Call { service, caller, form, mut files, .. } = call;
    let file = files.picture(&form.file, "file", PICTURES_ACCEPTED).ok_or(Fault::Missing.at("file"))?;
    let picture = service.upload_picture(&caller.tenant, caller.key, file).await?;
    Ok(reply::success(MediaTokens::from(&picture.key), "File uploaded successfully"))
}
