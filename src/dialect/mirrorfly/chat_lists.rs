//! Lists of chats and messages for back ends, with texts and names in clear. Source: the vendor's pages on recent chats and
//! on chat history.

use std::collections::HashSet;

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    callers::{self, MirrorFlyUser, PageNumber, PageSize},
    chat_history::{Direction, Micros, SingleChat, metadata, topic_id},
    chats::user_of,
    jid, message as body,
    reply::{self, MirrorFlyReply, MirroredError},
    view,
};
use crate::{
    domain::{
        CallerKey, ConversationFilter, ConversationRef, ConversationView, Error, Fault, Message, MessageId,
        MessageName, Moment, Owner, Participant, User, UserId,
    },
    http::{
        addresses::Addresses,
        form::{Call, Optional, Parse, Required, read_from},
    },
    service::conversations::reads::{ConversationList, ConversationPage, History, HistoryRequest, HistoryStart},
};

read_from!(Query: RecentQuery, ChatHistoryQuery);

/// Rows on a page, as on the vendor's pages.
const SIZE_DEFAULT: u32 = 10;

const RETRIEVED: &str = "Data retrieved successfully";

/// Topics are not supported, so no list is limited to some.
struct NoTopics;

impl Parse for NoTopics {
    fn parse(raw: &str) -> Result<Self, Fault> {
        match raw {
            "false" => Ok(Self),
            _ => Err(Fault::Malformed("false, topics are not served here")),
        }
    }
}

/// The id of a topic, of which there are none.
struct NoTopic;

impl Parse for NoTopic {
    fn parse(_: &str) -> Result<Self, Fault> {
        Err(Fault::Malformed("left out, topics are not served here"))
    }
}

/// Types of messages to leave out. Every message is a text.
struct Excluded;

impl Parse for Excluded {
    fn parse(raw: &str) -> Result<Self, Fault> {
        match raw.split(',').any(|kind| kind.trim() == body::TEXT) {
            true => Err(Fault::Malformed("types other than text, the only type of messages here")),
            false => Ok(Self),
        }
    }
}

/// Which chats to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct RecentQuery {
    /// From 1, the default. The last row of the page is the row 10,000 at most
    #[param(value_type = Option<u32>, minimum = 1, example = 1)]
    page: Optional<PageNumber>,
    /// Chats on the page; default 10
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, example = 10)]
    size: Optional<PageSize>,
    /// Lists only chats whose last message is older: microseconds since 1970
    #[param(value_type = Option<i64>, minimum = 0)]
    message_time: Optional<Micros>,
    /// Topics are not supported
    #[serde(rename = "byTopic")]
    #[param(rename = "byTopic", value_type = Option<String>, pattern = "^(false)?$", example = "false")]
    _by_topic: Optional<NoTopics>,
    /// Topics are not supported
    #[serde(rename = "topicId")]
    #[param(rename = "topicId", value_type = Option<String>, max_length = 0)]
    _topic_id: Optional<NoTopic>,
    /// Types of messages to leave out, joined by commas. Every message is a text, so `text` is refused
    #[serde(rename = "exclude")]
    #[param(rename = "exclude", value_type = Option<String>, example = "notification")]
    _exclude: Optional<Excluded>,
}

/// The author and the recipient of a message. An `@` in an id is written as `=40`. A picture that is not set is empty.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Parties {
    #[schema(example = "user1")]
    from_user: String,
    from_user_name: String,
    from_user_image: String,
    from_user_thumb_image: String,
    #[schema(example = "user2")]
    to_user: String,
    to_user_name: String,
    to_user_image: String,
    to_user_thumb_image: String,
}

/// A chat, with its last message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListedChat {
    #[schema(pattern = "^singlechat$", example = "singlechat")]
    chat_type: &'static str,
    #[schema(pattern = "^text$", example = "text")]
    message_type: &'static str,
    message_id: String,
    /// The text; empty if it was recalled.
    message: String,
    /// In UTC.
    #[schema(example = "2026-11-30 10:00:00.000000")]
    sent_time: String,
    /// Microseconds since 1970.
    epoch_timestamp: i64,
    /// 0 sent, 1 delivered, 2 seen.
    #[schema(maximum = 2)]
    delivery_status: u8,
    #[schema(maximum = 1)]
    archive_status: u8,
    #[schema(maximum = 1)]
    mute_status: u8,
    #[schema(maximum = 1)]
    recall_status: u8,
    #[serde(flatten)]
    parties: Parties,
    /// The other user.
    #[schema(example = "user2")]
    participant: String,
    participant_name: String,
    participant_image: String,
    participant_thumb_image: String,
    /// Messages that the caller has not read.
    unread: u32,
    topic_id: String,
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    meta_data: Option<Map<String, Value>>,
}

/// A page of chats, latest first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListedChats {
    chat_list: Vec<ListedChat>,
    /// The number of pages of this size.
    total_pages: u64,
    /// The number of chats on all pages.
    total_records: u64,
}

