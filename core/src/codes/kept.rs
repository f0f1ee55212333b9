//! The authenticator accounts that this phone keeps, in the person's order.

use koppel_protocol::Digits;
use serde::{Deserialize, Serialize};

use super::{account::OtpAccount, id::OtpId};
use crate::{clock::Now, label, refused::Refused};

/// The most accounts that are kept: more than anybody has, and few enough to be written anew with every change.
pub const MOST: usize = 500;

/// A kept account and what the person calls it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) id: OtpId,
    label: String,
    account: OtpAccount,
}

/// A code, for the screen that shows it. Prints no digit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtpCode {
    /// The account's name on this phone.
    pub id: OtpId,
    /// What the person calls it; at first the service.
    pub label: String,
    /// The service; may be empty.
    pub issuer: String,
    /// The person's name there; may be empty.
    pub name: String,
    /// The code that counts now.
    pub code: Digits,
    /// The one that counts after it: for who reads slowly.
    pub next: Digits,
    /// How long each code lives, in seconds.
    pub period_s: u64,
    /// When the next one takes over, milliseconds since 1970 by the phone's own clock.
    pub until_ms: i64,
    /// How long that is from now, in milliseconds: at least 1.
    pub left_ms: u64,
}

/// What is kept, and how often it changed in this run.
#[derive(Clone, PartialEq)]
pub(crate) struct Codes {
    kept: Vec<Kept>,
    changes: u64,
}

impl Codes {
    pub(crate) fn of(kept: Vec<Kept>) -> Self {
        Self { kept, changes: 0 }
    }

    /// For the vault.
    pub(crate) fn kept(&self) -> &[Kept] {
        &self.kept
    }

    /// Rises whenever there is another list to show.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// The very same account: its names, its secret, and how codes are computed from it. With anything else it gives other codes.
    pub(crate) fn id_of(&self, account: &OtpAccount) -> Option<OtpId> {
        self.kept.iter().find(|kept| kept.account == *account).map(|kept| kept.id)
    }

    /// Keeps accounts, behind those there are. One that is kept already is not kept twice.
    pub(crate) fn add(&mut self, accounts: Vec<(OtpId, OtpAccount)>) -> Result<(), Refused> {
        for (id, account) in accounts {
            if self.id_of(&account).is_some() {
                continue;
            }
            if self.place(id).is_ok() {
                return Err(Refused::AlreadyThere);
            }
            if self.kept.len() == MOST {
                return Err(Refused::TooManyCodes);
            }
            let names = [account.issuer(), account.name(), "Authenticator"];
            let label = names.into_iter().find(|name| !name.is_empty()).unwrap_or_default().to_owned();
            self.kept.push(Kept { id, label, account });
            self.changes += 1;
        }
        Ok(())
    }

    /// Another label, for the person's eyes only.
    pub(crate) fn rename(&mut self, id: OtpId, label: &str) -> Result<(), Refused> {
        let place = self.place(id)?;
        self.kept[place].label = label::read(label)?;
        self.changes += 1;
        Ok(())
    }

    /// To a place, counted from 0; behind the last one where there is no such place.
    pub(crate) fn move_to(&mut self, id: OtpId, place: usize) -> Result<(), Refused> {
        let kept = self.kept.remove(self.place(id)?);
        self.kept.insert(place.min(self.kept.len()), kept);
        self.changes += 1;
        Ok(())
    }

    /// Forgets one, its secret too.
    pub(crate) fn remove(&mut self, id: OtpId) -> Result<(), Refused> {
        self.kept.remove(self.place(id)?);
        self.changes += 1;
        Ok(())
    }

    /// Every account with its codes at a moment, by the clock on the wall: it is the one that services count by.
    pub(crate) fn at(&self, now: Now) -> Vec<OtpCode> {
        self.kept.iter().map(|kept| kept.at(now)).collect()
    }

    fn place(&self, id: OtpId) -> Result<usize, Refused> {
        self.kept.iter().position(|kept| kept.id == id).ok_or(Refused::NoSuchCode)
    }
}

