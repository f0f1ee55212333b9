//! The one answer that opens a session at a panel.

use koppel_domain::{Endorsement, Evidence};
use serde::Serialize;
use utoipa::ToSchema;

/// A second factor that was right. It is given once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Verified {
    /// Always true.
    verified: bool,
    /// The user's `external_id`: compare it with the session's.
    #[schema(example = "4711")]
    user: String,
    /// What for: compare it too.
    #[schema(example = "login")]
    purpose: &'static str,
    /// By what: `app`, `totp`, or `remembered_browser` where the relying party lets people skip the question for some days.
    #[schema(example = "app")]
    method: &'static str,
    /// `device_signature` when a phone signed, `server` when this is the server's word alone (typed codes).
    #[schema(example = "device_signature")]
    evidence: &'static str,
    /// When the person answered, in seconds.
    #[schema(example = 1_795_000_000_u64)]
    at: u64,
    /// What the phone was asked, signed by the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge: Option<String>,
    /// What the phone answered, signed by its `approve` key.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<String>,
    /// The key that signed; pin it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Key>,
}

/// A phone's key.
#[derive(Debug, Serialize, ToSchema)]
struct Key {
    /// Which phone.
    #[schema(example = "dv_gaytemzugu3doobzmfrggzdfmy")]
    device: String,
    /// SubjectPublicKeyInfo, DER, base64url.
    spki: String,
    /// SHA-256 of it.
    thumbprint: String,
    /// How the person is verified when the key is used, as the phone said when it was made.
    #[schema(example = "pin")]
    uv: &'static str,
    /// An older phone's signed word for this key, or null.
    endorsement: Option<EndorsementField>,
}

/// An older phone's word.
#[derive(Debug, Serialize, ToSchema)]
struct EndorsementField {
    /// The older phone.
    device: String,
    /// The `confirm_pairing` challenge, which names the new key's thumbprint.
    challenge: String,
    /// Its signed answer.
    decision: String,
}

impl Verified {
    /// As panels read it.
    pub(crate) fn of(verified: &koppel_domain::Verified) -> Verified {
        let evidence = verified.evidence.as_deref();
        Verified {
            verified: true,
            user: verified.user.to_string(),
            purpose: verified.purpose.name(),
            method: if verified.remembered { "remembered_browser" } else { verified.method.name() },
            evidence: if evidence.is_some() { "device_signature" } else { "server" },
            at: verified.at.0,
            challenge: evidence.map(|evidence| evidence.challenge.to_string()),
            decision: evidence.map(|evidence| evidence.decision.to_string()),
            key: evidence.map(Key::of),
        }
    }
}

impl Key {
    fn of(evidence: &Evidence) -> Key {
        Key {
            device: evidence.device.to_string(),
            spki: evidence.key.to_string(),
            thumbprint: evidence.key.thumbprint().to_string(),
            uv: uv_name(evidence.uv),
            endorsement: evidence.endorsement.as_ref().map(EndorsementField::of),
        }
    }
}

impl EndorsementField {
    fn of(endorsement: &Endorsement) -> EndorsementField {
        EndorsementField {
            device: endorsement.device.to_string(),
            challenge: endorsement.challenge.to_string(),
            decision: endorsement.decision.to_string(),
        }
    }
}

fn uv_name(uv: koppel_protocol::decision::UserVerification) -> &'static str {
    use koppel_protocol::decision::UserVerification;
    match uv {
        UserVerification::None => "none",
        UserVerification::Pin => "pin",
        UserVerification::Credential => "credential",
        UserVerification::Biometric => "biometric",
    }
}
