//! Compact JWS, ES256 alone, read strictly.
//!
//! The panel trusts a signature more than it trusts the server that hands it over, so nothing of JOSE's flexibility is
//! here: the header holds exactly `alg`, `typ` and `kid`, each once; the signature is 64 raw bytes; the key comes from the
//! caller and never from the message.

use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::secret::{b64u, from_b64u, sha256};

/// The longest JWS of the protocol.
const LONGEST: usize = 8 * 1024;

/// The SubjectPublicKeyInfo of every P-256 key, up to its uncompressed point.
const P256_SPKI: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Not a message of this protocol.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum JwsError {
    /// Not three parts, wrong header, wrong type, broken JSON.
    #[error("the message is malformed")]
    Malformed,
    /// The signature is not of this key over these bytes.
    #[error("the signature is wrong")]
    BadSignature,
}

/// A phone's public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhonePublicKey {
    spki: Vec<u8>,
}

impl PhonePublicKey {
    /// From the base64url of its DER.
    pub fn parse(spki: &str) -> Option<Self> {
        let spki = from_b64u(spki)?;
        let is_p256 = spki.len() == P256_SPKI.len() + 65 && spki.starts_with(&P256_SPKI) && spki[P256_SPKI.len()] == 4;
        is_p256.then_some(Self { spki })
    }

    /// base64url of the DER.
    pub fn text(&self) -> String {
        b64u(&self.spki)
    }

    /// base64url SHA-256 of the DER: the key's name.
    pub fn thumbprint(&self) -> String {
        b64u(&sha256(&self.spki))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

/// A message whose form was checked and whose signature was not.
#[derive(Debug)]
pub struct Jws<'a, T> {
    /// The key that it claims; only to look one up.
    pub kid: String,
    /// What it says.
    pub payload: T,
    signing_input: &'a str,
    signature: Vec<u8>,
}

impl<'a, T: DeserializeOwned> Jws<'a, T> {
    /// Reads a message of the type `typ`. Unknown claims are ignored, unknown header members refused.
    pub fn parse(text: &'a str, typ: &str) -> Result<Self, JwsError> {
        Self::read(text, typ).ok_or(JwsError::Malformed)
    }

    fn read(text: &'a str, typ: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let (signing_input, signature) = text.rsplit_once('.')?;
        let (header, payload) = signing_input.split_once('.')?;
        // A fourth part would put a dot into the payload, which base64url refuses.
        let header: Header = object(&from_b64u(header)?)?;
        if header.alg != "ES256" || header.typ != typ {
            return None;
        }
        let signature = from_b64u(signature).filter(|signature| signature.len() == 64)?;
        let payload = object(&from_b64u(payload)?)?;
        Some(Self { kid: header.kid, payload, signing_input, signature })
    }

    /// Checks the signature and lets the payload out.
    pub fn signed_by(self, key: &PhonePublicKey) -> Result<T, JwsError> {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &key.spki[P256_SPKI.len()..])
            .verify(self.signing_input.as_bytes(), &self.signature)
            .map_err(|_| JwsError::BadSignature)?;
        Ok(self.payload)
    }
}

