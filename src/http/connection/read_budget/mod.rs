//! One byte budget for everything that is being read from clients: heads, bodies and WebSocket messages.
//!
//! Each connection has an account. The connection charges what it reads; the consumer of a request or message
//! releases it. When the budget is full, large requests wait, and the slowest are ended: first those that send nothing,
//! then those with the fewest bytes a second, last those whose clients wait for the server.

mod state;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Waker},
    time::{Duration, Instant},
};

use self::state::{AccountState, Slowness};

/// Bytes of a connection that are not charged: the framework allocates a buffer of this size for each.
const FREE_BYTES: usize = 8 * 1024;

/// Bytes that a connection may send ahead of the answer to its last complete request or message.
const AHEAD_BYTES_MAX: usize = 32 * 1024;

/// Of a connection. It is not read further, because the framework keeps 7 KiB for a parsed request of 30 bytes.
const AHEAD_MAX: usize = 4;

/// Of a body. The framework would read sixteen times as much ahead, into a buffer that stays large.
const WAITING_BYTES_MAX: usize = 8 * 1024;

/// The fraction of the budget that is freed at once, so that the accounts are not searched again immediately.
const FREED_SHARE: usize = 8;

const SEARCH_EVERY: Duration = Duration::from_millis(20);

/// The bytes that all connections hold. Clones share it.
#[derive(Debug, Clone)]
pub struct ReadBudget(Arc<BudgetState>);

#[derive(Debug)]
struct BudgetState {
    bytes_max: usize,
    charged: AtomicUsize,
    next: AtomicU64,
    accounts: Mutex<HashMap<u64, Arc<AccountInner>>>,
    searched: Mutex<Option<Instant>>,
}

/// The share of one connection. Clones share it: the connection and the request that is read from it.
#[derive(Debug, Clone)]
pub struct ReadAccount(Arc<AccountInner>);

#[derive(Debug)]
struct AccountInner {
    number: u64,
    budget: Arc<BudgetState>,
    state: Mutex<AccountState>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum MayRead {
    Yes,
    /// Not before the handler takes or answers what was sent; the waker is called then.
    AfterHandler,
    AfterOthers,
}

impl ReadBudget {
    pub fn new(bytes_max: usize) -> Self {
        Self(Arc::new(BudgetState {
            bytes_max,
            charged: AtomicUsize::new(0),
            next: AtomicU64::new(0),
            accounts: Mutex::default(),
            searched: Mutex::default(),
        }))
    }

    pub(in crate::http) fn account(&self) -> ReadAccount {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        ReadAccount(Arc::new(AccountInner { number, budget: Arc::clone(&self.0), state: Mutex::default() }))
    }

    pub fn charged_bytes(&self) -> usize {
        self.0.charged.load(Ordering::Relaxed)
    }
}

impl BudgetState {
    fn is_full(&self) -> bool {
        self.charged.load(Ordering::Relaxed) >= self.bytes_max
    }

    /// Ends the slowest requests until a fraction of the budget will be free.
    fn end_slowest(&self) {
        let now = Instant::now();
        {
            let mut searched = lock(&self.searched);
            if searched.is_some_and(|at| now.duration_since(at) < SEARCH_EVERY) {
                return;
            }
            *searched = Some(now);
        }
        let accounts: Vec<Arc<AccountInner>> = lock(&self.accounts).values().cloned().collect();
        let mut ending = 0;
        let mut candidates = Vec::new();
        for account in accounts {
            let state = lock(&account.state);
            match (state.is_ended, state.slowness(now)) {
                (true, _) => ending += state.charged,
                (false, Some(slowness)) => candidates.push((slowness, state.charged, Arc::clone(&account))),
                (false, None) => {}
            }
        }
        candidates.sort_unstable_by_key(|(slowness, ..)| *slowness);
        let wanted = self.bytes_max / FREED_SHARE;
        for ((slowness, _), charged, account) in candidates {
            if ending >= wanted || slowness == Slowness::MayStall {
                break;
            }
            ending += charged;
            account.end();
        }
    }
}

impl AccountInner {
    fn end(&self) {
        let mut state = lock(&self.state);
        state.is_ended = true;
        let wakers = [state.wire.take(), state.body.take()];
        drop(state);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    fn change<T>(self: &Arc<Self>, change: impl FnOnce(&mut AccountState) -> T) -> T {
        let mut state = lock(&self.state);
        let changed = change(&mut state);
        if state.held == 0 {
            state.pace = None;
        }
        let (before, now) = (state.charged, state.held.saturating_sub(FREE_BYTES));
        state.charged = now;
        drop(state);
        if now > before {
            self.budget.charged.fetch_add(now - before, Ordering::Relaxed);
        } else if now < before {
            self.budget.charged.fetch_sub(before - now, Ordering::Relaxed);
        }
        match (before, now) {
            (0, 1..) => drop(lock(&self.budget.accounts).insert(self.number, Arc::clone(self))),
            (1.., 0) => drop(lock(&self.budget.accounts).remove(&self.number)),
            (0, 0) | (1.., 1..) => {}
        }
        changed
    }
}

impl ReadAccount {
    pub(in crate::http) fn may_read(&self, cx: &mut Context<'_>) -> MayRead {
        let (held, is_ahead) = {
            let mut state = lock(&self.0.state);
            let ahead = state.held - state.whole.front().copied().unwrap_or(state.held);
            let is_ahead = ahead > AHEAD_BYTES_MAX || state.whole.len() >= AHEAD_MAX;
            if state.held >= FREE_BYTES || ahead > 0 || state.waiting > 0 || is_ahead {
                state.wire = Some(cx.waker().clone());
            }
            (state.held, is_ahead || state.waiting >= WAITING_BYTES_MAX)
        };
        if is_ahead {
            return MayRead::AfterHandler;
        }
        if held < FREE_BYTES || !self.0.budget.is_full() {
            return MayRead::Yes;
        }
        self.0.budget.end_slowest();
        MayRead::AfterOthers
    }