impl Kept {
    fn at(&self, now: Now) -> OtpCode {
        let Self { id, label, account } = self;
        let wall_ms = now.wall_ms.max(0);
        let period_s = account.period_s();
        let step = wall_ms.unsigned_abs() / 1_000 / period_s;
        let until_ms = i64::try_from((step + 1).saturating_mul(period_s * 1_000)).unwrap_or(i64::MAX);
        OtpCode {
            id: *id,
            label: label.clone(),
            issuer: account.issuer().to_owned(),
            name: account.name().to_owned(),
            code: account.code(step),
            next: account.code(step + 1),
            period_s,
            until_ms,
            left_ms: until_ms.saturating_sub(wall_ms).unsigned_abs(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> OtpId {
        OtpId::from_bytes([number; 16])
    }

    fn account(issuer: &str, name: &str) -> OtpAccount {
        OtpAccount::typed(issuer, name, "JBSWY3DPEHPK3PXP").unwrap()
    }

    fn three() -> Codes {
        let mut codes = Codes::of(Vec::new());
        let accounts = [(1, "a"), (2, "b"), (3, "c")].map(|(number, issuer)| (id(number), account(issuer, "jan")));
        codes.add(accounts.into()).unwrap();
        codes
    }

    fn order(codes: &Codes) -> Vec<OtpId> {
        codes.kept.iter().map(|kept| kept.id).collect()
    }

    #[test]
    fn the_same_account_twice_is_seen_and_not_doubled() {
        let mut codes = three();
        codes.rename(id(2), "Mijn b").unwrap();
        let same = vec![(id(4), account("b", "jan")), (id(5), account("d", "jan")), (id(6), account("d", "jan"))];
        codes.add(same).unwrap();
        assert_eq!(order(&codes), [1, 2, 3, 5].map(id));
        assert_eq!(codes.id_of(&account("b", "jan")), Some(id(2)), "also under another label");
        assert_eq!(codes.id_of(&account("b", "piet")), None);
        assert_eq!(codes.id_of(&OtpAccount::typed("b", "jan", "MZXW6YTB").unwrap()), None);
    }

    #[test]
    fn an_account_that_gives_other_codes_is_another_one() {
        let read = |query: &str| {
            let link = format!("otpauth://totp/b:jan?secret=JBSWY3DPEHPK3PXP&issuer=b{query}");
            OtpAccount::read(&link).unwrap().accounts.remove(0)
        };
        let mut codes = three();
        for (number, query) in [(4, "&digits=8"), (5, "&algorithm=SHA256"), (6, "&period=60")] {
            assert_eq!(codes.id_of(&read(query)), None, "{query}");
            codes.add(vec![(id(number), read(query))]).unwrap();
            assert_eq!(codes.id_of(&read(query)), Some(id(number)), "{query}");
        }
        assert_eq!(order(&codes), [1, 2, 3, 4, 5, 6].map(id));
        assert_eq!(codes.id_of(&read("&digits=6&period=30&algorithm=SHA1")), Some(id(2)), "what is usual may be said");
    }

    #[test]
    fn accounts_move_to_the_place_they_are_given() {
        for (from, to, expected) in
            [(1, 0, [1, 2, 3]), (1, 1, [2, 1, 3]), (1, 2, [2, 3, 1]), (1, 99, [2, 3, 1]), (3, 0, [3, 1, 2])]
        {
            let mut codes = three();
            codes.move_to(id(from), to).unwrap();
            assert_eq!(order(&codes), expected.map(id));
        }
    }

    #[test]
    fn what_is_not_kept_cannot_be_changed_and_nothing_changes() {
        let mut codes = three();
        let before = codes.clone();
        assert_eq!(codes.rename(id(9), "x"), Err(Refused::NoSuchCode));
        assert_eq!(codes.move_to(id(9), 0), Err(Refused::NoSuchCode));
        assert_eq!(codes.remove(id(9)), Err(Refused::NoSuchCode));
        assert_eq!(codes.rename(id(1), " "), Err(Refused::NameInvalid));
        assert!(codes == before);
    }

    #[test]
    fn a_label_is_the_first_name_there_is() {
        let mut codes = Codes::of(Vec::new());
        let nameless = OtpAccount::read("otpauth://totp/?secret=JBSWY3DPEHPK3PXP").unwrap().accounts.remove(0);
        codes.add(vec![(id(1), account("", "jan")), (id(2), nameless)]).unwrap();
        let labels: Vec<_> = codes.kept.iter().map(|kept| kept.label.as_str()).collect();
        assert_eq!(labels, ["jan", "Authenticator"]);
    }

    #[test]
    fn there_is_an_end_to_how_many_are_kept() {
        let mut codes = Codes::of(Vec::new());
        let many = (0..MOST).map(|number| {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&number.to_be_bytes());
            (OtpId::from_bytes(bytes), account("a", &number.to_string()))
        });
        codes.add(many.collect()).unwrap();
        assert_eq!(codes.add(vec![(id(9), account("b", "one too many"))]), Err(Refused::TooManyCodes));
        assert_eq!(codes.add(vec![(id(9), account("a", "7"))]), Ok(()), "what is kept already still is");
    }

    #[test]
    fn a_code_says_how_long_it_lives_and_what_comes_next() {
        let codes = three();
        let at = |wall_ms| codes.at(Now { wall_ms, monotonic_ms: 0 }).remove(0);
        for (wall_ms, until_ms, left_ms) in
            [(0, 30_000, 30_000), (29_999, 30_000, 1), (30_000, 60_000, 30_000), (-5, 30_000, 30_000)]
        {
            let code = at(wall_ms);
            assert_eq!((code.until_ms, code.left_ms, code.period_s), (until_ms, left_ms, 30), "{wall_ms}");
        }
        assert_eq!(at(0).next, at(30_000).code);
        assert_ne!(at(0).code, at(30_000).code);
        assert_eq!(at(i64::MAX).period_s, 30, "no moment is too late");
        assert!(!format!("{:?}", at(0)).contains(at(0).code.expose()));
    }
}
