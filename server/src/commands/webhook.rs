//! Where a panel hears what happened, and whether it did.

use std::sync::Arc;

use koppel_domain::event::{KINDS, kind_of};
use koppel_domain::outbox::End;
use koppel_domain::{RelyingParty, SharedBytes, Subscriber, registry::Webhook};
use koppel_protocol::{Text, bytes};
use koppel_store::{Registration, Store};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::registry::{register, relying_party};
use super::{Refused, parcels};
use crate::app::{App, unavailable};
use crate::outbox;

/// What is to be done about the webhook of a relying party.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WebhookAct {
    /// Whose: name or id.
    pub relying_party: String,
    /// What.
    pub step: WebhookStep,
    /// By whom, as chains name them.
    pub by: String,
}

/// One thing to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookStep {
    /// Where events go from now on; a new webhook gets a secret.
    Set {
        /// The address.
        url: String,
        /// Only events of these kinds, like `device` or `method.added`; all when empty.
        only: Vec<String>,
    },
    /// Where they go, and how far it is.
    Show,
    /// Another secret beside the one there is; the one before that counts no more.
    Rotate,
    /// One event that nothing happened for, now.
    Test,
    /// What was brought lately, with every try.
    Log {
        /// Only what never arrived.
        lost: bool,
        /// At most so many events.
        limit: u32,
    },
    /// What never arrived is tried again, now.
    Again,
    /// Nothing goes there any more.
    Off,
}

pub(super) async fn act(app: &Arc<App>, act: WebhookAct) -> Result<Value, Refused> {
    let party = relying_party(app, &act.relying_party)?;
    let subscriber = Subscriber::Webhook(party.id);
    let by = Text::clean(&act.by);
    if !matches!(act.step, WebhookStep::Set { .. } | WebhookStep::Show | WebhookStep::Off) && party.webhook.is_none() {
        return Err(no_webhook(&party));
    }
    match act.step {
        WebhookStep::Set { url, only } => set(app, &party, url, only, by).await,
        WebhookStep::Show => show(app, &party).await,
        WebhookStep::Rotate => rotate(app, &party, by).await,
        WebhookStep::Test => {
            let (end, took) = outbox::try_webhook(app, &party).await?;
            match end {
                End::Taken(said) => Ok(json!({ "taken": said, "milliseconds": took })),
                End::Failed(why) | End::Hopeless(why) => Err(Refused(format!("the webhook did not take it: {why}"))),
            }
        }
        WebhookStep::Log { lost, limit } => parcels::log(app, subscriber, lost, limit).await,
        WebhookStep::Again => parcels::again(app, subscriber).await,
        WebhookStep::Off => {
            change(app, &party, by, |party| party.webhook = None).await?;
            app.store.unsubscribe(subscriber).await.map_err(unavailable)?;
            Ok(json!({ "relying_party": party.name, "webhook": "off" }))
        }
    }
}

fn no_webhook(party: &RelyingParty) -> Refused {
    Refused(format!(
        "{} has no webhook yet; set one with `koppel-server webhook set {:?} URL`",
        party.name,
        party.name.as_str()
    ))
}

async fn set(app: &App, party: &RelyingParty, url: String, only: Vec<String>, by: Text) -> Result<Value, Refused> {
    app.webhooks.reach.address(&url).map_err(|why| Refused(why.to_string()))?;
    for kind in &only {
        let group = format!("{kind}.");
        if kind_of(kind).is_none() && !KINDS.iter().any(|known| known.name.starts_with(&group)) {
            let known: Vec<_> = KINDS.iter().map(|known| known.name).collect();
            return Err(Refused(format!("there are no events `{kind}`; there are: {}", known.join(", "))));
        }
    }
    if party.webhook.is_none() {
        // Whoever it was before: the new one hears of nothing that happened before.
        app.store.unsubscribe(Subscriber::Webhook(party.id)).await.map_err(unavailable)?;
    }
    let (secret, sealed) = new_secret(app, party)?;
    let mut shown = None;
    change(app, party, by, |party| match &mut party.webhook {
        Some(webhook) => (webhook.url, webhook.only) = (url, only),
        None => {
            party.webhook = Some(Webhook { url, only, secrets: vec![sealed] });
            shown = Some(secret);
        }
    })
    .await?;
    app.store.subscribe(Subscriber::Webhook(party.id)).await.map_err(unavailable)?;
    let mut answer = show(app, &*relying_party(app, &party.id.to_string())?).await?;
    if let Some(secret) = shown {
        answer["secret"] = secret.into();
    }
    Ok(answer)
}

async fn rotate(app: &App, party: &RelyingParty, by: Text) -> Result<Value, Refused> {
    let (secret, sealed) = new_secret(app, party)?;
    change(app, party, by, |party| {
        if let Some(webhook) = &mut party.webhook {
            webhook.secrets.insert(0, sealed);
            webhook.secrets.truncate(Webhook::SECRETS);
        }
    })
    .await?;
    Ok(json!({ "relying_party": party.name, "secret": secret }))
}

/// The text that the panel gets, once, and what is kept of it.
fn new_secret(app: &App, party: &RelyingParty) -> Result<(String, SharedBytes), Refused> {
    let secret = format!("kw_{}", bytes::encode(&app.draw::<32>()?));
    let sealed = app.keys.seal_webhook_secret(party.id, secret.as_bytes());
    let sealed = sealed.map_err(|error| Refused(format!("the secret could not be sealed: {error}")))?;
    Ok((secret, SharedBytes::from(sealed)))
}

async fn change(app: &App, party: &RelyingParty, by: Text, how: impl FnOnce(&mut RelyingParty)) -> Result<(), Refused> {
    // One at a time: the row is written whole.
    let _turn = app.rules.lock().await;
    let mut party = RelyingParty::clone(&*relying_party(app, &party.id.to_string())?);
    how(&mut party);
    register(app, Registration::RelyingParty { party: Box::new(party), by }).await
}

async fn show(app: &App, party: &RelyingParty) -> Result<Value, Refused> {
    let Some(webhook) = &party.webhook else {
        return Ok(json!({ "relying_party": party.name, "webhook": "off" }));
    };
    Ok(json!({
        "relying_party": party.name,
        "webhook": webhook.place(),
        "only": webhook.only,
        "secrets": webhook.secrets.len(),
        "last_week": parcels::counts(app, Subscriber::Webhook(party.id)).await?,
    }))
}
