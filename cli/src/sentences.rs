//! What happened, in sentences: the same ones for every face that a person reads.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use koppel_client::phone_test::{Ended, Finding};
use koppel_core::{
    AccountStatus, AccountView, Approving, ChallengeKind, ChallengeView, ConnectionView, EndedView, NoticeView, Outcome,
};
use koppel_protocol::notice::NoticeKind;

use crate::complaint::Complaint;
use crate::texts::Texts;

/// The headline of a challenge.
pub(crate) fn title(texts: &Texts, view: &ChallengeView) -> String {
    match &view.kind {
        ChallengeKind::ConfirmPairing { .. } => {
            texts.say_with("title-confirm", &[("who", view.organisation.as_str().into())])
        }
        ChallengeKind::Unlock => texts.say_with("title-unlock", &[("who", view.organisation.as_str().into())]),
        ChallengeKind::Test => texts.say_with("title-test", &[("who", view.organisation.as_str().into())]),
        _ => {
            let who = [view.relying_party.as_str(), view.organisation.as_str()];
            let who = who.into_iter().find(|name| !name.is_empty()).unwrap_or("?");
            match view.purpose.as_str() {
                "enrol" => texts.say_with("title-enrol", &[("who", who.into())]),
                "settings" => texts.say_with("title-settings", &[("who", who.into())]),
                _ => texts.say_with("title-login", &[("who", who.into())]),
            }
        }
    }
}

/// What the server signed about a challenge: label and value, in the order in which they matter.
pub(crate) fn facts(texts: &Texts, view: &ChallengeView) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut fact = |key: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            facts.push((texts.say(key), value));
        }
    };
    if let ChallengeKind::ConfirmPairing { name, platform, ip, place } = &view.kind {
        fact("fact-phone", Some(format!("{name} ({platform})")));
        fact("fact-account", Some(account(view)));
        fact("fact-place", place.clone().map(|place| roughly(texts, &place)));
        fact("fact-address", ip.clone());
        return facts;
    }
    fact("fact-account", Some(account(view)));
    fact("fact-origin", Some(view.origin.clone()));
    fact("fact-browser", view.browser.clone());
    fact("fact-place", view.place.clone().map(|place| roughly(texts, &place)));
    fact("fact-address", view.ip.clone());
    fact("fact-began", view.began_at.map(clock));
    facts
}

/// A warning that belongs beside the facts: the page and the panel were opened from different addresses.
pub(crate) fn warning(texts: &Texts, view: &ChallengeView) -> Option<String> {
    let page = view.page_ip.as_deref()?;
    Some(texts.say_with("warning-page-ip", &[("ip", page.into())]))
}

/// That several logins wait, and only one can be the person's own.
pub(crate) fn several(texts: &Texts, view: &ChallengeView) -> Option<String> {
    (view.waiting > 1 && view.kind != ChallengeKind::Test)
        .then(|| texts.say_with("several-wait", &[("count", view.waiting.into())]))
}

/// What the person is to do with a challenge.
pub(crate) fn instruction(texts: &Texts, view: &ChallengeView) -> String {
    match &view.kind {
        ChallengeKind::Test => texts.say("do-test"),
        ChallengeKind::Code => texts.say("do-code"),
        ChallengeKind::Number if !view.can_approve => texts.say("do-codes-only"),
        ChallengeKind::Number => texts.say("do-number"),
        ChallengeKind::ConfirmPairing { .. } if !view.can_approve => texts.say("do-codes-only"),
        ChallengeKind::ConfirmPairing { .. } => texts.say("do-confirm"),
        ChallengeKind::Unlock => texts.say("do-unlock"),
        ChallengeKind::Unsupported => texts.say("do-update"),
    }
}

/// What became of an answer.
pub(crate) fn outcome(texts: &Texts, outcome: Outcome, kind: Option<&ChallengeKind>) -> String {
    match outcome {
        Outcome::Approved if kind == Some(&ChallengeKind::Unlock) => texts.say("outcome-unlocked"),
        Outcome::Approved if matches!(kind, Some(ChallengeKind::ConfirmPairing { .. })) => {
            texts.say("outcome-confirmed")
        }
        Outcome::Approved => texts.say("outcome-approved"),
        Outcome::Denied => texts.say("outcome-denied"),
        Outcome::Fraud => texts.say("outcome-fraud"),
        Outcome::Queued => texts.say("outcome-queued"),
        Outcome::WrongNumber { left: 0 } => texts.say("outcome-wrong-number-last"),
        Outcome::WrongNumber { left } => texts.say_with("outcome-wrong-number", &[("count", left.into())]),
        Outcome::Expired => texts.say("outcome-expired"),
        Outcome::Superseded => texts.say("outcome-superseded"),
        Outcome::AnsweredElsewhere => texts.say("outcome-elsewhere"),
        Outcome::Locked => texts.say("outcome-locked"),
        Outcome::Failed(trouble) => complaint(texts, &trouble.into()),
    }
}

