//! The live line: how far a code or a request has come.

use serde::Serialize;

use super::Texts;

/// How far a delivery has come. No device is named: a page that only the password has opened
/// must not tell which phone its owner has (threat 51).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Not yet on any road.
    Queued,
    /// On its way.
    Sent,
    /// A phone has it.
    Arrived,
    /// It is on a screen.
    Shown,
    /// No phone has confirmed that it came.
    Unreached,
}

impl Progress {
    /// The name in the state JSON and in the page's `data-state`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Progress::Queued => "queued",
            Progress::Sent => "sent",
            Progress::Arrived => "arrived",
            Progress::Shown => "shown",
            Progress::Unreached => "unreached",
        }
    }

    fn line(self, texts: &Texts) -> String {
        match self {
            Progress::Queued => texts.line_queued(),
            Progress::Sent => texts.line_sent(),
            Progress::Arrived => texts.line_arrived(),
            Progress::Shown => texts.line_shown(),
            Progress::Unreached => texts.line_unreached(),
        }
    }
}

/// Whether the person may have it sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resend {
    /// After so many seconds; 0 is now.
    After(u32),
    /// All resends of this challenge are used.
    UsedUp,
}

/// The delivery that is live now.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Which delivery of the challenge this is; a page for another one loads itself again.
    pub seq: u32,
    /// How far it has come.
    pub progress: Progress,
    /// How many digits its code or number has; six, unless the policy says otherwise.
    pub digits: u32,
    /// Seconds until it ends, rounded up.
    pub expires_in: u32,
    /// Seconds that it lives in all; the countdown ring is full at this.
    pub lifetime: u32,
    /// Whether it may be sent again.
    pub resend: Resend,
    /// A budget keeps the phone silent: the person must open the app.
    pub quiet: bool,
    /// How many other logins of this account wait at this moment.
    pub others: u32,
}

impl Delivery {
    pub(crate) fn line(&self, texts: &Texts) -> String {
        self.progress.line(texts)
    }

    /// What the code field is called.
    pub(crate) fn label(&self, texts: &Texts) -> String {
        texts.verify_code_label(self.digits)
    }

    /// What the person can do now, under the line.
    pub(crate) fn hint(&self, texts: &Texts, number: bool) -> String {
        match self.progress {
            Progress::Shown if number => texts.hint_shown_number(),
            Progress::Shown => texts.hint_shown_code(),
            _ if self.quiet => texts.hint_quiet(),
            Progress::Queued | Progress::Sent => texts.hint_sent(),
            Progress::Arrived => texts.hint_arrived(),
            Progress::Unreached => texts.hint_unreached(),
        }
    }

    /// A warning where other logins wait too.
    pub(crate) fn warning(&self, texts: &Texts) -> Option<String> {
        (self.others > 0).then(|| texts.verify_others(self.others))
    }

    /// Seconds until it may be sent again, when it may.
    pub(crate) fn resend_after(&self) -> Option<u32> {
        match self.resend {
            Resend::After(seconds) => Some(seconds),
            Resend::UsedUp => None,
        }
    }
}

/// What `GET <path>/state` answers: the live line in words, and which screen the page should be.
///
/// It holds no code and no number. The script writes `line` and `hint` on the page and loads the
/// page again when `screen` is not the one that it stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LiveState {
    /// The version to ask `after` next time.
    pub version: u64,
    /// Names the screen, so that a page can tell whether it is still the right one.
    pub screen: String,
    /// `queued`, `sent`, `arrived`, `shown`, `unreached`, `approved`, `waiting`, `pending` or
    /// `ended`.
    pub state: &'static str,
    /// The live line.
    pub line: String,
    /// What to do now; may be empty.
    pub hint: String,
}
