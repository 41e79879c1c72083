//! Masks client input for the log and the inspector. Only what is understood is shown: plain names, and values without
//! inner structure, in which a secret could have another name. Of everything else the size is shown.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
};

use actix_web::http::Uri;
use percent_encoding::percent_decode_str;

pub(super) const MASK: &str = "***";

const NAME_BYTES_MAX: usize = 64;

const TARGET_BYTES_SHOWN: usize = 1024;

/// Endings of secret names, in lower case and without separators.
const SECRET_ENDINGS: [&str; 12] =
    ["auth", "cookie", "csrf", "jwt", "key", "nonce", "pass", "pwd", "session", "sessionid", "sig", "ticket"];

const SECRET_PARTS: [&str; 8] =
    ["authorization", "credential", "passphrase", "passwd", "password", "secret", "signature", "token"];

/// Names of message texts and of what surrounds them, in lower case and without separators. Sources: Qiscus' comment,
/// MirrorFly's message rows and reports, Tencent's `MsgBody` and what is sent with it.
const MESSAGE_TEXTS: [&str; 13] = [
    "body",
    "cloudcustomdata",
    "comment",
    "lastcommentmessage",
    "message",
    "messagecontent",
    "msgbody",
    "msgcontent",
    "offlinepushinfo",
    "parentmessagecontent",
    "payload",
    "repliedcommentmessage",
    "text",
];

/// Also secret in queries. In bodies it is the number of an error.
const SECRET_IN_QUERY: &str = "code";

/// Path segments before the name of a picture, which grants access to the picture.
const BEFORE_PICTURES: [&str; 3] = ["media", "upload", "of"];

/// Longer texts of base64 letters alone may be packed or encrypted. An address contains other characters.
const PACKED_BYTES_MIN: usize = 40;

/// Longer texts of letters and digits, with at least one of each, look random: tokens, keys, tickets.
const DRAWN_BYTES_MIN: usize = 20;

/// Separators of query parameters. `?` is not one, but an address inside a value adds parameters after one.
const SEPARATORS: [char; 3] = ['&', ';', '?'];

/// Whether the value of this name is a secret. The name must not contain escapes.
pub(super) fn is_secret(name: &str) -> bool {
    let bare = bare(name);
    SECRET_ENDINGS.iter().any(|ending| bare.ends_with(ending)) || SECRET_PARTS.iter().any(|part| bare.contains(part))
}

/// Whether the value of this name is the text of a message. The name must not contain escapes.
pub(super) fn is_message_text(name: &str) -> bool {
    MESSAGE_TEXTS.contains(&bare(name).as_str())
}

/// Returns a name in lower case and without separators.
pub(super) fn bare(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn announces_secret(segment: &str) -> bool {
    let segment = segment.to_ascii_lowercase();
    BEFORE_PICTURES.contains(&segment.as_str()) || SECRET_PARTS.iter().any(|part| segment.contains(part))
}

pub(super) fn is_name(text: &str) -> bool {
    let is_of_names = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'[' | b']');
    (1..=NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_of_names) && !is_drawn(text)
}

pub(super) fn unescaped(text: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(text).decode_utf8().ok().filter(|once| !has_escape(once))
}

pub(super) fn has_escape(text: &str) -> bool {
    let is_escape = |three: &[u8]| matches!(three, [b'%', a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
    text.as_bytes().windows(3).any(is_escape)
}

/// Whether a value without escapes is plain text: no pairs, JSON, XML, address with a password, or packed data.
pub(super) fn is_plain(value: &str) -> bool {
    let before_colon = value.rsplit_once(':').map_or("", |(before, _)| before);
    let is_header = || before_colon.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-')).any(is_secret);
    let has_structure = value.contains(['=', '{', '}', '<', '>', '"', '\\']);
    let has_login = value.contains("://") && value.contains('@');
    !(has_structure || has_login || has_escape(value) || is_packed(value) || is_drawn(value) || is_header())
}

fn is_packed(text: &str) -> bool {
    let is_of_base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_' | b'*');
    text.len() >= PACKED_BYTES_MIN && text.bytes().all(is_of_base64)
}

fn is_drawn(text: &str) -> bool {
    text.len() >= DRAWN_BYTES_MIN
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
        && text.bytes().any(|b| b.is_ascii_digit())
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}

pub(super) struct MaskedTarget<'a>(pub(super) &'a Uri);

impl fmt::Display for MaskedTarget<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        path(f, self.0.path())?;
        match self.0.query() {
            Some(given) => query(f, given),
            None => Ok(()),
        }
    }
}

