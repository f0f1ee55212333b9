//! The hosted pages as a browser meets them, without script.

use koppel_protocol::decision::Verdict;
use koppel_protocol::pairing::PairingRequest;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::fixture::{Answer, Keys, Session, USER_AGENT, Waiting, World};

/// How browsers send forms.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// A browser with one cookie jar.
pub(crate) struct Browser<'w> {
    pub(crate) world: &'w World,
    pub(crate) user_agent: &'static str,
    pub(crate) cookies: std::collections::BTreeMap<String, String>,
}

impl<'w> Browser<'w> {
    pub(crate) fn new(world: &'w World) -> Browser<'w> {
        Browser { world, user_agent: USER_AGENT, cookies: Default::default() }
    }

    pub(crate) async fn send(
        &mut self,
        method: Method,
        address: &str,
        form: Option<&[(&str, &str)]>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let body = form.map(|form| url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish());
        self.send_raw(method, address, body.map(|body| (FORM, body.into_bytes())), headers).await
    }

    /// Sends a body of any kind.
    pub(crate) async fn send_raw(
        &mut self,
        method: Method,
        address: &str,
        body: Option<(&str, Vec<u8>)>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let address =
            if address.starts_with('/') { format!("{}{address}", self.world.url) } else { address.to_owned() };
        let mut request = self.world.http.request(method, address).header("user-agent", self.user_agent);
        if !self.cookies.is_empty() {
            let held: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", held.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some((kind, body)) = body {
            request = request.header("content-type", kind).body(body);
        }
        let answer = Answer::of(request.send().await.unwrap()).await;
        if let Some(cookie) = answer.headers.get("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(
                cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"),
                "{cookie}"
            );
            let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a pair");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    pub(crate) async fn get(&mut self, address: &str) -> Answer {
        self.send(Method::GET, address, None, &[]).await
    }

    pub(crate) async fn post(&mut self, address: &str, form: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, address, Some(form), &[]).await
    }
}

pub(crate) fn token(page: &Answer) -> String {
    let at = page.text.find("name=\"form_token\"").unwrap_or_else(|| panic!("a form: {page:?}"));
    let value = &page.text[at..];
    let value = &value[value.find("value=\"").unwrap() + 7..];
    value[..value.find('"').unwrap()].to_owned()
}

pub(crate) fn location(answer: &Answer) -> String {
    answer.headers.get("location").unwrap_or_else(|| panic!("a redirect: {answer:?}")).to_str().unwrap().to_owned()
}

pub(crate) async fn open(world: &World, name: &str, session: &Session, mode: &str) -> (String, String) {
    let mut prompt = world.prompt(name, session);
    prompt["mode"] = mode.into();
    let answer = world.post("/v1/prompts", prompt).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    (answer.body["prompt"].as_str().unwrap().to_owned(), answer.body["url"].as_str().unwrap().to_owned())
}

/// The parameters of the way back.
pub(crate) fn returned(location: &str) -> std::collections::HashMap<String, String> {
    assert!(location.starts_with("http://127.0.0.1:1/2fa?from=panel&"), "{location}");
    url::Url::parse(location).unwrap().query_pairs().into_owned().collect()
}

#[tokio::test]
async fn a_login_by_typed_code_ends_at_the_panel() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let session = Session::new();
    let (prompt, url) = open(&world, "anna", &session, "code").await;
    let mut browser = Browser::new(&world);
    let bound = browser.get(&url).await;
    assert_eq!(bound.status, StatusCode::SEE_OTHER, "{bound:?}");
    let page = location(&bound);
    let shown = browser.get(&page).await;
    assert_eq!(shown.status, StatusCode::OK, "{shown:?}");
    let again = browser.get(&page).await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(phone.inbox(&world).await.challenges.len(), 1, "loading the page again makes no second challenge");

    let incomplete = browser.post(&format!("{page}/check"), &[("form_token", &token(&again)), ("digits", "12")]).await;
    assert_eq!(incomplete.status, StatusCode::UNPROCESSABLE_ENTITY);
    let code = phone.code(&world).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let refused =
        browser.post(&format!("{page}/check"), &[("form_token", &token(&incomplete)), ("digits", wrong)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
    let twice = browser.post(&format!("{page}/check"), &[("form_token", &token(&incomplete)), ("digits", wrong)]).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY, "a double click is one try");
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let right = browser.post(&format!("{page}/check"), &[("form_token", &token(&refused)), ("digits", &spaced)]).await;
    let back = returned(&location(&right));
    assert_eq!((back["prompt"].as_str(), back["state"].as_str()), (prompt.as_str(), "s-123"));
    assert_eq!(back["iss"], world.url);
    let result = json!({ "code": back["code"], "v": session.v() });
    let verified = world.post(&format!("/v1/prompts/{prompt}/result"), result.clone()).await;
    assert_eq!(verified.status, StatusCode::OK, "{verified:?}");
    assert_eq!(verified.body["verified"], true);
    let twice = world.post(&format!("/v1/prompts/{prompt}/result"), result).await;
    assert!(!twice.status.is_success(), "{twice:?}");
}

