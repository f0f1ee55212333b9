//! A request of a paired phone: its device proof, checked in the order that the protocol fixes.
//!
//! size → strict parse, header, algorithm → nonce → `kid` → signature → `aud`, `htm`, `htu`, `bh` → `jti` → state of the device.
//! An unknown device is answered like a wrong signature. The `jti` of a request that only reads is remembered in
//! memory; one that changes something hands it to the transaction.

use std::sync::Arc;

use axum::extract::Request;
use bytes::Bytes;
use http::HeaderMap;
use koppel_domain::{Actor, Command, Device, Organisation, Proof, User};
use koppel_protocol::device_proof::{self, DeviceProof, ParsedProof, Request as ProvenRequest};
use koppel_protocol::phone_api::DeviceState;
use koppel_store::{FindDevice, Locator, OwnedDevice, Store};

use crate::app::{App, By, domain_source, unavailable};
use crate::body;
use crate::problem::{Problem, Slug};
use crate::source::Source;

/// A phone whose row says it was heard within this time is not written again.
const SEEN_EVERY: u32 = 60;

/// What becomes of the proof's `jti`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changes {
    /// The request only reads: remembered in memory.
    Nothing,
    /// The request changes something: remembered in its transaction.
    Something,
}

/// A request that a phone proved.
#[derive(Debug)]
pub struct Phone {
    /// The phone.
    pub device: Device,
    /// Whose.
    pub user: User,
    /// Whose host.
    pub organisation: Arc<Organisation>,
    /// The body that was proven.
    pub body: Bytes,
    /// Where it came from.
    pub source: Source,
    /// What the transaction remembers, if there is one.
    pub proof: Proof,
}

impl Phone {
    /// Who asks.
    pub fn by(&self) -> By {
        By {
            actor: Actor::Phone { organisation: self.organisation.id, device: Some(self.device.id) },
            source: Some(domain_source(self.source)),
            proof: None,
        }
    }

    /// Who asks, with the proof to be remembered.
    pub fn by_proof(&self) -> By {
        By { proof: Some(self.proof), ..self.by() }
    }
}

/// The text of the one proof of a request.
fn header(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut proofs = headers.get_all(device_proof::HEADER).iter();
    match (proofs.next(), proofs.next()) {
        (None, _) => Err(Problem::new(Slug::UseNonce)),
        (Some(proof), None) => proof.to_str().map_err(|_| malformed()),
        (Some(_), Some(_)) => Err(malformed()),
    }
}

fn malformed() -> Problem {
    Problem::because(Slug::Unauthenticated, "Send one Device-Proof of at most 8 KiB, made as the protocol describes.")
}

fn refused() -> Problem {
    Problem::because(
        Slug::Unauthenticated,
        "The Device-Proof does not hold for this request; sign it again, or pair the phone again.",
    )
}

/// Proves a request up to the `jti`. The state of the device is not looked at yet.
///
/// # Errors
/// As the protocol says, in its order.
pub async fn prove(app: &App, request: Request, changes: Changes) -> Result<Phone, Problem> {
    let (parts, body) = request.into_parts();
    let body = body::read(&parts.headers, body, body::MAX_BODY).await?;
    if parts.uri.query().is_some() {
        return Err(Problem::because(Slug::InvalidRequest, "Requests of a phone have no query."));
    }
    body::expect_type(&parts.headers, "application/json")?;
    let parsed = DeviceProof::parse(header(&parts.headers)?).map_err(|_| malformed())?;
    let source = parts.extensions.get::<Source>().copied().unwrap_or(Source::LOCAL);
    let request = (parts.method.as_str(), parts.uri.path(), body);
    let phone = check(app, parsed, request, source).await?;
    if changes == Changes::Nothing {
        app.proofs.remember(phone.device.id, phone.proof.jti, app.now().0)?;
    }
    Ok(phone)
}

/// Everything between strict parse and `jti`.
async fn check(app: &App, parsed: ParsedProof, request: (&str, &str, Bytes), source: Source) -> Result<Phone, Problem> {
    let (method, path, body) = request;
    let now = app.now().0;
    let until = app.nonces.check(parsed.nonce(), now).map_err(|_| Problem::new(Slug::UseNonce))?;
    let found = app.store.read(FindDevice { device: parsed.device() }).await.map_err(unavailable)?;
    let OwnedDevice { user, device } = found.ok_or_else(refused)?;
    let signed = parsed.verify(&app.crypto, &device.keys.id).map_err(|_| refused())?;
    let server_id = &app.keys.identity.server_id;
    let proven = signed.matches(ProvenRequest { server_id, method, path, body: &body }).map_err(|_| refused())?;
    let organisation = app.organisation(user.organisation)?;
    let proof = Proof { device: proven.device, jti: proven.jti, until: koppel_domain::Time(until) };
    Ok(Phone { device, user, organisation, body, source, proof })
}

/// The proof of a live channel: method GET, no body, and exactly the nonce of its `hello`.
///
/// # Errors
/// As for any request.
pub async fn prove_live(
    app: &App,
    proof: &str,
    nonce: &koppel_protocol::Nonce,
    source: Source,
) -> Result<Phone, Problem> {
    let parsed = DeviceProof::parse(proof).map_err(|_| malformed())?;
    if parsed.nonce() != nonce {
        return Err(Problem::new(Slug::UseNonce));
    }
    let request = ("GET", koppel_protocol::phone_api::LIVE, Bytes::new());
    let phone = check(app, parsed, request, source).await?;
    app.proofs.remember(phone.device.id, phone.proof.jti, app.now().0)?;
    active(app, phone)
}

/// A proven request of an active phone.
///
/// # Errors
/// As [`prove`], and by the state of the device.
pub async fn prove_active(app: &App, request: Request, changes: Changes) -> Result<Phone, Problem> {
    let phone = prove(app, request, changes).await?;
    active(app, phone)
}

/// Looks at the state last, after a valid proof, and notes that the phone lives.
fn active(app: &App, phone: Phone) -> Result<Phone, Problem> {
    match phone.device.state {
        DeviceState::Active => {}
        DeviceState::Pending => return Err(Problem::new(Slug::DevicePending)),
        DeviceState::Suspended => return Err(Problem::new(Slug::DeviceSuspended)),
        DeviceState::Revoked => return Err(Problem::new(Slug::DeviceRevoked)),
    }
    let unproven = phone.device.proven_at.is_none();
    if unproven || app.now().since(phone.device.last_seen) >= SEEN_EVERY {
        let device = phone.device.id;
        app.lazily(Locator::Device(device), Command::Seen { device }, phone.by());
    }
    Ok(phone)
}
