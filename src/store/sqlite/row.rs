//! Rows on their way back into the domain: parsed like requests.

use std::fmt;

use rusqlite::{
    Row,
    types::{FromSql, ValueRef},
};
use serde::de::DeserializeOwned;

use crate::domain::{
    error::{Error, Fault},
    secret::{Derived, Digest, Salt},
    time::Moment,
};

/// A row of a table, whose first column is its key. A cell that breaks a rule of the domain is our own fault and is
/// named by table, key and column, never by its value.
pub(super) struct Stored<'a> {
    table: &'static str,
    row: &'a Row<'a>,
}

impl<'a> Stored<'a> {
    pub(super) fn of(table: &'static str, row: &'a Row<'a>) -> Self {
        Self { table, row }
    }

    pub(super) fn get<T: FromSql>(&self, column: usize) -> Result<T, Error> {
        self.row.get(column).map_err(|cause| self.broken(column, cause))
    }

    pub(super) fn parsed<T>(&self, column: usize, parse: impl FnOnce(&str) -> Result<T, Fault>) -> Result<T, Error> {
        self.parsed_if_any(column, parse)?.ok_or_else(|| self.broken(column, "is absent"))
    }

    pub(super) fn parsed_if_any<T>(
        &self,
        column: usize,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Result<Option<T>, Error> {
        let cell = self.row.get_ref(column).map_err(|cause| self.broken(column, cause))?;
        let text = cell.as_str_or_null().map_err(|cause| self.broken(column, cause))?;
        text.map(parse).transpose().map_err(|fault| self.broken(column, fault))
    }

    pub(super) fn json<T: DeserializeOwned>(&self, column: usize) -> Result<T, Error> {
        let cell = self.row.get_ref(column).map_err(|cause| self.broken(column, cause))?;
        let text = cell.as_str().map_err(|cause| self.broken(column, cause))?;
        serde_json::from_str(text).map_err(|cause| self.broken(column, cause))
    }

    pub(super) fn moment(&self, column: usize) -> Result<Moment, Error> {
        self.get(column).map(Moment::from_micros)
    }

    /// A derived secret in two columns: the salt and, after it, the digest.
    pub(super) fn derived(&self, column: usize) -> Result<Derived, Error> {
        Ok(Derived { salt: Salt(self.get(column)?), digest: Digest(self.get(column + 1)?) })
    }

    pub(super) fn broken(&self, column: usize, fault: impl fmt::Display) -> Error {
        let name = self.row.as_ref().column_name(column).unwrap_or("without a name");
        let key = match self.row.get_ref(0) {
            Ok(ValueRef::Integer(key)) => key.to_string(),
            Ok(ValueRef::Text(key)) => String::from_utf8_lossy(key).into_owned(),
            Ok(ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_)) | Err(_) => "without a name".to_owned(),
        };
        Error::internal(format_args!("table {}, key {key}, column {name}: {fault}", self.table))
    }
}
