//! What operations are asked, and what they answer where a word of the domain does not say it.

use crate::domain::{
    avatar::{PictureKey, PictureKind},
    device::Device,
    event::Event,
    friend::{AddSource, AddWording, FriendGroup},
    id::{AppKey, SessionKey, UserId, UserKey},
    listening::{Sibling, Wire},
    profile::{Credentials, ProfileChange, State, User},
    secret::{Derived, Digest, PasswordHash, Salt},
    text::{ContactName, CustomStatus},
    time::Moment,
};

/// A user that may or may not be known yet, with what to make of it.
#[derive(Debug, Clone)]
pub struct UpsertUser {
    /// Its id.
    pub id: UserId,
    /// What to do if there is such a user.
    pub if_known: IfKnown,
    /// Profile fields to set.
    pub change: ProfileChange,
    /// A password to store. For a known user another one than the stored one is a change of its password.
    pub chosen: Option<ChosenPassword>,
    /// Used when this call creates the user; a change of its password takes the token and the issued password.
    pub secrets: NewSecrets,
    /// The device it came with; replaces the one of the same platform.
    pub device: Option<Device>,
    /// A session to begin with.
    pub ticket: Option<NewTicket>,
    /// When the app made the signature that vouches for this call; one that is dead by now refuses it.
    pub signed_at: Option<Moment>,
    /// Now.
    pub at: Moment,
}

/// What becomes of a user that is known already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfKnown {
    /// The given fields are applied; its secrets stay.
    Update,
    /// The same, by the user's own client: a suspended user is refused.
    UpdateActive,
    /// Nothing: the call is refused.
    Refuse,
}

/// What a new user is given by the house.
#[derive(Debug, Clone)]
pub struct NewSecrets {
    /// The user token.
    pub token: Derived,
    /// The issued password.
    pub issued: Derived,
    /// See [`User::handle`].
    pub handle: PictureKey,
}

/// A password to store, with what it was compared with: where another call has stored another one meanwhile, the comparison says nothing
/// and the change is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenPassword {
    /// Its hash. Where the password is the stored one: the stored hash, which is no change.
    pub hash: PasswordHash,
    /// The stored hash it was compared with; none where there was none.
    pub compared_with: Option<PasswordHash>,
}

/// A password for a user that exists, and what takes the place of what was issued under the former one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordChange {
    /// The password.
    pub chosen: ChosenPassword,
    /// Used when it is another one than the stored one.
    pub tokens: NewTokens,
}

/// Derived secrets that replace the former ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewTokens {
    /// The user token.
    pub token: Derived,
    /// The issued password.
    pub issued: Derived,
}

/// A user after [`register`](crate::service::users::register).
#[derive(Debug, Clone)]
pub struct UpsertedUser {
    /// As it is now.
    pub user: User,
    /// As they are now.
    pub credentials: Credentials,
    /// Whether this call created it.
    pub created: bool,
}

/// A change of a user. What is not given stays.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// Fields of the profile.
    pub profile: ProfileChange,
    /// A chosen password. Another one than the stored one ends everything that was issued before.
    pub password: Option<PasswordChange>,
    /// Whether it may act.
    pub state: Option<StateChange>,
    /// Replaces the device of the same platform. No event: nobody is shown devices.
    pub device: Option<Device>,
    /// The version it was made for: of another one it is refused.
    pub of_version: Option<i64>,
}

/// A change of whether a user may act. The state it has already is no change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateChange {
    /// It may act again.
    Reactivate,
    /// It may not: its sessions end, and this user token takes the former one's place, which is dead for good.
    Suspend {
        /// What the token is once the user is reactivated.
        token: Derived,
    },
}

impl StateChange {
    /// What the user is after it.
    pub fn state(&self) -> State {
        match self {
            Self::Reactivate => State::Active,
            Self::Suspend { .. } => State::Suspended,
        }
    }
}

/// A change of a user's own contacts. Removal comes before addition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContactsChange {
    /// Whom to list, each with what the owner calls them; without a name the one given earlier stays. The owner itself is left out.
    pub add: Vec<(UserKey, Option<ContactName>)>,
    /// Whom to list no longer.
    pub remove: Vec<UserKey>,
}

impl ContactsChange {
    /// The same change in steps of so many rows, those that are removed first; one step where there is nothing to change.
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

/// What stands in a friend's row, and in the request for one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FriendRow {
    /// What the owner calls the friend.
    pub remark: Option<ContactName>,
    /// The owner's groups that the friend is in.
    pub groups: Vec<FriendGroup>,
    /// How it came about.
    pub source: Option<AddSource>,
    /// What was said.
    pub wording: Option<AddWording>,
}

