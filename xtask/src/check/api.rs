//! What changed for apps is said in the changelog. That `bindings/api` is what the sources offer is seen where those are written:
//! `cargo xtask bindings`, and the tests of Kotlin and Swift.

use anyhow::Result;

use super::Findings;
use crate::{bindings, workspace::Workspace};

pub(super) fn check(workspace: &Workspace) -> Result<Findings> {
    Ok(bindings::unsaid(workspace)?.into_iter().collect())
}
