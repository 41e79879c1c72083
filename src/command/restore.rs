//! `standin restore`: makes a data folder of a backup.

use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::json;
use standin::server::restore::{self, RestoreError, RestoreErrorKind, RestoreOptions, Restored};

use super::{
    app::{answer, json_flag},
    backup::{file, given},
    failure::{Failure, FailureCode},
    flags,
};

const EXAMPLES: &str = "\
Examples:
  standin restore standin.tar --data /var/lib/standin
  standin restore standin.tar --replace
  STANDIN_SERVER_KEY_FILE=/run/secrets/standin standin restore standin.tar

No server may run on the data folder. Everything is checked before anything is changed: a damaged backup, or one whose server key is
missing, changes nothing. The key is that of STANDIN_SERVER_KEY if given, else the one in the backup, else the one in the folder.";

pub(super) fn command() -> Command {
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    Command::new("restore")
        .about("Fill a data folder from a backup")
        .after_help(EXAMPLES)
        .arg(file().required(true))
        .arg(flag("replace").help("If the data folder is not empty, move its content aside; it is kept"))
        .arg(flag("new-key").help("Make a new server key; secrets that the former key opens are lost and made anew"))
        .args(flags::folder())
        .arg(json_flag())
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let target = given(matches)?;
    let settings = flags::parse(matches)?;
    let options = RestoreOptions { replace: matches.get_flag("replace"), new_key: matches.get_flag("new-key") };
    let restored = restore::restore(&settings, &target, options)?;
    let Restored { manifest, before, after, former, lost } = &restored;
    let told = json!({
        "data": settings.data.display().to_string(), "manifest": manifest, "before": before, "after": after,
        "former": former, "lost": lost, "new_key": options.new_key,
    });
    answer(matches, &told, |_| {
        let data = settings.data.display();
        let before = before.map_or_else(|| "a database that could not be read".to_owned(), |held| held.to_string());
        let mut lines = vec![
            format!("{data} is restored from {}, made {}.", target.display(), manifest.made_at),
            format!("before: {before}"),
            format!("after:  {after}"),
        ];
        lines.extend(
            former
                .as_ref()
                .map(|former| format!("The former content is in {data}/{former}: delete it when you do not need it.")),
        );
        if manifest.files_lost > 0 {
            let (files, names) = (manifest.files_lost, lost.join(" "));
            lines.push(format!("{files} picture files were missing on the disk when the backup was made: {names}"));
        }
        if options.new_key {
            lines.push(new_key_note(&data.to_string()));
        }
        lines.join("\n") + "\n"
    })
}

fn new_key_note(data: &str) -> String {
    format!(
        "A new server key is in {data}/server.key. These were lost with the former key and made anew: the secret, the licence key and the issued \
         account password of each app (`standin app show --secrets --app APP_ID --data {data}`), the token and the issued password of each user. \
         Passwords that users chose are still valid."
    )
}

impl From<RestoreError> for Failure {
    fn from(error: RestoreError) -> Self {
        let code = match error.kind {
            RestoreErrorKind::Arguments => FailureCode::Usage,
            RestoreErrorKind::Refused => FailureCode::Refused,
            RestoreErrorKind::Folder => FailureCode::Folder,
        };
        Self::new(code, error.to_string())
    }
}
