//! The live channel and the connection: what they want, and what their frames say.

use koppel_protocol::{
    live::{PhoneFrame, ServerFrame},
    phone_api,
};

use super::{Account, Stage, World};
use crate::{
    connection,
    effect::{Effect, FrameOut, LiveCall, News},
    event::{LiveEvent, Road},
    inbox,
    moment::Generation,
    refused::Refused,
    snapshot::ConnectionView,
    trouble::Trouble,
};

impl Account {
    /// Something happened on a channel.
    pub(crate) fn live(
        &mut self,
        order: Generation,
        event: LiveEvent,
        world: &mut World<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        self.active()?;
        match event {
            LiveEvent::Opened => self.connection_event(connection::Event::Opened { order }, world),
            LiveEvent::Heard => self.connection_event(connection::Event::Heard { order }, world),
            LiveEvent::Closed { retry_after } => {
                self.connection_event(connection::Event::Closed { order, retry_after_s: retry_after }, world)
            }
            LiveEvent::Frame(text) => {
                let frame = serde_json::from_str(&text).map_err(|_| Refused::Malformed)?;
                self.frame(order, frame, world)
            }
        }
    }

    fn frame(&mut self, order: Generation, frame: ServerFrame, world: &mut World<'_>) -> Result<Vec<Effect>, Refused> {
        if let ServerFrame::Hello { nonce } = frame {
            return self.connection_event(connection::Event::Hello { order, nonce }, world);
        }
        if let ServerFrame::Bye { reconnect_in, .. } = frame {
            return self.connection_event(connection::Event::Bye { order, reconnect_in_s: reconnect_in }, world);
        }
        if self.connection.up() != Some(order) {
            return Err(Refused::Late);
        }
        let mut effects = self.connection_event(connection::Event::Heard { order }, world)?;
        match frame {
            ServerFrame::Challenge { envelope, .. } | ServerFrame::Notice { envelope, .. } => {
                effects.extend(self.deliver(&envelope, Road::Live, world));
            }
            ServerFrame::Ended { cid, seq, state } => {
                effects.extend(self.ended(phone_api::Ended { cid, seq, state }, world).unwrap_or_default());
            }
            ServerFrame::Nonce { nonce, time } => {
                self.connection.keep_nonce(nonce, world.now);
                // When it left is not known: a frame is never waited for. It teaches nothing a sharper sample does not.
                let sent = world.now.monotonic_ms.saturating_sub(FRAME_MS);
                self.clock.learn(i64::try_from(time).unwrap_or(i64::MAX), sent, world.now);
            }
            // The activation of this pairing was taken before there was a channel; others are none of ours.
            ServerFrame::Activation { .. } | ServerFrame::Unknown => {}
            ServerFrame::Hello { .. } | ServerFrame::Bye { .. } => {}
        }
        Ok(effects)
    }

    /// Hands an event to the connection and runs what it wants.
    pub(super) fn connection_event(
        &mut self,
        event: connection::Event,
        world: &mut World<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        let mut moment = self.moment(world);
        let wanted = self.connection.handle(event, &mut moment)?;
        let mut effects = Vec::new();
        for effect in wanted {
            match effect {
                connection::Effect::Open { order } => effects.push(Effect::OpenLive(LiveCall {
                    order: self.order(order),
                    origin: self.origin.clone(),
                    tls_pin: self.tls_pin,
                    path: phone_api::LIVE,
                })),
                connection::Effect::Close { order } => effects.push(Effect::CloseLive(self.order(order))),
                connection::Effect::Prove { order, nonce } => {
                    let signing_input = self.proof_with(nonce, "GET", phone_api::LIVE, b"", world)?;
                    let frame = FrameOut::Proof { signing_input };
                    effects.push(Effect::SendFrame { order: self.order(order), frame });
                    // What the last poll brought while the channel opened: no other poll follows that would take its receipts along.
                    if matches!(&self.stage, Stage::Member(member) if member.inbox.receipts.wait()) {
                        effects.extend(self.tell_receipts(world));
                    }
                }
                connection::Effect::Poll { order } => effects.push(self.ask_inbox(Some(order), world)),
                connection::Effect::Changed { view, retry_in_ms } => {
                    effects.push(Effect::News(News::Connection { account: self.id, state: view, retry_in_ms }));
                    if view != ConnectionView::Offline {
                        effects.extend(self.nudge_decisions(world)?);
                    }
                }
            }
        }
        Ok(effects)
    }

    /// Hands an event to the inbox and runs what it wants.
    pub(super) fn inbox_event(&mut self, event: inbox::Event, world: &mut World<'_>) -> Result<Vec<Effect>, Refused> {
        let moment = self.moment(world);
        let (inbox, reader) = self.member_mut()?.parts();
        let wanted = inbox.handle(event, reader, &moment)?;
        let mut effects = Vec::new();
        for effect in wanted {
            match effect {
                inbox::Effect::Announce { cid } => {
                    effects.extend(self.challenge_view(cid, world).map(|view| Effect::News(News::Challenge(view))));
                }
                inbox::Effect::Ended { cid, seq, how } => {
                    effects.push(Effect::News(News::Ended(self.ended_view(cid, seq, how))));
                    effects.extend(self.moot(cid, seq, how, world)?);
                }
                inbox::Effect::Notice { nid } => {
                    effects.extend(self.notice_view(nid).map(|view| Effect::News(News::Notice(view))));
                }
                // The last thing a phone of a deleted account hears: from now on the server knows it no more.
                inbox::Effect::Unlinked => self.stop_if_revoked(Trouble::DeviceRevoked, &mut effects, world)?,
                inbox::Effect::Unlocked => {
                    if std::mem::take(&mut self.member_mut()?.locked) {
                        effects.push(self.account_news(world));
                    }
                }
                inbox::Effect::NeedIdentity => effects.extend(self.need_identity(world)),
                inbox::Effect::Nonce(nonce) => {
                    if self.connection.nonce(world.now).is_none() {
                        self.connection.keep_nonce(nonce, world.now);
                    }
                }
                inbox::Effect::Receipts => effects.extend(self.tell_receipts(world)),
            }
        }
        Ok(effects)
    }

    /// Receipts go by the channel, or ride with the next poll, or, in the background, by themselves.
    fn tell_receipts(&mut self, world: &mut World<'_>) -> Option<Effect> {
        // An account that is stopped tells nobody anything.
        self.active().ok()?;
        let Stage::Member(member) = &mut self.stage else { return None };
        if let Some(order) = self.connection.up() {
            let receipts = member.inbox.receipts.take();
            let text = serde_json::to_string(&PhoneFrame::Receipt { receipts }).ok()?;
            return Some(Effect::SendFrame { order: self.order(order), frame: FrameOut::Text(text) });
        }
        (!self.connection.is_on()).then(|| self.send_receipts(world))
    }
}

/// How long a frame of the server may have been on its way.
const FRAME_MS: u64 = 2_000;
