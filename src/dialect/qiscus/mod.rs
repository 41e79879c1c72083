//! Qiscus Chat: the REST API for back ends, versions 2.0 and 2.1, the paths that its SDKs call, and their realtime
//! server. Source: the vendor's server API pages on users, and the clients written against them.

mod caller;
mod calls;
mod comment;
mod content;
mod document;
mod event;
mod fields;
mod mqtt;
mod profile_comment;
mod reader;
mod reply;
mod rest;
mod room;
mod room_fields;
mod sdk;
mod version;
mod view;

pub use caller::app_named;
pub use document::document;
pub use mqtt::broker;
pub use rest::scope as rest;
pub use sdk::scope as sdk;
