//! The access log: one line per request, with its id and without secrets.

use std::{
    cell::Cell,
    fmt::{self, Write as _},
    net::SocketAddr,
    rc::Rc,
    time::Instant,
};

use actix_web::{
    body::BodySize,
    dev::ServiceRequest,
    http::{Method, StatusCode, Uri},
};
use log::Level;

use crate::http::masking::{Escaped, MaskedTarget};

pub const ACCESS: &str = "standin::access";

const METHOD_BYTES_SHOWN: usize = 16;

/// An extension of a response whose access line is written at level debug, for endpoints that are polled.
#[derive(Debug, Clone, Copy)]
pub struct Unlogged;

tokio::task_local! {
    static SERVED: Rc<str>;
}

/// None outside of a request and on blocking threads.
pub fn request_id() -> Option<String> {
    SERVED.try_with(|id| id.as_ref().to_owned()).ok()
}

pub(super) async fn with_request_id<T>(id: Rc<str>, served: impl Future<Output = T>) -> T {
    SERVED.scope(id, served).await
}

/// Wraps work for a task of its own, so that it keeps the request id of the calling task.
pub fn with_current_request_id<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let served = SERVED.try_with(Rc::clone).ok();
    async move {
        match served {
            Some(id) => SERVED.scope(id, work).await,
            None => work.await,
        }
    }
}

pub(super) struct AccessRecord {
    method: Method,
    uri: Uri,
    peer: Option<SocketAddr>,
    started: Instant,
    id: Rc<str>,
    is_logged: Cell<bool>,
}

impl AccessRecord {
    pub(super) fn of(request: &ServiceRequest, id: Rc<str>) -> Self {
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            peer: request.peer_addr(),
            started: Instant::now(),
            id,
            is_logged: Cell::new(false),
        }
    }

    pub(super) fn log(&self, level: Level, status: StatusCode, size: BodySize) {
        self.write(level, Some(status), size);
    }

    fn write(&self, level: Level, status: Option<StatusCode>, size: BodySize) {
        self.is_logged.set(true);
        let took = self.started.elapsed();
        let line = AccessLine { record: self, status, size, micros: took.as_micros() };
        let bytes = match size {
            BodySize::None => Some(0),
            BodySize::Sized(bytes) => Some(bytes),
            BodySize::Stream => None,
        };
        // The same values as named fields, for programs.
        log::log!(
            target: ACCESS, level,
            request = &*self.id,
            method:% = Escaped(self.method.as_str(), METHOD_BYTES_SHOWN),
            target:% = MaskedTarget(&self.uri),
            status = status.map(|status| status.as_u16()),
            bytes = bytes,
            ms = f64::from(u32::try_from(line.micros).unwrap_or(u32::MAX)) / 1000.0,
            peer:% = Peer(self.peer);
            "{line}"
        );
    }
}

impl Drop for AccessRecord {
    fn drop(&mut self) {
        if !self.is_logged.get() {
            self.write(Level::Info, None, BodySize::None);
        }
    }
}

struct Peer(Option<SocketAddr>);

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(peer) => write!(f, "{peer}"),
            None => f.write_char('-'),
        }
    }
}

/// `POST /api/v1/login?token=*** 200 512 B 1.83 ms 64a3c1f0b2d11-2f 127.0.0.1:50211`; `gone` without a response.
struct AccessLine<'a> {
    record: &'a AccessRecord,
    status: Option<StatusCode>,
    size: BodySize,
    micros: u128,
}

impl fmt::Display for AccessLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AccessRecord { method, uri, peer, id, .. } = self.record;
        write!(f, "{} {}", Escaped(method.as_str(), METHOD_BYTES_SHOWN), MaskedTarget(uri))?;
        match self.status {
            Some(status) => write!(f, " {} ", status.as_u16())?,
            None => f.write_str(" gone ")?,
        }
        match self.size {
            BodySize::None => f.write_str("0 B")?,
            BodySize::Sized(bytes) => write!(f, "{bytes} B")?,
            BodySize::Stream => f.write_str("- B")?,
        }
        let micros = self.micros;
        write!(f, " {}.{:02} ms {id} {}", micros / 1000, micros % 1000 / 10, Peer(*peer))
    }
}
