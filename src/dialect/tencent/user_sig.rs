//! UserSigs: a JSON object of claims with a signature over their text, compressed with zlib, in Base64 with an alphabet
//! of its own. Two libraries write the JSON with different spaces, so the server compares claims. Source:
//! wire/tencent.md section 6, with its vectors.

use std::{
    io::{Read as _, Write as _},
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use serde::{Deserialize, Serialize};

use super::reply::{ErrorCode, SIGN_ANEW, TencentError};
use crate::{
    domain::{Error, Fault, Moment, Secret, UserId},
    service::{HmacAlgorithm, Service, Tenant},
};

/// Longer UserSigs are refused. The libraries make about 200 characters; a userbuf adds more.
const CHARS_MAX: usize = 4096;

/// The server unpacks no more bytes of a UserSig.
const UNPACKED_BYTES_MAX: u64 = 8192;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct UserSigClaims {
    #[serde(rename = "TLS.ver")]
    version: String,
    #[serde(rename = "TLS.identifier")]
    identifier: String,
    #[serde(rename = "TLS.sdkappid")]
    sdk_app_id: u32,
    #[serde(rename = "TLS.expire")]
    expire_s: u32,
    #[serde(rename = "TLS.time")]
    at_s: u32,
    #[serde(rename = "TLS.sig")]
    sig: String,
    #[serde(rename = "TLS.userbuf", skip_serializing_if = "Option::is_none")]
    userbuf: Option<String>,
}

impl UserSigClaims {
    fn text(&self) -> String {
        let Self { identifier, sdk_app_id, expire_s, at_s, userbuf, .. } = self;
        let userbuf = userbuf.as_ref().map(|userbuf| format!("TLS.userbuf:{userbuf}\n")).unwrap_or_default();
        format!(
            "TLS.identifier:{identifier}\nTLS.sdkappid:{sdk_app_id}\nTLS.time:{at_s}\nTLS.expire:{expire_s}\n{userbuf}"
        )
    }

    fn packed(&self) -> Result<String, Error> {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(&serde_json::to_vec(self).map_err(Error::internal)?).map_err(Error::internal)?;
        let packed = BASE64.encode(zlib.finish().map_err(Error::internal)?);
        Ok(packed.replace('+', "*").replace('/', "-").replace('=', "_"))
    }

    fn unpacked(raw: &str) -> Option<Self> {
        if raw.len() > CHARS_MAX {
            return None;
        }
        let packed = BASE64.decode(raw.replace('*', "+").replace('-', "/").replace('_', "=")).ok()?;
        let mut json = Vec::new();
        ZlibDecoder::new(packed.as_slice()).take(UNPACKED_BYTES_MAX).read_to_end(&mut json).ok()?;
        serde_json::from_slice(&json).ok()
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct VerifiedUserSig {
    pub(super) at: Moment,
    pub(super) expires_at: Moment,
}

/// `identifier` is a user or the back-end account.
/// # Errors
/// The first check that fails, in the order of the code.
pub(super) fn check(
    service: &Service,
    tenant: &Tenant,
    identifier: &str,
    raw: &str,
) -> Result<VerifiedUserSig, TencentError> {
    let refused = |code, info: &str| Err(TencentError::Coded(code, info.to_owned()));
    let Some(facts) = UserSigClaims::unpacked(raw) else {
        return refused(ErrorCode::Unreadable, "usersig cannot be read: send it whole, as the library made it");
    };
    if facts.identifier != identifier {
        return refused(ErrorCode::OtherAccount, "usersig names another account than the identifier");
    }
    if facts.sdk_app_id != tenant.app.sdk_app_id.get() {
        return refused(ErrorCode::OtherApp, "usersig is of another app than the sdkappid");
    }
    let signature = BASE64.decode(&facts.sig).unwrap_or_default();
    if !service.is_signed(tenant, HmacAlgorithm::Sha256, facts.text().as_bytes(), &signature)? {
        return refused(
            ErrorCode::Forged,
            "usersig is not signed with this app's secret: see `standin app show --secrets`",
        );
    }
    service.note_signature(tenant);
    let at = Moment::from_micros(i64::from(facts.at_s) * 1_000_000);
    let expires_at = at.after(Duration::from_secs(facts.expire_s.into()));
    match service.now() < expires_at {
        true => Ok(VerifiedUserSig { at, expires_at }),
        false => refused(ErrorCode::Expired, SIGN_ANEW),
    }
}

/// Signs for a user, known or not, or for the app's back-end account.
/// # Errors
/// `Invalid` at `user` if it is not an id, at `expire_s` if it is 0; `Internal`.
pub fn make(service: &Service, tenant: &Tenant, user: &str, expire_s: u32) -> Result<Secret, Error> {
    let user = UserId::parse(user).map_err(|fault| fault.at("user"))?;
    if expire_s == 0 {
        return Err(Fault::OutOfRange("from 1 to 4294967295 seconds").at("expire_s"));
    }
    let mut facts = UserSigClaims {
        version: "2.0".to_owned(),
        identifier: user.as_str().to_owned(),
        sdk_app_id: tenant.app.sdk_app_id.get(),
        expire_s,
        at_s: u32::try_from(service.now().unix_s()).map_err(Error::internal)?,
        sig: String::new(),
        userbuf: None,
    };
    facts.sig = BASE64.encode(service.sign(tenant, facts.text().as_bytes())?);
    facts.packed().map(Secret::new)
}
