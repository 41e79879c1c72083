//! Accounts: import, check, delete, kick. Source: the vendor's pages on account management.

use serde::Serialize;
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use super::{
    body::{
        BodyField, BoundedList, FieldType, ListItem, RequestBody as _, Schemas, Text, body, named_schema_ref, object,
        property, schema_ref, with_example,
    },
    call::{CommandCall, CommandContext, CommandResult, account_of, bad},
    reply::{self, ErrorCode, Family, NoFields, ResponseFields, TencentError},
    tags::{self, text},
};
use crate::{
    domain::{DisplayName, Error, Fault, Owner, Patch, ProfileChange, Resource, UserId, text::at_most_bytes},
    service::RegisterUser,
};

body! {
    /// An account to create, or to update if it exists.
    struct AccountImportRequest<'a> as "AccountImport" {
        /// The account's name: at most 32 of `A-Z a-z 0-9 . _ @ -`. Older editions of the vendor's page call this field
        /// `Identifier`; both names work.
        id: NewAccountId = "UserID",
        /// The display name, at most 500 bytes of UTF-8; an empty one clears it.
        nick: Option<Text<'a, { DisplayName::BYTES_MAX }>> = "Nick" eg "User One",
        /// The avatar: an address or any text, at most 500 bytes of UTF-8.
        face: Option<Text<'a, { tags::IMAGE_BYTES_MAX }>> = "FaceUrl" eg "https://example.com/face.png",
    }

    /// One of the two lists, not both.
    struct MultiAccountImportRequest<'a> as "MultiaccountImport" eg { "Accounts": ["user1", "user2"] } {
        /// Names only.
        bare: Option<BoundedList<BareAccountName<'a>, ACCOUNTS_MAX>> = "Accounts",
        /// Names with the fields of `account_import`.
        accounts: Option<BoundedList<AccountImportItem<'a>, ACCOUNTS_MAX>> = "AccountList",
    }

    /// Accounts to check.
    struct AccountCheckRequest<'a> as "AccountCheckCall" {
        accounts: BoundedList<AccountName<'a>, ACCOUNTS_MAX> = "CheckItem",
    }

    /// Accounts to delete.
    struct AccountDeleteRequest<'a> as "AccountDelete" {
        accounts: BoundedList<AccountName<'a>, ACCOUNTS_MAX> = "DeleteItem",
    }

    /// An account whose sessions end.
    struct AccountKickRequest<'a> as "AccountKick" {
        /// The account's name; `Identifier` also works.
        account: AccountName<'a> = "UserID" eg "user2",
    }
}

pub(super) struct AccountName<'a>(&'a str);

impl<'a> FieldType<'a> for AccountName<'a> {
    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
        Ok(named_account(at.object)?.map(|(_, account)| Self(account)))
    }

    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        text().into()
    }
}

/// The id of an account that a command may create, and the name of its field.
pub(super) struct NewAccountId {
    field: &'static str,
    id: UserId,
}

impl NewAccountId {
    fn parse(field: &'static str, given: &str) -> Result<Self, TencentError> {
        let id = at_most_bytes(given, USER_ID_BYTES_MAX).and_then(UserId::parse);
        id.map(|id| Self { field, id }).map_err(|fault| bad(&fault, field))
    }
}

impl<'a> FieldType<'a> for NewAccountId {
    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
        named_account(at.object)?.map(|(field, given)| Self::parse(field, given)).transpose()
    }

    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        let name = text().min_length(Some(1)).max_length(Some(USER_ID_BYTES_MAX));
        with_example(name.pattern(Some("^[A-Za-z0-9._@-]+$")), "user1")
    }
}

/// An item of a list of accounts to import. An invalid item does not fail the others.
pub(super) struct AccountImportItem<'a>(&'a str, Result<AccountImportRequest<'a>, TencentError>);

impl<'a> ListItem<'a> for AccountImportItem<'a> {
    fn read_item(at: BodyField<'a>, item: &'a Value) -> Result<Self, TencentError> {
        Ok(Self(user_id(item)?, AccountImportRequest::read(at.call, item)))
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        schema_ref::<AccountImportRequest<'_>>(others)
    }
}

pub(super) struct BareAccountName<'a>(AccountImportItem<'a>);

impl<'a> ListItem<'a> for BareAccountName<'a> {
    fn read_item(_: BodyField<'a>, name: &'a Value) -> Result<Self, TencentError> {
        let account = account_of(name, USER_ID)?;
        let import =
            NewAccountId::parse(USER_ID, account).map(|id| AccountImportRequest { id, nick: None, face: None });
        Ok(Self(AccountImportItem(account, import)))
    }
}

