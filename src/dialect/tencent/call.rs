//! One call of a command: who calls, with what, and what it works with.

use std::sync::Arc;

use serde_json::Value;

use super::reply::{Code, Refused};
use crate::{
    domain::{caller::CallerKey, error::Fault, id::UserId, owner::Owner, profile::User},
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

/// The field that names whose data a call is about.
const FIELD: &str = "From_Account";

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

impl<'a> Call<'a> {
    /// A field that is given; null is as none.
    pub(super) fn field(&self, name: &str) -> Option<&'a Value> {
        self.body.get(name).filter(|value| !value.is_null())
    }

    /// A list of one to `most` items.
    /// # Errors
    /// A bad parameter.
    pub(super) fn list(&self, name: &'static str, most: usize) -> Result<&'a [Value], Refused> {
        let given = self.field(name).ok_or_else(|| bad(&Fault::Missing, name))?;
        let items = given.as_array().ok_or_else(|| bad(&Fault::Malformed("a list"), name))?;
        match items.len() {
            0 => Err(bad(&Fault::Missing, name)),
            found if found > most => {
                Err(bad(&Fault::TooMuch { most: most as u64, unit: "items", found: found as u64 }, name))
            }
            _ => Ok(items),
        }
    }

    /// Whose data the command is about: `From_Account`. A user's own only, and that by its key: the id may be another's by the time the
    /// command writes.
    /// # Errors
    /// A bad parameter; 60015; that the caller may not.
    pub(super) fn owner(&self) -> Result<Owner, Refused> {
        let named = self.owner_named()?;
        match self.caller {
            Caller::BackEnd => UserId::parse(named).map(Owner::Named).map_err(|fault| bad(&fault, FIELD)),
            Caller::User(user) if user.id.as_str() == named => Ok(Owner::Itself(user.key)),
            Caller::User(_) => Err(Refused::Rights(format!("{FIELD} must be the account that has signed in"))),
        }
    }

    /// For whom long reads are counted.
    pub(super) fn key(&self) -> CallerKey {
        self.caller.viewer().key(self.desk.tenant)
    }

    /// The account that `From_Account` names.
    /// # Errors
    /// A bad parameter; 60015.
    pub(super) fn owner_named(&self) -> Result<&'a str, Refused> {
        account_of(self.field(FIELD).ok_or_else(|| bad(&Fault::Missing, FIELD))?, FIELD)
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
