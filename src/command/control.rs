//! Calls the server over its control socket: HTTP with JSON bodies.

use std::{
    fmt,
    io::{self, Write},
    path::Path,
    pin::pin,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    client::conn::http1,
    header,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use standin::{
    server::{Runtime, StartErrorKind},
    settings::{ControlSocket, Settings, control_socket},
};
use tokio::{
    net::UnixStream,
    signal::unix::{Signal, SignalKind, signal},
    time,
};

use super::{
    failure::{Failure, FailureCode},
    server::CommandServer,
};

const ANSWER_WAIT: Duration = Duration::from_secs(30);
/// How long a command waits for a server that holds the folder and does not answer yet.
const START_WAIT: Duration = Duration::from_secs(2);
const START_PAUSE: Duration = Duration::from_millis(50);
/// For the first byte of a backup, before which the server copies, checks and lists all data. A guess, far beyond any
/// need.
const PREPARE_WAIT: Duration = Duration::from_secs(4 * 3600);
/// The longest response that is read. A page of users with the largest extras is far smaller.
const ANSWER_BYTES_MAX: usize = 16 << 20;

pub(super) struct Control {
    runtime: Runtime,
    socket: ControlSocket,
}

/// Runs `work` with a client of the server that runs on the data folder, or of one that is started for `work`.
pub(super) fn with_server(
    settings: &Settings,
    work: impl FnOnce(&Control) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let data = settings.data.as_path();
    if !data.is_dir() {
        let shown = data.display();
        let sentence = format!(
            "There is no data folder {shown}: name it with --data, or make it with `standin serve --data {shown}`."
        );
        return Err(Failure::new(FailureCode::Folder, sentence));
    }
    let unusable = |error: io::Error| {
        Failure::new(FailureCode::Folder, format!("The data folder {} cannot be used: {error}.", data.display()))
    };
    let control = Control { socket: control_socket(data).map_err(unusable)?, runtime: Runtime::new() };
    match control.is_answered() {
        Ok(true) => work(&control),
        Ok(false) => match control.own_server(settings)? {
            None => work(&control),
            Some(server) => {
                let done = work(&control);
                let closed = control.runtime.block_on(server.close());
                done.and(closed)
            }
        },
        Err(error) => Err(unusable(error)),
    }
}

/// # Errors
/// `Folder` if none runs.
pub(super) fn to_running_server(data: &Path) -> Result<Control, Failure> {
    let shown = data.display();
    let none = || {
        let sentence = format!(
            "No server runs on the data folder {shown}: start it with `standin serve --data {shown}`, or name another with --data."
        );
        Failure::new(FailureCode::Folder, sentence)
    };
    let control = Control { socket: control_socket(data).map_err(|_| none())?, runtime: Runtime::new() };
    match control.is_answered() {
        Ok(true) => Ok(control),
        Ok(false) | Err(_) => Err(none()),
    }
}

/// The signals that end a process: from its terminal, from its supervisor, and at the end of the terminal.
pub(super) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl StopSignals {
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => (),
            _ = self.terminate.recv() => (),
            _ = self.hangup.recv() => (),
        }
    }

    pub(super) fn received(&mut self) -> Result<(), Failure> {
        match pin!(self.next()).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(()) => Err(interrupted()),
            Poll::Pending => Ok(()),
        }
    }
}

fn interrupted() -> Failure {
    Failure::new(FailureCode::Refused, "Interrupted: nothing was written.")
}

impl Control {
    /// Starts a server for a command. A server that has just started holds the folder before its socket is there, and one
    /// that stops holds it for a moment longer: waits for at most [`START_WAIT`]. None if the other server answers.
    fn own_server(&self, settings: &Settings) -> Result<Option<CommandServer>, Failure> {
        let begun = Instant::now();
        loop {
            match self.runtime.block_on(CommandServer::open(settings)) {
                Err(error) if error.kind == StartErrorKind::FolderInUse && begun.elapsed() < START_WAIT => {
                    self.runtime.block_on(async { time::sleep(START_PAUSE).await });
                }
                opened => return Ok(Some(opened?)),
            }
            if self.is_answered().unwrap_or(false) {
                return Ok(None);
            }
        }
    }

