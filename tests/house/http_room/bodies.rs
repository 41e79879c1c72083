//! Bodies: three kinds, every bound at n-1, n and n+1, every damage, and no file left of anything.

use super::*;

const JSON: &str = "application/json";
const ENCODED: &str = "application/x-www-form-urlencoded";

#[test]
fn the_three_kinds_say_the_same() {
    let server = TestServer::open();
    let kinds = [
        (JSON, br#"{"name":"\u00c4 b","many":["x","y"],"extras":{"z":1,"a":2},"unknown":[]}"#.to_vec()),
        (
            "Application/JSON; Charset=\"UTF-8\"",
            br#"{"name":"\u00c4 b","many":["x","y"],"extras":"{\"z\":1,\"a\":2}"}"#.to_vec(),
        ),
        (ENCODED, b"name=%C3%84+b&many=x&many=y&extras=%7B%22z%22%3A1%2C%22a%22:2}&unknown".to_vec()),
        (
            "multipart/form-data; boundary=XX",
            whole(&[
                part("name", "", "Ä b".as_bytes()),
                part("many", "", b"x"),
                part("many", "", b"y"),
                part("extras", "", br#"{"z":1,"a":2}"#),
                part("unknown", "", b"\r\n--X\r\n"),
            ]),
        ),
    ];
    for (content_type, body) in kinds {
        let answer = server.post("/form", content_type, &body);
        let expected = json!({
            "name": "Ä b", "other": null, "many": ["x", "y"], "mode": null, "extras": { "z": 1, "a": 2 }, "file": null,
        });
        assert_eq!((answer.status, &answer.body), (200, &expected), "{content_type}");
        assert!(answer.body["extras"].to_string().starts_with(r#"{"z""#), "order is kept");
    }
    let query =
        server.raw(b"GET /form?name=%C3%84+b&many=x&many=y&&extras={%22z%22:1}&=&other HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(query.body["name"], "Ä b");
    assert_eq!(query.body["many"], json!(["x", "y"]));
    assert_eq!(query.body["other"], "", "a key without = is empty text");
    assert_eq!(query.body["extras"], json!({ "z": 1 }));
}

#[test]
fn an_error_names_the_field_and_the_form_of_its_value() {
    let server = TestServer::open();
    let answer =
        server.post("/form", JSON, br#"{"name":5,"other":null,"many":[1],"mode":true,"extras":"{x","file":"a"}"#);
    assert_eq!(
        answer.body,
        json!({
            "name": { "error": "name must be text, in quotes" },
            "other": null,
            "many": { "error": "many must be text, in quotes" },
            "mode": true,
            "extras": { "error": "extras must be valid JSON" },
            "file": { "error": "file must be a file, in a multipart/form-data body" },
        })
    );
    let answer = server.post("/form", ENCODED, b"name=1&name=1&extras=&file=&mode=0&many=");
    assert_eq!(
        answer.body,
        json!({
            "name": { "error": "name must be given once, not twice" },
            "other": null, "many": [""], "mode": "0", "extras": null, "file": null,
        })
    );
    let file = part("name", "; filename=\"a\"", b"x");
    let answer = server.multipart(&whole(&[file.clone(), part("file", "", b"text")]));
    assert_eq!(answer.body["name"], json!({ "error": "name must be text, not a file" }));
    assert_eq!(answer.body["file"], json!({ "error": "file must be a file, in a multipart/form-data body" }));
}

#[test]
fn no_body_is_a_form_without_fields() {
    let server = TestServer::open();
    for headers in [
        "",
        "Content-Type: application/json\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\n",
        "Content-Type: multipart/form-data; boundary=XX\r\n",
    ] {
        let answer = server.post_with("/form", headers, b"");
        assert_eq!((answer.status, &answer.body["name"]), (200, &Value::Null), "{headers}");
    }
    assert_eq!(server.raw(b"POST /form HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
    assert_eq!(server.post("/object", JSON, b"").body, Value::Null, "nothing is not an empty object");
    assert_eq!(server.post("/object", JSON, b"{}").body, json!({}));
}

#[test]
fn a_forgotten_or_wrong_type_is_read_kindly_or_explained() {
    let server = TestServer::open();
    assert_eq!(server.post_with("/form", "", b" {\"name\":\"x\"}").body["name"], "x");
    assert_eq!(server.post_with("/form", "", b"name=x").body["name"], "x");
    assert_eq!(
        server.post("/form", ENCODED, b"{\"name\":\"x\"}").said(),
        (415, "The request body is JSON but declared as a form: send the header Content-Type: application/json")
    );
    assert_eq!(server.post("/object", ENCODED, b"{\"name\":\"x\"}").body, json!({ "name": "x" }));
    let types = "The Content-Type must be application/json, application/x-www-form-urlencoded or multipart/form-data";
    for other in ["text/plain", "text/html", "multipart/mixed; boundary=XX", "application/xml", "json", ";"] {
        let answer = server.post("/form", other, b"name=x");
        assert!(answer.said() == (415, types) || other == ";", "{other}: {:?}", answer.said());
    }
    assert_eq!(
        server.post("/form", "application/json; charset=latin1", b"{}").said(),
        (415, "The charset must be UTF-8")
    );
    assert_eq!(server.post_with("/form", "Content-Type: \u{e4}\r\n", b"{}").status, 415);
    for path in ["/form", "/object"] {
        for coding in ["gzip", "br", "deflate", "identity, gzip", "x"] {
            let answer =
                server.post_with(path, &format!("Content-Type: {JSON}\r\nContent-Encoding: {coding}\r\n"), b"{}");
            assert_eq!(answer.said(), (415, "The body must be sent as it is, without a Content-Encoding"), "{coding}");
        }
        let answer = server.post_with(path, "Content-Type: application/json\r\nContent-Encoding: Identity\r\n", b"{}");
        assert_eq!(answer.status, 200);
    }
}

#[test]
fn promise_29_json_and_urlencoded_bodies_hold_1_mib() {
    let server = TestServer::open();
    let max = 1024 * 1024;
    for bytes in [max - 1, max, max + 1] {
        let json = format!("{{\"name\":\"{}\"}}", "a".repeat(bytes - 11));
        assert_eq!(json.len(), bytes);
        let encoded = format!("name=x&{}", vec!["a"; 100].join("&")) + &"&".repeat(bytes - 7 - 199);
        assert_eq!(encoded.len(), bytes);
        for (content_type, body) in [(JSON, json), (ENCODED, encoded)] {
            let answer = server.post("/form", content_type, body.as_bytes());
            match bytes > max {
                false => assert_eq!(answer.status, 200, "{content_type} {bytes}"),
                true => {
                    let expected = (413, "The request body is too large: send at most 1048576 bytes");
                    assert_eq!(answer.said(), expected, "{content_type}");
                }
            }
        }
    }
}

#[test]
fn promise_29_form_fields_hold_8_kib_and_wide_ones_64_kib() {
    let server = TestServer::open();
    for (name, max) in [("name", 8 * 1024), ("extras", 64 * 1024)] {
        for bytes in [max - 1, max, max + 1] {
            let text = format!("\"{}\"", "a".repeat(bytes - 2));
            let encoded = format!("{name}=%22{}%22", "a".repeat(bytes - 2));
            let answers = [
                server.post("/form", ENCODED, encoded.as_bytes()),
                server.multipart(&whole(&[part("other", "", b"x"), part(name, "", text.as_bytes())])),
            ];
            for answer in answers {
                match bytes > max {
                    false => assert_eq!(answer.status, 200, "{name} {bytes}"),
                    true => {
                        let said = format!("The field {name} is too large: send at most {max} bytes");
                        assert_eq!(answer.said(), (413, said.as_str()));
                    }
                }
            }
        }
    }
}

#[test]
fn promise_29_a_form_holds_200_parts() {
    let server = TestServer::open();
    for parts in [199, 200, 201, 10_000] {
        let answers = [
            server.post("/form", ENCODED, vec!["name"; parts].join("&").as_bytes()),
            server.multipart(&whole(&vec![part("many", "", b""); parts])),
        ];
        for answer in answers {
            match parts > 200 {
                false => assert_eq!(answer.status, 200, "{parts}"),
                true => assert_eq!(answer.said(), (413, "The form has too many fields: send at most 200")),
            }
        }
    }
}

#[test]
fn a_form_holds_four_files() {
    let server = TestServer::open();
    for files in [3, 4, 5] {
        let answer = server.multipart(&whole(&vec![part("x", "; filename=\"f\"", b"1"); files]));
        match files > 4 {
            false => assert_eq!(answer.status, 200),
            true => assert_eq!(answer.said(), (413, "The form has too many files: send at most 4")),
        }
    }
}

#[test]
fn promise_29_the_head_of_a_part_holds_4_kib() {
    let server = TestServer::open();
    let known = "content-disposition".len() + "form-data; name=\"name\"".len() + "x-more".len();
    for bytes in [4095, 4096, 4097, 100_000, 1_000_000] {
        let more = format!("\r\nX-More: {}", "a".repeat(bytes - known));
        let answer = server.multipart(&whole(&[part("name", &more, b"x")]));
        match bytes > 4096 {
            false => assert_eq!(answer.status, 200, "{bytes}"),
            true => {
                assert_eq!(answer.said(), (413, "The head of a part is too large: send at most 4096 bytes"), "{bytes}");
            }
        }
    }
}

#[test]
fn promise_29_a_file_holds_10_mib_and_arrives_whole() {
    let server = TestServer::open();
    let max = 10 * 1024 * 1024;
    for bytes in [0, 1, 128 * 1024 - 1, 128 * 1024, 128 * 1024 + 1, max - 1, max, max + 1] {
        let content: Vec<u8> = (0..bytes).map(|at: usize| u8::try_from(at * 31 % 251).unwrap()).collect();
        let sum: u64 = content.iter().map(|b| u64::from(*b)).sum();
        let head = "; filename=\"C:\\\\a \u{1F600}.png\"\r\nContent-Type: image/png";
        let answer = server.multipart(&whole(&[part("file", head, &content), part("name", "", b"behind")]));
        match bytes > max {
            false => {
                let file = json!({ "told": bytes, "bytes": bytes, "sum": sum });
                assert_eq!((&answer.body["file"], &answer.body["name"]), (&file, &json!("behind")), "{bytes}");
            }
            true => {
                let expected = (413, "The file in file is too large: send at most 10485760 bytes");
                assert_eq!(answer.said(), expected);
            }
        }
        server.assert_spool_empty();
    }
}

#[test]
fn promise_29_files_share_one_bound() {
    let server = TestServer::open();
    let half = vec![b'a'; 6 * 1024 * 1024];
    let both = [part("a", "; filename=\"a\"", &half[..5 * 1024 * 1024]), part("b", "; filename=\"b\"", &half)];
    assert_eq!(server.multipart(&whole(&both)).said().0, 413);
}

#[test]
fn promise_29_a_multipart_body_holds_a_file_and_1_mib_beside_it() {
    let server = TestServer::open();
    let max = 11 * 1024 * 1024;
    for bytes in [max - 1, max, max + 1] {
        let form = whole(&[part("name", "", b"x")]);
        for before in [true, false] {
            let rest = [vec![b'\n'; 1], vec![b'.'; 9]].concat().repeat((bytes - form.len()) / 10 + 1);
            let rest = &rest[rest.len() - (bytes - form.len())..];
            let body = if before { [b".\r\n", &rest[3..], b""].concat() } else { rest.to_vec() };
            let body =
                if before { [&body[..body.len() - 2], b"\r\n", &form].concat() } else { [form.clone(), body].concat() };
            assert_eq!(body.len(), bytes);
            let announced = server.multipart(&body);
            let chunked = server.raw(&chunked("multipart/form-data; boundary=XX", &body));
            for answer in [announced, chunked] {
                match bytes > max {
                    false => assert_eq!(answer.status, 200, "{bytes} {before} {:?}", answer.said()),
                    true => {
                        assert_eq!(answer.said(), (413, "The request body is too large: send at most 11534336 bytes"));
                    }
                }
            }
        }
    }
}

fn chunked(content_type: &str, body: &[u8]) -> Vec<u8> {
    let mut request =
        format!("POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n");
    let mut bytes = Vec::new();
    for chunk in body.chunks(65_521) {
        request.push_str(&format!("{:x}\r\n", chunk.len()));
        bytes.extend_from_slice(request.as_bytes());
        bytes.extend_from_slice(chunk);
        request = "\r\n".to_owned();
    }
    bytes.extend_from_slice(b"\r\n0\r\n\r\n");
    bytes
}

#[test]
fn chunked_bodies_are_read_and_their_connection_used_again() {
    let server = TestServer::open();
    let mut stream = connect(server.addr);
    for round in 0..3 {
        stream.write_all(&chunked("multipart/form-data; boundary=XX", &whole(&[part("name", "", b"x")]))).unwrap();
        let answer = Answer::from(&mut stream);
        assert_eq!((answer.status, &answer.body["name"]), (200, &json!("x")), "{round}");
        stream.write_all(&chunked(JSON, b"{\"name\":\"y\"}")).unwrap();
        assert_eq!(Answer::from(&mut stream).body["name"], "y");
    }
}

/// Sends until the other side stops it; how many bytes went, and the answer if there was time to read it.
fn send_for_ever(addr: SocketAddr, head: &str, chunk: &[u8]) -> (usize, Answer) {
    let stream = connect(addr);
    // What the sender's own system holds back was not taken by the server: on a crowded machine that comes to 4 MiB.
    socket2::SockRef::from(&stream).set_send_buffer_size(chunk.len()).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let (head, chunk) = (head.to_owned(), chunk.to_vec());
    let sender = thread::spawn(move || {
        let mut sent = 0;
        writer.write_all(head.as_bytes()).unwrap();
        while sent < 1 << 30 && writer.write_all(&chunk).is_ok() {
            sent += chunk.len();
        }
        sent
    });
    let mut reader = stream;
    let answer = Answer::from(&mut reader);
    (sender.join().unwrap(), answer)
}

#[test]
fn promise_29_endless_bodies_are_cut() {
    let server = TestServer::open();
    let chunk = [b"10000\r\n".as_slice(), &[b'a'; 65_536], b"\r\n"].concat();
    let multipart = "multipart/form-data; boundary=XX";
    let file = "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n";
    let ended = "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--XX--\r\n";
    let cases = [
        ("/form", JSON, "{\"a\":\"", 1, 413),
        ("/object", JSON, "{\"a\":\"", 1, 413),
        ("/form", ENCODED, "a=", 1, 413),
        ("/form", multipart, file, 10, 413),
        ("/form", multipart, ended, 11, 413),
        ("/form", multipart, "a", 1, 413),
        ("/deaf", JSON, "a", 0, 200),
        ("/nowhere", JSON, "a", 0, 404),
        ("/refused/x", JSON, "a", 0, 403),
    ];
    thread::scope(|scope| {
        for (path, content_type, opening, limit, status) in cases {
            let (addr, chunk) = (server.addr, &chunk);
            scope.spawn(move || {
                let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n");
                let (sent, answer) = send_for_ever(addr, &format!("{head}{:x}\r\n{opening}\r\n", opening.len()), chunk);
                assert_eq!(answer.status, status, "{path} {content_type} {:?}", answer.said());
                assert!(answer.head.to_ascii_lowercase().contains("connection: close"), "{}", answer.head);
                assert!(sent <= (limit + 8) * 1024 * 1024, "{path} {content_type}: {sent} bytes sent");
            });
        }
    });
}

#[test]
fn promise_29_an_announced_10_gib_is_refused_unread() {
    let server = TestServer::open();
    for content_type in [JSON, ENCODED, "multipart/form-data; boundary=XX"] {
        let head = format!(
            "POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\nContent-Length: 10737418240\r\n\r\n"
        );
        let began = Instant::now();
        assert_eq!(server.raw(head.as_bytes()).status, 413, "{content_type}: before a byte of it");
        assert!(began.elapsed() < Duration::from_secs(1));
        let (sent, answer) = send_for_ever(server.addr, &head, &[b'a'; 65_536]);
        assert_eq!(answer.status, 413);
        assert!(sent < 16 * 1024 * 1024, "{content_type}: {sent} bytes sent, more than the system buffers");
    }
}

#[test]
fn a_client_that_sends_a_little_too_much_before_reading_receives_the_response() {
    let server = TestServer::open();
    for bytes in [1 << 20, 2 << 20] {
        let mut stream = connect(server.addr);
        let body = vec![b'a'; bytes + 1];
        let head =
            format!("POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
        thread::sleep(Duration::from_millis(100));
        assert_eq!(Answer::from(&mut stream).status, 413);
    }
}

#[test]
fn promise_34_a_body_that_does_not_come_is_given_up() {
    let server = TestServer::with(FormLimits { wait_max: Duration::from_millis(1200), ..LIMITS });
    for (content_type, begun) in [
        (JSON, "{"),
        (ENCODED, "a="),
        ("multipart/form-data; boundary=XX", "--XX\r\nContent-Disp"),
        (
            "multipart/form-data; boundary=XX",
            "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\nabc",
        ),
        (
            "multipart/form-data; boundary=XX",
            "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--XX--\r\n",
        ),
    ] {
        let began = Instant::now();
        let head = format!(
            "POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\nContent-Length: 900\r\n\r\n{begun}"
        );
        let answer = server.raw(head.as_bytes());
        assert_eq!(answer.said(), (408, "The request body did not arrive within 1 s: send it again"), "{content_type}");
        assert!(began.elapsed() < Duration::from_secs(3));
        server.assert_spool_empty();
    }
}

#[test]
fn promise_27_broken_off_uploads_leave_no_file() {
    let server = TestServer::open();
    for bytes in [0, 10, 300_000, 5_000_000] {
        let mut stream = connect(server.addr);
        let head = b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=XX\r\nContent-Length: 9000000\r\n\r\n";
        let body = part("file", "; filename=\"x\"", &vec![7; bytes]);
        stream.write_all(head).unwrap();
        stream.write_all(&body).unwrap();
        drop(stream);
        server.assert_spool_empty();
    }
    assert_eq!(server.post("/form", JSON, b"{\"name\":\"alive\"}").body["name"], "alive");
}

#[test]
fn a_missing_spool_folder_is_ours_to_answer_for() {
    let mut server = TestServer::open();
    std::fs::remove_dir(server.spool.path()).unwrap();
    let answer = server.multipart(&whole(&[part("file", "; filename=\"x\"", b"x")]));
    assert_eq!(answer.said(), (500, "Internal server error"), "no path, no cause");
    std::fs::create_dir(server.spool.path()).unwrap();
    assert_eq!(server.multipart(&whole(&[part("file", "; filename=\"x\"", b"x")])).status, 200);
    server.spool = std::mem::replace(&mut server.spool, tempfile::tempdir().unwrap());
}

/// Bodies with the boundary `XX`, each damaged in its own way, and what is said of it.
fn damages() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let good = whole(&[part("name", "", b"x"), part("file", "; filename=\"f\"", &[9; 3000])]);
    let damaged = "The form is damaged: its boundary is missing or does not match, or it ends too early";
    let unreadable = "The head of a part of the form cannot be read: send each header on one line, as Name: value, not folded over two";
    let too_many =
        "The head of a part of the form has too many headers: Content-Disposition and Content-Type are enough";
    let nameless = "Every part of the form needs a header Content-Disposition: form-data with a name";
    vec![
        ("no boundary within", b"hello".to_vec(), damaged),
        ("no final boundary", good[..good.len() - 8].to_vec(), damaged),
        ("final boundary cut", good[..good.len() - 6].to_vec(), damaged),
        ("head cut", b"--XX\r\nContent-Dis".to_vec(), damaged),
        ("head not a head", b"--XX\r\n\x00\x01\r\n\r\nx\r\n--XX--\r\n".to_vec(), unreadable),
        ("head folded", whole(&[part("a", ";\r\n filename=\"a.png\"", b"x")]), unreadable),
        ("head folded by a tab", whole(&[part("a", "\r\nContent-Type: image/png;\r\n\tname=a", b"x")]), unreadable),
        ("no head", b"--XX\r\n\r\nx\r\n--XX--\r\n".to_vec(), damaged),
        ("33 headers", whole(&[part("a", &"\r\nA: b".repeat(33), b"x")]), too_many),
        ("no name", b"--XX\r\nContent-Disposition: form-data\r\n\r\nx\r\n--XX--\r\n".to_vec(), nameless),
        (
            "no form-data",
            b"--XX\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nx\r\n--XX--\r\n".to_vec(),
            nameless,
        ),
        (
            "name not UTF-8",
            b"--XX\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\nx\r\n--XX--\r\n".to_vec(),
            nameless,
        ),
        (
            "form in a form",
            whole(&[part("a", "\r\nContent-Type: multipart/mixed; boundary=YY", b"--YY--")]),
            "A part of the form may not be a form itself",
        ),
        (
            "text not UTF-8",
            whole(&[part("a\\\"\u{e4}", "", b"\xff\xfe")]),
            "The field whose name has 4 bytes is not valid UTF-8",
        ),
    ]
}

#[test]
fn promise_32_damaged_forms_are_refused_at_once() {
    let server = TestServer::open();
    for (case, body, said) in damages() {
        let began = Instant::now();
        assert_eq!(server.multipart(&body).said(), (400, said), "{case}");
        assert!(began.elapsed() < Duration::from_secs(2), "{case}");
    }
}

/// RFC 7578, section 4.8: other headers of a part "MUST be ignored". RFC 2046, section 5.1.1: blanks behind a boundary are padding.
#[test]
fn a_part_ends_at_its_boundary_even_if_its_head_gives_another_length() {
    let server = TestServer::open();
    for length in ["0", "3", "6", "8", "900", "-1", "x"] {
        let length = format!("\r\nContent-Length: {length}");
        let parts =
            [part("name", &length, "Zoë 字".as_bytes()), part("file", &format!("; filename=\"f\"{length}"), b"y")];
        let answer = server.multipart(&whole(&parts));
        assert_eq!((answer.status, &answer.body["name"]), (200, &json!("Zoë 字")), "{length}: {}", answer.body);
    }
    let form = String::from_utf8(whole(&[part("name", "", b"x"), part("extras", "", b"{}")])).unwrap();
    let padded = form.replace("--XX\r\n", "--XX \t\r\n");
    assert_ne!(padded, form);
    assert_eq!(server.multipart(padded.as_bytes()).body["name"], "x");
}

/// RFC 7578, section 4.7: "Senders SHOULD NOT generate any parts with a Content-Transfer-Encoding header field."
#[test]
fn a_part_that_is_packed_for_mail_is_refused_by_the_name_of_its_field() {
    let server = TestServer::open();
    let head = |kind: &str, coding: &str| format!("{kind}\r\nContent-Transfer-Encoding: {coding}");
    for coding in ["7bit", "8bit", "binary", "Binary ", ""] {
        let parts = [part("name", &head("", coding), b"x"), part("file", &head("; filename=\"f\"", coding), b"y")];
        let answer = server.multipart(&whole(&parts));
        assert_eq!((answer.status, &answer.body["name"]), (200, &json!("x")), "{coding}: {}", answer.body);
    }
    for coding in ["base64", "BASE64", "quoted-printable", "x-uuencode", "7bit, base64"] {
        for (field, kind) in [("name", ""), ("file", "; filename=\"f\"")] {
            let said = format!("The field {field} must be sent as it is (binary), without a Content-Transfer-Encoding");
            let answer = server.multipart(&whole(&[part(field, &head(kind, coding), b"eA==")]));
            assert_eq!(answer.said(), (415, said.as_str()), "{coding}");
        }
    }
}

#[test]
fn a_form_needs_the_boundary_it_declares() {
    let server = TestServer::open();
    let form = whole(&[part("name", "", b"x")]);
    for (parameters, said) in [
        ("", "The form is damaged: its boundary is missing or does not match, or it ends too early"),
        ("; boundary=YY", "The form is damaged: its boundary is missing or does not match, or it ends too early"),
        ("; boundary=", "The form is damaged: its boundary is missing or does not match, or it ends too early"),
        ("; boundary", "The Content-Type of the form cannot be read: send multipart/form-data with a boundary"),
    ] {
        let answer = server.post("/form", &format!("multipart/form-data{parameters}"), &form);
        assert_eq!(answer.said(), (400, said), "{parameters}");
    }
}

#[test]
fn promise_32_a_thousand_damaged_forms_are_no_server_errors_and_no_waits() {
    let server = TestServer::open();
    let good = whole(&[
        part("name", "", "Ä".as_bytes()),
        part("file", "; filename=\"f.png\"\r\nContent-Type: image/png", &[9; 300]),
        part("extras", "", b"{\"a\":1}"),
    ]);
    let mut dice = 0x9E37_79B9_7F4A_7C15_u64;
    let mut roll = |sides: usize| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        usize::try_from(dice % sides as u64).unwrap()
    };
    let pieces: [&[u8]; 8] = [b"\r\n", b"--XX", b"--XX--", b"\r", b"\n--XX\r\n", b"\"", b"\0", b"; name=\""];
    let rounds =
        std::env::var("STANDIN_MULTIPART_ROUNDS").map_or(1000, |rounds| rounds.parse().expect("a whole number"));
    for round in 0..rounds {
        let mut body = good.clone();
        for _ in 0..=roll(4) {
            let at = roll(body.len());
            match roll(4) {
                0 => body.truncate(at.max(1)),
                1 => body[at] = u8::try_from(roll(256)).unwrap(),
                2 => drop(body.splice(at..at, pieces[roll(8)].iter().copied())),
                _ => drop(body.drain(at..(at + roll(40)).min(body.len()).max(at))),
            }
            if body.is_empty() {
                body.push(b'-');
            }
        }
        let began = Instant::now();
        let answer = server.multipart(&body);
        assert!(answer.status < 500, "{round}: {} {:?}", answer.status, String::from_utf8_lossy(&body));
        assert!(began.elapsed() < Duration::from_secs(2), "{round}");
        server.assert_spool_empty();
    }
}

#[test]
fn damaged_json_and_urlencoded_bodies_are_refused_with_a_reason() {
    let server = TestServer::open();
    for (content_type, body, said) in [
        (
            JSON,
            b"{\"a\":1,\"a\":2}".as_slice(),
            "The request body gives the key \"a\" twice in one object at line 1 column 10",
        ),
        (JSON, b"[1]", "The request body must be a JSON object, in braces"),
        (JSON, b"{", "The request body is not valid JSON: it ends too early, at line 1, column 1"),
        (JSON, b"{\"a\":\"\xff\"}", "The request body is not valid UTF-8: the first 6 bytes are, the next is not"),
        (JSON, b"{}{}", "The request body holds more than one JSON value: line 1, column 3"),
        (ENCODED, b"name=%ff", "The field name is not valid UTF-8"),
        (ENCODED, b"%ff=x", "The name of a field is not valid UTF-8"),
        (ENCODED, b"name=\xff", "The field name is not valid UTF-8"),
    ] {
        assert_eq!(server.post("/form", content_type, body).said(), (400, said));
    }
    let lenient = server.post("/form", ENCODED, b"name=%zz%&other=%");
    assert_eq!((&lenient.body["name"], &lenient.body["other"]), (&json!("%zz%"), &json!("%")));
    let bad_chunks = format!(
        "POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{{\"a\":\r\nzz\r\n"
    );
    assert_eq!(server.raw(bad_chunks.as_bytes()).status, 400);
}

fn resident_peak_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Runs in a process of its own, because the peak of this one belongs to all tests.
#[test]
fn promise_29_the_process_stays_small_under_big_bodies() {
    let inside = "http_room::bodies::big_bodies_in_a_process_of_their_own";
    let done = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", inside, "--ignored", "--test-threads=1", "--nocapture"])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
#[ignore = "run by promise_29_the_process_stays_small_under_big_bodies"]
fn big_bodies_in_a_process_of_their_own() {
    let server = TestServer::open();
    assert_eq!(server.post("/form", JSON, b"{}").status, 200);
    let before = resident_peak_kib();
    let chunk = [b"10000\r\n".as_slice(), &[b'a'; 65_536], b"\r\n"].concat();
    thread::scope(|scope| {
        for content_type in [JSON, ENCODED, "multipart/form-data; boundary=XX"] {
            for opening in
                ["", "{\"a\":\"", "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n"]
            {
                let (server, chunk) = (&server.addr, &chunk);
                scope.spawn(move || {
                    let mut stream = TcpStream::connect(server).unwrap();
                    let head = format!(
                        "POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{opening}\r\n",
                        opening.len()
                    );
                    let head = if opening.is_empty() { head.replace("0\r\n\r\n", "") } else { head };
                    let _ = stream.write_all(head.as_bytes());
                    while stream.write_all(chunk).is_ok() {}
                });
            }
        }
    });
    let zeros = format!("{{\"a\":[{}0]}}", "0,".repeat(500_000));
    assert_eq!(server.post("/form", JSON, zeros.as_bytes()).status, 400, "more values than allowed");
    let grown = resident_peak_kib() - before;
    assert!(grown < 128 * 1024, "nine endless bodies at once and a list of 500,000 zeros took {grown} KiB");
}
