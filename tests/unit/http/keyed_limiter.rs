//! Tests of `src/http/keyed_limiter.rs`.

use super::*;

#[test]
fn each_key_has_its_own_permits_and_one_without_permits_is_forgotten() {
    let limiter = KeyedLimiter::default();
    let [one, other] = ["one", "other"].map(|who| limiter.acquire(who, 1).unwrap());
    assert!(limiter.acquire("one", 1).is_none());
    let more = limiter.acquire("one", 2).unwrap();
    drop((one, other));
    assert_eq!(*limiter.counts(), HashMap::from([("one", 1)]));
    drop(more);
    assert!(limiter.counts().is_empty());
}
