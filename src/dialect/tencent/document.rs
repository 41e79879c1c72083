//! The calls of this dialect as an OpenAPI document: the table of commands, and the socket.

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
    command::{COMMANDS, Command, Mark, Shape},
    reply::{Done, Failed},
};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Tencent Cloud Chat, by Standin",
        version = "1",
        description = "What Tencent's REST API has about accounts, profiles and friends, and the socket of its Web SDK. There are no \
                       messages and no groups to talk in.\n\nEvery command is called by the app's administrator, who signs a UserSig \
                       (`standin app usersig --user administrator`). The HTTP status is 200 always: `ActionStatus` and `ErrorCode` \
                       say whether a call was refused, and each account's `ResultCode` what became of it. A body is a JSON object \
                       of at most 1 MiB, whatever its `Content-Type`.\n\nThe Web SDK sends the same commands with the same bodies as \
                       frames of its socket."
    ),
    paths(binfo::open),
    components(schemas(Done, Failed)),
    tags(
        (name = "Accounts", description = "Coming to be, being there, going away"),
        (name = "Profiles", description = "Twelve standard tags, and the custom fields that the app has declared"),
        (name = "Friends", description = "Lists of friends, what they are called, and since when"),
        (name = "Requests to be friends", description = "Those that wait for an answer; the vendor calls them pendencies"),
        (name = "Groups of friends", description = "What a user sorts friends into"),
        (name = "Black lists", description = "Who is blocked"),
        (name = "User status", description = "Whether users are connected"),
        (name = "Following", description = "Users that follow others, without their consent"),
        (name = "Socket", description = "What the Web SDK opens"),
    )
)]
struct Described;

/// The name of the only credential in a query that is a secret.
const USER_SIG: &str = "usersig";

/// All calls of this dialect.
pub fn document() -> OpenApi {
    let mut document = Described::openapi();
    behind_a_prefix(&mut document);
    let components = document.components.get_or_insert_with(Components::new);
    let user_sig = ApiKeyValue::with_description(USER_SIG, "A UserSig of the app's administrator");
    components.add_security_scheme(USER_SIG, SecurityScheme::ApiKey(ApiKey::Query(user_sig)));
    for command in COMMANDS.iter().filter(|command| !command.has(Mark::Socket)) {
        let (asks, tells) = ((command.asks)(), (command.tells)());
        let item = PathItem::new(HttpMethod::Post, operation(command, &asks, &tells));
        document.paths.paths.insert(format!("/v4{}", command.path), item);
        components.schemas.extend(asks.schemas.into_iter().chain(tells.schemas));
    }
    document
}

fn operation(command: &Command, asks: &Shape, tells: &Shape) -> Operation {
    let mut said = command.said.iter().map(|line| line.trim());
    let summary = said.next();
    let description: Vec<&str> = said.filter(|line| !line.is_empty()).collect();
    let body = ContentBuilder::new().schema(Some(named(&asks.name))).build();
    let operation = OperationBuilder::new()
        .tag(command.tag)
        .operation_id(Some(command.id))
        .summary(summary)
        .description(Some(description.join("\n\n")).filter(|description| !description.is_empty()))
        .request_body(Some(
            RequestBodyBuilder::new().content("application/json", body).required(Some(Required::True)).build(),
        ))
        .response("200", answer(&tells.name))
        .security(SecurityRequirement::new(USER_SIG, [""; 0]));
    in_query().into_iter().fold(operation, OperationBuilder::parameter).build()
}

fn named(schema: &str) -> RefOr<Schema> {
    Ref::from_schema_name(schema).into()
}

/// What a command answers: its fields before the envelope, or a refusal.
fn answer(fields: &str) -> ResponseBuilder {
    let done = AllOfBuilder::new().item(named(fields)).item(named(&Done::name()));
    let schema = OneOfBuilder::new().item(done).item(named(&Failed::name()));
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new()
        .description("It is done, or refused: `ActionStatus` says which")
        .content("application/json", content)
}

/// Who calls, beside the signature; and two that the vendor's own machines read.
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

/// The socket's second address is as the first.
fn behind_a_prefix(document: &mut OpenApi) {
    let Some(mut item) = document.paths.paths.get("/binfo").cloned() else { return };
    if let Some(operation) = &mut item.get {
        operation.operation_id = Some("open_socket_behind_a_prefix".to_owned());
        let prefix = ParameterBuilder::new().name("prefix").parameter_in(ParameterIn::Path).required(Required::True);
        let text = ObjectBuilder::new().schema_type(Type::String).build();
        let prefix = prefix.description(Some("Whatever path a page's `proxyServer` has")).schema(Some(text));
        operation.parameters.get_or_insert_default().push(prefix.example(Some("tencent".into())).build().into());
    }
    document.paths.paths.insert("/{prefix}/binfo".to_owned(), item);
}
