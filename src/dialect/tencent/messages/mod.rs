//! One-to-one messages and conversations: the commands of the socket and of the REST API.
//!
//! Sources: wire/tencent-messages.md, verified with the published SDKs, and the vendor's pages on the REST API.

pub(super) mod changes;
mod elements;
pub(super) mod fields;
pub(super) mod history;
pub(super) mod item;
pub(super) mod lists;
pub(super) mod marks;
pub(super) mod mutes;
pub(super) mod sending;
pub(super) mod sync;

use self::fields::Actor;
use super::{
    call::{CommandCall, TencentCaller},
    reply::{ErrorCode, TencentError},
};
use crate::domain::{Error, Fault, Owner, Resource};

/// Returns the user that a call acts for: the named one, else the client's own.
/// # Errors
/// 20003 for a back end that names none.
fn actor(call: CommandCall<'_>, named: Option<Actor>) -> Result<Owner, TencentError> {
    match (named, call.caller) {
        (Some(named), _) => Ok(named.0),
        (None, TencentCaller::User(user)) => Ok(Owner::Itself(user.key)),
        (None, TencentCaller::BackEnd) => {
            let info = "From_Account is required: the administrator itself is no user here".to_owned();
            Err(TencentError::Coded(ErrorCode::NoSuchChatter, info))
        }
    }
}

/// Gives an error about the two users of a conversation the code of this service.
fn pair_error(error: Error) -> TencentError {
    if matches!(error, Error::Invalid { fault: Fault::Oneself, .. }) {
        let info = "From_Account and To_Account must be two accounts".to_owned();
        return TencentError::Coded(ErrorCode::ChatParameter, info);
    }
    error.into()
}

/// Whether an error says that the two users have no conversation: one of them does not exist, or they are one.
fn is_no_pair(error: &Error) -> bool {
    matches!(error, Error::NotFound(Resource::User) | Error::Invalid { fault: Fault::Oneself, .. })
}
