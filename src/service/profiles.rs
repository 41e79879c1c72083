//! Profiles: reading, listing, searching and changing them.

use crate::{
    domain::{
        AppKey, CallerKey, CustomName, DirectorySearch, Error, Fault, Listed, Order, Owner, Page, ProfileChange,
        Readers, Resource, Secret, State, User, UserId, UserKey, UserPage, UserPageQuery, UserSearch, Writers,
    },
    service::{Service, Tenant, accounts::PASSWORD_RACES_MAX, owners},
    store::{Db, LongReads, PasswordChange, UserChange},
};

#[derive(Debug, Default)]
pub struct UserSetting {
    pub profile: ProfileChange,
    pub password: Option<Secret>,
    pub state: Option<State>,
    /// The version that the change was made for. Refused if the user has another.
    pub of_version: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    BackEnd,
    User(UserKey),
}

impl Viewer {
    pub fn key(self, tenant: &Tenant) -> CallerKey {
        match self {
            Self::BackEnd => CallerKey::App(tenant.app.key),
            Self::User(user) => CallerKey::User(user),
        }
    }
}

/// Users read on the caller's thread: some 5 us each.
const POINT_USERS_MAX: usize = 20;

/// Removes the custom fields that the viewer may not read. `is_close` is from [`with_closeness`].
pub(super) fn as_visible_to(tenant: &Tenant, viewer: Viewer, (mut user, is_close): (User, bool)) -> User {
    let reads = reader(tenant, viewer, user.key, is_close);
    user.profile.custom.retain(|name, _| reads(name));
    user
}

/// Returns each user with whether it lists the viewer. That is read only if it decides about a custom field.
pub(super) async fn with_closeness(
    db: &Db<'_>,
    app: AppKey,
    users: Vec<Option<User>>,
    viewer: Viewer,
) -> Result<Vec<Option<(User, bool)>>, Error> {
    let mut seen = Vec::with_capacity(users.len());
    for user in users {
        let is_close = match (viewer, &user) {
            (Viewer::User(viewer), Some(user)) if !user.profile.custom.is_empty() && viewer != user.key => {
                db.lists(app, user.key, viewer).await?
            }
            (Viewer::User(_) | Viewer::BackEnd, _) => true,
        };
        seen.push(user.map(|user| (user, is_close)));
    }
    Ok(seen)
}

/// Returns which custom fields of a user's profile a viewer may read. `is_close`: the user lists the viewer.
fn reader(tenant: &Tenant, viewer: Viewer, user: UserKey, is_close: bool) -> impl Fn(&CustomName) -> bool + use<'_> {
    let is_back_end = viewer == Viewer::BackEnd;
    let is_owner = is_back_end || viewer == Viewer::User(user);
    move |name: &CustomName| match tenant.app.settings.custom_field(name).map(|field| field.read) {
        Some(Readers::Everyone) => true,
        Some(Readers::Friends) => is_close,
        Some(Readers::Owner) => is_owner,
        Some(Readers::BackEnd) | None => is_back_end,
    }
}

impl Service {
    /// Keeps the order of the ids and leaves out fields that the viewer may not read. More than `POINT_USERS_MAX` ids
    /// are a long read.
    pub async fn portraits(
        &self,
        tenant: &Tenant,
        viewer: Viewer,
        ids: Vec<UserId>,
    ) -> Result<Vec<Option<User>>, Error> {
        let app = tenant.app.key;
        let is_short = ids.len() <= POINT_USERS_MAX;
        let read = async move |db: &Db<'_>| with_closeness(db, app, db.users_by_ids(app, &ids).await?, viewer).await;
        let seen = match is_short {
            true => self.read(read).await?,
            false => self.long_read(viewer.key(tenant), async move |db| read(db).await).await?,
        };
        Ok(seen.into_iter().map(|seen| seen.map(|seen| as_visible_to(tenant, viewer, seen))).collect())
    }

