//! The server's side of the scenarios as a program: one act a line on standard input, one answer a line on standard output.
//!
//! ```text
//! → {"server": "linden", "do": "start"}
//! ← {"answer": {"host": "127.0.0.1:40123"}}
//! → {"server": "linden", "do": "check", "login": "ch_…", "code": "000000"}
//! ← {"answer": {"error": "wrong-code", …}}          what the server refuses is an answer
//! → {"server": "linden", "do": "dance"}
//! ← {"failure": "unknown variant `dance`, …"}       what cannot be played is not
//! ```
//!
//! Servers and all that belongs to them end with its standard input. `tests/scenarios/README.md` lists the acts.

use std::io::{BufRead as _, Write as _};

use koppel_tests::scenarios::stage::Stage;
use serde_json::{Value, json};

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut stage = Stage::default();
    for line in std::io::stdin().lock().lines() {
        let played = match serde_json::from_str::<Value>(&line?) {
            Ok(act) => runtime.block_on(stage.play(act)),
            Err(error) => Err(error.into()),
        };
        let answer = match played {
            Ok(answer) => json!({"answer": answer}),
            Err(error) => json!({"failure": format!("{error:#}\n{}", stage.logs())}),
        };
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}
