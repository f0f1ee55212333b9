//! Signed messages by hand: to make what the library refuses to make.

use koppel_protocol::{SigningKey, bytes::encode, crypto::Signature};

/// The order of P-256.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// Three parts, the last the signature of `key` over the first two as they stand.
pub(crate) fn jws(header: &[u8], payload: &[u8], key: &dyn SigningKey) -> String {
    sign_parts(&encode(header), &encode(payload), key)
}

/// The same over parts that are encoded already.
pub(crate) fn sign_parts(header: &str, payload: &str, key: &dyn SigningKey) -> String {
    let signing_input = format!("{header}.{payload}");
    let signature = signature(&signing_input, key);
    format!("{signing_input}.{}", encode(&signature))
}

/// The signature over a signing input.
pub(crate) fn signature(signing_input: &str, key: &dyn SigningKey) -> Signature {
    key.sign(signing_input.as_bytes()).expect("software keys sign")
}

/// The signing input and signature of a message.
pub(crate) fn split(text: &str) -> (String, Signature) {
    let (signing_input, signature) = text.rsplit_once('.').expect("three parts");
    let signature = koppel_protocol::bytes::decode(signature).expect("base64url");
    (signing_input.to_owned(), signature.try_into().expect("64 bytes"))
}

/// The same message with another signature.
pub(crate) fn with_signature(text: &str, signature: &[u8]) -> String {
    format!("{}.{}", split(text).0, encode(signature))
}

/// (r, n − s): as valid as (r, s), and made without the key.
pub(crate) fn twin(signature: &Signature) -> Signature {
    let mut twin = *signature;
    let mut borrow = 0_u16;
    for position in (0..32).rev() {
        let difference = 0x100 + u16::from(ORDER[position]) - u16::from(signature[32 + position]) - borrow;
        borrow = 1 - (difference >> 8);
        twin[32 + position] = difference.to_le_bytes()[0];
    }
    twin
}

/// The order of the curve twice: out of range, and 0 modulo the order.
pub(crate) fn order_twice() -> Signature {
    let mut both = [0; 64];
    both[..32].copy_from_slice(&ORDER);
    both[32..].copy_from_slice(&ORDER);
    both
}

/// The signature in DER, as certificates have it.
pub(crate) fn der(signature: &Signature) -> Vec<u8> {
    let integer = |bytes: &[u8]| {
        let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(31);
        let sign = if bytes[start] & 0x80 == 0 { [].as_slice() } else { &[0] };
        let body = [sign, &bytes[start..]].concat();
        [&[2, body.len() as u8][..], &body].concat()
    };
    let body = [integer(&signature[..32]), integer(&signature[32..])].concat();
    [&[0x30, body.len() as u8][..], &body].concat()
}
