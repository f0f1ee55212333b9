//! How far a roll-out is: in each group of users, how many have a second factor.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use koppel_domain::{Account, Enforcement, ExternalId, RelyingParty, Rollout, Standing, Terms, Time, UserStatus};
use koppel_protocol::Text;
use koppel_protocol::id::RelyingPartyId;
use koppel_store::{Store, Users};

use crate::app::{App, unavailable};
use crate::problem::Problem;

/// So many users are read at once.
const AT_ONCE: u32 = 256;

/// How far the users of one relying party are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// By the panel's word for the group; without one first.
    pub groups: BTreeMap<Option<Text>, Counts>,
    /// Users that the panel disabled; they are counted nowhere else.
    pub disabled: u64,
}

/// How many users stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts([u64; Standing::ALL.len()]);

impl Counts {
    /// How many stand there.
    pub fn of(&self, standing: Standing) -> u64 {
        self.0[standing as usize]
    }

    /// How many there are.
    pub fn all(&self) -> u64 {
        self.0.iter().sum()
    }

    /// How many of a hundred have a second factor, with or without a backup; rounded down.
    pub fn percent(&self) -> u64 {
        let protected = self.of(Standing::SetUp) + self.of(Standing::BackupMissing);
        (protected * 100).checked_div(self.all()).unwrap_or(100)
    }

    fn add(&mut self, other: Counts) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum += more;
        }
    }
}

impl Progress {
    /// Counts one more user.
    pub fn count(&mut self, group: Option<Text>, standing: Standing) {
        self.groups.entry(group).or_default().0[standing as usize] += 1;
    }

    /// All groups together.
    pub fn total(&self) -> Counts {
        let mut total = Counts::default();
        self.groups.values().for_each(|counts| total.add(*counts));
        total
    }

    /// Every group that has users or a rule of its own, with its rule.
    pub fn with_rules(&self, rollout: &Rollout) -> BTreeMap<Option<Text>, (Counts, Enforcement)> {
        let named = rollout.groups.keys().cloned().map(Some);
        let groups = self.groups.keys().cloned().chain(named);
        let line = |group: Option<Text>| {
            let rule = group.as_ref().and_then(|group| rollout.groups.get(group)).copied();
            let counts = self.groups.get(&group).copied().unwrap_or_default();
            (group, (counts, rule.unwrap_or(rollout.everyone)))
        };
        groups.map(line).collect()
    }
}

/// Users of a relying party after one of them, with their phones and methods; deleted ones are left out. With where to go on,
/// if there may be more.
///
/// # Errors
/// *Unavailable*.
pub async fn users(
    app: &App,
    party: &RelyingParty,
    after: Option<ExternalId>,
    limit: u32,
) -> Result<(Vec<Account>, Option<ExternalId>), Problem> {
    let users = Users { organisation: party.organisation, after, limit };
    let mut users = app.store.read(users).await.map_err(unavailable)?;
    let full = u32::try_from(users.len()).is_ok_and(|read| read == limit);
    let next = users.last().filter(|_| full).map(|last| last.user.external_id.clone());
    users.retain(Account::exists);
    Ok((users, next))
}

/// Where a user stands; none: the panel does not want them, and they are counted apart.
pub fn standing(account: &Account, terms: &Terms) -> Option<Standing> {
    (account.user.status == UserStatus::Active).then(|| account.standing(terms))
}

/// Reads all users of a relying party.
///
/// # Errors
/// *Unavailable*.
async fn progress(app: &App, party: &RelyingParty) -> Result<Progress, Problem> {
    let terms = party.terms();
    let (mut progress, mut after) = (Progress::default(), None);
    loop {
        let (some, next) = users(app, party, after, AT_ONCE).await?;
        for account in some {
            match standing(&account, &terms) {
                Some(standing) => progress.count(account.user.group.clone(), standing),
                None => progress.disabled += 1,
            }
        }
        match next {
            Some(next) => after = Some(next),
            None => return Ok(progress),
        }
    }
}

/// What was counted lately: reading all users takes a while, and whoever looks at a panel looks again.
#[derive(Debug, Default)]
pub struct Counted(Mutex<HashMap<RelyingPartyId, Count>>);

/// One count.
#[derive(Debug)]
struct Count {
    at: Time,
    terms: Terms,
    progress: Arc<Progress>,
}

/// So long a count is shown, in seconds.
const SHOWN_FOR: u32 = 60;

/// How far the users of a relying party are, as it was at most a minute ago, by the rules of now.
///
/// # Errors
/// *Unavailable*.
pub async fn lately(app: &App, party: &RelyingParty) -> Result<Arc<Progress>, Problem> {
    let terms = party.terms();
    let known = {
        let counted = app.counted.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |count: &&Count| app.now() < count.at.plus(SHOWN_FOR) && count.terms == terms;
        counted.get(&party.id).filter(fits).map(|count| count.progress.clone())
    };
    match known {
        Some(progress) => Ok(progress),
        None => now(app, party).await,
    }
}

/// The same, counted now.
///
/// # Errors
/// *Unavailable*.
pub async fn now(app: &App, party: &RelyingParty) -> Result<Arc<Progress>, Problem> {
    let counted = Arc::new(progress(app, party).await?);
    let mut kept = app.counted.0.lock().unwrap_or_else(PoisonError::into_inner);
    kept.insert(party.id, Count { at: app.now(), terms: party.terms(), progress: counted.clone() });
    Ok(counted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_add_up_and_a_rule_without_users_is_shown_too() {
        let mut progress = Progress::default();
        let staff = Some(Text::clean("staff"));
        for standing in [Standing::SetUp, Standing::BackupMissing, Standing::NotYet] {
            progress.count(staff.clone(), standing);
        }
        progress.count(None, Standing::Lost);
        assert_eq!((progress.total().all(), progress.total().percent()), (4, 50));
        assert_eq!(progress.groups[&staff].percent(), 66);
        let rollout = Rollout {
            everyone: Enforcement::Optional,
            groups: [(Text::clean("beheer"), Enforcement::REQUIRED)].into(),
        };
        let lines = progress.with_rules(&rollout);
        let rules: Vec<_> = lines.values().map(|(counts, rule)| (counts.all(), *rule)).collect();
        assert_eq!(rules, [(1, Enforcement::Optional), (0, Enforcement::REQUIRED), (3, Enforcement::Optional)]);
        assert_eq!(Counts::default().percent(), 100, "nobody is missing where nobody is");
    }
}
