//! Apps: made, listed, changed, their secrets shown and rotated.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse, Scope,
    web::{self, Data, Path, Payload},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    app_id, body, call, deeds,
    reply::{AppView, Refusal},
    users,
};
use crate::{
    domain::{
        app::{Dialects, Registration},
        custom::{CustomField, CustomName, Readers, Writers},
        error::Error,
        id::{AppId, Host, Origin, SdkAppId},
        secret::Secret,
        text::AppName,
    },
    service::{Service, apps::AppChange, user_sig},
};

/// `/apps`.
pub(super) fn scope() -> Scope {
    web::scope("/apps")
        .service(call("", [web::get().to(list), web::post().to(create)]))
        .service(call("/{app_id}", [web::get().to(show), web::patch().to(change)]))
        .service(call("/{app_id}/secrets", [web::get().to(secrets)]))
        .service(call("/{app_id}/rotate-secret", [web::post().to(rotate_secret)]))
        .service(call("/{app_id}/usersig", [web::post().to(sign)]))
        .service(call("/{app_id}/fields", [web::get().to(fields)]))
        .service(call("/{app_id}/fields/{name}", [web::put().to(declare)]))
        .service(users::scope())
}

/// What may be given of an app.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AppBody {
    name: Option<String>,
    app_id: Option<String>,
    sdk_app_id: Option<u64>,
    secret: Option<String>,
    license_key: Option<String>,
    account_password: Option<String>,
    hosts: Option<Vec<String>>,
    registration: Option<Registration>,
    dialects: Option<Dialects>,
    password_min: Option<u16>,
    token_lifetime_s: Option<u32>,
    public_pictures: Option<bool>,
    allowed_origins: Option<Vec<String>>,
    import_at_login: Option<bool>,
    tencent_sessions: Option<u16>,
}

impl TryFrom<AppBody> for AppChange {
    type Error = Error;

    fn try_from(body: AppBody) -> Result<Self, Error> {
        let origin = |origin: &String| Origin::parse(origin).map_err(|fault| fault.at("allowed_origins"));
        let host = |host: &String| Host::parse(host).map_err(|fault| fault.at("hosts"));
        Ok(Self {
            name: body.name.map(|name| AppName::parse(&name).map_err(|fault| fault.at("name"))).transpose()?,
            app_id: body.app_id.map(|id| app_id(&id)).transpose()?,
            sdk_app_id: body.sdk_app_id.map(SdkAppId::parse).transpose().map_err(|fault| fault.at("sdk_app_id"))?,
            secret: body.secret.map(Secret::new),
            license_key: body.license_key.map(Secret::new),
            account_password: body.account_password.map(Secret::new),
            hosts: body.hosts.map(|hosts| hosts.iter().map(host).collect()).transpose()?,
            registration: body.registration,
            dialects: body.dialects,
            password_min: body.password_min,
            token_lifetime_s: body.token_lifetime_s,
            public_pictures: body.public_pictures,
            allowed_origins: body.allowed_origins.map(|list| list.iter().map(origin).collect()).transpose()?,
            import_at_login: body.import_at_login,
            tencent_sessions: body.tencent_sessions,
            custom_field: None,
            former_secret_rest: Duration::ZERO,
        })
    }
}

async fn list(service: Data<Service>) -> HttpResponse {
    let tenants = service.tenants();
    let apps: Vec<AppView> = tenants.iter().map(|tenant| AppView::from(&tenant.app)).collect();
    HttpResponse::Ok().json(json!({ "apps": apps }))
}

