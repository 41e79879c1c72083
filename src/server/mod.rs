//! The composition root: opens the data folder, builds all parts, serves until it is stopped.

mod folder;
mod http_servers;
mod listeners;
mod open_files;
pub mod restore;
pub mod routes;
mod signals;
mod tls;

use std::{
    fs,
    future::pending,
    io,
    ops::ControlFlow,
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use actix_web::{dev::ServerHandle, rt};

use self::{
    folder::FolderLock,
    http_servers::{control_server, public_server},
    listeners::{BoundListener, addresses, base_url, listen},
    open_files::OpenFiles,
    signals::StopSignal,
    tls::Certificate,
};
pub use self::{
    folder::{FolderReport, inspect_folder},
    signals::ReloadSignal,
};
use crate::{
    blob::{Folder, absent_is_fine},
    dialect::native::{DataFolder, DemoPassword},
    domain::{AdminName, AppId, Clock, Error, MetricsAccess, Moment, PictureLimits, Secret, text::sentence_error},
    http::{
        addresses::Addresses,
        documents::Documents,
        inspector::{Inspector, MessageTexts},
        limiter::ConnectionLimiter,
        middleware::{self, RequestMiddleware},
        peer::Proxies,
        read_budget::ReadBudget,
        socket::AnonymousSockets,
        spool::Spool,
        stream::StreamLimiter,
    },
    service::{AppChange, AppSecrets, ClientBounds, Keyring, PictureOptions, Service, Tenant},
    settings::{self, ControlSocket, FirstApp, Settings},
    store::{Store, StoreOptions},
};

const SWEEP_EVERY: Duration = Duration::from_secs(600);

/// The administrator whose password is the setting `admin_password`.
const ADMIN: &str = "admin";

/// Passwords hashed at the same time, at most: each thread keeps 19 MiB, and hashes 80 a second.
const HASHES_AT_ONCE_MAX: usize = 8;

/// Threads with point reads besides the workers: the control socket's and the main one.
const POINT_READERS_BESIDE_WORKERS: usize = 2;

/// `Display` is one sentence that says what to do.
#[derive(Debug)]
pub struct StartError {
    pub kind: StartErrorKind,
    sentence: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartErrorKind {
    Address,
    FolderInUse,
    Folder,
    /// A setting is wrong, given the stored data.
    Settings,
}

sentence_error! { StartError.sentence }

impl StartErrorKind {
    fn because(self, sentence: impl Into<String>) -> StartError {
        StartError { kind: self, sentence: sentence.into() }
    }
}

fn unusable(sentence: impl Into<String>) -> StartError {
    StartErrorKind::Folder.because(sentence)
}

pub fn request_id() -> Option<String> {
    middleware::request_id()
}

pub struct Runtime(rt::SystemRunner);

impl Runtime {
    #[expect(clippy::new_without_default, reason = "starting one is an act, not a default")]
    pub fn new() -> Self {
        Self(rt::System::new())
    }

    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.0.block_on(work)
    }
}

/// A server that is open and bound to its addresses, but does not serve yet.
pub struct Server {
    parts: ServerParts,
    listeners: Vec<BoundListener>,
    certificate: Option<Arc<Certificate>>,
    control: UnixListener,
    data: PathBuf,
    lock: FolderLock,
    first_app: FirstAppAtStart,
}

#[derive(Clone)]
struct ServerParts {
    service: Service,
    addresses: Addresses,
    spool: Spool,
    guard: RequestMiddleware,
    inspector: Inspector,
    proxies: Proxies,
    limiter: ConnectionLimiter,
    read_budget: ReadBudget,
    streams: StreamLimiter,
    anonymous: AnonymousSockets,
    workers: usize,
    is_demo: bool,
    documented: DemoPassword,
    data: DataFolder,
    documents: Documents,
    readers: MetricsAccess,
}

fn documented(settings: &Settings) -> DemoPassword {
    let FirstApp { app_id, account_password, .. } = &settings.first_app;
    DemoPassword(app_id.clone().zip(account_password.clone()).filter(|_| settings.demo))
}

fn message_texts(settings: &Settings) -> MessageTexts {
    if settings.demo { MessageTexts::Shown } else { MessageTexts::BySize }
}

pub struct FirstAppAtStart {
    pub tenant: Arc<Tenant>,
    pub is_new: bool,
    pub secrets: AppSecrets,
}

pub struct Running {
    service: Service,
    public: Option<(ServerHandle, rt::task::JoinHandle<io::Result<()>>)>,
    control: (ServerHandle, rt::task::JoinHandle<io::Result<()>>),
    sweeping: rt::task::JoinHandle<()>,
    keeping: rt::task::JoinHandle<()>,
    cutting: rt::task::JoinHandle<()>,
    attending: rt::task::JoinHandle<()>,
    certificate: Option<Arc<Certificate>>,
    orders: StopSignal,
    socket: ControlSocket,
    // Holds the folder's lock while it serves.
    lock: FolderLock,
}

impl Server {
    /// Opens the data folder and binds every address of the settings. Nothing is served until [`Server::start`].
    pub async fn open(settings: &Settings) -> Result<Self, StartError> {
        let listeners = settings.listen.iter().map(|place| listen(*place)).collect::<Result<Vec<_>, _>>()?;
        Self::open_on(settings, listeners).await
    }

    /// Opens the data folder for commands: only the control socket is bound.
    pub async fn open_for_commands(settings: &Settings) -> Result<Self, StartError> {
        if !settings.data.join("standin.db").is_file() {
            let (shown, demo) = (settings.data.display(), settings.data.join("demo"));
            return Err(unusable(match demo.join("standin.db").is_file() {
                true => format!(
                    "There is no database in {shown}. There is one of a demo in {0}: name it with --data {0}, or create your own \
                     with `standin serve --data {shown}`.",
                    demo.display()
                ),
                false => format!(
                    "There is no database in {shown}: name the data folder with --data, or create one with `standin serve --data {shown}`."
                ),
            }));
        }
        Self::open_on(settings, Vec::new()).await
    }

    async fn open_on(settings: &Settings, listeners: Vec<BoundListener>) -> Result<Self, StartError> {
        let data = settings.data.as_path();
        let certificate = match &settings.tls() {
            Some(files) if !listeners.is_empty() => Some(Certificate::read(files)?),
            Some(_) | None => None,
        };
        let mut lock = folder::open_folder(data)?;
        folder::check_demo(settings)?;
        let keyring = Keyring::new(&folder::server_key(settings)?, settings.workers.min(HASHES_AT_ONCE_MAX));
        let options = StoreOptions {
            durability: settings.durability,
            point_readers: settings.workers.saturating_add(POINT_READERS_BESIDE_WORKERS),
            long_readers: settings.long_read_threads,
        };
        // Each reader keeps the database and its log open.
        let files = OpenFiles::of_process(settings.workers, options.point_readers + options.long_readers);
        if !listeners.is_empty() {
            files.check(settings.connections_per_address)?;
        }
        let store = Store::open(&data.join("standin.db"), &options).map_err(|error| unusable(error.to_string()))?;
        lock.hold_database(data)?;
        let in_folder = |error: Error| unusable(explain(data, &error));
        let folder = Folder::open(&data.join("pictures"), &data.join("incoming")).map_err(in_folder)?;
        let (pictures, clients) = (picture_options(settings, &files), client_bounds(settings));
        let service =
            Service::open(store, folder, keyring, &pictures, &clients, wall_clock()).await.map_err(in_folder)?;
        service.sweep_at_start().await.map_err(in_folder)?;
        service.measure_at_start().await.map_err(in_folder)?;
        let first_app = first_app(&service, &settings.first_app).await?;
        describe_admin(&service, settings.admin_password.as_ref()).await?;
        if settings.demo {
            service.make_demo(&first_app.tenant).await.map_err(in_folder)?;
        }
        let addresses = addresses(settings, listeners.first())?;
        let control = folder::control_socket(data)?;
        let guard = RequestMiddleware::new(service.now());
        let proxies = Proxies::new(settings.trusted_proxies.clone().unwrap_or_default());
        let parts = ServerParts {
            documents: routes::documents(addresses.base()),
            service,
            addresses,
            spool: Spool::new(data.join("incoming"), files.spooled),
            guard,
            inspector: Inspector::new(settings.inspect, message_texts(settings), wall_clock()),
            limiter: ConnectionLimiter::new(files.connections(settings.connections_per_address), proxies.clone()),
            read_budget: ReadBudget::new(usize::try_from(settings.read_budget_bytes).unwrap_or(usize::MAX)),
            proxies,
            streams: StreamLimiter::default(),
            anonymous: AnonymousSockets::default(),
            workers: settings.workers,
            is_demo: settings.demo,
            documented: documented(settings),
            data: DataFolder(data.display().to_string()),
            readers: settings.metrics,
        };
        Ok(Self { parts, listeners, certificate, control, data: settings.data.clone(), lock, first_app })
    }

    /// Returns the bound addresses, with real ports: `https://127.0.0.1:8443`.
    pub fn addresses(&self) -> Vec<String> {
        self.listeners.iter().map(|listener| base_url(listener.listen)).collect()
    }

    pub fn first_app(&self) -> &FirstAppAtStart {
        &self.first_app
    }

    pub fn is_only_app(&self) -> bool {
        self.parts.service.tenants().len() == 1
    }

    pub fn public_url(&self) -> &str {
        self.parts.addresses.base()
    }

    /// Returns the link with which the operator creates the first administrator; None if there is one.
    pub async fn setup_link(&self) -> Result<Option<String>, StartError> {
        let code = self.parts.service.draw_setup_code().await.map_err(|error| unusable(explain(&self.data, &error)))?;
        Ok(code.map(|code| format!("{}/#setup={}", self.public_url(), code.expose())))
    }

    /// When this returns, connections are answered and signals are handled.
    /// # Errors
    /// `Address` if the system refuses a listener.
    pub async fn start(self) -> Result<Running, StartError> {
        let in_address = |error: io::Error| StartErrorKind::Address.because(error.to_string());
        let (service, meter) = (self.parts.service.clone(), self.parts.guard.meter().clone());
        let is_demo = self.parts.is_demo && !self.listeners.is_empty();
        let socket = settings::control_socket(&self.data).map_err(in_address)?;
        let public = match self.listeners.is_empty() {
            true => None,
            false => {
                let tls = self.certificate.as_ref().map(Certificate::config).transpose()?;
                let server = public_server(self.parts.clone(), self.listeners, tls.as_ref()).map_err(in_address)?;
                Some((server.handle(), rt::spawn(server)))
            }
        };
        let orders = StopSignal::register().map_err(in_address)?;
        let control = control_server(self.parts, self.control).map_err(in_address)?;
        let control = (control.handle(), rt::spawn(control));
        let sweeping = rt::spawn(sweep_for_ever(service.clone()));
        if is_demo {
            rt::spawn(fill_demo(service.clone(), self.first_app.tenant.app.app_id.clone()));
        }
        rt::spawn(service.clone().run_feed());
        let keeping = rt::spawn(service.clone().keep_positions());
        let cutting = rt::spawn(service.clone().cut_log_for_ever());
        let attending = rt::spawn(service.clone().keep_presence());
        rt::spawn(meter.follow(service.commits()));
        if let Some((handle, _)) = &public {
            // Nothing is paused, so this only waits until the server runs.
            handle.resume().await;
        }
        Ok(Running {
            service,
            public,
            control,
            sweeping,
            keeping,
            cutting,
            attending,
            certificate: self.certificate,
            orders,
            socket,
            lock: self.lock,
        })
    }
}

impl Running {
    /// Serves until SIGTERM or SIGINT, then ends what is in flight. At each SIGHUP it calls `reload`, which can also
    /// stop the server, and reads the certificate again.
    pub async fn run_until_stopped(
        mut self,
        mut reloads: ReloadSignal,
        reload: impl Fn() -> ControlFlow<()>,
    ) -> io::Result<()> {
        loop {
            let public = &mut self.public;
            let broken = async {
                match public {
                    Some((_, public)) => public.await,
                    None => pending().await,
                }
            };
            tokio::select! {
                () = self.orders.next() => return self.stop().await,
                () = reloads.next() => {
                    if reload().is_break() {
                        return self.stop().await;
                    }
                    if let Some(certificate) = &self.certificate {
                        certificate.reload();
                    }
                }
                broken = broken => {
                    self.public = None;
                    broken.map_err(io::Error::other)??;
                    return self.stop().await;
                }
            }
        }
    }

    /// Ends what is in flight, closes the database, unlocks the folder.
    pub async fn stop(self) -> io::Result<()> {
        // Sockets first: they would outlast the wait for requests in flight.
        self.service.end_all_sessions();
        let public = async {
            let Some((handle, public)) = self.public else { return Ok(()) };
            handle.stop(true).await;
            public.await.map_err(io::Error::other)?
        };
        let control = async {
            let (handle, control) = self.control;
            handle.stop(true).await;
            control.await.map_err(io::Error::other)?
        };
        // Both at once, so that the whole wait is at most STOP_WAIT_S.
        let (public, control) = tokio::join!(public, control);
        public.and(control)?;
        self.sweeping.abort();
        self.keeping.abort();
        self.cutting.abort();
        self.attending.abort();
        // All sessions have ended: their positions are stored for their clients' return.
        self.service.write_positions().await;
        self.service.close().await;
        // If the folder was moved away, the socket at its path belongs to another server.
        if !self.lock.is_in_place() {
            return Ok(());
        }
        absent_is_fine(fs::remove_file(self.socket.path()))
    }
}

/// Runs while the first pages are already served.
async fn fill_demo(service: Service, app: AppId) {
    match service.add_company(&app).await {
        Ok(()) => {}
        Err(Error::Busy) => log::debug!("the demo was stopped before all sample users were created"),
        Err(error) => log::error!("some sample users of the demo could not be created: {error:?}"),
    }
}

async fn sweep_for_ever(service: Service) {
    loop {
        rt::time::sleep(SWEEP_EVERY).await;
        if let Err(error) = service.sweep().await {
            log::error!("the sweep stopped and will be tried again: {error:?}");
        }
    }
}

async fn first_app(service: &Service, given: &FirstApp) -> Result<FirstAppAtStart, StartError> {
    let change = AppChange {
        app_id: given.app_id.clone(),
        sdk_app_id: given.sdk_app_id,
        secret: given.secret.clone(),
        license_key: given.license_key.clone(),
        account_password: given.account_password.clone(),
        registration: given.registration,
        ..AppChange::default()
    };
    let in_settings = |error: Error| {
        let sentence = format!("The first app cannot be brought to what the STANDIN_APP settings say: {error}.");
        StartErrorKind::Settings.because(sentence)
    };
    let (tenant, is_new) = service.upsert_first_app(change).await.map_err(in_settings)?;
    let secrets = service.app_secrets(&tenant).map_err(in_settings)?;
    Ok(FirstAppAtStart { tenant, is_new, secrets })
}

async fn describe_admin(service: &Service, password: Option<&Secret>) -> Result<(), StartError> {
    let Some(password) = password else { return Ok(()) };
    let in_settings = |error: Error| {
        let given = "what STANDIN_ADMIN_PASSWORD says";
        StartErrorKind::Settings.because(format!("The administrator {ADMIN} cannot be brought to {given}: {error}."))
    };
    let name = AdminName::parse(ADMIN).map_err(|fault| in_settings(fault.at("name")))?;
    service.upsert_admin(name, password).await.map_err(in_settings)
}

fn picture_options(settings: &Settings, files: &OpenFiles) -> PictureOptions {
    let given = &settings.pictures;
    PictureOptions {
        limits: PictureLimits {
            file_bytes_max: given.file_bytes_max,
            side_px_max: given.side_px_max,
            pixels_max: given.pixels_max,
            decoded_bytes_max: given.decoded_bytes_max,
        },
        decode_budget_bytes: given.decode_budget_bytes,
        cache_bytes: given.cache_bytes,
        uploads_per_minute: given.uploads_per_minute,
        uploads_per_day: given.uploads_per_day,
        cores: settings.workers,
        open_files_max: files.pictures,
    }
}

fn client_bounds(settings: &Settings) -> ClientBounds {
    ClientBounds {
        registrations_per_hour: settings.registrations_per_hour,
        number_lookups_per_hour: settings.number_lookups_per_hour,
    }
}

/// The only wall clock of this program.
fn wall_clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    })
}

/// Logs the cause, which clients never see.
fn explain(data: &Path, error: &Error) -> String {
    let shown = data.display();
    match error {
        Error::Internal(cause) => format!("The data folder {shown} cannot be used: {cause}."),
        Error::Forbidden(why) => format!(
            "The data folder {shown} cannot be opened: {why}; give the right one as STANDIN_SERVER_KEY or in server.key."
        ),
        Error::StorageFull => format!("The disk of the data folder {shown} is full: make room, then start again."),
        Error::Invalid { .. }
        | Error::Unauthenticated(_)
        | Error::NotFound(_)
        | Error::Conflict(_)
        | Error::TooMany { .. }
        | Error::Busy => format!("The data folder {shown} cannot be used: {error}."),
    }
}
