//! Logins on a network that loses, delays, repeats and reorders, with an app that is killed now and then.
//!
//! A seed decides everything. One that fails is printed, and played again with `KOPPEL_SEED=<seed> cargo test`. How many
//! are played: `KOPPEL_SEEDS`.

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

use koppel_core::{AccountStatus, DenyReason, Event, News, Outcome, Refused};
use koppel_protocol::{challenge::Subject, decision::Verdict, id::ChallengeId, phone_api::ChallengeState};
use rand::Rng;

use crate::{
    fixtures::cid,
    network::{FAIR, Weather, World, account},
    server::Fact,
};

/// Plays a story for many seeds, or for the one that is asked for.
fn seeds(default: u64, story: impl Fn(u64)) {
    let number = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().expect("a number"));
    let range = match number("KOPPEL_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("KOPPEL_SEEDS").unwrap_or(default),
    };
    for seed in range {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| story(seed))) {
            eprintln!("failed with KOPPEL_SEED={seed}");
            resume_unwind(panic);
        }
    }
}

/// What a person saw and what must hold of it: the reference against which the phone is checked.
#[derive(Default)]
struct Witness {
    read: usize,
    run: u64,
    /// In this run: the newest delivery that was announced.
    announced: BTreeMap<ChallengeId, u32>,
    /// In any run: deliveries that were said to be over.
    over: BTreeMap<ChallengeId, u32>,
    approved: BTreeSet<ChallengeId>,
    finals: BTreeMap<(u64, ChallengeId, bool), usize>,
}

impl Witness {
    fn watch(&mut self, world: &mut World) {
        if self.run != world.phone.run {
            self.run = world.phone.run;
            self.announced.clear();
        }
        let news = world.phone.news[self.read..].to_vec();
        self.read = world.phone.news.len();
        for news in news {
            match news {
                News::Challenge(view) => {
                    let before = self.announced.insert(view.cid, view.seq);
                    assert!(
                        before.is_none_or(|before| before < view.seq),
                        "{} #{} was announced before",
                        view.cid,
                        view.seq
                    );
                    let over = self.over.get(&view.cid).copied().unwrap_or(0);
                    assert!(over < view.seq, "{} #{} was over", view.cid, view.seq);
                }
                News::Ended(view) => {
                    self.over.insert(view.cid, view.seq);
                }
                News::Outcome { outcome: Outcome::Queued, .. } => {}
                News::Outcome { cid, approve, outcome, .. } => self.outcome(cid, approve, outcome, world),
                _ => {}
            }
        }
        self.look(world);
    }

    fn outcome(&mut self, cid: ChallengeId, approve: bool, outcome: Outcome, world: &mut World) {
        let mut decided = |verdict| {
            let of = |fact: &Fact| matches!(fact, Fact::Decided { cid: about, verdict: said, .. } if *about == cid && *said == verdict);
            world.server().history.iter().any(of)
        };
        match outcome {
            Outcome::Approved => {
                assert!(approve && decided(Verdict::Approve), "said approved and was not");
                self.approved.insert(cid);
            }
            Outcome::Denied => assert!(decided(Verdict::Deny), "said denied and was not"),
            Outcome::Fraud => assert!(decided(Verdict::Fraud), "said reported and was not"),
            _ => {}
        }
        *self.finals.entry((self.run, cid, approve)).or_default() += 1;
    }

    /// Nothing on the screen is over by the server's clock, give or take what a message takes on its way.
    fn look(&self, world: &mut World) {
        if world.phone.dead {
            return;
        }
        let state = world.phone.machine.snapshot(world.now());
        let learned = state.accounts.iter().all(|view| view.clock_skew_s.is_some());
        for view in state.challenges.iter().filter(|_| learned) {
            let end = view.expires_at as i64 * 1_000 + 8_000;
            assert!(world.server_ms() < end, "{} is shown after its end", view.cid);
        }
    }
}

