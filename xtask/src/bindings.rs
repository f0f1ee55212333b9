//! `cargo xtask bindings`: the Kotlin and Swift sources that belong to the library, and what apps see of them.
//!
//! Nothing generated is kept in the repository but `bindings/api`: the public surface of both languages, one line a declaration. Who
//! changes it renews it on purpose, and says so in the changelog: `xtask check` looks for its fingerprint there.

mod bare;
mod kotlin_surface;
mod swift_source;
mod swift_surface;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    process,
    workspace::{PROFILE, Workspace},
};

const GENERATOR: &str = "bindings/bindgen/Cargo.toml";
const API: &str = "bindings/api";
const CHANGELOG: &str = "CHANGELOG.md";

/// One language: where its sources are, generated and our own, and how its surface is read.
struct Language {
    name: &'static str,
    extension: &'static str,
    own: &'static str,
    surface: fn(&str) -> Vec<String>,
    /// Whether an app sees what a generated source declares, by what our own sources declare.
    shown: fn(&str, &[String]) -> bool,
}

const LANGUAGES: [Language; 2] = [
    Language {
        name: "kotlin",
        extension: "kt",
        own: "bindings/kotlin/src/main/kotlin",
        surface: kotlin_surface::of,
        shown: |_, _| true,
    },
    Language {
        name: "swift",
        extension: "swift",
        own: "bindings/swift/Sources",
        surface: swift_surface::of,
        shown: swift_surface::is_shown,
    },
];

/// Where the generated sources of all languages are.
pub(crate) fn generated(workspace: &Workspace) -> PathBuf {
    workspace.target().join("bindings")
}

/// Builds the library and writes the sources; whether `bindings/api` is what they offer. With `renew` it is made so.
pub(crate) fn run(workspace: &Workspace, renew: bool) -> Result<bool> {
    // All libraries, so that cargo settles on the features that the rest of the tests are built with, and builds nothing twice.
    process::run(&mut workspace.cargo(&["build", "--profile", PROFILE, "--workspace", "--lib"]))?;
    generate(workspace)?;
    println!("written: {}", generated(workspace).display());
    let mut well = true;
    for language in &LANGUAGES {
        well &= compare(workspace, language, renew)?;
    }
    Ok(well)
}

/// Writes the sources of the library as it was built last.
pub(crate) fn generate(workspace: &Workspace) -> Result<()> {
    let target = workspace.target().join("bindgen");
    let target = target.to_str().context("a path that is no text")?;
    process::run(&mut workspace.cargo(&["build", "--quiet", "--manifest-path", GENERATOR, "--target-dir", target]))?;
    let generator = Path::new(target).join("debug/koppel-bindgen");
    let mut write = std::process::Command::new(generator);
    write.arg(library(workspace)?).arg(workspace.path("uniffi.toml")).arg(generated(workspace));
    process::run(write.current_dir(workspace.root()))?;
    swift_source::finish(&generated(workspace).join("swift"), workspace.root())
}

/// The library, as this system calls it.
fn library(workspace: &Workspace) -> Result<PathBuf> {
    let programs = workspace.programs(PROFILE);
    let names = ["libkoppel_ffi.so", "libkoppel_ffi.dylib", "koppel_ffi.dll"];
    let found = names.iter().map(|name| programs.join(name)).find(|path| path.exists());
    found.with_context(|| format!("no library in {}", programs.display()))
}

fn compare(workspace: &Workspace, language: &Language, renew: bool) -> Result<bool> {
    let mut declarations = declared(language, &workspace.path(language.own))?;
    let mut written = declared(language, &generated(workspace).join(language.name))?;
    written.retain(|declaration| (language.shown)(declaration, &declarations));
    declarations.extend(written);
    if declarations.is_empty() {
        bail!("{}: no public declaration was found", language.name);
    }
    declarations.sort();
    declarations.dedup();
    let mut api = declarations.join("\n");
    api.push('\n');
    let file = dump(workspace, language);
    let kept = fs::read_to_string(&file).unwrap_or_default();
    if kept == api {
        return Ok(true);
    }
    if renew {
        fs::create_dir_all(workspace.path(API))?;
        fs::write(&file, &api)?;
        println!(
            "renewed: {}; now say in {CHANGELOG} what changed, with the line\n    {}",
            file.display(),
            line(workspace)?
        );
        return Ok(true);
    }
    println!("{}: the public surface changed:\n{}", language.name, difference(&kept, &api));
    println!("if that is meant: cargo xtask bindings --renew-api, and a line in {CHANGELOG}");
    Ok(false)
}

fn declared(language: &Language, folder: &Path) -> Result<Vec<String>> {
    let mut declarations = Vec::new();
    for file in sources(folder, language.extension)? {
        declarations.extend((language.surface)(&fs::read_to_string(&file)?));
    }
    Ok(declarations)
}

fn dump(workspace: &Workspace, language: &Language) -> PathBuf {
    workspace.path(API).join(format!("{}.txt", language.name))
}

fn difference(kept: &str, api: &str) -> String {
    let only = |here: &str, there: &str, sign: char| {
        let there: Vec<&str> = there.lines().collect();
        here.lines().filter(|line| !there.contains(line)).fold(String::new(), |mut text, line| {
            let _ = writeln!(text, "  {sign} {line}");
            text
        })
    };
    only(kept, api, '-') + &only(api, kept, '+')
}

fn sources(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !folder.exists() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(sources(&path, extension)?);
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The line of the changelog that belongs to the surface as it is kept.
fn line(workspace: &Workspace) -> Result<String> {
    let mut line = String::from("bindings/api:");
    for language in &LANGUAGES {
        let api = fs::read(dump(workspace, language)).unwrap_or_default();
        write!(line, " {} {:08x}", language.name, fingerprint(&api))?;
    }
    Ok(line)
}

/// What the changelog lacks, if anything. Needs no build.
pub(crate) fn unsaid(workspace: &Workspace) -> Result<Option<String>> {
    let line = line(workspace)?;
    let said = fs::read_to_string(workspace.path(CHANGELOG))?.contains(&line);
    Ok((!said).then(|| {
        format!("bindings/api changed: say in {CHANGELOG} what apps must know, with `{line}` as its fingerprint")
    }))
}

/// FNV-1a, 32 bits: enough to notice a change.
fn fingerprint(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::{difference, fingerprint};

    #[test]
    fn a_change_of_one_line_is_shown_as_one_out_and_one_in() {
        assert_eq!(difference("a\nb\n", "a\nc\n"), "  - b\n  + c\n");
    }

    #[test]
    fn the_fingerprint_is_the_published_one() {
        assert_eq!(fingerprint(b""), 0x811c_9dc5);
        assert_eq!(fingerprint(b"foobar"), 0xbf9c_f968);
    }
}
