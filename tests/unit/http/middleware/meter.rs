//! Tests of `src/http/middleware/meter.rs`.

use super::*;

#[test]
fn durations_are_reported_by_the_bound_of_their_class() {
    let meter = Meter::default();
    (0..90).for_each(|_| meter.count(Duration::from_micros(100)));
    (0..10).for_each(|_| meter.count(Duration::from_millis(5)));
    meter.count_commits(3);
    let minutes = meter.minutes();
    let expected = Minute { ago: 0, requests: 100, p50_us: Some(128), p95_us: Some(8192), commits: 3 };
    assert_eq!(minutes, [expected]);
}

#[test]
fn without_requests_there_is_no_duration_and_the_longest_has_a_class() {
    let meter = Meter::default();
    let last = || {
        let now = meter.minutes().pop().unwrap();
        (now.requests, now.p50_us, now.p95_us)
    };
    assert_eq!(last(), (0, None, None));
    meter.count(Duration::from_secs(3600));
    meter.count(Duration::ZERO);
    assert_eq!(last(), (2, Some(2), Some(1 << 21)));
}
