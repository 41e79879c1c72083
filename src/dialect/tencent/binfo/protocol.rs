//! The protocol of one socket, as a pure state machine. Each frame is authenticated by its own head: after a reconnect
//! the SDK sends calls with its ticket before it logs in again. Source: wire/tencent.md section 3.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::{
    frame::{self, CallId, FrameCredential, FrameError, RequestFrame},
    push::{self, KickReason},
    unserved,
};
use crate::{
    dialect::tencent::{
        call::{OwnEvent, SessionPosition},
        command,
        messages::item::tiny_id,
        reply::{self, ErrorCode, Family, TencentError},
        status::in_base64,
    },
    domain::{ChatEvent, CustomStatus, EndReason, Moment, Notification, Secret, User, UserId, UserKey},
    http::socket::{Effects, Frame, Protocol},
};

/// The interval of the client's heartbeats in seconds; the SDK's own default.
const HELLO_EVERY_S: u32 = 120;

/// Events of its own commands that a session remembers until their notices come. The oldest is forgotten first, and its
/// notice pushed.
const OWN_EVENTS_MAX: usize = 1024;

/// What the protocol asks the server to do.
#[derive(Debug, PartialEq)]
pub enum BinfoCommand {
    /// Start or resume a session, and subscribe to its notifications.
    LogIn(FrameCredential),
    /// End the session of a ticket, and unsubscribe.
    LogOut(FrameCredential),
    /// Run a command of the table in `command`.
    Run {
        command: String,
        credential: FrameCredential,
        body: Value,
        /// What was sent to the user that has logged in on the socket.
        position: Option<SessionPosition>,
    },
    /// Look up the pushes for a notice that need reads of the database.
    PushNotice { own: SocketUser, notification: Box<Notification> },
    /// Look up what a user missed after this event.
    PushMissed { own: SocketUser, seq: i64 },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketUser {
    pub key: UserKey,
    pub id: UserId,
}

#[derive(Debug, PartialEq)]
pub enum BinfoOutcome {
    LoggedIn(Box<BinfoSession>),
    LoggedOut,
    /// The response to the call.
    Answer {
        /// The text of a JSON object, with the envelope.
        body: String,
        /// What the call did.
        own_events: Vec<OwnEvent>,
    },
    /// Pushes to send.
    Events {
        events: Vec<Value>,
        rest: Option<i64>,
        /// After a look-up of missed events: the last event that it covers.
        seen_to: Option<i64>,
    },
    Failed,
}

impl BinfoOutcome {
    /// Returns the outcome of a call that changed nothing.
    pub fn answer(body: String) -> Self {
        Self::Answer { body, own_events: Vec::new() }
    }
}

#[derive(Debug, PartialEq)]
pub struct BinfoSession {
    pub user: User,
    pub ticket: Secret,
    pub custom_status: Option<CustomStatus>,
    pub at: Moment,
    /// The number of the last event that the user received, if the session resumes and later events exist.
    pub missed_since: Option<i64>,
    /// The last event that needs no push.
    pub sent: i64,
    /// Whether the client goes on with a former session.
    pub is_resumed: bool,
}

#[derive(Debug)]
pub struct Binfo {
    /// The client's number. Its SDK expects it in the login response.
    instance: u32,
    own: Option<SocketUser>,
    pending: Option<CallId>,
    position: Option<SessionPosition>,
    /// What the user's commands on this socket did, until the notices of it come.
    own_events: VecDeque<OwnEvent>,
}

type BinfoStep = Effects<BinfoCommand>;

impl Binfo {
    /// Creates the state for the client with this number. It must not be 0, because the SDK takes that for none.
    pub fn new(instance: u32) -> Self {
        Self { instance, own: None, pending: None, position: None, own_events: VecDeque::new() }
    }

    fn run_request(&mut self, request: RequestFrame) -> BinfoStep {
        let RequestFrame { call, credential, body } = request;
        let command = match call.command.as_str() {
            "im_open_status.wslogin" => BinfoCommand::LogIn(credential),
            "im_open_status.wslogout" => BinfoCommand::LogOut(credential),
            command if command::is_known(command) => {
                BinfoCommand::Run { command: command.to_owned(), credential, body, position: self.position }
            }
            command => return send(frame::answer(&call, unserved::answer(command).as_text())),
        };
        self.pending = Some(call);
        Effects { command: Some(command), ..Effects::default() }
    }

    fn logged_in(&mut self, session: BinfoSession) -> BinfoStep {
        let own = SocketUser { key: session.user.key, id: session.user.id };
        let answer = json!({
            "A2Key": session.ticket.expose(),
            "TinyId": tiny_id(own.key),
            "InstId": self.instance,
            "HelloInterval": HELLO_EVERY_S,
            "TimeStamp": session.at.unix_s(),
            "CustomStatus": in_base64(session.custom_status.as_ref()),
            "PurchaseBits": unserved::purchase_bits(),
        });
        let command = session.missed_since.map(|seq| BinfoCommand::PushMissed { own: own.clone(), seq });
        self.own = Some(own);
        self.own_events.clear();
        self.position = Some(SessionPosition {
            sent: session.sent,
            resumed_behind: session.is_resumed.then(|| session.missed_since.unwrap_or(session.sent)),
        });
        Effects { command, ..self.answer_pending(reply::success_json(answer).as_text()) }
    }

