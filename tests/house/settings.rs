//! Settings: where they come from, in which order, and what is refused in which words.

use std::{
    collections::HashMap,
    ffi::OsString,
    io,
    num::NonZeroU16,
    path::{Path, PathBuf},
};

use standin::{
    domain::{app::Registration, caller::MetricsAccess, id::Host, storage::Durability},
    settings::{
        Listen, LogFormat, RawSettings, SETTINGS, Setting, SettingDefault, SettingForm, SettingSources, Settings,
        TlsFiles, ValueOrigin, warning_of_ignored,
    },
};

use super::standin::Standin;

/// A machine of its own for one test: files by path, variables, flags.
#[derive(Default)]
struct Machine {
    files: HashMap<&'static str, String>,
    environment: Vec<(&'static str, String)>,
    flags: Vec<(&'static str, &'static str)>,
    named: Option<&'static str>,
}

impl Machine {
    fn file(mut self, path: &'static str, text: &str) -> Self {
        self.files.insert(path, text.to_owned());
        self
    }

    fn variable(mut self, name: &'static str, text: &str) -> Self {
        self.environment.push((name, text.to_owned()));
        self
    }

    fn flag(mut self, name: &'static str, text: &'static str) -> Self {
        self.flags.push((name, text));
        self
    }

    fn named(mut self, path: &'static str) -> Self {
        self.named = Some(path);
        self
    }

    fn gather(&self) -> Result<RawSettings, String> {
        let read = |path: &Path| match self.files.get(path.to_str().unwrap()) {
            Some(text) => Ok(text.clone().into_bytes()),
            None => Err(io::Error::from(io::ErrorKind::NotFound)),
        };
        let surroundings = SettingSources {
            flags: self.flags.iter().map(|(name, text)| (*name, (*text).to_owned())).collect(),
            file: self.named.map(PathBuf::from),
            environment: self.environment.iter().map(|(name, text)| (name.into(), text.into())).collect(),
            read: &read,
            cores: 3,
        };
        RawSettings::gather(&surroundings).map_err(|wrong| wrong.to_string())
    }

    fn parse(&self) -> Result<Settings, String> {
        Settings::parse(&self.gather()?).map_err(|wrong| wrong.to_string())
    }

    fn refusal(&self) -> String {
        match self.parse() {
            Ok(_) => panic!("was taken"),
            Err(sentence) => sentence,
        }
    }
}

fn plain(address: &str) -> Listen {
    Listen { address: address.parse().unwrap(), tls: false }
}

fn setting(name: &str) -> &'static Setting {
    SETTINGS.into_iter().find(|setting| setting.name == name).unwrap_or_else(|| panic!("no setting {name}"))
}

fn given(raw: &RawSettings, name: &str) -> (String, String) {
    let given = raw.get(setting(name)).expect("it has a value");
    (given.text.expose().to_owned(), given.origin.to_string())
}

#[test]
fn without_anything_given_the_documented_defaults_hold() {
    let settings = Machine::default().parse().unwrap();
    assert_eq!(settings.listen, [plain("127.0.0.1:8080")]);
    assert_eq!(settings.tls(), None);
    assert_eq!(settings.data, Path::new("./data"));
    assert_eq!(settings.public_url, None);
    assert_eq!((settings.socket_host, settings.socket_port), (None, None));
    assert!(!settings.demo);
    assert_eq!(settings.durability, Durability::Full);
    assert_eq!(settings.workers, 3);
    assert_eq!(settings.log, log::LevelFilter::Info);
    assert_eq!(settings.log_format, LogFormat::Text);
    assert_eq!(settings.metrics, MetricsAccess::Loopback);
    let pictures = settings.pictures;
    assert_eq!(pictures.file_bytes_max, 10 << 20);
    assert_eq!(pictures.pixels_max, 32_000_000);
    assert_eq!(pictures.side_px_max, 12_000);
    assert_eq!(pictures.decoded_bytes_max, 128 << 20);
    assert_eq!(pictures.decode_budget_bytes, 64 << 20, "a machine that does not tell its memory");
    assert_eq!(pictures.cache_bytes, 32 << 20);
    assert_eq!((pictures.uploads_per_minute.get(), pictures.uploads_per_day.get()), (10, 100));
    assert!(settings.server_key.is_none());
    let app = settings.first_app;
    assert!(app.app_id.is_none() && app.secret.is_none() && app.sdk_app_id.is_none());
    assert!(app.license_key.is_none() && app.account_password.is_none() && app.registration.is_none());
}

