//! The panel's own sessions and forms.

use crate::phone::servers_word;
use crate::verification_server::Manner;
use crate::world::World;

#[tokio::test]
async fn the_session_is_renamed_at_every_step() {
    let world = World::new().await;
    let browser = world.browser();
    browser.get("/sign-in").await;
    let visitor = browser.cookie("linden").unwrap();
    world.password(&browser, "anna").await;
    let half = browser.cookie("linden").unwrap();
    browser.get(&world.way_back()).await;
    let whole = browser.cookie("linden").unwrap();
    assert!(visitor != half && half != whole && visitor != whole);

    for (name, is_in) in [(&visitor, false), (&half, false), (&whole, true)] {
        let other = world.browser();
        other.set_cookie("linden", name);
        assert_eq!(world.evidence(&other).await.is_some(), is_in);
    }
}

#[tokio::test]
async fn a_password_alone_opens_no_page() {
    let world = World::new().await;
    let browser = world.browser();
    world.password(&browser, "anna").await;
    for path in ["/", "/security"] {
        assert_eq!(browser.get(path).await.to(), "/sign-in");
    }
}

#[tokio::test]
async fn a_wrong_password_asks_no_phone() {
    let world = World::new().await;
    let browser = world.browser();
    let form_token = browser.get("/sign-in").await.form_token();
    for (name, password) in [("anna", "linden-bram"), ("nobody", "linden-anna"), ("anna", "")] {
        let fields = [("form_token", form_token.as_str()), ("login_name", name), ("password", password)];
        let page = browser.post("/sign-in", &fields).await;
        assert_eq!(page.status, 403);
        assert!(page.text.contains("horen niet bij elkaar"));
    }
    assert!(world.server.idempotency_keys().is_empty());
}

#[tokio::test]
async fn after_ten_wrong_passwords_the_right_one_waits_too() {
    let world = World::new().await;
    let browser = world.browser();
    let form_token = browser.get("/sign-in").await.form_token();
    for _ in 0..10 {
        let fields = [("form_token", form_token.as_str()), ("login_name", "anna"), ("password", "wrong")];
        assert_eq!(browser.post("/sign-in", &fields).await.status, 403);
    }
    assert_eq!(world.password(&browser, "anna").await.status, 429);
    world.wait(600);
    world.password(&browser, "anna").await.to();
}

#[tokio::test]
async fn a_form_from_elsewhere_is_refused() {
    let world = World::new().await;
    let (browser, other) = (world.browser(), world.browser());
    let own = browser.get("/sign-in").await.form_token();
    let foreign = other.get("/sign-in").await.form_token();
    let fields = |token| [("form_token", token), ("login_name", "anna"), ("password", "linden-anna")];
    assert_eq!(browser.post("/sign-in", &fields(&foreign)).await.status, 403);
    assert_eq!(browser.post("/sign-in", &fields("")).await.status, 403);
    assert_eq!(browser.post("/sign-in", &fields(&own)[1..]).await.status, 400);
    for site in ["cross-site", "same-site"] {
        let page = browser.post_with("/sign-in", &fields(&own), "sec-fetch-site", site).await;
        assert_eq!(page.status, 403);
    }
    browser.post("/sign-in", &fields(&own)).await.to();
}

#[tokio::test]
async fn signing_out_ends_the_session_and_needs_the_form() {
    let world = World::new().await;
    let browser = world.browser();
    world.log_in(&browser, "anna").await;
    let name = browser.cookie("linden").unwrap();
    browser.post("/sign-out", &[("form_token", "x")]).await;
    assert!(world.evidence(&browser).await.is_some());
    let form_token = browser.get("/").await.form_token();
    let page = browser.post("/sign-out", &[("form_token", &form_token)]).await;
    assert!(page.text.contains("U bent uitgelogd."));
    browser.set_cookie("linden", &name);
    assert_eq!(world.evidence(&browser).await, None);
}

#[tokio::test]
async fn an_hour_without_a_request_or_a_day_ends_the_login() {
    let world = World::new().await;
    let browser = world.browser();
    world.log_in(&browser, "anna").await;
    world.wait(3599);
    assert!(world.evidence(&browser).await.is_some());
    world.wait(3600);
    assert_eq!(world.evidence(&browser).await, None);

    let busy = world.browser();
    world.log_in(&busy, "anna").await;
    for _ in 0..47 {
        world.wait(1800);
        assert!(world.evidence(&busy).await.is_some());
    }
    world.wait(1800);
    assert_eq!(world.evidence(&busy).await, None);
}

#[tokio::test]
async fn pairing_a_phone_asks_the_password_again_and_renames_the_session() {
    let world = World::new().await;
    let browser = world.browser();
    world.log_in(&browser, "anna").await;
    let form_token = browser.get("/security").await.form_token();
    let fields = |password| [("form_token", form_token.as_str()), ("password", password)];
    assert_eq!(browser.post("/security", &fields("linden-bram")).await.status, 403);
    world.wait(60);
    browser.post("/security", &fields("linden-anna")).await.to();
    let prompt = world.server.last_prompt();
    assert_eq!((prompt["purpose"].as_str(), prompt["first_factor_at"].as_i64()), (Some("settings"), Some(world.now())));
    let before = browser.cookie("linden").unwrap();
    assert_eq!(browser.get(&world.way_back()).await.to(), "/security?done");
    assert_ne!(browser.cookie("linden").unwrap(), before);
    assert!(browser.get("/security?done").await.text.contains("Uw 2FA instellingen zijn bijgewerkt."));
    assert!(world.evidence(&browser).await.is_some());
}

#[tokio::test]
async fn a_result_for_another_purpose_pairs_nothing() {
    let world = World::new().await;
    let browser = world.browser();
    world.log_in(&browser, "anna").await;
    let form_token = browser.get("/security").await.form_token();
    let fields = [("form_token", form_token.as_str()), ("password", "linden-anna")];
    browser.post("/security", &fields).await.to();
    world.server.results(Manner::answer(|prompt| {
        let mut word = servers_word(prompt);
        word["purpose"] = "login".into();
        word
    }));
    let page = browser.get(&world.way_back()).await;
    assert_eq!(page.status, 403);
    assert!(page.text.contains("Er is niets gewijzigd"));
    assert!(world.evidence(&browser).await.is_some(), "the login itself stays");
}
