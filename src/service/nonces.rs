//! Nonces: each makes an identity token valid for one login.
//!
//! A nonce contains its expiry and a proof by the server key, so that drawing one costs no memory; only spent ones
//! are remembered. Lifetimes follow the monotonic clock, so that a wall clock that jumps neither ends a live nonce nor
//! revives a spent one (promise 13). The expiry in the response is by the wall clock.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    domain::{Digest, Error, Moment, Salt, Unauthenticated},
    service::{Service, Tenant, credentials},
};

/// Source: Qiscus, "nonce will expire 10 minutes".
const LIFE: Duration = Duration::from_secs(600);

/// Spent nonces remembered: 64 bytes each. Above it a login gets [`Error::Busy`].
const SPENT_MAX: usize = 500_000;

#[derive(Debug)]
pub struct Nonce {
    pub text: String,
    pub expires_at: Moment,
}

/// The nonces of an earlier process are invalid, because it is forgotten which of them were spent.
pub(super) struct Nonces {
    run: Salt,
    began: Instant,
    spent: Mutex<Spent>,
}

#[derive(Default)]
struct Spent {
    known: HashSet<Digest>,
    /// Until which second each is remembered, in the order of spending.
    until_s: VecDeque<(u64, Digest)>,
}

impl Nonces {
    pub(super) fn new() -> Self {
        Self { run: credentials::new_salt(), began: Instant::now(), spent: Mutex::default() }
    }

    fn now_s(&self) -> u64 {
        self.began.elapsed().as_secs()
    }
}

impl Service {
    pub fn draw_nonce(&self, tenant: &Tenant) -> Nonce {
        let nonces = &self.inner.nonces;
        let head = credentials::new_nonce_head(nonces.now_s() + LIFE.as_secs());
        let text = format!("{head}{}", self.inner.keyring.nonce_tail(tenant.app.key, nonces.run, &head).expose());
        Nonce { text, expires_at: self.now().after(LIFE) }
    }

    /// # Errors
    /// `Unauthenticated` for a nonce not drawn for this app by this process, expired (told apart) or already spent;
    /// `Busy`.
    pub fn spend_nonce(&self, tenant: &Tenant, text: &str) -> Result<(), Error> {
        let (wrong, nonces) = (Error::Unauthenticated(Unauthenticated::Wrong), &self.inner.nonces);
        let (head, tail) = text.split_at_checked(credentials::NONCE_HEAD_CHARS).ok_or(wrong.clone())?;
        let expected = self.inner.keyring.nonce_tail(tenant.app.key, nonces.run, head);
        if !credentials::matches(tail, &credentials::digest(expected.expose())) {
            return Err(wrong);
        }
        let end_s = credentials::nonce_end_s(head).ok_or(wrong)?;
        let mut spent = nonces.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.spend(credentials::digest(text), end_s, nonces.now_s())
    }
}

impl Spent {
    /// Spends a nonce that expires in second `end_s`; the present second is `now_s`.
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

    /// Forgets nonces spent more than [`LIFE`] ago: they have expired.
    fn forget(&mut self, now_s: u64) {
        while let Some((_, digest)) = self.until_s.pop_front_if(|(until_s, _)| *until_s <= now_s) {
            self.known.remove(&digest);
        }
    }
}

#[cfg(test)]
#[path = "../../tests/unit/service/nonces.rs"]
mod tests;
