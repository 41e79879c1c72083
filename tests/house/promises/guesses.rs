//! Guesses and logins that come all at once or from many addresses, and what clients with public keys alone may do in an hour.

use std::{cell::Cell, collections::BTreeMap, time::Duration};

use futures_util::future::{join, join_all};
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use super::passwords::median_of;
use crate::{
    mirrorfly_socket,
    standin::{ACCOUNT_PASSWORD, APP_ID, Answer, LICENSE_KEY, Standin, send},
};

/// Callers at once.
const CALLERS: usize = 200;

/// A server that trusts `X-Forwarded-For` from this machine.
const BEHIND_PROXY: (&str, &str) = ("STANDIN_TRUSTED_PROXIES", "127.0.0.0/8");

fn at(call: RequestBuilder, address: &str) -> RequestBuilder {
    call.header("X-Forwarded-For", address)
}

fn sdk_login(server: &Standin, id: &str, key: &str) -> RequestBuilder {
    let call = server.call(Method::POST, "/api/v2/sdk/login_or_register").header("QISCUS-SDK-APP-ID", APP_ID);
    call.form(&[("email", id), ("password", key)])
}

async fn qiscus(server: &Standin, id: &str, key: &str) -> u64 {
    u64::from(send(sdk_login(server, id, key)).await.status)
}

fn mirrorfly_login(server: &Standin, username: &str, password: &str) -> RequestBuilder {
    server.call(Method::POST, "/api/v1/login").json(&json!({ "username": username, "password": password }))
}

fn status(answer: &Answer) -> u64 {
    answer.json()["status"].as_u64().unwrap()
}

async fn mirrorfly(server: &Standin, id: &str, password: &str) -> u64 {
    status(&send(mirrorfly_login(server, id, password)).await)
}

/// A login on MirrorFly's socket, in the numbers of HTTP.
async fn socket(server: &Standin, id: &str, password: &str) -> u64 {
    let received = mirrorfly_socket::knock(server, id, password).await;
    let words = [("success", 200), ("not-authorized", 401), ("temporary-auth-failure", 429)];
    let known = words.into_iter().find(|(word, _)| received.contains(word));
    known.map_or_else(|| panic!("{received}"), |(_, status)| status)
}

/// How many were answered with each number. Wrong credentials are 400 at MirrorFly's call.
fn counted(statuses: &[u64]) -> BTreeMap<u64, usize> {
    let mut counts = BTreeMap::new();
    for status in statuses {
        *counts.entry(if *status == 400 { 401 } else { *status }).or_default() += 1;
    }
    counts
}

async fn registered(server: &Standin, ids: impl Iterator<Item = String>) {
    let register = async |id: String| {
        let body = json!({ "user_id": id, "username": id, "password": "key" });
        assert_eq!(server.login_or_register(body).await.status, 200);
    };
    join_all(ids.map(register)).await;
}

#[actix_web::test]
async fn promise_56_two_hundred_guesses_at_once_are_tried_as_ten_in_a_row_are_and_climb_one_rung() {
    let server = Standin::fresh().await;
    registered(&server, ["ada".to_owned()].into_iter()).await;
    let guess = async |n: usize| match n % 3 {
        0 => qiscus(&server, "ada", "guess").await,
        1 => mirrorfly(&server, "ada", "guess").await,
        _ => socket(&server, "ada", "guess").await,
    };
    let counts = counted(&join_all((0..CALLERS).map(guess)).await);
    assert_eq!(counts, BTreeMap::from([(401, 10), (429, CALLERS - 10)]), "at all endpoints together");
    let waits = server.sign_in("ada", "key").await;
    let seconds: u64 = waits.header("retry-after").unwrap().parse().unwrap();
    assert!(status(&waits) == 429 && (1..=60).contains(&seconds), "one rung of the ladder: {seconds}");
}

#[actix_web::test]
async fn promise_56_two_hundred_guesses_at_once_at_as_many_users_are_tried_as_sixty_in_a_row_are() {
    let server = Standin::fresh().await;
    let guess = async |n: usize| mirrorfly(&server, &format!("u{n}"), "guess").await;
    let counts = counted(&join_all((0..CALLERS).map(guess)).await);
    assert_eq!(counts, BTreeMap::from([(401, 60), (429, CALLERS - 60)]));
}

