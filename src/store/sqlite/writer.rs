//! The thread that writes. All jobs that queue up during a commit share the next one, without a timer. Each job has a
//! savepoint: one that is refused or panics is undone alone. Callers get their answer after the durable commit.

use std::{
    any::Any,
    array,
    cell::Cell,
    io, iter,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{oneshot, watch};

use crate::{domain::Error, store::WriteStats};

/// Jobs in the queue. Beyond it a write fails with [`Error::Busy`] at once.
const QUEUE_JOBS_MAX: usize = 1024;

const BATCH_JOBS_MAX: usize = 256;

/// Upper bounds of the histogram of jobs a commit; the last one holds the largest batch.
const BATCHES: [u32; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

type Job = Box<dyn FnOnce(Result<&Transaction<'_>, Error>) -> FinishedJob + Send>;

/// Answers a job's caller with the result of the commit.
type Answer = Box<dyn FnOnce(Result<(), Error>)>;

struct FinishedJob {
    refused: Option<Error>,
    answer: Answer,
}

pub(super) struct WriterThread {
    /// None once closed.
    queue: Mutex<Option<SyncSender<Job>>>,
    counters: Arc<WriteCounters>,
    /// Counts the commits. The thread drops the sender when it ends.
    commits: watch::Receiver<u64>,
}

#[derive(Default)]
struct WriteCounters {
    waiting: AtomicUsize,
    /// Commits in each bucket of [`BATCHES`].
    batches: [AtomicU64; BATCHES.len()],
    /// Jobs in all commits.
    batched: AtomicU64,
}

impl WriteCounters {
    fn count(&self, jobs: u32) {
        let class = BATCHES.partition_point(|most| *most < jobs).min(BATCHES.len() - 1);
        if let Some(commits) = self.batches.get(class) {
            commits.fetch_add(1, Ordering::Relaxed);
        }
        self.batched.fetch_add(u64::from(jobs), Ordering::Relaxed);
    }
}

impl WriterThread {
    pub(super) fn start(connection: Connection) -> io::Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE_JOBS_MAX);
        let (committed, commits) = watch::channel(0);
        let counters = Arc::new(WriteCounters::default());
        let counted = Arc::clone(&counters);
        thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || serve(connection, &jobs, &counted, &committed))?;
        Ok(Self { queue: Mutex::new(Some(queue)), counters, commits })
    }

    pub(super) fn commits(&self) -> watch::Receiver<u64> {
        self.commits.clone()
    }

    pub(super) fn writes(&self) -> WriteStats {
        let commits =
            |class: usize| self.counters.batches.get(class).map_or(0, |commits| commits.load(Ordering::Relaxed));
        WriteStats {
            waiting: self.counters.waiting.load(Ordering::Relaxed),
            batches: array::from_fn(|class| (BATCHES.get(class).copied().unwrap_or_default(), commits(class))),
            batched: self.counters.batched.load(Ordering::Relaxed),
        }
    }

    /// The first poll queues `work`; it runs even if the caller drops the future.
    /// # Errors
    /// An error of `work` or of the commit; `Busy` when the queue is full or the writer closed. Nothing is changed
    /// then.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, receiver) = oneshot::channel();
        self.enqueue(job(work, sender))?;
        receiver.await.unwrap_or_else(|_| Err(Error::internal("the writer ended before it answered")))
    }

    /// Queues `work` and ignores its result. Does nothing when the queue is full or the writer closed.
    pub(super) fn post(&self, work: impl FnOnce(&Transaction<'_>) -> Result<(), Error> + Send + 'static) {
        let (sender, _) = oneshot::channel();
        if self.enqueue(job(work, sender)).is_err() {
            log::debug!("a background write was dropped, because the queue is full");
        }
    }

    fn enqueue(&self, job: Job) -> Result<(), Error> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        // Counted before it is sent, or the thread could subtract a job that is not counted yet.
        self.counters.waiting.fetch_add(1, Ordering::Relaxed);
        match queue.as_ref().map(|queue| queue.try_send(job)) {
            Some(Ok(())) => Ok(()),
            Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) | None => {
                self.counters.waiting.fetch_sub(1, Ordering::Relaxed);
                Err(Error::Busy)
            }
        }
    }

    /// Takes no more jobs, finishes the queue, carries the WAL over, and ends the thread.
    pub(super) async fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut commits = self.commits();
        while commits.changed().await.is_ok() {}
    }
}

fn job<T: Send + 'static>(
    work: impl FnOnce(&Transaction<'_>) -> Result<T, Error> + Send + 'static,
    sender: oneshot::Sender<Result<T, Error>>,
) -> Job {
    Box::new(move |tx| {
        let run = AssertUnwindSafe(|| tx.and_then(work));
        let outcome = catch_unwind(run).unwrap_or_else(|panic| Err(panicked(panic.as_ref())));
        let refused = outcome.as_ref().err().cloned();
        // The caller may have dropped its future.
        let answer = Box::new(move |committed: Result<(), Error>| drop(sender.send(committed.and(outcome))));
        FinishedJob { refused, answer }
    })
}

fn panicked(panic: &(dyn Any + Send)) -> Error {
    let literal = panic.downcast_ref::<&str>().copied();
    let said = literal.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::internal(format_args!("panic in a write: {}", said.unwrap_or("without a message")))
}

fn serve(mut connection: Connection, jobs: &Receiver<Job>, counters: &WriteCounters, committed: &watch::Sender<u64>) {
    let size = Cell::new(0_u32);
    let taken = |_: &Job| {
        counters.waiting.fetch_sub(1, Ordering::Relaxed);
        size.set(size.get() + 1);
    };
    while let Ok(first) = jobs.recv() {
        let batch = iter::once(first).chain(jobs.try_iter()).take(BATCH_JOBS_MAX);
        serve_batch(&mut connection, batch.inspect(taken));
        counters.count(size.take());
        committed.send_modify(|commits| *commits += 1);
    }
    if let Err(cause) = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
        log::warn!("the last checkpoint failed, the next start makes it: {cause}");
    }
}

/// Runs and commits a batch, then answers each of its callers.
fn serve_batch(connection: &mut Connection, batch: impl Iterator<Item = Job>) {
    let mut answers: Vec<Answer> = Vec::with_capacity(BATCH_JOBS_MAX);
    let committed = match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(tx) => commit_together(tx, batch, &mut answers),
        Err(cause) => {
            // Answers the whole batch: one by one, each job would wait for the lock again.
            let error = Error::from(cause);
            answers.extend(batch.map(|job| job(Err(error.clone())).answer));
            Err(error)
        }
    };
    for answer in answers {
        answer(committed.clone());
    }
}

fn run(connection: &Connection, statement: &str) -> Result<(), Error> {
    connection.prepare_cached(statement)?.execute([])?;
    Ok(())
}

fn commit_together(
    tx: Transaction<'_>,
    batch: impl Iterator<Item = Job>,
    answers: &mut Vec<Answer>,
) -> Result<(), Error> {
    for job in batch {
        let savepoint = run(&tx, "SAVEPOINT job");
        let done = job(savepoint.map(|()| &tx));
        answers.push(done.answer);
        match done.refused {
            None => run(&tx, "RELEASE job")?,
            // SQLite rolled back the whole transaction (disk full, I/O error), the other jobs included.
            Some(cause) if tx.is_autocommit() => return Err(cause),
            Some(_) => {
                run(&tx, "ROLLBACK TO job")?;
                run(&tx, "RELEASE job")?;
            }
        }
    }
    Ok(tx.commit()?)
}

#[cfg(test)]
#[path = "../../../tests/unit/store/sqlite/writer.rs"]
mod tests;
