//! Profile changes of the user and of its contacts, as comments. The vendor's API has no event for them: the unmodified
//! SDK passes a comment of type `custom` to its app (`newMessagesCallback`), which recognises it by its payload:
//! `{"type": "profile_changed", "content": {..}}`.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    comment::SenderAvatar,
    view::{AvatarView, PublicUserView},
};
use crate::{
    domain::{App, Notification, ProfileField, User},
    http::addresses::Addresses,
};

/// A comment about a changed profile, with every field that the SDKs read. It is in no room. Its id is the number of
/// its event.
#[derive(Serialize, ToSchema)]
pub(super) struct SyncComment<'a> {
    comment_before_id: i64,
    comment_before_id_str: &'static str,
    disable_link_preview: bool,
    /// The user id.
    email: &'a str,
    #[schema(value_type = Object)]
    extras: Map<String, Value>,
    id: i64,
    id_str: String,
    is_deleted: bool,
    is_public_channel: bool,
    #[schema(example = "Profile changed")]
    message: &'static str,
    payload: CommentPayload<'a>,
    #[schema(format = "uri")]
    room_avatar: &'a str,
    room_id: i64,
    room_id_str: &'static str,
    room_name: &'a str,
    #[schema(example = "single")]
    room_type: &'static str,
    #[schema(example = "sent")]
    status: &'static str,
    #[schema(format = DateTime)]
    timestamp: String,
    topic_id: i64,
    topic_id_str: &'static str,
    #[serde(rename = "type")]
    #[schema(example = "custom")]
    kind: &'static str,
    /// Different in each comment, because the SDK drops a comment that repeats the previous value.
    #[schema(example = "profile-changed-5")]
    unique_temp_id: String,
    unix_nano_timestamp: i64,
    unix_timestamp: i64,
    user_avatar: SenderAvatar,
    #[schema(format = "uri")]
    user_avatar_url: &'a str,
    #[schema(value_type = Object)]
    user_extras: &'a Map<String, Value>,
    user_id: i64,
    user_id_str: String,
    username: &'a str,
}

/// What an app recognises such a comment by.
#[derive(Serialize, ToSchema)]
struct CommentPayload<'a> {
    #[serde(rename = "type")]
    #[schema(example = "profile_changed")]
    kind: &'static str,
    content: &'a CommentContent<'a>,
}

/// The user, the changed fields, and the user's profile as it is now.
#[derive(Serialize, ToSchema)]
struct CommentContent<'a> {
    /// Any of `username`, `avatar_url`, `extras`.
    #[schema(min_items = 1, max_items = 3, example = json!(["username"]))]
    changed: Vec<&'static str>,
    user: PublicUserView<'a>,
}

pub(super) struct ProfileComment<'a> {
    kind: CommentKind,
    seq: i64,
    user: &'a User,
    avatar_url: String,
    content: CommentContent<'a>,
}

#[derive(Debug, Clone, Copy)]
enum CommentKind {
    ProfileChanged,
    /// Some changes are no longer stored.
    ReadAnew,
}

impl CommentKind {
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::ProfileChanged => ("profile_changed", "Profile changed", "profile-changed"),
            Self::ReadAnew => ("read_anew", "Read profiles anew", "read-anew"),
        }
    }
}

impl SyncComment<'_> {
    pub(super) fn id(&self) -> i64 {
        self.id
    }

    /// Returns the form that is sent over MQTT.
    pub(super) fn over_mqtt(self) -> Self {
        Self { user_avatar: SenderAvatar::Mqtt(self.user_avatar_url.to_owned()), ..self }
    }
}

impl<'a> ProfileComment<'a> {
    /// Tells a client to read all profiles again; contains its own profile.
    pub(super) fn read_anew(app: &App, addresses: &Addresses, user: &'a User, seq: i64) -> Self {
        let content = CommentContent {
            changed: vec!["avatar_url", "extras", "username"],
            user: PublicUserView::of(app, addresses, user),
        };
        let avatar_url = addresses.avatar(user, app.settings.public_pictures);
        Self { kind: CommentKind::ReadAnew, seq, user, avatar_url, content }
    }

    /// Converts a notice; `None` if no field that this API shows has changed.
    pub(super) fn of(app: &App, addresses: &Addresses, notification: &'a Notification) -> Option<Self> {
        let Notification::ProfileChanged { seq, user, fields } = notification else { return None };
        let mut changed: Vec<&str> = fields.iter().filter_map(field_name).collect();
        changed.sort_unstable();
        changed.dedup();
        let content = CommentContent { changed, user: PublicUserView::of(app, addresses, user) };
        let avatar_url = addresses.avatar(user, app.settings.public_pictures);
        (!content.changed.is_empty()).then_some(Self {
            kind: CommentKind::ProfileChanged,
            seq: *seq,
            user,
            avatar_url,
            content,
        })
    }

    pub(super) fn as_comment(&self) -> SyncComment<'_> {
        let Self { kind, seq, user, avatar_url, content } = self;
        let (kind, message, unique) = kind.words();
        let at = user.updated_at;
        SyncComment {
            comment_before_id: 0,
            comment_before_id_str: "0",
            disable_link_preview: true,
            email: user.id.as_str(),
            extras: Map::new(),
            id: *seq,
            id_str: seq.to_string(),
            is_deleted: false,
            is_public_channel: false,
            message,
            payload: CommentPayload { kind, content },
            room_avatar: avatar_url,
            room_id: 0,
            room_id_str: "0",
            room_name: user.display_name_or_id(),
            room_type: "single",
            status: "sent",
            timestamp: at.to_string(),
            topic_id: 0,
            topic_id_str: "0",
            kind: "custom",
            unique_temp_id: format!("{unique}-{seq}"),
            unix_nano_timestamp: at.micros() * 1000,
            unix_timestamp: at.unix_s(),
            user_avatar: SenderAvatar::Http(AvatarView::of(avatar_url)),
            user_avatar_url: avatar_url,
            user_extras: user.profile.extras.as_object(),
            user_id: user.key.0,
            user_id_str: user.key.0.to_string(),
            username: user.display_name_or_id(),
        }
    }
}

/// Whether this API shows the field.
pub(super) fn is_shown(field: &ProfileField) -> bool {
    field_name(field).is_some()
}

fn field_name(field: &ProfileField) -> Option<&'static str> {
    match field {
        ProfileField::DisplayName => Some("username"),
        ProfileField::Avatar => Some("avatar_url"),
        ProfileField::Extras => Some("extras"),
        ProfileField::Status
        | ProfileField::Mobile
        | ProfileField::Email
        | ProfileField::Metadata
        | ProfileField::TencentProfile(_)
        | ProfileField::Custom(_) => None,
    }
}
