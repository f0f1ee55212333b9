//! The set-up of an account, page by page and without script: a first method, a backup, and back to the panel.

use koppel_domain::{OpenSeed, SharedBytes};
use koppel_server::commands::{Command, RelyingPartySet};
use reqwest::StatusCode;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::fixture::{Answer, Session, World, command};
use crate::pages::{Browser, location, open, returned, token};

/// A relying party whose users need a backup.
pub(crate) async fn world() -> World {
    let world = World::start().await;
    let set = RelyingPartySet { backups: Some(1), ..RelyingPartySet::named("Klantpaneel") };
    command(&world.config, Command::RelyingPartySet(set)).await;
    world
}

/// One browser on one page.
pub(crate) struct Page<'w> {
    world: &'w World,
    pub(crate) browser: Browser<'w>,
    pub(crate) path: String,
    pub(crate) prompt: String,
    pub(crate) session: Session,
    /// What it shows.
    pub(crate) shown: Answer,
}

impl<'w> Page<'w> {
    pub(crate) async fn open(world: &'w World, user: &str) -> Page<'w> {
        let session = Session::new();
        let (prompt, url) = open(world, user, &session, "code").await;
        Page { prompt, session, ..Page::at(world, Browser::new(world), &url).await }
    }

    /// A page that somebody else asked for.
    pub(crate) async fn at(world: &'w World, mut browser: Browser<'w>, url: &str) -> Page<'w> {
        let path = location(&browser.get(url).await);
        let shown = browser.get(&path).await;
        Page { world, browser, path, prompt: String::new(), session: Session::new(), shown }
    }

    /// Sends a form and looks no further.
    pub(crate) async fn post(&mut self, action: &str, form: &[(&str, &str)]) -> Answer {
        self.browser.post(&format!("{}/{action}", self.path), form).await
    }

    /// Sends a form of the page that is shown, and follows where it leads on the same page.
    pub(crate) async fn send(&mut self, action: &str, field: (&str, &str)) -> &Answer {
        let form_token = token(&self.shown);
        let mut form = vec![("form_token", form_token.as_str())];
        if !field.0.is_empty() {
            form.push(field);
        }
        self.shown = self.post(action, &form).await;
        if self.shown.status == StatusCode::SEE_OTHER && location(&self.shown) == self.path {
            self.shown = self.browser.get(&self.path).await;
        }
        &self.shown
    }

    pub(crate) async fn again(&mut self) -> &Answer {
        self.shown = self.browser.get(&self.path).await;
        &self.shown
    }

    /// What the page is, such as `choose-backup`.
    pub(crate) fn screen(&self) -> &str {
        attribute(&self.shown.text, "data-screen")
    }

    /// The seed that the page shows, as text.
    pub(crate) fn seed(&self) -> Vec<u8> {
        let text = &self.shown.text;
        let at = text.find("<textarea").unwrap_or_else(|| panic!("a key: {:?}", self.shown));
        let text = &text[at..];
        let key = &text[text.find('>').unwrap() + 1..text.find("</textarea>").unwrap()];
        data_encoding::BASE32_NOPAD.decode(key.replace(' ', "").as_bytes()).expect("base 32")
    }

    pub(crate) async fn add_authenticator(&mut self) -> Vec<u8> {
        self.send("choose", ("method", "totp")).await;
        let seed = self.seed();
        let code = code(self.world, &seed);
        self.send("prove", ("digits", &code)).await;
        seed
    }

    pub(crate) async fn add_codes(&mut self) -> Vec<String> {
        self.send("choose", ("method", "recovery")).await;
        self.send("codes", ("", "")).await;
        let codes: Vec<String> =
            self.shown.text.split("<code>").skip(1).map(|rest| rest[..rest.find('<').unwrap()].to_owned()).collect();
        assert_eq!(codes.len(), 10, "{:?}", self.shown);
        self.send("kept", ("kept", "yes")).await;
        codes
    }

    /// Where the page leads when it is finished.
    pub(crate) async fn leave(&mut self) -> String {
        let form_token = token(&self.shown);
        location(&self.post("finish", &[("form_token", &form_token)]).await)
    }

    /// Goes back to the panel, which asks for the verdict.
    pub(crate) async fn finish(&mut self) -> Value {
        let form_token = token(&self.shown);
        let back = self.post("finish", &[("form_token", &form_token)]).await;
        self.verdict(&back).await
    }

