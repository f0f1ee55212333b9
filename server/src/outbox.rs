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

use futures_util::future::join_all;
use koppel_domain::outbox::{End, PATIENCE};
use koppel_domain::{Event, MailAddress, Needs, Parcel, RelyingParty, Subscriber, User};
use koppel_protocol::id::{EventId, OrganisationId, RelyingPartyId, UserId};
use koppel_store::{Events, Locator, Mark, NextDue, Packed, Snapshot, Store, Subscription, Unavailable};
use tokio::task::{AbortHandle, JoinSet};

use crate::app::App;
use crate::problem::Problem;
use webhook::EventBody;

const EVERY: Duration = Duration::from_secs(1);
/// Events in one transaction.
const PACK: usize = 256;
/// Parcels that one subscriber is brought at once. All of them are back, or given up, before their lease of a minute is over.
const AT_ONCE: u32 = 8;

/// Brings parcels away until the server stops.
pub async fn run(app: Arc<App>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // What is on its way ends with this: its lease lapses, and the next process tries it again.
    let mut rounds = JoinSet::new();
    let mut running: HashMap<Subscriber, AbortHandle> = HashMap::new();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = app.drain.draining() => return,
        }
        while rounds.try_join_next().is_some() {}
        running.retain(|_, round| !round.is_finished());
        for subscriber in subscribers(&app) {
            let app = app.clone();
            running.entry(subscriber).or_insert_with(|| rounds.spawn(async move { round(&app, subscriber).await }));
        }
    }
}

fn subscribers(app: &App) -> Vec<Subscriber> {
    let parties = app.registry.relying_parties();
    let webhooks = parties.iter().filter(|party| party.webhook.is_some()).map(|party| Subscriber::Webhook(party.id));
    webhooks.chain(app.mail.is_some().then_some(Subscriber::Mail)).collect()
}

/// Everything that is due now. A subscriber that took nothing of what it was brought has a pause of a second.
async fn round(app: &App, subscriber: Subscriber) {
    let done = async {
        loop {
            pack(app, subscriber).await?;
            if app.store.read(NextDue { subscriber }).await?.is_none_or(|due| due > app.now()) {
                return Ok::<_, Unavailable>(());
            }
            let due = app.store.due_parcels(subscriber, AT_ONCE).await?;
            let taken = join_all(due.into_iter().map(|parcel| bring(app, parcel))).await;
            if !taken.contains(&true) {
                return Ok(());
            }
        }
    };
    if let Err(why) = done.await {
        tracing::warn!(%why, "nothing was brought away; it stays");
    }
}

/// Makes parcels of everything that happened since the last time.
async fn pack(app: &App, subscriber: Subscriber) -> Result<(), Unavailable> {
    loop {
        let Some((organisation, panel)) = concerns(app, subscriber) else { return Ok(()) };
        let Some(from) = app.store.read(Subscription { subscriber }).await? else {
            return app.store.subscribe(subscriber).await;
        };
        if from >= app.store.read(Mark {}).await? {
            return Ok(());
        }
        let events = Events { organisation, panel, after: from, limit: PACK };
        let page = app.store.read(events).await?;
        let (mut parcels, mut too_old) = (Vec::new(), 0);
        for (mark, user, _, event) in &page.events {
            if app.now().since(event.at) > PATIENCE {
                too_old += 1;
                continue;
            }
            parcels.extend(parcels_of(app, subscriber, *mark, *user, event).await?);
        }
        if too_old > 0 {
            tracing::warn!(subscriber = %subscriber.name(), events = too_old, "older than three days: not told; the feed has them");
        }
        // Not packed: another round was first, and the next one goes on from there.
        app.store.pack(Packed { subscriber, from, to: page.next, parcels }).await?;
        if !page.more {
            return Ok(());
        }
    }
}

