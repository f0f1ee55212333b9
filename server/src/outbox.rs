//! What others are told after it happened: panels at their webhooks, users by mail.
//!
//! An event is an audit entry ([`koppel_domain::event`]), so it is there as soon as the verdict is committed and a crash loses none.
//! For each subscriber this reads on from where it was, makes a parcel of each event and brings it away: at least once, in no order,
//! until it is taken or three days old. A subscriber that does not answer keeps no other one waiting, and no login waits for any.

pub mod mail;
mod notice;
pub mod reach;
pub mod webhook;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use koppel_domain::outbox::{End, PATIENCE};
use koppel_domain::{Event, MailAddress, Needs, Parcel, RelyingParty, Subscriber, User};
use koppel_protocol::id::{EventId, OrganisationId, RelyingPartyId, UserId};
use koppel_store::{Events, Locator, Mark, NextDue, Packed, Snapshot, Store, Subscription, Unavailable};

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
    let webhooks = parties.iter().filter(|party| party.webhook.is_some()).map(|party| Subscriber::Webhook(party.id));
    webhooks.chain(app.mail.is_some().then_some(Subscriber::Mail)).collect()
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
        let mut parcels = Vec::new();
        for (mark, user, _, event) in page.events.iter().filter(|(_, _, _, event)| now.since(event.at) <= PATIENCE) {
            let parts = addresses(app, subscriber, *user, event).await?;
            parcels.extend((0..parts).map(|part| Parcel::new(subscriber, *mark, part, event.at, now)));
        }
        // Not packed: another round was first, and the next one goes on from there.
        app.store.pack(Packed { subscriber, from, to: page.next, parcels }).await?;
        if !page.more || app.drain.is_draining() {
            return Ok(());
        }
    }
}

/// Whose events those are, and for which panel; none: it is no subscriber any more.
fn concerns(app: &App, subscriber: Subscriber) -> Option<(Option<OrganisationId>, Option<RelyingPartyId>)> {
    match subscriber {
        Subscriber::Webhook(id) => {
            app.registry.relying_party(id).map(|party| (Some(party.organisation), Some(party.id)))
        }
        Subscriber::Mail => Some((None, None)),
    }
}

/// To how many addresses an event goes.
async fn addresses(app: &App, subscriber: Subscriber, user: UserId, event: &Event) -> Result<u8, Unavailable> {
    match subscriber {
        Subscriber::Webhook(id) => {
            let party = app.registry.relying_party(id);
            let webhook = party.as_ref().and_then(|party| party.webhook.as_ref());
            Ok(u8::from(webhook.is_some_and(|webhook| webhook.wants(event.kind.name))))
        }
        Subscriber::Mail if notice::is_one(event) => {
            let user = user_of(app, user).await?;
            Ok(user.map_or(0, |user| u8::try_from(user.contacts.mail.len()).unwrap_or(u8::MAX)))
        }
        Subscriber::Mail => Ok(0),
    }
}

async fn user_of(app: &App, user: UserId) -> Result<Option<User>, Unavailable> {
    let account = app.store.read(Snapshot { at: Locator::User(user), needs: Needs::default() }).await?;
    Ok(account.map(|account| account.user))
}

/// Tries once, and writes down how it ended.
async fn bring(app: &App, mut parcel: Parcel) {
    // Without an answer of the store the lease lapses, and it is tried again.
    let Ok((end, took)) = try_once(app, &parcel).await else { return };
    if let End::Failed(why) | End::Hopeless(why) = &end {
        tracing::info!(subscriber = %parcel.subscriber.name(), tries = parcel.tries.len() + 1, %why, "a parcel was not taken");
    }
    parcel.tried(app.now(), took, end);
    app.store.parcel_tried(parcel);
}

async fn try_once(app: &App, parcel: &Parcel) -> Result<(End, u32), Unavailable> {
    let nothing = |why: &str| Ok((End::Hopeless(why.to_owned()), 0));
    let Some((organisation, panel)) = concerns(app, parcel.subscriber) else {
        return nothing("the relying party is gone");
    };
    let view = Events { organisation, panel, after: parcel.mark.saturating_sub(1), limit: 1 };
    let found = app.store.read(view).await?.events.into_iter().next().filter(|(mark, ..)| *mark == parcel.mark);
    let Some((_, user, organisation, event)) = found else { return nothing("there is nothing to tell any more") };
    match parcel.subscriber {
        Subscriber::Webhook(id) => match app.registry.relying_party(id) {
            Some(party) => Ok(webhook::tell(app, &party, &EventBody::of(event, organisation)).await),
            None => nothing("the relying party is gone"),
        },
        Subscriber::Mail => {
            let (Some(mail), Some(organisation)) = (&app.mail, app.registry.organisation(organisation)) else {
                return nothing("mail is off");
            };
            let Some(user) = user_of(app, user).await? else { return nothing("the user is gone") };
            let Some(to) = user.contacts.mail.get(usize::from(parcel.part)) else {
                return nothing("the address is gone");
            };
            match notice::words(&event, &user, &organisation) {
                Some(words) => Ok(mail.bring(to.expose(), &format!("{}.{}", event.id, parcel.part), words).await),
                None => nothing("there is nothing to tell any more"),
            }
        }
    }
}

/// One event that nothing happened for, now. How it ended.
pub(crate) async fn try_webhook(app: &App, party: &RelyingParty) -> Result<(End, u32), crate::problem::Problem> {
    let id = EventId::from_bytes(app.draw()?).to_string();
    let test = EventBody::test(id, app.now().0, party.organisation);
    Ok(webhook::tell(app, party, &test).await)
}

/// A mail that nothing happened for, now. How it ended; none: mail is off.
pub(crate) async fn try_mail(app: &App, to: &MailAddress) -> Result<Option<(End, u32)>, crate::problem::Problem> {
    let Some(mail) = &app.mail else { return Ok(None) };
    let id = EventId::from_bytes(app.draw()?).to_string();
    Ok(Some(mail.bring(to.expose(), &id, notice::test()).await))
}
