//! The requests of a client that has signed in.

use super::{XmppSession, addressed};
use crate::{
    dialect::mirrorfly::{
        codec::Codec,
        jid,
        xmpp::{
            answer, chat_query,
            protocol::{SentProfile, StanzaError, XmppCommand, XmppList},
            stanza::XmlElement,
        },
    },
    domain::UserId,
};

pub(super) enum IqRequest {
    Run(XmppCommand),
    Nothing,
    /// A list that is always empty.
    Answered(XmlElement),
}

impl XmppSession {
    pub(super) fn parse_iq(&self, host: &str, iq: &XmlElement) -> Result<IqRequest, StanzaError> {
        let is_set = iq.attribute("type") == Some("set");
        if let Some(vcard) = iq.find("vCard", answer::VCARD) {
            let command = match is_set {
                true if has_sdk_field(vcard) => XmppCommand::SetProfile(self.sent_profile(vcard)),
                true => return Err(StanzaError::bad_request("vCard: at least one field of the vendor's SDK")),
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
        if iq.find("query", answer::FAVOURITES).is_some() {
            // Messages cannot be marked as favourites.
            let none = XmlElement::new("history", answer::FAVOURITES);
            let none = XmlElement::new("query", answer::FAVOURITES).child(none);
            return Ok(if is_set { IqRequest::Nothing } else { IqRequest::Answered(none) });
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
                    _ => Err(StanzaError::bad_request("archive: must be 0 or 1")),
                }
            }
            // On an error the SDK's promise would never settle.
            (Some("register_update"), _) => Ok(IqRequest::Nothing),
            (Some(status), false) => {
                if let Some(none) = chat_query::empty_list(status) {
                    return Ok(IqRequest::Answered(none));
                }
                let read = chat_query::read(query)?.ok_or(StanzaError::FeatureNotImplemented)?;
                Ok(IqRequest::Run(XmppCommand::ReadChat(read)))
            }
            (Some(_), true) => {
                let change = chat_query::change(query)?.ok_or(StanzaError::FeatureNotImplemented)?;
                Ok(IqRequest::Run(change))
            }
            (None, _) => Err(StanzaError::FeatureNotImplemented),
        }
    }

    fn list(&self, host: &str, list: XmppList) -> IqRequest {
        IqRequest::Run(XmppCommand::ReadList { list, host: host.to_owned(), iv_text: self.iv_text.clone() })
    }

    /// Returns the user whose profile is requested: the addressee, or the client's own user.
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
}

/// Tells whether a vCard has a field of the SDK, which replaces all fields. One with only the fields of XEP-0054 would
/// clear them all.
fn has_sdk_field(vcard: &XmlElement) -> bool {
    let fields = ["nickName", "image", "email", "mobileNumber", "status"];
    fields.iter().any(|field| vcard.find(field, answer::VCARD).is_some())
}

/// Returns the user of a block or unblock. The SDK names one. Several would have to succeed or fail together.
fn only_item(block: &XmlElement) -> Result<UserId, StanzaError> {
    let mut items = block.all("item", answer::BLOCKING);
    let (Some(item), None) = (items.next(), items.next()) else {
        return Err(StanzaError::bad_request("item: exactly one"));
    };
    let named = item.attribute("jid").unwrap_or_default();
    let node = named.split_once('@').map_or(named, |(node, _)| node);
    jid::parse(node).map_err(|_| StanzaError::ItemNotFound)
}

/// Tells whether this is the request of SDK 4.17 for the user's groups.
fn is_group_list(iq: &XmlElement) -> bool {
    iq.find("query", answer::GROUPS).is_some_and(|query| query.attribute("status") == Some("get_group_id"))
}
