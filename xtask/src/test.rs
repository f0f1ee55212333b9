//! `cargo xtask test`: everything, as CI runs it.
//!
//! One build, then two lanes beside each other: the Rust tests, which want processors, and what mostly waits (the played story,
//! in real time), followed by the phone in Python, the pages, and the Kotlin and Swift packages. Tools that are missing are installed while the build runs. The
//! logs of all parts are kept, and printed when a part fails.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use crate::{
    bindings, maven,
    process::{logged, run as must},
    tools,
    workspace::{PROFILE, Workspace},
};

/// One part of the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Rust,
    Demo,
    Python,
    Pages,
    Kotlin,
    Swift,
}

const PARTS: [(Part, &str); 6] = [
    (Part::Rust, "rust"),
    (Part::Demo, "demo"),
    (Part::Python, "python"),
    (Part::Pages, "pages"),
    (Part::Kotlin, "kotlin"),
    (Part::Swift, "swift"),
];

impl Part {
    fn name(self) -> &'static str {
        PARTS.into_iter().find_map(|(part, name)| (part == self).then_some(name)).unwrap_or_default()
    }
}

/// How many tests went which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

/// Runs the named parts, or all; whether every test passed. Pictures of every page go to a folder, where one is named.
pub(crate) fn run(workspace: &Workspace, names: &[&str], pictures: Option<&Path>) -> Result<bool> {
    let parts = chosen(names)?;
    let logs = workspace.target().join("xtask-logs");
    fs::create_dir_all(&logs)?;
    let total = thread::scope(|scope| -> Result<Counts> {
        let bringing = scope.spawn(|| bring(workspace, &parts, &logs));
        build(workspace, &parts)?;
        let python = match bringing.join() {
            Ok(brought) => brought?,
            Err(_) => bail!("installing what is missing came to a sudden end"),
        };
        Ok(play(workspace, &parts, &logs, &python, pictures))
    })?;
    println!("{} passed, {} failed", total.passed, total.failed);
    Ok(total.failed == 0)
}

fn chosen(names: &[&str]) -> Result<Vec<Part>> {
    if names.is_empty() {
        return Ok(PARTS.map(|(part, _)| part).to_vec());
    }
    let known = |name: &&str| PARTS.into_iter().find(|(_, known)| known == name);
    if let Some(unknown) = names.iter().find(|name| known(name).is_none()) {
        bail!("`{unknown}` is not a part of the tests: choose from rust, pages, python, demo, kotlin, swift");
    }
    Ok(names.iter().filter_map(known).map(|it| it.0).collect())
}

/// Installs what the parts need; the Python to use.
fn bring(workspace: &Workspace, parts: &[Part], logs: &Path) -> Result<PathBuf> {
    let log = logs.join("install.log");
    fs::write(&log, "")?;
    if parts.contains(&Part::Pages) {
        tools::for_pages(workspace, &log)?;
    }
    if parts.contains(&Part::Kotlin) {
        tools::for_kotlin(&log)?;
    }
    if parts.contains(&Part::Swift) {
        tools::for_swift(workspace, &log)?;
    }
    if parts.contains(&Part::Python) || parts.contains(&Part::Pages) {
        return tools::for_python(workspace, &log);
    }
    Ok("python3".into())
}

fn build(workspace: &Workspace, parts: &[Part]) -> Result<()> {
    println!("building");
    must(&mut workspace.cargo(&["build", "--workspace", "--bins", "--examples", "--profile", PROFILE]))?;
    let bound = parts.contains(&Part::Kotlin) || parts.contains(&Part::Swift);
    if bound && !bindings::run(workspace, false)? {
        bail!("the public surface of the bindings changed, see above");
    }
    if parts.contains(&Part::Rust) {
        must(&mut workspace.cargo(&["test", "--workspace", "--profile", PROFILE, "--no-run"]))?;
    }
    Ok(())
}

