//! The elements that the server sends on a socket.

use std::{borrow::Cow, cell::RefCell, time::Duration};

use super::{
    chat::RECEIPTS,
    protocol::StanzaError,
    stanza::{Escaped, XmlElement},
};
use crate::{
    dialect::mirrorfly::{codec::Codec, jid, view},
    domain::{AccountChange, Contact, ContactName, User, UserId},
};

pub(super) const FRAMING: &str = "urn:ietf:params:xml:ns:xmpp-framing";
pub(super) const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
pub(super) const BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";
pub(super) const CLIENT: &str = "jabber:client";
pub(super) const VCARD: &str = "vcard-temp";
pub(super) const ROSTER: &str = "jabber:iq:roster";
/// Copies for the user's other sessions.
pub(super) const CARBONS: &str = "urn:xmpp:carbons:2";
pub(super) const PING: &str = "urn:xmpp:ping";

pub(super) const BLOCKING: &str = "urn:xmpp:blocking";
pub(super) const LAST: &str = "jabber:iq:last";
pub(super) const ACTIVITIES: &str = "jabber:iq:user_activities";
pub(super) const GROUPS: &str = "jabber:iq:mixgroupchat";
pub(super) const FAVOURITES: &str = "jabber:iq:user_fav";

const STREAM: &str = "http://etherx.jabber.org/streams";
const STREAM_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-streams";
const STANZA_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";

pub(super) fn open(host: &str, id: &str) -> XmlElement {
    XmlElement::new("open", FRAMING).with("from", host).with("id", id).with("version", "1.0").with("xml:lang", "en")
}

/// PLAIN only: the SDK would prefer SCRAM, which its changing live passwords cannot pass.
pub(super) fn mechanisms() -> XmlElement {
    features().child(XmlElement::new("mechanisms", SASL).field("mechanism", "PLAIN"))
}

pub(super) fn binding() -> XmlElement {
    features().child(XmlElement::new("bind", BIND))
}

fn features() -> XmlElement {
    XmlElement::new("stream:features", "").with("xmlns:stream", STREAM)
}

pub(super) fn success() -> XmlElement {
    XmlElement::new("success", SASL)
}

/// `condition` is one of RFC 6120.
pub(super) fn failure(condition: &str) -> XmlElement {
    XmlElement::new("failure", SASL).child(XmlElement::new(condition, SASL))
}

pub(super) fn stream_error(condition: &str) -> XmlElement {
    XmlElement::new("stream:error", "").with("xmlns:stream", STREAM).child(XmlElement::new(condition, STREAM_ERRORS))
}

pub(super) fn result(id: &str) -> XmlElement {
    XmlElement::new("iq", CLIENT).with("type", "result").with("id", id)
}

/// Answers a stanza. The error of a message is from the user that the message was for.
pub(super) fn refused(stanza: &XmlElement, refusal: StanzaError) -> XmlElement {
    if !stanza.is("message", CLIENT) {
        return error("iq", stanza.attribute("id").unwrap_or_default(), None, refusal);
    }
    error("message", message_id(stanza), stanza.attribute("to"), refusal)
}

/// Returns the id by which a client knows a message stanza: its own, else that of the message that a receipt or recall is
/// about.
pub(super) fn message_id(stanza: &XmlElement) -> &str {
    let own = stanza.attribute("id").filter(|id| !id.is_empty());
    let about = || ["delivered", "seen", "recall"].iter().find_map(|word| stanza.find(word, RECEIPTS));
    own.or_else(|| about()?.attribute("id")).unwrap_or_default()
}

/// `from`: the JID of the user that a message was for. An error of an iq has none: the SDK accepts a response only from
/// where it expects one.
pub(super) fn error(stanza: &str, id: &str, from: Option<&str>, refusal: StanzaError) -> XmlElement {
    let (kind, condition, text): (_, _, Cow<'static, str>) = match refusal {
        StanzaError::BadRequest(text) => ("modify", "bad-request", text),
        StanzaError::ItemNotFound => ("cancel", "item-not-found", "There is no such user, chat or message".into()),
        StanzaError::NotAuthorized => ("auth", "not-authorized", "The session is over: sign in again".into()),
        StanzaError::InternalServerError => {
            ("wait", "internal-server-error", "The server failed: try again later".into())
        }
        StanzaError::FeatureNotImplemented => ("cancel", "feature-not-implemented", "This is not served here".into()),
        StanzaError::Conflict => ("cancel", "conflict", "A message of the other user in this chat has this id".into()),
    };
    let text = XmlElement::new("text", STANZA_ERRORS).with("xml:lang", "en").holding(&text);
    let why = XmlElement::new("error", CLIENT).with("type", kind);
    let why = why.child(XmlElement::new(condition, STANZA_ERRORS)).child(text);
    let error = XmlElement::new(stanza, CLIENT).with("type", "error").with("id", id);
    from.into_iter().fold(error, |error, from| error.with("from", from)).child(why)
}

pub(super) fn bare(user: &UserId, host: &str) -> String {
    format!("{}@{host}", jid::escaped(user))
}

/// The key of the encrypted fields is made from `node`, the node of the JID that is sent with them.
pub(super) fn vcard(user: &User, node: &str, iv_text: &str) -> XmlElement {
    let codec = Codec::of_profile(node, iv_text);
    let fields = view::vcard(&codec, user);
    fields.iter().fold(XmlElement::new("vCard", VCARD), |vcard, (name, text)| vcard.field(name, text))
}

pub(super) fn roster(items: &str) -> String {
    XmlElement::new("query", ROSTER).with("contact_permission", "1").write_around(items)
}

