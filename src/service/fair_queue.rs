//! A fair queue: some calls run at once, the others wait, and no caller takes more than its share.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use crate::domain::error::Error;

/// The bounds of a [`FairQueue`], in calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct QueueBounds {
    /// Calls that run side by side.
    pub(super) at_once: usize,
    /// Calls that wait, of all callers together.
    pub(super) waiting_max: usize,
    /// Calls of one caller that run or wait.
    pub(super) of_caller_max: usize,
}

/// Admits calls in an order that is fair to their callers: a caller with one call waits for at most one call of each other caller, however
/// many those have queued (start-time fair queueing).
///
/// A call may be charged to several callers at once, such as an address and an account: it then counts in the share of each, and its turn
/// comes when it has come for all of them. Memory is bounded by the calls that run or wait; a caller without any is forgotten.
pub(super) struct FairQueue<K: Eq + Hash> {
    bounds: QueueBounds,
    state: Arc<Mutex<State<K>>>,
}

/// A call that runs. Dropping it admits the next one.
pub(super) struct Turn<K: Eq + Hash> {
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

struct Waiting<K: Eq + Hash> {
    callers: Vec<K>,
    turn: oneshot::Sender<Turn<K>>,
}

#[derive(Default)]
struct Caller {
    /// Calls that run or wait.
    places: usize,
    /// The virtual time at which its last call ends: one unit a call.
    ends_at: u64,
}

/// What a call has got: a turn at once, or a place in the line.
enum Entered<K: Eq + Hash> {
    Admitted(Turn<K>),
    Queued(Queued<K>),
}

/// A place in the line, given up when it is dropped.
struct Queued<K: Eq + Hash> {
    queue: FairQueue<K>,
    position: Position,
    turn: oneshot::Receiver<Turn<K>>,
}

// Derived, it would ask the same of K.
impl<K: Eq + Hash> Clone for FairQueue<K> {
    fn clone(&self) -> Self {
        Self { bounds: self.bounds, state: Arc::clone(&self.state) }
    }
}

impl<K: Eq + Hash + Clone> FairQueue<K> {
    pub(super) fn new(bounds: QueueBounds) -> Self {
        let state =
            State { running: 0, waiting: BTreeMap::new(), callers: HashMap::new(), virtual_now: 0, arrivals: 0 };
        Self { bounds, state: Arc::new(Mutex::new(state)) }
    }

    /// Waits until the call may run. A future that is dropped gives its place up.
    /// # Errors
    /// [`Error::Busy`] when all places are taken, or all that one of the callers may have.
    pub(super) async fn enter(&self, callers: &[K]) -> Result<Turn<K>, Error> {
        match self.place(callers)? {
            Entered::Admitted(turn) => Ok(turn),
            Entered::Queued(mut queued) => (&mut queued.turn).await.map_err(Error::internal),
        }
    }

    fn place(&self, callers: &[K]) -> Result<Entered<K>, Error> {
        let mut state = self.state();
        let of_caller = |caller: &K| state.callers.get(caller).map_or(0, |caller| caller.places);
        let is_full = state.running >= self.bounds.at_once && state.waiting.len() >= self.bounds.waiting_max;
        if is_full || callers.iter().any(|caller| of_caller(caller) >= self.bounds.of_caller_max) {
            return Err(Error::Busy);
        }
        let starts_at = state.take_places(callers);
        let callers = callers.to_vec();
        if state.running < self.bounds.at_once {
            state.running += 1;
            state.virtual_now = starts_at;
            return Ok(Entered::Admitted(Turn { queue: self.clone(), callers }));
        }
        let (sender, turn) = oneshot::channel();
        let position = (starts_at, state.arrivals);
        state.arrivals += 1;
        state.waiting.insert(position, Waiting { callers, turn: sender });
        Ok(Entered::Queued(Queued { queue: self.clone(), position, turn }))
    }
}

impl<K: Eq + Hash> FairQueue<K> {
    fn state(&self) -> MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Admits those whose turn has come. Returns the turns of calls that nobody waits for any more: dropped under the lock, they would ask
    /// for it again.
    fn admit(&self, state: &mut State<K>) -> Vec<Turn<K>> {
        let mut unclaimed = Vec::new();
        while state.running < self.bounds.at_once
            && let Some(((starts_at, _), waiting)) = state.waiting.pop_first()
        {
            state.running += 1;
            state.virtual_now = starts_at;
            let turn = Turn { queue: self.clone(), callers: waiting.callers };
            unclaimed.extend(waiting.turn.send(turn).err());
        }
        unclaimed
    }
}

impl<K: Eq + Hash> State<K> {
    fn leave_places(&mut self, callers: &[K]) {
        for key in callers {
            let Some(caller) = self.callers.get_mut(key) else { continue };
            caller.places = caller.places.saturating_sub(1);
            if caller.places == 0 {
                self.callers.remove(key);
            }
        }
    }
}

impl<K: Eq + Hash + Clone> State<K> {
    /// Takes a place for each caller. Returns the virtual time at which the call starts: when the last call of each of them ends.
    fn take_places(&mut self, callers: &[K]) -> u64 {
        let ends_at = callers.iter().filter_map(|caller| self.callers.get(caller)).map(|caller| caller.ends_at).max();
        let starts_at = self.virtual_now.max(ends_at.unwrap_or_default());
        for key in callers {
            let caller = self.callers.entry(key.clone()).or_default();
            caller.places += 1;
            caller.ends_at = starts_at + 1;
        }
        starts_at
    }
}

impl<K: Eq + Hash> Drop for Turn<K> {
    fn drop(&mut self) {
        let queue = self.queue.clone();
        let mut state = queue.state();
        state.running = state.running.saturating_sub(1);
        state.leave_places(&self.callers);
        let unclaimed = queue.admit(&mut state);
        drop(state);
        drop(unclaimed);
    }
}

impl<K: Eq + Hash> Drop for Queued<K> {
    fn drop(&mut self) {
        let mut state = self.queue.state();
        // Where it is not in the line any more it was admitted: the turn leaves with the receiver, if the call has not taken it.
        if let Some(waiting) = state.waiting.remove(&self.position) {
            state.leave_places(&waiting.callers);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: QueueBounds = QueueBounds { at_once: 1, waiting_max: 8, of_caller_max: 4 };

    fn placed(queue: &FairQueue<&'static str>, callers: &[&'static str]) -> Result<Entered<&'static str>, Error> {
        queue.place(callers)
    }