#[actix_web::test]
async fn promise_56_guesses_at_once_at_the_console_and_its_setup_code_are_three() {
    let server = Standin::with(&[("STANDIN_ADMIN_PASSWORD", "correct horse")]).await;
    let guess = async |body: serde_json::Value, path: &str| {
        send(server.call(Method::POST, &format!("/standin/v1{path}")).json(&body)).await
    };
    let wrong = || json!({ "name": "admin", "password": "incorrect horse" });
    let tried = async |answers: Vec<Answer>| {
        let waits = answers.iter().filter_map(|answer| answer.header("retry-after")?.parse::<u64>().ok());
        assert!(waits.max() <= Some(60), "one rung");
        let of = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
        (of(401), of(429))
    };
    let answers = join_all((0..100).map(|_| guess(wrong(), "/session"))).await;
    assert_eq!(tried(answers).await, (3, 97));
    let server = Standin::fresh().await;
    let code = || json!({ "code": "guess", "name": "eve", "password": "correct horse" });
    let guess = async || send(server.call(Method::POST, "/standin/v1/session/setup").json(&code())).await;
    let answers = join_all((0..100).map(|_| guess())).await;
    assert_eq!(tried(answers).await, (3, 97));
}

#[actix_web::test]
async fn promise_56_two_hundred_right_passwords_at_once_are_all_let_in() {
    let server = Standin::with(&[("STANDIN_ADMIN_PASSWORD", "correct horse")]).await;
    registered(&server, (0..CALLERS).map(|n| format!("u{n}"))).await;
    let login = async |n: usize, id: String| match n % 2 {
        0 => qiscus(&server, &id, "key").await,
        _ => mirrorfly(&server, &id, "key").await,
    };
    let all = BTreeMap::from([(200, CALLERS)]);
    let of_one = join_all((0..CALLERS).map(|n| login(n, "u0".to_owned()))).await;
    assert_eq!(counted(&of_one), all, "of one user");
    let of_many = join_all((0..CALLERS).map(|n| login(n, format!("u{n}")))).await;
    assert_eq!(counted(&of_many), all, "of users behind one address");
    // Three times the places. A socket has ten seconds to sign in, so there are fewer of them.
    let on_sockets = join_all((0..30).map(|_| socket(&server, "u0", "key"))).await;
    assert_eq!(on_sockets, [200; 30]);
    let back_end = join_all((0..CALLERS).map(|_| mirrorfly(&server, "administrator", ACCOUNT_PASSWORD))).await;
    assert_eq!(back_end, [200; CALLERS]);
    let body = json!({ "name": "admin", "password": "correct horse" });
    let console = join_all((0..100).map(|_| send(server.call(Method::POST, "/standin/v1/session").json(&body)))).await;
    assert!(console.iter().all(|answer| answer.status == 200), "{console:?}");
}

#[actix_web::test]
async fn promise_62_failed_logins_from_one_address_lock_out_neither_users_nor_the_back_end_at_another() {
    let server = Standin::with(&[BEHIND_PROXY]).await;
    registered(&server, ["ada".to_owned()].into_iter()).await;
    let login = async |id: &str, password: &str, from: &str| {
        status(&send(at(mirrorfly_login(&server, id, password), from)).await)
    };
    for id in ["administrator", "ada"] {
        for _ in 0..10 {
            assert_eq!(login(id, "guess", "192.0.2.7").await, 400);
        }
        assert_eq!(login(id, "guess", "192.0.2.7").await, 429);
    }
    for (id, password) in [("administrator", ACCOUNT_PASSWORD), ("ada", "key")] {
        assert_eq!(login(id, password, "192.0.2.7").await, 429, "the stranger's address waits");
        assert_eq!(login(id, password, "198.51.100.1").await, 200);
        assert_eq!(login(id, password, "2001:db8::1").await, 200);
    }
}

#[actix_web::test]
async fn promise_62_an_account_that_is_guessed_at_from_many_addresses_stays_open_to_its_holder() {
    let server = Standin::with(&[BEHIND_PROXY]).await;
    registered(&server, ["ada".to_owned()].into_iter()).await;
    let login = async |password: &str, from: String| {
        let call = sdk_login(&server, "ada", password).header("X-Forwarded-For", from);
        send(call).await.status
    };
    let guesses = join_all((0..100).map(|n| login("guess", format!("2001:db8:0:{n:x}::1")))).await;
    assert_eq!(guesses, [401; 100]);
    assert_eq!(login("key", "198.51.100.1".to_owned()).await, 200, "the right password is let in at once");
    let of_one = [0, 1, 2].map(|n| format!("2001:db8:1::{n}"));
    let [first, second, third] = of_one;
    assert_eq!(login("guess", first).await, 401);
    assert_eq!(login("guess", second).await, 401, "a network that was not seen before has two guesses");
    assert_eq!(login("guess", third).await, 429);
    assert_eq!(login("key", "198.51.100.2".to_owned()).await, 200);
}

