//! Pairing: a phone commits (m1), gets a signed offer (m2), opens its commitment (m3), and asks whether it is confirmed.
//!
//! Known and unknown users take the same way: an offer is signed for both before the verdict, so that neither shape nor time
//! of the answer tells who exists.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use bytes::Bytes;
use koppel_domain::plan::Wanted;
use koppel_domain::{
    Account, Actor, Command, DeviceKeys, Door, ExternalId, LoginName, Needs, Organisation, PairingState, Refusal,
    Reply, SharedText, SourceTry, StartPairing,
};
use koppel_protocol::activation::Activation;
use koppel_protocol::challenge::{NewDevice, Subject};
use koppel_protocol::decision::UserVerification;
use koppel_protocol::id::{ChallengeId, DeviceId, InvitationId, PairingId};
use koppel_protocol::pairing::{self, Introduction, Opened, PairingOffer, PairingRequest, Reveal};
use koppel_protocol::phone_api::{self, DeviceState, Nothing, PairingAnswer, PairingStatus, RevealAnswer};
use koppel_protocol::{Envelope, SecretText, Text, hash, json};
use koppel_store::{Ask, Locator, Store};

use crate::app::{App, Attempts, By, unavailable};
use crate::body;
use crate::directory::Answer as DirectoryAnswer;
use crate::problem::{Problem, Slug};
use crate::proof::{self, Changes};
use crate::source::Source;

/// `POST /d/v1/pairings`: m1 → m2.
pub(super) async fn start(
    State(app): State<Arc<App>>,
    source: Source,
    request: Request,
) -> Result<Json<PairingAnswer>, Problem> {
    let (parts, body) = request.into_parts();
    let body = body::read(&parts.headers, body, body::MAX_PAIRING_BODY).await?;
    body::expect_type(&parts.headers, "application/json")?;
    let m1 = PairingRequest::from_body(&body).map_err(json_problem)?;
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    let organisation =
        app.registry.organisation_at(&parts.headers, authority).ok_or_else(|| Problem::new(Slug::NotFound))?;
    let organisation = match &m1.door {
        pairing::Door::Code { user, .. } => app.registry.organisation_of(organisation, &login_name(user)?),
        pairing::Door::Link { .. } | pairing::Door::Login { .. } => organisation,
    };
    let (at, door) = locate(&app, &organisation, source, m1.door).await?;
    let by = By::new(Actor::Phone { organisation: organisation.id, device: None }, source);
    let c = PairingRequest::hash(&body);
    let mut attempts = Attempts::default();
    let answer = loop {
        let account = app.account(at.clone(), Needs::default()).await?;
        let start = offer(&app, &organisation, account.as_ref(), &door, c, m1.commitment)?;
        let ask = app.ask(at.clone(), Command::StartPairing(Box::new(start)), by.clone());
        if let Some(answer) = app.attempt(ask, &mut attempts).await? {
            break answer;
        }
    };
    match answer.verdict()? {
        Reply::PairingStarted { m2 } => Ok(Json(PairingAnswer { m2: m2.to_string() })),
        _ => Err(Problem::new(Slug::Unavailable)),
    }
}

/// Finds the account a door leads to. The login door asks the organisation's directory, after a try was reserved.
async fn locate(
    app: &App,
    organisation: &Organisation,
    source: Source,
    door: pairing::Door,
) -> Result<(Locator, Door), Problem> {
    match door {
        pairing::Door::Link { t, mac } => {
            let invitation = InvitationId::from_bytes(*t.as_bytes());
            Ok((Locator::Invitation(invitation), Door::Link { invitation, mac }))
        }
        pairing::Door::Code { user, code } => {
            let name = login_name(&user)?;
            Ok((Locator::LoginName(organisation.id, name.clone()), Door::Code { name, code }))
        }
        pairing::Door::Login { user, password } => {
            let name = login_name(&user)?;
            let external_id = ask_directory(app, organisation, source, &name, &password).await?;
            Ok((Locator::ExternalId(organisation.id, external_id), Door::Login { name }))
        }
    }
}

fn login_name(user: &Text) -> Result<LoginName, Problem> {
    user.as_str()
        .parse()
        .map_err(|_| Problem::because(Slug::InvalidField, "Field `user`: expected 1 to 64 bytes of text."))
}

async fn ask_directory(
    app: &App,
    organisation: &Organisation,
    source: Source,
    name: &LoginName,
    password: &SecretText,
) -> Result<ExternalId, Problem> {
    let closed =
        || Problem::because(Slug::NotFound, "Here a phone is paired by a link or a koppelcode, not by a password.");
    let (Some(url), Some(sealed)) = (&organisation.directory_url, &organisation.directory_secret) else {
        return Err(closed());
    };
    if organisation.policy.login_door == 0 {
        return Err(closed());
    }
    let attempt =
        SourceTry { source: source.bucket(), name: Some(app.derive.name_in_budgets(organisation.id.as_bytes(), name)) };
    app.store.reserve(organisation.id, attempt.clone()).await.map_err(unavailable)??;
    let answer = directory_answer(app, organisation, url, sealed, name, password).await;
    if answer.as_ref().is_err_and(|problem| problem.slug == Slug::Unavailable) {
        // Nothing was compared: an outage locks nobody out.
        app.store.give_back(attempt).await.map_err(unavailable)?;
    }
    answer
}

