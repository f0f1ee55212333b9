//! What every machine may use while it handles one event: the time, the curve, dice, and fresh generations.

use koppel_protocol::{Crypto, Envelope};
use zeroize::Zeroizing;

use crate::{
    account_id::AccountId,
    clock::{Now, ServerClock},
    refused::Refused,
    toolbox::Toolbox,
};

/// Which order of a run; rises, never used twice.
pub(crate) type Generation = u64;

/// The moment an event is handled, for one account.
pub(crate) struct Moment<'a> {
    /// Now, by the phone's clocks.
    pub(crate) now: Now,
    /// What is known of the server's clock.
    pub(crate) clock: ServerClock,
    /// Whether the app is on screen.
    pub(crate) on_screen: bool,
    /// Whose event it is.
    pub(crate) account: AccountId,
    /// What the host lends.
    pub(crate) tools: &'a dyn Toolbox,
    /// The last generation that was given out.
    pub(crate) generations: &'a mut Generation,
}

impl Moment<'_> {
    /// The curve and the dice.
    pub(crate) fn crypto(&self) -> &dyn Crypto {
        self.tools.crypto()
    }

    /// Opens an envelope for this account.
    pub(crate) fn open(&self, envelope: &Envelope) -> Option<Zeroizing<String>> {
        self.tools.open(self.account, envelope)
    }

    /// The next generation.
    pub(crate) fn next_generation(&mut self) -> Generation {
        *self.generations += 1;
        *self.generations
    }

    /// `N` random bytes.
    pub(crate) fn roll<const N: usize>(&self) -> Result<[u8; N], Refused> {
        let mut bytes = [0; N];
        self.crypto().fill(&mut bytes).map_err(|_| Refused::NoRandomness)?;
        Ok(bytes)
    }

    /// A random number of milliseconds from 0 to `most`; for spreading, not for secrets.
    pub(crate) fn up_to(&self, most: u64) -> Result<u64, Refused> {
        let number = u64::from_be_bytes(self.roll()?);
        Ok(number % most.saturating_add(1))
    }

    /// The server's time in seconds, if this run learned it.
    pub(crate) fn learned_s(&self) -> Option<u64> {
        self.clock.learned_ms(self.now).map(seconds)
    }

    /// The server's time in seconds, as well as it can be guessed.
    pub(crate) fn guess_s(&self) -> u64 {
        seconds(self.clock.guess_ms(self.now))
    }
}

fn seconds(ms: i64) -> u64 {
    u64::try_from(ms / 1_000).unwrap_or(0)
}
