//! What the tests need beside Rust and a C compiler: brought by the machine's own package tools when it is not there.
//!
//! Nothing is fetched from an address of ours: `apt-get`, `npm` and `pip` go where this machine sends them.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    process::{is_there, logged, output},
    workspace::Workspace,
};

/// One `apt-get` at a time: it locks its database.
static APT: Mutex<()> = Mutex::new(());

/// Node, a Chromium, a PHP, a reader of QR codes, and the packages of the page tests and of the example in Node.
pub(crate) fn for_pages(workspace: &Workspace, log: &Path) -> Result<()> {
    let mut missing = Vec::new();
    if !is_there("node") {
        missing.push("nodejs");
    }
    if !is_there("npm") {
        missing.push("npm");
    }
    if !["chromium", "chromium-browser", "google-chrome"].into_iter().any(is_there)
        && std::env::var_os("KOPPEL_CHROMIUM").is_none()
    {
        missing.push("chromium");
    }
    if !is_there("php") {
        missing.push("php-cli");
    }
    if !is_there("zbarimg") {
        missing.push("zbar-tools");
    }
    install(&missing, log)?;
    for folder in ["tests/pages", "examples/panel/node"] {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund"]).current_dir(workspace.path(folder));
        must(&mut npm, log)?;
    }
    Ok(())
}

/// A JDK and Maven; what the package itself needs is Maven's to fetch.
pub(crate) fn for_kotlin(log: &Path) -> Result<()> {
    let mut missing = Vec::new();
    if !is_there("javac") {
        missing.push("openjdk-17-jdk-headless");
    }
    if !is_there("mvn") {
        missing.push("maven");
    }
    install(&missing, log)
}

/// A Swift toolchain, by the script beside the package. Its own apt, its own folder: nothing here waits for it.
pub(crate) fn for_swift(workspace: &Workspace, log: &Path) -> Result<()> {
    let mut toolchain = Command::new("bash");
    toolchain.arg(workspace.path("bindings/swift/toolchain.sh")).env("CARGO_TARGET_DIR", workspace.target());
    must(&mut toolchain, log)
}

/// What the examples in Python need.
const REQUIREMENTS: [&str; 2] = ["examples/python-phone/requirements.txt", "examples/panel/python/requirements.txt"];

/// A Python that has what [`REQUIREMENTS`] name: the system's own, or one in `target/`.
pub(crate) fn for_python(workspace: &Workspace, log: &Path) -> Result<PathBuf> {
    if !is_there("python3") {
        install(&["python3", "python3-venv"], log)?;
    }
    let mut ask = Command::new("python3");
    ask.args(["-c", "import cryptography, flask, requests"]);
    if output(&mut ask).is_ok() {
        return Ok("python3".into());
    }
    let folder = workspace.target().join("python");
    let python = folder.join("bin/python");
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv"]).arg(&folder);
    if !logged(&mut venv, log)? {
        // Debian keeps this module in a package of its own.
        install(&["python3-venv"], log)?;
        must(&mut venv, log)?;
    }
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet"]);
    for file in REQUIREMENTS {
        pip.arg("--requirement").arg(workspace.path(file));
    }
    must(&mut pip, log)?;
    Ok(python)
}

fn install(packages: &[&str], log: &Path) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let names = packages.join(" ");
    if !is_there("apt-get") {
        bail!("please install with this machine's package tool: {names}");
    }
    println!("installing {names}");
    let _alone = APT.lock();
    must(&mut apt_get(&["update", "--quiet"])?, log)?;
    let mut arguments = vec!["install", "--yes", "--quiet", "--no-install-recommends"];
    arguments.extend(packages);
    must(&mut apt_get(&arguments)?, log)
}

fn apt_get(arguments: &[&str]) -> Result<Command> {
    let root = output(Command::new("id").arg("-u"))?.trim() == "0";
    let mut command = if root {
        Command::new("apt-get")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.args(["--non-interactive", "apt-get"]);
        sudo
    };
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}

fn must(command: &mut Command, log: &Path) -> Result<()> {
    if logged(command, log)? {
        return Ok(());
    }
    let said = std::fs::read_to_string(log).unwrap_or_default();
    let last: Vec<&str> = said.lines().rev().take(15).collect();
    let last = last.into_iter().rev().collect::<Vec<_>>().join("\n");
    Err(anyhow::anyhow!("{last}")).with_context(|| format!("{command:?} failed"))
}
