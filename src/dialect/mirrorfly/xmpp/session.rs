//! A client that has signed in: what it asks, how that is answered, and what it is told unasked.

use std::collections::VecDeque;

use super::{
    answer,
    stanza::Element,
    talk::{List, Next, Outcome, Refusal, SentProfile, Verb, broken_off, ended, say},
};
use crate::{
    dialect::mirrorfly::{codec::Codec, jid},
    domain::{id::UserId, listening::Notice, profile::ProfileField},
    http::socket::{Frame, Step},
};

/// Stanzas that are kept until the client has bound its resource: its SDK sends an app's calls as soon as it reconnects.
const HELD_MAX: usize = 16;

/// Bytes of a resource. Source: RFC 6122.
const RESOURCE_BYTES_MAX: usize = 1023;

/// What a client is called that names no resource.
const RESOURCE_DEFAULT: &str = "standin";

#[derive(Debug)]
pub(super) struct Session {
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
    /// A block that this session asked for, until its event comes: its client is answered and not notified.
    own_block: Option<(UserId, bool)>,
}

/// A stanza that waits for its verb.
#[derive(Debug)]
struct Asked {
    id: String,
    /// The node that it is addressed to; the client's own where it names none.
    node: String,
}

/// What a question of a client is.
enum Ask {
    /// One that a verb answers.
    Run(Verb),
    /// One that is answered at once, by a result without content.
    Nothing,
}

impl Session {
    /// A session of a client that has just signed in.
    pub(super) fn new(user: UserId, username: String, iv_text: String, missed_since: Option<i64>) -> Self {
        Self { user, username, iv_text, is_open: false, jid: None, missed_since, asked: None, own_block: None }
    }

    /// Whether the client has bound its resource.
    pub(super) fn is_bound(&self) -> bool {
        self.jid.is_some()
    }

