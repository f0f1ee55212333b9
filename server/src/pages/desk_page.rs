//! The pages of the support desk. No code that lets somebody in and no secret of a user is ever on them; a koppelcode is, for whoever
//! handed it out.

use askama::Template;
use axum::http::StatusCode;
use koppel_domain::{ChallengeState, DeliveryState, DeskAct, Role};

use super::{Forms, Frame, LiveState, Moment, Page, PendingDevice, Reached, Texts, Way, assets};

/// Where one signs in.
#[derive(Clone, Debug, Template)]
#[template(path = "desk/sign_in.html")]
pub struct SignInPage {
    /// Whose page, in which language.
    pub frame: Frame,
    /// What was wrong with the last form.
    pub problem: Option<SignInProblem>,
}

/// Why one is not in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInProblem {
    /// Wrong name or password.
    Wrong,
    /// Too many tries from here.
    Wait {
        /// Until the next.
        seconds: u32,
    },
    /// The password counts no more.
    Ended,
    /// The second factor did not come through.
    Again,
    /// Signed in once, and not any more.
    Over,
}

impl SignInProblem {
    fn text(self, texts: &Texts) -> String {
        match self {
            SignInProblem::Wrong => texts.desk_sign_in_wrong(),
            SignInProblem::Wait { seconds } => texts.desk_sign_in_wait(seconds),
            SignInProblem::Ended => texts.desk_sign_in_ended(),
            SignInProblem::Again => texts.desk_sign_in_again(),
            SignInProblem::Over => texts.desk_sign_in_over(),
        }
    }
}

impl Page for SignInPage {
    fn status(&self) -> StatusCode {
        match self.problem {
            None => StatusCode::OK,
            Some(SignInProblem::Wait { .. }) => StatusCode::TOO_MANY_REQUESTS,
            Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
}

/// Where a one-time link leads.
#[derive(Clone, Debug, Template)]
#[template(path = "desk/welcome.html")]
pub struct WelcomePage {
    /// Whose page, in which language.
    pub frame: Frame,
    /// What was wrong with the last form.
    pub problem: Option<WelcomeProblem>,
}

/// Why no password was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WelcomeProblem {
    /// The link counts no more, or never did.
    Link,
    /// Too short or too long.
    Length,
    /// Not the same twice.
    Differs,
    /// Too many tries from here.
    Wait {
        /// Until the next.
        seconds: u32,
    },
}

impl WelcomeProblem {
    fn text(self, texts: &Texts) -> String {
        match self {
            WelcomeProblem::Link => texts.desk_welcome_link(),
            WelcomeProblem::Length => texts.desk_welcome_length(),
            WelcomeProblem::Differs => texts.desk_welcome_differs(),
            WelcomeProblem::Wait { seconds } => texts.desk_sign_in_wait(seconds),
        }
    }
}

impl Page for WelcomePage {
    fn status(&self) -> StatusCode {
        match self.problem {
            None => StatusCode::OK,
            Some(WelcomeProblem::Wait { .. }) => StatusCode::TOO_MANY_REQUESTS,
            Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
}

/// Who is signed in, on top of every page.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Who.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// For its form.
    pub form_token: String,
}

impl Bar {
    pub(super) fn may_see_panels(&self) -> bool {
        self.role.may(DeskAct::SeeProgress)
    }

