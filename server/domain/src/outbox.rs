//! What is brought to others after it happened: to a panel's webhook, by mail. It is tried until it is taken or three days old.

use serde::{Deserialize, Serialize};

use koppel_protocol::{Bytes, id::RelyingPartyId};

use crate::Time;

/// Whoever brings a parcel away has so long for it; then others may.
const LEASE: u32 = 60;
/// What is older is not brought any more.
pub const PATIENCE: u32 = 3 * 86_400;
/// What somebody asked for once more is tried so long.
const AGAIN: u32 = 86_400;
/// How long a parcel is remembered after what it tells of happened.
pub const KEPT: u32 = 7 * 86_400;
/// Seconds after each try that failed; after the last of these always so long.
const WAITS: [u32; 8] = [10, 30, 120, 600, 3_600, 4 * 3_600, 12 * 3_600, 86_400];

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subscriber {
    /// The panel, at its webhook.
    Webhook(RelyingPartyId),
    /// Users, at their mail addresses.
    Mail,
}

impl Subscriber {
    /// As the store names it.
    pub fn name(&self) -> String {
        match self {
            Self::Webhook(id) => id.to_string(),
            Self::Mail => "mail".to_owned(),
        }
    }
}

/// One event on its way to one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// Who is told.
    pub subscriber: Subscriber,
    /// Which audit entry, by its place in the whole trail.
    pub mark: u64,
    /// Which of several addresses: 0, 1 …
    pub part: u8,
    /// Keyed hash of the address, where there are several: it is looked up when it is written to.
    pub address: Option<Bytes<32>>,
    /// When it happened.
    pub happened: Time,
    /// When somebody asked for it once more.
    pub asked: Option<Time>,
    /// When it is tried next; none: it is over.
    pub due: Option<Time>,
    /// Every try, the oldest first.
    pub tries: Vec<Try>,
}

/// One try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// When.
    pub at: Time,
    /// How long it took, in milliseconds.
    pub took: u32,
    /// How it ended.
    pub end: End,
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Somebody has it now.
    Taken(String),
    /// Not now.
    Failed(String),
    /// Never: trying again would give the same.
    Hopeless(String),
}

impl End {
    /// What the other side, or we, said about it.
    pub fn says(&self) -> &str {
        match self {
            Self::Taken(said) | Self::Failed(said) | Self::Hopeless(said) => said,
        }
    }
}

impl Parcel {
    /// One that is due now.
    pub const fn new(subscriber: Subscriber, mark: u64, happened: Time, now: Time) -> Self {
        Self { subscriber, mark, part: 0, address: None, happened, asked: None, due: Some(now), tries: Vec::new() }
    }

    /// One of several, for this address.
    #[must_use]
    pub fn to(self, part: u8, address: Bytes<32>) -> Self {
        Self { part, address: Some(address), ..self }
    }

    /// Somebody brings it away; nobody else does for a minute.
    pub const fn claim(&mut self, now: Time) {
        self.due = Some(now.plus(LEASE));
    }

    /// It was tried. What failed is due again, later each time, until it is too old.
    pub fn tried(&mut self, at: Time, took: u32, end: End) {
        self.due = match end {
            End::Taken(_) | End::Hopeless(_) => None,
            End::Failed(_) => {
                let wait = WAITS.get(self.tries.len()).or(WAITS.last()).copied().unwrap_or(PATIENCE);
                let next = at.plus(wait);
                (next <= self.until()).then_some(next)
            }
        };
        self.tries.push(Try { at, took, end });
    }

    /// Whether somebody has it.
    pub fn is_taken(&self) -> bool {
        matches!(self.tries.last(), Some(Try { end: End::Taken(_), .. }))
    }

    /// Somebody asked for it once more: it is due now, for a day, however old it is.
    #[must_use]
    pub fn again(self, now: Time) -> Self {
        Self { due: Some(now), asked: Some(now), ..self }
    }

    /// Until when it is tried.
    const fn until(&self) -> Time {
        match self.asked {
            Some(asked) => asked.plus(AGAIN),
            None => self.happened.plus(PATIENCE),
        }
    }

    /// Whether it is too old to be news.
    pub fn is_stale(&self, now: Time) -> bool {
        now > self.until()
    }

    /// Whether it never arrived and never will.
    pub fn is_lost(&self) -> bool {
        self.due.is_none() && !self.is_taken()
    }

    /// `waiting`, `taken` or `lost`.
    pub fn state(&self) -> &'static str {
        match self.due {
            Some(_) => "waiting",
            None if self.is_taken() => "taken",
            None => "lost",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed() -> End {
        End::Failed("503".to_owned())
    }

    #[test]
    fn what_is_not_taken_is_tried_for_three_days_and_then_no_more() {
        let mut parcel = Parcel::new(Subscriber::Mail, 1, Time(1_000), Time(1_000));
        let mut waits = Vec::new();
        while let Some(due) = parcel.due {
            parcel.tried(due, 5, failed());
            waits.extend(parcel.due.map(|next| due.until(next)));
        }
        assert_eq!(waits[..4], [10, 30, 120, 600]);
        assert!(waits.iter().all(|wait| (10..=86_400).contains(wait)));
        assert!((9..=12).contains(&parcel.tries.len()), "{}", parcel.tries.len());
        assert!(parcel.is_lost());
        let span = parcel.happened.until(parcel.tries.last().expect("tried").at);
        assert!(span <= PATIENCE && span > PATIENCE - 86_400, "{span}");
    }

    #[test]
    fn what_is_taken_or_hopeless_is_not_tried_again() {
        for (end, state) in
            [(End::Taken("200".to_owned()), "taken"), (End::Hopeless("no such mailbox".to_owned()), "lost")]
        {
            let mut parcel = Parcel::new(Subscriber::Mail, 1, Time(1), Time(1));
            parcel.tried(Time(2), 5, failed());
            parcel.tried(Time(12), 5, end);
            assert_eq!((parcel.due, parcel.state()), (None, state));
        }
    }
}
