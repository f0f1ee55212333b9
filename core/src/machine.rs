//! The phone: all its accounts, and the one door through which everything that happens comes in.

use std::fmt;

use koppel_protocol::{Envelope, id::ChallengeId};

use crate::{
    AccountId,
    account::{Account, World},
    attempts::Attempts,
    clock::Now,
    codes::{Codes, OtpAccount, OtpCode, OtpId},
    correspondent::Correspondent,
    effect::{Contents, Effect, News, Order},
    event::{Event, Invitation},
    moment::Generation,
    opened::Opened,
    pairing::Plan,
    refused::Refused,
    snapshot::{ChallengeContent, State},
    toolbox::Toolbox,
    trouble::Trouble,
    vault::Vault,
};

/// How long after a failed write the next one is tried.
const WRITE_AGAIN_MS: u64 = 1_000;

/// Everything a phone decides. See the [crate](crate) for how to run it.
pub struct Machine {
    phone: Phone,
    tools: Box<dyn Toolbox>,
    /// What is on disk, as far as this run knows.
    saved: Option<Contents>,
    write_again_at: Option<u64>,
    shown: State,
}

/// What events change; an event that is refused leaves a copy of it behind.
#[derive(Clone, PartialEq)]
struct Phone {
    accounts: Vec<Account>,
    attempts: Attempts,
    codes: Codes,
    on_screen: bool,
    generation: Generation,
}

impl Machine {
    /// A phone with these contents of its vault.
    pub fn new(vault: Vault, tools: Box<dyn Toolbox>) -> Self {
        let (accounts, attempts, codes) = vault.into_parts();
        let phone = Phone { accounts, attempts, codes, on_screen: false, generation: 0 };
        let saved = phone.contents();
        Self { phone, tools, saved, write_again_at: None, shown: State::default() }
    }

    /// Takes an event and says what is to be done, in this order.
    ///
    /// # Errors
    /// [`Refused`], and nothing has changed.
    pub fn handle(&mut self, event: Event, now: Now) -> Result<Vec<Effect>, Refused> {
        let mut phone = self.phone.clone();
        let not_persisted = matches!(event, Event::NotPersisted);
        let mut wanted = phone.take(event, now, self.tools.as_ref())?;
        wanted.extend(phone.tick(now, self.tools.as_ref())?);
        let contents = phone.contents().ok_or(Refused::Malformed)?;
        self.phone = phone;

        let mut effects = Vec::with_capacity(wanted.len() + 2);
        if not_persisted {
            self.saved = None;
            self.write_again_at = Some(now.after(WRITE_AGAIN_MS));
            let trouble = Trouble::NotPersisted;
            effects.push(Effect::News(News::Trouble { account: None, cid: None, trouble, retries: true }));
        } else if self.saved.as_ref() != Some(&contents) {
            self.saved = Some(contents.clone());
            self.write_again_at = None;
            effects.push(Effect::Persist(contents));
        }
        effects.extend(wanted);
        let shown = self.picture(now);
        if shown.differs(&self.shown) {
            self.shown = State { revision: self.shown.revision + 1, ..shown };
            effects.push(Effect::Changed);
        }
        Ok(effects)
    }

    /// The monotonic moment at which [`Event::Tick`] is due.
    pub fn next_wake(&self, now: Now) -> Option<u64> {
        let wakes =
            self.look(now, |accounts, world| accounts.iter().filter_map(|account| account.next_wake(world)).min());
        wakes.into_iter().chain(self.write_again_at).min()
    }

    /// A picture of everything, for the person.
    pub fn snapshot(&self, now: Now) -> State {
        State { revision: self.shown.revision, ..self.picture(now) }
    }

    /// What is on a challenge's own screen; none when it is over.
    pub fn content(&self, account: AccountId, cid: ChallengeId, now: Now) -> Option<ChallengeContent> {
        let place = self.phone.place(account).ok()?;
        self.look(now, |accounts, world| accounts[place].content(cid, world))
    }

    /// Opens an envelope; none when it is for no account of this phone. It names none, so that each one's key is tried: that takes
    /// an agreement for every account before the right one. Changes nothing.
    pub fn open(&self, envelope: &Envelope) -> Option<Opened> {
        self.phone.accounts.iter().find_map(|account| {
            let text = self.tools.open(account.id, envelope)?;
            Some(Opened { account: account.id, text })
        })
    }

