//! What a user sets for its own chats, and what it reports. Sources: what the vendor's Web and React Native SDKs send and read.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    door, jid,
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
    http::{
        form::{self, Form, FormLimits},
        spool::Spool,
    },
    service::{Service, apps::Tenant},
};

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
pub(super) async fn muted(service: Data<Service>, request: HttpRequest) -> Result<HttpResponse, InBody> {
    let caller = door::user(&service, &request)?;
    let settings = service.chat_settings(&caller.tenant, caller.key).await?;
    let chat = |id: &UserId| MutedChat { chat_id: jid::escaped(id), chat_type: "chat" };
    let muted_chats = settings.muted.iter().map(chat).collect();
    Ok(reply::success(Muted { mute_setting_status: settings.mutes_all, muted_chats }, RETRIEVED))
}

/// What to mute.
#[expect(dead_code, reason = "the document's: the object is read field by field")]
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = Mute)]
struct MuteFields {
    /// True: the call is about all chats, and the two lists are not read.
    #[schema(example = false)]
    mute_setting: bool,
    /// 1 mutes, 0 ends that.
    #[schema(minimum = 0, maximum = 1, example = 1)]
    action: u8,
    /// The users whose chats are meant.
    #[schema(max_items = 1000, example = json!(["user2"]))]
    user_ids: Option<Vec<String>>,
    /// Groups are not served here.
    #[schema(max_items = 0, example = json!([]))]
    group_ids: Option<Vec<String>>,
}

/// Mutes chats, or ends that
///
/// The SDK's `updateMuteNotification` and `updateMuteNotificationSettings`. Nothing is pushed to telephones here: the setting is kept for the user's
/// clients, which read it.
#[utoipa::path(
    post, path = "/users/mute", tag = "Chats", operation_id = "mute",
    security(("user" = [])),
    request_body = MuteFields,
    responses((status = 200, description = "Done", body = Done), InBody)
)]
pub(super) async fn mute(
    service: Data<Service>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, InBody> {
    let caller = door::user(&service, &request)?;
    let body = door::read_object(&service, &caller.tenant, &request, payload).await?.unwrap_or_default();
    service.change_chat_settings(&caller.tenant, caller.key, change(&body)?).await?;
    Ok(reply::done("Changes updated successfully"))
}

fn change(body: &Map<String, Value>) -> Result<ChatSettingsChange, Error> {
    let is_all = match body.get("muteSetting") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(given)) => *given,
        Some(_) => return Err(Fault::Malformed("true or false, without quotes").at("muteSetting")),
    };
    let is_muted = match body.get("action").and_then(Value::as_u64) {
        Some(0) => false,
        Some(1) => true,
        Some(_) | None => return Err(Fault::NotOneOf("0, 1").at("action")),
    };
    if is_all {
        return Ok(ChatSettingsChange { mutes_all: Some(is_muted), ..ChatSettingsChange::default() });
    }
    if !names(body, "groupIds")?.is_empty() {
        return Err(Fault::Malformed("empty, groups are not served here").at("groupIds"));
    }
    let users = names(body, "userIds")?.into_iter().map(|name| jid::named(name, "userIds"));
    let users = users.collect::<Result<Vec<_>, _>>()?;
    Ok(match is_muted {
        true => ChatSettingsChange { mute: users, ..ChatSettingsChange::default() },
        false => ChatSettingsChange { unmute: users, ..ChatSettingsChange::default() },
    })
}

fn names<'a>(body: &'a Map<String, Value>, field: &'static str) -> Result<Vec<&'a str>, Error> {
    let items = match body.get(field) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(Fault::Malformed("a list of ids").at(field)),
    };
    if items.len() > MUTED_A_CALL_MAX {
        return Err(Fault::TooMuch { most: MUTED_A_CALL_MAX as u64, unit: "ids", found: items.len() as u64 }.at(field));
    }
    let text = |item: &'a Value| item.as_str().ok_or(Fault::Malformed("a list of ids, each in quotes").at(field));
    items.iter().map(text).collect()
}

