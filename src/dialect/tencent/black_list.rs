//! Black lists. Source: the vendor's pages on blocklists, answers' misspelt `CurruentSequence` included.

use serde_json::{Map, Value, json};

use super::{
    command::{Answered, Call, bad},
    friends::checked,
    relations::{SEQUENCE, accounts, each, is_shown, number, results, word},
    reply::Refused,
};
use crate::domain::{
    error::Fault,
    friend::{FriendFault, Relation},
    page::Page,
};

/// `sns.black_list_add`: each account is blocked, and is no friend any more, either way.
pub(super) async fn add(call: Call<'_>) -> Answered {
    let (owner, desk) = (call.owner()?, call.desk);
    let blocked = async |whom| desk.service.black_list_add(desk.tenant, &owner, whom).await;
    results(each(accounts(call)?, blocked).await?)
}

/// `sns.black_list_delete`: each account is blocked no longer. Friendships do not come back.
pub(super) async fn delete(call: Call<'_>) -> Answered {
    let (owner, desk) = (call.owner()?, call.desk);
    let unblocked = async |whom| desk.service.black_list_delete(desk.tenant, &owner, whom).await;
    results(each(accounts(call)?, unblocked).await?)
}

/// `sns.black_list_get`: the list, page by page. A `StartIndex` of 0 in the answer ends it.
pub(super) async fn get(call: Call<'_>) -> Answered {
    let owner = call.owner()?;
    let start = number(call, "StartIndex")?.unwrap_or(0);
    let limit = number(call, "MaxLimited")?.unwrap_or(Page::STRETCH_MAX);
    let page = Page::behind(start, limit);
    let listed = call.desk.service.black_list(call.desk.tenant, &owner, page).await?;
    let shown = listed.items.iter().filter(|(id, _)| is_shown(id));
    let items: Value =
        shown.map(|(id, at)| json!({ "To_Account": id.as_str(), "AddBlackTimeStamp": at.unix_s() })).collect();
    let next = start.saturating_add(page.limit());
    let next = if u64::from(next) < listed.total { next } else { 0 };
    Ok(Map::from_iter([
        ("BlackListItem".to_owned(), items),
        ("StartIndex".to_owned(), next.into()),
        ("CurruentSequence".to_owned(), SEQUENCE.into()),
    ]))
}

/// `sns.black_list_check`: who of the user and each account blocks the other; the user's own list alone where that is asked.
pub(super) async fn check(call: Call<'_>) -> Answered {
    let (owner, desk) = (call.owner()?, call.desk);
    let kinds = [("BlackCheckResult_Type_Both", true), ("BlackCheckResult_Type_Single", false)];
    let both = word(call.body, "CheckType", &kinds)?.ok_or_else(|| bad(&Fault::Missing, "CheckType"))?;
    let relations = async |ids| {
        let relations = desk.service.blocks_among(desk.tenant, &owner, ids).await?;
        Ok::<_, Refused>(relations.into_iter().map(|relation| relation.ok_or(FriendFault::NoSuchUser)).collect())
    };
    Ok(checked("BlackListCheckItem", each(accounts(call)?, relations).await?, |relation| match (relation, both) {
        (Relation::BothWays, true) => "BlackCheckResult_Type_BothWay",
        (Relation::BothWays, false) | (Relation::Mine, _) => "BlackCheckResult_Type_AWithB",
        (Relation::Theirs, true) => "BlackCheckResult_Type_BWithA",
        (Relation::Theirs, false) | (Relation::None, _) => "BlackCheckResult_Type_NO",
    }))
}
