//! Apps: made, listed, changed, their secrets shown and rotated.

use std::time::Duration;

use actix_web::{
    HttpResponse, Scope,
    web::{self, Data, Path},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    app_id, call,
    deeds::Entry,
    extractors::{Body, InApp},
    reply::{AppView, Problem, Refusal},
    reports, users,
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
    http::methods,
    service::{
        Service,
        apps::{AppChange, Tenant},
    },
};

/// `/apps`.
pub(super) fn scope() -> Scope {
    web::scope("/apps")
        .service(call("", [methods::get(list), methods::post(create)]))
        .service(call("/{app_id}", [methods::get(show), methods::patch(change)]))
        .service(call("/{app_id}/secrets", [methods::get(secrets)]))
        .service(call("/{app_id}/rotate-secret", [methods::post(rotate_secret)]))
        .service(call("/{app_id}/usersig", [methods::post(sign)]))
        .service(call("/{app_id}/fields", [methods::get(fields)]))
        .service(call("/{app_id}/fields/{name}", [methods::put(declare)]))
        .service(reports::resource())
        .service(users::scope())
}

/// What may be given of an app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AppBody {
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

/// Every app.
#[derive(Serialize, ToSchema)]
struct AppsView<'a> {
    apps: Vec<AppView<'a>>,
}

/// Lists the apps.
#[utoipa::path(get, path = "/apps", operation_id = "list_apps", tag = "Apps", responses((status = 200, body = AppsView)))]
pub(super) async fn list(service: Data<Service>) -> HttpResponse {
    let tenants = service.tenants();
    HttpResponse::Ok().json(AppsView { apps: tenants.iter().map(|tenant| AppView::from(&tenant.app)).collect() })
}

/// Makes an app.
///
/// What is not given is drawn or takes its default. Its secrets are asked for by themselves.
#[utoipa::path(post, path = "/apps", operation_id = "create_app", tag = "Apps", request_body = AppBody, responses((status = 201, body = AppView), (status = 409, description = "There is an app of this id, number, key or host", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn create(
    service: Data<Service>,
    entry: Entry,
    Body(given): Body<AppBody>,
) -> Result<HttpResponse, Refusal> {
    let tenant = service.create_app(given.try_into()?).await?;
    entry.is_about(tenant.app.app_id.as_str());
    Ok(HttpResponse::Created().json(AppView::from(&tenant.app)))
}

/// Shows an app, without its secrets.
#[utoipa::path(get, path = "/apps/{app_id}", operation_id = "show_app", tag = "Apps", params(("app_id" = String, Path, example = "sdksample")), responses((status = 200, body = AppView)))]
pub(super) async fn show(InApp(tenant): InApp) -> HttpResponse {
    HttpResponse::Ok().json(AppView::from(&tenant.app))
}

/// Changes an app.
///
/// What is not given stays.
#[utoipa::path(patch, path = "/apps/{app_id}", operation_id = "change_app", tag = "Apps", params(("app_id" = String, Path, example = "sdksample")), request_body = AppBody, responses((status = 200, body = AppView), (status = 409, description = "Another app has this id, number, key or host", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn change(
    service: Data<Service>,
    path: Path<String>,
    Body(given): Body<AppBody>,
) -> Result<HttpResponse, Refusal> {
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

/// The secrets of an app.
#[derive(Serialize, ToSchema)]
struct SecretsView<'a> {
    /// The SDK secret of Qiscus, the SecretKey of Tencent.
    secret: &'a str,
    /// The licence key of MirrorFly.
    license_key: &'a str,
    /// The name of the back-end account.
    account: &'a str,
    /// Its password; null where the operator chose it: nobody can show that again, but a demo its own.
    account_password: Option<&'a str>,
}

/// Shows the secrets of an app.
#[utoipa::path(get, path = "/apps/{app_id}/secrets", operation_id = "show_app_secrets", tag = "Apps", params(("app_id" = String, Path, example = "sdksample")), responses((status = 200, body = SecretsView)))]
pub(super) async fn secrets(
    service: Data<Service>,
    documented: Option<Data<Documented>>,
    InApp(tenant): InApp,
) -> Result<HttpResponse, Refusal> {
    let mut secrets = service.app_secrets(&tenant)?;
    if let (None, Some(documented)) = (&secrets.account_password, documented) {
        secrets.account_password = documented.of(&tenant.app.app_id);
    }
    Ok(HttpResponse::Ok().json(SecretsView {
        secret: secrets.secret.expose(),
        license_key: secrets.license_key.expose(),
        account: tenant.app.account.as_str(),
        account_password: secrets.account_password.as_ref().map(Secret::expose),
    }))
}

