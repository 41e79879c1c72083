//! Stanzas of conversations: what a client sends, and what it is sent. Source: what the vendor's SDK sends and reads.

use super::{
    RESOURCE,
    answer::{self, CARBONS, CLIENT},
    protocol::{StanzaError, XmppCommand},
    stanza::XmlElement,
};
use crate::{
    dialect::mirrorfly::{jid, message as body},
    domain::{
        ChatEvent, ChatNews, ChatSettingsChange, ConversationChange, MESSAGES_A_CALL_MAX, Mark, Message, MessageName,
        Moment, Side, User, UserId, UserKey,
    },
};

pub(super) const CONTENT: &str = "urn:xmpp:content";
pub(super) const RECEIPTS: &str = "urn:xmpp:receipts";
/// The namespace that the vendor's SDK uses.
const CHAT_STATES: &str = "https://jabber.org/protocol/chatstates";
/// The namespace of XEP-0085, which other clients use.
const STANDARD_CHAT_STATES: &str = "http://jabber.org/protocol/chatstates";

/// The words of the vendor's SDK and of XEP-0085, and whether the user writes.
const CHAT_STATE_WORDS: [(&str, bool); 5] =
    [("composing", true), ("gone", false), ("paused", false), ("active", false), ("inactive", false)];

const MESSAGE_ID: &str = "id: the id of a message must be 1 to 191 characters without commas, apostrophes, control \
    characters and characters that change the direction of text";
const FORWARD: &str = "urn:xmpp:forward:0";

/// Reads a message stanza as the command that it asks for.
pub(super) fn command(host: &str, stanza: &XmlElement) -> Result<XmppCommand, StanzaError> {
    let with = peer(host, stanza)?;
    for (word, mark) in [("delivered", Mark::Delivered), ("seen", Mark::Read)] {
        if let Some(receipt) = stanza.find(word, RECEIPTS) {
            return Ok(XmppCommand::Mark { with, mark, name: name_in(receipt)? });
        }
    }
    if let Some(recall) = stanza.find("recall", RECEIPTS) {
        return Ok(XmppCommand::Recall { with, names: names(recall.attribute("id").unwrap_or_default())? });
    }
    let Some(content) = stanza.find("chatcontent", CONTENT) else {
        let is_there =
            |word| [CHAT_STATES, STANDARD_CHAT_STATES].iter().any(|space| stanza.find(word, space).is_some());
        let state = CHAT_STATE_WORDS.into_iter().find(|(word, _)| is_there(word));
        let typing = |(_, is_typing)| XmppCommand::Typing { with, is_typing };
        return state.map(typing).ok_or(StanzaError::FeatureNotImplemented);
    };
    let name = name_in(stanza)?;
    let free = |name| content.attribute(name).unwrap_or_default();
    let sent = body::decrypt(&name, stanza.text_of("body"), free("meta_data"), free("topic_id"));
    let sent = sent.map_err(|fault| StanzaError::BadRequest(fault.to_string().into()))?;
    let sent = Box::new(sent);
    match content.attribute("edit_msg_id").filter(|edit| !edit.is_empty() && *edit != name.as_str()) {
        Some(edit) => {
            let edit =
                body::name(edit).map_err(|_| StanzaError::bad_request("edit_msg_id: must be the id of the change"))?;
            Ok(XmppCommand::Edit { with, name, edit, sent })
        }
        None => Ok(XmppCommand::Send { to: with, name, sent }),
    }
}

/// Returns the user that a stanza is addressed to.
fn peer(host: &str, stanza: &XmlElement) -> Result<UserId, StanzaError> {
    let to = stanza.attribute("to").filter(|to| !to.is_empty() && !to.eq_ignore_ascii_case(host));
    user(to.ok_or(StanzaError::bad_request("to: must be the JID of a user"))?)
}

