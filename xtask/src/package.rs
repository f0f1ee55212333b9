//! `cargo xtask package`: what a release consists of, as far as this machine can build it, with checksums; and what it cannot.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::{bindings, maven, phone_library, process, tools, workspace::Workspace};

/// What needs another machine, and how it is made there.
const ELSEWHERE: [(&str, &str); 2] = [
    (
        "koppel-android.aar",
        "wants an Android SDK with its NDK: gradle assembleRelease in bindings/kotlin/android; not yet run",
    ),
    ("koppel_ffi.xcframework", "wants a Mac with Xcode 16: bindings/swift/xcframework.sh; not yet run"),
];

const CHECKSUMS: &str = "SHA256SUMS";

/// Builds everything into `target/package`.
pub(crate) fn run(workspace: &Workspace) -> Result<bool> {
    let folder = workspace.target().join("package");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let release = Release { workspace, version: env!("CARGO_PKG_VERSION"), machine: machine(), folder };
    release.programs()?;
    if !bindings::run(workspace, false)? {
        return Ok(false);
    }
    let library = phone_library::build(workspace)?;
    release.library(&library)?;
    release.kotlin(&library)?;
    release.swift()?;
    release.checksums()?;
    for (name, why) in ELSEWHERE {
        println!("not here: {name} {why}");
    }
    Ok(true)
}

/// As in `linux-x86_64`.
fn machine() -> String {
    format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH)
}

struct Release<'a> {
    workspace: &'a Workspace,
    version: &'static str,
    machine: String,
    folder: PathBuf,
}

impl Release<'_> {
    /// Server, panel and terminal phone, with their licences.
    fn programs(&self) -> Result<()> {
        let programs = ["koppel-server", "koppel-panel", "koppel"];
        let packages = ["--package", "koppel-server", "--package", "koppel-panel", "--package", "koppel-cli"];
        process::run(self.workspace.cargo(&["build", "--release", "--bins"]).args(packages))?;
        let name = format!("koppel-{}-{}", self.version, self.machine);
        let inside = self.staged(&name)?;
        for program in programs {
            let stripped = inside.join(program);
            fs::copy(self.workspace.programs("release").join(program), &stripped)?;
            process::run(Command::new("strip").arg(&stripped))?;
        }
        for text in ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "CHANGELOG.md"] {
            fs::copy(self.workspace.path(text), inside.join(text))?;
        }
        self.archive(&name)
    }

    fn library(&self, library: &Path) -> Result<()> {
        let extension = library.extension().and_then(|it| it.to_str()).context("a library without an ending")?;
        self.made(&format!("libkoppel_ffi-{}-{}.{extension}", self.version, self.machine), |to| {
            fs::copy(library, to)?;
            Ok(())
        })
    }

    /// The jar for a JVM, with the library of this machine in it, and its sources.
    fn kotlin(&self, library: &Path) -> Result<()> {
        let log = self.workspace.target().join("xtask-logs");
        fs::create_dir_all(&log)?;
        tools::for_kotlin(&log.join("install.log"))?;
        // Where JNA looks inside a jar.
        let natives = self.workspace.target().join("package-natives");
        let home = natives.join(self.machine.replace('_', "-").replace("macos", "darwin"));
        fs::create_dir_all(&home)?;
        fs::copy(library, home.join(library.file_name().context("a library without a name")?))?;
        let generated = bindings::generated(self.workspace).join("kotlin");
        // Apart from what the tests build: their library is another one.
        let build = self.workspace.target().join("package-kotlin");
        let mut maven = maven::command(self.workspace);
        maven.args(["--quiet", "package", "-Dmaven.test.skip=true"]);
        maven.arg(format!("-Dkoppel.natives={}", natives.display()));
        maven.arg(format!("-Dkoppel.build={}", build.display()));
        process::run(&mut maven)?;
        let jar = format!("koppel-{}.jar", self.version);
        let built = build.join(&jar);
        self.made(&jar, |to| {
            fs::copy(&built, to)?;
            Ok(())
        })?;
        self.made(&format!("koppel-{}-sources.jar", self.version), |to| {
            let own = self.workspace.path("bindings/kotlin/src/main/kotlin");
            let mut jar = Command::new("jar");
            jar.arg("--create").arg("--file").arg(to).arg("-C").arg(own).arg(".").arg("-C").arg(generated).arg(".");
            process::run(&mut jar)
        })?;
        self.made(&format!("koppel-{}.pom", self.version), |to| {
            fs::copy(self.workspace.path("bindings/kotlin/pom.xml"), to)?;
            Ok(())
        })
    }

    /// The Swift package with its generated targets; it wants the library, or the xcframework beside it.
    fn swift(&self) -> Result<()> {
        let name = format!("koppel-swift-{}", self.version);
        let inside = self.staged(&name)?;
        let mut copy = Command::new("cp");
        copy.arg("--recursive").current_dir(self.workspace.path("bindings/swift"));
        copy.args(["Package.swift", "README.md", "Sources", "Generated", "Examples", "Tests", "xcframework.sh"]);
        process::run(copy.arg(inside))?;
        self.archive(&name)
    }

    /// A folder whose content becomes an archive.
    fn staged(&self, name: &str) -> Result<PathBuf> {
        let staged = self.folder.join(name);
        fs::create_dir_all(&staged)?;
        Ok(staged)
    }

    /// The same bytes each time for the same content.
    fn archive(&self, name: &str) -> Result<()> {
        let staged = self.folder.join(name);
        self.made(&format!("{name}.tar.gz"), |to| {
            let mut tar = Command::new("tar");
            tar.args([
                "--create",
                "--use-compress-program=gzip --no-name",
                "--sort=name",
                "--owner=0",
                "--group=0",
                "--numeric-owner",
                "--mtime=@0",
            ]);
            tar.arg("--file").arg(to).arg("--directory").arg(&self.folder).arg(name);
            process::run(&mut tar)
        })?;
        Ok(fs::remove_dir_all(staged)?)
    }

    fn made(&self, name: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        let path = self.folder.join(name);
        make(&path).with_context(|| name.to_owned())?;
        #[expect(clippy::cast_precision_loss, reason = "some million bytes")]
        let size = fs::metadata(&path)?.len() as f64 / 1e6;
        println!("made: {} ({size:.1} MB)", path.display());
        Ok(())
    }

    fn checksums(&self) -> Result<()> {
        let mut names: Vec<String> = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        let sums = process::output(Command::new("sha256sum").args(&names).current_dir(&self.folder))?;
        fs::write(self.folder.join(CHECKSUMS), &sums)?;
        print!("{sums}");
        Ok(())
    }
}
