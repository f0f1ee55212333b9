//! The lines of [`evidence`](crate::evidence) of panels, phones and pages, played: with every part of the evidence nothing is given, and
//! with all of it what the line says. What somebody has not got, they make up, or take from elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use koppel_protocol::Koppelcode;
use koppel_protocol::decision::Verdict;
use koppel_protocol::pairing::Door;
use koppel_server::commands::{Command, RelyingPartySet};
use reqwest::Method;
use serde_json::{Value, json};

use crate::evidence::Need::{
    Address, Agent, Approval, Browser as SameBrowser, CheckNumber, Code, Cookie, Factor, Form, Kept, Key,
    Koppelcode as Spoken, Name, Number, Proof, Reason, Remembered, Result, Session as OwnSession, Signature, Ticket,
};
use crate::evidence::{LINES, Line, Need};
use crate::fixture::{Answer, Phone, Session, Waiting, World, add_key, command, draw};
use crate::hostile::Dice;
use crate::pages::{Browser, knock_by_link, location, open, returned, token};
use crate::wizard::{Page, code};

/// Past every pause, and past every challenge and page of the play before.
pub(crate) const NEXT: u64 = 700;

/// One play: what somebody holds, and where.
struct Play<'w> {
    world: &'w World,
    held: BTreeSet<Need>,
    /// A user of this play alone.
    user: String,
    /// Everybody's login.
    anna: &'w Phone,
    /// Somebody else's phone.
    mallory: &'w Phone,
    /// A key for everything but the scope.
    without: &'w BTreeMap<&'static str, String>,
    dice: &'w mut Dice,
}

impl<'w> Play<'w> {
    fn has(&self, need: Need) -> bool {
        self.held.contains(&need)
    }

    /// The thing, or one of what somebody has who has not got it.
    fn hold(&mut self, need: Need, right: &str, others: &[&str]) -> String {
        let other = others[self.dice.below(others.len())];
        if self.has(need) { right.to_owned() } else { other.to_owned() }
    }

    fn key(&mut self, scope: &'static str) -> String {
        let (narrow, sibling) = (self.without[scope].clone(), self.world.sibling.clone());
        // Users are all the organisation's; a login is its own relying party's.
        let others = if scope == "verify" { vec![&*narrow, &*sibling, ""] } else { vec![&*narrow, ""] };
        let right = self.world.key.clone();
        self.hold(Key, &right, &others)
    }

    fn v(&mut self, session: &Session) -> String {
        self.hold(OwnSession, &session.v(), &[&Session::new().v()])
    }

    fn desk_body(&mut self) -> Value {
        let mut body = json!({});
        for (need, field) in [(Agent, "agent"), (Reason, "reason"), (Ticket, "ticket")] {
            let said = self.hold(need, "x", &["", " "]);
            if self.has(need) || self.dice.below(2) == 0 {
                body[field] = said.into();
            }
        }
        body
    }

    fn digits(&mut self, need: Need, right: &str) -> String {
        let wrong = if right == "000000" { "000001" } else { "000000" };
        self.hold(need, right, &[wrong, "", "12"])
    }

    async fn user_now(&self) -> Value {
        self.world.get(&format!("/v1/users/{}", self.user)).await.body
    }

    async fn has_method(&self, kind: &str) -> bool {
        let user = self.user_now().await;
        user["methods"]
            .as_array()
            .is_some_and(|all| all.iter().any(|method| method["kind"] == kind && method["state"] == "active"))
    }

