//! One sample of every state of every page: the tests render them all, and the gallery writes
//! them to files to be looked at.

use koppel_domain::{ChallengeState, Colour, DeliveryState, Logo, Role};

use super::{
    AuditPage, Bar, CallPage, Card, CardState, CodeProblem, Codes, ConfirmProblem, Delivery, DeskEntry, DeskMethod,
    DeskPhone, DeskQuestion, Ending, EnrolPage, EnrolReason, EnrolStep, FindProblem, Finding, Forms, Frame, GroupLine,
    HistoryPage, HomePage, Invitation, KnownBrowser, Language, Later, LinkPage, Look, Message, MessagePage, Moment,
    Offer, OfferProblem, OwnMethod, OwnPhone, OwnRulesPage, OwnRulesSaid, PanelCard, PanelPage, PanelsPage, PastEvent,
    PendingDevice, Progress, QrCode, Reached, Removal, Resend, ResetNow, RuleShown, RulesForm, RulesSaid, Said,
    SettingsPage, SettingsProblem, SignInPage, SignInProblem, SpokenCode, Support, VerifyPage, VerifyStep, Way,
    WelcomePage, WelcomeProblem, Why, WizardPage, WizardStep,
};

/// A page of any kind.
#[allow(clippy::large_enum_variant, reason = "a handful of samples")]
pub(crate) enum Sample {
    /// The panels of an operator.
    Panels(PanelsPage),
    /// One panel.
    Panel(PanelPage),
    /// What the desk may do.
    OwnRules(OwnRulesPage),
    /// A login.
    Verify(VerifyPage),
    /// A phone is added.
    Enrol(EnrolPage),
    /// A pairing link.
    Link(LinkPage),
    /// The settings.
    Settings(SettingsPage),
    /// What happened.
    History(HistoryPage),
    /// A method is set up.
    Wizard(WizardPage),
    /// A message.
    Message(MessagePage),
    /// Where an operator signs in.
    SignIn(SignInPage),
    /// Where an operator chooses a password.
    Welcome(WelcomePage),
    /// Where a call begins.
    Home(HomePage),
    /// A call.
    Call(CallPage),
    /// A user's chain.
    Audit(AuditPage),
}

