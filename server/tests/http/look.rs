//! The colour and the logo of a relying party: on all of its pages and on no other, and nothing hostile gets in.

use koppel_server::commands::{self, Command, RelyingPartySet};
use reqwest::StatusCode;

use crate::fixture::{Answer, World, command};
use crate::pages::Browser;
use crate::wizard::Page;

const LOGO: &[u8] = include_bytes!("../../examples/sample_logo.png");

fn look(accent: &str, logo: &[u8]) -> Command {
    let logo = Some(koppel_protocol::bytes::encode(logo));
    let accent = Some(accent.to_owned());
    Command::RelyingPartySet(RelyingPartySet { accent, logo, ..RelyingPartySet::named("Klantpaneel") })
}

/// The addresses of a page's own files.
fn own(page: &Answer) -> Vec<String> {
    let addresses = page.text.split('"').filter(|text| text.starts_with("/static/own/"));
    addresses.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_relying_partys_pages_have_its_colour_and_logo_and_the_policy_stays() {
    let world = World::start().await;
    let plain = Page::open(&world, "dora").await.shown;
    assert_eq!(own(&plain), Vec::<String>::new());
    command(&world.config, look("#7a1f5c", LOGO)).await;
    let mut page = Page::open(&world, "dora").await;
    let files = own(&page.shown);
    assert_eq!(files.len(), 2, "{:?}", page.shown);
    for (file, kind, begins) in
        [(&files[0], "text/css; charset=utf-8", &b":root { --accent: #7A1F5C;"[..]), (&files[1], "image/png", LOGO)]
    {
        let answer = world.http.get(format!("{}{file}", world.url)).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{file}");
        let headers = answer.headers().clone();
        assert_eq!(headers["content-type"], kind);
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(headers["cache-control"].to_str().unwrap().contains("immutable"), "{headers:?}");
        assert!(headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"), "{headers:?}");
        assert!(answer.bytes().await.expect("a body").starts_with(begins), "{file}");
    }
    let policy = |page: &Answer| page.headers["content-security-policy"].to_str().unwrap().to_owned();
    assert_eq!(policy(&page.shown), policy(&plain), "nothing more is allowed");
    page.add_authenticator().await;
    assert_eq!(own(&page.shown), files, "the whole way");

    // Another relying party of the same organisation, and a page that is nobody's.
    let unknown = Browser::new(&world).get("/p/pr_gaytemzugu3doobzmfrggzdfmy").await;
    assert_eq!(own(&unknown), Vec::<String>::new());
    command(&world.config, look("", b"")).await;
    assert_eq!(own(page.again().await), Vec::<String>::new());
    for file in files {
        let gone = world.http.get(format!("{}{file}", world.url)).send().await.expect("an answer");
        assert_eq!(gone.status(), StatusCode::NOT_FOUND, "{file}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_or_is_no_plain_picture_is_refused_and_nothing_changes() {
    let world = World::start().await;
    command(&world.config, look("#7A1F5C", LOGO)).await;
    let before = own(&Page::open(&world, "dora").await.shown);
    let hostile = [LOGO, b"<script>alert(1)</script>"].concat();
    for (accent, logo, why) in [
        ("#FFD500", LOGO, "1.4 : 1; at least 4.5 : 1"),
        ("red;}*{display:none", LOGO, "like #0B6B5D"),
        ("#7A1F5C", &hostile, "behind its end"),
        ("#7A1F5C", b"<svg onload='alert(1)'/>", "not a PNG"),
        ("#7A1F5C", &[0; 4000], "at most 2048"),
    ] {
        let refused = commands::perform(&world.config, look(accent, logo)).await.expect_err("refused");
        assert!(refused.0.contains(why), "{why}: {refused}");
    }
    assert_eq!(own(&Page::open(&world, "dora").await.shown), before);
}
