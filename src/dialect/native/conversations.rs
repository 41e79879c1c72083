//! A user's conversations: lists and messages by metadata, texts with an audit entry, and recalls.

use actix_web::{HttpResponse, Resource, web::Path};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    audit::AuditTarget,
    authorization::ApiListener,
    call,
    extractors::{JsonBody, PathUser, QueryParams},
    reply::{NativeError, NativeUserView, about},
};
use crate::{
    domain::{
        CallerKey, Conversation, ConversationRef, CustomBody, DeliveryState, Error, Fault, Message, MessageId,
        MessageRef, MuteLevel, Owner, Participant, Resource as Subject, UserId,
    },
    http::{addresses::Addresses, methods},
    service::{
        Tenant,
        conversations::{
            admin::ConversationSummary,
            changes::{RecallOutcome, RecallRequest},
            reads::{History, HistoryRequest, HistoryStart},
        },
    },
};

/// Conversations, and messages, on one page at most.
const PAGE_MAX: u32 = 100;

const PAGE_DEFAULT: u32 = 20;

pub(super) fn resources() -> [Resource; 4] {
    [
        call("/{id}/conversations", [methods::get(list)]),
        call("/{id}/conversations/{other}/messages", [methods::get(messages)]),
        call("/{id}/conversations/{other}/messages/{message}", [methods::delete(recall)]),
        call("/{id}/conversations/{other}/texts", [methods::post(read)]),
    ]
}

/// How far a user has received and read a conversation: ids of messages, 0 for none.
#[derive(Serialize, ToSchema)]
struct MarksView {
    delivered: i64,
    read: i64,
    /// The time of the newest message that the user has read.
    #[schema(format = DateTime)]
    read_at: Option<String>,
}

impl From<&Participant> for MarksView {
    fn from(participant: &Participant) -> Self {
        Self {
            delivered: participant.delivered.0,
            read: participant.read.0,
            read_at: participant.read_at.map(|at| at.to_string()),
        }
    }
}

/// A conversation of a user, without any text.
#[derive(Serialize, ToSchema)]
struct ConversationView<'a> {
    /// Qiscus shows it as the room's id.
    key: i64,
    /// The other user.
    user: NativeUserView<'a>,
    /// Messages since the conversation began, also those that are recalled or deleted by now.
    messages: i64,
    /// Messages of the other user that this one has not read.
    unread: u32,
    /// The time of the newest message; null before the first one.
    #[schema(format = DateTime)]
    last_at: Option<String>,
    marks: MarksView,
    /// The marks of the other user.
    marks_of_other: MarksView,
    is_pinned: bool,
    is_archived: bool,
    /// Whether the user took it off its list.
    is_hidden: bool,
    /// How the user's clients treat new messages: `silent` (no notification), `discarded` (not shown as received), or
    /// null.
    mute: Option<&'static str>,
}

impl<'a> ConversationView<'a> {
    fn of(tenant: &Tenant, addresses: &Addresses, summary: &'a ConversationSummary) -> Self {
        let view = &summary.view;
        let Conversation { key, last_seq, last_at, .. } = &view.conversation;
        Self {
            key: key.0,
            user: NativeUserView::of(&tenant.app, addresses, &view.peer),
            messages: *last_seq,
            unread: view.own.unread,
            last_at: (*last_seq > 0).then(|| last_at.to_string()),
            marks: MarksView::from(&view.own),
            marks_of_other: MarksView::from(&view.theirs),
            is_pinned: view.own.pinned_at.is_some(),
            is_archived: view.own.is_archived,
            is_hidden: view.own.is_hidden,
            mute: summary.mute.map(|level| match level {
                MuteLevel::Silent => "silent",
                MuteLevel::Discarded => "discarded",
            }),
        }
    }
}

/// A page of conversations.
#[derive(Serialize, ToSchema)]
struct ConversationsView<'a> {
    conversations: Vec<ConversationView<'a>>,
    /// Pass it as `after` to get older conversations; null on the last page.
    next: Option<i64>,
    /// Messages that the user has not read, in all conversations.
    unread: u64,
}

