//! Users, as the panel that owns them manages them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use koppel_domain::{
    Account, Command, Enforcement, ExternalId, LoginName, MailAddress, Method, MethodRules, MethodState, Needs,
    PairingState, PutUser, RecoveryCodes, Reply, Scope, Time, UserStatus,
};
use koppel_protocol::phone_api::DeviceState;
use koppel_protocol::{SecretText, Text};
use koppel_store::Locator;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::{Asked, Caller};
use super::contacts::{self, Told};
use super::fields::LocaleField;
use crate::app::App;
use crate::problem::{Problem, Slug};
use crate::source::Source;

/// What the panel tells of a user. What is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UserBody {
    /// What the user types to log in; unique in the organisation, whatever its case or width.
    #[schema(value_type = String, example = "jansen")]
    login_name: LoginName,
    /// What screens show.
    #[schema(value_type = Option<String>, example = "Anna Jansen")]
    display: Option<Text>,
    /// The language of what is written to the user.
    locale: Option<LocaleField>,
    /// A word of the panel's own, such as a department.
    #[schema(value_type = Option<String>, example = "support")]
    group: Option<Text>,
    /// Whether the user may log in.
    status: Option<StatusField>,
    /// Whether support resets this user only after a wait or with a second agent.
    protected: Option<bool>,
    /// When the password was last changed, in seconds: lifts a lock that is older.
    password_changed_at: Option<u64>,
    /// The mobile number, as it is written in the country of the organisation or with a country code; null takes it away.
    #[serde(default, deserialize_with = "contacts::told")]
    #[schema(value_type = Option<String>, example = "06 12345678")]
    mobile: Told<SecretText>,
    /// Whether you have made sure that the number is this user's. Another number is not, unless you say so again.
    mobile_verified: Option<bool>,
    /// Where notices about the account go: all addresses, at most three; null or an empty list takes them away.
    #[serde(default, deserialize_with = "contacts::told")]
    #[schema(value_type = Option<Vec<String>>, example = json!(["anna@example.nl"]))]
    mail: Told<Vec<SecretText>>,
}

/// Whether a user may log in.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum StatusField {
    /// Yes.
    Active,
    /// No.
    Disabled,
}

/// A user.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UserAnswer {
    /// Ours.
    #[schema(example = "us_gaytemzugu3doobzmfrggzdfmy")]
    id: String,
    /// The panel's.
    #[schema(example = "4711")]
    external_id: String,
    /// What the user types.
    #[schema(example = "jansen")]
    login_name: Option<String>,
    /// What screens show.
    display: String,
    /// The language of what is written to the user.
    locale: Option<LocaleField>,
    /// The panel's own word.
    group: Option<String>,
    /// Whether the user may log in.
    status: StatusField,
    /// Whether support resets this user only after a wait or with a second agent.
    protected: bool,
    /// The mobile number, but for its middle, or null. Nobody reads back the whole of it.
    #[schema(example = "06 •• •• •• 78")]
    mobile: Option<String>,
    /// Whether the number is said to be the user's; null without a number.
    mobile_verified: Option<bool>,
    /// Where notices go, but for the most of each name.
    #[schema(example = json!(["a•••@example.nl"]))]
    mail: Vec<String>,
    /// A reset that support was asked for and that waits, or null.
    reset: Option<ResetField>,
    /// Why nothing is approved for this user now, or null.
    locked: Option<LockField>,
    /// Whether a second factor can be asked for.
    enrolled: bool,
    /// Whether the caller's relying party leads this user to the set-up while there is none: `off`, `optional`, `required`.
    #[schema(example = "optional")]
    #[serde(skip_serializing_if = "Option::is_none")]
    enforcement: Option<&'static str>,
    /// From when on it is required, in seconds, or null where no day was set.
    required_from: Option<u64>,
    /// The set-up that the user put off, or null.
    put_off: Option<PutOffField>,
    /// The ways to answer.
    methods: Vec<MethodField>,
    /// The phones.
    devices: Vec<DeviceField>,
    /// Phones that wait for their check number.
    pending_pairings: Vec<PendingField>,
    /// Grows with every change.
    version: u64,
}

/// A lock.
#[derive(Debug, Serialize, ToSchema)]
struct LockField {
    /// `fraud`: a phone said "this was not me".
    #[schema(example = "fraud")]
    why: &'static str,
    /// Since when, in seconds.
    at: u64,
}

/// A reset that waits.
#[derive(Debug, Serialize, ToSchema)]
struct ResetField {
    /// Since when, in seconds.
    asked_at: u64,
    /// When it may be carried out, in seconds, unless a factor is right before.
    due: u64,
}

