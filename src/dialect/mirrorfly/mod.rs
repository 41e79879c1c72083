//! MirrorFly: the REST API for back ends and for users, what its Web SDK calls, and pictures behind a token. Sources:
//! the vendor's pages on users, registration, authentication, administration, metadata, blocking, contacts and media.

mod back_end;
mod callers;
mod chat_history;
mod chat_lists;
mod chat_sending;
mod chats;
pub mod codec;
mod config;
mod contacts;
mod document;
mod jid;
mod license;
mod media;
mod message;
mod metadata;
mod people;
mod register;
mod reply;
mod sign_in;
mod user_form;
mod view;
pub mod xmpp;

use actix_web::{Resource, Scope, web};

pub use self::{callers::app_named, document::document, license::scope as license, xmpp::scope as socket};

use crate::http::methods::{self, Method};

pub fn rest() -> Scope {
    web::scope("/api/v1")
        .service(call("/login", [methods::post(sign_in::login)]))
        .service(call("/logout", [methods::get(sign_in::logout)]))
        .service(call("/register", [methods::post(register::live)]))
        .service(call("/sandbox/register", [methods::post(register::trial)]))
        .service(call("/users/createUser", [methods::post(back_end::create_user)]))
        .service(call("/users/deleteUserAccount", [methods::post(back_end::delete_user)]))
        .service(call("/users/resetPassword", [methods::post(back_end::reset_password)]))
        .service(call("/users/getMetaData", [methods::get(metadata::get)]))
        .service(call("/users/updateMetaData", [methods::put(metadata::update_own)]))
        .service(call("/users/updateMetaData/{userId}", [methods::put(metadata::update)]))
        .service(call("/users/config", [methods::get(config::config)]))
        .service(call("/users/deleteMyAccount", [methods::post(sign_in::delete_own)]))
        .service(call("/users/presence", [methods::get(people::presence)]))
        .service(call("/moderation/block", [methods::post(back_end::moderate)]))
        .service(call("/users/block", [methods::post(contacts::block)]))
        .service(call("/users/unblock", [methods::post(contacts::unblock)]))
        .service(call("/users/muted", [methods::get(chats::muted)]))
        .service(call("/users/mute", [methods::post(chats::mute)]))
        .service(call("/users/blockUsersList", [methods::get(chats::blocked)]))
        .service(call("/users/callLogs", [methods::get(chats::call_logs)]))
        .service(call("/moderation/report", [methods::post(chats::report)]))
        .service(call("/moderation/feedback", [methods::post(chats::feedback)]))
        .service(call("/users/delivered", [methods::post(chats::delivered)]))
        .service(call("/chat/recent-chats", [methods::get(chat_history::recent_chats)]))
        .service(call("/chat/chat-history", [methods::get(chat_history::chat_history)]))
        .service(call("/chat/message", [methods::get(chat_history::message)]))
        .service(call("/chat/recent", [methods::get(chat_lists::recent)]))
        .service(call("/chat/history", [methods::get(chat_lists::history)]))
        .service(call("/chat/sendmessage", [methods::post(chat_sending::send)]))
        .service(call("/chat/topics", [methods::get(chats::topics)]))
        .service(call("/group/groupList", [methods::get(chats::groups)]))
        // After the calls with fixed names.
        .service(call("/users/{userId}", [methods::get(back_end::user), methods::post(back_end::update_user)]))
        .service(call("/contacts/contactsList", [methods::get(contacts::list)]))
        .service(call("/contacts/syncContactsNew", [methods::post(contacts::sync)]))
        .service(call("/contacts/sandbox/syncContacts", [methods::post(contacts::sync_one)]))
        .service(call("/contacts/vcard", [methods::get(people::vcard)]))
        .service(call("/contacts/userList", [methods::get(people::list)]))
        .service(call("/media", [methods::post(media::upload)]))
        .service(call("/media/", [methods::post(media::upload)]))
        .service(call("/media/{token}", [methods::get(media::media)]))
        .default_service(web::to(reply::unknown_call))
}

fn call(path: &str, methods: impl IntoIterator<Item = Method>) -> Resource {
    methods::answer(web::resource(path), methods, web::to(reply::wrong_method))
}
