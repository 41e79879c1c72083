//! Binds the listen addresses, and derives the public address from them.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    time::Duration,
};

use socket2::SockRef;
use url::Url;

use super::{StartError, StartErrorKind, unusable};
use crate::{
    http::addresses::Addresses,
    settings::{Listen, Settings},
};

/// How long a client may acknowledge nothing before the system cuts it off: the task that writes to it only waits.
const STALLED_WAIT: Duration = Duration::from_secs(60);

pub(super) struct BoundListener {
    pub(super) socket: TcpListener,
    pub(super) listen: Listen,
}

pub(super) fn listen(place: Listen) -> Result<BoundListener, StartError> {
    let address = place.address;
    let bound = TcpListener::bind(address).and_then(|socket| {
        // Connections inherit it.
        SockRef::from(&socket).set_tcp_user_timeout(Some(STALLED_WAIT))?;
        Ok((socket.local_addr()?, socket))
    });
    let (address, socket) = bound.map_err(|error| {
        let kind = error.kind();
        let sentence = if kind == io::ErrorKind::AddrInUse {
            let ip = address.ip();
            format!("Address {address} is already in use by another process: stop it, or use --listen {ip}:0 to pick a free port.")
        } else if kind == io::ErrorKind::PermissionDenied {
            format!("Address {address} may not be listened on by this user: use a port above 1023, or let the system allow it.")
        } else {
            format!("Address {address} cannot be listened on ({error}): name another with --listen.")
        };
        StartErrorKind::Address.because(sentence)
    })?;
    Ok(BoundListener { socket, listen: Listen { address, ..place } })
}

pub(super) fn base_url(listen: Listen) -> String {
    let scheme = if listen.tls { "https" } else { "http" };
    format!("{scheme}://{}", listen.address)
}

pub(super) fn addresses(settings: &Settings, first: Option<&BoundListener>) -> Result<Addresses, StartError> {
    let public_url = settings.public_url.clone().map_or_else(|| public_url_of(first), Ok)?;
    let addresses = Addresses::new(&public_url).map_err(|fault| StartError {
        kind: StartErrorKind::Settings,
        sentence: format!("The public URL {public_url} {fault}."),
    })?;
    Ok(addresses.with_socket(settings.socket_host.as_ref(), settings.socket_port))
}

/// A listener on every interface is handed out as loopback.
fn public_url_of(first: Option<&BoundListener>) -> Result<Url, StartError> {
    let base = match first.map(|listener| listener.listen) {
        Some(listen) if listen.address.ip().is_unspecified() => {
            let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, listen.address.port()));
            let base = base_url(Listen { address: loopback, ..listen });
            log::warn!(
                "addresses of pictures are handed out as {base}: set --public-url to what clients call this server"
            );
            base
        }
        Some(listen) => base_url(listen),
        // A command's own server hands out addresses too, but has no listener.
        None => "http://127.0.0.1:8080".to_owned(),
    };
    Url::parse(&base).map_err(|error| unusable(error.to_string()))
}
