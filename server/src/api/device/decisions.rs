//! `POST /d/v1/decisions`: a phone's signed answer. It proves itself and carries no device proof.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use koppel_domain::{Actor, Command, Decide, Reply, SharedText};
use koppel_protocol::decision::{self, Decision, KeyUse};
use koppel_protocol::jws::{self, Unverified};
use koppel_protocol::phone_api::DecisionAnswer;
use koppel_store::{FindDevice, Locator, OwnedDevice, Store};

use crate::app::{App, By, unavailable};
use crate::body;
use crate::problem::{Problem, Slug};
use crate::source::Source;

fn refused() -> Problem {
    Problem::because(Slug::Unauthenticated, "The decision is not signed by this phone's key for it.")
}

/// Takes a decision: strict parse → device → the key that fits it, signature → the verdict.
pub(super) async fn take(
    State(app): State<Arc<App>>,
    source: Source,
    request: Request,
) -> Result<Json<DecisionAnswer>, Problem> {
    let (parts, body) = request.into_parts();
    let body = body::read(&parts.headers, body, jws::MAX_LEN).await?;
    body::expect_type(&parts.headers, decision::MEDIA_TYPE)?;
    let malformed = |why: String| Problem::because(Slug::InvalidRequest, format!("This is no decision: {why}."));
    let text = std::str::from_utf8(&body).map_err(|_| malformed("it is not text".to_owned()))?;
    let parsed = Unverified::<Decision>::parse(text).map_err(|error| malformed(error.to_string()))?;
    let claims = parsed.unverified();
    let device = claims.dev;
    if *parsed.kid() != device {
        return Err(refused());
    }
    let found = app.store.read(FindDevice { device }).await.map_err(unavailable)?;
    let OwnedDevice { user, device: phone } = found.ok_or_else(refused)?;
    let key = match claims.dec.key() {
        KeyUse::Id => phone.keys.id,
        KeyUse::Approve => phone.keys.approve.ok_or_else(refused)?,
    };
    let verified = parsed.verify(&app.crypto, &key).map_err(|_| refused())?;
    let claims = verified.claims();
    if claims.aud != app.keys.identity.server_id {
        return Err(refused());
    }
    let decide = Decide {
        device,
        key,
        challenge: claims.cid,
        seq: claims.seq,
        ch: claims.ch,
        verdict: claims.dec,
        number: claims.num.clone(),
        uv: claims.uv,
        jti: claims.jti,
        signing_input: verified.signing_hash(),
        jws: SharedText::from(text),
    };
    let by = By::new(Actor::Phone { organisation: user.organisation, device: Some(device) }, source);
    match app.decide(Locator::Device(device), Command::Decide(Box::new(decide)), by).await? {
        Reply::Decided { outcome, challenge } => Ok(Json(DecisionAnswer { outcome, cid: challenge })),
        _ => Err(Problem::new(Slug::Unavailable)),
    }
}
