//! What was brought to webhooks and mail addresses lately, for whoever wants to know whether it arrived.

use koppel_domain::outbox::Try;
use koppel_domain::{Parcel, Subscriber};
use koppel_store::{CountParcels, Parcels, Store};
use serde_json::{Value, json};

use super::{Refused, written};
use crate::app::{App, unavailable};

/// Parcels that are made due again in one transaction.
const AGAIN: u32 = 500;

/// The newest, with every try; only those that never arrived, if so.
pub(super) async fn log(app: &App, subscriber: Subscriber, lost: bool, limit: u32) -> Result<Value, Refused> {
    let parcels = app.store.read(Parcels { subscriber, lost, limit }).await.map_err(unavailable)?;
    Ok(json!({ "events": parcels.iter().map(logged).collect::<Vec<_>>() }))
}

/// How many of the last week were taken, wait, were lost.
pub(super) async fn counts(app: &App, subscriber: Subscriber) -> Result<Value, Refused> {
    let counts = app.store.read(CountParcels { subscriber }).await.map_err(unavailable)?;
    Ok(json!({ "taken": counts.taken, "waiting": counts.waiting, "lost": counts.lost }))
}

/// What never arrived is tried again.
pub(super) async fn again(app: &App, subscriber: Subscriber) -> Result<Value, Refused> {
    let mut all = 0;
    loop {
        let again = app.store.try_again(subscriber, AGAIN).await.map_err(unavailable)?;
        all += again;
        if again < AGAIN {
            return Ok(json!({ "again": all }));
        }
    }
}

/// A parcel as the log shows it: no address, no user. The event itself is in the feed.
fn logged(parcel: &Parcel) -> Value {
    let one = |Try { at, took, end }: &Try| json!({ "at": written(*at), "milliseconds": took, "said": end.says() });
    json!({
        "mark": parcel.mark,
        "happened": written(parcel.happened),
        "state": parcel.state(),
        "next_try": parcel.due.map(written),
        "tries": parcel.tries.iter().map(one).collect::<Vec<_>>(),
    })
}
