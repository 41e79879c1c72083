//! Threads for work that takes long, shared fairly by the callers that ask for it.
//!
//! Each caller has a line of its own, and the lines are served in turn: a caller that sends a thousand requests waits behind its own, and
//! the others pass. What may run and wait is bounded for each caller and in sum.

use std::{
    collections::{HashMap, VecDeque},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tokio::sync::oneshot;

use crate::domain::{caller::CallerKey, error::Error};

/// How long a caller that is refused should wait before it tries again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What may run and wait at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FairLimits {
    /// Jobs of one caller that run at one time. At least 1.
    pub running_each_max: usize,
    /// Jobs of one caller that wait. At least 1; a job more is `TooMany`.
    pub waiting_each_max: usize,
    /// Jobs of all callers that wait. A job more takes the place of the newest one of the caller with the most, or is `Busy`.
    pub waiting_max: usize,
}

impl FairLimits {
    /// A quarter of the threads, and of the places to wait, for each caller.
    pub fn quarter(threads: usize, waiting_max: usize) -> Self {
        Self { running_each_max: (threads / 4).max(1), waiting_each_max: (waiting_max / 4).max(1), waiting_max }
    }
}

/// A fixed number of threads, each with a state of its own (a connection, for example). They end when this is dropped.
pub struct FairThreads<S> {
    shared: Arc<Shared<S>>,
    what: &'static str,
}

struct Shared<S> {
    lines: Mutex<Lines<S>>,
    /// Signals a job that may run, or the end.
    ready: Condvar,
}

struct Lines<S> {
    limits: FairLimits,
    of: HashMap<CallerKey, Line<S>>,
    /// The callers that have a job waiting, the one to be served next at the front.
    turns: VecDeque<CallerKey>,
    waiting: usize,
    is_closed: bool,
}

struct Line<S> {
    waiting: VecDeque<Box<dyn Job<S>>>,
    running: usize,
}

trait Job<S>: Send {
    /// Runs the job; without a state it is turned away.
    fn run(self: Box<Self>, state: Option<&mut S>);

    /// Whether the caller has gone.
    fn is_abandoned(&self) -> bool;
}

struct Asked<W, T> {
    work: W,
    done: oneshot::Sender<Result<T, Error>>,
}

impl<S, T: Send, W: FnOnce(&mut S) -> T + Send> Job<S> for Asked<W, T> {
    fn run(self: Box<Self>, state: Option<&mut S>) {
        let Self { work, done } = *self;
        let outcome = match state {
            Some(_) if done.is_closed() => return,
            Some(state) => Ok(work(state)),
            None => Err(Error::Busy),
        };
        // The caller may have gone meanwhile.
        let _ = done.send(outcome);
    }

    fn is_abandoned(&self) -> bool {
        self.done.is_closed()
    }
}

impl<S: Send + 'static> FairThreads<S> {
    /// Starts one thread for each state. `what` completes "Too many ..." for a caller that asks for more than its share.
    /// # Errors
    /// The system starts no thread.
    pub fn start(name: &str, what: &'static str, states: Vec<S>, limits: FairLimits) -> io::Result<Self> {
        let lines = Lines { limits, of: HashMap::new(), turns: VecDeque::new(), waiting: 0, is_closed: false };
        let shared = Arc::new(Shared { lines: Mutex::new(lines), ready: Condvar::new() });
        // Made first: dropped on a failure below, it ends the threads that have started.
        let threads = Self { shared, what };
        for state in states {
            let shared = Arc::clone(&threads.shared);
            thread::Builder::new().name(name.to_owned()).spawn(move || shared.serve(state))?;
        }
        Ok(threads)
    }

    /// Runs `work` on one of the threads, in the caller's turn. It does not run if its caller has gone by then.
    /// # Errors
    /// `TooMany` when this caller has as many jobs waiting as it may; `Busy` when all places are taken; internal when the work panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        caller: CallerKey,
        work: impl FnOnce(&mut S) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (done, outcome) = oneshot::channel();
        self.enqueue(caller, Box::new(Asked { work, done }))?;
        outcome.await.map_err(|_| Error::internal(format_args!("a job among {} panicked", self.what)))?
    }

    fn enqueue(&self, caller: CallerKey, job: Box<dyn Job<S>>) -> Result<(), Error> {
        let mut lines = self.shared.lock();
        if lines.waiting_of(caller) >= lines.limits.waiting_each_max || lines.waiting >= lines.limits.waiting_max {
            lines.forget_abandoned();
        }
        if lines.waiting_of(caller) >= lines.limits.waiting_each_max.max(1) {
            return Err(Error::TooMany { what: self.what, retry_after: RETRY_AFTER });
        }
        let turned_away = match lines.waiting >= lines.limits.waiting_max {
            true => Some(lines.make_room_for(caller).ok_or(Error::Busy)?),
            false => None,
        };
        lines.push(caller, job);
        drop(lines);
        self.shared.ready.notify_one();
        // Not under the lock: its caller wakes.
        if let Some(job) = turned_away {
            job.run(None);
        }
        Ok(())
    }
}

