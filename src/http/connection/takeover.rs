//! A connection with its share of the read budget and its permit. It survives a change of protocol.

use std::{
    cell::RefCell,
    fmt,
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Sleep, sleep};

use super::{
    limiter::ConnectionPermit,
    read_budget::{MayRead, ReadAccount},
    transport::Transport,
};

const ROOM_WAIT: Duration = Duration::from_millis(100);

/// Dropping it closes it and releases its share and its permit.
pub(in crate::http) struct Connection {
    pub(in crate::http) stream: Transport,
    pub(in crate::http) account: ReadAccount,
    /// What the client sent for the new protocol before the answer.
    pub(in crate::http) early: Vec<u8>,
    room_due: Option<Pin<Box<Sleep>>>,
    /// None once another protocol has taken over.
    permit: Option<ConnectionPermit>,
}

impl Connection {
    pub(super) fn new(stream: Transport, account: ReadAccount, permit: ConnectionPermit) -> Self {
        Self { stream, account, early: Vec::new(), room_due: None, permit: Some(permit) }
    }

    pub(in crate::http) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.account.may_read(cx) {
            MayRead::Yes => {
                self.room_due = None;
                Poll::Ready(())
            }
            MayRead::AfterHandler => Poll::Pending,
            MayRead::AfterOthers => {
                if self.stream.has_more(cx) {
                    self.account.client_waits();
                }
                let due = self.room_due.get_or_insert_with(|| Box::pin(sleep(ROOM_WAIT)));
                if due.as_mut().poll(cx).is_ready() {
                    self.room_due = None;
                    cx.waker().wake_by_ref();
                }
                Poll::Pending
            }
        }
    }

    pub(super) fn is_taken(&self) -> bool {
        self.permit.is_none()
    }

    /// Moves the connection out for another protocol; what remains reads as ended.
    fn take_over(&mut self, early: Vec<u8>) -> Self {
        Self {
            stream: std::mem::replace(&mut self.stream, Transport::Taken),
            account: self.account.clone(),
            early,
            room_due: None,
            permit: self.permit.take(),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if !self.is_taken() {
            self.account.close();
        }
    }
}

type Running = Pin<Box<dyn Future<Output = ()>>>;

/// What follows HTTP: a handler that answers 101 sets it, the connection's own task runs it when the framework's side,
/// with its two buffers of 8 KiB, is freed.
#[derive(Clone, Default)]
pub(in crate::http) struct Takeover(Rc<RefCell<TakeoverState>>);

#[derive(Default)]
enum TakeoverState {
    #[default]
    Nothing,
    Asked(Box<dyn FnOnce(Connection) -> Running>),
    Running(Running),
}

impl fmt::Debug for Takeover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Takeover").finish_non_exhaustive()
    }
}

impl Takeover {
    /// Continues with the connection as `next` says, once the answer 101 is written.
    pub(in crate::http) fn ask<F: Future<Output = ()> + 'static>(&self, next: impl FnOnce(Connection) -> F + 'static) {
        *self.0.borrow_mut() = TakeoverState::Asked(Box::new(|connection| Box::pin(next(connection))));
    }

    pub(super) fn is_asked(&self) -> bool {
        matches!(*self.0.borrow(), TakeoverState::Asked(_))
    }

    pub(super) fn begin(&self, connection: &mut Connection, early: Vec<u8>) {
        let take_over = connection.take_over(early);
        let mut next = self.0.borrow_mut();
        *next = match std::mem::take(&mut *next) {
            TakeoverState::Asked(go_on) => TakeoverState::Running(go_on(take_over)),
            TakeoverState::Nothing | TakeoverState::Running(_) => TakeoverState::Nothing,
        };
    }

    pub(super) async fn run(self) {
        let next = self.0.take();
        if let TakeoverState::Running(running) = next {
            running.await;
        }
    }
}
