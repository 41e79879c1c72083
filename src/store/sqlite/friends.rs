//! Friends: contact rows with a remark and groups, requests that wait for consent, and what a black list ends.

use rusqlite::{Connection, Row, Transaction, params};

use super::{contacts, events, row::Stored, users};
use crate::domain::{
    contact::ROWS_MAX,
    error::{Error, What},
    event::EventKind,
    friend::{
        AddSource, AddWording, Befriend, Befriended, Befriending, Direction, FRIENDS_MAX, Friend, FriendChange,
        FriendFault, FriendGroup, GROUPS_MAX, REQUESTS_MAX, Relation, Request, RequestAnswer, Verdict,
    },
    id::{AppKey, UserId, UserKey},
    page::{Listed, Page},
    particulars::{AllowType, ForbidType},
    profile::{Patch, User},
    text::{ContactName, DisplayName},
    time::Moment,
};

/// What came of one of the ids of a call.
type Outcome = Result<(), FriendFault>;

/// One call about a user and others: who the user is, and what became of lists so far. Its events are written at the end.
struct Call<'a> {
    tx: &'a Transaction<'a>,
    app: AppKey,
    owner: User,
    at: Moment,
    added: Vec<UserKey>,
    removed: Vec<UserKey>,
}

impl<'a> Call<'a> {
    fn of(tx: &'a Transaction<'a>, app: AppKey, owner: &UserId, at: Moment) -> Result<Self, Error> {
        let owner = users::find(tx, app, owner)?.ok_or(Error::NotFound(What::User))?;
        Ok(Self { tx, app, owner, at, added: Vec::new(), removed: Vec::new() })
    }

    /// The other of two users.
    fn other(&self, id: &UserId) -> Result<Result<User, FriendFault>, Error> {
        Ok(match users::find(self.tx, self.app, id)? {
            None => Err(FriendFault::NoSuchUser),
            Some(other) if other.key == self.owner.key => Err(FriendFault::Oneself),
            Some(other) => Ok(other),
        })
    }

    fn tell(&self, user: &User, kind: &EventKind) -> Result<(), Error> {
        events::append(self.tx, self.app, user.key, &user.id, kind, self.at)
    }

    /// Lists `other` at the owner, and the owner at `other` where that is asked.
    fn list(&mut self, other: &User, mine: &Put<'_>, theirs: Option<&Put<'_>>) -> Result<(), Error> {
        if put(self.tx, self.owner.key, other.key, mine, self.at)? {
            self.added.push(other.key);
        }
        if let Some(theirs) = theirs
            && put(self.tx, other.key, self.owner.key, theirs, self.at)?
        {
            self.tell(other, &EventKind::ContactsChanged { added: vec![self.owner.key], removed: Vec::new() })?;
        }
        self.settle(other)
    }

    /// No request waits between the two any more.
    fn settle(&self, other: &User) -> Result<(), Error> {
        for (asked, by) in [(&self.owner, other), (other, &self.owner)] {
            if forget_request(self.tx, asked.key, by.key)? {
                self.tell(asked, &EventKind::NotAsked { by: by.key })?;
            }
        }
        Ok(())
    }

    /// Takes `other` off the owner's list, and the owner off theirs where that is asked. Whether the owner listed it.
    fn unlist(&mut self, other: &User, both_ways: bool) -> Result<bool, Error> {
        let listed = take(self.tx, self.owner.key, other.key)?;
        if listed {
            self.removed.push(other.key);
        }
        if both_ways && take(self.tx, other.key, self.owner.key)? {
            self.tell(other, &EventKind::ContactsChanged { added: Vec::new(), removed: vec![self.owner.key] })?;
        }
        Ok(listed)
    }

    fn done(self) -> Result<(), Error> {
        match self.added.is_empty() && self.removed.is_empty() {
            true => Ok(()),
            false => {
                let Self { tx, app, owner, at, added, removed } = self;
                events::append(tx, app, owner.key, &owner.id, &EventKind::ContactsChanged { added, removed }, at)
            }
        }
    }
}

/// A friend's row on its way in.
#[derive(Default)]
struct Put<'a> {
    remark: Option<&'a ContactName>,
    group: Option<&'a FriendGroup>,
    source: Option<&'a AddSource>,
    wording: Option<&'a AddWording>,
}

