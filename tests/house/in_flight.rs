//! Calls of users whose bodies are still on their way when the user is deleted, replaced or suspended: the token was good when the call
//! began, and what it writes is refused all the same.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{
    mirrorfly_rest::data,
    photo,
    standin::{APP_ID, Answer, Standin, send},
};

/// A call whose head has been answered by "100 Continue": the server has begun to serve it.
struct InFlight {
    connection: TcpStream,
    body: Vec<u8>,
}

impl InFlight {
    async fn begin(server: &Standin, call: &Call, token: &str, ticket: &str) -> Self {
        let address = server.base().strip_prefix("http://").unwrap();
        let mut connection = TcpStream::connect(address).await.unwrap();
        let credentials = match call.path.starts_with("/api/v2/sdk/") {
            true => format!("QISCUS-SDK-APP-ID: {APP_ID}\r\nQISCUS-SDK-TOKEN: {token}"),
            false => format!("Authorization: {ticket}"),
        };
        let Call { method, path, content_type, body, .. } = call;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n{credentials}\r\n\
             Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut received = Vec::new();
        while !received.ends_with(b"\r\n\r\n") {
            received.push(connection.read_u8().await.unwrap());
        }
        assert!(received.starts_with(b"HTTP/1.1 100 "), "{}", String::from_utf8_lossy(&received));
        Self { connection, body: body.clone() }
    }

    /// Sends the body, and takes the answer: the status of HTTP, and the body.
    async fn finish(mut self) -> (u16, Value) {
        self.connection.write_all(&self.body).await.unwrap();
        let mut answer = String::new();
        self.connection.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
    }
}

struct Call {
    method: &'static str,
    path: &'static str,
    content_type: &'static str,
    body: Vec<u8>,
}

const FORM: &str = "application/x-www-form-urlencoded";

fn with_picture() -> (&'static str, Vec<u8>) {
    let mut body = b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n\r\n".to_vec();
    body.extend(photo::jpeg(64, 64));
    body.extend(b"\r\n--x--\r\n");
    ("multipart/form-data; boundary=x", body)
}

/// Every call by which a user's own client writes, with a body that would change something.
fn calls() -> Vec<Call> {
    let form = |method, path, body: &str| Call { method, path, content_type: FORM, body: body.into() };
    let json = |method, path, body: Value| Call {
        method,
        path,
        content_type: "application/json",
        body: body.to_string().into_bytes(),
    };
    let upload = |path| {
        let (content_type, body) = with_picture();
        Call { method: "POST", path, content_type, body }
    };
    let contact = json!({ "mobileNumber": "bob", "name": "Bobby" });
    let book =
        json!({ "addContacts": [contact], "deleteContacts": [], "contactPermission": true, "forceDelete": true });
    let licence = super::standin::LICENSE_KEY;
    vec![
        form("PATCH", "/api/v2/sdk/my_profile", "name=Old&avatar_url=&extras="),
        form("POST", "/api/v2/sdk/set_user_device_token", "device_token=old&device_platform=android"),
        form("POST", "/api/v2/sdk/remove_user_device_token", "device_token=new&device_platform=android"),
        form("POST", "/api/v2/sdk/block_user", "user_email=bob"),
        form("POST", "/api/v2/sdk/unblock_user", "user_email=bob"),
        upload("/api/v2/sdk/upload"),
        json("PUT", "/api/v1/users/updateMetaData", json!({ "whose": "old" })),
        form("POST", "/api/v1/users/block", "userId=bob"),
        form("POST", "/api/v1/users/unblock", "userId=bob"),
        json("POST", "/api/v1/contacts/syncContactsNew", book),
        json("POST", "/api/v1/contacts/sandbox/syncContacts", json!({ "username": "bob", "licenseKey": licence })),
        upload("/api/v1/media/"),
        form("POST", "/api/v1/users/deleteMyAccount", "reason=I+leave"),
    ]
}

/// A server with two users, and what proves one of them.
struct RunningServer {
    server: Standin,
    back_end: String,
    token: String,
    ticket: String,
}

impl RunningServer {
    async fn fresh() -> Self {
        let server = Standin::fresh().await;
        let back_end = server.back_end_token().await;
        server.create_user(&back_end, &[("userIdentifier", "bob")]).await;
        let (token, ticket) = Self::enter(&server, &back_end).await;
        Self { server, back_end, token, ticket }
    }

