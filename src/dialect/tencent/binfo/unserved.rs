//! Responses to commands that are not served, and the paid features that are. Calls that the SDK makes by itself get an
//! empty success: after an error it would retry for ever. Calls that a page makes get an error: after a success a
//! message would count as sent. Source: each call, run in the published SDK.

use serde_json::{Value, json};

use crate::dialect::tencent::{
    reply::{self, Family, TencentReply},
    rest,
};

/// Services whose commands a page makes the SDK call.
const OF_PAGES: [&str; 17] = [
    "follow",
    "group_member_search",
    "group_open_attr_http_svc",
    "group_open_avchatroom_http_svc",
    "group_open_http_svc",
    "group_search",
    "im_long_msg",
    "im_msg_db_logic",
    "im_open_speech",
    "im_open_translate",
    "message_search",
    "million_group_open_http_svc",
    "openim",
    "openim_msg_ext_http_svc",
    "recentcontact",
    "user_search",
    "webim",
];

pub(super) fn answer(command: &str) -> TencentReply {
    match nothing(command) {
        Some(nothing) => reply::success_json(nothing),
        None => reply::failure(&rest::no_such_command(), Family::Account),
    }
}

/// Returns the empty response that the SDK needs to continue, or none if an error is right.
fn nothing(command: &str) -> Option<Value> {
    let nothing = match command {
        "recentcontact.search_contact_group" => json!({ "ContactResultItem": [], "GroupItem": [] }),
        "recentcontact.get_contact_group" => json!({ "GroupItem": [], "ContactItem": [], "CompleteFlag": 1 }),
        "group_open_http_svc.get_joined_group_list" | "million_group_open_http_svc.get_joined_group_list" => {
            json!({ "TotalCount": 0, "GroupIdList": [] })
        }
        // UIKits ask for requests to join groups at their start. Without NextStartTime the SDK asks for ever.
        "group_open_http_svc.get_pendency" | "million_group_open_http_svc.get_pendency" => {
            json!({ "NextStartTime": 0, "PendencyList": [] })
        }
        "openim.authkey" | "openim.ws_msg_push_ack" => json!({}),
        "im_sdk_config_mgr.fetch_imsdk_purchase_bitsv2" => purchase(),
        command if command.split_once('.').is_some_and(|(service, _)| OF_PAGES.contains(&service)) => return None,
        // Heartbeats above all: after an error the SDK reconnects at once, for ever.
        _ => json!({}),
    };
    Some(nothing)
}

/// By the vendor's bit numbers. The SDK itself refuses calls of the features that it sells beside these.
const SERVED_BITS: [usize; 2] = [
    7,  // user status
    52, // following
];

/// How long the SDK may rely on the bits, in seconds.
const BITS_HOLD_S: u32 = 86_400;

/// Returns the bits as text of digits, bit 0 last.
pub(super) fn purchase_bits() -> String {
    let highest = SERVED_BITS.into_iter().max().unwrap_or_default();
    (0..=highest).rev().map(|bit| if SERVED_BITS.contains(&bit) { '1' } else { '0' }).collect()
}

/// The SDK reads the outer fields, and lite-chat the inner ones. Without these, lite-chat asks once a second for ever.
fn purchase() -> Value {
    let mut bits = json!({
        "int32_error_code": 0,
        "str_error_message": "",
        "str_purchase_bits": purchase_bits(),
        "uint32_expired_time": BITS_HOLD_S,
    });
    let within = bits.clone();
    if let Some(outer) = bits.as_object_mut() {
        outer.insert("body".to_owned(), within);
    }
    bits
}
