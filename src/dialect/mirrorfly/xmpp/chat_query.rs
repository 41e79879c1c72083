//! Requests about conversations, and their answers. Source: what the vendor's SDK sends and reads.

use std::collections::HashSet;

use super::{
    answer::ACTIVITIES,
    chat,
    protocol::{StanzaError, XmppCommand},
    stanza::XmlElement,
};
use crate::{
    dialect::mirrorfly::{jid, message as body},
    domain::{
        ConversationChange, ConversationView, Message, MessageId, MessageName, MessageView, Participant, User, UserId,
    },
    service::conversations::reads::{ConversationList, History, HistoryRequest, HistoryStart},
};

/// Bytes of a list that an answer has no more rows after: of long texts, a thousand would be 160 MB.
const LIST_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Messages on a page if the request names no number.
const PAGE_DEFAULT: u32 = 20;

/// The most messages on a page.
const PAGE_MAX: u32 = 100;

/// A request that reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatQuery {
    RecentChats,
    History { with: UserId, request: HistoryRequest },
    Message(MessageName),
    ArchivedChats,
}

/// A request that changes what the user itself sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatChange {
    Clear {
        with: UserId,
        /// All messages if it is not given.
        upto: Option<MessageName>,
    },
    Delete(UserId),
    HideMessages {
        with: UserId,
        names: Vec<MessageName>,
    },
    ResetUnread(UserId),
    Archive {
        with: UserId,
        is_archived: bool,
    },
}

/// Reads a field of a request: the SDK sends attributes.
fn field<'a>(query: &'a XmlElement, name: &str) -> &'a str {
    query.attribute(name).unwrap_or_else(|| query.text_of(name))
}

pub(super) fn read(query: &XmlElement) -> Result<Option<ChatQuery>, StanzaError> {
    Ok(Some(match query.attribute("status") {
        Some("recent_chat") => ChatQuery::RecentChats,
        Some("single_chat") => {
            ChatQuery::History { with: chat::user(field(query, "to_user"))?, request: history_request(query)? }
        }
        Some("reply_message") => {
            // The id of no message is answered with nothing.
            let name = MessageName::parse(field(query, "reply_id"))
                .map_err(|_| StanzaError::bad_request("reply_id: must be the id of a message"))?;
            ChatQuery::Message(name)
        }
        Some("all_archived_chats") => ChatQuery::ArchivedChats,
        Some(_) | None => return Ok(None),
    }))
}

fn history_request(query: &XmlElement) -> Result<HistoryRequest, StanzaError> {
    let number = |name| match field(query, name) {
        "" | "0" => Ok(None),
        text => text.parse::<u32>().map(Some).map_err(|_| StanzaError::bad_request("limit: must be a whole number")),
    };
    let row = match field(query, "row_id") {
        "" | "0" => None,
        text => Some(text.parse::<i64>().map_err(|_| StanzaError::bad_request("row_id: must be a whole number"))?),
    };
    let from = match (row, field(query, "position")) {
        (None, _) => HistoryStart::Newest,
        (Some(row), "down") => HistoryStart::From(MessageId(row.saturating_add(1))),
        (Some(row), _) => HistoryStart::Before(MessageId(row)),
    };
    let limit = number("limit")?.unwrap_or(PAGE_DEFAULT).min(PAGE_MAX);
    Ok(HistoryRequest { from, limit, with_recalled: true })
}

