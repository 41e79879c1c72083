//! How long after its send a message is received, on each vendor's socket. A back end sends over Tencent's REST API.

use std::{
    net::SocketAddr,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{
    PAIRS,
    vendors::{SDK_APP_ID, Vendors, id},
};
use crate::{Failure, live::Session};

/// Listeners: one for each vendor.
pub(super) const LISTENERS: usize = 3;

/// Messages to each listener, one after the other.
const MESSAGES: u32 = 1_000;

/// A listener's socket, and the bytes that end each message it receives.
struct Listener {
    socket: Session,
    end: &'static str,
}

pub(crate) fn rows(vendors: &Vendors) -> Result<Vec<[String; 3]>, Failure> {
    let mut rows = Vec::new();
    for (number, (name, listen)) in [
        ("Tencent, socket", tencent as fn(&Vendors, &str) -> Result<Listener, Failure>),
        ("MirrorFly, socket", mirrorfly),
        ("Qiscus, realtime socket", qiscus),
    ]
    .into_iter()
    .enumerate()
    {
        // The sends before went to other users: a receiver of theirs would be sent what it has missed.
        let (sender, receiver) = (id(number), id(2 * PAIRS + number));
        let mut waits = waits(vendors, &sender, &receiver, listen(vendors, &receiver)?)?;
        waits.sort();
        let ms = |part: usize| waits.get(waits.len() * part / 100).copied().unwrap_or_default().as_secs_f64() * 1e3;
        rows.push([name.to_owned(), format!("{:.2} ms", ms(50)), format!("{:.2} ms", ms(99))]);
    }
    Ok(rows)
}

fn waits(vendors: &Vendors, sender: &str, receiver: &str, listener: Listener) -> Result<Vec<Duration>, Failure> {
    let Listener { mut socket, end } = listener;
    let (tell, told) = mpsc::channel();
    let listening = thread::spawn(move || {
        for _ in 0..MESSAGES {
            socket.hear(end).map_err(|failure| failure.to_string())?;
            tell.send(Instant::now()).map_err(|failure| failure.to_string())?;
        }
        Ok::<_, String>(())
    });
    let mut waits = Vec::new();
    for number in 0..MESSAGES {
        let body = json!({
            "From_Account": sender, "To_Account": receiver, "MsgRandom": number + 1,
            "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": format!("message {number}") } }],
        });
        let sent = Instant::now();
        vendors.by_tencent("openim/sendmsg", &body)?;
        let Ok(heard) = told.recv() else { break };
        waits.push(heard.duration_since(sent));
    }
    listening.join().map_err(|_| "the listener broke down")??;
    Ok(waits)
}

fn mirrorfly(vendors: &Vendors, user: &str) -> Result<Listener, Failure> {
    let mut socket = Session::open(vendors.address, &vendors.mirrorfly(user)?)?;
    // Presence makes the server send what was missed; its end is not known, but the answer to a ping comes after it.
    socket.say(r#"<presence xmlns="jabber:client"><priority>1</priority></presence>"#)?;
    socket.say(r#"<iq xmlns="jabber:client" type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>"#)?;
    socket.hear(r#"<iq xmlns="jabber:client" type="result" id="p" />"#)?;
    Ok(Listener { socket, end: "</message>" })
}

fn tencent(vendors: &Vendors, user: &str) -> Result<Listener, Failure> {
    let path =
        format!("/binfo?sdkappid={SDK_APP_ID}&instanceid=1&random=1&platform=7&host=web&version=-1&sdkversion=3.6.6");
    let mut socket = Session::upgraded(vendors.address, &path, "")?;
    let head = json!({
        "ver": "v4", "platform": 7, "sdkappid": SDK_APP_ID.parse::<u64>()?, "servcmd": "im_open_status.wslogin",
        "seq": 1, "identifier": user, "usersig": vendors.user_sig(user)?,
    });
    let body = json!({ "State": "Online", "is_web_uniapp": 0, "InstType": 0, "CustomInfo": "" });
    socket.say_bytes(json!({ "head": head, "body": body }).to_string().as_bytes())?;
    socket.hear("}")?;
    Ok(Listener { socket, end: "}" })
}

/// The fixed header of a packet, of at most 127 bytes behind it, and its content.
fn packet(kind: u8, content: &[&[u8]]) -> Result<Vec<u8>, Failure> {
    let content = content.concat();
    Ok([&[kind, u8::try_from(content.len())?], content.as_slice()].concat())
}

fn qiscus(vendors: &Vendors, user: &str) -> Result<Listener, Failure> {
    let topic = format!("{}/c", vendors.qiscus_token(user)?);
    Ok(Listener { socket: qiscus_socket(vendors.address, &[topic])?, end: "}" })
}

/// A realtime connection of Qiscus' SDK that has subscribed to these topics.
pub(crate) fn qiscus_socket(address: SocketAddr, topics: &[String]) -> Result<Session, Failure> {
    let mut socket = Session::upgraded(address, "/mqtt", "mqtt")?;
    // MQTT 3.1.1, section 3.1: protocol name, level 4, clean session, keep alive of 60 s, a client id.
    socket.say_bytes(&packet(0x10, &[b"\x00\x04MQTT\x04\x02\x00\x3c\x00\x05bench"])?)?;
    socket.hear_bytes(b"\x20\x02\x00\x00")?;
    for topic in topics {
        let length = u16::try_from(topic.len())?.to_be_bytes();
        socket.say_bytes(&packet(0x82, &[b"\x00\x01", &length, topic.as_bytes(), b"\x00"])?)?;
        socket.hear_bytes(b"\x90\x03\x00\x01\x00")?;
    }
    Ok(socket)
}
