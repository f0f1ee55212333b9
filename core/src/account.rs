//! One account: a pairing first, a member later, and what connects it to its server.
//!
//! Accounts know nothing of each other. What happens to one, another server's lies included, never touches the rest.

mod answers;
mod calls;
mod decisions;
mod live;
mod member;
mod pairings;
mod stored;
mod views;

use std::collections::BTreeMap;

use koppel_protocol::{
    Bytes, Envelope, Identity, Origin,
    challenge::Challenge,
    id::{ChallengeId, NoticeId},
    jws::Unverified,
};
use zeroize::Zeroizing;

use crate::{
    AccountId,
    attempts::Attempts,
    clock::{Now, ServerClock},
    connection::{self, Connection},
    correspondent::Correspondent,
    effect::{Effect, News, Order, Question},
    event::{Alert, NewKeys, NoSignature, Road},
    inbox, label,
    moment::{Generation, Moment},
    pairing::{self, Pairing, Plan},
    refused::Refused,
    toolbox::Toolbox,
    trouble::Trouble,
};

use calls::{Pending, Purpose, Request};
pub(crate) use member::{Member, Standing};
pub(crate) use stored::Stored;

/// How long a checked identity is good for, while the app runs.
const IDENTITY_FOR_MS: u64 = 24 * 3_600_000;

/// What an account may use of the machine it is in.
pub(crate) struct World<'a> {
    pub(crate) now: Now,
    pub(crate) on_screen: bool,
    pub(crate) tools: &'a dyn Toolbox,
    pub(crate) generations: &'a mut Generation,
    pub(crate) attempts: &'a mut Attempts,
}

/// An account.
#[derive(Clone, PartialEq)]
pub(crate) struct Account {
    pub(crate) id: AccountId,
    label: String,
    origin: Origin,
    tls_pin: Option<Bytes<32>>,
    clock: ServerClock,
    stage: Stage,
    connection: Connection,
    calls: BTreeMap<Generation, Pending>,
}

/// First one, then the other, then gone.
#[derive(Clone, PartialEq)]
enum Stage {
    Pairing(Box<Pairing>),
    Member(Box<Member>),
    Gone,
}

impl Account {
    /// The person agreed to a host.
    pub(crate) fn pair(id: AccountId, plan: Plan, world: &mut World<'_>) -> Result<(Self, Vec<Effect>), Refused> {
        let (origin, tls_pin) = (plan.invitation.origin().clone(), plan.invitation.tls_pin());
        let mut account = Self::at(id, origin, tls_pin, Stage::Gone);
        let World { now, on_screen, tools, generations, attempts } = world;
        let clock = account.clock.clone();
        let mut moment = Moment { now: *now, clock, on_screen: *on_screen, account: id, tools: *tools, generations };
        let (pairing, effects) = Pairing::begin(plan, attempts, &mut moment)?;
        account.stage = Stage::Pairing(Box::new(pairing));
        let effects = account.run_pairing(effects, world)?;
        Ok((account, effects))
    }

    fn at(id: AccountId, origin: Origin, tls_pin: Option<Bytes<32>>, stage: Stage) -> Self {
        Self {
            id,
            label: String::new(),
            origin,
            tls_pin,
            clock: ServerClock::default(),
            stage,
            connection: Connection::default(),
            calls: BTreeMap::new(),
        }
    }

    /// Whether nothing is left of it.
    pub(crate) fn is_gone(&self) -> bool {
        self.stage == Stage::Gone
    }

    /// The identity of its server, once it is a member.
    pub(crate) fn identity(&self) -> Option<(&Origin, &Identity)> {
        self.member().ok().map(|member| (&self.origin, &member.identity))
    }

    /// Whom it hears from, while it is in use.
    pub(crate) fn correspondent(&self) -> Option<Correspondent> {
        let member = self.active().ok()?;
        Some(Correspondent {
            account: self.id,
            device: member.device,
            identity: member.identity.clone(),
            organisation: member.organisation.to_string(),
            label: self.label.clone(),
        })
    }

    /// The live challenge that a message of an envelope is, if it was believed when it came.
    pub(crate) fn live_challenge_of(&self, text: &str, world: &mut World<'_>) -> Option<ChallengeId> {
        let cid = Unverified::<Challenge>::parse(text).ok()?.unverified().cid;
        let member = self.active().ok()?;
        member.inbox.find(cid, &self.moment(world)).map(|_| cid)
    }

    /// The first event of a run.
    pub(crate) fn started(&mut self, world: &mut World<'_>) -> Result<Vec<Effect>, Refused> {
        match &self.stage {
            Stage::Pairing(_) => self.pairing_event(pairing::Event::Started, world),
            Stage::Member(member) if member.standing == Standing::Removing => self.remove(world),
            Stage::Member(_) | Stage::Gone => Ok(Vec::new()),
        }
    }

