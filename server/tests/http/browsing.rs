//! Browsers as they are used and misused: other sites, frames, other hosts, two tabs, the way back, a second click, a session that is over,
//! cookies that are refused. On every kind of page nothing happens that was not meant, and a sentence says what to do.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::desk::{Desk, PASSWORD, call_token};
use crate::fixture::{Answer, RETURN_URL, Session, World};
use crate::hostile::is_page;
use crate::pages::{Browser, location, open, returned, token};
use crate::wizard::{Page, code, world};

/// A page of each kind, in a browser that holds it.
struct Kinds<'w> {
    login: Page<'w>,
    set_up: Page<'w>,
    settings: Page<'w>,
    desk: Desk<'w>,
}

impl<'w> Kinds<'w> {
    async fn open(world: &'w World) -> Kinds<'w> {
        let mut first = Page::open(world, "dora").await;
        let seed = first.add_authenticator().await;
        first.add_codes().await;
        first.leave().await;
        let mut desk = Desk::begin(world, "anna", "admin").await;
        world.phone("jan").await;
        desk.call("jan").await;
        let settings = Page::settings(world, "dora", &seed).await;
        let mut set_up = Page::open(world, "emma").await;
        set_up.send("choose", ("method", "totp")).await;
        Kinds { login: Page::open(world, "jan").await, set_up, settings, desk }
    }

    fn paths(&self) -> [&str; 3] {
        [&self.login.path, &self.set_up.path, &self.settings.path]
    }
}

#[tokio::test]
async fn no_page_is_framed_kept_or_sent_elsewhere() {
    let world = world().await;
    let mut kinds = Kinds::open(&world).await;
    let mut answers: Vec<(String, Answer)> = Vec::new();
    for page in [&mut kinds.login, &mut kinds.set_up, &mut kinds.settings] {
        answers.push((page.screen().to_owned(), page.browser.get(&page.path).await));
    }
    let mut stranger = Browser::new(&world);
    for path in ["/p", "/p/x", &kinds.login.path, "/desk/welcome", "/desk"] {
        answers.push((path.to_owned(), stranger.get(path).await));
    }
    for path in ["/desk/call", "/desk/call/audit", "/desk/panels"] {
        answers.push((path.to_owned(), kinds.desk.get(path).await));
    }
    for (what, answer) in answers {
        let header = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert_eq!(header("x-frame-options"), "DENY", "{what}");
        let policy = header("content-security-policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"] {
            assert!(policy.contains(part), "{what}: {policy}");
        }
        assert_eq!(header("cache-control"), "no-store", "{what}");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{what}");
        assert_eq!(header("referrer-policy"), "same-origin", "{what}");
        let form_action = policy.split("form-action").nth(1).unwrap_or_default();
        let only = ["", " 'self'", " 'self' http://127.0.0.1:1"];
        assert!(only.contains(&form_action) || form_action.ends_with(&world.url), "{what}: {form_action}");
    }
}

/// Genuine cookies and a genuine token, and a browser that says that another site sent the form.
#[tokio::test]
async fn a_form_that_another_site_sends_does_nothing_anywhere() {
    let world = world().await;
    let mut kinds = Kinds::open(&world).await;
    let foreign = [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://127.0.0.1:1"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ];
    let before = world.get("/v1/users/dora").await.body["version"].clone();
    for header in foreign {
        for page in [&mut kinds.login, &mut kinds.set_up, &mut kinds.settings] {
            let form_token = token(&page.shown);
            let digits =
                if page.screen() == "authenticator" { code(&world, &page.seed()) } else { "123456".to_owned() };
            let forms: [(&str, &[(&str, &str)]); 7] = [
                ("check", &[("form_token", &form_token), ("digits", "123456")]),
                ("prove", &[("form_token", &form_token), ("digits", &digits)]),
                ("finish", &[("form_token", &form_token), ("leave", "cancel")]),
                ("change", &[("form_token", &form_token), ("act", "remove"), ("what", "recovery")]),
                ("choose", &[("form_token", &form_token), ("method", "app")]),
                ("codes", &[("form_token", &form_token)]),
                ("enrol", &[("form_token", &form_token)]),
            ];
            for (act, form) in forms {
                let address = format!("{}/{act}", page.path);
                let answer = page.browser.send(Method::POST, &address, Some(form), &[header]).await;
                assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{act} {header:?}: {answer:?}");
                assert!(answer.text.contains("Uw laatste klik is niet verwerkt"), "{answer:?}");
            }
        }
        let call = kinds.desk.get("/desk/call").await;
        let (of_call, of_desk) = (call_token(&call), token(&call));
        let forms: [(&str, &[(&str, &str)]); 6] = [
            ("/desk/call/koppelcode", &[("form_token", &of_call)]),
            ("/desk/call/reset", &[("form_token", &of_call), ("what", "ask")]),
            ("/desk/call/close", &[("form_token", &of_call)]),
            ("/desk/leave", &[("form_token", &of_desk)]),
            ("/desk/find", &[("form_token", &of_desk), ("name", "dora"), ("reason", "r"), ("ticket", "t")]),
            ("/desk/sign-in", &[("name", "anna"), ("password", PASSWORD)]),
        ];
        for (address, form) in forms {
            let answer = kinds.desk.browser.send(Method::POST, address, Some(form), &[header]).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{address} {header:?}: {answer:?}");
            assert!(answer.text.contains("Uw laatste klik is niet verwerkt"), "{answer:?}");
        }
    }
    assert_eq!(world.get("/v1/users/dora").await.body["version"], before, "the settings are as they were");
    let call = kinds.desk.get("/desk/call").await;
    assert!(call.text.contains("/desk/call/close") && !call.text.contains("class=\"koppelcode\""), "{call:?}");
    kinds.set_up.again().await;
    assert_eq!(kinds.set_up.screen(), "authenticator");
    // From here the same forms count.
    let typed = code(&world, &kinds.set_up.seed());
    kinds.set_up.send("prove", ("digits", &typed)).await;
    assert_eq!(kinds.set_up.screen(), "choose-backup");
}

/// Neither a parameter, nor a path, nor a header leads a browser to another place than the registered one.
#[tokio::test]
async fn no_address_and_no_header_leads_elsewhere() {
    let world = world().await;
    let mut kinds = Kinds::open(&world).await;
    let evil = "https://evil.example/";
    let [login, set_up, settings] = kinds.paths().map(str::to_owned);
    for path in ["/p", "/desk", "/desk/welcome", "/desk/call", "/desk/in", "/desk/panels", &login, &set_up, &settings] {
        for query in ["return_url", "next", "iss", "redirect_uri", "said", "state", "prompt"] {
            for browser in [&mut kinds.login.browser, &mut kinds.settings.browser, &mut kinds.desk.browser] {
                stays(&browser.get(&format!("{path}?{query}={evil}")).await, path);
            }
        }
        for twisted in
            [format!("//evil.example{path}"), format!("/\\evil.example{path}"), format!("{path}//evil.example")]
        {
            let address = format!("{}{twisted}", world.url);
            stays(&kinds.login.browser.get(&address).await, &twisted);
        }
        for headers in [
            &[("host", "evil.example")][..],
            &[("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "https")],
            &[("forwarded", "host=evil.example"), ("x-original-url", evil), ("x-rewrite-url", evil)],
        ] {
            for browser in [&mut kinds.login.browser, &mut kinds.settings.browser, &mut kinds.desk.browser] {
                stays(&browser.send(Method::GET, path, None, headers).await, path);
            }
        }
    }
    // The way out is the registered one, whatever host the form was sent to.
    let form_token = token(&kinds.login.shown);
    let form = [("form_token", &*form_token), ("leave", "cancel")];
    let address = format!("{login}/finish");
    let left = kinds.login.browser.send(Method::POST, &address, Some(&form), &[("host", "evil.example")]).await;
    assert_eq!(returned(&location(&left))["error"], "cancelled");
}

fn stays(answer: &Answer, what: &str) {
    assert!(!answer.status.is_server_error(), "{what}: {answer:?}");
    assert!(!answer.text.contains("evil.example"), "{what}: {answer:?}");
    if let Some(to) = answer.headers.get("location").and_then(|to| to.to_str().ok()) {
        let own = to.starts_with('/') && !to.starts_with("//") && !to.contains('\\');
        assert!(own || to.starts_with(RETURN_URL), "{what}: {to}");
        assert!(!to.contains("evil.example"), "{what}: {to}");
    }
}

#[tokio::test]
async fn a_second_click_does_nothing_more_and_loses_nothing() {
    // A login: the last answer counts, and its result is good.
    let world = World::start().await;
    let phone = world.phone("jan").await;
    let session = Session::new();
    let (prompt, url) = open(&world, "jan", &session, "number").await;
    let mut browser = Browser::new(&world);
    let page = location(&browser.get(&url).await);
    let shown = browser.get(&page).await;
    phone.answer(&world, koppel_protocol::decision::Verdict::Approve, Some(&crate::pages::world_number(&shown))).await;
    let form_token = token(&browser.get(&page).await);
    let form = [("form_token", &*form_token)];
    let first = browser.post(&format!("{page}/finish"), &form).await;
    let second = browser.post(&format!("{page}/finish"), &form).await;
    assert!(location(&first).contains("code="), "{first:?}");
    let back = returned(&location(&second));
    let result = json!({ "code": back["code"], "v": session.v() });
    let verified = world.post(&format!("/v1/prompts/{prompt}/result"), result).await;
    assert_eq!(verified.status, StatusCode::OK, "{verified:?}");

    // A set-up: the same code, the same list, the same tick, twice.
    let world = crate::wizard::world().await;
    let mut page = Page::open(&world, "dora").await;
    page.send("choose", ("method", "totp")).await;
    let (seed, form_token) = (page.seed(), token(&page.shown));
    let typed = code(&world, &seed);
    for _ in 0..2 {
        let proven = page.post("prove", &[("form_token", &form_token), ("digits", &typed)]).await;
        assert_eq!(location(&proven), page.path, "{proven:?}");
    }
    page.again().await;
    page.send("choose", ("method", "recovery")).await;
    let form_token = token(&page.shown);
    let first = page.post("codes", &[("form_token", &form_token)]).await;
    let second = page.post("codes", &[("form_token", &form_token)]).await;
    assert!(second.text.contains("<code>"), "whoever clicked twice has a list that counts: {second:?}");
    assert_ne!(first.text, second.text);
    let codes: Vec<_> = second.text.split("<code>").skip(1).filter_map(|rest| rest.split('<').next()).collect();
    for _ in 0..2 {
        let kept = page.post("kept", &[("form_token", &form_token), ("kept", "yes")]).await;
        is_page(&kept, "kept twice");
    }
    page.again().await;
    assert_eq!(page.screen(), "set-up", "{:?}", page.shown);
    page.finish().await;
    world.clock.forward(60);
    let mut login = Page::open(&world, "dora").await;
    login.send("deliver", ("method", "recovery")).await;
    login.send("check", ("digits", codes[1])).await;
    assert_eq!(login.screen(), "choose-anew", "a code of the list that was shown last: {:?}", login.shown);
}

/// The page of yesterday, out of the history or out of a bookmark.
#[tokio::test]
async fn the_way_back_leads_to_where_it_stands() {
    let world = World::start().await;
    let phone = world.phone("jan").await;
    let session = Session::new();
    let (prompt, url) = open(&world, "jan", &session, "code").await;
    let mut browser = Browser::new(&world);
    let page = location(&browser.get(&url).await);
    let form_token = token(&browser.get(&page).await);
    let wrong = browser.post(&format!("{page}/check"), &[("form_token", &form_token), ("digits", "12")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Return in the address line of a page that a form answered with.
    assert_eq!(location(&browser.get(&format!("{page}/check")).await), page);
    assert_eq!(location(&browser.get(&url).await), page, "the address of the panel's redirect");
    let code = phone.code(&world).await;
    let form = [("form_token", &*form_token), ("digits", &*code)];
    let back = returned(&location(&browser.post(&format!("{page}/check"), &form).await));
    let result = json!({ "code": back["code"], "v": session.v() });
    let verified = world.post(&format!("/v1/prompts/{prompt}/result"), result).await;
    assert_eq!(verified.status, StatusCode::OK, "{verified:?}");
    for address in [&page, &url] {
        let mut shown = browser.get(address).await;
        if shown.status.is_redirection() {
            shown = browser.get(&location(&shown)).await;
        }
        assert_eq!(shown.status, StatusCode::GONE, "{shown:?}");
        assert!(shown.text.contains("Deze pagina is al gebruikt"), "{shown:?}");
    }
    let again = browser.post(&format!("{page}/check"), &form).await;
    is_page(&again, "the form again");
    assert!(!again.headers.contains_key("location"), "no second result: {again:?}");
    // A person who mistypes an address reads a page, a program a problem.
    for address in ["/p/x/nothing", "/desk/nothing", "/nothing", "/p/%ff"] {
        let page = browser.send(Method::GET, address, None, &[("accept", "text/html,*/*;q=0.8")]).await;
        is_page(&page, address);
        assert!(page.text.contains("Deze pagina bestaat niet"), "{address}: {page:?}");
    }
}

#[tokio::test]
async fn two_tabs_do_not_get_into_each_others_way() {
    let world = world().await;
    let phone = world.phone("jan").await;
    // Two logins of one browser, each with its own page.
    let mut browser = Browser::new(&world);
    let mut tabs = Vec::new();
    for user in ["emma", "fred"] {
        let (_, url) = open(&world, user, &Session::new(), "code").await;
        let page = location(&browser.get(&url).await);
        tabs.push((page.clone(), token(&browser.get(&page).await)));
    }
    let (first, second) = (tabs[0].clone(), tabs[1].clone());
    let crossed = browser.post(&format!("{}/choose", first.0), &[("form_token", &second.1), ("method", "totp")]).await;
    assert_eq!(crossed.status, StatusCode::BAD_REQUEST, "a form is of its own page: {crossed:?}");
    for (page, form_token) in &tabs {
        let chosen = browser.post(&format!("{page}/choose"), &[("form_token", form_token), ("method", "totp")]).await;
        assert_eq!(&location(&chosen), page, "and both go on: {chosen:?}");
    }

    // One set-up in two tabs: what was chosen last is shown in both, and the older form says so.
    let mut page = Page::open(&world, "dora").await;
    let old = token(&page.shown);
    page.send("choose", ("method", "totp")).await;
    let (seed, other) = (page.seed(), token(&page.shown));
    page.post("choose", &[("form_token", &old), ("method", "recovery")]).await;
    let typed = code(&world, &seed);
    let proven = page.post("prove", &[("form_token", &other), ("digits", &typed)]).await;
    assert_eq!(location(&proven), page.path, "the key that was shown is the key: {proven:?}");
    page.again().await;
    assert_eq!(page.screen(), "choose-backup", "{:?}", page.shown);

    // Two calls at the desk: the tab of the former one does nothing to the latter's user.
    let mut desk = Desk::begin(&world, "anna", "support").await;
    let jan = desk.call("jan").await;
    let of_jan = call_token(&jan);
    desk.act("close", &[]).await;
    desk.call("emma").await;
    for (act, what) in [("reset", "ask"), ("koppelcode", ""), ("unlock", ""), ("close", "")] {
        let form = [("form_token", &*of_jan), ("what", what)];
        let stale = desk.browser.post(&format!("/desk/call/{act}"), &form).await;
        assert_eq!(stale.status, StatusCode::BAD_REQUEST, "{act}: {stale:?}");
        assert!(stale.text.contains("Uw laatste klik is niet verwerkt"), "{stale:?}");
    }
    let emma = desk.get("/desk/call").await;
    assert!(emma.text.contains("emma") && !emma.text.contains("class=\"koppelcode\""), "{emma:?}");
    assert!(phone.inbox(&world).await.challenges.is_empty(), "jan's phone is as it was");
}

#[tokio::test]
async fn whoever_took_too_long_reads_what_to_do() {
    let world = world().await;
    let mut kinds = Kinds::open(&world).await;
    let call = kinds.desk.get("/desk/call").await;
    let of_call = call_token(&call);
    world.clock.forward(3601);
    for page in [&mut kinds.login, &mut kinds.set_up, &mut kinds.settings] {
        let form_token = token(&page.shown);
        for (act, field) in
            [("check", ("digits", "123456")), ("choose", ("method", "app")), ("prove", ("digits", "123456"))]
        {
            let mut late = page.post(act, &[("form_token", &form_token), field]).await;
            if late.status.is_redirection() {
                assert_eq!(location(&late), page.path);
                late = page.browser.get(&page.path).await;
            }
            assert_eq!(late.status, StatusCode::GONE, "{act}: {late:?}");
            assert!(late.text.contains("Er is niet ingelogd"), "{act}: {late:?}");
        }
        let left = page.post("finish", &[("form_token", &form_token), ("leave", "cancel")]).await;
        assert_eq!(returned(&location(&left))["error"], "cancelled", "the way back is open");
    }
    let late = kinds.desk.browser.post("/desk/call/reset", &[("form_token", &of_call), ("what", "ask")]).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY, "{late:?}");
    assert!(late.text.contains("U bent niet meer aangemeld") && late.text.contains("/desk/sign-in"), "{late:?}");
    assert_eq!(world.get("/v1/users/jan").await.body["enrolled"], true, "nothing was reset");
}

#[tokio::test]
async fn a_browser_without_cookies_is_told_about_cookies() {
    let world = world().await;
    let kinds = Kinds::open(&world).await;
    let mut bare = Browser::new(&world);
    for path in kinds.paths() {
        let shown = bare.get(path).await;
        assert_eq!(shown.status, StatusCode::FORBIDDEN, "{shown:?}");
        assert!(shown.text.contains("Sta dan cookies toe"), "{shown:?}");
        for act in ["check", "choose", "change", "finish"] {
            let mut form = vec![("form_token", "a.b")];
            form.extend(match act {
                "check" => vec![("digits", "123456")],
                "choose" => vec![("method", "app")],
                "change" => vec![("act", "remove"), ("what", "totp")],
                _ => Vec::new(),
            });
            let sent = bare.post(&format!("{path}/{act}"), &form).await;
            assert_eq!(sent.status, StatusCode::FORBIDDEN, "{act}: {sent:?}");
            assert!(sent.text.contains("Sta dan cookies toe"), "{act}: {sent:?}");
        }
    }
    // At the desk the password leads to the page of the second factor, which needs a cookie as every page.
    let asked = bare.post("/desk/sign-in", &[("name", "anna"), ("password", PASSWORD)]).await;
    let page = location(&Browser::new(&world).get(&location(&asked)).await);
    let shown = Browser::new(&world).get(&page).await;
    assert!(shown.text.contains("Sta dan cookies toe"), "{shown:?}");
    let lost = Browser::new(&world).get("/desk/in?prompt=x&code=y&state=z&iss=w").await;
    assert!(lost.text.contains("Meld u opnieuw aan"), "{lost:?}");
}
