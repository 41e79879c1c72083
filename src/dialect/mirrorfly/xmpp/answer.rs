//! What the server says on a socket, element by element.

use std::{cell::RefCell, time::Duration};

use super::{
    stanza::{Element, Escaped},
    talk::Refusal,
};
use crate::{
    dialect::mirrorfly::{codec::Codec, jid, view},
    domain::{contact::Contact, id::UserId, profile::User, text::ContactName},
};

/// Of the stream's own elements.
pub(super) const FRAMING: &str = "urn:ietf:params:xml:ns:xmpp-framing";
/// Of authentication.
pub(super) const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
/// Of binding a resource.
pub(super) const BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";
/// Of stanzas.
pub(super) const CLIENT: &str = "jabber:client";
/// Of profiles.
pub(super) const VCARD: &str = "vcard-temp";
/// Of contacts.
pub(super) const ROSTER: &str = "jabber:iq:roster";
/// Of copies for one's other sessions: taken, though there are no messages to copy.
pub(super) const CARBONS: &str = "urn:xmpp:carbons:2";
/// Of asking whether the other side is there.
pub(super) const PING: &str = "urn:xmpp:ping";

/// Of blocking.
pub(super) const BLOCKING: &str = "urn:xmpp:blocking";
/// Of when a user was last there.
pub(super) const LAST: &str = "jabber:iq:last";
/// Of the vendor's own questions about a user.
pub(super) const ACTIVITIES: &str = "jabber:iq:user_activities";
/// Of groups, of which there are none.
pub(super) const GROUPS: &str = "jabber:iq:mixgroupchat";

const STREAM: &str = "http://etherx.jabber.org/streams";
const STREAM_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-streams";
const STANZA_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";

/// The answer to an opening.
pub(super) fn open(host: &str, id: &str) -> Element {
    Element::new("open", FRAMING).with("from", host).with("id", id).with("version", "1.0").with("xml:lang", "en")
}

/// PLAIN and nothing else: the SDK would prefer SCRAM, which its changing live passwords cannot pass.
pub(super) fn mechanisms() -> Element {
    features().child(Element::new("mechanisms", SASL).field("mechanism", "PLAIN"))
}

/// What a client may do that is authenticated.
pub(super) fn binding() -> Element {
    features().child(Element::new("bind", BIND))
}

fn features() -> Element {
    Element::new("stream:features", "").with("xmlns:stream", STREAM)
}

/// The password is right.
pub(super) fn success() -> Element {
    Element::new("success", SASL)
}

/// Authentication failed, by a condition of RFC 6120.
pub(super) fn failure(condition: &str) -> Element {
    Element::new("failure", SASL).child(Element::new(condition, SASL))
}

/// The stream failed, by a condition of RFC 6120.
pub(super) fn stream_error(condition: &str) -> Element {
    Element::new("stream:error", "").with("xmlns:stream", STREAM).child(Element::new(condition, STREAM_ERRORS))
}

/// A result without content.
pub(super) fn result(id: &str) -> Element {
    Element::new("iq", CLIENT).with("type", "result").with("id", id)
}

/// A stanza is refused, under its own name and id.
pub(super) fn refused(stanza: &Element, refusal: Refusal) -> Element {
    let name = if stanza.is("message", CLIENT) { "message" } else { "iq" };
    error(name, stanza.attribute("id").unwrap_or_default(), refusal)
}

/// A refusal.
pub(super) fn error(stanza: &str, id: &str, refusal: Refusal) -> Element {
    let (kind, condition) = match refusal {
        Refusal::BadRequest => ("modify", "bad-request"),
        Refusal::ItemNotFound => ("cancel", "item-not-found"),
        Refusal::NotAuthorized => ("auth", "not-authorized"),
        Refusal::InternalServerError => ("wait", "internal-server-error"),
        Refusal::FeatureNotImplemented => ("cancel", "feature-not-implemented"),
        Refusal::ServiceUnavailable => ("cancel", "service-unavailable"),
    };
    let why = Element::new("error", CLIENT).with("type", kind).child(Element::new(condition, STANZA_ERRORS));
    Element::new(stanza, CLIENT).with("type", "error").with("id", id).child(why)
}

/// A user's JID without a resource.
pub(super) fn bare(user: &UserId, host: &str) -> String {
    format!("{}@{host}", jid::escaped(user))
}

/// A profile. The key of its encrypted fields is made of `node`, by which the user's JID stands beside them.
pub(super) fn vcard(user: &User, node: &str, iv_text: &str) -> Element {
    let codec = Codec::of_profile(node, iv_text);
    let fields = view::vcard(&codec, user);
    fields.iter().fold(Element::new("vCard", VCARD), |vcard, (name, text)| vcard.field(name, text))
}

/// A list of all contacts, around [those](roster_item) that are written already.
pub(super) fn roster(items: &str) -> String {
    Element::new("query", ROSTER).with("contact_permission", "1").write_around(items)
}

