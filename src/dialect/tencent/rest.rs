//! The REST API for back ends: `POST /v4/{service}/{command}`, with an administrator's UserSig in the query.
//!
//! Source: the vendor's pages on calling its REST API. `random` and `contenttype` are for the vendor's own machines and are not read.

use std::{pin::Pin, sync::Arc};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, ResponseError, Scope, dev,
    guard::{GuardContext, fn_guard},
    http::{Method, StatusCode, header::ContentType},
    web::{self, Data, Payload},
};
use serde_json::Value;

use super::{
    call::{Caller, Desk},
    command::{COMMANDS, Command, Mark},
    reply::{self, Answer, Code, Family, Refused},
    user_sig,
};
use crate::{
    domain::{error::Error, id::SdkAppId},
    http::{
        addresses::Addresses,
        form::{self, BodyFault, Form, FormLimits},
    },
    service::{Service, apps::Tenant},
};

/// `/v4`: each command of the table at an address of its own.
pub fn scope() -> Scope {
    let commands = COMMANDS.iter().filter(|command| !command.has(Mark::Socket));
    let scope = commands.fold(web::scope("/v4"), |scope, command| {
        let run = async move |service, addresses, admitted| run(command, service, addresses, admitted).await;
        // Some libraries read by GET, with a body: RFC 9110 gives such a body no meaning, and the vendor reads it.
        let is_read = |context: &GuardContext<'_>| command.has(Mark::Read) && context.head().method == Method::GET;
        let is_call = move |context: &GuardContext<'_>| is_read(context) || context.head().method == Method::POST;
        let resource = web::resource(command.path)
            .route(web::post().to(run))
            .route(web::route().guard(fn_guard(is_read)).to(run))
            .default_service(web::to(wrong_method));
        // A client whose base address or path ends in a slash means the same command.
        let with_slash = web::resource(format!("{}/", command.path))
            .route(web::route().guard(fn_guard(is_call)).to(run))
            .default_service(web::to(wrong_method));
        scope.service(resource).service(with_slash)
    });
    scope.default_service(web::to(other))
}

async fn run(
    command: &Command,
    service: Data<Service>,
    addresses: Data<Addresses>,
    admitted: Admitted,
) -> HttpResponse {
    let desk = Desk { service: &service, tenant: &admitted.tenant, addresses: &addresses };
    answer(Ok(command.run(&desk, &Caller::BackEnd, &admitted.body).await))
}

/// A call of an app's administrator, and what it says.
struct Admitted {
    tenant: Arc<Tenant>,
    body: Value,
}

impl FromRequest for Admitted {
    type Error = Refused;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refused>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let (request, payload) = (request.clone(), Payload::from_request(request, payload));
        Box::pin(async move { admitted(&request, payload.await.map_err(Error::internal)?).await })
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        StatusCode::OK
    }

    fn error_response(&self) -> HttpResponse {
        answered(reply::failed(self, Family::Account))
    }
}

/// What is no command. Where one could be, who calls is asked first, as of any.
async fn other(request: HttpRequest, payload: Payload) -> HttpResponse {
    let is_post = request.method() == Method::POST;
    match is_like_a_command(request.match_info().unprocessed()) {
        true if !is_post => wrong_method().await,
        true => answer(admitted(&request, payload).await.and_then(|_| Err(no_such_command()))),
        false => answer(Err(no_such_command())),
    }
}

fn is_like_a_command(path: &str) -> bool {
    let words = path.strip_prefix('/').and_then(|path| path.split_once('/'));
    words.is_some_and(|(service, command)| !service.is_empty() && !command.is_empty() && !command.contains('/'))
}

async fn wrong_method() -> HttpResponse {
    answer(Err(Refused::Said(Code::BadHttp, "Call this by POST".to_owned())))
}

/// A command that is not served.
pub(super) fn no_such_command() -> Refused {
    let info = "This command is not part of Standin, which has those of accounts, profiles and friends".to_owned();
    Refused::Said(Code::UnknownCommand, info)
}

fn answer(answered: Result<Answer, Refused>) -> HttpResponse {
    self::answered(answered.unwrap_or_else(|refused| reply::failed(&refused, Family::Account)))
}

fn answered(answer: Answer) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(answer.into_text())
}

/// Every check in the order of the vendor's numbers: the app, the signature, whose it is, the body.
async fn admitted(request: &HttpRequest, payload: Payload) -> Result<Admitted, Refused> {
    let service = request.app_data::<Data<Service>>().ok_or_else(|| Error::internal("a door without a service"))?;
    let query = Form::query(request.query_string()).map_err(in_words)?;
    let tenant = app(service, &query)?;
    administrator(service, &tenant, &query)?;
    let body = form::read_object(request, payload, &FormLimits::default()).await.map_err(in_words)?;
    let body = body.ok_or_else(|| no_json("The request body is empty: send a JSON object"))?;
    // Reading it may have taken a minute: the app may have stopped serving this dialect.
    let tenant = app(service, &query).map(|_| tenant)?;
    Ok(Admitted { tenant, body: Value::Object(body) })
}

fn app(service: &Service, query: &Form) -> Result<Arc<Tenant>, Refused> {
    app_of(service, of_query(query, "sdkappid", Code::NoSdkAppId)?)
}

/// The app of an SDKAppID.
/// # Errors
/// 60006: none that serves this dialect.
pub(super) fn app_of(service: &Service, given: &str) -> Result<Arc<Tenant>, Refused> {
    let number = given.parse().ok().and_then(|number| SdkAppId::parse(number).ok());
    let tenant = number.and_then(|number| service.tenant_of_number(number));
    tenant.filter(|tenant| tenant.app.settings.dialects.tencent).ok_or_else(|| {
        let info = "sdkappid must be the SDKAppID of an app that serves Tencent calls: see `standin app list`";
        Refused::Said(Code::BadSdkAppId, info.to_owned())
    })
}

fn administrator(service: &Service, tenant: &Tenant, query: &Form) -> Result<(), Refused> {
    let identifier = of_query(query, "identifier", Code::BadIdentifier)?;
    let user_sig = of_query(query, "usersig", Code::NoUserSig)?;
    user_sig::check(service, tenant, identifier, user_sig)?;
    let account = tenant.app.account.as_str();
    match identifier == account {
        true => Ok(()),
        false => {
            let info = format!("The REST API is for the app's administrator: sign for the identifier {account}");
            Err(Refused::Said(Code::NotAdministrator, info))
        }
    }
}

fn of_query<'a>(query: &'a Form, name: &'static str, missing: Code) -> Result<&'a str, Refused> {
    let given = query.text(name).map_err(|error| Refused::Said(Code::BadHttp, error.to_string()))?;
    given
        .filter(|given| !given.is_empty())
        .ok_or_else(|| Refused::Said(missing, format!("{name} is required in the query, behind the command's address")))
}

fn no_json(info: impl Into<String>) -> Refused {
    Refused::Said(Code::NoJson, info.into())
}

fn in_words(fault: BodyFault) -> Refused {
    match fault {
        BodyFault::House(error) => error.into(),
        BodyFault::Malformed(why) => no_json(why),
        fault @ (BodyFault::TooLarge { .. }
        | BodyFault::TooMany { .. }
        | BodyFault::Unsupported(_)
        | BodyFault::TimedOut { .. }
        | BodyFault::TooSlow
        | BodyFault::BrokenOff) => Refused::Said(Code::BadHttp, fault.to_string()),
    }
}
