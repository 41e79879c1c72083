//! The protocol of one connection, MQTT 3.1.1, as a pure state machine. Frames carry a stream of bytes: a packet may
//! come in many frames, and a frame may hold many packets.
//!
//! The token in a topic is the only proof of who the user is. The last live token that a client subscribes with
//! decides: a client subscribes again with the tokens of its earlier users.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use mqttbytes::{
    Error as PacketFault, Protocol as ProtocolVersion, QoS,
    v4::{
        self, ConnAck, ConnectReturnCode, Packet, PingResp, PubAck, PubComp, PubRec, Publish, SubAck, Subscribe,
        SubscribeReasonCode, UnsubAck,
    },
};

use super::topic::{Filter, OwnTopic, Publication, RoomTopic, presence_topic};
use crate::{
    domain::{ChatEvent, ConversationKey, EndReason, MessageId, Notification, Secret, UserId, UserKey},
    http::socket::{Effects, Frame, Protocol},
};

/// The longest packet of a client, in bytes without its header. A login, a list of topics and an event are far shorter.
/// A part of one fits into the bytes that the read budget leaves to each connection.
const PACKET_BYTES_MAX: usize = 8 * 1024 - 8;

/// Topics of one connection: three of the user, four of each room, and one of each watched user.
pub(super) const SUBSCRIPTIONS_MAX: usize = 100;

/// Topics in one packet. Above it the connection ends.
const FILTERS_MAX: usize = SUBSCRIPTIONS_MAX;

/// The user of the connection.
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
    },
    /// The client has left its own topics.
    LogOut,
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
    Missed {
        messages: Vec<(MessageId, Outgoing)>,
        is_part: bool,
    },
    Nothing,
    /// The token is no longer good, and the client may stay.
    LoggedOut,
    /// The connection must end.
    Failed,
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
    Subscribe { packet: u16, filters: Vec<Option<Filter>> },
    Other,
}

type MqttStep = Effects<MqttCommand>;

