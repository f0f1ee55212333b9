//! Arrows between crates point one way, and the pure crates never reach for the world.
//!
//! The table below is `ARCHITECTURE.md` in a form that a machine can hold us to. A new member without a row is an error.

use anyhow::{Context as _, Result};

use super::Findings;
use crate::workspace::{Kind, Metadata, Package, Workspace};

/// Which of our own crates each member may name in its manifest, for any purpose.
const ARROWS: &[(&str, &[&str])] = &[
    ("koppel-protocol", &[]),
    ("koppel-core", &["koppel-protocol"]),
    ("koppel-client", &["koppel-core", "koppel-protocol"]),
    ("koppel-cli", &["koppel-client", "koppel-core", "koppel-protocol"]),
    ("koppel-domain", &["koppel-protocol"]),
    ("koppel-store", &["koppel-domain", "koppel-protocol"]),
    ("koppel-server", &["koppel-store", "koppel-domain", "koppel-protocol"]),
    // The panel is the example to copy: it knows the public HTTP API and nothing else.
    ("koppel-panel", &[]),
    ("koppel-floor", &["koppel-protocol"]),
    (
        "koppel-tests",
        &["koppel-client", "koppel-core", "koppel-domain", "koppel-protocol", "koppel-server", "koppel-store"],
    ),
    ("xtask", &[]),
];

/// Crates that decide and never do: no disk, network, clock or dice.
const PURE: [&str; 3] = ["koppel-protocol", "koppel-core", "koppel-domain"];

/// What no pure crate may be built from, by however long a road.
///
/// `getrandom` is not here: RustCrypto's `rfc6979` and `crypto-common` bring it by default features. That nothing of ours calls it
/// is what [`DIRECT`] and [`CALLS`] show.
const WORLD: &[&str] = &[
    "async-std",
    "chrono",
    "crossterm",
    "hyper",
    "jiff",
    "keyring-core",
    "libsqlite3-sys",
    "mio",
    "nix",
    "rand",
    "rand_chacha",
    "reqwest",
    "ring",
    "rusqlite",
    "rustix",
    "rustls",
    "smol",
    "socket2",
    "tempfile",
    "time",
    "tokio",
    "tokio-rustls",
    "tokio-tungstenite",
    "tungstenite",
    "zbus",
];

/// What no pure crate may name itself.
const DIRECT: &[&str] = &["getrandom", "libc"];

/// What no pure crate may call: the standard library reaches the world too.
const CALLS: &[&str] = &[
    "std::env",
    "std::fs",
    "TcpListener",
    "TcpStream",
    "ToSocketAddrs",
    "UdpSocket",
    "std::process",
    "std::thread",
    "SystemTime::now",
    "Instant::now",
    "println!",
    "eprintln!",
];

pub(super) fn check(workspace: &Workspace) -> Result<Findings> {
    let metadata = workspace.metadata()?;
    let mut findings = Vec::new();
    for member in metadata.members() {
        named(member, &mut findings);
    }
    for pure in PURE {
        let member =
            metadata.members().find(|member| member.name == pure).with_context(|| format!("no member {pure}"))?;
        reached(&metadata, member, &mut findings);
        called(workspace, member, &mut findings)?;
    }
    Ok(findings)
}

fn named(member: &Package, findings: &mut Findings) {
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == member.name) else {
        findings.push(format!("{}: a new member needs a row in xtask/src/check/arrows.rs", member.name));
        return;
    };
    for dependency in &member.declared {
        let name = dependency.name.as_str();
        // A crate may name itself to switch on its own features in tests.
        if dependency.by_path && name != member.name && !allowed.contains(&name) {
            findings.push(format!("{} must not point at {name}", member.name));
        }
    }
}

fn reached(metadata: &Metadata, member: &Package, findings: &mut Findings) {
    for (name, road) in metadata.reached_from(&member.name) {
        if WORLD.contains(&name.as_str()) {
            findings.push(format!("{} must stay pure: {road}", member.name));
        }
    }
    for dependency in &member.declared {
        if dependency.kind != Kind::Dev && DIRECT.contains(&dependency.name.as_str()) {
            findings.push(format!("{} must not name {} itself", member.name, dependency.name));
        }
    }
}

fn called(workspace: &Workspace, member: &Package, findings: &mut Findings) -> Result<()> {
    let sources = member.folder.join("src");
    let sources = sources.strip_prefix(workspace.root())?;
    for file in workspace.files()? {
        // Vectors are made, and tests are run, by programs beside the library.
        let inside =
            file.starts_with(&format!("{}/", sources.display())) && !file.contains("/bin/") && !file.contains("/tests");
        if !inside || !file.ends_with(".rs") {
            continue;
        }
        let text = std::fs::read_to_string(workspace.path(&file))?;
        for (number, line) in code(&text) {
            for call in CALLS.iter().filter(|call| line.contains(**call)) {
                findings.push(format!("{file}:{number}: a pure crate calls {call}"));
            }
        }
    }
    Ok(())
}

/// The lines before a file's tests that are not comments, with their numbers.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn comments_and_tests_of_a_file_are_not_its_code() {
        let text = "//! SystemTime::now\nlet a = 1;\n#[cfg(test)]\nmod tests { std::fs }\n";
        assert_eq!(code(text).collect::<Vec<_>>(), [(2, "let a = 1;")]);
    }
}
