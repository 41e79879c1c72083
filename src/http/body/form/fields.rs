//! Reads a form into a struct that derives `Deserialize`, in the struct's order. The first wrong field is refused, with
//! its path and the [`Fault`] of its type. Unknown fields are ignored.

use std::{borrow::Cow, cell::Cell, fmt::Display};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed, Error as _, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor},
    forward_to_deserialize_any,
};
use serde_json::Value;

use super::{Form, FormContent, text_of};
use crate::domain::{DeviceText, DeviceType, Email, Error, Fault, Moment, ReportText, Title, text::at_most};

pub trait Parse: Sized {
    fn parse(raw: &str) -> Result<Self, Fault>;
}

macro_rules! parsed_by_their_own_rule {
    ($($name:ident)*) => {$(
        impl Parse for $name {
            fn parse(raw: &str) -> Result<Self, Fault> {
                Self::parse(raw)
            }
        }
    )*};
}

parsed_by_their_own_rule! { DeviceText DeviceType Email Title ReportText }

impl Parse for Moment {
    fn parse(raw: &str) -> Result<Self, Fault> {
        Self::parse_plain(raw)
    }
}

impl Parse for String {
    fn parse(raw: &str) -> Result<Self, Fault> {
        if raw.is_empty() { Err(Fault::Missing) } else { Ok(raw.to_owned()) }
    }
}

#[derive(Debug)]
pub struct AtMost<const CHARS_MAX: usize>(pub String);

impl<const CHARS_MAX: usize> Parse for AtMost<CHARS_MAX> {
    fn parse(raw: &str) -> Result<Self, Fault> {
        String::parse(at_most(raw, CHARS_MAX)?).map(Self)
    }
}

/// A field that may be missing. Empty text counts as missing.
#[derive(Debug)]
pub struct Optional<T>(pub Option<T>);

#[derive(Debug)]
pub struct Required<T>(pub T);

impl<'de, T: Parse> Deserialize<'de> for Optional<T> {
    fn deserialize<D: Deserializer<'de>>(field: D) -> Result<Self, D::Error> {
        let given = Option::<&str>::deserialize(field)?.filter(|text| !text.is_empty());
        given.map(T::parse).transpose().map(Self).map_err(raised)
    }
}

impl<'de, T: Parse> Deserialize<'de> for Required<T> {
    fn deserialize<D: Deserializer<'de>>(field: D) -> Result<Self, D::Error> {
        T::parse(Option::<&str>::deserialize(field)?.unwrap_or_default()).map(Self).map_err(raised)
    }
}

/// See [`Form::texts`].
#[derive(Debug, Default, Deserialize)]
#[serde(rename = "$texts")]
pub struct Texts(pub Vec<String>);

/// See [`Form::texts_or_numbers`].
#[derive(Debug, Default, Deserialize)]
#[serde(rename = "$words")]
pub struct Words(pub Vec<String>);

/// See [`Form::object`].
#[derive(Debug, Deserialize)]
#[serde(rename = "$object")]
pub struct Object(pub Option<Value>);

#[derive(Debug, Deserialize)]
#[serde(rename = "$file")]
pub struct FileAt(pub(super) Option<usize>);

/// Reads a field with its own rule: `read` receives the JSON value, None for null.
pub fn value<'de, D: Deserializer<'de>, T>(
    field: D,
    read: impl FnOnce(Option<Value>) -> Result<T, Fault>,
) -> Result<T, D::Error> {
    read(Option::deserialize(field)?).map_err(raised)
}

thread_local! {
    /// The fault that a type refuses with. Serde's errors hold only text, so it travels beside them, from [`raised`]
    /// to [`FieldError::custom`].
    static RAISED: Cell<Option<Fault>> = const { Cell::new(None) };
}

pub fn raised<E: de::Error>(fault: Fault) -> E {
    let said = fault.to_string();
    RAISED.set(Some(fault));
    E::custom(said)
}

#[derive(Debug)]
struct FieldError {
    /// As in `contacts[3].name`.
    path: String,
    fault: Fault,
}

impl FieldError {
    fn within(self, name: &str) -> Self {
        let joint = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        Self { path: format!("{name}{joint}{}", self.path), ..self }
    }
}

impl From<Fault> for FieldError {
    fn from(fault: Fault) -> Self {
        Self { path: String::new(), fault }
    }
}

impl From<Error> for FieldError {
    fn from(error: Error) -> Self {
        if let Error::Invalid { fault, .. } = error { fault.into() } else { Self::custom(error) }
    }
}

impl Display for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.path, self.fault)
    }
}

impl std::error::Error for FieldError {}

impl de::Error for FieldError {
    fn custom<T: Display>(said: T) -> Self {
        let fault = RAISED.take();
        fault.unwrap_or_else(|| Fault::WrongKind { wanted: said.to_string(), found: None }).into()
    }

    fn invalid_type(_: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self::custom(wanted)
    }
}

