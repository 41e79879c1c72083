//! The OpenAPI document: the commands of the table, and the socket.

use serde_json::Value;
use utoipa::{
    OpenApi as _, ToSchema as _,
    openapi::{
        AllOfBuilder, Components, ContentBuilder, HttpMethod, ObjectBuilder, OneOfBuilder, OpenApi, PathItem, Ref,
        RefOr, Required, ResponseBuilder, Schema, Type,
        path::{Operation, OperationBuilder, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
        security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme},
    },
};

use super::{
    binfo,
    command::{COMMANDS, Command, CommandFlag, NamedSchema},
    reply::{FailureEnvelope, SuccessEnvelope},
};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Tencent Cloud Chat, by Standin",
        version = "1",
        description = "The part of Tencent's REST API on accounts, profiles, friends and messages of two users, and the socket of \
                       its Web SDK. Groups are not served.\n\nThe app's administrator calls these commands, with a UserSig \
                       (`standin app usersig --user administrator`). The HTTP status is always 200: `ActionStatus` and `ErrorCode` \
                       say whether the call was refused, and `ResultCode` has the result for each account. A body is a JSON object \
                       of at most 1 MiB, whatever its `Content-Type`.\n\nThe Web SDK sends the same commands with the same bodies as \
                       frames of its socket."
    ),
    paths(binfo::open),
    components(schemas(SuccessEnvelope, FailureEnvelope)),
    tags(
        (name = "Accounts", description = "Import, check, delete and kick accounts"),
        (name = "Profiles", description = "Twelve standard tags, and the custom fields that the app declares"),
        (name = "Friends", description = "Lists of friends, with remarks and times"),
        (name = "Friend requests", description = "Friend requests that wait for an answer; the vendor calls them pendencies"),
        (name = "Groups of friends", description = "The groups that a user sorts friends into"),
        (name = "Black lists", description = "The users that a user blocks"),
        (name = "Messages", description = "Messages of two users: text, custom elements, stickers and places"),
        (name = "Conversations", description = "The lists of conversations"),
        (name = "User status", description = "Whether users are connected"),
        (name = "Following", description = "Users that follow others, without their consent"),
        (name = "Socket", description = "The WebSocket of the Web SDK"),
    )
)]
struct TencentDocument;

const USER_SIG: &str = "usersig";

pub fn document() -> OpenApi {
    let mut document = TencentDocument::openapi();
    behind_a_prefix(&mut document);
    let components = document.components.get_or_insert_with(Components::new);
    let user_sig = ApiKeyValue::with_description(USER_SIG, "A UserSig of the app's administrator");
    components.add_security_scheme(USER_SIG, SecurityScheme::ApiKey(ApiKey::Query(user_sig)));
    for command in COMMANDS.iter().filter(|command| !command.has(CommandFlag::Socket)) {
        let (request, response) = ((command.request)(), (command.response)());
        let item = PathItem::new(HttpMethod::Post, operation(command, &request, &response));
        document.paths.paths.insert(format!("/v4{}", command.path), item);
        components.schemas.extend(request.schemas.into_iter().chain(response.schemas));
    }
    document
}

fn operation(command: &Command, request: &NamedSchema, response: &NamedSchema) -> Operation {
    let mut said = command.summary_lines.iter().map(|line| line.trim());
    let summary = said.next();
    let description: Vec<&str> = said.filter(|line| !line.is_empty()).collect();
    let body = ContentBuilder::new().schema(Some(named(&request.name))).build();
    let operation = OperationBuilder::new()
        .tag(command.tag)
        .operation_id(Some(command.id))
        .summary(summary)
        .description(Some(description.join("\n\n")).filter(|description| !description.is_empty()))
        .request_body(Some(
            RequestBodyBuilder::new().content("application/json", body).required(Some(Required::True)).build(),
        ))
        .response("200", answer(&response.name))
        .security(SecurityRequirement::new(USER_SIG, [""; 0]));
    in_query().into_iter().fold(operation, OperationBuilder::parameter).build()
}

fn named(schema: &str) -> RefOr<Schema> {
    Ref::from_schema_name(schema).into()
}

fn answer(fields: &str) -> ResponseBuilder {
    let done = AllOfBuilder::new().item(named(fields)).item(named(&SuccessEnvelope::name()));
    let schema = OneOfBuilder::new().item(done).item(named(&FailureEnvelope::name()));
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new()
        .description("The call succeeded or was refused: see `ActionStatus`")
        .content("application/json", content)
}

/// Returns the query parameters beside `usersig`. The vendor's servers read the last two; this server does not.
fn in_query() -> [ParameterBuilder; 4] {
    let number = || ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(u32::MAX));
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let parameter = |name: &str, said: &str, required, schema: ObjectBuilder, example: Value| {
        let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query).required(required);
        parameter.description(Some(said)).schema(Some(schema)).example(Some(example))
    };
    [
        parameter("sdkappid", "The app's SDKAppID", Required::True, number(), 1_400_000_001_u32.into()),
        parameter("identifier", "The app's administrator", Required::True, text(), "administrator".into()),
        parameter("random", "Not read", Required::False, number(), 1.into()),
        parameter("contenttype", "Not read: it is JSON", Required::False, text(), "json".into()),
    ]
}

/// Adds the socket's second address, which has the same description.
fn behind_a_prefix(document: &mut OpenApi) {
    let Some(mut item) = document.paths.paths.get("/binfo").cloned() else { return };
    if let Some(operation) = &mut item.get {
        operation.operation_id = Some("open_socket_behind_a_prefix".to_owned());
        let prefix = ParameterBuilder::new().name("prefix").parameter_in(ParameterIn::Path).required(Required::True);
        let text = ObjectBuilder::new().schema_type(Type::String).build();
        let prefix = prefix.description(Some("The path of the page's `proxyServer`")).schema(Some(text));
        operation.parameters.get_or_insert_default().push(prefix.example(Some("tencent".into())).build().into());
    }
    document.paths.paths.insert("/{prefix}/binfo".to_owned(), item);
}
