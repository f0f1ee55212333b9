//! One ask from start to end, the same on every database: idempotency, source, load, decide, write.

use std::sync::Arc;

use koppel_domain::{
    Account, Actor, ChallengeState, Change, Command, Context, Door, ExternalId, Found, Fresh, Needs, Outcome, Parcel,
    Policy, Question, Refusal, Reply, SourceCounter, SourceTry, Subscriber, Time, audit, decide,
};
use koppel_protocol::{
    Bytes,
    id::{OrganisationId, UserId},
};

use crate::{Answer, Ask, Environment, Locator, Packed, Registration, Touched, ledger::Ledger};

/// Answers under an idempotency key are kept for a day.
const KEEP_ANSWER: u32 = 86_400;
/// Challenges, prompts, copies and decisions are kept for 30 days.
pub(crate) const KEEP_QUESTIONS: u32 = 30 * 86_400;
/// Buckets of sources are kept as long as their longest window.
pub(crate) const KEEP_SOURCE: u32 = 3600;

/// The policies of organisations, remembered between transactions.
pub(crate) trait Policies {
    /// The organisation's policy; the default for one that is not there.
    fn of<L: Ledger>(&self, ledger: &L, organisation: OrganisationId) -> Result<Arc<Policy>, L::Error>;
}

/// What an ask did.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) answer: Answer,
    pub(crate) touched: Vec<Touched>,
}

impl Done {
    fn untouched(answer: Answer) -> Self {
        Self { answer, touched: Vec::new() }
    }
}

/// Performs one ask inside the caller's transaction.
pub(crate) fn perform<L: Ledger>(
    ledger: &L,
    policies: &impl Policies,
    ask: &Ask,
    environment: &Environment,
    now: Time,
) -> Result<Done, L::Error> {
    if let Some(idempotency) = &ask.idempotency
        && let Some((body, answer)) = ledger.recorded(&idempotency.key, now)?
    {
        let answer =
            if body == idempotency.body { Answer::Replayed(answer) } else { Answer::Decided(Err(Refusal::Mismatch)) };
        return Ok(Done::untouched(answer));
    }
    let fresh = Fresh::new((environment.seeds)());
    let needs = Needs::of(&ask.command);
    let (account, fresh) = account(ledger, ask, &needs, fresh, now)?;
    let policy = policies.of(ledger, account.user.organisation)?;

    let attempt = source_try(ask, environment, account.user.organisation);
    if let Some(attempt) = attempt.as_ref().filter(|_| reserves_itself(&ask.command))
        && let Err(refusal) = reserve(ledger, attempt, &policy, now)?
    {
        return Ok(Done::untouched(Answer::Decided(Err(refusal))));
    }

    let context = Context {
        now,
        policy: &policy,
        keys: &environment.keys,
        signer: environment.signer,
        actor: &ask.actor,
        source: ask.source.as_ref(),
        fresh,
        found: found(ledger, ask, needs, &account)?,
        proof: ask.proof,
    };
    let Outcome { reply, changes } = decide(&account, &ask.command, &context);
    if !changes.is_empty() {
        ledger.write(&account, &changes, now)?;
    }
    if let Some(attempt) = &attempt
        && (reply.is_ok() || (reply == Err(Refusal::Stale) && reserves_itself(&ask.command)))
    {
        give_back(ledger, attempt)?;
    }
    if let Some(idempotency) = &ask.idempotency
        && reply != Err(Refusal::Stale)
        && let Some(answer) = (idempotency.seal)(&reply)
    {
        ledger.record(&idempotency.key, &idempotency.body, &answer, now.plus(KEEP_ANSWER))?;
    }
    Ok(Done { touched: touched(&account, &changes, &reply), answer: Answer::Decided(reply) })
}

/// The account as far as the command needs it; one that is absent where there is none: made by commands that make
/// users, a decoy for all others.
fn account<L: Ledger>(
    ledger: &L,
    ask: &Ask,
    needs: &Needs,
    mut fresh: Fresh,
    now: Time,
) -> Result<(Account, Fresh), L::Error> {
    let located = ledger.locate(&ask.at)?;
    let loaded = match located {
        Some(user) => ledger.account(user, needs)?,
        None => None,
    };
    let account = loaded.unwrap_or_else(|| {
        let (organisation, external_id) = match &ask.at {
            Locator::ExternalId(organisation, external_id) => (Some(*organisation), Some(external_id.clone())),
            Locator::LoginName(organisation, _) => (Some(*organisation), None),
            _ => (ask.actor.organisation(), None),
        };
        let nobody = OrganisationId::from_bytes([0; 16]);
        let external_id = external_id.unwrap_or_else(decoy);
        Account::absent(UserId::from_bytes(fresh.id()), organisation.unwrap_or(nobody), external_id, now)
    });
    Ok((account, fresh))
}

