//! What happened, in words that people use: from the kind of an audit entry to its sentence, for the person's own history and for the
//! desk alike.

use super::{Texts, Way};

/// The sentence for an entry of this kind; `method` is the one that it is about. None: a kind without one.
pub(crate) fn in_words(kind: &str, method: Option<Way>, texts: Texts) -> Option<String> {
    let of = || method.map_or_else(|| texts.event_some_method(), |way| way.name(&texts));
    Some(match kind {
        "challenge.pending" => texts.event_asked(),
        "challenge.redelivered" => texts.event_asked_again(),
        "challenge.approved" => texts.event_approved(),
        "challenge.consumed" => texts.event_consumed(),
        "challenge.lapsed" => texts.event_lapsed(),
        "challenge.denied" => texts.event_denied(),
        "challenge.fraud" => texts.event_fraud(),
        "challenge.failed" => texts.event_failed(),
        "challenge.expired" => texts.event_expired(),
        "challenge.superseded" => texts.event_superseded(),
        "challenge.cancelled" => texts.event_cancelled(),
        "code.wrong" => texts.event_wrong_code(),
        "number.wrong" => texts.event_wrong_number(),
        "device.pending" => texts.event_device_pending(),
        "device.proven" => texts.event_device_proven(),
        "device.active" => texts.event_device_active(),
        "device.suspended" => texts.event_device_suspended(),
        "device.revoked" => texts.event_device_revoked(),
        "device.renamed" => texts.event_device_renamed(),
        "invitation.issued" => texts.event_invited(),
        "invitation.wrong_link" | "invitation.wrong_code" => texts.event_invitation_wrong(),
        "invitation.used_twice" => texts.event_invitation_twice(),
        "pairing.committed" => texts.event_pairing_committed(),
        "pairing.proven" => texts.event_pairing_proven(),
        "pairing.confirmed" => texts.event_pairing_confirmed(),
        "pairing.refused" => texts.event_pairing_refused(),
        "pairing.expired" => texts.event_pairing_expired(),
        "pairing.wrong_number" => texts.event_pairing_wrong(),
        "method.offered" => texts.event_method_offered(&of()),
        "method.wrong_code" => texts.event_method_wrong(&of()),
        "method.added" if method == Some(Way::Codes) => texts.event_codes_made(),
        "method.added" => texts.event_method_added(&of()),
        "method.imported" => texts.event_method_imported(&of()),
        "method.primary" => texts.event_method_primary(&of()),
        "method.removed" => texts.event_method_removed(&of()),
        "method.codes_disabled" => texts.event_typing_disabled(),
        "method.typing_enabled" => texts.event_typing_enabled(),
        "browser.remembered" => texts.event_browser_remembered(),
        "browser.forgotten" => texts.event_browser_forgotten(),
        "browsers.forgotten" => texts.event_browsers_forgotten(),
        "prompt.bound" => texts.event_page_opened(),
        "prompt.done" => texts.event_page_done(),
        "prompt.exchanged" => texts.event_page_exchanged(),
        "prompt.cancelled" => texts.event_page_left(),
        "prompt.expired" => texts.event_page_expired(),
        "page.token_burnt" | "page.other_user_agent" | "page.foreign_browser" | "binding.wrong" => {
            texts.event_foreign_browser()
        }
        "page.code_renewed" => texts.event_page_done_again(),
        "page.recovered" => texts.event_recovered(),
        "result.wrong_code" => texts.event_result_wrong(),
        "set_up.postponed" => texts.event_postponed(),
        "user.created" => texts.event_user_created(),
        "user.changed" => texts.event_user_changed(),
        "user.contacts" => texts.event_user_contacts(),
        "user.enabled" => texts.event_user_enabled(),
        "user.disabled" => texts.event_user_disabled(),
        "user.deleted" => texts.event_user_deleted(),
        "user.locked" => texts.event_user_locked(),
        "user.unlocked" => texts.event_user_unlocked(),
        "reset.asked" => texts.event_reset_asked(),
        "reset.withdrawn" => texts.event_reset_withdrawn(),
        "user.reset" => texts.event_reset(),
        "desk.looked" => texts.event_looked(),
        "operator.password_right" => texts.event_password_right(),
        "operator.password_wrong" => texts.event_password_wrong(),
        "operator.password_chosen" => texts.event_password_chosen(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use koppel_domain::{ChallengeState, PairingState, PromptState};

    use super::*;
    use crate::pages::Language;

    /// Every kind that a verdict writes down: the literals of `note` and of what is like it, and the states that rows move to.
    fn kinds() -> BTreeSet<String> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/domain/src/decide");
        let mut kinds = BTreeSet::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            let literals = source.split('"').skip(1).step_by(2);
            let named = literals.filter(|text| text.split_once('.').is_some_and(|(of, what)| word(of) && word(what)));
            kinds.extend(named.map(str::to_owned));
        }
        use ChallengeState::{
            Approved, Cancelled, Consumed, Denied, Expired, Failed, Fraud, Lapsed, Pending, Superseded,
        };
        for state in [Pending, Approved, Consumed, Denied, Fraud, Failed, Expired, Superseded, Cancelled, Lapsed] {
            kinds.insert(format!("challenge.{}", state.name()));
        }
        for state in [PromptState::Bound, PromptState::Done, PromptState::Exchanged, PromptState::Cancelled] {
            kinds.insert(format!("prompt.{}", state.name()));
        }
        for state in [PairingState::Proven, PairingState::Confirmed, PairingState::Refused, PairingState::Expired] {
            kinds.insert(format!("pairing.{}", state.name()));
        }
        kinds
    }

    #[test]
    fn whatever_a_verdict_writes_down_is_said_in_words() {
        let kinds = kinds();
        assert!(kinds.len() > 50, "{kinds:?}");
        for language in Language::ALL {
            let silent: Vec<_> =
                kinds.iter().filter(|kind| in_words(kind, None, Texts::new(language)).is_none()).collect();
            assert!(silent.is_empty(), "{silent:?}");
        }
        assert_eq!(in_words("no.such_kind", None, Texts::new(Language::Dutch)), None);
    }
}
