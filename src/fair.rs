//! Bounded work that is shared fairly by the callers that ask for it.
//!
//! A [`FairQueue`] decides whose call runs next; [`FairThreads`] are threads behind one. A caller that sends a thousand calls waits behind
//! its own, and the others pass. What may run and wait is bounded for each caller and in sum.

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

use crate::domain::{caller::CallerKey, error::Error};

/// How long a caller that has more calls waiting than it may should wait before it tries again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The bounds of a [`FairQueue`], in calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FairBounds {
    /// Calls that run side by side.
    pub running_max: usize,
    /// Calls of one caller that run side by side. At least 1.
    pub running_each_max: usize,
    /// Calls of all callers that wait. A call more takes the place of the one that would wait longest, or is `Busy`.
    pub waiting_max: usize,
    /// Calls of one caller that run or wait.
    pub places_each_max: usize,
    /// Completes "Too many ..." for a caller with more calls than it may have; none: it is told `Busy`.
    pub what: Option<&'static str>,
}

impl FairBounds {
    /// A quarter of what runs, and of the places to wait, for each caller.
    pub fn quarter(running_max: usize, waiting_max: usize, what: &'static str) -> Self {
        let running_each_max = (running_max / 4).max(1);
        let places_each_max = running_each_max + (waiting_max / 4).max(1);
        Self { running_max, running_each_max, waiting_max, places_each_max, what: Some(what) }
    }
}

/// Admits calls in an order that is fair to their callers: a caller with one call waits for at most one call of each other caller, however
/// many those have queued (start-time fair queueing).
///
/// A call may be charged to several callers at once, such as an address and an account: it then counts in the share of each, and its turn
/// comes when it has come for all of them. Memory is bounded by the calls that run or wait; a caller without any is forgotten.
pub struct FairQueue<K: Eq + Hash> {
    bounds: FairBounds,
    state: Arc<Mutex<State<K>>>,
}

/// A call that runs. Dropping it admits the next one.
pub struct Turn<K: Eq + Hash + Clone> {
    queue: FairQueue<K>,
    callers: Vec<K>,
}

/// The order of calls: by virtual start time, then by arrival.
type Position = (u64, u64);

struct State<K: Eq + Hash> {
    running: usize,
    waiting: BTreeMap<Position, Waiting<K>>,
    callers: HashMap<K, Caller>,
    /// The virtual start time of the call that was admitted last.
    virtual_now: u64,
    arrivals: u64,
}

struct Waiting<K> {
    callers: Vec<K>,
    /// Told whether it was admitted (true) or another call took its place.
    admitted: oneshot::Sender<bool>,
}

#[derive(Default)]
struct Caller {
    running: usize,
    /// Calls that run or wait.
    places: usize,
    /// The virtual time at which its last call ends: one unit a call.
    ends_at: u64,
}

/// A place among those that wait, given up when it is dropped.
struct Queued<K: Eq + Hash + Clone> {
    queue: FairQueue<K>,
    position: Position,
    callers: Vec<K>,
    admitted: oneshot::Receiver<bool>,
    /// Whether the place has become a turn, or is another's.
    is_settled: bool,
}

// Derived, it would ask the same of K.
impl<K: Eq + Hash> Clone for FairQueue<K> {
    fn clone(&self) -> Self {
        Self { bounds: self.bounds, state: Arc::clone(&self.state) }
    }
}

impl<K: Eq + Hash + Clone> FairQueue<K> {
    /// A queue without calls.
    pub fn new(bounds: FairBounds) -> Self {
        let state =
            State { running: 0, waiting: BTreeMap::new(), callers: HashMap::new(), virtual_now: 0, arrivals: 0 };
        Self { bounds, state: Arc::new(Mutex::new(state)) }
    }

    /// Waits until a call of these callers may run. A future that is dropped gives its place up.
    /// # Errors
    /// `TooMany` (or `Busy`, by the bounds) when one of the callers has all calls that it may; `Busy` when all places are taken.
    pub async fn enter(&self, callers: &[K]) -> Result<Turn<K>, Error> {
        let mut queued = match self.place(callers)? {
            Ok(turn) => return Ok(turn),
            Err(queued) => queued,
        };
        let admitted = (&mut queued.admitted).await;
        queued.settled(admitted.map_err(Error::internal)?)
    }

