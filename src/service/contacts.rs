//! Contacts and blocks of a user.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use crate::{
    domain::{
        AppKey, CallerKey, Contact, ContactName, EVENT_USERS_MAX, Error, EventKind, Fault, Listed, MobileNumber,
        Moment, Owner, Page, PhoneEntry, Resource, User, UserId, UserKey, contact::has_room,
    },
    fair::FairPermit,
    service::{
        Service, Tenant,
        long_changes::{STEP_ROWS, retry_while_busy},
        owners,
    },
    store::{ContactsChange, LongReads, Touches, Tx},
};

/// Numbers per read: some 5 ms.
const NUMBERS_A_READ: usize = 500;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneBookSync {
    pub add: Vec<PhoneEntry>,
    pub delete: Vec<PhoneEntry>,
    pub replaces_all: bool,
}

impl Service {
    /// Returns a page in the order of creation as users. `search` is part of a name, in any case.
    pub async fn contacts(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: UserKey,
        search: Option<&str>,
        page: Page,
    ) -> Result<Listed<Contact>, Error> {
        let (app, search) = (tenant.app.key, search.map(str::to_owned));
        self.long_read(by, async move |db| db.contacts(app, owner, search.as_deref(), page).await).await
    }

    /// As [`Service::contacts`], all of them and the 1,000 latest conversation partners as one text. `write` runs on the
    /// reading thread: rendering thousands takes long.
    pub async fn roster(
        &self,
        tenant: &Tenant,
        owner: UserKey,
        write: impl Fn(&Contact, &mut String) + Send + 'static,
    ) -> Result<String, Error> {
        let app = tenant.app.key;
        let read = async move |db: &LongReads<'_>| {
            let mut roster = String::new();
            let mut each = |contact: Contact| {
                write(&contact, &mut roster);
                Ok(())
            };
            db.roster(app, owner, &mut each).await?;
            Ok(roster)
        };
        self.long_read(CallerKey::User(owner), read).await
    }

    /// Updates a user's contacts from a phone book, in steps. Returns the entries that belong to users, in their order.
    /// # Errors
    /// `Invalid` at `contacts` above the most rows, `TooMany` numbers looked up from one address: nothing was changed.
    /// After another error part may be stored: the same call again completes it.
    pub async fn sync_contacts(
        &self,
        tenant: &Tenant,
        owner: UserKey,
        sync: PhoneBookSync,
        from: Option<IpAddr>,
    ) -> Result<Vec<PhoneEntry>, Error> {
        self.inner.client_limits.count_number_lookups(from, sync.add.len() + sync.delete.len())?;
        let app = tenant.app.key;
        let _turn = self.inner.long_changes.enter(CallerKey::User(owner)).await?;
        let added = self.users_of_numbers(app, owner, &sync.add).await?;
        let deleted = self.users_of_numbers(app, owner, &sync.delete).await?;
        let (mut add, mut live) = (Vec::new(), Vec::new());
        for (entry, mut users) in sync.add.into_iter().zip(added) {
            users.retain(|user| *user != owner);
            add.extend(users.iter().map(|user| (*user, entry.name.clone())));
            live.extend(Some(entry).filter(|_| !users.is_empty()));
        }
        let names = async move |db: &LongReads<'_>| db.contact_names(app, owner).await;
        let former = self.long_read(CallerKey::User(owner), names).await?;
        let gone = if sync.replaces_all { former.keys().copied().collect() } else { deleted.concat() };
        for step in difference(&former, add, &gone)?.in_steps(STEP_ROWS) {
            retry_while_busy(async || self.change_contacts(app, owner, step.clone()).await).await?;
        }
        Ok(live)
    }

    /// Waits until a phone book of this user may be read from its client: one at a time. The bodies of the others are not read meanwhile.
    /// # Errors
    /// `TooMany` if too many of this user wait; `Busy`.
    pub async fn phone_book_turn(&self, owner: UserKey) -> Result<FairPermit<CallerKey>, Error> {
        self.inner.phone_books.enter(CallerKey::User(owner)).await
    }

    async fn users_of_numbers(
        &self,
        app: AppKey,
        by: UserKey,
        entries: &[PhoneEntry],
    ) -> Result<Vec<Vec<UserKey>>, Error> {
        let mut found = Vec::with_capacity(entries.len());
        for part in entries.chunks(NUMBERS_A_READ) {
            let numbers: Vec<MobileNumber> = part.iter().map(|entry| entry.mobile.clone()).collect();
            let read = async move |db: &LongReads<'_>| db.users_of_numbers(app, &numbers).await;
            found.extend(self.long_read(CallerKey::User(by), read).await?);
        }
        Ok(found)
    }

    /// Does nothing if the user is listed already, or is the owner itself.
    /// # Errors
    /// `NotFound`; as [`Service::sync_contacts`].
    pub async fn list_contact(&self, tenant: &Tenant, owner: UserKey, whom: &UserId) -> Result<(), Error> {
        let user = self.user(tenant, whom).await?.key;
        if user == owner {
            return Ok(());
        }
        let change = ContactsChange { add: vec![(user, None)], remove: Vec::new() };
        self.change_contacts(tenant.app.key, owner, change).await
    }

    async fn change_contacts(&self, app: AppKey, owner: UserKey, change: ContactsChange) -> Result<(), Error> {
        let (touches, at) = (Touches::User(app, Owner::Itself(owner)), self.now());
        self.inner.store.write(touches, async move |tx| change_contacts(tx, app, owner, &change, at).await).await
    }

    /// Does nothing if the user is not listed.
    /// # Errors
    /// `NotFound`.
    pub async fn unlist_contact(&self, tenant: &Tenant, owner: UserKey, whom: &UserId) -> Result<(), Error> {
        let remove = vec![self.user(tenant, whom).await?.key];
        let change = ContactsChange { add: Vec::new(), remove };
        self.change_contacts(tenant.app.key, owner, change).await
    }

    pub async fn blocked(&self, tenant: &Tenant, owner: UserKey, page: Page) -> Result<Listed<User>, Error> {
        let app = tenant.app.key;
        self.long_read(CallerKey::User(owner), async move |db| db.blocked(app, owner, page).await).await
    }

    /// Blocks a user: neither receives anything of the other.
    /// # Errors
    /// `NotFound`; `Conflict` if the block exists; `Invalid` for the owner itself and above the most blocks.
    pub async fn block(&self, tenant: &Tenant, owner: UserKey, whom: &UserId) -> Result<(), Error> {
        let (app, whom, at) = (tenant.app.key, whom.clone(), self.now());
        let touches = Touches::Two(app, [Owner::Itself(owner), Owner::Named(whom.clone())]);
        self.inner.store.write(touches, async move |tx| block(tx, app, owner, &whom, at).await).await
    }

    /// # Errors
    /// As [`Service::block`]; `NotFound` if there is no such block.
    pub async fn unblock(&self, tenant: &Tenant, owner: UserKey, whom: &UserId) -> Result<(), Error> {
        let (app, whom, at) = (tenant.app.key, whom.clone(), self.now());
        let touches = Touches::Two(app, [Owner::Itself(owner), Owner::Named(whom.clone())]);
        self.inner.store.write(touches, async move |tx| unblock(tx, app, owner, &whom, at).await).await
    }
}

