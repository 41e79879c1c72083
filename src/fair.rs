//! Bounded work, shared fairly by its callers: a [`FairQueue`] decides which call runs next; [`FairThreads`] are
//! threads behind one. A caller that sends a thousand calls waits for its own, and the others pass.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::sync::oneshot;

use crate::domain::{CallerKey, Error};

/// For a caller with too many calls.
const RETRY_AFTER: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FairBounds {
    pub running_max: usize,
    /// At least 1.
    pub running_each_max: usize,
    /// Of all callers. One more call replaces the one that would wait longest, or is `Busy`.
    pub waiting_max: usize,
    /// Running and waiting calls of one caller.
    pub calls_each_max: usize,
    /// Completes "Too many ..." for a caller with too many calls; None: the error is `Busy`.
    pub what: Option<&'static str>,
}

impl FairBounds {
    /// Gives each caller a quarter of the running and of the waiting calls.
    pub fn quarter(running_max: usize, waiting_max: usize, what: &'static str) -> Self {
        let running_each_max = (running_max / 4).max(1);
        let calls_each_max = running_each_max + (waiting_max / 4).max(1);
        Self { running_max, running_each_max, waiting_max, calls_each_max, what: Some(what) }
    }
}

/// A caller with one call waits for at most one call of each other caller (start-time fair queueing).
///
/// A call of several callers, such as an address and an account, counts for each and runs when it may run for all.
pub struct FairQueue<K: Eq + Hash> {
    bounds: FairBounds,
    state: Arc<Mutex<FairState<K>>>,
}

pub struct FairPermit<K: Eq + Hash + Clone> {
    queue: FairQueue<K>,
    callers: Vec<K>,
}

/// The order of calls: virtual start time, then arrival.
type Position = (u64, u64);

struct FairState<K: Eq + Hash> {
    running: usize,
    waiting: BTreeMap<Position, WaitingCall<K>>,
    callers: HashMap<K, CallerState>,
    /// The virtual start time of the last admitted call.
    virtual_now: u64,
    arrivals: u64,
}

struct WaitingCall<K> {
    callers: Vec<K>,
    admitted: oneshot::Sender<bool>,
}

#[derive(Default)]
struct CallerState {
    running: usize,
    /// Running and waiting calls.
    places: usize,
    /// The virtual time at which its last call ends: one unit per call.
    ends_at: u64,
}

struct QueuedCall<K: Eq + Hash + Clone> {
    queue: FairQueue<K>,
    position: Position,
    callers: Vec<K>,
    admitted: oneshot::Receiver<bool>,
    is_settled: bool,
}

// A derived implementation would require the same of K.
impl<K: Eq + Hash> Clone for FairQueue<K> {
    fn clone(&self) -> Self {
        Self { bounds: self.bounds, state: Arc::clone(&self.state) }
    }
}

impl<K: Eq + Hash + Clone> FairQueue<K> {
    pub fn new(bounds: FairBounds) -> Self {
        let state =
            FairState { running: 0, waiting: BTreeMap::new(), callers: HashMap::new(), virtual_now: 0, arrivals: 0 };
        Self { bounds, state: Arc::new(Mutex::new(state)) }
    }

    /// A dropped future gives its place up.
    /// # Errors
    /// `TooMany` (or `Busy`, by the bounds) if one of the callers has too many calls; `Busy` if the queue is full.
    pub async fn enter(&self, callers: &[K]) -> Result<FairPermit<K>, Error> {
        let mut queued = match self.enqueue(callers)? {
            Ok(permit) => return Ok(permit),
            Err(queued) => queued,
        };
        let admitted = (&mut queued.admitted).await;
        queued.settled(admitted.map_err(Error::internal)?)
    }

