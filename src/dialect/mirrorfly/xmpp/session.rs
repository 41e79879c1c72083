//! A client that has signed in: its requests, their responses, and notices to it.

use std::collections::VecDeque;

use super::{
    answer,
    protocol::{SentProfile, StanzaError, XmppCommand, XmppList, XmppResult, XmppStep, end_stream, fail_stream, send},
    stanza::XmlElement,
};
use crate::{
    dialect::mirrorfly::{codec::Codec, jid},
    domain::{Notification, ProfileField, UserId},
    http::socket::{Effects, Frame},
};

/// Stanzas that wait until the client has bound its resource: the SDK sends an app's requests as soon as it reconnects.
const QUEUED_STANZAS_MAX: usize = 16;

/// Bytes of a resource. Source: RFC 6122.
const RESOURCE_BYTES_MAX: usize = 1023;

const RESOURCE_DEFAULT: &str = "standin";

#[derive(Debug)]
pub(super) struct XmppSession {
    user: UserId,
    username: String,
    iv_text: String,
    is_open: bool,
    jid: Option<String>,
    missed_since: Option<i64>,
    pending: Option<PendingStanza>,
    /// Requested by this session, until its event arrives: the client gets a response and no notice.
    own_block: Option<(UserId, bool)>,
}

#[derive(Debug)]
struct PendingStanza {
    id: String,
    node: String,
}

enum IqRequest {
    Run(XmppCommand),
    Nothing,
}

impl XmppSession {
    pub(super) fn new(user: UserId, username: String, iv_text: String, missed_since: Option<i64>) -> Self {
        Self { user, username, iv_text, is_open: false, jid: None, missed_since, pending: None, own_block: None }
    }

    pub(super) fn is_bound(&self) -> bool {
        self.jid.is_some()
    }

    pub(super) fn receive(&mut self, host: &str, element: XmlElement, queued: &mut VecDeque<XmlElement>) -> XmppStep {
        if self.jid.is_some() {
            return self.answer(host, &element);
        }
        if element.is("open", answer::FRAMING) && !self.is_open {
            self.is_open = true;
            return send(&[answer::open(host, "2"), answer::binding()]);
        }
        if let Some(bind) = element.find("bind", answer::BIND).filter(|_| self.is_open && is_request(&element)) {
            return self.bind(host, &element, bind);
        }
        if !is_stanza(&element) {
            return fail_stream("unsupported-stanza-type");
        }
        if queued.len() == QUEUED_STANZAS_MAX {
            return fail_stream("policy-violation");
        }
        queued.push_back(element);
        Effects::default()
    }

    fn bind(&mut self, host: &str, iq: &XmlElement, bind: &XmlElement) -> XmppStep {
        let resource = match bind.text_of("resource") {
            "" => RESOURCE_DEFAULT,
            named => named,
        };
        if resource.len() > RESOURCE_BYTES_MAX {
            return send(&[answer::refused(iq, StanzaError::BadRequest)]);
        }
        let jid = format!("{}@{host}/{resource}", self.username);
        let bound = answer::result(id_of(iq)).child(XmlElement::new("bind", answer::BIND).field("jid", &jid));
        self.jid = Some(jid);
        let command = self.missed_since.take().map(XmppCommand::LookBack);
        Effects { command, ..send(&[bound]) }
    }

    pub(super) fn answer(&mut self, host: &str, element: &XmlElement) -> XmppStep {
        if !is_stanza(element) {
            return fail_stream("unsupported-stanza-type");
        }
        if !is_request(element) {
            // Messages are refused. Presence, and the client's results and errors, are accepted.
            let kind = element.attribute("type");
            return if element.is("message", answer::CLIENT) && kind != Some("error") {
                send(&[answer::refused(element, StanzaError::ServiceUnavailable)])
            } else if element.is("iq", answer::CLIENT) && !matches!(kind, Some("result" | "error")) {
                send(&[answer::refused(element, StanzaError::BadRequest)])
            } else {
                Effects::default()
            };
        }
        match self.parse_iq(host, element) {
            Ok(IqRequest::Run(command)) => self.run(host, element, command),
            Ok(IqRequest::Nothing) => send(&[answer::result(id_of(element))]),
            Err(refusal) => send(&[answer::refused(element, refusal)]),
        }
    }

