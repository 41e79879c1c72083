//! Promise 57: what is being read from all clients shares one budget, and the slowest make room for the others.

use std::{
    net::{Ipv4Addr, SocketAddr},
    os::unix::net::UnixStream,
    thread,
    time::Instant,
};

use socket2::{Domain, Socket, Type};

use super::*;
use crate::{
    standin::{ACCOUNT_PASSWORD, APP_ID, SECRET},
    user_sig::{SDK_APP_ID, WITH_SDK_APP_ID, user_sig},
};

const CLIENTS: u32 = 1_000;
/// `cargo bench -- hostile 12` holds the release build to the same bound.
const GROWN_MIB_MAX: u64 = 128;
/// An unoptimised build handles bodies more slowly than clients send them, and the framework doubles a read buffer that is not emptied in
/// time: 100 to 170 MiB, measured.
const GROWN_BY_BODIES_MIB_MAX: u64 = if cfg!(debug_assertions) { 256 } else { GROWN_MIB_MAX };
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// A connection from the address of this number, which does not wait for the server to take what is sent.
pub(super) fn from(standin: &Standin, number: u32) -> TcpStream {
    let server: SocketAddr = standin.base().strip_prefix("http://").unwrap().parse().unwrap();
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let own = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 0, 1, 1)) + number);
    socket.bind(&SocketAddr::from((own, 0)).into()).unwrap();
    socket.connect(&server.into()).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket.into()
}

