//! The data of the responses and of the OpenAPI document, with keys in the order of the vendor's samples.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{callers::MirrorFlyToken, codec::Codec, jid};
use crate::{
    domain::{Avatar, Metadata, PictureKey, Presence, Rendition, User},
    http::addresses::Addresses,
    service::{RegisteredUser, Service},
};

const THUMBNAIL: Rendition = Rendition::Square192;

/// The profile fields that this dialect shows. A field that is not set is empty.
struct ProfileTexts<'a> {
    nickname: &'a str,
    mobile_number: &'a str,
    email: &'a str,
    status: &'a str,
    profile_url: String,
    profile_url_thumb: String,
}

impl<'a> ProfileTexts<'a> {
    /// For callers of the REST API: an uploaded picture is shown by its full media address.
    fn by_address(addresses: &Addresses, user: &'a User) -> Self {
        Self::of(user, |key, rendition| addresses.media(key, rendition))
    }

    /// For the SDK and its apps: an uploaded picture is shown by its media token alone.
    fn by_token(user: &'a User) -> Self {
        Self::of(user, Addresses::token)
    }

    /// A user without a picture shows none, as in the vendor's sample: the apps draw their own default.
    fn of(user: &'a User, upload: impl Fn(&PictureKey, Rendition) -> String) -> Self {
        let profile = &user.profile;
        let (profile_url, profile_url_thumb) = match &profile.avatar {
            Avatar::Tile | Avatar::Text(_) => (String::new(), String::new()),
            Avatar::Elsewhere(address) => (address.as_str().to_owned(), address.as_str().to_owned()),
            Avatar::Picture(key, _) => (upload(key, Rendition::Full), upload(key, THUMBNAIL)),
        };
        Self {
            nickname: profile.display_name.as_ref().map_or("", |name| name.as_str()),
            mobile_number: profile.mobile.as_ref().map_or("", |mobile| mobile.as_str()),
            email: profile.email.as_ref().map_or("", |email| email.as_str()),
            status: profile.status.as_ref().map_or("", |status| status.as_str()),
            profile_url,
            profile_url_thumb,
        }
    }
}

/// Returns the display name of a user, and the addresses of its picture and thumbnail, for callers of the REST API.
pub(super) fn name_and_pictures(addresses: &Addresses, user: &User) -> [String; 3] {
    let texts = ProfileTexts::by_address(addresses, user);
    [texts.nickname.to_owned(), texts.profile_url, texts.profile_url_thumb]
}

/// A user that was just created or updated, with its credentials. Texts that are not set are empty.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreatedUser {
    /// The user's token.
    token: String,
    /// Same as `userId`.
    username: String,
    /// Issued by this server; it stays the same until it is reset. `/login` accepts it.
    password: String,
    /// False if this call created the user and set no field of its profile; else true.
    is_profile_updated: bool,
    mobile_number: String,
    nickname: String,
    /// The address of an uploaded picture needs a token: read it by `GET /media/{token}`.
    #[schema(example = "https://image.url/a.png")]
    profile_url: String,
    /// The same picture, 192 pixels wide and high.
    #[schema(example = "https://image.url/a.png")]
    profile_url_thumb: String,
    email: String,
    /// An `@` is written as `=40`, because the vendor's SDK builds JIDs from it.
    #[schema(example = "user1")]
    user_id: String,
}

impl CreatedUser {
    pub(super) fn of(addresses: &Addresses, service: &Service, created: &RegisteredUser, set_profile: bool) -> Self {
        let (id, texts) = (jid::escaped(&created.user.id), ProfileTexts::by_address(addresses, &created.user));
        Self {
            token: MirrorFlyToken::write(service, &created.ticket, &id),
            username: id.clone(),
            password: created.issued_password.expose().to_owned(),
            is_profile_updated: !created.created || set_profile,
            mobile_number: texts.mobile_number.to_owned(),
            nickname: texts.nickname.to_owned(),
            profile_url: texts.profile_url,
            profile_url_thumb: texts.profile_url_thumb,
            email: texts.email.to_owned(),
            user_id: id,
        }
    }
}

/// A user, as back ends read it. Two keys differ from those of createUser. Texts that are not set are empty.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserResource {
    nick_name: String,
    /// The address of an uploaded picture needs a token: read it by `GET /media/{token}`.
    #[schema(example = "https://image.url/a.png")]
    profile_url: String,
    /// The same picture, 192 pixels wide and high.
    #[schema(example = "https://image.url/a.png")]
    profile_url_thumb: String,
    email_id: String,
    mobile_number: String,
    /// Same as `userId`.
    username: String,
    /// An `@` is written as `=40`, because the vendor's SDK builds JIDs from it.
    #[schema(example = "user1")]
    user_id: String,
}

impl UserResource {
    pub(super) fn of(addresses: &Addresses, user: &User) -> Self {
        let (id, texts) = (jid::escaped(&user.id), ProfileTexts::by_address(addresses, user));
        Self {
            nick_name: texts.nickname.to_owned(),
            profile_url: texts.profile_url,
            profile_url_thumb: texts.profile_url_thumb,
            email_id: texts.email.to_owned(),
            mobile_number: texts.mobile_number.to_owned(),
            username: id.clone(),
            user_id: id,
        }
    }
}

/// A user's metadata. The vendor's pages show the message here; its SDK reads the one next to `data`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MetadataView {
    /// Each call that sets metadata replaces all of it.
    #[schema(value_type = Metadata)]
    meta_data: Map<String, Value>,
    message: &'static str,
}

