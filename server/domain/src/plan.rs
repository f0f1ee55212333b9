//! What is to be signed for a challenge: computed from a snapshot before the transaction, and again inside it.
//!
//! Signing and sealing are too slow for the one writer, so they come first. [`decide`](crate::decide) makes the same plan
//! from the locked account and compares: a plan that no longer fits is [`Refusal::Stale`], and is made again.

use koppel_protocol::id::DeviceId;

use crate::{
    Account, Challenge, Device, MethodKind, MethodState, Mode, Plan, Policy, Prepared, Refusal, Signer, Terms, Time,
    authenticator,
};

/// How far the signed `iat` may lie from the transaction's time.
const SKEW: u64 = 2;

/// What is to be asked.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    /// A second factor.
    Login {
        /// For whom.
        terms: &'a Terms,
        /// How, if the panel says so.
        mode: Option<Mode>,
        /// By what, if the user has it.
        prefer: Option<MethodKind>,
    },
    /// The same again, or by another method.
    Redelivery {
        /// Which.
        challenge: &'a Challenge,
        /// By which method; none: by the same as before.
        method: Option<MethodKind>,
        /// For whom.
        terms: &'a Terms,
    },
    /// Older phones confirm a new one.
    Handover {
        /// The pairing's end.
        until: Time,
    },
    /// The phone that reported a fraud lifts the lock.
    Unlock {
        /// Which.
        device: DeviceId,
    },
    /// "Test my phone".
    Test {
        /// Which.
        device: DeviceId,
    },
}

/// Makes the plan.
///
/// # Errors
/// [`Refusal::NotEnrolled`] when the user cannot be asked, [`Refusal::NoSuchMethod`] when not by this method,
/// [`Refusal::NotVerified`] when this phone may not lift the lock.
pub fn plan(account: &Account, wanted: Wanted<'_>, policy: &Policy, iat: Time) -> Result<Plan, Refusal> {
    let of = |mode: Mode, seq: u32, devices: Vec<DeviceId>, expires: Time| {
        let digits = if mode == Mode::Code { policy.code_digits } else { policy.number_digits };
        Plan {
            seq,
            method: MethodKind::App,
            mode,
            digits: u8::try_from(digits).unwrap_or(6),
            devices,
            login_name: account.user.login_name.clone(),
            iat,
            expires,
            policy_version: policy.version,
        }
    };
    let short = iat.plus(policy.delivery_lifetime);
    match wanted {
        Wanted::Login { terms, mode, prefer } => match login_method(account, terms, prefer)? {
            MethodKind::App => {
                let mode = login_mode(account, terms, mode, policy)?;
                Ok(of(mode, 1, all_phones(account)?, short))
            }
            kind => Ok(at_hand(kind, of(Mode::Code, 1, Vec::new(), iat.plus(policy.challenge_lifetime)))),
        },
        Wanted::Redelivery { challenge, method, terms } => {
            let seq = challenge.seq() + 1;
            let same = challenge.delivery().map(|delivery| delivery.method);
            match method.or(same).unwrap_or(MethodKind::App) {
                MethodKind::App => {
                    let before = challenge.phone_delivery().map(|delivery| delivery.mode);
                    let mode = login_mode(account, terms, before, policy)?;
                    Ok(of(mode, seq, all_phones(account)?, short.min(challenge.expires)))
                }
                kind if !terms.requires_device_signature && account.can_use(kind, terms.methods) => {
                    Ok(at_hand(kind, of(Mode::Code, seq, Vec::new(), challenge.expires)))
                }
                _ => Err(Refusal::NoSuchMethod),
            }
        }
        Wanted::Handover { until } => {
            let phones: Vec<_> = approving(account, policy).map(|device| device.id).collect();
            if phones.is_empty() { Err(not_enrolled(account)) } else { Ok(of(Mode::ConfirmPairing, 1, phones, until)) }
        }
        Wanted::Unlock { device } => {
            let reported = account.user.lock.is_some_and(|lock| lock.reported_by == device);
            let approves = approving(account, policy).any(|phone| phone.id == device);
            if reported && approves { Ok(of(Mode::Unlock, 1, vec![device], short)) } else { Err(Refusal::NotVerified) }
        }
        Wanted::Test { device } => match account.device(device) {
            Some(phone) if phone.is_active() => Ok(of(Mode::Code, 1, vec![device], short)),
            _ => Err(Refusal::NotFound),
        },
    }
}

/// Nothing travels: the person has the code at hand.
fn at_hand(method: MethodKind, plan: Plan) -> Plan {
    let digits = if method == MethodKind::Totp { authenticator::DIGITS } else { 0 };
    Plan { method, digits, ..plan }
}

/// What a login begins with: what the panel would like, if the user has it; else what the user put first. Where only a
/// phone's signature counts it is the app, whatever else there is.
fn login_method(account: &Account, terms: &Terms, prefer: Option<MethodKind>) -> Result<MethodKind, Refusal> {
    if terms.requires_device_signature {
        return Ok(MethodKind::App);
    }
    let liked = prefer.filter(|kind| account.can_use(*kind, terms.methods));
    liked.or_else(|| account.usable_methods(terms.methods).next()).ok_or_else(|| not_enrolled(account))
}

/// How a login is answered: as the panel says, else as its relying party does; by signature where only that counts or
/// codes are disabled; by code where no phone can sign.
fn login_mode(account: &Account, terms: &Terms, mode: Option<Mode>, policy: &Policy) -> Result<Mode, Refusal> {
    let can_sign = approving(account, policy).next().is_some();
    if terms.requires_device_signature {
        return if can_sign { Ok(Mode::Number) } else { Err(not_enrolled(account)) };
    }
    let codes_disabled =
        account.method(MethodKind::App).is_some_and(|method| method.state == MethodState::CodesDisabled);
    match mode.unwrap_or(terms.mode) {
        Mode::Number if can_sign => Ok(Mode::Number),
        _ if codes_disabled && can_sign => Ok(Mode::Number),
        Mode::Code | Mode::Number => Ok(Mode::Code),
        Mode::ConfirmPairing | Mode::Unlock => Err(Refusal::InvalidField("mode is code or number")),
    }
}

fn approving<'a>(account: &'a Account, policy: &'a Policy) -> impl Iterator<Item = &'a Device> {
    account.devices.iter().filter(|device| device.can_approve(policy))
}

fn all_phones(account: &Account) -> Result<Vec<DeviceId>, Refusal> {
    let phones: Vec<_> = account.active_devices().map(|device| device.id).collect();
    if phones.is_empty() { Err(not_enrolled(account)) } else { Ok(phones) }
}

fn not_enrolled(account: &Account) -> Refusal {
    Refusal::NotEnrolled { ever: account.user.ever_enrolled }
}

/// Makes the plan again from the locked account, and takes what was prepared only when it still says the same.
pub(crate) fn hold<'p>(
    account: &Account,
    wanted: Wanted<'_>,
    prepared: Option<&'p Prepared>,
    policy: &Policy,
    signer: Signer,
    now: Time,
) -> Result<&'p Prepared, Refusal> {
    let iat = prepared.map_or(now, |prepared| prepared.plan.iat);
    let plan = plan(account, wanted, policy, iat)?;
    let prepared = prepared.ok_or(Refusal::Stale)?;
    let complete = prepared.copies.iter().map(|copy| copy.device).eq(plan.devices.iter().copied());
    let fits = plan == prepared.plan && complete && prepared.signed_by == signer.version && now.apart(iat) <= SKEW;
    if fits { Ok(prepared) } else { Err(Refusal::Stale) }
}