    fn remember(&mut self, own_events: Vec<OwnEvent>) {
        self.own_events.extend(own_events);
        let excess = self.own_events.len().saturating_sub(OWN_EVENTS_MAX);
        self.own_events.drain(..excess);
    }

    /// Notes that everything up to an event was sent.
    fn sent_to(&mut self, seq: i64) {
        if let Some(position) = &mut self.position {
            position.sent = position.sent.max(seq);
        }
    }

    /// Whether a command on this socket did what the notice is about. Notices come in the order of the events.
    fn is_own(&mut self, notice: &Notification) -> bool {
        let Notification::Chat { seq, news } = notice else { return false };
        let wanted = match &news.event {
            ChatEvent::Passing(message) if self.own.as_ref().is_some_and(|own| own.key == message.sender) => {
                OwnEvent::Passed(message.numbers)
            }
            ChatEvent::Sent(_)
            | ChatEvent::Edited(_)
            | ChatEvent::Recalled(_)
            | ChatEvent::Hidden { .. }
            | ChatEvent::MarkMoved { .. }
            | ChatEvent::ReceiptsSent(_)
            | ChatEvent::Changed { .. }
            | ChatEvent::Typing { .. }
            | ChatEvent::Passing(_) => OwnEvent::Stored(*seq),
        };
        let place = self.own_events.iter().position(|event| *event == wanted);
        place.is_some_and(|place| self.own_events.remove(place).is_some())
    }

    fn answer_pending(&mut self, body: &str) -> BinfoStep {
        self.pending.take().map(|call| send(frame::answer(&call, body))).unwrap_or_default()
    }
}

impl Protocol for Binfo {
    type Command = BinfoCommand;
    type Outcome = BinfoOutcome;

    fn receive(&mut self, message: Frame) -> BinfoStep {
        let (call, refused) = match RequestFrame::read(&message) {
            Ok(request) => return self.run_request(request),
            Err(FrameError::NoJson(why)) => {
                let call = CallId { command: String::new(), seq: 0 };
                (call, TencentError::Coded(ErrorCode::NoJson, format!("The frame {why}")))
            }
            Err(FrameError::NoHead(call, why)) => (call, TencentError::Coded(ErrorCode::BadHttp, why.to_owned())),
        };
        send(frame::answer(&call, reply::failure(&refused, Family::Account).as_text()))
    }

    fn outcome(&mut self, outcome: BinfoOutcome) -> BinfoStep {
        match outcome {
            BinfoOutcome::LoggedIn(session) => self.logged_in(*session),
            BinfoOutcome::LoggedOut => {
                (self.own, self.position) = (None, None);
                self.answer_pending(reply::success_json(json!({})).as_text())
            }
            BinfoOutcome::Answer { body, own_events } => {
                self.remember(own_events);
                self.answer_pending(&body)
            }
            BinfoOutcome::Failed => Effects { is_over: true, ..Effects::default() },
            BinfoOutcome::Events { events, rest, seen_to } => {
                seen_to.into_iter().for_each(|seq| self.sent_to(seq));
                let look_back = |(own, seq)| BinfoCommand::PushMissed { own, seq };
                Effects { command: self.own.clone().zip(rest).map(look_back), ..push_events(&events) }
            }
        }
    }

    fn notification(&mut self, notification: &Notification) -> BinfoStep {
        self.sent_to(notification.seq());
        if self.is_own(notification) {
            return Effects::default();
        }
        let Some(own) = &self.own else { return Effects::default() };
        let push_rest = || BinfoCommand::PushNotice { own: own.clone(), notification: Box::new(notification.clone()) };
        Effects { command: push::has_more(notification).then(push_rest), ..push_events(&push::at_once(notification)) }
    }

    /// After another client replaces this one, the connection stays open: its SDK logs out by itself and may log in
    /// again.
    fn close(&mut self, why: EndReason) -> BinfoStep {
        let was_logged_in = self.own.take().is_some();
        self.position = None;
        match why {
            EndReason::Replaced => push_events(&[push::kicked(KickReason::Replaced)]),
            EndReason::Withdrawn if !was_logged_in => Effects { is_over: true, ..Effects::default() },
            EndReason::Refused | EndReason::Withdrawn => {
                Effects { is_over: true, ..push_events(&[push::kicked(KickReason::ByBackEnd)]) }
            }
            EndReason::Slow | EndReason::Closing => Effects { is_over: true, ..Effects::default() },
        }
    }

    fn is_authenticated(&self) -> bool {
        self.own.is_some()
    }

    /// The SDK stays connected from `create` on, with or without a login, and the page learns of each reconnect.
    fn keeps_unauthenticated(&self) -> bool {
        true
    }
}

fn send(frame: Frame) -> BinfoStep {
    Effects { frames: vec![frame], ..Effects::default() }
}

fn push_events(events: &[Value]) -> BinfoStep {
    Effects { frames: events.iter().map(frame::push).collect(), ..Effects::default() }
}