    fn check_bounds(&self, state: &FairState<K>, callers: &[K]) -> Result<(), Error> {
        let has_all = |caller: &K| state.callers.get(caller).is_some_and(|of| of.places >= self.bounds.calls_each_max);
        if !callers.iter().any(has_all) {
            return Ok(());
        }
        let too_many = |what| Error::TooMany { what, retry_after: RETRY_AFTER };
        Err(self.bounds.what.map_or(Error::Busy, too_many))
    }

    fn enqueue(&self, callers: &[K]) -> Result<Result<FairPermit<K>, QueuedCall<K>>, Error> {
        let mut state = self.state();
        self.check_bounds(&state, callers)?;
        let position = (state.starts_at(callers), state.arrivals);
        if state.may_run(callers, &self.bounds) {
            state.charge(callers);
            state.begin(callers, position.0);
            return Ok(Ok(FairPermit { queue: self.clone(), callers: callers.to_vec() }));
        }
        if state.waiting.len() >= self.bounds.waiting_max {
            // The call that would wait longest belongs to the caller with the most calls.
            match state.waiting.last_entry() {
                Some(last) if last.key() > &position => {
                    let turned_away = last.remove();
                    state.release(&turned_away.callers);
                    let _ = turned_away.admitted.send(false);
                }
                Some(_) | None => return Err(Error::Busy),
            }
        }
        state.charge(callers);
        state.arrivals += 1;
        let (sender, admitted) = oneshot::channel();
        state.waiting.insert(position, WaitingCall { callers: callers.to_vec(), admitted: sender });
        Ok(Err(QueuedCall { queue: self.clone(), position, callers: callers.to_vec(), admitted, is_settled: false }))
    }

    fn state(&self) -> MutexGuard<'_, FairState<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash + Clone> FairState<K> {
    /// Returns the virtual start time of a call: when the last call of each of its callers ends.
    fn starts_at(&self, callers: &[K]) -> u64 {
        let ends_at = callers.iter().filter_map(|caller| self.callers.get(caller)).map(|of| of.ends_at).max();
        self.virtual_now.max(ends_at.unwrap_or_default())
    }

    fn may_run(&self, callers: &[K], bounds: &FairBounds) -> bool {
        let most = bounds.running_each_max.max(1);
        let has_share = |caller: &K| self.callers.get(caller).is_none_or(|of| of.running < most);
        self.running < bounds.running_max.max(1) && callers.iter().all(has_share)
    }

    /// Charges each caller in its own virtual time: a call that waits for one of its callers does not delay the
    /// others'.
    fn charge(&mut self, callers: &[K]) {
        for key in callers {
            let caller = self.callers.entry(key.clone()).or_default();
            caller.places += 1;
            caller.ends_at = caller.ends_at.max(self.virtual_now) + 1;
        }
    }

    fn release(&mut self, callers: &[K]) {
        for key in callers {
            let Some(caller) = self.callers.get_mut(key) else { continue };
            caller.places = caller.places.saturating_sub(1);
            if caller.places == 0 {
                self.callers.remove(key);
            }
        }
    }

    fn begin(&mut self, callers: &[K], starts_at: u64) {
        self.running += 1;
        self.virtual_now = self.virtual_now.max(starts_at);
        callers.iter().for_each(|key| self.callers.entry(key.clone()).or_default().running += 1);
    }

    fn end(&mut self, callers: &[K], bounds: &FairBounds) {
        self.leave(callers);
        self.admit(bounds);
    }

    fn leave(&mut self, callers: &[K]) {
        self.running = self.running.saturating_sub(1);
        for key in callers {
            if let Some(caller) = self.callers.get_mut(key) {
                caller.running = caller.running.saturating_sub(1);
            }
        }
        self.release(callers);
    }