const PUT: &str = "
    INSERT INTO contact (owner, contact, name, friend_groups, source, wording, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT DO NOTHING";

/// Whether the row is new.
fn put(tx: &Transaction<'_>, owner: UserKey, contact: UserKey, put: &Put<'_>, at: Moment) -> Result<bool, Error> {
    let groups: Vec<&FriendGroup> = put.group.into_iter().collect();
    let rows = tx.prepare_cached(PUT)?.execute(params![
        owner.0,
        contact.0,
        put.remark.map(ContactName::as_str),
        serde_json::to_string(&groups).map_err(Error::internal)?,
        put.source.map(AddSource::as_str),
        put.wording.map(AddWording::as_str),
        at.micros(),
    ])?;
    Ok(rows > 0)
}

const TAKE: &str = "DELETE FROM contact WHERE owner = ?1 AND contact = ?2";

fn take(tx: &Transaction<'_>, owner: UserKey, contact: UserKey) -> Result<bool, Error> {
    Ok(tx.prepare_cached(TAKE)?.execute(params![owner.0, contact.0])? > 0)
}

const LISTS: &str = "SELECT EXISTS (SELECT 1 FROM contact WHERE owner = ?1 AND contact = ?2)";

pub(in crate::store) fn lists(connection: &Connection, owner: UserKey, contact: UserKey) -> Result<bool, Error> {
    Ok(connection.prepare_cached(LISTS)?.query_row(params![owner.0, contact.0], |row| row.get(0))?)
}

const BLOCKS: &str = "SELECT EXISTS (SELECT 1 FROM block WHERE owner = ?1 AND blocked = ?2)";

fn blocks(connection: &Connection, owner: UserKey, blocked: UserKey) -> Result<bool, Error> {
    Ok(connection.prepare_cached(BLOCKS)?.query_row(params![owner.0, blocked.0], |row| row.get(0))?)
}

const FRIENDS: &str = "SELECT count(*) FROM contact WHERE owner = ?1";

fn has_room(tx: &Transaction<'_>, owner: UserKey) -> Result<bool, Error> {
    let friends: i64 = tx.prepare_cached(FRIENDS)?.query_row(params![owner.0], |row| row.get(0))?;
    Ok(usize::try_from(friends).is_ok_and(|friends| friends < FRIENDS_MAX))
}

const GROUPS: &str = "
    SELECT count(DISTINCT value) FROM (
        SELECT value FROM contact, json_each(contact.friend_groups) WHERE owner = ?1 UNION SELECT value FROM json_each(?2))";

/// Whether the owner has room for these groups beside those it has.
fn has_groups(tx: &Transaction<'_>, owner: UserKey, groups: &[FriendGroup]) -> Result<bool, Error> {
    if groups.is_empty() {
        return Ok(true);
    }
    let groups = serde_json::to_string(groups).map_err(Error::internal)?;
    let all: i64 = tx.prepare_cached(GROUPS)?.query_row(params![owner.0, groups], |row| row.get(0))?;
    Ok(usize::try_from(all).is_ok_and(|all| all <= GROUPS_MAX))
}

pub(in crate::store) fn befriend(
    tx: &Transaction<'_>,
    app: AppKey,
    owner: &UserId,
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
        return ask(call, &other, asked);
    }
    let (source, wording) = (asked.source.as_ref(), asked.wording.as_ref());
    let mine = Put { remark: asked.remark.as_ref(), group: asked.group.as_ref(), source, wording };
    let theirs = how.both_ways.then_some(Put { source, wording, ..Put::default() });
    call.list(&other, &mine, theirs.as_ref())?;
    Ok(Befriended::Added)
}

/// Why the owner cannot have this friend.
fn obstacle(call: &Call<'_>, other: &User, asked: &Befriend, how: Befriending) -> Result<Option<FriendFault>, Error> {
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
    } else if !lists_them && !has_room(tx, mine)? {
        FriendFault::MyListFull
    } else if how.both_ways && !lists_me && !has_room(tx, theirs)? {
        FriendFault::TheirListFull
    } else if !has_groups(tx, mine, asked.group.as_slice())? {
        FriendFault::GroupsFull
    } else {
        return Ok(None);
    };
    Ok(Some(fault))
}

const REQUESTS: &str = "
    SELECT (SELECT count(*) FROM request WHERE asked = ?1) >= ?3 OR (SELECT count(*) FROM request WHERE by = ?2) >= ?3";

