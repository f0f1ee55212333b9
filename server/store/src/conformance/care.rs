//! Sweeps, jobs, the registry, inboxes.

use koppel_domain::{
    ApiKey, ChallengeState, Command, MethodRules, Mode, Operator, Policy, RelyingParty, Role, Rollout, Scope, Task,
    Time, Welcome,
    audit::{self, Chain, Checkpoint, merkle_root},
    fixture::{API_KEY, ORGANISATION, RELYING_PARTY, phone, text},
};
use koppel_protocol::{
    Bytes,
    decision::Verdict,
    phone_api::{ChallengeReceipt, Receipt, ReceiptKind, Road},
};

use super::{Outside, furnished, retell, run, whole, with_a_phone};
use crate::{
    AuditEntries, AuditHeads, DeviceInbox, Environment, FindApiKey, FindOrganisation, LastCheckpoint, Mark, Operators,
    Organisations, Past, Registration, RelyingParties, Store,
};

pub(crate) async fn a_sweep_ends_what_time_has_ended_and_removes_what_is_old<S: Store, G>(
    make: fn(Environment) -> (S, G),
) {
    let outside = Outside::new();
    let (store, _guard, mut world, _) = with_a_phone(make, &outside).await;
    let told = world.told.len();
    let challenge = world.challenge(1, Mode::Code).id;
    let prompt = world.bound_prompt(2, koppel_domain::Purpose::Login);
    let (pairing, _) = world.pending_phone("b");
    retell(&store, &outside, &world, told).await;
    assert_eq!(store.sweep(500).await, Ok(0), "nothing is due");

    outside.set(world.now.plus(7200));
    while store.sweep(500).await.expect("swept") > 0 {}
    let after = whole(&store).await.expect("there");
    assert_eq!(after.challenge(challenge).map(|row| row.state), Some(ChallengeState::Expired));
    assert_eq!(after.prompt(prompt).map(|row| row.state), Some(koppel_domain::PromptState::Expired));
    assert_eq!(after.pairing(pairing).map(|row| row.state), Some(koppel_domain::PairingState::Expired));

    outside.set(world.now.plus(40 * 86_400));
    while store.sweep(500).await.expect("swept") > 0 {}
    let after = whole(&store).await.expect("there");
    assert!(
        after.challenges.is_empty() && after.copies.is_empty() && after.prompts.is_empty() && after.pairings.is_empty()
    );
    assert_eq!(after.devices.len(), 1, "only the phone that works is left");
    let view = AuditEntries { chain: Chain::User(after.user.id), after: 0, limit: 1000 };
    let entries = store.read(view).await.expect("readable");
    assert_eq!(audit::verify(&entries, after.user.chain_head, after.user.chain_length), Ok(()));
}

pub(crate) async fn jobs_are_leased_claimed_and_done<S: Store, G>(make: fn(Environment) -> (S, G)) {
    let outside = Outside::new();
    let (store, _guard, mut world, _) = with_a_phone(make, &outside).await;
    let told = world.told.len();
    let challenge = world.challenge(1, Mode::Code).id;
    retell(&store, &outside, &world, told).await;
    assert_eq!(store.lapsed_jobs(10).await, Ok(Vec::new()), "its maker has it");
    outside.set(world.now.plus(10));
    let jobs = store.lapsed_jobs(10).await.expect("claimed");
    assert_eq!(jobs.iter().map(|job| job.task).collect::<Vec<_>>(), [Task::Deliver { challenge, seq: 1 }]);
    assert_eq!(store.lapsed_jobs(10).await, Ok(Vec::new()), "somebody has it");
    outside.set(world.now.plus(20));
    let again = store.lapsed_jobs(10).await.expect("claimed");
    assert_eq!(again.iter().map(|job| job.tries).collect::<Vec<_>>(), [2]);
    store.job_done(again[0].id);
    outside.set(world.now.plus(60));
    // Rides with the next commit.
    let mark = store.read(Mark {}).await.expect("readable");
    store.register(Registration::Organisation(Box::new(super::organisation()))).await.expect("registered");
    assert!(store.read(Mark {}).await.expect("readable") > mark);
    assert_eq!(store.lapsed_jobs(10).await, Ok(Vec::new()));
}

