//! MirrorFly's REST API over the wire: a file for each call, its sentences and its limits.

mod create_user;
mod envelope;
mod login;
mod media;
mod tokens;
mod two_apps;
mod two_wires;

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    photo,
    standin::{ACCOUNT_PASSWORD, Answer, LICENSE_KEY, Standin, form, send},
};

fn data(answer: &Answer) -> Value {
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!(200)), "{answer:?}");
    answer.json()["data"].clone()
}

fn assert_refused(answer: &Answer, status: u16, message: &str) {
    assert_eq!((answer.status, answer.json()), (status, json!({ "status": status, "message": message })));
}

async fn nobody_was_created(house: &Standin) {
    assert_eq!(house.user_list().await.json()["results"]["meta"]["total_data"], 0);
    assert_eq!((house.pictures_on_disk().len(), house.incoming_on_disk().len()), (0, 0));
}
