//! A password that a back end sets: everything issued to a client that registered the id first becomes invalid for every vendor.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    mirrorfly_socket,
    standin::{APP_ID, Answer, LICENSE_KEY, Standin, send},
    tencent_rest, tencent_socket,
    user_sig::WITH_SDK_APP_ID,
};

/// Everything issued for an id to the client that registered it first, for every vendor.
struct Issued {
    qiscus_token: String,
    refresh_token: Option<String>,
    issued_password: String,
    ticket: String,
    mirrorfly: mirrorfly_socket::Socket,
    tencent: tencent_socket::Socket,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

async fn sdk_login(server: &Standin, id: &str, key: &str) -> Answer {
    let call = server.call(Method::POST, "/api/v2/sdk/login_or_register").header("QISCUS-SDK-APP-ID", APP_ID);
    send(call.form(&[("email", id), ("password", key)])).await
}

impl Issued {
    /// Registers with public keys only, and signs in through every vendor.
    async fn to_stranger(server: &Standin, id: &str) -> Self {
        let body = json!({ "deviceType": "web", "licenseKey": LICENSE_KEY, "userIdentifier": id });
        let made = send(server.call(Method::POST, "/api/v1/sandbox/register").json(&body)).await.json();
        let (password, ticket) = (text(&made["password"]), text(&made["token"]));
        let qiscus = sdk_login(server, id, &password).await.json()["results"]["user"].clone();
        let mut mirrorfly = mirrorfly_socket::Socket::opened(server).await;
        mirrorfly.say(&mirrorfly_socket::auth(id, &password)).await;
        assert!(mirrorfly.hear().await.starts_with("<success"));
        let (tencent, _) = tencent_socket::Socket::of(server, id).await;
        Self {
            qiscus_token: text(&qiscus["token"]),
            refresh_token: qiscus["refresh_token"].as_str().filter(|token| !token.is_empty()).map(str::to_owned),
            issued_password: password,
            ticket,
            mirrorfly,
            tencent,
        }
    }

    /// Of token, refresh token, ticket and issued password, those that open something.
    async fn good(&self, server: &Standin, id: &str) -> Vec<&'static str> {
        let sdk = |method, path: &str| {
            let call = server.call(method, &format!("/api/v2/sdk/{path}")).header("QISCUS-SDK-APP-ID", APP_ID);
            call.header("QISCUS-SDK-TOKEN", &self.qiscus_token)
        };
        let mut good = Vec::new();
        if send(sdk(Method::GET, "my_profile")).await.status == 200 {
            good.push("token");
        }
        let ticket = server.call(Method::GET, "/api/v1/contacts/contactsList").header("Authorization", &self.ticket);
        if send(ticket).await.status == 200 {
            good.push("ticket");
        }
        if server.sign_in(id, &self.issued_password).await.json()["status"] == 200 {
            good.push("issued password");
        }
        if let Some(refresh_token) = &self.refresh_token {
            let form = [("user_id", id), ("refresh_token", refresh_token.as_str())];
            if send(sdk(Method::POST, "refresh_user_token").form(&form)).await.status == 200 {
                good.push("refresh token");
            }
        }
        good
    }
}

/// The calls of back ends and operators that set a password.
const DOORS: [&str; 4] = ["v2.1", "v2.0", "our own API", "the command line"];

async fn set_password(server: &Standin, door: &str, id: &str, password: &str) {
    match door {
        "v2.1" => {
            let body = json!({ "user_id": id, "username": id, "password": password });
            assert_eq!(server.login_or_register(body).await.status, 200);
        }
        "v2.0" => {
            let token = text(&v20(server, id, password).await["token"]);
            let shown = send(server.qiscus(Method::GET, "get_user_token").query(&[("user_id", id)])).await;
            assert_eq!(shown.json()["results"]["token"], token, "the token handed out is the new one");
        }
        "our own API" => {
            let page = crate::admin::Page::signed_in(server).await;
            let call = page.call(server, Method::PATCH, &format!("/apps/{APP_ID}/users/{id}"));
            assert_eq!(send(call.json(&json!({ "password": password }))).await.status, 200);
        }
        "the command line" => {
            let file = server.data().join("password");
            std::fs::write(&file, password).unwrap();
            server.command(&["user", "set", id, "--password-file", file.to_str().unwrap()]);
        }
        other => panic!("no such endpoint: {other}"),
    }
}

