//! Domain types. Every value is valid, because it was parsed from a request or from a row. No I/O, clock, randomness or
//! framework. Each rule is the widest of the three vendors; a dialect narrows it when it parses a request.
//! Types and constants are named by the room (`domain::UserId`), functions by their module (`contact::bare`).

pub mod admin;
pub mod app;
pub mod avatar;
pub mod caller;
pub mod chats;
pub mod contact;
pub mod custom;
pub mod device;
pub mod error;
pub mod event;
pub mod folding;
pub mod free_data;
pub mod friend;
pub mod id;
pub mod message;
pub mod page;
pub mod profile;
pub mod search;
pub mod secret;
pub mod session;
pub mod storage;
pub mod tencent_profile;
pub mod text;
pub mod time;

pub use self::{
    admin::{Admin, AdminKey, AdminName, AdminSession, AuditEntry, Authority, PASSWORD_CHARS_MIN, StoredAuditEntry},
    app::*,
    avatar::*,
    caller::*,
    chats::*,
    contact::*,
    custom::*,
    device::*,
    error::*,
    event::*,
    folding::*,
    free_data::*,
    friend::*,
    id::*,
    message::*,
    page::*,
    profile::*,
    search::*,
    secret::*,
    session::*,
    storage::*,
    tencent_profile::*,
    text::*,
    time::*,
};
