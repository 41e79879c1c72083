//! Nonces: each proves that an identity token was made for this login, and for this one only.
//!
//! A nonce says by itself when it was drawn and by whom, so drawing one costs no memory, whoever asks and however often. Remembered are
//! those that were spent, and spending one takes the app's secret.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
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
    spent: Mutex<Spent>,
}

#[derive(Default)]
struct Spent {
    known: HashSet<Digest>,
    /// In the order in which they were spent.
    until: VecDeque<(Moment, Digest)>,
}

impl Nonces {
    pub(super) fn new() -> Self {
        Self { run: credentials::new_salt(), spent: Mutex::default() }
    }
}

impl Service {
    /// Draws a nonce for an app.
    pub fn draw_nonce(&self, tenant: &Tenant) -> Nonce {
        let expires_at = self.now().after(LIFE);
        let head = credentials::new_nonce_head(expires_at);
        let text =
            format!("{head}{}", self.house.keyring.nonce_tail(tenant.app.key, self.house.nonces.run, &head).expose());
        Nonce { text, expires_at }
    }

    /// Spends a nonce.
    /// # Errors
    /// `Unauthenticated` for one that was not drawn for this app by this run of the server, has expired (told apart) or is spent; `Busy`.
    pub fn spend_nonce(&self, tenant: &Tenant, text: &str) -> Result<(), Error> {
        let wrong = Error::Unauthenticated(Unauthenticated::Wrong);
        let (head, tail) = text.split_at_checked(credentials::NONCE_HEAD_CHARS).ok_or(wrong.clone())?;
        let expected = self.house.keyring.nonce_tail(tenant.app.key, self.house.nonces.run, head);
        if !credentials::matches(tail, &credentials::digest(expected.expose())) {
            return Err(wrong);
        }
        let (now, expires_at) = (self.now(), credentials::nonce_end(head).ok_or(wrong.clone())?);
        if expires_at <= now {
            return Err(Error::Unauthenticated(Unauthenticated::Expired));
        }
        let mut spent = self.house.nonces.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.forget(now);
        spent.add(credentials::digest(text), now.after(LIFE), wrong)
    }
}

impl Spent {
    fn forget(&mut self, now: Moment) {
        while let Some((_, digest)) = self.until.pop_front_if(|(until, _)| *until <= now) {
            self.known.remove(&digest);
        }
    }

    fn add(&mut self, nonce: Digest, until: Moment, spent_already: Error) -> Result<(), Error> {
        if self.known.contains(&nonce) {
            return Err(spent_already);
        }
        if self.known.len() >= SPENT_MAX {
            return Err(Error::Busy);
        }
        self.known.insert(nonce);
        self.until.push_back((until, nonce));
        Ok(())
    }
}