    /// Costs one point read for a user that reads another.
    pub async fn readable<'a>(
        &self,
        tenant: &'a Tenant,
        viewer: Viewer,
        user: UserKey,
    ) -> Result<impl Fn(&CustomName) -> bool + use<'a>, Error> {
        let is_close = match viewer {
            Viewer::User(viewer) if viewer != user => {
                self.read(async |db| db.lists(tenant.app.key, user, viewer).await).await?
            }
            Viewer::User(_) | Viewer::BackEnd => true,
        };
        Ok(reader(tenant, viewer, user, is_close))
    }

    /// Custom fields must be declared and writable by the writer: the user itself, or the app's back end.
    /// # Errors
    /// `NotFound`, `Invalid`; for a user that acts itself, as [`Owner`].
    pub async fn set_profile(&self, tenant: &Tenant, owner: Owner, profile: ProfileChange) -> Result<User, Error> {
        check_custom(tenant, &owner, &profile)?;
        let change = UserChange { profile, ..UserChange::default() };
        self.change_known_user(tenant.app.key, owner, change, self.now()).await
    }

    pub async fn owner(&self, tenant: &Tenant, owner: &Owner) -> Result<User, Error> {
        self.read(async |db| owners::owner(db, tenant.app.key, owner).await).await
    }

    /// Includes suspended users.
    /// # Errors
    /// `NotFound`.
    pub async fn user(&self, tenant: &Tenant, id: &UserId) -> Result<User, Error> {
        self.find_user(tenant, id).await?.ok_or(Error::NotFound(Resource::User))
    }

    /// Includes suspended users. For a call that may create the user.
    pub async fn find_user(&self, tenant: &Tenant, id: &UserId) -> Result<Option<User>, Error> {
        self.read(async |db| db.user(tenant.app.key, id).await).await
    }

    /// Includes suspended users. Page n costs what page 1 costs; a hundred users with all their free data cost
    /// milliseconds.
    pub async fn users(&self, tenant: &Tenant, by: CallerKey, page: Page, order: Order) -> Result<Listed<User>, Error> {
        let app = tenant.app.key;
        self.long_read(by, async move |db| db.users(app, page, order).await).await
    }

    /// Includes suspended users. Only the first 10,000 matches are reachable.
    /// # Errors
    /// `Busy` if too many searches wait.
    pub async fn find_users(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        search: UserSearch,
        page: Page,
        order: Order,
    ) -> Result<Listed<User>, Error> {
        if search.matches_all() {
            return self.users(tenant, by, page, order).await;
        }
        let app = tenant.app.key;
        self.long_read(by, async move |db| db.find_users(app, &search, page, order).await).await
    }

    /// Finds active users as the viewer sees them. Only the first 10,000 matches are reachable.
    /// # Errors
    /// `Busy` if too many searches wait.
    pub async fn search_directory(
        &self,
        tenant: &Tenant,
        viewer: Viewer,
        search: DirectorySearch,
        page: Page,
    ) -> Result<Listed<User>, Error> {
        let app = tenant.app.key;
        let read = async move |db: &LongReads<'_>| {
            let Listed { items, total } = db.search_directory(app, &search, page).await?;
            let users = items.into_iter().map(Some).collect();
            Ok((with_closeness(db, app, users, viewer).await?, total))
        };
        let (seen, total) = self.long_read(viewer.key(tenant), read).await?;
        let items = seen.into_iter().flatten().map(|seen| as_visible_to(tenant, viewer, seen)).collect();
        Ok(Listed { items, total })
    }

    /// Every page costs the same.
    /// # Errors
    /// `Busy` if too many searches wait.
    pub async fn user_page(&self, tenant: &Tenant, by: CallerKey, query: UserPageQuery) -> Result<UserPage, Error> {
        let app = tenant.app.key;
        self.long_read(by, async move |db| db.user_page(app, &query).await).await
    }

    /// Acts by an operator's authority. A new password ends what was issued, as in [`Service::login_or_register`].
    /// # Errors
    /// `NotFound`, `Invalid`; `Conflict` if the user has another version.
    pub async fn set_user(&self, tenant: &Tenant, id: UserId, setting: UserSetting) -> Result<User, Error> {
        let owner = Owner::Named(id.clone());
        check_custom(tenant, &owner, &setting.profile)?;
        for _ in 0..PASSWORD_RACES_MAX {
            let password = match &setting.password {
                None => None,
                Some(password) => Some(self.new_password(tenant, &id, password).await?),
            };
            let state = setting.state.map(|state| self.state_change(tenant, &id, state));
            let (profile, of_version) = (setting.profile.clone(), setting.of_version);
            let change = UserChange { profile, password, state, device: None, of_version };
            match self.change_known_user(tenant.app.key, owner.clone(), change, self.now()).await {
                // Another call has changed the password since it was compared.
                Err(Error::Conflict(Resource::NewerVersion)) if setting.of_version.is_none() => {}
                done => return done,
            }
        }
        Err(Error::Busy)
    }

    async fn new_password(&self, tenant: &Tenant, id: &UserId, password: &Secret) -> Result<PasswordChange, Error> {
        let known = self.credentials_of(tenant, id).await?;
        let chosen = self.chosen_by_back_end(tenant, Some(known), password).await?;
        Ok(PasswordChange { chosen, tokens: self.new_tokens(tenant, id) })
    }
}

fn check_custom(tenant: &Tenant, owner: &Owner, change: &ProfileChange) -> Result<(), Error> {
    for name in change.custom.keys() {
        let fault = match (tenant.app.settings.custom_field(name).map(|field| field.write), owner) {
            (None, _) => Fault::Undeclared,
            (Some(Writers::BackEnd), Owner::Itself(_)) => Fault::NotWritable,
            (Some(Writers::BackEnd | Writers::Owner), Owner::Named(_)) | (Some(Writers::Owner), Owner::Itself(_)) => {
                continue;
            }
        };
        return Err(fault.at(format!("custom field {}", name.as_str())));
    }
    Ok(())
}
