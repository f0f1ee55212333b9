//! Nothing in the tree names a path of one machine or the address of a package registry: a stranger has neither.

use anyhow::Result;

use super::Findings;
use crate::workspace::Workspace;

/// What must not stand in any file. Written in two halves, so that this file may stand in the tree itself.
const FORBIDDEN: &[[&str; 2]] = &[
    ["/wo", "rk/"],
    ["/ro", "ot/"],
    ["/fa", "rm/"],
    ["../sha", "red"],
    ["/tmp/pl", "an"],
    ["/ho", "me/"],
    ["C:\\Us", "ers\\"],
    ["registry.npm", "js.org"],
    ["registry.yarn", "pkg.com"],
    ["py", "pi.org"],
    ["files.python", "hosted.org"],
    ["index.crates", ".io"],
    ["static.crates", ".io"],
    ["deb.deb", "ian.org"],
    ["proxy.gol", "ang.org"],
    ["repo1.mav", "en.org"],
    ["repo.mav", "en.apache.org"],
];

pub(super) fn check(workspace: &Workspace) -> Result<Findings> {
    let forbidden: Vec<String> = FORBIDDEN.iter().map(|halves| halves.concat()).collect();
    let mut findings = Vec::new();
    for file in workspace.files()? {
        // Pictures and the like hold no text.
        let Ok(text) = std::fs::read_to_string(workspace.path(&file)) else {
            continue;
        };
        for (index, line) in text.lines().enumerate() {
            for word in forbidden.iter().filter(|word| line.contains(*word)) {
                findings.push(format!("{file}:{}: {word}", index + 1));
            }
        }
    }
    Ok(findings)
}
