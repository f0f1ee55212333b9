//! The command line.

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use ipnet::IpNet;

use koppel_server::commands::{
    ApiKeyAdd, Command, Desk, MailStep, OperatorPut, OrganisationAdd, PolicySet, ProgressReport, RelyingPartyAdd,
    RelyingPartySet, RuleSet, SupportChange, UserConfirm, UserImport, UserName, UserReset, WebhookAct, WebhookStep,
};
use koppel_server::config::{ConfigError, File};
use koppel_server::log::Format;
use koppel_server::{Config, logo};

/// Koppel's verification server: a phone as the second key of a web login.
#[derive(Debug, Parser)]
#[command(name = "koppel-server", version, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Do,
}

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Common {
    /// The SQLite file
    #[arg(long, global = true, value_name = "FILE", env = "KOPPEL_DATABASE")]
    database: Option<PathBuf>,
    /// The keys file [default: <database>.keys]
    #[arg(long, global = true, value_name = "FILE", env = "KOPPEL_KEYS")]
    keys: Option<PathBuf>,
    /// A TOML file with settings; the command line goes first
    #[arg(long, global = true, value_name = "FILE", env = "KOPPEL_CONFIG")]
    config: Option<PathBuf>,
    /// Answer with one JSON object
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Do {
    /// Make a database, its keys and the first organisation
    Init(Init),
    /// Run the server
    Serve(Serve),
    /// Organisations: one host, one name space of users
    #[command(subcommand)]
    Organisation(OrganisationDo),
    /// Relying parties: the web panels that ask for second factors
    #[command(subcommand)]
    RelyingParty(RelyingPartyDo),
    /// API keys of relying parties
    #[command(subcommand)]
    Key(KeyDo),
    /// Webhooks: where relying parties hear what happened
    #[command(subcommand)]
    Webhook(WebhookDo),
    /// Mail to users: whether it goes out
    #[command(subcommand)]
    Mail(MailDo),
    /// Operators: the people at the support desk
    #[command(subcommand)]
    Operator(OperatorDo),
    /// Care for one user
    #[command(subcommand)]
    User(UserDo),
    /// What the running server has done since its start: durable commits
    Status,
    /// The running server's time; after it jumped, let authenticators' codes be checked again
    Clock {
        /// The time is right as it is
        #[arg(long)]
        confirm: bool,
    },
    /// After restoring the database from a backup: end every code, invitation and open login from before
    Restore,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// What people call the organisation
    #[arg(long, value_name = "NAME")]
    organisation: String,
    #[command(flatten)]
    organisation_is: OrganisationIs,
}

#[derive(Debug, Args)]
struct OrganisationIs {
    /// Where browsers and phones reach it, like https://2fa.example.org
    #[arg(long, value_name = "URL")]
    public_url: String,
    /// The directory that knows whether user name and password are right; opens the login door
    #[arg(long, value_name = "URL")]
    directory_url: Option<String>,
    /// The language of its pages: nl or en
    #[arg(long, value_name = "LANGUAGE")]
    locale: Option<String>,
    /// The country whose way of writing telephone numbers counts where no country code stands before them [default: NL]
    #[arg(long, value_name = "COUNTRY")]
    region: Option<String>,
    /// A setting that is not to be its default, like code_digits=8; may be given again
    #[arg(long = "set", value_name = "SETTING=VALUE", value_parser = setting)]
    policy: Vec<(String, u32)>,
}

fn setting(text: &str) -> Result<(String, u32), String> {
    let (name, value) = text.split_once('=').ok_or("write it as SETTING=VALUE")?;
    let value = value.parse().map_err(|_| "the value is a whole number")?;
    Ok((name.to_owned(), value))
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:8444]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Overrides the public URL of the only organisation
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Certificate chain, PEM
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// Private key, PEM
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Network of a proxy in front, whose X-Forwarded-For counts; may be given again
    #[arg(long, value_name = "CIDR")]
    trusted_proxy: Vec<IpNet>,
    /// Roots for directories and webhooks with a private CA, PEM
    #[arg(long, value_name = "FILE")]
    directory_ca: Option<PathBuf>,
    /// A private network that webhooks may go to; may be given again [default: public addresses only]
    #[arg(long, value_name = "CIDR")]
    webhook_allow: Vec<IpNet>,
    /// How the log is written
    #[arg(long, value_enum)]
    log: Option<Format>,
    #[command(flatten)]
    mail: MailIs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Mail to users, when something changes about how they log in")]
struct MailIs {
    /// The mail server: smtps://mail.example.org, or smtp://… with STARTTLS
    #[arg(long, value_name = "URL")]
    mail_server: Option<String>,
    /// The user name there
    #[arg(long, value_name = "NAME")]
    mail_user: Option<String>,
    /// A file with the password there
    #[arg(long, value_name = "FILE")]
    mail_password_file: Option<PathBuf>,
    /// Who sends, like "Koppel <koppel@example.org>"
    #[arg(long, value_name = "ADDRESS")]
    mail_from: Option<String>,
    /// Write mail into this folder instead of sending it, while you develop
    #[arg(long, value_name = "DIR")]
    mail_folder: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OrganisationDo {
    /// Add one
    Add {
        /// What people call it
        name: String,
        #[command(flatten)]
        is: OrganisationAddIs,
    },
    /// Show all, with their relying parties
    List,
    /// Show or change settings
    Set {
        /// Whose; the only one when left out
        #[arg(long, value_name = "NAME")]
        organisation: Option<String>,
        /// The setting; all are shown when left out
        setting: Option<String>,
        /// Its new value
        value: Option<u32>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct OrganisationAddIs {
    #[command(flatten)]
    is: OrganisationIs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RelyingPartyDo {
    /// Add one
    Add {
        /// What phones show
        name: String,
        /// Whose; the only organisation when left out
        #[arg(long, value_name = "NAME")]
        organisation: Option<String>,
        /// Where browsers may be sent back to, exactly; may be given again
        #[arg(long = "return-url", value_name = "URL", required = true)]
        return_urls: Vec<String>,
        /// What phones show under the name [default: the origin of the first return URL]
        #[arg(long, value_name = "URL")]
        origin: Option<String>,
        /// How its logins are answered: code or number
        #[arg(long, value_name = "MODE", default_value = "code")]
        mode: String,
        /// Only a phone's signature counts
        #[arg(long)]
        require_device_signature: bool,
        /// The methods that count: app, totp, recovery [default: all]
        #[arg(long, value_name = "METHODS", value_delimiter = ',')]
        methods: Option<Vec<String>>,
        /// How many methods its users must have besides the first: 0 to 2 [default: 1]
        #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(0..=2))]
        backups: Option<u8>,
    },
    /// Change its rules; what is left out stays as it is
    Set {
        /// Which: name or id
        name: String,
        /// The methods that count: app, totp, recovery
        #[arg(long, value_name = "METHODS", value_delimiter = ',')]
        methods: Option<Vec<String>>,
        /// How many methods its users must have besides the first: 0 to 2
        #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(0..=2))]
        backups: Option<u8>,
        /// How its logins are answered: code or number
        #[arg(long, value_name = "MODE")]
        mode: Option<String>,
        /// For how many days a person may have their browser remembered: 0 (not at all) to 30
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u8).range(0..=30))]
        remember_days: Option<u8>,
        /// From when on users without a second factor must set one up: off, optional, required, or a day like 2027-03-01
        ///
        /// off: nobody is led to the set-up. optional: each login leads there, and "later" leads on. A day: optional until then, in UTC.
        /// Whoever has a second factor is asked for it, whatever the rule. With --group also as-everyone.
        #[arg(long, value_name = "RULE")]
        enforcement: Option<String>,
        /// Only for this group of users, as the panel names it
        #[arg(long, value_name = "GROUP", requires = "enforcement")]
        group: Option<String>,
        #[command(flatten)]
        support: SupportIs,
        /// The colour of its pages, like "#0B6B5D": dark enough for white words; empty: ours
        #[arg(long, value_name = "COLOUR")]
        accent: Option<String>,
        /// The logo of its pages: a PNG file of at most 2 KiB, best 72 pixels high; empty: none
        #[arg(long, value_name = "FILE", value_parser = picture)]
        logo: Option<String>,
    },
    /// Show its rules
    Show {
        /// Which: name or id
        name: String,
    },
    /// How far its users are: who has a second factor, who put it off, who has none
    Progress {
        /// Which: name or id
        name: String,
        /// Also write one line for each user, as CSV
        #[arg(long, value_name = "FILE")]
        csv: Option<PathBuf>,
    },
}

/// No file is read further, whatever it is.
const MOST_READ: u64 = 1024 * 1024;

/// A logo's file, in base64url.
fn picture(path: &str) -> Result<String, String> {
    if path.is_empty() {
        return Ok(String::new());
    }
    let mut file = Vec::new();
    let read = std::fs::File::open(path).and_then(|opened| opened.take(MOST_READ).read_to_end(&mut file));
    read.map_err(|error| format!("cannot be read: {error}"))?;
    logo::read(&file).map_err(|wrong| wrong.to_string())?;
    Ok(koppel_protocol::bytes::encode(&file))
}

#[derive(Debug, Args)]
pub(crate) struct SupportIs {
    /// The telephone number that pages show when nothing works; empty: none
    #[arg(long, value_name = "NUMBER")]
    support_telephone: Option<String>,
    /// The https address of a page that they show beside it; empty: none
    #[arg(long, value_name = "URL")]
    support_web: Option<String>,
    /// A few words that they show beside it, such as opening hours; empty: none
    #[arg(long, value_name = "TEXT")]
    support_note: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyDo {
    /// Add one; it is shown once
    Add {
        /// Whose: name or id
        #[arg(long, value_name = "NAME")]
        relying_party: String,
        /// What it may do: verify, manage, desk, audit
        #[arg(long = "scope", value_name = "SCOPES", value_delimiter = ',', required = true)]
        scopes: Vec<String>,
    },
    /// A key counts no more
    Revoke {
        /// Its id, ak_…, or the key itself
        key: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum WebhookDo {
    /// Say where events go; a new webhook's secret is shown once
    Set {
        /// Whose: name or id
        relying_party: String,
        /// The address, https://…
        url: String,
        /// Only these events, like device or method.added [default: all]
        #[arg(long, value_name = "KINDS", value_delimiter = ',')]
        only: Vec<String>,
    },
    /// Show where events go, and how many were taken in the last week
    Show {
        /// Whose: name or id
        relying_party: String,
    },
    /// Make another secret beside the one there is; the one before that counts no more
    Rotate {
        /// Whose: name or id
        relying_party: String,
    },
    /// Send one event of type "test" now, and say what became of it
    Test {
        /// Whose: name or id
        relying_party: String,
    },
    /// Show what was sent in the last week, the newest first, with every try
    Log {
        /// Whose: name or id
        relying_party: String,
        /// Only what never arrived
        #[arg(long)]
        lost: bool,
        /// At most so many events
        #[arg(long, value_name = "NUMBER", default_value_t = 20)]
        limit: u32,
    },
    /// Try again, now, what never arrived
    Again {
        /// Whose: name or id
        relying_party: String,
    },
    /// Send nothing any more
    Off {
        /// Whose: name or id
        relying_party: String,
    },
}

impl WebhookDo {
    /// The command.
    pub(crate) fn command(self) -> Command {
        let (relying_party, step) = match self {
            WebhookDo::Set { relying_party, url, only } => (relying_party, WebhookStep::Set { url, only }),
            WebhookDo::Show { relying_party } => (relying_party, WebhookStep::Show),
            WebhookDo::Rotate { relying_party } => (relying_party, WebhookStep::Rotate),
            WebhookDo::Test { relying_party } => (relying_party, WebhookStep::Test),
            WebhookDo::Log { relying_party, lost, limit } => (relying_party, WebhookStep::Log { lost, limit }),
            WebhookDo::Again { relying_party } => (relying_party, WebhookStep::Again),
            WebhookDo::Off { relying_party } => (relying_party, WebhookStep::Off),
        };
        Command::Webhook(WebhookAct { relying_party, step, by: format!("command:{}", whoever_runs_this()) })
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum MailDo {
    /// Send one mail now, and say what became of it
    Test {
        /// To whom
        to: String,
    },
    /// Show what was sent in the last week, the newest first, with every try
    Log {
        /// Only what never arrived
        #[arg(long)]
        lost: bool,
        /// At most so many
        #[arg(long, value_name = "NUMBER", default_value_t = 20)]
        limit: u32,
    },
    /// Try again, now, what never arrived
    Again,
}

impl MailDo {
    /// The command.
    pub(crate) fn command(self) -> Command {
        Command::Mail(match self {
            MailDo::Test { to } => MailStep::Test { to },
            MailDo::Log { lost, limit } => MailStep::Log { lost, limit },
            MailDo::Again => MailStep::Again,
        })
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum OperatorDo {
    /// Add one; prints a link with which they choose a password, once
    Add {
        /// What the audit trail calls them, and what they sign in with
        name: String,
        /// What they may do: support, supervisor (second yes, audit) or admin
        #[arg(long, value_name = "ROLE", default_value = "support")]
        role: String,
        /// Whose users they help; every organisation's when left out
        #[arg(long = "organisation", value_name = "NAMES", value_delimiter = ',')]
        organisations: Option<Vec<String>>,
    },
    /// Change one; what is left out stays as it is. Signs them out
    Set {
        /// Who
        name: String,
        /// What they may do: support, supervisor or admin
        #[arg(long, value_name = "ROLE")]
        role: Option<String>,
        /// Whose users they help
        #[arg(long = "organisation", value_name = "NAMES", value_delimiter = ',')]
        organisations: Option<Vec<String>>,
        /// The password counts no more; print a new link
        #[arg(long)]
        new_link: bool,
    },
    /// Show all
    List,
    /// Remove one: signed out, and their phones are unlinked
    Remove {
        /// Who
        name: String,
    },
}

impl OperatorDo {
    /// The command.
    pub(crate) fn command(self) -> Command {
        match self {
            OperatorDo::Add { name, role, organisations } => {
                Command::OperatorAdd(OperatorPut { name, role: Some(role), organisations, new_link: true })
            }
            OperatorDo::Set { name, role, organisations, new_link } => {
                Command::OperatorSet(OperatorPut { name, role, organisations, new_link })
            }
            OperatorDo::List => Command::OperatorList,
            OperatorDo::Remove { name } => Command::OperatorRemove { name },
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct WhichUser {
    /// Whose; the only organisation when left out
    #[arg(long, value_name = "NAME")]
    organisation: Option<String>,
    /// What the user types to log in
    login_name: String,
}

#[derive(Debug, Args)]
pub(crate) struct WhoAndWhy {
    /// Who acts [default: the account that runs this]
    #[arg(long, env = "USER", default_value = "operator")]
    agent: String,
    /// Why: it stands in the user's history
    #[arg(long)]
    reason: String,
    /// By which ticket of the support system
    #[arg(long)]
    ticket: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserDo {
    /// A koppelcode to read out to a caller whose identity was checked
    Koppelcode {
        #[command(flatten)]
        user: WhichUser,
        #[command(flatten)]
        desk: WhoAndWhy,
    },
    /// Lift the lock of a fraud report
    Unlock {
        #[command(flatten)]
        user: WhichUser,
        #[command(flatten)]
        desk: WhoAndWhy,
    },
    /// Let codes be typed again after too many wrong ones
    EnableTyping {
        #[command(flatten)]
        user: WhichUser,
        /// Of which method: app, totp or recovery
        #[arg(long, value_name = "METHOD")]
        method: String,
        #[command(flatten)]
        desk: WhoAndWhy,
    },
    /// Take away all that a user proves themselves with, who lost it; then hand out a koppelcode
    ///
    /// At once, but for a protected user: their phones are told, and it waits (setting reset_wait) or takes a second agent. A login
    /// with a second factor meanwhile takes the request back.
    Reset {
        #[command(flatten)]
        user: WhichUser,
        /// Say the second yes to a colleague's request
        #[arg(long, conflicts_with_all = ["carry_out", "withdraw"])]
        approve: bool,
        /// Carry out a request that has waited long enough
        #[arg(long, conflicts_with = "withdraw")]
        carry_out: bool,
        /// Take a request back
        #[arg(long)]
        withdraw: bool,
        #[command(flatten)]
        desk: WhoAndWhy,
    },
    /// Confirm a new phone by the check number that its owner reads out
    Confirm {
        #[command(flatten)]
        user: WhichUser,
        /// The six digits on the new phone
        #[arg(long, value_name = "DIGITS")]
        check_number: String,
        /// Which pairing, when several wait
        #[arg(long, value_name = "PAIRING")]
        pairing: Option<String>,
        #[command(flatten)]
        desk: WhoAndWhy,
    },
    /// Take users over from a CSV file, all or none
    ///
    /// The first line names the columns: external_id and login_name, and whichever there are of display, locale (nl or en), group,
    /// protected (true or false), mobile, mobile_verified (true or false), mail (at most three addresses, parted by a space) and
    /// totp_secret (base 32; SHA-1, six digits, 30 seconds). Who is there already is changed where the file says something else; an
    /// authenticator that is there stays. Run again, it changes nothing.
    Import {
        /// The file, in UTF-8; columns parted by commas or semicolons
        file: PathBuf,
        /// Whose; the only organisation when left out
        #[arg(long, value_name = "NAME")]
        organisation: Option<String>,
        /// Only say what would happen
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        desk: WhoAndWhy,
    },
    /// What is known of a user
    Show {
        #[command(flatten)]
        user: WhichUser,
    },
}

impl Common {
    fn file(&self) -> Result<File, ConfigError> {
        let mut file = self.config.as_deref().map(File::read).transpose()?.unwrap_or_default();
        file.database = self.database.clone().or(file.database);
        file.keys = self.keys.clone().or(file.keys);
        Ok(file)
    }

    /// The configuration of a command.
    pub(crate) fn config(&self) -> Result<Config, ConfigError> {
        let file = self.file()?;
        // Where to listen does not matter to a command.
        Config::from_file(File { listen: None, ..file })
    }

    /// The configuration of the server, and how it logs.
    pub(crate) fn serve(&self, serve: Serve) -> Result<(Config, Format), ConfigError> {
        let mut file = self.file()?;
        file.listen = serve.listen.or(file.listen);
        file.public_url = serve.public_url.or(file.public_url);
        file.tls_cert = serve.tls_cert.or(file.tls_cert);
        file.tls_key = serve.tls_key.or(file.tls_key);
        file.directory_ca = serve.directory_ca.or(file.directory_ca);
        if !serve.trusted_proxy.is_empty() {
            file.trusted_proxy = serve.trusted_proxy;
        }
        if !serve.webhook_allow.is_empty() {
            file.webhook_allow = serve.webhook_allow;
        }
        let mail = serve.mail;
        file.mail_server = mail.mail_server.or(file.mail_server);
        file.mail_user = mail.mail_user.or(file.mail_user);
        file.mail_password_file = mail.mail_password_file.or(file.mail_password_file);
        file.mail_from = mail.mail_from.or(file.mail_from);
        file.mail_folder = mail.mail_folder.or(file.mail_folder);
        let log = serve.log.or(file.log).unwrap_or(Format::Json);
        Ok((Config::from_file(file)?, log))
    }
}

fn organisation_add(name: String, is: OrganisationIs) -> OrganisationAdd {
    let OrganisationIs { public_url, directory_url, locale, region, policy } = is;
    OrganisationAdd { name, public_url, directory_url, locale, region, policy }
}

impl Init {
    /// The first organisation.
    pub(crate) fn organisation(self) -> OrganisationAdd {
        organisation_add(self.organisation, self.organisation_is)
    }
}

fn user(which: WhichUser) -> UserName {
    UserName { organisation: which.organisation, login_name: which.login_name }
}

fn desk(who: WhoAndWhy) -> Desk {
    Desk { agent: who.agent, reason: who.reason, ticket: who.ticket }
}

fn whoever_runs_this() -> String {
    std::env::var("USER").unwrap_or_else(|_| "operator".to_owned())
}

impl OrganisationDo {
    /// The command.
    pub(crate) fn command(self) -> Command {
        match self {
            OrganisationDo::Add { name, is } => Command::OrganisationAdd(organisation_add(name, is.is)),
            OrganisationDo::List => Command::OrganisationList,
            OrganisationDo::Set { organisation, setting, value } => {
                let by = whoever_runs_this();
                Command::PolicySet(PolicySet { organisation, setting, value, by })
            }
        }
    }
}

/// What a command about relying parties comes to: one command, or a report made of many.
#[expect(clippy::large_enum_variant, reason = "there is one, and it lives as long as the program")]
pub(crate) enum RelyingPartyTask {
    /// One.
    Command(Command),
    /// Many.
    Progress(ProgressReport),
}

impl RelyingPartyDo {
    /// The task.
    pub(crate) fn task(self) -> RelyingPartyTask {
        RelyingPartyTask::Command(match self {
            RelyingPartyDo::Progress { name, csv } => {
                return RelyingPartyTask::Progress(ProgressReport { relying_party: name, csv });
            }
            RelyingPartyDo::Show { name } => Command::RelyingPartyShow { name },
            RelyingPartyDo::Add {
                name,
                organisation,
                return_urls,
                origin,
                mode,
                require_device_signature,
                methods,
                backups,
            } => Command::RelyingPartyAdd(RelyingPartyAdd {
                name,
                organisation,
                return_urls,
                origin,
                mode,
                requires_device_signature: require_device_signature,
                methods,
                backups,
            }),
            RelyingPartyDo::Set {
                name,
                methods,
                backups,
                mode,
                remember_days,
                enforcement,
                group,
                support,
                accent,
                logo,
            } => {
                let rule = enforcement.map(|rule| RuleSet { rule, group });
                let by = format!("command:{}", whoever_runs_this());
                let SupportIs { support_telephone, support_web, support_note } = support;
                let support = SupportChange { telephone: support_telephone, web: support_web, note: support_note };
                Command::RelyingPartySet(RelyingPartySet {
                    name,
                    methods,
                    backups,
                    mode,
                    remember_days,
                    rule,
                    support,
                    accent,
                    logo,
                    by,
                })
            }
        })
    }
}

impl KeyDo {
    /// The command.
    pub(crate) fn command(self) -> Command {
        match self {
            KeyDo::Add { relying_party, scopes } => Command::KeyAdd(ApiKeyAdd { relying_party, scopes }),
            KeyDo::Revoke { key } => Command::KeyRevoke { key },
        }
    }
}

/// What a command about users comes to: one command, or a file of them.
pub(crate) enum UserTask {
    /// One.
    Command(Command),
    /// A file.
    Import(UserImport),
}

impl UserDo {
    /// The task.
    pub(crate) fn task(self) -> UserTask {
        UserTask::Command(match self {
            UserDo::Import { file, organisation, dry_run, desk: who } => {
                return UserTask::Import(UserImport { file, organisation, dry_run, desk: desk(who) });
            }
            UserDo::Koppelcode { user: which, desk: who } => {
                Command::UserKoppelcode { user: user(which), desk: desk(who) }
            }
            UserDo::Unlock { user: which, desk: who } => Command::UserUnlock { user: user(which), desk: desk(who) },
            UserDo::EnableTyping { user: which, method, desk: who } => {
                Command::UserEnableTyping { user: user(which), method, desk: desk(who) }
            }
            UserDo::Reset { user: which, approve, carry_out, withdraw, desk: who } => {
                let step = match (approve, carry_out, withdraw) {
                    (true, ..) => UserReset::Approve,
                    (_, true, _) => UserReset::CarryOut,
                    (.., true) => UserReset::Withdraw,
                    _ => UserReset::Ask,
                };
                Command::UserReset { user: user(which), step, desk: desk(who) }
            }
            UserDo::Confirm { user: which, check_number, pairing, desk: who } => {
                Command::UserConfirm(UserConfirm { user: user(which), check_number, pairing, desk: desk(who) })
            }
            UserDo::Show { user: which } => Command::UserShow { user: user(which) },
        })
    }
}
