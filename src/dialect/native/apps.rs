//! Apps: list, create, change, show and rotate secrets, declare custom fields, sign UserSigs.

use std::time::Duration;

use actix_web::{
    HttpResponse, Scope,
    web::{self, Data, Path},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    app_id,
    audit::AuditTarget,
    call,
    extractors::{JsonBody, PathApp},
    reply::{NativeAppView, NativeError, Problem},
    reports, users,
};
use crate::{
    domain::{
        AppId, AppName, CustomField, CustomName, Dialects, Error, Host, Origin, Readers, Registration, SdkAppId,
        Secret, Writers,
    },
    http::methods,
    service::{AppChange, Service, Tenant},
};

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

/// The fields of an app that a caller may set.
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
    messages_kept_days: Option<u16>,
    public_pictures: Option<bool>,
    allowed_origins: Option<Vec<String>>,
    import_at_login: Option<bool>,
    refuses_blocked_senders: Option<bool>,
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
            messages_kept_days: body.messages_kept_days,
            public_pictures: body.public_pictures,
            allowed_origins: body.allowed_origins.map(|list| list.iter().map(origin).collect()).transpose()?,
            import_at_login: body.import_at_login,
            refuses_blocked_senders: body.refuses_blocked_senders,
            tencent_sessions: body.tencent_sessions,
            custom_field: None,
            former_secret_rest: Duration::ZERO,
        })
    }
}

/// All apps.
#[derive(Serialize, ToSchema)]
struct AppsView<'a> {
    apps: Vec<NativeAppView<'a>>,
}

/// Lists the apps.
#[utoipa::path(get, path = "/apps", operation_id = "list_apps", tag = "Apps", responses((status = 200, body = AppsView)))]
pub(super) async fn list(service: Data<Service>) -> HttpResponse {
    let tenants = service.tenants();
    HttpResponse::Ok().json(AppsView { apps: tenants.iter().map(|tenant| NativeAppView::from(&tenant.app)).collect() })
}

/// Creates an app.
///
/// A field that is not given is generated or takes its default. Read the secrets with a separate call.
#[utoipa::path(post, path = "/apps", operation_id = "create_app", tag = "Apps", request_body = AppBody, responses((status = 201, body = NativeAppView), (status = 409, description = "An app with this id, number, key or host exists", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn create(
    service: Data<Service>,
    audit_target: AuditTarget,
    JsonBody(given): JsonBody<AppBody>,
) -> Result<HttpResponse, NativeError> {
    let tenant = service.create_app(given.try_into()?).await?;
    audit_target.set(tenant.app.app_id.as_str());
    Ok(HttpResponse::Created().json(NativeAppView::from(&tenant.app)))
}

/// Shows an app, without its secrets.
#[utoipa::path(get, path = "/apps/{app_id}", operation_id = "show_app", tag = "Apps", params(("app_id" = String, Path, example = "sdksample")), responses((status = 200, body = NativeAppView)))]
pub(super) async fn show(PathApp { tenant, .. }: PathApp) -> HttpResponse {
    HttpResponse::Ok().json(NativeAppView::from(&tenant.app))
}

/// Changes an app.
///
/// A field that is not given keeps its value.
#[utoipa::path(patch, path = "/apps/{app_id}", operation_id = "change_app", tag = "Apps", params(("app_id" = String, Path, example = "sdksample")), request_body = AppBody, responses((status = 200, body = NativeAppView), (status = 409, description = "Another app has this id, number, key or host", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn change(
    service: Data<Service>,
    path: Path<String>,
    JsonBody(given): JsonBody<AppBody>,
) -> Result<HttpResponse, NativeError> {
    let tenant = service.change_app(&app_id(&path)?, given.try_into()?).await?;
    Ok(HttpResponse::Ok().json(NativeAppView::from(&tenant.app)))
}

/// The app and the account password that a demo documents. The store has only the hash of that password.
#[derive(Debug, Clone, Default)]
pub struct DemoPassword(pub Option<(AppId, Secret)>);

impl DemoPassword {
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
    /// The account's password. Null if the operator chose it, because the server stores only its hash; a demo shows its
    /// own.
    account_password: Option<&'a str>,
}