    /// The app came on screen, or left it.
    pub(crate) fn screen(&mut self, world: &mut World<'_>) -> Result<Vec<Effect>, Refused> {
        let event = if world.on_screen { connection::Event::Foreground } else { connection::Event::Background };
        match self.active() {
            Ok(_) => {
                let mut effects = self.connection_event(event, world)?;
                effects.extend(self.check_identity(world));
                Ok(effects)
            }
            Err(_) => Ok(Vec::new()),
        }
    }

    /// The phone has a network again, or the person pulled to refresh.
    pub(crate) fn hurry(&mut self, refresh: bool, world: &mut World<'_>) -> Result<Vec<Effect>, Refused> {
        if let Stage::Pairing(_) = &self.stage {
            return self.pairing_event(pairing::Event::Nudge, world);
        }
        let event = if refresh { connection::Event::Refresh } else { connection::Event::NetworkChanged };
        let mut effects = Vec::new();
        if self.active().is_ok() {
            effects.extend(self.connection_event(event, world)?);
            effects.extend(self.nudge_decisions(world)?);
            if refresh && !self.connection.is_on() {
                effects.push(self.ask_inbox(None, world));
            }
        }
        if refresh && self.member().is_ok_and(|member| member.standing != Standing::Removing) {
            effects.push(self.call(Purpose::Identity, Request::identity(), world));
        }
        Ok(effects)
    }

    /// Everything whose time has come. Called after every event, so it is also what sends what an event made due.
    pub(crate) fn tick(&mut self, world: &mut World<'_>) -> Result<Vec<Effect>, Refused> {
        match &self.stage {
            Stage::Pairing(_) => self.pairing_event(pairing::Event::Tick, world),
            Stage::Member(_) if self.active().is_ok() => {
                let mut effects = self.connection_event(connection::Event::Tick, world)?;
                effects.extend(self.inbox_event(inbox::Event::Tick, world)?);
                effects.extend(self.tick_decisions(world)?);
                effects.extend(self.need_identity(world));
                Ok(effects)
            }
            Stage::Member(_) | Stage::Gone => Ok(Vec::new()),
        }
    }

    /// When a tick is due.
    pub(crate) fn next_wake(&self, world: &mut World<'_>) -> Option<u64> {
        let moment = self.moment(world);
        match &self.stage {
            Stage::Pairing(pairing) => pairing.next_wake(&moment),
            Stage::Member(member) if member.standing == Standing::Active => {
                let decisions = member.approvals.iter().filter_map(|approval| approval.next_wake());
                let asked = self.calls.values().any(|call| call.purpose == Purpose::Identity);
                let needed = member.inbox.needs_identity() && !asked && moment.on_screen;
                let identity = needed.then_some(member.identity_again_at);
                let rest = [self.connection.next_wake(), member.inbox.next_wake(&moment), identity];
                decisions.chain(rest.into_iter().flatten()).min()
            }
            Stage::Member(_) | Stage::Gone => None,
        }
    }

    /// The vault could not be written and what was to follow was not done: nothing that is open will be answered.
    pub(crate) fn interrupted(&mut self, world: &mut World<'_>) -> Result<Vec<Effect>, Refused> {
        let mut effects = Vec::new();
        let open: Vec<_> = self.calls.keys().copied().collect();
        for generation in open {
            effects.extend(self.not_answered(generation, Trouble::NotPersisted, world).unwrap_or_default());
        }
        effects.extend(match &self.stage {
            Stage::Pairing(_) => self.pairing_event(pairing::Event::Interrupted, world)?,
            Stage::Member(_) => self.interrupt_decisions(world)?,
            Stage::Gone => Vec::new(),
        });
        if self.active().is_ok() && world.on_screen {
            effects.extend(self.connection_event(connection::Event::Background, world)?);
            effects.extend(self.connection_event(connection::Event::Foreground, world)?);
        }
        Ok(effects)
    }

    /// Keys were made, or not.
    pub(crate) fn keys_made(
        &mut self,
        generation: Generation,
        keys: Option<NewKeys>,
        world: &mut World<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        let order = generation;
        let event = match keys {
            Some(keys) => pairing::Event::KeysMade { order, keys },
            None => pairing::Event::KeysFailed { order },
        };
        self.pairing_event(event, world)
    }

    /// The person agreed to the offer, or steps back from the pairing.
    pub(crate) fn decide_offer(&mut self, accept: bool, world: &mut World<'_>) -> Result<Vec<Effect>, Refused> {
        match self.stage {
            Stage::Pairing(_) if accept => self.pairing_event(pairing::Event::Accept, world),
            Stage::Pairing(_) => self.pairing_event(pairing::Event::Decline, world),
            Stage::Member(_) | Stage::Gone => Err(Refused::NotNow),
        }
    }

    /// A key signed, or did not.
    pub(crate) fn signed(
        &mut self,
        generation: Generation,
        signature: Result<Vec<u8>, NoSignature>,
        world: &mut World<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        let order = generation;
        match &self.stage {
            Stage::Pairing(_) => {
                let event = match signature {
                    Ok(signature) => pairing::Event::Signed { order, signature },
                    Err(why) => pairing::Event::NotSigned { order, why },
                };
                self.pairing_event(event, world)
            }
            Stage::Member(_) => self.decision_signed(order, signature, world),
            Stage::Gone => Err(Refused::Late),
        }
    }

