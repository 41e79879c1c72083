//! Promise 64: a reserve of open files is the server's own; connections and uploads beyond it are refused, and nothing fails or hangs.

use std::{thread, time::Instant};

use super::*;

/// Barely enough for a server: every share of it is reached with a few dozen clients.
const LOW: &str = "ulimit -n 128";

/// One address has half of the connections at the most; a proxy speaks for many.
const BEHIND_PROXY: (&str, &str) = ("STANDIN_TRUSTED_PROXIES", "127.0.0.0/8");

const ASK: &[u8] = b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n";

/// How many connections the server says that it has room for.
fn room(server: &Standin) -> usize {
    let log = server.log();
    let line = log.lines().find(|line| line.ends_with("are for connections")).unwrap_or_else(|| panic!("{log}"));
    line.split_whitespace().rev().nth(3).unwrap().parse().unwrap()
}

fn ask(socket: &mut TcpStream) -> Heard {
    let _ = socket.write_all(ASK);
    hear(socket, Duration::from_millis(100))
}

/// The calls that the fixture makes on a pool of connections of its own would take places here.
fn fill(server: &Standin, count: usize) -> Vec<TcpStream> {
    let mut open = Vec::new();
    for n in 0..count {
        let mut socket = connect(server);
        assert_eq!(ask(&mut socket).statuses(), [404], "connection {n} of {count}");
        open.push(socket);
    }
    open
}

#[actix_web::test]
async fn promise_64_connections_beyond_the_limit_of_open_files_get_an_error_and_a_free_slot_is_reused() {
    let server = Standin::under(LOW, &[BEHIND_PROXY]).await;
    let room = room(&server);
    assert!((16..128).contains(&room), "{room}");
    let mut open = fill(&server, room - 1);
    open.extend(fill(&server, 1));
    for _ in 0..room {
        let mut one_more = connect(&server);
        let received = ask(&mut one_more);
        assert_eq!(received.statuses(), [503], "{received:?}");
        assert!(received.is_closed, "{received:?}");
        assert!(received.text.contains("\r\nRetry-After: 1\r\n"), "{received:?}");
        assert!(received.text.contains("as many connections open as it can"), "{received:?}");
    }
    server.logged("connections are turned away").await;
    assert!(open.iter_mut().all(|socket| ask(socket).statuses() == [404]), "those that are open go on");
    open.pop();
    let begun = Instant::now();
    while ask(&mut connect(&server)).statuses() != [404] {
        assert!(begun.elapsed() < WAIT, "a place that was given back stays taken");
        thread::sleep(Duration::from_millis(20));
    }
}

#[actix_web::test]
async fn promise_64_two_hundred_concurrent_connections_are_served_or_refused_and_none_hangs() {
    let server = Standin::under(LOW, &[BEHIND_PROXY]).await;
    let room = room(&server);
    let clients: Vec<_> = (0..200)
        .map(|_| {
            let mut socket = connect(&server);
            thread::spawn(move || {
                let received = ask(&mut socket);
                (received.statuses(), received.is_closed, socket)
            })
        })
        .collect();
    let (mut served, mut kept) = (0, Vec::new());
    for client in clients {
        let (statuses, is_closed, socket) = client.join().unwrap();
        match statuses[..] {
            [404] => served += 1,
            // Further connections are closed at once, and do not hang either.
            [503] | [] => assert!(is_closed, "{statuses:?}"),
            _ => panic!("{statuses:?}"),
        }
        kept.push(socket);
    }
    assert!((room - 1..=room).contains(&served), "{served} of {room}");
}

#[actix_web::test]
async fn promise_64_one_address_takes_half_of_the_connections_and_the_others_are_served() {
    let server = Standin::under(LOW, &[]).await;
    let room = room(&server);
    let _open = fill(&server, room / 2);
    let one_more = ask(&mut connect(&server));
    assert!(one_more.statuses().is_empty() && one_more.is_closed, "{one_more:?}");
    for n in 1..=4 {
        let mut of_another = budget::from(&server, n);
        of_another.set_nonblocking(false).unwrap();
        assert_eq!(ask(&mut of_another).statuses(), [404], "address {n}");
    }
}

