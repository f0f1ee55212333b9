//! Everything that can be asked of an account. One variant an operation; signatures were verified and envelopes sealed before.

use koppel_protocol::{
    Bytes, Digits, KeyVersion, Koppelcode, PublicKey, Secret, Text,
    decision::{UserVerification, Verdict},
    id::{ChallengeId, DeviceId, InvitationId, PairingId, PromptId, RelyingPartyId},
    pairing::{Commitment, Platform, RequestHash, Transcript},
    phone_api::Receipt,
};

use crate::{
    Browser, DeviceKeys, HashedCode, Locale, LoginName, MethodKind, Mode, OpenSeed, Purpose, PutContacts, SharedBytes,
    SharedText, Terms, Time, recovery::Slot,
};

/// One operation.
#[derive(Debug, Clone)]
pub enum Command {
    /// The panel tells who a user is. Creates an unknown one.
    PutUser(Box<PutUser>),
    /// Everything secret of the user goes; the audit chain stays.
    DeleteUser,
    /// A panel wants a hosted page. Creates an unknown user.
    OpenPrompt(Box<OpenPrompt>),
    /// A browser opens the page: burns the token, takes the cookie.
    BindPrompt {
        /// Keyed hash of the token.
        token: Bytes<32>,
        /// Keyed hash of the new cookie.
        cookie: Bytes<32>,
        /// The browser's own words; the panel saw the same ones.
        user_agent: String,
    },
    /// Somebody came to a page with another browser's cookie or none: only written down.
    NoteForeignBrowser {
        /// Which page.
        prompt: PromptId,
    },
    /// The panel withdraws a page.
    CancelPrompt {
        /// Which.
        prompt: PromptId,
        /// Whose.
        relying_party: RelyingPartyId,
    },
    /// A question to the phones. With `prepared` of [`plan`](crate::plan).
    StartChallenge {
        /// What is asked.
        request: Box<ChallengeRequest>,
        /// Signed and sealed for each phone; none when the plan refused: then the refusal is given here, where it counts.
        prepared: Option<Box<Prepared>>,
    },
    /// The same question again, or by another method: the next delivery.
    Redeliver {
        /// Which.
        challenge: ChallengeId,
        /// Who asks.
        holder: Holder,
        /// By which method; none: by the same as before.
        method: Option<MethodKind>,
        /// Signed and sealed for each phone; none when the plan refused: then the refusal is given here, where it counts.
        prepared: Option<Box<Prepared>>,
    },
    /// A typed code. A page's right one approves, a panel's is consumed at once.
    CheckCode {
        /// Which challenge.
        challenge: ChallengeId,
        /// Who asks.
        holder: Holder,
        /// What was typed, for the method of the live delivery.
        typed: Typed,
    },
    /// A panel with pages of its own takes an approval.
    Consume {
        /// Which.
        challenge: ChallengeId,
        /// For whom.
        terms: Terms,
        /// The secret of the browser session that began.
        v: Secret<32>,
    },
    /// A phone's signed answer; its signature was verified with `key`.
    Decide(Box<Decide>),
    /// The panel gives up on a challenge.
    CancelChallenge {
        /// Which.
        challenge: ChallengeId,
        /// Who asks.
        holder: Holder,
    },
    /// A method is set up on a page.
    SetUp {
        /// Where.
        page: OnPage,
        /// Which step.
        step: SetUp,
    },
    /// A settings page changes what is there.
    ChangeMethods {
        /// Where.
        page: OnPage,
        /// What.
        change: MethodChange,
    },
    /// A panel or desk removes a method other than the app, whose phones go one by one.
    RemoveMethod {
        /// Which.
        kind: MethodKind,
    },
    /// A panel brings an authenticator that the user proved elsewhere.
    ImportAuthenticator {
        /// Its seed, sealed for this account.
        seed: SharedBytes,
    },
    /// *Later* on a set-up page: makes a result code that verifies nobody.
    PostponeSetUp {
        /// Where.
        page: OnPage,
        /// Keyed hash of the new result code.
        code: Bytes<32>,
    },
    /// *Continue* on the page: makes the result code.
    FinishPrompt {
        /// Which page.
        prompt: PromptId,
        /// For whom.
        terms: Terms,
        /// Keyed hash of the cookie it came with.
        cookie: Bytes<32>,
        /// Keyed hash of the new result code.
        code: Bytes<32>,
        /// Keyed hash of the cookie by which the browser is to be remembered, if the person wants that and the rules let it.
        remember: Option<Bytes<32>>,
    },
    /// The page's browser is a remembered one: nothing is asked.
    Recall {
        /// Where.
        page: OnPage,
        /// Keyed hash of the cookie it is remembered by.
        browser: Bytes<32>,
    },
    /// The panel exchanges the result code.
    ExchangeResult {
        /// Which page.
        prompt: PromptId,
        /// For whom.
        terms: Terms,
        /// The secret of the browser session that began.
        v: Secret<32>,
        /// Keyed hash of the code.
        code: Bytes<32>,
    },
    /// A page or a desk invites a phone; the former invitation dies.
    IssueInvitation {
        /// Who invites.
        by: Issuer,
    },
    /// The first message of a pairing.
    StartPairing(Box<StartPairing>),
    /// The third message of a pairing.
    Reveal(Box<Reveal>),
    /// The check number, typed.
    ConfirmPairing {
        /// Which pairing.
        pairing: PairingId,
        /// The number.
        number: Digits,
        /// Who typed it.
        by: Confirmer,
    },
    /// A proven request of an active phone: it lives, and it took its activation. Not sent for pairing status questions.
    Seen {
        /// Which.
        device: DeviceId,
    },
    /// What a phone tells of what it got. Lazy.
    Receive {
        /// Which phone.
        device: DeviceId,
        /// What it tells.
        receipts: Vec<Receipt>,
    },
    /// A desk lifts the lock of a fraud report.
    Unlock,
    /// An agent opens a user at the desk: only written down.
    LookUp,
    /// A desk lets codes of a method be typed again.
    EnableTyping {
        /// Which.
        kind: MethodKind,
    },
    /// A desk takes away all that a user proves themselves with.
    Reset(ResetStep),
    /// An operator typed a password, which was compared before.
    SignIn {
        /// Whether it was right.
        right: bool,
    },
    /// An operator chose a password with a one-time link.
    PasswordChosen,
    /// A phone is removed: by itself, by the panel, by a desk.
    RemoveDevice {
        /// Which.
        device: DeviceId,
    },
    /// Writes down what time has ended.
    Settle,
}