/// Every state in one language, each with the name of its file.
pub(crate) fn all(language: Language) -> Vec<(String, Sample)> {
    let mut samples = Vec::new();
    let mut add = |name: &str, sample| samples.push((name.to_owned(), sample));
    for (name, step) in verify_steps() {
        add(&format!("verify-{name}"), Sample::Verify(verify(language, step)));
    }
    for (name, reason, step) in enrol_steps() {
        let page = EnrolPage {
            frame: frame(language, Some("jansen@voorbeeld.nl")),
            forms: forms(),
            version: 3,
            reason,
            choice: false,
            later: None,
            step,
        };
        add(&format!("enrol-{name}"), Sample::Enrol(page));
    }
    for (name, page) in settings(language) {
        add(&format!("settings-{name}"), Sample::Settings(page));
    }
    let own_look = |frame: Frame| {
        let (accent, logo) = look();
        Frame { look: Look::with(Some(accent), Some(&logo)), ..frame }
    };
    let page = verify(language, code(Progress::Shown, None));
    add("look-verify", Sample::Verify(VerifyPage { frame: own_look(page.frame.clone()), ..page }));
    for (name, page) in settings(language).into_iter().take(1) {
        add(
            &format!("look-settings-{name}"),
            Sample::Settings(SettingsPage { frame: own_look(page.frame.clone()), ..page }),
        );
    }
    for (name, page) in histories(language) {
        add(&format!("history{name}"), Sample::History(page));
    }
    for (name, step) in wizard_steps() {
        let page = WizardPage { frame: frame(language, Some("jansen@voorbeeld.nl")), forms: forms(), version: 3, step };
        add(&format!("wizard-{name}"), Sample::Wizard(page));
    }
    let frame_without = || frame(language, None);
    add("link", Sample::Link(LinkPage { frame: frame_without() }));
    for (name, message, bound) in messages() {
        let page = MessagePage { frame: frame_without(), message, forms: bound.then(forms) };
        add(&format!("message-{name}"), Sample::Message(page));
    }
    for (name, problem) in [
        ("", None),
        ("-wrong", Some(SignInProblem::Wrong)),
        ("-wait", Some(SignInProblem::Wait { seconds: 540 })),
        ("-ended", Some(SignInProblem::Ended)),
        ("-again", Some(SignInProblem::Again)),
        ("-over", Some(SignInProblem::Over)),
    ] {
        add(&format!("desk-sign-in{name}"), Sample::SignIn(SignInPage { frame: desk_frame(language), problem }));
    }
    for (name, problem) in [
        ("", None),
        ("-link", Some(WelcomeProblem::Link)),
        ("-length", Some(WelcomeProblem::Length)),
        ("-differs", Some(WelcomeProblem::Differs)),
    ] {
        add(&format!("desk-welcome{name}"), Sample::Welcome(WelcomePage { frame: desk_frame(language), problem }));
    }
    for (name, problem) in
        [("", None), ("-nobody", Some(FindProblem::NobodyThere)), ("-no-reason", Some(FindProblem::NoReason))]
    {
        add(&format!("desk-find{name}"), Sample::Home(desk_home(language, problem)));
    }
    for (name, page) in desk_calls(language) {
        add(&format!("desk-call-{name}"), Sample::Call(page));
    }
    add(
        "desk-panels",
        Sample::Panels(PanelsPage {
            frame: desk_frame(language),
            bar: bar(Role::Admin),
            panels: vec![panel_card(language)],
            organisations: vec![("og_gaytemzugu3doobzmfrggzdfmy".to_owned(), "Voorbeeld Telecom".to_owned())],
        }),
    );
    add(
        "desk-panels-none",
        Sample::Panels(PanelsPage {
            frame: desk_frame(language),
            bar: bar(Role::Supervisor),
            panels: Vec::new(),
            organisations: Vec::new(),
        }),
    );
    for (name, role, said) in [
        ("", Role::Supervisor, None),
        ("-rules", Role::Admin, None),
        ("-saved", Role::Admin, Some(RulesSaid::Saved)),
        ("-nobody", Role::Admin, Some(RulesSaid::SavedForNobody)),
        ("-no-factor", Role::Admin, Some(RulesSaid::NoFactor)),
        ("-signature", Role::Admin, Some(RulesSaid::SignatureNeedsApp)),
        ("-too-many", Role::Admin, Some(RulesSaid::TooManyBackups)),
        ("-meanwhile", Role::Admin, Some(RulesSaid::Meanwhile)),
        ("-days", Role::Admin, Some(RulesSaid::Days)),
        ("-no-day", Role::Admin, Some(RulesSaid::NoDay)),
        ("-no-group", Role::Admin, Some(RulesSaid::NoGroup)),
        ("-no-telephone", Role::Admin, Some(RulesSaid::NoTelephone)),
        ("-no-web", Role::Admin, Some(RulesSaid::NoWeb)),
        ("-no-note", Role::Admin, Some(RulesSaid::NoNote)),
        ("-no-colour", Role::Admin, Some(RulesSaid::NoColour)),
        ("-too-pale", Role::Admin, Some(RulesSaid::TooPale { tenths: 31 })),
    ] {
        add(&format!("desk-panel{name}"), Sample::Panel(desk_panel(language, role, said)));
    }
    for (name, said) in [
        ("", None),
        ("-saved", Some(OwnRulesSaid::Saved)),
        ("-meanwhile", Some(OwnRulesSaid::Meanwhile)),
        ("-hours", Some(OwnRulesSaid::Hours)),
    ] {
        let page = OwnRulesPage {
            frame: desk_frame(language),
            bar: bar(Role::Admin),
            id: "og_gaytemzugu3doobzmfrggzdfmy".to_owned(),
            organisation: "Voorbeeld Telecom".to_owned(),
            said,
            form_token: forms().token,
            seen: 4,
            koppelcodes: true,
            protect_everybody: false,
            second_agent: true,
            wait_hours: 24,
        };
        add(&format!("desk-own-rules{name}"), Sample::OwnRules(page));
    }
    for (name, verdict) in [("", Ok(41)), ("-broken", Err(17))] {
        add(&format!("desk-audit{name}"), Sample::Audit(desk_audit(language, verdict)));
    }
    samples
}

/// The colour and the logo of a relying party that has its own.
pub(crate) fn look() -> (Colour, Logo) {
    let file = include_bytes!("../../examples/sample_logo.png");
    (Colour([0x7A, 0x1F, 0x5C]), Logo { png: file.as_slice().into(), width: 96, height: 72 })
}

