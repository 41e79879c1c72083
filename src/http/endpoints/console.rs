//! The files of the console, compiled into the binary.

use actix_web::{
    HttpRequest, HttpResponse, Scope,
    http::header::{
        ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, EntityTag, HeaderName, LOCATION, REFERRER_POLICY, VARY,
        X_FRAME_OPTIONS,
    },
    web::{self, Data, Path},
};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::is_cached;
use crate::http::addresses::Addresses;

#[derive(RustEmbed)]
#[folder = "static/console"]
struct ConsoleFiles;

const INDEX: &str = "index.html";

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// Media types by extension. Files with other extensions are not served.
const TYPES: [(&str, &str); 6] = [
    ("html", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
];

pub fn scope() -> Scope {
    web::scope("/console")
        .route("", web::get().to(to_the_front_from_its_folder))
        .route("/", web::get().to(to_the_front_from_within))
        .route("/{file}", web::get().to(file))
}

/// Redirects to the front page.
#[utoipa::path(get, path = "/console", tag = "Console", responses((status = 308, description = "To `./`")))]
pub(super) async fn to_the_front_from_its_folder() -> HttpResponse {
    to_the_front("./")
}

/// Redirects to the front page.
#[utoipa::path(get, path = "/console/", tag = "Console", responses((status = 308, description = "To `../`")))]
pub(super) async fn to_the_front_from_within() -> HttpResponse {
    to_the_front("../")
}

/// The redirect is relative, so that it works below any base.
fn to_the_front(path: &str) -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, path)).finish()
}

pub fn wants_page(request: &HttpRequest) -> bool {
    let mut accepted = request.headers().get_all(ACCEPT).filter_map(|line| line.to_str().ok());
    accepted.any(|line| line.split(',').any(|kind| kind.trim().starts_with("text/html")))
}

pub fn index(request: &HttpRequest) -> Option<HttpResponse> {
    serve(request, INDEX)
}

/// A file of the console.
#[utoipa::path(
    get, path = "/console/{file}", tag = "Console",
    params(("file" = String, Path, example = "console.css")),
    responses(
        (status = 200, description = "The file", content_type = "*/*"),
        (status = 304, description = "The caller's copy is current"),
        (status = 404, description = "No such file", body = String, content_type = "text/plain"),
    )
)]
pub(super) async fn file(request: HttpRequest, name: Path<String>) -> HttpResponse {
    serve(&request, &name).unwrap_or_else(no_such_file)
}

pub(super) fn no_such_file() -> HttpResponse {
    HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("No such file.\n")
}

fn serve(request: &HttpRequest, name: &str) -> Option<HttpResponse> {
    let EmbeddedFile { data, metadata } = ConsoleFiles::get(name)?;
    let (_, extension) = name.rsplit_once('.')?;
    let (_, media_type) = TYPES.into_iter().find(|(known, _)| *known == extension)?;
    let digest: String = metadata.sha256_hash().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let etag = EntityTag::new_strong(digest);
    let is_known = is_cached(request, &etag);
    let mut answer = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer
        .insert_header((ETAG, etag))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((CONTENT_SECURITY_POLICY, policy(request)))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .insert_header((OPENER_POLICY, "same-origin"))
        .insert_header((VARY, "Accept"));
    Some(match is_known {
        true => answer.finish(),
        false => answer.content_type(media_type).body(data.into_owned()),
    })
}

/// Allows no inline content and no other origin, except for pictures from our public address.
fn policy(request: &HttpRequest) -> String {
    let addresses = request.app_data::<Data<Addresses>>();
    let pictures = addresses.map(|addresses| addresses.origin()).unwrap_or_default();
    format!(
        "default-src 'self'; img-src 'self' data: blob: {pictures}; object-src 'none'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'"
    )
}
