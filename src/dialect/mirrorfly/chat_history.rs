//! Lists of chats and their history over HTTP. Source: what the vendor's SDK sends and reads.

use std::collections::{BTreeMap, HashSet};

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    callers::{MirrorFlyUser, PageSize},
    chats::user_of,
    codec::Codec,
    jid, message as body, people,
    reply::{self, MirrorFlyReply, SdkError},
};
use crate::{
    domain::{
        CallerKey, ConversationFilter, ConversationKey, ConversationRef, ConversationView, Error, Fault, Message,
        MessageId, MessageName, Moment, Owner, Participant, Resource, User, UserId,
    },
    http::{
        addresses::Addresses,
        form::{Call, Optional, Parse, Required, read_from},
    },
    service::conversations::reads::{
        ConversationList, ConversationPage, HISTORY_MAX, History, HistoryRequest, HistoryStart,
    },
};

read_from!(Query: RecentChatsQuery, HistoryQuery, MessageQuery);

const CHATS_DEFAULT: u32 = 20;

const MESSAGES_DEFAULT: u32 = 20;

const RETRIEVED: &str = "Data retrieved successfully";

/// Which chats to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct RecentChatsQuery {
    /// Chats on the page; default 20
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, example = 20)]
    size: Optional<PageSize>,
    /// The `messageTime` of the last chat of the page before: microseconds since 1970
    #[param(value_type = Option<i64>, minimum = 0)]
    message_time: Optional<Micros>,
}

pub(super) struct Micros(pub(super) Moment);

impl Parse for Micros {
    fn parse(raw: &str) -> Result<Self, Fault> {
        let micros = raw.parse().ok().filter(|micros| *micros >= 0);
        micros.map(|micros| Self(Moment::from_micros(micros))).ok_or(Fault::OutOfRange("microseconds since 1970"))
    }
}

/// A chat, with its last message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecentChat {
    #[schema(pattern = "^singlechat$", example = "singlechat")]
    chat_type: &'static str,
    /// The other user.
    #[schema(example = "user2")]
    participant: String,
    /// The author of the last message.
    from_user: String,
    to_user: String,
    /// The caller.
    user_id: String,
    /// The caller's JID.
    jid: String,
    /// Encrypted like a profile field of `fromUser`.
    from_user_name: String,
    #[schema(pattern = "^text$", example = "text")]
    message_type: &'static str,
    message_id: String,
    /// The body, encrypted with the message's id.
    message: String,
    /// In UTC.
    #[schema(example = "2026-11-30 10:00:00.000000")]
    sent_time: String,
    updated_at: String,
    /// Microseconds since 1970.
    message_time: i64,
    /// 0 sent, 1 delivered, 2 seen.
    #[schema(maximum = 2)]
    delivery_status: u8,
    #[schema(maximum = 1)]
    recall_status: u8,
    #[schema(maximum = 1)]
    archive_status: u8,
    #[schema(maximum = 1)]
    mute_status: u8,
    unread: u32,
    /// The first message that is not read; empty if there is none.
    unread_message_id: String,
    topic_id: String,
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    metadata: Option<Map<String, Value>>,
}

/// A page of chats, latest first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecentChatsPage {
    chat_list: Vec<RecentChat>,
    /// The number of pages of this size.
    total_pages: u64,
    /// The number of chats on all pages.
    total_records: u64,
}

/// Writes rows for one caller.
struct RowWriter {
    me: User,
    host: String,
    iv_text: String,
    muted: HashSet<UserId>,
}

impl RowWriter {
    fn name_of(&self, user: &User) -> String {
        let name = user.profile.display_name.as_ref().map_or("", |name| name.as_str());
        Codec::of_profile(&jid::escaped(&user.id), &self.iv_text).encrypt_field(name)
    }

    fn chat(&self, view: &ConversationView, first_unread: Option<&MessageName>) -> RecentChat {
        let ConversationView { conversation, own, theirs, peer, last, listed_at } = view;
        let is_own = last.as_ref().is_some_and(|last| last.sender == self.me.key);
        let (author, reader) = if is_own { (&self.me, peer) } else { (peer, &self.me) };
        let message = last.as_ref().map_or_else(
            || body::encrypted_text(&conversation.unique_id, "", author, None),
            |last| body::encrypted(last, author),
        );
        RecentChat {
            chat_type: "singlechat",
            participant: jid::escaped(&peer.id),
            from_user: jid::escaped(&author.id),
            to_user: jid::escaped(&reader.id),
            user_id: jid::escaped(&self.me.id),
            jid: format!("{}@{}", jid::escaped(&self.me.id), self.host),
            from_user_name: self.name_of(author),
            message_type: body::TEXT,
            message_id: last.as_ref().map_or(conversation.unique_id.as_str(), |last| last.name.as_str()).to_owned(),
            message,
            sent_time: body::time_text(last.as_ref().map_or(*listed_at, |last| last.at)),
            updated_at: body::time_text(*listed_at),
            message_time: listed_at.micros(),
            delivery_status: last.as_ref().map_or(2, |last| body::status(last, own, theirs)),
            recall_status: u8::from(last.as_ref().is_some_and(Message::is_recalled)),
            archive_status: u8::from(own.is_archived),
            mute_status: u8::from(self.muted.contains(&peer.id)),
            unread: own.unread,
            unread_message_id: first_unread.map_or_else(String::new, |name| name.as_str().to_owned()),
            topic_id: last.as_ref().map_or_else(String::new, topic_id),
            metadata: last.as_ref().and_then(metadata),
        }
    }

