//! Administrators of the house: who may run it from a browser, and what is kept of what they did.

use super::{
    error::Fault,
    id::{self, AppId},
    secret::{PasswordHash, Secret},
    text,
    time::Moment,
};

/// What an administrator signs in as: 1 to 64 of `[A-Za-z0-9._@-]`, compared byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AdminName(String);

impl AdminName {
    /// Characters, each one byte.
    pub const CHARS_MAX: usize = 64;

    /// Checks the rule of this type.
    /// # Errors
    /// The [`Fault`] names the bound; the caller names the field.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'@' | b'-');
        id::named(raw, Self::CHARS_MAX, allowed, "made of letters, digits and . - _ @ only").map(Self)
    }
}

text::shown! { AdminName }

/// Characters of the shortest password of an administrator: it opens every app of the house.
pub const PASSWORD_CHARS_MIN: usize = 12;

/// Checks a password that an administrator is to have: [`PASSWORD_CHARS_MIN`] characters to those of any chosen password.
/// # Errors
/// The [`Fault`] names the bound.
pub fn password(raw: &str) -> Result<Secret, Fault> {
    match raw.chars().nth(PASSWORD_CHARS_MIN - 1) {
        None if raw.is_empty() => Err(Fault::Missing),
        None => Err(Fault::TooFewCharacters { chars_min: PASSWORD_CHARS_MIN }),
        Some(_) => text::at_most(raw, super::secret::PASSWORD_CHARS_MAX).map(Secret::new),
    }
}

/// The integer key of an administrator, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AdminKey(pub i64);

/// An administrator of the house, of every app in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// Its key.
    pub key: AdminKey,
    /// What it signs in as.
    pub name: AdminName,
    /// What its password is compared with.
    pub password: PasswordHash,
    /// When it was made.
    pub created_at: Moment,
}

/// A session of an administrator, as its row has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminSession {
    /// Whose.
    pub admin: AdminName,
    /// When it began.
    pub began_at: Moment,
    /// When it was last used, to the minute.
    pub seen_at: Moment,
}

/// By whose authority something was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// An administrator's.
    Admin(AdminName),
    /// That of whoever may open the control socket.
    Socket,
}

/// Something that was done and is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// By whom.
    pub authority: Authority,
    /// What: `user.change`.
    pub action: String,
    /// In which app, if in one; it may be gone by now.
    pub app: Option<AppId>,
    /// To what: an id or a name.
    pub target: Option<String>,
    /// Which fields were given; never what they were given.
    pub detail: String,
}

/// A [`Deed`] as its row has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Rising, without regard to the clock.
    pub seq: i64,
    /// When.
    pub at: Moment,
    /// What was done.
    pub deed: Deed,
}
