//! What the system knows of a process: processor time and memory (`/proc`, Linux).

use std::{fs, time::Duration};

use anyhow::{Context as _, Result};

/// Clock ticks a second in `/proc/<pid>/stat`: always 100 on Linux, whatever the kernel's own clock (`man 5 proc`, USER_HZ).
const TICKS: u64 = 100;

/// Processor time that a process took so far, of its user and of the system for it.
///
/// # Errors
/// Where there is no such process or no `/proc`.
pub fn cpu(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("bench needs Linux's /proc")?;
    // The second field is the program's name in brackets, which may hold anything.
    let (_, after_name) = stat.rsplit_once(')').context("/proc/pid/stat")?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok());
    let (user, system) = ticks(11).zip(ticks(12)).context("/proc/pid/stat")?;
    Ok(Duration::from_millis((user + system) * 1000 / TICKS))
}

/// Memory of a process that is in RAM, in KiB.
///
/// # Errors
/// Where there is no such process or no `/proc`.
pub fn memory_kib(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).context("bench needs Linux's /proc")?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|value| value.trim().trim_end_matches(" kB").parse().ok())
        .context("VmRSS")
}
