//! What an operator may set: command line first, then the file, then the default.
//!
//! The file is TOML; every name in it is the name of the command-line option with underscores. Unknown names are refused,
//! so that a mistyped limit never means "no limit".

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use serde::Deserialize;

use crate::log;
use crate::outbox::mail::{MailConfig, MailRoad};
use crate::private_file::{self, PrivateFileError};
use koppel_protocol::host::HostError;
use koppel_protocol::{Origin, SecretText};

/// Why a server cannot run as it is configured. Each sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {path} cannot be read: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("the configuration {path} is wrong: {what}")]
    Toml {
        /// The file.
        path: PathBuf,
        /// Where and what.
        what: String,
    },
    /// A limit is outside its bounds.
    #[error("{name} = {value} is outside its bounds {min}–{max}")]
    Bounds {
        /// The setting.
        name: &'static str,
        /// What was given.
        value: u64,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// No database.
    #[error("say which database: --database FILE")]
    NoDatabase,
    /// Certificate without key or key without certificate.
    #[error("--tls-cert and --tls-key belong together")]
    HalfTls,
    /// Mail half said.
    #[error(
        "mail goes to one place and from somebody: --mail-server URL or --mail-folder DIR, and --mail-from ADDRESS"
    )]
    HalfMail,
    /// A login half said.
    #[error("--mail-user and --mail-password-file belong together, and to --mail-server")]
    HalfMailLogin,
    /// A file with a secret.
    #[error(transparent)]
    PrivateFile(#[from] PrivateFileError),
    /// A password that is none.
    #[error("the file of --mail-password-file holds no password")]
    MailPassword,
    /// Everybody could listen in.
    #[error(
        "{0} is not a loopback address and would be served without TLS; give --tls-cert and --tls-key, or name the proxy that ends TLS with --trusted-proxy CIDR"
    )]
    OpenPlain(SocketAddr),
    /// The public address.
    #[error(
        "the public URL `{url}` cannot be used: {why}; write it like https://auth.example.org, or http://127.0.0.1:PORT to try things on this machine"
    )]
    PublicUrl {
        /// What was given.
        url: String,
        /// What is wrong with it.
        why: HostError,
    },
}

/// How much the server takes on at once. Security budgets are policy, not these: they shed load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Most open connections that are not live channels. 16–1,000,000.
    pub connections: u64,
    /// Most live channels. 1–1,000,000.
    pub live_channels: u64,
    /// Most long polls at once; beyond that they answer at once. 1–1,000,000.
    pub long_polls: u64,
    /// Most questions to directories at once. 1–1,000.
    pub directory_questions: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { connections: 20_000, live_channels: 100_000, long_polls: 20_000, directory_questions: 32 }
    }
}

impl Limits {
    fn check(&self) -> Result<(), ConfigError> {
        let bounds = |name, value, min, max| {
            if (min..=max).contains(&value) { Ok(()) } else { Err(ConfigError::Bounds { name, value, min, max }) }
        };
        bounds("limits.connections", self.connections, 16, 1_000_000)?;
        bounds("limits.live_channels", self.live_channels, 1, 1_000_000)?;
        bounds("limits.long_polls", self.long_polls, 1, 1_000_000)?;
        bounds("limits.directory_questions", self.directory_questions, 1, 1_000)
    }
}

/// The configuration file. Everything may be left out.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    /// The SQLite file.
    pub database: Option<PathBuf>,
    /// The keys file; beside the database by default.
    pub keys: Option<PathBuf>,
    /// Where to listen.
    pub listen: Option<SocketAddr>,
    /// The address under which browsers and phones reach the only organisation.
    pub public_url: Option<String>,
    /// Certificate chain, PEM.
    pub tls_cert: Option<PathBuf>,
    /// Private key, PEM.
    pub tls_key: Option<PathBuf>,
    /// Networks of the proxies in front.
    pub trusted_proxy: Vec<IpNet>,
    /// Extra roots for directories and webhooks with a private CA, PEM.
    pub directory_ca: Option<PathBuf>,
    /// Private networks that webhooks may go to.
    pub webhook_allow: Vec<IpNet>,
    /// The mail server that brings notices to users.
    pub mail_server: Option<String>,
    /// The user name at the mail server.
    pub mail_user: Option<String>,
    /// The file with its password.
    pub mail_password_file: Option<PathBuf>,
    /// Who sends.
    pub mail_from: Option<String>,
    /// A folder that gets mail instead of a mail server.
    pub mail_folder: Option<PathBuf>,
    /// How the log is written.
    pub log: Option<log::Format>,
    /// How much at once.
    pub limits: Limits,
}

impl File {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<File, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Io { path: path.to_owned(), source })?;
        toml::from_str(&text).map_err(|error| ConfigError::Toml { path: path.to_owned(), what: error.to_string() })
    }
}

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The SQLite file.
    pub database: PathBuf,
    /// The keys file.
    pub keys: PathBuf,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Overrides the public address of the only organisation.
    pub public_url: Option<Origin>,
    /// Certificate and key.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Extra roots for directories and webhooks.
    pub directory_ca: Option<PathBuf>,
    /// Private networks that webhooks may go to.
    pub webhook_allow: Vec<IpNet>,
    /// How notices go to users by mail, if they do.
    pub mail: Option<MailConfig>,
    /// How much at once.
    pub limits: Limits,
}