fn act(world: &mut World, next: &mut u8) {
    let live: Vec<_> = world
        .server()
        .challenges
        .iter()
        .filter(|(_, posed)| posed.state == ChallengeState::Pending)
        .map(|(cid, _)| *cid)
        .collect();
    let some = (!live.is_empty()).then(|| live[world.dice.random_range(0..live.len())]);
    let seen = match world.phone.dead {
        true => Vec::new(),
        false => world.phone.machine.snapshot(world.now()).challenges,
    };
    let seen = (!seen.is_empty()).then(|| seen[world.dice.random_range(0..seen.len())].clone());
    match (world.dice.random_range(0..20), some, seen) {
        (0..5, ..) if live.len() < 4 && *next < 200 => {
            *next += 1;
            match world.dice.random_range(0..3) {
                0 => world.server().pose_code(cid(*next), "anna", "123456"),
                1 => world.server().pose_number(cid(*next), "anna"),
                _ => {
                    let login = world.server().login("Other Panel");
                    world.server().pose(cid(*next), "anna", Subject::Number { login });
                }
            }
        }
        (5, Some(cid), _) => world.server().deliver_again(cid),
        (6, Some(cid), _) => world.server().end(cid, ChallengeState::Cancelled),
        (7, Some(cid), _) if world.dice.random_range(0..2) == 0 => world.server().end(cid, ChallengeState::Superseded),
        (8, ..) if world.phone.dead => world.restart(),
        (8, ..) => world.phone.fuse = Some(world.dice.random_range(0..12)),
        (9, ..) => world.suggest(Event::Background),
        (10 | 11, ..) => world.suggest(Event::Foreground),
        (12, ..) => world.suggest(Event::NetworkChanged),
        (13, _, Some(view)) => world.suggest(Event::Show { account: account(1), cid: view.cid }),
        (14..17, _, Some(view)) => {
            let digits = if world.dice.random_range(0..4) == 0 { "000000" } else { "314159" };
            let number = Some(digits.parse().unwrap());
            world.suggest(Event::Approve { account: account(1), cid: view.cid, number });
        }
        (17, _, Some(view)) => {
            let reason = if world.dice.random_range(0..6) == 0 { DenyReason::NotMe } else { DenyReason::Mistake };
            world.suggest(Event::Deny { account: account(1), cid: view.cid, reason });
        }
        (18, ..) => world.phone.disk_full = world.dice.random_range(0..2) == 0,
        (19, ..) if world.phone.dead => world.restart(),
        _ => {}
    }
}

fn weather(world: &mut World) -> Weather {
    Weather {
        loss: world.dice.random_range(0..35),
        twice: world.dice.random_range(0..30),
        delay_ms: world.dice.random_range(10..6_000),
        rubbish: world.dice.random_range(0..15),
    }
}

fn storm(seed: u64) {
    let mut world = World::quick(seed).pair();
    let mut witness = Witness::default();
    let mut next = 0;
    world.weather = weather(&mut world);
    for _ in 0..60 {
        act(&mut world, &mut next);
        let pause = world.dice.random_range(50..8_000);
        world.run_for(pause);
        witness.watch(&mut world);
    }
    // The sky clears, and everything that is due happens.
    world.weather = FAIR;
    world.phone.disk_full = false;
    world.phone.fuse = None;
    if world.phone.dead {
        world.restart();
    }
    world.suggest(Event::Foreground);
    world.suggest(Event::NetworkChanged);
    world.run_for(200_000);
    next += 1;
    world.server().pose_code(cid(next), "anna", "271828");
    world.run_for(3_000);
    witness.watch(&mut world);
    settled(&mut world, &witness, cid(next));
}

