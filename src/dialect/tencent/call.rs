//! A call of a command: its caller, its body, and what the command works with.

use std::sync::Arc;

use serde_json::Value;

use super::reply::{ErrorCode, TencentError};
use crate::{
    domain::{CallerKey, Fault, Owner, User},
    http::addresses::Addresses,
    service::{Service, Tenant, UserLists, Viewer},
};

pub(super) struct CommandContext<'a> {
    pub(super) service: &'a Service,
    pub(super) tenant: &'a Arc<Tenant>,
    pub(super) addresses: &'a Addresses,
}

#[derive(Debug)]
pub(super) enum TencentCaller {
    BackEnd,
    User(Box<User>),
}

/// The fields of a response beside the envelope, or an error.
pub(super) type CommandResult<T> = Result<T, TencentError>;

#[derive(Clone, Copy)]
pub(super) struct CommandCall<'a> {
    pub(super) context: &'a CommandContext<'a>,
    pub(super) caller: &'a TencentCaller,
    pub(super) body: &'a Value,
}

impl<'a> CommandCall<'a> {
    pub(super) fn lists(&self, owner: &'a Owner) -> UserLists<'a> {
        self.context.service.lists(self.context.tenant, self.key(), owner)
    }

    pub(super) fn key(&self) -> CallerKey {
        self.caller.viewer().key(self.context.tenant)
    }

    pub(super) fn back_end(&self) -> Result<(), TencentError> {
        match self.caller {
            TencentCaller::BackEnd => Ok(()),
            TencentCaller::User(_) => {
                Err(TencentError::Rights("Only the app's administrator calls this, by the REST API".to_owned()))
            }
        }
    }
}

impl TencentCaller {
    pub(super) fn viewer(&self) -> Viewer {
        match self {
            Self::BackEnd => Viewer::BackEnd,
            Self::User(user) => Viewer::User(user.key),
        }
    }
}

/// # Errors
/// 60015 if the value is not text.
pub(super) fn account_of<'a>(value: &'a Value, field: &str) -> Result<&'a str, TencentError> {
    value
        .as_str()
        .ok_or_else(|| TencentError::Coded(ErrorCode::AccountNotText, format!("{field} must be text, in quotes")))
}

pub(super) fn bad(fault: &Fault, field: &str) -> TencentError {
    TencentError::BadParameter(format!("{field} {fault}"))
}
