//! Signals to a running server.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM, or SIGINT from a terminal. SIGQUIT keeps the system's default and ends the process at once.
pub(super) struct StopSignal {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignal {
    /// Registers handlers: the signals no longer end the process at once.
    pub(super) fn register() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// SIGHUP reloads. SIGUSR1 and SIGUSR2, by which other servers reopen their log, do nothing. By default each would end
/// the process.
pub struct ReloadSignal {
    hangup: Signal,
    user_defined: [Signal; 2],
}

impl ReloadSignal {
    /// Registers handlers. A signal before the server is ready is handled once it is. Needs a [`super::Runtime`].
    pub fn register() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            user_defined: [signal(SignalKind::user_defined1())?, signal(SignalKind::user_defined2())?],
        })
    }

    pub(super) async fn next(&mut self) {
        let [first, second] = &mut self.user_defined;
        loop {
            let name = tokio::select! {
                _ = self.hangup.recv() => return,
                _ = first.recv() => "SIGUSR1",
                _ = second.recv() => "SIGUSR2",
            };
            log::info!("{name} was ignored: SIGHUP reads the certificate and the log level again");
        }
    }
}
