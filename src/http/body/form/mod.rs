//! Reads the three kinds of bodies that clients send: JSON objects, urlencoded forms, multipart forms with files.
//! Bounds apply while a body arrives. Field names are compared exactly.

mod call;
mod disposition;
mod fault;
mod fields;
mod limits;
mod multipart;
mod part_heads;

use std::{borrow::Cow, io, time::Duration};

use actix_web::{
    HttpRequest,
    error::PayloadError,
    http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName},
    web::{self, Bytes},
};
use futures_util::{Stream, StreamExt as _};
use percent_encoding::percent_decode;
use serde_json::{Map, Value};

pub(crate) use self::call::read_from;
use self::{
    call::QueryAndBody,
    disposition::{PartHead, PartKind},
};
pub use self::{
    call::{Authenticate, Body, Call, Source, UploadedFiles, pictures, usual},
    fault::BodyFault,
    fields::{AtMost, FileAt, Object, Optional, Parse, Required, Texts, Words, raised, value},
    limits::FormLimits,
};
use super::{
    json, parsed,
    spool::{Spool, UploadedFile},
};
use crate::{
    domain::{Error, Fault, Format},
    http::{connection::read_budget::ReadAccount, masking},
    service::UploadedPicture as Picture,
};

/// Bytes of an upload that are collected before they move to a blocking thread: 80 moves for a file of 10 MiB.
const SPOOL_BYTES: usize = 128 * 1024;

/// Of the pieces that hold a body: one growing buffer would leave as many bytes of holes as the body has.
const PIECE_BYTES: usize = 64 * 1024;

/// The first allocation for a body that arrives slowly. A client that sends more gets [`PIECE_BYTES`].
const BEGUN_BYTES: usize = 4 * 1024;

const TYPES: &str = "application/json, application/x-www-form-urlencoded or multipart/form-data";

/// The fields of a body, in any of the encodings. Every accessor except [`Form::texts`] refuses a field that is given
/// twice. Empty text is text.
#[derive(Debug, Default)]
pub struct Form(FormContent);

#[derive(Debug)]
enum FormContent {
    Object(Map<String, Value>),
    Fields(Vec<(String, FormField)>),
    QueryAndBody(Box<QueryAndBody>),
}

impl Default for FormContent {
    fn default() -> Self {
        Self::Fields(Vec::new())
    }
}

#[derive(Debug)]
enum FormField {
    Text(String),
    File(UploadedFile),
}

impl Form {
    /// Reads a body by its declared type. A missing body is a form without fields. A body without a type is read as
    /// JSON if it begins with a brace, else as urlencoded.
    /// # Errors
    /// Every [`BodyFault`]. Spooled files are removed then.
    pub async fn read(
        head: &HttpRequest,
        payload: web::Payload,
        limits: &FormLimits,
        spool: &Spool,
    ) -> Result<Self, BodyFault> {
        let kind = BodyType::of(head)?;
        if kind == BodyType::Multipart {
            let fields = within(limits.wait_max, multipart::read(head, payload, limits, spool)).await?;
            return Ok(Self(FormContent::Fields(fields)));
        }
        let body = within(limits.wait_max, buffered(head, payload, limits)).await?;
        let (bytes, limits) = (body.len(), *limits);
        let parse = move || match kind == BodyType::Json || kind == BodyType::Undeclared && is_braced(&body) {
            true => object(&body).map(|object| (json::weight_bytes(&object), FormContent::Object(object))),
            false => encoded(&body, &limits).map(|fields| (0, fields)),
        };
        let (weight, given) = parsed(bytes, parse).await.map_err(BodyFault::Server)??;
        hold(head, weight);
        Ok(Self(given))
    }

