//! Nonces: each proves that an identity token was made for this login, and for this one only.
//!
//! A nonce says by itself when it was drawn and by whom, so drawing one costs no memory, whoever asks and however often. Remembered are
//! those that were spent, and spending one takes the app's secret.
//!
//! Their life is measured by the monotonic clock, in seconds of this run of the server: a wall clock that leaps ahead and returns neither
//! ends a live nonce nor revives a spent one (promise 13). The moment that a client is told is the wall clock's.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    domain::{
        error::{Error, Unauthenticated},
        secret::{Digest, Salt},
        time::Moment,
    },
    service::{Service, apps::Tenant, credentials},
};

/// How long a nonce can be spent. Source: Qiscus, "nonce will expire 10 minutes".
const LIFE: Duration = Duration::from_secs(600);

/// Nonces spent within their life that are remembered: 64 bytes each. A login more is told [`Error::Busy`].
const SPENT_MAX: usize = 500_000;

/// A nonce on its way to a client.
#[derive(Debug)]
pub struct Nonce {
    /// 40 letters and digits.
    pub text: String,
    /// From this moment on it cannot be spent.
    pub expires_at: Moment,
}

/// What is known of nonces. Those of an earlier run are no good: which of them were spent is forgotten.
pub(super) struct Nonces {
    run: Salt,
    began: Instant,
    spent: Mutex<Spent>,
}

#[derive(Default)]
struct Spent {
    known: HashSet<Digest>,
    /// Until which second of the run each is remembered, in the order in which they were spent.
    until_s: VecDeque<(u64, Digest)>,
}

impl Nonces {
    pub(super) fn new() -> Self {
        Self { run: credentials::new_salt(), began: Instant::now(), spent: Mutex::default() }
    }

    /// Seconds since the run began.
    fn now_s(&self) -> u64 {
        self.began.elapsed().as_secs()
    }
}

impl Service {
    /// Draws a nonce for an app.
    pub fn draw_nonce(&self, tenant: &Tenant) -> Nonce {
        let nonces = &self.house.nonces;
        let head = credentials::new_nonce_head(nonces.now_s() + LIFE.as_secs());
        let text = format!("{head}{}", self.house.keyring.nonce_tail(tenant.app.key, nonces.run, &head).expose());
        Nonce { text, expires_at: self.now().after(LIFE) }
    }

    /// Spends a nonce.
    /// # Errors
    /// `Unauthenticated` for one that was not drawn for this app by this run of the server, has expired (told apart) or is spent; `Busy`.
    pub fn spend_nonce(&self, tenant: &Tenant, text: &str) -> Result<(), Error> {
        let (wrong, nonces) = (Error::Unauthenticated(Unauthenticated::Wrong), &self.house.nonces);
        let (head, tail) = text.split_at_checked(credentials::NONCE_HEAD_CHARS).ok_or(wrong.clone())?;
        let expected = self.house.keyring.nonce_tail(tenant.app.key, nonces.run, head);
        if !credentials::matches(tail, &credentials::digest(expected.expose())) {
            return Err(wrong);
        }
        let end_s = credentials::nonce_end_s(head).ok_or(wrong)?;
        let mut spent = nonces.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.spend(credentials::digest(text), end_s, nonces.now_s())
    }
}

impl Spent {
    /// Spends a nonce that ends in this second of the run, which is now in second `now_s`.
    fn spend(&mut self, nonce: Digest, end_s: u64, now_s: u64) -> Result<(), Error> {
        self.forget(now_s);
        if end_s <= now_s {
            return Err(Error::Unauthenticated(Unauthenticated::Expired));
        }
        if self.known.contains(&nonce) {
            return Err(Error::Unauthenticated(Unauthenticated::Wrong));
        }
        if self.known.len() >= SPENT_MAX {
            return Err(Error::Busy);
        }
        self.known.insert(nonce);
        self.until_s.push_back((now_s + LIFE.as_secs(), nonce));
        Ok(())
    }

    /// A nonce that was spent a life ago has expired since.
    fn forget(&mut self, now_s: u64) {
        while let Some((_, digest)) = self.until_s.pop_front_if(|(until_s, _)| *until_s <= now_s) {
            self.known.remove(&digest);
        }
    }
}

#[cfg(test)]
mod tests {
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
}
