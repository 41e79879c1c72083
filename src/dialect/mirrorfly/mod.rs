//! MirrorFly: its REST API for back ends and for users, and the pictures behind a token.
//!
//! Sources: the vendor's "Create User" page, and its pages on authentication, administration, metadata and media.

mod back_end;
mod door;
mod jid;
mod media;
mod reply;
mod sign_in;

use actix_web::{Resource, Route, Scope, web};

/// `/api/v1`.
pub fn rest() -> Scope {
    web::scope("/api/v1")
        .service(call("/login", [web::post().to(sign_in::login)]))
        .service(call("/users/createUser", [web::post().to(back_end::create_user)]))
        .service(call("/media/{token}", [web::get().to(media::media)]))
        .default_service(web::to(reply::unknown_call))
}

fn call(path: &str, routes: impl IntoIterator<Item = Route>) -> Resource {
    let resource = routes.into_iter().fold(web::resource(path), Resource::route);
    resource.default_service(web::to(reply::wrong_method))
}
