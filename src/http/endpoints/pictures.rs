//! Pictures at their public addresses, at users' stable addresses, and default tiles. Every rendition is made at
//! upload, so serving only reads bytes. Ranges are not supported.

use actix_web::{
    HttpRequest, HttpResponse, Scope,
    body::SizedStream,
    guard::{Any, Get, Head},
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, EntityTag, HeaderName},
    web::{self, Bytes, Data, Path},
};

use futures_util::{Stream, stream};

use super::is_cached;
use crate::{
    domain::{Avatar, AvatarChange, Error, Fault, HttpAddress, PictureKey, Rendition, TileSeed, User},
    http::addresses::{self, AddressTarget, Addresses},
    service::{PictureBody, PictureFile, Service},
};

/// The rendition in the answer: other sizes are rounded up to a stored one.
const RENDITION: HeaderName = HeaderName::from_static("x-picture-rendition");

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    Immutable,
    /// Only the caller's own cache; the bytes never change.
    Private,
    /// Revalidate each time: the user may have changed the picture.
    Revalidate,
}

impl Addresses {
    /// Returns an address, never empty. Without public pictures, that of an upload's owner shows a tile.
    pub fn avatar(&self, user: &User, public_pictures: bool) -> String {
        match &user.profile.avatar {
            Avatar::Elsewhere(address) => address.as_str().to_owned(),
            Avatar::Picture(key, kind) if public_pictures => self.picture(key, Rendition::Full, *kind),
            Avatar::Picture(..) | Avatar::Text(_) | Avatar::Tile => self.tile(&TileSeed::of(&user.id).to_string()),
        }
    }

    fn owned(&self, address: &HttpAddress) -> Option<PictureKey> {
        if let AddressTarget::Owned(key) = self.read(address.as_str()) { Some(key) } else { None }
    }

    /// One of our own addresses keeps or attaches that picture; a tile's removes it. None if the address is missing or
    /// empty, is the current picture of `known`, or is `known`'s stable address.
    pub fn avatar_change(
        &self,
        given: Option<&str>,
        known: Option<&User>,
        public_pictures: bool,
    ) -> Result<Option<AvatarChange>, Fault> {
        let is_shown = |given: &str| known.is_some_and(|user| self.avatar(user, public_pictures) == given);
        let Some(given) = given.filter(|given| !given.is_empty() && !is_shown(given)) else { return Ok(None) };
        let address = HttpAddress::parse(given)?;
        Ok(match self.read(given) {
            AddressTarget::Tile => Some(AvatarChange::Tile),
            AddressTarget::Owned(key) => Some(AvatarChange::Owned(key, Some(address))),
            AddressTarget::Stable(handle) if known.is_some_and(|user| user.handle == handle) => None,
            AddressTarget::Stable(_) | AddressTarget::Elsewhere => Some(AvatarChange::Elsewhere(address)),
        })
    }
}

pub fn scope() -> Scope {
    let read = || web::route().guard(Any(Get()).or(Head()));
    web::scope("/pictures")
        .route("/upload/{key}/{file}", read().to(uploaded))
        .route("/upload/{transform}/{key}/{file}", read().to(transformed))
        .route("/of/{handle}/{file}", read().to(current))
        .default_service(web::to(nothing))
}

async fn nothing() -> HttpResponse {
    not_found()
}

/// A picture by its key, or the tile drawn from a seed.
#[utoipa::path(
    method(get, head), path = "/pictures/upload/{key}/{file}", tag = "Pictures",
    params(("key" = String, Path, description = "The name of an upload, or of a tile", example = "3sAFuPebIrDpO5yG1VP872"), ("file" = String, Path, description = "`full`, `512`, `320`, `192`, `96` or `48`, with any ending; other numbers round up", example = "full.jpg")),
    responses(
        (status = 200, description = "The picture, in its true type", content(
            ("image/jpeg"), ("image/png"),
        )),
        (status = 304, description = "The caller's copy is current"),
        (status = 404, description = "No such picture", body = String, content_type = "text/plain"),
        (status = 503, description = "Too busy: try again"),
    )
)]
pub(super) async fn uploaded(
    service: Data<Service>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> HttpResponse {
    let (key, file) = path.into_inner();
    let rendition = addresses::rendition_named(stem(&file));
    show(&service, &request, &key, rendition).await
}

/// A thumbnail in the form of Qiscus' SDK, in the picture's real type whatever the extension says.
#[utoipa::path(
    method(get, head), path = "/pictures/upload/{transform}/{key}/{file}", tag = "Pictures",
    params(("transform" = String, Path, description = "The thumbnail form of the vendor's SDK", example = "w_320,h_320,c_limit"), ("key" = String, Path, description = "The name of an upload, or of a tile", example = "3sAFuPebIrDpO5yG1VP872"), ("file" = String, Path, example = "full.png")),
    responses(
        (status = 200, description = "The picture, in its true type", content(
            ("image/jpeg"), ("image/png"),
        )),
        (status = 304, description = "The caller's copy is current"),
        (status = 404, description = "No such picture", body = String, content_type = "text/plain"),
        (status = 503, description = "Too busy: try again"),
    )
)]
pub(super) async fn transformed(
    service: Data<Service>,
    path: Path<(String, String, String)>,
    request: HttpRequest,
) -> HttpResponse {
    let (transform, key, _) = path.into_inner();
    show(&service, &request, &key, addresses::thumbnail(&transform)).await
}

