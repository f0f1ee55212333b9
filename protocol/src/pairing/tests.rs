use super::*;
use crate::{
    bytes::{Bytes, Secret},
    crypto::{AgreementKey as _, SigningKey as _},
    decision::UserVerification,
    id::PairingId,
    identity::{Identity, KeyVersion, first_link},
    json,
    jws::{self, JwsError, Verified},
    nonce::Nonce,
    pop::PopUse,
    public_key::PublicKey,
    soft::{SoftAgreementKey, SoftCrypto, SoftSigningKey},
    text::Text,
};

fn crypto() -> SoftCrypto {
    SoftCrypto::new(|_: &mut [u8]| Ok(()))
}

fn key(byte: u8) -> SoftSigningKey {
    SoftSigningKey::from_scalar(&[byte; 32]).unwrap()
}

fn identity() -> Identity {
    Identity::verify_chain(&crypto(), &[first_link(&key(1)).unwrap().as_str()]).unwrap()
}

fn introduction() -> Introduction {
    let level = KeyLevel::Software;
    Introduction {
        id: HeldKey { spki: key(2).public(), level },
        seal: HeldKey { spki: SoftAgreementKey::from_scalar(&[3; 32]).unwrap().public(), level },
        approve: Some(ApproveKey { spki: key(4).public(), level, uv: UserVerification::Pin }),
        auth: Secret::new([5; 16]),
        ra: Bytes::new([6; 32]),
        name: Text::clean("Pixel 9"),
        platform: Platform::Android,
    }
}

fn offer_to(c: RequestHash) -> PairingOffer {
    PairingOffer {
        pid: PairingId::from_bytes([7; 16]),
        c,
        server_id: identity().server_id,
        version: KeyVersion::FIRST,
        rs: Bytes::new([8; 32]),
        organisation: Text::clean("De Linden"),
        host: "koppel.example.org".parse().unwrap(),
        account: Text::clean("anna"),
        exp: 1_795_000_600,
        nonce: Nonce::from_bytes([9; 24]),
    }
}

fn signed(offer: &PairingOffer) -> Verified<PairingOffer> {
    let text = jws::sign(offer, &KeyVersion::FIRST, &key(1)).unwrap();
    identity().read(&crypto(), &text).unwrap()
}

fn every_door(commitment: Commitment) -> [Door; 3] {
    let (k, t) = (Secret::new([1; 16]), Bytes::new([2; 16]));
    let user = Text::clean("anna");
    [
        Door::Link { t, mac: link_mac(&k, &identity().server_id, &t, &commitment) },
        Door::Code { user: user.clone(), code: crate::Koppelcode::from_bytes(&[3; 5]) },
        Door::Login { user, password: "correct horse".parse().unwrap() },
    ]
}

