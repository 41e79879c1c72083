//! One reader for the three bodies the vendors' clients send: a JSON object, an urlencoded form, a multipart form with files.
//!
//! Everything is bounded while it arrives. Field names are compared exactly; fields nobody asks for are ignored.

mod call;
mod disposition;
mod fault;
mod fields;
mod limits;
mod multipart;
mod pair;
mod part_heads;

use std::{borrow::Cow, io, time::Duration};

use actix_web::{
    HttpRequest,
    error::PayloadError,
    http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName},
    web,
};
use futures_util::StreamExt as _;
use percent_encoding::percent_decode;
use serde_json::{Map, Value};

pub(crate) use self::call::read_from;
pub use self::{
    call::{Authenticate, Body, Call, Files, Source, pictures, usual},
    fault::BodyFault,
    fields::{AtMost, FileAt, Object, Optional, Parse, Required, Texts, raised, value},
    limits::FormLimits,
};
use self::{
    disposition::{PartHead, PartKind},
    pair::Pair,
};
use super::{
    json,
    parsing::parsed,
    read_budget::ReadAccount,
    showing,
    spool::{Spool, Upload},
};
use crate::{
    domain::{
        error::{Error, Fault},
        upload::Format,
    },
    service::pictures::Upload as Picture,
};

/// Bytes of an upload that are gathered before they cross to a blocking thread: 80 crossings for a file of 10 MiB.
const SPOOL_BYTES: usize = 128 * 1024;

/// Of a piece of a body that is held in memory while it arrives. One buffer that grows would leave the former ones behind as holes, of as
/// many bytes as the body has.
const PIECE_BYTES: usize = 64 * 1024;

/// Memory for the beginning of a body that arrives in small steps. Only a client that has sent more gets [`PIECE_BYTES`].
const BEGUN_BYTES: usize = 4 * 1024;

const TYPES: &str = "application/json, application/x-www-form-urlencoded or multipart/form-data";

/// What a client sent, whichever way it was written.
///
/// A field given twice is refused by every accessor but [`Form::texts`]: no first or last wins. Empty text is text; which
/// fields may be given empty is the door's rule.
#[derive(Debug, Default)]
pub struct Form(Given);

#[derive(Debug)]
enum Given {
    Object(Map<String, Value>),
    Fields(Vec<(String, Field)>),
    /// A query, and the body beside it.
    Pair(Box<Pair>),
}

/// No fields.
impl Default for Given {
    fn default() -> Self {
        Self::Fields(Vec::new())
    }
}

#[derive(Debug)]
enum Field {
    Text(String),
    File(Upload),
}

impl Form {
    /// Reads a body by its declared type. No body at all is a form without fields, whatever type was declared; a body without a type is
    /// read as JSON if it begins with a brace, else as urlencoded.
    /// # Errors
    /// Every [`BodyFault`]. What was spooled until then is gone.
    pub async fn read(
        head: &HttpRequest,
        payload: web::Payload,
        limits: &FormLimits,
        spool: &Spool,
    ) -> Result<Self, BodyFault> {
        let kind = Kind::of(head)?;
        if kind == Kind::Multipart {
            let fields = within(limits.wait_max, multipart::read(head, payload, limits, spool)).await?;
            return Ok(Self(Given::Fields(fields)));
        }
        let body = within(limits.wait_max, buffered(head, payload, limits)).await?;
        let (bytes, limits) = (body.len(), *limits);
        let parse = move || match kind == Kind::Json || kind == Kind::Undeclared && is_braced(&body) {
            true => object(&body).map(|object| (json::weight_bytes(&object), Given::Object(object))),
            false => encoded(&body, &limits).map(|fields| (0, fields)),
        };
        let (weight, given) = parsed(bytes, parse).await.map_err(BodyFault::House)??;
        hold(head, weight);
        Ok(Self(given))
    }

