//! A user's chat settings and reports. Sources: what the vendor's Web and React Native SDKs send and read.

use actix_web::HttpResponse;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    callers::MirrorFlyUser,
    jid,
    reply::{self, MessageReply, MirrorFlyError, MirrorFlyReply, SdkError},
};
use crate::{
    domain::{ChatSettingsChange, Error, Fault, NewReport, ReportSubject, ReportText, Title, UserId},
    http::form::{self, Call, FormLimits, Optional, Parse, Required, read_from},
    service::{Service, Tenant},
};

read_from!(Form within report_limits: ChatReport, Feedback);
read_from!(Object: MuteRequest);

/// Chats per mute request. The vendor names no bound.
const MUTED_A_CALL_MAX: usize = 1000;

/// Bytes of a report's JSON body: its text has at most 64 KiB, and escapes make it longer.
const REPORT_BYTES_MAX: u64 = 256 * 1024;

const RETRIEVED: &str = "Data retrieved successfully";

/// A muted chat.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MutedChat {
    /// The other user of the chat.
    #[schema(example = "user2")]
    chat_id: String,
    #[schema(pattern = "^chat$", example = "chat")]
    chat_type: &'static str,
}

/// The muted chats.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MutedChats {
    /// Whether all chats are muted.
    mute_setting_status: bool,
    muted_chats: Vec<MutedChat>,
}

/// Shows which chats the caller has muted
///
/// The SDK's `getMutedUsers`.
#[utoipa::path(
    get, path = "/users/muted", tag = "Chats", operation_id = "get_muted",
    security(("user" = [])),
    responses((status = 200, description = "The muted chats", body = MirrorFlyReply<MutedChats>), SdkError)
)]
pub(super) async fn muted(call: Call<MirrorFlyUser, (), SdkError>) -> Result<HttpResponse, SdkError> {
    let settings = call.service.chat_settings(&call.caller.tenant, call.caller.key).await?;
    let chat = |id: &UserId| MutedChat { chat_id: jid::escaped(id), chat_type: "chat" };
    let muted_chats = settings.muted.iter().map(chat).collect();
    Ok(reply::success(MutedChats { mute_setting_status: settings.mutes_all, muted_chats }, RETRIEVED))
}

/// The chats to mute or to unmute.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MuteRequest {
    /// True: the call is about all chats, and the two lists are ignored.
    #[schema(value_type = bool, example = false)]
    mute_setting: Option<bool>,
    /// 1 mutes, 0 unmutes.
    #[serde(deserialize_with = "is_muted")]
    #[schema(value_type = u8, minimum = 0, maximum = 1, example = 1)]
    action: bool,
    /// The other users of the chats.
    #[schema(value_type = Option<Vec<String>>, max_items = 1000, example = json!(["user2"]))]
    user_ids: Option<Value>,
    /// Groups are not supported.
    #[schema(value_type = Option<Vec<String>>, max_items = 0, example = json!([]))]
    group_ids: Option<Value>,
}

/// Mutes or unmutes chats
///
/// The SDK's `updateMuteNotification` and `updateMuteNotificationSettings`. Standin sends no push notifications: it
/// stores the setting for the user's clients.
#[utoipa::path(
    post, path = "/users/mute", tag = "Chats", operation_id = "mute",
    security(("user" = [])),
    request_body = MuteRequest,
    responses((status = 200, description = "Done", body = MessageReply), SdkError)
)]
pub(super) async fn mute(call: Call<MirrorFlyUser, MuteRequest, SdkError>) -> Result<HttpResponse, SdkError> {
    call.service.change_chat_settings(&call.caller.tenant, call.caller.key, mute_change(&call.form)?).await?;
    Ok(reply::done("Changes updated successfully"))
}

fn is_muted<'de, D: Deserializer<'de>>(field: D) -> Result<bool, D::Error> {
    form::value(field, |given| match given.as_ref().and_then(Value::as_u64) {
        Some(0) => Ok(false),
        Some(1) => Ok(true),
        Some(_) | None => Err(Fault::NotOneOf("0, 1")),
    })
}

