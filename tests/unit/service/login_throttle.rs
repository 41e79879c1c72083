use super::*;

fn attempt(id: &str, from: [u8; 4]) -> LoginAttempt {
    LoginAttempt::new(AppKey(1), UserId::parse(id).ok(), Some(IpAddr::from(from)))
}

fn waits(seconds: u64) -> Result<(), Error> {
    Err(refusal(Duration::from_secs(seconds)))
}

impl LoginThrottle {
    fn admit(&self, attempt: &LoginAttempt, now: Instant) -> Result<(), Error> {
        self.reserve_now(attempt, now).map(|reservation| assert!(reservation.is_some(), "all places are reserved"))
    }

    fn failed(&self, attempt: &LoginAttempt, now: Instant) {
        self.settle(attempt, LoginOutcome::Failed, now);
    }

    fn succeeded(&self, attempt: &LoginAttempt, now: Instant) {
        self.settle(attempt, LoginOutcome::Succeeded, now);
    }

    fn reserved(&self, attempt: &LoginAttempt, now: Instant) -> Reservation {
        self.reserve_now(attempt, now).unwrap().expect("a free place")
    }
}

/// A moment after the test: a reservation that is dropped reads the clock itself.
fn after_the_clock() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}

#[test]
fn promise_43_the_eleventh_try_waits_a_minute_then_ten_then_an_hour() {
    let (throttle, ann, start) = (LoginThrottle::new(), attempt("ann", [10, 0, 0, 1]), after_the_clock());
    let mut now = start;
    for seconds in [60, 600, 3600, 3600] {
        for _ in 0..10 {
            assert_eq!(throttle.admit(&ann, now), Ok(()));
            throttle.failed(&ann, now);
        }
        assert_eq!(throttle.admit(&ann, now), waits(seconds));
        assert_eq!(throttle.admit(&ann, now + Duration::from_secs(seconds - 1)), waits(1));
        now += Duration::from_secs(seconds);
    }
    assert_eq!(throttle.admit(&ann, now), Ok(()));
    let other = attempt("bob", [10, 0, 0, 1]);
    assert_eq!(throttle.admit(&other, start), Ok(()), "another user from there is not concerned");
    now += LADDER_FORGIVEN_AFTER + Duration::from_secs(1);
    (0..10).for_each(|_| throttle.failed(&ann, now));
    assert_eq!(throttle.admit(&ann, now), waits(60), "an hour of peace is forgiven");
}

#[test]
fn promise_62_failures_from_one_network_do_not_count_for_another() {
    let (throttle, now) = (LoginThrottle::new(), Instant::now());
    let (stranger, holder) = (attempt("ann", [10, 0, 0, 1]), attempt("ann", [10, 0, 0, 2]));
    (0..10).for_each(|_| throttle.failed(&stranger, now));
    assert_eq!(throttle.admit(&stranger, now), waits(60));
    assert_eq!(throttle.admit(&holder, now), Ok(()));
}

#[test]
fn promise_62_an_account_attacked_from_many_networks_allows_each_network_two_failures_and_refuses_none() {
    let (throttle, now) = (LoginThrottle::new(), Instant::now());
    let ann = |network: u8| attempt("ann", [10, 0, 0, network]);
    (0..99).for_each(|n| throttle.failed(&ann(n), now));
    (0..9).for_each(|_| throttle.failed(&attempt("bob", [10, 0, 1, 1]), now));
    assert_eq!(throttle.admit(&ann(200), now), Ok(()));
    throttle.failed(&ann(100), now);
    assert_eq!(throttle.admit(&ann(200), now), Ok(()), "a hundred failures of others refuse nothing");
    throttle.failed(&ann(200), now);
    assert_eq!(throttle.admit(&ann(200), now), Ok(()));
    throttle.failed(&ann(200), now);
    assert_eq!(throttle.admit(&ann(200), now), waits(60), "two of its own do");
    assert_eq!(throttle.admit(&attempt("bob", [10, 0, 1, 1]), now), Ok(()), "other accounts have their ten");
    let tomorrow = now + DAY + Duration::from_secs(1);
    (0..9).for_each(|_| throttle.failed(&ann(201), tomorrow));
    assert_eq!(throttle.admit(&ann(201), tomorrow), Ok(()), "forgotten after a day");
}

