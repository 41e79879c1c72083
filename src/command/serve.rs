//! `standin serve`: the server itself.

use std::io;

use clap::{ArgMatches, Command};
use standin::settings::{self, Settings};

use super::{failure::Failure, flags, log, server};

const EXAMPLES: &str = "\
Examples:
  standin serve
  standin serve --demo
  standin serve --listen :8080 --data /var/lib/standin --public-url https://chat.example.com
  STANDIN_APP_SECRET_FILE=/run/secrets/app standin serve

Every option can also be a line of standin.toml (listen = \"127.0.0.1:8080\") or a variable (STANDIN_LISTEN).
Secrets have no option, because the process list shows options. Their variables, each also with _FILE at the end:
STANDIN_SERVER_KEY, STANDIN_ADMIN_PASSWORD, STANDIN_APP_SECRET, STANDIN_LICENSE_KEY, STANDIN_APP_PASSWORD.";

pub(super) fn command() -> Command {
    Command::new("serve").about("Run the server").after_help(EXAMPLES).args(flags::settings())
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    keep_to_few_arenas();
    let raw = flags::gather(matches)?;
    let settings = Settings::parse(&raw)?;
    let log = log::start(settings.log, settings.log_format);
    if let Some(warning) = settings::warning_of_ignored(raw.ignored_variables()) {
        ::log::warn!("{warning}");
    }
    let files = rlimit::increase_nofile_limit(u64::MAX);
    server::serve(&settings, || log_file_limit(files), || reload(matches, &log))
}

/// Reads the settings again and applies the log level. All other settings take effect at the next start.
fn reload(matches: &ArgMatches, log: &log::Log) {
    match flags::parse(matches) {
        Ok(settings) => log.set_level(settings.log),
        Err(failure) => ::log::error!("the settings could not be read again, so the former ones stay: {failure}"),
    }
}

/// Starts this process again with one allocator arena for two cores. glibc makes up to eight for each core and keeps in
/// each the most memory that it ever used at one time. It reads the number only from the environment of a starting
/// process.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn keep_to_few_arenas() {
    use std::{env, os::unix::process::CommandExt as _, process, thread};

    const ARENAS: &str = "MALLOC_ARENA_MAX";
    if [ARENAS, "GLIBC_TUNABLES"].into_iter().any(|name| env::var_os(name).is_some()) {
        return;
    }
    let Ok(program) = env::current_exe() else { return };
    let arenas = thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2));
    let mut words = env::args_os();
    let mut again = process::Command::new(program);
    again.env(ARENAS, arenas.to_string());
    if let Some(name) = words.next() {
        again.arg0(name);
    }
    // It returns only if the system refused. Then the process goes on with more arenas.
    let _ = again.args(words).exec();
}

/// Logs how many files this process may have open. It takes as many as the system allows, because each socket needs one.
fn log_file_limit(raised: io::Result<u64>) {
    match raised {
        Ok(files) => ::log::info!("up to {files} files and sockets may be open at one time"),
        Err(error) => ::log::warn!("the limit of open files could not be raised: {error}"),
    }
}
