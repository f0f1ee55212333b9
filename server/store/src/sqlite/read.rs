//! Reading, on the writer's connection within its transaction and on the readers' own.

use koppel_domain::{
    Account, ApiKey, Challenge, Decision, DeviceCopy, ExternalId, Needs, Operator, Organisation, Pairing, Parcel,
    Prompt, RelyingParty, SharedBytes, Subscriber, Time, User,
    audit::{Chain, Checkpoint, Detail, Entry, Head},
};
use koppel_protocol::{
    Bytes,
    id::{ApiKeyId, ChallengeId, DeviceId, OrganisationId, PromptId, RelyingPartyId, UserId},
};
use rusqlite::{Connection, Row, params, types::Type};

use super::rows::{all, document, documents, first, hash, id, integer, natural, time};
use crate::{Happened, Inbox, Locator, ParcelCounts, Past, Reader};

/// Reads by one connection; within a transaction it sees that transaction's writes.
#[derive(Clone, Copy)]
pub(crate) struct Tables<'c>(pub(crate) &'c Connection);

fn owner(row: &Row<'_>) -> rusqlite::Result<UserId> {
    id(row, 0).map(UserId::from_bytes)
}

impl Tables<'_> {
    /// A foreign id brings nothing of another account in, here and below.
    fn challenge(&self, user: UserId, id: ChallengeId) -> rusqlite::Result<Option<Challenge>> {
        let sql = "SELECT data FROM challenge WHERE id = ?1 AND user = ?2";
        first(self.0, sql, params![id.as_bytes(), user.as_bytes()], |row| document(row, 0))
    }

    fn prompt(&self, user: UserId, id: PromptId) -> rusqlite::Result<Option<Prompt>> {
        let sql = "SELECT data FROM prompt WHERE id = ?1 AND user = ?2";
        first(self.0, sql, params![id.as_bytes(), user.as_bytes()], |row| document(row, 0))
    }

    fn challenges_of(&self, user: UserId, needs: &Needs) -> rusqlite::Result<Vec<Challenge>> {
        let user = user.as_bytes();
        if needs.closed {
            documents(self.0, "SELECT data FROM challenge WHERE final IN (0, 1) AND user = ?1", [user])
        } else if needs.open_challenges {
            documents(self.0, "SELECT data FROM challenge WHERE final = 0 AND user = ?1", [user])
        } else {
            Ok(Vec::new())
        }
    }

    fn prompts_of(&self, user: UserId, needs: &Needs) -> rusqlite::Result<Vec<Prompt>> {
        let user = user.as_bytes();
        if needs.closed {
            documents(self.0, "SELECT data FROM prompt WHERE final IN (0, 1) AND user = ?1", [user])
        } else if needs.open_prompts {
            documents(self.0, "SELECT data FROM prompt WHERE final = 0 AND user = ?1", [user])
        } else {
            Ok(Vec::new())
        }
    }

    fn pairings_of(&self, user: UserId, needs: &Needs) -> rusqlite::Result<Vec<Pairing>> {
        if needs.pairings || needs.closed {
            documents(self.0, "SELECT data FROM pairing WHERE user = ?1", [user.as_bytes()])
        } else {
            match needs.pairing {
                Some(id) => documents(
                    self.0,
                    "SELECT data FROM pairing WHERE id = ?1 AND user = ?2",
                    params![id.as_bytes(), user.as_bytes()],
                ),
                None => Ok(Vec::new()),
            }
        }
    }

    fn copies_of(&self, challenge: ChallengeId) -> rusqlite::Result<Vec<DeviceCopy>> {
        all(self.0, "SELECT data, envelope FROM copy WHERE challenge = ?1", [challenge.as_bytes()], |row| {
            let copy: DeviceCopy = document(row, 0)?;
            Ok(DeviceCopy { envelope: SharedBytes::from(row.get_ref(1)?.as_blob()?), ..copy })
        })
    }

    fn decision(&self, user: UserId, device: DeviceId, jti: Bytes<16>) -> rusqlite::Result<Option<Decision>> {
        let sql = "SELECT data FROM decision WHERE device = ?1 AND jti = ?2 AND user = ?3";
        first(self.0, sql, params![device.as_bytes(), jti.as_bytes(), user.as_bytes()], |row| document(row, 0))
    }

    /// Prompts, challenges, copies and decisions hang together: one named by id brings its relatives.
    fn load_questions(&self, account: &mut Account, needs: &Needs) -> rusqlite::Result<()> {
        let user = account.user.id;
        account.prompts = self.prompts_of(user, needs)?;
        if let Some(token) = &needs.token {
            let sql = "SELECT data FROM prompt WHERE token = ?1 AND user = ?2";
            let prompt = first(self.0, sql, params![token.as_bytes(), user.as_bytes()], |row| document(row, 0))?;
            add(&mut account.prompts, prompt, |prompt: &Prompt| prompt.id);
        }
        let mut named: Vec<ChallengeId> = needs.challenge.into_iter().collect();
        if let Some(prompt) = needs.prompt {
            let prompt = self.prompt(user, prompt)?;
            named.extend(prompt.as_ref().and_then(|prompt| prompt.challenge));
            add(&mut account.prompts, prompt, |prompt| prompt.id);
        }
        account.challenges = self.challenges_of(user, needs)?;
        for id in &named {
            if account.challenges.iter().all(|held| held.id != *id) {
                account.challenges.extend(self.challenge(user, *id)?);
            }
            let asked = account.challenges.iter().find(|held| held.id == *id);
            let page = asked.and_then(|challenge| challenge.login()).and_then(|login| login.prompt);
            if let Some(page) = page.filter(|page| account.prompts.iter().all(|held| held.id != *page)) {
                account.prompts.extend(self.prompt(user, page)?);
            }
        }
        account.challenges.sort_unstable_by_key(|challenge| challenge.id);
        account.prompts.sort_unstable_by_key(|prompt| prompt.id);
        for challenge in &account.challenges {
            account.copies.extend(self.copies_of(challenge.id)?);
        }
        account.copies.sort_unstable_by_key(|copy| (copy.challenge, copy.seq, copy.device));
        if needs.closed {
            let sql = "SELECT data FROM decision WHERE user = ?1";
            account.decisions = documents(self.0, sql, [user.as_bytes()])?;
        } else {
            let approvals = named.iter().filter_map(|id| account.challenge(*id)?.approval);
            for approval in approvals.collect::<Vec<_>>() {
                account.decisions.extend(self.decision(user, approval.device, approval.jti)?);
            }
        }
        if let Some((device, jti)) = needs.decision
            && account.decisions.iter().all(|held| (held.device, held.jti) != (device, jti))
        {
            account.decisions.extend(self.decision(user, device, jti)?);
        }
        account.decisions.sort_unstable_by_key(|decision| (decision.device, decision.jti));
        Ok(())
    }
}

