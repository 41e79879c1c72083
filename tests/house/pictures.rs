//! Pictures over public HTTP: RELIABILITY's promises 16 to 28, from createUser to the last byte served.

use std::{
    collections::HashSet,
    fs,
    io::Write as _,
    net::TcpStream,
    path::Path,
    time::{Duration, Instant},
};

use image::{Rgb, RgbImage};
use jpeg_encoder::{ColorType, Encoder};
use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};

use super::{
    photo::{self, LOWER_LEFT, LOWER_RIGHT, UPPER_LEFT, UPPER_RIGHT},
    standin::{Answer, LICENSE_KEY, Standin, send},
};

const SIDES: [u32; 5] = [512, 320, 192, 96, 48];

/// Longer than anything here should take.
const WAIT: Duration = Duration::from_secs(10);

fn data(answer: &Answer) -> Value {
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!(200)), "{answer:?}");
    answer.json()["data"].clone()
}

fn size_of(file: &[u8]) -> (u32, u32) {
    let image = image::load_from_memory(file).unwrap();
    (image.width(), image.height())
}

/// A server, its back end's token, and the key of the picture it shows for `u1`.
async fn server_with(upload: Vec<u8>) -> (Standin, String, String) {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let key = uploaded(&server, &token, "u1", upload).await;
    (server, token, key)
}

async fn uploaded(server: &Standin, token: &str, user: &str, upload: Vec<u8>) -> String {
    let made = data(&server.create_user_with_picture(token, user, "a.jpg", upload).await);
    made["profileUrl"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

async fn avatar_url(server: &Standin, user: &str) -> String {
    server.user_profile(user).await.json()["results"]["user"]["avatar_url"].as_str().unwrap().to_owned()
}

async fn media(server: &Standin, token: &str, name: &str) -> Answer {
    send(server.call(Method::GET, &format!("/api/v1/media/{name}")).header("Authorization", token)).await
}

/// The path of the address that always shows what a user shows.
fn stable_path(server: &Standin, user: &str) -> String {
    let shown: Value = serde_json::from_str(&server.command(&["user", "show", user, "--json"])).unwrap();
    shown["picture_url"].as_str().unwrap().strip_prefix(server.base()).unwrap().to_owned()
}

/// [`photo::corners`] under a little noise, so that no two stretches of its coded bytes are alike.
fn noisy(width: u32, height: u32) -> RgbImage {
    let mut dice = 0x2545_F491_u32;
    let mut image = photo::corners(width, height);
    for Rgb(channels) in image.pixels_mut() {
        for channel in channels {
            dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *channel = channel.saturating_add(u8::try_from(dice >> 28).unwrap());
        }
    }
    image
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { fs::read(path).into_iter().collect() }).collect()
}

/// Files that the server holds open without a name: uploads that wait.
fn spooled(server: &Standin) -> usize {
    let open = fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap();
    let target = |entry: std::io::Result<fs::DirEntry>| fs::read_link(entry.unwrap().path()).ok();
    open.filter_map(target).filter(|path| path.to_string_lossy().ends_with(" (deleted)")).count()
}

async fn soon(mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < WAIT, "not within {WAIT:?}");
        actix_web::rt::time::sleep(Duration::from_millis(5)).await;
    }
}

