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
    Own {
        token: Secret,
        topic: OwnTopic,
    },
    /// Of one user, if there is one.
    Room(ConversationKey, RoomTopic, Option<UserId>),
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
            ["r", room, "typing"] => Some(Self::Room(room_of(room)?, RoomTopic::Silent, None)),
            ["r", room, again, user, kind] if again == room || *again == "+" => {
                let user = if *user == "+" { None } else { Some(UserId::parse(user).ok()?) };
                Some(Self::Room(room_of(room)?, RoomTopic::of(kind)?, user))
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

/// Takes the one form in which topics have it: a room of another form would match no topic.
fn room_of(raw: &str) -> Option<ConversationKey> {
    let key: i64 = raw.parse().ok()?;
    (key > 0 && key.to_string() == raw).then_some(ConversationKey(key))
}

/// What a client may publish; all else is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Publication {
    Typing {
        room: ConversationKey,
        user: UserId,
        is_typing: bool,
    },
    /// The user is there, or is not although its client is connected.
    Presence {
        user: UserId,
        is_there: bool,
    },
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
                is_typing: switch(payload)?,
            }),
            ["u", user, "s"] => Some(Self::Presence { user: UserId::parse(user).ok()?, is_there: switch(payload)? }),
            _ => None,
        }
    }
}

fn switch(payload: &[u8]) -> Option<bool> {
    match payload {
        b"1" => Some(true),
        b"0" => Some(false),
        _ => None,
    }
}

pub(super) fn room_topic(room: ConversationKey, user: &UserId, topic: RoomTopic) -> String {
    format!("r/{room}/{room}/{}/{}", user.as_str(), topic.word(), room = room.0)
}

pub(super) fn presence_topic(user: &UserId) -> String {
    format!("u/{}/s", user.as_str())
}
