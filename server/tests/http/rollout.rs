//! A second factor is rolled out by date and by group: off, optional with "later", required; and how far everybody is.

use koppel_server::commands::{Command, RelyingPartySet, RuleSet};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::files::run;
use crate::fixture::{Answer, Session, World, command};
use crate::pages::{location, token};
use crate::wizard::Page;

const DAY: u64 = 86_400;

async fn rule(world: &World, rule: &str, group: Option<&str>) -> Value {
    let rule = RuleSet { rule: rule.to_owned(), group: group.map(str::to_owned) };
    let set = RelyingPartySet { rule: Some(rule), ..RelyingPartySet::named("Klantpaneel") };
    command(&world.config, Command::RelyingPartySet(set)).await
}

/// Midnight, some days from now, and as it is written.
fn day(world: &World, days: u64) -> (u64, String) {
    let at = (world.clock.seconds() / DAY + days) * DAY;
    let day = jiff::Timestamp::from_second(i64::try_from(at).unwrap()).unwrap();
    (at, day.strftime("%Y-%m-%d").to_string())
}

/// *Later*, and where that leads.
async fn later(page: &mut Page<'_>) -> Answer {
    let form_token = token(&page.shown);
    page.post("finish", &[("form_token", &form_token), ("leave", "later")]).await
}