    /// What the panel hears when it exchanges what the browser brought back.
    pub(crate) async fn exchange(&self, back: &Answer) -> Answer {
        let back = returned(&location(back));
        let body = json!({ "code": back["code"], "v": self.session.v() });
        self.world.post(&format!("/v1/prompts/{}/result", self.prompt), body).await
    }

    async fn verdict(&self, back: &Answer) -> Value {
        let verified = self.exchange(back).await;
        assert_eq!(verified.status, StatusCode::OK, "{verified:?}");
        verified.body
    }
}

fn attribute<'t>(text: &'t str, name: &str) -> &'t str {
    let rest = text.split(&format!("{name}=\"")).nth(1).unwrap_or_default();
    &rest[..rest.find('"').unwrap_or(0)]
}

pub(crate) fn code(world: &World, seed: &[u8]) -> String {
    let seed = OpenSeed::new(SharedBytes::default(), Zeroizing::new(seed.to_vec()));
    seed.code(world.clock.seconds() / 30).expose().to_owned()
}

#[tokio::test]
async fn a_new_user_sets_up_an_authenticator_and_a_backup_and_is_in() {
    let world = world().await;
    let mut page = Page::open(&world, "dora").await;
    assert_eq!(page.screen(), "choose");
    for card in ["Koppel-app", "Oproep naar uw mobiele nummer", "Authenticator", "Nog niet beschikbaar"] {
        assert!(page.shown.text.contains(card), "{card}: {:?}", page.shown);
    }
    page.send("choose", ("method", "totp")).await;
    assert_eq!(page.screen(), "authenticator");
    let seed = page.seed();
    assert!(page.shown.text.contains("otpauth://totp/"), "the same as a link");
    assert_eq!(page.again().await.status, StatusCode::OK);
    assert_eq!(page.seed(), seed, "loading the page again shows the same key");
    let incomplete = page.send("prove", ("digits", "123")).await;
    assert_eq!(incomplete.status, StatusCode::UNPROCESSABLE_ENTITY, "{incomplete:?}");
    let wrong = code(&world, b"another seed altogether");
    let refused = page.send("prove", ("digits", &wrong)).await;
    assert!(refused.text.contains("Deze code klopt niet"), "{refused:?}");
    assert_eq!(page.seed(), seed, "nothing is lost");
    let right = code(&world, &seed);
    page.send("prove", ("digits", &right)).await;
    assert_eq!(page.screen(), "choose-backup", "{:?}", page.shown);

    let codes = page.add_codes().await;
    assert_eq!(page.screen(), "set-up", "{:?}", page.shown);
    assert!(page.shown.text.contains("Klaar! Gefeliciteerd!"));
    assert!(!page.shown.text.contains(&codes[0]), "codes are shown once");
    let verified = page.finish().await;
    assert_eq!((&verified["method"], &verified["user"]), (&json!("totp"), &json!("dora")));
    let user = world.get("/v1/users/dora").await;
    let kinds: Vec<_> = user.body["methods"].as_array().unwrap().iter().map(|method| method["kind"].clone()).collect();
    assert_eq!(kinds, ["recovery", "totp"]);
}

#[tokio::test]
async fn leaving_half_way_loses_nothing_proven_and_the_next_login_goes_on_there() {
    let world = world().await;
    let mut page = Page::open(&world, "dora").await;
    let seed = page.add_authenticator().await;
    assert_eq!(page.screen(), "choose-backup");
    // The browser is closed. Half a minute later she logs in again.
    world.clock.forward(30);
    let mut page = Page::open(&world, "dora").await;
    assert_eq!(page.screen(), "authenticator-1", "{:?}", page.shown);
    let typed = code(&world, &seed);
    page.send("check", ("digits", &typed)).await;
    assert_eq!(page.screen(), "choose-backup", "{:?}", page.shown);
    let early = page.send("finish", ("", "")).await;
    assert!(!early.headers.contains_key("location"), "the page does not let go: {early:?}");
    page.add_codes().await;
    assert_eq!(page.screen(), "set-up");
    assert_eq!(page.finish().await["method"], "totp");
}

#[tokio::test]
async fn half_a_proof_protects_nothing_and_is_not_asked_for() {
    let world = world().await;
    let mut page = Page::open(&world, "dora").await;
    page.send("choose", ("method", "totp")).await;
    let first = page.seed();
    let user = world.get("/v1/users/dora").await;
    assert_eq!(user.body["enrolled"], false, "{user:?}");
    let mut other = Page::open(&world, "dora").await;
    assert_eq!(other.screen(), "choose", "a new login begins anew");
    other.send("choose", ("method", "totp")).await;
    assert_ne!(other.seed(), first, "with a key of its own");
}

