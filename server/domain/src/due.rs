//! When a sweeper should look at a row again. No verdict waits for that: every verdict looks at the time itself.

use koppel_protocol::phone_api::DeviceState;

use crate::{Challenge, ChallengeState, Device, Invitation, Notice, Pairing, Prompt, Time, policy::Policy};

const DAY: u32 = 86_400;
const MONTH: u32 = 30 * DAY;

/// A row that time ends or removes.
pub trait Due {
    /// When [`Command::Settle`](crate::Command::Settle) does something about it; none: time alone changes nothing here.
    fn due(&self) -> Option<Time>;
}

impl Due for Challenge {
    fn due(&self) -> Option<Time> {
        match self.state {
            ChallengeState::Pending => Some(self.expires),
            // The longest an approval may live under any policy.
            ChallengeState::Approved => self.approved_at.map(|at| at.plus(most("approved_lifetime"))),
            _ => None,
        }
    }
}

impl Due for Prompt {
    fn due(&self) -> Option<Time> {
        (!self.state.is_final()).then_some(self.expires)
    }
}

impl Due for Pairing {
    fn due(&self) -> Option<Time> {
        Some(if self.state.is_final() { self.until.plus(DAY) } else { self.until })
    }
}

impl Due for Invitation {
    fn due(&self) -> Option<Time> {
        Some(self.until().plus(DAY))
    }
}

impl Due for Notice {
    fn due(&self) -> Option<Time> {
        Some(self.at.plus(MONTH))
    }
}

impl Due for Device {
    fn due(&self) -> Option<Time> {
        match self.state {
            DeviceState::Active if self.proven_at.is_none() => {
                self.activated_at.map(|at| at.plus(most("activation_answer")))
            }
            DeviceState::Revoked => {
                self.revoked_at.map(|at| at.plus(if self.activated_at.is_some() { MONTH } else { DAY }))
            }
            _ => None,
        }
    }
}

fn most(name: &str) -> u32 {
    Policy::SETTINGS.iter().find(|setting| setting.name == name).map_or(0, |setting| setting.most)
}
