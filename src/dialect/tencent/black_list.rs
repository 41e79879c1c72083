//! Black lists. Source: the vendor's pages on blocklists, answers' misspelt `CurruentSequence` included.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    body::{Accounts, Unread, body},
    call::{Answered, Call},
    relations::{Results, SEQUENCE, each, found, is_shown, known, results, standing},
    reply::{Outcome, Refused, Told},
    words::words,
};
use crate::domain::{id::UserId, owner::Owner, page::Page, time::Moment};

body! {
    /// Accounts that are blocked, or no longer.
    struct Blocked<'a> as "BlackListCall" {
        owner: Owner = "From_Account",
        /// The accounts.
        accounts: Accounts<'a> = "To_Account" eg ["user2"],
    }

    /// Which page is wanted.
    struct Get as "BlackListGet" {
        owner: Owner = "From_Account",
        /// How many stand before the page.
        start: Option<u32> = "StartIndex" eg 0,
        /// How many the page has at most; 1000 if it is not given or more.
        limit: Option<u32> = "MaxLimited" eg 30,
        _sequence: Unread = "LastSequence",
    }

    /// What is wanted of whom.
    struct Check<'a> as "BlackListCheck" {
        owner: Owner = "From_Account",
        lists: CheckType = "CheckType",
        /// The accounts.
        accounts: Accounts<'a> = "To_Account" eg ["user1", "user2"],
    }
}

words! {
    /// Both lists, or the user's own.
    #[schema(as = BlackListCheckType)]
    CheckType { Both = "BlackCheckResult_Type_Both", Single = "BlackCheckResult_Type_Single", }

    /// Who blocks whom: A is the user.
    Blocking {
        BothWays = "BlackCheckResult_Type_BothWay",
        Mine = "BlackCheckResult_Type_AWithB",
        Theirs = "BlackCheckResult_Type_BWithA",
        None = "BlackCheckResult_Type_NO",
    }
}

/// `sns.black_list_add`: each account is blocked, and is no friend any more, either way.
pub(super) async fn add(call: Call<'_>, asked: Blocked<'_>) -> Answered<Results> {
    let desk = call.desk;
    let blocked = async |whom| desk.service.black_list_add(desk.tenant, call.key(), &asked.owner, whom).await;
    Ok(results(each(asked.accounts.0, blocked).await?))
}

/// `sns.black_list_delete`: each account is blocked no longer. Friendships do not come back.
pub(super) async fn delete(call: Call<'_>, asked: Blocked<'_>) -> Answered<Results> {
    let desk = call.desk;
    let unblocked = async |whom| desk.service.black_list_delete(desk.tenant, call.key(), &asked.owner, whom).await;
    Ok(results(each(asked.accounts.0, unblocked).await?))
}

/// `sns.black_list_get`: the list, page by page. A `StartIndex` of 0 in the answer ends it.
pub(super) async fn get(call: Call<'_>, asked: Get) -> Answered<BlackList> {
    let start = asked.start.unwrap_or(0);
    let page = Page::behind(start, asked.limit.unwrap_or(Page::STRETCH_MAX));
    let listed = call.desk.service.black_list(call.desk.tenant, call.key(), &asked.owner, page).await?;
    let shown = listed.items.iter().filter(|(id, _)| is_shown(id));
    let item = |(id, at): &(UserId, Moment)| Listed { account: id.as_str().to_owned(), at: at.unix_s() };
    let next = start.saturating_add(page.limit());
    let next = if u64::from(next) < listed.total { next } else { 0 };
    Ok(BlackList { items: shown.map(item).collect(), next, sequence: SEQUENCE })
}

/// A page of a black list.
#[derive(Serialize, ToSchema)]
pub(super) struct BlackList {
    #[serde(rename = "BlackListItem")]
    items: Vec<Listed>,
    /// Where the next page begins; 0 if there is none.
    #[serde(rename = "StartIndex")]
    next: u32,
    /// Misspelt as the vendor does.
    #[serde(rename = "CurruentSequence")]
    sequence: u32,
}

impl Told for BlackList {}

/// Who is blocked.
#[derive(Serialize, ToSchema)]
#[schema(as = Blocked)]
struct Listed {
    #[serde(rename = "To_Account")]
    account: String,
    /// Since when, in seconds of Unix time.
    #[serde(rename = "AddBlackTimeStamp")]
    at: i64,
}

/// `sns.black_list_check`: who of the user and each account blocks the other; the user's own list alone where that is asked.
pub(super) async fn check(call: Call<'_>, asked: Check<'_>) -> Answered<BlackListChecks> {
    let desk = call.desk;
    let relations = async |ids| known(desk.service.blocks_among(desk.tenant, call.key(), &asked.owner, ids).await?);
    let (items, fail_account) = found(each(asked.accounts.0, relations).await?, |outcome, relation| {
        let all = [Blocking::BothWays, Blocking::Mine, Blocking::Theirs, Blocking::None];
        BlackListChecked { outcome, relation: standing(all, relation, asked.lists == CheckType::Both) }
    });
    Ok(BlackListChecks { items, fail_account })
}

/// How the user stands to each account.
#[derive(Serialize, ToSchema)]
pub(super) struct BlackListChecks {
    #[serde(rename = "BlackListCheckItem")]
    items: Vec<BlackListChecked>,
    /// Who does not exist; not there if all do.
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    fail_account: Vec<String>,
}

impl Told for BlackListChecks {}

/// How the user stands to one account.
#[derive(Serialize, ToSchema)]
struct BlackListChecked {
    #[serde(flatten)]
    outcome: Outcome,
    #[serde(rename = "Relation")]
    relation: Blocking,
}
