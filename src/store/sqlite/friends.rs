//! Friends: contact rows with a remark and groups. A call about several others tells of each what came of it.

use std::collections::BTreeSet;

use rusqlite::{Connection, Row, Transaction, params};

use super::{
    events::{self, ContactKeys},
    groups, owners, requests,
    row::{Stored, readable},
    users,
};
use crate::domain::{
    error::{Error, What},
    event::EventKind,
    friend::{
        AddSource, AddWording, Befriend, Befriended, Befriending, FRIENDS_MAX, Friend, FriendChange, FriendFault,
        FriendGroup, Relation,
    },
    id::{AppKey, UserId, UserKey},
    owner::Owner,
    page::{Listed, Page},
    particulars::{AllowType, ForbidType},
    profile::{Patch, User},
    text::ContactName,
    time::Moment,
};

/// What came of one of the ids of a call.
pub(super) type Outcome = Result<(), FriendFault>;

/// One call about a user and others: who the user is, and what became of lists so far. Its events are written at the end.
pub(super) struct Call<'a> {
    pub(super) tx: &'a Transaction<'a>,
    app: AppKey,
    pub(super) owner: User,
    pub(super) at: Moment,
    added: Vec<UserKey>,
    removed: Vec<UserKey>,
    changed: Vec<UserKey>,
    /// How many the owner lists by now, once that has been asked: counting thousands anew for each of a call's thousand takes a while.
    listed: Option<usize>,
}

impl<'a> Call<'a> {
    pub(super) fn of(tx: &'a Transaction<'a>, app: AppKey, owner: &Owner, at: Moment) -> Result<Self, Error> {
        let owner = owners::owner(tx, app, owner)?;
        Ok(Self { tx, app, owner, at, added: Vec::new(), removed: Vec::new(), changed: Vec::new(), listed: None })
    }

    /// The other of two users.
    fn other(&self, id: &UserId) -> Result<Result<User, FriendFault>, Error> {
        Ok(match users::find(self.tx, self.app, id)? {
            None => Err(FriendFault::NoSuchUser),
            Some(other) if other.key == self.owner.key => Err(FriendFault::Oneself),
            Some(other) => Ok(other),
        })
    }

    pub(super) fn tell(&self, user: &User, kind: &EventKind) -> Result<(), Error> {
        events::append(self.tx, self.app, user.key, &user.id, kind, self.at)
    }

    /// Lists `other` at the owner, and the owner at `other`, where either is asked. A request of whoever lists the other by now is settled.
    pub(super) fn list(&mut self, other: &User, mine: Option<&Put<'_>>, theirs: Option<&Put<'_>>) -> Result<(), Error> {
        if let Some(mine) = mine {
            if put(self.tx, self.owner.key, other.key, mine, self.at)? {
                self.added.push(other.key);
                self.listed = self.listed.map(|listed| listed + 1);
            }
            self.forget_request(other, &self.owner)?;
        }
        if let Some(theirs) = theirs {
            if put(self.tx, other.key, self.owner.key, theirs, self.at)? {
                self.tell(other, &onto(self.owner.key))?;
            }
            self.forget_request(&self.owner, other)?;
        }
        Ok(())
    }

    /// No request waits between the two any more.
    pub(super) fn settle(&self, other: &User) -> Result<(), Error> {
        for (asked, by) in [(&self.owner, other), (other, &self.owner)] {
            self.forget_request(asked, by)?;
        }
        Ok(())
    }

    /// Whether the owner lists another already, or may.
    pub(super) fn has_room(&mut self, other: UserKey) -> Result<bool, Error> {
        let listed = match self.listed {
            Some(listed) => listed,
            None => friends(self.tx, self.owner.key)?,
        };
        self.listed = Some(listed);
        Ok(listed < FRIENDS_MAX || lists(self.tx, self.owner.key, other)?)
    }

