//! jws and device_proof: what is refused, and by which check.

use std::collections::BTreeSet;

use koppel_protocol::{
    Bytes, Problem, PublicKey, Secret, ServerId,
    decision::Decision,
    device_proof::{DeviceProof, ProofError, Proven, Request},
    id::DeviceId,
    jws::{Claims, JwsError, Unverified},
    nonce::NonceKey,
    notice::Notice,
    pop::Pop,
};
use serde_json::Value;

use super::{crypto, every_case, field, number, read, spki, text, valid};

fn step(error: &JwsError) -> &'static str {
    match error {
        JwsError::TooLong => "size",
        JwsError::Form => "form",
        JwsError::Header => "header",
        JwsError::Algorithm => "algorithm",
        JwsError::Type { .. } => "type",
        JwsError::Kid => "kid",
        JwsError::Payload(_) => "payload",
        JwsError::SignatureLength => "signature-length",
        JwsError::BadSignature => "signature",
        JwsError::Key(_) => unreachable!("nothing is signed here"),
    }
}

/// SHA-256 of the signing input, or the check that refuses.
fn judge<C: Claims>(text: &str, key: &PublicKey) -> Result<Bytes<32>, &'static str> {
    let message = Unverified::<C>::parse(text).map_err(|error| step(&error))?;
    message.verify(&crypto(), key).map(|message| message.signing_hash()).map_err(|error| step(&error))
}

#[test]
fn signed_messages() {
    every_case(&read("jws"), |case| {
        let (message, key) = (text(case, "jws"), field(case, "key"));
        let judged = match text(case, "typ") {
            "device-proof+jwt" => judge::<DeviceProof>(message, &key),
            "pop+jwt" => judge::<Pop>(message, &key),
            "decision+jwt" => judge::<Decision>(message, &key),
            "notice+jwt" => judge::<Notice>(message, &key),
            "challenge+jwt" => judge::<koppel_protocol::challenge::Challenge>(message, &key),
            other => panic!("no reader for {other}"),
        };
        match valid(case) {
            true => assert_eq!(judged, Ok(field(case, "signing_hash"))),
            false => assert_eq!(judged, Err(text(case, "step"))),
        }
    });
}

struct Server {
    server_id: ServerId,
    nonces: NonceKey,
    epoch: u64,
    now: u64,
    device: DeviceId,
    id_key: PublicKey,
}

impl Server {
    fn of(book: &Value) -> Self {
        Self {
            server_id: field(&book["server"], "server_id"),
            nonces: NonceKey::new(field::<Secret<32>>(book, "nonce_key")),
            epoch: number(book, "restore_epoch"),
            now: number(book, "now"),
            device: field(&book["phone"], "device"),
            id_key: spki(&book["phone"]["id"]),
        }
    }

    /// The checks in the order of the protocol; the refusing one, with its problem.
    fn judge(&self, case: &Value, seen: &mut BTreeSet<Bytes<16>>) -> Result<Proven, (&'static str, Problem)> {
        let asked = &case["request"];
        let request = Request {
            server_id: &self.server_id,
            method: text(asked, "method"),
            path: text(asked, "path"),
            body: text(asked, "body").as_bytes(),
        };
        let refused = |error: ProofError| {
            let step = match &error {
                ProofError::Message(error) => step(error),
                ProofError::Audience => "aud",
                ProofError::Method => "htm",
                ProofError::Path => "htu",
                ProofError::Body => "bh",
                ProofError::Nonce => "live-nonce",
            };
            (step, error.problem())
        };
        let proof = DeviceProof::parse(text(case, "proof")).map_err(refused)?;
        self.nonces.check(self.epoch, proof.nonce(), self.now).map_err(|_| ("nonce", Problem::UseNonce))?;
        if proof.device() != self.device {
            return Err(("kid-unknown", Problem::Unauthenticated));
        }
        let proven = proof.verify(&crypto(), &self.id_key).and_then(|proof| proof.matches(request)).map_err(refused)?;
        if seen.insert(proven.jti) { Ok(proven) } else { Err(("jti", Problem::Unauthenticated)) }
    }
}

/// threats rows 20 and 21
#[test]
fn device_proofs() {
    let book = read("device_proof");
    let server = Server::of(&book);
    let case_named = |name: &str| {
        let cases = book["cases"].as_array().unwrap();
        cases.iter().find(|case| text(case, "name") == name).expect("`after` names a case")
    };
    every_case(&book, |case| {
        let mut seen = BTreeSet::new();
        if let Some(before) = case["after"].as_str() {
            assert!(server.judge(case_named(before), &mut seen).is_ok());
        }
        match (server.judge(case, &mut seen), text(case, "expect")) {
            (Ok(proven), "accepted") => assert_eq!(proven.device, server.device),
            (Err((step, problem)), slug) => assert_eq!((step, problem.slug()), (text(case, "step"), slug)),
            (Ok(_), slug) => panic!("accepted, and not {slug}"),
        }
    });
    let refused = book["cases"].as_array().unwrap().iter().filter(|case| case["expect"] != "accepted").count();
    assert!(refused >= 60, "{refused} malformed proofs");
}
