//! The promises of reliability, each by its number.

mod observe;
