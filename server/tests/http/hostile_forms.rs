//! Every field of every form, with whatever may stand in it (threats rows 22, 40 and 46). Afterwards the page goes on where it was.

use reqwest::{Method, StatusCode};

use crate::desk::{Desk, PASSWORD, between, call_token};
use crate::fixture::{Answer, Session, World};
use crate::hostile::{Dice, is_page, texts};
use crate::inventory;
use crate::pages::{Browser, FORM, knock_by_link, location, open, returned, token};
use crate::wizard::{Page, code, world};

/// A form: where it is sent, and its fields.
type Form = (&'static str, &'static [&'static str]);

/// All of them. A form or a field that some page has and that is not here fails a test: whoever adds one names it, and tries it below.
const FORMS: [Form; 25] = [
    ("/desk/call/close", &["form_token"]),
    ("/desk/call/confirm", &["check_number", "form_token", "what"]),
    ("/desk/call/koppelcode", &["form_token"]),
    ("/desk/call/reset", &["form_token", "what"]),
    ("/desk/call/typing", &["form_token", "what"]),
    ("/desk/call/unlock", &["form_token"]),
    ("/desk/find", &["form_token", "name", "organisation", "reason", "ticket"]),
    ("/desk/leave", &["form_token"]),
    (
        "/desk/organisations/{id}",
        &["form_token", "koppelcodes", "protect_everybody", "second_agent", "seen", "wait_hours"],
    ),
    ("/desk/panels/{id}/group", &["day", "form_token", "group", "rule"]),
    ("/desk/panels/{id}/look", &["accent", "form_token", "seen"]),
    (
        "/desk/panels/{id}/rules",
        &["app", "backups", "day", "form_token", "mode", "recovery", "remember_days", "rule", "seen", "totp"],
    ),
    ("/desk/panels/{id}/support", &["form_token", "note", "seen", "telephone", "web"]),
    ("/desk/sign-in", &["name", "password"]),
    ("/desk/welcome", &["again", "code", "password"]),
    ("/p/{prompt}/change", &["act", "form_token", "name", "what"]),
    ("/p/{prompt}/check", &["digits", "form_token", "remember"]),
    ("/p/{prompt}/choose", &["form_token", "method"]),
    ("/p/{prompt}/codes", &["form_token"]),
    ("/p/{prompt}/confirm", &["check_number", "form_token", "pairing"]),
    ("/p/{prompt}/deliver", &["form_token", "method"]),
    ("/p/{prompt}/enrol", &["form_token"]),
    ("/p/{prompt}/finish", &["form_token", "leave", "remember"]),
    ("/p/{prompt}/kept", &["form_token", "kept"]),
    ("/p/{prompt}/prove", &["digits", "form_token"]),
];

/// One form on a page that is there, with fields that do nothing by themselves.
struct Trial<'t> {
    form: &'static str,
    address: String,
    fields: &'t [(&'t str, &'t str)],
}

/// Tries every field of a form, and then the form as a whole.
async fn try_all(browser: &mut Browser<'_>, dice: &mut Dice, trial: Trial<'_>) {
    let Trial { form, address, fields } = trial;
    let (_, names) = FORMS.iter().find(|(name, _)| *name == form).unwrap_or_else(|| panic!("{form} is in the table"));
    for name in *names {
        let mut values = texts();
        values.extend((0..6).map(|_| dice.text()));
        for value in values {
            let others = fields.iter().copied().filter(|(other, _)| other != name);
            let sent: Vec<_> = others.chain([(*name, value.as_str())]).collect();
            let answer = browser.post(&address, &sent).await;
            let start: String = value.chars().take(40).collect();
            is_page(&answer, &format!("{form} with {name} = {start:?}"));
        }
    }
    let genuine = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let first = fields.first().map_or("form_token", |(name, _)| name);
    let whole: Vec<(&str, &str, Vec<u8>)> = vec![
        ("nothing", FORM, Vec::new()),
        ("a field twice", FORM, format!("{genuine}&{first}=x").into_bytes()),
        ("an unknown field", FORM, format!("{genuine}&unheard_of=<kanarie>").into_bytes()),
        ("a list", FORM, format!("{genuine}&{first}[]=x").into_bytes()),
        ("broken percents", FORM, b"%zz=%&%=%f&form_token=%".to_vec()),
        ("no UTF-8, encoded", FORM, format!("{first}=%ff%fe%ed%a0%80").into_bytes()),
        ("no UTF-8", FORM, [first.as_bytes(), b"=\xff\xfe\xc3\x28"].concat()),
        ("NUL", FORM, format!("{first}=%00&\0=\0").into_bytes()),
        ("ampersands", FORM, b"&=&&=&".to_vec()),
        ("too much", FORM, format!("{first}={}", "x".repeat(100 * 1024)).into_bytes()),
        ("JSON", "application/json", b"{\"form_token\":\"<kanarie>\"}".to_vec()),
        ("a file", "multipart/form-data; boundary=x", b"--x\r\n\r\n<kanarie>\r\n--x--".to_vec()),
        ("no kind", "", genuine.clone().into_bytes()),
    ];
    for (what, kind, body) in whole {
        let answer = browser.send_raw(Method::POST, &address, Some((kind, body)), &[]).await;
        is_page(&answer, &format!("{form} with {what}"));
        assert!(answer.status.is_client_error() || answer.status.is_redirection(), "{form} with {what}: {answer:?}");
    }
    for _ in 0..8 {
        let answer = browser.send_raw(Method::POST, &address, Some((FORM, dice.bytes())), &[]).await;
        is_page(&answer, &format!("{form} with any bytes"));
    }
    let query =
        browser.send_raw(Method::POST, &format!("{address}?x=1"), Some((FORM, genuine.into_bytes())), &[]).await;
    is_page(&query, &format!("{form} with a query"));
}

/// What a browser gets when it opens a form's address again from its history: the page.
async fn opened_again(browser: &mut Browser<'_>, address: &str, page: &str) {
    assert_eq!(location(&browser.get(address).await), page, "{address}");
}

#[test]
fn the_table_names_every_field_of_every_form() {
    let table: std::collections::BTreeMap<String, std::collections::BTreeSet<String>> = FORMS
        .iter()
        .map(|(action, fields)| ((*action).to_owned(), fields.iter().map(ToString::to_string).collect()))
        .collect();
    assert_eq!(inventory::form_fields(), table);
}

#[tokio::test]
async fn no_field_of_a_login_breaks_the_page_or_costs_a_try() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let session = Session::new();
    let (prompt, url) = open(&world, "anna", &session, "code").await;
    let mut browser = Browser::new(&world);
    let page = location(&browser.get(&url).await);
    let form_token = token(&browser.get(&page).await);
    let token_alone = [("form_token", form_token.as_str())];
    let incomplete = [token_alone[0], ("digits", "12")];
    let resend = [token_alone[0], ("method", "pigeon")];
    let mut dice = Dice::new();
    for (form, fields) in [
        ("/p/{prompt}/check", &incomplete[..]),
        ("/p/{prompt}/deliver", &resend[..]),
        ("/p/{prompt}/finish", &token_alone[..]),
        ("/p/{prompt}/choose", &token_alone[..]),
        ("/p/{prompt}/prove", &incomplete[..]),
        ("/p/{prompt}/kept", &token_alone[..]),
        ("/p/{prompt}/change", &token_alone[..]),
        ("/p/{prompt}/confirm", &token_alone[..]),
    ] {
        let address = form.replace("/p/{prompt}", &page);
        try_all(&mut browser, &mut dice, Trial { form, address: address.clone(), fields }).await;
        opened_again(&mut browser, &address, &page).await;
    }
    // Every try is left: two wrong codes, and then the right one in the digits of another keyboard.
    let code = phone.code(&world).await;
    let wrong: Vec<_> = ["000000", "111111", "222222"].into_iter().filter(|wrong| *wrong != code).take(2).collect();
    for (wrong, left) in wrong.iter().zip([4, 3]) {
        let refused = browser.post(&format!("{page}/check"), &[token_alone[0], ("digits", wrong)]).await;
        assert!(refused.text.contains(&format!("nog {left} keer")), "{refused:?}");
    }
    let arabic: String = code.chars().map(|c| char::from_u32(u32::from(c) + 0x630).expect("a digit")).collect();
    let right = browser.post(&format!("{page}/check"), &[token_alone[0], ("digits", &arabic)]).await;
    let back = returned(&location(&right));
    let result = serde_json::json!({ "code": back["code"], "v": session.v() });
    let verified = world.post(&format!("/v1/prompts/{prompt}/result"), result).await;
    assert_eq!(verified.status, StatusCode::OK, "{verified:?}");
}

