use std::net::Ipv6Addr;

use super::*;
use crate::{
    crypto::SigningKey as _,
    envelope::MAX_MESSAGE_LEN,
    identity::{Identity, IdentityError, first_link},
    json,
    jws::{self, JwsError},
    soft::{SoftCrypto, SoftSigningKey},
};

fn crypto() -> SoftCrypto {
    SoftCrypto::new(|_: &mut [u8]| Ok(()))
}

fn key() -> SoftSigningKey {
    SoftSigningKey::from_scalar(&[1; 32]).unwrap()
}

fn identity() -> Identity {
    Identity::verify_chain(&crypto(), &[first_link(&key()).unwrap().as_str()]).unwrap()
}

/// Every text as long as it can be on the wire: quotes are escaped.
fn longest() -> Text {
    Text::exact(&"\"".repeat(Text::MAX_LEN)).unwrap()
}

fn longest_ip() -> IpAddr {
    Ipv6Addr::from([0x1111; 8]).into()
}

fn login() -> Login {
    Login {
        rp: RelyingParty { id: RelyingPartyId::from_bytes([3; 16]), name: longest(), origin: longest() },
        bind: Bytes::new([4; 32]),
        purpose: Purpose::Settings,
        context: Context {
            ip: longest_ip(),
            place: Some(longest()),
            browser: longest(),
            time: u64::MAX,
            page_ip: Some(longest_ip()),
        },
    }
}

fn challenge(subject: Subject) -> Challenge {
    Challenge {
        cid: ChallengeId::from_bytes([1; 16]),
        seq: u32::MAX,
        dev: DeviceId::from_bytes([2; 16]),
        server_id: ServerId::of(&key().public()),
        version: KeyVersion::FIRST,
        iat: u64::MAX - 1,
        exp: u64::MAX,
        nonce: Nonce::from_bytes([5; 24]),
        user: User { id: longest(), name: longest() },
        subject,
    }
}

fn every_subject() -> Vec<Subject> {
    let code: Digits = "12345678".parse().unwrap();
    let pairing = NewDevice {
        pid: PairingId::from_bytes([6; 16]),
        name: longest(),
        platform: Platform::Terminal,
        approve_thumbprint: Some(Bytes::new([7; 32])),
        ip: longest_ip(),
        place: Some(longest()),
    };
    vec![
        Subject::Code { login: login(), code: code.clone() },
        Subject::Number { login: login() },
        Subject::Test { code },
        Subject::ConfirmPairing { pairing },
        Subject::Unlock,
    ]
}

#[test]
fn even_the_longest_challenge_fits_an_envelope() {
    for subject in every_subject() {
        let text = jws::sign(&challenge(subject), &KeyVersion::FIRST, &key()).unwrap();
        assert!(text.len() <= MAX_MESSAGE_LEN, "{} bytes", text.len());
    }
}

#[test]
fn every_mode_survives_its_message() {
    for subject in every_subject() {
        let challenge = challenge(subject);
        let text = jws::sign(&challenge, &KeyVersion::FIRST, &key()).unwrap();
        let read = identity().read_for::<Challenge>(&crypto(), &text, challenge.dev).unwrap();
        assert_eq!(*read.claims(), challenge);
    }
}

#[test]
fn only_the_addressee_and_its_server_are_heard() {
    let good = challenge(Subject::Unlock);
    let read = |challenge: &Challenge, version, dev| {
        let text = jws::sign(challenge, &version, &key()).unwrap();
        identity().read_for::<Challenge>(&crypto(), &text, dev).map(|_| ())
    };
    assert_eq!(read(&good, KeyVersion::FIRST, good.dev), Ok(()));
    let other = DeviceId::from_bytes([9; 16]);
    assert_eq!(read(&good, KeyVersion::FIRST, other), Err(IdentityError::OtherDevice));
    let foreign = Challenge { server_id: ServerId::from_bytes([9; 32]), ..good.clone() };
    assert_eq!(read(&foreign, KeyVersion::FIRST, good.dev), Err(IdentityError::OtherServer));
    let two = KeyVersion::new(2).unwrap();
    let newer = Challenge { version: two, ..good.clone() };
    assert_eq!(read(&newer, two, good.dev), Err(IdentityError::Newer(two)));
    assert_eq!(jws::sign(&good, &two, &key()).unwrap_err(), JwsError::Kid);
}

fn with(challenge: &Challenge, change: impl FnOnce(&mut serde_json::Map<String, serde_json::Value>)) -> String {
    let mut value = serde_json::to_value(challenge).unwrap();
    change(value.as_object_mut().unwrap());
    value.to_string()
}

#[test]
fn a_mode_from_the_future_may_be_denied_only() {
    let text = with(&challenge(Subject::Unlock), |fields| {
        fields.insert("mode".into(), "hologram".into());
        fields.insert("hologram".into(), true.into());
    });
    let read: Challenge = json::object(text.as_bytes()).unwrap();
    assert_eq!(read.mode(), "hologram");
    assert!(!read.may_be_approved());
}

#[test]
fn each_mode_has_its_own_fields() {
    let [code, number, test, confirm, _] = every_subject().try_into().unwrap_or_else(|_| unreachable!());
    for (challenge, field) in [
        (challenge(code.clone()), "code"),
        (challenge(code.clone()), "rp"),
        (challenge(code), "purpose"),
        (challenge(number.clone()), "bind"),
        (challenge(number.clone()), "ctx"),
        (challenge(test), "code"),
        (challenge(confirm), "pairing"),
    ] {
        let text = with(&challenge, |fields| drop(fields.remove(field).unwrap()));
        assert!(json::object::<Challenge>(text.as_bytes()).is_err(), "without {field}");
    }
    let text = with(&challenge(number), |fields| drop(fields.insert("code".into(), "123456".into())));
    assert!(json::object::<Challenge>(text.as_bytes()).is_err(), "a number is never sent to a phone");
}

#[test]
fn text_that_deceives_is_refused() {
    let text = with(&challenge(Subject::Unlock), |fields| {
        fields["user"]["name"] = "anna\u{202e}".into();
    });
    assert!(json::object::<Challenge>(text.as_bytes()).is_err());
}

#[test]
fn a_challenge_ends_after_it_began() {
    let over = Challenge { exp: 1, iat: 1, ..challenge(Subject::Unlock) };
    assert!(jws::sign(&over, &KeyVersion::FIRST, &key()).is_err());
}
