//! Bodies of calls. One description of each: by it a body is read, and of it the document is made.

use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{
        ArrayBuilder, ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema, Type,
        schema::{SchemaFormat, SchemaType},
    },
};

use super::{
    call::{Call, Caller, account_of, bad},
    reply::Refused,
    tags::text,
    words::Word,
};
use crate::domain::{error::Fault, friend::FriendFault, id::UserId, owner::Owner};

/// Schemas by their names.
pub(super) type Schemas = Vec<(String, RefOr<Schema>)>;

/// A text where a field takes one.
pub(super) const TEXT: Fault = Fault::Malformed("text, in quotes");

/// A field of a body, or of an item in one.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) call: Call<'a>,
    pub(super) object: &'a Value,
    pub(super) name: &'static str,
}

impl<'a> At<'a> {
    /// What is given; null is as none.
    pub(super) fn given(self) -> Option<&'a Value> {
        self.object.get(self.name).filter(|value| !value.is_null())
    }

    /// A text, if it is given.
    pub(super) fn text(self) -> Result<Option<&'a str>, Refused> {
        self.given().map(|given| given.as_str().ok_or_else(|| self.bad(&TEXT))).transpose()
    }

    /// A text that is parsed; none where it is not given or empty.
    pub(super) fn parsed<T>(self, parse: impl FnOnce(&str) -> Result<T, Fault>) -> Result<Option<T>, Refused> {
        let given = self.text()?.filter(|given| !given.is_empty());
        given.map(parse).transpose().map_err(|fault| self.bad(&fault))
    }

    /// What must be given, or an option of what need not.
    pub(super) fn read<T: Kind<'a>>(self) -> Result<T, Refused> {
        T::at(self)?.ok_or_else(|| self.bad(&Fault::Missing))
    }

    /// What `one` makes of each item of a list of `least` to `most`, if it is given.
    pub(super) fn list<T>(
        self,
        least: usize,
        most: usize,
        one: impl FnMut(&'a Value) -> Result<T, Refused>,
    ) -> Result<Option<Vec<T>>, Refused> {
        let Some(given) = self.given() else { return Ok(None) };
        let items = given.as_array().ok_or_else(|| self.bad(&Fault::Malformed("a list")))?;
        match items.len() {
            found if found < least => Err(self.bad(&Fault::Missing)),
            found if found > most => {
                Err(self.bad(&Fault::TooMuch { most: most as u64, unit: "items", found: found as u64 }))
            }
            _ => items.iter().map(one).collect::<Result<_, _>>().map(Some),
        }
    }

    /// A refusal of this field.
    pub(super) fn bad(self, fault: &Fault) -> Refused {
        bad(fault, self.name)
    }
}

/// What a call says: a struct that [`body`] describes.
pub(super) trait Body<'a>: Sized {
    /// Reads it from the body, or from an item in it.
    /// # Errors
    /// Of the first field that is wrong, in the order of the struct.
    fn read(call: Call<'a>, object: &'a Value) -> Result<Self, Refused>;
}

/// What may stand in a field.
pub(super) trait Kind<'a>: Sized {
    const IS_REQUIRED: bool = true;

    /// Reads it; none where it is not given.
    /// # Errors
    /// A bad parameter, or what else this kind refuses.
    fn at(at: At<'a>) -> Result<Option<Self>, Refused>;

    /// Its schema; those that it refers to are put among the others.
    fn schema(others: &mut Schemas) -> RefOr<Schema>;
}

/// What need not be given.
impl<'a, T: Kind<'a>> Kind<'a> for Option<T> {
    const IS_REQUIRED: bool = false;

    fn at(at: At<'a>) -> Result<Option<Self>, Refused> {
        T::at(at).map(Some)
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        T::schema(others)
    }
}

