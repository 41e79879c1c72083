//! The house's promises to its operator, by their numbers, where no file of a call or room shows them already.

mod bodies;
mod channel;
mod framing;
mod inputs;
mod limits;
mod observe;
mod odd;
mod passwords;
mod rest;
mod slow;
mod tenants;
mod tokens;
mod unsafety;

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use super::standin::Standin;

/// Longer than anything may take that is answered at once.
const WAIT: Duration = Duration::from_secs(20);

/// What came back on a connection.
#[derive(Debug)]
struct Heard {
    text: String,
    is_closed: bool,
}

impl Heard {
    /// The status of each answer, in their order.
    fn statuses(&self) -> Vec<u16> {
        let lines = self.text.split("HTTP/1.1 ").skip(1);
        lines.filter_map(|line| line.get(..3)?.parse().ok()).collect()
    }
}

fn connect(house: &Standin) -> TcpStream {
    let socket = TcpStream::connect(house.base().strip_prefix("http://").unwrap()).unwrap();
    socket.set_read_timeout(Some(WAIT)).unwrap();
    socket.set_write_timeout(Some(WAIT)).unwrap();
    socket
}

/// Sends these very bytes, and hears what comes until the server closes, or is silent for so long after its first word.
fn raw(house: &Standin, request: &[u8], silence: Duration) -> Heard {
    let mut socket = connect(house);
    let _ = socket.write_all(request); // a refusal may come before all is sent
    hear(&mut socket, silence)
}

fn hear(socket: &mut TcpStream, silence: Duration) -> Heard {
    socket.set_read_timeout(Some(WAIT)).unwrap();
    let (mut bytes, mut chunk) = (Vec::new(), [0; 16 * 1024]);
    let is_closed = loop {
        match socket.read(&mut chunk) {
            Ok(0) => break true,
            Ok(read) => {
                bytes.extend_from_slice(&chunk[..read]);
                socket.set_read_timeout(Some(silence)).unwrap();
            }
            Err(error) => break !matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut),
        }
    };
    Heard { text: String::from_utf8_lossy(&bytes).into_owned(), is_closed }
}

/// Numbers that look drawn and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())]
    }
}

/// A line of `/proc/PID/status` that counts kibibytes, in MiB.
fn memory_mib(house: &Standin, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", house.pid())).unwrap();
    let found = status.lines().find_map(|each| each.strip_prefix(line)?.strip_prefix(':'));
    found.unwrap().split_whitespace().next().unwrap().parse::<u64>().unwrap() >> 10
}
