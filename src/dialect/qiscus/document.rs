//! The OpenAPI document of this dialect. Handlers describe themselves; this file adds what follows from path and shape.

use serde_json::{Value, json};
use utoipa::{
    OpenApi as _, ToSchema,
    openapi::{
        AllOfBuilder, Components, Content, ContentBuilder, ObjectBuilder, OpenApi, PathItem, Ref, RefOr, Response,
        ResponseBuilder, Schema,
        path::{Operation, Parameter, Paths},
        security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme},
    },
};

use super::{
    fields::{ExtrasField, UserIdList, UserIdText, Username},
    mqtt,
    reply::{QiscusErrorReply, QiscusReply, UserResult},
    rest::{self, LoginOrRegisterV20, PostV20, RoomListV20, RoomsInfoV20, RoomsV20, TargetV20, UserIdBodyV20},
    room_fields::{MessageNames, RoomId, RoomIds, RoomUniqueIds},
    sdk::{self, Comments, OneComment, OpenedRoom},
    version::Version,
    view::FullUserView,
};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Qiscus Chat, by Standin",
        version = "1",
        description = "The users part of Qiscus' REST API, in both versions, and the calls of its SDKs: login, tokens, profiles, \
                       pictures, blocked users, presence, messages of two users, and profile changes by `sync`. Rooms of groups \
                       and channels are not part of Standin: requests about them get an empty response, and calls that would \
                       create or change one an error.\n\n\
                       Bodies may be JSON, an urlencoded form or a multipart form, as SDKs and packages send them; unknown fields \
                       are ignored. Every response is JSON with the HTTP status in `status`, and has the header `X-Request-Id`."
    ),
    components(schemas(
        QiscusErrorReply,
        UserIdText,
        UserIdList,
        Username,
        ExtrasField,
        RoomId,
        RoomIds,
        RoomUniqueIds,
        MessageNames,
        LoginOrRegisterV20,
        UserIdBodyV20,
        TargetV20,
        RoomsV20,
        PostV20,
        QiscusReply<RoomListV20>,
        QiscusReply<RoomsInfoV20>
    ))
)]
struct QiscusDocument;

pub fn document() -> OpenApi {
    let mut whole = QiscusDocument::openapi();
    for version in Version::ALL {
        add_paths(&mut whole, version.path(), rest::QiscusRestPaths::openapi(), |call, operation| {
            describe_version(version, call, operation);
        });
    }
    for (scope, callers) in sdk::SDK_SCOPES {
        let describe_sdk = |_: &str, operation: &mut Operation| describe_sdk(scope, callers, operation);
        add_paths(&mut whole, &format!("/api/v2/{scope}"), sdk::QiscusSdkPaths::openapi(), describe_sdk);
    }
    add_paths(&mut whole, "", mqtt::QiscusBrokerPath::openapi(), |_, _| ());
    let components = whole.components.get_or_insert_default();
    for (name, scheme) in schemes() {
        components.security_schemes.insert(name.to_owned(), scheme.into());
    }
    components.responses.extend(COMMON_ERRORS.iter().map(|error| (error.name(), error.response().into())));
    whole
}

