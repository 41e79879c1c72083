//! The protocol of one connection, MQTT 3.1.1, as a pure state machine. Frames carry a stream of bytes: a packet may
//! come in many frames, and a frame may hold many packets.
//!
//! The token in a topic is the only proof of who the user is. The last live token that a client subscribes with names
//! the user: a client subscribes again with the tokens of its earlier users. The topics of rooms and of presence belong
//! to the connection: they outlive a token, and what they give depends on the user.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use mqttbytes::{
    Error as PacketFault, QoS,
    v4::{
        self, ConnAck, ConnectReturnCode, Packet, PingResp, PubAck, PubComp, PubRec, Publish, SubAck, Subscribe,
        SubscribeReasonCode, UnsubAck,
    },
};

use super::topic::{Filter, OwnTopic, Publication, RoomTopic, presence_topic};
use crate::{
    domain::{ChatEvent, ConversationKey, EndReason, MessageId, Notification, Secret, UserId, UserKey},
    http::socket::{CloseCause, CloseFault, Effects, Frame, Protocol},
};

/// The longest packet of a client, in bytes without its header. A login, a list of topics and an event are far shorter.
/// A part of one fits into the bytes that the read budget leaves to each connection.
const PACKET_BYTES_MAX: usize = 8 * 1024 - 8;

/// Topics of one connection: three of the user, four of each room, and one of each watched user.
pub(super) const SUBSCRIPTIONS_MAX: usize = 100;

/// Topics of one packet that are looked at. The others are refused.
const FILTERS_MAX: usize = SUBSCRIPTIONS_MAX;

/// The name and level of MQTT 3.1.1.
const SERVED: (&[u8], u8) = (b"MQTT", 4);

/// The user of the connection, and the last token that named it.
#[derive(Debug, Clone)]
pub(super) struct Own {
    pub(super) key: UserKey,
    pub(super) id: UserId,
    pub(super) token: Secret,
}

#[derive(Debug)]
pub(super) enum MqttCommand {
    Subscribe {
        own: Option<Own>,
        client: String,
        filters: Vec<Option<Filter>>,
        /// The topics that the connection has.
        held: Vec<Filter>,
    },
    /// The client has left all its topics.
    LogOut(Own),
    /// Checks whether the token is still good.
    Check(Own),
    Publish(Own, Publication),
    Push(Own, Box<Notification>),
    /// Reads messages above this one that were not delivered.
    CatchUp(Own, MessageId),
}

#[derive(Debug)]
pub(super) enum MqttOutcome {
    Subscribed {
        /// Whether each filter is granted.
        granted: Vec<bool>,
        own: Option<Own>,
        /// The last event before those that a new session is notified of.
        opened_at: Option<i64>,
        /// Whether messages that were not delivered are sent.
        catches_up: bool,
        publications: Vec<Outgoing>,
    },
    Publications(Vec<Outgoing>),
    Missed(MissedPage),
    Nothing,
    /// The user is left, and the client may stay.
    LoggedOut,
    /// The token is no longer good.
    Ended,
    /// The client has topics of one user, and names another one.
    OtherUser,
    /// The connection must end.
    Failed,
}

#[derive(Debug)]
pub(super) struct MissedPage {
    pub(super) messages: Vec<(MessageId, Outgoing)>,
    /// The last message that the page looked at; None behind the last page.
    pub(super) last: Option<MessageId>,
}

/// A message for the client, sent if it has subscribed to the topic.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outgoing {
    pub(super) about: About,
    pub(super) payload: String,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum About {
    Own(OwnTopic),
    Room(ConversationKey, RoomTopic, UserId),
    Presence(UserId),
}

#[derive(Debug, Default)]
pub(super) struct Mqtt {
    /// Bytes that are no whole packet yet.
    read: BytesMut,
    /// The client id, once the client has connected.
    client: Option<String>,
    /// How long the client may be silent.
    silence_max: Option<Duration>,
    own: Option<Own>,
    subscriptions: Vec<Filter>,
    /// The last event before those that the session is notified of.
    opened_at: i64,
    /// Messages after it that were sent as missed ones, and whose notifications come yet.
    sent_early: Vec<MessageId>,
    pending: Option<Pending>,
}

/// A packet that waits for the outcome of its command.
#[derive(Debug)]
enum Pending {
    Subscribe {
        packet: u16,
        filters: Vec<Option<Filter>>,
        /// Topics that were not looked at.
        refused: usize,
    },
    Other,
}

type MqttStep = Effects<MqttCommand>;

