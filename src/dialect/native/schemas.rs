//! OpenAPI schemas of the domain types that our own API shows unchanged: mirrors, because the domain names no
//! framework. A mirror that lacks a variant or a field of its type does not compile.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::domain::{app, custom, event, id, message, profile, tencent_profile};

/// The closure maps every variant and field of the one to the other's.
macro_rules! mirrored {
    ($($mirror:ident for $domain:ty: $of:expr;)*) => {$(
        impl PartialSchema for $domain {
            fn schema() -> RefOr<Schema> {
                $mirror::schema()
            }
        }

        impl ToSchema for $domain {
            fn name() -> Cow<'static, str> {
                $mirror::name()
            }

            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                $mirror::schemas(schemas);
            }
        }

        impl From<&$domain> for $mirror {
            fn from(value: &$domain) -> Self {
                let of: fn(&$domain) -> Self = $of;
                of(value)
            }
        }
    )*};
}

/// Declares mirrors of enums without fields.
macro_rules! words {
    ($($(#[$about:meta])* $mirror:ident for $domain:ty { $($variant:ident)+ })*) => {$(
        #[derive(Serialize, ToSchema)]
        $(#[$about])*
        enum $mirror { $($variant,)+ }

        mirrored! {
            $mirror for $domain: |value| {
                type Domain = $domain;
                match value { $(Domain::$variant => $mirror::$variant,)+ }
            };
        }
    )*};
}

words! {
    /// What a client that holds only public keys may do through an SDK.
    #[serde(rename_all = "lowercase")]
    Registration for app::Registration { Open New Closed }

    /// Which users may read a custom field. The back end always may.
    #[serde(rename_all = "kebab-case")]
    Readers for custom::Readers { Everyone Friends Owner BackEnd }

    /// Which users may write a custom field. The back end always may. A user never writes to another user's profile.
    #[serde(rename_all = "kebab-case")]
    Writers for custom::Writers { Owner BackEnd }

    /// A user's gender.
    #[serde(rename_all = "snake_case")]
    Gender for tencent_profile::Gender { Unknown Female Male }

    /// What happens to a friend request to the user. Not set means `allow_any`.
    #[serde(rename_all = "snake_case")]
    AllowType for tencent_profile::AllowType { AllowAny NeedConfirm DenyAny }

    /// Whether the user may send friend requests. Not set means `none`: it may.
    #[serde(rename_all = "snake_case")]
    ForbidType for tencent_profile::ForbidType { None SendOut }

    /// A mark of a user in a conversation. What is read is delivered too.
    #[serde(rename_all = "snake_case")]
    Mark for message::Mark { Delivered Read }

    /// A standard field of Tencent's profile.
    #[serde(rename_all = "snake_case")]
    TencentField for tencent_profile::TencentField {
        Gender Birthday Location Language AllowType MessageSettings ForbidType Level Role
    }
}

/// The primary key of a user, unique over all apps and never reused. Qiscus shows it as `id`.
#[derive(Serialize, ToSchema)]
struct UserKey(i64);

/// The id of a message: the number of the event that announced it.
#[derive(Serialize, ToSchema)]
struct MessageId(i64);

/// The key of a conversation. Qiscus shows it as the room's id.
#[derive(Serialize, ToSchema)]
struct ConversationKey(i64);

/// A change of a conversation that only its user sees.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ConversationChange {
    /// The messages up to this one are gone for the user.
    Cleared {
        /// The last of them.
        upto: MessageId,
    },
    /// The conversation is off the user's list until its next message.
    Hidden {
        /// Whether its messages are gone for the user too.
        is_cleared: bool,
    },
    /// The user pinned it.
    Pinned,
    /// The user unpinned it.
    Unpinned,
    /// The user archived it.
    Archived,
    /// The user took it out of the archive.
    Unarchived,
    /// The user set its unread count to 0 without reading.
    UnreadReset,
}

/// The dialects that an app answers.
#[derive(Serialize, ToSchema)]
#[serde(default)]
struct Dialects {
    /// Qiscus Chat.
    qiscus: bool,
    /// MirrorFly.
    mirrorfly: bool,
    /// Tencent Cloud Chat.
    tencent: bool,
}

impl Default for Dialects {
    fn default() -> Self {
        let app::Dialects { qiscus, mirrorfly, tencent } = app::Dialects::default();
        Self { qiscus, mirrorfly, tencent }
    }
}

/// A custom field of an app.
#[derive(Serialize, ToSchema)]
struct CustomField {
    /// The name of the field.
    #[schema(min_length = 1, max_length = 32)]
    name: String,
    /// Which users may read it.
    read: Readers,
    /// Which users may write it.
    write: Writers,
}

/// The standard fields of Tencent's profile that no other vendor has. In a change, a field that is not set stays.
///
/// Source: the guide to user profiles, "Updating your personal profile".
#[derive(Default, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct TencentProfile {
    /// The user's gender.
    gender: Option<Gender>,
    /// Such as 20000101.
    birthday: Option<u32>,
    /// A text in the app's own format.
    #[schema(max_length = 16)]
    location: Option<String>,
    /// The app defines the numbers.
    language: Option<u32>,
    /// What happens to a friend request to the user.
    allow_type: Option<AllowType>,
    /// Bit 0: the user receives no messages.
    message_settings: Option<u32>,
    /// Whether the user may send friend requests.
    forbid_type: Option<ForbidType>,
    /// The app defines the numbers.
    level: Option<u32>,
    /// The app defines the numbers.
    role: Option<u32>,
}