/// Sends to all of them in turn whatever their connections take, until each was sent all or closed, or takes nothing any more.
fn send_all(clients: &mut [(TcpStream, Vec<u8>)]) {
    let mut sent = vec![0; clients.len()];
    let mut idle_since = Instant::now();
    while idle_since.elapsed() < Duration::from_millis(500) {
        for ((socket, bytes), sent) in clients.iter_mut().zip(&mut sent) {
            if let Some(rest) = bytes.get(*sent..).filter(|rest| !rest.is_empty()) {
                match socket.write(&rest[..rest.len().min(64 * 1024)]) {
                    Ok(written) => {
                        *sent += written;
                        idle_since = Instant::now();
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                    Err(_) => *sent = bytes.len(),
                }
            }
        }
    }
}

/// Runs a storm, during which honest clients register and read without a refusal; how far memory grew.
async fn under_storm(standin: &Standin, bytes: impl Fn(u32) -> Vec<u8> + Send + 'static, is_of_many: bool) -> u64 {
    let kept = standin.user_list().await.json()["results"]["meta"]["total_data"].as_u64().unwrap_or(0);
    assert_eq!(register(standin, &format!("before{kept}"), "B").await.status, 200);
    let before = memory_mib(standin, "VmRSS");
    let mut clients: Vec<_> = (0..CLIENTS).map(|n| (from(standin, if is_of_many { n } else { 0 }), bytes(n))).collect();
    let storm = thread::spawn(move || {
        send_all(&mut clients);
        clients
    });
    let (mut peak, mut round) = (0, 0);
    while !storm.is_finished() || round < 5 {
        let user = format!("honest{kept}-{round}");
        assert_eq!(register(standin, &user, "H").await.status, 200);
        assert_eq!(standin.user_profile(&user).await.status, 200);
        assert_eq!(standin.sign_in("administrator", ACCOUNT_PASSWORD).await.json()["status"], 200);
        peak = peak.max(memory_mib(standin, "VmRSS"));
        round += 1;
    }
    let clients = storm.join().unwrap();
    peak = peak.max(memory_mib(standin, "VmRSS"));
    drop(clients);
    peak.saturating_sub(before)
}

/// The beginning of a body of so many bytes at an endpoint.
fn begun(path: &str, headers: &str) -> Vec<u8> {
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: 940000\r\n\r\n{{\"x\":\"");
    [head.as_bytes(), &vec![b'a'; 930_000]].concat()
}

#[actix_web::test]
async fn promise_57_a_thousand_unfinished_bodies_of_clients_and_back_ends_share_one_budget() {
    let standin = Standin::with(&[WITH_SDK_APP_ID]).await;
    let json = "Content-Type: application/json\r\n";
    let own = format!("{json}QISCUS-SDK-APP-ID: {APP_ID}\r\nQISCUS-SDK-SECRET: {SECRET}\r\n");
    let wrong = format!("{json}QISCUS-SDK-APP-ID: {APP_ID}\r\nQISCUS-SDK-SECRET: x\r\n");
    let visitor = format!("{json}QISCUS-SDK-APP-ID: {APP_ID}\r\n");
    let sig = user_sig("administrator");
    let tencent = format!(
        "/v4/im_open_login_svc/account_import?sdkappid={SDK_APP_ID}&identifier=administrator&usersig={sig}&random=9&contenttype=json"
    );
    let bodies = vec![
        begun("/api/v2.1/rest/login_or_register", &own),
        begun("/api/v2.1/rest/login_or_register", &wrong),
        begun("/api/v2/sdk/login_or_register", &visitor),
        begun("/api/v1/login", json),
        begun("/api/v1/sandbox/register", json),
        begun("/api/v1/users/createUser", json),
        begun(&tencent, json),
        begun("/standin/v1/session", json),
        begun("/nowhere", json),
        begun("/api/v2.1/rest/login_or_register", &own),
    ];
    let count = u32::try_from(bodies.len()).unwrap();
    for is_of_many in [false, true] {
        let bodies = bodies.clone();
        let grown = under_storm(&standin, move |n| bodies[(n % count) as usize].clone(), is_of_many).await;
        assert!(grown <= GROWN_BY_BODIES_MIB_MAX, "{grown} MiB, from many addresses: {is_of_many}");
    }
}

#[actix_web::test]
async fn promise_57_a_thousand_unfinished_heads_share_one_budget() {
    let standin = Standin::fresh().await;
    let head = |bytes: usize| [b"GET / HTTP/1.1\r\nHost: x\r\nX: ".as_slice(), &vec![b'a'; bytes]].concat();
    for (bytes, is_of_many) in [(120_000, false), (30_000, true)] {
        let grown = under_storm(&standin, move |_| head(bytes), is_of_many).await;
        assert!(grown <= GROWN_MIB_MAX, "heads of {bytes} bytes: {grown} MiB");
    }
}

#[actix_web::test]
async fn promise_57_a_thousand_unfinished_messages_share_one_budget() {
    let standin = Standin::fresh().await;
    let mut asks = b"GET /websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n"
        .to_vec();
    let before = memory_mib(&standin, "VmRSS");
    let mut clients: Vec<_> = (0..CLIENTS).map(|n| (from(&standin, n), asks.clone())).collect();
    send_all(&mut clients);
    // Two pieces of 60 KiB, and another that does not come to its end: a message has at most 192 KiB.
    asks.clear();
    for first in [0x01, 0x00, 0x00] {
        asks.extend([first, 0xFE, 0xF0, 0x00, 0, 0, 0, 0]);
        asks.extend(vec![b'a'; 0xF000]);
    }
    asks.truncate(3 * 0xF000);
    clients.iter_mut().for_each(|(_, bytes)| bytes.clone_from(&asks));
    send_all(&mut clients);
    assert_eq!(register(&standin, "honest", "H").await.status, 200);
    let grown = memory_mib(&standin, "VmRSS").saturating_sub(before);
    assert!(grown <= GROWN_MIB_MAX, "{grown} MiB");
    drop(clients);
}

/// The framework keeps 7 KiB for a parsed request of 30 bytes, and a copy of an answer until its client has read it.
#[actix_web::test]
async fn promise_57_requests_behind_unread_answers_are_not_read_and_answers_not_copied() {
    let standin = Standin::fresh().await;
    assert_eq!(standin.get("/openapi.json").await.status, 200);
    let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes();
    for (path, count) in [("/openapi.json", 600), ("/healthz", 6_000)] {
        let before = memory_mib(&standin, "VmRSS");
        let asks = ask(path).repeat(count);
        let mut clients: Vec<_> = (0..200).map(|n| (from(&standin, n), asks.clone())).collect();
        send_all(&mut clients);
        let grown = memory_mib(&standin, "VmRSS").saturating_sub(before);
        assert!(grown <= 40, "{path}: {grown} MiB");
        assert_eq!(register(&standin, &format!("honest{count}"), "H").await.status, 200);
    }
    // A client that reads gets an answer to each request, in the order of the requests.
    let asks = [ask("/healthz"), ask("/openapi.json"), ask("/nowhere")].concat().repeat(50);
    let mut client = TcpStream::connect(standin.base().strip_prefix("http://").unwrap()).unwrap();
    let mut writing = client.try_clone().unwrap();
    let asking = thread::spawn(move || {
        writing.write_all(&asks).unwrap();
        writing.shutdown(std::net::Shutdown::Write).unwrap();
    });
    let mut answers = Vec::new();
    client.read_to_end(&mut answers).unwrap();
    asking.join().unwrap();
    let text = String::from_utf8_lossy(&answers);
    let statuses: Vec<_> = text.match_indices("HTTP/1.1 ").filter_map(|(at, _)| text.get(at + 9..at + 12)).collect();
    assert_eq!(statuses, ["200", "200", "404"].repeat(50));
}

/// After how long the server has read 1.2 MB on a busy machine.
const READ_AFTER: Duration = Duration::from_secs(1);

#[actix_web::test]
async fn promise_57_the_slowest_requests_end_with_the_error_of_their_dialect() {
    let standin = Standin::with(&[WITH_SDK_APP_ID, ("STANDIN_READ_BUDGET_BYTES", "1MiB")]).await;
    let token = standin.back_end_token().await;
    let sig = user_sig("administrator");
    let v4 = format!(
        "/v4/im_open_login_svc/account_import?sdkappid={SDK_APP_ID}&identifier=administrator&usersig={sig}&random=9&contenttype=json"
    );
    let json = "Content-Type: application/json\r\n";
    let qiscus = format!("{json}QISCUS-SDK-APP-ID: {APP_ID}\r\nQISCUS-SDK-SECRET: {SECRET}\r\n");
    let doors = [
        ("/api/v2.1/rest/login_or_register", qiscus, "HTTP/1.1 503 ", "\"error\":"),
        ("/api/v1/users/createUser", format!("{json}Authorization: {token}\r\n"), "HTTP/1.1 503 ", "\"status\":503"),
        (v4.as_str(), json.to_owned(), "HTTP/1.1 200 ", "\"ActionStatus\":\"FAIL\""),
    ];
    for (n, (path, headers, status, words)) in doors.into_iter().enumerate() {
        let mut stalled: Vec<TcpStream> = (0..2)
            .map(|_| {
                let mut socket = connect(&standin);
                socket.write_all(&begun(path, &headers)[..600_000]).unwrap();
                socket
            })
            .collect();
        // The server must have read what was sent, or the third request is the slowest for a moment.
        actix_web::rt::time::sleep(READ_AFTER).await;
        // Both do not fit; neither do they with a third, which is honest and comes to its end.
        let body = json!({ "user_id": format!("big{n}"), "username": "B", "x": "a".repeat(500_000) });
        let answer = standin.login_or_register(body).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        let reported: Vec<Heard> =
            stalled.iter_mut().map(|socket| hear_within(socket, Duration::from_secs(3))).collect();
        let reported = reported
            .iter()
            .filter(|received| received.text.starts_with(status) && received.text.contains(words))
            .count();
        assert!(reported >= 1, "{path}: {reported} of the stalled requests got an error");
    }
}

/// What comes until the server is silent for so long, from the first moment on.
fn hear_within(socket: &mut TcpStream, silence: Duration) -> Heard {
    socket.set_read_timeout(Some(silence)).unwrap();
    let mut chunk = [0; 16 * 1024];
    let read = socket.read(&mut chunk).unwrap_or(0);
    Heard { text: String::from_utf8_lossy(&chunk[..read]).into_owned(), is_closed: false }
}

/// A request whose head has so many bytes.
fn of_head_bytes(bytes: usize) -> Vec<u8> {
    let (first, last) = ("GET /nowhere HTTP/1.1\r\nHost: x\r\nX: ", "\r\n\r\n");
    let filled = "a".repeat(bytes - first.len() - last.len());
    format!("{first}{filled}{last}").into_bytes()
}

#[actix_web::test]
async fn promise_57_a_head_has_at_most_32_kib_and_a_larger_one_gets_431_with_a_text() {
    let standin = Standin::fresh().await;
    let cases = [(HEAD_BYTES_MAX - 1, 404), (HEAD_BYTES_MAX, 404), (HEAD_BYTES_MAX + 1, 431), (120_000, 431)];
    for (bytes, status) in cases {
        let received = raw(&standin, &of_head_bytes(bytes), Duration::from_millis(300));
        assert_eq!(received.statuses(), [status], "{bytes}: {received:?}");
        assert_eq!(received.is_closed, status == 431, "{bytes}: {received:?}");
        assert_eq!(received.text.contains("send at most 32768 bytes"), status == 431, "{bytes}: {received:?}");
    }
    // The second one of a connection, when the first is answered.
    let mut socket = connect(&standin);
    for (bytes, status) in cases {
        socket.write_all(&of_head_bytes(bytes)).unwrap();
        assert_eq!(hear(&mut socket, Duration::from_millis(300)).statuses(), [status], "{bytes}");
        if status == 431 {
            break;
        }
    }
    // Behind one that is not answered, in its turn.
    let both = [of_head_bytes(200), of_head_bytes(HEAD_BYTES_MAX + 1)].concat();
    let received = raw(&standin, &both, WAIT);
    assert!(matches!(received.statuses()[..], [404, 400 | 431] | [400 | 431]) && received.is_closed, "{received:?}");
}

#[actix_web::test]
async fn promise_57_the_control_socket_has_the_same_bounds() {
    let standin = Standin::fresh().await;
    let mut socket = UnixStream::connect(standin.data().join("standin.sock")).unwrap();
    socket.set_read_timeout(Some(WAIT)).unwrap();
    let _ = socket.write_all(&of_head_bytes(120_000));
    let mut received = String::new();
    socket.read_to_string(&mut received).unwrap();
    assert!(received.starts_with("HTTP/1.1 431 "), "{received}");
    let stalled: Vec<UnixStream> =
        (0..20).map(|_| UnixStream::connect(standin.data().join("standin.sock")).unwrap()).collect();
    assert!(standin.command(&["app", "list"]).contains(APP_ID), "twenty that say nothing are in nobody's way");
    drop(stalled);
}

#[actix_web::test]
async fn promise_57_unauthenticated_calls_may_send_small_bodies_and_store_no_file() {
    let standin = Standin::fresh().await;
    let filled = |fields: Value, bytes: usize| {
        let mut fields = fields;
        fields["filler"] = "".into();
        let rest = bytes - fields.to_string().len();
        fields["filler"] = "a".repeat(rest).into();
        fields.to_string()
    };
    let login = json!({ "username": "administrator", "password": ACCOUNT_PASSWORD });
    let trial = json!({ "userIdentifier": "", "deviceType": "web", "licenseKey": "LICENSEKEY0123456789abcd" });
    for (path, fields, bytes_max) in
        [("/api/v1/login", login, 32 * 1024), ("/api/v1/sandbox/register", trial, 224 * 1024)]
    {
        for (bytes, status) in [(bytes_max - 1, 200), (bytes_max, 200), (bytes_max + 1, 413)] {
            let mut fields = fields.clone();
            if path.ends_with("register") {
                fields["userIdentifier"] = format!("{bytes}").into();
            }
            let call = standin.call(Method::POST, path).header("Content-Type", "application/json");
            let answer = send(call.body(filled(fields, bytes))).await;
            assert_eq!(answer.json()["status"], status, "{path} {bytes}: {answer:?}");
        }
    }
    let part = reqwest::multipart::Part::bytes(vec![0; 1_500_000]).file_name("x");
    let form = reqwest::multipart::Form::new().part("file", part).text("username", "administrator");
    let form = form.text("password", ACCOUNT_PASSWORD);
    let answer = send(standin.call(Method::POST, "/api/v1/login").multipart(form)).await;
    assert_eq!(answer.json()["status"], 200, "an unused file is removed: {answer:?}");
}