#[test]
fn flags_beat_variables_beat_the_file_beats_defaults() {
    let machine = Machine::default();
    assert_eq!(given(&machine.gather().unwrap(), "log"), ("info".to_owned(), "default".to_owned()));
    let machine = machine.file("standin.toml", "log = 'error'");
    assert_eq!(given(&machine.gather().unwrap(), "log"), ("error".to_owned(), "standin.toml".to_owned()));
    let machine = machine.variable("STANDIN_LOG", "warn");
    assert_eq!(given(&machine.gather().unwrap(), "log"), ("warn".to_owned(), "STANDIN_LOG".to_owned()));
    let machine = machine.flag("log", "debug");
    assert_eq!(given(&machine.gather().unwrap(), "log"), ("debug".to_owned(), "--log".to_owned()));
    assert_eq!(machine.parse().unwrap().log, log::LevelFilter::Debug);
}

#[test]
fn the_settings_file_is_named_by_the_flag_or_else_the_variable() {
    let machine = Machine::default().file("standin.toml", "workers = 1").file("/etc/a", "workers = 2");
    let machine = machine.file("/etc/b", "workers = 4");
    assert_eq!(machine.parse().unwrap().workers, 1);
    let machine = machine.variable("STANDIN_CONFIG", "/etc/a");
    assert_eq!(machine.parse().unwrap().workers, 2);
    let machine = machine.named("/etc/b");
    assert_eq!(machine.parse().unwrap().workers, 4);
    assert_eq!(given(&machine.gather().unwrap(), "workers").1, "/etc/b");
}

#[test]
fn a_named_settings_file_must_be_there() {
    assert_eq!(Machine::default().named("x.toml").refusal(), "The file x.toml cannot be read: entity not found.");
}

#[test]
fn an_empty_variable_counts_as_not_given() {
    let machine = Machine::default().variable("STANDIN_LISTEN", "").variable("STANDIN_APP_SECRET_FILE", "");
    assert_eq!(given(&machine.variable("STANDIN_CONFIG", "").gather().unwrap(), "listen").1, "default");
}

#[test]
fn every_setting_can_be_given_in_the_file_and_by_its_variable() {
    for setting in SETTINGS {
        let text = valid(setting);
        let toml = format!("{} = {}", setting.name, toml::Value::from(text));
        let from_file = beside(setting).file("standin.toml", &toml);
        from_file.parse().unwrap_or_else(|wrong| panic!("{wrong}"));
        assert_eq!(given(&from_file.gather().unwrap(), setting.name), (text.to_owned(), "standin.toml".to_owned()));

        let mut from_variable = beside(setting);
        from_variable.environment.push((setting.variable().leak(), text.to_owned()));
        from_variable.parse().unwrap_or_else(|wrong| panic!("{wrong}"));
        assert_eq!(given(&from_variable.gather().unwrap(), setting.name), (text.to_owned(), setting.variable()));
    }
}

#[test]
fn a_value_of_the_wrong_form_is_refused_with_its_name_its_origin_and_the_form() {
    for setting in SETTINGS {
        let mut machine = Machine::default();
        machine.environment.push((setting.variable().leak(), wrong(setting)));
        let expected = format!("{} (from {}) must be {}.", setting.name, setting.variable(), setting.form);
        assert_eq!(machine.refusal(), expected);
    }
    let machine = Machine::default().file("standin.toml", "demo = 'yes'");
    assert_eq!(machine.refusal(), "demo (from standin.toml) must be true or false.");
    assert_eq!(
        Machine::default().flag("workers", "0").refusal(),
        "workers (from --workers) must be a whole number from 1 to 1024."
    );
    assert_eq!(
        Machine::default().flag("picture_file_bytes_max", "2 GiB").refusal(),
        "picture_file_bytes_max (from --picture-file-bytes-max) must be a size from 1 KiB to 1 GiB, in bytes or with KiB, MiB, GiB."
    );
}

