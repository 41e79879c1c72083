//! The tests of the documents' promises, through the server's public interfaces.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod admin;
mod architecture;
mod attempts;
mod backup;
mod blob_laws;
mod command_line;
mod commands;
mod console;
mod corpus;
mod damaged_rows;
mod demo;
mod doctor;
mod documents;
mod folding;
mod golden;
mod http_room;
mod http_targets;
mod in_flight;
mod killed;
mod killed_messages;
mod listening;
mod live_laws;
mod mirrorfly_chat;
mod mirrorfly_rest;
mod mirrorfly_socket;
mod mirrorfly_users;
mod missed;
mod native_conversations;
mod native_live;
mod native_users;
mod observe;
mod origins;
mod pairs;
mod photo;
mod picture_room;
mod pictures;
mod process;
mod promises;
mod qiscus_messages;
mod qiscus_realtime;
mod qiscus_rest;
mod qiscus_sdk;
mod readme;
mod real_text;
mod recorded;
mod rules;
mod secrets;
mod settings;
mod standin;
mod store_laws;
mod sweep;
mod switched_off;
mod tencent_friends;
mod tencent_messages;
mod tencent_rest;
mod tencent_socket;
mod tls;
mod upgrade;
mod user_sig;
