//! User status. Sources: the vendor's guide to user status and its page on querying the online status; the names on the socket are those
//! of wire/tencent-messages.md section 5.

use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    body::{Accounts, Outcomes, body, texts},
    call::{Answered, Call, Caller, bad},
    reply::{self, Family, Nothing, Refused, Told},
    tags::text,
};
use crate::domain::{
    error::{Error, Fault, What},
    id::UserId,
    profile::User,
    status::{Availability, UserStatus},
    text::CustomStatus,
};

body! {
    /// Accounts whose online status is asked for.
    struct QueryOnline<'a> as "QueryOnlineStatus" {
        /// The accounts.
        accounts: Accounts<'a, READ_MAX> = "To_Account" eg ["guest@qiscus.com", "user1"],
        /// 1: with the platforms.
        detail: Option<u32> = "IsNeedDetail" eg 0,
    }

    /// Accounts whose status is asked for.
    struct Get<'a> as "Statuses" {
        /// The accounts.
        accounts: Accounts<'a, READ_MAX> = "To_Account" eg ["user1", "user2"],
    }

    /// Accounts to whose status the caller subscribes.
    struct Subscribe<'a> as "StatusSubscribe" {
        /// The accounts.
        accounts: Accounts<'a, SUBSCRIBED_MAX> = "To_Account" eg ["user1", "user2"],
    }

    /// Accounts to whose status the caller subscribes no longer.
    struct Unsubscribe<'a> as "StatusUnsubscribe" {
        /// 1: of all.
        all: Option<u32> = "UnsubscribeAll",
        accounts: Option<Accounts<'a, SUBSCRIBED_MAX, 0>> = "To_Account",
    }

    /// A custom status.
    struct Custom as "CustomStatus" {
        /// At most 256 bytes of UTF-8; an empty text clears it.
        custom: Option<CustomStatus> = "CustomStatus",
    }
}

texts! { CustomStatus = CustomStatus::parse, text(); }

/// Accounts that one call reads. "At most 500."
const READ_MAX: usize = 500;

/// Accounts that one call subscribes to. "At most 100."
const SUBSCRIBED_MAX: usize = 100;

/// What the SDK takes for a yes.
const YES: u32 = 1;

/// The ids among the accounts; an account that cannot be an id is asked for by none.
fn ids(accounts: &Outcomes<'_, UserId>) -> Vec<UserId> {
    accounts.iter().filter_map(|(_, id)| id.as_ref().ok().cloned()).collect()
}

/// Each account with what was found of its id, in the order of the call.
fn matched<T>(accounts: Outcomes<'_, UserId>, found: Vec<Option<T>>) -> impl Iterator<Item = (&str, Option<T>)> {
    let mut found = found.into_iter();
    accounts.into_iter().map(move |(account, id)| (account, id.ok().and_then(|_| found.next().flatten())))
}

/// `openim.query_online_status`, or `querystate`: for back ends.
pub(super) async fn query_online(call: Call<'_>, asked: QueryOnline<'_>) -> Answered<Queried> {
    let (accounts, has_detail) = (asked.accounts.0, asked.detail == Some(YES));
    let found = call.desk.service.statuses(call.desk.tenant, call.key(), ids(&accounts)).await?;
    let (mut query_result, mut error_list) = (Vec::new(), Vec::new());
    for (account, status) in matched(accounts, found) {
        match status {
            Some(status) => query_result.push(Online::of(account, status.availability, has_detail)),
            None => error_list.push(Missing::of(account)),
        }
    }
    Ok(Queried { query_result, error_list })
}

/// Each account in the call's order, those that do not exist apart.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = OnlineStatuses)]
pub(super) struct Queried {
    query_result: Vec<Online>,
    /// The accounts that do not exist; not there if all do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    error_list: Vec<Missing>,
}

impl Told for Queried {}

/// Whether an account is online. Some samples of the vendor's call it `State`: both are sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = OnlineStatus)]
struct Online {
    /// The account, as the call named it.
    #[serde(rename = "To_Account")]
    to_account: String,
    #[schema(pattern = "^(Online|Offline)$", example = "Online")]
    status: &'static str,
    #[schema(pattern = "^(Online|Offline)$", example = "Online")]
    state: &'static str,
    /// Where `IsNeedDetail` is 1: the platforms on which the account is online.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<Vec<Platform>>,
}

/// One platform. Every client here counts as a browser.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = OnlinePlatform)]
struct Platform {
    #[schema(pattern = "^Web$")]
    platform: &'static str,
    #[schema(pattern = "^Online$")]
    status: &'static str,
}

