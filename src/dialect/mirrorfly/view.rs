//! What the answers show, each key where the vendor's samples have it.
//!
//! The structs that are sent are the ones the OpenAPI document is made of.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{codec::Codec, jid};
use crate::{
    domain::{
        avatar::{Avatar, PictureKey, Rendition},
        free_data::Metadata,
        listening::Presence,
        profile::User,
    },
    http::addresses::Addresses,
    service::accounts::Created,
};

/// The thumbnail's rendition: a contact list's pictures on a dense screen.
const THUMBNAIL: Rendition = Rendition::Square192;

/// What this dialect shows of a profile, empty where nothing is set.
struct Shown<'a> {
    nickname: &'a str,
    mobile_number: &'a str,
    email: &'a str,
    status: &'a str,
    profile_url: String,
    profile_url_thumb: String,
}

impl<'a> Shown<'a> {
    /// For a caller of the REST API: an upload is found at its full media address.
    fn by_address(addresses: &Addresses, user: &'a User) -> Self {
        Self::of(user, |key, rendition| addresses.media(key, rendition))
    }

    /// For the SDK and its apps: an upload is fetched by its bare media token.
    fn by_token(user: &'a User) -> Self {
        Self::of(user, Addresses::token)
    }

    /// A picture elsewhere is shown by its address; nothing is shown where nothing was set, as in the vendor's sample: its apps draw their
    /// own default then.
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

/// A user who was just created or updated, with what it signs in by. Texts are empty where nothing is set.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreatedUser {
    /// The user's own token.
    token: String,
    /// As `userId`.
    username: String,
    /// Issued by this server, and the same each time until it is reset: `/login` takes it.
    password: String,
    /// False exactly when this call made the user and set no field of its profile.
    is_profile_updated: bool,
    mobile_number: String,
    nickname: String,
    /// An uploaded picture's address wants a token: fetch it by `GET /media/{token}`.
    #[schema(example = "https://image.url/a.png")]
    profile_url: String,
    /// The same picture, 192 pixels wide and high.
    #[schema(example = "https://image.url/a.png")]
    profile_url_thumb: String,
    email: String,
    /// An `@` stands in it as `=40`, because the vendor's SDK makes JIDs of it.
    #[schema(example = "user1")]
    user_id: String,
}

impl CreatedUser {
    pub(super) fn of(addresses: &Addresses, created: &Created, set_profile: bool) -> Self {
        let (id, shown) = (jid::escaped(&created.user.id), Shown::by_address(addresses, &created.user));
        Self {
            token: created.ticket.expose().to_owned(),
            username: id.clone(),
            password: created.issued_password.expose().to_owned(),
            is_profile_updated: !created.created || set_profile,
            mobile_number: shown.mobile_number.to_owned(),
            nickname: shown.nickname.to_owned(),
            profile_url: shown.profile_url,
            profile_url_thumb: shown.profile_url_thumb,
            email: shown.email.to_owned(),
            user_id: id,
        }
    }
}

/// A user as back ends read it: two keys are not spelt as createUser spells them. Texts are empty where nothing is set.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserResource {
    nick_name: String,
    /// An uploaded picture's address wants a token: fetch it by `GET /media/{token}`.
    #[schema(example = "https://image.url/a.png")]
    profile_url: String,
    /// The same picture, 192 pixels wide and high.
    #[schema(example = "https://image.url/a.png")]
    profile_url_thumb: String,
    email_id: String,
    mobile_number: String,
    /// As `userId`.
    username: String,
    /// An `@` stands in it as `=40`, because the vendor's SDK makes JIDs of it.
    #[schema(example = "user1")]
    user_id: String,
}

impl UserResource {
    pub(super) fn of(addresses: &Addresses, user: &User) -> Self {
        let (id, shown) = (jid::escaped(&user.id), Shown::by_address(addresses, user));
        Self {
            nick_name: shown.nickname.to_owned(),
            profile_url: shown.profile_url,
            profile_url_thumb: shown.profile_url_thumb,
            email_id: shown.email.to_owned(),
            mobile_number: shown.mobile_number.to_owned(),
            username: id.clone(),
            user_id: id,
        }
    }
}

/// A user's metadata. The vendor's pages show the message here, its SDK reads it beside the data.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MetadataShown {
    /// Replaced whole by each call that gives any.
    #[schema(value_type = Metadata)]
    meta_data: Map<String, Value>,
    message: &'static str,
}

impl MetadataShown {
    pub(super) fn of(user: &User, message: &'static str) -> Self {
        Self { meta_data: user.profile.metadata.as_object().clone(), message }
    }
}

/// A row of contactsList. Texts are empty where nothing is set.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContactRow {
    /// The address of a picture that is elsewhere, or the token of an uploaded one: `GET /media/{token}`.
    image: String,
    /// The same picture, 192 pixels wide and high.
    thumb_image: String,
    mobile_number: String,
    nick_name: String,
    email: String,
    /// An `@` stands in it as `=40`.
    #[schema(example = "user2")]
    user_id: String,
    /// 1 for a user whom the back end keeps out.
    #[schema(minimum = 0, maximum = 1)]
    is_admin_blocked: u8,
}

