//! All public routes and their documents.

use actix_web::web::{self, ServiceConfig};
use utoipa::openapi::OpenApi;

use crate::{
    dialect::{
        mirrorfly,
        native::{self, ApiListener},
        qiscus, tencent,
    },
    http::{
        console,
        documents::{self, DocumentSource, Documents},
        pictures,
    },
};

/// The base paths of the vendors' APIs and our own, which a client joins with the name of a call.
pub(super) const BASES: [&str; 7] =
    ["/api/v2.1/rest", "/api/v2/rest", "/api/v2/sdk", "/api/v2/mobile", "/api/v1", "/v4", "/standin/v1"];

pub fn routes(is_demo: bool) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config
            .service(pictures::scope())
            .service(console::scope())
            .service(documents::own())
            .service(documents::scope())
            .service(documents::docs())
            .service(qiscus::rest())
            .service(qiscus::sdk())
            .service(qiscus::broker())
            .service(mirrorfly::rest())
            .service(mirrorfly::socket())
            .service(mirrorfly::license())
            .service(tencent::rest())
            .service(tencent::socket())
            .service(native::scope(ApiListener::Public { is_demo }, tencent::make_user_sig))
            .service(native::start_page())
            .service(native::healthz())
            .service(native::readyz())
            .service(native::metrics_resource())
            .default_service(web::to(native::unknown_path));
    }
}

const DOCUMENTS: &[DocumentSource] = &[
    ("Standin", "../openapi.json", own),
    ("Qiscus Chat", "../openapi/qiscus.json", qiscus::document),
    ("MirrorFly", "../openapi/mirrorfly.json", mirrorfly::document),
    ("Tencent Cloud Chat", "../openapi/tencent.json", tencent::document),
];

fn own() -> OpenApi {
    native::document().merge_from(documents::document())
}

pub fn documents(base: &str) -> Documents {
    Documents::new(base, DOCUMENTS)
}
