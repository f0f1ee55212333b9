//! Who may do what: each key with each endpoint, and the ids of others (threats rows 32 and 47).

use koppel_protocol::decision::Verdict;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::fixture::{Session, Waiting, World, add_key};

/// An endpoint of panels, as the reference writes it.
struct Endpoint {
    method: Method,
    path: &'static str,
    /// The scopes that open it.
    scopes: &'static [&'static str],
    body: fn() -> Value,
}

fn nothing() -> Value {
    Value::Null
}

fn empty() -> Value {
    json!({})
}

fn session() -> Value {
    json!({ "v": Session::new().v() })
}

fn session_with_code() -> Value {
    json!({ "v": Session::new().v(), "code": "123456" })
}

fn accountable() -> Value {
    json!({ "agent": "a", "reason": "r", "ticket": "t" })
}

fn check_number() -> Value {
    json!({ "agent": "a", "reason": "r", "ticket": "t", "check_number": "123456" })
}

fn seed() -> Value {
    json!({ "secret": "JBSWY3DPEHPK3PXP" })
}

/// Every endpoint of panels. An endpoint that is new in the reference and not here fails a test: whoever adds one says here
/// who may use it.
const ENDPOINTS: [Endpoint; 19] = [
    Endpoint { method: Method::GET, path: "/v1/events", scopes: &["audit", "manage"], body: nothing },
    Endpoint { method: Method::POST, path: "/v1/prompts", scopes: &["verify"], body: empty },
    Endpoint { method: Method::POST, path: "/v1/prompts/{id}/result", scopes: &["verify"], body: session_with_code },
    Endpoint { method: Method::POST, path: "/v1/prompts/{id}/cancel", scopes: &["verify"], body: empty },
    Endpoint { method: Method::POST, path: "/v1/challenges", scopes: &["verify"], body: empty },
    Endpoint { method: Method::GET, path: "/v1/challenges/{id}", scopes: &["verify"], body: nothing },
    Endpoint { method: Method::POST, path: "/v1/challenges/{id}/check", scopes: &["verify"], body: session_with_code },
    Endpoint { method: Method::POST, path: "/v1/challenges/{id}/consume", scopes: &["verify"], body: session },
    Endpoint { method: Method::POST, path: "/v1/challenges/{id}/deliveries", scopes: &["verify"], body: session },
    Endpoint { method: Method::POST, path: "/v1/challenges/{id}/cancel", scopes: &["verify"], body: session },
    Endpoint { method: Method::PUT, path: "/v1/users/{external_id}", scopes: &["manage"], body: empty },
    Endpoint { method: Method::GET, path: "/v1/users/{external_id}", scopes: &["desk", "manage"], body: nothing },
    Endpoint {
        method: Method::POST,
        path: "/v1/users/{external_id}/koppelcodes",
        scopes: &["desk"],
        body: accountable,
    },
    Endpoint {
        method: Method::POST,
        path: "/v1/users/{external_id}/pairings/{pairing}/confirm",
        scopes: &["desk"],
        body: check_number,
    },
    Endpoint { method: Method::POST, path: "/v1/users/{external_id}/unlock", scopes: &["desk"], body: accountable },
    Endpoint { method: Method::DELETE, path: "/v1/users/{external_id}", scopes: &["manage"], body: nothing },
    Endpoint { method: Method::PUT, path: "/v1/users/{external_id}/methods/{kind}", scopes: &["manage"], body: seed },
    Endpoint {
        method: Method::DELETE,
        path: "/v1/users/{external_id}/methods/{kind}",
        scopes: &["manage"],
        body: nothing,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/v1/users/{external_id}/devices/{device}",
        scopes: &["manage"],
        body: nothing,
    },
];

/// The ids that a path is filled with.
struct Ids<'a> {
    user: &'a str,
    prompt: &'a str,
    challenge: &'a str,
    pairing: &'a str,
    device: &'a str,
}