const ASK: &str = "
    INSERT INTO request (asked, by, remark, friend_group, source, wording, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (asked, by) DO UPDATE SET remark = excluded.remark, friend_group = excluded.friend_group,
        source = excluded.source, wording = excluded.wording, at = excluded.at";

fn ask(call: &Call<'_>, other: &User, asked: &Befriend) -> Result<Befriended, Error> {
    let (tx, owner) = (call.tx, call.owner.key);
    let most = i64::try_from(REQUESTS_MAX).map_err(Error::internal)?;
    if tx.prepare_cached(REQUESTS)?.query_row(params![other.key.0, owner.0, most], |row| row.get(0))? {
        return Ok(Befriended::Refused(FriendFault::RequestsFull));
    }
    tx.prepare_cached(ASK)?.execute(params![
        other.key.0,
        owner.0,
        asked.remark.as_ref().map(ContactName::as_str),
        asked.group.as_ref().map(FriendGroup::as_str),
        asked.source.as_ref().map(AddSource::as_str),
        asked.wording.as_ref().map(AddWording::as_str),
        call.at.micros(),
    ])?;
    call.tell(other, &EventKind::Asked { by: owner })?;
    Ok(Befriended::Waiting)
}

const FORGET_REQUEST: &str = "DELETE FROM request WHERE asked = ?1 AND by = ?2";

fn forget_request(tx: &Transaction<'_>, asked: UserKey, by: UserKey) -> Result<bool, Error> {
    Ok(tx.prepare_cached(FORGET_REQUEST)?.execute(params![asked.0, by.0])? > 0)
}

/// Runs one step for each of the ids, in their order, and writes the events.
fn each<T>(
    mut call: Call<'_>,
    items: &[T],
    id: impl Fn(&T) -> &UserId,
    step: impl Fn(&mut Call<'_>, &User, &T) -> Result<Outcome, Error>,
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

fn or(done: bool, fault: FriendFault) -> Outcome {
    if done { Ok(()) } else { Err(fault) }
}

pub(in crate::store) fn unfriend(
    tx: &Transaction<'_>,
    app: AppKey,
    owner: &UserId,
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

const CHANGE: &str = "
    UPDATE contact SET name = CASE WHEN ?3 THEN ?4 ELSE name END, friend_groups = coalesce(?5, friend_groups)
    WHERE owner = ?1 AND contact = ?2";

pub(in crate::store) fn change(
    tx: &Transaction<'_>,
    app: AppKey,
    owner: &UserId,
    changes: &[FriendChange],
    at: Moment,
) -> Result<Vec<Outcome>, Error> {
    let call = Call::of(tx, app, owner, at)?;
    let me = call.owner.clone();
    let outcomes = each(
        call,
        changes,
        |change| &change.whom,
        |call, other, change| {
            let groups = change.groups.as_deref();
            if !has_groups(tx, call.owner.key, groups.unwrap_or_default())? {
                return Ok(Err(FriendFault::GroupsFull));
            }
            let (is_named, name) = match &change.remark {
                Patch::Keep => (false, None),
                Patch::Clear => (true, None),
                Patch::Set(name) => (true, Some(name.as_str())),
            };
            let groups = groups.map(serde_json::to_string).transpose().map_err(Error::internal)?;
            let changed =
                tx.prepare_cached(CHANGE)?.execute(params![call.owner.key.0, other.key.0, is_named, name, groups])?;
            Ok(or(changed > 0, FriendFault::NotFriends))
        },
    )?;
    if outcomes.iter().any(Result::is_ok) {
        let kind = EventKind::ContactsChanged { added: Vec::new(), removed: Vec::new() };
        events::append(tx, app, me.key, &me.id, &kind, at)?;
    }
    Ok(outcomes)
}

const WAITING: &str = "SELECT asked, remark, friend_group, source, wording FROM request WHERE asked = ?1 AND by = ?2";

pub(in crate::store) fn answer(
    tx: &Transaction<'_>,
    app: AppKey,
    owner: &UserId,
    answers: &[RequestAnswer],
    at: Moment,
) -> Result<Vec<Outcome>, Error> {
    each(Call::of(tx, app, owner, at)?, answers, |answer| &answer.from, answer_one)
}

fn answer_one(call: &mut Call<'_>, other: &User, answer: &RequestAnswer) -> Result<Outcome, Error> {
    let tx = call.tx;
    let parse = |row: &Row<'_>| {
        let row = Stored::of("request", row);
        Ok::<_, Error>((
            row.parsed_if_any(1, ContactName::parse)?,
            row.parsed_if_any(2, FriendGroup::parse)?,
            row.parsed_if_any(3, AddSource::parse)?,
            row.parsed_if_any(4, AddWording::parse)?,
        ))
    };
    let waiting = tx.prepare_cached(WAITING)?.query_and_then(params![call.owner.key.0, other.key.0], parse)?.next();
    let Some((their_remark, their_group, source, wording)) = waiting.transpose()? else {
        return Ok(Err(FriendFault::NoSuchRequest));
    };
    let Verdict::Agree { both_ways, remark, group } = &answer.verdict else {
        return call.settle(other).map(Ok);
    };
    let (source, wording) = (source.as_ref(), wording.as_ref());
    let theirs = Put { remark: their_remark.as_ref(), group: their_group.as_ref(), source, wording };
    if !has_room(tx, other.key)? {
        return Ok(Err(FriendFault::TheirListFull));
    }
    if !both_ways {
        if put(tx, other.key, call.owner.key, &theirs, call.at)? {
            call.tell(other, &EventKind::ContactsChanged { added: vec![call.owner.key], removed: Vec::new() })?;
        }
        return call.settle(other).map(Ok);
    }
    if !has_room(tx, call.owner.key)? {
        return Ok(Err(FriendFault::MyListFull));
    }
    if !has_groups(tx, call.owner.key, group.as_slice())? {
        return Ok(Err(FriendFault::GroupsFull));
    }
    let mine = Put { remark: remark.as_ref(), group: group.as_ref(), source, wording };
    call.list(other, &mine, Some(&theirs)).map(Ok)
}

pub(in crate::store) fn forget_requests(
    tx: &Transaction<'_>,
    app: AppKey,
    owner: &UserId,
    direction: Direction,
    with: &[UserId],
    at: Moment,
) -> Result<Vec<Outcome>, Error> {
    each(
        Call::of(tx, app, owner, at)?,
        with,
        |id| id,
        |call, other, _| {
            let (asked, by) = match direction {
                Direction::Incoming => (&call.owner, other),
                Direction::Outgoing => (other, &call.owner),
            };
            let forgotten = forget_request(tx, asked.key, by.key)?;
            if forgotten {
                call.tell(asked, &EventKind::NotAsked { by: by.key })?;
            }
            Ok(or(forgotten, FriendFault::NoSuchRequest))
        },
    )
}

const BLOCK: &str = "INSERT INTO block (owner, blocked, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

const UNBLOCK: &str = "DELETE FROM block WHERE owner = ?1 AND blocked = ?2";

/// Blocks, and ends the friendship both ways.
pub(in crate::store) fn black_list_add(
    tx: &Transaction<'_>,
    app: AppKey,
    owner: &UserId,
    whom: &[UserId],
    at: Moment,
) -> Result<Vec<Outcome>, Error> {
    each(
        Call::of(tx, app, owner, at)?,
        whom,
        |id| id,
        |call, other, _| {
            if blocks(tx, call.owner.key, other.key)? {
                return Ok(Err(FriendFault::AlreadyBlocked));
            }
            if contacts::blocks_of(tx, app, call.owner.key)? >= ROWS_MAX {
                return Ok(Err(FriendFault::BlocksFull));
            }
            tx.prepare_cached(BLOCK)?.execute(params![call.owner.key.0, other.key.0, at.micros()])?;
            call.tell(&call.owner, &EventKind::Blocked { whom: other.key })?;
            call.unlist(other, true)?;
            call.settle(other).map(Ok)
        },
    )
}

pub(in crate::store) fn black_list_delete(
    tx: &Transaction<'_>,
    app: AppKey,
    owner: &UserId,
    whom: &[UserId],
    at: Moment,
) -> Result<Vec<Outcome>, Error> {
    each(
        Call::of(tx, app, owner, at)?,
        whom,
        |id| id,
        |call, other, _| {
            let was_blocked = tx.prepare_cached(UNBLOCK)?.execute(params![call.owner.key.0, other.key.0])? > 0;
            if was_blocked {
                call.tell(&call.owner, &EventKind::Unblocked { whom: other.key })?;
            }
            Ok(or(was_blocked, FriendFault::NotBlocked))
        },
    )
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
    owner: &UserId,
    page: Page,
) -> Result<Listed<Friend>, Error> {
    let snapshot = connection.unchecked_transaction()?;
    let owner = users::key_of(&snapshot, app, owner)?;
    let total: i64 = snapshot.prepare_cached(COUNT)?.query_row(params![owner.0, app.0], |row| row.get(0))?;
    let offset = i64::try_from(page.offset()).map_err(Error::internal)?;
    let mut statement = snapshot.prepare_cached(ALL)?;
    let items = statement.query_and_then(params![owner.0, app.0, page.limit(), offset], friend)?;
    Ok(Listed { items: items.collect::<Result<_, _>>()?, total: u64::try_from(total).map_err(Error::internal)? })
}

const ONE: &str = "
    SELECT contact.owner, user.id, contact.name, contact.friend_groups, contact.source, contact.wording, contact.at
    FROM contact JOIN user ON user.key = contact.contact
    WHERE contact.owner = ?1 AND user.app = ?2 AND user.id = ?3";

pub(in crate::store) fn among(
    connection: &Connection,
    app: AppKey,
    owner: &UserId,
    ids: &[UserId],
) -> Result<Vec<Option<Friend>>, Error> {
    let owner = users::key_of(connection, app, owner)?;
    let mut statement = connection.prepare_cached(ONE)?;
    let mut one =
        |id: &UserId| statement.query_and_then(params![owner.0, app.0, id.as_str()], friend)?.next().transpose();
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
    owner: &UserId,
    ids: &[UserId],
    rows: Rows,
) -> Result<Vec<Option<Relation>>, Error> {
    let owner = users::key_of(connection, app, owner)?;
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

const BLACK_LIST: &str = "
    SELECT block.owner, user.id, block.at FROM block JOIN user ON user.key = block.blocked
    WHERE block.owner = ?1 AND user.app = ?2 ORDER BY block.blocked LIMIT ?3 OFFSET ?4";

pub(in crate::store) fn black_list(
    connection: &Connection,
    app: AppKey,
    owner: &UserId,
    page: Page,
) -> Result<Listed<(UserId, Moment)>, Error> {
    let snapshot = connection.unchecked_transaction()?;
    let owner = users::key_of(&snapshot, app, owner)?;
    let total = contacts::blocks_of(&snapshot, app, owner)?;
    let parse = |row: &Row<'_>| {
        let row = Stored::of("block", row);
        Ok::<_, Error>((row.parsed(1, UserId::parse)?, row.moment(2)?))
    };
    let offset = i64::try_from(page.offset()).map_err(Error::internal)?;
    let mut statement = snapshot.prepare_cached(BLACK_LIST)?;
    let items = statement.query_and_then(params![owner.0, app.0, page.limit(), offset], parse)?;
    Ok(Listed { items: items.collect::<Result<_, _>>()?, total: total as u64 })
}

const INCOMING: &str = "
    SELECT request.asked, user.id, user.display_name, request.source, request.wording, request.at
    FROM request JOIN user ON user.key = request.by WHERE request.asked = ?1 ORDER BY request.at DESC LIMIT ?2";

const OUTGOING: &str = "
    SELECT request.asked, user.id, user.display_name, request.source, request.wording, request.at
    FROM request JOIN user ON user.key = request.asked WHERE request.by = ?1 ORDER BY request.at DESC LIMIT ?2";

pub(in crate::store) fn requests(
    connection: &Connection,
    app: AppKey,
    owner: &UserId,
    direction: Direction,
    at_most: u32,
) -> Result<Vec<Request>, Error> {
    let owner = users::key_of(connection, app, owner)?;
    let statement = match direction {
        Direction::Incoming => INCOMING,
        Direction::Outgoing => OUTGOING,
    };
    let parse = |row: &Row<'_>| {
        let row = Stored::of("request", row);
        Ok(Request {
            with: row.parsed(1, UserId::parse)?,
            name: row.parsed_if_any(2, DisplayName::parse)?,
            direction,
            source: row.parsed_if_any(3, AddSource::parse)?,
            wording: row.parsed_if_any(4, AddWording::parse)?,
            at: row.moment(5)?,
        })
    };
    connection.prepare_cached(statement)?.query_and_then(params![owner.0, at_most], parse)?.collect()
}
