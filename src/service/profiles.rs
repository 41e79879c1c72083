//! Profiles: reading them, listing them, changing them.

use crate::{
    domain::{
        error::{Error, What},
        id::UserId,
        page::{Listed, Order, Page},
        profile::{ProfileChange, State, User},
        search::UserSearch,
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
}

impl Service {
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

    /// Changes what is given of a user, by an operator's authority.
    /// # Errors
    /// `NotFound`, `Invalid`, store errors.
    pub async fn set_user(&self, tenant: &Tenant, id: UserId, setting: UserSetting) -> Result<User, Error> {
        let chosen = match &setting.password {
            None => None,
            Some(password) => {
                let known = self.credentials_of(tenant, &id)?;
                Some(self.chosen_hash(tenant, Some(known), password).await?)
            }
        };
        let state = setting.state.map(|state| self.state_change(tenant, &id, state));
        let change = UserChange { profile: setting.profile, chosen, state, device: None };
        self.house.store.change_user(tenant.app.key, id, change, self.now()).await
    }
}
