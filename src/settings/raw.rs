//! Where settings come from: texts with their origin, before anything looks at what they say.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt, fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use super::{
    DEMO_DEFAULTS, Wrong,
    memory::{self, Read},
    table::{self, Preset, SETTINGS, Setting},
    unknown,
};
use crate::domain::secret::Secret;

/// The settings file that is read from the working directory if it is there.
pub const FILE: &str = "standin.toml";
/// The variable that names another settings file. No setting itself: a settings file cannot name one.
pub const FILE_VARIABLE: &str = "STANDIN_CONFIG";

/// What all our variables begin with. One that begins so and is like a setting's, but none, stops the start; any other is ignored.
pub(super) const VARIABLE_PREFIX: &str = "STANDIN_";
/// What turns a secret's name into that of the setting that names its file.
pub(super) const FILE_SUFFIX: &str = "_file";
/// The largest settings or secret file; a path that leads to something endless is refused instead of read for ever.
pub const FILE_BYTES_MAX: u64 = 64 * 1024;
/// The most memory that unpacking pictures takes unless somebody says otherwise: 256 MiB.
const DECODE_BUDGET_BYTES_MAX: u64 = 256 << 20;
/// The share of the usable memory that unpacking pictures takes.
const DECODE_BUDGET_SHARE: u64 = 4;
/// The most memory that requests being read take unless an operator says otherwise: 24 MiB.
const READ_BUDGET_BYTES_MAX: u64 = 24 << 20;
/// The least: enough for some requests of the largest size side by side, 8 MiB.
const READ_BUDGET_BYTES_MIN: u64 = 8 << 20;
/// The share of the usable memory that requests being read take.
const READ_BUDGET_SHARE: u64 = 16;
/// What is taken where the system does not say how much memory there is: enough for a common photo, 64 MiB.
const DECODE_BUDGET_BYTES_BLIND: u64 = 64 << 20;

/// What settings are looked up in: the process's own for the program, anything for a test.
pub struct Surroundings<'a> {
    /// Values of flags, by the name of their setting.
    pub flags: Vec<(&'static str, String)>,
    /// The settings file that a flag named.
    pub file: Option<PathBuf>,
    /// All variables of the environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Reads a file.
    pub read: Read<'a>,
    /// Processor cores this process may use.
    pub cores: usize,
}

/// Who gave a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody: it is the default.
    Default,
    /// Nobody: it is the default under `--demo`.
    Demo,
    /// The settings file of this path.
    File(PathBuf),
    /// The variable of this name.
    Variable(String),
    /// The flag of this name, without its dashes.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Demo => f.write_str("default of --demo"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(name) => write!(f, "--{name}"),
        }
    }
}

/// The value of one setting as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The text; masked in `Debug` whatever the setting, because any value may hold what its author did not mean to show.
    pub text: Secret,
    /// Who gave it.
    pub origin: Origin,
}

/// Every setting's text and origin.
#[derive(Debug)]
pub struct Raw {
    given: BTreeMap<&'static str, Given>,
    ignored: Vec<String>,
}

impl Raw {
    /// Looks every setting up: flags > variables > settings file > defaults. An empty variable counts as not given.
    /// # Errors
    /// An unknown key, a variable whose name is a mistyped one, a setting given twice in one place, a file that cannot be read.
    pub fn gather(surroundings: &Surroundings<'_>) -> Result<Self, Wrong> {
        let mut given = from_file(surroundings)?;
        let (variables, ignored) = from_environment(surroundings)?;
        given.extend(variables);
        given.extend(surroundings.flags.iter().filter_map(|(name, text)| {
            let setting = SETTINGS.iter().find(|setting| setting.name == *name)?;
            Some((setting.name, Given { text: Secret::new(text), origin: Origin::Flag(setting.flag()?) }))
        }));
        let is_demo = given.get(table::DEMO.name).is_some_and(|demo| demo.text.expose() == "true");
        for setting in SETTINGS {
            let sample = DEMO_DEFAULTS.iter().find(|(sampled, _)| is_demo && *sampled == setting);
            let default = match sample {
                Some((_, text)) => Some(Given { text: Secret::new(*text), origin: Origin::Demo }),
                None => preset(setting, surroundings).map(|text| Given { text, origin: Origin::Default }),
            };
            if let Some(default) = default {
                given.entry(setting.name).or_insert(default);
            }
        }
        Ok(Self { given, ignored })
    }

    /// The variables that begin with `STANDIN_` and were ignored, by name.
    pub fn ignored_variables(&self) -> &[String] {
        &self.ignored
    }

    /// What a setting was given, or its default; none if it is unset.
    pub fn get(&self, setting: &Setting) -> Option<&Given> {
        self.given.get(setting.name)
    }

    /// Every setting in the table's order, with what it was given.
    pub fn entries(&self) -> impl Iterator<Item = (&'static Setting, Option<&Given>)> {
        SETTINGS.into_iter().map(|setting| (setting, self.get(setting)))
    }
}

fn preset(setting: &Setting, surroundings: &Surroundings<'_>) -> Option<Secret> {
    match setting.preset {
        Preset::Text(text) => Some(Secret::new(text)),
        Preset::Unset(_) => None,
        Preset::Found(_) if *setting == table::WORKERS => Some(Secret::new(surroundings.cores.to_string())),
        Preset::Found(_) if *setting == table::READ_BUDGET_BYTES => {
            let share = memory::usable_bytes(surroundings.read).map(|bytes| bytes / READ_BUDGET_SHARE);
            let budget = share.unwrap_or_default().clamp(READ_BUDGET_BYTES_MIN, READ_BUDGET_BYTES_MAX);
            Some(Secret::new(budget.to_string()))
        }
        Preset::Found(_) => {
            let share = memory::usable_bytes(surroundings.read).map(|bytes| bytes / DECODE_BUDGET_SHARE);
            let budget = share.unwrap_or(DECODE_BUDGET_BYTES_BLIND).min(DECODE_BUDGET_BYTES_MAX);
            Some(Secret::new(budget.to_string()))
        }
    }
}