    /// Like [`Form::read`], for an endpoint that takes one file: a body that is no form is that file, as the field
    /// `name`.
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
        let bytes_max = limits.file_bytes_max;
        let chunks = payload.map(|chunk| chunk.map_err(|fault| lost(&fault)));
        let too_long = || too_large("The request body", bytes_max);
        let file = within(limits.wait_max, spooled(head, chunks, bytes_max, too_long, spool)).await?;
        let is_given = file.bytes() > 0;
        Ok(Self(FormContent::Fields(is_given.then(|| (name.to_owned(), FormField::File(file))).into_iter().collect())))
    }

    /// Reads the query of an address as a form.
    /// # Errors
    /// [`BodyFault::Malformed`] for what is not UTF-8 when unescaped; [`BodyFault::TooLarge`] and
    /// [`BodyFault::TooMany`] as in a form.
    pub fn query(query: &str) -> Result<Self, BodyFault> {
        fields(query.as_bytes(), &FormLimits::default()).map(FormContent::Fields).map(Self)
    }

    /// Returns the text of a field. JSON null counts as missing.
    /// # Errors
    /// `Invalid` for a field given twice, for a file and for any other JSON value: a number is not text.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, Error> {
        match &self.0 {
            FormContent::Object(object) => text_of(object.get(name), name),
            FormContent::QueryAndBody(pair) => {
                pair.one(name, |form| Ok(form.text(name)?.filter(|text| !text.is_empty())))
            }
            FormContent::Fields(fields) => match one(fields, name)? {
                None => Ok(None),
                Some(FormField::Text(text)) => Ok(Some(text)),
                Some(FormField::File(_)) => Err(Fault::Malformed("text, not a file").at(name)),
            },
        }
    }

    /// Returns the texts of a field that may be repeated in a form or be a list in JSON; empty if missing. A form may
    /// also call the field `name[]`, `name[0]` or `name[][0]`, as PHP, axios and superagent do.
    /// # Errors
    /// `Invalid` as for [`Form::text`].
    pub fn texts(&self, name: &'static str) -> Result<Vec<&str>, Error> {
        let fields = match &self.0 {
            FormContent::Object(object) => {
                return match object.get(name) {
                    Some(Value::Array(items)) => {
                        items.iter().filter_map(|item| text_of(Some(item), name).transpose()).collect()
                    }
                    value => Ok(text_of(value, name)?.into_iter().collect()),
                };
            }
            FormContent::QueryAndBody(pair) => return Ok([pair.body.texts(name)?, pair.query.texts(name)?].concat()),
            FormContent::Fields(fields) => fields,
        };
        let named = fields.iter().filter(|(known, _)| is_of_list(known, name));
        named
            .map(|(_, field)| match field {
                FormField::Text(text) => Ok(text.as_str()),
                FormField::File(_) => Err(Fault::Malformed("text, not a file").at(name)),
            })
            .collect()
    }

    /// Returns the value of a field: any JSON value but null, or the text of a form's field.
    /// # Errors
    /// `Invalid` for a field given twice and for a file.
    pub fn value(&self, name: &'static str) -> Result<Option<Cow<'_, Value>>, Error> {
        match &self.0 {
            FormContent::Object(object) => Ok(object.get(name).filter(|value| !value.is_null()).map(Cow::Borrowed)),
            FormContent::QueryAndBody(pair) => {
                pair.one(name, |form| Ok(form.value(name)?.filter(|value| **value != "")))
            }
            FormContent::Fields(_) => Ok(self.text(name)?.map(|text| Cow::Owned(Value::from(text)))),
        }
    }

    /// Returns the value of a field that is "an object, or JSON text": text is parsed as JSON. Empty text and null
    /// count as missing.
    /// # Errors
    /// `Invalid` for text that is not JSON, for a field given twice, for a file, and for fields such as `name[key]`,
    /// into which some libraries split an object.
    pub fn json(&self, name: &'static str) -> Result<Option<Value>, Error> {
        if let FormContent::Fields(fields) = &self.0 {
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

    /// Like [`Form::json`], for an object. An empty list counts as an empty object, because PHP encodes it so.
    pub fn object(&self, name: &'static str) -> Result<Option<Value>, Error> {
        let is_empty_list = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
        Ok(self.json(name)?.map(|value| if is_empty_list(&value) { Value::Object(Map::new()) } else { value }))
    }

    pub fn picture(&mut self, name: &'static str, accepted: &'static [Format]) -> Result<Option<Picture>, Error> {
        Ok(self.file(name)?.map(|file| call::picture(file, name, accepted)))
    }

    /// Takes a file out of the form. Empty text and the empty file that a browser sends for an unused input count as
    /// missing.
    /// # Errors
    /// `Invalid` for a field given twice and for anything that is no file.
    pub fn file(&mut self, name: &'static str) -> Result<Option<UploadedFile>, Error> {
        let at = self.file_at(name)?;
        if let (FormContent::Fields(fields), Some(at)) = (&mut self.0, at)
            && let FormField::File(upload) = fields.swap_remove(at).1
        {
            return Ok(Some(upload));
        }
        Ok(None)
    }

    fn file_at(&self, name: &'static str) -> Result<Option<usize>, Error> {
        if let FormContent::Fields(fields) = &self.0
            && let Some(FormField::File(_)) = one(fields, name)?
        {
            return Ok(fields.iter().position(|(known, _)| known == name));
        }
        match self.value(name)?.as_deref() {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(_) => Err(Fault::Malformed("a file, in a multipart/form-data body").at(name)),
        }
    }

    pub fn has(&self, name: &'static str) -> bool {
        match &self.0 {
            FormContent::QueryAndBody(pair) => {
                [&pair.query, &pair.body].iter().any(|form| form.text(name) != Ok(Some("")) && form.has(name))
            }
            FormContent::Object(object) => object.get(name).is_some_and(|value| !value.is_null()),
            FormContent::Fields(fields) => fields.iter().any(|(known, _)| known == name),
        }
    }

    pub fn take_object(&mut self) -> Option<Map<String, Value>> {
        if let FormContent::Object(object) = &mut self.0 { Some(std::mem::take(object)) } else { None }
    }

    fn into_files(self) -> UploadedFiles {
        let file = |(_, field)| match field {
            FormField::File(upload) => Some(upload),
            FormField::Text(_) => None,
        };
        UploadedFiles(match self.0 {
            FormContent::Object(_) | FormContent::QueryAndBody(_) => Vec::new(),
            FormContent::Fields(fields) => fields.into_iter().map(file).collect(),
        })
    }
}

/// Whether a field is `name`, `name[]`, `name[0]` or `name[][0]`.
fn is_of_list(field: &str, name: &str) -> bool {
    let Some(rest) = field.strip_prefix(name) else { return false };
    let index = |rest: &str| rest.strip_prefix('[')?.strip_suffix(']').map(str::to_owned);
    let rest = rest.strip_prefix("[]").filter(|rest| !rest.is_empty()).unwrap_or(rest);
    rest.is_empty() || index(rest).is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit()))
}

