//! Free data that an app stores with its users, separate for each vendor.

use serde_json::{Map, Value};

use super::{Fault, text::at_most_bytes};

/// Qiscus `extras`: a JSON object, replaced as a whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extras(Map<String, Value>);

impl Extras {
    /// Of the compact JSON text.
    pub const BYTES_MAX: usize = 16 * 1024;
    /// Levels, the outermost included. Requests and responses around it stay below the 128 levels that our parser
    /// accepts.
    pub const DEPTH_MAX: usize = 64;

    pub fn parse(value: Value) -> Result<Self, Fault> {
        let Value::Object(object) = value else {
            return Err(Fault::Malformed("a JSON object"));
        };
        let value = Value::Object(object);
        if depth(&value) > Self::DEPTH_MAX {
            return Err(Fault::Malformed("a JSON object nested at most 64 deep"));
        }
        at_most_bytes(&value.to_string(), Self::BYTES_MAX)?;
        match value {
            Value::Object(object) => Ok(Self(object)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Ok(Self::default()),
        }
    }

    pub fn as_object(&self) -> &Map<String, Value> {
        &self.0
    }

    pub fn bytes(&self) -> usize {
        bytes_of(&self.0)
    }
}

fn bytes_of(object: &Map<String, Value>) -> usize {
    object.iter().map(|(key, value)| size_of::<String>() + key.len() + bytes_of_value(value)).sum()
}

pub(super) fn bytes_of_value(value: &Value) -> usize {
    let more = match value {
        Value::Object(object) => bytes_of(object),
        Value::Array(items) => items.iter().map(bytes_of_value).sum(),
        Value::String(text) => text.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    size_of::<Value>() + more
}

pub(super) fn depth(value: &Value) -> usize {
    match value {
        Value::Object(object) => 1 + object.values().map(depth).max().unwrap_or(0),
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// MirrorFly's `metadataKey1` to `metadataKey3`: at most three pairs in the given order, replaced as a whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata(Map<String, Value>);

impl Metadata {
    pub const PAIRS_MAX: usize = 3;
    pub const KEY_BYTES_MAX: usize = 255;
    pub const VALUE_BYTES_MAX: usize = 8 * 1024;

    /// Parses pairs of a non-empty key and a text, number or boolean.
    pub fn parse(pairs: Map<String, Value>) -> Result<Self, Fault> {
        if pairs.len() > Self::PAIRS_MAX {
            return Err(Fault::Malformed("at most 3 pairs"));
        }
        for (key, value) in &pairs {
            if key.is_empty() || key.chars().any(super::text::is_unsafe) {
                return Err(Fault::Malformed("pairs whose keys are not empty and free of control characters"));
            }
            if key.len() > Self::KEY_BYTES_MAX {
                return Err(Fault::Malformed("pairs whose keys have at most 255 bytes"));
            }
            match value {
                Value::String(text) if text.len() > Self::VALUE_BYTES_MAX => {
                    return Err(Fault::Malformed("pairs whose values have at most 8192 bytes"));
                }
                Value::String(_) | Value::Number(_) | Value::Bool(_) => {}
                Value::Null | Value::Array(_) | Value::Object(_) => {
                    return Err(Fault::Malformed(
                        r#"pairs of a key and a text, number or boolean, such as {"key": "value"}"#,
                    ));
                }
            }
        }
        Ok(Self(pairs))
    }

    pub fn as_object(&self) -> &Map<String, Value> {
        &self.0
    }

    pub fn bytes(&self) -> usize {
        bytes_of(&self.0)
    }
}
