//! Errors and their public texts. HTTP status codes and vendor error codes are in `dialect/*/reply.rs`.

use std::{borrow::Cow, fmt, io, time::Duration};

use super::UserId;

/// An error of a request. `Display` is the public text: no path, no SQL, no secret, no other user's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// A value breaks a rule. `field` is its name in the caller's dialect.
    Invalid { field: Cow<'static, str>, fault: Fault },
    /// The caller is unknown.
    Unauthenticated(Unauthenticated),
    /// The caller is known and may not do this.
    Forbidden(&'static str),
    /// The thing does not exist or belongs to another app. The caller cannot distinguish the two.
    NotFound(Resource),
    /// It exists already.
    Conflict(Resource),
    /// A rate limit was exceeded. `what` is a part of a sentence: "picture uploads".
    TooMany { what: &'static str, retry_after: Duration },
    /// A queue is full. Nothing was changed; the same request may succeed in a moment.
    Busy,
    /// The disk is full. Nothing was changed.
    StorageFull,
    /// A fault of the server. Only the log shows the cause.
    Internal(Cause),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unauthenticated {
    Missing,
    /// The credential is wrong. Unknown and wrong are not distinguished.
    Wrong,
    Expired,
    /// The credential has not expired, but it is older than a revocation.
    Revoked,
}

/// The thing that an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    App,
    User,
    Picture,
    Block,
    Administrator,
    Conversation,
    Message,
    /// A newer version than the one that the change was based on.
    NewerVersion,
}

/// The rule that a value breaks, with its bound and unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Required and not given, or empty.
    Missing,
    /// More bytes of UTF-8 than allowed.
    TooManyBytes {
        bytes_max: u64,
    },
    /// More characters (Unicode scalar values) than allowed.
    TooManyCharacters {
        chars_max: usize,
    },
    TooFewCharacters {
        chars_min: usize,
    },
    /// Not of the right form; the text completes "must be".
    Malformed(&'static str),
    /// Not in a closed list; the text is the list.
    NotOneOf(&'static str),
    /// A number outside its range; the text is the range.
    OutOfRange(&'static str),
    /// Reserved for the server, so no user may have it.
    Reserved,
    /// A list of ids contains an unknown one.
    NoSuchUser(UserId),
    /// The caller's own id where another user's is needed.
    Oneself,
    /// A custom field that the app has not declared.
    Undeclared,
    /// A custom field that only the app's back end may write.
    NotWritable,
    /// Too many of something that is counted, in the plural: pixels, scans.
    TooMuch {
        most: u64,
        unit: &'static str,
        found: u64,
    },
    /// An uploaded file of 0 bytes: the client did not read it, or had not written it yet.
    EmptyFile,
    /// An uploaded file of a format that is not accepted: "a PNG or JPEG picture" is wanted, "a GIF" was found.
    WrongKind {
        wanted: String,
        found: Option<&'static str>,
    },
}

impl Fault {
    pub fn at(self, field: impl Into<Cow<'static, str>>) -> Error {
        Error::Invalid { field: field.into(), fault: self }
    }

    /// Refuses more than `most` of something that is counted, in the plural.
    pub fn if_above(most: usize, unit: &'static str, found: usize) -> Result<(), Self> {
        if found > most { Err(Self::TooMuch { most: most as u64, unit, found: found as u64 }) } else { Ok(()) }
    }
}

/// The private cause of an internal error: logged once, never shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause(String);

impl Error {
    pub const SUSPENDED: Self = Self::Forbidden("User is suspended");

    /// The caller is a deleted user. Its token is invalid, even if another user has the id now.
    pub const GONE: Self = Self::Unauthenticated(Unauthenticated::Wrong);

    /// Returns the seconds to wait before a retry, if waiting helps. Rounded up, so that no client retries too early.
    pub fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::TooMany { retry_after, .. } => {
                Some((retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0)).max(1))
            }
            Self::Busy => Some(1),
            Self::Invalid { .. }
            | Self::Unauthenticated(_)
            | Self::Forbidden(_)
            | Self::NotFound(_)
            | Self::Conflict(_)
            | Self::StorageFull
            | Self::Internal(_) => None,
        }
    }

    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::Internal(Cause(cause.to_string()))
    }
}

/// Linux' error numbers for "too many open files" of the process and of the system: [`io::ErrorKind`] has no name for
/// them.
const OUT_OF_FILES: [i32; 2] = [24, 23];

/// Converts an error of a file operation. `doing` says in the log what failed.
pub fn io_error(doing: &'static str) -> impl Fn(io::Error) -> Error {
    move |cause| match (is_full(&cause), is_out_of_files(&cause)) {
        (true, _) => Error::StorageFull,
        (false, true) => Error::Busy,
        (false, false) => Error::internal(format_args!("{doing}: {cause}")),
    }
}

pub fn is_out_of_files(cause: &io::Error) -> bool {
    cause.raw_os_error().is_some_and(|number| OUT_OF_FILES.contains(&number))
}

pub fn is_full(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => write!(f, "is required"),
            Self::TooManyBytes { bytes_max } => write!(f, "must be at most {bytes_max} bytes"),
            Self::TooManyCharacters { chars_max } => write!(f, "must be at most {chars_max} characters"),
            Self::TooFewCharacters { chars_min } => write!(f, "must be at least {chars_min} characters"),
            Self::Malformed(form) => write!(f, "must be {form}"),
            Self::NotOneOf(list) => write!(f, "must be one of {list}"),
            Self::OutOfRange(range) => write!(f, "must be {range}"),
            Self::Reserved => write!(f, "is reserved by the server, choose another"),
            Self::NoSuchUser(id) => write!(f, "names a user that does not exist: {}", id.as_str()),
            Self::Undeclared => write!(f, "is not declared: declare it by `standin app field add`"),
            Self::NotWritable => write!(f, "is written by the app's back end alone"),
            Self::Oneself => write!(f, "must be another user than the caller"),
            Self::TooMuch { most, unit, found } => write!(f, "must have at most {most} {unit}, this one has {found}"),
            Self::EmptyFile => write!(f, "is an empty file (0 bytes): send the file's content"),
            Self::WrongKind { wanted, found: Some(found) } => write!(f, "must be {wanted}, not {found}"),
            Self::WrongKind { wanted, found: None } => write!(f, "must be {wanted}"),
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::App => "App",
            Self::User => "User",
            Self::Picture => "Picture",
            Self::Block => "Block",
            Self::Administrator => "Administrator",
            Self::Conversation => "Conversation",
            Self::Message => "Message",
            Self::NewerVersion => "A newer version",
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { field, fault } => write!(f, "{field} {fault}"),
            Self::Unauthenticated(Unauthenticated::Missing | Unauthenticated::Wrong) => write!(f, "Unauthorized"),
            Self::Unauthenticated(Unauthenticated::Expired) => write!(f, "Unauthorized. Token is expired"),
            Self::Unauthenticated(Unauthenticated::Revoked) => write!(f, "Unauthorized. Token is revoked"),
            Self::Forbidden(why) => f.write_str(why),
            Self::NotFound(what) => write!(f, "{what} not found"),
            Self::Conflict(what) => write!(f, "{what} already exists"),
            Self::TooMany { what, .. } => {
                write!(f, "Too many {what}, try again in {} s", self.retry_after_s().unwrap_or(1))
            }
            Self::Busy => write!(f, "The server is busy, try again"),
            Self::StorageFull => write!(f, "The server's storage is full, nothing was changed"),
            Self::Internal(_) => write!(f, "Internal server error"),
        }
    }
}

impl std::error::Error for Error {}
