//! Types of the fields of commands on messages.

use std::str::FromStr;

use serde_json::{Value, json};
use utoipa::openapi::{RefOr, Schema};

use crate::{
    dialect::tencent::{
        body::{BodyField, FieldType, ListItem, Schemas, TEXT, list, number, with_example},
        call::{TencentCaller, account_of},
        reply::{ErrorCode, TencentError},
        tags::text,
    },
    domain::{Error, Fault, Message, MessageRef, Moment, Owner, Resource, UserId},
};

/// The user that acts. A client may name only itself.
pub(in crate::dialect::tencent) struct Actor(pub(super) Owner);

impl<'a> FieldType<'a> for Actor {
    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
        let Some(given) = at.given() else { return Ok(None) };
        let named = account_of(given, at.name)?;
        match at.call.caller {
            TencentCaller::BackEnd => Ok(Some(Self(Owner::Named(known_id(named)?)))),
            TencentCaller::User(user) if user.id.as_str() == named => Ok(Some(Self(Owner::Itself(user.key)))),
            TencentCaller::User(_) => {
                let info = format!("{} must be the account that has signed in", at.name);
                Err(TencentError::Coded(ErrorCode::ProfileRights, info))
            }
        }
    }

    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        with_example(text(), "guest@qiscus.com")
    }
}

/// A text that is no id names no user.
fn known_id(account: &str) -> Result<UserId, TencentError> {
    UserId::parse(account).map_err(|_| Error::NotFound(Resource::User).into())
}

/// The other user of a message or a conversation.
pub(in crate::dialect::tencent) struct Recipient(pub(super) UserId);

impl<'a> FieldType<'a> for Recipient {
    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
        let Some(account) = at.given().and_then(Value::as_str).filter(|account| !account.is_empty()) else {
            let info = format!("{} must be the name of an account, in quotes", at.name);
            return Err(TencentError::Coded(ErrorCode::NoRecipient, info));
        };
        known_id(account).map(|id| Some(Self(id)))
    }

    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        with_example(text(), "user2")
    }
}

/// The `MsgBody` of a message, which its handler parses.
pub(in crate::dialect::tencent) struct RawElements<'a>(pub(super) &'a Value);

impl<'a> FieldType<'a> for RawElements<'a> {
    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
        Ok(at.given().map(Self))
    }

    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        let element = utoipa::openapi::ObjectBuilder::new()
            .property("MsgType", text())
            .property("MsgContent", utoipa::openapi::ObjectBuilder::new())
            .required("MsgType")
            .required("MsgContent");
        let mut elements = list(element, 1, usize::MAX).build();
        elements.example = Some(json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "Hello" } }]));
        RefOr::T(elements.into())
    }
}

/// Numbers of 32 bits, each with its own error code.
macro_rules! numbers {
    ($($(#[doc = $about:literal])* $name:ident = $code:ident, $is_required:literal;)*) => {$(
        $(#[doc = $about])*
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub(in crate::dialect::tencent) struct $name(pub(super) u32);

        impl<'a> FieldType<'a> for $name {
            fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
                let coded = |error| match error {
                    TencentError::BadParameter(info) => TencentError::Coded(ErrorCode::$code, info),
                    error => error,
                };
                let given = u32::at(at).map_err(coded)?;
                match (given, $is_required) {
                    (None, true) => Err(coded(at.bad(&Fault::Missing))),
                    (given, _) => Ok(given.map(Self)),
                }
            }

            fn schema(_: &mut Schemas) -> RefOr<Schema> {
                number().into()
            }
        }
    )*};
}

numbers! {
    /// The client's random number of a message.
    MessageRandom = BadRandom, true;
    /// How long a message waits, in seconds; 0: only for open sessions.
    LifeTime = LifeTimeNotNumber, false;
    /// 1: the sender's own clients get the message too; 2: they do not.
    SyncOtherMachine = SyncNotNumber, false;
}

/// The longest `MsgLifeTime`: seven days. The message is kept longer all the same.
const LIFE_TIME_S_MAX: u32 = 604_800;

impl LifeTime {
    /// Whether the message is only for sessions that are open now.
    /// # Errors
    /// 90026 above seven days.
    pub(super) fn is_passing(given: Option<Self>) -> Result<bool, TencentError> {
        match given {
            Some(Self(seconds)) if seconds > LIFE_TIME_S_MAX => {
                let info = format!("MsgLifeTime must be at most {LIFE_TIME_S_MAX} seconds: seven days");
                Err(TencentError::Coded(ErrorCode::LifeTimeTooLong, info))
            }
            Some(Self(seconds)) => Ok(seconds == 0),
            None => Ok(false),
        }
    }
}

/// A whole number below 2^53, or its digits as text: some libraries send either.
pub(in crate::dialect::tencent) struct Whole(pub(super) i64);

impl Whole {
    /// Returns the moment of a number of seconds.
    pub(super) fn second(&self) -> Moment {
        Moment::from_micros(self.0.saturating_mul(1_000_000))
    }
}

const WHOLE_MAX: i64 = (1 << 53) - 1;

impl<'a> FieldType<'a> for Whole {
    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
        const NUMBER: Fault = Fault::OutOfRange("a whole number from 0 to 9007199254740991");
        let Some(given) = at.given().filter(|given| given.as_str() != Some("")) else { return Ok(None) };
        let number = given.as_i64().or_else(|| given.as_str()?.parse().ok());
        let number = number.filter(|number| (0..=WHOLE_MAX).contains(number));
        number.map(|number| Some(Self(number))).ok_or_else(|| at.bad(&NUMBER))
    }

    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        let whole = utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::Type::Integer);
        whole.minimum(Some(0)).maximum(Some(WHOLE_MAX)).into()
    }
}

