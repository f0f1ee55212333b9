//! The lines of [`evidence`](crate::evidence) of the desk, played: an operator comes in and acts with all of the evidence, and with no part
//! of it.

use std::collections::BTreeMap;

use koppel_server::commands::Command;

use crate::desk::{Desk, PASSWORD, between, call_token};
use crate::evidence::LINES;
use crate::evidence::Need::{Address, Call, Cookie, Form, Name, Password, Result, State};
use crate::evidence_plays::{NEXT, subsets};
use crate::fixture::{Answer, World, command};
use crate::pages::{Browser, location, token};
use crate::wizard::{Page, code};

#[tokio::test]
async fn with_any_part_of_the_evidence_the_desk_does_nothing() {
    let world = World::start().await;
    world.put_user("jan").await;
    let mut anna = Desk::begin(&world, "anna", "admin").await;
    let mut bert = Desk::begin(&world, "bert", "support").await;
    let list = anna.get("/desk/panels").await;
    let card = between(&list.text, "<h2>Klantpaneel</h2>", "</li>");
    let panel = format!("/desk/panels/{}", between(card, "href=\"/desk/panels/", "\""));
    let own = format!("/desk/organisations/{}", between(&list.text, "href=\"/desk/organisations/", "\""));
    let mut plays = 0_u8;
    for line in LINES.iter().filter(|line| !line.gives.is_empty() && line.path.starts_with("/desk/")) {
        for held in subsets(line.needs) {
            world.clock.forward(NEXT);
            plays += 1;
            for desk in [&mut anna, &mut bert] {
                assert!(desk.get("/desk").await.status.as_u16() < 400, "still signed in");
            }
            let has = |need| held.contains(&need);
            let other = |this: &str, others: &[&str], need| {
                if has(need) { this.to_owned() } else { others[usize::from(plays) % others.len()].to_owned() }
            };
            // Who has not got the cookie has none, or a colleague's.
            let cookies = match (has(Cookie), plays % 2) {
                (true, _) => anna.browser.cookies.clone(),
                (false, 0) => bert.browser.cookies.clone(),
                (false, _) => BTreeMap::new(),
            };
            let mut browser = Browser { cookies, ..Browser::new(&world) };
            let given = match line.path {
                "/desk/sign-in" => {
                    let name = other("anna", &["anna2", "nobody"], Name);
                    let password = other(PASSWORD, &["een ander wachtwoord", ""], Password);
                    let mut browser = Browser::new(&world);
                    let sent = browser.post(line.path, &[("name", &name), ("password", &password)]).await;
                    assert!(!browser.get("/desk").await.text.contains("Wie belt er?"), "a password opens no desk");
                    sent.status.is_redirection()
                }
                "/desk/welcome" => {
                    let name = format!("nieuw-{plays}");
                    let link = crate::desk::add(&world, &name, "support").await;
                    let (link, password) =
                        (other(&link, &["A", ""], Address), other(PASSWORD, &["kort", ""], Password));
                    let form = [("code", &*link), ("password", &*password), ("again", &*password)];
                    Browser::new(&world).post(line.path, &form).await.status.is_redirection()
                }
                "/desk/in" => {
                    let mut own = Browser::new(&world);
                    let asked = own.post("/desk/sign-in", &[("name", "anna"), ("password", PASSWORD)]).await;
                    let mut page =
                        Page::at(&world, Browser { cookies: own.cookies, ..Browser::new(&world) }, &location(&asked))
                            .await;
                    let digits = code(&world, &anna.seed);
                    let back = location(page.send("check", ("digits", &digits)).await);
                    let mut back = url::Url::parse(&back).expect("an address");
                    let pairs: Vec<(String, String)> = back.query_pairs().into_owned().collect();
                    back.query_pairs_mut().clear().extend_pairs(pairs.into_iter().map(|(name, value)| match &*name {
                        "code" => (name, other(&value, &["", "AAAAAAAAAAAAAAAAAAAAAA"], Result)),
                        "state" => (name, other(&value, &["", "AAAAAAAAAAAAAAAAAAAAAA"], State)),
                        _ => (name, value),
                    }));
                    let mut browser = if has(Cookie) { page.browser } else { Browser::new(&world) };
                    browser.get(back.as_str()).await;
                    browser.get("/desk").await.text.contains("Wie belt er?")
                }
                "/desk/call/{act}" => {
                    if anna.get("/desk/call").await.status.is_success() {
                        anna.act("close", &[]).await;
                    }
                    let home = anna.get("/desk").await;
                    if has(Call) {
                        anna.call("jan").await;
                    }
                    let form_token = if has(Call) { call_token(&anna.get("/desk/call").await) } else { token(&home) };
                    let form_token = other(&form_token, &["a.b", &token(&home)], Form);
                    browser.post("/desk/call/koppelcode", &[("form_token", &form_token)]).await;
                    anna.get("/desk/call").await.text.contains("class=\"koppelcode\"")
                }
                "/desk/organisations/{id}" => {
                    let seen = |page: &Answer| between(&page.text, "name=\"seen\" value=\"", "\"").to_owned();
                    let shown = anna.get(&own).await;
                    let (form_token, before) = (other(&token(&shown), &["a.b", ""], Form), seen(&shown));
                    let rules = [
                        ("form_token", &*form_token),
                        ("seen", &*before),
                        ("koppelcodes", "yes"),
                        ("second_agent", "yes"),
                        ("wait_hours", "24"),
                    ];
                    browser.post(&own, &rules).await;
                    seen(&anna.get(&own).await) != before
                }
                _ => {
                    let shown = anna.get(&panel).await;
                    let (form_token, seen) = (
                        other(&token(&shown), &["a.b", ""], Form),
                        between(&shown.text, "name=\"seen\" value=\"", "\""),
                    );
                    let group = format!("groep {plays}");
                    let rules = [
                        ("form_token", &*form_token),
                        ("seen", seen),
                        ("app", "yes"),
                        ("totp", "yes"),
                        ("backups", "0"),
                        ("mode", "code"),
                        ("remember_days", "7"),
                        ("rule", "optional"),
                        ("day", ""),
                    ];
                    let groups = [("form_token", &*form_token), ("group", &*group), ("rule", "required"), ("day", "")];
                    let show = || command(&world.config, Command::RelyingPartyShow { name: "Klantpaneel".to_owned() });
                    let before = show().await;
                    if plays.is_multiple_of(2) {
                        browser.post(&format!("{panel}/rules"), &rules).await;
                    } else {
                        browser.post(&format!("{panel}/group"), &groups).await;
                    }
                    show().await != before
                }
            };
            assert_eq!(given, held.len() == line.needs.len(), "{} with {held:?} gives {}", line.path, line.gives);
        }
    }
}
