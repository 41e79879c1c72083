//! Connections below the framework, which times only the first head of a connection (actix-http 3.20), accepts heads of
//! 128 KiB and buffers as much ahead. Here connections are counted, every head has a deadline and a bound, and a read
//! budget counts the bytes of all.

mod framing;
pub mod limiter;
pub mod read_budget;
mod rejection;
mod takeover;
mod transport;

use std::{
    fmt,
    future::poll_fn,
    io, mem,
    net::{SocketAddr, TcpListener},
    os::unix::net::UnixListener,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_http::{Extensions, HttpService, Request, Response, error::DispatchError};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt as _, apply_fn_factory, fn_service, map_config,
};
use actix_web::{
    Error,
    body::MessageBody,
    dev::{AppConfig, Server},
    rt::net::{TcpStream, UnixStream},
};
use memchr::memmem;
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

pub(super) use self::takeover::{Connection, Takeover};
use self::{
    framing::{Framing, Read},
    limiter::{Admission, ConnectionLimiter, ConnectionPermit},
    read_budget::ReadBudget,
    rejection::{RejectReason, Rejection},
    transport::{HandshakeStream, Transport},
};

const CLOSE_WAIT: Duration = Duration::from_secs(1);

/// Reads in a row from a refused client before other tasks run.
const DISCARDS_IN_A_ROW: usize = 16;

/// A byte that no head may contain, written over a refused one: the framework then answers 400 behind the responses that
/// are in progress, and closes. Closing at once would cut these off.
const NONSENSE: u8 = 0;

#[derive(Debug, Clone)]
pub struct ConnectionSettings {
    pub limiter: ConnectionLimiter,
    pub budget: ReadBudget,
    /// How long a client may take to send a head, and for the TLS handshake.
    pub head_wait: Duration,
    pub keep_alive: Duration,
}

pub struct ConnectionServer {
    connections: ConnectionSettings,
    server: actix_server::ServerBuilder,
}

impl ConnectionSettings {
    /// Builds a server with this many threads, which gives requests in flight `stop_wait_s` seconds when it stops.
    pub fn server(self, workers: usize, stop_wait_s: u64) -> ConnectionServer {
        // The framework's own limit would leave connections waiting without an answer; the limiter rejects them.
        let server = Server::build().max_concurrent_connections(usize::MAX);
        let server = server.workers(workers).disable_signals().shutdown_timeout(stop_wait_s);
        ConnectionServer { connections: self, server }
    }

    async fn accept(
        self,
        socket: TcpStream,
        tls: Option<TlsAcceptor>,
    ) -> io::Result<(HttpConnection, Option<SocketAddr>)> {
        let peer = socket.peer_addr()?;
        socket.set_nodelay(true)?;
        let entry = self.limiter.admit(peer);
        if matches!(entry, Admission::CutOff) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let stream = match tls {
            None => Transport::Plain(socket),
            // Boxed: a plain connection keeps no memory for a handshake.
            Some(tls) => {
                let mut agreed = Box::pin(timeout(self.head_wait, tls.accept(HandshakeStream::new(socket)))).await??;
                agreed.get_mut().0.is_over();
                Transport::Tls(Box::new(agreed))
            }
        };
        self.admit(entry, stream, Some(peer)).await
    }

    async fn accept_local(self, socket: UnixStream) -> io::Result<(HttpConnection, Option<SocketAddr>)> {
        self.admit(self.limiter.admit_locally(), Transport::Local(socket), None).await
    }

    async fn admit(
        &self,
        entry: Admission,
        mut stream: Transport,
        peer: Option<SocketAddr>,
    ) -> io::Result<(HttpConnection, Option<SocketAddr>)> {
        match entry {
            Admission::Admitted(place) => return Ok((self.connection(stream, place), peer)),
            Admission::Rejected(_leaving) => {
                let mut rejection = Box::new(Rejection::new(RejectReason::Connections));
                poll_fn(|cx| rejection.poll(cx, &mut stream)).await;
            }
            Admission::CutOff => {}
        }
        Err(io::ErrorKind::ConnectionRefused.into())
    }

    fn connection(&self, stream: Transport, place: ConnectionPermit) -> HttpConnection {
        HttpConnection {
            connection: Connection::new(stream, self.budget.account(), place),
            framing: Framing::default(),
            head_wait: self.head_wait,
            head_due: None,
            is_refused: false,
            is_written: true,
            held_back: Vec::new(),
            rejection: None,
            takeover: Takeover::default(),
            has_switched: false,
        }
    }
}

