//! A server that was broken into can say anything. It cannot sign with a phone's key, and the panel sees the difference.

use std::sync::Arc;

use koppel_panel::pins::Pins;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::phone::{Approval, Phone, servers_word};
use crate::verification_server::Manner;
use crate::world::World;

const PHONE: &str = "dv_aaaaaaaaaaaaaaaaaaaaaaaaaa";
const SECOND: &str = "dv_bbbbbbbbbbbbbbbbbbbbbbbbbb";

/// The server hands over what `phone` signed, after `change`.
fn approves(phone: &Arc<Phone>, change: impl Fn(&mut Approval<'_>) + Send + Sync + 'static) -> Manner {
    let phone = phone.clone();
    Manner::answer(move |prompt| {
        let mut approval = phone.approval(prompt);
        change(&mut approval);
        approval.result()
    })
}

fn honest(phone: &Arc<Phone>) -> Manner {
    approves(phone, |_| ())
}

/// A world in which the panel knows anna's phone.
async fn knowing(world: World) -> (World, Arc<Phone>) {
    let phone = Arc::new(Phone::new(PHONE));
    assert_eq!(evidence(&world, honest(&phone)).await.as_deref(), Some("device_signature"));
    (world, phone)
}

/// Anna signs in with a fresh browser: what stands behind it, or `None` when the panel's own verdict is *denied*.
async fn evidence(world: &World, manner: Manner) -> Option<String> {
    world.server.results(manner);
    let browser = world.browser();
    let page = world.log_in(&browser, "anna").await;
    let found = world.evidence(&browser).await;
    if found.is_none() {
        let is_verdict = ["Wij laten daarmee niemand binnen", "Wij laten u alleen binnen"];
        assert!(page.status == 403 && is_verdict.iter().any(|text| page.text.contains(text)), "{}", page.text);
    }
    found
}

#[tokio::test]
async fn the_first_key_is_pinned_and_said_to_be_the_first() {
    let world = World::new().await;
    let phone = Arc::new(Phone::new(PHONE));
    world.server.results(honest(&phone));
    let browser = world.browser();
    world.log_in(&browser, "anna").await;
    assert!(browser.get("/").await.text.contains("Dit is de eerste sleutel"));
    let pins: Pins = world.pins().read().unwrap();
    assert_eq!(pins.trusted("linden-anna", PHONE).unwrap().spki, phone.spki());

    let again = world.browser();
    world.log_in(&again, "anna").await;
    let page = again.get("/").await.text;
    assert!(page.contains("zelf nagerekend") && !page.contains("Dit is de eerste sleutel"));
}

#[tokio::test]
async fn row_49_a_forged_decision_is_refused() {
    let (world, phone) = knowing(World::new().await).await;
    let thief: &'static Phone = Box::leak(Box::new(Phone::new(PHONE)));
    // Signed by another key, under the name of the known one.
    assert_eq!(evidence(&world, approves(&phone, |a| a.signer = thief)).await, None);
    // Changed after it was signed.
    let change = {
        let phone = phone.clone();
        Manner::answer(move |prompt| {
            let mut result = phone.approval(prompt).result();
            let deny = {
                let mut approval = phone.approval(prompt);
                approval.decision["dec"] = "deny".into();
                approval.result()
            };
            let (input, _) = result["decision"].as_str().unwrap().rsplit_once('.').unwrap();
            let (_, signature) = deny["decision"].as_str().unwrap().rsplit_once('.').unwrap();
            result["decision"] = format!("{input}.{signature}").into();
            result
        })
    };
    assert_eq!(evidence(&world, change).await, None);
    assert!(evidence(&world, honest(&phone)).await.is_some());
}

#[tokio::test]
async fn row_49_a_known_device_with_another_key_is_refused() {
    let (world, _) = knowing(World::new().await).await;
    let thief = Arc::new(Phone::new(PHONE));
    assert_eq!(evidence(&world, honest(&thief)).await, None);
    let pins: Pins = world.pins().read().unwrap();
    assert_ne!(pins.trusted("linden-anna", PHONE).unwrap().spki, thief.spki());
}

#[tokio::test]
async fn row_49_an_unknown_key_is_never_more_than_the_servers_word() {
    let (world, _) = knowing(World::new().await).await;
    let invented = Arc::new(Phone::new(SECOND));
    // However often it comes.
    for _ in 0..2 {
        assert_eq!(evidence(&world, honest(&invented)).await.as_deref(), Some("server"));
    }
    let pins: Pins = world.pins().read().unwrap();
    assert!(pins.trusted("linden-anna", SECOND).is_none());
}

#[tokio::test]
async fn row_49_an_unknown_key_is_refused_where_a_signature_is_required() {
    let (world, phone) = knowing(World::requiring_signatures().await).await;
    let invented = Arc::new(Phone::new(SECOND));
    assert_eq!(evidence(&world, honest(&invented)).await, None);
    assert_eq!(evidence(&world, honest(&phone)).await.as_deref(), Some("device_signature"));
    // Unless the operator accepts it.
    let accepted = world.pins().change(|pins: &mut Pins| pins.accept("linden-anna", SECOND)).unwrap();
    assert!(accepted);
    assert_eq!(evidence(&world, honest(&invented)).await.as_deref(), Some("device_signature"));
}

#[tokio::test]
async fn row_49_the_servers_word_is_refused_where_a_signature_is_required() {
    let world = World::requiring_signatures().await;
    assert_eq!(evidence(&world, Manner::answer(servers_word)).await, None);
    let (world, _) = knowing(world).await;
    assert_eq!(evidence(&world, Manner::answer(servers_word)).await, None);
}

#[tokio::test]
async fn row_49_a_decision_for_another_binding_is_refused() {
    let world = World::new().await;
    let phone = Arc::new(Phone::new(PHONE));
    // A whole honest answer of yesterday …
    world.server.results(honest(&phone));
    world.log_in(&world.browser(), "anna").await;
    let yesterday = phone.approval(&world.server.last_prompt()).result();
    // … handed over for today's login.
    assert_eq!(evidence(&world, Manner::answer(move |_| yesterday.clone())).await, None);
}

#[tokio::test]
async fn row_49_a_swapped_challenge_is_refused() {
    let (world, phone) = knowing(World::new().await).await;
    // The phone approved one challenge; the server shows the panel another that fits the login.
    let swapped = {
        let phone = phone.clone();
        Manner::answer(move |prompt| {
            let mut elsewhere = prompt.clone();
            elsewhere["binding"] = "another browser".into();
            let approved = phone.approval(&elsewhere).result();
            let fitting = phone.approval(prompt).result();
            let mut result = approved;
            result["challenge"] = fitting["challenge"].clone();
            result
        })
    };
    assert_eq!(evidence(&world, swapped).await, None);
}

#[tokio::test]
async fn row_49_every_claim_that_differs_is_refused_although_the_phone_signed_it() {
    let (world, phone) = knowing(World::new().await).await;
    type Change = Box<dyn Fn(&mut Approval<'_>) + Send + Sync>;
    let changes: Vec<(&str, Change)> = vec![
        ("deny", Box::new(|a| a.decision["dec"] = "deny".into())),
        ("fraud", Box::new(|a| a.decision["dec"] = "fraud".into())),
        ("no dec", Box::new(|a| a.decision["dec"] = Value::Null)),
        ("mode code", Box::new(|a| a.challenge["mode"] = "code".into())),
        ("mode unlock", Box::new(|a| a.challenge["mode"] = "unlock".into())),
        ("mode confirm_pairing", Box::new(|a| a.challenge["mode"] = "confirm_pairing".into())),
        ("another user", Box::new(|a| a.challenge["user"]["id"] = "linden-bram".into())),
        ("another purpose", Box::new(|a| a.challenge["purpose"] = "settings".into())),
        ("a test", Box::new(|a| a.challenge["purpose"] = "test".into())),
        ("no purpose", Box::new(|a| a.challenge["purpose"] = Value::Null)),
        ("another binding", Box::new(|a| a.challenge["bind"] = "x".into())),
        ("no binding", Box::new(|a| a.challenge["bind"] = Value::Null)),
        ("another relying party", Box::new(|a| a.challenge["rp"]["id"] = "rp_other".into())),
        ("no relying party", Box::new(|a| a.challenge["rp"] = Value::Null)),
        ("another cid", Box::new(|a| a.decision["cid"] = "ch_other".into())),
        ("another seq", Box::new(|a| a.decision["seq"] = 2.into())),
        ("seq as text", Box::new(|a| a.decision["seq"] = "1".into())),
        ("another device decides", Box::new(|a| a.decision["dev"] = SECOND.into())),
        ("another device is asked", Box::new(|a| a.challenge["dev"] = SECOND.into())),
        ("another kid", Box::new(|a| a.header["kid"] = SECOND.into())),
        ("another type", Box::new(|a| a.header["typ"] = "pop+jwt".into())),
        ("no algorithm", Box::new(|a| a.header["alg"] = "none".into())),
        ("an own key in the header", Box::new(|a| a.header["jwk"] = json!({}))),
        ("another hash", Box::new(|a| a.decision["ch"] = "x".into())),
        ("another thumbprint", Box::new(|a| a.key["thumbprint"] = "x".into())),
        ("a broken key", Box::new(|a| a.key["spki"] = "x".into())),
        ("a broken challenge", Box::new(|a| a.shown = Some("a.b.c".to_owned()))),
    ];
    for (what, change) in changes {
        assert_eq!(evidence(&world, approves(&phone, change)).await, None, "{what}");
    }
    for missing in ["challenge", "decision", "key"] {
        let phone = phone.clone();
        let manner = Manner::answer(move |prompt| {
            let mut result = phone.approval(prompt).result();
            result.as_object_mut().unwrap().remove(missing);
            result
        });
        assert_eq!(evidence(&world, manner).await, None, "{missing}");
    }
    assert!(evidence(&world, honest(&phone)).await.is_some());
}

#[tokio::test]
async fn a_new_key_that_a_known_phone_signed_for_is_pinned() {
    let (world, old) = knowing(World::requiring_signatures().await).await;
    let new = Arc::new(Phone::new(SECOND));
    let endorsement = old.endorsement("linden-anna", &new);
    let endorsed = approves(&new, move |a| a.key["endorsement"] = endorsement.clone());
    world.server.results(endorsed);
    let browser = world.browser();
    world.log_in(&browser, "anna").await;
    assert!(browser.get("/").await.text.contains("heeft ervoor getekend"));
    // From now on it needs no endorsement.
    assert_eq!(evidence(&world, honest(&new)).await.as_deref(), Some("device_signature"));
}

#[tokio::test]
async fn a_renewed_key_of_a_known_device_needs_another_known_phone() {
    let (world, old) = knowing(World::new().await).await;
    let second = Arc::new(Phone::new(SECOND));
    let endorsement = old.endorsement("linden-anna", &second);
    let endorsed = approves(&second, move |a| a.key["endorsement"] = endorsement.clone());
    assert_eq!(evidence(&world, endorsed).await.as_deref(), Some("device_signature"));

    let renewed = Arc::new(Phone::new(PHONE));
    assert_eq!(evidence(&world, honest(&renewed)).await, None);
    let endorsement = second.endorsement("linden-anna", &renewed);
    let endorsed = approves(&renewed, move |a| a.key["endorsement"] = endorsement.clone());
    assert_eq!(evidence(&world, endorsed).await.as_deref(), Some("device_signature"));
    assert_eq!(evidence(&world, honest(&old)).await, None);
}

#[tokio::test]
async fn row_49_an_endorsement_that_does_not_hold_is_refused() {
    let (world, old) = knowing(World::new().await).await;
    let new = Arc::new(Phone::new(SECOND));
    let thief = Phone::new(PHONE);
    let somebody = Phone::new(SECOND);
    let mut login = old.approval(&json!({ "user": { "external_id": "linden-anna" } }));
    login.challenge["pairing"] = json!({ "approve_thumbprint": new.thumbprint() });
    let mut login = login.result();
    login["device"] = PHONE.into();
    for (what, endorsement) in [
        ("signed by another key", thief.endorsement("linden-anna", &new)),
        ("for another key", old.endorsement("linden-anna", &somebody)),
        ("for another user", old.endorsement("linden-bram", &new)),
        ("a login in its place", login),
    ] {
        let endorsed = approves(&new, move |a| a.key["endorsement"] = endorsement.clone());
        assert_eq!(evidence(&world, endorsed).await, None, "{what}");
    }
    // One by a phone that the panel never saw proves nothing either way.
    let unseen = Phone::new("dv_cccccccccccccccccccccccccc");
    let endorsement = unseen.endorsement("linden-anna", &new);
    let endorsed = approves(&new, move |a| a.key["endorsement"] = endorsement.clone());
    assert_eq!(evidence(&world, endorsed).await.as_deref(), Some("server"));
}

#[tokio::test]
async fn a_denied_login_ends_its_session() {
    let (world, phone) = knowing(World::new().await).await;
    world.server.results(approves(&phone, |a| a.decision["dec"] = "deny".into()));
    let browser: Browser = world.browser();
    let page = world.log_in(&browser, "anna").await;
    assert_eq!(page.status, 403);
    assert!(page.text.contains("Wij laten daarmee niemand binnen"));
    assert_eq!(browser.cookie("linden"), None);
    // Not even the honest answer helps afterwards: the binding is used up.
    world.server.results(honest(&phone));
    assert_eq!(browser.get(&world.way_back()).await.status, 403);
}
