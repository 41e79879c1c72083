//! User status. Sources: the vendor's guide to user status and its page on querying the online status; the names on the socket are those
//! of wire/tencent-messages.md section 5.

use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    call::{Answered, Call, Caller, account_of, bad},
    relations::{number, text},
    reply::{self, Family, Nothing, Refused, Told},
};
use crate::domain::{
    error::{Error, What},
    id::UserId,
    profile::User,
    status::{Availability, UserStatus},
    text::CustomStatus,
};

pub(super) use self::asked::{Custom, QueryOnline, Statuses};

/// Accounts that one call reads. "At most 500."
const READ_MAX: usize = 500;

/// Accounts that one call subscribes to. "At most 100."
const SUBSCRIBED_MAX: usize = 100;

/// What the SDK takes for a yes.
const YES: u32 = 1;

/// The account of each item of `To_Account`, and its id where it can be one.
fn accounts(call: Call<'_>, most: usize) -> Result<Vec<(&str, Option<UserId>)>, Refused> {
    const FIELD: &str = "To_Account";
    let account = |item| account_of(item, FIELD).map(|account| (account, UserId::parse(account).ok()));
    call.list(FIELD, most)?.iter().map(account).collect()
}

/// The ids among the accounts; an account that cannot be an id is asked for by none.
fn ids(accounts: &[(&str, Option<UserId>)]) -> Vec<UserId> {
    accounts.iter().filter_map(|(_, id)| id.clone()).collect()
}

/// Each account with what was found of its id, in the order of the call.
fn matched<T>(accounts: Vec<(&str, Option<UserId>)>, found: Vec<Option<T>>) -> impl Iterator<Item = (&str, Option<T>)> {
    let mut found = found.into_iter();
    accounts.into_iter().map(move |(account, id)| (account, id.and_then(|_| found.next().flatten())))
}

/// `openim.query_online_status`, or `querystate`: for back ends.
pub(super) async fn query_online(call: Call<'_>) -> Answered<Queried> {
    call.back_end()?;
    let accounts = accounts(call, READ_MAX)?;
    let has_detail = number(call, "IsNeedDetail")? == Some(YES);
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
pub(super) async fn get(call: Call<'_>) -> Answered<StatusesFound> {
    user(call)?;
    let accounts = accounts(call, READ_MAX)?;
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
pub(super) async fn set_custom(call: Call<'_>) -> Answered<Nothing> {
    const FIELD: &str = "CustomStatus";
    let user = user(call)?;
    let custom = text(call.body, FIELD)?.map(CustomStatus::parse).transpose().map_err(|fault| bad(&fault, FIELD))?;
    call.desk.service.set_custom_status(call.desk.tenant, user.key, custom).await?;
    Ok(Nothing {})
}

/// `im_open_status.ws_status_subscribe`.
pub(super) async fn subscribe(call: Call<'_>) -> Answered<Subscribed> {
    let (desk, user, accounts) = (call.desk, user(call)?, accounts(call, SUBSCRIBED_MAX)?);
    let outcomes = desk.service.watch_statuses(desk.tenant, user.key, ids(&accounts)).await?;
    Ok(Subscribed::of(accounts, outcomes))
}

/// `im_open_status.ws_status_unsubscribe`: of these accounts, or of all.
pub(super) async fn unsubscribe(call: Call<'_>) -> Answered<Subscribed> {
    let (desk, user) = (call.desk, user(call)?);
    let is_all = number(call, "UnsubscribeAll")? == Some(YES);
    let names_any = call
        .field("To_Account")
        .is_some_and(|accounts| accounts.as_array().is_none_or(|accounts| !accounts.is_empty()));
    match (is_all, names_any) {
        (true, true) => Err(Refused::BadParameter("Give To_Account or UnsubscribeAll, not both".to_owned())),
        (true, false) => {
            desk.service.unwatch_all_statuses(user.key);
            Ok(Subscribed { error_list: Vec::new() })
        }
        (false, _) => {
            let accounts = accounts(call, SUBSCRIBED_MAX)?;
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
    fn of(accounts: Vec<(&str, Option<UserId>)>, outcomes: Vec<Result<(), Error>>) -> Self {
        let found = outcomes.into_iter().map(Result::ok).collect();
        let missing = matched(accounts, found).filter(|(_, found)| found.is_none());
        Self { error_list: missing.map(|(account, _)| Missing::of(account)).collect() }
    }
}

/// What the calls above read, field by field.
mod asked {
    #![expect(
        dead_code,
        reason = "the document's: a body is read field by field, so that each fault has its own words"
    )]

    use utoipa::ToSchema;

    /// Accounts whose online status is asked for.
    #[derive(ToSchema)]
    #[schema(as = QueryOnlineStatus, rename_all = "PascalCase")]
    pub(in super::super) struct QueryOnline {
        /// The accounts.
        #[schema(rename = "To_Account", min_items = 1, max_items = 500, example = json!(["guest@qiscus.com", "user1"]))]
        accounts: Vec<String>,
        /// 1: with the platforms.
        #[schema(example = 0)]
        is_need_detail: Option<u32>,
    }

    /// Accounts whose status is asked for.
    #[derive(ToSchema)]
    #[schema(rename_all = "PascalCase")]
    pub(in super::super) struct Statuses {
        /// The accounts.
        #[schema(rename = "To_Account", min_items = 1, max_items = 500)]
        accounts: Vec<String>,
    }

    /// A custom status.
    #[derive(ToSchema)]
    #[schema(rename_all = "PascalCase")]
    pub(in super::super) struct Custom {
        /// At most 256 bytes of UTF-8; an empty text clears it.
        custom_status: Option<String>,
    }
}
