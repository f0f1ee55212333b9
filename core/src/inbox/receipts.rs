//! Receipts on their way: they ride with whatever is sent next, and come back if that was not answered.

use koppel_protocol::phone_api::{self, Receipt};

use crate::moment::Generation;

/// The most that wait; receipts are told for the person at the page, not for the record.
const MOST: usize = 256;

/// Receipts that were not taken by the server yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Receipts {
    pending: Vec<Receipt>,
    sent: Option<(Generation, Vec<Receipt>)>,
}

impl Receipts {
    pub(super) fn push(&mut self, receipt: Option<Receipt>) {
        if self.pending.len() < MOST {
            self.pending.extend(receipt);
        }
    }

    /// Whether there are some to be sent, and none on their way.
    pub(crate) fn wait(&self) -> bool {
        !self.pending.is_empty() && self.sent.is_none()
    }

    /// Takes what fits into one frame, for good: a frame has no answer.
    pub(crate) fn take(&mut self) -> Vec<Receipt> {
        let count = self.pending.len().min(phone_api::Receipts::MAX);
        self.pending.drain(..count).collect()
    }

    /// Lends what fits into the request `order`, until it is answered.
    pub(crate) fn lend(&mut self, order: Generation) -> Vec<Receipt> {
        if self.sent.is_some() {
            return Vec::new();
        }
        let lent = self.take();
        if !lent.is_empty() {
            self.sent = Some((order, lent.clone()));
        }
        lent
    }

    /// The request `order` is repeated under a new generation.
    pub(crate) fn carry_over(&mut self, order: Generation, repeated: Generation) {
        if let Some((sent, _)) = self.sent.as_mut().filter(|(sent, _)| *sent == order) {
            *sent = repeated;
        }
    }

    /// The request `order` was answered, or not: then its receipts wait again.
    pub(crate) fn settle(&mut self, order: Generation, taken: bool) {
        if let Some((_, receipts)) = self.sent.take_if(|(sent, _)| *sent == order)
            && !taken
        {
            self.pending.splice(0..0, receipts);
        }
    }
}
