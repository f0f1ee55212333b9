//! One ask in one transaction: load → [`decide`] → write. The same code on every database.
//!
//! The order is the order of defence: the recorded answer of the same request, the bucket of the source, the account, the
//! verdict. A refusal's changes are written like any other's.

use koppel_domain::{
    Account, Change, Command, Context, Door, Fresh, Found, Needs, Refusal, Reply, SourceTry, StartPairing, Time, decide,
};
use koppel_protocol::id::{OrganisationId, UserId};

use crate::{
    Answer, Ask, Environment, Locator, Touched,
    touched::touched,
    transaction::{Recorded, Transaction},
};

/// How long an idempotency key is remembered: a day.
const REMEMBERED: u32 = 86_400;

/// Gives the verdict on an ask and writes it. What it returns counts once the transaction is committed.
pub(crate) fn execute<T: Transaction>(
    transaction: &T,
    environment: &Environment,
    now: Time,
    ask: &Ask,
) -> Result<(Answer, Vec<Touched>), T::Error> {
    if let Some(idempotency) = &ask.idempotency
        && let Some(recorded) = transaction.recorded(&idempotency.key, now)?
    {
        let same = recorded.body == idempotency.body;
        let answer = if same { Answer::Replayed(recorded.answer) } else { Answer::Decided(Err(Refusal::Mismatch)) };
        return Ok((answer, Vec::new()));
    }
    if let Some(attempt) = attempt_before(environment, ask)
        && let Err(refusal) = reserve(transaction, organisation_of(ask), &attempt, now)?
    {
        return Ok((Answer::Decided(Err(refusal)), Vec::new()));
    }
    let (reply, changes, account) = decide_on_account(transaction, environment, now, ask)?;
    if reply.is_ok()
        && let Some(attempt) = attempt_after(environment, ask)
    {
        give_back(transaction, &attempt)?;
    }
    for change in &changes {
        transaction.write(&account, change)?;
    }
    if let Some(idempotency) = &ask.idempotency
        && let Some(answer) = (idempotency.seal)(&reply)
    {
        transaction.record(&idempotency.key, &Recorded { body: idempotency.body, answer }, now.plus(REMEMBERED))?;
    }
    let touched = touched(&account, &changes);
    Ok((Answer::Decided(reply), touched))
}

/// Reserves a try in the buckets of a source.
pub(crate) fn reserve<T: Transaction>(
    transaction: &T,
    organisation: OrganisationId,
    attempt: &SourceTry,
    now: Time,
) -> Result<Result<(), Refusal>, T::Error> {
    let policy = transaction.policy(organisation)?;
    match attempt.reserve(&transaction.source_counters(attempt)?, &policy, now) {
        Ok(taken) => {
            for bucket in &taken {
                transaction.put_source_counter(bucket)?;
            }
            Ok(Ok(()))
        }
        Err(refusal) => Ok(Err(refusal)),
    }
}

fn give_back<T: Transaction>(transaction: &T, attempt: &SourceTry) -> Result<(), T::Error> {
    let held = transaction.source_counters(attempt)?.into_iter().flatten().collect();
    for bucket in &SourceTry::give_back(held) {
        transaction.put_source_counter(bucket)?;
    }
    Ok(())
}

type Verdict = (Result<Reply, Refusal>, Vec<Change>, Account);

fn decide_on_account<T: Transaction>(
    transaction: &T,
    environment: &Environment,
    now: Time,
    ask: &Ask,
) -> Result<Verdict, T::Error> {
    let mut fresh = Fresh::new((environment.seeds)());
    let needs = Needs::of(&ask.command);
    let stored = match transaction.locate(&ask.at)? {
        Some(user) => transaction.account(user, &needs)?,
        None => None,
    };
    let absent = stored.is_none();
    let account = stored.unwrap_or_else(|| stranger(ask, UserId::from_bytes(fresh.id()), now));
    let policy = transaction.policy(account.user.organisation)?;
    let login_name_taken = match &needs.login_name {
        Some(name) => transaction.login_name_taken(account.user.organisation, name, account.user.id)?,
        None => false,
    };
    let proof_used = match &ask.proof {
        Some(proof) => transaction.proof_used(proof)?,
        None => false,
    };
    let context = Context {
        now,
        policy: &policy,
        keys: &environment.keys,
        signer: environment.signer,
        actor: &ask.actor,
        source: ask.source.as_ref(),
        fresh,
        found: Found { login_name_taken, proof_used },
        proof: ask.proof,
    };
    let outcome = decide(&account, &ask.command, &context);
    // Nothing of a decoy is stored, whatever was decided on it.
    let changes = if absent && !makes_users(ask) { Vec::new() } else { outcome.changes };
    Ok((outcome.reply, changes, account))
}

/// An account nobody stored: the one that the command makes, or a decoy.
fn stranger(ask: &Ask, id: UserId, now: Time) -> Account {
    match &ask.at {
        Locator::ExternalId(organisation, external_id) => Account::absent(id, *organisation, external_id.clone(), now),
        _ => Account::decoy(id, organisation_of(ask), now),
    }
}

fn makes_users(ask: &Ask) -> bool {
    matches!(ask.at, Locator::ExternalId(..)) && ask.command.makes_users()
}

fn organisation_of(ask: &Ask) -> OrganisationId {
    match &ask.at {
        Locator::ExternalId(organisation, _) | Locator::LoginName(organisation, _) => *organisation,
        _ => ask.actor.organisation().unwrap_or(OrganisationId::from_bytes([0; 16])),
    }
}

/// The try that is reserved here, before anything is compared. The login door's was reserved before the directory question.
fn attempt_before(environment: &Environment, ask: &Ask) -> Option<SourceTry> {
    match start(ask)?.door {
        Door::Login { .. } => None,
        Door::Link { .. } | Door::Code { .. } => attempt_after(environment, ask),
    }
}

/// The try that is given back when it was right.
fn attempt_after(environment: &Environment, ask: &Ask) -> Option<SourceTry> {
    let source = ask.source.as_ref()?.bucket.clone();
    let in_budgets = |name| Some(environment.keys.name_in_budgets(organisation_of(ask).as_bytes(), name));
    let name = match &start(ask)?.door {
        Door::Link { .. } => None,
        Door::Code { name, .. } | Door::Login { name } => in_budgets(name),
    };
    Some(SourceTry { source, name })
}

fn start(ask: &Ask) -> Option<&StartPairing> {
    match &ask.command {
        Command::StartPairing(start) => Some(start),
        _ => None,
    }
}
