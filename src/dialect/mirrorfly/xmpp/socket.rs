//! The route of the socket, and what runs a conversation's verbs.

use std::{cell::OnceCell, net::IpAddr, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse, Scope,
    http::{StatusCode, header::SEC_WEBSOCKET_PROTOCOL},
    web::{self, Data, Payload},
};

use super::talk::{Outcome, Refusal, SentProfile, Verb, Xmpp};
use crate::{
    dialect::mirrorfly::{
        door, jid, people,
        reply::{self, Mirrored, Refused},
        sign_in, user_form,
    },
    domain::{
        avatar::AvatarChange,
        error::{Error, Fault, What},
        id::{Host, UserId, UserKey},
        listening::Wire,
        profile::{Patch, ProfileChange},
        text::{DisplayName, Email, MobileNumber, StatusText},
    },
    http::{
        addresses::Addresses,
        peer,
        socket::{self, Hears, Ran, brake},
    },
    service::{Service, apps::Tenant, listening::Listening, profiles::UserSetting},
};

/// The sub-protocol. A browser whose offer is not answered with it drops the socket, and the SDK tries again for ever.
const PROTOCOL: &str = "xmpp";

/// `/websocket`: the SDK's own path below the host of its configuration.
pub fn scope() -> Scope {
    web::scope("/websocket").route("", web::get().to(open)).default_service(web::to(reply::unknown_call))
}

/// Opens the socket of the vendor's SDK
///
/// XMPP over WebSocket (RFC 7395): sign-in by SASL PLAIN with the username and password of a registration, then one's profile (a vCard), the
/// profiles of others, the roster of contacts, and what changes of them. A call from this page opens none.
#[utoipa::path(
    get, path = "/websocket", tag = "Socket", operation_id = "open_socket",
    params(
        ("Sec-WebSocket-Protocol" = String, Header, description = "Must offer `xmpp`", pattern = "^xmpp$", example = "xmpp"),
        ("Upgrade" = Option<String>, Header, description = "`websocket`, as in every handshake (RFC 6455)"),
        ("Connection" = Option<String>, Header, description = "`Upgrade`"),
        ("Sec-WebSocket-Version" = Option<String>, Header, description = "`13`"),
        ("Sec-WebSocket-Key" = Option<String>, Header, description = "16 random bytes in base64"),
    ),
    responses(
        (status = 101, description = "The socket is open"),
        (status = 400, description = "This is no handshake, or it does not offer the sub-protocol", body = reply::Refusal),
        (status = 426, description = "The handshake is of another version than 13"),
    )
)]
pub(in super::super) async fn open(
    service: Data<Service>,
    addresses: Data<Addresses>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, actix_web::Error> {
    if !offers_protocol(&request) {
        return Err(Mirrored::from(Refused::NoProtocol).into());
    }
    let host = door::host(&request);
    let runner = Runner {
        service: service.as_ref().clone(),
        addresses: addresses.as_ref().clone(),
        client: peer::client(&request),
        own: OnceCell::new(),
    };
    let talk = Xmpp::new(host.as_ref().map_or("", Host::as_str));
    let service = service.as_ref().clone();
    let opened = socket::open(&request, payload, &[PROTOCOL], talk, service, async move |verb| runner.run(verb).await);
    opened.map_err(|fault| match fault.error_response().status() {
        StatusCode::BAD_REQUEST => Mirrored::from(Refused::NoHandshake).into(),
        _ => fault, // another version of the protocol: its headers tell which one is spoken here
    })
}

fn offers_protocol(request: &HttpRequest) -> bool {
    let offers = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL).filter_map(|offer| offer.to_str().ok());
    offers.flat_map(|offer| offer.split(',')).any(|offer| offer.trim() == PROTOCOL)
}

struct Runner {
    service: Service,
    addresses: Addresses,
    client: Option<IpAddr>,
    own: OnceCell<Own>,
}

/// Who has signed in.
struct Own {
    tenant: Arc<Tenant>,
    key: UserKey,
    id: UserId,
}

