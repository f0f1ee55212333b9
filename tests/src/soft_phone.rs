//! A phone without a screen: speaks the protocol over real HTTP, holds its keys in memory, and does exactly what a test says.
//!
//! It has no retries and no state machine of its own, so that a race rig decides what happens when; the real companion
//! (`koppel-client`) is played by the story and the scenarios.

pub mod live;

use std::{sync::Mutex, time::Duration};

use anyhow::{Context as _, Result, bail};
use koppel_protocol::{
    bytes::{Bytes, Secret},
    challenge::Challenge,
    crypto::{AgreementKey as _, SigningKey as _, random},
    decision::{Decision, UserVerification, Verdict},
    device_proof::{DeviceProof, Request},
    digits::Digits,
    envelope::Envelope,
    host::Origin,
    id::{ChallengeId, DeviceId, PairingId},
    identity::Identity,
    jws::{self, Verified},
    koppelcode::Koppelcode,
    letter::Letter,
    nonce::Nonce,
    pairing::{
        ApproveKey, Door, HeldKey, Introduction, KeyLevel, PairingOffer, PairingRequest, Platform, Reveal, Transcript,
    },
    phone_api::{self, Inbox, PairingAnswer, PairingState, PairingStatus, RevealAnswer, WellKnown},
    pop::PopUse,
    soft::{SoftAgreementKey, SoftCrypto, SoftSigningKey},
};
use rand::RngCore as _;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::panel_api::{Answer, PanelApi};

/// A paired phone.
pub struct SoftPhone {
    http: reqwest::Client,
    base: String,
    crypto: SoftCrypto,
    identity: Identity,
    device: DeviceId,
    id: SoftSigningKey,
    approve: SoftSigningKey,
    seal: SoftAgreementKey,
    auth: Secret<16>,
    nonce: Mutex<Nonce>,
}

/// A pairing between P3 and P5: the check number waits to be typed somewhere.
pub struct Waiting {
    /// The pairing.
    pub pairing: PairingId,
    /// What the confirmer types.
    pub check_number: String,
    transcript: Transcript,
    phone: SoftPhone,
}

/// A challenge on the phone.
pub struct Received {
    /// The challenge, its signature checked.
    pub challenge: Verified<Challenge>,
}

impl Received {
    /// The digits of a challenge of mode `code`.
    #[must_use]
    pub fn code(&self) -> Option<String> {
        use koppel_protocol::challenge::Subject;
        match &self.challenge.claims().subject {
            Subject::Code { code, .. } | Subject::Test { code } => Some(code.expose().to_owned()),
            _ => None,
        }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> ChallengeId {
        self.challenge.claims().cid
    }
}

/// Randomness of the operating system behind the protocol's software crypto.
#[must_use]
pub fn soft_crypto() -> SoftCrypto {
    SoftCrypto::new(|bytes: &mut [u8]| {
        rand::rng().fill_bytes(bytes);
        Ok(())
    })
}

impl SoftPhone {
    /// Pairs a phone for `user` with a koppelcode from the desk, which also confirms it.
    ///
    /// # Errors
    /// When any step is refused.
    pub async fn pair(panel: &PanelApi, base: &str, user: &str) -> Result<Self> {
        let code = panel.koppelcode(user).await?;
        let code = code.body["code"].as_str().with_context(|| format!("no koppelcode: {code:?}"))?;
        let waiting = Self::redeem(base, user, code).await?;
        let confirmed = panel.confirm(user, &waiting.pairing.to_string(), &waiting.check_number).await?;
        if !confirmed.ok() {
            bail!("not confirmed: {confirmed:?}");
        }
        waiting.activate().await
    }

    /// P0 to P3 by koppelcode.
    ///
    /// # Errors
    /// When any step is refused; the message holds the problem.
    pub async fn redeem(base: &str, user: &str, code: &str) -> Result<Waiting> {
        crate::install_crypto();
        let http = reqwest::Client::builder().timeout(Duration::from_secs(40)).build()?;
        Self::redeem_over(http, base, user, code).await
    }

