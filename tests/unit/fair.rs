//! Tests of `src/fair.rs`.

use futures_util::{FutureExt as _, future::join_all};

use super::*;
use crate::domain::id::UserKey;

const BOUNDS: FairBounds =
    FairBounds { running_max: 1, running_each_max: 1, waiting_max: 16, calls_each_max: 4, what: Some("calls") };

fn queue(bounds: FairBounds) -> FairQueue<&'static str> {
    FairQueue::new(bounds)
}

#[actix_web::test]
async fn promise_58_callers_are_admitted_in_turn_and_not_in_order_of_arrival() {
    let queue = queue(FairBounds { calls_each_max: 9, ..BOUNDS });
    let running = queue.enter(&["flood"]).await.unwrap();
    let order = Mutex::new(Vec::new());
    let asks = ["flood", "flood", "flood", "ann", "bob", "ann"].into_iter().enumerate().map(|(n, caller)| {
        let (queue, order) = (&queue, &order);
        let mut ask = Box::pin(async move {
            let _permit = queue.enter(&[caller]).await.unwrap();
            order.lock().unwrap().push(n);
        });
        assert!(ask.as_mut().now_or_never().is_none());
        ask
    });
    let asks: Vec<_> = asks.collect();
    drop(running);
    join_all(asks).await;
    assert_eq!(*order.lock().unwrap(), [3, 4, 0, 5, 1, 2], "one of each in turn, and the flood's rest behind");
}

#[actix_web::test]
async fn promise_58_a_call_that_waits_for_one_of_its_callers_does_not_block_the_other_caller() {
    let queue = queue(FairBounds { calls_each_max: 9, ..BOUNDS });
    let running = queue.enter(&["newcomers"]).await.unwrap();
    let order = Mutex::new(Vec::new());
    let newcomer = vec!["newcomers"];
    let asks = [newcomer.clone(), newcomer.clone(), newcomer, vec!["home", "newcomers"], vec!["home"]];
    let mut waiting = Vec::new();
    for (n, callers) in asks.iter().enumerate() {
        let (queue, order) = (&queue, &order);
        let mut ask = Box::pin(async move {
            let _permit = queue.enter(callers).await.unwrap();
            order.lock().unwrap().push(n);
        });
        assert!(ask.as_mut().now_or_never().is_none());
        waiting.push(ask);
    }
    drop(running);
    join_all(waiting).await;
    assert_eq!(*order.lock().unwrap(), [0, 4, 1, 2, 3]);
}

#[actix_web::test]
async fn promise_58_a_caller_runs_no_more_than_its_share_while_there_is_room() {
    let queue = queue(FairBounds { running_max: 4, ..BOUNDS });
    let first = queue.enter(&["flood"]).await.unwrap();
    let mut second = Box::pin(queue.enter(&["flood"]));
    assert!(second.as_mut().now_or_never().is_none());
    let others = ["a", "b", "c"].map(|caller| queue.enter(&[caller]).now_or_never());
    assert!(others.iter().all(Option::is_some), "the others pass");
    assert!(second.as_mut().now_or_never().is_none(), "its share is one");
    drop(others);
    drop(first);
    assert!(second.as_mut().now_or_never().is_some_and(|permit| permit.is_ok()));
}

#[actix_web::test]
async fn promise_58_a_caller_beyond_its_share_is_refused_alone_and_a_full_queue_drops_the_flooder_first() {
    let queue = &queue(FairBounds { waiting_max: 6, ..BOUNDS });
    let running = queue.enter(&["flood"]).await.unwrap();
    let mut flood: Vec<_> = (0..3).map(|_| Box::pin(queue.enter(&["flood"]))).collect();
    assert!(flood.iter_mut().all(|ask| ask.as_mut().now_or_never().is_none()));
    let fifth = queue.enter(&["ann", "flood"]).now_or_never();
    assert!(matches!(fifth, Some(Err(Error::TooMany { .. }))), "each caller of a call is asked");
    let mut others: Vec<_> =
        ["a", "b", "c", "d"].map(|caller| Box::pin(async move { queue.enter(&[caller]).await })).into();
    assert!(others.iter_mut().all(|ask| ask.as_mut().now_or_never().is_none()), "d takes a place of the flood's");
    let gone = flood.pop().unwrap().now_or_never();
    assert!(matches!(gone, Some(Err(Error::Busy))));
    drop(running);
    drop((flood, others));
    let state = queue.state();
    assert!(state.callers.is_empty() && state.waiting.is_empty() && state.running == 0);
}

#[actix_web::test]
async fn a_call_dropped_after_its_admission_lets_the_next_one_run() {
    let queue = queue(BOUNDS);
    let running = queue.enter(&["a"]).await.unwrap();
    let (mut given_up, mut next) = (Box::pin(queue.enter(&["b"])), Box::pin(queue.enter(&["c"])));
    assert!(given_up.as_mut().now_or_never().is_none() && next.as_mut().now_or_never().is_none());
    drop(running);
    drop(given_up);
    assert!(next.as_mut().now_or_never().is_some_and(|permit| permit.is_ok()));
}

#[actix_web::test]
async fn two_hundred_callers_at_once_are_all_served_and_a_panic_ends_no_thread() {
    let bounds = FairBounds { waiting_max: 300, ..FairBounds::quarter(4, 300, "calls") };
    let threads = FairThreads::start("fair", vec![(); 4], bounds).unwrap();
    let user = |n: i64| CallerKey::User(UserKey(n));
    let panics = join_all((0..20).map(|n| threads.run(user(n), |()| assert_eq!(1, 2, "on purpose")))).await;
    assert!(panics.iter().all(|outcome| matches!(outcome, Err(Error::Internal(_)))));
    let served = join_all((0..200).map(|n| threads.run(user(n % 20), move |()| n))).await;
    assert!(served.into_iter().eq((0..200).map(Ok)));
    for _ in 0..1000 {
        let gone = threads.run(user(1), |()| ()).now_or_never();
        assert!(!matches!(gone, Some(Err(_))), "one that goes gives its place back");
    }
    assert_eq!(threads.run(user(1), |()| "here").await, Ok("here"));
}
