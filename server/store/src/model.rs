//! The reference model: accounts in memory, changed by [`Account::apply`] alone. For tests; it forgets everything at the end.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use koppel_domain::{
    Account, ApiKey, Change, Due, ExternalId, Job, LoginName, Needs, Operator, Organisation, Parcel, Policy, Proof,
    Refusal, RelyingParty, SharedBytes, SourceCounter, SourceTry, Subscriber, Time,
    audit::{Chain, Checkpoint, Entry, Head},
    outbox,
};
use koppel_protocol::{
    Bytes,
    id::{ApiKeyId, DeviceId, JobId, OrganisationId, RelyingPartyId, UserId},
};

use crate::{
    Answer, Ask, Environment, Happened, Inbox, Locator, Packed, ParcelCounts, Past, Reader, Registration, Store,
    Unavailable, View,
    environment::Forward,
    ledger::Ledger,
    perform::{self, Policies},
};

#[derive(Debug, Clone, Default)]
struct State {
    accounts: BTreeMap<UserId, Account>,
    organisations: BTreeMap<OrganisationId, Organisation>,
    relying_parties: BTreeMap<RelyingPartyId, RelyingParty>,
    api_keys: BTreeMap<ApiKeyId, ApiKey>,
    operators: BTreeMap<ExternalId, Operator>,
    entries: BTreeMap<Chain, Vec<Entry>>,
    jobs: BTreeMap<JobId, Job>,
    proofs: BTreeMap<(DeviceId, Bytes<16>), Time>,
    sources: BTreeMap<(String, Option<Bytes<32>>), SourceCounter>,
    answers: BTreeMap<Bytes<32>, (Bytes<32>, SharedBytes, Time)>,
    checkpoints: Vec<Checkpoint>,
    /// All entries, in the order in which they were committed: the first has mark 1.
    trail: Vec<Entry>,
    subscribers: BTreeMap<Subscriber, u64>,
    parcels: BTreeMap<(Subscriber, u64, u8), Parcel>,
}

/// A transaction on the model.
struct Transaction(RefCell<State>);

/// What a model refuses to do: what no database would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Impossible {
    Version,
}

/// Accounts in memory.
#[derive(Debug)]
pub struct ModelStore {
    state: Mutex<State>,
    environment: Environment,
    forward: Forward,
    commits: AtomicU64,
}

struct NoMemory;

impl Policies for NoMemory {
    fn of<L: Ledger>(&self, ledger: &L, organisation: OrganisationId) -> Result<Arc<Policy>, L::Error> {
        Ok(ledger.organisation(organisation)?.map(|found| Arc::new(found.policy)).unwrap_or_default())
    }
}

impl ModelStore {
    /// An empty one.
    pub const fn new(environment: Environment) -> Self {
        Self { state: Mutex::new(State::new()), environment, forward: Forward::new(), commits: AtomicU64::new(0) }
    }

    /// All of the work or, when it fails or panics, nothing of it.
    fn transact<T>(&self, work: impl FnOnce(&Transaction) -> Result<T, Impossible>) -> Result<T, Unavailable> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = Transaction(RefCell::new(state.clone()));
        let done = catch_unwind(AssertUnwindSafe(|| work(&transaction)));
        let result = done.unwrap_or(Err(Impossible::Version)).map_err(|_| Unavailable::Database)?;
        *state = transaction.0.into_inner();
        self.commits.fetch_add(1, Ordering::Relaxed);
        Ok(result)
    }

    fn perform(&self, ask: &Ask) -> Result<Answer, Unavailable> {
        let now = self.now();
        let done =
            self.transact(|transaction| perform::perform(transaction, &NoMemory, ask, &self.environment, now))?;
        let heard = catch_unwind(AssertUnwindSafe(|| (self.environment.heard)(&done.touched)));
        if heard.is_err() {
            tracing::error!("whoever hears of commits panicked");
        }
        Ok(done.answer)
    }
}

