//! What a failure leaves: nothing before the commit, everything after it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use koppel_domain::{
    Command, CounterKind, Holder, Mode, Refusal, Typed,
    fixture::{self, Step, desk, panel, terms, v},
};

use super::{Outside, ask, idempotency, retell, run, whole, with_a_phone, written_down};
use crate::{Environment, Store, Unavailable};

pub(crate) async fn a_panic_before_the_commit_leaves_nothing<S: Store, G>(make: fn(Environment) -> (S, G)) {
    let outside = Outside::new();
    let (store, _guard, _, _) = with_a_phone(make, &outside).await;
    let before = whole(&store).await;
    let step = Step {
        command: Command::IssueInvitation { by: koppel_domain::Issuer::Desk },
        actor: desk(),
        source: None,
        proof: None,
    };
    let mut asked = ask(&step);
    asked.idempotency = Some(idempotency(1, 1, Arc::new(|_| panic!("a failpoint"))));
    assert_eq!(store.execute(asked.clone()).await, Err(Unavailable::Database));
    assert_eq!(whole(&store).await, before);
    asked.idempotency = Some(idempotency(1, 1, written_down()));
    assert!(matches!(store.execute(asked).await, Ok(crate::Answer::Decided(Ok(_)))));
    assert_ne!(whole(&store).await, before);
}

pub(crate) async fn a_panic_after_the_commit_loses_nothing<S: Store, G>(make: fn(Environment) -> (S, G)) {
    let outside = Outside::new();
    let fail = Arc::new(AtomicBool::new(false));
    let failing = Arc::clone(&fail);
    let heard = move |_: &[crate::Touched]| assert!(!failing.load(Ordering::SeqCst), "a failpoint");
    let heard: Arc<crate::Heard> = Arc::new(heard);
    let (store, _guard) = make(Environment { heard, ..outside.environment() });
    outside.draw_from(1 << 40);
    store.register(crate::Registration::Organisation(Box::new(super::organisation()))).await.expect("registered");
    let mut world = koppel_domain::fixture::World::new();
    world.put_user();
    fail.store(true, Ordering::SeqCst);
    retell(&store, &outside, &world, 0).await;
    assert_eq!(whole(&store).await.as_ref(), Some(&world.account));
}

/// threats row 3
pub(crate) async fn the_counters_of_a_refusal_survive<S: Store, G>(make: fn(Environment) -> (S, G)) {
    let outside = Outside::new();
    let (store, _guard, mut world, _) = with_a_phone(make, &outside).await;
    let told = world.told.len();
    let challenge = world.challenge(1, Mode::Code).id;
    retell(&store, &outside, &world, told).await;
    let holder = Holder::Panel { terms: terms(), v: v(1) };
    let code = fixture::wrong(&world.right_code(challenge));
    let refused = run(&store, Command::CheckCode { challenge, holder, typed: Typed::App(code) }, panel()).await;
    assert_eq!(refused, Err(Refusal::WrongCode { tries_left: Some(4) }));
    let after = whole(&store).await.expect("there");
    assert_eq!(after.counter(CounterKind::CodeFailures).count, 1);
    assert_eq!(after.challenge(challenge).expect("kept").code_tries, 1);
}
