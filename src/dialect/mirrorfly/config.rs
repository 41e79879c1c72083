//! What a client is told of the server: where its socket is, and that nobody serves calls here.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use serde::Serialize;

use super::{
    codec::Codec,
    door, jid,
    reply::{self, InBody},
};
use crate::{domain::error::Error, http::addresses::Addresses, service::Service};

/// The config object of registration, by the keys that profile calls read. The vendor's pages list some 25 more.
///
/// There is no `ivProfile`: without one, clients on TLS and on plain sockets make the same vector of the licence key. Texts and lists
/// that are empty keep the SDK's calls and signalling quiet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Config {
    /// Of the socket, and of every JID.
    xmpp_host: String,
    /// In digits, as in the vendor's sample.
    xmpp_port_web: String,
    signal_server_domain: &'static str,
    call_routing_server: &'static str,
    stuns: [&'static str; 0],
    turns: [&'static str; 0],
}

impl Config {
    /// Clients find the socket where they find everything else, at the public base, unless the settings say otherwise.
    pub(super) fn at(addresses: &Addresses) -> Self {
        Self {
            xmpp_host: addresses.socket_host().to_owned(),
            xmpp_port_web: addresses.socket_port().to_string(),
            signal_server_domain: "",
            call_routing_server: "",
            stuns: [],
            turns: [],
        }
    }
}

/// `GET /users/config`: what a client asks for that signs in by what it kept of an earlier registration. `data` is a text.
pub(super) async fn config(
    service: Data<Service>,
    addresses: Data<Addresses>,
    request: HttpRequest,
) -> Result<HttpResponse, InBody> {
    let caller = door::user(&service, &request)?;
    let text = serde_json::to_string(&Config::at(&addresses)).map_err(Error::internal)?;
    let encrypted = Codec::of_username(&jid::escaped(&caller.id)).encrypt(&text);
    Ok(reply::success(encrypted, "Data retrieved successfully"))
}
