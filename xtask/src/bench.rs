//! `cargo xtask bench`: the figures of this machine beside its floor. A release build, and nothing else running meanwhile.

use std::process::Command;

use anyhow::Result;

use crate::{process, workspace::Workspace};

/// Builds and measures; `false` when a program refused. A goal that is missed is a figure, not a failure.
pub(crate) fn run(workspace: &Workspace, arguments: &[&str]) -> Result<bool> {
    let packages = ["--package", "koppel-server", "--package", "koppel-floor", "--package", "koppel-tests"];
    process::run(workspace.cargo(&["build", "--release", "--bins"]).args(packages))?;
    let programs = workspace.programs("release");
    process::succeeds(Command::new(programs.join("koppel-bench")).args(arguments).env("KOPPEL_BIN_DIR", &programs))
}
