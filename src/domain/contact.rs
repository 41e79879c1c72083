//! Contacts and blocks: one-directional rows, each its owner's own. A Tencent friend and a MirrorFly roster item are the same rows.

use super::{
    error::{Error, Fault},
    profile::User,
    text::{ContactName, MobileNumber},
};

/// Rows of contacts, and of blocks, that one user may have. Source: no vendor documents a bound beyond Tencent's 3,000 friends.
pub const ROWS_MAX: usize = 10_000;

/// Users a phone book reaches by one number, the oldest first: families share a telephone, lists of millions do not.
pub const USERS_OF_A_NUMBER_MAX: u32 = 10;

/// The refusal of a list that would have so many rows.
pub fn too_many(unit: &'static str, found: usize) -> Error {
    Fault::TooMuch { most: ROWS_MAX as u64, unit, found: found as u64 }.at(unit)
}

/// A user in somebody's list of contacts.
#[derive(Debug, Clone, PartialEq)]
pub struct Contact {
    /// Who it is.
    pub user: User,
    /// What the list's owner calls them, where it differs from what they call themselves.
    pub name: Option<ContactName>,
}

/// A line of a telephone's own list of contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneEntry {
    /// In whatever notation.
    pub mobile: MobileNumber,
    /// What the telephone's owner calls them.
    pub name: Option<ContactName>,
}

/// Marks that notations of one telephone number differ in. The schema's column of bare numbers names the same ones.
const MARKS: [char; 7] = [' ', '-', '.', '(', ')', '/', '+'];

/// A telephone number without the marks its notations differ in: `+62 812-3456` and `628123456` are the same.
///
/// National notations are not turned into international ones: of which country they are is not known.
pub fn bare(mobile: &MobileNumber) -> String {
    mobile.as_str().chars().filter(|c| !MARKS.contains(c)).collect()
}
