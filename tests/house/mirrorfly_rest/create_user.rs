//! The vendor's page "Create User", sentence by sentence, and its limits.

use super::*;

#[actix_web::test]
async fn returns_a_user_resource_in_the_response_body() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let fields = [
        ("userIdentifier", "99XXXXXX11"),
        ("deviceOsVersion", "17.1"),
        ("deviceToken", "push"),
        ("voipDeviceToken", "voip"),
        ("mode", "1"),
        ("nickname", "User A"),
        ("mobileNumber", "99XXXXXXX00"),
        ("email", "user@gmail.com"),
        ("profileUrl", "https://image.url/a.png"),
        ("metadataKey1", "team"),
        ("metadataValue1", "red"),
    ];
    golden::same(&server, "mirrorfly/create_user", &server.create_user(&token, &fields).await);
}

#[actix_web::test]
async fn username_and_password_generate_the_auth_token_of_this_user() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let made = data(&server.create_user(&token, &[("userIdentifier", "u1")]).await);
    let (username, password) = (made["username"].as_str().unwrap(), made["password"].as_str().unwrap());
    assert!(data(&server.sign_in(username, password).await)["token"].is_string());
}

#[actix_web::test]
async fn is_profile_updated_is_false_for_a_new_user_without_a_profile_alone() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let bare = [("userIdentifier", "u1"), ("nickname", ""), ("metadataKey1", "k"), ("metadataValue1", "v")];
    assert_eq!(data(&server.create_user(&token, &bare).await)["isProfileUpdated"], false);
    assert_eq!(data(&server.create_user(&token, &bare).await)["isProfileUpdated"], true);
    for (id, field, value) in [
        ("u2", "nickname", "N"),
        ("u3", "mobileNumber", "1"),
        ("u4", "email", "a@b"),
        ("u5", "profileUrl", "https://x/y"),
    ] {
        let made = data(&server.create_user(&token, &[("userIdentifier", id), (field, value)]).await);
        assert_eq!(made["isProfileUpdated"], true, "{field}");
    }
}

#[actix_web::test]
async fn on_a_known_identifier_updates_the_given_fields_and_keeps_the_password() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let first = [("userIdentifier", "u1"), ("nickname", "Old"), ("email", "a@b")];
    let first = data(&server.create_user(&token, &first).await);
    let second = data(&server.create_user(&token, &[("userIdentifier", "u1"), ("nickname", "New")]).await);
    assert_eq!((&second["nickname"], &second["email"]), (&json!("New"), &json!("a@b")));
    assert_eq!(second["password"], first["password"]);
    assert_ne!(second["token"], first["token"]);
    assert_eq!(server.user_list().await.json()["results"]["meta"]["total_data"], 1);
}

#[actix_web::test]
async fn device_type_is_required_and_is_web_ios_or_android() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    for device in ["web", "ios", "android"] {
        let form = multipart::Form::new()
            .text("deviceType", device)
            .text("licenseKey", LICENSE_KEY)
            .text("userIdentifier", "u1");
        data(&server.create_user_with(&token, form).await);
    }
    let with = |device: Option<&'static str>| {
        let form = multipart::Form::new().text("licenseKey", LICENSE_KEY).text("userIdentifier", "u2");
        server.create_user_with(&token, device.into_iter().fold(form, |form, device| form.text("deviceType", device)))
    };
    assert_refused(&with(None).await, 400, "deviceType is required");
    assert_refused(&with(Some("")).await, 400, "deviceType is required");
    for bad in ["Web", "windows", "web "] {
        assert_refused(&with(Some(bad)).await, 400, "deviceType must be one of web, ios, android");
    }
}

#[actix_web::test]
async fn license_key_is_required_and_the_apps_own() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let with = |key: Option<&'static str>| {
        let form = multipart::Form::new().text("deviceType", "web").text("userIdentifier", "u1");
        server.create_user_with(&token, key.into_iter().fold(form, |form, key| form.text("licenseKey", key)))
    };
    assert_refused(&with(None).await, 400, "licenseKey is required");
    assert_refused(&with(Some("wrong")).await, 400, "licenseKey must be the licence key of this app");
    no_user_was_created(&server).await;
}

