//! The open sessions of clients and the notices that they receive.
//!
//! The hub learns of changes only from event rows, which are written with the change. So what is announced is stored,
//! and the reverse, whichever vendor's wire the change came by.

pub mod feed;
pub mod hub;
mod queue;
pub mod watchers;
