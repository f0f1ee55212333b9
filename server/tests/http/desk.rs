//! The support desk over HTTP: in by a link, a password and a second factor; a call; and what each may do in it.

use koppel_protocol::pairing::Door;
use koppel_server::commands::{Command, OperatorPut, OrganisationAdd, RelyingPartySet, SupportChange};
use reqwest::StatusCode;
use serde_json::json;

use crate::fixture::{Answer, Session, Waiting, World, command, organisation};
use crate::pages::{Browser, location, token};
use crate::wizard::{Page, code};

pub(crate) const PASSWORD: &str = "een paard in de regen";

pub(crate) async fn add(world: &World, name: &str, role: &str) -> String {
    let put = OperatorPut { name: name.to_owned(), role: Some(role.to_owned()), organisations: None, new_link: true };
    let made = command(&world.config, Command::OperatorAdd(put)).await;
    let (link, code) = (made["link"].as_str().expect("a link"), made["code"].as_str().expect("a code"));
    assert_eq!(link.split_once('#').map(|(_, secret)| secret), Some(code), "the secret is in the fragment alone");
    code.to_owned()
}

/// An operator who is signed in, in their browser.
pub(crate) struct Desk<'w> {
    pub(crate) browser: Browser<'w>,
    pub(crate) seed: Vec<u8>,
}

