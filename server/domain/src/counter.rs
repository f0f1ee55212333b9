//! What is counted before anything is compared.

use koppel_protocol::Bytes;
use serde::{Deserialize, Serialize};

use crate::{MethodKind, Policy, Time, refusal::Refusal};

/// A bucket of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// What it counts.
    pub kind: CounterKind,
    /// How many.
    pub count: u32,
    /// Nothing is compared before then.
    pub blocked_until: Option<Time>,
}

/// What a bucket of an account counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CounterKind {
    /// Wrong typed codes of the app in a row, over all challenges and sessions; only a right code sets it back.
    CodeFailures,
    /// The same of recovery codes.
    RecoveryFailures,
    /// The same of the authenticator's codes.
    TotpFailures,
    /// Wrong passwords of an operator in a row.
    PasswordFailures,
    /// Somebody came with a right id and the wrong browser session.
    WrongBindings,
}

impl CounterKind {
    /// Where wrong typed codes of a method are counted: each has a bucket of its own, so that one that is full closes no other.
    pub const fn failures(of: MethodKind) -> Self {
        match of {
            MethodKind::App => Self::CodeFailures,
            MethodKind::Recovery => Self::RecoveryFailures,
            MethodKind::Totp => Self::TotpFailures,
        }
    }
}

impl Counter {
    /// An empty bucket.
    pub const fn new(kind: CounterKind) -> Self {
        Self { kind, count: 0, blocked_until: None }
    }

    /// Seconds to wait, if there are any.
    pub fn wait(&self, now: Time) -> Option<u32> {
        self.blocked_until.map(|until| now.until(until)).filter(|seconds| *seconds > 0)
    }
}

/// Where a stranger's tries are counted: an address, and an address with a typed name.
///
/// Both are reserved before anything is compared and given back when the try was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceTry {
    /// The IPv4 address or IPv6 /64, as text.
    pub source: String,
    /// Keyed hash of the canonical name that was typed; none: no name belongs to it (links).
    pub name: Option<Bytes<32>>,
}

/// A bucket of one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceCounter {
    /// The address.
    pub source: String,
    /// With this name; none: all names together.
    pub name: Option<Bytes<32>>,
    /// Reserved and not given back.
    pub count: u32,
    /// Begin of its window.
    pub since: Time,
}

impl SourceTry {
    /// The buckets a try draws from: the source by itself, then the source with this name.
    pub fn buckets(&self) -> impl Iterator<Item = Option<Bytes<32>>> {
        [None].into_iter().chain(self.name.map(Some))
    }

    /// How many a bucket holds, and for how long.
    fn bound(name: Option<Bytes<32>>, policy: &Policy) -> (u32, u32) {
        match name {
            None => (policy.source_tries_hour, 3600),
            Some(_) => (policy.koppelcode_tries_source, policy.koppelcode_lifetime),
        }
    }

    /// Takes one try from every bucket, or from none. `held` are the stored buckets, in the order of [`Self::buckets`].
    ///
    /// # Errors
    /// [`Refusal::TooManyTries`] when a bucket is full.
    pub fn reserve(
        &self,
        held: &[Option<SourceCounter>],
        policy: &Policy,
        now: Time,
    ) -> Result<Vec<SourceCounter>, Refusal> {
        let mut taken = Vec::with_capacity(2);
        for (position, name) in self.buckets().enumerate() {
            let (most, window) = Self::bound(name, policy);
            let empty = SourceCounter { source: self.source.clone(), name, count: 0, since: now };
            let stored = held.get(position).cloned().flatten();
            let mut bucket = stored.filter(|bucket| now < bucket.since.plus(window)).unwrap_or(empty);
            if bucket.count >= most {
                return Err(Refusal::TooManyTries { retry_after: now.until(bucket.since.plus(window)) });
            }
            bucket.count += 1;
            taken.push(bucket);
        }
        Ok(taken)
    }

    /// Gives a right try back.
    pub fn give_back(held: Vec<SourceCounter>) -> Vec<SourceCounter> {
        held.into_iter().map(|bucket| SourceCounter { count: bucket.count.saturating_sub(1), ..bucket }).collect()
    }
}
