use reqwest::Method;
use serde_json::json;

use super::{assert_refused, data, ids, list, made, sync};
use crate::{
    golden, photo,
    standin::{Standin, send},
};

#[actix_web::test]
async fn shows_the_fields_of_the_page_with_pictures_by_bare_tokens() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    let fields =
        [("nickname", "Nick"), ("mobileNumber", "111"), ("email", "n@x.example"), ("profileUrl", "https://x/y.png")];
    made(&server, "elsewhere", &fields).await;
    let back_end = server.back_end_token().await;
    data(&server.create_user_with_picture(&back_end, "pictured", "a.png", photo::png(60, 60)).await);
    made(&server, "plain@x", &[]).await;
    sync(&server, &ada, &["111", "pictured", "plain@x"], &[], true).await;
    let answer = list(&server, &ada, "").await;
    golden::same(&server, "mirrorfly/contacts_list", &answer);
    let row = data(&answer)["contactsList"][1].clone();
    for (field, side_px) in [("image", 60), ("thumbImage", 60)] {
        let path = format!("/api/v1/media/{}", row[field].as_str().unwrap());
        let picture = send(server.call(Method::GET, &path).header("Authorization", &ada)).await;
        assert_eq!(image::load_from_memory(&picture.bytes).unwrap().width(), side_px, "{field}");
    }
}

#[actix_web::test]
async fn an_empty_list_has_no_pages() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    let expected = json!({ "contactsList": [], "totalPages": 0, "totalRecords": 0 });
    assert_eq!(data(&list(&server, &ada, "").await), expected);
}

#[actix_web::test]
async fn pages_are_of_50_unless_a_size_up_to_100_is_asked_for() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    let people: Vec<String> = (0..101).map(|n| format!("p{n:03}")).collect();
    for id in &people {
        server.login_or_register(json!({ "user_id": id, "username": "P", "password": "p" })).await;
    }
    let all: Vec<&str> = people.iter().map(String::as_str).collect();
    sync(&server, &ada, &all, &[], true).await;
    for (query, first, rows, pages) in [
        ("", 0, 50, 3),
        ("?page=1&size=", 0, 50, 3),
        ("?page=3", 100, 1, 3),
        ("?page=4", 0, 0, 3),
        ("?page=4294967295", 0, 0, 3),
        ("?page=1&size=1", 0, 1, 101),
        ("?page=101&size=1", 100, 1, 101),
        ("?page=2&size=99", 99, 2, 2),
        ("?page=2&size=100", 100, 1, 2),
    ] {
        let shown = data(&list(&server, &ada, query).await);
        assert_eq!((&shown["totalPages"], &shown["totalRecords"]), (&json!(pages), &json!(101)), "{query}");
        assert_eq!(ids(&server, &ada, query).await, people[first..first + rows], "{query}");
    }
}

#[actix_web::test]
async fn an_invalid_page_or_size_is_refused() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    for page in ["0", "-1", "x", "1.5", "4294967296"] {
        let answer = list(&server, &ada, &format!("?page={page}")).await;
        assert_refused(&answer, 400, "page must be a number from 1 to 4294967295");
    }
    for size in ["0", "-1", "x", "101"] {
        let answer = list(&server, &ada, &format!("?size={size}")).await;
        assert_refused(&answer, 400, "size must be a number from 1 to 100");
    }
    assert_refused(&list(&server, &ada, "?page=1&page=2").await, 400, "page must be given once, not twice");
}

#[actix_web::test]
async fn search_finds_part_of_either_sides_name_in_any_case() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    made(&server, "b1", &[("nickname", "Grace Hopper"), ("mobileNumber", "111")]).await;
    made(&server, "b2", &[("nickname", "Ünal"), ("mobileNumber", "222")]).await;
    sync(&server, &ada, &["111", "222"], &[], true).await;
    for (name, found) in
        [("hop", &["b1"][..]), ("%C3%BCn", &["b2"]), ("n222", &["b2"]), ("", &["b1", "b2"]), ("nobody", &[])]
    {
        assert_eq!(ids(&server, &ada, &format!("?name={name}")).await, found, "{name}");
    }
    assert_eq!(data(&list(&server, &ada, "?name=hop&size=1").await)["totalRecords"], 1);
}

#[actix_web::test]
async fn rows_survive_a_restart() {
    let mut server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    made(&server, "bob", &[]).await;
    sync(&server, &ada, &["bob"], &[], true).await;
    server.kill();
    server.restart();
    assert_eq!(ids(&server, &ada, "").await, ["bob"]);
}

#[actix_web::test]
async fn a_deleted_user_leaves_the_list_and_a_new_user_with_its_id_is_not_on_it() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    made(&server, "bob", &[]).await;
    sync(&server, &ada, &["bob"], &[], true).await;
    server.command(&["user", "delete", "bob"]);
    let empty = json!({ "contactsList": [], "totalPages": 0, "totalRecords": 0 });
    assert_eq!(data(&list(&server, &ada, "").await), empty);
    made(&server, "bob", &[]).await;
    assert_eq!(data(&list(&server, &ada, "").await), empty);
}

#[actix_web::test]
async fn a_suspended_contact_is_shown_as_blocked_by_the_admin() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    made(&server, "bob", &[]).await;
    sync(&server, &ada, &["bob"], &[], true).await;
    for (state, flag) in [("suspended", 1), ("active", 0)] {
        server.command(&["user", "set", "bob", "--state", state]);
        assert_eq!(data(&list(&server, &ada, "").await)["contactsList"][0]["isAdminBlocked"], flag);
    }
}