/// A machine that has what this setting is worth nothing without.
fn beside(setting: &Setting) -> Machine {
    let machine = Machine::default();
    match setting.name {
        "tls_certificate" => machine.flag("tls_key", "key.pem").flag("listen", "https://:443"),
        "tls_key" => machine.flag("tls_certificate", "chain.pem").flag("listen", "https://:443"),
        _ => machine,
    }
}

fn valid(setting: &Setting) -> &'static str {
    match setting.name {
        "listen" => "127.0.0.1:0,[::1]:0",
        "tls_certificate" | "tls_key" => "/etc/standin/tls.pem",
        "data" => "/var/lib/standin",
        "public_url" => "https://chat.example.com/standin",
        "trusted_proxies" => "127.0.0.1, ::1, 10.0.0.0/8",
        "demo" | "inspect" => "false",
        "durability" => "normal",
        "log" => "debug",
        "log_format" => "json",
        "metrics" => "off",
        "server_key" => "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F",
        "app_id" => "shop-1",
        "app_secret" => "0123456789abcdefghijklmnopqrstUV",
        "license_key" => "LICENSEKEY0123456789abcd",
        "app_password" | "admin_password" => "a password, with blanks \u{1F600}",
        "app_registration" => "closed",
        _ if matches!(setting.form, SettingForm::Size { .. }) => "2 MiB",
        _ => "20",
    }
}

fn wrong(setting: &Setting) -> String {
    match setting.form {
        SettingForm::Switch | SettingForm::Number { .. } | SettingForm::Size { .. } | SettingForm::Word(_) => {
            "+1".to_owned()
        }
        SettingForm::Text("DIR" | "FILE", _) => "nul\0byte".to_owned(),
        SettingForm::Text(..) => "no / such".to_owned(),
        SettingForm::Hidden(_) => "x\u{7f} ".repeat(700),
    }
}

#[test]
fn bounds_hold_at_their_ends() {
    for setting in SETTINGS {
        let (min, max) = match setting.form {
            SettingForm::Number { min, max } => (min, max),
            SettingForm::Size { bytes_min, bytes_max } => (bytes_min, bytes_max),
            SettingForm::Text(..) | SettingForm::Hidden(_) | SettingForm::Word(_) | SettingForm::Switch => continue,
        };
        let taken = |number: u64| {
            let mut machine = Machine::default();
            machine.environment.push((setting.variable().leak(), number.to_string()));
            machine.parse().is_ok()
        };
        assert!(taken(min) && taken(max), "{}", setting.name);
        assert!(!taken(max + 1) && min.checked_sub(1).is_none_or(|less| !taken(less)), "{}", setting.name);
    }
}

#[test]
fn sizes_are_bytes_or_kib_mib_gib() {
    let size = |text| Machine::default().flag("picture_cache_bytes", text).parse().map(|s| s.pictures.cache_bytes);
    assert_eq!(size("4096"), Ok(4096));
    assert_eq!(size("4KiB"), Ok(4096));
    assert_eq!(size("3 MiB"), Ok(3 << 20));
    assert_eq!(size("2 GiB"), Ok(2 << 30));
    for text in ["4 KB", "4k", "-1", "1.5 MiB", "MiB", "18446744073709551615 GiB", ""] {
        assert!(size(text).is_err(), "{text}");
    }
}

#[test]
fn listen_takes_several_addresses_any_port_and_short_forms() {
    let listen = |text| Machine::default().flag("listen", text).parse().map(|s| s.listen);
    let addresses = |texts: &[&str]| Ok(texts.iter().copied().map(plain).collect::<Vec<_>>());
    assert_eq!(listen("127.0.0.1:0"), addresses(&["127.0.0.1:0"]));
    assert_eq!(listen("127.0.0.1:80, [::1]:80"), addresses(&["127.0.0.1:80", "[::1]:80"]));
    assert_eq!(listen(":8080"), addresses(&["0.0.0.0:8080"]));
    assert_eq!(listen(":0"), addresses(&["0.0.0.0:0"]));
    assert_eq!(listen("localhost:9000"), addresses(&["127.0.0.1:9000"]));
    assert_eq!(listen("http://:80,http://[::1]:81"), addresses(&["0.0.0.0:80", "[::1]:81"]));
    for text in [
        "",
        "8080",
        "127.0.0.1",
        "127.0.0.1:65536",
        "example.com:80",
        "127.0.0.1:80,",
        ":+1",
        "tls://:443",
        "https:://:443",
    ] {
        assert!(listen(text).is_err(), "{text}");
    }
}

