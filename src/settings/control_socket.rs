//! The control socket: a Unix socket in the data folder, between a running server and the commands.

use std::{
    fs::File,
    io,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
};

const NAME: &str = "standin.sock";

/// The longest path in a socket address on Linux: 108 bytes with the NUL at its end.
const PATH_BYTES_MAX: usize = 107;

/// The path to bind or connect to, valid as long as this value lives.
#[derive(Debug)]
pub struct ControlSocket {
    path: PathBuf,
    /// Keeps the number in `/proc/self/fd/` valid.
    _folder: Option<File>,
}

impl ControlSocket {
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A path that is too long for a socket address goes through `/proc/self/fd`.
/// # Errors
/// The path is too long and the folder cannot be opened.
pub fn control_socket(data: &Path) -> io::Result<ControlSocket> {
    let path = data.join(NAME);
    if path.as_os_str().len() <= PATH_BYTES_MAX {
        return Ok(ControlSocket { path, _folder: None });
    }
    let folder = File::open(data)?;
    let path = PathBuf::from(format!("/proc/self/fd/{}/{NAME}", folder.as_raw_fd()));
    Ok(ControlSocket { path, _folder: Some(folder) })
}
