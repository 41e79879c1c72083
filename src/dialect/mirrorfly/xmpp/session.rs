//! A client that has signed in: its requests, their responses, and notifications to it.

mod iq;

use std::collections::{HashSet, VecDeque};

use self::iq::IqRequest;
use super::{
    RESOURCE, answer,
    chat::{self, Client},
    protocol::{StanzaError, XmppCommand, XmppResult, XmppStep, end_stream, fail_stream, send},
    stanza::XmlElement,
};
use crate::{
    dialect::mirrorfly::jid,
    domain::{
        AccountChange, ChatEvent, ChatNews, ChatSettingsChange, ConversationChange, ConversationKey, Mark, MessageId,
        MessageName, MessageView, Moment, Notification, ProfileField, UserId,
    },
    http::socket::{Effects, Frame},
};

/// Stanzas that are queued until the client has bound its resource: the SDK sends an app's requests as soon as it
/// reconnects.
const QUEUED_STANZAS_MAX: usize = 16;

/// Bytes of a resource. Source: RFC 6122.
const RESOURCE_BYTES_MAX: usize = 1023;

/// Messages that are read and sent before the next ones are read, because a client was away: at most some 1.3 MB.
const MISSED_AT_ONCE: usize = 8;

/// Events of a session's own commands whose notifications are still to come. A session with more waiting notifications ends.
const OWN_EVENTS_MAX: usize = 512;

#[derive(Debug)]
pub(super) struct XmppSession {
    user: UserId,
    username: String,
    iv_text: String,
    /// Whether the client has opened the stream again after sign-in.
    is_open: bool,
    jid: Option<String>,
    /// The last event that the client received, if it has missed any since.
    missed_since: Option<i64>,
    pending: Option<PendingStanza>,
    /// The block or unblock that this session requested, until its event arrives: the client gets a response and no
    /// notice.
    own_block: Option<(UserId, bool)>,
    /// Settings that this session requested, until their notifications arrive.
    own_settings: VecDeque<bool>,
    /// Events of this session's own commands, until their notifications arrive.
    own_events: VecDeque<i64>,
    changing_all: Option<ChangingAll>,
    /// Whether the client has sent its presence: it receives messages from then on.
    is_available: bool,
    missed: MissedMessages,
    /// The contacts and partners that the client knows to be online.
    online: HashSet<UserId>,
}

/// A request that changes all conversations, of which some are still to be changed. More events than a session's queue
/// has room for would end the session, so it goes on once it has received those of the last step.
#[derive(Debug)]
struct ChangingAll {
    id: String,
    /// The last event of the last step.
    after: i64,
    change: ConversationChange,
    rest: Vec<ConversationKey>,
}

/// Messages that were not delivered to the user when its client became available.
#[derive(Debug, Default)]
struct MissedMessages {
    /// Those that were not sent to the client yet, oldest first.
    waiting: VecDeque<MessageId>,
    /// All of them, in order. Their notifications may still come.
    ids: Vec<MessageId>,
    /// No notice after this event is about one of them.
    upto: i64,
}

impl MissedMessages {
    /// Returns whether the message of an event was among them.
    fn includes(&mut self, seq: i64) -> bool {
        if seq > self.upto {
            self.ids = Vec::new();
        }
        self.ids.binary_search(&MessageId(seq)).is_ok()
    }
}

#[derive(Debug)]
enum PendingStanza {
    Iq {
        id: String,
        /// The node that it is addressed to. The client's own, if it names none.
        node: String,
    },
    Message {
        id: String,
        /// The type of its acknowledgement; none for what is not acknowledged.
        kind: Option<&'static str>,
        peer: UserId,
    },
}