/// What was typed, for the method of the live delivery. What is slow or secret was done before the transaction, from a snapshot:
/// where the account holds something else by now the request is stale and prepared again.
#[derive(Debug, Clone)]
pub enum Typed {
    /// The code that the app shows.
    App(Digits),
    /// The code that the authenticator shows, and its seed.
    Totp(Digits, OpenSeed),
    /// A recovery code, hashed.
    Recovery(HashedCode),
}

impl Typed {
    /// The method it is for.
    pub const fn method(&self) -> MethodKind {
        match self {
            Self::App(_) => MethodKind::App,
            Self::Totp(..) => MethodKind::Totp,
            Self::Recovery(_) => MethodKind::Recovery,
        }
    }
}

/// A step of a reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResetStep {
    /// An agent asks for it. An ordinary user's is carried out at once.
    Ask,
    /// A second agent says yes.
    Approve,
    /// It has waited long enough.
    CarryOut,
    /// It was a mistake.
    Withdraw,
}

/// A hosted page and the browser that holds it.
#[derive(Debug, Clone)]
pub struct OnPage {
    /// Which page.
    pub prompt: PromptId,
    /// Keyed hash of the cookie it came with.
    pub cookie: Bytes<32>,
    /// The relying party of the page.
    pub terms: Terms,
}

/// A step of setting up a method on a page.
#[derive(Debug, Clone)]
pub enum SetUp {
    /// Which method the page sets up now; none: the person chooses again.
    Choose(Option<MethodKind>),
    /// The page shows a seed. Shown again, it is the one it showed before.
    OfferAuthenticator {
        /// Drawn and sealed for this account.
        seed: SharedBytes,
    },
    /// The authenticator's first code.
    ProveAuthenticator {
        /// As typed.
        code: Digits,
        /// What the page shows, opened.
        seed: OpenSeed,
    },
    /// The page shows a list of recovery codes, once.
    OfferRecoveryCodes {
        /// Hashes of what it shows.
        slots: Vec<Slot>,
    },
    /// "I have kept them": the list counts from now, and the former one no more.
    KeepRecoveryCodes,
}

/// What a settings page changes.
#[derive(Debug, Clone)]
pub enum MethodChange {
    /// This method is asked first.
    MakePrimary(MethodKind),
    /// A method other than the app goes.
    Remove(MethodKind),
    /// A phone goes.
    RemovePhone(DeviceId),
    /// A browser is remembered no more.
    ForgetBrowser(Bytes<32>),
    /// A phone gets another name.
    RenamePhone(DeviceId, Text),
}

