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
    ("koppel-bindings", &["koppel-client", "koppel-core", "koppel-protocol"]),
    ("koppel-cli", &["koppel-client", "koppel-core", "koppel-protocol"]),
    ("koppel-domain", &["koppel-protocol"]),
    ("koppel-store", &["koppel-domain", "koppel-protocol"]),
    ("koppel-server", &["koppel-store", "koppel-domain", "koppel-protocol"]),
    // The panel is the example to copy: it knows the public HTTP API and nothing else.
    ("koppel-panel", &[]),
    ("koppel-companion", &["koppel-bindings"]),
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
        reached(metadata, member, &mut findings);
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
    let sources = format!("{}/", sources.strip_prefix(workspace.root())?.display());
    let mut texts = Vec::new();
    for file in workspace.files()? {
        // Vectors are made by programs beside the library.
        if file.starts_with(&sources) && file.ends_with(".rs") && !file.contains("/bin/") {
            let text = std::fs::read_to_string(workspace.path(&file))?;
            texts.push((file, text));
        }
    }
    let for_tests: Vec<&str> = texts.iter().flat_map(|(_, text)| modules_for_tests(text)).collect();
    let is_test = |file: &str| file.split('/').any(|part| for_tests.contains(&part.trim_end_matches(".rs")));
    for (file, text) in texts.iter().filter(|(file, _)| !is_test(file)) {
        for (number, line) in code(text) {
            for call in CALLS.iter().filter(|call| line.contains(**call)) {
                findings.push(format!("{file}:{number}: a pure crate calls {call}"));
            }
        }
    }
    Ok(())
}

const TEST: &str = "#[cfg(test)]";

/// The names of the modules, in files of their own, that only tests have.
fn modules_for_tests(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .zip(text.lines().skip(1))
        .filter(|(line, _)| line.trim() == TEST)
        .filter_map(|(_, next)| next.trim().strip_suffix(';')?.rsplit_once("mod ").map(|it| it.1))
}

/// The lines before a file's own module of tests that are not comments, with their numbers.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let begin_of_tests = |(line, next): (&str, &str)| line.trim() == TEST && next.trim_end().ends_with('{');
    let end = text.lines().zip(text.lines().skip(1)).position(begin_of_tests).unwrap_or(usize::MAX);
    text.lines()
        .enumerate()
        .take(end)
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[cfg(test)]
mod tests {
    use super::{code, modules_for_tests};

    #[test]
    fn comments_and_tests_of_a_file_are_not_its_code() {
        let text =
            "//! SystemTime::now\n#[cfg(test)]\nmod tables;\nlet a = 1;\n#[cfg(test)]\nmod tests {\n std::fs }\n";
        let lines: Vec<_> = code(text).map(|(number, _)| number).collect();
        assert_eq!(lines, [2, 3, 4]);
        assert_eq!(modules_for_tests(text).collect::<Vec<_>>(), ["tables"]);
    }
}