fn offers_later(page: &Page<'_>) -> bool {
    page.shown.text.contains(r#"value="later""#)
}

#[tokio::test]
async fn later_leads_back_and_only_the_panel_hears_what_it_is_worth() {
    let world = World::start().await;
    rule(&world, "optional", None).await;
    let mut page = Page::open(&world, "anna").await;
    assert_eq!(page.screen(), "choose");
    assert!(
        page.shown.text.contains("Maak uw account veiliger") && page.shown.text.contains("Later"),
        "{:?}",
        page.shown
    );
    assert!(!page.shown.text.contains("Wacht even"), "nobody has to");
    let back = later(&mut page).await;
    assert!(location(&back).contains("code=") && !location(&back).contains("later"), "{back:?}");
    let heard = page.exchange(&back).await;
    assert_eq!((heard.status, heard.slug()), (StatusCode::CONFLICT, "not-required"), "{heard:?}");
    assert_eq!(heard.body.get("verified"), None);
    assert_eq!(page.exchange(&back).await.slug(), "already-decided", "once, under another key");
    let user = world.get("/v1/users/anna").await.body;
    assert_eq!(
        (&user["enforcement"], &user["enrolled"], &user["put_off"]["times"]),
        (&json!("optional"), &json!(false), &json!(1))
    );

    // Whoever goes on after all gets a verdict as ever.
    let mut page = Page::open(&world, "anna").await;
    later(&mut page).await;
    page.again().await;
    page.add_authenticator().await;
    assert!(!offers_later(&page));
    let form_token = token(&page.shown);
    let back = page.post("finish", &[("form_token", &form_token)]).await;
    let heard = page.exchange(&back).await;
    assert_eq!((heard.status, &heard.body["verified"]), (StatusCode::OK, &json!(true)), "{heard:?}");
}

#[tokio::test]
async fn a_day_is_named_on_the_page_and_ends_later() {
    let world = World::start().await;
    let (at, written) = day(&world, 30);
    let set = rule(&world, &written, None).await;
    assert_eq!(set["enforcement"], json!(written));
    let mut page = Page::open(&world, "anna").await;
    let (year, rest) = written.split_once('-').unwrap();
    let (month, day) = rest.split_once('-').unwrap();
    let shown = format!("wachten tot {day}-{month}-{year}");
    assert!(page.shown.text.contains(&shown), "{shown}: {:?}", page.shown);
    let back = later(&mut page).await;
    assert_eq!(page.exchange(&back).await.body["required_from"], json!(at));

    let mut open_since = Page::open(&world, "bas").await;
    world.clock.forward(at - world.clock.seconds() - 60);
    let mut page = Page::open(&world, "anna").await;
    assert!(offers_later(&page));
    world.clock.forward(60);
    assert_eq!(open_since.again().await.status, StatusCode::GONE, "its half hour is over");
    let refused = later(&mut page).await;
    assert_eq!(refused.status, StatusCode::OK, "the page says what is to be done now");
    assert!(refused.text.contains("Wacht even") && !refused.text.contains(r#"value="later""#), "{refused:?}");
    assert_eq!(world.get("/v1/users/anna").await.body["enforcement"], json!("required"));
}

#[tokio::test]
async fn off_sends_nobody_to_a_page_and_says_so_once_and_again() {
    let world = World::start().await;
    rule(&world, "off", None).await;
    let answer = world.post("/v1/prompts", world.prompt("anna", &Session::new())).await;
    assert_eq!((answer.status, answer.slug()), (StatusCode::CONFLICT, "not-required"), "{answer:?}");
    assert_eq!(answer.body.get("required_from"), None);
    let challenge = world.post("/v1/challenges", world.login("anna", &Session::new())).await;
    assert_eq!(challenge.slug(), "not-required", "{challenge:?}");
    let mut enrol = world.prompt("anna", &Session::new());
    enrol["purpose"] = "enrol".into();
    assert_eq!(world.post("/v1/prompts", enrol).await.status, StatusCode::CREATED, "whoever wants it");
    world.phone("bas").await;
    let answer = world.post("/v1/prompts", world.prompt("bas", &Session::new())).await;
    assert_eq!(answer.status, StatusCode::CREATED, "whoever has one is asked");
}

#[tokio::test]
async fn a_forged_later_is_refused_where_it_is_required() {
    let world = World::start().await;
    let mut page = Page::open(&world, "anna").await;
    assert!(!offers_later(&page));
    let refused = later(&mut page).await;
    assert_eq!(refused.status, StatusCode::OK, "{refused:?}");
    assert!(refused.text.contains("Wacht even"), "the set-up again");
    let kinds = world.get("/v1/users/anna").await.body;
    assert_eq!(kinds["put_off"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_have_their_turn_and_a_report_says_how_far_each_is() {
    let world = World::start().await;
    rule(&world, "optional", None).await;
    let set = rule(&world, "required", Some("beheer")).await;
    assert_eq!(set["groups"], json!({ "beheer": "required" }));
    for (name, group) in [("anna", "beheer"), ("bas", "klant"), ("cor", "klant"), ("dirk", "klant")] {
        let user = json!({ "login_name": name, "group": group });
        world.call(&world.key, http::Method::PUT, &format!("/v1/users/{name}"), Some(&user)).await;
    }
    assert!(!offers_later(&Page::open(&world, "anna").await));
    let mut page = Page::open(&world, "bas").await;
    assert!(offers_later(&page));
    later(&mut page).await;
    world.phone("cor").await;
    let off = json!({ "login_name": "dirk", "status": "disabled" });
    world.call(&world.key, http::Method::PUT, "/v1/users/dirk", Some(&off)).await;

    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("users.csv");
    let arguments = ["relying-party", "progress", "Klantpaneel", "--json", "--csv", csv.to_str().unwrap()];
    let output = run(&world.config.database, &arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let line = |group: &str| {
        let groups = report["groups"].as_array().unwrap();
        let line = groups.iter().find(|line| line["group"] == json!(group)).unwrap_or_else(|| panic!("{report}"));
        ["users", "percent", "set_up", "put_off", "not_yet"].map(|name| line[name].as_u64().unwrap())
    };
    assert_eq!((line("beheer"), line("klant")), ([1, 0, 0, 0, 1], [2, 50, 1, 1, 0]));
    assert_eq!((&report["total"]["users"], &report["disabled"]), (&json!(3), &json!(1)));
    let lines = std::fs::read_to_string(&csv).unwrap();
    assert!(lines.starts_with("external_id,login_name,display,group,standing,times_put_off,last_put_off\n"), "{lines}");
    for part in [
        "anna,anna,,beheer,not_yet,0,\n",
        "bas,bas,,klant,put_off,1,20",
        "cor,cor,cor,klant,set_up,0,",
        "dirk,dirk,,klant,disabled,0,",
    ] {
        assert!(lines.contains(part), "{part:?}: {lines}");
    }

    rule(&world, "as-everyone", Some("beheer")).await;
    assert!(offers_later(&Page::open(&world, "anna").await));
    for (rule, group, says) in [
        ("soon", None, "`soon` is no rule"),
        ("2027-02-30", None, "no rule"),
        ("as-everyone", None, "--group"),
        ("optional", Some(""), "1 to 64 bytes"),
    ] {
        let mut arguments = vec!["relying-party", "set", "Klantpaneel", "--enforcement", rule];
        arguments.extend(group.map(|group| ["--group", group]).into_iter().flatten());
        let output = run(&world.config.database, &arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(says), "{said}");
    }
    let shown = run(&world.config.database, &["relying-party", "show", "Klantpaneel"]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("enforcement: optional"), "{shown:?}");
}
