//! Apps do not see one another: the app's key by type, and a user of another app is answered like an unknown one.

use std::{fs, path::Path};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use syn::{
    ExprPath, FnArg, Ident, ImplItem, Item, ItemMod, Signature, Type, Visibility,
    visit::{self, Visit},
};

use crate::{
    admin::Page,
    mirrorfly_users::made,
    qiscus_rest::second_app,
    standin::{APP_ID, Answer, LICENSE_KEY, Standin, send},
    user_sig::{SDK_APP_ID, WITH_SDK_APP_ID, user_sig},
};

/// Operations of the store that name no app: on the whole server, or on rows found by a random name, which contain their app.
const WITHOUT_APP: &[&str] = &[
    // The server.
    "open",
    "close",
    "adopt_key",
    "commits",
    "cut_log",
    "writes",
    "write",
    "read",
    "check_up",
    "copy_to",
    "unmeasured_pictures",
    "events_after",
    // Apps and administrators themselves.
    "apps",
    "create",
    "set_password",
    "begin_session",
    "change",
    "audit_entries_before",
    // Found by 128 random bits or more.
    "end_ticket",
    // The sweep.
    "forget_departed",
    // Where the reads that take long run, and on which connection.
    "long_read",
    "feed_reader",
];

/// What names a user, or something that is a user's.
const OF_USERS: [&str; 4] = ["UserId", "UserKey", "SessionKey", "Principal"];

/// The names in a type.
struct Words(Vec<String>);

impl<'ast> Visit<'ast> for Words {
    fn visit_ident(&mut self, ident: &'ast Ident) {
        self.0.push(ident.to_string());
    }
}

fn words(of: &Type) -> Vec<String> {
    let mut words = Words(Vec::new());
    words.visit_type(of);
    words.0
}

fn source(below: &str) -> Vec<(String, syn::File)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(below)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string();
                found.push((name, syn::parse_file(&text).unwrap()));
            }
        }
    }
    found
}

/// The operations of a table of `store/operations.rs`, with the words of their arguments' types.
fn rows(table: &str) -> Vec<(String, Vec<String>)> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/operations.rs")).unwrap();
    let (_, text) = text.split_once(&format!("operations!({table} by ")).unwrap();
    let (text, _) = text.split_once("\n});").unwrap();
    let lines = text.lines().skip(1).map(str::trim).filter(|line| !line.starts_with("///"));
    let words = |types: &str| types.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect();
    lines.map(|line| line.split_once('(').map(|(name, types)| (name.to_owned(), words(types))).unwrap()).collect()
}

#[test]
fn promise_38_no_row_is_found_by_an_id_without_the_key_of_an_app() {
    for (table, least) in [("Db", 45), ("Tx", 70), ("LongReads", 25)] {
        let rows = rows(table);
        assert!(rows.len() >= least, "{table}: {}", rows.len());
        for (name, words) in rows {
            let has = |wanted: &str| words.iter().any(|word| word == wanted);
            assert!(!has("UserId") || has("AppKey"), "{name} takes the id of a user and no app");
        }
    }
}

/// Every public operation of the store that takes long and every rule of the service, with the words of its arguments' types.
fn operations() -> Vec<(String, Vec<String>)> {
    let mut found = rows("LongReads");
    for item in source("store").into_iter().flat_map(|(_, file)| file.items) {
        let Item::Impl(block) = item else { continue };
        let is_store = words(&block.self_ty) == ["Store"];
        if block.trait_.is_some() || !is_store {
            continue;
        }
        for function in block.items {
            let ImplItem::Fn(function) = function else { continue };
            found.extend(operation(&function.vis, &function.sig));
        }
    }
    for item in source("service").into_iter().flat_map(|(_, file)| file.items) {
        let Item::Fn(function) = item else { continue };
        found
            .extend(operation(&function.vis, &function.sig).filter(|(_, words)| words.iter().any(|word| word == "Tx")));
    }
    found
}