/// A field of a profile.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ProfileField {
    /// The display name.
    DisplayName,
    /// The profile picture.
    Avatar,
    /// The status text.
    Status,
    /// The mobile number.
    Mobile,
    /// The e-mail address.
    Email,
    /// Qiscus `extras`.
    Extras,
    /// MirrorFly `metaData`.
    Metadata,
    /// A standard field of Tencent's profile.
    TencentProfile(TencentField),
    /// A custom field of Tencent's profile, by its name.
    Custom(String),
}

/// What happened to the user.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum EventKind {
    /// The user was created.
    Created,
    /// Fields of the profile changed.
    ProfileChanged {
        /// The changed fields.
        fields: Vec<ProfileField>,
    },
    /// The user has a new token, and the former one is invalid.
    TokenReset,
    /// The chosen or the issued password changed, and the user's session tickets are invalid.
    PasswordChanged,
    /// The user was suspended.
    Suspended,
    /// The user was reactivated.
    Reactivated,
    /// The user was deleted, and its id is free.
    Deleted,
    /// The user's own contact list changed.
    ContactsChanged {
        /// The new contacts.
        #[serde(default)]
        added: Vec<UserKey>,
        /// The removed contacts.
        #[serde(default)]
        removed: Vec<UserKey>,
        /// Contacts whose row has a new name, remark or list of groups.
        #[serde(default)]
        changed: Vec<UserKey>,
    },
    /// The user blocked another user.
    Blocked {
        /// The other user.
        whom: UserKey,
    },
    /// The user unblocked another user.
    Unblocked {
        /// The other user.
        whom: UserKey,
    },
    /// A friend request was sent, answered or withdrawn.
    RequestChanged {
        /// The other user of the request.
        with: UserKey,
        /// Whether the other user sent it.
        is_incoming: bool,
        /// Whether it is pending now.
        is_waiting: bool,
    },
    /// The user follows another user now, or no longer.
    FollowChanged {
        /// The other user.
        whom: UserKey,
        /// Whether the user follows the other user now.
        is_following: bool,
    },
    /// The back end ended the user's sessions in Tencent's dialect.
    Kicked,
    /// The user sent a message. The event's number is the message's id; events never hold a text.
    MessageSent {
        /// The conversation.
        conversation: ConversationKey,
        /// The recipient, if it may see the message.
        #[serde(default)]
        to: Option<UserKey>,
    },
    /// The user changed a message.
    MessageEdited {
        /// The conversation.
        conversation: ConversationKey,
        /// The message.
        message: MessageId,
        /// The other user, if it may see the message.
        #[serde(default)]
        to: Option<UserKey>,
    },
    /// The user recalled messages: their texts are gone for both users.
    MessagesRecalled {
        /// The conversation.
        conversation: ConversationKey,
        /// The messages.
        messages: Vec<MessageId>,
        /// The other user, if it may see one of them.
        #[serde(default)]
        to: Option<UserKey>,
    },
    /// The user deleted messages for itself.
    MessagesHidden {
        /// The conversation.
        conversation: ConversationKey,
        /// The messages.
        messages: Vec<MessageId>,
    },
    /// A mark of the user moved from one message to a later one.
    MarkMoved {
        /// The conversation.
        conversation: ConversationKey,
        /// Which mark.
        mark: Mark,
        /// The message that it was at.
        from: MessageId,
        /// The message that it is at.
        upto: MessageId,
        /// The other user, if it may know.
        #[serde(default)]
        to: Option<UserKey>,
    },
    /// The user confirmed that it has read messages whose sender had asked (Tencent).
    ReceiptsSent {
        /// The conversation.
        conversation: ConversationKey,
        /// The messages.
        messages: Vec<MessageId>,
        /// The other user, if it may know.
        #[serde(default)]
        to: Option<UserKey>,
    },
    /// The user changed a conversation for itself.
    ConversationChanged {
        /// The conversation.
        conversation: ConversationKey,
        /// What changed.
        change: ConversationChange,
    },
    /// The database was restored from a backup: later changes are undone, and clients read everything again.
    /// Concerns no user.
    Restored,
}

