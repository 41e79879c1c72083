//! A user as this wire shows it: slim, listed, full. Keys stand in the order of the vendor's samples.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    domain::{app::App, profile::User},
    http::addresses::Addresses,
    service::accounts::Account,
};

/// The vendor's clients read a key for its realtime server and do nothing with it; Standin has no such server.
const RT_KEY: &str = "standin";

/// A user as v2.1 answers `login_or_register` and `user_profile`.
#[derive(Serialize)]
pub(super) struct UserView<'a> {
    avatar_url: String,
    extras: &'a Map<String, Value>,
    user_id: &'a str,
    username: &'a str,
}

impl<'a> UserView<'a> {
    pub(super) fn of(app: &App, addresses: &Addresses, user: &'a User) -> Self {
        Self {
            avatar_url: addresses.avatar(user, app.settings.public_pictures),
            extras: user.profile.extras.as_object(),
            user_id: user.id.as_str(),
            username: user.shown_name(),
        }
    }
}

/// A user as `get_user_list` answers it: `email` carries the user id, `name` and `username` are the same display name.
#[derive(Serialize)]
pub(super) struct ListedView<'a> {
    active: bool,
    avatar_url: String,
    created_at: String,
    email: &'a str,
    extras: &'a Map<String, Value>,
    id: i64,
    name: &'a str,
    updated_at: String,
    username: &'a str,
}

impl<'a> ListedView<'a> {
    pub(super) fn of(app: &App, addresses: &Addresses, user: &'a User) -> Self {
        Self {
            active: user.is_active(),
            avatar_url: addresses.avatar(user, app.settings.public_pictures),
            created_at: user.created_at.to_string(),
            email: user.id.as_str(),
            extras: user.profile.extras.as_object(),
            id: user.key.0,
            name: user.shown_name(),
            updated_at: user.updated_at.to_string(),
            username: user.shown_name(),
        }
    }
}

/// A user with its token and its app, for who may act as that user. Comments are not part of Standin, so their ids are 0, and it
/// sends no pushes, so none is configured. A token that never expires comes without `refresh_token` and `token_expires_at`.
#[derive(Serialize)]
pub(super) struct FullView<'a> {
    active: bool,
    app: AppView<'a>,
    avatar: AvatarView,
    avatar_url: String,
    email: &'a str,
    extras: &'a Map<String, Value>,
    id: i64,
    id_str: String,
    last_comment_id: i64,
    last_comment_id_str: &'a str,
    last_sync_event_id: i64,
    pn_android_configured: bool,
    pn_ios_configured: bool,
    #[serde(rename = "rtKey")]
    rt_key: &'a str,
    token: &'a str,
    username: &'a str,
}

#[derive(Serialize)]
struct AppView<'a> {
    code: &'a str,
    id: u32,
    id_str: String,
    name: &'a str,
}

/// The address once more, where older clients look for it: `{"avatar": {"url": ..}}`.
#[derive(Serialize)]
struct AvatarView {
    avatar: UrlView,
}

#[derive(Serialize)]
struct UrlView {
    url: String,
}

impl<'a> FullView<'a> {
    pub(super) fn of(app: &'a App, addresses: &Addresses, account: &'a Account) -> Self {
        let user = &account.user;
        let avatar_url = addresses.avatar(user, app.settings.public_pictures);
        Self {
            active: user.is_active(),
            app: AppView::of(app),
            avatar: AvatarView { avatar: UrlView { url: avatar_url.clone() } },
            avatar_url,
            email: user.id.as_str(),
            extras: user.profile.extras.as_object(),
            id: user.key.0,
            id_str: user.key.0.to_string(),
            last_comment_id: 0,
            last_comment_id_str: "0",
            last_sync_event_id: 0,
            pn_android_configured: false,
            pn_ios_configured: false,
            rt_key: RT_KEY,
            token: account.token.expose(),
            username: user.shown_name(),
        }
    }
}

impl<'a> AppView<'a> {
    fn of(app: &'a App) -> Self {
        let id = app.sdk_app_id.get();
        Self { code: app.app_id.as_str(), id, id_str: id.to_string(), name: app.name.as_str() }
    }
}