impl State {
    const fn new() -> Self {
        Self {
            accounts: BTreeMap::new(),
            organisations: BTreeMap::new(),
            relying_parties: BTreeMap::new(),
            api_keys: BTreeMap::new(),
            operators: BTreeMap::new(),
            entries: BTreeMap::new(),
            jobs: BTreeMap::new(),
            proofs: BTreeMap::new(),
            sources: BTreeMap::new(),
            answers: BTreeMap::new(),
            checkpoints: Vec::new(),
            trail: Vec::new(),
            subscribers: BTreeMap::new(),
            parcels: BTreeMap::new(),
        }
    }

    fn find(&self, of: impl Fn(&Account) -> bool) -> Option<UserId> {
        self.accounts.values().find(|account| of(account)).map(|account| account.user.id)
    }
}

impl Reader for Transaction {
    type Error = Impossible;

    fn locate(&self, at: &Locator) -> Result<Option<UserId>, Impossible> {
        let state = self.0.borrow();
        Ok(match at {
            Locator::User(id) => state.find(|account| account.user.id == *id),
            Locator::ExternalId(organisation, id) => {
                state.find(|account| account.user.organisation == *organisation && account.user.external_id == *id)
            }
            Locator::LoginName(organisation, name) => state.find(|account| {
                account.user.organisation == *organisation && account.user.login_name.as_ref() == Some(name)
            }),
            Locator::Challenge(id) => state.find(|account| account.challenge(*id).is_some()),
            Locator::Prompt(id) => state.find(|account| account.prompt(*id).is_some()),
            Locator::PageToken(token) => {
                state.find(|account| account.prompts.iter().any(|prompt| prompt.token == *token))
            }
            Locator::Device(id) => state.find(|account| account.device(*id).is_some()),
            Locator::Pairing(id) => state.find(|account| account.pairing(*id).is_some()),
            Locator::Invitation(id) => state.find(|account| account.invitation(*id).is_some()),
        })
    }

    fn account(&self, user: UserId, needs: &Needs) -> Result<Option<Account>, Impossible> {
        Ok(self.0.borrow().accounts.get(&user).map(|account| needs.select(account)))
    }

    fn inbox(&self, device: DeviceId, past: &Past) -> Result<Option<Inbox>, Impossible> {
        let user = self.locate(&Locator::Device(device))?;
        let state = self.0.borrow();
        Ok(user.and_then(|user| {
            let mut account = state.accounts.get(&user)?.clone();
            account.challenges.retain(|challenge| !challenge.state.is_final() || past.has(challenge.id));
            Inbox::of(account, device)
        }))
    }

    fn organisation(&self, id: OrganisationId) -> Result<Option<Organisation>, Impossible> {
        Ok(self.0.borrow().organisations.get(&id).cloned())
    }

    fn organisations(&self) -> Result<Vec<Organisation>, Impossible> {
        Ok(self.0.borrow().organisations.values().cloned().collect())
    }

    fn relying_party(&self, id: RelyingPartyId) -> Result<Option<RelyingParty>, Impossible> {
        Ok(self.0.borrow().relying_parties.get(&id).cloned())
    }

    fn relying_parties(&self, organisation: OrganisationId) -> Result<Vec<RelyingParty>, Impossible> {
        let state = self.0.borrow();
        Ok(state.relying_parties.values().filter(|party| party.organisation == organisation).cloned().collect())
    }

    fn api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>, Impossible> {
        Ok(self.0.borrow().api_keys.get(&id).cloned())
    }

    fn users(
        &self,
        organisation: OrganisationId,
        after: Option<&ExternalId>,
        limit: u32,
    ) -> Result<Vec<UserId>, Impossible> {
        let state = self.0.borrow();
        let mut own: Vec<_> = state
            .accounts
            .values()
            .map(|account| (&account.user.external_id, &account.user))
            .filter(|(id, user)| user.organisation == organisation && after.is_none_or(|after| *id > after))
            .map(|(id, user)| (id.clone(), user.id))
            .collect();
        own.sort_unstable();
        Ok(own.into_iter().take(limit as usize).map(|(_, user)| user).collect())
    }

