//! Removal of wiped texts from the write-ahead log.
//!
//! A recall, a change and a deletion wipe the text in the database. The log still has the pages of before, until it is
//! carried over and cut.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use tokio::time::sleep;

use crate::{
    domain::Error,
    service::{Service, blocking},
};

/// How often the log is cut, if texts were wiped. A wiped text is gone within one minute: a transaction that notes it may
/// commit after the next cut, so the one that follows is made too.
pub const CUT_LOG_EVERY: Duration = Duration::from_secs(20);

/// A cut that a long read or a backup holds up is tried again after this time.
const TRY_AGAIN: Duration = Duration::from_secs(1);

const TRIES_MAX: u32 = 15;

/// Whether texts were wiped since the log was last cut. True at the start: a killed server may have left them.
pub(super) struct Wiped(AtomicBool);

impl Wiped {
    pub(super) fn new() -> Self {
        Self(AtomicBool::new(true))
    }

    /// Called by each rule that wipes text, inside its transaction.
    pub(super) fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl Service {
    /// Cuts the log after texts were wiped, until the task is cancelled.
    pub async fn cut_log_for_ever(self) {
        let mut is_due = false;
        loop {
            sleep(CUT_LOG_EVERY).await;
            let was_wiped = self.inner.wiped.take();
            if was_wiped || is_due {
                match self.cut_log().await {
                    Ok(true) => {}
                    Ok(false) => self.inner.wiped.note(),
                    Err(cause) => {
                        log::warn!(
                            "the write-ahead log could not be cut, the next try is in {CUT_LOG_EVERY:?}: {cause:?}"
                        );
                        self.inner.wiped.note();
                    }
                }
            }
            is_due = was_wiped;
        }
    }

    /// Cuts the write-ahead log. Returns false if readers still use it after `TRIES_MAX` tries, one second apart.
    pub async fn cut_log(&self) -> Result<bool, Error> {
        for _ in 0..TRIES_MAX {
            let store = self.inner.store.clone();
            if blocking(move || store.cut_log()).await?? {
                return Ok(true);
            }
            sleep(TRY_AGAIN).await;
        }
        Ok(false)
    }
}