async fn directory_answer(
    app: &App,
    organisation: &Organisation,
    url: &str,
    sealed: &[u8],
    name: &LoginName,
    password: &SecretText,
) -> Result<ExternalId, Problem> {
    let secret = app.keys.open_directory_secret(organisation.id, sealed).map_err(|error| {
        tracing::error!(%error, "the secret of a directory does not open");
        Problem::new(Slug::Unavailable)
    })?;
    let Ok(_turn) = app.directory_turns.try_acquire() else {
        return Err(Problem::new(Slug::Unavailable).retry_after(2));
    };
    match app.directory.ask(url, &secret, name.shown().as_str(), password, app.now().0).await {
        DirectoryAnswer::Known { external_id, .. } => external_id.parse().map_err(|_| {
            tracing::error!("the directory named an external_id that is not 1 to 64 bytes of clean text");
            Problem::new(Slug::Unavailable)
        }),
        DirectoryAnswer::Wrong => Err(Refusal::WrongCode { tries_left: None }.into()),
        DirectoryAnswer::Unavailable => Err(Problem::new(Slug::Unavailable).retry_after(5)),
    }
}

/// Signs m2, for a user who is there and for one who is not.
fn offer(
    app: &App,
    organisation: &Organisation,
    account: Option<&Account>,
    door: &Door,
    c: pairing::RequestHash,
    commitment: pairing::Commitment,
) -> Result<StartPairing, Problem> {
    let typed = match door {
        Door::Code { name, .. } | Door::Login { name } => name.shown().clone(),
        Door::Link { .. } => Text::clean("-"),
    };
    let known = account.filter(|account| account.exists());
    let shown = known.map(|account| account.user.shown().clone()).unwrap_or(typed);
    let iat = app.now();
    let until = iat.plus(organisation.policy.pairing_lifetime);
    let pairing = PairingId::from_bytes(app.draw()?);
    let m2 = app.sign(&PairingOffer {
        pid: pairing,
        c,
        server_id: app.keys.identity.server_id,
        version: app.keys.identity.version,
        rs: koppel_protocol::Bytes::new(app.draw()?),
        organisation: organisation.name.clone(),
        host: organisation.public_url.host().clone(),
        account: shown.clone(),
        exp: until.0,
        nonce: app.nonces.issue(iat.0),
    })?;
    Ok(StartPairing {
        pairing,
        door: door.clone(),
        c,
        commitment,
        m2: SharedText::from(m2.as_str()),
        account: shown,
        iat,
        until,
        signed_by: app.keys.identity.version,
    })
}

/// `POST /d/v1/pairings/{pid}/reveal`: m3 → a pending device.
pub(super) async fn reveal(
    State(app): State<Arc<App>>,
    Path(pid): Path<String>,
    source: Source,
    request: Request,
) -> Result<Json<RevealAnswer>, Problem> {
    let (parts, body) = request.into_parts();
    let body = body::read(&parts.headers, body, body::MAX_PAIRING_BODY).await?;
    body::expect_type(&parts.headers, "application/json")?;
    let pid = pairing_id(&pid)?;
    let m3: Reveal = json::object(&body).map_err(json_problem)?;
    let mut attempts = Attempts::default();
    let answer = loop {
        let ask = prepare_reveal(&app, pid, &m3, &body, source).await?;
        if let Some(answer) = app.attempt(ask, &mut attempts).await? {
            break answer;
        }
    };
    match answer.verdict()? {
        Reply::Revealed { device, until } => {
            Ok(Json(RevealAnswer { device, until: until.0, nonce: app.nonces.issue(app.now().0) }))
        }
        _ => Err(Problem::new(Slug::Unavailable)),
    }
}

