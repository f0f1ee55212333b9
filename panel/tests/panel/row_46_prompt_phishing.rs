//! A return that does not belong to this browser's own attempt opens nothing, and spoils nothing.

use crate::phone::servers_word;
use crate::verification_server::Manner;
use crate::world::World;

#[tokio::test]
async fn row_46_a_foreign_prompt_is_refused_before_the_server_is_asked() {
    let world = World::new().await;
    let attacker = world.browser();
    world.password(&attacker, "anna").await;
    let attackers = world.server.last_prompt();

    // The victim completed it on the genuine page; now somebody's browser comes back with it.
    let stranger = world.browser();
    let page = stranger.get(&world.way_back_from(&attackers)).await;
    assert_eq!(page.status, 403);
    assert!(page.text.contains("Heeft iemand u een adres gestuurd?"));

    let victim = world.browser();
    world.password(&victim, "anna").await;
    let own = world.server.last_prompt();
    assert_eq!(victim.get(&world.way_back_from(&attackers)).await.status, 403);
    let mixed = [
        ("prompt", attackers["id"].as_str().unwrap()),
        ("state", own["state"].as_str().unwrap()),
        ("code", "the-code"),
    ];
    assert_eq!(victim.get(&world.way_back_with(&mixed)).await.status, 403);
    assert_eq!(world.server.exchanges(), 0);
    assert_eq!(world.evidence(&victim).await, None);

    // The victim's own attempt is not spoilt by that.
    assert_eq!(victim.get(&world.way_back_from(&own)).await.to(), "/");
}

#[tokio::test]
async fn row_46_a_wrong_state_or_a_mixed_up_server_is_refused() {
    let world = World::new().await;
    let browser = world.browser();
    world.password(&browser, "anna").await;
    let own = world.server.last_prompt();
    let (prompt, state) = (own["id"].as_str().unwrap(), own["state"].as_str().unwrap());
    let iss = world.server.address();
    let slash = format!("{iss}/");
    let code = ("code", "the-code");
    let ways = [
        world.way_back_with(&[("prompt", prompt), ("state", "AAAAAAAAAAAAAAAAAAAAAA"), code]),
        world.way_back_with(&[("prompt", prompt), ("state", ""), code]),
        world.way_back_with(&[("prompt", prompt), code]),
        world.way_back_with(&[("state", state), code]),
        world.way_back_with(&[("prompt", prompt), ("state", state), ("state", state), code]),
        world.way_back_with(&[("prompt", prompt), ("state", state), ("iss", "https://other.example"), code]),
        world.way_back_with(&[("prompt", prompt), ("state", state), ("iss", &slash), code]),
        world.way_back_with(&[("prompt", prompt), ("state", state), ("iss", ""), code]),
        format!("/koppel/return?prompt={prompt}&state={state}&code=the-code"),
        "/koppel/return".to_owned(),
    ];
    for way in ways {
        assert_eq!(browser.get(&way).await.status, 403, "{way}");
    }
    assert_eq!(world.server.exchanges(), 0);
    assert_eq!(browser.get(&world.way_back()).await.to(), "/");
}

#[tokio::test]
async fn row_46_the_exchange_proves_the_browser_that_began() {
    let world = World::new().await;
    // The fake server answers only when SHA-256(v) is the binding of the prompt.
    let browser = world.browser();
    assert_eq!(world.log_in(&browser, "anna").await.to(), "/");
    assert_eq!(world.server.exchanges(), 1);
    let other = world.browser();
    world.password(&other, "anna").await;
    let wrong_code = world.way_back().replace("the-code", "another-code");
    assert_eq!(other.get(&wrong_code).await.status, 403);
    assert_eq!(world.evidence(&other).await, None);
}

#[tokio::test]
async fn row_46_two_browsers_of_one_user_never_share_a_binding() {
    let world = World::new().await;
    let (one, two) = (world.browser(), world.browser());
    world.password(&one, "anna").await;
    let first = world.server.last_prompt();
    world.password(&two, "anna").await;
    let second = world.server.last_prompt();
    assert_ne!(first["binding"], second["binding"]);
    assert_eq!(one.get(&world.way_back_from(&second)).await.status, 403);
    assert_eq!(two.get(&world.way_back_from(&first)).await.status, 403);
    assert_eq!(two.get(&world.way_back_from(&second)).await.to(), "/");
    assert_eq!(one.get(&world.way_back_from(&first)).await.to(), "/");
}

#[tokio::test]
async fn row_46_one_result_signs_in_once() {
    let world = World::new().await;
    let browser = world.browser();
    world.password(&browser, "anna").await;
    let before = browser.cookie("linden").unwrap();
    let way = world.way_back();
    assert_eq!(browser.get(&way).await.to(), "/");
    assert_eq!(browser.get(&way).await.status, 403);
    // The name that the session had at the prompt is worth nothing any more.
    let thief = world.browser();
    thief.set_cookie("linden", &before);
    assert_eq!(thief.get(&way).await.status, 403);
    assert_eq!(world.evidence(&thief).await, None);
}

#[tokio::test]
async fn row_46_a_binding_lives_for_one_attempt_and_ten_minutes() {
    let world = World::new().await;
    let browser = world.browser();
    world.password(&browser, "anna").await;
    let first = world.server.last_prompt();
    world.wait(599);
    world.password(&browser, "anna").await;
    let again = world.server.last_prompt();
    assert_eq!(first["binding"], again["binding"]);
    world.wait(1);
    world.password(&browser, "anna").await;
    let late = world.server.last_prompt();
    assert_ne!(first["binding"], late["binding"]);

    world.server.results(Manner::answer(servers_word));
    assert_eq!(browser.get(&world.way_back()).await.to(), "/");
    world.password(&world.browser(), "anna").await;
    assert_ne!(world.server.last_prompt()["binding"], late["binding"]);
}

#[tokio::test]
async fn a_return_after_ten_minutes_is_too_late() {
    let world = World::new().await;
    let browser = world.browser();
    world.password(&browser, "anna").await;
    world.wait(600);
    let page = browser.get(&world.way_back()).await;
    assert_eq!(page.status, 403);
    assert!(page.text.contains("duurde te lang"));
    assert_eq!(world.server.exchanges(), 0);
}

#[tokio::test]
async fn a_cancelled_prompt_is_said_and_can_be_tried_again() {
    let world = World::new().await;
    let browser = world.browser();
    world.password(&browser, "anna").await;
    let own = world.server.last_prompt();
    let (prompt, state) = (own["id"].as_str().unwrap(), own["state"].as_str().unwrap());
    let cancelled = [("prompt", prompt), ("state", state), ("error", "cancelled")];
    let page = browser.get(&world.way_back_with(&cancelled)).await;
    assert_eq!(page.status, 403);
    assert!(page.text.contains("afgebroken"));
    browser.post("/sign-in/phone", &[("form_token", &page.form_token())]).await.to();
    assert_eq!(browser.get(&world.way_back()).await.to(), "/");
}