pub(super) fn roster_item(contact: &Contact, host: &str, iv_text: &str, items: &mut String) {
    let user = &contact.user;
    let vcard = vcard(user, &jid::escaped(&user.id), iv_text)
        .field("is_admin_blocked", if user.is_active() { "0" } else { "1" });
    let own_name = user.profile.display_name.as_ref().map_or("", |name| name.as_str());
    let item = XmlElement::new("item", ROSTER)
        .with("jid", &bare(&user.id, host))
        .with("name", contact.name.as_ref().map_or(own_name, ContactName::as_str))
        .with("subscription", "both");
    item.child(XmlElement::new("profile", ROSTER).child(vcard)).write_within(ROSTER, items);
}

/// Returns a result without a request, which the SDK passes to its app. `node` is the user's id as the client spells
/// it.
pub(super) fn profile_changed(user: &User, node: &str, host: &str, to: &str, iv_text: &str) -> String {
    let to = Escaped(to).to_string();
    LAST_PUSH.with_borrow_mut(|last| last.of(user, &format!("{node}@{host}"), iv_text).join(&to))
}

thread_local! {
    /// Thousands of clients receive the same change, one after the other. Each thread encrypts and writes it once.
    static LAST_PUSH: RefCell<LastPush> = const { RefCell::new(LastPush { of: None, around: [String::new(), String::new()] }) };
}

/// The last pushed profile: its user, JID and vector, and the frame before and after the receiver's name.
struct LastPush {
    of: Option<(User, String, String)>,
    around: [String; 2],
}

impl LastPush {
    fn of(&mut self, user: &User, jid: &str, iv_text: &str) -> &[String; 2] {
        if !self.of.as_ref().is_some_and(|(of, by, iv)| of == user && by == jid && iv == iv_text) {
            let node = jid.split_once('@').map_or(jid, |(node, _)| node);
            let iq = result("new").with("from", jid).with("to", "").child(vcard(user, node, iv_text));
            let frame = iq.write();
            // Values have their quotes escaped, so the first empty attribute is this one.
            let (head, tail) = frame.split_once(" to=\"\"").unwrap_or_default();
            self.around = [format!("{head} to=\""), format!("\"{tail}")];
            self.of = Some((user.clone(), jid.to_owned(), iv_text.to_owned()));
        }
        &self.around
    }
}

pub(super) fn blocked(users: &[UserId], host: &str) -> String {
    let mut items = String::new();
    let item = |user| XmlElement::new("item", BLOCKING).with("jid", &bare(user, host));
    users.iter().for_each(|user| item(user).write_within(BLOCKING, &mut items));
    XmlElement::new("blocklist", BLOCKING).write_around(&items)
}

pub(super) fn blocking(users: &[UserId], host: &str) -> String {
    let list = XmlElement::new("blocklist", ACTIVITIES);
    let list = users.iter().fold(list, |list, user| list.field("members", &bare(user, host)));
    XmlElement::new("query", ACTIVITIES).child(list).write()
}

pub(super) fn last_seen(ago: Duration) -> XmlElement {
    XmlElement::new("query", LAST).with("seconds", &ago.as_secs().to_string())
}

pub(super) fn settings(keeps_archived: bool) -> XmlElement {
    let settings =
        XmlElement::new("user_settings", ACTIVITIES).field("archive", if keeps_archived { "1" } else { "0" });
    XmlElement::new("query", ACTIVITIES).child(settings)
}

/// Tells the user's other sessions that it has blocked or unblocked another user.
pub(super) fn block_changed(username: &str, whom: &UserId, is_blocked: bool, host: &str, to: &str) -> XmlElement {
    let item = XmlElement::new("item", BLOCKING).with("jid", &bare(whom, host));
    let block = XmlElement::new(if is_blocked { "block" } else { "unblock" }, BLOCKING).child(item);
    let iq = XmlElement::new("iq", CLIENT).with("type", "set").with("id", "block");
    iq.with("from", &format!("{username}@{host}")).with("to", to).child(block)
}

/// Tells a user that another user has blocked or unblocked it. The SDK also takes a block for "offline".
pub(super) fn blocked_by(by: &UserId, is_blocked: bool, host: &str, to: &str) -> XmlElement {
    let status = XmlElement::new("userblocked", CLIENT)
        .with("type", if is_blocked { "block_user" } else { "unblock_user" })
        .with("blocked_user", &jid::escaped(by));
    XmlElement::new("message", CLIENT).with("from", &bare(by, host)).with("to", to).child(status)
}

/// Tells a user that the back end blocked, unblocked or deleted another user.
pub(super) fn account_changed(user: &UserId, change: AccountChange, host: &str, to: &str) -> XmlElement {
    let jid = bare(user, host);
    let blocked = |status| {
        let block = XmlElement::new("admin_block", CLIENT).with("block_status", status);
        block.with("jid", &jid).with("chat_type", "chat")
    };
    let changed = match change {
        AccountChange::Deleted => XmlElement::new("user_deleted", CLIENT).with("user", &jid),
        AccountChange::Suspended => blocked("1"),
        AccountChange::Reactivated => blocked("0"),
    };
    XmlElement::new("message", CLIENT).with("from", &jid).with("to", to).child(changed)
}

/// The user's contacts have changed. The SDK reads them again.
pub(super) fn contacts_changed(username: &str, host: &str, to: &str) -> XmlElement {
    XmlElement::new("message", CLIENT)
        .with("from", &format!("{username}@{host}"))
        .with("to", to)
        .child(XmlElement::new("register_update", CLIENT))
}