/// Reads the address under which an organisation is known: https, or plain http on loopback.
///
/// # Errors
/// [`ConfigError::PublicUrl`].
pub fn public_url(url: &str) -> Result<Origin, ConfigError> {
    url.parse().map_err(|why| ConfigError::PublicUrl { url: url.to_owned(), why })
}

fn mail(
    server: Option<String>,
    user: Option<String>,
    password_file: Option<PathBuf>,
    from: Option<String>,
    folder: Option<PathBuf>,
) -> Result<Option<MailConfig>, ConfigError> {
    let login = match (user, password_file) {
        (Some(user), Some(path)) => {
            let read = private_file::read(&path)?;
            let text = std::str::from_utf8(&read).map_err(|_| ConfigError::MailPassword)?;
            let password = SecretText::new(text.trim_end_matches(['\r', '\n']).to_owned());
            Some((user, password.map_err(|_| ConfigError::MailPassword)?))
        }
        (None, None) => None,
        _ => return Err(ConfigError::HalfMailLogin),
    };
    if login.is_some() && server.is_none() {
        return Err(ConfigError::HalfMailLogin);
    }
    let road = match (server, folder) {
        (Some(url), None) => MailRoad::Server { url, login },
        (None, Some(folder)) => MailRoad::Folder(folder),
        (None, None) if from.is_none() => return Ok(None),
        _ => return Err(ConfigError::HalfMail),
    };
    let from = from.ok_or(ConfigError::HalfMail)?;
    Ok(Some(MailConfig { from, road }))
}

/// Loopback, a port that is easy to remember.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8444);

impl Config {
    /// A configuration for one database on loopback; what tests and embedders begin with.
    pub fn new(database: impl Into<PathBuf>) -> Config {
        let database = database.into();
        Config {
            keys: crate::keys::default_path(&database),
            database,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            public_url: None,
            tls: None,
            trusted_proxies: Vec::new(),
            directory_ca: None,
            webhook_allow: Vec::new(),
            mail: None,
            limits: Limits::default(),
        }
    }

    /// From a file whose gaps the command line has filled.
    pub fn from_file(file: File) -> Result<Config, ConfigError> {
        let database = file.database.ok_or(ConfigError::NoDatabase)?;
        let tls = match (file.tls_cert, file.tls_key) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            _ => return Err(ConfigError::HalfTls),
        };
        let mail = mail(file.mail_server, file.mail_user, file.mail_password_file, file.mail_from, file.mail_folder)?;
        let config = Config {
            keys: file.keys.unwrap_or_else(|| crate::keys::default_path(&database)),
            database,
            listen: file.listen.unwrap_or(DEFAULT_LISTEN),
            public_url: file.public_url.as_deref().map(public_url).transpose()?,
            tls,
            trusted_proxies: file.trusted_proxy,
            directory_ca: file.directory_ca,
            webhook_allow: file.webhook_allow,
            mail,
            limits: file.limits,
        };
        config.check()?;
        Ok(config)
    }

    /// What must hold whoever made it.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.limits.check()?;
        let open = self.tls.is_none() && self.trusted_proxies.is_empty() && !self.listen.ip().is_loopback();
        if open {
            return Err(ConfigError::OpenPlain(self.listen));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Result<Config, ConfigError> {
        let file = toml::from_str::<File>(text)
            .map_err(|error| ConfigError::Toml { path: PathBuf::new(), what: error.to_string() })?;
        Config::from_file(file)
    }

    #[test]
    fn a_wrong_configuration_is_explained() {
        let table = [
            ("", "--database"),
            ("databse = 'x'", "unknown field `databse`"),
            ("database = 'x'\ntls_cert = 'c'", "belong together"),
            ("database = 'x'\nmail_server = 'smtps://m.example'", "--mail-from"),
            ("database = 'x'\nmail_from = 'a@b.example'", "--mail-folder"),
            ("database = 'x'\nmail_folder = 'm'\nmail_user = 'u'", "--mail-password-file"),
            ("database = 'x'\nlisten = '0.0.0.0:80'", "--trusted-proxy"),
            ("database = 'x'\npublic_url = 'http://a.example'", "https://"),
            ("database = 'x'\n[limits]\nlong_polls = 0", "outside its bounds 1–1000000"),
            ("database = 'x'\n[limits]\nconections = 5", "unknown field `conections`"),
        ];
        for (text, part) in table {
            let error = config(text).expect_err(text).to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn plain_http_is_served_on_loopback_or_behind_a_named_proxy() {
        assert!(config("database = 'x'").is_ok());
        assert!(config("database = 'x'\nlisten = '0.0.0.0:80'\ntrusted_proxy = ['10.0.0.0/8']").is_ok());
        assert!(config("database = 'x'\nlisten = '0.0.0.0:443'\ntls_cert = 'c'\ntls_key = 'k'").is_ok());
    }
}