    /// As [`Form::read`], for a call that is about one file: a body of any type that is no form is that file, as the field `name`.
    /// # Errors
    /// As [`Form::read`].
    pub async fn read_with_file(
        head: &HttpRequest,
        payload: web::Payload,
        limits: &FormLimits,
        spool: &Spool,
        name: &str,
    ) -> Result<Self, BodyFault> {
        let declared = header(head, &CONTENT_TYPE)?.unwrap_or_default().to_ascii_lowercase();
        if declared.starts_with("multipart/form-data") {
            return Self::read(head, payload, limits, spool).await;
        }
        refuse_encoding(head)?;
        refuse_announced(head, limits.file_bytes_max)?;
        let file = within(limits.wait_max, spooled(head, payload, limits, spool)).await?;
        let is_given = file.bytes() > 0;
        Ok(Self(Given::Fields(is_given.then(|| (name.to_owned(), Field::File(file))).into_iter().collect())))
    }

    /// Reads the query of an address as a form.
    /// # Errors
    /// [`BodyFault::Malformed`] for what is not UTF-8 when unescaped; [`BodyFault::TooLarge`] and [`BodyFault::TooMany`] as in a form.
    pub fn query(query: &str) -> Result<Self, BodyFault> {
        fields(query.as_bytes(), &FormLimits::default()).map(Given::Fields).map(Self)
    }

