//! "Test my phone": every step a login takes, one after another, each told as it ends.

use std::fmt;
use std::time::{Duration, Instant};

use koppel_core::{AccountId, ConnectionView, Question, Reply, Trouble};
use tokio::time::timeout;

use crate::client::KoppelClient;

/// How long the live channel may take to stand, and a test challenge to arrive.
const PATIENCE: Duration = Duration::from_secs(20);
/// A phone's clock that is further off than this is worth a word. It is harmless: no verdict depends on it.
pub const CLOCK_WORTH_A_WORD: u64 = 30;

/// The steps, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The server is there, and is still the one that was paired with.
    Server,
    /// It knows this phone: a proven question was answered.
    Proof,
    /// The phone's clock agrees with the server's.
    Clock,
    /// The live channel stands.
    Live,
    /// A test challenge came all the way.
    Roundtrip,
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Server, Self::Proof, Self::Clock, Self::Live, Self::Roundtrip];

    /// A stable name for programs and texts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Proof => "proof",
            Self::Clock => "clock",
            Self::Live => "live",
            Self::Roundtrip => "roundtrip",
        }
    }
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// As it should.
    Well,
    /// The clock is off by so many seconds (negative: ahead). Harmless, and worth a word.
    ClockOff(i64),
    /// Without a live channel; the phone asks again and again instead.
    OnlyPolling,
    /// With this trouble.
    Failed(Trouble),
    /// It was left out, because an earlier one failed.
    Skipped,
}

impl Finding {
    /// Whether a login would work as far as this step goes.
    pub fn is_well(self) -> bool {
        matches!(self, Self::Well | Self::ClockOff(_) | Self::OnlyPolling)
    }
}

/// A step that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Which.
    pub step: Step,
    /// How.
    pub finding: Finding,
    /// How long it took.
    pub took: Duration,
}

/// What support can read off the telephone: one letter a step, large when it went well, and the way the code came. Nothing
/// in it is secret or tells who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportCode(String);

impl SupportCode {
    /// The code of these steps.
    pub fn of(steps: &[Ended]) -> Self {
        let letters = steps.iter().map(|ended| {
            let letter = match ended.step {
                Step::Server => 'S',
                Step::Proof => 'P',
                Step::Clock => 'C',
                Step::Live => 'L',
                Step::Roundtrip => 'R',
            };
            match ended.finding {
                Finding::Well => letter.to_string(),
                Finding::ClockOff(_) | Finding::OnlyPolling => format!("{letter}?"),
                Finding::Skipped => "-".into(),
                Finding::Failed(_) => letter.to_ascii_lowercase().to_string(),
            }
        });
        let trouble = steps.iter().find_map(|ended| match ended.finding {
            Finding::Failed(trouble) => Some(format!("/{}", trouble.code())),
            _ => None,
        });
        Self(format!("T1-{}{}", letters.collect::<String>(), trouble.unwrap_or_default()))
    }
}

impl fmt::Display for SupportCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl KoppelClient {
    /// Runs every step for an account, which must be connected. `tell` hears of each as it ends; all are returned.
    pub async fn test_phone(&self, account: AccountId, mut tell: impl FnMut(Ended)) -> Vec<Ended> {
        let mut steps: Vec<Ended> = Vec::new();
        for step in Step::ALL {
            let began = Instant::now();
            let broken = steps.iter().any(|ended| !ended.finding.is_well());
            let finding = if broken { Finding::Skipped } else { self.try_step(account, step).await };
            let ended = Ended { step, finding, took: began.elapsed() };
            tell(ended);
            steps.push(ended);
        }
        steps
    }

    async fn try_step(&self, account: AccountId, step: Step) -> Finding {
        match step {
            Step::Server => {
                self.answer_to(account, Question::Server).await.map_or_else(Finding::Failed, |_| Finding::Well)
            }
            Step::Proof => {
                self.answer_to(account, Question::Devices).await.map_or_else(Finding::Failed, |_| Finding::Well)
            }
            Step::Clock => self.clock(account),
            Step::Live => self.live(account).await,
            Step::Roundtrip => match self.answer_to(account, Question::Test).await {
                Ok(Reply::Test { cid }) => match timeout(PATIENCE, self.content_of(account, cid)).await {
                    Ok(Ok(_)) => Finding::Well,
                    Ok(Err(_)) => Finding::Failed(Trouble::Cancelled),
                    Err(_) => Finding::Failed(Trouble::Timeout),
                },
                Ok(_) => Finding::Failed(Trouble::AnswerInvalid),
                Err(trouble) => Finding::Failed(trouble),
            },
        }
    }

    async fn answer_to(&self, account: AccountId, question: Question) -> Result<Reply, Trouble> {
        match self.ask(account, question).await {
            Ok((reply, _)) => reply,
            Err(crate::ClientError::Trouble(trouble)) => Err(trouble),
            Err(_) => Err(Trouble::Cancelled),
        }
    }

    fn clock(&self, account: AccountId) -> Finding {
        let state = self.state();
        let skew = state.accounts.iter().find(|view| view.account == account).and_then(|view| view.clock_skew_s);
        match skew {
            Some(skew) if skew.unsigned_abs() > CLOCK_WORTH_A_WORD => Finding::ClockOff(skew),
            _ => Finding::Well,
        }
    }

    async fn live(&self, account: AccountId) -> Finding {
        let mut states = self.watch();
        let stands = states.wait_for(|state| {
            state.accounts.iter().any(|view| view.account == account && view.connection == ConnectionView::Live)
        });
        match timeout(PATIENCE, stands).await {
            Ok(Ok(_)) => Finding::Well,
            _ => Finding::OnlyPolling,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(step: Step, finding: Finding) -> Ended {
        Ended { step, finding, took: Duration::ZERO }
    }

    #[test]
    fn a_support_code_can_be_read_out_and_says_where_it_broke() {
        let well = Step::ALL.map(|step| ended(step, Finding::Well));
        assert_eq!(SupportCode::of(&well).to_string(), "T1-SPCLR");
        let broken = [
            ended(Step::Server, Finding::Well),
            ended(Step::Proof, Finding::Failed(Trouble::DeviceRevoked)),
            ended(Step::Clock, Finding::Skipped),
        ];
        assert_eq!(SupportCode::of(&broken).to_string(), "T1-Sp-/device-revoked");
    }
}
