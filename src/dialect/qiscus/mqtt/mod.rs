//! The realtime server: MQTT 3.1.1 over a WebSocket. Its route, and the service calls that the protocol requests.

mod protocol;
mod push;
mod topic;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{
    HttpRequest, HttpResponse, Resource, ResponseError as _,
    web::{self, Data},
};
use tokio::task::yield_now;

use self::{
    protocol::{About, MissedPage, Mqtt, MqttCommand, MqttOutcome, Outgoing, Own},
    push::Pusher,
    topic::{Filter, OwnTopic, Publication},
};
use super::{
    caller::ensure_served,
    reader::Reader,
    reply::{QiscusError, QiscusErrorReply},
};
use crate::{
    domain::{AppId, CallerKey, ConversationRef, Error, MessageId, Owner, Secret, User, UserId, UserKey},
    http::{
        addresses::Addresses,
        middleware::Unlogged,
        origins::PageOrigin,
        peer,
        socket::{
            self, AnonymousPermit, AnonymousSockets, CommandResult, CommandRunner as _, SessionChange, reconnect_delay,
        },
    },
    service::{EventSubscription, Service, Tenant, conversations::backlog::MaybeMissed},
};

/// Sub-protocols, the first one first. A client that offers the second one alone speaks MQTT 3.1, and CONNACK says that
/// this server does not.
const PROTOCOLS: [&str; 2] = ["mqtt", "mqttv3.1"];

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
/// The sub-protocol is `mqtt` or none. Messages are binary: a packet may come in many, and one may hold many packets of at most
/// 8 KiB. A client subscribes to `<token>/c` (messages), `<token>/n` (deletions, cleared rooms) and `<token>/update`
/// (changed messages); to `r/<room>/<room>/+/t`, `d` and `r` of its rooms (typing, delivered, read); and to
/// `u/<user>/s` (presence). It publishes on `r/<room>/<room>/<own id>/t` and `u/<own id>/s`; all else is dropped. QoS
/// is 0.
#[utoipa::path(
    get, path = "/mqtt", tag = "Realtime", operation_id = "mqtt",
    responses(
        (status = 101, description = "The socket is open"),
        (status = 400, description = "No WebSocket is opened, or only other sub-protocols are offered", body = QiscusErrorReply),
        (status = 403, description = "The page's origin is none of the app's allowed_origins", body = QiscusErrorReply),
    ),
)]
pub(super) async fn open(
    service: Data<Service>,
    addresses: Data<Addresses>,
    anonymous: Data<AnonymousSockets>,
    request: HttpRequest, // its connection changes the protocol
) -> HttpResponse {
    let permit = anonymous.permit(peer::client(&request));
    let runner = MqttRunner {
        service: service.as_ref().clone(),
        addresses: addresses.as_ref().clone(),
        anonymous: anonymous.as_ref().clone(),
        client: peer::client(&request),
        page: PageOrigin::of(request.head()),
        permit: RefCell::new(Some(permit)),
        tenant: RefCell::new(None),
        checked: Cell::new(None),
        opened_at: Cell::new(0),
        maybe_missed: Cell::new(MaybeMissed::NOTHING),
    };
    if !runner.is_served() {
        return unlogged(&QiscusError::ForeignPage);
    }
    let offers = |protocol: &str| socket::offered(&request).any(|offer| offer == protocol);
    let protocol = match PROTOCOLS.into_iter().find(|protocol| offers(protocol)) {
        None if socket::offered(&request).next().is_some() => return unlogged(&QiscusError::NoSubProtocol),
        protocol => protocol.unwrap_or_default(),
    };
    let service = service.as_ref().clone();
    let opened = socket::open(&request, &[protocol], Mqtt::default(), service, runner);
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
    /// The last event before those that the session is notified of.
    opened_at: Cell<i64>,
    /// What is sent again when the client subscribes to its messages. Nothing once that is done.
    maybe_missed: Cell<MaybeMissed>,
}

