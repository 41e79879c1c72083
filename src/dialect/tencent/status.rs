//! User status. Sources: the vendor's guide and its page on the online status; wire/tencent-messages.md section 5.

use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    body::{Accounts, PerAccount, body, texts},
    call::{CommandCall, CommandResult, TencentCaller, bad},
    relations::{ids, matched},
    reply::{self, Family, NoFields, ResponseFields, TencentError},
    tags::text,
};
use crate::domain::{Availability, CustomStatus, Error, Fault, Resource, User, UserId, UserStatus};

body! {
    /// Accounts whose online status to return.
    struct OnlineStatusRequest<'a> as "QueryOnlineStatus" {
        /// The accounts.
        accounts: Accounts<'a, READ_MAX> = "To_Account" eg ["guest@qiscus.com", "user1"],
        /// 1: also returns the platforms.
        detail: Option<u32> = "IsNeedDetail" eg 0,
    }

    /// Accounts whose status to return.
    struct UserStatusRequest<'a> as "Statuses" {
        /// The accounts.
        accounts: Accounts<'a, READ_MAX> = "To_Account" eg ["user1", "user2"],
    }

    /// Accounts to whose status the caller subscribes.
    struct StatusSubscribeRequest<'a> as "StatusSubscribe" {
        /// The accounts.
        accounts: Accounts<'a, SUBSCRIBED_MAX> = "To_Account" eg ["user1", "user2"],
    }

    /// Accounts from whose status the caller unsubscribes.
    struct StatusUnsubscribeRequest<'a> as "StatusUnsubscribe" {
        /// 1: all accounts.
        all: Option<u32> = "UnsubscribeAll",
        accounts: Option<Accounts<'a, SUBSCRIBED_MAX, 0>> = "To_Account",
    }

    /// A custom status.
    struct CustomStatusRequest as "CustomStatus" {
        /// At most 256 bytes of UTF-8; an empty text clears it.
        custom: Option<CustomStatus> = "CustomStatus",
    }
}

texts! { CustomStatus = CustomStatus::parse, text(); }

/// Accounts in one query. "At most 500."
const READ_MAX: usize = 500;

/// Accounts in one subscription call. "At most 100."
const SUBSCRIBED_MAX: usize = 100;

const YES: u32 = 1;

pub(super) async fn query_online(
    call: CommandCall<'_>,
    request: OnlineStatusRequest<'_>,
) -> CommandResult<OnlineStatuses> {
    let (accounts, has_detail) = (request.accounts.0, request.detail == Some(YES));
    let found = call.context.service.statuses(call.context.tenant, call.key(), ids(&accounts)).await?;
    let (mut query_result, mut error_list) = (Vec::new(), Vec::new());
    for (account, status) in matched(accounts, found) {
        match status {
            Some(status) => query_result.push(OnlineStatus::of(account, status.availability, has_detail)),
            None => error_list.push(StatusMissing::of(account)),
        }
    }
    Ok(OnlineStatuses { query_result, error_list })
}

/// The accounts in the order of the call; those that do not exist are in a list of their own.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OnlineStatuses {
    query_result: Vec<OnlineStatus>,
    /// The accounts that do not exist; absent if all exist.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    error_list: Vec<StatusMissing>,
}

impl ResponseFields for OnlineStatuses {}

/// Whether an account is online. Some of the vendor's samples call the field `State`, so both are sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct OnlineStatus {
    /// The account, as the call named it.
    #[serde(rename = "To_Account")]
    to_account: String,
    #[schema(pattern = "^(Online|Offline)$", example = "Online")]
    status: &'static str,
    #[schema(pattern = "^(Online|Offline)$", example = "Online")]
    state: &'static str,
    /// If `IsNeedDetail` is 1: the platforms on which the account is online.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<Vec<OnlinePlatform>>,
}

/// A platform. Every client counts as a browser.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct OnlinePlatform {
    #[schema(pattern = "^Web$")]
    platform: &'static str,
    #[schema(pattern = "^Online$")]
    status: &'static str,
}

impl OnlineStatus {
    fn of(account: &str, availability: Availability, has_detail: bool) -> Self {
        let is_online = availability == Availability::Online;
        let status = if is_online { "Online" } else { "Offline" };
        let platform = || OnlinePlatform { platform: "Web", status };
        let detail = has_detail.then(|| if is_online { vec![platform()] } else { Vec::new() });
        Self { to_account: account.to_owned(), status, state: status, detail }
    }
}

/// An account that does not exist.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StatusMissing {
    /// The account, as the call named it.
    #[serde(rename = "To_Account")]
    to_account: String,
    #[schema(example = 70107)]
    error_code: u32,
    error_info: String,
}

