//! An account that is being paired: what its pairing wants, and what it becomes.

use super::{Account, Member, Purpose, Request, Stage, World};
use crate::{
    connection,
    effect::{Effect, News, PairingEnd, SigningPurpose, SigningRequest},
    moment::Moment,
    pairing::{self, Paired},
    refused::Refused,
    snapshot::AccountView,
};

impl Account {
    pub(super) fn pairing_event(
        &mut self,
        event: pairing::Event,
        world: &mut World<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        let World { now, on_screen, tools, generations, attempts } = world;
        let Stage::Pairing(pairing) = &mut self.stage else { return Err(Refused::Late) };
        let clock = self.clock.clone();
        let mut moment =
            Moment { now: *now, clock, on_screen: *on_screen, account: self.id, tools: *tools, generations };
        let effects = pairing.handle(event, attempts, &mut moment)?;
        self.run_pairing(effects, world)
    }

    pub(super) fn run_pairing(
        &mut self,
        wanted: Vec<pairing::Effect>,
        world: &mut World<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        let mut effects = Vec::new();
        for effect in wanted {
            match effect {
                pairing::Effect::Identify { order } => {
                    effects.push(self.call(Purpose::PairIdentity(order), Request::identity(), world));
                }
                pairing::Effect::MakeKeys { order, approve } => {
                    effects.push(Effect::MakeKeys { order: self.order(order), approve });
                }
                pairing::Effect::Commit { order, body } => {
                    effects.push(self.call(Purpose::Knock(order), Request::knock(&body), world));
                }
                pairing::Effect::SignPop { order, payload } => {
                    effects.push(Effect::Sign { order: self.order(order), payload })
                }
                pairing::Effect::AskPop { order, payload, title, deadline } => {
                    effects.push(Effect::Ask(SigningRequest {
                        order: self.order(order),
                        purpose: SigningPurpose::Pairing,
                        payload,
                        title: title.to_string(),
                        deadline,
                    }));
                }
                pairing::Effect::Reveal { order, pid, body } => {
                    effects.push(self.call(Purpose::Reveal(order), Request::reveal(pid, &body), world));
                }
                pairing::Effect::Status { order, pid } => {
                    effects.push(self.call(Purpose::Status(order), Request::status(pid), world));
                }
                pairing::Effect::Offer | pairing::Effect::CheckNumber => effects.extend(self.pairing_news()),
                pairing::Effect::WrongNumber { left } => {
                    effects.push(Effect::News(News::WrongCheckNumber { account: self.id, tries_left: left }));
                }
                pairing::Effect::Trouble(trouble) => effects.push(self.trouble_news(None, trouble, true)),
                pairing::Effect::Ended(why) => effects.extend(self.pairing_ended(why)),
                pairing::Effect::Done(paired) => effects.extend(self.paired(*paired, world)?),
            }
        }
        Ok(effects)
    }

    fn pairing_ended(&mut self, why: PairingEnd) -> Vec<Effect> {
        self.stage = Stage::Gone;
        self.calls.clear();
        vec![Effect::DeleteKeys(self.id), Effect::News(News::PairingEnded { account: self.id, why })]
    }

    /// P5: the account is active. The first proven request tells the server that the activation arrived.
    fn paired(&mut self, paired: Paired, world: &mut World<'_>) -> Result<Vec<Effect>, Refused> {
        self.label = paired.organisation.to_string();
        self.stage = Stage::Member(Box::new(Member::from(paired)));
        self.calls.clear();
        let view: AccountView = self.view(world);
        let mut effects = vec![Effect::News(News::Active(view))];
        match world.on_screen {
            true => effects.extend(self.connection_event(connection::Event::Foreground, world)?),
            false => effects.push(self.ask_inbox(None, world)),
        }
        Ok(effects)
    }
}
