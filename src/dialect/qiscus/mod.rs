//! Qiscus Chat. Doors: the REST API for back ends, versions 2.0 and 2.1.
//!
//! Source: the vendor's server API pages on users, and the clients written against them.

mod absent;
mod caller;
mod reply;
mod rest;
mod version;
mod view;

pub use caller::app_named;
pub use rest::scope as rest;