/// Describes bodies: each field with its kind and its name on the wire, and an example where its kind's own will not do.
macro_rules! body {
    ($($(#[doc = $about:literal])* struct $name:ident $(<$life:lifetime>)? as $as:literal $(eg $whole:tt)? {
        $($(#[doc = $said:literal])* $field:ident: $kind:ty = $wire:literal $(eg $example:tt)?,)*
    })*) => {$(
        $(#[doc = $about])*
        pub(in crate::dialect::tencent) struct $name $(<$life>)? {
            $(pub(in crate::dialect::tencent) $field: $kind,)*
        }

        body!(@of $name $($life)? {
            fn read(call: $crate::dialect::tencent::call::Call<'a>, object: &'a serde_json::Value) -> Result<Self, Refused> {
                use $crate::dialect::tencent::body::At;
                Ok(Self { $($field: At { call, object, name: $wire }.read()?,)* })
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
                $(<$kind as $crate::dialect::tencent::body::Kind<'_>>::schema(schemas);)*
            }
        }
    )*};
    (@of $name:ident { $($read:tt)* }) => {
        impl<'a> $crate::dialect::tencent::body::Body<'a> for $name { $($read)* }
    };
    (@of $name:ident $life:lifetime { $($read:tt)* }) => {
        impl<'a> $crate::dialect::tencent::body::Body<'a> for $name<'a> { $($read)* }
    };
}
pub(super) use body;

/// A property of an object: its name, its schema, and whether it must be given.
pub(super) type Property = (&'static str, RefOr<Schema>, bool);

/// The property that a field is.
pub(super) fn property<'a, F: Kind<'a>>(name: &'static str, said: &[&str], example: Option<Value>) -> Property {
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

/// The schema of an object.
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

/// A schema with an example.
pub(super) fn shown(schema: ObjectBuilder, example: impl Into<Value>) -> RefOr<Schema> {
    let mut schema = schema.build();
    schema.example = Some(example.into());
    RefOr::T(schema.into())
}

/// Refers to a schema, and puts it among the others.
pub(super) fn taken<T: ToSchema>(others: &mut Schemas) -> RefOr<Schema> {
    T::schemas(others);
    named(&T::name(), T::schema(), others)
}

/// As [`taken`], for a schema that no struct has.
pub(super) fn named(name: &str, schema: RefOr<Schema>, others: &mut Schemas) -> RefOr<Schema> {
    others.push((name.to_owned(), schema));
    Ref::from_schema_name(name).into()
}

/// Whose data a command is about. A user's own only, and that by its key: the id may be another's by the time the command writes.
impl<'a> Kind<'a> for Owner {
    fn at(at: At<'a>) -> Result<Option<Self>, Refused> {
        let Some(given) = at.given() else { return Ok(None) };
        let named = account_of(given, at.name)?;
        match at.call.caller {
            Caller::BackEnd => UserId::parse(named).map(|id| Some(Self::Named(id))).map_err(|fault| at.bad(&fault)),
            Caller::User(user) if user.id.as_str() == named => Ok(Some(Self::Itself(user.key))),
            Caller::User(_) => Err(Refused::Rights(format!("{} must be the account that has signed in", at.name))),
        }
    }

    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        shown(text().description(Some("The user whose data this is.")), "guest@qiscus.com")
    }
}

/// The account that an item is about. A text that is no id at all names no user.
impl<'a> Kind<'a> for UserId {
    fn at(at: At<'a>) -> Result<Option<Self>, Refused> {
        id(account(at.object, at.name)?).map(Some)
    }

    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        shown(text(), "user1")
    }
}

/// The account that an item names.
/// # Errors
/// 60015.
pub(super) fn account<'a>(item: &'a Value, name: &'static str) -> Result<&'a str, Refused> {
    account_of(item.get(name).unwrap_or(&Value::Null), name)
}

fn id(account: &str) -> Result<UserId, Refused> {
    UserId::parse(account).map_err(|_| FriendFault::NoSuchUser.into())
}

/// What came of each account of a call, in the call's order.
pub(super) type Outcomes<'a, T = ()> = Vec<(&'a str, Result<T, Refused>)>;

/// Accounts that one call of the friends service names. "Must not exceed 1,000."
const ACCOUNTS_MAX: usize = 1000;

/// Accounts by their names, and the id of each.
pub(super) type Accounts<'a, const MOST: usize = ACCOUNTS_MAX, const LEAST: usize = 1> =
    List<(&'a str, Result<UserId, Refused>), MOST, LEAST>;

impl<'a> Element<'a> for (&'a str, Result<UserId, Refused>) {
    fn one(at: At<'a>, item: &'a Value) -> Result<Self, Refused> {
        account_of(item, at.name).map(|account| (account, id(account)))
    }
}

/// The schema of a list.
pub(super) fn list(of: impl Into<RefOr<Schema>>, least: usize, most: usize) -> ArrayBuilder {
    let list = ArrayBuilder::new().items(of.into());
    let list = if least > 0 { list.min_items(Some(least)) } else { list };
    if most < usize::MAX { list.max_items(Some(most)) } else { list }
}

/// Items that each name an account in `To_Account`. What is wrong with one of them is told of this one; the others are done.
pub(super) type Items<'a, T, const LEAST: usize = 1> = List<(&'a str, Result<T, Refused>), ACCOUNTS_MAX, LEAST>;

impl<'a, T: Body<'a> + ToSchema> Element<'a> for (&'a str, Result<T, Refused>) {
    fn one(at: At<'a>, item: &'a Value) -> Result<Self, Refused> {
        Ok((account(item, "To_Account")?, T::read(at.call, item)))
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        taken::<T>(others)
    }
}

/// What a list may hold.
pub(super) trait Element<'a>: Sized {
    /// Reads one.
    /// # Errors
    /// A bad parameter, or what else it refuses: of the whole call.
    fn one(at: At<'a>, item: &'a Value) -> Result<Self, Refused>;

    /// Its schema; those that it refers to are put among the others.
    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        text().into()
    }
}

/// A list of which each item must be right.
pub(super) struct List<T, const MOST: usize, const LEAST: usize = 1>(pub(super) Vec<T>);

impl<'a, T: Element<'a>, const MOST: usize, const LEAST: usize> Kind<'a> for List<T, MOST, LEAST> {
    fn at(at: At<'a>) -> Result<Option<Self>, Refused> {
        Ok(at.list(LEAST, MOST, |item| T::one(at, item))?.map(Self))
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        list(T::schema(others), LEAST, MOST).into()
    }
}

