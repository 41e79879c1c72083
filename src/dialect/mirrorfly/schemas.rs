//! OpenAPI schemas of the domain types that requests and answers show unchanged. The domain names no framework.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr, Schema,
        schema::{SchemaType, Type},
    },
};

use crate::domain::{DeviceType, Metadata};

impl PartialSchema for Metadata {
    fn schema() -> RefOr<Schema> {
        let kinds = [Type::String, Type::Number, Type::Boolean].into_iter().collect();
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .max_properties(Some(Self::PAIRS_MAX))
            .additional_properties(Some(ObjectBuilder::new().schema_type(SchemaType::Array(kinds))))
            .description(Some("Pairs of a key and a text, number or boolean"))
            .examples([serde_json::json!({ "team": "red" })])
            .into()
    }
}

impl ToSchema for Metadata {}

#[expect(deprecated, reason = "`example` is what the other schemas of this document have")]
impl PartialSchema for DeviceType {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(Self::ALL.map(Self::as_str)))
            .description(Some("The platform of the device"))
            .example(Some("web".into()))
            .into()
    }
}

impl ToSchema for DeviceType {}
