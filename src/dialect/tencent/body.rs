//! Request bodies. One description of each body serves to read it and to document it.

use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{
        ArrayBuilder, ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema, Type,
        schema::{SchemaFormat, SchemaType},
    },
};

use super::{
    call::{CommandCall, TencentCaller, account_of, bad},
    reply::TencentError,
    tags::text,
    words::Word,
};
use crate::domain::{Fault, FriendFault, Owner, UserId};

pub(super) type Schemas = Vec<(String, RefOr<Schema>)>;

pub(super) const TEXT: Fault = Fault::Malformed("text, in quotes");

#[derive(Clone, Copy)]
pub(super) struct BodyField<'a> {
    pub(super) call: CommandCall<'a>,
    pub(super) object: &'a Value,
    pub(super) name: &'static str,
}

impl<'a> BodyField<'a> {
    pub(super) fn given(self) -> Option<&'a Value> {
        self.object.get(self.name).filter(|value| !value.is_null())
    }

    pub(super) fn text(self) -> Result<Option<&'a str>, TencentError> {
        self.given().map(|given| given.as_str().ok_or_else(|| self.bad(&TEXT))).transpose()
    }

    pub(super) fn parsed<T>(self, parse: impl FnOnce(&str) -> Result<T, Fault>) -> Result<Option<T>, TencentError> {
        let given = self.text()?.filter(|given| !given.is_empty());
        given.map(parse).transpose().map_err(|fault| self.bad(&fault))
    }

    pub(super) fn read<T: FieldType<'a>>(self) -> Result<T, TencentError> {
        T::at(self)?.ok_or_else(|| self.bad(&Fault::Missing))
    }

    /// Reads each item of a list of `least` to `most` items with `one`; none if the list is absent.
    pub(super) fn list<T>(
        self,
        least: usize,
        most: usize,
        one: impl FnMut(&'a Value) -> Result<T, TencentError>,
    ) -> Result<Option<Vec<T>>, TencentError> {
        let Some(given) = self.given() else { return Ok(None) };
        let items = given.as_array().ok_or_else(|| self.bad(&Fault::Malformed("a list")))?;
        if items.len() < least {
            return Err(self.bad(&Fault::Missing));
        }
        Fault::if_above(most, "items", items.len()).map_err(|fault| self.bad(&fault))?;
        items.iter().map(one).collect::<Result<_, _>>().map(Some)
    }

    pub(super) fn bad(self, fault: &Fault) -> TencentError {
        bad(fault, self.name)
    }
}

/// A struct that [`body`] describes.
pub(super) trait RequestBody<'a>: Sized {
    /// # Errors
    /// The error of the first invalid field, in the order of the struct.
    fn read(call: CommandCall<'a>, object: &'a Value) -> Result<Self, TencentError>;
}

pub(super) trait FieldType<'a>: Sized {
    const IS_REQUIRED: bool = true;

    /// Reads the value; none if it is absent.
    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError>;

    /// Returns the schema, and adds the schemas that it refers to to `others`.
    fn schema(others: &mut Schemas) -> RefOr<Schema>;
}

impl<'a, T: FieldType<'a>> FieldType<'a> for Option<T> {
    const IS_REQUIRED: bool = false;

    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
        T::at(at).map(Some)
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        T::schema(others)
    }
}

