//! The tree that we stand in: its root, its files, and what cargo knows of its packages.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::process;

/// The profile that tests, demo and CI share, so that they build once.
pub(crate) const PROFILE: &str = "ci";

/// The root folder of the repository.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    metadata: OnceLock<Metadata>,
}

impl Workspace {
    /// The workspace that this program belongs to.
    pub(crate) fn find() -> Result<Self> {
        let manifest =
            std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| OsString::from(env!("CARGO_MANIFEST_DIR")));
        let root = Path::new(&manifest).parent().context("xtask has no folder above it")?;
        Ok(Self { root: root.to_owned(), metadata: OnceLock::new() })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.root.join(inside)
    }

    /// Cargo's folder for what it builds.
    pub(crate) fn target(&self) -> PathBuf {
        match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => self.root.join(folder),
            None => self.root.join("target"),
        }
    }

    /// Where a profile's programs are.
    pub(crate) fn programs(&self, profile: &str) -> PathBuf {
        self.target().join(profile)
    }

    /// A command of the same cargo that started us, in the root.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut command = Command::new(cargo);
        command.args(arguments).current_dir(&self.root);
        // Set for us by `cargo run`; would make a child cargo believe that it builds xtask.
        command.env_remove("CARGO_MANIFEST_DIR");
        command.env_remove("CARGO_MANIFEST_PATH");
        command
    }

    /// Every file that git tracks or would track, by its path from the root.
    pub(crate) fn files(&self) -> Result<Vec<String>> {
        let mut command = Command::new("git");
        command.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(&self.root);
        let listed = process::output(&mut command)?;
        let mut files: Vec<String> = listed
            .split('\0')
            .filter(|path| !path.is_empty() && self.root.join(path).is_file())
            .map(str::to_owned)
            .collect();
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// What `cargo metadata` says; asked once.
    pub(crate) fn metadata(&self) -> Result<&Metadata> {
        if let Some(known) = self.metadata.get() {
            return Ok(known);
        }
        let arguments = ["metadata", "--format-version=1", "--locked", "--quiet"];
        let text = process::output(&mut self.cargo(&arguments))?;
        let metadata = Metadata::parse(&text).context("cargo metadata in a form that we do not know")?;
        Ok(self.metadata.get_or_init(|| metadata))
    }
}

/// One package of the tree.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    /// Where it comes from; `None` for a member.
    pub(crate) source: Option<String>,
    /// The folder of its manifest.
    pub(crate) folder: PathBuf,
    /// What its manifest names itself, of every kind.
    pub(crate) declared: Vec<Declared>,
}

/// A line under `[dependencies]`.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) requirement: String,
    pub(crate) by_path: bool,
}

/// What a dependency is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Normal,
    Build,
    Dev,
}

/// The packages, and which of them use which in a build.
#[derive(Debug)]
pub(crate) struct Metadata {
    packages: BTreeMap<String, Package>,
    members: BTreeSet<String>,
    /// Normal edges alone: what ends up inside a program.
    normal: BTreeMap<String, Vec<String>>,
}

impl Metadata {
    fn parse(text: &str) -> Result<Self> {
        let root: Value = serde_json::from_str(text)?;
        let mut packages = BTreeMap::new();
        for package in list(&root["packages"])? {
            packages.insert(word(&package["id"])?, parse_package(package)?);
        }
        let members = list(&root["workspace_members"])?.iter().map(word).collect::<Result<_>>()?;
        let mut normal = BTreeMap::new();
        for node in list(&root["resolve"]["nodes"])? {
            let mut used = Vec::new();
            for dependency in list(&node["deps"])? {
                if list(&dependency["dep_kinds"])?.iter().any(|kind| kind["kind"].is_null()) {
                    used.push(word(&dependency["pkg"])?);
                }
            }
            normal.insert(word(&node["id"])?, used);
        }
        Ok(Self { packages, members, normal })
    }

    pub(crate) fn packages(&self) -> impl Iterator<Item = &Package> {
        self.packages.values()
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.members.iter().filter_map(|id| self.packages.get(id))
    }

    /// Everything that a member is built from, with one road to it: `koppel-core → koppel-protocol → url`.
    pub(crate) fn reached_from(&self, member: &str) -> BTreeMap<String, String> {
        let mut roads: BTreeMap<String, String> = BTreeMap::new();
        let mut waiting: Vec<(&String, String)> = self
            .members
            .iter()
            .filter(|id| self.packages[*id].name == member)
            .map(|id| (id, member.to_owned()))
            .collect();
        while let Some((id, road)) = waiting.pop() {
            for used in self.normal.get(id).into_iter().flatten() {
                let name = &self.packages[used].name;
                if !roads.contains_key(name) {
                    let longer = format!("{road} → {name}");
                    roads.insert(name.clone(), longer.clone());
                    waiting.push((used, longer));
                }
            }
        }
        roads
    }
}

fn parse_package(package: &Value) -> Result<Package> {
    let manifest = PathBuf::from(word(&package["manifest_path"])?);
    let mut declared = Vec::new();
    for dependency in list(&package["dependencies"])? {
        declared.push(Declared {
            name: word(&dependency["name"])?,
            kind: match dependency["kind"].as_str() {
                Some("dev") => Kind::Dev,
                Some("build") => Kind::Build,
                _ => Kind::Normal,
            },
            requirement: word(&dependency["req"])?,
            by_path: dependency["path"].is_string(),
        });
    }
    Ok(Package {
        name: word(&package["name"])?,
        version: word(&package["version"])?,
        license: package["license"].as_str().map(str::to_owned),
        source: package["source"].as_str().map(str::to_owned),
        folder: manifest.parent().context("a manifest without a folder")?.to_owned(),
        declared,
    })
}

fn list(value: &Value) -> Result<&Vec<Value>> {
    value.as_array().context("a list is missing")
}

fn word(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).context("a text is missing")
}