impl Runner {
    async fn run(&self, verb: Verb) -> Ran<Outcome> {
        let outcome = match (verb, self.own.get()) {
            (Verb::SignIn { host, username, password }, None) => {
                return match self.sign_in(&host, &username, password.expose()).await {
                    Ok((outcome, listening)) => Ran { outcome, hears: Hears::From(listening) },
                    Err(refused) => {
                        Ran { outcome: unheard(&self.service, unopened(refused)).await, hears: Hears::AsBefore }
                    }
                };
            }
            (Verb::LookBack(seq), Some(own)) => match self.service.missed(&own.tenant, own.key, seq).await {
                Ok(missed) => {
                    Outcome::Missed { rest: missed.is_part.then_some(missed.seen_to), notices: missed.notices }
                }
                Err(error) => {
                    log::error!("what was missed stays unsaid: {error:?}");
                    Outcome::Missed { notices: Vec::new(), rest: None }
                }
            },
            (Verb::SetProfile(sent), Some(own)) => {
                self.set_profile(own, &sent).await.map_or_else(|error| refused(&error), |()| Outcome::Done)
            }
            (Verb::ReadProfile(id), Some(own)) => {
                let user = self.service.user(&own.tenant, &id);
                user.map_or_else(|error| refused(&error), |user| Outcome::Profile(Box::new(user)))
            }
            (Verb::ReadRoster, Some(own)) => {
                let roster = self.service.roster(&own.tenant, own.key).await;
                roster.map_or_else(|error| refused(&error), Outcome::Roster)
            }
            // The conversation signs in once, and asks for nothing before.
            (Verb::SignIn { .. }, Some(_))
            | (Verb::LookBack(_) | Verb::SetProfile(_) | Verb::ReadProfile(_) | Verb::ReadRoster, None) => {
                Outcome::Failed
            }
        };
        Ran { outcome, hears: Hears::AsBefore }
    }

    async fn sign_in(&self, host: &str, username: &str, password: &str) -> Result<(Outcome, Listening), Refused> {
        let service = &self.service;
        let tenant = door::at(service, Host::parse(host).ok().as_ref())?;
        let password = sign_in::password(service, &tenant, password)?;
        let proved = service.authenticate(&tenant, &jid::unescaped(username), &password, self.client).await?;
        let listening = service.listen(&tenant, &proved, Wire::MirrorFly)?;
        let user = proved.user;
        let (iv_text, missed_since) = (people::profile_iv(service, &tenant)?, listening.missed_since());
        let _ = self.own.set(Own { tenant, key: user.key, id: user.id.clone() });
        Ok((Outcome::SignedIn { user: Box::new(user), iv_text, missed_since }, listening))
    }

    async fn set_profile(&self, own: &Own, sent: &SentProfile) -> Result<(), Error> {
        let user = self.service.user(&own.tenant, &own.id)?;
        let avatar = match sent.image.as_str() {
            "" => Some(AvatarChange::Tile),
            image => user_form::avatar(Some(image), Some(&user), &own.tenant, &self.addresses)
                .map_err(|fault| fault.at("image"))?,
        };
        let profile = ProfileChange {
            display_name: replaced(&sent.nickname, DisplayName::parse, "nickName")?,
            avatar,
            status: replaced(&sent.status, StatusText::parse, "status")?,
            mobile: replaced(&sent.mobile_number, MobileNumber::parse, "mobileNumber")?,
            email: replaced(&sent.email, Email::parse, "email")?,
            ..ProfileChange::default()
        };
        let setting = UserSetting { profile, ..UserSetting::default() };
        self.service.set_user(&own.tenant, own.id.clone(), setting).await.map(|_user| ())
    }
}

fn replaced<T>(
    sent: &str,
    parse: impl FnOnce(&str) -> Result<T, Fault>,
    field: &'static str,
) -> Result<Patch<T>, Error> {
    match sent {
        "" => Ok(Patch::Clear),
        sent => parse(sent).map(Patch::Set).map_err(|fault| fault.at(field)),
    }
}

/// Keeps a client waiting that the house has failed: the SDK comes back the moment it is sent away, and thousands of them would keep down
/// a house that is about to get up.
async fn unheard(service: &Service, outcome: Outcome) -> Outcome {
    if outcome == Outcome::Failed {
        brake(service).await;
    }
    outcome
}

/// Why nobody came in.
fn unopened(refused: Refused) -> Outcome {
    match refused {
        Refused::Domain(Error::Unauthenticated(_)) => Outcome::Wrong,
        Refused::Domain(Error::Forbidden(_)) | Refused::SwitchedOff => Outcome::Shut,
        Refused::Domain(Error::TooMany { .. }) => Outcome::TooMany,
        Refused::Domain(error) => {
            log::warn!("somebody could not sign in to a socket: {error:?}");
            Outcome::Failed
        }
        Refused::Body(_)
        | Refused::InvalidUserId
        | Refused::NoSuchProfile
        | Refused::MostSessions
        | Refused::InvalidCredentials
        | Refused::Restricted
        | Refused::WrongHolder
        | Refused::NoProtocol
        | Refused::NoHandshake
        | Refused::UnknownCall
        | Refused::WrongMethod => Outcome::Failed,
    }
}

fn refused(error: &Error) -> Outcome {
    Outcome::Refused(match error {
        Error::NotFound(What::User) => Refusal::ItemNotFound,
        Error::Invalid { .. } | Error::NotFound(_) => Refusal::BadRequest,
        Error::Unauthenticated(_)
        | Error::Forbidden(_)
        | Error::Conflict(_)
        | Error::TooMany { .. }
        | Error::Busy
        | Error::StorageFull
        | Error::Internal(_) => {
            log::warn!("a stanza could not be served: {error:?}");
            Refusal::InternalServerError
        }
    })
}