/// A message of a chat.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListedMessage {
    #[serde(flatten)]
    parties: Parties,
    #[schema(pattern = "^text$", example = "text")]
    message_type: &'static str,
    message_id: String,
    /// The text; empty if it was recalled.
    message: String,
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
    #[schema(maximum = 1)]
    edit_status: u8,
    /// The id of the message that it answers; empty if it answers none.
    reply_to: String,
    topic_id: String,
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    meta_data: Option<Map<String, Value>>,
}

/// A page of messages, oldest first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListedMessages {
    chat_list: Vec<ListedMessage>,
    /// The number of pages of this size.
    total_pages: u32,
    /// The messages of the chat that the caller sees; at most 10,000 are counted.
    total_records: u32,
}

/// Writes rows for one caller.
struct ListWriter {
    me: User,
    addresses: Addresses,
    muted: HashSet<UserId>,
}

impl ListWriter {
    fn parties(&self, author: &User, recipient: &User) -> Parties {
        let [from_user_name, from_user_image, from_user_thumb_image] = view::name_and_pictures(&self.addresses, author);
        let [to_user_name, to_user_image, to_user_thumb_image] = view::name_and_pictures(&self.addresses, recipient);
        Parties {
            from_user: jid::escaped(&author.id),
            from_user_name,
            from_user_image,
            from_user_thumb_image,
            to_user: jid::escaped(&recipient.id),
            to_user_name,
            to_user_image,
            to_user_thumb_image,
        }
    }

    fn chat(&self, view: &ConversationView) -> ListedChat {
        let ConversationView { conversation, own, theirs, peer, last, listed_at } = view;
        let last = last.as_ref();
        let is_own = last.is_some_and(|last| last.sender == self.me.key);
        let (author, recipient) = if is_own { (&self.me, peer) } else { (peer, &self.me) };
        let [participant_name, participant_image, participant_thumb_image] =
            view::name_and_pictures(&self.addresses, peer);
        let at: Moment = last.map_or(*listed_at, |last| last.at);
        ListedChat {
            chat_type: "singlechat",
            message_type: body::TEXT,
            message_id: last.map_or(conversation.unique_id.as_str(), |last| last.name.as_str()).to_owned(),
            message: last.map_or_else(String::new, |last| last.body.text.as_str().to_owned()),
            sent_time: body::time_text(at),
            epoch_timestamp: at.micros(),
            delivery_status: last.map_or(2, |last| body::status(last, own, theirs)),
            archive_status: u8::from(own.is_archived),
            mute_status: u8::from(self.muted.contains(&peer.id)),
            recall_status: u8::from(last.is_some_and(Message::is_recalled)),
            parties: self.parties(author, recipient),
            participant: jid::escaped(&peer.id),
            participant_name,
            participant_image,
            participant_thumb_image,
            unread: own.unread,
            topic_id: last.map_or_else(String::new, topic_id),
            meta_data: last.and_then(metadata),
        }
    }

    fn message(&self, message: &Message, peer: &User, own: &Participant, theirs: &Participant) -> ListedMessage {
        let is_own = message.sender == self.me.key;
        let (author, recipient) = if is_own { (&self.me, peer) } else { (peer, &self.me) };
        ListedMessage {
            parties: self.parties(author, recipient),
            message_type: body::TEXT,
            message_id: message.name.as_str().to_owned(),
            message: message.body.text.as_str().to_owned(),
            sent_time: body::time_text(message.at),
            epoch_timestamp: message.at.micros(),
            delivery_status: body::status(message, own, theirs),
            recall_status: u8::from(message.is_recalled()),
            edit_status: u8::from(message.edit.is_some()),
            reply_to: message.reply_to.as_ref().map_or_else(String::new, |name| name.as_str().to_owned()),
            topic_id: topic_id(message),
            meta_data: metadata(message),
        }
    }

    fn messages(&self, history: &History) -> Vec<ListedMessage> {
        let Some((_, own, theirs)) = &history.conversation else { return Vec::new() };
        let mut messages: Vec<&Message> = history.messages.iter().collect();
        messages.sort_unstable_by_key(|message| message.id);
        messages.into_iter().map(|message| self.message(message, &history.peer, own, theirs)).collect()
    }
}

async fn writer(
    call: &Call<MirrorFlyUser, impl Sized, MirroredError>,
    addresses: &Addresses,
) -> Result<ListWriter, Error> {
    let (tenant, key) = (&call.caller.tenant, call.caller.key);
    Ok(ListWriter {
        me: call.service.owner(tenant, &Owner::Itself(key)).await?,
        addresses: addresses.clone(),
        muted: call.service.chat_settings(tenant, key).await?.muted.into_iter().collect(),
    })
}

