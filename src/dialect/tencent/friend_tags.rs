//! The tags of a friend, `Tag_SNS_IM_`. Source: the vendor's page on relationship chains, standard friend fields.
//! Custom fields, `Tag_SNS_Custom_`, are not part of Standin.

use serde::Serialize;
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ArrayBuilder, ObjectBuilder, OneOfBuilder, RefOr, Schema, Type},
};

use super::{
    body::{BodyField, ListItem, Schemas, TEXT, schema_ref},
    call::bad,
    relations::{ADD_SOURCE, remark},
    reply::TencentError,
    tags::{item_schema, repeated, text},
    words::{Word as _, words},
};
use crate::domain::{AddWording, ContactName, Fault, Friend, FriendChange, FriendGroup, Patch};

words! {
    /// A tag of a friend. Responses have them in this order.
    FriendTag {
        Remark = "Tag_SNS_IM_Remark",
        Group = "Tag_SNS_IM_Group",
        /// How the friendship began.
        AddSource = "Tag_SNS_IM_AddSource",
        AddWording = "Tag_SNS_IM_AddWording",
        /// Since when, in seconds of Unix time.
        AddTime = "Tag_SNS_IM_AddTime",
    }
}

impl FriendTag {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        Self::WORDS.iter().map(|(_, tag)| *tag)
    }

    /// # Errors
    /// 30001 if there is no such tag.
    pub(super) fn parse(raw: &str) -> Result<Self, TencentError> {
        Self::of(raw).ok_or_else(|| {
            let known = Self::list(", ");
            TencentError::BadParameter(format!("There is no tag {} of friends: name one of {known}", repeated(raw)))
        })
    }

    /// Returns the value; none if it is not set, for which clients have a default.
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

    pub(super) fn item(self, friend: &Friend) -> Option<FriendItem> {
        Some(FriendItem { tag: self.word(), value: self.value(friend)? })
    }

    /// Sets the value in a change; an empty value clears it.
    pub(super) fn put(self, value: &Value, change: &mut FriendChange) -> Result<(), TencentError> {
        match self {
            Self::Remark => {
                let given = value.as_str().ok_or_else(|| bad(&TEXT, self.word()))?;
                change.remark = match given.is_empty() {
                    true => Patch::Clear,
                    false => Patch::Set(remark(given).map_err(|fault| bad(&fault, self.word()))?),
                };
            }
            Self::Group => {
                let given = value.as_array().ok_or_else(|| bad(&GROUPS, self.word()))?;
                let group = |group: &Value| {
                    let group = group.as_str().ok_or_else(|| bad(&GROUPS, self.word()))?;
                    FriendGroup::parse(group).map_err(|fault| bad(&fault, self.word()))
                };
                change.groups = Some(given.iter().map(group).collect::<Result<_, _>>()?);
            }
            Self::AddSource | Self::AddWording | Self::AddTime => {
                return Err(TencentError::BadParameter(format!(
                    "{} stays as it was when the friend was added",
                    self.word()
                )));
            }
        }
        Ok(())
    }
}

impl<'a> ListItem<'a> for (FriendTag, &'a Value) {
    fn read_item(_: BodyField<'a>, item: &'a Value) -> Result<Self, TencentError> {
        let tag = item.get("Tag").and_then(Value::as_str).ok_or_else(|| bad(&TEXT, "Tag in SnsItem"))?;
        Ok((FriendTag::parse(tag)?, item.get("Value").unwrap_or(&Value::Null)))
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        schema_ref::<FriendItem>(others)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FriendItem {
    tag: &'static str,
    value: Value,
}

impl PartialSchema for FriendItem {
    fn schema() -> RefOr<Schema> {
        let item = |tag: FriendTag| item_schema(text().enum_values(Some([tag.word()])), tag.schema());
        let items = FriendTag::all().map(item).fold(OneOfBuilder::new(), OneOfBuilder::item);
        items.description(Some("A user's notes on a friend, and how the friendship began.")).into()
    }
}

impl ToSchema for FriendItem {}

impl FriendTag {
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
