//! One event to one panel: signed, answered within ten seconds, never redirected.

use std::sync::Arc;
use std::time::{Duration, Instant};

use koppel_domain::outbox::End;
use koppel_domain::{Event, RelyingParty};
use koppel_protocol::id::OrganisationId;
use reqwest::Client;
use rustls::pki_types::CertificateDer;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::reach::{OnlyPrivate, Reach};
use crate::app::App;
use crate::directory::signature;
use crate::outgoing::{self, TLS_FAILED, cause};

/// Longer than this nobody waits for a panel.
const WAIT: Duration = Duration::from_secs(10);

/// Something that happened, as panels hear it: at a webhook and in the feed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EventBody {
    /// The same whenever it is told: remove doubles by it.
    #[schema(example = "ev_gaytemzugu3doobzmfrggzdfmy")]
    id: String,
    /// What happened.
    #[serde(rename = "type")]
    #[schema(example = "method.added")]
    kind: &'static str,
    /// When, in seconds.
    #[schema(example = 1_795_000_000_u64)]
    created: u64,
    /// Of whose users.
    #[schema(example = "og_gaytemzugu3doobzmfrggzdfmy")]
    organisation: String,
    /// `user` is the panel's id of the user; the other fields depend on the type.
    #[schema(value_type = Object, example = json!({ "user": "4711", "method": "totp" }))]
    data: Map<String, Value>,
}

impl EventBody {
    pub(crate) fn of(event: Event, organisation: OrganisationId) -> EventBody {
        let mut data = event.data;
        data.insert("user".to_owned(), event.user.as_str().into());
        EventBody {
            id: event.id.to_string(),
            kind: event.kind.name,
            created: event.at.0,
            organisation: organisation.to_string(),
            data,
        }
    }

    /// One that nothing happened for, so that a panel can be tried.
    pub(crate) fn test(id: String, now: u64, organisation: OrganisationId) -> EventBody {
        EventBody { id, kind: "test", created: now, organisation: organisation.to_string(), data: Map::new() }
    }
}

/// How webhooks are asked.
#[derive(Debug)]
pub struct Webhooks {
    /// Where they may be.
    pub reach: Reach,
    client: Client,
}

/// No client could be made, so that no webhook could be asked.
#[derive(Debug, thiserror::Error)]
#[error("webhooks cannot be asked: are the certificates in --directory-ca sound?")]
pub struct NoClient;

impl Webhooks {
    /// `extra_roots` are trusted beside the bundled ones, for panels with a private CA.
    ///
    /// # Errors
    /// [`NoClient`].
    pub fn new(reach: Reach, extra_roots: &[CertificateDer<'static>]) -> Result<Webhooks, NoClient> {
        let builder = outgoing::client(extra_roots).ok_or(NoClient)?;
        let client = builder.timeout(WAIT).dns_resolver(Arc::new(reach.clone())).build().map_err(|_| NoClient)?;
        Ok(Webhooks { reach, client })
    }
}

/// Tells a panel. How it ended, and how many milliseconds it took.
pub(crate) async fn tell(app: &App, party: &RelyingParty, event: &EventBody) -> (End, u32) {
    let began = Instant::now();
    let end = ask(app, party, event).await;
    (end, u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX))
}

async fn ask(app: &App, party: &RelyingParty, event: &EventBody) -> End {
    let Some(webhook) = &party.webhook else { return End::Hopeless("the webhook is off".to_owned()) };
    let url = match app.webhooks.reach.address(&webhook.url) {
        Ok(url) => url,
        Err(why) => return End::Failed(why.to_string()),
    };
    let Ok(body) = serde_json::to_vec(event) else { return End::Hopeless("the event could not be written".to_owned()) };
    let Some(signed) = sign(app, party, &body) else {
        return End::Failed("its secret does not open: is this the right keys file?".to_owned());
    };
    let request = app
        .webhooks
        .client
        .post(url)
        .header("content-type", "application/json")
        .header("koppel-signature", signed)
        .body(body);
    match request.send().await {
        Ok(answer) => {
            let status = answer.status();
            match status.as_u16() {
                200..=299 => End::Taken(status.as_u16().to_string()),
                410 => End::Hopeless("410: it wants no more of this".to_owned()),
                code => End::Failed(format!(
                    "{code}{}",
                    if status.is_redirection() { ": redirects are not followed" } else { "" }
                )),
            }
        }
        Err(error) => End::Failed(why(&error).to_owned()),
    }
}

/// With both secrets while there are two: the panel takes whichever it knows.
fn sign(app: &App, party: &RelyingParty, body: &[u8]) -> Option<String> {
    let now = app.now().0;
    let mut signed = String::new();
    for sealed in &party.webhook.as_ref()?.secrets {
        let secret = app.keys.open_webhook_secret(party.id, sealed).ok()?;
        let one = signature(&secret, now, body);
        match one.split_once(',') {
            Some((_, v1)) if !signed.is_empty() => {
                signed.push(',');
                signed.push_str(v1);
            }
            _ => signed = one,
        }
    }
    (!signed.is_empty()).then_some(signed)
}

/// An error without the address in it, which may hold a secret of the panel's.
fn why(error: &reqwest::Error) -> &'static str {
    match error {
        error if cause::<OnlyPrivate>(error).is_some() => {
            "its name leads to private addresses only; --webhook-allow names networks that are allowed"
        }
        error if cause::<rustls::Error>(error).is_some() => TLS_FAILED,
        error if error.is_timeout() => "no answer within 10 seconds",
        error if error.is_connect() => "no connection",
        _ => "the connection broke",
    }
}
