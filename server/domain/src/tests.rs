//! What verdicts promise, as sentences. Rows are those of `docs/threat-model.md`.

mod always;
