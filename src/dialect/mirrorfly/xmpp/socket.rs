//! The route of the socket, and the runner of its commands.

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
    chat_runner::ChatRunner,
    protocol::{SentProfile, StanzaError, Xmpp, XmppCommand, XmppList, XmppResult},
};
use crate::{
    dialect::mirrorfly::{
        callers, jid, people,
        reply::{self, MirrorFlyError, MirroredError},
        sign_in, user_form,
    },
    domain::{
        AvatarChange, ChatSettingsChange, Contact, DisplayName, Email, Error, Fault, Host, MobileNumber, Owner, Patch,
        ProfileChange, Resource, StatusText, UserId, UserKey, Vendor,
    },
    http::{
        addresses::Addresses,
        origins::PageOrigin,
        peer,
        socket::{self, CommandResult, CommandRunner as _, SessionChange, reconnect_delay},
    },
    service::{EventSubscription, MissedEvents, Service, Tenant},
};

/// The sub-protocol. Without it in the response the browser drops the socket, and the SDK tries again for ever.
const PROTOCOL: &str = "xmpp";

/// `/websocket`: the SDK's path below the host in its configuration.
pub fn scope() -> Scope {
    web::scope("/websocket").route("", web::get().to(open)).default_service(web::to(reply::unknown_call))
}

/// Opens the socket of the vendor's SDK
///
/// XMPP over WebSocket (RFC 7395): sign-in by SASL PLAIN with the username and password of a registration, then the
/// user's profile (a vCard), other profiles, the roster of contacts, blocks, when others were last online, one-to-one
/// text messages with their receipts and history, and changes of all these. This page cannot open the socket.
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
        (status = 400, description = "Not a WebSocket handshake, or without the sub-protocol", body = reply::MirrorFlyErrorReply),
        (status = 403, description = "The page's origin is not in the app's allowed_origins", body = reply::MirrorFlyErrorReply),
        (status = 426, description = "The WebSocket version is not 13"),
    )
)]
pub(in super::super) async fn open(
    service: Data<Service>,
    addresses: Data<Addresses>,
    request: HttpRequest, // its connection changes the protocol
) -> Result<HttpResponse, actix_web::Error> {
    let runner = XmppRunner {
        service: service.as_ref().clone(),
        addresses: addresses.as_ref().clone(),
        client: peer::client(&request),
        page: PageOrigin::of(request.head()),
        host: peer::host(&request),
        was_served: Cell::new(false),
        user: OnceCell::new(),
    };
    if !runner.is_served() {
        return Err(MirroredError::from(MirrorFlyError::ForeignPage).into());
    }
    if !socket::offered(&request).any(|offer| offer == PROTOCOL) {
        return Err(MirroredError::from(MirrorFlyError::NoProtocol).into());
    }
    let talk = Xmpp::new(runner.host.as_ref().map_or("", Host::as_str));
    let service = service.as_ref().clone();
    let opened = socket::open(&request, &[PROTOCOL], talk, service, runner);
    opened.map_err(|fault| match fault.error_response().status() {
        StatusCode::BAD_REQUEST => MirroredError::from(MirrorFlyError::NoHandshake).into(),
        _ => fault, // another version of the protocol: its headers tell which one is spoken here
    })
}

struct XmppRunner {
    service: Service,
    addresses: Addresses,
    client: Option<IpAddr>,
    page: PageOrigin,
    host: Option<Host>,
    /// Whether the app has served this dialect since the socket opened. If it never did, sign-in fails.
    was_served: Cell<bool>,
    user: OnceCell<SignedInUser>,
}

impl socket::CommandRunner<Xmpp> for XmppRunner {
    async fn run(&self, command: XmppCommand) -> CommandResult<XmppResult> {
        self.run_command(command).await
    }

    fn is_served(&self) -> bool {
        let tenant = match self.user.get() {
            Some(user) => self.service.tenant_now(&user.tenant),
            None => self.service.tenant_at(self.host.as_ref()),
        };
        let tenant = tenant.ok();
        let serves = tenant.as_ref().is_some_and(|tenant| tenant.app.settings.dialects.mirrorfly);
        let is_switched_off = self.was_served.replace(serves) && !serves;
        !is_switched_off && self.page.may_call(&self.service, tenant.as_deref())
    }
}

pub(super) struct SignedInUser {
    pub(super) tenant: Arc<Tenant>,
    pub(super) key: UserKey,
}