/// The user of an id, or of a JID, which the SDK sends. A plain id may hold an `@` too, so a user of the whole name comes first.
fn user_of(service: &Service, tenant: &Tenant, name: &str) -> Result<UserId, Refused> {
    if let Ok(id) = jid::parse(name)
        && service.find_user(tenant, &id)?.is_some()
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
pub(super) async fn blocked(service: Data<Service>, request: HttpRequest) -> Result<HttpResponse, InBody> {
    let caller = door::user(&service, &request)?;
    let rows = |ids: &[UserId]| ids.iter().map(|id| BlockedUser { user_id: jid::escaped(id) }).collect();
    let block_users_list = service.blocked_ids(&caller.tenant, caller.key, rows).await?;
    Ok(reply::success(BlockedUsers { block_users_list }, RETRIEVED))
}

/// A reported chat.
#[expect(dead_code, reason = "the document's: a form is read field by field")]
#[derive(ToSchema)]
#[schema(as = ChatReport)]
struct ReportFields {
    /// The caller's own id, if it is given.
    #[schema(example = "user1")]
    from: Option<String>,
    /// The user whom the chat is with: an id, or a JID.
    #[schema(example = "user2")]
    to: String,
    /// Groups are not served here.
    #[schema(rename = "chatType", pattern = "^(chat|singlechat)?$", example = "chat")]
    chat_type: Option<String>,
    /// The reported messages as JSON text: at most 65,536 bytes.
    #[schema(min_length = 1, max_length = 65536, example = "[{\"msgId\":\"1\",\"message\":\"Hi\"}]")]
    data: String,
}

/// Reports a chat to the operator
///
/// The SDK's `reportUserOrGroup`. The report is kept: the operator reads it in Standin's own API, at `/apps/{app_id}/reports`. A user may make 50
/// reports in a day, and the newest 1,000 of an app are kept.
#[utoipa::path(
    post, path = "/moderation/report", tag = "Moderation", operation_id = "report_chat",
    security(("user" = [])),
    request_body(content = ReportFields, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Kept", body = Done), InBody)
)]
pub(super) async fn report(
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, InBody> {
    let caller = door::user(&service, &request)?;
    let form = door::read(&service, &caller.tenant, &request, payload, &report_limits(), &spool).await?;
    let from = form.text("from")?.filter(|from| !from.is_empty());
    if from.is_some_and(|from| jid::unescaped(from) != caller.id.as_str()) {
        return Err(Fault::Malformed("the caller's own id, or left out").at("from").into());
    }
    if !matches!(form.text("chatType")?, None | Some("" | "chat" | "singlechat")) {
        return Err(Fault::Malformed("chat, groups are not served here").at("chatType").into());
    }
    let with = user_of(&service, &caller.tenant, door::required(&form, "to")?)?;
    let text = report_text(&form, "data")?;
    kept(&service, &caller, NewReport { subject: ReportSubject::Chat(with), text }, &request).await
}

/// Feedback about the app.
#[expect(dead_code, reason = "the document's: a form is read field by field")]
#[derive(ToSchema)]
#[schema(as = Feedback)]
struct FeedbackFields {
    #[schema(min_length = 1, max_length = 200, example = "It works")]
    title: String,
    /// At most 65,536 bytes.
    #[schema(min_length = 1, max_length = 65536, example = "Thank you.")]
    description: String,
}

/// Sends feedback to the operator
///
/// The SDK's `sendFeedback`. Kept as reports are.
#[utoipa::path(
    post, path = "/moderation/feedback", tag = "Moderation", operation_id = "send_feedback",
    security(("user" = [])),
    request_body(content = FeedbackFields, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Kept", body = Done), InBody)
)]
pub(super) async fn feedback(
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, InBody> {
    let caller = door::user(&service, &request)?;
    let form = door::read(&service, &caller.tenant, &request, payload, &report_limits(), &spool).await?;
    let title = Title::parse(form.text("title")?.unwrap_or_default()).map_err(|fault| fault.at("title"))?;
    let text = report_text(&form, "description")?;
    kept(&service, &caller, NewReport { subject: ReportSubject::Feedback(title), text }, &request).await
}

fn report_limits() -> FormLimits {
    FormLimits { json_bytes_max: REPORT_BYTES_MAX, wide_fields: &["data", "description"], ..FormLimits::default() }
}

fn report_text(form: &Form, field: &'static str) -> Result<ReportText, Error> {
    ReportText::parse(form.text(field)?.unwrap_or_default()).map_err(|fault| fault.at(field))
}

async fn kept(
    service: &Service,
    caller: &door::SignedIn,
    report: NewReport,
    request: &HttpRequest,
) -> Result<HttpResponse, InBody> {
    form::release_all(request);
    let kept = service.report(&caller.tenant, caller.key, report).await;
    kept.map_err(Refused::from)?;
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
pub(super) async fn call_logs(service: Data<Service>, request: HttpRequest) -> Result<HttpResponse, InBody> {
    door::user(&service, &request)?;
    Ok(reply::success(CallLogs { call_logs: [], total_pages: 0 }, RETRIEVED))
}
