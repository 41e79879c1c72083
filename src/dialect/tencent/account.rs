//! Accounts: coming to be, being there, going away. Source: the vendor's pages on account management, by which only administrators call.

use serde::Serialize;
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use super::{
    body::{At, Body as _, Element, Kind, List, Schemas, Text, body, named, object, property, shown, taken},
    call::{Answered, Call, Desk, account_of, bad},
    reply::{self, Code, Family, Nothing, Refused, Told},
    tags::{self, text},
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

body! {
    /// An account to create, or to update if it exists.
    struct Import<'a> as "AccountImport" {
        /// Its name: at most 32 of `A-Z a-z 0-9 . _ @ -`. `Identifier`, of older editions of the vendor's page, names it as well.
        id: NewId = "UserID",
        /// The display name, at most 500 bytes of UTF-8; an empty one clears it.
        nick: Option<Text<'a, { DisplayName::BYTES_MAX }>> = "Nick" eg "User One",
        /// The avatar: an address or any text, at most 500 bytes of UTF-8.
        face: Option<Text<'a, { tags::IMAGE_BYTES_MAX }>> = "FaceUrl" eg "https://example.com/face.png",
    }

    /// One of the two lists, not both.
    struct ImportMany<'a> as "MultiaccountImport" eg { "Accounts": ["user1", "user2"] } {
        /// Bare names.
        bare: Option<List<Bare<'a>, ACCOUNTS_MAX>> = "Accounts",
        /// Names, with what `account_import` takes.
        accounts: Option<List<Listed<'a>, ACCOUNTS_MAX>> = "AccountList",
    }

    /// Accounts that are asked about.
    struct Check<'a> as "AccountCheckCall" {
        accounts: List<Name<'a>, ACCOUNTS_MAX> = "CheckItem",
    }

    /// Accounts that go.
    struct Delete<'a> as "AccountDelete" {
        accounts: List<Name<'a>, ACCOUNTS_MAX> = "DeleteItem",
    }

    /// An account whose sessions end.
    struct Kick<'a> as "AccountKick" {
        /// Its name; `Identifier` names it as well.
        account: Name<'a> = "UserID" eg "user2",
    }
}

/// The name of an account.
pub(super) struct Name<'a>(&'a str);

impl<'a> Kind<'a> for Name<'a> {
    fn at(at: At<'a>) -> Result<Option<Self>, Refused> {
        Ok(named_account(at.object)?.map(|(_, account)| Self(account)))
    }

    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        text().into()
    }
}

/// The id of an account that may be created, and the name of the field it stands in.
pub(super) struct NewId {
    field: &'static str,
    id: UserId,
}

impl NewId {
    fn parse(field: &'static str, given: &str) -> Result<Self, Refused> {
        if given.len() > USER_ID_BYTES_MAX {
            return Err(bad(&TOO_LONG, field));
        }
        UserId::parse(given).map(|id| Self { field, id }).map_err(|fault| bad(&fault, field))
    }
}

impl<'a> Kind<'a> for NewId {
    fn at(at: At<'a>) -> Result<Option<Self>, Refused> {
        named_account(at.object)?.map(|(field, given)| Self::parse(field, given)).transpose()
    }

    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        let name = text().min_length(Some(1)).max_length(Some(USER_ID_BYTES_MAX));
        shown(name.pattern(Some("^[A-Za-z0-9._@-]+$")), "user1")
    }
}

/// An account to import, in a list. What is wrong with it is no fault of the others.
pub(super) struct Listed<'a>(&'a str, Result<Import<'a>, Refused>);

impl<'a> Element<'a> for Listed<'a> {
    fn one(at: At<'a>, item: &'a Value) -> Result<Self, Refused> {
        Ok(Self(user_id(item)?, Import::read(at.call, item)))
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        taken::<Import<'_>>(others)
    }
}

/// An account to import of which nothing is known but its name.
pub(super) struct Bare<'a>(Listed<'a>);

impl<'a> Element<'a> for Bare<'a> {
    fn one(_: At<'a>, name: &'a Value) -> Result<Self, Refused> {
        let account = account_of(name, USER_ID)?;
        let import = NewId::parse(USER_ID, account).map(|id| Import { id, nick: None, face: None });
        Ok(Self(Listed(account, import)))
    }
}