/// Shows the secrets of an app.
#[utoipa::path(get, path = "/apps/{app_id}/secrets", operation_id = "show_app_secrets", tag = "Apps", params(("app_id" = String, Path, example = "sdksample")), responses((status = 200, body = SecretsView)))]
pub(super) async fn secrets(
    documented: Option<Data<DemoPassword>>,
    PathApp { service, tenant, .. }: PathApp,
) -> Result<HttpResponse, NativeError> {
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

/// How many seconds the former secret stays valid beside the new one; 0 if not given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RotateBody {
    #[schema(maximum = 604_800)]
    former_valid_s: Option<u32>,
}

/// The new secret.
#[derive(Serialize, ToSchema)]
struct SecretView<'a> {
    secret: &'a str,
    /// When the former secret ends; null where it ended at once.
    #[schema(format = DateTime)]
    former_secret_until: Option<String>,
}

/// Generates a new secret.
///
/// The former secret stays valid for `former_valid_s` seconds, so that back ends can switch one by one.
#[utoipa::path(post, path = "/apps/{app_id}/rotate-secret", operation_id = "rotate_app_secret", tag = "Apps", params(("app_id" = String, Path, example = "sdksample")), request_body = RotateBody, responses((status = 200, body = SecretView)))]
pub(super) async fn rotate_secret(
    service: Data<Service>,
    path: Path<String>,
    JsonBody(given): JsonBody<RotateBody>,
) -> Result<HttpResponse, NativeError> {
    let rest = Duration::from_secs(given.former_valid_s.unwrap_or_default().into());
    let app_id = app_id(&path)?;
    let secret = service.rotate_app_secret(&app_id, rest).await?;
    let tenant = service.tenant(&app_id)?;
    let former_secret_until = tenant.app.former_secret.as_ref().map(|former| former.until.to_string());
    Ok(HttpResponse::Ok().json(SecretView { secret: secret.expose(), former_secret_until }))
}

/// The custom fields that an app declares.
#[derive(Serialize, ToSchema)]
struct FieldsView<'a> {
    fields: &'a [CustomField],
}

/// Lists the custom fields that an app declares.
#[utoipa::path(get, path = "/apps/{app_id}/fields", operation_id = "list_fields", tag = "Custom fields", params(("app_id" = String, Path, example = "sdksample")), responses((status = 200, body = FieldsView)))]
pub(super) async fn fields(PathApp { tenant, .. }: PathApp) -> HttpResponse {
    HttpResponse::Ok().json(FieldsView { fields: &tenant.app.settings.custom_fields })
}

/// Who may read and write a custom field. If a field is not given, the most open value applies.
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
/// An app may declare 20 custom fields.
#[utoipa::path(put, path = "/apps/{app_id}/fields/{name}", operation_id = "declare_field", tag = "Custom fields", params(("app_id" = String, Path, example = "sdksample"), ("name" = String, Path, description = "1 to 32 of `[A-Za-z0-9_]`", example = "Test1")), request_body = FieldBody, responses((status = 200, body = CustomField), (status = 409, description = "The app has 20 already", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn declare(
    service: Data<Service>,
    path: Path<(String, String)>,
    JsonBody(given): JsonBody<FieldBody>,
) -> Result<HttpResponse, NativeError> {
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

/// The user and the lifetime of a UserSig. The default lifetime is 180 days, as in the vendor's libraries.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignBody {
    #[schema(example = "user1")]
    user: String,
    expire_s: Option<u32>,
}

/// Makes a UserSig for this user id and these seconds. The server passes in Tencent's function, because a dialect may
/// not name another dialect.
pub type MakeUserSig = fn(&Service, &Tenant, &str, u32) -> Result<Secret, Error>;

const USER_SIG_LIFE_S: u32 = 180 * 24 * 3600;

/// A UserSig, the user and the app it is for, and its lifetime.
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
    audit_target: AuditTarget,
    path: Path<String>,
    JsonBody(given): JsonBody<SignBody>,
) -> Result<HttpResponse, NativeError> {
    let tenant = service.tenant(&app_id(&path)?)?;
    let expire_s = given.expire_s.unwrap_or(USER_SIG_LIFE_S);
    audit_target.set(&given.user);
    let user_sig = make_user_sig(&service, &tenant, &given.user, expire_s)?;
    Ok(HttpResponse::Ok().json(SigView {
        sdk_app_id: tenant.app.sdk_app_id.get(),
        user: &given.user,
        expire_s,
        user_sig: user_sig.expose(),
    }))
}
