//! What happened, in a chain that nobody shortens or edits unseen.
//!
//! Every account has its own chain, every organisation one for the acts of its operators. An entry's hash covers its
//! predecessor's hash and a salted commitment to its detail, not the detail: so a detail can be erased (an address after
//! 90 days, a person who asks for it) and the chain still verifies.

use koppel_protocol::{
    Bytes,
    id::{OrganisationId, UserId},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Time;

/// 128 random bits that keep a detail from being guessed by its commitment.
pub type Salt = Bytes<16>;

/// Whose chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chain {
    /// Of one account.
    User(UserId),
    /// Of an organisation: registrations, policy, keys.
    Organisation(OrganisationId),
}

impl Chain {
    /// The bytes of its owner's id.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        match self {
            Self::User(id) => id.as_bytes(),
            Self::Organisation(id) => id.as_bytes(),
        }
    }
}

impl std::fmt::Display for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Organisation(id) => id.fmt(f),
        }
    }
}

/// One entry of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Whose chain.
    pub chain: Chain,
    /// 1, 2 …
    pub n: u64,
    /// When.
    pub at: Time,
    /// What happened, such as `challenge.approved`.
    pub kind: String,
    /// Who did it, such as `device:dv_…` or `key:ak_…`.
    pub actor: String,
    /// Commits to salt and detail.
    pub commitment: Bytes<32>,
    /// What more there is to say, until it is erased.
    pub detail: Option<Detail>,
    /// The predecessor's hash; zeros for the first.
    pub prev: Bytes<32>,
    /// Over all of the above but the detail.
    pub hash: Bytes<32>,
}

/// The erasable part of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// What keeps the rest from being guessed.
    pub salt: Salt,
    /// One JSON object; control characters are escaped by it.
    pub json: String,
}

impl Entry {
    /// Makes the next entry of a chain whose newest one is (`n - 1`, `prev`).
    #[allow(clippy::too_many_arguments, reason = "an entry is its fields")]
    pub fn next(
        chain: Chain,
        n: u64,
        prev: Bytes<32>,
        at: Time,
        kind: &str,
        actor: &str,
        salt: Salt,
        json: String,
    ) -> Self {
        let commitment = commitment(&salt, &json);
        let hash = hash(chain, n, at, kind, actor, &commitment, &prev);
        let detail = Some(Detail { salt, json });
        Self { chain, n, at, kind: kind.to_owned(), actor: actor.to_owned(), commitment, detail, prev, hash }
    }

    /// Whether hash and, as far as it is still there, detail fit.
    pub fn is_sound(&self) -> bool {
        let fits = |detail: &Detail| commitment(&detail.salt, &detail.json) == self.commitment;
        self.detail.as_ref().is_none_or(fits)
            && hash(self.chain, self.n, self.at, &self.kind, &self.actor, &self.commitment, &self.prev) == self.hash
    }
}

fn commitment(salt: &Salt, json: &str) -> Bytes<32> {
    let mut hash = Sha256::new_with_prefix("koppel/audit/detail/v1");
    hash.update(salt.as_bytes());
    hash.update(json.as_bytes());
    Bytes::new(hash.finalize().into())
}

fn hash(
    chain: Chain,
    n: u64,
    at: Time,
    kind: &str,
    actor: &str,
    commitment: &Bytes<32>,
    prev: &Bytes<32>,
) -> Bytes<32> {
    let mut hash = Sha256::new_with_prefix("koppel/audit/entry/v1");
    for part in [chain.to_string().as_bytes(), kind.as_bytes(), actor.as_bytes()] {
        hash.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.update(n.to_be_bytes());
    hash.update(at.0.to_be_bytes());
    hash.update(commitment.as_bytes());
    hash.update(prev.as_bytes());
    Bytes::new(hash.finalize().into())
}

/// Where a chain is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the chain is broken at entry {0}")]
pub struct Broken(
    /// The number of the first entry that does not fit.
    pub u64,
);

/// Checks a whole chain, oldest first, against its head: nothing altered, left out, added or cut off.
///
/// # Errors
/// [`Broken`] with the first entry that does not fit; one past the last when entries are missing at the end.
pub fn verify(entries: &[Entry], head: Bytes<32>, length: u64) -> Result<(), Broken> {
    let mut prev = Bytes::new([0; 32]);
    let mut n = 0;
    for entry in entries {
        n += 1;
        let chained = entry.n == n && entry.prev == prev && entry.chain == entries[0].chain;
        if !chained || !entry.is_sound() {
            return Err(Broken(n));
        }
        prev = entry.hash;
    }
    if n == length && prev == head { Ok(()) } else { Err(Broken(n + 1)) }
}

/// A head among many, as a checkpoint covers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Whose chain.
    pub chain: Chain,
    /// Its length.
    pub length: u64,
    /// Its newest hash.
    pub hash: Bytes<32>,
}

