//! What the pages of the desk show, from what the store knows.

use koppel_domain::audit::{Broken, Entry};
use koppel_domain::{
    Account, Challenge, ChallengeState, CounterKind, DeliveryState, DeskAct, Loudness, Method, MethodKind, MethodRules,
    MethodState, PairingState, UserStatus,
};
use koppel_protocol::phone_api::DeviceState;

use super::call::helps;
use super::sessions::Call;
use super::visitor::Visitor;
use crate::api::relying_party::KoppelcodeAnswer;
use crate::app::App;
use crate::pages::handlers::screen::{platform_name, way};
use crate::pages::{
    AuditPage, Bar, CallPage, DeskEntry, DeskMethod, DeskPhone, DeskQuestion, FindProblem, Finding, Forms, HomePage,
    Language, Moment, PendingDevice, Reached, ResetNow, Said, SignInProblem, SpokenCode, event,
};
use crate::problem::{Problem, Slug};

/// So many of the last questions are shown.
const LAST: usize = 6;
/// So many entries of a chain are shown; all are verified.
const ENTRIES: usize = 200;
/// The path of a call, under which its forms go.
const CALL: &str = "/desk/call";
/// The longest of what was typed that is shown again.
const TYPED: usize = 64;

/// None: nothing that whoever signs in can do something about.
pub(super) fn sign_in_problem(problem: &Problem) -> Option<SignInProblem> {
    match problem.slug {
        Slug::WrongCode => Some(SignInProblem::Wrong),
        Slug::TooManyTries => Some(SignInProblem::Wait { seconds: seconds(problem) }),
        Slug::MethodDisabled => Some(SignInProblem::Ended),
        _ => None,
    }
}

fn seconds(problem: &Problem) -> u32 {
    u32::try_from(problem.retry_after.unwrap_or(1)).unwrap_or(u32::MAX)
}

/// None: nothing that an agent can do something about.
pub(super) fn said(problem: &Problem) -> Option<Said> {
    match problem.slug {
        Slug::WrongNumber => Some(Said::WrongNumber { tries_left: problem.tries_left.unwrap_or(0) }),
        Slug::Expired | Slug::AlreadyDecided | Slug::NotFound => Some(Said::Over),
        Slug::NotVerified => Some(Said::SecondAgent),
        Slug::TooSoon => Some(Said::TooSoon),
        Slug::AccountLocked => Some(Said::Locked),
        Slug::ScopeMissing => Some(Said::NotYours),
        _ => None,
    }
}

pub(super) fn bar(app: &App, visitor: &Visitor) -> Result<Bar, Problem> {
    let operator = &visitor.operator;
    Ok(Bar { name: operator.name.to_string(), role: operator.role, form_token: visitor.form_token(app)? })
}

/// Where a call begins, with what was typed.
pub(super) fn home(
    app: &App,
    visitor: &Visitor,
    problem: Option<FindProblem>,
    typed: [&str; 3],
) -> Result<HomePage, Problem> {
    let own = helps(app, visitor);
    let named = own.iter().map(|organisation| (organisation.id.to_string(), organisation.name.to_string()));
    let [name, reason, ticket] = typed.map(|typed| typed.chars().filter(|c| !c.is_control()).take(TYPED).collect());
    Ok(HomePage {
        frame: visitor.place.frame(),
        bar: bar(app, visitor)?,
        organisations: if own.len() > 1 { named.collect() } else { Vec::new() },
        problem,
        name,
        reason,
        ticket,
    })
}