impl socket::CommandRunner<Mqtt> for MqttRunner {
    async fn run(&self, command: MqttCommand) -> CommandResult<MqttOutcome> {
        let unchanged = |outcome| CommandResult { outcome, session: SessionChange::Unchanged };
        match command {
            MqttCommand::Subscribe { own, client, filters, held } => {
                let asked = Subscription { client, filters, held };
                let subscribed = self.subscribe(own, &asked).await;
                subscribed.unwrap_or_else(|refused| self.ended(&refused))
            }
            MqttCommand::LogOut(own) => match self.is_renewed(&own).await {
                true => unchanged(MqttOutcome::Nothing),
                false => self.log_out(),
            },
            MqttCommand::Check(own) => match self.check(&own).await {
                Ok(()) => unchanged(MqttOutcome::Nothing),
                Err(refused) => self.ended(&refused),
            },
            MqttCommand::Publish(own, publication) => match self.publish(&own, publication).await {
                Ok(session) => CommandResult { outcome: MqttOutcome::Nothing, session },
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
                    self.pusher(&tenant, &user).missed(after, self.maybe_missed.get()).await
                };
                match missed.await {
                    Ok(missed) => self.caught_up(after, missed),
                    Err(refused) => self.ended(&refused),
                }
            }
        }
    }

    fn is_served(&self) -> bool {
        // The app as it is now: its settings may have changed since the login.
        let tenant = self.tenant.borrow().as_ref().map(|tenant| self.service.tenant_now(tenant));
        match tenant {
            Some(Ok(tenant)) => ensure_served(&tenant).is_ok() && self.page.may_call(&self.service, Some(&tenant)),
            Some(Err(_)) => false,
            None => self.page.may_call(&self.service, None),
        }
    }

    async fn gives_way(&self) {
        let gives_way = self.permit.borrow().as_ref().map(AnonymousPermit::gives_way);
        match gives_way {
            Some(gives_way) => gives_way.notified().await,
            None => std::future::pending().await,
        }
    }
}

fn failed(refused: &Error) -> MqttOutcome {
    if let Error::Internal(cause) = refused {
        log::error!("a realtime connection ends: {cause}");
    }
    MqttOutcome::Failed
}

impl MqttRunner {
    /// The client leaves its user, and stays.
    fn log_out(&self) -> CommandResult<MqttOutcome> {
        self.tenant.replace(None);
        self.permit.replace(Some(self.anonymous.permit(self.client)));
        CommandResult { outcome: MqttOutcome::LoggedOut, session: SessionChange::Closed }
    }

    /// Until the last page is sent, the position of the client stays before the first.
    fn caught_up(&self, after: MessageId, missed: MissedPage) -> CommandResult<MqttOutcome> {
        let first = missed.messages.first().map(|(id, _)| id.0.saturating_sub(1));
        let session = match (first, missed.last) {
            (_, None) => {
                self.maybe_missed.set(MaybeMissed::NOTHING);
                SessionChange::CaughtUp(self.opened_at.get())
            }
            // The session of a client that is known is behind already, maybe further.
            (Some(first), Some(_)) if after == MessageId::NONE => SessionChange::Behind(first),
            (_, Some(_)) => SessionChange::Unchanged,
        };
        CommandResult { outcome: MqttOutcome::Missed(missed), session }
    }

    /// Returns whether the client has left the topics of a token that it has just renewed: those of the next one follow.
    async fn is_renewed(&self, own: &Own) -> bool {
        let Some(tenant) = self.tenant.borrow().clone() else { return false };
        let user = self.service.user_by_renewed_token(&tenant, own.token.expose()).await;
        user.is_ok_and(|user| user.is_some_and(|user| user.key == own.key))
    }

    fn ended(&self, refused: &Error) -> CommandResult<MqttOutcome> {
        let outcome = match refused {
            Error::Unauthenticated(_) | Error::Forbidden(_) => MqttOutcome::Ended,
            Error::Invalid { .. }
            | Error::NotFound(_)
            | Error::Conflict(_)
            | Error::TooMany { .. }
            | Error::Busy
            | Error::StorageFull
            | Error::Internal(_) => failed(refused),
        };
        CommandResult { outcome, session: SessionChange::Closed }
    }