/// For each field its type, its name in JSON, and an example if that of the type does not fit.
macro_rules! body {
    ($($(#[doc = $about:literal])* struct $name:ident $(<$life:lifetime>)? as $as:literal $(eg $whole:tt)? {
        $($(#[doc = $said:literal])* $field:ident: $kind:ty = $wire:literal $(eg $example:tt)?,)*
    })*) => {$(
        $(#[doc = $about])*
        pub(in crate::dialect::tencent) struct $name $(<$life>)? {
            $(pub(in crate::dialect::tencent) $field: $kind,)*
        }

        body!(@of $name $($life)? {
            fn read(call: $crate::dialect::tencent::call::CommandCall<'a>, object: &'a serde_json::Value) -> Result<Self, TencentError> {
                use $crate::dialect::tencent::body::BodyField;
                Ok(Self { $($field: BodyField { call, object, name: $wire }.read()?,)* })
            }
        });

        impl $(<$life>)? utoipa::PartialSchema for $name $(<$life>)? {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                use $crate::dialect::tencent::body::{object, property};
                let fields = [$(property::<$kind>($wire, &[$($said),*], None $(.or(Some(serde_json::json!($example))))?),)*];
                object(&[$($about),*], fields, None $(.or(Some(serde_json::json!($whole))))?)
            }
        }

        impl $(<$life>)? utoipa::ToSchema for $name $(<$life>)? {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed($as)
            }

            fn schemas(schemas: &mut $crate::dialect::tencent::body::Schemas) {
                $(<$kind as $crate::dialect::tencent::body::FieldType<'_>>::schema(schemas);)*
            }
        }
    )*};
    (@of $name:ident { $($read:tt)* }) => {
        impl<'a> $crate::dialect::tencent::body::RequestBody<'a> for $name { $($read)* }
    };
    (@of $name:ident $life:lifetime { $($read:tt)* }) => {
        impl<'a> $crate::dialect::tencent::body::RequestBody<'a> for $name<'a> { $($read)* }
    };
}
pub(super) use body;

/// The name of a property, its schema, and whether it is required.
pub(super) type Property = (&'static str, RefOr<Schema>, bool);

pub(super) fn property<'a, F: FieldType<'a>>(name: &'static str, said: &[&str], example: Option<Value>) -> Property {
    let said = Some(said.concat().trim().to_owned()).filter(|said| !said.is_empty());
    let or_null = |of: &mut SchemaType| {
        if let (SchemaType::Type(one), false) = (&*of, F::IS_REQUIRED) {
            *of = SchemaType::from_iter([one.clone(), Type::Null]);
        }
    };
    let mut schema = F::schema(&mut Schemas::new());
    match &mut schema {
        RefOr::Ref(to) => {
            to.description = said.unwrap_or_default();
            if !F::IS_REQUIRED {
                let null = ObjectBuilder::new().schema_type(Type::Null);
                schema = OneOfBuilder::new().item(to.clone()).item(null).into();
            }
        }
        RefOr::T(Schema::Object(object)) => {
            object.description = said.or(object.description.take());
            object.example = example.or(object.example.take());
            or_null(&mut object.schema_type);
        }
        RefOr::T(Schema::Array(array)) => {
            array.description = said.or(array.description.take());
            array.example = example.or(array.example.take());
            or_null(&mut array.schema_type);
        }
        RefOr::T(_) => {}
    }
    (name, schema, F::IS_REQUIRED)
}

pub(super) fn object<const N: usize>(
    about: &[&str],
    properties: [Property; N],
    example: Option<Value>,
) -> RefOr<Schema> {
    let about = about.concat();
    let object = ObjectBuilder::new().description(Some(about.trim()));
    let with = |object: ObjectBuilder, (name, schema, is_required)| {
        let object = object.property(name, schema);
        if is_required { object.required(name) } else { object }
    };
    let mut object = properties.into_iter().fold(object, with).build();
    object.example = example;
    RefOr::T(object.into())
}

pub(super) fn with_example(schema: ObjectBuilder, example: impl Into<Value>) -> RefOr<Schema> {
    let mut schema = schema.build();
    schema.example = Some(example.into());
    RefOr::T(schema.into())
}

pub(super) fn schema_ref<T: ToSchema>(others: &mut Schemas) -> RefOr<Schema> {
    T::schemas(others);
    named_schema_ref(&T::name(), T::schema(), others)
}

pub(super) fn named_schema_ref(name: &str, schema: RefOr<Schema>, others: &mut Schemas) -> RefOr<Schema> {
    others.push((name.to_owned(), schema));
    Ref::from_schema_name(name).into()
}

/// The user whose data the command is about. A user may name only itself, and the result then holds its key: by the
/// time of the write the id may belong to another user.
impl<'a> FieldType<'a> for Owner {
    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
        let Some(given) = at.given() else { return Ok(None) };
        let named = account_of(given, at.name)?;
        match at.call.caller {
            TencentCaller::BackEnd => {
                UserId::parse(named).map(|id| Some(Self::Named(id))).map_err(|fault| at.bad(&fault))
            }
            TencentCaller::User(user) if user.id.as_str() == named => Ok(Some(Self::Itself(user.key))),
            TencentCaller::User(_) => {
                Err(TencentError::Rights(format!("{} must be the account that has signed in", at.name)))
            }
        }
    }

    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        with_example(text().description(Some("The user whose data this is.")), "guest@qiscus.com")
    }
}

/// The account that an item is about. A text that is not an id names no user.
impl<'a> FieldType<'a> for UserId {
    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
        id(account(at.object, at.name)?).map(Some)
    }

    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        with_example(text(), "user1")
    }
}

/// # Errors
/// 60015.
pub(super) fn account<'a>(item: &'a Value, name: &'static str) -> Result<&'a str, TencentError> {
    account_of(item.get(name).unwrap_or(&Value::Null), name)
}

/// Parses an account; a text that is not an id names no user.
pub(super) fn id(account: &str) -> Result<UserId, TencentError> {
    UserId::parse(account).map_err(|_| FriendFault::NoSuchUser.into())
}

pub(super) type PerAccount<'a, T = ()> = Vec<(&'a str, Result<T, TencentError>)>;

/// Accounts in one call of the friends service. "Must not exceed 1,000."
const ACCOUNTS_MAX: usize = 1000;

