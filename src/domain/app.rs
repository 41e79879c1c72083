//! An app: one tenant, with its names on the three wires and its settings.

use serde::{Deserialize, Serialize};

use super::{
    custom::{CustomField, CustomName},
    id::{AppId, AppKey, Host, Origin, SdkAppId, UserId},
    secret::{Derived, PasswordHash, Sealed},
    text::{self, AppName},
    time::Moment,
};

/// What a client that holds only public keys may do on the SDK doors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// The vendors' behaviour: a public key and a guessed id are a login.
    Open,
    /// Creates accounts, never hands out an existing one.
    #[default]
    New,
    /// Only back ends create accounts.
    Closed,
}

text::words! { Registration: Open "open", New "new", Closed "closed"; }

/// Which of an app's wires answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Dialects {
    /// Qiscus Chat.
    pub qiscus: bool,
    /// MirrorFly.
    pub mirrorfly: bool,
    /// Tencent Cloud Chat.
    pub tencent: bool,
}

impl Default for Dialects {
    fn default() -> Self {
        Self { qiscus: true, mirrorfly: true, tencent: true }
    }
}

/// How many sessions one user may have at once, by wire. One more ends the oldest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionsPerUser {
    /// On MirrorFly's socket.
    pub mirrorfly: u16,
    /// On Tencent's socket. Source: "one web session per user by default, the older one is kicked".
    pub tencent: u16,
}

impl Default for SessionsPerUser {
    fn default() -> Self {
        Self { mirrorfly: 20, tencent: 1 }
    }
}

/// The settings of an app. Kept as JSON in its row, so a setting that is new reads as its default in an old row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AppSettings {
    /// Who may create accounts on the SDK doors.
    pub registration: Registration,
    /// Which wires answer.
    pub dialects: Dialects,
    /// How many sessions one user may have.
    pub sessions_per_user: SessionsPerUser,
    /// The fewest characters of a chosen password; the vendors document none, so 1. 1 to 1024.
    pub password_min: u16,
    /// How long the token of a Qiscus login is good, in seconds: 60 to 2,073,600, which is 24 days. None: the user token, for ever.
    pub token_lifetime_s: Option<u32>,
    /// Whether pictures have public addresses. Without them other wires than MirrorFly show default tiles.
    pub public_pictures: bool,
    /// The origins whose pages may call from a browser; none means any.
    pub allowed_origins: Vec<Origin>,
    /// Whether a UserSig of somebody unknown creates the user (Tencent). The signature comes from the app's own back end.
    pub import_at_login: bool,
    /// The custom fields that profiles of its users may have: 20 at the most, by name.
    pub custom_fields: Vec<CustomField>,
}

impl AppSettings {
    /// The declaration of this name.
    pub fn custom_field(&self, name: &CustomName) -> Option<&CustomField> {
        self.custom_fields.iter().find(|field| field.name == *name)
    }
}

impl Default for AppSettings {
    fn default() -> Self {
        Self {
            registration: Registration::default(),
            dialects: Dialects::default(),
            sessions_per_user: SessionsPerUser::default(),
            password_min: 1,
            token_lifetime_s: None,
            public_pictures: true,
            allowed_origins: Vec::new(),
            import_at_login: true,
            custom_fields: Vec::new(),
        }
    }
}

/// The password of an app's back-end account, at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountPassword {
    /// Made by the house; `app show --secrets` can show it again.
    Derived(Derived),
    /// Given by the operator; nobody can show it again.
    Chosen(PasswordHash),
}

/// A secret that was replaced, so that clients have time to learn the new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerSecret {
    /// The secret.
    pub secret: Sealed,
    /// From this moment on it is no good.
    pub until: Moment,
}

/// An app as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Its integer key.
    pub key: AppKey,
    /// For people.
    pub name: AppName,
    /// Its name on Qiscus' wire.
    pub app_id: AppId,
    /// Its number on Tencent's wire.
    pub sdk_app_id: SdkAppId,
    /// The name of its back-end account (`administrator`).
    pub account: UserId,
    /// That account's password.
    pub account_password: AccountPassword,
    /// The secret that Qiscus calls the SDK secret and Tencent the SecretKey.
    pub secret: Sealed,
    /// The secret before that, while it is good beside it.
    pub former_secret: Option<FormerSecret>,
    /// MirrorFly's licence key.
    pub license_key: Sealed,
    /// Host names that select this app where a wire names none.
    pub hosts: Vec<Host>,
    /// Its settings.
    pub settings: AppSettings,
    /// When it was made.
    pub created_at: Moment,
}

/// An app on its way into its row: everything but the key.
#[derive(Debug, Clone)]
pub struct NewApp {
    /// See [`App::name`].
    pub name: AppName,
    /// See [`App::app_id`].
    pub app_id: AppId,
    /// See [`App::sdk_app_id`].
    pub sdk_app_id: SdkAppId,
    /// See [`App::account`].
    pub account: UserId,
    /// See [`App::account_password`].
    pub account_password: AccountPassword,
    /// See [`App::secret`].
    pub secret: Sealed,
    /// See [`App::license_key`].
    pub license_key: Sealed,
    /// See [`App::hosts`].
    pub hosts: Vec<Host>,
    /// See [`App::settings`].
    pub settings: AppSettings,
}