/// Whose events those are, and for which panel; none: it is no subscriber any more.
fn concerns(app: &App, subscriber: Subscriber) -> Option<(Option<OrganisationId>, Option<RelyingPartyId>)> {
    match subscriber {
        Subscriber::Webhook(id) => {
            let party = app.registry.relying_party(id).filter(|party| party.webhook.is_some())?;
            Some((Some(party.organisation), Some(party.id)))
        }
        Subscriber::Mail => Some((None, None)),
    }
}

/// One for each address that hears of an event.
async fn parcels_of(
    app: &App,
    subscriber: Subscriber,
    mark: u64,
    user: UserId,
    event: &Event,
) -> Result<Vec<Parcel>, Unavailable> {
    let parcel = || Parcel::new(subscriber, mark, event.at, app.now());
    match subscriber {
        Subscriber::Webhook(id) => {
            let party = app.registry.relying_party(id);
            let webhook = party.as_ref().and_then(|party| party.webhook.as_ref());
            Ok(webhook.filter(|webhook| webhook.wants(event.kind.name)).map(|_| parcel()).into_iter().collect())
        }
        Subscriber::Mail if notice::is_one(event) => {
            let Some(user) = user_of(app, user).await? else { return Ok(Vec::new()) };
            let addresses = (0..).zip(user.contacts.addresses(event.at));
            Ok(addresses.map(|(part, address)| parcel().to(part, app.derive.mail_address(address))).collect())
        }
        Subscriber::Mail => Ok(Vec::new()),
    }
}

async fn user_of(app: &App, user: UserId) -> Result<Option<User>, Unavailable> {
    let account = app.store.read(Snapshot { at: Locator::User(user), needs: Needs::default() }).await?;
    Ok(account.map(|account| account.user))
}

/// Tries once, and writes down how it ended; whether somebody has it now.
async fn bring(app: &App, parcel: Parcel) -> bool {
    // Without an answer of the store the lease lapses, and it is tried again; here and below.
    let Ok((end, took)) = try_once(app, &parcel).await else { return false };
    if let End::Failed(why) | End::Hopeless(why) = &end {
        tracing::info!(subscriber = %parcel.subscriber.name(), tries = parcel.tries.len() + 1, %why, "a parcel was not taken");
    }
    let mut after = parcel.clone();
    after.tried(app.now(), took, end);
    let taken = after.is_taken();
    if let Err(why) = app.store.parcel_tried(parcel, after).await {
        tracing::warn!(%why, "how a try ended was not written; it is tried again");
    }
    taken
}

async fn try_once(app: &App, parcel: &Parcel) -> Result<(End, u32), Unavailable> {
    let nothing = |why: &str| Ok((End::Hopeless(why.to_owned()), 0));
    if parcel.is_stale(app.now()) {
        return nothing("older than three days");
    }
    let Some((organisation, panel)) = concerns(app, parcel.subscriber) else { return nothing("it is off") };
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
            let is_it = |address: &&MailAddress| Some(app.derive.mail_address(address)) == parcel.address;
            let Some(to) = user.contacts.addresses(event.at).find(is_it) else { return nothing("the address is gone") };
            match notice::words(&event, &user, &organisation) {
                Some(words) => Ok(mail.bring(to, &format!("{}.{}", event.id, parcel.part), words).await),
                None => nothing("there is nothing to tell any more"),
            }
        }
    }
}

/// One event that nothing happened for, now. How it ended, and in how many milliseconds.
pub(crate) async fn try_webhook(app: &App, party: &RelyingParty) -> Result<(End, u32), Problem> {
    let id = EventId::from_bytes(app.draw()?).to_string();
    let test = EventBody::test(id, app.now().0, party.organisation);
    Ok(webhook::tell(app, party, &test).await)
}

/// A mail that nothing happened for, now. How it ended; none: mail is off.
pub(crate) async fn try_mail(app: &App, to: &MailAddress) -> Result<Option<(End, u32)>, Problem> {
    let Some(mail) = &app.mail else { return Ok(None) };
    let id = EventId::from_bytes(app.draw()?).to_string();
    Ok(Some(mail.bring(to, &id, notice::test()).await))
}