fn add<T, K: PartialEq>(rows: &mut Vec<T>, row: Option<T>, key: impl Fn(&T) -> K) {
    if let Some(row) = row
        && !rows.iter().any(|held| key(held) == key(&row))
    {
        rows.push(row);
    }
}

impl Reader for Tables<'_> {
    type Error = rusqlite::Error;

    fn locate(&self, at: &Locator) -> rusqlite::Result<Option<UserId>> {
        match at {
            Locator::User(user) => first(self.0, "SELECT id FROM user WHERE id = ?1", [user.as_bytes()], owner),
            Locator::ExternalId(organisation, external_id) => {
                let sql = "SELECT id FROM user WHERE organisation = ?1 AND external_id = ?2";
                first(self.0, sql, params![organisation.as_bytes(), external_id.as_str()], owner)
            }
            Locator::LoginName(organisation, name) => {
                let sql = "SELECT id FROM user WHERE organisation = ?1 AND login_name = ?2";
                first(self.0, sql, params![organisation.as_bytes(), name.canonical()], owner)
            }
            Locator::Challenge(id) => first(self.0, "SELECT user FROM challenge WHERE id = ?1", [id.as_bytes()], owner),
            Locator::Prompt(id) => first(self.0, "SELECT user FROM prompt WHERE id = ?1", [id.as_bytes()], owner),
            Locator::PageToken(token) => {
                first(self.0, "SELECT user FROM prompt WHERE token = ?1", [token.as_bytes()], owner)
            }
            Locator::Device(id) => first(self.0, "SELECT user FROM device WHERE id = ?1", [id.as_bytes()], owner),
            Locator::Pairing(id) => first(self.0, "SELECT user FROM pairing WHERE id = ?1", [id.as_bytes()], owner),
            Locator::Invitation(id) => {
                first(self.0, "SELECT user FROM invitation WHERE id = ?1", [id.as_bytes()], owner)
            }
        }
    }

    fn account(&self, user: UserId, needs: &Needs) -> rusqlite::Result<Option<Account>> {
        let sql = "SELECT data FROM user WHERE id = ?1";
        let Some(row) = first(self.0, sql, [user.as_bytes()], |row| document::<User>(row, 0))? else { return Ok(None) };
        let mut account = Account::of(row);
        let by_user = [user.as_bytes()];
        if needs.devices {
            account.devices = documents(self.0, "SELECT data FROM device WHERE user = ?1", by_user)?;
            account.devices.sort_unstable_by_key(|device| device.id);
        }
        if needs.methods {
            account.methods = documents(self.0, "SELECT data FROM method WHERE user = ?1", by_user)?;
            account.methods.sort_unstable_by_key(|method| method.kind);
            account.counters = documents(self.0, "SELECT data FROM counter WHERE user = ?1", by_user)?;
            account.counters.sort_unstable_by_key(|counter| counter.kind);
        }
        if needs.invitations {
            account.invitations = documents(self.0, "SELECT data FROM invitation WHERE user = ?1", by_user)?;
            account.invitations.sort_unstable_by_key(|invitation| invitation.id);
        }
        account.pairings = self.pairings_of(user, needs)?;
        account.pairings.sort_unstable_by_key(|pairing| pairing.id);
        self.load_questions(&mut account, needs)?;
        if needs.notices {
            account.notices = documents(self.0, "SELECT data FROM notice WHERE user = ?1", by_user)?;
            account.notices.sort_unstable_by_key(|notice| notice.id);
        }
        Ok(Some(account))
    }

    fn inbox(&self, device: DeviceId, past: &Past) -> rusqlite::Result<Option<Inbox>> {
        let Some(user) = self.locate(&Locator::Device(device))? else { return Ok(None) };
        let needs = Needs { devices: true, open_challenges: true, notices: true, ..Needs::default() };
        let Some(mut account) = self.account(user, &needs)? else { return Ok(None) };
        let ended = match past {
            Past::Newest => {
                let sql = "SELECT data FROM challenge WHERE final = 1 AND user = ?1 ORDER BY rowid DESC LIMIT 8";
                documents(self.0, sql, [user.as_bytes()])?
            }
            Past::Among(these) => {
                let sql = "SELECT data FROM challenge WHERE final = 1 AND user = ?1 AND id = ?2";
                let one = |id: &ChallengeId| documents(self.0, sql, params![user.as_bytes(), id.as_bytes()]);
                these.iter().map(one).collect::<rusqlite::Result<Vec<Vec<Challenge>>>>()?.concat()
            }
        };
        for ended in ended {
            account.copies.extend(self.copies_of(ended.id)?);
            account.challenges.push(ended);
        }
        Ok(Inbox::of(account, device))
    }

    fn organisation(&self, id: OrganisationId) -> rusqlite::Result<Option<Organisation>> {
        first(self.0, "SELECT data FROM organisation WHERE id = ?1", [id.as_bytes()], |row| document(row, 0))
    }

    fn organisations(&self) -> rusqlite::Result<Vec<Organisation>> {
        documents(self.0, "SELECT data FROM organisation ORDER BY id", [])
    }

    fn relying_party(&self, id: RelyingPartyId) -> rusqlite::Result<Option<RelyingParty>> {
        first(self.0, "SELECT data FROM relying_party WHERE id = ?1", [id.as_bytes()], |row| document(row, 0))
    }

    fn relying_parties(&self, organisation: OrganisationId) -> rusqlite::Result<Vec<RelyingParty>> {
        documents(
            self.0,
            "SELECT data FROM relying_party WHERE organisation = ?1 ORDER BY id",
            [organisation.as_bytes()],
        )
    }

    fn api_key(&self, id: ApiKeyId) -> rusqlite::Result<Option<ApiKey>> {
        first(self.0, "SELECT data FROM api_key WHERE id = ?1", [id.as_bytes()], |row| document(row, 0))
    }

    fn users(
        &self,
        organisation: OrganisationId,
        after: Option<&ExternalId>,
        limit: u32,
    ) -> rusqlite::Result<Vec<UserId>> {
        let sql = "SELECT id FROM user WHERE organisation = ?1 AND external_id > ?2 ORDER BY external_id LIMIT ?3";
        let after = after.map_or("", ExternalId::as_str);
        all(self.0, sql, params![organisation.as_bytes(), after, limit], owner)
    }

    fn operators(&self) -> rusqlite::Result<Vec<Operator>> {
        documents(self.0, "SELECT data FROM operator ORDER BY name", [])
    }

    fn entries(&self, chain: Chain, after: u64, limit: u32) -> rusqlite::Result<Vec<Entry>> {
        let sql = "SELECT n, at, kind, actor, commitment, detail, prev, hash FROM audit WHERE chain = ?1 AND n > ?2 ORDER BY n LIMIT ?3";
        all(self.0, sql, params![chain.as_bytes(), integer(after), limit], |row| entry(row, chain))
    }

    fn heads(&self) -> rusqlite::Result<Vec<Head>> {
        let mut heads: Vec<Head> = self
            .organisations()?
            .into_iter()
            .map(|organisation| Head {
                chain: Chain::Organisation(organisation.id),
                length: organisation.chain_length,
                hash: organisation.chain_head,
            })
            .collect();
        heads.extend(all(self.0, "SELECT id, chain_length, chain_head FROM user", [], |row| {
            Ok(Head { chain: Chain::User(owner(row)?), length: natural(row, 1)?, hash: hash(row, 2)? })
        })?);
        heads.sort_unstable_by_key(|head| head.chain);
        Ok(heads)
    }

    fn last_checkpoint(&self) -> rusqlite::Result<Option<Checkpoint>> {
        first(self.0, "SELECT data FROM checkpoint ORDER BY n DESC LIMIT 1", [], |row| document(row, 0))
    }

    fn mark(&self) -> rusqlite::Result<u64> {
        let sql = "SELECT mark FROM audit ORDER BY mark DESC LIMIT 1";
        first(self.0, sql, [], |row| natural(row, 0)).map(Option::unwrap_or_default)
    }

    fn happened(&self, after: u64, up_to: u64) -> rusqlite::Result<Vec<Happened>> {
        // The chain of an organisation has no user: what operators register is nobody else's business.
        let sql = "SELECT a.n, a.at, a.kind, a.actor, a.commitment, a.detail, a.prev, a.hash, a.mark, u.id, u.organisation, u.external_id
                   FROM audit a JOIN user u ON u.id = a.chain WHERE a.mark > ?1 AND a.mark <= ?2 ORDER BY a.mark";
        all(self.0, sql, params![integer(after), integer(up_to)], |row| {
            let user = UserId::from_bytes(id(row, 9)?);
            let external_id: String = row.get(11)?;
            let not_an_id = |error| rusqlite::Error::FromSqlConversionFailure(11, Type::Text, Box::new(error));
            Ok(Happened {
                mark: natural(row, 8)?,
                user,
                organisation: OrganisationId::from_bytes(id(row, 10)?),
                external_id: external_id.parse().map_err(not_an_id)?,
                entry: entry(row, Chain::User(user))?,
            })
        })
    }

    fn first_mark(&self) -> rusqlite::Result<u64> {
        let sql = "SELECT mark FROM audit ORDER BY mark LIMIT 1";
        first(self.0, sql, [], |row| natural(row, 0)).map(Option::unwrap_or_default)
    }

    fn subscription(&self, subscriber: &Subscriber) -> rusqlite::Result<Option<u64>> {
        first(self.0, "SELECT mark FROM subscriber WHERE name = ?1", [subscriber.name()], |row| natural(row, 0))
    }

    fn next_due(&self, subscriber: &Subscriber) -> rusqlite::Result<Option<Time>> {
        let sql = "SELECT due FROM parcel WHERE subscriber = ?1 AND due IS NOT NULL ORDER BY due LIMIT 1";
        first(self.0, sql, [subscriber.name()], |row| time(row, 0))
    }

    fn parcels(&self, subscriber: &Subscriber, lost: bool, limit: u32) -> rusqlite::Result<Vec<Parcel>> {
        let sql = "SELECT data FROM parcel WHERE subscriber = ?1 AND lost >= ?2 ORDER BY mark DESC, part DESC LIMIT ?3";
        documents(self.0, sql, params![subscriber.name(), lost, limit])
    }

    fn parcel_counts(&self, subscriber: &Subscriber) -> rusqlite::Result<ParcelCounts> {
        let sql = "SELECT count(due), count(*) - count(due) - coalesce(sum(lost), 0), coalesce(sum(lost), 0) FROM parcel WHERE subscriber = ?1";
        let counts = first(self.0, sql, [subscriber.name()], |row| {
            Ok(ParcelCounts { waiting: natural(row, 0)?, taken: natural(row, 1)?, lost: natural(row, 2)? })
        })?;
        Ok(counts.unwrap_or_default())
    }
}

/// An entry, from the first eight columns.
fn entry(row: &Row<'_>, chain: Chain) -> rusqlite::Result<Entry> {
    let detail: Option<Detail> = match row.get_ref(5)? {
        rusqlite::types::ValueRef::Null => None,
        _ => Some(document(row, 5)?),
    };
    Ok(Entry {
        chain,
        n: natural(row, 0)?,
        at: time(row, 1)?,
        kind: row.get(2)?,
        actor: row.get(3)?,
        commitment: hash(row, 4)?,
        detail,
        prev: hash(row, 6)?,
        hash: hash(row, 7)?,
    })
}