impl MetadataView {
    pub(super) fn of(user: &User, message: &'static str) -> Self {
        Self { meta_data: user.profile.metadata.as_object().clone(), message }
    }
}

/// A row of contactsList. Texts that are not set are empty.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContactRow {
    /// The address of a picture on another server, or the token of an uploaded one: `GET /media/{token}`.
    image: String,
    /// The same picture, 192 pixels wide and high.
    thumb_image: String,
    mobile_number: String,
    nick_name: String,
    email: String,
    /// An `@` is written as `=40`.
    #[schema(example = "user2")]
    user_id: String,
    /// 1 if the back end has blocked the user.
    #[schema(minimum = 0, maximum = 1)]
    is_admin_blocked: u8,
}

impl ContactRow {
    pub(super) fn of(user: &User) -> Self {
        let texts = ProfileTexts::by_token(user);
        Self {
            image: texts.profile_url,
            thumb_image: texts.profile_url_thumb,
            mobile_number: texts.mobile_number.to_owned(),
            nick_name: texts.nickname.to_owned(),
            email: texts.email.to_owned(),
            user_id: jid::escaped(&user.id),
            is_admin_blocked: u8::from(!user.is_active()),
        }
    }
}

/// A page of contacts.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContactsPage {
    pub(super) contacts_list: Vec<ContactRow>,
    /// The number of pages of this size.
    pub(super) total_pages: u64,
    /// The number of contacts on all pages.
    pub(super) total_records: u64,
}

/// A profile, as the vendor's SDK reads it. Texts that are not set are empty.
///
/// nickName, email and mobileNumber are encrypted. The key is made from the `userId` of this object, the vector from
/// the licence key. The SDK decrypts them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProfileView {
    #[schema(example = "user1")]
    user_id: String,
    /// Encrypted.
    nick_name: String,
    /// Encrypted.
    email: String,
    /// Encrypted.
    mobile_number: String,
    /// The address of a picture on another server, or the token of an uploaded one: `GET /media/{token}`.
    image: String,
    /// The same picture, 192 pixels wide and high.
    thumb_image: String,
    status: String,
    /// 1 if the back end has blocked the user.
    #[schema(minimum = 0, maximum = 1)]
    is_admin_blocked: u8,
}

impl ProfileView {
    pub(super) fn of(codec: &Codec, user_id: &str, user: &User) -> Self {
        let texts = ProfileTexts::by_token(user);
        Self {
            user_id: user_id.to_owned(),
            nick_name: codec.encrypt_field(texts.nickname),
            email: codec.encrypt_field(texts.email),
            mobile_number: codec.encrypt_field(texts.mobile_number),
            image: texts.profile_url,
            thumb_image: texts.profile_url_thumb,
            status: texts.status.to_owned(),
            is_admin_blocked: u8::from(!user.is_active()),
        }
    }
}

/// A page of users.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UsersPage {
    pub(super) user_list: Vec<ProfileView>,
    /// The number of pages of this size.
    pub(super) total_pages: u64,
    /// The number of users on all pages.
    pub(super) total_records: u64,
}

pub(super) fn vcard(codec: &Codec, user: &User) -> [(&'static str, String); 6] {
    let texts = ProfileTexts::by_token(user);
    [
        ("nickName", codec.encrypt_field(texts.nickname)),
        ("image", texts.profile_url),
        ("thumbImage", texts.profile_url_thumb),
        ("email", codec.encrypt_field(texts.email)),
        ("mobileNumber", codec.encrypt_field(texts.mobile_number)),
        ("status", texts.status.to_owned()),
    ]
}

/// The tokens of an uploaded picture, for a profile and for `GET /media/{token}`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MediaTokens {
    /// The token of the whole picture.
    file_token: String,
    /// The token of the same picture, 192 pixels wide and high.
    file_token_thumb: String,
}

impl From<&PictureKey> for MediaTokens {
    fn from(key: &PictureKey) -> Self {
        let [file_token, file_token_thumb] =
            [Rendition::Full, THUMBNAIL].map(|rendition| Addresses::token(key, rendition));
        Self { file_token, file_token_thumb }
    }
}

/// A known user, and whether it is online.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct KnownPresence {
    #[schema(example = "user1")]
    username: String,
    /// 1 if the user is online.
    #[schema(minimum = 0, maximum = 1)]
    presence: u8,
    /// When the user was last online, in seconds since 1970, as text. 0 if that is not stored.
    #[schema(pattern = "^[0-9]+$", example = "1700000000")]
    last_seen: String,
}

impl KnownPresence {
    pub(super) fn of(user: &User, presence: Presence) -> Self {
        let last_seen_s = presence.seen_at.map_or(0, |at| at.micros() / 1_000_000);
        Self {
            username: jid::escaped(&user.id),
            presence: u8::from(presence.is_online),
            last_seen: last_seen_s.to_string(),
        }
    }
}

/// An id that no user has.
#[derive(Serialize, ToSchema)]
pub(super) struct UnknownUser {
    /// The id as it was sent.
    username: String,
    #[schema(example = "User is not available")]
    message: &'static str,
}

impl From<&str> for UnknownUser {
    fn from(named: &str) -> Self {
        Self { username: named.to_owned(), message: "User is not available" }
    }
}

/// A page of the requested users.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PresencePage {
    pub(super) valid: Vec<KnownPresence>,
    pub(super) invalid: Vec<UnknownUser>,
    /// The number of pages of this size.
    pub(super) total_pages: u64,
    /// The number of ids in the request.
    pub(super) total_records: u64,
}
