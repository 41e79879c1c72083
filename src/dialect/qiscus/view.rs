//! A user as this wire shows it: slim, listed, full. Keys stand in the order of the vendor's samples.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    domain::{app::App, profile::User},
    http::addresses::Addresses,
    service::{accounts::Account, renewal::Renewal},
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

/// A user as other users are shown it: never with a token.
#[derive(Serialize)]
pub(super) struct PublicView<'a> {
    avatar: AvatarView,
    avatar_url: String,
    email: &'a str,
    extras: &'a Map<String, Value>,
    id: i64,
    id_str: String,
    username: &'a str,
}

impl<'a> PublicView<'a> {
    pub(super) fn of(app: &App, addresses: &Addresses, user: &'a User) -> Self {
        let avatar_url = addresses.avatar(user, app.settings.public_pictures);
        Self {
            avatar: AvatarView::of(&avatar_url),
            avatar_url,
            email: user.id.as_str(),
            extras: user.profile.extras.as_object(),
            id: user.key.0,
            id_str: user.key.0.to_string(),
            username: user.shown_name(),
        }
    }
}

/// A user with its token and its app, for who may act as that user. Standin sends no pushes, so none is configured. A token that never
/// expires comes without `refresh_token` and `token_expires_at`.
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
    last_comment_id_str: String,
    last_sync_event_id: i64,
    pn_android_configured: bool,
    pn_ios_configured: bool,
    #[serde(rename = "rtKey")]
    rt_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_expires_at: Option<String>,
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
pub(super) struct AvatarView {
    avatar: UrlView,
}

#[derive(Serialize)]
struct UrlView {
    url: String,
}

impl AvatarView {
    pub(super) fn of(avatar_url: &str) -> Self {
        Self { avatar: UrlView { url: avatar_url.to_owned() } }
    }
}

impl<'a> FullView<'a> {
    pub(super) fn of(app: &'a App, addresses: &Addresses, account: &'a Account) -> Self {
        let user = &account.user;
        let avatar_url = addresses.avatar(user, app.settings.public_pictures);
        Self {
            active: user.is_active(),
            app: AppView::of(app),
            avatar: AvatarView::of(&avatar_url),
            avatar_url,
            email: user.id.as_str(),
            extras: user.profile.extras.as_object(),
            id: user.key.0,
            id_str: user.key.0.to_string(),
            last_comment_id: 0,
            last_comment_id_str: "0".to_owned(),
            last_sync_event_id: 0,
            pn_android_configured: false,
            pn_ios_configured: false,
            rt_key: RT_KEY,
            refresh_token: None,
            token: account.token.expose(),
            token_expires_at: None,
            username: user.shown_name(),
        }
    }

    /// For a client, which begins to follow behind the event `seq`: the comments that tell of changes are numbered as their events.
    pub(super) fn behind(self, seq: i64) -> Self {
        Self { last_comment_id: seq, last_comment_id_str: seq.to_string(), ..self }
    }

    /// For a client whose token expires.
    pub(super) fn renewable(self, renewal: Option<&'a Renewal>) -> Self {
        Self {
            refresh_token: renewal.map(|renewal| renewal.refresh_token.expose()),
            token_expires_at: renewal.map(|renewal| renewal.token_expires_at.to_string()),
            ..self
        }
    }
}

impl<'a> AppView<'a> {
    fn of(app: &'a App) -> Self {
        let id = app.sdk_app_id.get();
        Self { code: app.app_id.as_str(), id, id_str: id.to_string(), name: app.name.as_str() }
    }
}