    /// The owner's row of a friend says something else.
    pub(super) fn note_changed(&mut self, other: UserKey) {
        if !self.changed.contains(&other) {
            self.changed.push(other);
        }
    }

    /// Whether there was one.
    pub(super) fn forget_request(&self, asked: &User, by: &User) -> Result<bool, Error> {
        let forgotten = self.tx.prepare_cached(FORGET_REQUEST)?.execute(params![asked.key.0, by.key.0])? > 0;
        if forgotten {
            self.tell_request(asked, by, false)?;
        }
        Ok(forgotten)
    }

    /// Both hear of a request, each from its own side.
    pub(super) fn tell_request(&self, asked: &User, by: &User, is_waiting: bool) -> Result<(), Error> {
        self.tell(asked, &EventKind::RequestChanged { with: by.key, is_incoming: true, is_waiting })?;
        self.tell(by, &EventKind::RequestChanged { with: asked.key, is_incoming: false, is_waiting })
    }

    /// Takes `other` off the owner's list, and the owner off theirs where that is asked. Whether the owner listed it.
    pub(super) fn unlist(&mut self, other: &User, both_ways: bool) -> Result<bool, Error> {
        let listed = take(self.tx, self.owner.key, other.key)?;
        if listed {
            self.removed.push(other.key);
            self.listed = self.listed.map(|listed| listed.saturating_sub(1));
        }
        if both_ways && take(self.tx, other.key, self.owner.key)? {
            self.tell(other, &off(self.owner.key))?;
        }
        Ok(listed)
    }

    pub(super) fn done(self) -> Result<(), Error> {
        let Self { tx, app, owner, at, added, removed, changed, listed: _ } = self;
        events::append_contacts(tx, app, owner.key, &owner.id, ContactKeys { added, removed, changed }, at)
    }
}

/// One user came onto a list.
fn onto(user: UserKey) -> EventKind {
    EventKind::ContactsChanged { added: vec![user], removed: Vec::new(), changed: Vec::new() }
}

/// One user left a list.
fn off(user: UserKey) -> EventKind {
    EventKind::ContactsChanged { added: Vec::new(), removed: vec![user], changed: Vec::new() }
}

const FORGET_REQUEST: &str = "DELETE FROM request WHERE asked = ?1 AND by = ?2";

/// A friend's row on its way in.
#[derive(Default)]
pub(super) struct Put<'a> {
    pub(super) remark: Option<&'a ContactName>,
    pub(super) groups: &'a [FriendGroup],
    pub(super) source: Option<&'a AddSource>,
    pub(super) wording: Option<&'a AddWording>,
}

