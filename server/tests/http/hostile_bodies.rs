//! Every field of every request of a panel, with whatever may stand in it (threats rows 22 and 40).

use koppel_protocol::pairing::Door;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::fixture::{Answer, Phone, Session, Waiting, World, draw};
use crate::hostile::{Dice, is_answer, texts};
use crate::inventory;

/// A request of panels and its fields.
type Body = (&'static str, &'static str, &'static [&'static str]);

/// All of them. A field that is new in the reference and not here fails a test: whoever adds one names it, and it is tried like the others.
const BODIES: [Body; 13] = [
    (
        "POST",
        "/v1/prompts",
        &[
            "/binding",
            "/browser",
            "/browser/ip",
            "/browser/user_agent",
            "/first_factor_at",
            "/locale",
            "/mode",
            "/password_changed_at",
            "/prefer",
            "/purpose",
            "/return_url",
            "/state",
            "/user",
            "/user/display",
            "/user/external_id",
            "/user/login_name",
        ],
    ),
    ("POST", "/v1/prompts/{id}/result", &["/code", "/v"]),
    ("POST", "/v1/prompts/{id}/cancel", &[]),
    (
        "POST",
        "/v1/challenges",
        &[
            "/binding",
            "/browser",
            "/browser/ip",
            "/browser/user_agent",
            "/first_factor_at",
            "/mode",
            "/password_changed_at",
            "/prefer",
            "/purpose",
            "/user",
            "/user/display",
            "/user/external_id",
            "/user/login_name",
        ],
    ),
    ("POST", "/v1/challenges/{id}/check", &["/code", "/v"]),
    ("POST", "/v1/challenges/{id}/consume", &["/v"]),
    ("POST", "/v1/challenges/{id}/deliveries", &["/method", "/v"]),
    ("POST", "/v1/challenges/{id}/cancel", &["/v"]),
    (
        "PUT",
        "/v1/users/{external_id}",
        &[
            "/display",
            "/group",
            "/locale",
            "/login_name",
            "/mail",
            "/mobile",
            "/mobile_verified",
            "/password_changed_at",
            "/protected",
            "/status",
        ],
    ),
    ("POST", "/v1/users/{external_id}/koppelcodes", &["/agent", "/reason", "/ticket"]),
    ("POST", "/v1/users/{external_id}/pairings/{pairing}/confirm", &["/agent", "/check_number", "/reason", "/ticket"]),
    ("POST", "/v1/users/{external_id}/unlock", &["/agent", "/reason", "/ticket"]),
    ("PUT", "/v1/users/{external_id}/methods/{kind}", &["/secret"]),
];

/// Where the field under test stands, until it is written out.
const PLACE: &str = "@@@";

/// What a field is besides text: other types, more than numbers hold, half a pair of surrogates, depth.
fn fragments(name: &str) -> Vec<String> {
    let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
    let twice = format!("\"x\",\"{name}\":\"x\"");
    let mut fragments: Vec<String> = [
        "null",
        "true",
        "0",
        "-1",
        "1.5",
        "1e999",
        "18446744073709551616",
        "[]",
        "{}",
        "[\"<kanarie>\"]",
        "{\"<kanarie>\":{\"<kanarie>\":1}}",
        "\"\\ud800\"",
        "\"\\udfff\\ud800\"",
        "\"\\u0000\"",
        "\"\\x\"",
        "<kanarie>",
        "",
    ]
    .map(str::to_owned)
    .to_vec();
    fragments.extend([deep, twice]);
    fragments
}

/// A user with a login that waits for its code, one with a phone that waits for its number, and users that may be changed.
struct Stage {
    world: World,
    anna: Phone,
    session: Session,
    challenge: String,
    prompt: String,
    newcomer: Waiting,
}

impl Stage {
    async fn build() -> Stage {
        let world = World::start().await;
        let anna = world.phone("anna").await;
        for name in ["bert", "carla", "dora", "nora"] {
            world.put_user(name).await;
        }
        let session = Session::new();
        let challenge = world.challenge("anna", &session, "code").await["id"].as_str().expect("an id").to_owned();
        let opened = world.post("/v1/prompts", world.prompt("bert", &session)).await;
        let prompt = opened.body["prompt"].as_str().expect("a prompt").to_owned();
        let code = world.koppelcode("nora").await.parse().expect("a koppelcode");
        let door = Door::Code { user: "nora".parse().expect("text"), code };
        let newcomer = Waiting::begin(&world, door).await.expect("revealed");
        Stage { world, anna, session, challenge, prompt, newcomer }
    }

    /// The address, and a body that would be taken but for the field under test.
    fn good(&self, path: &str, field: &str) -> (String, Value) {
        let Stage { world, session, challenge, prompt, newcomer, .. } = self;
        let desk = json!({ "agent": "a", "reason": "r", "ticket": "t" });
        let (v, pairing) = (session.v(), newcomer.pairing.to_string());
        match path {
            "/v1/prompts" => (path.to_owned(), world.prompt("carla", &Session::new())),
            "/v1/prompts/{id}/result" => (path.replace("{id}", prompt), json!({ "code": "x", "v": v })),
            "/v1/prompts/{id}/cancel" => (path.replace("{id}", prompt), json!({})),
            "/v1/challenges" => (path.to_owned(), world.login("carla", &Session::new())),
            "/v1/challenges/{id}/check" => (path.replace("{id}", challenge), json!({ "v": v, "code": "12" })),
            "/v1/challenges/{id}/consume" | "/v1/challenges/{id}/deliveries" | "/v1/challenges/{id}/cancel" => {
                (path.replace("{id}", challenge), json!({ "v": v }))
            }
            "/v1/users/{external_id}" => ("/v1/users/dora".to_owned(), json!({ "login_name": "dora" })),
            "/v1/users/{external_id}/pairings/{pairing}/confirm" => {
                let mut body = desk;
                body["check_number"] = "12".into();
                (path.replace("{external_id}", "nora").replace("{pairing}", &pairing), body)
            }
            "/v1/users/{external_id}/methods/{kind}" => ("/v1/users/dora/methods/totp".to_owned(), json!({})),
            path if path.starts_with("/v1/users/{external_id}/") => (path.replace("{external_id}", "bert"), desk),
            other => panic!("say in this test what is sent to {other} to try {field}"),
        }
    }

