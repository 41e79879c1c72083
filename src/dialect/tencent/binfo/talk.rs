//! The conversation of one socket, as a pure state machine. Source: wire/tencent.md section 3, the sequence of a session, run against the
//! published SDK.
//!
//! Each frame is judged by its own head: after a reconnect the SDK sends calls with its ticket before it logs in again. A login decides
//! only whose changes are pushed.

use serde_json::{Value, json};

use super::{
    frame::{self, Asked, Fault, Name, Proof},
    push::{self, Kick},
    unserved,
};
use crate::{
    dialect::tencent::{
        command,
        reply::{self, Code, Family, Refused},
        status::in_base64,
    },
    domain::{
        id::{UserId, UserKey},
        listening::{Notice, Over},
        profile::User,
        secret::Secret,
        text::CustomStatus,
        time::Moment,
    },
    http::socket::{Frame, Step, Talk},
};

/// How often a client says hello, in seconds; the SDK's own default. It shows by its heartbeats that it is there.
const HELLO_EVERY_S: u32 = 120;

/// The vendor's numbers of users have 18 digits: ours begin here.
const TINY_ID_BASE: i64 = 1 << 57;

/// What the conversation asks to be run.
#[derive(Debug, PartialEq)]
pub enum Verb {
    /// Begin a session, or go on with one, and listen.
    LogIn(Proof),
    /// End the session of a ticket, and listen no more.
    LogOut(Proof),
    /// Run a command of the table.
    Run {
        /// Which.
        command: String,
        /// Who calls.
        proof: Proof,
        /// With what.
        body: Value,
    },
    /// Make of a notice what is pushed to a user beside what could be said at once.
    Tell {
        /// To whom.
        own: Own,
        /// Of what.
        notice: Box<Notice>,
    },
    /// Look up what a user missed since this event.
    LookBack {
        /// Who.
        own: Own,
        /// The last event it heard.
        seq: i64,
    },
}

/// Who has logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// Its integer id.
    pub key: UserKey,
    /// Its id.
    pub id: UserId,
}

/// What came of a verb.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    /// The session goes, and is listened to.
    LoggedIn(Box<LoggedIn>),
    /// It goes no more.
    LoggedOut,
    /// What the call is answered, envelope and all: the text of a JSON object.
    Answer(String),
    /// What is pushed.
    Events {
        /// In their order.
        events: Vec<Value>,
        /// The last event that was looked back at, where more stands behind it.
        rest: Option<i64>,
    },
    /// A change could not be told.
    Failed,
}

/// A session that goes.
#[derive(Debug, PartialEq)]
pub struct LoggedIn {
    /// Whose.
    pub user: User,
    /// What the client shows from now on.
    pub ticket: Secret,
    /// What the user has set as its custom status.
    pub custom_status: Option<CustomStatus>,
    /// What the server's clock says.
    pub at: Moment,
    /// The last event the user heard, where it goes on with a session and missed some since.
    pub missed_since: Option<i64>,
}

/// One client's conversation.
#[derive(Debug)]
pub struct Binfo {
    /// The number of the client, which its SDK wants to be told.
    instance: u32,
    own: Option<Own>,
    /// The call that the running verb is to answer.
    asked: Option<Name>,
}

type Next = Step<Verb>;

impl Binfo {
    /// A conversation with the client of this number, which must not be 0: the SDK takes that for none.
    pub fn new(instance: u32) -> Self {
        Self { instance, own: None, asked: None }
    }

    fn asked(&mut self, asked: Asked) -> Next {
        let Asked { name, proof, body } = asked;
        let verb = match name.command.as_str() {
            "im_open_status.wslogin" => Verb::LogIn(proof),
            "im_open_status.wslogout" => Verb::LogOut(proof),
            command if command::is_known(command) => Verb::Run { command: command.to_owned(), proof, body },
            command => return say(frame::answer(&name, unserved::answer(command).as_text())),
        };
        self.asked = Some(name);
        Step { verb: Some(verb), ..Step::default() }
    }

    fn logged_in(&mut self, session: LoggedIn) -> Next {
        let own = Own { key: session.user.key, id: session.user.id };
        let answer = json!({
            "A2Key": session.ticket.expose(),
            "TinyId": (TINY_ID_BASE + own.key.0).to_string(),
            "InstId": self.instance,
            "HelloInterval": HELLO_EVERY_S,
            "TimeStamp": session.at.unix_s(),
            "CustomStatus": in_base64(session.custom_status.as_ref()),
            "PurchaseBits": unserved::purchase_bits(),
        });
        let verb = session.missed_since.map(|seq| Verb::LookBack { own: own.clone(), seq });
        self.own = Some(own);
        Step { verb, ..self.answered(reply::ok(answer).as_text()) }
    }

    /// Answers the call that was asked last.
    fn answered(&mut self, body: &str) -> Next {
        self.asked.take().map(|name| say(frame::answer(&name, body))).unwrap_or_default()
    }
}

impl Talk for Binfo {
    type Verb = Verb;
    type Outcome = Outcome;

    fn hear(&mut self, message: Frame) -> Next {
        let (name, refused) = match Asked::read(&message) {
            Ok(asked) => return self.asked(asked),
            Err(Fault::NoJson(why)) => {
                let name = Name { command: String::new(), seq: 0 };
                (name, Refused::Said(Code::NoJson, format!("The frame {why}")))
            }
            Err(Fault::NoHead(name, why)) => (name, Refused::Said(Code::BadHttp, why.to_owned())),
        };
        say(frame::answer(&name, reply::failed(&refused, Family::Account).as_text()))
    }

    fn outcome(&mut self, outcome: Outcome) -> Next {
        match outcome {
            Outcome::LoggedIn(session) => self.logged_in(*session),
            Outcome::LoggedOut => {
                self.own = None;
                self.answered(reply::ok(json!({})).as_text())
            }
            Outcome::Answer(body) => self.answered(&body),
            Outcome::Failed => Step { is_over: true, ..Step::default() },
            Outcome::Events { events, rest } => {
                let look_back = |(own, seq)| Verb::LookBack { own, seq };
                Step { verb: self.own.clone().zip(rest).map(look_back), ..tell(&events) }
            }
        }
    }

    fn notice(&mut self, notice: &Notice) -> Next {
        let Some(own) = &self.own else { return Step::default() };
        let tell_rest = || Verb::Tell { own: own.clone(), notice: Box::new(notice.clone()) };
        Step { verb: push::has_more(notice).then(tell_rest), ..tell(&push::at_once(notice)) }
    }

    /// A client that was replaced stays: its SDK says a logout of its own before it tells the page, and may log in anew.
    fn over(&mut self, why: Over) -> Next {
        let was_logged_in = self.own.take().is_some();
        match why {
            Over::Replaced => tell(&[push::kicked(Kick::Replaced)]),
            Over::Withdrawn if !was_logged_in => Step { is_over: true, ..Step::default() },
            Over::Refused | Over::Withdrawn => Step { is_over: true, ..tell(&[push::kicked(Kick::ByBackEnd)]) },
            Over::Slow | Over::Closing => Step { is_over: true, ..Step::default() },
        }
    }

    fn is_authenticated(&self) -> bool {
        self.own.is_some()
    }

    /// The SDK is connected from `create` on, and whenever nobody is logged in; the page hears of each time it connects anew.
    fn lets_strangers_stay(&self) -> bool {
        true
    }
}

fn say(frame: Frame) -> Next {
    Step { frames: vec![frame], ..Step::default() }
}

fn tell(events: &[Value]) -> Next {
    Step { frames: events.iter().map(frame::push).collect(), ..Step::default() }
}
