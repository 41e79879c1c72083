//! The command line: words in, an exit code out. What the commands do is in `command`.

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::run(std::env::args_os())
}