mirrored! {
    UserKey for id::UserKey: |id::UserKey(key)| UserKey(*key);
    MessageId for message::MessageId: |message::MessageId(id)| MessageId(*id);
    ConversationKey for message::ConversationKey: |message::ConversationKey(key)| ConversationKey(*key);
    ConversationChange for message::ConversationChange: |change| {
        use message::ConversationChange as Change;
        match change {
            Change::Cleared { upto } => ConversationChange::Cleared { upto: upto.into() },
            Change::Hidden { is_cleared } => ConversationChange::Hidden { is_cleared: *is_cleared },
            Change::Pinned => ConversationChange::Pinned,
            Change::Unpinned => ConversationChange::Unpinned,
            Change::Archived => ConversationChange::Archived,
            Change::Unarchived => ConversationChange::Unarchived,
            Change::UnreadReset => ConversationChange::UnreadReset,
        }
    };
    Dialects for app::Dialects: |app::Dialects { qiscus, mirrorfly, tencent }| Dialects {
        qiscus: *qiscus,
        mirrorfly: *mirrorfly,
        tencent: *tencent,
    };
    CustomField for custom::CustomField: |custom::CustomField { name, read, write }| CustomField {
        name: name.as_str().to_owned(),
        read: read.into(),
        write: write.into(),
    };
    TencentProfile for tencent_profile::TencentProfile: |value| {
        let tencent_profile::TencentProfile { gender, birthday, location, language, allow_type, .. } = value;
        let tencent_profile::TencentProfile { message_settings, forbid_type, level, role, .. } = value;
        TencentProfile {
            gender: gender.as_ref().map(Into::into),
            birthday: *birthday,
            location: location.as_ref().map(|location| location.as_str().to_owned()),
            language: *language,
            allow_type: allow_type.as_ref().map(Into::into),
            message_settings: *message_settings,
            forbid_type: forbid_type.as_ref().map(Into::into),
            level: *level,
            role: *role,
        }
    };
    ProfileField for profile::ProfileField: |field| {
        use profile::ProfileField as Field;
        match field {
            Field::DisplayName => ProfileField::DisplayName,
            Field::Avatar => ProfileField::Avatar,
            Field::Status => ProfileField::Status,
            Field::Mobile => ProfileField::Mobile,
            Field::Email => ProfileField::Email,
            Field::Extras => ProfileField::Extras,
            Field::Metadata => ProfileField::Metadata,
            Field::TencentProfile(field) => ProfileField::TencentProfile(field.into()),
            Field::Custom(name) => ProfileField::Custom(name.as_str().to_owned()),
        }
    };
    EventKind for event::EventKind: |kind| {
        use event::EventKind as Kind;
        let keys = |keys: &[id::UserKey]| keys.iter().map(Into::into).collect();
        match kind {
            Kind::Created => EventKind::Created,
            Kind::ProfileChanged { fields } => EventKind::ProfileChanged { fields: fields.iter().map(Into::into).collect() },
            Kind::TokenReset => EventKind::TokenReset,
            Kind::PasswordChanged => EventKind::PasswordChanged,
            Kind::Suspended => EventKind::Suspended,
            Kind::Reactivated => EventKind::Reactivated,
            Kind::Deleted => EventKind::Deleted,
            Kind::ContactsChanged { added, removed, changed } => {
                EventKind::ContactsChanged { added: keys(added), removed: keys(removed), changed: keys(changed) }
            }
            Kind::Blocked { whom } => EventKind::Blocked { whom: whom.into() },
            Kind::Unblocked { whom } => EventKind::Unblocked { whom: whom.into() },
            Kind::RequestChanged { with, is_incoming, is_waiting } => {
                EventKind::RequestChanged { with: with.into(), is_incoming: *is_incoming, is_waiting: *is_waiting }
            }
            Kind::FollowChanged { whom, is_following } => {
                EventKind::FollowChanged { whom: whom.into(), is_following: *is_following }
            }
            Kind::MessageSent { conversation, to } => {
                EventKind::MessageSent { conversation: conversation.into(), to: to.as_ref().map(Into::into) }
            }
            Kind::MessageEdited { conversation, message, to } => EventKind::MessageEdited {
                conversation: conversation.into(),
                message: message.into(),
                to: to.as_ref().map(Into::into),
            },
            Kind::MessagesRecalled { conversation, messages, to } => EventKind::MessagesRecalled {
                conversation: conversation.into(),
                messages: messages.iter().map(Into::into).collect(),
                to: to.as_ref().map(Into::into),
            },
            Kind::MessagesHidden { conversation, messages } => EventKind::MessagesHidden {
                conversation: conversation.into(),
                messages: messages.iter().map(Into::into).collect(),
            },
            Kind::MarkMoved { conversation, mark, from, upto, to } => EventKind::MarkMoved {
                conversation: conversation.into(),
                mark: mark.into(),
                from: from.into(),
                upto: upto.into(),
                to: to.as_ref().map(Into::into),
            },
            Kind::ReceiptsSent { conversation, messages, to } => EventKind::ReceiptsSent {
                conversation: conversation.into(),
                messages: messages.iter().map(Into::into).collect(),
                to: to.as_ref().map(Into::into),
            },
            Kind::ConversationChanged { conversation, change } => {
                EventKind::ConversationChanged { conversation: conversation.into(), change: change.into() }
            }
            Kind::Kicked => EventKind::Kicked,
            Kind::Restored => EventKind::Restored,
        }
    };
}
