//! jws.json

use koppel_protocol::{SigningKey as _, bytes::encode, pairing::Transcript, public_key::PublicKey};
use serde_json::{Value, json};

use super::{
    Book, Case, case, malformed, raw,
    world::{NOW, bytes, cid, device, fixed, server, server_key, signing_key},
};

const POP: &str = r#"{"alg":"ES256","typ":"pop+jwt"}"#;

fn data(typ: &str, key: &PublicKey, text: &str) -> Value {
    json!({ "typ": typ, "key": key, "jws": text })
}

fn good(name: &str, shows: &str, typ: &str, key: &PublicKey, text: &str) -> Case {
    let (signing_input, _) = raw::split(text);
    let (header, payload) = signing_input.split_once('.').expect("two parts");
    let plain = |part| String::from_utf8(koppel_protocol::bytes::decode(part).expect("base64url")).expect("UTF-8");
    let mut data = data(typ, key, text);
    data["valid"] = json!(true);
    data["header"] = json!(plain(header));
    data["payload"] = json!(plain(payload));
    data["signing_hash"] = json!(koppel_protocol::hash::sha256(signing_input.as_bytes()));
    case(name, shows, data)
}

fn wrong(name: &str, shows: &str, typ: &str, key: &PublicKey, text: &str, step: &str) -> Case {
    let mut data = data(typ, key, text);
    data["valid"] = json!(false);
    data["step"] = json!(step);
    case(name, shows, data)
}

