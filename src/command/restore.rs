//! `standin restore`: a backup becomes a data folder.

use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::json;
use standin::server::restore::{self, RestoreError, RestoreErrorKind, RestoreOptions, Restored};

use super::{
    app::{answer, json_flag},
    backup::{file, given},
    failure::{Code, Failure},
    flags,
};

const EXAMPLES: &str = "\
Examples:
  standin restore standin.tar --data /var/lib/standin
  standin restore standin.tar --replace
  STANDIN_SERVER_KEY_FILE=/run/secrets/standin standin restore standin.tar

No server may run on the data folder. Everything is checked before anything is put in its place: a backup that is damaged, or whose
server key is not at hand, changes nothing. The key is that of STANDIN_SERVER_KEY where it is given, else the one inside, else the folder's.";

pub(super) fn command() -> Command {
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    Command::new("restore")
        .about("Fill a data folder from a backup")
        .after_help(EXAMPLES)
        .arg(file().required(true))
        .arg(flag("replace").help("Where the data folder holds something, move that aside; it is kept"))
        .arg(flag("new-key").help("Make a new server key: secrets that the former one opens are lost, and drawn anew"))
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
                .map(|former| format!("What it held is in {data}/{former}: delete that when you miss nothing.")),
        );
        if manifest.files_lost > 0 {
            let (files, names) = (manifest.files_lost, lost.join(" "));
            lines.push(format!("{files} files of pictures were gone from the disk when the backup was made: {names}"));
        }
        if options.new_key {
            lines.push(new_key_note(&data.to_string()));
        }
        lines.join("\n") + "\n"
    })
}

fn new_key_note(data: &str) -> String {
    format!(
        "A new server key is in {data}/server.key. Lost with the former one, and drawn anew: the secret, the licence key and the issued \
         account password of each app (`standin app show --secrets --app APP_ID --data {data}`), the token and the issued password of each user. \
         Passwords that people chose open their accounts as before."
    )
}

impl From<RestoreError> for Failure {
    fn from(error: RestoreError) -> Self {
        let code = match error.kind {
            RestoreErrorKind::Arguments => Code::Usage,
            RestoreErrorKind::Refused => Code::Refused,
            RestoreErrorKind::Folder => Code::Folder,
        };
        Self::new(code, error.to_string())
    }
}
