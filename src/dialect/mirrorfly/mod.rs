//! MirrorFly: its REST API for back ends and for users, all that its Web SDK calls, and the pictures behind a token.
//!
//! Sources: the vendor's "Create User" page, and its pages on registration, authentication, administration, metadata,
//! blocking, contacts and media.

mod back_end;
mod chats;
pub mod codec;
mod config;
mod contacts;
mod document;
mod door;
mod jid;
mod license;
mod media;
mod metadata;
mod people;
mod register;
mod reply;
mod sign_in;
mod user_form;
mod view;
pub mod xmpp;

use actix_web::{Resource, Route, Scope, web};

pub use self::{document::document, door::app_named, license::scope as license, xmpp::scope as socket};

/// `/api/v1`.
pub fn rest() -> Scope {
    web::scope("/api/v1")
        .service(call("/login", [web::post().to(sign_in::login)]))
        .service(call("/logout", [web::get().to(sign_in::logout)]))
        .service(call("/register", [web::post().to(register::live)]))
        .service(call("/sandbox/register", [web::post().to(register::trial)]))
        .service(call("/users/createUser", [web::post().to(back_end::create_user)]))
        .service(call("/users/deleteUserAccount", [web::post().to(back_end::delete_user)]))
        .service(call("/users/resetPassword", [web::post().to(back_end::reset_password)]))
        .service(call("/users/getMetaData", [web::get().to(metadata::get)]))
        .service(call("/users/updateMetaData", [web::put().to(metadata::update_own)]))
        .service(call("/users/updateMetaData/{userId}", [web::put().to(metadata::update)]))
        .service(call("/users/config", [web::get().to(config::config)]))
        .service(call("/users/deleteMyAccount", [web::post().to(sign_in::delete_own)]))
        .service(call("/users/presence", [web::get().to(people::presence)]))
        .service(call("/moderation/block", [web::post().to(back_end::moderate)]))
        .service(call("/users/block", [web::post().to(contacts::block)]))
        .service(call("/users/unblock", [web::post().to(contacts::unblock)]))
        .service(call("/users/muted", [web::get().to(chats::muted)]))
        .service(call("/users/mute", [web::post().to(chats::mute)]))
        .service(call("/users/blockUsersList", [web::get().to(chats::blocked)]))
        .service(call("/users/callLogs", [web::get().to(chats::call_logs)]))
        .service(call("/moderation/report", [web::post().to(chats::report)]))
        .service(call("/moderation/feedback", [web::post().to(chats::feedback)]))
        // After every call of a name of its own.
        .service(call("/users/{userId}", [web::get().to(back_end::user), web::post().to(back_end::update_user)]))
        .service(call("/contacts/contactsList", [web::get().to(contacts::list)]))
        .service(call("/contacts/syncContactsNew", [web::post().to(contacts::sync)]))
        .service(call("/contacts/sandbox/syncContacts", [web::post().to(contacts::sync_one)]))
        .service(call("/contacts/vcard", [web::get().to(people::vcard)]))
        .service(call("/contacts/userList", [web::get().to(people::list)]))
        .service(call("/media", [web::post().to(media::upload)]))
        .service(call("/media/", [web::post().to(media::upload)]))
        .service(call("/media/{token}", [web::get().to(media::media)]))
        .default_service(web::to(reply::unknown_call))
}

fn call(path: &str, routes: impl IntoIterator<Item = Route>) -> Resource {
    let resource = routes.into_iter().fold(web::resource(path), Resource::route);
    resource.default_service(web::to(reply::wrong_method))
}
