//! The conversation of one socket, as a pure state machine. Sources: RFC 7395, RFC 6120 where the vendor's SDK keeps to it, and what that
//! SDK sends and takes.

use std::{collections::VecDeque, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    answer,
    session::Session,
    stanza::{Element, Fault},
};
use crate::{
    dialect::mirrorfly::jid::Spelling,
    domain::{
        id::{Host, UserId},
        listening::{Notice, Over},
        profile::User,
        secret::Secret,
    },
    http::socket::{Frame, Step, Talk},
};

/// What the conversation asks to be run.
#[derive(Debug, PartialEq, Eq)]
pub enum Verb {
    /// Check a password and begin to listen.
    SignIn {
        /// The host that the stream is addressed to: it selects the app.
        host: String,
        /// As it was sent.
        username: String,
        /// As it was sent: the SDK of a live app encrypts it.
        password: Secret,
    },
    /// Look up what the user missed since this event.
    LookBack(i64),
    /// Replace the user's own profile.
    SetProfile(SentProfile),
    /// Read somebody's profile.
    ReadProfile(UserId),
    /// Read a list of users, written for the client.
    ReadList {
        /// Which.
        list: List,
        /// The host in the ids.
        host: String,
        /// What the codec of profiles makes its vector of.
        iv_text: String,
    },
    /// Block a user for this one, or end that.
    Block {
        /// The other user.
        whom: UserId,
        /// Whether it is blocked from now on.
        is_blocked: bool,
    },
    /// Read when a user was last there.
    ReadLastSeen(UserId),
    /// Read what the user has set for its chats.
    ReadSettings,
    /// Set whether archived chats stay archived.
    KeepArchived(bool),
}

/// A list of users that a client may read whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// The user's contacts, with their profiles.
    Roster,
    /// The ids of those the user blocks.
    Blocked,
    /// The ids of those who block the user.
    Blocking,
}

/// A profile as a client sent it, decrypted. It replaces all fields: an empty one is none.
#[derive(Debug, PartialEq, Eq)]
pub struct SentProfile {
    /// The display name.
    pub nickname: String,
    /// A picture of ours, by its token or an address, or another address.
    pub image: String,
    /// The e-mail address.
    pub email: String,
    /// The mobile number.
    pub mobile_number: String,
    /// The status text.
    pub status: String,
}

/// What came of a verb.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    /// The password is right, and the session listens.
    SignedIn {
        /// Who it is.
        user: Box<User>,
        /// What the codec of profiles makes its vector of.
        iv_text: String,
        /// The last event the user heard, where it missed some since.
        missed_since: Option<i64>,
    },
    /// The password is wrong.
    Wrong,
    /// The password is right, and the user may not come in.
    Shut,
    /// Too many passwords were wrong of late.
    TooMany,
    /// The house failed: another try may go through.
    Failed,
    /// What was missed.
    Missed {
        /// Of what was looked at.
        notices: Vec<Notice>,
        /// The last event that was looked at, where more stands behind it.
        rest: Option<i64>,
    },
    /// Done.
    Done,
    /// A profile.
    Profile(Box<User>),
    /// A list of users, as it is written in the answer. It may have megabytes, and is written where it was read.
    Listed(String),
    /// Done, and it was so before: no event tells of it.
    Unchanged,
    /// How long ago a user was last there; zero for now.
    LastSeen(Duration),
    /// Whether archived chats stay archived.
    Archived(bool),
    /// The call was refused.
    Refused(Refusal),
    /// The call was refused because the session is over: its user has been deleted or suspended.
    Over,
}

/// Why a stanza is refused, by the words of RFC 6120.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A field breaks a rule.
    BadRequest,
    /// No user has this id.
    ItemNotFound,
    /// The user may no longer call.
    NotAuthorized,
    /// The house failed.
    InternalServerError,
    /// No such call here.
    FeatureNotImplemented,
    /// Messages are not served here.
    ServiceUnavailable,
}

/// One client's conversation.
#[derive(Debug)]
pub struct Xmpp {
    /// The domain of its JIDs: what it calls the server.
    host: String,
    stage: Stage,
    held: VecDeque<Element>,
}

#[derive(Debug)]
enum Stage {
    /// Nothing is said.
    Opening,
    /// The stream is open and a password asked for. Once one is sent, it is known how the client spells its name.
    Authenticating(Spelling),
    /// It is known who talks.
    Proved(Box<Session>),
}

pub(super) type Next = Step<Verb>;

impl Xmpp {
    /// A conversation on a socket that was opened at `host`.
    pub fn new(host: &str) -> Self {
        Self { host: host.to_owned(), stage: Stage::Opening, held: VecDeque::new() }
    }

    fn heard(&mut self, element: Element) -> Next {
        if element.is("close", answer::FRAMING) {
            return ended(&[]);
        }
        match &mut self.stage {
            Stage::Opening if element.is("open", answer::FRAMING) => self.open(&element),
            Stage::Authenticating(spelling) if element.is("auth", answer::SASL) => {
                authenticate(&self.host, spelling, &element)
            }
            Stage::Opening | Stage::Authenticating(_) => broken_off("not-authorized"),
            Stage::Proved(session) => {
                let step = session.heard(&self.host, element, &mut self.held);
                self.with_held(step)
            }
        }
    }

