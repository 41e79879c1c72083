//! Plain sockets, prepared requests, and answers of which little is looked at.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use socket2::{Domain, Socket, Type};

use crate::Failure;

/// The longest wait for an answer: what takes longer hangs.
const WAIT: Duration = Duration::from_secs(10);

/// Connects from the loopback address of this number: to the server each is another client.
pub(super) fn from(number: u32, server: SocketAddr) -> Result<TcpStream, Failure> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    let own = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 0, 1, 1)) + number);
    socket.bind(&SocketAddr::from((own, 0)).into())?;
    socket.connect(&server.into())?;
    socket.set_tcp_nodelay(true)?;
    socket.set_read_timeout(Some(WAIT))?;
    socket.set_write_timeout(Some(WAIT))?;
    Ok(socket.into())
}

/// A request with a body, whole.
pub(super) fn request(method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head =
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// The header of a JSON body.
pub(super) const JSON: &str = "Content-Type: application/json\r\n";

/// One connection on which requests are answered in turn.
pub(super) struct Connection {
    socket: TcpStream,
    buffer: Vec<u8>,
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// Whether the server refused it, by an HTTP status or by an error in the body of a 200.
    pub(super) fn refusal(&self) -> Option<String> {
        let text = String::from_utf8_lossy(self.body.get(..self.body.len().min(200)).unwrap_or_default());
        let in_body =
            ["\"status\":429", "\"status\":5"].into_iter().any(|words| text.starts_with(&format!("{{{words}")));
        (self.status >= 400 || in_body).then(|| format!("HTTP {} {text}", self.status))
    }

    /// The text of a key, wherever it stands.
    pub(super) fn text(&self, key: &str) -> Result<String, Failure> {
        let body = String::from_utf8_lossy(&self.body);
        let behind = body.split_once(&format!("\"{key}\":\"")).map(|(_, behind)| behind);
        let text = behind.and_then(|behind| behind.split('"').next());
        Ok(text.ok_or_else(|| format!("no {key} in {body}"))?.to_owned())
    }
}

impl Connection {
    pub(super) fn open(number: u32, server: SocketAddr) -> Result<Self, Failure> {
        Ok(Self { socket: from(number, server)?, buffer: vec![0; 64 * 1024] })
    }

    /// Sends a request and reads the whole answer, which says its length.
    pub(super) fn ask(&mut self, request: &[u8]) -> Result<Answer, Failure> {
        self.socket.write_all(request)?;
        self.answer()
    }

    pub(super) fn answer(&mut self) -> Result<Answer, Failure> {
        let mut got = Vec::new();
        loop {
            if let Some(end) = got.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(got.get(..end).unwrap_or_default()).to_ascii_lowercase();
                let status = head.get(9..12).and_then(|digits| digits.parse().ok()).ok_or("no status")?;
                let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
                let length: usize = if status == 304 || status < 200 { 0 } else { length.unwrap_or(0) };
                let mut body = got.split_off(end + 4);
                while body.len() < length {
                    self.read(&mut body)?;
                }
                return Ok(Answer { status, body });
            }
            self.read(&mut got)?;
        }
    }

    fn read(&mut self, into: &mut Vec<u8>) -> Result<(), Failure> {
        match self.socket.read(&mut self.buffer)? {
            0 => Err("the server closed the connection".into()),
            bytes => {
                into.extend_from_slice(self.buffer.get(..bytes).unwrap_or_default());
                Ok(())
            }
        }
    }
}

/// A connection that is sent to without waiting, as far as the server takes it.
pub(super) struct Pushed {
    socket: TcpStream,
    sent: usize,
    pub(super) is_answered: bool,
    pub(super) is_closed: bool,
}

impl Pushed {
    pub(super) fn open(number: u32, server: SocketAddr) -> Result<Self, Failure> {
        let socket = from(number, server)?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, sent: 0, is_answered: false, is_closed: false })
    }

    /// Sends on, and notices an answer or the end; whether anything went.
    pub(super) fn push(&mut self, bytes: &[u8]) -> bool {
        match self.socket.read(&mut [0; 512]) {
            Ok(0) => self.is_closed = true,
            Ok(_) => self.is_answered = true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => self.is_closed = true,
        }
        let rest = bytes.get(self.sent..).unwrap_or_default();
        if self.is_closed || rest.is_empty() {
            return false;
        }
        match self.socket.write(rest.get(..rest.len().min(64 * 1024)).unwrap_or_default()) {
            Ok(written) => {
                self.sent += written;
                true
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => false,
            Err(_) => {
                self.is_closed = true;
                false
            }
        }
    }
}