fn decoy() -> ExternalId {
    "decoy".parse().unwrap_or_else(|_| unreachable!("a clean word is an external id"))
}

fn found<L: Ledger>(ledger: &L, ask: &Ask, needs: Needs, account: &Account) -> Result<Found, L::Error> {
    // A known user keeps its name, except where the panel puts it.
    let may_name = !account.exists() || matches!(ask.command, Command::PutUser(_));
    let name = if may_name { needs.login_name.or(login_door_name(&ask.command)) } else { None };
    let login_name_taken = match name {
        Some(name) => ledger.owner_of(account.user.organisation, &name)?.is_some_and(|owner| owner != account.user.id),
        None => false,
    };
    let proof_used = match &ask.proof {
        Some(proof) => ledger.proof_is_used(proof)?,
        None => false,
    };
    Ok(Found { login_name_taken, proof_used })
}

fn login_door_name(command: &Command) -> Option<koppel_domain::LoginName> {
    match command {
        Command::StartPairing(start) => match &start.door {
            Door::Login { name } => Some(name.clone()),
            Door::Link { .. } | Door::Code { .. } => None,
        },
        _ => None,
    }
}

/// Which buckets a stranger's try draws from.
fn source_try(ask: &Ask, environment: &Environment, organisation: OrganisationId) -> Option<SourceTry> {
    let (Command::StartPairing(start), Some(source)) = (&ask.command, &ask.source) else { return None };
    let name = match &start.door {
        Door::Link { .. } => None,
        Door::Code { name, .. } | Door::Login { name } => {
            Some(environment.keys.name_in_budgets(organisation.as_bytes(), name))
        }
    };
    Some(SourceTry { source: source.bucket.clone(), name })
}

/// The login door's try is reserved before the directory is asked.
fn reserves_itself(command: &Command) -> bool {
    matches!(command, Command::StartPairing(start) if !matches!(start.door, Door::Login { .. }))
}

fn held<L: Ledger>(ledger: &L, attempt: &SourceTry) -> Result<Vec<Option<SourceCounter>>, L::Error> {
    attempt.buckets().map(|name| ledger.source_counter(&attempt.source, name)).collect()
}

