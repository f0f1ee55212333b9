//! `docs/threat-model.md` names tests and patches: each name is there, and every patch of `tests/broken/` has its row.

use std::{collections::BTreeSet, fs};

use anyhow::Result;

use super::Findings;
use crate::workspace::Workspace;

const PAGE: &str = "docs/threat-model.md";
const PATCHES: &str = "tests/broken/";

pub(super) fn check(workspace: &Workspace) -> Result<Findings> {
    let page = fs::read_to_string(workspace.path(PAGE))?;
    let mut tests = BTreeSet::new();
    let mut patches = BTreeSet::new();
    for file in workspace.files()? {
        if let Some(name) = file.strip_prefix(PATCHES).and_then(|name| name.strip_suffix(".patch")) {
            patches.insert(name.to_owned());
        } else if file.ends_with(".rs") {
            tests.extend(functions(&fs::read_to_string(workspace.path(&file))?).map(str::to_owned));
        }
    }
    Ok(compare(&page, &tests, &patches))
}

fn compare(page: &str, tests: &BTreeSet<String>, patches: &BTreeSet<String>) -> Findings {
    let named: Vec<&str> = quoted(page).collect();
    let mut findings = Vec::new();
    for name in &named {
        if is_test(name) && !tests.contains(*name) {
            findings.push(format!("{PAGE}: no test is called {name}"));
        }
        if name.starts_with("row-") && !patches.contains(*name) {
            findings.push(format!("{PAGE}: there is no {PATCHES}{name}.patch"));
        }
    }
    let missing = patches.iter().filter(|patch| !named.contains(&patch.as_str()));
    findings.extend(missing.map(|patch| format!("{PATCHES}{patch}.patch stands in no row of {PAGE}")));
    findings
}

/// What stands between backticks.
fn quoted(page: &str) -> impl Iterator<Item = &str> {
    page.split('`').skip(1).step_by(2)
}

/// Tests are sentences: words of small letters with underscores between them.
fn is_test(name: &str) -> bool {
    name.matches('_').count() >= 2 && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn functions(source: &str) -> impl Iterator<Item = &str> {
    source.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next())
}

#[cfg(test)]
mod tests {
    use super::{compare, functions};

    #[test]
    fn a_name_that_leads_nowhere_and_a_patch_without_a_row_are_found() {
        let tests = functions("fn a_lock_holds() {}\nasync fn a_code_counts_once<T>() {}").map(str::to_owned).collect();
        let patches = ["row-10-lock", "row-12-code"].map(str::to_owned).into();
        let page =
            "| `a_lock_holds`, `a_code_counts_once`, `a_code_counts_twice`, `dv_id` | `row-10-lock`, `row-9-gone` |";
        assert_eq!(
            compare(page, &tests, &patches),
            [
                "docs/threat-model.md: no test is called a_code_counts_twice",
                "docs/threat-model.md: there is no tests/broken/row-9-gone.patch",
                "tests/broken/row-12-code.patch stands in no row of docs/threat-model.md",
            ]
        );
    }
}
