//! What of an account a command looks at, so that a store loads that and no more.

use koppel_protocol::{
    Bytes,
    decision::Verdict,
    id::{ChallengeId, DeviceId, PairingId, PromptId},
};

use crate::{Account, Approval, Challenge, ChallengeRequest, Command, Confirmer, Holder, Issuer, LoginName};

/// The rows a command looks at, besides the user row.
///
/// `open` rows are those in no final state. A row named by id is loaded whatever its state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// All phones.
    pub devices: bool,
    /// All methods and buckets.
    pub methods: bool,
    /// All invitations.
    pub invitations: bool,
    /// All pairings (a day's).
    pub pairings: bool,
    /// Open prompts.
    pub open_prompts: bool,
    /// Open challenges with their copies.
    pub open_challenges: bool,
    /// Notices.
    pub notices: bool,
    /// Also rows in final states, and all decisions: for exports and tests, never for a verdict.
    pub closed: bool,
    /// This prompt, and its challenge with copies and the answer that approved it.
    pub prompt: Option<PromptId>,
    /// The prompt with this token.
    pub token: Option<Bytes<32>>,
    /// This challenge with its copies, the answer that approved it, and its prompt.
    pub challenge: Option<ChallengeId>,
    /// This pairing.
    pub pairing: Option<PairingId>,
    /// This signed answer.
    pub decision: Option<(DeviceId, Bytes<16>)>,
    /// Whether another user of the organisation has this login name.
    pub login_name: Option<LoginName>,
}

impl Needs {
    /// Everything that is open.
    pub fn everything() -> Self {
        Self {
            devices: true,
            methods: true,
            invitations: true,
            pairings: true,
            open_prompts: true,
            open_challenges: true,
            notices: true,
            ..Self::default()
        }
    }

    /// What this command looks at.
    pub fn of(command: &Command) -> Self {
        let devices = Self { devices: true, ..Self::default() };
        let factors = Self { methods: true, ..devices.clone() };
        match command {
            Command::PutUser(put) => Self { login_name: Some(put.login_name.clone()), ..devices },
            Command::DeleteUser | Command::Settle => Self::everything(),
            Command::OpenPrompt(open) => Self { login_name: Some(open.login.login_name.clone()), ..factors },
            Command::BindPrompt { token, .. } => Self { token: Some(*token), ..Self::default() },
            Command::NoteForeignBrowser { prompt } => Self { prompt: Some(*prompt), ..Self::default() },
            Command::CancelPrompt { prompt, .. } => Self { prompt: Some(*prompt), ..Self::default() },
            Command::StartChallenge { request, .. } => match &**request {
                ChallengeRequest::Page { prompt, .. } => {
                    Self { prompt: Some(*prompt), open_challenges: true, ..factors }
                }
                ChallengeRequest::Direct { login, .. } => {
                    Self { login_name: Some(login.login_name.clone()), open_challenges: true, ..factors }
                }
                ChallengeRequest::Unlock { .. } | ChallengeRequest::Test { .. } => {
                    Self { open_challenges: true, ..factors }
                }
            },
            Command::Redeliver { challenge, holder, .. } | Command::CheckCode { challenge, holder, .. } => {
                Self { challenge: Some(*challenge), prompt: page(holder), ..factors }
            }
            Command::CancelChallenge { challenge, holder } => {
                Self { challenge: Some(*challenge), prompt: page(holder), ..Self::default() }
            }
            Command::Consume { challenge, .. } => Self { challenge: Some(*challenge), ..factors },
            Command::Decide(decide) => {
                let decision = Some((decide.device, decide.jti));
                let answered = Self { challenge: Some(decide.challenge), decision, pairings: true, ..factors };
                match decide.verdict {
                    Verdict::Approve | Verdict::Deny => answered,
                    Verdict::Fraud => {
                        Self { open_prompts: true, open_challenges: true, invitations: true, notices: true, ..answered }
                    }
                }
            }
            Command::Recall { page, .. } => Self { prompt: Some(page.prompt), open_challenges: true, ..factors },
            Command::PostponeSetUp { page, .. } => Self { prompt: Some(page.prompt), ..factors },
            Command::SetUp { page, .. } | Command::ChangeMethods { page, .. } => {
                Self { prompt: Some(page.prompt), open_challenges: true, pairings: true, ..factors }
            }
            Command::RemoveMethod { .. } | Command::ImportAuthenticator { .. } => factors,
            Command::FinishPrompt { prompt, .. } | Command::ExchangeResult { prompt, .. } => {
                Self { prompt: Some(*prompt), ..factors }
            }
            Command::IssueInvitation { by } => {
                let prompt = match by {
                    Issuer::Page { prompt, .. } => Some(*prompt),
                    Issuer::Desk => None,
                };
                Self { prompt, invitations: true, pairings: true, open_challenges: true, ..factors }
            }
            Command::StartPairing(_) => Self { invitations: true, pairings: true, ..devices },
            Command::Reveal(reveal) => {
                Self { pairing: Some(reveal.pairing), invitations: true, open_challenges: true, ..factors }
            }
            Command::ConfirmPairing { pairing, by, .. } => {
                let prompt = match by {
                    Confirmer::Page { prompt, .. } => Some(*prompt),
                    Confirmer::Desk => None,
                };
                Self { pairing: Some(*pairing), prompt, open_challenges: true, ..factors }
            }
            Command::Seen { .. } => factors,
            Command::Receive { .. } => Self { open_challenges: true, notices: true, ..devices },
            Command::LookUp => Self::default(),
            Command::Unlock | Command::EnableTyping { .. } => factors,
            Command::Reset(_) => Self::everything(),
            Command::SignIn { .. } | Command::PasswordChosen => Self { methods: true, ..Self::default() },
            Command::RemoveDevice { .. } => Self { open_challenges: true, pairings: true, ..factors },
        }
    }