fn operation(visible: &Visibility, signature: &Signature) -> Option<(String, Vec<String>)> {
    let typed = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(given) => Some(words(&given.ty)),
        FnArg::Receiver(_) => None,
    });
    matches!(visible, Visibility::Public(_)).then(|| (signature.ident.to_string(), typed.flatten().collect()))
}

#[test]
fn promise_38_no_operation_on_users_can_be_called_without_the_key_of_an_app() {
    let operations = operations();
    assert!(operations.len() > 70, "{operations:?}");
    let takes_app = |words: &[String]| words.iter().any(|word| word == "AppKey");
    let without: Vec<&str> =
        operations.iter().filter(|(_, words)| !takes_app(words)).map(|(name, _)| name.as_str()).collect();
    let unlisted: Vec<_> = without.iter().filter(|name| !WITHOUT_APP.contains(name)).collect();
    assert!(unlisted.is_empty(), "take no app: {unlisted:?}");
    let gone: Vec<_> = WITHOUT_APP.iter().filter(|name| !without.contains(name)).collect();
    assert!(gone.is_empty(), "take an app, or are gone: {gone:?}");
    for (name, words) in operations.iter().filter(|(_, words)| !takes_app(words)) {
        let of_user = words.iter().find(|word| OF_USERS.contains(&word.as_str()));
        assert_eq!(of_user, None, "{name} names a user and no app");
    }
}

/// Where keys are made of numbers, outside tests.
#[derive(Default)]
struct Made(Vec<String>);

