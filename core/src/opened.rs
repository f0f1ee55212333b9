//! An envelope that was opened: whose it is, and what was inside. It says nothing of whether that is to be believed.

use std::fmt;

use zeroize::Zeroizing;

use crate::AccountId;

/// What [`Machine::open`](crate::Machine::open) found: handed in with [`Event::Received`](crate::Event::Received), and asked about with
/// [`Machine::live_challenge_in`](crate::Machine::live_challenge_in), so that the keys are tried once.
#[derive(Clone)]
pub struct Opened {
    pub(crate) account: AccountId,
    pub(crate) text: Zeroizing<String>,
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("account", &self.account).finish_non_exhaustive()
    }
}
