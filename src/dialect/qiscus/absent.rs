//! Calls that are not answered: the vendor's own about rooms and messages, and names that are nobody's.

use super::reply::Refusal;

/// What the vendor's API has beside users, in either version: Standin has no rooms, no messages.
const ROOMS_AND_MESSAGES: &[&str] = &[
    "add_room_participants",
    "create_room",
    "delete_messages",
    "get_or_create_channel",
    "get_or_create_room_with_target",
    "get_room_participants",
    "get_rooms_info",
    "get_user_rooms",
    "load_comments",
    "post_comment",
    "post_system_event_message",
    "remove_room_participants",
    "search_messages",
    "update_room",
];

/// Characters of a name that is worth comparing: the longest of a call has 30.
const NAME_CHARS_MAX: usize = 40;

/// Slips (a letter more, less, other or swapped) up to which a name is taken for a mistyped one.
const SLIPS_MAX: usize = 4;

/// Why there is no call of this name among `served`.
pub(super) fn refusal(name: &str, served: impl Iterator<Item = &'static str>) -> Refusal {
    if ROOMS_AND_MESSAGES.contains(&name) {
        return Refusal::RoomsAndMessages;
    }
    let slips = |served: &'static str| (strsim::damerau_levenshtein(name, served), served);
    let nearest = (name.len() <= NAME_CHARS_MAX).then(|| served.map(slips).min()).flatten();
    Refusal::UnknownCall { nearest: nearest.filter(|(slips, _)| *slips <= SLIPS_MAX).map(|(_, name)| name) }
}