/// How a challenge ended.
pub(crate) fn ended(texts: &Texts, view: &EndedView) -> String {
    match view.how.as_str() {
        "approved" | "consumed" => texts.say("ended-approved"),
        "denied" => texts.say("ended-denied"),
        "fraud" => texts.say("ended-fraud"),
        "failed" => texts.say("ended-failed"),
        "superseded" => texts.say("ended-superseded"),
        "cancelled" => texts.say("ended-cancelled"),
        _ => texts.say("ended-expired"),
    }
}

/// A notice.
pub(crate) fn notice(texts: &Texts, view: &NoticeView, organisation: &str) -> String {
    let facts =
        [("who", organisation.into()), ("detail", view.detail.as_str().into()), ("time", clock(view.at).into())];
    match view.kind {
        NoticeKind::DeviceAdded => texts.say_with("notice-device-added", &facts),
        NoticeKind::DeviceRemoved => texts.say_with("notice-device-removed", &facts),
        NoticeKind::FactorChanged => texts.say_with("notice-factor-changed", &facts),
        NoticeKind::Locked => texts.say_with("notice-locked", &facts),
        NoticeKind::Unlocked => texts.say_with("notice-unlocked", &facts),
        NoticeKind::ResetAsked => texts.say_with("notice-reset-asked", &facts),
        NoticeKind::Unlinked => texts.say_with("notice-unlinked", &facts),
        NoticeKind::Unknown => texts.say_with("notice-other", &facts),
    }
}

/// Where an account stands, in a few words.
pub(crate) fn status(texts: &Texts, view: &AccountView) -> String {
    match &view.status {
        AccountStatus::Pairing | AccountStatus::Offered => texts.say("status-pairing"),
        AccountStatus::AwaitingConfirmation { .. } => texts.say("status-awaiting"),
        AccountStatus::Active if view.locked => texts.say("status-locked"),
        AccountStatus::Active => match view.approval {
            Approving::Ready => texts.say("status-active"),
            Approving::CodesOnly => texts.say("status-codes-only"),
            Approving::KeyInvalidated => texts.say("status-key-lost"),
        },
        AccountStatus::ServerChanged => texts.say("status-server-changed"),
        AccountStatus::Revoked => texts.say("status-revoked"),
        AccountStatus::Removing => texts.say("status-removing"),
    }
}

/// What to call an account: its label, or its server as long as nothing else is known.
pub(crate) fn name(view: &AccountView) -> String {
    match view.label.is_empty() {
        true => view.host.to_string(),
        false => view.label.clone(),
    }
}

/// How an account is connected.
pub(crate) fn connection(texts: &Texts, connection: ConnectionView) -> String {
    match connection {
        ConnectionView::Live => texts.say("connection-live"),
        ConnectionView::Poll => texts.say("connection-poll"),
        ConnectionView::Offline => texts.say("connection-offline"),
    }
}

/// A step of the test of this phone.
pub(crate) fn step(texts: &Texts, ended: &Ended) -> String {
    let name = texts.say(&format!("step-{}", ended.step.name()));
    let ms = u64::try_from(ended.took.as_millis()).unwrap_or(u64::MAX);
    let finding = match ended.finding {
        Finding::Well => texts.say_with("finding-well", &[("ms", ms.into())]),
        Finding::ClockOff(seconds) => texts.say_with("finding-clock-off", &[("count", seconds.abs().into())]),
        Finding::OnlyPolling => texts.say("finding-only-polling"),
        Finding::Skipped => texts.say("finding-skipped"),
        Finding::Failed(trouble) => complaint(texts, &trouble.into()),
    };
    format!("{name}: {finding}")
}

/// A complaint and what to do about it.
pub(crate) fn complaint(texts: &Texts, complaint: &Complaint) -> String {
    format!("{} {}", complaint.message(texts), complaint.next(texts))
}

/// That a pairing came to nothing, and why; said once.
pub(crate) fn not_paired(texts: &Texts, why: &Complaint) -> String {
    match why.says_that_nothing_was_paired() {
        true => complaint(texts, why),
        false => format!("{} {}", texts.say("not-paired"), complaint(texts, why)),
    }
}

/// Digits in two groups of three.
pub(crate) fn grouped(digits: &str) -> String {
    match digits.split_at_checked(3) {
        Some((first, rest)) if !rest.is_empty() => format!("{first} {rest}"),
        _ => digits.to_owned(),
    }
}

/// Digits one by one, for a voice.
pub(crate) fn spelled(digits: &str) -> String {
    let digits: Vec<String> = digits.chars().map(String::from).collect();
    digits.join(" ")
}

/// A moment of server time on this machine's clock face.
pub(crate) fn clock(seconds: u64) -> String {
    let moment = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    moment.map(|moment| moment.to_zoned(TimeZone::system()).strftime("%H:%M").to_string()).unwrap_or_default()
}

fn account(view: &ChallengeView) -> String {
    match view.user.is_empty() {
        true => view.organisation.clone(),
        false => format!("{}, {}", view.user, view.organisation),
    }
}

fn roughly(texts: &Texts, place: &str) -> String {
    texts.say_with("place-roughly", &[("place", place.into())])
}
