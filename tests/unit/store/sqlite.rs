//! Tests of `src/store/sqlite/mod.rs`.

use super::*;

#[test]
fn the_first_sound_sqlite_is_3_51_3() {
    assert_eq!([3_051_002, 3_051_003, 3_051_004].map(is_sound), [false, true, true]);
    assert!(is_sound(rusqlite::version_number()), "the one that is built in");
}
