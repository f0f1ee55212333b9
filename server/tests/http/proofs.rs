//! Device proofs: the order of checks, and every claim changed (threats row 20).

use koppel_protocol::decision::{Decision, UserVerification, Verdict};
use koppel_protocol::device_proof::{DeviceProof, Request};
use koppel_protocol::id::DeviceId;
use koppel_protocol::jws::{self, Claims, NoKid};
use koppel_protocol::{Bytes, Nonce, ServerId};
use reqwest::StatusCode;
use serde_json::json;

use crate::fixture::{Answer, Phone, World, draw};

const PATH: &str = "/d/v1/inbox";
const BODY: &[u8] = b"{}";

fn claims(phone: &Phone, nonce: Nonce) -> DeviceProof {
    let request = Request { server_id: &phone.identity.server_id, method: "POST", path: PATH, body: BODY };
    DeviceProof::new(request, Bytes::new(draw()), nonce, 0)
}

fn sign(phone: &Phone, claims: &DeviceProof) -> String {
    claims.sign(phone.device, &phone.keys.id).unwrap().to_string()
}

async fn expect(world: &World, phone: &Phone, proof: &str, slug: &str, what: &str) {
    let answer = phone.send(world, PATH, BODY.to_vec(), proof).await;
    assert_eq!((answer.status, answer.slug()), (StatusCode::UNAUTHORIZED, slug), "{what}: {answer:?}");
}

#[tokio::test]
async fn every_changed_claim_is_refused_and_the_true_one_passes_once() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let other = world.phone("bert").await;
    let nonce = phone.nonce(&world).await;
    let good = claims(&phone, nonce);
    let changed = [
        ("aud", DeviceProof { aud: ServerId::from_bytes([7; 32]), ..good.clone() }),
        ("htm", DeviceProof { htm: "GET".into(), ..good.clone() }),
        ("htm in small letters", DeviceProof { htm: "post".into(), ..good.clone() }),
        ("htu", DeviceProof { htu: "/d/v1/devices".into(), ..good.clone() }),
        ("htu with a query", DeviceProof { htu: format!("{PATH}?"), ..good.clone() }),
        ("htu whole", DeviceProof { htu: format!("{}{PATH}", world.url), ..good.clone() }),
        ("bh", DeviceProof { bh: Bytes::new([7; 32]), ..good.clone() }),
    ];
    for (what, claims) in changed {
        expect(&world, &phone, &sign(&phone, &claims), "unauthenticated", what).await;
    }
    let foreign = Nonce::from_bytes([7; 24]);
    expect(&world, &phone, &sign(&phone, &DeviceProof { nonce: foreign, ..good.clone() }), "use-nonce", "nonce").await;
    let by_other = good.sign(phone.device, &other.keys.id).unwrap();
    expect(&world, &phone, &by_other, "unauthenticated", "another phone's key").await;
    let by_approve = good.sign(phone.device, &phone.keys.approve).unwrap();
    expect(&world, &phone, &by_approve, "unauthenticated", "the approve key").await;
    let unknown = good.sign(DeviceId::from_bytes([7; 16]), &phone.keys.id).unwrap();
    expect(&world, &phone, &unknown, "unauthenticated", "an unknown device, like a wrong signature").await;

    let proof = sign(&phone, &good);
    let taken = phone.send(&world, PATH, BODY.to_vec(), &proof).await;
    assert_eq!(taken.status, StatusCode::OK, "{taken:?}");
    expect(&world, &phone, &proof, "unauthenticated", "the same proof again").await;
}

#[tokio::test]
async fn a_malleated_twin_is_the_same_proof() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let good = claims(&phone, phone.nonce(&world).await);
    let proof = sign(&phone, &good);
    // ECDSA signs with fresh randomness or none; either way another signature over the same claims is the same proof.
    let twin = twin(&proof);
    assert_ne!(proof, twin);
    assert_eq!(phone.send(&world, PATH, BODY.to_vec(), &twin).await.status, StatusCode::OK);
    expect(&world, &phone, &proof, "unauthenticated", "the original after its twin").await;
}

/// (r, n − s) of the same signature.
fn twin(proof: &str) -> String {
    const N: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad,
        0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let (input, signature) = proof.rsplit_once('.').unwrap();
    let mut signature = koppel_protocol::bytes::decode(signature).unwrap();
    let mut borrow = 0i16;
    for place in (0..32).rev() {
        let difference = i16::from(N[place]) - i16::from(signature[32 + place]) - borrow;
        borrow = i16::from(difference < 0);
        signature[32 + place] = difference.rem_euclid(256) as u8;
    }
    format!("{input}.{}", koppel_protocol::bytes::encode(&signature))
}

