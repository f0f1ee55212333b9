//! Malformed signed messages, each in one way only. The example is a device proof; a reader of any message refuses the
//! same things.

use hmac::{Hmac, KeyInit, Mac};
use koppel_protocol::{Bytes, SigningKey as _, bytes::encode, hash::sha256};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{
    raw,
    world::{bytes, device, nonce, server, signing_key, stranger},
};

/// The path and body that the proofs of the book are for.
pub(crate) const PATH: &str = "/d/v1/inbox";
/// The body.
pub(crate) const BODY: &str = "{}";

/// One malformed message.
pub(crate) struct Malformed {
    pub(crate) name: &'static str,
    pub(crate) shows: &'static str,
    pub(crate) text: String,
    /// The check that refuses it.
    pub(crate) step: &'static str,
}

/// The claims of a good proof.
pub(crate) fn claims() -> Value {
    json!({
        "aud": server().server_id, "htm": "POST", "htu": PATH, "bh": sha256(BODY.as_bytes()),
        "jti": bytes::<16>("jti"), "nonce": nonce(), "iat": super::world::NOW,
    })
}

/// A header text.
pub(crate) fn header() -> String {
    format!(r#"{{"alg":"ES256","typ":"device-proof+jwt","kid":"{}"}}"#, device())
}

/// A properly signed proof of this header and these claims.
pub(crate) fn signed(header: &str, claims: &str) -> String {
    raw::jws(header.as_bytes(), claims.as_bytes(), &signing_key("id"))
}

/// A good proof but for one claim.
pub(crate) fn with_claim(claim: &str, value: Value) -> String {
    let mut all = claims();
    all[claim] = value;
    signed(&header(), &all.to_string())
}

fn without_claim(claim: &str) -> String {
    let mut all = claims();
    all.as_object_mut().expect("an object").remove(claim);
    signed(&header(), &all.to_string())
}

fn headers() -> Vec<Malformed> {
    let kid = device().to_string();
    let with = |more: &str| header().replace('}', &format!(",{more}}}"));
    let spki = signing_key("id").public();
    let own_key =
        format!(r#""jwk":{{"kty":"EC","crv":"P-256","x":"{}","y":"{}"}}"#, bytes::<32>("x"), bytes::<32>("y"));
    let texts: Vec<(&str, &str, String, &str)> = vec![
        ("alg none", "only ES256", header().replace("ES256", "none"), "algorithm"),
        ("alg HS256", "only ES256", header().replace("ES256", "HS256"), "algorithm"),
        ("alg ES384", "only ES256", header().replace("ES256", "ES384"), "algorithm"),
        ("alg RS256", "only ES256", header().replace("ES256", "RS256"), "algorithm"),
        ("alg in lower case", "compared exactly", header().replace("ES256", "es256"), "algorithm"),
        ("alg missing", "exactly the members of its kind", header().replace(r#""alg":"ES256","#, ""), "header"),
        ("alg a number", "members are strings", header().replace(r#""ES256""#, "256"), "header"),
        ("typ missing", "every message has its type", header().replace(r#""typ":"device-proof+jwt","#, ""), "header"),
        ("typ JWT", "its own type", header().replace("device-proof+jwt", "JWT"), "type"),
        ("typ of a decision", "no message passes for another", header().replace("device-proof", "decision"), "type"),
        ("typ in capitals", "compared exactly", header().replace("device-proof+jwt", "Device-Proof+JWT"), "type"),
        ("typ with prefix", "compared exactly", header().replace("device-proof", "application/device-proof"), "type"),
        (
            "kid missing",
            "exactly the members of its kind",
            header().replace(&format!(r#","kid":"{kid}""#), ""),
            "header",
        ),
        ("kid null", "null is not a string", header().replace(&format!(r#""{kid}""#), "null"), "header"),
        ("kid a number", "kid is a string", header().replace(&format!(r#""{kid}""#), "1"), "header"),
        ("kid of another kind", "kid is a device id", header().replace("dv_", "us_"), "kid"),
        ("kid in capitals", "ids have one spelling", header().replace(&kid, &kid.to_uppercase()), "kid"),
        ("kid a path", "kid is never a path", header().replace(&kid, "../../../../dev/null"), "kid"),
        ("kid SQL", "kid is never part of a query", header().replace(&kid, "' OR 1=1 --"), "kid"),
        ("jwk", "no key in the header", with(&own_key), "header"),
        ("jku", "no address in the header", with(r#""jku":"https://evil.example/keys""#), "header"),
        ("x5c", "no certificate in the header", with(r#""x5c":["MIIB"]"#), "header"),
        ("x5u", "no address in the header", with(r#""x5u":"https://evil.example/cert""#), "header"),
        (
            "x5t",
            "nothing but the members of its kind",
            with(&format!(r#""x5t#S256":"{}""#, spki.thumbprint())),
            "header",
        ),
        ("crit", "no extensions", with(r#""crit":["exp"],"exp":1"#), "header"),
        ("b64 false", "no unencoded payload", with(r#""b64":false,"crit":["b64"]"#), "header"),
        ("cty", "nothing but the members of its kind", with(r#""cty":"JWT""#), "header"),
        ("zip", "no compression", with(r#""zip":"DEF""#), "header"),
        ("unknown member", "nothing but the members of its kind", with(r#""colour":"blue""#), "header"),
        ("alg twice", "each member once", with(r#""alg":"ES256""#), "header"),
        ("alg none, then ES256", "each member once", header().replacen('{', r#"{"alg":"none","#, 1), "header"),
        ("alg twice, once escaped", "escapes are the same name", with(r#""\u0061lg":"ES256""#), "header"),
        ("kid twice", "each member once", with(&format!(r#""kid":"{kid}""#)), "header"),
        ("header an array", "the header is an object", format!(r#"["ES256","device-proof+jwt","{kid}"]"#), "header"),
        ("header a string", "the header is an object", r#""ES256""#.into(), "header"),
        ("header null", "the header is an object", "null".into(), "header"),
        ("header empty", "the header is an object", "{}".into(), "header"),
        ("header not JSON", "the header is JSON", "alg=ES256".into(), "header"),
        ("header with BOM", "JSON has no byte order mark", format!("\u{feff}{}", header()), "header"),
        ("header with more behind", "one JSON value", format!("{}{{}}", header()), "header"),
        ("header with a comment", "JSON has no comments", header().replacen('{', "{/**/", 1), "header"),
    ];
    let claims = claims().to_string();
    texts
        .into_iter()
        .map(|(name, shows, header, step)| Malformed { name, shows, text: signed(&header, &claims), step })
        .collect()
}

fn forms() -> Vec<Malformed> {
    let good = signed(&header(), &claims().to_string());
    let (signing_input, signature) = good.rsplit_once('.').expect("three parts");
    let (head, payload) = signing_input.split_once('.').expect("two parts");
    let id = signing_key("id");
    let last = |text: &str| {
        // The last symbol of 64 bytes carries four unused bits.
        let mut changed = text.to_owned();
        let symbol = changed.pop().expect("not empty");
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let index = alphabet.find(symbol).expect("a symbol of base64url");
        changed.push(char::from(alphabet.as_bytes()[index ^ 1]));
        changed
    };
    let long = claims().to_string().replace("/d/v1/inbox", &format!("/{}", "x".repeat(8192)));
    let json = json!({ "protected": head, "payload": payload, "signature": signature }).to_string();
    let slashes = sha256(BODY.as_bytes()).to_string().replace(['-', '_'], "+");
    [
        ("empty", "three parts", String::new(), "form"),
        ("no dots", "three parts", good.replace('.', ""), "form"),
        ("two parts", "three parts", signing_input.to_owned(), "form"),
        ("four parts", "three parts", format!("{good}.{signature}"), "form"),
        ("five parts", "an encrypted message is none of ours", format!("{good}.{head}.{head}"), "form"),
        ("JSON form", "compact form only", json, "form"),
        (
            "padding in the header",
            "no padding, even when signed so",
            raw::sign_parts(&format!("{head}="), payload, &id),
            "form",
        ),
        (
            "padding in the payload",
            "no padding, even when signed so",
            raw::sign_parts(head, &format!("{payload}=="), &id),
            "form",
        ),
        ("padding in the signature", "no padding", format!("{good}=="), "form"),
        ("space in front", "nothing is trimmed", format!(" {good}"), "form"),
        ("line end behind", "nothing is trimmed", format!("{good}\n"), "form"),
        ("line end within", "no white space", good.replacen('.', ".\r\n", 1), "form"),
        ("NUL behind", "nothing behind", format!("{good}\0"), "form"),
        ("percent", "no other encoding", good.replace('.', "%2E"), "form"),
        ("unused bits in the signature", "one text for one signature", last(&good), "form"),
        (
            "the standard alphabet",
            "plus and slash are not base64url",
            format!("{signing_input}.{}+/", &signature[..84]),
            "form",
        ),
        ("impossible length", "no base64 has this length", format!("{signing_input}.{}", &signature[..85]), "form"),
        ("longer than 8 KiB", "at most 8192 bytes", signed(&header(), &long), "size"),
        (
            "the standard alphabet in a claim",
            "the same within claims",
            with_claim("bh", json!(format!("{}/", &slashes[..42]))),
            "payload",
        ),
    ]
    .into_iter()
    .map(|(name, shows, text, step)| Malformed { name, shows, text, step })
    .collect()
}

fn payloads() -> Vec<Malformed> {
    let good = claims().to_string();
    let jti = bytes::<16>("jti").to_string();
    let all = claims();
    let values: Vec<&Value> =
        ["aud", "htm", "htu", "bh", "jti", "nonce", "iat"].iter().map(|claim| &all[claim]).collect();
    let raw_payload = |text: &str| signed(&header(), text);
    [
        ("aud missing", "every claim is needed", without_claim("aud")),
        ("htm missing", "every claim is needed", without_claim("htm")),
        ("htu missing", "every claim is needed", without_claim("htu")),
        ("bh missing", "every claim is needed", without_claim("bh")),
        ("jti missing", "every claim is needed", without_claim("jti")),
        ("nonce missing", "every claim is needed", without_claim("nonce")),
        ("iat missing", "every claim is needed", without_claim("iat")),
        ("unknown claim", "a request has no unknown fields", with_claim("admin", json!(true))),
        ("jti twice", "each claim once", raw_payload(&good.replacen('{', &format!(r#"{{"jti":"{jti}","#), 1))),
        ("htu twice", "each claim once", raw_payload(&good.replacen('{', r#"{"htu":"/d/v1/test","#, 1))),
        ("aud a list", "one server", with_claim("aud", json!([server().server_id]))),
        ("aud too short", "32 bytes", with_claim("aud", json!("AAAA"))),
        (
            "bh in hex",
            "base64url",
            with_claim("bh", json!("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a")),
        ),
        ("jti of 15 bytes", "16 bytes", with_claim("jti", json!(bytes::<15>("jti")))),
        ("jti of 17 bytes", "16 bytes", with_claim("jti", json!(bytes::<17>("jti")))),
        ("jti with padding", "no padding", with_claim("jti", json!(format!("{jti}==")))),
        ("nonce a number", "a string", with_claim("nonce", json!(1))),
        ("nonce of 23 bytes", "24 bytes", with_claim("nonce", json!(bytes::<23>("nonce")))),
        ("iat text", "a number", with_claim("iat", json!("1794996800"))),
        ("iat negative", "not negative", with_claim("iat", json!(-1))),
        ("iat with a fraction", "whole seconds", with_claim("iat", json!(1_794_996_800.5))),
        ("htm null", "null is not a string", with_claim("htm", Value::Null)),
        ("payload an array", "an object, not its values in order", raw_payload(&json!(values).to_string())),
        ("payload a string", "an object", raw_payload(r#""POST""#)),
        ("payload empty", "an object", raw_payload("")),
        ("payload cut off", "JSON to its end", raw_payload(&good[..good.len() - 1])),
        ("payload with more behind", "one JSON value", raw_payload(&format!("{good} {good}"))),
    ]
    .into_iter()
    .map(|(name, shows, text)| Malformed { name, shows, text, step: "payload" })
    .collect()
}

fn signatures() -> Vec<Malformed> {
    let good = signed(&header(), &claims().to_string());
    let (signing_input, signature) = raw::split(&good);
    let with = |signature: &[u8]| raw::with_signature(&good, signature);
    let half = |one: &[u8], other: &[u8]| [one, other].concat();
    let (r, s) = signature.split_at(32);
    let mut flipped_r = signature;
    flipped_r[31] ^= 1;
    let mut flipped_s = signature;
    flipped_s[63] ^= 1;
    let reversed = |bytes: &[u8]| bytes.iter().rev().copied().collect::<Vec<u8>>();
    let by = |name: &str| raw::signature(&signing_input, &signing_key(name));
    let spki = signing_key("id").public().to_spki_der();
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&spki).expect("any length");
    mac.update(signing_input.as_bytes());
    let mac = mac.finalize().into_bytes();
    let moved = with_claim("htu", json!("/d/v1/test"));
    let moved_input = raw::split(&moved).0;
    let spaced = encode(header().replace(':', ": ").as_bytes());
    let other_header = good.replacen(&encode(header().as_bytes()), &spaced, 1);
    [
        ("signature empty", "64 bytes", format!("{signing_input}."), "signature-length"),
        ("signature in DER", "raw r and s, not DER", with(&raw::der(&signature)), "signature-length"),
        ("signature of 63 bytes", "64 bytes", with(&signature[..63]), "signature-length"),
        ("signature of 65 bytes", "64 bytes", with(&half(&signature, &[0])), "signature-length"),
        ("signature of 96 bytes", "64 bytes", with(&[1; 96]), "signature-length"),
        ("a MAC under the public key", "a public key is no secret", with(&mac), "signature-length"),
        ("a MAC twice", "a public key is no secret", with(&half(&mac, &mac)), "signature"),
        ("signature of zeros", "r and s are not zero", with(&[0; 64]), "signature"),
        ("r zero", "r is not zero", with(&half(&[0; 32], s)), "signature"),
        ("s zero", "s is not zero", with(&half(r, &[0; 32])), "signature"),
        ("r and s the order", "r and s are below the order", with(&raw::order_twice()), "signature"),
        ("r and s the highest", "r and s are below the order", with(&[0xff; 64]), "signature"),
        ("r and s swapped", "r comes first", with(&half(s, r)), "signature"),
        ("little-endian", "big-endian", with(&half(&reversed(r), &reversed(s))), "signature"),
        ("a bit of r", "every bit counts", with(&flipped_r), "signature"),
        ("a bit of s", "every bit counts", with(&flipped_s), "signature"),
        ("signed by another key", "the key of this device", with(&by("another id")), "signature"),
        ("signed by the approve key", "proofs are signed by id", with(&by("approve")), "signature"),
        (
            "signature of another message",
            "over this signing input",
            format!("{moved_input}.{}", encode(&signature)),
            "signature",
        ),
        ("header written otherwise", "over these very bytes", other_header, "signature"),
    ]
    .into_iter()
    .map(|(name, shows, text, step)| Malformed { name, shows, text, step })
    .collect()
}

/// All of them.
pub(crate) fn all() -> Vec<Malformed> {
    [headers(), forms(), payloads(), signatures()].into_iter().flatten().collect()
}

/// A good proof of a phone nobody knows, signed with the right key.
pub(crate) fn of_a_stranger() -> String {
    signed(&header().replace(&device().to_string(), &stranger().to_string()), &claims().to_string())
}

/// Claims with a `jti` of their own.
pub(crate) fn claims_with_jti(label: &str) -> Value {
    let mut all = claims();
    all["jti"] = json!(Bytes::new(super::world::fixed::<16>(label)));
    all
}
