//! User ids as nodes of JIDs. The vendor's SDK splits `username@host` at the first `@`, and refuses the backslash of
//! XEP-0106. So every username and userId of this dialect writes a refused byte as `=XX`: `guest=40qiscus.com`. Earlier
//! releases wrote `guest\40qiscus.com`, and clients have stored that name: both are read.

use serde_json::Value;

use crate::{
    domain::{Error, Fault, UserId},
    http::form::Parse,
};

/// The bytes that the SDK refuses before the `@` of a JID, and the escape character itself.
const ESCAPED_BYTES: &[u8] = b" ()\"'&/:<>@\\=";

/// The SDK derives keys from the text of its own id, so the server encrypts for it with the same spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// `guest=40qiscus.com`: in every response.
    Equals,
    /// `guest\40qiscus.com` (XEP-0106): from clients that stored the name of an earlier release.
    Backslash,
}

impl Spelling {
    pub(super) fn of(raw: &str) -> Self {
        if raw.contains(r"\40") { Self::Backslash } else { Self::Equals }
    }

    pub(super) fn write(self, id: &UserId) -> String {
        match self {
            Self::Equals => escaped(id),
            Self::Backslash => id.as_str().replace('@', r"\40"),
        }
    }
}

pub(super) fn escaped(id: &UserId) -> String {
    let mut node = String::with_capacity(id.as_str().len());
    for c in id.as_str().chars() {
        match u8::try_from(c).ok().filter(|byte| ESCAPED_BYTES.contains(byte)) {
            Some(byte) => node.push_str(&format!("={byte:02X}")),
            None => node.push(c),
        }
    }
    node
}

pub(super) fn parse(raw: &str) -> Result<UserId, Fault> {
    UserId::parse(&unescaped(raw))
}

#[derive(Debug)]
pub(super) struct UserIdField(pub(super) UserId);

impl Parse for UserIdField {
    fn parse(raw: &str) -> Result<Self, Fault> {
        parse(raw).map(Self)
    }
}

/// `wanted` is the error text for an id that is not text.
pub(super) fn parse_all(ids: &[Value], most: usize, wanted: &'static str) -> Result<Vec<UserId>, Fault> {
    Fault::if_above(most, "ids", ids.len())?;
    ids.iter().map(|id| parse(id.as_str().ok_or(Fault::Malformed(wanted))?)).collect()
}

/// # Errors
/// `Invalid` at `field`.
pub(super) fn parse_at(raw: &str, field: &'static str) -> Result<UserId, Error> {
    parse(raw).map_err(|fault| fault.at(field))
}

/// Leaves sequences that are no escape of a refused byte. [`UserId::parse`] checks the result.
pub(super) fn unescaped(raw: &str) -> String {
    let mut name = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['=', '\\']) {
        let (before, escape) = rest.split_at(at);
        name.push_str(before);
        let sign = escape.get(1..3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let sign =
            sign.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|byte| ESCAPED_BYTES.contains(byte));
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