/// An HTTP service over such connections, one per thread.
macro_rules! service {
    ($connections:expr, $signal:expr, $factory:expr, $take:expr) => {{
        let (connections, signal) = ($connections, $signal);
        let app = $factory().into_factory().map_err(|error| error.into().error_response());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let signal = signal.clone();
                async move { signal.notified().await }
            })
            .keep_alive(connections.keep_alive)
            .client_request_timeout(connections.head_wait)
            .client_disconnect_timeout(CLOSE_WAIT)
            .on_connect_ext(|connection: &HttpConnection, data: &mut Extensions| {
                data.insert(connection.connection.account.clone());
                data.insert(connection.takeover.clone());
            })
            // The framework would derive addresses from it; ours come only from the settings.
            .h1(map_config(app, |()| AppConfig::default()));
        fn_service($take).and_then(apply_fn_factory(http, |(connection, peer): (HttpConnection, _), http| {
            let takeover = connection.takeover.clone();
            // Boxed, so that it is freed when another protocol takes over.
            let served = Box::pin(http.call((connection, peer)));
            async move {
                let served = served.await;
                takeover.run().await;
                served
            }
        }))
    }};
}

pub enum Listener {
    Tcp(TcpListener, Option<Box<ServerConfig>>),
    Unix(UnixListener),
}

impl ConnectionServer {
    pub fn listen<F, I, S, B>(mut self, listener: Listener, factory: F) -> io::Result<Self>
    where
        F: Fn() -> I + Send + Clone + 'static,
        I: IntoServiceFactory<S, Request>,
        S: ServiceFactory<Request, Config = AppConfig> + 'static,
        S::Error: Into<Error>,
        S::InitError: fmt::Debug,
        S::Response: Into<Response<B>>,
        <S::Service as Service<Request>>::Future: 'static,
        S::Service: 'static,
        B: MessageBody + 'static,
    {
        let (connections, signal) = (self.connections.clone(), self.server.graceful_shutdown_signal());
        self.server = match listener {
            Listener::Tcp(listener, tls) => {
                let tls = tls.map(|mut tls| {
                    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
                    TlsAcceptor::from(Arc::<ServerConfig>::from(tls))
                });
                let name = format!("{:?}", listener.local_addr()?);
                self.server.listen(name, listener, move || {
                    let (of_one, tls) = (connections.clone(), tls.clone());
                    service!(connections.clone(), signal.clone(), factory, move |socket: TcpStream| {
                        // Boxed: the task of the connection outlives it by far.
                        let accept = Box::pin(of_one.clone().accept(socket, tls.clone()));
                        async move { accept.await.map_err(DispatchError::Io) }
                    })
                })?
            }
            Listener::Unix(listener) => self.server.listen_uds("control", listener, move || {
                let of_one = connections.clone();
                service!(connections.clone(), signal.clone(), factory, move |socket: UnixStream| {
                    let accept = Box::pin(of_one.clone().accept_local(socket));
                    async move { accept.await.map_err(DispatchError::Io) }
                })
            })?,
        };
        Ok(self)
    }

    pub fn run(self) -> Server {
        self.server.run()
    }
}

/// A connection whose heads must arrive in time and with correct line ends. A faulty head ends it.
struct HttpConnection {
    connection: Connection,
    framing: Framing,
    head_wait: Duration,
    head_due: Option<Pin<Box<Sleep>>>,
    is_refused: bool,
    /// Whether the system accepted all of the last response.
    is_written: bool,
    /// Bytes read beyond the requests or messages that may wait; they come after these.
    held_back: Vec<u8>,
    rejection: Option<Box<Rejection>>,
    takeover: Takeover,
    /// Whether the answer 101 was written, perhaps behind earlier ones.
    has_switched: bool,
}

