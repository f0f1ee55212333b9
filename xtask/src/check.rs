//! `cargo xtask check`: what can be said about a tree in seconds, without running it.

mod api;
mod arrows;
mod bans;
mod doc_links;
mod licences;
mod machine_paths;
mod sentences;
mod threat_model;

use std::time::Instant;

use anyhow::{Result, bail};

use crate::{
    process,
    workspace::{PROFILE, Workspace},
};

/// What one check found wrong: one line each, empty when all is well.
type Findings = Vec<String>;

type Check = (&'static str, fn(&Workspace) -> Result<Findings>);

/// The quick ones first: they fail while clippy would still be compiling.
const CHECKS: [Check; 10] = [
    ("format", format),
    ("links in the docs", doc_links::check),
    ("keys of the sentences", sentences::check),
    ("paths of one machine", machine_paths::check),
    ("names in the threat model", threat_model::check),
    ("what apps see of the bindings", api::check),
    ("arrows between crates", arrows::check),
    ("licences", licences::check),
    ("banned crates and sources", bans::check),
    ("clippy", clippy),
];

/// Runs every check; whether all are well.
pub(crate) fn run(workspace: &Workspace) -> Result<bool> {
    let mut failed = 0;
    for (name, check) in CHECKS {
        let begin = Instant::now();
        let findings = check(workspace).unwrap_or_else(|error| vec![format!("{error:#}")]);
        let mark = if findings.is_empty() { "ok  " } else { "FAIL" };
        println!("{mark} {name} ({:.1} s)", begin.elapsed().as_secs_f32());
        for finding in &findings {
            println!("       {finding}");
        }
        failed += usize::from(!findings.is_empty());
    }
    println!("{} passed, {failed} failed", CHECKS.len() - failed);
    Ok(failed == 0)
}

fn format(workspace: &Workspace) -> Result<Findings> {
    let arguments = ["fmt", "--all", "--check", "--", "--files-with-diff"];
    let Err(error) = process::output(&mut workspace.cargo(&arguments)) else {
        return Ok(Vec::new());
    };
    let root = format!("{}/", workspace.root().display());
    let said = error.to_string();
    let mut findings: Vec<String> = said.lines().skip(1).map(|line| line.replace(&root, "")).collect();
    findings.push("mend with `cargo fmt --all`".to_owned());
    Ok(findings)
}

/// In the profile of the tests: build scripts (SQLite's C code among them) and macros are then built once for both.
fn clippy(workspace: &Workspace) -> Result<Findings> {
    let well = process::succeeds(&mut workspace.cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--profile",
        PROFILE,
        "--locked",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ]))?;
    if well {
        return Ok(Vec::new());
    }
    bail!("see above")
}
