//! The OpenAPI document of our own API.

use utoipa::{
    Modify, OpenApi as _,
    openapi::{
        Content, HttpMethod, OpenApi, PathItem, Ref, RefOr, ResponseBuilder,
        path::{Operation, Parameter, ParameterIn},
        security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme},
    },
};

use super::{
    admins, apps, audit, conversations, events, front, health, probes, reply, reports, requests, sessions, user, users,
};

/// The calls below `/standin/v1`.
#[derive(utoipa::OpenApi)]
#[openapi(
    paths(
        sessions::show,
        sessions::status,
        sessions::begin,
        sessions::set_up,
        sessions::begin_in_demo,
        sessions::end,
        apps::list,
        apps::create,
        apps::show,
        apps::change,
        apps::secrets,
        apps::rotate_secret,
        apps::sign,
        apps::fields,
        apps::declare,
        reports::list,
        users::list,
        users::create,
        users::show,
        users::change,
        users::delete,
        users::reset_token,
        user::sessions,
        user::revoke,
        user::put_picture,
        user::remove_picture,
        user::lock_picture,
        user::contacts,
        user::list_contact,
        user::unlist_contact,
        user::record_vendor_change,
        conversations::list,
        conversations::messages,
        conversations::read,
        conversations::recall,
        admins::list,
        admins::create,
        admins::set_password,
        admins::delete,
        audit::list,
        events::list,
        requests::list,
        health::show,
        front::describe,
    ),
    components(schemas(reply::Problem)),
    modifiers(&Refusals)
)]
struct ApiPaths;

/// The calls outside `/standin/v1`.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Standin",
        version = "1",
        description = "The API of this server. An administrator signs in and then sends the session cookie; each call that changes \
                       something repeats the `csrf` of the session in the header `X-Standin-CSRF`. The control socket `standin.sock` in \
                       the data folder serves the same calls; its file mode decides who can call. Errors are problems of \
                       RFC 9457."
    ),
    paths(front::welcome, probes::lives, probes::is_ready, probes::show),
    tags(
        (name = "Sign-in", description = "Administrators and their sessions"),
        (name = "Apps"),
        (name = "Custom fields"),
        (name = "Users"),
        (name = "Pictures"),
        (name = "Contacts"),
        (name = "Conversations", description = "Of two users, by metadata; texts are read on record"),
        (name = "Administrators"),
        (name = "Server", description = "The server: its events, its state and its audit log"),
        (name = "Documents"),
        (name = "Console"),
    )
)]
struct NativeDocument;

pub fn document() -> OpenApi {
    let mut document = NativeDocument::openapi().nest(super::BASE, ApiPaths::openapi());
    let components = document.components.get_or_insert_default();
    let key = |place: fn(ApiKeyValue) -> ApiKey, name: &str| SecurityScheme::ApiKey(place(ApiKeyValue::new(name)));
    components.add_security_scheme("session", key(ApiKey::Cookie, super::authorization::COOKIE_NAME));
    components.add_security_scheme("csrf", key(ApiKey::Header, super::authorization::CSRF));
    document
}

/// Adds to each operation the errors and the security requirements that follow from its method, path and parameters.
struct Refusals;

impl Modify for Refusals {
    fn modify(&self, document: &mut OpenApi) {
        for (path, item) in &mut document.paths.paths {
            let needs_session = !path.starts_with("/session");
            for (method, operation) in operations(item) {
                let changes = method != HttpMethod::Get;
                for (status, why) in refusals(operation, changes, needs_session) {
                    refuse(operation, status, why);
                }
                if needs_session || path == "/session" && method == HttpMethod::Delete {
                    operation.security = Some(vec![requirement(changes)]);
                }
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    let all = [
        (HttpMethod::Get, get),
        (HttpMethod::Put, put),
        (HttpMethod::Post, post),
        (HttpMethod::Delete, delete),
        (HttpMethod::Patch, patch),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

fn requirement(changes: bool) -> SecurityRequirement {
    let none: [String; 0] = [];
    let session = SecurityRequirement::new("session", none.clone());
    if changes { session.add("csrf", none) } else { session }
}

fn refusals(operation: &Operation, changes: bool, needs_session: bool) -> Vec<(&'static str, &'static str)> {
    let is_in = |place| move |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == place);
    let takes = |place| operation.parameters.iter().flatten().any(is_in(place));
    let has_body = operation.request_body.is_some();
    let all = [
        (needs_session, "401", "The caller is not signed in"),
        (
            needs_session && changes,
            "403",
            "The CSRF token is missing or wrong, a page of another origin calls, or the action is not allowed",
        ),
        (takes(ParameterIn::Path), "404", "The app, user or other object in the path does not exist"),
        (has_body || takes(ParameterIn::Query), "400", "The server cannot parse the request"),
        (has_body, "408", "The body did not arrive in time"),
        (has_body, "413", "The body is too large"),
        (has_body, "415", "The body has an unsupported type"),
        (
            has_body || takes(ParameterIn::Path) || takes(ParameterIn::Query),
            "422",
            "A field is invalid: the detail names it",
        ),
        (true, "503", "Too busy: try again"),
        (changes, "507", "The disk is full"),
    ];
    all.into_iter().filter_map(|(applies, status, why)| applies.then_some((status, why))).collect()
}

fn refuse(operation: &mut Operation, status: &str, why: &str) {
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    let refusal = ResponseBuilder::new().description(why).content("application/problem+json", problem);
    operation.responses.responses.entry(status.to_owned()).or_insert_with(|| refusal.build().into());
}
