//! A verification server with two endpoints and any manners.

use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::phone::sha256;

type Answering = Arc<dyn Fn(&Value) -> Value + Send + Sync>;

/// How a question is answered.
#[derive(Clone)]
pub enum Manner {
    /// With what this makes of the prompt.
    Answer(Answering),
    /// With this status and body.
    Say(u16, &'static str, String),
    /// Never.
    Hang,
    /// The first half of an honest answer, then the connection is cut.
    Cut(Answering),
}

impl Manner {
    pub fn answer(answering: impl Fn(&Value) -> Value + Send + Sync + 'static) -> Self {
        Self::Answer(Arc::new(answering))
    }

    pub fn problem(status: u16, slug: &str) -> Self {
        let body = json!({ "type": format!("urn:koppel:problem:{slug}"), "title": "No", "status": status });
        Self::Say(status, "application/problem+json", body.to_string())
    }
}

struct Inner {
    address: String,
    prompts: Vec<Value>,
    exchanges: Vec<Value>,
    keys: Vec<String>,
    at_prompt: Option<Manner>,
    at_result: Manner,
}

/// The server; ends with the test.
#[derive(Clone)]
pub struct FakeServer(Arc<Mutex<Inner>>);

impl FakeServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self(Arc::new(Mutex::new(Inner {
            address: format!("http://{}", listener.local_addr().unwrap()),
            prompts: Vec::new(),
            exchanges: Vec::new(),
            keys: Vec::new(),
            at_prompt: None,
            at_result: Manner::answer(crate::phone::servers_word),
        })));
        let router = Router::new()
            .route("/v1/prompts", post(prompt))
            .route("/v1/prompts/{id}/result", post(result))
            .with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    pub fn address(&self) -> String {
        self.0.lock().unwrap().address.clone()
    }

    /// How results are answered from now on.
    pub fn results(&self, manner: Manner) {
        self.0.lock().unwrap().at_result = manner;
    }

    /// How prompts are answered from now on; honest without it.
    pub fn prompts(&self, manner: Manner) {
        self.0.lock().unwrap().at_prompt = Some(manner);
    }

    /// What the panel asked for last.
    pub fn last_prompt(&self) -> Value {
        self.0.lock().unwrap().prompts.last().unwrap().clone()
    }

    /// How often a code was brought here.
    pub fn exchanges(&self) -> usize {
        self.0.lock().unwrap().exchanges.len()
    }

    /// The idempotency keys, in their order.
    pub fn idempotency_keys(&self) -> Vec<String> {
        self.0.lock().unwrap().keys.clone()
    }
}

fn id(number: usize) -> String {
    let letter = |n: usize| char::from(b'a' + (n % 16) as u8);
    format!("pr_{}{}{}", "a".repeat(24), letter(number / 16), letter(number))
}

async fn prompt(State(server): State<FakeServer>, headers: HeaderMap, Json(asked): Json<Value>) -> Response {
    assert_eq!(headers["authorization"], "Bearer kp_test");
    let (manner, answer) = {
        let mut inner = server.0.lock().unwrap();
        inner.keys.push(headers["idempotency-key"].to_str().unwrap().to_owned());
        let id = id(inner.prompts.len());
        let answer = json!({ "prompt": id, "url": format!("{}/p/{}", inner.address, "t".repeat(43)) });
        let mut asked = asked;
        asked["id"] = id.into();
        inner.prompts.push(asked);
        (inner.at_prompt.clone(), answer)
    };
    match manner {
        None => (StatusCode::CREATED, Json(answer)).into_response(),
        Some(manner) => behave(manner, StatusCode::CREATED, &answer).await,
    }
}

async fn result(
    State(server): State<FakeServer>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let (manner, prompt) = {
        let mut inner = server.0.lock().unwrap();
        inner.keys.push(headers["idempotency-key"].to_str().unwrap().to_owned());
        inner.exchanges.push(body.clone());
        let prompt = inner.prompts.iter().find(|prompt| prompt["id"] == id.as_str()).cloned();
        (inner.at_result.clone(), prompt.unwrap())
    };
    let v = URL_SAFE_NO_PAD.decode(body["v"].as_str().unwrap()).unwrap();
    if prompt["binding"] != sha256(&v).as_str() || body["code"] != "the-code" {
        return behave(Manner::problem(403, "wrong-binding"), StatusCode::OK, &prompt).await;
    }
    behave(manner, StatusCode::OK, &prompt).await
}

async fn behave(manner: Manner, good: StatusCode, prompt: &Value) -> Response {
    match manner {
        Manner::Answer(answering) => (good, Json(answering(prompt))).into_response(),
        Manner::Say(status, kind, body) => {
            let status = StatusCode::from_u16(status).unwrap();
            let elsewhere = (header::LOCATION, "/v1/elsewhere");
            (status, [(header::CONTENT_TYPE, kind), elsewhere], body).into_response()
        }
        Manner::Hang => std::future::pending().await,
        Manner::Cut(answering) => {
            let whole = answering(prompt).to_string();
            let half = Bytes::from(whole[..whole.len() / 2].to_owned());
            let parts = [Ok(half), Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))];
            Response::builder().status(good).body(Body::from_stream(stream::iter(parts))).unwrap()
        }
    }
}
