//! What others hear of, and parcels on their way to them.

use koppel_domain::{
    Mode, Parcel, Subscriber, Time,
    event::kind_of,
    fixture::{ORGANISATION, RELYING_PARTY},
    outbox::{End, KEPT},
};
use koppel_protocol::{
    Bytes,
    id::{OrganisationId, RelyingPartyId},
};

use super::{Outside, retell, whole, with_a_phone};
use crate::{
    AuditEntries, CountParcels, Environment, EventPage, Events, Mark, NextDue, Packed, ParcelCounts, Parcels, Store,
    Subscription,
};

const OTHER_PANEL: RelyingPartyId = RelyingPartyId::from_bytes([9; 16]);

fn events(after: u64, limit: usize) -> Events {
    Events { organisation: Some(ORGANISATION), panel: Some(RELYING_PARTY), after, limit }
}

fn names(page: &EventPage) -> Vec<&'static str> {
    page.events.iter().map(|(_, _, _, event)| event.kind.name).collect()
}

pub(crate) async fn events_come_in_the_order_of_their_commits_and_to_whom_they_concern<S: Store, G>(
    make: fn(Environment) -> (S, G),
) {
    let outside = Outside::new();
    let (store, _guard, mut world, _) = with_a_phone(make, &outside).await;
    let told = world.told.len();
    world.challenge(1, Mode::Code);
    retell(&store, &outside, &world, told).await;
    let all = store.read(events(0, usize::MAX)).await.expect("readable");
    assert!(!all.more);
    assert_eq!(all.next, store.read(Mark {}).await.expect("readable"));

    // The same as the user's own chain, without what is nobody's business.
    let account = whole(&store).await.expect("there");
    let view = AuditEntries { chain: koppel_domain::audit::Chain::User(account.user.id), after: 0, limit: 10_000 };
    let chain = store.read(view).await.expect("readable");
    let public: Vec<_> = chain.iter().filter_map(|entry| kind_of(&entry.kind)).map(|kind| kind.name).collect();
    let about_phones = |page: &EventPage| names(page).iter().filter(|name| name.starts_with("device.")).count();
    assert!(about_phones(&all) > 0 && names(&all).contains(&"challenge.pending"), "{:?}", names(&all));
    assert!(names(&all).iter().all(|name| public.contains(name)));

    // By pieces, nothing is missing and nothing comes twice.
    let (mut after, mut pieces) = (0, Vec::new());
    loop {
        let page = store.read(events(after, 1)).await.expect("readable");
        pieces.extend(page.events.clone());
        after = page.next;
        if !page.more {
            break;
        }
    }
    assert_eq!(pieces, all.events);

    // Another panel of the organisation hears of the phone and not of the login; another organisation hears nothing.
    let other = store.read(Events { panel: Some(OTHER_PANEL), ..events(0, usize::MAX) }).await.expect("readable");
    assert_eq!(about_phones(&other), about_phones(&all));
    assert!(!names(&other).contains(&"challenge.pending"));
    let elsewhere = Some(OrganisationId::from_bytes([9; 16]));
    let elsewhere = Events { organisation: elsewhere, ..events(0, usize::MAX) };
    assert_eq!(store.read(elsewhere).await.expect("readable").events, []);
}