    /// An envelope was opened that may be for this account.
    pub(crate) fn opened(
        &mut self,
        text: Zeroizing<String>,
        road: Road,
        alert: Alert,
        world: &mut World<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        match &self.stage {
            Stage::Pairing(_) => self.pairing_event(pairing::Event::Opened { text }, world),
            Stage::Member(_) => {
                self.active()?;
                self.inbox_event(inbox::Event::Arrived { text, road, alert }, world)
            }
            Stage::Gone => Err(Refused::NotActive),
        }
    }

    /// A notice was read.
    pub(crate) fn dismiss(&mut self, nid: NoticeId, world: &mut World<'_>) -> Result<Vec<Effect>, Refused> {
        self.inbox_event(inbox::Event::Dismiss { nid }, world)
    }

    /// A new label.
    pub(crate) fn rename(&mut self, label: &str, world: &mut World<'_>) -> Result<Vec<Effect>, Refused> {
        self.member()?;
        self.label = label::read(label)?;
        Ok(vec![self.account_news(world)])
    }

    /// The person wants it gone. The server is told once, if it can be reached; the keys go in any case.
    pub(crate) fn remove(&mut self, world: &mut World<'_>) -> Result<Vec<Effect>, Refused> {
        if let Stage::Pairing(_) = &self.stage {
            return self.pairing_event(pairing::Event::Decline, world);
        }
        let mut effects = self.connection_event(connection::Event::Background, world)?;
        let member = self.member_mut()?;
        let known_there = matches!(member.standing, Standing::Active | Standing::Removing);
        member.standing = Standing::Removing;
        let request = Request::remove(member.device)?;
        self.calls.clear();
        if known_there {
            effects.push(self.call(Purpose::Remove, request, world));
            effects.push(self.account_news(world));
        } else {
            effects.extend(self.go());
        }
        Ok(effects)
    }

    /// A question for the server.
    pub(crate) fn inquire(&mut self, question: Question, world: &mut World<'_>) -> Result<Vec<Effect>, Refused> {
        let request = match question {
            Question::Server => Request::identity(),
            Question::Devices => Request::devices(),
            Question::Test => Request::test(),
        };
        match question {
            // A stopped account may ask whether its server is itself again.
            Question::Server => self.member().map(drop)?,
            Question::Devices | Question::Test => self.active().map(drop)?,
        }
        Ok(vec![self.call(Purpose::Question(question, world.now.monotonic_ms), request, world)])
    }

    /// The person wants the lock of their own report lifted.
    pub(crate) fn unlock(&mut self, world: &mut World<'_>) -> Result<Vec<Effect>, Refused> {
        if self.active()?.keys.approve.is_none() {
            return Err(Refused::CodesOnly);
        }
        Ok(vec![self.call(Purpose::Unlock, Request::unlock(), world)])
    }

    fn go(&mut self) -> Vec<Effect> {
        self.stage = Stage::Gone;
        self.calls.clear();
        vec![Effect::DeleteKeys(self.id), Effect::News(News::Removed(self.id))]
    }

    fn check_identity(&mut self, world: &mut World<'_>) -> Option<Effect> {
        let Stage::Member(member) = &self.stage else { return None };
        let fresh = member.identity_checked.is_some_and(|at| !world.now.is_past(at + IDENTITY_FOR_MS));
        let asked = self.calls.values().any(|call| call.purpose == Purpose::Identity);
        (world.on_screen && !fresh && !asked).then(|| self.call(Purpose::Identity, Request::identity(), world))
    }

    fn open(&self, envelope: &Envelope, world: &World<'_>) -> Result<Zeroizing<String>, Refused> {
        world.tools.open(self.id, envelope).ok_or(Refused::NotGenuine)
    }

    fn order(&self, generation: Generation) -> Order {
        Order { account: self.id, generation }
    }

    fn moment<'a>(&self, world: &'a mut World<'_>) -> Moment<'a> {
        Moment {
            now: world.now,
            clock: self.clock.clone(),
            on_screen: world.on_screen,
            account: self.id,
            tools: world.tools,
            generations: world.generations,
        }
    }

    fn member(&self) -> Result<&Member, Refused> {
        match &self.stage {
            Stage::Member(member) => Ok(member),
            Stage::Pairing(_) | Stage::Gone => Err(Refused::NotActive),
        }
    }

    fn member_mut(&mut self) -> Result<&mut Member, Refused> {
        match &mut self.stage {
            Stage::Member(member) => Ok(member),
            Stage::Pairing(_) | Stage::Gone => Err(Refused::NotActive),
        }
    }

    /// The member, if nothing stops it.
    fn active(&self) -> Result<&Member, Refused> {
        let member = self.member()?;
        match member.standing {
            Standing::Active => Ok(member),
            Standing::ServerChanged => Err(Refused::ServerChanged),
            Standing::Revoked | Standing::Removing => Err(Refused::NotActive),
        }
    }
}