#[actix_web::test]
async fn user_identifier_is_required_and_at_most_191_characters() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    assert_refused(&server.create_user(&token, &[]).await, 400, "userIdentifier is required");
    for chars in [190, 191] {
        let id = "a".repeat(chars);
        assert_eq!(data(&server.create_user(&token, &[("userIdentifier", &id)]).await)["userId"], id);
    }
    let answer = server.create_user(&token, &[("userIdentifier", &"a".repeat(192))]).await;
    assert_refused(&answer, 400, "userIdentifier must be at most 191 characters");
    for bad in ["a b", "a/b", "ü", "a\\b"] {
        let answer = server.create_user(&token, &[("userIdentifier", bad)]).await;
        assert_refused(&answer, 400, "userIdentifier must be made of letters, digits and . - _ @ only");
    }
    for reserved in ["administrator", "createUser", "updateMetaData", "presence", "resetPassword"] {
        let answer = server.create_user(&token, &[("userIdentifier", reserved)]).await;
        assert_refused(&answer, 400, "userIdentifier is reserved by the server, choose another");
    }
}

#[actix_web::test]
async fn an_identifier_with_an_at_sign_is_returned_in_the_sdks_spelling_and_read_in_every_spelling() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let made = data(&server.create_user(&token, &[("userIdentifier", "guest@qiscus.com")]).await);
    assert_eq!((&made["userId"], &made["username"]), (&json!("guest=40qiscus.com"), &json!("guest=40qiscus.com")));
    for username in ["guest@qiscus.com", "guest=40qiscus.com", r"guest\40qiscus.com"] {
        let again = data(&server.create_user(&token, &[("userIdentifier", username)]).await);
        assert_eq!(again["password"], made["password"]);
        data(&server.sign_in(username, made["password"].as_str().unwrap()).await);
    }
}

#[actix_web::test]
async fn mode_is_0_or_1() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    for mode in ["0", "1", ""] {
        data(&server.create_user(&token, &[("userIdentifier", "u1"), ("mode", mode)]).await);
    }
    for mode in ["2", "-1", "x"] {
        let answer = server.create_user(&token, &[("userIdentifier", "u1"), ("mode", mode)]).await;
        assert_refused(&answer, 400, "mode must be one of 0, 1");
    }
}

#[actix_web::test]
async fn device_texts_are_at_most_4096_bytes() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    for field in ["deviceOsVersion", "deviceToken", "voipDeviceToken"] {
        for bytes in [4095, 4096] {
            data(&server.create_user(&token, &[("userIdentifier", "u1"), (field, &"t".repeat(bytes))]).await);
        }
        let answer = server.create_user(&token, &[("userIdentifier", "u1"), (field, &"t".repeat(4097))]).await;
        assert_refused(&answer, 400, &format!("{field} must be at most 4096 bytes"));
    }
}

#[actix_web::test]
async fn nickname_is_at_most_30_characters() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    for name in ["n".repeat(29), "n".repeat(30), "é".repeat(30), "👍".repeat(30)] {
        let made = data(&server.create_user(&token, &[("userIdentifier", "u1"), ("nickname", &name)]).await);
        assert_eq!(made["nickname"], name);
    }
    let answer = server.create_user(&token, &[("userIdentifier", "u1"), ("nickname", &"n".repeat(31))]).await;
    assert_refused(&answer, 400, "nickname must be at most 30 characters");
    let answer = server.create_user(&token, &[("userIdentifier", "u1"), ("nickname", "a\u{202e}b")]).await;
    assert_refused(&answer, 400, "nickname must be free of control and text-direction characters");
}

#[actix_web::test]
async fn a_longer_nickname_of_another_vendor_is_returned_unchanged() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let long = "n".repeat(200);
    server.login_or_register(json!({ "user_id": "u1", "username": long })).await;
    let made = data(&server.create_user(&token, &[("userIdentifier", "u1"), ("nickname", &long)]).await);
    assert_eq!(made["nickname"], long);
}

#[actix_web::test]
async fn mobile_number_is_at_most_15_characters() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    for number in ["9".repeat(14), "9".repeat(15), "+49 151 2345678".to_owned()] {
        let made = data(&server.create_user(&token, &[("userIdentifier", "u1"), ("mobileNumber", &number)]).await);
        assert_eq!(made["mobileNumber"], number);
    }
    let answer = server.create_user(&token, &[("userIdentifier", "u1"), ("mobileNumber", &"9".repeat(16))]).await;
    assert_refused(&answer, 400, "mobileNumber must be at most 15 characters");
}

