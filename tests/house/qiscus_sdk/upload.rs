use std::{
    io::Write as _,
    net::TcpStream,
    time::{Duration, Instant},
};

use reqwest::multipart::{Form, Part};

use super::*;
use crate::photo;

async fn upload(server: &Standin, token: &str, form: Form) -> Answer {
    send(call(server, token, Method::POST, "upload").multipart(form)).await
}

fn file(bytes: Vec<u8>) -> Form {
    Form::new().part("file", Part::bytes(bytes).file_name("one.png").mime_str("image/png").unwrap())
}

#[actix_web::test]
async fn a_picture_has_an_address_at_once_and_a_profile_may_name_it() {
    let server = Standin::fresh().await;
    let token = entered(&server, "ada").await;
    let bytes = photo::png(60, 40);
    let size = bytes.len();
    let answer = upload(&server, &token, file(bytes)).await;
    golden::same(&server, "qiscus/sdk_upload", &answer);
    let stored = answer.json()["results"]["file"].clone();
    assert_eq!(stored["size"], size);
    let url = stored["url"].as_str().unwrap();
    let path = url.strip_prefix(server.base()).unwrap();
    assert_eq!(server.get(path).await.header("content-type"), Some("image/jpeg"), "it is opaque");
    let thumbnail = path.replace("/upload/", "/upload/w_320,h_320,c_limit/").replace(".jpg", ".png");
    assert_eq!(server.get(&thumbnail).await.status, 200, "{thumbnail}");
    assert_ne!(user(&get(&server, &token, "my_profile").await)["avatar_url"], url, "not before it is named");
    let named = send(call(&server, &token, Method::PATCH, "my_profile").form(&[("avatar_url", url)])).await;
    assert_eq!(user(&named)["avatar_url"], url);
    assert_eq!(server.pictures_on_disk().len(), 1);
}

#[actix_web::test]
async fn a_file_that_is_no_picture_is_refused_and_leaves_no_file() {
    let server = Standin::fresh().await;
    let token = entered(&server, "ada").await;
    for bytes in [b"%PDF-1.7".to_vec(), Vec::new(), photo::png(60, 40)[..40].to_vec()] {
        let answer = upload(&server, &token, file(bytes)).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]["message"]),
            (400, &json!("Validation error")),
            "{answer:?}"
        );
        assert!(answer.json()["error"]["errors"]["file"].is_array(), "{answer:?}");
    }
    let empty = "file is an empty file (0 bytes): send the file's content";
    assert_invalid(&upload(&server, &token, file(Vec::new())).await, "file", empty);
    assert_invalid(&upload(&server, &token, Form::new().text("other", "x")).await, "file", "file is required");
    assert_invalid(&post(&server, &token, "upload", &[]).await, "file", "file is required");
    let text = upload(&server, &token, Form::new().text("file", "x")).await;
    assert_invalid(&text, "file", "file must be a file, in a multipart/form-data body");
    assert_eq!((server.pictures_on_disk().len(), server.incoming_on_disk().len()), (0, 0));
}

#[actix_web::test]
async fn a_file_beyond_the_limit_is_refused_in_json() {
    let server = Standin::with(&[("STANDIN_PICTURE_FILE_BYTES_MAX", "64KiB")]).await;
    let token = entered(&server, "ada").await;
    let answer = upload(&server, &token, file(vec![0; (64 << 10) + 1])).await;
    assert_eq!((answer.status, answer.json()["status"].as_u64()), (413, Some(413)));
}

/// The form of `qiscus-sdk-javascript` 3.4.2: the file, then the token. No header has it.
fn with_token(token: &str) -> Form {
    file(photo::png(60, 40)).text("token", token.to_owned())
}

async fn upload_by_form(server: &Standin, token: &str) -> Answer {
    send(sdk(server, Method::POST, "upload").multipart(with_token(token))).await
}

#[actix_web::test]
async fn issue_14_a_token_in_the_form_is_as_good_as_one_in_the_header() {
    let server = Standin::fresh().await;
    let token = entered(&server, "ada").await;
    let answer = upload_by_form(&server, &token).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let url = answer.json()["results"]["file"]["url"].as_str().unwrap().to_owned();
    let named = send(call(&server, &token, Method::PATCH, "my_profile").form(&[("avatar_url", &url)])).await;
    assert_eq!(user(&named)["avatar_url"], *url, "it is the user's own");
    for wrong in ["", "unknown", SECRET] {
        assert_said(&upload_by_form(&server, wrong).await, 403, Some(401_301), "Unauthorized");
    }
    let both = send(call(&server, "unknown", Method::POST, "upload").multipart(with_token(&token))).await;
    assert_said(&both, 403, Some(401_301), "Unauthorized");
    assert_eq!((server.pictures_on_disk().len(), server.incoming_on_disk().len()), (1, 0));
}

#[actix_web::test]
async fn issue_14_forms_of_unknown_senders_on_their_way_are_two_from_one_address() {
    let often = [("STANDIN_UPLOADS_PER_MINUTE", "1000"), ("STANDIN_UPLOADS_PER_DAY", "1000")];
    let server = Standin::with(&often).await;
    let token = entered(&server, "ada").await;
    let begun = || {
        let mut stream = TcpStream::connect(server.base().strip_prefix("http://").unwrap()).unwrap();
        let head = format!(
            "POST /api/v2/sdk/upload HTTP/1.1\r\nHost: x\r\nQISCUS-SDK-APP-ID: {APP_ID}\r\nContent-Length: 100000\r\n\
             Content-Type: multipart/form-data; boundary=XX\r\n\r\n--XX\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let one = begun();
    assert_eq!(upload_by_form(&server, &token).await.status, 200, "one place is left");
    let mut others = Vec::new();
    let end = Instant::now() + Duration::from_secs(20);
    let refused = loop {
        // One that arrives while an upload is on its way is refused itself.
        others.push(begun());
        let answer = upload_by_form(&server, &token).await;
        if answer.status != 200 || Instant::now() > end {
            break answer;
        }
    };
    assert_said(&refused, 503, None, "The server is busy, try again");
    assert_eq!(upload(&server, &token, file(photo::png(60, 40))).await.status, 200, "by the header as ever");
    drop((one, others));
    while upload_by_form(&server, &token).await.status != 200 {
        assert!(Instant::now() < end, "the places of ended uploads are free");
    }
}
