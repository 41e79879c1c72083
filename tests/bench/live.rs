//! One profile change, sent to ten thousand connected contacts.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use futures_util::{StreamExt as _, stream};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::runtime::Builder;

use crate::{
    Failure,
    process::{self, Serving},
    table,
};

/// Contacts of the user that changes, each with an open session.
const LISTENERS: usize = 10_000;

/// Sessions opened, and users registered, side by side.
const TOGETHER: usize = 64;

/// Changes, each sent to every contact.
const CHANGES: usize = 9;

/// Bytes of a notice as a client receives it, about: the status text fills it up.
const NOTICE_BYTES: usize = 500;

/// The longest wait for a notice.
const WAIT: Duration = Duration::from_secs(30);

const LICENSE_KEY: &str = "benchlicense";
const PASSWORD: &str = "bench password";

/// What the server is told, so that anybody may register. One address may have half of the connections: these are those of many clients,
/// behind a proxy.
pub(crate) const VARIABLES: [(&str, &str); 4] = [
    ("STANDIN_LICENSE_KEY", LICENSE_KEY),
    ("STANDIN_APP_PASSWORD", PASSWORD),
    ("STANDIN_APP_REGISTRATION", "open"),
    ("STANDIN_TRUSTED_PROXIES", "127.0.0.1"),
];

/// The change is made over REST; the clock runs from when it was sent, to its answer and on until every listener has read its notice.
///
/// One thread reads for all of them, socket by socket, and the last told first: it sleeps until the server is nearly through, and then
/// takes little of the processors that both share. On machines of their own listeners would cost the server none of that.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    let listeners = words.first().map_or(Ok(LISTENERS), |word| word.parse())?;
    let folder = tempfile::tempdir()?;
    let server = Serving::standin(&folder.path().join("data"), "warn", &VARIABLES)?;
    let calls = Builder::new_current_thread().enable_all().build()?;
    let standin = RunningServer { client: Client::new(), address: server.address };
    let people = calls.block_on(standin.befriended(listeners))?;
    let before_kib = process::memory_kib(server.id(), "VmRSS")?;
    let mut sessions = opened(server.address, &people)?;
    let socket_kib = (process::memory_kib(server.id(), "VmRSS")?.saturating_sub(before_kib)) as f64 / listeners as f64;
    let back_end = calls.block_on(standin.sign_in("administrator", PASSWORD))?;
    let (mut answered, mut last, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
    for change in 0..CHANGES {
        let cpu_before = process::cpu_time(server.id())?;
        let sent = Instant::now();
        calls.block_on(standin.rename(&back_end, &format!("Star {change}")))?;
        answered.push(sent.elapsed().as_secs_f64() * 1e3);
        sessions.iter_mut().rev().try_for_each(|session| session.hear("</iq>"))?;
        last.push(sent.elapsed().as_secs_f64() * 1e3);
        let spent = process::cpu_time(server.id())? - cpu_before;
        cpu.push(spent.as_secs_f64() * 1e6 / listeners as f64);
    }
    let rows = [
        ["listeners".to_owned(), listeners.to_string()],
        ["the change answered after".to_owned(), format!("{:.1} ms", table::median(answered))],
        ["the last one received after".to_owned(), format!("{:.0} ms", table::median(last))],
        ["server's processor time each".to_owned(), format!("{:.1} us", table::median(cpu))],
        ["server's memory a socket".to_owned(), format!("{socket_kib:.1} KiB")],
    ];
    println!("{}", table::aligned(["one profile change, received by all", "figure"], &rows));
    Ok(())
}

/// Opens a session for each of them, in their order.
fn opened<'a>(address: SocketAddr, people: &'a [Account]) -> Result<Vec<Session>, Failure> {
    let share = people.len().div_ceil(TOGETHER).max(1);
    let open = move |account| Session::open(address, account).map_err(|failure| failure.to_string());
    thread::scope(|scope| {
        let opened = |share: &'a [Account]| scope.spawn(move || share.iter().map(open).collect::<Result<Vec<_>, _>>());
        let mut sessions = Vec::new();
        for share in people.chunks(share).map(opened).collect::<Vec<_>>() {
            sessions.extend(share.join().map_err(|_| "a client broke down")??);
        }
        Ok(sessions)
    })
}

pub(crate) struct RunningServer {
    pub(crate) client: Client,
    pub(crate) address: SocketAddr,
}

/// What registration answers of a user.
pub(crate) struct Account {
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) token: String,
}

impl RunningServer {
    /// Registers a user with this many contacts, and returns them.
    async fn befriended(&self, listeners: usize) -> Result<Vec<Account>, Failure> {
        let star = self.register("star").await?;
        let numbers: Vec<String> = (0..listeners).map(|n| format!("{}", 9_000_000_000_u64 + n as u64)).collect();
        let registered = stream::iter(&numbers).map(|id| self.register(id)).buffered(TOGETHER);
        let people = registered.collect::<Vec<_>>().await.into_iter().collect::<Result<_, _>>()?;
        self.list(&star.token, &numbers).await?;
        Ok(people)
    }

    fn at(&self, path: &str) -> String {
        format!("http://{}/api/v1{path}", self.address)
    }

