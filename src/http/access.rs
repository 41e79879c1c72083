//! What the log tells of a request: one line each, its id, and nothing that opens something.

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

use super::showing::{Plain, Target};

/// The log target of the access lines.
pub const ACCESS: &str = "standin::access";

/// Bytes of a method that a line shows.
const METHOD_BYTES_SHOWN: usize = 16;

/// Marks an answer whose line is written at level debug only, among its extensions: for what is asked once a second, for ever.
#[derive(Debug, Clone, Copy)]
pub struct Unlogged;

tokio::task_local! {
    /// The request that is being served by this task.
    static SERVED: Rc<str>;
}

/// The id of the request that the calling task serves, for lines of the log; none elsewhere, blocking threads included.
pub fn request_id() -> Option<String> {
    SERVED.try_with(|id| id.as_ref().to_owned()).ok()
}

/// Serves a request under its id: what is logged meanwhile bears it.
pub(super) async fn under<T>(id: Rc<str>, served: impl Future<Output = T>) -> T {
    SERVED.scope(id, served).await
}

/// Work that is to go on in a task of its own, under the id of the request that the calling task serves.
pub fn carried<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let served = SERVED.try_with(Rc::clone).ok();
    async move {
        match served {
            Some(id) => SERVED.scope(id, work).await,
            None => work.await,
        }
    }
}

/// What a line tells of a request, kept while the request is elsewhere. Where it is dropped without an answer, the line says so.
pub(super) struct Noted {
    method: Method,
    uri: Uri,
    peer: Option<SocketAddr>,
    came: Instant,
    id: Rc<str>,
    is_told: Cell<bool>,
}

impl Noted {
    pub(super) fn of(request: &ServiceRequest, id: Rc<str>) -> Self {
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            peer: request.peer_addr(),
            came: Instant::now(),
            id,
            is_told: Cell::new(false),
        }
    }

    /// Writes the line, at this level.
    pub(super) fn log(&self, level: Level, status: StatusCode, size: BodySize) {
        self.write(level, Some(status), size);
    }

    fn write(&self, level: Level, status: Option<StatusCode>, size: BodySize) {
        self.is_told.set(true);
        let took = self.came.elapsed();
        let line = Line { noted: self, status, size, micros: took.as_micros() };
        let bytes = match size {
            BodySize::None => Some(0),
            BodySize::Sized(bytes) => Some(bytes),
            BodySize::Stream => None,
        };
        // Programs read the same by name.
        log::log!(
            target: ACCESS, level,
            request = &*self.id,
            method:% = Plain(self.method.as_str(), METHOD_BYTES_SHOWN),
            target:% = Target(&self.uri),
            status = status.map(|status| status.as_u16()),
            bytes = bytes,
            ms = f64::from(u32::try_from(line.micros).unwrap_or(u32::MAX)) / 1000.0,
            peer:% = Peer(self.peer);
            "{line}"
        );
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        if !self.is_told.get() {
            self.write(Level::Info, None, BodySize::None);
        }
    }
}

/// Where a request came from; a dash on the control socket.
struct Peer(Option<SocketAddr>);

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(peer) => write!(f, "{peer}"),
            None => f.write_char('-'),
        }
    }
}

/// `POST /api/v1/login?token=*** 200 512 B 1.83 ms 64a3c1f0b2d11-2f 127.0.0.1:50211`; without an answer, `gone` for its status.
struct Line<'a> {
    noted: &'a Noted,
    status: Option<StatusCode>,
    size: BodySize,
    micros: u128,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Noted { method, uri, peer, id, .. } = self.noted;
        write!(f, "{} {}", Plain(method.as_str(), METHOD_BYTES_SHOWN), Target(uri))?;
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
