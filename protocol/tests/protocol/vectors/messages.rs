//! envelope, identity, challenge, notice, activation, decision: as a phone, a server and a panel read them.

use aes_gcm::{
    Aes128Gcm, KeyInit as _,
    aead::{Aead as _, Payload},
};
use koppel_protocol::{
    Bytes, Envelope, Identity, Secret,
    activation::Activation,
    bytes::decode,
    challenge::Challenge,
    decision::{Decision, KeyUse},
    hash::sha256,
    id::DeviceId,
    identity::{IdentityError, KeyVersion},
    jws::{Claims, JwsError, Unverified, Verified},
    letter::Letter,
    notice::Notice,
    pairing::Transcript,
    soft::SoftAgreementKey,
};
use serde::Serialize;
use serde_json::Value;

use super::{crypto, every_case, field, read, spki, text, valid};

fn seal_key(phone: &Value) -> SoftAgreementKey {
    let scalar: Secret<32> = field(&phone["seal"], "scalar");
    SoftAgreementKey::from_scalar(scalar.expose()).unwrap()
}

/// Opens the ciphertext of a body with the key and nonce that the case shows.
fn open_by_steps(case: &Value, body: &[u8]) -> Vec<u8> {
    let step = |name: &str| decode(text(&case["steps"], name)).unwrap();
    let cipher = Aes128Gcm::new(step("cek").as_slice().try_into().unwrap());
    let nonce: [u8; 12] = step("nonce").try_into().unwrap();
    assert_eq!(body[..16], step("salt"));
    assert_eq!(body[21..86], decode(text(&case["steps"]["ephemeral"], "point")).unwrap());
    cipher.decrypt(&nonce.into(), Payload { msg: &body[86..], aad: b"" }).unwrap()
}

#[test]
fn envelopes() {
    let book = read("envelope");
    let phone = &book["phone"];
    every_case(&book, |case| {
        if text(case, "kind") == "cipher" {
            // The crate's own tests run the same example through its cipher.
            let body = decode(text(case, "body")).unwrap();
            assert_eq!(open_by_steps(case, &body), decode(text(case, "plaintext")).unwrap());
            return;
        }
        let holder = if text(case, "kind") == "foreign" { case } else { phone };
        let envelope = text(case, "envelope").parse::<Envelope>().ok();
        let opened = envelope.and_then(|envelope| envelope.open(&seal_key(holder), &field(holder, "auth")).ok());
        match valid(case) {
            true => {
                let message = text(case, "message");
                assert_eq!(opened.unwrap().as_str(), message);
                let plain = open_by_steps(case, &decode(text(case, "envelope")).unwrap());
                let zeros = vec![0; 2047 - message.len()];
                assert_eq!(plain, [message.as_bytes(), &[2], &zeros].concat());
            }
            false => assert!(opened.is_none()),
        }
    });
}

#[test]
fn identities() {
    every_case(&read("identity"), |case| {
        let chain: Vec<String> = field(case, "chain");
        let result = match field::<Option<Identity>>(case, "pinned") {
            Some(pinned) => pinned.advance(&crypto(), &chain),
            None => Identity::verify_chain(&crypto(), &chain),
        };
        match (valid(case), result) {
            (true, result) => assert_eq!(result, Ok(field(case, "identity"))),
            (false, Ok(_)) => panic!("believed"),
            (false, Err(error)) => {
                let named = match error {
                    IdentityError::Length => "length",
                    IdentityError::Message(_) => "message",
                    IdentityError::OtherServer => "other-server",
                    IdentityError::Broken => "broken",
                    IdentityError::RolledBack => "rolled-back",
                    IdentityError::Forked => "forked",
                    _ => "another",
                };
                assert_eq!(named, text(case, "error"));
            }
        }
    });
}

fn server(book: &Value) -> Identity {
    let chain: Vec<String> = field(book, "chain");
    let identity = Identity::verify_chain(&crypto(), &chain).unwrap();
    assert_eq!(identity.server_id, field(&book["server"], "server_id"));
    identity
}

fn error_name(error: &IdentityError) -> &'static str {
    match error {
        IdentityError::OtherDevice => "other-device",
        IdentityError::OtherServer => "other-server",
        IdentityError::Newer(_) => "newer",
        IdentityError::Message(JwsError::BadSignature) => "signature",
        IdentityError::Message(JwsError::Payload(_)) => "payload",
        IdentityError::Message(JwsError::Kid) => "kid",
        _ => "another",
    }
}

