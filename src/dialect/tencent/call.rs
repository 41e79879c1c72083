//! One call of a command: who calls, with what, and what it works with.

use std::sync::Arc;

use serde_json::Value;

use super::reply::{Code, Refused};
use crate::{
    domain::{caller::CallerKey, error::Fault, profile::User},
    http::addresses::Addresses,
    service::{Service, apps::Tenant, profiles::Viewer},
};

/// What commands work with.
pub(super) struct Desk<'a> {
    /// The verbs.
    pub(super) service: &'a Service,
    /// The app.
    pub(super) tenant: &'a Arc<Tenant>,
    /// Where pictures are found.
    pub(super) addresses: &'a Addresses,
}

/// Who calls.
#[derive(Debug)]
pub(super) enum Caller {
    /// The app's administrator: it acts for anybody.
    BackEnd,
    /// A user: it acts for itself.
    User(Box<User>),
}

/// What a command answers beside the envelope.
pub(super) type Answered<T> = Result<T, Refused>;

/// One call of a command.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    /// What it works with.
    pub(super) desk: &'a Desk<'a>,
    /// Who calls.
    pub(super) caller: &'a Caller,
    /// What the call says.
    pub(super) body: &'a Value,
}

impl Call<'_> {
    /// For whom long reads are counted.
    pub(super) fn key(&self) -> CallerKey {
        self.caller.viewer().key(self.desk.tenant)
    }

    /// Refuses who is not the app's administrator.
    /// # Errors
    /// That the caller may not.
    pub(super) fn back_end(&self) -> Result<(), Refused> {
        match self.caller {
            Caller::BackEnd => Ok(()),
            Caller::User(_) => {
                Err(Refused::Rights("Only the app's administrator calls this, by the REST API".to_owned()))
            }
        }
    }
}

impl Caller {
    /// As whom it sees profiles.
    pub(super) fn viewer(&self) -> Viewer {
        match self {
            Self::BackEnd => Viewer::BackEnd,
            Self::User(user) => Viewer::User(user.key),
        }
    }
}

/// An account's name, in a field or a list.
/// # Errors
/// 60015: it is no text.
pub(super) fn account_of<'a>(value: &'a Value, field: &str) -> Result<&'a str, Refused> {
    value.as_str().ok_or_else(|| Refused::Said(Code::AccountNotText, format!("{field} must be text, in quotes")))
}

/// A parameter that breaks a rule.
pub(super) fn bad(fault: &Fault, field: &str) -> Refused {
    Refused::BadParameter(format!("{field} {fault}"))
}