impl XmppRunner {
    async fn run_command(&self, command: XmppCommand) -> CommandResult<XmppResult> {
        let user = match self.user.get().map(|user| self.now(user)).transpose() {
            Ok(user) => user,
            // The dialect was just switched off: close the socket.
            Err(_) => return CommandResult { outcome: XmppResult::SessionOver, session: SessionChange::Unchanged },
        };
        if let Some(user) = &user
            && let Some(outcome) = (ChatRunner { service: &self.service, user }).run(&command).await
        {
            return CommandResult { outcome, session: SessionChange::Unchanged };
        }
        let outcome = match (command, &user) {
            (XmppCommand::SignIn { host, username, password }, None) => {
                return match self.sign_in(&host, &username, password.expose()).await {
                    Ok((outcome, listening)) => CommandResult { outcome, session: SessionChange::Opened(listening) },
                    Err(refused) => CommandResult {
                        outcome: delay_if_failed(&self.service, sign_in_failure(refused)).await,
                        session: SessionChange::Unchanged,
                    },
                };
            }
            (XmppCommand::LookBack(seq), Some(user)) => return self.look_back(user, seq).await,
            (XmppCommand::SetProfile(sent), Some(user)) => {
                self.set_profile(user, &sent).await.map_or_else(|error| command_error(&error), |()| XmppResult::Done)
            }
            (XmppCommand::ReadProfile(id), Some(user)) => {
                let user = self.service.user(&user.tenant, &id).await;
                user.map_or_else(|error| command_error(&error), |user| XmppResult::Profile(Box::new(user)))
            }
            (XmppCommand::ReadList { list, host, iv_text }, Some(user)) => {
                let listed = self.list(user, list, host, iv_text).await;
                listed.map_or_else(|error| command_error(&error), XmppResult::Listed)
            }
            (XmppCommand::Block { whom, is_blocked }, Some(user)) => self.block(user, &whom, is_blocked).await,
            (XmppCommand::ReadLastSeen(id), Some(user)) => {
                let last_seen = self.service.last_seen(&user.tenant, user.key, &id).await;
                last_seen.map_or_else(|error| command_error(&error), XmppResult::LastSeen)
            }
            (XmppCommand::ReadSettings, Some(user)) => {
                let settings = self.service.chat_settings(&user.tenant, user.key).await;
                settings.map_or_else(|error| command_error(&error), |set| XmppResult::Archived(set.keeps_archived))
            }
            (XmppCommand::KeepArchived(is_kept), Some(user)) => {
                let change = ChatSettingsChange { keeps_archived: Some(is_kept), ..ChatSettingsChange::default() };
                let changed = self.service.change_chat_settings(&user.tenant, user.key, change).await;
                changed.map_or_else(|error| command_error(&error), |()| XmppResult::Done)
            }
            // The protocol signs in once, and sends no other command before. Those about conversations have run.
            (
                XmppCommand::SignIn { .. }
                | XmppCommand::Send { .. }
                | XmppCommand::Edit { .. }
                | XmppCommand::Mark { .. }
                | XmppCommand::Recall { .. }
                | XmppCommand::Typing { .. }
                | XmppCommand::ReadChat(_)
                | XmppCommand::ChangeChat(_)
                | XmppCommand::ChangeAllChats { .. }
                | XmppCommand::ReadUndelivered
                | XmppCommand::ReadMessages(_)
                | XmppCommand::FollowContacts
                | XmppCommand::FollowPartner(_)
                | XmppCommand::ReadPresence(_),
                Some(_),
            )
            | (_, None) => XmppResult::Failed,
        };
        CommandResult { outcome, session: SessionChange::Unchanged }
    }

    async fn list(&self, user: &SignedInUser, list: XmppList, host: String, iv_text: String) -> Result<String, Error> {
        let (tenant, user) = (&user.tenant, user.key);
        match list {
            XmppList::Roster => {
                let item = move |contact: &Contact, items: &mut String| {
                    answer::roster_item(contact, &host, &iv_text, items);
                };
                Ok(answer::roster(&self.service.roster(tenant, user, item).await?))
            }
            XmppList::Blocked => self.service.blocked_ids(tenant, user, move |ids| answer::blocked(ids, &host)).await,
            XmppList::Blocking => {
                self.service.blocking_ids(tenant, user, move |ids| answer::blocking(ids, &host)).await
            }
        }
    }

    /// Blocking a blocked user succeeds, and so does unblocking one that is not blocked.
    async fn block(&self, user: &SignedInUser, whom: &UserId, is_blocked: bool) -> XmppResult {
        let done = match is_blocked {
            true => self.service.block(&user.tenant, user.key, whom).await,
            false => self.service.unblock(&user.tenant, user.key, whom).await,
        };
        match done {
            Ok(()) => XmppResult::Done,
            Err(Error::Conflict(Resource::Block) | Error::NotFound(Resource::Block)) => XmppResult::Unchanged,
            Err(error) => command_error(&error),
        }
    }

    fn now(&self, user: &SignedInUser) -> Result<SignedInUser, MirrorFlyError> {
        Ok(SignedInUser { tenant: callers::tenant_if_served(&self.service, &user.tenant)?, key: user.key })
    }

