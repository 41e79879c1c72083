//! A call of a command: its caller, its body, and what the command works with.

use std::{cell::RefCell, sync::Arc};

use serde_json::Value;

use super::reply::{ErrorCode, TencentError};
use crate::{
    domain::{CallerKey, Fault, MessageNumbers, Owner, User},
    http::addresses::Addresses,
    service::{Service, Tenant, UserLists, Viewer},
};

pub(super) struct CommandContext<'a> {
    pub(super) service: &'a Service,
    pub(super) tenant: &'a Arc<Tenant>,
    pub(super) addresses: &'a Addresses,
    /// What the session of the call was sent; none without a session.
    pub(super) position: Option<SessionPosition>,
    pub(super) own_events: OwnEvents,
}

impl<'a> CommandContext<'a> {
    /// Creates the context of a call without a session.
    pub(super) fn new(service: &'a Service, tenant: &'a Arc<Tenant>, addresses: &'a Addresses) -> Self {
        Self { service, tenant, addresses, position: None, own_events: OwnEvents::default() }
    }
}

/// What a session of the socket was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionPosition {
    /// The last event that was sent, or that needs no push.
    pub sent: i64,
    /// Of a session that goes on after a cut: the last event that its client received before.
    pub resumed_behind: Option<i64>,
}

/// What a command did, for the session that ran it: the session pushes no notice of it to its own client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnEvent {
    /// The number of a stored event.
    Stored(i64),
    /// A message that was not stored.
    Passed(MessageNumbers),
}

/// The events of one call.
#[derive(Debug, Default)]
pub(super) struct OwnEvents(RefCell<Vec<OwnEvent>>);

impl OwnEvents {
    pub(super) fn add(&self, event: OwnEvent) {
        self.0.borrow_mut().push(event);
    }

    pub(super) fn take(&self) -> Vec<OwnEvent> {
        self.0.take()
    }
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
