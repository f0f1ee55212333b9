//! One account's connection: a live channel while the app is on screen, asking again and again while there is none.
//!
//! ```text
//!            Foreground                 Opened                  hello                 silence, closed, bye
//!   Off ───────────────────▶ Opening ───────────▶ Greeting ───────────────▶ Up ────────────────────────▶ Waiting
//!    ▲                          │                    │      (proof is sent)                                 │
//!    └── Background, from all   └────────────────────┴──────────── closed, too slow ───────────────────────▶│
//!                               ▲──────────────────────────── after a back-off with full jitter ────────────┘
//! ```
//!
//! The poll runs beside it, on its own clock, until the channel is up. Every order to open carries a generation; what
//! an older channel still says is refused.

#[cfg(test)]
mod table;

use koppel_protocol::nonce::Nonce;

use crate::{
    clock::Now,
    moment::{Generation, Moment},
    refused::Refused,
    snapshot::ConnectionView,
};

/// The least time between two polls (RFC 8628 asks for a pause; ours is 2 s).
pub(crate) const POLL_EVERY_MS: u64 = 2_000;
/// The longest back-off, of channel and poll alike.
pub(crate) const LONGEST_WAIT_MS: u64 = 30_000;
/// A channel that is not up by then is given up.
pub(crate) const OPENING_MS: u64 = 15_000;
/// The server sends a ping every 55 s and a nonce every 120 s at most: after this much silence it is gone.
pub(crate) const SILENCE_MS: u64 = 130_000;
/// A nonce lives 300 s on the server; ours is not used in its last minute.
const NONCE_MS: u64 = 240_000;
/// A channel that held this long forgives the failures before it.
const STEADY_MS: u64 = 10_000;

/// What the connection is told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    Foreground,
    Background,
    NetworkChanged,
    Refresh,
    Tick,
    Opened { order: Generation },
    Hello { order: Generation, nonce: Nonce },
    Heard { order: Generation },
    Bye { order: Generation, reconnect_in_s: u64 },
    Closed { order: Generation, retry_after_s: Option<u64> },
    Polled { order: Generation },
    PollFailed { order: Generation, retry_after_s: Option<u64> },
}

/// What the connection wants.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    Open { order: Generation },
    Prove { order: Generation, nonce: Nonce },
    Close { order: Generation },
    Poll { order: Generation },
    Changed { view: ConnectionView, retry_in_ms: Option<u64> },
}

/// The live channel's part.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) enum Live {
    /// In the background.
    #[default]
    Off,
    /// Until the next attempt.
    Waiting { until: u64 },
    /// The socket is being opened.
    Opening { order: Generation, since: u64 },
    /// The socket stands; its hello is due.
    Greeting { order: Generation, since: u64 },
    /// The proof is sent.
    Up { order: Generation, since: u64, heard: u64 },
}

/// The poll's part.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) enum Poll {
    /// In the background, or the channel is up.
    #[default]
    Off,
    /// Next at.
    Due { at: u64 },
    /// Asked.
    Asked { order: Generation },
}

/// The connection of one account. Nothing of it survives a restart.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Connection {
    live: Live,
    live_failures: u32,
    poll: Poll,
    poll_failures: u32,
    polled: bool,
    /// Neither hurry nor a new start goes before these: the server asked for it, or two seconds are not over.
    open_not_before: u64,
    poll_not_before: u64,
    view: ConnectionView,
    nonce: Option<(Nonce, u64)>,
}