/// A set-up that was put off.
#[derive(Debug, Serialize, ToSchema)]
struct PutOffField {
    /// How often.
    times: u32,
    /// The first time, in seconds.
    first: u64,
    /// The last time, in seconds.
    last: u64,
}

/// A method.
#[derive(Debug, Serialize, ToSchema)]
struct MethodField {
    /// `app`, `totp`, `recovery`.
    #[schema(example = "app")]
    kind: &'static str,
    /// `unproven`, `active`, `codes_disabled`.
    #[schema(example = "active")]
    state: &'static str,
    /// Whether it is asked first.
    primary: bool,
    /// When it was last right, in seconds.
    used_at: Option<u64>,
    /// How many recovery codes are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    codes_left: Option<usize>,
}

/// A phone.
#[derive(Debug, Serialize, ToSchema)]
struct DeviceField {
    /// The phone.
    #[schema(example = "dv_gaytemzugu3doobzmfrggzdfmy")]
    id: String,
    /// As its owner called it.
    #[schema(example = "Pixel 8")]
    name: String,
    /// What it runs on.
    #[schema(example = "android")]
    platform: serde_json::Value,
    /// `active` or `suspended`.
    #[schema(example = "active")]
    state: serde_json::Value,
    /// Whether it can approve, or shows codes only.
    approve: bool,
    /// When it was last heard of, in seconds.
    last_seen: u64,
}

/// A phone that waits.
#[derive(Debug, Serialize, ToSchema)]
struct PendingField {
    /// The pairing to confirm.
    #[schema(example = "pa_gaytemzugu3doobzmfrggzdfmy")]
    id: String,
    /// As its owner called it.
    #[schema(example = "Pixel 8")]
    name: String,
    /// What it runs on.
    #[schema(example = "android")]
    platform: serde_json::Value,
    /// Until when it can be confirmed, in seconds.
    until: u64,
}

impl UserAnswer {
    fn of(account: &Account, app: &App, caller: Option<&Caller>) -> UserAnswer {
        let user = &account.user;
        let (now, epoch) = (app.now(), app.epoch());
        let mobile = user.contacts.mobile.as_ref();
        let rule = caller.map(|caller| caller.terms().rollout.of(user));
        let listed = account
            .devices
            .iter()
            .filter(|device| matches!(device.state, DeviceState::Active | DeviceState::Suspended));
        let pending = account.pairings.iter().filter(|pairing| pairing.state_at(now, epoch) == PairingState::Proven);
        UserAnswer {
            id: user.id.to_string(),
            external_id: user.external_id.to_string(),
            login_name: user.login_name.as_ref().map(|name| name.shown().to_string()),
            display: user.display.to_string(),
            locale: user.locale.map(Into::into),
            group: user.group.as_ref().map(ToString::to_string),
            status: if user.status == UserStatus::Active { StatusField::Active } else { StatusField::Disabled },
            protected: user.protected,
            mobile: mobile.map(|mobile| mobile.number.masked()),
            mobile_verified: mobile.map(|mobile| mobile.verified),
            mail: user.contacts.mail.iter().map(MailAddress::masked).collect(),
            reset: user.reset.as_ref().map(|reset| ResetField { asked_at: reset.asked_at.0, due: reset.due.0 }),
            locked: user.lock.map(|lock| LockField { why: "fraud", at: lock.at.0 }),
            enrolled: account.is_protected(MethodRules::ALL),
            enforcement: rule.map(|rule| match rule {
                Enforcement::Off => "off",
                rule if rule.may_wait(now) => "optional",
                _ => "required",
            }),
            required_from: rule.and_then(Enforcement::required_from).map(|at| at.0),
            put_off: user.postponed.map(|postponed| PutOffField {
                times: postponed.times,
                first: postponed.first.0,
                last: postponed.last.0,
            }),
            methods: account.methods.iter().map(MethodField::of).collect(),
            devices: listed.map(DeviceField::of).collect(),
            pending_pairings: pending
                .filter_map(|pairing| {
                    let device = account.device(pairing.revealed.as_ref()?.device)?;
                    Some(PendingField {
                        id: pairing.id.to_string(),
                        name: device.name.to_string(),
                        platform: serde_json::json!(device.platform),
                        until: pairing.until.0,
                    })
                })
                .collect(),
            version: user.version,
        }
    }
}

impl MethodField {
    fn of(method: &Method) -> MethodField {
        MethodField {
            kind: method.kind.name(),
            state: match method.state {
                MethodState::Unproven => "unproven",
                MethodState::Active => "active",
                MethodState::CodesDisabled => "codes_disabled",
            },
            primary: method.primary,
            used_at: method.used_at.map(|at| at.0),
            codes_left: method.recovery().map(RecoveryCodes::left),
        }
    }
}

