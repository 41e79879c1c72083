//! Runs a WebSocket: it owns the connection and its timers; a dialect's [`Protocol`] decides what is sent.

mod anonymous;
mod websocket;

use std::{error::Error as StdError, io, pin::Pin, str::Utf8Error, time::Duration};

use actix_http::ws::{self, CloseCode, CloseReason, ProtocolError};
use actix_web::{
    HttpRequest, HttpResponse,
    error::ErrorInternalServerError,
    http::{
        Version,
        header::{CONTENT_LENGTH, HeaderValue, SEC_WEBSOCKET_PROTOCOL, TRANSFER_ENCODING, UPGRADE},
    },
};
use bytes::Bytes;
use tokio::{
    sync::watch,
    task::yield_now,
    time::{Instant, Sleep, sleep_until, timeout},
};

pub use self::anonymous::{AnonymousPermit, AnonymousSockets};
use self::websocket::{SocketMessage, WebSocket};
use crate::{
    domain::{EndReason, Notification},
    http::connection::Takeover,
    service::{EventSubscription, Service},
};

/// How long a client may stay without authentication.
const AUTHENTICATION_WAIT: Duration = Duration::from_secs(10);

const PING_EVERY: Duration = Duration::from_secs(30);

/// How long after a notification the client is asked to confirm it. Notices within that time are confirmed together.
const CONFIRM_AFTER: Duration = Duration::from_secs(2);

/// How long a client may be silent, pongs included, before it counts as gone: two pings and a half.
const SILENCE_MAX: Duration = Duration::from_secs(75);

/// The longest silence that a protocol bounds itself, for which the server sends no pings of its own: one and a half of
/// the usual keep-alive of MQTT.
const OWN_SILENCE_MAX: Duration = Duration::from_secs(90);

/// Messages of one client that are handled before other tasks run: as many as requests are read ahead.
const MESSAGES_IN_A_ROW: u8 = 4;

/// How often a command that takes long looks whether its client is still there.
const LEFT_CHECK: Duration = Duration::from_millis(250);

/// Delay before closing a socket whose client would reconnect immediately, as the vendors' SDKs do.
const RECONNECT_DELAY: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    Text(String),
    Binary(Bytes),
}

#[derive(Debug, PartialEq, Eq)]
pub struct Effects<V> {
    pub frames: Vec<Frame>,
    /// To run after the frames are sent. No frame is read while it runs.
    pub command: Option<V>,
    pub is_over: bool,
    /// Why it is over. None for a normal end.
    pub cause: Option<CloseCause>,
}

/// Why a protocol ends its connection, for the developer of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseCause {
    pub fault: CloseFault,
    pub why: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseFault {
    /// The client may not go on.
    Refused,
    /// What the client sent is none of the protocol.
    Malformed,
    TooLong,
    /// A text message of a client that must send binary ones.
    NoBinary,
}

impl From<CloseCause> for CloseReason {
    fn from(cause: CloseCause) -> Self {
        let code = match cause.fault {
            CloseFault::Refused => CloseCode::Policy,
            CloseFault::Malformed => CloseCode::Protocol,
            CloseFault::TooLong => CloseCode::Size,
            CloseFault::NoBinary => CloseCode::Unsupported,
        };
        Self { code, description: Some(cause.why) }
    }
}

impl<V> Default for Effects<V> {
    fn default() -> Self {
        Self { frames: Vec::new(), command: None, is_over: false, cause: None }
    }
}

/// The protocol of one connection, as a pure state machine without socket, service or clock.
pub trait Protocol {
    type Command;
    type Outcome;

    /// The longest message of a client. All that are being read share one budget.
    const MESSAGE_BYTES_MAX: usize = 64 * 1024;

    /// Whether clients confirm notifications by the pong of a ping that follows them.
    const CONFIRMS: bool = true;