    fn parse_iq(&self, host: &str, iq: &XmlElement) -> Result<IqRequest, StanzaError> {
        let is_set = iq.attribute("type") == Some("set");
        if let Some(vcard) = iq.find("vCard", answer::VCARD) {
            let command = match is_set {
                true if has_sdk_field(vcard) => XmppCommand::SetProfile(self.sent_profile(vcard)),
                true => return Err(StanzaError::BadRequest),
                false => XmppCommand::ReadProfile(self.profile_owner(host, iq)?),
            };
            return Ok(IqRequest::Run(command));
        }
        if is_set {
            for (name, is_blocked) in [("block", true), ("unblock", false)] {
                if let Some(block) = iq.find(name, answer::BLOCKING) {
                    return Ok(IqRequest::Run(XmppCommand::Block { whom: only_item(block)?, is_blocked }));
                }
            }
        }
        if let Some(query) = iq.find("query", answer::ACTIVITIES) {
            return self.activity(host, query, is_set);
        }
        if iq.find("query", answer::GROUPS).is_some() {
            // No user is in a group, and no group exists.
            return if is_group_list(iq) { Ok(IqRequest::Nothing) } else { Err(StanzaError::ItemNotFound) };
        }
        let is_known = |name, namespace| iq.find(name, namespace).is_some();
        match is_set {
            true if is_known("enable", answer::CARBONS) => Ok(IqRequest::Nothing),
            true => Err(StanzaError::FeatureNotImplemented),
            false if is_known("ping", answer::PING) => Ok(IqRequest::Nothing),
            false if is_known("query", answer::ROSTER) => Ok(self.list(host, XmppList::Roster)),
            false if is_known("blocklist", answer::BLOCKING) => Ok(self.list(host, XmppList::Blocked)),
            false if is_known("query", answer::LAST) => {
                self.profile_owner(host, iq).map(|id| IqRequest::Run(XmppCommand::ReadLastSeen(id)))
            }
            false => Err(StanzaError::FeatureNotImplemented),
        }
    }

    fn activity(&self, host: &str, query: &XmlElement, is_set: bool) -> Result<IqRequest, StanzaError> {
        match (query.attribute("status"), is_set) {
            (Some("block_user"), false) => Ok(self.list(host, XmppList::Blocking)),
            (Some("user_settings"), false) => Ok(IqRequest::Run(XmppCommand::ReadSettings)),
            (Some("user_settings"), true) => {
                // The SDK sends an attribute.
                match query.attribute("archive").unwrap_or_else(|| query.text_of("archive")) {
                    "0" => Ok(IqRequest::Run(XmppCommand::KeepArchived(false))),
                    "1" => Ok(IqRequest::Run(XmppCommand::KeepArchived(true))),
                    _ => Err(StanzaError::BadRequest),
                }
            }
            // On an error the SDK's promise would never settle.
            (Some("register_update"), _) => Ok(IqRequest::Nothing),
            _ => Err(StanzaError::FeatureNotImplemented),
        }
    }

    fn list(&self, host: &str, list: XmppList) -> IqRequest {
        IqRequest::Run(XmppCommand::ReadList { list, host: host.to_owned(), iv_text: self.iv_text.clone() })
    }

    fn run(&mut self, host: &str, iq: &XmlElement, command: XmppCommand) -> XmppStep {
        let node = addressed(host, iq).unwrap_or(&self.username).to_owned();
        self.pending = Some(PendingStanza { id: id_of(iq).to_owned(), node });
        if let XmppCommand::Block { whom, is_blocked } = &command {
            self.own_block = Some((whom.clone(), *is_blocked));
        }
        Effects { command: Some(command), ..Effects::default() }
    }

    fn profile_owner(&self, host: &str, iq: &XmlElement) -> Result<UserId, StanzaError> {
        match addressed(host, iq) {
            Some(node) => jid::parse(node).map_err(|_| StanzaError::ItemNotFound),
            None => Ok(self.user.clone()),
        }
    }

    fn sent_profile(&self, vcard: &XmlElement) -> SentProfile {
        let codec = Codec::of_profile(&self.username, &self.iv_text);
        SentProfile {
            nickname: codec.decrypt_field(vcard.text_of("nickName")),
            image: vcard.text_of("image").to_owned(),
            email: codec.decrypt_field(vcard.text_of("email")),
            mobile_number: codec.decrypt_field(vcard.text_of("mobileNumber")),
            status: vcard.text_of("status").to_owned(),
        }
    }

