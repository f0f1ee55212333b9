//! The panels of an operator's organisations: how far a roll-out is, and the rules.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, Uri};
use koppel_domain::{DeskAct, Enforcement, MethodKind, Mode, RelyingParty, Rollout, Standing};
use koppel_protocol::Text;
use serde::Deserialize;

use super::call::{helps, refused};
use super::shown::bar;
use super::visitor::Visitor;
use crate::app::App;
use crate::pages::handlers::form;
use crate::pages::{
    GroupLine, Language, PanelCard, PanelPage, PanelsPage, RuleShown, RulesForm, RulesSaid, TooPale, respond,
};
use crate::problem::{Problem, Slug};
use crate::progress::{self, Counts};
use crate::rules::{self, Change, Rule, Wrong};
use crate::source::Source;
use crate::support::SupportChange;

/// `GET /desk/panels`
pub(super) async fn list(State(app): State<Arc<App>>, source: Source, headers: HeaderMap) -> Response {
    let shown = || {
        let visitor = Visitor::signed_in(&app, &headers, source)?;
        let mut panels: Vec<_> = helps(&app, &visitor)
            .into_iter()
            .filter(|organisation| visitor.operator.may(DeskAct::SeeProgress, organisation.id))
            .flat_map(|organisation| {
                let own = app.registry.relying_parties().into_iter();
                own.filter(move |party| party.organisation == organisation.id)
            })
            .map(|party| card(&app, &visitor, &party))
            .collect::<Result<Vec<_>, Problem>>()?;
        panels.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
        let own = helps(&app, &visitor).into_iter();
        let own = own.filter(|organisation| visitor.operator.may(DeskAct::SetRules, organisation.id));
        let organisations = own.map(|own| (own.id.to_string(), own.name.to_string())).collect();
        let page = PanelsPage { frame: visitor.place.frame(), bar: bar(&app, &visitor)?, panels, organisations };
        Ok(respond(&page, None))
    };
    shown().unwrap_or_else(|problem: Problem| refused(&app, &headers, source, &problem))
}

fn card(app: &App, visitor: &Visitor, party: &RelyingParty) -> Result<PanelCard, Problem> {
    Ok(PanelCard {
        id: party.id.to_string(),
        name: party.name.to_string(),
        organisation: app.organisation(party.organisation)?.name.to_string(),
        rule: rule(party.rollout.everyone, app, visitor.place.language),
    })
}

fn rule(rule: Enforcement, app: &App, language: Language) -> RuleShown {
    match rule {
        Enforcement::Off => RuleShown::Off,
        Enforcement::Optional => RuleShown::Optional,
        Enforcement::RequiredFrom(at) if app.now() < at => RuleShown::From(language.date(at.0)),
        Enforcement::RequiredFrom(_) => RuleShown::Required,
    }
}

/// The panel of this id, of an organisation where the visitor may do that. Others do not exist.
fn panel(app: &App, visitor: &Visitor, id: &str, act: DeskAct) -> Result<Arc<RelyingParty>, Problem> {
    let not_found = || Problem::new(Slug::NotFound);
    let party = app.registry.relying_party(id.parse().map_err(|_| not_found())?).ok_or_else(not_found)?;
    if visitor.operator.may(act, party.organisation) { Ok(party) } else { Err(not_found()) }
}

/// A form's address, opened again from the history: back to the panels.
pub(super) async fn again() -> Redirect {
    Redirect::to("/desk/panels")
}

/// What came of a form, as its answer leads back.
#[derive(Deserialize)]
pub(super) struct Came {
    pub(super) said: Option<String>,
    /// The contrast of a colour that was too pale.
    tenths: Option<u16>,
}

/// `GET /desk/panels/{id}`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(came): Query<Came>,
    source: Source,
    headers: HeaderMap,
) -> Response {
    let shown = async {
        let visitor = Visitor::signed_in(&app, &headers, source)?;
        let party = panel(&app, &visitor, &id, DeskAct::SeeProgress)?;
        let said = ALL_SAID.into_iter().find(|said| Some(said.name()) == came.said.as_deref());
        let said = match said {
            Some(RulesSaid::TooPale { .. }) => came.tenths.map(|tenths| RulesSaid::TooPale { tenths }),
            said => said,
        };
        Ok(respond(&page(&app, &visitor, &party, said).await?, None))
    };
    shown.await.unwrap_or_else(|problem: Problem| refused(&app, &headers, source, &problem))
}