#[actix_web::test]
async fn promise_58_one_address_that_floods_the_password_hashes_does_not_lock_out_others() {
    let server = Standin::with(&[BEHIND_PROXY, ("STANDIN_REGISTRATIONS_PER_HOUR", "10000")]).await;
    registered(&server, (0..40).map(|n| format!("u{n}"))).await;
    // Each asks for a hash: a registration, by public keys alone.
    let flood = (0..1500).map(|n| send(at(sdk_login(&server, &format!("flood{n}"), "key"), "192.0.2.66")));
    let honest = async |n: u32| {
        let address = format!("198.51.100.{n}");
        let signed_in = send(at(sdk_login(&server, &format!("u{n}"), "key"), &address)).await.status;
        let body = json!({ "user_id": format!("u{n}"), "username": "Ann", "password": "key" });
        (signed_in, server.login_or_register(body).await.status)
    };
    let (flood, honest) = join(join_all(flood), join_all((0..40).map(honest))).await;
    assert_eq!(honest, [(200, 200); 40], "neither from other addresses nor by the app's secret");
    assert!(flood.iter().any(|answer| answer.status == 503), "the flood has found its share");
    assert!(flood.iter().any(|answer| answer.status == 200), "and had it");
}

#[actix_web::test]
async fn promise_58_registrations_from_many_addresses_are_one_caller_beside_the_others() {
    let server = Standin::with(&[BEHIND_PROXY]).await;
    registered(&server, (0..20).map(|n| format!("u{n}"))).await;
    let (served, seen) = (Cell::new(0), Cell::new(usize::MAX));
    let flood = (0..200).map(async |n: u32| {
        let status = send(at(sdk_login(&server, &format!("flood{n}"), "key"), &format!("192.0.2.{n}"))).await.status;
        served.set(served.get() + 1);
        status
    });
    let honest = async {
        while served.get() == 0 {
            tokio::task::yield_now().await;
        }
        let begun = served.get();
        let sign_in = async |n: u32| {
            send(at(sdk_login(&server, &format!("u{n}"), "key"), &format!("198.51.100.{n}"))).await.status
        };
        let statuses = join_all((0..20).map(sign_in)).await;
        seen.set(served.get() - begun);
        statuses
    };
    let (flood, honest) = join(join_all(flood), honest).await;
    assert_eq!(honest, [200; 20]);
    assert!(seen.get() < 100, "20 sign-ins wait for a registration each, not for {} of 200", seen.get());
    assert_eq!(flood, [200; 200], "as many as wait at one time are served too");
}

#[actix_web::test]
async fn promise_42_a_closed_app_reveals_no_user_ids_by_texts_or_by_timing() {
    let server = Standin::with(&[BEHIND_PROXY]).await;
    registered(&server, ["ada".to_owned()].into_iter()).await;
    server.command(&["user", "create", "issued"]);
    server.command(&["user", "create", "gone"]);
    server.command(&["user", "set", "gone", "--state", "suspended"]);
    server.command(&["app", "set", "--registration", "closed", "--password-min", "8"]);
    let mut said = Vec::new();
    for id in ["ada", "issued", "gone", "nobody", "block"] {
        let mut times = Vec::new();
        for (n, key) in (0..9).flat_map(|n| [(n, "guess"), (n, "guess of many characters")]) {
            let begun = std::time::Instant::now();
            let answer = send(at(sdk_login(&server, id, key), &format!("192.0.2.{n}"))).await;
            times.push(begun.elapsed());
            said.push((answer.status, answer.json()));
        }
        let register = json!({ "deviceType": "web", "licenseKey": LICENSE_KEY, "userIdentifier": id });
        let register = send(server.call(Method::POST, "/api/v1/sandbox/register").json(&register)).await;
        assert_eq!(register.json()["status"], 403, "{register:?}");
        said.push((401, said[0].1.clone()));
        let median = median_of(times);
        assert!(median > Duration::from_millis(3), "{id}: {median:?} is less than a hash takes");
    }
    let wrong = json!({ "error": { "code": 401_306, "message": "wrong password" }, "status": 401 });
    assert!(said.iter().all(|answer| *answer == (401, wrong.clone())), "{said:?}");
    assert_eq!(
        qiscus(&server, "ada", "key").await,
        200,
        "an existing password signs in, shorter than the bound or not"
    );
}

