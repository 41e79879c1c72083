//! Tests of `src/picture/mod.rs`.

use super::*;

#[test]
fn promise_24_a_panic_over_an_upload_becomes_a_refusal() {
    let refused = caught::<()>(|| panic!("a decoder lost its way"));
    assert_eq!(refused, Err(damaged()));
}