#[tokio::test]
async fn no_field_of_a_set_up_breaks_the_page_or_loses_what_is_there() {
    let world = world().await;
    let mut dice = Dice::new();
    let mut page = Page::open(&world, "dora").await;
    page.send("choose", ("method", "totp")).await;
    let seed = page.seed();
    let form_token = token(&page.shown);
    let token_alone = [("form_token", form_token.as_str())];
    let incomplete = [token_alone[0], ("digits", "12")];
    for (form, fields) in [
        ("/p/{prompt}/prove", &incomplete[..]),
        ("/p/{prompt}/kept", &token_alone[..]),
        ("/p/{prompt}/finish", &token_alone[..]),
        ("/p/{prompt}/confirm", &token_alone[..]),
        ("/p/{prompt}/check", &incomplete[..]),
    ] {
        let address = form.replace("/p/{prompt}", &page.path);
        try_all(&mut page.browser, &mut dice, Trial { form, address, fields }).await;
    }
    page.again().await;
    assert_eq!((page.screen(), page.seed()), ("authenticator", seed.clone()), "the key on the page is still the key");
    // These lead elsewhere on the page, and the page leads back.
    for form in ["/p/{prompt}/choose", "/p/{prompt}/codes", "/p/{prompt}/enrol", "/p/{prompt}/change"] {
        let address = form.replace("/p/{prompt}", &page.path);
        try_all(&mut page.browser, &mut dice, Trial { form, address, fields: &[("form_token", "a.b")] }).await;
    }
    page.again().await;
    let method = [token_alone[0], ("method", "pigeon")];
    let address = format!("{}/choose", page.path);
    try_all(&mut page.browser, &mut dice, Trial { form: "/p/{prompt}/choose", address, fields: &method }).await;
    page.again().await;
    page.send("choose", ("method", "app")).await;
    assert_eq!(page.screen(), "waiting", "{:?}", page.shown);
    let newcomer = knock_by_link(&world, &page.shown).await;
    page.again().await;
    let pairing = newcomer.pairing.to_string();
    let short = [token_alone[0], ("pairing", &*pairing), ("check_number", "12")];
    let address = format!("{}/confirm", page.path);
    try_all(&mut page.browser, &mut dice, Trial { form: "/p/{prompt}/confirm", address, fields: &short }).await;
    let number = newcomer.transcript.check_number().expose().to_owned();
    page.again().await;
    page.send("confirm", ("check_number", &number)).await;
    newcomer.activate(&world).await;
    assert_eq!(world.get("/v1/users/dora").await.body["devices"].as_array().map(Vec::len), Some(1), "{:?}", page.shown);
}

