//! A walk without a plan over the interfaces and pages of a login (threats row 9): whatever is asked in whichever order, with codes, secrets
//! and cookies of one login tried at the others, somebody is in only where all of their own evidence was given.

use std::collections::{BTreeMap, BTreeSet};

use koppel_protocol::challenge::Subject;
use koppel_protocol::decision::Verdict;
use reqwest::Method;
use serde_json::{Value, json};

use crate::evidence::LINES;
use crate::fixture::{Phone, Session, World};
use crate::hostile::Dice;
use crate::pages::{Browser, location, open, returned, token};

/// At least so many steps, and then on until somebody came in by each road.
const STEPS: usize = 700;
const ROADS: [&str; 4] = ["check", "consume", "a page", "result"];
const NAMES: [&str; 2] = ["anna", "bert"];

/// A login that some browser began after its password, and what was given for it so far, as the test knows.
struct Login<'w> {
    user: usize,
    session: Session,
    prompt: Option<Prompt<'w>>,
    challenge: Option<String>,
    /// The code on the phone, or the number on the screen.
    code: Option<String>,
    number: Option<String>,
    /// The phone said yes to this very challenge.
    approved: bool,
    /// Result codes that the page gave for its evidence; the last one counts.
    results: Vec<String>,
}

struct Prompt<'w> {
    id: String,
    page: String,
    browser: Browser<'w>,
    form_token: String,
}

struct Walk<'w> {
    world: &'w World,
    phones: [Phone; 2],
    logins: Vec<Login<'w>>,
    seen: BTreeSet<String>,
    /// How often somebody was let in, by which road.
    entered: BTreeMap<&'static str, u32>,
    dice: Dice,
}

impl<'w> Walk<'w> {
    async fn begin(&mut self) {
        let (user, session) = (self.dice.below(NAMES.len()), Session::new());
        let mode = ["code", "number"][self.dice.below(2)];
        let mut login = Login {
            user,
            prompt: None,
            challenge: None,
            code: None,
            number: None,
            approved: false,
            results: Vec::new(),
            session,
        };
        if self.dice.below(2) == 0 {
            let (id, url) = open(self.world, NAMES[user], &login.session, mode).await;
            let mut browser = Browser::new(self.world);
            let page = location(&browser.get(&url).await);
            let shown = browser.get(&page).await;
            if mode == "number" {
                login.number = Some(crate::pages::world_number(&shown));
            }
            login.prompt = Some(Prompt { id, form_token: token(&shown), page, browser });
        } else {
            let made = self.world.challenge(NAMES[user], &login.session, mode).await;
            login.number = made["number"].as_str().map(str::to_owned);
        }
        // What the phone has now and had not before is of this login.
        let phone = &self.phones[user];
        for waiting in phone.inbox(self.world).await.challenges {
            let challenge = phone.challenge(&waiting);
            let cid = challenge.claims().cid.to_string();
            if self.seen.insert(cid.clone()) {
                if let Subject::Code { code, .. } = &challenge.claims().subject {
                    login.code = Some(code.expose().to_owned());
                }
                login.challenge = Some(cid);
            }
        }
        self.logins.push(login);
        if self.logins.len() > 6 {
            self.logins.remove(0);
        }
    }

    fn any(&mut self) -> usize {
        self.dice.below(self.logins.len())
    }

    /// Mostly the login's own thing, sometimes that of another.
    fn of(&mut self, own: usize) -> usize {
        if self.dice.below(3) > 0 { own } else { self.any() }
    }

    fn count(&mut self, road: &'static str) {
        *self.entered.entry(road).or_default() += 1;
    }

    /// The phone of some login answers some challenge, with the number of some login.
    async fn answer(&mut self) {
        let login = self.any();
        let number = self.of(login);
        let Some(number) = self.logins[number].number.clone() else { return };
        let Some(cid) = self.logins[login].challenge.clone() else { return };
        let phone = &self.phones[self.logins[login].user];
        let waiting = phone.inbox(self.world).await.challenges;
        let asked = waiting.iter().map(|waiting| phone.challenge(waiting));
        let Some(asked) = asked.into_iter().find(|asked| asked.claims().cid.to_string() == cid) else { return };
        let verdict = if self.dice.below(8) == 0 { Verdict::Deny } else { Verdict::Approve };
        let decision = phone.decision(&asked, verdict, (verdict == Verdict::Approve).then_some(&*number));
        let outcome = phone.decide(self.world, &decision).await;
        if outcome.body["outcome"] == "approved" {
            assert_eq!(self.logins[login].number.as_deref(), Some(&*number), "by its own number alone");
            self.logins[login].approved = true;
        }
    }

    /// A panel checks digits, or takes an approval, with some session's secret.
    async fn at_the_panel(&mut self) {
        let login = self.any();
        let (session, code) = (self.of(login), self.of(login));
        let Some(cid) = self.logins[login].challenge.clone() else { return };
        let v = self.logins[session].session.v();
        let code = self.logins[code].code.clone().unwrap_or_else(|| "000000".to_owned());
        let (act, body) = match self.dice.below(2) {
            0 => ("check", json!({ "v": v, "code": code })),
            _ => ("consume", json!({ "v": v })),
        };
        let answer = self.world.post(&format!("/v1/challenges/{cid}/{act}"), body).await;
        if !answer.status.is_success() {
            return;
        }
        let own = &self.logins[login];
        assert_eq!(answer.body["user"], NAMES[own.user]);
        assert_eq!(own.session.v(), v, "{act} by its own session alone");
        if act == "check" {
            assert_eq!(own.code.as_deref(), Some(&*code), "check by its own code alone");
        } else {
            assert!(own.approved, "consume after a yes alone");
        }
        self.count(act);
    }