/// Fields of [`Command::PutUser`]; none leaves a field as it is.
#[derive(Debug, Clone)]
pub struct PutUser {
    /// What the user types.
    pub login_name: LoginName,
    /// What screens show.
    pub display: Option<Text>,
    /// Language.
    pub locale: Option<Locale>,
    /// A word of the panel's own.
    pub group: Option<Text>,
    /// Whether the user may log in.
    pub enabled: Option<bool>,
    /// Whether a desk resets the user only after a wait or with a second agent.
    pub protected: Option<bool>,
    /// Lifts a lock that is older.
    pub password_changed_at: Option<Time>,
    /// Where the user is reached.
    pub contacts: PutContacts,
}

impl PutUser {
    /// The name, and everything else as it is.
    pub fn named(login_name: LoginName) -> Self {
        Self {
            login_name,
            display: None,
            locale: None,
            group: None,
            enabled: None,
            protected: None,
            password_changed_at: None,
            contacts: PutContacts::default(),
        }
    }
}

/// Fields of [`Command::OpenPrompt`].
#[derive(Debug, Clone)]
pub struct OpenPrompt {
    /// For whom.
    pub terms: Terms,
    /// Who, told by the panel. A known user's name changes only by [`PutUser`].
    pub login: Begun,
    /// How to answer.
    pub mode: Option<Mode>,
    /// By what, if the user has it.
    pub prefer: Option<MethodKind>,
    /// One of the relying party's own addresses; the border has checked it.
    pub return_url: String,
    /// The panel's own word.
    pub panel_state: String,
    /// The page's language.
    pub locale: Option<Locale>,
    /// Keyed hash of the token in the page's address.
    pub token: Bytes<32>,
}

/// A login that began at a panel.
#[derive(Debug, Clone)]
pub struct Begun {
    /// What the user types.
    pub login_name: LoginName,
    /// What screens show.
    pub display: Option<Text>,
    /// What for.
    pub purpose: Purpose,
    /// SHA-256 of the browser session's `v`.
    pub binding: Bytes<32>,
    /// The browser as the panel saw it.
    pub browser: Browser,
    /// When the panel checked the first factor.
    pub first_factor_at: Time,
    /// Lifts a lock that is older.
    pub password_changed_at: Option<Time>,
}

/// Who holds a challenge.
#[derive(Debug, Clone)]
pub enum Holder {
    /// The browser on the hosted page.
    Page {
        /// Which page.
        prompt: PromptId,
        /// Keyed hash of the cookie it came with.
        cookie: Bytes<32>,
        /// The relying party of the page.
        terms: Terms,
    },
    /// A panel with pages of its own.
    Panel {
        /// Which.
        terms: Terms,
        /// The secret of the browser session that began.
        v: Secret<32>,
    },
}

impl Holder {
    /// For whom.
    pub const fn terms(&self) -> &Terms {
        match self {
            Self::Page { terms, .. } | Self::Panel { terms, .. } => terms,
        }
    }
}

/// What a new challenge asks.
#[derive(Debug, Clone)]
pub enum ChallengeRequest {
    /// The hosted page wants its factor.
    Page {
        /// Which page.
        prompt: PromptId,
        /// Keyed hash of the cookie it came with.
        cookie: Bytes<32>,
        /// The relying party of the page.
        terms: Terms,
    },
    /// A panel with pages of its own. Creates an unknown user.
    Direct {
        /// For whom.
        terms: Terms,
        /// Who and where.
        login: Begun,
        /// How to answer.
        mode: Option<Mode>,
        /// By what, if the user has it.
        prefer: Option<MethodKind>,
    },
    /// The phone that reported a fraud wants to lift the lock.
    Unlock {
        /// Which.
        device: DeviceId,
    },
    /// "Test my phone".
    Test {
        /// Which.
        device: DeviceId,
    },
}

/// What was signed and sealed before the transaction, and what it assumed.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The id that was signed.
    pub challenge: ChallengeId,
    /// What [`plan`](crate::plan) said then.
    pub plan: Plan,
    /// The version of the key that signed.
    pub signed_by: KeyVersion,
    /// One for each phone of the plan, in its order.
    pub copies: Vec<PreparedCopy>,
}

