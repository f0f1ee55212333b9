//! Requests: what is asked, with which body, and whether the phone proves itself.

use koppel_protocol::{
    Bytes, decision,
    device_proof::{self, DeviceProof},
    id::{ChallengeId, DeviceId, PairingId},
    jws::Unsigned,
    phone_api::{self, DevicesRequest, InboxRequest, Receipt, Receipts},
};
use serde::Serialize;
use zeroize::Zeroizing;

use super::{Account, Stage, World};
use crate::{
    effect::{Call, Effect, Method, Question},
    hidden::Hidden,
    moment::Generation,
    refused::Refused,
};

const JSON: &str = "application/json";

/// A request whose answer is open.
#[derive(Clone, PartialEq)]
pub(super) struct Pending {
    pub(super) purpose: Purpose,
    pub(super) request: Request,
    /// It was refused once for its nonce.
    pub(super) retried: bool,
}

/// What a request is for, with the order of whoever wanted it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Purpose {
    PairIdentity(Generation),
    Knock(Generation),
    Reveal(Generation),
    Status(Generation),
    Identity,
    /// With the connection's order, when its poll wants it.
    Inbox(Option<Generation>),
    Receipts,
    Fetch(Generation),
    Decide(Generation),
    Unlock,
    /// With the monotonic moment it was asked.
    Question(Question, u64),
    Remove,
}

/// A request before it is signed.
#[derive(Clone, PartialEq)]
pub(super) struct Request {
    method: Method,
    path: String,
    content_type: &'static str,
    body: Hidden,
    proven: bool,
}

impl Request {
    pub(super) fn identity() -> Self {
        let (method, path) = (Method::Get, phone_api::WELL_KNOWN.to_owned());
        Self { method, path, content_type: JSON, body: Hidden::from(""), proven: false }
    }

    pub(super) fn knock(m1: &Hidden) -> Self {
        Self::post(phone_api::PAIRINGS.to_owned(), m1.clone(), false)
    }

    pub(super) fn reveal(pid: PairingId, m3: &Hidden) -> Self {
        Self::post(phone_api::reveal_path(pid), m3.clone(), false)
    }

    pub(super) fn status(pid: PairingId) -> Self {
        Self::proven(phone_api::status_path(pid))
    }

    pub(super) fn fetch(cid: ChallengeId) -> Self {
        Self::proven(phone_api::challenge_path(cid))
    }

    pub(super) fn unlock() -> Self {
        Self::proven(phone_api::UNLOCK.to_owned())
    }

    pub(super) fn devices() -> Self {
        Self::proven(phone_api::DEVICES.to_owned())
    }

    pub(super) fn test() -> Self {
        Self::proven(phone_api::TEST.to_owned())
    }

    pub(super) fn remove(device: DeviceId) -> Result<Self, Refused> {
        let body = json(&DevicesRequest { remove: Some(device) })?;
        Ok(Self::post(phone_api::DEVICES.to_owned(), body, true))
    }

    pub(super) fn inbox(receipts: Vec<Receipt>) -> Self {
        let body = json(&InboxRequest { receipts }).unwrap_or_else(|_| Hidden::from("{}"));
        Self::post(phone_api::INBOX.to_owned(), body, true)
    }

