//! The user whose data an operation is about, and whether that user may still act.

use crate::{
    domain::{AppKey, Error, Owner, Resource, User, UserKey},
    store::Db,
};

/// # Errors
/// As [`Owner`].
pub async fn owner(db: &Db<'_>, app: AppKey, owner: &Owner) -> Result<User, Error> {
    match owner {
        Owner::Named(id) => db.user(app, id).await?.ok_or(Error::NotFound(Resource::User)),
        Owner::Itself(key) => acting(db, app, *key).await,
    }
}

pub(super) async fn acting(db: &Db<'_>, app: AppKey, key: UserKey) -> Result<User, Error> {
    db.user_by_key(app, key).await?.ok_or(Error::GONE)?.if_active()
}
