//! Promise 14: the Nth call on a file fails, for each N until nothing fails any more; the state is the one before or the one after.
//!
//! `cargo test` tries every 11th N, and two at the beginning; all of them: `STANDIN_FAULTS=all cargo test --test server promise_14`.

use serde_json::json;

use super::{
    Answer, Standin, assert_is_whole, form, photo, picture_of, refusal, register, send,
    shim::{ALL, EIO, Faults},
    tencent_rest,
    user_sig::WITH_SDK_APP_ID,
};

/// More system calls than a registration, an upload and a change make together.
const CALLS_MAX: usize = 2000;

fn stride() -> usize {
    if std::env::var("STANDIN_FAULTS").is_ok_and(|which| which == "all") { 1 } else { 11 }
}

#[expect(clippy::print_stderr, reason = "how many calls failed tells how much a run proves")]
#[actix_web::test]
async fn promise_14_whichever_call_on_a_file_fails_the_state_is_before_or_after() {
    let mut failed = Vec::new();
    for for_good in [false, true] {
        let (mut server, faults) = Faults::server(&[WITH_SDK_APP_ID]).await;
        let mut nth = 1;
        while nth < CALLS_MAX {
            let back_end = server.back_end_token().await;
            let id = format!("u{nth}");
            faults.fail(nth.try_into().unwrap(), ALL, EIO, for_good);
            let said = Said::of(&server, &back_end, &id).await;
            let failures = faults.failed();
            faults.heal();
            said.assert_fits(&server, &id).await;
            assert_eq!(
                register(&server, &format!("after{nth}"), "A").await.status,
                200,
                "it goes on without a restart, call {nth}"
            );
            server.kill();
            server.restart();
            assert_is_whole(&server.data());
            said.assert_fits(&server, &id).await;
            if failures == 0 {
                failed.push(nth - 1);
                break;
            }
            nth += if nth == 1 { 1 } else { stride() };
        }
    }
    eprintln!("calls that failed in turn: {failed:?}, every {}", stride());
    assert!(failed.len() == 2 && failed.iter().all(|calls| (30..CALLS_MAX).contains(calls)), "{failed:?}");
}

/// What a registration, an upload and a change were answered.
struct Said([Answer; 3]);

impl Said {
    async fn of(server: &Standin, back_end: &str, id: &str) -> Self {
        let registered = register(server, id, "first").await;
        let picture = reqwest::multipart::Part::bytes(photo::jpeg(64, 48)).file_name("a.jpg");
        let uploaded = form(&[("userIdentifier", id), ("email", "a@example.com")]).part("profileFile", picture);
        let uploaded = server.create_user_with(back_end, uploaded).await;
        let changed = tencent_rest::set(server, id, &[("Tag_Profile_IM_Nick", json!("third"))]).await;
        Self([registered, uploaded, changed])
    }

    /// What was acknowledged is there; what was refused is there whole or not at all.
    async fn assert_fits(&self, server: &Standin, id: &str) {
        let Self([registered, uploaded, changed]) = self;
        let user = server.user_profile(id).await;
        let well = [registered, uploaded, changed].map(|answer| refusal(answer) == 0);
        if user.status != 200 {
            assert_eq!(well, [false; 3], "{id} was acknowledged and is lost");
            return;
        }
        let user = user.json()["results"]["user"].clone();
        let name = user["username"].as_str().unwrap_or_default();
        let names: &[&str] = match well {
            [_, _, true] => &["third"],
            [true, _, false] => &["first", "third"],
            [false, _, false] => &["first", "third", "", id],
        };
        assert!(names.contains(&name), "{name:?} after {well:?}");
        let avatar = user["avatar_url"].as_str().unwrap();
        if well[1] {
            assert!(avatar.contains(&picture_of(uploaded)), "{avatar} after an upload that was acknowledged");
        }
        let path = avatar.strip_prefix(server.base()).filter(|path| path.contains("/pictures/upload/"));
        if let Some(path) = path {
            let picture = send(server.call(reqwest::Method::GET, path)).await;
            assert_eq!(picture.status, 200, "a picture that a row names");
            image::load_from_memory(&picture.bytes).unwrap();
        }
    }
}
