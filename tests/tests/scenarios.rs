//! The scenarios of `tests/scenarios/`, played by `koppel-client`. `KOPPEL_SCENARIO=NAME` plays one.

use std::{sync::Arc, time::Instant};

use anyhow::{Result, ensure};
use koppel_tests::scenarios::player;
use tokio::{sync::Semaphore, task::JoinSet};

/// Most of a scenario is waiting.
const AT_ONCE: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_scenario_comes_out_as_it_should() -> Result<()> {
    let wanted = std::env::var("KOPPEL_SCENARIO").ok();
    let mut scenarios = player::all()?;
    scenarios.retain(|scenario| wanted.as_ref().is_none_or(|wanted| *wanted == scenario.name));
    // What waits longest begins first.
    scenarios.sort_by_key(|scenario| !scenario.shows.contains("in real time"));
    let (total, seats) = (scenarios.len(), Arc::new(Semaphore::new(AT_ONCE)));
    let mut playing = JoinSet::new();
    for scenario in scenarios {
        let seats = Arc::clone(&seats);
        playing.spawn(async move {
            let _seat = seats.acquire().await;
            let begin = Instant::now();
            let played = player::play(&scenario).await;
            (scenario.name, played, begin.elapsed().as_secs_f32())
        });
    }
    let mut failed = Vec::new();
    while let Some(played) = playing.join_next().await {
        let (name, played, seconds) = played?;
        match played {
            Ok(()) => println!("ok   {name} ({seconds:.1} s)"),
            Err(error) => {
                println!("FAIL {name} ({seconds:.1} s)\n     {error:#}");
                failed.push(name);
            }
        }
    }
    println!("{} of {total} scenarios played as they should", total - failed.len());
    ensure!(failed.is_empty() && total > 0, "not as they should: {failed:?}");
    Ok(())
}
