//! Users, their profiles, and changes of a profile.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Avatar, AvatarChange, CustomName, CustomValue, DerivedSecret, DisplayName, Email, Error, Extras, LockReason,
    Metadata, MobileNumber, Moment, PasswordHash, PictureKey, StatusText, TencentField, TencentProfile, UserId,
    UserKey,
};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The field was not given and stays as it is.
    #[default]
    Keep,
    /// The field was given empty, in an API where empty means none.
    Clear,
    Set(T),
}

impl<T> Patch<T> {
    pub fn try_map<U, E>(&self, parse: impl FnOnce(&T) -> Result<U, E>) -> Result<Patch<U>, E> {
        match self {
            Self::Keep => Ok(Patch::Keep),
            Self::Clear => Ok(Patch::Clear),
            Self::Set(value) => parse(value).map(Patch::Set),
        }
    }

    /// Parses a field of Qiscus' and MirrorFly's back ends, for which an empty text means "not given".
    pub fn given<E>(raw: Option<&str>, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<Self, E> {
        match raw {
            None | Some("") => Ok(Self::Keep),
            Some(raw) => parse(raw).map(Self::Set),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Active,
    Suspended,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profile {
    /// APIs that need a name show the id if there is none.
    pub display_name: Option<DisplayName>,
    pub avatar: Avatar,
    /// MirrorFly `status`, Tencent `Tag_Profile_IM_SelfSignature`.
    pub status: Option<StatusText>,
    pub mobile: Option<MobileNumber>,
    pub email: Option<Email>,
    pub extras: Extras,
    pub metadata: Metadata,
    pub tencent_profile: TencentProfile,
    /// Tencent `Tag_Profile_Custom_*`. No value is empty.
    pub custom: BTreeMap<CustomName, CustomValue>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct User {
    pub key: UserKey,
    pub id: UserId,
    pub state: State,
    /// The random name in the URL that always serves this user's current picture.
    pub handle: PictureKey,
    pub profile: Profile,
    pub created_at: Moment,
    pub updated_at: Moment,
    /// Counts the changes of the row, for optimistic locking.
    pub version: i64,
    /// The reason why an administrator locked the picture. A locked picture cannot be changed.
    pub picture_lock: Option<LockReason>,
}

impl User {
    pub fn is_active(&self) -> bool {
        self.state == State::Active
    }

    /// Returns the user if it is active.
    /// # Errors
    /// `Forbidden` for a suspended user.
    pub fn if_active(self) -> Result<Self, Error> {
        if self.is_active() { Ok(self) } else { Err(Error::SUSPENDED) }
    }

    #[must_use]
    pub fn with_tile(mut self) -> Self {
        self.profile.avatar = Avatar::Tile;
        self
    }

    pub fn bytes(&self) -> usize {
        let Profile { display_name, avatar: _, status, mobile, email, extras, metadata, tencent_profile: _, custom } =
            &self.profile;
        let texts = [
            display_name.as_ref().map(DisplayName::as_str),
            status.as_ref().map(StatusText::as_str),
            mobile.as_ref().map(MobileNumber::as_str),
            email.as_ref().map(Email::as_str),
            self.picture_lock.as_ref().map(LockReason::as_str),
        ];
        let texts = texts.iter().flatten().map(|text| text.len()).sum::<usize>();
        let custom = custom
            .iter()
            .map(|(name, value)| size_of::<(CustomName, CustomValue)>() + name.as_str().len() + value.as_str().len());
        size_of::<Self>() + self.id.as_str().len() + texts + extras.bytes() + metadata.bytes() + custom.sum::<usize>()
    }

    pub fn display_name_or_id(&self) -> &str {
        self.profile.display_name.as_ref().map_or(self.id.as_str(), DisplayName::as_str)
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProfileChange {
    pub display_name: Patch<DisplayName>,
    pub avatar: Option<AvatarChange>,
    pub status: Patch<StatusText>,
    pub mobile: Patch<MobileNumber>,
    pub email: Patch<Email>,
    pub extras: Patch<Extras>,
    pub metadata: Patch<Metadata>,
    /// These fields can be set but not cleared.
    pub tencent_profile: TencentProfile,
    /// An empty value clears the field.
    pub custom: BTreeMap<CustomName, CustomValue>,
}

impl ProfileChange {
    pub fn is_given(&self) -> bool {
        *self != Self::default()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileField {
    DisplayName,
    Avatar,
    Status,
    Mobile,
    Email,
    Extras,
    Metadata,
    #[serde(rename = "particular")]
    TencentProfile(TencentField),
    Custom(CustomName),
}

impl Profile {
    /// Returns the fields that differ from `former`, for the event. An empty list means that nothing changed.
    pub fn differences(&self, former: &Self) -> Vec<ProfileField> {
        let fields = [
            (ProfileField::DisplayName, self.display_name != former.display_name),
            (ProfileField::Avatar, self.avatar != former.avatar),
            (ProfileField::Status, self.status != former.status),
            (ProfileField::Mobile, self.mobile != former.mobile),
            (ProfileField::Email, self.email != former.email),
            (ProfileField::Extras, self.extras != former.extras),
            (ProfileField::Metadata, self.metadata != former.metadata),
        ];
        let names: BTreeSet<_> = self.custom.keys().chain(former.custom.keys()).collect();
        let custom = names.into_iter().filter(|name| self.custom.get(name) != former.custom.get(name));
        let standard = fields.into_iter().filter_map(|(field, differs)| differs.then_some(field));
        let tencent_profile =
            self.tencent_profile.differences(&former.tencent_profile).into_iter().map(ProfileField::TencentProfile);
        standard.chain(tencent_profile).chain(custom.cloned().map(ProfileField::Custom)).collect()
    }

    /// Applies every given field except the avatar: only the store can check who owns a picture.
    pub fn apply(&mut self, change: &ProfileChange) {
        take(&mut self.display_name, &change.display_name);
        take(&mut self.status, &change.status);
        take(&mut self.mobile, &change.mobile);
        take(&mut self.email, &change.email);
        match &change.extras {
            Patch::Keep => {}
            Patch::Clear => self.extras = Extras::default(),
            Patch::Set(extras) => self.extras = extras.clone(),
        }
        match &change.metadata {
            Patch::Keep => {}
            Patch::Clear => self.metadata = Metadata::default(),
            Patch::Set(metadata) => self.metadata = metadata.clone(),
        }
        self.tencent_profile.apply(&change.tencent_profile);
        for (name, value) in &change.custom {
            match value.as_str().is_empty() {
                true => self.custom.remove(name),
                false => self.custom.insert(name.clone(), value.clone()),
            };
        }
    }
}

fn take<T: Clone>(field: &mut Option<T>, patch: &Patch<T>) {
    match patch {
        Patch::Keep => {}
        Patch::Clear => *field = None,
        Patch::Set(value) => *field = Some(value.clone()),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    pub user: UserKey,
    pub state: State,
    pub token: DerivedSecret,
    pub issued: DerivedSecret,
    pub chosen: Option<PasswordHash>,
}