impl<S> Drop for FairThreads<S> {
    fn drop(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.ready.notify_all();
    }
}

impl<S> Shared<S> {
    fn lock(&self) -> MutexGuard<'_, Lines<S>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, mut state: S) {
        while let Some((caller, job)) = self.next() {
            // The answer that never comes tells the caller of a panic.
            let _ = catch_unwind(AssertUnwindSafe(|| job.run(Some(&mut state))));
            self.lock().has_run(caller);
            // The caller's next job may run by now, and so may not have been taken by a thread that waits.
            self.ready.notify_one();
        }
    }

    /// Waits for a job that may run; none when the threads are to end. What still waits then is turned away.
    fn next(&self) -> Option<(CallerKey, Box<dyn Job<S>>)> {
        let mut lines = self.lock();
        loop {
            if lines.is_closed {
                return None;
            }
            match lines.pop() {
                Some(next) => return Some(next),
                None => lines = self.ready.wait(lines).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

impl<S> Lines<S> {
    fn waiting_of(&self, caller: CallerKey) -> usize {
        self.of.get(&caller).map_or(0, |line| line.waiting.len())
    }

    fn push(&mut self, caller: CallerKey, job: Box<dyn Job<S>>) {
        let line = self.of.entry(caller).or_insert_with(|| Line { waiting: VecDeque::new(), running: 0 });
        if line.waiting.is_empty() {
            self.turns.push_back(caller);
        }
        line.waiting.push_back(job);
        self.waiting += 1;
    }

    /// The next job of the first caller in turn that has fewer running than it may.
    fn pop(&mut self) -> Option<(CallerKey, Box<dyn Job<S>>)> {
        let most = self.limits.running_each_max.max(1);
        let may_run = |caller: &CallerKey| self.of.get(caller).is_some_and(|line| line.running < most);
        let place = self.turns.iter().position(may_run)?;
        let caller = self.turns.remove(place)?;
        let line = self.of.get_mut(&caller)?;
        let job = line.waiting.pop_front()?;
        line.running += 1;
        self.waiting -= 1;
        if !line.waiting.is_empty() {
            self.turns.push_back(caller);
        }
        Some((caller, job))
    }

    fn has_run(&mut self, caller: CallerKey) {
        if let Some(line) = self.of.get_mut(&caller) {
            line.running = line.running.saturating_sub(1);
            if line.running == 0 && line.waiting.is_empty() {
                self.of.remove(&caller);
            }
        }
    }

    /// Takes the newest job of the caller with the most waiting, if it has more than this caller would have.
    fn make_room_for(&mut self, caller: CallerKey) -> Option<Box<dyn Job<S>>> {
        let own = self.waiting_of(caller) + 1;
        let (flooder, line) = self.of.iter_mut().max_by_key(|(_, line)| line.waiting.len())?;
        if line.waiting.len() <= own {
            return None;
        }
        let (flooder, job) = (*flooder, line.waiting.pop_back()?);
        self.waiting -= 1;
        if line.waiting.is_empty() {
            self.turns.retain(|caller| *caller != flooder);
        }
        Some(job)
    }

    /// Gives the places back of callers that have gone.
    fn forget_abandoned(&mut self) {
        for line in self.of.values_mut() {
            line.waiting.retain(|job| !job.is_abandoned());
        }
        self.of.retain(|_, line| line.running > 0 || !line.waiting.is_empty());
        self.waiting = self.of.values().map(|line| line.waiting.len()).sum();
        self.turns.retain(|caller| self.of.get(caller).is_some_and(|line| !line.waiting.is_empty()));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use futures_util::{FutureExt as _, future::join_all};

    use super::*;
    use crate::domain::id::UserKey;

    const LIMITS: FairLimits = FairLimits { running_each_max: 1, waiting_each_max: 4, waiting_max: 16 };

    fn user(n: i64) -> CallerKey {
        CallerKey::User(UserKey(n))
    }

    fn threads(count: usize) -> FairThreads<()> {
        FairThreads::start("fair", "jobs of a test", vec![(); count], LIMITS).unwrap()
    }

    /// Occupies a thread until the sender is used or dropped; resolves once it runs.
    async fn hold(threads: &FairThreads<()>, caller: CallerKey) -> Sender<()> {
        let (let_go, wait): (Sender<()>, Receiver<()>) = channel();
        let (began, begun) = oneshot::channel();
        let held = threads.run(caller, move |()| {
            let _ = began.send(());
            let _ = wait.recv();
        });
        // It runs on, and nobody waits for its end: its caller has not gone before it began.
        let mut held = Box::pin(held);
        assert!(held.as_mut().now_or_never().is_none());
        begun.await.unwrap();
        let_go
    }

    #[actix_web::test]
    async fn callers_are_served_in_turn_and_not_in_the_order_they_came() {
        let threads = threads(1);
        let let_go = hold(&threads, user(9)).await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let asked = [1, 1, 1, 2, 3].map(|n| {
            let order = Arc::clone(&order);
            let mut asked = Box::pin(threads.run(user(n), move |()| order.lock().unwrap().push(n)));
            assert!(asked.as_mut().now_or_never().is_none());
            asked
        });
        let_go.send(()).unwrap();
        assert!(join_all(asked).await.iter().all(Result::is_ok));
        assert_eq!(*order.lock().unwrap(), [1, 2, 3, 1, 1]);
    }

    #[actix_web::test]
    async fn a_caller_runs_no_more_than_its_share_while_threads_are_free() {
        let threads = threads(4);
        let let_go = hold(&threads, user(1)).await;
        let mut second = Box::pin(threads.run(user(1), |()| "second"));
        assert!(second.as_mut().now_or_never().is_none());
        for n in 2..20 {
            assert_eq!(threads.run(user(n), move |()| n).await, Ok(n));
        }
        assert!(second.as_mut().now_or_never().is_none(), "its share is one");
        let_go.send(()).unwrap();
        assert_eq!(second.await, Ok("second"));
    }

    #[actix_web::test]
    async fn a_caller_beyond_its_places_is_refused_alone_and_a_full_queue_turns_the_flooder_away_first() {
        let threads = threads(1);
        let let_go = hold(&threads, user(99)).await;
        let wait = |n: i64| {
            let mut asked = Box::pin(threads.run(user(n), move |()| n));
            let at_once = asked.as_mut().now_or_never();
            (asked, at_once)
        };
        let mut waiting = Vec::new();
        for n in 1..=4 {
            for _ in 0..LIMITS.waiting_each_max {
                let (asked, at_once) = wait(n);
                assert_eq!(at_once, None);
                waiting.push(asked);
            }
            let Some(Err(Error::TooMany { .. })) = wait(n).1 else { panic!("a place too many for caller {n}") };
        }
        let (fifth, at_once) = wait(5);
        assert_eq!(at_once, None, "another caller takes a place of one that has more");
        let_go.send(()).unwrap();
        assert_eq!(fifth.await, Ok(5));
        let outcomes = join_all(waiting).await;
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Err(Error::Busy)).count(), 1);
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 15);
    }

    #[actix_web::test]
    async fn a_caller_that_has_gone_gives_its_place_back_and_a_panic_ends_no_thread() {
        let threads = threads(1);
        let let_go = hold(&threads, user(9)).await;
        for _ in 0..LIMITS.waiting_each_max * 3 {
            assert!(threads.run(user(1), |()| ()).now_or_never().is_none());
        }
        let panics = threads.run(user(2), |()| assert_eq!(1, 2, "on purpose"));
        let stays = threads.run(user(1), |()| "here");
        let_go.send(()).unwrap();
        assert!(matches!(panics.await, Err(Error::Internal(_))));
        assert_eq!(stays.await, Ok("here"));
    }
}
