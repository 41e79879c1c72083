//! User ids as nodes of JIDs, escaped as XEP-0106 says.
//!
//! The vendor's SDK builds `username@host` and splits at the first `@`, so an id such as `guest@qiscus.com` can only connect
//! as `guest\40qiscus.com`. Every username and userId this dialect hands out is of that form; both are read.

use crate::domain::{
    error::{Error, Fault},
    id::UserId,
};

/// The id as this dialect hands it out. Of all characters XEP-0106 escapes, an id can only hold `@`.
pub(super) fn escaped(id: &UserId) -> String {
    id.as_str().replace('@', r"\40")
}

/// Reads an id in either form.
/// # Errors
/// The [`Fault`] names the bound; the caller names the field.
pub(super) fn parse(raw: &str) -> Result<UserId, Fault> {
    UserId::parse(&unescaped(raw))
}

/// As [`parse`], where the field that names the user is at hand.
/// # Errors
/// `Invalid` at `field`.
pub(super) fn named(raw: &str, field: &'static str) -> Result<UserId, Error> {
    parse(raw).map_err(|fault| fault.at(field))
}

/// A name in either form, unescaped; whether it is an id's is for others to say.
pub(super) fn unescaped(raw: &str) -> String {
    raw.replace(r"\40", "@")
}
