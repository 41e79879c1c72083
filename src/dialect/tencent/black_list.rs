//! Black lists. Source: the vendor's pages on blocklists, answers' misspelt `CurruentSequence` included.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    call::{Answered, Call, bad},
    relations::{Results, SEQUENCE, accounts, each, found, is_shown, number, results, word},
    reply::{Outcome, Refused, Told},
};
use crate::domain::{
    error::Fault,
    friend::{FriendFault, Relation},
    id::UserId,
    page::Page,
    time::Moment,
};

pub(super) use self::asked::{Accounts, BlackListCheck, BlackListGet};

/// `sns.black_list_add`: each account is blocked, and is no friend any more, either way.
pub(super) async fn add(call: Call<'_>) -> Answered<Results> {
    let (owner, desk) = (call.owner()?, call.desk);
    let blocked = async |whom| desk.service.black_list_add(desk.tenant, call.key(), &owner, whom).await;
    Ok(results(each(accounts(call)?, blocked).await?))
}

/// `sns.black_list_delete`: each account is blocked no longer. Friendships do not come back.
pub(super) async fn delete(call: Call<'_>) -> Answered<Results> {
    let (owner, desk) = (call.owner()?, call.desk);
    let unblocked = async |whom| desk.service.black_list_delete(desk.tenant, call.key(), &owner, whom).await;
    Ok(results(each(accounts(call)?, unblocked).await?))
}

/// `sns.black_list_get`: the list, page by page. A `StartIndex` of 0 in the answer ends it.
pub(super) async fn get(call: Call<'_>) -> Answered<BlackList> {
    let owner = call.owner()?;
    let start = number(call, "StartIndex")?.unwrap_or(0);
    let limit = number(call, "MaxLimited")?.unwrap_or(Page::STRETCH_MAX);
    let page = Page::behind(start, limit);
    let listed = call.desk.service.black_list(call.desk.tenant, call.key(), &owner, page).await?;
    let shown = listed.items.iter().filter(|(id, _)| is_shown(id));
    let item = |(id, at): &(UserId, Moment)| Blocked { account: id.as_str().to_owned(), at: at.unix_s() };
    let next = start.saturating_add(page.limit());
    let next = if u64::from(next) < listed.total { next } else { 0 };
    Ok(BlackList { items: shown.map(item).collect(), next, sequence: SEQUENCE })
}

/// A page of a black list.
#[derive(Serialize, ToSchema)]
pub(super) struct BlackList {
    #[serde(rename = "BlackListItem")]
    items: Vec<Blocked>,
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
struct Blocked {
    #[serde(rename = "To_Account")]
    account: String,
    /// Since when, in seconds of Unix time.
    #[serde(rename = "AddBlackTimeStamp")]
    at: i64,
}

/// `sns.black_list_check`: who of the user and each account blocks the other; the user's own list alone where that is asked.
pub(super) async fn check(call: Call<'_>) -> Answered<BlackListChecks> {
    let (owner, desk) = (call.owner()?, call.desk);
    let kinds = [("BlackCheckResult_Type_Both", true), ("BlackCheckResult_Type_Single", false)];
    let both = word(call.body, "CheckType", &kinds)?.ok_or_else(|| bad(&Fault::Missing, "CheckType"))?;
    let relations = async |ids| {
        let relations = desk.service.blocks_among(desk.tenant, call.key(), &owner, ids).await?;
        Ok::<_, Refused>(relations.into_iter().map(|relation| relation.ok_or(FriendFault::NoSuchUser)).collect())
    };
    let (items, fail_account) = found(each(accounts(call)?, relations).await?, |outcome, relation| BlackListChecked {
        outcome,
        relation: Blocking::of(relation.unwrap_or(Relation::None), both),
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

/// Who blocks whom: A is the user.
#[derive(Serialize, ToSchema)]
enum Blocking {
    #[serde(rename = "BlackCheckResult_Type_BothWay")]
    BothWays,
    #[serde(rename = "BlackCheckResult_Type_AWithB")]
    Mine,
    #[serde(rename = "BlackCheckResult_Type_BWithA")]
    Theirs,
    #[serde(rename = "BlackCheckResult_Type_NO")]
    None,
}

impl Blocking {
    /// Of both lists, or of the user's own.
    fn of(relation: Relation, both: bool) -> Self {
        match (relation, both) {
            (Relation::BothWays, true) => Self::BothWays,
            (Relation::BothWays, false) | (Relation::Mine, _) => Self::Mine,
            (Relation::Theirs, true) => Self::Theirs,
            (Relation::Theirs, false) | (Relation::None, _) => Self::None,
        }
    }
}

/// What the calls above read, field by field.
mod asked {
    #![expect(
        dead_code,
        reason = "the document's: a body is read field by field, so that each fault has its own words"
    )]

    use utoipa::ToSchema;

    /// Accounts that are blocked, or no longer.
    #[derive(ToSchema)]
    #[schema(as = BlackListCall)]
    pub(in super::super) struct Accounts {
        /// Whose data it is.
        #[schema(rename = "From_Account", example = "guest@qiscus.com")]
        owner: String,
        /// The accounts.
        #[schema(rename = "To_Account", min_items = 1, max_items = 1000, example = json!(["user2"]))]
        accounts: Vec<String>,
    }

    /// Which page is wanted.
    #[derive(ToSchema)]
    #[schema(rename_all = "PascalCase")]
    pub(in super::super) struct BlackListGet {
        /// Whose data it is.
        #[schema(rename = "From_Account", example = "guest@qiscus.com")]
        owner: String,
        /// How many stand before the page.
        #[schema(example = 0)]
        start_index: Option<u32>,
        /// How many the page has at most; 1000 if it is not given or more.
        #[schema(example = 30)]
        max_limited: Option<u32>,
        /// Not read.
        #[schema(example = 0)]
        last_sequence: Option<u32>,
    }

    /// What is wanted of whom.
    #[derive(ToSchema)]
    #[schema(rename_all = "PascalCase")]
    pub(in super::super) struct BlackListCheck {
        /// Whose data it is.
        #[schema(rename = "From_Account", example = "guest@qiscus.com")]
        owner: String,
        /// The accounts.
        #[schema(rename = "To_Account", min_items = 1, max_items = 1000, example = json!(["user1", "user2"]))]
        accounts: Vec<String>,
        check_type: BlackListCheckType,
    }

    /// Both lists, or the user's own.
    #[derive(ToSchema)]
    pub(in super::super) enum BlackListCheckType {
        #[schema(rename = "BlackCheckResult_Type_Both")]
        Both,
        #[schema(rename = "BlackCheckResult_Type_Single")]
        Single,
    }
}
