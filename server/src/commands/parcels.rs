//! What was brought to webhooks and mail addresses lately, for whoever wants to know whether it arrived.

use koppel_domain::outbox::Try;
use koppel_domain::{Parcel, Subscriber, Time};
use koppel_store::{Parcels, Store};
use serde_json::{Value, json};

use super::Refused;
use crate::app::{App, unavailable};

/// How far back is looked.
const NEWEST: u32 = 10_000;

async fn newest(app: &App, subscriber: Subscriber) -> Result<Vec<Parcel>, Refused> {
    Ok(app.store.read(Parcels { subscriber, limit: NEWEST }).await.map_err(unavailable)?)
}

/// The newest, with every try; only those that never arrived, if so.
pub(super) async fn log(app: &App, subscriber: Subscriber, lost: bool, limit: u32) -> Result<Value, Refused> {
    let parcels = newest(app, subscriber).await?;
    let wanted = parcels.iter().filter(|parcel| !lost || parcel.is_lost());
    Ok(json!({ "events": wanted.take(limit as usize).map(logged).collect::<Vec<_>>() }))
}

/// How many of the newest were taken, wait, were lost.
pub(super) async fn counts(app: &App, subscriber: Subscriber) -> Result<Value, Refused> {
    let parcels = newest(app, subscriber).await?;
    let count = |state: &str| parcels.iter().filter(|parcel| parcel.state() == state).count();
    Ok(json!({ "taken": count("taken"), "waiting": count("waiting"), "lost": count("lost") }))
}

/// What never arrived is tried again.
pub(super) async fn again(app: &App, subscriber: Subscriber) -> Result<Value, Refused> {
    Ok(json!({ "again": app.store.try_again(subscriber).await.map_err(unavailable)? }))
}

/// A parcel as the log shows it: no address, no user. The event itself is in the feed.
fn logged(parcel: &Parcel) -> Value {
    let one = |Try { at, took, end }: &Try| json!({ "at": time(*at), "milliseconds": took, "said": end.says() });
    json!({
        "mark": parcel.mark,
        "happened": time(parcel.happened),
        "state": parcel.state(),
        "next_try": parcel.due.map(time),
        "tries": parcel.tries.iter().map(one).collect::<Vec<_>>(),
    })
}

fn time(at: Time) -> String {
    i64::try_from(at.0).ok().and_then(|at| jiff::Timestamp::from_second(at).ok()).unwrap_or_default().to_string()
}
