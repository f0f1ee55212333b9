//! device_proof.json

use koppel_protocol::{Nonce, Secret, hash::sha256, nonce::NonceKey};
use serde_json::{Value, json};

use super::{
    Book, Case, case,
    malformed::{self, BODY, PATH, claims, claims_with_jti, header, signed, with_claim},
    raw,
    world::{EPOCH, NOW, bytes, device, fixed, nonce, nonce_key, phone, server_shown},
};

fn request(method: &str, path: &str, body: &str) -> Value {
    json!({ "method": method, "path": path, "body": body })
}

fn accepted(name: &str, shows: &str, proof: String, request: Value) -> Case {
    case(name, shows, json!({ "request": request, "proof": proof, "expect": "accepted" }))
}

fn refused(name: &str, shows: &str, proof: String, step: &str) -> Case {
    let expect = if step == "nonce" { "use-nonce" } else { "unauthenticated" };
    let request = request("POST", PATH, BODY);
    case(name, shows, json!({ "request": request, "proof": proof, "expect": expect, "step": step }))
}

fn good_ones() -> Vec<Case> {
    let here = || request("POST", PATH, BODY);
    let spaced = header().replace(':', ": ").replace(',', ",\n ");
    let turned = format!(r#"{{"kid":"{}","typ":"device-proof+jwt","alg":"ES256"}}"#, device());
    let with_jti = |label: &str| claims_with_jti(label).to_string();
    let mut live = claims_with_jti("jti live");
    live["htm"] = json!("GET");
    live["htu"] = json!("/d/v1/live");
    live["bh"] = json!(sha256(b""));
    let mut receipts = claims_with_jti("jti receipts");
    let body = r#"{"receipts":[]}"#;
    receipts["htu"] = json!("/d/v1/receipts");
    receipts["bh"] = json!(sha256(body.as_bytes()));
    let mut wrong_clock = claims_with_jti("jti clock");
    wrong_clock["iat"] = json!(NOW - 86_400);
    vec![
        accepted("inbox", "a proof of POST /d/v1/inbox", signed(&header(), &claims().to_string()), here()),
        accepted(
            "live",
            "the live channel: GET, and the hash of nothing",
            signed(&header(), &live.to_string()),
            request("GET", "/d/v1/live", ""),
        ),
        accepted(
            "body",
            "another path and body",
            signed(&header(), &receipts.to_string()),
            request("POST", "/d/v1/receipts", body),
        ),
        accepted(
            "members in another order",
            "the order of members is free",
            signed(&turned, &with_jti("jti turned")),
            here(),
        ),
        accepted(
            "white space",
            "JSON may have white space: what is signed are the bytes as sent",
            signed(&spaced, &with_jti("jti spaced")),
            here(),
        ),
        accepted("a clock a day behind", "iat is informational", signed(&header(), &wrong_clock.to_string()), here()),
    ]
}

fn nonces() -> Vec<Case> {
    let with = |nonce: Nonce| with_claim("nonce", json!(nonce));
    let mut bent = *nonce().as_bytes();
    bent[23] ^= 1;
    let foreign = NonceKey::new(Secret::new(fixed("another nonce key")));
    let old = with(nonce_key().issue(EPOCH, NOW - 301));
    let old_and_forged = raw::with_signature(&old, &[1; 64]);
    let other_spelling = old.replacen('.', "..", 1);
    vec![
        refused("old nonce", "301 seconds are too many", old, "nonce"),
        refused("future nonce", "more than 5 seconds ahead", with(nonce_key().issue(EPOCH, NOW + 6)), "nonce"),
        refused("nonce before a restore", "the epoch was raised", with(nonce_key().issue(EPOCH - 1, NOW)), "nonce"),
        refused("foreign nonce", "made by another server", with(foreign.issue(EPOCH, NOW)), "nonce"),
        refused("changed nonce", "every bit counts", with(Nonce::from_bytes(bent)), "nonce"),
        refused("old nonce and forged signature", "the nonce is checked before the signature", old_and_forged, "nonce"),
        refused("old nonce and wrong form", "the form is checked before the nonce", other_spelling, "form"),
        refused("unknown device", "the same answer as a wrong signature", malformed::of_a_stranger(), "kid-unknown"),
    ]
}

fn other_requests() -> Vec<Case> {
    let other = |claim, value: &str| with_claim(claim, json!(value));
    let hash = |body: &str| sha256(body.as_bytes()).to_string();
    vec![
        refused("another server", "aud is this server", with_claim("aud", json!(bytes::<32>("another server"))), "aud"),
        refused("another method", "htm is this method", other("htm", "GET"), "htm"),
        refused("method in lower case", "compared exactly", other("htm", "post"), "htm"),
        refused("another path", "htu is this path", other("htu", "/d/v1/test"), "htu"),
        refused("path with a slash behind", "compared exactly", other("htu", "/d/v1/inbox/"), "htu"),
        refused("path with a query", "no query", other("htu", "/d/v1/inbox?x=1"), "htu"),
        refused("path with percent", "compared as text", other("htu", "/d/v1/%69nbox"), "htu"),
        refused("path with dots", "compared as text", other("htu", "/d/v1/x/../inbox"), "htu"),
        refused("whole address", "the path alone", other("htu", "https://koppel.example.org/d/v1/inbox"), "htu"),
        refused("another body", "bh is of this body", other("bh", &hash(r#"{"receipts":[]}"#)), "bh"),
        refused("hash of nothing", "the body is not empty", other("bh", &hash("")), "bh"),
        refused("body written otherwise", "the bytes as sent", other("bh", &hash("{ }")), "bh"),
    ]
}

fn replays() -> Vec<Case> {
    let good = signed(&header(), &claims().to_string());
    let (signing_input, signature) = raw::split(&good);
    let twin = raw::with_signature(&good, &raw::twin(&signature));
    let other_iat = with_claim("iat", json!(NOW + 1));
    debug_assert_eq!(raw::split(&twin).0, signing_input);
    let after = |mut refused: Case| {
        refused.data.insert("after".into(), json!("inbox"));
        refused
    };
    vec![
        after(refused("sent again", "a jti is good once", good, "jti")),
        after(refused("the twin of a signature", "(r, n − s) verifies as well, and is the same jti", twin, "jti")),
        after(refused("signed anew with the same jti", "a jti is good once", other_iat, "jti")),
    ]
}

pub(crate) fn book() -> Book {
    let mut cases = good_ones();
    cases.extend(malformed::all().into_iter().map(|bad| refused(bad.name, bad.shows, bad.text, bad.step)));
    cases.extend(nonces());
    cases.extend(other_requests());
    cases.extend(replays());
    let given = json!({
        "server": server_shown(), "phone": phone(), "now": NOW, "restore_epoch": EPOCH,
        "nonce_key": Secret::new(fixed::<32>("nonce key")),
    });
    let about = "Device proofs. Each case is one request with its proof; `expect` is `accepted` or the slug of the refusal (401), \
                 `step` the check that refuses. Every malformed proof is wrong in one way only and otherwise signed by the right \
                 key. A case with `after` is sent after the case of that name was accepted; all others on their own.";
    Book::new("device_proof", about, given, cases)
}
