//! The HTTP layer under all dialects. It contains no vendor's rule.

pub mod addresses;
mod body;
pub mod connection;
mod endpoints;
mod keyed_limiter;
mod masking;
pub mod methods;
pub mod middleware;
pub mod peer;
pub mod socket;
pub mod stream;

pub use self::{
    body::{form, json, spool},
    connection::{limiter, read_budget},
    endpoints::{console, documents, metrics, pictures},
    middleware::{inspector, loopback, meter, origins, paths},
};
