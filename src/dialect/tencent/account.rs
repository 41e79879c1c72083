//! Accounts: coming to be, being there, going away. Source: the vendor's pages on account management, by which only administrators call.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    call::{Answered, Call, Desk, account_of, bad},
    reply::{self, Code, Family, Nothing, Refused, Told},
    tags,
};
use crate::{
    domain::{
        error::{Error, Fault, What},
        id::UserId,
        owner::Owner,
        profile::{Patch, ProfileChange},
        text::DisplayName,
    },
    service::accounts::Enrol,
};

pub(super) use self::asked::{Check, Delete, Import, ImportMany, Kick};

/// Accounts that one call names. "At most 100."
const ACCOUNTS_MAX: usize = 100;

/// Of an account that this wire makes. "The length cannot exceed 32 bytes."
pub(super) const USER_ID_BYTES_MAX: usize = 32;

/// The field that names an account, by today's page.
const USER_ID: &str = "UserID";

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
pub(super) async fn import(call: Call<'_>) -> Answered<Nothing> {
    call.back_end()?;
    import_one(call, call.body).await?;
    Ok(Nothing {})
}

/// `multiaccount_import`, by bare names or with what `account_import` takes. Who cannot be imported is named; the others are.
pub(super) async fn import_many(call: Call<'_>) -> Answered<Imported> {
    call.back_end()?;
    let (accounts, others) = (call.field("Accounts"), call.field("AccountList"));
    let items: Vec<Value> = match (accounts, others) {
        (Some(_), Some(_)) => {
            return Err(Refused::BadParameter("Give Accounts or AccountList, not both".to_owned()));
        }
        (Some(_), None) => call.list("Accounts", ACCOUNTS_MAX)?.iter().map(|id| json!({ "UserID": id })).collect(),
        (None, _) => call.list("AccountList", ACCOUNTS_MAX)?.to_vec(),
    };
    let named: Vec<&str> = items.iter().map(user_id).collect::<Result<_, _>>()?;
    let mut fail_accounts = Vec::new();
    for (item, account) in items.iter().zip(named) {
        match import_one(call, item).await {
            Err(refused) if refused.is_ours() => return Err(refused),
            Err(_) => fail_accounts.push(account.to_owned()),
            Ok(()) => {}
        }
    }
    Ok(Imported { fail_accounts })
}

/// What was not imported.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Imported {
    fail_accounts: Vec<String>,
}

impl Told for Imported {}

/// The names of the field that names an account, today's first. `Identifier` is that of older editions of the vendor's pages, and
/// `UserId` that of some published libraries.
const USER_ID_NAMES: [&str; 3] = [USER_ID, "Identifier", "UserId"];

