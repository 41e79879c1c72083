//! Work that takes a core, one after the other behind a bounded queue.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::blocking;
use crate::domain::error::Error;

/// So many at once on blocking threads, so many waiting; whoever comes then is told [`Error::Busy`].
#[derive(Clone)]
pub(super) struct Turns {
    at_once: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Turns {
    pub(super) fn new(at_once: usize, waiting_max: usize) -> Self {
        Self { at_once: Arc::new(Semaphore::new(at_once)), places: Arc::new(Semaphore::new(at_once + waiting_max)) }
    }

    /// Does `work` when its turn comes.
    /// # Errors
    /// [`Error::Busy`] when too many wait; internal when the work panicked.
    pub(super) async fn take<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let _place = self.places.try_acquire().map_err(|_| Error::Busy)?;
        let turn = Arc::clone(&self.at_once).acquire_owned().await.map_err(Error::internal)?;
        blocking(move || {
            let worked = work();
            drop(turn);
            worked
        })
        .await
    }
}
