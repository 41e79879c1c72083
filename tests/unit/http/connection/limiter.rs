//! Tests of `src/http/connection/limiter.rs`.

use super::*;

#[test]
fn of_ipv6_the_network_counts_and_a_proxy_does_not() {
    let limits = ConnectionLimits { per_address: 2, in_all: 100, turned_away: 1, local: 1 };
    let limiter = ConnectionLimiter::new(limits, Proxies::new(vec!["192.0.2.1/32".parse().unwrap()]));
    let acquire = |address: &str| limiter.acquire(address.parse().unwrap());
    let one = acquire("2001:db8::1").unwrap();
    let _other = acquire("2001:db8::2").unwrap();
    assert!(acquire("2001:db8::3").is_err_and(|should_log| should_log));
    assert!(acquire("2001:db8::3").is_err_and(|should_log| !should_log), "told once");
    let _next_door = acquire("2001:db8:0:1::1").unwrap();
    drop(one);
    let _place = acquire("2001:db8::3").unwrap();
    let of_proxy: Vec<_> = (0..9).map(|_| acquire("192.0.2.1")).collect();
    assert!(of_proxy.iter().all(Result::is_ok));
}

#[test]
fn promise_64_connections_beyond_the_total_get_an_error_and_then_are_closed() {
    let limits = ConnectionLimits { per_address: 9, in_all: 3, turned_away: 1, local: 1 };
    let limiter = ConnectionLimiter::new(limits, Proxies::new(vec!["192.0.2.1/32".parse().unwrap()]));
    let admit = |address: &str| limiter.admit(SocketAddr::new(address.parse().unwrap(), 1));
    let mut open: Vec<Admission> = ["192.0.2.1", "192.0.2.2", "192.0.2.2"].map(admit).into();
    assert!(open.iter().all(|entry| matches!(entry, Admission::Admitted(_))), "{open:?}");
    let reported = admit("192.0.2.3");
    assert!(matches!(reported, Admission::Rejected(_)), "{reported:?}");
    assert!(matches!(admit("192.0.2.1"), Admission::CutOff), "a proxy too");
    let _local = limiter.admit_locally();
    assert!(matches!(limiter.admit_locally(), Admission::CutOff));
    drop(reported);
    assert!(matches!(admit("192.0.2.1"), Admission::Rejected(_)));
    open.pop();
    assert!(matches!(admit("192.0.2.4"), Admission::Admitted(_)));
}
