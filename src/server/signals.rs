//! What the system asks of a running server by signals.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The orders to stop: SIGTERM, or SIGINT from a terminal. SIGQUIT keeps the system's default: it ends the process at once, as a crash does.
pub(super) struct StopOrders {
    terminate: Signal,
    interrupt: Signal,
}

impl StopOrders {
    /// Listens from here on: an order no longer ends the process at once.
    pub(super) fn heard() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The orders that leave a server running: SIGHUP reloads what can be reloaded. SIGUSR1 and SIGUSR2, by which other servers open their log
/// anew, do nothing. By the system's default each of them ends the process.
pub struct ReloadOrders {
    hangup: Signal,
    user_defined: [Signal; 2],
}

impl ReloadOrders {
    /// Listens from here on; what comes before the server is ready is served once it is. Needs a [`super::Runtime`].
    /// # Errors
    /// The system's, when it refuses a handler.
    pub fn heard() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            user_defined: [signal(SignalKind::user_defined1())?, signal(SignalKind::user_defined2())?],
        })
    }

    /// Waits for the next order to reload.
    pub(super) async fn next(&mut self) {
        let [first, second] = &mut self.user_defined;
        loop {
            let name = tokio::select! {
                _ = self.hangup.recv() => return,
                _ = first.recv() => "SIGUSR1",
                _ = second.recv() => "SIGUSR2",
            };
            log::info!("{name} came: it does nothing here; SIGHUP reads the certificate and the log level again");
        }
    }
}
