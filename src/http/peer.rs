//! The client's address. `X-Forwarded-For` counts only if the operator trusts the proxy that sent it.

use std::net::{IpAddr, SocketAddr};

use actix_web::{HttpRequest, http::header::HeaderValue, web::Data};
use ipnet::IpNet;

/// Addresses read from a request's header, from the last one backwards.
const HOPS_MAX: usize = 16;

/// The trusted proxies in front of this server.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    pub fn new(trusted: Vec<IpNet>) -> Self {
        Self(trusted)
    }

    pub(super) fn are(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Returns the client's address: the peer's, or if that is a trusted proxy, the last address in `X-Forwarded-For`
/// that is no trusted proxy. None on a Unix socket.
pub fn client(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let trusted = request.app_data::<Data<Proxies>>().filter(|proxies| proxies.are(peer));
    let Some(proxies) = trusted else { return Some(peer) };
    let lines: Vec<&[u8]> = request.headers().get_all("X-Forwarded-For").map(HeaderValue::as_bytes).collect();
    Some(forwarded(&lines, proxies).unwrap_or(peer))
}

/// Returns the last address in these header lines that is no proxy's. Each proxy appends to the right, so whatever a
/// client wrote is to the left, in the same line or in an earlier one.
fn forwarded(lines: &[&[u8]], proxies: &Proxies) -> Option<IpAddr> {
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    // Empty entries are allowed (RFC 9110, 5.6.1). Any other entry that is no address, such as `unknown`, ends the
    // search: the proxy that wrote it does not know its client, and a client can have written everything before it.
    let hops = hops.filter(|hop| !hop.is_empty()).take(HOPS_MAX).map_while(address);
    hops.map(|hop| hop.to_canonical()).find(|hop| !proxies.are(*hop))
}

/// Reads one entry: `192.0.2.7`, `2001:db8::7`, `[2001:db8::7]`, the first and the last also with a port, each also
/// in quotes.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let hop = str::from_utf8(hop).ok()?;
    let hop = hop.strip_prefix('"').and_then(|hop| hop.strip_suffix('"')).unwrap_or(hop);
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    let with_port = || hop.parse().ok().map(|with_port: SocketAddr| with_port.ip());
    hop.parse().ok().or_else(bracketed).or_else(with_port)
}

#[cfg(test)]
mod tests {
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
    fn the_last_line_is_the_nearest_proxys_and_what_stands_before_a_strangers_address_does_not_count() {
        assert_eq!(last_of(&["203.0.113.1", "192.0.2.7"]).as_deref(), Some("192.0.2.7"));
        assert_eq!(last_of(&["203.0.113.1, 192.0.2.7", "10.0.0.2, 10.0.0.3"]).as_deref(), Some("192.0.2.7"));
        assert_eq!(last_of(&["192.0.2.7", "", " , ,"]).as_deref(), Some("192.0.2.7"));
        assert_eq!(last_of(&["203.0.113.1", "\u{e9}"]), None, "an unreadable line is not passed over");
        assert_eq!(last_of(&["10.0.0.2, 10.0.0.3"]), None);
        assert_eq!(last_of(&[]), None);
    }

    #[test]
    fn sixteen_entries_are_looked_at_empty_ones_not_counted() {
        let behind = |proxies: usize| format!("192.0.2.7{}", ",,10.0.0.2".repeat(proxies));
        for (proxies, expected) in [(14, Some("192.0.2.7")), (15, Some("192.0.2.7")), (16, None)] {
            assert_eq!(last_of(&[&behind(proxies)]).as_deref(), expected, "{proxies}");
        }
    }
}
