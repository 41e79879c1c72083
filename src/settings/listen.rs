//! Where to listen, plain or over TLS, and the files that TLS needs.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use super::{
    is_path,
    raw::Raw,
    read_if_given,
    table::{self, Setting},
    whole,
    wrong::Wrong,
};

/// One place to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen {
    /// Port 0 is any free one.
    pub address: SocketAddr,
    /// Whether it speaks TLS, and nothing else.
    pub tls: bool,
}

/// The files of the certificate, both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, its chain behind it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl TlsFiles {
    /// Both files or neither; and with them at least one listener that speaks TLS: certificates that nobody is shown, or plain
    /// HTTP where TLS was meant, are mistakes.
    pub(super) fn parse(raw: &Raw, listen: &[Listen]) -> Result<Option<Self>, Wrong> {
        let path = |setting: &Setting| read_if_given(raw, setting, |text| is_path(text).then(|| PathBuf::from(text)));
        let files = match (path(&table::TLS_CERTIFICATE)?, path(&table::TLS_KEY)?) {
            (Some(certificate), Some(key)) => Some(Self { certificate, key }),
            (Some(_), None) => return Err(Wrong::half_of_tls(&table::TLS_CERTIFICATE, &table::TLS_KEY)),
            (None, Some(_)) => return Err(Wrong::half_of_tls(&table::TLS_KEY, &table::TLS_CERTIFICATE)),
            (None, None) => None,
        };
        match (&files, listen.iter().any(|listen| listen.tls)) {
            (Some(_), false) => Err(Wrong::tls_for_no_listener()),
            (None, true) => Err(Wrong::listener_without_tls(raw)),
            (Some(_), true) | (None, false) => Ok(files),
        }
    }
}

pub(super) fn parse(text: &str) -> Option<Vec<Listen>> {
    text.split(',').map(|one| one_place(one.trim())).collect()
}

/// `https://` in front says TLS; `http://` may stand before the others.
fn one_place(text: &str) -> Option<Listen> {
    let (tls, place) = match text.split_once("://") {
        Some(("https", place)) => (true, place),
        Some(("http", place)) => (false, place),
        Some(_) => return None,
        None => (false, text),
    };
    Some(Listen { address: address(place)?, tls })
}

/// `:8080` means every IPv4 address, as in other servers' settings, and `localhost` needs no look-up.
fn address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.rsplit_once(':')?;
    let ip = match host {
        "" => Ipv4Addr::UNSPECIFIED,
        "localhost" => Ipv4Addr::LOCALHOST,
        _ => return text.parse().ok(),
    };
    Some(SocketAddr::from((ip, whole(port)?.try_into().ok()?)))
}
