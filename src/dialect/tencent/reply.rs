//! The vendor's envelope: `{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","ErrorDisplay":""}` behind the fields of an answer. The
//! outcome stands in the body alone: the HTTP status is 200 always.
//!
//! This is the one place that knows the vendor's numbers. One refusal has a number for each service: an account that does not exist is
//! 70107 for accounts, 40003 for profiles, 30003 for friends.

use std::fmt;

use serde::{Serialize, Serializer};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use crate::domain::{
    error::{Error, Fault, Unauthenticated, What},
    friend::FriendFault,
};

/// The words beside a number stand in the document.
macro_rules! codes {
    ($($(#[doc = $said:literal])* $code:ident = $number:literal,)*) => {
        /// The numbers that are answered here. Source: the vendor's page of error codes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u32)]
        pub(super) enum Code {
            $($(#[doc = $said])* $code = $number,)*
        }

        /// Every number, and what it means.
        const CODES: &[(u32, &str)] = &[$(($number, concat!($($said),*)),)*];
    };
}

codes! {
    /// Not a POST, or an address or body that cannot be read.
    BadHttp = 60002,
    /// The body is no JSON object.
    NoJson = 60003,
    /// The identifier is missing or no account's name.
    BadIdentifier = 60004,
    /// The UserSig is missing.
    NoUserSig = 60005,
    /// No app of this number.
    BadSdkAppId = 60006,
    /// No such command.
    UnknownCommand = 60009,
    /// Only an app's administrator calls the REST API.
    NotAdministrator = 60010,
    /// Too often.
    TooFrequent = 60011,
    /// The number of the app is missing.
    NoSdkAppId = 60012,
    /// An account is named by something else than a text.
    AccountNotText = 60015,

    /// The UserSig has expired, or its account was kicked since. A ticket is told the same: the SDK then asks for a new UserSig.
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
    /// The house is busy.
    AccountTimeOut = 70169,
    /// A parameter of an account command is wrong.
    AccountParameter = 70402,
    /// Only an administrator may.
    AccountRights = 70403,
    /// A failure of our own.
    AccountInternal = 70500,

    /// A parameter of a profile command is wrong.
    ProfileParameter = 40001,
    /// The account does not exist.
    NoSuchProfile = 40003,
    /// Only an administrator may.
    ProfileRights = 40004,
    /// A failure of our own, or the house is busy.
    ProfileInternal = 40006,
    /// A custom field is not for the caller's eyes.
    TagNotReadable = 40007,
    /// A custom field is not for the caller to write.
    TagNotWritable = 40008,
    /// No tag of this name.
    NoSuchTag = 40009,
    /// A value is longer than 500 bytes.
    TooLong = 40601,
    /// A value is none of its standard field's.
    NotForField = 40605,
    /// A text where a number is due, or the other way.
    WrongType = 40610,

    /// A parameter of a friends command is wrong.
    RelationParameter = 30001,
    /// The account does not exist.
    NoSuchRelation = 30003,
    /// Only an administrator may.
    RelationRights = 30004,
    /// A failure of our own.
    RelationInternal = 30006,
    /// The house is busy.
    RelationTimeOut = 30007,
    /// The one who asks may not ask anybody.
    MayNotAsk = 30009,
    /// The one who asks has as many friends as one may.
    MyListFull = 30010,
    /// As many groups as one may have.
    GroupsFull = 30011,
    /// As many requests wait as may.
    RequestsFull = 30012,
    /// The black list is full.
    BlocksFull = 30013,
    /// The other has as many friends as one may.
    TheirListFull = 30014,
    /// The other is on one's own black list.
    IBlock = 30515,
    /// The other wants no friends.
    TheyDeny = 30516,
    /// One is on the other's black list.
    TheyBlock = 30525,
    /// The other is asked first. No failure.
    Waiting = 30539,
    /// No such request waits.
    NoSuchRequest = 30614,
    /// The other is no friend.
    NotFriends = 31704,
    /// The other is no friend, so it goes into no new group.
    NoFriendForGroup = 32216,

    /// A parameter of a command about online status is wrong.
    OnlineParameter = 90001,
    /// Only an administrator may.
    OnlineRights = 90009,
    /// The server is busy.
    OnlineTimeOut = 90992,
    /// A failure of our own.
    OnlineInternal = 90994,
}

impl Code {
    /// The number.
    pub(super) fn number(self) -> u32 {
        self as u32
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u32(self.number())
    }
}

impl PartialSchema for Code {
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

impl ToSchema for Code {}

/// A service of the vendor's: each has its own numbers for what may befall any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// Accounts, signing in, and what belongs to no other.
    Account,
    /// Profiles.
    Profile,
    /// Friends, black lists and following.
    Relations,
    /// Online status by the REST API, which the vendor has among the commands of messages.
    Online,
}

impl Family {
    /// The service of a command.
    pub(super) fn of(name: &str) -> Self {
        match name.split_once('.') {
            Some(("profile", _)) => Self::Profile,
            Some(("sns" | "follow", _)) => Self::Relations,
            Some(("openim", _)) => Self::Online,
            Some(_) | None => Self::Account,
        }
    }

    /// Its numbers for a wrong parameter, a caller that may not, an account that does not exist, a server that is busy, and a failure of
    /// our own.
    fn codes(self) -> [Code; 5] {
        use Code::*;
        match self {
            Self::Account => [AccountParameter, AccountRights, NotImported, AccountTimeOut, AccountInternal],
            Self::Profile => [ProfileParameter, ProfileRights, NoSuchProfile, ProfileInternal, ProfileInternal],
            Self::Relations => [RelationParameter, RelationRights, NoSuchRelation, RelationTimeOut, RelationInternal],
            Self::Online => [OnlineParameter, OnlineRights, NotImported, OnlineTimeOut, OnlineInternal],
        }
    }
}

/// Why a command is refused, whole or for one of the accounts it names.
#[derive(Debug)]
pub(super) enum Refused {
    /// With a number of its own.
    Said(Code, String),
    /// A parameter is wrong.
    BadParameter(String),
    /// The caller may not.
    Rights(String),
    /// A verb refused.
    Domain(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Domain(error)
    }
}

/// Why a UserSig is refused that has not expired. The vendor's number is that of an expired one: by it the SDK asks for another.
const KICKED: &str = "usersig was made before this account was kicked or deleted: sign a new one";

/// What helps against an expired UserSig.
pub(super) const SIGN_ANEW: &str = "usersig has expired: sign a new one";

impl From<FriendFault> for Refused {
    fn from(fault: FriendFault) -> Self {
        let (code, info) = match fault {
            FriendFault::NoSuchUser => return Error::NotFound(What::User).into(),
            FriendFault::Oneself => return Self::BadParameter(format!("To_Account {}", Fault::Oneself)),
            // The next and another below are the vendor's own words.
            FriendFault::AlreadyFriends => (Code::RelationParameter, "Err_SNS_FriendAdd_Friend_Exist"),
            FriendFault::NotFriends => (Code::NotFriends, "This account is no friend: add it first"),
            FriendFault::IBlock => (Code::IBlock, "This account is on one's own black list: take it off first"),
            FriendFault::TheyBlock => (Code::TheyBlock, "This account has the other on its black list"),
            FriendFault::TheyDeny => (Code::TheyDeny, "This account wants no friends"),
            FriendFault::MayNotAsk => {
                (Code::MayNotAsk, "Tag_Profile_IM_AdminForbidType keeps this account from adding friends")
            }
            FriendFault::MyListFull => (Code::MyListFull, "This account has 3000 friends, the most there may be"),
            FriendFault::TheirListFull => (Code::TheirListFull, "The other has 3000 friends, the most there may be"),
            FriendFault::GroupsFull => {
                (Code::GroupsFull, "This account has 32 groups of friends, the most there may be")
            }
            FriendFault::RequestsFull => (Code::RequestsFull, "1000 requests wait for an answer, the most that may"),
            FriendFault::NoSuchRequest => (Code::NoSuchRequest, "No request of this account waits for an answer"),
            FriendFault::AlreadyBlocked => (Code::RelationParameter, "Err_SNS_BlackListAdd_Already_Exist"),
            FriendFault::NotBlocked => (Code::RelationParameter, "This account is not on the black list"),
            FriendFault::FollowingFull => (Code::MyListFull, "This account follows 10000 users, the most there may be"),
            FriendFault::Unfinished => {
                (Code::RelationTimeOut, "The server did not come to this account: call again for it")
            }
            FriendFault::BlocksFull => (Code::BlocksFull, "The black list holds 10000 accounts, the most it may"),
        };
        Self::Said(code, info.to_owned())
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said(Family::Account).1)
    }
}

impl Refused {
    /// The number and the sentence, in a service's own numbers. A failure of our own is logged here.
    fn said(&self, family: Family) -> (Code, String) {
        let [parameter, rights, ..] = family.codes();
        match self {
            Self::Said(code, info) => (*code, info.clone()),
            Self::BadParameter(info) => (parameter, info.clone()),
            Self::Rights(info) => (rights, info.clone()),
            Self::Domain(error) => said(error, family),
        }
    }

    /// Whether it is no fault of what the call says: the same call may go through at another time.
    pub(super) fn is_ours(&self) -> bool {
        matches!(self, Self::Domain(Error::Busy | Error::StorageFull | Error::Internal(_) | Error::TooMany { .. }))
    }
}

fn said(error: &Error, family: Family) -> (Code, String) {
    let [parameter, rights, no_such_user, busy, internal] = family.codes();
    let code = match error {
        Error::Invalid { .. } | Error::Conflict(_) => parameter,
        Error::Unauthenticated(Unauthenticated::Missing | Unauthenticated::Wrong | Unauthenticated::Expired) => {
            return (Code::Expired, SIGN_ANEW.to_owned());
        }
        Error::Unauthenticated(Unauthenticated::Revoked) => return (Code::Expired, KICKED.to_owned()),
        error if *error == Error::SUSPENDED => Code::Suspended,
        Error::Forbidden(_) => rights,
        Error::NotFound(What::User) => {
            return (no_such_user, "This account does not exist: import it first".to_owned());
        }
        Error::NotFound(_) => parameter,
        Error::TooMany { .. } => Code::TooFrequent,
        Error::Busy => busy,
        Error::StorageFull => internal,
        Error::Internal(cause) => {
            log::error!("{cause}");
            internal
        }
    };
    (code, error.to_string())
}

/// An answer, written: a JSON object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer(String);

impl Answer {
    /// Its text, to stand in a frame.
    pub(super) fn as_text(&self) -> &str {
        &self.0
    }

    /// Its text, to be a body.
    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// What a command tells beside the envelope.
pub(super) trait Told: Serialize + ToSchema {
    /// The room that it takes, about: a text of 80 KB that grows is copied ten times.
    fn bytes(&self) -> usize {
        BYTES
    }
}

/// What most answers have room in.
const BYTES: usize = 512;

/// No fields: the envelope says that it is done.
#[derive(Serialize, ToSchema)]
pub(super) struct Nothing {}

impl Told for Nothing {}

/// The fields of an answer and the envelope behind them. Written at once: a tree of a hundred profiles costs ten times its text.
#[derive(Serialize)]
struct Enveloped<F> {
    #[serde(flatten)]
    fields: F,
    #[serde(flatten)]
    envelope: Done,
}

/// The envelope of a good answer.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Done {
    /// That the command ran. Of several accounts, each one's `ResultCode` says what became of it.
    #[schema(pattern = "^OK$", example = "OK")]
    action_status: &'static str,
    #[schema(minimum = 0, maximum = 0)]
    error_code: u32,
    #[schema(max_length = 0)]
    error_info: &'static str,
    #[schema(max_length = 0)]
    error_display: &'static str,
}

/// A call that is refused whole: the envelope alone.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Failed {
    /// That nothing was done.
    #[schema(pattern = "^FAIL$", example = "FAIL")]
    action_status: &'static str,
    error_code: Code,
    /// What is wrong, and what to do.
    error_info: String,
    #[schema(max_length = 0)]
    error_display: &'static str,
}

fn written(answer: &impl Serialize, bytes: usize) -> Answer {
    let mut text = Vec::with_capacity(bytes);
    let written = serde_json::to_writer(&mut text, answer).map_err(Error::internal);
    Answer(written.and_then(|()| String::from_utf8(text).map_err(Error::internal)).unwrap_or_else(|error| {
        log::error!("an answer that cannot be written: {error:?}");
        format!(r#"{{"ActionStatus":"FAIL","ErrorCode":{}}}"#, Code::AccountInternal.number())
    }))
}

/// A good answer of a command.
pub(super) fn told(fields: impl Told) -> Answer {
    let bytes = fields.bytes();
    of_bytes(fields, bytes)
}

/// A good answer: these fields, of a map or a structure, and the envelope behind them.
pub(super) fn ok(fields: impl Serialize) -> Answer {
    of_bytes(fields, BYTES)
}

fn of_bytes(fields: impl Serialize, bytes: usize) -> Answer {
    let envelope = Done { action_status: "OK", error_code: 0, error_info: "", error_display: "" };
    written(&Enveloped { fields, envelope }, bytes)
}

/// A refusal: the envelope alone.
pub(super) fn failed(refused: &Refused, family: Family) -> Answer {
    let (error_code, error_info) = refused.said(family);
    written(&Failed { action_status: "FAIL", error_code, error_info, error_display: "" }, BYTES)
}

/// What became of one of the accounts that a command names.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Outcome {
    /// The account, as the call named it.
    #[serde(rename = "To_Account")]
    #[schema(example = "user1")]
    to_account: String,
    /// 0, or a number of `ErrorCode`.
    #[schema(example = 0)]
    result_code: u32,
    /// Why not.
    #[schema(example = "")]
    result_info: String,
}

impl Outcome {
    /// Of this account.
    pub(super) fn of(account: &str, family: Family, outcome: Result<(), Refused>) -> Self {
        let (result_code, result_info) = result(family, outcome);
        Self { to_account: account.to_owned(), result_code, result_info }
    }
}

/// `ResultCode` and `ResultInfo`: 0 and no text, or a refusal.
pub(super) fn result(family: Family, outcome: Result<(), Refused>) -> (u32, String) {
    match outcome {
        Ok(()) => (0, String::new()),
        Err(refused) => {
            let (code, info) = refused.said(family);
            (code.number(), info)
        }
    }
}