fn desk_frame(language: Language) -> Frame {
    Frame::of(language, "Koppel Servicedesk")
}

fn bar(role: Role) -> Bar {
    Bar { name: "m.devries".to_owned(), role, form_token: "Zm9ybXVsaWVydG9rZW4".to_owned() }
}

fn panel_card(language: Language) -> PanelCard {
    PanelCard {
        id: "rp_1".to_owned(),
        name: "Klantpaneel".to_owned(),
        organisation: "Voorbeeld Telecom".to_owned(),
        rule: RuleShown::From(language.date(1_803_859_200)),
    }
}

fn desk_panel(language: Language, role: Role, said: Option<RulesSaid>) -> PanelPage {
    let line = |group: Option<&str>, rule, [set_up, backup_missing, put_off, not_yet, lost]: [u64; 5]| {
        let users = set_up + backup_missing + put_off + not_yet + lost;
        let percent = (set_up + backup_missing) * 100 / users;
        let group = group.map(str::to_owned);
        GroupLine { group, rule, users, set_up, backup_missing, put_off, not_yet, lost, percent }
    };
    let from = || panel_card(language).rule;
    PanelPage {
        frame: desk_frame(language),
        bar: bar(role),
        panel: panel_card(language),
        said,
        groups: vec![
            line(None, from(), [4105, 210, 1280, 3390, 12]),
            line(Some("beheer"), RuleShown::Required, [18, 0, 0, 1, 0]),
            line(Some("proefklanten"), RuleShown::Optional, [64, 6, 21, 9, 0]),
        ],
        total: line(None, from(), [4187, 216, 1301, 3400, 12]),
        disabled: 41,
        rules: (role == Role::Admin).then(|| RulesForm {
            form_token: "Zm9ybXVsaWVydG9rZW4".to_owned(),
            seen: "bWFyaw".to_owned(),
            app: true,
            totp: true,
            recovery: true,
            backups: 1,
            number: false,
            signature: false,
            remember_days: 14,
            rule: "day",
            day: "01-03-2027".to_owned(),
            groups: vec!["beheer".to_owned(), "proefklanten".to_owned()],
            telephone: "085 - 123 45 67".to_owned(),
            web: "https://help.voorbeeld.nl/inloggen".to_owned(),
            note: String::new(),
            accent: "#7A1F5C".to_owned(),
        }),
    }
}

fn desk_home(language: Language, problem: Option<FindProblem>) -> HomePage {
    let organisations =
        [("og_1", "Voorbeeld Telecom"), ("og_2", "De Linden")].map(|(id, name)| (id.to_owned(), name.to_owned()));
    let typed = |text: &str| if problem.is_some() { text.to_owned() } else { String::new() };
    HomePage {
        frame: desk_frame(language),
        bar: bar(Role::Support),
        organisations: if problem.is_some() { organisations.to_vec() } else { Vec::new() },
        problem,
        name: typed("jansen@voorbeeld.nl"),
        reason: typed("telefoon kwijt"),
        ticket: typed("INC-20417"),
    }
}

fn desk_call(language: Language) -> CallPage {
    let at = |minute: u64| language.moment(1_795_744_980 + 60 * minute);
    let moment = |minute: u64| Moment::of(1_795_744_980 + 60 * minute, language);
    CallPage {
        frame: desk_frame(language),
        bar: bar(Role::Supervisor),
        forms: forms(),
        version: 12,
        name: "Anna Jansen".to_owned(),
        login_name: "jansen@voorbeeld.nl".to_owned(),
        organisation: "Voorbeeld Telecom".to_owned(),
        protected: false,
        reached: reached(),
        reason: "telefoon kwijt".to_owned(),
        ticket: "INC-20417".to_owned(),
        said: None,
        about: None,
        findings: Vec::new(),
        code: None,
        koppelcodes: true,
        may_invite: true,
        pending: Vec::new(),
        locked: false,
        methods: vec![
            DeskMethod { way: Way::App, primary: true, used: Some(at(0)), codes_left: None, what: "app", stuck: false },
            DeskMethod {
                way: Way::Authenticator,
                primary: false,
                used: None,
                codes_left: None,
                what: "totp",
                stuck: false,
            },
            DeskMethod {
                way: Way::Codes,
                primary: false,
                used: None,
                codes_left: Some(3),
                what: "recovery",
                stuck: false,
            },
        ],
        phones: vec![DeskPhone {
            name: "Pixel 8 van Anna".to_owned(),
            platform: "Android".to_owned(),
            seen: at(4),
            approves: true,
            suspended: false,
        }],
        questions: vec![
            DeskQuestion {
                at: moment(5),
                way: Some(Way::App),
                reached: Some(DeliveryState::Unreached),
                state: ChallengeState::Pending,
            },
            DeskQuestion {
                at: moment(0),
                way: Some(Way::App),
                reached: Some(DeliveryState::Shown),
                state: ChallengeState::Consumed,
            },
            DeskQuestion { at: moment(0), way: Some(Way::Authenticator), reached: None, state: ChallengeState::Failed },
        ],
        reset: ResetNow::Open { waits: false, second_agent: true },
        may_audit: true,
    }
}