    pub(super) fn finish(&mut self, host: &str, outcome: XmppResult) -> XmppStep {
        let pending = self.pending.take();
        let is_look_back = pending.is_none();
        let PendingStanza { id, node } = pending.unwrap_or(PendingStanza { id: String::new(), node: String::new() });
        let answer = match outcome {
            XmppResult::Missed { notifications, rest } => {
                let frames = notifications
                    .iter()
                    .flat_map(|notification| self.notification(host, notification).frames)
                    .collect();
                return Effects { frames, command: rest.map(XmppCommand::LookBack), ..Effects::default() };
            }
            XmppResult::Done => answer::result(&id),
            XmppResult::Unchanged => {
                self.own_block = None;
                answer::result(&id)
            }
            XmppResult::LastSeen(ago) => {
                answer::result(&id).with("from", &format!("{node}@{host}")).child(answer::last_seen(ago))
            }
            XmppResult::Archived(is_kept) => answer::result(&id).child(answer::settings(is_kept)),
            XmppResult::Profile(user) => {
                // The node as requested: the client makes the key from the node that it reads here.
                answer::result(&id).with("from", &format!("{node}@{host}")).child(answer::vcard(
                    &user,
                    &node,
                    &self.iv_text,
                ))
            }
            XmppResult::Listed(list) => {
                let frame = Frame::Text(answer::result(&id).write_around(&list));
                return Effects { frames: vec![frame], ..Effects::default() };
            }
            XmppResult::Refused(refusal) => {
                self.own_block = None;
                answer::error("iq", &id, refusal)
            }
            XmppResult::SessionOver => return end_stream(&[answer::error("iq", &id, StanzaError::NotAuthorized)]),
            // The client reconnects, and then gets what it missed.
            XmppResult::Failed if is_look_back => return fail_stream("internal-server-error"),
            XmppResult::SignedIn { .. }
            | XmppResult::WrongPassword
            | XmppResult::AccountDisabled
            | XmppResult::TooManyAttempts
            | XmppResult::Failed => answer::error("iq", &id, StanzaError::InternalServerError),
        };
        send(&[answer])
    }

    /// A client that has not bound its resource gets what it missed when it binds.
    pub(super) fn notification(&mut self, host: &str, notification: &Notification) -> XmppStep {
        let Some(jid) = &self.jid else {
            self.missed_since.get_or_insert(notification.seq() - 1);
            return Effects::default();
        };
        match notification {
            Notification::ProfileChanged { user, fields, .. } if fields.iter().any(is_shown) => {
                let is_own = user.id == self.user;
                let node = if is_own { self.username.clone() } else { jid::escaped(&user.id) };
                let frame = Frame::Text(answer::profile_changed(user, &node, host, jid, &self.iv_text));
                Effects { frames: vec![frame], ..Effects::default() }
            }
            // The session that requested it has its response.
            Notification::BlocksChanged { whom, is_blocked, .. } => {
                match self.own_block.take_if(|own| own.0 == *whom) {
                    Some(_) => Effects::default(),
                    None => send(&[answer::block_changed(&self.username, whom, *is_blocked, host, jid)]),
                }
            }
            Notification::BlockedBy { by, is_blocked, .. } => send(&[answer::blocked_by(by, *is_blocked, host, jid)]),
            Notification::ProfileChanged { .. }
            | Notification::FollowChanged { .. }
            | Notification::StatusChanged { .. }
            | Notification::Chat { .. }
            | Notification::RequestChanged { .. } => Effects::default(),
            Notification::ContactsChanged { .. } => send(&[answer::contacts_changed(&self.username, host, jid)]),
        }
    }
}

fn is_shown(field: &ProfileField) -> bool {
    match field {
        ProfileField::DisplayName
        | ProfileField::Avatar
        | ProfileField::Status
        | ProfileField::Mobile
        | ProfileField::Email => true,
        ProfileField::Extras | ProfileField::Metadata | ProfileField::TencentProfile(_) | ProfileField::Custom(_) => {
            false
        }
    }
}

fn is_stanza(element: &XmlElement) -> bool {
    ["iq", "message", "presence"].iter().any(|name| element.is(name, answer::CLIENT))
}

fn is_request(element: &XmlElement) -> bool {
    element.is("iq", answer::CLIENT) && matches!(element.attribute("type"), Some("get" | "set"))
}

/// The SDK's fields replace all. A vCard with only the fields of XEP-0054 would clear them all.
fn has_sdk_field(vcard: &XmlElement) -> bool {
    let fields = ["nickName", "image", "email", "mobileNumber", "status"];
    fields.iter().any(|field| vcard.find(field, answer::VCARD).is_some())
}

/// Returns the user of a block or unblock. The SDK names one. Several would have to succeed or fail together.
fn only_item(block: &XmlElement) -> Result<UserId, StanzaError> {
    let mut items = block.all("item", answer::BLOCKING);
    let (Some(item), None) = (items.next(), items.next()) else { return Err(StanzaError::BadRequest) };
    let named = item.attribute("jid").unwrap_or_default();
    let node = named.split_once('@').map_or(named, |(node, _)| node);
    jid::parse(node).map_err(|_| StanzaError::ItemNotFound)
}

/// Tells whether this is the request of SDK 4.17 for the user's groups.
fn is_group_list(iq: &XmlElement) -> bool {
    iq.find("query", answer::GROUPS).is_some_and(|query| query.attribute("status") == Some("get_group_id"))
}

/// Returns the node that a stanza is addressed to. `None` if it is addressed to the server, or has no address.
fn addressed<'a>(host: &str, stanza: &'a XmlElement) -> Option<&'a str> {
    let to = stanza.attribute("to").filter(|to| !to.is_empty() && *to != host)?;
    Some(to.split_once('@').map_or(to, |(node, _)| node))
}

fn id_of(stanza: &XmlElement) -> &str {
    stanza.attribute("id").unwrap_or_default()
}