/// A JSON object; serde alone would read an array into a struct too.
fn object<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    json.starts_with(b"{").then(|| serde_json::from_slice(json).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};

    #[derive(Debug, Deserialize)]
    struct Said {
        dec: String,
    }

    fn key() -> (EcdsaKeyPair, PhonePublicKey) {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let spki = [&P256_SPKI[..], pair.public_key().as_ref()].concat();
        let public = PhonePublicKey::parse(&b64u(&spki)).unwrap();
        (pair, public)
    }

    fn signed(pair: &EcdsaKeyPair, header: &str, payload: &str) -> String {
        let input = format!("{}.{}", b64u(header.as_bytes()), b64u(payload.as_bytes()));
        let signature = pair.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", b64u(signature.as_ref()))
    }

    const HEADER: &str = r#"{"alg":"ES256","typ":"decision+jwt","kid":"dv_a"}"#;

    fn verify(text: &str, key: &PhonePublicKey) -> Result<Said, JwsError> {
        Jws::<Said>::parse(text, "decision+jwt")?.signed_by(key)
    }

    #[test]
    fn a_message_of_its_key_is_let_through() {
        let (pair, public) = key();
        let text = signed(&pair, HEADER, r#"{"dec":"approve","new":1}"#);
        assert_eq!(verify(&text, &public).unwrap().dec, "approve");
    }

    #[test]
    fn another_key_or_a_changed_byte_is_refused() {
        let (pair, public) = key();
        let text = signed(&pair, HEADER, r#"{"dec":"approve"}"#);
        assert_eq!(verify(&text, &key().1).unwrap_err(), JwsError::BadSignature);
        let deny = signed(&pair, HEADER, r#"{"dec":"deny"}"#);
        let (input, _) = text.rsplit_once('.').unwrap();
        let (_, signature) = deny.rsplit_once('.').unwrap();
        assert_eq!(verify(&format!("{input}.{signature}"), &public).unwrap_err(), JwsError::BadSignature);
    }

    #[test]
    fn every_other_header_is_refused() {
        let (pair, public) = key();
        for header in [
            r#"{"alg":"none","typ":"decision+jwt","kid":"dv_a"}"#,
            r#"{"alg":"HS256","typ":"decision+jwt","kid":"dv_a"}"#,
            r#"{"alg":"ES256","typ":"pop+jwt","kid":"dv_a"}"#,
            r#"{"alg":"ES256","typ":"decision+jwt"}"#,
            r#"{"alg":"ES256","kid":"dv_a"}"#,
            r#"{"alg":"ES256","typ":"decision+jwt","kid":"dv_a","jwk":{}}"#,
            r#"{"alg":"ES256","typ":"decision+jwt","kid":"dv_a","crit":[]}"#,
            r#"{"alg":"ES256","alg":"ES256","typ":"decision+jwt","kid":"dv_a"}"#,
            r#"{"alg":"ES256","typ":"decision+jwt","kid":7}"#,
            r#"["ES256","decision+jwt","dv_a"]"#,
        ] {
            let text = signed(&pair, header, r#"{"dec":"approve"}"#);
            assert_eq!(verify(&text, &public).unwrap_err(), JwsError::Malformed, "{header}");
        }
    }

    #[test]
    fn every_other_form_is_refused() {
        let (pair, public) = key();
        let text = signed(&pair, HEADER, r#"{"dec":"approve"}"#);
        let (input, signature) = text.rsplit_once('.').unwrap();
        for bad in [
            String::new(),
            "a.b".to_owned(),
            format!("{text}."),
            format!("{text}.x"),
            format!("{text}="),
            format!(" {text}"),
            format!("{input}."),
            format!("{input}.{}", b64u(&[0x30, 0x45])),
            format!("{input}.{signature}AAAA"),
            signed(&pair, HEADER, "{"),
            signed(&pair, HEADER, r#"["approve"]"#),
            signed(&pair, HEADER, r#"{"dec":7}"#),
            signed(&pair, HEADER, r#"{"dec":"approve","dec":"approve"}"#),
            signed(&pair, HEADER, &format!(r#"{{"dec":"{}"}}"#, "x".repeat(LONGEST))),
        ] {
            assert_eq!(verify(&bad, &public).unwrap_err(), JwsError::Malformed, "{bad:.80}");
        }
    }

    #[test]
    fn only_an_uncompressed_p256_point_is_a_key() {
        let (_, public) = key();
        let der = from_b64u(&public.text()).unwrap();
        assert!(PhonePublicKey::parse(&b64u(&der[..90])).is_none());
        assert!(PhonePublicKey::parse(&b64u(&der[26..])).is_none());
        for at in [0, 10, 20, 26] {
            let mut other = der.clone();
            other[at] ^= 1;
            assert!(PhonePublicKey::parse(&b64u(&other)).is_none(), "byte {at}");
        }
    }
}