fn command(workspace: &Workspace, part: Part, python: &Path, pictures: Option<&Path>) -> Command {
    let programs = workspace.programs(PROFILE);
    let mut command = match part {
        Part::Rust => workspace.cargo(&["test", "--workspace", "--profile", PROFILE, "--no-fail-fast"]),
        Part::Demo => Command::new(programs.join("koppel-story")),
        Part::Python => {
            let mut command = Command::new(python);
            command.arg("play.py").current_dir(workspace.path("examples/python-phone"));
            command
        }
        Part::Pages => {
            let mut command = Command::new("npm");
            command.args(["test", "--silent"]).current_dir(workspace.path("tests/pages"));
            command.env("KOPPEL_PYTHON", python);
            if let Some(folder) = pictures {
                command.env("KOPPEL_SCREENSHOTS", folder);
            }
            command
        }
        Part::Kotlin => {
            let mut command = maven::command(workspace);
            command.arg("test").arg(format!("-Dkoppel.programs={}", programs.display()));
            command
        }
        Part::Swift => {
            let mut command = Command::new("bash");
            command.arg(workspace.path("bindings/swift/test.sh"));
            command.env("CARGO_TARGET_DIR", workspace.target()).env("KOPPEL_LIBRARY", &programs);
            command
        }
    };
    command.env("KOPPEL_BIN_DIR", programs);
    command
}