fn desk_calls(language: Language) -> Vec<(&'static str, CallPage)> {
    let at = |minute: u64| language.moment(1_795_744_980 + 60 * minute);
    let plain = desk_call(language);
    let words = [
        ("7", "zeven"),
        ("K", "Karel"),
        ("3", "drie"),
        ("M", "Maria"),
        ("9", "negen"),
        ("Q", "Quirinus"),
        ("X", "Xantippe"),
        ("T", "Theodor"),
        ("H", "Hendrik"),
    ];
    let code = SpokenCode {
        code: "7K3M-9QXT-H".to_owned(),
        words: words.map(|(symbol, word)| (symbol.to_owned(), word.to_owned())).to_vec(),
        host: "2fa.voorbeeld.nl".to_owned(),
        login_name: "jansen@voorbeeld.nl".to_owned(),
        until: at(10),
    };
    let device = PendingDevice {
        pairing: "pa_gaytemzugu3doobzmfrggzdfmy".to_owned(),
        name: "iPhone van Anna".to_owned(),
        platform: "iOS".to_owned(),
    };
    let everything = vec![
        Finding::Locked { at: at(1) },
        Finding::Disabled,
        Finding::TypingDisabled { way: Way::Authenticator },
        Finding::Pause { way: Way::App, seconds: 30 },
        Finding::Suspended { phone: "Pixel 4a".to_owned() },
        Finding::Unreached,
        Finding::Quiet,
    ];
    let empty = CallPage { methods: Vec::new(), phones: Vec::new(), questions: Vec::new(), ..plain.clone() };
    let protected = CallPage { protected: true, may_invite: false, reached: Reached::default(), ..plain.clone() };
    let asked = |ripe, may_approve| ResetNow::Asked {
        agent: "k.bakker".to_owned(),
        due: at(1440),
        ripe,
        second_agent: true,
        may_approve,
    };
    let unchecked = Reached { verified: false, ..reached() };
    let stuck = plain.methods.iter().cloned().map(|method| DeskMethod { stuck: true, ..method }).collect();
    vec![
        ("works", plain.clone()),
        (
            "new",
            CallPage {
                findings: vec![Finding::NeverEnrolled],
                reset: ResetNow::Nothing,
                bar: bar(Role::Support),
                may_audit: false,
                ..empty.clone()
            },
        ),
        (
            "lost",
            CallPage {
                findings: vec![Finding::NothingLeft],
                reset: ResetNow::Nothing,
                said: Some(Said::ResetDone),
                ..empty
            },
        ),
        (
            "everything",
            CallPage { findings: everything, locked: true, may_invite: false, methods: stuck, ..plain.clone() },
        ),
        ("code", CallPage { code: Some(code.clone()), ..plain.clone() }),
        ("pending", CallPage { code: Some(code), pending: vec![device.clone()], ..plain.clone() }),
        (
            "wrong",
            CallPage {
                about: Some(device.pairing.clone()),
                pending: vec![device],
                said: Some(Said::WrongNumber { tries_left: 2 }),
                ..plain.clone()
            },
        ),
        ("confirmed", CallPage { said: Some(Said::Confirmed), ..plain.clone() }),
        ("unchecked", CallPage { reached: unchecked, ..plain.clone() }),
        ("protected", CallPage { reset: ResetNow::Open { waits: true, second_agent: true }, ..protected.clone() }),
        ("asked", CallPage { reset: asked(false, false), said: Some(Said::ResetAsked), ..protected.clone() }),
        ("approve", CallPage { reset: asked(false, true), ..protected.clone() }),
        ("ripe", CallPage { reset: asked(true, true), ..protected.clone() }),
        (
            "no-codes",
            CallPage {
                koppelcodes: false,
                reset: ResetNow::Open { waits: true, second_agent: false },
                ..protected.clone()
            },
        ),
        ("refused", CallPage { said: Some(Said::SecondAgent), ..protected }),
    ]
}