    /// The client has sent more that is not read yet, so it does not count as slow.
    pub(in crate::http) fn client_waits(&self) {
        if let Some(pace) = &mut lock(&self.0.state).pace {
            let now = Instant::now();
            if let Some(since) = pace.waits_since.replace(now) {
                pace.waited += now.duration_since(since);
            }
            pace.last = now;
        }
    }

    /// Charges bytes: `note` receives their number, and whether they end a request or message.
    pub(in crate::http) fn read<T>(&self, reading: impl FnOnce(&mut dyn FnMut(usize, bool)) -> T) -> T {
        self.0.change(|state| reading(&mut |bytes, is_end| state.read(bytes, is_end)))
    }

    pub(in crate::http) fn ends_left(&self) -> usize {
        AHEAD_MAX.saturating_sub(lock(&self.0.state).whole.len())
    }

    /// Adds bytes of a body that wait for its handler; None between bodies.
    pub(in crate::http) fn waits(&self, bytes: Option<usize>) {
        let mut state = lock(&self.0.state);
        state.waiting = bytes.map_or(0, |bytes| state.waiting + bytes);
    }

    /// The handler has taken all bytes of the body and waits for more.
    pub(in crate::http) fn is_drained(&self) {
        let mut state = lock(&self.0.state);
        let was_full = std::mem::take(&mut state.waiting) >= WAITING_BYTES_MAX;
        let waker = state.wire.take_if(|_| was_full);
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Adds bytes to the request being read: the result of parsing its body.
    pub fn hold(&self, bytes: usize) {
        self.0.change(|state| {
            *state.next() += bytes;
            state.held += bytes;
        });
    }

    /// Releases bytes of the request being read: they were spooled or dropped.
    pub fn release(&self, bytes: usize) {
        self.0.change(|state| {
            let next = state.next();
            let bytes = bytes.min(*next);
            *next -= bytes;
            state.held -= bytes;
        });
    }

    /// The next request or message is consumed, complete or not; `is_short`: its answer is written in one piece.
    pub(in crate::http) fn done(&self, is_short: bool) {
        let waker = self.0.change(|state| {
            state.is_answering = !is_short;
            let bytes = match state.whole.pop_front() {
                Some(bytes) => bytes,
                None => {
                    state.is_discarding = true;
                    std::mem::take(&mut state.arriving)
                }
            };
            state.held -= bytes;
            state.waiting = 0;
            state.is_ended = false;
            state.wire.take()
        });
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(in crate::http) fn is_idle(&self) -> bool {
        let state = lock(&self.0.state);
        state.whole.is_empty() && !state.is_discarding && !state.is_answering
    }

    /// Whether what is being read was ended in favour of others. If not, registers the task to be woken when it is.
    pub(in crate::http) fn poll_ended(&self, cx: &mut Context<'_>) -> bool {
        let mut state = lock(&self.0.state);
        if !state.is_ended && state.charged > 0 {
            state.body = Some(cx.waker().clone());
        }
        state.is_ended
    }

    pub(in crate::http) fn is_ended(&self) -> bool {
        lock(&self.0.state).is_ended
    }

    pub(in crate::http) fn close(&self) {
        self.0.change(|state| *state = AccountState { charged: state.charged, ..AccountState::default() });
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "../../../../tests/unit/http/connection/read_budget.rs"]
mod tests;