#[actix_web::test]
async fn promise_20_a_phone_photo_comes_back_upright_and_naked_in_every_rendition() {
    let mut plain = Vec::new();
    Encoder::new(&mut plain, 90).encode(&noisy(1200, 900), 1200, 900, ColorType::Rgb).unwrap();
    let exif = [b"Exif\0\0".as_slice(), &photo::exif(6)].concat();
    let upload = photo::with_segment(&photo::with_segment(&plain, 0xFE, b"a private comment"), 0xE1, &exif);
    let coded = upload[upload.len() / 2..][..48].to_vec();
    let secrets = [coded.as_slice(), b"PrivateCamera", b"private comment", b"Exif\0\0", exif.get(6..60).unwrap()];
    assert!(secrets.iter().all(|secret| holds(&upload, secret)));

    let (server, token, key) = server_with(upload.clone()).await;
    let mut answers = vec![
        ((900, 1200), server.get(&format!("/pictures/upload/{key}/full.jpg")).await),
        ((900, 1200), media(&server, &token, &key).await),
        ((192, 192), media(&server, &token, &format!("{key}-192")).await),
        ((900, 1200), server.get(&stable_path(&server, "u1")).await),
        ((320, 320), server.get(&format!("/pictures/upload/w_320,h_320,c_limit/{key}/full.png")).await),
        ((48, 48), server.get(&format!("/pictures/upload/w_320,h_320,c_limit,e_blur:300/{key}/full.png")).await),
    ];
    for side in SIDES {
        answers.push(((side, side), server.get(&format!("/pictures/upload/{key}/{side}.jpg")).await));
    }
    for (size, answer) in answers {
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/jpeg")));
        assert_eq!(size_of(&answer.bytes), size);
        let seen = photo::corners_of(&answer.bytes);
        let upright = [LOWER_LEFT, UPPER_LEFT, LOWER_RIGHT, UPPER_RIGHT];
        assert!(
            seen.into_iter().zip(upright).all(|(seen, wanted)| photo::alike(seen, wanted, 40)),
            "{size:?}: {seen:?}"
        );
        assert!(secrets.iter().all(|secret| !holds(&answer.bytes, secret)), "{size:?}");
    }
    for file in files(&server.data()) {
        assert!(secrets.iter().all(|secret| !holds(&file, secret)), "the upload itself is on the disk");
    }
    assert_eq!(spooled(&server), 0);
}

#[actix_web::test]
async fn promise_16_hostile_and_foreign_files_are_refused_with_a_true_reason_and_leave_nothing() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let media = |brand: &[u8; 4]| [b"\0\0\0\x18ftyp".as_slice(), brand, b"\0\0\0\0mif1miaf"].concat();
    let cut = |file: Vec<u8>| file[..file.len() - 20].to_vec();
    let not = |found: &str| format!("must be a PNG or JPEG picture, not {found}");
    let whole = || "must be a whole picture, and this one is cut short".to_owned();
    let refused: Vec<(Vec<u8>, String)> = vec![
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>".to_vec(), not("an SVG drawing")),
        (b"<!DOCTYPE html><script>alert(1)</script>".to_vec(), not("an HTML page")),
        (b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0".to_vec(), not("a BMP")),
        (b"II*\0\x08\0\0\0".to_vec(), not("a TIFF")),
        (media(b"heic"), not("a HEIC")),
        (media(b"avif"), not("an AVIF")),
        (b"\0\0\0\x0CjP  \r\n\x87\n".to_vec(), not("a JPEG 2000 picture")),
        (b"\xFF\x4F\xFF\x51\0\x2F".to_vec(), not("a JPEG 2000 picture")),
        (photo::animated_gif(8, 8, 2), not("a GIF")),
        (photo::webp(8, 8), not("a WebP")),
        (photo::greedy_webp(), not("a WebP")),
        (b"%PDF-1.7\n".to_vec(), not("a PDF")),
        (b"just text".to_vec(), "must be a PNG or JPEG picture".to_owned()),
        (photo::forged_jpeg(64_250, 64_250, 0), "must have at most 12000 pixels a side, this one has 64250".to_owned()),
        (
            photo::forged_png((30_000, 30_000), 1, 0),
            "must have at most 12000 pixels a side, this one has 30000".to_owned(),
        ),
        (photo::forged_png((60_000, 1), 8, 2), "must have at most 12000 pixels a side, this one has 60000".to_owned()),
        (
            photo::forged_png((8_000, 4_001), 8, 2),
            "must have at most 32000000 pixels in all, this one has 32008000".to_owned(),
        ),
        (
            photo::forged_png((6_000, 5_166), 16, 6),
            "must have at most 134217728 bytes once decoded, this one has 247968000".to_owned(),
        ),
        (photo::forged_jpeg(5_000, 5_000, 20_000), whole()),
        (cut(photo::jpeg(64, 48)), whole()),
        (cut(photo::png(64, 48)), whole()),
        (photo::forged_png((64, 48), 8, 2), "must be an undamaged picture, and this one cannot be read".to_owned()),
        (Vec::new(), "is an empty file (0 bytes): send the file's content".to_owned()),
    ];
    for (number, (file, reason)) in refused.into_iter().enumerate() {
        let answer = server.create_user_with_picture(&token, &format!("u{number}"), "photo.jpg", file).await;
        let expected = json!({ "status": 400, "message": format!("profileFile {reason}") });
        assert_eq!((answer.status, answer.json()), (400, expected));
    }
    let heavy = [photo::jpeg(64, 48), vec![0; 10 << 20]].concat();
    let answer = server.create_user_with_picture(&token, "heavy", "photo.jpg", heavy).await;
    let message = "The file in profileFile is too large: send at most 10485760 bytes";
    assert_eq!((answer.status, answer.json()), (413, json!({ "status": 413, "message": message })));

    assert_eq!(server.user_list().await.json()["results"]["meta"]["total_data"], 0);
    assert_eq!((server.pictures_on_disk().len(), server.incoming_on_disk().len()), (0, 0));
    soon(|| spooled(&server) == 0).await;
}