fn pops() -> Vec<Case> {
    let id = signing_key("id");
    let payload = json!({ "T": Transcript::from_bytes(fixed("transcript")), "use": "id" }).to_string();
    let key = id.public();
    let pop = |header: &str, payload: &str| raw::jws(header.as_bytes(), payload.as_bytes(), &id);
    let text = pop(POP, &payload);
    let twin = raw::with_signature(&text, &raw::twin(&raw::split(&text).1));
    let with_kid = POP.replace('}', &format!(r#","kid":"{}"}}"#, device()));
    let without_alg = raw::sign_parts(&encode(br#"{"typ":"pop+jwt","alg":"none"}"#), &encode(payload.as_bytes()), &id);
    vec![
        good("pop", "a proof of possession has no kid", "pop+jwt", &key, &text),
        good("pop, twin", "(r, n − s) is as valid, and has the same signing hash", "pop+jwt", &key, &twin),
        wrong("pop with kid", "exactly the members of its kind", "pop+jwt", &key, &pop(&with_kid, &payload), "header"),
        wrong("pop, alg none", "only ES256", "pop+jwt", &key, &without_alg, "algorithm"),
        wrong(
            "pop of an unknown use",
            "id or approve",
            "pop+jwt",
            &key,
            &pop(POP, &payload.replace("\"id\"", "\"seal\"")),
            "payload",
        ),
        wrong(
            "pop with another claim",
            "a request has no unknown fields",
            "pop+jwt",
            &key,
            &pop(POP, &payload.replace('}', ",\"iat\":1}")),
            "payload",
        ),
    ]
}

fn of_the_server() -> Vec<Case> {
    let server_key = server_key();
    let key = server_key.public();
    let header = r#"{"alg":"ES256","typ":"notice+jwt","kid":"1"}"#;
    let payload =
        json!({ "nid": "no_gaytemzugu3doobzmfrggzdfmy", "dev": device(), "kind": "locked", "at": NOW, "detail": "" })
            .to_string();
    let notice = |header: &str, payload: &str| raw::jws(header.as_bytes(), payload.as_bytes(), &server_key);
    let kid = |kid: &str| header.replace(r#""1""#, kid);
    let mut cases = vec![
        good(
            "notice",
            "a server's message: kid is the version of its key, a decimal number in a string",
            "notice+jwt",
            &key,
            &notice(header, &payload),
        ),
        good(
            "notice with a later claim",
            "unknown claims of a server are ignored",
            "notice+jwt",
            &key,
            &notice(header, &payload.replacen('{', "{\"later\":{},", 1)),
        ),
        good(
            "notice of a later kind",
            "an unknown kind is read, and shown as something that changed",
            "notice+jwt",
            &key,
            &notice(header, &payload.replace("locked", "telepathy")),
        ),
    ];
    let refused = [
        ("kid a number", "kid is a string", "1", "header"),
        ("kid zero", "versions begin at 1", "\"0\"", "kid"),
        ("kid with a leading zero", "one spelling", "\"01\"", "kid"),
        ("kid with a plus", "one spelling", "\"+1\"", "kid"),
        ("kid empty", "a number", "\"\"", "kid"),
        ("kid too high", "32 bits", "\"4294967296\"", "kid"),
        ("kid a device", "a phone's message is none of the server's", "\"dv_gaytemzugu3doobzmfrggzdfmy\"", "kid"),
    ];
    cases.extend(refused.map(|(name, shows, value, step)| {
        wrong(&format!("notice, {name}"), shows, "notice+jwt", &key, &notice(&kid(value), &payload), step)
    }));
    let unknown_text = payload.replace("\"detail\":\"\"", "\"detail\":\"a\\u202eb\"");
    cases.push(wrong(
        "notice with hidden characters",
        "text is clean",
        "notice+jwt",
        &key,
        &notice(header, &unknown_text),
        "payload",
    ));
    cases.push(wrong(
        "notice passed for a challenge",
        "typ is compared",
        "challenge+jwt",
        &key,
        &notice(header, &payload),
        "type",
    ));
    cases
}

fn decisions() -> Vec<Case> {
    let id = signing_key("id");
    let key = id.public();
    let header = format!(r#"{{"alg":"ES256","typ":"decision+jwt","kid":"{}"}}"#, device());
    let claims = json!({
        "aud": server().server_id, "cid": cid(), "seq": 1, "dev": device(), "ch": bytes::<32>("ch"), "dec": "deny",
        "uv": "none", "iat": NOW, "jti": bytes::<16>("decision jti"),
    });
    let with = |claim: &str, value: Value| {
        let mut claims = claims.clone();
        claims[claim] = value;
        raw::jws(header.as_bytes(), claims.to_string().as_bytes(), &id)
    };
    let typ = "decision+jwt";
    vec![
        good("decision", "a phone's message: kid is its device id", typ, &key, &with("dec", json!("deny"))),
        wrong(
            "decision of another device",
            "kid and dev are one device",
            typ,
            &key,
            &with("dev", json!("dv_gaytemzugu3doobzmfrggzdfmy")),
            "kid",
        ),
        wrong("decision, unknown answer", "approve, deny or fraud", typ, &key, &with("dec", json!("maybe")), "payload"),
        wrong(
            "decision, number with deny",
            "num stands only with approve",
            typ,
            &key,
            &with("num", json!("123456")),
            "payload",
        ),
        wrong(
            "decision, unknown claim",
            "a request has no unknown fields",
            typ,
            &key,
            &with("note", json!("hi")),
            "payload",
        ),
        wrong("decision, seq below zero", "a u32", typ, &key, &with("seq", json!(-1)), "payload"),
        wrong(
            "decision, unknown uv",
            "none, pin, credential or biometric",
            typ,
            &key,
            &with("uv", json!("telepathy")),
            "payload",
        ),
    ]
}

pub(crate) fn book() -> Book {
    let key = signing_key("id").public();
    let typ = "device-proof+jwt";
    let text = malformed::signed(&malformed::header(), &malformed::claims().to_string());
    let mut cases = vec![good("device proof", "a phone's message: kid is its device id", typ, &key, &text)];
    cases.extend(pops());
    cases.extend(of_the_server());
    cases.extend(decisions());
    cases.extend(malformed::all().into_iter().map(|bad| wrong(bad.name, bad.shows, typ, &key, &bad.text, bad.step)));
    let about = "Signed messages. A reader that expects a message of `typ`, signed by `key`, accepts it or refuses it at `step`: size, \
                 form, header, algorithm, type, kid, signature-length, payload, signature. (The order of these checks among \
                 themselves is free, but the signature comes last.)";
    let given = json!({ "keys": { "id": super::world::shown("id"), "identity 1": super::world::shown("identity 1") } });
    Book::new("jws", about, given, cases)
}
