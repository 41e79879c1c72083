//! Domain types. Every value is valid, because it was parsed from a request or from a row. No I/O, clock, randomness or
//! framework. Each rule is the widest of the three vendors; a dialect narrows it when it parses a request.
//! Types and constants are named by the room (`domain::UserId`), functions by their module (`contact::bare`).

pub mod admin;
pub mod app;
pub mod avatar;
pub mod caller;
pub mod chat_settings;
pub mod contact;
pub mod custom;
pub mod device;
pub mod directory;
pub mod durability;
pub mod error;
pub mod event;
pub mod folding;
pub mod follow;
pub mod free_data;
pub mod friend;
pub mod id;
pub mod message;
pub mod network;
pub mod owner;
pub mod page;
pub mod profile;
pub mod record_counts;
pub mod report;
pub mod search;
pub mod secret;
pub mod session;
pub mod status;
pub mod tencent_profile;
pub mod text;
pub mod time;
pub mod upload;

pub use self::{
    admin::{Admin, AdminKey, AdminName, AdminSession, AuditEntry, Authority, PASSWORD_CHARS_MIN, StoredAuditEntry},
    app::*,
    avatar::*,
    caller::*,
    chat_settings::*,
    contact::*,
    custom::*,
    device::*,
    directory::*,
    durability::*,
    error::*,
    event::*,
    folding::*,
    follow::*,
    free_data::*,
    friend::*,
    id::*,
    message::*,
    network::*,
    owner::*,
    page::*,
    profile::*,
    record_counts::*,
    report::*,
    search::*,
    secret::*,
    session::*,
    status::*,
    tencent_profile::*,
    text::*,
    time::*,
    upload::*,
};
