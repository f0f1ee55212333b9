//! What waits for the person: challenges and notices, each announced once, whichever way and however often it comes.
//!
//! The same challenge may come over the live channel, a poll and a push, twice, late, and after its own end. It is
//! known by (`cid`, `seq`): a delivery that is known is not announced again, an older one is not let back in, and what
//! ended leaves a tombstone that keeps it out. Only the server's word or its clock makes a tombstone, never the
//! phone's own clock: that may be wrong.

mod item;
mod receipts;
mod stored;
#[cfg(test)]
mod table;

use std::cmp::Ordering;

use koppel_protocol::{
    Identity, Nonce,
    challenge::Challenge,
    id::{ChallengeId, DeviceId, NoticeId},
    identity::{IdentityError, KeyVersion},
    letter::Letter,
    notice::{Notice, NoticeKind},
    phone_api::{Alert, ChallengeState, NoticeReceipt, Receipt, ReceiptKind, Road},
};
use serde::{Deserialize, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::{approval::Subject, moment::Moment, refused::Refused};

pub(crate) use item::Item;
pub(crate) use receipts::Receipts;
pub(crate) use stored::Stored;

/// The most tombstones and known notices that are kept.
const MOST_REMEMBERED: usize = 256;
/// The most challenges and notices that wait at once; more are not of a person's making.
const MOST_WAITING: usize = 32;
/// The most messages that wait for the server's newer identity key.
const MOST_HELD: usize = 8;
/// How long a tombstone stays, in seconds: as long as a fraud report counts, which needs it.
const KEEP_S: u64 = 24 * 3_600;

/// What the inbox is told.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// An envelope of this account was opened: here is what was inside.
    Arrived {
        text: Zeroizing<String>,
        road: Road,
        alert: Alert,
    },
    /// The server's identity was learned anew: what waited for it is read again.
    IdentityLearned,
    /// The server says that a delivery ended, and how its challenge stands.
    Ended {
        cid: ChallengeId,
        seq: u32,
        state: ChallengeState,
    },
    /// The person's answer settled a challenge, or its delivery.
    Settled {
        cid: ChallengeId,
        through: u32,
        how: Ending,
    },
    /// The content is on screen.
    Show {
        cid: ChallengeId,
    },
    /// A notice was read.
    Dismiss {
        nid: NoticeId,
    },
    /// The server refused this phone as one that belongs to no account any more.
    Unlinked,
    Tick,
}

/// How a challenge or delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ending {
    /// As the server says.
    As(ChallengeState),
    /// A later delivery took its place.
    Replaced,
    /// Another phone, or the page, answered it; how is not known.
    Answered,
}

/// What the inbox wants.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Show this challenge to the person.
    Announce { cid: ChallengeId },
    /// A challenge that was announced is over.
    Ended { cid: ChallengeId, seq: u32, how: Ending },
    /// Show this notice.
    Notice { nid: NoticeId },
    /// The server says that this phone belongs to no account any more.
    Unlinked,
    /// The server says that the account's lock was lifted.
    Unlocked,
    /// A message is signed by a newer identity key: fetch the chain.
    NeedIdentity,
    /// A challenge carried a nonce.
    Nonce(Nonce),
    /// There are receipts to be sent.
    Receipts,
}

/// What is needed to believe a message.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) device: DeviceId,
}

/// The inbox of one account.
#[derive(Clone, PartialEq, Default)]
pub(crate) struct Inbox {
    items: Vec<Item>,
    tombstones: Vec<Tombstone>,
    notices: Vec<NoticeLine>,
    known_notices: Vec<NoticeId>,
    held: Vec<Held>,
    pub(crate) receipts: Receipts,
}

/// What keeps a delivery that ended from coming back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tombstone {
    pub(crate) cid: ChallengeId,
    /// Deliveries up to this one are over.
    through: u32,
    pub(crate) how: Ending,
    /// Seconds of server time when it was set.
    at: u64,
    /// What a fraud report would be about, when the challenge itself was seen.
    pub(crate) subject: Option<Subject>,
}

/// A notice that was not dismissed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct NoticeLine {
    pub(crate) nid: NoticeId,
    #[serde(serialize_with = "as_word")]
    pub(crate) kind: NoticeKind,
    pub(crate) at: u64,
    pub(crate) detail: String,
}

/// A message signed by a key that is not known yet.
#[derive(Clone, PartialEq)]
struct Held {
    text: Zeroizing<String>,
    road: Road,
    alert: Alert,
    version: KeyVersion,
}

