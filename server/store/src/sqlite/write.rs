//! Writing what a verdict says, and nothing it does not say.

use koppel_domain::{
    Account, Change, Due, Job, LoginName, Organisation, Parcel, Proof, Row, SharedBytes, SourceCounter, Subscriber,
    Time, User,
    audit::{Checkpoint, Entry},
    outbox,
};
use koppel_protocol::{
    Bytes,
    id::{JobId, OrganisationId, UserId},
};
use rusqlite::params;

use super::{
    read::Tables,
    rows::{all, change, document, documents, first, hash, id, integer, json, seconds, time},
};
use crate::{
    Locator, Reader, Registration,
    ledger::Ledger,
    perform::{KEEP_QUESTIONS, KEEP_SOURCE},
};

/// What every table with rows of a user is called, for erasing.
const OF_USER: [&str; 11] = [
    "device",
    "method",
    "counter",
    "invitation",
    "pairing",
    "prompt",
    "challenge",
    "copy",
    "decision",
    "notice",
    "job",
];

fn due(row: &impl Due) -> Option<i64> {
    row.due().map(seconds)
}

/// The name column of a source's bucket: empty for all names together.
fn name_column(name: Option<&Bytes<32>>) -> &[u8] {
    name.map_or(&[], |name| name.as_bytes())
}