    /// The page's own browser, or one without its cookie.
    async fn holder(&mut self, own: &Browser<'w>) -> Browser<'w> {
        let mut browser = Browser::new(self.world);
        if self.has(Cookie) {
            browser.cookies.clone_from(&own.cookies);
        } else if self.dice.below(2) == 0 {
            // The same name with another value.
            let forged = |(name, value): (&String, &String)| (name.clone(), value.chars().rev().collect());
            browser.cookies = own.cookies.iter().map(forged).collect();
        }
        browser
    }

    /// A form's token, or that of another page of the same person.
    async fn form_token(&mut self, page: &Answer) -> String {
        let (_, url) = open(self.world, "anna", &Session::new(), "number").await;
        let mut elsewhere = Browser::new(self.world);
        let other = location(&elsewhere.get(&url).await);
        let other = token(&elsewhere.get(&other).await);
        self.hold(Form, &token(page), &[&other, "a.b", ""])
    }

    /// Anna's page, opened, and what it shows.
    async fn page(&self, mode: &str, session: &Session) -> (String, Browser<'w>, String, Answer) {
        let (prompt, url) = open(self.world, "anna", session, mode).await;
        let mut browser = Browser::new(self.world);
        let page = location(&browser.get(&url).await);
        let shown = browser.get(&page).await;
        (prompt, browser, page, shown)
    }

    /// The code of anna's login in this play.
    async fn code_of_anna(&self) -> String {
        self.anna.code(self.world).await
    }

    /// The phone says yes, or nothing, or no.
    async fn phone_answers(&mut self, number: &str) {
        let asked = self.anna.inbox(self.world).await;
        let asked = self.anna.challenge(asked.challenges.first().expect("a challenge"));
        let verdict = match (self.has(Approval), self.dice.below(2)) {
            (true, _) => Verdict::Approve,
            (false, 0) => Verdict::Deny,
            (false, _) => return,
        };
        let number = (verdict == Verdict::Approve).then_some(number);
        self.anna.decide(self.world, &self.anna.decision(&asked, verdict, number)).await;
    }

    async fn gives(&mut self, line: &Line) -> bool {
        let (world, user) = (self.world, self.user.clone());
        match (line.method, line.path) {
            ("POST", "/v1/prompts/{id}/result") => {
                let session = Session::new();
                let (prompt, mut browser, page, shown) = self.page("code", &session).await;
                let (form_token, code) = (token(&shown), self.code_of_anna().await);
                let form = [("form_token", &*form_token), ("digits", &*code)];
                let back = returned(&location(&browser.post(&format!("{page}/check"), &form).await));
                let made_up = "AAAAAAAAAAAAAAAAAAAAAA";
                let result = self.hold(Result, &back["code"], &["", made_up, &prompt]);
                let (key, body) = (self.key("verify"), json!({ "code": result, "v": self.v(&session) }));
                let path = format!("/v1/prompts/{prompt}/result");
                is_verified(&world.call(&key, Method::POST, &path, Some(&body)).await)
            }
            ("POST", "/v1/challenges/{id}/check") => {
                let session = Session::new();
                let challenge = world.challenge("anna", &session, "code").await;
                let code = self.code_of_anna().await;
                let (key, v, code) = (self.key("verify"), self.v(&session), self.digits(Code, &code));
                let path = format!("/v1/challenges/{}/check", challenge["id"].as_str().expect("an id"));
                is_verified(&world.call(&key, Method::POST, &path, Some(&json!({ "v": v, "code": code }))).await)
            }
            ("POST", "/v1/challenges/{id}/consume") => {
                let session = Session::new();
                let challenge = world.challenge("anna", &session, "number").await;
                self.phone_answers(challenge["number"].as_str().expect("a number")).await;
                let (key, body) = (self.key("verify"), json!({ "v": self.v(&session) }));
                let path = format!("/v1/challenges/{}/consume", challenge["id"].as_str().expect("an id"));
                is_verified(&world.call(&key, Method::POST, &path, Some(&body)).await)
            }
            ("PUT", "/v1/users/{external_id}") => {
                let (key, body) = (self.key("manage"), json!({ "login_name": user }));
                world.call(&key, Method::PUT, &format!("/v1/users/{user}"), Some(&body)).await;
                !self.user_now().await["id"].is_null()
            }
            ("DELETE", "/v1/users/{external_id}") => {
                world.put_user(&user).await;
                let key = self.key("manage");
                world.call(&key, Method::DELETE, &format!("/v1/users/{user}"), None).await;
                self.user_now().await["id"].is_null()
            }
            ("PUT", "/v1/users/{external_id}/methods/{kind}") => {
                world.put_user(&user).await;
                let (key, path) = (self.key("manage"), format!("/v1/users/{user}/methods/totp"));
                world.call(&key, Method::PUT, &path, Some(&json!({ "secret": SEED }))).await;
                self.has_method("totp").await
            }
            ("DELETE", "/v1/users/{external_id}/methods/{kind}") => {
                world.put_user(&user).await;
                let path = format!("/v1/users/{user}/methods/totp");
                world.call(&world.key, Method::PUT, &path, Some(&json!({ "secret": SEED }))).await;
                let key = self.key("manage");
                world.call(&key, Method::DELETE, &path, None).await;
                !self.has_method("totp").await
            }
            ("DELETE", "/v1/users/{external_id}/devices/{device}") => {
                let phone = world.phone(&user).await;
                let (key, path) = (self.key("manage"), format!("/v1/users/{user}/devices/{}", phone.device));
                world.call(&key, Method::DELETE, &path, None).await;
                self.user_now().await["devices"] == json!([])
            }
            ("POST", "/v1/users/{external_id}/koppelcodes") => {
                world.put_user(&user).await;
                let (key, body) = (self.key("desk"), self.desk_body());
                let path = format!("/v1/users/{user}/koppelcodes");
                world.call(&key, Method::POST, &path, Some(&body)).await.body["code"].is_string()
            }
            ("POST", "/v1/users/{external_id}/pairings/{pairing}/confirm") => {
                let newcomer = self.newcomer().await;
                let number = newcomer.transcript.check_number().expose().to_owned();
                let (key, mut body) = (self.key("desk"), self.desk_body());
                body["check_number"] = self.digits(CheckNumber, &number).into();
                let path = format!("/v1/users/{user}/pairings/{}/confirm", newcomer.pairing);
                world.call(&key, Method::POST, &path, Some(&body)).await;
                self.has_phone().await
            }
            ("POST", "/v1/users/{external_id}/unlock") => {
                let phone = world.phone(&user).await;
                world.challenge(&user, &Session::new(), "code").await;
                phone.answer(world, Verdict::Fraud, None).await;
                assert_eq!(self.user_now().await["locked"]["why"], "fraud");
                let (key, body) = (self.key("desk"), self.desk_body());
                world.call(&key, Method::POST, &format!("/v1/users/{user}/unlock"), Some(&body)).await;
                self.user_now().await["locked"].is_null()
            }
            ("POST", "/d/v1/pairings") => {
                world.put_user(&user).await;
                let made_up = Koppelcode::from_bytes(&draw()).to_text().to_string();
                let spoken = world.koppelcode(&user).await;
                let (spoken, name) =
                    (self.hold(Spoken, &spoken, &[&made_up]), self.hold(Name, &user, &["anna", "nobody"]));
                let door =
                    Door::Code { user: name.parse().expect("text"), code: spoken.parse().expect("a koppelcode") };
                Waiting::begin(world, door).await.is_ok()
            }
            ("POST", "/d/v1/pairings/{pid}/status") => {
                let newcomer = self.newcomer().await;
                if self.has(CheckNumber) {
                    let number = newcomer.transcript.check_number().expose().to_owned();
                    let body = json!({ "agent": "a", "reason": "r", "ticket": "t", "check_number": number });
                    world.post(&format!("/v1/users/{user}/pairings/{}/confirm", newcomer.pairing), body).await;
                }
                let phone = newcomer.phone();
                let path = format!("/d/v1/pairings/{}/status", phone.pairing);
                !self.proven(&phone, &path, json!({})).await.body["envelope"].is_null()
            }
            ("POST", "/d/v1/inbox") => {
                world.challenge("anna", &Session::new(), "code").await;
                let anna = self.anna;
                let waits = self.proven(anna, "/d/v1/inbox", json!({})).await;
                waits.body["challenges"].as_array().is_some_and(|all| !all.is_empty())
            }
            ("POST", "/d/v1/devices") => {
                let phone = world.phone(&user).await;
                self.proven(&phone, "/d/v1/devices", json!({ "remove": phone.device.to_string() })).await;
                !self.has_phone().await
            }
            ("POST", "/d/v1/decisions") => {
                let challenge = world.challenge("anna", &Session::new(), "number").await;
                let number = challenge["number"].as_str().expect("a number");
                let number = self.digits(Number, number);
                let number = if number.len() == 6 { number } else { "000000".to_owned() };
                let asked = self.anna.waiting(world).await;
                let decision = koppel_protocol::decision::Decision::answer(
                    &asked,
                    Verdict::Approve,
                    Some(number.parse().expect("digits")),
                    koppel_protocol::decision::UserVerification::Pin,
                    0,
                    koppel_protocol::Bytes::new(draw()),
                );
                let key = match (self.has(Signature), self.dice.below(2)) {
                    (true, _) => &self.anna.keys.approve,
                    (false, 0) => &self.mallory.keys.approve,
                    (false, _) => &self.anna.keys.id,
                };
                let decision =
                    koppel_protocol::jws::sign(&decision, &self.anna.device, key).expect("signed").to_string();
                self.anna.decide(world, &decision).await;
                let id = challenge["id"].as_str().expect("an id");
                world.get(&format!("/v1/challenges/{id}")).await.body["state"] == "approved"
            }
            ("GET", "/p/{prompt}") if line.gives == "a page" => {
                let (_, url) = open(world, "anna", &Session::new(), "code").await;
                let (start, own) = url.rsplit_once('/').expect("an address");
                let other = "A".repeat(own.len());
                let address = self.hold(Address, own, &[&other]);
                let mut browser = Browser::new(world);
                if !self.has(SameBrowser) {
                    browser.user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
                }
                browser.get(&format!("{start}/{address}")).await.headers.contains_key("set-cookie")
            }
            ("GET", "/p/{prompt}") => {
                let (_, mut browser, page, shown) = self.page("code", &Session::new()).await;
                let (form_token, code) = (token(&shown), self.code_of_anna().await);
                let form = [("form_token", &*form_token), ("digits", &*code), ("remember", "yes")];
                returned(&location(&browser.post(&format!("{page}/check"), &form).await));
                let is_known = |name: &String| name.contains("known");
                let known: BTreeMap<_, _> = browser.cookies.into_iter().filter(|(name, _)| is_known(name)).collect();
                assert_eq!(known.len(), 1, "the browser is remembered");
                let (_, url) = open(world, "anna", &Session::new(), "code").await;
                let mut own = Browser::new(world);
                let page = location(&own.get(&url).await);
                let mut browser = self.holder(&own).await;
                for (name, value) in known {
                    let value = self.hold(Remembered, &value, &["", &"A".repeat(43)]);
                    browser.cookies.insert(name, value);
                }
                leads_back(&browser.get(&page).await)
            }
            ("POST", "/p/{prompt}/check") => {
                let (_, own, page, shown) = self.page("code", &Session::new()).await;
                let code = self.code_of_anna().await;
                let (mut browser, form_token) = (self.holder(&own).await, self.form_token(&shown).await);
                let digits = self.digits(Code, &code);
                let form = [("form_token", &*form_token), ("digits", &*digits)];
                leads_back(&browser.post(&format!("{page}/check"), &form).await)
            }
            ("POST", "/p/{prompt}/finish") => {
                let (_, own, page, shown) = self.page("number", &Session::new()).await;
                self.phone_answers(&crate::pages::world_number(&shown)).await;
                let (mut browser, form_token) = (self.holder(&own).await, self.form_token(&shown).await);
                let mut form = vec![("form_token", &*form_token)];
                // Nobody who must prove themselves puts that off.
                form.extend((!self.has(Approval) && self.dice.below(2) == 0).then_some(("leave", "later")));
                leads_back(&browser.post(&format!("{page}/finish"), &form).await)
            }
            ("POST", "/p/{prompt}/confirm") => {
                let mut page = Page::open(world, &user).await;
                page.send("choose", ("method", "app")).await;
                let newcomer = knock_by_link(world, &page.shown).await;
                page.again().await;
                let (mut browser, form_token) = (self.holder(&page.browser).await, self.form_token(&page.shown).await);
                let number = newcomer.transcript.check_number().expose().to_owned();
                let number = self.digits(CheckNumber, &number);
                let form = [("form_token", &*form_token), ("check_number", &*number)];
                browser.post(&format!("{}/confirm", page.path), &form).await;
                self.has_phone().await
            }
            ("POST", "/p/{prompt}/prove") => {
                let mut page = Page::open(world, &user).await;
                page.send("choose", ("method", "totp")).await;
                let digits = code(world, &page.seed());
                let (mut browser, form_token) = (self.holder(&page.browser).await, self.form_token(&page.shown).await);
                let digits = self.digits(Code, &digits);
                browser
                    .post(&format!("{}/prove", page.path), &[("form_token", &*form_token), ("digits", &*digits)])
                    .await;
                self.has_method("totp").await
            }
            ("POST", "/p/{prompt}/kept") => {
                let mut page = self.settings().await;
                page.send("choose", ("method", "recovery")).await;
                page.send("codes", ("", "")).await;
                let (mut browser, form_token) = (self.holder(&page.browser).await, self.form_token(&page.shown).await);
                let kept = self.hold(Kept, "yes", &["no", ""]);
                browser.post(&format!("{}/kept", page.path), &[("form_token", &*form_token), ("kept", &*kept)]).await;
                self.has_method("recovery").await
            }
            ("POST", "/p/{prompt}/change") => {
                let mut page = self.settings().await;
                page.add_codes().await;
                assert!(self.has_method("recovery").await);
                let form_token = self.form_token(&page.shown).await;
                if !self.has(Factor) {
                    world.clock.forward(301);
                }
                let mut browser = self.holder(&page.browser).await;
                let form = [("form_token", &*form_token), ("act", "remove"), ("what", "recovery")];
                browser.post(&format!("{}/change", page.path), &form).await;
                !self.has_method("recovery").await
            }
            (method, path) => panic!("say in this test how {method} {path} is asked"),
        }
    }

    async fn newcomer(&self) -> Waiting {
        self.world.put_user(&self.user).await;
        let code = self.world.koppelcode(&self.user).await.parse().expect("a koppelcode");
        Waiting::begin(self.world, Door::Code { user: self.user.parse().expect("text"), code }).await.expect("revealed")
    }

    async fn has_phone(&self) -> bool {
        self.user_now().await["devices"].as_array().is_some_and(|all| !all.is_empty())
    }

    /// A request of a phone, with its own proof, with another phone's, or with none.
    async fn proven(&mut self, phone: &Phone, path: &str, body: Value) -> Answer {
        let body = serde_json::to_vec(&body).expect("json");
        let nonce = phone.nonce(self.world).await;
        let proof = phone.proof("POST", path, &body, nonce);
        let other = self.mallory.proof("POST", path, &body, nonce);
        let elsewhere = phone.proof("POST", "/d/v1/receipts", &body, nonce);
        let proof = self.hold(Proof, &proof, &[&other, &elsewhere, ""]);
        phone.send(self.world, path, body, &proof).await
    }

    /// The settings of a user with an authenticator, who used it just now.
    async fn settings(&self) -> Page<'w> {
        let mut page = Page::open(self.world, &self.user).await;
        let seed = page.add_authenticator().await;
        page.leave().await;
        Page::settings(self.world, &self.user, &seed).await
    }
}