impl Mqtt {
    /// Handles whole packets up to the next one that needs the service.
    fn advance(&mut self, mut step: MqttStep) -> MqttStep {
        while step.command.is_none() && !step.is_over {
            let version = version_of(&self.read).filter(|_| self.client.is_none());
            let is_served = version.is_none_or(|(name, level)| (&*name, level) == SERVED);
            match v4::read(&mut self.read, PACKET_BYTES_MAX) {
                Err(PacketFault::InsufficientBytes(_)) => break,
                Err(PacketFault::PayloadSizeLimitExceeded(_)) => {
                    over(&mut step, CloseFault::TooLong, &format!("a packet has at most {PACKET_BYTES_MAX} bytes"));
                }
                Ok(_) | Err(_) if !is_served => {
                    send(&mut step, |bytes| {
                        ConnAck::new(ConnectReturnCode::RefusedProtocolVersion, false).write(bytes)
                    });
                    step.is_over = true;
                }
                Ok(packet) => self.packet(packet, &mut step),
                Err(fault) => over(&mut step, CloseFault::Malformed, &format!("no packet of MQTT 3.1.1: {fault:?}")),
            }
        }
        if self.read.is_empty() {
            // Keeps no memory for a silent client.
            self.read = BytesMut::new();
        }
        step
    }

    fn packet(&mut self, packet: Packet, step: &mut MqttStep) {
        let is_connected = self.client.is_some();
        match packet {
            Packet::Connect(connect) if !is_connected => {
                send(step, |bytes| ConnAck::new(ConnectReturnCode::Success, false).write(bytes));
                let keep_alive = Duration::from_secs(connect.keep_alive.into());
                self.silence_max = (!keep_alive.is_zero()).then(|| keep_alive.mul_f32(1.5));
                self.client = Some(connect.client_id);
            }
            Packet::Subscribe(subscribe) if is_connected => self.subscribe(&subscribe, step),
            Packet::Unsubscribe(unsubscribe) if is_connected => {
                for topic in &unsubscribe.topics {
                    let gone = Filter::parse(topic);
                    self.subscriptions.retain(|filter| Some(filter) != gone.as_ref());
                }
                send(step, |bytes| UnsubAck::new(unsubscribe.pkid).write(bytes));
                if let Some(own) = self.own.clone()
                    && self.subscriptions.is_empty()
                {
                    self.run(MqttCommand::LogOut(own), step);
                }
            }
            Packet::Publish(publish) if is_connected => self.publish(&publish, step),
            Packet::PubRel(release) if is_connected => send(step, |bytes| PubComp::new(release.pkid).write(bytes)),
            Packet::PingReq if is_connected => {
                send(step, |bytes| PingResp.write(bytes));
                if let Some(own) = self.own.clone() {
                    self.run(MqttCommand::Check(own), step);
                }
            }
            // The server sends at quality 0, so these acknowledge nothing and are ignored.
            Packet::PubAck(_) | Packet::PubRec(_) | Packet::PubComp(_) if is_connected => {}
            Packet::Connect(_)
            | Packet::ConnAck(_)
            | Packet::Publish(_)
            | Packet::PubAck(_)
            | Packet::PubRec(_)
            | Packet::PubRel(_)
            | Packet::PubComp(_)
            | Packet::Subscribe(_)
            | Packet::SubAck(_)
            | Packet::Unsubscribe(_)
            | Packet::UnsubAck(_)
            | Packet::PingReq
            | Packet::PingResp => over(step, CloseFault::Malformed, "a client begins with CONNECT, once"),
            Packet::Disconnect => step.is_over = true,
        }
    }

    fn run(&mut self, command: MqttCommand, step: &mut MqttStep) {
        self.pending = Some(Pending::Other);
        step.command = Some(command);
    }

    fn subscribe(&mut self, subscribe: &Subscribe, step: &mut MqttStep) {
        if subscribe.filters.is_empty() {
            return over(step, CloseFault::Malformed, "SUBSCRIBE without a topic");
        }
        let looked_at = subscribe.filters.iter().take(FILTERS_MAX).map(|filter| Filter::parse(&filter.path));
        let filters: Vec<Option<Filter>> = looked_at.collect();
        let (own, client) = (self.own.clone(), self.client.clone().unwrap_or_default());
        let held = self.subscriptions.clone();
        step.command = Some(MqttCommand::Subscribe { own, client, filters: filters.clone(), held });
        let refused = subscribe.filters.len() - filters.len();
        self.pending = Some(Pending::Subscribe { packet: subscribe.pkid, filters, refused });
    }

