//! Runs of the published SDK, replayed.

use super::{
    super::recorded::{Replay, steps},
    *,
};

async fn replay(name: &str) {
    let house = Standin::fresh().await;
    let mut replay = Replay::new(&house);
    for (number, exchange) in steps(name).iter().enumerate() {
        replay.exchange(&format!("{name}, exchange {number}"), exchange).await;
    }
}

#[actix_web::test]
async fn what_the_sdk_hears_in_node_is_what_it_heard_then() {
    replay("qiscus-node").await;
}

#[actix_web::test]
async fn what_the_sdk_hears_in_a_page_is_what_it_heard_then() {
    replay("qiscus-page").await;
}