/// Reads a JID or its node.
pub(super) fn user(jid: &str) -> Result<UserId, StanzaError> {
    jid::parse(jid.split_once('@').map_or(jid, |(node, _)| node)).map_err(|_| StanzaError::ItemNotFound)
}

fn name_in(element: &XmlElement) -> Result<MessageName, StanzaError> {
    body::name(element.attribute("id").unwrap_or_default()).map_err(|_| StanzaError::bad_request(MESSAGE_ID))
}

/// Reads ids that are joined by commas.
pub(super) fn names(joined: &str) -> Result<Vec<MessageName>, StanzaError> {
    let ids: Vec<&str> = joined.split(',').collect();
    match ids.len() > MESSAGES_A_CALL_MAX {
        true => Err(StanzaError::bad_request("id: at most 100 ids, joined by commas")),
        false => {
            let name = |id: &str| body::name(id.trim()).map_err(|_| StanzaError::bad_request(MESSAGE_ID));
            ids.into_iter().map(name).collect()
        }
    }
}

/// The client of a session, as its SDK names it.
pub(super) struct Client<'a> {
    pub(super) user: &'a UserId,
    /// The user's id as the client spells it.
    pub(super) username: &'a str,
    pub(super) host: &'a str,
    /// The full JID of the session.
    pub(super) jid: &'a str,
}