fn desk_audit(language: Language, verdict: Result<u64, u64>) -> AuditPage {
    let entry = |n: u64, what: &str, actor: &str, detail: &str| DeskEntry {
        n,
        at: Moment::of(1_795_744_980 + n, language),
        what: what.to_owned(),
        actor: actor.to_owned(),
        detail: detail.to_owned(),
    };
    AuditPage {
        frame: desk_frame(language),
        bar: bar(Role::Supervisor),
        name: "jansen@voorbeeld.nl".to_owned(),
        verdict,
        entries: vec![
            entry(
                41,
                &happened(language, "Koppelcode gegeven", "Koppelcode handed out"),
                "operator:m.devries",
                "agent: m.devries · invitation: iv_gaytemzugu3doobzmfrggzdfmy · ip: 198.51.100.4 · reason: telefoon kwijt · ticket: INC-20417",
            ),
            entry(
                40,
                &happened(language, "Account bekeken", "Account looked at"),
                "operator:m.devries",
                "agent: m.devries · reason: telefoon kwijt · ticket: INC-20417",
            ),
            entry(
                39,
                &happened(language, "Bevestigd en afgerond", "Confirmed and completed"),
                "key:ak_gaytemzugu3doobzmfrggzdfmy",
                "challenge: ch_gaytemzugu3doobzmfrggzdfmy",
            ),
        ],
    }
}

fn happened(language: Language, dutch: &str, english: &str) -> String {
    match language {
        Language::Dutch => dutch.to_owned(),
        Language::English => english.to_owned(),
    }
}

fn histories(language: Language) -> Vec<(&'static str, HistoryPage)> {
    let event = |n: u64, dutch: &str, english: &str, about: &[&str]| PastEvent {
        what: happened(language, dutch, english),
        at: Moment::of(1_795_744_980 - n * 40_000, language),
        about: about.iter().map(ToString::to_string).collect(),
    };
    let few = vec![
        event(0, "Ingelogd", "Logged in", &["Pixel 8 van Jan", "Firefox, Linux"]),
        event(1, "Inloggen geweigerd", "Login refused", &["Samsung Internet, Android"]),
        event(2, "Gemeld: dit was ik niet", "Reported: this was not me", &["Pixel 8 van Jan", "Chrome, Windows"]),
        event(3, "Telefoon gekoppeld", "Phone paired", &["Pixel 8 van Jan"]),
        event(
            4,
            "Account bekeken",
            "Account looked at",
            &[&happened(language, "door de klantenservice", "by support")],
        ),
    ];
    let many = few.iter().cycle().take(20).cloned().collect();
    let page = |events, past, older| HistoryPage {
        frame: frame(language, Some("jansen@voorbeeld.nl")),
        settings: forms().path,
        events,
        past,
        older,
    };
    vec![("", page(many, false, Some(412))), ("-older", page(few, true, None)), ("-none", page(Vec::new(), true, None))]
}

fn frame(language: Language, account: Option<&str>) -> Frame {
    let support = Support {
        telephone: Some(("0851234567".to_owned(), "085 - 123 45 67".to_owned())),
        web: Some(("https://help.voorbeeld.nl/inloggen".to_owned(), "help.voorbeeld.nl".to_owned())),
        note: Some(happened(language, "werkdagen 9–17 uur", "weekdays 9–17")),
    };
    let account = account.map(str::to_owned);
    Frame { account, support: Some(support), ..Frame::of(language, "Voorbeeld Telecom") }
}

fn forms() -> Forms {
    Forms { path: "/p/pr_ab3kq7xw5ndm2z6tfh4yv7jc4e".to_owned(), token: "Zm9ybXVsaWVydG9rZW4".to_owned() }
}