#[tokio::test]
async fn no_field_of_the_settings_breaks_the_page_or_takes_anything_away() {
    let world = world().await;
    let mut page = Page::open(&world, "dora").await;
    let seed = page.add_authenticator().await;
    page.add_codes().await;
    page.finish().await;
    let mut page = Page::settings(&world, "dora", &seed).await;
    let phone = world.phone("dora").await;
    let before = world.get("/v1/users/dora").await.body;
    let (form_token, device) = (token(&page.shown), phone.device.to_string());
    let rename = [("form_token", &*form_token), ("act", "rename-phone"), ("what", &*device), ("name", "Werk")];
    let forget = [("form_token", &*form_token), ("act", "forget-browser"), ("what", "x")];
    let mut dice = Dice::new();
    for fields in [&rename[..], &forget[..]] {
        let address = format!("{}/change", page.path);
        try_all(&mut page.browser, &mut dice, Trial { form: "/p/{prompt}/change", address, fields }).await;
    }
    page.again().await;
    assert_eq!(page.screen(), "settings", "{:?}", page.shown);
    page.change("rename-phone", &device, "Mijn telefoon").await;
    assert!(page.shown.text.contains("<h3>Mijn telefoon</h3>"), "{:?}", page.shown);
    let after = world.get("/v1/users/dora").await.body;
    assert_eq!(after["methods"].as_array().map(Vec::len), before["methods"].as_array().map(Vec::len));
    assert_eq!(after["devices"][0]["id"], device.as_str());
}

