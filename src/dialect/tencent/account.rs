//! Accounts: coming to be, being there, going away. Source: the vendor's pages on account management, by which only administrators call.

use serde_json::{Map, Value, json};

use super::{
    command::{Answered, Call, Desk, account_of, bad},
    reply::{self, Code, Family, Refused},
    tags,
};
use crate::{
    domain::{
        error::{Error, Fault, What},
        id::UserId,
        profile::{Patch, ProfileChange},
        text::DisplayName,
    },
    service::accounts::Enrol,
};

/// Accounts that one call names. "At most 100."
const ACCOUNTS_MAX: usize = 100;

/// Of an account that this wire makes. "The length cannot exceed 32 bytes."
pub(super) const USER_ID_BYTES_MAX: usize = 32;

const TOO_LONG: Fault = Fault::TooManyBytes { bytes_max: USER_ID_BYTES_MAX as u64 };

/// The account that logs in. Who is unknown comes to be then, by this wire's own rule for names.
/// # Errors
/// A bad parameter.
pub(super) fn that_enters(desk: &Desk<'_>, identifier: &str) -> Result<UserId, Refused> {
    const FIELD: &str = "identifier";
    let id = UserId::parse(identifier).map_err(|fault| bad(&fault, FIELD))?;
    match identifier.len() <= USER_ID_BYTES_MAX || desk.service.find_user(desk.tenant, &id)?.is_some() {
        true => Ok(id),
        false => Err(bad(&TOO_LONG, FIELD)),
    }
}

/// `account_import`: makes an account, or brings what is given of a known one up to date.
pub(super) async fn import(call: Call<'_>) -> Answered {
    call.back_end()?;
    import_one(call, call.body).await?;
    Ok(Map::new())
}

/// `multiaccount_import`, by bare names or with what `account_import` takes. Who cannot be imported is named; the others are.
pub(super) async fn import_many(call: Call<'_>) -> Answered {
    call.back_end()?;
    let (accounts, others) = (call.field("Accounts"), call.field("AccountList"));
    let items: Vec<Value> = match (accounts, others) {
        (Some(_), Some(_)) => {
            return Err(Refused::BadParameter("Give Accounts or AccountList, not both".to_owned()));
        }
        (Some(_), None) => call.list("Accounts", ACCOUNTS_MAX)?.iter().map(|id| json!({ "UserID": id })).collect(),
        (None, _) => call.list("AccountList", ACCOUNTS_MAX)?.to_vec(),
    };
    for item in &items {
        account_of(item.get("UserID").unwrap_or(&Value::Null), "UserID")?;
    }
    let mut failed = Vec::new();
    for item in &items {
        match import_one(call, item).await {
            Err(refused) if refused.is_ours() => return Err(refused),
            Err(_) => failed.push(item.get("UserID").cloned().unwrap_or_default()),
            Ok(()) => {}
        }
    }
    Ok(Map::from_iter([("FailAccounts".to_owned(), failed.into())]))
}

async fn import_one(call: Call<'_>, item: &Value) -> Result<(), Refused> {
    let id = new_id(item)?;
    let desk = call.desk;
    let known = desk.service.find_user(desk.tenant, &id)?;
    let nick = text(item, "Nick")?;
    let face = text(item, "FaceUrl")?.filter(|face| !face.is_empty());
    let avatar = face.map(|face| tags::avatar(desk, known.as_ref(), face)).transpose();
    let change = ProfileChange {
        display_name: Patch::given(nick, DisplayName::parse).map_err(|fault| bad(&fault, "Nick"))?,
        avatar: avatar.map_err(|fault| bad(&fault, "FaceUrl"))?.flatten(),
        ..ProfileChange::default()
    };
    desk.service.import_user(desk.tenant, Enrol { id, change, device: None }).await.map_err(in_this_calls_words)?;
    Ok(())
}

fn new_id(item: &Value) -> Result<UserId, Refused> {
    const FIELD: &str = "UserID";
    let given = item.get(FIELD).filter(|given| !given.is_null()).ok_or_else(|| bad(&Fault::Missing, FIELD))?;
    let given = account_of(given, FIELD)?;
    if given.len() > USER_ID_BYTES_MAX {
        return Err(bad(&TOO_LONG, FIELD));
    }
    UserId::parse(given).map_err(|fault| bad(&fault, FIELD))
}

fn text<'a>(item: &'a Value, field: &'static str) -> Result<Option<&'a str>, Refused> {
    match item.get(field).filter(|given| !given.is_null()) {
        None => Ok(None),
        Some(given) => given.as_str().map(Some).ok_or_else(|| bad(&Fault::Malformed("text, in quotes"), field)),
    }
}

fn in_this_calls_words(error: Error) -> Refused {
    match matches!(error, Error::Invalid { fault: Fault::Reserved, .. }) {
        true => bad(&Fault::Reserved, "UserID"),
        false => error.into(),
    }
}

/// `account_check`: which of these accounts exist.
pub(super) async fn check(call: Call<'_>) -> Answered {
    let desk = call.desk;
    let found = |account: &str| match UserId::parse(account) {
        Ok(id) => Ok(desk.service.find_user(desk.tenant, &id)?.is_some()),
        Err(_) => Ok(false),
    };
    let mut items = Vec::new();
    for account in named(call, "CheckItem")? {
        let is_imported: Result<bool, Refused> = found(account);
        let status = if is_imported? { "Imported" } else { "NotImported" };
        items.push(json!({ "UserID": account, "ResultCode": 0, "ResultInfo": "", "AccountStatus": status }));
    }
    Ok(results(items))
}

/// `account_delete`: each account by itself, profile, contacts and all.
pub(super) async fn delete(call: Call<'_>) -> Answered {
    let mut items = Vec::new();
    for account in named(call, "DeleteItem")? {
        let deleted = match UserId::parse(account) {
            Ok(id) => call.desk.service.delete_user(call.desk.tenant, id).await,
            Err(_) => Err(Error::NotFound(What::User)),
        };
        let deleted = match deleted {
            // The vendor's own words.
            Err(Error::NotFound(What::User)) => {
                Err(Refused::Said(Code::NotImported, "Err_TLS_PT_Open_Login_Account_Not_Exist".to_owned()))
            }
            deleted => deleted.map_err(Refused::from),
        };
        items.push(reply::outcome("UserID", account, Family::Account, deleted));
    }
    Ok(results(items))
}

/// `kick`: every UserSig from before now is dead, and so is every session.
pub(super) async fn kick(call: Call<'_>) -> Answered {
    call.back_end()?;
    let given = call.field("UserID").ok_or_else(|| bad(&Fault::Missing, "UserID"))?;
    let id = UserId::parse(account_of(given, "UserID")?).map_err(|_| Error::NotFound(What::User))?;
    call.desk.service.kick(call.desk.tenant, id).await?;
    Ok(Map::new())
}

/// The accounts that a list of `{"UserID": ..}` names.
fn named<'a>(call: Call<'a>, field: &'static str) -> Result<Vec<&'a str>, Refused> {
    call.back_end()?;
    let items = call.list(field, ACCOUNTS_MAX)?;
    items.iter().map(|item| account_of(item.get("UserID").unwrap_or(&Value::Null), "UserID")).collect()
}

fn results(items: Vec<Value>) -> Map<String, Value> {
    Map::from_iter([("ResultItem".to_owned(), items.into())])
}
