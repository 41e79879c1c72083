//! UserSigs: zlib within base64 within a query, and the facts inside.

use std::io::{Read as _, Write as _};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use reqwest::Method;

use crate::{
    front_door::{RunningServer, SDK_APP_ID},
    strange::Target,
};

/// The vendor's alphabet.
fn spelt(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes).replace('+', "*").replace('/', "-").replace('=', "_")
}

fn unspelt(text: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(text.replace('*', "+").replace('-', "/").replace('_', "=")).unwrap()
}

/// What an input stands for, by its first byte: the text itself, the bytes within it, or the facts within those.
fn user_sig(case: &[u8]) -> Vec<u8> {
    let (first, rest) = case.split_first().unwrap_or((&0, &[]));
    match first % 3 {
        0 => rest.to_vec(),
        1 => spelt(rest).into_bytes(),
        _ => {
            let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
            zlib.write_all(rest).unwrap();
            spelt(&zlib.finish().unwrap()).into_bytes()
        }
    }
}

#[test]
fn usersig() {
    let server = RunningServer::open();
    let good = server.user_sig("administrator");
    let packed = unspelt(&good);
    let mut facts = Vec::new();
    ZlibDecoder::new(packed.as_slice()).read_to_end(&mut facts).unwrap();
    let seeds = vec![
        [&[0], good.as_bytes()].concat(),
        [&[1], packed.as_slice()].concat(),
        [&[2], facts.as_slice()].concat(),
        [&[2], "A".repeat(20_000).as_bytes()].concat(),
    ];
    let words = &[
        "TLS.sig",
        "TLS.identifier",
        "TLS.userbuf",
        "TLS.expire",
        "administrator",
        "\"",
        "*",
        "-",
        "_",
        "{",
        "4294967296",
        "\n",
    ];
    let target = Target { name: "usersig", seeds, words, head_bytes: 1 };
    target.fuzz(|case| {
        let sig = user_sig(case);
        let shown = percent_encode(&sig, NON_ALPHANUMERIC);
        let path = format!("/v4/profile/portrait_get?sdkappid={SDK_APP_ID}&identifier=administrator&usersig={shown}");
        if shown.to_string().len() > 16 * 1024 {
            // No head of a request may be as long: what is in front of the parser refuses it.
            return Ok(());
        }
        server.stands(server.request(Method::POST, &path).body("{}"))
    });
    server.ends_well();
}