impl Connection {
    /// Takes an event.
    pub(crate) fn handle(&mut self, event: Event, moment: &mut Moment<'_>) -> Result<Vec<Effect>, Refused> {
        let mut effects = Vec::new();
        match (event, &self.live) {
            (Event::Foreground, Live::Off) => {
                self.live = Live::Waiting { until: self.open_not_before };
                self.poll = Poll::Due { at: self.poll_not_before };
                self.tick(moment, &mut effects)?;
            }
            (Event::NetworkChanged | Event::Refresh, Live::Off) | (Event::Foreground, _) => {}
            (Event::Background, _) => {
                if let Some(order) = self.channel() {
                    effects.push(Effect::Close { order });
                }
                let Self { open_not_before, poll_not_before, view, nonce, .. } = *self;
                *self = Self { open_not_before, poll_not_before, view, nonce, ..Self::default() };
            }
            (Event::NetworkChanged | Event::Refresh, live) => {
                // A channel that is up may be a dead one on the old network: the poll will tell, the silence too.
                if matches!(live, Live::Waiting { .. }) {
                    self.live_failures = 0;
                    self.live = Live::Waiting { until: self.open_not_before };
                }
                if !matches!(self.poll, Poll::Asked { .. }) {
                    self.poll_failures = 0;
                    self.poll = Poll::Due { at: self.poll_not_before };
                }
                self.tick(moment, &mut effects)?;
            }
            (Event::Tick, _) => self.tick(moment, &mut effects)?,
            (Event::Opened { order }, Live::Opening { order: open, since }) if order == *open => {
                self.live = Live::Greeting { order, since: *since };
            }
            (Event::Hello { order, nonce }, Live::Opening { order: open, .. } | Live::Greeting { order: open, .. })
                if order == *open =>
            {
                let now = moment.now.monotonic_ms;
                self.live = Live::Up { order, since: now, heard: now };
                self.poll = Poll::Off;
                self.poll_failures = 0;
                effects.push(Effect::Prove { order, nonce });
            }
            (Event::Heard { order }, Live::Up { order: open, since, .. }) if order == *open => {
                self.live = Live::Up { order, since: *since, heard: moment.now.monotonic_ms };
            }
            (Event::Heard { order }, Live::Opening { order: open, .. } | Live::Greeting { order: open, .. })
                if order == *open => {}
            (Event::Bye { order, reconnect_in_s }, Live::Greeting { .. } | Live::Up { .. })
                if Some(order) == self.channel() =>
            {
                effects.push(Effect::Close { order });
                // The server spreads its phones; one more second of ours keeps two apps apart.
                let wait = asked_for(Some(reconnect_in_s));
                self.open_not_before = moment.now.after(wait);
                let jitter = moment.up_to(1_000)?;
                self.wait(moment.now, wait + jitter);
            }
            (Event::Closed { order, retry_after_s }, _) if Some(order) == self.channel() => {
                self.fell(retry_after_s, moment)?;
            }
            (Event::Polled { order }, _) if self.asked() == Some(order) => {
                self.poll_failures = 0;
                self.polled = true;
                self.poll_not_before = moment.now.after(POLL_EVERY_MS);
                self.rest(POLL_EVERY_MS, moment.now);
            }
            (Event::PollFailed { order, retry_after_s }, _) if self.asked() == Some(order) => {
                self.poll_failures = self.poll_failures.saturating_add(1);
                self.polled = false;
                let least = asked_for(retry_after_s).max(POLL_EVERY_MS);
                self.poll_not_before = moment.now.after(least);
                let wait = backed_off(POLL_EVERY_MS, self.poll_failures, moment)?;
                self.rest(wait.max(least), moment.now);
            }
            _ => return Err(Refused::Late),
        }
        self.tell(moment.now, &mut effects);
        Ok(effects)
    }

    /// When a [`Event::Tick`] is due.
    pub(crate) fn next_wake(&self) -> Option<u64> {
        let live = match &self.live {
            Live::Off => None,
            Live::Waiting { until } => Some(*until),
            Live::Opening { since, .. } | Live::Greeting { since, .. } => Some(since + OPENING_MS),
            Live::Up { heard, .. } => Some(heard + SILENCE_MS),
        };
        let poll = match &self.poll {
            Poll::Due { at } => Some(*at),
            Poll::Off | Poll::Asked { .. } => None,
        };
        live.into_iter().chain(poll).min()
    }

    /// The channel that frames may be sent on.
    pub(crate) fn up(&self) -> Option<Generation> {
        match self.live {
            Live::Up { order, .. } => Some(order),
            _ => None,
        }
    }

    /// Whether the app is on screen, as far as the connection knows.
    pub(crate) fn is_on(&self) -> bool {
        self.live != Live::Off
    }

    /// How it is shown.
    pub(crate) fn view(&self) -> ConnectionView {
        self.view
    }

    /// The newest nonce, while it is fresh.
    pub(crate) fn nonce(&self, now: Now) -> Option<Nonce> {
        self.nonce.as_ref().filter(|(_, since)| now.monotonic_ms < since + NONCE_MS).map(|(nonce, _)| *nonce)
    }

