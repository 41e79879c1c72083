//! What a user sets for its own chats, and what it reports. Sources: what the vendor's Web and React Native SDKs send and read.

use actix_web::HttpResponse;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    door::SignedIn,
    jid,
    reply::{self, Done, InBody, Refused, Success},
};
use crate::{
    domain::{
        chat_settings::ChatSettingsChange,
        error::{Error, Fault},
        id::UserId,
        report::{NewReport, ReportSubject, ReportText},
        text::Title,
    },
    http::form::{self, Call, FormLimits, Optional, Parse, Required, read_from},
    service::{Service, apps::Tenant},
};

read_from!(Form within report_limits: ChatReport, Feedback);
read_from!(Object: Mute);

/// Chats that one call mutes. The vendor names no bound.
const MUTED_A_CALL_MAX: usize = 1000;

/// Bytes of a report's JSON body: its text is at most 64 KiB, and escapes make it longer.
const REPORT_BYTES_MAX: u64 = 256 * 1024;

const RETRIEVED: &str = "Data retrieved successfully";

/// A chat that is muted.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MutedChat {
    /// The user whom the chat is with.
    #[schema(example = "user2")]
    chat_id: String,
    #[schema(pattern = "^chat$", example = "chat")]
    chat_type: &'static str,
}

/// What is muted.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Muted {
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
    responses((status = 200, description = "The muted chats", body = Success<Muted>), InBody)
)]
pub(super) async fn muted(call: Call<SignedIn, (), InBody>) -> Result<HttpResponse, InBody> {
    let settings = call.service.chat_settings(&call.caller.tenant, call.caller.key).await?;
    let chat = |id: &UserId| MutedChat { chat_id: jid::escaped(id), chat_type: "chat" };
    let muted_chats = settings.muted.iter().map(chat).collect();
    Ok(reply::success(Muted { mute_setting_status: settings.mutes_all, muted_chats }, RETRIEVED))
}

/// What to mute.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Mute {
    /// True: the call is about all chats, and the two lists are not read.
    #[schema(value_type = bool, example = false)]
    mute_setting: Option<bool>,
    /// 1 mutes, 0 ends that.
    #[serde(deserialize_with = "is_muted")]
    #[schema(value_type = u8, minimum = 0, maximum = 1, example = 1)]
    action: bool,
    /// The users whose chats are meant.
    #[schema(value_type = Option<Vec<String>>, max_items = 1000, example = json!(["user2"]))]
    user_ids: Option<Value>,
    /// Groups are not served here.
    #[schema(value_type = Option<Vec<String>>, max_items = 0, example = json!([]))]
    group_ids: Option<Value>,
}

/// Mutes chats, or ends that
///
/// The SDK's `updateMuteNotification` and `updateMuteNotificationSettings`. Nothing is pushed to telephones here: the setting is kept for the user's
/// clients, which read it.
#[utoipa::path(
    post, path = "/users/mute", tag = "Chats", operation_id = "mute",
    security(("user" = [])),
    request_body = Mute,
    responses((status = 200, description = "Done", body = Done), InBody)
)]
pub(super) async fn mute(call: Call<SignedIn, Mute, InBody>) -> Result<HttpResponse, InBody> {
    call.service.change_chat_settings(&call.caller.tenant, call.caller.key, change(&call.form)?).await?;
    Ok(reply::done("Changes updated successfully"))
}

fn is_muted<'de, D: Deserializer<'de>>(field: D) -> Result<bool, D::Error> {
    form::value(field, |given| match given.as_ref().and_then(Value::as_u64) {
        Some(0) => Ok(false),
        Some(1) => Ok(true),
        Some(_) | None => Err(Fault::NotOneOf("0, 1")),
    })
}

fn change(sent: &Mute) -> Result<ChatSettingsChange, Error> {
    if sent.mute_setting == Some(true) {
        return Ok(ChatSettingsChange { mutes_all: Some(sent.action), ..ChatSettingsChange::default() });
    }
    if !list(sent.group_ids.as_ref()).map_err(|fault| fault.at("groupIds"))?.is_empty() {
        return Err(Fault::Malformed("empty, groups are not served here").at("groupIds"));
    }
    let users = list(sent.user_ids.as_ref())
        .and_then(|ids| jid::all_named(ids, MUTED_A_CALL_MAX, "a list of ids, each in quotes"))
        .map_err(|fault| fault.at("userIds"))?;
    Ok(match sent.action {
        true => ChatSettingsChange { mute: users, ..ChatSettingsChange::default() },
        false => ChatSettingsChange { unmute: users, ..ChatSettingsChange::default() },
    })
}

fn list(given: Option<&Value>) -> Result<&[Value], Fault> {
    given.map_or(Ok(&[]), |given| given.as_array().map(Vec::as_slice).ok_or(Fault::Malformed("a list of ids")))
}