#[actix_web::test]
async fn promise_22_unusual_but_valid_files_are_accepted_under_any_name() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let turned = |orientation: u16| photo::phone_jpeg(64, 48, orientation);
    let exif = |exif: &[u8]| photo::with_segment(&photo::jpeg(64, 48), 0xE1, &[b"Exif\0\0", exif].concat());
    let bomb = |kind: &[u8; 4]| photo::with_chunks(&photo::png(64, 48), &[photo::bomb_chunk(kind, 64 << 20)]);
    let taken = vec![
        photo::PROGRESSIVE_JPEG.to_vec(),
        photo::CMYK_JPEG.to_vec(),
        photo::INTERLACED_PNG.to_vec(),
        photo::palette_png(Some(9)),
        photo::one_bit_png(),
        photo::animated_png(64, 48),
        photo::with_tail(&photo::jpeg(64, 48)),
        turned(0),
        turned(9),
        turned(65_535),
        exif(&photo::huge_exif()),
        exif(&photo::looping_exif()),
        bomb(b"iCCP"),
        bomb(b"zTXt"),
    ];
    let names = ["photo.jpg", "photo.exe", "../../etc/passwd", "a\".svg", "\u{202e}gnp.exe"];
    for (number, file) in taken.into_iter().enumerate() {
        let user = format!("u{number}");
        data(&server.create_user_with_picture(&token, &user, names[number % names.len()], file).await);
        let address = avatar_url(&server, &user).await;
        let answer = server.get(address.strip_prefix(server.base()).unwrap()).await;
        assert_eq!((answer.status, size_of(&answer.bytes)), (200, (64, 48)), "{user}");
        assert_eq!(answer.header("content-disposition"), None);
        assert!(!holds(&answer.bytes, b"<script"));
    }
    for (user, size, shown) in
        [("wide", (12_000, 1), (1_280, 1)), ("high", (1, 12_000), (1, 1_280)), ("dot", (1, 1), (1, 1))]
    {
        let key = uploaded(&server, &token, user, photo::png(size.0, size.1)).await;
        assert_eq!(size_of(&server.get(&format!("/pictures/upload/{key}/full.jpg")).await.bytes), shown);
        assert_eq!(size_of(&server.get(&format!("/pictures/upload/{key}/48.jpg")).await.bytes), (1, 1));
    }
    assert_eq!(spooled(&server), 0);
}

fn assert_safe(headers: &HeaderMap) {
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
    assert_eq!(header("x-content-type-options"), Some("nosniff"));
    assert_eq!(header("content-security-policy"), Some("default-src 'none'; sandbox"));
    assert_eq!(header("cross-origin-resource-policy"), Some("cross-origin"));
    assert!(header("etag").is_some_and(|etag| etag.starts_with('"')), "strong: {headers:?}");
}