    /// Makes ann, or takes the one there is: its Qiscus token, and its MirrorFly ticket.
    async fn enter(server: &Standin, back_end: &str) -> (String, String) {
        let made = data(&server.create_user(back_end, &[("userIdentifier", "ann")]).await);
        let token = send(server.qiscus(Method::GET, "get_user_token").query(&[("user_id", "ann")])).await.json();
        (token["results"]["token"].as_str().unwrap().to_owned(), made["token"].as_str().unwrap().to_owned())
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        let call = self.server.call(Method::POST, &format!("/api/v1/{path}")).header("Authorization", &self.back_end);
        send(call.json(&body)).await
    }

    /// Everything of ann that one can see from outside.
    async fn seen(&self) -> Value {
        let call = |path: &str| {
            self.server.call(Method::GET, &format!("/api/v1/{path}")).header("Authorization", &self.ticket)
        };
        let by_back_end = self.server.call(Method::GET, "/api/v1/users/ann").header("Authorization", &self.back_end);
        let blocked = self.server.call(Method::GET, "/api/v2/sdk/get_blocked_users");
        let blocked = blocked.header("QISCUS-SDK-APP-ID", APP_ID).header("QISCUS-SDK-TOKEN", &self.token);
        json!([
            send(by_back_end).await.json(),
            send(call("users/getMetaData")).await.json(),
            send(call("contacts/contactsList")).await.json(),
            send(blocked).await.json(),
            self.server.user_profile("ann").await.json(),
            self.server.pictures_on_disk().len(),
        ])
    }
}

#[actix_web::test]
async fn promise_60_a_call_in_flight_when_its_user_is_replaced_changes_nothing_and_gets_an_invalid_token_error() {
    let mut server = RunningServer::fresh().await;
    for call in calls() {
        let in_flight = InFlight::begin(&server.server, &call, &server.token, &server.ticket).await;
        let deleted = server.post("users/deleteUserAccount", json!({ "userId": "ann", "reason": "gone" })).await;
        assert_eq!(deleted.json()["status"], 200, "{deleted:?}");
        (server.token, server.ticket) = RunningServer::enter(&server.server, &server.back_end).await;
        let before = server.seen().await;
        let (status, said) = in_flight.finish().await;
        let is_reported = match call.path.starts_with("/api/v2/sdk/") {
            true => status == 403 && said["error"]["code"] == 401_301,
            false => status == 401 && said == json!({ "status": 401, "message": "Token Expired" }),
        };
        assert!(is_reported, "{} {}: {status} {said}", call.method, call.path);
        assert_eq!(server.seen().await, before, "{} {}", call.method, call.path);
    }
}

#[actix_web::test]
async fn a_call_in_flight_when_its_dialect_is_switched_off_changes_nothing_and_gets_that_error() {
    let server = RunningServer::fresh().await;
    let before = server.seen().await;
    let dialects = |on: &str| server.server.command(&["app", "set", "--app", APP_ID, "--dialects", on]);
    for call in calls() {
        let in_flight = InFlight::begin(&server.server, &call, &server.token, &server.ticket).await;
        dialects("tencent");
        let (status, said) = in_flight.finish().await;
        let is_reported = match call.path.starts_with("/api/v2/sdk/") {
            true => status == 403 && said["error"]["message"] == "This app does not serve Qiscus calls",
            false => said == json!({ "status": 403, "message": "This app does not serve MirrorFly calls" }),
        };
        assert!(is_reported, "{} {}: {status} {said}", call.method, call.path);
        dialects("qiscus,mirrorfly,tencent");
        assert_eq!(server.seen().await, before, "{} {}", call.method, call.path);
    }
}

#[actix_web::test]
async fn promise_60_a_call_in_flight_when_its_user_is_suspended_changes_nothing_and_gets_that_error() {
    let mut server = RunningServer::fresh().await;
    for call in calls() {
        let before = server.seen().await;
        let in_flight = InFlight::begin(&server.server, &call, &server.token, &server.ticket).await;
        let moderate = |suspend: bool| json!({ "blockStatus": suspend, "id": ["ann"], "type": "user" });
        assert_eq!(server.post("moderation/block", moderate(true)).await.json()["status"], 200);
        let (status, said) = in_flight.finish().await;
        let is_reported = match call.path.starts_with("/api/v2/sdk/") {
            true => status == 403 && said["error"]["code"] == 401_300,
            // The suspension ended its token; each call has the vendor's own HTTP status.
            false => matches!(said["status"].as_u64(), Some(401 | 403)),
        };
        assert!(is_reported, "{} {}: {status} {said}", call.method, call.path);
        assert_eq!(server.post("moderation/block", moderate(false)).await.json()["status"], 200);
        (server.token, server.ticket) = RunningServer::enter(&server.server, &server.back_end).await;
        assert_eq!(server.seen().await, before, "{} {}", call.method, call.path);
    }
}