#[tokio::test]
async fn a_login_by_number_waits_for_the_phone_and_needs_the_beginning_session() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let session = Session::new();
    let (prompt, url) = open(&world, "anna", &session, "number").await;
    let mut browser = Browser::new(&world);
    let page = location(&browser.get(&url).await);
    let shown = browser.get(&page).await;
    let asked = phone.waiting(&world).await;
    let number = world_number(&shown);
    let state = browser.get(&format!("{page}/state?after=0&wait=0")).await;
    assert_eq!(state.status, StatusCode::OK, "{state:?}");
    assert!(!state.text.contains(&number), "the number is not in the long poll");
    let version = state.body["version"].as_u64().unwrap();
    let decided = phone.decide(&world, &phone.decision(&asked, Verdict::Approve, Some(&number))).await;
    assert_eq!(decided.body["outcome"], "approved", "{decided:?}");
    let state = browser.get(&format!("{page}/state?after={version}&wait=10")).await;
    assert_eq!(state.body["state"], "approved", "{state:?}");
    let approved = browser.get(&page).await;
    let finished = browser.post(&format!("{page}/finish"), &[("form_token", &token(&approved))]).await;
    let back = returned(&location(&finished));
    let foreign = world
        .post(&format!("/v1/prompts/{prompt}/result"), json!({ "code": back["code"], "v": Session::new().v() }))
        .await;
    assert_eq!((foreign.status, foreign.slug()), (StatusCode::FORBIDDEN, "wrong-binding"));
    let verified =
        world.post(&format!("/v1/prompts/{prompt}/result"), json!({ "code": back["code"], "v": session.v() })).await;
    assert_eq!(verified.body["evidence"], "device_signature", "{verified:?}");
}

/// Six digits, as the page shows them.
pub(crate) fn world_number(page: &Answer) -> String {
    let at = page.text.find("class=\"number\"").unwrap_or_else(|| panic!("a number: {page:?}"));
    let shown = &page.text[at..];
    let shown = &shown[shown.find('>').unwrap()..shown.find("</p>").unwrap_or(shown.len().min(400))];
    let mut digits = String::new();
    let mut in_tag = false;
    for c in shown.chars() {
        match c {
            '<' => in_tag = true,
            '>' => in_tag = false,
            c if c.is_ascii_digit() && !in_tag => digits.push(c),
            _ => {}
        }
    }
    digits.chars().take(6).collect()
}

/// Row 46: the genuine page in the wrong hands.
#[tokio::test]
async fn a_page_belongs_to_the_browser_that_began() {
    let world = World::start().await;
    world.phone("anna").await;
    let (_, url) = open(&world, "anna", &Session::new(), "code").await;
    let mut preview = Browser::new(&world);
    for headers in [
        &[("sec-fetch-mode", "no-cors")][..],
        &[("sec-fetch-dest", "iframe"), ("sec-fetch-mode", "navigate")],
        &[("sec-purpose", "prefetch")],
    ] {
        let refused = preview.send(Method::GET, &url, None, headers).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{headers:?}");
    }
    let head = preview.send(Method::HEAD, &url, None, &[]).await;
    assert!(!head.status.is_redirection(), "a preview by HEAD burns nothing");
    let mut other = Browser { user_agent: "curl/8", ..Browser::new(&world) };
    assert_eq!(other.get(&url).await.status, StatusCode::FORBIDDEN, "another browser than the panel saw");
    assert!(other.cookies.is_empty());
    let mut browser = Browser::new(&world);
    let page = location(&browser.get(&url).await);
    assert_eq!(location(&browser.get(&url).await), page, "the same browser may come back");
    let mut thief = Browser::new(&world);
    let stolen = thief.get(&url).await;
    assert_eq!(stolen.status, StatusCode::FORBIDDEN, "the token is burnt");
    assert!(thief.cookies.is_empty());
    assert_eq!(thief.get(&page).await.status, StatusCode::FORBIDDEN, "the page without its cookie");
    assert_eq!(thief.get(&format!("{page}/state")).await.status, StatusCode::FORBIDDEN);
    let form = token(&browser.get(&page).await);
    let forged = thief.post(&format!("{page}/finish"), &[("form_token", &form)]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN, "{forged:?}");
    let forged = |(name, value): (&String, &String)| (name.clone(), format!("{}x", &value[..value.len() - 1]));
    thief.cookies = browser.cookies.iter().map(forged).collect();
    assert_eq!(thief.get(&page).await.status, StatusCode::FORBIDDEN, "a guessed cookie");
}