impl<'w> Desk<'w> {
    /// The first time: the link, a password, and the wizard of every user.
    pub(crate) async fn begin(world: &'w World, name: &str, role: &str) -> Desk<'w> {
        let code = add(world, name, role).await;
        let mut browser = Browser::new(world);
        let welcome = browser.get("/desk/welcome").await;
        assert!(welcome.text.contains("Kies uw wachtwoord"), "{welcome:?}");
        let chosen =
            browser.post("/desk/welcome", &[("code", &code), ("password", PASSWORD), ("again", PASSWORD)]).await;
        let mut page = Page::at(world, browser, &location(&chosen)).await;
        assert_eq!(page.screen(), "choose", "{:?}", page.shown);
        let seed = page.add_authenticator().await;
        assert_eq!(page.screen(), "choose-backup", "an operator has a backup too");
        page.add_codes().await;
        let back = page.leave().await;
        Desk { browser: Desk::come_in(page.browser, &back).await, seed }
    }

    pub(crate) async fn come_in(mut browser: Browser<'w>, back: &str) -> Browser<'w> {
        assert!(back.contains("/desk/in?"), "{back}");
        let in_ = browser.get(back).await;
        assert_eq!(location(&in_), "/desk", "{in_:?}");
        browser
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.browser.get(path).await
    }

    /// Begins a call, and shows it.
    pub(crate) async fn call(&mut self, user: &str) -> Answer {
        let home = self.get("/desk").await;
        let form = [("form_token", &*token(&home)), ("name", user), ("reason", "telefoon kwijt"), ("ticket", "INC-7")];
        let found = self.browser.post("/desk/find", &form).await;
        assert_eq!(found.status, StatusCode::SEE_OTHER, "{found:?}");
        self.get("/desk/call").await
    }

    /// Does something in the call, and shows what came of it.
    pub(crate) async fn act(&mut self, act: &str, fields: &[(&str, &str)]) -> Answer {
        let shown = self.get("/desk/call").await;
        let form_token = call_token(&shown);
        let form: Vec<_> = [("form_token", form_token.as_str())].into_iter().chain(fields.iter().copied()).collect();
        let done = self.browser.post(&format!("/desk/call/{act}"), &form).await;
        if done.status == StatusCode::SEE_OTHER { self.get(&location(&done)).await } else { done }
    }
}

/// The token of the forms of a call. The way out has another one.
pub(crate) fn call_token(call: &Answer) -> String {
    between(
        call.text.split("action=\"/desk/call/").nth(1).unwrap_or_else(|| panic!("a call: {call:?}")),
        "name=\"form_token\" value=\"",
        "\"",
    )
    .to_owned()
}

pub(crate) fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let rest = text.split(before).nth(1).unwrap_or_else(|| panic!("{before} in {text}"));
    &rest[..rest.find(after).expect("an end")]
}

/// The koppelcode on the page, redeemed by a phone that then waits for its number.
pub(crate) async fn redeem(world: &World, page: &Answer, user: &str) -> Waiting {
    let spoken = between(&page.text, "class=\"koppelcode\">", "<");
    let door = Door::Code { user: user.parse().expect("text"), code: spoken.parse().expect("a koppelcode") };
    Waiting::begin(world, door).await.unwrap_or_else(|refused| panic!("{refused:?}"))
}

#[tokio::test]
async fn an_operator_comes_in_by_link_password_and_second_factor_and_pairs_a_callers_phone() {
    let world = World::start().await;
    assert_eq!(Browser::new(&world).get("/desk").await.status, StatusCode::NOT_FOUND, "no operator, no desk");
    world.put_user("jan").await;
    let mut desk = Desk::begin(&world, "anna", "support").await;
    let call = desk.call("jan").await;
    assert!(call.text.contains("Er is nog nooit iets ingesteld"), "{call:?}");
    assert!(call.text.contains("INC-7: telefoon kwijt"));
    let given = desk.act("koppelcode", &[]).await;
    assert!(given.text.contains("class=\"spelled\""), "{given:?}");
    let waiting = redeem(&world, &given, "jan").await;
    let shown = desk.get("/desk/call").await;
    assert!(shown.text.contains("data-state=\"pending\""), "{shown:?}");
    let pairing = waiting.pairing.to_string();
    let number = waiting.transcript.check_number().expose().to_owned();
    assert!(!shown.text.contains(&number), "the number is the caller's to say");
    let wrong = if number == "000000" { "000001" } else { "000000" };
    let refused = desk.act("confirm", &[("what", &pairing), ("check_number", wrong)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("nog 2 keer"), "{refused:?}");
    let right = desk.act("confirm", &[("what", &pairing), ("check_number", &number)]).await;
    assert!(right.text.contains("De telefoon is gekoppeld"), "{right:?}");
    waiting.activate(&world).await;

    // All of it stands in the user's own chain, with agent, reason and ticket.
    assert!(!right.text.contains("/desk/call/audit"), "support does not read it");
    let closed = desk.get("/desk/call/audit").await;
    assert!(!closed.text.contains("Account bekeken"), "{closed:?}");
    let mut supervisor = Desk::begin(&world, "bert", "supervisor").await;
    supervisor.call("jan").await;
    let audit = supervisor.get("/desk/call/audit").await;
    for what in
        ["Account bekeken", "Koppelcode gegeven", "Koppeling bevestigd", "operator:anna", "ticket: INC-7", "compleet"]
    {
        assert!(audit.text.contains(what), "{what}: {audit:?}");
    }
}

/// threats rows 3, 30 and 31
#[tokio::test]
async fn a_wrong_password_says_nothing_and_the_source_waits() {
    let world = World::start().await;
    let mut desk = Desk::begin(&world, "anna", "support").await;
    let form_token = token(&desk.get("/desk").await);
    let left = desk.browser.post("/desk/leave", &[("form_token", &form_token)]).await;
    assert_eq!(location(&left), "/desk");
    let signed_out = desk.get("/desk").await;
    assert!(signed_out.text.contains("/desk/sign-in"), "{signed_out:?}");
    let mut sign_in = async |name: &str, password: &str| {
        desk.browser.post("/desk/sign-in", &[("name", name), ("password", password)]).await
    };
    let wrong = sign_in("anna", "een ander wachtwoord").await;
    let nobody = sign_in("nobody", "een ander wachtwoord").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong:?}");
    assert_eq!((wrong.status, &wrong.text), (nobody.status, &nobody.text), "who is there is not told");
    for _ in 0..4 {
        sign_in("anna", "nog een ander").await;
    }
    let waits = sign_in("anna", PASSWORD).await;
    assert_eq!(waits.status, StatusCode::TOO_MANY_REQUESTS, "not even the right one: {waits:?}");
    world.clock.forward(601);
    let right = sign_in("Anna ", PASSWORD).await;
    assert_eq!(right.status, StatusCode::SEE_OTHER, "{right:?}");
    // The password alone opens the page of the second factor, and nothing of the desk.
    let half = desk.get("/desk").await;
    assert!(half.text.contains("/desk/sign-in"), "{half:?}");
    assert_eq!(location(&desk.get("/desk/call").await), "/desk");
    let typed = code(&world, &desk.seed);
    let mut page = Page::at(&world, desk.browser, &location(&right)).await;
    let back = page.send("check", ("digits", &typed)).await;
    let back = location(back);
    let mut browser = Desk::come_in(page.browser, &back).await;
    assert!(browser.get("/desk").await.text.contains("Wie belt er?"));
    let again = browser.get(&back).await;
    assert_eq!(location(&again), "/desk", "a second time it is only a redirect: {again:?}");
}

#[tokio::test]
async fn a_link_counts_once_for_a_day_and_a_short_password_does_not_use_it_up() {
    let world = World::start().await;
    let code = add(&world, "anna", "support").await;
    let mut browser = Browser::new(&world);
    let mut choose = async |code: &str, password: &str, again: &str| {
        browser.post("/desk/welcome", &[("code", code), ("password", password), ("again", again)]).await
    };
    for (code, password, again, says) in [
        (&*code, "kort", "kort", "12 tot 128 tekens"),
        (&*code, PASSWORD, "een ander paard in de regen", "niet gelijk"),
        ("AAAAAAAAAAAAAAAAAAAAAA", PASSWORD, PASSWORD, "geldt niet"),
    ] {
        let refused = choose(code, password, again).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains(says), "{refused:?}");
    }
    assert_eq!(choose(&code, PASSWORD, PASSWORD).await.status, StatusCode::SEE_OTHER);
    assert!(choose(&code, PASSWORD, PASSWORD).await.text.contains("geldt niet"), "once");
    let late = add(&world, "bert", "support").await;
    world.clock.forward(86_401);
    assert!(choose(&late, PASSWORD, PASSWORD).await.text.contains("geldt niet"), "a day");
}

