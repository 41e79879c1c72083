//! Multipart bodies: parts are bounded while they arrive, files go straight to the spool.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use actix_multipart::{Field as Part, Multipart, MultipartError};
use actix_web::{
    HttpMessage as _, HttpRequest,
    error::{ParseError, PayloadError},
    http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
    web::{self, Bytes},
};
use futures_util::{Stream, StreamExt as _};

use super::{
    BodyFault, FormField, FormLimits, PartHead, PartKind, bounded, counted, lost, not_utf8, part_heads::PartHeads,
    refuse_announced, release, shown, spooled, too_large, unsupported,
};
use crate::http::spool::{Spool, UploadedFile};

const CONTENT_TRANSFER_ENCODING: HeaderName = HeaderName::from_static("content-transfer-encoding");

/// Shared, because the rest after the last boundary is read when the parser is gone.
#[derive(Clone)]
struct Arriving(Rc<RefCell<Counted>>);

struct Counted {
    payload: web::Payload,
    bytes_left: u64,
    is_over: bool,
}

impl Stream for Arriving {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut counted = self.0.borrow_mut();
        let chunk = ready!(Pin::new(&mut counted.payload).poll_next(cx));
        let Some(Ok(bytes)) = &chunk else { return Poll::Ready(chunk) };
        let Some(bytes_left) = counted.bytes_left.checked_sub(bytes.len() as u64) else {
            counted.is_over = true;
            return Poll::Ready(Some(Err(PayloadError::Overflow)));
        };
        counted.bytes_left = bytes_left;
        Poll::Ready(chunk)
    }
}

pub(super) async fn read(
    head: &HttpRequest,
    payload: web::Payload,
    limits: &FormLimits,
    spool: &Spool,
) -> Result<Vec<(String, FormField)>, BodyFault> {
    let bytes_max = limits.multipart_bytes_max();
    refuse_announced(head, bytes_max)?;
    let mut arriving = Arriving(Rc::new(RefCell::new(Counted { payload, bytes_left: bytes_max, is_over: false })));
    let headers = mixed(head.headers());
    let boundary = boundary_of(head).unwrap_or_default();
    let heads = PartHeads::new(arriving.clone(), &boundary, limits.part_head_bytes_max);
    let mut read = parts_of(head, Multipart::new(&headers, heads), limits, spool).await;
    // The rest after the last boundary must be read, or the connection could not be used again.
    while read.is_ok()
        && let Some(chunk) = arriving.next().await
    {
        if let Err(fault) = chunk {
            read = Err(lost(&fault));
        }
    }
    if arriving.0.borrow().is_over {
        return Err(too_large("The request body", bytes_max));
    }
    let is_untouched = arriving.0.borrow().bytes_left == bytes_max;
    if is_untouched && arriving.next().await.is_none() {
        return Ok(Vec::new());
    }
    read
}

async fn parts_of(
    head: &HttpRequest,
    mut parts: Multipart,
    limits: &FormLimits,
    spool: &Spool,
) -> Result<Vec<(String, FormField)>, BodyFault> {
    let mut fields = Vec::new();
    let (mut parts_seen, mut files_seen, mut file_bytes_left) = (0, 0, limits.file_bytes_max);
    // All fields are in memory together; files are not.
    let mut text_bytes_left = limits.json_bytes_max;
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(|fault| damaged(&fault, limits))?;
        counted(parts_seen, limits)?;
        parts_seen += 1;
        let head_bytes: usize = part.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if head_bytes > limits.part_head_bytes_max {
            return Err(too_large("The head of a part", limits.part_head_bytes_max as u64));
        }
        let Some(PartHead { name, kind }) = PartHead::read(part.headers()) else {
            return Err(BodyFault::Malformed(NO_NAME.into()));
        };
        refuse_transfer_encoding(&name, part.headers())?;
        if kind == PartKind::Text {
            let text = text_part(&mut part, &name, text_bytes_left, limits).await?;
            text_bytes_left -= text.len() as u64;
            fields.push((name, FormField::Text(text)));
            continue;
        }
        if files_seen == limits.files_max {
            return Err(BodyFault::TooMany { what: "files", count_max: limits.files_max });
        }
        files_seen += 1;
        if !limits.keeps_files {
            file_bytes_left -= drop_file(head, &mut part, &name, file_bytes_left, limits).await?;
            continue;
        }
        let upload = file_part(head, &mut part, &name, file_bytes_left, limits, spool).await?;
        file_bytes_left -= upload.bytes();
        if upload.bytes() > 0 || kind == PartKind::File {
            fields.push((name, FormField::File(upload)));
        }
    }
    Ok(fields)
}

const NO_NAME: &str = "Every part of the form needs a header Content-Disposition: form-data with a name";

