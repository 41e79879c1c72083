//! Tencent Cloud Chat: its REST API for back ends, and the socket of its Web SDK. Accounts, profiles, friends and black lists; no
//! messages.
//!
//! Sources: the vendor's pages on accounts, user profiles and error codes of the server API, and its Web SDK's guide to user profiles.

mod account;
pub mod binfo;
mod black_list;
mod command;
mod document;
mod friend_tags;
mod friends;
mod groups;
mod portrait;
mod relations;
mod reply;
mod requests;
mod rest;
mod tags;

pub use self::{binfo::door as socket, document::document, rest::scope as rest};