/// threats row 9: a recovery code opens the set-up, and the method that is set up is the login.
#[tokio::test]
async fn a_recovery_code_leads_to_a_new_method_and_not_to_the_panel() {
    let world = world().await;
    let mut page = Page::open(&world, "dora").await;
    let seed = page.add_authenticator().await;
    let codes = page.add_codes().await;
    page.finish().await;

    world.clock.forward(60);
    let mut page = Page::open(&world, "dora").await;
    assert!(page.shown.text.contains("Een andere methode gebruiken"), "{:?}", page.shown);
    page.send("deliver", ("method", "recovery")).await;
    assert_eq!(page.screen(), "recovery-2", "{:?}", page.shown);
    let nonsense = page.send("check", ("digits", "12345")).await;
    assert_eq!(nonsense.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nonsense.text.contains("Dit telt niet als poging"), "{nonsense:?}");
    let mistyped = codes[4].replace(&codes[4][..3], "6-Z");
    let wrong = page.send("check", ("digits", &mistyped)).await;
    assert!(wrong.text.contains("nog 4 keer"), "{wrong:?}");
    let typed = codes[4].to_lowercase().replace('-', " ");
    page.send("check", ("digits", &typed)).await;
    assert_eq!(page.screen(), "choose-anew", "{:?}", page.shown);
    let early = page.send("finish", ("", "")).await;
    assert!(!early.headers.contains_key("location"), "a recovery code is no login: {early:?}");
    let anew = page.add_authenticator().await;
    assert_ne!(anew, seed, "the lost authenticator counts no more");
    assert_eq!(page.screen(), "set-up", "{:?}", page.shown);
    assert_eq!(page.finish().await["method"], "totp");
}

/// The road by a lost phone: the authenticator is gone for good, and a recovery code leads to a new one.
#[tokio::test]
async fn who_has_only_recovery_codes_left_sets_up_anew() {
    let world = world().await;
    let mut page = Page::open(&world, "dora").await;
    page.add_authenticator().await;
    let codes = page.add_codes().await;
    page.finish().await;
    world.call(&world.key, reqwest::Method::DELETE, "/v1/users/dora/methods/totp", None).await;
    let mut page = Page::open(&world, "dora").await;
    assert_eq!(page.screen(), "recovery-1", "{:?}", page.shown);
    page.send("check", ("digits", &codes[0])).await;
    assert_eq!(page.screen(), "choose-anew", "{:?}", page.shown);
    page.add_authenticator().await;
    assert_eq!(page.screen(), "set-up", "{:?}", page.shown);
    assert_eq!(page.finish().await["method"], "totp");
    // The code is used up.
    world.clock.forward(30);
    let mut page = Page::open(&world, "dora").await;
    page.send("deliver", ("method", "recovery")).await;
    let again = page.send("check", ("digits", &codes[0])).await;
    assert!(again.text.contains("nog 4 keer"), "{again:?}");
}

#[tokio::test]
async fn codes_that_were_not_kept_do_not_count() {
    let world = world().await;
    let mut page = Page::open(&world, "dora").await;
    page.add_authenticator().await;
    page.send("choose", ("method", "recovery")).await;
    page.send("codes", ("", "")).await;
    let unticked = page.send("kept", ("", "")).await;
    assert_eq!(unticked.status, StatusCode::UNPROCESSABLE_ENTITY, "{unticked:?}");
    assert!(!unticked.text.contains("<code>"), "not even now are they shown again");
    page.again().await;
    assert!(page.shown.text.contains("zijn al getoond"), "{:?}", page.shown);
    page.send("choose", ("method", "")).await;
    assert_eq!(page.screen(), "choose-backup", "they are no backup");
    page.add_codes().await;
    assert_eq!(page.screen(), "set-up");
}

#[tokio::test]
async fn nobody_elses_form_sets_anything_up() {
    let world = world().await;
    let mut page = Page::open(&world, "dora").await;
    page.send("choose", ("method", "totp")).await;
    for action in ["choose", "prove", "codes", "kept"] {
        let mut stranger = Browser::new(&world);
        let answer = stranger
            .post(
                &format!("{}/{action}", page.path),
                &[("form_token", &token(&page.shown)), ("method", "app"), ("digits", "123456")],
            )
            .await;
        assert!(!answer.status.is_success() && answer.status != StatusCode::SEE_OTHER, "{action}: {answer:?}");
    }
    for method in ["voice", "pigeon", "\u{202e}", "app app"] {
        let answer = page.send("choose", ("method", method)).await;
        assert!(!answer.status.is_server_error(), "{method}: {answer:?}");
    }
    assert_eq!(page.screen(), "authenticator", "the page is where it was");
}

