//! `cargo xtask …`: what a developer types.
//!
//! Each command is one file: [`check`] (seconds, before every commit), [`test`] (everything, as CI runs it), [`demo`] (the system
//! on this machine), [`bindings`] (the sources of Kotlin and Swift), [`soak`] (what takes hours by nature), [`bench`] (figures
//! beside a floor) and [`package`] (what a release consists of). The others serve them:
//! [`process`] starts programs that die with us, [`maven`] builds Kotlin, [`phone_library`] what is inside apps, [`tools`] brings what a machine lacks, [`workspace`] knows the tree.

mod bench;
mod bindings;
mod check;
mod demo;
mod maven;
mod package;
mod phone_library;
mod process;
mod soak;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};
use workspace::Workspace;

const HELP: &str = "\
cargo xtask COMMAND

  check               before every commit, in seconds: format, clippy, licences, banned crates, arrows between crates,
                      links in the docs, names in the threat model, paths of one machine, keys of the
                      sentences, what apps see of the bindings
  test [PART…]        everything, as CI runs it; installs what is missing. Parts: rust, pages, python, demo,
                      kotlin, swift; `test pages --screenshots DIR` keeps a picture of every page and state
  bindings            the Kotlin and Swift sources that belong to the library, into target/bindings, and whether bindings/api
                      is what they offer; with --renew-api it is made so
  package             the release artefacts that this machine can build, with checksums, into target/package; and which
                      it cannot
  demo                a server, a panel and a phone on this machine: log in at the address that it prints
  demo --check        the same without a person: every step of the story over real processes, in about two minutes
  bench [--json]      figures beside the floor of this machine (release build; leave the machine alone meanwhile);
                      with --short only to see that it runs
  soak [PART…]        what takes long by nature. Parts: broken (each defence taken out turns a test red), races, kills
  soak broken NAME…   only the patches of tests/broken/ whose names hold one of these words

Logs of the parts of a test are kept in target/xtask-logs/.";

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Runs the command on the command line; `false` means that something it looked at is not right.
fn run() -> Result<bool> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let workspace = Workspace::find()?;
    match words.as_slice() {
        [] | ["help" | "--help" | "-h", ..] | [_, "--help" | "-h"] => {
            println!("{HELP}");
            Ok(true)
        }
        ["check"] => check::run(&workspace),
        ["bench", options @ ..] if options.iter().all(|option| ["--json", "--short"].contains(option)) => {
            bench::run(&workspace, options)
        }
        ["bindings"] => bindings::run(&workspace, false),
        ["bindings", "--renew-api"] => bindings::run(&workspace, true),
        ["package"] => package::run(&workspace),
        ["demo"] => demo::run(&workspace),
        ["demo", "--check"] => demo::check(&workspace),
        ["soak", parts @ ..] => soak::run(&workspace, parts),
        ["test", parts @ .., "--screenshots", folder] => {
            test::run(&workspace, parts, Some(&std::path::absolute(folder)?))
        }
        ["test", parts @ ..] => test::run(&workspace, parts, None),
        _ => bail!("`{}` is not a command\n\n{HELP}", words.join(" ")),
    }
}