impl Tables<'_> {
    fn put_user(&self, before: &User, user: &User) -> rusqlite::Result<()> {
        let login_name = user.login_name.as_ref().map(LoginName::canonical);
        let rows = if before.version == 0 {
            change(
                self.0,
                "INSERT INTO user (id, organisation, external_id, login_name, version, chain_length, chain_head, data)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    user.id.as_bytes(),
                    user.organisation.as_bytes(),
                    user.external_id.as_str(),
                    login_name,
                    integer(user.version),
                    integer(user.chain_length),
                    user.chain_head.as_bytes(),
                    json(user)?
                ],
            )?
        } else {
            // A name in the statement would be written into its index even where it stays the same.
            if before.login_name.as_ref().map(LoginName::canonical) != login_name {
                let sql = "UPDATE user SET login_name = ?2 WHERE id = ?1";
                change(self.0, sql, params![user.id.as_bytes(), login_name])?;
            }
            change(
                self.0,
                "UPDATE user SET version = ?3, chain_length = ?4, chain_head = ?5, data = ?6 WHERE id = ?1 AND version = ?2",
                params![
                    user.id.as_bytes(),
                    integer(before.version),
                    integer(user.version),
                    integer(user.chain_length),
                    user.chain_head.as_bytes(),
                    json(user)?
                ],
            )?
        };
        if rows == 1 { Ok(()) } else { Err(rusqlite::Error::StatementChangedRows(rows)) }
    }

    fn write_change(&self, before: &Account, change_: &Change, now: Time) -> rusqlite::Result<()> {
        let c = self.0;
        let user = before.user.id;
        let user = user.as_bytes();
        match change_ {
            Change::PutUser(after) => self.put_user(&before.user, after),
            Change::PutDevice(row) => change(
                c,
                "INSERT INTO device (id, user, due, data) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (id) DO UPDATE SET due = ?3, data = ?4",
                params![row.id.as_bytes(), user, due(&**row), json(row)?],
            )
            .map(drop),
            Change::PutMethod(row) => change(
                c,
                "INSERT INTO method (user, kind, data) VALUES (?1, ?2, ?3) ON CONFLICT (user, kind) DO UPDATE SET data = ?3",
                params![user, json(&row.kind)?, json(row)?],
            )
            .map(drop),
            Change::PutInvitation(row) => change(
                c,
                "INSERT INTO invitation (id, user, due, data) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (id) DO UPDATE SET due = ?3, data = ?4",
                params![row.id.as_bytes(), user, due(row), json(row)?],
            )
            .map(drop),
            Change::PutPairing(row) => change(
                c,
                "INSERT INTO pairing (id, user, c, final, state, due, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (id) DO UPDATE SET final = ?4, state = ?5, due = ?6, data = ?7",
                params![
                    row.id.as_bytes(),
                    user,
                    row.c.as_bytes(),
                    row.state.is_final(),
                    row.state.name(),
                    due(&**row),
                    json(row)?
                ],
            )
            .map(drop),
            Change::PutPrompt(row) => change(
                c,
                "INSERT INTO prompt (id, user, token, final, state, due, created, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT (id) DO UPDATE SET final = ?4, state = ?5, due = ?6, data = ?8",
                params![
                    row.id.as_bytes(),
                    user,
                    row.token.as_bytes(),
                    row.state.is_final(),
                    row.state.name(),
                    due(&**row),
                    seconds(row.created),
                    json(row)?
                ],
            )
            .map(drop),
            Change::PutChallenge(row) => {
                let (id, is_final) = (row.id.as_bytes(), row.state.is_final());
                let known = before.challenge(row.id).map(|known| known.state.is_final());
                match known {
                    Some(was_final) if was_final == is_final => change(
                        c,
                        "UPDATE challenge SET state = ?2, due = ?3, data = ?4 WHERE id = ?1",
                        params![id, row.state.name(), due(&**row), json(row)?],
                    ),
                    Some(_) => change(
                        c,
                        "UPDATE challenge SET final = ?2, state = ?3, due = ?4, data = ?5 WHERE id = ?1",
                        params![id, is_final, row.state.name(), due(&**row), json(row)?],
                    ),
                    None => change(
                        c,
                        "INSERT INTO challenge (id, user, final, state, due, created, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                        params![id, user, is_final, row.state.name(), due(&**row), seconds(row.created), json(row)?],
                    ),
                }
                .map(drop)
            }
            // An envelope is written once: what a phone tells later changes the rest.
            Change::PutCopy(row) => change(
                c,
                "INSERT INTO copy (challenge, seq, device, user, created, envelope, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (challenge, seq, device) DO UPDATE SET data = ?7",
                params![
                    row.challenge.as_bytes(),
                    row.seq,
                    row.device.as_bytes(),
                    user,
                    seconds(now),
                    &*row.envelope,
                    json(row)?
                ],
            )
            .map(drop),
            Change::PutDecision(row) => change(
                c,
                "INSERT INTO decision (device, jti, user, at, data) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    row.device.as_bytes(),
                    row.jti.as_bytes(),
                    user,
                    seconds(row.at),
                    json(row)?
                ],
            )
            .map(drop),
            Change::PutCounter(row) => change(
                c,
                "INSERT INTO counter (user, kind, data) VALUES (?1, ?2, ?3) ON CONFLICT (user, kind) DO UPDATE SET data = ?3",
                params![user, json(&row.kind)?, json(row)?],
            )
            .map(drop),
            Change::PutNotice(row) => change(
                c,
                "INSERT INTO notice (id, user, due, data) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (id) DO UPDATE SET due = ?3, data = ?4",
                params![row.id.as_bytes(), user, due(row), json(row)?],
            )
            .map(drop),
            Change::InsertJob(row) => change(
                c,
                "INSERT INTO job (id, user, lease_until, data) VALUES (?1, ?2, ?3, ?4)",
                params![row.id.as_bytes(), user, seconds(row.lease_until), json(row)?],
            )
            .map(drop),
            Change::AppendAudit(entry) => self.append(entry),
            Change::RememberProof(proof) => change(
                c,
                "INSERT INTO proof (device, jti, until) VALUES (?1, ?2, ?3)",
                params![proof.device.as_bytes(), proof.jti.as_bytes(), seconds(proof.until)],
            )
            .map(drop),
            Change::Remove(row) => self.remove(user, *row),
            Change::Erase => {
                for table in OF_USER {
                    change(c, &format!("DELETE FROM {table} WHERE user = ?1"), [user])?;
                }
                Ok(())
            }
            Change::ForgetSourceTries { name } => {
                change(c, "DELETE FROM source_counter WHERE name = ?1", [name.as_bytes()]).map(drop)
            }
        }
    }

    fn remove(&self, user: &[u8; 16], row: Row) -> rusqlite::Result<()> {
        let by_id = |sql: &str, id: &[u8; 16]| change(self.0, sql, params![user, id]).map(drop);
        match row {
            Row::Device(id) => by_id("DELETE FROM device WHERE user = ?1 AND id = ?2", id.as_bytes()),
            Row::Invitation(id) => by_id("DELETE FROM invitation WHERE user = ?1 AND id = ?2", id.as_bytes()),
            Row::Pairing(id) => by_id("DELETE FROM pairing WHERE user = ?1 AND id = ?2", id.as_bytes()),
            Row::Notice(id) => by_id("DELETE FROM notice WHERE user = ?1 AND id = ?2", id.as_bytes()),
            Row::Method(kind) => {
                change(self.0, "DELETE FROM method WHERE user = ?1 AND kind = ?2", params![user, json(&kind)?])
                    .map(drop)
            }
            Row::Counter(kind) => {
                change(self.0, "DELETE FROM counter WHERE user = ?1 AND kind = ?2", params![user, json(&kind)?])
                    .map(drop)
            }
        }
    }

    fn append(&self, entry: &Entry) -> rusqlite::Result<()> {
        change(
            self.0,
            "INSERT INTO audit (chain, n, at, kind, actor, commitment, detail, prev, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                entry.chain.as_bytes(),
                integer(entry.n),
                seconds(entry.at),
                entry.kind,
                entry.actor,
                entry.commitment.as_bytes(),
                entry.detail.as_ref().map(json).transpose()?,
                entry.prev.as_bytes(),
                entry.hash.as_bytes()
            ],
        )
        .map(drop)
    }
}

