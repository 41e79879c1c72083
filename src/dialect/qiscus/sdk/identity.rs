//! Identity tokens: JSON Web Tokens that an app's back end signs with the app's secret. Source: the vendor's pages:
//! `alg` HS256 (HS384 and HS512 too); `iss` the app id, `nbf`, `exp`, `nce` the nonce, `prn` the user id, `name` and
//! `avatar_url` if present.
//!
//! No JWT library is used: those support every algorithm, with known attacks that confuse them, and read the system's
//! clock.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Number, Value};

use super::super::{
    fields::{ExtrasField, UserIdText},
    reply::QiscusError,
};
use crate::{
    domain::{Error, Fault, Unauthenticated},
    http::{
        form::{Form, Required},
        json,
    },
    service::{HmacAlgorithm, Service, Tenant},
};

/// How much the clock of a back end may differ from the server's, in seconds.
const CLOCKS_DIFFER_S: i64 = 30;

#[derive(Deserialize)]
pub(super) struct Claims {
    pub(super) prn: UserIdText,
    pub(super) name: Option<String>,
    pub(super) avatar_url: Option<String>,
    pub(super) extras: ExtrasField,
    pub(super) nce: Required<String>,
}

/// Does not spend the nonce.
/// # Errors
/// [`QiscusError::IdentityToken`] for a token that is not valid now; `Invalid` for one that cannot be read.
pub(super) fn read(service: &Service, tenant: &Tenant, token: &str) -> Result<Claims, QiscusError> {
    let (message, signature) = token.rsplit_once('.').ok_or_else(not_a_token)?;
    let (header, claims) = message.split_once('.').ok_or_else(not_a_token)?;
    let signing = signing(&object(header)?)?;
    if !service.is_signed(tenant, signing, message.as_bytes(), &bytes(signature)?)? {
        return Err(QiscusError::IdentityToken("must be signed with the secret of this app"));
    }
    let claims = object(claims)?;
    if claims.get("iss").and_then(Value::as_str) != Some(tenant.app.app_id.as_str()) {
        return Err(QiscusError::IdentityToken("must have the app id in iss"));
    }
    let now = service.now().unix_s();
    if time(&claims, "exp")?.ok_or_else(|| Fault::Missing.at("exp"))? + CLOCKS_DIFFER_S <= now {
        return Err(QiscusError::IdentityToken("is expired"));
    }
    if time(&claims, "nbf")?.is_some_and(|begin| begin - CLOCKS_DIFFER_S > now) {
        return Err(QiscusError::IdentityToken("is not good yet (nbf)"));
    }
    Ok(Form::from(claims).read_as()?)
}

pub(super) fn spend_nonce(service: &Service, tenant: &Tenant, nonce: &str) -> Result<(), QiscusError> {
    service.spend_nonce(tenant, nonce).map_err(|error| {
        let Error::Unauthenticated(why) = error else { return error.into() };
        QiscusError::IdentityToken(match why {
            Unauthenticated::Expired => "has an expired nonce (nce)",
            Unauthenticated::Missing | Unauthenticated::Wrong | Unauthenticated::Revoked => {
                "must have a nonce (nce) of this server, used once"
            }
        })
    })
}

fn not_a_token() -> QiscusError {
    Fault::Malformed("a JSON Web Token: three parts in base64url with dots between them").at("identity_token").into()
}

fn bytes(part: &str) -> Result<Vec<u8>, QiscusError> {
    BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| not_a_token())
}

fn object(part: &str) -> Result<Map<String, Value>, QiscusError> {
    json::parse_object(&bytes(part)?).map_err(|_| not_a_token())
}

/// Accepts three algorithms only, whatever the token names. `none` is not one of them.
fn signing(header: &Map<String, Value>) -> Result<HmacAlgorithm, QiscusError> {
    match header.get("alg").and_then(Value::as_str) {
        Some("HS256") => Ok(HmacAlgorithm::Sha256),
        Some("HS384") => Ok(HmacAlgorithm::Sha384),
        Some("HS512") => Ok(HmacAlgorithm::Sha512),
        Some(_) | None => Err(Fault::NotOneOf("HS256, HS384, HS512").at("alg").into()),
    }
}

/// Reads a time in whole seconds since 1970. Fractions are cut off, and a time after 2106 counts as 2106.
fn time(claims: &Map<String, Value>, name: &'static str) -> Result<Option<i64>, Error> {
    let Some(value) = claims.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
    let written = value.as_number().map(Number::to_string).unwrap_or_default();
    let whole = written.split('.').next().unwrap_or_default();
    let seconds: i64 = whole.parse().map_err(|_| Fault::Malformed("a number of seconds since 1970").at(name))?;
    Ok(Some(seconds.clamp(0, u32::MAX.into())))
}
