//! The library as apps load it: as small as it gets, for this machine.

use std::path::PathBuf;

use anyhow::Result;

use crate::{process, workspace::Workspace};

/// The profile of what is inside apps.
pub(crate) const PROFILE: &str = "app";

/// Builds the shared library, stripped, and says where it is.
///
/// Alone: beside a Rust library, which cargo builds too for whoever links it, cargo leaves link-time optimisation out.
pub(crate) fn build(workspace: &Workspace) -> Result<PathBuf> {
    let what = ["rustc", "--profile", PROFILE, "--package", "koppel-bindings", "--lib", "--crate-type", "cdylib"];
    process::run(&mut workspace.cargo(&what))?;
    let name = format!("{}koppel_ffi{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    Ok(workspace.programs(PROFILE).join(name))
}
