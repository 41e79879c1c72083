//! The open sessions of clients and the notifications that they receive. The hub learns of changes only from event rows, so
//! what is announced is stored, whichever vendor's wire the change came by.

pub mod clients;
pub mod feed;
pub mod hub;
pub mod messages;
mod queue;
pub mod status_subscriptions;