#[test]
fn a_success_or_15_minutes_reset_a_users_count() {
    let (throttle, ann, now) = (LoginThrottle::new(), attempt("ann", [10, 0, 0, 1]), Instant::now());
    (0..9).for_each(|_| throttle.failed(&ann, now));
    throttle.succeeded(&ann, now);
    (0..9).for_each(|_| throttle.failed(&ann, now));
    let later = now + ACCOUNT_WINDOW + Duration::from_secs(1);
    (0..9).for_each(|_| throttle.failed(&ann, later));
    assert_eq!(throttle.admit(&ann, later), Ok(()));
    throttle.failed(&ann, later);
    assert_eq!(throttle.admit(&ann, later), waits(60));
}

#[test]
fn the_quarter_of_an_hour_is_counted_from_the_last_failure() {
    let (throttle, ann, now) = (LoginThrottle::new(), attempt("ann", [10, 0, 0, 1]), Instant::now());
    (0..10).for_each(|n| throttle.failed(&ann, now + Duration::from_secs(n * 800)));
    assert_eq!(throttle.admit(&ann, now + Duration::from_secs(9 * 800)), waits(60));
}

#[test]
fn an_address_may_fail_sixty_times_a_minute_for_any_users() {
    let (throttle, now) = (LoginThrottle::new(), Instant::now());
    let user = |n: u32| attempt(&format!("u{n}"), [10, 0, 0, 1]);
    (0..59).for_each(|n| throttle.failed(&user(n), now));
    throttle.succeeded(&user(0), now);
    assert_eq!(throttle.admit(&user(100), now), Ok(()));
    throttle.failed(&user(59), now);
    assert_eq!(throttle.admit(&user(100), now), waits(60));
    assert_eq!(throttle.admit(&attempt("u100", [10, 0, 0, 2]), now), Ok(()), "from elsewhere it may");
    let slow = LoginThrottle::new();
    (0..600).for_each(|n| slow.failed(&user(n), now + Duration::from_secs(n.into()) * 2));
    assert_eq!(slow.admit(&user(1000), now + Duration::from_secs(1200)), Ok(()), "thirty a minute are none too many");
}

#[test]
fn promise_43_a_hundred_thousand_are_remembered_and_the_latest_is_among_them() {
    let (throttle, now) = (LoginThrottle::new(), Instant::now());
    let nowhere = |n: u32| LoginAttempt::new(AppKey(1), UserId::parse(&format!("u{n}")).ok(), None);
    (0..150_000).for_each(|n| throttle.failed(&nowhere(n), now));
    let remembered = throttle.state().failures.len();
    assert!((50_000..=REMEMBERED_MAX).contains(&remembered), "{remembered}");
    assert!(throttle.state().reserved.is_empty(), "nothing is under way");
    let ann = nowhere(1_000_000);
    (0..10).for_each(|_| throttle.failed(&ann, now));
    assert_eq!(throttle.admit(&ann, now), waits(60));
}

#[test]
fn addresses_of_one_ipv6_network_count_as_one() {
    let (throttle, now) = (LoginThrottle::new(), Instant::now());
    let from = |host: u16| {
        let address = std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, host);
        LoginAttempt::new(AppKey(1), None, Some(IpAddr::V6(address)))
    };
    (0..60).for_each(|host| throttle.failed(&from(host), now));
    assert_eq!(throttle.admit(&from(4711), now), waits(60));
}