/// The user of an id, or of a JID, which the SDK sends. A plain id may hold an `@` too, so a user of the whole name comes first.
async fn user_of(service: &Service, tenant: &Tenant, name: &str) -> Result<UserId, Refused> {
    if let Ok(id) = jid::parse(name)
        && service.find_user(tenant, &id).await?.is_some()
    {
        return Ok(id);
    }
    let node = name.split_once('@').map_or(name, |(node, _)| node);
    jid::parse(node).map_err(|_| Refused::InvalidUserId)
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
pub(super) struct BlockedUsers {
    #[schema(max_items = 10000)]
    block_users_list: Vec<BlockedUser>,
}

/// Lists the users that the caller blocks
///
/// What the vendor's React Native SDK calls.
#[utoipa::path(
    get, path = "/users/blockUsersList", tag = "Blocking", operation_id = "list_blocked",
    security(("user" = [])),
    responses((status = 200, description = "The blocked users", body = Success<BlockedUsers>), InBody)
)]
pub(super) async fn blocked(call: Call<SignedIn, (), InBody>) -> Result<HttpResponse, InBody> {
    let rows = |ids: &[UserId]| ids.iter().map(|id| BlockedUser { user_id: jid::escaped(id) }).collect();
    let block_users_list = call.service.blocked_ids(&call.caller.tenant, call.caller.key, rows).await?;
    Ok(reply::success(BlockedUsers { block_users_list }, RETRIEVED))
}

/// A reported chat.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChatReport {
    /// The caller's own id, if it is given.
    #[schema(value_type = Option<String>, example = "user1")]
    from: Optional<String>,
    /// Groups are not served here.
    #[schema(rename = "chatType", value_type = Option<String>, pattern = "^(chat|singlechat)?$", example = "chat")]
    _chat_type: Optional<ChatType>,
    /// The user whom the chat is with: an id, or a JID.
    #[schema(value_type = String, example = "user2")]
    to: Required<String>,
    /// The reported messages as JSON text: at most 65,536 bytes.
    #[schema(value_type = String, min_length = 1, max_length = 65536, example = "[{\"msgId\":\"1\",\"message\":\"Hi\"}]")]
    data: Required<ReportText>,
}

/// A chat between two users, the only type that is served here.
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
/// The SDK's `reportUserOrGroup`. The report is kept: the operator reads it in Standin's own API, at `/apps/{app_id}/reports`. A user may make 50
/// reports in a day, and the newest 1,000 of an app are kept.
#[utoipa::path(
    post, path = "/moderation/report", tag = "Moderation", operation_id = "report_chat",
    security(("user" = [])),
    request_body(content = ChatReport, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Kept", body = Done), InBody)
)]
pub(super) async fn report(call: Call<SignedIn, ChatReport, InBody>) -> Result<HttpResponse, InBody> {
    let ChatReport { from, to, data, .. } = call.form;
    if from.0.is_some_and(|from| jid::unescaped(&from) != call.caller.id.as_str()) {
        return Err(Fault::Malformed("the caller's own id, or left out").at("from").into());
    }
    let with = user_of(&call.service, &call.caller.tenant, &to.0).await?;
    kept(&call.service, &call.caller, NewReport { subject: ReportSubject::Chat(with), text: data.0 }).await
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
/// The SDK's `sendFeedback`. Kept as reports are.
#[utoipa::path(
    post, path = "/moderation/feedback", tag = "Moderation", operation_id = "send_feedback",
    security(("user" = [])),
    request_body(content = Feedback, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Kept", body = Done), InBody)
)]
pub(super) async fn feedback(call: Call<SignedIn, Feedback, InBody>) -> Result<HttpResponse, InBody> {
    let Feedback { title, description } = call.form;
    kept(&call.service, &call.caller, NewReport { subject: ReportSubject::Feedback(title.0), text: description.0 })
        .await
}

fn report_limits(usual: FormLimits, _: &Service) -> FormLimits {
    FormLimits { json_bytes_max: REPORT_BYTES_MAX, wide_fields: &["data", "description"], ..usual }
}

async fn kept(service: &Service, caller: &SignedIn, report: NewReport) -> Result<HttpResponse, InBody> {
    service.report(&caller.tenant, caller.key, report).await?;
    Ok(reply::done("Report submitted successfully"))
}

/// The calls that the caller made or took part in: none, because calls are not served.
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
/// Empty: calls are not served. The SDK's `getCallLogs` asks for it.
#[utoipa::path(
    get, path = "/users/callLogs", tag = "Chats", operation_id = "list_calls",
    security(("user" = [])),
    responses((status = 200, description = "An empty list", body = Success<CallLogs>), InBody)
)]
pub(super) async fn call_logs(_: Call<SignedIn, (), InBody>) -> Result<HttpResponse, InBody> {
    Ok(reply::success(CallLogs { call_logs: [], total_pages: 0 }, RETRIEVED))
}