fn mute_change(sent: &MuteRequest) -> Result<ChatSettingsChange, Error> {
    if sent.mute_setting == Some(true) {
        return Ok(ChatSettingsChange { mutes_all: Some(sent.action), ..ChatSettingsChange::default() });
    }
    if !items(sent.group_ids.as_ref()).map_err(|fault| fault.at("groupIds"))?.is_empty() {
        return Err(Fault::Malformed("empty, groups are not served here").at("groupIds"));
    }
    let users = items(sent.user_ids.as_ref())
        .and_then(|ids| jid::parse_all(ids, MUTED_A_CALL_MAX, "a list of ids, each in quotes"))
        .map_err(|fault| fault.at("userIds"))?;
    Ok(match sent.action {
        true => ChatSettingsChange { mute: users, ..ChatSettingsChange::default() },
        false => ChatSettingsChange { unmute: users, ..ChatSettingsChange::default() },
    })
}

fn items(given: Option<&Value>) -> Result<&[Value], Fault> {
    given.map_or(Ok(&[]), |given| given.as_array().map(Vec::as_slice).ok_or(Fault::Malformed("a list of ids")))
}

/// Reads an id or a JID. A plain id may contain `@` too, so a user with the whole text as its id comes first.
pub(super) async fn user_of(service: &Service, tenant: &Tenant, name: &str) -> Result<UserId, MirrorFlyError> {
    if let Ok(id) = jid::parse(name)
        && service.find_user(tenant, &id).await?.is_some()
    {
        return Ok(id);
    }
    let node = name.split_once('@').map_or(name, |(node, _)| node);
    jid::parse(node).map_err(|_| MirrorFlyError::InvalidUserId)
}

/// A blocked user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BlockedUser {
    #[schema(example = "user2")]
    user_id: String,
}

/// The users that the caller blocks.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct BlockedUserList {
    #[schema(max_items = 10000)]
    block_users_list: Vec<BlockedUser>,
}

/// Lists the users that the caller blocks
///
/// The vendor's React Native SDK sends this.
#[utoipa::path(
    get, path = "/users/blockUsersList", tag = "Blocking", operation_id = "list_blocked",
    security(("user" = [])),
    responses((status = 200, description = "The blocked users", body = MirrorFlyReply<BlockedUserList>), SdkError)
)]
pub(super) async fn blocked(call: Call<MirrorFlyUser, (), SdkError>) -> Result<HttpResponse, SdkError> {
    let rows = |ids: &[UserId]| ids.iter().map(|id| BlockedUser { user_id: jid::escaped(id) }).collect();
    let block_users_list = call.service.blocked_ids(&call.caller.tenant, call.caller.key, rows).await?;
    Ok(reply::success(BlockedUserList { block_users_list }, RETRIEVED))
}

/// A report of a chat.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChatReport {
    /// The caller's own id. May be left out.
    #[schema(value_type = Option<String>, example = "user1")]
    from: Optional<String>,
    /// Groups are not supported.
    #[schema(rename = "chatType", value_type = Option<String>, pattern = "^(chat|singlechat)?$", example = "chat")]
    _chat_type: Optional<ChatType>,
    /// The other user of the chat: an id, or a JID.
    #[schema(value_type = String, example = "user2")]
    to: Required<String>,
    /// The reported messages as JSON text: at most 65,536 bytes.
    #[schema(value_type = String, min_length = 1, max_length = 65536, example = "[{\"msgId\":\"1\",\"message\":\"Hi\"}]")]
    data: Required<ReportText>,
}

struct ChatType;

impl Parse for ChatType {
    fn parse(raw: &str) -> Result<Self, Fault> {
        match matches!(raw, "chat" | "singlechat") {
            true => Ok(Self),
            false => Err(Fault::Malformed("chat, groups are not served here")),
        }
    }
}

/// Reports a chat to the operator
///
/// The SDK's `reportUserOrGroup`. The operator reads reports in Standin's own API, at `/apps/{app_id}/reports`. A user
/// may send 50 reports per day; the newest 1,000 of an app are stored.
#[utoipa::path(
    post, path = "/moderation/report", tag = "Moderation", operation_id = "report_chat",
    security(("user" = [])),
    request_body(content = ChatReport, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Kept", body = MessageReply), SdkError)
)]
pub(super) async fn report(call: Call<MirrorFlyUser, ChatReport, SdkError>) -> Result<HttpResponse, SdkError> {
    let ChatReport { from, to, data, .. } = call.form;
    if from.0.is_some_and(|from| jid::unescaped(&from) != call.caller.id.as_str()) {
        return Err(Fault::Malformed("the caller's own id, or left out").at("from").into());
    }
    let with = user_of(&call.service, &call.caller.tenant, &to.0).await?;
    file_report(&call.service, &call.caller, NewReport { subject: ReportSubject::Chat(with), text: data.0 }).await
}

