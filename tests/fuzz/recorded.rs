//! Recorded requests of the vendors' SDKs, as valid inputs.

use std::{fs, path::Path};

use serde_json::Value;

/// Everything that was said over the socket of a recording.
pub(crate) fn said(name: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/house/recorded/{name}.json"));
    let steps: Vec<Value> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let text = |said: &Value| said.as_str().map_or_else(|| said.to_string(), str::to_owned).into_bytes();
    let said: Vec<Vec<u8>> = steps.iter().filter_map(|step| step.get("said")).map(text).collect();
    assert!(said.len() > 5, "{name} holds a conversation");
    said
}
