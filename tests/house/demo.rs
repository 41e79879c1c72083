//! The demo: documented credentials, sample people, this machine alone.

use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::standin::{Standin, send, standin};

/// The credentials that the vendor's page prints, the second header spelt as its GET samples spell it.
fn sample(server: &Standin, method: Method, call: &str) -> RequestBuilder {
    server
        .call(method, &format!("/api/v2.1/rest/{call}"))
        .header("QISCUS-SDK-APP-ID", "sdksample")
        .header("QISCUS_SDK_SECRET", "2820ae9dfc5362f7f3a10381fb89afc7")
}

async fn results(call: RequestBuilder) -> Value {
    let answer = send(call).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["results"].clone()
}

#[actix_web::test]
async fn the_samples_of_the_qiscus_page_run_as_they_are_printed() {
    let server = Standin::demo().await;
    let body = json!({
        "user_id": "guest99@qiscus.com", "password": "password", "username": "QISCUS demo user",
        "avatar_url": "https://image.url/image.jpeg"
    });
    let user = results(sample(&server, Method::POST, "login_or_register").json(&body)).await["user"].clone();
    assert_eq!(user["avatar_url"], "https://image.url/image.jpeg");
    let user = results(sample(&server, Method::GET, "user_profile?user_id=guest@qiscus.com")).await["user"].clone();
    assert_eq!(user["username"], "Qiscus Demo");
    let reset = sample(&server, Method::POST, "reset_user_token").json(&json!({ "user_id": "guest2@qiscus.com" }));
    assert!(results(reset).await["token"].is_string());
    let list = results(sample(&server, Method::GET, "get_user_list?page=1&limit=2")).await;
    assert_eq!((&list["meta"]["total_data"], list["users"].as_array().unwrap().len()), (&json!(5), 2));
}

#[actix_web::test]
async fn every_sample_user_has_a_picture() {
    let server = Standin::demo().await;
    let list = results(sample(&server, Method::GET, "get_user_list")).await;
    for user in list["users"].as_array().unwrap() {
        let address = user["avatar_url"].as_str().unwrap();
        let picture = server.get(address.strip_prefix(server.base()).unwrap()).await;
        assert_eq!((picture.status, picture.header("content-type")), (200, Some("image/jpeg")), "{user}");
    }
}

#[actix_web::test]
async fn a_second_start_adds_no_user_twice() {
    let mut server = Standin::demo().await;
    assert_eq!(server.terminate(), Some(0));
    server.restart();
    assert_eq!(results(sample(&server, Method::GET, "get_user_list")).await["meta"]["total_data"], 5);
}

#[actix_web::test]
async fn it_answers_this_machine_alone() {
    let server = Standin::demo().await;
    let call = || sample(&server, Method::GET, "get_user_list");
    for host in ["localhost:8080", "127.0.0.1", "[::1]:9", "standin.localhost"] {
        assert_eq!(send(call().header("Host", host)).await.status, 200, "{host}");
    }
    for host in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "192.0.2.7", "x@evil.example"] {
        assert_eq!(send(call().header("Host", host)).await.status, 403, "{host}");
    }
    // The vendor's own names, which this machine may map to itself for an SDK that knows no other address.
    for host in ["1400000001w4c.my-imcloud.com", "wss.im.qcloud.com:443", "wss.tim.qq.com", "console.tim.qq.com"] {
        assert_eq!(send(call().header("Host", host)).await.status, 200, "issue 14, number 8: {host}");
        let from_elsewhere = call().header("Host", host).header("Origin", "https://evil.example");
        assert_eq!(send(from_elsewhere).await.status, 403, "{host}");
    }
    for host in ["my-imcloud.com.evil.example", "evilmy-imcloud.com", "my-imcloud.com", "x@my-imcloud.com"] {
        assert_eq!(send(call().header("Host", host)).await.status, 403, "{host}");
    }
    for (origin, status) in
        [("http://localhost:3000", 200), ("https://127.0.0.1", 200), ("https://evil.example", 403), ("null", 403)]
    {
        assert_eq!(send(call().header("Origin", origin)).await.status, status, "{origin}");
    }
}

#[actix_web::test]
async fn the_operators_commands_show_its_settings_and_all_its_secrets() {
    let mut server = Standin::demo().await;
    let shown = server.command(&["app", "show", "--secrets"]);
    assert!(shown.ends_with("\naccount password: standin-demo\n"), "{shown}");
    server.terminate();
    let shown = server.command(&["app", "show", "--secrets"]);
    assert!(
        shown.ends_with("\nThe account password of a demo's app is standin-demo, unless another was set.\n"),
        "{shown}"
    );
    let settings = server.command(&["config", "show"]);
    assert!(settings.contains(&format!("{}\n", server.data().display())), "{settings}");
}

#[actix_web::test]
async fn it_opens_no_folder_that_a_demo_did_not_make() {
    let mut server = Standin::fresh().await;
    server.terminate();
    let demo = standin(&server.data()).args(["serve", "--demo", "--listen", "127.0.0.1:0"]).output().unwrap();
    let said = String::from_utf8(demo.stderr).unwrap();
    assert_eq!(demo.status.code(), Some(3), "{said}");
    assert!(said.contains("was not made by a demo"), "{said}");
}

#[actix_web::test]
async fn it_listens_on_loopback_alone() {
    let folder = tempfile::tempdir().unwrap();
    let demo =
        standin(&folder.path().join("data")).args(["serve", "--demo", "--listen", "0.0.0.0:0"]).output().unwrap();
    assert_eq!(demo.status.code(), Some(2), "{demo:?}");
}

#[actix_web::test]
async fn a_demo_has_some_dozen_users_with_pictures_contacts_and_custom_fields() {
    let server = Standin::demo().await;
    let begun = Instant::now();
    let list = loop {
        let list = results(sample(&server, Method::GET, "get_user_list?limit=100")).await;
        if list["users"].as_array().unwrap().len() == 41 {
            break list;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "still {}", list["users"].as_array().unwrap().len());
        actix_web::rt::time::sleep(Duration::from_millis(20)).await;
    };
    for user in list["users"].as_array().unwrap() {
        assert!(user["avatar_url"].as_str().unwrap().contains("/pictures/upload/"), "{user}");
    }
    let last = sample(&server, Method::GET, "user_profile?user_id=somchai.dee");
    assert_eq!(results(last).await["user"]["username"], "สมชาย ดี");

    let signed_in = send(server.call(Method::POST, "/standin/v1/session/demo").header("Origin", server.base())).await;
    let cookie = signed_in.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let native = async |path: &str| {
        let call = server.call(Method::GET, &format!("/standin/v1/apps/sdksample/users{path}"));
        send(call.header("Cookie", &cookie)).await.json()
    };
    let designers = native("?field=Team&value=Design").await;
    assert_eq!(designers["users"].as_array().unwrap().len(), 4, "{designers}");
    let contacts = native("/jia.wang/contacts").await;
    assert_eq!(contacts["total"], 6, "three before and three behind: {contacts}");
}
