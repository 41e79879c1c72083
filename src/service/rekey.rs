//! A new server key for a database whose own key is lost.

use std::path::Path;

use crate::{
    domain::{AccountPassword, App, AppKey, Error, UserId},
    service::credentials::{self, Keyring, Purpose, SealedKind},
    store::{self, NewTokens},
};

/// Draws anew what only the old key could open: each app's secret, licence key and derived password, each user's token
/// and issued password. Chosen passwords and tickets stay valid. Changes all or nothing.
pub fn give_new_key(database: &Path, keyring: &Keyring) -> Result<(), Error> {
    let renew = |app: &mut App| renew_app(app, keyring);
    let draw = |app: AppKey, user: &UserId| NewTokens {
        token: keyring.draw(Purpose::UserToken, app, user),
        issued: keyring.draw(Purpose::IssuedPassword, app, user),
    };
    store::with_new_key(database, keyring.fingerprint(), renew, draw)
}

fn renew_app(app: &mut App, keyring: &Keyring) -> Result<(), Error> {
    app.secret = keyring.seal(SealedKind::AppSecret, &credentials::new_app_secret())?;
    app.former_secret = None;
    app.license_key = keyring.seal(SealedKind::LicenseKey, &credentials::new_license_key())?;
    if matches!(app.account_password, AccountPassword::Derived(_)) {
        app.account_password =
            AccountPassword::Derived(keyring.draw(Purpose::AccountPassword, AppKey(0), &app.account));
    }
    Ok(())
}
