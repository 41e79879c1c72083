//! The calls of this dialect as an OpenAPI document: v2.1 and v2.0 of the REST API, and either door of the SDKs.
//!
//! The handlers describe themselves once. What follows from a call's place (version, door) or from its shape (body, query, credential)
//! is put in here, so that no call can forget it.

use serde_json::{Value, json};
use utoipa::{
    OpenApi as _, ToSchema,
    openapi::{
        Components, Content, ContentBuilder, OpenApi, PathItem, Ref, RefOr, Response, ResponseBuilder, Schema,
        path::{Operation, Paths},
        security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme},
    },
};

use super::{
    fields::{ExtrasGiven, UserIdList, UserIdText, Username},
    reply::{Answer, One, Refused},
    rest::{self, LoginOrRegisterV20, OfUserV20},
    sdk,
    version::Version,
    view::FullView,
};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Qiscus Chat, by Standin",
        version = "1",
        description = "What Qiscus' REST API has about users, in both versions, and what its SDKs call: login, tokens, profiles, pictures, \
                       blocked users, presence, and news of changed profiles by `sync`. Rooms, messages and the realtime server are not \
                       part of Standin: what the SDKs ask about them after a login is answered with none, and other calls answer 404.\n\n\
                       Bodies may be JSON, an urlencoded form or a multipart form, as SDKs and packages send them; fields that nobody asks \
                       for are ignored. Every answer is JSON with the HTTP status in `status` again, and has a header `X-Request-Id`."
    ),
    components(schemas(Refused, UserIdText, UserIdList, Username, ExtrasGiven, LoginOrRegisterV20, OfUserV20))
)]
struct Described;

/// All calls of this dialect.
pub fn document() -> OpenApi {
    let mut whole = Described::openapi();
    for version in Version::ALL {
        add(&mut whole, version.path(), rest::Described::openapi(), |call, operation| {
            of_version(version, call, operation);
        });
    }
    for (door, callers) in sdk::DOORS {
        let of_door = |_: &str, operation: &mut Operation| of_door(door, callers, operation);
        add(&mut whole, &format!("/api/v2/{door}"), sdk::Described::openapi(), of_door);
    }
    add(&mut whole, "", sdk::DescribedBeside::openapi(), |_, _| ());
    let components = whole.components.get_or_insert_default();
    for (name, scheme) in schemes() {
        components.security_schemes.insert(name.to_owned(), scheme.into());
    }
    components.responses.extend(REFUSALS.iter().map(|refusal| (refusal.name(), refusal.response().into())));
    whole
}

/// Adds the calls of one place, each finished by `finish` and with the refusals that follow from its shape.
fn add(whole: &mut OpenApi, place: &str, calls: OpenApi, finish: impl Fn(&str, &mut Operation)) {
    let Paths { paths, .. } = calls.paths;
    for (call, mut item) in paths {
        for operation in operations(&mut item) {
            finish(&call, operation);
            read_as_forms(operation);
            refuse(operation);
        }
        whole.paths.paths.insert(format!("{place}{call}"), item);
    }
    let Components { schemas, .. } = calls.components.unwrap_or_default();
    whole.components.get_or_insert_default().schemas.extend(schemas);
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, post, delete, patch, .. } = item;
    [get, post, delete, patch].into_iter().flatten()
}

/// What v2.0 takes and answers where v2.1 takes and answers otherwise.
struct Older {
    call: &'static str,
    body: Option<fn() -> RefOr<Schema>>,
    answer: fn() -> RefOr<Schema>,
}

const OLDER: [Older; 3] = [
    Older { call: "/login_or_register", body: Some(named::<LoginOrRegisterV20>), answer: full },
    Older { call: "/user_profile", body: None, answer: full },
    Older { call: "/reset_user_token", body: Some(named::<OfUserV20>), answer: full },
];

fn named<T: ToSchema>() -> RefOr<Schema> {
    Ref::from_schema_name(T::name()).into()
}

