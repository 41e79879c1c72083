//! The servers over what was opened: one for everybody, and one for the control socket.

use std::{io, os::unix::net::UnixListener, time::Duration};

use actix_web::{
    App,
    middleware::{Condition, from_fn},
    web::{self, Data},
};

use super::{House, bound::Listener, doors};
use crate::{
    dialect::{
        mirrorfly,
        native::{self, ApiListener},
        qiscus, tencent,
    },
    http::{
        loopback,
        metrics::Readers,
        origins::{self, NamesApp},
        paths,
        wire::Wires,
    },
};

/// How long a client may take to send the head of a request.
const HEAD_WAIT: Duration = Duration::from_secs(10);

/// How long a connection may stay open between two requests.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long requests in flight may take to end after the order to stop.
const STOP_WAIT_S: u64 = 20;

/// Where a request may name its app, for the origins of pages.
static NAMES_APP: [NamesApp; 2] = [qiscus::app_named, mirrorfly::app_named];

impl House {
    fn wires(&self) -> Wires {
        let (crowd, budget) = (self.crowd.clone(), self.read_budget.clone());
        Wires { crowd, budget, head_wait: HEAD_WAIT, keep_alive: KEEP_ALIVE }
    }
}

/// The doors for everybody.
///
/// Over TLS it is HTTP/1.1 too: HTTP/2 has none of the waits below and another end of an unread body, and a browser opens its WebSocket
/// over HTTP/1.1 in any case.
pub(super) fn public_server(
    house: House,
    listeners: Vec<Listener>,
    tls: Option<&rustls::ServerConfig>,
) -> io::Result<actix_web::dev::Server> {
    let (workers, wires) = (house.workers, house.wires());
    let factory = move || {
        App::new()
            .app_data(Data::new(house.service.clone()))
            .app_data(Data::new(house.addresses.clone()))
            .app_data(Data::new(house.spool.clone()))
            .app_data(Data::new(house.guard.clone()))
            .app_data(Data::new(house.proxies.clone()))
            .app_data(Data::new(house.inspector.clone()))
            .app_data(Data::new(house.documented.clone()))
            .app_data(Data::new(house.data.clone()))
            .app_data(Data::new(house.documents.clone()))
            .app_data(Data::new(house.readers))
            .app_data(Data::new(house.streams.clone()))
            .wrap(from_fn(paths::options))
            .wrap(origins::middleware(house.service.clone(), &NAMES_APP))
            .wrap({
                let inspector = house.inspector.clone();
                let watch = move |request, next| inspector.clone().watch(request, next);
                Condition::new(house.inspector.is_on(), from_fn(watch))
            })
            .wrap(Condition::new(
                house.is_demo,
                from_fn(|request, next| loopback::only(&tencent::VENDOR_DOMAINS, request, next)),
            ))
            .wrap(from_fn(|request, next| paths::as_meant(&doors::BASES, request, next)))
            .wrap(house.guard.middleware())
            .configure(doors::doors(house.is_demo))
    };
    let mut server = wires.server(workers, STOP_WAIT_S);
    for Listener { socket, listen } in listeners {
        let tls = match (listen.tls, tls) {
            (false, _) => None,
            (true, Some(tls)) => Some(tls.clone()),
            (true, None) => return Err(io::Error::other("a listener that speaks TLS needs a certificate")),
        };
        server = server.listen(socket, tls, factory.clone())?;
    }
    Ok(server.run())
}

/// The operator's door: our own API on a Unix socket, whose file mode is the authority.
pub(super) fn control_server(house: House, socket: UnixListener) -> io::Result<actix_web::dev::Server> {
    let wires = house.wires();
    let factory = move || {
        App::new()
            .app_data(Data::new(house.service.clone()))
            .app_data(Data::new(house.addresses.clone()))
            .app_data(Data::new(house.spool.clone()))
            .app_data(Data::new(house.guard.clone()))
            .app_data(Data::new(house.inspector.clone()))
            .app_data(Data::new(house.documented.clone()))
            .app_data(Data::new(house.data.clone()))
            .app_data(Data::new(Readers::Everybody))
            .app_data(Data::new(house.crowd.clone()))
            .app_data(Data::new(house.streams.clone()))
            .wrap(house.guard.middleware())
            .service(native::scope(ApiListener::Control, tencent::make_user_sig))
            .service(native::healthz())
            .service(native::readyz())
            .service(native::metrics_resource())
            .default_service(web::to(native::unknown_path))
    };
    Ok(wires.server(1, STOP_WAIT_S).listen_locally(socket, factory)?.run())
}
