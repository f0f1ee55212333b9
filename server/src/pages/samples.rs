//! One sample of every state of every page: the tests render them all, and the gallery writes
//! them to files to be looked at.

use super::{
    Card, CardState, CodeProblem, Codes, ConfirmProblem, Delivery, Ending, EnrolPage, EnrolReason, EnrolStep, Forms,
    Frame, Invitation, Language, LinkPage, Message, MessagePage, Offer, OfferProblem, OwnMethod, OwnPhone,
    PendingDevice, Progress, QrCode, Removal, Resend, SettingsPage, SettingsProblem, VerifyPage, VerifyStep, Way, Why,
    WizardPage, WizardStep,
};

/// A page of any kind.
#[allow(clippy::large_enum_variant, reason = "a handful of samples")]
pub(crate) enum Sample {
    /// A login.
    Verify(VerifyPage),
    /// A phone is added.
    Enrol(EnrolPage),
    /// A pairing link.
    Link(LinkPage),
    /// The settings.
    Settings(SettingsPage),
    /// A method is set up.
    Wizard(WizardPage),
    /// A message.
    Message(MessagePage),
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
            step,
        };
        add(&format!("enrol-{name}"), Sample::Enrol(page));
    }
    for (name, page) in settings(language) {
        add(&format!("settings-{name}"), Sample::Settings(page));
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
    samples
}

fn frame(language: Language, account: Option<&str>) -> Frame {
    Frame { language, party: "Voorbeeld Telecom".to_owned(), account: account.map(str::to_owned) }
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
        cards: vec![Card { way: Way::Call, state: CardState::Unavailable }],
        more_phones: true,
        problem: None,
    };
    let bare = SettingsPage {
        methods: vec![OwnMethod { used: None, ..method(Way::Authenticator, true, Removal::Needed) }],
        phones: Vec::new(),
        cards: vec![Card { way: Way::Codes, state: CardState::Open }],
        ..full.clone()
    };
    let needed = SettingsPage { problem: Some(SettingsProblem::Needed), ..bare.clone() };
    let nameless = SettingsPage { problem: Some(SettingsProblem::NoName), ..full.clone() };
    vec![("full", full), ("bare", bare), ("needed", needed), ("nameless", nameless)]
}

fn wizard_steps() -> Vec<(&'static str, WizardStep)> {
    use CardState::{Added, Open, Unavailable};
    let card = |way, state| Card { way, state };
    let first = vec![card(Way::App, Open), card(Way::Call, Unavailable), card(Way::Authenticator, Open)];
    let backup = vec![
        card(Way::App, Added),
        card(Way::Call, Unavailable),
        card(Way::Authenticator, Open),
        card(Way::Codes, Open),
    ];
    let more = vec![card(Way::App, Added), card(Way::Authenticator, Added), card(Way::Codes, Open)];
    let address = "otpauth://totp/Voorbeeld%20Telecom:jansen%40voorbeeld.nl?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Voorbeeld%20Telecom";
    let offer = Offer {
        qr: QrCode::new(address).expect("the sample address fits"),
        address: address.to_owned(),
        key: "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP".to_owned(),
    };
    let authenticator = |problem| WizardStep::Authenticator { offer: offer.clone(), problem };
    let codes = (1..=10).map(|slot| format!("{slot}-7KQM-X2PD-9RTV-H4C{}", slot % 10)).collect();
    vec![
        ("choose", WizardStep::Choose { why: Why::First, cards: first.clone() }),
        ("choose-backup", WizardStep::Choose { why: Why::Backup, cards: backup }),
        ("choose-anew", WizardStep::Choose { why: Why::Recovered, cards: first }),
        ("choose-more", WizardStep::Choose { why: Why::More, cards: more }),
        ("authenticator", authenticator(None)),
        ("authenticator-wrong", authenticator(Some(OfferProblem::Wrong))),
        ("authenticator-incomplete", authenticator(Some(OfferProblem::Incomplete))),
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
