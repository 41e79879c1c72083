//! Where a running server and the commands meet: a Unix socket in the data folder.

use std::{
    fs::File,
    io,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
};

/// The socket's name in the data folder.
const NAME: &str = "standin.sock";

/// The longest path that fits a socket address on Linux: 108 bytes with the NUL at its end.
const PATH_BYTES_MAX: usize = 107;

/// The path by which to bind or reach the control socket. Valid as long as this value lives.
#[derive(Debug)]
pub struct ControlSocket {
    path: PathBuf,
    /// Keeps the number in `/proc/self/fd/` alive.
    _folder: Option<File>,
}

impl ControlSocket {
    /// The path for the socket address.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Finds the control socket of a data folder. A path too long for a socket address goes through `/proc/self/fd`, which is short.
/// # Errors
/// The system's, when the path is too long and the folder cannot be opened.
pub fn control_socket(data: &Path) -> io::Result<ControlSocket> {
    let path = data.join(NAME);
    if path.as_os_str().len() <= PATH_BYTES_MAX {
        return Ok(ControlSocket { path, _folder: None });
    }
    let folder = File::open(data)?;
    let path = PathBuf::from(format!("/proc/self/fd/{}/{NAME}", folder.as_raw_fd()));
    Ok(ControlSocket { path, _folder: Some(folder) })
}
