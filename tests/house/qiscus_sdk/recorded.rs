//! Runs of the published SDK, replayed.

use super::{
    super::recorded::{Replay, steps},
    *,
};

async fn replay(name: &str) {
    let server = Standin::fresh().await;
    let mut replay = Replay::new(&server);
    for (number, exchange) in steps(name).iter().enumerate() {
        replay.exchange(&format!("{name}, exchange {number}"), exchange).await;
    }
}

#[actix_web::test]
async fn the_sdk_in_node_receives_what_was_recorded() {
    replay("qiscus-node").await;
}

#[actix_web::test]
async fn the_chat_calls_of_the_sdk_receive_what_was_recorded() {
    replay("qiscus-chat-node").await;
}

#[actix_web::test]
async fn the_sdk_in_a_page_receives_what_was_recorded() {
    replay("qiscus-page").await;
}
