//! What the commands of friends, requests, groups and black lists share: fields of their items, and one outcome for each account.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    account::USER_ID_BYTES_MAX,
    body::{At, Element, Outcomes, TEXT, texts},
    reply::{Family, Outcome, Refused, Told},
    tags::text,
};
use crate::domain::{
    error::{Error, Fault},
    friend::{AddSource, AddWording, FriendFault, FriendGroup, Relation},
    id::UserId,
    text::ContactName,
};

/// Of what one user calls another. "At most 96 bytes"; a name that another wire gave may be longer.
const REMARK_BYTES_MAX: usize = 96;

/// The vendor counts the states of lists, so that clients need not read one anew; ours are told whole every time, under this number.
pub(super) const SEQUENCE: u32 = 1;

/// Runs a verb with what can be asked of it, and puts its outcomes among the others, in the order of the call. The verb runs without
/// anything too, and refuses an owner who does not exist.
/// # Errors
/// What the verb refuses as a whole.
pub(super) async fn each<'a, T, O, E: Into<Refused>, R: Into<Refused>>(
    asked: Outcomes<'a, T>,
    verb: impl AsyncFnOnce(Vec<T>) -> Result<Vec<Result<O, R>>, E>,
) -> Result<Outcomes<'a, O>, Refused> {
    let (mut right, mut places) = (Vec::new(), Vec::with_capacity(asked.len()));
    for (account, read) in asked {
        places.push((account, read.map(|asked| right.push(asked))));
    }
    let mut outcomes = verb(right).await.map_err(Into::into)?.into_iter();
    let missing = || Err(Error::internal("fewer outcomes than were asked for").into());
    let mut fill = |read: Result<(), Refused>| {
        read.and_then(|()| outcomes.next().map_or_else(missing, |outcome| outcome.map_err(Into::into)))
    };
    Ok(places.into_iter().map(|(account, read)| (account, fill(read))).collect())
}

/// What came of each account, in the call's order.
#[derive(Serialize, ToSchema)]
pub(super) struct Results {
    #[serde(rename = "ResultItem")]
    result_item: Vec<Outcome>,
    /// Those that failed; not there if none did.
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    fail_account: Vec<String>,
}

impl Told for Results {
    fn bytes(&self) -> usize {
        ITEM_BYTES * (1 + self.result_item.len())
    }
}

/// What one account takes in an answer, about.
const ITEM_BYTES: usize = 100;

/// What came of each account.
pub(super) fn results(outcomes: Outcomes<'_>) -> Results {
    Results::of(outcomes.into_iter().map(|(account, outcome)| (account, outcome.is_err(), outcome)))
}

impl Results {
    /// Of each account with whether that is a failure, and what is told of it.
    pub(super) fn of<'a>(told: impl Iterator<Item = (&'a str, bool, Result<(), Refused>)>) -> Self {
        let told = told.map(|(account, has_failed, outcome)| {
            (account, has_failed, Outcome::of(account, Family::Relations, outcome))
        });
        let (result_item, fail_account) = listed(told);
        Self { result_item, fail_account }
    }
}

/// The items of all accounts, and the accounts that failed.
pub(super) fn listed<'a, T>(told: impl Iterator<Item = (&'a str, bool, T)>) -> (Vec<T>, Vec<String>) {
    let mut failed = Vec::new();
    let items = told.map(|(account, has_failed, item)| {
        if has_failed {
            failed.push(account.to_owned());
        }
        item
    });
    (items.collect(), failed)
}

/// The items of all accounts, each made of its outcome and of what was found, and the accounts that failed.
pub(super) fn found<T, I>(outcomes: Outcomes<'_, T>, item: impl Fn(Outcome, Option<T>) -> I) -> (Vec<I>, Vec<String>) {
    listed(outcomes.into_iter().map(|(account, found)| {
        let (found, outcome) = match found {
            Ok(found) => (Some(found), Ok(())),
            Err(refused) => (None, Err(refused)),
        };
        (account, found.is_none(), item(Outcome::of(account, Family::Relations, outcome), found))
    }))
}

/// Whether this wire's clients can name a user: those whose id is longer are left out of its lists.
pub(super) fn is_shown(id: &UserId) -> bool {
    id.as_str().len() <= USER_ID_BYTES_MAX
}

texts! {
    ContactName = remark, text().max_length(Some(REMARK_BYTES_MAX));
    FriendGroup = FriendGroup::parse, text().max_length(Some(FriendGroup::BYTES_MAX));
    AddSource = AddSource::parse, text().pattern(Some(ADD_SOURCE));
    AddWording = AddWording::parse, text().max_length(Some(AddWording::BYTES_MAX));
}

/// What an [`AddSource`] looks like.
pub(super) const ADD_SOURCE: &str = "^AddSource_Type_[A-Za-z0-9]{1,8}$";

/// The name of a group, in a list of them.
impl<'a> Element<'a> for FriendGroup {
    fn one(at: At<'a>, item: &'a Value) -> Result<Self, Refused> {
        Self::parse(item.as_str().ok_or_else(|| at.bad(&TEXT))?).map_err(|fault| at.bad(&fault))
    }
}

/// What one user calls another.
/// # Errors
/// The rule that the text breaks.
pub(super) fn remark(given: &str) -> Result<ContactName, Fault> {
    match given.len() > REMARK_BYTES_MAX {
        true => Err(Fault::TooManyBytes { bytes_max: REMARK_BYTES_MAX as u64 }),
        false => ContactName::parse(given),
    }
}

/// What was found of each account: who is not found does not exist.
pub(super) fn known<T>(found: Vec<Option<T>>) -> Result<Vec<Result<T, FriendFault>>, Refused> {
    Ok(found.into_iter().map(|found| found.ok_or(FriendFault::NoSuchUser)).collect())
}

/// How the user stands to another, of both lists or of the user's own: both ways, mine, theirs or none. Who does not exist stands in no
/// relation.
pub(super) fn standing<T>([both_ways, mine, theirs, none]: [T; 4], relation: Option<Relation>, both: bool) -> T {
    match (relation.unwrap_or(Relation::None), both) {
        (Relation::BothWays, true) => both_ways,
        (Relation::BothWays, false) | (Relation::Mine, _) => mine,
        (Relation::Theirs, true) => theirs,
        (Relation::Theirs, false) | (Relation::None, _) => none,
    }
}
