//! Custom profile fields: an app declares them, then its users have values.

use serde::{Deserialize, Serialize};

use super::{Fault, id, text};

/// 1 to 32 of `[A-Za-z0-9_]`; in Tencent's API behind the prefix `Tag_Profile_Custom_`.
/// Sources: the guide says eight letters at most; its samples are `Test1` and, in older documents, `888888_Test`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CustomName(String);

impl CustomName {
    pub const CHARS_MAX: usize = 32;

    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        id::named(raw, Self::CHARS_MAX, allowed, "made of letters, digits and _ only").map(Self)
    }
}

/// Up to 500 bytes; an empty value means none. Source: Tencent, "string values of at most 500 bytes".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CustomValue(String);

impl CustomValue {
    pub const BYTES_MAX: usize = 500;

    pub fn parse(raw: &str) -> Result<Self, Fault> {
        match raw.is_empty() {
            true => Ok(Self(String::new())),
            false => text::prose(raw, Self::BYTES_MAX).map(Self),
        }
    }
}

text::impl_as_str! { CustomName CustomValue }
text::impl_string_conversion! { CustomName CustomValue }

/// Which users may read a custom field. The back end always may.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Readers {
    #[default]
    Everyone,
    /// The owner of the profile, and the users in its contact list.
    Friends,
    Owner,
    BackEnd,
}

/// Which users may write a custom field. The back end always may. A user never writes to another user's profile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Writers {
    #[default]
    Owner,
    BackEnd,
}

text::string_enum! {
    Readers: Everyone "everyone", Friends "friends", Owner "owner", BackEnd "back-end";
    Writers: Owner "owner", BackEnd "back-end";
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomField {
    pub name: CustomName,
    pub read: Readers,
    pub write: Writers,
}

/// The most custom fields of an app. Source: the vendor's guide to user profiles, "at most 20".
pub const FIELDS_MAX: usize = 20;
