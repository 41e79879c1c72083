//! Strict JSON: whatever a lenient and a strict reader could read differently is refused.

use std::{cell::Cell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value, error::Category};

use crate::{domain::text::sentence_error, http::masking};

/// Nested objects and lists, including the outermost.
pub const DEPTH_MAX: usize = 128;

/// In one text. A value of one byte takes 72 in memory: a list of 1 MiB of zeros would take 36 MiB.
pub const VALUES_MAX: usize = 65_536;

/// 2^53: above it a float of 64 bits cannot hold every integer, so a number could change.
const FLOAT_EXACT_BELOW: f64 = 9_007_199_254_740_992.0;

/// A sentence without its subject: "is not valid JSON: trailing comma, at line 1, column 5".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError(String);

sentence_error! { JsonError.0 }

/// Reads one JSON text. Integers of 64 bits stay exact, keys keep their order. Takes 18 ms for 50,000 values in 790 kB.
/// # Errors
/// Invalid UTF-8, lone surrogates, anything after the first value, a key given twice in one object, a number that is no
/// 64-bit integer and 2^53 or more, more than [`DEPTH_MAX`] levels or [`VALUES_MAX`] values.
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    let text = without_mark(text);
    if is_wider_than_utf8(text) {
        return Err(JsonError("must be UTF-8, and is UTF-16 or UTF-32".to_owned()));
    }
    let text = str::from_utf8(text).map_err(|fault| {
        JsonError(format!("is not valid UTF-8: the first {} bytes are, the next is not", fault.valid_up_to()))
    })?;
    let values_left = Cell::new(VALUES_MAX);
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit(); // `Strict` counts; the reader's own limit of 127 cannot be chosen
    let value = Strict { levels_left: DEPTH_MAX, values_left: &values_left }
        .deserialize(&mut reader)
        .map_err(|fault| refused(&fault))?;
    reader.end().map_err(|fault| {
        JsonError(format!("holds more than one JSON value: line {}, column {}", fault.line(), fault.column()))
    })?;
    Ok(value)
}

/// Drops the byte order mark, which a reader may ignore (RFC 8259, 8.1).
pub(super) fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text)
}

/// Recognises marks, and a NUL next to one of the ASCII characters that begin JSON.
fn is_wider_than_utf8(text: &[u8]) -> bool {
    matches!(text, [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0, _, ..] | [_, 0, ..])
}

pub fn parse_object(text: &[u8]) -> Result<Map<String, Value>, JsonError> {
    match parse(text)? {
        Value::Object(object) => Ok(object),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(JsonError("must be a JSON object, in braces".to_owned()))
        }
    }
}

/// Memory of a value and its entry in an object, without texts: measured, rounded up.
const VALUE_BYTES: usize = 72;

pub fn weight_bytes(object: &Map<String, Value>) -> usize {
    let mut bytes = 0;
    let mut left: Vec<&Value> = Vec::new();
    let entries = |object: &Map<String, Value>| object.keys().map(|key| key.len() + VALUE_BYTES).sum::<usize>();
    bytes += entries(object);
    left.extend(object.values());
    while let Some(value) = left.pop() {
        bytes += VALUE_BYTES;
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::String(text) => bytes += text.len(),
            Value::Array(items) => left.extend(items),
            Value::Object(object) => {
                bytes += entries(object);
                left.extend(object.values());
            }
        }
    }
    bytes
}

fn refused(fault: &serde_json::Error) -> JsonError {
    let (line, column) = (fault.line(), fault.column());
    JsonError(match fault.classify() {
        Category::Data => fault.to_string(), // the words of `Strict`, and the place
        Category::Eof => format!("is not valid JSON: it ends too early, at line {line}, column {column}"),
        Category::Syntax | Category::Io => {
            // The reader's sentence contains no text of the client; its position is repeated in our format.
            let sentence = fault.to_string();
            let why = match sentence.split(" at line ").next().unwrap_or_default() {
                "unexpected end of hex escape" | "lone leading surrogate in hex escape" => "half of a surrogate pair",
                why => why,
            };
            format!("is not valid JSON: {why}, at line {line}, column {column}")
        }
    })
}

/// Refuses what `serde_json`'s own reader accepts: it lets the last of two equal keys win and rounds big numbers.
#[derive(Clone, Copy)]
struct Strict<'a> {
    levels_left: usize,
    values_left: &'a Cell<usize>,
}

impl Strict<'_> {
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.levels_left.checked_sub(1) {
            Some(levels_left) => Ok(Self { levels_left, ..self }),
            None => Err(E::custom(format_args!("is nested more than {DEPTH_MAX} deep"))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        match self.values_left.get().checked_sub(1) {
            Some(values_left) => self.values_left.set(values_left),
            None => return Err(D::Error::custom(format_args!("holds more than {VALUES_MAX} values"))),
        }
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        match Number::from_f64(value) {
            Some(number) if value.abs() < FLOAT_EXACT_BELOW => Ok(Value::Number(number)),
            Some(_) | None => Err(E::custom("holds a number too big to be kept exactly, send it as text")),
        }
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.contains_key(&key) {
                let key = match masking::is_name(&key) {
                    true => format!("the key {key:?}"),
                    false => format!("a key of {} bytes", key.len()),
                };
                return Err(A::Error::custom(format_args!("gives {key} twice in one object")));
            }
            let value = entries.next_value_seed(inner)?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}
