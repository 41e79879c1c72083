//! The conversation of one socket, as a pure state machine. Sources: RFC 7395, RFC 6120 where the vendor's SDK keeps to it, and what that
//! SDK sends and takes.

use std::collections::VecDeque;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    answer,
    stanza::{Element, Fault},
};
use crate::{
    dialect::mirrorfly::{
        codec::Codec,
        jid::{self, Spelling},
    },
    domain::{
        contact::Contact,
        id::{Host, UserId},
        listening::{Notice, Over},
        profile::{ProfileField, User},
        secret::Secret,
    },
    http::socket::{Frame, Step, Talk},
};

/// Stanzas that are kept until the client has bound its resource: its SDK sends an app's calls as soon as it reconnects.
const HELD_MAX: usize = 16;

/// Bytes of a resource. Source: RFC 6122.
const RESOURCE_BYTES_MAX: usize = 1023;

/// What a client is called that names no resource.
const RESOURCE_DEFAULT: &str = "standin";

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
    /// Read the user's contacts.
    ReadRoster,
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
    /// All contacts.
    Roster(Vec<Contact>),
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

#[derive(Debug)]
struct Session {
    user: UserId,
    username: String,
    iv_text: String,
    /// Whether the stream was opened again.
    is_open: bool,
    /// The client's full JID, once it is bound.
    jid: Option<String>,
    /// The last event it heard, where there were some since.
    missed_since: Option<i64>,
    /// The stanza that the running verb is to answer.
    asked: Option<Asked>,
}

/// A stanza that waits for its verb.
#[derive(Debug)]
struct Asked {
    id: String,
    /// The node that it is addressed to; the client's own where it names none.
    node: String,
}

type Next = Step<Verb>;

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
        while step.verb.is_none() && !step.is_over && session.jid.is_some() {
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
                    self.stage = Stage::Proved(Box::new(Session {
                        user: user.id,
                        username,
                        iv_text,
                        is_open: false,
                        jid: None,
                        missed_since,
                        asked: None,
                    }));
                    say(&[answer::success()])
                }
                Outcome::Wrong => ended(&[answer::failure("not-authorized")]),
                Outcome::Shut => ended(&[answer::failure("account-disabled")]),
                Outcome::TooMany => ended(&[answer::failure("temporary-auth-failure")]),
                Outcome::Failed
                | Outcome::Missed { .. }
                | Outcome::Done
                | Outcome::Profile(_)
                | Outcome::Roster(_)
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
        matches!(&self.stage, Stage::Proved(session) if session.jid.is_some())
    }
}

impl Session {
    fn heard(&mut self, host: &str, element: Element, held: &mut VecDeque<Element>) -> Next {
        if self.jid.is_some() {
            return self.answer(host, &element);
        }
        if element.is("open", answer::FRAMING) && !self.is_open {
            self.is_open = true;
            return say(&[answer::open(host, "2"), answer::binding()]);
        }
        if let Some(bind) = element.find("bind", answer::BIND).filter(|_| self.is_open && is_ask(&element)) {
            return self.bind(host, &element, bind);
        }
        if !is_stanza(&element) {
            return broken_off("unsupported-stanza-type");
        }
        if held.len() == HELD_MAX {
            return broken_off("policy-violation");
        }
        held.push_back(element);
        Step::default()
    }

    fn bind(&mut self, host: &str, iq: &Element, bind: &Element) -> Next {
        let resource = match bind.text_of("resource") {
            "" => RESOURCE_DEFAULT,
            named => named,
        };
        if resource.len() > RESOURCE_BYTES_MAX {
            return say(&[answer::refused(iq, Refusal::BadRequest)]);
        }
        let jid = format!("{}@{host}/{resource}", self.username);
        let bound = answer::result(id_of(iq)).child(Element::new("bind", answer::BIND).field("jid", &jid));
        self.jid = Some(jid);
        let verb = self.missed_since.take().map(Verb::LookBack);
        Step { verb, ..say(&[bound]) }
    }