#[actix_web::test]
async fn promise_42_a_key_too_short_to_register_reveals_no_user_ids() {
    let server = Standin::fresh().await;
    registered(&server, ["ada".to_owned()].into_iter()).await;
    server.command(&["app", "set", "--registration", "new", "--password-min", "8"]);
    let said = async |id: &str| send(sdk_login(&server, id, "guess")).await.json();
    assert_eq!(said("ada").await, said("nobody").await);
    for _ in 0..9 {
        said("nobody").await;
    }
    let answer = send(sdk_login(&server, "nobody", "guess")).await;
    assert_eq!(answer.status, 429, "it is a guess, and counts as one: {answer:?}");
}

#[actix_web::test]
async fn registrations_of_one_address_are_bounded_and_those_an_app_vouches_for_are_not() {
    let server = Standin::with(&[BEHIND_PROXY, ("STANDIN_REGISTRATIONS_PER_HOUR", "4")]).await;
    let register = |id: &str| {
        let body = json!({ "deviceType": "web", "licenseKey": LICENSE_KEY, "userIdentifier": id });
        server.call(Method::POST, "/api/v1/sandbox/register").json(&body)
    };
    let from = "192.0.2.7";
    assert_eq!(send(at(sdk_login(&server, "u1", "key"), from)).await.status, 200);
    assert_eq!(status(&send(at(register("u2"), from)).await), 200);
    let taken = send(at(register("u1"), from)).await;
    assert_eq!(status(&taken), 400, "a refused one counts: it tells that there is such a user");
    assert_eq!(send(at(sdk_login(&server, "u1", "key"), from)).await.status, 200, "a login is no registration");
    assert_eq!(send(at(sdk_login(&server, "u4", "key"), from)).await.status, 200);
    for refused in [send(at(sdk_login(&server, "u5", "key"), from)).await, send(at(register("u6"), from)).await] {
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!(status(&refused) == 429 && (890..=900).contains(&wait), "{refused:?}");
        let said = refused.json().to_string();
        assert!(said.contains("Too many registrations from this address, try again in "), "{said}");
    }
    assert_eq!(
        send(at(sdk_login(&server, "u1", "key"), from)).await.status,
        200,
        "existing accounts are not concerned"
    );
    assert_eq!(status(&send(at(register("u5"), "192.0.2.8")).await), 200, "nor are other addresses");
    registered(&server, (0..6).map(|n| format!("v{n}"))).await;
    let token = server.back_end_token().await;
    assert_eq!(server.create_user(&token, &[("userIdentifier", "w1")]).await.status, 200);
}

#[actix_web::test]
async fn two_hundred_registrations_at_once_from_one_address_are_held_to_its_bound() {
    let server = Standin::with(&[("STANDIN_REGISTRATIONS_PER_HOUR", "150")]).await;
    let register = async |n: usize| {
        let body = json!({ "deviceType": "web", "licenseKey": LICENSE_KEY, "userIdentifier": format!("u{n}") });
        status(&send(server.call(Method::POST, "/api/v1/sandbox/register").json(&body)).await)
    };
    let statuses = join_all((0..CALLERS).map(register)).await;
    let of = |wanted: u64| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((of(200), of(429)), (150, 50));
}

#[actix_web::test]
async fn telephone_numbers_looked_up_from_one_address_are_bounded() {
    let server = Standin::with(&[BEHIND_PROXY, ("STANDIN_NUMBER_LOOKUPS_PER_HOUR", "10")]).await;
    let [ann, bob] = [mirrorfly_socket::person(&server, "ann").await, mirrorfly_socket::person(&server, "bob").await];
    let sync = async |token: &str, from: &str, numbers: usize, deleted: usize| {
        let entries = |count: usize| (0..count).map(|n| json!({ "mobileNumber": format!("+62 {n}"), "name": "N" }));
        let body = json!({
            "addContacts": entries(numbers).collect::<Vec<_>>(),
            "deleteContacts": entries(deleted).collect::<Vec<_>>(),
            "contactPermission": true,
            "forceDelete": false,
        });
        let call = server.call(Method::POST, "/api/v1/contacts/syncContactsNew").header("Authorization", token);
        send(at(call, from).json(&body)).await
    };
    assert_eq!(status(&sync(ann.token(), "192.0.2.7", 5, 2).await), 200);
    let refused = sync(bob.token(), "192.0.2.7", 4, 0).await;
    assert_eq!(status(&refused), 429, "eleven in all, of two users at one address");
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    assert!(refused.json()["message"].as_str().unwrap().starts_with("Too many telephone numbers from this address"));
    assert_eq!(status(&sync(bob.token(), "192.0.2.7", 3, 0).await), 200, "ten are let through");
    assert_eq!(status(&sync(ann.token(), "192.0.2.7", 1, 0).await), 429);
    assert_eq!(status(&sync(ann.token(), "192.0.2.8", 10, 0).await), 200);
}
