//! The realtime server: MQTT 3.1.1 over a WebSocket. Its route, and the service calls that the protocol requests.

mod protocol;
mod push;
mod topic;

use std::{
    cell::{Cell, RefCell},
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{
    HttpRequest, HttpResponse, Resource, ResponseError as _,
    web::{self, Data},
};

use self::{
    protocol::{About, Mqtt, MqttCommand, MqttOutcome, Outgoing, Own},
    push::Pusher,
    topic::{Filter, OwnTopic, Publication, RoomTopic},
};
use super::{
    caller::ensure_served,
    reader::Reader,
    reply::{QiscusError, QiscusErrorReply},
};
use crate::{
    domain::{AppId, CallerKey, ConversationKey, ConversationRef, Error, Owner, Secret, User},
    http::{
        addresses::Addresses,
        middleware::Unlogged,
        origins::PageOrigin,
        peer,
        socket::{self, AnonymousPermit, AnonymousSockets, CommandResult, SessionChange},
    },
    service::{EventSubscription, Service, Tenant},
};

/// Apps that are asked for a token.
const APPS_MAX: usize = 64;

/// Unknown tokens that are looked up for one packet. The SDK names one.
const TOKENS_MAX: usize = 2;

/// How often the token of a client that only says that it is there is checked.
const CHECK_EVERY: Duration = Duration::from_secs(60);

/// The longest token that is looked up.
const TOKEN_BYTES_MAX: usize = 128;

/// The path outside the scopes.
#[derive(utoipa::OpenApi)]
#[openapi(paths(open))]
pub(super) struct QiscusBrokerPath;

pub fn broker() -> Resource {
    web::resource("/mqtt").route(web::get().to(open)).default_service(web::to(no_socket))
}

/// Opens the realtime server of the SDKs: MQTT 3.1.1 over a WebSocket
///
/// The sub-protocol is `mqtt`. Messages are binary: a packet may come in many, and one may hold many packets of at most
/// 8 KiB. A client subscribes to `<token>/c` (messages), `<token>/n` (deletions, cleared rooms) and `<token>/update`
/// (changed messages); to `r/<room>/<room>/+/t`, `d` and `r` of its rooms (typing, delivered, read); and to
/// `u/<user>/s` (presence). It publishes on `r/<room>/<room>/<own id>/t` and `u/<own id>/s`; all else is dropped. QoS
/// is 0.
#[utoipa::path(
    get, path = "/mqtt", tag = "Realtime", operation_id = "mqtt",
    responses(
        (status = 101, description = "The socket is open"),
        (status = 400, description = "No WebSocket is opened", body = QiscusErrorReply),
        (status = 503, description = "Too many sockets without a login", body = QiscusErrorReply),
    ),
)]
pub(super) async fn open(
    service: Data<Service>,
    addresses: Data<Addresses>,
    anonymous: Data<AnonymousSockets>,
    request: HttpRequest, // its connection changes the protocol
) -> HttpResponse {
    let Some(permit) = anonymous.permit(peer::client(&request)) else {
        return unlogged(&QiscusError::from(Error::Busy));
    };
    let runner = MqttRunner {
        service: service.as_ref().clone(),
        addresses: addresses.as_ref().clone(),
        anonymous: anonymous.as_ref().clone(),
        client: peer::client(&request),
        page: PageOrigin::of(request.head()),
        permit: RefCell::new(Some(permit)),
        tenant: RefCell::new(None),
        checked: Cell::new(None),
    };
    let service = service.as_ref().clone();
    let opened = socket::open(&request, &["mqtt"], Mqtt::default(), service, runner);
    opened.unwrap_or_else(|_no_handshake| unlogged(&QiscusError::NoSocket))
}

async fn no_socket() -> HttpResponse {
    unlogged(&QiscusError::NoSocket)
}

/// The SDKs connect again and again, so refusals are not logged.
fn unlogged(refused: &QiscusError) -> HttpResponse {
    let mut answer = refused.error_response();
    answer.extensions_mut().insert(Unlogged);
    answer
}

struct MqttRunner {
    service: Service,
    addresses: Addresses,
    anonymous: AnonymousSockets,
    client: Option<std::net::IpAddr>,
    page: PageOrigin,
    /// Held while the socket has no live token.
    permit: RefCell<Option<AnonymousPermit>>,
    /// The app of the token.
    tenant: RefCell<Option<Arc<Tenant>>>,
    /// When the token was last found to be good.
    checked: Cell<Option<Instant>>,
}