    pub(crate) async fn register(&self, id: &str) -> Result<Account, Failure> {
        let body = json!({ "deviceType": "web", "licenseKey": LICENSE_KEY, "userIdentifier": id });
        let answer: Value = self.client.post(self.at("/sandbox/register")).json(&body).send().await?.json().await?;
        let text =
            |key: &str| answer.get(key).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| answer.to_string());
        Ok(Account { username: text("username")?, password: text("password")?, token: text("token")? })
    }

    async fn sign_in(&self, username: &str, password: &str) -> Result<String, Failure> {
        let body = json!({ "username": username, "password": password });
        let answer: Value = self.client.post(self.at("/login")).json(&body).send().await?.json().await?;
        let token = answer.pointer("/data/token").and_then(Value::as_str);
        Ok(token.ok_or_else(|| answer.to_string())?.to_owned())
    }

    /// Adds them all to the contacts of one user: their ids are their numbers.
    async fn list(&self, token: &str, numbers: &[String]) -> Result<(), Failure> {
        let add: Vec<Value> = numbers.iter().map(|number| json!({ "mobileNumber": number })).collect();
        let body = json!({ "addContacts": add, "deleteContacts": [], "contactPermission": true, "forceDelete": true });
        let call = self.client.post(self.at("/contacts/syncContactsNew")).header("Authorization", token);
        call.json(&body).send().await?.error_for_status()?;
        Ok(())
    }

    async fn rename(&self, token: &str, name: &str) -> Result<(), Failure> {
        let address = format!("https://example.com/{:x>1$}", "", NOTICE_BYTES / 2 - 150);
        let fields = [("deviceType", "web"), ("licenseKey", LICENSE_KEY), ("nickname", name), ("profileUrl", &address)];
        let call = self.client.post(self.at("/users/star")).header("Authorization", token);
        call.form(&fields).send().await?.error_for_status()?;
        Ok(())
    }
}

/// The opcodes of the two kinds of messages of a WebSocket.
const TEXT: u8 = 1;
const BINARY: u8 = 2;

/// The head of the server's pings, and their length with the 8 bytes of content.
const PING_HEAD: [u8; 2] = [0x89, 8];
const PING_BYTES: usize = 10;

/// A connected client that says what is needed and no more.
pub(crate) struct Session {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Session {
    pub(crate) fn open(address: SocketAddr, account: &Account) -> Result<Self, Failure> {
        let mut session = Self::upgraded(address, "/websocket", "xmpp")?;
        let open = r#"<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="localhost" version="1.0"/>"#;
        session.say(open)?;
        session.hear("</stream:features>")?;
        let secret = BASE64.encode(format!("\0{}\0{}", account.username, account.password));
        session.say(&format!(r#"<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">{secret}</auth>"#))?;
        session.hear(r#"<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl" />"#)?;
        session.say(open)?;
        session.hear("</stream:features>")?;
        session
            .say(r#"<iq id="b" type="set" xmlns="jabber:client"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>r</resource></bind></iq>"#)?;
        session.hear("</iq>")?;
        Ok(session)
    }

    /// Opens a WebSocket of this sub-protocol; an empty one asks for none.
    pub(crate) fn upgraded(address: SocketAddr, path: &str, protocol: &str) -> Result<Self, Failure> {
        let mut session = Self { stream: TcpStream::connect(address)?, received: Vec::new() };
        session.stream.set_nodelay(true)?;
        session.stream.set_read_timeout(Some(WAIT))?;
        let protocol = match protocol {
            "" => String::new(),
            protocol => format!("Sec-WebSocket-Protocol: {protocol}\r\n"),
        };
        let handshake = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{protocol}\r\n"
        );
        session.stream.write_all(handshake.as_bytes())?;
        session.hear("\r\n\r\n")?;
        Ok(session)
    }

    /// Sends a text frame.
    pub(crate) fn say(&mut self, text: &str) -> Result<(), Failure> {
        self.send(TEXT, text.as_bytes())
    }

    /// Sends a binary frame.
    pub(crate) fn say_bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.send(BINARY, bytes)
    }

    /// The mask of zeros is a mask too.
    fn send(&mut self, opcode: u8, content: &[u8]) -> Result<(), Failure> {
        let length = u16::try_from(content.len())?;
        let mut frame = vec![0x80 | opcode];
        match length {
            0..=125 => frame.push(0x80 | u8::try_from(length)?),
            _ => frame.extend([[0xFE].as_slice(), &length.to_be_bytes()].concat()),
        }
        frame.extend([0; 4]);
        frame.extend(content);
        Ok(self.stream.write_all(&frame)?)
    }

    /// Reads until the server has come to this end: it says nothing more before it is asked, or there is news.
    pub(crate) fn hear(&mut self, end: &str) -> Result<(), Failure> {
        self.hear_bytes(end.as_bytes())
    }

    /// Takes off the pings that came last. They stay without an answer: no session of a benchmark is silent for long.
    fn drop_pings(&mut self) {
        while let Some(rest) = self.received.len().checked_sub(PING_BYTES)
            && self.received.get(rest..).is_some_and(|last| last.starts_with(&PING_HEAD))
        {
            self.received.truncate(rest);
        }
    }

    pub(crate) fn hear_bytes(&mut self, end: &[u8]) -> Result<(), Failure> {
        while !self.received.ends_with(end) {
            let arrived = self.received.len();
            self.received.resize(arrived + 2 * NOTICE_BYTES, 0);
            let bytes = self.stream.read(self.received.split_at_mut(arrived).1)?;
            self.received.truncate(arrived + bytes);
            self.drop_pings();
            if bytes == 0 {
                let (last, end) = (String::from_utf8_lossy(&self.received), String::from_utf8_lossy(end));
                return Err(format!("the server closed the socket before {end:?}; it had said {last:?}").into());
            }
        }
        self.received.clear();
        Ok(())
    }
}
