//! The words of the house. A value that exists is valid: it was parsed once, at the edge or from its row.
//!
//! No I/O, no clock, no randomness, no framework. Rules here are the widest any wire documents; a dialect narrows in its own parse.

pub mod admin;
pub mod amounts;
pub mod app;
pub mod avatar;
pub mod caller;
pub mod chat_settings;
pub mod contact;
pub mod custom;
pub mod device;
pub mod directory;
pub mod error;
pub mod event;
pub mod folding;
pub mod follow;
pub mod free_data;
pub mod friend;
pub mod id;
pub mod listening;
pub mod network;
pub mod owner;
pub mod page;
pub mod particulars;
pub mod profile;
pub mod report;
pub mod search;
pub mod secret;
pub mod status;
pub mod text;
pub mod time;
pub mod upload;