#[test]
fn https_in_front_of_an_address_says_tls_and_others_may_stand_beside_it() {
    let machine = Machine::default().flag("listen", ":80, https://:443,https://[::1]:8443");
    let settings = machine.flag("tls_certificate", "chain.pem").flag("tls_key", "key.pem").parse().unwrap();
    let tls = |address: &str| Listen { tls: true, ..plain(address) };
    assert_eq!(settings.listen, [plain("0.0.0.0:80"), tls("0.0.0.0:443"), tls("[::1]:8443")]);
    assert_eq!(settings.tls(), Some(TlsFiles { certificate: "chain.pem".into(), key: "key.pem".into() }));
}

#[test]
fn a_certificate_without_a_key_or_the_reverse_is_refused_and_the_missing_one_named() {
    let certificate = || Machine::default().flag("tls_certificate", "chain.pem");
    let listen = |machine: Machine| machine.flag("listen", "https://:443");
    assert_eq!(listen(certificate()).refusal(), "tls_certificate is given, but not tls_key: TLS needs both.");
    assert_eq!(
        listen(Machine::default().flag("tls_key", "key.pem")).refusal(),
        "tls_key is given, but not tls_certificate: TLS needs both."
    );
    assert_eq!(
        listen(Machine::default()).refusal(),
        "listen (from --listen) names an https:// address, which needs a certificate: give tls_certificate and tls_key."
    );
    assert_eq!(
        certificate().flag("tls_key", "key.pem").refusal(),
        "tls_certificate and tls_key are given, but no listen address speaks TLS: write one as https://:443."
    );
}

#[test]
fn the_socket_may_be_elsewhere_than_the_public_url() {
    let machine = Machine::default().flag("socket_host", "Chat.Example.com").flag("socket_port", "65535");
    let settings = machine.parse().unwrap();
    assert_eq!(settings.socket_host.as_ref().map(Host::as_str), Some("chat.example.com"));
    assert_eq!(settings.socket_port.map(NonZeroU16::get), Some(65_535));
    for (name, text) in [("socket_host", ""), ("socket_host", "a/b"), ("socket_port", "0"), ("socket_port", "65536")] {
        assert!(Machine::default().flag(name, text).parse().is_err(), "{name} {text}");
    }
}

#[test]
fn trusted_proxies_are_addresses_and_networks() {
    let parse = |text| Machine::default().flag("trusted_proxies", text).parse();
    let nets: Vec<String> = parse("127.0.0.1, 10.0.0.0/8,2001:db8::/32")
        .unwrap()
        .trusted_proxies
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(nets, ["127.0.0.1/32", "10.0.0.0/8", "2001:db8::/32"]);
    for wrong in ["", "proxy.example", "10.0.0.0/33", "10.0.0.1,", "127.0.0.1:8080"] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
    assert!(Machine::default().parse().unwrap().trusted_proxies.is_none(), "no administrator unless named");
}

#[test]
fn the_public_address_is_a_base_to_which_paths_are_joined() {
    let public = |text| Machine::default().flag("public_url", text).parse().map(|s| s.public_url.unwrap().to_string());
    assert_eq!(public("https://chat.example.com"), Ok("https://chat.example.com/".to_owned()));
    assert_eq!(public("http://example.com:8080/a/b"), Ok("http://example.com:8080/a/b/".to_owned()));
    for text in ["ftp://x", "example.com", "https://", "https://u:p@x", "https://x?q", "https://x#f"] {
        assert!(public(text).is_err(), "{text}");
    }
}