const SEED: &str = "JBSWY3DPEHPK3PXP";

fn is_verified(answer: &Answer) -> bool {
    assert_eq!(answer.status.is_success(), answer.body["verified"] == true, "2xx says verified: {answer:?}");
    answer.status.is_success()
}

/// Back to the panel with a result.
fn leads_back(answer: &Answer) -> bool {
    let to = answer.headers.get("location").and_then(|to| to.to_str().ok()).unwrap_or_default();
    to.starts_with("http://127.0.0.1:1/2fa") && to.contains("code=")
}

/// Every subset, the whole one last.
pub(crate) fn subsets(needs: &[Need]) -> impl Iterator<Item = BTreeSet<Need>> {
    (0..1_usize << needs.len())
        .map(|mask| needs.iter().enumerate().filter(|(n, _)| mask & (1 << n) != 0).map(|(_, need)| *need).collect())
}

#[tokio::test]
async fn with_any_part_of_the_evidence_nothing_is_given_and_with_all_of_it_what_it_is_for() {
    let world = World::start().await;
    let set = RelyingPartySet { remember_days: Some(14), ..RelyingPartySet::named("Klantpaneel") };
    command(&world.config, Command::RelyingPartySet(set)).await;
    let (anna, mallory) = (world.phone("anna").await, world.phone("mallory").await);
    let mut without = BTreeMap::new();
    for scope in ["verify", "manage", "desk"] {
        let others: Vec<_> = ["verify", "manage", "desk"].into_iter().filter(|other| *other != scope).collect();
        without.insert(scope, add_key(&world.config, "Klantpaneel", &others).await);
    }
    let mut dice = Dice::new();
    let mut plays = 0;
    for line in LINES.iter().filter(|line| !line.gives.is_empty() && !line.path.starts_with("/desk/")) {
        for held in subsets(line.needs) {
            world.clock.forward(NEXT);
            plays += 1;
            let whole = held.len() == line.needs.len();
            let what = format!("{} {} with {held:?}", line.method, line.path);
            let mut play = Play {
                world: &world,
                held,
                user: format!("user-{plays}"),
                anna: &anna,
                mallory: &mallory,
                without: &without,
                dice: &mut dice,
            };
            assert_eq!(Box::pin(play.gives(line)).await, whole, "{what} gives {}", line.gives);
        }
    }
    assert!(plays > 150, "{plays} plays");
}
