//! Ways in which a user proves themselves: the app, an authenticator, recovery codes. Voice joins as a further kind.

use serde::{Deserialize, Serialize};

use crate::{
    Time,
    authenticator::Authenticator,
    recovery::{self, RecoveryCodes},
};

/// One method of one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    /// Which.
    pub kind: MethodKind,
    /// Where it stands.
    pub state: MethodState,
    /// The one that is asked first. At most one of an account is.
    #[serde(default)]
    pub primary: bool,
    /// What its answers are checked with.
    #[serde(default)]
    pub material: Material,
    /// When it was last right.
    #[serde(default)]
    pub used_at: Option<Time>,
    /// When it was set up.
    pub created: Time,
}

/// What the answers of a method are checked with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Material {
    /// Nothing of its own: the app's phones are rows of their own.
    #[default]
    Phones,
    /// A seed that the person's authenticator has too.
    Authenticator(Authenticator),
    /// Hashes of codes that the person keeps.
    Recovery(RecoveryCodes),
}

/// Which way. In the order of their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodKind {
    /// A paired phone.
    App,
    /// A code from a list that was printed or saved.
    Recovery,
    /// An authenticator that shows a new code every 30 seconds (RFC 6238).
    Totp,
}

impl MethodKind {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::App, Self::Totp, Self::Recovery];

    /// As in columns, answers and audit entries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Recovery => "recovery",
            Self::Totp => "totp",
        }
    }
}

impl std::str::FromStr for MethodKind {
    type Err = NotAMethod;

    fn from_str(text: &str) -> Result<Self, NotAMethod> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(NotAMethod)
    }
}

/// The text names no method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a method is app, totp or recovery")]
pub struct NotAMethod;

/// Where a method stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodState {
    /// Set up; its first right answer is still to come.
    Unproven,
    /// Works.
    Active,
    /// Typed codes failed too often in a row. The app: only approvals count until a phone is paired again. Others: they count
    /// for nothing until they are set up anew.
    CodesDisabled,
}

impl Method {
    /// A method that nobody used yet.
    pub const fn new(kind: MethodKind, state: MethodState, material: Material, created: Time) -> Self {
        Self { kind, state, primary: false, material, used_at: None, created }
    }

    /// The authenticator in it, if it is one.
    pub const fn authenticator(&self) -> Option<&Authenticator> {
        match &self.material {
            Material::Authenticator(authenticator) => Some(authenticator),
            _ => None,
        }
    }

    /// The recovery codes in it, if it is those.
    pub const fn recovery(&self) -> Option<&RecoveryCodes> {
        match &self.material {
            Material::Recovery(codes) => Some(codes),
            _ => None,
        }
    }

    /// Whether what a person types can be right. Not for the app, whose phones decide that.
    pub fn takes_codes(&self) -> bool {
        let there = match &self.material {
            Material::Phones => false,
            Material::Authenticator(authenticator) => authenticator.seed.is_some(),
            Material::Recovery(codes) => codes.left() > 0,
        };
        there && self.state == MethodState::Active
    }

    /// Whether a person who lost everything else still comes in by it: a list of codes that is nearly used up does not count.
    pub fn is_a_backup(&self) -> bool {
        let enough = self.recovery().is_none_or(|codes| codes.left() > recovery::FEW);
        self.takes_codes() && enough
    }
}
