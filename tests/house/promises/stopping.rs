//! Promise 12: an order to stop cuts nobody off.

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
    async fn begun(house: &Standin, back_end: &str, id: &str) -> Self {
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
        let mut stream = TcpStream::connect(house.base().strip_prefix("http://").unwrap()).await.unwrap();
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

/// Until nobody new is let in: from then on the stop is under way.
async fn is_stopping(house: &Standin) {
    let address = house.base().strip_prefix("http://").unwrap();
    let begun = Instant::now();
    while TcpStream::connect(address).await.is_ok() {
        assert!(begun.elapsed() < STOPPED_WITHIN, "it lets in who comes after the order to stop");
        actix_web::rt::time::sleep(Duration::from_millis(20)).await;
    }
}

#[actix_web::test]
async fn promise_12_sigterm_answers_uploads_in_flight_and_closes_sockets_properly() {
    let mut house = Standin::with(&[WITH_SDK_APP_ID]).await;
    let back_end = house.back_end_token().await;
    let person = mirrorfly_socket::person(&house, "mia").await;
    let mut mirrorfly = mirrorfly_socket::Socket::bound(&house, &person).await;
    send(house.qiscus(reqwest::Method::POST, "login_or_register").json(&serde_json::json!({ "user_id": "tia" }))).await;
    let (mut tencent, _) = tencent_socket::Socket::of(&house, "tia").await;
    let uploads = [Upload::begun(&house, &back_end, "ada").await, Upload::begun(&house, &back_end, "bob").await];
    let begun = Instant::now();
    house.tell_to_stop();
    is_stopping(&house).await;
    assert!(mirrorfly.closes().await.is_some(), "a close frame with a code");
    assert!(tencent.closes().await.is_some(), "a close frame with a code");
    for upload in uploads {
        let answer = upload.end().await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("/api/v1/media/"), "{answer}");
    }
    assert_eq!(house.ended(), Some(0));
    assert!(begun.elapsed() < STOPPED_WITHIN, "{:?}", begun.elapsed());
    house.restart();
    for id in ["ada", "bob"] {
        assert_eq!(house.user_profile(id).await.status, 200, "{id} was acknowledged");
    }
}

#[actix_web::test]
async fn promise_12_who_never_ends_does_not_hold_the_stop() {
    let mut house = Standin::fresh().await;
    let back_end = house.back_end_token().await;
    let stalled = Upload::begun(&house, &back_end, "ada").await;
    let begun = Instant::now();
    house.tell_to_stop();
    let ended = actix_web::rt::task::spawn_blocking(move || (house.ended(), house)).await.unwrap();
    assert!(begun.elapsed() < STOPPED_WITHIN, "{:?}", begun.elapsed());
    assert_eq!(ended.0, Some(0));
    drop(stalled);
    let users = standin(&ended.1.data()).args(["user", "list"]).output().unwrap();
    assert!(users.status.success());
    assert_eq!(ended.1.incoming_on_disk(), Vec::<String>::new());
}
