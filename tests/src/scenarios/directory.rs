//! An organisation's directory: who types the right password is who they say.

use std::collections::BTreeMap;

use anyhow::Result;
use axum::{Json, Router, http::StatusCode, routing::post};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// A directory on loopback. It goes with this value.
#[derive(Debug)]
pub struct Directory {
    /// Where the server asks.
    pub url: String,
    task: JoinHandle<()>,
}

impl Directory {
    /// A directory of these users and their passwords.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn of(users: BTreeMap<String, String>) -> Result<Self> {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let answer = move |Json(question): Json<Value>| {
            let name = question["login_name"].as_str().unwrap_or_default();
            let right = users.get(name).is_some_and(|password| question["password"] == password.as_str());
            let answer = json!({"external_id": name, "display": name});
            std::future::ready(if right {
                (StatusCode::OK, Json(answer))
            } else {
                (StatusCode::FORBIDDEN, Json(json!({})))
            })
        };
        let router = Router::new().route("/", post(answer));
        let task = tokio::spawn(async move {
            // It serves until it is aborted.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, task })
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        self.task.abort();
    }
}
