//! Tencent's socket: frames, and the conversation that session them.

use serde_json::Value;
use standin::{
    dialect::tencent::binfo::{frame::RequestFrame, protocol::Binfo},
    http::socket::{Frame, Protocol as _},
};

use crate::{recorded, strange::Target};

#[test]
fn tencent_frames() {
    let seeds = recorded::said("tencent-page");
    let words = &[
        "servcmd",
        "seq",
        "head",
        "body",
        "a2",
        "usersig",
        "heartbeat.alive",
        "im_open_status.wslogin",
        "im_open_status.wslogout",
        "18446744073709551616",
        "-1",
        "1.5",
        "[",
        "{",
        "\"",
        "\\ud800",
        "\u{0}",
    ];
    let target = Target { name: "tencent_frames", seeds, words, head_bytes: 0 };
    target.fuzz(|case| {
        let mut talk = Binfo::new(42);
        for frame in [Frame::Binary(case.to_vec().into()), Frame::Text(String::from_utf8_lossy(case).into_owned())] {
            let asked = RequestFrame::read(&frame);
            let step = talk.receive(frame);
            for answer in step.frames {
                let Frame::Binary(bytes) = answer else { return Err("an answer of text".to_owned()) };
                let said: Value = serde_json::from_slice(&bytes).map_err(|error| format!("{error}: {asked:?}"))?;
                if !said["head"].is_object() {
                    return Err(format!("{said} has no head"));
                }
            }
        }
        Ok(())
    });
}
