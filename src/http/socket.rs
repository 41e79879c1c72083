//! The socket pump: it owns a WebSocket and its waits; what is said over it is a [`Talk`]'s affair.

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

pub use super::websocket::MESSAGE_BYTES_MAX;
use super::{
    websocket::{Message, WebSocket},
    wire::Takeover,
};
use crate::{
    domain::listening::{Notice, Over},
    service::{Service, listening::Listening},
};

/// How long a client may stay before it has proved who it is.
const AUTHENTICATE_WAIT: Duration = Duration::from_secs(10);

/// How long a client that has not proved who it is may be silent where it may stay. Tencent's SDK says that it is there every 10 to 12 s.
const STRANGER_SILENCE_MAX: Duration = Duration::from_secs(30);

/// How often a silent client is asked whether it is there.
const PING_EVERY: Duration = Duration::from_secs(30);

/// How long after something was told the client is asked whether it has arrived. What follows within that time is asked for together.
const CONFIRM_AFTER: Duration = Duration::from_secs(2);

/// How long a client may be silent, pongs included, before it counts as gone: two pings and a half.
const SILENCE_MAX: Duration = Duration::from_secs(75);

/// Messages of a client that are answered before others have their turn: as many as requests are read ahead.
const MESSAGES_IN_A_ROW: u8 = 4;

/// How long a client is kept that is to be sent away and would be back at once: the vendors' SDKs know no pause between their tries.
const BRAKE: Duration = Duration::from_secs(5);

/// One message of a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// Of text.
    Text(String),
    /// Of bytes.
    Binary(Bytes),
}

/// What a conversation does next.
#[derive(Debug, PartialEq, Eq)]
pub struct Step<V> {
    /// To send, in this order.
    pub frames: Vec<Frame>,
    /// To run once they are sent. No frame is heard while it runs.
    pub verb: Option<V>,
    /// Whether the conversation is over, once they are sent.
    pub is_over: bool,
}

impl<V> Default for Step<V> {
    fn default() -> Self {
        Self { frames: Vec::new(), verb: None, is_over: false }
    }
}

/// A conversation over a socket, as a pure state machine: it knows neither socket nor service nor time.
pub trait Talk {
    /// What it asks to be run.
    type Verb;
    /// What comes of that.
    type Outcome;

    /// A frame has arrived, of [`MESSAGE_BYTES_MAX`] at most.
    fn hear(&mut self, frame: Frame) -> Step<Self::Verb>;

    /// The verb of the last step has run.
    fn outcome(&mut self, outcome: Self::Outcome) -> Step<Self::Verb>;

    /// Something happened that concerns this client.
    fn notice(&mut self, notice: &Notice) -> Step<Self::Verb>;

    /// The house ends the session: time for a last word. The socket closes after it; where the step says that it is not over, the client
    /// stays as one that has not proved who it is.
    fn over(&mut self, why: Over) -> Step<Self::Verb>;

    /// Whether the client has proved who it is.
    fn is_authenticated(&self) -> bool;

    /// Whether a notice reaches the client now: else it is looked up once it does.
    fn can_be_told(&self) -> bool {
        self.is_authenticated()
    }

    /// Whether a client that has not may stay as long as it speaks: one that connects as soon as its page is open, and anew at once.
    fn lets_strangers_stay(&self) -> bool {
        false
    }
}

/// What running a verb came to.
pub struct Ran<O> {
    /// For the conversation.
    pub outcome: O,
    /// What is listened to from now on.
    pub hears: Hears,
}

/// To what a socket listens once a verb has run.
pub enum Hears {
    /// To what it did before.
    AsBefore,
    /// To what it did before, of which everything up to this event has been said once the frames of the outcome are sent.
    CaughtUp(i64),
    /// To the session that the verb has opened; a former one ends.
    From(Listening),
    /// To nothing: its session ends.
    Nothing,
}

/// The dialect's side of a socket.
pub trait Runner<T: Talk> {
    /// Runs a verb of the conversation.
    fn run(&self, verb: T::Verb) -> impl Future<Output = Ran<T::Outcome>>;

    /// Whether the app still serves this client: asked when the socket has opened, and after each change of an app. Where it does not, the
    /// socket ends at once.
    fn is_served(&self) -> bool;
}

/// Takes a WebSocket over. Of `protocols` the client's first is answered; one that offers none of them gets none back.
/// # Errors
/// What is no WebSocket handshake.
pub fn open<T: Talk + 'static>(
    request: &HttpRequest,
    protocols: &[&str],
    talk: T,
    service: Service,
    runner: impl Runner<T> + 'static,
) -> Result<HttpResponse, actix_web::Error> {
    let takeover =
        request.conn_data::<Takeover>().ok_or_else(|| ErrorInternalServerError("not a connection of ours"))?;
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
        let socket = WebSocket::new(connection);
        Pump { talk, runner, service, apps, socket, listening: None, unasked: None }.run()
    });
    Ok(answer)
}

