//! `cargo xtask bench`: the figures of this machine beside its floor. A release build, and nothing else running meanwhile.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{
    bindings, maven, phone_library, process, tools,
    workspace::{self, Workspace},
};

/// Builds and measures; `false` when a program refused. A goal that is missed is a figure, not a failure.
pub(crate) fn run(workspace: &Workspace, arguments: &[&str]) -> Result<bool> {
    let packages = ["--package", "koppel-server", "--package", "koppel-floor", "--package", "koppel-tests"];
    process::run(workspace.cargo(&["build", "--release", "--bins"]).args(packages))?;
    let program = ["build", "--profile", phone_library::PROFILE, "--package", "koppel-companion"];
    process::run(&mut workspace.cargo(&program))?;
    // After the program, which leaves a bigger one in its place.
    let library = phone_library::build(workspace)?;
    let programs = workspace.programs("release");
    let mut bench = Command::new(programs.join("koppel-bench"));
    bench.args(arguments).env("KOPPEL_BIN_DIR", &programs);
    bench.env("KOPPEL_PHONE_LIBRARY", library);
    bench.env("KOPPEL_PHONE_PROGRAM", workspace.programs(phone_library::PROFILE).join("koppel-companion"));
    bench.env("KOPPEL_KOTLIN_CALLS", kotlin_calls(workspace)?);
    process::succeeds(&mut bench)
}

/// What a call costs in Kotlin, as JSON: measured by the JVM itself.
fn kotlin_calls(workspace: &Workspace) -> Result<String> {
    let logs = workspace.target().join("xtask-logs");
    std::fs::create_dir_all(&logs)?;
    tools::for_kotlin(&logs.join("install.log"))?;
    bindings::run(workspace, false)?;
    let mut maven = maven::command(workspace);
    maven.args(["--quiet", "test-compile", "org.codehaus.mojo:exec-maven-plugin:3.5.0:java"]);
    maven.args(["-Dexec.classpathScope=test", "-Dexec.mainClass=nl.koppel.CallsKt"]);
    maven.arg(format!("-Djna.library.path={}", workspace.programs(phone_library::PROFILE).display()));
    maven.arg(format!("-Dkoppel.programs={}", workspace.programs(workspace::PROFILE).display()));
    let said = process::output(&mut maven)?;
    let (_, line) = said.split_once('{').context("the JVM printed no figures")?;
    let (line, _) = line.split_once('}').context("the JVM printed no figures")?;
    Ok(format!("{{{line}}}"))
}
