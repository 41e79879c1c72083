//! Custom fields of a profile: declared by the app beforehand, then texts of its users.

use serde::{Deserialize, Serialize};

use super::{error::Fault, id, text};

/// The name of a custom field: 1 to 32 of `[A-Za-z0-9_]`. On Tencent's wire it stands behind `Tag_Profile_Custom_`.
///
/// Sources: the vendor's guide says letters, eight at the most; its own samples are `Test1` and, in older documents, `888888_Test`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CustomName(String);

impl CustomName {
    /// Characters, each one byte.
    pub const CHARS_MAX: usize = 32;

    /// Checks the rule of this type.
    /// # Errors
    /// The [`Fault`] names the bound; the caller names the field.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        id::named(raw, Self::CHARS_MAX, allowed, "made of letters, digits and _ only").map(Self)
    }
}

/// What a user has in a custom field: up to 500 bytes, kept byte for byte. An empty one is as none.
///
/// Source: the vendor's guide to user profiles, "string values of at most 500 bytes".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CustomValue(String);

impl CustomValue {
    /// Bytes of UTF-8.
    pub const BYTES_MAX: usize = 500;

    /// Checks the rule of this type.
    /// # Errors
    /// [`Fault::TooManyBytes`]; [`Fault::Malformed`] for control and text-direction characters. Lines and tabs may stand.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        match raw.is_empty() {
            true => Ok(Self(String::new())),
            false => text::prose(raw, Self::BYTES_MAX).map(Self),
        }
    }
}

text::shown! { CustomName CustomValue }
text::kept! { CustomName CustomValue }

/// Who is shown a custom field. The back end always is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Readers {
    /// Every user of the app.
    #[default]
    Everyone,
    /// The user whose profile it is in, and those it lists as contacts.
    Friends,
    /// The user whose profile it is in.
    Owner,
    /// No user.
    BackEnd,
}

/// Who may write a custom field. The back end always may; nobody writes into the profile of another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Writers {
    /// The user whose profile it is in.
    #[default]
    Owner,
    /// No user.
    BackEnd,
}

text::words! {
    Readers: Everyone "everyone", Friends "friends", Owner "owner", BackEnd "back-end";
    Writers: Owner "owner", BackEnd "back-end";
}

/// The declaration of a custom field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CustomField {
    /// What it is called.
    #[schema(value_type = String, min_length = 1, max_length = 32)]
    pub name: CustomName,
    /// Who is shown it.
    pub read: Readers,
    /// Who may write it.
    pub write: Writers,
}

/// Declarations an app may have. Source: the vendor's guide to user profiles, "at most 20".
pub const FIELDS_MAX: usize = 20;