    fn admit(&mut self, bounds: &FairBounds) {
        while self.running < bounds.running_max.max(1) {
            let mut in_order = self.waiting.iter();
            let next = in_order.find(|(_, waiting)| self.may_run(&waiting.callers, bounds)).map(|(at, _)| *at);
            let Some((position, waiting)) = next.and_then(|at| self.waiting.remove_entry(&at)) else { return };
            self.begin(&waiting.callers, position.0);
            if waiting.admitted.send(true).is_err() {
                // It was given up at this moment, and will not find itself in the queue.
                self.leave(&waiting.callers);
            }
        }
    }
}

impl<K: Eq + Hash + Clone> QueuedCall<K> {
    fn settled(mut self, is_admitted: bool) -> Result<FairPermit<K>, Error> {
        self.is_settled = true;
        match is_admitted {
            true => Ok(FairPermit { queue: self.queue.clone(), callers: std::mem::take(&mut self.callers) }),
            false => Err(Error::Busy),
        }
    }
}

impl<K: Eq + Hash + Clone> Drop for FairPermit<K> {
    fn drop(&mut self) {
        self.queue.state().end(&self.callers, &self.queue.bounds);
    }
}

impl<K: Eq + Hash + Clone> Drop for QueuedCall<K> {
    fn drop(&mut self) {
        if self.is_settled {
            return;
        }
        let mut state = self.queue.state();
        match state.waiting.remove(&self.position) {
            Some(waiting) => state.release(&waiting.callers),
            // It was admitted but its permit was not taken; or it was replaced.
            None => {
                if self.admitted.try_recv() == Ok(true) {
                    state.end(&self.callers, &self.queue.bounds);
                }
            }
        }
    }
}

type Job<S> = Box<dyn FnOnce(&mut S) + Send>;

/// A fixed number of threads behind a [`FairQueue`], each with its own state, such as a connection.
pub struct FairThreads<S> {
    queue: FairQueue<CallerKey>,
    /// None once they must end.
    jobs: Option<Sender<Job<S>>>,
    threads: Vec<JoinHandle<()>>,
}

impl<S: Send + 'static> FairThreads<S> {
    /// Starts one thread for each state; `bounds` should let as many run.
    pub fn start(name: &str, states: Vec<S>, bounds: FairBounds) -> io::Result<Self> {
        // Not bounded itself: a job has a permit before it is sent, so there are at most as many as threads.
        let (jobs, waiting) = channel::<Job<S>>();
        let waiting = Arc::new(Mutex::new(waiting));
        let mut started = Self { queue: FairQueue::new(bounds), jobs: Some(jobs), threads: Vec::new() };
        for mut state in states {
            let waiting = Arc::clone(&waiting);
            let serve = move || {
                while let Some(job) = next(&waiting) {
                    // After a panic the missing answer informs the caller.
                    let _ = catch_unwind(AssertUnwindSafe(|| job(&mut state)));
                }
            };
            started.threads.push(thread::Builder::new().name(name.to_owned()).spawn(serve)?);
        }
        Ok(started)
    }

    /// Skips work whose caller has gone.
    /// # Errors
    /// As [`FairQueue::enter`]; `Internal` if the work panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        caller: CallerKey,
        work: impl FnOnce(&mut S) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let permit = self.queue.enter(&[caller]).await?;
        let (done, outcome) = oneshot::channel();
        let job = move |state: &mut S| {
            // The permit moves with the work: a caller that disconnects frees no thread before the work is done.
            let _permit = permit;
            if !done.is_closed() {
                let _ = done.send(work(state));
            }
        };
        let ended = || Error::internal("the threads for it have ended");
        self.jobs.as_ref().ok_or_else(ended)?.send(Box::new(job)).map_err(|_| ended())?;
        outcome.await.map_err(|_| Error::internal("a job on a shared thread panicked"))
    }
}

impl<S> Drop for FairThreads<S> {
    /// Waits for running jobs: the last connection that closes removes the database's log.
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn next<S>(waiting: &Mutex<Receiver<Job<S>>>) -> Option<Job<S>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

#[cfg(test)]
#[path = "../tests/unit/fair.rs"]
mod tests;