impl socket::CommandRunner<Mqtt> for MqttRunner {
    async fn run(&self, command: MqttCommand) -> CommandResult<MqttOutcome> {
        let unchanged = |outcome| CommandResult { outcome, session: SessionChange::Unchanged };
        match command {
            MqttCommand::Subscribe { own, client, filters } => {
                let subscribed = self.subscribe(own, &client, &filters).await;
                subscribed.unwrap_or_else(|refused| unchanged(failed(&refused)))
            }
            MqttCommand::LogOut => self.log_out(),
            MqttCommand::Check(own) => match self.check(&own).await {
                Ok(()) => unchanged(MqttOutcome::Nothing),
                Err(refused) => self.ended(&refused),
            },
            MqttCommand::Publish(own, publication) => match self.publish(&own, publication).await {
                Ok(()) => unchanged(MqttOutcome::Nothing),
                Err(refused) => self.ended(&refused),
            },
            MqttCommand::Push(own, notification) => {
                let pushed = async {
                    let (tenant, user) = self.user(&own).await?;
                    self.pusher(&tenant, &user).pushes(*notification).await
                };
                match pushed.await {
                    Ok(publications) => unchanged(MqttOutcome::Publications(publications)),
                    Err(refused) => self.ended(&refused),
                }
            }
            MqttCommand::CatchUp(own, after) => {
                let missed = async {
                    let (tenant, user) = self.user(&own).await?;
                    self.pusher(&tenant, &user).missed(after).await
                };
                match missed.await {
                    Ok(missed) => unchanged(missed),
                    Err(refused) => self.ended(&refused),
                }
            }
        }
    }

    fn is_served(&self) -> bool {
        let tenant = self.tenant.borrow().clone();
        let is_served =
            |tenant: &Arc<Tenant>| self.service.tenant_now(tenant).is_ok_and(|tenant| ensure_served(&tenant).is_ok());
        tenant.as_ref().is_none_or(is_served) && self.page.may_call(&self.service, tenant.as_deref())
    }
}

fn failed(refused: &Error) -> MqttOutcome {
    if let Error::Internal(cause) = refused {
        log::error!("a realtime connection ends: {cause}");
    }
    MqttOutcome::Failed
}

impl MqttRunner {
    /// The client leaves its user, and stays if there is room for another socket without one.
    fn log_out(&self) -> CommandResult<MqttOutcome> {
        self.tenant.replace(None);
        let permit = self.anonymous.permit(self.client);
        let outcome = if permit.is_some() { MqttOutcome::LoggedOut } else { MqttOutcome::Failed };
        self.permit.replace(permit);
        CommandResult { outcome, session: SessionChange::Closed }
    }

    fn ended(&self, refused: &Error) -> CommandResult<MqttOutcome> {
        match refused {
            Error::Unauthenticated(_) | Error::Forbidden(_) => self.log_out(),
            Error::Invalid { .. }
            | Error::NotFound(_)
            | Error::Conflict(_)
            | Error::TooMany { .. }
            | Error::Busy
            | Error::StorageFull
            | Error::Internal(_) => CommandResult { outcome: failed(refused), session: SessionChange::Closed },
        }
    }

