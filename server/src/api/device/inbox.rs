//! `POST /d/v1/inbox`: all that waits for a phone, for when it has no live channel.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use koppel_domain::{Command, Notice, Time};
use koppel_protocol::id::DeviceId;
use koppel_protocol::notice;
use koppel_protocol::phone_api::{
    DeviceState, Ended, Inbox, InboxRequest, Receipt, Receipts, WaitingChallenge, WaitingNotice,
};
use koppel_protocol::{Envelope, json};
use koppel_store::{DeviceInbox, Locator, Past, Store};

use super::pairings::json_problem;
use crate::app::{App, By, unavailable};
use crate::problem::{Problem, Slug};
use crate::proof::{self, Changes};

/// Shows the inbox; receipts ride along.
pub(super) async fn show(State(app): State<Arc<App>>, request: Request) -> Result<Json<Inbox>, Problem> {
    let phone = proof::prove_active(&app, request, Changes::Nothing).await?;
    app.pace.take(phone.device.id, app.clock.millis())?;
    let asked: InboxRequest = json::object(&phone.body).map_err(json_problem)?;
    receive(&app, phone.device.id, asked.receipts, phone.by())?;
    let (inbox, _) = waiting(&app, phone.device.id, Past::Newest).await?;
    Ok(Json(inbox))
}

/// Writes receipts down, lazily.
pub(crate) fn receive(app: &App, device: DeviceId, receipts: Vec<Receipt>, by: By) -> Result<(), Problem> {
    if receipts.len() > Receipts::MAX {
        return Err(Problem::because(Slug::InvalidField, format!("Field `receipts`: at most {}.", Receipts::MAX)));
    }
    if !receipts.is_empty() {
        app.lazily(Locator::Device(device), Command::Receive { device, receipts }, by);
    }
    Ok(())
}

/// All that waits for a phone and what ended, and the state of the phone.
pub(crate) async fn waiting(app: &App, device: DeviceId, past: Past) -> Result<(Inbox, DeviceState), Problem> {
    let found = app.store.read(DeviceInbox { device, past }).await.map_err(unavailable)?;
    let inbox = found.ok_or_else(|| Problem::new(Slug::Unauthenticated))?;
    let policy = app.policy(inbox.user.organisation)?;
    let now = app.now();
    let mut answer = Inbox::default();
    for (challenge, copy) in &inbox.challenges {
        let state = challenge.state_at(now, app.epoch(), &policy);
        let live = state == koppel_domain::ChallengeState::Pending && is_running(challenge, now);
        if live {
            let envelope = envelope(&copy.envelope)?;
            answer.challenges.push(WaitingChallenge { cid: challenge.id, seq: copy.seq, envelope });
        } else if state != koppel_domain::ChallengeState::Pending {
            answer.ended.push(Ended { cid: challenge.id, seq: copy.seq, state: wire_state(state) });
        }
    }
    for challenge in &inbox.ended {
        let state = challenge.state_at(now, app.epoch(), &policy);
        answer.ended.push(Ended { cid: challenge.id, seq: challenge.seq(), state: wire_state(state) });
    }
    for notice in &inbox.notices {
        let envelope = seal_notice(app, &inbox.device, notice)?;
        answer.notices.push(WaitingNotice { nid: notice.id, envelope });
    }
    Ok((answer, inbox.device.state))
}

/// Whether the newest delivery still runs.
pub(super) fn is_running(challenge: &koppel_domain::Challenge, now: Time) -> bool {
    challenge.delivery().is_some_and(|delivery| now < delivery.expires)
}

/// A stored envelope, byte for byte.
pub(super) fn envelope(bytes: &[u8]) -> Result<Envelope, Problem> {
    Envelope::from_bytes(bytes).map_err(|error| {
        tracing::error!(%error, "a stored envelope is not one");
        Problem::new(Slug::Unavailable)
    })
}

/// A notice, signed and sealed afresh for its phone.
pub(crate) fn seal_notice(app: &App, device: &koppel_domain::Device, notice: &Notice) -> Result<Envelope, Problem> {
    let message = app.sign(&notice::Notice {
        nid: notice.id,
        dev: device.id,
        kind: notice.kind,
        at: notice.at.0,
        detail: notice.detail.clone(),
    })?;
    app.seal(device, &message)
}

/// The state of a challenge as phones read it.
pub(super) fn wire_state(state: koppel_domain::ChallengeState) -> koppel_protocol::phone_api::ChallengeState {
    use koppel_domain::ChallengeState as Ours;
    use koppel_protocol::phone_api::ChallengeState as Wire;
    match state {
        Ours::Pending => Wire::Pending,
        Ours::Approved => Wire::Approved,
        Ours::Consumed => Wire::Consumed,
        Ours::Denied => Wire::Denied,
        Ours::Fraud => Wire::Fraud,
        Ours::Failed => Wire::Failed,
        Ours::Expired => Wire::Expired,
        Ours::Superseded => Wire::Superseded,
        Ours::Cancelled => Wire::Cancelled,
        Ours::Lapsed => Wire::Lapsed,
    }
}
