//! The texts of all settings, with their origin, before they are parsed; and variables with our prefix that are no
//! settings: Kubernetes and container links set some for every service called standin
//! (`STANDIN_PORT=tcp://10.0.0.1:8080`). They must not stop the start, but a mistyped setting must.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt, fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use super::{
    error::SettingsError,
    memory::ReadFile,
    setting::{Setting, SettingDefault},
    table::{self, SETTINGS},
};
use crate::domain::Secret;

/// The settings file that is read from the working directory if it exists.
pub const FILE: &str = "standin.toml";
/// The variable that names another settings file. A settings file cannot name one.
pub const FILE_VARIABLE: &str = "STANDIN_CONFIG";

/// A variable with this prefix that is no setting stops the start if its name resembles one; otherwise it is ignored.
pub(super) const VARIABLE_PREFIX: &str = "STANDIN_";
pub(super) const FILE_SUFFIX: &str = "_file";
/// The largest settings or secret file: a path may lead to an endless device.
pub const FILE_BYTES_MAX: u64 = 64 * 1024;
/// Where settings are looked up: in the process for the program, anywhere for a test.
pub struct SettingSources<'a> {
    /// By the name of their setting.
    pub flags: Vec<(&'static str, String)>,
    pub file: Option<PathBuf>,
    pub environment: Vec<(OsString, OsString)>,
    pub read: ReadFile<'a>,
    pub cores: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueOrigin {
    Default,
    Demo,
    File(PathBuf),
    Variable(String),
    Flag(String),
}

impl fmt::Display for ValueOrigin {
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingValue {
    /// Masked in `Debug` for every setting, because an operator may put a secret into the wrong one.
    pub text: Secret,
    pub origin: ValueOrigin,
}

#[derive(Debug)]
pub struct RawSettings {
    given: BTreeMap<&'static str, SettingValue>,
    ignored: Vec<String>,
}

impl RawSettings {
    /// Flags > variables > settings file > defaults. An empty variable counts as missing.
    /// # Errors
    /// An unknown key, a variable whose name resembles a setting, a setting given twice in one place, a file that
    /// cannot be read.
    pub fn gather(sources: &SettingSources<'_>) -> Result<Self, SettingsError> {
        let mut given = from_file(sources)?;
        let (variables, ignored) = from_environment(sources)?;
        given.extend(variables);
        given.extend(sources.flags.iter().filter_map(|(name, text)| {
            let setting = SETTINGS.iter().find(|setting| setting.name == *name)?;
            Some((setting.name, SettingValue { text: Secret::new(text), origin: ValueOrigin::Flag(setting.flag()?) }))
        }));
        let is_demo = given.get(table::DEMO.name).is_some_and(|demo| demo.text.expose() == "true");
        for setting in SETTINGS {
            if let Some(default) = default(setting, is_demo, sources) {
                given.entry(setting.name).or_insert(default);
            }
        }
        Ok(Self { given, ignored })
    }

    pub fn ignored_variables(&self) -> &[String] {
        &self.ignored
    }

    pub fn get(&self, setting: &Setting) -> Option<&SettingValue> {
        self.given.get(setting.name)
    }

    pub fn entries(&self) -> impl Iterator<Item = (&'static Setting, Option<&SettingValue>)> {
        SETTINGS.into_iter().map(|setting| (setting, self.get(setting)))
    }
}

fn default(setting: &Setting, is_demo: bool, sources: &SettingSources<'_>) -> Option<SettingValue> {
    if let Some(text) = setting.demo.filter(|_| is_demo) {
        return Some(SettingValue { text: Secret::new(text), origin: ValueOrigin::Demo });
    }
    let text = match setting.default {
        SettingDefault::Fixed(text) => text.to_owned(),
        SettingDefault::Found(_, find) => find(sources).to_string(),
        SettingDefault::Unset(_) => return None,
    };
    Some(SettingValue { text: Secret::new(text), origin: ValueOrigin::Default })
}

type Level = BTreeMap<&'static str, SettingValue>;

fn add(level: &mut Level, setting: &'static Setting, given: SettingValue) -> Result<(), SettingsError> {
    match level.insert(setting.name, given) {
        None => Ok(()),
        Some(_) => Err(SettingsError::twice(setting)),
    }
}

fn find(key: &str) -> Option<(&'static Setting, bool)> {
    SETTINGS.into_iter().find_map(|setting| match key.strip_prefix(setting.name)? {
        "" => Some((setting, false)),
        FILE_SUFFIX if setting.is_secret() => Some((setting, true)),
        _ => None,
    })
}

pub(super) fn known_keys() -> impl Iterator<Item = String> {
    let files = SETTINGS.into_iter().filter(|setting| setting.is_secret());
    let files = files.map(|setting| format!("{}{FILE_SUFFIX}", setting.name));
    SETTINGS.into_iter().map(|setting| setting.name.to_owned()).chain(files)
}

fn nearest(key: &str) -> String {
    known_keys().min_by_key(|known| strsim::damerau_levenshtein(known, key)).unwrap_or_default()
}

fn from_file(sources: &SettingSources<'_>) -> Result<Level, SettingsError> {
    let variable = sources.environment.iter().find(|(name, value)| name == FILE_VARIABLE && !value.is_empty());
    let named = sources.file.clone().or_else(|| variable.map(|(_, value)| PathBuf::from(value)));
    let path = named.clone().unwrap_or_else(|| PathBuf::from(FILE));
    let bytes = match (sources.read)(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => return Ok(Level::new()),
        read => read.map_err(|error| SettingsError::unreadable(&path, &error))?,
    };
    let text = String::from_utf8(bytes).map_err(|_| SettingsError::not_text(&path))?;
    let table = toml::from_str::<toml::Table>(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        SettingsError::no_toml(&path, before.matches('\n').count() + 1, error.message())
    })?;
    let mut level = Level::new();
    for (key, value) in table {
        let (setting, is_file) = find(&key).ok_or_else(|| SettingsError::unknown_key(&path, &key, &nearest(&key)))?;
        let origin = ValueOrigin::File(path.clone());
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(switch) => switch.to_string(),
            toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => {
                return Err(SettingsError::value(setting, &origin));
            }
        };
        add(&mut level, setting, taken(setting, is_file, text, origin, sources.read)?)?;
    }
    Ok(level)
}

