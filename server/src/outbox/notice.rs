//! What a user is told by mail: that something changed about how they log in. No link and no code stands in it, so that nobody learns
//! to follow one from a mail.

use koppel_domain::{Event, Organisation, User};

use serde_json::Value;

use crate::pages::{Language, Texts};

/// Something that a user hears of, whoever did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notice {
    PhoneAdded,
    PhoneRemoved,
    AuthenticatorAdded,
    AuthenticatorRemoved,
    RecoveryCodesMade,
    RecoveryCodesRemoved,
    CodesDisabled,
    AddressesChanged,
    Locked,
    Unlocked,
    ResetAsked,
    Reset,
}

impl Notice {
    fn of(event: &Event) -> Option<Notice> {
        let (method, was) = (event.text("method"), event.text("was"));
        Some(match (event.kind.name, method.as_str()) {
            ("device.active", _) if was.as_str() != "suspended" => Notice::PhoneAdded,
            // A reset is told once, as a whole.
            ("device.revoked", _) if event.text("why").as_str() == "reset" => return None,
            // A phone that never counted is no news when it goes.
            ("device.revoked", _) if matches!(was.as_str(), "active" | "suspended") => Notice::PhoneRemoved,
            ("method.added", "totp") => Notice::AuthenticatorAdded,
            // Who is taken over with many others by an operator has the same authenticator as before.
            ("method.imported", "totp") if event.actor != "desk:command" => Notice::AuthenticatorAdded,
            ("method.added", "recovery") => Notice::RecoveryCodesMade,
            ("method.removed", "totp") => Notice::AuthenticatorRemoved,
            ("method.removed", "recovery") => Notice::RecoveryCodesRemoved,
            ("method.codes_disabled", _) => Notice::CodesDisabled,
            ("user.contacts", _) if event.data.get("dropped").and_then(Value::as_u64) > Some(0) => {
                Notice::AddressesChanged
            }
            ("user.locked", _) => Notice::Locked,
            ("user.unlocked", _) => Notice::Unlocked,
            ("reset.asked", _) => Notice::ResetAsked,
            ("user.reset", _) => Notice::Reset,
            _ => return None,
        })
    }
}

/// A mail's words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) subject: String,
    pub(super) text: String,
}

/// Whether a user hears of it by mail.
pub(super) fn is_one(event: &Event) -> bool {
    Notice::of(event).is_some()
}

/// What a user hears of it, in their language; none: nothing.
pub(super) fn words(event: &Event, user: &User, organisation: &Organisation) -> Option<Words> {
    let texts = Texts::new(Language::from(user.locale.unwrap_or(organisation.locale)));
    let name = organisation.name.as_str();
    let (subject, what) = match Notice::of(event)? {
        Notice::PhoneAdded => (texts.mail_phone_added(name), texts.mail_phone_added_text()),
        Notice::PhoneRemoved => (texts.mail_phone_removed(name), texts.mail_phone_removed_text()),
        Notice::AuthenticatorAdded => (texts.mail_authenticator_added(name), texts.mail_authenticator_added_text()),
        Notice::AuthenticatorRemoved => {
            (texts.mail_authenticator_removed(name), texts.mail_authenticator_removed_text())
        }
        Notice::RecoveryCodesMade => (texts.mail_recovery_made(name), texts.mail_recovery_made_text()),
        Notice::RecoveryCodesRemoved => (texts.mail_recovery_removed(name), texts.mail_recovery_removed_text()),
        Notice::CodesDisabled => {
            let method = event.text("method");
            // Sentences have names of their own for methods.
            let method = if method.as_str() == "totp" { "authenticator" } else { method.as_str() };
            (texts.mail_codes_disabled(name), texts.mail_codes_disabled_text(method))
        }
        Notice::AddressesChanged => (texts.mail_addresses(name), texts.mail_addresses_text()),
        Notice::Locked => (texts.mail_locked(name), texts.mail_locked_text()),
        Notice::Unlocked => (texts.mail_unlocked(name), texts.mail_unlocked_text()),
        Notice::ResetAsked => {
            let second = if organisation.policy.second_agent > 0 { "yes" } else { "no" };
            let due = event.data.get("due").and_then(Value::as_u64).unwrap_or(event.at.0);
            (texts.mail_reset_asked(name), texts.mail_reset_asked_text(&texts.language().moment(due), second))
        }
        Notice::Reset => (texts.mail_reset(name), texts.mail_reset_text()),
    };
    let facts = [texts.mail_account(user.shown().as_str()), texts.mail_when(&texts.language().moment(event.at.0))];
    let parts = [
        texts.mail_hello(),
        what,
        facts.join("\n"),
        texts.mail_not_you(name),
        texts.mail_why(name),
        texts.mail_never(),
    ];
    Some(Words { subject, text: parts.join("\n\n") + "\n" })
}

/// A mail that an operator sends to see whether mail works.
pub(super) fn test() -> Words {
    let texts = Texts::new(Language::English);
    Words { subject: texts.mail_test(), text: texts.mail_test_text() + "\n" }
}