pub(crate) async fn a_subscriber_gets_each_parcel_until_it_is_taken<S: Store, G>(make: fn(Environment) -> (S, G)) {
    let outside = Outside::new();
    let (store, _guard, world, _) = with_a_phone(make, &outside).await;
    let (hook, now) = (Subscriber::Webhook(RELYING_PARTY), world.now);
    store.subscribe(hook).await.expect("subscribed");
    let from = store.read(Subscription { subscriber: hook }).await.expect("readable").expect("subscribed");
    assert_eq!(from, store.read(Mark {}).await.expect("readable"), "nothing of what happened before");
    let packed = |from: u64, to: u64| Packed {
        subscriber: hook,
        from,
        to,
        parcels: vec![Parcel::new(hook, to, now, now), Parcel::new(hook, to, now, now).to(1, Bytes::new([1; 32]))],
    };
    assert_eq!(store.pack(packed(from, from + 1)).await, Ok(true));
    assert_eq!(store.pack(packed(from, from + 1)).await, Ok(false), "somebody else was first");
    store.subscribe(hook).await.expect("subscribed");
    let kept = store.read(Subscription { subscriber: hook }).await.expect("readable");
    assert_eq!(kept, Some(from + 1), "a subscriber goes on where it was");

    assert_eq!(store.read(NextDue { subscriber: hook }).await, Ok(Some(now)));
    let due = store.due_parcels(hook, 1).await.expect("claimed");
    assert_eq!(due.len(), 1);
    assert_eq!(store.due_parcels(hook, 9).await.expect("claimed").len(), 1, "the other one");
    assert_eq!(store.due_parcels(hook, 9).await, Ok(Vec::new()), "both are on their way");
    outside.set(now.plus(60));
    let mut due = store.due_parcels(hook, 9).await.expect("claimed");
    assert_eq!(due.len(), 2, "whoever had them did not come back");

    let (one, other) = (due.remove(0), due.remove(0));
    let tried = |parcel: &Parcel, at: Time, end: End| {
        let mut after = parcel.clone();
        after.tried(at, 12, end);
        after
    };
    let taken = tried(&one, now.plus(60), End::Taken("200".to_owned()));
    assert_eq!(store.parcel_tried(one.clone(), taken.clone()).await, Ok(true));
    assert_eq!(store.parcel_tried(one, taken.clone()).await, Ok(false), "it is not any more as it was claimed");
    let failed = tried(&other, now.plus(60), End::Failed("503".to_owned()));
    assert_eq!(store.parcel_tried(other, failed).await, Ok(true));
    outside.set(now.plus(69));
    assert_eq!(store.due_parcels(hook, 9).await, Ok(Vec::new()));
    outside.set(now.plus(70));
    let other = store.due_parcels(hook, 9).await.expect("claimed").remove(0);
    let hopeless = tried(&other, now.plus(70), End::Hopeless("410".to_owned()));
    assert_eq!(store.parcel_tried(other, hopeless).await, Ok(true));
    let counts = store.read(CountParcels { subscriber: hook }).await.expect("readable");
    assert_eq!(counts, ParcelCounts { waiting: 0, taken: 1, lost: 1 });
    assert_eq!(store.read(Parcels { subscriber: hook, lost: true, limit: 9 }).await.expect("readable").len(), 1);
    assert_eq!(store.try_again(hook, 500).await, Ok(1));
    assert_eq!(store.due_parcels(hook, 9).await.expect("claimed").len(), 1);
    let mut log = store.read(Parcels { subscriber: hook, lost: false, limit: 9 }).await.expect("readable");
    log.sort_by_key(Parcel::is_taken);
    assert_eq!(log.iter().map(|parcel| parcel.tries.len()).collect::<Vec<_>>(), [2, 1]);

    // What is over is forgotten after a week; what is not stays.
    outside.set(Time(now.0 + u64::from(KEPT) + 1));
    while store.sweep(500).await.expect("swept") > 0 {}
    assert_eq!(store.read(Parcels { subscriber: hook, lost: false, limit: 9 }).await.expect("readable").len(), 1);
    store.unsubscribe(hook).await.expect("unsubscribed");
    assert_eq!(store.read(Parcels { subscriber: hook, lost: false, limit: 9 }).await, Ok(Vec::new()));
    assert_eq!(store.read(Subscription { subscriber: hook }).await, Ok(None));
    let (before, after) = (taken.clone(), taken);
    assert_eq!(store.parcel_tried(before, after).await, Ok(false), "and nothing of it comes back");
    assert_eq!(store.read(Parcels { subscriber: hook, lost: false, limit: 9 }).await, Ok(Vec::new()));
}