#[test]
fn an_unknown_key_stops_the_start_and_names_the_nearest_known_one() {
    let refusal = |toml| Machine::default().file("standin.toml", toml).refusal();
    assert_eq!(
        refusal("lisen = ':80'"),
        "standin.toml has an unknown key \"lisen\"; the nearest known one is \"listen\"."
    );
    assert_eq!(
        refusal("app_secret_fil = 'x'"),
        "standin.toml has an unknown key \"app_secret_fil\"; the nearest known one is \"app_secret_file\"."
    );
    assert_eq!(
        refusal("data_file = 'x'"),
        "standin.toml has an unknown key \"data_file\"; the nearest known one is \"data\"."
    );
    assert!(refusal("[pictures]\nx = 1").starts_with("standin.toml has an unknown key \"pictures\""));
}

#[test]
fn an_unknown_variable_stops_the_start_and_names_the_nearest_known_one() {
    let refusal = |name| Machine::default().variable(name, "x").refusal();
    assert_eq!(
        refusal("STANDIN_LISTN"),
        "The environment has an unknown variable STANDIN_LISTN; the nearest known one is STANDIN_LISTEN."
    );
    assert_eq!(
        refusal("STANDIN_LICENCE_KEY_FILE"),
        "The environment has an unknown variable STANDIN_LICENCE_KEY_FILE; the nearest known one is STANDIN_LICENSE_KEY_FILE."
    );
    assert_eq!(
        refusal("STANDIN_data"),
        "The environment has an unknown variable STANDIN_data; the nearest known one is STANDIN_DATA."
    );
    let others = Machine::default().variable("STANDING_ORDER", "x").variable("PATH", "/bin");
    assert!(others.parse().is_ok());
}

#[test]
fn issue_14_a_variable_is_refused_up_to_some_typing_errors_from_a_known_one() {
    for (mistyped, meant) in [
        ("STANDIN_LOGG", "STANDIN_LOG"),
        ("STANDIN_LGO", "STANDIN_LOG"),
        ("STANDIN_DATE", "STANDIN_DATA"),
        ("STANDIN_PUBLICURL", "STANDIN_PUBLIC_URL"),
        ("STANDIN_PUBLIC_URI", "STANDIN_PUBLIC_URL"),
        ("STANDIN_TRUSTED_PROXY", "STANDIN_TRUSTED_PROXIES"),
        ("STANDIN_ADMIN_PASWORD_FILE", "STANDIN_ADMIN_PASSWORD_FILE"),
        ("STANDIN_CONFG", "STANDIN_CONFIG"),
        ("STANDIN_SOCKET_PORTS", "STANDIN_SOCKET_PORT"),
        ("STANDIN_LOG_FILE", "STANDIN_LOG"),
        ("STANDIN_LISTEN_FILE", "STANDIN_LISTEN"),
        ("STANDIN_listen", "STANDIN_LISTEN"),
    ] {
        assert_eq!(
            Machine::default().variable(mistyped, "x").refusal(),
            format!("The environment has an unknown variable {mistyped}; the nearest known one is {meant}.")
        );
    }
    let machine = Machine::default().variable("STANDIN_LISTNER", "x").variable("STANDIN_LO", "x");
    assert!(machine.parse().is_err());
    for (mistyped, is_near) in [
        ("STANDIN_LOX", true),
        ("STANDIN_LXX", false),
        ("STANDIN_LISTXX", true),
        ("STANDIN_LISXXX", false),
        ("STANDIN_APP_PASSWXXX", true),
        ("STANDIN_APP_PASSXXXX", false),
    ] {
        assert_eq!(Machine::default().variable(mistyped, "x").gather().is_err(), is_near, "{mistyped}");
    }
    let machine = Machine::default().variable("STANDIN_LISTNERS", "x").variable("STANDIN_LIG0", "x");
    assert_eq!(machine.gather().unwrap().ignored_variables(), ["STANDIN_LIG0", "STANDIN_LISTNERS"], "one more");
}

