//! Prints the figures of `koppel_tests::bench`. Started by `cargo xtask bench`.
//!
//! `koppel-bench [--json] [--short]`: a line a figure, or an array of objects; *short* only shows that everything runs.

use std::process::ExitCode;

use koppel_tests::bench::{Figure, Size, measure};

#[tokio::main]
async fn main() -> ExitCode {
    let has = |name: &str| std::env::args().any(|argument| argument == name);
    let size = if has("--short") {
        Size { alone: 20, together: 2, idle: 50 }
    } else {
        Size { alone: 500, together: 100, idle: 10_000 }
    };
    match measure(size).await {
        Ok(figures) if has("--json") => {
            println!("{:#}", serde_json::Value::from_iter(figures.iter().map(Figure::json)));
            ExitCode::SUCCESS
        }
        Ok(figures) => {
            figures.iter().for_each(|figure| println!("{}", figure.line()));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