impl From<Map<String, Value>> for Form {
    fn from(object: Map<String, Value>) -> Self {
        Self(FormContent::Object(object))
    }
}

/// Serves vendors whose bodies are all JSON: clients often declare urlencoded (`curl -d`, PHP). Returns None without a
/// body.
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

/// Like [`read_object`], for calls that may wait long: only the result of `read` is kept, and the body no longer counts
/// against the read budget.
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
    let made = parsed(bytes, parse).await.map_err(BodyFault::Server)??;
    release_all(head);
    Ok(made)
}

/// Serves calls that wait for a permit of their own after the handler has dropped the body.
pub fn release_all(head: &HttpRequest) {
    release(head, usize::MAX);
}

/// Counts a parsed body of this size against the read budget until the request is answered.
fn hold(head: &HttpRequest, weight_bytes: usize) {
    if let Some(account) = head.conn_data::<ReadAccount>() {
        account.hold(weight_bytes);
    }
}

fn release(head: &HttpRequest, bytes: usize) {
    if let Some(account) = head.conn_data::<ReadAccount>() {
        account.release(bytes);
    }
}

/// Writes the chunks of a file of at most `bytes_max` into the spool as they arrive.
async fn spooled(
    head: &HttpRequest,
    mut chunks: impl Stream<Item = Result<Bytes, BodyFault>> + Unpin,
    bytes_max: u64,
    too_long: impl Fn() -> BodyFault,
    spool: &Spool,
) -> Result<UploadedFile, BodyFault> {
    let (mut file, mut gathered, mut bytes) = (None, Vec::new(), 0);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        bytes += chunk.len() as u64;
        if bytes > bytes_max {
            return Err(too_long());
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
    Ok(UploadedFile::new(file, bytes))
}

fn one<'a>(fields: &'a [(String, FormField)], name: &'static str) -> Result<Option<&'a FormField>, Error> {
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum BodyType {
    Json,
    Urlencoded,
    Multipart,
    Undeclared,
}

impl BodyType {
    fn of(head: &HttpRequest) -> Result<Self, BodyFault> {
        refuse_encoding(head)?;
        let Some(declared) = header(head, &CONTENT_TYPE)? else { return Ok(Self::Undeclared) };
        let mut parts = declared.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
        let kind = match essence.as_str() {
            "" => Self::Undeclared,
            "application/json" | "text/json" => Self::Json,
            // A JSON type with a name of its own (RFC 6839): `application/vnd.api+json`.
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

/// Compressed bodies are refused: what arrives does not bound the unpacked size.
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

/// Refuses by the declared length before a byte is read.
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
        BodyFault::Server(Error::Busy)
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

fn encoded(body: &[u8], limits: &FormLimits) -> Result<FormContent, BodyFault> {
    // No encoder leaves a brace unescaped: this is JSON with a missing header, as from `curl -d`.
    if is_braced(body) {
        return Err(BodyFault::Unsupported(
            "The request body is JSON but declared as a form: send the header Content-Type: application/json".into(),
        ));
    }
    fields(json::without_mark(body), limits).map(FormContent::Fields)
}

fn fields(text: &[u8], limits: &FormLimits) -> Result<Vec<(String, FormField)>, BodyFault> {
    let mut fields = Vec::new();
    for pair in text.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
        let at = pair.iter().position(|b| *b == b'=');
        // The Qiscus SDK turns null into a key without `=` in a browser: it is empty text.
        let (name, value) = at.and_then(|at| Some((pair.get(..at)?, pair.get(at + 1..)?))).unwrap_or((pair, b""));
        let name = unescaped(name).ok_or_else(|| not_utf8("The name of a field".to_owned()))?;
        let value = unescaped(value).ok_or_else(|| not_utf8(format!("The field {}", shown(&name))))?;
        bounded(&name, value.len() as u64, limits)?;
        counted(fields.len(), limits)?;
        fields.push((name, FormField::Text(value)));
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

/// As an error may repeat it: a long or odd name may be a whole body with secrets, sent under the wrong type.
fn shown(name: &str) -> String {
    match masking::is_name(name) {
        true => name.to_owned(),
        false => format!("whose name has {} bytes", name.len()),
    }
}
