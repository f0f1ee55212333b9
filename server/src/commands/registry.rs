//! Organisations, relying parties, keys, policy.

use std::sync::Arc;

use koppel_domain::{
    ApiKey, Enforcement, Locale, Logo, MethodKind, Mode, NotALocale, Organisation, Policy, Region, RelyingParty,
    Rollout, Scope, SupportContact, contacts::NotARegion,
};
use koppel_protocol::id::{ApiKeyId, OrganisationId, RelyingPartyId};
use koppel_protocol::{Bytes, Text};
use koppel_store::{FindApiKey, Registration, Store};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::Refused;
use crate::api::relying_party::key_text;
use crate::app::{App, unavailable};
use crate::config;
use crate::contacts;
use crate::rules::{self, Rule, Wrong};
use crate::support::SupportChange;

/// `organisation add`
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OrganisationAdd {
    /// What people call it.
    pub name: String,
    /// Where browsers and phones reach it.
    pub public_url: String,
    /// Where the login door asks; opens that door.
    pub directory_url: Option<String>,
    /// The language of its pages: `nl` or `en`.
    pub locale: Option<String>,
    /// How its users write telephone numbers: two letters, `NL` when left out.
    pub region: Option<String>,
    /// Numbers that are not to be the defaults.
    pub policy: Vec<(String, u32)>,
}

/// `organisation set`
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PolicySet {
    /// Whose; the only one when left out.
    pub organisation: Option<String>,
    /// The setting; all are shown when left out.
    pub setting: Option<String>,
    /// Its new value.
    pub value: Option<u32>,
    /// Who changes it.
    pub by: String,
}

/// `relying-party add`
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RelyingPartyAdd {
    /// What phones show.
    pub name: String,
    /// Whose; the only one when left out.
    pub organisation: Option<String>,
    /// Where browsers may be sent back to, exactly.
    pub return_urls: Vec<String>,
    /// What phones show under the name; the origin of the first return address when left out.
    pub origin: Option<String>,
    /// `code` or `number`.
    pub mode: String,
    /// Whether only a phone's signature counts.
    pub requires_device_signature: bool,
    /// Which methods count; all when left out, or the app and recovery codes where only a signature counts.
    pub methods: Option<Vec<String>>,
    /// How many there must be besides the first; one when left out, if there can be one.
    pub backups: Option<u8>,
}

/// `relying-party set`: what is left out stays.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RelyingPartySet {
    /// Which: name or id.
    pub name: String,
    /// Which methods count.
    pub methods: Option<Vec<String>>,
    /// How many there must be besides the first.
    pub backups: Option<u8>,
    /// `code` or `number`.
    pub mode: Option<String>,
    /// For how many days a browser may be remembered; 0: not at all.
    pub remember_days: Option<u8>,
    /// From when on users who have none must set one up.
    pub rule: Option<RuleSet>,
    /// Whom users ring when nothing works.
    pub support: SupportChange,
    /// The colour of its pages, like `#0B6B5D`; empty: ours.
    pub accent: Option<String>,
    /// The file of its logo, in base64url; empty: none.
    pub logo: Option<String>,
    /// Who changes it, as chains name them.
    pub by: String,
}

impl RelyingPartySet {
    /// Nothing changes yet.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            methods: None,
            backups: None,
            mode: None,
            remember_days: None,
            rule: None,
            support: SupportChange::default(),
            accent: None,
            logo: None,
            by: "command".to_owned(),
        }
    }
}

/// From when on a second factor is asked of everyone, or of one group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RuleSet {
    /// `off`, `optional`, `required`, a day like `2027-03-01`, or, for a group, `as-everyone`.
    pub rule: String,
    /// Of which group; of everyone when left out.
    pub group: Option<String>,
}

/// `key add`
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApiKeyAdd {
    /// Whose: name or id.
    pub relying_party: String,
    /// What it may do.
    pub scopes: Vec<String>,
}

fn text(field: &str, value: &str) -> Result<Text, Refused> {
    match Text::exact(value) {
        Ok(text) if !text.is_empty() => Ok(text),
        _ => Err(Refused(format!("{field} is 1 to 64 bytes of text without control characters"))),
    }
}

/// What can be known to be wrong before anything is made.
pub(super) fn check(add: &OrganisationAdd) -> Result<(), Refused> {
    text("the organisation's name", &add.name)?;
    config::public_url(&add.public_url).map_err(|error| Refused(error.to_string()))?;
    if let Some(url) = &add.directory_url {
        address("the directory URL", url)?;
    }
    locale(add.locale.as_deref())?;
    region(add.region.as_deref())?;
    policy(add)?;
    Ok(())
}

