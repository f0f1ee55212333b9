//! `cargo xtask soak`: what takes long by nature, in full length. CI runs a short form of the races and the kills.
//!
//! *Broken*: each file in `tests/broken/` takes one defence out of a copy of the tree and names the test that must turn red. A
//! test that stays green there shows nothing, however well it is named. First all these tests are played on the whole tree, so that
//! red means the patch and nothing else; then each patch by itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context as _, Result, anyhow, bail, ensure};

use crate::{
    process,
    workspace::{PROFILE, Workspace},
};

/// Races with this many seeds, and this many kills.
const RACES: [(&str, &str); 1] = [("KOPPEL_SEEDS", "10000")];
const KILLS: [(&str, &str); 1] = [("KOPPEL_KILLS", "1000")];

/// Runs the named parts, or all; whether everything is as it should be. After `broken` may follow names of patches.
pub(crate) fn run(workspace: &Workspace, parts: &[&str]) -> Result<bool> {
    let all = ["broken", "races", "kills"];
    if let ["broken", names @ ..] = parts
        && !names.iter().any(|name| all.contains(name))
    {
        return broken(workspace, names);
    }
    if let Some(unknown) = parts.iter().find(|part| !all.contains(part)) {
        bail!("`{unknown}` is not a part of the soak: choose from broken, races, kills");
    }
    let chosen = |part: &str| parts.is_empty() || parts.contains(&part);
    let mut well = true;
    if chosen("broken") {
        well &= broken(workspace, &[])?;
    }
    if chosen("races") {
        well &= long(workspace, "races", &RACES)?;
    }
    if chosen("kills") {
        well &= long(workspace, "crashes", &KILLS)?;
    }
    Ok(well)
}

/// One module of the system tests, as long as it says.
fn long(workspace: &Workspace, module: &str, length: &[(&str, &str)]) -> Result<bool> {
    process::run(&mut workspace.cargo(&["build", "--workspace", "--bins", "--profile", PROFILE]))?;
    let mut tests =
        workspace.cargo(&["test", "--profile", PROFILE, "-p", "koppel-tests", "--test", "system", "--", "--nocapture"]);
    tests.arg(format!("{module}::")).envs(length.iter().copied());
    process::succeeds(&mut tests)
}

/// One defence taken out.
#[derive(Debug, PartialEq, Eq)]
struct Broken {
    name: String,
    patch: PathBuf,
    /// What follows `cargo test`.
    test: Vec<String>,
}

/// Every patch turns its test red, and without it that test is green. With names only the patches whose names hold one of them.
fn broken(workspace: &Workspace, names: &[&str]) -> Result<bool> {
    let copy = Copy::new(workspace);
    let mut patches = patches(&workspace.path("tests/broken"))?;
    for name in names {
        ensure!(patches.iter().any(|broken| broken.name.contains(name)), "no patch is called `{name}`");
    }
    patches.retain(|broken| names.is_empty() || names.iter().any(|name| broken.name.contains(name)));
    let tests: BTreeSet<&[String]> = patches.iter().map(|broken| broken.test.as_slice()).collect();
    println!("{} defences to take out, {} tests that show them", patches.len(), tests.len());
    copy.restore()?;
    let green: BTreeMap<&[String], Result<()>> = tests.into_iter().map(|test| (test, copy.is_green(test))).collect();
    let mut failed = 0;
    for broken in &patches {
        let begin = Instant::now();
        let verdict = match &green[broken.test.as_slice()] {
            Ok(()) => copy.judge(broken),
            Err(error) => Err(anyhow!("without the patch: {error:#}")),
        };
        let seconds = begin.elapsed().as_secs();
        match verdict {
            Ok(()) => println!("ok   without {}: {} turns red ({seconds} s)", broken.name, broken.title()),
            Err(error) => {
                println!("FAIL {} ({seconds} s): {error:#}", broken.name);
                failed += 1;
            }
        }
    }
    println!("{} passed, {failed} failed", patches.len() - failed);
    Ok(failed == 0)
}

fn patches(folder: &Path) -> Result<Vec<Broken>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let patch = entry?.path();
        if patch.extension().is_some_and(|kind| kind == "patch") {
            let text = fs::read_to_string(&patch)?;
            found.push(Broken::parse(&patch, &text).with_context(|| patch.display().to_string())?);
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

impl Broken {
    fn parse(patch: &Path, text: &str) -> Result<Self> {
        let test = text
            .lines()
            .find_map(|line| line.strip_prefix("# test: cargo test "))
            .context("a patch begins with the line `# test: cargo test -p … name`")?;
        Ok(Self {
            name: patch.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            patch: patch.to_owned(),
            test: test.split_whitespace().map(str::to_owned).collect(),
        })
    }

    fn title(&self) -> &str {
        self.test.last().map_or("", String::as_str)
    }
}

/// Whether a test starts programs, which must then be built from the same tree.
fn runs_programs(test: &[String]) -> bool {
    test.iter().any(|word| word == "koppel-tests")
}

/// A copy of the tree with a build folder of its own: nothing broken ever reaches `target/ci`.
struct Copy<'a> {
    workspace: &'a Workspace,
    tree: PathBuf,
    build: PathBuf,
}