/// Whether a request may change the protocol: it names this one alone, in a version that can change it, and has no body (RFC 9110, section
/// 7.8). The connection and the framework must agree on where the request ends.
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

/// The sub-protocols that a handshake offers, in its order.
pub fn offered(request: &HttpRequest) -> impl Iterator<Item = &str> {
    let offers = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL).filter_map(|offer| offer.to_str().ok());
    offers.flat_map(|offer| offer.split(',')).map(str::trim)
}

/// Waits before a client is sent away, unless all of them are.
pub async fn brake(service: &Service) {
    let _ = timeout(BRAKE, service.dismissed()).await;
}

/// What happens next at a socket.
enum Next {
    Heard(Option<Result<Message, ProtocolError>>),
    Told(Result<std::sync::Arc<Notice>, Over>),
    AppsChanged,
    TimeIsUp,
}

/// Why a socket is to be closed: the reason its client is told, if it is to hear one.
type Close = Option<CloseReason>;

struct Pump<T, R> {
    talk: T,
    runner: R,
    service: Service,
    /// Changes with every change of an app.
    apps: watch::Receiver<u64>,
    socket: WebSocket,
    listening: Option<Listening>,
    /// When the client is asked whether what it was told has arrived.
    unasked: Option<Instant>,
}

impl<T: Talk, R: Runner<T>> Pump<T, R> {
    async fn run(mut self) {
        let reason = self.keep_up().await;
        self.end_session().close(reason).await;
    }

    /// The socket alone: its session is over before its client has heard so.
    fn end_session(self) -> WebSocket {
        self.socket
    }

    async fn keep_up(&mut self) -> Close {
        let opened = Instant::now();
        let (mut heard, mut asked) = (opened, opened);
        // Since when nobody has proved who it is; not looked at while somebody has.
        let mut unproved = opened;
        let mut in_a_row = 0;
        // One timer, set anew only when the client has spoken: a notice costs none.
        let mut alarm = Box::pin(sleep_until(opened + AUTHENTICATE_WAIT));
        // Since the handshake was answered the app may have changed.
        if let Err(close) = self.end_unless_served().await {
            return close;
        }
        loop {
            let is_authenticated = self.talk.is_authenticated();
            let deadline = match is_authenticated {
                true => self.unasked.unwrap_or(asked + PING_EVERY).min(asked + PING_EVERY).min(heard + SILENCE_MAX),
                false if self.talk.lets_strangers_stay() && heard > opened => heard + STRANGER_SILENCE_MAX,
                false => unproved + AUTHENTICATE_WAIT,
            };
            if alarm.deadline() != deadline {
                alarm.as_mut().reset(deadline);
            }
            let done = match self.next(alarm.as_mut()).await {
                Next::Heard(Some(Ok(message))) => {
                    in_a_row = (in_a_row + 1) % MESSAGES_IN_A_ROW;
                    if in_a_row == 0 {
                        yield_now().await;
                    }
                    heard = Instant::now();
                    asked = heard;
                    self.hear(message).await
                }
                Next::Heard(Some(Err(_))) if self.socket.is_ended() => {
                    Err(Some(CloseReason::from((CloseCode::Again, "the server reads too much at once: try again"))))
                }
                Next::Heard(Some(Err(fault))) => Err(refusal_of(&fault)),
                Next::Heard(None) => Err(None),
                Next::Told(Ok(notice)) => self.tell(&notice).await,
                Next::Told(Err(why)) => self.end(why).await,
                Next::AppsChanged => self.end_unless_served().await,
                Next::TimeIsUp if is_authenticated && heard.elapsed() < SILENCE_MAX => {
                    asked = Instant::now();
                    self.ask().await
                }
                Next::TimeIsUp => Err(Some(CloseCode::Policy.into())),
            };
            if let Err(close) = done {
                return close;
            }
            if is_authenticated && !self.talk.is_authenticated() {
                unproved = Instant::now();
            }
        }
    }

    /// Ends the socket if the app does not serve its client any more.
    async fn end_unless_served(&mut self) -> Result<(), Close> {
        match self.runner.is_served() {
            true => Ok(()),
            false => self.end(Over::Withdrawn).await,
        }
    }

    async fn tell(&mut self, notice: &Notice) -> Result<(), Close> {
        if self.talk.can_be_told() {
            self.unasked.get_or_insert_with(|| Instant::now() + CONFIRM_AFTER);
        } else if let Some(listening) = &self.listening {
            listening.fall_behind();
        }
        let step = self.talk.notice(notice);
        self.follow(step).await
    }

