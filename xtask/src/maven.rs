//! Maven on the Kotlin package, with the sources that were generated for it.

use std::process::Command;

use crate::{bindings, workspace::Workspace};

/// `mvn` without a person at it; goals and settings are the caller's.
pub(crate) fn command(workspace: &Workspace) -> Command {
    let mut maven = Command::new("mvn");
    maven.args(["--batch-mode", "--no-transfer-progress"]).current_dir(workspace.path("bindings/kotlin"));
    maven.arg(format!("-Dkoppel.generated={}", bindings::generated(workspace).join("kotlin").display()));
    maven
}
