//! What verdicts promise, as sentences. Rows are those of `docs/threat-model.md`.

mod always;
mod approvals;
mod codes;
mod contacts;
mod desk;
mod frauds;
mod logins;
mod methods;
mod pages;
mod pairings;
mod remembered;
mod rollouts;
mod stops;
