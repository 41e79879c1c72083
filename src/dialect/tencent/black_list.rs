//! Black lists. Source: the vendor's pages on blocklists, including the misspelt `CurruentSequence` of a response.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    body::{Accounts, IgnoredNumber, body},
    call::{CommandCall, CommandResult},
    relations::{Results, SEQUENCE, is_shown, items_of, known_users, relation_seen, results, run_for_each},
    reply::{ResponseFields, ResultItem, TencentError},
    words::words,
};
use crate::domain::{Moment, Owner, Page, UserId};

body! {
    /// Accounts to block or to unblock.
    struct BlackListChangeRequest<'a> as "BlackListCall" {
        owner: Owner = "From_Account",
        /// The accounts.
        accounts: Accounts<'a> = "To_Account" eg ["user2"],
    }

    /// The page to return.
    struct BlackListGetRequest as "BlackListGet" {
        owner: Owner = "From_Account",
        /// How many entries to skip.
        start: Option<u32> = "StartIndex" eg 0,
        /// Entries on the page at most; 1000 if it is not given or greater.
        limit: Option<u32> = "MaxLimited" eg 30,
        _sequence: IgnoredNumber = "LastSequence",
    }

    /// The accounts to compare with.
    struct BlackListCheckRequest<'a> as "BlackListCheck" {
        owner: Owner = "From_Account",
        lists: BlackListCheckType = "CheckType",
        /// The accounts.
        accounts: Accounts<'a> = "To_Account" eg ["user1", "user2"],
    }
}

words! {
    /// Both lists, or the user's own.
    BlackListCheckType { Both = "BlackCheckResult_Type_Both", Single = "BlackCheckResult_Type_Single", }

    /// Who blocks whom. A is the user, B is the account.
    Blocking {
        BothWays = "BlackCheckResult_Type_BothWay",
        Mine = "BlackCheckResult_Type_AWithB",
        Theirs = "BlackCheckResult_Type_BWithA",
        None = "BlackCheckResult_Type_NO",
    }
}

pub(super) async fn add(call: CommandCall<'_>, request: BlackListChangeRequest<'_>) -> CommandResult<Results> {
    let blocked = async |whom| call.lists(&request.owner).black_list_add(whom).await;
    Ok(results(run_for_each(request.accounts.0, blocked).await?))
}

pub(super) async fn delete(call: CommandCall<'_>, request: BlackListChangeRequest<'_>) -> CommandResult<Results> {
    let unblocked = async |whom| call.lists(&request.owner).black_list_delete(whom).await;
    Ok(results(run_for_each(request.accounts.0, unblocked).await?))
}

pub(super) async fn get(call: CommandCall<'_>, request: BlackListGetRequest) -> CommandResult<BlackList> {
    let start = request.start.unwrap_or(0);
    let page = Page::at_offset(start, request.limit.unwrap_or(Page::OFFSET_LIMIT_MAX));
    let listed = call.lists(&request.owner).black_list(page).await?;
    let shown = listed.items.iter().filter(|(id, _)| is_shown(id));
    let item = |(id, at): &(UserId, Moment)| BlockedAccount { account: id.as_str().to_owned(), at: at.unix_s() };
    let next = start.saturating_add(page.limit());
    let next = if u64::from(next) < listed.total { next } else { 0 };
    Ok(BlackList { items: shown.map(item).collect(), next, sequence: SEQUENCE })
}

/// A page of a black list.
#[derive(Serialize, ToSchema)]
pub(super) struct BlackList {
    #[serde(rename = "BlackListItem")]
    items: Vec<BlockedAccount>,
    /// The `StartIndex` of the next page; 0 if there is none.
    #[serde(rename = "StartIndex")]
    next: u32,
    /// The vendor misspells this name.
    #[serde(rename = "CurruentSequence")]
    sequence: u32,
}

impl ResponseFields for BlackList {}

/// A blocked account.
#[derive(Serialize, ToSchema)]
#[schema(as = BlockedAccount)]
struct BlockedAccount {
    #[serde(rename = "To_Account")]
    account: String,
    /// Since when, in seconds of Unix time.
    #[serde(rename = "AddBlackTimeStamp")]
    at: i64,
}

pub(super) async fn check(call: CommandCall<'_>, request: BlackListCheckRequest<'_>) -> CommandResult<BlackListChecks> {
    let relations = async |ids| known_users(call.lists(&request.owner).blocks_among(ids).await?);
    let (items, fail_account) = items_of(run_for_each(request.accounts.0, relations).await?, |outcome, relation| {
        let all = [Blocking::BothWays, Blocking::Mine, Blocking::Theirs, Blocking::None];
        BlackListChecked { outcome, relation: relation_seen(all, relation, request.lists == BlackListCheckType::Both) }
    });
    Ok(BlackListChecks { items, fail_account })
}

/// How the user stands to each account.
#[derive(Serialize, ToSchema)]
pub(super) struct BlackListChecks {
    #[serde(rename = "BlackListCheckItem")]
    items: Vec<BlackListChecked>,
    /// The accounts that do not exist; absent if all exist.
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    fail_account: Vec<String>,
}

impl ResponseFields for BlackListChecks {}

/// How the user stands to one account.
#[derive(Serialize, ToSchema)]
struct BlackListChecked {
    #[serde(flatten)]
    outcome: ResultItem,
    #[serde(rename = "Relation")]
    relation: Blocking,
}
