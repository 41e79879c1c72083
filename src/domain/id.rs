//! Ids of apps, users and sessions. An id is what a vendor's API uses; a key is the integer primary key of a row.

use super::{Fault, text};

/// The primary key of an app. No API shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AppKey(pub i64);

/// The primary key of a user, unique over all apps and never reused. Qiscus shows it as `id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct UserKey(pub i64);

/// The primary key of a client's session, never reused: part of its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey(pub i64);

pub(super) fn named(raw: &str, bytes_max: usize, allowed: fn(u8) -> bool, form: &'static str) -> Result<String, Fault> {
    match raw.len() {
        0 => Err(Fault::Missing),
        _ if !raw.bytes().all(allowed) => Err(Fault::Malformed(form)),
        n if n > bytes_max => Err(Fault::TooManyCharacters { chars_max: bytes_max }),
        _ => Ok(raw.to_owned()),
    }
}

/// 1 to 191 of `[A-Za-z0-9._@-]`, compared byte for byte.
/// Sources: Qiscus `user_id`, "cannot contains symbol, except .-_@"; MirrorFly `userIdentifier`, "Max of 191 chars".
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserId(String);

impl UserId {
    pub const CHARS_MAX: usize = 191;

    /// The fixed path words below MirrorFly's `/users/`. A user with such an id would have no URL there.
    const PATH_WORDS: [&'static str; 15] = [
        "createUser",
        "config",
        "getMetaData",
        "updateMetaData",
        "deleteMyAccount",
        "deleteUserAccount",
        "block",
        "unblock",
        "presence",
        "resetPassword",
        "muted",
        "mute",
        "blockUsersList",
        "callLogs",
        "delivered",
    ];

    pub fn is_path_word(raw: &str) -> bool {
        Self::PATH_WORDS.contains(&raw)
    }

    /// Parses an id for looking up: reserved ids are accepted.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'@' | b'-');
        named(raw, Self::CHARS_MAX, allowed, "made of letters, digits and . - _ @ only").map(Self)
    }

    /// Refuses an id that no new user may have in any dialect. `account` is the app's back-end account.
    pub fn check_creatable(&self, account: &Self) -> Result<(), Fault> {
        match self == account || Self::is_path_word(&self.0) {
            true => Err(Fault::Reserved),
            false => Ok(()),
        }
    }
}

/// The id of an app in Qiscus' header: 1 to 64 of `[A-Za-z0-9_-]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AppId(String);

impl AppId {
    pub const CHARS_MAX: usize = 64;

    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        named(raw, Self::CHARS_MAX, allowed, "made of letters, digits, - and _ only").map(Self)
    }
}

/// The id of an app in Tencent's SDK: 1 to 4294967295.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SdkAppId(u32);

impl SdkAppId {
    pub fn parse(raw: u64) -> Result<Self, Fault> {
        match u32::try_from(raw) {
            Ok(number) if number > 0 => Ok(Self(number)),
            Ok(_) | Err(_) => Err(Fault::OutOfRange("a number from 1 to 4294967295")),
        }
    }

    pub fn get(self) -> u32 {
        self.0
    }
}

/// A host name that selects an app: the `Host` header without the port, in lower case, at most 253 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Host(String);

impl Host {
    pub const CHARS_MAX: usize = 253;

    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
        named(raw, Self::CHARS_MAX, allowed, "a host name without port").map(|host| Self(host.to_ascii_lowercase()))
    }

    pub fn of_header(raw: &str) -> Result<Self, Fault> {
        match raw.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => Self::parse(name),
            Some(_) | None => Self::parse(raw),
        }
    }

    pub fn first_label(&self) -> &str {
        self.0.split_once('.').map_or(&self.0, |(first, _)| first)
    }
}

/// The origin of a web page as a browser sends it, at most 300 characters. Any scheme with a host is accepted: apps in
/// a web view have origins such as `capacitor://localhost`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

impl Origin {
    /// Room for a scheme, a host of 253 characters and a port.
    pub const CHARS_MAX: usize = 300;

    pub fn parse(raw: &str) -> Result<Self, Fault> {
        if raw.len() > Self::CHARS_MAX {
            return Err(Fault::TooManyCharacters { chars_max: Self::CHARS_MAX });
        }
        let origin = || {
            let url = url::Url::parse(raw).ok()?;
            let is_bare = matches!(url.path(), "" | "/") && url.username().is_empty() && url.password().is_none();
            let ends = url.query().is_none() && url.fragment().is_none();
            let host = url.host_str().filter(|host| !host.is_empty() && is_bare && ends)?.to_ascii_lowercase();
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            Some(Self(format!("{}://{host}{port}", url.scheme())))
        };
        origin().ok_or(Fault::Malformed("origins such as https://shop.example.com, without a path"))
    }
}

text::impl_as_str! { UserId AppId Host Origin }
text::impl_string_conversion! { Origin }
