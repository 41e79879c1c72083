//! Our own API, `/standin/v1`, and the start page. The same calls are served on the control socket, whose file mode
//! decides who can call, and on every public listener, for administrators with a session.

mod admins;
mod apps;
mod audit;
mod authorization;
mod backup;
mod conversations;
mod document;
mod events;
mod extractors;
mod front;
mod health;
mod nearby;
mod probes;
mod reply;
mod reports;
mod requests;
mod schemas;
mod sessions;
mod user;
mod users;

use actix_web::{
    Resource,
    dev::HttpServiceFactory,
    middleware::from_fn,
    web::{self, Data},
};
pub use apps::{DemoPassword, MakeUserSig};
pub use authorization::ApiListener;
pub use document::document;
pub use front::{DataFolder, start_page, unknown_path};
pub use probes::{healthz, metrics_resource, readyz};

use crate::{
    domain::{AppId, Error},
    http::methods::{self, Method},
};

const BASE: &str = "/standin/v1";

pub fn scope(listener: ApiListener, make_user_sig: MakeUserSig) -> impl HttpServiceFactory {
    let authorized = web::scope("")
        .wrap(from_fn(authorization::admit))
        .service(admins::scope())
        .service(apps::scope())
        .service(audit::resource())
        .service(events::resource())
        .service(health::resource())
        .service(requests::resource())
        .service(front::server())
        .default_service(web::to(unknown_path));
    let authorized = match listener {
        // One reads every page of the database, the other hands out the server key. Both are only for users of this
        // machine.
        ApiListener::Control => authorized.service(health::folder()).service(backup::resource()),
        ApiListener::Public { .. } => authorized,
    };
    web::scope(BASE)
        .app_data(listener)
        .app_data(Data::new(make_user_sig))
        .service(sessions::scope(listener))
        .service(authorized)
}

fn call(path: &str, methods: impl IntoIterator<Item = Method>) -> Resource {
    methods::answer(web::resource(path), methods, web::to(reply::wrong_method))
}

fn app_id(raw: &str) -> Result<AppId, Error> {
    AppId::parse(raw).map_err(|fault| fault.at("app_id"))
}
