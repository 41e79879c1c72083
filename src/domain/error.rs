//! What can be refused, and the public sentence for it. Status codes are a dialect's business.

use std::{borrow::Cow, fmt, io, time::Duration};

use super::id::UserId;

/// A refusal. `Display` is the public text: no path, no SQL, no secret, no id of anybody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// A value breaks a rule. The field is named in the caller's own dialect.
    Invalid {
        /// The name the caller used for the field.
        field: Cow<'static, str>,
        /// The rule and its bound.
        fault: Fault,
    },
    /// Whoever calls is not known.
    Unauthenticated(Unauthenticated),
    /// Whoever calls is known and may not do this.
    Forbidden(&'static str),
    /// What was asked for does not exist, or belongs to another app: the two look alike.
    NotFound(What),
    /// It exists already.
    Conflict(What),
    /// Too often; `retry_after` says when it is worth trying again.
    TooMany {
        /// What was done too often, as a readable sentence part: "picture uploads".
        what: &'static str,
        /// The shortest wait that can help.
        retry_after: Duration,
    },
    /// A queue is full. Nothing was done; the same call may go through in a moment.
    Busy,
    /// The disk is full. Nothing was done.
    StorageFull,
    /// Our own fault. The cause is for the log alone.
    Internal(Cause),
}

/// Why a caller is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unauthenticated {
    /// Nothing was presented.
    Missing,
    /// What was presented is wrong: unknown and wrong look alike.
    Wrong,
    /// It was right once.
    Expired,
    /// It has not expired, and was made before all that were made until then were ended.
    Revoked,
}

/// The kind of thing an error speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// An app (tenant).
    App,
    /// A user of an app.
    User,
    /// A stored picture.
    Picture,
    /// A block between two users.
    Block,
    /// An administrator of the house.
    Administrator,
    /// A version of something that is newer than the one a change was made for.
    NewerVersion,
}

/// The rule that a value breaks, with its bound and unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Required and not given, or given empty.
    Missing,
    /// More bytes of UTF-8 than allowed.
    TooManyBytes {
        /// The most bytes allowed.
        bytes_max: u64,
    },
    /// More characters (Unicode scalar values) than allowed.
    TooManyCharacters {
        /// The most characters allowed.
        chars_max: usize,
    },
    /// Fewer characters than the app demands.
    TooFewCharacters {
        /// The fewest characters allowed.
        chars_min: usize,
    },
    /// Not of the form the rule names; the text completes "must be".
    Malformed(&'static str),
    /// Not one of a closed list; the text names the list.
    NotOneOf(&'static str),
    /// A number outside its range; the text names the range.
    OutOfRange(&'static str),
    /// Taken by the house itself, so no user may have it.
    Reserved,
    /// In a list of ids, one that nobody has.
    NoSuchUser(UserId),
    /// The caller's own id, where another's is needed.
    Oneself,
    /// A custom field that the app has not declared.
    Undeclared,
    /// A custom field that only the app's back end writes.
    NotWritable,
    /// More of something that has a measure: pixels, scans.
    TooMuch {
        /// The most allowed.
        most: u64,
        /// What is counted, in the plural.
        unit: &'static str,
        /// How many there are.
        found: u64,
    },
    /// A file that was sent and has no bytes: one that the caller's program did not read, or had not written yet.
    EmptyFile,
    /// A file of a kind that is not taken here. The kind was told by the file's bytes.
    WrongKind {
        /// What is taken: "a PNG or JPEG picture".
        wanted: String,
        /// What it is instead, where that is known: "a GIF".
        found: Option<&'static str>,
    },
}

impl Fault {
    /// Names the field that broke the rule, in the caller's dialect.
    pub fn at(self, field: impl Into<Cow<'static, str>>) -> Error {
        Error::Invalid { field: field.into(), fault: self }
    }
}

/// The private cause of an internal error: logged once, shown never.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause(String);

impl Error {
    /// Refuses a user that is suspended.
    pub const SUSPENDED: Self = Self::Forbidden("User is suspended");

    /// Refuses a user that acts itself and is deleted by now: its token is dead, whichever user has the id since.
    pub const GONE: Self = Self::Unauthenticated(Unauthenticated::Wrong);

    /// When it is worth trying again, where time alone helps: whole seconds, rounded up so that nobody comes too early.
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

    /// Wraps a failure of our own. The text goes to the log and nowhere else.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::Internal(Cause(cause.to_string()))
    }
}

/// Linux' numbers for "too many open files" of a process and of the system: [`io::ErrorKind`] has no name for them.
const OUT_OF_FILES: [i32; 2] = [24, 23];

/// What the failure of a file means to the caller; `doing` completes "failed while" in the log.
pub fn fault(doing: &'static str) -> impl Fn(io::Error) -> Error {
    move |cause| match (is_full(&cause), is_out_of_files(&cause)) {
        (true, _) => Error::StorageFull,
        (false, true) => Error::Busy,
        (false, false) => Error::internal(format_args!("{doing}: {cause}")),
    }
}

/// Whether a file could not be opened because too many are open.
pub fn is_out_of_files(cause: &io::Error) -> bool {
    cause.raw_os_error().is_some_and(|number| OUT_OF_FILES.contains(&number))
}

/// Whether a file failed for want of room: on the disk, or in the quota of whoever runs the server.
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

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::App => "App",
            Self::User => "User",
            Self::Picture => "Picture",
            Self::Block => "Block",
            Self::Administrator => "Administrator",
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
