//! The story that `cargo xtask demo --check` plays without a person: real server, panels and phones as processes, real HTTP, real
//! time.
//!
//! Each step has a user of its own, so that all are played side by side and the whole takes as long as its longest step. The
//! step in which the server is killed has a stage of its own. There is no clock to turn: what expires is waited for.
//!
//! [`browser`] is what a person sees, [`phone`] what they hold, [`person`] what they do, [`stage`] where; the steps stand
//! in [`pairing`], [`login`] and [`attack`].

pub mod attack;
pub mod browser;
pub mod html;
pub mod login;
pub mod pairing;
pub mod person;
pub mod phone;
pub mod stage;

use std::{future::Future, pin::Pin, sync::Arc, time::Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use self::stage::Stage;

type Played = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// A sentence, the user that it is played by, and how.
struct Step {
    sentence: &'static str,
    user: &'static str,
    play: fn(Arc<Stage>, &'static str) -> Played,
}

macro_rules! step {
    ($sentence:literal, $user:literal, $play:path) => {
        Step { sentence: $sentence, user: $user, play: |stage, user| Box::pin($play(stage, user)) }
    };
}

/// What happens on the common stage.
const STEPS: [Step; 14] = [
    step!("a phone is paired by koppelcode", "anouk", pairing::by_koppelcode),
    step!("a phone is paired by link", "bas", pairing::by_link),
    step!("a phone is paired by logging in on it", "cato", pairing::by_login),
    step!("a second phone is confirmed by the first", "dirk", pairing::second_phone_by_the_first),
    step!("a login by code", "elin", login::by_code),
    step!("a login by approval, whose signature the panel checks", "fenna", login::by_approval),
    step!("a login that the phone denies", "gerrit", login::denied),
    step!("\u{201c}this was not me\u{201d}: locked, unlocked by the phone, logged in", "hidde", login::not_me),
    step!("a resend kills the old code", "ilse", login::resent),
    step!("a wrong code", "joost", attack::wrong_code),
    step!("a wrong number", "karin", attack::wrong_number),
    step!("a code that expires", "lars", attack::expired),
    step!("a stolen page address, opened second", "maud", attack::stolen_address_opened_second),
    step!("a stolen page address, opened first", "niels", attack::stolen_address_opened_first),
];

const KILLED: &str = "a server killed with -9 in the middle of logins, and started again";
const KILLED_FOR: [&str; 3] = ["otto", "petra", "quirijn"];

/// Plays everything side by side, one line a step as it ends; whether all went well.
///
/// # Errors
/// When the stage cannot be built.
pub async fn play() -> Result<bool> {
    let begin = Instant::now();
    let users = STEPS.map(|step| step.user);
    let common = Arc::new(Stage::new(&users)?);
    let doomed = Arc::new(Stage::new(&KILLED_FOR)?);
    let mut playing = JoinSet::new();
    for step in STEPS {
        let played = (step.play)(Arc::clone(&common), step.user);
        playing.spawn(async move { (step.sentence, played.await) });
    }
    let killed = attack::killed_server(Arc::clone(&doomed), KILLED_FOR);
    playing.spawn(async move { (KILLED, killed.await) });

    let total = playing.len();
    let mut failed = 0;
    while let Some(ended) = playing.join_next().await {
        let seconds = begin.elapsed().as_secs_f32();
        match ended {
            Ok((sentence, Ok(()))) => println!("ok   {sentence} ({seconds:.1} s)"),
            Ok((sentence, Err(error))) => {
                println!("FAIL {sentence} ({seconds:.1} s)\n     {error:#}");
                failed += 1;
            }
            Err(panicked) => {
                println!("FAIL {panicked}");
                failed += 1;
            }
        }
    }
    if failed > 0 {
        println!("{}{}", common.logs(), doomed.logs());
    }
    println!("{} passed, {failed} failed", total - failed);
    Ok(failed == 0)
}
