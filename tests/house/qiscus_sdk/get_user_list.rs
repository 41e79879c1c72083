use super::*;

async fn ids(house: &Standin, token: &str, query: &str) -> Vec<String> {
    let answer = get(house, token, &format!("get_user_list{query}")).await;
    let users = answer.json()["results"]["users"].as_array().unwrap_or_else(|| panic!("{answer:?}")).clone();
    users.iter().map(|user| user["email"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn users_are_listed_as_to_back_ends_and_found_by_a_part_of_name_or_id() {
    let house = Standin::fresh().await;
    let token = entered(&house, "ada").await;
    for (id, name) in [("bob", "Robert"), ("eve", "Evelyn"), ("u4", "Bobby")] {
        house.login_or_register(json!({ "user_id": id, "username": name, "password": "key" })).await;
    }
    golden::same(
        &house,
        "qiscus/sdk_get_user_list",
        &get(&house, &token, "get_user_list?query=eve&page=1&limit=2").await,
    );
    assert_eq!(ids(&house, &token, "").await, ["ada", "bob", "eve", "u4"], "2.16.9 sends no query at all");
    assert_eq!(ids(&house, &token, "?query=&page=&limit=").await, ["ada", "bob", "eve", "u4"], "as 2.12.5 sends it");
    assert_eq!(ids(&house, &token, "?query=BOB").await, ["bob", "u4"]);
    assert_eq!(ids(&house, &token, "?query=nobody").await, [""; 0]);
    assert_eq!(ids(&house, &token, "?page=2&limit=3").await, ["u4"]);
    assert_eq!(ids(&house, &token, "?limit=2&order_query=created_at%20desc").await, ["u4", "eve"]);
    let answer = get(&house, &token, "get_user_list?order_query=name").await;
    let sentence = "order_query must be one of created_at asc, created_at desc";
    assert_invalid(&answer, "order_query", sentence);
}