/// How long the former secret is good beside the new one; not at all where it is not said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RotateBody {
    #[schema(maximum = 2_592_000)]
    former_valid_s: Option<u32>,
}

/// A secret that was drawn.
#[derive(Serialize, ToSchema)]
struct SecretView<'a> {
    secret: &'a str,
}

/// Draws a new secret.
///
/// The former one is good beside it for as long as `former_valid_s` says, so that back ends can be moved one by one.
#[utoipa::path(post, path = "/apps/{app_id}/rotate-secret", operation_id = "rotate_app_secret", tag = "Apps", params(("app_id" = String, Path, example = "sdksample")), request_body = RotateBody, responses((status = 200, body = SecretView)))]
pub(super) async fn rotate_secret(
    service: Data<Service>,
    path: Path<String>,
    Body(given): Body<RotateBody>,
) -> Result<HttpResponse, Refusal> {
    let rest = Duration::from_secs(given.former_valid_s.unwrap_or_default().into());
    let secret = service.rotate_app_secret(&app_id(&path)?, rest).await?;
    Ok(HttpResponse::Ok().json(SecretView { secret: secret.expose() }))
}

/// The custom fields that an app declares.
#[derive(Serialize, ToSchema)]
struct FieldsView<'a> {
    fields: &'a [CustomField],
}

/// Lists the custom fields that an app declares.
#[utoipa::path(get, path = "/apps/{app_id}/fields", operation_id = "list_fields", tag = "Custom fields", params(("app_id" = String, Path, example = "sdksample")), responses((status = 200, body = FieldsView)))]
pub(super) async fn fields(InApp(tenant): InApp) -> HttpResponse {
    HttpResponse::Ok().json(FieldsView { fields: &tenant.app.settings.custom_fields })
}

/// Who may read and write a custom field; what is not given is as open as can be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldBody {
    /// `everyone`, `friends`, `owner` or `back-end`.
    #[schema(value_type = Option<Readers>)]
    read: Option<String>,
    /// `owner` or `back-end`.
    #[schema(value_type = Option<Writers>)]
    write: Option<String>,
}

/// Declares a custom field, or changes who may read and write it.
///
/// An app may declare 20.
#[utoipa::path(put, path = "/apps/{app_id}/fields/{name}", operation_id = "declare_field", tag = "Custom fields", params(("app_id" = String, Path, example = "sdksample"), ("name" = String, Path, description = "1 to 32 of `[A-Za-z0-9_]`", example = "Test1")), request_body = FieldBody, responses((status = 200, body = CustomField), (status = 409, description = "The app has 20 already", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn declare(
    service: Data<Service>,
    path: Path<(String, String)>,
    Body(given): Body<FieldBody>,
) -> Result<HttpResponse, Refusal> {
    let (app, name) = path.into_inner();
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
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignBody {
    #[schema(example = "user1")]
    user: String,
    expire_s: Option<u32>,
}

/// Makes a UserSig for a user id that is good for so many seconds. The server hands in Tencent's, because no dialect names another.
pub type MakeUserSig = fn(&Service, &Tenant, &str, u32) -> Result<Secret, Error>;

const USER_SIG_LIFE_S: u32 = 180 * 24 * 3600;

/// A UserSig, and what it is good for.
#[derive(Serialize, ToSchema)]
struct SigView<'a> {
    sdk_app_id: u32,
    user: &'a str,
    expire_s: u32,
    user_sig: &'a str,
}

/// Makes a UserSig (Tencent).
#[utoipa::path(post, path = "/apps/{app_id}/usersig", operation_id = "sign_user", tag = "Apps", params(("app_id" = String, Path, example = "sdksample")), request_body = SignBody, responses((status = 200, body = SigView)))]
pub(super) async fn sign(
    service: Data<Service>,
    make_user_sig: Data<MakeUserSig>,
    entry: Entry,
    path: Path<String>,
    Body(given): Body<SignBody>,
) -> Result<HttpResponse, Refusal> {
    let tenant = service.tenant(&app_id(&path)?)?;
    let expire_s = given.expire_s.unwrap_or(USER_SIG_LIFE_S);
    entry.is_about(&given.user);
    let user_sig = make_user_sig(&service, &tenant, &given.user, expire_s)?;
    Ok(HttpResponse::Ok().json(SigView {
        sdk_app_id: tenant.app.sdk_app_id.get(),
        user: &given.user,
        expire_s,
        user_sig: user_sig.expose(),
    }))
}