    fn operators(&self) -> Result<Vec<Operator>, Impossible> {
        Ok(self.0.borrow().operators.values().cloned().collect())
    }

    fn entries(&self, chain: Chain, after: u64, limit: u32) -> Result<Vec<Entry>, Impossible> {
        let state = self.0.borrow();
        let entries = state.entries.get(&chain).into_iter().flatten();
        Ok(entries.filter(|entry| entry.n > after).take(limit as usize).cloned().collect())
    }

    fn heads(&self) -> Result<Vec<Head>, Impossible> {
        let state = self.0.borrow();
        let organisations = state.organisations.values().map(|organisation| Head {
            chain: Chain::Organisation(organisation.id),
            length: organisation.chain_length,
            hash: organisation.chain_head,
        });
        let users = state.accounts.values().map(|account| Head {
            chain: Chain::User(account.user.id),
            length: account.user.chain_length,
            hash: account.user.chain_head,
        });
        let mut heads: Vec<Head> = organisations.chain(users).collect();
        heads.sort_unstable_by_key(|head| head.chain);
        Ok(heads)
    }

    fn last_checkpoint(&self) -> Result<Option<Checkpoint>, Impossible> {
        Ok(self.0.borrow().checkpoints.last().cloned())
    }

    fn mark(&self) -> Result<u64, Impossible> {
        Ok(self.0.borrow().trail.len() as u64)
    }

    fn happened(&self, after: u64, up_to: u64) -> Result<Vec<Happened>, Impossible> {
        let state = self.0.borrow();
        let between = (1..).zip(&state.trail).filter(|(mark, _)| (after + 1..=up_to).contains(mark));
        let happened = between.filter_map(|(mark, entry)| {
            let Chain::User(user) = entry.chain else { return None };
            let held = &state.accounts.get(&user)?.user;
            let (organisation, external_id) = (held.organisation, held.external_id.clone());
            Some(Happened { mark, user, organisation, external_id, entry: entry.clone() })
        });
        Ok(happened.collect())
    }

    fn first_mark(&self) -> Result<u64, Impossible> {
        Ok(u64::from(!self.0.borrow().trail.is_empty()))
    }

    fn subscription(&self, subscriber: &Subscriber) -> Result<Option<u64>, Impossible> {
        Ok(self.0.borrow().subscribers.get(subscriber).copied())
    }

    fn next_due(&self, subscriber: &Subscriber) -> Result<Option<Time>, Impossible> {
        let state = self.0.borrow();
        Ok(state
            .parcels
            .values()
            .filter(|parcel| parcel.subscriber == *subscriber)
            .filter_map(|parcel| parcel.due)
            .min())
    }

    fn parcels(&self, subscriber: &Subscriber, lost: bool, limit: u32) -> Result<Vec<Parcel>, Impossible> {
        let state = self.0.borrow();
        let own = state.parcels.values().rev().filter(|parcel| parcel.subscriber == *subscriber);
        Ok(own.filter(|parcel| !lost || parcel.is_lost()).take(limit as usize).cloned().collect())
    }

    fn parcel_counts(&self, subscriber: &Subscriber) -> Result<ParcelCounts, Impossible> {
        let state = self.0.borrow();
        let mut counts = ParcelCounts::default();
        for parcel in state.parcels.values().filter(|parcel| parcel.subscriber == *subscriber) {
            match (parcel.due, parcel.is_lost()) {
                (Some(_), _) => counts.waiting += 1,
                (None, true) => counts.lost += 1,
                (None, false) => counts.taken += 1,
            }
        }
        Ok(counts)
    }
}