    /// The text of a field. A JSON null reads as not given.
    /// # Errors
    /// `Invalid` for a field given twice, for a file and for any other JSON value: a number is not text, the client quotes it.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, Error> {
        match &self.0 {
            Given::Object(object) => text_of(object.get(name), name),
            Given::Pair(pair) => pair.one(name, |form| Ok(form.text(name)?.filter(|text| !text.is_empty()))),
            Given::Fields(fields) => match one(fields, name)? {
                None => Ok(None),
                Some(Field::Text(text)) => Ok(Some(text)),
                Some(Field::File(_)) => Err(Fault::Malformed("text, not a file").at(name)),
            },
        }
    }

    /// The texts of a field that may be repeated in a form, or be a list of texts in JSON. Not given is an empty list. In a form the field
    /// may be called `name[]` or `name[0]`, too, as PHP and axios write lists.
    /// # Errors
    /// `Invalid` as for [`Form::text`].
    pub fn texts(&self, name: &'static str) -> Result<Vec<&str>, Error> {
        let fields = match &self.0 {
            Given::Object(object) => {
                return match object.get(name) {
                    Some(Value::Array(items)) => {
                        items.iter().filter_map(|item| text_of(Some(item), name).transpose()).collect()
                    }
                    value => Ok(text_of(value, name)?.into_iter().collect()),
                };
            }
            Given::Pair(pair) => return Ok([pair.body.texts(name)?, pair.query.texts(name)?].concat()),
            Given::Fields(fields) => fields,
        };
        let named = fields.iter().filter(|(known, _)| is_of_list(known, name));
        named
            .map(|(_, field)| match field {
                Field::Text(text) => Ok(text.as_str()),
                Field::File(_) => Err(Fault::Malformed("text, not a file").at(name)),
            })
            .collect()
    }

    /// The value of a field as it was sent: any JSON value but null, or the text of a form's field.
    /// # Errors
    /// `Invalid` for a field given twice and for a file.
    pub fn value(&self, name: &'static str) -> Result<Option<Cow<'_, Value>>, Error> {
        match &self.0 {
            Given::Object(object) => Ok(object.get(name).filter(|value| !value.is_null()).map(Cow::Borrowed)),
            Given::Pair(pair) => pair.one(name, |form| Ok(form.value(name)?.filter(|value| **value != ""))),
            Given::Fields(_) => Ok(self.text(name)?.map(|text| Cow::Owned(Value::from(text)))),
        }
    }

    /// The value of a field that is "an object, or JSON text": text is read as JSON. Empty text and null read as not given.
    /// # Errors
    /// `Invalid` for text that is not JSON, for a field given twice, for a file, and for fields such as `name[key]`, into which libraries
    /// divide an object.
    pub fn json(&self, name: &'static str) -> Result<Option<Value>, Error> {
        if let Given::Fields(fields) = &self.0 {
            let is_part = |field: &str| field.strip_prefix(name).is_some_and(|rest| rest.starts_with('['));
            if fields.iter().any(|(field, _)| is_part(field)) {
                return Err(Fault::Malformed("JSON text in one field, not divided into fields with brackets").at(name));
            }
        }
        let Some(value) = self.value(name)? else { return Ok(None) };
        let Value::String(text) = value.as_ref() else { return Ok(Some(value.into_owned())) };
        if text.is_empty() {
            return Ok(None);
        }
        let read = json::parse(text.as_bytes()).map_err(|_| Fault::Malformed("valid JSON").at(name))?;
        Ok(Some(read).filter(|value| !value.is_null()))
    }

    /// As [`Form::json`], for a field that is an object: an empty list is an empty object, as PHP writes one.
    /// # Errors
    /// As [`Form::json`].
    pub fn object(&self, name: &'static str) -> Result<Option<Value>, Error> {
        let is_empty_list = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
        Ok(self.json(name)?.map(|value| if is_empty_list(&value) { Value::Object(Map::new()) } else { value }))
    }

    /// Takes a picture out of the form, to be judged by its bytes.
    /// # Errors
    /// As [`Form::file`].
    pub fn picture(&mut self, name: &'static str, accepted: &'static [Format]) -> Result<Option<Picture>, Error> {
        Ok(self.file(name)?.map(|file| call::picture(file, name, accepted)))
    }

    /// Takes a file out of the form. What a browser sends for a file nobody chose, and empty text, read as not given.
    /// # Errors
    /// `Invalid` for a field given twice and for anything that is no file.
    pub fn file(&mut self, name: &'static str) -> Result<Option<Upload>, Error> {
        let at = self.file_at(name)?;
        if let (Given::Fields(fields), Some(at)) = (&mut self.0, at)
            && let Field::File(upload) = fields.swap_remove(at).1
        {
            return Ok(Some(upload));
        }
        Ok(None)
    }

    /// Where a file stands. What a browser sends for a file nobody chose, and empty text, read as not given.
    fn file_at(&self, name: &'static str) -> Result<Option<usize>, Error> {
        if let Given::Fields(fields) = &self.0
            && let Some(Field::File(_)) = one(fields, name)?
        {
            return Ok(fields.iter().position(|(known, _)| known == name));
        }
        match self.value(name)?.as_deref() {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(_) => Err(Fault::Malformed("a file, in a multipart/form-data body").at(name)),
        }
    }

    /// Whether there is such a field; null is none.
    pub fn has(&self, name: &'static str) -> bool {
        match &self.0 {
            Given::Pair(pair) => {
                [&pair.query, &pair.body].iter().any(|form| form.text(name) != Ok(Some("")) && form.has(name))
            }
            Given::Object(object) => object.get(name).is_some_and(|value| !value.is_null()),
            Given::Fields(fields) => fields.iter().any(|(known, _)| known == name),
        }
    }

    /// Takes the whole of a body that is a JSON object; none where there is no body.
    pub fn take_object(&mut self) -> Option<Map<String, Value>> {
        if let Given::Object(object) = &mut self.0 { Some(std::mem::take(object)) } else { None }
    }

    fn into_files(self) -> Files {
        let file = |(_, field)| match field {
            Field::File(upload) => Some(upload),
            Field::Text(_) => None,
        };
        Files(match self.0 {
            Given::Object(_) | Given::Pair(_) => Vec::new(),
            Given::Fields(fields) => fields.into_iter().map(file).collect(),
        })
    }
}