/// The claims say what the case says, field by field.
fn assert_claims<C: Claims + Serialize>(message: &Verified<C>, case: &Value) {
    if !case["claims"].is_null() {
        assert_eq!(serde_json::to_value(message.claims()).unwrap(), case["claims"]);
    }
}

#[test]
fn challenges() {
    let book = read("challenge");
    let (server, phone) = (server(&book), &book["phone"]);
    let device: DeviceId = field(phone, "device");
    every_case(&book, |case| match (valid(case), Letter::read(&crypto(), &server, device, text(case, "jws"))) {
        (true, Ok(Letter::Challenge(challenge))) => {
            assert_claims(&challenge, case);
            assert_eq!(challenge.text_hash(), field(case, "ch"));
            assert_eq!(challenge.claims().may_be_approved(), case["may_be_approved"].as_bool().unwrap());
            assert_eq!(challenge.claims().needs_number(), case["needs_number"].as_bool().unwrap());
            if let Some(envelope) = case["envelope"].as_str() {
                let envelope: Envelope = envelope.parse().unwrap();
                let opened = envelope.open(&seal_key(phone), &field(phone, "auth")).unwrap();
                assert_eq!(opened.as_str(), challenge.text());
            }
        }
        (false, Err(error)) => assert_eq!(error_name(&error), text(case, "error")),
        (expected, result) => panic!("expected {expected}, got {result:?}"),
    });
}

#[test]
fn notices() {
    let book = read("notice");
    let (server, device) = (server(&book), field(&book["phone"], "device"));
    every_case(&book, |case| match (valid(case), server.read_for::<Notice>(&crypto(), text(case, "jws"), device)) {
        (true, Ok(notice)) => assert_claims(&notice, case),
        (false, Err(error)) => assert_eq!(error_name(&error), text(case, "error")),
        (expected, result) => panic!("expected {expected}, got {result:?}"),
    });
}

#[test]
fn activations() {
    let book = read("activation");
    let (server, device) = (server(&book), field(&book["phone"], "device"));
    let own: Transcript = field(&book, "T");
    every_case(&book, |case| {
        let read = server.read_for::<Activation>(&crypto(), text(case, "jws"), device);
        match (valid(case), read) {
            (true, Ok(activation)) => {
                assert_claims(&activation, case);
                assert_eq!(activation.claims().transcript, own);
            }
            (false, Ok(activation)) => {
                assert_eq!(text(case, "error"), "other-transcript");
                assert_ne!(activation.claims().transcript, own);
            }
            (false, Err(error)) => assert_eq!(error_name(&error), text(case, "error")),
            (true, Err(error)) => panic!("{error}"),
        }
    });
}

/// What a server and a panel check; the refusing check.
fn judge(book: &Value, challenge: &str, decision: &str) -> Result<Bytes<32>, &'static str> {
    let phone = &book["phone"];
    let decision = Unverified::<Decision>::parse(decision).map_err(|_| "payload")?;
    let key = match decision.unverified().dec.key() {
        KeyUse::Id => spki(&phone["id"]),
        KeyUse::Approve => spki(&phone["approve"]),
    };
    let decision = decision.verify(&crypto(), &key).map_err(|_| "signature")?;
    let server_key = spki(&book["server"]["key"]);
    let asked = Unverified::<Challenge>::parse(challenge).unwrap().verify(&crypto(), &server_key).unwrap();
    assert_eq!(*asked.kid(), KeyVersion::FIRST);
    let (claims, asked) = (decision.claims(), asked.claims());
    let checks = [
        ("dev", claims.dev == asked.dev),
        ("aud", claims.aud == asked.server_id),
        ("cid", claims.cid == asked.cid),
        ("seq", claims.seq == asked.seq),
        ("ch", claims.ch == sha256(challenge.as_bytes())),
    ];
    match checks.into_iter().find(|(_, fits)| !fits) {
        Some((step, _)) => Err(step),
        None => Ok(decision.signing_hash()),
    }
}

/// threats row 5
#[test]
fn decisions() {
    let book = read("decision");
    every_case(&book, |case| {
        let judged = judge(&book, text(case, "challenge"), text(case, "decision"));
        match valid(case) {
            true => assert_eq!(judged, Ok(field(case, "signing_hash"))),
            false => assert_eq!(judged, Err(text(case, "step"))),
        }
    });
}
