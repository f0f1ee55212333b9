//! pairing: every story from m1 to the activation, and what a server refuses.

use koppel_protocol::{
    Bytes, Digits, Host, Identity, Koppelcode, Secret, ServerId,
    activation::Activation,
    jws::Unverified,
    pairing::{
        Commitment, Door, IntroductionText, PairingOffer, PairingRequest, RequestHash, Reveal, RevealError, Transcript,
        verify_link_mac,
    },
};
use serde_json::Value;

use super::{crypto, every_case, field, read, text};

fn server(book: &Value) -> Identity {
    Identity::verify_chain(&crypto(), &field::<Vec<String>>(book, "chain")).unwrap()
}

fn play(book: &Value, case: &Value) {
    let identity = server(book);
    let host: Host = field(book, "host");

    let m1 = text(case, "m1").as_bytes();
    let request = PairingRequest::from_body(m1).unwrap();
    assert_eq!(request.commitment, field(case, "C"));
    assert_eq!(PairingRequest::hash(m1), field::<RequestHash>(case, "c"));
    check_door(&request, &case["given"], &identity.server_id);

    let m2 = PairingOffer::accept(&crypto(), &identity, text(case, "m2"), &PairingRequest::hash(m1), &host).unwrap();
    let introduction: IntroductionText = field(case, "O");
    assert_eq!(introduction.read().unwrap(), field(case, "O_json"));
    let transcript = Transcript::of(m2.signing_input(), &introduction);
    assert_eq!(transcript, field(case, "T"));
    assert_eq!(transcript.check_number(), field::<Digits>(case, "check_number"));

    let m3: Reveal = field(case, "m3");
    let opened = m3.open(&crypto(), &request.commitment, m2.signing_input()).unwrap();
    assert_eq!(opened.transcript, transcript);
    let activation = identity.read::<Activation>(&crypto(), text(case, "activation")).unwrap();
    assert_eq!(activation.claims().transcript, transcript);
}

fn check_door(request: &PairingRequest, given: &Value, server_id: &ServerId) {
    match &request.door {
        Door::Link { t, mac } => {
            assert_eq!(*t, field::<Bytes<16>>(given, "t"));
            let k: Secret<16> = field(given, "k");
            assert!(verify_link_mac(&k, server_id, t, &request.commitment, mac));
        }
        Door::Code { code, .. } => assert_eq!(*code, field::<Koppelcode>(given, "code")),
        Door::Login { user, .. } => assert_eq!(user.as_str(), "anna"),
    }
}

fn refuse(case: &Value) {
    let m2 = Unverified::<PairingOffer>::parse(text(case, "m2")).unwrap();
    let m3: Reveal = field(case, "m3");
    let commitment: Commitment = field(case, "C");
    let step = match m3.open(&crypto(), &commitment, m2.signing_input()).unwrap_err() {
        RevealError::Commitment => "commitment",
        RevealError::Introduction(_) => "introduction",
        RevealError::Point => "point",
        RevealError::SharedKey => "shared-key",
        RevealError::PopCount => "pop-count",
        RevealError::Pop(_) => "pop",
        RevealError::OtherPop => "other-pop",
    };
    assert_eq!(step, text(case, "step"));
}

#[test]
fn pairings() {
    let book = read("pairing");
    every_case(&book, |case| match text(case, "kind") {
        "story" => play(&book, case),
        "m1" => assert!(PairingRequest::from_body(text(case, "m1").as_bytes()).is_err()),
        _ => refuse(case),
    });
}
