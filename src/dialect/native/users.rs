//! Users of an app: made, listed, shown, changed, deleted, their tokens drawn anew.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse, Scope,
    web::{self, Data, Path, Payload},
};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use super::{
    app_id, body, call, deeds,
    reply::{Refusal, UserView},
};
use crate::{
    domain::{
        avatar::AvatarChange,
        error::{Error, Fault},
        free_data::{Extras, Metadata},
        id::UserId,
        page::{Order, Page},
        profile::{Patch, ProfileChange, State, User},
        secret::Secret,
        text::{DisplayName, Email, MobileNumber, StatusText},
    },
    http::{addresses::Addresses, form::Form},
    service::{Service, accounts::LoginOrRegister, apps::Tenant, profiles::UserSetting},
};

/// Users on a page where the caller names no number.
const LIMIT_DEFAULT: u32 = 20;

/// `/apps/{app_id}/users`.
pub(super) fn scope() -> Scope {
    web::scope("/{app_id}/users")
        .service(call("", [web::get().to(list), web::post().to(create)]))
        .service(call("/{id}", [web::get().to(show), web::patch().to(change), web::delete().to(delete)]))
        .service(call("/{id}/reset-token", [web::post().to(reset_token)]))
}

/// What may be given of a user. A field that is null is cleared, one that is absent stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserBody {
    id: Option<String>,
    password: Option<String>,
    state: Option<StateBody>,
    #[serde(default, deserialize_with = "given")]
    name: Patch<String>,
    #[serde(default, deserialize_with = "given")]
    status: Patch<String>,
    #[serde(default, deserialize_with = "given")]
    mobile: Patch<String>,
    #[serde(default, deserialize_with = "given")]
    email: Patch<String>,
    #[serde(default, deserialize_with = "given")]
    avatar_url: Patch<String>,
    #[serde(default, deserialize_with = "given")]
    extras: Patch<Value>,
    #[serde(default, deserialize_with = "given")]
    metadata: Patch<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum StateBody {
    Active,
    Suspended,
}

fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Patch<T>, D::Error> {
    Option::deserialize(deserializer).map(|value| value.map_or(Patch::Clear, Patch::Set))
}

impl UserBody {
    fn change(&self, known: Option<&User>, tenant: &Tenant, addresses: &Addresses) -> Result<ProfileChange, Error> {
        fn text<T>(
            given: &Patch<String>,
            field: &'static str,
            parse: impl FnOnce(&str) -> Result<T, Fault>,
        ) -> Result<Patch<T>, Error> {
            given.try_map(|raw| parse(raw)).map_err(|fault| fault.at(field))
        }
        Ok(ProfileChange {
            display_name: text(&self.name, "name", DisplayName::parse)?,
            avatar: match &self.avatar_url {
                Patch::Keep => None,
                Patch::Clear => Some(AvatarChange::Tile),
                Patch::Set(raw) => addresses
                    .avatar_change(Some(raw), known, tenant.app.settings.public_pictures)
                    .map_err(|fault| fault.at("avatar_url"))?,
            },
            status: text(&self.status, "status", StatusText::parse)?,
            mobile: text(&self.mobile, "mobile", MobileNumber::parse)?,
            email: text(&self.email, "email", Email::parse)?,
            extras: self.extras.try_map(|value| Extras::parse(value.clone())).map_err(|fault| fault.at("extras"))?,
            metadata: self
                .metadata
                .try_map(|pairs| Metadata::parse(pairs.clone()))
                .map_err(|fault| fault.at("metadata"))?,
            ..ProfileChange::default()
        })
    }
}

fn place(service: &Service, path: &(String, String)) -> Result<(Arc<Tenant>, UserId), Error> {
    let (app, id) = path;
    Ok((service.tenant(&app_id(app)?)?, UserId::parse(id).map_err(|fault| fault.at("id"))?))
}

async fn list(
    service: Data<Service>,
    addresses: Data<Addresses>,
    path: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let tenant = service.tenant(&app_id(&path)?)?;
    let query = Form::query(request.query_string())?;
    let number = |field: &'static str, default: u32| match query.text(field)? {
        None => Ok(default),
        Some(raw) => raw.parse().map_err(|_| Fault::OutOfRange("a number from 1 on").at(field)),
    };
    let page = Page::new(number("page", 1)?, number("limit", LIMIT_DEFAULT)?);
    let listed = service.users(&tenant, page, Order::OldestFirst).await?;
    let users: Vec<UserView> = listed.items.iter().map(|user| UserView::of(&tenant.app, &addresses, user)).collect();
    Ok(HttpResponse::Ok().json(json!({ "users": users, "total": listed.total })))
}

async fn create(
    service: Data<Service>,
    addresses: Data<Addresses>,
    path: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let tenant = service.tenant(&app_id(&path)?)?;
    let given: UserBody = body(&request, payload).await?;
    if given.state.is_some() {
        return Err(Fault::Malformed("given in a change: new users are active").at("state").into());
    }
    let id = UserId::parse(given.id.as_deref().unwrap_or("")).map_err(|fault| fault.at("id"))?;
    let change = given.change(None, &tenant, &addresses)?;
    let call = LoginOrRegister { id, change, password: given.password.map(Secret::new), device: None };
    let added = service.add_user(&tenant, call).await?;
    deeds::tell_target(&request, added.user.id.as_str());
    let mut view = serde_json::to_value(UserView::of(&tenant.app, &addresses, &added.user)).map_err(Error::internal)?;
    if let Some(view) = view.as_object_mut() {
        view.insert("token".to_owned(), added.token.expose().into());
        view.insert("issued_password".to_owned(), added.issued_password.expose().into());
    }
    Ok(HttpResponse::Created().json(view))
}

async fn show(
    service: Data<Service>,
    addresses: Data<Addresses>,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Refusal> {
    let (tenant, id) = place(&service, &path)?;
    let user = service.user(&tenant, &id)?;
    Ok(HttpResponse::Ok().json(UserView::of(&tenant.app, &addresses, &user)))
}

async fn change(
    service: Data<Service>,
    addresses: Data<Addresses>,
    path: Path<(String, String)>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let (tenant, id) = place(&service, &path)?;
    let given: UserBody = body(&request, payload).await?;
    if given.id.is_some() {
        return Err(Fault::Malformed("left out: an id never changes").at("id").into());
    }
    let setting = UserSetting {
        profile: given.change(Some(&service.user(&tenant, &id)?), &tenant, &addresses)?,
        password: given.password.map(Secret::new),
        state: given.state.map(|state| match state {
            StateBody::Active => State::Active,
            StateBody::Suspended => State::Suspended,
        }),
    };
    let user = service.set_user(&tenant, id, setting).await?;
    Ok(HttpResponse::Ok().json(UserView::of(&tenant.app, &addresses, &user)))
}

async fn reset_token(service: Data<Service>, path: Path<(String, String)>) -> Result<HttpResponse, Refusal> {
    let (tenant, id) = place(&service, &path)?;
    let account = service.reset_token(&tenant, id).await?;
    Ok(HttpResponse::Ok().json(json!({ "token": account.token.expose() })))
}

async fn delete(service: Data<Service>, path: Path<(String, String)>) -> Result<HttpResponse, Refusal> {
    let (tenant, id) = place(&service, &path)?;
    service.delete_user(&tenant, id).await?;
    Ok(HttpResponse::NoContent().finish())
}
