//! The route of the socket, and what runs a conversation's verbs.

use std::{
    cell::{Cell, OnceCell},
    net::IpAddr,
    sync::Arc,
};

use actix_web::{
    HttpRequest, HttpResponse, Scope,
    http::StatusCode,
    web::{self, Data},
};

use super::{
    answer,
    talk::{List, Outcome, Refusal, SentProfile, Verb, Xmpp},
};
use crate::{
    dialect::mirrorfly::{
        door, jid, people,
        reply::{self, Mirrored, Refused},
        sign_in, user_form,
    },
    domain::{
        avatar::AvatarChange,
        chat_settings::ChatSettingsChange,
        contact::Contact,
        error::{Error, Fault, What},
        id::{Host, UserId, UserKey},
        listening::Wire,
        owner::Owner,
        profile::{Patch, ProfileChange},
        text::{DisplayName, Email, MobileNumber, StatusText},
    },
    http::{
        addresses::Addresses,
        origins::Page,
        peer,
        socket::{self, Hears, Ran, Runner as _, brake},
    },
    service::{Service, apps::Tenant, listening::Listening, look_back::Missed},
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
/// profiles of others, the roster of contacts, blocks, when others were last there, and what changes of them. A message is refused. A call from this page opens none.
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
        (status = 403, description = "The page's origin is none of the app's allowed_origins", body = reply::Refusal),
        (status = 426, description = "The handshake is of another version than 13"),
    )
)]
pub(in super::super) async fn open(
    service: Data<Service>,
    addresses: Data<Addresses>,
    request: HttpRequest,
) -> Result<HttpResponse, actix_web::Error> {
    let runner = Runner {
        service: service.as_ref().clone(),
        addresses: addresses.as_ref().clone(),
        client: peer::client(&request),
        page: Page::of(request.head()),
        host: door::host(&request),
        was_served: Cell::new(false),
        own: OnceCell::new(),
    };
    if !runner.is_served() {
        return Err(Mirrored::from(Refused::ForeignPage).into());
    }
    if !socket::offered(&request).any(|offer| offer == PROTOCOL) {
        return Err(Mirrored::from(Refused::NoProtocol).into());
    }
    let talk = Xmpp::new(runner.host.as_ref().map_or("", Host::as_str));
    let service = service.as_ref().clone();
    let opened = socket::open(&request, &[PROTOCOL], talk, service, runner);
    opened.map_err(|fault| match fault.error_response().status() {
        StatusCode::BAD_REQUEST => Mirrored::from(Refused::NoHandshake).into(),
        _ => fault, // another version of the protocol: its headers tell which one is spoken here
    })
}

struct Runner {
    service: Service,
    addresses: Addresses,
    client: Option<IpAddr>,
    page: Page,
    /// The host of the handshake.
    host: Option<Host>,
    /// Whether the app has served this dialect since the socket opened: one that never did lets nobody sign in.
    was_served: Cell<bool>,
    own: OnceCell<Own>,
}

impl socket::Runner<Xmpp> for Runner {
    async fn run(&self, verb: Verb) -> Ran<Outcome> {
        self.run_verb(verb).await
    }

    fn is_served(&self) -> bool {
        let tenant = match self.own.get() {
            Some(own) => self.service.tenant_now(&own.tenant),
            None => self.service.tenant_at(self.host.as_ref()),
        };
        let tenant = tenant.ok();
        let serves = tenant.as_ref().is_some_and(|tenant| tenant.app.settings.dialects.mirrorfly);
        let is_switched_off = self.was_served.replace(serves) && !serves;
        !is_switched_off && self.page.may_call(&self.service, tenant.as_deref())
    }
}

/// Who has signed in.
struct Own {
    tenant: Arc<Tenant>,
    key: UserKey,
}

impl Runner {
    async fn run_verb(&self, verb: Verb) -> Ran<Outcome> {
        let own = match self.own.get().map(|own| self.now(own)).transpose() {
            Ok(own) => own,
            // Switched off a moment ago: the socket ends.
            Err(_) => return Ran { outcome: Outcome::Over, hears: Hears::AsBefore },
        };
        let outcome = match (verb, &own) {
            (Verb::SignIn { host, username, password }, None) => {
                return match self.sign_in(&host, &username, password.expose()).await {
                    Ok((outcome, listening)) => Ran { outcome, hears: Hears::From(listening) },
                    Err(refused) => {
                        Ran { outcome: unheard(&self.service, unopened(refused)).await, hears: Hears::AsBefore }
                    }
                };
            }
            (Verb::LookBack(seq), Some(own)) => return self.look_back(own, seq).await,
            (Verb::SetProfile(sent), Some(own)) => {
                self.set_profile(own, &sent).await.map_or_else(|error| refused(&error), |()| Outcome::Done)
            }
            (Verb::ReadProfile(id), Some(own)) => {
                let user = self.service.user(&own.tenant, &id).await;
                user.map_or_else(|error| refused(&error), |user| Outcome::Profile(Box::new(user)))
            }
            (Verb::ReadList { list, host, iv_text }, Some(own)) => {
                let listed = self.list(own, list, host, iv_text).await;
                listed.map_or_else(|error| refused(&error), Outcome::Listed)
            }
            (Verb::Block { whom, is_blocked }, Some(own)) => self.block(own, &whom, is_blocked).await,
            (Verb::ReadLastSeen(id), Some(own)) => {
                let last_seen = self.service.last_seen(&own.tenant, own.key, &id).await;
                last_seen.map_or_else(|error| refused(&error), Outcome::LastSeen)
            }
            (Verb::ReadSettings, Some(own)) => {
                let settings = self.service.chat_settings(&own.tenant, own.key).await;
                settings.map_or_else(|error| refused(&error), |set| Outcome::Archived(set.keeps_archived))
            }
            (Verb::KeepArchived(is_kept), Some(own)) => {
                let change = ChatSettingsChange { keeps_archived: Some(is_kept), ..ChatSettingsChange::default() };
                let changed = self.service.change_chat_settings(&own.tenant, own.key, change).await;
                changed.map_or_else(|error| refused(&error), |()| Outcome::Done)
            }
            // The conversation signs in once, and asks for nothing before.
            (Verb::SignIn { .. }, Some(_)) | (_, None) => Outcome::Failed,
        };
        Ran { outcome, hears: Hears::AsBefore }
    }