async fn v20(server: &Standin, id: &str, password: &str) -> Value {
    let call = server.call(Method::POST, "/api/v2/rest/login_or_register");
    let call = call.header("QISCUS-SDK-APP-ID", APP_ID).header("QISCUS-SDK-SECRET", crate::standin::SECRET);
    let answer = send(call.json(&json!({ "email": id, "username": id, "password": password }))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["results"]["user"].clone()
}

async fn server() -> Standin {
    Standin::with(&[WITH_SDK_APP_ID, ("STANDIN_ADMIN_PASSWORD", "correct horse")]).await
}

#[actix_web::test]
async fn promise_59_a_password_set_by_a_back_end_ends_everything_issued_to_a_client_by_every_vendor() {
    let server = server().await;
    for lifetime in ["0", "3600"] {
        if lifetime != "0" {
            server.command(&["app", "set", "--token-lifetime", lifetime]);
        }
        for (n, door) in DOORS.into_iter().enumerate() {
            let id = format!("ada-{lifetime}-{n}");
            let mut stranger = Issued::to_stranger(&server, &id).await;
            let held = stranger.good(&server, &id).await;
            assert!(held.contains(&"token") && held.contains(&"ticket"), "{held:?}");
            set_password(&server, door, &id, "the back end's own").await;
            assert_eq!(stranger.good(&server, &id).await, [""; 0], "{door}, {lifetime}");
            stranger.mirrorfly.closes().await;
            stranger.tencent.closes().await;
            assert_eq!(sdk_login(&server, &id, "the back end's own").await.status, 200);
        }
    }
}

#[actix_web::test]
async fn promise_59_a_password_that_differs_from_the_clients_ends_its_sessions_and_the_same_one_ends_nothing() {
    let server = server().await;
    for (n, door) in DOORS.into_iter().enumerate() {
        let id = format!("ada-{n}");
        let token = text(&sdk_login(&server, &id, "chosen").await.json()["results"]["user"]["token"]);
        let mut socket = mirrorfly_socket::Socket::opened(&server).await;
        socket.say(&mirrorfly_socket::auth(&id, "chosen")).await;
        assert!(socket.hear().await.starts_with("<success"));
        let is_good = async || {
            let call = server.call(Method::GET, "/api/v2/sdk/my_profile").header("QISCUS-SDK-APP-ID", APP_ID);
            send(call.header("QISCUS-SDK-TOKEN", &token)).await.status == 200
        };
        set_password(&server, door, &id, "chosen").await;
        assert!(is_good().await, "{door}");
        socket.hears_nothing().await;
        set_password(&server, door, &id, "another").await;
        assert!(!is_good().await, "{door}");
        socket.closes().await;
        assert_eq!(sdk_login(&server, &id, "chosen").await.status, 401);
    }
}

#[actix_web::test]
async fn promise_59_two_hundred_logins_at_once_with_one_password_are_given_one_token() {
    let server = server().await;
    sdk_login(&server, "taken", "a stranger's").await;
    for id in ["free", "taken"] {
        let logins = join_all((0..200).map(|_| v20(&server, id, "the back end's own"))).await;
        let last = text(&logins[0]["token"]);
        assert!(logins.iter().all(|user| user["token"] == last), "{id}");
        let again = v20(&server, id, "the back end's own").await;
        assert_eq!(again["token"], last, "{id}: and that one stays good");
    }
}

#[actix_web::test]
async fn promise_59_passwords_that_differ_and_come_at_once_leave_one_that_opens() {
    let server = Standin::with(&[("STANDIN_TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    let passwords: Vec<String> = (0..40).map(|n| format!("password {n}")).collect();
    join_all(passwords.iter().map(|password| v20(&server, "ada", password))).await;
    let token = send(server.qiscus(Method::GET, "get_user_token").query(&[("user_id", "ada")])).await;
    let token = text(&token.json()["results"]["token"]);
    let mut opened = Vec::new();
    for (n, password) in passwords.iter().enumerate() {
        let call = server.call(Method::POST, "/api/v2/sdk/login_or_register").header("QISCUS-SDK-APP-ID", APP_ID);
        // From an address each, because ten failures of one are too many.
        let call = call.header("X-Forwarded-For", format!("192.0.2.{n}"));
        if send(call.form(&[("email", "ada"), ("password", password)])).await.status == 200 {
            opened.push(password);
        }
    }
    assert_eq!(opened.len(), 1, "{opened:?}");
    let again = v20(&server, "ada", opened[0]).await;
    assert_eq!(again["token"], token);
}

#[actix_web::test]
async fn promise_59_a_back_end_call_without_a_password_keeps_what_a_client_registered() {
    let server = server().await;
    let stranger = Issued::to_stranger(&server, "ada").await;
    let held = stranger.good(&server, "ada").await;
    let token = server.back_end_token().await;
    assert_eq!(server.create_user(&token, &[("userIdentifier", "ada")]).await.status, 200);
    tencent_rest::done(&server, "im_open_login_svc/account_import", json!({ "UserID": "ada" })).await;
    assert_eq!(stranger.good(&server, "ada").await, held);
}
