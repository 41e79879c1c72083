//! The vendor's envelope, `{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","ErrorDisplay":""}` after the fields of a
//! response, and its error codes. The HTTP status is always 200. Each service has its own code for an error: an account
//! that does not exist is 70107 for accounts, 40003 for profiles, 30003 for friends.

use std::{borrow::Cow, fmt};

use serde::{Serialize, Serializer};
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use crate::domain::{Error, Fault, FriendFault, Resource, Unauthenticated};

/// Declares the codes. Their comments are part of the OpenAPI document.
macro_rules! codes {
    ($($(#[doc = $said:literal])* $code:ident = $number:literal,)*) => {
        /// The codes that this server returns. Source: the vendor's page of error codes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u32)]
        pub(super) enum ErrorCode {
            $($(#[doc = $said])* $code = $number,)*
        }

        const CODES: &[(u32, &str)] = &[$(($number, concat!($($said),*)),)*];
    };
}

codes! {
    /// Not a POST, or an address or body that cannot be read.
    BadHttp = 60002,
    /// The body is not a JSON object.
    NoJson = 60003,
    /// The identifier is missing or not the name of an account.
    BadIdentifier = 60004,
    /// The UserSig is missing.
    NoUserSig = 60005,
    /// No app has this SDKAppID.
    BadSdkAppId = 60006,
    /// No such command.
    UnknownCommand = 60009,
    /// Only an app's administrator calls the REST API.
    NotAdministrator = 60010,
    /// Too many calls.
    TooFrequent = 60011,
    /// The SDKAppID is missing.
    NoSdkAppId = 60012,
    /// The name of an account is not text.
    AccountNotText = 60015,

    /// The UserSig has expired, or its account was kicked since. An invalid ticket has this code too, so that the SDK
    /// asks for a new UserSig.
    Expired = 70001,
    /// The UserSig cannot be read.
    Unreadable = 70003,
    /// The UserSig is not signed with the app's secret.
    Forged = 70009,
    /// The UserSig names another account.
    OtherAccount = 70013,
    /// The UserSig is of another app.
    OtherApp = 70014,
    /// The account is suspended.
    Suspended = 70051,
    /// The account does not exist.
    NotImported = 70107,
    /// The server is busy.
    AccountTimeOut = 70169,
    /// A parameter of an account command is wrong.
    AccountParameter = 70402,
    /// Only an administrator may do this.
    AccountRights = 70403,
    /// An internal error.
    AccountInternal = 70500,

    /// A parameter of a profile command is wrong.
    ProfileParameter = 40001,
    /// The account does not exist.
    NoSuchProfile = 40003,
    /// Only an administrator may do this.
    ProfileRights = 40004,
    /// An internal error, or the server is busy.
    ProfileInternal = 40006,
    /// The caller may not read this custom field.
    TagNotReadable = 40007,
    /// The caller may not write this custom field.
    TagNotWritable = 40008,
    /// No tag of this name.
    NoSuchTag = 40009,
    /// A value is longer than 500 bytes.
    TooLong = 40601,
    /// The field does not accept this value.
    NotForField = 40605,
    /// The value is text where a number is required, or a number where text is required.
    WrongType = 40610,

    /// A parameter of a friends command is wrong.
    RelationParameter = 30001,
    /// The account does not exist.
    NoSuchRelation = 30003,
    /// Only an administrator may do this.
    RelationRights = 30004,
    /// An internal error.
    RelationInternal = 30006,
    /// The server is busy.
    RelationTimeOut = 30007,
    /// The user may not send friend requests.
    MayNotSendRequests = 30009,
    /// The user has the maximum number of friends.
    OwnListFull = 30010,
    /// The user has the maximum number of groups.
    GroupsFull = 30011,
    /// The maximum number of requests is waiting.
    RequestsFull = 30012,
    /// The black list is full.
    BlocksFull = 30013,
    /// The other user has the maximum number of friends.
    OtherListFull = 30014,
    /// The other user is on the user's own black list.
    OwnerBlocks = 30515,
    /// The other user accepts no friends.
    OtherDenies = 30516,
    /// The user is on the other user's black list.
    OtherBlocks = 30525,
    /// The other user is asked first. This is not a failure.
    Waiting = 30539,
    /// There is no such waiting request.
    NoSuchRequest = 30614,
    /// The other user is not a friend.
    NotFriends = 31704,
    /// The other user is not a friend, so it cannot join a new group.
    NoFriendForGroup = 32216,

    /// A parameter of a command on messages is wrong, or both accounts are the same.
    ChatParameter = 20001,
    /// The sender or the recipient does not exist.
    NoSuchChatter = 20003,
    /// One of the two users blocks the other, and the app refuses such messages.
    Blocked = 20007,
    /// The message is older than a client may recall.
    RecallTooLate = 20016,
    /// The message does not exist, or is not the user's own.
    NoSuchMessage = 20022,
    /// The message was recalled before.
    RecalledBefore = 20023,
    /// The message has another `MsgVersion`. The response has its present content.
    OtherVersion = 20027,
    /// The message is too large (on the socket).
    MessageTooLarge = 80002,

    /// A parameter of a command about online status or messages is wrong.
    OnlineParameter = 90001,
    /// `To_Account` is missing.
    NoRecipient = 90003,
    /// `MsgRandom` is missing or no number.
    BadRandom = 90005,
    /// `MsgBody` is not a list with an element.
    NoElements = 90007,
    /// Only an administrator may do this.
    OnlineRights = 90009,
    /// An element of `MsgBody` is wrong, or not served.
    BadElement = 90010,
    /// More than 500 recipients.
    TooManyRecipients = 90011,
    /// `MsgLifeTime` is more than seven days.
    LifeTimeTooLong = 90026,
    /// `SyncOtherMachine` is no number.
    SyncNotNumber = 90031,
    /// `MsgLifeTime` is no number.
    LifeTimeNotNumber = 90044,
    /// One of the two accounts does not exist.
    NoSuchOperator = 90048,
    /// `MsgKey` is no key of a message.
    BadMessageKey = 90054,
    /// The server is busy.
    OnlineTimeOut = 90992,
    /// An internal error.
    OnlineInternal = 90994,
    /// The message is too large (by the REST API).
    RestMessageTooLarge = 93000,
}

impl ErrorCode {
    pub(super) fn number(self) -> u32 {
        self as u32
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u32(self.number())
    }
}

impl PartialSchema for ErrorCode {
    fn schema() -> RefOr<Schema> {
        let meanings: String = CODES.iter().map(|(number, said)| format!("- {number}:{said}\n")).collect();
        let numbers = CODES.iter().map(|(number, _)| *number);
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .enum_values(Some(numbers))
            .description(Some(format!("Why a call is refused.\n\n{meanings}")))
            .into()
    }
}

impl ToSchema for ErrorCode {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Code")
    }
}

/// A service of the vendor. Each has its own codes for the same errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// Accounts, sign-in, and all else.
    Account,
    Profile,
    /// Friends, black lists and following.
    Relations,
    /// Online status by the REST API, which the vendor counts among the commands on messages.
    Online,
    /// Messages and conversations.
    Messages,
}

impl Family {
    pub(super) fn of(name: &str) -> Self {
        match name.split_once('.') {
            Some(("profile", _)) => Self::Profile,
            Some(("sns" | "follow", _)) => Self::Relations,
            Some(("openim", "query_online_status" | "querystate")) => Self::Online,
            Some(("openim" | "recentcontact", _)) => Self::Messages,
            Some(_) | None => Self::Account,
        }
    }

    /// Returns the codes for: invalid parameter, missing permission, unknown account, busy server, internal error.
    fn codes(self) -> [ErrorCode; 5] {
        use ErrorCode::*;
        match self {
            Self::Account => [AccountParameter, AccountRights, NotImported, AccountTimeOut, AccountInternal],
            Self::Profile => [ProfileParameter, ProfileRights, NoSuchProfile, ProfileInternal, ProfileInternal],
            Self::Relations => [RelationParameter, RelationRights, NoSuchRelation, RelationTimeOut, RelationInternal],
            Self::Messages => [OnlineParameter, OnlineRights, NoSuchChatter, OnlineTimeOut, OnlineInternal],
            Self::Online => [OnlineParameter, OnlineRights, NotImported, OnlineTimeOut, OnlineInternal],
        }
    }
}

/// Why a command, or one of its accounts, is refused.
#[derive(Debug)]
pub(super) enum TencentError {
    Coded(ErrorCode, String),
    /// With this code, and with fields before the envelope: an object.
    WithFields(ErrorCode, String, Value),
    BadParameter(String),
    Rights(String),
    Domain(Error),
}

impl From<Error> for TencentError {
    fn from(error: Error) -> Self {
        Self::Domain(error)
    }
}

/// The vendor's code for this UserSig is that of an expired one: it makes the SDK ask for another.
const KICKED: &str = "usersig was made before this account was kicked or deleted: sign a new one";

pub(super) const SIGN_ANEW: &str = "usersig has expired: sign a new one";

impl From<FriendFault> for TencentError {
    fn from(fault: FriendFault) -> Self {
        use ErrorCode::*;
        let (code, info) = match fault {
            FriendFault::NoSuchUser => return Error::NotFound(Resource::User).into(),
            FriendFault::Oneself => return Self::BadParameter(format!("To_Account {}", Fault::Oneself)),
            // The texts that begin with `Err_SNS_` are the vendor's.
            FriendFault::AlreadyFriends => (RelationParameter, "Err_SNS_FriendAdd_Friend_Exist"),
            FriendFault::NotFriends => (NotFriends, "This account is no friend: add it first"),
            FriendFault::OwnerBlocks => (OwnerBlocks, "This account is on one's own black list: take it off first"),
            FriendFault::OtherBlocks => (OtherBlocks, "This account has the other on its black list"),
            FriendFault::OtherDenies => (OtherDenies, "This account accepts no friend requests"),
            FriendFault::MayNotSendRequests => {
                (MayNotSendRequests, "Tag_Profile_IM_AdminForbidType keeps this account from adding friends")
            }
            FriendFault::OwnListFull => (OwnListFull, "This account has 3000 friends, the most there may be"),
            FriendFault::OtherListFull => (OtherListFull, "The other has 3000 friends, the most there may be"),
            FriendFault::GroupsFull => (GroupsFull, "This account has 32 groups of friends, the most there may be"),
            FriendFault::RequestsFull => (RequestsFull, "1000 friend requests are pending, the maximum"),
            FriendFault::NoSuchRequest => (NoSuchRequest, "No request of this account waits for an answer"),
            FriendFault::AlreadyBlocked => (RelationParameter, "Err_SNS_BlackListAdd_Already_Exist"),
            FriendFault::NotBlocked => (RelationParameter, "This account is not on the black list"),
            FriendFault::FollowingFull => (OwnListFull, "This account follows 10000 users, the most there may be"),
            FriendFault::Unfinished => (RelationTimeOut, "The call stopped before this account: call again for it"),
            FriendFault::BlocksFull => (BlocksFull, "The black list holds 10000 accounts, the most it may"),
        };
        Self::Coded(code, info.to_owned())
    }
}

impl fmt::Display for TencentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code_and_info(Family::Account).1)
    }
}

