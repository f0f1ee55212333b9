//! host.json

use koppel_protocol::Origin;
use serde_json::json;

use super::{Book, Case, case};

pub(crate) fn book() -> Book {
    let good = [
        ("name", "https is understood", "koppel.example.org"),
        ("capitals", "hosts are lower case", "Koppel.Example.ORG"),
        ("default port", "443 is left out", "koppel.example.org:443"),
        ("port", "any other port stays", "koppel.example.org:8443"),
        ("scheme and slash", "as copied from a browser", "https://koppel.example.org/"),
        ("international", "punycode", "bücher.example"),
        ("loopback", "http is understood on this machine", "localhost:8080"),
        ("loopback address", "http is understood on this machine", "127.0.0.1:8080"),
        ("loopback IPv6", "http is understood on this machine", "[::1]:8080"),
        ("loopback with TLS", "unless https is said", "https://localhost:8443"),
        ("IPv6", "in brackets, shortest form", "[2001:DB8:0::1]:8443"),
    ];
    let wrong = [
        ("plain http", "http reaches loopback only", "http://koppel.example.org"),
        ("path", "a host has no path", "koppel.example.org/p"),
        ("query", "a host has no query", "koppel.example.org?x"),
        ("user", "a host has no user", "anna@koppel.example.org"),
        ("empty", "nothing", ""),
        ("port zero", "ports are 1 to 65535", "koppel.example.org:0"),
        ("port too high", "ports are 1 to 65535", "koppel.example.org:65536"),
        ("leading zero", "ports have one spelling", "koppel.example.org:0443"),
        ("trailing dot", "names have one spelling", "koppel.example.org."),
        ("empty label", "names have no empty part", "koppel..example"),
        ("bare IPv6", "IPv6 stands in brackets", "::1"),
        ("other scheme", "https", "ftp://koppel.example.org"),
        ("loopback look-alike", "not loopback", "http://localhost.example.org"),
    ];
    let read = |(name, shows, typed): (&str, &str, &str)| -> Case {
        let data = match typed.parse::<Origin>() {
            Ok(origin) => json!({ "typed": typed, "valid": true, "origin": origin, "host": origin.host() }),
            Err(_) => json!({ "typed": typed, "valid": false }),
        };
        case(name, shows, data)
    };
    let cases: Vec<Case> = good.into_iter().chain(wrong).map(read).collect();
    Book::new("host", "HOST as a person types it: what it means, or that it is refused.", json!({}), cases)
}