/// Whether a field of a form is the list of this name, or an item of it.
fn is_of_list(field: &str, name: &str) -> bool {
    let index = |rest: &str| rest.strip_prefix('[')?.strip_suffix(']').map(str::to_owned);
    field.strip_prefix(name).is_some_and(|rest| {
        rest.is_empty() || index(rest).is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// An object that came within another text reads like one that was a body.
impl From<Map<String, Value>> for Form {
    fn from(object: Map<String, Value>) -> Self {
        Self(Given::Object(object))
    }
}

/// Reads a body that is a JSON object whatever its declared type: for wires whose every body is JSON and whose clients often leave the
/// type to a library that says urlencoded (`curl -d`, PHP). None where there is no body at all, so that a body that was forgotten is
/// not taken for one that clears.
/// # Errors
/// As [`Form::read`].
pub async fn read_object(
    head: &HttpRequest,
    payload: web::Payload,
    limits: &FormLimits,
) -> Result<Option<Map<String, Value>>, BodyFault> {
    let weighed = |object: Option<Map<String, Value>>| (object.as_ref().map_or(0, json::weight_bytes), object);
    let (weight, object) = read_object_as(head, payload, limits, weighed).await?;
    hold(head, weight);
    Ok(object)
}

/// As [`read_object`], for calls that may be long: what `read` makes of the object is all that is kept of it. It runs where the body is
/// parsed, and the body counts against the read budget no longer, so that a call that waits for a turn of its own does not keep others
/// from being read.
/// # Errors
/// As [`Form::read`].
pub async fn read_object_as<T: Send + 'static>(
    head: &HttpRequest,
    payload: web::Payload,
    limits: &FormLimits,
    read: impl FnOnce(Option<Map<String, Value>>) -> T + Send + 'static,
) -> Result<T, BodyFault> {
    refuse_encoding(head)?;
    let body = within(limits.wait_max, buffered(head, payload, limits)).await?;
    let bytes = body.len();
    let parse = move || {
        let object = if body.is_empty() { None } else { Some(object(&body)?) };
        drop(body);
        Ok(read(object))
    };
    let made = parsed(bytes, parse).await.map_err(BodyFault::House)??;
    release_all(head);
    Ok(made)
}

/// Nothing of the request's body is held any more: the handler has taken from it what it needs and dropped it. For calls that wait for a
/// turn of their own, so that what waits there does not keep others from being read.
pub fn release_all(head: &HttpRequest) {
    release(head, usize::MAX);
}

/// A parsed body of so many bytes counts against the read budget until the call is answered.
fn hold(head: &HttpRequest, weight_bytes: usize) {
    if let Some(account) = head.conn_data::<ReadAccount>() {
        account.hold(weight_bytes);
    }
}

/// These bytes of a body are in the spool, or let go.
fn release(head: &HttpRequest, bytes: usize) {
    if let Some(account) = head.conn_data::<ReadAccount>() {
        account.release(bytes);
    }
}

async fn spooled(
    head: &HttpRequest,
    mut payload: web::Payload,
    limits: &FormLimits,
    spool: &Spool,
) -> Result<Upload, BodyFault> {
    let (mut file, mut gathered, mut bytes) = (None, Vec::new(), 0);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|fault| lost(&fault))?;
        bytes += chunk.len() as u64;
        if bytes > limits.file_bytes_max {
            return Err(too_large("The request body", limits.file_bytes_max));
        }
        gathered.extend_from_slice(&chunk);
        if gathered.len() >= SPOOL_BYTES {
            let size = gathered.len();
            let (written, emptied) = spool.append(file, gathered).await?;
            release(head, size);
            (file, gathered) = (Some(written), emptied);
        }
    }
    let size = gathered.len();
    let (file, _) = spool.append(file, gathered).await?;
    release(head, size);
    Ok(Upload::new(file, bytes))
}

fn one<'a>(fields: &'a [(String, Field)], name: &'static str) -> Result<Option<&'a Field>, Error> {
    let mut named = fields.iter().filter(|(known, _)| known == name).map(|(_, field)| field);
    match (named.next(), named.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => Err(Fault::Malformed("given once, not twice").at(name)),
    }
}

fn text_of<'a>(value: Option<&'a Value>, name: &'static str) -> Result<Option<&'a str>, Error> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(Fault::Malformed("text, in quotes").at(name))
        }
    }
}