/// A user with its token, as the calls of the SDKs answer it, too.
fn full() -> RefOr<Schema> {
    let [answer, one, view] = [Answer::<One<FullView>>::name(), One::<FullView>::name(), FullView::name()];
    Ref::from_schema_name(format!("{answer}_{one}_{view}")).into()
}

fn of_version(version: Version, call: &str, operation: &mut Operation) {
    let (word, suffix) = match version {
        Version::V20 => ("v2.0", "v2_0"),
        Version::V21 => ("v2.1", "v2_1"),
    };
    named_in(operation, format!("REST {word}: users"), |name| format!("{name}_{suffix}"));
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter
            && parameter.name == Version::V21.user_field()
        {
            parameter.name = version.user_field().to_owned();
        }
    }
    let mut security = vec![shown(&["app_id", "secret"])];
    if version.host_names_app() {
        security.push(shown(&["secret"]));
    }
    operation.security = Some(security);
    if version == Version::V20
        && let Some(older) = OLDER.iter().find(|older| older.call == call)
    {
        older.replace(operation);
    }
}

impl Older {
    fn replace(&self, operation: &mut Operation) {
        if let (Some(body), Some(RefOr::T(given))) = (self.body, &mut operation.request_body) {
            given.content.values_mut().for_each(|content| *content = content_of(body()).into());
        }
        if let Some(RefOr::T(answer)) = operation.responses.responses.get_mut("200") {
            answer.content.values_mut().for_each(|content| *content = content_of((self.answer)()).into());
        }
    }
}

fn content_of(schema: RefOr<Schema>) -> Content {
    ContentBuilder::new().schema(Some(schema)).build()
}

fn of_door(door: &str, callers: &str, operation: &mut Operation) {
    let group = operation.tags.take().unwrap_or_default().concat();
    named_in(operation, format!("{callers}: {}", group.to_lowercase()), |name| format!("{door}_{name}"));
}

fn named_in(operation: &mut Operation, tag: String, id: impl Fn(&str) -> String) {
    operation.tags = Some(vec![tag]);
    operation.operation_id = operation.operation_id.as_deref().map(id);
}

/// A body that may be JSON may be a form. One that may be left out is not null.
fn read_as_forms(operation: &mut Operation) {
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    for content in body.content.values_mut() {
        if let RefOr::T(Content { schema: Some(schema), .. }) = content
            && let RefOr::T(Schema::OneOf(given_or_null)) = schema
            && let Some(given) = given_or_null.items.iter().find(|item| matches!(item, RefOr::Ref(_)))
        {
            *schema = given.clone();
        }
    }
    if let Some(json) = body.content.get("application/json").cloned() {
        for form in ["application/x-www-form-urlencoded", "multipart/form-data"] {
            body.content.insert(form.to_owned(), json.clone());
        }
    }
}

/// What a call shows of whoever makes it, and what it is made of.
struct Shape {
    shows: Shows,
    has_body: bool,
    has_query: bool,
}

/// What a call shows of whoever makes it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shows {
    Nothing,
    AppId,
    Token,
    Secret,
    /// As [`Shows::Secret`], where a wrong one is a bad request: v2.0.
    OldSecret,
}

impl Shape {
    fn of(operation: &Operation) -> Self {
        let security = operation.security.as_deref().unwrap_or_default();
        let shows = if security.contains(&shown(&["secret"])) {
            Shows::OldSecret
        } else if security.contains(&shown(&["app_id", "secret"])) {
            Shows::Secret
        } else if security.contains(&shown(&["app_id"])) {
            Shows::AppId
        } else if security.contains(&shown(&["app_id", "token"])) {
            Shows::Token
        } else {
            Shows::Nothing
        };
        Self { shows, has_body: operation.request_body.is_some(), has_query: operation.parameters.is_some() }
    }
}