    /// Answers a stanza of a client that is bound.
    fn answer(&mut self, host: &str, element: &Element) -> Next {
        if !is_stanza(element) {
            return broken_off("unsupported-stanza-type");
        }
        if !is_ask(element) {
            // Messages are refused; presence and the answers of clients are taken as they are.
            let is_message = element.is("message", answer::CLIENT) && element.attribute("type") != Some("error");
            return match is_message {
                true => say(&[answer::refused(element, Refusal::ServiceUnavailable)]),
                false => Step::default(),
            };
        }
        let is_set = element.attribute("type") == Some("set");
        if let Some(vcard) = element.find("vCard", answer::VCARD) {
            let verb = match is_set {
                true => Ok(Verb::SetProfile(self.sent(vcard))),
                false => self.whose(host, element).map(Verb::ReadProfile),
            };
            return match verb {
                Ok(verb) => self.run(host, element, verb),
                Err(refusal) => say(&[answer::refused(element, refusal)]),
            };
        }
        if !is_set && element.find("query", answer::ROSTER).is_some() {
            return self.run(host, element, Verb::ReadRoster);
        }
        let is_known = (is_set && element.find("enable", answer::CARBONS).is_some())
            || (!is_set && element.find("ping", answer::PING).is_some());
        say(&[match is_known {
            true => answer::result(id_of(element)),
            false => answer::refused(element, Refusal::ServiceUnavailable),
        }])
    }

    fn run(&mut self, host: &str, iq: &Element, verb: Verb) -> Next {
        let node = addressed(host, iq).unwrap_or(&self.username).to_owned();
        self.asked = Some(Asked { id: id_of(iq).to_owned(), node });
        Step { verb: Some(verb), ..Step::default() }
    }

    /// Whose profile is read: that of the user itself, or of whom the stanza is addressed to.
    fn whose(&self, host: &str, iq: &Element) -> Result<UserId, Refusal> {
        match addressed(host, iq) {
            Some(node) => jid::parse(node).map_err(|_| Refusal::ItemNotFound),
            None => Ok(self.user.clone()),
        }
    }

    fn sent(&self, vcard: &Element) -> SentProfile {
        let codec = Codec::of_profile(&self.username, &self.iv_text);
        SentProfile {
            nickname: codec.decrypt_field(vcard.text_of("nickName")),
            image: vcard.text_of("image").to_owned(),
            email: codec.decrypt_field(vcard.text_of("email")),
            mobile_number: codec.decrypt_field(vcard.text_of("mobileNumber")),
            status: vcard.text_of("status").to_owned(),
        }
    }

    fn told(&mut self, host: &str, outcome: Outcome) -> Next {
        let asked = self.asked.take();
        let is_look_back = asked.is_none();
        let Asked { id, node } = asked.unwrap_or(Asked { id: String::new(), node: String::new() });
        let answer = match outcome {
            Outcome::Missed { notices, rest } => {
                let frames = notices.iter().flat_map(|notice| self.notice(host, notice).frames).collect();
                return Step { frames, verb: rest.map(Verb::LookBack), ..Step::default() };
            }
            Outcome::Done => answer::result(&id),
            Outcome::Profile(user) => {
                // As it was asked for: the client makes the key of the node that it reads here.
                answer::result(&id).with("from", &format!("{node}@{host}")).child(answer::vcard(
                    &user,
                    &node,
                    &self.iv_text,
                ))
            }
            Outcome::Roster(contacts) => answer::result(&id).child(answer::roster(&contacts, host, &self.iv_text)),
            Outcome::Refused(refusal) => answer::error("iq", &id, refusal),
            Outcome::Over => return ended(&[answer::error("iq", &id, Refusal::NotAuthorized)]),
            // It comes back, and what it missed is looked up then.
            Outcome::Failed if is_look_back => return broken_off("internal-server-error"),
            Outcome::SignedIn { .. } | Outcome::Wrong | Outcome::Shut | Outcome::TooMany | Outcome::Failed => {
                answer::error("iq", &id, Refusal::InternalServerError)
            }
        };
        say(&[answer])
    }