    /// Some browser sends the form of some page.
    async fn on_the_page(&mut self) {
        let login = self.any();
        let (holder, code, form) = (self.of(login), self.of(login), self.of(login));
        let code = self.logins[code].code.clone().unwrap_or_else(|| "000000".to_owned());
        let Some(form_token) = self.logins[form].prompt.as_ref().map(|prompt| prompt.form_token.clone()) else {
            return;
        };
        let Some(cookies) = self.logins[holder].prompt.as_ref().map(|prompt| prompt.browser.cookies.clone()) else {
            return;
        };
        let Some(page) = self.logins[login].prompt.as_ref().map(|prompt| prompt.page.clone()) else { return };
        let mut browser = Browser { cookies, ..Browser::new(self.world) };
        let act = ["check", "check", "check", "finish", "finish", "later", "deliver", "choose", "codes", "enrol"];
        let act = act[self.dice.below(act.len())];
        let form = match act {
            "check" => vec![("form_token", &*form_token), ("digits", &*code)],
            "later" => vec![("form_token", &*form_token), ("leave", "later")],
            "choose" => vec![("form_token", &*form_token), ("method", "totp")],
            _ => vec![("form_token", &*form_token)],
        };
        let path = if act == "later" { "finish" } else { act };
        let answer = browser.post(&format!("{page}/{path}"), &form).await;
        let to = answer.headers.get("location").and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned();
        if !to.contains("code=") {
            return;
        }
        let back = returned(&to);
        let own = &mut self.logins[login];
        assert_eq!(back["prompt"], own.prompt.as_ref().expect("a page").id);
        assert_eq!(
            (holder, form_token),
            (login, own.prompt.as_ref().expect("a page").form_token.clone()),
            "by its own browser and form"
        );
        match act {
            "check" => {
                assert_eq!(own.code.as_deref(), Some(&*code), "by its own code alone");
                own.approved = true;
            }
            "finish" => assert!(own.approved, "after a yes alone"),
            other => panic!("{other} leads back with a result"),
        }
        own.results.push(back["code"].clone());
        self.count("a page");
    }

    /// A panel exchanges some result at some prompt with some session's secret.
    async fn exchange(&mut self) {
        let login = self.any();
        let (session, result) = (self.of(login), self.of(login));
        let Some(prompt) = self.logins[login].prompt.as_ref().map(|prompt| prompt.id.clone()) else { return };
        let v = self.logins[session].session.v();
        let Some(code) = self.logins[result].results.last().cloned() else { return };
        let answer = self.world.post(&format!("/v1/prompts/{prompt}/result"), json!({ "code": code, "v": v })).await;
        if !answer.status.is_success() {
            return;
        }
        let own = &self.logins[login];
        assert_eq!(answer.body["user"], NAMES[own.user]);
        assert_eq!(own.session.v(), v, "a result by its own session alone");
        assert!(own.results.contains(&code), "a result by its own code alone");
        self.count("result");
    }

    /// Any address at all, with the ids of some login and no evidence.
    async fn anywhere(&mut self) {
        let line = &LINES[self.dice.below(LINES.len())];
        let login = self.any();
        let own = &self.logins[login];
        let nobody = "pr_aaaaaaaaaaaaaaaaaaaaaaaaaa".to_owned();
        let prompt = own.prompt.as_ref().map_or(nobody, |prompt| prompt.id.clone());
        let challenge = own.challenge.clone().unwrap_or_default();
        let id = if line.path.starts_with("/v1/challenges") { &challenge } else { &prompt };
        let path = line.path.replace("{id}", id).replace("{prompt}", &prompt).replace("{cid}", &challenge);
        let path = path.replace("{external_id}", NAMES[own.user]).replace("{kind}", "totp").replace("{act}", "reset");
        let path = path.replace("{pairing}", "x").replace("{pid}", "x").replace("{device}", "x").replace("{name}", "x");
        let method = Method::from_bytes(line.method.as_bytes()).expect("a method");
        let key = if line.method == "DELETE" { "" } else { &*self.world.key };
        let body = (line.method != "GET").then(|| json!({}));
        let answer = self.world.call(key, method, &path, body.as_ref()).await;
        assert!(!answer.status.is_server_error(), "{} {path}: {answer:?}", line.method);
        assert_ne!(answer.body["verified"], Value::Bool(true), "{} {path}: {answer:?}", line.method);
        let to = answer.headers.get("location").and_then(|to| to.to_str().ok()).unwrap_or_default();
        assert!(!to.contains("code="), "{} {path}: {to}", line.method);
    }
}

#[tokio::test]
async fn no_walk_over_pages_and_interfaces_lets_anybody_in_without_their_own_evidence() {
    let world = World::start().await;
    let phones = [world.phone(NAMES[0]).await, world.phone(NAMES[1]).await];
    let mut walk = Walk {
        world: &world,
        phones,
        logins: Vec::new(),
        seen: BTreeSet::new(),
        entered: BTreeMap::new(),
        dice: Dice::new(),
    };
    walk.begin().await;
    let mut steps = 0;
    while steps < STEPS || ROADS.iter().any(|road| !walk.entered.contains_key(road)) {
        steps += 1;
        assert!(steps < 20 * STEPS, "nobody came in by one of {ROADS:?}: {:?}", walk.entered);
        match walk.dice.below(12) {
            0 => walk.begin().await,
            1 | 2 => walk.answer().await,
            3 | 4 => walk.at_the_panel().await,
            5..=8 => walk.on_the_page().await,
            9 | 10 => walk.exchange().await,
            _ => walk.anywhere().await,
        }
        // Past the pauses of wrong codes, not past the logins.
        world.clock.forward(2);
    }
}
