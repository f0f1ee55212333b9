//! Signatures as key stores give them.
//!
//! Android's Keystore and Apple's SecKey give DER; software keys often give the 64 raw bytes that travel. Reading is
//! strict: one encoding of each number, nothing before, between or behind.

use koppel_protocol::{
    crypto::{Crypto, Signature},
    public_key::PublicKey,
};

/// The raw form of a DER signature (`SEQUENCE { INTEGER r, INTEGER s }`), or none when it is not exactly that.
///
/// ```
/// let der = [&[0x30, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x07][..]].concat();
/// let raw = koppel_core::signature::from_der(&der).unwrap();
/// assert_eq!((raw[31], raw[63]), (5, 7));
/// ```
pub fn from_der(der: &[u8]) -> Option<Signature> {
    let (0x30, length, rest) = header(der)? else { return None };
    if rest.len() != length {
        return None;
    }
    let (r, rest) = integer(rest)?;
    let (s, rest) = integer(rest)?;
    if !rest.is_empty() {
        return None;
    }
    let mut raw = [0; 64];
    raw[..32].copy_from_slice(&r);
    raw[32..].copy_from_slice(&s);
    Some(raw)
}

/// The raw form of a signature, DER or raw, that verifies with `key` over `message`.
pub(crate) fn verified(crypto: &dyn Crypto, key: &PublicKey, message: &[u8], signature: &[u8]) -> Option<Signature> {
    // 64 bytes may be either; only one of the two can verify.
    let raw = Signature::try_from(signature).ok();
    let candidates = [raw, from_der(signature)];
    candidates.into_iter().flatten().find(|candidate| crypto.verify(key, message, candidate).is_ok())
}

/// Tag, length and what follows. A P-256 signature is shorter than 128 bytes, so lengths have one byte.
fn header(der: &[u8]) -> Option<(u8, usize, &[u8])> {
    match der {
        [tag, length @ 0..=0x7f, rest @ ..] => Some((*tag, usize::from(*length), rest)),
        _ => None,
    }
}

/// A positive integer of at most 256 bits, in its shortest form.
fn integer(der: &[u8]) -> Option<([u8; 32], &[u8])> {
    let (0x02, length, rest) = header(der)? else { return None };
    let (bytes, rest) = rest.split_at_checked(length)?;
    let bytes = match bytes {
        [0x80..=0xff, ..] | [] | [0] => return None,
        [0, 0x80..=0xff, ..] => &bytes[1..],
        [0, ..] => return None,
        _ => bytes,
    };
    let mut number = [0; 32];
    number.get_mut(32_usize.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
    Some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
        let body = [&[0x02, r.len() as u8], r, &[0x02, s.len() as u8], s].concat();
        [&[0x30, body.len() as u8], &body[..]].concat()
    }

    #[test]
    fn the_numbers_of_a_der_signature_are_padded_to_32_bytes() {
        let raw = from_der(&der(&[1, 2], &[&[0][..], &[0xff; 32]].concat())).unwrap();
        assert_eq!(raw[..30], [0; 30]);
        assert_eq!(raw[30..32], [1, 2]);
        assert_eq!(raw[32..], [0xff; 32]);
    }

    #[test]
    fn any_other_encoding_of_a_signature_is_refused() {
        let good = der(&[1], &[2]);
        assert!(from_der(&good).is_some());
        let cases: [(&str, Vec<u8>); 9] = [
            ("empty", vec![]),
            ("cut off", good[..good.len() - 1].to_vec()),
            ("one byte more", [&good[..], &[0]].concat()),
            ("a leading zero too many", der(&[0, 1], &[2])),
            ("negative", der(&[0x80], &[2])),
            ("zero", der(&[0], &[2])),
            ("no number", der(&[], &[2])),
            ("257 bits", der(&[&[1][..], &[0; 32]].concat(), &[2])),
            ("a long length", [&[0x30, 0x81, 6], &good[2..]].concat()),
        ];
        for (what, wrong) in cases {
            assert!(from_der(&wrong).is_none(), "{what}");
        }
    }
}
