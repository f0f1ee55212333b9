//! The screen as text: what a person sees in every situation, in both languages, and what their keys do.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use koppel_core::{
    AccountId, AccountStatus, AccountView, Approving, ChallengeContent, ChallengeKind, ChallengeView, ConnectionView,
    DenyReason, EndedView, Outcome, State,
};
use koppel_protocol::id::ChallengeId;

use super::model::{Mode, Model};
use super::view;
use crate::complaint::Complaint;
use crate::happening::{Happening, Wish};
use crate::texts::{Locale, Texts};

const SIZE: (usize, usize) = (80, 24);

fn account() -> AccountId {
    AccountId::from_bytes([1; 16])
}

fn cid(number: u8) -> ChallengeId {
    ChallengeId::from_bytes([number; 16])
}

fn member() -> AccountView {
    AccountView {
        account: account(),
        label: "De Linden".into(),
        organisation: "De Linden".into(),
        user: "jan".into(),
        host: "2fa.linden.nl".parse().expect("a host"),
        server_id: None,
        device: None,
        status: AccountStatus::Active,
        approval: Approving::Ready,
        locked: false,
        connection: ConnectionView::Live,
        clock_skew_s: Some(0),
    }
}

fn challenge(number: u8, kind: ChallengeKind) -> ChallengeView {
    ChallengeView {
        account: account(),
        cid: cid(number),
        seq: 1,
        kind,
        organisation: "De Linden".into(),
        relying_party: "Klantpaneel".into(),
        origin: "https://panel.linden.nl".into(),
        user: "jan".into(),
        purpose: "login".into(),
        ip: Some("84.22.1.9".into()),
        page_ip: None,
        browser: Some("Firefox op Linux".into()),
        place: Some("Utrecht".into()),
        began_at: Some(1_800_000_000),
        expires_at: 1_800_000_120,
        deadline: 90_000,
        waiting: 1,
        can_approve: true,
        answered: false,
    }
}

fn model(locale: Locale, accounts: Vec<AccountView>, challenges: Vec<ChallengeView>) -> Model {
    let mut model = Model::new(Texts::of(locale));
    let state = State { accounts, challenges, ..State::default() };
    model.hear(&Happening::State(state.clone()), &state);
    model
}

fn show_code(model: &mut Model, code: &str) {
    let view = model.in_front().expect("a challenge in front").clone();
    let digits = code.parse().expect("digits");
    let state = model.state.clone();
    model.hear(&Happening::Challenge(view, Some(ChallengeContent::Code(digits))), &state);
}

fn shown(model: &Model, size: (usize, usize)) -> String {
    let rows = view::rows(model, 3_000, size, false);
    assert!(rows.len() <= size.1, "more rows than the terminal has");
    for row in &rows {
        assert!(row.width() <= size.0, "wider than the terminal: {:?}", row.text());
    }
    rows.iter().map(|row| row.text().trim_end().to_owned() + "\n").collect()
}

