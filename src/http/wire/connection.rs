//! A connection by itself: what carries it, what it holds of the read budget, and its place among the others. The HTTP side of it ends
//! when its protocol changes; the connection goes on.

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
    super::{
        crowd::Place,
        read_budget::{MayRead, ReadAccount},
    },
    stream::Stream,
};

/// How soon a connection that waits for room in the budget looks again.
const ROOM_WAIT: Duration = Duration::from_millis(100);

/// A connection; when it is dropped, it is closed, and what it held is given back.
pub(in super::super) struct Connection {
    pub(in super::super) stream: Stream,
    pub(in super::super) account: ReadAccount,
    /// What the client sent for the protocol that takes over before it was told so.
    pub(in super::super) early: Vec<u8>,
    /// When a connection that waits for room in the budget looks again.
    room_due: Option<Pin<Box<Sleep>>>,
    /// None once it was taken over.
    place: Option<Place>,
}

impl Connection {
    pub(super) fn new(stream: Stream, account: ReadAccount, place: Place) -> Self {
        Self { stream, account, early: Vec::new(), room_due: None, place: Some(place) }
    }

    /// What the budget has to say before the connection is read on; ready where it may be.
    pub(in super::super) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
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

    /// Whether another protocol has it now.
    pub(super) fn is_taken(&self) -> bool {
        self.place.is_none()
    }

    /// The connection for another protocol; what is left reads as ended.
    fn taken(&mut self, early: Vec<u8>) -> Self {
        Self {
            stream: std::mem::replace(&mut self.stream, Stream::Taken),
            account: self.account.clone(),
            early,
            room_due: None,
            place: self.place.take(),
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

/// What a connection does once HTTP is over: asked for by a handler that answers 101 (RFC 9110, section 15.2.2), run by the connection's
/// own task. The framework's side of the connection, with its two buffers of 8 KiB, is gone by then.
#[derive(Clone, Default)]
pub(in super::super) struct Takeover(Rc<RefCell<Next>>);

#[derive(Default)]
enum Next {
    #[default]
    Nothing,
    /// Once the answer is written.
    Asked(Box<dyn FnOnce(Connection) -> Running>),
    Running(Running),
}

impl fmt::Debug for Takeover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Takeover").finish_non_exhaustive()
    }
}

impl Takeover {
    /// Goes on with the connection as `next` says, once the answer 101 is written.
    pub(in super::super) fn ask<F: Future<Output = ()> + 'static>(&self, next: impl FnOnce(Connection) -> F + 'static) {
        *self.0.borrow_mut() = Next::Asked(Box::new(|connection| Box::pin(next(connection))));
    }

    /// Whether a handler has asked for the connection.
    pub(super) fn is_asked(&self) -> bool {
        matches!(*self.0.borrow(), Next::Asked(_))
    }

    /// Takes the connection over, once: without a handler that asked for it, it is closed.
    pub(super) fn begin(&self, connection: &mut Connection, early: Vec<u8>) {
        let taken = connection.taken(early);
        let mut next = self.0.borrow_mut();
        *next = match std::mem::take(&mut *next) {
            Next::Asked(go_on) => Next::Running(go_on(taken)),
            Next::Nothing | Next::Running(_) => Next::Nothing,
        };
    }

    /// Runs what was begun with the connection, to its end.
    pub(super) async fn run(self) {
        let next = self.0.take();
        if let Next::Running(running) = next {
            running.await;
        }
    }
}