impl<'a, W: Word + ToSchema> Kind<'a> for W {
    fn at(at: At<'a>) -> Result<Option<Self>, Refused> {
        let Some(given) = at.text()?.filter(|given| !given.is_empty()) else { return Ok(None) };
        let refused = || Refused::BadParameter(format!("{} must be one of {}", at.name, W::list(", ")));
        W::of(given).map(Some).ok_or_else(refused)
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        taken::<W>(others)
    }
}

/// A number.
impl<'a> Kind<'a> for u32 {
    fn at(at: At<'a>) -> Result<Option<Self>, Refused> {
        const NUMBER: Fault = Fault::OutOfRange("a number from 0 to 4294967295, without quotes");
        let number = |given: &Value| given.as_u64().and_then(|number| Self::try_from(number).ok());
        at.given().map(|given| number(given).ok_or_else(|| at.bad(&NUMBER))).transpose()
    }

    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        number().into()
    }
}

/// 0 or 1.
impl<'a> Kind<'a> for bool {
    fn at(at: At<'a>) -> Result<Option<Self>, Refused> {
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

/// The schema of a number.
pub(super) fn number() -> ObjectBuilder {
    let format = SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::Int32);
    ObjectBuilder::new().schema_type(Type::Integer).format(Some(format)).minimum(Some(0))
}

/// A text as it is given, an empty one too. The bound is for the document; the parser of the field checks the same one.
pub(super) struct Text<'a, const BYTES_MAX: usize>(pub(super) &'a str);

impl<'a, const BYTES_MAX: usize> Kind<'a> for Text<'a, BYTES_MAX> {
    fn at(at: At<'a>) -> Result<Option<Self>, Refused> {
        Ok(at.text()?.map(Self))
    }

    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        text().max_length(Some(BYTES_MAX)).into()
    }
}

/// What the vendor's clients send and nobody reads.
pub(super) struct Unread;

impl<'a> Kind<'a> for Unread {
    const IS_REQUIRED: bool = false;

    fn at(_: At<'a>) -> Result<Option<Self>, Refused> {
        Ok(Some(Self))
    }

    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        shown(number().description(Some("Not read.")), 0)
    }
}

/// Kinds that are parsed from a text; none where it is empty.
macro_rules! texts {
    ($($kind:ty = $parse:expr, $schema:expr;)*) => {$(
        impl<'a> $crate::dialect::tencent::body::Kind<'a> for $kind {
            fn at(at: $crate::dialect::tencent::body::At<'a>) -> Result<Option<Self>, $crate::dialect::tencent::reply::Refused> {
                at.parsed($parse)
            }

            fn schema(_: &mut $crate::dialect::tencent::body::Schemas) -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $schema.into()
            }
        }
    )*};
}
pub(super) use texts;
