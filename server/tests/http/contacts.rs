//! Where a user is reached: told by the panel, shown masked, and in no file once the user is gone.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::fixture::{Answer, World, add_key};
use crate::wizard::Page;

const TYPED: &str = "06 1234-5678";
const MASKED: &str = "06 •• •• •• 78";

async fn put(world: &World, name: &str, fields: Value) -> Answer {
    let mut body = json!({ "login_name": name });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    world.call(&world.key, Method::PUT, &format!("/v1/users/{name}"), Some(&body)).await
}

fn reached(answer: &Answer) -> Value {
    json!([answer.body["mobile"], answer.body["mobile_verified"], answer.body["mail"]])
}

#[tokio::test]
async fn what_is_left_out_stays_and_null_takes_it_away() {
    let world = World::start().await;
    let made =
        put(&world, "anna", json!({ "mobile": TYPED, "mobile_verified": true, "mail": ["Anna@example.nl"] })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    assert_eq!(reached(&made), json!([MASKED, true, ["A•••@example.nl"]]));
    let same = put(&world, "anna", json!({ "mobile": "+31 (0)6 12345678" })).await;
    assert_eq!((reached(&same), &same.body["version"]), (reached(&made), &made.body["version"]), "nothing changed");
    let other = put(&world, "anna", json!({ "mobile": "+32 470 12 34 56" })).await;
    assert_eq!(reached(&other), json!(["+32 •• •• •• • 56", false, ["A•••@example.nl"]]));
    let less = put(&world, "anna", json!({ "mobile": null })).await;
    assert_eq!(reached(&less), json!([null, null, ["A•••@example.nl"]]));
    let none = put(&world, "anna", json!({ "mail": null })).await;
    assert_eq!(reached(&none), json!([null, null, []]));
    let many = put(&world, "anna", json!({ "mail": ["a@b.nl", "anna@bücher.example"] })).await;
    assert_eq!(reached(&many)[2], json!(["•••@b.nl", "a•••@xn--bcher-kva.example"]));
    assert_eq!(reached(&put(&world, "anna", json!({ "mail": [] })).await)[2], json!([]));
}

/// threats rows 27 and 44
#[tokio::test]
async fn what_cannot_be_called_or_written_to_is_refused_by_its_field_and_never_repeated() {
    let world = World::start().await;
    world.put_user("anna").await;
    let version = world.get("/v1/users/anna").await.body["version"].clone();
    for (fields, field, canary) in [
        (json!({ "mobile": "0612345" }), "`mobile`", "0612345"),
        (json!({ "mobile": "020 123 4567" }), "not a mobile number", "4567"),
        (json!({ "mobile": "0900 7654321" }), "`mobile`", "7654321"),
        (json!({ "mobile": "" }), "`mobile`", "canary"),
        (json!({ "mobile": 612345678 }), "`mobile`", "612345678"),
        (json!({ "mobile": MASKED }), "`mobile`", "••"),
        (json!({ "mobile_verified": true }), "`mobile_verified`", "canary"),
        (json!({ "mail": "anna@example.nl" }), "`mail`", "anna@"),
        (json!({ "mail": ["anna@example.nl", "canary"] }), "`mail[1]`", "canary"),
        (json!({ "mail": ["anna@example.nl\r\nBcc: canary@example.nl"] }), "`mail[0]`", "canary"),
        (json!({ "mail": ["anna@example.nl", "ANNA@example.nl"] }), "`mail`", "anna@"),
        (json!({ "mail": ["a@x.nl", "b@x.nl", "c@x.nl", "d@x.nl"] }), "`mail`", "a@x"),
    ] {
        let refused = put(&world, "anna", fields.clone()).await;
        assert_eq!((refused.status.as_u16(), refused.slug()), (422, "invalid-field"), "{fields}: {refused:?}");
        let detail = refused.body["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(field), "{fields}: {detail}");
        assert!(!refused.text.contains(canary), "{fields}: {detail}");
        let nobody = put(&world, "nobody", fields).await;
        assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY, "{nobody:?}");
    }
    assert_eq!(world.get("/v1/users/anna").await.body["version"], version, "nothing changed");
    assert_eq!(world.get("/v1/users/nobody").await.status, StatusCode::NOT_FOUND);
}

/// threats rows 30, 45 and 47: a stolen key is no directory of telephone numbers.
#[tokio::test]
async fn nobody_reads_a_number_or_an_address_back() {
    let world = World::start().await;
    put(&world, "anna", json!({ "mobile": TYPED, "mail": ["anna.canary@example.nl"] })).await;
    for scopes in [&["manage"][..], &["desk"], &["verify", "manage", "desk", "audit"]] {
        let key = add_key(&world.config, "Klantpaneel", scopes).await;
        let shown = world.call(&key, Method::GET, "/v1/users/anna", None).await;
        assert_eq!(reached(&shown), json!([MASKED, false, ["a•••@example.nl"]]), "{scopes:?}");
        assert!(!shown.text.contains("345678") && !shown.text.contains("canary"), "{shown:?}");
    }
}

#[tokio::test]
async fn pages_and_the_desk_show_what_is_known_masked() {
    let world = World::start().await;
    put(&world, "dora", json!({ "mobile": TYPED, "mail": ["dora.canary@example.nl"] })).await;
    let mut page = Page::open(&world, "dora").await;
    assert!(page.shown.text.contains(&format!("Uw nummer bij Klantpaneel: {MASKED}")), "{:?}", page.shown);
    assert!(page.shown.text.contains("Nog niet beschikbaar bij Klantpaneel"), "{:?}", page.shown);
    assert!(!page.shown.text.contains("example.nl"), "a password alone shows no address");
    let seed = page.add_authenticator().await;
    let settings = Page::settings(&world, "dora", &seed).await.shown;
    let mut desk = Desk::begin(&world, "sanne", "support").await;
    let call = desk.call("dora").await;
    assert!(call.text.contains("niet gecontroleerd"), "{call:?}");
    for shown in [&settings, &call] {
        assert!(shown.text.contains(MASKED) && shown.text.contains("d•••@example.nl"), "{shown:?}");
        assert!(!shown.text.contains("345678") && !shown.text.contains("canary"), "{shown:?}");
    }
    assert!(settings.text.contains("Laat het wijzigen bij Klantpaneel"), "{settings:?}");
}
