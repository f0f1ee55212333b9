//! The care for one user, by somebody at the machine.

use std::sync::Arc;

use koppel_domain::method::NotAMethod;
use koppel_domain::{
    Account, Actor, Command, Confirmer, Issuer, LoginName, Needs, PairingState, Reply, ResetStep, Via,
};
use koppel_protocol::id::{OrganisationId, PairingId};
use koppel_protocol::{Digits, Text};
use koppel_store::Locator;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Refused;
use super::registry::organisation;
use crate::api::relying_party::{KoppelcodeAnswer, show_user};
use crate::app::{App, By};
use crate::source::Source;

/// Which user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UserName {
    /// Whose; the only organisation when left out.
    pub organisation: Option<String>,
    /// What the user types to log in.
    pub login_name: String,
}

/// Who acts, why, by which ticket; all three stand in the audit trail.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Desk {
    /// Who.
    pub agent: String,
    /// Why.
    pub reason: String,
    /// By which ticket.
    pub ticket: String,
}

/// `user confirm`
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UserConfirm {
    /// Which user.
    pub user: UserName,
    /// The six digits on the new phone.
    pub check_number: String,
    /// Which pairing; the only waiting one when left out.
    pub pairing: Option<String>,
    /// Who acts, why.
    pub desk: Desk,
}

async fn find(app: &App, user: &UserName) -> Result<Account, Refused> {
    let organisation = organisation(app, user.organisation.as_deref())?;
    let name: LoginName =
        user.login_name.parse().map_err(|_| Refused(format!("`{}` is not a login name", user.login_name)))?;
    let needs = Needs { devices: true, pairings: true, ..Needs::default() };
    let account = app.account(Locator::LoginName(organisation.id, name), needs).await?.filter(Account::exists);
    account.ok_or_else(|| {
        Refused(format!("{} has no user `{}`; panels make users when they log in", organisation.name, user.login_name))
    })
}

/// The desk as the actor.
pub(super) fn by(organisation: OrganisationId, desk: Desk) -> By {
    let actor = Actor::Desk {
        organisation,
        via: Via::Command,
        agent: Text::clean(&desk.agent),
        reason: Text::clean(&desk.reason),
        ticket: Text::clean(&desk.ticket),
    };
    By::new(actor, Source::LOCAL)
}

pub(super) async fn koppelcode(app: &Arc<App>, user: &UserName, desk: Desk) -> Result<Value, Refused> {
    let account = find(app, user).await?;
    let at = Locator::User(account.user.id);
    let reply =
        app.decide(at, Command::IssueInvitation { by: Issuer::Desk }, by(account.user.organisation, desk)).await?;
    let Reply::Invited { invitation } = reply else {
        return Err(Refused::because("the server gave no koppelcode; try again"));
    };
    let host = app.organisation(account.user.organisation)?.public_url.host().to_string();
    let login_name = account.user.login_name.as_ref().map(|name| name.shown().to_string()).unwrap_or_default();
    Ok(json!(KoppelcodeAnswer::of(app, &invitation, &host, &login_name)))
}

pub(super) async fn unlock(app: &Arc<App>, user: &UserName, desk: Desk) -> Result<Value, Refused> {
    let account = find(app, user).await?;
    let at = Locator::User(account.user.id);
    app.decide(at.clone(), Command::Unlock, by(account.user.organisation, desk)).await?;
    Ok(show_user(app, at).await?)
}

/// `user reset`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserReset {
    /// Ask for it.
    Ask,
    /// The second yes.
    Approve,
    /// Its time has come.
    CarryOut,
    /// It was a mistake.
    Withdraw,
}

pub(super) async fn reset(app: &Arc<App>, user: &UserName, step: UserReset, desk: Desk) -> Result<Value, Refused> {
    let account = find(app, user).await?;
    let at = Locator::User(account.user.id);
    let step = match step {
        UserReset::Ask => ResetStep::Ask,
        UserReset::Approve => ResetStep::Approve,
        UserReset::CarryOut => ResetStep::CarryOut,
        UserReset::Withdraw => ResetStep::Withdraw,
    };
    match app.decide(at.clone(), Command::Reset(step), by(account.user.organisation, desk)).await? {
        Reply::ResetAsked { due } => Ok(json!({ "state": "waits", "due": due.0 })),
        Reply::Reset { devices } => {
            crate::delivery::unlinked::tell(app, &devices);
            Ok(json!({ "state": "reset", "devices": devices.len() }))
        }
        _ => Ok(show_user(app, at).await?),
    }
}

pub(super) async fn enable_typing(app: &Arc<App>, user: &UserName, method: &str, desk: Desk) -> Result<Value, Refused> {
    let kind = method.parse().map_err(|wrong: NotAMethod| Refused(wrong.to_string()))?;
    let account = find(app, user).await?;
    let at = Locator::User(account.user.id);
    app.decide(at.clone(), Command::EnableTyping { kind }, by(account.user.organisation, desk)).await?;
    Ok(show_user(app, at).await?)
}

pub(super) async fn confirm(app: &Arc<App>, confirm: UserConfirm) -> Result<Value, Refused> {
    let account = find(app, &confirm.user).await?;
    let pairing = which_pairing(app, &account, confirm.pairing.as_deref())?;
    let number = Digits::from_typed(&confirm.check_number)
        .map_err(|_| Refused::because("the check number is the six digits on the new phone"))?;
    let command = Command::ConfirmPairing { pairing, number, by: Confirmer::Desk };
    app.decide(Locator::User(account.user.id), command, by(account.user.organisation, confirm.desk)).await?;
    Ok(json!({ "state": "active", "pairing": pairing.to_string() }))
}

fn which_pairing(app: &App, account: &Account, named: Option<&str>) -> Result<PairingId, Refused> {
    if let Some(named) = named {
        return named.parse().map_err(|_| Refused(format!("`{named}` is not a pairing, pa_…")));
    }
    let (now, epoch) = (app.now(), app.epoch());
    let waiting: Vec<_> =
        account.pairings.iter().filter(|pairing| pairing.state_at(now, epoch) == PairingState::Proven).collect();
    match waiting.as_slice() {
        [only] => Ok(only.id),
        [] => Err(Refused::because("no phone of this user waits to be confirmed")),
        several => {
            let names = several.iter().map(|pairing| {
                let device = pairing.revealed.as_ref().and_then(|revealed| account.device(revealed.device));
                format!("{} ({})", pairing.id, device.map_or("?", |device| device.name.as_str()))
            });
            Err(Refused(format!(
                "several phones wait: say which with --pairing: {}",
                names.collect::<Vec<_>>().join(", ")
            )))
        }
    }
}

pub(super) async fn show(app: &Arc<App>, user: &UserName) -> Result<Value, Refused> {
    let account = find(app, user).await?;
    Ok(show_user(app, Locator::User(account.user.id)).await?)
}
