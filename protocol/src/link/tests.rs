use proptest::prelude::*;

use super::*;

fn link() -> PairingLink {
    PairingLink {
        origin: "https://koppel.example.org".parse().unwrap(),
        server_id: ServerId::from_bytes([1; 32]),
        t: Bytes::new([2; 16]),
        k: Secret::new([3; 16]),
        tls_pin: None,
    }
}

#[test]
fn a_link_survives_its_text() {
    for link in [
        link(),
        PairingLink { tls_pin: Some(Bytes::new([4; 32])), ..link() },
        PairingLink { origin: "http://127.0.0.1:8080".parse().unwrap(), ..link() },
        PairingLink { origin: "https://koppel.example.org:8443".parse().unwrap(), ..link() },
    ] {
        assert_eq!(link.to_text().parse(), Ok(link.clone()));
        assert_eq!(link.to_app_text().parse(), Ok(link));
    }
}

#[test]
fn a_damaged_link_is_refused_with_the_reason() {
    let good = link().to_text().to_string();
    for (text, error) in [
        (good.replace("v=1", "v=2"), LinkError::Version),
        (good.replace("v=1&", ""), LinkError::Field('v')),
        (good.replace("v=1", "v=one"), LinkError::Field('v')),
        (format!("{good}&v=1"), LinkError::Field('v')),
        (format!("{good}&k=AwMDAwMDAwMDAwMDAwMDAw"), LinkError::Field('k')),
        (good[..good.len() - 1].to_owned(), LinkError::Field('k')),
        (format!("{good}="), LinkError::Field('k')),
        (format!("{good}&x="), LinkError::Field('x')),
        (format!("{good}&"), LinkError::Form),
        (good.replace("/p#", "/q#"), LinkError::Form),
        (good.replace("/p#", "/p?"), LinkError::Form),
        (good.replace("/p#", "/p?a=b#"), LinkError::Form),
        (good.replace("/p#", "//p#"), LinkError::Form),
        (good.replace("https://", "http://"), LinkError::Host(HostError::PlainHttp)),
        (good.replace("https://", ""), LinkError::Form),
        (good.replace("https://", "javascript://"), LinkError::Host(HostError::Form)),
        (good.replace("https://", "https://user@"), LinkError::Host(HostError::Form)),
        (format!("{good}&z={}", "y".repeat(512)), LinkError::TooLong),
        (String::new(), LinkError::Form),
    ] {
        assert_eq!(text.parse::<PairingLink>(), Err(error), "{text}");
    }
    assert_eq!(format!("{good}&z=future").parse(), Ok(link()));
}

#[test]
fn the_secret_of_a_link_is_never_printed() {
    let shown = format!("{:?}", link());
    assert!(!shown.contains(&*link().k.to_text()) && shown.contains("hidden"));
}

proptest! {
    #[test]
    fn nothing_scanned_panics(text in "(koppel:)?(https?://)?[a-z0-9.:\\[\\]/]{0,30}/p#([a-z]=[A-Za-z0-9_-]{0,44}&?){0,6}") {
        let _ = text.parse::<PairingLink>();
    }
}