    fn pusher<'a>(&'a self, tenant: &'a Tenant, user: &'a User) -> Pusher<'a> {
        let by = CallerKey::User(user.key);
        Pusher(Reader { service: &self.service, tenant, addresses: &self.addresses, viewer: user, by })
    }

    /// Returns the user, if its token is still good.
    async fn user(&self, own: &Own) -> Result<(Arc<Tenant>, User), Error> {
        let tenant = self.tenant.borrow().clone().ok_or(Error::GONE)?;
        let user = self.service.user_of_connection(&tenant, own.token.expose()).await?;
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
    async fn user_of(&self, client: &str, token: &str) -> Result<Option<(Arc<Tenant>, User)>, Error> {
        if token.len() > TOKEN_BYTES_MAX {
            return Ok(None);
        }
        for tenant in self.apps(client) {
            match self.service.user_by_token(&tenant, token).await {
                Err(Error::Unauthenticated(_) | Error::Forbidden(_)) => {}
                Err(refused) => return Err(refused),
                Ok(_) if !self.page.may_call(&self.service, Some(&tenant)) => {}
                Ok(user) => return Ok(Some((tenant, user))),
            }
        }
        Ok(None)
    }

    /// Returns the live tokens of a packet, each once, in their order.
    async fn live_tokens(&self, own: Option<&Own>, asked: &Subscription) -> Result<Vec<LiveToken>, Error> {
        let (mut live, mut unknown): (Vec<LiveToken>, Vec<&Secret>) = (Vec::new(), Vec::new());
        for filter in asked.filters.iter().flatten() {
            let Filter::Own { token, .. } = filter else { continue };
            if live.iter().any(|live| live.token == *token) || unknown.contains(&token) {
                continue;
            }
            let known = own.filter(|own| own.token == *token || holds_token(&asked.held, token));
            if let Some(own) = known {
                live.push(LiveToken { token: token.clone(), key: own.key, found: None });
            } else if unknown.len() < TOKENS_MAX {
                unknown.push(token);
                let found = self.user_of(&asked.client, token.expose()).await?;
                let Some((tenant, user)) = found else {
                    self.service.pace_unknown_tokens(self.client).await;
                    continue;
                };
                live.push(LiveToken { token: token.clone(), key: user.key, found: Some((tenant, user.id)) });
            }
        }
        Ok(live)
    }

    async fn subscribe(&self, own: Option<Own>, asked: &Subscription) -> Result<CommandResult<MqttOutcome>, Error> {
        let (mut own, mut session, mut opened_at) = (own, SessionChange::Unchanged, None);
        let live = self.live_tokens(own.as_ref(), asked).await?;
        // The last one names the user.
        if let Some(LiveToken { token, key, found: Some((tenant, id)) }) = live.last() {
            let is_same = own.as_ref().is_some_and(|own| own.key == *key);
            let has_own = asked.held.iter().any(|filter| matches!(filter, Filter::Own { .. }));
            if !is_same && own.is_some() && has_own {
                // The client learns that its former topics end, and connects again.
                reconnect_delay(&self.service).await;
                return Ok(CommandResult { outcome: MqttOutcome::OtherUser, session: SessionChange::Closed });
            }
            // The session goes on under another token of its user, so that nothing is lost and no contact learns of it.
            if !is_same {
                let (_, listening) = self.service.listen_by_token(tenant, token.expose(), &asked.client).await?;
                opened_at = Some(self.begin_position(&listening));
                session = SessionChange::Opened(listening);
                self.tenant.replace(Some(Arc::clone(tenant)));
                self.permit.replace(None);
            }
            own = Some(Own { key: *key, id: id.clone(), token: token.clone() });
        }
        let known = match &own {
            Some(own) => {
                self.service.pace_topics(own.key, self.client, asked.lookups(opened_at.is_some())).await;
                Some(self.user(own).await?)
            }
            None => None,
        };
        let mut granted = Vec::with_capacity(asked.filters.len());
        let (mut publications, mut catches_up) = (Vec::new(), false);
        let (mut answered, mut rooms) = (Vec::<(&Filter, bool)>::new(), BTreeMap::new());
        for filter in &asked.filters {
            let repeated = filter.as_ref().and_then(|filter| {
                let before = answered.iter().find(|(known, _)| *known == filter).map(|(_, is_granted)| *is_granted);
                before.or_else(|| (opened_at.is_none() && asked.has_room(filter)).then_some(true))
            });
            if let Some(is_granted) = repeated {
                granted.push(is_granted);
                continue;
            }
            yield_now().await;
            let is_granted = match (filter, &known) {
                (None, _) | (Some(Filter::Own { .. }), None) => false,
                (Some(Filter::Own { token, topic }), Some((_, user))) => {
                    let is_live = live.iter().any(|live| live.token == *token && live.key == user.key);
                    catches_up |= is_live && *topic == OwnTopic::Messages;
                    is_live
                }
                // Silent until a token names a user that may hear it.
                (Some(Filter::Room(..) | Filter::Presence(_)), None) => true,
                (Some(filter), Some((tenant, user))) => {
                    self.begin_topic(&self.pusher(tenant, user), filter, &mut rooms, &mut publications).await?
                }
            };
            granted.push(is_granted);
            answered.extend(filter.as_ref().map(|filter| (filter, is_granted)));
        }
        if let (Some((tenant, user)), Some(_)) = (&known, opened_at) {
            for filter in &asked.held {
                yield_now().await;
                self.begin_topic(&self.pusher(tenant, user), filter, &mut rooms, &mut publications).await?;
            }
        }
        let outcome = MqttOutcome::Subscribed { granted, own, opened_at, catches_up, publications };
        Ok(CommandResult { outcome, session })
    }

    /// Notes what a client that begins a session may have missed, and returns the last event before the session.
    fn begin_position(&self, listening: &EventSubscription) -> i64 {
        self.maybe_missed.set(match listening.missed_since() {
            Some(seq) => MaybeMissed { after: MessageId(seq), own_after: MessageId(seq), with_read: true },
            // Soon after a start, a page that is new and a client that the stop has cut look alike.
            None => {
                let own_after = MessageId(listening.sent());
                let after = self.service.last_before_stop().unwrap_or(own_after);
                MaybeMissed { after, own_after, with_read: false }
            }
        });
        self.opened_at.set(listening.sent());
        listening.sent()
    }

    /// Returns whether the user may hear a room or a user, and adds what it is told first.
    async fn begin_topic(
        &self,
        pusher: &Pusher<'_>,
        filter: &Filter,
        rooms: &mut RoomsOfPacket,
        publications: &mut Vec<Outgoing>,
    ) -> Result<bool, Error> {
        match filter {
            Filter::Own { .. } => Ok(false),
            Filter::Presence(wanted) => {
                let status = pusher.watch(wanted).await?;
                let is_known = status.is_some();
                publications.extend(status);
                Ok(is_known)
            }
            Filter::Room(room, topic, named) => {
                let read = match rooms.entry(room.0) {
                    Entry::Occupied(read) => read.into_mut(),
                    Entry::Vacant(vacant) => vacant.insert(match pusher.marks(*room).await {
                        Ok(found) => Some(found),
                        Err(Error::NotFound(_)) => None,
                        Err(refused) => return Err(refused),
                    }),
                };
                let Some((peer, marks)) = read else { return Ok(false) };
                if named.as_ref().is_some_and(|named| *named != *peer && *named != pusher.0.viewer.id) {
                    return Ok(false);
                }
                let is_wanted = |mark: &Outgoing| {
                    matches!(&mark.about, About::Room(_, kind, of)
                        if topic.covers(*kind) && named.as_ref().is_none_or(|named| named == of))
                };
                publications.extend(marks.extract_if(.., |mark| is_wanted(mark)));
                Ok(true)
            }
        }
    }

    async fn publish(&self, own: &Own, publication: Publication) -> Result<SessionChange, Error> {
        match publication {
            Publication::Presence { is_there, .. } => {
                self.check(own).await?;
                Ok(SessionChange::Away(!is_there))
            }
            Publication::Typing { room, is_typing, .. } => {
                let (tenant, user) = self.user(own).await?;
                let (owner, room) = (Owner::Itself(user.key), ConversationRef::Key(room));
                match self.service.announce_typing(&tenant, &owner, &room, is_typing).await {
                    // A foreign room: dropped, as all else that a client may not publish.
                    Err(Error::NotFound(_)) => {}
                    announced => announced?,
                }
                Ok(SessionChange::Unchanged)
            }
        }
    }
}