    /// Keeps a nonce that an answer, a frame or a challenge carried.
    pub(crate) fn keep_nonce(&mut self, nonce: Nonce, now: Now) {
        self.nonce = Some((nonce, now.monotonic_ms));
    }

    /// Drops the nonce: the server did not take it.
    pub(crate) fn drop_nonce(&mut self) {
        self.nonce = None;
    }

    fn tick(&mut self, moment: &mut Moment<'_>, effects: &mut Vec<Effect>) -> Result<(), Refused> {
        let now = moment.now;
        match self.live {
            Live::Waiting { until } if now.is_past(until) => self.open(moment, effects),
            Live::Opening { order, since } | Live::Greeting { order, since } if now.is_past(since + OPENING_MS) => {
                effects.push(Effect::Close { order });
                self.fell(None, moment)?;
            }
            Live::Up { order, heard, .. } if now.is_past(heard + SILENCE_MS) => {
                effects.push(Effect::Close { order });
                self.fell(None, moment)?;
            }
            _ => {}
        }
        if matches!(self.poll, Poll::Due { at } if now.is_past(at)) {
            self.ask(moment, effects);
        }
        Ok(())
    }

    fn open(&mut self, moment: &mut Moment<'_>, effects: &mut Vec<Effect>) {
        let order = moment.next_generation();
        self.live = Live::Opening { order, since: moment.now.monotonic_ms };
        effects.push(Effect::Open { order });
    }

    fn ask(&mut self, moment: &mut Moment<'_>, effects: &mut Vec<Effect>) {
        let order = moment.next_generation();
        self.poll = Poll::Asked { order };
        effects.push(Effect::Poll { order });
    }

    fn fell(&mut self, retry_after_s: Option<u64>, moment: &mut Moment<'_>) -> Result<(), Refused> {
        if matches!(self.live, Live::Up { since, .. } if moment.now.is_past(since + STEADY_MS)) {
            self.live_failures = 0;
        }
        self.live_failures = self.live_failures.saturating_add(1);
        let (wait, least) = (backed_off(1_000, self.live_failures, moment)?, asked_for(retry_after_s));
        self.open_not_before = moment.now.after(least);
        self.wait(moment.now, wait.max(least));
        Ok(())
    }

    fn wait(&mut self, now: Now, ms: u64) {
        self.live = Live::Waiting { until: now.after(ms) };
        if self.poll == Poll::Off {
            self.poll = Poll::Due { at: self.poll_not_before };
        }
    }

    fn rest(&mut self, ms: u64, now: Now) {
        self.poll = match self.live {
            // With the channel up there is nothing to poll for, unless one was asked for by hand, and that was it.
            Live::Off | Live::Up { .. } => Poll::Off,
            _ => Poll::Due { at: now.after(ms) },
        };
    }

    fn tell(&mut self, now: Now, effects: &mut Vec<Effect>) {
        let view = match self.live {
            Live::Up { .. } => ConnectionView::Live,
            Live::Off => ConnectionView::Offline,
            _ if self.polled => ConnectionView::Poll,
            _ => ConnectionView::Offline,
        };
        if view != self.view {
            self.view = view;
            let retry_in_ms = match self.live {
                Live::Waiting { until } => Some(now.until(until)),
                _ => None,
            };
            effects.push(Effect::Changed { view, retry_in_ms });
        }
    }

    fn channel(&self) -> Option<Generation> {
        match self.live {
            Live::Off | Live::Waiting { .. } => None,
            Live::Opening { order, .. } | Live::Greeting { order, .. } | Live::Up { order, .. } => Some(order),
        }
    }

    fn asked(&self) -> Option<Generation> {
        match self.poll {
            Poll::Asked { order, .. } => Some(order),
            _ => None,
        }
    }
}

/// Full jitter: anything from nothing up to the doubled step (and never all phones at once).
fn backed_off(step_ms: u64, failures: u32, moment: &mut Moment<'_>) -> Result<u64, Refused> {
    let ceiling = step_ms.saturating_mul(1 << failures.min(6)).min(LONGEST_WAIT_MS);
    moment.up_to(ceiling)
}

fn asked_for(retry_after_s: Option<u64>) -> u64 {
    retry_after_s.unwrap_or(0).min(3_600).saturating_mul(1_000)
}
