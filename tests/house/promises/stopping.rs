//! Promise 12: a stop interrupts no request.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::super::standin::LICENSE_KEY;
use super::{Standin, mirrorfly_socket, photo, send, standin, tencent_socket, user_sig::WITH_SDK_APP_ID};

/// The promise's own bound.
const STOPPED_WITHIN: Duration = Duration::from_secs(30);

/// An upload whose server waits for the rest of its body.
struct Upload {
    stream: TcpStream,
    rest: Vec<u8>,
}

impl Upload {
    async fn begun(server: &Standin, back_end: &str, id: &str) -> Self {
        let mut body = Vec::new();
        for (name, value) in [("deviceType", "web"), ("licenseKey", LICENSE_KEY), ("userIdentifier", id)] {
            let part = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend(part.into_bytes());
        }
        body.extend(b"--b\r\nContent-Disposition: form-data; name=\"profileFile\"; filename=\"a.jpg\"\r\n\r\n");
        body.extend(photo::jpeg(640, 480));
        body.extend(b"\r\n--b--\r\n");
        let rest = body.split_off(body.len() / 2);
        let head = format!(
            "POST /api/v1/users/createUser HTTP/1.1\r\nHost: x\r\nAuthorization: {back_end}\r\nExpect: 100-continue\r\n\
             Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n\r\n",
            body.len() + rest.len()
        );
        let mut stream = TcpStream::connect(server.base().strip_prefix("http://").unwrap()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut continued = [0; 25];
        stream.read_exact(&mut continued).await.unwrap();
        assert_eq!(&continued, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(&body).await.unwrap();
        Self { stream, rest }
    }

    async fn end(mut self) -> String {
        self.stream.write_all(&self.rest).await.unwrap();
        let mut answer = Vec::new();
        self.stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    }
}

/// Until new connections are refused: then the stop is in progress.
async fn is_stopping(server: &Standin) {
    let address = server.base().strip_prefix("http://").unwrap();
    let begun = Instant::now();
    while TcpStream::connect(address).await.is_ok() {
        assert!(begun.elapsed() < STOPPED_WITHIN, "it accepts a connection after the order to stop");
        actix_web::rt::time::sleep(Duration::from_millis(20)).await;
    }
}

#[actix_web::test]
async fn promise_12_sigterm_answers_uploads_in_flight_and_closes_sockets_properly() {
    let mut server = Standin::with(&[WITH_SDK_APP_ID]).await;
    let back_end = server.back_end_token().await;
    let person = mirrorfly_socket::person(&server, "mia").await;
    let mut mirrorfly = mirrorfly_socket::Socket::bound(&server, &person).await;
    send(server.qiscus(reqwest::Method::POST, "login_or_register").json(&serde_json::json!({ "user_id": "tia" })))
        .await;
    let (mut tencent, _) = tencent_socket::Socket::of(&server, "tia").await;
    let uploads = [Upload::begun(&server, &back_end, "ada").await, Upload::begun(&server, &back_end, "bob").await];
    let begun = Instant::now();
    server.tell_to_stop();
    is_stopping(&server).await;
    assert!(mirrorfly.closes().await.is_some(), "a close frame with a code");
    assert!(tencent.closes().await.is_some(), "a close frame with a code");
    for upload in uploads {
        let answer = upload.end().await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("/api/v1/media/"), "{answer}");
    }
    assert_eq!(server.ended(), Some(0));
    assert!(begun.elapsed() < STOPPED_WITHIN, "{:?}", begun.elapsed());
    server.restart();
    for id in ["ada", "bob"] {
        assert_eq!(server.user_profile(id).await.status, 200, "{id} was acknowledged");
    }
}

#[actix_web::test]
async fn promise_12_an_endless_request_does_not_delay_the_stop() {
    let mut server = Standin::fresh().await;
    let back_end = server.back_end_token().await;
    let stalled = Upload::begun(&server, &back_end, "ada").await;
    let begun = Instant::now();
    server.tell_to_stop();
    let ended = actix_web::rt::task::spawn_blocking(move || (server.ended(), server)).await.unwrap();
    assert!(begun.elapsed() < STOPPED_WITHIN, "{:?}", begun.elapsed());
    assert_eq!(ended.0, Some(0));
    drop(stalled);
    let users = standin(&ended.1.data()).args(["user", "list"]).output().unwrap();
    assert!(users.status.success());
    assert_eq!(ended.1.incoming_on_disk(), Vec::<String>::new());
}
