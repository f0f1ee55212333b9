//! People who help users: who they are, and what each may do.
//!
//! An operator is a user of a built-in organisation, [`Organisation::OPERATORS`](crate::Organisation::OPERATORS), so their own
//! second factor is judged like anybody's. What only they have stands here: a password, a role, and whose users they help.

use koppel_protocol::{Bytes, id::OrganisationId};
use serde::{Deserialize, Serialize};

use crate::{ExternalId, LoginName, Time};

/// Somebody at the desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// What audit entries call them; also the external id of their user.
    pub name: ExternalId,
    /// What they may do.
    pub role: Role,
    /// Whose users they help.
    pub organisations: Vec<OrganisationId>,
    /// None until they chose one.
    pub password: Option<PasswordHash>,
    /// The link with which they choose one, while it counts.
    pub welcome: Option<Welcome>,
    /// Since when they are none any more.
    pub removed_at: Option<Time>,
    /// When they were added.
    pub created: Time,
}

impl Operator {
    /// What an operator types to sign in: the name itself, which [`LoginName::of_operator`] turns into a login name.
    pub fn login_name(&self) -> Option<LoginName> {
        LoginName::of_operator(self.name.as_str())
    }

    /// Whether they are one now.
    pub const fn is_active(&self) -> bool {
        self.removed_at.is_none()
    }

    /// Whether they help the users of this organisation in this way.
    pub fn may(&self, act: DeskAct, organisation: OrganisationId) -> bool {
        self.is_active() && self.role.may(act) && self.organisations.contains(&organisation)
    }
}

/// A password, hashed with Argon2id (19 MiB, two passes; OWASP Password Storage).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash {
    /// Its own.
    pub salt: Bytes<16>,
    /// What comes out.
    pub hash: Bytes<32>,
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash")
    }
}

/// A one-time link.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// Keyed hash of its secret.
    pub hash: Bytes<32>,
    /// Until when it counts.
    pub until: Time,
}

impl std::fmt::Debug for Welcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Welcome until {}", self.until.0)
    }
}

/// What an operator may do. Each role may what the one before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Helps one caller at a time.
    Support,
    /// Also gives the second yes for protected users, reads and verifies what happened, and sees how far a roll-out is.
    Supervisor,
    /// Also changes the rules of their organisations' relying parties.
    Admin,
}

/// What is done at the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeskAct {
    /// Find a user and see why it does not work.
    Look,
    /// Hand out a koppelcode.
    Invite,
    /// Type the check number that the caller reads out.
    Confirm,
    /// Lift the lock of a fraud report.
    Unlock,
    /// Let codes be typed again.
    EnableTyping,
    /// Ask that everything a user proves themselves with goes; carry it out when its time has come; take it back.
    Reset,
    /// Say the second yes to a colleague's reset.
    ApproveReset,
    /// Read and verify a user's chain.
    ReadAudit,
    /// See how far a roll-out is.
    SeeProgress,
    /// Change the rules of a relying party.
    SetRules,
}

impl DeskAct {
    /// All.
    pub const ALL: [Self; 10] = [
        Self::Look,
        Self::Invite,
        Self::Confirm,
        Self::Unlock,
        Self::EnableTyping,
        Self::Reset,
        Self::ApproveReset,
        Self::ReadAudit,
        Self::SeeProgress,
        Self::SetRules,
    ];

    /// The least role that may.
    pub const fn needs(self) -> Role {
        match self {
            Self::Look | Self::Invite | Self::Confirm | Self::Unlock | Self::EnableTyping | Self::Reset => {
                Role::Support
            }
            Self::ApproveReset | Self::ReadAudit | Self::SeeProgress => Role::Supervisor,
            Self::SetRules => Role::Admin,
        }
    }
}

impl Role {
    /// All, the least first.
    pub const ALL: [Self; 3] = [Self::Support, Self::Supervisor, Self::Admin];

    /// As commands and columns write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Support => "support",
            Self::Supervisor => "supervisor",
            Self::Admin => "admin",
        }
    }

    /// Whether this role may do that.
    pub fn may(self, act: DeskAct) -> bool {
        self >= act.needs()
    }
}

impl std::str::FromStr for Role {
    type Err = NotARole;

    fn from_str(text: &str) -> Result<Self, NotARole> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or(NotARole)
    }
}

/// The text names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a role is support, supervisor or admin")]
pub struct NotARole;

#[cfg(test)]
mod tests {
    use super::*;

    /// threats row 8
    #[test]
    fn each_role_may_what_the_one_before_may_and_support_gives_no_second_yes() {
        for act in DeskAct::ALL {
            let may = Role::ALL.map(|role| role.may(act));
            assert!(may.is_sorted(), "{act:?}: {may:?}");
            assert!(Role::Admin.may(act), "{act:?}");
        }
        let only_above: Vec<_> = DeskAct::ALL.into_iter().filter(|act| !Role::Support.may(*act)).collect();
        let above = [DeskAct::ApproveReset, DeskAct::ReadAudit, DeskAct::SeeProgress, DeskAct::SetRules];
        assert_eq!(only_above, above);
        let only_admins: Vec<_> = DeskAct::ALL.into_iter().filter(|act| !Role::Supervisor.may(*act)).collect();
        assert_eq!(only_admins, [DeskAct::SetRules]);
    }

    #[test]
    fn an_operator_helps_the_users_of_their_own_organisations_until_removed() {
        let (own, other) = (OrganisationId::from_bytes([1; 16]), OrganisationId::from_bytes([2; 16]));
        let mut anna = Operator {
            name: "anna".parse().expect("a name"),
            role: Role::Support,
            organisations: vec![own],
            password: None,
            welcome: None,
            removed_at: None,
            created: Time(1),
        };
        assert!(anna.may(DeskAct::Look, own));
        assert!(!anna.may(DeskAct::Look, other));
        assert!(!anna.may(DeskAct::ApproveReset, own));
        anna.removed_at = Some(Time(2));
        assert!(!anna.may(DeskAct::Look, own));
    }
}
