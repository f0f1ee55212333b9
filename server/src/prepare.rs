//! What is expensive, before the transaction: one challenge signed and sealed for each phone.
//!
//! The plan says what is to be signed; `decide` makes the same plan from the locked account and refuses as *stale* when it
//! no longer fits. So nothing here is trusted, and nothing here holds the writer.

use koppel_domain::plan::{Wanted, plan};
use koppel_domain::{Account, Device, Mode, Plan, Policy, Prepared, PreparedCopy, SharedBytes, SharedText};
use koppel_protocol::challenge::{Challenge, Subject, User};
use koppel_protocol::id::{ChallengeId, DeviceId, UserId};
use koppel_protocol::jws::{self, Claims};
use koppel_protocol::{Bytes, Envelope, Secret, Text};
use zeroize::Zeroizing;

use crate::app::App;
use crate::problem::{Problem, Slug};

/// A signing or sealing that failed: the login fails, nothing is let in.
fn failed(what: impl std::fmt::Display) -> Problem {
    tracing::error!(%what, "a message to a phone could not be signed or sealed");
    Problem::new(Slug::Unavailable)
}

/// Binds a phone's `auth` secret to its row: what is copied to another row does not open.
fn auth_place(user: UserId, device: DeviceId) -> Vec<u8> {
    [b"koppel/device-auth/v1".as_slice(), user.as_bytes(), device.as_bytes()].concat()
}

impl App {
    /// Draws the bytes of an id.
    ///
    /// # Errors
    /// *Unavailable* without randomness.
    pub fn draw<const N: usize>(&self) -> Result<[u8; N], Problem> {
        self.crypto.draw().map_err(failed)
    }

    /// Seals a phone's `auth` secret for its row.
    ///
    /// # Errors
    /// *Unavailable*.
    pub fn seal_auth(&self, user: UserId, device: DeviceId, auth: &Secret<16>) -> Result<SharedBytes, Problem> {
        let sealed = self.keys.sealer.seal(&auth_place(user, device), auth.expose()).map_err(failed)?;
        Ok(sealed.into())
    }

    fn auth(&self, device: &Device) -> Result<Secret<16>, Problem> {
        let opened = self.keys.sealer.open(&auth_place(device.user, device.id), &device.auth).map_err(failed)?;
        let bytes: [u8; 16] = opened.as_slice().try_into().map_err(|_| failed("auth has another length"))?;
        Ok(Secret::new(bytes))
    }

    /// Signs a message of the server.
    ///
    /// # Errors
    /// *Unavailable*.
    pub fn sign<C: Claims<Kid = koppel_protocol::KeyVersion>>(&self, claims: &C) -> Result<Zeroizing<String>, Problem> {
        jws::sign(claims, &self.keys.identity.version, &self.keys.signer).map_err(failed)
    }

    /// Seals a signed message for a phone.
    ///
    /// # Errors
    /// *Unavailable*.
    pub fn seal(&self, device: &Device, message: &str) -> Result<Envelope, Problem> {
        let auth = self.auth(device)?;
        Envelope::seal(&self.crypto, &device.keys.seal, &auth, message).map_err(failed)
    }

    /// Makes the plan and, when there is one, signs and seals it. None: the plan was refused; the refusal is given and
    /// counted in the transaction.
    ///
    /// # Errors
    /// *Unavailable*.
    pub fn prepare(
        &self,
        account: &Account,
        wanted: Wanted<'_>,
        policy: &Policy,
        challenge: ChallengeId,
        subject: impl Fn(&Plan) -> Result<Subject, Problem>,
    ) -> Result<Option<Box<Prepared>>, Problem> {
        let Ok(plan) = plan(account, wanted, policy, self.now()) else {
            return Ok(None);
        };
        let subject = subject(&plan)?;
        let copies = plan.devices.iter().map(|device| {
            let device = account.device(*device).ok_or_else(|| failed("the plan names an unknown phone"))?;
            self.copy(account, device, challenge, &plan, subject.clone())
        });
        let copies = copies.collect::<Result<Vec<_>, _>>()?;
        Ok(Some(Box::new(Prepared { challenge, plan, signed_by: self.keys.identity.version, copies })))
    }

    fn copy(
        &self,
        account: &Account,
        device: &Device,
        cid: ChallengeId,
        plan: &Plan,
        subject: Subject,
    ) -> Result<PreparedCopy, Problem> {
        let name = plan.login_name.as_ref().map(|name| name.shown().clone()).unwrap_or_default();
        let challenge = Challenge {
            cid,
            seq: plan.seq,
            dev: device.id,
            server_id: self.keys.identity.server_id,
            version: self.keys.identity.version,
            iat: plan.iat.0,
            exp: plan.expires.0,
            nonce: self.nonces.issue(plan.iat.0),
            user: User { id: account.user.external_id.text().clone(), name },
            subject,
        };
        let message = self.sign(&challenge)?;
        let envelope = self.seal(device, &message)?;
        Ok(PreparedCopy {
            device: device.id,
            ch: koppel_protocol::hash::sha256(message.as_bytes()),
            jws: (plan.mode != Mode::Code).then(|| SharedText::from(message.as_str())),
            envelope: SharedBytes::from(envelope.as_bytes().as_slice()),
        })
    }
}

/// A login as a phone is told of it.
#[derive(Debug, Clone)]
pub struct LoginContext<'a> {
    /// The panel, as registered.
    pub relying_party: &'a koppel_domain::RelyingParty,
    /// SHA-256 of the beginning browser's `v`.
    pub binding: Bytes<32>,
    /// What for.
    pub purpose: koppel_domain::Purpose,
    /// The browser as the panel saw it.
    pub browser: &'a koppel_domain::Browser,
    /// When it began.
    pub began: u64,
    /// The address the hosted page was opened from.
    pub page_ip: Option<&'a Text>,
}

impl LoginContext<'_> {
    /// The subject of a challenge about this login.
    ///
    /// # Errors
    /// *Unavailable* when a stored address is none.
    pub fn subject(&self, app: &App, challenge: ChallengeId, plan: &Plan) -> Result<Subject, Problem> {
        let ip = self.browser.ip.as_str().parse().map_err(failed)?;
        let page_ip = self.page_ip.and_then(|page| page.as_str().parse().ok()).filter(|page| *page != ip);
        let login = koppel_protocol::challenge::Login {
            rp: koppel_protocol::challenge::RelyingParty {
                id: self.relying_party.id,
                name: self.relying_party.name.clone(),
                origin: self.relying_party.origin.clone(),
            },
            bind: self.binding,
            purpose: match self.purpose {
                koppel_domain::Purpose::Login => koppel_protocol::challenge::Purpose::Login,
                koppel_domain::Purpose::Enrol => koppel_protocol::challenge::Purpose::Enrol,
                koppel_domain::Purpose::Settings => koppel_protocol::challenge::Purpose::Settings,
            },
            context: koppel_protocol::challenge::Context {
                ip,
                place: None,
                browser: crate::user_agent::in_words(&self.browser.user_agent),
                time: self.began,
                page_ip,
            },
        };
        Ok(match plan.mode {
            Mode::Code => Subject::Code { login, code: app.derive.code(challenge, plan.seq, plan.digits) },
            _ => Subject::Number { login },
        })
    }
}

/// The code of "Test my phone".
pub fn test_subject(app: &App, challenge: ChallengeId, plan: &Plan) -> Subject {
    Subject::Test { code: app.derive.code(challenge, plan.seq, plan.digits) }
}