impl Mqtt {
    /// Handles whole packets up to the next one that needs the service.
    fn advance(&mut self, mut step: MqttStep) -> MqttStep {
        while step.command.is_none() && !step.is_over {
            match v4::read(&mut self.read, PACKET_BYTES_MAX) {
                Ok(packet) => self.packet(packet, &mut step),
                Err(PacketFault::InsufficientBytes(_)) => break,
                Err(_) => step.is_over = true,
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
                let is_served = connect.protocol == ProtocolVersion::V4;
                let code = match is_served {
                    true => ConnectReturnCode::Success,
                    false => ConnectReturnCode::RefusedProtocolVersion,
                };
                send(step, |bytes| ConnAck::new(code, false).write(bytes));
                step.is_over = !is_served;
                self.client = Some(connect.client_id);
            }
            Packet::Subscribe(subscribe) if is_connected => self.subscribe(&subscribe, step),
            Packet::Unsubscribe(unsubscribe) if is_connected => {
                for topic in &unsubscribe.topics {
                    let gone = Filter::parse(topic);
                    self.subscriptions.retain(|filter| Some(filter) != gone.as_ref());
                }
                send(step, |bytes| UnsubAck::new(unsubscribe.pkid).write(bytes));
                let is_own = |filter: &Filter| matches!(filter, Filter::Own { .. });
                if self.own.is_some() && !self.subscriptions.iter().any(is_own) {
                    self.log_out();
                    self.run(MqttCommand::LogOut, step);
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
            | Packet::PingResp
            | Packet::Disconnect => step.is_over = true,
        }
    }

    fn run(&mut self, command: MqttCommand, step: &mut MqttStep) {
        self.pending = Some(Pending::Other);
        step.command = Some(command);
    }

    fn subscribe(&mut self, subscribe: &Subscribe, step: &mut MqttStep) {
        if subscribe.filters.is_empty() || subscribe.filters.len() > FILTERS_MAX {
            step.is_over = true;
            return;
        }
        let filters: Vec<Option<Filter>> = subscribe.filters.iter().map(|filter| Filter::parse(&filter.path)).collect();
        let client = self.client.clone().unwrap_or_default();
        step.command = Some(MqttCommand::Subscribe { own: self.own.clone(), client, filters: filters.clone() });
        self.pending = Some(Pending::Subscribe { packet: subscribe.pkid, filters });
    }

    fn publish(&mut self, publish: &Publish, step: &mut MqttStep) {
        match publish.qos {
            QoS::AtMostOnce => {}
            QoS::AtLeastOnce => send(step, |bytes| PubAck::new(publish.pkid).write(bytes)),
            QoS::ExactlyOnce => send(step, |bytes| PubRec::new(publish.pkid).write(bytes)),
        }
        let Some(own) = self.own.clone() else { return };
        let Some(publication) = Publication::parse(&publish.topic, &publish.payload) else { return };
        let (Publication::Typing { user, .. } | Publication::Presence(user)) = &publication;
        if *user == own.id {
            self.run(MqttCommand::Publish(own, publication), step);
        }
    }

    fn log_out(&mut self) {
        self.own = None;
        self.subscriptions.clear();
        self.sent_early = Vec::new();
    }

    /// Sends a page of missed messages, and reads the next one if there are more.
    fn missed(&mut self, messages: Vec<(MessageId, Outgoing)>, is_part: bool, step: &mut MqttStep) {
        let last = messages.last().map(|(id, _)| *id);
        let (ids, messages): (Vec<MessageId>, Vec<Outgoing>) = messages.into_iter().unzip();
        self.sent_early.extend(ids.into_iter().filter(|id| id.0 > self.opened_at));
        self.send_all(messages, step);
        if let (Some(own), Some(last), true) = (self.own.clone(), last, is_part) {
            step.command = Some(MqttCommand::CatchUp(own, last));
        }
    }

    fn subscribed(&mut self, granted: &[bool], own: Option<Own>, step: &mut MqttStep) {
        let Some(Pending::Subscribe { packet, filters }) = self.pending.take() else { return };
        let is_other = |known: &Own| own.as_ref().is_none_or(|own| own.token != known.token);
        if self.own.as_ref().is_some_and(is_other) {
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
        let answer = SubAck::new(packet, codes.collect());
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
            if let Some(topic) = self.topic(&about) {
                let publish = Publish::new(topic, QoS::AtMostOnce, payload);
                send(step, |bytes| publish.write(bytes));
            }
        }
    }

    /// Returns the topic of a message, if the client has subscribed to it.
    fn topic(&self, about: &About) -> Option<String> {
        let own = self.own.as_ref()?;
        let is_wanted = |filter: &Filter| match (filter, about) {
            (Filter::Own { token, topic }, About::Own(wanted)) => topic == wanted && *token == own.token,
            (Filter::Room(room, topic), About::Room(wanted, kind, _)) => room == wanted && topic.covers(*kind),
            (Filter::Presence(user), About::Presence(wanted)) => user == wanted,
            (Filter::Own { .. } | Filter::Room(..) | Filter::Presence(_), _) => false,
        };
        self.subscriptions.iter().any(is_wanted).then(|| match about {
            About::Own(topic) => format!("{}/{}", own.token.expose(), topic.word()),
            About::Room(room, topic, user) => super::topic::room_topic(*room, user, *topic),
            About::Presence(user) => presence_topic(user),
        })
    }
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

    /// One and a half of the SDK's keep-alive, 60 s.
    const UNAUTHENTICATED_SILENCE_MAX: Duration = Duration::from_secs(90);

    fn receive(&mut self, frame: Frame) -> MqttStep {
        let bytes: Bytes = match frame {
            Frame::Binary(bytes) => bytes,
            Frame::Text(_) => return Effects { is_over: true, ..Effects::default() },
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
            MqttOutcome::Missed { messages, is_part } => self.missed(messages, is_part, &mut step),
            MqttOutcome::Publications(publications) => self.send_all(publications, &mut step),
            MqttOutcome::Nothing => {}
            MqttOutcome::LoggedOut => self.log_out(),
            MqttOutcome::Failed => step.is_over = true,
        }
        self.pending = None;
        self.advance(step)
    }

    fn notification(&mut self, notification: &Notification) -> MqttStep {
        let is_wanted = match notification {
            Notification::Chat { seq, news } => !matches!(news.event, ChatEvent::Sent(_)) || !self.was_sent(*seq),
            Notification::StatusChanged { .. } | Notification::ProfileChanged { .. } => true,
            Notification::ContactsChanged { .. }
            | Notification::BlocksChanged { .. }
            | Notification::BlockedBy { .. }
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

    /// After the end of a token the client may stay: it subscribes with the next one.
    fn close(&mut self, why: EndReason) -> MqttStep {
        let was_logged_in = self.own.is_some();
        self.log_out();
        let mut step = Effects::default();
        match why {
            EndReason::Refused if was_logged_in => self.run(MqttCommand::LogOut, &mut step),
            EndReason::Refused | EndReason::Replaced | EndReason::Slow | EndReason::Withdrawn | EndReason::Closing => {
                step.is_over = true;
            }
        }
        step
    }

    fn is_authenticated(&self) -> bool {
        self.own.is_some()
    }

    /// The SDK connects with its page and keeps reconnecting, with or without a login.
    fn keeps_unauthenticated(&self) -> bool {
        true
    }
}