    async fn look_back(&self, user: &SignedInUser, seq: i64) -> CommandResult<XmppResult> {
        match self.service.missed_in_turn(&user.tenant, user.key, seq).await {
            Ok(MissedEvents { notifications, seen_to, is_part: true, .. }) => CommandResult {
                outcome: XmppResult::Missed { notifications, rest: Some(seen_to) },
                session: SessionChange::Unchanged,
            },
            Ok(MissedEvents { notifications, seen_to, .. }) => CommandResult {
                outcome: XmppResult::Missed { notifications, rest: None },
                session: SessionChange::CaughtUp(seen_to),
            },
            Err(error) => {
                log::warn!("missed events could not be read, so the client must reconnect: {error:?}");
                CommandResult {
                    outcome: delay_if_failed(&self.service, XmppResult::Failed).await,
                    session: SessionChange::Unchanged,
                }
            }
        }
    }

    async fn sign_in(
        &self,
        host: &str,
        username: &str,
        password: &str,
    ) -> Result<(XmppResult, EventSubscription), MirrorFlyError> {
        let service = &self.service;
        let tenant = callers::tenant_at(service, Host::parse(host).ok().as_ref())?;
        // The stream's host may select another app than the handshake's host.
        if !self.page.may_call(service, Some(&tenant)) {
            return Err(MirrorFlyError::ForeignPage);
        }
        let password = sign_in::password(service, &tenant, password)?;
        let proved = service.authenticate(&tenant, &jid::unescaped(username), &password, self.client).await?;
        let listening = service.listen(&tenant, &proved, Vendor::MirrorFly).await?;
        let user = proved.user;
        let (iv_text, missed_since) = (people::profile_iv(service, &tenant)?, listening.missed_since());
        self.was_served.set(true);
        let _ = self.user.set(SignedInUser { tenant, key: user.key });
        Ok((XmppResult::SignedIn { user: Box::new(user), iv_text, missed_since }, listening))
    }

    async fn set_profile(&self, user: &SignedInUser, sent: &SentProfile) -> Result<(), Error> {
        let stored = self.service.owner(&user.tenant, &Owner::Itself(user.key)).await?;
        let avatar = match sent.image.as_str() {
            "" => Some(AvatarChange::Tile),
            image => user_form::avatar_change(Some(image), Some(&stored), &user.tenant, &self.addresses)
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
        self.service.set_profile(&user.tenant, Owner::Itself(user.key), profile).await.map(|_user| ())
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

/// Delays the end of a client that met a server error: SDKs reconnect immediately, and thousands of them would overload
/// a server that is recovering.
async fn delay_if_failed(service: &Service, outcome: XmppResult) -> XmppResult {
    if outcome == XmppResult::Failed {
        reconnect_delay(service).await;
    }
    outcome
}

fn sign_in_failure(refused: MirrorFlyError) -> XmppResult {
    match refused {
        MirrorFlyError::Domain(Error::Unauthenticated(_)) => XmppResult::WrongPassword,
        MirrorFlyError::Domain(Error::Forbidden(_)) | MirrorFlyError::SwitchedOff | MirrorFlyError::ForeignPage => {
            XmppResult::AccountDisabled
        }
        MirrorFlyError::Domain(Error::TooMany { .. }) => XmppResult::TooManyAttempts,
        MirrorFlyError::Domain(error) => {
            log::warn!("a login over a socket failed: {error:?}");
            XmppResult::Failed
        }
        MirrorFlyError::Body(_)
        | MirrorFlyError::InvalidUserId
        | MirrorFlyError::NoSuchMessage
        | MirrorFlyError::NoSuchProfile
        | MirrorFlyError::MostSessions
        | MirrorFlyError::InvalidCredentials
        | MirrorFlyError::Restricted
        | MirrorFlyError::WrongHolder
        | MirrorFlyError::NoProtocol
        | MirrorFlyError::NoHandshake
        | MirrorFlyError::UnknownCall
        | MirrorFlyError::WrongMethod
        | MirrorFlyError::Bearer => XmppResult::Failed,
    }
}

pub(super) fn command_error(error: &Error) -> XmppResult {
    // The user of this socket was deleted or suspended.
    if matches!(error, Error::Unauthenticated(_)) || *error == Error::SUSPENDED {
        return XmppResult::SessionOver;
    }
    XmppResult::Refused(match error {
        Error::NotFound(Resource::User | Resource::Message | Resource::Conversation) => StanzaError::ItemNotFound,
        Error::Invalid { fault: Fault::Oneself, .. } => StanzaError::bad_request("to: must be another user"),
        Error::Invalid { .. } | Error::NotFound(_) => StanzaError::BadRequest(error.to_string().into()),
        Error::Conflict(Resource::Message) => StanzaError::Conflict,
        Error::Unauthenticated(_)
        | Error::Forbidden(_)
        | Error::Conflict(_)
        | Error::TooMany { .. }
        | Error::Busy
        | Error::StorageFull
        | Error::Internal(_) => {
            log::warn!("a stanza could not be served: {error:?}");
            StanzaError::InternalServerError
        }
    })
}
