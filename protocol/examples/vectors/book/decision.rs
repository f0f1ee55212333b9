//! decision.json

use koppel_protocol::{
    Digits, Secret,
    challenge::{Challenge, Subject},
    decision::{Decision, UserVerification, Verdict},
    id::{ChallengeId, DeviceId},
    jws,
    soft::SoftSigningKey,
};
use serde_json::{Value, json};

use super::{
    Book, Case, case,
    challenge::{challenge, login, new_device, signed},
    raw,
    world::{NOW, bytes, crypto, device, fixed, phone, server, server_shown, shown, signing_key},
};

struct Answer {
    challenge: String,
    decision: Decision,
}

fn answer(challenge: &Challenge, dec: Verdict, num: Option<&str>, uv: UserVerification) -> Answer {
    let text = signed(challenge);
    let read = server().read_for::<Challenge>(&crypto(), &text, device()).expect("a good challenge");
    let num: Option<Digits> = num.map(|num| num.parse().expect("digits"));
    let decision = Decision::answer(&read, dec, num, uv, NOW + 9, bytes("decision jti"));
    Answer { challenge: text, decision }
}

fn sign(decision: &Decision, key: &SoftSigningKey) -> String {
    jws::sign(decision, &decision.dev, key).expect("software keys sign").to_string()
}

fn good(name: &str, shows: &str, key: &str, answer: &Answer) -> Case {
    let text = sign(&answer.decision, &signing_key(key));
    let data = json!({
        "valid": true, "challenge": answer.challenge, "claims": answer.decision, "key": key, "decision": text,
        "signing_hash": koppel_protocol::hash::sha256(raw::split(&text).0.as_bytes()),
    });
    case(name, shows, data)
}

fn wrong(name: &str, shows: &str, challenge: &str, decision: &str, step: &str) -> Case {
    case(name, shows, json!({ "valid": false, "challenge": challenge, "decision": decision, "step": step }))
}

fn refused() -> Vec<Case> {
    let number = challenge(Subject::Number { login: login() });
    let good = answer(&number, Verdict::Approve, Some("271828"), UserVerification::Pin);
    let (approve, id) = (signing_key("approve"), signing_key("id"));
    let of = |decision: Decision| sign(&decision, &approve);
    let text = of(good.decision.clone());
    let header = format!(r#"{{"alg":"ES256","typ":"decision+jwt","kid":"{}"}}"#, device());
    let by_hand = |change: &dyn Fn(&mut Value)| {
        let mut claims = serde_json::to_value(&good.decision).expect("plain JSON");
        change(&mut claims);
        raw::jws(header.as_bytes(), claims.to_string().as_bytes(), &approve)
    };
    let other_challenge = signed(&Challenge { seq: 2, ..number });
    let denied = Decision { dec: Verdict::Deny, num: None, ..good.decision.clone() };
    let other_device = Decision { dev: DeviceId::from_bytes(fixed("another device")), ..good.decision.clone() };
    let case = |name, shows, decision: &str, step| wrong(name, shows, &good.challenge, decision, step);
    vec![
        case("approve by the id key", "approve is signed by the approve key", &sign(&good.decision, &id), "signature"),
        case("deny by the approve key", "deny is signed by the id key", &sign(&denied, &approve), "signature"),
        case(
            "a stranger's key",
            "the key of this device",
            &sign(&good.decision, &signing_key("another id")),
            "signature",
        ),
        case("changed signature", "every bit counts", &raw::with_signature(&text, &[7; 64]), "signature"),
        case(
            "deny with a number",
            "num stands only with approve",
            &by_hand(&|claims| claims["dec"] = json!("deny")),
            "payload",
        ),
        case("number with a letter", "digits only", &by_hand(&|claims| claims["num"] = json!("27182O")), "payload"),
        case("number too short", "six to eight digits", &by_hand(&|claims| claims["num"] = json!("27182")), "payload"),
        case(
            "number as a number",
            "digits are text, zeros in front count",
            &by_hand(&|claims| claims["num"] = json!(271_828)),
            "payload",
        ),
        case(
            "unknown claim",
            "a request has no unknown fields",
            &by_hand(&|claims| claims["rp"] = json!("x")),
            "payload",
        ),
        case(
            "ch missing",
            "every claim is needed",
            &by_hand(&|claims| drop(claims.as_object_mut().expect("an object").remove("ch"))),
            "payload",
        ),
        case("of another device", "dev is the device that was asked", &of(other_device), "dev"),
        case(
            "for another server",
            "aud is this server",
            &of(Decision { aud: koppel_protocol::ServerId::from_bytes([1; 32]), ..good.decision.clone() }),
            "aud",
        ),
        case(
            "on another challenge",
            "cid is the challenge's",
            &of(Decision { cid: ChallengeId::from_bytes(fixed("another challenge")), ..good.decision.clone() }),
            "cid",
        ),
        case("on another delivery", "seq is the delivery's", &of(Decision { seq: 2, ..good.decision.clone() }), "seq"),
        case(
            "another ch",
            "ch is the hash of the challenge as sent",
            &of(Decision { ch: bytes("another ch"), ..good.decision.clone() }),
            "ch",
        ),
        wrong(
            "the challenge of another delivery",
            "a swapped challenge does not fit the decision",
            &other_challenge,
            &text,
            "seq",
        ),
    ]
}

pub(crate) fn book() -> Book {
    let number = challenge(Subject::Number { login: login() });
    let handover = challenge(Subject::ConfirmPairing { pairing: new_device() });
    let code = challenge(Subject::Code { login: login(), code: "314159".parse().expect("digits") });
    let unlock = challenge(Subject::Unlock);
    let mut cases = vec![
        good(
            "approve",
            "yes: the number, signed by the approve key",
            "approve",
            &answer(&number, Verdict::Approve, Some("271828"), UserVerification::Pin),
        ),
        good(
            "approve by biometrics",
            "uv says how the person was recognised",
            "approve",
            &answer(&number, Verdict::Approve, Some("271828"), UserVerification::Biometric),
        ),
        good(
            "zeros in front",
            "digits are text",
            "approve",
            &answer(&number, Verdict::Approve, Some("000042"), UserVerification::Pin),
        ),
        good("deny", "no: signed by the id key", "id", &answer(&number, Verdict::Deny, None, UserVerification::None)),
        good(
            "fraud",
            "this was not me: signed by the id key",
            "id",
            &answer(&number, Verdict::Fraud, None, UserVerification::None),
        ),
        good(
            "deny a code",
            "a code can be denied too",
            "id",
            &answer(&code, Verdict::Deny, None, UserVerification::None),
        ),
        good(
            "confirm a new phone",
            "num is the check number of the pairing; this is the new key's endorsement",
            "approve",
            &answer(&handover, Verdict::Approve, Some("161803"), UserVerification::Pin),
        ),
        good("unlock", "no number", "approve", &answer(&unlock, Verdict::Approve, None, UserVerification::Pin)),
    ];
    cases.extend(refused());
    let given = json!({
        "server": server_shown(), "phone": phone(), "another": shown("another id"), "v": Secret::new(fixed::<32>("v")),
    });
    let about = "Decisions and the challenges they answer. `step` is the check that refuses: payload, signature (with the key that fits \
                 `dec`), dev, aud, cid, seq, ch. A panel that pinned the approve key makes the same checks.";
    Book::new("decision", about, given, cases)
}