    /// The live challenge that an envelope holds, and the account it is of, whichever way it came first; none when it holds
    /// anything else, or one that is over. Changes nothing.
    pub fn live_challenge_in(&self, opened: &Opened, now: Now) -> Option<(AccountId, ChallengeId)> {
        let place = self.phone.place(opened.account).ok()?;
        let cid = self.look(now, |accounts, world| accounts[place].live_challenge_of(&opened.text, world))?;
        Some((opened.account, cid))
    }

    /// The authenticator accounts with their codes, in the person's order. For the screen that shows them.
    pub fn codes(&self, now: Now) -> Vec<OtpCode> {
        self.phone.codes.at(now)
    }

    /// The name of the very same authenticator account: one that gives the same codes under the same names.
    pub fn code_id(&self, account: &OtpAccount) -> Option<OtpId> {
        self.phone.codes.id_of(account)
    }

    /// Whether all that it knows is on disk, as far as its host said.
    pub fn is_persisted(&self) -> bool {
        self.saved.is_some()
    }

    /// Whom the paired accounts hear from: what a process that shows notifications needs to believe a message.
    pub fn correspondents(&self) -> Vec<Correspondent> {
        self.phone.accounts.iter().filter_map(Account::correspondent).collect()
    }

    /// The accounts that have keys. Keys of any other account are left over from a pairing that a kill ended before
    /// anything was bound: the host deletes them at its start.
    pub fn key_owners(&self) -> Vec<AccountId> {
        self.phone.accounts.iter().map(|account| account.id).collect()
    }

    fn picture(&self, now: Now) -> State {
        self.look(now, |accounts, world| {
            let mut state = State { codes: self.phone.codes.changes(), ..State::default() };
            for account in accounts {
                state.accounts.push(account.view(world));
                state.challenges.extend(account.challenge_views(world));
                state.ended.extend(account.ended_views());
                state.notices.extend(account.notice_views());
            }
            state
        })
    }

    /// Looks at the accounts without changing anything: what a look counts, it counts for itself.
    fn look<T>(&self, now: Now, look: impl FnOnce(&[Account], &mut World<'_>) -> T) -> T {
        let (mut generation, mut attempts) = (self.phone.generation, Attempts::default());
        let mut world = World {
            now,
            on_screen: self.phone.on_screen,
            tools: self.tools.as_ref(),
            generations: &mut generation,
            attempts: &mut attempts,
        };
        look(&self.phone.accounts, &mut world)
    }
}

impl Phone {
    fn take(&mut self, event: Event, now: Now, tools: &dyn Toolbox) -> Result<Vec<Effect>, Refused> {
        match event {
            Event::Started => self.each(now, tools, Account::started),
            Event::Tick => Ok(Vec::new()),
            Event::NotPersisted => self.each(now, tools, Account::interrupted),
            Event::Foreground => {
                self.on_screen = true;
                self.each(now, tools, Account::screen)
            }
            Event::Background => {
                self.on_screen = false;
                self.each(now, tools, Account::screen)
            }
            Event::NetworkChanged => self.each(now, tools, |account, world| account.hurry(false, world)),
            Event::Refresh => self.each(now, tools, |account, world| account.hurry(true, world)),
            Event::Received { opened: Opened { account, text }, road, alert } => {
                self.at(account, now, tools, |account, world| account.opened(text, road, alert, world))
            }
            Event::Pair { account, invitation, device_name, platform, approvals } => {
                if self.place(account).is_ok() {
                    return Err(Refused::AlreadyThere);
                }
                let known = self.known(&invitation);
                let plan = Plan { invitation, device_name, platform, approvals, known };
                let (accounts, mut world) = self.split(now, tools);
                let (account, effects) = Account::pair(account, plan, &mut world)?;
                accounts.push(account);
                Ok(effects)
            }
            // Nobody wants these keys any more: the person declined while they were made.
            Event::KeysMade { order, .. } if self.place(order.account).is_err() => {
                Ok(vec![Effect::DeleteKeys(order.account)])
            }
            Event::KeysMade { order, keys } => self
                .for_order(order, now, tools, |account, world| account.keys_made(order.generation, Some(keys), world)),
            Event::KeysFailed { order } => {
                self.for_order(order, now, tools, |account, world| account.keys_made(order.generation, None, world))
            }
            Event::Accept { account } => {
                self.at(account, now, tools, |account, world| account.decide_offer(true, world))
            }
            Event::Decline { account } => {
                self.at(account, now, tools, |account, world| account.decide_offer(false, world))
            }
            Event::Signed { order, signature } => self
                .for_order(order, now, tools, |account, world| account.signed(order.generation, Ok(signature), world)),
            Event::NotSigned { order, why } => {
                self.for_order(order, now, tools, |account, world| account.signed(order.generation, Err(why), world))
            }
            Event::Answered { order, answer } => {
                self.for_order(order, now, tools, |account, world| account.answered(order.generation, &answer, world))
            }
            Event::NotAnswered { order, why } => self.for_order(order, now, tools, |account, world| {
                account.not_answered(order.generation, why.into(), world)
            }),
            Event::Live { order, event } => {
                self.for_order(order, now, tools, |account, world| account.live(order.generation, event, world))
            }
            Event::Show { account, cid } => self.at(account, now, tools, |account, world| account.show(cid, world)),
            Event::Approve { account, cid, number } => {
                self.at(account, now, tools, |account, world| account.approve(cid, number, world))
            }
            Event::Deny { account, cid, reason } => {
                self.at(account, now, tools, |account, world| account.deny(cid, reason, world))
            }
            Event::Dismiss { account, nid } => {
                self.at(account, now, tools, |account, world| account.dismiss(nid, world))
            }
            Event::Unlock { account } => self.at(account, now, tools, Account::unlock),
            Event::Inquire { account, question } => {
                self.at(account, now, tools, |account, world| account.inquire(question, world))
            }
            Event::Rename { account, label } => {
                self.at(account, now, tools, |account, world| account.rename(&label, world))
            }
            Event::Remove { account } => self.at(account, now, tools, Account::remove),
            Event::AddCodes { accounts } => self.codes.add(accounts).map(|()| Vec::new()),
            Event::RenameCode { id, label } => self.codes.rename(id, &label).map(|()| Vec::new()),
            Event::MoveCode { id, place } => self.codes.move_to(id, place).map(|()| Vec::new()),
            Event::RemoveCode { id } => self.codes.remove(id).map(|()| Vec::new()),
        }
    }

