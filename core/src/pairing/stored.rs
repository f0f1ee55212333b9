//! The part of a pairing that survives a kill.

use koppel_protocol::Host;
use koppel_protocol::{
    Identity,
    id::DeviceId,
    jws::Unverified,
    pairing::{IntroductionText, PairingOffer, Transcript},
};
use serde::{Deserialize, Serialize};

use super::{
    Pairing,
    step::{Awaiting, Committed, Offered, Revealing, Step},
};
use crate::{approval::Keys, hidden::Hidden, retry::Retry};

/// From m1 on (of a login: from m2 on), what is needed to go on with the same bytes.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub(crate) enum Stored {
    /// m1 was or will be sent.
    Committed { host: Host, identity: Identity, introduction: IntroductionText, m1: Hidden },
    /// m2 was kept.
    Offered { host: Host, identity: Identity, introduction: IntroductionText, m2: Hidden },
    /// m3 was or will be sent.
    Revealing { host: Host, identity: Identity, keys: Keys, m2: PairingOffer, transcript: Transcript, m3: Hidden },
    /// The server has the device, pending.
    Awaiting {
        host: Host,
        identity: Identity,
        keys: Keys,
        m2: PairingOffer,
        transcript: Transcript,
        device: DeviceId,
        until: u64,
        tries_left: u32,
    },
}

impl Pairing {
    /// What must survive a kill; nothing while nothing is bound.
    pub(crate) fn stored(&self) -> Option<Stored> {
        let host = self.host.clone();
        let offered = |offered: &Offered| {
            let Offered { identity, introduction, m2, .. } = offered.clone();
            Stored::Offered { host: host.clone(), identity, introduction, m2 }
        };
        match &self.step {
            Step::Committed(committed) if committed.durable => {
                let Committed { identity, introduction, m1, .. } = committed.clone();
                Some(Stored::Committed { host, identity, introduction, m1 })
            }
            Step::Offered(step) => Some(offered(step)),
            Step::Proving(proving) => Some(offered(&proving.offered)),
            Step::Revealing(revealing) => {
                let Revealing { identity, keys, claims, transcript, m3, .. } = revealing.clone();
                Some(Stored::Revealing { host, identity, keys, m2: claims, transcript, m3 })
            }
            Step::Awaiting(awaiting) => {
                let Awaiting { identity, keys, claims, transcript, device, until, tries_left, .. } = awaiting.clone();
                Some(Stored::Awaiting { host, identity, keys, m2: claims, transcript, device, until, tries_left })
            }
            Step::Greeting { .. } | Step::MakingKeys { .. } | Step::Committed(_) | Step::Over => None,
        }
    }

    /// Takes up what an earlier run stored; none when it cannot be read.
    pub(crate) fn resume(stored: Stored) -> Option<Self> {
        let retry = Retry::default();
        let (host, step) = match stored {
            Stored::Committed { host, identity, introduction, m1 } => {
                let committed = Committed { identity, introduction, m1, durable: true, give_up_at: u64::MAX, retry };
                (host, Step::Committed(committed))
            }
            Stored::Offered { host, identity, introduction, m2 } => {
                // Its signature was verified before it was stored.
                let offer = Unverified::<PairingOffer>::parse(m2.expose()).ok()?;
                let transcript = Transcript::of(offer.signing_input(), &introduction);
                let claims = offer.unverified().clone();
                (host, Step::Offered(Offered { identity, introduction, m2, claims, transcript }))
            }
            Stored::Revealing { host, identity, keys, m2: claims, transcript, m3 } => {
                (host, Step::Revealing(Revealing { identity, keys, claims, transcript, m3, retry }))
            }
            Stored::Awaiting { host, identity, keys, m2: claims, transcript, device, until, tries_left } => {
                let identify = None;
                let awaiting =
                    Awaiting { identity, keys, claims, transcript, device, until, tries_left, identify, retry };
                (host, Step::Awaiting(awaiting))
            }
        };
        Some(Self { host, step })
    }
}
