//! What the commands of friends, requests, groups and black lists share: fields of their items, and one outcome for each account.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    account::USER_ID_BYTES_MAX,
    call::{Call, account_of, bad},
    reply::{Family, Outcome, Refused, Told},
};
use crate::domain::{
    error::{Error, Fault},
    friend::FriendFault,
    id::UserId,
    text::ContactName,
};

/// Accounts that one call names. "Must not exceed 1,000."
pub(super) const ACCOUNTS_MAX: usize = 1000;

/// Of what one user calls another. "At most 96 bytes"; a name that another wire gave may be longer.
const REMARK_BYTES_MAX: usize = 96;

/// The vendor counts the states of lists, so that clients need not read one anew; ours are told whole every time, under this number.
pub(super) const SEQUENCE: u32 = 1;

/// A text where a field takes one.
pub(super) const TEXT: Fault = Fault::Malformed("text, in quotes");

/// What came of each account of a call, in the call's order.
pub(super) type Outcomes<'a, T = ()> = Vec<(&'a str, Result<T, Refused>)>;

/// The accounts of `To_Account`, at most [`ACCOUNTS_MAX`], and the id of each.
/// # Errors
/// A bad parameter; 60015.
pub(super) fn accounts(call: Call<'_>) -> Result<Outcomes<'_, UserId>, Refused> {
    const FIELD: &str = "To_Account";
    call.list(FIELD, ACCOUNTS_MAX)?
        .iter()
        .map(|item| account_of(item, FIELD).map(|account| (account, id(account))))
        .collect()
}

/// The items of a list, at most [`ACCOUNTS_MAX`], each with its `To_Account` and what `read` makes of it. What is wrong with one item is
/// told of this one; the others are done.
/// # Errors
/// A bad parameter; 60015.
pub(super) fn items<'a, T>(
    call: Call<'a>,
    field: &'static str,
    read: impl Fn(UserId, &'a Value) -> Result<T, Refused>,
) -> Result<Outcomes<'a, T>, Refused> {
    let read = |item: &'a Value| {
        let account = account_of(item.get("To_Account").unwrap_or(&Value::Null), "To_Account")?;
        Ok((account, id(account).and_then(|id| read(id, item))))
    };
    call.list(field, ACCOUNTS_MAX)?.iter().map(read).collect()
}

/// What is no id at all is nobody's.
fn id(account: &str) -> Result<UserId, Refused> {
    UserId::parse(account).map_err(|_| FriendFault::NoSuchUser.into())
}

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

/// A text of an item; none where it is not given or empty.
/// # Errors
/// A bad parameter.
pub(super) fn text<'a>(item: &'a Value, field: &str) -> Result<Option<&'a str>, Refused> {
    match item.get(field).filter(|given| !given.is_null()) {
        None => Ok(None),
        Some(given) => {
            let given = given.as_str().ok_or_else(|| bad(&TEXT, field))?;
            Ok(Some(given).filter(|given| !given.is_empty()))
        }
    }
}

/// A text of an item as what it stands for.
/// # Errors
/// A bad parameter.
pub(super) fn parsed<T>(
    item: &Value,
    field: &str,
    parse: impl FnOnce(&str) -> Result<T, Fault>,
) -> Result<Option<T>, Refused> {
    text(item, field)?.map(parse).transpose().map_err(|fault| bad(&fault, field))
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

/// One of the words that a field takes; none where it is not given.
/// # Errors
/// A bad parameter.
pub(super) fn word<T: Copy>(item: &Value, field: &str, words: &[(&str, T)]) -> Result<Option<T>, Refused> {
    let Some(given) = text(item, field)? else { return Ok(None) };
    let known = words.iter().find(|(word, _)| *word == given);
    known.map(|(_, meaning)| Some(*meaning)).ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        Refused::BadParameter(format!("{field} must be one of {}", words.join(", ")))
    })
}

/// A number of a call; none where it is not given.
/// # Errors
/// A bad parameter.
pub(super) fn number(call: Call<'_>, field: &str) -> Result<Option<u32>, Refused> {
    const NUMBER: Fault = Fault::OutOfRange("a number from 0 to 4294967295, without quotes");
    let read =
        |given: &Value| given.as_u64().and_then(|number| u32::try_from(number).ok()).ok_or_else(|| bad(&NUMBER, field));
    call.field(field).map(read).transpose()
}
