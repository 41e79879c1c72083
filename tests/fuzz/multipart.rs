//! Multipart forms: parts, heads, boundaries, files.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat};
use reqwest::Method;

use crate::{
    front_door::{LICENSE_KEY, RunningServer},
    strange::Target,
};

const BOUNDARY: &str = "xFx";

fn part(head: &str, body: &[u8]) -> Vec<u8> {
    [format!("--{BOUNDARY}\r\n{head}\r\n\r\n").as_bytes(), body, b"\r\n"].concat()
}

fn field(name: &str, value: &str) -> Vec<u8> {
    part(&format!("Content-Disposition: form-data; name=\"{name}\""), value.as_bytes())
}

fn form(parts: &[Vec<u8>]) -> Vec<u8> {
    [parts.concat(), format!("--{BOUNDARY}--\r\n").into_bytes()].concat()
}

#[test]
fn multipart() {
    let server = RunningServer::open();
    let mut picture = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(8, 8).write_to(&mut picture, ImageFormat::Png).unwrap();
    let needed = [field("deviceType", "web"), field("licenseKey", LICENSE_KEY), field("userIdentifier", "ada")];
    let file = part(
        "Content-Disposition: form-data; name=\"profileFile\"; filename=\"a.png\"\r\nContent-Type: image/png",
        picture.get_ref(),
    );
    let star = part(
        "Content-Disposition: form-data; name=nickname; filename*=UTF-8''a%20b\r\nContent-Type: text/plain; charset=x",
        b"x",
    );
    let seeds = vec![
        form(&needed),
        form(&[&needed[..], &[field("nickname", "Ada"), field("metaData[0][key]", "k")]].concat()),
        form(&[&needed[..], std::slice::from_ref(&file)].concat()),
        form(&[file, star, field("", "")]),
        form(&[]),
        [b"preamble\r\n".to_vec(), form(&needed), b"epilogue".to_vec()].concat(),
        form(&vec![field("a", "b"); 201]),
    ];
    let words = &[
        "--xFx",
        "--xFx--",
        "\r\n",
        "\r\n\r\n",
        "Content-Disposition: form-data; name=\"a\"",
        "; filename=\"\"",
        "filename*=",
        "Content-Type: multipart/mixed; boundary=y",
        "Content-Transfer-Encoding: base64",
        "Content-Length: 99999999999",
        "\"",
        "\\\"",
        "\u{0}",
        "\n",
        "--",
    ];
    let target = Target { name: "multipart", seeds, words, head_bytes: 0 };
    let token = server.back_end();
    target.fuzz(|case| {
        let call = server.request(Method::POST, "/api/v1/users/createUser").header("Authorization", &token);
        let call = call.header("Content-Type", format!("multipart/form-data; boundary={BOUNDARY}"));
        server.stands(call.body(case.to_vec()))
    });
    server.ends_well();
}

/// The type itself is a stranger's, too.
#[test]
fn boundaries() {
    let server = RunningServer::open();
    let seeds = [
        "multipart/form-data; boundary=xFx",
        "multipart/form-data; boundary=\"x F x\"; charset=utf-8",
        "multipart/mixed",
    ];
    let seeds = seeds.iter().map(|text| text.as_bytes().to_vec()).collect();
    let target =
        Target { name: "boundaries", seeds, words: &["boundary=", "\"", ";", " ", "=", "--", "\t"], head_bytes: 0 };
    let token = server.back_end();
    target.fuzz(|case| {
        let kind: Vec<u8> = case.iter().copied().filter(|byte| (32..127).contains(byte)).take(4096).collect();
        let call = server.request(Method::POST, "/api/v1/users/createUser").header("Authorization", &token);
        server.stands(call.header("Content-Type", kind).body(form(&[field("userIdentifier", "ada")])))
    });
    server.ends_well();
}