#[actix_web::test]
async fn promise_25_a_picture_is_served_safe_and_kept_for_ever() {
    let (server, token, key) = server_with(photo::jpeg(640, 480)).await;
    let path = format!("/pictures/upload/{key}/320.jpg");
    let answer = server.get(&path).await;
    assert_safe(&answer.headers);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
    let etag = answer.header("etag").unwrap().to_owned();

    let head = send(server.call(Method::HEAD, &path)).await;
    assert_safe(&head.headers);
    assert_eq!((head.status, head.bytes.len()), (200, 0));
    assert_eq!(head.header("content-length"), Some(answer.bytes.len().to_string().as_str()));

    for known in [etag.clone(), format!("W/{etag}"), format!("\"other\", {etag}"), "*".to_owned()] {
        let answer = send(server.call(Method::GET, &path).header("If-None-Match", known)).await;
        assert_eq!((answer.status, answer.bytes.len(), answer.header("etag")), (304, 0, Some(etag.as_str())));
    }
    let other = send(server.call(Method::GET, &path).header("If-None-Match", "\"other\"")).await;
    assert_eq!(other.status, 200);
    for ranges in ["bytes=0-9".to_owned(), format!("bytes={}", ["0-9"; 1_000].join(","))] {
        let whole = send(server.call(Method::GET, &path).header("Range", ranges)).await;
        assert_eq!((whole.status, &whole.bytes), (200, &answer.bytes));
    }
    let private = media(&server, &token, &key).await;
    assert_safe(&private.headers);
    assert_eq!(private.header("cache-control"), Some("private, max-age=31536000, immutable"));
    let stable = server.get(&stable_path(&server, "u1")).await;
    assert_safe(&stable.headers);
    assert_eq!(stable.header("cache-control"), Some("no-cache"));
}

#[actix_web::test]
async fn a_size_beside_the_ladder_rounds_up_and_says_so() {
    let (server, token, key) = server_with(photo::jpeg(1_400, 1_050)).await;
    let steps = [
        ("1", "48"),
        ("48", "48"),
        ("49", "96"),
        ("150", "192"),
        ("300", "320"),
        ("321", "512"),
        ("512", "512"),
        ("513", "512"),
        ("99999", "512"),
        ("full", "full"),
    ];
    for (asked, given) in steps {
        let answers = [
            server.get(&format!("/pictures/upload/{key}/{asked}.jpg")).await,
            server.get(&format!("/pictures/upload/{key}/{asked}.png")).await,
            media(&server, &token, &format!("{key}-{asked}")).await,
        ];
        for answer in answers {
            let side = if given == "full" { 1_280 } else { given.parse().unwrap() };
            assert_eq!((answer.status, answer.header("x-picture-rendition")), (200, Some(given)), "{asked}");
            assert_eq!((size_of(&answer.bytes).0, answer.header("content-type")), (side, Some("image/jpeg")));
        }
    }
}

#[actix_web::test]
async fn promise_26_a_replaced_picture_has_a_new_name_and_the_old_address_rests_before_it_goes() {
    let (server, token, first) = server_with(photo::jpeg(64, 48)).await;
    let stable = stable_path(&server, "u1");
    let shown = server.get(&stable).await;
    let second = uploaded(&server, &token, "u1", photo::png(90, 90)).await;
    assert_ne!(first, second);
    for key in [&first, &second] {
        assert_eq!((key.len(), server.get(&format!("/pictures/upload/{key}/full.jpg")).await.status), (22, 200));
    }
    assert!(avatar_url(&server, "u1").await.contains(&second));
    let etag = shown.header("etag").unwrap().to_owned();
    let now = send(server.call(Method::GET, &stable).header("If-None-Match", etag)).await;
    assert_eq!((now.status, size_of(&now.bytes)), (200, (90, 90)), "the stable address shows the new one");
    let on_disk: HashSet<String> = server.pictures_on_disk().into_iter().collect();
    assert_eq!(on_disk, HashSet::from([first, second]));
}