async fn create(service: Data<Service>, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Refusal> {
    let given: AppBody = body(&request, payload).await?;
    let tenant = service.create_app(given.try_into()?).await?;
    deeds::tell_target(&request, tenant.app.app_id.as_str());
    Ok(HttpResponse::Created().json(AppView::from(&tenant.app)))
}

async fn show(service: Data<Service>, path: Path<String>) -> Result<HttpResponse, Refusal> {
    let tenant = service.tenant(&app_id(&path)?)?;
    Ok(HttpResponse::Ok().json(AppView::from(&tenant.app)))
}

async fn change(
    service: Data<Service>,
    path: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let given: AppBody = body(&request, payload).await?;
    let tenant = service.change_app(&app_id(&path)?, given.try_into()?).await?;
    Ok(HttpResponse::Ok().json(AppView::from(&tenant.app)))
}

/// The account password that a demo documents, and the app whose it is: the store has only its hash.
#[derive(Debug, Clone, Default)]
pub struct Documented(pub Option<(AppId, Secret)>);

impl Documented {
    fn of(&self, app: &AppId) -> Option<Secret> {
        self.0.as_ref().filter(|(documented, _)| documented == app).map(|(_, password)| password.clone())
    }
}

/// An account password that the operator chose is null: nobody can show it again, but a demo its own.
async fn secrets(
    service: Data<Service>,
    documented: Option<Data<Documented>>,
    path: Path<String>,
) -> Result<HttpResponse, Refusal> {
    let tenant = service.tenant(&app_id(&path)?)?;
    let mut secrets = service.app_secrets(&tenant)?;
    if let (None, Some(documented)) = (&secrets.account_password, documented) {
        secrets.account_password = documented.of(&tenant.app.app_id);
    }
    Ok(HttpResponse::Ok().json(json!({
        "secret": secrets.secret.expose(),
        "license_key": secrets.license_key.expose(),
        "account": tenant.app.account.as_str(),
        "account_password": secrets.account_password.as_ref().map(Secret::expose),
    })))
}

/// How long the former secret is good beside the new one; not at all where it is not said.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RotateBody {
    former_valid_s: Option<u32>,
}

async fn rotate_secret(
    service: Data<Service>,
    path: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let given: RotateBody = body(&request, payload).await?;
    let rest = Duration::from_secs(given.former_valid_s.unwrap_or_default().into());
    let secret = service.rotate_app_secret(&app_id(&path)?, rest).await?;
    Ok(HttpResponse::Ok().json(json!({ "secret": secret.expose() })))
}

async fn fields(service: Data<Service>, path: Path<String>) -> Result<HttpResponse, Refusal> {
    let tenant = service.tenant(&app_id(&path)?)?;
    Ok(HttpResponse::Ok().json(json!({ "fields": tenant.app.settings.custom_fields })))
}

/// Who may read and write a custom field; what is not given is as open as can be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldBody {
    read: Option<String>,
    write: Option<String>,
}

async fn declare(
    service: Data<Service>,
    path: Path<(String, String)>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let (app, name) = path.into_inner();
    let given: FieldBody = body(&request, payload).await?;
    let field = CustomField {
        name: CustomName::parse(&name).map_err(|fault| fault.at("name"))?,
        read: given.read.as_deref().map_or(Ok(Readers::default()), Readers::parse).map_err(|fault| fault.at("read"))?,
        write: given
            .write
            .as_deref()
            .map_or(Ok(Writers::default()), Writers::parse)
            .map_err(|fault| fault.at("write"))?,
    };
    let change = AppChange { custom_field: Some(field.clone()), ..AppChange::default() };
    service.change_app(&app_id(&app)?, change).await?;
    Ok(HttpResponse::Ok().json(field))
}

/// For whom a UserSig is wanted, and how long it is good: the vendor's libraries say 180 days.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignBody {
    user: String,
    expire_s: Option<u32>,
}

const USER_SIG_LIFE_S: u32 = 180 * 24 * 3600;

async fn sign(
    service: Data<Service>,
    path: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let given: SignBody = body(&request, payload).await?;
    let tenant = service.tenant(&app_id(&path)?)?;
    let expire_s = given.expire_s.unwrap_or(USER_SIG_LIFE_S);
    deeds::tell_target(&request, &given.user);
    let user_sig = user_sig::make(&service, &tenant, &given.user, expire_s)?;
    Ok(HttpResponse::Ok().json(json!({
        "sdk_app_id": tenant.app.sdk_app_id.get(),
        "user": given.user,
        "expire_s": expire_s,
        "user_sig": user_sig.expose(),
    })))
}