/// The picture of ours that the user shows now, else its tile.
///
/// An avatar on another server is answered by the tile, never by a redirect: any user may set one, so our address
/// would send browsers anywhere. The profile's own field holds that address.
#[utoipa::path(
    method(get, head), path = "/pictures/of/{handle}/{file}", tag = "Pictures",
    params(("handle" = String, Path, example = "KSI0G8cRDbZKpdf4zjpQpw"), ("file" = String, Path, description = "`full`, `512`, `320`, `192`, `96` or `48`, with any ending; other numbers round up", example = "full.jpg")),
    responses(
        (status = 200, description = "The picture, in its true type", content(
            ("image/jpeg"), ("image/png"),
        )),
        (status = 304, description = "The caller's copy is current"),
        (status = 404, description = "No such picture", body = String, content_type = "text/plain"),
        (status = 503, description = "Too busy: try again"),
    )
)]
pub(super) async fn current(
    service: Data<Service>,
    addresses: Data<Addresses>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> HttpResponse {
    let (handle, file) = path.into_inner();
    let user = match PictureKey::parse(&handle) {
        Ok(handle) => service.user_of_handle(&handle).await.ok(),
        Err(_) => None,
    };
    let (Some(user), Some(rendition)) = (user, addresses::rendition_named(stem(&file))) else {
        return not_found();
    };
    let shown = match &user.profile.avatar {
        Avatar::Picture(key, _) => Some(key.clone()),
        Avatar::Elsewhere(address) => addresses.owned(address),
        Avatar::Tile | Avatar::Text(_) => None,
    };
    if let Some(key) = shown {
        match service.public_picture(&key, rendition).await {
            Ok(file) => return serve(&request, key.as_str(), rendition, &file, Caching::Revalidate),
            // Another user's picture may be deleted or not public.
            Err(Error::NotFound(_)) => {}
            Err(error) => return refused(&error),
        }
    }
    draw(&service, &request, TileSeed::of(&user.id), rendition, Caching::Revalidate).await
}

async fn show(service: &Service, request: &HttpRequest, key: &str, rendition: Option<Rendition>) -> HttpResponse {
    let Some(rendition) = rendition else {
        return not_found();
    };
    if let Some(seed) = addresses::tile_seed(key).and_then(|seed| TileSeed::parse(seed).ok()) {
        return draw(service, request, seed, rendition, Caching::Immutable).await;
    }
    let Ok(key) = PictureKey::parse(key) else {
        return not_found();
    };
    match service.public_picture(&key, rendition).await {
        Ok(file) => serve(request, key.as_str(), rendition, &file, Caching::Immutable),
        Err(error) => refused(&error),
    }
}

async fn draw(
    service: &Service,
    request: &HttpRequest,
    seed: TileSeed,
    rendition: Rendition,
    caching: Caching,
) -> HttpResponse {
    match service.tile(seed, rendition).await {
        Ok(file) => serve(request, &seed.to_string(), rendition, &file, caching),
        Err(error) => refused(&error),
    }
}

/// Answers 304 if the caller has it. Allows no sniffing and no scripts, and sends no file name of a client.
pub fn serve(
    request: &HttpRequest,
    name: &str,
    rendition: Rendition,
    file: &PictureFile,
    caching: Caching,
) -> HttpResponse {
    let etag = EntityTag::new_strong(format!("{name}-{}", rendition.name()));
    let cache_control = match caching {
        Caching::Immutable => "public, max-age=31536000, immutable",
        Caching::Private => "private, max-age=31536000, immutable",
        Caching::Revalidate => "no-cache",
    };
    let is_known = is_cached(request, &etag);
    let mut answer = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer
        .insert_header((ETAG, etag))
        .insert_header((CACHE_CONTROL, cache_control))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((RESOURCE_POLICY, "cross-origin"))
        .insert_header((RENDITION, rendition.name()));
    match is_known {
        true => answer.finish(),
        false => {
            answer.content_type(file.kind.media_type());
            match &file.body {
                PictureBody::InMemory(bytes) => answer.body(bytes.clone()),
                PictureBody::OnDisk(on_disk) => answer.body(SizedStream::new(on_disk.bytes(), pieces(&file.body))),
            }
        }
    }
}

fn pieces(body: &PictureBody) -> impl Stream<Item = Result<Bytes, std::io::Error>> + 'static {
    stream::try_unfold((body.clone(), 0), |(body, offset)| async move {
        let piece = body.piece(offset).await.map_err(std::io::Error::other)?;
        Ok(piece.map(|piece| {
            let next = offset + piece.len() as u64;
            (piece, (body, next))
        }))
    })
}

fn stem(file: &str) -> &str {
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

fn not_found() -> HttpResponse {
    HttpResponse::NotFound()
        .insert_header((CACHE_CONTROL, "no-cache"))
        .content_type("text/plain; charset=utf-8")
        .body("No such picture.\n")
}

fn refused(error: &Error) -> HttpResponse {
    match error {
        Error::Internal(cause) => {
            log::error!("{cause}");
            HttpResponse::InternalServerError().finish()
        }
        Error::Busy => HttpResponse::ServiceUnavailable().finish(),
        Error::NotFound(_)
        | Error::Invalid { .. }
        | Error::Unauthenticated(_)
        | Error::Forbidden(_)
        | Error::Conflict(_)
        | Error::TooMany { .. }
        | Error::StorageFull => not_found(),
    }
}
