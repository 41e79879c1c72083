//! Builds the public HTTP server and the control socket's.

use std::{io, os::unix::net::UnixListener, time::Duration};

use actix_web::{
    App,
    middleware::{Condition, from_fn},
    web::{self, Data, ServiceConfig},
};

use super::{ServerParts, listeners::BoundListener, routes};
use crate::{
    dialect::{
        mirrorfly,
        native::{self, ApiListener},
        qiscus, tencent,
    },
    domain::MetricsAccess,
    http::{
        connection::{ConnectionSettings, Listener},
        loopback,
        origins::{self, AppLookup},
        paths,
    },
};

const HEAD_WAIT: Duration = Duration::from_secs(10);

const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long requests in flight may take after the signal to stop.
const STOP_WAIT_S: u64 = 20;

/// Where a request may name its app, for CORS.
static APP_LOOKUPS: [AppLookup; 2] = [qiscus::app_named, mirrorfly::app_named];

impl ServerParts {
    fn connections(&self) -> ConnectionSettings {
        let (limiter, budget) = (self.limiter.clone(), self.read_budget.clone());
        ConnectionSettings { limiter, budget, head_wait: HEAD_WAIT, keep_alive: KEEP_ALIVE }
    }

    /// Gives the handlers of an app what both servers have.
    fn share(&self, app: &mut ServiceConfig) {
        app.app_data(Data::new(self.service.clone()))
            .app_data(Data::new(self.addresses.clone()))
            .app_data(Data::new(self.spool.clone()))
            .app_data(Data::new(self.guard.clone()))
            .app_data(Data::new(self.inspector.clone()))
            .app_data(Data::new(self.documented.clone()))
            .app_data(Data::new(self.data.clone()))
            .app_data(Data::new(self.streams.clone()))
            .app_data(Data::new(self.anonymous.clone()));
    }
}

/// HTTP/1.1 also over TLS: HTTP/2 has none of the timeouts below, and browsers open WebSockets over HTTP/1.1 anyway.
pub(super) fn public_server(
    parts: ServerParts,
    listeners: Vec<BoundListener>,
    tls: Option<&rustls::ServerConfig>,
) -> io::Result<actix_web::dev::Server> {
    let (workers, connections) = (parts.workers, parts.connections());
    let factory = move || {
        App::new()
            .configure(|app| parts.share(app))
            .app_data(Data::new(parts.proxies.clone()))
            .app_data(Data::new(parts.documents.clone()))
            .app_data(Data::new(parts.readers))
            .wrap(from_fn(paths::options))
            .wrap(origins::middleware(parts.service.clone(), &APP_LOOKUPS))
            .wrap({
                let inspector = parts.inspector.clone();
                let watch = move |request, next| inspector.clone().watch(request, next);
                Condition::new(parts.inspector.is_on(), from_fn(watch))
            })
            .wrap(Condition::new(
                parts.is_demo,
                from_fn(|request, next| loopback::only(&tencent::VENDOR_DOMAINS, request, next)),
            ))
            .wrap(from_fn(|request, next| paths::normalise(&routes::BASES, request, next)))
            .wrap(parts.guard.middleware())
            .configure(routes::routes(parts.is_demo))
    };
    let mut server = connections.server(workers, STOP_WAIT_S);
    for BoundListener { socket, listen } in listeners {
        let tls = match (listen.tls, tls) {
            (false, _) => None,
            (true, Some(tls)) => Some(Box::new(tls.clone())),
            (true, None) => return Err(io::Error::other("a listener that speaks TLS needs a certificate")),
        };
        server = server.listen(Listener::Tcp(socket, tls), factory.clone())?;
    }
    Ok(server.run())
}

pub(super) fn control_server(parts: ServerParts, socket: UnixListener) -> io::Result<actix_web::dev::Server> {
    let connections = parts.connections();
    let factory = move || {
        App::new()
            .configure(|app| parts.share(app))
            .app_data(Data::new(MetricsAccess::Everybody))
            .app_data(Data::new(parts.limiter.clone()))
            .wrap(parts.guard.middleware())
            .service(native::scope(ApiListener::Control, tencent::make_user_sig))
            .service(native::healthz())
            .service(native::readyz())
            .service(native::metrics_resource())
            .default_service(web::to(native::unknown_path))
    };
    Ok(connections.server(1, STOP_WAIT_S).listen(Listener::Unix(socket), factory)?.run())
}
