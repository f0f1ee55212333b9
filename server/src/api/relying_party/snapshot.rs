//! A challenge as a panel with pages of its own sees it: never a verdict that opens a session.

use koppel_domain::{Challenge, DeliveryState, Loudness, MethodKind, Policy};
use koppel_protocol::Digits;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;

/// A challenge and its newest delivery.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Snapshot {
    /// The challenge.
    #[schema(example = "ch_gaytemzugu3doobzmfrggzdfmy")]
    id: String,
    /// `pending`, `approved`, `consumed`, `denied`, `fraud`, `failed`, `expired`, `superseded`, `cancelled`, `lapsed`.
    #[schema(example = "pending")]
    state: &'static str,
    /// Grows with every change: `after` of the long poll.
    pub(super) version: u64,
    /// By what the user can answer: `app`, `totp`. The user's first choice comes first.
    #[schema(example = json!(["app", "totp"]))]
    methods: Vec<&'static str>,
    /// The newest delivery.
    delivery: Option<DeliveryField>,
    /// Mode `number`, and only in the answer to the request that made the delivery: show it to the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "482913")]
    number: Option<String>,
    /// When the challenge ends, in seconds.
    #[schema(example = 1_795_000_600_u64)]
    expires_at: u64,
}

/// A delivery.
#[derive(Debug, Serialize, ToSchema)]
struct DeliveryField {
    /// 1, 2 …
    #[schema(example = 1)]
    seq: u32,
    /// By what: `app`, `totp`.
    #[schema(example = "app")]
    method: &'static str,
    /// How it is answered: `code` or `number`.
    #[schema(example = "code")]
    mode: &'static str,
    /// `queued`, `sent`, `arrived`, `shown`, `unreached`, `ready` (the user has it at hand), `ended`.
    #[schema(example = "shown")]
    state: &'static str,
    /// When it ends, in seconds.
    #[schema(example = 1_795_000_120_u64)]
    expires_at: u64,
    /// `quiet` when a budget silenced the alert: the phone shows it and does not ring.
    #[serde(skip_serializing_if = "Option::is_none")]
    alert: Option<&'static str>,
}

/// As snapshots name it.
pub(crate) fn delivery_state_name(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Queued => "queued",
        DeliveryState::Sent => "sent",
        DeliveryState::Arrived => "arrived",
        DeliveryState::Shown => "shown",
        DeliveryState::Unreached => "unreached",
        DeliveryState::Ready => "ready",
        DeliveryState::Ended => "ended",
    }
}

impl Snapshot {
    /// As it stands now. `methods` are the user's.
    pub(super) fn of(
        app: &App,
        challenge: &Challenge,
        policy: &Policy,
        number: Option<&Digits>,
        methods: impl IntoIterator<Item = MethodKind>,
    ) -> Snapshot {
        let now = app.now();
        let delivery = challenge.delivery().map(|delivery| {
            let state = if now >= delivery.expires {
                DeliveryState::Ended
            } else {
                app.sent.state(challenge.id, delivery, now)
            };
            DeliveryField {
                seq: delivery.seq,
                method: delivery.method.name(),
                mode: delivery.mode.name(),
                state: delivery_state_name(state),
                expires_at: delivery.expires.0,
                alert: (delivery.alert == Loudness::Quiet).then_some("quiet"),
            }
        });
        Snapshot {
            id: challenge.id.to_string(),
            state: challenge.state_at(now, app.epoch(), policy).name(),
            version: challenge.version,
            // Recovery codes open a hosted page and nothing else.
            methods: methods.into_iter().filter(|kind| *kind != MethodKind::Recovery).map(MethodKind::name).collect(),
            delivery,
            number: number.map(|number| number.expose().to_owned()),
            expires_at: challenge.expires.0,
        }
    }
}