/// The name and the value of the field that names an account; none where no field does.
/// # Errors
/// 60015; a bad parameter where two of the fields name different accounts.
fn named_account(item: &Value) -> Result<Option<(&'static str, &str)>, Refused> {
    let mut found: Option<(&'static str, &str)> = None;
    for name in USER_ID_NAMES {
        let Some(value) = item.get(name).filter(|value| !value.is_null()) else { continue };
        let account = account_of(value, name)?;
        match found {
            None => found = Some((name, account)),
            Some((first, other)) if other != account => {
                let info = format!("{first} and {name} name different accounts: give one of them");
                return Err(Refused::BadParameter(info));
            }
            Some(_) => {}
        }
    }
    Ok(found)
}

/// The account that an item of a list names.
fn user_id(item: &Value) -> Result<&str, Refused> {
    match named_account(item)? {
        Some((_, account)) => Ok(account),
        None => account_of(&Value::Null, USER_ID),
    }
}

async fn import_one(call: Call<'_>, item: &Value) -> Result<(), Refused> {
    let (field, id) = new_id(item)?;
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
    let imported = desk.service.import_user(desk.tenant, Enrol { id, change, device: None }).await;
    imported.map(|_| ()).map_err(|error| in_this_calls_words(error, field))
}

/// The id of an account that may be created, and the name of the field it stands in.
fn new_id(item: &Value) -> Result<(&'static str, UserId), Refused> {
    let (field, given) = named_account(item)?.ok_or_else(|| bad(&Fault::Missing, USER_ID))?;
    if given.len() > USER_ID_BYTES_MAX {
        return Err(bad(&TOO_LONG, field));
    }
    UserId::parse(given).map(|id| (field, id)).map_err(|fault| bad(&fault, field))
}

fn text<'a>(item: &'a Value, field: &'static str) -> Result<Option<&'a str>, Refused> {
    match item.get(field).filter(|given| !given.is_null()) {
        None => Ok(None),
        Some(given) => given.as_str().map(Some).ok_or_else(|| bad(&Fault::Malformed("text, in quotes"), field)),
    }
}

fn in_this_calls_words(error: Error, field: &str) -> Refused {
    match matches!(error, Error::Invalid { fault: Fault::Reserved, .. }) {
        true => bad(&Fault::Reserved, field),
        false => error.into(),
    }
}

/// `account_check`: which of these accounts exist.
pub(super) async fn check(call: Call<'_>) -> Answered<Checks> {
    let desk = call.desk;
    let found = |account: &str| match UserId::parse(account) {
        Ok(id) => Ok(desk.service.find_user(desk.tenant, &id)?.is_some()),
        Err(_) => Ok(false),
    };
    let mut result_item = Vec::new();
    for account in named(call, "CheckItem")? {
        let is_imported: Result<bool, Refused> = found(account);
        let account_status = if is_imported? { "Imported" } else { "NotImported" };
        result_item.push(Checked { outcome: AccountOutcome::of(account, Ok(())), account_status });
    }
    Ok(Checks { result_item })
}

/// `account_delete`: each account by itself, profile, contacts and all.
pub(super) async fn delete(call: Call<'_>) -> Answered<Deletions> {
    let named = named(call, "DeleteItem")?;
    let ids: Vec<Option<UserId>> = named.iter().map(|account| UserId::parse(account).ok()).collect();
    let owners = ids.iter().flatten().cloned().map(Owner::Named).collect();
    let mut deleted = call.desk.service.delete_users(call.desk.tenant, owners).await.into_iter();
    let outcome = |(account, id): (&&str, &Option<UserId>)| {
        let none = Err(Error::NotFound(What::User));
        let deleted = match id.as_ref().and_then(|_| deleted.next()).unwrap_or(none) {
            // The vendor's own words.
            Err(Error::NotFound(What::User)) => {
                Err(Refused::Said(Code::NotImported, "Err_TLS_PT_Open_Login_Account_Not_Exist".to_owned()))
            }
            deleted => deleted.map_err(Refused::from),
        };
        AccountOutcome::of(account, deleted)
    };
    Ok(Deletions { result_item: named.iter().zip(&ids).map(outcome).collect() })
}

/// `kick`: every UserSig from before now is dead, and so is every session. Answered when the second is over, so that whatever is signed
/// after that is good.
pub(super) async fn kick(call: Call<'_>) -> Answered<Nothing> {
    call.back_end()?;
    let (_, given) = named_account(call.body)?.ok_or_else(|| bad(&Fault::Missing, USER_ID))?;
    let id = UserId::parse(given).map_err(|_| Error::NotFound(What::User))?;
    call.desk.service.kick(call.desk.tenant, id).await?;
    Ok(Nothing {})
}

/// The accounts that a list of `{"UserID": ..}` or `{"Identifier": ..}` names.
fn named<'a>(call: Call<'a>, field: &'static str) -> Result<Vec<&'a str>, Refused> {
    call.back_end()?;
    call.list(field, ACCOUNTS_MAX)?.iter().map(user_id).collect()
}

/// Each account in the call's order.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = AccountChecks)]
pub(super) struct Checks {
    result_item: Vec<Checked>,
}

impl Told for Checks {}

/// Whether an account exists.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = AccountCheck)]
struct Checked {
    #[serde(flatten)]
    outcome: AccountOutcome,
    #[schema(pattern = "^(Imported|NotImported)$", example = "Imported")]
    account_status: &'static str,
}

/// Each account in the call's order.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = AccountDeletions)]
pub(super) struct Deletions {
    result_item: Vec<AccountOutcome>,
}

impl Told for Deletions {}

/// What became of an account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct AccountOutcome {
    /// The account, as the call named it.
    #[serde(rename = "UserID")]
    #[schema(example = "user1")]
    user_id: String,
    /// 0, or a number of `ErrorCode`.
    #[schema(example = 0)]
    result_code: u32,
    /// Why not.
    #[schema(example = "")]
    result_info: String,
}

