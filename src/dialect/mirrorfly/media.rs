//! Pictures behind a token: the same bytes as their public addresses serve, for callers of the app alone.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    door::{Holder, SignedIn},
    reply::{self, InBody, Mirrored, Refusal, Success},
    user_form::PICTURES_ACCEPTED,
    view::Uploaded,
};
use crate::{
    domain::error::{Error, Fault, What},
    http::{
        addresses::Addresses,
        form::{self, Call, FileAt, Optional, Parse, read_from},
        pictures,
    },
};

read_from!(Form within form::pictures: MediaUpload);

/// The one type of media that is served here.
struct Profile;

impl Parse for Profile {
    fn parse(raw: &str) -> Result<Self, Fault> {
        if raw == "profile" { Ok(Self) } else { Err(Fault::Malformed("profile, no other media are served here")) }
    }
}

/// Shows a picture
///
/// "access via the Mirrorfly SDK's and API's only": the same bytes as the picture's public address serves, for callers with a token. Refusals
/// are real HTTP errors, because the SDK wraps any 2xx body as the picture.
#[utoipa::path(
    get, path = "/media/{token}", tag = "Media", operation_id = "get_media",
    security(("user" = []), ("back_end" = [])),
    params(
        ("token" = String, Path, description = "As an upload or a profile names it", example = "3sAFuPebIrDpO5yG1VP872"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of a picture that the caller has"),
    ),
    responses(
        (
            status = 200, description = "The picture, in its true type", content(("image/jpeg"), ("image/png")),
            headers(
                ("ETag" = String, description = "Names these bytes for ever"),
                ("X-Picture-Rendition" = String, description = "Which size this is: `full` or a number of pixels"),
            )
        ),
        (status = 304, description = "The caller has it: `If-None-Match` says so"),
        (status = 404, description = "No such picture, or none that this caller may see", body = Refusal),
        Mirrored,
    )
)]
pub(super) async fn media(
    addresses: Data<Addresses>,
    token: Path<String>,
    call: Call<Holder, (), Mirrored>,
    request: HttpRequest, // its conditions
) -> Result<HttpResponse, Mirrored> {
    let (key, rendition) = addresses.media_token(&token).ok_or(Error::NotFound(What::Picture))?;
    let file = call.service.picture_for(&call.caller, &key, rendition).await?;
    Ok(pictures::serve(&request, key.as_str(), rendition, &file, pictures::Caching::Private))
}

/// A picture. `toUser` and `messageId`, which the SDK sends too, are of messages, and not read.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MediaUpload {
    /// No other media are served here.
    #[schema(rename = "type", value_type = Option<String>, pattern = "^(profile)?$", example = "profile")]
    _type: Optional<Profile>,
    /// A PNG or JPEG picture of at most 10 MiB, unless the server's settings say otherwise. Its bytes tell its kind, not its name.
    #[schema(value_type = String, format = Binary)]
    file: FileAt,
}

/// Uploads a picture
///
/// What the SDK does before it names the picture in a profile. A picture that no profile names within an hour is removed.
#[utoipa::path(
    post, path = "/media/", tag = "Media", operation_id = "upload_media",
    security(("user" = [])),
    request_body(content = MediaUpload, content_type = "multipart/form-data"),
    responses((status = 200, description = "The picture's names", body = Success<Uploaded>), InBody)
)]
pub(super) async fn upload(call: Call<SignedIn, MediaUpload, InBody>) -> Result<HttpResponse, InBody> {
    let Call { service, caller, form, mut files, .. } = call;
    let file = files.picture(&form.file, "file", PICTURES_ACCEPTED).ok_or(Fault::Missing.at("file"))?;
    let picture = service.upload_picture(&caller.tenant, caller.key, file).await?;
    Ok(reply::success(Uploaded::from(&picture.key), "File uploaded successfully"))
}