/// threats rows 8 and 45: role × act, and the second agent.
#[tokio::test]
async fn a_protected_user_is_reset_by_two_and_an_ordinary_one_at_once() {
    let world = World::start().await;
    let jan = world.phone("jan").await;
    let put = json!({ "login_name": "jan", "protected": true });
    let protected = world.call(&world.key, reqwest::Method::PUT, "/v1/users/jan", Some(&put)).await;
    assert_eq!(protected.body["protected"], true, "{protected:?}");
    let mut anna = Desk::begin(&world, "anna", "supervisor").await;
    let call = anna.call("jan").await;
    assert!(call.text.contains("Vraag eerst hieronder aan om alles weg te halen"), "{call:?}");
    let refused = anna.act("koppelcode", &[]).await;
    assert!(refused.text.contains("Dat kan nog niet"), "{refused:?}");
    let asked = anna.act("reset", &[("what", "ask")]).await;
    assert!(asked.text.contains("De klant krijgt hierover bericht"), "{asked:?}");
    let own = anna.act("reset", &[("what", "approve")]).await;
    assert!(own.text.contains("akkoord van een leidinggevende"), "not one's own: {own:?}");
    let mut support = Desk::begin(&world, "sanne", "support").await;
    support.call("jan").await;
    let not_hers = support.act("reset", &[("what", "approve")]).await;
    assert!(!not_hers.text.contains("Alles is weggehaald"), "{not_hers:?}");
    assert_eq!(world.get("/v1/users/jan").await.body["enrolled"], true);
    let mut bert = Desk::begin(&world, "bert", "supervisor").await;
    bert.call("jan").await;
    let done = bert.act("reset", &[("what", "approve")]).await;
    assert!(done.text.contains("Alles is weggehaald"), "{done:?}");
    assert_eq!(world.get("/v1/users/jan").await.body["enrolled"], false);
    let inbox = jan.proven(&world, "/d/v1/inbox", json!({})).await;
    assert_eq!(inbox.slug(), "device-revoked", "{inbox:?}");

    world.phone("eva").await;
    support.act("close", &[]).await;
    support.call("eva").await;
    let reset = support.act("reset", &[("what", "ask")]).await;
    assert!(reset.text.contains("Alles is weggehaald"), "{reset:?}");
    let given = support.act("koppelcode", &[]).await;
    redeem(&world, &given, "eva").await;
}

