//! Promise 13: the clock on the wall may jump.

use serde_json::{Value, json};

use super::{
    Method, Standin, picture_of, register, send, shim::Faults, tencent_rest, upload, user_sig::WITH_SDK_APP_ID,
};

const DAY_S: i64 = 24 * 3600;
const TEN_YEARS_S: i64 = 3653 * DAY_S;

async fn opens(server: &Standin, back_end: &str) -> u16 {
    send(server.call(Method::GET, "/api/v1/users/ada").header("Authorization", back_end)).await.status
}

async fn ids(server: &Standin) -> Vec<String> {
    let list = server.user_list().await.json();
    let users = list["results"]["users"].as_array().unwrap_or_else(|| panic!("{list}"));
    users.iter().map(|user| user["email"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn promise_13_a_clock_set_back_a_day_or_ahead_ten_years_breaks_nothing() {
    let (mut server, faults) = Faults::server(&[WITH_SDK_APP_ID]).await;
    let mut made = Vec::new();
    let former = server.back_end_token().await;
    for (name, ahead) in [("ada", 0), ("yesterday", -DAY_S), ("later", TEN_YEARS_S), ("today", 0), ("again", -DAY_S)] {
        faults.set_clock(ahead);
        assert_eq!(register(&server, name, name).await.status, 200);
        made.push(name.to_owned());
        assert_eq!(ids(&server).await, made, "in the order of making, whatever the clock said");
        let back_end = server.back_end_token().await;
        let uploaded = upload(&server, &back_end, name).await;
        let picture = server.get(&format!("/pictures/upload/{}/full.jpg", picture_of(&uploaded))).await;
        assert_eq!((uploaded.status, picture.status), (200, 200));
        assert_eq!(server.user_profile(name).await.json()["results"]["user"]["username"], name);
        // A signature follows the clock: made today, it is over in ten years and good again today.
        let signed = tencent_rest::call(&server, "profile/portrait_get", json!({ "To_Account": [name] })).await.json();
        assert_eq!(signed["ErrorCode"] == 0, ahead <= 0, "{name}: {signed}");
        assert_eq!(
            opens(&server, &former).await == 200,
            made.len() < 3,
            "{name}: seen expired once, a ticket stays dead"
        );
    }
    assert!(server.lives());
    assert_eq!(server.terminate(), Some(0));
    server.restart();
    assert_eq!(ids(&server).await, made);
}

#[actix_web::test]
async fn promise_13_limits_of_rate_do_not_follow_the_clock() {
    let (server, faults) = Faults::server(&[("STANDIN_UPLOADS_PER_MINUTE", "2")]).await;
    let back_end = server.back_end_token().await;
    for expected in [200, 200, 429] {
        assert_eq!(upload(&server, &back_end, "ada").await.status, expected);
    }
    let wrong = async || {
        let said: Value = server.sign_in("ada", "wrong").await.json();
        said["status"].as_u64().unwrap()
    };
    let mut tries = Vec::new();
    for _ in 0..11 {
        tries.push(wrong().await);
    }
    assert_eq!((tries[9] != 429, tries[10]), (true, 429), "{tries:?}");
    for ahead in [3600, -DAY_S] {
        faults.set_clock(ahead);
        let back_end = server.back_end_token().await;
        assert_eq!(upload(&server, &back_end, "ada").await.status, 429, "the minute is not over");
        assert_eq!(wrong().await, 429, "nor is the wait");
    }
}
