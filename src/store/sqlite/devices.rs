//! What users' clients say of their devices: one of each platform.

use rusqlite::{Transaction, params};

use crate::domain::{
    device::{Device, DeviceText, DeviceType},
    error::Error,
    id::UserKey,
    time::Moment,
};

const SET_DEVICE: &str = "
    INSERT INTO device (user, platform, os_version, token, voip_token, sandbox, at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (user, platform) DO UPDATE SET os_version = excluded.os_version, token = excluded.token,
        voip_token = excluded.voip_token, sandbox = excluded.sandbox, at = excluded.at";

pub(in crate::store) fn set(tx: &Transaction<'_>, user: UserKey, device: &Device, at: Moment) -> Result<(), Error> {
    tx.prepare_cached(SET_DEVICE)?.execute(params![
        user.0,
        device.device_type.as_str(),
        device.os_version.as_ref().map(DeviceText::as_str),
        device.token.as_ref().map(DeviceText::as_str),
        device.voip_token.as_ref().map(DeviceText::as_str),
        device.sandbox,
        at.micros(),
    ])?;
    Ok(())
}

const FORGET_DEVICE: &str = "DELETE FROM device WHERE user = ?1 AND platform = ?2";

pub(in crate::store) fn forget(tx: &Transaction<'_>, user: UserKey, platform: DeviceType) -> Result<(), Error> {
    tx.prepare_cached(FORGET_DEVICE)?.execute(params![user.0, platform.as_str()])?;
    Ok(())
}

const FORGET_DEVICES: &str = "DELETE FROM device WHERE user = ?1";

pub(in crate::store) fn forget_all(tx: &Transaction<'_>, user: UserKey) -> Result<(), Error> {
    tx.prepare_cached(FORGET_DEVICES)?.execute(params![user.0])?;
    Ok(())
}
