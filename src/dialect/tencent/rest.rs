//! The REST API for back ends: `POST /v4/{service}/{command}`, with an administrator's UserSig in the query. `random`
//! and `contenttype` are for the vendor's servers and are not read.

use std::{pin::Pin, sync::Arc};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, ResponseError, Scope, dev,
    guard::{GuardContext, fn_guard},
    http::{Method, StatusCode, header::ContentType},
    web::{self, Data, Payload},
};
use serde_json::Value;

use super::{
    call::{CommandContext, TencentCaller},
    command::{COMMANDS, Command, CommandFlag},
    reply::{self, ErrorCode, Family, TencentError, TencentReply},
    user_sig,
};
use crate::{
    domain::{Error, SdkAppId},
    http::{
        addresses::Addresses,
        form::{self, BodyFault, Form, FormLimits},
    },
    service::{Service, Tenant},
};

pub fn scope() -> Scope {
    let commands = COMMANDS.iter().filter(|command| !command.has(CommandFlag::Socket));
    let scope = commands.fold(web::scope("/v4"), |scope, command| {
        let run = async move |service, addresses, call| run(command, service, addresses, call).await;
        // Some libraries read by GET with a body. RFC 9110 gives such a body no meaning, but the vendor reads it.
        let is_read =
            |context: &GuardContext<'_>| command.has(CommandFlag::Read) && context.head().method == Method::GET;
        let is_call = move |context: &GuardContext<'_>| is_read(context) || context.head().method == Method::POST;
        let resource = web::resource(command.path)
            .route(web::post().to(run))
            .route(web::route().guard(fn_guard(is_read)).to(run))
            .default_service(web::to(wrong_method));
        // Clients whose base address or path ends in a slash mean the same command.
        let with_slash = web::resource(format!("{}/", command.path))
            .route(web::route().guard(fn_guard(is_call)).to(run))
            .default_service(web::to(wrong_method));
        scope.service(resource).service(with_slash)
    });
    scope.default_service(web::to(unknown_command))
}

async fn run(
    command: &Command,
    service: Data<Service>,
    addresses: Data<Addresses>,
    call: AdministratorCall,
) -> HttpResponse {
    let context = CommandContext::new(&service, &call.tenant, &addresses);
    answer(Ok(command.run(&context, &TencentCaller::BackEnd, &call.body).await))
}

struct AdministratorCall {
    tenant: Arc<Tenant>,
    body: Value,
}

impl FromRequest for AdministratorCall {
    type Error = TencentError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, TencentError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let (request, payload) = (request.clone(), Payload::from_request(request, payload));
        Box::pin(async move { read_call(&request, payload.await.map_err(Error::internal)?).await })
    }
}

impl ResponseError for TencentError {
    fn status_code(&self) -> StatusCode {
        StatusCode::OK
    }

    fn error_response(&self) -> HttpResponse {
        http_response(reply::failure(self, Family::Account))
    }
}

/// Answers paths that are no command. A path that has the form of a command is authenticated first, as any command.
async fn unknown_command(
    request: HttpRequest, // a call is read only if its path has the form of a command
    payload: Payload,
) -> HttpResponse {
    let is_post = request.method() == Method::POST;
    match is_like_a_command(request.match_info().unprocessed()) {
        true if !is_post => wrong_method().await,
        true => answer(read_call(&request, payload).await.and_then(|_| Err(no_such_command()))),
        false => answer(Err(no_such_command())),
    }
}

fn is_like_a_command(path: &str) -> bool {
    let words = path.strip_prefix('/').and_then(|path| path.split_once('/'));
    words.is_some_and(|(service, command)| !service.is_empty() && !command.is_empty() && !command.contains('/'))
}

async fn wrong_method() -> HttpResponse {
    answer(Err(TencentError::Coded(ErrorCode::BadHttp, "Call this by POST".to_owned())))
}