    fn publish(&mut self, publish: &Publish, step: &mut MqttStep) {
        match publish.qos {
            QoS::AtMostOnce => {}
            QoS::AtLeastOnce => send(step, |bytes| PubAck::new(publish.pkid).write(bytes)),
            QoS::ExactlyOnce => send(step, |bytes| PubRec::new(publish.pkid).write(bytes)),
        }
        let Some(own) = self.own.clone() else { return };
        let Some(publication) = Publication::parse(&publish.topic, &publish.payload) else { return };
        let (Publication::Typing { user, .. } | Publication::Presence { user, .. }) = &publication;
        if *user == own.id {
            self.run(MqttCommand::Publish(own, publication), step);
        }
    }

    fn log_out(&mut self) {
        self.own = None;
        self.sent_early = Vec::new();
    }

    /// Sends a page of missed messages, and reads the next one.
    fn missed(&mut self, MissedPage { messages, last }: MissedPage, step: &mut MqttStep) {
        let (ids, messages): (Vec<MessageId>, Vec<Outgoing>) = messages.into_iter().unzip();
        self.sent_early.extend(ids.into_iter().filter(|id| id.0 > self.opened_at));
        self.send_all(messages, step);
        if let (Some(own), Some(last)) = (self.own.clone(), last) {
            step.command = Some(MqttCommand::CatchUp(own, last));
        }
    }

    fn subscribed(&mut self, granted: &[bool], own: Option<Own>, step: &mut MqttStep) {
        let Some(Pending::Subscribe { packet, filters, refused }) = self.pending.take() else { return };
        if self.own.as_ref().map(|own| own.key) != own.as_ref().map(|own| own.key) {
            self.log_out();
        }
        self.own = own;
        let codes = filters.into_iter().zip(granted).map(|(filter, granted)| {
            let filter = filter.filter(|_| *granted && self.has_room());
            let Some(filter) = filter else { return SubscribeReasonCode::Failure };
            if !self.subscriptions.contains(&filter) {
                self.subscriptions.push(filter);
            }
            SubscribeReasonCode::Success(QoS::AtMostOnce)
        });
        let beyond = std::iter::repeat_n(SubscribeReasonCode::Failure, refused);
        let answer = SubAck::new(packet, codes.chain(beyond).collect());
        send(step, |bytes| answer.write(bytes));
    }

    /// Whether a message was sent already, as a missed one.
    fn was_sent(&mut self, seq: i64) -> bool {
        let known = self.sent_early.iter().position(|id| id.0 == seq);
        known.map(|at| self.sent_early.swap_remove(at)).is_some()
    }

    fn has_room(&self) -> bool {
        self.subscriptions.len() < SUBSCRIPTIONS_MAX
    }

    fn send_all(&self, publications: Vec<Outgoing>, step: &mut MqttStep) {
        for Outgoing { about, payload } in publications {
            for topic in self.topics(&about) {
                let publish = Publish::new(topic, QoS::AtMostOnce, payload.as_str());
                send(step, |bytes| publish.write(bytes));
            }
        }
    }

    /// Returns the topics of a message that the client has subscribed to: more than one if it has several tokens of its
    /// user.
    fn topics(&self, about: &About) -> Vec<String> {
        if self.own.is_none() {
            return Vec::new();
        }
        match about {
            About::Own(wanted) => {
                let topics = self.subscriptions.iter().filter_map(|filter| match filter {
                    Filter::Own { token, topic } if topic == wanted => {
                        Some(format!("{}/{}", token.expose(), topic.word()))
                    }
                    Filter::Own { .. } | Filter::Room(..) | Filter::Presence(_) => None,
                });
                topics.collect()
            }
            About::Room(room, kind, user) => {
                let is_it = |filter: &Filter| {
                    matches!(filter, Filter::Room(of, topic, named)
                        if of == room && topic.covers(*kind) && named.as_ref().is_none_or(|named| named == user))
                };
                self.subscriptions
                    .iter()
                    .any(is_it)
                    .then(|| super::topic::room_topic(*room, user, *kind))
                    .into_iter()
                    .collect()
            }
            About::Presence(user) => self.watches(user).then(|| presence_topic(user)).into_iter().collect(),
        }
    }

    fn watches(&self, user: &UserId) -> bool {
        self.subscriptions.iter().any(|filter| matches!(filter, Filter::Presence(of) if of == user))
    }
}

/// Returns the name and level of the protocol in a CONNECT packet (MQTT 3.1.1, section 3.1.2), once they have come.
fn version_of(read: &[u8]) -> Option<(Vec<u8>, u8)> {
    let (first, rest) = read.split_first()?;
    let length = rest.iter().take(4).position(|byte| byte & 0x80 == 0)?;
    let content = rest.get(length + 1..)?;
    let name_bytes = usize::from(u16::from_be_bytes(content.get(..2)?.try_into().ok()?));
    let name = content.get(2..2 + name_bytes)?;
    let level = content.get(2 + name_bytes)?;
    (first >> 4 == 1).then(|| (name.to_vec(), *level))
}