#[derive(Default)]
pub(super) struct ListChange {
    pub(super) added: Vec<UserKey>,
    pub(super) removed: Vec<UserKey>,
    pub(super) changed: Vec<UserKey>,
}

impl ListChange {
    pub(super) fn added(user: UserKey) -> Self {
        Self { added: vec![user], ..Self::default() }
    }

    pub(super) fn removed(user: UserKey) -> Self {
        Self { removed: vec![user], ..Self::default() }
    }
}

impl From<ListChange> for EventKind {
    fn from(ListChange { added, removed, changed }: ListChange) -> Self {
        Self::ContactsChanged { added, removed, changed }
    }
}

/// Announces a change of a user's own list, by as many events as it needs; none for an empty change.
pub(super) async fn tell_list_change(
    tx: &Tx<'_>,
    app: AppKey,
    owner: &User,
    change: ListChange,
    at: Moment,
) -> Result<(), Error> {
    let ListChange { mut added, mut removed, mut changed } = change;
    while !(added.is_empty() && removed.is_empty() && changed.is_empty()) {
        let mut room = EVENT_USERS_MAX;
        let [added, removed, changed] = [&mut added, &mut removed, &mut changed].map(|keys| {
            let told = keys.drain(..keys.len().min(room)).collect::<Vec<_>>();
            room -= told.len();
            told
        });
        let kind = EventKind::ContactsChanged { added, removed, changed };
        tx.append_event(app, owner.key, &owner.id, &kind, at).await?;
    }
    Ok(())
}