const PUT: &str = "
    INSERT INTO contact (owner, contact, name, friend_groups, source, wording, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT DO NOTHING";

/// Whether the row is new.
fn put(tx: &Transaction<'_>, owner: UserKey, contact: UserKey, put: &Put<'_>, at: Moment) -> Result<bool, Error> {
    let groups = sorted(put.groups);
    let rows = tx.prepare_cached(PUT)?.execute(params![
        owner.0,
        contact.0,
        put.remark.map(ContactName::as_str),
        serde_json::to_string(&groups).map_err(Error::internal)?,
        put.source.map(AddSource::as_str),
        put.wording.map(AddWording::as_str),
        at.micros(),
    ])?;
    if rows > 0 {
        groups::add(tx, owner, put.groups)?;
    }
    Ok(rows > 0)
}

/// Groups as a friend's row has them: each once.
pub(super) fn sorted(groups: &[FriendGroup]) -> BTreeSet<&FriendGroup> {
    groups.iter().collect()
}

const TAKE: &str = "DELETE FROM contact WHERE owner = ?1 AND contact = ?2";

fn take(tx: &Transaction<'_>, owner: UserKey, contact: UserKey) -> Result<bool, Error> {
    Ok(tx.prepare_cached(TAKE)?.execute(params![owner.0, contact.0])? > 0)
}

const LISTS: &str = "SELECT EXISTS (SELECT 1 FROM contact WHERE owner = ?1 AND contact = ?2)";

pub(super) fn lists(connection: &Connection, owner: UserKey, contact: UserKey) -> Result<bool, Error> {
    Ok(connection.prepare_cached(LISTS)?.query_row(params![owner.0, contact.0], |row| row.get(0))?)
}

const LISTS_IN_APP: &str = "
    SELECT EXISTS (
        SELECT 1 FROM contact JOIN user ON user.key = contact.owner
        WHERE user.app = ?1 AND contact.owner = ?2 AND contact.contact = ?3)";

pub(in crate::store) fn lists_in_app(
    connection: &Connection,
    app: AppKey,
    owner: UserKey,
    contact: UserKey,
) -> Result<bool, Error> {
    let mut statement = connection.prepare_cached(LISTS_IN_APP)?;
    Ok(statement.query_row(params![app.0, owner.0, contact.0], |row| row.get(0))?)
}

const BLOCKS: &str = "SELECT EXISTS (SELECT 1 FROM block WHERE owner = ?1 AND blocked = ?2)";

pub(super) fn blocks(connection: &Connection, owner: UserKey, blocked: UserKey) -> Result<bool, Error> {
    Ok(connection.prepare_cached(BLOCKS)?.query_row(params![owner.0, blocked.0], |row| row.get(0))?)
}

const FRIENDS: &str = "SELECT count(*) FROM contact WHERE owner = ?1";

pub(super) fn friends(tx: &Transaction<'_>, owner: UserKey) -> Result<usize, Error> {
    let friends: i64 = tx.prepare_cached(FRIENDS)?.query_row(params![owner.0], |row| row.get(0))?;
    usize::try_from(friends).map_err(Error::internal)
}

/// Whether a user lists another already, or may.
pub(super) fn has_room(tx: &Transaction<'_>, owner: UserKey, contact: UserKey) -> Result<bool, Error> {
    Ok(friends(tx, owner)? < FRIENDS_MAX || lists(tx, owner, contact)?)
}

pub(in crate::store) fn befriend(
    tx: &Transaction<'_>,
    app: AppKey,
    owner: &Owner,
    asked: &[Befriend],
    how: Befriending,
    at: Moment,
) -> Result<Vec<Befriended>, Error> {
    let mut call = Call::of(tx, app, owner, at)?;
    let each = asked.iter().map(|asked| befriend_one(&mut call, asked, how));
    let outcomes = each.collect::<Result<Vec<_>, _>>()?;
    call.done()?;
    Ok(outcomes)
}

fn befriend_one(call: &mut Call<'_>, asked: &Befriend, how: Befriending) -> Result<Befriended, Error> {
    let other = match call.other(&asked.whom)? {
        Ok(other) => other,
        Err(fault) => return Ok(Befriended::Refused(fault)),
    };
    if let Some(fault) = obstacle(call, &other, asked, how)? {
        return Ok(Befriended::Refused(fault));
    }
    let needs_consent = other.profile.particulars.allow_type == Some(AllowType::NeedConfirm);
    if needs_consent && !how.is_forced {
        return requests::ask(call, &other, asked);
    }
    let (source, wording) = (asked.source.as_ref(), asked.wording.as_ref());
    let mine = Put { remark: asked.remark.as_ref(), groups: &asked.groups, source, wording };
    let theirs = how.both_ways.then_some(Put { source, wording, ..Put::default() });
    call.list(&other, Some(&mine), theirs.as_ref())?;
    Ok(Befriended::Added)
}

/// Why the owner cannot have this friend.
fn obstacle(
    call: &mut Call<'_>,
    other: &User,
    asked: &Befriend,
    how: Befriending,
) -> Result<Option<FriendFault>, Error> {
    let (tx, mine, theirs) = (call.tx, call.owner.key, other.key);
    let (lists_them, lists_me) = (lists(tx, mine, theirs)?, lists(tx, theirs, mine)?);
    let may_not_ask = call.owner.profile.particulars.forbid_type == Some(ForbidType::SendOut);
    let denies = other.profile.particulars.allow_type == Some(AllowType::DenyAny);
    let fault = if lists_them && (lists_me || !how.both_ways) {
        FriendFault::AlreadyFriends
    } else if may_not_ask && !how.is_forced {
        FriendFault::MayNotAsk
    } else if blocks(tx, mine, theirs)? {
        FriendFault::IBlock
    } else if blocks(tx, theirs, mine)? {
        FriendFault::TheyBlock
    } else if denies && !how.is_forced {
        FriendFault::TheyDeny
    } else if !call.has_room(theirs)? {
        FriendFault::MyListFull
    } else if how.both_ways && !has_room(tx, theirs, mine)? {
        FriendFault::TheirListFull
    } else if !groups::have_room(tx, mine, &asked.groups)? {
        FriendFault::GroupsFull
    } else {
        return Ok(None);
    };
    Ok(Some(fault))
}

/// Runs one step for each of the ids, in their order, and writes the events.
pub(super) fn each<T>(
    mut call: Call<'_>,
    items: &[T],
    id: impl Fn(&T) -> &UserId,
    mut step: impl FnMut(&mut Call<'_>, &User, &T) -> Result<Outcome, Error>,
) -> Result<Vec<Outcome>, Error> {
    let mut outcomes = Vec::with_capacity(items.len());
    for item in items {
        let outcome = match call.other(id(item))? {
            Ok(other) => step(&mut call, &other, item)?,
            Err(fault) => Err(fault),
        };
        outcomes.push(outcome);
    }
    call.done()?;
    Ok(outcomes)
}

pub(super) fn or(done: bool, fault: FriendFault) -> Outcome {
    if done { Ok(()) } else { Err(fault) }
}

pub(in crate::store) fn unfriend(
    tx: &Transaction<'_>,
    app: AppKey,
    owner: &Owner,
    whom: &[UserId],
    both_ways: bool,
    at: Moment,
) -> Result<Vec<Outcome>, Error> {
    each(
        Call::of(tx, app, owner, at)?,
        whom,
        |id| id,
        |call, other, _| Ok(or(call.unlist(other, both_ways)?, FriendFault::NotFriends)),
    )
}

/// Of a row that says something else so far.
const CHANGE: &str = "
    UPDATE contact SET name = CASE WHEN ?3 THEN ?4 ELSE name END, friend_groups = coalesce(?5, friend_groups)
    WHERE owner = ?1 AND contact = ?2 AND (?3 AND name IS NOT ?4 OR friend_groups != ?5)";

pub(in crate::store) fn change(
    tx: &Transaction<'_>,
    app: AppKey,
    owner: &Owner,
    changes: &[FriendChange],
    at: Moment,
) -> Result<Vec<Outcome>, Error> {
    each(Call::of(tx, app, owner, at)?, changes, |change| &change.whom, change_one)
}

fn change_one(call: &mut Call<'_>, other: &User, change: &FriendChange) -> Result<Outcome, Error> {
    let (tx, owner) = (call.tx, call.owner.key);
    if !lists(tx, owner, other.key)? {
        return Ok(Err(FriendFault::NotFriends));
    }
    let groups = change.groups.as_deref();
    if !groups::have_room(tx, owner, groups.unwrap_or_default())? {
        return Ok(Err(FriendFault::GroupsFull));
    }
    groups::add(tx, owner, groups.unwrap_or_default())?;
    let (is_named, name) = match &change.remark {
        Patch::Keep => (false, None),
        Patch::Clear => (true, None),
        Patch::Set(name) => (true, Some(name.as_str())),
    };
    let groups = groups.map(|groups| serde_json::to_string(&sorted(groups))).transpose().map_err(Error::internal)?;
    if tx.prepare_cached(CHANGE)?.execute(params![owner.0, other.key.0, is_named, name, groups])? > 0 {
        call.note_changed(other.key);
    }
    Ok(Ok(()))
}

const ALL: &str = "
    SELECT contact.owner, user.id, contact.name, contact.friend_groups, contact.source, contact.wording, contact.at
    FROM contact JOIN user ON user.key = contact.contact
    WHERE contact.owner = ?1 AND user.app = ?2 ORDER BY contact.contact LIMIT ?3 OFFSET ?4";

const COUNT: &str = "
    SELECT count(*) FROM contact JOIN user ON user.key = contact.contact WHERE contact.owner = ?1 AND user.app = ?2";

pub(in crate::store) fn page(
    connection: &Connection,
    app: AppKey,
    owner: &Owner,
    page: Page,
) -> Result<Listed<Friend>, Error> {
    let snapshot = connection.unchecked_transaction()?;
    let owner = owners::owner_key(&snapshot, app, owner)?;
    let total: i64 = snapshot.prepare_cached(COUNT)?.query_row(params![owner.0, app.0], |row| row.get(0))?;
    let offset = i64::try_from(page.offset()).map_err(Error::internal)?;
    let mut statement = snapshot.prepare_cached(ALL)?;
    let items = readable(statement.query(params![owner.0, app.0, page.limit(), offset])?, friend);
    Ok(Listed { items: items.collect::<Result<_, _>>()?, total: u64::try_from(total).map_err(Error::internal)? })
}

const ONE: &str = "
    SELECT contact.owner, user.id, contact.name, contact.friend_groups, contact.source, contact.wording, contact.at
    FROM contact JOIN user ON user.key = contact.contact
    WHERE contact.owner = ?1 AND user.app = ?2 AND user.id = ?3";

pub(in crate::store) fn among(
    connection: &Connection,
    app: AppKey,
    owner: &Owner,
    ids: &[UserId],
) -> Result<Vec<Option<Friend>>, Error> {
    let owner = owners::owner_key(connection, app, owner)?;
    let mut statement = connection.prepare_cached(ONE)?;
    let mut one =
        |id: &UserId| readable(statement.query(params![owner.0, app.0, id.as_str()])?, friend).next().transpose();
    ids.iter().map(&mut one).collect()
}

fn friend(row: &Row<'_>) -> Result<Friend, Error> {
    let row = Stored::of("contact", row);
    Ok(Friend {
        id: row.parsed(1, UserId::parse)?,
        remark: row.parsed_if_any(2, ContactName::parse)?,
        groups: row.json(3)?,
        source: row.parsed_if_any(4, AddSource::parse)?,
        wording: row.parsed_if_any(5, AddWording::parse)?,
        at: row.moment(6)?,
    })
}

/// Which rows say how two users stand.
#[derive(Clone, Copy)]
pub(in crate::store) enum Rows {
    Contacts,
    Blocks,
}

/// How the owner stands to others; None where there is no such user.
pub(in crate::store) fn relations(
    connection: &Connection,
    app: AppKey,
    owner: &Owner,
    ids: &[UserId],
    rows: Rows,
) -> Result<Vec<Option<Relation>>, Error> {
    let owner = owners::owner_key(connection, app, owner)?;
    let has = |owner, other| match rows {
        Rows::Contacts => lists(connection, owner, other),
        Rows::Blocks => blocks(connection, owner, other),
    };
    let one = |id: &UserId| match users::key_of(connection, app, id) {
        Err(Error::NotFound(What::User)) => Ok(None),
        Err(error) => Err(error),
        Ok(other) => Ok(Some(match (has(owner, other)?, has(other, owner)?) {
            (true, true) => Relation::BothWays,
            (true, false) => Relation::Mine,
            (false, true) => Relation::Theirs,
            (false, false) => Relation::None,
        })),
    };
    ids.iter().map(one).collect()
}