    /// How long a client may be silent where it may stay without authentication. Tencent's SDK sends a sign of life every
    /// 10 to 12 s.
    const UNAUTHENTICATED_SILENCE_MAX: Duration = Duration::from_secs(30);

    /// How long a client may stay without authentication, whatever it sends.
    const UNAUTHENTICATED_MAX: Option<Duration> = None;

    /// Handles a frame of at most [`Protocol::MESSAGE_BYTES_MAX`].
    fn receive(&mut self, frame: Frame) -> Effects<Self::Command>;

    fn outcome(&mut self, outcome: Self::Outcome) -> Effects<Self::Command>;

    fn notification(&mut self, notification: &Notification) -> Effects<Self::Command>;

    /// The server ends the session. The socket closes after these effects, unless they say that it is not over.
    fn close(&mut self, why: EndReason) -> Effects<Self::Command>;

    fn is_authenticated(&self) -> bool;

    /// Whether a notification can be sent now. If not, the client looks it up later.
    fn is_receiving(&self) -> bool {
        self.is_authenticated()
    }

    /// How long the client may send no message, if the protocol bounds it. Pongs do not count. Up to 90 s the server
    /// sends no pings.
    fn silence_max(&self) -> Option<Duration> {
        None
    }

    /// An SDK that connects with its page would reconnect at once.
    fn keeps_unauthenticated(&self) -> bool {
        false
    }
}

pub struct CommandResult<O> {
    pub outcome: O,
    pub session: SessionChange,
}

pub enum SessionChange {
    Unchanged,
    CaughtUp(i64),
    /// The client has nothing after this event until it has caught up.
    Behind(i64),
    Opened(EventSubscription),
    /// The client says whether its user is there.
    Away(bool),
    Closed,
}

pub trait CommandRunner<T: Protocol> {
    fn run(&self, command: T::Command) -> impl Future<Output = CommandResult<T::Outcome>>;

    /// Returns false if the socket must close. Asked when it opens and after each change of an app.
    fn is_served(&self) -> bool;

    /// Ends once a socket without authentication must make room for another one.
    fn gives_way(&self) -> impl Future<Output = ()> {
        std::future::pending()
    }
}

/// The answer names the first sub-protocol of the client that is in `protocols`.
/// # Errors
/// The request is no WebSocket handshake.
pub fn open<T: Protocol + 'static>(
    request: &HttpRequest,
    protocols: &[&str],
    protocol: T,
    service: Service,
    runner: impl CommandRunner<T> + 'static,
) -> Result<HttpResponse, actix_web::Error> {
    let takeover =
        request.conn_data::<Takeover>().ok_or_else(|| ErrorInternalServerError("a connection of an unknown type"))?;
    if !is_plain_handshake(request) {
        return Err(ws::HandshakeError::NoWebsocketUpgrade.into());
    }
    let mut answer = ws::handshake(request.head())?;
    if let Some(protocol) = offered(request).find(|offer| protocols.contains(offer)) {
        answer.insert_header((SEC_WEBSOCKET_PROTOCOL, protocol));
    }
    let answer = answer.finish().map_into_boxed_body().into();
    takeover.ask(|connection| {
        let apps = service.app_changes();
        let socket = WebSocket::new(connection, T::MESSAGE_BYTES_MAX);
        Pump { protocol, runner, service, apps, socket, listening: None, confirm_at: None }.run()
    });
    Ok(answer)
}

/// Names only this protocol and has no body (RFC 9110, section 7.8): the connection and the framework must agree on
/// where the request ends.
fn is_plain_handshake(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let mut upgrades = headers.get_all(UPGRADE);
    let is_websocket = |value: &HeaderValue| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"websocket");
    request.version() == Version::HTTP_11
        && upgrades.next().is_some_and(is_websocket)
        && upgrades.next().is_none()
        && !headers.contains_key(TRANSFER_ENCODING)
        && headers.get(CONTENT_LENGTH).is_none_or(|length| length.as_bytes() == b"0")
}