/// What Kubernetes sets for services called standin, standin-socket, standin-data, standin-log and standin-app-secret, and what a container
/// link sets for one called standin.
const OF_OTHERS: [(&str, &str); 22] = [
    ("STANDIN_SERVICE_HOST", "10.96.0.7"),
    ("STANDIN_SERVICE_PORT", "8080"),
    ("STANDIN_SERVICE_PORT_HTTP", "8080"),
    ("STANDIN_PORT", "tcp://10.96.0.7:8080"),
    ("STANDIN_PORT_8080_TCP", "tcp://10.96.0.7:8080"),
    ("STANDIN_PORT_8080_TCP_PROTO", "tcp"),
    ("STANDIN_PORT_8080_TCP_PORT", "8080"),
    ("STANDIN_PORT_8080_TCP_ADDR", "10.96.0.7"),
    ("STANDIN_NAME", "/app/standin"),
    ("STANDIN_ENV_PATH", "/usr/bin"),
    ("STANDIN_ENV_STANDIN_APP_SECRET", "shown by a link"),
    ("STANDIN_SOCKET_PORT", "tcp://10.96.0.8:5280"),
    ("STANDIN_SOCKET_SERVICE_HOST", "10.96.0.8"),
    ("STANDIN_SOCKET_SERVICE_PORT", "5280"),
    ("STANDIN_SOCKET_PORT_5280_UDP", "udp://10.96.0.8:5280"),
    ("STANDIN_SOCKETS_PORT", "udp://10.96.0.8:5280"),
    ("STANDIN_DATA_SERVICE_HOST", "10.96.0.9"),
    ("STANDIN_DATA_PORT", "tcp://10.96.0.9:1"),
    ("STANDIN_LOG_PORT", "tcp://10.96.0.9:1"),
    ("STANDIN_LOG_SERVICE_PORT", "1"),
    ("STANDIN_APP_SECRET_SERVICE_PORT", "1"),
    ("STANDIN_VERSION", "1.2.3"),
];

#[test]
fn issue_14_variables_that_kubernetes_and_links_set_are_ignored_and_named() {
    let machine = OF_OTHERS.iter().fold(Machine::default(), |machine, (name, value)| machine.variable(name, value));
    let raw = machine.gather().unwrap();
    let mut names: Vec<&str> = OF_OTHERS.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert_eq!(raw.ignored_variables(), names);
    let settings = machine.parse().unwrap();
    assert_eq!((settings.socket_port, settings.first_app.secret.is_none()), (None, true));
    let warning = warning_of_ignored(raw.ignored_variables()).unwrap();
    assert!(names.iter().all(|name| warning.contains(name)) && !warning.contains("10.96"), "{warning}");
    let many: Vec<String> = (0..40).map(|n| format!("STANDIN_PORT_{n}_TCP")).collect();
    assert!(warning_of_ignored(&many).unwrap().contains("STANDIN_PORT_31_TCP and 8 more; "));
    assert_eq!(warning_of_ignored(&[]), None);
    let port = Machine::default().variable("STANDIN_SOCKET_PORT", "5280").parse().unwrap().socket_port;
    assert_eq!(port, NonZeroU16::new(5280), "the setting itself still holds");
    let wrong = Machine::default().variable("STANDIN_SOCKET_PORT", "tcp").refusal();
    assert_eq!(wrong, "socket_port (from STANDIN_SOCKET_PORT) must be a whole number from 1 to 65535.");
}

#[actix_web::test]
async fn issue_14_a_server_starts_as_a_service_called_standin_and_warns() {
    let server = Standin::with(&OF_OTHERS).await;
    server.logged("ignored variables that are no settings: STANDIN_APP_SECRET_SERVICE_PORT, ").await;
    assert_eq!(server.get("/healthz").await.status, 200);
    assert!(!server.log().contains("10.96.0.7"), "{}", server.log());
}

#[test]
fn a_file_that_is_not_toml_is_refused_with_the_line() {
    let refusal = Machine::default().file("standin.toml", "log = 'info'\ndata = \"x").refusal();
    assert!(refusal.starts_with("standin.toml is no valid TOML at line 2: "), "{refusal}");
    assert!(!refusal.contains('\n'), "{refusal}");
}

