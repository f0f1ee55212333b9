//! Structured logs without secrets.
//!
//! A log line names a request by route, never by path: page addresses carry tokens. Ids, slugs, times and sources are
//! logged; bodies, headers, names and codes never are. The log goes to standard error; standard output carries what a
//! command answers.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// Begins logging for the process. `KOPPEL_LOG` filters, `info` by default.
pub fn begin(format: Format) {
    let filter = EnvFilter::try_from_env("KOPPEL_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(FmtSpan::NONE)
        .with_target(false)
        .with_writer(std::io::stderr);
    let begun = match format {
        Format::Json => builder.json().flatten_event(true).try_init(),
        Format::Text => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
    };
    if begun.is_ok() {
        quiet_panics();
    }
}

/// A panic's message may hold what a caller sent; its place says enough.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a request or task failed inside; it was refused");
    }));
}

/// No core dumps, and no other process of this account may read this one's memory. What the system refuses is said.
pub fn keep_memory_private() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    let no_core = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = setrlimit(Resource::Core, no_core) {
        tracing::warn!(%error, "core dumps could not be switched off");
    }
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "the process could not be made undumpable");
    }
}