impl Inbox {
    /// Takes an event.
    pub(crate) fn handle(
        &mut self,
        event: Event,
        reader: Reader<'_>,
        moment: &Moment<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        let mut effects = match event {
            Event::Arrived { text, road, alert } => self.arrived(text, road, alert, reader, moment)?,
            Event::IdentityLearned => self.read_held(reader, moment),
            Event::Ended { cid, seq, state: ChallengeState::Pending } => {
                self.end(cid, seq, Ending::Replaced, moment)?
            }
            Event::Ended { cid, state, .. } => self.end(cid, u32::MAX, Ending::As(state), moment)?,
            Event::Settled { cid, through, how } => self.end(cid, through, how, moment)?,
            Event::Show { cid } => {
                let item = self.items.iter_mut().find(|item| item.cid() == cid && item.is_live(moment));
                let receipt = item.ok_or(Refused::NoSuchChallenge)?.show();
                self.receipts.push(receipt);
                Vec::new()
            }
            Event::Dismiss { nid } => {
                let place = self.notices.iter().position(|notice| notice.nid == nid).ok_or(Refused::NoSuchNotice)?;
                self.notices.remove(place);
                Vec::new()
            }
            Event::Unlinked => self.unlinked(reader, moment),
            Event::Tick => self.expire(moment),
        };
        for item in &mut self.items {
            if item.announce(moment) {
                effects.push(Effect::Announce { cid: item.cid() });
            }
        }
        if self.receipts.wait() {
            effects.push(Effect::Receipts);
        }
        Ok(effects)
    }

    /// When a [`Event::Tick`] is due: at once while something is over and still here, for whoever looks only after it ended.
    pub(crate) fn next_wake(&self, moment: &Moment<'_>) -> Option<u64> {
        let ends = |item: &&Item| item.is_live(moment) || item.is_surely_over(moment);
        self.items.iter().filter(ends).map(|item| item.deadline(moment)).min()
    }