/// Skips users that are not of this app; writes only what differs. Event: `ContactsChanged`, if the list differs.
/// # Errors
/// `Invalid` at `contacts` above the most rows.
pub async fn change_contacts(
    tx: &Tx<'_>,
    app: AppKey,
    owner: UserKey,
    asked: &ContactsChange,
    at: Moment,
) -> Result<(), Error> {
    let acting = owners::acting(tx, app, owner).await?;
    let add: BTreeMap<UserKey, Option<&ContactName>> =
        asked.add.iter().filter(|(key, _)| *key != owner).map(|(key, name)| (*key, name.as_ref())).collect();
    let (mut list, mut put) = (ListChange::default(), Vec::new());
    for (key, name) in &add {
        match tx.contact_name(owner, *key).await? {
            Some(former) if name.is_none() || former.as_deref() == name.map(ContactName::as_str) => continue,
            Some(_) => list.changed.push(*key),
            None => list.added.push(*key),
        }
        put.push((*key, *name));
    }
    let gone: BTreeSet<UserKey> = asked.remove.iter().copied().filter(|key| !add.contains_key(key)).collect();
    for key in gone {
        if tx.has_contact(owner, key).await? {
            list.removed.push(key);
        }
    }
    if list.added.len() > list.removed.len() {
        let rows = tx.count_contacts(owner).await? + list.added.len() - list.removed.len();
        has_room("contacts", rows)?;
    }
    let mut there = BTreeSet::new();
    for (key, name) in put {
        if tx.put_contact(app, owner, key, name, at).await? {
            there.insert(key);
        }
    }
    // A user that is not of this app is not listed.
    list.added.retain(|key| there.contains(key));
    for key in &list.removed {
        tx.take_contact(owner, *key).await?;
    }
    tell_list_change(tx, app, &acting, list, at).await
}

/// Event: `Blocked`.
/// # Errors
/// `NotFound(User)`; `Conflict(Block)`; `Invalid` for the owner itself, and at `blocked users` above the most blocks.
pub async fn block(tx: &Tx<'_>, app: AppKey, owner: UserKey, whom: &UserId, at: Moment) -> Result<(), Error> {
    let (me, whom) = pair(tx, app, owner, whom).await?;
    if tx.has_block(owner, whom).await? {
        return Err(Error::Conflict(Resource::Block));
    }
    has_room("blocked users", tx.count_blocks(app, owner).await? + 1)?;
    tx.put_block(owner, whom, at).await?;
    tx.append_event(app, owner, &me.id, &EventKind::Blocked { whom }, at).await.map(drop)
}

/// Event: `Unblocked`.
/// # Errors
/// `NotFound(User)`; `NotFound(Block)`; `Invalid` at `user id` for the owner itself.
pub async fn unblock(tx: &Tx<'_>, app: AppKey, owner: UserKey, whom: &UserId, at: Moment) -> Result<(), Error> {
    let (me, whom) = pair(tx, app, owner, whom).await?;
    match tx.take_block(owner, whom).await? {
        false => Err(Error::NotFound(Resource::Block)),
        true => tx.append_event(app, owner, &me.id, &EventKind::Unblocked { whom }, at).await.map(drop),
    }
}

async fn pair(tx: &Tx<'_>, app: AppKey, owner: UserKey, whom: &UserId) -> Result<(User, UserKey), Error> {
    let me = owners::acting(tx, app, owner).await?;
    let other = tx.user_key(app, whom).await?.ok_or(Error::NotFound(Resource::User))?;
    match other == owner {
        true => Err(Fault::Oneself.at("user id")),
        false => Ok((me, other)),
    }
}

/// Returns the change that adds `add` to a list and removes those of `gone` that are not in `add`.
/// # Errors
/// `Invalid` if the list would grow beyond its bound.
fn difference(
    former: &BTreeMap<UserKey, Option<ContactName>>,
    add: Vec<(UserKey, Option<ContactName>)>,
    gone: &[UserKey],
) -> Result<ContactsChange, Error> {
    let mut wanted: BTreeMap<UserKey, Option<ContactName>> = add.into_iter().collect();
    let remove: BTreeSet<UserKey> =
        gone.iter().copied().filter(|key| former.contains_key(key) && !wanted.contains_key(key)).collect();
    wanted.retain(|key, name| former.get(key).is_none_or(|former| name.is_some() && former != name));
    let added = wanted.keys().filter(|key| !former.contains_key(key)).count();
    let rows = former.len() + added - remove.len();
    if added > remove.len() {
        has_room("contacts", rows)?;
    }
    Ok(ContactsChange { add: wanted.into_iter().collect(), remove: remove.into_iter().collect() })
}