/// Takes a try from the buckets of its source, before anything is compared.
pub(crate) fn reserve<L: Ledger>(
    ledger: &L,
    attempt: &SourceTry,
    policy: &Policy,
    now: Time,
) -> Result<Result<(), Refusal>, L::Error> {
    match attempt.reserve(&held(ledger, attempt)?, policy, now) {
        Ok(taken) => ledger.put_source_counters(&taken).map(Ok),
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// Gives a try back that was right, or that came to no comparison.
pub(crate) fn give_back<L: Ledger>(ledger: &L, attempt: &SourceTry) -> Result<(), L::Error> {
    let held = held(ledger, attempt)?.into_iter().flatten().collect();
    ledger.put_source_counters(&SourceTry::give_back(held))
}

/// Whose watchers look again.
fn touched(before: &Account, changes: &[Change], reply: &Result<Reply, Refusal>) -> Vec<Touched> {
    let mut touched = Vec::new();
    for change in changes {
        match change {
            Change::PutUser(user) => touched.push(Touched::User(user.id)),
            // That a phone was heard of is no news to it.
            Change::PutDevice(device) => {
                let former = before.device(device.id).map(|device| device.state);
                touched.extend((former != Some(device.state)).then_some(Touched::Device(device.id)));
            }
            Change::PutPairing(pairing) => touched.push(Touched::Pairing(pairing.id)),
            Change::PutPrompt(prompt) => touched.push(Touched::Prompt(prompt.id)),
            // What a phone told of a copy needs not be told to it.
            Change::PutCopy(copy) => {
                touched.extend(copy.arrived_at.is_none().then_some(Touched::Device(copy.device)));
            }
            Change::PutNotice(notice) => touched.push(Touched::Device(notice.device)),
            Change::PutChallenge(challenge) => {
                touched.push(Touched::Challenge(challenge.id));
                if let Question::Login(login) = &challenge.question {
                    touched.extend(login.prompt.map(Touched::Prompt));
                }
                if ends_on_phones(challenge.state) {
                    let told = before.copies.iter().filter(|copy| copy.challenge == challenge.id);
                    touched.extend(told.map(|copy| Touched::Device(copy.device)));
                }
            }
            Change::PutMethod(_)
            | Change::PutInvitation(_)
            | Change::PutDecision(_)
            | Change::PutCounter(_)
            | Change::InsertJob(_)
            | Change::AppendAudit(_)
            | Change::RememberProof(_)
            | Change::Remove(_)
            | Change::Erase
            | Change::ForgetSourceTries { .. } => {}
        }
    }
    if let Ok(Reply::UserDeleted { devices }) = reply {
        touched.extend(devices.iter().map(|device| Touched::Device(device.id)));
    }
    touched.sort_unstable();
    touched.dedup();
    touched
}

/// Whether phones take a challenge off their screens in this state. A pending one is seen by its copies; what became of an
/// approval they were told before.
fn ends_on_phones(state: ChallengeState) -> bool {
    !matches!(state, ChallengeState::Pending | ChallengeState::Consumed | ChallengeState::Lapsed)
}

/// Performs an act of the operator: its entry joins the organisation's chain.
pub(crate) fn register<L: Ledger>(
    ledger: &L,
    act: &Registration,
    environment: &Environment,
    now: Time,
) -> Result<(), L::Error> {
    let id = act.organisation();
    let known = ledger.organisation(id)?;
    let mut organisation = match (act, known) {
        (Registration::Organisation(new), Some(known)) => koppel_domain::Organisation {
            policy: known.policy,
            chain_head: known.chain_head,
            chain_length: known.chain_length,
            created: known.created,
            ..(**new).clone()
        },
        (Registration::Organisation(new), None) => {
            koppel_domain::Organisation { chain_head: Bytes::new([0; 32]), chain_length: 0, ..(**new).clone() }
        }
        (_, Some(known)) => known,
        // An act on an organisation that is not there does nothing.
        (_, None) => return Ok(()),
    };
    if let Registration::Policy { policy, .. } = act {
        let version = organisation.policy.version.wrapping_add(1);
        organisation.policy = Policy { version, ..(**policy).clone() };
    }
    let mut fresh = Fresh::new((environment.seeds)());
    let entry = audit::Entry::next(
        audit::Chain::Organisation(id),
        organisation.chain_length + 1,
        organisation.chain_head,
        now,
        act.kind(),
        &act.actor(),
        fresh.salt(),
        act.detail(),
    );
    organisation.chain_length = entry.n;
    organisation.chain_head = entry.hash;
    ledger.write_registration(act, &organisation, &entry)
}

/// Ends what time has ended in one account.
pub(crate) fn settle(user: UserId, deadline: std::time::Instant) -> Ask {
    Ask {
        at: Locator::User(user),
        command: Command::Settle,
        actor: Actor::Server,
        source: None,
        proof: None,
        idempotency: None,
        deadline,
    }
}

/// A subscriber from now on; one that is it already goes on where it was.
pub(crate) fn subscribe<L: Ledger>(ledger: &L, subscriber: &Subscriber) -> Result<(), L::Error> {
    match ledger.subscription(subscriber)? {
        Some(_) => Ok(()),
        None => ledger.put_subscription(subscriber, Some(ledger.mark()?)),
    }
}

/// Parcels and how far the subscriber was told go together.
pub(crate) fn pack<L: Ledger>(ledger: &L, packed: &Packed) -> Result<bool, L::Error> {
    if ledger.subscription(&packed.subscriber)? != Some(packed.from) {
        return Ok(false);
    }
    for parcel in &packed.parcels {
        ledger.put_parcel(parcel)?;
    }
    ledger.put_subscription(&packed.subscriber, Some(packed.to))?;
    Ok(true)
}

/// Whoever brings them away has a minute for it.
pub(crate) fn claim_parcels<L: Ledger>(
    ledger: &L,
    subscriber: &Subscriber,
    now: Time,
    limit: u32,
) -> Result<Vec<Parcel>, L::Error> {
    let mut due = ledger.due_parcels(subscriber, now, limit)?;
    for parcel in &mut due {
        parcel.claim(now);
        ledger.put_parcel(parcel)?;
    }
    Ok(due)
}

/// How a try ended is written only where the parcel is still as it was claimed: not claimed by another, not sent anew, not gone.
pub(crate) fn parcel_tried<L: Ledger>(ledger: &L, before: &Parcel, after: &Parcel) -> Result<bool, L::Error> {
    let is_here = ledger.parcel(&before.subscriber, before.mark, before.part)?.as_ref() == Some(before);
    if is_here {
        ledger.put_parcel(after)?;
    }
    Ok(is_here)
}

/// What was lost is due again.
pub(crate) fn try_again<L: Ledger>(
    ledger: &L,
    subscriber: &Subscriber,
    now: Time,
    limit: u32,
) -> Result<u32, L::Error> {
    let mut again = 0;
    for parcel in ledger.parcels(subscriber, true, limit)? {
        ledger.put_parcel(&parcel.again(now))?;
        again += 1;
    }
    Ok(again)
}