    pub(super) fn heard(&mut self, host: &str, element: Element, held: &mut VecDeque<Element>) -> Next {
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
    pub(super) fn answer(&mut self, host: &str, element: &Element) -> Next {
        if !is_stanza(element) {
            return broken_off("unsupported-stanza-type");
        }
        if !is_ask(element) {
            // Messages are refused; presence and the answers of clients are taken as they are.
            let kind = element.attribute("type");
            return if element.is("message", answer::CLIENT) && kind != Some("error") {
                say(&[answer::refused(element, Refusal::ServiceUnavailable)])
            } else if element.is("iq", answer::CLIENT) && !matches!(kind, Some("result" | "error")) {
                say(&[answer::refused(element, Refusal::BadRequest)])
            } else {
                Step::default()
            };
        }
        match self.asked_by(host, element) {
            Ok(Ask::Run(verb)) => self.run(host, element, verb),
            Ok(Ask::Nothing) => say(&[answer::result(id_of(element))]),
            Err(refusal) => say(&[answer::refused(element, refusal)]),
        }
    }

    /// What a question of the client is.
    fn asked_by(&self, host: &str, iq: &Element) -> Result<Ask, Refusal> {
        let is_set = iq.attribute("type") == Some("set");
        if let Some(vcard) = iq.find("vCard", answer::VCARD) {
            let verb = match is_set {
                true if is_of_sdk(vcard) => Verb::SetProfile(self.sent(vcard)),
                true => return Err(Refusal::BadRequest),
                false => Verb::ReadProfile(self.whose(host, iq)?),
            };
            return Ok(Ask::Run(verb));
        }
        if is_set {
            for (name, is_blocked) in [("block", true), ("unblock", false)] {
                if let Some(block) = iq.find(name, answer::BLOCKING) {
                    return Ok(Ask::Run(Verb::Block { whom: only_item(block)?, is_blocked }));
                }
            }
        }
        if let Some(query) = iq.find("query", answer::ACTIVITIES) {
            return self.activity(host, query, is_set);
        }
        if iq.find("query", answer::GROUPS).is_some() {
            // Nobody is in any group, and there is no group to ask for.
            return if is_group_list(iq) { Ok(Ask::Nothing) } else { Err(Refusal::ItemNotFound) };
        }
        let is_known = |name, namespace| iq.find(name, namespace).is_some();
        match is_set {
            true if is_known("enable", answer::CARBONS) => Ok(Ask::Nothing),
            true => Err(Refusal::FeatureNotImplemented),
            false if is_known("ping", answer::PING) => Ok(Ask::Nothing),
            false if is_known("query", answer::ROSTER) => Ok(self.list(host, List::Roster)),
            false if is_known("blocklist", answer::BLOCKING) => Ok(self.list(host, List::Blocked)),
            false if is_known("query", answer::LAST) => self.whose(host, iq).map(|id| Ask::Run(Verb::ReadLastSeen(id))),
            false => Err(Refusal::FeatureNotImplemented),
        }
    }

    /// What the SDK asks of its user's activities.
    fn activity(&self, host: &str, query: &Element, is_set: bool) -> Result<Ask, Refusal> {
        match (query.attribute("status"), is_set) {
            (Some("block_user"), false) => Ok(self.list(host, List::Blocking)),
            (Some("user_settings"), false) => Ok(Ask::Run(Verb::ReadSettings)),
            (Some("user_settings"), true) => {
                // The SDK writes an attribute.
                match query.attribute("archive").unwrap_or_else(|| query.text_of("archive")) {
                    "0" => Ok(Ask::Run(Verb::KeepArchived(false))),
                    "1" => Ok(Ask::Run(Verb::KeepArchived(true))),
                    _ => Err(Refusal::BadRequest),
                }
            }
            // On an error the SDK's promise would never settle.
            (Some("register_update"), _) => Ok(Ask::Nothing),
            _ => Err(Refusal::FeatureNotImplemented),
        }
    }

    fn list(&self, host: &str, list: List) -> Ask {
        Ask::Run(Verb::ReadList { list, host: host.to_owned(), iv_text: self.iv_text.clone() })
    }

    fn run(&mut self, host: &str, iq: &Element, verb: Verb) -> Next {
        let node = addressed(host, iq).unwrap_or(&self.username).to_owned();
        self.asked = Some(Asked { id: id_of(iq).to_owned(), node });
        if let Verb::Block { whom, is_blocked } = &verb {
            self.own_block = Some((whom.clone(), *is_blocked));
        }
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

    pub(super) fn told(&mut self, host: &str, outcome: Outcome) -> Next {
        let asked = self.asked.take();
        let is_look_back = asked.is_none();
        let Asked { id, node } = asked.unwrap_or(Asked { id: String::new(), node: String::new() });
        let answer = match outcome {
            Outcome::Missed { notices, rest } => {
                let frames = notices.iter().flat_map(|notice| self.notice(host, notice).frames).collect();
                return Step { frames, verb: rest.map(Verb::LookBack), ..Step::default() };
            }
            Outcome::Done => answer::result(&id),
            Outcome::Unchanged => {
                self.own_block = None;
                answer::result(&id)
            }
            Outcome::LastSeen(ago) => {
                answer::result(&id).with("from", &format!("{node}@{host}")).child(answer::last_seen(ago))
            }
            Outcome::Archived(is_kept) => answer::result(&id).child(answer::settings(is_kept)),
            Outcome::Profile(user) => {
                // As it was asked for: the client makes the key of the node that it reads here.
                answer::result(&id).with("from", &format!("{node}@{host}")).child(answer::vcard(
                    &user,
                    &node,
                    &self.iv_text,
                ))
            }
            Outcome::Listed(list) => {
                let frame = Frame::Text(answer::result(&id).write_around(&list));
                return Step { frames: vec![frame], ..Step::default() };
            }
            Outcome::Refused(refusal) => {
                self.own_block = None;
                answer::error("iq", &id, refusal)
            }
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
    pub(super) fn notice(&mut self, host: &str, notice: &Notice) -> Next {
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
            // The session that asked for it has its answer.
            Notice::BlocksChanged { whom, is_blocked, .. } => match self.own_block.take_if(|own| own.0 == *whom) {
                Some(_) => Step::default(),
                None => say(&[answer::block_changed(&self.username, whom, *is_blocked, host, jid)]),
            },
            Notice::BlockedBy { by, is_blocked, .. } => say(&[answer::blocked_by(by, *is_blocked, host, jid)]),
            Notice::ProfileChanged { .. }
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

fn is_stanza(element: &Element) -> bool {
    ["iq", "message", "presence"].iter().any(|name| element.is(name, answer::CLIENT))
}

fn is_ask(element: &Element) -> bool {
    element.is("iq", answer::CLIENT) && matches!(element.attribute("type"), Some("get" | "set"))
}

/// Whether a vCard has a field of the SDK's, which replaces all of them. Of one that has others alone, as XEP-0054 names them, all would be
/// cleared.
fn is_of_sdk(vcard: &Element) -> bool {
    let fields = ["nickName", "image", "email", "mobileNumber", "status"];
    fields.iter().any(|field| vcard.find(field, answer::VCARD).is_some())
}

/// The user that a block or its end names. The SDK names one; several would have to succeed or fail together.
fn only_item(block: &Element) -> Result<UserId, Refusal> {
    let mut items = block.all("item", answer::BLOCKING);
    let (Some(item), None) = (items.next(), items.next()) else { return Err(Refusal::BadRequest) };
    let named = item.attribute("jid").unwrap_or_default();
    let node = named.split_once('@').map_or(named, |(node, _)| node);
    jid::parse(node).map_err(|_| Refusal::ItemNotFound)
}

/// Whether this is SDK 4.17's question for the groups that its user is in.
fn is_group_list(iq: &Element) -> bool {
    iq.find("query", answer::GROUPS).is_some_and(|query| query.attribute("status") == Some("get_group_id"))
}

/// The node that a stanza is addressed to; none where it is addressed to the server or to nobody.
fn addressed<'a>(host: &str, stanza: &'a Element) -> Option<&'a str> {
    let to = stanza.attribute("to").filter(|to| !to.is_empty() && *to != host)?;
    Some(to.split_once('@').map_or(to, |(node, _)| node))
}

fn id_of(stanza: &Element) -> &str {
    stanza.attribute("id").unwrap_or_default()
}