    fn check_places(&self, state: &State<K>, callers: &[K]) -> Result<(), Error> {
        let has_all = |caller: &K| state.callers.get(caller).is_some_and(|of| of.places >= self.bounds.places_each_max);
        if !callers.iter().any(has_all) {
            return Ok(());
        }
        let too_many = |what| Error::TooMany { what, retry_after: RETRY_AFTER };
        Err(self.bounds.what.map_or(Error::Busy, too_many))
    }

    /// A turn at once, or else a place among those that wait.
    fn place(&self, callers: &[K]) -> Result<Result<Turn<K>, Queued<K>>, Error> {
        let mut state = self.state();
        self.check_places(&state, callers)?;
        let position = (state.starts_at(callers), state.arrivals);
        if state.may_run(callers, &self.bounds) {
            state.take_places(callers);
            state.begin(callers, position.0);
            return Ok(Ok(Turn { queue: self.clone(), callers: callers.to_vec() }));
        }
        if state.waiting.len() >= self.bounds.waiting_max {
            // The one that would wait longest is of the caller that has the most in the queue.
            match state.waiting.last_entry() {
                Some(last) if last.key() > &position => {
                    let turned_away = last.remove();
                    state.leave_places(&turned_away.callers);
                    let _ = turned_away.admitted.send(false);
                }
                Some(_) | None => return Err(Error::Busy),
            }
        }
        state.take_places(callers);
        state.arrivals += 1;
        let (sender, admitted) = oneshot::channel();
        state.waiting.insert(position, Waiting { callers: callers.to_vec(), admitted: sender });
        Ok(Err(Queued { queue: self.clone(), position, callers: callers.to_vec(), admitted, is_settled: false }))
    }

    fn state(&self) -> MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash + Clone> State<K> {
    /// The virtual time at which a call of these callers starts: when the last call of each of them ends.
    fn starts_at(&self, callers: &[K]) -> u64 {
        let ends_at = callers.iter().filter_map(|caller| self.callers.get(caller)).map(|of| of.ends_at).max();
        self.virtual_now.max(ends_at.unwrap_or_default())
    }

    fn may_run(&self, callers: &[K], bounds: &FairBounds) -> bool {
        let most = bounds.running_each_max.max(1);
        let has_share = |caller: &K| self.callers.get(caller).is_none_or(|of| of.running < most);
        self.running < bounds.running_max.max(1) && callers.iter().all(has_share)
    }

    /// Charges each caller one call, in its own virtual time. A call that waits because one of its callers is busy does not delay the next calls
    /// of its other callers.
    fn take_places(&mut self, callers: &[K]) {
        for key in callers {
            let caller = self.callers.entry(key.clone()).or_default();
            caller.places += 1;
            caller.ends_at = caller.ends_at.max(self.virtual_now) + 1;
        }
    }

    fn leave_places(&mut self, callers: &[K]) {
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

    /// A call has ended: the next ones that may run are admitted.
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
        self.leave_places(callers);
    }

    fn admit(&mut self, bounds: &FairBounds) {
        while self.running < bounds.running_max.max(1) {
            let mut in_order = self.waiting.iter();
            let next = in_order.find(|(_, waiting)| self.may_run(&waiting.callers, bounds)).map(|(at, _)| *at);
            let Some((position, waiting)) = next.and_then(|at| self.waiting.remove_entry(&at)) else { return };
            self.begin(&waiting.callers, position.0);
            if waiting.admitted.send(true).is_err() {
                // It is given up in this moment, and its place with it; who gives it up no longer finds it in the queue.
                self.leave(&waiting.callers);
            }
        }
    }
}

impl<K: Eq + Hash + Clone> Queued<K> {
    fn settled(mut self, is_admitted: bool) -> Result<Turn<K>, Error> {
        self.is_settled = true;
        match is_admitted {
            true => Ok(Turn { queue: self.queue.clone(), callers: std::mem::take(&mut self.callers) }),
            false => Err(Error::Busy),
        }
    }
}

impl<K: Eq + Hash + Clone> Drop for Turn<K> {
    fn drop(&mut self) {
        self.queue.state().end(&self.callers, &self.queue.bounds);
    }
}

impl<K: Eq + Hash + Clone> Drop for Queued<K> {
    fn drop(&mut self) {
        if self.is_settled {
            return;
        }
        let mut state = self.queue.state();
        match state.waiting.remove(&self.position) {
            Some(waiting) => state.leave_places(&waiting.callers),
            // It was admitted and its turn was not taken; or another call has the place.
            None => {
                if self.admitted.try_recv() == Ok(true) {
                    state.end(&self.callers, &self.queue.bounds);
                }
            }
        }
    }
}

type Job<S> = Box<dyn FnOnce(&mut S) + Send>;

/// A fixed number of threads behind a [`FairQueue`], each with a state of its own (a connection, for example).
pub struct FairThreads<S> {
    queue: FairQueue<CallerKey>,
    /// None once they are to end.
    jobs: Option<Sender<Job<S>>>,
    threads: Vec<JoinHandle<()>>,
}

impl<S: Send + 'static> FairThreads<S> {
    /// Starts one thread for each state; `bounds` should let as many run.
    /// # Errors
    /// The system starts no thread.
    pub fn start(name: &str, states: Vec<S>, bounds: FairBounds) -> io::Result<Self> {
        // Not bounded itself: a job has a turn before it is sent, and so there are no more than threads.
        let (jobs, waiting) = channel::<Job<S>>();
        let waiting = Arc::new(Mutex::new(waiting));
        let mut started = Self { queue: FairQueue::new(bounds), jobs: Some(jobs), threads: Vec::new() };
        for mut state in states {
            let waiting = Arc::clone(&waiting);
            let serve = move || {
                while let Some(job) = next(&waiting) {
                    // The answer that never comes tells the caller of a panic.
                    let _ = catch_unwind(AssertUnwindSafe(|| job(&mut state)));
                }
            };
            started.threads.push(thread::Builder::new().name(name.to_owned()).spawn(serve)?);
        }
        Ok(started)
    }

