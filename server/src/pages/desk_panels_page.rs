//! The desk's pages about panels: how far each roll-out is, and the rules.

use askama::Template;
use axum::http::StatusCode;

use super::desk_page::Bar;
use super::{Frame, Language, Page, Texts, assets};

/// The panels of an operator's organisations.
#[derive(Clone, Debug, Template)]
#[template(path = "desk/panels.html")]
pub struct PanelsPage {
    /// Whose page, in which language.
    pub frame: Frame,
    /// Who is signed in.
    pub bar: Bar,
    /// In the order of their names.
    pub panels: Vec<PanelCard>,
    /// Whose rules of the desk whoever looks may change: id and name.
    pub organisations: Vec<(String, String)>,
}

/// One panel, as a card.
#[derive(Clone, Debug)]
pub struct PanelCard {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub organisation: String,
    /// Everyone's rule.
    pub rule: RuleShown,
}

/// From when on a second factor is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleShown {
    /// Nobody is led to the set-up.
    Off,
    /// It may be put off.
    Optional,
    /// From this day on, as people write it; until then it may be put off.
    From(String),
    /// It is required.
    Required,
}

impl RuleShown {
    fn text(&self, texts: &Texts) -> String {
        match self {
            RuleShown::Off => texts.desk_rule_off(),
            RuleShown::Optional => texts.desk_rule_optional(),
            RuleShown::From(day) => texts.desk_rule_from(day),
            RuleShown::Required => texts.desk_rule_required(),
        }
    }
}

/// One panel: how far its users are, and its rules.
#[derive(Clone, Debug, Template)]
#[template(path = "desk/panel.html")]
pub struct PanelPage {
    /// Whose page, in which language.
    pub frame: Frame,
    /// Who is signed in.
    pub bar: Bar,
    /// The panel.
    pub panel: PanelCard,
    /// What came of the last form.
    pub said: Option<RulesSaid>,
    /// How far each group is; the users of none come first.
    pub groups: Vec<GroupLine>,
    /// All of them together.
    pub total: GroupLine,
    /// Users that the panel disabled.
    pub disabled: u64,
    /// What the form holds; none: whoever looks may not change it.
    pub rules: Option<RulesForm>,
}

impl PanelPage {
    fn sum(&self, texts: &Texts) -> String {
        texts.desk_progress_sum(self.total.percent, self.total.users)
    }

    fn left_out(&self, texts: &Texts) -> Option<String> {
        (self.disabled > 0).then(|| texts.desk_disabled(self.disabled))
    }
}

impl RulesForm {
    /// What a rule can be: what the form sends, what people read, and whether it is the one.
    fn options(&self, texts: &Texts, chosen: &str) -> [(&'static str, String, bool); 4] {
        let option = |value: &'static str, text| (value, text, value == chosen);
        [
            option("off", texts.desk_rule_off()),
            option("optional", texts.desk_rule_optional()),
            option("day", texts.desk_rule_day()),
            option("required", texts.desk_rule_required()),
        ]
    }
}

/// How far a group is.
#[derive(Clone, Debug)]
pub struct GroupLine {
    /// The panel's word for it; none: no group, or all of them.
    pub group: Option<String>,
    /// Its rule.
    pub rule: RuleShown,
    /// How many users it has.
    pub users: u64,
    /// With everything.
    pub set_up: u64,
    /// Without a backup.
    pub backup_missing: u64,
    /// That put it off.
    pub put_off: u64,
    /// That were not there yet.
    pub not_yet: u64,
    /// That lost what they had.
    pub lost: u64,
    /// How many of a hundred have a second factor.
    pub percent: u64,
}

/// The rules as the form holds them.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a box on the form")]
pub struct RulesForm {
    /// Where it goes.
    pub form_token: String,
    /// Names the rules that it holds.
    pub seen: String,
    /// Whether the app counts.
    pub app: bool,
    /// Whether authenticators count.
    pub totp: bool,
    /// Whether recovery codes count.
    pub recovery: bool,
    /// How many there must be besides the first.
    pub backups: u8,
    /// A number is typed on the phone.
    pub number: bool,
    /// Only a phone's signature counts: the way of answering is fixed.
    pub signature: bool,
    /// For how many days a browser may be remembered.
    pub remember_days: u32,
    /// `off`, `optional`, `required` or `day`.
    pub rule: &'static str,
    /// The day, as a form writes it; empty: none.
    pub day: String,
    /// Groups that have a rule of their own.
    pub groups: Vec<String>,
    /// Whom users ring.
    pub telephone: String,
    /// The address of a page for them.
    pub web: String,
    /// A few words more.
    pub note: String,
    /// The colour of its pages; empty: ours.
    pub accent: String,
}

/// What came of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RulesSaid {
    /// It holds from now.
    Saved,
    /// It holds from now, and nobody has this group.
    SavedForNobody,
    /// Recovery codes alone.
    NoFactor,
    /// Only a phone's signature counts.
    SignatureNeedsApp,
    /// More backups than there are methods.
    TooManyBackups,
    /// More days than there can be.
    Days,
    /// Somebody else changed them.
    Meanwhile,
    /// No day.
    NoDay,
    /// No group.
    NoGroup,
    /// Nobody can ring that.
    NoTelephone,
    /// No page.
    NoWeb,
    /// Too many words.
    NoNote,
    /// Not written like a colour.
    NoColour,
    /// White words cannot be read on it.
    TooPale {
        /// The contrast, in tenths.
        tenths: u16,
    },
}

