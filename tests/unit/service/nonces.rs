//! Tests of `src/service/nonces.rs`.

use super::*;

#[test]
fn a_nonce_is_spent_once_until_its_end_and_is_not_remembered_for_longer_than_it_lives() {
    let (mut spent, life) = (Spent::default(), LIFE.as_secs());
    let nonce = |number: u8| Digest([number; 32]);
    let (wrong, expired) = (Unauthenticated::Wrong, Unauthenticated::Expired);
    assert_eq!(spent.spend(nonce(1), life, 0), Ok(()));
    assert_eq!(spent.spend(nonce(1), life, life - 1), Err(Error::Unauthenticated(wrong)));
    assert_eq!(spent.spend(nonce(2), life, life - 1), Ok(()));
    assert_eq!(spent.spend(nonce(3), life, life), Err(Error::Unauthenticated(expired)));
    assert_eq!(spent.spend(nonce(1), life, life), Err(Error::Unauthenticated(expired)));
    assert_eq!((spent.known.len(), spent.until_s.len()), (1, 1), "the first one is forgotten");
}
