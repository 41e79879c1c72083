//! The output of commands on standard output.

use std::io::{self, Write};

use serde_json::Value;

use super::failure::{Failure, FailureCode};

/// Writes a text. A closed pipe (`standin user list | head`) is no failure.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(FailureCode::Server, format!("The output could not be written: {error}.")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

pub(super) fn print_json(value: &Value) -> Result<(), Failure> {
    print(&format!("{value:#}\n"))
}

/// Returns a value for people: a text as it is, a missing value as `-`, the rest as JSON. Control characters are escaped.
pub(super) fn shown(value: Option<&Value>) -> String {
    let text = match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) if items.is_empty() => "-".to_owned(),
        Some(Value::Array(items)) => items.iter().map(|item| shown(Some(item))).collect::<Vec<_>>().join(", "),
        Some(value @ (Value::Bool(_) | Value::Number(_) | Value::Object(_))) => value.to_string(),
    };
    let escape = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(escape).collect()
}

/// Returns a line for each name and value, the values in one column.
pub(super) fn facts(object: &Value, keys: &[(&str, &str)]) -> String {
    let width = keys.iter().map(|(name, _)| name.len()).max().unwrap_or_default() + 1;
    let line = |(name, key): &(&str, &str)| format!("{:width$} {}\n", format!("{name}:"), shown(object.get(key)));
    keys.iter().map(line).collect()
}

/// Returns a table of the objects in a list of an answer.
pub(super) fn list(answer: &Value, name: &str, columns: &[(&str, &str)]) -> String {
    table(answer.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice), columns)
}

/// Returns a table of objects.
pub(super) fn table(objects: &[Value], columns: &[(&str, &str)]) -> String {
    let head = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
    let row = |object: &Value| columns.iter().map(|(_, key)| shown(object.get(key))).collect();
    aligned(&[head].into_iter().chain(objects.iter().map(row)).collect::<Vec<Vec<String>>>())
}

/// Returns rows of cells, each column as wide as its widest cell.
pub(super) fn aligned(rows: &[Vec<String>]) -> String {
    let chars = |cell: &String| cell.chars().count();
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width_of = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(chars).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns).map(width_of).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
