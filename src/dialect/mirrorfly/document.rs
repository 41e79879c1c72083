//! The calls of this dialect as an OpenAPI document.
//!
//! What each call reads and shows stands beside it. Here stands what follows from the shape of a call: what forms are written in, and what
//! is refused.

use std::collections::BTreeMap;

use utoipa::{
    Modify, OpenApi as _,
    openapi::{
        Content, OneOfBuilder, OpenApi, PathItem, Paths, RefOr, Required, Response, Schema,
        path::Operation,
        request_body::RequestBody,
        security::{ApiKey, ApiKeyValue, SecurityScheme},
    },
};

use super::{
    back_end, chats, config, contacts, license, media, metadata, people, register,
    reply::{self, Refusal},
    sign_in,
    xmpp::socket,
};

/// What a form without files is written in: the three that `http::form` reads.
const FORM_TYPES: [&str; 3] = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"];

const URLENCODED: &str = "application/x-www-form-urlencoded";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "MirrorFly, by Standin",
        version = "1",
        description = "What MirrorFly's REST API has about users, for back ends and for users themselves, and what its Web SDK calls.\n\n\
            Calls about groups, messages and calls are not served and say so.\n\n\
            Most calls want a token in the header `Authorization`, as it is. A user's comes from `/sandbox/register` or `/login`, the back \
            end's from `/login` with the account `administrator`. In a demo its password is `standin-demo`, the licence key is \
            `StandinDemoLicenseKey0123456789`, and there are the users user1, user2, guest@qiscus.com, guest2@qiscus.com and \
            guest99@qiscus.com.\n\n\
            Where the vendor's SDK calls, HTTP says 200 and `status` in the body says what happened, because the SDK reads a body only then; \
            a token that is no good is 401 all the same. Where it never calls, and for pictures, HTTP says what the body says."
    ),
    paths(socket::open, license::details),
    components(schemas(Refusal)),
    modifiers(&Tokens),
    tags(
        (name = "Sign-in", description = "Registration by the app's licence key, and tokens"),
        (name = "Users", description = "What a back end calls about users"),
        (name = "Moderation", description = "Whom a back end keeps out, and what users report"),
        (name = "Chats", description = "What a user sets for its own chats"),
        (name = "Metadata", description = "Up to three pairs that an app keeps with a user"),
        (name = "Blocking", description = "Whom a user keeps away"),
        (name = "Contacts", description = "Whom a user knows, and what is shown of others"),
        (name = "Media", description = "Pictures behind a token"),
        (name = "Socket", description = "What the vendor's SDK hears of changes by"),
    )
)]
struct Described;

/// What is below `/api/v1`.
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
struct Rest;

/// The two kinds of tokens; both stand in the same header.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, whose) in [
            ("user", "A user's token: of `/sandbox/register`, of `/login` or of createUser"),
            ("back_end", "The back end's token: of `/login` with the account `administrator`"),
        ] {
            let header = ApiKeyValue::with_description("Authorization", whose);
            components.add_security_scheme(name, SecurityScheme::ApiKey(ApiKey::Header(header)));
        }
    }
}

/// All calls of this dialect.
pub fn document() -> OpenApi {
    let mut document = Described::openapi().nest("/api/v1", Rest::openapi());
    describe_without_slash(&mut document.paths);
    let schemas = document.components.as_ref().map(|components| components.schemas.clone()).unwrap_or_default();
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        if let Some(RefOr::T(body)) = &mut operation.request_body {
            write_in_all_types(body, &schemas);
        }
        refuse_by_shape(operation);
    }
    document
}

/// `POST /media` is `POST /media/`: the SDK sends the slash, the vendor's page does not show it.
fn describe_without_slash(paths: &mut Paths) {
    let Some(mut item) = paths.paths.get("/api/v1/media/").cloned() else { return };
    for operation in operations(&mut item) {
        operation.operation_id = Some("upload_media_without_slash".to_owned());
    }
    paths.paths.insert("/api/v1/media".to_owned(), item);
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put].into_iter().flatten()
}

/// A form that stands as urlencoded alone is read in all types, and may be left out where it wants no field.
fn write_in_all_types(body: &mut RequestBody, schemas: &BTreeMap<String, RefOr<Schema>>) {
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

/// What a call is refused for because it wants a token or has a body; and where HTTP tells no refusal, what its 200 may be beside.
fn refuse_by_shape(operation: &mut Operation) {
    let has_body = operation.request_body.is_some();
    let responses = &mut operation.responses.responses;
    if operation.security.is_some() {
        let when =
            "The token is missing or expired, or it is the back end's where a user's is wanted, or the other way round";
        responses.insert("401".to_owned(), reply::described(when).into());
    }
    let is_told_by_http = responses.contains_key("400");
    if !is_told_by_http && let Some(RefOr::T(done)) = responses.get_mut("200") {
        may_be_refused(done);
    }
    for (status, when) in [
        ("408", "The body did not arrive in time"),
        ("413", "The body, a field or a file is too large, or there are too many: the message names the bound"),
        ("415", "The body is of a type or an encoding that is not read here"),
        ("507", "The disk is full: nothing was done"),
    ] {
        if is_told_by_http && has_body {
            responses.insert(status.to_owned(), reply::described(when).into());
        }
    }
}

/// Either what is shown or a refusal: `status` in the body tells which.
fn may_be_refused(done: &mut Response) {
    done.description.push_str("; or a refusal, whose `status` is not 200");
    for content in done.content.values_mut() {
        if let RefOr::T(Content { schema: Some(shown), .. }) = content {
            let either = OneOfBuilder::new().item(shown.clone()).item(reply::refusal());
            *shown = either.into();
        }
    }
}