/// The declared type of a body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Json,
    Urlencoded,
    Multipart,
    Undeclared,
}

impl Kind {
    fn of(head: &HttpRequest) -> Result<Self, BodyFault> {
        refuse_encoding(head)?;
        let Some(declared) = header(head, &CONTENT_TYPE)? else { return Ok(Self::Undeclared) };
        let mut parts = declared.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
        let kind = match essence.as_str() {
            "" => Self::Undeclared,
            "application/json" | "text/json" => Self::Json,
            // A kind of JSON with a name of its own (RFC 6839): `application/vnd.api+json`.
            named if named.ends_with("+json") => Self::Json,
            "application/x-www-form-urlencoded" => Self::Urlencoded,
            "multipart/form-data" => Self::Multipart,
            _ => return Err(unsupported(format!("The Content-Type must be {TYPES}"))),
        };
        let charset =
            parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("charset"));
        match charset.map(|(_, charset)| charset.trim_matches(['"', '\'', ' ']).to_ascii_lowercase()) {
            Some(charset) if !matches!(charset.as_str(), "" | "utf-8" | "utf8" | "utf_8" | "us-ascii" | "ascii") => {
                Err(BodyFault::Unsupported("The charset must be UTF-8".into()))
            }
            Some(_) | None => Ok(kind),
        }
    }
}

fn unsupported(why: String) -> BodyFault {
    BodyFault::Unsupported(why.into())
}

/// A body is never unpacked: what it would become is not bounded by what arrives.
fn refuse_encoding(head: &HttpRequest) -> Result<(), BodyFault> {
    match header(head, &CONTENT_ENCODING)? {
        Some(coding) if !coding.is_empty() && !coding.eq_ignore_ascii_case("identity") => {
            Err(BodyFault::Unsupported("The body must be sent as it is, without a Content-Encoding".into()))
        }
        Some(_) | None => Ok(()),
    }
}

fn header<'a>(head: &'a HttpRequest, name: &HeaderName) -> Result<Option<&'a str>, BodyFault> {
    let Some(value) = head.headers().get(name) else { return Ok(None) };
    let text = value.to_str().map_err(|_| unsupported(format!("The header {name} must be plain ASCII")))?;
    Ok(Some(text.trim()))
}

/// Refuses by the announced length before a byte is read.
fn refuse_announced(head: &HttpRequest, bytes_max: u64) -> Result<(), BodyFault> {
    let announced = header(head, &CONTENT_LENGTH)?.and_then(|length| length.parse().ok()).unwrap_or(0);
    match announced > bytes_max {
        true => Err(too_large("The request body", bytes_max)),
        false => Ok(()),
    }
}

fn too_large(what: impl Into<Cow<'static, str>>, bytes_max: u64) -> BodyFault {
    BodyFault::TooLarge { what: what.into(), bytes_max }
}

async fn within<T>(wait_max: Duration, read: impl Future<Output = Result<T, BodyFault>>) -> Result<T, BodyFault> {
    match tokio::time::timeout(wait_max, read).await {
        Ok(read) => read,
        Err(_elapsed) => Err(BodyFault::TimedOut { wait_max }),
    }
}

async fn buffered(head: &HttpRequest, mut payload: web::Payload, limits: &FormLimits) -> Result<Vec<u8>, BodyFault> {
    let bytes_max = limits.json_bytes_max;
    refuse_announced(head, bytes_max)?;
    let (mut pieces, mut piece, mut bytes) = (Vec::new(), Vec::new(), 0);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|fault| lost(&fault))?;
        bytes += chunk.len() as u64;
        if bytes > bytes_max {
            return Err(too_large("The request body", bytes_max));
        }
        let mut rest: &[u8] = &chunk;
        while !rest.is_empty() {
            if piece.len() == PIECE_BYTES {
                pieces.push(std::mem::replace(&mut piece, Vec::with_capacity(PIECE_BYTES)));
            } else if !piece.is_empty() && piece.len() + rest.len() > piece.capacity() {
                // A client that sends two bytes and waits does not get a whole piece.
                let is_begun = piece.len() + rest.len() > BEGUN_BYTES;
                piece.reserve_exact(if is_begun { PIECE_BYTES } else { BEGUN_BYTES } - piece.len());
            }
            let (taken, left) = rest.split_at(rest.len().min(PIECE_BYTES - piece.len()));
            piece.extend_from_slice(taken);
            rest = left;
        }
    }
    if pieces.is_empty() {
        return Ok(piece);
    }
    pieces.push(piece);
    Ok(pieces.concat())
}