pub(super) fn change(query: &XmlElement) -> Result<Option<XmppCommand>, StanzaError> {
    let with = |name| chat::user(field(query, name));
    let is_deletion = || match field(query, "delete_type") {
        "1" => Ok(false),
        "0" => Ok(true),
        _ => Err(StanzaError::bad_request("delete_type: must be 0 or 1")),
    };
    let change = match query.attribute("status") {
        Some("clear_message") => match is_deletion()? {
            true => ChatChange::Delete(with("remove_user")?),
            false => {
                let bad_id = StanzaError::bad_request("last_msg_id: must be the id of a message");
                let upto = Some(field(query, "last_msg_id")).filter(|id| !id.is_empty());
                let upto = upto.map(|id| MessageName::parse(id).map_err(|_| bad_id)).transpose()?;
                ChatChange::Clear { with: with("remove_user")?, upto }
            }
        },
        Some("clear_all") => {
            let change = match is_deletion()? {
                true => ConversationChange::Hidden { is_cleared: true },
                false => ConversationChange::Cleared { upto: MessageId::MAX },
            };
            return Ok(Some(XmppCommand::ChangeAllChats { change, rest: None }));
        }
        Some("delete_message") => {
            ChatChange::HideMessages { with: with("to_user")?, names: chat::names(field(query, "message_ids"))? }
        }
        Some("update_unread_count") => ChatChange::ResetUnread(with("to_user")?),
        Some("update_archive_chat") => {
            let is_archived = match field(query, "archive_status") {
                "0" => false,
                "1" => true,
                _ => return Err(StanzaError::bad_request("archive_status: must be 0 or 1")),
            };
            ChatChange::Archive { with: with("to_user")?, is_archived }
        }
        Some(_) | None => return Ok(None),
    };
    Ok(Some(XmppCommand::ChangeChat(change)))
}

/// Rows that are written one by one into the element around them.
struct Rows {
    name: &'static str,
    written: String,
}

impl Rows {
    fn new(name: &'static str) -> Self {
        Self { name, written: String::new() }
    }

    /// Returns whether there is room for more.
    fn push(&mut self, row: &XmlElement) -> bool {
        row.write_within(ACTIVITIES, &mut self.written);
        self.written.len() < LIST_BYTES_MAX
    }

    fn answer(self) -> String {
        let mut list = String::with_capacity(self.written.len() + 64);
        XmlElement::new(self.name, ACTIVITIES).write_whole(ACTIVITIES, &self.written, &mut list);
        XmlElement::new("query", ACTIVITIES).write_around(&list)
    }
}

fn row(name: &str, fields: &[(&str, &str)]) -> XmlElement {
    fields.iter().fold(XmlElement::new(name, ACTIVITIES), |row, (name, text)| row.field(name, text))
}

/// Returns whether the message counts as changed, and the id that the SDK expects of it.
fn edited(message: &Message) -> (&'static str, String) {
    match body::edit_id(message) {
        Some(edit) => ("1", edit),
        None => ("0", message.name.as_str().to_owned()),
    }
}

fn flag(is_set: bool) -> &'static str {
    if is_set { "1" } else { "0" }
}

pub(super) fn recent_chats(me: &User, list: &ConversationList, muted: &HashSet<UserId>) -> String {
    let mut rows = Rows::new("participants");
    for view in &list.items {
        if !rows.push(&recent_chat(me, view, muted.contains(&view.peer.id))) {
            break;
        }
    }
    rows.answer()
}

fn recent_chat(me: &User, view: &ConversationView, is_muted: bool) -> XmlElement {
    let ConversationView { conversation, own, theirs, peer, last, listed_at } = view;
    let (node, peer_node) = (jid::escaped(&me.id), jid::escaped(&peer.id));
    let is_own = last.as_ref().is_some_and(|last| last.sender == me.key);
    let publisher = if is_own { me } else { peer };
    let text = match last {
        Some(last) => body::encrypted(last, publisher),
        None => body::encrypted_text(&conversation.unique_id, "", publisher, None),
    };
    let status = last.as_ref().map_or(2, |last| body::status(last, own, theirs)).to_string();
    let metadata = last.as_ref().map_or_else(|| "{}".to_owned(), body::metadata_text);
    row(
        "participant",
        &[
            ("user", &node),
            ("msgfrom", &peer_node),
            ("publisher", &jid::escaped(&publisher.id)),
            ("chattype", "chat"),
            ("Message_type", body::TEXT),
            ("msgid", last.as_ref().map_or(&conversation.unique_id, |last| last.name.as_str())),
            ("message", &text),
            ("time", &body::time_text(last.as_ref().map_or(*listed_at, |last| last.at))),
            ("status", &status),
            ("recallstatus", flag(last.as_ref().is_some_and(Message::is_recalled))),
            ("unread", &own.unread.to_string()),
            ("mute_status", flag(is_muted)),
            ("archive_status", flag(own.is_archived)),
            ("updated_at", &body::time_text(*listed_at)),
            ("topic_id", last.as_ref().map_or("", |last| last.data.topic.as_str())),
            ("meta_data", &metadata),
            ("Notification_to", ""),
        ],
    )
}