/// When all is calm, phone and server agree.
fn settled(world: &mut World, witness: &Witness, last: ChallengeId) {
    assert_eq!(world.status(1), Some(AccountStatus::Active));
    let state = world.phone.machine.snapshot(world.now());
    let shown: Vec<_> = state.challenges.iter().map(|view| (view.cid, view.seq)).collect();
    let server = world.server();
    let live = server.challenges.iter().filter(|(_, posed)| posed.state == ChallengeState::Pending);
    let live: Vec<_> = live.map(|(cid, posed)| (*cid, posed.seq)).collect();
    assert_eq!(shown, live, "the phone shows what is live");
    assert_eq!(live, [(last, 1)]);

    // Each answer that ever left the phone was heard, and heard once.
    let sent: BTreeSet<_> = world.decisions_sent.iter().cloned().collect();
    assert_eq!(sent.len(), world.server().decisions.len(), "answers are resent byte for byte until they are heard");
    for cid in world.server().challenges.keys().copied().collect::<Vec<_>>() {
        let of = |fact: &&Fact| matches!(fact, Fact::Decided { cid: about, verdict, .. } if *about == cid && *verdict != Verdict::Fraud);
        assert!(world.server().history.iter().filter(of).count() <= 1, "one decision a challenge");
    }
    for cid in &witness.approved {
        let state = world.server().challenges[cid].state;
        assert!(matches!(state, ChallengeState::Approved | ChallengeState::Fraud), "{cid} is {state:?}");
    }
    assert!(!state.challenges.iter().any(|view| view.answered), "no answer is left waiting");
}

#[test]
fn on_any_network_a_challenge_is_announced_once_and_an_answer_counts_once() {
    seeds(200, storm);
}

/// Pairs in a storm, killed again and again, until it is over one way or the other.
fn pair_in_a_storm(seed: u64) {
    let mut world = World::quick(seed);
    world.take(Event::Foreground).unwrap();
    let link = world.link("anna");
    world.weather = weather(&mut world);
    world.begin_pairing(1, link).unwrap();
    let mut numbers = BTreeSet::new();
    for _ in 0..60 {
        if world.phone.dead {
            world.restart();
        } else if world.dice.random_range(0..6) == 0 {
            world.phone.fuse = Some(world.dice.random_range(0..6));
        }
        step_of_pairing(&mut world, &mut numbers);
        let pause = world.dice.random_range(50..6_000);
        world.run_for(pause);
    }
    world.weather = FAIR;
    world.phone.fuse = None;
    if world.phone.dead {
        world.restart();
    }
    for _ in 0..60 {
        step_of_pairing(&mut world, &mut numbers);
        world.run_for(15_000);
    }
    assert!(numbers.len() <= 1, "one pairing shows one number: {numbers:?}");
    let active = world.server().devices.values().filter(|device| device.active).count();
    match world.status(1) {
        Some(AccountStatus::Active) => assert_eq!(active, 1),
        None => {
            assert_eq!(active, 0, "what the server activated, the phone has");
            assert!(world.phone.keys.lock().unwrap().is_empty(), "nothing half-paired stays");
        }
        other => panic!("stuck at {other:?}"),
    }
}

fn step_of_pairing(world: &mut World, numbers: &mut BTreeSet<String>) {
    if world.phone.dead {
        return;
    }
    match world.status(1) {
        Some(AccountStatus::Offered) => {
            assert_ne!(world.take(Event::Accept { account: account(1) }), Err(Refused::NotNow))
        }
        Some(AccountStatus::AwaitingConfirmation { check_number, .. }) => {
            let revealed =
                world.server().pairings.iter().find(|(_, pairing)| pairing.m3.is_some()).map(|(pid, _)| *pid);
            let pid = revealed.expect("a number is shown only after the server has the keys");
            let expected = world.server().pairings[&pid].transcript.unwrap().check_number();
            assert_eq!(check_number, expected.expose(), "both sides compute one number");
            numbers.insert(check_number.clone());
            // The person takes a while to type it.
            if world.dice.random_range(0..4) == 0 {
                world.server().confirm(pid, &check_number);
            }
        }
        _ => {}
    }
}

#[test]
fn on_any_network_a_pairing_ends_on_both_sides_or_on_none() {
    seeds(200, pair_in_a_storm);
}