const NOBODYS: Ids<'static> = Ids {
    user: "nobody",
    prompt: "pr_aaaaaaaaaaaaaaaaaaaaaaaaaa",
    challenge: "ch_aaaaaaaaaaaaaaaaaaaaaaaaaa",
    pairing: "pa_aaaaaaaaaaaaaaaaaaaaaaaaaa",
    device: "dv_aaaaaaaaaaaaaaaaaaaaaaaaaa",
};

impl Ids<'_> {
    fn fill(&self, path: &str) -> String {
        let id = if path.starts_with("/v1/prompts") { self.prompt } else { self.challenge };
        let filled = path.replace("{id}", id).replace("{external_id}", self.user).replace("{pairing}", self.pairing);
        let filled = filled.replace("{kind}", "totp").replace("{device}", self.device);
        assert!(!filled.contains('{'), "say in this test what stands in {path}");
        filled
    }
}

/// Method, path and scopes of every endpoint in the reference, which is generated from the code.
async fn reference(world: &World) -> Vec<(String, String, Vec<String>)> {
    let reference = world.get("/v1/openapi.json").await;
    let mut found = Vec::new();
    for (path, methods) in reference.body["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let mut scopes = Vec::new();
            for way in operation["security"].as_array().unwrap_or(&Vec::new()) {
                scopes.extend(way["key"].as_array().unwrap().iter().map(|scope| scope.as_str().unwrap().to_owned()));
            }
            scopes.sort_unstable();
            found.push((method.to_uppercase(), path.clone(), scopes));
        }
    }
    found.sort_unstable();
    found
}

#[tokio::test]
async fn the_reference_names_every_endpoint_and_the_scopes_that_open_it() {
    let world = World::start().await;
    let mut wanted: Vec<_> = ENDPOINTS
        .iter()
        .map(|endpoint| {
            let scopes: Vec<_> = endpoint.scopes.iter().map(ToString::to_string).collect();
            (endpoint.method.to_string(), endpoint.path.to_owned(), scopes)
        })
        .collect();
    wanted.sort_unstable();
    assert_eq!(reference(&world).await, wanted);
}

