//! Writes the Kotlin and Swift sources that belong to the library.
//!
//! `koppel-bindgen LIBRARY CONFIG FOLDER` reads what UniFFI left in the (unstripped) library and writes
//!
//! ```text
//! FOLDER/kotlin/nl/koppel/koppel_ffi.kt
//! FOLDER/swift/KoppelFFI/KoppelFFI.swift         the Swift side
//! FOLDER/swift/koppel_ffiFFI/                    the C side: header and module map, as SwiftPM wants a system library
//! ```
//!
//! UniFFI ignores what it does not know in its configuration, so that every setting is looked for in what was written. Four things are
//! then put right that it has no setting for; each of them fails loudly when UniFFI changes what it writes.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use uniffi_bindgen::bindings::{GenerateOptions, TargetLanguage, generate};

fn main() -> ExitCode {
    let arguments: Vec<Utf8PathBuf> = std::env::args().skip(1).map(Utf8PathBuf::from).collect();
    let [library, config, folder] = arguments.as_slice() else {
        eprintln!("usage: koppel-bindgen LIBRARY CONFIG FOLDER");
        return ExitCode::from(2);
    };
    match kotlin(library, config, &folder.join("kotlin")).and_then(|()| swift(library, config, &folder.join("swift"))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn write(language: TargetLanguage, library: &Utf8Path, config: &Utf8Path, folder: &Utf8Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    generate(GenerateOptions {
        languages: vec![language],
        source: library.to_owned(),
        out_dir: folder.to_owned(),
        config_override: Some(config.to_owned()),
        format: false,
        crate_filter: None,
        metadata_no_deps: true,
    })
    .with_context(|| format!("nothing could be written from {library}; is it stripped?"))
}

fn kotlin(library: &Utf8Path, config: &Utf8Path, folder: &Utf8Path) -> Result<()> {
    write(TargetLanguage::Kotlin, library, config, folder)?;
    let file = folder.join("nl/koppel/koppel_ffi.kt");
    let mut source = fs::read_to_string(&file).with_context(|| format!("{file}: is the package still nl.koppel?"))?;
    for setting in
        ["package nl.koppel\n", "return \"koppel_ffi\"", "class RawClient", ".entries[", "    val `revision`"]
    {
        ensure!(source.contains(setting), "uniffi.toml is not heeded: no `{setting}` in {file}");
    }
    ensure!(!source.contains("var `revision`"), "records are not immutable in {file}");
    ensure!(!source.contains("android.system"), "the cleaner is Android's; one source serves both");
    say_the_advice(&mut source)?;
    let mut source = hide(&source)?;
    replace(&mut source, "\ninline fun <T : Disposable?", "\ninternal inline fun <T : Disposable?")?;
    let source = name_cases(&print_no_bytes(&tidy(&source))?)?;
    fs::write(&file, source)?;
    Ok(())
}

/// A data class prints its arrays, byte by byte: one that has any prints its name alone.
fn print_no_bytes(source: &str) -> Result<String> {
    let mut silent = String::with_capacity(source.len() + 2048);
    let mut class: Option<(&str, bool)> = None;
    let mut count = 0;
    for line in source.lines() {
        silent.push_str(line);
        silent.push('\n');
        if let Some((_, rest)) = line.split_once("data class ") {
            class = rest.split([' ', '(']).next().map(|name| (name, false));
        }
        let Some((name, bytes)) = &mut class else { continue };
        *bytes |= line.contains("kotlin.ByteArray");
        let begins = line.trim_start() == "{" || line.ends_with("){");
        if begins && *bytes {
            silent.push_str(&format!("    override fun toString(): String = \"{name}(…)\"\n"));
            count += 1;
        }
        if begins {
            class = None;
        }
    }
    ensure!(count > 5, "data classes are written in another way than before: {count} with bytes");
    Ok(silent)
}

/// A case without fields prints its name, not where it lies in memory.
fn name_cases(source: &str) -> Result<String> {
    let mut named = String::with_capacity(source.len() + 512);
    let mut count = 0;
    for line in source.split_inclusive('\n') {
        match line.strip_prefix("    object ").filter(|rest| rest.contains(" : ")) {
            Some(rest) => {
                named.push_str("    data object ");
                named.push_str(rest);
                count += 1;
            }
            None => named.push_str(line),
        }
    }
    ensure!(count > 10, "cases without fields are written in another way than before: {count} found");
    Ok(named)
}

fn replace(source: &mut String, old: &str, new: &str) -> Result<()> {
    ensure!(source.contains(old), "UniFFI writes no `{}` any more", old.trim());
    *source = source.replace(old, new);
    Ok(())
}

/// An exception's message is its advice, not a list of its fields.
fn say_the_advice(source: &mut String) -> Result<()> {
    let begin = "get() = \"advice=${ `advice` }";
    let mut count = 0;
    while let Some(at) = source.find(begin) {
        let end = source[at..].find('\n').context("the file ends")? + at;
        source.replace_range(at..end, "get() = `advice`");
        count += 1;
    }
    ensure!(count > 5, "the messages of exceptions are written in another way than before");
    Ok(())
}

/// What is wrapped by hand, and what only the generated code needs, is nobody else's business.
const HIDDEN: &[&str] = &[
    "ApprovalStep",
    "DeviceKeysImpl",
    "Disposable",
    "FfiConverter",
    "InternalException",
    "NoHandle",
    "Offer",
    "OpenOptions",
    "Raw",
    "RustBuffer",
    "SecretStoreImpl",
    "Uniffi",
    "hostOf",
    "previewItemName",
    "previewPush",
    "startAfresh",
    "uniffi",
];
/// Ends of names that go with them, as `RawClientInterface`; a longer name is another one, as `OfferedBook`.
const PREFIXES: &[&str] = &["FfiConverter", "Raw", "Uniffi", "uniffi"];
const DECLARES: &[&str] = &["class", "interface", "object", "fun"];
const MODIFIERS: &[&str] = &["public", "open", "data", "sealed", "abstract", "enum", "suspend"];

fn hide(source: &str) -> Result<String> {
    let mut hidden = String::with_capacity(source.len() + 4096);
    let mut found = Vec::new();
    for line in source.split_inclusive('\n') {
        // The companions that lift exceptions stand inside them.
        if line.contains("companion object ErrorHandler") {
            hidden.push_str(&line.replace("companion object", "internal companion object"));
            continue;
        }
        match declared(line).and_then(|name| HIDDEN.iter().find(|it| is(name, it))) {
            Some(name) => {
                found.push(*name);
                hidden.push_str(&with_internal(line));
            }
            None => hidden.push_str(line),
        }
    }
    for name in HIDDEN {
        ensure!(found.contains(name), "nothing is called {name} any more");
    }
    Ok(hidden)
}

fn is(name: &str, hidden: &str) -> bool {
    name == hidden || (PREFIXES.contains(&hidden) && name.starts_with(hidden))
}

/// The name that a top-level line declares for everybody. UniFFI indents functions, and puts what they throw before them.
fn declared(line: &str) -> Option<&str> {
    let indented = line.starts_with(' ');
    let line = line.trim_start().trim_start_matches("*/").trim_start();
    let line = line.strip_prefix("@Throws(KoppelException::class)").unwrap_or(line).trim_start();
    let mut words = line.split([' ', '(', ':', '<', '/']).filter(|word| !word.is_empty());
    let word = words.by_ref().find(|word| !MODIFIERS.contains(word))?;
    let name = words.next()?;
    let quoted = name.strip_prefix('`').and_then(|name| name.strip_suffix('`'));
    match (DECLARES.contains(&word), indented, word) {
        (false, ..) => None,
        (true, false, _) => Some(quoted.unwrap_or(name)),
        // Indented: methods too; those of the functions that we hide have names of their own.
        (true, true, "fun") => quoted,
        (true, true, _) => None,
    }
}

fn with_internal(line: &str) -> String {
    let line = line.replacen("public ", "", 1);
    let place = MODIFIERS.iter().chain(DECLARES).filter_map(|word| line.find(&format!("{word} "))).min().unwrap_or(0);
    format!("{}internal {}", &line[..place], &line[place..])
}

fn swift(library: &Utf8Path, config: &Utf8Path, folder: &Utf8Path) -> Result<()> {
    write(TargetLanguage::Swift, library, config, folder)?;
    for (name, home) in [
        ("KoppelFFI.swift", "KoppelFFI/KoppelFFI.swift"),
        ("koppel_ffiFFI.h", "koppel_ffiFFI/koppel_ffiFFI.h"),
        ("koppel_ffiFFI.modulemap", "koppel_ffiFFI/module.modulemap"),
    ] {
        let (from, to) = (folder.join(name), folder.join(home));
        if !from.exists() {
            bail!("uniffi.toml is not heeded: no {from}");
        }
        fs::create_dir_all(to.parent().context("a folder")?)?;
        let text = fs::read_to_string(&from)?;
        fs::write(to, tidy(&text))?;
        fs::remove_file(from)?;
    }
    let source = fs::read_to_string(folder.join("KoppelFFI/KoppelFFI.swift"))?;
    ensure!(source.contains("public let revision: UInt64"), "records are not immutable in KoppelFFI.swift");
    Ok(())
}

/// Without blanks at the ends of lines and without heaps of empty ones.
fn tidy(source: &str) -> String {
    let mut tidy = String::with_capacity(source.len());
    let mut empty = 0;
    for line in source.lines().map(str::trim_end) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            tidy.push_str(line);
            tidy.push('\n');
        }
    }
    tidy
}
