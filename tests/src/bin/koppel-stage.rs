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

const HELP: &str = "\
koppel-stage: real servers, and everybody who is not the phone: panel, browser, desk. For trying an app, and for its tests.

One act a line on standard input, one answer a line on standard output; everything ends with standard input.

    {\"server\": \"linden\", \"do\": \"start\"}                                            a server on loopback: its host
    {\"server\": \"linden\", \"do\": \"user\", \"user\": \"anna\"}                             the panel makes a user
    {\"server\": \"linden\", \"do\": \"koppelcode\", \"user\": \"anna\"}                       the desk reads out a code
    {\"server\": \"linden\", \"do\": \"enrol\", \"user\": \"anna\"}                            a set-up page: link and code
    {\"server\": \"linden\", \"do\": \"confirm\", \"user\": \"anna\", \"check_number\": \"123456\"}
    {\"server\": \"linden\", \"do\": \"begin_login\", \"user\": \"anna\", \"mode\": \"number\"}     or \"code\": its id, and the number
    {\"server\": \"linden\", \"do\": \"check\", \"login\": \"ch_…\", \"code\": \"123456\"}       digits are typed on the page
    {\"server\": \"linden\", \"do\": \"consume\", \"login\": \"ch_…\"}                        the panel lets the browser in

tests/scenarios/README.md lists all acts, with their fields and answers. koppel-server must lie beside this program.";

fn main() -> anyhow::Result<()> {
    if std::env::args().len() > 1 {
        println!("{HELP}");
        return Ok(());
    }
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