#[tokio::test]
async fn a_proof_of_another_kind_form_or_header_is_refused() {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Other(DeviceProof);
    impl Claims for Other {
        const TYP: &'static str = "decision+jwt";
        type Kid = DeviceId;
    }
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Bare(DeviceProof);
    impl Claims for Bare {
        const TYP: &'static str = "device-proof+jwt";
        type Kid = NoKid;
    }
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let good = claims(&phone, phone.nonce(&world).await);
    let proof = sign(&phone, &good);
    let typ = jws::sign(&Other(good.clone()), &phone.device, &phone.keys.id).unwrap().to_string();
    let bare = jws::sign(&Bare(good.clone()), &NoKid, &phone.keys.id).unwrap().to_string();
    let (header, rest) = proof.split_once('.').unwrap();
    let none = koppel_protocol::bytes::encode(br#"{"alg":"none","typ":"device-proof+jwt","kid":"x"}"#);
    let jwk = format!(r#"{{"alg":"ES256","typ":"device-proof+jwt","kid":"{}","jwk":{{}}}}"#, phone.device);
    let hmac = format!(r#"{{"alg":"HS256","typ":"device-proof+jwt","kid":"{}"}}"#, phone.device);
    let long = format!("{proof}{}", "A".repeat(9000));
    for (what, wrong) in [
        ("another typ", typ.as_str()),
        ("no kid", &bare),
        ("alg none", &format!("{none}.{rest}")),
        ("jwk in the header", &format!("{}.{rest}", koppel_protocol::bytes::encode(jwk.as_bytes()))),
        ("HS256", &format!("{}.{rest}", koppel_protocol::bytes::encode(hmac.as_bytes()))),
        ("no signature", &format!("{header}.{}.", rest.split('.').next().unwrap())),
        ("padding", &format!("{proof}=")),
        ("four parts", &format!("{proof}.AAAA")),
        ("too long", &long),
        ("no JWS", "hello"),
        ("empty", ""),
    ] {
        expect(&world, &phone, wrong, "unauthenticated", what).await;
    }
    let request = world.http.post(format!("{}{PATH}", world.url)).header("content-type", "application/json");
    let twice = request.header("device-proof", &proof).header("device-proof", &proof).body(BODY);
    assert_eq!(Answer::of(twice.send().await.unwrap()).await.slug(), "unauthenticated", "two proofs");
    assert_eq!(
        phone.send(&world, PATH, BODY.to_vec(), &proof).await.status,
        StatusCode::OK,
        "after all that the true one passes"
    );
}

#[tokio::test]
async fn without_a_nonce_that_lives_the_answer_brings_one() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let bare = world.http.post(format!("{}{PATH}", world.url)).header("content-type", "application/json").body(BODY);
    let bare = Answer::of(bare.send().await.unwrap()).await;
    assert_eq!((bare.status, bare.slug()), (StatusCode::UNAUTHORIZED, "use-nonce"));
    let nonce = bare.nonce();
    let proof = sign(&phone, &claims(&phone, nonce));
    world.clock.forward(301);
    expect(&world, &phone, &proof, "use-nonce", "a nonce of six minutes ago").await;
}

#[tokio::test]
async fn a_pending_phone_may_ask_for_its_state_and_nothing_else() {
    let world = World::start().await;
    world.put_user("anna").await;
    let code = world.koppelcode("anna").await;
    let door = koppel_protocol::pairing::Door::Code {
        user: koppel_protocol::Text::clean("anna"),
        code: code.parse().unwrap(),
    };
    let waiting = crate::fixture::Waiting::begin(&world, door).await.unwrap();
    let phone = waiting.phone();
    for (path, body) in [
        ("/d/v1/inbox", json!({})),
        ("/d/v1/receipts", json!({ "receipts": [] })),
        ("/d/v1/devices", json!({})),
        ("/d/v1/test", json!({})),
        ("/d/v1/challenges/unlock", json!({})),
        ("/d/v1/challenges/ch_aaaaaaaaaaaaaaaaaaaaaaaaaa", json!({})),
    ] {
        let answer = phone.proven(&world, path, body).await;
        assert_eq!((answer.status, answer.slug()), (StatusCode::FORBIDDEN, "device-pending"), "{path}");
    }
    let status = phone.proven(&world, &format!("/d/v1/pairings/{}/status", phone.pairing), json!({})).await;
    assert_eq!(status.body["state"], "pending", "{status:?}");
    for _ in 0..3 {
        let body = json!({ "agent": "a", "reason": "r", "ticket": "t", "check_number": wrong(&phone) });
        let answer = world.post(&format!("/v1/users/anna/pairings/{}/confirm", phone.pairing), body).await;
        assert_eq!(answer.slug(), "wrong-number");
    }
    let status = phone.proven(&world, &format!("/d/v1/pairings/{}/status", phone.pairing), json!({})).await;
    assert_eq!(status.body["state"], "refused", "the phone learns the truth: {status:?}");
    assert_eq!(phone.proven(&world, "/d/v1/inbox", json!({})).await.slug(), "device-revoked");
}

fn wrong(phone: &Phone) -> &'static str {
    if phone.transcript.check_number().expose() == "000000" { "000001" } else { "000000" }
}

#[tokio::test]
async fn another_phones_pairing_and_challenge_do_not_exist() {
    let world = World::start().await;
    let anna = world.phone("anna").await;
    let bert = world.phone("bert").await;
    let challenge = world.challenge("anna", &crate::fixture::Session::new(), "code").await;
    let path = format!("/d/v1/challenges/{}", challenge["id"].as_str().unwrap());
    assert_eq!(bert.proven(&world, &path, json!({})).await.slug(), "not-found");
    assert_eq!(anna.proven(&world, &path, json!({})).await.status, StatusCode::OK);
    let status = format!("/d/v1/pairings/{}/status", anna.pairing);
    assert_eq!(bert.proven(&world, &status, json!({})).await.slug(), "not-found");
    let remove = bert.proven(&world, "/d/v1/devices", json!({ "remove": anna.device })).await;
    assert_eq!(remove.slug(), "not-found");
    let remove = bert.proven(&world, "/d/v1/devices", json!({ "remove": bert.device })).await;
    assert_eq!(remove.status, StatusCode::NO_CONTENT, "{remove:?}");
    assert_eq!(bert.proven(&world, "/d/v1/inbox", json!({})).await.slug(), "device-revoked");
}

/// A decision proves itself: for this server, by the phone that it names, with the key that its answer asks for.
#[tokio::test]
async fn a_decision_for_another_server_or_by_another_key_is_refused_and_the_true_one_counts() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let other = world.phone("bert").await;
    let session = crate::fixture::Session::new();
    let made = world.challenge("anna", &session, "number").await;
    let asked = phone.waiting(&world).await;
    let number = made["number"].as_str().unwrap().parse().ok();
    let good = Decision::answer(&asked, Verdict::Approve, number, UserVerification::Pin, 0, Bytes::new(draw()));
    let sign = |claims: &Decision, key| jws::sign(claims, &claims.dev, key).unwrap().to_string();
    let denial = Decision { dec: Verdict::Deny, num: None, ..good.clone() };
    for (what, wrong) in [
        ("aud", sign(&Decision { aud: ServerId::from_bytes([7; 32]), ..good.clone() }, &phone.keys.approve)),
        ("an approval by the id key", sign(&good, &phone.keys.id)),
        ("a denial by the approve key", sign(&denial, &phone.keys.approve)),
        ("another phone's key", sign(&good, &other.keys.approve)),
        ("another phone", sign(&Decision { dev: other.device, ..good.clone() }, &phone.keys.approve)),
        (
            "an unknown phone",
            sign(&Decision { dev: DeviceId::from_bytes([7; 16]), ..good.clone() }, &phone.keys.approve),
        ),
    ] {
        let refused = phone.decide(&world, &wrong).await;
        assert_eq!(
            (refused.status, refused.slug()),
            (StatusCode::UNAUTHORIZED, "unauthenticated"),
            "{what}: {refused:?}"
        );
    }
    let stray = sign(&Decision { dev: other.device, ..good.clone() }, &other.keys.approve);
    assert_eq!(other.decide(&world, &stray).await.slug(), "not-found", "what was never shown on a phone is not there");
    let taken = phone.decide(&world, &sign(&good, &phone.keys.approve)).await;
    assert_eq!(taken.body["outcome"], "approved", "{taken:?}");
}