impl Form {
    /// Like [`Form::texts`], but a number of JSON counts as its text. Leaves empty texts out.
    /// # Errors
    /// `Invalid` as for [`Form::text`].
    pub fn texts_or_numbers(&self, name: &'static str) -> Result<Vec<String>, Error> {
        let text = |value: &Value| match value {
            Value::Number(number) => Ok(Some(number.to_string())),
            Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                Ok(text_of(Some(value), name)?.map(str::to_owned))
            }
        };
        let mut texts = match &self.0 {
            FormContent::Object(object) => match object.get(name) {
                Some(Value::Array(items)) => {
                    items.iter().filter_map(|item| text(item).transpose()).collect::<Result<Vec<_>, Error>>()?
                }
                Some(value) => text(value)?.into_iter().collect(),
                None => Vec::new(),
            },
            FormContent::QueryAndBody(pair) => {
                [pair.body.texts_or_numbers(name)?, pair.query.texts_or_numbers(name)?].concat()
            }
            FormContent::Fields(_) => self.texts(name)?.into_iter().map(str::to_owned).collect(),
        };
        texts.retain(|text| !text.is_empty());
        Ok(texts)
    }

    /// # Errors
    /// `Invalid` with the path of the first wrong field.
    pub fn read_as<'de, T: Deserialize<'de>>(&'de self) -> Result<T, Error> {
        RAISED.take();
        T::deserialize(Node::Form(self)).map_err(|wrong| wrong.fault.at(wrong.path))
    }
}

enum Node<'de> {
    Form(&'de Form),
    Field(&'de Form, &'static str),
    /// A value inside another, with its index if that is a list.
    Value(Option<&'de Value>, Option<usize>),
    Made(Option<Value>),
}

impl<'de> Node<'de> {
    fn is_given(&self) -> bool {
        match self {
            Self::Form(_) => true,
            Self::Field(form, name) => form.has(name),
            Self::Value(value, _) => value.is_some_and(|value| !value.is_null()),
            Self::Made(value) => value.is_some(),
        }
    }

    fn value(self) -> Result<Option<Cow<'de, Value>>, FieldError> {
        Ok(match self {
            Self::Form(_) => None,
            Self::Field(form, name) => form.value(name)?,
            Self::Value(value, _) => value.filter(|value| !value.is_null()).map(Cow::Borrowed),
            Self::Made(value) => value.map(Cow::Owned),
        })
    }

    fn entries<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, FieldError> {
        if let Self::Form(form) = self {
            let nodes = fields.iter().map(|name| (*name, Node::Field(form, name)));
            return visitor.visit_map(FormEntries { nodes, next: None });
        }
        match self.value()? {
            Some(Cow::Borrowed(Value::Object(object))) => {
                let nodes = fields.iter().map(|name| (*name, Node::Value(object.get(*name), None)));
                visitor.visit_map(FormEntries { nodes, next: None })
            }
            Some(_) => Err(FieldError::custom(&visitor as &dyn Expected)),
            None => Err(Fault::Missing.into()),
        }
    }
}

impl<'de> Deserializer<'de> for Node<'de> {
    type Error = FieldError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        match self.value()? {
            None => visitor.visit_unit(),
            Some(Cow::Borrowed(value)) => value.deserialize_any(visitor).map_err(FieldError::custom),
            Some(Cow::Owned(value)) => value.deserialize_any(visitor).map_err(FieldError::custom),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        if self.is_given() { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        let text = match self {
            Self::Field(form, name) => form.text(name)?,
            Self::Value(value, _) => text_of(value, "")?,
            Self::Form(_) | Self::Made(_) => None,
        };
        visitor.visit_borrowed_str(text.ok_or(Fault::Missing)?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        match self.value()?.as_deref() {
            Some(Value::Bool(given)) => visitor.visit_bool(*given),
            Some(_) => Err(Fault::Malformed("true or false, without quotes").into()),
            None => Err(Fault::Missing.into()),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        match self.value()? {
            Some(Cow::Owned(made @ Value::Array(_))) => made.deserialize_seq(visitor).map_err(FieldError::custom),
            Some(Cow::Borrowed(Value::Array(items))) => visitor.visit_seq(ListItems(items.iter().enumerate())),
            Some(_) => Err(FieldError::custom(&visitor as &dyn Expected)),
            None => Err(Fault::Missing.into()),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        visitor.visit_newtype_struct(match (name, self) {
            ("$texts", Self::Field(form, name)) => Self::Made(Some(form.texts(name)?.into())),
            ("$words", Self::Field(form, name)) => Self::Made(Some(form.texts_or_numbers(name)?.into())),
            ("$object", Self::Field(form, name)) => Self::Made(form.object(name)?),
            ("$file", Self::Field(form, name)) => Self::Made(form.file_at(name)?.map(Value::from)),
            (_, node) => node,
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        let index = if let Self::Value(_, index) = self { index } else { None };
        let read = self.entries(fields, visitor);
        read.map_err(|wrong| if let Some(index) = index { wrong.within(&format!("[{index}]")) } else { wrong })
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct map enum identifier
        ignored_any
    }
}

impl<'de> IntoDeserializer<'de, FieldError> for Node<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

struct FormEntries<'de, I> {
    nodes: I,
    next: Option<(&'static str, Node<'de>)>,
}

impl<'de, I: Iterator<Item = (&'static str, Node<'de>)>> MapAccess<'de> for FormEntries<'de, I> {
    type Error = FieldError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, key: K) -> Result<Option<K::Value>, FieldError> {
        self.next = self.nodes.next();
        self.next.as_ref().map(|(name, _)| key.deserialize((*name).into_deserializer())).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, FieldError> {
        let (name, node) = self.next.take().ok_or_else(|| FieldError::custom("a field"))?;
        seed.deserialize(node).map_err(|wrong| wrong.within(name))
    }
}

struct ListItems<'de>(std::iter::Enumerate<std::slice::Iter<'de, Value>>);

impl<'de> SeqAccess<'de> for ListItems<'de> {
    type Error = FieldError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, FieldError> {
        self.0.next().map(|(index, item)| seed.deserialize(Node::Value(Some(item), Some(index)))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}
