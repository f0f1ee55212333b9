//! While a second factor is rolled out: the password is enough only where the panel and the server both say so.

use serde_json::json;

use crate::verification_server::Manner;
use crate::world::World;

fn not_required(status: u16) -> Manner {
    Manner::problem(status, "not-required")
}

#[tokio::test]
async fn later_and_off_let_in_by_the_password_while_the_panel_rolls_out() {
    let world = World::rolling_out().await;
    world.server.results(not_required(409));
    let browser = world.browser();
    world.log_in(&browser, "anna").await;
    assert_eq!(world.evidence(&browser).await.as_deref(), Some("none"), "later");

    world.server.prompts(not_required(409));
    let browser = world.browser();
    let page = world.password(&browser, "bram").await;
    assert_eq!(page.to(), "/");
    assert_eq!(world.evidence(&browser).await.as_deref(), Some("none"), "off");
}

/// threats row 14
#[tokio::test]
async fn nobody_else_gets_in_by_the_password() {
    let strict = World::new().await;
    for world in [&strict, &World::requiring_signatures().await] {
        world.server.results(not_required(409));
        let browser = world.browser();
        let page = world.log_in(&browser, "anna").await;
        assert_eq!(page.status, 403);
        assert!(page.text.contains("Zonder tweede stap"), "{}", page.text);
        assert_eq!(world.evidence(&browser).await, None);
    }
    let rolling = World::rolling_out().await;
    let as_text = Manner::Say(409, "application/problem+json", json!({ "type": "not-required" }).to_string());
    for manner in [not_required(200), not_required(403), not_required(500), as_text] {
        rolling.server.results(manner);
        let browser = rolling.browser();
        rolling.log_in(&browser, "anna").await;
        assert_eq!(rolling.evidence(&browser).await, None);
    }
}
