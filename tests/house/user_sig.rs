//! UserSigs as the vendor's libraries make them, by a few lines of our own, and the vectors that hold those lines to the libraries.

use std::{
    io::{Read as _, Write as _},
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::standin::SECRET;

/// The number that a fixture's app has for Tencent's API.
pub(crate) const SDK_APP_ID: u32 = 1_400_000_001;

/// How a fixture is given that number.
pub(crate) const WITH_SDK_APP_ID: (&str, &str) = ("STANDIN_SDK_APP_ID", "1400000001");

const DAY_S: u64 = 24 * 3600;

pub(crate) fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A UserSig of the fixture's app, good for a day.
pub(crate) fn user_sig(identifier: &str) -> String {
    signed(SECRET, SDK_APP_ID, identifier, now_s(), DAY_S)
}

/// A UserSig.
pub(crate) fn signed(key: &str, sdk_app_id: u32, identifier: &str, at_s: u64, expire_s: u64) -> String {
    let mut facts = json!({
        "TLS.ver": "2.0", "TLS.identifier": identifier, "TLS.sdkappid": sdk_app_id, "TLS.expire": expire_s, "TLS.time": at_s,
    });
    facts["TLS.sig"] = signature(key, &facts).into();
    packed(facts.to_string().as_bytes())
}

/// What the facts of a UserSig are signed with.
pub(crate) fn signature(key: &str, facts: &Value) -> String {
    let userbuf = facts["TLS.userbuf"].as_str().map(|userbuf| format!("TLS.userbuf:{userbuf}\n")).unwrap_or_default();
    let text = format!(
        "TLS.identifier:{}\nTLS.sdkappid:{}\nTLS.time:{}\nTLS.expire:{}\n{userbuf}",
        facts["TLS.identifier"].as_str().unwrap(),
        facts["TLS.sdkappid"],
        facts["TLS.time"],
        facts["TLS.expire"],
    );
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap().chain_update(text);
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

/// zlib, and base64 in the vendor's alphabet.
pub(crate) fn packed(json: &[u8]) -> String {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(json).unwrap();
    BASE64_STANDARD.encode(zlib.finish().unwrap()).replace('+', "*").replace('/', "-").replace('=', "_")
}

/// The facts of a UserSig.
pub(crate) fn unpacked(user_sig: &str) -> Value {
    let packed = user_sig.replace('*', "+").replace('-', "/").replace('_', "=");
    let mut json = String::new();
    ZlibDecoder::new(BASE64_STANDARD.decode(packed).unwrap().as_slice()).read_to_string(&mut json).unwrap();
    serde_json::from_str(&json).unwrap()
}

/// A UserSig that a library of the vendor's has made.
pub(crate) struct Vector {
    pub(crate) key: &'static str,
    pub(crate) sdk_app_id: &'static str,
    pub(crate) identifier: &'static str,
    pub(crate) user_sig: &'static str,
}

const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// By `tls-sig-api-v2` 1.0.2 of npm (the first two) and 1.1 of PyPI, their clocks at 1700000000; the last one with a userbuf.
pub(crate) const VECTORS: [Vector; 5] = [
    Vector {
        key: KEY,
        sdk_app_id: "1400000001",
        identifier: "alice",
        user_sig: "eJw1ycEKgkAUheF3uVtDriYZAy1caFADiQWtJ*dOXsoanEGE6N0Dx87ufP8HLvIcjzSAgDRGWM2fNb08G55ZPbmlJTj9UNayBpFkGJaE4rknEEm*KAalyfJAIDaYbf-m*A4CbvV17zrXRmMla6rKWkW*MW*Z5gdbHLExVS*jbj2dsNjB9wetYDAw",
    },
    Vector {
        key: "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e",
        sdk_app_id: "20000042",
        identifier: "user_007",
        user_sig: "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwqXFqUXxBgbmULnilOzEgoLMFCUrIwMQMDGCiJdk5qYqWRmaG0ABRDS1oiCzKFXJysLMBCZUnJmuZKWk7RocbpqXYuFeGpjtYpCVlVhY5lJSYRxW6BhoaJEa5WuZExAW4hEcaF5WbKtUCwC0rjDL",
    },
    Vector {
        key: KEY,
        sdk_app_id: "1400000001",
        identifier: "alice",
        user_sig: "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkEnMyk1NhUsUp2YkFBZkpQAlDEwMIMITKpVYUZBalAmXMDEwsDAygoiWZuSAxQ3Ooaph4cWY6yPSkgHD34oziZO0yN5*AVDfXgETtkqC0fB8jc68CR2*DoDS3XB-tDOMKfwNHW6VaAB*pMZA_",
    },
    Vector {
        key: KEY,
        sdk_app_id: "1400000001",
        identifier: "administrator",
        user_sig: "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkElNyM-Myi0uKEkvyi2BKilOyEwsKMlOACgxNDCDAECqXWlGQWZQKkjE1NTUCSkDFSzJzwaLmUPUw8eLMdJA9vn5Zhn4BIa7aRc5u7n6JRaFB5kFmQfpOEVHBIXkGOSX6AWEGwYbh*SkmnrZKtQCt-zTT",
    },
    Vector {
        key: KEY,
        sdk_app_id: "1400000001",
        identifier: "alice",
        user_sig: "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkEnMyk1NhUsUp2YkFBZkpQAlDEwMIMITKpVYUZBalAmXMDEwsDAygoiWZuSAxQ3Ooaph4aXFqUVJpGsiGyHCvLLgFmekgIXd98-y8nAwv48oKd-3i1HDvYBcD55CAqKRin9y8smzzYC9-J*9sf9fCHAtbpVoA1c442Q__",
    },
];

#[test]
fn the_test_signatures_equal_those_of_the_vendors_libraries() {
    for vector in VECTORS {
        let facts = unpacked(vector.user_sig);
        assert_eq!((&facts["TLS.identifier"], &facts["TLS.time"]), (&vector.identifier.into(), &1_700_000_000.into()));
        assert_eq!(facts["TLS.sig"], signature(vector.key, &facts), "{facts}");
        let expire_s = facts["TLS.expire"].as_u64().unwrap();
        let ours = signed(vector.key, vector.sdk_app_id.parse().unwrap(), vector.identifier, 1_700_000_000, expire_s);
        if facts.get("TLS.userbuf").is_none() {
            assert_eq!(unpacked(&ours), facts, "spaces and order of keys are the libraries' own");
        }
    }
}
