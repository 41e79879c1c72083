//! The commands by their names, `service.command`: one table, for the REST API and for the socket.

use std::{pin::Pin, sync::Arc};

use serde_json::{Map, Value};

use super::{
    account, black_list, friends, groups, portrait,
    reply::{self, Answer, Code, Family, Refused},
    requests,
};
use crate::{
    domain::{error::Fault, id::UserId, profile::User},
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
pub(super) type Answered = Result<Map<String, Value>, Refused>;

type Running<'a> = Pin<Box<dyn Future<Output = Result<Answer, Refused>> + 'a>>;

/// A command that answers few fields.
fn fields<'a>(answered: impl Future<Output = Answered> + 'a) -> Running<'a> {
    Box::pin(async { answered.await.map(reply::ok) })
}

type Command = for<'a> fn(Call<'a>) -> Running<'a>;

/// Every command, and where it leads.
const COMMANDS: &[(&str, Command)] = &[
    ("im_open_login_svc.account_import", |call| fields(account::import(call))),
    ("im_open_login_svc.multiaccount_import", |call| fields(account::import_many(call))),
    ("im_open_login_svc.account_check", |call| fields(account::check(call))),
    ("im_open_login_svc.account_delete", |call| fields(account::delete(call))),
    ("im_open_login_svc.kick", |call| fields(account::kick(call))),
    ("profile.portrait_set", |call| fields(portrait::set(call))),
    ("profile.portrait_get", |call| Box::pin(portrait::get(call))),
    ("profile.portrait_get_all", |call| Box::pin(portrait::get_all(call))),
    ("sns.friend_add", |call| fields(friends::add(call))),
    ("sns.friend_import", |call| fields(friends::import(call))),
    ("sns.friend_update", |call| fields(friends::update(call))),
    ("sns.friend_delete", |call| fields(friends::delete(call))),
    ("sns.friend_delete_all", |call| fields(friends::delete_all(call))),
    ("sns.friend_check", |call| fields(friends::check(call))),
    ("sns.friend_get", |call| fields(friends::get(call))),
    ("sns.friend_get_list", |call| fields(friends::get_list(call))),
    ("sns.friend_get_specified", |call| fields(friends::get_list(call))),
    ("sns.pendency_get", |call| fields(requests::get(call))),
    ("sns.friend_response", |call| fields(requests::answer(call))),
    ("sns.pendency_delete", |call| fields(requests::delete(call))),
    ("sns.pendency_report", |call| fields(requests::report(call))),
    ("sns.group_add", |call| fields(groups::add(call))),
    ("sns.group_delete", |call| fields(groups::delete(call))),
    ("sns.group_get", |call| fields(groups::get(call))),
    ("sns.group_update", |call| fields(groups::update(call))),
    ("sns.black_list_add", |call| fields(black_list::add(call))),
    ("sns.black_list_delete", |call| fields(black_list::delete(call))),
    ("sns.black_list_get", |call| fields(black_list::get(call))),
    ("sns.black_list_check", |call| fields(black_list::check(call))),
];

/// Whether there is a command of this name.
pub(super) fn is_known(name: &str) -> bool {
    COMMANDS.iter().any(|(known, _)| *known == name)
}

/// Runs a command and answers it, envelope and all. None: there is no command of this name.
pub(super) async fn run(desk: &Desk<'_>, caller: &Caller, name: &str, body: &Value) -> Option<Answer> {
    let (_, command) = COMMANDS.iter().find(|(known, _)| *known == name)?;
    let answered = command(Call { desk, caller, body }).await;
    Some(answered.unwrap_or_else(|refused| reply::failed(&refused, Family::of(name))))
}

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

    /// Whose data the command is about: `From_Account`. A user's own only.
    /// # Errors
    /// A bad parameter; 60015; that the caller may not.
    pub(super) fn owner(&self) -> Result<UserId, Refused> {
        const FIELD: &str = "From_Account";
        let named = account_of(self.field(FIELD).ok_or_else(|| bad(&Fault::Missing, FIELD))?, FIELD)?;
        let is_own = match self.caller {
            Caller::BackEnd => true,
            Caller::User(user) => user.id.as_str() == named,
        };
        match is_own {
            true => UserId::parse(named).map_err(|fault| bad(&fault, FIELD)),
            false => Err(Refused::Rights(format!("{FIELD} must be the account that has signed in"))),
        }
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