fn lost(fault: &PayloadError) -> BodyFault {
    if matches!(fault, PayloadError::EncodingCorrupted) {
        BodyFault::Malformed("The chunks of the request body are damaged".into())
    } else if matches!(fault, PayloadError::Io(fault) if fault.kind() == io::ErrorKind::TimedOut) {
        BodyFault::TooSlow
    } else if matches!(fault, PayloadError::Io(fault) if fault.kind() == io::ErrorKind::ResourceBusy) {
        BodyFault::House(Error::Busy)
    } else {
        BodyFault::BrokenOff
    }
}

fn object(body: &[u8]) -> Result<Map<String, Value>, BodyFault> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    json::parse_object(body).map_err(|refused| BodyFault::Malformed(format!("The request body {refused}").into()))
}

fn is_braced(body: &[u8]) -> bool {
    json::without_mark(body).trim_ascii_start().first() == Some(&b'{')
}

fn encoded(body: &[u8], limits: &FormLimits) -> Result<Given, BodyFault> {
    // No encoder leaves a brace as it is: this is JSON whose header was forgotten, as with `curl -d`.
    if is_braced(body) {
        return Err(BodyFault::Unsupported(
            "The request body is JSON but declared as a form: send the header Content-Type: application/json".into(),
        ));
    }
    fields(json::without_mark(body), limits).map(Given::Fields)
}

fn fields(text: &[u8], limits: &FormLimits) -> Result<Vec<(String, Field)>, BodyFault> {
    let mut fields = Vec::new();
    for pair in text.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
        let at = pair.iter().position(|b| *b == b'=');
        // A key without `=` is what the Qiscus SDK makes of null in a browser: empty text.
        let (name, value) = at.and_then(|at| Some((pair.get(..at)?, pair.get(at + 1..)?))).unwrap_or((pair, b""));
        let name = unescaped(name).ok_or_else(|| not_utf8("The name of a field".to_owned()))?;
        let value = unescaped(value).ok_or_else(|| not_utf8(format!("The field {}", shown(&name))))?;
        bounded(&name, value.len() as u64, limits)?;
        counted(fields.len(), limits)?;
        fields.push((name, Field::Text(value)));
    }
    Ok(fields)
}

fn unescaped(text: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = text.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    String::from_utf8(percent_decode(&spaced).collect()).ok()
}

fn not_utf8(mut what: String) -> BodyFault {
    what.push_str(" is not valid UTF-8");
    BodyFault::Malformed(what.into())
}

fn bounded(name: &str, bytes: u64, limits: &FormLimits) -> Result<(), BodyFault> {
    let bytes_max = limits.of_field(name);
    match bytes > bytes_max {
        true => Err(too_large(format!("The field {}", shown(name)), bytes_max)),
        false => Ok(()),
    }
}

fn counted(so_far: usize, limits: &FormLimits) -> Result<(), BodyFault> {
    match so_far < limits.parts_max {
        true => Ok(()),
        false => Err(BodyFault::TooMany { what: "fields", count_max: limits.parts_max }),
    }
}

/// A client's field name as an error may repeat it: what is no name may be a whole body with its secrets, sent under the wrong type.
fn shown(name: &str) -> String {
    match showing::is_name(name) {
        true => name.to_owned(),
        false => format!("whose name has {} bytes", name.len()),
    }
}