async fn prepare_reveal(app: &App, pid: PairingId, m3: &Reveal, body: &Bytes, source: Source) -> Result<Ask, Problem> {
    let needs = Needs { devices: true, methods: true, pairing: Some(pid), ..Needs::default() };
    let at = Locator::Pairing(pid);
    let account = app.account(at.clone(), needs).await?.ok_or_else(|| Problem::new(Slug::NotFound))?;
    let pairing = account.pairing(pid).ok_or_else(|| Problem::new(Slug::NotFound))?;
    let signing_input = pairing.m2.rsplit_once('.').map_or("", |(input, _)| input);
    let opened = m3.open(&app.crypto, &pairing.commitment, signing_input.as_bytes());
    let Opened { introduction, transcript } =
        opened.map_err(|why| Problem::because(Slug::InvalidField, format!("The reveal was refused: {why}.")))?;
    let organisation = app.organisation(account.user.organisation)?;
    let device = DeviceId::from_bytes(app.draw()?);
    let until = pairing.until;
    let challenge = ChallengeId::from_bytes(app.draw()?);
    let handover = app.prepare(&account, Wanted::Handover { until }, &organisation.policy, challenge, |_| {
        Ok(Subject::ConfirmPairing { pairing: new_device(pid, &introduction, source) })
    })?;
    let reveal = koppel_domain::Reveal {
        pairing: pid,
        m3: hash::sha256(body),
        commitment: m3.introduction.commitment(),
        transcript,
        device,
        keys: DeviceKeys {
            id: introduction.id.spki,
            seal: introduction.seal.spki,
            approve: introduction.approve.map(|key| key.spki),
            uv: introduction.approve.map_or(UserVerification::None, |key| key.uv),
        },
        auth: app.seal_auth(account.user.id, device, &introduction.auth)?,
        name: introduction.name.clone(),
        platform: introduction.platform,
        handover,
    };
    let by = By::new(Actor::Phone { organisation: organisation.id, device: None }, source);
    Ok(app.ask(at, Command::Reveal(Box::new(reveal)), by))
}

fn new_device(pid: PairingId, introduction: &Introduction, source: Source) -> NewDevice {
    NewDevice {
        pid,
        name: introduction.name.clone(),
        platform: introduction.platform,
        approve_thumbprint: introduction.approve.map(|key| key.spki.thumbprint()),
        ip: source.ip(),
        place: None,
    }
}

/// `POST /d/v1/pairings/{pid}/status`: also for a day after it was refused, so that the phone learns the truth.
pub(super) async fn status(
    State(app): State<Arc<App>>,
    Path(pid): Path<String>,
    request: Request,
) -> Result<Json<PairingStatus>, Problem> {
    let phone = proof::prove(&app, request, Changes::Nothing).await?;
    let pid = pairing_id(&pid)?;
    app.pace.take(phone.device.id, app.clock.millis())?;
    json::object::<Nothing>(&phone.body).map_err(json_problem)?;
    if phone.device.pairing != pid {
        return Err(Problem::new(Slug::NotFound));
    }
    let needs = Needs { pairing: Some(pid), devices: true, ..Needs::default() };
    let account = app.account(Locator::Device(phone.device.id), needs).await?;
    let account = account.ok_or_else(|| Problem::new(Slug::NotFound))?;
    let device = account.device(phone.device.id).ok_or_else(|| Problem::new(Slug::NotFound))?;
    let gone = if device.state == DeviceState::Revoked { Slug::DeviceRevoked } else { Slug::NotFound };
    let pairing = account.pairing(pid).ok_or_else(|| Problem::new(gone))?;
    let state = match (pairing.state_at(app.now(), app.epoch()), device.state) {
        (PairingState::Confirmed, DeviceState::Active) => phone_api::PairingState::Active,
        (PairingState::Committed | PairingState::Proven, DeviceState::Pending) => phone_api::PairingState::Pending,
        (PairingState::Expired, _) => phone_api::PairingState::Expired,
        _ => phone_api::PairingState::Refused,
    };
    let envelope = match state {
        phone_api::PairingState::Active => activation_envelope(&app, &account, device.id)?,
        _ => None,
    };
    let policy = &phone.organisation.policy;
    let until = if state == phone_api::PairingState::Expired { pairing.until.min(app.now()) } else { pairing.until };
    Ok(Json(PairingStatus {
        state,
        tries_left: policy.check_tries.saturating_sub(pairing.number_tries),
        until: until.0,
        envelope,
    }))
}

/// The activation of a device, sealed afresh; none when its pairing is not there any more.
pub(crate) fn activation_envelope(app: &App, account: &Account, device: DeviceId) -> Result<Option<Envelope>, Problem> {
    let Some(device) = account.device(device) else {
        return Ok(None);
    };
    let Some(revealed) = account.pairing(device.pairing).and_then(|pairing| pairing.revealed.as_ref()) else {
        return Ok(None);
    };
    let message = app.sign(&Activation {
        transcript: revealed.transcript,
        device: device.id,
        server_id: app.keys.identity.server_id,
        version: app.keys.identity.version,
    })?;
    app.seal(device, &message).map(Some)
}

fn pairing_id(text: &str) -> Result<PairingId, Problem> {
    text.parse().map_err(|_| Problem::new(Slug::NotFound))
}

/// What is wrong with a body, without a word of it.
pub(super) fn json_problem(error: json::JsonError) -> Problem {
    match error {
        json::JsonError::Syntax { .. } => Problem::because(Slug::InvalidRequest, format!("{error}.")),
        json::JsonError::Missing { .. } | json::JsonError::Fields { .. } | json::JsonError::Rule(_) => {
            Problem::because(Slug::InvalidField, format!("{error}."))
        }
    }
}
