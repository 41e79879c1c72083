//! What every dialect needs and none should write twice: forms under limits, strict JSON, the guard around all requests and what it
//! counts, our own addresses, the origins of pages, streams of events, the last exchanges, files of pictures and of the console.
//!
//! No rule of a vendor is here: a dialect chooses how a [`form::BodyFault`] is said on its wire.

mod access;
pub mod addresses;
mod caching;
pub mod console;
pub mod crowd;
pub mod documents;
pub mod form;
mod framing;
pub mod guard;
pub mod inspector;
pub mod json;
pub mod loopback;
mod masking;
pub mod meter;
pub mod methods;
pub mod metrics;
pub mod origins;
mod parsing;
pub mod paths;
pub mod peer;
pub mod pictures;
mod places;
pub mod read_budget;
mod showing;
pub mod socket;
pub mod spool;
pub mod stream;
mod turned_away;
mod websocket;
pub mod wire;