#[actix_web::test]
async fn email_accepts_special_characters() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    for email in ["a!#$%&+b@example.com", "user@gmail.com", "ü@ü.example"] {
        let made = data(&server.create_user(&token, &[("userIdentifier", "u1"), ("email", email)]).await);
        assert_eq!(made["email"], email);
    }
    for bad in ["nobody", "@x", "x@", "a b@c"] {
        let answer = server.create_user(&token, &[("userIdentifier", "u1"), ("email", bad)]).await;
        assert_refused(&answer, 400, "email must be an e-mail address such as user@example.com");
    }
    let long = |bytes: usize| format!("{}@example.com", "a".repeat(bytes - 12));
    for bytes in [319, 320] {
        data(&server.create_user(&token, &[("userIdentifier", "u1"), ("email", &long(bytes))]).await);
    }
    let answer = server.create_user(&token, &[("userIdentifier", "u1"), ("email", &long(321))]).await;
    assert_refused(&answer, 400, "email must be at most 320 bytes");
}

#[actix_web::test]
async fn promise_48_profile_url_stores_an_address_of_at_most_2048_characters() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let long = |chars: usize| format!("https://image.url/{}", "x".repeat(chars - 18));
    for address in [long(2047), long(2048)] {
        let made = data(&server.create_user(&token, &[("userIdentifier", "u1"), ("profileUrl", &address)]).await);
        assert_eq!((&made["profileUrl"], &made["profileUrlThumb"]), (&json!(address), &json!(address)));
    }
    let answer = server.create_user(&token, &[("userIdentifier", "u1"), ("profileUrl", &long(2049))]).await;
    assert_refused(&answer, 400, "profileUrl must be at most 2048 characters");
    let answer = server.create_user(&token, &[("userIdentifier", "u1"), ("profileUrl", "ftp://x/y")]).await;
    assert_refused(&answer, 400, "profileUrl must be an http or https address");
}

#[actix_web::test]
async fn profile_url_accepts_the_token_of_a_picture_of_the_user_and_no_other_bare_text() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let made = data(&server.create_user_with_picture(&token, "u1", "a.png", photo::png(60, 60)).await);
    let url = made["profileUrl"].as_str().unwrap();
    let bare = url.rsplit('/').next().unwrap();
    data(&server.create_user(&token, &[("userIdentifier", "u1"), ("profileUrl", "https://x/y")]).await);
    let back = data(&server.create_user(&token, &[("userIdentifier", "u1"), ("profileUrl", bare)]).await);
    assert_eq!(back["profileUrl"], url, "a picture that is still there is taken back");
    for (id, value) in [("u1", "abcdefghijabcdefghij12"), ("u2", bare)] {
        let answer = server.create_user(&token, &[("userIdentifier", id), ("profileUrl", value)]).await;
        let message = "profileUrl must be an http or https address, or the token of a picture of this user";
        assert_refused(&answer, 400, message);
    }
    assert_eq!(server.user_profile("u2").await.status, 404, "no user was created partly");
}

#[actix_web::test]
async fn metadata_are_up_to_three_whole_pairs() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let three = [
        ("userIdentifier", "u1"),
        ("metadataKey1", "a"),
        ("metadataValue1", "1"),
        ("metadataKey2", "b"),
        ("metadataValue2", "x"),
        ("metadataKey3", "c"),
        ("metadataValue3", "3"),
    ];
    data(&server.create_user(&token, &three).await);
    for half in [
        &[("userIdentifier", "u1"), ("metadataKey2", "k")][..],
        &[("userIdentifier", "u1"), ("metadataKey2", "k"), ("metadataValue2", "")],
    ] {
        assert_refused(&server.create_user(&token, half).await, 400, "metadataValue2 is required");
    }
    let empty = [("userIdentifier", "u1"), ("metadataKey2", ""), ("metadataValue2", "")];
    data(&server.create_user(&token, &empty).await);
    let half = [("userIdentifier", "u1"), ("metadataValue3", "v")];
    assert_refused(&server.create_user(&token, &half).await, 400, "metadataKey3 is required");
    let twice = [
        ("userIdentifier", "u1"),
        ("metadataKey1", "k"),
        ("metadataValue1", "1"),
        ("metadataKey2", "k"),
        ("metadataValue2", "2"),
    ];
    let answer = server.create_user(&token, &twice).await;
    assert_refused(&answer, 400, "metadataKey2 must be another key than the pairs before it");
}

