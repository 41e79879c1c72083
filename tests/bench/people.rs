//! Stores full of made-up users.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use actix_web::rt;
use futures_util::future;
use standin::{
    domain::{
        app::{AccountPassword, AppSettings, NewApp},
        avatar::{NewPicture, PictureKey, PictureKind, Rendition, mix_bits},
        error::{Error, Fault},
        id::{AppId, AppKey, SdkAppId, UserId},
        profile::{Patch, ProfileChange},
        secret::{DerivedSecret, Digest, Salt, SealedSecret},
        storage::Durability,
        text::{AppName, DisplayName},
        time::Moment,
    },
    service::users,
    store::{IfKnown, NewSecrets, Store, StoreOptions, Touches, UpsertUser},
};

use crate::Failure;

/// Tasks that register at once.
pub(crate) const TASKS: u32 = 256;

/// A store on this file.
pub(crate) fn open(database: &Path, durability: Durability) -> Result<Store, Failure> {
    Ok(Store::open(database, &StoreOptions { durability, point_readers: 4, long_readers: 4 })?)
}

/// Makes an app that only a store knows.
pub(crate) async fn app(store: &Store) -> Result<AppKey, Error> {
    let new = NewApp {
        name: AppName::parse("bench").map_err(|fault| fault.at("name"))?,
        app_id: AppId::parse("bench").map_err(|fault| fault.at("app id"))?,
        sdk_app_id: SdkAppId::parse(1).map_err(|fault| fault.at("sdk app id"))?,
        account: UserId::parse("administrator").map_err(|fault| fault.at("account"))?,
        account_password: AccountPassword::Derived(derived(u32::MAX)),
        secret: SealedSecret(vec![0; 64]),
        license_key: SealedSecret(vec![0; 64]),
        hosts: Vec::new(),
        settings: AppSettings::default(),
    };
    let at = Moment::from_micros(0);
    Ok(store.write(Touches::All, async move |tx| tx.put_app(&new, at).await).await?.key)
}

/// The id of the made-up user of this number; reads ask for it too.
pub(crate) fn id(number: u32) -> String {
    format!("user{number:07}@bench.example")
}

/// Registers the users of these numbers, so many at once, and says how long each waited for its durable row.
pub(crate) async fn register(
    store: &Store,
    app: AppKey,
    numbers: std::ops::Range<u32>,
    tasks: u32,
) -> Result<Vec<Duration>, Failure> {
    let task = |first: u32| {
        let (store, numbers) = (store.clone(), numbers.clone());
        rt::spawn(async move {
            let mut waits = Vec::new();
            for number in numbers.skip(first as usize).step_by(tasks as usize) {
                let start = Instant::now();
                let user = user(number)?;
                store.write(Touches::All, async move |tx| users::register(tx, app, &user).await).await?;
                waits.push(start.elapsed());
            }
            Ok::<_, Error>(waits)
        })
    };
    let mut waits = Vec::new();
    for done in future::try_join_all((0..tasks).map(task)).await? {
        waits.extend(done?);
    }
    Ok(waits)
}

/// Gives these users a picture each, of six files of so many bytes that no packer makes smaller.
pub(crate) async fn have_pictures(
    store: &Store,
    app: AppKey,
    numbers: std::ops::Range<u32>,
    folder: &Path,
    file_bytes: usize,
) -> Result<(), Failure> {
    for number in numbers {
        let unknown = |fault: Fault| fault.at("id");
        let key = PictureKey::parse(&format!("{number:022}")).map_err(unknown)?;
        let wanted = UserId::parse(&id(number)).map_err(unknown)?;
        let user = store.read(async |db| db.user(app, &wanted).await).await?.ok_or("a user is missing")?;
        let place = folder.join("00").join(key.as_str());
        fs::create_dir_all(&place)?;
        let noise: Vec<u8> =
            (0..file_bytes as u64 / 8).flat_map(|at| mix_bits(at << 32 | u64::from(number)).to_be_bytes()).collect();
        for rendition in Rendition::ALL {
            fs::write(place.join(rendition.name()), &noise)?;
        }
        let new = NewPicture { key, kind: PictureKind::Jpeg, width_px: 1280, height_px: 960, bytes: 64 * 1024 };
        // Far from now, so that no sweep comes near it.
        let at = Moment::from_micros(i64::MAX / 2);
        store.write(Touches::All, async move |tx| tx.put_picture(user.key, &new, at).await).await?;
    }
    Ok(())
}

fn user(number: u32) -> Result<UpsertUser, Error> {
    let name = DisplayName::parse(&format!("Made up {number}")).map_err(|fault| fault.at("name"))?;
    Ok(UpsertUser {
        id: UserId::parse(&id(number)).map_err(|fault| fault.at("id"))?,
        if_known: IfKnown::Refuse,
        change: ProfileChange { display_name: Patch::Set(name), ..ProfileChange::default() },
        chosen: None,
        secrets: NewSecrets {
            token: derived(2 * number),
            issued: derived(2 * number + 1),
            handle: PictureKey::parse(&format!("{number:022}")).map_err(|fault| fault.at("handle"))?,
        },
        device: None,
        ticket: None,
        signed_at: None,
        at: Moment::from_micros(0),
    })
}

/// No two alike, and spread like digests are, because an index holds them.
fn derived(number: u32) -> DerivedSecret {
    let spread = u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes();
    let mut digest = [0; 32];
    for (to, from) in digest.iter_mut().zip(spread.iter().cycle()) {
        *to = *from;
    }
    DerivedSecret { salt: Salt(spread), digest: Digest(digest) }
}