impl HttpConnection {
    /// Reads and drops what a refused client still sends: closing over unread bytes would lose the response.
    fn discard(&mut self, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let kept = into.filled().len();
        for _ in 0..DISCARDS_IN_A_ROW {
            ready!(Pin::new(&mut self.connection.stream).poll_read(cx, into))?;
            if into.filled().len() == kept {
                return Poll::Ready(Ok(()));
            }
            into.set_filled(kept);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_bytes(&mut self, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.held_back.is_empty() {
            return Pin::new(&mut self.connection.stream).poll_read(cx, into);
        }
        let rest = self.held_back.split_off(self.held_back.len().min(into.remaining()));
        into.put_slice(&self.held_back);
        self.held_back = rest;
        Poll::Ready(Ok(()))
    }

    /// Examines the bytes after the first `known`. Returns a reason if the client must be rejected.
    fn examine(&mut self, known: usize, into: &mut ReadBuf<'_>) -> Option<RejectReason> {
        let Self { connection: Connection { account, .. }, framing, .. } = self;
        let new = into.filled().get(known..).unwrap_or_default();
        let ends_left = account.ends_left();
        let at = match account.read(|note| framing.read(new, ends_left, note)) {
            Read::Fine => {
                account.waits((!framing.is_in_head()).then_some(new.len()));
                return None;
            }
            Read::Stopped(at) => {
                account.waits((!framing.is_in_head()).then_some(at));
                let (_, early) = new.split_at(at);
                self.held_back = [early, &self.held_back].concat();
                into.set_filled(known + at);
                return None;
            }
            Read::TooLarge(_) if self.is_quiet() => {
                into.set_filled(known);
                return Some(RejectReason::HeadTooLarge);
            }
            // Another response is in progress: the framework refuses the next request in its turn.
            Read::TooLarge(at) | Read::Refused(at) => at,
        };
        if let Some(byte) = into.filled_mut().get_mut(known + at) {
            *byte = NONSENSE;
        }
        into.set_filled(known + at + 1);
        self.is_refused = true;
        None
    }

    /// Whether a response that is written now follows all earlier ones.
    fn is_quiet(&self) -> bool {
        self.framing.heads() == 0 || (self.is_written && self.connection.account.is_idle())
    }

    /// Sends a response of our own, and reads on until the client has received it.
    fn reject(&mut self, cx: &mut Context<'_>, why: RejectReason) -> Poll<io::Result<()>> {
        self.connection.account.close();
        let stream = &mut self.connection.stream;
        let rejection = self.rejection.get_or_insert_with(|| Box::new(Rejection::new(why)));
        ready!(rejection.poll(cx, stream));
        Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
    }
}

impl AsyncRead for HttpConnection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.connection.is_taken() {
            return Poll::Ready(Ok(()));
        }
        if this.has_switched || this.framing.awaits_upgrade() {
            return Poll::Pending; // until the answer is written to its end
        }
        if this.rejection.is_some() {
            return this.reject(cx, RejectReason::Slowest);
        }
        if this.is_refused {
            return this.discard(cx, into);
        }
        if this.framing.is_in_head() && this.connection.account.is_ended() {
            return match this.is_quiet() {
                true => this.reject(cx, RejectReason::Slowest),
                false => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
            };
        }
        let known = into.filled().len();
        if this.connection.poll_room(cx).is_ready()
            && let Poll::Ready(read) = this.poll_bytes(cx, into)
        {
            if read.is_ok() {
                let heads = this.framing.heads();
                if let Some(why) = this.examine(known, into) {
                    return this.reject(cx, why);
                }
                // The next head has its own deadline.
                if this.framing.heads() != heads {
                    this.head_due = None;
                }
            }
            return Poll::Ready(read);
        }
        if this.framing.is_in_head() {
            let wait = this.head_wait;
            ready!(this.head_due.get_or_insert_with(|| Box::pin(sleep(wait))).as_mut().poll(cx));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl AsyncWrite for HttpConnection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.rejection.is_some() {
            // The framework's response is dropped: ours is already sent.
            return Poll::Ready(Ok(bytes.len()));
        }
        this.has_switched |= this.takeover.is_asked() && memmem::find(bytes, b"HTTP/1.1 101 ").is_some();
        let written = Pin::new(&mut this.connection.stream).poll_write(cx, bytes);
        this.is_written = matches!(&written, Poll::Ready(Ok(written)) if *written == bytes.len());
        if matches!(written, Poll::Ready(Ok(_))) {
            let awaited_upgrade = this.framing.awaits_upgrade();
            this.framing.written(bytes);
            if awaited_upgrade && !this.framing.awaits_upgrade() {
                // The framework takes what follows for an endless body of the refused request.
                this.is_refused = true;
                cx.waker().wake_by_ref();
            }
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.connection.stream).poll_flush(cx))?;
        if this.has_switched && !this.connection.is_taken() {
            this.takeover.begin(&mut this.connection, mem::take(&mut this.held_back));
            cx.waker().wake_by_ref(); // to read the end
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().connection.stream).poll_shutdown(cx)
    }
}
