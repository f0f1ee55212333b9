//! The one function that gives verdicts.
pub use crate::refusal::Refusal as _R;
use crate::{Account, Change, Command, Context, Refusal, Reply};

/// What a verdict answers and writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What the caller hears.
    pub reply: Result<Reply, Refusal>,
    /// What is written, whatever the caller hears.
    pub changes: Vec<Change>,
}

/// Decides.
pub fn decide(_account: &Account, _command: &Command, _context: &Context<'_>) -> Outcome {
    Outcome { reply: Err(Refusal::NotFound), changes: Vec::new() }
}
