//! SHA-256, HMAC-SHA-256 and HKDF-SHA-256, and the one way in which several fields are hashed together.
//!
//! Fields are never glued: a hash over several of them is `label ‖ lp(field) ‖ lp(field) …`, where
//! `lp(x)` is the length of `x` as a big-endian u32, then `x`. No two different lists of fields give the same bytes.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::bytes::Bytes;

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> Bytes<32> {
    Bytes::new(Sha256::digest(bytes).into())
}

/// `label ‖ lp(part) ‖ lp(part) …`
pub(crate) fn labelled(label: &str, parts: &[&[u8]]) -> Vec<u8> {
    let length = label.len() + parts.iter().map(|part| part.len() + 4).sum::<usize>();
    let mut bytes = Vec::with_capacity(length);
    bytes.extend_from_slice(label.as_bytes());
    for part in parts {
        push_lp(&mut bytes, part);
    }
    bytes
}

/// Appends `lp(part)`.
pub(crate) fn push_lp(bytes: &mut Vec<u8>, part: &[u8]) {
    // Every field of this protocol is bounded far below 4 GiB before it comes here.
    let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(part);
}

/// HMAC-SHA-256; keys of any length.
pub(crate) fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// HKDF-SHA-256 (RFC 5869), `N` ≤ 8160 bytes of output.
pub(crate) fn hkdf_sha256<const N: usize>(salt: Option<&[u8]>, input: &[u8], info: &[u8]) -> [u8; N] {
    let mut output = [0; N];
    Hkdf::<Sha256>::new(salt, input).expand(info, &mut output).expect("the lengths used here are far below 255 blocks");
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_fields_never_collide() {
        assert_ne!(labelled("l", &[b"ab", b"c"]), labelled("l", &[b"a", b"bc"]));
        assert_ne!(labelled("l", &[b"abc"]), labelled("l", &[b"abc", b""]));
        assert_eq!(labelled("l", &[b"ab"]), b"l\0\0\0\x02ab");
    }

    #[test]
    fn hkdf_gives_the_first_case_of_rfc_5869() {
        let salt: Vec<u8> = (0..=0x0c).collect();
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        let output: [u8; 8] = hkdf_sha256(Some(&salt), &[0x0b; 22], &info);
        assert_eq!(output, [0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a]);
    }
}