const ALL_SAID: [RulesSaid; 14] = [
    RulesSaid::Saved,
    RulesSaid::SavedForNobody,
    RulesSaid::NoFactor,
    RulesSaid::SignatureNeedsApp,
    RulesSaid::TooManyBackups,
    RulesSaid::Days,
    RulesSaid::Meanwhile,
    RulesSaid::NoDay,
    RulesSaid::NoGroup,
    RulesSaid::NoTelephone,
    RulesSaid::NoWeb,
    RulesSaid::NoNote,
    RulesSaid::NoColour,
    RulesSaid::TooPale { tenths: 0 },
];

async fn page(
    app: &App,
    visitor: &Visitor,
    party: &RelyingParty,
    said: Option<RulesSaid>,
) -> Result<PanelPage, Problem> {
    let language = visitor.place.language;
    let progress = progress::lately(app, party).await?;
    let line = |group: Option<&Text>, counts: Counts, enforcement| GroupLine {
        group: group.map(ToString::to_string),
        rule: rule(enforcement, app, language),
        users: counts.all(),
        set_up: counts.of(Standing::SetUp),
        backup_missing: counts.of(Standing::BackupMissing),
        put_off: counts.of(Standing::PutOff),
        not_yet: counts.of(Standing::NotYet),
        lost: counts.of(Standing::Lost),
        percent: counts.percent(),
    };
    let groups = progress.with_rules(&party.rollout);
    Ok(PanelPage {
        frame: visitor.place.frame(),
        bar: bar(app, visitor)?,
        panel: card(app, visitor, party)?,
        said,
        groups: groups.iter().map(|(group, (counts, rule))| line(group.as_ref(), *counts, *rule)).collect(),
        total: line(None, progress.total(), party.rollout.everyone),
        disabled: progress.disabled,
        rules: if visitor.operator.may(DeskAct::SetRules, party.organisation) {
            Some(rules_form(party, visitor.form_token(app)?, language))
        } else {
            None
        },
    })
}