/// Refuses `base64` and `quoted-printable`. RFC 7578, section 4.7, deprecates the header for HTTP.
fn refuse_transfer_encoding(name: &str, headers: &HeaderMap) -> Result<(), BodyFault> {
    let is_as_it_is = |value: &HeaderValue| {
        let value = value.as_bytes().trim_ascii();
        [&b""[..], b"7bit", b"8bit", b"binary"].iter().any(|known| value.eq_ignore_ascii_case(known))
    };
    match headers.get_all(CONTENT_TRANSFER_ENCODING).all(is_as_it_is) {
        true => Ok(()),
        false => Err(unsupported(format!(
            "The field {} must be sent as it is (binary), without a Content-Transfer-Encoding",
            shown(name)
        ))),
    }
}

/// For `multipart/form-data` the parser refuses parts whose file names it cannot read; [`PartHead`] reads all.
fn mixed(headers: &HeaderMap) -> HeaderMap {
    const FORM: &[u8] = b"multipart/form-data";
    let mut mixed = HeaderMap::new();
    let Some(declared) = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes) else { return mixed };
    let Some((start, parameters)) = declared.split_at_checked(FORM.len()) else { return headers.clone() };
    if !start.eq_ignore_ascii_case(FORM) {
        return headers.clone();
    }
    if let Ok(value) = HeaderValue::from_bytes(&[b"multipart/mixed", parameters].concat()) {
        mixed.insert(CONTENT_TYPE, value);
    }
    mixed
}

fn boundary_of(head: &HttpRequest) -> Option<String> {
    head.mime_type().ok()??.get_param("boundary").map(|boundary| boundary.as_str().to_owned())
}

async fn text_part(part: &mut Part, name: &str, bytes_left: u64, limits: &FormLimits) -> Result<String, BodyFault> {
    let mut text = Vec::new();
    while let Some(chunk) = part.next().await {
        let chunk = chunk.map_err(|fault| damaged(&fault, limits))?;
        let bytes = (text.len() + chunk.len()) as u64;
        bounded(name, bytes, limits)?;
        if bytes > bytes_left {
            return Err(too_large("The text of all fields together", limits.json_bytes_max));
        }
        text.extend_from_slice(&chunk);
    }
    String::from_utf8(text).map_err(|_| not_utf8(format!("The field {}", shown(name))))
}

/// Returns the size in bytes of a file that the endpoint does not take.
async fn drop_file(
    head: &HttpRequest,
    part: &mut Part,
    name: &str,
    bytes_left: u64,
    limits: &FormLimits,
) -> Result<u64, BodyFault> {
    let mut bytes = 0;
    while let Some(chunk) = part.next().await {
        let chunk = chunk.map_err(|fault| damaged(&fault, limits))?;
        bytes += chunk.len() as u64;
        if bytes > bytes_left {
            return Err(too_large(format!("The file in {}", shown(name)), limits.file_bytes_max));
        }
        release(head, chunk.len());
    }
    Ok(bytes)
}

async fn file_part(
    head: &HttpRequest,
    part: &mut Part,
    name: &str,
    bytes_left: u64,
    limits: &FormLimits,
    spool: &Spool,
) -> Result<UploadedFile, BodyFault> {
    let chunks = part.map(|chunk| chunk.map_err(|fault| damaged(&fault, limits)));
    let too_long = || too_large(format!("The file in {}", shown(name)), limits.file_bytes_max);
    spooled(head, chunks, bytes_left, too_long, spool).await
}

fn damaged(fault: &MultipartError, limits: &FormLimits) -> BodyFault {
    use MultipartError as Damage;
    if let Damage::Payload(PayloadError::Overflow) = fault {
        // The parser's own error for a head or line that is too long.
        return too_large("The head of a part", limits.part_head_bytes_max as u64);
    }
    if let Damage::Payload(fault) = fault {
        return lost(fault);
    }
    let why = if matches!(fault, Damage::ContentDispositionMissing | Damage::ContentDispositionNameMissing) {
        NO_NAME
    } else if matches!(fault, Damage::Parse(ParseError::TooLarge)) {
        "The head of a part of the form has too many headers: Content-Disposition and Content-Type are enough"
    } else if matches!(fault, Damage::Parse(_)) {
        "The head of a part of the form cannot be read: send each header on one line, as Name: value, not folded over two"
    } else if matches!(fault, Damage::Nested) {
        "A part of the form may not be a form itself"
    } else if matches!(fault, Damage::ContentTypeParse | Damage::ContentTypeMissing | Damage::ContentTypeIncompatible) {
        "The Content-Type of the form cannot be read: send multipart/form-data with a boundary"
    } else {
        "The form is damaged: its boundary is missing or does not match, or it ends too early"
    };
    BodyFault::Malformed(why.into())
}
