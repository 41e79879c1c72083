//! Starts a server: to serve clients, or for one command.

use std::{
    io::{self, IsTerminal as _},
    ops::ControlFlow,
    time::Instant,
};

use standin::{
    server::{ReloadSignal, Running, Runtime, Server, StartError, StartErrorKind},
    settings::Settings,
};

use super::{
    banner,
    failure::{Failure, FailureCode},
    output,
};

/// A server that answers only on the control socket, for the time of one command.
pub(super) struct CommandServer(Running);

impl CommandServer {
    pub(super) async fn open(settings: &Settings) -> Result<Self, StartError> {
        Ok(Self(Server::open_for_commands(settings).await?.start().await?))
    }

    pub(super) async fn close(self) -> Result<(), Failure> {
        self.0.stop().await.map_err(|error| failed(&error))
    }
}

/// Serves until a signal stops the process. Calls `opened` once the data folder and the addresses are taken. A terminal
/// gets the banner; other outputs get log lines without a secret.
pub(super) fn serve(settings: &Settings, opened: impl FnOnce(), reload: impl Fn()) -> Result<(), Failure> {
    let begun = Instant::now();
    Runtime::new().block_on(async {
            // First of all, because a start takes a while, and a SIGHUP during it must not end the process.
            let reloads = ReloadSignal::register().map_err(|error| failed(&error))?;
            let server = Server::open(settings).await?;
            opened();
            // Checked before the banner is shown, because the terminal may close right after it.
            let is_interactive = io::stdout().is_terminal();
            let greeting = match is_interactive {
                true => {
                    // In a demo everybody is an administrator.
                    let setup = if settings.demo { None } else { server.setup_link().await? };
                    Some(banner::greeting(&server, settings, setup.as_deref(), begun.elapsed()))
                }
                false => None,
            };
            let (addresses, app_id) = (server.addresses(), server.first_app().tenant.app.app_id.clone());
            let running = server.start().await?;
            match greeting {
                Some(greeting) => output::print(&greeting)?,
                None => {
                    for address in addresses {
                        log::info!("listening on {address} with the data folder {}", settings.data.display());
                    }
                    let (app_id, data) = (app_id.as_str(), settings.data.display());
                    log::info!(
                        "the first app is {app_id}; `standin app show --secrets --app {app_id} --data {data}` prints its secrets"
                    );
                }
            }
            let reload = || match is_interactive && !io::stdout().is_terminal() {
                // The terminal was closed, so the server ends with it, as other programs do.
                true => ControlFlow::Break(()),
                false => {
                    reload();
                    ControlFlow::Continue(())
                }
            };
            running.run_until_stopped(reloads, reload).await.map_err(|error| failed(&error))
        })
}

fn failed(error: &io::Error) -> Failure {
    Failure::new(FailureCode::Server, format!("The server failed: {error}."))
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let code = match error.kind {
            StartErrorKind::Address | StartErrorKind::Settings => FailureCode::Usage,
            StartErrorKind::FolderInUse | StartErrorKind::Folder => FailureCode::Folder,
        };
        Self::new(code, error.to_string())
    }
}
