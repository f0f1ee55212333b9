//! How a pairing is shown, and what others may know of it.

use koppel_protocol::{Identity, ServerId, Text, id::DeviceId};

use super::{Pairing, Step};
use crate::snapshot::AccountStatus;

impl Pairing {
    /// How it is shown.
    pub(crate) fn status(&self) -> AccountStatus {
        match &self.step {
            Step::Offered(_) => AccountStatus::Offered,
            Step::Awaiting(awaiting) => AccountStatus::AwaitingConfirmation {
                check_number: awaiting.check_number(),
                until: awaiting.until,
                tries_left: awaiting.tries_left,
            },
            _ => AccountStatus::Pairing,
        }
    }

    /// Organisation, user and server, once m2 said them.
    pub(crate) fn offered(&self) -> Option<(&Text, &Text, &Identity)> {
        let (claims, identity) = match &self.step {
            Step::Offered(offered) => (&offered.claims, &offered.identity),
            Step::Proving(proving) => (&proving.offered.claims, &proving.offered.identity),
            Step::Revealing(revealing) => (&revealing.claims, &revealing.identity),
            Step::Awaiting(awaiting) => (&awaiting.claims, &awaiting.identity),
            Step::Greeting { .. } | Step::MakingKeys { .. } | Step::Committed(_) | Step::Over => return None,
        };
        Some((&claims.organisation, &claims.account, identity))
    }

    /// Server and device, once the server has the device.
    pub(crate) fn device(&self) -> Option<(ServerId, DeviceId)> {
        match &self.step {
            Step::Awaiting(awaiting) => Some((awaiting.identity.server_id, awaiting.device)),
            _ => None,
        }
    }

    /// Whether it will be able to approve.
    pub(crate) fn can_approve(&self) -> bool {
        match &self.step {
            Step::Greeting { plan, .. } | Step::MakingKeys { plan, .. } => plan.approvals,
            Step::Revealing(revealing) => revealing.keys.approve.is_some(),
            Step::Awaiting(awaiting) => awaiting.keys.approve.is_some(),
            Step::Committed(committed) => committed.can_approve(),
            Step::Offered(offered) => offered.can_approve(),
            Step::Proving(proving) => proving.offered.can_approve(),
            Step::Over => false,
        }
    }
}
