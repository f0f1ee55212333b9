//! What holds for every state of every page.

use std::collections::BTreeSet;

use askama::Template;

use super::samples::{self, Sample};
use super::{Frame, Language, Page, assets};
use crate::logo;

/// Every state in both languages: file name, HTML, status.
fn pages() -> Vec<(String, String, u16)> {
    let mut pages = Vec::new();
    for language in Language::ALL {
        for (name, sample) in samples::all(language) {
            let (html, status) = match sample {
                Sample::Verify(page) => (page.render(), page.status()),
                Sample::Enrol(page) => (page.render(), page.status()),
                Sample::Settings(page) => (page.render(), page.status()),
                Sample::History(page) => (page.render(), page.status()),
                Sample::Wizard(page) => (page.render(), page.status()),
                Sample::Link(page) => (page.render(), page.status()),
                Sample::Message(page) => (page.render(), page.status()),
                Sample::SignIn(page) => (page.render(), page.status()),
                Sample::Welcome(page) => (page.render(), page.status()),
                Sample::Home(page) => (page.render(), page.status()),
                Sample::Call(page) => (page.render(), page.status()),
                Sample::Panels(page) => (page.render(), page.status()),
                Sample::OwnRules(page) => (page.render(), page.status()),
                Sample::Panel(page) => (page.render(), page.status()),
                Sample::Audit(page) => (page.render(), page.status()),
            };
            let name = format!("{}/{name}", language.tag());
            pages.push((name, html.unwrap(), status.as_u16()));
        }
    }
    pages
}

/// The values of an attribute, wherever it stands.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    let start = format!(" {attribute}=\"");
    html.split(&start).skip(1).map(|rest| &rest[..rest.find('"').unwrap()]).collect()
}

#[test]
fn no_page_holds_script_or_style_of_its_own() {
    for (name, html, _) in pages() {
        assert_eq!(html.matches("<script").count(), 1, "{name}");
        let logos = html.matches("<img class=\"logo\"").count();
        assert_eq!(logos, usize::from(name.contains("/look-")), "{name}");
        assert_eq!(values(&html, "src")[0], assets::script().href.as_str(), "{name}");
        assert_eq!(values(&html, "src").len(), 1 + logos, "{name}");
        assert!(!html.contains("<style") && !html.contains(" style="), "{name}");
        for handler in html.split(" on").skip(1) {
            let word = handler.trim_start_matches(|c: char| c.is_ascii_lowercase());
            assert!(!word.starts_with('='), "{name}: on{handler}");
        }
        assert!(!html.contains("javascript:"), "{name}");
    }
}

#[test]
fn no_page_asks_another_host_for_anything() {
    for (name, html, _) in pages() {
        for address in [values(&html, "src"), values(&html, "action")].concat() {
            assert!(address.starts_with('/') && !address.starts_with("//"), "{name}: {address}");
        }
        // The foreign addresses are the invitation itself, behind a button, and where support is.
        for address in values(&html, "href") {
            let own = address.starts_with('/') && !address.starts_with("//");
            let invites = name.contains("enrol-waiting") || name.contains("wizard-authenticator");
            let rings = address.starts_with("tel:") || address == "https://help.voorbeeld.nl/inloggen";
            assert!(own || invites || rings, "{name}: {address}");
        }
    }
}

#[test]
fn every_form_is_a_post_with_its_token() {
    for (name, html, _) in pages() {
        for form in html.split("<form").skip(1) {
            let form = &form[..form.find("</form>").unwrap()];
            assert!(form.contains("method=\"post\""), "{name}");
            // Before somebody is signed in there is no session that a token could belong to.
            let before = name.contains("desk-sign-in") || name.contains("desk-welcome");
            assert!(before || form.contains("name=\"form_token\""), "{name}");
        }
    }
}

#[test]
fn every_page_has_one_heading_and_at_most_one_primary_action() {
    for (name, html, _) in pages() {
        let headings = html.matches("<h1").count();
        // The link page holds the broken link's message too, hidden.
        assert_eq!(headings, if name.ends_with("/link") { 2 } else { 1 }, "{name}");
        let body = without(&without(&html, "noscript"), "a class=\"first on-phone\"");
        assert!(body.matches("class=\"first\"").count() <= 1, "{name}");
    }
}

