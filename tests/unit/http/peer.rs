//! Tests of `src/http/peer.rs`.

use super::*;

fn last_of(lines: &[&str]) -> Option<String> {
    let proxies = Proxies::new(vec!["10.0.0.0/8".parse().unwrap(), "2001:db8:1::/48".parse().unwrap()]);
    let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
    forwarded(&lines, &proxies).map(|address| address.to_string())
}

#[test]
fn an_entry_may_have_a_port_brackets_and_quotes() {
    for (entry, expected) in [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:5678", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("\"192.0.2.7\"", "192.0.2.7"),
        ("\"192.0.2.7:5678\"", "192.0.2.7"),
        ("\"[2001:db8::7]:443\"", "2001:db8::7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("[::ffff:192.0.2.7]:80", "192.0.2.7"),
    ] {
        for line in [entry.to_owned(), format!("  203.0.113.1,{entry}\t , 10.0.0.2:81,")] {
            assert_eq!(last_of(&[&line]).as_deref(), Some(expected), "{line}");
        }
    }
    for entry in [
        "unknown",
        "_hidden",
        "192.0.2.7:",
        "192.0.2.7:x",
        "192.0.2.7:65536",
        "[192.0.2.7]",
        "[2001:db8::7",
        "\"192.0.2.7",
        "\"\"",
        "[]",
        "192.0.2",
        "localhost",
        "192.0.2.7 8",
        "\u{e9}",
    ] {
        assert_eq!(last_of(&[&format!("203.0.113.1, {entry}, 10.0.0.2")]), None, "{entry}");
    }
}

#[test]
fn the_last_line_is_the_nearest_proxys_and_entries_before_an_untrusted_address_are_ignored() {
    assert_eq!(last_of(&["203.0.113.1", "192.0.2.7"]).as_deref(), Some("192.0.2.7"));
    assert_eq!(last_of(&["203.0.113.1, 192.0.2.7", "10.0.0.2, 10.0.0.3"]).as_deref(), Some("192.0.2.7"));
    assert_eq!(last_of(&["192.0.2.7", "", " , ,"]).as_deref(), Some("192.0.2.7"));
    assert_eq!(last_of(&["203.0.113.1", "\u{e9}"]), None, "an unreadable line is not passed over");
    assert_eq!(last_of(&["10.0.0.2, 10.0.0.3"]), None);
    assert_eq!(last_of(&[]), None);
}

#[test]
fn sixteen_entries_are_read_without_empty_ones() {
    let behind = |proxies: usize| format!("192.0.2.7{}", ",,10.0.0.2".repeat(proxies));
    for (proxies, expected) in [(14, Some("192.0.2.7")), (15, Some("192.0.2.7")), (16, None)] {
        assert_eq!(last_of(&[&behind(proxies)]).as_deref(), expected, "{proxies}");
    }
}