/// A call.
pub(super) fn call(app: &App, visitor: &Visitor, call: &Call, account: &Account) -> Result<CallPage, Problem> {
    let organisation = app.organisation(call.organisation)?;
    let language = visitor.place.language;
    let token = visitor.call_token(app, call)?;
    let user = &account.user;
    let may = |act| visitor.operator.may(act, call.organisation);
    let shown = user.shown().to_string();
    let host = organisation.public_url.host().to_string();
    let (now, policy) = (app.now(), &organisation.policy);
    let invitation = call.invitation.and_then(|id| account.invitation(id));
    let live = invitation.filter(|live| live.used_by.is_none() && now < live.code_until && live.epoch == app.epoch());
    let own_request = user.reset.as_ref().is_some_and(|reset| reset.agent.as_str() == visitor.operator.name.as_str());
    let second_agent = policy.second_agent == 1;
    let mut questions: Vec<&Challenge> =
        account.challenges.iter().filter(|challenge| challenge.login().is_some()).collect();
    questions.sort_by_key(|challenge| std::cmp::Reverse(challenge.created));
    let questions = questions.into_iter().take(LAST);
    let phones =
        account.devices.iter().filter(|device| matches!(device.state, DeviceState::Active | DeviceState::Suspended));
    Ok(CallPage {
        frame: visitor.place.frame(),
        bar: bar(app, visitor)?,
        forms: Forms { path: CALL.to_owned(), token },
        version: user.version,
        name: if user.display.is_empty() { shown.clone() } else { user.display.to_string() },
        login_name: shown.clone(),
        organisation: organisation.name.to_string(),
        protected: account.is_guarded(policy),
        reached: Reached::of(&user.contacts),
        reason: call.reason.to_string(),
        ticket: call.ticket.to_string(),
        said: call.said,
        about: call.about.map(|pairing| pairing.to_string()),
        findings: findings(app, account, language),
        code: live.map(|live| spoken(KoppelcodeAnswer::of(app, live, &host, &shown), language)),
        koppelcodes: policy.desk_koppelcodes == 1,
        may_invite: policy.desk_koppelcodes == 1 && user.lock.is_none() && !account.waits_for_a_reset(policy),
        pending: pending(app, account),
        locked: user.lock.is_some(),
        methods: account.methods.iter().map(|method| desk_method(account, method, app, language)).collect(),
        phones: phones
            .map(|device| DeskPhone {
                name: device.name.to_string(),
                platform: platform_name(device.platform).to_owned(),
                seen: language.moment(device.last_seen.0),
                approves: device.can_approve(policy),
                suspended: device.state_at(now, policy) == DeviceState::Suspended,
            })
            .collect(),
        questions: questions
            .map(|challenge| question(challenge, challenge.state_at(now, app.epoch(), policy), language))
            .collect(),
        reset: match &user.reset {
            Some(reset) => ResetNow::Asked {
                agent: reset.agent.to_string(),
                due: language.moment(reset.due.0),
                ripe: now >= reset.due,
                second_agent,
                may_approve: second_agent && may(DeskAct::ApproveReset) && !own_request,
            },
            None if account.has_a_phone() || !account.methods.is_empty() => {
                ResetNow::Open { waits: account.waits_for_a_reset(policy), second_agent }
            }
            None => ResetNow::Nothing,
        },
        may_audit: may(DeskAct::ReadAudit),
    })
}

fn question(challenge: &Challenge, state: ChallengeState, language: Language) -> DeskQuestion {
    let delivery = challenge.delivery();
    let kind = delivery.map_or(MethodKind::App, |delivery| delivery.method);
    DeskQuestion {
        at: Moment::of(challenge.created.0, language),
        way: challenge.login().is_none_or(|login| login.remembered.is_none()).then(|| way(kind)),
        reached: delivery.filter(|_| kind == MethodKind::App).map(|delivery| delivery.state),
        state,
    }
}

fn findings(app: &App, account: &Account, language: Language) -> Vec<Finding> {
    let user = &account.user;
    let now = app.now();
    let mut found = Vec::new();
    if let Some(lock) = user.lock {
        found.push(Finding::Locked { at: language.moment(lock.at.0) });
    }
    if user.status != UserStatus::Active {
        found.push(Finding::Disabled);
    }
    if !account.has_a_phone() && !account.is_protected(MethodRules::ALL) {
        found.push(if user.ever_enrolled { Finding::NothingLeft } else { Finding::NeverEnrolled });
    }
    for method in &account.methods {
        let way = way(method.kind);
        let wait = account.counter(CounterKind::failures(method.kind)).wait(now);
        if method.state == MethodState::CodesDisabled {
            found.push(Finding::TypingDisabled { way });
        } else if let Some(seconds) = wait {
            found.push(Finding::Pause { way, seconds });
        }
    }
    for device in account.devices.iter().filter(|device| device.state == DeviceState::Suspended) {
        found.push(Finding::Suspended { phone: device.name.to_string() });
    }
    let last = account.challenges.iter().filter(|challenge| challenge.login().is_some()).max_by_key(|row| row.created);
    let delivery = last.and_then(|challenge| challenge.delivery()).filter(|row| row.method == MethodKind::App);
    if delivery.is_some_and(|delivery| delivery.state == DeliveryState::Unreached) {
        found.push(Finding::Unreached);
    }
    if delivery.is_some_and(|delivery| delivery.alert == Loudness::Quiet) {
        found.push(Finding::Quiet);
    }
    found
}

