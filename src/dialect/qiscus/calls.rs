//! Routes by name, and the error for an unknown name: a call about rooms and messages, or a typo.

use actix_web::{Resource, Scope, web};

use super::reply::{self, QiscusError};
use crate::http::methods::{self, Method};

/// The path of a call below its scope, and a handler for each of its methods.
pub(super) type CallEntry = (&'static str, fn() -> Vec<Method>);

pub(super) fn serve(scope: Scope, calls: &[CallEntry]) -> Scope {
    calls.iter().fold(scope, |scope, (name, methods)| scope.service(call(name, methods())))
}

fn call(name: &str, methods: Vec<Method>) -> Resource {
    methods::answer(web::resource(format!("/{name}")), methods, web::to(reply::wrong_method))
}

/// Calls of the vendor's API and SDKs that Standin does not serve everywhere, because it has no rooms and no messages.
const ROOMS_AND_MESSAGES: &[&str] = &[
    "add_room_participants",
    "channels",
    "channels/info",
    "channels/join",
    "channels/leave",
    "clear_room_messages",
    "comment_receipt",
    "create_room",
    "delete_messages",
    "file_list",
    "get_or_create_channel",
    "get_or_create_room_with_target",
    "get_or_create_room_with_unique_id",
    "get_room_by_id",
    "get_room_participants",
    "get_room_unread_count",
    "get_rooms_info",
    "get_unread_count",
    "get_user_rooms",
    "load_comments",
    "post_comment",
    "post_system_event_message",
    "remove_room_participants",
    "room_participants",
    "rooms_info",
    "search",
    "search_messages",
    "total_unread_count",
    "update_message",
    "update_room",
    "user_rooms",
];

/// A longer name is not compared with the known ones. The longest known name has 30 characters.
const NAME_CHARS_MAX: usize = 40;

/// A name is taken for a typo up to this many slips: a letter added, missing, different or swapped.
const SLIPS_MAX: usize = 4;

pub(super) fn unknown_call(name: &str, served: &[CallEntry]) -> QiscusError {
    if ROOMS_AND_MESSAGES.contains(&name) {
        return QiscusError::RoomsAndMessages;
    }
    let slips = |served: &'static str| (strsim::damerau_levenshtein(name, served), served);
    let nearest =
        (name.len() <= NAME_CHARS_MAX).then(|| served.iter().map(|(served, _)| slips(served)).min()).flatten();
    QiscusError::UnknownCall { nearest: nearest.filter(|(slips, _)| *slips <= SLIPS_MAX).map(|(_, name)| name) }
}