/// The HTML without the elements that start with `tag`.
fn without(html: &str, tag: &str) -> String {
    let name = tag.split(' ').next().unwrap();
    let (open, close) = (format!("<{tag}>"), format!("</{name}>"));
    let mut rest = html;
    let mut kept = String::new();
    while let Some((before, after)) = rest.split_once(&open) {
        kept.push_str(before);
        rest = after.split_once(&close).unwrap().1;
    }
    kept + rest
}

#[test]
fn a_verify_page_never_names_a_device() {
    for (name, html, _) in pages() {
        if name.contains("/verify-") {
            assert!(!html.contains("Pixel") && !html.contains("Android"), "{name}");
        }
    }
}

#[test]
fn a_page_with_all_that_it_loads_is_at_most_30_kib() {
    for (name, html, _) in pages() {
        let loaded = assets::all().into_iter().filter(|asset| html.contains(&asset.href));
        let size = html.len() + loaded.map(|asset| asset.bytes.len()).sum::<usize>();
        // Any of a relying party's pages may have a colour and the largest logo; the desk has neither.
        let (accent, sample) = samples::look();
        let colour: usize = super::own_files(Some(accent), None).map(|file| file.bytes.len()).sum();
        let head = Frame { look: super::Look::with(Some(accent), Some(&sample)), ..Frame::of(Language::Dutch, "") };
        let head = super::LinkPage { frame: head }.render().unwrap().len()
            - super::LinkPage { frame: Frame::of(Language::Dutch, "") }.render().unwrap().len();
        let look = if name.contains("/desk-") { 0 } else { colour + head + logo::MOST };
        assert!(size + look <= 30 * 1024, "{name}: {size} + {look} bytes");
    }
}

#[test]
fn what_comes_from_outside_is_escaped() {
    let Some((_, Sample::Enrol(mut page))) =
        samples::all(Language::Dutch).into_iter().find(|(name, _)| name == "enrol-pending")
    else {
        panic!("the sample is there");
    };
    page.frame.party = "<b>A&B</b>".to_owned();
    page.frame.account = Some("\"><script>".to_owned());
    let super::EnrolStep::Pending { devices, .. } = &mut page.step else {
        panic!("it is pending");
    };
    devices[0].name = "<img src=x>".to_owned();
    let html = page.render().unwrap();
    assert!(!html.contains("<b>A&B") && !html.contains("<img"), "{html}");
    assert_eq!(html.matches("<script").count(), 1);
}

#[test]
fn the_statuses_say_what_the_pages_say() {
    let statuses: BTreeSet<(String, u16)> = pages().into_iter().map(|(name, _, status)| (name, status)).collect();
    for (name, status) in [
        ("nl/verify-code-shown", 200),
        ("nl/verify-code-wrong", 422),
        ("nl/verify-code-wait", 429),
        ("nl/verify-ended-locked", 423),
        ("nl/enrol-pending-wrong", 422),
        ("nl/verify-recovery-form", 422),
        ("nl/wizard-authenticator-wrong", 422),
        ("nl/wizard-codes-not-kept", 422),
        ("nl/settings-needed", 422),
        ("nl/message-stolen", 403),
        ("nl/message-expired", 410),
        ("nl/message-unknown", 404),
        ("nl/message-unavailable", 503),
    ] {
        assert!(statuses.contains(&(name.to_owned(), status)), "{name} {status}");
    }
}

#[test]
fn the_state_holds_no_number_and_changes_its_screen_with_the_delivery() {
    let mut screens = Vec::new();
    for (name, sample) in samples::all(Language::Dutch) {
        let Sample::Verify(mut page) = sample else {
            continue;
        };
        let json = serde_json::to_string(&page.live()).unwrap();
        assert!(!json.contains("4829"), "{name}: {json}");
        if let super::VerifyStep::Number { delivery, .. } = &mut page.step {
            let before = page_screen(&json);
            delivery.seq += 1;
            let after = page_screen(&serde_json::to_string(&page.live()).unwrap());
            assert_ne!(before, after);
            screens.push(after);
        }
    }
    assert!(!screens.is_empty());
}

fn page_screen(json: &str) -> String {
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    json["screen"].as_str().unwrap().to_owned()
}