/// Newest first, whatever the direction of the request.
pub(super) fn history(history: &History) -> String {
    let mut rows = Rows::new("history");
    let Some((_, own, theirs)) = &history.conversation else { return rows.answer() };
    let mut messages: Vec<&Message> = history.messages.iter().collect();
    messages.sort_unstable_by_key(|message| std::cmp::Reverse(message.id));
    for message in messages {
        let sender = if message.sender == history.me.key { &history.me } else { &history.peer };
        let (is_edited, edit) = edited(message);
        rows.push(&row(
            "chat",
            &[
                ("row_id", &message.id.0.to_string()),
                ("msgid", message.name.as_str()),
                ("user", &jid::escaped(&sender.id)),
                ("message", &body::encrypted(message, sender)),
                ("time", &body::time_text(message.at)),
                ("message_time", &message.at.micros().to_string()),
                ("status", &body::status(message, own, theirs).to_string()),
                ("recallstatus", flag(message.is_recalled())),
                ("favouritestatus", "0"),
                ("favouriteby", "0"),
                ("meta_data", &body::metadata_text(message)),
                ("topic_id", message.data.topic.as_str()),
                ("edit_msg_status", is_edited),
                ("editmsgid", &edit),
            ],
        ));
    }
    rows.answer()
}

/// A message that the user sees, or nothing.
pub(super) fn reply_message(name: &str, found: Option<&(MessageView, Participant)>) -> String {
    let reply = XmlElement::new("replymessage", ACTIVITIES).with("id", name);
    let Some((MessageView { message, sender, recipient, .. }, state)) = found else {
        return XmlElement::new("query", ACTIVITIES).child(reply).write();
    };
    let (is_edited, edit) = edited(message);
    let status = body::status_of(message, state).to_string();
    let chat = row(
        "chat",
        &[
            ("chat_type", "chat"),
            ("msgid", message.name.as_str()),
            ("body", &body::encrypted(message, sender)),
            ("replyfromuser", &jid::escaped(&sender.id)),
            ("to_user", &jid::escaped(&recipient.id)),
            ("status", &status),
            ("created_at", &body::time_text(message.at)),
            ("deleted_by", ""),
            ("deleted_status", "0"),
            ("recall_status", flag(message.is_recalled())),
            ("message_notification", "0"),
            ("to_notification", ""),
            ("meta_data", &body::metadata_text(message)),
            ("topic_id", message.data.topic.as_str()),
            ("edit_msg_status", is_edited),
            ("editmsgid", &edit),
        ],
    );
    XmlElement::new("query", ACTIVITIES).child(reply.child(chat)).write()
}

pub(super) fn archived_chats(list: &ConversationList) -> String {
    let mut rows = Rows::new("archived_chats");
    for view in &list.items {
        let id = jid::escaped(&view.peer.id);
        rows.push(&XmlElement::new("chat", ACTIVITIES).with("chat_type", "chat").holding(&id));
    }
    rows.answer()
}

/// The empty lists of what is not served: media, topics and groups.
pub(super) fn empty_list(status: &str) -> Option<XmlElement> {
    let name = match status {
        "single_chat_media" => "mediamessages",
        "recent_topic_chat" => "participants",
        "group_chat" => "history",
        _ => return None,
    };
    Some(XmlElement::new("query", ACTIVITIES).child(XmlElement::new(name, ACTIVITIES)))
}
