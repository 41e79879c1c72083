//! What stands behind the question mark: read once, each parameter under its own rule.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr};

use actix_web::HttpRequest;

use super::reply::Refusal;
use crate::http::form::Form;

/// The query of one call.
pub(super) struct Query(Form);

impl Query {
    pub(super) fn of(request: &HttpRequest) -> Result<Self, Refusal> {
        Ok(Self(Form::query(request.query_string())?))
    }

    /// A parameter as it is, if it is given.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<&str>, Refusal> {
        Ok(self.0.text(name)?)
    }

    /// A whole number within its bounds, if it is given.
    pub(super) fn number<N: FromStr + PartialOrd + Display>(
        &self,
        name: &'static str,
        bounds: RangeInclusive<N>,
    ) -> Result<Option<N>, Refusal> {
        let Some(raw) = self.0.text(name)? else { return Ok(None) };
        let number = raw.parse().ok().filter(|number| bounds.contains(number));
        let outside =
            || Refusal::Unreadable(format!("{name} must be a number from {} to {}", bounds.start(), bounds.end()));
        number.map(Some).ok_or_else(outside)
    }
}