pub(crate) async fn the_registry_keeps_what_it_is_told_in_a_chain<S: Store, G>(make: fn(Environment) -> (S, G)) {
    let outside = Outside::new();
    let (store, _guard) = furnished(make, &outside).await;
    let party = RelyingParty {
        id: RELYING_PARTY,
        organisation: ORGANISATION,
        name: text("Telefooncentrale"),
        origin: text("https://panel.example.org"),
        return_urls: vec!["https://panel.example.org/back".into()],
        mode: Mode::Code,
        requires_device_signature: false,
        methods: MethodRules::ALL,
        remember: 0,
        webhook: None,
        rollout: Rollout::REQUIRED,
        support: koppel_domain::SupportContact::default(),
        accent: None,
        logo: None,
        created: Time(1),
    };
    let key = ApiKey {
        id: API_KEY,
        relying_party: RELYING_PARTY,
        hmac: Bytes::new([7; 32]),
        scopes: vec![Scope::Verify],
        revoked_at: None,
        last_used: None,
        created: Time(1),
    };
    store
        .register(Registration::RelyingParty { party: Box::new(party.clone()), by: text("command:root") })
        .await
        .expect("registered");
    store
        .register(Registration::ApiKey { organisation: ORGANISATION, key: Box::new(key.clone()) })
        .await
        .expect("registered");
    let caller = store.read(FindApiKey { key: API_KEY }).await.expect("readable").expect("there");
    assert_eq!((caller.key, caller.relying_party.clone()), (key, party.clone()));
    assert_eq!(store.read(RelyingParties { organisation: ORGANISATION }).await, Ok(vec![party]));

    let mut policy = Policy::default();
    policy.set("code_digits", 8).expect("within bounds");
    let change =
        Registration::Policy { organisation: ORGANISATION, policy: Box::new(policy), by: text("command:root") };
    store.register(change).await.expect("registered");
    let found = store.read(FindOrganisation { organisation: ORGANISATION }).await.expect("readable").expect("there");
    assert_eq!((found.policy.code_digits, found.policy.version), (8, 2));
    store.register(Registration::RevokeApiKey { organisation: ORGANISATION, key: API_KEY }).await.expect("registered");
    let caller = store.read(FindApiKey { key: API_KEY }).await.expect("readable").expect("there");
    assert_eq!(caller.key.revoked_at, Some(store.now()));

    let operators = koppel_domain::Organisation { id: koppel_domain::Organisation::OPERATORS, ..super::organisation() };
    store.register(Registration::Organisation(Box::new(operators))).await.expect("registered");
    let mut anna = Operator {
        name: "anna".parse().expect("a name"),
        role: Role::Support,
        organisations: vec![ORGANISATION],
        password: None,
        welcome: Some(Welcome { hash: Bytes::new([8; 32]), until: Time(9) }),
        removed_at: None,
        created: Time(1),
    };
    store.register(Registration::Operator(Box::new(anna.clone()))).await.expect("registered");
    assert_eq!(store.read(Operators {}).await, Ok(vec![anna.clone()]));
    anna.removed_at = Some(Time(2));
    store.register(Registration::Operator(Box::new(anna.clone()))).await.expect("registered");
    assert_eq!(store.read(Operators {}).await, Ok(vec![anna]), "one of a name");

    let organisations = store.read(Organisations {}).await.expect("readable");
    let organisation = organisations.iter().find(|held| held.id == ORGANISATION).expect("there");
    let chain = Chain::Organisation(ORGANISATION);
    let entries = store.read(AuditEntries { chain, after: 0, limit: 100 }).await.expect("readable");
    assert_eq!(entries.len(), 5);
    assert_eq!(audit::verify(&entries, organisation.chain_head, organisation.chain_length), Ok(()));

    let heads = store.read(AuditHeads {}).await.expect("readable");
    assert_eq!(heads.len(), 2);
    let (at, root, prev) = (store.now(), merkle_root(heads.into_iter()), Bytes::new([0; 32]));
    let checkpoint = Checkpoint { n: 1, at, root, prev, signature: "signed".into() };
    store.keep_checkpoint(checkpoint.clone()).await.expect("kept");
    assert_eq!(store.read(LastCheckpoint {}).await, Ok(Some(checkpoint)));
}

/// threats row 25
pub(crate) async fn an_inbox_holds_what_waits_and_what_ended<S: Store, G>(make: fn(Environment) -> (S, G)) {
    let outside = Outside::new();
    let (store, _guard, mut world, device) = with_a_phone(make, &outside).await;
    let told = world.told.len();
    let first = world.challenge(1, Mode::Number).id;
    let second = world.challenge(2, Mode::Number).id;
    koppel_domain::fixture::expect(world.answer(device, first, Verdict::Deny, None), "denied");
    world.pending_phone("b");
    retell(&store, &outside, &world, told).await;
    let inbox = store.read(DeviceInbox { device, past: Past::Newest }).await.expect("readable").expect("there");
    let waiting: Vec<_> =
        inbox.challenges.iter().map(|(challenge, copy)| (challenge.id, copy.envelope.len())).collect();
    assert!(waiting.contains(&(second, 2150)));
    assert_eq!(waiting.len(), 2, "the login and the new phone");
    assert_eq!(inbox.ended.iter().map(|challenge| challenge.id).collect::<Vec<_>>(), [first]);
    assert_eq!(inbox.notices.len(), 1);
    for (asked, found) in [(vec![first], vec![first]), (vec![second], vec![]), (vec![], vec![])] {
        let some = DeviceInbox { device, past: Past::Among(asked) };
        let some = store.read(some).await.expect("readable").expect("there");
        assert_eq!(some.ended.iter().map(|challenge| challenge.id).collect::<Vec<_>>(), found);
        assert_eq!(some.challenges, inbox.challenges);
    }

    let receipt = ChallengeReceipt { cid: second, seq: 1, kind: ReceiptKind::Shown, alert: None, road: Road::Live };
    let receipts = vec![Receipt::Challenge(receipt)];
    run(&store, Command::Receive { device, receipts }, phone(device)).await.expect("received");
    let inbox = store.read(DeviceInbox { device, past: Past::Newest }).await.expect("readable").expect("there");
    let copy = inbox.challenges.iter().find(|(challenge, _)| challenge.id == second).map(|(_, copy)| copy.clone());
    let copy = copy.expect("still there");
    assert!(copy.shown_at.is_some() && copy.arrived_at.is_some());
    assert_eq!(copy.envelope.len(), 2150, "the envelope is as it was");
}