impl<'ast> Visit<'ast> for Made {
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if module.ident != "tests" {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_expr_path(&mut self, path: &'ast ExprPath) {
        let last = path.path.segments.last().map(|segment| segment.ident.to_string());
        self.0.extend(last.filter(|name| ["AppKey", "UserKey"].contains(&name.as_str())));
        visit::visit_expr_path(self, path);
    }
}

#[test]
fn promise_38_keys_of_apps_and_users_come_from_rows_alone() {
    let mut found = Vec::new();
    for (path, file) in source("") {
        let mut made = Made::default();
        made.visit_file(&file);
        if !made.0.is_empty() && !path.starts_with("src/store/sqlite/") && !path.ends_with("/tests.rs") {
            found.push((path, made.0));
        }
    }
    // The password of an app's account is derived from no app's key, because the app has none yet.
    let of_no_app = |file: &str, times| (file.to_owned(), vec!["AppKey".to_owned(); times]);
    found.sort();
    assert_eq!(found, [of_no_app("src/service/apps.rs", 2), of_no_app("src/service/backup.rs", 1)]);
}

const FOREIGN: &str = "theirs";
const MISSING: &str = "nobody";

/// A server with two apps: only the second has a user [`FOREIGN`], with everything that can hang on a user.
async fn two_apps() -> (Standin, Page) {
    let server = Standin::with(&[WITH_SDK_APP_ID, ("STANDIN_ADMIN_PASSWORD", "correct horse")]).await;
    let second = second_app(&server, &[]);
    let login = json!({ "user_id": FOREIGN, "username": "Theirs", "password": "p", "extras": { "a": 1 } });
    let call = server.call(Method::POST, "/api/v2.1/rest/login_or_register").header("QISCUS-SDK-APP-ID", "second");
    assert_eq!(send(call.header("QISCUS-SDK-SECRET", second).json(&login)).await.status, 200);
    let page = Page::signed_in(&server).await;
    (server, page)
}

/// Nothing but the id tells the two answers apart.
async fn alike(what: &str, call: impl Fn(&str) -> RequestBuilder) {
    let seen = async |id: &str| {
        let answer = send(call(id)).await;
        let mut headers: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        headers.sort();
        let length = answer.header("content-length").map(str::to_owned);
        (answer.status, headers, length, String::from_utf8(answer.bytes).unwrap().replace(id, "the id"))
    };
    assert_eq!(FOREIGN.len(), MISSING.len());
    let (foreign, missing) = (seen(FOREIGN).await, seen(MISSING).await);
    assert_eq!(foreign, missing, "{what}");
    for said in ["Theirs", "not part of Standin", "Nothing is served", "not made by this method"] {
        assert!(!foreign.3.contains(said), "{what}: {foreign:?}");
    }
}

#[actix_web::test]
async fn promise_38_a_foreign_and_a_missing_user_are_answered_alike_by_every_qiscus_call() {
    let (server, _) = two_apps().await;
    server.login_or_register(json!({ "user_id": "ours", "username": "O", "password": "key" })).await;
    for (method, call) in [
        (Method::GET, "user_profile"),
        (Method::GET, "get_user_token"),
        (Method::POST, "reset_user_token"),
        (Method::DELETE, "deactivate_users"),
        (Method::POST, "reactivate_users"),
        (Method::GET, "get_user_unread_count"),
        (Method::GET, "get_unread_users"),
        (Method::GET, "get_user_list"),
    ] {
        for version in ["v2.1", "v2"] {
            alike(&format!("{version} {call}"), |id| {
                let call = server.call(method.clone(), &format!("/api/{version}/rest/{call}"));
                let call = call.header("QISCUS-SDK-APP-ID", APP_ID).header("QISCUS-SDK-SECRET", crate::standin::SECRET);
                match method == Method::GET {
                    true => call.query(&[("user_id", id), ("user_email", id), ("user_ids", id), ("user_ids[]", id)]),
                    false => call.json(&json!({ "user_id": id, "user_email": id, "user_ids": [id] })),
                }
            })
            .await;
        }
    }
    let sdk = |method: Method, path: &str| {
        server.call(method, &format!("/api/v2/sdk/{path}")).header("QISCUS-SDK-APP-ID", APP_ID)
    };
    let form = [("email", "ours"), ("password", "key")];
    let entered = send(sdk(Method::POST, "login_or_register").form(&form)).await.json();
    let token = entered["results"]["user"]["token"].as_str().unwrap();
    for path in ["block_user", "unblock_user", "users/status", "refresh_user_token"] {
        alike(path, |id| {
            let body = json!({ "user_email": id, "user_ids": [id], "user_id": id, "refresh_token": "1-x" });
            sdk(Method::POST, path).header("QISCUS-SDK-TOKEN", token).json(&body)
        })
        .await;
    }
    alike("get_user_list", |id| {
        sdk(Method::GET, "get_user_list").header("QISCUS-SDK-TOKEN", token).query(&[("query", id)])
    })
    .await;
}

#[actix_web::test]
async fn promise_38_a_foreign_and_a_missing_user_are_answered_alike_by_every_mirrorfly_call() {
    let (server, _) = two_apps().await;
    let (back_end, ours) = (server.back_end_token().await, made(&server, "ours", &[]).await);
    let by = |token: &str, method: Method, path: String| server.call(method, &path).header("Authorization", token);
    let post = |path: String| by(&back_end, Method::POST, path);
    alike("get", |id| by(&back_end, Method::GET, format!("/api/v1/users/{id}"))).await;
    let fields = [("deviceType", "web"), ("licenseKey", LICENSE_KEY), ("nickname", "Changed")];
    alike("update", |id| post(format!("/api/v1/users/{id}")).form(&fields)).await;
    let delete = |id: &str| json!({ "userId": id, "reason": "moved" });
    alike("delete", |id| post("/api/v1/users/deleteUserAccount".to_owned()).json(&delete(id))).await;
    let reset = |id: &str| json!({ "userId": id, "deviceType": "web" });
    alike("reset", |id| post("/api/v1/users/resetPassword".to_owned()).json(&reset(id))).await;
    let block = |id: &str| json!({ "blockStatus": true, "id": [id], "type": "user" });
    alike("block", |id| post("/api/v1/moderation/block".to_owned()).json(&block(id))).await;
    alike("metadata", |id| by(&back_end, Method::GET, format!("/api/v1/users/getMetaData?userId={id}"))).await;
    let pairs = json!({ "k": "v" });
    let path = |id: &str| format!("/api/v1/users/updateMetaData/{id}");
    alike("set metadata", |id| by(&back_end, Method::PUT, path(id)).json(&pairs)).await;
    alike("login", |id| server.call(Method::POST, "/api/v1/login").json(&json!({ "username": id, "password": "p" })))
        .await;
    for path in ["users/block", "users/unblock"] {
        let path = format!("/api/v1/{path}");
        alike(&path, |id| by(&ours, Method::POST, path.clone()).form(&[("userId", id)])).await;
    }
    let list = |id: &str| json!({ "username": id, "licenseKey": LICENSE_KEY });
    let path = "/api/v1/contacts/sandbox/syncContacts".to_owned();
    alike("list", |id| by(&ours, Method::POST, path.clone()).json(&list(id))).await;
    let entries = |id: &str| {
        json!({
            "addContacts": [{ "mobileNumber": id, "name": "N" }], "deleteContacts": [],
            "contactPermission": true, "forceDelete": false,
        })
    };
    let sync = "/api/v1/contacts/syncContactsNew".to_owned();
    alike("sync", |id| by(&ours, Method::POST, sync.clone()).json(&entries(id))).await;
    let mute = |id: &str| json!({ "muteSetting": false, "action": 1, "userIds": [id], "groupIds": [] });
    alike("mute", |id| by(&ours, Method::POST, "/api/v1/users/mute".to_owned()).json(&mute(id))).await;
    let report = |id: &str| json!({ "to": format!("{id}@chat.example.test"), "chatType": "chat", "data": "[]" });
    alike("report", |id| by(&ours, Method::POST, "/api/v1/moderation/report".to_owned()).json(&report(id))).await;
    alike("vcard", |id| by(&ours, Method::GET, format!("/api/v1/contacts/vcard?userId={id}"))).await;
}

#[actix_web::test]
async fn promise_38_a_foreign_and_a_missing_user_are_answered_alike_by_every_tencent_command() {
    let (server, _) = two_apps().await;
    let administrator = user_sig("administrator");
    let call = |command: &str, body: Value| {
        let path = format!("/v4/{command}?sdkappid={SDK_APP_ID}&identifier=administrator&usersig={administrator}");
        server.call(Method::POST, &path).json(&body)
    };
    send(call("im_open_login_svc/account_import", json!({ "UserID": "ours" }))).await;
    type Body = fn(&str) -> Value;
    let of_one: Body = |id| json!({ "UserID": id, "From_Account": id, "To_Account": [id] });
    let between: Body =
        |id| json!({ "From_Account": "ours", "To_Account": [id], "CheckType": "CheckResult_Type_Both" });
    let mut calls: Vec<(&str, Body)> = Vec::new();
    let check: Body = |id| json!({ "CheckItem": [{ "UserID": id }], "DeleteItem": [{ "UserID": id }] });
    for command in ["im_open_login_svc/account_check", "im_open_login_svc/account_delete"] {
        calls.push((command, check));
    }
    for command in [
        "im_open_login_svc/kick",
        "profile/portrait_get_all",
        "sns/friend_delete_all",
        "sns/friend_get",
        "sns/friend_get_list",
        "openim/query_online_status",
        "openim/querystate",
        "follow/follow_get_info",
        "sns/group_get",
        "sns/black_list_get",
    ] {
        calls.push((command, of_one));
    }
    let portrait: Body = |id| json!({ "To_Account": [id], "TagList": ["Tag_Profile_IM_Nick"] });
    calls.push(("profile/portrait_get", portrait));
    let nick: Body =
        |id| json!({ "From_Account": id, "ProfileItem": [{ "Tag": "Tag_Profile_IM_Nick", "Value": "N" }] });
    calls.push(("profile/portrait_set", nick));
    for command in [
        "sns/friend_check",
        "sns/friend_delete",
        "sns/friend_get_specified",
        "sns/black_list_add",
        "sns/black_list_check",
        "sns/black_list_delete",
        "follow/follow_check",
        "follow/follow_delete",
        "sns/group_add",
        "sns/pendency_delete",
    ] {
        calls.push((command, between));
    }
    for command in ["sns/friend_add", "sns/friend_import", "sns/friend_update"] {
        let body: Body = |id| {
            let item = json!([{ "To_Account": id, "AddSource": "AddSource_Type_Test", "SnsItem": [] }]);
            json!({ "From_Account": "ours", "AddFriendItem": item, "UpdateItem": item, "AddType": "Add_Type_Both" })
        };
        calls.push((command, body));
    }
    let answer: Body = |id| {
        let item = json!([{ "To_Account": id, "ResponseAction": "Response_Action_Agree" }]);
        json!({ "From_Account": "ours", "ResponseFriendItem": item })
    };
    calls.push(("sns/friend_response", answer));
    for (command, body) in &calls {
        alike(command, |id| call(command, body(id))).await;
    }
}

#[actix_web::test]
async fn promise_38_a_foreign_and_a_missing_user_are_answered_alike_by_every_call_of_our_own() {
    let (server, page) = two_apps().await;
    for (method, path) in [
        (Method::GET, ""),
        (Method::PATCH, ""),
        (Method::DELETE, ""),
        (Method::POST, "/reset-token"),
        (Method::GET, "/sessions"),
        (Method::DELETE, "/sessions"),
        (Method::PUT, "/picture"),
        (Method::DELETE, "/picture"),
        (Method::PUT, "/picture-lock"),
        (Method::GET, "/contacts"),
        (Method::PUT, "/contacts/ours"),
        (Method::DELETE, "/contacts/ours"),
    ] {
        alike(&format!("{method} {path}"), |id| {
            let call = page.call(&server, method.clone(), &format!("/apps/{APP_ID}/users/{id}{path}"));
            call.json(&match path {
                "" => json!({ "name": "N" }),
                "/picture-lock" => json!({ "locked": false }),
                _ => json!({}),
            })
        })
        .await;
    }
    alike("search", |id| page.call(&server, Method::GET, &format!("/apps/{APP_ID}/users?search={id}"))).await;
}

/// A picture that one app's users show is no other app's, even if its name is known.
#[actix_web::test]
async fn promise_38_responses_name_no_user_of_another_app() {
    let (server, page) = two_apps().await;
    let listed = server.user_list().await;
    let walked = page.get(&server, &format!("/apps/{APP_ID}/users?limit=100")).await;
    for answer in [listed, walked] {
        let answer: Answer = answer;
        assert!(!String::from_utf8_lossy(&answer.bytes).contains(FOREIGN), "{answer:?}");
    }
}

#[test]
fn promise_39_secrets_are_compared_in_constant_time_wherever_they_are_compared() {
    let compared = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain/secret.rs")).unwrap();
    assert_eq!(compared.matches("ct_eq").count(), 2, "Secret and ServerKey, for every ==");
    for (path, file) in source("") {
        let mut exposed = Exposed::default();
        exposed.visit_file(&file);
        // The one text is a switch, not a secret: the settings read all their texts alike.
        let may = usize::from(path == "src/settings/raw.rs");
        assert_eq!(exposed.0, may, "{path} compares what a secret exposes");
    }
}

/// How often what `expose()` gives stands beside `==` or `!=`.
#[derive(Default)]
struct Exposed(usize);

impl<'ast> Visit<'ast> for Exposed {
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if module.ident != "tests" {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        let is_exposed = |side: &syn::Expr| matches!(side, syn::Expr::MethodCall(call) if call.method == "expose");
        if matches!(binary.op, syn::BinOp::Eq(_) | syn::BinOp::Ne(_)) {
            self.0 += usize::from(is_exposed(&binary.left) || is_exposed(&binary.right));
        }
        visit::visit_expr_binary(self, binary);
    }
}
