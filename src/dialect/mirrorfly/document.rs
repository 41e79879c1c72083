//! The OpenAPI document of this dialect. Handlers describe themselves; this file adds what follows from a call's shape, and
//! the schemas of domain types, because the domain names no framework.

use std::collections::BTreeMap;

use utoipa::{
    Modify, OpenApi as _,
    openapi::{
        AllOfBuilder, Content, ObjectBuilder, OneOfBuilder, OpenApi, PathItem, Paths, RefOr, Required, Response,
        Schema,
        path::Operation,
        request_body::RequestBody,
        schema::{SchemaType, Type},
        security::{ApiKey, ApiKeyValue, SecurityScheme},
    },
};

use super::{
    back_end, chat_history, chat_lists, chat_sending, chats, config, contacts, license, media, metadata, people,
    register,
    reply::{self, MirrorFlyErrorReply},
    sign_in,
    xmpp::socket,
};
use crate::domain::{DeviceType, Metadata};

const FORM_TYPES: [&str; 3] = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"];

const URLENCODED: &str = "application/x-www-form-urlencoded";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "MirrorFly, by Standin",
        version = "1",
        description = "The users and one-to-one chat parts of MirrorFly's REST API, for back ends and for users, and the calls of its Web SDK.\n\n\
            Requests about groups, calls and media messages answer with an error or an empty list.\n\n\
            Most calls need a token in the header `Authorization`, without a scheme. `/sandbox/register` and `/login` issue a user's \
            token; `/login` with the account `administrator` issues the back end's. In a demo its password is `standin-demo`, the \
            licence key is `StandinDemoLicenseKey0123456789`, and the users are user1, user2, guest@qiscus.com, guest2@qiscus.com \
            and guest99@qiscus.com.\n\n\
            Calls of the vendor's SDK answer HTTP 200, and `status` in the body has the result, because the SDK reads a body only \
            then; an invalid token is 401 even so. For other calls, and for pictures, the HTTP status equals the one in the body."
    ),
    paths(socket::open, license::details),
    components(schemas(MirrorFlyErrorReply)),
    modifiers(&TokenSchemes),
    tags(
        (name = "Sign-in", description = "Registration by the app's licence key, and tokens"),
        (name = "Users", description = "Users, for back ends"),
        (name = "Moderation", description = "Blocking users from an app, and reports of users"),
        (name = "Chats", description = "A user's one-to-one chats, their messages and settings"),
        (name = "Metadata", description = "Up to three pairs that an app stores for a user"),
        (name = "Blocking", description = "A user's blocks"),
        (name = "Contacts", description = "A user's contacts, and the profiles of others"),
        (name = "Media", description = "Pictures behind a token"),
        (name = "Socket", description = "The socket by which the vendor's SDK receives changes"),
    )
)]
struct MirrorFlyDocument;

/// The calls below `/api/v1`.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    sign_in::login,
    sign_in::logout,
    register::live,
    register::trial,
    back_end::create_user,
    back_end::delete_user,
    back_end::reset_password,
    metadata::get,
    metadata::update_own,
    metadata::update,
    config::config,
    sign_in::delete_own,
    people::presence,
    back_end::moderate,
    chat_history::recent_chats,
    chat_history::chat_history,
    chat_history::message,
    chat_lists::recent,
    chat_lists::history,
    chat_sending::send,
    chats::groups,
    chats::topics,
    chats::delivered,
    chats::muted,
    chats::mute,
    chats::blocked,
    chats::call_logs,
    chats::report,
    chats::feedback,
    contacts::block,
    contacts::unblock,
    back_end::user,
    back_end::update_user,
    contacts::list,
    contacts::sync,
    contacts::sync_one,
    people::vcard,
    people::list,
    media::upload,
    media::media,
))]
struct MirrorFlyRestPaths;

/// The two kinds of tokens. Both are sent in the same header.
struct TokenSchemes;

impl Modify for TokenSchemes {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, whose) in [
            ("user", "A user's token, from `/sandbox/register`, `/login` or createUser"),
            ("back_end", "The back end's token, from `/login` with the account `administrator`"),
        ] {
            let header = ApiKeyValue::with_description("Authorization", whose);
            components.add_security_scheme(name, SecurityScheme::ApiKey(ApiKey::Header(header)));
        }
    }
}

