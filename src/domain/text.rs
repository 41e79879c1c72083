//! Texts that people write, with their bounds. Stored byte for byte: not trimmed, not normalised.

use super::Fault;

/// Finds controls, and the bidirectional marks that let one name look like another.
pub fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// As [`is_unsafe`], but line breaks and tabs are allowed.
pub(super) fn is_unsafe_in_prose(c: char) -> bool {
    is_unsafe(c) && !matches!(c, '\n' | '\r' | '\t')
}

pub(super) fn bounded(raw: &str, bytes_max: usize, refused: fn(char) -> bool) -> Result<String, Fault> {
    match raw.len() {
        0 => Err(Fault::Missing),
        n if n > bytes_max => Err(Fault::TooManyBytes { bytes_max: bytes_max as u64 }),
        _ if raw.chars().any(refused) => Err(Fault::Malformed("free of control and text-direction characters")),
        _ => Ok(raw.to_owned()),
    }
}

pub(super) fn prose(raw: &str, bytes_max: usize) -> Result<String, Fault> {
    bounded(raw, bytes_max, is_unsafe_in_prose)
}

/// Implements `as_str`.
macro_rules! impl_as_str {
    ($($name:ident)*) => {$(
        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    )*};
}
pub(super) use impl_as_str;

/// Implements `Display` and `Error` for an error that holds its sentence in a field.
macro_rules! sentence_error {
    ($name:ident.$field:tt) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.$field)
            }
        }

        impl std::error::Error for $name {}
    };
}
pub(crate) use sentence_error;

/// Implements the conversions that serde uses to store a text.
macro_rules! impl_string_conversion {
    ($($name:ident)*) => {$(
        impl TryFrom<String> for $name {
            type Error = $crate::domain::error::Fault;

            fn try_from(raw: String) -> Result<Self, Self::Error> {
                Self::parse(&raw)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }
    )*};
}
pub(super) use impl_string_conversion;

/// Implements `parse` and `as_str` for an enum by its words.
macro_rules! string_enum {
    ($($name:ident: $($variant:ident $word:literal),+;)*) => {$(
        impl $name {
            pub fn parse(raw: &str) -> Result<Self, $crate::domain::error::Fault> {
                let known = [$(Self::$variant),+].into_iter().find(|known| known.as_str() == raw);
                known.ok_or($crate::domain::error::Fault::NotOneOf($crate::domain::text::string_enum!(@list $($word)+)))
            }

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }
    )*};
    (@list $first:literal $($word:literal)*) => { concat!($first $(, ", ", $word)*) };
}
pub(super) use string_enum;

/// Declares types of bounded texts without some characters.
macro_rules! bounded_texts {
    ($($(#[$doc:meta])* $name:ident, $bytes_max:expr, $refused:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The most bytes of UTF-8 that any dialect accepts.
            pub const BYTES_MAX: usize = $bytes_max;

            pub fn parse(raw: &str) -> Result<Self, $crate::domain::error::Fault> {
                $crate::domain::text::bounded(raw, Self::BYTES_MAX, $crate::domain::text::$refused).map(Self)
            }
        }

        $crate::domain::text::impl_as_str! { $name }
    )*};
}
pub(super) use bounded_texts;

bounded_texts! {
    /// A display name. The widest rule is Tencent's `Tag_Profile_IM_Nick`, 500 bytes.
    DisplayName, 500, is_unsafe;

    /// A status text. The widest rule is Tencent's `Tag_Profile_IM_SelfSignature`, 500 bytes.
    StatusText, 500, is_unsafe_in_prose;

    /// A mobile number in any notation. Source: MirrorFly createUser, "Max of 15 chars" (of at most four bytes).
    MobileNumber, 60, is_unsafe;

    /// One user's own name for a contact. As wide as a display name, which it replaces.
    ContactName, 500, is_unsafe;

    /// An avatar that is no HTTP URL: Tencent accepts any text of 500 bytes. The other dialects show the tile.
    AvatarText, 500, is_unsafe;

    /// An administrator's reason for locking a picture.
    LockReason, 500, is_unsafe_in_prose;

    /// A user's custom status. The vendor names no bound: 256 bytes are a guess.
    CustomStatus, 256, is_unsafe_in_prose;

    /// The title of a feedback. The vendor names no bound.
    Title, 200, is_unsafe;

    /// The name of an app, for people.
    AppName, 200, is_unsafe;
}

/// Text on both sides of an `@`, without blanks. Source: MirrorFly createUser, `email`: "accepts special characters
/// like !#$%&+".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// 64 before the `@` and 255 after it (RFC 5321).
    pub const BYTES_MAX: usize = 320;

    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let address = bounded(raw, Self::BYTES_MAX, is_unsafe)?;
        let has_both_sides =
            address.rsplit_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.is_empty());
        if !has_both_sides || address.chars().any(char::is_whitespace) {
            return Err(Fault::Malformed("an e-mail address such as user@example.com"));
        }
        Ok(Self(address))
    }
}

/// An `http` or `https` URL from a client: stored and shown, never fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAddress(String);

impl HttpAddress {
    /// Source: MirrorFly createUser, `profileUrl`: "Max of 2048 chars allowed".
    pub const CHARS_MAX: usize = 2048;

    pub fn parse(raw: &str) -> Result<Self, Fault> {
        if raw.is_empty() {
            return Err(Fault::Missing);
        }
        if raw.chars().nth(Self::CHARS_MAX).is_some() {
            return Err(Fault::TooManyCharacters { chars_max: Self::CHARS_MAX });
        }
        let is_http = url::Url::parse(raw).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if !is_http || raw.chars().any(|c| is_unsafe(c) || c.is_whitespace()) {
            return Err(Fault::Malformed("an http or https address"));
        }
        Ok(Self(raw.to_owned()))
    }
}

impl_as_str! { Email HttpAddress }

/// Refuses a text of more than `bytes_max` bytes. Dialects use it to narrow a rule.
pub fn at_most_bytes(raw: &str, bytes_max: usize) -> Result<&str, Fault> {
    if raw.len() > bytes_max { Err(Fault::TooManyBytes { bytes_max: bytes_max as u64 }) } else { Ok(raw) }
}

/// Refuses a text of more than `chars_max` characters. Dialects use it to narrow a rule.
pub fn at_most(raw: &str, chars_max: usize) -> Result<&str, Fault> {
    match raw.chars().nth(chars_max) {
        Some(_) => Err(Fault::TooManyCharacters { chars_max }),
        None => Ok(raw),
    }
}
