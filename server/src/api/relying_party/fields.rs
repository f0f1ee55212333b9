//! Fields that several requests share.

use std::net::IpAddr;

use koppel_domain::{Begun, Browser, ExternalId, Locale, LoginName, MethodKind, Mode, Purpose, Time};
use koppel_protocol::{Bytes, Secret, Text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::{Problem, Slug};

/// Longest user agent that is kept; browsers stay far below.
const USER_AGENT: usize = 1024;

/// A user as the panel knows them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UserField {
    /// The panel's own, stable id of the user: 1–64 bytes.
    #[schema(value_type = String, example = "4711")]
    pub(super) external_id: ExternalId,
    /// What the user types to log in: 1–64 bytes. Taken for a new user; a known one changes only with `PUT /v1/users`.
    #[schema(value_type = String, example = "jansen")]
    pub(super) login_name: LoginName,
    /// What screens show.
    #[schema(value_type = Option<String>, example = "Anna Jansen")]
    pub(super) display: Option<Text>,
}

/// The browser as the panel sees it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BrowserField {
    /// Its address.
    #[schema(value_type = String, example = "198.51.100.7")]
    pub(super) ip: IpAddr,
    /// Its header `User-Agent`, whole: the page must be opened by the same one.
    #[schema(example = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0")]
    pub(super) user_agent: String,
}

/// What the second factor is for.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum PurposeField {
    /// To log in.
    Login,
    /// To set up a phone.
    Enrol,
    /// To change something; `first_factor_at` is at most five minutes ago.
    Settings,
}

/// How the user answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ModeField {
    /// The phone shows a code that the user types in the browser.
    Code,
    /// The browser shows a number that the user types into the phone, which signs.
    Number,
}

/// A language of the pages.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum LocaleField {
    /// Dutch.
    Nl,
    /// English.
    En,
}

/// A way to answer.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum PreferField {
    /// The app.
    App,
    /// An authenticator.
    Totp,
}

/// A login that begins.
#[derive(Debug)]
pub(super) struct LoginFields {
    pub(super) user: UserField,
    pub(super) purpose: PurposeField,
    pub(super) binding: Bytes<32>,
    pub(super) browser: BrowserField,
    pub(super) first_factor_at: u64,
    pub(super) password_changed_at: Option<u64>,
}

impl LoginFields {
    /// The external id, and the login as verdicts know it.
    pub(super) fn begun(self) -> Result<(ExternalId, Begun), Problem> {
        let LoginFields { user, purpose, binding, browser, first_factor_at, password_changed_at } = self;
        if browser.user_agent.len() > USER_AGENT {
            return Err(Problem::because(Slug::InvalidField, "Field `browser.user_agent`: at most 1,024 bytes."));
        }
        let begun = Begun {
            login_name: user.login_name,
            display: user.display,
            purpose: purpose.into(),
            binding,
            browser: Browser {
                ip: Text::clean(&browser.ip.to_canonical().to_string()),
                user_agent: browser.user_agent,
            },
            first_factor_at: Time(first_factor_at),
            password_changed_at: password_changed_at.map(Time),
        };
        Ok((user.external_id, begun))
    }
}

/// The secret of the browser session that began.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionField {
    /// base64url of the 32 random bytes whose SHA-256 was the `binding`.
    #[schema(value_type = String, example = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")]
    pub(super) v: Secret<32>,
}

/// An empty object.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Empty {}

impl From<PurposeField> for Purpose {
    fn from(purpose: PurposeField) -> Purpose {
        match purpose {
            PurposeField::Login => Purpose::Login,
            PurposeField::Enrol => Purpose::Enrol,
            PurposeField::Settings => Purpose::Settings,
        }
    }
}

impl From<ModeField> for Mode {
    fn from(mode: ModeField) -> Mode {
        match mode {
            ModeField::Code => Mode::Code,
            ModeField::Number => Mode::Number,
        }
    }
}

impl From<PreferField> for MethodKind {
    fn from(prefer: PreferField) -> MethodKind {
        match prefer {
            PreferField::App => MethodKind::App,
            PreferField::Totp => MethodKind::Totp,
        }
    }
}

impl From<LocaleField> for Locale {
    fn from(locale: LocaleField) -> Locale {
        match locale {
            LocaleField::Nl => Locale::Nl,
            LocaleField::En => Locale::En,
        }
    }
}

impl From<Locale> for LocaleField {
    fn from(locale: Locale) -> LocaleField {
        match locale {
            Locale::Nl => LocaleField::Nl,
            Locale::En => LocaleField::En,
        }
    }
}