#[test]
fn a_secret_can_be_the_name_of_a_file() {
    let secret = valid(setting("app_secret"));
    let machine = Machine::default().file("/run/secret", &format!("{secret}\r\n"));
    let from_variable = machine.variable("STANDIN_APP_SECRET_FILE", "/run/secret");
    assert_eq!(from_variable.parse().unwrap().first_app.secret.unwrap().expose(), secret);
    assert_eq!(given(&from_variable.gather().unwrap(), "app_secret").1, "STANDIN_APP_SECRET_FILE");
    let from_file = Machine::default().file("/run/secret", secret);
    let from_file = from_file.file("standin.toml", "app_secret_file = '/run/secret'");
    assert_eq!(from_file.parse().unwrap().first_app.secret.unwrap().expose(), secret);
}

#[test]
fn a_secret_and_its_file_in_one_place_are_refused_and_in_two_places_ranked() {
    let secret = valid(setting("app_secret"));
    let machine = Machine::default().file("/f", secret).variable("STANDIN_APP_SECRET_FILE", "/f");
    let twice = machine.variable("STANDIN_APP_SECRET", secret);
    assert_eq!(twice.refusal(), "app_secret and app_secret_file are both given in one place: give one of them.");
    let ranked = Machine::default().file("standin.toml", "app_secret_file = '/none-of-it'");
    assert_eq!(ranked.refusal(), "The file /none-of-it cannot be read: entity not found.");
    let ranked = Machine::default().file("/f", secret).file("standin.toml", "app_secret_file = '/f'");
    let ranked = ranked.variable("STANDIN_APP_SECRET", "FromTheVariable0123456789abcdefgh");
    assert_eq!(given(&ranked.gather().unwrap(), "app_secret").1, "STANDIN_APP_SECRET");
}

#[test]
fn given_secrets_keep_their_bounds() {
    let taken = |name, text: &str| Machine::default().variable(name, text).parse().is_ok();
    for (chars, expected) in [(31, false), (32, true), (128, true), (129, false)] {
        assert_eq!(taken("STANDIN_APP_SECRET", &"a".repeat(chars)), expected, "{chars}");
    }
    assert!(!taken("STANDIN_APP_SECRET", &"-".repeat(32)));
    for (chars, expected) in [(63, false), (64, true), (65, false), (66, false)] {
        assert_eq!(taken("STANDIN_SERVER_KEY", &"e".repeat(chars)), expected, "{chars}");
    }
    assert!(!taken("STANDIN_SERVER_KEY", &"g".repeat(64)));
    for (chars, expected) in [(1, true), (1024, true), (1025, false)] {
        assert_eq!(taken("STANDIN_APP_PASSWORD", &"\u{e9}".repeat(chars)), expected, "{chars}");
    }
    for (chars, expected) in [(11, false), (12, true), (1024, true), (1025, false)] {
        assert_eq!(taken("STANDIN_ADMIN_PASSWORD", &"\u{e9}".repeat(chars)), expected, "{chars}");
    }
    for (chars, expected) in [(1, true), (191, true), (192, false)] {
        assert_eq!(taken("STANDIN_LICENSE_KEY", &"k".repeat(chars)), expected, "{chars}");
    }
}

#[test]
fn promise_44_no_debug_print_and_no_refusal_shows_a_secret() {
    let secret = valid(setting("app_secret"));
    let machine = Machine::default().variable("STANDIN_APP_SECRET", secret);
    let machine = machine.variable("STANDIN_SERVER_KEY", valid(setting("server_key")));
    let raw = machine.gather().unwrap();
    let printed = format!("{raw:?} {:?}", Settings::parse(&raw).unwrap());
    assert!(!printed.contains(secret) && !printed.contains("0001020304"), "{printed}");
    let refusal = Machine::default().variable("STANDIN_LISTEN", secret).refusal();
    assert!(!refusal.contains(secret), "{refusal}");
}

