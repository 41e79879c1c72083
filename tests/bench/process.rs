//! The server as a process of its own, and what the system says of a process.

use std::{
    fs::{self, File},
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

/// Linux counts a process's time in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// A process that serves HTTP; it ends with this value.
pub(crate) struct Serving {
    child: Child,
    /// Where it answers.
    pub(crate) address: SocketAddr,
    /// From its start to its first answer.
    pub(crate) ready_after: Duration,
}

impl Serving {
    /// Starts `standin serve` on a free port of loopback over this data folder, and waits for its first answer.
    ///
    /// It logs from this level on, to a file beside the folder.
    pub(crate) fn standin(data: &Path, level: &str, variables: &[(&str, &str)]) -> Result<Self, Failure> {
        Self::standin_with(data, level, variables, None)
    }

    /// As [`Serving::standin`], listening over TLS at another address too.
    pub(crate) fn standin_with(
        data: &Path,
        level: &str,
        variables: &[(&str, &str)],
        tls: Option<SocketAddr>,
    ) -> Result<Self, Failure> {
        Self::run_standin(Command::new(BINARY), data, level, variables, tls)
    }

    /// As [`Serving::standin`], in a control group.
    pub(crate) fn standin_in(
        group: &Path,
        data: &Path,
        level: &str,
        variables: &[(&str, &str)],
    ) -> Result<Self, Failure> {
        let mut command = Command::new("sh");
        command.args(["-c", "echo $$ > \"$0/cgroup.procs\" && exec \"$@\""]).arg(group).arg(BINARY);
        Self::run_standin(command, data, level, variables, None)
    }

    fn run_standin(
        mut command: Command,
        data: &Path,
        level: &str,
        variables: &[(&str, &str)],
        tls: Option<SocketAddr>,
    ) -> Result<Self, Failure> {
        let address = free_address()?;
        let log = File::create(data.with_extension("log"))?;
        let listen = tls.iter().fold(address.to_string(), |listen, tls| format!("{listen},https://{tls}"));
        command.args(["serve", "--log", level, "--listen", &listen, "--data"]).arg(data).stdout(log);
        // All load comes from one address. A benchmark of these bounds gives its own.
        command.env("STANDIN_REGISTRATIONS_PER_HOUR", "1000000").env("STANDIN_NUMBER_LOOKUPS_PER_HOUR", "100000000");
        Self::start(command.envs(variables.iter().copied()), address)
    }

    /// Starts a command that is going to answer HTTP at this address.
    pub(crate) fn start(command: &mut Command, address: SocketAddr) -> Result<Self, Failure> {
        let start = Instant::now();
        let child = command.stdin(Stdio::null()).spawn()?;
        let mut serving = Self { child, address, ready_after: Duration::ZERO };
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
pub(crate) fn free_address() -> Result<SocketAddr, Failure> {
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

/// The processor time a living process took, its threads included, to 10 ms.
pub(crate) fn cpu_time(process: u32) -> Result<Duration, Failure> {
    ticks(&process.to_string(), 11)
}

/// The processor time that our own children took that have ended, to 10 ms.
pub(crate) fn ended_children_cpu_time() -> Result<Duration, Failure> {
    ticks("self", 13)
}

/// User and system time stand side by side, counted here from the word behind the name, which may hold blanks.
fn ticks(process: &str, at: usize) -> Result<Duration, Failure> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let words = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: Vec<u32> = words.skip(at).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(TICK * ticks.iter().sum())
}

/// A line of `/proc/PID/status` that counts kibibytes: `VmRSS` is what is resident, `VmHWM` the most that ever was.
pub(crate) fn memory_kib(process: u32, line: &str) -> Result<u64, Failure> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let found = status.lines().find_map(|each| each.strip_prefix(line)?.strip_prefix(':'));
    let word = found.and_then(|rest| rest.split_whitespace().next());
    Ok(word.ok_or_else(|| format!("process {process} shows no {line}"))?.parse()?)
}