/// In a list.
impl<'a> Element<'a> for Name<'a> {
    fn one(_: At<'a>, item: &'a Value) -> Result<Self, Refused> {
        user_id(item).map(Self)
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        let name = property::<Name<'_>>(USER_ID, &["Its name; `Identifier` names it as well."], Some("user1".into()));
        named("NamedAccount", object(&["An account by its name."], [name], None), others)
    }
}

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
pub(super) async fn that_enters(desk: &Desk<'_>, identifier: &str) -> Result<UserId, Refused> {
    const FIELD: &str = "identifier";
    let id = UserId::parse(identifier).map_err(|fault| bad(&fault, FIELD))?;
    match identifier.len() <= USER_ID_BYTES_MAX || desk.service.find_user(desk.tenant, &id).await?.is_some() {
        true => Ok(id),
        false => Err(bad(&TOO_LONG, FIELD)),
    }
}

/// `account_import`: makes an account, or brings what is given of a known one up to date.
pub(super) async fn import(call: Call<'_>, asked: Import<'_>) -> Answered<Nothing> {
    import_one(call, asked).await?;
    Ok(Nothing {})
}

/// `multiaccount_import`, by bare names or with what `account_import` takes. Who cannot be imported is named; the others are.
pub(super) async fn import_many(call: Call<'_>, asked: ImportMany<'_>) -> Answered<Imported> {
    let imports = match (asked.bare, asked.accounts) {
        (Some(_), Some(_)) => {
            return Err(Refused::BadParameter("Give Accounts or AccountList, not both".to_owned()));
        }
        (Some(bare), None) => bare.0.into_iter().map(|bare| bare.0).collect(),
        (None, Some(accounts)) => accounts.0,
        (None, None) => return Err(bad(&Fault::Missing, "AccountList")),
    };
    let mut fail_accounts = Vec::new();
    for Listed(account, import) in imports {
        let imported = match import {
            Ok(import) => import_one(call, import).await,
            Err(refused) => Err(refused),
        };
        match imported {
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

async fn import_one(call: Call<'_>, import: Import<'_>) -> Result<(), Refused> {
    let (NewId { field, id }, desk) = (import.id, call.desk);
    let known = desk.service.find_user(desk.tenant, &id).await?;
    let nick = import.nick.map(|nick| nick.0);
    let face = import.face.map(|face| face.0).filter(|face| !face.is_empty());
    let avatar = face.map(|face| tags::avatar(desk, known.as_ref(), face)).transpose();
    let change = ProfileChange {
        display_name: Patch::given(nick, DisplayName::parse).map_err(|fault| bad(&fault, "Nick"))?,
        avatar: avatar.map_err(|fault| bad(&fault, "FaceUrl"))?.flatten(),
        ..ProfileChange::default()
    };
    let imported = desk.service.import_user(desk.tenant, Enrol { id, change, device: None }).await;
    imported.map(|_| ()).map_err(|error| in_this_calls_words(error, field))
}

fn in_this_calls_words(error: Error, field: &str) -> Refused {
    match matches!(error, Error::Invalid { fault: Fault::Reserved, .. }) {
        true => bad(&Fault::Reserved, field),
        false => error.into(),
    }
}

/// `account_check`: which of these accounts exist.
pub(super) async fn check(call: Call<'_>, asked: Check<'_>) -> Answered<Checks> {
    let desk = call.desk;
    let found = async |account: &str| match UserId::parse(account) {
        Ok(id) => Ok(desk.service.find_user(desk.tenant, &id).await?.is_some()),
        Err(_) => Ok(false),
    };
    let mut result_item = Vec::new();
    for Name(account) in asked.accounts.0 {
        let is_imported: Result<bool, Refused> = found(account).await;
        let account_status = if is_imported? { "Imported" } else { "NotImported" };
        result_item.push(Checked { outcome: AccountOutcome::of(account, Ok(())), account_status });
    }
    Ok(Checks { result_item })
}

/// `account_delete`: each account by itself, profile, contacts and all.
pub(super) async fn delete(call: Call<'_>, asked: Delete<'_>) -> Answered<Deletions> {
    let named: Vec<&str> = asked.accounts.0.into_iter().map(|name| name.0).collect();
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
pub(super) async fn kick(call: Call<'_>, asked: Kick<'_>) -> Answered<Nothing> {
    let id = UserId::parse(asked.account.0).map_err(|_| Error::NotFound(What::User))?;
    call.desk.service.kick(call.desk.tenant, id).await?;
    Ok(Nothing {})
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
