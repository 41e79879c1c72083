//! The command line, one file for each command. A command that reads or changes data calls the server by HTTP over the
//! control socket; if no server runs, it starts one for itself. So there is never a second writer.

mod admin;
mod app;
mod backup;
mod banner;
mod config;
mod control;
mod doctor;
mod failure;
mod fields;
mod flags;
mod healthcheck;
mod log;
mod output;
mod restore;
mod serve;
mod server;
mod tencent;
mod user;

use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use clap::Command;

use self::failure::FailureCode;

const EXAMPLES: &str = "\
Examples:
  standin                             serve from ./data on http://127.0.0.1:8080
  standin serve --demo                the same with sample users, in a data folder of its own
  standin app show --secrets          what an app or back end needs to connect
  standin user create alice --name Alice
  standin admin create ada --password-stdin < password.txt
                                      an administrator, who signs in to the console
  standin backup standin.tar          all data, while the server runs; standin restore puts it back
  standin config show --origin        every setting and where it comes from
  standin doctor                      checks the data folder, and whether clients reach the server
  standin healthcheck                 whether the server is ready: exit code 0 or 1, for containers

Exit codes:
  0  done
  1  refused: not found, taken, or against a rule; or a check of `doctor` failed
  2  wrong usage or settings, or the address to listen on is in use
  3  the data folder cannot be used, or another process uses it
  4  the server failed or did not answer in time

`standin` alone is `standin serve`, and takes the same options.";

/// Runs the command in `words`, of which the first is the name of the program.
pub(crate) fn run(words: impl Iterator<Item = OsString>) -> ExitCode {
    leave_no_core_file();
    let matches = match standin().try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) => {
            // A closed standard output is no failure of `--help`, and there is nowhere left to report it.
            let _ = error.print();
            return if error.use_stderr() { FailureCode::Usage.into() } else { ExitCode::SUCCESS };
        }
    };
    let done = match matches.subcommand() {
        Some(("admin", matches)) => admin::run(matches),
        Some(("app", matches)) => app::run(matches),
        Some(("user", matches)) => user::run(matches),
        Some(("backup", matches)) => backup::run(matches),
        Some(("restore", matches)) => restore::run(matches),
        Some(("config", matches)) => config::run(matches),
        Some(("doctor", matches)) => doctor::run(matches),
        Some(("healthcheck", matches)) => healthcheck::run(matches),
        Some((_, matches)) => serve::run(matches),
        None => serve::run(&matches),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "standin: {failure}");
            failure.code.into()
        }
    }
}

/// The server key, passwords and tokens are in memory in clear. The system never refuses to lower a limit; if it did,
/// the command would still run.
fn leave_no_core_file() {
    let _ = rlimit::Resource::CORE.set(0, 0);
}

fn standin() -> Command {
    // The top level accepts the settings but does not list them: `standin serve --help` does, under headings.
    let settings = flags::settings().map(|flag| flag.hide(true));
    Command::new("standin")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Stands in for Qiscus Chat, MirrorFly and Tencent Cloud Chat on your own machine")
        .after_help(EXAMPLES)
        .args(settings)
        .args_conflicts_with_subcommands(true)
        .disable_help_subcommand(true)
        .subcommands([
            serve::command(),
            app::command(),
            user::command(),
            admin::command(),
            backup::command(),
            restore::command(),
            config::command(),
            doctor::command(),
            healthcheck::command(),
        ])
}

#[cfg(test)]
#[path = "../../tests/unit/command.rs"]
mod tests;
