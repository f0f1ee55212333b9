use super::*;
use crate::{
    id::ChallengeId,
    notice::{Notice, NoticeKind},
    pairing::Transcript,
    pop::{Pop, PopUse},
    soft::{SoftCrypto, SoftSigningKey},
    text::Text,
};

fn crypto() -> SoftCrypto {
    SoftCrypto::new(|_: &mut [u8]| Ok(()))
}

fn key(byte: u8) -> SoftSigningKey {
    SoftSigningKey::from_scalar(&[byte; 32]).unwrap()
}

fn pop() -> Pop {
    Pop { transcript: Transcript::from_bytes([5; 32]), key_use: PopUse::Id }
}

fn raw(header: &str, payload: &str) -> String {
    let signing_input = format!("{}.{}", bytes::encode(header.as_bytes()), bytes::encode(payload.as_bytes()));
    let signature = key(1).sign(signing_input.as_bytes()).unwrap();
    format!("{signing_input}.{}", bytes::encode(&signature))
}

const HEADER: &str = r#"{"alg":"ES256","typ":"pop+jwt"}"#;
const PAYLOAD: &str = r#"{"T":"BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU","use":"id"}"#;

fn read(text: &str) -> Result<Pop, JwsError> {
    Ok(Unverified::<Pop>::parse(text)?.verify(&crypto(), &key(1).public())?.into_claims())
}

#[test]
fn what_was_signed_is_read_and_by_no_other_key() {
    let text = sign(&pop(), &NoKid, &key(1)).unwrap();
    assert_eq!(*text, raw(HEADER, PAYLOAD));
    assert_eq!(read(&text), Ok(pop()));
    let parsed = Unverified::<Pop>::parse(&text).unwrap();
    assert_eq!(parsed.signing_hash(), sha256(parsed.signing_input()));
    assert_eq!(parsed.verify(&crypto(), &key(2).public()).unwrap_err(), JwsError::BadSignature);
}

#[test]
fn hardware_may_sign_later() {
    let unsigned = Unsigned::new(&pop(), &NoKid).unwrap();
    let signature = key(1).sign(unsigned.signing_input()).unwrap();
    assert_eq!(unsigned.with_signature(&signature), sign(&pop(), &NoKid, &key(1)).unwrap());
}

#[test]
fn headers_are_read_to_the_letter() {
    for (header, error) in [
        (r#"{"alg":"none","typ":"pop+jwt"}"#, JwsError::Algorithm),
        (r#"{"alg":"ES256","typ":"JWT"}"#, JwsError::Type { expected: "pop+jwt" }),
        (r#"{"alg":"ES256"}"#, JwsError::Header),
        (r#"{"typ":"pop+jwt"}"#, JwsError::Header),
        (r#"{"alg":"ES256","typ":"pop+jwt","kid":"1"}"#, JwsError::Header),
        (r#"{"alg":"ES256","typ":"pop+jwt","kid":null}"#, JwsError::Header),
        (r#"{"alg":"ES256","typ":"pop+jwt","typ":"pop+jwt"}"#, JwsError::Header),
        (r#"["ES256","pop+jwt"]"#, JwsError::Header),
    ] {
        assert_eq!(read(&raw(header, PAYLOAD)), Err(error), "{header}");
    }
}

#[test]
fn payloads_are_objects_of_known_fields() {
    for payload in [
        r#"["BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU","id"]"#,
        r#"{"T":"BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU","use":"id","iat":1}"#,
        r#"{"T":"BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU","use":"seal"}"#,
        "{}",
        "",
    ] {
        assert!(matches!(read(&raw(HEADER, payload)), Err(JwsError::Payload(_))), "{payload}");
    }
}

#[test]
fn what_a_server_adds_later_is_ignored() {
    let notice = Notice {
        nid: crate::id::NoticeId::from_bytes([1; 16]),
        dev: DeviceId::from_bytes([2; 16]),
        kind: NoticeKind::Locked,
        at: 1,
        detail: Text::default(),
    };
    let payload = serde_json::to_string(&notice).unwrap().replace('}', r#","mood":"blue"}"#);
    let text = raw(r#"{"alg":"ES256","typ":"notice+jwt","kid":"1"}"#, &payload);
    let read = Unverified::<Notice>::parse(&text).unwrap();
    assert_eq!((read.unverified(), *read.kid()), (&notice, KeyVersion::FIRST));
}

#[test]
fn a_message_is_at_most_8_kib() {
    assert_eq!(Unverified::<Pop>::parse(&"a".repeat(MAX_LEN + 1)).unwrap_err(), JwsError::TooLong);
    assert_eq!(Unverified::<Pop>::parse(&"a".repeat(MAX_LEN)).unwrap_err(), JwsError::Form);
}

#[test]
fn a_refusal_never_repeats_what_it_read() {
    let payload = r#"{"T":"BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU","use":"314159"}"#;
    let error = read(&raw(HEADER, payload)).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("314159"));
    let unread = Unverified::<Pop>::parse(&raw(HEADER, PAYLOAD)).unwrap();
    assert_eq!(format!("{unread:?}"), r#"Unverified { typ: "pop+jwt", kid: NoKid, .. }"#);
}

#[test]
fn a_kid_finds_a_key_and_nothing_else() {
    assert_eq!(DeviceId::from_header(Some("ch_gaytemzugu3doobzmfrggzdfmy")), None);
    assert_eq!(KeyVersion::from_header(Some("01")), None);
    assert_eq!(KeyVersion::from_header(None), None);
    assert_eq!(DeviceId::from_header(Some(&ChallengeId::from_bytes([0; 16]).to_string())), None);
}
