//! What a profile may say of a person beside name, picture and status: the standard fields of Tencent's profile that no other wire has.

use super::error::Fault;

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

    /// The text, byte for byte as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Location {
    type Error = Fault;

    fn try_from(raw: String) -> Result<Self, Fault> {
        Self::parse(&raw)
    }
}

impl From<Location> for String {
    fn from(location: Location) -> Self {
        location.0
    }
}

/// The standard fields of Tencent's profile that no other wire has. Also a change of them: what is not set stays.
///
/// Source: the guide to user profiles, "Updating your personal profile".
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Particulars {
    /// Of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<Gender>,
    /// Such as 20000101.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthday: Option<u32>,
    /// As the app packs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 16)]
    pub location: Option<Location>,
    /// As the app numbers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<u32>,
    /// What becomes of a request to be friends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_type: Option<AllowType>,
    /// Bit 0: whether messages are not to be received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_settings: Option<u32>,
    /// Whether the user may ask others to be friends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forbid_type: Option<ForbidType>,
    /// As the app counts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<u32>,
    /// As the app numbers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<u32>,
}

/// A field of [`Particulars`], as an event names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Particular {
    /// See [`Particulars::gender`].
    Gender,
    /// See [`Particulars::birthday`].
    Birthday,
    /// See [`Particulars::location`].
    Location,
    /// See [`Particulars::language`].
    Language,
    /// See [`Particulars::allow_type`].
    AllowType,
    /// See [`Particulars::message_settings`].
    MessageSettings,
    /// See [`Particulars::forbid_type`].
    ForbidType,
    /// See [`Particulars::level`].
    Level,
    /// See [`Particulars::role`].
    Role,
}

impl Particulars {
    /// Which fields differ from `former`.
    pub fn differences(&self, former: &Self) -> Vec<Particular> {
        let fields = [
            (Particular::Gender, self.gender != former.gender),
            (Particular::Birthday, self.birthday != former.birthday),
            (Particular::Location, self.location != former.location),
            (Particular::Language, self.language != former.language),
            (Particular::AllowType, self.allow_type != former.allow_type),
            (Particular::MessageSettings, self.message_settings != former.message_settings),
            (Particular::ForbidType, self.forbid_type != former.forbid_type),
            (Particular::Level, self.level != former.level),
            (Particular::Role, self.role != former.role),
        ];
        fields.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect()
    }

    /// Takes over what a change sets.
    pub fn take(&mut self, change: &Self) {
        take(&mut self.gender, change.gender);
        take(&mut self.birthday, change.birthday);
        take(&mut self.location, change.location.clone());
        take(&mut self.language, change.language);
        take(&mut self.allow_type, change.allow_type);
        take(&mut self.message_settings, change.message_settings);
        take(&mut self.forbid_type, change.forbid_type);
        take(&mut self.level, change.level);
        take(&mut self.role, change.role);
    }
}

fn take<T>(field: &mut Option<T>, given: Option<T>) {
    if given.is_some() {
        *field = given;
    }
}