/// Lists the conversations of a user, latest first, without any text.
///
/// The list also has conversations without messages, and those that the user took off its own list.
#[utoipa::path(get, path = "/apps/{app_id}/users/{id}/conversations", operation_id = "list_user_conversations", tag = "Conversations", params(("app_id" = String, Path, example = "sdksample"), ("id" = String, Path, example = "user1"), ("after" = Option<i64>, Query, description = "The `next` of the page before"), ("limit" = Option<u32>, Query, minimum = 1, maximum = 100)), responses((status = 200, body = ConversationsView)))]
pub(super) async fn list(
    PathUser { service, addresses, tenant, id }: PathUser,
    query: QueryParams,
) -> Result<HttpResponse, NativeError> {
    let after = query.number("after", -i64::MAX..=i64::MAX)?;
    let limit = query.number("limit", 1..=PAGE_MAX)?.unwrap_or(PAGE_DEFAULT);
    let page = service.conversation_summaries(&tenant, &id, after, limit).await.map_err(about(&id))?;
    let view = |summary| ConversationView::of(&tenant, &addresses, summary);
    let conversations = page.items.iter().map(view).collect();
    Ok(HttpResponse::Ok().json(ConversationsView { conversations, next: page.next, unread: page.unread }))
}

/// What a message holds.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum MessageKind {
    Text,
    /// More than text, in the format of the API that it came by.
    Custom,
}

/// How far a message has come.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum MessageState {
    Sent,
    Delivered,
    Read,
}

/// A message. Its text and its custom content are absent unless the call shows texts.
#[derive(Serialize, ToSchema)]
struct MessageView<'a> {
    /// Qiscus shows it as the comment's id.
    id: i64,
    /// The place in the conversation, from 1.
    seq: i64,
    /// The id of the sender.
    from: &'a str,
    #[schema(format = DateTime)]
    at: String,
    /// The API that it came by: `qiscus`, `mirrorfly`, `tencent` or `native`.
    origin: &'static str,
    /// The id that the client gave it, else its number. MirrorFly shows it as the message's id.
    name: &'a str,
    kind: MessageKind,
    /// The size of the text, and of the custom content as JSON.
    bytes: usize,
    state: MessageState,
    #[schema(format = DateTime)]
    edited_at: Option<String>,
    /// When it was recalled: its content is gone then.
    #[schema(format = DateTime)]
    recalled_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    custom: Option<&'a Value>,
}

impl<'a> MessageView<'a> {
    fn of(history: &'a History, own: &Participant, theirs: &Participant, message: &'a Message, texts: bool) -> Self {
        let is_own = message.sender == history.me.key;
        let (sender, recipient) = if is_own { (&history.me, theirs) } else { (&history.peer, own) };
        let custom = message.body.custom.as_ref().map(CustomBody::json);
        let text = message.body.text.as_str();
        Self {
            id: message.id.0,
            seq: message.seq,
            from: sender.id.as_str(),
            at: message.at.to_string(),
            origin: message.origin.as_str(),
            name: message.name.as_str(),
            kind: if custom.is_some() { MessageKind::Custom } else { MessageKind::Text },
            bytes: text.len() + custom.map_or(0, |json| json.to_string().len()),
            state: match message.state(recipient) {
                DeliveryState::Sent => MessageState::Sent,
                DeliveryState::Delivered => MessageState::Delivered,
                DeliveryState::Read => MessageState::Read,
            },
            edited_at: message.edit.as_ref().map(|edit| edit.at.to_string()),
            recalled_at: message.recall.as_ref().map(|recall| recall.at.to_string()),
            text: texts.then_some(text),
            custom: custom.filter(|_| texts),
        }
    }
}

/// A page of a conversation.
#[derive(Serialize, ToSchema)]
struct MessagesView<'a> {
    messages: Vec<MessageView<'a>>,
    /// Pass it as `before` to get older messages; null on the last page.
    next: Option<i64>,
    /// Whether the messages have their texts.
    has_texts: bool,
}

fn page(history: &History, has_texts: bool) -> HttpResponse {
    let messages = match &history.conversation {
        None => Vec::new(),
        Some((_, own, theirs)) => {
            let view = |message| MessageView::of(history, own, theirs, message, has_texts);
            history.messages.iter().map(view).collect()
        }
    };
    let next = history.messages.last().filter(|_| !history.is_complete).map(|message| message.id.0);
    HttpResponse::Ok().json(MessagesView { messages, next, has_texts })
}

fn request(before: Option<i64>, limit: Option<u32>) -> HistoryRequest {
    let from = before.map_or(HistoryStart::Newest, |id| HistoryStart::Before(MessageId(id)));
    HistoryRequest { from, limit: limit.unwrap_or(PAGE_DEFAULT), with_recalled: true }
}

#[derive(Deserialize)]
pub(super) struct PeerPath {
    other: String,
}

impl PeerPath {
    fn id(&self) -> Result<UserId, Error> {
        UserId::parse(&self.other).map_err(|fault| fault.at("other"))
    }
}

