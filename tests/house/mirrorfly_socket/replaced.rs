//! Sockets whose users are deleted and created again while they write.

use futures_util::future::{join, join_all};

use super::*;

/// Sockets that write at one time.
const SOCKETS: usize = 200;

async fn made(server: &Standin, back_end: &str, id: &str) -> Person {
    person_of(&server.create_user(back_end, &[("userIdentifier", id)]).await)
}

impl Socket {
    /// Replaces its own profile again and again, until the server ends the stream; how often that went well, and the last words.
    async fn writes_to_the_end(&mut self) -> (usize, String) {
        let (mut written, mut last) = (0, String::new());
        loop {
            let set = Message::text(format!("{SET}<status>old</status></vCard></iq>"));
            if self.0.send(set).await.is_err() {
                return (written, last);
            }
            match self.next().await {
                Some(Ok(Message::Text(text))) if text.contains(r#"type="result""#) => written += 1,
                Some(Ok(Message::Text(text))) => last.push_str(&text),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return (written, last),
                Some(Ok(other)) => panic!("heard {other:?}"),
            }
        }
    }
}

#[actix_web::test]
async fn promise_60_sockets_that_write_while_their_users_are_deleted_and_created_anew_never_write_the_new_profiles() {
    let server = &Standin::fresh().await;
    let back_end = &server.back_end_token().await;
    let round = async |n: usize| {
        let id = format!("u{n}");
        let mut socket = Socket::bound(server, &made(server, back_end, &id).await).await;
        let replace = async {
            let body = json!({ "userId": id, "reason": "gone" });
            let call = server.call(Method::POST, "/api/v1/users/deleteUserAccount").header("Authorization", back_end);
            assert_eq!(send(call.json(&body)).await.json()["status"], 200);
            made(server, back_end, &id).await;
        };
        let ((_, last), ()) = join(socket.writes_to_the_end(), replace).await;
        assert!(last.ends_with(CLOSE), "{last}");
        let user = server.call(Method::GET, &format!("/api/v1/users/{id}")).header("Authorization", back_end);
        let user = send(user).await.json();
        assert!(!user.to_string().contains("old"), "{user}");
    };
    join_all((0..SOCKETS).map(round)).await;
}
