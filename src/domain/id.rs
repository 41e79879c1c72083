//! Names and keys. A name is what a vendor's wire says; a key is the integer the database made.

use super::{error::Fault, text};

/// The integer key of an app: in every row and every store operation, never on a wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AppKey(pub i64);

/// The integer id of a user, unique in the house, never used twice. Qiscus shows it as `id`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
pub struct UserKey(pub i64);

/// The integer key of a client's session, never used twice: part of its token.
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

/// The id of a user within an app: 1 to 191 of `[A-Za-z0-9._@-]`, compared byte for byte.
///
/// Sources: Qiscus `user_id`, "cannot contains symbol, except .-_@"; MirrorFly `userIdentifier`, "Max of 191 chars".
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserId(String);

impl UserId {
    /// Characters, each one byte.
    pub const CHARS_MAX: usize = 191;

    /// The fixed words below MirrorFly's `/users/`: a user of such a name could not be addressed there.
    const PATH_WORDS: [&'static str; 14] = [
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
    ];

    /// Whether this is a fixed word below MirrorFly's `/users/`, which names a call there and no user.
    pub fn is_path_word(raw: &str) -> bool {
        Self::PATH_WORDS.contains(&raw)
    }

    /// Checks the rule of this type: for looking up.
    /// # Errors
    /// The [`Fault`] names the bound; the caller names the field.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'@' | b'-');
        named(raw, Self::CHARS_MAX, allowed, "made of letters, digits and . - _ @ only").map(Self)
    }

    /// Refuses a name that no new user may have, on any wire: `account` is the app's back-end account.
    /// # Errors
    /// [`Fault::Reserved`].
    pub fn free_for_creation(&self, account: &Self) -> Result<(), Fault> {
        match self == account || Self::is_path_word(&self.0) {
            true => Err(Fault::Reserved),
            false => Ok(()),
        }
    }
}

/// The name of an app as Qiscus sends it in a header: 1 to 64 of `[A-Za-z0-9_-]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AppId(String);

impl AppId {
    /// Characters, each one byte.
    pub const CHARS_MAX: usize = 64;

    /// Checks the rule of this type.
    /// # Errors
    /// The [`Fault`] names the bound; the caller names the field.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        named(raw, Self::CHARS_MAX, allowed, "made of letters, digits, - and _ only").map(Self)
    }
}

/// The number of an app as Tencent's SDK passes it: 1 to 4294967295.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SdkAppId(u32);

impl SdkAppId {
    /// Checks the rule of this type.
    /// # Errors
    /// [`Fault::OutOfRange`].
    pub fn parse(raw: u64) -> Result<Self, Fault> {
        match u32::try_from(raw) {
            Ok(number) if number > 0 => Ok(Self(number)),
            Ok(_) | Err(_) => Err(Fault::OutOfRange("a number from 1 to 4294967295")),
        }
    }

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

/// A host name by which callers reach an app, as the `Host` header says it without its port: lower case, at most 253 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Host(String);

impl Host {
    /// Bytes, each one character.
    pub const CHARS_MAX: usize = 253;

    /// Checks the rule of this type; letters become lower case, because host names are compared so.
    /// # Errors
    /// The [`Fault`] names the bound; the caller names the field.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
        named(raw, Self::CHARS_MAX, allowed, "a host name without port").map(|host| Self(host.to_ascii_lowercase()))
    }

    /// Reads the `Host` header, which may say a port behind the name.
    /// # Errors
    /// As [`Host::parse`].
    pub fn of_header(raw: &str) -> Result<Self, Fault> {
        match raw.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => Self::parse(name),
            Some(_) | None => Self::parse(raw),
        }
    }

    /// What stands before the first dot: a sub-domain.
    pub fn first_label(&self) -> &str {
        self.0.split_once('.').map_or(&self.0, |(first, _)| first)
    }
}

/// The origin of a page as a browser names it: scheme, host, and a port that is not the scheme's own. At most 300 characters.
///
/// Any scheme with a host: the pages of apps in a shell come from `capacitor://localhost` and the like.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

impl Origin {
    /// A scheme, a host of 253 characters, a port.
    pub const CHARS_MAX: usize = 300;

    /// Checks the rule of this type; the origin becomes what browsers send, whatever its letters' case.
    /// # Errors
    /// The [`Fault`] names the bound; the caller names the field.
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

text::shown! { UserId AppId Host Origin }
text::kept! { Origin }
