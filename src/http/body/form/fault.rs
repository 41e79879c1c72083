use std::{borrow::Cow, fmt, time::Duration};

use actix_web::http::StatusCode;

use crate::{domain::Error, http::middleware::BODY_BYTES_PER_S_MIN};

/// Why a body is refused. `Display` is the public sentence; each dialect chooses the status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyFault {
    /// The body is not what its type declares (HTTP: 400).
    Malformed(Cow<'static, str>),
    /// A body, field or file exceeds its bound (HTTP: 413).
    TooLarge { what: Cow<'static, str>, bytes_max: u64 },
    /// More fields or files than allowed (HTTP: 413).
    TooMany { what: &'static str, count_max: usize },
    /// A type or encoding that the server does not read (HTTP: 415).
    Unsupported(Cow<'static, str>),
    /// The body did not arrive in time (HTTP: 408).
    TimedOut { wait_max: Duration },
    /// The body arrives more slowly than the middleware allows (HTTP: 408).
    TooSlow,
    /// The connection ended before the body did (HTTP: 400).
    BrokenOff,
    /// `StorageFull` (HTTP: 507), `Busy` (HTTP: 503: the read budget is full, or too many files wait) or `Internal`.
    Server(Error),
}

impl fmt::Display for BodyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) | Self::Unsupported(why) => f.write_str(why),
            Self::TooLarge { what, bytes_max } => {
                write!(f, "{what} is too large: send at most {bytes_max} bytes")
            }
            Self::TooMany { what, count_max } => write!(f, "The form has too many {what}: send at most {count_max}"),
            Self::TimedOut { wait_max } => {
                write!(f, "The request body did not arrive within {} s: send it again", wait_max.as_secs())
            }
            Self::TooSlow => {
                write!(f, "The request body comes too slowly: send at least {BODY_BYTES_PER_S_MIN} bytes a second")
            }
            Self::BrokenOff => f.write_str("The request body ended too early: send it again"),
            Self::Server(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BodyFault {}

impl BodyFault {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) | Self::BrokenOff => StatusCode::BAD_REQUEST,
            Self::TooLarge { .. } | Self::TooMany { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unsupported(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TimedOut { .. } | Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Server(Error::StorageFull) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Server(Error::Busy) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Server(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}