fn rules_form(party: &RelyingParty, form_token: String, language: Language) -> RulesForm {
    let Rollout { everyone, groups } = &party.rollout;
    let (rule, day) = match everyone {
        Enforcement::Off => ("off", String::new()),
        Enforcement::Optional => ("optional", String::new()),
        &Enforcement::REQUIRED => ("required", String::new()),
        Enforcement::RequiredFrom(at) => match language {
            Language::Dutch => ("day", language.date(at.0)),
            Language::English => ("day", rules::day(*at)),
        },
    };
    RulesForm {
        form_token,
        seen: rules::mark(party),
        app: party.methods.app,
        totp: party.methods.totp,
        recovery: party.methods.recovery,
        backups: party.methods.backups,
        number: party.mode == Mode::Number,
        signature: party.requires_device_signature,
        remember_days: party.remember / rules::DAY,
        rule,
        day,
        groups: groups.keys().map(ToString::to_string).collect(),
        telephone: party.support.telephone.as_ref().map(ToString::to_string).unwrap_or_default(),
        web: party.support.web.clone().unwrap_or_default(),
        note: party.support.note.as_ref().map(ToString::to_string).unwrap_or_default(),
        accent: party.accent.map(|accent| accent.to_string()).unwrap_or_default(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesFields {
    form_token: String,
    seen: String,
    app: Option<String>,
    totp: Option<String>,
    recovery: Option<String>,
    backups: String,
    mode: Option<String>,
    remember_days: String,
    rule: String,
    day: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupFields {
    form_token: String,
    group: String,
    rule: String,
    #[serde(default)]
    day: String,
}

/// The word of the form, or its day.
fn chosen<'f>(rule: &'f str, day: &'f str) -> &'f str {
    if rule == "day" { day } else { rule }
}

impl RulesFields {
    fn change(&self) -> Result<Change, Wrong> {
        let ticked =
            [(MethodKind::App, &self.app), (MethodKind::Totp, &self.totp), (MethodKind::Recovery, &self.recovery)];
        let methods = ticked.into_iter().filter(|(_, box_)| box_.as_deref() == Some("yes")).map(|(kind, _)| kind);
        Ok(Change {
            seen: Some(self.seen.clone()),
            methods: Some(methods.collect()),
            // What the form cannot hold is more than there can be.
            backups: Some(self.backups.parse().unwrap_or(u8::MAX)),
            mode: match self.mode.as_deref() {
                Some("number") => Some(Mode::Number),
                Some("code") => Some(Mode::Code),
                _ => None,
            },
            remember_days: Some(self.remember_days.parse().map_err(|_| Wrong::Days)?),
            rule: Some(Rule::parse(chosen(&self.rule, &self.day), None)?),
            ..Change::default()
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SupportFields {
    form_token: String,
    seen: String,
    telephone: String,
    web: String,
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LookFields {
    form_token: String,
    seen: String,
    accent: String,
}

/// `POST /desk/panels/{id}/{what}`: the rules, a group's rule, whom users ring, or the colour.
pub(super) async fn set(
    State(app): State<Arc<App>>,
    Path((id, what)): Path<(String, String)>,
    source: Source,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let set = async {
        let (form_token, asked) = match what.as_str() {
            "rules" => {
                let fields: RulesFields = form::read(&headers, &uri, body).await?;
                let asked = fields.change();
                (fields.form_token, asked)
            }
            "group" => {
                let fields: GroupFields = form::read(&headers, &uri, body).await?;
                let rule = Rule::parse(chosen(&fields.rule, &fields.day), Some(fields.group.trim()));
                (fields.form_token, rule.map(|rule| Change { rule: Some(rule), ..Change::default() }))
            }
            "support" => {
                let SupportFields { form_token, seen, telephone, web, note } = form::read(&headers, &uri, body).await?;
                let support = SupportChange { telephone: Some(telephone), web: Some(web), note: Some(note) };
                (form_token, Ok(Change { seen: Some(seen), support: Some(support), ..Change::default() }))
            }
            "look" => {
                let LookFields { form_token, seen, accent } = form::read(&headers, &uri, body).await?;
                (form_token, Ok(Change { seen: Some(seen), accent: Some(accent), ..Change::default() }))
            }
            _ => return Err(Problem::new(Slug::NotFound)),
        };
        change(&app, &id, source, &headers, &form_token, asked).await
    };
    set.await.unwrap_or_else(|problem: Problem| refused(&app, &headers, source, &problem))
}

async fn change(
    app: &App,
    id: &str,
    source: Source,
    headers: &HeaderMap,
    form_token: &str,
    asked: Result<Change, Wrong>,
) -> Result<Response, Problem> {
    let visitor = Visitor::with_form(app, headers, source, form_token)?;
    let party = panel(app, &visitor, id, DeskAct::SetRules)?;
    let by = Text::clean(&format!("operator:{}", visitor.operator.name));
    // A group whose rule changes, and not back to everyone's.
    let group = asked.as_ref().ok().and_then(|asked| asked.rule.as_ref()).filter(|rule| rule.enforcement.is_some());
    let group = group.and_then(|rule| rule.group.clone());
    let made = match asked {
        Ok(asked) => rules::change(app, party.id, asked, by).await?,
        Err(wrong) => Err(wrong),
    };
    let said = match made {
        Err(wrong) => said(&wrong),
        Ok(party) if group.is_some() && !progress::now(app, &party).await?.groups.contains_key(&group) => {
            RulesSaid::SavedForNobody
        }
        Ok(_) => RulesSaid::Saved,
    };
    let tenths = match said {
        RulesSaid::TooPale { tenths } => format!("&tenths={tenths}"),
        _ => String::new(),
    };
    Ok(Redirect::to(&format!("/desk/panels/{}?said={}{tenths}", party.id, said.name())).into_response())
}

fn said(wrong: &Wrong) -> RulesSaid {
    match wrong {
        Wrong::NoFactor => RulesSaid::NoFactor,
        Wrong::SignatureNeedsApp => RulesSaid::SignatureNeedsApp,
        Wrong::TooManyBackups { .. } => RulesSaid::TooManyBackups,
        Wrong::Days => RulesSaid::Days,
        Wrong::Meanwhile => RulesSaid::Meanwhile,
        Wrong::Colour(_) => RulesSaid::NoColour,
        Wrong::TooPale(TooPale(tenths)) => RulesSaid::TooPale { tenths: *tenths },
        Wrong::Telephone => RulesSaid::NoTelephone,
        Wrong::Web => RulesSaid::NoWeb,
        Wrong::Note => RulesSaid::NoNote,
        Wrong::NotARule(_) => RulesSaid::NoDay,
        Wrong::WhoseRule | Wrong::Group => RulesSaid::NoGroup,
    }
}