    fn chats(&self, list: &ConversationList, unread: &BTreeMap<ConversationKey, MessageName>) -> Vec<RecentChat> {
        list.items.iter().map(|view| self.chat(view, unread.get(&view.conversation.key))).collect()
    }

    fn message(&self, message: &Message, peer: &User, own: &Participant, theirs: &Participant) -> HistoryRow {
        let is_own = message.sender == self.me.key;
        let (author, reader) = if is_own { (&self.me, peer) } else { (peer, &self.me) };
        let id = message.name.as_str();
        HistoryRow {
            id: message.id.0,
            message_type: body::TEXT,
            message_id: id.to_owned(),
            message: body::encrypted(message, author),
            from_user: jid::escaped(&author.id),
            to_user: jid::escaped(&reader.id),
            from_user_name: self.name_of(author),
            sent_time: body::time_text(message.at),
            epoch_timestamp: message.at.micros(),
            delivery_status: body::status(message, own, theirs),
            recall_status: u8::from(message.is_recalled()),
            deleted_status: 0,
            starred_status: 0,
            edit_status: u8::from(message.edit.is_some()),
            edit_message_id: body::edit_id(message).unwrap_or_else(|| id.to_owned()),
            message_notification: 0,
            meta_data: metadata(message),
            topic_id: topic_id(message),
            is_history: 0,
            parent_message: message
                .reply_to
                .as_ref()
                .map(|name| ParentMessage { message_id: name.as_str().to_owned() }),
            parent_message_content: None,
        }
    }

    fn messages(&self, history: &History) -> Vec<HistoryRow> {
        let Some((_, own, theirs)) = &history.conversation else { return Vec::new() };
        let mut messages: Vec<&Message> = history.messages.iter().collect();
        messages.sort_unstable_by_key(|message| message.id);
        messages.into_iter().map(|message| self.message(message, &history.peer, own, theirs)).collect()
    }
}

pub(super) fn metadata(message: &Message) -> Option<Map<String, Value>> {
    let pairs = message.data.metadata.as_object();
    (!pairs.is_empty()).then(|| pairs.clone())
}

pub(super) fn topic_id(message: &Message) -> String {
    message.data.topic.as_str().to_owned()
}

async fn writer(call: &Call<MirrorFlyUser, impl Sized, SdkError>, addresses: &Addresses) -> Result<RowWriter, Error> {
    let (tenant, key) = (&call.caller.tenant, call.caller.key);
    Ok(RowWriter {
        me: call.service.owner(tenant, &Owner::Itself(key)).await?,
        host: addresses.socket_host().to_owned(),
        iv_text: people::profile_iv(&call.service, tenant)?,
        muted: call.service.chat_settings(tenant, key).await?.muted.into_iter().collect(),
    })
}

/// Lists the caller's chats
///
/// The SDK's `getRecentChatsByPagination`: a page of chats with their last messages, latest first.
#[utoipa::path(
    get, path = "/chat/recent-chats", tag = "Chats", operation_id = "list_recent_chats",
    security(("user" = [])),
    params(RecentChatsQuery),
    responses((status = 200, description = "The page", body = MirrorFlyReply<RecentChatsPage>), SdkError)
)]
pub(super) async fn recent_chats(
    addresses: Data<Addresses>,
    call: Call<MirrorFlyUser, RecentChatsQuery, SdkError>,
) -> Result<HttpResponse, SdkError> {
    let writer = writer(&call, &addresses).await?;
    let size = call.form.size.0.as_ref().map_or(CHATS_DEFAULT, PageSize::number);
    let before = match &call.form.message_time.0 {
        Some(Micros(at)) => call.service.message_id_at(*at).await?,
        None => MessageId::MAX,
    };
    let page = ConversationPage { before, ..ConversationPage::first(ConversationFilter::Written, size) };
    let write = move |list: ConversationList, unread: &BTreeMap<ConversationKey, MessageName>| RecentChatsPage {
        chat_list: writer.chats(&list, unread),
        total_pages: list.total.div_ceil(u64::from(size)),
        total_records: list.total,
    };
    let (caller, owner) = (CallerKey::User(call.caller.key), Owner::Itself(call.caller.key));
    let listed = call.service.conversations_with_unread_as(&call.caller.tenant, caller, &owner, page, write).await?;
    Ok(reply::success(listed, RETRIEVED))
}

