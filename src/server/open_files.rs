//! Divides the limit of open files: a reserve for the server itself, the rest for connections.

use rustix::process::{Resource, getrlimit};

use super::{StartError, StartErrorKind};
use crate::http::limiter::ConnectionLimits;

/// Of the server itself: standard streams, log, lock, key, listeners, the writer's database, signals, clocks, a backup,
/// and what storing pictures opens for a moment.
const OWN: usize = 48;

/// Files of each worker: its event queue, its wake-up, its share of blocking threads at work on the folder.
const OWN_PER_WORKER: usize = 4;

/// Files of each database reader: the database and its log.
const OWN_PER_READER: usize = 2;

/// The maximum of spooled uploads, and the divisor of all files that bounds it where there are few. So below.
const SPOOLED: (usize, usize) = (256, 4);

/// Pictures being sent from their files.
const PICTURES: (usize, usize) = (256, 8);

const TURNED_AWAY: (usize, usize) = (32, 16);

const LOCAL: (usize, usize) = (32, 16);

const CONNECTIONS_MIN: usize = 16;

const UNLIMITED: usize = 1 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OpenFiles {
    limit: usize,
    own: usize,
    pub(super) spooled: usize,
    pub(super) pictures: usize,
    turned_away: usize,
    local: usize,
    in_all: usize,
}

impl OpenFiles {
    pub(super) fn of_process(workers: usize, readers: usize) -> Self {
        let limit = getrlimit(Resource::Nofile).current.and_then(|limit| usize::try_from(limit).ok());
        Self::of(limit.unwrap_or(UNLIMITED), workers, readers)
    }

    fn of(limit: usize, workers: usize, readers: usize) -> Self {
        // One worker more, of the control socket.
        let own = OWN + OWN_PER_WORKER * workers.saturating_add(1) + OWN_PER_READER * readers;
        let left = limit.saturating_sub(own);
        let share = |(most, part): (usize, usize)| (left / part).clamp(1, most);
        let [spooled, pictures, turned_away, local] = [SPOOLED, PICTURES, TURNED_AWAY, LOCAL].map(share);
        // One more for the moment between accepting and counting a connection.
        let in_all = left.saturating_sub(spooled + pictures + turned_away + local + 1);
        Self { limit, own, spooled, pictures, turned_away, local, in_all }
    }

    /// One address gets at most half of all, so that it cannot keep the others out.
    pub(super) fn connections(&self, per_address: usize) -> ConnectionLimits {
        let Self { in_all, turned_away, local, .. } = *self;
        let per_address = per_address.min(in_all / 2);
        ConnectionLimits { per_address, in_all, turned_away, local }
    }

    /// # Errors
    /// `Settings`: the limit leaves no room for connections.
    pub(super) fn check(&self, per_address: usize) -> Result<(), StartError> {
        let Self { limit, own, in_all, .. } = *self;
        if in_all < CONNECTIONS_MIN {
            let sentence = format!(
                "At most {limit} files may be open at one time, and the server needs {own} for itself: raise the limit \
                 (`ulimit -n`, systemd's LimitNOFILE=) to {} or more, or lower `workers`.",
                own + 4 * CONNECTIONS_MIN
            );
            return Err(StartErrorKind::Settings.because(sentence));
        }
        let of_one = self.connections(per_address).per_address;
        log::info!("of {limit} files that may be open at one time, {in_all} are for connections");
        if of_one < per_address {
            log::info!(
                "one address may have {of_one} connections, half of all: for the {per_address} of connections_per_address raise the limit \
                 of open files (`ulimit -Hn`, systemd's LimitNOFILE=)"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "../../tests/unit/server/open_files.rs"]
mod tests;