impl Online {
    fn of(account: &str, availability: Availability, has_detail: bool) -> Self {
        let is_online = availability == Availability::Online;
        let status = if is_online { "Online" } else { "Offline" };
        let platform = || Platform { platform: "Web", status };
        let detail = has_detail.then(|| if is_online { vec![platform()] } else { Vec::new() });
        Self { to_account: account.to_owned(), status, state: status, detail }
    }
}

/// An account that does not exist.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = StatusMissing)]
struct Missing {
    /// The account, as the call named it.
    #[serde(rename = "To_Account")]
    to_account: String,
    #[schema(example = 70107)]
    error_code: u32,
    error_info: String,
}

impl Missing {
    fn of(account: &str) -> Self {
        let (error_code, error_info) = reply::result(Family::Account, Err(Error::NotFound(What::User).into()));
        Self { to_account: account.to_owned(), error_code, error_info }
    }
}

/// The user that has logged in: these commands are about its own socket.
fn user(call: Call<'_>) -> Result<&User, Refused> {
    match call.caller {
        Caller::User(user) => Ok(user),
        Caller::BackEnd => Err(Refused::Rights("Only a client calls this, on its socket".to_owned())),
    }
}

/// `im_open_status.ws_get_user_status`.
pub(super) async fn get(call: Call<'_>, asked: Get<'_>) -> Answered<StatusesFound> {
    user(call)?;
    let accounts = asked.accounts.0;
    let found = call.desk.service.statuses(call.desk.tenant, call.key(), ids(&accounts)).await?;
    let (mut user_status_list, mut error_list) = (Vec::new(), Vec::new());
    for (account, status) in matched(accounts, found) {
        match status {
            Some(status) => user_status_list.push(Status::of(&status)),
            None => error_list.push(Missing::of(account)),
        }
    }
    Ok(StatusesFound { user_status_list, error_list })
}

/// The status of each account that exists.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StatusesFound {
    user_status_list: Vec<Status>,
    error_list: Vec<Missing>,
}

impl Told for StatusesFound {}

/// The status of an account, as answers and pushes say it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = UserStatus)]
pub(super) struct Status {
    #[serde(rename = "To_Account")]
    to_account: String,
    /// 1 online, 2 offline, 3 never logged in.
    status: u8,
    /// In Base64.
    custom_status: String,
}

impl Status {
    /// That of a user.
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

/// A custom status as answers and pushes say it; the SDK sends it as it is.
pub(super) fn in_base64(custom: Option<&CustomStatus>) -> String {
    custom.map(|custom| BASE64.encode(custom.as_str())).unwrap_or_default()
}

/// `im_open_status.ws_set_custom_status`: an empty text clears it.
pub(super) async fn set_custom(call: Call<'_>, asked: Custom) -> Answered<Nothing> {
    call.desk.service.set_custom_status(call.desk.tenant, user(call)?.key, asked.custom).await?;
    Ok(Nothing {})
}

/// `im_open_status.ws_status_subscribe`.
pub(super) async fn subscribe(call: Call<'_>, asked: Subscribe<'_>) -> Answered<Subscribed> {
    let (desk, user, accounts) = (call.desk, user(call)?, asked.accounts.0);
    let outcomes = desk.service.watch_statuses(desk.tenant, user.key, ids(&accounts)).await?;
    Ok(Subscribed::of(accounts, outcomes))
}

/// `im_open_status.ws_status_unsubscribe`: of these accounts, or of all.
pub(super) async fn unsubscribe(call: Call<'_>, asked: Unsubscribe<'_>) -> Answered<Subscribed> {
    let (desk, user) = (call.desk, user(call)?);
    let accounts = asked.accounts.map(|accounts| accounts.0).unwrap_or_default();
    match (asked.all == Some(YES), !accounts.is_empty()) {
        (true, true) => Err(Refused::BadParameter("Give To_Account or UnsubscribeAll, not both".to_owned())),
        (true, false) => {
            desk.service.unwatch_all_statuses(user.key);
            Ok(Subscribed { error_list: Vec::new() })
        }
        (false, false) => Err(bad(&Fault::Missing, "To_Account")),
        (false, true) => {
            let outcomes = desk.service.unwatch_statuses(desk.tenant, user.key, ids(&accounts)).await?;
            Ok(Subscribed::of(accounts, outcomes))
        }
    }
}

/// The accounts that do not exist.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = StatusSubscribed)]
pub(super) struct Subscribed {
    error_list: Vec<Missing>,
}

impl Told for Subscribed {}

impl Subscribed {
    fn of(accounts: Outcomes<'_, UserId>, outcomes: Vec<Result<(), Error>>) -> Self {
        let found = outcomes.into_iter().map(Result::ok).collect();
        let missing = matched(accounts, found).filter(|(_, found)| found.is_none());
        Self { error_list: missing.map(|(account, _)| Missing::of(account)).collect() }
    }
}