/// A form with these bytes in profileFile, under a head of its own.
async fn with_file(server: &Standin, token: &str, id: &str, head: &[u8], bytes: &[u8]) -> Answer {
    let mut body = Vec::new();
    for (name, value) in [("userIdentifier", id), ("deviceType", "web"), ("licenseKey", LICENSE_KEY)] {
        let field = format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(field.as_bytes());
    }
    body.extend_from_slice(b"--x\r\nContent-Disposition: form-data; name=\"profileFile\"");
    for part in [head, b"\r\n\r\n", bytes, b"\r\n--x--\r\n"] {
        body.extend_from_slice(part);
    }
    let call = server.call(Method::POST, "/api/v1/users/createUser").header("Authorization", token);
    send(call.header("Content-Type", "multipart/form-data; boundary=x").body(body)).await
}

/// Libraries leave the name of a file out, or write it in ways of their own. It is used for nothing, so none of that matters.
#[actix_web::test]
async fn a_file_is_known_by_its_type_or_filename_star_and_its_name_is_used_for_nothing() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let picture = photo::png(60, 60);
    let heads: [&[u8]; 13] = [
        b"\r\nContent-Type: image/png",
        b"\r\ncontent-type: Image/JPEG; charset=binary",
        b"\r\nContent-Type: application/octet-stream",
        b"\r\nContent-Type: video/mp4",
        b"; filename*=UTF-8''a%20b.png",
        b"; filename*=a.png",
        b"; filename=\"\"; filename*=UTF-8''a.png",
        b"; filename=\"\"",
        b"; filename=a.txt",
        b"; filename=\"\xe4\xff.png\"",
        b"; filename=\"../../etc/passwd\"\r\nContent-Type: text/plain",
        b"; filename=\"a\\\"; name=\\\"licenseKey\"",
        b"; filename=\"never closed",
    ];
    for (n, head) in heads.into_iter().enumerate() {
        let shown = String::from_utf8_lossy(head).into_owned();
        let answer = with_file(&server, &token, &format!("u{n}"), head, &picture).await;
        assert_eq!(answer.status, 200, "{shown}: {answer:?}");
        assert!(data(&answer)["profileUrl"].as_str().unwrap().contains("/media/"), "{shown}");
    }
    for head in [&b"\r\nContent-Type: image/png"[..], b"; filename=\"\"", b"\r\nContent-Type: text/plain", b""] {
        let answer = with_file(&server, &token, "none", head, b"").await;
        assert_eq!(data(&answer)["profileUrl"], "", "an empty one is none that anybody chose");
    }
    for head in [&b"\r\nContent-Type: text/plain"[..], b"\r\nContent-Type: application/json", b""] {
        let answer = with_file(&server, &token, "text", head, b"text").await;
        assert_refused(&answer, 400, "profileFile must be a file, in a multipart/form-data body");
    }
    let answer = with_file(&server, &token, "text", b"\r\nContent-Type: image/png", b"text").await;
    assert_eq!(answer.status, 400, "by its bytes: {answer:?}");
    assert_eq!(server.user_profile("text").await.status, 404, "nothing half done");
}

#[actix_web::test]
async fn an_empty_file_a_compressed_file_and_a_folded_header_each_get_their_own_error() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let png = photo::png(60, 60);
    for (head, bytes, status, said) in [
        (&b"; filename=a.png"[..], &b""[..], 400, "profileFile is an empty file (0 bytes): send the file's content"),
        (b"; filename*=UTF-8''a.png", b"", 400, "profileFile is an empty file (0 bytes): send the file's content"),
        (
            b"; filename=a.png\r\nContent-Transfer-Encoding: base64",
            b"iVBORw0KGgo=",
            415,
            "The field profileFile must be sent as it is (binary), without a Content-Transfer-Encoding",
        ),
        (
            b";\r\n filename=a.png",
            &png,
            400,
            "The head of a part of the form cannot be read: send each header on one line, as Name: value, not folded over two",
        ),
    ] {
        assert_refused(&with_file(&server, &token, "u1", head, bytes).await, status, said);
    }
    assert_eq!(server.user_profile("u1").await.status, 404, "nothing half done");
    let binary = b"; filename=a.png\r\nContent-Transfer-Encoding: binary";
    assert_eq!(with_file(&server, &token, "u1", binary, &png).await.status, 200);
}

