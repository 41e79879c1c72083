//! Our own API, `/standin/v1`, and the page at the front door.
//!
//! The same calls answer on the control socket, whose file mode is the authority, and on every listener, where an administrator's
//! session is. `gate` decides which, and sees that what was changed is on record.

mod admins;
mod apps;
mod backup;
mod deeds;
mod document;
mod events;
mod extractors;
mod folder;
mod front;
mod gate;
mod health;
mod nearby;
mod probes;
mod reply;
mod reports;
mod requests;
mod sessions;
mod user;
mod users;

use actix_web::{
    Resource,
    dev::HttpServiceFactory,
    middleware::from_fn,
    web::{self, Data},
};
pub use apps::{Documented, MakeUserSig};
pub use document::document;
pub use front::{DataFolder, front, unknown_path};
pub use gate::Door;
pub use probes::{figures, healthz, readyz};

use crate::{
    domain::{error::Error, id::AppId},
    http::methods::{self, Method},
};

/// What all its paths begin with.
const BASE: &str = "/standin/v1";

/// `/standin/v1`, behind this door.
pub fn scope(door: Door, make_user_sig: MakeUserSig) -> impl HttpServiceFactory {
    let behind_the_gate = web::scope("")
        .wrap(from_fn(gate::admit))
        .service(admins::scope())
        .service(apps::scope())
        .service(deeds::resource())
        .service(events::resource())
        .service(health::resource())
        .service(requests::resource())
        .service(front::server())
        .default_service(web::to(unknown_path));
    let behind_the_gate = match door {
        // One reads every page of the database, the other hands out the server key: for whoever has the machine.
        Door::Control => behind_the_gate.service(folder::resource()).service(backup::resource()),
        Door::Public { .. } => behind_the_gate,
    };
    web::scope(BASE)
        .app_data(door)
        .app_data(Data::new(make_user_sig))
        .service(sessions::scope(door))
        .service(behind_the_gate)
}

fn call(path: &str, methods: impl IntoIterator<Item = Method>) -> Resource {
    methods::answer(web::resource(path), methods, web::to(reply::wrong_method))
}

fn app_id(raw: &str) -> Result<AppId, Error> {
    AppId::parse(raw).map_err(|fault| fault.at("app_id"))
}