/// Feedback about the app.
#[derive(Deserialize, ToSchema)]
pub(super) struct Feedback {
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "It works")]
    title: Required<Title>,
    /// At most 65,536 bytes.
    #[schema(value_type = String, min_length = 1, max_length = 65536, example = "Thank you.")]
    description: Required<ReportText>,
}

/// Sends feedback to the operator
///
/// The SDK's `sendFeedback`. Stored as a report.
#[utoipa::path(
    post, path = "/moderation/feedback", tag = "Moderation", operation_id = "send_feedback",
    security(("user" = [])),
    request_body(content = Feedback, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Kept", body = MessageReply), SdkError)
)]
pub(super) async fn feedback(call: Call<MirrorFlyUser, Feedback, SdkError>) -> Result<HttpResponse, SdkError> {
    let Feedback { title, description } = call.form;
    file_report(
        &call.service,
        &call.caller,
        NewReport { subject: ReportSubject::Feedback(title.0), text: description.0 },
    )
    .await
}

fn report_limits(usual: FormLimits, _: &Service) -> FormLimits {
    FormLimits { json_bytes_max: REPORT_BYTES_MAX, wide_fields: &["data", "description"], ..usual }
}

async fn file_report(service: &Service, caller: &MirrorFlyUser, report: NewReport) -> Result<HttpResponse, SdkError> {
    service.report(&caller.tenant, caller.key, report).await?;
    Ok(reply::done("Report submitted successfully"))
}

/// The caller's calls: none, because calls are not supported.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CallLogs {
    #[schema(value_type = Vec<String>, max_items = 0)]
    call_logs: [&'static str; 0],
    #[schema(maximum = 0)]
    total_pages: u32,
}

/// Lists the caller's calls
///
/// Always empty, because calls are not supported. The SDK's `getCallLogs` sends this.
#[utoipa::path(
    get, path = "/users/callLogs", tag = "Chats", operation_id = "list_calls",
    security(("user" = [])),
    responses((status = 200, description = "An empty list", body = MirrorFlyReply<CallLogs>), SdkError)
)]
pub(super) async fn call_logs(_: Call<MirrorFlyUser, (), SdkError>) -> Result<HttpResponse, SdkError> {
    Ok(reply::success(CallLogs { call_logs: [], total_pages: 0 }, RETRIEVED))
}

/// The caller's groups: none, because groups are not supported.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupList {
    #[schema(value_type = Vec<String>, max_items = 0)]
    groups_list: [&'static str; 0],
}

/// Lists the caller's groups
///
/// Always empty, because groups are not supported.
#[utoipa::path(
    get, path = "/group/groupList", tag = "Chats", operation_id = "list_groups",
    security(("user" = [])),
    responses((status = 200, description = "An empty list", body = MirrorFlyReply<GroupList>), SdkError)
)]
pub(super) async fn groups(_: Call<MirrorFlyUser, (), SdkError>) -> Result<HttpResponse, SdkError> {
    Ok(reply::success(GroupList { groups_list: [] }, RETRIEVED))
}

/// Lists the topics of chats
///
/// Always empty, because topics are not supported. The SDK's `getTopics` sends this.
#[utoipa::path(
    get, path = "/chat/topics", tag = "Chats", operation_id = "list_topics",
    security(("user" = [])),
    responses((status = 200, description = "An empty list", body = MirrorFlyReply<Vec<String>>), SdkError)
)]
pub(super) async fn topics(_: Call<MirrorFlyUser, (), SdkError>) -> Result<HttpResponse, SdkError> {
    Ok(reply::success([""; 0], RETRIEVED))
}

/// Reports deliveries
///
/// The vendor's React Native SDK sends this. Deliveries count when the socket reports them.
#[utoipa::path(
    post, path = "/users/delivered", tag = "Chats", operation_id = "report_deliveries",
    security(("user" = [])),
    responses((status = 200, description = "An empty list", body = MirrorFlyReply<Vec<String>>), SdkError)
)]
pub(super) async fn delivered(_: Call<MirrorFlyUser, (), SdkError>) -> Result<HttpResponse, SdkError> {
    Ok(reply::success([""; 0], RETRIEVED))
}
