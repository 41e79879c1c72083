//! Connections on their way to the framework: counted by address, and with bounds on every head, not on the first alone.
//!
//! The framework gives the first head of a connection its time and the later ones none (actix-http 3.20): a client that has once been
//! answered could send the next head a byte a minute, for ever. Here a head that has begun must be there in time, whichever it is.

use std::{
    fmt, io,
    net::{SocketAddr, TcpListener},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_http::{HttpService, Request, Response, error::DispatchError};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::{
    Error,
    body::MessageBody,
    dev::{AppConfig, Server},
    rt::net::TcpStream,
};
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{
    crowd::{Crowd, Place},
    framing::{Framing, Read},
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
        let server = Server::build().workers(workers).disable_signals().shutdown_timeout(stop_wait_s);
        Listening { wires: self, server }
    }

    /// Takes a connection that was just accepted; over TLS once both sides have agreed.
    async fn taken(self, socket: TcpStream, tls: Option<TlsAcceptor>) -> io::Result<(Wire, Option<SocketAddr>)> {
        let peer = socket.peer_addr()?;
        let place = self.crowd.admit(peer).ok_or(io::ErrorKind::ConnectionRefused)?;
        socket.set_nodelay(true)?;
        let stream = match tls {
            None => Stream::Plain(socket),
            // On the heap: a plain connection keeps no room for a handshake.
            Some(tls) => Stream::Tls(Box::new(Box::pin(timeout(self.head_wait, tls.accept(socket))).await??)),
        };
        let wire = Wire {
            stream,
            framing: Framing::default(),
            head_wait: self.head_wait,
            head_due: None,
            is_refused: false,
            _place: place,
        };
        Ok((wire, Some(peer)))
    }
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
            let (of_one, tls, signal) = (wires.clone(), tls.clone(), signal.clone());
            let take = move |socket: TcpStream| {
                let taken = of_one.clone().taken(socket, tls.clone());
                async move { taken.await.map_err(DispatchError::Io) }
            };
            let app = factory().into_factory().map_err(|error| error.into().error_response());
            let http = HttpService::build()
                .graceful_shutdown_signal(move || {
                    let signal = signal.clone();
                    async move { signal.notified().await }
                })
                .keep_alive(wires.keep_alive)
                .client_request_timeout(wires.head_wait)
                .client_disconnect_timeout(CLOSE_WAIT)
                // What the framework would make addresses of its own from: ours come from the settings alone.
                .h1(map_config(app, |()| AppConfig::default()));
            fn_service(take).and_then(http)
        })?;
        Ok(self)
    }

    /// The server, to be run.
    pub fn run(self) -> Server {
        self.server.run()
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection whose heads must come in time, and line by line as they should. A head that does not ends it, and with it whatever is
/// still being answered: who sends half a head behind a request has itself to blame.
struct Wire {
    stream: Stream,
    framing: Framing,
    head_wait: Duration,
    /// When the head that has begun must be there to its end.
    head_due: Option<Pin<Box<Sleep>>>,
    is_refused: bool,
    _place: Place,
}

impl Wire {
    fn read_on(&mut self, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(socket) => Pin::new(socket).poll_read(cx, into),
            Stream::Tls(socket) => Pin::new(socket).poll_read(cx, into),
        }
    }

    /// Reads what a refused client still sends, and keeps nothing: an answer must not be lost to a connection closed over unread bytes.
    fn discard(&mut self, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let kept = into.filled().len();
        for _ in 0..DISCARDS_IN_A_ROW {
            ready!(self.read_on(cx, into))?;
            if into.filled().len() == kept {
                return Poll::Ready(Ok(()));
            }
            into.set_filled(kept);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Judges what was read behind the first `known` bytes.
    fn judge(&mut self, known: usize, into: &mut ReadBuf<'_>) {
        let new = into.filled().get(known..).unwrap_or_default();
        if let Read::Refused(at) = self.framing.read(new) {
            if let Some(byte) = into.filled_mut().get_mut(known + at) {
                *byte = NONSENSE;
            }
            into.set_filled(known + at + 1);
            self.is_refused = true;
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.is_refused {
            return this.discard(cx, into);
        }
        let known = into.filled().len();
        if let Poll::Ready(read) = this.read_on(cx, into) {
            if read.is_ok() {
                let heads = this.framing.heads();
                this.judge(known, into);
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
        let written = match &mut this.stream {
            Stream::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Stream::Tls(socket) => Pin::new(socket).poll_write(cx, bytes),
        };
        if matches!(written, Poll::Ready(Ok(_))) {
            this.framing.written(bytes);
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Stream::Tls(socket) => Pin::new(socket).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Stream::Tls(socket) => Pin::new(socket).poll_shutdown(cx),
        }
    }
}
