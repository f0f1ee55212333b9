//! The figures of `cargo xtask bench`, each beside what the floor of this machine needs.
//!
//! [`floor`] drives `koppel-floor`, [`logins`] the server with phones in this process, [`crowd`] pairs ten thousand phones
//! and lets them be idle, [`authenticators`] checks codes and shows pages, [`companion`] weighs and times the library of the apps, [`process`] reads what the system knows of a process. Nothing here is a test: no figure is asserted.

pub mod authenticators;
pub mod companion;
pub mod crowd;
pub mod floor;
pub mod logins;
pub mod process;

use anyhow::Result;
use serde_json::{Value, json};

/// One figure, its goal, and what it is held against.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What was measured.
    pub name: &'static str,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: &'static str,
    /// The same of the floor, where there is such a thing.
    pub reference: Option<f64>,
    /// What is asked.
    pub goal: Option<Goal>,
}

/// What is asked of a figure.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// The value at most this.
    AtMost(f64),
    /// The value at least this.
    AtLeast(f64),
    /// At most so many times the reference.
    TimesReference(f64),
    /// At least this part of the reference.
    PartOfReference(f64),
}

impl Figure {
    fn ratio(&self) -> Option<f64> {
        self.reference.map(|reference| self.value / reference)
    }

    fn met(&self) -> Option<bool> {
        Some(match (self.goal?, self.ratio()) {
            (Goal::AtMost(most), _) => self.value <= most,
            (Goal::AtLeast(least), _) => self.value >= least,
            (Goal::TimesReference(most), Some(ratio)) => ratio <= most,
            (Goal::PartOfReference(least), Some(ratio)) => ratio >= least,
            (_, None) => false,
        })
    }

    fn goal(&self) -> String {
        match self.goal {
            None => String::new(),
            Some(Goal::AtMost(most)) => format!("≤ {most} {}", self.unit),
            Some(Goal::AtLeast(least)) => format!("≥ {least} {}", self.unit),
            Some(Goal::TimesReference(most)) => format!("≤ {most} × floor"),
            Some(Goal::PartOfReference(least)) => format!("≥ {least} × floor"),
        }
    }

    /// As `bench --json` prints it.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "name": self.name, "value": self.value, "unit": self.unit, "reference": self.reference,
            "ratio": self.ratio(), "goal": self.goal(), "met": self.met(),
        })
    }

    /// As a line for a person.
    #[must_use]
    pub fn line(&self) -> String {
        let reference = match (self.reference, self.ratio()) {
            (Some(reference), Some(ratio)) => format!("floor {reference:.3}, {ratio:.2} ×"),
            _ => String::new(),
        };
        let met = match self.met() {
            None => "",
            Some(true) => "met",
            Some(false) => "MISSED",
        };
        let value = format!("{:.3} {}", self.value, self.unit);
        format!("{:<46} {value:>16}  {reference:<24} {:<14} {met}", self.name, self.goal())
    }
}

/// How much of everything is measured.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Logins one after the other.
    pub alone: usize,
    /// Logins of each of 32 users at the same time.
    pub together: usize,
    /// Phones that are idle.
    pub idle: usize,
}

/// Logins at the same time.
pub const TOGETHER: usize = 32;