    /// Whether a server listens. If not, there is no socket, or one that a killed server left.
    fn is_answered(&self) -> io::Result<bool> {
        match self.runtime.block_on(UnixStream::connect(self.socket.path())) {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    pub(super) fn server_process(&self) -> Option<i32> {
        let connected = self.runtime.block_on(UnixStream::connect(self.socket.path())).ok()?;
        connected.peer_cred().ok()?.pid()
    }

    pub(super) fn get_within(&self, path: &str, wait_max: Duration) -> Result<Value, Failure> {
        self.call_within(Method::GET, path, None, wait_max)
    }

    pub(super) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub(super) fn get(&self, path: &str) -> Result<Value, Failure> {
        self.call(Method::GET, path, None)
    }

    pub(super) fn post(&self, path: &str, body: Value) -> Result<Value, Failure> {
        self.call(Method::POST, path, Some(body))
    }

    pub(super) fn put(&self, path: &str, body: Value) -> Result<Value, Failure> {
        self.call(Method::PUT, path, Some(body))
    }

    pub(super) fn patch(&self, path: &str, body: Value) -> Result<Value, Failure> {
        self.call(Method::PATCH, path, Some(body))
    }

    pub(super) fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.call(Method::DELETE, path, None)
    }

    /// Takes over the signals that end a process. From now on [`Control::download`] and [`StopSignals::received`] report them.
    pub(super) fn stop_signals(&self) -> Result<StopSignals, Failure> {
        let handled = |kind| signal(kind).map_err(|cause| broken_off(&cause));
        self.runtime.block_on(async {
            Ok(StopSignals {
                interrupt: handled(SignalKind::interrupt())?,
                terminate: handled(SignalKind::terminate())?,
                hangup: handled(SignalKind::hangup())?,
            })
        })
    }

    /// Posts `body` to `path` and writes the response into `to`, piece by piece, until one of the `signals` arrives.
    pub(super) fn download(
        &self,
        path: &str,
        body: Value,
        to: &mut impl Write,
        signals: &mut StopSignals,
    ) -> Result<(), Failure> {
        self.runtime.block_on(async {
            tokio::select! {
                done = self.stream(path, body, to) => done,
                () = signals.next() => Err(interrupted()),
            }
        })
    }

    async fn stream(&self, path: &str, body: Value, to: &mut impl Write) -> Result<(), Failure> {
        let sent = time::timeout(PREPARE_WAIT, send(self.socket.path(), Method::POST, path, Some(body)));
        let answer = sent.await.map_err(|_| too_late(PREPARE_WAIT))?.map_err(|error| broken_off(&error))?;
        let status = answer.status();
        let mut pieces = answer.into_body();
        if !status.is_success() {
            let bytes = Limited::new(pieces, ANSWER_BYTES_MAX).collect().await.map_err(|error| broken_off(&error))?;
            return Err(refusal(status, &serde_json::from_slice(&bytes.to_bytes()).unwrap_or_default()));
        }
        while let Some(piece) = time::timeout(ANSWER_WAIT, pieces.frame()).await.map_err(|_| too_late(ANSWER_WAIT))? {
            let piece = piece.map_err(|error| broken_off(&error))?;
            let written = piece.data_ref().map_or(Ok(()), |piece| to.write_all(piece));
            written
                .map_err(|cause| Failure::new(FailureCode::Refused, format!("The file cannot be written: {cause}.")))?;
        }
        Ok(())
    }

    fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Failure> {
        self.call_within(method, path, body, ANSWER_WAIT)
    }

    fn call_within(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        wait_max: Duration,
    ) -> Result<Value, Failure> {
        let exchange = exchange(self.socket.path(), method, path, body);
        let (status, bytes) = match self.runtime.block_on(async { time::timeout(wait_max, exchange).await }) {
            Ok(answered) => answered.map_err(|error| broken_off(&error))?,
            Err(_) => return Err(too_late(wait_max)),
        };
        let value = if bytes.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&bytes) };
        match value {
            Ok(value) if status.is_success() => Ok(value),
            Ok(problem) => Err(refusal(status, &problem)),
            Err(_) => Err(refusal(status, &Value::Null)),
        }
    }
}

fn broken_off(error: &impl fmt::Display) -> Failure {
    let sentence =
        format!("The server ended the connection without a response ({error}): look at its log, then try again.");
    Failure::new(FailureCode::Server, sentence)
}

fn too_late(wait: Duration) -> Failure {
    let sentence = format!("The server did not respond within {} s: look at its log, then try again.", wait.as_secs());
    Failure::new(FailureCode::Server, sentence)
}

fn refusal(status: StatusCode, problem: &Value) -> Failure {
    let code = if status.is_client_error() { FailureCode::Refused } else { FailureCode::Server };
    let words = problem.get("detail").or_else(|| problem.get("title")).and_then(Value::as_str);
    let unclear = || {
        format!("The server's response (HTTP {}) is not understood: is the server of this version?", status.as_u16())
    };
    Failure::new(code, words.map_or_else(unclear, str::to_owned))
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

async fn exchange(
    socket: &Path,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Result<(StatusCode, Bytes), BoxError> {
    let answer = send(socket, method, path, body).await?;
    let status = answer.status();
    let bytes = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await?.to_bytes();
    Ok((status, bytes))
}

/// Makes one call on its own connection. A command makes so few that none is kept open.
async fn send(socket: &Path, method: Method, path: &str, body: Option<Value>) -> Result<Response<Incoming>, BoxError> {
    let stream = UnixStream::connect(socket).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::builder().method(method).uri(path).header(header::HOST, "standin");
    let request = request.header(header::CONNECTION, "close");
    let request = match body {
        Some(body) => {
            request.header(header::CONTENT_TYPE, "application/json").body(Full::new(Bytes::from(body.to_string())))?
        }
        None => request.body(Full::default())?,
    };
    Ok(sender.send_request(request).await?)
}