/// Plays the parts in two lanes and adds up.
fn play(workspace: &Workspace, parts: &[Part], logs: &Path, python: &Path, pictures: Option<&Path>) -> Counts {
    let (sender, ended) = mpsc::channel();
    let (first, second): (Vec<Part>, Vec<Part>) = parts.iter().partition(|part| **part == Part::Rust);
    let mut waiting = parts.to_vec();
    let mut total = Counts::default();
    thread::scope(|scope| {
        for lane in [first, second] {
            let sender = sender.clone();
            scope.spawn(move || {
                for part in lane {
                    let begin = Instant::now();
                    let log = logs.join(format!("{}.log", part.name()));
                    let counts = one(&mut command(workspace, part, python, pictures), part, &log);
                    // Nobody listens any more only when the other side has panicked.
                    let _ = sender.send((part, counts, begin.elapsed(), log));
                }
            });
        }
        drop(sender);
        loop {
            match ended.recv_timeout(Duration::from_secs(30)) {
                Ok((part, counts, took, log)) => {
                    waiting.retain(|other| *other != part);
                    report(part, counts, took, &log);
                    total.passed += counts.passed;
                    total.failed += counts.failed;
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    let names: Vec<_> = waiting.iter().map(|part| part.name()).collect();
                    println!("still running: {}", names.join(", "));
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
    });
    total
}

/// Runs one part into its log. A part that fails without a failed test, or that ran none, counts as one failure.
fn one(command: &mut Command, part: Part, log: &Path) -> Counts {
    let ended = fs::write(log, "").map_err(Into::into).and_then(|()| logged(command, log));
    let well = match ended {
        Ok(well) => well,
        Err(error) => {
            println!("{}: {error:#}", part.name());
            false
        }
    };
    let mut counts = count(&fs::read_to_string(log).unwrap_or_default());
    if counts.failed == 0 && (!well || counts.passed == 0) {
        counts.failed = 1;
    }
    counts
}

fn report(part: Part, counts: Counts, took: Duration, log: &Path) {
    let seconds = took.as_secs();
    let Counts { passed, failed } = counts;
    if failed > 0 {
        println!("\n----- {} -----", part.name());
        print!("{}", fs::read_to_string(log).unwrap_or_default());
        println!("----- {} ends -----\n", part.name());
    }
    let mark = if failed == 0 { "ok  " } else { "FAIL" };
    println!("{mark} {}: {passed} of {} in {seconds} s ({})", part.name(), passed + failed, log.display());
}

/// Adds up the closing lines of whichever runner wrote the log.
pub(crate) fn count(log: &str) -> Counts {
    let mut counts = Counts::default();
    // Swift names each test that failed, and says at the end only how many ran.
    let mut wrong = 0;
    for line in log.lines() {
        let line = line.trim();
        if let Some(result) = line.strip_prefix("test result: ") {
            // cargo test: "ok. 3 passed; 0 failed; 0 ignored; …"
            let result = result.split_once(". ").map_or("", |it| it.1);
            counts.passed += before(result, " passed");
            counts.failed += before(result, " failed");
        } else if line.ends_with(" failed") && line.contains(" passed, ") {
            // Ours: "12 passed, 0 failed"
            counts.passed += before(line, " passed");
            counts.failed += before(line, " failed");
        } else if let Some((run, wrong)) = surefire_total(line) {
            counts.passed += run.saturating_sub(wrong);
            counts.failed += wrong;
        } else if let Some(run) = line.split_once(" Test run with ").filter(|it| ["✔", "✘"].contains(&it.0)) {
            // Swift Testing: "✔ Test run with 59 tests passed after 5.8 seconds."
            counts.passed += before(run.1, " test").saturating_sub(wrong);
            counts.failed += std::mem::take(&mut wrong);
        } else if line.starts_with("✘ Test ") && line.contains(" failed after ") {
            wrong += 1;
        } else if let Some((word, number)) = node_total(line) {
            // node --test: "ℹ pass 3", "# fail 0"
            match word {
                "pass" => counts.passed += number,
                _ => counts.failed += number,
            }
        }
    }
    counts
}

/// Surefire's total, not the lines of its classes: "[INFO] Tests run: 9, Failures: 1, Errors: 0, Skipped: 0"; how many ran,
/// and how many of them went wrong. What was left out did not run: the scenarios name those, with the reason.
fn surefire_total(line: &str) -> Option<(u64, u64)> {
    let rest = ["[INFO] ", "[ERROR] ", "[WARNING] "].iter().find_map(|level| line.strip_prefix(level))?;
    let rest = rest.strip_prefix("Tests run: ")?;
    let numbers: Vec<u64> = rest.split(", ").filter_map(|part| part.rsplit(' ').next()?.parse().ok()).collect();
    match numbers.as_slice() {
        [run, failures, errors, skipped] if !rest.contains("Time elapsed") => {
            Some((run.saturating_sub(*skipped), failures + errors))
        }
        _ => None,
    }
}

/// The number right before `word`.
fn before(line: &str, word: &str) -> u64 {
    let head = line.split(word).next().unwrap_or_default();
    let digits = head.rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    digits.parse().unwrap_or(0)
}

fn node_total(line: &str) -> Option<(&str, u64)> {
    let rest = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# "))?;
    let (word, number) = rest.split_once(' ')?;
    if !["pass", "fail", "cancelled"].contains(&word) {
        return None;
    }
    Some((word, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{Counts, Part, chosen, count};

    #[test]
    fn the_closing_lines_of_every_runner_are_added_up() {
        let cargo = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s\n\
                     test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured\n";
        let expected = |passed, failed| Counts { passed, failed };
        assert_eq!(count(cargo), expected(13, 2));
        assert_eq!(count("ℹ pass 7\nℹ fail 1\nℹ cancelled 1\n"), expected(7, 2));
        assert_eq!(count("# pass 7\n# fail 0\n"), expected(7, 0));
        assert_eq!(count("ok pairing\n14 passed, 0 failed\n"), expected(14, 0));
        let surefire = "[ERROR] Tests run: 11, Failures: 1, Errors: 0, Skipped: 0, Time elapsed: 56.72 s <<< FAILURE! -- in A\n\
                        [ERROR] Tests run: 20, Failures: 1, Errors: 2, Skipped: 1\n";
        assert_eq!(count(surefire), expected(16, 3));
        let swift = "✘ Test \"a\" recorded an issue at A.swift:1:1: Expectation failed: 1 == 2\n\
                     ✘ Test \"a\" failed after 0.1 seconds with 1 issue.\n\
                     ✘ Suite \"A\" failed after 0.1 seconds with 1 issue.\n\
                     ✘ Test run with 12 tests failed after 0.2 seconds with 1 issue.\n\
                     ✔ Test \"b\" passed after 0.1 seconds.\n\
                     ✔ Test run with 1 test passed after 0.2 seconds.\n";
        assert_eq!(count(swift), expected(12, 1));
        assert_eq!(count("nothing of the kind\n"), expected(0, 0));
    }

    #[test]
    fn a_part_that_is_not_known_is_refused_by_name() {
        assert_eq!(chosen(&["pages", "rust"]).unwrap(), [Part::Pages, Part::Rust]);
        let refused = chosen(&["paegs"]).unwrap_err().to_string();
        assert!(refused.contains("`paegs`"), "{refused}");
    }
}