/// Account names, each with its parsed id.
pub(super) type Accounts<'a, const MOST: usize = ACCOUNTS_MAX, const LEAST: usize = 1> =
    BoundedList<(&'a str, Result<UserId, TencentError>), MOST, LEAST>;

impl<'a> ListItem<'a> for (&'a str, Result<UserId, TencentError>) {
    fn read_item(at: BodyField<'a>, item: &'a Value) -> Result<Self, TencentError> {
        account_of(item, at.name).map(|account| (account, id(account)))
    }
}

pub(super) fn list(of: impl Into<RefOr<Schema>>, least: usize, most: usize) -> ArrayBuilder {
    let list = ArrayBuilder::new().items(of.into());
    let list = if least > 0 { list.min_items(Some(least)) } else { list };
    if most < usize::MAX { list.max_items(Some(most)) } else { list }
}

/// Items that each name an account in `To_Account`. An invalid item fails alone.
pub(super) type AccountItems<'a, T, const LEAST: usize = 1> =
    BoundedList<(&'a str, Result<T, TencentError>), ACCOUNTS_MAX, LEAST>;

impl<'a, T: RequestBody<'a> + ToSchema> ListItem<'a> for (&'a str, Result<T, TencentError>) {
    fn read_item(at: BodyField<'a>, item: &'a Value) -> Result<Self, TencentError> {
        Ok((account(item, "To_Account")?, T::read(at.call, item)))
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        schema_ref::<T>(others)
    }
}

pub(super) trait ListItem<'a>: Sized {
    /// # Errors
    /// Any error refuses the whole call.
    fn read_item(at: BodyField<'a>, item: &'a Value) -> Result<Self, TencentError>;

    /// As [`FieldType::schema`].
    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        text().into()
    }
}

/// A list of `LEAST` to `MOST` items. One invalid item refuses the call.
pub(super) struct BoundedList<T, const MOST: usize, const LEAST: usize = 1>(pub(super) Vec<T>);

impl<'a, T: ListItem<'a>, const MOST: usize, const LEAST: usize> FieldType<'a> for BoundedList<T, MOST, LEAST> {
    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
        Ok(at.list(LEAST, MOST, |item| T::read_item(at, item))?.map(Self))
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        list(T::schema(others), LEAST, MOST).into()
    }
}

impl<'a, W: Word + ToSchema> FieldType<'a> for W {
    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
        let Some(given) = at.text()?.filter(|given| !given.is_empty()) else { return Ok(None) };
        let refused = || TencentError::BadParameter(format!("{} must be one of {}", at.name, W::list(", ")));
        W::of(given).map(Some).ok_or_else(refused)
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        schema_ref::<W>(others)
    }
}

impl<'a> FieldType<'a> for u32 {
    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
        const NUMBER: Fault = Fault::OutOfRange("a number from 0 to 4294967295, without quotes");
        let number = |given: &Value| given.as_u64().and_then(|number| Self::try_from(number).ok());
        at.given().map(|given| number(given).ok_or_else(|| at.bad(&NUMBER))).transpose()
    }

    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        number().into()
    }
}

/// 0 or 1.
impl<'a> FieldType<'a> for bool {
    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
        match u32::at(at)? {
            None => Ok(None),
            Some(number @ (0 | 1)) => Ok(Some(number == 1)),
            Some(_) => Err(at.bad(&Fault::NotOneOf("0, 1"))),
        }
    }

    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        number().maximum(Some(1)).into()
    }
}

pub(super) fn number() -> ObjectBuilder {
    let format = SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::Int32);
    ObjectBuilder::new().schema_type(Type::Integer).format(Some(format)).minimum(Some(0))
}

/// A text, which may be empty. The bound is for the document; the parser of the field checks the same bound.
pub(super) struct Text<'a, const BYTES_MAX: usize>(pub(super) &'a str);

impl<'a, const BYTES_MAX: usize> FieldType<'a> for Text<'a, BYTES_MAX> {
    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
        Ok(at.text()?.map(Self))
    }

    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        text().max_length(Some(BYTES_MAX)).into()
    }
}

/// A field that the vendor's clients send and the server does not read.
pub(super) struct IgnoredNumber;

impl<'a> FieldType<'a> for IgnoredNumber {
    const IS_REQUIRED: bool = false;

    fn at(_: BodyField<'a>) -> Result<Option<Self>, TencentError> {
        Ok(Some(Self))
    }

    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        with_example(number().description(Some("Not read.")), 0)
    }
}

/// Implements [`FieldType`] for types that are parsed from text; an empty text counts as absent.
macro_rules! texts {
    ($($kind:ty = $parse:expr, $schema:expr;)*) => {$(
        impl<'a> $crate::dialect::tencent::body::FieldType<'a> for $kind {
            fn at(at: $crate::dialect::tencent::body::BodyField<'a>) -> Result<Option<Self>, $crate::dialect::tencent::reply::TencentError> {
                at.parsed($parse)
            }

            fn schema(_: &mut $crate::dialect::tencent::body::Schemas) -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $schema.into()
            }
        }
    )*};
}
pub(super) use texts;