    /// The same over connections that many phones share, for a crowd.
    ///
    /// # Errors
    /// See [`SoftPhone::redeem`].
    pub async fn redeem_over(http: reqwest::Client, base: &str, user: &str, code: &str) -> Result<Waiting> {
        let crypto = soft_crypto();
        let known: WellKnown = read(http.get(format!("{base}{}", phone_api::WELL_KNOWN)).send().await?).await?;
        let identity = Identity::verify_chain(&crypto, &known.chain)?;
        let (id, approve) = (SoftSigningKey::generate(&crypto)?, SoftSigningKey::generate(&crypto)?);
        let seal = SoftAgreementKey::generate(&crypto)?;
        let auth = Secret::new(random(&crypto)?);
        let level = KeyLevel::Software;
        let introduction = Introduction {
            id: HeldKey { spki: id.public(), level },
            seal: HeldKey { spki: seal.public(), level },
            approve: Some(ApproveKey { spki: approve.public(), level, uv: UserVerification::Pin }),
            auth: auth.clone(),
            ra: Bytes::new(random(&crypto)?),
            name: koppel_protocol::text::Text::clean("Test phone"),
            platform: Platform::Terminal,
        }
        .to_text()?;
        let code: Koppelcode = code.parse()?;
        let m1 = PairingRequest {
            commitment: introduction.commitment(),
            rq: Bytes::new(random(&crypto)?),
            door: Door::Code { user: koppel_protocol::text::Text::clean(user), code },
        }
        .to_body()?;
        let answer: PairingAnswer = read(post_json(&http, base, phone_api::PAIRINGS, m1.to_vec()).await?).await?;
        let contacted: Origin = base.parse()?;
        let offer = PairingOffer::accept(&crypto, &identity, &answer.m2, &PairingRequest::hash(&m1), contacted.host())?;
        let transcript = Transcript::of(offer.signing_input(), &introduction);
        let reveal = Reveal {
            introduction,
            pop_id: Reveal::pop(transcript, PopUse::Id, &id)?,
            pop_approve: Some(Reveal::pop(transcript, PopUse::Approve, &approve)?),
            attestation: None,
        };
        let pairing = offer.claims().pid;
        let revealed: RevealAnswer =
            read(post_json(&http, base, &phone_api::reveal_path(pairing), serde_json::to_vec(&reveal)?).await?).await?;
        Ok(Waiting {
            pairing,
            check_number: transcript.check_number().expose().to_owned(),
            transcript,
            phone: Self {
                http,
                base: base.to_owned(),
                crypto,
                identity,
                device: revealed.device,
                id,
                approve,
                seal,
                auth,
                nonce: Mutex::new(revealed.nonce),
            },
        })
    }

    /// Its device id.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// Asks for everything that waits and opens it.
    ///
    /// # Errors
    /// When the server refuses, or sends what does not verify.
    pub async fn inbox(&self) -> Result<Vec<Received>> {
        let inbox: Inbox = self.ask(phone_api::INBOX, json!({})).await?;
        let mut received = Vec::new();
        for waiting in inbox.challenges {
            if let Letter::Challenge(challenge) = self.open(&waiting.envelope)? {
                received.push(Received { challenge: *challenge });
            }
        }
        Ok(received)
    }

    /// The one challenge with this id, as it waits now.
    ///
    /// # Errors
    /// When it does not wait.
    pub async fn receive(&self, id: &str) -> Result<Received> {
        self.inbox()
            .await?
            .into_iter()
            .filter(|received| received.id().to_string() == id)
            .max_by_key(|received| received.challenge.claims().seq)
            .with_context(|| format!("{id} does not wait"))
    }

    /// The signed decision on a challenge, not yet sent.
    ///
    /// # Errors
    /// When the number is not of digits or signing fails.
    pub fn decide(&self, received: &Received, verdict: Verdict, number: Option<&str>) -> Result<String> {
        let number: Option<Digits> = number.map(str::parse).transpose()?;
        let uv = match verdict {
            Verdict::Approve => UserVerification::Pin,
            Verdict::Deny | Verdict::Fraud => UserVerification::None,
        };
        let decision = Decision::answer(
            &received.challenge,
            verdict,
            number,
            uv,
            crate::unix_seconds(),
            Bytes::new(random(&self.crypto)?),
        );
        let key = match verdict {
            Verdict::Approve => &self.approve,
            Verdict::Deny | Verdict::Fraud => &self.id,
        };
        Ok(jws::sign(&decision, &self.device, key)?.to_string())
    }