/// The names in `SendMsgControl` that the server knows; others are not read.
pub(in crate::dialect::tencent) struct Controls {
    /// The message does not count as unread.
    pub(super) is_uncounted: bool,
    /// The message is not the last one of a list.
    pub(super) is_unlisted: bool,
}

impl<'a> FieldType<'a> for Controls {
    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
        let names = at.list(0, CONTROLS_MAX, |name| name.as_str().ok_or_else(|| at.bad(&TEXT)))?;
        let has = |names: &[&str], name| names.contains(&name);
        Ok(names.map(|names| Self { is_uncounted: has(&names, "NoUnread"), is_unlisted: has(&names, "NoLastMsg") }))
    }

    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        let mut names = list(text(), 0, CONTROLS_MAX).build();
        names.example = Some(json!(["NoUnread", "NoLastMsg"]));
        RefOr::T(names.into())
    }
}

const CONTROLS_MAX: usize = 16;

/// `{MsgSeq}_{MsgRandom}_{MsgTimeStamp}`: how commands name a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dialect::tencent) struct MessageKey {
    pub(super) seq: u32,
    pub(super) random: u32,
    pub(super) at_s: i64,
}

impl MessageKey {
    pub(in crate::dialect::tencent) fn of(message: &Message) -> Self {
        Self { seq: message.numbers.seq, random: message.numbers.random, at_s: message.at.unix_s() }
    }

    pub(super) fn parse(raw: &str) -> Option<Self> {
        let mut parts = raw.split('_');
        let key = Self { seq: part(parts.next())?, random: part(parts.next())?, at_s: part(parts.next())? };
        parts.next().is_none().then_some(key)
    }

    pub(super) fn reference(self) -> MessageRef {
        MessageRef::Numbers { seq: self.seq, random: self.random, at_s: self.at_s }
    }
}

fn part<T: FromStr>(raw: Option<&str>) -> Option<T> {
    raw.filter(|raw| raw.bytes().all(|byte| byte.is_ascii_digit())).and_then(|raw| raw.parse().ok())
}

impl std::fmt::Display for MessageKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}_{}", self.seq, self.random, self.at_s)
    }
}

fn key_of(given: &Value) -> Result<MessageKey, TencentError> {
    given.as_str().and_then(MessageKey::parse).ok_or_else(|| {
        let info = "A MsgKey must be MsgSeq_MsgRandom_MsgTime, as the message was answered with".to_owned();
        TencentError::Coded(ErrorCode::BadMessageKey, info)
    })
}

/// An empty text counts as absent.
impl<'a> FieldType<'a> for MessageKey {
    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
        at.given().filter(|given| given.as_str() != Some("")).map(key_of).transpose()
    }

    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        with_example(text().pattern(Some("^[0-9]+_[0-9]+_[0-9]+$")), "48374_12345_1700000000")
    }
}

impl<'a> ListItem<'a> for MessageKey {
    fn read_item(_: BodyField<'a>, item: &'a Value) -> Result<Self, TencentError> {
        key_of(item)
    }
}
