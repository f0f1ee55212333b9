//! Crates that must not be in the tree, and places that none may come from, as `deny.toml` says.

use anyhow::{Context as _, Result, bail};
use toml::{Table, Value};

use super::Findings;
use crate::{
    process,
    workspace::{Package, Workspace},
};

const REGISTRY: &str = "registry+";

/// `deny.toml`.
pub(super) fn rules(workspace: &Workspace) -> Result<Table> {
    std::fs::read_to_string(workspace.path("deny.toml"))?.parse().context("deny.toml")
}

pub(super) fn check(workspace: &Workspace) -> Result<Findings> {
    let rules = rules(workspace)?;
    let banned = rules["bans"]["deny"]
        .as_array()
        .context("deny.toml: bans.deny is not a list")?
        .iter()
        .map(Banned::parse)
        .collect::<Result<Vec<_>>>()?;
    let mut findings = Vec::new();
    for package in workspace.metadata()?.packages() {
        let name = format!("{} {}", package.name, package.version);
        if banned.iter().any(|banned| banned.means(package)) {
            findings.push(format!("{name} must not be in the tree"));
        }
        if let Some(source) = &package.source
            && !source.starts_with(REGISTRY)
        {
            findings.push(format!("{name} comes from {source}"));
        }
        for dependency in &package.declared {
            if package.source.is_none() && !dependency.by_path && dependency.requirement == "*" {
                findings.push(format!("{name} takes any version of {}", dependency.name));
            }
        }
    }
    if process::is_there("cargo-deny") {
        let rest = ["deny", "--offline", "check", "bans", "licenses", "sources"];
        if let Err(error) = process::output(&mut workspace.cargo(&rest)) {
            findings.push(format!("{error:#}"));
        }
    }
    Ok(findings)
}

/// `{ crate = "name" }`, or `{ crate = "name@<1.2" }`: every version below.
#[derive(Debug)]
struct Banned {
    name: String,
    below: Option<(u64, u64)>,
}

impl Banned {
    fn parse(rule: &Value) -> Result<Self> {
        let text = rule.get("crate").and_then(Value::as_str).context("deny.toml: a ban without `crate`")?;
        let Some((name, versions)) = text.split_once('@') else {
            return Ok(Self { name: text.to_owned(), below: None });
        };
        let Some(below) = versions.strip_prefix('<').and_then(major_minor) else {
            bail!("deny.toml: `{text}`: only `name` and `name@<1.2` are understood");
        };
        Ok(Self { name: name.to_owned(), below: Some(below) })
    }

    fn means(&self, package: &Package) -> bool {
        self.name == package.name
            && self.below.is_none_or(|below| major_minor(&package.version).is_none_or(|it| it < below))
    }
}

fn major_minor(version: &str) -> Option<(u64, u64)> {
    let mut numbers = version.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{Banned, Package};

    fn banned(rule: &str, name: &str, version: &str) -> bool {
        let rule: toml::Table = format!("crate = \"{rule}\"").parse().unwrap();
        let package = Package {
            name: name.to_owned(),
            version: version.to_owned(),
            license: None,
            source: None,
            folder: "/".into(),
            declared: Vec::new(),
        };
        Banned::parse(&rule.into()).unwrap().means(&package)
    }

    #[test]
    fn a_name_bans_every_version_and_a_bound_those_below_it() {
        assert!(banned("openssl", "openssl", "0.10.3"));
        assert!(!banned("openssl", "openssl-probe", "0.1.0"));
        assert!(banned("p256@<0.14", "p256", "0.13.2"));
        assert!(!banned("p256@<0.14", "p256", "0.14.0"));
        assert!(!banned("p256@<0.14", "p256", "1.0.0"));
    }
}