#[test]
fn every_door_survives_its_body() {
    let commitment = introduction().to_text().unwrap().commitment();
    for door in every_door(commitment) {
        let request = PairingRequest { commitment, rq: Bytes::new([1; 16]), door };
        let body = request.to_body().unwrap();
        assert_eq!(PairingRequest::from_body(&body), Ok(request));
        let text = std::str::from_utf8(&body).unwrap();
        for wrong in [
            text.replace("\"v\":1", "\"v\":2"),
            text.replacen('{', "{\"more\":1,", 1),
            text.replacen("\"rq\":", "\"rq\":\"AQEBAQEBAQEBAQEBAQEBAQ\",\"rq\":", 1),
            text.replace("\"door\":", "\"gate\":"),
        ] {
            assert!(PairingRequest::from_body(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}

#[test]
fn doors_do_not_mix() {
    let body = br#"{"door":"code","v":1,"C":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","rq":"AAAAAAAAAAAAAAAAAAAAAA","user":"anna","password":"x"}"#;
    assert!(PairingRequest::from_body(body).is_err());
}

#[test]
fn a_link_speaks_only_for_its_server_and_commitment() {
    let (k, t) = (Secret::new([1; 16]), Bytes::new([2; 16]));
    let commitment = introduction().to_text().unwrap().commitment();
    let server_id = identity().server_id;
    let mac = link_mac(&k, &server_id, &t, &commitment);
    assert!(verify_link_mac(&k, &server_id, &t, &commitment, &mac));
    assert!(!verify_link_mac(&k, &server_id, &t, &Bytes::new([0; 32]), &mac));
    assert!(!verify_link_mac(&k, &server_id, &Bytes::new([0; 16]), &commitment, &mac));
    assert!(!verify_link_mac(&Secret::new([9; 16]), &server_id, &t, &commitment, &mac));
    let other = crate::ServerId::from_bytes([0; 32]);
    assert!(!verify_link_mac(&k, &other, &t, &commitment, &mac));
}

#[test]
fn a_phone_goes_on_only_with_the_answer_to_its_own_request_from_the_host_it_asked() {
    let c = Bytes::new([1; 32]);
    let host = "koppel.example.org".parse().unwrap();
    let text = jws::sign(&offer_to(c), &KeyVersion::FIRST, &key(1)).unwrap();
    let accept = |c, host| PairingOffer::accept(&crypto(), &identity(), &text, &c, host).map(|_| ());
    assert_eq!(accept(c, &host), Ok(()));
    assert_eq!(accept(Bytes::new([2; 32]), &host), Err(OfferError::OtherRequest));
    let other = "koppel.example.net".parse().unwrap();
    assert!(matches!(accept(c, &other), Err(OfferError::OtherHost { .. })));
    let forged = jws::sign(&offer_to(c), &KeyVersion::FIRST, &key(9)).unwrap();
    let refused = PairingOffer::accept(&crypto(), &identity(), &forged, &c, &host).unwrap_err();
    assert_eq!(refused, OfferError::Identity(JwsError::BadSignature.into()));
}

fn reveal(introduction: &Introduction, offer: &Verified<PairingOffer>) -> Reveal {
    let text = introduction.to_text().unwrap();
    let transcript = Transcript::of(offer.signing_input(), &text);
    Reveal {
        introduction: text,
        pop_id: Reveal::pop(transcript, PopUse::Id, &key(2)).unwrap(),
        pop_approve: introduction.approve.map(|_| Reveal::pop(transcript, PopUse::Approve, &key(4)).unwrap()),
        attestation: None,
    }
}

#[test]
fn both_sides_see_one_check_number() {
    let text = introduction().to_text().unwrap();
    let offer = signed(&offer_to(Bytes::new([1; 32])));
    let phone = Transcript::of(offer.signing_input(), &text);
    let opened = reveal(&introduction(), &offer).open(&crypto(), &text.commitment(), offer.signing_input()).unwrap();
    assert_eq!(opened.transcript.check_number(), phone.check_number());
    assert_eq!(opened.introduction, introduction());
    let codes_only = Introduction { approve: None, ..introduction() };
    let promise = codes_only.to_text().unwrap().commitment();
    assert!(reveal(&codes_only, &offer).open(&crypto(), &promise, offer.signing_input()).is_ok());
}

#[test]
fn a_reveal_that_does_not_hold_is_refused() {
    let offer = signed(&offer_to(Bytes::new([1; 32])));
    let other_offer = signed(&PairingOffer { rs: Bytes::new([0; 32]), ..offer_to(Bytes::new([1; 32])) });
    let good = reveal(&introduction(), &offer);
    let open =
        |reveal: &Reveal| reveal.open(&crypto(), &reveal.introduction.commitment(), offer.signing_input()).unwrap_err();
    let of = |introduction: Introduction| open(&reveal(&introduction, &offer));

    let broken = good.open(&crypto(), &Bytes::new([0; 32]), offer.signing_input()).unwrap_err();
    assert_eq!(broken, RevealError::Commitment);
    assert_eq!(open(&reveal(&introduction(), &other_offer)), RevealError::OtherPop);
    assert_eq!(open(&Reveal { pop_approve: None, ..good.clone() }), RevealError::PopCount);
    let swapped = Reveal { pop_approve: Some(good.pop_id.clone()), ..good.clone() };
    assert_eq!(open(&swapped), RevealError::Pop(JwsError::BadSignature));
    let transcript = Transcript::of(offer.signing_input(), &good.introduction);
    let wrong_use = Reveal { pop_id: Reveal::pop(transcript, PopUse::Approve, &key(2)).unwrap(), ..good.clone() };
    assert_eq!(open(&wrong_use), RevealError::OtherPop);

    let shared = HeldKey { spki: key(2).public(), level: KeyLevel::Tee };
    assert_eq!(of(Introduction { seal: shared, ..introduction() }), RevealError::SharedKey);
    let mut point = *key(3).public().as_sec1();
    point[64] ^= 1;
    let off = HeldKey { spki: PublicKey::from_sec1(point).unwrap(), level: KeyLevel::Tee };
    assert_eq!(of(Introduction { seal: off, ..introduction() }), RevealError::Point);
}

#[test]
fn an_introduction_has_a_name_and_an_approve_key_that_asks() {
    let nameless = Introduction { name: Text::default(), ..introduction() };
    assert!(nameless.to_text().is_err());
    let silent = ApproveKey { uv: UserVerification::None, ..introduction().approve.unwrap() };
    assert!(Introduction { approve: Some(silent), ..introduction() }.to_text().is_err());
    let text = serde_json::to_string(&introduction()).unwrap().replace("android", "toaster");
    let text: IntroductionText = crate::bytes::encode(text.as_bytes()).parse().unwrap();
    assert!(matches!(text.read(), Err(NotAnIntroduction::Json(json::JsonError::Rule(_)))));
    assert!("A".repeat(4097).parse::<IntroductionText>().is_err());
}

#[test]
fn secrets_of_a_pairing_are_never_printed() {
    let text = introduction().to_text().unwrap();
    assert_eq!(format!("{text:?}"), "IntroductionText(hidden)");
    assert!(format!("{:?}", introduction()).contains("auth: Secret<16>(hidden)"));
    let login = every_door(text.commitment()).into_iter().next_back();
    assert!(!format!("{login:?}").contains("horse"));
}