impl TencentError {
    fn code_and_info(&self, family: Family) -> (ErrorCode, String) {
        let [parameter, rights, ..] = family.codes();
        match self {
            Self::Coded(code, info) | Self::WithFields(code, info, _) => (*code, info.clone()),
            Self::BadParameter(info) => (parameter, info.clone()),
            Self::Rights(info) => (rights, info.clone()),
            Self::Domain(error) => code_and_info(error, family),
        }
    }

    /// Whether the same call may succeed at another time: the body is not at fault.
    pub(super) fn may_succeed_later(&self) -> bool {
        matches!(self, Self::Domain(Error::Busy | Error::StorageFull | Error::Internal(_) | Error::TooMany { .. }))
    }
}

fn code_and_info(error: &Error, family: Family) -> (ErrorCode, String) {
    let [parameter, rights, no_such_user, busy, internal] = family.codes();
    let code = match error {
        Error::Invalid { .. } | Error::Conflict(_) => parameter,
        Error::Unauthenticated(Unauthenticated::Missing | Unauthenticated::Wrong | Unauthenticated::Expired) => {
            return (ErrorCode::Expired, SIGN_ANEW.to_owned());
        }
        Error::Unauthenticated(Unauthenticated::Revoked) => return (ErrorCode::Expired, KICKED.to_owned()),
        error if *error == Error::SUSPENDED => ErrorCode::Suspended,
        Error::Forbidden(_) => rights,
        Error::NotFound(Resource::User) => {
            return (no_such_user, "This account does not exist: import it first".to_owned());
        }
        Error::NotFound(_) => parameter,
        Error::TooMany { .. } => ErrorCode::TooFrequent,
        Error::Busy => busy,
        Error::StorageFull => internal,
        Error::Internal(cause) => {
            log::error!("{cause}");
            internal
        }
    };
    (code, error.to_string())
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TencentReply(String);

impl TencentReply {
    pub(super) fn as_text(&self) -> &str {
        &self.0
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

pub(super) trait ResponseFields: Serialize + ToSchema {
    /// Returns the rough size, to allocate at once: a text of 80 KB that grows is copied ten times.
    fn bytes(&self) -> usize {
        BYTES
    }
}

/// The size that fits most responses.
const BYTES: usize = 512;

/// No fields: the envelope says that the command succeeded.
#[derive(Serialize, ToSchema)]
#[schema(as = NoFields)]
pub(super) struct NoFields {}

impl ResponseFields for NoFields {}

/// Serialized directly, because a JSON tree of a hundred profiles costs ten times its text.
#[derive(Serialize)]
struct Enveloped<F> {
    #[serde(flatten)]
    fields: F,
    #[serde(flatten)]
    envelope: SuccessEnvelope,
}

/// The envelope of a successful response.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = Success)]
pub(super) struct SuccessEnvelope {
    /// OK: the command ran. If it names several accounts, `ResultCode` has the result for each.
    #[schema(pattern = "^OK$", example = "OK")]
    action_status: &'static str,
    #[schema(minimum = 0, maximum = 0)]
    error_code: u32,
    #[schema(max_length = 0)]
    error_info: &'static str,
    #[schema(max_length = 0)]
    error_display: &'static str,
}

/// The response to a call that is refused as a whole.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = Failure)]
pub(super) struct FailureEnvelope {
    /// FAIL: nothing was done.
    #[schema(pattern = "^FAIL$", example = "FAIL")]
    action_status: &'static str,
    error_code: ErrorCode,
    /// What is wrong, and what to do.
    error_info: String,
    #[schema(max_length = 0)]
    error_display: &'static str,
}

/// An error that says more than its code.
#[derive(Serialize)]
struct FailedWithFields<'a> {
    #[serde(flatten)]
    fields: &'a Value,
    #[serde(flatten)]
    envelope: FailureEnvelope,
}

fn written(answer: &impl Serialize, bytes: usize) -> TencentReply {
    let mut text = Vec::with_capacity(bytes);
    let written = serde_json::to_writer(&mut text, answer).map_err(Error::internal);
    TencentReply(written.and_then(|()| String::from_utf8(text).map_err(Error::internal)).unwrap_or_else(|error| {
        log::error!("a response could not be serialised: {error:?}");
        format!(r#"{{"ActionStatus":"FAIL","ErrorCode":{}}}"#, ErrorCode::AccountInternal.number())
    }))
}

pub(super) fn success(fields: impl ResponseFields) -> TencentReply {
    let bytes = fields.bytes();
    of_bytes(fields, bytes)
}

pub(super) fn success_json(fields: impl Serialize) -> TencentReply {
    of_bytes(fields, BYTES)
}

fn of_bytes(fields: impl Serialize, bytes: usize) -> TencentReply {
    let envelope = SuccessEnvelope { action_status: "OK", error_code: 0, error_info: "", error_display: "" };
    written(&Enveloped { fields, envelope }, bytes)
}

pub(super) fn failure(refused: &TencentError, family: Family) -> TencentReply {
    let (error_code, error_info) = refused.code_and_info(family);
    let envelope = FailureEnvelope { action_status: "FAIL", error_code, error_info, error_display: "" };
    match refused {
        TencentError::WithFields(_, _, fields) => written(&FailedWithFields { fields, envelope }, BYTES),
        TencentError::Coded(..) | TencentError::BadParameter(_) | TencentError::Rights(_) | TencentError::Domain(_) => {
            written(&envelope, BYTES)
        }
    }
}

/// The result for one account of a call.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = ResultItem)]
pub(super) struct ResultItem {
    /// The account, as the call named it.
    #[serde(rename = "To_Account")]
    #[schema(example = "user1")]
    to_account: String,
    /// 0, or a number of `ErrorCode`.
    #[schema(example = 0)]
    result_code: u32,
    /// The reason for a failure.
    #[schema(example = "")]
    result_info: String,
}

impl ResultItem {
    pub(super) fn of(account: &str, family: Family, outcome: Result<(), TencentError>) -> Self {
        let (result_code, result_info) = result(family, outcome);
        Self { to_account: account.to_owned(), result_code, result_info }
    }
}

/// Returns `ResultCode` and `ResultInfo`: 0 and an empty text, or those of the error.
pub(super) fn result(family: Family, outcome: Result<(), TencentError>) -> (u32, String) {
    match outcome {
        Ok(()) => (0, String::new()),
        Err(refused) => {
            let (code, info) = refused.code_and_info(family);
            (code.number(), info)
        }
    }
}
