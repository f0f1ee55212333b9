//! What every store must do: one macro, every database.
//!
//! A test module calls [`store_conformance!`] with a function that makes an empty store in an [`Environment`]. Stories come from
//! the domain's fixture, so that the reference is [`Account::apply`](koppel_domain::Account::apply) and nothing written here.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use std::time::{Duration, Instant};

use koppel_domain::{
    Account, Actor, Command, Locale, Needs, Organisation, Policy, Refusal, Reply, SharedBytes, Time,
    fixture::{self, Dice, ORGANISATION, Step, World},
};
use koppel_protocol::{Bytes, Origin};

use crate::{Answer, Ask, Environment, Idempotency, Locator, Registration, Seal, Snapshot, Store};

/// Makes all tests for one kind of store. `$make` is `fn(Environment) -> (impl Store, guard)`.
macro_rules! store_conformance {
    ($make:path) => {
        #[tokio::test]
        async fn what_is_loaded_is_what_apply_makes_of_the_changes() {
            crate::conformance::stories::what_is_loaded_is_what_apply_makes_of_the_changes($make).await;
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn of_many_at_once_one_wins() {
            crate::conformance::races::of_many_at_once_one_wins($make).await;
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn parallel_guesses_never_exceed_what_a_challenge_allows() {
            crate::conformance::races::parallel_guesses_never_exceed_what_a_challenge_allows($make).await;
        }

        #[tokio::test]
        async fn a_panic_before_the_commit_leaves_nothing() {
            crate::conformance::failures::a_panic_before_the_commit_leaves_nothing($make).await;
        }

        #[tokio::test]
        async fn a_panic_after_the_commit_loses_nothing() {
            crate::conformance::failures::a_panic_after_the_commit_loses_nothing($make).await;
        }

        #[tokio::test]
        async fn the_counters_of_a_refusal_survive() {
            crate::conformance::failures::the_counters_of_a_refusal_survive($make).await;
        }

        #[tokio::test]
        async fn the_same_request_gets_its_first_answer() {
            crate::conformance::requests::the_same_request_gets_its_first_answer($make).await;
        }

        #[tokio::test]
        async fn a_proof_counts_once() {
            crate::conformance::requests::a_proof_counts_once($make).await;
        }

        #[tokio::test]
        async fn a_login_name_belongs_to_one_user() {
            crate::conformance::requests::a_login_name_belongs_to_one_user($make).await;
        }

        #[tokio::test]
        async fn users_are_read_in_pieces_by_the_panels_id() {
            crate::conformance::requests::users_are_read_in_pieces_by_the_panels_id($make).await;
        }

        #[tokio::test]
        async fn every_locator_leads_to_its_user_and_to_no_other() {
            crate::conformance::requests::every_locator_leads_to_its_user_and_to_no_other($make).await;
        }

        #[tokio::test]
        async fn failed_tries_are_counted_by_source_and_name() {
            crate::conformance::sources::failed_tries_are_counted_by_source_and_name($make).await;
        }

        #[tokio::test]
        async fn an_unknown_user_is_answered_like_a_known_one() {
            crate::conformance::sources::an_unknown_user_is_answered_like_a_known_one($make).await;
        }

        #[tokio::test]
        async fn a_sweep_ends_what_time_has_ended_and_removes_what_is_old() {
            crate::conformance::care::a_sweep_ends_what_time_has_ended_and_removes_what_is_old($make).await;
        }

        #[tokio::test]
        async fn jobs_are_leased_claimed_and_done() {
            crate::conformance::care::jobs_are_leased_claimed_and_done($make).await;
        }

        #[tokio::test]
        async fn the_registry_keeps_what_it_is_told_in_a_chain() {
            crate::conformance::care::the_registry_keeps_what_it_is_told_in_a_chain($make).await;
        }

        #[tokio::test]
        async fn events_come_in_the_order_of_their_commits_and_to_whom_they_concern() {
            crate::conformance::outbox::events_come_in_the_order_of_their_commits_and_to_whom_they_concern($make).await;
        }

        #[tokio::test]
        async fn a_subscriber_gets_each_parcel_until_it_is_taken() {
            crate::conformance::outbox::a_subscriber_gets_each_parcel_until_it_is_taken($make).await;
        }

        #[tokio::test]
        async fn an_inbox_holds_what_waits_and_what_ended() {
            crate::conformance::care::an_inbox_holds_what_waits_and_what_ended($make).await;
        }
    };
}
pub(crate) use store_conformance;

pub(crate) mod care;
pub(crate) mod failures;
pub(crate) mod outbox;
pub(crate) mod races;
pub(crate) mod requests;
pub(crate) mod sources;
pub(crate) mod stories;

/// A clock that only tests move, and the seeds of a [`World`].
#[derive(Clone)]
pub(crate) struct Outside {
    pub(crate) time: Arc<AtomicU64>,
    drawn: Arc<AtomicU64>,
}

impl Outside {
    pub(crate) fn new() -> Self {
        Self { time: Arc::new(AtomicU64::new(World::new().now.0)), drawn: Arc::default() }
    }

    pub(crate) fn set(&self, now: Time) {
        self.time.store(now.0, Ordering::SeqCst);
    }

    /// The world's transactions draw seeds 0, 1 …; what comes in between draws from elsewhere.
    pub(crate) fn draw_from(&self, next: u64) {
        self.drawn.store(next, Ordering::SeqCst);
    }

    pub(crate) fn environment(&self) -> Environment {
        let (time, drawn) = (Arc::clone(&self.time), Arc::clone(&self.drawn));
        Environment {
            clock: Arc::new(move || Time(time.load(Ordering::SeqCst))),
            seeds: Arc::new(move || fixture::seed(drawn.fetch_add(1, Ordering::SeqCst))),
            keys: fixture::keys(1),
            signer: fixture::signer(),
            heard: Arc::new(|_| ()),
        }
    }
}

pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

pub(crate) fn organisation() -> Organisation {
    Organisation {
        id: ORGANISATION,
        name: fixture::text("De Linden"),
        public_url: "https://koppel.example.org".parse::<Origin>().expect("an origin"),
        directory_url: None,
        directory_secret: None,
        locale: Locale::Nl,
        region: koppel_domain::Region::default(),
        policy: Policy { login_door: 1, ..Policy::default() },
        chain_head: Bytes::new([0; 32]),
        chain_length: 0,
        created: Time(1),
    }
}

/// A store with its organisation, and the seeds begin again.
pub(crate) async fn furnished<S: Store, G>(make: impl Fn(Environment) -> (S, G), outside: &Outside) -> (S, G) {
    let (store, guard) = make(outside.environment());
    outside.draw_from(1 << 40);
    store.register(Registration::Organisation(Box::new(organisation()))).await.expect("registered");
    outside.draw_from(0);
    (store, guard)
}

/// The one user of the world, found by the panel's id.
pub(crate) fn here() -> Locator {
    Locator::ExternalId(ORGANISATION, fixture::external_id())
}

pub(crate) fn ask(step: &Step) -> Ask {
    Ask {
        at: here(),
        command: step.command.clone(),
        actor: step.actor.clone(),
        source: step.source.clone(),
        proof: step.proof,
        idempotency: None,
        deadline: soon(),
    }
}

pub(crate) async fn run(store: &impl Store, command: Command, actor: Actor) -> Result<Reply, Refusal> {
    let step = Step { command, actor, source: None, proof: None };
    decided(store.execute(ask(&step)).await.expect("the store decides"))
}

pub(crate) fn decided(answer: Answer) -> Result<Reply, Refusal> {
    match answer {
        Answer::Decided(verdict) => verdict,
        Answer::Replayed(_) => panic!("replayed without a key"),
    }
}

/// The whole account.
pub(crate) async fn whole(store: &impl Store) -> Option<Account> {
    let needs = Needs { closed: true, ..Needs::everything() };
    store.read(Snapshot { at: here(), needs }).await.expect("readable")
}

/// Does in the store what the world did since `from`; the answers must be the same.
pub(crate) async fn retell(store: &impl Store, outside: &Outside, world: &World, from: usize) {
    for (told, number) in world.told[from..].iter().zip(from..) {
        outside.set(told.now);
        let seed = u64::try_from(number).expect("few steps");
        outside.draw_from(seed);
        let answer = store.execute(ask(&told.step)).await.expect("the store decides");
        assert_eq!(decided(answer), told.reply, "step {number}: {:?}", told.step);
    }
}

/// A store in which the world's first phone works.
pub(crate) async fn with_a_phone<S: Store, G>(
    make: impl Fn(Environment) -> (S, G),
    outside: &Outside,
) -> (S, G, World, koppel_protocol::id::DeviceId) {
    let (store, guard) = furnished(make, outside).await;
    let mut world = World::new();
    let device = world.active_phone("a");
    retell(&store, outside, &world, 0).await;
    (store, guard, world, device)
}

/// An idempotency key whose answers are sealed by `seal`.
pub(crate) fn idempotency(key: u8, body: u8, seal: Arc<Seal>) -> Idempotency {
    Idempotency { key: Bytes::new([key; 32]), body: Bytes::new([body; 32]), seal }
}

/// Seals by writing down.
pub(crate) fn written_down() -> Arc<Seal> {
    Arc::new(|verdict| Some(SharedBytes::from(format!("{verdict:?}").into_bytes())))
}

/// Dice for one seed.
pub(crate) fn dice(seed: u64) -> Dice {
    Dice::new(seed)
}
