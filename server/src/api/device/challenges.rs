//! One challenge as a phone asks for it, and the two that a phone makes itself: unlocking, and "Test my phone".

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use koppel_domain::plan::Wanted;
use koppel_domain::{ChallengeRequest, ChallengeState, Command, Needs, Refusal, Reply, SharedBytes};
use koppel_protocol::challenge::Subject;
use koppel_protocol::id::ChallengeId;
use koppel_protocol::json;
use koppel_protocol::phone_api::{ChallengeAnswer, Nothing, TestAnswer, UnlockAnswer};
use koppel_store::Locator;

use super::inbox::{envelope, is_running, wire_state};
use super::pairings::json_problem;
use crate::app::{App, Attempts};
use crate::prepare::test_subject;
use crate::problem::{Problem, Slug};
use crate::proof::{self, Changes, Phone};

/// `POST /d/v1/challenges/{cid}`: the live state, before the phone offers *approve*.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(cid): Path<String>,
    request: Request,
) -> Result<Json<ChallengeAnswer>, Problem> {
    let phone = proof::prove_active(&app, request, Changes::Nothing).await?;
    app.pace.take(phone.device.id, app.clock.millis())?;
    json::object::<Nothing>(&phone.body).map_err(json_problem)?;
    let not_found = || Problem::new(Slug::NotFound);
    let cid: ChallengeId = cid.parse().map_err(|_| not_found())?;
    let needs = Needs { challenge: Some(cid), ..Needs::default() };
    let account = app.account(Locator::Device(phone.device.id), needs).await?.ok_or_else(not_found)?;
    let challenge = account.challenge(cid).ok_or_else(not_found)?;
    let own = |copy: &&koppel_domain::DeviceCopy| copy.challenge == cid && copy.device == phone.device.id;
    let copies: Vec<_> = account.copies.iter().filter(own).collect();
    if copies.is_empty() {
        return Err(not_found());
    }
    let now = app.now();
    let state = challenge.state_at(now, app.epoch(), &phone.organisation.policy);
    let newest = copies.iter().find(|copy| copy.seq == challenge.seq());
    let live = state == ChallengeState::Pending && is_running(challenge, now);
    Ok(Json(ChallengeAnswer {
        cid,
        seq: challenge.seq(),
        state: wire_state(state),
        expires_at: challenge.delivery().map_or(challenge.expires, |delivery| delivery.expires).0,
        envelope: newest.filter(|_| live).map(|copy| envelope(&copy.envelope)).transpose()?,
    }))
}

/// `POST /d/v1/challenges/unlock`: the phone that reported a fraud wants to lift the lock.
pub(super) async fn unlock(State(app): State<Arc<App>>, request: Request) -> Result<Json<UnlockAnswer>, Problem> {
    let phone = proof::prove_active(&app, request, Changes::Something).await?;
    app.pace.take(phone.device.id, app.clock.millis())?;
    json::object::<Nothing>(&phone.body).map_err(json_problem)?;
    let device = phone.device.id;
    let (made, sealed) = own_challenge(&app, &phone, ChallengeRequest::Unlock { device }).await?;
    Ok(Json(UnlockAnswer { cid: made.id, seq: made.seq(), envelope: envelope(&sealed)? }))
}

/// `POST /d/v1/test`: a challenge that nothing can consume.
pub(super) async fn test(State(app): State<Arc<App>>, request: Request) -> Result<Json<TestAnswer>, Problem> {
    let phone = proof::prove_active(&app, request, Changes::Something).await?;
    app.pace.take(phone.device.id, app.clock.millis())?;
    json::object::<Nothing>(&phone.body).map_err(json_problem)?;
    let device = phone.device.id;
    let (made, _) = own_challenge(&app, &phone, ChallengeRequest::Test { device }).await?;
    Ok(Json(TestAnswer { time: app.clock.millis(), cid: made.id }))
}

/// Makes a challenge that the phone asks for itself.
async fn own_challenge(
    app: &App,
    phone: &Phone,
    request: ChallengeRequest,
) -> Result<(koppel_domain::Challenge, SharedBytes), Problem> {
    let device = phone.device.id;
    let at = Locator::Device(device);
    let mut attempts = Attempts::default();
    let (answer, prepared) = loop {
        let needs = Needs { devices: true, methods: true, ..Needs::default() };
        let account = app.account(at.clone(), needs).await?.ok_or_else(|| Problem::new(Slug::Unauthenticated))?;
        let cid = ChallengeId::from_bytes(app.draw()?);
        let wanted = match request {
            ChallengeRequest::Test { .. } => Wanted::Test { device },
            _ => Wanted::Unlock { device },
        };
        let prepared = app.prepare(&account, wanted, &phone.organisation.policy, cid, |plan| {
            Ok(match wanted {
                Wanted::Test { .. } => test_subject(app, cid, plan),
                _ => Subject::Unlock,
            })
        })?;
        let sealed = prepared.as_ref().and_then(|prepared| prepared.copies.first()).map(|copy| copy.envelope.clone());
        let command = Command::StartChallenge { request: Box::new(request.clone()), prepared };
        let ask = app.ask(at.clone(), command, phone.by_proof());
        if let Some(answer) = app.attempt(ask, &mut attempts).await? {
            break (answer, sealed);
        }
    };
    match (answer.verdict(), prepared) {
        (Ok(Reply::Challenge { challenge, .. }), Some(sealed)) => Ok((*challenge, sealed)),
        (Ok(_), _) => Err(Problem::new(Slug::Unavailable)),
        (Err(Refusal::NotVerified), _) => Err(Problem::because(
            Slug::NotVerified,
            "Only the phone whose report locked the account can unlock it, with its approval key. Otherwise ask support.",
        )),
        (Err(refusal), _) => Err(refusal.into()),
    }
}