impl<'w> Page<'w> {
    /// The settings of a user who just proved themselves with an authenticator.
    pub(crate) async fn settings(world: &'w World, user: &str, seed: &[u8]) -> Page<'w> {
        world.clock.forward(30);
        let session = Session::new();
        let mut body = world.prompt(user, &session);
        body["purpose"] = "settings".into();
        let opened = world.post("/v1/prompts", body).await;
        assert_eq!(opened.status, StatusCode::CREATED, "{opened:?}");
        let mut browser = Browser::new(world);
        let path = location(&browser.get(opened.body["url"].as_str().unwrap()).await);
        let shown = browser.get(&path).await;
        let prompt = opened.body["prompt"].as_str().unwrap().to_owned();
        let mut page = Page { world, browser, path, prompt, session, shown };
        let typed = code(world, seed);
        page.send("check", ("digits", &typed)).await;
        assert_eq!(page.screen(), "settings", "{:?}", page.shown);
        page
    }

    pub(crate) async fn change(&mut self, act: &str, what: &str, name: &str) -> &Answer {
        let form_token = token(&self.shown);
        let form = [("form_token", form_token.as_str()), ("act", act), ("what", what), ("name", name)];
        self.shown = self.browser.post(&format!("{}/change", self.path), &form).await;
        if self.shown.status == StatusCode::SEE_OTHER {
            self.shown = self.browser.get(&self.path).await;
        }
        &self.shown
    }
}

/// One phone after the other on one settings page; each time the page comes back to the list.
#[tokio::test]
async fn phones_are_added_in_the_settings_one_after_the_other() {
    let world = world().await;
    let mut page = Page::open(&world, "dora").await;
    let seed = page.add_authenticator().await;
    page.add_codes().await;
    page.finish().await;
    let mut page = Page::settings(&world, "dora", &seed).await;
    for phones in 1..=2 {
        page.send("choose", ("method", "app")).await;
        assert_eq!(page.screen(), "waiting", "{phones}: {:?}", page.shown);
        let waiting = crate::pages::knock_by_link(&world, &page.shown).await;
        page.again().await;
        let number = waiting.transcript.check_number().expose().to_owned();
        page.send("confirm", ("check_number", &number)).await;
        assert_eq!(page.screen(), "settings", "{phones}: {:?}", page.shown);
        assert_eq!(page.shown.text.matches("<h3>Testphone").count(), phones, "{:?}", page.shown);
    }
}

#[tokio::test]
async fn the_settings_never_go_below_what_must_be_there() {
    let world = world().await;
    let mut page = Page::open(&world, "dora").await;
    let seed = page.add_authenticator().await;
    page.add_codes().await;
    page.finish().await;

    let mut page = Page::settings(&world, "dora", &seed).await;
    for kind in ["totp", "recovery"] {
        let refused = page.change("remove", kind, "").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{kind}: {refused:?}");
        assert!(refused.text.contains("Voeg eerst iets anders toe"), "{kind}: {refused:?}");
    }
    let phone = world.phone("dora").await;
    page.again().await;
    assert!(page.shown.text.contains("Testphone"), "{:?}", page.shown);
    let device = phone.device.to_string();
    let nameless = page.change("rename-phone", &device, "  ").await;
    assert_eq!(nameless.status, StatusCode::UNPROCESSABLE_ENTITY, "{nameless:?}");
    page.change("rename-phone", &device, "Werk <b>telefoon</b>").await;
    assert!(
        page.shown.text.contains("Werk &#60;b&#62;telefoon") || page.shown.text.contains("Werk &lt;b&gt;telefoon"),
        "{:?}",
        page.shown
    );
    page.change("remove", "totp", "").await;
    assert_eq!(page.screen(), "settings");
    let user = world.get("/v1/users/dora").await;
    let kinds: Vec<_> = user.body["methods"].as_array().unwrap().iter().map(|method| method["kind"].clone()).collect();
    assert_eq!(kinds, ["app", "recovery"]);
    assert_eq!(page.change("remove-phone", &device, "").await.status, StatusCode::UNPROCESSABLE_ENTITY, "the last one");
    for (act, what) in [("remove", "voice"), ("burn", "totp"), ("remove-phone", "dv_x"), ("primary", "recovery")] {
        let answer = page.change(act, what, "").await;
        assert!(!answer.status.is_server_error(), "{act} {what}: {answer:?}");
    }
}

/// threats row 6: five minutes after the factor the settings are shut, whoever still has the page open.
#[tokio::test]
async fn settings_are_open_for_five_minutes() {
    let world = world().await;
    let mut page = Page::open(&world, "dora").await;
    let seed = page.add_authenticator().await;
    page.add_codes().await;
    page.finish().await;
    let mut page = Page::settings(&world, "dora", &seed).await;
    world.clock.forward(301);
    page.change("primary", "totp", "").await;
    assert_ne!(page.screen(), "settings", "{:?}", page.shown);
    let mut stranger = Page::settings(&world, "dora", &seed).await;
    stranger.browser = Browser::new(&world);
    let refused = stranger.change("remove", "recovery", "").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{refused:?}");
}

impl Page<'_> {
    /// What the history says, the newest first, and the address of what is older.
    async fn history(&mut self, query: &str) -> (Vec<String>, Option<String>) {
        let answer = self.browser.get(&format!("{}/history{query}", self.path)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let events = answer.text.split("<ol class=\"events\">").nth(1).expect("a list");
        let events = events.split("</ol>").next().expect("an end").split("<li><b>").skip(1);
        let older = answer.text.split("/history?before=").nth(1).map(|rest| rest[..rest.find('"').unwrap()].to_owned());
        (events.map(|event| event.split_whitespace().collect::<Vec<_>>().join(" ")).collect(), older)
    }
}

/// The person reads what happened with their account, in words; what they did elsewhere without where and how.
#[tokio::test]
async fn the_settings_tell_what_happened_and_of_other_services_no_more_than_that() {
    let world = world().await;
    let mut page = Page::open(&world, "dora").await;
    let seed = page.add_authenticator().await;
    page.add_codes().await;
    page.finish().await;
    world.clock.forward(30);
    let session = Session::new();
    let opened =
        world.call(&world.sibling, reqwest::Method::POST, "/v1/prompts", Some(&world.prompt("dora", &session))).await;
    assert_eq!(opened.status, StatusCode::CREATED, "{opened:?}");
    let mut elsewhere = Page::at(&world, Browser::new(&world), opened.body["url"].as_str().unwrap()).await;
    elsewhere.send("check", ("digits", "000000")).await;

    let mut page = Page::settings(&world, "dora", &seed).await;
    assert!(page.shown.text.contains("/history\""), "{:?}", page.shown);
    let (events, older) = page.history("").await;
    let said = |what: &str| events.iter().find(|event| event.starts_with(what)).cloned().unwrap_or_default();
    for what in ["Instellingen geopend", "Ingelogd", "Authenticator toegevoegd", "Nieuwe herstelcodes gemaakt"] {
        assert!(!said(what).is_empty(), "{what}: {events:#?}");
    }
    assert!(said("Instellingen geopend").contains("· Authenticator"), "{events:#?}");
    assert!(said("Ingelogd").contains(" CE"), "in Dutch time: {events:#?}");
    let wrong = said("Verkeerde code getypt");
    assert!(wrong.contains("bij een andere dienst") && !wrong.contains("Authenticator"), "{events:#?}");
    assert!(!events.iter().any(|event| event.contains("Beheerpaneel")), "{events:#?}");
    assert_eq!(older, None, "that is all: {events:#?}");

    // Twenty stand on a page, and a link leads to those before them.
    for _ in 0..25 {
        world.koppelcode("dora").await;
    }
    let (first, older) = page.history("").await;
    assert_eq!(first.len(), 20, "{first:#?}");
    assert!(first.iter().all(|event| event.ends_with("· door de klantenservice</li>")), "{first:#?}");
    let (second, last) = page.history(&format!("?before={}", older.expect("older ones"))).await;
    assert!(second.iter().any(|event| event.starts_with("Authenticator toegevoegd")), "{second:#?}");
    assert_eq!(last, None);
    assert!(page.history("?before=0").await.0.is_empty());

    // Five minutes after the factor, and for any other browser, it is shut.
    let path = format!("{}/history", page.path);
    let stranger = Browser::new(&world).get(&path).await;
    assert_eq!(stranger.status, StatusCode::FORBIDDEN, "{stranger:?}");
    world.clock.forward(301);
    let shut = page.browser.get(&path).await;
    assert_eq!(location(&shut), page.path, "{shut:?}");
}