    pub(super) fn receipts(receipts: Vec<Receipt>) -> Self {
        let body = json(&Receipts { receipts }).unwrap_or_else(|_| Hidden::from(r#"{"receipts":[]}"#));
        Self::post(phone_api::RECEIPTS.to_owned(), body, true)
    }

    /// A decision proves itself.
    pub(super) fn decide(jws: &str) -> Self {
        let path = phone_api::DECISIONS.to_owned();
        Self { method: Method::Post, path, content_type: decision::MEDIA_TYPE, body: Hidden::from(jws), proven: false }
    }

    fn proven(path: String) -> Self {
        Self::post(path, Hidden::from("{}"), true)
    }

    fn post(path: String, body: Hidden, proven: bool) -> Self {
        Self { method: Method::Post, path, content_type: JSON, body, proven }
    }
}

fn json(body: &impl Serialize) -> Result<Hidden, Refused> {
    serde_json::to_string(body).map(|body| Hidden::from(Zeroizing::new(body))).map_err(|_| Refused::Malformed)
}

impl Account {
    /// Sends a request.
    pub(super) fn call(&mut self, purpose: Purpose, request: Request, world: &mut World<'_>) -> Effect {
        self.dispatch(Pending { purpose, request, retried: false }, world)
    }

    /// Sends a request again, with the nonce of the answer that refused it.
    pub(super) fn call_again(&mut self, pending: Pending, refused: Generation, world: &mut World<'_>) -> Effect {
        let effect = self.dispatch(Pending { retried: true, ..pending }, world);
        let repeated = *world.generations;
        if let Stage::Member(member) = &mut self.stage {
            member.inbox.receipts.carry_over(refused, repeated);
        }
        effect
    }

    /// Asks for everything that waits; receipts ride along.
    pub(super) fn ask_inbox(&mut self, poll: Option<Generation>, world: &mut World<'_>) -> Effect {
        self.call_with_receipts(Purpose::Inbox(poll), Request::inbox, world)
    }

    /// Sends receipts by themselves.
    pub(super) fn send_receipts(&mut self, world: &mut World<'_>) -> Effect {
        self.call_with_receipts(Purpose::Receipts, Request::receipts, world)
    }

    fn call_with_receipts(
        &mut self,
        purpose: Purpose,
        request: impl FnOnce(Vec<Receipt>) -> Request,
        world: &mut World<'_>,
    ) -> Effect {
        // The generation that `dispatch` is about to give out.
        let order = *world.generations + 1;
        let receipts = match &mut self.stage {
            Stage::Member(member) => member.inbox.receipts.lend(order),
            Stage::Pairing(_) | Stage::Gone => Vec::new(),
        };
        self.call(purpose, request(receipts), world)
    }

    fn dispatch(&mut self, pending: Pending, world: &mut World<'_>) -> Effect {
        let generation = self.moment(world).next_generation();
        let proof = if pending.request.proven { self.proof(&pending.request, world) } else { None };
        let Request { method, path, content_type, body, .. } = pending.request.clone();
        self.calls.insert(generation, pending);
        Effect::Call(Call {
            order: self.order(generation),
            origin: self.origin.clone(),
            tls_pin: self.tls_pin,
            method,
            path,
            content_type,
            body: Zeroizing::new(body.expose().as_bytes().to_vec()),
            proof,
        })
    }

    /// What the `id` key must sign for this request. None without a fresh nonce: then the server answers with one.
    fn proof(&self, request: &Request, world: &mut World<'_>) -> Option<String> {
        let nonce = self.connection.nonce(world.now)?;
        self.proof_with(nonce, "POST", &request.path, request.body.expose().as_bytes(), world).ok()
    }

    /// What the `id` key must sign for a request with this nonce.
    pub(super) fn proof_with(
        &self,
        nonce: koppel_protocol::Nonce,
        method: &str,
        path: &str,
        body: &[u8],
        world: &mut World<'_>,
    ) -> Result<String, Refused> {
        let (server_id, device) = match &self.stage {
            Stage::Member(member) => (member.identity.server_id, member.device),
            Stage::Pairing(pairing) => pairing.device().ok_or(Refused::NotActive)?,
            Stage::Gone => return Err(Refused::NotActive),
        };
        let moment = self.moment(world);
        let request = device_proof::Request { server_id: &server_id, method, path, body };
        let claims = DeviceProof::new(request, Bytes::new(moment.roll()?), nonce, moment.guess_s());
        let unsigned = Unsigned::new(&claims, &device).map_err(|_| Refused::Malformed)?;
        String::from_utf8(unsigned.signing_input().to_vec()).map_err(|_| Refused::Malformed)
    }
}