fn delivery(progress: Progress) -> Delivery {
    Delivery {
        seq: 1,
        digits: 6,
        progress,
        expires_in: 97,
        lifetime: 120,
        resend: Resend::After(0),
        quiet: false,
        others: 0,
    }
}

fn verify(language: Language, step: VerifyStep) -> VerifyPage {
    VerifyPage {
        frame: frame(language, Some("jansen@voorbeeld.nl")),
        forms: forms(),
        version: 7,
        step,
        others: vec![Way::Authenticator, Way::Codes],
        remember: Some(14),
    }
}

fn code(progress: Progress, problem: Option<CodeProblem>) -> VerifyStep {
    VerifyStep::Code { delivery: delivery(progress), problem }
}

fn number(delivery: Delivery, problem: Option<CodeProblem>) -> VerifyStep {
    VerifyStep::Number { number: "482913".to_owned(), delivery, problem }
}

fn verify_steps() -> Vec<(&'static str, VerifyStep)> {
    let first = Delivery { expires_in: 120, resend: Resend::After(20), ..delivery(Progress::Sent) };
    let crowded = Delivery { others: 2, quiet: true, resend: Resend::UsedUp, ..delivery(Progress::Sent) };
    let eight = Delivery { digits: 8, ..delivery(Progress::Shown) };
    let wrong = |tries_left| Some(CodeProblem::Wrong { tries_left });
    vec![
        ("code-queued", code(Progress::Queued, None)),
        ("code-sent", VerifyStep::Code { delivery: first.clone(), problem: None }),
        ("code-arrived", code(Progress::Arrived, None)),
        ("code-shown", code(Progress::Shown, None)),
        ("code-unreached", code(Progress::Unreached, None)),
        ("code-crowded", VerifyStep::Code { delivery: crowded.clone(), problem: None }),
        ("code-wrong", code(Progress::Shown, wrong(4))),
        ("code-wrong-last", code(Progress::Shown, wrong(1))),
        ("code-incomplete", code(Progress::Shown, Some(CodeProblem::Incomplete))),
        ("code-wait", code(Progress::Shown, Some(CodeProblem::Wait { seconds: 15 }))),
        ("code-too-soon", code(Progress::Sent, Some(CodeProblem::TooSoon { seconds: 12 }))),
        ("code-no-more", code(Progress::Sent, Some(CodeProblem::NoMoreSends))),
        ("code-superseded", code(Progress::Arrived, Some(CodeProblem::Superseded))),
        ("code-eight", VerifyStep::Code { delivery: eight.clone(), problem: None }),
        ("number-eight", VerifyStep::Number { number: "48291370".to_owned(), delivery: eight, problem: None }),
        ("number-sent", number(first, None)),
        ("number-shown", number(delivery(Progress::Shown), None)),
        ("number-crowded", number(crowded, None)),
        ("number-too-soon", number(delivery(Progress::Arrived), Some(CodeProblem::TooSoon { seconds: 1 }))),
        ("authenticator", VerifyStep::Authenticator { seq: 2, problem: None }),
        ("authenticator-not-now", VerifyStep::Authenticator { seq: 2, problem: Some(CodeProblem::NotNow) }),
        ("authenticator-wrong", VerifyStep::Authenticator { seq: 2, problem: wrong(3) }),
        ("recovery", VerifyStep::Recovery { seq: 2, problem: None }),
        ("recovery-form", VerifyStep::Recovery { seq: 2, problem: Some(CodeProblem::NoRecoveryCode) }),
        ("approved", VerifyStep::Approved),
        ("ended-code", VerifyStep::Ended(Ending::CodeExpired)),
        ("ended-number", VerifyStep::Ended(Ending::NumberExpired)),
        ("ended-expired", VerifyStep::Ended(Ending::Expired)),
        ("ended-denied", VerifyStep::Ended(Ending::Denied)),
        ("ended-fraud", VerifyStep::Ended(Ending::Fraud)),
        ("ended-locked", VerifyStep::Ended(Ending::Locked)),
        ("ended-tries", VerifyStep::Ended(Ending::TooManyTries)),
        ("ended-superseded", VerifyStep::Ended(Ending::Superseded)),
        ("ended-cancelled", VerifyStep::Ended(Ending::Cancelled)),
        ("ended-unavailable", VerifyStep::Ended(Ending::Unavailable)),
    ]
}