/// Which messages to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryQuery {
    /// Groups are not supported
    #[serde(rename = "chatType")]
    #[param(rename = "chatType", value_type = Option<String>, pattern = "^single[cC]hat$", example = "singlechat")]
    _chat_type: Optional<SingleChat>,
    /// The other user of the chat: an id, or a JID
    #[param(value_type = String, example = "user2")]
    participant: Required<String>,
    /// Messages on the page, at most 101; default 20
    #[param(value_type = Option<u32>, minimum = 1, example = 20)]
    size: Optional<HistorySize>,
    /// The message that the page ends with, or begins with; by default the page ends with the newest message
    #[param(value_type = Option<String>)]
    message_id: Optional<String>,
    /// `backward`: the page ends with that message. `forward`: it begins with it
    #[param(value_type = Option<String>, pattern = "^(backward|forward)$", example = "backward")]
    direction: Optional<Direction>,
}

/// A chat of two users.
pub(super) struct SingleChat;

impl Parse for SingleChat {
    fn parse(raw: &str) -> Result<Self, Fault> {
        match raw.eq_ignore_ascii_case("singlechat") || raw == "chat" {
            true => Ok(Self),
            false => Err(Fault::Malformed("singlechat, groups are not served here")),
        }
    }
}

struct HistorySize(u32);

impl Parse for HistorySize {
    /// The SDK asks for one message more than its app. A longer page is cut.
    fn parse(raw: &str) -> Result<Self, Fault> {
        let size = raw.parse::<u32>().ok().filter(|size| *size > 0);
        size.map(|size| Self(size.min(HISTORY_MAX))).ok_or(Fault::OutOfRange("a number from 1"))
    }
}

pub(super) enum Direction {
    Backward,
    Forward,
}

impl Parse for Direction {
    fn parse(raw: &str) -> Result<Self, Fault> {
        match raw {
            "backward" => Ok(Self::Backward),
            "forward" => Ok(Self::Forward),
            _ => Err(Fault::NotOneOf("backward, forward")),
        }
    }
}

/// A message of a chat.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct HistoryRow {
    /// Rises with each message.
    id: i64,
    #[schema(pattern = "^text$", example = "text")]
    message_type: &'static str,
    message_id: String,
    /// The body, encrypted with the message's id. Its text is empty once the message is recalled.
    message: String,
    from_user: String,
    to_user: String,
    /// Encrypted like a profile field of `fromUser`.
    from_user_name: String,
    /// In UTC.
    #[schema(example = "2026-11-30 10:00:00.000000")]
    sent_time: String,
    /// Microseconds since 1970.
    epoch_timestamp: i64,
    /// 0 sent, 1 delivered, 2 seen.
    #[schema(maximum = 2)]
    delivery_status: u8,
    #[schema(maximum = 1)]
    recall_status: u8,
    #[schema(maximum = 0)]
    deleted_status: u8,
    #[schema(maximum = 0)]
    starred_status: u8,
    #[schema(maximum = 1)]
    edit_status: u8,
    /// The id of the last change; the message's own if there was none.
    edit_message_id: String,
    #[schema(maximum = 0)]
    message_notification: u8,
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    meta_data: Option<Map<String, Value>>,
    topic_id: String,
    #[schema(maximum = 0)]
    is_history: u8,
    /// The message that this one answers.
    parent_message: Option<ParentMessage>,
    /// Always null: the SDK reads the message itself.
    #[schema(value_type = Option<String>)]
    parent_message_content: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ParentMessage {
    message_id: String,
}

/// A page of messages, oldest first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct HistoryPage {
    chat_list: Vec<HistoryRow>,
    /// The number of pages of this size.
    total_pages: u32,
    /// The messages of the chat that the caller sees; at most 10,000 are counted.
    total_records: u32,
    /// The number of messages on this page.
    total_count: usize,
}

