//! The tags of a friend, `Tag_SNS_IM_`: what its owner has noted of it, and how the friendship came about.
//!
//! Source: the vendor's page on relationship chains, standard friend fields. Custom ones, `Tag_SNS_Custom_`, are not part of Standin.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ArrayBuilder, ObjectBuilder, OneOfBuilder, RefOr, Schema, Type},
};

use super::{
    body::{At, Element, Schemas, TEXT, taken},
    call::bad,
    relations::{ADD_SOURCE, remark},
    reply::Refused,
    tags::{item_schema, repeated, text},
};
use crate::domain::{
    error::Fault,
    friend::{AddWording, Friend, FriendChange, FriendGroup},
    profile::Patch,
    text::ContactName,
};

/// A tag of a friend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FriendTag {
    /// What the owner calls them.
    Remark,
    /// The owner's groups they are in.
    Group,
    /// How the friendship came about.
    AddSource,
    /// What was said then.
    AddWording,
    /// Since when, in seconds of Unix time.
    AddTime,
}

impl FriendTag {
    /// All of them, in the order in which a friend shows them.
    pub(super) const ALL: [Self; 5] = [Self::Remark, Self::Group, Self::AddSource, Self::AddWording, Self::AddTime];

    /// Reads a tag's name.
    /// # Errors
    /// 30001: there is no such tag.
    pub(super) fn parse(raw: &str) -> Result<Self, Refused> {
        Self::ALL.into_iter().find(|tag| tag.name() == raw).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            Refused::BadParameter(format!("There is no tag {} of friends: name one of {known}", repeated(raw)))
        })
    }

    /// Its name on the wire.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Remark => "Tag_SNS_IM_Remark",
            Self::Group => "Tag_SNS_IM_Group",
            Self::AddSource => "Tag_SNS_IM_AddSource",
            Self::AddWording => "Tag_SNS_IM_AddWording",
            Self::AddTime => "Tag_SNS_IM_AddTime",
        }
    }

    /// What stands under it. None: nothing, for which clients have a default of their own.
    pub(super) fn value(self, friend: &Friend) -> Option<Value> {
        match self {
            Self::Remark => friend.remark.as_ref().map(|remark| remark.as_str().into()),
            Self::Group if friend.groups.is_empty() => None,
            Self::Group => Some(friend.groups.iter().map(FriendGroup::as_str).collect()),
            Self::AddSource => friend.source.as_ref().map(|source| source.as_str().into()),
            Self::AddWording => friend.wording.as_ref().map(|wording| wording.as_str().into()),
            Self::AddTime => Some(friend.at.unix_s().into()),
        }
    }

    /// The tag with its value, where there is one.
    pub(super) fn item(self, friend: &Friend) -> Option<FriendItem> {
        Some(FriendItem { tag: self.name(), value: self.value(friend)? })
    }

    /// Puts a value into a change, an empty one to clear.
    /// # Errors
    /// A bad parameter.
    pub(super) fn put(self, value: &Value, change: &mut FriendChange) -> Result<(), Refused> {
        match self {
            Self::Remark => {
                let given = value.as_str().ok_or_else(|| bad(&TEXT, self.name()))?;
                change.remark = match given.is_empty() {
                    true => Patch::Clear,
                    false => Patch::Set(remark(given).map_err(|fault| bad(&fault, self.name()))?),
                };
            }
            Self::Group => {
                let given = value.as_array().ok_or_else(|| bad(&GROUPS, self.name()))?;
                let group = |group: &Value| {
                    let group = group.as_str().ok_or_else(|| bad(&GROUPS, self.name()))?;
                    FriendGroup::parse(group).map_err(|fault| bad(&fault, self.name()))
                };
                change.groups = Some(given.iter().map(group).collect::<Result<_, _>>()?);
            }
            Self::AddSource | Self::AddWording | Self::AddTime => {
                return Err(Refused::BadParameter(format!(
                    "{} stays as it was when the friend was added",
                    self.name()
                )));
            }
        }
        Ok(())
    }
}

/// A tag and what is to stand under it, in an item of a call.
impl<'a> Element<'a> for (FriendTag, &'a Value) {
    fn one(_: At<'a>, item: &'a Value) -> Result<Self, Refused> {
        let tag = item.get("Tag").and_then(Value::as_str).ok_or_else(|| bad(&TEXT, "Tag in SnsItem"))?;
        Ok((FriendTag::parse(tag)?, item.get("Value").unwrap_or(&Value::Null)))
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        taken::<FriendItem>(others)
    }
}

/// A tag of a friend and what stands under it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FriendItem {
    tag: &'static str,
    value: Value,
}

impl PartialSchema for FriendItem {
    fn schema() -> RefOr<Schema> {
        let item = |tag: &FriendTag| item_schema(text().enum_values(Some([tag.name()])), tag.schema());
        let items = FriendTag::ALL.iter().map(item).fold(OneOfBuilder::new(), OneOfBuilder::item);
        items.description(Some("What a user has noted of a friend, and how the friendship came about.")).into()
    }
}

impl ToSchema for FriendItem {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("FriendItem")
    }
}

impl FriendTag {
    /// The schema of its value.
    fn schema(self) -> Schema {
        match self {
            Self::Remark => text().max_length(Some(ContactName::BYTES_MAX)).into(),
            Self::Group => ArrayBuilder::new().items(text().max_length(Some(FriendGroup::BYTES_MAX))).into(),
            Self::AddSource => text().pattern(Some(ADD_SOURCE)).into(),
            Self::AddWording => text().max_length(Some(AddWording::BYTES_MAX)).into(),
            Self::AddTime => {
                ObjectBuilder::new().schema_type(Type::Integer).description(Some("Seconds of Unix time.")).into()
            }
        }
    }
}

const GROUPS: Fault = Fault::Malformed("a list of texts");
