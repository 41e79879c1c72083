//! MirrorFly. Doors: the REST API for back ends (`/login`, createUser) and the pictures behind a token.
//!
//! Sources: the vendor's "Create User" page, and its pages on authentication and media.

mod jid;
mod media;
mod reply;
mod rest;

pub use rest::scope as rest;
