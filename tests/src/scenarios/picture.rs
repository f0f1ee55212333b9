//! What a phone shows and answers, in the words of the scenarios: the same in every language.

use koppel_client::{ClientError, KoppelClient, OpenError};
use koppel_core::{
    AccountStatus, AccountView, Approving, ChallengeContent, ChallengeKind, ChallengeView, ConnectionView, Outcome,
    Refused, State, Trouble,
};
use serde_json::{Value, json};

/// A state. `monotonic_ms` is now, on the clock of the phone's deadlines.
#[must_use]
pub fn state(client: &KoppelClient, monotonic_ms: u64) -> Value {
    let state: &State = &client.state();
    let challenge = |view| challenge(view, monotonic_ms);
    json!({
        "accounts": state.accounts.iter().map(account).collect::<Vec<_>>(),
        "challenges": state.challenges.iter().map(challenge).collect::<Vec<_>>(),
        "ended": state.ended.iter().map(|ended| json!({"id": ended.cid.to_string(), "how": ended.how})).collect::<Vec<_>>(),
        "notices": state.notices.iter().map(|notice| json!({"kind": notice.kind.word(), "detail": notice.detail})).collect::<Vec<_>>(),
    })
}

fn account(view: &AccountView) -> Value {
    let (status, more) = match &view.status {
        AccountStatus::Pairing => ("pairing", None),
        AccountStatus::Offered => ("offered", None),
        AccountStatus::AwaitingConfirmation { check_number, tries_left, .. } => {
            ("awaiting_confirmation", Some((check_number, tries_left)))
        }
        AccountStatus::Active => ("active", None),
        AccountStatus::ServerChanged => ("server_changed", None),
        AccountStatus::Revoked => ("revoked", None),
        AccountStatus::Removing => ("removing", None),
    };
    json!({
        "label": view.label,
        "organisation": view.organisation,
        "user": view.user,
        "host": view.host.to_string(),
        "status": status,
        "check_number": more.map(|more| more.0),
        "tries_left": more.map(|more| more.1),
        "approval": match view.approval {
            Approving::Ready => "ready",
            Approving::CodesOnly => "codes_only",
            Approving::KeyInvalidated => "key_invalidated",
        },
        "locked": view.locked,
        "connection": match view.connection {
            ConnectionView::Offline => "offline",
            ConnectionView::Poll => "poll",
            ConnectionView::Live => "live",
        },
        "clock_behind_s": view.clock_skew_s,
    })
}

fn challenge(view: &ChallengeView, monotonic_ms: u64) -> Value {
    let (kind, device) = match &view.kind {
        ChallengeKind::Code => ("code", None),
        ChallengeKind::Test => ("test", None),
        ChallengeKind::Number => ("number", None),
        ChallengeKind::ConfirmPairing { name, .. } => ("confirm_pairing", Some(name)),
        ChallengeKind::Unlock => ("unlock", None),
        ChallengeKind::Unsupported => ("unsupported", None),
    };
    json!({
        "id": view.cid.to_string(),
        "seq": view.seq,
        "kind": kind,
        "device": device,
        "organisation": view.organisation,
        "relying_party": view.relying_party,
        "user": view.user,
        "purpose": view.purpose,
        "ip": view.ip,
        "waiting": view.waiting,
        "can_approve": view.can_approve,
        "answered": view.answered,
        "seconds_left": view.deadline.saturating_sub(monotonic_ms) / 1000,
    })
}

/// What is on a challenge's own screen.
#[must_use]
pub fn content(content: &ChallengeContent) -> Value {
    match content {
        ChallengeContent::Code(digits) => json!({"content": "code", "code": digits.expose()}),
        ChallengeContent::Number => json!({"content": "number"}),
        ChallengeContent::ConfirmPairing { name } => json!({"content": "confirm_pairing", "device": name}),
        ChallengeContent::Unlock => json!({"content": "unlock"}),
        ChallengeContent::Unsupported => json!({"content": "unsupported"}),
    }
}

/// What became of an answer.
#[must_use]
pub fn outcome(outcome: Outcome) -> Value {
    let word = match outcome {
        Outcome::Approved => "approved",
        Outcome::Denied => "denied",
        Outcome::Fraud => "reported",
        Outcome::Queued => "queued",
        Outcome::WrongNumber { left } => return json!({"outcome": "wrong_number", "left": left}),
        Outcome::Expired => "expired",
        Outcome::Superseded => "superseded",
        Outcome::AnsweredElsewhere => "answered_elsewhere",
        Outcome::Locked => "account_locked",
        Outcome::Failed(trouble) => return error(ClientError::Trouble(trouble)),
    };
    json!({"outcome": word})
}

/// What a verb failed with, in the words of the packages for apps.
#[must_use]
pub fn error(error: ClientError) -> Value {
    let word = match error {
        ClientError::Stopped => "stopped",
        ClientError::Refused(refused) => match refused {
            Refused::UpdateRequired => "update_required",
            Refused::ServerChanged => "server_changed",
            Refused::InvitationWornOut => "too_many_tries",
            Refused::NameInvalid => "invitation_invalid",
            Refused::SignatureInvalid
            | Refused::NotGenuine
            | Refused::OldIdentity
            | Refused::Malformed
            | Refused::NoRandomness => "internal",
            _ => return json!({"error": "not_available", "why": error.code()}),
        },
        ClientError::Trouble(trouble) => match trouble {
            Trouble::NoConnection
            | Trouble::Timeout
            | Trouble::Tls
            | Trouble::AnswerTooLarge
            | Trouble::AnswerInvalid
            | Trouble::Unavailable { .. } => "no_connection",
            Trouble::TooManyTries { .. } | Trouble::InvitationWornOut => "too_many_tries",
            Trouble::InvitationRefused
            | Trouble::CodeUsed
            | Trouble::Expired
            | Trouble::ServerMismatch
            | Trouble::HostMismatch => return json!({"error": "invitation_refused", "why": error.code()}),
            Trouble::ServerChanged => "server_changed",
            Trouble::UpdateRequired => "update_required",
            Trouble::KeyInvalidated => "key_invalidated",
            Trouble::Cancelled => "user_cancelled",
            Trouble::SignatureInvalid | Trouble::Refused { .. } => "internal",
            _ => "not_available",
        },
    };
    json!({"error": word})
}

/// What opening failed with.
#[must_use]
pub fn open_error(error: &OpenError) -> Value {
    let word = match error {
        OpenError::KeyLost => "key_lost",
        OpenError::Locked => "locked",
        OpenError::Damaged => "vault_damaged",
        OpenError::Newer { .. } => "update_required",
        OpenError::Vault(_) | OpenError::Secrets(_) | OpenError::Keys(_) => "not_available",
    };
    json!({"error": word})
}