impl XmppSession {
    pub(super) fn new(user: UserId, username: String, iv_text: String, missed_since: Option<i64>) -> Self {
        Self {
            user,
            username,
            iv_text,
            is_open: false,
            jid: None,
            missed_since,
            pending: None,
            own_block: None,
            own_settings: VecDeque::new(),
            own_events: VecDeque::new(),
            changing_all: None,
            is_available: false,
            missed: MissedMessages::default(),
            online: HashSet::new(),
        }
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
            "" => RESOURCE,
            named => named,
        };
        if resource.len() > RESOURCE_BYTES_MAX {
            return send(&[answer::refused(iq, StanzaError::bad_request("resource: at most 1,023 bytes"))]);
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
            // The client's results and errors need no answer.
            let kind = element.attribute("type");
            return if element.is("message", answer::CLIENT) && kind != Some("error") {
                self.message(host, element)
            } else if element.is("presence", answer::CLIENT) {
                self.presence(kind)
            } else if element.is("iq", answer::CLIENT) && !matches!(kind, Some("result" | "error")) {
                send(&[answer::refused(element, StanzaError::bad_request("type: must be get or set"))])
            } else {
                Effects::default()
            };
        }
        match self.parse_iq(host, element) {
            Ok(IqRequest::Run(command)) => self.run(host, element, command),
            Ok(IqRequest::Nothing) => send(&[answer::result(id_of(element))]),
            Ok(IqRequest::Answered(content)) => send(&[answer::result(id_of(element)).child(content)]),
            Err(refusal) => send(&[answer::refused(element, refusal)]),
        }
    }

    fn message(&mut self, host: &str, stanza: &XmlElement) -> XmppStep {
        let command = match chat::command(host, stanza) {
            Ok(command) => command,
            Err(refusal) => return send(&[answer::refused(stanza, refusal)]),
        };
        let (kind, peer) = match &command {
            XmppCommand::Send { to: peer, .. } | XmppCommand::Edit { with: peer, .. } => (Some("acknowledge"), peer),
            XmppCommand::Mark { with, mark: Mark::Delivered, .. } => (Some("delivered"), with),
            XmppCommand::Mark { with, mark: Mark::Read, .. } => (Some("seen"), with),
            XmppCommand::Recall { with, .. } => (Some("recall"), with),
            XmppCommand::Typing { with, .. } => (None, with),
            XmppCommand::SignIn { .. }
            | XmppCommand::LookBack(_)
            | XmppCommand::SetProfile(_)
            | XmppCommand::ReadProfile(_)
            | XmppCommand::ReadList { .. }
            | XmppCommand::Block { .. }
            | XmppCommand::ReadLastSeen(_)
            | XmppCommand::ReadSettings
            | XmppCommand::KeepArchived(_)
            | XmppCommand::ReadChat(_)
            | XmppCommand::ChangeChat(_)
            | XmppCommand::ChangeAllChats { .. }
            | XmppCommand::ReadUndelivered
            | XmppCommand::ReadMessages(_)
            | XmppCommand::FollowContacts
            | XmppCommand::FollowPartner(_)
            | XmppCommand::ReadPresence(_) => {
                return send(&[answer::refused(stanza, StanzaError::FeatureNotImplemented)]);
            }
        };
        self.pending =
            Some(PendingStanza::Message { id: answer::message_id(stanza).to_owned(), kind, peer: peer.clone() });
        run(command)
    }

    /// The client comes or goes. When it comes, it gets the messages that were not delivered.
    fn presence(&mut self, kind: Option<&str>) -> XmppStep {
        match kind {
            None if !self.is_available => {
                self.is_available = true;
                run(XmppCommand::ReadUndelivered)
            }
            Some("unavailable") => {
                self.is_available = false;
                self.missed = MissedMessages::default();
                self.online.clear();
                Effects::default()
            }
            None | Some(_) => Effects::default(),
        }
    }

    fn run(&mut self, host: &str, iq: &XmlElement, command: XmppCommand) -> XmppStep {
        if self.changing_all.is_some() && matches!(command, XmppCommand::ChangeAllChats { .. }) {
            return send(&[answer::refused(iq, StanzaError::InternalServerError)]);
        }
        let node = addressed(host, iq).unwrap_or(&self.username).to_owned();
        self.pending = Some(PendingStanza::Iq { id: id_of(iq).to_owned(), node });
        if let XmppCommand::Block { whom, is_blocked } = &command {
            self.own_block = Some((whom.clone(), *is_blocked));
        }
        if let XmppCommand::KeepArchived(is_kept) = &command {
            self.own_settings.push_back(*is_kept);
        }
        run(command)
    }

    pub(super) fn finish(&mut self, host: &str, outcome: XmppResult) -> XmppStep {
        match (self.pending.take(), outcome) {
            (Some(PendingStanza::Iq { id, .. }), XmppResult::ChangedSome { events, change, rest }) => {
                let after = events.last().copied().unwrap_or_default();
                self.expect(events);
                self.changing_all = Some(ChangingAll { id, after, change, rest });
                Effects::default()
            }
            (Some(PendingStanza::Iq { id, node }), outcome) => self.finish_iq(host, &id, &node, outcome),
            (Some(PendingStanza::Message { id, kind, peer }), outcome) => {
                self.finish_message(host, &id, kind, &peer, outcome)
            }
            (None, outcome) => self.finish_own(host, outcome),
        }
    }

    /// Handles the outcome of a command that no stanza asked for.
    fn finish_own(&mut self, host: &str, outcome: XmppResult) -> XmppStep {
        match outcome {
            XmppResult::Missed { notifications, rest } => {
                // The client reads conversations itself.
                let shown = notifications.iter().filter(|shown| !matches!(shown, Notification::Chat { .. }));
                let frames = shown.flat_map(|shown| self.notified(host, shown).frames).collect();
                Effects { frames, command: rest.map(XmppCommand::LookBack), ..Effects::default() }
            }
            XmppResult::Undelivered { ids, upto } => {
                self.missed = MissedMessages { waiting: ids.iter().copied().collect(), ids, upto };
                run(self.next_missed())
            }
            XmppResult::Messages(views) => {
                let Some(client) = self.client(host) else { return Effects::default() };
                let message = |view: &MessageView| client.message(&view.message, &view.sender, None);
                let step = send(&views.iter().map(message).collect::<Vec<_>>());
                Effects { command: Some(self.next_missed()), ..step }
            }
            XmppResult::Online(users) => self.presences(host, users.into_iter().map(|user| (user, true)).collect()),
            XmppResult::PresenceChanged(users) => self.presences(host, users),
            XmppResult::SessionOver => end_stream(&[answer::error("iq", "", None, StanzaError::NotAuthorized)]),
            // The client reconnects, and then gets what it missed.
            XmppResult::Failed
            | XmppResult::Refused(_)
            | XmppResult::SignedIn { .. }
            | XmppResult::WrongPassword
            | XmppResult::AccountDisabled
            | XmppResult::TooManyAttempts
            | XmppResult::Done
            | XmppResult::Profile(_)
            | XmppResult::Listed(_)
            | XmppResult::Unchanged
            | XmppResult::LastSeen(_)
            | XmppResult::Archived(_)
            | XmppResult::Acknowledged { .. }
            | XmppResult::ChangedSome { .. }
            | XmppResult::Changed(_) => fail_stream("internal-server-error"),
        }
    }

    /// Returns the command that reads the next messages that the client missed, or the one after the last of them.
    fn next_missed(&mut self) -> XmppCommand {
        let count = self.missed.waiting.len().min(MISSED_AT_ONCE);
        match count {
            0 => XmppCommand::FollowContacts,
            _ => XmppCommand::ReadMessages(self.missed.waiting.drain(..count).collect()),
        }
    }

    /// Sends the presence of those users whose state the client does not know yet.
    fn presences(&mut self, host: &str, users: Vec<(UserId, bool)>) -> XmppStep {
        let is_news = |(user, is_online): &(UserId, bool)| match is_online {
            true => self.online.insert(user.clone()),
            false => self.online.remove(user),
        };
        let news: Vec<(UserId, bool)> = users.into_iter().filter(is_news).collect();
        let Some(client) = self.client(host) else { return Effects::default() };
        send(&news.iter().map(|(user, is_online)| client.presence(user, *is_online)).collect::<Vec<_>>())
    }

    fn finish_message(
        &mut self,
        host: &str,
        id: &str,
        kind: Option<&str>,
        peer: &UserId,
        outcome: XmppResult,
    ) -> XmppStep {
        let from = answer::bare(peer, host);
        let error = |refusal| answer::error("message", id, Some(&from), refusal);
        let refused = |refusal| send(&[error(refusal)]);
        match outcome {
            XmppResult::Acknowledged { names, seq, at } => {
                self.expect(seq);
                self.acknowledged(host, kind, &names, peer, at)
            }
            XmppResult::Done => Effects::default(),
            XmppResult::Refused(refusal) => refused(refusal),
            XmppResult::SessionOver => end_stream(&[error(StanzaError::NotAuthorized)]),
            XmppResult::Failed
            | XmppResult::Missed { .. }
            | XmppResult::SignedIn { .. }
            | XmppResult::WrongPassword
            | XmppResult::AccountDisabled
            | XmppResult::TooManyAttempts
            | XmppResult::Profile(_)
            | XmppResult::Listed(_)
            | XmppResult::Unchanged
            | XmppResult::LastSeen(_)
            | XmppResult::Archived(_)
            | XmppResult::Changed(_)
            | XmppResult::ChangedSome { .. }
            | XmppResult::Undelivered { .. }
            | XmppResult::Messages(_)
            | XmppResult::Online(_)
            | XmppResult::PresenceChanged(_) => refused(StanzaError::InternalServerError),
        }
    }

    fn acknowledged(
        &self,
        host: &str,
        kind: Option<&str>,
        names: &[MessageName],
        peer: &UserId,
        at: Moment,
    ) -> XmppStep {
        let (Some(client), Some(kind)) = (self.client(host), kind) else { return Effects::default() };
        let acknowledge = |name: &MessageName| client.acknowledgement(kind, name.as_str(), peer, at);
        send(&names.iter().map(acknowledge).collect::<Vec<_>>())
    }

    /// Remembers an event of an own command: its notice is not for this client.
    fn expect(&mut self, events: impl IntoIterator<Item = i64>) {
        self.own_events.extend(events);
        let excess = self.own_events.len().saturating_sub(OWN_EVENTS_MAX);
        self.own_events.drain(..excess);
    }

    /// Returns whether an event is one of this session's own commands. Notices come in the order of their events.
    fn is_own(&mut self, seq: i64) -> bool {
        while self.own_events.front().is_some_and(|own| *own < seq) {
            self.own_events.pop_front();
        }
        self.own_events.pop_front_if(|own| *own == seq).is_some()
    }

    fn client<'a>(&'a self, host: &'a str) -> Option<Client<'a>> {
        let jid = self.jid.as_deref()?;
        Some(Client { user: &self.user, username: &self.username, host, jid })
    }

    fn finish_iq(&mut self, host: &str, id: &str, node: &str, outcome: XmppResult) -> XmppStep {
        let answer = match outcome {
            XmppResult::Done => answer::result(id),
            XmppResult::Unchanged => {
                self.own_block = None;
                answer::result(id)
            }
            XmppResult::Changed(events) => {
                self.expect(events);
                answer::result(id)
            }
            XmppResult::LastSeen(ago) => {
                answer::result(id).with("from", &format!("{node}@{host}")).child(answer::last_seen(ago))
            }
            XmppResult::Archived(is_kept) => answer::result(id).child(answer::settings(is_kept)),
            XmppResult::Profile(user) => {
                // The node as requested: the client makes the key from the node that it reads here.
                answer::result(id).with("from", &format!("{node}@{host}")).child(answer::vcard(
                    &user,
                    node,
                    &self.iv_text,
                ))
            }
            XmppResult::Listed(list) => {
                let frame = Frame::Text(answer::result(id).write_around(&list));
                return Effects { frames: vec![frame], ..Effects::default() };
            }
            XmppResult::Refused(refusal) => {
                self.own_block = None;
                self.own_settings.clear();
                answer::error("iq", id, None, refusal)
            }
            XmppResult::SessionOver => return end_stream(&[answer::error("iq", id, None, StanzaError::NotAuthorized)]),
            XmppResult::SignedIn { .. }
            | XmppResult::WrongPassword
            | XmppResult::AccountDisabled
            | XmppResult::TooManyAttempts
            | XmppResult::Missed { .. }
            | XmppResult::ChangedSome { .. }
            | XmppResult::Acknowledged { .. }
            | XmppResult::Undelivered { .. }
            | XmppResult::Messages(_)
            | XmppResult::Online(_)
            | XmppResult::PresenceChanged(_)
            | XmppResult::Failed => answer::error("iq", id, None, StanzaError::InternalServerError),
        };
        send(&[answer])
    }

    pub(super) fn notification(&mut self, host: &str, notification: &Notification) -> XmppStep {
        let step = self.notified(host, notification);
        let may_go_on = |all: &mut ChangingAll| all.after <= notification.seq() && step.command.is_none();
        let Some(ChangingAll { id, change, rest, .. }) = self.changing_all.take_if(may_go_on) else { return step };
        self.pending = Some(PendingStanza::Iq { id, node: self.username.clone() });
        Effects { command: Some(XmppCommand::ChangeAllChats { change, rest: Some(rest) }), ..step }
    }

    /// A client that has not bound its resource gets what it missed when it binds.
    fn notified(&mut self, host: &str, notification: &Notification) -> XmppStep {
        let Some(jid) = self.jid.clone() else {
            if notification.seq() != 0 {
                self.missed_since.get_or_insert(notification.seq() - 1);
            }
            return Effects::default();
        };
        match notification {
            Notification::ProfileChanged { user, fields, .. } if fields.iter().any(is_shown) => {
                let is_own = user.id == self.user;
                let node = if is_own { self.username.clone() } else { jid::escaped(&user.id) };
                let frame = Frame::Text(answer::profile_changed(user, &node, host, &jid, &self.iv_text));
                Effects { frames: vec![frame], ..Effects::default() }
            }
            Notification::BlocksChanged { whom, is_blocked, .. } => {
                // The session that requested it has its response.
                let step = match self.own_block.take_if(|own| own.0 == *whom) {
                    Some(_) => Effects::default(),
                    None => send(&[answer::block_changed(&self.username, whom, *is_blocked, host, &jid)]),
                };
                self.online.remove(whom);
                self.following_again(step, !is_blocked)
            }
            Notification::BlockedBy { by, is_blocked, .. } => {
                let mut step = send(&[answer::blocked_by(by, *is_blocked, host, &jid)]);
                if *is_blocked {
                    step.frames.extend(self.presences(host, vec![(by.clone(), false)]).frames);
                }
                self.following_again(step, !is_blocked)
            }
            Notification::AccountChanged { user, change, .. } => {
                let mut step = send(&[answer::account_changed(user, *change, host, &jid)]);
                if *change == AccountChange::Deleted {
                    step.frames.extend(self.presences(host, vec![(user.clone(), false)]).frames);
                }
                step
            }
            Notification::ContactsChanged { .. } => {
                let step = send(&[answer::contacts_changed(&self.username, host, &jid)]);
                self.following_again(step, true)
            }
            Notification::Chat { seq, news } => self.chat(host, *seq, news),
            Notification::ChatSettingsChanged { change } => self.settings(host, change),
            Notification::StatusChanged { users } if self.is_available => run(XmppCommand::ReadPresence(users.clone())),
            Notification::ProfileChanged { .. }
            | Notification::FollowChanged { .. }
            | Notification::StatusChanged { .. }
            | Notification::RequestChanged { .. } => Effects::default(),
        }
    }

    fn chat(&mut self, host: &str, seq: i64, news: &ChatNews) -> XmppStep {
        if self.is_own(seq) {
            return self.following_partner(Effects::default(), news);
        }
        // A client that is not available yet gets its messages when it is.
        let is_early = !self.is_available || self.missed.includes(seq);
        if is_early && chat::is_incoming(news, &self.user) {
            return Effects::default();
        }
        let Some(client) = self.client(host) else { return Effects::default() };
        let step = send(&client.news(news));
        self.following_partner(step, news)
    }

    /// Follows the presence of a new partner from the first message on.
    fn following_partner(&self, step: XmppStep, news: &ChatNews) -> XmppStep {
        let is_first = matches!(&news.event, ChatEvent::Sent(message) if message.seq == 1);
        if !is_first || !self.is_available {
            return step;
        }
        let partner = if news.actor.id == self.user { news.other.key } else { news.actor.key };
        Effects { command: Some(XmppCommand::FollowPartner(partner)), ..step }
    }

    fn settings(&mut self, host: &str, change: &ChatSettingsChange) -> XmppStep {
        let is_it = |own: &mut bool| {
            *change == ChatSettingsChange { keeps_archived: Some(*own), ..ChatSettingsChange::default() }
        };
        if self.own_settings.pop_front_if(is_it).is_some() {
            return Effects::default();
        }
        self.client(host).map_or_else(Effects::default, |client| send(&client.settings(change)))
    }

    /// Reads again whose presence the client follows, if that may have changed.
    fn following_again(&self, step: XmppStep, may_have_changed: bool) -> XmppStep {
        match may_have_changed && self.is_available {
            true => Effects { command: Some(XmppCommand::FollowContacts), ..step },
            false => step,
        }
    }
}

fn run(command: XmppCommand) -> XmppStep {
    Effects { command: Some(command), ..Effects::default() }
}

/// Tells whether a vCard shows the field.
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

/// Returns the node that a stanza is addressed to. `None` if it is addressed to the server, or has no address.
fn addressed<'a>(host: &str, stanza: &'a XmlElement) -> Option<&'a str> {
    let to = stanza.attribute("to").filter(|to| !to.is_empty() && !to.eq_ignore_ascii_case(host))?;
    Some(to.split_once('@').map_or(to, |(node, _)| node))
}

fn id_of(stanza: &XmlElement) -> &str {
    stanza.attribute("id").unwrap_or_default()
}
