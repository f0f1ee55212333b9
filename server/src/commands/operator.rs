//! Operators: the people at the desk. Made here, never over HTTP; they choose their password by a one-time link.

use std::sync::Arc;

use koppel_domain::{
    Command, ExternalId, MethodRules, Mode, Operator, Organisation, Policy, PutUser, RelyingParty, Reply, Role,
    Rollout, SupportContact, Welcome,
};
use koppel_protocol::id::{OrganisationId, RelyingPartyId};
use koppel_protocol::{Bytes, Text};
use koppel_store::{Locator, Registration};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Refused;
use super::registry::{organisation, register};
use crate::app::{App, By};

/// A one-time link counts for a day.
const WELCOME: u32 = 86_400;

/// `operator add` and `operator set`: what is left out stays as it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OperatorPut {
    /// What audit entries call them.
    pub name: String,
    /// `support`, `supervisor` or `admin`.
    pub role: Option<String>,
    /// Whose users they help; every organisation's when left out at `add`.
    pub organisations: Option<Vec<String>>,
    /// Whether to give out a new link. `add` always does.
    pub new_link: bool,
}

fn name(text: &str) -> Result<ExternalId, Refused> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let fits = (1..=40).contains(&text.len()) && text.chars().all(plain);
    let name = fits.then(|| text.to_ascii_lowercase().parse().ok()).flatten();
    name.ok_or_else(|| Refused::because("an operator's name is 1 to 40 letters, digits, dots, hyphens and underscores"))
}

fn organisations(app: &App, named: &[String]) -> Result<Vec<OrganisationId>, Refused> {
    named.iter().map(|name| Ok(organisation(app, Some(name))?.id)).collect()
}

/// The organisation of the operators and the desk as its relying party: made with the first operator.
async fn furnish(app: &App) -> Result<(), Refused> {
    if app.registry.operators().is_some() {
        return Ok(());
    }
    let first = app.registry.oldest().ok_or_else(|| {
        Refused::because("there is no organisation yet; make one with `koppel-server organisation add`")
    })?;
    let title = Text::clean("Koppel Servicedesk");
    let row = Organisation {
        id: Organisation::OPERATORS,
        name: title.clone(),
        public_url: first.public_url.clone(),
        directory_url: None,
        directory_secret: None,
        locale: first.locale,
        region: first.region,
        policy: Policy::default(),
        chain_head: Bytes::new([0; 32]),
        chain_length: 0,
        created: app.now(),
    };
    register(app, Registration::Organisation(Box::new(row))).await?;
    let desk = RelyingParty {
        id: RelyingPartyId::from_bytes(app.draw()?),
        organisation: Organisation::OPERATORS,
        name: title,
        origin: Text::clean(&first.public_url.to_string()),
        return_urls: Vec::new(),
        mode: Mode::Code,
        requires_device_signature: false,
        methods: MethodRules { backups: 1, ..MethodRules::ALL },
        remember: 0,
        rollout: Rollout::REQUIRED,
        webhook: None,
        support: SupportContact::default(),
        accent: None,
        logo: None,
        created: app.now(),
    };
    register(app, Registration::RelyingParty { party: Box::new(desk), by: Text::clean("command") }).await
}

