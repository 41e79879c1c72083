//! The server as a process of its own, and what the system says of a process.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::Failure;

/// The release binary of this very build.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_standin");

/// The longest wait for a first answer.
const READY_WAIT: Duration = Duration::from_secs(30);

/// A process that serves HTTP; it ends with this value.
pub(crate) struct Serving {
    child: Child,
    /// From its start to its first answer.
    pub(crate) ready_after: Duration,
}

impl Serving {
    /// Starts `standin serve` on a free port of loopback over this data folder, and waits for its first answer.
    pub(crate) fn standin(data: &Path) -> Result<Self, Failure> {
        let address = free_address()?;
        let mut command = Command::new(BINARY);
        command.args(["serve", "--log", "error", "--listen", &address.to_string(), "--data"]).arg(data);
        let start = Instant::now();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
        let mut serving = Self { child, ready_after: Duration::ZERO };
        while !answers(address) {
            if let Some(status) = serving.child.try_wait()? {
                return Err(format!("the server ended before its first answer: {status}").into());
            }
            if start.elapsed() > READY_WAIT {
                return Err(format!("no answer within {} s", READY_WAIT.as_secs()).into());
            }
            thread::sleep(Duration::from_micros(500));
        }
        serving.ready_after = start.elapsed();
        Ok(serving)
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address of loopback that was free a moment ago.
fn free_address() -> Result<SocketAddr, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn answers(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(READY_WAIT))?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
        let mut head = [0; 5];
        stream.read_exact(&mut head)?;
        Ok(head == *b"HTTP/")
    };
    ask().unwrap_or(false)
}

/// A line of `/proc/PID/status` that counts kibibytes: `VmRSS` is what is resident, `VmHWM` the most that ever was.
pub(crate) fn memory_kib(process: u32, line: &str) -> Result<u64, Failure> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let found = status.lines().find_map(|each| each.strip_prefix(line)?.strip_prefix(':'));
    let word = found.and_then(|rest| rest.split_whitespace().next());
    Ok(word.ok_or_else(|| format!("process {process} shows no {line}"))?.parse()?)
}