/// A packet that asks for topics.
struct Subscription {
    client: String,
    filters: Vec<Option<Filter>>,
    held: Vec<Filter>,
}

/// The rooms that one packet names, each read once: the other user, and its marks that were not told yet.
type RoomsOfPacket = BTreeMap<i64, Option<(UserId, Vec<Outgoing>)>>;

impl Subscription {
    fn has_room(&self, filter: &Filter) -> bool {
        matches!(filter, Filter::Room(..)) && self.held.contains(filter)
    }

    /// Returns how many look-ups it costs, one for the packet itself included.
    fn lookups(&self, is_new_user: bool) -> u32 {
        let (mut rooms, mut users) = (BTreeSet::new(), BTreeSet::new());
        let asked = self.filters.iter().flatten().filter(|filter| is_new_user || !self.has_room(filter));
        for filter in asked.chain(self.held.iter().filter(|_| is_new_user)) {
            match filter {
                Filter::Room(room, ..) => drop(rooms.insert(room.0)),
                Filter::Presence(user) => drop(users.insert(user.as_str())),
                Filter::Own { .. } => {}
            }
        }
        u32::try_from(1 + rooms.len() + users.len()).unwrap_or(u32::MAX)
    }
}

struct LiveToken {
    token: Secret,
    key: UserKey,
    /// The user, if the token is new to the connection.
    found: Option<(Arc<Tenant>, UserId)>,
}

fn holds_token(held: &[Filter], wanted: &Secret) -> bool {
    held.iter().any(|filter| matches!(filter, Filter::Own { token, .. } if token == wanted))
}
