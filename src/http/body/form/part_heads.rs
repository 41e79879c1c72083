//! Corrects the heads of parts before they are parsed: the framework's parser trusts a part's `Content-Length`, which
//! "MUST be ignored" (RFC 7578, section 4.8), and does not know the padding after a boundary (RFC 2046, 5.1.1).

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::{error::PayloadError, web::Bytes};
use bytes::BytesMut;
use futures_util::Stream;
use memchr::memmem;

const LENGTH: &[u8] = b"content-length";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PartPosition {
    /// Before the first boundary, or in a part.
    Body,
    Head,
    /// After the last boundary, or in what the parser will refuse.
    Rest,
}

pub(super) struct PartHeads<S> {
    inner: S,
    /// `--` and the boundary.
    delimiter: Vec<u8>,
    head_bytes_max: usize,
    at: PartPosition,
    last: Option<u8>,
    held: BytesMut,
    has_ended: bool,
}

impl<S> PartHeads<S> {
    /// A head longer than `head_bytes_max` stays as it is.
    pub(super) fn new(inner: S, boundary: &str, head_bytes_max: usize) -> Self {
        let delimiter = [b"--", boundary.as_bytes()].concat();
        Self {
            inner,
            delimiter,
            head_bytes_max,
            at: PartPosition::Body,
            last: None,
            held: BytesMut::new(),
            has_ended: false,
        }
    }

    fn next_piece(&mut self) -> Option<Bytes> {
        match self.at {
            PartPosition::Body => match self.next_boundary() {
                Some(found) => {
                    self.at = PartPosition::Head;
                    Some(self.held.split_to(found + self.delimiter.len()).freeze())
                }
                None => {
                    let kept = self.delimiter.len().saturating_sub(1).min(self.held.len());
                    let piece = self.held.split_to(self.held.len() - kept);
                    self.last = piece.last().copied().or(self.last);
                    (!piece.is_empty()).then(|| piece.freeze())
                }
            },
            PartPosition::Head => self.head(),
            PartPosition::Rest => (!self.held.is_empty()).then(|| self.held.split().freeze()),
        }
    }

    fn next_boundary(&self) -> Option<usize> {
        let before = |found: usize| match found.checked_sub(1) {
            Some(before) => self.held.get(before).copied(),
            None => self.last,
        };
        memmem::find_iter(&self.held, &self.delimiter).find(|found| matches!(before(*found), None | Some(b'\n')))
    }

    fn head(&mut self) -> Option<Bytes> {
        let padding = self.held.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        match self.held.get(padding..).unwrap_or_default() {
            [] | [b'\r'] if padding <= self.head_bytes_max => None,
            [b'\r', b'\n', ..] => {
                let end = memmem::find(&self.held, b"\r\n\r\n");
                if end.is_none() && self.held.len() <= self.head_bytes_max {
                    return None;
                }
                drop(self.held.split_to(padding));
                (self.at, self.last) = (PartPosition::Body, Some(b'\n'));
                let mut head = self.held.split_to(end.map_or(0, |end| end + 4 - padding));
                without_length(&mut head);
                Some(head.freeze())
            }
            [b'-', ..] => {
                self.at = PartPosition::Rest;
                self.next_piece()
            }
            // These bytes of a part only begin like a boundary.
            _ => {
                (self.at, self.last) = (PartPosition::Body, Some(b'-'));
                self.next_piece()
            }
        }
    }
}

/// Renames the header, so that nothing moves.
fn without_length(head: &mut [u8]) {
    for line in head.split_mut(|byte| *byte == b'\n') {
        let (name, rest) = line.split_at_mut(LENGTH.len().min(line.len()));
        if name.eq_ignore_ascii_case(LENGTH)
            && rest.trim_ascii_start().first() == Some(&b':')
            && let Some(first) = name.first_mut()
        {
            *first = b'x';
        }
    }
}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Stream for PartHeads<S> {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(piece) = self.next_piece() {
                if piece.is_empty() {
                    continue;
                }
                return Poll::Ready(Some(Ok(piece)));
            }
            if self.has_ended {
                self.at = PartPosition::Rest;
                return Poll::Ready(self.next_piece().map(Ok));
            }
            match ready!(Pin::new(&mut self.inner).poll_next(cx)) {
                Some(Ok(bytes)) => self.held.extend_from_slice(&bytes),
                Some(Err(fault)) => return Poll::Ready(Some(Err(fault))),
                None => self.has_ended = true,
            }
        }
    }
}

#[cfg(test)]
#[path = "../../../../tests/unit/http/body/form/part_heads.rs"]
mod tests;
