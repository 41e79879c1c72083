//! One profile change, heard by ten thousand connected contacts.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use futures_util::{StreamExt as _, future, stream};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    runtime::Builder,
    sync::mpsc,
    task::JoinSet,
    time::timeout,
};

use crate::{
    Failure,
    process::{self, Serving},
    table,
};

/// Contacts of the one who changes, each with an open session.
const LISTENERS: usize = 10_000;

/// Sessions opened, and users registered, side by side.
const TOGETHER: usize = 64;

/// Changes, each heard by everybody.
const CHANGES: usize = 9;

/// Bytes of a notice as a client receives it, about: the status text fills it up.
const NOTICE_BYTES: usize = 500;

/// The longest wait for a notice.
const WAIT: Duration = Duration::from_secs(30);

const LICENSE_KEY: &str = "benchlicense";
const PASSWORD: &str = "bench password";

/// The change is made over REST; the clock runs from its answer back to when it was sent, and on to the last listener.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    let listeners = words.first().map_or(Ok(LISTENERS), |word| word.parse())?;
    let folder = tempfile::tempdir()?;
    let variables = [
        ("STANDIN_LICENSE_KEY", LICENSE_KEY),
        ("STANDIN_APP_PASSWORD", PASSWORD),
        ("STANDIN_APP_REGISTRATION", "open"),
    ];
    let server = Serving::standin(&folder.path().join("data"), "warn", &variables)?;
    let rows = Builder::new_current_thread().enable_all().build()?.block_on(measure(&server, listeners))?;
    println!("{}", table::aligned(["one profile change, heard by all", "figure"], &rows));
    Ok(())
}

async fn measure(server: &Serving, listeners: usize) -> Result<Vec<[String; 2]>, Failure> {
    let house = House { client: Client::new(), address: server.address };
    let star = house.register("star").await?;
    let numbers: Vec<String> = (0..listeners).map(|n| format!("{}", 9_000_000_000_u64 + n as u64)).collect();
    let people: Vec<Account> = stream::iter(&numbers)
        .map(|id| house.register(id))
        .buffered(TOGETHER)
        .collect::<Vec<_>>()
        .await
        .into_iter()
        .collect::<Result<_, _>>()?;
    house.list(&star.token, &numbers).await?;
    let before_kib = process::memory_kib(server.id(), "VmRSS")?;
    let (heard, mut times) = mpsc::unbounded_channel();
    let mut sessions = JoinSet::new();
    for group in people.chunks(TOGETHER) {
        let opened = future::try_join_all(group.iter().map(|account| Session::open(server.address, account))).await?;
        for session in opened {
            sessions.spawn(session.listen(heard.clone()));
        }
    }
    let socket_kib = (process::memory_kib(server.id(), "VmRSS")?.saturating_sub(before_kib)) as f64 / listeners as f64;
    let back_end = house.sign_in("administrator", PASSWORD).await?;
    let (mut answered, mut last, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
    for change in 0..CHANGES {
        let cpu_before = process::cpu_time(server.id())?;
        let sent = Instant::now();
        house.rename(&back_end, &format!("Star {change}")).await?;
        answered.push(sent.elapsed().as_secs_f64() * 1e3);
        let mut latest = sent;
        for _ in 0..listeners {
            latest = latest.max(timeout(WAIT, times.recv()).await?.ok_or("a session ended")?);
        }
        last.push((latest - sent).as_secs_f64() * 1e3);
        let spent = process::cpu_time(server.id())? - cpu_before;
        cpu.push(spent.as_secs_f64() * 1e6 / listeners as f64);
    }
    Ok(vec![
        ["listeners".to_owned(), listeners.to_string()],
        ["the change answered after".to_owned(), format!("{:.1} ms", table::median(answered))],
        ["the last one heard after".to_owned(), format!("{:.0} ms", table::median(last))],
        ["server's processor time each".to_owned(), format!("{:.1} us", table::median(cpu))],
        ["server's memory a socket".to_owned(), format!("{socket_kib:.1} KiB")],
    ])
}

struct House {
    client: Client,
    address: SocketAddr,
}

/// What registration answers of a user.
struct Account {
    username: String,
    password: String,
    token: String,
}

impl House {
    fn at(&self, path: &str) -> String {
        format!("http://{}/api/v1{path}", self.address)
    }

    async fn register(&self, id: &str) -> Result<Account, Failure> {
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

    /// Puts them all into somebody's contacts: their ids are their numbers.
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

/// A connected client that says what is needed and no more.
struct Session {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Session {
    async fn open(address: SocketAddr, account: &Account) -> Result<Self, Failure> {
        let mut session = Self { stream: TcpStream::connect(address).await?, received: Vec::new() };
        session.stream.set_nodelay(true)?;
        let handshake = format!(
            "GET /websocket HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n"
        );
        session.stream.write_all(handshake.as_bytes()).await?;
        session.until("\r\n\r\n").await?;
        let open = r#"<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="localhost" version="1.0"/>"#;
        session.say(open).await?;
        session.until("</stream:features>").await?;
        let secret = BASE64.encode(format!("\0{}\0{}", account.username, account.password));
        session
            .say(&format!(r#"<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">{secret}</auth>"#))
            .await?;
        session.until("<success").await?;
        session.say(open).await?;
        session.until("</stream:features>").await?;
        session
            .say(r#"<iq id="b" type="set" xmlns="jabber:client"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>r</resource></bind></iq>"#)
            .await?;
        session.until("</iq>").await?;
        Ok(session)
    }

    /// Sends a text frame; the mask of zeros is a mask too.
    async fn say(&mut self, text: &str) -> Result<(), Failure> {
        let length = u16::try_from(text.len())?;
        let mut frame = vec![0x81];
        match length {
            0..=125 => frame.push(0x80 | u8::try_from(length)?),
            _ => frame.extend([[0xFE].as_slice(), &length.to_be_bytes()].concat()),
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        Ok(self.stream.write_all(&frame).await?)
    }

    /// Reads up to this text, and forgets what came until then.
    async fn until(&mut self, text: &str) -> Result<(), Failure> {
        loop {
            if let Some(at) = self.received.windows(text.len()).position(|window| window == text.as_bytes()) {
                self.received.drain(..at + text.len());
                return Ok(());
            }
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err(format!("the server closed the socket before {text:?}").into());
            }
        }
    }

    async fn listen(mut self, heard: mpsc::UnboundedSender<Instant>) {
        while self.until("</vCard>").await.is_ok() {
            let _ = heard.send(Instant::now());
        }
    }
}
