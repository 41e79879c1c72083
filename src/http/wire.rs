//! Connections on their way to the framework: counted, with bounds on every head, not on the first alone, and with an account of what is
//! held of what they send.
//!
//! The framework gives the first head of a connection its time and the later ones none (actix-http 3.20): a client that has once been
//! answered could send the next head a byte a minute, for ever. Here a head that has begun must be there in time, whichever it is. The
//! framework takes heads of 128 KiB, and buffers as much ahead; here both are bounded, for each connection and over all of them.

mod connection;
mod stream;

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

pub(super) use self::connection::{Connection, Takeover};
use self::stream::{Handshaking, Stream};
use super::{
    crowd::{Crowd, Entry, Place},
    framing::{Framing, Read},
    read_budget::ReadBudget,
    turned_away::{TurnedAway, Why},
};

/// How long a connection may take to close.
const CLOSE_WAIT: Duration = Duration::from_secs(1);

/// Reads in a row of what a refused client still sends, before others have their turn.
const DISCARDS_IN_A_ROW: usize = 16;

/// What no head may hold, anywhere: the framework answers it with 400 and closes.
const NONSENSE: u8 = 0;

/// What holds for every connection.
#[derive(Debug, Clone)]
pub struct Wires {
    /// Who may have how many.
    pub crowd: Crowd,
    /// What all of them together may hold of what is being read.
    pub budget: ReadBudget,
    /// How long a client may take to send the head of a request, and to agree on TLS.
    pub head_wait: Duration,
    /// How long a connection may stay open between two requests.
    pub keep_alive: Duration,
}

/// A server over such connections, on its way.
pub struct Listening {
    wires: Wires,
    server: actix_server::ServerBuilder,
}

impl Wires {
    /// A server that answers on so many threads, and gives requests in flight so many seconds once it is to stop.
    pub fn server(self, workers: usize, stop_wait_s: u64) -> Listening {
        // The framework's own bound would leave connections beyond it waiting unanswered: ours is the crowd's.
        let server = Server::build().max_concurrent_connections(usize::MAX);
        let server = server.workers(workers).disable_signals().shutdown_timeout(stop_wait_s);
        Listening { wires: self, server }
    }

    /// Takes a connection that was just accepted; over TLS once both sides have agreed.
    async fn taken(self, socket: TcpStream, tls: Option<TlsAcceptor>) -> io::Result<(Wire, Option<SocketAddr>)> {
        let peer = socket.peer_addr()?;
        socket.set_nodelay(true)?;
        let entry = self.crowd.admit(peer);
        if matches!(entry, Entry::CutOff) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let stream = match tls {
            None => Stream::Plain(socket),
            // On the heap: a plain connection keeps no room for a handshake.
            Some(tls) => {
                let mut agreed = Box::pin(timeout(self.head_wait, tls.accept(Handshaking::new(socket)))).await??;
                agreed.get_mut().0.is_over();
                Stream::Tls(Box::new(agreed))
            }
        };
        self.entered(entry, stream, Some(peer)).await
    }

    /// Takes a connection to the control socket.
    async fn taken_locally(self, socket: UnixStream) -> io::Result<(Wire, Option<SocketAddr>)> {
        self.entered(self.crowd.admit_locally(), Stream::Local(socket), None).await
    }

    /// Begins with a connection, or tells it that there are too many.
    async fn entered(
        &self,
        entry: Entry,
        mut stream: Stream,
        peer: Option<SocketAddr>,
    ) -> io::Result<(Wire, Option<SocketAddr>)> {
        match entry {
            Entry::Admitted(place) => return Ok((self.wire(stream, place), peer)),
            Entry::TurnedAway(_leaving) => {
                let mut away = Box::new(TurnedAway::new(Why::Connections));
                poll_fn(|cx| away.poll(cx, &mut stream)).await;
            }
            Entry::CutOff => {}
        }
        Err(io::ErrorKind::ConnectionRefused.into())
    }

    fn wire(&self, stream: Stream, place: Place) -> Wire {
        Wire {
            connection: Connection::new(stream, self.budget.account(), place),
            framing: Framing::default(),
            head_wait: self.head_wait,
            head_due: None,
            is_refused: false,
            is_written: true,
            held_back: Vec::new(),
            away: None,
            takeover: Takeover::default(),
            has_switched: false,
        }
    }
}

/// An app over connections of ours, for each thread one.
macro_rules! service {
    ($wires:expr, $signal:expr, $factory:expr, $take:expr) => {{
        let (wires, signal) = ($wires, $signal);
        let app = $factory().into_factory().map_err(|error| error.into().error_response());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let signal = signal.clone();
                async move { signal.notified().await }
            })
            .keep_alive(wires.keep_alive)
            .client_request_timeout(wires.head_wait)
            .client_disconnect_timeout(CLOSE_WAIT)
            .on_connect_ext(|wire: &Wire, data: &mut Extensions| {
                data.insert(wire.connection.account.clone());
                data.insert(wire.takeover.clone());
            })
            // What the framework would make addresses of its own from: ours come from the settings alone.
            .h1(map_config(app, |()| AppConfig::default()));
        fn_service($take).and_then(apply_fn_factory(http, |(wire, peer): (Wire, _), http| {
            let takeover = wire.takeover.clone();
            // On the heap, to be gone once another protocol goes on.
            let served = Box::pin(http.call((wire, peer)));
            async move {
                let served = served.await;
                takeover.run().await;
                served
            }
        }))
    }};
}

