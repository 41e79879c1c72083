//! The sweep, with a clock of the test: unused pictures are deleted in time, and nothing else is.

use std::{
    num::NonZeroU32,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use standin::{
    blob::Folder,
    domain::{
        avatar::{Avatar, Format, PictureLimits},
        caller::Owner,
        id::UserId,
        profile::{ProfileChange, User},
        secret::{Secret, ServerKey},
        session::Vendor,
        storage::Durability,
        time::Moment,
    },
    service::{
        Service,
        accounts::UserFields,
        apps::{AppChange, Tenant},
        client_limits::ClientBounds,
        credentials::Keyring,
        pictures::{PictureOptions, UploadedPicture},
        sweep::PICTURE_REST,
    },
    store::{Store, StoreOptions},
};
use tempfile::TempDir;

use super::photo;

/// The verbs over a new folder, and the hands of its clock.
pub(super) struct Fixture {
    folder: TempDir,
    pub(super) service: Service,
    pub(super) tenant: Arc<Tenant>,
    micros: Arc<AtomicI64>,
}

impl Fixture {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = StoreOptions { durability: Durability::Full, point_readers: 2, long_readers: 2 };
        let store = Store::open(&folder.path().join("standin.db"), &options).unwrap();
        let pictures = Folder::open(&folder.path().join("pictures"), &folder.path().join("incoming")).unwrap();
        let bounds = PictureOptions {
            limits: PictureLimits::default(),
            decode_budget_bytes: 64 << 20,
            cache_bytes: 1 << 20,
            uploads_per_minute: NonZeroU32::new(10).unwrap(),
            uploads_per_day: NonZeroU32::new(100).unwrap(),
            open_files_max: 16,
            cores: 1,
        };
        let hourly = NonZeroU32::new(1000).unwrap();
        let clients = ClientBounds { registrations_per_hour: hourly, number_lookups_per_hour: hourly };
        let micros = Arc::new(AtomicI64::new(1_700_000_000_000_000));
        let hands = Arc::clone(&micros);
        let clock = Arc::new(move || Moment::from_micros(hands.load(Ordering::Relaxed)));
        let keyring = Keyring::new(&ServerKey::new([7; 32]), 1);
        let service = Service::open(store, pictures, keyring, &bounds, &clients, clock).await.unwrap();
        let (tenant, _) = service.upsert_first_app(AppChange::default()).await.unwrap();
        Self { folder, service, tenant, micros }
    }

    fn pass(&self, time: Duration) {
        self.micros.fetch_add(i64::try_from(time.as_micros()).unwrap(), Ordering::Relaxed);
    }

    async fn upload(&self, id: &str) -> (User, Secret) {
        let bytes = photo::png(60, 40);
        let picture = UploadedPicture {
            field: "picture",
            accepted: &Format::ALL,
            bytes: bytes.len() as u64,
            read: Box::new(move || Ok(bytes.clone())),
        };
        let id = UserId::parse(id).unwrap();
        let call = UserFields { id, change: ProfileChange::default(), picture: Some(picture), device: None };
        let created = self.service.create_user(&self.tenant, None, call).await.unwrap();
        (created.user, created.ticket)
    }

    fn has_files(&self, user: &User) -> bool {
        self.files(user).exists()
    }

    fn files(&self, user: &User) -> PathBuf {
        let Avatar::Picture(key, _) = &user.profile.avatar else { panic!("no picture: {user:?}") };
        let (shard, _) = key.as_str().split_at(2);
        self.folder.path().join("pictures").join(shard).join(key.as_str())
    }
}

#[actix_web::test]
async fn promise_26_a_replaced_picture_leaves_an_hour_after_it_was_replaced() {
    let fixture = Fixture::new().await;
    let (former, _) = fixture.upload("ada").await;
    fixture.pass(Duration::from_secs(24 * 3600));
    let (current, _) = fixture.upload("ada").await;
    fixture.pass(PICTURE_REST);
    fixture.service.sweep().await.unwrap();
    assert!(fixture.has_files(&former), "at the hour it may still be shown");
    fixture.pass(Duration::from_micros(1));
    fixture.service.sweep().await.unwrap();
    assert!(!fixture.has_files(&former) && fixture.has_files(&current));
}

#[actix_web::test]
async fn promise_09_a_picture_that_is_replaced_while_a_backup_is_made_stays_until_it_is_done() {
    let fixture = Fixture::new().await;
    let (former, _) = fixture.upload("ada").await;
    // More than what may wait of a backup on its way out, so that it cannot end before it is taken.
    std::fs::write(fixture.files(&former).join("full"), vec![7; 8 << 20]).unwrap();
    let mut backup = fixture.service.back_up(true).await.unwrap();
    fixture.upload("ada").await;
    fixture.pass(2 * PICTURE_REST);
    fixture.service.sweep().await.unwrap();
    assert!(fixture.has_files(&former), "the backup has not copied it yet");
    let mut bytes = 0;
    while let Some(piece) = backup.recv().await {
        bytes += piece.unwrap().len();
    }
    assert!(bytes > 8 << 20, "the whole of it: {bytes}");
    for _ in 0..1000 {
        // The backup lets go a moment after its last piece.
        fixture.service.sweep().await.unwrap();
        actix_web::rt::time::sleep(Duration::from_millis(5)).await;
        if !fixture.has_files(&former) {
            return;
        }
    }
    panic!("it stays for ever");
}

#[actix_web::test]
async fn the_pictures_of_a_deleted_user_leave_the_disk() {
    let fixture = Fixture::new().await;
    let (gone, _) = fixture.upload("ada").await;
    let (stays, _) = fixture.upload("bob").await;
    fixture.service.delete_user(&fixture.tenant, Owner::Named(gone.id.clone())).await.unwrap();
    fixture.pass(PICTURE_REST + Duration::from_secs(1));
    fixture.service.sweep().await.unwrap();
    assert!(!fixture.has_files(&gone) && fixture.has_files(&stays));
}

#[actix_web::test]
async fn promise_05_files_without_a_row_leave_at_the_start() {
    let fixture = Fixture::new().await;
    let (user, _) = fixture.upload("ada").await;
    let stray = fixture.folder.path().join("pictures/zz/zzzzzzzzzzzzzzzzzzzzzz");
    std::fs::create_dir_all(&stray).unwrap();
    std::fs::write(stray.join("full"), b"left by a crash").unwrap();
    assert_eq!(fixture.service.sweep_at_start().await.unwrap(), 1);
    assert!(!stray.exists() && fixture.has_files(&user));
}

#[actix_web::test]
async fn promise_13_a_ticket_lives_an_hour_and_does_not_revive_when_the_clock_is_set_back() {
    let fixture = Fixture::new().await;
    let (_, ticket) = fixture.upload("ada").await;
    fixture.pass(Duration::from_secs(3600) - Duration::from_micros(1));
    fixture.service.caller(ticket.expose(), Vendor::MirrorFly).await.unwrap();
    fixture.pass(Duration::from_micros(1));
    fixture.service.caller(ticket.expose(), Vendor::MirrorFly).await.unwrap_err();
    fixture.service.sweep().await.unwrap();
    fixture.micros.fetch_sub(3_600_000_000, Ordering::Relaxed);
    fixture.service.caller(ticket.expose(), Vendor::MirrorFly).await.unwrap_err();
}
