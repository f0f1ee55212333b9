//! The one test binary over the whole system: every test starts real processes and speaks real HTTP.

mod commits;
mod crashes;
mod memory;
mod oracle;
mod races;
mod replays;
mod scenarios;