impl FriendRow {
    /// The row of the other side: its owner has given no name yet, and no groups.
    #[must_use]
    pub fn unnamed(&self) -> Self {
        Self { source: self.source.clone(), wording: self.wording.clone(), ..Self::default() }
    }
}

/// Who is to hold a new ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// The app's back-end account.
    BackEnd,
    /// A user of the app.
    User {
        /// Which one.
        key: UserKey,
        /// The chosen password as it was when the login was checked: one that has changed since ends the login too.
        chosen: Option<PasswordHash>,
        /// The issued password, likewise.
        issued: Digest,
    },
}

impl Principal {
    /// The user whose secrets these are, as they are now.
    pub fn of(credentials: &Credentials) -> Self {
        let Credentials { user, chosen, issued, .. } = credentials;
        Self::User { key: *user, chosen: chosen.clone(), issued: issued.digest }
    }
}

/// A session ticket on its way into a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewTicket {
    /// Of the secret its holder was given.
    pub digest: Digest,
    /// From this moment on it is no good.
    pub expires_at: Moment,
    /// By which wire it is issued: on the others it is no good.
    pub wire: Wire,
    /// How many of the user's tickets of this wire stay, the newest, this one among them. None: all.
    pub newest_kept: Option<u16>,
}

/// A session ticket as it is stored, good or expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The app it is good for.
    pub app: AppKey,
    /// Who holds it.
    pub holder: TicketHolder,
    /// From this moment on it is no good.
    pub expires_at: Moment,
    /// By which wire it was issued.
    pub wire: Wire,
}

/// Who holds a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TicketHolder {
    /// The app's back-end account.
    BackEnd,
    /// A user of the app.
    User {
        /// Its integer key.
        key: UserKey,
        /// Its id.
        id: UserId,
    },
}

/// A client's session as it is stored: good, expired or ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredSession {
    /// Its name in the client's token.
    pub key: SessionKey,
    /// As it is since the last renewal.
    pub state: SessionState,
    /// What its secrets were made from until the last renewal.
    pub former_salt: Option<Salt>,
}

/// What a renewal of a session draws anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionState {
    /// Its token and refresh token are made from it.
    pub salt: Salt,
    /// When that was.
    pub renewed_at: Moment,
    /// From this moment on the token is no good.
    pub token_expires_at: Moment,
    /// From this moment on it cannot be renewed.
    pub ends_at: Moment,
}

/// What a user holds that keeps it signed in, ended ones left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveSessions {
    /// The wire, when it began and when it ends at the latest, of each ticket; the newest first.
    pub tickets: Vec<(Wire, Moment, Moment)>,
    /// When it was last renewed and when it ends at the latest, of each session whose token has a lifetime; the newest first.
    pub sessions: Vec<(Moment, Moment)>,
}

/// A picture of a living user: the current one or one that waits for the sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPicture {
    /// Its name.
    pub key: PictureKey,
    /// What its bytes are.
    pub kind: PictureKind,
    /// Its owner's app.
    pub app: AppKey,
    /// Whose it is.
    pub owner: UserKey,
    /// Of the full rendition.
    pub width_px: u32,
    /// Of the full rendition.
    pub height_px: u32,
}

/// What is stored of a user's status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredStatus {
    /// The user.
    pub key: UserKey,
    /// Its id.
    pub id: UserId,
    /// What it says of its present state.
    pub custom: Option<CustomStatus>,
    /// Whether it has ever logged in.
    pub has_logged_in: bool,
}

/// Events that were read at once.
#[derive(Debug, Clone, PartialEq)]
pub struct EventPage {
    /// In the order of the commits.
    pub events: Vec<Event>,
    /// Whether more may stand behind them: as many were read as were asked for, or as many bytes as are read at once.
    pub is_part: bool,
}

/// The rows that say how one user stands to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelationRows {
    /// Who lists whom.
    Contacts,
    /// Who blocks whom.
    Blocks,
    /// Who follows whom.
    Follows,
}

/// A session that begins.
#[derive(Debug, Clone)]
pub struct NewPlace {
    /// Whose.
    pub user: UserKey,
    /// By which wire.
    pub wire: Wire,
    /// What its client shows again when it comes back, where the wire has something of that kind.
    pub shown: Option<Digest>,
    /// The last event that was announced when it began: where a client stands that comes back from nowhere.
    pub heard: i64,
    /// Where the user's other sessions on this wire stand.
    pub siblings: Vec<Sibling>,
    /// When it began.
    pub at: Moment,
}