/// Lists the messages of a chat
///
/// The SDK's `getChatMessages`. Recalled messages are listed with an empty text.
#[utoipa::path(
    get, path = "/chat/chat-history", tag = "Chats", operation_id = "list_messages",
    security(("user" = [])),
    params(HistoryQuery),
    responses((status = 200, description = "The page", body = MirrorFlyReply<HistoryPage>), SdkError)
)]
pub(super) async fn chat_history(
    addresses: Data<Addresses>,
    call: Call<MirrorFlyUser, HistoryQuery, SdkError>,
) -> Result<HttpResponse, SdkError> {
    let writer = writer(&call, &addresses).await?;
    let form = &call.form;
    let size = form.size.0.as_ref().map_or(MESSAGES_DEFAULT, |size| size.0);
    let named = form.message_id.0.as_deref().map(|id| MessageName::parse(id).map_err(|fault| fault.at("messageId")));
    let from = match (named.transpose()?, &form.direction.0) {
        (None, _) => HistoryStart::Newest,
        (Some(name), Some(Direction::Forward)) => HistoryStart::ForwardFrom(name),
        (Some(name), Some(Direction::Backward) | None) => HistoryStart::BackFrom(name),
    };
    let request = HistoryRequest { from, limit: size, with_recalled: true };
    let write = move |history: History, total: u32| {
        let chat_list = writer.messages(&history);
        let total_count = chat_list.len();
        HistoryPage { chat_list, total_pages: total.div_ceil(size), total_records: total, total_count }
    };
    let of = ConversationRef::With(user_of(&call.service, &call.caller.tenant, &form.participant.0).await?);
    let (caller, owner) = (CallerKey::User(call.caller.key), Owner::Itself(call.caller.key));
    let page = call.service.history_as(&call.caller.tenant, caller, &owner, &of, request, write).await?;
    Ok(reply::success(page, RETRIEVED))
}

/// Which message to show.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct MessageQuery {
    #[param(value_type = String)]
    message_id: Required<String>,
    /// The other user of the chat: an id, or a JID
    #[param(value_type = String, example = "user2")]
    chat_id: Required<String>,
    /// Groups are not supported
    #[serde(rename = "chatType")]
    #[param(rename = "chatType", value_type = Option<String>, pattern = "^single[cC]hat$", example = "singleChat")]
    _chat_type: Optional<SingleChat>,
}

/// A message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OneMessage {
    #[schema(pattern = "^chat$", example = "chat")]
    chat_type: &'static str,
    message_id: String,
    /// The body, encrypted with the message's id.
    message_content: String,
    from_user: String,
    to_user: String,
    /// 0 sent, 1 delivered, 2 seen.
    #[schema(maximum = 2)]
    status: u8,
    /// In UTC.
    #[schema(example = "2026-11-30 10:00:00.000000")]
    created_at: String,
    deleted_by: &'static str,
    #[schema(maximum = 1)]
    recall_status: u8,
    to_notification: &'static str,
    #[schema(maximum = 0)]
    message_notification: u8,
    /// JSON text.
    #[schema(example = "{}")]
    meta_data: String,
    topic_id: String,
    #[schema(maximum = 1)]
    edit_status: u8,
    edit_message_id: String,
    #[schema(pattern = "^text$", example = "text")]
    message_type: &'static str,
}

/// Shows a message
///
/// The SDK's `getMessageById`. A message that the caller does not see is an error with `status` 400.
#[utoipa::path(
    get, path = "/chat/message", tag = "Chats", operation_id = "get_message",
    security(("user" = [])),
    params(MessageQuery),
    responses((status = 200, description = "The message", body = MirrorFlyReply<OneMessage>), SdkError)
)]
pub(super) async fn message(call: Call<MirrorFlyUser, MessageQuery, SdkError>) -> Result<HttpResponse, SdkError> {
    let name = MessageName::parse(&call.form.message_id.0).map_err(|_| Error::NotFound(Resource::Message))?;
    let of = ConversationRef::With(user_of(&call.service, &call.caller.tenant, &call.form.chat_id.0).await?);
    let (caller, owner) = (CallerKey::User(call.caller.key), Owner::Itself(call.caller.key));
    let (message, history) = call.service.named_message(&call.caller.tenant, caller, &owner, &of, &name).await?;
    let Some((_, own, theirs)) = &history.conversation else { return Err(Error::NotFound(Resource::Message).into()) };
    let is_own = message.sender == history.me.key;
    let (author, reader) = if is_own { (&history.me, &history.peer) } else { (&history.peer, &history.me) };
    let shown = OneMessage {
        chat_type: "chat",
        message_id: message.name.as_str().to_owned(),
        message_content: body::encrypted(&message, author),
        from_user: jid::escaped(&author.id),
        to_user: jid::escaped(&reader.id),
        status: body::status(&message, own, theirs),
        created_at: body::time_text(message.at),
        deleted_by: "",
        recall_status: u8::from(message.is_recalled()),
        to_notification: "",
        message_notification: 0,
        meta_data: body::metadata_text(&message),
        topic_id: topic_id(&message),
        edit_status: u8::from(message.edit.is_some()),
        edit_message_id: body::edit_id(&message).unwrap_or_else(|| message.name.as_str().to_owned()),
        message_type: body::TEXT,
    };
    Ok(reply::success(shown, RETRIEVED))
}