    /// Asks the client whether it is there. Its answer repeats the event up to which it was told: frames arrive in their order, so it has
    /// all of that then. A frame of its own would not show it, which may have been under way before.
    async fn ask(&mut self) -> Result<(), Close> {
        self.unasked = None;
        let told = self.listening.as_ref().map(|listening| listening.sent().to_be_bytes());
        self.socket.ping(told.as_ref().map_or(b"", <[u8; 8]>::as_slice));
        sent(self.socket.flush().await)
    }

    fn confirm(&self, answer: &[u8]) {
        if let (Some(listening), Ok(told)) = (&self.listening, <[u8; 8]>::try_from(answer)) {
            listening.confirm(i64::from_be_bytes(told));
        }
    }

    /// Ends the session for the house.
    async fn end(&mut self, why: Over) -> Result<(), Close> {
        self.listening = None;
        let step = self.talk.over(why);
        // One client too many: each of them takes another's place, in turn and for ever. One that stays does not come back.
        if why == Over::Replaced && step.is_over {
            brake(&self.service).await;
        }
        self.follow(step).await.map_err(|close| close.and(close_of(why)))
    }

    async fn next(&mut self, alarm: Pin<&mut Sleep>) -> Next {
        let Self { socket, listening, service, apps, .. } = self;
        let told = async {
            match listening {
                Some(listening) => listening.next().await,
                None => Err(service.dismissed().await),
            }
        };
        // The sender lives as long as the service, which this socket holds: an error does not come.
        let changed = async {
            if apps.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        // News first: a client that is told has mostly nothing to say, and is not asked twice for it.
        tokio::select! {
            biased;
            () = changed => Next::AppsChanged,
            told = told => Next::Told(told),
            heard = socket.receive() => Next::Heard(heard),
            () = alarm => Next::TimeIsUp,
        }
    }

    async fn hear(&mut self, message: Message) -> Result<(), Close> {
        let frame = match message {
            Message::Text(text) => Frame::Text(text),
            Message::Binary(bytes) => Frame::Binary(bytes),
            Message::Ping(bytes) => {
                self.socket.pong(bytes);
                return sent(self.socket.flush().await);
            }
            Message::Pong(answer) => {
                self.confirm(&answer);
                return Ok(());
            }
            Message::Close(reason) => return Err(reason),
        };
        let step = self.talk.hear(frame);
        self.follow(step).await
    }

    /// Does what a step asks, and the steps that follow from it.
    async fn follow(&mut self, mut step: Step<T::Verb>) -> Result<(), Close> {
        let mut caught_up = None;
        loop {
            for frame in step.frames {
                match frame {
                    Frame::Text(text) => self.socket.text(text),
                    Frame::Binary(bytes) => self.socket.binary(bytes),
                }
            }
            sent(self.socket.flush().await)?;
            if let (Some(seq), Some(listening)) = (caught_up.take(), &self.listening) {
                listening.caught_up(seq);
                self.unasked.get_or_insert_with(|| Instant::now() + CONFIRM_AFTER);
            }
            if step.is_over {
                return Err(Some(CloseCode::Normal.into()));
            }
            let Some(verb) = step.verb else { return Ok(()) };
            // Boxed: what a verb needs while it runs, a socket that only listens must not carry.
            let ran = Box::pin(self.runner.run(verb)).await;
            match ran.hears {
                Hears::AsBefore => {}
                Hears::CaughtUp(seq) => caught_up = Some(seq),
                Hears::From(listening) => self.listening = Some(listening),
                Hears::Nothing => self.listening = None,
            }
            step = self.talk.outcome(ran.outcome);
        }
    }
}

fn sent(written: io::Result<()>) -> Result<(), Close> {
    written.map_err(|_| None)
}

fn refusal_of(fault: &ProtocolError) -> Close {
    let is_no_text = matches!(fault, ProtocolError::Io(io) if io.get_ref().is_some_and(<dyn StdError + Send + Sync>::is::<Utf8Error>));
    let code = match matches!(fault, ProtocolError::Overflow) {
        true => CloseCode::Size,
        false if is_no_text => CloseCode::Invalid,
        false => CloseCode::Protocol,
    };
    Some(CloseReason { code, description: Some(fault.to_string()) })
}

fn close_of(why: Over) -> Close {
    let (code, description) = match why {
        Over::Slow => (CloseCode::Policy, "too slow: connect again"),
        Over::Replaced => (CloseCode::Policy, "a newer session took this one's place"),
        Over::Refused => (CloseCode::Policy, "sign in again"),
        Over::Withdrawn => (CloseCode::Policy, "the app does not serve this client any more"),
        Over::Closing => (CloseCode::Away, "the server stops"),
    };
    Some(CloseReason { code, description: Some(description.to_owned()) })
}