fn path(f: &mut fmt::Formatter<'_>, path: &str) -> fmt::Result {
    let (mut bytes_left, mut is_behind_secret) = (TARGET_BYTES_SHOWN, false);
    for (n, segment) in path.split('/').enumerate() {
        if n > 0 {
            f.write_char('/')?;
        }
        if bytes_left == 0 {
            return f.write_str("...");
        }
        bytes_left = bytes_left.saturating_sub(1);
        if segment.is_empty() {
            continue;
        }
        let is_of_paths = |b: u8| b.is_ascii_alphanumeric() || b"-_.~@+,!*'()$ ".contains(&b);
        let known = unescaped(segment).filter(|known| known.bytes().all(is_of_paths) && !is_packed(known));
        match known.filter(|known| is_behind_secret || !is_drawn(known)) {
            Some(_) if is_behind_secret => f.write_str(MASK)?,
            Some(known) => {
                is_behind_secret = announces_secret(&known);
                plain(f, segment, bytes_left)?;
                bytes_left = bytes_left.saturating_sub(segment.len());
                continue;
            }
            None => size(f, segment)?,
        }
        is_behind_secret = false;
        bytes_left = bytes_left.saturating_sub(segment.len());
    }
    Ok(())
}

fn query(f: &mut fmt::Formatter<'_>, query: &str) -> fmt::Result {
    f.write_char('?')?;
    let mut bytes_left = TARGET_BYTES_SHOWN;
    for piece in query.split_inclusive(SEPARATORS) {
        let pair = piece.strip_suffix(SEPARATORS).unwrap_or(piece);
        parameter(f, pair, bytes_left)?;
        f.write_str(piece.get(pair.len()..).unwrap_or_default())?;
        bytes_left = bytes_left.saturating_sub(piece.len());
        if bytes_left == 0 {
            break;
        }
    }
    Ok(())
}

/// A bare name may be anything, also a token.
fn parameter(f: &mut fmt::Formatter<'_>, pair: &str, bytes_max: usize) -> fmt::Result {
    let split = pair.split_once('=');
    let Some((name, value, known)) =
        split.and_then(|(name, value)| Some((name, value, unescaped(name).filter(|known| is_name(known))?)))
    else {
        return if pair.is_empty() { Ok(()) } else { size(f, pair) };
    };
    plain(f, name, bytes_max)?;
    f.write_char('=')?;
    if is_secret(&known) || known.to_ascii_lowercase().ends_with(SECRET_IN_QUERY) {
        return f.write_str(MASK);
    }
    let is_shown = unescaped(value).is_some_and(|value| is_plain(&value) && !value.contains(['&', ';', '?']));
    let is_shown = is_shown && !is_message_text(&known);
    if is_shown { plain(f, value, bytes_max) } else { size(f, value) }
}

fn size(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    write!(f, "[{} bytes]", text.len())
}

pub(super) struct Escaped<'a>(pub(super) &'a str, pub(super) usize);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        plain(f, self.0, self.1)
    }
}

/// Writes printable ASCII and escapes the rest, so that no input breaks a line or colours a terminal.
fn plain(f: &mut fmt::Formatter<'_>, text: &str, bytes_max: usize) -> fmt::Result {
    let shown = text.get(..bytes_max.min(text.len())).unwrap_or_default();
    if shown.bytes().all(|b| b.is_ascii_graphic()) {
        f.write_str(shown)?;
    } else {
        write!(f, "{}", shown.escape_default())?;
    }
    if shown.len() < text.len() { f.write_str("...") } else { Ok(()) }
}

#[cfg(test)]
#[path = "../../tests/unit/http/masking.rs"]
mod tests;
