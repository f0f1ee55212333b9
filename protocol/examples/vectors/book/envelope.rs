//! envelope.json

use hkdf::Hkdf;
use koppel_protocol::{
    AgreementKey as _, Bytes, Envelope, Secret,
    bytes::{decode, encode},
    envelope::MAX_MESSAGE_LEN,
    soft::SoftAgreementKey,
};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{
    Book, Case, case,
    world::{auth, fixed, phone, seal_key, sealing_crypto},
};

const RFC_8291: &str = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";

fn hkdf<const N: usize>(salt: &[u8], input: &[u8], info: &[u8]) -> [u8; N] {
    let mut output = [0; N];
    Hkdf::<Sha256>::new(Some(salt), input).expand(info, &mut output).expect("short outputs");
    output
}

/// Every value on the way, computed here once more and apart from the library.
fn steps(server: &SoftAgreementKey, phone: &SoftAgreementKey, auth: &[u8; 16], salt: &[u8; 16]) -> Value {
    let shared = server.agree(&phone.public()).expect("both are points");
    let info = [b"WebPush: info\0".as_slice(), phone.public().as_sec1(), server.public().as_sec1()].concat();
    let input: [u8; 32] = hkdf(auth, shared.as_slice(), &info);
    let key: [u8; 16] = hkdf(salt, &input, b"Content-Encoding: aes128gcm\0");
    let nonce: [u8; 12] = hkdf(salt, &input, b"Content-Encoding: nonce\0");
    json!({
        "salt": encode(salt),
        "ephemeral": { "scalar": encode(server.to_scalar().as_slice()), "point": encode(server.public().as_sec1()) },
        "shared": encode(shared.as_slice()), "ikm": encode(&input), "cek": encode(&key), "nonce": encode(&nonce),
    })
}

fn rfc() -> Case {
    let array = |text: &str| -> [u8; 32] { decode(text).expect("base64url").try_into().expect("32 bytes") };
    let scalar = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
    let phone = SoftAgreementKey::from_scalar(&array(scalar)).expect("a scalar");
    let server = SoftAgreementKey::from_scalar(&array("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"));
    let server = server.expect("a scalar");
    let auth: [u8; 16] = decode("BTBZMqHH6r4Tts7J_aSIgg").expect("base64url").try_into().expect("16 bytes");
    let salt: [u8; 16] = decode("DGv6ra1nlYgDCS1FRnbzlw").expect("base64url").try_into().expect("16 bytes");
    let data = json!({
        "kind": "cipher", "seal": { "scalar": scalar, "point": encode(phone.public().as_sec1()) }, "auth": encode(&auth),
        "steps": steps(&server, &phone, &auth, &salt),
        "plaintext": encode(b"When I grow up, I want to be a watermelon\x02"), "body": RFC_8291,
    });
    case("RFC 8291", "the example of RFC 8291, section 5 and appendix A: the cipher itself, without our padding", data)
}

fn sealed(message: &str) -> Envelope {
    Envelope::seal(&sealing_crypto(), &seal_key("seal").public(), &auth(), message).expect("it fits")
}

fn good(name: &str, shows: &str, message: &str) -> Case {
    let steps = steps(&seal_key("ephemeral"), &seal_key("seal"), &fixed("auth"), &fixed("salt"));
    let data =
        json!({ "kind": "envelope", "valid": true, "message": message, "steps": steps, "envelope": sealed(message) });
    case(name, shows, data)
}

fn wrong(name: &str, shows: &str, change: impl FnOnce(&mut Vec<u8>)) -> Case {
    let mut bytes = sealed("a.b.c").as_bytes().to_vec();
    change(&mut bytes);
    case(name, shows, json!({ "kind": "envelope", "valid": false, "envelope": encode(&bytes) }))
}

/// The right key and nonce around a plaintext that an honest server never makes.
fn with_plaintext(name: &str, shows: &str, plain: &[u8]) -> Case {
    use aes_gcm::{
        Aes128Gcm, KeyInit as _,
        aead::{Aead as _, Payload},
    };
    let steps = steps(&seal_key("ephemeral"), &seal_key("seal"), &fixed("auth"), &fixed("salt"));
    let field = |name: &str| decode(steps[name].as_str().expect("text")).expect("base64url");
    let cipher = Aes128Gcm::new(field("cek").as_slice().try_into().expect("16 bytes"));
    let nonce: [u8; 12] = field("nonce").try_into().expect("12 bytes");
    let body = cipher.encrypt(&nonce.into(), Payload { msg: plain, aad: b"" }).expect("short");
    wrong(name, shows, |bytes| {
        bytes.truncate(86);
        bytes.extend(body);
    })
}

pub(crate) fn book() -> Book {
    let longest = "m".repeat(MAX_MESSAGE_LEN);
    let padded = |message: &[u8]| [message, &vec![0; 2048 - message.len()]].concat();
    let cases = vec![
        rfc(),
        good("short", "a short message makes 2150 bytes", "eyJh.eyJi.c2ln"),
        good("longest", "so does the longest, 2047 bytes", &longest),
        good("empty", "and an empty one", ""),
        wrong("changed salt", "every byte is bound", |bytes| bytes[0] ^= 1),
        wrong("record size", "the record size is 4096", |bytes| bytes[18] = 8),
        wrong("key length", "the key is 65 bytes", |bytes| bytes[20] = 64),
        wrong("compressed key", "the key is uncompressed", |bytes| bytes[21] = 2),
        wrong("key off the curve", "the key is a point", |bytes| bytes[85] ^= 1),
        wrong("changed content", "every byte is bound", |bytes| bytes[1000] ^= 1),
        wrong("changed tag", "every byte is bound", |bytes| bytes[2149] ^= 0x80),
        wrong("too short", "2150 bytes", |bytes| bytes.truncate(2149)),
        wrong("too long", "2150 bytes", |bytes| bytes.push(0)),
        with_plaintext("not the last record", "the delimiter is 2", &padded(b"a.b.c\x01")),
        with_plaintext("no delimiter", "zeros alone are no message", &padded(b"")),
        with_plaintext("not UTF-8", "a message is text", &padded(b"\xff\xfe\x02")),
        with_plaintext("not padded", "always 2048 bytes", b"a.b.c\x02"),
    ];
    let other = seal_key("another seal");
    let unopened = sealed("a.b.c");
    let foreign = json!({
        "kind": "foreign", "valid": false, "envelope": unopened,
        "seal": { "scalar": Secret::new(fixed::<32>("another seal")).to_text().as_str(), "spki": other.public() },
        "auth": Bytes::new(fixed::<16>("another auth")),
    });
    let cases = cases.into_iter().chain([case("another phone", "tried with another phone's key and secret", foreign)]);
    let about = "Sealed envelopes (RFC 8291): opened with the phone's seal key and auth secret. `steps` are the values on the way.";
    Book::new("envelope", about, json!({ "phone": phone() }), cases.collect())
}
