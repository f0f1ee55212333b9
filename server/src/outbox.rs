//! What others are told after it happened: panels at their webhooks, users by mail.
//!
//! An event is an audit entry ([`koppel_domain::event`]), so it is there as soon as the verdict is committed and a crash loses none.
//! For each subscriber this reads on from where it was, makes a parcel of each event and brings it away: at least once, in no order,
//! until it is taken or three days old. A subscriber that does not answer keeps no other one waiting, and no login waits for any.

pub mod reach;
pub mod webhook;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use koppel_domain::outbox::{End, PATIENCE};
use koppel_domain::{Event, Parcel, RelyingParty, Subscriber};
use koppel_protocol::id::OrganisationId;
use koppel_store::{Events, Mark, NextDue, Packed, Store, Subscription, Unavailable};

use crate::app::App;
use webhook::EventBody;

const EVERY: Duration = Duration::from_secs(1);
/// Events in one transaction.
const PACK: usize = 256;
/// Parcels in one claim, and how many of them are on their way at once.
const CLAIM: u32 = 32;
const AT_ONCE: usize = 4;

/// Brings parcels away until the server stops.
pub async fn run(app: Arc<App>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut rounds: HashMap<Subscriber, tokio::task::JoinHandle<()>> = HashMap::new();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = app.drain.draining() => return,
        }
        rounds.retain(|_, round| !round.is_finished());
        for subscriber in subscribers(&app) {
            let app = app.clone();
            rounds.entry(subscriber).or_insert_with(|| tokio::spawn(async move { round(&app, subscriber).await }));
        }
    }
}

fn subscribers(app: &App) -> Vec<Subscriber> {
    let parties = app.registry.relying_parties();
    parties.iter().filter(|party| party.webhook.is_some()).map(|party| Subscriber::Webhook(party.id)).collect()
}

async fn round(app: &App, subscriber: Subscriber) {
    if let Err(why) = pack_and_bring(app, subscriber).await {
        tracing::warn!(%why, "nothing was brought away; it stays");
    }
}

async fn pack_and_bring(app: &App, subscriber: Subscriber) -> Result<(), Unavailable> {
    pack(app, subscriber).await?;
    while app.store.read(NextDue { subscriber }).await?.is_some_and(|due| due <= app.now()) {
        let due = app.store.due_parcels(subscriber, CLAIM).await?;
        if due.is_empty() || app.drain.is_draining() {
            break;
        }
        futures_util::stream::iter(due).for_each_concurrent(AT_ONCE, |parcel| bring(app, parcel)).await;
    }
    Ok(())
}

/// Makes parcels of everything that happened since the last time.
async fn pack(app: &App, subscriber: Subscriber) -> Result<(), Unavailable> {
    loop {
        let Some(from) = app.store.read(Subscription { subscriber }).await? else {
            return app.store.subscribe(subscriber).await;
        };
        if from >= app.store.read(Mark {}).await? {
            return Ok(());
        }
        let Some((organisation, panel)) = concerns(app, subscriber) else { return Ok(()) };
        let events = Events { organisation, panel, after: from, limit: PACK };
        let page = app.store.read(events).await?;
        let now = app.now();
        let fresh = page.events.iter().filter(|(_, _, _, event)| now.since(event.at) <= PATIENCE);
        let wanted = fresh.filter(|(_, _, _, event)| wants(app, subscriber, event));
        let parcels = wanted.map(|(mark, _, _, event)| Parcel::new(subscriber, *mark, 0, event.at, now)).collect();
        // Not packed: another round was first, and the next one goes on from there.
        app.store.pack(Packed { subscriber, from, to: page.next, parcels }).await?;
        if !page.more || app.drain.is_draining() {
            return Ok(());
        }
    }
}

/// Whose events those are, and for which panel; none: it is no subscriber any more.
fn concerns(
    app: &App,
    subscriber: Subscriber,
) -> Option<(Option<OrganisationId>, Option<koppel_protocol::id::RelyingPartyId>)> {
    match subscriber {
        Subscriber::Webhook(id) => {
            app.registry.relying_party(id).map(|party| (Some(party.organisation), Some(party.id)))
        }
        Subscriber::Mail => Some((None, None)),
    }
}

fn wants(app: &App, subscriber: Subscriber, event: &Event) -> bool {
    match subscriber {
        Subscriber::Webhook(id) => {
            let party = app.registry.relying_party(id);
            party.is_some_and(|party| party.webhook.as_ref().is_some_and(|webhook| webhook.wants(event.kind.name)))
        }
        Subscriber::Mail => false,
    }
}

/// Tries once, and writes down how it ended.
async fn bring(app: &App, mut parcel: Parcel) {
    let (end, took) = match event_of(app, &parcel).await {
        Ok(Some((organisation, event))) => deliver(app, &parcel, organisation, event).await,
        Ok(None) => (End::Hopeless("there is nothing to tell any more".to_owned()), 0),
        // The lease lapses, and it is tried again.
        Err(_) => return,
    };
    if let End::Failed(why) | End::Hopeless(why) = &end {
        tracing::info!(subscriber = %parcel.subscriber.name(), tries = parcel.tries.len() + 1, %why, "a parcel was not taken");
    }
    parcel.tried(app.now(), took, end);
    app.store.parcel_tried(parcel);
}

async fn deliver(app: &App, parcel: &Parcel, organisation: OrganisationId, event: Event) -> (End, u32) {
    match parcel.subscriber {
        Subscriber::Webhook(id) => match app.registry.relying_party(id) {
            Some(party) => webhook::tell(app, &party, &EventBody::of(event, organisation)).await,
            None => (End::Hopeless("the relying party is gone".to_owned()), 0),
        },
        Subscriber::Mail => (End::Hopeless("mail is off".to_owned()), 0),
    }
}

async fn event_of(app: &App, parcel: &Parcel) -> Result<Option<(OrganisationId, Event)>, Unavailable> {
    let Some((organisation, panel)) = concerns(app, parcel.subscriber) else { return Ok(None) };
    let view = Events { organisation, panel, after: parcel.mark.saturating_sub(1), limit: 1 };
    let page = app.store.read(view).await?;
    let first = page.events.into_iter().next().filter(|(mark, ..)| *mark == parcel.mark);
    Ok(first.map(|(_, _, organisation, event)| (organisation, event)))
}

/// One event that nothing happened for, now. How it ended.
pub(crate) async fn try_webhook(app: &App, party: &RelyingParty) -> Result<(End, u32), crate::problem::Problem> {
    let id = koppel_protocol::id::EventId::from_bytes(app.draw()?).to_string();
    let test = EventBody::test(id, app.now().0, party.organisation);
    Ok(webhook::tell(app, party, &test).await)
}