fn enrol_steps() -> Vec<(&'static str, EnrolReason, EnrolStep)> {
    use EnrolReason::{Another, First};
    let waiting = EnrolStep::Waiting(invitation());
    let pixel = PendingDevice {
        pairing: "pa_7dkq2mxw5nabz6tfh4yv7jc4em".to_owned(),
        name: "Pixel 8 van Jan".to_owned(),
        platform: "Android 16".to_owned(),
    };
    let terminal = PendingDevice {
        pairing: "pa_x4kq2mxw5nabz6tfh4yv7jc4em".to_owned(),
        name: "werkplek".to_owned(),
        platform: "Linux".to_owned(),
    };
    let pending = |devices: &[&PendingDevice], problem| EnrolStep::Pending {
        devices: devices.iter().copied().cloned().collect(),
        expires_in: 560,
        lifetime: 600,
        problem,
    };
    let wrong = Some(ConfirmProblem::Wrong { tries_left: 2 });
    vec![
        ("waiting", First, waiting.clone()),
        ("waiting-another", Another, waiting),
        ("pending", First, pending(&[&pixel], None)),
        ("pending-wrong", First, pending(&[&pixel], wrong)),
        ("pending-incomplete", First, pending(&[&pixel], Some(ConfirmProblem::Incomplete))),
        ("pending-several", First, pending(&[&pixel, &terminal], None)),
        ("pending-choose", First, pending(&[&pixel, &terminal], Some(ConfirmProblem::ChooseOne))),
        ("refused", First, EnrolStep::Refused),
        ("expired", First, EnrolStep::Expired),
        ("test-code", First, EnrolStep::Test(code(Progress::Arrived, None))),
        ("test-number", First, EnrolStep::Test(number(delivery(Progress::Arrived), None))),
        ("test-ended", First, EnrolStep::Test(VerifyStep::Ended(Ending::CodeExpired))),
        ("done", First, EnrolStep::Done { device: pixel.name.clone() }),
    ]
}

fn invitation() -> Invitation {
    let link = "https://2fa.voorbeeld.nl/p#v=1&s=9sQq1xJw3mZ0b4cYt7uVfK2hLr8nPdE6gAoWiTjXyBk\
                &t=q83vASNFZ4mrze8BI0VniQ&k=EjRWeJCrze8SNFZ4kKvN7w";
    Invitation {
        qr: QrCode::new(link).expect("the sample link fits"),
        link: link.to_owned(),
        koppelcode: "7K3M-9QXT-H".to_owned(),
        host: "2fa.voorbeeld.nl".to_owned(),
        login_name: "jansen@voorbeeld.nl".to_owned(),
        expires_in: 278,
        lifetime: 300,
    }
}

fn settings(language: Language) -> Vec<(&'static str, SettingsPage)> {
    let method = |way, primary, removal| OwnMethod {
        way,
        primary,
        may_be_primary: !primary && way != Way::Codes,
        used: Some("27-11-2026".to_owned()),
        codes_left: (way == Way::Codes).then_some(3),
        removal,
    };
    let phone = |name: &str, approves, removal| OwnPhone {
        id: "dv_7dkq2mxw5nabz6tfh4yv7jc4em".to_owned(),
        name: name.to_owned(),
        platform: "Android".to_owned(),
        seen: "27-11-2026".to_owned(),
        approves,
        removal,
    };
    let full = SettingsPage {
        frame: frame(language, Some("jansen@voorbeeld.nl")),
        forms: forms(),
        version: 3,
        methods: vec![
            method(Way::App, true, Removal::Elsewhere),
            method(Way::Authenticator, false, Removal::Open),
            method(Way::Codes, false, Removal::Open),
        ],
        phones: vec![phone("Pixel 8 van Jan", true, Removal::Open), phone("werkplek", false, Removal::Open)],
        cards: vec![Card { number: reached().mobile, ..Card::new(Way::Call, CardState::Unavailable) }],
        more_phones: true,
        browsers: [("Firefox, Linux", "27-11-2026"), ("", "20-11-2026")]
            .map(|(name, used)| KnownBrowser {
                id: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8".to_owned(),
                name: name.to_owned(),
                used: used.to_owned(),
                until: "11-12-2026".to_owned(),
            })
            .to_vec(),
        reached: reached(),
        problem: None,
    };
    let bare = SettingsPage {
        methods: vec![OwnMethod { used: None, ..method(Way::Authenticator, true, Removal::Needed) }],
        phones: Vec::new(),
        browsers: Vec::new(),
        reached: Reached::default(),
        cards: vec![Card::new(Way::Codes, CardState::Open)],
        ..full.clone()
    };
    let needed = SettingsPage { problem: Some(SettingsProblem::Needed), ..bare.clone() };
    let nameless = SettingsPage { problem: Some(SettingsProblem::NoName), ..full.clone() };
    vec![("full", full), ("bare", bare), ("needed", needed), ("nameless", nameless)]
}