pub(super) fn no_such_command() -> TencentError {
    let info =
        "This command is not part of Standin, which has those of accounts, profiles, friends and messages of two users"
            .to_owned();
    TencentError::Coded(ErrorCode::UnknownCommand, info)
}

fn answer(result: Result<TencentReply, TencentError>) -> HttpResponse {
    http_response(result.unwrap_or_else(|refused| reply::failure(&refused, Family::Account)))
}

fn http_response(answer: TencentReply) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(answer.into_text())
}

/// Checks the app, the signature, the signer and the body, in the order of the vendor's codes.
async fn read_call(request: &HttpRequest, payload: Payload) -> Result<AdministratorCall, TencentError> {
    let service =
        request.app_data::<Data<Service>>().ok_or_else(|| Error::internal("the endpoints have no service"))?;
    let query = Form::query(request.query_string()).map_err(body_error)?;
    let tenant = app(service, &query)?;
    administrator(service, &tenant, &query)?;
    let body = form::read_object(request, payload, &FormLimits::default()).await.map_err(body_error)?;
    let body = body.ok_or_else(|| no_json("The request body is empty: send a JSON object"))?;
    // Reading the body may take a minute, and the app may have stopped serving this dialect since.
    let tenant = app(service, &query).map(|_| tenant)?;
    Ok(AdministratorCall { tenant, body: Value::Object(body) })
}

fn app(service: &Service, query: &Form) -> Result<Arc<Tenant>, TencentError> {
    app_of(service, query_field(query, "sdkappid", ErrorCode::NoSdkAppId)?)
}

/// # Errors
/// 60006 if there is no app with this SDKAppID, or if it does not serve this dialect.
pub(super) fn app_of(service: &Service, given: &str) -> Result<Arc<Tenant>, TencentError> {
    let number = given.parse().ok().and_then(|number| SdkAppId::parse(number).ok());
    let tenant = number.and_then(|number| service.tenant_of_sdk_app_id(number));
    tenant.filter(|tenant| tenant.app.settings.dialects.tencent).ok_or_else(|| {
        let info = "sdkappid must be the SDKAppID of an app that serves Tencent calls: see `standin app list`";
        TencentError::Coded(ErrorCode::BadSdkAppId, info.to_owned())
    })
}

fn administrator(service: &Service, tenant: &Tenant, query: &Form) -> Result<(), TencentError> {
    let identifier = query_field(query, "identifier", ErrorCode::BadIdentifier)?;
    let user_sig = query_field(query, "usersig", ErrorCode::NoUserSig)?;
    user_sig::check(service, tenant, identifier, user_sig)?;
    let account = tenant.app.account.as_str();
    match identifier == account {
        true => Ok(()),
        false => {
            let info = format!("The REST API is for the app's administrator: sign for the identifier {account}");
            Err(TencentError::Coded(ErrorCode::NotAdministrator, info))
        }
    }
}

fn query_field<'a>(query: &'a Form, name: &'static str, missing: ErrorCode) -> Result<&'a str, TencentError> {
    let given = query.text(name).map_err(|error| TencentError::Coded(ErrorCode::BadHttp, error.to_string()))?;
    given.filter(|given| !given.is_empty()).ok_or_else(|| {
        TencentError::Coded(missing, format!("{name} is required in the query, behind the command's address"))
    })
}

fn no_json(info: impl Into<String>) -> TencentError {
    TencentError::Coded(ErrorCode::NoJson, info.into())
}

fn body_error(fault: BodyFault) -> TencentError {
    match fault {
        BodyFault::Server(error) => error.into(),
        BodyFault::Malformed(why) => no_json(why),
        fault @ (BodyFault::TooLarge { .. }
        | BodyFault::TooMany { .. }
        | BodyFault::Unsupported(_)
        | BodyFault::TimedOut { .. }
        | BodyFault::TooSlow
        | BodyFault::BrokenOff) => TencentError::Coded(ErrorCode::BadHttp, fault.to_string()),
    }
}
