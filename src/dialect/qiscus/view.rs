//! Users as Qiscus shows them. Keys are in the order of the vendor's samples.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    domain::{App, MessageId, User},
    http::addresses::Addresses,
    service::{Account, Renewal},
};

/// The vendor's clients read a key for its realtime server and do not use it.
const RT_KEY: &str = "standin";

/// A user as v2.1 shows it in `login_or_register` and `user_profile`.
#[derive(Serialize, ToSchema)]
pub(super) struct BasicUserView<'a> {
    /// Never empty: a user without a picture has the address of a generated one.
    #[schema(format = "uri", example = "https://image.url/image.jpg")]
    avatar_url: String,
    #[schema(value_type = Object)]
    extras: &'a Map<String, Value>,
    #[schema(example = "guest@qiscus.com")]
    user_id: &'a str,
    /// The display name. The user id, if the user has no display name.
    #[schema(example = "Qiscus Demo")]
    username: &'a str,
}

impl<'a> BasicUserView<'a> {
    pub(super) fn of(app: &App, addresses: &Addresses, user: &'a User) -> Self {
        Self {
            avatar_url: addresses.avatar(user, app.settings.public_pictures),
            extras: user.profile.extras.as_object(),
            user_id: user.id.as_str(),
            username: user.display_name_or_id(),
        }
    }
}

/// A user in a user list. `email` is the user id; `name` and `username` are both the display name.
#[derive(Serialize, ToSchema)]
pub(super) struct ListedUserView<'a> {
    /// False for a suspended user.
    active: bool,
    /// Never empty: a user without a picture has the address of a generated one.
    #[schema(format = "uri", example = "https://image.url/image.jpg")]
    avatar_url: String,
    #[schema(format = DateTime)]
    created_at: String,
    /// The user id.
    #[schema(example = "guest@qiscus.com")]
    email: &'a str,
    #[schema(value_type = Object)]
    extras: &'a Map<String, Value>,
    id: i64,
    /// Same as `username`.
    name: &'a str,
    #[schema(format = DateTime)]
    updated_at: String,
    /// The display name. The user id, if the user has no display name.
    #[schema(example = "Qiscus Demo")]
    username: &'a str,
}

impl<'a> ListedUserView<'a> {
    pub(super) fn of(app: &App, addresses: &Addresses, user: &'a User) -> Self {
        Self {
            active: user.is_active(),
            avatar_url: addresses.avatar(user, app.settings.public_pictures),
            created_at: user.created_at.to_string(),
            email: user.id.as_str(),
            extras: user.profile.extras.as_object(),
            id: user.key.0,
            name: user.display_name_or_id(),
            updated_at: user.updated_at.to_string(),
            username: user.display_name_or_id(),
        }
    }
}

/// A user as shown to other users, without its token.
#[derive(Serialize, ToSchema)]
pub(super) struct PublicUserView<'a> {
    avatar: AvatarView,
    /// Never empty: a user without a picture has the address of a generated one.
    #[schema(format = "uri", example = "https://image.url/image.jpg")]
    avatar_url: String,
    /// The user id.
    #[schema(example = "guest@qiscus.com")]
    email: &'a str,
    #[schema(value_type = Object)]
    extras: &'a Map<String, Value>,
    id: i64,
    #[schema(pattern = "^[0-9]+$", example = "1")]
    id_str: String,
    /// The display name. The user id, if the user has no display name.
    #[schema(example = "Qiscus Demo")]
    username: &'a str,
}

impl<'a> PublicUserView<'a> {
    pub(super) fn of(app: &App, addresses: &Addresses, user: &'a User) -> Self {
        let avatar_url = addresses.avatar(user, app.settings.public_pictures);
        Self {
            avatar: AvatarView::of(&avatar_url),
            avatar_url,
            email: user.id.as_str(),
            extras: user.profile.extras.as_object(),
            id: user.key.0,
            id_str: user.key.0.to_string(),
            username: user.display_name_or_id(),
        }
    }
}

/// A user with its token and its app, for callers that may act as that user. Standin sends no push notifications, so
/// none is configured. If the token never expires, `refresh_token` and `token_expires_at` are missing.
#[derive(Serialize, ToSchema)]
pub(super) struct FullUserView<'a> {
    /// False for a suspended user.
    active: bool,
    app: QiscusAppView<'a>,
    avatar: AvatarView,
    /// Never empty: a user without a picture has the address of a generated one.
    #[schema(format = "uri", example = "https://image.url/image.jpg")]
    avatar_url: String,
    /// The user id.
    #[schema(example = "guest@qiscus.com")]
    email: &'a str,
    #[schema(value_type = Object)]
    extras: &'a Map<String, Value>,
    id: i64,
    #[schema(pattern = "^[0-9]+$", example = "1")]
    id_str: String,
    last_comment_id: i64,
    #[schema(pattern = "^[0-9]+$", example = "0")]
    last_comment_id_str: String,
    last_sync_event_id: i64,
    pn_android_configured: bool,
    pn_ios_configured: bool,
    #[serde(rename = "rtKey")]
    rt_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refresh_token: Option<&'a str>,
    /// The value of the header `QISCUS-SDK-TOKEN`.
    token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    token_expires_at: Option<String>,
    /// The display name. The user id, if the user has no display name.
    #[schema(example = "Qiscus Demo")]
    username: &'a str,
}

#[derive(Serialize, ToSchema)]
struct QiscusAppView<'a> {
    /// The app id.
    #[schema(example = "sdksample")]
    code: &'a str,
    id: u32,
    #[schema(pattern = "^[0-9]+$", example = "1")]
    id_str: String,
    name: &'a str,
}

/// The picture's address again, where older clients read it: `{"avatar": {"url": ..}}`.
#[derive(Serialize, ToSchema)]
pub(super) struct AvatarView {
    avatar: UrlView,
}

#[derive(Serialize, ToSchema)]
struct UrlView {
    #[schema(format = "uri")]
    url: String,
}

impl AvatarView {
    pub(super) fn of(avatar_url: &str) -> Self {
        Self { avatar: UrlView { url: avatar_url.to_owned() } }
    }
}

impl<'a> FullUserView<'a> {
    pub(super) fn of(app: &'a App, addresses: &Addresses, account: &'a Account) -> Self {
        let user = &account.user;
        let avatar_url = addresses.avatar(user, app.settings.public_pictures);
        Self {
            active: user.is_active(),
            app: QiscusAppView::of(app),
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
            username: user.display_name_or_id(),
        }
    }

    /// Sets where the client begins with `sync` and `sync_event`: comments have the numbers of their events.
    pub(super) fn behind(self, comment: MessageId, event: i64) -> Self {
        Self {
            last_comment_id: comment.0,
            last_comment_id_str: comment.0.to_string(),
            last_sync_event_id: event,
            ..self
        }
    }

    pub(super) fn renewable(self, renewal: Option<&'a Renewal>) -> Self {
        Self {
            refresh_token: renewal.map(|renewal| renewal.refresh_token.expose()),
            token_expires_at: renewal.map(|renewal| renewal.token_expires_at.to_string()),
            ..self
        }
    }
}

impl<'a> QiscusAppView<'a> {
    fn of(app: &'a App) -> Self {
        let id = app.sdk_app_id.get();
        Self { code: app.app_id.as_str(), id, id_str: id.to_string(), name: app.name.as_str() }
    }
}
