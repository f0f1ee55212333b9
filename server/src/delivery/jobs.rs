//! Work that outlives a request: what no phone confirmed is published again.
//!
//! A delivery is on the live channels the moment its transaction is committed, because the store tells the hub. Its job stays
//! behind as the memory of it: leased to its maker for ten seconds, then claimed here. If the phone has not said by then
//! that it arrived, its channel looks into the store once more; after a crash that is how a delivery goes on.

use std::sync::Arc;
use std::time::Duration;

use koppel_domain::{DeliveryState, Job, Needs, Task};
use koppel_store::{Locator, Store};

use crate::app::App;

const EVERY: Duration = Duration::from_secs(2);
/// Jobs in one claim.
const CLAIM: u32 = 256;

/// Claims what lapsed, until the server stops.
pub async fn run(app: Arc<App>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = app.drain.draining() => return,
        }
        match app.store.lapsed_jobs(CLAIM).await {
            Ok(jobs) => {
                for job in jobs {
                    perform(&app, &job).await;
                }
            }
            Err(why) => tracing::warn!(%why, "jobs were not claimed; they stay"),
        }
    }
}

async fn perform(app: &App, job: &Job) {
    let done = match job.task {
        Task::Deliver { challenge, seq } => {
            let needs = Needs { challenge: Some(challenge), ..Needs::default() };
            match app.account(Locator::Challenge(challenge), needs).await {
                Ok(Some(account)) => {
                    let waits = account.challenge(challenge).is_some_and(|challenge| {
                        let newest = challenge.delivery().filter(|delivery| delivery.seq == seq);
                        !challenge.state.is_final() && newest.is_some_and(|delivery| is_unconfirmed(delivery.state))
                    });
                    if waits {
                        for copy in account.copies.iter().filter(|copy| copy.seq == seq && copy.arrived_at.is_none()) {
                            app.hub.refresh(&copy.device);
                        }
                    }
                    true
                }
                Ok(None) => true,
                Err(_) => false,
            }
        }
        Task::Notify { notice } => {
            let needs = Needs { notices: true, ..Needs::default() };
            match app.account(Locator::User(job.user), needs).await {
                Ok(account) => {
                    let device = account.and_then(|account| {
                        account.notices.iter().find(|waiting| waiting.id == notice).map(|waiting| waiting.device)
                    });
                    if let Some(device) = device {
                        app.hub.refresh(&device);
                    }
                    true
                }
                Err(_) => false,
            }
        }
    };
    if done {
        app.store.job_done(job.id);
    }
}

fn is_unconfirmed(state: DeliveryState) -> bool {
    matches!(state, DeliveryState::Queued | DeliveryState::Sent | DeliveryState::Unreached)
}
