//! A phone that signs, and that can be made to sign the wrong thing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

const P256_SPKI: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE";
/// Our id at the server of these tests.
pub const RELYING_PARTY: &str = "rp_aaaaaaaaaaaaaaaaaaaaaaaaaa";

pub fn b64u(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn sha256(bytes: &[u8]) -> String {
    b64u(digest(&SHA256, bytes).as_ref())
}

/// A phone with an `approve` key.
pub struct Phone {
    pub device: String,
    key: EcdsaKeyPair,
}

impl Phone {
    pub fn new(device: &str) -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        Self { device: device.to_owned(), key }
    }

    pub fn spki(&self) -> String {
        let mut der = base64::engine::general_purpose::STANDARD.decode(P256_SPKI).unwrap();
        der.extend_from_slice(&self.key.public_key().as_ref()[1..]);
        b64u(&der)
    }

    pub fn thumbprint(&self) -> String {
        sha256(&URL_SAFE_NO_PAD.decode(self.spki()).unwrap())
    }

    pub fn sign(&self, header: &Value, payload: &Value) -> String {
        let part = |value: &Value| b64u(value.to_string().as_bytes());
        let input = format!("{}.{}", part(header), part(payload));
        let signature = self.key.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", b64u(signature.as_ref()))
    }

    /// What an honest server and an honest phone make of a prompt. Everything can be changed before it is signed.
    pub fn approval(&self, prompt: &Value) -> Approval<'_> {
        let challenge = json!({
            "cid": "ch_bbbbbbbbbbbbbbbbbbbbbbbbbb", "seq": 1, "dev": self.device,
            "server_id": "server", "version": 1, "iat": 1, "exp": 121, "nonce": "n", "mode": "number",
            "rp": { "id": RELYING_PARTY, "name": "De Linden", "origin": "http://127.0.0.1" },
            "user": { "id": prompt["user"]["external_id"], "name": prompt["user"]["login_name"] },
            "bind": prompt["binding"], "purpose": prompt["purpose"],
            "ctx": { "ip": "127.0.0.1", "browser": "tests", "time": 1 },
        });
        Approval {
            user: prompt["user"]["external_id"].clone(),
            purpose: prompt["purpose"].clone(),
            decision: self.decision(&challenge),
            challenge,
            header: json!({ "alg": "ES256", "typ": "decision+jwt", "kid": self.device }),
            key: json!({
                "device": self.device, "spki": self.spki(), "thumbprint": self.thumbprint(), "uv": "pin",
                "endorsement": null,
            }),
            shown: None,
            signer: self,
        }
    }

    fn decision(&self, challenge: &Value) -> Value {
        json!({
            "aud": "server", "cid": challenge["cid"], "seq": challenge["seq"], "dev": self.device,
            "dec": "approve", "num": "42", "uv": "pin", "iat": 2, "jti": "j",
        })
    }

    /// This phone's yes to the key of `newcomer`.
    pub fn endorsement(&self, user: &str, newcomer: &Phone) -> Value {
        let prompt = json!({ "user": { "external_id": user, "login_name": user } });
        let mut yes = self.approval(&prompt);
        for absent in ["rp", "bind", "ctx", "purpose"] {
            yes.challenge.as_object_mut().unwrap().remove(absent);
        }
        yes.challenge["mode"] = "confirm_pairing".into();
        yes.challenge["pairing"] = json!({
            "pid": "pa_cccccccccccccccccccccccccc", "name": newcomer.device, "platform": "tests",
            "approve_thumbprint": newcomer.thumbprint(), "ip": "127.0.0.1",
        });
        let result = yes.result();
        json!({ "device": self.device, "challenge": result["challenge"], "decision": result["decision"] })
    }
}

/// A verified answer in the making.
pub struct Approval<'a> {
    pub user: Value,
    pub purpose: Value,
    pub challenge: Value,
    pub decision: Value,
    pub header: Value,
    pub key: Value,
    /// The challenge that is handed over in place of the signed one.
    pub shown: Option<String>,
    pub signer: &'a Phone,
}

impl Approval<'_> {
    /// Signs it, and writes the server's answer around it.
    pub fn result(mut self) -> Value {
        let server = Phone::new("server");
        let header = json!({ "alg": "ES256", "typ": "challenge+jwt", "kid": "1" });
        let challenge = server.sign(&header, &self.challenge);
        if self.decision["ch"].is_null() {
            self.decision["ch"] = sha256(challenge.as_bytes()).into();
        }
        json!({
            "verified": true, "user": self.user, "purpose": self.purpose, "method": "app",
            "evidence": "device_signature", "at": 3,
            "challenge": self.shown.unwrap_or(challenge),
            "decision": self.signer.sign(&self.header, &self.decision),
            "key": self.key,
        })
    }
}

/// What a server says when a typed code was right.
pub fn servers_word(prompt: &Value) -> Value {
    json!({
        "verified": true, "user": prompt["user"]["external_id"], "purpose": prompt["purpose"], "method": "app",
        "evidence": "server", "at": 3,
    })
}