#[tokio::test]
async fn forms_of_elsewhere_are_stale() {
    let world = World::start().await;
    world.phone("anna").await;
    let (_, url) = open(&world, "anna", &Session::new(), "code").await;
    let mut browser = Browser::new(&world);
    let page = location(&browser.get(&url).await);
    let form = token(&browser.get(&page).await);
    for action in ["check", "deliver", "enrol", "confirm", "finish"] {
        let address = format!("{page}/{action}");
        let fields = [("form_token", "AAAA.AAAA"), ("digits", "123456"), ("check_number", "123456")];
        let wanted: Vec<_> = match action {
            "check" => vec![fields[0], fields[1]],
            "confirm" => vec![fields[0], fields[2]],
            _ => vec![fields[0]],
        };
        let forged = browser.post(&address, &wanted).await;
        assert_eq!(forged.status, StatusCode::BAD_REQUEST, "{action}");
        let mut genuine = wanted.clone();
        genuine[0].1 = &form;
        for headers in [[("origin", "https://evil.example")], [("sec-fetch-site", "cross-site")]] {
            let foreign = browser.send(Method::POST, &address, Some(&genuine), &headers).await;
            assert_eq!(foreign.status, StatusCode::BAD_REQUEST, "{action} {headers:?}");
        }
        let bare = browser.send(Method::POST, &address, Some(&[]), &[]).await;
        assert_eq!(bare.status, StatusCode::BAD_REQUEST, "{action}: {bare:?}");
    }
}