impl ContactRow {
    pub(super) fn of(user: &User) -> Self {
        let shown = Shown::by_token(user);
        Self {
            image: shown.profile_url,
            thumb_image: shown.profile_url_thumb,
            mobile_number: shown.mobile_number.to_owned(),
            nick_name: shown.nickname.to_owned(),
            email: shown.email.to_owned(),
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
    /// Pages of this size.
    pub(super) total_pages: u64,
    /// Contacts on all pages.
    pub(super) total_records: u64,
}

/// A profile as the vendor's SDK reads it. Texts are empty where nothing is set.
///
/// nickName, email and mobileNumber are encrypted with a key of the `userId` beside them and a vector of the licence key; the SDK decrypts
/// them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProfileShown {
    #[schema(example = "user1")]
    user_id: String,
    /// Encrypted.
    nick_name: String,
    /// Encrypted.
    email: String,
    /// Encrypted.
    mobile_number: String,
    /// The address of a picture that is elsewhere, or the token of an uploaded one: `GET /media/{token}`.
    image: String,
    /// The same picture, 192 pixels wide and high.
    thumb_image: String,
    status: String,
    /// 1 for a user whom the back end keeps out.
    #[schema(minimum = 0, maximum = 1)]
    is_admin_blocked: u8,
}

impl ProfileShown {
    /// The fields that the SDK decrypts are encrypted with `codec`.
    pub(super) fn of(codec: &Codec, user_id: &str, user: &User) -> Self {
        let shown = Shown::by_token(user);
        Self {
            user_id: user_id.to_owned(),
            nick_name: codec.encrypt_field(shown.nickname),
            email: codec.encrypt_field(shown.email),
            mobile_number: codec.encrypt_field(shown.mobile_number),
            image: shown.profile_url,
            thumb_image: shown.profile_url_thumb,
            status: shown.status.to_owned(),
            is_admin_blocked: u8::from(!user.is_active()),
        }
    }
}

/// A page of users.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UsersPage {
    pub(super) user_list: Vec<ProfileShown>,
    /// Pages of this size.
    pub(super) total_pages: u64,
    /// Users on all pages.
    pub(super) total_records: u64,
}

/// The same profile as the six children of a vCard.
pub(super) fn vcard(codec: &Codec, user: &User) -> [(&'static str, String); 6] {
    let shown = Shown::by_token(user);
    [
        ("nickName", codec.encrypt_field(shown.nickname)),
        ("image", shown.profile_url),
        ("thumbImage", shown.profile_url_thumb),
        ("email", codec.encrypt_field(shown.email)),
        ("mobileNumber", codec.encrypt_field(shown.mobile_number)),
        ("status", shown.status.to_owned()),
    ]
}

/// The names of an upload, for a profile and for `GET /media/{token}`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Uploaded {
    /// Of the whole picture.
    file_token: String,
    /// Of the same picture, 192 pixels wide and high.
    file_token_thumb: String,
}

impl From<&PictureKey> for Uploaded {
    fn from(key: &PictureKey) -> Self {
        let [file_token, file_token_thumb] =
            [Rendition::Full, THUMBNAIL].map(|rendition| Addresses::token(key, rendition));
        Self { file_token, file_token_thumb }
    }
}

/// A user that there is, and whether it is there.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Seen {
    #[schema(example = "user1")]
    username: String,
    /// 1 for a user who is there.
    #[schema(minimum = 0, maximum = 1)]
    presence: u8,
    /// In seconds since 1970, as text; 0 for one who has not been seen for as long as that is remembered.
    #[schema(pattern = "^[0-9]+$", example = "1700000000")]
    last_seen: String,
}

impl Seen {
    pub(super) fn of(user: &User, presence: Presence) -> Self {
        let last_seen_s = presence.seen_at.map_or(0, |at| at.micros() / 1_000_000);
        Self {
            username: jid::escaped(&user.id),
            presence: u8::from(presence.is_online),
            last_seen: last_seen_s.to_string(),
        }
    }
}

/// A name that is nobody's.
#[derive(Serialize, ToSchema)]
pub(super) struct Unseen {
    /// As it was asked for.
    username: String,
    #[schema(example = "User is not available")]
    message: &'static str,
}

impl From<&str> for Unseen {
    fn from(named: &str) -> Self {
        Self { username: named.to_owned(), message: "User is not available" }
    }
}

/// A page of the users that were asked for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PresencePage {
    pub(super) valid: Vec<Seen>,
    pub(super) invalid: Vec<Unseen>,
    /// Pages of this size.
    pub(super) total_pages: u64,
    /// Ids that were asked for.
    pub(super) total_records: u64,
}