fn add_paths(whole: &mut OpenApi, place: &str, calls: OpenApi, finish: impl Fn(&str, &mut Operation)) {
    let Paths { paths, .. } = calls.paths;
    for (call, mut item) in paths {
        for operation in operations(&mut item) {
            finish(&call, operation);
            accept_forms(operation);
            add_common_errors(operation);
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

struct V20Difference {
    call: &'static str,
    body: Option<fn() -> RefOr<Schema>>,
    answer: fn() -> RefOr<Schema>,
}

const V20_DIFFERENCES: [V20Difference; 10] = [
    V20Difference { call: "/login_or_register", body: Some(schema_ref::<LoginOrRegisterV20>), answer: full },
    V20Difference { call: "/user_profile", body: None, answer: full },
    V20Difference { call: "/reset_user_token", body: Some(schema_ref::<UserIdBodyV20>), answer: full },
    V20Difference {
        call: "/get_or_create_room_with_target",
        body: Some(schema_ref::<TargetV20>),
        answer: reply_of::<OpenedRoom>,
    },
    V20Difference { call: "/get_user_rooms", body: None, answer: reply_of::<RoomListV20> },
    V20Difference { call: "/get_rooms_info", body: Some(schema_ref::<RoomsV20>), answer: reply_of::<RoomsInfoV20> },
    V20Difference { call: "/post_comment", body: Some(schema_ref::<PostV20>), answer: reply_of::<OneComment> },
    V20Difference { call: "/post_system_event_message", body: None, answer: reply_of::<OneComment> },
    V20Difference { call: "/load_comments", body: None, answer: reply_of::<Comments> },
    V20Difference { call: "/delete_messages", body: None, answer: reply_of::<Comments> },
];

fn schema_ref<T: ToSchema>() -> RefOr<Schema> {
    Ref::from_schema_name(T::name()).into()
}

fn reply_of<T: ToSchema>() -> RefOr<Schema> {
    Ref::from_schema_name(format!("{}_{}", QiscusReply::<T>::name(), T::name())).into()
}

fn full() -> RefOr<Schema> {
    let [answer, one, view] =
        [QiscusReply::<UserResult<FullUserView>>::name(), UserResult::<FullUserView>::name(), FullUserView::name()];
    Ref::from_schema_name(format!("{answer}_{one}_{view}")).into()
}

fn describe_version(version: Version, call: &str, operation: &mut Operation) {
    let (word, suffix) = match version {
        Version::V20 => ("v2.0", "v2_0"),
        Version::V21 => ("v2.1", "v2_1"),
    };
    let group = match operation.tags.take().unwrap_or_default().concat().as_str() {
        group @ ("Rooms" | "Messages") => group.to_lowercase(),
        _ => "users".to_owned(),
    };
    set_tag_and_id(operation, format!("REST {word}: {group}"), |name| format!("{name}_{suffix}"));
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter
            && parameter.name == Version::V21.user_field()
        {
            parameter.name = version.user_field().to_owned();
        }
    }
    if call == "/search_messages" {
        add_user_to_body(version, operation);
    }
    if version == Version::V21 && call == "/get_user_rooms" {
        // Rooms of v2.1 have no participants.
        let is_of_both =
            |given: &RefOr<Parameter>| !matches!(given, RefOr::T(given) if given.name == "show_participants");
        operation.parameters.iter_mut().for_each(|parameters| parameters.retain(is_of_both));
    }
    let mut security = vec![requires(&["app_id", "secret"])];
    if version.host_names_app() {
        security.push(requires(&["secret"]));
    }
    operation.security = Some(security);
    if version == Version::V20
        && let Some(older) = V20_DIFFERENCES.iter().find(|older| older.call == call)
    {
        older.replace(operation);
    }
}

/// Adds the user to a body that has none in the SDKs' version of the call.
fn add_user_to_body(version: Version, operation: &mut Operation) {
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    for content in body.content.values_mut() {
        let RefOr::T(content) = content else { continue };
        let Some(own) = content.schema.take() else { continue };
        let user = ObjectBuilder::new().property(version.user_field(), schema_ref::<UserIdText>());
        let user = user.required(version.user_field()).build();
        content.schema = Some(Schema::AllOf(AllOfBuilder::new().item(own).item(user).build()).into());
    }
}

impl V20Difference {
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

fn describe_sdk(scope: &str, callers: &str, operation: &mut Operation) {
    let group = operation.tags.take().unwrap_or_default().concat();
    set_tag_and_id(operation, format!("{callers}: {}", group.to_lowercase()), |name| format!("{scope}_{name}"));
}

fn set_tag_and_id(operation: &mut Operation, tag: String, id: impl Fn(&str) -> String) {
    operation.tags = Some(vec![tag]);
    operation.operation_id = operation.operation_id.as_deref().map(id);
}

/// Every JSON body may also be sent as a form. Drops the `null` that utoipa adds to an optional body.
fn accept_forms(operation: &mut Operation) {
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

struct CallShape {
    credential: CallCredential,
    has_body: bool,
    has_query: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CallCredential {
    Nothing,
    AppId,
    Token,
    Secret,
    /// As [`CallCredential::Secret`], but a wrong secret is answered with 400: v2.0.
    OldSecret,
}

impl CallShape {
    fn of(operation: &Operation) -> Self {
        let security = operation.security.as_deref().unwrap_or_default();
        let credential = if security.contains(&requires(&["secret"])) {
            CallCredential::OldSecret
        } else if security.contains(&requires(&["app_id", "secret"])) {
            CallCredential::Secret
        } else if security.contains(&requires(&["app_id"])) {
            CallCredential::AppId
        } else if security.contains(&requires(&["app_id", "token"])) {
            CallCredential::Token
        } else {
            CallCredential::Nothing
        };
        Self { credential, has_body: operation.request_body.is_some(), has_query: operation.parameters.is_some() }
    }
}

/// An error response that follows from the shape of a call.
struct CommonError {
    status: u16,
    description: &'static str,
    example: (Option<u32>, &'static str),
    applies: fn(&CallShape) -> bool,
}

/// Rows of status, description, example and the calls that have the error.
macro_rules! common_errors {
    ($($status:literal $description:literal: $code:expr, $message:literal, |$shape:ident| $applies:expr;)*) => {
        &[$(CommonError {
            status: $status,
            description: $description,
            example: ($code, $message),
            applies: |$shape| $applies,
        },)*]
    };
}

const COMMON_ERRORS: &[CommonError] = common_errors! {
    400 "The app id is missing, or a field is invalid; in v2.0, also a wrong secret":
        None, "The header QISCUS-SDK-APP-ID is required", |shape| shape.credential != CallCredential::Nothing;
    401 "The app id, the secret, the user's key or the identity token is wrong":
        None, "Unauthorized", |shape| !matches!(shape.credential, CallCredential::Nothing | CallCredential::OldSecret);
    403 "The token is missing, wrong or expired, the user is suspended, registration is closed, or the app's Qiscus API is off":
        Some(401_302), "Unauthorized. Token is expired", |shape| shape.credential != CallCredential::Nothing;
    408 "The body did not arrive in time":
        None, "The request body did not arrive within 60 s: send it again", |shape| shape.has_body;
    413 "The body, a field or a file is too large, or there are too many":
        None, "The request body is too large: send at most 1048576 bytes", |shape| shape.has_body || shape.has_query;
    415 "The type, charset or encoding of the body is not supported":
        None, "The body must be sent as it is, without a Content-Encoding", |shape| shape.has_body;
    500 "A server error; its log has the cause":
        None, "Internal server error", |shape| shape.credential != CallCredential::Nothing;
    503 "The server is busy: nothing was changed, try again":
        None, "The server is busy, try again", |shape| match shape.credential {
            CallCredential::Nothing => false,
            CallCredential::AppId => shape.has_body,
            CallCredential::Token | CallCredential::Secret | CallCredential::OldSecret => true,
        };
    507 "The disk is full: nothing was changed":
        None, "The server's storage is full, nothing was changed", |shape| shape.has_body;
};

impl CommonError {
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
        let content =
            ContentBuilder::new().schema(Some(schema_ref::<QiscusErrorReply>())).example(Some(example)).build();
        ResponseBuilder::new().description(self.description).content("application/json", content).build()
    }
}

fn add_common_errors(operation: &mut Operation) {
    let shape = CallShape::of(operation);
    for error in COMMON_ERRORS.iter().filter(|error| (error.applies)(&shape)) {
        let response = operation.responses.responses.entry(error.status.to_string());
        response.or_insert_with(|| Ref::from_response_name(error.name()).into());
    }
}

fn requires(schemes: &[&str]) -> SecurityRequirement {
    let none: [&str; 0] = [];
    schemes.iter().fold(SecurityRequirement::default(), |all, scheme| all.add(*scheme, none))
}

fn schemes() -> [(&'static str, SecurityScheme); 3] {
    let header =
        |name, description| SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, description)));
    [
        (
            "app_id",
            header(
                "QISCUS-SDK-APP-ID",
                "The app id: `sdksample` in a demo. `QISCUS_SDK_APP_ID` works too. In v2.0, the host may identify the app instead",
            ),
        ),
        ("secret", header("QISCUS-SDK-SECRET", "The app's secret, for back ends only. `QISCUS_SDK_SECRET` works too")),
        (
            "token",
            header(
                "QISCUS-SDK-TOKEN",
                "The user's token, from a login or `get_user_token`. `QISCUS_SDK_TOKEN` works too",
            ),
        ),
    ]
}