impl Listening {
    /// Serves an app on a listener, over TLS where it is given what to show.
    /// # Errors
    /// What the system says of the listener.
    pub fn listen<F, I, S, B>(
        mut self,
        listener: TcpListener,
        tls: Option<ServerConfig>,
        factory: F,
    ) -> io::Result<Self>
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
        let (wires, signal) = (self.wires.clone(), self.server.graceful_shutdown_signal());
        let tls = tls.map(|mut tls| {
            tls.alpn_protocols = vec![b"http/1.1".to_vec()];
            TlsAcceptor::from(Arc::new(tls))
        });
        let name = format!("{:?}", listener.local_addr()?);
        self.server = self.server.listen(name, listener, move || {
            let (of_one, tls) = (wires.clone(), tls.clone());
            service!(wires.clone(), signal.clone(), factory, move |socket: TcpStream| {
                // On the heap: the task of the connection outlives it by far.
                let taken = Box::pin(of_one.clone().taken(socket, tls.clone()));
                async move { taken.await.map_err(DispatchError::Io) }
            })
        })?;
        Ok(self)
    }

    /// Serves an app on the control socket.
    /// # Errors
    /// What the system says of the listener.
    pub fn listen_locally<F, I, S, B>(mut self, listener: UnixListener, factory: F) -> io::Result<Self>
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
        let (wires, signal) = (self.wires.clone(), self.server.graceful_shutdown_signal());
        self.server = self.server.listen_uds("control", listener, move || {
            let of_one = wires.clone();
            service!(wires.clone(), signal.clone(), factory, move |socket: UnixStream| {
                let taken = Box::pin(of_one.clone().taken_locally(socket));
                async move { taken.await.map_err(DispatchError::Io) }
            })
        })?;
        Ok(self)
    }

    /// The server, to be run.
    pub fn run(self) -> Server {
        self.server.run()
    }
}

/// A connection whose heads must come in time, and line by line as they should. A head that does not ends it, and with it whatever is
/// still being answered: a client that sends half a head behind a request has itself to blame.
struct Wire {
    connection: Connection,
    framing: Framing,
    head_wait: Duration,
    /// When the head that has begun must be there to its end.
    head_due: Option<Pin<Box<Sleep>>>,
    is_refused: bool,
    /// Whether the system took all of the last answer that was written.
    is_written: bool,
    /// Bytes that were read together with as many requests or messages as may wait, and come behind them.
    held_back: Vec<u8>,
    /// An answer of our own, which is the last.
    away: Option<Box<TurnedAway>>,
    takeover: Takeover,
    /// Whether the answer 101 was given to the connection, perhaps behind earlier ones.
    has_switched: bool,
}

impl Wire {
    /// Reads what a refused client still sends, and keeps nothing: an answer must not be lost to a connection closed over unread bytes.
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

    /// Reads what was held back, or else from the client.
    fn poll_bytes(&mut self, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.held_back.is_empty() {
            return Pin::new(&mut self.connection.stream).poll_read(cx, into);
        }
        let rest = self.held_back.split_off(self.held_back.len().min(into.remaining()));
        into.put_slice(&self.held_back);
        self.held_back = rest;
        Poll::Ready(Ok(()))
    }

    /// Judges what was read behind the first `known` bytes; why the client is to be turned away, if it is.
    fn judge(&mut self, known: usize, into: &mut ReadBuf<'_>) -> Option<Why> {
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
                return Some(Why::HeadTooLarge);
            }
            // Something is being answered: the framework says in its turn that the next request is refused.
            Read::TooLarge(at) | Read::Refused(at) => at,
        };
        if let Some(byte) = into.filled_mut().get_mut(known + at) {
            *byte = NONSENSE;
        }
        into.set_filled(known + at + 1);
        self.is_refused = true;
        None
    }

    /// Whether an answer that is written now comes behind all earlier ones, and between none.
    fn is_quiet(&self) -> bool {
        self.framing.heads() == 0 || (self.is_written && self.connection.account.is_idle())
    }

    /// Answers in our own words, and reads on until the client has heard it.
    fn turn_away(&mut self, cx: &mut Context<'_>, why: Why) -> Poll<io::Result<()>> {
        self.connection.account.close();
        let stream = &mut self.connection.stream;
        let away = self.away.get_or_insert_with(|| Box::new(TurnedAway::new(why)));
        ready!(away.poll(cx, stream));
        Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.connection.is_taken() {
            return Poll::Ready(Ok(()));
        }
        if this.has_switched || this.framing.is_asked() {
            return Poll::Pending; // until the answer is written to its end
        }
        if this.away.is_some() {
            return this.turn_away(cx, Why::Slowest);
        }
        if this.is_refused {
            return this.discard(cx, into);
        }
        if this.framing.is_in_head() && this.connection.account.is_ended() {
            return match this.is_quiet() {
                true => this.turn_away(cx, Why::Slowest),
                false => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
            };
        }
        let known = into.filled().len();
        if this.connection.poll_room(cx).is_ready()
            && let Poll::Ready(read) = this.poll_bytes(cx, into)
        {
            if read.is_ok() {
                let heads = this.framing.heads();
                if let Some(why) = this.judge(known, into) {
                    return this.turn_away(cx, why);
                }
                // The next one has its own time.
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

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.away.is_some() {
            // What the framework would say is said already.
            return Poll::Ready(Ok(bytes.len()));
        }
        this.has_switched |= this.takeover.is_asked() && memmem::find(bytes, b"HTTP/1.1 101 ").is_some();
        let written = Pin::new(&mut this.connection.stream).poll_write(cx, bytes);
        this.is_written = matches!(&written, Poll::Ready(Ok(written)) if *written == bytes.len());
        if matches!(written, Poll::Ready(Ok(_))) {
            let was_asked = this.framing.is_asked();
            this.framing.written(bytes);
            if was_asked && !this.framing.is_asked() {
                // The framework takes what follows for the body of the refused request, without an end.
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