fn locale(text: Option<&str>) -> Result<Locale, Refused> {
    let read = text.map_or(Ok(Locale::Nl), str::parse);
    read.map_err(|wrong: NotALocale| Refused(wrong.to_string()))
}

fn region(text: Option<&str>) -> Result<Region, Refused> {
    let read = text.map_or(Ok(Region::default()), str::parse);
    let region = read.map_err(|wrong: NotARegion| Refused(wrong.to_string()))?;
    if contacts::writes_numbers(region) { Ok(region) } else { Err(Refused(NotARegion.to_string())) }
}

fn policy(add: &OrganisationAdd) -> Result<Policy, Refused> {
    let mut policy = Policy { login_door: u32::from(add.directory_url.is_some()), ..Policy::default() };
    for (name, value) in &add.policy {
        policy.set(name, *value).map_err(|error| Refused(error.to_string()))?;
    }
    Ok(policy)
}

/// An https address, or http on loopback.
fn address(what: &str, value: &str) -> Result<Url, Refused> {
    let wrong = || {
        Refused(format!("{what} `{value}` is not an https:// address (http:// on loopback only), without a fragment"))
    };
    let url = Url::parse(value).map_err(|_| wrong())?;
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => return Err(wrong()),
    };
    let secure = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    if secure && url.fragment().is_none() && url.username().is_empty() { Ok(url) } else { Err(wrong()) }
}

pub(super) async fn register(app: &App, registration: Registration) -> Result<(), Refused> {
    app.store.register(registration).await.map_err(unavailable)?;
    app.registry.reload(&app.store).await.map_err(unavailable)?;
    Ok(())
}

fn id(app: &App) -> Result<[u8; 16], Refused> {
    Ok(app.draw()?)
}

pub(super) async fn add_organisation(app: &App, add: OrganisationAdd) -> Result<Value, Refused> {
    check(&add)?;
    let known = app.registry.organisations();
    let public_url = config::public_url(&add.public_url).map_err(|error| Refused(error.to_string()))?;
    if known.iter().any(|known| known.name.as_str() == add.name) {
        return Err(Refused(format!("there is an organisation {} already", add.name)));
    }
    if known.iter().any(|known| known.public_url == public_url) {
        return Err(Refused(format!("another organisation is at {public_url} already; each has a host of its own")));
    }
    let organisation = OrganisationId::from_bytes(id(app)?);
    let mut answer =
        json!({ "organisation": organisation.to_string(), "name": add.name, "public_url": public_url.to_string() });
    let directory_secret = match &add.directory_url {
        None => None,
        Some(_) => {
            let secret = koppel_protocol::bytes::encode(&app.draw::<32>()?);
            let sealed = app.keys.seal_directory_secret(organisation, secret.as_bytes());
            let sealed = sealed.map_err(|error| Refused(error.to_string()))?;
            answer["directory_secret"] = secret.into();
            Some(sealed.into())
        }
    };
    let row = Organisation {
        id: organisation,
        name: text("the organisation's name", &add.name)?,
        public_url,
        directory_url: add.directory_url.clone(),
        directory_secret,
        locale: locale(add.locale.as_deref())?,
        region: region(add.region.as_deref())?,
        policy: policy(&add)?,
        chain_head: Bytes::new([0; 32]),
        chain_length: 0,
        created: app.now(),
    };
    register(app, Registration::Organisation(Box::new(row))).await?;
    Ok(answer)
}

pub(super) fn list(app: &App) -> Value {
    let parties = app.registry.relying_parties();
    let organisations = app.registry.organisations();
    let listed = organisations.iter().map(|organisation| {
        let own = parties.iter().filter(|party| party.organisation == organisation.id);
        json!({
            "organisation": organisation.id.to_string(),
            "name": organisation.name,
            "public_url": organisation.public_url,
            "directory_url": organisation.directory_url,
            "relying_parties": own.map(|party| json!({
                "relying_party": party.id.to_string(),
                "name": party.name,
                "origin": party.origin,
                "return_urls": party.return_urls,
                "mode": party.mode.name(),
                "requires_device_signature": party.requires_device_signature,
            })).collect::<Vec<_>>(),
        })
    });
    json!({ "organisations": listed.collect::<Vec<_>>() })
}

/// An organisation by id or name; the only one when nobody says which.
pub(super) fn organisation(app: &App, which: Option<&str>) -> Result<Arc<Organisation>, Refused> {
    let known = app.registry.organisations();
    let Some(which) = which else {
        return match known.as_slice() {
            [only] => Ok(only.clone()),
            [] => Err(Refused::because("there is no organisation yet; make one with `koppel-server organisation add`")),
            _ => Err(Refused::because("there are several organisations; say which with --organisation NAME")),
        };
    };
    let fits = |known: &&Arc<Organisation>| known.name.as_str() == which || known.id.to_string() == which;
    let of_operators = app.registry.operators().filter(|operators| fits(&operators));
    known.iter().find(fits).cloned().or(of_operators).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|known| known.name.as_str()).collect();
        Refused(format!("there is no organisation `{which}`; there is: {}", names.join(", ")))
    })
}