fn desk_method(account: &Account, method: &Method, app: &App, language: Language) -> DeskMethod {
    let counter = account.counter(CounterKind::failures(method.kind));
    DeskMethod {
        way: way(method.kind),
        primary: method.primary,
        used: method.used_at.map(|at| language.moment(at.0)),
        codes_left: method.recovery().map(|codes| u32::try_from(codes.left()).unwrap_or(u32::MAX)),
        what: method.kind.name(),
        stuck: method.state == MethodState::CodesDisabled || counter.wait(app.now()).is_some(),
    }
}

fn pending(app: &App, account: &Account) -> Vec<PendingDevice> {
    let waiting =
        account.pairings.iter().filter(|pairing| pairing.state_at(app.now(), app.epoch()) == PairingState::Proven);
    waiting
        .filter_map(|pairing| {
            let device = account.device(pairing.revealed.as_ref()?.device)?;
            Some(PendingDevice {
                pairing: pairing.id.to_string(),
                name: device.name.to_string(),
                platform: platform_name(device.platform).to_owned(),
            })
        })
        .collect()
}

fn spoken(answer: KoppelcodeAnswer, language: Language) -> SpokenCode {
    let words = match language {
        Language::Dutch => &answer.spelled.nl,
        Language::English => &answer.spelled.en,
    };
    let symbols = answer.code.chars().filter(char::is_ascii_alphanumeric).map(String::from);
    SpokenCode {
        words: symbols.zip(words.iter().map(ToString::to_string)).collect(),
        host: answer.host.clone(),
        login_name: answer.login_name.clone(),
        until: language.moment(answer.expires_at),
        code: answer.code,
    }
}

/// The chain of a user.
pub(super) fn audit(
    app: &App,
    visitor: &Visitor,
    account: &Account,
    entries: &[Entry],
    verdict: Result<(), Broken>,
) -> Result<AuditPage, Problem> {
    let language = visitor.place.language;
    let texts = visitor.place.frame().texts();
    let shown = entries.iter().rev().take(ENTRIES).map(|entry| {
        let detail = entry.detail.as_ref().map(|detail| fields(&detail.json)).unwrap_or_default();
        let method = detail.get("method").and_then(|kind| kind.as_str()?.parse::<MethodKind>().ok());
        DeskEntry {
            n: entry.n,
            at: Moment::of(entry.at.0, language),
            what: event::in_words(&entry.kind, method.map(way), texts).unwrap_or_else(|| entry.kind.clone()),
            actor: entry.actor.clone(),
            detail: plainly(&detail),
        }
    });
    Ok(AuditPage {
        frame: visitor.place.frame(),
        bar: bar(app, visitor)?,
        name: account.user.shown().to_string(),
        verdict: verdict.map(|()| account.user.chain_length).map_err(|Broken(n)| n),
        entries: shown.collect(),
    })
}

type Fields = serde_json::Map<String, serde_json::Value>;

fn fields(json: &str) -> Fields {
    serde_json::from_str(json).unwrap_or_default()
}

/// `name: value · name: value`
fn plainly(fields: &Fields) -> String {
    let fields = fields.iter().map(|(name, value)| match value.as_str() {
        Some(text) => format!("{name}: {text}"),
        None => format!("{name}: {value}"),
    });
    fields.collect::<Vec<_>>().join(" · ")
}
