//! Field types and results for each account, of the commands on friends, requests, groups and black lists.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    account::USER_ID_BYTES_MAX,
    body::{BodyField, ListItem, PerAccount, TEXT, texts},
    reply::{Family, ResponseFields, ResultItem, TencentError},
    tags::text,
};
use crate::domain::{
    AddSource, AddWording, ContactName, Error, Fault, FriendFault, FriendGroup, Relation, UserId, text::at_most_bytes,
};

/// Bytes of a remark that this dialect writes. "At most 96 bytes"; another dialect may store a longer one.
const REMARK_BYTES_MAX: usize = 96;

/// The vendor counts the versions of lists, so that clients can skip a list they have. Ours are sent whole.
pub(super) const SEQUENCE: u32 = 1;

/// Runs `verb` with the valid items and puts its results among the errors of the others. `verb` runs even without
/// items, because it refuses an owner who does not exist.
pub(super) async fn run_for_each<'a, T, O, E: Into<TencentError>, R: Into<TencentError>>(
    accounts: PerAccount<'a, T>,
    verb: impl AsyncFnOnce(Vec<T>) -> Result<Vec<Result<O, R>>, E>,
) -> Result<PerAccount<'a, O>, TencentError> {
    let (mut valid, mut slots) = (Vec::new(), Vec::with_capacity(accounts.len()));
    for (account, read) in accounts {
        slots.push((account, read.map(|item| valid.push(item))));
    }
    let mut outcomes = verb(valid).await.map_err(Into::into)?.into_iter();
    let missing = || Err(Error::internal("fewer results than requested items").into());
    let mut fill = |read: Result<(), TencentError>| {
        read.and_then(|()| outcomes.next().map_or_else(missing, |outcome| outcome.map_err(Into::into)))
    };
    Ok(slots.into_iter().map(|(account, read)| (account, fill(read))).collect())
}

/// Returns the ids of the accounts that have one.
pub(super) fn ids(accounts: &PerAccount<'_, UserId>) -> Vec<UserId> {
    accounts.iter().filter_map(|(_, id)| id.as_ref().ok().cloned()).collect()
}

/// Pairs each account with what was found for its id, in the order of the call.
pub(super) fn matched<T>(
    accounts: PerAccount<'_, UserId>,
    found: Vec<Option<T>>,
) -> impl Iterator<Item = (&str, Option<T>)> {
    let mut found = found.into_iter();
    accounts.into_iter().map(move |(account, id)| (account, id.ok().and_then(|_| found.next().flatten())))
}

/// The result for each account, in the order of the call.
#[derive(Serialize, ToSchema)]
pub(super) struct Results {
    #[serde(rename = "ResultItem")]
    result_item: Vec<ResultItem>,
    /// The accounts that failed; absent if none did.
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    fail_account: Vec<String>,
}

impl ResponseFields for Results {
    fn bytes(&self) -> usize {
        ITEM_BYTES * (1 + self.result_item.len())
    }
}

/// Bytes of an account in a response, roughly.
const ITEM_BYTES: usize = 100;

pub(super) fn results(outcomes: PerAccount<'_>) -> Results {
    Results::of(outcomes.into_iter().map(|(account, outcome)| (account, outcome.is_err(), outcome)))
}

impl Results {
    /// Takes for each account whether it failed, and its result: a waiting request has an error code and has not
    /// failed.
    pub(super) fn of<'a>(outcomes: impl Iterator<Item = (&'a str, bool, Result<(), TencentError>)>) -> Self {
        let outcomes = outcomes.map(|(account, has_failed, outcome)| {
            (account, has_failed, ResultItem::of(account, Family::Relations, outcome))
        });
        let (result_item, fail_account) = with_failures(outcomes);
        Self { result_item, fail_account }
    }
}

pub(super) fn with_failures<'a, T>(outcomes: impl Iterator<Item = (&'a str, bool, T)>) -> (Vec<T>, Vec<String>) {
    let mut failed = Vec::new();
    let items = outcomes.map(|(account, has_failed, item)| {
        if has_failed {
            failed.push(account.to_owned());
        }
        item
    });
    (items.collect(), failed)
}

pub(super) fn items_of<T, I>(
    outcomes: PerAccount<'_, T>,
    item: impl Fn(ResultItem, Option<T>) -> I,
) -> (Vec<I>, Vec<String>) {
    with_failures(outcomes.into_iter().map(|(account, found)| {
        let (found, outcome) = match found {
            Ok(found) => (Some(found), Ok(())),
            Err(refused) => (None, Err(refused)),
        };
        (account, found.is_none(), item(ResultItem::of(account, Family::Relations, outcome), found))
    }))
}

/// Whether this dialect's clients can name the user. Users with longer ids are left out of lists.
pub(super) fn is_shown(id: &UserId) -> bool {
    id.as_str().len() <= USER_ID_BYTES_MAX
}

texts! {
    ContactName = remark, text().max_length(Some(REMARK_BYTES_MAX));
    FriendGroup = FriendGroup::parse, text().max_length(Some(FriendGroup::BYTES_MAX));
    AddSource = AddSource::parse, text().pattern(Some(ADD_SOURCE));
    AddWording = AddWording::parse, text().max_length(Some(AddWording::BYTES_MAX));
}

pub(super) const ADD_SOURCE: &str = "^AddSource_Type_[A-Za-z0-9]{1,8}$";

impl<'a> ListItem<'a> for FriendGroup {
    fn read_item(at: BodyField<'a>, item: &'a Value) -> Result<Self, TencentError> {
        Self::parse(item.as_str().ok_or_else(|| at.bad(&TEXT))?).map_err(|fault| at.bad(&fault))
    }
}

pub(super) fn remark(given: &str) -> Result<ContactName, Fault> {
    at_most_bytes(given, REMARK_BYTES_MAX).and_then(ContactName::parse)
}

/// Gives the accounts that were not found the error of an unknown user.
pub(super) fn known_users<T>(found: Vec<Option<T>>) -> Result<Vec<Result<T, FriendFault>>, TencentError> {
    Ok(found.into_iter().map(|found| found.ok_or(FriendFault::NoSuchUser)).collect())
}

/// As both lists or only the user's own show it. An account that does not exist has no relation.
pub(super) fn relation_seen<T>([both_ways, mine, theirs, none]: [T; 4], relation: Option<Relation>, both: bool) -> T {
    match (relation.unwrap_or(Relation::None), both) {
        (Relation::BothWays, true) => both_ways,
        (Relation::BothWays, false) | (Relation::Mine, _) => mine,
        (Relation::Theirs, true) => theirs,
        (Relation::Theirs, false) | (Relation::None, _) => none,
    }
}
