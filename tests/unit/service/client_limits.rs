//! Tests of `src/service/client_limits.rs`.

use super::*;

fn from(host: u8) -> Option<IpAddr> {
    Some(IpAddr::from([10, 0, 0, host]))
}

#[test]
fn an_hours_units_are_let_through_at_once_and_then_evenly() {
    let limit = HourlyLimit::new("tries", NonZeroU32::new(60).unwrap());
    let start = Instant::now();
    let take = |units: u32, second: u64| limit.take(from(1), units, start + Duration::from_secs(second));
    let refused = |seconds| Err(Error::TooMany { what: "tries", retry_after: Duration::from_secs(seconds) });
    assert_eq!((take(59, 0), take(2, 0)), (Ok(()), refused(60)));
    assert_eq!((take(1, 0), take(1, 0)), (Ok(()), refused(60)));
    assert_eq!((take(1, 59), take(1, 60), take(1, 60)), (refused(1), Ok(()), refused(60)));
    assert_eq!((take(61, 3600), take(61, 3660)), (refused(60), Ok(())), "more than all cost all");
    assert_eq!(limit.take(from(2), 60, start), Ok(()), "another address has its own");
    assert_eq!(limit.take(None, 60, start).and(limit.take(None, 60, start)), Ok(()), "a Unix socket has no bound");
}

#[test]
fn the_number_of_remembered_networks_is_bounded() {
    let limit = HourlyLimit::new("tries", NonZeroU32::MIN);
    let now = Instant::now();
    for n in 0..150_000_u32 {
        assert_eq!(limit.take(Some(IpAddr::from(n.to_be_bytes())), 1, now), Ok(()));
    }
    let remembered = limit.rested_at.lock().unwrap().len();
    assert!((50_000..=NETWORKS_MAX).contains(&remembered), "{remembered}");
}

#[test]
fn above_its_burst_a_caller_waits_for_its_pace_and_others_do_not() {
    let keeper = PaceKeeper::new(Pace { per_minute: 60, at_once: 10 }, 100);
    let begun = Instant::now();
    assert_eq!(keeper.take("a", 10, begun), Duration::ZERO);
    assert_eq!(keeper.take("a", 1, begun), Duration::from_secs(1));
    assert_eq!(keeper.take("a", 2, begun), Duration::from_secs(3));
    assert_eq!(keeper.take("b", 10, begun), Duration::ZERO);
    assert_eq!(keeper.take("a", 1, begun + Duration::from_secs(60)), Duration::ZERO);
    assert_eq!(keeper.take("a", 1000, begun + Duration::from_secs(60)), PACE_WAIT_MAX);
}
