//! Whose data an operation is about, and whether that user may still act.

use crate::{
    domain::{
        error::{Error, Unauthenticated, What},
        id::AppKey,
        id::UserKey,
        owner::Owner,
        profile::{State, User},
    },
    store::Db,
};

/// Refuses a user that acts on its own data and is suspended by now.
pub(super) fn active(user: &User) -> Result<(), Error> {
    match user.state {
        State::Active => Ok(()),
        State::Suspended => Err(Error::SUSPENDED),
    }
}

/// A user that acts on its own data has been deleted: its token is dead, whoever has its id by now.
pub(super) const GONE: Error = Error::Unauthenticated(Unauthenticated::Wrong);

/// The owner of the data that a call is about.
/// # Errors
/// `NotFound(User)` for an id that no user has; for a user that acts itself `Unauthenticated` when it is deleted, `Forbidden` when it is
/// suspended.
pub(super) async fn owner(db: &Db<'_>, app: AppKey, owner: &Owner) -> Result<User, Error> {
    match owner {
        Owner::Named(id) => db.user(app, id).await?.ok_or(Error::NotFound(What::User)),
        Owner::Itself(key) => acting(db, app, *key).await,
    }
}

/// The user of this key, who acts on its own data.
/// # Errors
/// As [`owner`].
pub(super) async fn acting(db: &Db<'_>, app: AppKey, key: UserKey) -> Result<User, Error> {
    let user = db.user_by_key(app, key).await?.ok_or(GONE)?;
    active(&user).map(|()| user)
}