#[actix_web::test]
async fn the_stable_address_never_sends_a_browser_to_an_address_that_a_user_has_set() {
    let (server, token, key) = server_with(photo::jpeg(64, 48)).await;
    let own = format!("{}/pictures/upload/{key}/full.jpg", server.base());
    let elsewhere = ["https://evil.example/login", "http://127.0.0.1:1/x.png", "https://evil.example:8443/?next=//x"];
    for (shows, is_picture) in elsewhere.into_iter().map(|address| (address, false)).chain([(own.as_str(), true)]) {
        data(&server.create_user(&token, &[("userIdentifier", "u2"), ("profileUrl", shows)]).await);
        assert_eq!(avatar_url(&server, "u2").await, shows, "the profile itself names what was set");
        for name in ["full", "512", "48.png"] {
            let path = stable_path(&server, "u2").replace("/full", &format!("/{name}"));
            let answer = server.get(&path).await;
            assert_eq!((answer.status, answer.header("location")), (200, None), "{shows}: {answer:?}");
            let kind = if is_picture { "image/jpeg" } else { "image/png" };
            assert_eq!(answer.header("content-type"), Some(kind), "a tile, or a picture of this server: {shows}");
            assert_safe(&answer.headers);
        }
    }
}

#[actix_web::test]
async fn promise_28_the_eleventh_upload_in_a_minute_is_refused_with_the_time_to_wait() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    for _ in 0..10 {
        uploaded(&server, &token, "u1", photo::png(8, 8)).await;
    }
    let refused = server.create_user_with_picture(&token, "u1", "a.png", photo::png(8, 8)).await;
    assert_eq!(refused.status, 429);
    let seconds: u64 = refused.header("retry-after").expect("Retry-After").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    let message = format!("Too many picture uploads, try again in {seconds} s");
    assert_eq!(refused.json(), json!({ "status": 429, "message": message }));
    uploaded(&server, &token, "u2", photo::png(8, 8)).await;
    data(&server.create_user(&token, &[("userIdentifier", "u1"), ("nickname", "still here")]).await);
    assert_eq!((server.pictures_on_disk().len(), spooled(&server)), (11, 0));
}

#[actix_web::test]
async fn an_unknown_picture_is_not_found_however_it_is_asked_for() {
    let (server, token, key) = server_with(photo::jpeg(64, 48)).await;
    let unknown = "A".repeat(22);
    let upper = key.to_ascii_uppercase();
    for path in [
        format!("/pictures/upload/{unknown}/full.jpg"),
        format!("/pictures/upload/{upper}/full.jpg"),
        format!("/pictures/upload/{key}/big.jpg"),
        format!("/pictures/upload/{key}/0.jpg"),
        format!("/pictures/upload/{key}"),
        "/pictures/upload/..%2f..%2fserver.key/full.jpg".to_owned(),
        format!("/pictures/upload/{key}/..%2f..%2f..%2f..%2fserver.key"),
        "/pictures/../../server.key".to_owned(),
        format!("/pictures/of/{unknown}/full"),
        format!("/pictures/upload/tile-{}/full.png", "g".repeat(16)),
    ] {
        assert_eq!(server.get(&path).await.status, 404, "{path}");
    }
    for name in [unknown, format!("{key}-0"), "..%2fserver.key".to_owned()] {
        let answer = media(&server, &token, &name).await;
        assert_eq!((answer.status, answer.json()), (404, json!({ "status": 404, "message": "Picture not found" })));
    }
    assert_eq!(server.get(&format!("/api/v1/media/{key}")).await.status, 401);
}

#[actix_web::test]
async fn where_pictures_are_not_public_only_a_token_opens_them() {
    let (server, token, key) = server_with(photo::jpeg(64, 48)).await;
    let public = format!("/pictures/upload/{key}/full.jpg");
    assert_eq!(server.get(&public).await.status, 200);
    server.command(&["app", "set", "--public-pictures", "false"]);
    let stable = stable_path(&server, "u1");
    for path in [public.clone(), format!("/pictures/upload/w_320,h_320,c_limit/{key}/full.jpg")] {
        assert_eq!(server.get(&path).await.status, 404, "{path}");
    }
    assert_eq!(server.get(&stable).await.header("content-type"), Some("image/png"), "a tile");
    assert_eq!(size_of(&media(&server, &token, &key).await.bytes), (64, 48));
    let tile = avatar_url(&server, "u1").await;
    assert!(tile.contains("/tile-") && !tile.contains(&key), "{tile}");
    assert_eq!(server.get(tile.strip_prefix(server.base()).unwrap()).await.status, 200);
    let body = json!({ "user_id": "u1", "username": "U", "password": "p", "avatar_url": tile });
    server.login_or_register(body).await;
    server.command(&["app", "set", "--public-pictures", "true"]);
    assert_eq!(server.get(&public).await.status, 200);
}