fn from_environment(sources: &SettingSources<'_>) -> Result<(Level, Vec<String>), SettingsError> {
    let (mut level, mut ignored) = (Level::new(), Vec::new());
    for (name, value) in &sources.environment {
        let Some(name) = name.to_str().filter(|name| name.starts_with(VARIABLE_PREFIX)) else { continue };
        if name == FILE_VARIABLE {
            continue;
        }
        let key = name.strip_prefix(VARIABLE_PREFIX).unwrap_or_default().to_ascii_lowercase();
        // Variables are in capitals: another spelling of the same letters is a mistyped one.
        let known = find(&key).filter(|_| !name.bytes().any(|b| b.is_ascii_lowercase()));
        let is_address = value.to_str().is_some_and(|value| is_service_address(&key, value));
        let Some((setting, is_file)) = known.filter(|_| !is_address) else {
            if let Some(meant) = mistyped(&key).filter(|_| !is_address) {
                return Err(SettingsError::unknown_variable(
                    name,
                    &format!("{VARIABLE_PREFIX}{}", meant.to_ascii_uppercase()),
                ));
            }
            ignored.push(name.to_owned());
            continue;
        };
        let origin = ValueOrigin::Variable(name.to_owned());
        let text = value.to_str().ok_or_else(|| SettingsError::value(setting, &origin))?;
        if !text.is_empty() {
            add(&mut level, setting, taken(setting, is_file, text.to_owned(), origin, sources.read)?)?;
        }
    }
    ignored.sort_unstable();
    Ok((level, ignored))
}

fn taken(
    setting: &Setting,
    is_file: bool,
    text: String,
    origin: ValueOrigin,
    read: ReadFile<'_>,
) -> Result<SettingValue, SettingsError> {
    if !is_file {
        return Ok(SettingValue { text: Secret::new(text), origin });
    }
    let path = Path::new(&text);
    let held = read(path).map_err(|error| SettingsError::unreadable(path, &error))?;
    let held = String::from_utf8(held).map_err(|_| SettingsError::value(setting, &origin))?;
    Ok(SettingValue { text: Secret::new(without_line_end(&held)), origin })
}

/// Removes the line end that editors and `echo` append to a secret.
pub fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

/// Reads a file of at most [`FILE_BYTES_MAX`]; a larger one is an error.
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    read_bounded(fs::File::open(path)?)
}

/// Reads to the end, at most [`FILE_BYTES_MAX`]; more is an error.
pub fn read_bounded(source: impl io::Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > FILE_BYTES_MAX {
        true => Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 64 KiB")),
        false => Ok(bytes),
    }
}

/// Prefixes of the addresses that container links set.
const PROTOCOLS: [&str; 3] = ["tcp://", "udp://", "sctp://"];

/// Names in one warning.
const LISTED_MAX: usize = 32;

/// Allows added, missing, wrong or swapped letters. For `log` only one, because two would leave one letter.
fn typos_max(known: &str) -> usize {
    match known.len() {
        ..6 => 1,
        6..12 => 2,
        12.. => 3,
    }
}

/// `key` is the variable without the prefix, in lower case.
pub(super) fn mistyped(key: &str) -> Option<String> {
    // Only secrets have a setting for a file, but operators may try it with others.
    near(key).or_else(|| near(key.strip_suffix(FILE_SUFFIX)?))
}

fn near(key: &str) -> Option<String> {
    let settings_file = FILE_VARIABLE.strip_prefix(VARIABLE_PREFIX).unwrap_or_default().to_ascii_lowercase();
    let typos = |known: String| {
        let typos = strsim::damerau_levenshtein(&known, key);
        (typos <= typos_max(&known)).then_some((typos, known))
    };
    known_keys().chain([settings_file]).filter_map(typos).min().map(|(_, known)| known)
}

/// A service called `standin-socket` sets `STANDIN_SOCKET_PORT=tcp://10.0.0.1:8080`, which is the name of a setting.
pub(super) fn is_service_address(key: &str, value: &str) -> bool {
    (key == "port" || key.ends_with("_port")) && PROTOCOLS.iter().any(|protocol| value.starts_with(protocol))
}

/// Returns the warning about ignored variables. It names them and shows no value.
pub fn warning_of_ignored(ignored: &[String]) -> Option<String> {
    let listed: Vec<String> = ignored.iter().take(LISTED_MAX).map(|name| name.escape_debug().to_string()).collect();
    let more = match ignored.len().saturating_sub(LISTED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!listed.is_empty()).then(|| {
        format!(
            "ignored variables that are no settings: {}{more}; Kubernetes and container links set such names for a service called standin",
            listed.join(", ")
        )
    })
}