/// Ends the connection.
fn over(step: &mut MqttStep, fault: CloseFault, why: &str) {
    step.is_over = true;
    step.cause = Some(CloseCause { fault, why: why.to_owned() });
}

/// Adds a packet to send.
fn send(step: &mut MqttStep, write: impl FnOnce(&mut BytesMut) -> Result<usize, PacketFault>) {
    let mut bytes = BytesMut::new();
    match write(&mut bytes) {
        Ok(_) => step.frames.push(Frame::Binary(bytes.freeze())),
        Err(_) => step.is_over = true,
    }
}

impl Protocol for Mqtt {
    type Command = MqttCommand;
    type Outcome = MqttOutcome;

    /// A frame may hold many packets.
    const MESSAGE_BYTES_MAX: usize = 16 * 1024;

    /// A client that is cut is sent what it may not have received when it subscribes again.
    const CONFIRMS: bool = false;

    /// One and a half of the SDK's keep-alive, 60 s.
    const UNAUTHENTICATED_SILENCE_MAX: Duration = Duration::from_secs(90);

    /// The SDK connects with its page, before the user logs in, and connects again a second after the end.
    const UNAUTHENTICATED_MAX: Option<Duration> = Some(Duration::from_secs(120));

    fn receive(&mut self, frame: Frame) -> MqttStep {
        let bytes: Bytes = match frame {
            Frame::Binary(bytes) => bytes,
            Frame::Text(_) => {
                let mut step = Effects::default();
                over(&mut step, CloseFault::NoBinary, "packets come in binary messages");
                return step;
            }
        };
        self.read.extend_from_slice(&bytes);
        self.advance(Effects::default())
    }

    fn outcome(&mut self, outcome: MqttOutcome) -> MqttStep {
        let mut step = Effects::default();
        match outcome {
            MqttOutcome::Subscribed { granted, own, opened_at, catches_up, publications } => {
                self.subscribed(&granted, own, &mut step);
                self.opened_at = opened_at.unwrap_or(self.opened_at);
                self.send_all(publications, &mut step);
                let own = self.own.clone().filter(|_| catches_up);
                step.command = own.map(|own| MqttCommand::CatchUp(own, MessageId::NONE));
            }
            MqttOutcome::Missed(page) => self.missed(page, &mut step),
            MqttOutcome::Publications(publications) => self.send_all(publications, &mut step),
            MqttOutcome::Nothing => {}
            MqttOutcome::LoggedOut => self.log_out(),
            MqttOutcome::Ended => over(&mut step, CloseFault::Refused, "sign in again"),
            MqttOutcome::OtherUser => {
                over(&mut step, CloseFault::Refused, "a connection is of one user: connect again for another one");
            }
            MqttOutcome::Failed => step.is_over = true,
        }
        self.pending = None;
        self.advance(step)
    }

    fn notification(&mut self, notification: &Notification) -> MqttStep {
        let is_wanted = match notification {
            Notification::Chat { seq, news } => !matches!(news.event, ChatEvent::Sent(_)) || !self.was_sent(*seq),
            Notification::StatusChanged { .. } | Notification::ProfileChanged { .. } => true,
            Notification::BlocksChanged { whom: user, is_blocked, .. }
            | Notification::BlockedBy { by: user, is_blocked, .. } => !is_blocked && self.watches(user),
            Notification::ContactsChanged { .. }
            | Notification::FollowChanged { .. }
            | Notification::RequestChanged { .. }
            | Notification::AccountChanged { .. }
            | Notification::ChatSettingsChanged { .. } => false,
        };
        let mut step = Effects::default();
        if let Some(own) = self.own.clone()
            && is_wanted
        {
            self.run(MqttCommand::Push(own, Box::new(notification.clone())), &mut step);
        }
        step
    }

    /// The client connects again, and stays there without a login if its token is no longer good.
    fn close(&mut self, _: EndReason) -> MqttStep {
        self.log_out();
        Effects { is_over: true, ..Effects::default() }
    }

    fn silence_max(&self) -> Option<Duration> {
        self.silence_max
    }

    fn is_authenticated(&self) -> bool {
        self.own.is_some()
    }

    /// The SDK connects with its page and keeps reconnecting, with or without a login. Its first packet comes at once.
    fn keeps_unauthenticated(&self) -> bool {
        self.client.is_some()
    }
}