impl AccountOutcome {
    fn of(account: &str, outcome: Result<(), Refused>) -> Self {
        let (result_code, result_info) = reply::result(Family::Account, outcome);
        Self { user_id: account.to_owned(), result_code, result_info }
    }
}

/// What the calls above read, field by field.
mod asked {
    #![expect(
        dead_code,
        reason = "the document's: a body is read field by field, so that each fault has its own words"
    )]

    use utoipa::ToSchema;

    /// An account that comes to be, or is brought up to date.
    #[derive(ToSchema)]
    #[schema(as = AccountImport, rename_all = "PascalCase")]
    pub(in super::super) struct Import {
        /// Its name: at most 32 of `A-Z a-z 0-9 . _ @ -`. `Identifier`, of older editions of the vendor's page, names it as well.
        #[schema(
            rename = "UserID",
            min_length = 1,
            max_length = 32,
            pattern = "^[A-Za-z0-9._@-]+$",
            example = "user1"
        )]
        user_id: String,
        /// The display name, at most 500 bytes of UTF-8; an empty one clears it.
        #[schema(max_length = 500, example = "User One")]
        nick: Option<String>,
        /// The avatar: an address or any text, at most 500 bytes of UTF-8.
        #[schema(max_length = 500, example = "https://example.com/face.png")]
        face_url: Option<String>,
    }

    /// One of the two lists, not both.
    #[derive(ToSchema)]
    #[schema(as = MultiaccountImport, rename_all = "PascalCase", example = json!({ "Accounts": ["user1", "user2"] }))]
    pub(in super::super) struct ImportMany {
        /// Bare names.
        #[schema(min_items = 1, max_items = 100)]
        accounts: Option<Vec<String>>,
        /// Names, with what `account_import` takes.
        #[schema(min_items = 1, max_items = 100)]
        account_list: Option<Vec<Import>>,
    }

    /// An account by its name.
    #[derive(ToSchema)]
    #[schema(as = NamedAccount)]
    pub(in super::super) struct Named {
        /// Its name; `Identifier` names it as well.
        #[schema(rename = "UserID", example = "user1")]
        user_id: String,
    }

    /// Accounts that are asked about.
    #[derive(ToSchema)]
    #[schema(as = AccountCheckCall, rename_all = "PascalCase")]
    pub(in super::super) struct Check {
        #[schema(min_items = 1, max_items = 100)]
        check_item: Vec<Named>,
    }

    /// Accounts that go.
    #[derive(ToSchema)]
    #[schema(as = AccountDelete, rename_all = "PascalCase")]
    pub(in super::super) struct Delete {
        #[schema(min_items = 1, max_items = 100)]
        delete_item: Vec<Named>,
    }

    /// An account whose sessions end.
    #[derive(ToSchema)]
    #[schema(as = AccountKick)]
    pub(in super::super) struct Kick {
        /// Its name; `Identifier` names it as well.
        #[schema(rename = "UserID", example = "user2")]
        user_id: String,
    }
}
