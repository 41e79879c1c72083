use super::{
    super::{
        standin::SECRET,
        user_sig::{VECTORS, now_s, packed, signature, signed, unpacked},
    },
    *,
};

/// The answer to a call with this identifier and this UserSig.
async fn with_sig(server: &Standin, identifier: &str, sig: &str) -> Answer {
    let path = format!(
        "/v4/im_open_login_svc/account_check?sdkappid={SDK_APP_ID}&identifier={identifier}&usersig={sig}&random=1&contenttype=json"
    );
    send(server.call(Method::POST, &path).json(&json!({ "CheckItem": [{ "UserID": "u1" }] }))).await
}

const UNREADABLE: &str = "usersig cannot be read: send it whole, as the library made it";
const FORGED: &str = "usersig is not signed with this app's secret: see `standin app show --secrets`";
const EXPIRED: &str = "usersig has expired: sign a new one";

#[actix_web::test]
async fn signatures_of_the_vendors_libraries_are_known_for_theirs() {
    for vector in VECTORS {
        let variables = [("STANDIN_SDK_APP_ID", vector.sdk_app_id), ("STANDIN_APP_SECRET", vector.key)];
        let server = Standin::with(&variables).await;
        let check = async |identifier: &str, sig: &str| {
            let path = format!(
                "/v4/profile/portrait_get?sdkappid={}&identifier={identifier}&usersig={sig}",
                vector.sdk_app_id
            );
            send(server.call(Method::POST, &path).json(&json!({}))).await
        };
        // It is long past its time, which is asked last: all else is right.
        assert_refused(&check(vector.identifier, vector.user_sig).await, 70001, EXPIRED);
        assert_eq!(check("somebody", vector.user_sig).await.json()["ErrorCode"], 70013);
        let mut facts = unpacked(vector.user_sig);
        facts["TLS.expire"] = json!(1_000_000_000);
        assert_refused(&check(vector.identifier, &packed(facts.to_string().as_bytes())).await, 70009, FORGED);
        facts["TLS.sig"] = signature(vector.key, &facts).into();
        let code = check(vector.identifier, &packed(facts.to_string().as_bytes())).await.json()["ErrorCode"].clone();
        assert_eq!(code, if vector.identifier == "administrator" { 40001 } else { 60010 });
    }
}

#[actix_web::test]
async fn an_unreadable_usersig_is_70003() {
    let server = server().await;
    let whole = user_sig("administrator");
    let cut = &whole[..whole.len() - 20];
    let (list, empty) = (packed(b"[]"), packed(b"{}"));
    for sig in ["nonsense", "eJ", "%2B%2F%3D", cut, &list, &empty, &packed(b"no json"), &"A".repeat(5000)] {
        assert_refused(&with_sig(&server, "administrator", sig).await, 70003, UNREADABLE);
    }
}

#[actix_web::test]
async fn a_signature_that_unpacks_to_a_flood_is_70003() {
    let server = server().await;
    let mut facts = unpacked(&user_sig("administrator"));
    facts["TLS.userbuf"] = "A".repeat(1024 * 1024).into();
    facts["TLS.sig"] = signature(SECRET, &facts).into();
    assert_refused(&with_sig(&server, "administrator", &packed(facts.to_string().as_bytes())).await, 70003, UNREADABLE);
}

#[actix_web::test]
async fn a_usersig_of_another_account_is_70013() {
    let server = server().await;
    let answer = with_sig(&server, "administrator", &user_sig("u1")).await;
    assert_refused(&answer, 70013, "usersig names another account than the identifier");
}

#[actix_web::test]
async fn a_usersig_of_another_app_is_70014() {
    let server = server().await;
    let sig = signed(SECRET, SDK_APP_ID + 1, "administrator", now_s(), 60);
    let answer = with_sig(&server, "administrator", &sig).await;
    assert_refused(&answer, 70014, "usersig is of another app than the sdkappid");
}

#[actix_web::test]
async fn a_usersig_with_another_secret_or_changed_fields_is_70009() {
    let server = server().await;
    let other = signed("fedcba9876543210fedcba9876543210", SDK_APP_ID, "administrator", now_s(), 60);
    assert_refused(&with_sig(&server, "administrator", &other).await, 70009, FORGED);
    let mut facts = unpacked(&user_sig("administrator"));
    facts["TLS.time"] = json!(now_s() - 1);
    assert_refused(&with_sig(&server, "administrator", &packed(facts.to_string().as_bytes())).await, 70009, FORGED);
    facts["TLS.sig"] = "".into();
    assert_refused(&with_sig(&server, "administrator", &packed(facts.to_string().as_bytes())).await, 70009, FORGED);
}

#[actix_web::test]
async fn a_signature_is_good_until_its_very_end_and_70001_from_then_on() {
    let server = server().await;
    let past = signed(SECRET, SDK_APP_ID, "administrator", now_s() - 60, 60);
    assert_refused(&with_sig(&server, "administrator", &past).await, 70001, EXPIRED);
    let still = signed(SECRET, SDK_APP_ID, "administrator", now_s() - 60, 120);
    assert_eq!(with_sig(&server, "administrator", &still).await.json()["ErrorCode"], 0);
}

#[actix_web::test]
async fn spaces_and_the_order_of_keys_do_not_matter() {
    let server = server().await;
    let facts = unpacked(&user_sig("administrator"));
    let keys: Vec<String> = facts.as_object().unwrap().keys().rev().cloned().collect();
    let turned: Value = keys.into_iter().map(|key| (key.clone(), facts[&key].clone())).collect();
    for sig in [format!("{turned:#}"), format!(" {facts}\n")] {
        assert_eq!(with_sig(&server, "administrator", &packed(sig.as_bytes())).await.json()["ErrorCode"], 0);
    }
}

#[actix_web::test]
async fn a_rotated_secret_ends_usersigs_of_the_former_one() {
    let server = server().await;
    let sig = user_sig("administrator");
    assert_eq!(with_sig(&server, "administrator", &sig).await.json()["ErrorCode"], 0);
    server.command(&["app", "rotate-secret"]);
    assert_refused(&with_sig(&server, "administrator", &sig).await, 70009, FORGED);
}

#[actix_web::test]
async fn a_usersig_of_the_command_line_is_valid() {
    let server = server().await;
    let sig = server.command(&["app", "usersig", "--user", "administrator", "--expire", "60"]);
    assert_eq!(with_sig(&server, "administrator", sig.trim_end()).await.json()["ErrorCode"], 0);
    let facts = unpacked(sig.trim_end());
    assert_eq!((&facts["TLS.ver"], &facts["TLS.expire"]), (&json!("2.0"), &json!(60)));
    assert_eq!(facts["TLS.sig"], signature(SECRET, &facts));
}
