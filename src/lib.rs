//! Standin: one binary that stands in for the user side of a chat vendor.

pub mod blob;
pub mod domain;
pub mod http;
pub mod picture;
pub mod settings;
pub mod store;
