//! Qiscus Chat. Doors: the REST API for back ends, version 2.1.
//!
//! Source: the vendor's server API page on users.

mod reply;
mod rest;

pub use rest::scope as rest;
