//! Why a body is refused.

use std::{borrow::Cow, fmt, time::Duration};

use actix_web::http::StatusCode;

use crate::{domain::error::Error, http::guard::BODY_BYTES_PER_S_MIN};

/// Why a body is refused. `Display` is the public sentence; which status says it is the dialect's choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyFault {
    /// Not what it is declared to be (HTTP: 400).
    Malformed(Cow<'static, str>),
    /// A body, field or file beyond its bound (HTTP: 413).
    TooLarge {
        /// What is too large, as a readable sentence part.
        what: Cow<'static, str>,
        /// The most bytes allowed.
        bytes_max: u64,
    },
    /// More fields or files than allowed (HTTP: 413).
    TooMany {
        /// What there is too much of, in the plural.
        what: &'static str,
        /// The most allowed.
        count_max: usize,
    },
    /// A type or encoding that is not read here (HTTP: 415).
    Unsupported(Cow<'static, str>),
    /// It did not arrive in time (HTTP: 408).
    TimedOut {
        /// The longest wait.
        wait_max: Duration,
    },
    /// It comes more slowly than the guard lets a body come (HTTP: 408).
    TooSlow,
    /// The connection ended before the body did (HTTP: 400, though hardly anybody is there to read it).
    BrokenOff,
    /// Our own side failed: `StorageFull` (HTTP: 507), `Busy` (HTTP: 503: too much is being read from all clients together, or too many
    /// files wait) or `Internal`, whose cause is for the log alone.
    House(Error),
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
            Self::House(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BodyFault {}

impl BodyFault {
    /// HTTP's own word for it, for doors that answer with HTTP's.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) | Self::BrokenOff => StatusCode::BAD_REQUEST,
            Self::TooLarge { .. } | Self::TooMany { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unsupported(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TimedOut { .. } | Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::House(Error::StorageFull) => StatusCode::INSUFFICIENT_STORAGE,
            Self::House(Error::Busy) => StatusCode::SERVICE_UNAVAILABLE,
            Self::House(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}