    pub(super) fn role(&self, texts: &Texts) -> String {
        match self.role {
            Role::Support => texts.desk_role_support(),
            Role::Supervisor => texts.desk_role_supervisor(),
            Role::Admin => texts.desk_role_admin(),
        }
    }
}

/// Where a call begins.
#[derive(Clone, Debug, Template)]
#[template(path = "desk/home.html")]
pub struct HomePage {
    /// Whose page, in which language.
    pub frame: Frame,
    /// Who is signed in.
    pub bar: Bar,
    /// Id and name; none where there is only one.
    pub organisations: Vec<(String, String)>,
    /// What was wrong with the last form.
    pub problem: Option<FindProblem>,
    /// What was typed last: whom to find.
    pub name: String,
    /// What was typed last: why.
    pub reason: String,
    /// What was typed last: by which ticket.
    pub ticket: String,
}

/// Why no call began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindProblem {
    /// There is no such user.
    NobodyThere,
    /// No reason or no ticket.
    NoReason,
}

impl FindProblem {
    fn text(self, texts: &Texts) -> String {
        match self {
            FindProblem::NobodyThere => texts.desk_find_nobody(),
            FindProblem::NoReason => texts.desk_find_no_reason(),
        }
    }
}

impl Page for HomePage {
    fn status(&self) -> StatusCode {
        if self.problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
    }
}

/// What the page says about the last act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The phone is active.
    Confirmed,
    /// The number was wrong.
    WrongNumber {
        /// So often it may be typed again.
        tries_left: u32,
    },
    /// The number is not six digits.
    Incomplete,
    /// The phone waits no more.
    Over,
    /// The lock is lifted.
    Unlocked,
    /// Codes may be typed again.
    TypingEnabled,
    /// Everything is gone.
    ResetDone,
    /// The reset waits.
    ResetAsked,
    /// The request is taken back.
    ResetWithdrawn,
    /// A colleague must say yes, or a reset comes first.
    SecondAgent,
    /// It is too early.
    TooSoon,
    /// The account is locked.
    Locked,
    /// This operator may not.
    NotYours,
}

impl Said {
    fn is_good(self) -> bool {
        matches!(
            self,
            Said::Confirmed
                | Said::Unlocked
                | Said::TypingEnabled
                | Said::ResetDone
                | Said::ResetAsked
                | Said::ResetWithdrawn
        )
    }

    fn text(self, texts: &Texts) -> String {
        match self {
            Said::Confirmed => texts.desk_said_confirmed(),
            Said::WrongNumber { tries_left } => texts.enrol_wrong_number(tries_left),
            Said::Incomplete => texts.problem_incomplete(6),
            Said::Over => texts.desk_said_over(),
            Said::Unlocked => texts.desk_said_unlocked(),
            Said::TypingEnabled => texts.desk_said_typing(),
            Said::ResetDone => texts.desk_said_reset(),
            Said::ResetAsked => texts.desk_said_reset_asked(),
            Said::ResetWithdrawn => texts.desk_said_reset_withdrawn(),
            Said::SecondAgent => texts.desk_said_second_agent(),
            Said::TooSoon => texts.desk_said_too_soon(),
            Said::Locked => texts.desk_said_locked(),
            Said::NotYours => texts.desk_said_not_yours(),
        }
    }
}

/// The page of a call.
#[derive(Clone, Debug, Template)]
#[template(path = "desk/call.html")]
pub struct CallPage {
    /// Whose page, in which language.
    pub frame: Frame,
    /// Who is signed in.
    pub bar: Bar,
    /// Where the forms go.
    pub forms: Forms,
    /// The version of the account that is shown.
    pub version: u64,
    /// Who.
    pub name: String,
    /// What the user types.
    pub login_name: String,
    /// Whose user.
    pub organisation: String,
    /// Whether a reset waits, or takes a second agent.
    pub protected: bool,
    /// Where the user is reached.
    pub reached: Reached,
    /// Why, as the agent wrote.
    pub reason: String,
    /// By which ticket.
    pub ticket: String,
    /// What came of the last act.
    pub said: Option<Said>,
    /// The pairing whose check number that is about.
    pub about: Option<String>,
    /// Why it does not work.
    pub findings: Vec<Finding>,
    /// The koppelcode that was handed out in this call, while it lives.
    pub code: Option<SpokenCode>,
    /// Whether the desk hands out koppelcodes at all.
    pub koppelcodes: bool,
    /// Whether a koppelcode can be handed out now.
    pub may_invite: bool,
    /// Phones that wait for their check number.
    pub pending: Vec<PendingDevice>,
    /// Whether a fraud report locked the account.
    pub locked: bool,
    /// What is set up.
    pub methods: Vec<DeskMethod>,
    /// The phones of the app.
    pub phones: Vec<DeskPhone>,
    /// What was asked lately, the newest first.
    pub questions: Vec<DeskQuestion>,
    /// Where a reset stands.
    pub reset: ResetNow,
    /// Whether whoever looks may read the chain.
    pub may_audit: bool,
}

