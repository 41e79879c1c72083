//! Backups: everything stored at one moment, as one stream, while the server serves; and a new server key for a database
//! whose own key is lost.

use std::{
    io::{self, BufRead as _, BufReader, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::{OwnedMutexGuard, mpsc},
    time,
};

use crate::{
    archive::{self, Content, FORMAT, Listing, Manifest, Member, MemberName},
    blob::{Folder, TempFolder},
    domain::{
        AccountPassword, App, AppKey, CallerKey, Error, Moment, PictureKey, Rendition, Secret, UserId, error::io_error,
    },
    service::{Keyring, Purpose, SealedKind, Service, blocking, credentials},
    store::{self, NewTokens},
};

/// How long a backup waits for another one, or for a step of the sweep.
const TURN_WAIT: Duration = Duration::from_secs(60);

const PIECE_BYTES: usize = 256 * 1024;

/// Pieces that may wait for the reader: with [`PIECE_BYTES`] the memory of a backup in transit.
const PIECES_WAITING_MAX: usize = 4;

const DATABASE: &str = "standin.db";
const PACKED: &str = "standin.db.zst";
const LISTING: &str = "members.jsonl";

/// The pieces of a backup, in order. After an error the backup is invalid. Dropping it ends the work.
pub type BackupPieces = mpsc::Receiver<Result<Bytes, Error>>;

impl Service {
    /// Makes a backup of what is committed now, while writes go on. No picture file is removed until it ends.
    ///
    /// Returns when everything is read once and listed; the pieces read the pictures a second time. Needs disk space
    /// for the database twice, once compressed. Runs one at a time.
    /// # Errors
    /// `TooMany` while another one runs; `StorageFull`; `Internal` if the copy of the database is damaged.
    pub async fn back_up(&self, with_key: bool) -> Result<BackupPieces, Error> {
        let turn = time::timeout(TURN_WAIT, self.inner.removing.clone().lock_owned());
        let turn = turn.await.map_err(|_| Error::TooMany { what: "backups at one time", retry_after: TURN_WAIT })?;
        let (store, folder) = (&self.inner.store, self.inner.pictures.folder.clone());
        let key = with_key.then(|| self.inner.keyring.exported());
        let at = self.now();
        let (from, bytes) = (folder.clone(), store.read(async |db| db.database_bytes().await).await?);
        let (place, database) = blocking(move || workplace(&from, bytes)).await??;
        store.long_read(CallerKey::Operator, async move |db| db.copy_to(&database).await).await?;
        let begun = blocking(move || PreparedBackup::new(place, folder, key, at, turn)).await??;
        let (to, pieces) = mpsc::channel(PIECES_WAITING_MAX);
        tokio::task::spawn_blocking(move || begun.send(to));
        Ok(pieces)
    }
}

/// Makes the folder for a backup of a database of this size. Returns it with the path of the database's copy.
fn workplace(folder: &Folder, bytes: u64) -> Result<(TempFolder, PathBuf), Error> {
    // Checked first, so that the copy does not take the space that writes need.
    if folder.free_bytes()? < bytes.saturating_mul(2) {
        return Err(Error::StorageFull);
    }
    let place = folder.temp_folder("backup")?;
    let database = place.path(DATABASE);
    Ok((place, database))
}

struct PreparedBackup {
    place: TempFolder,
    folder: Folder,
    key: Option<Secret>,
    manifest: Manifest,
    at: Moment,
    // Dropped last: no picture file is removed while it is held.
    _turn: OwnedMutexGuard<()>,
}

impl PreparedBackup {
    fn new(
        place: TempFolder,
        folder: Folder,
        key: Option<Secret>,
        at: Moment,
        turn: OwnedMutexGuard<()>,
    ) -> Result<Self, Error> {
        let database = place.path(DATABASE);
        let inspected = store::inspect(&database)?;
        let (packed, whole) =
            archive::pack(place.open(DATABASE)?, place.create(PACKED)?).map_err(io_error("packing the database"))?;
        let mut list = ListingWriter::new(place.create(LISTING)?);
        if let Some(key) = &key {
            let content = archive::content_of(key.expose().as_bytes()).map_err(io_error("listing the key"))?;
            list.add(&MemberName::Key, Some(content))?;
        }
        list.add(&MemberName::Database, Some(packed))?;
        store::each_picture(&database, |key| list.add_picture(&folder, &key))?;
        place.remove(DATABASE)?;
        let files_lost = list.lost;
        let manifest = Manifest {
            format: FORMAT,
            standin: env!("CARGO_PKG_VERSION").to_owned(),
            schema: inspected.schema,
            made_at: at.to_string(),
            key_fingerprint: archive::hex(&inspected.key_fingerprint.0),
            has_key: key.is_some(),
            counts: inspected.amounts,
            files_lost,
            database: whole,
            listing: list.end()?,
        };
        Ok(Self { place, folder, key, manifest, at, _turn: turn })
    }

    fn send(self, to: mpsc::Sender<Result<Bytes, Error>>) {
        let mut outlet = PieceWriter { to, piece: Vec::with_capacity(PIECE_BYTES) };
        match self.write(&mut outlet) {
            Ok(()) => {}
            Err(_) if outlet.to.is_closed() => log::warn!("a backup was ended by its caller"),
            Err(error) => {
                log::error!("a backup failed: {error:?}");
                let _ = outlet.to.blocking_send(Err(error));
            }
        }
    }

    fn write(&self, to: &mut PieceWriter) -> Result<(), Error> {
        let writing = io_error("writing a backup");
        let at_s = self.at.unix_s().unsigned_abs();
        let listing = self.place.open(LISTING)?;
        let mut writer = archive::Writer::begin(to, at_s, &self.manifest, listing).map_err(&writing)?;
        for line in BufReader::new(self.place.open(LISTING)?).lines() {
            let Member { name, content } =
                serde_json::from_str(&line.map_err(&writing)?).map_err(|cause| writing(cause.into()))?;
            let Some(content) = content else { continue };
            let put = match MemberName::parse(&name) {
                Some(MemberName::Key) => {
                    writer.put(&name, &content, self.key.as_ref().map_or(&[][..], |key| key.expose().as_bytes()))
                }
                Some(MemberName::Database) => writer.put(&name, &content, self.place.open(PACKED)?),
                Some(MemberName::Picture(key, rendition)) => match self.folder.open_file(&key, rendition.name())? {
                    Some(file) => writer.put(&name, &content, file),
                    None => return Err(Error::internal(format_args!("{name} was removed while it was copied"))),
                },
                None => return Err(Error::internal(format_args!("{name} is no member of a backup"))),
            };
            put.map_err(&writing)?;
        }
        writer.end().map_err(&writing)
    }
}

struct ListingWriter<F> {
    file: F,
    line: Vec<u8>,
    members: u64,
    bytes: u64,
    lost: u64,
}

impl<F: io::Read + Write + io::Seek> ListingWriter<F> {
    fn new(file: F) -> Self {
        Self { file, line: Vec::with_capacity(PIECE_BYTES), members: 0, bytes: 0, lost: 0 }
    }

    fn add(&mut self, place: &MemberName, content: Option<Content>) -> Result<(), Error> {
        self.members += 1;
        self.bytes += content.as_ref().map_or(0, |content| content.bytes);
        self.lost += u64::from(content.is_none());
        serde_json::to_writer(&mut self.line, &Member { name: place.name(), content }).map_err(Error::internal)?;
        self.line.push(b'\n');
        match self.line.len() < PIECE_BYTES / 2 {
            true => Ok(()),
            false => self.flush(),
        }
    }

    /// Lists a file that is missing on disk as lost: one lost picture must not prevent the backup.
    fn add_picture(&mut self, folder: &Folder, key: &PictureKey) -> Result<(), Error> {
        for rendition in Rendition::ALL {
            let content = match folder.open_file(key, rendition.name())? {
                Some(file) => Some(archive::content_of(file).map_err(io_error("reading a picture"))?),
                None => None,
            };
            self.add(&MemberName::Picture(key.clone(), rendition), content)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.file.write_all(&self.line).map_err(io_error("listing the members of a backup"))?;
        self.line.clear();
        Ok(())
    }

    fn end(mut self) -> Result<Listing, Error> {
        self.flush()?;
        self.file.rewind().map_err(io_error("listing the members of a backup"))?;
        let content = archive::content_of(self.file).map_err(io_error("listing the members of a backup"))?;
        Ok(Listing { content, members: self.members, bytes: self.bytes })
    }
}

struct PieceWriter {
    to: mpsc::Sender<Result<Bytes, Error>>,
    piece: Vec<u8>,
}

impl Write for PieceWriter {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let room = PIECE_BYTES.saturating_sub(self.piece.len()).min(buffer.len());
        self.piece.extend_from_slice(buffer.get(..room).unwrap_or_default());
        if self.piece.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(room)
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE_BYTES));
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        match piece.is_empty() {
            true => Ok(()),
            false => self.to.blocking_send(Ok(piece.into())).map_err(gone),
        }
    }
}

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
