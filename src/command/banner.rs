//! What the server prints on a terminal when it is ready: its addresses, and calls to paste.

use std::{env, path::Path, time::Duration};

use standin::{server::Server, settings::Settings};

/// `setup` is the link that creates the first administrator. The secrets of the first app are shown only by the start
/// that creates it, and by a demo, whose secrets are documented.
pub(super) fn greeting(server: &Server, settings: &Settings, setup: Option<&str>, took: Duration) -> String {
    let first = server.first_app();
    let base = server.public_url();
    let data = settings.data.display();
    let version = env!("CARGO_PKG_VERSION");
    let mut lines = vec![
        format!("standin {version}  ready in {} ms", took.as_millis()),
        String::new(),
        format!("  Serving     {base}"),
        format!("  Data        {data}{}", if first.is_new { "  (new)" } else { "" }),
        format!("  First app   {}", first.tenant.app.app_id.as_str()),
    ];
    match first.is_new || settings.demo {
        true => lines.extend(first_steps(server, settings)),
        false => lines.push(format!("  Secrets     {}", show_secrets(server, settings))),
    }
    lines.push(match (setup, settings.demo) {
        (Some(link), _) => {
            format!("  Console     {link}  (creates the first administrator; valid for 30 minutes)")
        }
        (None, true) => format!("  Console     {base}/  (in a demo, every user of this machine is an administrator)"),
        (None, false) => format!("  Console     {base}/"),
    });
    lines.push(format!("  Health      {base}/healthz  /readyz  /metrics"));
    lines.push("  Stop        Ctrl-C  (ends running requests, at most 20 s)".to_owned());
    lines.push(String::new());
    lines.join("\n")
}

fn show_secrets(server: &Server, settings: &Settings) -> String {
    command(settings, &format!("app show --secrets{}", which_app(server)))
}

fn which_app(server: &Server) -> String {
    match server.is_only_app() {
        true => String::new(),
        false => format!(" --app {}", server.first_app().tenant.app.app_id.as_str()),
    }
}

/// Returns a command to paste, with the name by which this program was called.
fn command(settings: &Settings, words: &str) -> String {
    let program = env::args_os().next().map_or("standin".into(), |program| program.to_string_lossy().into_owned());
    let folder = match settings.data == Path::new("./data") {
        true => String::new(),
        false => format!(" --data {}", settings.data.display()),
    };
    format!("{program} {words}{folder}")
}

fn first_steps(server: &Server, settings: &Settings) -> Vec<String> {
    let first = server.first_app();
    let (base, app_id, account) =
        (server.public_url(), first.tenant.app.app_id.as_str(), first.tenant.app.account.as_str());
    let (sdk_app_id, socket) = (first.tenant.app.sdk_app_id.get(), base.replacen("http", "ws", 1));
    let (secret, license_key) = (first.secrets.secret.expose(), first.secrets.license_key.expose());
    let documented = settings.first_app.account_password.as_ref().filter(|_| settings.demo);
    let password = match first.secrets.account_password.as_ref().or(documented) {
        Some(known) => known.expose(),
        None => "the one you chose",
    };
    let note = match settings.demo {
        true => "These secrets are public, so a demo serves only this machine.".to_owned(),
        false => {
            format!("Later starts do not show the secrets. To see them, run `{}`.", show_secrets(server, settings))
        }
    };
    let user_sig = command(settings, &format!("app usersig --user alice{}", which_app(server)));
    let text = format!(
        r#"
  Qiscus      app id {app_id}
              secret {secret}
              curl {base}/api/v2.1/rest/login_or_register -H 'Content-Type: application/json' \
                -H 'QISCUS-SDK-APP-ID: {app_id}' -H 'QISCUS-SDK-SECRET: {secret}' \
                -d '{{"user_id": "guest@example.com", "password": "password", "username": "A guest"}}'

  MirrorFly   licence key {license_key}
              account     {account}
              password    {password}
              TOKEN=$(curl -s {base}/api/v1/login -H 'Content-Type: application/json' \
                -d '{{"username": "{account}", "password": "{password}"}}' | sed 's/.*"token":"\([^"]*\)".*/\1/')
              curl {base}/api/v1/users/createUser -H "Authorization: $TOKEN" \
                -F deviceType=web -F licenseKey={license_key} \
                -F userIdentifier=ada -F nickname=Ada -F profileFile=@photo.jpg

  Tencent     SDKAppID  {sdk_app_id}
              SecretKey {secret}
              TencentCloudChat.create({{ SDKAppID: {sdk_app_id}, proxyServer: '{socket}' }})
              {user_sig}   makes the userSig of a login

  {note}
"#
    );
    text.lines().map(str::to_owned).collect()
}
