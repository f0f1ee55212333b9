//! m1: the phone knocks at one of three doors.

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::Commitment;
use crate::{
    VERSION,
    bytes::{Bytes, Secret, SecretText},
    hash::{hmac_sha256, labelled, sha256},
    identity::ServerId,
    json::{self, JsonError},
    koppelcode::Koppelcode,
    text::Text,
};

/// `c = SHA-256(m1)`, over the body as sent. `rq` makes it unsearchable.
pub type RequestHash = Bytes<32>;

/// m1, the body of `POST /d/v1/pairings`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairingRequest {
    /// The promise.
    pub commitment: Commitment,
    /// 128 random bits.
    pub rq: Bytes<16>,
    /// The door.
    pub door: Door,
}

/// How the phone says for whom it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Door {
    /// By a link or QR code.
    Link {
        /// The invitation's id.
        t: Bytes<16>,
        /// Proof that the link was seen, see [`link_mac`].
        mac: Bytes<32>,
    },
    /// By a koppelcode.
    Code {
        /// The user name, as typed.
        user: Text,
        /// The code.
        code: Koppelcode,
    },
    /// By the panel's own login.
    Login {
        /// The user name, as typed.
        user: Text,
        /// The password, as typed.
        password: SecretText,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "door", rename_all = "snake_case", deny_unknown_fields)]
enum Wire {
    Link {
        v: u32,
        #[serde(rename = "C")]
        commitment: Commitment,
        rq: Bytes<16>,
        t: Bytes<16>,
        mac: Bytes<32>,
    },
    Code {
        v: u32,
        #[serde(rename = "C")]
        commitment: Commitment,
        rq: Bytes<16>,
        user: Text,
        code: Koppelcode,
    },
    Login {
        v: u32,
        #[serde(rename = "C")]
        commitment: Commitment,
        rq: Bytes<16>,
        user: Text,
        password: SecretText,
    },
}

impl PairingRequest {
    /// The body to send, and to keep: it is resent byte for byte.
    ///
    /// # Errors
    /// [`JsonError`] when it cannot be written.
    pub fn to_body(&self) -> Result<Zeroizing<Vec<u8>>, JsonError> {
        let Self { commitment, rq, door } = self.clone();
        let v = VERSION;
        let wire = match door {
            Door::Link { t, mac } => Wire::Link { v, commitment, rq, t, mac },
            Door::Code { user, code } => Wire::Code { v, commitment, rq, user, code },
            Door::Login { user, password } => Wire::Login { v, commitment, rq, user, password },
        };
        serde_json::to_vec(&wire).map(Zeroizing::new).map_err(|_| JsonError::Rule("the request cannot be written"))
    }

    /// Reads a body.
    ///
    /// # Errors
    /// [`JsonError`].
    pub fn from_body(body: &[u8]) -> Result<Self, JsonError> {
        let (v, commitment, rq, door) = match json::object::<Wire>(body)? {
            Wire::Link { v, commitment, rq, t, mac } => (v, commitment, rq, Door::Link { t, mac }),
            Wire::Code { v, commitment, rq, user, code } => (v, commitment, rq, Door::Code { user, code }),
            Wire::Login { v, commitment, rq, user, password } => (v, commitment, rq, Door::Login { user, password }),
        };
        if v != VERSION {
            return Err(JsonError::Rule("v is 1"));
        }
        Ok(Self { commitment, rq, door })
    }

    /// `c`, over a body as sent.
    pub fn hash(body: &[u8]) -> RequestHash {
        sha256(body)
    }
}

/// `HMAC(k, "koppel/pair/link/v1" ‖ lp(server_id) ‖ lp(t) ‖ lp(C))`; the server id as its 43 characters.
pub fn link_mac(k: &Secret<16>, server_id: &ServerId, t: &Bytes<16>, commitment: &Commitment) -> Bytes<32> {
    let server_id = server_id.to_string();
    let message = labelled("koppel/pair/link/v1", &[server_id.as_bytes(), t.as_ref(), commitment.as_ref()]);
    Bytes::new(hmac_sha256(k.expose(), &message))
}

/// Compares a MAC in constant time.
pub fn verify_link_mac(
    k: &Secret<16>,
    server_id: &ServerId,
    t: &Bytes<16>,
    commitment: &Commitment,
    mac: &Bytes<32>,
) -> bool {
    link_mac(k, server_id, t, commitment).as_bytes().ct_eq(mac.as_bytes()).into()
}