impl StatusMissing {
    pub(super) fn of(account: &str) -> Self {
        let (error_code, error_info) = reply::result(Family::Account, Err(Error::NotFound(Resource::User).into()));
        Self { to_account: account.to_owned(), error_code, error_info }
    }
}

/// Returns the user that has logged in on the socket; the back end may not call these commands.
fn user(call: CommandCall<'_>) -> Result<&User, TencentError> {
    match call.caller {
        TencentCaller::User(user) => Ok(user),
        TencentCaller::BackEnd => Err(TencentError::Rights("Only a client calls this, on its socket".to_owned())),
    }
}

pub(super) async fn get(call: CommandCall<'_>, request: UserStatusRequest<'_>) -> CommandResult<UserStatuses> {
    user(call)?;
    let accounts = request.accounts.0;
    let found = call.context.service.statuses(call.context.tenant, call.key(), ids(&accounts)).await?;
    let (mut user_status_list, mut error_list) = (Vec::new(), Vec::new());
    for (account, status) in matched(accounts, found) {
        match status {
            Some(status) => user_status_list.push(UserStatusView::of(&status)),
            None => error_list.push(StatusMissing::of(account)),
        }
    }
    Ok(UserStatuses { user_status_list, error_list })
}

/// The status of each account that exists.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = UserStatusResult)]
pub(super) struct UserStatuses {
    user_status_list: Vec<UserStatusView>,
    error_list: Vec<StatusMissing>,
}

impl ResponseFields for UserStatuses {}

/// The status of an account, in responses and pushes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = UserStatus)]
pub(super) struct UserStatusView {
    #[serde(rename = "To_Account")]
    to_account: String,
    /// 1 online, 2 offline, 3 never logged in.
    status: u8,
    /// Base64.
    custom_status: String,
}

impl UserStatusView {
    pub(super) fn of(status: &UserStatus) -> Self {
        Self {
            to_account: status.id.as_str().to_owned(),
            status: match status.availability {
                Availability::Online => 1,
                Availability::Offline => 2,
                Availability::NeverLoggedIn => 3,
            },
            custom_status: in_base64(status.custom.as_ref()),
        }
    }
}

/// Returns the custom status as responses and pushes have it: Base64, although the SDK sends plain text.
pub(super) fn in_base64(custom: Option<&CustomStatus>) -> String {
    custom.map(|custom| BASE64.encode(custom.as_str())).unwrap_or_default()
}

pub(super) async fn set_custom(call: CommandCall<'_>, request: CustomStatusRequest) -> CommandResult<NoFields> {
    call.context.service.set_custom_status(call.context.tenant, user(call)?.key, request.custom).await?;
    Ok(NoFields {})
}

pub(super) async fn subscribe(
    call: CommandCall<'_>,
    request: StatusSubscribeRequest<'_>,
) -> CommandResult<StatusSubscribed> {
    let (context, user, accounts) = (call.context, user(call)?, request.accounts.0);
    let outcomes = context.service.watch_statuses(context.tenant, user.key, ids(&accounts), true).await?;
    Ok(StatusSubscribed::of(accounts, outcomes))
}

pub(super) async fn unsubscribe(
    call: CommandCall<'_>,
    request: StatusUnsubscribeRequest<'_>,
) -> CommandResult<StatusSubscribed> {
    let (context, user) = (call.context, user(call)?);
    let accounts = request.accounts.map(|accounts| accounts.0).unwrap_or_default();
    match (request.all == Some(YES), !accounts.is_empty()) {
        (true, true) => Err(TencentError::BadParameter("Give To_Account or UnsubscribeAll, not both".to_owned())),
        (true, false) => {
            context.service.unwatch_all_statuses(user.key);
            Ok(StatusSubscribed { error_list: Vec::new() })
        }
        (false, false) => Err(bad(&Fault::Missing, "To_Account")),
        (false, true) => {
            let outcomes = context.service.watch_statuses(context.tenant, user.key, ids(&accounts), false).await?;
            Ok(StatusSubscribed::of(accounts, outcomes))
        }
    }
}

/// The accounts that do not exist.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StatusSubscribed {
    error_list: Vec<StatusMissing>,
}

impl ResponseFields for StatusSubscribed {}

impl StatusSubscribed {
    fn of(accounts: PerAccount<'_, UserId>, outcomes: Vec<Result<(), Error>>) -> Self {
        let found = outcomes.into_iter().map(Result::ok).collect();
        let missing = matched(accounts, found).filter(|(_, found)| found.is_none());
        Self { error_list: missing.map(|(account, _)| StatusMissing::of(account)).collect() }
    }
}
