//! Friends are contacts, and the other way round.

use super::{
    super::{
        mirrorfly_socket::{Socket, person},
        mirrorfly_users::{ids, made, sync},
    },
    *,
};

#[actix_web::test]
async fn a_friend_is_in_mirrorflys_contact_list() {
    let server = server().await;
    let token = made(&server, "ann", &[]).await;
    made(&server, "bob", &[]).await;
    befriend(&server, "ann", "bob").await;
    assert_eq!(ids(&server, &token, "").await, ["bob"]);
    one(&server, "sns/friend_delete", json!({ "From_Account": "ann", "To_Account": ["bob"] })).await;
    assert_eq!(ids(&server, &token, "").await, Vec::<String>::new());
}

#[actix_web::test]
async fn a_mirrorfly_contact_is_a_friend_and_keeps_its_groups_when_renamed() {
    let server = server().await;
    let token = made(&server, "ann", &[]).await;
    made(&server, "bob", &[]).await;
    assert_eq!(sync(&server, &token, &["bob"], &[], false).await, ["bob"]);
    assert_eq!(friends(&server, "ann").await, json!({ "bob": { "Remark": "Nbob" } }));
    assert_eq!(add(&server, "ann", wish("bob")).await, well(), "bob does not list ann yet");
    let group = json!({ "Tag": "Tag_SNS_IM_Group", "Value": ["work"] });
    let remark = json!({ "Tag": "Tag_SNS_IM_Remark", "Value": "Bobby" });
    let item = json!({ "To_Account": "bob", "SnsItem": [group, remark] });
    assert_eq!(one(&server, "sns/friend_update", json!({ "From_Account": "ann", "UpdateItem": [item] })).await, well());
    sync(&server, &token, &["bob"], &[], false).await;
    assert_eq!(friends(&server, "ann").await, json!({ "bob": { "Remark": "Nbob", "Group": ["work"] } }));
}

#[actix_web::test]
async fn a_friend_is_on_the_roster_of_mirrorflys_socket() {
    let server = server().await;
    let ann = person(&server, "ann").await;
    person(&server, "bob").await;
    let mut socket = Socket::bound(&server, &ann).await;
    befriend(&server, "ann", "bob").await;
    assert!(socket.hear().await.contains("<register_update />"), "ann's list differs");
    socket.say(r#"<iq xmlns="jabber:client" type="get" id="7"><query xmlns="jabber:iq:roster"/></iq>"#).await;
    let roster = socket.hear().await;
    assert!(roster.contains("jabber:iq:roster") && roster.contains(r#"jid="bob@"#), "{roster}");
}