#[tokio::test]
async fn every_endpoint_asks_for_its_own_scope() {
    let world = World::start().await;
    let mut keys = Vec::new();
    for scope in ["verify", "manage", "desk", "audit"] {
        keys.push((scope, add_key(&world.config, "Klantpaneel", &[scope]).await));
    }
    for Endpoint { method, path, scopes, body } in &ENDPOINTS {
        let (path, body) = (NOBODYS.fill(path), body());
        for (scope, key) in &keys {
            let body = (!body.is_null()).then_some(&body);
            let answer = world.call(key, method.clone(), &path, body).await;
            let may = scopes.contains(scope);
            assert_eq!(answer.slug() != "scope-missing", may, "{method} {path} with {scope}: {answer:?}");
            assert!(may || answer.status == StatusCode::FORBIDDEN, "{method} {path} with {scope}: {answer:?}");
            assert!(!answer.status.is_server_error(), "{method} {path} with {scope}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn without_a_key_that_counts_nothing_is_answered() {
    let world = World::start().await;
    let revoked = add_key(&world.config, "Klantpaneel", &["verify", "manage", "desk"]).await;
    let revoke = koppel_server::commands::Command::KeyRevoke { key: revoked.clone() };
    crate::fixture::command(&world.config, revoke).await;
    let (start, secret) = world.key.rsplit_once('_').unwrap();
    let other_secret = format!("{start}_{}", secret.chars().rev().collect::<String>());
    let other_id = world.key.replacen("kp_", "kp_a", 1);
    let wrong =
        ["", "x", "kp_", revoked.as_str(), other_secret.as_str(), other_id.as_str(), &world.key[..world.key.len() - 1]];
    for Endpoint { method, path, body, .. } in &ENDPOINTS {
        let (path, body) = (NOBODYS.fill(path), body());
        for key in wrong {
            let answer = world.call(key, method.clone(), &path, (!body.is_null()).then_some(&body)).await;
            assert_eq!(
                (answer.status, answer.slug()),
                (StatusCode::UNAUTHORIZED, "unauthenticated"),
                "{method} {path} {key}"
            );
        }
        let bare = world.http.request(method.clone(), format!("{}{path}", world.url)).send().await.unwrap();
        assert_eq!(bare.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
    }
}

/// Another relying party of the same organisation sees users, and nothing of the other's challenges and prompts.
#[tokio::test]
async fn ids_of_another_relying_party_do_not_exist() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let session = Session::new();
    let challenge = world.challenge("anna", &session, "code").await;
    let challenge = challenge["id"].as_str().unwrap();
    let prompt = world.post("/v1/prompts", world.prompt("anna", &session)).await;
    let prompt = prompt.body["prompt"].as_str().unwrap();
    let code = phone.code(&world).await;
    let v = json!({ "v": session.v() });
    let table = [
        (Method::GET, format!("/v1/challenges/{challenge}"), Value::Null),
        (Method::POST, format!("/v1/challenges/{challenge}/check"), json!({ "v": session.v(), "code": code })),
        (Method::POST, format!("/v1/challenges/{challenge}/consume"), v.clone()),
        (Method::POST, format!("/v1/challenges/{challenge}/deliveries"), v.clone()),
        (Method::POST, format!("/v1/challenges/{challenge}/cancel"), v),
        (Method::POST, format!("/v1/prompts/{prompt}/result"), json!({ "code": "x", "v": session.v() })),
        (Method::POST, format!("/v1/prompts/{prompt}/cancel"), json!({})),
    ];
    for (method, path, body) in table {
        let answer = world.call(&world.sibling, method.clone(), &path, (!body.is_null()).then_some(&body)).await;
        assert_eq!((answer.status, answer.slug()), (StatusCode::NOT_FOUND, "not-found"), "{method} {path}: {answer:?}");
    }
    let own = world.get(&format!("/v1/challenges/{challenge}")).await;
    assert_eq!(own.body["state"], "pending", "nobody touched it");
}

/// Another organisation's users, challenges, prompts and pairings are not there at all.
#[tokio::test]
async fn ids_of_another_organisation_do_not_exist() {
    use koppel_server::commands::{ApiKeyAdd, Command, OrganisationAdd, RelyingPartyAdd};
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let session = Session::new();
    let challenge = world.challenge("anna", &session, "code").await;
    let prompt = world.post("/v1/prompts", world.prompt("anna", &session)).await;
    let add = OrganisationAdd {
        name: "De Eik".to_owned(),
        public_url: "http://127.0.0.2:9".to_owned(),
        directory_url: None,
        locale: None,
        region: None,
        policy: Vec::new(),
    };
    crate::fixture::command(&world.config, Command::OrganisationAdd(add)).await;
    let add = RelyingPartyAdd {
        name: "Ander paneel".to_owned(),
        organisation: Some("De Eik".to_owned()),
        return_urls: vec!["https://eik.example/2fa".to_owned()],
        origin: None,
        mode: "code".to_owned(),
        requires_device_signature: false,
        methods: None,
        backups: None,
    };
    crate::fixture::command(&world.config, Command::RelyingPartyAdd(add)).await;
    let scopes = ["verify", "manage", "desk"].map(str::to_owned).to_vec();
    let add = ApiKeyAdd { relying_party: "Ander paneel".to_owned(), scopes };
    let key = crate::fixture::command(&world.config, Command::KeyAdd(add)).await;
    let key = key["key"].as_str().unwrap();
    let ids = Ids {
        user: "anna",
        prompt: prompt.body["prompt"].as_str().unwrap(),
        challenge: challenge["id"].as_str().unwrap(),
        pairing: &phone.pairing.to_string(),
        device: &phone.device.to_string(),
    };
    for Endpoint { method, path, body, .. } in &ENDPOINTS {
        if *path == "/v1/prompts"
            || *path == "/v1/challenges"
            || *path == "/v1/events"
            || (*path, method) == ("/v1/users/{external_id}", &Method::PUT)
        {
            continue;
        }
        let (path, mut body) = (ids.fill(path), body());
        if body.get("v").is_some() {
            body["v"] = session.v().into();
        }
        let answer = world.call(key, method.clone(), &path, (!body.is_null()).then_some(&body)).await;
        assert_eq!((answer.status, answer.slug()), (StatusCode::NOT_FOUND, "not-found"), "{method} {path}: {answer:?}");
    }
    assert!(world.get("/v1/users/anna").await.body["enrolled"].as_bool().unwrap(), "anna is untouched");
}

/// Secrets never come by GET, whatever is going on (row 47).
#[tokio::test]
async fn no_get_shows_a_secret() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let koppelcode = world.koppelcode("anna").await;
    let door = koppel_protocol::pairing::Door::Code {
        user: koppel_protocol::Text::clean("anna"),
        code: koppelcode.parse().unwrap(),
    };
    let newcomer = Waiting::begin(&world, door).await.expect("revealed");
    let spoken = world.koppelcode("anna").await;
    let session = Session::new();
    let prompt = world.post("/v1/prompts", world.prompt("anna", &Session::new())).await;
    let page = prompt.body["url"].as_str().unwrap().rsplit('/').next().unwrap();
    let with_code = world.challenge("anna", &session, "code").await;
    assert!(with_code.get("number").is_none() && with_code.get("code").is_none(), "a code is never the panel's to see");
    let asked = phone.inbox(&world).await;
    let code = asked.challenges.iter().find_map(|waiting| match &phone.challenge(waiting).claims().subject {
        koppel_protocol::challenge::Subject::Code { code, .. } => Some(code.expose().to_owned()),
        _ => None,
    });
    let code = code.expect("a code");
    let other = Session::new();
    let with_number = world.challenge("anna", &other, "number").await;
    let number = with_number["number"].as_str().unwrap();
    let check_number = newcomer.transcript.check_number();
    let secrets = [
        ("koppelcode", koppelcode.as_str()),
        ("bare koppelcode", &koppelcode.replace('-', "")),
        ("spoken koppelcode", &spoken.replace('-', "")),
        ("number", number),
        ("code", &code),
        ("v", &session.v()),
        ("binding", &session.binding()),
        ("auth secret", &phone.keys.auth.to_text()),
        ("api key", &world.key),
        ("page token", page),
        ("check number", check_number.expose()),
    ];
    let mut looked = 0;
    for state in ["pending", "approved", "locked"] {
        match state {
            "approved" => {
                let waiting = phone.inbox(&world).await.challenges;
                let mut challenges = waiting.iter().map(|waiting| phone.challenge(waiting));
                let challenge = challenges.rfind(|it| it.claims().cid.to_string() == with_number["id"]).unwrap();
                let approved = phone.decision(&challenge, Verdict::Approve, Some(number));
                assert_eq!(phone.decide(&world, &approved).await.body["outcome"], "approved");
            }
            "locked" => {
                let waiting = phone.inbox(&world).await.challenges;
                let challenge = phone.challenge(&waiting[0]);
                let reported = phone.decide(&world, &phone.decision(&challenge, Verdict::Fraud, None)).await;
                assert_eq!(reported.body["outcome"], "fraud", "{reported:?}");
            }
            _ => {}
        }
        let mut paths = vec!["/v1/openapi.json".to_owned(), "/.well-known/koppel".to_owned()];
        paths.extend(["/healthz", "/readyz"].map(str::to_owned));
        for (method, path, _) in reference(&world).await {
            for challenge in [&with_code, &with_number] {
                let ids = Ids { user: "anna", challenge: challenge["id"].as_str().unwrap(), ..NOBODYS };
                paths.extend((method == "GET").then(|| ids.fill(&path)));
            }
        }
        for path in paths {
            let answer = world.get(&path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
            looked += 1;
            for (what, secret) in secrets {
                assert!(!answer.text.contains(secret), "{path} shows the {what} ({state})");
                let in_headers = answer.headers.values().any(|value| value.as_bytes() == secret.as_bytes());
                assert!(!in_headers, "{path} shows the {what} in a header ({state})");
            }
        }
    }
    assert!(looked >= 24, "{looked} answers were read");
}
