//! What a profile may say of a person beside name, picture and status: the standard fields of Tencent's profile that no other wire has.

use super::{error::Fault, text};

/// What a person says of its gender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gender {
    /// Not told.
    Unknown,
    /// A woman.
    Female,
    /// A man.
    Male,
}

/// What becomes of a request to be friends. Not set, it is as [`AllowType::AllowAny`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AllowType {
    /// It is granted at once.
    AllowAny,
    /// It waits for consent.
    NeedConfirm,
    /// It is refused.
    DenyAny,
}

/// Whether a user may ask others to be friends. Not set, it is as [`ForbidType::None`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ForbidType {
    /// It may.
    None,
    /// It may not.
    SendOut,
}

/// Where a person is: up to four numbers that an app packs into a text, kept as it comes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Location(String);

impl Location {
    /// Bytes of UTF-8: four numbers of 32 bits.
    pub const BYTES_MAX: usize = 16;

    /// Checks the rule of this type. Packed numbers may be any characters, controls too.
    /// # Errors
    /// [`Fault::TooManyBytes`].
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        match raw.len() > Self::BYTES_MAX {
            true => Err(Fault::TooManyBytes { bytes_max: Self::BYTES_MAX as u64 }),
            false => Ok(Self(raw.to_owned())),
        }
    }
}

text::shown! { Location }
text::kept! { Location }

/// Describes the fields once: for the struct, for the names that events call them by, and for what goes over all of them.
macro_rules! particulars {
    ($($(#[$about:meta])* $field:ident: $of:ty, $name:ident;)*) => {
        /// The standard fields of Tencent's profile that no other wire has. Also a change of them: what is not set stays.
        ///
        /// Source: the guide to user profiles, "Updating your personal profile".
        #[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(default, deny_unknown_fields)]
        pub struct Particulars {
            $($(#[$about])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$of>,)*
        }

        /// A field of [`Particulars`], as an event names it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Particular {
            $(#[doc = concat!("See [`Particulars::", stringify!($field), "`].")] $name,)*
        }

        impl Particulars {
            /// Which fields differ from `former`.
            pub fn differences(&self, former: &Self) -> Vec<Particular> {
                let fields = [$((Particular::$name, self.$field != former.$field)),*];
                fields.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect()
            }

            /// Takes over what a change sets.
            pub fn take(&mut self, change: &Self) {
                $(if change.$field.is_some() {
                    self.$field.clone_from(&change.$field);
                })*
            }
        }
    };
}

particulars! {
    /// Of the person.
    gender: Gender, Gender;
    /// Such as 20000101.
    birthday: u32, Birthday;
    /// As the app packs it.
    #[schema(value_type = Option<String>, max_length = 16)]
    location: Location, Location;
    /// As the app numbers it.
    language: u32, Language;
    /// What becomes of a request to be friends.
    allow_type: AllowType, AllowType;
    /// Bit 0: whether messages are not to be received.
    message_settings: u32, MessageSettings;
    /// Whether the user may ask others to be friends.
    forbid_type: ForbidType, ForbidType;
    /// As the app counts it.
    level: u32, Level;
    /// As the app numbers it.
    role: u32, Role;
}
