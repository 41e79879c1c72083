//! The calls of our own API as an OpenAPI document.

use utoipa::{
    Modify, OpenApi as _,
    openapi::{
        Content, HttpMethod, OpenApi, PathItem, Ref, RefOr, ResponseBuilder,
        path::{Operation, Parameter, ParameterIn},
        security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme},
    },
};

use super::{admins, apps, deeds, events, front, health, probes, reply, reports, requests, sessions, user, users};

/// What stands below `/standin/v1`.
#[derive(utoipa::OpenApi)]
#[openapi(
    paths(
        sessions::show,
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
        admins::list,
        admins::create,
        admins::set_password,
        admins::delete,
        deeds::list,
        events::list,
        requests::list,
        health::show,
        front::describe,
    ),
    components(schemas(reply::Problem)),
    modifiers(&Refusals)
)]
struct BehindTheGate;

/// What stands elsewhere.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Standin",
        version = "1",
        description = "Our own API. An administrator signs in first and sends the cookie along that it is given; each call that changes \
                       anything repeats the `csrf` of the session in the header `X-Standin-CSRF`. The same calls answer on the control \
                       socket `standin.sock` in the data folder, where the file's mode is the authority. Errors are problems as RFC 9457 \
                       has them."
    ),
    paths(front::welcome, probes::lives, probes::is_ready, probes::show),
    tags(
        (name = "Sign-in", description = "Administrators and their sessions"),
        (name = "Apps"),
        (name = "Custom fields"),
        (name = "Users"),
        (name = "Pictures"),
        (name = "Contacts"),
        (name = "Administrators"),
        (name = "The house", description = "What happens in it, and how it is"),
        (name = "Documents"),
        (name = "Console"),
    )
)]
struct Described;

/// All calls of our own API, the front door among them.
pub fn document() -> OpenApi {
    let mut document = Described::openapi().nest(super::BASE, BehindTheGate::openapi());
    let components = document.components.get_or_insert_default();
    let key = |place: fn(ApiKeyValue) -> ApiKey, name: &str| SecurityScheme::ApiKey(place(ApiKeyValue::new(name)));
    components.add_security_scheme("session", key(ApiKey::Cookie, super::gate::COOKIE_NAME));
    components.add_security_scheme("csrf", key(ApiKey::Header, super::gate::CSRF));
    document
}

/// What each call can be refused with follows from its shape, and so does what it must show.
struct Refusals;

impl Modify for Refusals {
    fn modify(&self, document: &mut OpenApi) {
        for (path, item) in &mut document.paths.paths {
            let is_gated = !path.starts_with("/session");
            for (method, operation) in operations(item) {
                let changes = method != HttpMethod::Get;
                for (status, why) in refusals(operation, changes, is_gated) {
                    refuse(operation, status, why);
                }
                if is_gated || path == "/session" && method == HttpMethod::Delete {
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

fn refusals(operation: &Operation, changes: bool, is_gated: bool) -> Vec<(&'static str, &'static str)> {
    let is_in = |place| move |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == place);
    let takes = |place| operation.parameters.iter().flatten().any(is_in(place));
    let has_body = operation.request_body.is_some();
    let all = [
        (is_gated, "401", "Nobody is signed in"),
        (
            is_gated && changes,
            "403",
            "The CSRF token is missing or wrong, or a page of another origin calls; or this may not be done",
        ),
        (takes(ParameterIn::Path), "404", "There is no such app, user or other thing that the path names"),
        (has_body || takes(ParameterIn::Query), "400", "What was sent cannot be read"),
        (has_body, "408", "The body did not arrive in time"),
        (has_body, "413", "The body is too large"),
        (has_body, "415", "The body is of another type"),
        (
            has_body || takes(ParameterIn::Path) || takes(ParameterIn::Query),
            "422",
            "A field breaks its rule: the detail names it",
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
