//! When a relying party begins to ask a second factor of users who have none, group by group, and how far each of them is.
//!
//! It decides over nobody who ever had a factor: whoever has one is asked for it, and whoever lost it is helped by support.

use std::collections::BTreeMap;

use koppel_protocol::Text;
use serde::{Deserialize, Serialize};

use crate::{Account, Terms, Time, User};

/// From when on users without a second factor must set one up to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Enforcement {
    /// Nobody is led to the set-up; whoever wants it finds it in the panel's settings.
    Off,
    /// Each login leads to the set-up, which may be put off.
    Optional,
    /// As optional until then; from then on nobody logs in without it.
    RequiredFrom(Time),
}

impl Default for Enforcement {
    fn default() -> Self {
        Self::REQUIRED
    }
}

impl Enforcement {
    /// Required, and always was.
    pub const REQUIRED: Self = Self::RequiredFrom(Time(0));

    /// Whether a user without a second factor may do without now.
    pub fn may_wait(self, now: Time) -> bool {
        match self {
            Self::Off | Self::Optional => true,
            Self::RequiredFrom(at) => now < at,
        }
    }

    /// The day from which nobody does without, if one was set.
    pub const fn required_from(self) -> Option<Time> {
        match self {
            Self::Off | Self::Optional | Self::REQUIRED => None,
            Self::RequiredFrom(at) => Some(at),
        }
    }
}

/// The rule for everyone, and for groups of users whose turn is another.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Rollout {
    /// Who is in none of the groups.
    pub everyone: Enforcement,
    /// By the panel's own word for a group, exactly.
    pub groups: BTreeMap<Text, Enforcement>,
}

impl Rollout {
    /// Required of everyone.
    pub const REQUIRED: Self = Self { everyone: Enforcement::REQUIRED, groups: BTreeMap::new() };

    /// The rule for this user.
    pub fn of(&self, user: &User) -> Enforcement {
        user.group.as_ref().and_then(|group| self.groups.get(group)).copied().unwrap_or(self.everyone)
    }
}

/// A set-up that was put off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Postponed {
    /// How often.
    pub times: u32,
    /// Since when.
    pub first: Time,
    /// The last time.
    pub last: Time,
}

/// How far a user is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// A second factor and as many backups as there must be.
    SetUp,
    /// A second factor; a backup is missing.
    BackupMissing,
    /// There was one and there is none: support helps.
    Lost,
    /// None yet, put off.
    PutOff,
    /// None yet.
    NotYet,
}

impl Standing {
    /// All of them, the farthest first.
    pub const ALL: [Self; 5] = [Self::SetUp, Self::BackupMissing, Self::Lost, Self::PutOff, Self::NotYet];

    /// As reports name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SetUp => "set_up",
            Self::BackupMissing => "backup_missing",
            Self::Lost => "lost",
            Self::PutOff => "put_off",
            Self::NotYet => "not_yet",
        }
    }
}

impl Account {
    /// Whether this user may log in by the password alone for now: there never was a second factor, and the rule waits.
    pub fn may_do_without(&self, terms: &Terms, now: Time) -> bool {
        !self.user.ever_enrolled && !self.is_protected(terms.methods) && terms.rollout.of(&self.user).may_wait(now)
    }

    /// How far this user is with a relying party. Needs devices and methods.
    pub fn standing(&self, terms: &Terms) -> Standing {
        let protected = self.is_protected(terms.methods);
        match () {
            () if protected && self.backups_missing(terms.methods) == 0 => Standing::SetUp,
            () if protected => Standing::BackupMissing,
            () if self.user.ever_enrolled => Standing::Lost,
            () if self.user.postponed.is_some() => Standing::PutOff,
            () => Standing::NotYet,
        }
    }
}