    fn open(&mut self, open: &Element) -> Next {
        if let Some(to) = open.attribute("to").filter(|to| !to.is_empty()) {
            if Host::parse(to).is_err() {
                return broken_off("host-unknown");
            }
            to.clone_into(&mut self.host);
        }
        self.stage = Stage::Authenticating(Spelling::Equals);
        say(&[answer::open(&self.host, "1"), answer::mechanisms()])
    }

    /// Answers what was held until now, as far as nothing is to be run for it.
    fn with_held(&mut self, mut step: Next) -> Next {
        let Stage::Proved(session) = &mut self.stage else { return step };
        while step.verb.is_none() && !step.is_over && session.is_bound() {
            let Some(element) = self.held.pop_front() else { break };
            let next = session.answer(&self.host, &element);
            step.frames.extend(next.frames);
            (step.verb, step.is_over) = (next.verb, next.is_over);
        }
        step
    }
}

impl Talk for Xmpp {
    type Verb = Verb;
    type Outcome = Outcome;

    fn hear(&mut self, frame: Frame) -> Next {
        let Frame::Text(text) = frame else { return broken_off("not-well-formed") };
        match Element::read(&text) {
            Ok(element) => self.heard(element),
            Err(Fault::NotWellFormed) => broken_off("not-well-formed"),
            Err(Fault::Restricted) => broken_off("restricted-xml"),
            Err(Fault::TooMuch) => broken_off("policy-violation"),
        }
    }

    fn outcome(&mut self, outcome: Outcome) -> Next {
        match &mut self.stage {
            Stage::Opening => Step::default(),
            Stage::Authenticating(spelling) => match outcome {
                Outcome::SignedIn { user, iv_text, missed_since } => {
                    let username = spelling.write(&user.id);
                    self.stage = Stage::Proved(Box::new(Session::new(user.id, username, iv_text, missed_since)));
                    say(&[answer::success()])
                }
                Outcome::Wrong => ended(&[answer::failure("not-authorized")]),
                Outcome::Shut => ended(&[answer::failure("account-disabled")]),
                Outcome::TooMany => ended(&[answer::failure("temporary-auth-failure")]),
                Outcome::Failed
                | Outcome::Missed { .. }
                | Outcome::Done
                | Outcome::Profile(_)
                | Outcome::Listed(_)
                | Outcome::Unchanged
                | Outcome::LastSeen(_)
                | Outcome::Archived(_)
                | Outcome::Refused(_)
                | Outcome::Over => broken_off("internal-server-error"),
            },
            Stage::Proved(session) => {
                let step = session.told(&self.host, outcome);
                self.with_held(step)
            }
        }
    }

    fn notice(&mut self, notice: &Notice) -> Next {
        match &mut self.stage {
            Stage::Opening | Stage::Authenticating(_) => Step::default(),
            Stage::Proved(session) => session.notice(&self.host, notice),
        }
    }

    fn over(&mut self, _why: Over) -> Next {
        ended(&[])
    }

    fn is_authenticated(&self) -> bool {
        matches!(self.stage, Stage::Proved(_))
    }

    fn can_be_told(&self) -> bool {
        matches!(&self.stage, Stage::Proved(session) if session.is_bound())
    }
}

/// User name and password of a SASL PLAIN message: `authorisation NUL user name NUL password`. None for anything else.
fn plain(auth: &Element) -> Option<(String, Secret)> {
    let message = String::from_utf8(STANDARD.decode(auth.text().trim()).ok()?).ok()?;
    let mut parts = message.split('\0');
    let (_on_behalf, username, password) = (parts.next()?, parts.next()?, parts.next()?);
    match parts.next().is_none() && !username.is_empty() && !password.is_empty() {
        true => Some((username.to_owned(), Secret::new(password))),
        false => None,
    }
}

fn authenticate(host: &str, spelling: &mut Spelling, auth: &Element) -> Next {
    if auth.attribute("mechanism") != Some("PLAIN") {
        return ended(&[answer::failure("invalid-mechanism")]);
    }
    match plain(auth) {
        Some((username, password)) => {
            *spelling = Spelling::of(&username);
            let verb = Verb::SignIn { host: host.to_owned(), username, password };
            Step { verb: Some(verb), ..Step::default() }
        }
        None => ended(&[answer::failure("not-authorized")]),
    }
}

pub(super) fn say(elements: &[Element]) -> Next {
    let frames = elements.iter().map(|element| Frame::Text(element.write())).collect();
    Step { frames, ..Step::default() }
}

/// Last words, and the end of the stream.
pub(super) fn ended(elements: &[Element]) -> Next {
    let mut step = say(elements);
    step.frames.push(Frame::Text(Element::new("close", answer::FRAMING).write()));
    Step { is_over: true, ..step }
}

/// The stream ends because of what the client sent.
pub(super) fn broken_off(condition: &str) -> Next {
    ended(&[answer::stream_error(condition)])
}