#[actix_web::test]
async fn promise_27_a_client_that_hangs_up_in_mid_upload_leaves_nothing() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let part =
        |name: &str, value: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let fields = [("deviceType", "web"), ("licenseKey", LICENSE_KEY), ("userIdentifier", "u1")];
    let fields: String = fields.iter().map(|(name, value)| part(name, value)).collect();
    let file = "--b\r\nContent-Disposition: form-data; name=\"profileFile\"; filename=\"a.jpg\"\r\n\r\n";
    let upload = photo::with_tail(&photo::jpeg(640, 480)).repeat(40);
    let body = [fields.as_bytes(), file.as_bytes(), &upload].concat();
    let head = format!(
        "POST /api/v1/users/createUser HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Length: {}\r\n\
         Content-Type: multipart/form-data; boundary=b\r\n\r\n",
        body.len() + 100
    );
    let mut clients: Vec<TcpStream> = Vec::new();
    for _ in 0..8 {
        let mut client = TcpStream::connect(server.base().strip_prefix("http://").unwrap()).unwrap();
        client.write_all(head.as_bytes()).unwrap();
        client.write_all(&body).unwrap();
        clients.push(client);
    }
    soon(|| spooled(&server) == 8).await;
    drop(clients);
    soon(|| spooled(&server) == 0).await;
    assert_eq!(server.user_profile("u1").await.status, 404);
    assert_eq!((server.pictures_on_disk().len(), server.incoming_on_disk().len()), (0, 0));
}

/// A line of `/proc/PID/status`, in MiB.
fn memory_mib(server: &Standin, line: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let found = status.lines().find_map(|each| each.strip_prefix(line)?.strip_prefix(':'));
    found.unwrap().split_whitespace().next().unwrap().parse::<u64>().unwrap() >> 10
}

#[actix_web::test]
async fn promise_18_bombs_are_refused_within_a_second_and_raise_the_peak_of_memory_by_64_mib_at_the_most() {
    let (server, token, _) = server_with(photo::jpeg(64, 48)).await;
    let before = memory_mib(&server, "VmHWM");
    let hidden = |kind: &[u8; 4]| photo::with_chunks(&photo::png(64, 48), &[photo::bomb_chunk(kind, 64 << 20)]);
    // The hidden ones first: their bound is the narrower one, and a peak does not come down again. They are pictures, and served.
    let bombs = [
        (hidden(b"iCCP"), 200, 32),
        (hidden(b"zTXt"), 200, 32),
        (photo::forged_jpeg(64_250, 64_250, 0), 400, 64),
        (photo::forged_progressive_jpeg(12_000, 12_000, 0), 400, 64),
        (photo::forged_png((30_000, 30_000), 1, 0), 400, 64),
        (photo::forged_png((6_000, 5_166), 16, 6), 400, 64),
        (photo::forged_jpeg(5_600, 5_600, 60_000), 400, 64),
        (photo::greedy_webp(), 400, 64),
    ];
    for (number, (bomb, status, rise_max)) in bombs.into_iter().enumerate() {
        let seconds_max = if bomb.len() > 1 << 20 { 2 } else { 1 };
        let begun = Instant::now();
        let answer = server.create_user_with_picture(&token, &format!("b{number}"), "a.png", bomb).await;
        assert!(begun.elapsed() <= Duration::from_secs(seconds_max), "bomb {number}: {:?}", begun.elapsed());
        assert_eq!(answer.status, status, "{answer:?}");
        let rise = memory_mib(&server, "VmHWM") - before;
        assert!(rise <= rise_max, "bomb {number} raised the peak by {rise} MiB");
    }
}