/// A signed word that the chains stood thus: Merkle root over all heads, chained to the checkpoint before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// 1, 2 …
    pub n: u64,
    /// When.
    pub at: Time,
    /// Over all heads, by chain.
    pub root: Bytes<32>,
    /// The hash of the checkpoint before; zeros for the first.
    pub prev: Bytes<32>,
    /// The server's signature over [`Checkpoint::hash`], as text.
    pub signature: String,
}

impl Checkpoint {
    /// What is signed, and what the next checkpoint names.
    pub fn hash(n: u64, at: Time, root: &Bytes<32>, prev: &Bytes<32>) -> Bytes<32> {
        let mut hash = Sha256::new_with_prefix("koppel/audit/checkpoint/v1");
        hash.update(n.to_be_bytes());
        hash.update(at.0.to_be_bytes());
        hash.update(root.as_bytes());
        hash.update(prev.as_bytes());
        Bytes::new(hash.finalize().into())
    }
}

/// The Merkle root over heads in the order given (sorted by chain); zeros over none.
pub fn merkle_root(heads: impl Iterator<Item = Head>) -> Bytes<32> {
    let mut level: Vec<[u8; 32]> = heads
        .map(|head| {
            let mut hash = Sha256::new_with_prefix([0]);
            hash.update(head.chain.to_string().as_bytes());
            hash.update(head.length.to_be_bytes());
            hash.update(head.hash.as_bytes());
            hash.finalize().into()
        })
        .collect();
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => Sha256::new_with_prefix([1]).chain_update(left).chain_update(right).finalize().into(),
                // An odd one moves up as it is; leaves and nodes have different prefixes, so this forges nothing.
                one => one[0],
            })
            .collect();
    }
    Bytes::new(level.first().copied().unwrap_or([0; 32]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain_of(length: u64) -> Vec<Entry> {
        let chain = Chain::User(UserId::from_bytes([1; 16]));
        let mut entries: Vec<Entry> = Vec::new();
        for n in 1..=length {
            let prev = entries.last().map_or(Bytes::new([0; 32]), |entry| entry.hash);
            let json = format!("{{\"n\":{n}}}");
            entries.push(Entry::next(
                chain,
                n,
                prev,
                Time(n),
                "challenge.approved",
                "device:x",
                Salt::new([n as u8; 16]),
                json,
            ));
        }
        entries
    }

    fn verdict(entries: &[Entry], whole: &[Entry]) -> Result<(), Broken> {
        verify(entries, whole.last().map_or(Bytes::new([0; 32]), |entry| entry.hash), whole.len() as u64)
    }

    /// threats row 44
    #[test]
    fn an_altered_removed_or_added_entry_is_found_and_named() {
        let whole = chain_of(6);
        assert_eq!(verdict(&whole, &whole), Ok(()));
        let mut altered = whole.clone();
        altered[2].actor = "device:y".into();
        assert_eq!(verdict(&altered, &whole), Err(Broken(3)));
        let mut detail = whole.clone();
        if let Some(detail) = &mut detail[4].detail {
            detail.json.push(' ');
        }
        assert_eq!(verdict(&detail, &whole), Err(Broken(5)));
        let mut removed = whole.clone();
        removed.remove(1);
        assert_eq!(verdict(&removed, &whole), Err(Broken(2)));
        assert_eq!(verdict(&whole[..5], &whole), Err(Broken(6)));
        let mut added = whole.clone();
        added.push(whole[5].clone());
        assert_eq!(verdict(&added, &whole), Err(Broken(7)));
    }

    #[test]
    fn erasing_details_leaves_the_chain_valid() {
        let whole = chain_of(3);
        let mut erased = whole.clone();
        erased.iter_mut().for_each(|entry| entry.detail = None);
        assert_eq!(verdict(&erased, &whole), Ok(()));
    }

    #[test]
    fn a_root_changes_with_every_head() {
        let head = |byte: u8| Head {
            chain: Chain::User(UserId::from_bytes([byte; 16])),
            length: 1,
            hash: Bytes::new([byte; 32]),
        };
        let roots: Vec<_> = (0..5u8).map(|count| merkle_root((0..count).map(head))).collect();
        for (position, root) in roots.iter().enumerate() {
            assert!(!roots[..position].contains(root));
        }
        assert_ne!(merkle_root([head(1), head(2)].into_iter()), merkle_root([head(2), head(1)].into_iter()));
    }
}