    /// Live challenges, oldest first.
    pub(crate) fn live<'a>(&'a self, moment: &'a Moment<'_>) -> impl Iterator<Item = &'a Item> {
        self.items.iter().filter(|item| item.is_live(moment))
    }

    /// A live challenge.
    pub(crate) fn find(&self, cid: ChallengeId, moment: &Moment<'_>) -> Option<&Item> {
        self.items.iter().find(|item| item.cid() == cid && item.is_live(moment))
    }

    /// How many logins wait: only one of them is the user's own.
    pub(crate) fn waiting(&self, moment: &Moment<'_>) -> u32 {
        let count = self.live(moment).filter(|item| item.is_login()).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// A challenge as it was signed, live or about to end.
    pub(crate) fn claims(&self, cid: ChallengeId) -> Option<&Challenge> {
        self.items.iter().find(|item| item.cid() == cid).map(Item::claims)
    }

    /// What a fraud report on this challenge would be about, live or ended.
    pub(crate) fn subject(&self, cid: ChallengeId) -> Option<Subject> {
        let live = self.items.iter().find(|item| item.cid() == cid).map(Item::subject);
        live.or_else(|| self.tombstone(cid).and_then(|tombstone| tombstone.subject.clone()))
    }

    /// Challenges that were announced and ended, oldest first.
    pub(crate) fn ended(&self) -> impl Iterator<Item = (&Tombstone, &Subject)> {
        self.tombstones.iter().filter_map(|tombstone| tombstone.subject.as_ref().map(|subject| (tombstone, subject)))
    }

    /// Notices not yet dismissed, oldest first.
    pub(crate) fn notices(&self) -> &[NoticeLine] {
        &self.notices
    }

    /// Whether messages wait for the server's newer identity key.
    pub(crate) fn needs_identity(&self) -> bool {
        !self.held.is_empty()
    }

    fn arrived(
        &mut self,
        text: Zeroizing<String>,
        road: Road,
        alert: Alert,
        reader: Reader<'_>,
        moment: &Moment<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        match Letter::read(moment.crypto(), reader.identity, reader.device, &text) {
            Ok(Letter::Challenge(challenge)) => self.challenge(Item::new(&challenge, road, moment), alert, moment),
            Ok(Letter::Notice(notice)) => self.notice(notice.into_claims()),
            Ok(Letter::Activation(_)) => Err(Refused::Duplicate),
            Err(IdentityError::Newer(version)) => {
                let held = Held { text, road, alert, version };
                if self.held.iter().any(|other| other.text == held.text) {
                    return Err(Refused::Duplicate);
                }
                if self.held.len() == MOST_HELD {
                    self.held.remove(0);
                }
                self.held.push(held);
                Ok(vec![Effect::NeedIdentity])
            }
            Err(IdentityError::Older(_)) => Err(Refused::OldIdentity),
            Err(_) => Err(Refused::NotGenuine),
        }
    }

    fn challenge(&mut self, item: Item, alert: Alert, moment: &Moment<'_>) -> Result<Vec<Effect>, Refused> {
        let (cid, seq) = (item.cid(), item.seq());
        if self.tombstone(cid).is_some_and(|tombstone| seq <= tombstone.through) {
            return Err(Refused::Stale);
        }
        let known = self.items.iter().find(|known| known.cid() == cid).map(Item::seq);
        match known.map(|known| seq.cmp(&known)) {
            Some(Ordering::Equal) => return Err(Refused::Duplicate),
            Some(Ordering::Less) => return Err(Refused::Stale),
            Some(Ordering::Greater) | None => {}
        }
        if !item.is_live(moment) {
            return Err(Refused::Expired);
        }
        let mut effects = vec![Effect::Nonce(item.nonce())];
        if let Some(known) = known {
            effects.extend(self.end(cid, known, Ending::Replaced, moment)?);
        }
        if self.items.len() == MOST_WAITING {
            self.items.remove(0);
        }
        self.receipts.push(Some(item.receipt(ReceiptKind::Arrived, Some(alert))));
        self.items.push(item);
        Ok(effects)
    }

    fn notice(&mut self, notice: Notice) -> Result<Vec<Effect>, Refused> {
        let nid = notice.nid;
        if self.known_notices.contains(&nid) {
            return Err(Refused::Duplicate);
        }
        remember(&mut self.known_notices, nid);
        let says = match notice.kind {
            NoticeKind::Unlinked => Some(Effect::Unlinked),
            NoticeKind::Unlocked => Some(Effect::Unlocked),
            _ => None,
        };
        let Notice { kind, at, detail, .. } = notice;
        let mut effects = vec![self.keep(NoticeLine { nid, kind, at, detail: detail.to_string() })];
        self.receipts.push(Some(Receipt::Notice(NoticeReceipt { nid, kind: ReceiptKind::Arrived })));
        effects.extend(says);
        Ok(effects)
    }

    /// Tells what the server's own notice would have told, unless that came: a refusal may overtake it, or be all there is.
    fn unlinked(&mut self, reader: Reader<'_>, moment: &Moment<'_>) -> Vec<Effect> {
        if self.notices.iter().any(|notice| notice.kind == NoticeKind::Unlinked) {
            return Vec::new();
        }
        // A phone is unlinked once: its own id will do.
        let nid = NoticeId::from_bytes(*reader.device.as_bytes());
        vec![self.keep(NoticeLine { nid, kind: NoticeKind::Unlinked, at: moment.guess_s(), detail: String::new() })]
    }

    fn keep(&mut self, notice: NoticeLine) -> Effect {
        if self.notices.len() == MOST_WAITING {
            self.notices.remove(0);
        }
        let nid = notice.nid;
        self.notices.push(notice);
        Effect::Notice { nid }
    }

    fn read_held(&mut self, reader: Reader<'_>, moment: &Moment<'_>) -> Vec<Effect> {
        let mut effects = Vec::new();
        for held in std::mem::take(&mut self.held) {
            // Still too new for the chain the server shows, or not genuine: dropped, the server will say it again.
            if held.version <= reader.identity.version {
                effects.extend(self.arrived(held.text, held.road, held.alert, reader, moment).unwrap_or_default());
            }
        }
        effects
    }

    fn end(
        &mut self,
        cid: ChallengeId,
        through: u32,
        how: Ending,
        moment: &Moment<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        if self.tombstone(cid).is_some_and(|tombstone| through <= tombstone.through) {
            return Err(Refused::Duplicate);
        }
        let place = self.items.iter().position(|item| item.cid() == cid && item.seq() <= through);
        let item = place.map(|place| self.items.remove(place));
        let old = self
            .tombstones
            .iter()
            .position(|tombstone| tombstone.cid == cid)
            .map(|place| self.tombstones.remove(place));
        let subject = item.as_ref().map(Item::subject).or_else(|| old.and_then(|old| old.subject));
        remember(&mut self.tombstones, Tombstone { cid, through, how, at: moment.guess_s(), subject });
        Ok(item
            .filter(Item::was_announced)
            .map(|item| Effect::Ended { cid, seq: item.seq(), how })
            .into_iter()
            .collect())
    }

    fn expire(&mut self, moment: &Moment<'_>) -> Vec<Effect> {
        let over: Vec<_> =
            self.items.iter().filter(|item| item.is_surely_over(moment)).map(|item| (item.cid(), item.seq())).collect();
        if let Some(server) = moment.learned_s() {
            self.tombstones.retain(|tombstone| server < tombstone.at.saturating_add(KEEP_S));
        }
        let expired = Ending::As(ChallengeState::Expired);
        over.into_iter().flat_map(|(cid, seq)| self.end(cid, seq, expired, moment).unwrap_or_default()).collect()
    }

    fn tombstone(&self, cid: ChallengeId) -> Option<&Tombstone> {
        self.tombstones.iter().find(|tombstone| tombstone.cid == cid)
    }
}

/// Also one from the future, which nobody sends on, is kept.
fn as_word<S: Serializer>(kind: &NoticeKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.word())
}

fn remember<T>(list: &mut Vec<T>, entry: T) {
    if list.len() == MOST_REMEMBERED {
        list.remove(0);
    }
    list.push(entry);
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Replaced => "superseded",
            Self::Answered => "answered",
            Self::As(state) => match state {
                ChallengeState::Pending => "pending",
                ChallengeState::Approved => "approved",
                ChallengeState::Denied => "denied",
                ChallengeState::Fraud => "fraud",
                ChallengeState::Failed => "failed",
                ChallengeState::Expired => "expired",
                ChallengeState::Superseded => "superseded",
                ChallengeState::Cancelled => "cancelled",
                ChallengeState::Consumed => "consumed",
                ChallengeState::Lapsed => "lapsed",
            },
        })
    }
}
