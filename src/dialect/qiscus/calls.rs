//! Calls by their names: those that are answered, the vendor's own about rooms and messages, and names that are nobody's.

use actix_web::{Resource, Scope, web};

use super::reply::{self, Refusal};
use crate::http::methods::{self, Method};

/// A call's name below its door, and where it leads by each of its methods.
pub(super) type Name = (&'static str, fn() -> Vec<Method>);

/// A scope that answers these calls.
pub(super) fn serve(scope: Scope, calls: &[Name]) -> Scope {
    calls.iter().fold(scope, |scope, (name, methods)| scope.service(call(name, methods())))
}

fn call(name: &str, methods: Vec<Method>) -> Resource {
    methods::answer(web::resource(format!("/{name}")), methods, web::to(reply::wrong_method))
}

/// What the vendor's API and SDKs have beside users: Standin has no rooms, no messages.
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

/// Characters of a name that is worth comparing: the longest of a call has 30.
const NAME_CHARS_MAX: usize = 40;

/// Slips (a letter more, less, other or swapped) up to which a name is taken for a mistyped one.
const SLIPS_MAX: usize = 4;

/// Why there is no call of this name among `served`.
pub(super) fn refusal(name: &str, served: &[Name]) -> Refusal {
    if ROOMS_AND_MESSAGES.contains(&name) {
        return Refusal::RoomsAndMessages;
    }
    let slips = |served: &'static str| (strsim::damerau_levenshtein(name, served), served);
    let nearest =
        (name.len() <= NAME_CHARS_MAX).then(|| served.iter().map(|(served, _)| slips(served)).min()).flatten();
    Refusal::UnknownCall { nearest: nearest.filter(|(slips, _)| *slips <= SLIPS_MAX).map(|(_, name)| name) }
}
