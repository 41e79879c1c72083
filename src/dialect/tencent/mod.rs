//! Tencent Cloud Chat: its REST API for back ends. Accounts and profiles; no messages, no groups.
//!
//! Sources: the vendor's pages on accounts, user profiles and error codes of the server API, and its Web SDK's guide to user profiles.

mod account;
mod command;
mod portrait;
mod reply;
mod rest;
mod tags;

pub use rest::scope as rest;