    /// Does everything whose time has come, and lets go of what is over.
    fn tick(&mut self, now: Now, tools: &dyn Toolbox) -> Result<Vec<Effect>, Refused> {
        let effects = self.each(now, tools, Account::tick)?;
        self.accounts.retain(|account| !account.is_gone());
        Ok(effects)
    }

    fn each(
        &mut self,
        now: Now,
        tools: &dyn Toolbox,
        mut run: impl FnMut(&mut Account, &mut World<'_>) -> Result<Vec<Effect>, Refused>,
    ) -> Result<Vec<Effect>, Refused> {
        let (accounts, mut world) = self.split(now, tools);
        let mut effects = Vec::new();
        for account in accounts {
            effects.extend(run(account, &mut world)?);
        }
        Ok(effects)
    }

    fn at(
        &mut self,
        id: AccountId,
        now: Now,
        tools: &dyn Toolbox,
        run: impl FnOnce(&mut Account, &mut World<'_>) -> Result<Vec<Effect>, Refused>,
    ) -> Result<Vec<Effect>, Refused> {
        let place = self.place(id)?;
        let (accounts, mut world) = self.split(now, tools);
        run(&mut accounts[place], &mut world)
    }

    /// As [`at`](Self::at), but what is for an account that is gone is late.
    fn for_order(
        &mut self,
        order: Order,
        now: Now,
        tools: &dyn Toolbox,
        run: impl FnOnce(&mut Account, &mut World<'_>) -> Result<Vec<Effect>, Refused>,
    ) -> Result<Vec<Effect>, Refused> {
        match self.place(order.account) {
            Ok(_) => self.at(order.account, now, tools, run),
            Err(_) => Err(Refused::Late),
        }
    }

    fn place(&self, id: AccountId) -> Result<usize, Refused> {
        self.accounts.iter().position(|account| account.id == id).ok_or(Refused::NoSuchAccount)
    }

    /// What another account knows of the server at this address. If it changed, that is no address to pair with.
    fn known(&self, invitation: &Invitation) -> Option<koppel_protocol::Identity> {
        let known = self.accounts.iter().filter_map(Account::identity);
        let same = known.filter(|(origin, _)| *origin == invitation.origin()).map(|(_, identity)| identity);
        same.max_by_key(|identity| identity.version).cloned()
    }

    fn split<'a>(&'a mut self, now: Now, tools: &'a dyn Toolbox) -> (&'a mut Vec<Account>, World<'a>) {
        let Self { accounts, attempts, on_screen, generation, .. } = self;
        (accounts, World { now, on_screen: *on_screen, tools, generations: generation, attempts })
    }

    fn contents(&self) -> Option<Contents> {
        let accounts = self.accounts.iter().filter_map(Account::stored).collect();
        Vault::holding(accounts, self.attempts.clone(), self.codes.kept().to_vec()).write()
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Machine({} accounts)", self.phone.accounts.len())
    }
}
