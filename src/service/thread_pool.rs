//! CPU-bound work with a bound on what runs and on what waits.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
};

use tokio::sync::{Semaphore, oneshot};

use super::blocking;
use crate::domain::Error;

/// Runs a bounded number of jobs on the blocking pool; a bounded number waits, and more get [`Error::Busy`].
#[derive(Clone)]
pub(super) struct ConcurrencyLimit {
    at_once: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl ConcurrencyLimit {
    pub(super) fn new(at_once: usize, waiting_max: usize) -> Self {
        Self { at_once: Arc::new(Semaphore::new(at_once)), places: Arc::new(Semaphore::new(at_once + waiting_max)) }
    }

    /// # Errors
    /// [`Error::Busy`] if too many wait; `Internal` if the work panics.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
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

type Job = Box<dyn FnOnce() + Send>;

/// Threads for work that takes much memory, because the allocator keeps freed memory for its thread: on the shared pool
/// 32 photos of 24 megapixels left 466 MiB behind. They end when the last clone is dropped.
#[derive(Clone)]
pub(super) struct ThreadPool {
    jobs: SyncSender<Job>,
}

impl ThreadPool {
    pub(super) fn new(threads: usize, waiting_max: usize) -> Self {
        let (jobs, waiting) = sync_channel::<Job>(waiting_max);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..threads.max(1) {
            let waiting = Arc::clone(&waiting);
            let next = move || waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
            thread::spawn(move || {
                while let Ok(job) = next() {
                    // The waiting caller learns of a panic because its result never comes.
                    let _ = catch_unwind(AssertUnwindSafe(job));
                }
            });
        }
        Self { jobs }
    }

    /// Skips work whose caller has gone.
    /// # Errors
    /// [`Error::Busy`] if too many wait; `Internal` if the work panics.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let (done, outcome) = oneshot::channel();
        let job = Box::new(move || {
            if !done.is_closed() {
                let _ = done.send(work());
            }
        });
        self.jobs.try_send(job).map_err(|_| Error::Busy)?;
        outcome.await.map_err(Error::internal)
    }
}