/// A refusal that follows from the shape of a call.
struct ByShape {
    status: u16,
    said: &'static str,
    /// The vendor's number, and the sentence.
    example: (Option<u32>, &'static str),
    may: fn(&Shape) -> bool,
}

const REFUSALS: [ByShape; 9] = [
    ByShape {
        status: 400,
        said: "The app id is missing, or a field is refused; in v2.0, also a wrong secret",
        example: (None, "The header QISCUS-SDK-APP-ID is required"),
        may: |shape| shape.shows != Shows::Nothing,
    },
    ByShape {
        status: 401,
        said: "The app id, the secret, the key or what proves the user is wrong",
        example: (None, "Unauthorized"),
        may: |shape| !matches!(shape.shows, Shows::Nothing | Shows::OldSecret),
    },
    ByShape {
        status: 403,
        said: "The token is missing, wrong or expired, the user suspended, registration closed, or this app serves no Qiscus calls",
        example: (Some(401_302), "Unauthorized. Token is expired"),
        may: |shape| shape.shows != Shows::Nothing,
    },
    ByShape {
        status: 408,
        said: "The body did not arrive in time",
        example: (None, "The request body did not arrive within 60 s: send it again"),
        may: |shape| shape.has_body,
    },
    ByShape {
        status: 413,
        said: "The body, a field, a file or their number is beyond its bound",
        example: (None, "The request body is too large: send at most 1048576 bytes"),
        may: |shape| shape.has_body || shape.has_query,
    },
    ByShape {
        status: 415,
        said: "The body is of a type, charset or encoding that is not read",
        example: (None, "The body must be sent as it is, without a Content-Encoding"),
        may: |shape| shape.has_body,
    },
    ByShape {
        status: 500,
        said: "A fault of the server's own, told in its log",
        example: (None, "Internal server error"),
        may: |shape| shape.shows != Shows::Nothing,
    },
    ByShape {
        status: 503,
        said: "Too much is waiting: nothing was done, and the same call may go through in a moment",
        example: (None, "The server is busy, try again"),
        may: |shape| match shape.shows {
            Shows::Nothing => false,
            Shows::AppId => shape.has_body,
            Shows::Token | Shows::Secret | Shows::OldSecret => true,
        },
    },
    ByShape {
        status: 507,
        said: "The disk is full: nothing was done",
        example: (None, "The server's storage is full, nothing was changed"),
        may: |shape| shape.has_body,
    },
];

impl ByShape {
    fn name(&self) -> String {
        format!("Refused{}", self.status)
    }

    fn response(&self) -> Response {
        let (code, message) = self.example;
        let error = match code {
            Some(code) => json!({ "code": code, "message": message }),
            None => json!({ "message": message }),
        };
        let example: Value = json!({ "error": error, "status": self.status });
        let content = ContentBuilder::new().schema(Some(named::<Refused>())).example(Some(example)).build();
        ResponseBuilder::new().description(self.said).content("application/json", content).build()
    }
}

fn refuse(operation: &mut Operation) {
    let shape = Shape::of(operation);
    for refusal in REFUSALS.iter().filter(|refusal| (refusal.may)(&shape)) {
        let known = operation.responses.responses.entry(refusal.status.to_string());
        known.or_insert_with(|| Ref::from_response_name(refusal.name()).into());
    }
}

/// These schemes together.
fn shown(schemes: &[&str]) -> SecurityRequirement {
    let none: [&str; 0] = [];
    schemes.iter().fold(SecurityRequirement::default(), |all, scheme| all.add(*scheme, none))
}

fn schemes() -> [(&'static str, SecurityScheme); 3] {
    let header = |name, said| SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, said)));
    [
        (
            "app_id",
            header(
                "QISCUS-SDK-APP-ID",
                "The app id: `sdksample` in a demo. `QISCUS_SDK_APP_ID` is read, too. In v2.0, the host may name the app instead",
            ),
        ),
        (
            "secret",
            header("QISCUS-SDK-SECRET", "The app's secret, for back ends alone. `QISCUS_SDK_SECRET` is read, too"),
        ),
        (
            "token",
            header(
                "QISCUS-SDK-TOKEN",
                "The user's token, from a login or `get_user_token`. `QISCUS_SDK_TOKEN` is read, too",
            ),
        ),
    ]
}
