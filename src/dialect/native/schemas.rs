//! OpenAPI schemas of the domain types that our own API shows unchanged: mirrors, because the domain names no
//! framework. A mirror that lacks a variant or a field of its type, or gives it another type, does not compile.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::domain::{app, custom, event, id, message, profile, tencent_profile};

/// A type that shows every variant and field of the domain type `D`.
trait Mirror<D> {
    fn of(value: &D) -> Self;
}

impl<D, M: Mirror<D>> Mirror<Vec<D>> for Vec<M> {
    fn of(value: &Vec<D>) -> Self {
        value.iter().map(M::of).collect()
    }
}

impl<D, M: Mirror<D>> Mirror<Option<D>> for Option<M> {
    fn of(value: &Option<D>) -> Self {
        value.as_ref().map(M::of)
    }
}

/// Implements [`Mirror`] for types that the document shows as a plain JSON value.
macro_rules! plain {
    ($($mirror:ty = $domain:ty: $of:expr;)*) => {$(
        impl Mirror<$domain> for $mirror {
            fn of(value: &$domain) -> Self {
                $of(value)
            }
        }
    )*};
}

plain! {
    bool = bool: bool::clone;
    i64 = i64: i64::clone;
    u32 = u32: u32::clone;
    String = custom::CustomName: |name: &custom::CustomName| name.as_str().to_owned();
    String = tencent_profile::Location: |location: &tencent_profile::Location| location.as_str().to_owned();
}

/// Declares a mirror by its variants or fields, and gives its schema to the domain type.
macro_rules! mirrors {
    ($($(#[$about:meta])* $kind:ident $mirror:ident for $domain:ty $(= $key:ty;)? $({ $($members:tt)* })?)*) => {$(
        mirrors! { @$kind $(#[$about])* $mirror for $domain, $($key)? $({ $($members)* })? }

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

        const _: fn(&$domain) -> $mirror = Mirror::of;
    )*};
    (@key $(#[$about:meta])* $mirror:ident for $domain:ty, $key:ty) => {
        #[derive(Serialize, ToSchema)]
        $(#[$about])*
        struct $mirror($key);

        impl Mirror<$domain> for $mirror {
            fn of(value: &$domain) -> Self {
                Self(value.0)
            }
        }
    };
    (@struct $(#[$about:meta])* $mirror:ident for $domain:ty, {
        $($(#[$said:meta])* $field:ident: $type:ty,)*
    }) => {
        #[derive(Serialize, ToSchema)]
        $(#[$about])*
        struct $mirror { $($(#[$said])* $field: $type,)* }

        impl Mirror<$domain> for $mirror {
            fn of(value: &$domain) -> Self {
                type Domain = $domain;
                let Domain { $($field),* } = value;
                Self { $($field: Mirror::of($field)),* }
            }
        }
    };
    (@enum $(#[$about:meta])* $mirror:ident for $domain:ty, {
        $($(#[$said:meta])* $variant:ident $(($inner:ident: $of:ty))?
            $({ $($(#[$more:meta])* $field:ident: $type:ty,)* })?),* $(,)?
    }) => {
        #[derive(Serialize, ToSchema)]
        $(#[$about])*
        enum $mirror { $($(#[$said])* $variant $(($of))? $({ $($(#[$more])* $field: $type,)* })?,)* }

        impl Mirror<$domain> for $mirror {
            fn of(value: &$domain) -> Self {
                type Domain = $domain;
                match value {
                    $(Domain::$variant $(($inner))? $({ $($field),* })? => {
                        Self::$variant $((Mirror::of($inner)))? $({ $($field: Mirror::of($field)),* })?
                    })*
                }
            }
        }
    };
}

mirrors! {
    /// What a client that holds only public keys may do through an SDK.
    #[serde(rename_all = "lowercase")]
    enum Registration for app::Registration { Open, New, Closed }

    /// Which users may read a custom field. The back end always may.
    #[serde(rename_all = "kebab-case")]
    enum Readers for custom::Readers { Everyone, Friends, Owner, BackEnd }

    /// Which users may write a custom field. The back end always may. A user never writes to another user's profile.
    #[serde(rename_all = "kebab-case")]
    enum Writers for custom::Writers { Owner, BackEnd }

    /// A user's gender.
    #[serde(rename_all = "snake_case")]
    enum Gender for tencent_profile::Gender { Unknown, Female, Male }

    /// What happens to a friend request to the user. Not set means `allow_any`.
    #[serde(rename_all = "snake_case")]
    enum AllowType for tencent_profile::AllowType { AllowAny, NeedConfirm, DenyAny }

    /// Whether the user may send friend requests. Not set means `none`: it may.
    #[serde(rename_all = "snake_case")]
    enum ForbidType for tencent_profile::ForbidType { None, SendOut }

    /// A mark of a user in a conversation. What is read is delivered too.
    #[serde(rename_all = "snake_case")]
    enum Mark for message::Mark { Delivered, Read }

    /// A standard field of Tencent's profile.
    #[serde(rename_all = "snake_case")]
    enum TencentField for tencent_profile::TencentField {
        Gender, Birthday, Location, Language, AllowType, MessageSettings, ForbidType, Level, Role,
    }

    /// The primary key of a user, unique over all apps and never reused. Qiscus shows it as `id`.
    key UserKey for id::UserKey = i64;

    /// The id of a message: the number of the event that announced it.
    key MessageId for message::MessageId = i64;

    /// The key of a conversation. Qiscus shows it as the room's id.
    key ConversationKey for message::ConversationKey = i64;

    /// A change of a conversation that only its user sees.
    #[serde(rename_all = "snake_case")]
    enum ConversationChange for message::ConversationChange {
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
    #[serde(default)]
    struct Dialects for app::Dialects {
        /// Qiscus Chat.
        qiscus: bool,
        /// MirrorFly.
        mirrorfly: bool,
        /// Tencent Cloud Chat.
        tencent: bool,
    }

    /// A custom field of an app.
    struct CustomField for custom::CustomField {
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
    #[derive(Default)]
    #[serde(default, deny_unknown_fields)]
    struct TencentProfile for tencent_profile::TencentProfile {
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
    #[serde(rename_all = "snake_case")]
    enum ProfileField for profile::ProfileField {
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
        TencentProfile(field: TencentField),
        /// A custom field of Tencent's profile, by its name.
        Custom(name: String),
    }

    /// What happened to the user.
    #[serde(tag = "kind", rename_all = "snake_case")]
    enum EventKind for event::EventKind {
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
}

impl Default for Dialects {
    fn default() -> Self {
        Self::of(&app::Dialects::default())
    }
}