/// Adds one, or changes one.
pub(super) async fn put(app: &Arc<App>, put: OperatorPut, add: bool) -> Result<Value, Refused> {
    let name = name(&put.name)?;
    let role = put.role.as_deref().map(|role| role.parse::<Role>().map_err(|wrong| Refused(wrong.to_string())));
    let role = role.transpose()?;
    let known = app.registry.operator(&name);
    let active = known.as_deref().filter(|operator| operator.is_active());
    let kept = match (active, add) {
        (Some(_), true) => {
            return Err(Refused(format!("there is an operator {name} already; change it with `operator set`")));
        }
        (None, false) => {
            return Err(Refused(format!("there is no operator {name}; see `koppel-server operator list`")));
        }
        (kept, _) => kept.cloned(),
    };
    furnish(app).await?;
    let all = || app.registry.organisations().iter().map(|organisation| organisation.id).collect();
    let helps = match (&put.organisations, &kept) {
        (Some(named), _) => organisations(app, named)?,
        (None, Some(kept)) => kept.organisations.clone(),
        (None, None) => all(),
    };
    let mut operator = kept.unwrap_or_else(|| Operator {
        name: name.clone(),
        role: Role::Support,
        organisations: Vec::new(),
        password: None,
        welcome: None,
        removed_at: None,
        created: app.now(),
    });
    operator.role = role.unwrap_or(operator.role);
    operator.organisations = helps;
    let link = if add || put.new_link {
        let secret = koppel_protocol::bytes::encode(&app.draw::<16>()?);
        operator.password = None;
        operator.welcome =
            Some(Welcome { hash: app.derive.welcome(secret.as_bytes()), until: app.now().plus(WELCOME) });
        Some(secret)
    } else {
        None
    };
    if add {
        make_user(app, &operator).await?;
    }
    let mut answer = shown(app, &operator);
    register(app, Registration::Operator(Box::new(operator))).await?;
    app.desk.end_of(&name);
    if let Some(secret) = link {
        let url = app.registry.operators().map(|desk| desk.public_url.url(&format!("/desk/welcome#{secret}")));
        answer["link"] = url.into();
        answer["code"] = secret.into();
        answer["link_until"] = app.now().plus(WELCOME).0.into();
    }
    Ok(answer)
}

/// The operator's own user, whose second factor the desk asks for.
async fn make_user(app: &Arc<App>, operator: &Operator) -> Result<(), Refused> {
    let login_name = operator.login_name().ok_or_else(|| Refused::because("the name cannot be a login name"))?;
    let put = PutUser {
        display: Some(Text::clean(operator.name.as_str())),
        enabled: Some(true),
        protected: Some(true),
        ..PutUser::named(login_name)
    };
    let at = Locator::ExternalId(Organisation::OPERATORS, operator.name.clone());
    app.decide(at, Command::PutUser(Box::new(put)), By::server()).await?;
    Ok(())
}

/// Nobody any more: signed out, and every factor of theirs goes.
pub(super) async fn remove(app: &Arc<App>, text: &str) -> Result<Value, Refused> {
    let name = name(text)?;
    let operator = app.registry.operator(&name).filter(|operator| operator.is_active());
    let operator =
        operator.ok_or_else(|| Refused(format!("there is no operator {name}; see `koppel-server operator list`")))?;
    let gone = Operator { password: None, welcome: None, removed_at: Some(app.now()), ..Operator::clone(&operator) };
    register(app, Registration::Operator(Box::new(gone))).await?;
    app.desk.end_of(&name);
    let at = Locator::ExternalId(Organisation::OPERATORS, name.clone());
    if let Reply::UserDeleted { devices } = app.decide(at, Command::DeleteUser, By::server()).await? {
        crate::delivery::unlinked::tell(app, &devices);
    }
    Ok(json!({ "operator": name, "removed": true }))
}

/// All that are there.
pub(super) fn list(app: &App) -> Value {
    let operators = app.registry.all_operators();
    let active = operators.iter().filter(|operator| operator.is_active());
    json!({ "operators": active.map(|operator| shown(app, operator)).collect::<Vec<_>>() })
}

fn shown(app: &App, operator: &Operator) -> Value {
    let names = operator.organisations.iter().filter_map(|id| app.registry.organisation(*id));
    json!({
        "operator": operator.name,
        "role": operator.role.name(),
        "organisations": names.map(|organisation| organisation.name.to_string()).collect::<Vec<_>>(),
        "login_name": operator.login_name().map(|name| name.shown().to_string()),
        "password": if operator.password.is_some() { "chosen" } else { "not chosen yet" },
    })
}