pub fn offered(request: &HttpRequest) -> impl Iterator<Item = &str> {
    let offers = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL).filter_map(|offer| offer.to_str().ok());
    offers.flat_map(|offer| offer.split(',')).map(str::trim)
}

pub async fn reconnect_delay(service: &Service) {
    let _ = timeout(RECONNECT_DELAY, service.all_sessions_ended()).await;
}

enum SocketEvent {
    Received(Option<Result<SocketMessage, ProtocolError>>),
    Notification(Result<std::sync::Arc<Notification>, EndReason>),
    AppsChanged,
    GivesWay,
    TimeIsUp,
}

type CloseReply = Option<CloseReason>;

struct Pump<T, R> {
    protocol: T,
    runner: R,
    service: Service,
    apps: watch::Receiver<u64>,
    socket: WebSocket,
    listening: Option<EventSubscription>,
    confirm_at: Option<Instant>,
}

impl<T: Protocol, R: CommandRunner<T>> Pump<T, R> {
    async fn run(mut self) {
        let reason = self.keep_up().await;
        self.end_session().close(reason).await;
    }

    /// Drops the session, so that it ends before the client learns of it.
    fn end_session(self) -> WebSocket {
        self.socket
    }

    async fn keep_up(&mut self) -> CloseReply {
        let opened = Instant::now();
        let (mut last_received, mut last_ping, mut last_message) = (opened, opened, opened);
        // Since when the client is unauthenticated; ignored while it is authenticated.
        let mut unauthenticated_since = opened;
        let mut in_a_row = 0;
        // One timer, reset only when the client has sent something: a notification costs none.
        let mut alarm = Box::pin(sleep_until(opened + AUTHENTICATION_WAIT));
        // The app may have changed since the handshake was answered.
        if let Err(close) = self.end_unless_served().await {
            return close;
        }
        loop {
            let is_authenticated = self.protocol.is_authenticated();
            let silence_end = self.protocol.silence_max().map(|silence| last_message + silence);
            let deadline = match is_authenticated {
                true => self.check_at(last_message, last_ping, last_received),
                false if self.protocol.keeps_unauthenticated() && last_received > opened => {
                    let silent = last_received + T::UNAUTHENTICATED_SILENCE_MAX;
                    T::UNAUTHENTICATED_MAX.map_or(silent, |most| silent.min(unauthenticated_since + most))
                }
                false => unauthenticated_since + AUTHENTICATION_WAIT,
            };
            let deadline = silence_end.map_or(deadline, |end| end.min(deadline));
            if alarm.deadline() != deadline {
                alarm.as_mut().reset(deadline);
            }
            let done = match self.next(alarm.as_mut()).await {
                SocketEvent::Received(Some(Ok(message))) => {
                    in_a_row = (in_a_row + 1) % MESSAGES_IN_A_ROW;
                    if in_a_row == 0 {
                        yield_now().await;
                    }
                    last_received = Instant::now();
                    last_ping = last_received;
                    if matches!(message, SocketMessage::Text(_) | SocketMessage::Binary(_)) {
                        last_message = last_received;
                    }
                    self.receive(message).await
                }
                SocketEvent::Received(Some(Err(_))) if self.socket.is_ended() => {
                    Err(Some(CloseReason::from((CloseCode::Again, "the server reads too much at once: try again"))))
                }
                SocketEvent::Received(Some(Err(fault))) => Err(refusal_of(&fault)),
                SocketEvent::Received(None) => Err(None),
                SocketEvent::Notification(Ok(notification)) => self.notify(&notification).await,
                SocketEvent::Notification(Err(why)) => self.end(why).await,
                SocketEvent::AppsChanged => self.end_unless_served().await,
                SocketEvent::TimeIsUp if silence_end.is_some_and(|end| end <= Instant::now()) => {
                    Err(Some((CloseCode::Policy, "silent for longer than the keep-alive").into()))
                }
                SocketEvent::GivesWay => Err(Some(CloseReason::from((CloseCode::Again, "too many without a login")))),
                SocketEvent::TimeIsUp if is_authenticated && last_received.elapsed() < SILENCE_MAX => {
                    last_ping = Instant::now();
                    self.ping().await
                }
                SocketEvent::TimeIsUp => Err(Some(CloseCode::Policy.into())),
            };
            if let Err(close) = done {
                return close;
            }
            if is_authenticated && !self.protocol.is_authenticated() {
                unauthenticated_since = Instant::now();
            }
        }
    }

