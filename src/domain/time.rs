//! Moments. The domain never reads a clock: callers pass the time.

use std::{fmt, sync::Arc, time::Duration};

use super::Fault;

/// Microseconds since 1970, never negative. Events are ordered by sequence numbers instead, because clocks are set
/// back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(i64);

impl Moment {
    /// Creates a moment. Negative numbers become 0.
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.max(0))
    }

    /// Parses `YYYY-MM-DD hh:mm:ss` in UTC, the format of Qiscus' back ends. Times before 1970 become 1970.
    pub fn parse_plain(raw: &str) -> Result<Self, Fault> {
        let fault = || Fault::Malformed("a time such as 2019-10-30 07:47:01");
        let stands = |(given, form): (u8, u8)| given == form || (form == b'0' && given.is_ascii_digit());
        let form = "0000-00-00 00:00:00";
        let has_form = raw.len() == form.len() && raw.bytes().zip(form.bytes()).all(stands);
        let time = has_form.then(|| raw.parse::<jiff::civil::DateTime>().ok()).flatten().ok_or_else(fault)?;
        let moment = time.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| fault())?;
        Ok(Self::from_micros(moment.timestamp().as_microsecond()))
    }

    pub fn micros(self) -> i64 {
        self.0
    }

    pub fn unix_s(self) -> i64 {
        self.0 / 1_000_000
    }

    #[must_use]
    pub fn second_begin(self) -> Self {
        Self(self.0 - self.0 % 1_000_000)
    }

    #[must_use]
    pub fn second_end(self) -> Self {
        self.second_begin().after(Duration::from_secs(1))
    }

    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Returns the time since `earlier`, or zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    #[must_use]
    pub fn before(self, wait: Duration) -> Self {
        Self::from_micros(self.0.saturating_sub(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX)))
    }
}

/// RFC 3339 in UTC with up to six digits of a second: `2017-10-12T04:07:10.926973Z`.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::MAX).fmt(f)
    }
}

/// A source of the current time.
pub type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;