impl<'a> ListItem<'a> for AccountName<'a> {
    fn read_item(_: BodyField<'a>, item: &'a Value) -> Result<Self, TencentError> {
        user_id(item).map(Self)
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        let name = property::<AccountName<'_>>(
            USER_ID,
            &["The account's name; `Identifier` also works."],
            Some("user1".into()),
        );
        named_schema_ref("NamedAccount", object(&["An account by its name."], [name], None), others)
    }
}

/// Accounts in one call. "At most 100."
const ACCOUNTS_MAX: usize = 100;

/// Bytes of the id of an account that this dialect creates. "The length cannot exceed 32 bytes."
pub(super) const USER_ID_BYTES_MAX: usize = 32;

const USER_ID: &str = "UserID";

const TOO_LONG: Fault = Fault::TooManyBytes { bytes_max: USER_ID_BYTES_MAX as u64 };

/// An unknown account is created later in the login, so its id must meet this dialect's rule.
pub(super) async fn login_account(context: &CommandContext<'_>, identifier: &str) -> Result<UserId, TencentError> {
    const FIELD: &str = "identifier";
    let id = UserId::parse(identifier).map_err(|fault| bad(&fault, FIELD))?;
    match identifier.len() <= USER_ID_BYTES_MAX || context.service.find_user(context.tenant, &id).await?.is_some() {
        true => Ok(id),
        false => Err(bad(&TOO_LONG, FIELD)),
    }
}

pub(super) async fn import(call: CommandCall<'_>, request: AccountImportRequest<'_>) -> CommandResult<NoFields> {
    import_one(call, request).await?;
    Ok(NoFields {})
}

/// Imports each account by itself; the response names those that failed.
pub(super) async fn import_many(
    call: CommandCall<'_>,
    request: MultiAccountImportRequest<'_>,
) -> CommandResult<FailedImports> {
    let imports = match (request.bare, request.accounts) {
        (Some(_), Some(_)) => {
            return Err(TencentError::BadParameter("Give Accounts or AccountList, not both".to_owned()));
        }
        (Some(bare), None) => bare.0.into_iter().map(|bare| bare.0).collect(),
        (None, Some(accounts)) => accounts.0,
        (None, None) => return Err(bad(&Fault::Missing, "AccountList")),
    };
    let mut fail_accounts = Vec::new();
    for AccountImportItem(account, import) in imports {
        let imported = match import {
            Ok(import) => import_one(call, import).await,
            Err(refused) => Err(refused),
        };
        match imported {
            Err(refused) if refused.may_succeed_later() => return Err(refused),
            Err(_) => fail_accounts.push(account.to_owned()),
            Ok(()) => {}
        }
    }
    Ok(FailedImports { fail_accounts })
}

/// The accounts that were not imported.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = ImportResult)]
pub(super) struct FailedImports {
    fail_accounts: Vec<String>,
}

impl ResponseFields for FailedImports {}

/// Its other names: `Identifier` in older editions of the vendor's pages, `UserId` in some published libraries.
const USER_ID_NAMES: [&str; 3] = [USER_ID, "Identifier", "UserId"];

