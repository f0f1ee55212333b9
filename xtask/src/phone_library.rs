//! The library as apps load it: as small as it gets, for this machine.

use std::{fs, path::PathBuf, process::Command};

use anyhow::Result;

use crate::{process, workspace::Workspace};

/// The profile of what is inside apps.
pub(crate) const PROFILE: &str = "phone";

/// Builds the shared library, stripped, and says where it is.
///
/// Alone: beside a Rust library, which cargo builds too for whoever links it, cargo leaves link-time optimisation out.
pub(crate) fn build(workspace: &Workspace) -> Result<PathBuf> {
    let what = ["rustc", "--profile", PROFILE, "--package", "koppel-bindings", "--lib", "--crate-type", "cdylib"];
    process::run(&mut workspace.cargo(&what))?;
    let name = format!("{}koppel_ffi{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let built = workspace.programs(PROFILE).join(&name);
    // What a crash report needs stays in what was built.
    let stripped = workspace.programs(PROFILE).join("stripped").join(name);
    fs::create_dir_all(stripped.parent().unwrap_or(&stripped))?;
    process::run(Command::new("strip").arg("-o").arg(&stripped).arg(built))?;
    Ok(stripped)
}