/// The head and the beginning of a createUser call, whose file is on the disk by now and not at its end.
fn begun_upload(token: &str, id: usize) -> Vec<u8> {
    let head = format!(
        "POST /api/v1/users/createUser HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Length: 600000\r\n\
         Content-Type: multipart/form-data; boundary=XX\r\n\r\n--XX\r\nContent-Disposition: form-data; \
         name=\"userIdentifier\"\r\n\r\nu{id}\r\n--XX\r\nContent-Disposition: form-data; name=\"profileFile\"; \
         filename=\"x\"\r\n\r\n"
    );
    [head.as_bytes(), &vec![b'a'; 300_000]].concat()
}

#[actix_web::test]
async fn promise_64_uploads_without_a_free_file_get_503_in_mirrorflys_format_and_never_500() {
    let server = Standin::under(LOW, &[BEHIND_PROXY]).await;
    let token = raw_token(&server);
    let room = room(&server);
    let mut uploads = Vec::new();
    for id in 0..room {
        let mut socket = connect(&server);
        let _ = socket.write_all(&begun_upload(&token, id));
        socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        uploads.push(socket);
    }
    let mut refused = 0;
    for socket in &mut uploads {
        let mut received = [0; 4096];
        let Ok(bytes @ 1..) = socket.read(&mut received) else { continue };
        let text = String::from_utf8_lossy(&received[..bytes]);
        assert!(text.starts_with("HTTP/1.1 503 "), "{text}");
        assert!(text.contains("\"status\":503") && text.contains("busy, try again"), "{text}");
        refused += 1;
    }
    assert!((1..room).contains(&refused), "some wait on the disk, the rest are refused: {refused} of {room}");
    drop(uploads);
    let begun = Instant::now();
    loop {
        let picture = server.create_user_with_picture(&token, "after", "a.jpg", photo::jpeg(64, 48)).await;
        if picture.status == 200 {
            break;
        }
        assert!(begun.elapsed() < WAIT, "files that were given back stay taken: {picture:?}");
        assert_eq!(picture.status, 503, "{picture:?}");
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(server.incoming_on_disk().len(), 0);
}

/// A token of the back-end account, over a connection that is closed.
fn raw_token(server: &Standin) -> String {
    let body = json!({ "username": "administrator", "password": crate::standin::ACCOUNT_PASSWORD }).to_string();
    let call = format!(
        "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let received = raw(server, call.as_bytes(), WAIT);
    let (_, behind) = received.text.split_once("\"token\":\"").unwrap_or_else(|| panic!("{received:?}"));
    behind.split('"').next().unwrap().to_owned()
}

#[actix_web::test]
async fn promise_64_the_servers_own_files_open_while_every_connection_is_taken() {
    let server = Standin::under(LOW, &[BEHIND_PROXY]).await;
    let token = raw_token(&server);
    let room = room(&server);
    let mut open = fill(&server, room);
    // A picture is stored, the database written, and the control socket answers.
    let photo = photo::jpeg(64, 48);
    let form = "--XX\r\nContent-Disposition: form-data; name=\"deviceType\"\r\n\r\nweb\r\n--XX\r\n\
                Content-Disposition: form-data; name=\"licenseKey\"\r\n\r\nLICENSEKEY0123456789abcd\r\n--XX\r\n\
                Content-Disposition: form-data; name=\"userIdentifier\"\r\n\r\nu1\r\n--XX\r\n\
                Content-Disposition: form-data; name=\"profileFile\"; filename=\"x\"\r\n\r\n";
    let body = [form.as_bytes(), &photo, b"\r\n--XX--\r\n"].concat();
    let head = format!(
        "POST /api/v1/users/createUser HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Length: {}\r\n\
         Content-Type: multipart/form-data; boundary=XX\r\n\r\n",
        body.len()
    );
    open[0].write_all(&[head.as_bytes(), &body].concat()).unwrap();
    let received = hear(&mut open[0], Duration::from_millis(100));
    assert_eq!(received.statuses(), [200], "{received:?}");
    assert!(server.command(&["user", "list"]).contains("u1"));
    assert!(!server.log().contains("ERROR"), "{}", server.log());
}
