//! Topics of the realtime server, and which of them clients may subscribe to and publish on.

use crate::domain::{ConversationKey, Secret, UserId};

/// The longest topic: a user id of 191 characters with what is around it.
pub(super) const TOPIC_BYTES_MAX: usize = 255;

/// What a user's own topics tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnTopic {
    /// `<token>/c`: messages.
    Messages,
    /// `<token>/n`: deletions and cleared rooms.
    Events,
    /// `<token>/update`: changed messages.
    Changes,
}

impl OwnTopic {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Messages => "c",
            Self::Events => "n",
            Self::Changes => "update",
        }
    }
}

/// What the topics of a room tell. The user that it is about is a part of the topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RoomTopic {
    Typing,
    Delivered,
    Read,
    /// All of them.
    Any,
    /// `r/<room>/typing`, on which the vendor's server alone publishes. Nothing is published here.
    Silent,
}

impl RoomTopic {
    pub(super) fn covers(self, other: Self) -> bool {
        self == other || self == Self::Any
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Typing => "t",
            Self::Delivered => "d",
            Self::Read => "r",
            Self::Any => "+",
            Self::Silent => "typing",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Typing, Self::Delivered, Self::Read, Self::Any].into_iter().find(|topic| topic.word() == word)
    }
}

/// A filter that a client may subscribe to, if the user is the right one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filter {
    Own { token: Secret, topic: OwnTopic },
    Room(ConversationKey, RoomTopic),
    Presence(UserId),
}

impl Filter {
    /// Parses a filter. None for all others: `#` anywhere, and `+` in the first part.
    pub(super) fn parse(raw: &str) -> Option<Self> {
        if raw.len() > TOPIC_BYTES_MAX {
            return None;
        }
        let parts: Vec<&str> = raw.split('/').collect();
        match parts.as_slice() {
            ["r", room, "typing"] => Some(Self::Room(room_of(room)?, RoomTopic::Silent)),
            ["r", room, again, "+", kind] if again == room || *again == "+" => {
                Some(Self::Room(room_of(room)?, RoomTopic::of(kind)?))
            }
            ["u", user, "s"] => UserId::parse(user).ok().map(Self::Presence),
            [token, kind] if !token.is_empty() && !token.contains(['+', '#']) => {
                let topics = [OwnTopic::Messages, OwnTopic::Events, OwnTopic::Changes];
                let topic = topics.into_iter().find(|topic| topic.word() == *kind)?;
                Some(Self::Own { token: Secret::new(*token), topic })
            }
            _ => None,
        }
    }
}

fn room_of(raw: &str) -> Option<ConversationKey> {
    raw.bytes().all(|byte| byte.is_ascii_digit()).then(|| raw.parse().ok().map(ConversationKey)).flatten()
}

/// What a client may publish; all else is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Publication {
    Typing {
        room: ConversationKey,
        user: UserId,
        is_typing: bool,
    },
    /// The user is there. That it has left shows by the end of its last connection.
    Presence(UserId),
}

impl Publication {
    pub(super) fn parse(topic: &str, payload: &[u8]) -> Option<Self> {
        if topic.len() > TOPIC_BYTES_MAX {
            return None;
        }
        match topic.split('/').collect::<Vec<_>>().as_slice() {
            ["r", room, again, user, "t"] if room == again => Some(Self::Typing {
                room: room_of(room)?,
                user: UserId::parse(user).ok()?,
                is_typing: match payload {
                    b"1" => true,
                    b"0" => false,
                    _ => return None,
                },
            }),
            ["u", user, "s"] if payload == b"1" => UserId::parse(user).ok().map(Self::Presence),
            _ => None,
        }
    }
}

pub(super) fn room_topic(room: ConversationKey, user: &UserId, topic: RoomTopic) -> String {
    format!("r/{room}/{room}/{}/{}", user.as_str(), topic.word(), room = room.0)
}

pub(super) fn presence_topic(user: &UserId) -> String {
    format!("u/{}/s", user.as_str())
}