#[test]
fn promise_56_attempts_under_way_take_the_places_of_failures_and_give_them_back() {
    let (throttle, ann, now) = (LoginThrottle::new(), attempt("ann", [10, 0, 0, 1]), Instant::now());
    (0..3).for_each(|_| throttle.failed(&ann, now));
    let mut reserved: Vec<_> = (0..7).map(|_| throttle.reserved(&ann, now)).collect();
    assert!(throttle.reserve_now(&ann, now).unwrap().is_none(), "three have failed, seven are under way");
    assert!(throttle.reserve_now(&attempt("bob", [10, 0, 0, 1]), now).unwrap().is_some(), "another account is free");
    drop(reserved.pop());
    reserved.push(throttle.reserved(&ann, now));
    reserved.pop().unwrap().succeeded();
    let more: Vec<_> = (0..4).map(|_| throttle.reserved(&ann, now)).collect();
    assert!(throttle.reserve_now(&ann, now).unwrap().is_none(), "a success has forgotten the three failures");
    drop((reserved, more));
    assert!(throttle.state().reserved.is_empty());
}

#[test]
fn promise_56_failures_of_attempts_that_were_under_way_climb_no_further_rung() {
    let (throttle, now) = (LoginThrottle::new(), Instant::now());
    let ann = attempt("ann", [10, 0, 0, 1]);
    let under_way: Vec<_> = (0..10).map(|_| throttle.reserved(&ann, now)).collect();
    // Other networks have narrowed the bound meanwhile: two of the ten failures begin the wait.
    (0..100).for_each(|n| throttle.failed(&attempt("ann", [10, 0, 1, n]), now));
    under_way.into_iter().for_each(Reservation::failed);
    let wait = throttle.admit(&ann, Instant::now()).unwrap_err().retry_after_s();
    assert!(wait.is_some_and(|wait| (59..=60).contains(&wait)), "{wait:?}");
}

#[test]
fn promise_56_an_attempt_that_finds_all_places_reserved_waits_for_an_outcome() {
    let (throttle, ann) = (LoginThrottle::new(), attempt("ann", [10, 0, 0, 1]));
    let mut under_way: Vec<_> = (0..10).map(|_| throttle.reserved(&ann, Instant::now())).collect();
    let mut line: Vec<_> = (0..3).map(|_| throttle.wait_in_line(ann.clone()).unwrap()).collect();
    under_way.pop().unwrap().succeeded();
    let first = line.remove(0).try_recv().unwrap().unwrap();
    assert!(line.first_mut().unwrap().try_recv().is_err(), "one place was given back");
    drop(line.remove(0));
    drop(first);
    let last = line.remove(0).try_recv().unwrap().unwrap();
    assert!(throttle.state().waiting.is_empty(), "a caller that left is skipped");
    let mut refused = throttle.wait_in_line(ann.clone()).unwrap();
    under_way.into_iter().chain([last]).for_each(Reservation::failed);
    assert!(matches!(refused.try_recv(), Ok(Err(Error::TooMany { .. }))), "ten have failed");
    assert!(throttle.state().reserved.is_empty());
}

#[test]
fn promise_56_waiting_attempts_are_bounded_per_network_and_in_total() {
    let throttle = LoginThrottle::new();
    let of = |network: u8| attempt("ann", [10, 0, 0, network]);
    let _under_way: Vec<Vec<_>> =
        (0..5).map(|n| (0..10).map(|_| throttle.reserved(&of(n), Instant::now())).collect()).collect();
    let mut line = Vec::new();
    for network in 0..4 {
        line.extend((0..WAITING_OF_ONE_MAX).map(|_| throttle.wait_in_line(of(network)).unwrap()));
        assert!(throttle.wait_in_line(of(network)).is_err(), "a quarter for one");
    }
    assert!(throttle.wait_in_line(of(4)).is_err(), "no more in all");
    line.pop();
    line.push(throttle.wait_in_line(of(4)).unwrap());
}