    /// Before the client is bound it cannot be told; what it missed is looked up then.
    fn notice(&mut self, host: &str, notice: &Notice) -> Next {
        let Some(jid) = &self.jid else {
            self.missed_since.get_or_insert(notice.seq() - 1);
            return Step::default();
        };
        match notice {
            Notice::ProfileChanged { user, fields, .. } if fields.iter().any(is_shown) => {
                let is_own = user.id == self.user;
                let node = if is_own { self.username.clone() } else { jid::escaped(&user.id) };
                let frame = Frame::Text(answer::profile_changed(user, &node, host, jid, &self.iv_text));
                Step { frames: vec![frame], ..Step::default() }
            }
            Notice::ProfileChanged { .. }
            | Notice::BlocksChanged { .. }
            | Notice::FollowChanged { .. }
            | Notice::StatusChanged { .. }
            | Notice::RequestChanged { .. } => Step::default(),
            Notice::ContactsChanged { .. } => say(&[answer::contacts_changed(&self.username, host, jid)]),
        }
    }
}

/// Whether a vCard of this wire shows the field.
fn is_shown(field: &ProfileField) -> bool {
    match field {
        ProfileField::DisplayName
        | ProfileField::Avatar
        | ProfileField::Status
        | ProfileField::Mobile
        | ProfileField::Email => true,
        ProfileField::Extras | ProfileField::Metadata | ProfileField::Particular(_) | ProfileField::Custom(_) => false,
    }
}

/// User name and password of a SASL PLAIN message: `authorisation NUL user name NUL password`. None for anything else.
fn plain(auth: &Element) -> Option<(String, Secret)> {
    if auth.attribute("mechanism") != Some("PLAIN") {
        return None;
    }
    let message = String::from_utf8(STANDARD.decode(auth.text().trim()).ok()?).ok()?;
    let mut parts = message.split('\0');
    let (_on_behalf, username, password) = (parts.next()?, parts.next()?, parts.next()?);
    match parts.next().is_none() && !username.is_empty() && !password.is_empty() {
        true => Some((username.to_owned(), Secret::new(password))),
        false => None,
    }
}

fn authenticate(host: &str, spelling: &mut Spelling, auth: &Element) -> Next {
    match plain(auth) {
        Some((username, password)) => {
            *spelling = Spelling::of(&username);
            let verb = Verb::SignIn { host: host.to_owned(), username, password };
            Step { verb: Some(verb), ..Step::default() }
        }
        None => ended(&[answer::failure("not-authorized")]),
    }
}

fn is_stanza(element: &Element) -> bool {
    ["iq", "message", "presence"].iter().any(|name| element.is(name, answer::CLIENT))
}

fn is_ask(element: &Element) -> bool {
    element.is("iq", answer::CLIENT) && matches!(element.attribute("type"), Some("get" | "set"))
}

/// The node that a stanza is addressed to; none where it is addressed to the server or to nobody.
fn addressed<'a>(host: &str, stanza: &'a Element) -> Option<&'a str> {
    let to = stanza.attribute("to").filter(|to| !to.is_empty() && *to != host)?;
    Some(to.split_once('@').map_or(to, |(node, _)| node))
}

fn id_of(stanza: &Element) -> &str {
    stanza.attribute("id").unwrap_or_default()
}

fn say(elements: &[Element]) -> Next {
    let frames = elements.iter().map(|element| Frame::Text(element.write())).collect();
    Step { frames, ..Step::default() }
}

/// Last words, and the end of the stream.
fn ended(elements: &[Element]) -> Next {
    let mut step = say(elements);
    step.frames.push(Frame::Text(Element::new("close", answer::FRAMING).write()));
    Step { is_over: true, ..step }
}

/// The stream ends because of what the client sent.
fn broken_off(condition: &str) -> Next {
    ended(&[answer::stream_error(condition)])
}