    /// Returns when an authenticated client is pinged, or has been silent for too long. A client whose keep-alive is short
    /// shows by its own messages that it is there, and is not pinged.
    fn check_at(&self, last_message: Instant, last_ping: Instant, last_received: Instant) -> Instant {
        let ping_at = last_ping + PING_EVERY;
        match self.protocol.silence_max() {
            Some(silence) if silence <= OWN_SILENCE_MAX => last_message + OWN_SILENCE_MAX,
            Some(_) | None => self.confirm_at.map_or(ping_at, |at| at.min(ping_at)).min(last_received + SILENCE_MAX),
        }
    }

    async fn end_unless_served(&mut self) -> Result<(), CloseReply> {
        match self.runner.is_served() {
            true => Ok(()),
            false => self.end(EndReason::Withdrawn).await,
        }
    }

    async fn notify(&mut self, notification: &Notification) -> Result<(), CloseReply> {
        if !T::CONFIRMS {
            // A client that comes back is sent the last events again.
        } else if self.protocol.is_receiving() {
            self.confirm_at.get_or_insert_with(|| Instant::now() + CONFIRM_AFTER);
        } else if let Some(listening) = self.listening.as_ref().filter(|_| notification.seq() != 0) {
            listening.mark_behind();
        }
        let effects = self.protocol.notification(notification);
        self.follow(effects).await
    }

    /// The pong repeats the last event that was sent: frames arrive in order, so the client has everything up to it. A
    /// client's own frame may have been sent before.
    async fn ping(&mut self) -> Result<(), CloseReply> {
        self.confirm_at = None;
        let told = self.listening.as_ref().map(|listening| listening.sent().to_be_bytes());
        self.socket.ping(told.as_ref().map_or(b"", <[u8; 8]>::as_slice));
        sent(self.socket.flush().await)
    }

    fn confirm(&self, answer: &[u8]) {
        if let (Some(listening), Ok(told)) = (&self.listening, <[u8; 8]>::try_from(answer)) {
            listening.confirm(i64::from_be_bytes(told));
        }
    }

    async fn end(&mut self, why: EndReason) -> Result<(), CloseReply> {
        self.listening = None;
        let effects = self.protocol.close(why);
        // A client beyond the session limit: clients would replace each other in turn for ever.
        if why == EndReason::Replaced && effects.is_over {
            reconnect_delay(&self.service).await;
        }
        self.follow(effects).await.map_err(|close| close.and(close_of(why)))
    }

