//! Tests of `src/server/open_files.rs`.

use super::*;

#[test]
fn promise_64_the_shares_never_exceed_the_limit() {
    for limit in (0..4096).chain([20_000, 1 << 20, 1 << 30]) {
        for (workers, readers) in [(1, 5), (2, 6), (64, 68)] {
            let files = OpenFiles::of(limit, workers, readers);
            let OpenFiles { own, spooled, pictures, turned_away, local, in_all, .. } = files;
            let sum = own + spooled + pictures + turned_away + local + in_all;
            assert!(in_all == 0 || sum < limit, "{files:?}");
        }
    }
}

#[test]
fn promise_64_a_limit_that_leaves_no_connection_is_refused() {
    let fits = |limit| OpenFiles::of(limit, 2, 6).check(1).is_ok();
    let least = (0..1024).find(|limit| fits(*limit)).unwrap();
    assert!((64..=128).contains(&least), "{least}");
    assert!(OpenFiles::of(OpenFiles::of(0, 2, 6).own + 4 * CONNECTIONS_MIN, 2, 6).check(1).is_ok(), "what is advised");
    assert!(!fits(least - 1) && fits(least + 1));
}