impl Ledger for Transaction {
    fn write(&self, before: &Account, changes: &[Change], _now: Time) -> Result<(), Impossible> {
        let mut state = self.0.borrow_mut();
        let user = before.user.id;
        let held = state.accounts.get(&user).map_or(0, |account| account.user.version);
        if held != before.user.version {
            return Err(Impossible::Version);
        }
        let mut account = state.accounts.remove(&user).unwrap_or_else(|| before.clone());
        for change in changes {
            account.apply(change);
            match change {
                Change::AppendAudit(entry) => state.append(entry),
                Change::InsertJob(job) => drop(state.jobs.insert(job.id, job.clone())),
                Change::RememberProof(proof) => drop(state.proofs.insert((proof.device, proof.jti), proof.until)),
                Change::ForgetSourceTries { name } => state.sources.retain(|(_, held), _| *held != Some(*name)),
                Change::Erase => state.jobs.retain(|_, job| job.user != user),
                _ => {}
            }
        }
        state.accounts.insert(user, account);
        Ok(())
    }

    fn owner_of(&self, organisation: OrganisationId, name: &LoginName) -> Result<Option<UserId>, Impossible> {
        self.locate(&Locator::LoginName(organisation, name.clone()))
    }

    fn proof_is_used(&self, proof: &Proof) -> Result<bool, Impossible> {
        Ok(self.0.borrow().proofs.contains_key(&(proof.device, proof.jti)))
    }

    fn source_counter(&self, source: &str, name: Option<Bytes<32>>) -> Result<Option<SourceCounter>, Impossible> {
        Ok(self.0.borrow().sources.get(&(source.to_owned(), name)).cloned())
    }

    fn put_source_counters(&self, counters: &[SourceCounter]) -> Result<(), Impossible> {
        let mut state = self.0.borrow_mut();
        for counter in counters {
            state.sources.insert((counter.source.clone(), counter.name), counter.clone());
        }
        Ok(())
    }

    fn recorded(&self, key: &Bytes<32>, now: Time) -> Result<Option<(Bytes<32>, SharedBytes)>, Impossible> {
        let state = self.0.borrow();
        Ok(state.answers.get(key).filter(|(_, _, until)| now < *until).map(|(body, answer, _)| (*body, answer.clone())))
    }

    fn record(&self, key: &Bytes<32>, body: &Bytes<32>, answer: &SharedBytes, until: Time) -> Result<(), Impossible> {
        self.0.borrow_mut().answers.insert(*key, (*body, answer.clone(), until));
        Ok(())
    }

    fn write_registration(
        &self,
        act: &Registration,
        organisation: &Organisation,
        entry: &Entry,
    ) -> Result<(), Impossible> {
        let mut state = self.0.borrow_mut();
        state.organisations.insert(organisation.id, organisation.clone());
        match act {
            Registration::Organisation(_) | Registration::Policy { .. } => {}
            Registration::RelyingParty { party, .. } => drop(state.relying_parties.insert(party.id, (**party).clone())),
            Registration::Operator(operator) => {
                drop(state.operators.insert(operator.name.clone(), (**operator).clone()))
            }
            Registration::ApiKey { key, .. } => drop(state.api_keys.insert(key.id, (**key).clone())),
            Registration::RevokeApiKey { key, .. } => {
                if let Some(key) = state.api_keys.get_mut(key) {
                    key.revoked_at = key.revoked_at.or(Some(entry.at));
                }
            }
        }
        state.append(entry);
        Ok(())
    }

    fn claim_jobs(&self, now: Time, limit: u32) -> Result<Vec<Job>, Impossible> {
        let mut state = self.0.borrow_mut();
        let mut lapsed: Vec<Job> = state.jobs.values().filter(|job| job.lease_until <= now).cloned().collect();
        lapsed.sort_by_key(|job| job.lease_until);
        lapsed.truncate(limit as usize);
        for job in &mut lapsed {
            job.claim(now);
            state.jobs.insert(job.id, job.clone());
        }
        Ok(lapsed)
    }

