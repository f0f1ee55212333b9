use super::*;
use crate::soft::{SoftCrypto, SoftSigningKey};

const PATH: &str = "/d/v1/inbox";
const BODY: &[u8] = b"{}";

fn crypto() -> SoftCrypto {
    SoftCrypto::new(|_: &mut [u8]| Ok(()))
}

fn key() -> SoftSigningKey {
    SoftSigningKey::from_scalar(&[1; 32]).unwrap()
}

fn device() -> DeviceId {
    DeviceId::from_bytes([2; 16])
}

fn server() -> ServerId {
    ServerId::from_bytes([3; 32])
}

fn proof() -> String {
    let request = Request { server_id: &server(), method: "POST", path: PATH, body: BODY };
    let proof = DeviceProof::new(request, Bytes::new([4; 16]), Nonce::from_bytes([5; 24]), 1_795_000_000);
    proof.sign(device(), &key()).unwrap().to_string()
}

fn check(header: &str, request: Request<'_>) -> Result<Proven, ProofError> {
    DeviceProof::parse(header)?.verify(&crypto(), &key().public())?.matches(request)
}

#[test]
fn a_proof_proves_its_own_request_and_no_other() {
    let server = server();
    let request = Request { server_id: &server, method: "POST", path: PATH, body: BODY };
    let proven = check(&proof(), request).unwrap();
    assert_eq!((proven.device, proven.jti), (device(), Bytes::new([4; 16])));
    assert_eq!(proven.answers(&Nonce::from_bytes([5; 24])), Ok(()));
    assert_eq!(proven.answers(&Nonce::from_bytes([6; 24])), Err(ProofError::Nonce));
    let other = ServerId::from_bytes([9; 32]);
    for (request, error) in [
        (Request { server_id: &other, ..request }, ProofError::Audience),
        (Request { method: "GET", ..request }, ProofError::Method),
        (Request { path: "/d/v1/inbox/", ..request }, ProofError::Path),
        (Request { body: b"{ }", ..request }, ProofError::Body),
    ] {
        assert_eq!(check(&proof(), request), Err(error));
    }
}

#[test]
fn the_steps_show_what_the_next_check_needs() {
    let parsed = DeviceProof::parse(&proof()).unwrap();
    assert_eq!(parsed.device(), device());
    assert_eq!(*parsed.nonce(), Nonce::from_bytes([5; 24]));
}

/// threats row 20
#[test]
fn no_character_of_a_proof_can_be_changed() {
    let server = server();
    let request = Request { server_id: &server, method: "POST", path: PATH, body: BODY };
    let good = proof();
    for position in 0..good.len() {
        let mut bent = good.clone().into_bytes();
        bent[position] = if bent[position] == b'A' { b'B' } else { b'A' };
        let error = check(std::str::from_utf8(&bent).unwrap(), request).unwrap_err();
        assert_eq!(error.problem(), Problem::Unauthenticated, "character {position}");
    }
}
