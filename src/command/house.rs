//! The one place where the command line starts a server.

use standin::settings::Settings;

use super::failure::{Code, Failure};

/// A server that answers on the control socket alone, for the time of one command.
pub(super) struct House;

impl House {
    pub(super) async fn open(settings: Settings) -> Result<Self, Failure> {
        let data = settings.data.display();
        let sentence =
            format!("No server runs on the data folder {data}: start one with `standin serve --data {data}`.");
        Err(Failure::new(Code::Folder, sentence))
    }

    pub(super) async fn close(self) {}

    /// Serves until the process is told to stop.
    pub(super) fn serve(_settings: Settings) -> Result<(), Failure> {
        Err(Failure::new(Code::Server, "This build has no server."))
    }
}