/// Writes a contact, a friend of the SDK's, for [`roster`].
pub(super) fn roster_item(contact: &Contact, host: &str, iv_text: &str, items: &mut String) {
    let user = &contact.user;
    let vcard = vcard(user, &jid::escaped(&user.id), iv_text)
        .field("is_admin_blocked", if user.is_active() { "0" } else { "1" });
    let own_name = user.profile.display_name.as_ref().map_or("", |name| name.as_str());
    let item = Element::new("item", ROSTER)
        .with("jid", &bare(&user.id, host))
        .with("name", contact.name.as_ref().map_or(own_name, ContactName::as_str))
        .with("subscription", "both");
    item.child(Element::new("profile", ROSTER).child(vcard)).write_within(ROSTER, items);
}

/// A changed profile: an answer without a question, which the SDK reports to its app. `node` is the user's id as
/// the client spells it.
pub(super) fn profile_changed(user: &User, node: &str, host: &str, to: &str, iv_text: &str) -> String {
    let to = Escaped(to).to_string();
    LAST_TOLD.with_borrow_mut(|last| last.of(user, &format!("{node}@{host}"), iv_text).join(&to))
}

thread_local! {
    /// Thousands of clients are told of one change, one after the other: it is encrypted and written once for all that a thread serves.
    static LAST_TOLD: RefCell<Told> = const { RefCell::new(Told { of: None, around: [String::new(), String::new()] }) };
}

/// What was sent last: whose profile, from which JID, under which vector, and the frame around the receiver's name.
struct Told {
    of: Option<(User, String, String)>,
    around: [String; 2],
}

impl Told {
    fn of(&mut self, user: &User, jid: &str, iv_text: &str) -> &[String; 2] {
        if !self.of.as_ref().is_some_and(|(told, by, iv)| told == user && by == jid && iv == iv_text) {
            let node = jid.split_once('@').map_or(jid, |(node, _)| node);
            let iq = result("new").with("from", jid).with("to", "").child(vcard(user, node, iv_text));
            let frame = iq.write();
            // No value holds a quote as it is: the first empty attribute is this one.
            let (head, tail) = frame.split_once(" to=\"\"").unwrap_or_default();
            self.around = [format!("{head} to=\""), format!("\"{tail}")];
            self.of = Some((user.clone(), jid.to_owned(), iv_text.to_owned()));
        }
        &self.around
    }
}

/// The users that a user blocks.
pub(super) fn blocked(users: &[UserId], host: &str) -> String {
    let mut items = String::new();
    let item = |user| Element::new("item", BLOCKING).with("jid", &bare(user, host));
    users.iter().for_each(|user| item(user).write_within(BLOCKING, &mut items));
    Element::new("blocklist", BLOCKING).write_around(&items)
}

/// The users that block a user, as the SDK reads them.
pub(super) fn blocking(users: &[UserId], host: &str) -> String {
    let list = Element::new("blocklist", ACTIVITIES);
    let list = users.iter().fold(list, |list, user| list.field("members", &bare(user, host)));
    Element::new("query", ACTIVITIES).child(list).write()
}

/// When a user was last there.
pub(super) fn last_seen(ago: Duration) -> Element {
    Element::new("query", LAST).with("seconds", &ago.as_secs().to_string())
}

/// What a user has set for its chats.
pub(super) fn settings(keeps_archived: bool) -> Element {
    let settings = Element::new("user_settings", ACTIVITIES).field("archive", if keeps_archived { "1" } else { "0" });
    Element::new("query", ACTIVITIES).child(settings)
}

/// The user blocks another from now on, or no longer: for its other sessions.
pub(super) fn block_changed(username: &str, whom: &UserId, is_blocked: bool, host: &str, to: &str) -> Element {
    let item = Element::new("item", BLOCKING).with("jid", &bare(whom, host));
    let block = Element::new(if is_blocked { "block" } else { "unblock" }, BLOCKING).child(item);
    let iq = Element::new("iq", CLIENT).with("type", "set").with("id", "block");
    iq.with("from", &format!("{username}@{host}")).with("to", to).child(block)
}

/// Another user blocks this one from now on, or no longer. The SDK takes it for a sign that the other has gone, too.
pub(super) fn blocked_by(by: &UserId, is_blocked: bool, host: &str, to: &str) -> Element {
    let status = Element::new("userblocked", CLIENT)
        .with("type", if is_blocked { "block_user" } else { "unblock_user" })
        .with("blocked_user", &jid::escaped(by));
    Element::new("message", CLIENT).with("from", &bare(by, host)).with("to", to).child(status)
}

/// The user's own contacts differ: the SDK reads them again.
pub(super) fn contacts_changed(username: &str, host: &str, to: &str) -> Element {
    Element::new("message", CLIENT)
        .with("from", &format!("{username}@{host}"))
        .with("to", to)
        .child(Element::new("register_update", CLIENT))
}