/// threats rows 32 and 45
#[tokio::test]
async fn the_desk_is_closed_to_strangers_to_others_users_and_to_foreign_forms() {
    let world = World::start().await;
    world.put_user("jan").await;
    let mut stranger = Browser::new(&world);
    let mut anna = Desk::begin(&world, "anna", "support").await;
    for path in ["/desk/call", "/desk/call/audit"] {
        assert_eq!(location(&stranger.get(path).await), "/desk", "{path}");
    }
    assert_eq!(stranger.get("/desk/call/state").await.status, StatusCode::UNAUTHORIZED);
    for act in ["koppelcode", "confirm", "unlock", "typing", "reset", "close"] {
        let sent = stranger.post(&format!("/desk/call/{act}"), &[("form_token", "a.b")]).await;
        assert_eq!(location(&sent), "/desk", "{act}");
    }
    // A form without this session's token changes nothing.
    anna.call("jan").await;
    let forged = anna.browser.post("/desk/call/koppelcode", &[("form_token", "a.b")]).await;
    assert_eq!(forged.status, StatusCode::BAD_REQUEST, "{forged:?}");
    assert!(!anna.get("/desk/call").await.text.contains("class=\"koppelcode\""));

    // Another organisation's users are nobody to her, and the desk stays where it was.
    world.clock.forward(1);
    let other = OrganisationAdd {
        name: "De Eik".to_owned(),
        public_url: "https://2fa.eik.example".to_owned(),
        ..organisation()
    };
    command(&world.config, Command::OrganisationAdd(other)).await;
    anna.act("close", &[]).await;
    let home = anna.get("/desk").await;
    assert!(!home.text.contains("De Eik"), "{home:?}");

    // Whoever is removed is out at once.
    command(&world.config, Command::OperatorRemove { name: "anna".to_owned() }).await;
    assert!(anna.get("/desk").await.text.contains("/desk/sign-in"));
}

/// threats row 7: an operator's koppelcode leads to the operator, and a user of the same name to the user.
#[tokio::test]
async fn operators_pair_a_phone_under_their_own_names() {
    let world = World::start().await;
    world.put_user("anna").await;
    let code = add(&world, "anna", "support").await;
    let mut browser = Browser::new(&world);
    let chosen = browser.post("/desk/welcome", &[("code", &code), ("password", PASSWORD), ("again", PASSWORD)]).await;
    let mut page = Page::at(&world, browser, &location(&chosen)).await;
    page.send("choose", ("method", "app")).await;
    let text = page.shown.text.clone();
    assert!(text.contains("desk/anna"), "{text}");
    let waiting = redeem(&world, &page.shown, "desk/anna").await;
    let number = waiting.transcript.check_number().expose().to_owned();
    page.browser.get(&location_of(&text)).await;
    let confirm = page.browser.get(&location_of(&text)).await;
    page.shown = confirm;
    let pairing = waiting.pairing.to_string();
    let form_token = token(&page.shown);
    let path = location_of(&text);
    let form = [("form_token", &*form_token), ("check_number", &*number), ("pairing", &*pairing)];
    page.browser.post(&format!("{path}/confirm"), &form).await;
    waiting.activate(&world).await;
    assert_eq!(world.get("/v1/users/anna").await.body["enrolled"], false, "the user of that name is another");
    let spoken = world.koppelcode("anna").await;
    let door = Door::Code { user: "anna".parse().expect("text"), code: spoken.parse().expect("a koppelcode") };
    assert!(Waiting::begin(&world, door).await.is_ok());
    let refused = world.post("/v1/prompts", world.prompt("desk/anna", &Session::new())).await;
    assert_eq!(refused.slug(), "invalid-field", "{refused:?}");
}

fn location_of(page: &str) -> String {
    between(page, "data-page=\"", "\"").to_owned()
}