type Level = BTreeMap<&'static str, Given>;

/// Adds one value to those of one place, where a secret may be given by itself or by its file but not by both.
fn add(level: &mut Level, setting: &'static Setting, given: Given) -> Result<(), Wrong> {
    match level.insert(setting.name, given) {
        None => Ok(()),
        Some(_) => Err(Wrong::twice(setting)),
    }
}

/// The setting that a key of the settings file means, and whether the value is the name of the file that holds it.
fn find(key: &str) -> Option<(&'static Setting, bool)> {
    SETTINGS.into_iter().find_map(|setting| match key.strip_prefix(setting.name)? {
        "" => Some((setting, false)),
        FILE_SUFFIX if setting.is_secret() => Some((setting, true)),
        _ => None,
    })
}

/// Every key that a settings file may have.
pub(super) fn known_keys() -> impl Iterator<Item = String> {
    let files = SETTINGS.into_iter().filter(|setting| setting.is_secret());
    let files = files.map(|setting| format!("{}{FILE_SUFFIX}", setting.name));
    SETTINGS.into_iter().map(|setting| setting.name.to_owned()).chain(files)
}

/// The known key that is most like `key`.
fn nearest(key: &str) -> String {
    known_keys().min_by_key(|known| strsim::damerau_levenshtein(known, key)).unwrap_or_default()
}

fn from_file(surroundings: &Surroundings<'_>) -> Result<Level, Wrong> {
    let variable = surroundings.environment.iter().find(|(name, value)| name == FILE_VARIABLE && !value.is_empty());
    let named = surroundings.file.clone().or_else(|| variable.map(|(_, value)| PathBuf::from(value)));
    let path = named.clone().unwrap_or_else(|| PathBuf::from(FILE));
    let bytes = match (surroundings.read)(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => return Ok(Level::new()),
        read => read.map_err(|error| Wrong::unreadable(&path, &error))?,
    };
    let text = String::from_utf8(bytes).map_err(|_| Wrong::not_text(&path))?;
    let table = toml::from_str::<toml::Table>(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        Wrong::no_toml(&path, before.matches('\n').count() + 1, error.message())
    })?;
    let mut level = Level::new();
    for (key, value) in table {
        let (setting, is_file) = find(&key).ok_or_else(|| Wrong::unknown_key(&path, &key, &nearest(&key)))?;
        let origin = Origin::File(path.clone());
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(switch) => switch.to_string(),
            toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => {
                return Err(Wrong::value(setting, &origin));
            }
        };
        add(&mut level, setting, taken(setting, is_file, text, origin, surroundings.read)?)?;
    }
    Ok(level)
}

/// What the variables give, and the names of those that are no settings.
fn from_environment(surroundings: &Surroundings<'_>) -> Result<(Level, Vec<String>), Wrong> {
    let (mut level, mut ignored) = (Level::new(), Vec::new());
    for (name, value) in &surroundings.environment {
        let Some(name) = name.to_str().filter(|name| name.starts_with(VARIABLE_PREFIX)) else { continue };
        if name == FILE_VARIABLE {
            continue;
        }
        let key = name.strip_prefix(VARIABLE_PREFIX).unwrap_or_default().to_ascii_lowercase();
        // Variables are written in capitals: another spelling of the same letters is a mistyped one.
        let known = find(&key).filter(|_| !name.bytes().any(|b| b.is_ascii_lowercase()));
        let is_address = value.to_str().is_some_and(|value| unknown::is_service_address(&key, value));
        let Some((setting, is_file)) = known.filter(|_| !is_address) else {
            if let Some(meant) = unknown::mistyped(&key).filter(|_| !is_address) {
                return Err(Wrong::unknown_variable(name, &format!("{VARIABLE_PREFIX}{}", meant.to_ascii_uppercase())));
            }
            ignored.push(name.to_owned());
            continue;
        };
        let origin = Origin::Variable(name.to_owned());
        let text = value.to_str().ok_or_else(|| Wrong::value(setting, &origin))?;
        if !text.is_empty() {
            add(&mut level, setting, taken(setting, is_file, text.to_owned(), origin, surroundings.read)?)?;
        }
    }
    ignored.sort_unstable();
    Ok((level, ignored))
}

/// A value as given, or what the file of that name holds.
fn taken(setting: &Setting, is_file: bool, text: String, origin: Origin, read: Read<'_>) -> Result<Given, Wrong> {
    if !is_file {
        return Ok(Given { text: Secret::new(text), origin });
    }
    let path = Path::new(&text);
    let held = read(path).map_err(|error| Wrong::unreadable(path, &error))?;
    let held = String::from_utf8(held).map_err(|_| Wrong::value(setting, &origin))?;
    Ok(Given { text: Secret::new(without_line_end(&held)), origin })
}

/// A text without the line end that editors and `echo` leave behind a secret.
pub fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

/// Reads a file of at most [`FILE_BYTES_MAX`] from the disk.
/// # Errors
/// The system's, and one of our own for a larger file.
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    read_bounded(fs::File::open(path)?)
}

/// Reads at most [`FILE_BYTES_MAX`] to their end.
/// # Errors
/// The system's, and one of our own for more.
pub fn read_bounded(source: impl io::Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > FILE_BYTES_MAX {
        true => Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 64 KiB")),
        false => Ok(bytes),
    }
}