/// Lists the caller's chats in clear
///
/// For back ends with the user's token: as `/chat/recent-chats`, with texts and names that are not encrypted, and with
/// pages by number.
#[utoipa::path(
    get, path = "/chat/recent", tag = "Chats", operation_id = "list_chats_in_clear",
    security(("user" = [])),
    params(RecentQuery),
    responses((status = 200, description = "The page", body = MirrorFlyReply<ListedChats>), MirroredError)
)]
pub(super) async fn recent(
    addresses: Data<Addresses>,
    call: Call<MirrorFlyUser, RecentQuery, MirroredError>,
) -> Result<HttpResponse, MirroredError> {
    let writer = writer(&call, &addresses).await?;
    let RecentQuery { page, size, message_time, .. } = call.form;
    let page = callers::near_page(page, size, SIZE_DEFAULT)?;
    let before = match message_time.0 {
        Some(Micros(at)) => call.service.message_id_at(at).await?,
        None => MessageId::MAX,
    };
    let size = page.limit();
    let first = ConversationPage::first(ConversationFilter::Written, size);
    let wanted = ConversationPage { before, offset: page.offset(), ..first };
    let write = move |list: ConversationList| ListedChats {
        chat_list: list.items.iter().map(|view| writer.chat(view)).collect(),
        total_pages: list.total.div_ceil(u64::from(size)),
        total_records: list.total,
    };
    let (caller, owner) = (CallerKey::User(call.caller.key), Owner::Itself(call.caller.key));
    let listed = call.service.conversations_as(&call.caller.tenant, caller, &owner, wanted, write).await?;
    Ok(reply::success(listed, RETRIEVED))
}

/// Which messages to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct ChatHistoryQuery {
    /// Groups are not supported
    #[serde(rename = "chatType")]
    #[param(rename = "chatType", value_type = Option<String>, pattern = "^single[cC]hat$", example = "singlechat")]
    _chat_type: Optional<SingleChat>,
    /// The other user of the chat: an id, or a JID
    #[param(value_type = String, example = "user2")]
    participant: Required<String>,
    /// From 1, the default: page 1 has the newest messages. The last row of the page is the row 10,000 at most
    #[param(value_type = Option<u32>, minimum = 1, example = 1)]
    page: Optional<PageNumber>,
    /// Messages on the page; default 10
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, example = 10)]
    size: Optional<PageSize>,
    /// The message that the page begins with, or ends with. With it, `page` must be 1
    #[param(value_type = Option<String>)]
    message_id: Optional<String>,
    /// `forward`, the default: the page begins with that message. `backward`: it ends with it
    #[param(value_type = Option<String>, pattern = "^(backward|forward)$", example = "forward")]
    direction: Optional<Direction>,
    /// Topics are not supported
    #[serde(rename = "topicId")]
    #[param(rename = "topicId", value_type = Option<String>, max_length = 0)]
    _topic_id: Optional<NoTopic>,
}

/// Lists the messages of a chat in clear
///
/// For back ends with the user's token: as `/chat/chat-history`, with texts and names that are not encrypted, and with
/// pages by number.
#[utoipa::path(
    get, path = "/chat/history", tag = "Chats", operation_id = "list_messages_in_clear",
    security(("user" = [])),
    params(ChatHistoryQuery),
    responses((status = 200, description = "The page", body = MirrorFlyReply<ListedMessages>), MirroredError)
)]
pub(super) async fn history(
    addresses: Data<Addresses>,
    call: Call<MirrorFlyUser, ChatHistoryQuery, MirroredError>,
) -> Result<HttpResponse, MirroredError> {
    let writer = writer(&call, &addresses).await?;
    let ChatHistoryQuery { participant, page, size, message_id, direction, .. } = call.form;
    let page = callers::near_page(page, size, SIZE_DEFAULT)?;
    let named = message_id.0.map(|id| MessageName::parse(&id).map_err(|fault| fault.at("messageId"))).transpose()?;
    let skipped = u32::try_from(page.offset()).map_err(Error::internal)?;
    let from = match (named, direction.0) {
        (None, _) => HistoryStart::Skipping(skipped),
        (Some(_), _) if skipped > 0 => {
            return Err(Fault::Malformed("1, or left out, with a messageId").at("page").into());
        }
        (Some(name), Some(Direction::Backward)) => HistoryStart::BackFrom(name),
        (Some(name), Some(Direction::Forward) | None) => HistoryStart::ForwardFrom(name),
    };
    let size = page.limit();
    let request = HistoryRequest { from, limit: size, with_recalled: true };
    let write = move |history: History, total: u32| ListedMessages {
        chat_list: writer.messages(&history),
        total_pages: total.div_ceil(size),
        total_records: total,
    };
    let of = ConversationRef::With(user_of(&call.service, &call.caller.tenant, &participant.0).await?);
    let (caller, owner) = (CallerKey::User(call.caller.key), Owner::Itself(call.caller.key));
    let listed = call.service.history_as(&call.caller.tenant, caller, &owner, &of, request, write).await?;
    Ok(reply::success(listed, RETRIEVED))
}