impl RulesSaid {
    fn is_saved(self) -> bool {
        matches!(self, RulesSaid::Saved | RulesSaid::SavedForNobody)
    }

    /// As the address of the page says it.
    pub fn name(self) -> &'static str {
        match self {
            RulesSaid::Saved => "saved",
            RulesSaid::SavedForNobody => "nobody",
            RulesSaid::NoFactor => "no-factor",
            RulesSaid::SignatureNeedsApp => "signature",
            RulesSaid::TooManyBackups => "backups",
            RulesSaid::Days => "days",
            RulesSaid::Meanwhile => "meanwhile",
            RulesSaid::NoDay => "day",
            RulesSaid::NoGroup => "group",
            RulesSaid::NoTelephone => "telephone",
            RulesSaid::NoWeb => "web",
            RulesSaid::NoNote => "note",
            RulesSaid::NoColour => "colour",
            RulesSaid::TooPale { .. } => "pale",
        }
    }

    fn text(self, texts: &Texts) -> String {
        match self {
            RulesSaid::Saved => texts.desk_rules_saved(),
            RulesSaid::SavedForNobody => texts.desk_rules_saved_nobody(),
            RulesSaid::NoFactor => texts.desk_rules_no_factor(),
            RulesSaid::SignatureNeedsApp => texts.desk_rules_signature(),
            RulesSaid::TooManyBackups => texts.desk_rules_too_many(),
            RulesSaid::Days => texts.desk_rules_days(),
            RulesSaid::Meanwhile => texts.desk_rules_meanwhile(),
            RulesSaid::NoDay => texts.desk_rules_no_day(),
            RulesSaid::NoGroup => texts.desk_rules_no_group(),
            RulesSaid::NoTelephone => texts.desk_support_no_telephone(),
            RulesSaid::NoWeb => texts.desk_support_no_web(),
            RulesSaid::NoNote => texts.desk_support_no_note(),
            RulesSaid::NoColour => texts.desk_look_no_colour(),
            RulesSaid::TooPale { tenths } => {
                let point = if texts.language() == Language::Dutch { ',' } else { '.' };
                texts.desk_look_too_pale(&format!("{}{point}{}", tenths / 10, tenths % 10))
            }
        }
    }
}

impl Page for PanelsPage {
    fn status(&self) -> StatusCode {
        StatusCode::OK
    }
}

impl Page for PanelPage {
    fn status(&self) -> StatusCode {
        match self.said {
            None => StatusCode::OK,
            Some(said) if said.is_saved() => StatusCode::OK,
            Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
}
