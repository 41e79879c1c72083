//! Arguments and results of store operations that no type of the domain describes.

use crate::domain::{
    AddSource, AddWording, AppKey, ContactName, Credentials, CustomStatus, DerivedSecret, Device, Digest, Event,
    FriendGroup, MessageId, Moment, PasswordHash, PictureKey, PictureKind, ProfileChange, Salt, SessionKey, Sibling,
    State, User, UserId, UserKey, Vendor,
};

#[derive(Debug, Clone)]
pub struct UpsertUser {
    pub id: UserId,
    pub if_known: IfKnown,
    pub change: ProfileChange,
    /// For a user that exists, a password other than the stored one changes its password.
    pub chosen: Option<ChosenPassword>,
    /// For a new user. A change of the password uses the token and the issued password.
    pub secrets: NewSecrets,
    pub device: Option<Device>,
    pub ticket: Option<NewTicket>,
    /// When the app made the signature that authorises this call; the call is refused once that signature is revoked.
    pub signed_at: Option<Moment>,
    pub at: Moment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfKnown {
    /// Applies the given fields; the secrets stay.
    Update,
    /// The same for a call of the user's own client: refuses a suspended user.
    UpdateActive,
    Refuse,
}

#[derive(Debug, Clone)]
pub struct NewSecrets {
    pub token: DerivedSecret,
    pub issued: DerivedSecret,
    pub handle: PictureKey,
}

/// With the stored hash it was compared with. If another call has replaced that hash meanwhile, the change is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenPassword {
    /// The stored hash when the password is the stored one: no change.
    pub hash: PasswordHash,
    /// `None` when no password was stored.
    pub compared_with: Option<PasswordHash>,
}

/// A password for a user that exists, and the secrets that replace those issued under the former password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordChange {
    pub chosen: ChosenPassword,
    pub tokens: NewTokens,
}

/// Derived secrets that replace the former ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewTokens {
    pub token: DerivedSecret,
    pub issued: DerivedSecret,
}

/// A user after [`register`](crate::service::users::register).
#[derive(Debug, Clone)]
pub struct UpsertedUser {
    pub user: User,
    pub credentials: Credentials,
    pub created: bool,
}

/// A change of a user. What is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    pub profile: ProfileChange,
    /// A password other than the stored one ends all tokens, tickets and sessions.
    pub password: Option<PasswordChange>,
    pub state: Option<StateChange>,
    pub device: Option<Device>,
    /// The version that the caller has seen: the change of another version is refused.
    pub of_version: Option<i64>,
}

/// A change of a user's state. The state that the user has already is no change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateChange {
    Reactivate,
    /// Ends all sessions and replaces the user token. The former token never becomes valid again.
    Suspend {
        /// The token once the user is reactivated.
        token: DerivedSecret,
    },
}

impl StateChange {
    pub fn state(&self) -> State {
        match self {
            Self::Reactivate => State::Active,
            Self::Suspend { .. } => State::Suspended,
        }
    }
}

/// A change of a user's own contacts. Removals come before additions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContactsChange {
    /// Each with what the owner calls it; without a name, a name given earlier stays. The owner itself is left out.
    pub add: Vec<(UserKey, Option<ContactName>)>,
    pub remove: Vec<UserKey>,
}

impl ContactsChange {
    /// Splits the change into steps of at most `rows` rows, removals first. An empty change is one step.
    pub fn in_steps(mut self, rows: usize) -> Vec<Self> {
        let mut steps = Vec::new();
        loop {
            let rest = self.remove.split_off(self.remove.len().min(rows));
            let rest_add = self.add.split_off(self.add.len().min(rows - self.remove.len()));
            steps.push(self);
            self = Self { add: rest_add, remove: rest };
            if self.add.is_empty() && self.remove.is_empty() {
                return steps;
            }
        }
    }
}

/// The content of a friend's row, and of a friend request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FriendRow {
    pub remark: Option<ContactName>,
    pub groups: Vec<FriendGroup>,
    pub source: Option<AddSource>,
    pub wording: Option<AddWording>,
}

impl FriendRow {
    #[must_use]
    pub fn unnamed(&self) -> Self {
        Self { source: self.source.clone(), wording: self.wording.clone(), ..Self::default() }
    }
}

/// The authenticated account for which a new ticket is issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    BackEnd,
    User {
        key: UserKey,
        /// The chosen password when the login was checked. A change since then refuses the ticket.
        chosen: Option<PasswordHash>,
        /// The digest of the issued password, likewise.
        issued: Digest,
    },
}

impl Principal {
    pub fn of(credentials: &Credentials) -> Self {
        let Credentials { user, chosen, issued, .. } = credentials;
        Self::User { key: *user, chosen: chosen.clone(), issued: issued.digest }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewTicket {
    pub digest: Digest,
    pub expires_at: Moment,
    /// The ticket is valid on this wire alone.
    pub vendor: Vendor,
    /// How many of the user's tickets on this wire stay, this one included. `None`: all.
    pub newest_kept: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    pub app: AppKey,
    pub holder: TicketHolder,
    pub expires_at: Moment,
    pub vendor: Vendor,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TicketHolder {
    BackEnd,
    User { key: UserKey, id: UserId },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredSession {
    pub key: SessionKey,
    pub state: SessionState,
    /// The salt before the last renewal.
    pub former_salt: Option<Salt>,
}

/// The part of a session that each renewal replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionState {
    /// Token and refresh token are derived from it.
    pub salt: Salt,
    pub renewed_at: Moment,
    pub token_expires_at: Moment,
    /// From then on the session cannot be renewed.
    pub ends_at: Moment,
}

/// The tickets and sessions that keep a user signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveSessions {
    /// Wire, beginning and expiry of each ticket, newest first.
    pub tickets: Vec<(Vendor, Moment, Moment)>,
    /// Last renewal and latest end of each session, newest first.
    pub sessions: Vec<(Moment, Moment)>,
}

/// A picture of an existing user: its current one, or one that waits for the sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPicture {
    pub key: PictureKey,
    pub kind: PictureKind,
    pub app: AppKey,
    pub owner: UserKey,
    /// Of the full rendition, as `height_px`.
    pub width_px: u32,
    pub height_px: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredStatus {
    pub key: UserKey,
    pub id: UserId,
    pub custom: Option<CustomStatus>,
    pub has_logged_in: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct EventPage {
    /// In commit order.
    pub events: Vec<Event>,
    pub is_part: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelationRows {
    Contacts,
    Blocks,
    Follows,
}

/// Where a new live session stands in the event log.
#[derive(Debug, Clone)]
pub struct NewPosition {
    pub user: UserKey,
    pub vendor: Vendor,
    /// The digest of what the client sends again when it reconnects, on a wire that has such a value.
    pub shown: Option<Digest>,
    /// The last event announced when the session began: the place of a client whose former place is not known.
    pub confirmed: i64,
    pub siblings: Vec<Sibling>,
    pub at: Moment,
}

/// Where a page of a conversation's history begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryFrom {
    /// The newest messages below this one, newest first.
    Before(MessageId),
    /// This message and those after it, oldest first.
    From(MessageId),
}

/// A page of a conversation's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryPage {
    pub from: HistoryFrom,
    /// Only messages above this one: the user has cleared those up to it.
    pub above: MessageId,
    pub with_recalled: bool,
    pub limit: u32,
}