/// Something that explains why it does not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A phone reported fraud.
    Locked {
        /// When.
        at: String,
    },
    /// The panel does not want this user.
    Disabled,
    /// Nothing was ever set up.
    NeverEnrolled,
    /// There was something, and nothing is left.
    NothingLeft,
    /// So many wrong codes that none is taken.
    TypingDisabled {
        /// Of which method.
        way: Way,
    },
    /// Wrong codes: the next one counts later.
    Pause {
        /// Of which method.
        way: Way,
        /// How long.
        seconds: u32,
    },
    /// A phone was idle for too long.
    Suspended {
        /// Which.
        phone: String,
    },
    /// The last question reached no phone.
    Unreached,
    /// Phones keep silent; the app must be opened.
    Quiet,
}

impl Finding {
    fn text(&self, texts: &Texts) -> String {
        match self {
            Finding::Locked { at } => texts.desk_finding_locked(at),
            Finding::Disabled => texts.desk_finding_disabled(),
            Finding::NeverEnrolled => texts.desk_finding_never(),
            Finding::NothingLeft => texts.desk_finding_nothing_left(),
            Finding::TypingDisabled { way } => texts.desk_finding_disabled_method(way.name(texts).as_str()),
            Finding::Pause { way, seconds } => texts.desk_finding_pause(way.name(texts).as_str(), *seconds),
            Finding::Suspended { phone } => texts.desk_finding_suspended(phone),
            Finding::Unreached => texts.desk_finding_unreached(),
            Finding::Quiet => texts.desk_finding_quiet(),
        }
    }
}

/// A koppelcode to be read out.
#[derive(Clone, Debug)]
pub struct SpokenCode {
    /// The code.
    pub code: String,
    /// A symbol and the word for it.
    pub words: Vec<(String, String)>,
    /// What the caller types as server.
    pub host: String,
    /// What the caller types as name.
    pub login_name: String,
    /// Until when it counts.
    pub until: String,
}

/// A method of the user.
#[derive(Clone, Debug)]
pub struct DeskMethod {
    /// Which.
    pub way: Way,
    /// Whether it is asked first.
    pub primary: bool,
    /// When it was last right.
    pub used: Option<String>,
    /// How many recovery codes are left.
    pub codes_left: Option<u32>,
    /// The word that forms send.
    pub what: &'static str,
    /// Whether wrong codes stand against it.
    pub stuck: bool,
}

impl DeskMethod {
    fn line(&self, texts: &Texts) -> String {
        match (self.codes_left, &self.used) {
            (Some(left), _) => texts.settings_codes_left(left),
            (None, Some(at)) => texts.settings_used(at),
            (None, None) => texts.settings_never_used(),
        }
    }
}

/// A phone of the user.
#[derive(Clone, Debug)]
pub struct DeskPhone {
    /// As its owner called it.
    pub name: String,
    /// What it runs on.
    pub platform: String,
    /// When it was last heard of.
    pub seen: String,
    /// Whether it approves, or shows codes only.
    pub approves: bool,
    /// Whether it was idle for too long.
    pub suspended: bool,
}

/// A question that was asked lately, and what became of it.
#[derive(Clone, Debug)]
pub struct DeskQuestion {
    /// When.
    pub at: Moment,
    /// By which method; none: the browser was remembered.
    pub way: Option<Way>,
    /// How far it came, where it went to a phone.
    pub reached: Option<DeliveryState>,
    /// What became of it.
    pub state: ChallengeState,
}

impl DeskQuestion {
    fn reached(&self, texts: &Texts) -> Option<String> {
        self.reached.and_then(|state| match state {
            DeliveryState::Queued => Some(texts.line_queued()),
            DeliveryState::Sent => Some(texts.line_sent()),
            DeliveryState::Arrived => Some(texts.line_arrived()),
            DeliveryState::Shown => Some(texts.desk_shown()),
            DeliveryState::Unreached => Some(texts.line_unreached()),
            DeliveryState::Ended | DeliveryState::Ready => None,
        })
    }

