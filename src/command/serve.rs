//! `standin serve`: the server itself.

use clap::{ArgMatches, Command};

use super::{failure::Failure, flags, house::House, log};

const EXAMPLES: &str = "\
Examples:
  standin serve
  standin serve --demo
  standin serve --listen :8080 --data /var/lib/standin --public-url https://chat.example.com
  STANDIN_APP_SECRET_FILE=/run/secrets/app standin serve

Every option can also be a line of standin.toml (listen = \"127.0.0.1:8080\") or a variable (STANDIN_LISTEN).
Secrets have no option, because options can be read in the process list. Variables, each also with _FILE behind it:
STANDIN_SERVER_KEY, STANDIN_ADMIN_PASSWORD, STANDIN_APP_SECRET, STANDIN_LICENSE_KEY, STANDIN_APP_PASSWORD.";

pub(super) fn command() -> Command {
    Command::new("serve").about("Run the server").after_help(EXAMPLES).args(flags::settings())
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let settings = flags::parse(matches)?;
    let _log = log::start(settings.log, settings.log_format);
    raise_file_limit();
    House::serve(&settings)
}

/// Lets this process have as many open files as the system allows it at all: each socket is one, and the usual 1,024 are soon used up.
fn raise_file_limit() {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => ::log::info!("up to {files} files and sockets may be open at one time"),
        Err(error) => ::log::warn!("the limit of open files could not be raised: {error}"),
    }
}
