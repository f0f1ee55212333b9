//! threats row 22: what is signed means one thing. Whatever goes in comes out again, so no two meanings share one text.

use std::net::IpAddr;

use koppel_protocol::{
    Bytes, Digits, KeyVersion, Koppelcode, Nonce, Secret, ServerId, SigningKey as _, Text,
    challenge::{Challenge, Context, Login, Purpose, RelyingParty, Subject, User},
    decision::{Decision, UserVerification, Verdict},
    id::{ChallengeId, DeviceId, RelyingPartyId},
    jws::{self, Claims, Unverified},
    pairing::{Door, HeldKey, Introduction, KeyLevel, PairingRequest, Platform},
    soft::SoftSigningKey,
};
use proptest::prelude::*;

fn key() -> SoftSigningKey {
    SoftSigningKey::from_scalar(&[1; 32]).unwrap()
}

fn texts() -> impl Strategy<Value = Text> {
    // Also what JSON escapes and what other protocols used as separators.
    prop_oneof![any::<String>(), "[\"\\\\|,.:;= ]{0,80}", "decline|approve|deny"].prop_map(|text| Text::clean(&text))
}

fn logins() -> impl Strategy<Value = Login> {
    let party = (any::<[u8; 16]>(), texts(), texts()).prop_map(|(id, name, origin)| RelyingParty {
        id: RelyingPartyId::from_bytes(id),
        name,
        origin,
    });
    let context = (any::<IpAddr>(), proptest::option::of(texts()), texts(), any::<u64>(), any::<Option<IpAddr>>());
    let context = context.prop_map(|(ip, place, browser, time, page_ip)| Context { ip, place, browser, time, page_ip });
    let purpose = prop_oneof![Just(Purpose::Login), Just(Purpose::Enrol), Just(Purpose::Settings)];
    (party, any::<[u8; 32]>(), purpose, context).prop_map(|(rp, bind, purpose, context)| Login {
        rp,
        bind: Bytes::new(bind),
        purpose,
        context,
    })
}

fn challenges() -> impl Strategy<Value = Challenge> {
    let digits = "[0-9]{6,8}".prop_map(|text| text.parse::<Digits>().unwrap());
    let subject = prop_oneof![
        (logins(), digits.clone()).prop_map(|(login, code)| Subject::Code { login, code }),
        logins().prop_map(|login| Subject::Number { login }),
        digits.prop_map(|code| Subject::Test { code }),
        Just(Subject::Unlock),
    ];
    let ids = (any::<[u8; 16]>(), any::<[u8; 16]>(), any::<[u8; 32]>(), any::<[u8; 24]>());
    (ids, any::<u32>(), 0..u64::MAX, texts(), texts(), subject).prop_map(
        |((cid, dev, server_id, nonce), seq, iat, id, name, subject)| Challenge {
            cid: ChallengeId::from_bytes(cid),
            seq,
            dev: DeviceId::from_bytes(dev),
            server_id: ServerId::from_bytes(server_id),
            version: KeyVersion::FIRST,
            iat,
            exp: u64::MAX,
            nonce: Nonce::from_bytes(nonce),
            user: User { id, name },
            subject,
        },
    )
}

fn returns<C: Claims + PartialEq + std::fmt::Debug>(claims: &C, kid: &C::Kid) -> Result<(), TestCaseError> {
    let text = jws::sign(claims, kid, &key()).unwrap();
    let read = Unverified::<C>::parse(&text).unwrap();
    prop_assert_eq!(read.unverified(), claims);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_challenge_returns(challenge in challenges()) {
        returns(&challenge, &KeyVersion::FIRST)?;
    }

    #[test]
    fn every_decision_returns(
        ids: ([u8; 16], [u8; 16], [u8; 32], [u8; 32], [u8; 16]), seq: u32, iat: u64,
        num in proptest::option::of("[0-9]{6,8}"), uv in 0..4_usize, fraud: bool,
    ) {
        use UserVerification::{Biometric, Credential, None, Pin};
        let (cid, dev, aud, ch, jti) = ids;
        let refusal = if fraud { Verdict::Fraud } else { Verdict::Deny };
        let decision = Decision {
            aud: ServerId::from_bytes(aud),
            cid: ChallengeId::from_bytes(cid),
            seq,
            dev: DeviceId::from_bytes(dev),
            ch: Bytes::new(ch),
            dec: if num.is_some() { Verdict::Approve } else { refusal },
            num: num.map(|num| num.parse().unwrap()),
            uv: [None, Pin, Credential, Biometric][uv],
            iat,
            jti: Bytes::new(jti),
        };
        returns(&decision, &decision.dev)?;
    }

    #[test]
    fn every_introduction_and_request_returns(
        auth: [u8; 16], ra: [u8; 32], name in texts(), rq: [u8; 16], code: [u8; 5], user in texts(),
    ) {
        prop_assume!(!name.is_empty());
        let spki = key().public();
        let introduction = Introduction {
            id: HeldKey { spki, level: KeyLevel::Tee },
            seal: HeldKey { spki, level: KeyLevel::Software },
            approve: None,
            auth: Secret::new(auth),
            ra: Bytes::new(ra),
            name,
            platform: Platform::Ios,
        };
        let text = introduction.to_text().unwrap();
        prop_assert_eq!(text.read().unwrap(), introduction);
        let door = Door::Code { user, code: Koppelcode::from_bytes(&code) };
        let request = PairingRequest { commitment: text.commitment(), rq: Bytes::new(rq), door };
        prop_assert_eq!(PairingRequest::from_body(&request.to_body().unwrap()).unwrap(), request);
    }

    #[test]
    fn no_message_from_outside_panics(text in "[A-Za-z0-9_.=-]{0,200}", bytes: Vec<u8>) {
        let _ = Unverified::<Decision>::parse(&text);
        let _ = PairingRequest::from_body(&bytes);
        let _ = koppel_protocol::Envelope::from_bytes(&bytes);
        let _ = koppel_protocol::device_proof::DeviceProof::parse(&text);
    }
}
