//! The protocol of the socket, as a pure state machine. Sources: RFC 7395; RFC 6120 where the SDK follows it; what it
//! sends.

use std::{borrow::Cow, collections::VecDeque, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    answer,
    chat_query::{ChatChange, ChatQuery},
    session::XmppSession,
    stanza::{StanzaFault, XmlElement},
};
use crate::{
    dialect::mirrorfly::{jid::Spelling, message::SentText},
    domain::{
        ConversationChange, ConversationKey, EndReason, Host, Mark, MessageId, MessageName, MessageView, Moment,
        Notification, Secret, User, UserId, UserKey,
    },
    http::socket::{Effects, Frame, Protocol},
};

#[derive(Debug, PartialEq)]
pub enum XmppCommand {
    SignIn {
        /// The host that the stream is addressed to. It selects the app.
        host: String,
        username: String,
        /// As the client sent it. The SDK of a live app encrypts it.
        password: Secret,
    },
    LookBack(i64),
    SetProfile(SentProfile),
    ReadProfile(UserId),
    ReadList {
        list: XmppList,
        host: String,
        iv_text: String,
    },
    Block {
        whom: UserId,
        is_blocked: bool,
    },
    ReadLastSeen(UserId),
    ReadSettings,
    KeepArchived(bool),
    Send {
        to: UserId,
        name: MessageName,
        sent: Box<SentText>,
    },
    Edit {
        with: UserId,
        name: MessageName,
        /// The id of the change.
        edit: MessageName,
        sent: Box<SentText>,
    },
    Mark {
        with: UserId,
        mark: Mark,
        /// The message of the other user that the mark moves to.
        name: MessageName,
    },
    Recall {
        with: UserId,
        names: Vec<MessageName>,
    },
    Typing {
        with: UserId,
        is_typing: bool,
    },
    ReadChat(ChatQuery),
    ChangeChat(ChatChange),
    /// Change all conversations of the user, some at a time.
    ChangeAllChats {
        change: ConversationChange,
        /// Those that are still to be changed. None at the beginning.
        rest: Option<Vec<ConversationKey>>,
    },
    /// Read which messages were not delivered to the user.
    ReadUndelivered,
    ReadMessages(Vec<MessageId>),
    /// Subscribe to the presence of contacts and conversation partners.
    FollowContacts,
    /// Subscribe to the presence of a new conversation partner.
    FollowPartner(UserKey),
    ReadPresence(Vec<UserKey>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum XmppList {
    Roster,
    Blocked,
    Blocking,
}

/// A profile that a client sent, decrypted. It replaces all fields; an empty field clears the stored one.
#[derive(Debug, PartialEq, Eq)]
pub struct SentProfile {
    pub nickname: String,
    pub image: String,
    pub email: String,
    pub mobile_number: String,
    pub status: String,
}

#[derive(Debug, PartialEq)]
pub enum XmppResult {
    SignedIn {
        user: Box<User>,
        iv_text: String,
        missed_since: Option<i64>,
    },
    WrongPassword,
    AccountDisabled,
    TooManyAttempts,
    Failed,
    Missed {
        notifications: Vec<Notification>,
        rest: Option<i64>,
    },
    Done,
    Profile(Box<User>),
    /// A list of users as XML, which may have megabytes. It is written on the thread that reads it.
    Listed(String),
    Unchanged,
    /// How long ago a user was online; zero for now.
    LastSeen(Duration),
    Archived(bool),
    /// These messages were sent, changed, marked or recalled.
    Acknowledged {
        names: Vec<MessageName>,
        /// The number of the event, if there is one.
        seq: Option<i64>,
        at: Moment,
    },
    /// Conversations changed for the user alone, by these events.
    Changed(Vec<i64>),
    /// Some of the user's conversations changed, by these events: at least one.
    ChangedSome {
        events: Vec<i64>,
        change: ConversationChange,
        rest: Vec<ConversationKey>,
    },
    Undelivered {
        /// Oldest first.
        ids: Vec<MessageId>,
        /// The last event at the time of the read.
        upto: i64,
    },
    Messages(Vec<MessageView>),
    /// The contacts and partners that are online.
    Online(Vec<UserId>),
    PresenceChanged(Vec<(UserId, bool)>),
    Refused(StanzaError),
    SessionOver,
}

/// An error of a stanza, by its condition in RFC 6120.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StanzaError {
    /// The field that is wrong, and its limit.
    BadRequest(Cow<'static, str>),
    ItemNotFound,
    NotAuthorized,
    InternalServerError,
    FeatureNotImplemented,
    /// Another user's message of the conversation has the id.
    Conflict,
}

impl StanzaError {
    pub fn bad_request(why: &'static str) -> Self {
        Self::BadRequest(why.into())
    }
}

#[derive(Debug)]
pub struct Xmpp {
    /// The domain of JIDs: the client's name for the server.
    host: String,
    stage: Stage,
    queued: VecDeque<XmlElement>,
}

#[derive(Debug)]
enum Stage {
    Opening,
    /// The stream is open, and the client has to send a password. With it comes the spelling of its name.
    Authenticating(Spelling),
    SignedIn(Box<XmppSession>),
}

pub(super) type XmppStep = Effects<XmppCommand>;

impl Xmpp {
    pub fn new(host: &str) -> Self {
        Self { host: host.to_owned(), stage: Stage::Opening, queued: VecDeque::new() }
    }

    fn receive(&mut self, element: XmlElement) -> XmppStep {
        if element.is("close", answer::FRAMING) {
            return end_stream(&[]);
        }
        match &mut self.stage {
            Stage::Opening if element.is("open", answer::FRAMING) => self.open(&element),
            Stage::Authenticating(spelling) if element.is("auth", answer::SASL) => {
                authenticate(&self.host, spelling, &element)
            }
            Stage::Opening | Stage::Authenticating(_) => fail_stream("not-authorized"),
            Stage::SignedIn(session) => {
                let step = session.receive(&self.host, element, &mut self.queued);
                self.with_queued(step)
            }
        }
    }

    fn open(&mut self, open: &XmlElement) -> XmppStep {
        if let Some(to) = open.attribute("to").filter(|to| !to.is_empty()) {
            if Host::parse(to).is_err() {
                return fail_stream("host-unknown");
            }
            to.clone_into(&mut self.host);
        }
        self.stage = Stage::Authenticating(Spelling::Equals);
        send(&[answer::open(&self.host, "1"), answer::mechanisms()])
    }

    /// Answers queued stanzas until one needs a command.
    fn with_queued(&mut self, mut step: XmppStep) -> XmppStep {
        let Stage::SignedIn(session) = &mut self.stage else { return step };
        while step.command.is_none() && !step.is_over && session.is_bound() {
            let Some(element) = self.queued.pop_front() else { break };
            let next = session.answer(&self.host, &element);
            step.frames.extend(next.frames);
            (step.command, step.is_over) = (next.command, next.is_over);
        }
        step
    }
}

impl Protocol for Xmpp {
    type Command = XmppCommand;
    type Outcome = XmppResult;

    /// A text of 10,000 characters has up to 160,000 bytes once it is escaped, encrypted and in base64.
    const MESSAGE_BYTES_MAX: usize = 192 * 1024;

    fn receive(&mut self, frame: Frame) -> XmppStep {
        let Frame::Text(text) = frame else { return fail_stream("not-well-formed") };
        match XmlElement::read(&text) {
            Ok(element) => self.receive(element),
            Err(StanzaFault::NotWellFormed) => fail_stream("not-well-formed"),
            Err(StanzaFault::Restricted) => fail_stream("restricted-xml"),
            Err(StanzaFault::TooMuch) => fail_stream("policy-violation"),
        }
    }

    fn outcome(&mut self, outcome: XmppResult) -> XmppStep {
        match &mut self.stage {
            Stage::Opening => Effects::default(),
            Stage::Authenticating(spelling) => match outcome {
                XmppResult::SignedIn { user, iv_text, missed_since } => {
                    let username = spelling.write(&user.id);
                    self.stage = Stage::SignedIn(Box::new(XmppSession::new(user.id, username, iv_text, missed_since)));
                    send(&[answer::success()])
                }
                XmppResult::WrongPassword => end_stream(&[answer::failure("not-authorized")]),
                XmppResult::AccountDisabled => end_stream(&[answer::failure("account-disabled")]),
                XmppResult::TooManyAttempts => end_stream(&[answer::failure("temporary-auth-failure")]),
                XmppResult::Failed
                | XmppResult::Missed { .. }
                | XmppResult::Done
                | XmppResult::Profile(_)
                | XmppResult::Listed(_)
                | XmppResult::Unchanged
                | XmppResult::LastSeen(_)
                | XmppResult::Archived(_)
                | XmppResult::Acknowledged { .. }
                | XmppResult::Changed(_)
                | XmppResult::ChangedSome { .. }
                | XmppResult::Undelivered { .. }
                | XmppResult::Messages(_)
                | XmppResult::Online(_)
                | XmppResult::PresenceChanged(_)
                | XmppResult::Refused(_)
                | XmppResult::SessionOver => fail_stream("internal-server-error"),
            },
            Stage::SignedIn(session) => {
                let step = session.finish(&self.host, outcome);
                self.with_queued(step)
            }
        }
    }

    fn notification(&mut self, notification: &Notification) -> XmppStep {
        match &mut self.stage {
            Stage::Opening | Stage::Authenticating(_) => Effects::default(),
            Stage::SignedIn(session) => session.notification(&self.host, notification),
        }
    }

    fn close(&mut self, _why: EndReason) -> XmppStep {
        end_stream(&[])
    }

    fn is_authenticated(&self) -> bool {
        matches!(self.stage, Stage::SignedIn(_))
    }

    fn is_receiving(&self) -> bool {
        matches!(&self.stage, Stage::SignedIn(session) if session.is_bound())
    }
}

/// Reads the user name and password of a SASL PLAIN message: `authorisation NUL user name NUL password`.
fn plain(auth: &XmlElement) -> Option<(String, Secret)> {
    // Some clients break long lines.
    let base64: String = auth.text().split_ascii_whitespace().collect();
    let message = String::from_utf8(STANDARD.decode(base64).ok()?).ok()?;
    let mut parts = message.split('\0');
    let (_on_behalf, username, password) = (parts.next()?, parts.next()?, parts.next()?);
    match parts.next().is_none() && !username.is_empty() && !password.is_empty() {
        true => Some((username.to_owned(), Secret::new(password))),
        false => None,
    }
}

fn authenticate(host: &str, spelling: &mut Spelling, auth: &XmlElement) -> XmppStep {
    if auth.attribute("mechanism") != Some("PLAIN") {
        return end_stream(&[answer::failure("invalid-mechanism")]);
    }
    match plain(auth) {
        Some((username, password)) => {
            *spelling = Spelling::of(&username);
            let command = XmppCommand::SignIn { host: host.to_owned(), username, password };
            Effects { command: Some(command), ..Effects::default() }
        }
        None => end_stream(&[answer::failure("not-authorized")]),
    }
}

pub(super) fn send(elements: &[XmlElement]) -> XmppStep {
    let frames = elements.iter().map(|element| Frame::Text(element.write())).collect();
    Effects { frames, ..Effects::default() }
}

pub(super) fn end_stream(elements: &[XmlElement]) -> XmppStep {
    let mut step = send(elements);
    step.frames.push(Frame::Text(XmlElement::new("close", answer::FRAMING).write()));
    Effects { is_over: true, ..step }
}

pub(super) fn fail_stream(condition: &str) -> XmppStep {
    end_stream(&[answer::stream_error(condition)])
}