pub(super) async fn set_policy(app: &App, set: PolicySet) -> Result<Value, Refused> {
    // One at a time: the policy is written whole.
    let _turn = app.rules.lock().await;
    let organisation = organisation(app, set.organisation.as_deref())?;
    let mut policy = organisation.policy.clone();
    if let Some(setting) = &set.setting {
        let value = set.value.ok_or_else(|| Refused::because("say the new value after the setting"))?;
        policy.set(setting, value).map_err(|error| Refused(error.to_string()))?;
        let by = Text::clean(&format!("command:{}", set.by));
        let (id, changed) = (organisation.id, Box::new(policy.clone()));
        register(app, Registration::Policy { organisation: id, policy: changed, by }).await?;
    }
    let settings = Policy::SETTINGS.iter().map(|setting| {
        let value = policy.get(setting.name);
        let row = json!({ "value": value, "default": setting.default, "least": setting.least, "most": setting.most });
        (setting.name.to_owned(), row)
    });
    Ok(json!({ "organisation": organisation.id.to_string(), "policy": settings.collect::<serde_json::Map<_, _>>() }))
}

pub(super) async fn add_relying_party(app: &App, add: RelyingPartyAdd) -> Result<Value, Refused> {
    let organisation = organisation(app, add.organisation.as_deref())?;
    if add.return_urls.is_empty() {
        return Err(Refused::because("say where browsers return to: --return-url URL"));
    }
    let urls = add.return_urls.iter().map(|url| address("the return URL", url)).collect::<Result<Vec<_>, _>>()?;
    let origin = match &add.origin {
        Some(origin) => address("the origin", origin)?.origin().ascii_serialization(),
        None => urls[0].origin().ascii_serialization(),
    };
    let mode = mode(&add.mode)?;
    let own = app.registry.relying_parties();
    if own.iter().any(|party| party.organisation == organisation.id && party.name.as_str() == add.name) {
        return Err(Refused(format!("{} has a relying party {} already", organisation.name, add.name)));
    }
    let all: &[&str] = if add.requires_device_signature { &["app", "recovery"] } else { &["app", "totp", "recovery"] };
    let methods = add.methods.unwrap_or_else(|| all.iter().map(ToString::to_string).collect());
    let backups = add.backups.unwrap_or_else(|| u8::from(methods.len() > 1));
    let methods = rules::methods(&kinds(&methods)?, backups, add.requires_device_signature)?;
    let party = RelyingParty {
        id: RelyingPartyId::from_bytes(id(app)?),
        organisation: organisation.id,
        name: text("the relying party's name", &add.name)?,
        origin: text("the origin", &origin)?,
        return_urls: add.return_urls,
        mode: if add.requires_device_signature { Mode::Number } else { mode },
        requires_device_signature: add.requires_device_signature,
        methods,
        remember: 0,
        rollout: Rollout::REQUIRED,
        webhook: None,
        support: SupportContact::default(),
        accent: None,
        logo: None,
        created: app.now(),
    };
    let answer = shown(&party);
    register(app, Registration::RelyingParty { party: Box::new(party), by: Text::clean("command") }).await?;
    Ok(answer)
}

/// A relying party as commands show it.
fn shown(party: &RelyingParty) -> Value {
    let methods = party.methods.kinds().map(MethodKind::name);
    json!({
        "relying_party": party.id.to_string(),
        "name": party.name,
        "organisation": party.organisation.to_string(),
        "origin": party.origin,
        "mode": party.mode.name(),
        "methods": methods.collect::<Vec<_>>(),
        "backups": party.methods.backups,
        "remember_days": party.remember / rules::DAY,
        "support": party.support,
        "accent": party.accent,
        "logo": party.logo.as_ref().map(|logo| json!({ "bytes": logo.png.len(), "width": logo.width, "height": logo.height })),
        "enforcement": enforcement(party.rollout.everyone),
        "groups": party.rollout.groups.iter().map(|(group, rule)| (group.to_string(), enforcement(*rule))).collect::<serde_json::Map<_, _>>(),
    })
}

/// A rule as commands write it.
fn enforcement(rule: Enforcement) -> Value {
    match rule {
        Enforcement::Off => "off".into(),
        Enforcement::Optional => "optional".into(),
        Enforcement::REQUIRED => "required".into(),
        Enforcement::RequiredFrom(at) => rules::day(at).into(),
    }
}

