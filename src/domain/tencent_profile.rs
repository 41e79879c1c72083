//! The standard fields of Tencent's user profile that no other vendor has.

use super::{Fault, text};

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gender {
    Unknown,
    Female,
    Male,
}

/// What happens to a friend request to the user. Not set means [`AllowType::AllowAny`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllowType {
    /// Accepted at once.
    AllowAny,
    /// Waits for the user's consent.
    NeedConfirm,
    /// Refused.
    DenyAny,
}

/// Whether the user may send friend requests. Not set means [`ForbidType::None`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForbidType {
    None,
    SendOut,
}

/// A location: up to four numbers that the app packs into a text.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Location(String);

impl Location {
    /// Of UTF-8: four numbers of 32 bits.
    pub const BYTES_MAX: usize = 16;

    /// Parses a packed location. Any characters are accepted, controls too.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        text::at_most_bytes(raw, Self::BYTES_MAX).map(str::to_owned).map(Self)
    }
}

text::impl_as_str! { Location }
text::impl_string_conversion! { Location }

/// Declares the fields once: for the struct, the names in events, and the functions over all fields.
macro_rules! tencent_fields {
    ($($(#[$about:meta])* $field:ident: $of:ty, $name:ident;)*) => {
        /// The standard fields of Tencent's profile that no other vendor has. Also a change of them: a field that is
        /// not set stays. Source: the guide to user profiles, "Updating your personal profile".
        #[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct TencentProfile {
            $($(#[$about])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$of>,)*
        }

        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum TencentField {
            $(#[doc = concat!("See [`TencentProfile::", stringify!($field), "`].")] $name,)*
        }

        impl TencentProfile {
            pub fn differences(&self, former: &Self) -> Vec<TencentField> {
                let fields = [$((TencentField::$name, self.$field != former.$field)),*];
                fields.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect()
            }

            pub fn apply(&mut self, change: &Self) {
                $(if change.$field.is_some() {
                    self.$field.clone_from(&change.$field);
                })*
            }
        }
    };
}

tencent_fields! {
    gender: Gender, Gender;
    /// Such as 20000101.
    birthday: u32, Birthday;
    location: Location, Location;
    /// The app defines the numbers.
    language: u32, Language;
    allow_type: AllowType, AllowType;
    /// Bit 0: the user receives no messages.
    message_settings: u32, MessageSettings;
    forbid_type: ForbidType, ForbidType;
    /// The app defines the numbers.
    level: u32, Level;
    /// The app defines the numbers.
    role: u32, Role;
}