/// # Errors
/// 60015; a bad parameter if two of the fields name different accounts.
fn named_account(item: &Value) -> Result<Option<(&'static str, &str)>, TencentError> {
    let mut found: Option<(&'static str, &str)> = None;
    for name in USER_ID_NAMES {
        let Some(value) = item.get(name).filter(|value| !value.is_null()) else { continue };
        let account = account_of(value, name)?;
        match found {
            None => found = Some((name, account)),
            Some((first, other)) if other != account => {
                let info = format!("{first} and {name} name different accounts: give one of them");
                return Err(TencentError::BadParameter(info));
            }
            Some(_) => {}
        }
    }
    Ok(found)
}

fn user_id(item: &Value) -> Result<&str, TencentError> {
    match named_account(item)? {
        Some((_, account)) => Ok(account),
        None => account_of(&Value::Null, USER_ID),
    }
}

async fn import_one(call: CommandCall<'_>, import: AccountImportRequest<'_>) -> Result<(), TencentError> {
    let (NewAccountId { field, id }, context) = (import.id, call.context);
    let known = context.service.find_user(context.tenant, &id).await?;
    let nick = import.nick.map(|nick| nick.0);
    let face = import.face.map(|face| face.0).filter(|face| !face.is_empty());
    let avatar = face.map(|face| tags::avatar(context, known.as_ref(), face)).transpose();
    let change = ProfileChange {
        display_name: Patch::given(nick, DisplayName::parse).map_err(|fault| bad(&fault, "Nick"))?,
        avatar: avatar.map_err(|fault| bad(&fault, "FaceUrl"))?.flatten(),
        ..ProfileChange::default()
    };
    let imported = context.service.import_user(context.tenant, RegisterUser { id, change, device: None }).await;
    imported.map(|_| ()).map_err(|error| name_field(error, field))
}

fn name_field(error: Error, field: &str) -> TencentError {
    match matches!(error, Error::Invalid { fault: Fault::Reserved, .. }) {
        true => bad(&Fault::Reserved, field),
        false => error.into(),
    }
}

pub(super) async fn check(call: CommandCall<'_>, request: AccountCheckRequest<'_>) -> CommandResult<AccountChecks> {
    let context = call.context;
    let found = async |account: &str| match UserId::parse(account) {
        Ok(id) => Ok(context.service.find_user(context.tenant, &id).await?.is_some()),
        Err(_) => Ok(false),
    };
    let mut result_item = Vec::new();
    for AccountName(account) in request.accounts.0 {
        let is_imported: Result<bool, TencentError> = found(account).await;
        let account_status = if is_imported? { "Imported" } else { "NotImported" };
        result_item.push(AccountCheck { outcome: AccountResultItem::of(account, Ok(())), account_status });
    }
    Ok(AccountChecks { result_item })
}

pub(super) async fn delete(
    call: CommandCall<'_>,
    request: AccountDeleteRequest<'_>,
) -> CommandResult<AccountDeletions> {
    let named: Vec<&str> = request.accounts.0.into_iter().map(|name| name.0).collect();
    let ids: Vec<Option<UserId>> = named.iter().map(|account| UserId::parse(account).ok()).collect();
    let owners = ids.iter().flatten().cloned().map(Owner::Named).collect();
    let mut deleted = call.context.service.delete_users(call.context.tenant, owners).await.into_iter();
    let outcome = |(account, id): (&&str, &Option<UserId>)| {
        let none = Err(Error::NotFound(Resource::User));
        let deleted = match id.as_ref().and_then(|_| deleted.next()).unwrap_or(none) {
            // This is the vendor's text.
            Err(Error::NotFound(Resource::User)) => {
                Err(TencentError::Coded(ErrorCode::NotImported, "Err_TLS_PT_Open_Login_Account_Not_Exist".to_owned()))
            }
            deleted => deleted.map_err(TencentError::from),
        };
        AccountResultItem::of(account, deleted)
    };
    Ok(AccountDeletions { result_item: named.iter().zip(&ids).map(outcome).collect() })
}

/// Revokes every UserSig made before now. Waits for the end of this second, the resolution of a UserSig.
pub(super) async fn kick(call: CommandCall<'_>, request: AccountKickRequest<'_>) -> CommandResult<NoFields> {
    let id = UserId::parse(request.account.0).map_err(|_| Error::NotFound(Resource::User))?;
    call.context.service.kick(call.context.tenant, id).await?;
    Ok(NoFields {})
}

/// The accounts in the order of the call.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AccountChecks {
    result_item: Vec<AccountCheck>,
}

impl ResponseFields for AccountChecks {}

/// Whether an account exists.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct AccountCheck {
    #[serde(flatten)]
    outcome: AccountResultItem,
    #[schema(pattern = "^(Imported|NotImported)$", example = "Imported")]
    account_status: &'static str,
}

/// The accounts in the order of the call.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AccountDeletions {
    result_item: Vec<AccountResultItem>,
}

impl ResponseFields for AccountDeletions {}

/// The result for one account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = AccountResultItem)]
struct AccountResultItem {
    /// The account, as the call named it.
    #[serde(rename = "UserID")]
    #[schema(example = "user1")]
    user_id: String,
    /// 0, or a number of `ErrorCode`.
    #[schema(example = 0)]
    result_code: u32,
    /// The reason for a failure.
    #[schema(example = "")]
    result_info: String,
}

impl AccountResultItem {
    fn of(account: &str, outcome: Result<(), TencentError>) -> Self {
        let (result_code, result_info) = reply::result(Family::Account, outcome);
        Self { user_id: account.to_owned(), result_code, result_info }
    }
}
