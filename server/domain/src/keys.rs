//! What is derived instead of stored: codes, numbers, koppelcodes, link secrets, and the hashes of tokens and cookies.
//!
//! All keys live outside the database, and the restore epoch enters every derivation: after a restore nothing that was
//! handed out before counts any more (`threats` rows 28 and 50).

use hmac::{Hmac, KeyInit, Mac};
use koppel_protocol::{
    Bytes, DigitCount, Digits, Koppelcode, Secret,
    digits::{CodeKey, DigitsFor},
    id::{ChallengeId, InvitationId, RelyingPartyId, UserId},
};
use sha2::Sha256;

use crate::{LoginName, MailAddress, audit::Salt};

/// The server's keys, as far as verdicts need them.
#[derive(Debug, Clone)]
pub struct Keys {
    code: CodeKey,
    lookup: Secret<32>,
    session: Secret<32>,
    epoch: u64,
}

impl Keys {
    /// `code` derives codes and numbers, `lookup` what people type, `session` what browsers hold; `epoch` is the restore epoch.
    pub const fn new(code: CodeKey, lookup: Secret<32>, session: Secret<32>, epoch: u64) -> Self {
        Self { code, lookup, session, epoch }
    }

    /// The restore epoch.
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The code that a phone shows for a delivery.
    pub fn code(&self, challenge: ChallengeId, seq: u32, digits: u8) -> Digits {
        self.digits(DigitsFor::Code, challenge, seq, digits)
    }

    /// The number that the browser shows for a delivery.
    pub fn number(&self, challenge: ChallengeId, seq: u32, digits: u8) -> Digits {
        self.digits(DigitsFor::Number, challenge, seq, digits)
    }

    fn digits(&self, kind: DigitsFor, challenge: ChallengeId, seq: u32, digits: u8) -> Digits {
        let count = DigitCount::new(digits).unwrap_or(DigitCount::SIX);
        self.code.digits(kind, self.epoch, challenge, seq, count)
    }

    /// The koppelcode of an invitation.
    pub fn koppelcode(&self, invitation: InvitationId) -> Koppelcode {
        let mac = self.mac(&self.lookup, "koppel/koppelcode/v1", &[invitation.as_bytes()]);
        let mut bytes = [0; 5];
        bytes.copy_from_slice(&mac.as_bytes()[..5]);
        Koppelcode::from_bytes(&bytes)
    }

    /// The secret `k` of an invitation's link.
    pub fn link_secret(&self, invitation: InvitationId) -> Secret<16> {
        let mac = self.mac(&self.lookup, "koppel/link/v1", &[invitation.as_bytes()]);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&mac.as_bytes()[..16]);
        Secret::new(bytes)
    }

    /// How a typed user name stands in the buckets of a source: never in the clear, for it may be a mistyped password.
    pub fn name_in_budgets(&self, organisation: &[u8; 16], name: &LoginName) -> Bytes<32> {
        self.mac(&self.lookup, "koppel/budget/name/v1", &[organisation, name.canonical().as_bytes()])
    }

    /// How a mail address is named where it must not stand.
    pub fn mail_address(&self, address: &MailAddress) -> Bytes<32> {
        mac(self.lookup.expose(), "koppel/mail-address/v1", &[address.expose().as_bytes()])
    }

    /// How an API key is looked up.
    pub fn api_key(&self, secret: &[u8]) -> Bytes<32> {
        // Keys outlive a restore: the epoch stays out.
        mac(self.lookup.expose(), "koppel/api-key/v1", &[secret])
    }

    /// How the token in a page's address is looked up.
    pub fn page_token(&self, token: &[u8]) -> Bytes<32> {
        self.mac(&self.session, "koppel/page-token/v1", &[token])
    }

    /// How a page's cookie is compared.
    pub fn page_cookie(&self, cookie: &[u8]) -> Bytes<32> {
        self.mac(&self.session, "koppel/page-cookie/v1", &[cookie])
    }

    /// How the cookie of a remembered browser is compared.
    pub fn remembered_browser(&self, cookie: &[u8]) -> Bytes<32> {
        self.mac(&self.session, "koppel/remembered-browser/v1", &[cookie])
    }

    /// What the cookie of a remembered browser is called: one for each user and relying party, and neither can be read in it.
    pub fn remembered_name(&self, user: UserId, relying_party: RelyingPartyId) -> Bytes<32> {
        self.mac(&self.session, "koppel/remembered-name/v1", &[user.as_bytes(), relying_party.as_bytes()])
    }

    /// How the session of an operator is looked up.
    pub fn desk_session(&self, token: &[u8]) -> Bytes<32> {
        self.mac(&self.session, "koppel/desk-session/v1", &[token])
    }

    /// How the one-time link of an operator is compared.
    pub fn welcome(&self, secret: &[u8]) -> Bytes<32> {
        self.mac(&self.session, "koppel/desk-welcome/v1", &[secret])
    }

    /// How a result code is compared.
    pub fn result_code(&self, code: &[u8]) -> Bytes<32> {
        self.mac(&self.session, "koppel/result-code/v1", &[code])
    }

    /// How a request's idempotency key is looked up: `caller` is an API key's or page's id.
    pub fn idempotency_key(&self, caller: &[u8], route: &str, key: &str) -> Bytes<32> {
        mac(self.lookup.expose(), "koppel/idempotency/key/v1", &[caller, route.as_bytes(), key.as_bytes()])
    }

    /// How two bodies under one idempotency key are compared.
    pub fn idempotency_body(&self, body: &[u8]) -> Bytes<32> {
        mac(self.lookup.expose(), "koppel/idempotency/body/v1", &[body])
    }

    fn mac(&self, key: &Secret<32>, label: &str, parts: &[&[u8]]) -> Bytes<32> {
        let epoch = self.epoch.to_be_bytes();
        let parts: Vec<&[u8]> = [epoch.as_slice()].into_iter().chain(parts.iter().copied()).collect();
        mac(key.expose(), label, &parts)
    }
}