#[tokio::test]
async fn no_field_of_the_desk_breaks_it_or_does_anything() {
    let world = World::start().await;
    world.phone("jan").await;
    world.put_user("piet").await;
    let mut dice = Dice::new();
    let welcome = crate::desk::add(&world, "bert", "support").await;
    let mut anna = Desk::begin(&world, "anna", "admin").await;
    let home = anna.get("/desk").await;
    let form_token = token(&home);
    let genuine = ("form_token", form_token.as_str());
    let find = [genuine, ("name", "nobody"), ("reason", "r"), ("ticket", "t")];
    let address = "/desk/find".to_owned();
    try_all(&mut anna.browser, &mut dice, Trial { form: "/desk/find", address, fields: &find }).await;
    opened_again(&mut anna.browser, "/desk/find", "/desk").await;

    anna.call("piet").await;
    anna.act("koppelcode", &[]).await;
    let given = anna.get("/desk/call").await;
    let newcomer = crate::desk::redeem(&world, &given, "piet").await;
    let (pairing, number) = (newcomer.pairing.to_string(), newcomer.transcript.check_number().expose().to_owned());
    let of_call = call_token(&given);
    let confirm = [("form_token", &*of_call), ("what", &*pairing), ("check_number", "12")];
    let nothing = [("form_token", "a.b")];
    let what = [("form_token", &*of_call), ("what", "x")];
    for (form, fields) in [
        ("/desk/call/confirm", &confirm[..]),
        ("/desk/call/reset", &what[..]),
        ("/desk/call/typing", &what[..]),
        ("/desk/call/koppelcode", &nothing[..]),
        ("/desk/call/unlock", &nothing[..]),
        ("/desk/call/close", &nothing[..]),
        ("/desk/leave", &nothing[..]),
    ] {
        try_all(&mut anna.browser, &mut dice, Trial { form, address: form.to_owned(), fields }).await;
    }
    opened_again(&mut anna.browser, "/desk/call/confirm", "/desk/call").await;
    let confirmed = anna.act("confirm", &[("what", &pairing), ("check_number", &number)]).await;
    assert!(confirmed.text.contains("De telefoon is gekoppeld"), "no try was spent: {confirmed:?}");

    let list = anna.get("/desk/panels").await;
    let card = between(&list.text, "<h2>Klantpaneel</h2>", "</li>");
    let panel = format!("/desk/panels/{}", between(card, "href=\"/desk/panels/", "\""));
    let seen = |page: &Answer| between(&page.text, "name=\"seen\" value=\"", "\"").to_owned();
    let mark = seen(&anna.get(&panel).await);
    let rules = [
        genuine,
        ("seen", &*mark),
        ("app", "yes"),
        ("totp", "yes"),
        ("backups", "0"),
        ("mode", "code"),
        ("remember_days", "0"),
        ("rule", "day"),
        ("day", "no day"),
    ];
    let group = [genuine, ("group", "beheer"), ("rule", "day"), ("day", "no day")];
    let support = [genuine, ("seen", &*mark), ("telephone", "geen nummer"), ("web", ""), ("note", "")];
    let look = [genuine, ("seen", &*mark), ("accent", "rood")];
    for (form, fields) in [
        ("/desk/panels/{id}/rules", &rules[..]),
        ("/desk/panels/{id}/group", &group[..]),
        ("/desk/panels/{id}/support", &support[..]),
        ("/desk/panels/{id}/look", &look[..]),
    ] {
        let address = form.replace("/desk/panels/{id}", &panel);
        try_all(&mut anna.browser, &mut dice, Trial { form, address: address.clone(), fields }).await;
        opened_again(&mut anna.browser, &address, "/desk/panels").await;
    }
    let own = format!("/desk/organisations/{}", between(&list.text, "href=\"/desk/organisations/", "\""));
    let mark = seen(&anna.get(&own).await);
    let fields = [genuine, ("seen", &*mark), ("koppelcodes", "yes"), ("second_agent", "yes"), ("wait_hours", "0")];
    let trial = Trial { form: "/desk/organisations/{id}", address: own.clone(), fields: &fields };
    try_all(&mut anna.browser, &mut dice, trial).await;
    assert_eq!(seen(&anna.get(&own).await), mark, "nothing was changed");
    for said in texts().iter().take(40) {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("said", said).finish();
        is_page(&anna.get(&format!("{panel}?{query}")).await, said);
        is_page(&anna.get(&format!("{own}?{query}")).await, said);
    }
    let shown = anna.get(&panel).await;
    let form: Vec<_> = rules.iter().copied().filter(|(name, _)| !["seen", "rule", "day"].contains(name)).collect();
    let mark = seen(&shown);
    let form: Vec<_> = form.into_iter().chain([("seen", &*mark), ("rule", "optional"), ("day", "")]).collect();
    let saved = anna.browser.post(&format!("{panel}/rules"), &form).await;
    assert!(anna.get(&location(&saved)).await.text.contains("Opgeslagen"), "{saved:?}");

    let mut stranger = Browser::new(&world);
    let choose = [("code", &*welcome), ("password", "kort"), ("again", "kort")];
    let sign_in = [("name", "anna"), ("password", "een ander wachtwoord")];
    for (form, fields) in [("/desk/welcome", &choose[..]), ("/desk/sign-in", &sign_in[..])] {
        try_all(&mut stranger, &mut dice, Trial { form, address: form.to_owned(), fields }).await;
        world.clock.forward(3700);
    }
    let right = stranger.post("/desk/sign-in", &[("name", "anna"), ("password", PASSWORD)]).await;
    assert_eq!(right.status, StatusCode::SEE_OTHER, "{right:?}");
    let mut page =
        Page::at(&world, Browser { cookies: stranger.cookies.clone(), ..Browser::new(&world) }, &location(&right))
            .await;
    let typed = code(&world, &anna.seed);
    let back = location(page.send("check", ("digits", &typed)).await);
    Desk::come_in(page.browser, &back).await;
    let mut bert = Browser::new(&world);
    let chosen = bert.post("/desk/welcome", &[("code", &welcome), ("password", PASSWORD), ("again", PASSWORD)]).await;
    assert_eq!(chosen.status, StatusCode::SEE_OTHER, "the link still counts: {chosen:?}");
}