fn reached() -> Reached {
    Reached {
        mobile: Some("06 •• •• •• 78".to_owned()),
        verified: true,
        mail: vec!["j•••@voorbeeld.nl".to_owned(), "a•••@voorbeeld.org".to_owned()],
    }
}

fn wizard_steps() -> Vec<(&'static str, WizardStep)> {
    use CardState::{Added, Open, Unavailable};
    let card = Card::new;
    let first = vec![card(Way::App, Open), card(Way::Call, Unavailable), card(Way::Authenticator, Open)];
    let known =
        first.iter().map(|one| Card { number: reached().mobile.filter(|_| one.way == Way::Call), ..one.clone() });
    let known: Vec<Card> = known.collect();
    let backup = vec![
        card(Way::App, Added),
        card(Way::Call, Unavailable),
        card(Way::Authenticator, Open),
        card(Way::Codes, Open),
    ];
    let more = vec![card(Way::App, Added), card(Way::Authenticator, Added), card(Way::Codes, Open)];
    let choose = |why, cards: &[Card], later: Option<Option<&str>>| WizardStep::Choose {
        why,
        cards: cards.to_vec(),
        later: later.map(|until| Later { until: until.map(str::to_owned) }),
    };
    let address = "otpauth://totp/Voorbeeld%20Telecom:jansen%40voorbeeld.nl?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Voorbeeld%20Telecom";
    let offer = Offer {
        qr: QrCode::new(address).expect("the sample address fits"),
        address: address.to_owned(),
        key: "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP".to_owned(),
    };
    let authenticator = |problem| WizardStep::Authenticator { offer: offer.clone(), problem };
    let codes = (1..=10).map(|slot| format!("{slot}-7KQM-X2PD-9RTV-H4C{}", slot % 10)).collect();
    vec![
        ("choose", choose(Why::First, &first, None)),
        ("choose-known", choose(Why::First, &known, None)),
        ("choose-later", choose(Why::First, &first, Some(None))),
        ("choose-until", choose(Why::First, &first, Some(Some("01-03-2027")))),
        ("choose-backup", choose(Why::Backup, &backup, None)),
        ("choose-anew", choose(Why::Recovered, &first, None)),
        ("choose-more", choose(Why::More, &more, None)),
        ("authenticator", authenticator(None)),
        ("authenticator-wrong", authenticator(Some(OfferProblem::Wrong))),
        ("authenticator-incomplete", authenticator(Some(OfferProblem::Incomplete))),
        ("authenticator-not-now", authenticator(Some(OfferProblem::NotNow))),
        ("authenticator-wait", authenticator(Some(OfferProblem::Wait { seconds: 15 }))),
        ("codes-before", WizardStep::BeforeCodes { shown_before: false }),
        ("codes-again", WizardStep::BeforeCodes { shown_before: true }),
        ("codes", WizardStep::Codes(Codes(codes))),
        ("codes-not-kept", WizardStep::CodesNotKept),
        ("done", WizardStep::Done),
    ]
}

fn messages() -> Vec<(&'static str, Message, bool)> {
    let address = || "/p/q83vASNFZ4mrze8BI0VniRIzRFVmd4iZqrvM3e7_AAE".to_owned();
    vec![
        ("stolen", Message::Stolen, false),
        ("other-browser", Message::OtherBrowser, false),
        ("window", Message::NotAWindow { address: address() }, false),
        ("expired", Message::Expired, false),
        ("used", Message::Used, false),
        ("unknown", Message::Unknown, false),
        ("support", Message::NeedsSupport, true),
        ("locked", Message::Locked, true),
        ("stale", Message::Stale { address: address() }, true),
        ("busy", Message::Busy { seconds: 9 }, false),
        ("unavailable", Message::Unavailable, true),
    ]
}
