use reqwest::multipart::{Form, Part};

use super::*;
use crate::photo;

async fn upload(house: &Standin, token: &str, form: Form) -> Answer {
    send(call(house, token, Method::POST, "upload").multipart(form)).await
}

fn file(bytes: Vec<u8>) -> Form {
    Form::new().part("file", Part::bytes(bytes).file_name("one.png").mime_str("image/png").unwrap())
}

#[actix_web::test]
async fn a_picture_has_an_address_at_once_and_a_profile_may_name_it() {
    let house = Standin::fresh().await;
    let token = entered(&house, "ada").await;
    let bytes = photo::png(60, 40);
    let size = bytes.len();
    let answer = upload(&house, &token, file(bytes)).await;
    golden::same(&house, "qiscus/sdk_upload", &answer);
    let stored = answer.json()["results"]["file"].clone();
    assert_eq!(stored["size"], size);
    let url = stored["url"].as_str().unwrap();
    let path = url.strip_prefix(house.base()).unwrap();
    assert_eq!(house.get(path).await.header("content-type"), Some("image/jpeg"), "it is opaque");
    let thumbnail = path.replace("/upload/", "/upload/w_320,h_320,c_limit/").replace(".jpg", ".png");
    assert_eq!(house.get(&thumbnail).await.status, 200, "{thumbnail}");
    assert_ne!(user(&get(&house, &token, "my_profile").await)["avatar_url"], url, "not before it is named");
    let named = send(call(&house, &token, Method::PATCH, "my_profile").form(&[("avatar_url", url)])).await;
    assert_eq!(user(&named)["avatar_url"], url);
    assert_eq!(house.pictures_on_disk().len(), 1);
}

#[actix_web::test]
async fn what_is_no_picture_is_refused_and_leaves_nothing() {
    let house = Standin::fresh().await;
    let token = entered(&house, "ada").await;
    for bytes in [b"%PDF-1.7".to_vec(), Vec::new(), photo::png(60, 40)[..40].to_vec()] {
        let answer = upload(&house, &token, file(bytes)).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]["message"]),
            (400, &json!("Validation error")),
            "{answer:?}"
        );
        assert!(answer.json()["error"]["errors"]["file"].is_array(), "{answer:?}");
    }
    assert_invalid(&upload(&house, &token, Form::new().text("other", "x")).await, "file", "file is required");
    assert_invalid(&post(&house, &token, "upload", &[]).await, "file", "file is required");
    let text = upload(&house, &token, Form::new().text("file", "x")).await;
    assert_invalid(&text, "file", "file must be a file, in a multipart/form-data body");
    assert_eq!((house.pictures_on_disk().len(), house.incoming_on_disk().len()), (0, 0));
}

#[actix_web::test]
async fn a_file_beyond_the_limit_is_refused_in_json() {
    let house = Standin::with(&[("STANDIN_PICTURE_FILE_BYTES_MAX", "64KiB")]).await;
    let token = entered(&house, "ada").await;
    let answer = upload(&house, &token, file(vec![0; (64 << 10) + 1])).await;
    assert_eq!((answer.status, answer.json()["status"].as_u64()), (413, Some(413)));
}
