//! The tags of a profile. Source: the vendor's pages on profiles. Lengths are bytes of UTF-8.

use std::{borrow::Cow, fmt};

use serde::Serialize;
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{Object, ObjectBuilder, OneOfBuilder, RefOr, Schema, Type},
};

use super::{
    body::TEXT,
    call::CommandContext,
    reply::{ErrorCode, TencentError},
    words::Word,
};
use crate::domain::{
    AllowType, Avatar, AvatarChange, AvatarText, CustomName, CustomValue, DisplayName, Fault, ForbidType, Gender,
    HttpAddress, Location, Patch, ProfileChange, ProfileField, StatusText, TencentField, User, text::at_most_bytes,
};

/// Bytes of an avatar that this dialect writes; another dialect may store a longer one.
pub(super) const IMAGE_BYTES_MAX: usize = 500;

/// Characters of an unknown tag that an error message repeats.
const TAG_CHARS_SHOWN: usize = 64;

const CUSTOM: &str = "Tag_Profile_Custom_";

/// The rule for numbers. A fraction is refused, but 1.0 is the number 1.
const NUMBER: Fault = Fault::OutOfRange("a number from 0 to 4294967295, without quotes");

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tag {
    Nick,
    Image,
    Gender,
    /// Such as 20000101.
    BirthDay,
    /// In the app's own format.
    Location,
    SelfSignature,
    /// How the user answers friend requests.
    AllowType,
    /// In the app's own numbers.
    Language,
    /// Whether the user receives no messages.
    MsgSettings,
    /// Whether the user may send friend requests.
    AdminForbidType,
    /// In the app's own numbers.
    Level,
    /// In the app's own numbers.
    Role,
    Custom(CustomName),
}

impl Tag {
    /// The standard tags, in the order of a response.
    pub(super) const STANDARD: [Self; 12] = [
        Self::Nick,
        Self::Image,
        Self::Gender,
        Self::BirthDay,
        Self::Location,
        Self::SelfSignature,
        Self::AllowType,
        Self::Language,
        Self::MsgSettings,
        Self::AdminForbidType,
        Self::Level,
        Self::Role,
    ];

    /// A custom field need not be declared.
    /// # Errors
    /// 40009 if there is no such tag.
    pub(super) fn parse(raw: &str) -> Result<Self, TencentError> {
        let custom = || CustomName::parse(raw.strip_prefix(CUSTOM)?).ok().map(Self::Custom);
        Self::STANDARD.into_iter().find(|tag| tag.name() == raw).or_else(custom).ok_or_else(|| no_such_tag(raw))
    }

