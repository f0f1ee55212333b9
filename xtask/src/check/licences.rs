//! Every crate in the tree is under a licence that `deny.toml` allows.
//!
//! A fresh machine has no cargo-deny, and building it takes minutes; this reads the same list from the same file.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};

use super::{Findings, bans::rules};
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace) -> Result<Findings> {
    let rules = rules(workspace)?;
    let allowed: BTreeSet<String> = rules["licenses"]["allow"]
        .as_array()
        .context("deny.toml: licenses.allow is not a list")?
        .iter()
        .filter_map(|licence| licence.as_str().map(str::to_owned))
        .collect();
    let excepted = exceptions(&rules)?;
    let mut findings = Vec::new();
    for package in workspace.metadata()?.packages() {
        let name = format!("{} {}", package.name, package.version);
        let mut allowed = allowed.clone();
        allowed.extend(excepted.iter().filter(|(of, _)| *of == package.name).map(|(_, licence)| licence.clone()));
        let Some(expression) = &package.license else {
            findings.push(format!("{name} names no licence"));
            continue;
        };
        match Expression::parse(expression) {
            Ok(parsed) if parsed.holds(&allowed) => {}
            Ok(_) => findings.push(format!("{name} is under {expression}")),
            Err(error) => findings.push(format!("{name}: {expression}: {error}")),
        }
    }
    Ok(findings)
}

/// Crates that may be under a licence of their own, and which.
fn exceptions(rules: &toml::Table) -> Result<Vec<(String, String)>> {
    let Some(list) = rules["licenses"].get("exceptions") else { return Ok(Vec::new()) };
    let list = list.as_array().context("deny.toml: licenses.exceptions is not a list")?;
    let mut exceptions = Vec::new();
    for exception in list {
        let name = exception["crate"].as_str().context("deny.toml: an exception names no crate")?;
        let allow = exception["allow"].as_array().context("deny.toml: an exception allows nothing")?;
        exceptions.extend(allow.iter().filter_map(|it| it.as_str()).map(|it| (name.to_owned(), it.to_owned())));
    }
    Ok(exceptions)
}

/// An SPDX licence expression: `MIT OR (Apache-2.0 AND Zlib)`.
#[derive(Debug, PartialEq, Eq)]
enum Expression {
    Licence(String),
    All(Vec<Expression>),
    Any(Vec<Expression>),
}

impl Expression {
    /// Also understands `MIT/Apache-2.0`, which old crates write for OR.
    fn parse(text: &str) -> Result<Self> {
        let spaced = text.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
        let mut words = spaced.split_whitespace().peekable();
        let expression = any(&mut words)?;
        match words.next() {
            None => Ok(expression),
            Some(word) => bail!("unexpected `{word}`"),
        }
    }

    fn holds(&self, allowed: &BTreeSet<String>) -> bool {
        match self {
            Self::Licence(name) => allowed.contains(name),
            Self::All(parts) => parts.iter().all(|part| part.holds(allowed)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(allowed)),
        }
    }
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words) -> Result<Expression> {
    let mut parts = vec![all(words)?];
    while words.next_if_eq(&"OR").is_some() {
        parts.push(all(words)?);
    }
    Ok(one_or(parts, Expression::Any))
}

fn all(words: &mut Words) -> Result<Expression> {
    let mut parts = vec![single(words)?];
    while words.next_if_eq(&"AND").is_some() {
        parts.push(single(words)?);
    }
    Ok(one_or(parts, Expression::All))
}

fn single(words: &mut Words) -> Result<Expression> {
    match words.next().context("ends too early")? {
        "(" => {
            let inside = any(words)?;
            words.next_if_eq(&")").context("a bracket stays open")?;
            Ok(inside)
        }
        word @ (")" | "AND" | "OR" | "WITH") => bail!("unexpected `{word}`"),
        licence if words.next_if_eq(&"WITH").is_some() => {
            let exception = words.next().context("WITH what?")?;
            Ok(Expression::Licence(format!("{licence} WITH {exception}")))
        }
        licence => Ok(Expression::Licence(licence.to_owned())),
    }
}

fn one_or(mut parts: Vec<Expression>, many: fn(Vec<Expression>) -> Expression) -> Expression {
    if parts.len() == 1 { parts.remove(0) } else { many(parts) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Expression;

    fn holds(expression: &str) -> bool {
        let allowed = ["MIT", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"];
        let allowed: BTreeSet<String> = allowed.map(str::to_owned).into();
        Expression::parse(expression).unwrap().holds(&allowed)
    }

    #[test]
    fn one_side_of_an_or_is_enough_and_both_sides_of_an_and_are_needed() {
        assert!(holds("GPL-3.0-only OR MIT"));
        assert!(!holds("GPL-3.0-only AND MIT"));
        assert!(holds("(MIT OR GPL-2.0-only) AND Unicode-3.0"));
        assert!(!holds("MIT AND (GPL-2.0-only OR Zlib)"));
    }

    #[test]
    fn an_exception_belongs_to_its_licence() {
        assert!(holds("Apache-2.0 WITH LLVM-exception"));
        assert!(!holds("Apache-2.0"));
    }

    #[test]
    fn a_slash_is_how_old_crates_write_or() {
        assert!(holds("GPL-3.0-only/MIT"));
        assert!(holds("GPL-3.0-only / MIT"));
    }

    #[test]
    fn a_broken_expression_is_an_error_and_no_licence() {
        for broken in ["", "MIT OR", "(MIT", "MIT)", "AND MIT", "MIT WITH", "MIT MIT"] {
            assert!(Expression::parse(broken).is_err(), "{broken}");
        }
    }
}
