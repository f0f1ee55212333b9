//! A remembered browser: one box at a login, straight back at the next ones, and asked again as soon as anything changed.

use koppel_server::commands::{Command, RelyingPartySet};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::fixture::{Answer, Phone, Session, World, command};
use crate::pages::{Browser, location, open, returned, token};

const DAY: u64 = 86_400;

async fn remember(world: &World, days: u8) {
    let set = RelyingPartySet { remember_days: Some(days), ..RelyingPartySet::named("Klantpaneel") };
    command(&world.config, Command::RelyingPartySet(set)).await;
}

/// Opens a page in this browser; what it shows, or where it leads at once.
async fn begin(world: &World, browser: &mut Browser<'_>, session: &Session) -> (String, String, Answer) {
    let (prompt, url) = open(world, "anna", session, "code").await;
    let page = location(&browser.get(&url).await);
    let shown = browser.get(&page).await;
    (prompt, page, shown)
}

async fn result(world: &World, prompt: &str, session: &Session, back: &Answer) -> Answer {
    let back = returned(&location(back));
    world.post(&format!("/v1/prompts/{prompt}/result"), json!({ "code": back["code"], "v": session.v() })).await
}

/// A whole login by code, with the box ticked or not.
async fn log_in(world: &World, phone: &Phone, browser: &mut Browser<'_>, tick: bool) -> Value {
    let session = Session::new();
    let (prompt, page, shown) = begin(world, browser, &session).await;
    assert!(shown.text.contains("digits"), "asked: {shown:?}");
    let (form_token, code) = (token(&shown), phone.code(world).await);
    let mut form = vec![("form_token", &*form_token), ("digits", &*code)];
    form.extend(tick.then_some(("remember", "yes")));
    let back = browser.post(&format!("{page}/check"), &form).await;
    let verified = result(world, &prompt, &session, &back).await;
    assert_eq!(verified.status, StatusCode::OK, "{verified:?}");
    verified.body
}

#[tokio::test]
async fn the_box_is_there_where_the_rules_let_it_and_spares_the_question() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let mut browser = Browser::new(&world);
    let (_, _, shown) = begin(&world, &mut browser, &Session::new()).await;
    assert!(!shown.text.contains(r#"name="remember""#), "not by default");
    world.clock.forward(700);
    assert_eq!(log_in(&world, &phone, &mut browser, true).await["method"], json!("app"));
    assert!(!browser.cookies.keys().any(|name| name.contains("known")), "a forged box remembers nothing");

    remember(&world, 14).await;
    let (_, _, shown) = begin(&world, &mut browser, &Session::new()).await;
    assert!(shown.text.contains("Vraag hier 14 dagen niet om een code"), "{shown:?}");
    world.clock.forward(700);
    log_in(&world, &phone, &mut browser, true).await;

    world.clock.forward(13 * DAY);
    let before = phone.inbox(&world).await.challenges.len();
    let session = Session::new();
    let (prompt, _, back) = begin(&world, &mut browser, &session).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{back:?}");
    assert_eq!(phone.inbox(&world).await.challenges.len(), before, "no phone is asked");
    let verified = result(&world, &prompt, &session, &back).await;
    let what = (&verified.body["method"], &verified.body["evidence"], &verified.body["user"]);
    assert_eq!(what, (&json!("remembered_browser"), &json!("server"), &json!("anna")));

    // Another browser, another user, and one day more are asked.
    let (_, _, shown) = begin(&world, &mut Browser::new(&world), &Session::new()).await;
    assert_eq!(shown.status, StatusCode::OK);
    world.clock.forward(DAY);
    let (_, _, shown) = begin(&world, &mut browser, &Session::new()).await;
    assert_eq!(shown.status, StatusCode::OK, "{shown:?}");
}

#[tokio::test]
async fn a_stolen_cookie_opens_no_other_account_and_two_of_one_name_count_for_none() {
    let world = World::start().await;
    remember(&world, 14).await;
    let phone = world.phone("anna").await;
    world.phone("bas").await;
    let mut browser = Browser::new(&world);
    log_in(&world, &phone, &mut browser, true).await;
    let (_, url) = open(&world, "bas", &Session::new(), "code").await;
    let page = location(&browser.get(&url).await);
    assert_eq!(browser.get(&page).await.status, StatusCode::OK, "it is anna's");
    let name = browser.cookies.keys().find(|name| name.contains("known")).expect("a cookie").clone();
    let value = browser.cookies[&name].clone();
    browser.cookies.insert(name, format!("{}A", &value[..42]));
    let (_, _, shown) = begin(&world, &mut browser, &Session::new()).await;
    assert_eq!(shown.status, StatusCode::OK, "another value");
}

#[tokio::test]
async fn settings_show_it_and_forget_it_and_a_new_password_forgets_it() {
    let world = World::start().await;
    remember(&world, 30).await;
    let phone = world.phone("anna").await;
    let mut browser = Browser::new(&world);
    log_in(&world, &phone, &mut browser, true).await;

    let session = Session::new();
    let mut settings = world.prompt("anna", &session);
    settings["purpose"] = "settings".into();
    settings["mode"] = "code".into();
    let opened = world.post("/v1/prompts", settings).await.body;
    let page = location(&browser.get(opened["url"].as_str().unwrap()).await);
    let shown = browser.get(&page).await;
    assert!(
        shown.text.contains("digits") && !shown.text.contains(r#"name="remember""#),
        "settings always ask: {shown:?}"
    );
    let code = phone.code(&world).await;
    browser.post(&format!("{page}/check"), &[("form_token", &*token(&shown)), ("digits", &*code)]).await;
    let shown = browser.get(&page).await;
    assert!(shown.text.contains("Onthouden browsers"), "{shown:?}");
    let what = shown.text.split("value=\"forget-browser\"").next().unwrap();
    let what = what.rsplit("name=\"what\" value=\"").next().unwrap().split('"').next().unwrap().to_owned();
    let forget = [("form_token", &*token(&shown)), ("act", "forget-browser"), ("what", &*what)];
    browser.post(&format!("{page}/change"), &forget).await;
    let shown = browser.get(&page).await;
    assert!(!shown.text.contains("Onthouden browsers"), "{shown:?}");
    let (_, _, shown) = begin(&world, &mut browser, &Session::new()).await;
    assert_eq!(shown.status, StatusCode::OK);

    world.clock.forward(600);
    log_in(&world, &phone, &mut browser, true).await;
    let user = json!({ "login_name": "anna", "password_changed_at": world.clock.seconds() });
    world.call(&world.key, http::Method::PUT, "/v1/users/anna", Some(&user)).await;
    let (_, _, shown) = begin(&world, &mut browser, &Session::new()).await;
    assert_eq!(shown.status, StatusCode::OK, "asked again: {shown:?}");
}
