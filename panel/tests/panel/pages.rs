//! What every page promises.

use crate::world::World;

#[tokio::test]
async fn no_page_loads_anything_foreign_or_inline() {
    let world = World::new().await;
    let browser = world.browser();
    world.log_in(&browser, "anna").await;
    for path in ["/", "/sign-in?x", "/security", "/koppel/return", "/nowhere"] {
        let page = browser.get(path).await;
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        let server = world.server.address();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(policy.contains(&format!("form-action 'self' {server};")));
        assert!(policy.contains("frame-ancestors 'none'"));
        assert_eq!(page.headers["cache-control"], "no-store");
        assert!(!page.text.contains("<script") && !page.text.contains("style=") && !page.text.contains("http"));
    }
}

#[tokio::test]
async fn pages_speak_the_language_of_the_browser_or_the_one_chosen() {
    let world = World::new().await;
    let browser = world.browser();
    assert!(browser.get("/sign-in").await.text.contains("<html lang=\"nl\">"));
    let english = browser.get_with("/sign-in", "accept-language", "en-GB").await.text;
    assert!(english.contains("<html lang=\"en\">") && english.contains("User name"));
    let back = browser.get("/language/en?back=/sign-in").await;
    assert_eq!(back.to(), "/sign-in");
    assert!(browser.get("/sign-in").await.text.contains("User name"));
    assert_eq!(browser.get("/language/nl?back=//evil.example").await.to(), "/");
    // The server's page speaks it too.
    browser.get("/language/en").await;
    world.password(&browser, "anna").await;
    assert_eq!(world.server.last_prompt()["locale"], "en");
}

#[tokio::test]
async fn what_was_typed_is_shown_as_text() {
    let world = World::new().await;
    let browser = world.browser();
    let form_token = browser.get("/sign-in").await.form_token();
    let fields = [("form_token", form_token.as_str()), ("login_name", "\"><script>x</script>"), ("password", "x")];
    let page = browser.post("/sign-in", &fields).await;
    assert!(!page.text.contains("<script>"));
    assert!(page.text.contains("&#60;script"), "{}", page.text);
}

#[tokio::test]
async fn the_prompt_says_who_asks_from_where_and_where_to_come_back() {
    let world = World::new().await;
    let browser = world.browser();
    world.password(&browser, "anna").await;
    let prompt = world.server.last_prompt();
    assert_eq!(prompt["user"]["external_id"], "linden-anna");
    assert_eq!(prompt["user"]["login_name"], "anna");
    assert_eq!(prompt["browser"]["ip"], "127.0.0.1");
    assert_eq!(prompt["purpose"], "login");
    assert_eq!(prompt["mode"], "number");
    assert_eq!(prompt["return_url"], format!("{}/koppel/return", world.panel));
    assert_eq!(prompt["first_factor_at"], world.now());
}
