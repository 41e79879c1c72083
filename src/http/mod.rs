//! What every dialect needs and none should write twice: forms under limits, strict JSON, the guard around all requests, our own
//! addresses, the origins of pages, picture files.
//!
//! No rule of a vendor is here: a dialect chooses how a [`form::BodyFault`] is said on its wire.

pub mod addresses;
mod caching;
pub mod console;
pub mod form;
pub mod guard;
pub mod json;
pub mod loopback;
pub mod origins;
pub mod peer;
pub mod pictures;
pub mod socket;
pub mod spool;