#[test]
fn demo_has_its_own_folder_and_the_documented_samples() {
    let machine = Machine::default().flag("demo", "true");
    let settings = machine.parse().unwrap();
    assert_eq!(settings.data, Path::new("./data/demo"));
    let app = settings.first_app;
    assert_eq!(app.app_id.unwrap().as_str(), "sdksample");
    assert_eq!(app.secret.unwrap().expose(), "2820ae9dfc5362f7f3a10381fb89afc7");
    assert_eq!(app.sdk_app_id.unwrap().get(), 1_400_000_001);
    assert_eq!(app.license_key.unwrap().expose(), "StandinDemoLicenseKey0123456789");
    assert_eq!(app.account_password.unwrap().expose(), "standin-demo");
    assert_eq!(app.registration, Some(Registration::Open));
    assert_eq!(machine.gather().unwrap().get(setting("data")).unwrap().origin, ValueOrigin::Demo);
}

#[test]
fn demo_listens_on_loopback_only() {
    let demo = |listen| Machine::default().flag("demo", "true").variable("STANDIN_LISTEN", listen);
    assert!(demo("127.0.0.2:0,[::1]:0").parse().is_ok());
    assert_eq!(
        demo("127.0.0.1:80,:8080").refusal(),
        "listen (from STANDIN_LISTEN) must name loopback addresses only while demo is on, because the demo's credentials are public: use 127.0.0.1, or leave demo out."
    );
}

#[test]
fn the_decode_budget_is_a_quarter_of_what_the_process_may_use_and_at_most_256_mib() {
    let budget = |files: &[(&'static str, &str)]| {
        let machine = files.iter().fold(Machine::default(), |machine, (path, text)| machine.file(path, text));
        machine.parse().unwrap().pictures.decode_budget_bytes
    };
    let machine = ("/proc/meminfo", "MemTotal:         524288 kB\nMemFree: 1 kB\n");
    assert_eq!(budget(&[machine]), 128 << 20);
    assert_eq!(budget(&[("/proc/meminfo", "MemTotal: 24684084 kB\n")]), 256 << 20);
    let v2 = ("/proc/self/cgroup", "0::/system.slice/standin.service\n");
    let unit = ("/sys/fs/cgroup/system.slice/standin.service/memory.max", "max\n");
    assert_eq!(budget(&[machine, v2, unit]), 128 << 20);
    assert_eq!(budget(&[machine, v2, unit, ("/sys/fs/cgroup/system.slice/memory.max", "268435456\n")]), 64 << 20);
    let container = ("/proc/self/cgroup", "0::/\n");
    assert_eq!(budget(&[machine, container, ("/sys/fs/cgroup/memory.max", "134217728\n")]), 32 << 20);
    let v1 = ("/proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/docker/f00\n0::/\n");
    let limit = ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "134217728\n");
    assert_eq!(budget(&[machine, v1, limit]), 32 << 20);
}

#[test]
fn secrets_have_no_flag_and_every_other_setting_has_one() {
    for setting in SETTINGS {
        assert_eq!(setting.flag().is_none(), setting.is_secret(), "{}", setting.name);
        assert!(!setting.help.is_empty() && !setting.default_in_words().is_empty(), "{}", setting.name);
        assert!(!matches!(setting.default, SettingDefault::Fixed("")), "{}", setting.name);
    }
    let secrets = SETTINGS.into_iter().filter(|setting| setting.is_secret()).map(Setting::variable);
    let expected = [
        "STANDIN_SERVER_KEY",
        "STANDIN_ADMIN_PASSWORD",
        "STANDIN_APP_SECRET",
        "STANDIN_LICENSE_KEY",
        "STANDIN_APP_PASSWORD",
    ];
    assert_eq!(secrets.collect::<Vec<_>>(), expected);
}

#[test]
fn a_variable_that_is_not_utf_8_is_refused() {
    use std::os::unix::ffi::OsStringExt as _;
    let read = |_: &Path| Err(io::Error::from(io::ErrorKind::NotFound));
    let environment = vec![("STANDIN_DATA".into(), OsString::from_vec(vec![b'x', 0xff]))];
    let surroundings = SettingSources { flags: Vec::new(), file: None, environment, read: &read, cores: 1 };
    assert_eq!(
        RawSettings::gather(&surroundings).unwrap_err().to_string(),
        "data (from STANDIN_DATA) must be the path of a folder."
    );
}
