//! What one verdict costs in processor time: logins by approval, told to a store on a file, one at a time.
//!
//! `cargo run --release -p koppel-store --example cost [FILE]`; with a file in memory (`/dev/shm/x.db`) the disk does not count.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use koppel_domain::{
    Command, Locale, Mode, Organisation, Policy, Time,
    fixture::{self, ORGANISATION, World, external_id, panel, terms, v},
};
use koppel_protocol::Bytes;
use koppel_store::{Answer, Ask, Environment, Locator, Registration, SqliteStore, Store};

const LOGINS: usize = 2000;

fn main() {
    let path = std::env::args().nth(1).map_or_else(|| PathBuf::from("/dev/shm/koppel-cost.db"), PathBuf::from);
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", path.display()));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(measure(path));
}

async fn measure(path: PathBuf) {
    let mut world = World::new();
    let device = world.active_phone("a");
    for _ in 0..LOGINS {
        let challenge = world.challenge(1, Mode::Number).id;
        fixture::expect(world.approve(device, challenge), "approved");
        let consume = Command::Consume { challenge, terms: terms(), v: v(1) };
        fixture::expect(world.run(consume, panel()), "consumed");
        // The model keeps everything; a story is long enough without the past.
        world.account.challenges.clear();
        world.account.copies.clear();
        world.account.decisions.clear();
        world.entries.clear();
        world.wait(1);
    }
    let time = Arc::new(AtomicU64::new(World::new().now.0));
    let drawn = Arc::new(AtomicU64::new(1 << 40));
    let (tells, draws) = (Arc::clone(&time), Arc::clone(&drawn));
    let environment = Environment {
        clock: Arc::new(move || Time(tells.load(Ordering::Relaxed))),
        seeds: Arc::new(move || fixture::seed(draws.fetch_add(1, Ordering::Relaxed))),
        keys: fixture::keys(1),
        signer: fixture::signer(),
        heard: Arc::new(|_| ()),
    };
    let store = SqliteStore::create(&path, environment).expect("a store");
    store.register(Registration::Organisation(Box::new(organisation()))).await.expect("registered");
    drawn.store(0, Ordering::Relaxed);
    let mut spent = [Duration::ZERO; 3];
    let begun = world.told.len() - 3 * LOGINS;
    for (number, told) in world.told.iter().enumerate() {
        time.store(told.now.0, Ordering::Relaxed);
        drawn.store(number as u64, Ordering::Relaxed);
        let ask = Ask {
            at: Locator::ExternalId(ORGANISATION, external_id()),
            command: told.step.command.clone(),
            actor: told.step.actor.clone(),
            source: None,
            proof: None,
            idempotency: None,
            deadline: Instant::now() + Duration::from_secs(10),
        };
        let start = Instant::now();
        let answer = store.execute(ask).await.expect("decided");
        if number >= begun {
            spent[(number - begun) % 3] += start.elapsed();
        }
        assert_eq!(answer, Answer::Decided(told.reply.clone()));
    }
    for (what, spent) in ["challenge", "decision", "consumption"].into_iter().zip(spent) {
        println!("{what:12} {:7.1} µs", spent.as_secs_f64() * 1e6 / LOGINS as f64);
    }
}

fn organisation() -> Organisation {
    Organisation {
        id: ORGANISATION,
        name: fixture::text("De Linden"),
        public_url: "https://koppel.example.org".parse().expect("an origin"),
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
