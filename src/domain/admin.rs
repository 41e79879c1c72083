//! Administrators, their sessions, and the audit log.

use super::{AppId, Fault, Moment, PasswordHash, Secret, id, text};

/// 1 to 64 of `[A-Za-z0-9._@-]`, compared byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AdminName(String);

impl AdminName {
    pub const CHARS_MAX: usize = 64;

    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'@' | b'-');
        id::named(raw, Self::CHARS_MAX, allowed, "made of letters, digits and . - _ @ only").map(Self)
    }
}

text::impl_as_str! { AdminName }

/// The shortest password of an administrator, who can change every app of the server.
pub const PASSWORD_CHARS_MIN: usize = 12;

pub fn password(raw: &str) -> Result<Secret, Fault> {
    match raw.chars().nth(PASSWORD_CHARS_MIN - 1) {
        None if raw.is_empty() => Err(Fault::Missing),
        None => Err(Fault::TooFewCharacters { chars_min: PASSWORD_CHARS_MIN }),
        Some(_) => text::at_most(raw, super::secret::PASSWORD_CHARS_MAX).map(Secret::new),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AdminKey(pub i64);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    pub key: AdminKey,
    pub name: AdminName,
    pub password: PasswordHash,
    pub created_at: Moment,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminSession {
    pub admin: AdminName,
    pub began_at: Moment,
    pub seen_at: Moment,
}

/// Who acted, for the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    Admin(AdminName),
    Socket,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    pub authority: Authority,
    pub action: String,
    /// The app may be deleted by now.
    pub app: Option<AppId>,
    pub target: Option<String>,
    /// The names of the given fields, never their values.
    pub detail: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAuditEntry {
    /// Rises with each entry. Does not depend on the clock.
    pub seq: i64,
    pub at: Moment,
    pub entry: AuditEntry,
}