impl Ledger for Tables<'_> {
    fn write(&self, before: &Account, changes: &[Change], now: Time) -> rusqlite::Result<()> {
        for (position, change) in changes.iter().enumerate() {
            // Of several versions of one row only the last is written.
            let row = change.row();
            let again = row.is_some() && changes[position + 1..].iter().any(|later| later.row() == row);
            if !again {
                self.write_change(before, change, now)?;
            }
        }
        Ok(())
    }

    fn owner_of(&self, organisation: OrganisationId, name: &LoginName) -> rusqlite::Result<Option<UserId>> {
        self.locate(&Locator::LoginName(organisation, name.clone()))
    }

    fn proof_is_used(&self, proof: &Proof) -> rusqlite::Result<bool> {
        let sql = "SELECT 1 FROM proof WHERE device = ?1 AND jti = ?2";
        first(self.0, sql, params![proof.device.as_bytes(), proof.jti.as_bytes()], |_| Ok(()))
            .map(|found| found.is_some())
    }

    fn source_counter(&self, source: &str, name: Option<Bytes<32>>) -> rusqlite::Result<Option<SourceCounter>> {
        let sql = "SELECT count, since FROM source_counter WHERE source = ?1 AND name = ?2";
        first(self.0, sql, params![source, name_column(name.as_ref())], |row| {
            Ok(SourceCounter { source: source.to_owned(), name, count: row.get(0)?, since: time(row, 1)? })
        })
    }

    fn put_source_counters(&self, counters: &[SourceCounter]) -> rusqlite::Result<()> {
        for counter in counters {
            change(
                self.0,
                "INSERT INTO source_counter (source, name, count, since) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (source, name) DO UPDATE SET count = ?3, since = ?4",
                params![counter.source, name_column(counter.name.as_ref()), counter.count, seconds(counter.since)],
            )?;
        }
        Ok(())
    }

    fn recorded(&self, key: &Bytes<32>, now: Time) -> rusqlite::Result<Option<(Bytes<32>, SharedBytes)>> {
        let sql = "SELECT body, answer FROM idempotency WHERE key = ?1 AND until > ?2";
        first(self.0, sql, params![key.as_bytes(), seconds(now)], |row| {
            Ok((hash(row, 0)?, SharedBytes::from(row.get_ref(1)?.as_blob()?)))
        })
    }

    fn record(&self, key: &Bytes<32>, body: &Bytes<32>, answer: &SharedBytes, until: Time) -> rusqlite::Result<()> {
        // An older row under this key has expired, or it would have been the answer.
        change(
            self.0,
            "INSERT INTO idempotency (key, body, answer, until) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (key) DO UPDATE SET body = ?2, answer = ?3, until = ?4",
            params![key.as_bytes(), body.as_bytes(), &**answer, seconds(until)],
        )
        .map(drop)
    }

    fn write_registration(
        &self,
        act: &Registration,
        organisation: &Organisation,
        entry: &Entry,
    ) -> rusqlite::Result<()> {
        change(
            self.0,
            "INSERT INTO organisation (id, data) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET data = ?2",
            params![organisation.id.as_bytes(), json(organisation)?],
        )?;
        match act {
            Registration::Organisation(_) | Registration::Policy { .. } => {}
            Registration::RelyingParty { party, .. } => {
                change(
                    self.0,
                    "INSERT INTO relying_party (id, organisation, data) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET data = ?3",
                    params![party.id.as_bytes(), organisation.id.as_bytes(), json(party)?],
                )?;
            }
            Registration::Operator(operator) => {
                change(
                    self.0,
                    "INSERT INTO operator (name, data) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET data = ?2",
                    params![operator.name.as_str(), json(operator)?],
                )?;
            }
            Registration::ApiKey { key, .. } => {
                change(
                    self.0,
                    "INSERT INTO api_key (id, relying_party, data) VALUES (?1, ?2, ?3)",
                    params![key.id.as_bytes(), key.relying_party.as_bytes(), json(key)?],
                )?;
            }
            Registration::RevokeApiKey { key, .. } => {
                if let Some(mut held) = self.api_key(*key)? {
                    held.revoked_at = held.revoked_at.or(Some(entry.at));
                    change(
                        self.0,
                        "UPDATE api_key SET data = ?2 WHERE id = ?1",
                        params![key.as_bytes(), json(&held)?],
                    )?;
                }
            }
        }
        self.append(entry)
    }

    fn claim_jobs(&self, now: Time, limit: u32) -> rusqlite::Result<Vec<Job>> {
        let sql = "SELECT data FROM job WHERE lease_until <= ?1 LIMIT ?2";
        let mut jobs: Vec<Job> = all(self.0, sql, params![seconds(now), limit], |row| document(row, 0))?;
        for job in &mut jobs {
            job.claim(now);
            change(
                self.0,
                "UPDATE job SET lease_until = ?2, data = ?3 WHERE id = ?1",
                params![job.id.as_bytes(), seconds(job.lease_until), json(job)?],
            )?;
        }
        Ok(jobs)
    }

    fn finish_job(&self, job: JobId) -> rusqlite::Result<()> {
        change(self.0, "DELETE FROM job WHERE id = ?1", [job.as_bytes()]).map(drop)
    }

    fn users_with_due_rows(&self, now: Time, limit: u32) -> rusqlite::Result<Vec<UserId>> {
        let sql = "SELECT user FROM challenge WHERE final = 0 AND due <= ?1 UNION SELECT user FROM prompt WHERE final = 0 AND due <= ?1
                   UNION SELECT user FROM pairing WHERE due <= ?1 UNION SELECT user FROM invitation WHERE due <= ?1
                   UNION SELECT user FROM device WHERE due <= ?1 UNION SELECT user FROM notice WHERE due <= ?1 LIMIT ?2";
        all(self.0, sql, params![seconds(now), limit], |row| id(row, 0).map(UserId::from_bytes))
    }

    fn remove_old_rows(&self, now: Time, limit: u32) -> rusqlite::Result<u32> {
        let at = seconds(now);
        let questions = seconds(now.minus(KEEP_QUESTIONS));
        let source = seconds(now.minus(KEEP_SOURCE));
        // Rows of these tables are written in the order of their times, so the oldest come first.
        let sweeps: [(&str, i64); 8] = [
            (
                "DELETE FROM parcel WHERE (subscriber, mark, part) IN
                 (SELECT subscriber, mark, part FROM parcel WHERE happened <= ?1 AND due IS NULL LIMIT ?2)",
                seconds(now.minus(outbox::KEPT)),
            ),
            ("DELETE FROM proof WHERE (device, jti) IN (SELECT device, jti FROM proof WHERE until <= ?1 LIMIT ?2)", at),
            ("DELETE FROM idempotency WHERE rowid IN (SELECT rowid FROM idempotency WHERE until <= ?1 LIMIT ?2)", at),
            (
                "DELETE FROM source_counter WHERE (source, name) IN
                 (SELECT source, name FROM source_counter WHERE since <= ?1 LIMIT ?2)",
                source,
            ),
            (
                "DELETE FROM challenge WHERE rowid IN (SELECT rowid FROM challenge ORDER BY rowid LIMIT ?2)
                 AND created <= ?1 AND final = 1",
                questions,
            ),
            (
                "DELETE FROM prompt WHERE rowid IN (SELECT rowid FROM prompt ORDER BY rowid LIMIT ?2)
                 AND created <= ?1 AND final = 1",
                questions,
            ),
            (
                "DELETE FROM copy WHERE rowid IN (SELECT rowid FROM copy ORDER BY rowid LIMIT ?2) AND created <= ?1",
                questions,
            ),
            (
                "DELETE FROM decision WHERE rowid IN (SELECT rowid FROM decision ORDER BY rowid LIMIT ?2) AND at <= ?1",
                questions,
            ),
        ];
        let mut removed = 0;
        for (sql, before) in sweeps {
            let rows = change(self.0, sql, params![before, limit])?;
            removed += u32::try_from(rows).unwrap_or(u32::MAX);
        }
        Ok(removed)
    }

    fn put_subscription(&self, subscriber: &Subscriber, mark: Option<u64>) -> rusqlite::Result<()> {
        let name = subscriber.name();
        if let Some(mark) = mark {
            let sql = "INSERT INTO subscriber (name, mark) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET mark = ?2";
            return change(self.0, sql, params![name, integer(mark)]).map(drop);
        }
        change(self.0, "DELETE FROM parcel WHERE subscriber = ?1", [&name])?;
        change(self.0, "DELETE FROM subscriber WHERE name = ?1", [&name]).map(drop)
    }

    fn parcel(&self, subscriber: &Subscriber, mark: u64, part: u8) -> rusqlite::Result<Option<Parcel>> {
        let sql = "SELECT data FROM parcel WHERE subscriber = ?1 AND mark = ?2 AND part = ?3";
        first(self.0, sql, params![subscriber.name(), integer(mark), part], |row| document(row, 0))
    }

    fn put_parcel(&self, parcel: &Parcel) -> rusqlite::Result<()> {
        change(
            self.0,
            "INSERT INTO parcel (subscriber, mark, part, due, lost, happened, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (subscriber, mark, part) DO UPDATE SET due = ?4, lost = ?5, data = ?7",
            params![
                parcel.subscriber.name(),
                integer(parcel.mark),
                parcel.part,
                parcel.due.map(seconds),
                parcel.is_lost(),
                seconds(parcel.happened),
                json(parcel)?
            ],
        )
        .map(drop)
    }

    fn due_parcels(&self, subscriber: &Subscriber, now: Time, limit: u32) -> rusqlite::Result<Vec<Parcel>> {
        let sql = "SELECT data FROM parcel WHERE subscriber = ?1 AND due <= ?2 ORDER BY due LIMIT ?3";
        documents(self.0, sql, params![subscriber.name(), seconds(now), limit])
    }

    fn put_checkpoint(&self, checkpoint: &Checkpoint) -> rusqlite::Result<()> {
        change(
            self.0,
            "INSERT INTO checkpoint (n, data) VALUES (?1, ?2)",
            params![integer(checkpoint.n), json(checkpoint)?],
        )
        .map(drop)
    }
}