    async fn next(&mut self, alarm: Pin<&mut Sleep>) -> SocketEvent {
        let Self { socket, listening, service, apps, runner, .. } = self;
        let told = async {
            match listening {
                Some(listening) => listening.next().await,
                None => Err(service.all_sessions_ended().await),
            }
        };
        // The sender lives as long as the service, which this socket holds, so there is no error.
        let changed = async {
            if apps.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        // Notices before frames: a client that received one mostly has nothing to send, and needs no second ping.
        tokio::select! {
            biased;
            () = changed => SocketEvent::AppsChanged,
            told = told => SocketEvent::Notification(told),
            () = runner.gives_way() => SocketEvent::GivesWay,
            last_received = socket.receive() => SocketEvent::Received(last_received),
            () = alarm => SocketEvent::TimeIsUp,
        }
    }

    async fn receive(&mut self, message: SocketMessage) -> Result<(), CloseReply> {
        let frame = match message {
            SocketMessage::Text(text) => Frame::Text(text),
            SocketMessage::Binary(bytes) => Frame::Binary(bytes),
            SocketMessage::Ping(bytes) => {
                self.socket.pong(bytes);
                return sent(self.socket.flush().await);
            }
            SocketMessage::Pong(answer) => {
                self.confirm(&answer);
                return Ok(());
            }
            SocketMessage::Close(reason) => return Err(reason),
        };
        let effects = self.protocol.receive(frame);
        self.follow(effects).await
    }

    /// None if the client has left while the command waited: what it sent before is dropped.
    async fn run_command(&self, command: T::Command) -> Option<CommandResult<T::Outcome>> {
        // Boxed, because a socket that only listens must not carry the memory of a command.
        let mut running = Box::pin(self.runner.run(command));
        loop {
            match timeout(LEFT_CHECK, running.as_mut()).await {
                Ok(ran) => return Some(ran),
                Err(_) if self.socket.is_left() => return None,
                Err(_) => {}
            }
        }
    }

    async fn follow(&mut self, mut effects: Effects<T::Command>) -> Result<(), CloseReply> {
        let mut caught_up = None;
        loop {
            for frame in effects.frames {
                match frame {
                    Frame::Text(text) => self.socket.text(text),
                    Frame::Binary(bytes) => self.socket.binary(bytes),
                }
            }
            sent(self.socket.flush().await)?;
            if let (Some(seq), Some(listening)) = (caught_up.take(), &self.listening) {
                listening.caught_up(seq);
                // At once: a client that leaves again within seconds must not get the same at its next sign-in.
                if T::CONFIRMS {
                    self.confirm_at = Some(Instant::now());
                }
            }
            if effects.is_over {
                return Err(Some(effects.cause.map_or(CloseCode::Normal.into(), CloseReason::from)));
            }
            let Some(command) = effects.command else { return Ok(()) };
            let Some(ran) = self.run_command(command).await else { return Err(None) };
            match ran.session {
                SessionChange::Unchanged => {}
                SessionChange::CaughtUp(seq) => caught_up = Some(seq),
                SessionChange::Behind(seq) => {
                    self.listening.iter().for_each(|listening| listening.fall_behind(seq));
                }
                SessionChange::Opened(listening) => self.listening = Some(listening),
                SessionChange::Away(is_away) => {
                    if let Some(listening) = &self.listening {
                        listening.set_away(is_away);
                    }
                }
                SessionChange::Closed => self.listening = None,
            }
            effects = self.protocol.outcome(ran.outcome);
        }
    }
}

fn sent(written: io::Result<()>) -> Result<(), CloseReply> {
    written.map_err(|_| None)
}

fn refusal_of(fault: &ProtocolError) -> CloseReply {
    let is_no_text = matches!(fault, ProtocolError::Io(io) if io.get_ref().is_some_and(<dyn StdError + Send + Sync>::is::<Utf8Error>));
    let code = match matches!(fault, ProtocolError::Overflow) {
        true => CloseCode::Size,
        false if is_no_text => CloseCode::Invalid,
        false => CloseCode::Protocol,
    };
    Some(CloseReason { code, description: Some(fault.to_string()) })
}

fn close_of(why: EndReason) -> CloseReply {
    let (code, description) = match why {
        EndReason::Slow => (CloseCode::Policy, "too slow: connect again"),
        EndReason::Replaced => (CloseCode::Policy, "a newer session took this one's place"),
        EndReason::Refused => (CloseCode::Policy, "sign in again"),
        EndReason::Withdrawn => (CloseCode::Policy, "the app does not serve this client any more"),
        EndReason::Closing => (CloseCode::Away, "the server stops"),
    };
    Some(CloseReason { code, description: Some(description.to_owned()) })
}