#[actix_web::test]
async fn promise_19_photos_that_arrive_together_are_all_taken_within_the_decode_budget() {
    // 56 MiB to decode one of 6 megapixels, so they come one by one; all at once would take 400. `cargo bench -- uploads` has the large ones.
    let server = Standin::with(&[("STANDIN_DECODE_BUDGET_BYTES", "64MiB")]).await;
    let token = server.back_end_token().await;
    let photo = photo::large_progressive_jpeg(3_000, 2_000);
    let uploads = (0..8).map(|number| {
        let (server, token, photo) = (&server, &token, photo.clone());
        async move { server.create_user_with_picture(token, &format!("u{number}"), "a.jpg", photo).await }
    });
    for answer in futures_util::future::join_all(uploads).await {
        data(&answer);
    }
    let peak = memory_mib(&server, "VmHWM");
    assert!(peak < 256, "{peak} MiB");
}

#[actix_web::test]
async fn promise_19_a_picture_that_needs_more_than_twice_the_budget_is_refused_with_its_need() {
    // Reckoned for 6 megapixels: 18 MB of pixels and 36 MB of what a progressive JPEG is kept as.
    let photo = photo::large_progressive_jpeg(3_000, 2_000);
    for (budget_mib, is_taken) in [(30, true), (16, false)] {
        let server = Standin::with(&[("STANDIN_DECODE_BUDGET_BYTES", &format!("{budget_mib}MiB"))]).await;
        let token = server.back_end_token().await;
        let answer = server.create_user_with_picture(&token, "u1", "a.jpg", photo.clone()).await;
        if is_taken {
            data(&answer);
            continue;
        }
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        let begun =
            format!("profileFile must have at most {} bytes while it is unpacked, this one has ", budget_mib << 21);
        assert_eq!((answer.status, message.starts_with(&begun)), (400, true), "{message}");
        data(&server.create_user_with_picture(&token, "u2", "a.jpg", photo::jpeg(640, 480)).await);
        assert_eq!((server.pictures_on_disk().len(), server.incoming_on_disk().len()), (1, 0));
    }
}

#[actix_web::test]
async fn promise_24_damaged_pictures_are_refused_or_served_and_the_server_goes_on() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let (mut dice, mut taken) = (0x2545_F491_4F6C_DD1D_u64, 0);
    let mut roll = |sides: usize| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        usize::try_from(dice % sides as u64).unwrap()
    };
    for number in 0..60 {
        let mut file = match number % 3 {
            0 => photo::PROGRESSIVE_JPEG.to_vec(),
            1 => photo::palette_png(Some(9)),
            _ => photo::CMYK_JPEG.to_vec(),
        };
        for _ in 0..=roll(4) {
            let at = roll(file.len());
            file[at] = u8::try_from(roll(256)).unwrap();
        }
        let answer = server.create_user_with_picture(&token, &format!("d{number}"), "a.jpg", file).await;
        assert!(matches!(answer.status, 200 | 400), "{answer:?}");
        taken += usize::from(answer.status == 200);
    }
    assert_eq!((server.pictures_on_disk().len(), server.incoming_on_disk().len()), (taken, 0));
    soon(|| spooled(&server) == 0).await;
}

#[actix_web::test]
async fn promise_28_the_hundredth_upload_of_a_day_passes_and_the_next_does_not() {
    let server = Standin::with(&[("STANDIN_UPLOADS_PER_MINUTE", "1000")]).await;
    let token = server.back_end_token().await;
    for _ in 0..100 {
        uploaded(&server, &token, "u1", photo::png(2, 2)).await;
    }
    let refused = server.create_user_with_picture(&token, "u1", "a.png", photo::png(2, 2)).await;
    assert_eq!(refused.status, 429, "{refused:?}");
    let seconds: u64 = refused.header("retry-after").expect("Retry-After").parse().unwrap();
    assert!((86_000..=86_400).contains(&seconds), "{seconds}");
    uploaded(&server, &token, "u2", photo::png(2, 2)).await;
}
