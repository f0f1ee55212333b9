//! Authenticators and recovery codes, before the transaction: seeds opened, codes drawn and hashed. What is compared is compared
//! in `decide`.

use koppel_domain::authenticator::SEED;
use koppel_domain::recovery::{CODES, Slot};
use koppel_domain::{
    Account, ChallengeState, CounterKind, HashedCode, Method, MethodKind, OpenSeed, RecoveryCode, SharedBytes, Typed,
};
use koppel_protocol::id::{ChallengeId, UserId};
use koppel_protocol::{Bytes, Digits};
use zeroize::Zeroizing;

use crate::app::App;
use crate::problem::{Problem, Slug};
use crate::slow_hash::hash;

fn failed(what: impl std::fmt::Display) -> Problem {
    tracing::error!(%what, "a method's secret could not be handled");
    Problem::new(Slug::Unavailable)
}

/// Binds a seed to its account: what is copied to another's row does not open.
fn seed_place(user: UserId) -> Vec<u8> {
    [b"koppel/totp-seed/v1".as_slice(), user.as_bytes()].concat()
}

impl App {
    /// Draws a seed and seals it for an account.
    ///
    /// # Errors
    /// *Unavailable*.
    pub fn draw_seed(&self, user: UserId) -> Result<SharedBytes, Problem> {
        let seed = Zeroizing::new(self.draw::<SEED>()?);
        self.seal_seed(user, seed.as_slice())
    }

    /// Seals a seed for an account.
    ///
    /// # Errors
    /// *Unavailable*.
    pub fn seal_seed(&self, user: UserId, seed: &[u8]) -> Result<SharedBytes, Problem> {
        Ok(self.keys.sealer.seal(&seed_place(user), seed).map_err(failed)?.into())
    }

    /// The seed itself, for the page that shows it.
    ///
    /// # Errors
    /// *Unavailable*.
    pub fn show_seed(&self, user: UserId, sealed: &SharedBytes) -> Result<Zeroizing<Vec<u8>>, Problem> {
        self.keys.sealer.open(&seed_place(user), sealed).map_err(failed)
    }

    /// The seed for a verdict.
    ///
    /// # Errors
    /// *Unavailable*.
    pub fn open_seed(&self, user: UserId, sealed: &SharedBytes) -> Result<OpenSeed, Problem> {
        Ok(OpenSeed::new(sealed.clone(), self.show_seed(user, sealed)?))
    }

    /// Draws a list of recovery codes: what a page shows once, and what is stored.
    ///
    /// # Errors
    /// *Unavailable*.
    pub async fn draw_recovery_codes(&self) -> Result<(Vec<RecoveryCode>, Vec<Slot>), Problem> {
        let mut drawn = Vec::with_capacity(CODES);
        for slot in (0..).take(CODES) {
            let random = Zeroizing::new(self.draw::<10>()?);
            drawn.push((RecoveryCode::new(slot, &random), Bytes::new(self.draw::<16>()?)));
        }
        self.hashing(move || {
            let mut codes = Vec::with_capacity(CODES);
            let mut slots = Vec::with_capacity(CODES);
            for (code, salt) in drawn {
                slots.push(Slot { salt, hash: hash(code.expose(), &salt)?, used_at: None });
                codes.push(code);
            }
            Ok((codes, slots))
        })
        .await
    }

    /// An authenticator's code hangs on the time alone.
    ///
    /// # Errors
    /// *Unavailable* while nobody has looked after the time jumped.
    pub(crate) fn time_is_steady(&self) -> Result<(), Problem> {
        if self.clock.is_steady() {
            return Ok(());
        }
        let advice = "The server's time jumped. Codes of authenticators are not checked until its operator has looked; use another method.";
        Err(Problem::because(Slug::Unavailable, advice))
    }

    /// What was typed, made ready for the method that is asked now.
    ///
    /// # Errors
    /// *Invalid field* when it cannot be a code of that method, *unavailable*.
    pub async fn typed(&self, account: &Account, challenge: ChallengeId, text: &str) -> Result<Typed, Problem> {
        let challenge = account.challenge(challenge).ok_or_else(|| Problem::new(Slug::NotFound))?;
        let asked = challenge.delivery().map_or(MethodKind::App, |delivery| delivery.method);
        let digits = || {
            Digits::from_typed(text).map_err(|_| Problem::because(Slug::InvalidField, "Field `code`: 6 to 8 digits."))
        };
        match asked {
            MethodKind::App => Ok(Typed::App(digits()?)),
            MethodKind::Totp => {
                self.time_is_steady()?;
                let code = digits()?;
                let method = account.method(MethodKind::Totp).and_then(Method::authenticator);
                let sealed = method.and_then(|held| held.seed.as_ref());
                let sealed = sealed.ok_or_else(|| Problem::new(Slug::MethodDisabled))?;
                Ok(Typed::Totp(code, self.open_seed(account.user.id, sealed)?))
            }
            MethodKind::Recovery => {
                let code = RecoveryCode::from_typed(text).map_err(|_| {
                    Problem::because(
                        Slug::InvalidField,
                        "Field `code`: a recovery code is its number and 16 letters and digits, such as 3-7KQM-X2PD-9RTV-H4CW.",
                    )
                })?;
                let held = account.method(MethodKind::Recovery).and_then(Method::recovery);
                let slot = held.and_then(|codes| codes.slots.get(usize::from(code.slot())));
                let salt = slot.map(|slot| slot.salt).ok_or_else(|| Problem::new(Slug::MethodDisabled))?;
                let number = code.slot();
                // Where nothing is compared nothing is hashed either: whoever may not try does not make the server work.
                let waits = account.counter(CounterKind::RecoveryFailures).wait(self.now()).is_some();
                let hash = if waits || challenge.state != ChallengeState::Pending {
                    Bytes::new([0; 32])
                } else {
                    self.hashing(move || hash(code.expose(), &salt)).await?
                };
                Ok(Typed::Recovery(HashedCode { slot: number, salt, hash }))
            }
        }
    }
}
