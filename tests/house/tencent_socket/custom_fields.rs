//! The readers and writers of a custom field; the REST API may do both.

use super::*;

const READERS: [&str; 4] = ["everyone", "friends", "owner", "back-end"];

/// A field for each kind of readers, and one that users write not; alice has something in all of them, and lists bob.
async fn server_with_fields() -> Standin {
    let server = server().await;
    import(&server, &["alice", "bob", "carol"]).await;
    befriend(&server, "alice", "bob").await;
    for readers in READERS {
        server.command(&["app", "field", "add", &readers.replace('-', "_"), "--read", readers]);
    }
    server.command(&["app", "field", "add", "rank", "--write", "back-end"]);
    let tags = READERS.map(tag);
    let items: Vec<(&str, Value)> = tags.iter().map(|tag| (tag.as_str(), json!("x"))).collect();
    set(&server, "alice", &items).await;
    server
}

fn tag(readers: &str) -> String {
    format!("Tag_Profile_Custom_{}", readers.replace('-', "_"))
}

/// The tags that a user is shown of alice.
async fn seen_by(server: &Standin, id: &str) -> Vec<String> {
    let (mut socket, ticket) = Socket::of(server, id).await;
    let body = json!({ "From_Account": id, "UserItem": [{ "To_Account": "alice" }] });
    let said = socket.ask(GET_ALL, &ticket, body).await;
    let items = said["UserProfileItem"][0]["ProfileItem"].as_array().unwrap_or_else(|| panic!("{said}"));
    items.iter().map(|item| item["Tag"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn a_field_is_shown_to_its_readers_and_left_out_for_others() {
    let server = server_with_fields().await;
    assert_eq!(seen_by(&server, "alice").await, ["everyone", "friends", "owner"].map(tag));
    assert_eq!(seen_by(&server, "bob").await, ["everyone", "friends"].map(tag));
    assert_eq!(seen_by(&server, "carol").await, ["everyone"].map(tag));
}

#[actix_web::test]
async fn a_field_for_no_users_eyes_is_40007_to_ask_for() {
    let server = server_with_fields().await;
    let (mut socket, ticket) = Socket::of(&server, "alice").await;
    let asks = |tags: &[String]| json!({ "To_Account": ["alice"], "TagList": tags });
    let said = socket.ask("profile.portrait_get", &ticket, asks(&[tag("back-end")])).await;
    assert_eq!(said, refused(40007, "Tag_Profile_Custom_back_end is shown to the app's back end alone"));
    let said = socket.ask("profile.portrait_get", &ticket, asks(&[tag("owner")])).await;
    assert_eq!(said["UserProfileItem"][0]["ProfileItem"], json!([{ "Tag": tag("owner"), "Value": "x" }]));
}

#[actix_web::test]
async fn a_field_that_the_back_end_writes_is_40008_to_a_user_and_nothing_of_the_call_is_done() {
    let server = server_with_fields().await;
    let (mut socket, ticket) = Socket::of(&server, "carol").await;
    let nick = json!({ "Tag": "Tag_Profile_IM_Nick", "Value": "Carol" });
    let rank = json!({ "Tag": "Tag_Profile_Custom_rank", "Value": "1" });
    let said = socket.ask(SET, &ticket, json!({ "From_Account": "carol", "ProfileItem": [nick, rank] })).await;
    assert_eq!(said, refused(40008, "Tag_Profile_Custom_rank is written by the app's back end alone"));
    let body = json!({ "From_Account": "carol", "UserItem": [{ "To_Account": "carol" }] });
    let said = socket.ask(GET_ALL, &ticket, body).await;
    assert_eq!(said["UserProfileItem"][0]["ProfileItem"], json!([{ "Tag": "Tag_Profile_IM_Nick", "Value": "" }]));
    let owner = json!({ "Tag": tag("back-end"), "Value": "written unseen" });
    let said = socket.ask(SET, &ticket, json!({ "From_Account": "carol", "ProfileItem": [owner] })).await;
    assert_eq!(said["ErrorCode"], 0, "what a user may not read it may write where the app lets it: {said}");
}

#[actix_web::test]
async fn level_role_and_admin_forbid_type_of_ones_own_may_be_set() {
    let server = server_with_fields().await;
    let (mut socket, ticket) = Socket::of(&server, "carol").await;
    let items = json!([
        { "Tag": "Tag_Profile_IM_AdminForbidType", "Value": "AdminForbid_Type_SendOut" },
        { "Tag": "Tag_Profile_IM_Level", "Value": 5 },
        { "Tag": "Tag_Profile_IM_Role", "Value": 7 },
    ]);
    let said = socket.ask(SET, &ticket, json!({ "From_Account": "carol", "ProfileItem": items })).await;
    assert_eq!(said["ErrorCode"], 0, "{said}");
    let body = json!({ "From_Account": "carol", "UserItem": [{ "To_Account": "carol" }] });
    let said = socket.ask(GET_ALL, &ticket, body).await;
    assert_eq!(said["UserProfileItem"][0]["ProfileItem"], items);
}