/// Measures everything; progress goes to stderr.
///
/// # Errors
/// When a program is missing or refuses.
pub async fn measure(size: Size) -> Result<Vec<Figure>> {
    eprintln!("companion");
    let companion = companion::measure().await?;
    eprintln!("floor");
    let floor = floor::measure(size).await?;
    eprintln!("logins");
    let logins = logins::measure(size).await?;
    eprintln!("authenticators");
    let codes = authenticators::measure(size).await?;
    eprintln!("{} idle phones", size.idle);
    let crowd = crowd::measure(size.idle).await?;
    Ok(vec![
        figure("bare fsync", floor.fsync_us / 1000.0, "ms", None, None),
        figure("one durable commit of the floor", floor.commit_us / 1000.0, "ms", None, None),
        figure(
            "login by push, phone included, p50 at c=1",
            logins.alone.p50_ms,
            "ms",
            Some(floor.alone.p50_ms),
            Some(Goal::TimesReference(2.5)),
        ),
        figure(
            "logins a second at c=32",
            logins.together.per_second,
            "1/s",
            Some(floor.together.per_second),
            Some(Goal::PartOfReference(0.5)),
        ),
        figure(
            "server CPU a login",
            logins.together.cpu_ms,
            "ms",
            Some(floor.together.cpu_ms),
            Some(Goal::AtMost(0.6)),
        ),
        figure(
            "authenticator checks a second at c=32",
            codes.checks.per_second,
            "1/s",
            None,
            Some(Goal::AtLeast(5000.0)),
        ),
        figure("server CPU a check", codes.checks.cpu_ms, "ms", None, None),
        figure(
            "the page of a login, beside its call",
            codes.page.p50_ms,
            "ms",
            Some(codes.call.p50_ms),
            Some(Goal::TimesReference(2.0)),
        ),
        figure("server memory an idle phone", crowd.kib_a_phone, "KiB", None, Some(Goal::AtMost(5.0))),
        figure("start to the first 200", crowd.start_ms, "ms", None, Some(Goal::AtMost(100.0))),
        figure("server memory after the start", crowd.start_mib, "MiB", None, Some(Goal::AtMost(20.0))),
        figure("library in an app, x86-64, stripped", companion.library_mb, "MB", None, Some(Goal::AtMost(3.0))),
        figure(
            "a method through the Kotlin binding",
            companion.kotlin_us,
            "µs",
            Some(companion.empty_us),
            Some(Goal::TimesReference(1.5)),
        ),
        figure("opening a client with 20 accounts", companion.open_ms, "ms", None, Some(Goal::AtMost(15.0))),
        figure("an envelope to the state", companion.receive_ms, "ms", None, Some(Goal::AtMost(5.0))),
        figure("the same for the last of 20 accounts", companion.receive_last_ms, "ms", None, None),
        figure("preview of a push, first of a process", companion.preview_ms, "ms", None, Some(Goal::AtMost(10.0))),
        figure("memory of that preview", companion.preview_mib, "MiB", None, Some(Goal::AtMost(4.0))),
    ])
}

fn figure(name: &'static str, value: f64, unit: &'static str, reference: Option<f64>, goal: Option<Goal>) -> Figure {
    Figure { name, value, unit, reference, goal }
}

/// What a number of logins took.
#[derive(Clone, Copy, Debug)]
pub struct Took {
    /// The median of one.
    pub p50_ms: f64,
    /// All of them.
    pub per_second: f64,
    /// Processor time of the server for one.
    pub cpu_ms: f64,
}

impl Took {
    /// From the time of each, of all, and the server's processor time.
    #[must_use]
    pub fn of(mut each: Vec<f64>, all: std::time::Duration, cpu: std::time::Duration) -> Self {
        each.sort_by(f64::total_cmp);
        #[expect(clippy::cast_precision_loss, reason = "some thousand logins")]
        let count = each.len() as f64;
        Self {
            p50_ms: each.get(each.len() / 2).copied().unwrap_or_default(),
            per_second: count / all.as_secs_f64(),
            cpu_ms: cpu.as_secs_f64() * 1000.0 / count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Goal, figure};

    #[test]
    fn a_goal_is_held_against_the_value_or_the_floor() {
        let met = |value, reference, goal| figure("", value, "", reference, Some(goal)).met();
        assert_eq!(met(0.5, None, Goal::AtMost(0.6)), Some(true));
        assert_eq!(met(4999.0, None, Goal::AtLeast(5000.0)), Some(false));
        assert_eq!(met(2.6, Some(1.0), Goal::TimesReference(2.5)), Some(false));
        assert_eq!(met(500.0, Some(1000.0), Goal::PartOfReference(0.5)), Some(true));
        assert_eq!(figure("", 1.0, "", None, None).met(), None);
    }
}
