//! The same commands as users call them: for themselves alone.

use super::{super::tencent_socket::Socket, *};

fn rights(info: &str) -> Value {
    json!({ "ActionStatus": "FAIL", "ErrorCode": 30004, "ErrorInfo": info, "ErrorDisplay": "" })
}

#[actix_web::test]
async fn a_user_acts_for_itself_alone() {
    let server = people(&["ann", "bob"]).await;
    let (mut socket, ticket) = Socket::of(&server, "bob").await;
    let mut calls = limits::calls(&["bob".to_owned()]);
    for command in [
        "friend_get",
        "friend_delete_all",
        "pendency_get",
        "pendency_report",
        "group_get",
        "group_delete",
        "black_list_get",
    ] {
        calls.push((command, "", json!({ "From_Account": "ann" })));
    }
    for (command, _, body) in calls {
        let command = format!("sns.{}", command.trim_start_matches("sns/"));
        let info = match command.as_str() {
            "sns.friend_import" => "Only the app's administrator calls this, by the REST API",
            _ => "From_Account must be the account that has signed in",
        };
        assert_eq!(socket.ask(&command, &ticket, body).await, rights(info), "{command}");
    }
}

#[actix_web::test]
async fn a_user_cannot_add_friends_by_force() {
    let server = people(&["ann", "shy"]).await;
    allow(&server, "shy", "NeedConfirm").await;
    let (mut socket, ticket) = Socket::of(&server, "ann").await;
    let body = |flags: u32| json!({ "From_Account": "ann", "AddFriendItem": [wish("shy")], "ForceAddFlags": flags });
    let said = socket.ask("sns.friend_add", &ticket, body(1)).await;
    assert_eq!(said, rights("ForceAddFlags is for the app's administrator, by the REST API"));
    let said = socket.ask("sns.friend_add", &ticket, body(0)).await;
    assert_eq!(codes(&said), [("shy".to_owned(), 30539)]);
}

#[actix_web::test]
async fn fields_of_a_friend_that_a_user_may_not_read_are_left_out() {
    let server = people(&["ann", "bob"]).await;
    for (name, reader) in [("Open", "everyone"), ("Near", "friends"), ("Own", "owner"), ("Back", "back-end")] {
        server.command(&["app", "field", "add", name, "--read", reader]);
        set(&server, "bob", &[(&format!("Tag_Profile_Custom_{name}"), json!("x"))]).await;
    }
    let one_way = json!({ "From_Account": "ann", "AddFriendItem": [wish("bob")], "AddType": "Add_Type_Single" });
    assert_eq!(one(&server, "sns/friend_add", one_way).await, well());
    let (mut socket, ticket) = Socket::of(&server, "ann").await;
    let body = json!({ "From_Account": "ann", "To_Account": ["bob"] });
    let mut custom = async || {
        let said = socket.ask("sns.friend_get_specified", &ticket, body.clone()).await;
        let items = said["InfoItem"][0]["SnsProfileItem"].as_array().unwrap().iter();
        let names = items.filter_map(|item| item["Tag"].as_str().unwrap().strip_prefix("Tag_Profile_Custom_"));
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(custom().await, ["Open"], "bob does not list ann");
    befriend(&server, "bob", "ann").await;
    assert_eq!(custom().await, ["Near", "Open"]);
}