/// HMAC-SHA-256 over `label ‖ lp(part) ‖ lp(part) …`
pub(crate) fn mac(key: &[u8], label: &str, parts: &[&[u8]]) -> Bytes<32> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(label.as_bytes());
    for part in parts {
        mac.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        mac.update(part);
    }
    Bytes::new(mac.finalize().into_bytes().into())
}

/// Ids and salts of one transaction, drawn from one random seed: for rows that nothing signed names.
#[derive(Debug, Clone)]
pub struct Fresh {
    seed: Secret<32>,
    drawn: u32,
}

impl Fresh {
    /// From 32 random bytes, used for one transaction only.
    pub const fn new(seed: Secret<32>) -> Self {
        Self { seed, drawn: 0 }
    }

    fn draw(&mut self) -> Bytes<32> {
        self.drawn += 1;
        mac(self.seed.expose(), "koppel/fresh/v1", &[&self.drawn.to_be_bytes()])
    }

    /// The bytes of an id.
    pub fn id(&mut self) -> [u8; 16] {
        let mut id = [0; 16];
        id.copy_from_slice(&self.draw().as_bytes()[..16]);
        id
    }

    /// What keeps an audit entry's detail from being guessed.
    pub fn salt(&mut self) -> Salt {
        Salt::new(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(epoch: u64) -> Keys {
        Keys::new(CodeKey::new(Secret::new([1; 32])), Secret::new([2; 32]), Secret::new([3; 32]), epoch)
    }

    /// threats row 50
    #[test]
    fn after_a_restore_nothing_handed_out_before_counts() {
        let (before, after) = (keys(1), keys(2));
        let (challenge, invitation) = (ChallengeId::from_bytes([7; 16]), InvitationId::from_bytes([8; 16]));
        assert_ne!(before.code(challenge, 1, 8), after.code(challenge, 1, 8));
        assert_ne!(before.number(challenge, 1, 8), after.number(challenge, 1, 8));
        assert_ne!(before.koppelcode(invitation), after.koppelcode(invitation));
        assert_ne!(before.link_secret(invitation), after.link_secret(invitation));
        assert_ne!(before.page_token(b"t"), after.page_token(b"t"));
        assert_ne!(before.page_cookie(b"t"), after.page_cookie(b"t"));
        assert_ne!(before.result_code(b"t"), after.result_code(b"t"));
    }

    #[test]
    fn fresh_ids_differ_from_draw_to_draw_and_from_seed_to_seed() {
        let mut fresh = Fresh::new(Secret::new([1; 32]));
        let mut other = Fresh::new(Secret::new([2; 32]));
        let first = fresh.id();
        assert_ne!(first, fresh.id());
        assert_ne!(first, other.id());
    }
}