impl<'a> Copy<'a> {
    fn new(workspace: &'a Workspace) -> Self {
        let folder = workspace.target().join("soak");
        Self { workspace, tree: folder.join("tree"), build: folder.join("build") }
    }

    /// Makes the copy equal to the tree. Files that are equal keep their time, so that cargo builds little.
    fn restore(&self) -> Result<()> {
        let wanted: BTreeSet<String> = self.workspace.files()?.into_iter().collect();
        for file in &wanted {
            let (from, to) = (self.workspace.path(file), self.tree.join(file));
            let text = fs::read(&from)?;
            if fs::read(&to).is_ok_and(|there| there == text) {
                continue;
            }
            fs::create_dir_all(to.parent().context("a file without a folder")?)?;
            fs::write(&to, text)?;
        }
        // A file that a patch added must not stay.
        for file in files_below(&self.tree)? {
            let inside = file.strip_prefix(&self.tree)?.to_string_lossy().into_owned();
            if !wanted.contains(&inside) {
                fs::remove_file(file)?;
            }
        }
        Ok(())
    }

    /// The test is there and green on the whole tree.
    fn is_green(&self, test: &[String]) -> Result<()> {
        let (passed, failed) = self.play(test)?;
        ensure!(failed == 0, "{} is red", test.join(" "));
        ensure!(passed > 0, "there is no such test: {}", test.join(" "));
        Ok(())
    }

    /// The test is red on the broken tree.
    fn judge(&self, broken: &Broken) -> Result<()> {
        let played = self.apply(broken).and_then(|()| self.play(&broken.test));
        self.restore()?;
        let (_, failed) = played?;
        ensure!(failed > 0, "{} stays green without this defence", broken.title());
        Ok(())
    }

    fn apply(&self, broken: &Broken) -> Result<()> {
        let mut apply = Command::new("git");
        apply
            .args(["apply", "--whitespace=nowarn"])
            .arg(&broken.patch)
            .current_dir(&self.tree)
            // Or git would find the repository around the copy, and skip what lies outside it.
            .env("GIT_CEILING_DIRECTORIES", self.workspace.target().join("soak"));
        process::output(&mut apply).map(drop).context("the patch no longer fits: mend it")
    }

    /// How many tests passed and failed; an error when they did not even run.
    fn play(&self, test: &[String]) -> Result<(u64, u64)> {
        if runs_programs(test) {
            process::output(&mut self.cargo(&["build", "--workspace", "--bins", "--profile", PROFILE]))?;
        }
        let mut cargo = self.cargo(&["test", "--profile", PROFILE]);
        let log = self.workspace.target().join("soak/test.log");
        fs::write(&log, "")?;
        let well = process::logged(cargo.args(test), &log)?;
        let said = fs::read_to_string(&log)?;
        let counts = crate::test::count(&said);
        if !well && counts.failed == 0 {
            bail!("it does not compile, or did not run to its end:\n{said}");
        }
        Ok((counts.passed, counts.failed))
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut cargo = self.workspace.cargo(arguments);
        cargo.current_dir(&self.tree).env("CARGO_TARGET_DIR", &self.build).env_remove("KOPPEL_BIN_DIR");
        cargo
    }
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                waiting.push(entry.path());
            } else {
                found.push(entry.path());
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Broken, runs_programs};

    #[test]
    fn a_patch_names_the_test_that_it_turns_red() {
        let text = "# shows: row 4\n# test: cargo test -p koppel-domain --lib a_lock_is_rechecked\n--- a/x\n+++ b/x\n";
        let broken = Broken::parse(Path::new("tests/broken/lock.patch"), text).unwrap();
        assert_eq!((broken.name.as_str(), broken.title()), ("lock", "a_lock_is_rechecked"));
        assert_eq!(broken.test, ["-p", "koppel-domain", "--lib", "a_lock_is_rechecked"]);
        assert!(!runs_programs(&broken.test));
        assert!(Broken::parse(Path::new("x.patch"), "--- a/x\n").is_err());
    }
}