    pub(super) fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Nick => "Tag_Profile_IM_Nick",
            Self::Image => "Tag_Profile_IM_Image",
            Self::Gender => "Tag_Profile_IM_Gender",
            Self::BirthDay => "Tag_Profile_IM_BirthDay",
            Self::Location => "Tag_Profile_IM_Location",
            Self::SelfSignature => "Tag_Profile_IM_SelfSignature",
            Self::AllowType => "Tag_Profile_IM_AllowType",
            Self::Language => "Tag_Profile_IM_Language",
            Self::MsgSettings => "Tag_Profile_IM_MsgSettings",
            Self::AdminForbidType => "Tag_Profile_IM_AdminForbidType",
            Self::Level => "Tag_Profile_IM_Level",
            Self::Role => "Tag_Profile_IM_Role",
            Self::Custom(name) => return Cow::Owned(format!("{CUSTOM}{}", name.as_str())),
        })
    }

    /// Returns the tag of a field; none if this dialect does not show the field.
    pub(super) fn of_field(field: &ProfileField) -> Option<Self> {
        match field {
            ProfileField::DisplayName => Some(Self::Nick),
            ProfileField::Avatar => Some(Self::Image),
            ProfileField::Status => Some(Self::SelfSignature),
            ProfileField::TencentProfile(field) => Some(Self::of_tencent_field(*field)),
            ProfileField::Custom(name) => Some(Self::Custom(name.clone())),
            ProfileField::Mobile | ProfileField::Email | ProfileField::Extras | ProfileField::Metadata => None,
        }
    }

    fn of_tencent_field(field: TencentField) -> Self {
        match field {
            TencentField::Gender => Self::Gender,
            TencentField::Birthday => Self::BirthDay,
            TencentField::Location => Self::Location,
            TencentField::AllowType => Self::AllowType,
            TencentField::Language => Self::Language,
            TencentField::MessageSettings => Self::MsgSettings,
            TencentField::ForbidType => Self::AdminForbidType,
            TencentField::Level => Self::Level,
            TencentField::Role => Self::Role,
        }
    }

    /// Returns the value, a text or a number; none if it is not set, for which clients have a default.
    pub(super) fn value(&self, context: &CommandContext<'_>, user: &User) -> Option<Value> {
        let (profile, tencent_profile) = (&user.profile, &user.profile.tencent_profile);
        match self {
            Self::Nick => profile.display_name.as_ref().map(|name| name.as_str().into()),
            Self::Image => image(context, user).map(Value::from),
            Self::Gender => tencent_profile.gender.map(|gender| gender.word().into()),
            Self::BirthDay => tencent_profile.birthday.map(Value::from),
            Self::Location => {
                tencent_profile.location.as_ref().map(Location::as_str).filter(|text| !text.is_empty()).map(Value::from)
            }
            Self::SelfSignature => profile.status.as_ref().map(|status| status.as_str().into()),
            Self::AllowType => tencent_profile.allow_type.map(|allow| allow.word().into()),
            Self::Language => tencent_profile.language.map(Value::from),
            Self::MsgSettings => tencent_profile.message_settings.map(Value::from),
            Self::AdminForbidType => tencent_profile.forbid_type.map(|forbid| forbid.word().into()),
            Self::Level => tencent_profile.level.map(Value::from),
            Self::Role => tencent_profile.role.map(Value::from),
            Self::Custom(name) => profile.custom.get(name).map(|value| value.as_str().into()),
        }
    }

    /// Returns the clients' default, which replaces a value that was cleared.
    pub(super) fn unset(&self) -> Value {
        match self {
            Self::Nick | Self::Image | Self::Gender | Self::Location | Self::SelfSignature | Self::Custom(_) => {
                "".into()
            }
            Self::AllowType => AllowType::AllowAny.word().into(),
            Self::AdminForbidType => ForbidType::None.word().into(),
            Self::BirthDay | Self::Language | Self::MsgSettings | Self::Level | Self::Role => 0.into(),
        }
    }

    /// Sets the value in a change of the user `known`. An empty text clears the field if it may be empty.
    /// # Errors
    /// 40610 for another type, 40601 if it is too long, 40605 if the field does not accept it.
    pub(super) fn put(
        &self,
        value: &Value,
        context: &CommandContext<'_>,
        known: &User,
        change: &mut ProfileChange,
    ) -> Result<(), TencentError> {
        let tencent_profile = &mut change.tencent_profile;
        match self {
            Self::Nick => change.display_name = self.patch(value, DisplayName::parse)?,
            Self::Image => change.avatar = self.avatar(value, context, known)?,
            Self::Gender => tencent_profile.gender = Some(self.word(value)?),
            Self::BirthDay => tencent_profile.birthday = Some(self.number(value)?),
            Self::Location => tencent_profile.location = Some(self.parsed(value, Location::parse)?),
            Self::SelfSignature => change.status = self.patch(value, StatusText::parse)?,
            Self::AllowType => tencent_profile.allow_type = Some(self.word(value)?),
            Self::Language => tencent_profile.language = Some(self.number(value)?),
            Self::MsgSettings => tencent_profile.message_settings = Some(self.number(value)?),
            Self::AdminForbidType => tencent_profile.forbid_type = Some(self.word(value)?),
            Self::Level => tencent_profile.level = Some(self.number(value)?),
            Self::Role => tencent_profile.role = Some(self.number(value)?),
            Self::Custom(name) => {
                change.custom.insert(name.clone(), self.parsed(value, CustomValue::parse)?);
            }
        }
        Ok(())
    }

    fn text<'a>(&self, value: &'a Value) -> Result<&'a str, TencentError> {
        value.as_str().ok_or_else(|| self.coded(ErrorCode::WrongType, TEXT))
    }

    fn number(&self, value: &Value) -> Result<u32, TencentError> {
        let written = value.as_number().map(ToString::to_string).unwrap_or_default();
        let number = written.strip_suffix(".0").unwrap_or(&written).parse();
        number.map_err(|_| self.coded(ErrorCode::WrongType, NUMBER))
    }

    fn word<W: Word>(&self, value: &Value) -> Result<W, TencentError> {
        let one_of = || format!("must be one of {} ", W::list(" "));
        W::of(self.text(value)?).ok_or_else(|| self.coded(ErrorCode::NotForField, one_of()))
    }

    fn parsed<T>(&self, value: &Value, parse: impl FnOnce(&str) -> Result<T, Fault>) -> Result<T, TencentError> {
        parse(self.text(value)?).map_err(|fault| self.refused(&fault))
    }

    fn patch<T>(&self, value: &Value, parse: impl FnOnce(&str) -> Result<T, Fault>) -> Result<Patch<T>, TencentError> {
        match self.text(value)? {
            "" => Ok(Patch::Clear),
            given => parse(given).map(Patch::Set).map_err(|fault| self.refused(&fault)),
        }
    }

    fn avatar(
        &self,
        value: &Value,
        context: &CommandContext<'_>,
        known: &User,
    ) -> Result<Option<AvatarChange>, TencentError> {
        match self.text(value)? {
            "" => Ok(Some(AvatarChange::Tile)),
            given => avatar(context, Some(known), given).map_err(|fault| self.refused(&fault)),
        }
    }

    pub(super) fn refused(&self, fault: &Fault) -> TencentError {
        let is_too_long = matches!(fault, Fault::TooManyBytes { .. });
        let code = if *fault == Fault::Undeclared {
            ErrorCode::NoSuchTag
        } else if *fault == Fault::NotWritable {
            ErrorCode::TagNotWritable
        } else if is_too_long && *self != Self::Location {
            // The location alone has a length limit of its own.
            ErrorCode::TooLong
        } else if matches!(self, Self::Custom(_)) {
            ErrorCode::ProfileParameter
        } else {
            ErrorCode::NotForField
        };
        self.coded(code, fault)
    }

    pub(super) fn coded(&self, code: ErrorCode, said: impl fmt::Display) -> TencentError {
        TencentError::Coded(code, format!("{} {said}", self.name()))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ProfileItem {
    pub(super) tag: Cow<'static, str>,
    pub(super) value: Value,
}

impl PartialSchema for ProfileItem {
    fn schema() -> RefOr<Schema> {
        let standard =
            Tag::STANDARD.iter().map(|tag| item_schema(text().enum_values(Some([tag.name()])), tag.schema()));
        let name = text().pattern(Some(format!("^{CUSTOM}[A-Za-z0-9_]{{1,{}}}$", CustomName::CHARS_MAX)));
        let items = standard.chain([item_schema(name, custom_schema())]).fold(OneOfBuilder::new(), OneOfBuilder::item);
        items.description(Some("A tag of a profile and its value. Texts are of at most 500 bytes of UTF-8.")).into()
    }
}

impl ToSchema for ProfileItem {}

pub(super) fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

pub(super) fn item_schema(tag: ObjectBuilder, value: impl Into<RefOr<Schema>>) -> Object {
    let item = ObjectBuilder::new().property("Tag", tag).property("Value", value);
    item.required("Tag").required("Value").build()
}

impl Tag {
    fn schema(&self) -> ObjectBuilder {
        match self {
            Self::Nick => text().max_length(Some(DisplayName::BYTES_MAX)),
            Self::SelfSignature => text().max_length(Some(StatusText::BYTES_MAX)),
            Self::Image => {
                text().description(Some("An address, or any text. The calls of another vendor may set a longer one."))
            }
            Self::Gender => text().enum_values(Some(Gender::WORDS.iter().map(|(word, _)| *word))),
            Self::Location => text().max_length(Some(Location::BYTES_MAX)),
            Self::AllowType => text().enum_values(Some(AllowType::WORDS.iter().map(|(word, _)| *word))),
            Self::AdminForbidType => text().enum_values(Some(ForbidType::WORDS.iter().map(|(word, _)| *word))),
            Self::BirthDay | Self::Language | Self::MsgSettings | Self::Level | Self::Role => {
                ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(u32::MAX))
            }
            Self::Custom(_) => custom_schema(),
        }
    }
}