pub(super) fn show_relying_party(app: &App, name: &str) -> Result<Value, Refused> {
    Ok(shown(&*relying_party(app, name)?))
}

/// The one relying party of this name or id.
pub(super) fn relying_party(app: &App, name: &str) -> Result<Arc<RelyingParty>, Refused> {
    let known = app.registry.relying_parties();
    let fits = |party: &&Arc<RelyingParty>| party.name.as_str() == name || party.id.to_string() == name;
    let found: Vec<_> = known.iter().filter(fits).collect();
    match found.as_slice() {
        [party] => Ok(Arc::clone(party)),
        [] => Err(Refused(format!("there is no relying party `{name}`; see `koppel-server organisation list`"))),
        _ => Err(Refused::because("several relying parties have this name; give the id, rp_…")),
    }
}

/// Methods by their names.
fn kinds(methods: &[String]) -> Result<Vec<MethodKind>, Refused> {
    let kinds = methods.iter().map(|kind| kind.parse::<MethodKind>()).collect::<Result<Vec<_>, _>>();
    kinds.map_err(|error| Refused(error.to_string()))
}

fn mode(text: &str) -> Result<Mode, Refused> {
    match text {
        "code" => Ok(Mode::Code),
        "number" => Ok(Mode::Number),
        _ => Err(Refused::because("--mode is code or number")),
    }
}

/// The logo in a file; none: the file is empty.
fn logo(file: &str) -> Result<Option<Logo>, Refused> {
    let file = koppel_protocol::bytes::decode(file).map_err(|_| Refused::because("the logo is not base64url"))?;
    let read = (!file.is_empty()).then(|| crate::logo::read(&file)).transpose();
    read.map_err(|wrong| Refused(wrong.to_string()))
}

impl From<Wrong> for Refused {
    fn from(wrong: Wrong) -> Refused {
        Refused(wrong.to_string())
    }
}

pub(super) async fn set_relying_party(app: &App, set: RelyingPartySet) -> Result<Value, Refused> {
    let party = relying_party(app, &set.name)?;
    let change = rules::Change {
        seen: None,
        methods: set.methods.as_deref().map(kinds).transpose()?,
        backups: set.backups,
        mode: set.mode.as_deref().map(mode).transpose()?,
        remember_days: set.remember_days,
        rule: set.rule.as_ref().map(|set| Rule::parse(&set.rule, set.group.as_deref())).transpose()?,
        support: Some(set.support),
        accent: set.accent,
        logo: set.logo.as_deref().map(logo).transpose()?,
    };
    let changed = rules::change(app, party.id, change, Text::clean(&set.by)).await??;
    Ok(shown(&changed))
}

pub(super) async fn add_key(app: &App, add: ApiKeyAdd) -> Result<Value, Refused> {
    let party = relying_party(app, &add.relying_party)?;
    let scopes = add.scopes.iter().map(|scope| scope.parse::<Scope>()).collect::<Result<Vec<_>, _>>();
    let scopes = scopes.map_err(|error| Refused(error.to_string()))?;
    if scopes.is_empty() {
        return Err(Refused::because("say what the key may do: --scope verify,manage,desk"));
    }
    let key = ApiKeyId::from_bytes(id(app)?);
    let secret = koppel_protocol::bytes::encode(&app.draw::<32>()?);
    let row = ApiKey {
        id: key,
        relying_party: party.id,
        hmac: app.derive.api_key(secret.as_bytes()),
        scopes: scopes.clone(),
        revoked_at: None,
        last_used: None,
        created: app.now(),
    };
    register(app, Registration::ApiKey { organisation: party.organisation, key: Box::new(row) }).await?;
    Ok(json!({
        "key": key_text(key, &secret),
        "id": key.to_string(),
        "relying_party": party.id.to_string(),
        "scopes": scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>(),
    }))
}

pub(super) async fn revoke_key(app: &App, key: &str) -> Result<Value, Refused> {
    let named = key.strip_prefix("kp_").and_then(|rest| rest.split_once('_')).map(|(id, _)| format!("ak_{id}"));
    let key: ApiKeyId = named
        .as_deref()
        .unwrap_or(key)
        .parse()
        .map_err(|_| Refused::because("say which key: its id, ak_…, or the key itself"))?;
    let found = app.store.read(FindApiKey { key }).await.map_err(unavailable)?;
    let found = found.ok_or_else(|| Refused(format!("there is no key {key}")))?;
    register(app, Registration::RevokeApiKey { organisation: found.organisation.id, key }).await?;
    Ok(json!({ "id": key.to_string(), "revoked": true }))
}
