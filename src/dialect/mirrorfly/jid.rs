//! User ids as nodes of JIDs.
//!
//! The vendor's SDK builds `username@host` and splits at the first `@`, so an id such as `guest@qiscus.com` needs a spelling without one. Its
//! check of JIDs also refuses the backslash of XEP-0106. So every username and userId of this dialect writes a refused sign as `=XX`, the
//! byte in hexadecimal digits: `guest=40qiscus.com`. Former releases wrote `guest\40qiscus.com`, and clients have kept that name. Plain ids
//! and both spellings are read.

use serde_json::Value;

use crate::{
    domain::{
        error::{Error, Fault},
        id::UserId,
    },
    http::form::Parse,
};

/// What the SDK refuses before the `@` of a JID, and the sign of this spelling itself.
const REFUSED: &[u8] = b" ()\"'&/:<>@\\=";

/// How a client spells its own id. It derives keys of its own name, so what is encrypted for it must use the same spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// `guest=40qiscus.com`: what every answer hands out.
    Equals,
    /// `guest\40qiscus.com` (XEP-0106): of clients that kept a name of a former release.
    Backslash,
}

impl Spelling {
    /// The spelling of a name that a client sent.
    pub(super) fn of(raw: &str) -> Self {
        if raw.contains(r"\40") { Self::Backslash } else { Self::Equals }
    }

    /// Writes an id in this spelling.
    pub(super) fn write(self, id: &UserId) -> String {
        match self {
            Self::Equals => escaped(id),
            Self::Backslash => id.as_str().replace('@', r"\40"),
        }
    }
}

/// The id as this dialect hands it out.
pub(super) fn escaped(id: &UserId) -> String {
    let mut node = String::with_capacity(id.as_str().len());
    for c in id.as_str().chars() {
        match u8::try_from(c).ok().filter(|byte| REFUSED.contains(byte)) {
            Some(byte) => node.push_str(&format!("={byte:02X}")),
            None => node.push(c),
        }
    }
    node
}

/// Reads an id in any spelling.
/// # Errors
/// The [`Fault`] names the bound; the caller names the field.
pub(super) fn parse(raw: &str) -> Result<UserId, Fault> {
    UserId::parse(&unescaped(raw))
}

/// A user's id as a field of a form has it, in any spelling.
#[derive(Debug)]
pub(super) struct Named(pub(super) UserId);

impl Parse for Named {
    fn parse(raw: &str) -> Result<Self, Fault> {
        parse(raw).map(Self)
    }
}

/// Reads a list of ids, at most so many; `wanted` is said of one that is no text.
/// # Errors
/// The [`Fault`] of the list or of the first wrong id.
pub(super) fn all_named(ids: &[Value], most: usize, wanted: &'static str) -> Result<Vec<UserId>, Fault> {
    if ids.len() > most {
        return Err(Fault::TooMuch { most: most as u64, unit: "ids", found: ids.len() as u64 });
    }
    ids.iter().map(|id| parse(id.as_str().ok_or(Fault::Malformed(wanted))?)).collect()
}

/// As [`parse`], where the field that names the user is at hand.
/// # Errors
/// `Invalid` at `field`.
pub(super) fn named(raw: &str, field: &'static str) -> Result<UserId, Error> {
    parse(raw).map_err(|fault| fault.at(field))
}

/// A name in any spelling, unescaped; [`UserId::parse`] decides whether it is an id. What is no escape of a refused sign stays as it is.
pub(super) fn unescaped(raw: &str) -> String {
    let mut name = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['=', '\\']) {
        let (before, escape) = rest.split_at(at);
        name.push_str(before);
        let sign = escape.get(1..3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let sign = sign.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|byte| REFUSED.contains(byte));
        let taken = if let Some(byte) = sign {
            name.push(char::from(byte));
            3
        } else {
            name.push_str(&escape[..1]);
            1
        };
        rest = &escape[taken..];
    }
    name + rest
}