impl DeviceField {
    fn of(device: &koppel_domain::Device) -> DeviceField {
        DeviceField {
            id: device.id.to_string(),
            name: device.name.to_string(),
            platform: serde_json::json!(device.platform),
            state: serde_json::json!(device.state),
            approve: device.keys.approve.is_some(),
            last_seen: device.last_seen.0,
        }
    }
}

/// The user as they stand; 404 when there is none (any more).
pub(crate) async fn read(app: &App, at: Locator) -> Result<Account, Problem> {
    let needs = Needs { devices: true, methods: true, pairings: true, ..Needs::default() };
    let account = app.account(at, needs).await?.filter(Account::exists);
    account.ok_or_else(|| Problem::new(Slug::NotFound))
}

/// The user as panels and commands see them.
pub(crate) async fn show_user(app: &App, at: Locator) -> Result<serde_json::Value, Problem> {
    let account = read(app, at).await?;
    Ok(serde_json::json!(UserAnswer::of(&account, app, None)))
}

/// A user of the caller's organisation.
pub(super) fn locate(caller: &Caller, external_id: &str) -> Result<Locator, Problem> {
    let external_id: ExternalId = external_id.parse().map_err(|_| Problem::new(Slug::NotFound))?;
    Ok(Locator::ExternalId(caller.found.organisation.id, external_id))
}

/// Make or change a user
#[utoipa::path(
    put, path = "/v1/users/{external_id}", tag = "users", request_body = UserBody,
    params(("external_id" = String, Path, description = "The panel's own, stable id: 1–64 bytes")),
    responses((status = 200, description = "Changed", body = UserAnswer), (status = 201, description = "Made", body = UserAnswer)),
    security(("key" = ["manage"]))
)]
pub(super) async fn put(
    State(app): State<Arc<App>>,
    Path(external_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let asked = Asked::read(&app, request, Scope::Manage).await?;
    let invalid = |_| Problem::because(Slug::InvalidField, "The external id is 1 to 64 bytes of clean text.");
    let external_id: ExternalId = external_id.parse().map_err(invalid)?;
    let organisation = &asked.caller.found.organisation;
    let at = Locator::ExternalId(organisation.id, external_id);
    let body: UserBody = asked.json()?;
    let contacts = contacts::read(body.mobile, body.mobile_verified, body.mail, organisation.region)?;
    let command = Command::PutUser(Box::new(PutUser {
        login_name: body.login_name,
        display: body.display,
        locale: body.locale.map(Into::into),
        group: body.group,
        enabled: body.status.map(|status| matches!(status, StatusField::Active)),
        protected: body.protected,
        password_changed_at: body.password_changed_at.map(Time),
        contacts,
    }));
    let reply = app.decide(at.clone(), command, asked.caller.by()).await?;
    let status = if reply == (Reply::UserPut { created: true }) { StatusCode::CREATED } else { StatusCode::OK };
    let account = read(&app, at).await?;
    Ok((status, Json(UserAnswer::of(&account, &app, Some(&asked.caller)))).into_response())
}

/// See a user
#[utoipa::path(
    get, path = "/v1/users/{external_id}", tag = "users",
    params(("external_id" = String, Path, description = "The panel's own id")),
    responses((status = 200, description = "The user", body = UserAnswer)),
    security(("key" = ["manage"]), ("key" = ["desk"]))
)]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(external_id): Path<String>,
    source: Source,
    headers: HeaderMap,
) -> Result<Json<UserAnswer>, Problem> {
    let caller = Caller::with_any(&app, &headers, source, &[Scope::Manage, Scope::Desk]).await?;
    let account = read(&app, locate(&caller, &external_id)?).await?;
    Ok(Json(UserAnswer::of(&account, &app, Some(&caller))))
}

/// Delete a user
///
/// Every secret of the user goes and every phone is unlinked. That there was a factor is remembered.
#[utoipa::path(
    delete, path = "/v1/users/{external_id}", tag = "users",
    params(("external_id" = String, Path, description = "The panel's own id")),
    responses((status = 204, description = "Deleted")),
    security(("key" = ["manage"]))
)]
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Path(external_id): Path<String>,
    source: Source,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let caller = Caller::of(&app, &headers, source, Scope::Manage).await?;
    let at = locate(&caller, &external_id)?;
    match app.decide(at, Command::DeleteUser, caller.by()).await? {
        Reply::UserDeleted { devices } => {
            crate::delivery::unlinked::tell(&app, &devices);
            Ok(StatusCode::NO_CONTENT)
        }
        _ => Err(Problem::new(Slug::Unavailable)),
    }
}