    /// Sends a signed decision.
    ///
    /// # Errors
    /// When the server does not answer; a refusal is an answer.
    pub async fn send(&self, decision: &str) -> reqwest::Result<Answer> {
        let answer = self
            .http
            .post(format!("{}{}", self.base, phone_api::DECISIONS))
            .header("content-type", "application/jose")
            .body(decision.to_owned())
            .send()
            .await?;
        to_answer(answer).await
    }

    /// Decides and sends.
    ///
    /// # Errors
    /// When signing fails or the server does not answer.
    pub async fn answer(&self, received: &Received, verdict: Verdict, number: Option<&str>) -> Result<Answer> {
        let decision = self.decide(received, verdict, number)?;
        Ok(self.send(&decision).await?)
    }

    /// A proven request whose answer is of type `T`.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn ask<T: DeserializeOwned>(&self, path: &str, body: serde_json::Value) -> Result<T> {
        let answer = self.proven(path, body).await?;
        if !answer.ok() {
            bail!("{path}: {} {}", answer.status, answer.body);
        }
        Ok(serde_json::from_value(answer.body)?)
    }

    /// A proven request; once more with the nonce of the answer when the first was too old.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn proven(&self, path: &str, body: serde_json::Value) -> Result<Answer> {
        let body = serde_json::to_vec(&body)?;
        let first = self.proven_once(path, &body).await?;
        if first.problem() == "use-nonce" {
            return self.proven_once(path, &body).await;
        }
        Ok(first)
    }

    async fn proven_once(&self, path: &str, body: &[u8]) -> Result<Answer> {
        let request = Request { server_id: &self.identity.server_id, method: "POST", path, body };
        let nonce = *self.nonce.lock().expect("no panic while locked");
        let proof = DeviceProof::new(request, Bytes::new(random(&self.crypto)?), nonce, crate::unix_seconds());
        let proof = proof.sign(self.device, &self.id)?;
        let answer = self
            .http
            .post(format!("{}{path}", self.base))
            .header("content-type", "application/json")
            .header("device-proof", proof.as_str())
            .body(body.to_vec())
            .send()
            .await?;
        if let Some(nonce) = answer.headers().get(phone_api::NONCE_HEADER) {
            *self.nonce.lock().expect("no panic while locked") = nonce.to_str()?.parse()?;
        }
        Ok(to_answer(answer).await?)
    }

    fn open(&self, envelope: &Envelope) -> Result<Letter> {
        let text = envelope.open(&self.seal, &self.auth)?;
        Ok(Letter::read(&self.crypto, &self.identity, self.device, &text)?)
    }
}

impl Waiting {
    /// P5: asks for the state until the phone is active, and checks the activation.
    ///
    /// # Errors
    /// When the pairing ended, or the activation is not its own.
    pub async fn activate(self) -> Result<SoftPhone> {
        let path = phone_api::status_path(self.pairing);
        let status: PairingStatus = self.phone.ask(&path, json!({})).await?;
        if status.state != PairingState::Active {
            bail!("the pairing is {:?}", status.state);
        }
        let envelope = status.envelope.context("no activation")?;
        let Letter::Activation(activation) = self.phone.open(&envelope)? else {
            bail!("not an activation");
        };
        if activation.claims().transcript != self.transcript {
            bail!("somebody else's activation");
        }
        // Any proven request acknowledges it.
        self.phone.inbox().await?;
        Ok(self.phone)
    }
}

async fn post_json(
    http: &reqwest::Client,
    base: &str,
    path: &str,
    body: Vec<u8>,
) -> reqwest::Result<reqwest::Response> {
    http.post(format!("{base}{path}")).header("content-type", "application/json").body(body).send().await
}

async fn to_answer(answer: reqwest::Response) -> reqwest::Result<Answer> {
    let status = answer.status().as_u16();
    let bytes = answer.bytes().await?;
    Ok(Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_default() })
}

async fn read<T: DeserializeOwned>(answer: reqwest::Response) -> Result<T> {
    let answer = to_answer(answer).await?;
    if !answer.ok() {
        bail!("{} {}", answer.status, answer.body);
    }
    Ok(serde_json::from_value(answer.body)?)
}