#[tokio::test]
async fn the_first_phone_is_paired_on_the_page_and_the_login_goes_on() {
    let world = World::start().await;
    let session = Session::new();
    let (prompt, url) = open(&world, "carla", &session, "code").await;
    let mut browser = Browser::new(&world);
    let page = location(&browser.get(&url).await);
    let cards = browser.get(&page).await;
    assert_eq!(cards.status, StatusCode::OK, "{cards:?}");
    browser.post(&format!("{page}/choose"), &[("form_token", &token(&cards)), ("method", "app")]).await;
    let shown = browser.get(&page).await;
    assert_eq!(shown.status, StatusCode::OK, "{shown:?}");
    let again = browser.get(&page).await;
    let link = link_on(&shown);
    assert_eq!(link, link_on(&again), "loading the page again shows the same invitation");
    let keys = Keys::new();
    let introduction = keys.introduction();
    let door = Waiting::link_door(&link, &introduction);
    let waiting = begin_with(&world, keys, introduction, door).await;
    let pending = browser.get(&page).await;
    assert!(pending.text.contains("Testphone"), "{pending:?}");
    let number = waiting.transcript.check_number().expose().to_owned();
    let wrong = if number == "000000" { "000001" } else { "000000" };
    let confirm = format!("{page}/confirm");
    let refused = browser.post(&confirm, &[("form_token", &token(&pending)), ("check_number", wrong)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
    let right = browser.post(&confirm, &[("form_token", &token(&refused)), ("check_number", &number)]).await;
    assert_eq!(right.status, StatusCode::SEE_OTHER, "{right:?}");
    let phone = waiting.activate(&world).await;
    let verify = browser.get(&page).await;
    let code = phone.code(&world).await;
    let right = browser.post(&format!("{page}/check"), &[("form_token", &token(&verify)), ("digits", &code)]).await;
    assert_eq!(location(&right), page, "the page says first that the phone works");
    let done = browser.get(&page).await;
    let finished = browser.post(&format!("{page}/finish"), &[("form_token", &token(&done))]).await;
    let back = returned(&location(&finished));
    let verified =
        world.post(&format!("/v1/prompts/{prompt}/result"), json!({ "code": back["code"], "v": session.v() })).await;
    assert_eq!(verified.status, StatusCode::OK, "{verified:?}");
    assert_eq!(world.get("/v1/users/carla").await.body["enrolled"], true);
}

/// A phone that scanned the link on the page, and waits for its check number.
pub(crate) async fn knock_by_link(world: &World, page: &Answer) -> Waiting {
    let keys = Keys::new();
    let introduction = keys.introduction();
    let door = Waiting::link_door(&link_on(page), &introduction);
    begin_with(world, keys, introduction, door).await
}

fn link_on(page: &Answer) -> String {
    let at = page.text.find("/p#v=1").unwrap_or_else(|| panic!("a link: {page:?}"));
    let start = page.text[..at].rfind("http").unwrap();
    let rest = &page.text[start..];
    let end = rest.find(['"', '<', ' ']).unwrap();
    rest[..end].replace("&amp;", "&").replace("&#38;", "&")
}

/// As [`Waiting::begin`], with keys that exist already, because the link's proof covers the commitment.
async fn begin_with(
    world: &World,
    keys: Keys,
    introduction: koppel_protocol::pairing::IntroductionText,
    door: koppel_protocol::pairing::Door,
) -> Waiting {
    use koppel_protocol::pairing::{PairingOffer, Reveal, Transcript};
    use koppel_protocol::phone_api::{PairingAnswer, RevealAnswer, WellKnown};
    use koppel_protocol::pop::PopUse;
    use koppel_protocol::{Bytes, Identity};
    let crypto = crate::fixture::soft();
    let known: WellKnown =
        world.http.get(format!("{}/.well-known/koppel", world.url)).send().await.unwrap().json().await.unwrap();
    let identity = Identity::verify_chain(&crypto, &known.chain).unwrap();
    let m1 = PairingRequest { commitment: introduction.commitment(), rq: Bytes::new(crate::fixture::draw()), door };
    let body = m1.to_body().unwrap().to_vec();
    let post = |path: String, body: Vec<u8>| {
        world.http.post(format!("{}{path}", world.url)).header("content-type", "application/json").body(body).send()
    };
    let answer = Answer::of(post("/d/v1/pairings".to_owned(), body.clone()).await.unwrap()).await;
    let PairingAnswer { m2 } = serde_json::from_value(answer.body).expect("m2");
    let host = world.url.trim_start_matches("http://").parse().unwrap();
    let offer = PairingOffer::accept(&crypto, &identity, &m2, &PairingRequest::hash(&body), &host).unwrap();
    let transcript = Transcript::of(offer.signing_input(), &introduction);
    let m3 = Reveal {
        introduction,
        pop_id: Reveal::pop(transcript, PopUse::Id, &keys.id).unwrap(),
        pop_approve: Some(Reveal::pop(transcript, PopUse::Approve, &keys.approve).unwrap()),
        attestation: None,
    };
    let pairing = offer.claims().pid;
    let path = format!("/d/v1/pairings/{pairing}/reveal");
    let answer = Answer::of(post(path, serde_json::to_vec(&m3).unwrap()).await.unwrap()).await;
    let RevealAnswer { device, .. } = serde_json::from_value(answer.body).expect("revealed");
    Waiting { keys, pairing, device, transcript, identity }
}

#[tokio::test]
async fn leaving_the_page_ends_the_login_and_says_so() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let session = Session::new();
    let (prompt, url) = open(&world, "anna", &session, "number").await;
    let mut browser = Browser::new(&world);
    let page = location(&browser.get(&url).await);
    let shown = browser.get(&page).await;
    let left = browser.post(&format!("{page}/finish"), &[("form_token", &token(&shown)), ("leave", "cancel")]).await;
    let back = returned(&location(&left));
    assert_eq!((back["error"].as_str(), back.contains_key("code")), ("cancelled", false));
    assert_eq!(back["prompt"], prompt);
    assert!(phone.inbox(&world).await.challenges.is_empty());
}
