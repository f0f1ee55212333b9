//! link.json

use koppel_protocol::{PairingLink, ServerId, link::LinkError};
use serde_json::json;

use super::{
    Book, Case, case,
    world::{auth, bytes, server},
};

fn link(origin: &str) -> PairingLink {
    PairingLink {
        origin: origin.parse().expect("an origin"),
        server_id: server().server_id,
        t: bytes("link t"),
        k: auth(),
        tls_pin: None,
    }
}

fn good(name: &str, shows: &str, text: &str) -> Case {
    let link: PairingLink = text.parse().expect("the case is about a good link");
    let PairingLink { origin, server_id, t, k, tls_pin } = &link;
    let data = json!({
        "text": text, "valid": true, "origin": origin, "host": origin.host(),
        "server_id": server_id, "t": t, "k": k, "tls_pin": tls_pin,
    });
    case(name, shows, data)
}

fn wrong(name: &str, shows: &str, text: &str) -> Case {
    let error = match text.parse::<PairingLink>().expect_err("the case is about a bad link") {
        LinkError::TooLong => "too-long".into(),
        LinkError::Form => "form".into(),
        LinkError::Host(_) => "host".into(),
        LinkError::Version => "version".into(),
        LinkError::Field(field) => format!("field {field}"),
    };
    case(name, shows, json!({ "text": text, "valid": false, "error": error }))
}

pub(crate) fn book() -> Book {
    let plain = link("https://koppel.example.org").to_text().to_string();
    let pinned = PairingLink { tls_pin: Some(bytes("tls pin")), ..link("https://koppel.example.org:8443") };
    let other_id = ServerId::from_bytes([0xff; 32]).to_string();
    let server_id = server().server_id.to_string();
    let k = auth().to_text().to_string();
    let cases = vec![
        good("plain", "a link as it stands in a QR code", &plain),
        good("for the app", "the page hands the link to the app on the same phone", &format!("koppel:{plain}")),
        good("port and TLS pin", "a private server", &pinned.to_text()),
        good("loopback", "plain http on this machine", &link("http://127.0.0.1:8080").to_text()),
        good("loopback by name", "plain http on this machine", &link("http://localhost:8080").to_text()),
        good(
            "other order",
            "fields in any order",
            &format!("https://koppel.example.org/p#k={k}&t={}&v=1&s={server_id}", bytes::<16>("link t")),
        ),
        good("later field", "a field of another name is ignored", &format!("{plain}&lang=nl")),
        good("host in capitals", "hosts are lower case", &plain.replace("koppel.example", "Koppel.Example")),
        wrong("newer", "another version: update the app", &plain.replace("v=1", "v=2")),
        wrong("no version", "v is required", &plain.replace("v=1&", "")),
        wrong("doubled field", "each field stands once", &format!("{plain}&s={other_id}")),
        wrong("doubled secret", "each field stands once", &format!("{plain}&k={k}")),
        wrong("short secret", "k is 16 bytes", &plain[..plain.len() - 2]),
        wrong("padding", "no padding", &format!("{plain}==")),
        wrong("no server id", "s is required", &plain.replace(&format!("s={server_id}&"), "")),
        wrong("malformed pin", "x is 32 bytes", &format!("{plain}&x=AAAA")),
        wrong("query", "the secret stands in the fragment alone", &plain.replace('#', "?")),
        wrong("other path", "the path is /p", &plain.replace("/p#", "/pair#")),
        wrong("plain http", "plain http reaches loopback only", &plain.replace("https:", "http:")),
        wrong("user info", "no user in the host", &plain.replace("koppel.", "koppel@evil.")),
        wrong(
            "look-alike loopback",
            "only loopback itself",
            &plain.replace("https://koppel", "http://127.0.0.1.koppel"),
        ),
        wrong("other scheme", "https only", &plain.replace("https:", "ftp:")),
        wrong("empty", "nothing", ""),
    ];
    Book::new("link", "Pairing links.", json!({}), cases)
}
