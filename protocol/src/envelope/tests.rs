use super::*;
use crate::soft::{SoftAgreementKey, SoftCrypto};

fn crypto() -> SoftCrypto {
    let mut counter = 0_u8;
    SoftCrypto::new(move |bytes: &mut [u8]| {
        counter += 1;
        bytes.fill(counter);
        Ok(())
    })
}

fn array<const N: usize>(text: &str) -> [u8; N] {
    bytes::decode(text).unwrap().try_into().unwrap()
}

/// RFC 8291, Appendix A; the same message as its section 5.
#[test]
fn the_example_of_rfc_8291_is_made_and_opened() {
    let body = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
    let phone = SoftAgreementKey::from_scalar(&array("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")).unwrap();
    let server = SoftAgreementKey::from_scalar(&array("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")).unwrap();
    let auth = Secret::new(array("BTBZMqHH6r4Tts7J_aSIgg"));
    let salt = array("DGv6ra1nlYgDCS1FRnbzlw");
    let message = b"When I grow up, I want to be a watermelon";

    let shared = server.agree(&phone.public()).unwrap();
    let keys = Keys::derive(&shared, &auth, &phone.public(), &server.public(), &salt);
    assert_eq!(bytes::encode(keys.key.as_slice()), "oIhVW04MRdy2XN9CiKLxTg");
    assert_eq!(bytes::encode(&keys.nonce), "4h_95klXJ5E_qnoN");
    let sealed = keys.seal(&salt, &server.public(), &[&message[..], &[2]].concat()).unwrap();
    assert_eq!(bytes::encode(&sealed), body);

    let opened = open(&bytes::decode(body).unwrap(), &phone, &auth).unwrap();
    assert_eq!(opened.as_slice(), message);
}

#[test]
fn every_envelope_is_2150_bytes() {
    let crypto = crypto();
    let phone = SoftAgreementKey::generate(&crypto).unwrap();
    let auth = Secret::new([9; 16]);
    for length in [0, 1, 900, MAX_MESSAGE_LEN] {
        let message = "m".repeat(length);
        let envelope = Envelope::seal(&crypto, &phone.public(), &auth, &message).unwrap();
        assert_eq!(envelope.as_bytes().len(), 2150);
        assert_eq!(envelope.to_string().len(), TEXT_LEN);
        assert_eq!(*envelope.open(&phone, &auth).unwrap(), message);
        assert_eq!(envelope.to_string().parse(), Ok(envelope));
    }
    let too_long = "m".repeat(MAX_MESSAGE_LEN + 1);
    assert_eq!(Envelope::seal(&crypto, &phone.public(), &auth, &too_long), Err(EnvelopeError::TooLong));
}

#[test]
fn only_the_right_key_and_secret_open_it_and_no_byte_can_be_changed() {
    let crypto = crypto();
    let phone = SoftAgreementKey::generate(&crypto).unwrap();
    let other = SoftAgreementKey::generate(&crypto).unwrap();
    let auth = Secret::new([9; 16]);
    let envelope = Envelope::seal(&crypto, &phone.public(), &auth, "message").unwrap();
    assert_eq!(envelope.open(&other, &auth), Err(EnvelopeError::NotOurs));
    assert_eq!(envelope.open(&phone, &Secret::new([8; 16])), Err(EnvelopeError::NotOurs));
    for position in (0..LEN).step_by(7).chain(0..HEADER_LEN) {
        let mut bent = *envelope.as_bytes();
        bent[position] ^= 1;
        assert!(Envelope::from_bytes(&bent).unwrap().open(&phone, &auth).is_err(), "byte {position}");
    }
    assert_eq!(Envelope::from_bytes(&envelope.as_bytes()[1..]), Err(EnvelopeError::Form));
}

#[test]
fn padding_without_its_delimiter_is_refused() {
    let crypto = crypto();
    let phone = SoftAgreementKey::generate(&crypto).unwrap();
    let auth = Secret::new([9; 16]);
    for plain in [vec![0; PLAIN_LEN], [b"message\x01".to_vec(), vec![0; PLAIN_LEN - 8]].concat()] {
        let ephemeral = crypto.agree_ephemeral(&phone.public()).unwrap();
        let keys = Keys::derive(&ephemeral.shared, &auth, &phone.public(), &ephemeral.public, &[3; 16]);
        let sealed = keys.seal(&[3; 16], &ephemeral.public, &plain).unwrap();
        assert_eq!(Envelope::from_bytes(&sealed).unwrap().open(&phone, &auth), Err(EnvelopeError::Form));
    }
}