    fn outcome(&self, texts: &Texts) -> String {
        match self.state {
            ChallengeState::Pending => texts.desk_outcome_pending(),
            ChallengeState::Approved | ChallengeState::Consumed => texts.desk_outcome_right(),
            ChallengeState::Denied => texts.desk_outcome_denied(),
            ChallengeState::Fraud => texts.desk_outcome_fraud(),
            ChallengeState::Failed => texts.desk_outcome_failed(),
            ChallengeState::Superseded => texts.desk_outcome_superseded(),
            ChallengeState::Cancelled => texts.desk_outcome_cancelled(),
            ChallengeState::Expired | ChallengeState::Lapsed => texts.desk_outcome_expired(),
        }
    }
}

/// Where a reset stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResetNow {
    /// There is nothing to take away.
    Nothing,
    /// It can be asked for.
    Open {
        /// It will wait, or take a second agent.
        waits: bool,
        /// A second agent can end the wait.
        second_agent: bool,
    },
    /// It was asked for.
    Asked {
        /// By whom.
        agent: String,
        /// When it may be carried out.
        due: String,
        /// That time has come.
        ripe: bool,
        /// A second agent can end the wait.
        second_agent: bool,
        /// Whoever looks may say the second yes.
        may_approve: bool,
    },
}

/// As sentences choose by it.
fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

impl CallPage {
    /// What was wrong with the check number of this phone.
    fn wrong_number(&self, device: &PendingDevice) -> Option<Said> {
        let number = matches!(self.said, Some(Said::WrongNumber { .. } | Said::Incomplete));
        self.said.filter(|_| number && self.about.as_deref() == Some(device.pairing.as_str()))
    }

    /// What came of the last act, unless it stands beside a field.
    fn said_on_top(&self) -> Option<Said> {
        self.said.filter(|_| !self.pending.iter().any(|device| self.wrong_number(device).is_some()))
    }

    /// What makes the page another one: what is typed on it stays while nothing of this changes.
    fn screen(&self) -> String {
        let pending: Vec<_> = self.pending.iter().map(|device| device.pairing.as_str()).collect();
        let code = self.code.as_ref().map_or("", |code| code.until.as_str());
        let reset = match &self.reset {
            ResetNow::Nothing => "",
            ResetNow::Open { .. } => "open",
            ResetNow::Asked { .. } => "asked",
        };
        format!("call {} {} {} {code} {reset}", pending.join(","), self.phones.len(), self.locked)
    }

    /// What the state of this page is now, for `GET /desk/call/state`.
    pub fn live(&self) -> LiveState {
        let texts = self.frame.texts();
        let (line, hint) = if self.pending.is_empty() {
            (texts.desk_line_waiting(), texts.desk_hint_waiting())
        } else {
            (texts.desk_line_pending(), texts.desk_hint_pending())
        };
        let state = if self.pending.is_empty() { "waiting" } else { "pending" };
        LiveState { version: self.version, screen: self.screen(), state, line, hint }
    }
}

impl Page for CallPage {
    fn status(&self) -> StatusCode {
        if self.said.is_some_and(|said| !said.is_good()) { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
    }
}

/// What happened to a user.
#[derive(Clone, Debug, Template)]
#[template(path = "desk/audit.html")]
pub struct AuditPage {
    /// Whose page, in which language.
    pub frame: Frame,
    /// Who is signed in.
    pub bar: Bar,
    /// Whose.
    pub name: String,
    /// How many there are, all of them sound; else the first that is not.
    pub verdict: Result<u64, u64>,
    /// The newest first.
    pub entries: Vec<DeskEntry>,
}

/// One entry.
#[derive(Clone, Debug)]
pub struct DeskEntry {
    /// Its number.
    pub n: u64,
    /// When.
    pub at: Moment,
    /// What happened, in words where there are some.
    pub what: String,
    /// Who did it.
    pub actor: String,
    /// What more there is to say.
    pub detail: String,
}

impl Page for AuditPage {
    fn status(&self) -> StatusCode {
        StatusCode::OK
    }
}