/// Lists the messages of a conversation as a user sees it, newest first.
///
/// A demo shows their texts. Other servers show who sent what size when; the control socket too.
#[utoipa::path(get, path = "/apps/{app_id}/users/{id}/conversations/{other}/messages", operation_id = "list_messages", tag = "Conversations", params(("app_id" = String, Path, example = "sdksample"), ("id" = String, Path, example = "user1"), ("other" = String, Path, example = "user2"), ("before" = Option<i64>, Query, minimum = 1, description = "The `next` of the page before"), ("limit" = Option<u32>, Query, minimum = 1, maximum = 100)), responses((status = 200, body = MessagesView)))]
pub(super) async fn messages(
    listener: ApiListener,
    PathUser { service, tenant, id, .. }: PathUser,
    path: Path<PeerPath>,
    query: QueryParams,
) -> Result<HttpResponse, NativeError> {
    let (before, limit) = (query.number("before", 1..=i64::MAX)?, query.number("limit", 1..=PAGE_MAX)?);
    let (owner, of) = (Owner::Named(id), ConversationRef::With(path.id()?));
    let history = service.history(&tenant, CallerKey::Operator, &owner, &of, request(before, limit)).await?;
    Ok(page(&history, matches!(listener, ApiListener::Public { is_demo: true })))
}

/// Which messages to read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadBody {
    /// The `next` of the page before.
    #[schema(minimum = 1)]
    before: Option<i64>,
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// Reads the messages of a conversation with their texts, newest first.
///
/// The audit log names the caller, the user, the other user and how many messages were read.
#[utoipa::path(post, path = "/apps/{app_id}/users/{id}/conversations/{other}/texts", operation_id = "read_messages", tag = "Conversations", params(("app_id" = String, Path, example = "sdksample"), ("id" = String, Path, example = "user1"), ("other" = String, Path, example = "user2")), request_body = ReadBody, responses((status = 200, body = MessagesView)))]
pub(super) async fn read(
    audit_target: AuditTarget,
    PathUser { service, tenant, id, .. }: PathUser,
    path: Path<PeerPath>,
    JsonBody(given): JsonBody<ReadBody>,
) -> Result<HttpResponse, NativeError> {
    if given.before.is_some_and(|before| before < 1) {
        return Err(Fault::OutOfRange("1 or more").at("before").into());
    }
    if given.limit.is_some_and(|limit| !(1..=PAGE_MAX).contains(&limit)) {
        return Err(Fault::OutOfRange("1 to 100").at("limit").into());
    }
    let (peer, entry) = (path.id()?, audit_target.take_entry()?);
    let history = service.read_messages(&tenant, &id, &peer, request(given.before, given.limit), entry).await?;
    Ok(page(&history, true))
}

#[derive(Deserialize)]
pub(super) struct MessagePath {
    other: String,
    message: String,
}

/// Recalls a message for both users: its content is wiped.
#[utoipa::path(delete, path = "/apps/{app_id}/users/{id}/conversations/{other}/messages/{message}", operation_id = "recall_message", tag = "Conversations", params(("app_id" = String, Path, example = "sdksample"), ("id" = String, Path, example = "user1"), ("other" = String, Path, example = "user2"), ("message" = i64, Path, description = "The `id` of the message")), responses((status = 204, description = "Done, or recalled before")))]
pub(super) async fn recall(
    audit_target: AuditTarget,
    PathUser { service, tenant, id, .. }: PathUser,
    path: Path<MessagePath>,
) -> Result<HttpResponse, NativeError> {
    let peer = UserId::parse(&path.other).map_err(|fault| fault.at("other"))?;
    // What is no number names no message.
    let message = path.message.parse().map_err(|_| Error::NotFound(Subject::Message))?;
    let messages = vec![MessageRef::Id(MessageId(message))];
    let request = RecallRequest { messages, reason: String::new(), others_too: true, unseen_too: false, within: None };
    audit_target.describe(format!("message {message} with {}", peer.as_str()));
    let (by, of) = (Owner::Named(id), ConversationRef::With(peer));
    let (outcomes, _) = service.recall_messages(&tenant, &by, &of, request).await?;
    match outcomes.as_slice() {
        [RecallOutcome::Recalled(_) | RecallOutcome::Already(_)] => Ok(HttpResponse::NoContent().finish()),
        [RecallOutcome::NoSuchMessage | RecallOutcome::NotOwn | RecallOutcome::TooLate] | [] | [_, _, ..] => {
            Err(Error::NotFound(Subject::Message).into())
        }
    }
}
