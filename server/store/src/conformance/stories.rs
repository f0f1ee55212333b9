//! Long stories, told to the model and to the store.

use koppel_domain::{
    Change,
    audit::{self, Chain},
    fixture::World,
};

use super::{Outside, dice, furnished, retell, whole};
use crate::{AuditEntries, Environment, Store};

const STORIES: u64 = 16;
const STEPS: usize = 120;

pub(crate) async fn what_is_loaded_is_what_apply_makes_of_the_changes<S: Store, G>(make: fn(Environment) -> (S, G)) {
    let mut variants = 0;
    for seed in 0..STORIES {
        let outside = Outside::new();
        let (store, _guard) = furnished(make, &outside).await;
        let mut dice = dice(seed);
        let mut world = World::begun_somewhere(&mut dice);
        let begun = world.told.len();
        retell(&store, &outside, &world, 0).await;
        for step in 0..STEPS {
            world.wait(world.any_pause(&mut dice));
            let next = world.any_step(&mut dice);
            world.decide(&next);
            retell(&store, &outside, &world, begun + step).await;
            let told = world.told.last().expect("a step was told");
            match whole(&store).await {
                Some(loaded) => assert_eq!(loaded, told.after, "seed {seed}, step {step}: {:?}", told.step),
                None => assert_eq!(told.after.user.version, 0, "seed {seed}, step {step}"),
            }
        }
        variants |= world.variants;
        let user = &world.account.user;
        let view = AuditEntries { chain: Chain::User(user.id), after: 0, limit: u32::MAX };
        let entries = store.read(view).await.expect("readable");
        assert_eq!(audit::verify(&entries, user.chain_head, user.chain_length), Ok(()), "seed {seed}");
    }
    assert_eq!(variants, (1 << Change::VARIANTS) - 1, "every kind of change was written");
}