#[tokio::test]
async fn a_supervisor_sees_how_far_a_roll_out_is_and_an_admin_changes_the_rules() {
    let world = World::start().await;
    world.phone("jan").await;
    world.put_user("piet").await;
    let mut support = Desk::begin(&world, "sara", "support").await;
    assert!(!support.get("/desk").await.text.contains("/desk/panels"));
    let mut supervisor = Desk::begin(&world, "bert", "supervisor").await;
    assert!(supervisor.get("/desk").await.text.contains("/desk/panels"));
    let list = supervisor.get("/desk/panels").await;
    assert!(list.text.contains("Klantpaneel") && !list.text.contains("Koppel Servicedesk</h2>"), "{list:?}");
    let card = between(&list.text, "<h2>Klantpaneel</h2>", "</li>");
    let path = format!("/desk/panels/{}", between(card, "href=\"/desk/panels/", "\""));
    let seen = supervisor.get(&path).await;
    assert!(seen.text.contains("50% van 2 klanten"), "{seen:?}");
    assert!(!seen.text.contains("<select"), "a supervisor looks");
    let closed = support.get(&path).await;
    assert!(!closed.text.contains("Klantpaneel"), "{closed:?}");

    let mut admin = Desk::begin(&world, "anna", "admin").await;
    let shown = admin.get(&path).await;
    let form_token = token(&shown);
    let seen = |page: &Answer| between(&page.text, "name=\"seen\" value=\"", "\"").to_owned();
    let (before, mut shown) = (seen(&shown), shown);
    let rules = |rule: &'static str, day: &'static str, backups: &'static str| {
        [
            ("app", "yes"),
            ("totp", "yes"),
            ("backups", backups),
            ("mode", "number"),
            ("remember_days", "14"),
            ("rule", rule),
            ("day", day),
        ]
    };
    for (form, said) in [
        (rules("day", "2099-03-01", "1").to_vec(), "Opgeslagen"),
        (rules("day", "", "1").to_vec(), "Vul een dag in"),
        (rules("day", "2099-02-30", "1").to_vec(), "Vul een dag in"),
        (rules("optional", "", "2").to_vec(), "meer methoden meetellen"),
        (rules("optional", "", "300").to_vec(), "meer methoden meetellen"),
        (rules("optional", "", "0")[2..].to_vec(), "Herstelcodes alleen"),
    ] {
        let now = seen(&shown);
        let form: Vec<_> = [("form_token", &*form_token), ("seen", &*now)].into_iter().chain(form).collect();
        let answer = admin.browser.post(&format!("{path}/rules"), &form).await;
        shown = admin.get(&location(&answer)).await;
        assert!(shown.text.contains(said), "{said}: {shown:?}");
        assert!(shown.text.contains("01-03-2099"), "what was saved stays");
    }
    let stale = [("form_token", &*form_token), ("seen", &*before)].into_iter().chain(rules("off", "", "0"));
    let answer = admin.browser.post(&format!("{path}/rules"), &stale.collect::<Vec<_>>()).await;
    let shown = admin.get(&location(&answer)).await;
    assert!(shown.text.contains("een collega heeft de regels intussen veranderd"), "{shown:?}");
    let group = [("form_token", &*form_token), ("group", "beheer"), ("rule", "required"), ("day", "")];
    let shown = admin.browser.post(&format!("{path}/group"), &group).await;
    let shown = admin.get(&location(&shown)).await;
    assert!(shown.text.contains("geen enkele klant zit in deze groep"), "{shown:?}");
    world.put_user("klaas").await;
    assert!(admin.get(&path).await.text.contains("van 2 klanten"), "counted lately");
    world.clock.forward(61);
    assert!(admin.get(&path).await.text.contains("van 3 klanten"), "a minute is over");
    assert!(shown.text.contains("<th scope=\"row\">beheer</th><td>Verplicht</td>"), "{shown:?}");
    let form = |seen: &str, telephone: &'static str, web: &'static str| {
        [
            ("form_token", form_token.clone()),
            ("seen", seen.to_owned()),
            ("telephone", telephone.to_owned()),
            ("web", web.to_owned()),
            ("note", "ma-vr 9-17 uur".to_owned()),
        ]
    };
    let mut shown = admin.get(&path).await;
    for (telephone, web, said) in [
        ("0900-BEL-ONS", "", "heeft 3 tot 15 cijfers"),
        ("085 123 45 67", "javascript:alert(1)", "begint met https://"),
        ("085 123 45 67", "https://help.voorbeeld.nl", "Opgeslagen"),
    ] {
        let form = form(&seen(&shown), telephone, web);
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = admin.browser.post(&format!("{path}/support"), &form).await;
        shown = admin.get(&location(&answer)).await;
        assert!(shown.text.contains(said), "{said}: {shown:?}");
    }
    let stale = form(&before, "112", "");
    let stale: Vec<_> = stale.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = admin.browser.post(&format!("{path}/support"), &stale).await;
    assert!(location(&answer).ends_with("said=meanwhile"), "{answer:?}");
    for (accent, said) in [("#FFD500", "1,4 : 1"), ("blauw", "Schrijf de kleur"), ("#7a1f5c", "value=\"#7A1F5C\"")] {
        let now = seen(&shown);
        let form = [("form_token", &*form_token), ("seen", &*now), ("accent", accent)];
        let answer = admin.browser.post(&format!("{path}/look"), &form).await;
        shown = admin.get(&location(&answer)).await;
        assert!(shown.text.contains(said), "{said}: {shown:?}");
    }
    assert!(!shown.text.contains("/static/own/"), "the desk has our colours");
    let parties = command(&world.config, Command::RelyingPartyShow { name: "Klantpaneel".to_owned() }).await;
    assert_eq!(parties["support"]["telephone"], "085 123 45 67");
    assert_eq!(parties["methods"], json!(["app", "totp"]));
    assert_eq!((&parties["enforcement"], &parties["groups"]["beheer"]), (&json!("2099-03-01"), &json!("required")));
    assert_eq!((&parties["mode"], &parties["remember_days"]), (&json!("number"), &json!(14)));

    // Neither a supervisor nor another session's form changes anything, nor anybody the desk's own rules.
    let own = token(&supervisor.get(&path).await);
    for form_token in [&*own, &*form_token] {
        let form = [("form_token", form_token), ("group", "beheer"), ("rule", "off"), ("day", "")];
        let refused = supervisor.browser.post(&format!("{path}/group"), &form).await;
        assert_ne!(refused.status, StatusCode::SEE_OTHER, "{refused:?}");
    }
    let again = command(&world.config, Command::RelyingPartyShow { name: "Klantpaneel".to_owned() }).await;
    assert_eq!(again, parties);
}

