//! What holds after every step of every story.

use crate::{
    ChallengeState, Reply,
    fixture::{Dice, World},
};

/// Stories of so many steps, from so many seeds.
const STORIES: u64 = 300;
const STEPS: usize = 150;

/// threats rows 3, 4, 10, 13, 44: final states stay, guesses are bounded, every transition has its one audit entry, the
/// chain verifies. [`World::step`] checks all of it.
#[test]
fn no_story_breaks_what_must_always_hold() {
    let mut verified = 0;
    for seed in 0..STORIES {
        let mut dice = Dice::new(seed);
        let mut world = World::begun_somewhere(&mut dice);
        for _ in 0..STEPS {
            world.wait(world.any_pause(&mut dice));
            let step = world.any_step(&mut dice);
            if let Ok(Reply::Verified(said)) = world.step(&step) {
                verified += 1;
                let challenge = world.account.challenge(said.challenge).map(|challenge| challenge.state);
                assert_eq!(challenge, Some(ChallengeState::Consumed), "seed {seed}");
            }
        }
    }
    assert!(verified > 50, "the stories are worth telling: {verified} logins");
}
