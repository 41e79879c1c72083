//! A user and what others see of them, with the one way a profile changes.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    avatar::{Avatar, AvatarChange, PictureKey},
    custom::{CustomName, CustomValue},
    error::Error,
    free_data::{Extras, Metadata},
    id::{UserId, UserKey},
    particulars::{Particular, Particulars},
    secret::{Derived, PasswordHash},
    text::{DisplayName, Email, LockReason, MobileNumber, StatusText},
    time::Moment,
};

/// What a change does to one field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Not given: stays as it is.
    #[default]
    Keep,
    /// Given empty where empty means none.
    Clear,
    /// Given.
    Set(T),
}

impl<T> Patch<T> {
    /// Parses what is set; what is kept or cleared stays so.
    /// # Errors
    /// Whatever `parse` refuses.
    pub fn try_map<U, E>(&self, parse: impl FnOnce(&T) -> Result<U, E>) -> Result<Patch<U>, E> {
        match self {
            Self::Keep => Ok(Patch::Keep),
            Self::Clear => Ok(Patch::Clear),
            Self::Set(value) => parse(value).map(Patch::Set),
        }
    }

    /// Parses what was given; an empty or absent text means "not given", as Qiscus' and MirrorFly's back ends send it.
    /// # Errors
    /// Whatever `parse` refuses.
    pub fn given<E>(raw: Option<&str>, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<Self, E> {
        match raw {
            None | Some("") => Ok(Self::Keep),
            Some(raw) => parse(raw).map(Self::Set),
        }
    }
}

/// Whether a user may act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// May act.
    Active,
    /// May not, until reactivated.
    Suspended,
}

/// A user's profile: what every wire shows a part of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profile {
    /// None until one is given; wires that need a name show the id.
    pub display_name: Option<DisplayName>,
    /// The picture.
    pub avatar: Avatar,
    /// MirrorFly `status`, Tencent `Tag_Profile_IM_SelfSignature`.
    pub status: Option<StatusText>,
    /// MirrorFly `mobileNumber`.
    pub mobile: Option<MobileNumber>,
    /// MirrorFly `email`.
    pub email: Option<Email>,
    /// Qiscus `extras`.
    pub extras: Extras,
    /// MirrorFly `metaData`.
    pub metadata: Metadata,
    /// Tencent's other standard fields.
    pub particulars: Particulars,
    /// Tencent `Tag_Profile_Custom_*`. None is empty.
    pub custom: BTreeMap<CustomName, CustomValue>,
}

/// A user as it is stored, without secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// Integer id, never used twice.
    pub key: UserKey,
    /// Id within the app.
    pub id: UserId,
    /// Whether it may act.
    pub state: State,
    /// The unguessable name of the address that always shows this user's current picture.
    pub handle: PictureKey,
    /// What others see.
    pub profile: Profile,
    /// When it was made.
    pub created_at: Moment,
    /// When its profile last changed.
    pub updated_at: Moment,
    /// Counts every change of its row: whoever changes it can say which one it has seen.
    pub version: i64,
    /// Why its picture may not be changed, by nobody, if an administrator has said so.
    pub picture_lock: Option<LockReason>,
}

impl User {
    /// Whether it may act.
    pub fn is_active(&self) -> bool {
        self.state == State::Active
    }

    /// This user, which may act.
    /// # Errors
    /// `Forbidden` for a suspended user.
    pub fn if_active(self) -> Result<Self, Error> {
        if self.is_active() { Ok(self) } else { Err(Error::SUSPENDED) }
    }

    /// The same user without a picture.
    #[must_use]
    pub fn with_tile(mut self) -> Self {
        self.profile.avatar = Avatar::Tile;
        self
    }

    /// What it takes in memory, in bytes, about: its own size and that of its texts.
    pub fn bytes(&self) -> usize {
        let Profile { display_name, avatar: _, status, mobile, email, extras, metadata, particulars: _, custom } =
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

    /// The display name, or the id where none was given.
    pub fn shown_name(&self) -> &str {
        self.profile.display_name.as_ref().map_or(self.id.as_str(), DisplayName::as_str)
    }
}

/// A change of a profile. A field that is not given stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProfileChange {
    /// See [`Profile::display_name`].
    pub display_name: Patch<DisplayName>,
    /// See [`Profile::avatar`].
    pub avatar: Option<AvatarChange>,
    /// See [`Profile::status`].
    pub status: Patch<StatusText>,
    /// See [`Profile::mobile`].
    pub mobile: Patch<MobileNumber>,
    /// See [`Profile::email`].
    pub email: Patch<Email>,
    /// See [`Profile::extras`].
    pub extras: Patch<Extras>,
    /// See [`Profile::metadata`].
    pub metadata: Patch<Metadata>,
    /// See [`Profile::particulars`]; none of them is ever taken back.
    pub particulars: Particulars,
    /// See [`Profile::custom`]; an empty one clears.
    pub custom: BTreeMap<CustomName, CustomValue>,
}

impl ProfileChange {
    /// Whether any field was given.
    pub fn is_given(&self) -> bool {
        *self != Self::default()
    }
}

/// A field of a profile, as an event names it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProfileField {
    /// See [`Profile::display_name`].
    DisplayName,
    /// See [`Profile::avatar`].
    Avatar,
    /// See [`Profile::status`].
    Status,
    /// See [`Profile::mobile`].
    Mobile,
    /// See [`Profile::email`].
    Email,
    /// See [`Profile::extras`].
    Extras,
    /// See [`Profile::metadata`].
    Metadata,
    /// One of [`Profile::particulars`].
    Particular(Particular),
    /// See [`Profile::custom`].
    #[schema(value_type = String)]
    Custom(CustomName),
}

impl Profile {
    /// Which fields differ from `former`: what an event announces. Empty means that nothing changed.
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
        let particulars = self.particulars.differences(&former.particulars).into_iter().map(ProfileField::Particular);
        standard.chain(particulars).chain(custom.cloned().map(ProfileField::Custom)).collect()
    }

    /// Takes over every given field but the avatar, which only the store can judge (ownership).
    pub fn take(&mut self, change: &ProfileChange) {
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
        self.particulars.take(&change.particulars);
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

/// A user's secrets at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Integer id of whom they open.
    pub user: UserKey,
    /// Whether that user may act.
    pub state: State,
    /// The user token (Qiscus).
    pub token: Derived,
    /// The issued password (MirrorFly).
    pub issued: Derived,
    /// The password somebody chose, if anybody did.
    pub chosen: Option<PasswordHash>,
}
