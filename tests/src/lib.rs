//! The whole system under test: scenarios, races, crashes, vectors.
//!
//! This library holds what such tests share: a real server as a process ([`server_process`]), a panel that speaks the public
//! API ([`panel_api`]), a phone that speaks the protocol without a screen ([`soft_phone`]), and the library of the apps in a
//! process of its own ([`companion`]). The tests themselves are in
//! `tests/tests/`; the played story of `cargo xtask demo --check` and the benchmarks are programs in `src/bin/`.

pub mod bench;
pub mod companion;
pub mod panel_api;
pub mod scenarios;
pub mod server_process;
pub mod soft_phone;
pub mod story;

/// Makes ring the process's TLS implementation; may be called any number of times.
pub fn install_crypto() {
    // An error means that it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Seconds since 1970 by this machine's clock.
///
/// # Panics
/// When the clock stands before 1970.
#[must_use]
pub fn unix_seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock after 1970").as_secs()
}

/// The first seed and how many: `KOPPEL_SEED` replays one, `KOPPEL_SEEDS` says how many to run.
#[must_use]
pub fn seeds(default: u64) -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    match number("KOPPEL_SEED") {
        Some(one) => one..one + 1,
        None => 0..number("KOPPEL_SEEDS").unwrap_or(default),
    }
}