impl Client<'_> {
    fn own_jid(&self) -> String {
        format!("{}@{}", self.username, self.host)
    }

    fn jid_of(&self, user: &UserId) -> String {
        if user == self.user { self.own_jid() } else { answer::bare(user, self.host) }
    }

    /// A message stanza from another user, or from the server about one.
    fn stanza(&self, from: &UserId, id: &str) -> XmlElement {
        chat_message(&self.jid_of(from), self.jid, id)
    }

    /// Confirms what the client sent: `kind` is `acknowledge`, `delivered`, `seen` or `recall`.
    pub(super) fn acknowledgement(&self, kind: &str, id: &str, peer: &UserId, at: Moment) -> XmlElement {
        let acknowledge = XmlElement::new("acknowledge", CLIENT)
            .with("type", kind)
            .with("id", id)
            .with("sent_to", &answer::bare(peer, self.host));
        self.stanza(peer, id).child(acknowledge).child(timestamp(at))
    }

    /// A message of another user. A change of one says so by the id of the change.
    pub(super) fn message(&self, message: &Message, sender: &User, edit: Option<&str>) -> XmlElement {
        with_content(self.stanza(&sender.id, message.name.as_str()), message, sender, edit)
    }

    /// What the user itself sent by another session.
    fn carbon_of_sent(&self, peer: &UserId, id: &str, add: impl FnOnce(XmlElement) -> XmlElement) -> XmlElement {
        let inner = add(chat_message(&self.own_jid(), &answer::bare(peer, self.host), id));
        let forwarded = XmlElement::new("forwarded", FORWARD).child(inner);
        self.copy(XmlElement::new("sent", CARBONS).child(forwarded))
    }

    /// What the user itself did by another session or over HTTP, other than by a message.
    fn carbon_of_done(&self, done: XmlElement) -> XmlElement {
        let inner = XmlElement::new("message", CLIENT).with("from", &self.own_jid()).child(done);
        let forwarded = XmlElement::new("forwarded", FORWARD).child(inner);
        self.copy(XmlElement::new("received", CARBONS).child(forwarded))
    }

    fn copy(&self, carbon: XmlElement) -> XmlElement {
        XmlElement::new("message", CLIENT).with("from", &self.own_jid()).with("to", self.jid).child(carbon)
    }

    /// Returns the stanzas for what happened in a conversation of the client's user. `at` is the time of the notice.
    pub(super) fn news(&self, news: &ChatNews) -> Vec<XmlElement> {
        let is_own = news.actor.id == *self.user;
        let (me, peer) = if is_own { (&news.actor, &news.other) } else { (&news.other, &news.actor) };
        let Some(side) = news.conversation.side_of(me.key) else { return Vec::new() };
        let party = Party { me, peer, side };
        match &news.event {
            ChatEvent::Sent(message) => self.shown(&party, message, None).into_iter().collect(),
            ChatEvent::Edited(message) => {
                self.shown(&party, message, body::edit_id(message).as_deref()).into_iter().collect()
            }
            ChatEvent::Recalled(messages) => {
                let seen = messages.iter().filter(|message| message.is_shown_to(side));
                seen.map(|message| self.recalled(is_own, peer, message)).collect()
            }
            ChatEvent::MarkMoved { mark, turned, .. } => {
                turned.iter().rev().map(|message| self.receipt(is_own, peer, message, *mark)).collect()
            }
            ChatEvent::Typing { is_typing } if !is_own => {
                let word = if *is_typing { "composing" } else { "gone" };
                vec![self.stanza(&peer.id, "").child(XmlElement::new(word, CHAT_STATES))]
            }
            ChatEvent::Hidden { messages, last } => vec![self.hidden(peer, messages, last.as_ref())],
            ChatEvent::Changed { change, last } => self.changed(peer, *change, last.as_ref()).into_iter().collect(),
            // Receipts that another vendor's client asks for, and messages that no history keeps.
            ChatEvent::Typing { .. } | ChatEvent::ReceiptsSent(_) | ChatEvent::Passing(_) => Vec::new(),
        }
    }

    fn shown(&self, party: &Party<'_>, message: &Message, edit: Option<&str>) -> Option<XmlElement> {
        if !message.is_shown_to(party.side) {
            return None;
        }
        Some(match message.sender == party.me.key {
            true => self.carbon_of_sent(&party.peer.id, message.name.as_str(), |stanza| {
                with_content(stanza, message, party.me, edit)
            }),
            false => self.message(message, party.peer, edit),
        })
    }

    fn recalled(&self, is_own: bool, peer: &User, message: &Message) -> XmlElement {
        let at = message.recall.as_ref().map_or(message.at, |recall| recall.at);
        let id = message.name.as_str();
        let recall = XmlElement::new("recall", RECEIPTS).with("id", id).with("chat_type", "chat");
        let add = |stanza: XmlElement| stanza.child(recall).child(timestamp(at));
        if is_own { self.carbon_of_sent(&peer.id, id, add) } else { add(self.stanza(&peer.id, id)) }
    }

    fn receipt(&self, is_own: bool, peer: &User, message: &Message, mark: Mark) -> XmlElement {
        let (word, status) = match mark {
            Mark::Delivered => ("delivered", "1"),
            Mark::Read => ("seen", "2"),
        };
        let id = message.name.as_str();
        let receipt = XmlElement::new(word, RECEIPTS);
        let receipt = receipt.with("id", id).with("message_status", status).with("group_id", "");
        let add = |stanza: XmlElement| stanza.child(receipt).child(timestamp(message.at));
        if is_own { self.carbon_of_sent(&peer.id, id, add) } else { add(self.stanza(&peer.id, id)) }
    }

    fn hidden(&self, peer: &User, messages: &[Message], last: Option<&MessageName>) -> XmlElement {
        let ids: Vec<&str> = messages.iter().map(|message| message.name.as_str()).collect();
        let deleted = XmlElement::new("messageclear", CLIENT)
            .with("type", "delete_message")
            .with("message_ids", &ids.join(","))
            .with("last_message_id", last.map_or("", MessageName::as_str))
            .with("to_user", &jid::escaped(&peer.id))
            .with("chat_type", "chat");
        self.carbon_of_done(deleted)
    }

    fn changed(&self, peer: &User, change: ConversationChange, last: Option<&MessageName>) -> Option<XmlElement> {
        let with = answer::bare(&peer.id, self.host);
        let last = last.map_or("", MessageName::as_str);
        let archive = |status| XmlElement::new("archive", CLIENT).with("archive_status", status).with("to_user", &with);
        let done = match change {
            ConversationChange::Cleared { .. } => cleared(peer, "1", last),
            ConversationChange::Hidden { .. } => cleared(peer, "0", last),
            ConversationChange::Archived => archive("1"),
            ConversationChange::Unarchived => archive("0"),
            ConversationChange::UnreadReset => XmlElement::new("unread_count", CLIENT).with("to_user", &with),
            // This vendor has no pins.
            ConversationChange::Pinned | ConversationChange::Unpinned => return None,
        };
        Some(self.carbon_of_done(done))
    }

    /// Returns the stanzas for changed chat settings of the client's user.
    pub(super) fn settings(&self, change: &ChatSettingsChange) -> Vec<XmlElement> {
        let mute = |action: bool, users: &[UserId], is_all: bool| {
            let jids: Vec<String> = users.iter().map(|user| answer::bare(user, self.host)).collect();
            let mute = XmlElement::new("mute", CLIENT)
                .with("action", if action { "1" } else { "0" })
                .with("user_list", &jids.join(","))
                .with("mute_setting", if is_all { "true" } else { "false" });
            self.carbon_of_done(mute)
        };
        let mut stanzas = Vec::new();
        for (action, users) in [(true, &change.mute), (false, &change.unmute)] {
            if !users.is_empty() {
                stanzas.push(mute(action, users, false));
            }
        }
        stanzas.extend(change.mutes_all.map(|mutes_all| mute(mutes_all, &[], true)));
        stanzas.extend(change.keeps_archived.map(|is_kept| {
            let archive = if is_kept { "1" } else { "0" };
            self.carbon_of_done(XmlElement::new("user_settings", CLIENT).with("archive", archive))
        }));
        stanzas
    }

    /// Tells that another user has come or gone. A presence is that of all its sessions.
    pub(super) fn presence(&self, user: &UserId, is_online: bool) -> XmlElement {
        let presence = XmlElement::new("presence", CLIENT).with("from", &format!("{}/{RESOURCE}", self.jid_of(user)));
        let presence = presence.with("to", self.jid);
        if is_online { presence } else { presence.with("type", "unavailable") }
    }
}

