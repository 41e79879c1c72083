//! Sockets whose users are deleted and created again while they write.

use futures_util::future::{join, join_all};

use super::*;

/// Sockets that write at one time.
const SOCKETS: usize = 200;

const NICK: &str = "Tag_Profile_IM_Nick";

impl Socket {
    /// Sets its own name again and again until it is refused; the refusal.
    async fn writes_to_the_end(&mut self, id: &str, ticket: &str) -> Option<Value> {
        loop {
            self.seq += 1;
            let head = json!({ "a2": ticket, "servcmd": SET, "seq": self.seq });
            let body = json!({ "From_Account": id, "ProfileItem": [{ "Tag": NICK, "Value": "old" }] });
            let frame = Message::binary(json!({ "head": head, "body": body }).to_string());
            if self.socket.send(frame).await.is_err() {
                return None;
            }
            loop {
                let Some(Ok(Message::Binary(bytes))) = self.next().await else { return None };
                let frame: Value = serde_json::from_slice(&bytes).unwrap();
                if frame["head"]["servcmd"] == SET {
                    match frame["body"]["ErrorCode"] == 0 {
                        true => break,
                        false => return Some(frame["body"].clone()),
                    }
                }
            }
        }
    }
}

#[actix_web::test]
async fn promise_60_sockets_that_write_while_their_users_are_deleted_and_created_anew_never_write_the_new_profiles() {
    let server = &server().await;
    let round = async |n: usize| {
        let id = format!("u{n}");
        import(server, &[&id]).await;
        let (mut socket, ticket) = Socket::of(server, &id).await;
        let replace = async {
            by_rest(server, "im_open_login_svc/account_delete", json!({ "DeleteItem": [{ "UserID": id }] })).await;
            import(server, &[&id]).await;
        };
        let (refusal, ()) = join(socket.writes_to_the_end(&id, &ticket), replace).await;
        if let Some(refusal) = refusal {
            assert_eq!(refusal["ErrorCode"], 70001, "{refusal}");
        }
        let asked = json!({ "To_Account": [id], "TagList": [NICK] });
        let profile = by_rest(server, "profile/portrait_get", asked).await;
        assert!(!profile.to_string().contains("old"), "{profile}");
    };
    join_all((0..SOCKETS).map(round)).await;
}
