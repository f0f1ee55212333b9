//! An operator's password: compared before, counted here. It opens nothing but the page that asks for the second factor.

use serde_json::json;

use super::draft::Draft;
use crate::{Change, Counter, CounterKind, Organisation, Refusal, Reply, Row};

impl Draft<'_> {
    /// At so many wrong ones in a row none counts any more until a new link is given out (63B-4 §3.2.2). Delays come from the
    /// buckets of the source, so that nobody keeps an agent out by typing wrong passwords.
    pub(super) fn sign_in(&mut self, right: bool) -> Result<Reply, Refusal> {
        if !self.exists() || self.account.user.organisation != Organisation::OPERATORS {
            return Err(Refusal::WrongCode { tries_left: None });
        }
        self.not_disabled()?;
        let counter = self.account.counter(CounterKind::PasswordFailures);
        if counter.count >= self.policy().failures_disable {
            return Err(Refusal::MethodDisabled);
        }
        self.put(Change::PutCounter(Counter { count: counter.count + 1, ..counter }));
        if right {
            self.put(Change::Remove(Row::Counter(CounterKind::PasswordFailures)));
            self.note("operator.password_right", json!({}));
            Ok(Reply::Done)
        } else {
            self.note("operator.password_wrong", json!({}));
            Err(Refusal::WrongCode { tries_left: None })
        }
    }

    /// A new password was chosen by a one-time link: what was counted against the old one is forgotten.
    pub(super) fn password_chosen(&mut self) -> Result<Reply, Refusal> {
        if !self.exists() || self.account.user.organisation != Organisation::OPERATORS {
            return Err(Refusal::NotFound);
        }
        self.put(Change::Remove(Row::Counter(CounterKind::PasswordFailures)));
        self.note("operator.password_chosen", json!({}));
        Ok(Reply::Done)
    }
}