/// threats row 8: an admin says what the desk may do, within bounds; it holds at once.
#[tokio::test]
async fn an_admin_says_what_the_desk_may_do_for_an_organisations_users() {
    let world = World::start().await;
    world.phone("jan").await;
    let mut admin = Desk::begin(&world, "anna", "admin").await;
    let list = admin.get("/desk/panels").await;
    let path = format!("/desk/organisations/{}", between(&list.text, "href=\"/desk/organisations/", "\""));
    let before = admin.get(&path).await;
    assert!(before.text.contains("value=\"24\""), "{before:?}");
    let set = async |admin: &mut Desk<'_>, page: &Answer, hours: &str| {
        let (form_token, seen) = (token(page), between(&page.text, "name=\"seen\" value=\"", "\"").to_owned());
        let form =
            [("form_token", &*form_token), ("seen", &*seen), ("protect_everybody", "yes"), ("wait_hours", hours)];
        let answer = admin.browser.post(&path, &form).await;
        admin.get(&location(&answer)).await
    };
    for hours in ["0", "169", "soon", "4294967295"] {
        let refused = set(&mut admin, &before, hours).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
        assert!(refused.text.contains("value=\"24\""), "{hours}: {refused:?}");
    }
    let saved = set(&mut admin, &before, "48").await;
    assert!(saved.text.contains("Opgeslagen") && saved.text.contains("value=\"48\""), "{saved:?}");
    let stale = set(&mut admin, &before, "1").await;
    assert!(stale.text.contains("een collega heeft de regels") && stale.text.contains("value=\"48\""), "{stale:?}");

    let call = admin.call("jan").await;
    for what in ["geen koppelcodes", "Extra beschermd", "pas na een wachttijd. "] {
        assert!(call.text.contains(what), "{what}: {call:?}");
    }
    assert!(!call.text.contains("/desk/call/koppelcode"), "{call:?}");
    let refused = admin.act("koppelcode", &[]).await;
    assert!(refused.text.contains("niet genoeg rechten"), "{refused:?}");
    assert!(admin.act("reset", &[("what", "ask")]).await.text.contains("De aanvraag staat"));
    let mut bert = Desk::begin(&world, "bert", "supervisor").await;
    bert.call("jan").await;
    assert!(!bert.get("/desk/call").await.text.contains("value=\"approve\""));
    assert!(bert.act("reset", &[("what", "approve")]).await.text.contains("niet genoeg rechten"));
    assert_eq!(bert.get(&path).await.status, StatusCode::NOT_FOUND, "a supervisor changes nothing");
}

#[tokio::test]
async fn whom_to_ring_stands_where_nothing_works_any_more() {
    let world = World::start().await;
    let support = SupportChange {
        telephone: Some("085 - 123 45 67".to_owned()),
        web: Some("https://help.voorbeeld.nl/2fa".to_owned()),
        note: Some("ma-vr <9-17>".to_owned()),
    };
    let set = RelyingPartySet { support, ..RelyingPartySet::named("Klantpaneel") };
    command(&world.config, Command::RelyingPartySet(set)).await;
    let unknown = Browser::new(&world).get("/p/pr_gaytemzugu3doobzmfrggzdfmy").await;
    assert!(!unknown.text.contains("tel:"), "of two panels it is neither's: {unknown:?}");
    let mut page = Page::open(&world, "dora").await;
    let body = json!({ "login_name": "dora", "status": "disabled" });
    world.call(&world.key, reqwest::Method::PUT, "/v1/users/dora", Some(&body)).await;
    let shown = page.again().await;
    for what in ["href=\"tel:0851234567\"", "085 - 123 45 67", "href=\"https://help.voorbeeld.nl/2fa\""] {
        assert!(shown.text.contains(what), "{what}: {shown:?}");
    }
    assert!(!shown.text.contains("<9-17>"), "{shown:?}");
}
