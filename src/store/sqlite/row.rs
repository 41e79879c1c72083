//! Parses rows into domain values, and runs statements that return none.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Mutex, PoisonError},
};

use rusqlite::{
    Params, Row, Rows, Transaction,
    types::{FromSql, ValueRef},
};
use serde::de::DeserializeOwned;

use crate::domain::{DerivedSecret, Digest, Error, Fault, Moment, Salt};

const REPORTED_MAX: usize = 1000;

/// Damaged rows that were logged: each is logged once, however often it is read.
static REPORTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Leaves out and logs a damaged row, so that it does not make every list, search and feed fail. Reads that decide
/// access, or whose rows are written back, fail instead.
pub(super) fn readable<'a, T: 'a>(
    rows: Rows<'a>,
    mut parse: impl FnMut(&Row<'_>) -> Result<T, Error> + 'a,
) -> impl Iterator<Item = Result<T, Error>> + 'a {
    let parsed = rows.and_then(move |row| Ok::<_, Error>(parse(row)));
    parsed.filter_map(|read| match read {
        Ok(parsed) => parsed.inspect_err(report).ok().map(Ok),
        Err(failure) => Some(Err(failure)),
    })
}

pub(super) fn report(damage: &Error) {
    let Error::Internal(cause) = damage else { return };
    let mut reported = REPORTED.lock().unwrap_or_else(PoisonError::into_inner);
    if reported.len() < REPORTED_MAX && reported.insert(cause.to_string()) {
        log::error!("a damaged row is left out: {cause}");
    }
}

/// Runs a statement that returns no rows.
pub(super) fn run(tx: &Transaction<'_>, statement: &str, params: impl Params) -> Result<(), Error> {
    run_counted(tx, statement, params).map(drop)
}

/// Runs a statement and returns how many rows it changed.
pub(super) fn run_counted(tx: &Transaction<'_>, statement: &str, params: impl Params) -> Result<u32, Error> {
    u32::try_from(tx.prepare_cached(statement)?.execute(params)?).map_err(Error::internal)
}

/// A row whose first column is its key. A damaged cell is an internal error that names table, key and column, never the
/// value.
pub(super) struct StoredRow<'a> {
    table: &'static str,
    row: &'a Row<'a>,
}

impl<'a> StoredRow<'a> {
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
        // The library's error text may quote the cell.
        serde_json::from_str(text).map_err(|cause| {
            let (line, at) = (cause.line(), cause.column());
            self.broken(column, format_args!("is not JSON of its form, at line {line}, column {at}"))
        })
    }

    pub(super) fn moment(&self, column: usize) -> Result<Moment, Error> {
        self.get(column).map(Moment::from_micros)
    }

    pub(super) fn derived(&self, column: usize) -> Result<DerivedSecret, Error> {
        Ok(DerivedSecret { salt: Salt(self.get(column)?), digest: Digest(self.get(column + 1)?) })
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
