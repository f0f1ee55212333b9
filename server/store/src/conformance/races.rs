//! Many at once on one account.

use std::sync::Arc;

use koppel_domain::{
    ChallengeState, Command, CounterKind, Holder, Mode, Refusal, Reply, Typed,
    fixture::{self, panel, terms, v},
};
use koppel_protocol::decision::Verdict;

use super::{Outside, decided, retell, run, soon, whole, with_a_phone};
use crate::{Ask, Environment, Locator, Store};

const TASKS: usize = 32;

/// threats row 4
pub(crate) async fn of_many_at_once_one_wins<S: Store, G>(make: fn(Environment) -> (S, G)) {
    let outside = Outside::new();
    let (store, _guard, mut world, device) = with_a_phone(make, &outside).await;
    let told = world.told.len();
    let challenge = world.challenge(1, Mode::Number).id;
    retell(&store, &outside, &world, told).await;
    let before = whole(&store).await.expect("there").user.version;

    let yes = world.signed(device, challenge, Verdict::Approve, Some(world.right_number(challenge)));
    let no = world.signed(device, challenge, Verdict::Deny, None);
    let store = Arc::new(store);
    let mut tasks = Vec::new();
    for task in 0..TASKS {
        let store = Arc::clone(&store);
        let holder = Holder::Panel { terms: terms(), v: v(1) };
        let mut answer = if task % 2 == 0 { yes.clone() } else { no.clone() };
        answer.jti = koppel_protocol::Bytes::new([u8::try_from(task).expect("few"); 16]);
        let command = match task % 4 {
            0 | 1 => Command::Decide(Box::new(answer)),
            2 => Command::CancelChallenge { challenge, holder },
            _ => Command::Consume { challenge, terms: terms(), v: v(1) },
        };
        let actor = if task % 4 < 2 { fixture::phone(device) } else { panel() };
        let at = Locator::Challenge(challenge);
        let ask = Ask { at, command, actor, source: None, proof: None, idempotency: None, deadline: soon() };
        tasks.push(tokio::spawn(async move { decided(store.execute(ask).await.expect("decides")) }));
    }
    let mut finals = 0;
    let mut verified = 0;
    for task in tasks {
        match task.await.expect("no panic") {
            Ok(Reply::Decided { .. }) => finals += 1,
            Ok(Reply::Verified(_)) => verified += 1,
            Ok(Reply::Challenge { .. }) => {}
            Err(Refusal::AlreadyDecided | Refusal::NotVerified) => {}
            other => panic!("{other:?}"),
        }
    }
    let after = whole(&*store).await.expect("there");
    let state = after.challenge(challenge).expect("kept").state;
    assert!(finals <= 1 && verified <= 1, "{finals} decisions, {verified} logins, {state:?}");
    assert_eq!(verified == 1, state == ChallengeState::Consumed);
    let commits = after.user.version - before;
    assert!((1..=TASKS as u64).contains(&commits));
    let entries = after.user.chain_length;
    assert!(entries > 0);
}

/// threats row 3
pub(crate) async fn parallel_guesses_never_exceed_what_a_challenge_allows<S: Store, G>(
    make: fn(Environment) -> (S, G),
) {
    let outside = Outside::new();
    let (store, _guard, mut world, _) = with_a_phone(make, &outside).await;
    let told = world.told.len();
    let challenge = world.challenge(1, Mode::Code).id;
    retell(&store, &outside, &world, told).await;
    let wrong = fixture::wrong(&world.right_code(challenge));
    let store = Arc::new(store);
    let mut tasks = Vec::new();
    for _ in 0..TASKS {
        let (store, code) = (Arc::clone(&store), wrong.clone());
        let holder = Holder::Panel { terms: terms(), v: v(1) };
        tasks.push(tokio::spawn(async move {
            run(&*store, Command::CheckCode { challenge, holder, typed: Typed::App(code) }, panel()).await
        }));
    }
    let mut compared = 0;
    for task in tasks {
        if let Err(Refusal::WrongCode { .. }) = task.await.expect("no panic") {
            compared += 1;
        }
    }
    // Three are free; then the account pauses.
    assert_eq!(compared, 3);
    let after = whole(&*store).await.expect("there");
    assert_eq!(after.challenge(challenge).expect("kept").code_tries, 3);
    assert_eq!(after.counter(CounterKind::CodeFailures).count, 3);
}
