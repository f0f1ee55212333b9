//! A link in a Markdown file leads somewhere: the file is there, and so is the heading.

use std::path::{Component, Path, PathBuf};

use anyhow::Result;

use super::Findings;
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace) -> Result<Findings> {
    let mut findings = Vec::new();
    for file in workspace.files()? {
        if !file.ends_with(".md") {
            continue;
        }
        let text = std::fs::read_to_string(workspace.path(&file))?;
        for target in links(&text) {
            if let Some(problem) = follow(workspace, &file, target) {
                findings.push(format!("{file}: ({target}) {problem}"));
            }
        }
    }
    Ok(findings)
}

/// What is wrong with one link, if anything.
fn follow(workspace: &Workspace, from: &str, target: &str) -> Option<&'static str> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, heading) = target.split_once('#').unwrap_or((target, ""));
    let file = if path.is_empty() {
        PathBuf::from(from)
    } else {
        let folder = Path::new(from).parent().unwrap_or(Path::new(""));
        match inside(&folder.join(path)) {
            Some(file) => file,
            None => return Some("leads out of the repository"),
        }
    };
    let whole = workspace.root().join(&file);
    if !whole.exists() {
        return Some("is not there");
    }
    if heading.is_empty() || file.extension().is_none_or(|kind| kind != "md") {
        return None;
    }
    let text = std::fs::read_to_string(whole).ok()?;
    let known = prose(&text).any(|line| line.starts_with('#') && slug(line) == heading);
    (!known).then_some("has no such heading")
}

/// A path without `..`, unless it leads out.
fn inside(path: &Path) -> Option<PathBuf> {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if clean.pop() => {}
            Component::Normal(name) => clean.push(name),
            _ => return None,
        }
    }
    Some(clean)
}

/// The lines outside fenced code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// The targets of `[text](target)`, outside code.
fn links(text: &str) -> Vec<&str> {
    let mut targets = Vec::new();
    for line in prose(text) {
        // Every other piece between back-ticks is code.
        for piece in line.split('`').step_by(2) {
            for rest in piece.split("](").skip(1) {
                let target = rest.split([')', ' ']).next().unwrap_or_default();
                targets.push(target.trim_matches(['<', '>']));
            }
        }
    }
    targets
}

/// How a forge names the anchor of a heading.
fn slug(heading: &str) -> String {
    heading
        .trim_start_matches('#')
        .trim()
        .to_lowercase()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            '-' | '_' => Some(c),
            c if c.is_alphanumeric() => Some(c),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{inside, links, slug};

    #[test]
    fn links_in_code_are_not_followed() {
        let text = "[a](b.md) `[c](d)` ![e](f.png \"g\")\n```\n[h](i)\n```\n[j](<k>)";
        assert_eq!(links(text), ["b.md", "f.png", "k"]);
    }

    #[test]
    fn a_heading_gets_the_anchor_that_forges_give_it() {
        assert_eq!(slug("## 3. The server's identity"), "3-the-servers-identity");
    }

    #[test]
    fn a_path_may_climb_but_not_leave() {
        assert_eq!(inside("docs/adr/../x.md".as_ref()), Some("docs/x.md".into()));
        assert_eq!(inside("docs/../../x.md".as_ref()), None);
    }
}