#[actix_web::test]
async fn profile_file_uploads_the_image_and_its_url_is_for_callers_with_a_token_alone() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    for (id, name, bytes) in [
        ("u1", "photo.png", photo::png(300, 200)),
        ("u2", "photo.jpg", photo::jpeg(300, 200)),
        ("u3", "photo.jpeg", photo::jpeg(300, 200)),
    ] {
        let made = data(&server.create_user_with_picture(&token, id, name, bytes).await);
        for (field, side) in [("profileUrl", 300), ("profileUrlThumb", 192)] {
            let url = made[field].as_str().unwrap();
            let path = url.strip_prefix(server.base()).unwrap_or_else(|| panic!("{url}"));
            assert!(path.starts_with("/api/v1/media/"), "{path}");
            let answer = send(server.call(Method::GET, path).header("Authorization", &token)).await;
            assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/jpeg")), "{answer:?}");
            assert_eq!(image::load_from_memory(&answer.bytes).unwrap().width(), side);
            assert!(answer.header("cache-control").unwrap().contains("private"));
            assert_refused(&server.get(path).await, 401, "Token Expired");
        }
    }
}

#[actix_web::test]
async fn a_users_own_token_fetches_media_too() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let made = data(&server.create_user_with_picture(&token, "u1", "a.png", photo::png(60, 60)).await);
    let path = made["profileUrl"].as_str().unwrap().strip_prefix(server.base()).unwrap().to_owned();
    let own = made["token"].as_str().unwrap();
    assert_eq!(send(server.call(Method::GET, &path).header("Authorization", own)).await.status, 200);
}

#[actix_web::test]
async fn a_picture_file_beats_a_picture_url() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let part = multipart::Part::bytes(photo::png(50, 50)).file_name("a.png");
    let form = form(&[("userIdentifier", "u1"), ("profileUrl", "https://x/y")]).part("profileFile", part);
    let made = data(&server.create_user_with(&token, form).await);
    assert!(made["profileUrl"].as_str().unwrap().contains("/api/v1/media/"), "{made}");
}

#[actix_web::test]
async fn png_and_jpeg_files_are_accepted_under_any_file_name() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    data(&server.create_user_with_picture(&token, "u1", "photo.gif", photo::png(20, 20)).await);
    for (name, bytes) in [
        ("a.png", photo::animated_gif(20, 20, 2)),
        ("a.jpg", photo::webp(20, 20)),
        ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec()),
        ("a.png", b"<html><script>alert(1)</script>".to_vec()),
        ("a.png", Vec::new()),
        ("a.png", b"not a picture at all".to_vec()),
    ] {
        let answer = server.create_user_with_picture(&token, "u2", name, bytes).await;
        assert!(matches!(answer.status, 400 | 415), "{answer:?}");
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with("profileFile "), "{message}");
    }
    assert_eq!(server.user_profile("u2").await.status, 404);
    assert_eq!((server.pictures_on_disk().len(), server.incoming_on_disk().len()), (1, 0));
}

#[actix_web::test]
async fn a_profile_file_is_at_most_as_large_as_the_setting_allows() {
    let mut file = photo::png(20, 20);
    file.resize(11 << 20, 0);
    for (bytes_max, status) in [("12 MiB", 200), ("10 MiB", 413), ("1 MiB", 413)] {
        let server = Standin::with(&[("STANDIN_PICTURE_FILE_BYTES_MAX", bytes_max)]).await;
        let token = server.back_end_token().await;
        let answer = server.create_user_with_picture(&token, "u1", "a.png", file.clone()).await;
        assert_eq!(answer.status, status, "{bytes_max}: {answer:?}");
    }
}

#[actix_web::test]
async fn a_profile_file_that_is_text_is_refused() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let answer = server.create_user(&token, &[("userIdentifier", "u1"), ("profileFile", "photo.png")]).await;
    assert_eq!(answer.status, 400);
    let empty = [("userIdentifier", "u1"), ("profileFile", "")];
    data(&server.create_user(&token, &empty).await);
}

#[actix_web::test]
async fn takes_urlencoded_and_json_bodies_too() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let fields = [("deviceType", "web"), ("licenseKey", LICENSE_KEY), ("userIdentifier", "u1")];
    let call = || server.call(Method::POST, "/api/v1/users/createUser").header("Authorization", &token);
    assert_eq!(data(&send(call().form(&fields)).await)["userId"], "u1");
    let body: serde_json::Map<String, Value> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    assert_eq!(data(&send(call().json(&body)).await)["userId"], "u1");
}