fn custom_schema() -> ObjectBuilder {
    text().max_length(Some(CustomValue::BYTES_MAX)).description(Some("A field that the app has declared."))
}

/// Returns an address, or the text that this dialect stored; none if the user has no avatar, or none that is public.
fn image(context: &CommandContext<'_>, user: &User) -> Option<String> {
    let public_pictures = context.tenant.app.settings.public_pictures;
    match &user.profile.avatar {
        Avatar::Tile => None,
        Avatar::Text(text) => Some(text.as_str().to_owned()),
        Avatar::Picture(..) if !public_pictures => None,
        Avatar::Picture(..) | Avatar::Elsewhere(_) => Some(context.addresses.avatar(user, public_pictures)),
    }
}

/// Parses a picture of this server, another address, or a text. Returns none if it equals the avatar of `known`.
pub(super) fn avatar(
    context: &CommandContext<'_>,
    known: Option<&User>,
    given: &str,
) -> Result<Option<AvatarChange>, Fault> {
    if known.and_then(|user| image(context, user)).is_some_and(|shown| shown == given) {
        return Ok(None);
    }
    at_most_bytes(given, IMAGE_BYTES_MAX)?;
    match HttpAddress::parse(given) {
        Ok(_) => context.addresses.avatar_change(Some(given), known, context.tenant.app.settings.public_pictures),
        Err(_) => AvatarText::parse(given).map(AvatarChange::Text).map(Some),
    }
}

fn no_such_tag(raw: &str) -> TencentError {
    TencentError::Coded(
        ErrorCode::NoSuchTag,
        format!("There is no tag {}: name one of Tag_Profile_IM_ or a declared Tag_Profile_Custom_", repeated(raw)),
    )
}

/// Returns the name of an unknown tag, shortened and escaped for an error message.
pub(super) fn repeated(raw: &str) -> String {
    raw.chars().take(TAG_CHARS_SHOWN).flat_map(char::escape_default).collect()
}