    fn finish_job(&self, job: JobId) -> Result<(), Impossible> {
        self.0.borrow_mut().jobs.remove(&job);
        Ok(())
    }

    fn users_with_due_rows(&self, now: Time, limit: u32) -> Result<Vec<UserId>, Impossible> {
        fn over<T: Due>(rows: &[T], now: Time) -> bool {
            rows.iter().any(|row| row.due().is_some_and(|due| due <= now))
        }
        let due = |account: &&Account| {
            over(&account.challenges, now)
                || over(&account.prompts, now)
                || over(&account.pairings, now)
                || over(&account.invitations, now)
                || over(&account.devices, now)
                || over(&account.notices, now)
        };
        let state = self.0.borrow();
        Ok(state.accounts.values().filter(due).map(|account| account.user.id).take(limit as usize).collect())
    }

    fn remove_old_rows(&self, now: Time, limit: u32) -> Result<u32, Impossible> {
        let mut state = self.0.borrow_mut();
        let before = state.size();
        state.proofs.retain(|_, until| *until > now);
        state.answers.retain(|_, (_, _, until)| *until > now);
        state.sources.retain(|_, counter| counter.since > now.minus(perform::KEEP_SOURCE));
        let old = now.minus(perform::KEEP_QUESTIONS);
        for account in state.accounts.values_mut() {
            account.prompts.retain(|row| !row.state.is_final() || row.created > old);
            account.decisions.retain(|row| row.at > old);
            account.challenges.retain(|row| !row.state.is_final() || row.created > old);
            let kept: Vec<_> = account.challenges.iter().map(|row| row.id).collect();
            account.copies.retain(|row| kept.contains(&row.challenge));
        }
        state.parcels.retain(|_, parcel| parcel.due.is_some() || parcel.happened > now.minus(outbox::KEPT));
        let removed = before - state.size();
        Ok(u32::try_from(removed).unwrap_or(u32::MAX).min(limit))
    }

    fn put_subscription(&self, subscriber: &Subscriber, mark: Option<u64>) -> Result<(), Impossible> {
        let mut state = self.0.borrow_mut();
        if let Some(mark) = mark {
            state.subscribers.insert(*subscriber, mark);
        } else {
            state.subscribers.remove(subscriber);
            state.parcels.retain(|_, parcel| parcel.subscriber != *subscriber);
        }
        Ok(())
    }

    fn parcel(&self, subscriber: &Subscriber, mark: u64, part: u8) -> Result<Option<Parcel>, Impossible> {
        Ok(self.0.borrow().parcels.get(&(*subscriber, mark, part)).cloned())
    }

    fn put_parcel(&self, parcel: &Parcel) -> Result<(), Impossible> {
        let key = (parcel.subscriber, parcel.mark, parcel.part);
        self.0.borrow_mut().parcels.insert(key, parcel.clone());
        Ok(())
    }

    fn due_parcels(&self, subscriber: &Subscriber, now: Time, limit: u32) -> Result<Vec<Parcel>, Impossible> {
        let state = self.0.borrow();
        let is_due = |parcel: &&Parcel| parcel.subscriber == *subscriber && parcel.due.is_some_and(|due| due <= now);
        let mut due: Vec<Parcel> = state.parcels.values().filter(is_due).cloned().collect();
        due.sort_by_key(|parcel| parcel.due);
        due.truncate(limit as usize);
        Ok(due)
    }

    fn put_checkpoint(&self, checkpoint: &Checkpoint) -> Result<(), Impossible> {
        self.0.borrow_mut().checkpoints.push(checkpoint.clone());
        Ok(())
    }
}

impl State {
    fn append(&mut self, entry: &Entry) {
        self.entries.entry(entry.chain).or_default().push(entry.clone());
        self.trail.push(entry.clone());
    }

    fn size(&self) -> usize {
        let rows = |account: &Account| {
            account.prompts.len() + account.decisions.len() + account.challenges.len() + account.copies.len()
        };
        self.proofs.len()
            + self.answers.len()
            + self.sources.len()
            + self.parcels.len()
            + self.accounts.values().map(rows).sum::<usize>()
    }
}