/// The two users of a conversation, and the side of the client's own.
struct Party<'a> {
    me: &'a User,
    peer: &'a User,
    side: Side,
}

/// Returns whether a message is one that its recipient receives.
pub(super) fn is_incoming(news: &ChatNews, user: &UserId) -> bool {
    let me: UserKey = if news.actor.id == *user { news.actor.key } else { news.other.key };
    matches!(&news.event, ChatEvent::Sent(message) if message.sender != me)
}

fn chat_message(from: &str, to: &str, id: &str) -> XmlElement {
    XmlElement::new("message", CLIENT).with("type", "chat").with("from", from).with("to", to).with("id", id)
}

fn timestamp(at: Moment) -> XmlElement {
    XmlElement::new("timestamp", CLIENT).with("time", &at.micros().to_string())
}

fn with_content(stanza: XmlElement, message: &Message, sender: &User, edit: Option<&str>) -> XmlElement {
    let id = message.name.as_str();
    let content = XmlElement::new("chatcontent", CONTENT)
        .with("message_type", body::TEXT)
        .with("broadcast_id", "")
        .with("topic_id", message.data.topic.as_str())
        .with("meta_data", &body::metadata_text(message))
        .with("edit_msg_id", edit.unwrap_or(id));
    let text = XmlElement::new("body", CLIENT).with("message_type", body::TEXT);
    stanza.child(content).child(text.holding(&body::encrypted(message, sender))).child(timestamp(message.at))
}

fn cleared(peer: &User, delete_type: &str, last: &str) -> XmlElement {
    XmlElement::new("messageclear", CLIENT)
        .with("type", "clear_message")
        .with("chat_type", "chat")
        .with("delete_type", delete_type)
        .with("remove_message_user", &jid::escaped(&peer.id))
        .with("last_msg_id", last)
        .with("favourite", "0")
}