/// The same as running text: sentences may break anywhere.
fn read(model: &Model) -> String {
    shown(model, SIZE).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn press(model: &mut Model, code: KeyCode) -> Option<Wish> {
    model.press(KeyEvent::new(code, KeyModifiers::NONE))
}

fn type_in(model: &mut Model, text: &str) -> Option<Wish> {
    text.chars().find_map(|character| press(model, KeyCode::Char(character)))
}

#[test]
fn a_code_stands_in_large_digits_with_who_asks_and_how_long_it_lives() {
    let mut model = model(Locale::Dutch, vec![member()], vec![challenge(1, ChallengeKind::Code)]);
    assert_eq!(model.to_show.take(), Some((account(), cid(1))), "it comes on screen, and the server is told");
    show_code(&mut model, "482913");
    let shown = shown(&model, SIZE);
    for text in [
        "Inlogverzoek bij Klantpaneel",
        "nog 87 s",
        "jan, De Linden",
        "Firefox op Linux",
        "Utrecht (bij benadering)",
        "84.22.1.9",
        "██  ██",
        "Typ deze code op uw scherm. Geef hem aan niemand door.",
        "w Weigeren",
        "verbonden",
    ] {
        assert!(shown.contains(text), "{text:?} is missing in\n{shown}");
    }
}

#[test]
fn where_blocks_have_no_room_the_code_stands_in_a_line() {
    let mut model = model(Locale::English, vec![member()], vec![challenge(1, ChallengeKind::Code)]);
    show_code(&mut model, "482913");
    for size in [(60, 24), (80, 14), (40, 12)] {
        let shown = shown(&model, size);
        assert!(shown.contains("482 913"), "at {size:?}:\n{shown}");
    }
    assert!(shown(&model, SIZE).contains("482 913"), "as text too, to be copied");
}

#[test]
fn a_number_is_typed_and_approved_with_the_pin() {
    let mut model = model(Locale::Dutch, vec![member()], vec![challenge(1, ChallengeKind::Number)]);
    assert!(shown(&model, SIZE).contains("[_] [_] [_]   [_] [_] [_]"));
    assert!(type_in(&mut model, "4829").is_none());
    assert!(press(&mut model, KeyCode::Enter).is_none(), "not before it is whole");
    assert!(read(&model).contains("Typ eerst alle cijfers"));
    type_in(&mut model, "13");
    assert!(shown(&model, SIZE).contains("[4] [8] [2]   [9] [1] [3]"));
    let wish = press(&mut model, KeyCode::Enter);
    assert!(matches!(wish, Some(Wish::Approve { number: Some(number), .. }) if number == "482913"));

    let state = model.state.clone();
    model.hear(&Happening::PinWanted { cid: Some(cid(1)), title: "Klantpaneel".into(), again: None }, &state);
    type_in(&mut model, "geheim1");
    let on_screen = shown(&model, SIZE);
    assert!(on_screen.contains("Uw pincode, voor Klantpaneel") && on_screen.contains("•••••••"));
    assert!(!on_screen.contains("geheim1"), "a PIN is never shown");
    assert!(matches!(press(&mut model, KeyCode::Enter), Some(Wish::Pin(Some(_)))));
}

#[test]
fn a_wrong_pin_is_said_and_asked_again_and_esc_steps_back() {
    let mut model = model(Locale::Dutch, vec![member()], vec![challenge(1, ChallengeKind::Number)]);
    let again = Some(Complaint::counting("wrong-pin", 3));
    let state = model.state.clone();
    model.hear(&Happening::PinWanted { cid: Some(cid(1)), title: "Klantpaneel".into(), again }, &state);
    assert!(read(&model).contains("Na nog 3 verkeerde pogingen moet u wachten"));
    type_in(&mut model, "kort");
    assert!(press(&mut model, KeyCode::Enter).is_none());
    assert!(shown(&model, SIZE).contains("minstens 6 tekens"));
    assert!(matches!(press(&mut model, KeyCode::Esc), Some(Wish::Pin(None))));
}

#[test]
fn refusing_asks_why_and_this_was_not_me_asks_twice() {
    let mut model = model(Locale::Dutch, vec![member()], vec![challenge(1, ChallengeKind::Code)]);
    press(&mut model, KeyCode::Char('w'));
    assert!(shown(&model, SIZE).contains("Dit was ik niet"));
    assert!(matches!(press(&mut model, KeyCode::Char('1')), Some(Wish::Deny { reason: DenyReason::Mistake, .. })));

    press(&mut model, KeyCode::Char('w'));
    assert!(press(&mut model, KeyCode::Char('2')).is_none(), "the first tap reports nothing");
    assert!(read(&model).contains("Uw account wordt vergrendeld"));
    assert!(matches!(press(&mut model, KeyCode::Char('j')), Some(Wish::Deny { reason: DenyReason::NotMe, .. })));

    press(&mut model, KeyCode::Char('w'));
    press(&mut model, KeyCode::Char('2'));
    assert!(press(&mut model, KeyCode::Esc).is_none());
    assert!(matches!(model.mode, Mode::Watching));
}

#[test]
fn several_logins_are_said_to_wait_and_tab_goes_from_one_to_the_next() {
    let mut waiting = [challenge(1, ChallengeKind::Code), challenge(2, ChallengeKind::Number)];
    waiting.iter_mut().for_each(|view| view.waiting = 2);
    let mut model = model(Locale::Dutch, vec![member()], waiting.to_vec());
    assert!(read(&model).contains("Er wachten 2 inlogverzoeken. Hooguit één is van u"));
    model.to_show = None;
    press(&mut model, KeyCode::Tab);
    assert_eq!(model.front, Some(cid(2)));
    assert_eq!(model.to_show, Some((account(), cid(2))));
}

#[test]
fn a_new_request_does_not_push_away_the_one_that_is_being_answered() {
    let mut model = model(Locale::Dutch, vec![member()], vec![challenge(1, ChallengeKind::Number)]);
    type_in(&mut model, "48");
    let state = State {
        challenges: vec![challenge(1, ChallengeKind::Number), challenge(2, ChallengeKind::Code)],
        ..model.state.clone()
    };
    model.hear(&Happening::Challenge(challenge(2, ChallengeKind::Code), None), &state);
    assert_eq!((model.front, model.typed.as_str()), (Some(cid(1)), "48"));
    assert!(model.bell);
}

#[test]
fn a_code_that_was_sent_again_replaces_the_old_one_on_screen() {
    let mut model = model(Locale::Dutch, vec![member()], vec![challenge(1, ChallengeKind::Code)]);
    show_code(&mut model, "111111");
    let old = shown(&model, SIZE);
    model.to_show = None;
    let resent = ChallengeView { seq: 2, ..challenge(1, ChallengeKind::Code) };
    let state = State { challenges: vec![resent.clone()], ..model.state.clone() };
    model.hear(&Happening::Challenge(resent, None), &state);
    assert_eq!(model.to_show, Some((account(), cid(1))), "the new one is fetched");
    assert!(!shown(&model, SIZE).contains("██"), "a dead code is not shown a moment longer");
    show_code(&mut model, "222222");
    assert_ne!(shown(&model, SIZE), old);
}

#[test]
fn what_became_of_an_answer_is_said_until_something_else_happens() {
    for (outcome, words) in [
        (Outcome::Approved, "Goedgekeurd. Ga terug naar uw browser."),
        (Outcome::WrongNumber { left: 2 }, "U heeft nog 2 pogingen"),
        (Outcome::WrongNumber { left: 1 }, "U heeft nog 1 poging."),
        (Outcome::Queued, "Uw antwoord is bewaard"),
        (Outcome::Expired, "verlopen"),
        (Outcome::Superseded, "nieuwer verzoek"),
        (Outcome::AnsweredElsewhere, "ander apparaat"),
        (Outcome::Fraud, "Uw account is vergrendeld"),
    ] {
        let mut model = model(Locale::Dutch, vec![member()], vec![]);
        let state = model.state.clone();
        model.hear(&Happening::Outcome { account: account(), cid: cid(1), approve: true, kind: None, outcome }, &state);
        let shown = read(&model);
        assert!(shown.contains(words), "{words:?} is missing in {shown}");
    }
}

#[test]
fn the_check_number_stands_large_until_it_was_typed() {
    let waiting = AccountView {
        status: AccountStatus::AwaitingConfirmation {
            check_number: "482913".into(),
            until: 1_800_000_600,
            tries_left: 3,
        },
        ..member()
    };
    let model = model(Locale::Dutch, vec![waiting], vec![]);
    let shown = shown(&model, SIZE);
    assert!(shown.contains("Controlegetal voor De Linden"));
    assert!(shown.contains("██"));
    assert!(shown.contains("Typ dit controlegetal op het scherm waar u al bent"));
}

#[test]
fn an_offer_shows_host_organisation_and_account_and_is_answered_with_a_key() {
    let mut model = model(Locale::Dutch, vec![], vec![]);
    let state = State::default();
    let offer = Happening::Offer {
        offer: 1,
        account: account(),
        host: "2fa.linden.nl".into(),
        organisation: "De Linden".into(),
        user: "jan".into(),
        agreed: false,
    };
    model.hear(&offer, &state);
    let shown = shown(&model, SIZE);
    for text in ["Klopt dit?", "2fa.linden.nl", "De Linden", "jan", "Heeft iemand u hierom gebeld? Koppel dan niet."] {
        assert!(shown.contains(text), "{text:?} is missing in\n{shown}");
    }
    assert!(press(&mut model, KeyCode::Enter).is_none(), "Enter alone agrees to nothing");
    assert!(matches!(press(&mut model, KeyCode::Char('j')), Some(Wish::Answer { offer: 1, agree: true })));
}

#[test]
fn what_was_agreed_to_beforehand_is_not_asked() {
    let mut model = model(Locale::Dutch, vec![member()], vec![]);
    let state = model.state.clone();
    let offer = Happening::Offer {
        offer: 1,
        account: account(),
        host: "2fa.linden.nl".into(),
        organisation: "De Linden".into(),
        user: "jan".into(),
        agreed: true,
    };
    model.hear(&offer, &state);
    assert!(matches!(model.mode, Mode::Watching));
}

#[test]
fn how_a_request_ended_is_not_said_beside_the_outcome_of_ones_own_answer() {
    for (told, words) in [(true, "Uw account is ontgrendeld."), (false, "Goedgekeurd.")] {
        let mut model = model(Locale::Dutch, vec![member()], vec![challenge(1, ChallengeKind::Unlock)]);
        let state = model.state.clone();
        let kind = Some(ChallengeKind::Unlock);
        let outcome = Outcome::Approved;
        model.hear(&Happening::Outcome { account: account(), cid: cid(1), approve: true, kind, outcome }, &state);
        let view = EndedView { account: account(), cid: cid(1), seq: 1, how: "approved".into() };
        model.hear(&Happening::Ended { view, told }, &State { challenges: vec![], ..state });
        let said = model.message.as_ref().map(|(sentence, _)| sentence.as_str()).unwrap_or_default();
        assert!(said.starts_with(words), "{said}");
        assert!(!read(&model).contains("inlog is voltooid"));
    }
}

#[test]
fn a_locked_account_offers_to_unlock() {
    let locked = AccountView { locked: true, ..member() };
    let mut model = model(Locale::Dutch, vec![locked], vec![]);
    let shown = shown(&model, SIZE);
    assert!(shown.contains("vergrendeld na uw melding") && shown.contains("u Ontgrendelen"));
    assert!(matches!(press(&mut model, KeyCode::Char('u')), Some(Wish::Unlock(_))));
}

#[test]
fn a_request_of_an_unknown_kind_can_be_refused_and_not_approved() {
    let unknown = ChallengeView { can_approve: false, ..challenge(1, ChallengeKind::Unsupported) };
    let mut model = model(Locale::English, vec![member()], vec![unknown]);
    let shown = shown(&model, SIZE);
    assert!(shown.contains("Update Koppel") && !shown.contains("Approve"));
    assert!(press(&mut model, KeyCode::Enter).is_none());
    press(&mut model, KeyCode::Char('d'));
    assert!(matches!(press(&mut model, KeyCode::Char('1')), Some(Wish::Deny { .. })));
}

#[test]
fn every_screen_fits_small_terminals_in_both_languages() {
    let pairing = ChallengeKind::ConfirmPairing {
        name: "Een telefoon met een heel lange naam die nergens past".into(),
        platform: "android".into(),
        ip: Some("2001:db8:1234:5678:9abc:def0:1234:5678".into()),
        place: Some("Taumatawhakatangihangakoauauotamatea".into()),
    };
    for locale in [Locale::Dutch, Locale::English] {
        for kind in [
            ChallengeKind::Code,
            ChallengeKind::Test,
            ChallengeKind::Number,
            pairing.clone(),
            ChallengeKind::Unlock,
            ChallengeKind::Unsupported,
        ] {
            let view = ChallengeView { page_ip: Some("1.2.3.4".into()), waiting: 3, ..challenge(1, kind) };
            let mut model = model(locale, vec![member(), member()], vec![view]);
            for size in [(80, 24), (60, 20), (40, 12), (20, 8), (10, 4), (2, 1)] {
                shown(&model, size);
            }
            model.mode = Mode::Help;
            shown(&model, SIZE);
        }
    }
}

#[test]
fn the_last_seconds_and_a_lost_connection_are_worth_a_warning() {
    let offline = AccountView { connection: ConnectionView::Offline, ..member() };
    let model = model(Locale::Dutch, vec![offline], vec![challenge(1, ChallengeKind::Code)]);
    assert!(shown(&model, SIZE).contains("geen verbinding"));
    let rows = view::rows(&model, 85_000, SIZE, false);
    assert!(rows.iter().any(|row| row.text().contains("nog 5 s")));
}
