//! Tests of `src/service/quota.rs`.

use super::*;

#[test]
fn promise_28_ten_in_any_minute_and_a_hundred_in_any_day() {
    let two = |n: u32| NonZeroU32::new(n).unwrap();
    let quota = UploadQuota::new(two(10), two(100));
    let (app, id, start) = (AppKey(1), UserId::parse("ada").unwrap(), Instant::now());
    let upload = |second: u64| quota.admit(app, &id, start + Duration::from_secs(second));
    let refused =
        |seconds: u64| Err(Error::TooMany { what: "picture uploads", retry_after: Duration::from_secs(seconds) });
    assert!((0..10).all(|second| upload(second).is_ok()));
    assert_eq!(upload(10), refused(50), "until the first is a minute old");
    assert_eq!(upload(59), refused(1));
    assert!((60..70).all(|second| upload(second).is_ok()));
    assert_eq!(upload(70), refused(50));
    assert!((2..10).all(|round| (0..10).all(|second| upload(round * 60 + second).is_ok())));
    assert_eq!(upload(900), refused(24 * 3600 - 900), "the hundredth and first of the day");
    assert_eq!(upload(24 * 3600), Ok(()));
    assert_eq!(quota.admit(AppKey(2), &id, start), Ok(()), "another app's user of that id");
}