    /// Runs `work` on one of the threads, in the caller's turn. It does not run if its caller has gone by then.
    /// # Errors
    /// As [`FairQueue::enter`]; internal when the work panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        caller: CallerKey,
        work: impl FnOnce(&mut S) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let turn = self.queue.enter(&[caller]).await?;
        let (done, outcome) = oneshot::channel();
        let job = move |state: &mut S| {
            // The turn goes with the work: a caller that hangs up leaves no thread free before it is done.
            let _turn = turn;
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
    /// Waits for the jobs that run, so that what the threads hold is given back when this returns: the last connection that closes takes
    /// the database's log away.
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
mod tests {
    use futures_util::{FutureExt as _, future::join_all};

    use super::*;
    use crate::domain::id::UserKey;

    const BOUNDS: FairBounds =
        FairBounds { running_max: 1, running_each_max: 1, waiting_max: 16, places_each_max: 4, what: Some("calls") };

    fn queue(bounds: FairBounds) -> FairQueue<&'static str> {
        FairQueue::new(bounds)
    }

    #[actix_web::test]
    async fn promise_58_callers_are_admitted_in_turn_and_not_in_the_order_they_came() {
        let queue = queue(FairBounds { places_each_max: 9, ..BOUNDS });
        let running = queue.enter(&["flood"]).await.unwrap();
        let order = Mutex::new(Vec::new());
        let asks = ["flood", "flood", "flood", "ann", "bob", "ann"].into_iter().enumerate().map(|(n, caller)| {
            let (queue, order) = (&queue, &order);
            let mut ask = Box::pin(async move {
                let _turn = queue.enter(&[caller]).await.unwrap();
                order.lock().unwrap().push(n);
            });
            assert!(ask.as_mut().now_or_never().is_none());
            ask
        });
        let asks: Vec<_> = asks.collect();
        drop(running);
        join_all(asks).await;
        assert_eq!(*order.lock().unwrap(), [3, 4, 0, 5, 1, 2], "one of each in turn, and the flood's rest behind");
    }

    #[actix_web::test]
    async fn promise_58_a_call_that_waits_behind_one_of_its_callers_keeps_no_call_of_the_other() {
        let queue = queue(FairBounds { places_each_max: 9, ..BOUNDS });
        let running = queue.enter(&["newcomers"]).await.unwrap();
        let order = Mutex::new(Vec::new());
        let newcomer = vec!["newcomers"];
        let asks = [newcomer.clone(), newcomer.clone(), newcomer, vec!["home", "newcomers"], vec!["home"]];
        let mut waiting = Vec::new();
        for (n, callers) in asks.iter().enumerate() {
            let (queue, order) = (&queue, &order);
            let mut ask = Box::pin(async move {
                let _turn = queue.enter(callers).await.unwrap();
                order.lock().unwrap().push(n);
            });
            assert!(ask.as_mut().now_or_never().is_none());
            waiting.push(ask);
        }
        drop(running);
        join_all(waiting).await;
        assert_eq!(*order.lock().unwrap(), [0, 4, 1, 2, 3]);
    }

    #[actix_web::test]
    async fn promise_58_a_caller_runs_no_more_than_its_share_while_there_is_room() {
        let queue = queue(FairBounds { running_max: 4, ..BOUNDS });
        let first = queue.enter(&["flood"]).await.unwrap();
        let mut second = Box::pin(queue.enter(&["flood"]));
        assert!(second.as_mut().now_or_never().is_none());
        let others = ["a", "b", "c"].map(|caller| queue.enter(&[caller]).now_or_never());
        assert!(others.iter().all(Option::is_some), "the others pass");
        assert!(second.as_mut().now_or_never().is_none(), "its share is one");
        drop(others);
        drop(first);
        assert!(second.as_mut().now_or_never().is_some_and(|turn| turn.is_ok()));
    }

    #[actix_web::test]
    async fn promise_58_a_caller_beyond_its_places_is_refused_alone_and_a_full_queue_turns_the_flooder_away_first() {
        let queue = &queue(FairBounds { waiting_max: 6, ..BOUNDS });
        let running = queue.enter(&["flood"]).await.unwrap();
        let mut flood: Vec<_> = (0..3).map(|_| Box::pin(queue.enter(&["flood"]))).collect();
        assert!(flood.iter_mut().all(|ask| ask.as_mut().now_or_never().is_none()));
        let fifth = queue.enter(&["ann", "flood"]).now_or_never();
        assert!(matches!(fifth, Some(Err(Error::TooMany { .. }))), "each caller of a call is asked");
        let mut others: Vec<_> =
            ["a", "b", "c", "d"].map(|caller| Box::pin(async move { queue.enter(&[caller]).await })).into();
        assert!(others.iter_mut().all(|ask| ask.as_mut().now_or_never().is_none()), "d takes a place of the flood's");
        let gone = flood.pop().unwrap().now_or_never();
        assert!(matches!(gone, Some(Err(Error::Busy))));
        drop(running);
        drop((flood, others));
        let state = queue.state();
        assert!(state.callers.is_empty() && state.waiting.is_empty() && state.running == 0);
    }

    #[actix_web::test]
    async fn a_call_that_is_given_up_after_it_was_admitted_lets_the_next_one_run() {
        let queue = queue(BOUNDS);
        let running = queue.enter(&["a"]).await.unwrap();
        let (mut given_up, mut next) = (Box::pin(queue.enter(&["b"])), Box::pin(queue.enter(&["c"])));
        assert!(given_up.as_mut().now_or_never().is_none() && next.as_mut().now_or_never().is_none());
        drop(running);
        drop(given_up);
        assert!(next.as_mut().now_or_never().is_some_and(|turn| turn.is_ok()));
    }

    #[actix_web::test]
    async fn two_hundred_callers_at_once_are_all_served_and_a_panic_ends_no_thread() {
        let bounds = FairBounds { waiting_max: 300, ..FairBounds::quarter(4, 300, "calls") };
        let threads = FairThreads::start("fair", vec![(); 4], bounds).unwrap();
        let user = |n: i64| CallerKey::User(UserKey(n));
        let panics = join_all((0..20).map(|n| threads.run(user(n), |()| assert_eq!(1, 2, "on purpose")))).await;
        assert!(panics.iter().all(|outcome| matches!(outcome, Err(Error::Internal(_)))));
        let served = join_all((0..200).map(|n| threads.run(user(n % 20), move |()| n))).await;
        assert!(served.into_iter().eq((0..200).map(Ok)));
        for _ in 0..1000 {
            let gone = threads.run(user(1), |()| ()).now_or_never();
            assert!(!matches!(gone, Some(Err(_))), "one that goes gives its place back");
        }
        assert_eq!(threads.run(user(1), |()| "here").await, Ok("here"));
    }
}
