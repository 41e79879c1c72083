//! Calls whose fields may stand in the query of their address as well as in their body.

use super::Form;
use crate::domain::error::{Error, Fault};

/// A query, and the body beside it.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) query: Form,
    pub(super) body: Form,
    /// Whether a field may stand in one of the two alone; else the query's goes before the body's.
    pub(super) excludes: bool,
}

impl Pair {
    /// What the two have of a field, read by `read`.
    /// # Errors
    /// Those of `read`; `Invalid` for a field in both.
    pub(super) fn one<'a, T>(
        &'a self,
        name: &'static str,
        read: impl Fn(&'a Form) -> Result<Option<T>, Error>,
    ) -> Result<Option<T>, Error> {
        match (read(&self.query)?, read(&self.body)?) {
            (Some(_), Some(_)) if self.excludes => {
                Err(Fault::Malformed("given once, in the query or in the body").at(name))
            }
            (query, body) => Ok(query.or(body)),
        }
    }
}
