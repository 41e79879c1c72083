//! Listen addresses, plain or over TLS, and the files of the certificate.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use super::{
    error::SettingsError,
    raw::RawSettings,
    setting::{path, whole},
    table::{self, Settings},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen {
    /// Port 0 means any free one.
    pub address: SocketAddr,
    pub tls: bool,
}

/// Both files are PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// With its chain.
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Settings {
    pub fn tls(&self) -> Option<TlsFiles> {
        let (certificate, key) = self.tls_certificate.clone().zip(self.tls_key.clone())?;
        Some(TlsFiles { certificate, key })
    }
}

/// Refuses half of a certificate, one without a TLS listener, and a TLS listener without one.
pub(super) fn check_tls(raw: &RawSettings) -> Result<(), SettingsError> {
    let listen: Vec<Listen> = table::LISTEN.read(raw, |_, text| parse(text))?;
    let certificate = table::TLS_CERTIFICATE.read_if_given(raw, path)?;
    let key = table::TLS_KEY.read_if_given(raw, path)?;
    let is_given = match (certificate, key) {
        (Some(_), Some(_)) => true,
        (Some(_), None) => return Err(SettingsError::half_of_tls(&table::TLS_CERTIFICATE, &table::TLS_KEY)),
        (None, Some(_)) => return Err(SettingsError::half_of_tls(&table::TLS_KEY, &table::TLS_CERTIFICATE)),
        (None, None) => false,
    };
    match (is_given, listen.iter().any(|listen| listen.tls)) {
        (true, false) => Err(SettingsError::tls_for_no_listener()),
        (false, true) => Err(SettingsError::listener_without_tls(raw)),
        (true, true) | (false, false) => Ok(()),
    }
}

pub(super) fn parse(text: &str) -> Option<Vec<Listen>> {
    text.split(',').map(|one| one_place(one.trim())).collect()
}

/// `https://` means TLS; `http://` is optional for the others.
fn one_place(text: &str) -> Option<Listen> {
    let (tls, place) = match text.split_once("://") {
        Some(("https", place)) => (true, place),
        Some(("http", place)) => (false, place),
        Some(_) => return None,
        None => (false, text),
    };
    Some(Listen { address: address(place)?, tls })
}

/// `:8080` means every IPv4 address, as in other servers' settings; `localhost` needs no look-up.
fn address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.rsplit_once(':')?;
    let ip = match host {
        "" => Ipv4Addr::UNSPECIFIED,
        "localhost" => Ipv4Addr::LOCALHOST,
        _ => return text.parse().ok(),
    };
    Some(SocketAddr::from((ip, whole(port)?.try_into().ok()?)))
}