    async fn list(&self, own: &Own, list: List, host: String, iv_text: String) -> Result<String, Error> {
        let (tenant, user) = (&own.tenant, own.key);
        match list {
            List::Roster => {
                let item = move |contact: &Contact, items: &mut String| {
                    answer::roster_item(contact, &host, &iv_text, items);
                };
                Ok(answer::roster(&self.service.roster(tenant, user, item).await?))
            }
            List::Blocked => self.service.blocked_ids(tenant, user, move |ids| answer::blocked(ids, &host)).await,
            List::Blocking => self.service.blocking_ids(tenant, user, move |ids| answer::blocking(ids, &host)).await,
        }
    }

    /// One that is blocked already is blocked all the same, and so with its end.
    async fn block(&self, own: &Own, whom: &UserId, is_blocked: bool) -> Outcome {
        let done = match is_blocked {
            true => self.service.block(&own.tenant, own.key, whom).await,
            false => self.service.unblock(&own.tenant, own.key, whom).await,
        };
        match done {
            Ok(()) => Outcome::Done,
            Err(Error::Conflict(What::Block) | Error::NotFound(What::Block)) => Outcome::Unchanged,
            Err(error) => refused(&error),
        }
    }

    /// The user who has signed in, with its app as it is now.
    fn now(&self, own: &Own) -> Result<Own, Refused> {
        Ok(Own { tenant: door::served_now(&self.service, &own.tenant)?, key: own.key })
    }

    async fn look_back(&self, own: &Own, seq: i64) -> Ran<Outcome> {
        match self.service.missed_in_turn(&own.tenant, own.key, seq).await {
            Ok(Missed { notices, seen_to, is_part: true, .. }) => {
                Ran { outcome: Outcome::Missed { notices, rest: Some(seen_to) }, hears: Hears::AsBefore }
            }
            Ok(Missed { notices, seen_to, .. }) => {
                Ran { outcome: Outcome::Missed { notices, rest: None }, hears: Hears::CaughtUp(seen_to) }
            }
            Err(error) => {
                log::warn!("what a client missed could not be looked up, and it is sent to come back: {error:?}");
                Ran { outcome: unheard(&self.service, Outcome::Failed).await, hears: Hears::AsBefore }
            }
        }
    }

    async fn sign_in(&self, host: &str, username: &str, password: &str) -> Result<(Outcome, Listening), Refused> {
        let service = &self.service;
        let tenant = door::at(service, Host::parse(host).ok().as_ref())?;
        // The stream may be addressed to another host, and so to another app, than the handshake was.
        if !self.page.may_call(service, Some(&tenant)) {
            return Err(Refused::ForeignPage);
        }
        let password = sign_in::password(service, &tenant, password)?;
        let proved = service.authenticate(&tenant, &jid::unescaped(username), &password, self.client).await?;
        let listening = service.listen(&tenant, &proved, Wire::MirrorFly).await?;
        let user = proved.user;
        let (iv_text, missed_since) = (people::profile_iv(service, &tenant)?, listening.missed_since());
        self.was_served.set(true);
        let _ = self.own.set(Own { tenant, key: user.key });
        Ok((Outcome::SignedIn { user: Box::new(user), iv_text, missed_since }, listening))
    }

    async fn set_profile(&self, own: &Own, sent: &SentProfile) -> Result<(), Error> {
        let user = self.service.owner(&own.tenant, &Owner::Itself(own.key)).await?;
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
        self.service.set_profile(&own.tenant, Owner::Itself(own.key), profile).await.map(|_user| ())
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
        Refused::Domain(Error::Forbidden(_)) | Refused::SwitchedOff | Refused::ForeignPage => Outcome::Shut,
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
        | Refused::WrongMethod
        | Refused::Bearer => Outcome::Failed,
    }
}

fn refused(error: &Error) -> Outcome {
    // The user that this socket belongs to has been deleted or suspended.
    if matches!(error, Error::Unauthenticated(_)) || *error == Error::SUSPENDED {
        return Outcome::Over;
    }
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