/// For one phone.
#[derive(Debug, Clone)]
pub struct PreparedCopy {
    /// Which.
    pub device: DeviceId,
    /// SHA-256 of the signed challenge.
    pub ch: Bytes<32>,
    /// The signed challenge, in all modes but `code`.
    pub jws: Option<SharedText>,
    /// The sealed envelope.
    pub envelope: SharedBytes,
}

/// What is to be signed: computed from a snapshot, computed again in the transaction, and compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Which delivery.
    pub seq: u32,
    /// By which method.
    pub method: MethodKind,
    /// How it is answered.
    pub mode: Mode,
    /// Digits of its code or number.
    pub digits: u8,
    /// The phones.
    pub devices: Vec<DeviceId>,
    /// The user's name as it will be shown.
    pub login_name: Option<LoginName>,
    /// The signed `iat`.
    pub iat: Time,
    /// The signed `exp`.
    pub expires: Time,
    /// The policy it rests on.
    pub policy_version: u32,
}

/// Fields of [`Command::Decide`].
#[derive(Debug, Clone)]
pub struct Decide {
    /// Who answers.
    pub device: DeviceId,
    /// The key that verified the signature.
    pub key: PublicKey,
    /// About which challenge.
    pub challenge: ChallengeId,
    /// About which delivery.
    pub seq: u32,
    /// SHA-256 of the challenge that was shown.
    pub ch: Bytes<32>,
    /// The answer.
    pub verdict: Verdict,
    /// The typed number.
    pub number: Option<Digits>,
    /// How the person was verified.
    pub uv: UserVerification,
    /// The answer's own id.
    pub jti: Bytes<16>,
    /// SHA-256 of the signing input.
    pub signing_input: Bytes<32>,
    /// The whole answer.
    pub jws: SharedText,
}

/// Who invites a phone.
#[derive(Debug, Clone)]
pub enum Issuer {
    /// The page, for the browser that holds it: link and koppelcode.
    Page {
        /// Which page.
        prompt: PromptId,
        /// Keyed hash of the cookie it came with.
        cookie: Bytes<32>,
    },
    /// A desk: a koppelcode to speak. The actor says who, why and by which ticket.
    Desk,
}

/// Who types a check number.
#[derive(Debug, Clone)]
pub enum Confirmer {
    /// The page: an enrol page while the account never had a factor, a settings page with a factor just used.
    Page {
        /// Which page.
        prompt: PromptId,
        /// Keyed hash of the cookie it came with.
        cookie: Bytes<32>,
    },
    /// A desk: what the caller reads out.
    Desk,
}

/// Fields of [`Command::StartPairing`].
#[derive(Debug, Clone)]
pub struct StartPairing {
    /// Drawn before it was signed.
    pub pairing: PairingId,
    /// How the phone comes in.
    pub door: Door,
    /// SHA-256 of the first message as it was sent.
    pub c: RequestHash,
    /// What the phone commits to.
    pub commitment: Commitment,
    /// The second message, signed.
    pub m2: SharedText,
    /// The account as `m2` names it.
    pub account: Text,
    /// When `m2` was signed.
    pub iat: Time,
    /// The signed `exp`.
    pub until: Time,
    /// The version of the key that signed.
    pub signed_by: KeyVersion,
}

/// How the phone comes in.
#[derive(Debug, Clone)]
pub enum Door {
    /// By a link.
    Link {
        /// Its `t`.
        invitation: InvitationId,
        /// Its proof.
        mac: Bytes<32>,
    },
    /// By a koppelcode.
    Code {
        /// As typed.
        name: LoginName,
        /// As typed.
        code: Koppelcode,
    },
    /// By user name and password, which the organisation's directory found right. The try was
    /// reserved before that question. Creates an unknown user.
    Login {
        /// As typed.
        name: LoginName,
    },
}

/// Fields of [`Command::Reveal`].
#[derive(Debug, Clone)]
pub struct Reveal {
    /// Which pairing.
    pub pairing: PairingId,
    /// Hash of the third message as it was sent.
    pub m3: Bytes<32>,
    /// What the opening commits to.
    pub commitment: Commitment,
    /// The transcript both computed.
    pub transcript: Transcript,
    /// Drawn for the new device, before its `auth` was sealed.
    pub device: DeviceId,
    /// Its keys, valid and distinct, each proven.
    pub keys: DeviceKeys,
    /// Its `auth` secret, sealed.
    pub auth: SharedBytes,
    /// Its name.
    pub name: Text,
    /// What it runs on.
    pub platform: Platform,
    /// The question to older phones; none when [`plan`](crate::plan) found none to ask.
    pub handover: Option<Box<Prepared>>,
}