impl Store for ModelStore {
    async fn execute(&self, ask: Ask) -> Result<Answer, Unavailable> {
        self.perform(&ask)
    }

    fn lazily(&self, ask: Ask) {
        if let Err(error) = self.perform(&ask) {
            tracing::error!(%error, "lazy work was undone");
        }
    }

    async fn reserve(
        &self,
        organisation: OrganisationId,
        attempt: SourceTry,
    ) -> Result<Result<(), Refusal>, Unavailable> {
        let now = self.now();
        self.transact(|transaction| {
            let policy = NoMemory.of(transaction, organisation)?;
            perform::reserve(transaction, &attempt, &policy, now)
        })
    }

    async fn give_back(&self, attempt: SourceTry) -> Result<(), Unavailable> {
        self.transact(|transaction| perform::give_back(transaction, &attempt))
    }

    async fn read<V: View>(&self, view: V) -> Result<V::Rows, Unavailable> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner).clone();
        view.rows(&Transaction(RefCell::new(state))).map_err(|_| Unavailable::Database)
    }

    async fn register(&self, registration: Registration) -> Result<(), Unavailable> {
        let now = self.now();
        self.transact(|transaction| perform::register(transaction, &registration, &self.environment, now))
    }

    async fn lapsed_jobs(&self, limit: u32) -> Result<Vec<Job>, Unavailable> {
        let now = self.now();
        self.transact(|transaction| transaction.claim_jobs(now, limit))
    }

    fn job_done(&self, job: JobId) {
        // The model cannot fail at this.
        let _ = self.transact(|transaction| transaction.finish_job(job));
    }

    async fn subscribe(&self, subscriber: Subscriber) -> Result<(), Unavailable> {
        self.transact(|transaction| perform::subscribe(transaction, &subscriber))
    }

    async fn unsubscribe(&self, subscriber: Subscriber) -> Result<(), Unavailable> {
        self.transact(|transaction| transaction.put_subscription(&subscriber, None))
    }

    async fn pack(&self, packed: Packed) -> Result<bool, Unavailable> {
        self.transact(|transaction| perform::pack(transaction, &packed))
    }

    async fn due_parcels(&self, subscriber: Subscriber, limit: u32) -> Result<Vec<Parcel>, Unavailable> {
        let now = self.now();
        self.transact(|transaction| perform::claim_parcels(transaction, &subscriber, now, limit))
    }

    async fn parcel_tried(&self, before: Parcel, after: Parcel) -> Result<bool, Unavailable> {
        self.transact(|transaction| perform::parcel_tried(transaction, &before, &after))
    }

    async fn try_again(&self, subscriber: Subscriber, limit: u32) -> Result<u32, Unavailable> {
        let now = self.now();
        self.transact(|transaction| perform::try_again(transaction, &subscriber, now, limit))
    }

    async fn sweep(&self, limit: u32) -> Result<u32, Unavailable> {
        let now = self.now();
        let users = self.transact(|transaction| transaction.users_with_due_rows(now, limit))?;
        let settled = u32::try_from(users.len()).unwrap_or(u32::MAX);
        for user in users {
            self.perform(&perform::settle(user, std::time::Instant::now()))?;
        }
        let removed = self.transact(|transaction| transaction.remove_old_rows(now, limit))?;
        Ok(settled + removed)
    }

    async fn keep_checkpoint(&self, checkpoint: Checkpoint) -> Result<(), Unavailable> {
        self.transact(|transaction| transaction.put_checkpoint(&checkpoint))
    }

    fn now(&self) -> Time {
        self.forward.now(&*self.environment.clock)
    }

    fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Environment, ModelStore, conformance::store_conformance};

    fn make(environment: Environment) -> (ModelStore, ()) {
        (ModelStore::new(environment), ())
    }

    store_conformance!(make);
}
