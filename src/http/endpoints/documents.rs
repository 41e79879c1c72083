//! OpenAPI 3.1 documents and the page that shows them. Each dialect describes its endpoints next to their handlers.

use std::sync::{Arc, OnceLock};

use actix_web::{
    HttpResponse, Resource, Scope,
    http::header::{
        CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, ContentEncoding, LOCATION, REFERRER_POLICY,
        X_FRAME_OPTIONS,
    },
    web::{self, Bytes, Data, Path},
};
use utoipa::{
    OpenApi as _,
    openapi::{OpenApi, Server},
};
use utoipa_swagger_ui::{Config, Url};

use super::{console, pictures};
use crate::http::methods;

/// The page's script writes inline styles. The page shows no data of users.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// A document: its title, its file relative to the page, and the function that builds it.
pub type DocumentSource = (&'static str, &'static str, fn() -> OpenApi);

/// For clients that reach the server at one base. Built at the first request, which takes about 30 ms.
#[derive(Clone)]
pub struct Documents(Arc<DocumentSet>);

struct DocumentSet {
    base: String,
    sources: &'static [DocumentSource],
    written: OnceLock<DocumentText>,
}

struct DocumentText {
    files: Vec<(&'static str, Bytes)>,
    page: Arc<Config<'static>>,
}

impl Documents {
    pub fn new(base: &str, sources: &'static [DocumentSource]) -> Self {
        Self(Arc::new(DocumentSet { base: base.to_owned(), sources, written: OnceLock::new() }))
    }

    fn written(&self) -> &DocumentText {
        self.0.written.get_or_init(|| {
            let file = |(_, name, document): &DocumentSource| {
                let mut document = document();
                document.servers = Some(vec![Server::new(&self.0.base)]);
                let json = serde_json::to_vec(&document).inspect_err(|why| log::error!("{name} is not served: {why}"));
                Some((*name, Bytes::from(json.ok()?)))
            };
            let urls: Vec<Url> = self.0.sources.iter().map(|(title, name, _)| Url::new(title, name)).collect();
            let page = Config::new(urls).deep_linking(true).display_request_duration(true).validator_url("none");
            DocumentText { files: self.0.sources.iter().filter_map(file).collect(), page: Arc::new(page) }
        })
    }

    fn file(&self, name: &str) -> Option<Bytes> {
        self.written().files.iter().find(|(known, _)| *known == name).map(|(_, json)| json.clone())
    }
}

/// The endpoints that belong to no dialect: pictures, console files, documents.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    whole,
    one,
    to_the_page,
    page,
    page_file,
    console::to_the_front_from_its_folder,
    console::to_the_front_from_within,
    console::file,
    pictures::uploaded,
    pictures::transformed,
    pictures::current,
))]
struct HttpDocument;

pub fn document() -> OpenApi {
    HttpDocument::openapi()
}

pub fn own() -> Resource {
    methods::answer(
        web::resource("/openapi.json"),
        [methods::get(whole)],
        web::to(async || HttpResponse::MethodNotAllowed().finish()),
    )
}

pub fn scope() -> Scope {
    web::scope("/openapi").route("/{name}", web::get().to(one))
}

pub fn docs() -> Scope {
    web::scope("/docs")
        .route("", web::get().to(to_the_page))
        .route("/", web::get().to(page))
        .route("/{file}", web::get().to(page_file))
}

/// The document of Standin's own API.
#[utoipa::path(get, path = "/openapi.json", tag = "Documents", responses((status = 200, description = "An OpenAPI 3.1 document", body = serde_json::Value)))]
async fn whole(documents: Data<Documents>) -> HttpResponse {
    json(documents.file("../openapi.json"))
}

/// The document of one vendor's API.
#[utoipa::path(
    get, path = "/openapi/{name}", tag = "Documents",
    params(("name" = String, Path, description = "`qiscus.json`, `mirrorfly.json` or `tencent.json`", example = "qiscus.json")),
    responses(
        (status = 200, description = "An OpenAPI 3.1 document", body = serde_json::Value),
        (status = 404, description = "No such document", body = String, content_type = "text/plain"),
    )
)]
async fn one(documents: Data<Documents>, name: Path<String>) -> HttpResponse {
    json(documents.file(&format!("../openapi/{name}")))
}

fn json(document: Option<Bytes>) -> HttpResponse {
    let found = |json| {
        HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-cache")).content_type("application/json").body(json)
    };
    document.map_or_else(console::no_such_file, found)
}

/// Redirects to the page.
#[utoipa::path(get, path = "/docs", tag = "Documents", responses((status = 308, description = "To `docs/`")))]
async fn to_the_page() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "docs/")).finish()
}

/// A page that shows every document and can send requests.
#[utoipa::path(get, path = "/docs/", tag = "Documents", responses((status = 200, description = "The page", body = String, content_type = "text/html")))]
async fn page(documents: Data<Documents>) -> HttpResponse {
    file(&documents, "index.html")
}

/// A file of that page.
#[utoipa::path(
    get, path = "/docs/{file}", tag = "Documents",
    params(("file" = String, Path, example = "swagger-ui.css")),
    responses(
        (status = 200, description = "The file", content_type = "*/*"),
        (status = 404, description = "No such file", body = String, content_type = "text/plain"),
    )
)]
async fn page_file(documents: Data<Documents>, name: Path<String>) -> HttpResponse {
    file(&documents, &name)
}

fn file(documents: &Documents, name: &str) -> HttpResponse {
    let Ok(Some(file)) = utoipa_swagger_ui::serve(name, Arc::clone(&documents.written().page)) else {
        return console::no_such_file();
    };
    let mut answer = HttpResponse::Ok();
    answer
        .content_type(file.content_type)
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((X_FRAME_OPTIONS, "DENY"));
    if file.gzpipped {
        // Stored only in packed form: a client that cannot unpack it cannot show the page either.
        answer.insert_header((CONTENT_ENCODING, ContentEncoding::Gzip));
    }
    answer.body(file.bytes.into_owned())
}
