//! Plays the story over real processes; see `koppel_tests::story`. Started by `cargo xtask demo --check`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match koppel_tests::story::play().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("the stage was not built: {error:#}\n0 passed, 1 failed");
            ExitCode::FAILURE
        }
    }
}
