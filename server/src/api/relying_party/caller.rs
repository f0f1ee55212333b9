//! Who calls: an API key, its relying party, its organisation, and what it may do.

use std::sync::Arc;

use axum::extract::Request;
use bytes::Bytes;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use koppel_domain::{Actor, Scope, Terms};
use koppel_protocol::id::ApiKeyId;
use subtle::ConstantTimeEq;

use crate::app::{App, By, unavailable};
use crate::body;
use crate::problem::{Problem, Slug};
use crate::source::Source;

/// A request of a panel that may make it.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) found: Arc<koppel_store::Caller>,
    pub(crate) source: Source,
}

fn refused() -> Problem {
    Problem::because(Slug::Unauthenticated, "Send `Authorization: Bearer <key>` with a key that counts.")
}

/// The text of an API key: `kp_`, the key's id without its prefix, `_`, 43 characters.
pub(crate) fn key_text(id: ApiKeyId, secret: &str) -> String {
    let id = id.to_string();
    format!("kp_{}_{secret}", id.trim_start_matches("ak_"))
}

fn parse_key(text: &str) -> Option<(ApiKeyId, &str)> {
    let (id, secret) = text.strip_prefix("kp_")?.split_once('_')?;
    let id = format!("ak_{id}").parse().ok()?;
    (secret.len() == 43).then_some((id, secret))
}

impl Caller {
    /// Finds the caller and checks the scope.
    pub(crate) async fn of(app: &App, headers: &HeaderMap, source: Source, scope: Scope) -> Result<Caller, Problem> {
        Caller::with_any(app, headers, source, &[scope]).await
    }

    /// The same where several scopes suffice.
    pub(crate) async fn with_any(
        app: &App,
        headers: &HeaderMap,
        source: Source,
        scopes: &[Scope],
    ) -> Result<Caller, Problem> {
        let text = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or_else(refused)?;
        let bearer = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let (_, text) = bearer.ok_or_else(refused)?;
        let (id, secret) = parse_key(text.trim()).ok_or_else(refused)?;
        let hmac = app.derive.api_key(secret.as_bytes());
        let found = app.registry.caller(&app.store, id).await.map_err(unavailable)?.ok_or_else(refused)?;
        let genuine: bool = found.key.hmac.as_bytes().ct_eq(hmac.as_bytes()).into();
        if !genuine || found.key.revoked_at.is_some() {
            return Err(refused());
        }
        if !scopes.iter().any(|scope| found.key.scopes.contains(scope)) {
            let names: Vec<_> = scopes.iter().map(|scope| scope.name()).collect();
            return Err(Problem::because(
                Slug::ScopeMissing,
                format!("This needs a key with scope {}.", names.join(" or ")),
            ));
        }
        Ok(Caller { found, source })
    }

    /// Who asks.
    pub(crate) fn by(&self) -> By {
        let actor = Actor::Panel {
            organisation: self.found.organisation.id,
            relying_party: self.found.relying_party.id,
            key: self.found.key.id,
        };
        By::new(actor, self.source)
    }

    /// What verdicts need of the relying party.
    pub(crate) fn terms(&self) -> Terms {
        self.found.relying_party.terms()
    }

    /// The caller's id in idempotency rows.
    pub(crate) fn id(&self) -> &[u8] {
        self.found.key.id.as_bytes()
    }
}

/// A request, authenticated before its body is read.
pub(crate) struct Asked {
    pub(crate) caller: Caller,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Asked {
    /// Authenticates, then reads the body.
    pub(crate) async fn read(app: &App, request: Request, scope: Scope) -> Result<Asked, Problem> {
        let (parts, body) = request.into_parts();
        let source = parts.extensions.get::<Source>().copied().unwrap_or(Source::LOCAL);
        let caller = Caller::of(app, &parts.headers, source, scope).await?;
        let body = body::read(&parts.headers, body, body::MAX_BODY).await?;
        Ok(Asked { caller, headers: parts.headers, body })
    }

    /// The body as strict JSON.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Problem> {
        body::json(&self.headers, &self.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_written() {
        let id = ApiKeyId::from_bytes([7; 16]);
        let secret = "A".repeat(43);
        let text = key_text(id, &secret);
        assert_eq!(parse_key(&text), Some((id, secret.as_str())));
        for wrong in ["", "kp_", "kp_x_y", &text[..text.len() - 1], &text.replacen("kp_", "ak_", 1)] {
            assert_eq!(parse_key(wrong), None, "{wrong}");
        }
    }
}
