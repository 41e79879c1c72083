//! The server's settings for clients: the address of its socket, the vectors of its ciphers, and no call servers.

use actix_web::{HttpResponse, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    callers::MirrorFlyUser,
    codec::{Codec, FIXED_IV},
    people,
    reply::{self, MirrorFlyReply, SdkError},
};
use crate::{
    domain::Error,
    http::{addresses::Addresses, form::Call},
};

/// The config object of registration, with the keys that profile calls read. The vendor's pages list some 25 more.
///
/// `iv` and `ivProfile` must both be present: a client that connects without registering, as after a page reload, has
/// no vector for a missing key, and shows names as ciphertext. `ivProfile` is the licence key, because clients that do
/// not read the config use that one. Empty texts and lists keep the SDK from making calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClientConfig {
    /// The host of the socket and of every JID.
    #[schema(example = "chat.example.test")]
    xmpp_host: String,
    /// As text, as in the vendor's sample.
    #[schema(pattern = "^[0-9]+$", example = "443")]
    xmpp_port_web: String,
    /// The vector of message bodies.
    #[schema(example = "ddc0f15cc2c90fca")]
    iv: &'static str,
    /// The vector of profile fields: the licence key.
    #[schema(example = "StandinDemoLicenseKey0123456789")]
    iv_profile: String,
    #[serde(flatten)]
    features: SwitchedOff,
    /// Empty: calls are not supported.
    signal_server_domain: &'static str,
    /// Empty.
    call_routing_server: &'static str,
    /// Empty.
    #[schema(value_type = Vec<String>, max_items = 0)]
    stuns: [&'static str; 0],
    /// Empty.
    #[schema(value_type = Vec<String>, max_items = 0)]
    turns: [&'static str; 0],
}

/// Features that the SDK offers unless the config says no: it then refuses their calls itself, and the vendor's sample
/// app shows no buttons for them.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SwitchedOff {
    group_chat: Off,
    attachment: Off,
    image_attachment: Off,
    video_attachment: Off,
    audio_attachment: Off,
    document_attachment: Off,
    #[serde(rename = "one2oneCall")]
    one_to_one_call: Off,
    group_call: Off,
    star_message: Off,
    translation: Off,
    view_all_medias: Off,
}

/// Always false.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = bool)]
struct Off(bool);

impl ClientConfig {
    pub(super) fn at(addresses: &Addresses, license_key: &str) -> Self {
        Self {
            xmpp_host: addresses.socket_host().to_owned(),
            xmpp_port_web: addresses.socket_port().to_string(),
            iv: FIXED_IV,
            iv_profile: license_key.to_owned(),
            features: SwitchedOff::default(),
            signal_server_domain: "",
            call_routing_server: "",
            stuns: [],
            turns: [],
        }
    }
}

/// Tells a client where the socket is
///
/// For clients that sign in with a stored registration. `data` is the text of a config object, encrypted with the
/// caller's username as the vendor's SDK decrypts it.
#[utoipa::path(
    get, path = "/users/config", tag = "Sign-in", operation_id = "config",
    security(("user" = [])),
    responses((status = 200, description = "The config object, encrypted", body = MirrorFlyReply<String>), SdkError)
)]
pub(super) async fn config(
    addresses: Data<Addresses>,
    call: Call<MirrorFlyUser, (), SdkError>,
) -> Result<HttpResponse, SdkError> {
    let caller = call.caller;
    let license_key = people::profile_iv(&call.service, &caller.tenant)?;
    let text = serde_json::to_string(&ClientConfig::at(&addresses, &license_key)).map_err(Error::internal)?;
    let encrypted = Codec::of_username(&caller.spelling.write(&caller.id)).encrypt(&text);
    Ok(reply::success(encrypted, "Data retrieved successfully"))
}