    fn pusher<'a>(&'a self, tenant: &'a Tenant, user: &'a User) -> Pusher<'a> {
        let by = CallerKey::User(user.key);
        Pusher(Reader { service: &self.service, tenant, addresses: &self.addresses, viewer: user, by })
    }

    /// Returns the user, if its token is still good.
    async fn user(&self, own: &Own) -> Result<(Arc<Tenant>, User), Error> {
        let tenant = self.tenant.borrow().clone().ok_or(Error::GONE)?;
        let user = self.service.user_by_token(&tenant, own.token.expose()).await?;
        if user.key != own.key {
            return Err(Error::GONE);
        }
        self.checked.set(Some(Instant::now()));
        Ok((tenant, user))
    }

    /// Checks the token, unless that was done a short while ago.
    async fn check(&self, own: &Own) -> Result<(), Error> {
        match self.checked.get() {
            Some(at) if at.elapsed() < CHECK_EVERY => Ok(()),
            Some(_) | None => self.user(own).await.map(drop),
        }
    }

    /// Returns the apps that a token may be of: those that the client id begins with, then the others.
    fn apps(&self, client: &str) -> Vec<Arc<Tenant>> {
        let named = client.match_indices('_').filter_map(|(end, _)| {
            let app = AppId::parse(client.get(..end)?).ok()?;
            self.service.tenant(&app).ok()
        });
        let mut apps: Vec<Arc<Tenant>> = named.take(APPS_MAX).collect();
        for tenant in self.service.tenants() {
            if !apps.iter().any(|known| known.app.key == tenant.app.key) {
                apps.push(tenant);
            }
        }
        apps.into_iter().filter(|tenant| ensure_served(tenant).is_ok()).take(APPS_MAX).collect()
    }

    /// None for a token of no user.
    async fn log_in(&self, client: &str, token: &str) -> Result<Option<(Arc<Tenant>, User, EventSubscription)>, Error> {
        if token.len() > TOKEN_BYTES_MAX {
            return Ok(None);
        }
        for tenant in self.apps(client) {
            match self.service.listen_by_token(&tenant, token).await {
                Err(Error::Unauthenticated(_) | Error::Forbidden(_)) => {}
                Err(refused) => return Err(refused),
                Ok(_) if !self.page.may_call(&self.service, Some(&tenant)) => {}
                Ok((user, session)) => return Ok(Some((tenant, user, session))),
            }
        }
        Ok(None)
    }

    async fn subscribe(
        &self,
        own: Option<Own>,
        client: &str,
        filters: &[Option<Filter>],
    ) -> Result<CommandResult<MqttOutcome>, Error> {
        let (mut own, mut session) = (own, SessionChange::Unchanged);
        // Each token is looked up once.
        let mut good: Option<Secret> = own.as_ref().map(|own| own.token.clone());
        let (mut asked, mut opened_at): (Vec<&Secret>, _) = (Vec::new(), None);
        for filter in filters.iter().flatten() {
            let Filter::Own { token, .. } = filter else { continue };
            if asked.contains(&token) || good.as_ref() == Some(token) || asked.len() == TOKENS_MAX {
                continue;
            }
            asked.push(token);
            if let Some((tenant, user, listening)) = self.log_in(client, token.expose()).await? {
                self.tenant.replace(Some(tenant));
                self.permit.replace(None);
                opened_at = Some(listening.sent());
                own = Some(Own { key: user.key, id: user.id, token: token.clone() });
                session = SessionChange::Opened(listening);
                good = Some(token.clone());
            }
        }
        let mut granted = Vec::with_capacity(filters.len());
        let (mut publications, mut catches_up) = (Vec::new(), false);
        let known = match &own {
            Some(own) => Some(self.user(own).await?),
            None => None,
        };
        for filter in filters {
            let is_granted = match (filter, &known, &own) {
                (Some(Filter::Own { token, topic }), Some(_), Some(own)) if *token == own.token => {
                    catches_up |= *topic == OwnTopic::Messages;
                    true
                }
                (Some(Filter::Room(room, topic)), Some((tenant, user)), _) => {
                    self.subscribe_room(tenant, user, *room, *topic, &mut publications).await?
                }
                (Some(Filter::Presence(wanted)), Some((tenant, user)), _) => {
                    let status = self.pusher(tenant, user).watch(wanted).await?;
                    let is_known = status.is_some();
                    publications.extend(status);
                    is_known
                }
                _ => false,
            };
            granted.push(is_granted);
        }
        let outcome = MqttOutcome::Subscribed { granted, own, opened_at, catches_up, publications };
        Ok(CommandResult { outcome, session })
    }

    async fn subscribe_room(
        &self,
        tenant: &Tenant,
        user: &User,
        room: ConversationKey,
        topic: RoomTopic,
        publications: &mut Vec<Outgoing>,
    ) -> Result<bool, Error> {
        match self.pusher(tenant, user).marks(room).await {
            Ok(marks) => {
                let is_wanted = |mark: &Outgoing| matches!(&mark.about, About::Room(_, kind, _) if topic.covers(*kind));
                publications.extend(marks.into_iter().filter(is_wanted));
                Ok(true)
            }
            Err(Error::NotFound(_)) => Ok(false),
            Err(refused) => Err(refused),
        }
    }

    async fn publish(&self, own: &Own, publication: Publication) -> Result<(), Error> {
        match publication {
            Publication::Presence(_) => {
                self.check(own).await?;
                self.service.mark_online(own.key);
            }
            Publication::Typing { room, is_typing, .. } => {
                let (tenant, user) = self.user(own).await?;
                let (owner, room) = (Owner::Itself(user.key), ConversationRef::Key(room));
                match self.service.announce_typing(&tenant, &owner, &room, is_typing).await {
                    // A foreign room: dropped, as all else that a client may not publish.
                    Err(Error::NotFound(_)) => {}
                    announced => announced?,
                }
            }
        }
        Ok(())
    }
}
