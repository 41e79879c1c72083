//! What a MirrorFly user's own devices call: registration with its codec, blocks, contacts.

mod blocks;
mod chats;
mod codec;
mod contacts_list;
mod register;
mod sdk;
mod sync_contacts_new;

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    mirrorfly_rest::{assert_refused, data, two_apps},
    standin::{Answer, Standin, send},
};

/// A user made by the back end with these further fields: its own token.
pub(crate) async fn made(server: &Standin, id: &str, fields: &[(&str, &str)]) -> String {
    let back_end = server.back_end_token().await;
    let fields = [&[("userIdentifier", id)], fields].concat();
    data(&server.create_user(&back_end, &fields).await)["token"].as_str().unwrap().to_owned()
}

/// A sync with a body of one's own.
async fn sync_with(server: &Standin, token: &str, body: Value) -> Answer {
    let call = server.call(Method::POST, "/api/v1/contacts/syncContactsNew").header("Authorization", token);
    send(call.json(&body)).await
}

/// A sync of numbers alone; answers the live ones.
pub(crate) async fn sync(
    server: &Standin,
    token: &str,
    add: &[&str],
    delete: &[&str],
    force_delete: bool,
) -> Vec<String> {
    let entries = |numbers: &[&str]| -> Vec<Value> {
        numbers.iter().map(|number| json!({ "mobileNumber": number, "name": format!("N{number}") })).collect()
    };
    let body = json!({
        "addContacts": entries(add),
        "deleteContacts": entries(delete),
        "contactPermission": true,
        "forceDelete": force_delete,
    });
    let answer = sync_with(server, token, body).await;
    let live = data(&answer)["liveContacts"].as_array().unwrap().clone();
    live.iter().map(|entry| entry["mobileNumber"].as_str().unwrap().to_owned()).collect()
}

/// A page of contacts.
async fn list(server: &Standin, token: &str, query: &str) -> Answer {
    let path = format!("/api/v1/contacts/contactsList{query}");
    send(server.call(Method::GET, &path).header("Authorization", token)).await
}

/// The ids on a list.
pub(crate) async fn ids(server: &Standin, token: &str, query: &str) -> Vec<String> {
    let rows = data(&list(server, token, query).await)["contactsList"].as_array().unwrap().clone();
    rows.iter().map(|row| row["userId"].as_str().unwrap().to_owned()).collect()
}

/// Every call that needs a user's token says the same where there is none, an unknown or dead one, or the back end's.
#[actix_web::test]
async fn promise_40_only_a_live_token_of_a_user_opens_these_calls() {
    let server = Standin::fresh().await;
    let dead = made(&server, "suspended", &[]).await;
    server.command(&["user", "set", "suspended", "--state", "suspended"]);
    let gone = made(&server, "deleted", &[]).await;
    server.command(&["user", "delete", "deleted"]);
    let back_end = server.back_end_token().await;
    for (method, path) in [
        (Method::POST, "/api/v1/users/block"),
        (Method::POST, "/api/v1/users/unblock"),
        (Method::GET, "/api/v1/contacts/contactsList"),
        (Method::POST, "/api/v1/contacts/syncContactsNew"),
    ] {
        assert_refused(&send(server.call(method.clone(), path)).await, 401, "Token Expired");
        for token in ["", "unknown", &dead, &gone, &back_end] {
            let call = server.call(method.clone(), path).header("Authorization", token);
            assert_refused(&send(call).await, 401, "Token Expired");
        }
        let other = if method == Method::GET { Method::POST } else { Method::GET };
        assert_refused(&send(server.call(other, path)).await, 405, "This call is not made by this method");
    }
}