    async fn send(&self, method: &str, path: &str, body: Vec<u8>) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let url = format!("{}{path}", self.world.url);
        let request = self.world.http.request(method.clone(), url).bearer_auth(&self.world.key);
        let request = request.header("idempotency-key", koppel_protocol::bytes::encode(&draw::<16>()));
        let request = request.header("content-type", "application/json").body(body);
        let answer = Answer::of(request.send().await.expect("an answer")).await;
        crate::reference::holds(&self.world, &method, path, &answer).await;
        answer
    }

    /// After all that: the login is answered with its first try, and the phone is confirmed with its first number.
    async fn nothing_was_lost(&self) {
        let inbox = self.anna.inbox(&self.world).await;
        assert_eq!(inbox.challenges.len(), 1, "the login still waits");
        let body = json!({ "v": self.session.v(), "code": self.anna.code(&self.world).await });
        let checked = self.world.post(&format!("/v1/challenges/{}/check", self.challenge), body).await;
        assert_eq!((checked.status, &checked.body["verified"]), (StatusCode::OK, &json!(true)), "{checked:?}");
        let number = self.newcomer.transcript.check_number().expose().to_owned();
        let body = json!({ "agent": "a", "reason": "r", "ticket": "t", "check_number": number });
        let path = format!("/v1/users/nora/pairings/{}/confirm", self.newcomer.pairing);
        let confirmed = self.world.post(&path, body).await;
        assert_eq!(confirmed.status, StatusCode::OK, "no try was spent on what is no number: {confirmed:?}");
    }
}

#[tokio::test]
async fn the_table_names_every_field_of_every_request_of_panels() {
    let world = World::start().await;
    let table: std::collections::BTreeMap<_, _> = BODIES
        .iter()
        .map(|(method, path, fields)| {
            let fields: std::collections::BTreeSet<_> = fields.iter().map(ToString::to_string).collect();
            (((*method).to_owned(), (*path).to_owned()), fields)
        })
        .collect();
    assert_eq!(inventory::body_fields(&world).await, table);
}

#[tokio::test]
async fn no_field_of_a_panels_request_breaks_anything_or_costs_a_try() {
    let stage = Stage::build().await;
    let mut dice = Dice::new();
    for (method, path, fields) in BODIES {
        for field in fields {
            let name = field.rsplit('/').next().unwrap_or_default();
            let mut values: Vec<String> = texts();
            values.extend((0..8).map(|_| dice.text()));
            let texts = values.into_iter().map(|text| json!(text).to_string());
            for fragment in texts.chain(fragments(name)) {
                let (address, mut body) = stage.good(path, field);
                let (parent, name) = field.rsplit_once('/').expect("a pointer");
                body.pointer_mut(parent).expect("its parent")[name] = PLACE.into();
                let body = body.to_string().replace(&format!("\"{PLACE}\""), &fragment);
                let answer = stage.send(method, &address, body.into_bytes()).await;
                let start: String = fragment.chars().take(60).collect();
                is_answer(&answer, &format!("{method} {path} with {field} = {start}"));
            }
        }
        for _ in 0..8 {
            let (address, _) = stage.good(path, "nothing");
            let answer = stage.send(method, &address, dice.bytes()).await;
            is_answer(&answer, &format!("{method} {path} with any bytes"));
            assert!(answer.status.is_client_error(), "{method} {path}: {answer:?}");
        }
    }
    stage.nothing_was_lost().await;
}

/// What stands in an address: names and ids of anything, and what is no text after decoding.
#[tokio::test]
async fn no_address_breaks_anything() {
    let stage = Stage::build().await;
    let mut values: Vec<String> = texts()
        .iter()
        .filter(|text| text.len() < 2000)
        .map(|text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string())
        .collect();
    values.extend(["%ff", "%c3%28", "%ed%a0%80", "%", "%zz", "%2e%2e%2f", "a%2fb", "%00"].map(str::to_owned));
    for (method, path) in inventory::routes(&stage.world).await {
        for (n, part) in path.split('/').enumerate().filter(|(_, part)| part.starts_with('{')) {
            for value in &values {
                let mut parts: Vec<&str> = path.split('/').collect();
                parts[n] = value;
                let filled = parts.join("/").replace("{external_id}", "bert").replace("{kind}", "totp");
                let filled = filled.replace("{id}", &stage.challenge).replace("{pairing}", "pa_x");
                let answer = stage.send(&method, &filled, b"{}".to_vec()).await;
                let what = format!("{method} {path} with {part} = {value}");
                if path.starts_with("/v1/") || path.starts_with("/d/") {
                    is_answer(&answer, &what);
                } else {
                    assert!(!answer.status.is_server_error(), "{what}: {answer:?}");
                    assert!(!answer.text.contains("<kanarie"), "{what}: {answer:?}");
                }
            }
        }
    }
    for query in
        ["wait=%ff", "wait=1&wait=1", "after=-1", "after=18446744073709551616", "wait=١", "x", "=", "&&", "%zz=1"]
    {
        let answer = stage.send("GET", &format!("/v1/challenges/{}?{query}", stage.challenge), Vec::new()).await;
        is_answer(&answer, query);
    }
    stage.nothing_was_lost().await;
}