    fn queued(queue: &FairQueue<&'static str>, callers: &[&'static str]) -> Queued<&'static str> {
        match placed(queue, callers).unwrap() {
            Entered::Queued(queued) => queued,
            Entered::Admitted(_) => panic!("admitted at once"),
        }
    }

    fn admitted(queue: &FairQueue<&'static str>, callers: &[&'static str]) -> Turn<&'static str> {
        match placed(queue, callers).unwrap() {
            Entered::Admitted(turn) => turn,
            Entered::Queued(_) => panic!("queued"),
        }
    }

    #[test]
    fn promise_58_turns_go_round_between_callers_however_many_one_has_queued() {
        let queue = FairQueue::new(BOUNDS);
        let running = admitted(&queue, &["flood"]);
        let mut waiting: Vec<_> = ["flood", "flood", "flood", "ann", "bob", "ann"]
            .into_iter()
            .enumerate()
            .map(|(n, caller)| (n, queued(&queue, &[caller])))
            .collect();
        let (mut turn, mut order) = (Some(running), Vec::new());
        while !waiting.is_empty() {
            drop(turn.take());
            let at = waiting.iter_mut().position(|(_, queued)| {
                turn = queued.turn.try_recv().ok();
                turn.is_some()
            });
            order.push(waiting.remove(at.unwrap()).0);
        }
        assert_eq!(order, [3, 4, 0, 5, 1, 2], "one of each in turn, and the flood's rest behind");
    }

    #[test]
    fn promise_58_a_caller_has_its_share_and_all_together_have_the_bound() {
        let queue = FairQueue::new(BOUNDS);
        let turn = admitted(&queue, &["flood", "x"]);
        let mut waiting: Vec<_> = (0..3).map(|_| queued(&queue, &["flood"])).collect();
        assert!(placed(&queue, &["flood"]).is_err(), "four of one caller, running ones included");
        assert!(placed(&queue, &["ann", "flood"]).is_err(), "each caller of a call is asked");
        waiting.extend(["a", "b", "c", "d", "e"].map(|caller| queued(&queue, &[caller])));
        assert!(placed(&queue, &["f"]).is_err(), "eight wait");
        waiting.pop();
        waiting.push(queued(&queue, &["f"]));
        drop((turn, waiting));
        let state = queue.state();
        assert!(state.callers.is_empty() && state.waiting.is_empty() && state.running == 0);
    }

    #[test]
    fn a_call_that_is_given_up_after_it_was_admitted_lets_the_next_one_run() {
        let queue = FairQueue::new(BOUNDS);
        let turn = admitted(&queue, &["a"]);
        let (given_up, mut next) = (queued(&queue, &["b"]), queued(&queue, &["c"]));
        drop(turn);
        assert!(next.turn.try_recv().is_err(), "b has the turn");
        drop(given_up);
        assert!(next.turn.try_recv().is_ok());
    }
}