pub fn document() -> OpenApi {
    let mut document = MirrorFlyDocument::openapi().nest("/api/v1", MirrorFlyRestPaths::openapi());
    describe_without_slash(&mut document.paths);
    require_identifier(&mut document.paths);
    let schemas = document.components.as_ref().map(|components| components.schemas.clone()).unwrap_or_default();
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        if let Some(RefOr::T(body)) = &mut operation.request_body {
            accept_all_types(body, &schemas);
        }
        add_common_errors(operation);
    }
    document
}

/// Describes `POST /media` like `POST /media/`: the SDK sends the slash, the vendor's page does not show it.
fn describe_without_slash(paths: &mut Paths) {
    let Some(mut item) = paths.paths.get("/api/v1/media/").cloned() else { return };
    for operation in operations(&mut item) {
        operation.operation_id = Some("upload_media_without_slash".to_owned());
    }
    paths.paths.insert("/api/v1/media".to_owned(), item);
}

/// `UserForm` leaves `userIdentifier` optional, because an update names the user in its path.
fn require_identifier(paths: &mut Paths) {
    let create = paths.paths.get_mut("/api/v1/users/createUser").and_then(|item| item.post.as_mut());
    let Some(RefOr::T(body)) = create.and_then(|create| create.request_body.as_mut()) else { return };
    for content in body.content.values_mut() {
        if let RefOr::T(Content { schema: Some(form), .. }) = content {
            let required = ObjectBuilder::new().required("userIdentifier");
            *form = AllOfBuilder::new().item(form.clone()).item(required).into();
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put].into_iter().flatten()
}

/// Adds all types to a form that is described as urlencoded only. Makes the body optional if no field is required.
fn accept_all_types(body: &mut RequestBody, schemas: &BTreeMap<String, RefOr<Schema>>) {
    let (1, Some(form)) = (body.content.len(), body.content.get(URLENCODED).cloned()) else { return };
    if let RefOr::T(Content { schema: Some(RefOr::Ref(named)), .. }) = &form
        && let Some((_, name)) = named.ref_location.rsplit_once('/')
        && let Some(RefOr::T(Schema::Object(fields))) = schemas.get(name)
        && fields.required.is_empty()
    {
        body.required = Some(Required::False);
    }
    body.content.extend(FORM_TYPES.map(|known| (known.to_owned(), form.clone())));
}

/// Adds the errors of calls that have a token or a body. Calls that always answer 200 get the error body there.
fn add_common_errors(operation: &mut Operation) {
    let has_body = operation.request_body.is_some();
    let responses = &mut operation.responses.responses;
    if operation.security.is_some() {
        let when = "The token is missing or expired, or it is the back end's instead of a user's, or vice versa";
        responses.insert("401".to_owned(), reply::error_response(when).into());
    }
    let has_http_errors = responses.contains_key("400");
    if !has_http_errors && let Some(RefOr::T(done)) = responses.get_mut("200") {
        allow_error_body(done);
    }
    for (status, when) in [
        ("408", "The body did not arrive in time"),
        ("413", "The body, a field or a file is too large, or there are too many: the message gives the bound"),
        ("415", "The type or encoding of the body is not supported"),
        ("507", "The disk is full: nothing was changed"),
    ] {
        if has_http_errors && has_body {
            responses.insert(status.to_owned(), reply::error_response(when).into());
        }
    }
}

/// Describes the 200 as either the data or an error, which `status` in the body distinguishes.
fn allow_error_body(done: &mut Response) {
    done.description.push_str("; or an error, whose `status` is not 200");
    for content in done.content.values_mut() {
        if let RefOr::T(Content { schema: Some(shown), .. }) = content {
            let either = OneOfBuilder::new().item(shown.clone()).item(reply::error_schema());
            *shown = either.into();
        }
    }
}

impl utoipa::PartialSchema for Metadata {
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

impl utoipa::ToSchema for Metadata {}

#[expect(deprecated, reason = "`example` is what the other schemas of this document have")]
impl utoipa::PartialSchema for DeviceType {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(Self::ALL.map(Self::as_str)))
            .description(Some("The platform of the device"))
            .example(Some("web".into()))
            .into()
    }
}

impl utoipa::ToSchema for DeviceType {}