    /// The part of a whole account that these needs load: what every store gives, said once more in plain words.
    pub fn select(&self, whole: &Account) -> Account {
        let mut part = Account::of(whole.user.clone());
        if self.devices {
            part.devices = whole.devices.clone();
        }
        if self.methods {
            part.methods = whole.methods.clone();
            part.counters = whole.counters.clone();
        }
        if self.invitations {
            part.invitations = whole.invitations.clone();
        }
        if self.notices {
            part.notices = whole.notices.clone();
        }
        let pairing = |id| self.pairings || self.closed || self.pairing == Some(id);
        part.pairings = whole.pairings.iter().filter(|row| pairing(row.id)).cloned().collect();

        let page = self.prompt.and_then(|id| whole.prompt(id));
        let named: Vec<_> = self.challenge.into_iter().chain(page.and_then(|prompt| prompt.challenge)).collect();
        let challenge =
            |row: &Challenge| self.closed || (self.open_challenges && !row.state.is_final()) || named.contains(&row.id);
        part.challenges = whole.challenges.iter().filter(|row| challenge(row)).cloned().collect();
        let pages: Vec<_> =
            named.iter().filter_map(|id| whole.challenge(*id)?.login()?.prompt).chain(self.prompt).collect();
        part.prompts = whole
            .prompts
            .iter()
            .filter(|row| {
                self.closed
                    || (self.open_prompts && !row.state.is_final())
                    || pages.contains(&row.id)
                    || self.token == Some(row.token)
            })
            .cloned()
            .collect();
        part.copies = whole.copies.iter().filter(|row| part.challenge(row.challenge).is_some()).cloned().collect();
        let approvals: Vec<_> = named.iter().filter_map(|id| whole.challenge(*id)?.approval).collect();
        let approved = |device, jti| approvals.contains(&Approval { device, jti });
        let answer = |device, jti| self.decision == Some((device, jti));
        part.decisions = whole
            .decisions
            .iter()
            .filter(|row| self.closed || approved(row.device, row.jti) || answer(row.device, row.jti))
            .cloned()
            .collect();
        part
    }
}

fn page(holder: &Holder) -> Option<PromptId> {
    match holder {
        Holder::Page { prompt, .. } => Some(*prompt),
        Holder::Panel { .. } => None,
    }
}
