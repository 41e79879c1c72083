//! Profiles: reading them, listing them, changing them.

use crate::{
    domain::{
        custom::{CustomName, Readers, Writers},
        error::{Error, Fault, What},
        id::{UserId, UserKey},
        page::{Listed, Order, Page},
        profile::{ProfileChange, State, User},
        search::{Stretch, UserSearch, Walk},
        secret::Secret,
    },
    service::{Service, apps::Tenant, blocking},
    store::UserChange,
};

/// What an operator may change of a user.
#[derive(Debug, Default)]
pub struct UserSetting {
    /// What is given of the profile.
    pub profile: ProfileChange,
    /// A new password; the former one and all tickets are dead then.
    pub password: Option<Secret>,
    /// Suspends or reactivates.
    pub state: Option<State>,
    /// The version it was made for: of another one it is refused.
    pub of_version: Option<i64>,
}

/// Who looks at a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// The app's back end: it sees all.
    BackEnd,
    /// A user of the app.
    User(UserKey),
}

/// Who changes a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The app's back end, or an operator.
    BackEnd,
    /// The user whose profile it is.
    Owner,
}

impl Service {
    /// Users as somebody sees them, in the order they were asked for: without the custom fields that are not for their eyes. None for
    /// ids that nobody has. Some 5 us each.
    /// # Errors
    /// Store errors.
    pub fn portraits(&self, tenant: &Tenant, viewer: Viewer, ids: &[UserId]) -> Result<Vec<Option<User>>, Error> {
        let mut users = self.house.store.users_of(tenant.app.key, ids)?;
        for user in users.iter_mut().flatten() {
            self.hide(tenant, viewer, user)?;
        }
        Ok(users)
    }

    /// Takes away the custom fields that the viewer may not read.
    fn hide(&self, tenant: &Tenant, viewer: Viewer, user: &mut User) -> Result<(), Error> {
        if !user.profile.custom.is_empty() {
            let reads = self.readable(tenant, viewer, user.key)?;
            user.profile.custom.retain(|name, _| reads(name));
        }
        Ok(())
    }

    /// Which custom fields of a user's profile somebody may read. One point read, for a user who looks at another.
    /// # Errors
    /// Store errors.
    pub fn readable<'a>(
        &self,
        tenant: &'a Tenant,
        viewer: Viewer,
        user: UserKey,
    ) -> Result<impl Fn(&CustomName) -> bool + use<'a>, Error> {
        let (is_back_end, is_owner, is_close) = match viewer {
            Viewer::BackEnd => (true, true, true),
            Viewer::User(viewer) if viewer == user => (false, true, true),
            Viewer::User(viewer) => (false, false, self.house.store.lists(tenant.app.key, user, viewer)?),
        };
        Ok(move |name: &CustomName| match tenant.app.settings.custom_field(name).map(|field| field.read) {
            Some(Readers::Everyone) => true,
            Some(Readers::Friends) => is_close,
            Some(Readers::Owner) => is_owner,
            Some(Readers::BackEnd) | None => is_back_end,
        })
    }

    /// Changes what is given of a user's profile. Custom fields must be declared, and open to whoever writes them.
    /// # Errors
    /// `NotFound`, `Invalid`, store errors.
    pub async fn set_profile(
        &self,
        tenant: &Tenant,
        author: Author,
        id: UserId,
        profile: ProfileChange,
    ) -> Result<User, Error> {
        check_custom(tenant, author, &profile)?;
        let change = UserChange { profile, ..UserChange::default() };
        self.house.store.change_user(tenant.app.key, id, change, self.now()).await
    }

    /// The user of this id, suspended ones included.
    /// # Errors
    /// `NotFound`, store errors.
    pub fn user(&self, tenant: &Tenant, id: &UserId) -> Result<User, Error> {
        self.find_user(tenant, id)?.ok_or(Error::NotFound(What::User))
    }

    /// The user of this id, if there is one: for a call that may create it.
    /// # Errors
    /// Store errors.
    pub fn find_user(&self, tenant: &Tenant, id: &UserId) -> Result<Option<User>, Error> {
        self.house.store.user(tenant.app.key, id)
    }

    /// A page of the app's users, suspended ones included. Page n costs what page 1 costs; a hundred users with all the free data
    /// they may have cost milliseconds, so the list crosses to a blocking thread.
    /// # Errors
    /// Store errors.
    pub async fn users(&self, tenant: &Tenant, page: Page, order: Order) -> Result<Listed<User>, Error> {
        let (store, app) = (self.house.store.clone(), tenant.app.key);
        blocking(move || store.users(app, page, order)).await?
    }

    /// A page of the users that a search finds, as [`Service::users`] where it is for everybody. Of more than 10,000 the first ones.
    /// # Errors
    /// `Busy` when too many searches wait; store errors.
    pub async fn find_users(
        &self,
        tenant: &Tenant,
        search: UserSearch,
        page: Page,
        order: Order,
    ) -> Result<Listed<User>, Error> {
        if search.is_for_everybody() {
            return self.users(tenant, page, order).await;
        }
        let (store, app) = (self.house.store.clone(), tenant.app.key);
        self.house.searching.take(move || store.find_users(app, &search, page, order)).await?
    }

    /// The next stretch of a walk through the app's users, as [`Service::users`]; however far it has come, it costs the same.
    /// # Errors
    /// `Busy` when too many searches wait; store errors.
    pub async fn walk_users(&self, tenant: &Tenant, walk: Walk) -> Result<Stretch, Error> {
        let (store, app) = (self.house.store.clone(), tenant.app.key);
        self.house.searching.take(move || store.walk_users(app, &walk)).await?
    }

    /// Changes what is given of a user, by an operator's authority.
    /// # Errors
    /// `NotFound`, `Invalid`, `Conflict` of another version than the one it was made for, store errors.
    pub async fn set_user(&self, tenant: &Tenant, id: UserId, setting: UserSetting) -> Result<User, Error> {
        check_custom(tenant, Author::BackEnd, &setting.profile)?;
        let chosen = match &setting.password {
            None => None,
            Some(password) => {
                let known = self.credentials_of(tenant, &id)?;
                Some(self.chosen_hash(tenant, Some(known), password).await?)
            }
        };
        let state = setting.state.map(|state| self.state_change(tenant, &id, state));
        let change =
            UserChange { profile: setting.profile, chosen, state, device: None, of_version: setting.of_version };
        self.house.store.change_user(tenant.app.key, id, change, self.now()).await
    }
}

fn check_custom(tenant: &Tenant, author: Author, change: &ProfileChange) -> Result<(), Error> {
    for name in change.custom.keys() {
        let fault = match (tenant.app.settings.custom_field(name).map(|field| field.write), author) {
            (None, _) => Fault::Undeclared,
            (Some(Writers::BackEnd), Author::Owner) => Fault::NotWritable,
            (Some(Writers::BackEnd | Writers::Owner), Author::BackEnd) | (Some(Writers::Owner), Author::Owner) => {
                continue;
            }
        };
        return Err(fault.at(format!("custom field {}", name.as_str())));
    }
    Ok(())
}
