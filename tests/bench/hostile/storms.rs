//! The storms. Each is prepared before anything is measured, and runs until it is stopped.

use std::{
    fmt::Write as _,
    net::SocketAddr,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::{
    APP_ID, LICENSE_KEY, SECRET,
    sockets::{Connection, JSON, Pushed, request},
};
use crate::{
    Failure,
    live::{Account, Session},
};

/// A storm.
pub(super) struct Storm {
    pub(super) name: &'static str,
    pub(super) shows: &'static str,
    /// The limit of open files its server is started under, where that is low.
    pub(super) open_files: Option<u32>,
    /// Whether the honest client signs in, and uploads, beside its reads and writes.
    pub(super) with_sign_in: bool,
    pub(super) with_upload: bool,
    pub(super) prepare: fn(SocketAddr) -> Result<Raging, Failure>,
}

/// Runs until it is over; what it did.
type Raging = Box<dyn FnOnce(&AtomicBool) -> Result<String, Failure> + Send>;

const fn storm(name: &'static str, shows: &'static str, prepare: fn(SocketAddr) -> Result<Raging, Failure>) -> Storm {
    Storm { name, shows, open_files: None, with_sign_in: false, with_upload: false, prepare }
}

pub(super) static ALL: [Storm; 8] = [
    storm("12a", "1,000 unfinished bodies of 940 KB without credentials", bodies),
    storm("12b", "1,000 unfinished heads of 120 KB", heads),
    storm("12c", "1,000 unfinished bodies of 940 KB of a back end", back_end_bodies),
    storm("13", "one user, 24 contact syncs of 10,000 at once", contact_syncs),
    storm("14", "one user, phone books over 4 connections, and sync polls", phone_books),
    storm("15", "6 rosters of 7,000 at once", rosters),
    Storm { with_sign_in: true, ..storm("16", "one address, 64 sign-ins at once", sign_ins) },
    Storm {
        open_files: Some(256),
        with_upload: true,
        ..storm("17", "600 connections under a limit of 256 open files", connections)
    },
];

/// Clients of the storms of number 12.
const CLIENTS: u32 = 1_000;

/// How many closed connections of a storm are opened again in one round.
const REOPENED: usize = 2;

/// From one round of a storm to the next.
const ROUND: Duration = Duration::from_millis(10);

/// A connection without an answer for so long hangs.
const HANGS_AFTER: Duration = Duration::from_secs(5);

fn unfinished_body(path: &str, headers: &str) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\n{JSON}{headers}Content-Length: 940000\r\n\r\n{{\"username\":\""
    );
    [head.as_bytes(), &vec![b'a'; 939_000]].concat()
}

fn bodies(server: SocketAddr) -> Result<Raging, Failure> {
    let app = format!("QISCUS-SDK-APP-ID: {APP_ID}\r\n");
    let requests = vec![
        unfinished_body("/api/v1/login", ""),
        unfinished_body("/api/v1/sandbox/register", ""),
        unfinished_body("/api/v2/sdk/login_or_register", &app),
        unfinished_body("/standin/v1/session", ""),
    ];
    Ok(Box::new(move |is_over| Ok(push(server, CLIENTS, &requests, is_over)?.summary())))
}

fn back_end_bodies(server: SocketAddr) -> Result<Raging, Failure> {
    let headers = format!("QISCUS-SDK-APP-ID: {APP_ID}\r\nQISCUS-SDK-SECRET: {SECRET}\r\n");
    let requests = vec![unfinished_body("/api/v2.1/rest/login_or_register", &headers)];
    Ok(Box::new(move |is_over| Ok(push(server, CLIENTS, &requests, is_over)?.summary())))
}

fn heads(server: SocketAddr) -> Result<Raging, Failure> {
    let head = [b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ".as_slice(), &vec![b'a'; 120_000]].concat();
    Ok(Box::new(move |is_over| Ok(push(server, CLIENTS, &[head], is_over)?.summary())))
}

fn connections(server: SocketAddr) -> Result<Raging, Failure> {
    let ask = b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec();
    Ok(Box::new(move |is_over| {
        let pushed = push(server, 600, &[ask], is_over)?;
        match pushed.hung {
            0 => Ok(pushed.summary()),
            hung => Err(format!("{hung} connections hung: neither answered nor closed").into()),
        }
    }))
}

/// What became of connections that were pushed to.
struct Outcome {
    opened: u32,
    closed: u32,
    hung: usize,
}

impl Outcome {
    fn summary(&self) -> String {
        format!("{} opened, {} closed by the server", self.opened, self.closed)
    }
}

/// Opens so many connections, half of them from one address, and sends each one of these requests as far as it is taken; what the server
/// closes is opened again.
fn push(server: SocketAddr, count: u32, requests: &[Vec<u8>], is_over: &AtomicBool) -> Result<Outcome, Failure> {
    let number = |n: u32| if n.is_multiple_of(2) { 0 } else { n };
    let mut open = Vec::new();
    for n in 0..count {
        open.push((n, Instant::now(), Pushed::open(number(n), server)?));
    }
    let mut outcome = Outcome { opened: count, closed: 0, hung: 0 };
    while !is_over.load(Ordering::Relaxed) {
        let mut reopened = 0;
        for (n, since, pushed) in &mut open {
            let request = requests.get(*n as usize % requests.len()).ok_or("a storm without requests")?;
            pushed.push(request);
            if pushed.is_closed && reopened < REOPENED {
                (*since, *pushed) = (Instant::now(), Pushed::open(number(*n), server)?);
                outcome.closed += 1;
                outcome.opened += 1;
                reopened += 1;
            }
        }
        thread::sleep(ROUND);
    }
    let hangs =
        |since: &Instant, pushed: &Pushed| !pushed.is_closed && !pushed.is_answered && since.elapsed() > HANGS_AFTER;
    outcome.hung = open.iter().filter(|(_, since, pushed)| hangs(since, pushed)).count();
    Ok(outcome)
}

/// Registers a user of this number, whose id is the number.
fn register(connection: &mut Connection, id: u64) -> Result<Account, Failure> {
    let body = format!("{{\"deviceType\":\"web\",\"licenseKey\":\"{LICENSE_KEY}\",\"userIdentifier\":\"{id}\"}}");
    let answer = connection.ask(&request("POST", "/api/v1/sandbox/register", JSON, body.as_bytes()))?;
    Ok(Account { username: answer.text("username")?, password: answer.text("password")?, token: answer.text("token")? })
}

/// The numbers from the first on, as a phone book.
fn phone_book(first: u64, count: u64) -> String {
    let mut book = String::new();
    for number in first..first + count {
        let comma = if book.is_empty() { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(book, "{comma}{{\"mobileNumber\":\"{number}\"}}");
    }
    book
}

fn sync_contacts(token: &str, add: &str, delete: &str) -> Vec<u8> {
    let body = format!(
        "{{\"addContacts\":[{add}],\"deleteContacts\":[{delete}],\"contactPermission\":true,\"forceDelete\":true}}"
    );
    let headers = format!("{JSON}Authorization: {token}\r\n");
    request("POST", "/api/v1/contacts/syncContactsNew", &headers, body.as_bytes())
}

/// Asks these requests in turn over connections of their own, so many at once, until it is over; how often.
fn ask_all(server: SocketAddr, at_once: &[Vec<Vec<u8>>], is_over: &AtomicBool) -> Result<u32, Failure> {
    let asked = AtomicU32::new(0);
    let ask = |requests: &[Vec<u8>]| -> Result<(), Failure> {
        let mut connection = Connection::open(1, server)?;
        for request in requests.iter().cycle() {
            if is_over.load(Ordering::Relaxed) {
                break;
            }
            // A storm that is refused goes on, more slowly than one that is answered.
            if connection.ask(request).map_or(true, |answer| answer.refusal().is_some()) {
                thread::sleep(ROUND);
                connection = Connection::open(1, server)?;
            }
            asked.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let threads: Vec<_> = at_once
            .iter()
            .map(|requests| scope.spawn(|| ask(requests).map_err(|failure| failure.to_string())))
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().map_err(|_| "a client broke down")?.map_err(Failure::from))
    })?;
    Ok(asked.into_inner())
}

fn contact_syncs(server: SocketAddr) -> Result<Raging, Failure> {
    let account = register(&mut Connection::open(1, server)?, 7_000_000_000)?;
    let requests = vec![sync_contacts(&account.token, &phone_book(9_000_000_000, 10_000), "")];
    let at_once = vec![requests; 24];
    Ok(Box::new(move |is_over| Ok(format!("{} syncs", ask_all(server, &at_once, is_over)?))))
}

fn phone_books(server: SocketAddr) -> Result<Raging, Failure> {
    let mut connection = Connection::open(1, server)?;
    let account = register(&mut connection, 7_000_000_000)?;
    // Of existing users, so that each sync is a change.
    let firsts = [9_000_000_000, 9_000_005_000];
    for number in firsts.into_iter().flat_map(|first| first..first + 250) {
        register(&mut connection, number)?;
    }
    let [one, other] = firsts.map(|first| phone_book(first, 5_000));
    let syncs = vec![sync_contacts(&account.token, &one, &other), sync_contacts(&account.token, &other, &one)];
    let secrets = format!("QISCUS-SDK-APP-ID: {APP_ID}\r\nQISCUS-SDK-SECRET: {SECRET}\r\n");
    let path = "/api/v2.1/rest/get_user_token?user_id=7000000000";
    let token = connection.ask(&request("GET", path, &secrets, b""))?.text("token")?;
    let shown = format!("QISCUS-SDK-APP-ID: {APP_ID}\r\nQISCUS-SDK-TOKEN: {token}\r\n");
    let polls = vec![request("GET", "/api/v2/sdk/sync?last_received_comment_id=1", &shown, b"")];
    let at_once = vec![syncs.clone(), syncs.clone(), syncs.clone(), syncs, polls.clone(), polls];
    Ok(Box::new(move |is_over| Ok(format!("{} syncs and polls", ask_all(server, &at_once, is_over)?))))
}

const ROSTER_CONTACTS: u64 = 7_000;

fn rosters(server: SocketAddr) -> Result<Raging, Failure> {
    const TOGETHER: usize = 16;
    thread::scope(|scope| {
        let registering = |n: usize| {
            let mut connection = Connection::open(1, server)?;
            (0..ROSTER_CONTACTS)
                .skip(n)
                .step_by(TOGETHER)
                .try_for_each(|number| register(&mut connection, 9_000_000_000 + number).map(drop))
        };
        let threads: Vec<_> = (0..TOGETHER)
            .map(|n| scope.spawn(move || registering(n).map_err(|failure: Failure| failure.to_string())))
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().map_err(|_| "a client broke down")?.map_err(Failure::from))
    })?;
    let mut connection = Connection::open(1, server)?;
    let account = register(&mut connection, 7_000_000_000)?;
    let made = connection.ask(&sync_contacts(&account.token, &phone_book(9_000_000_000, ROSTER_CONTACTS), ""))?;
    if let Some(refusal) = made.refusal() {
        return Err(refusal.into());
    }
    let mut sessions = Vec::new();
    for _ in 0..6 {
        sessions.push(Session::open(server, &account)?);
    }
    Ok(Box::new(move |is_over| {
        let asked = AtomicU32::new(0);
        let ask = |mut session: Session| -> Result<(), Failure> {
            while !is_over.load(Ordering::Relaxed) {
                session.say(r#"<iq xmlns="jabber:client" type="get" id="r"><query xmlns="jabber:iq:roster"/></iq>"#)?;
                session.hear("</iq>")?;
                asked.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        };
        thread::scope(|scope| {
            let ask = &ask;
            let threads: Vec<_> = sessions
                .into_iter()
                .map(|session| scope.spawn(move || ask(session).map_err(|failure| failure.to_string())))
                .collect();
            threads
                .into_iter()
                .try_for_each(|thread| thread.join().map_err(|_| "a client broke down")?.map_err(Failure::from))
        })?;
        Ok(format!("{} rosters", asked.into_inner()))
    }))
}

fn sign_ins(server: SocketAddr) -> Result<Raging, Failure> {
    let headers = format!("{JSON}QISCUS-SDK-APP-ID: {APP_ID}\r\n");
    let of_client = |client: u32| -> Vec<Vec<u8>> {
        let sign_in = |n: u32| {
            let body = format!("{{\"email\":\"stranger{client}-{n}\",\"password\":\"p{n}\",\"username\":\"S\"}}");
            request("POST", "/api/v2/sdk/login_or_register", &headers, body.as_bytes())
        };
        (0..50).map(sign_in).collect()
    };
    let at_once: Vec<_> = (0..64).map(of_client).collect();
    Ok(Box::new(move |is_over| Ok(format!("{} sign-ins", ask_all(server, &at_once, is_over)?))))
}
