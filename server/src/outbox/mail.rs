//! Mail to users: by SMTP with TLS, or into a folder while somebody develops.
//!
//! Mail is told, never asked: no verdict waits for it and none depends on it. What cannot be brought now is brought later
//! ([`crate::outbox`]).

use std::path::PathBuf;
use std::time::{Duration, Instant};

use koppel_domain::MailAddress;
use koppel_domain::outbox::End;
use koppel_protocol::SecretText;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, header};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use url::{Host, Url};

use super::notice::Words;
use crate::outgoing::{TLS_FAILED, cause};

/// Longer than this nobody waits for a mail server.
const WAIT: Duration = Duration::from_secs(20);

/// How mail goes out, as an operator says it.
#[derive(Clone, PartialEq, Eq)]
pub struct MailConfig {
    /// Who sends: `Koppel <koppel@example.org>`.
    pub from: String,
    /// Where to.
    pub road: MailRoad,
}

/// Where mail goes.
#[derive(Clone, PartialEq, Eq)]
pub enum MailRoad {
    /// A mail server.
    Server {
        /// `smtps://host[:465]`, or `smtp://host[:587]`, which must offer STARTTLS unless it is on loopback.
        url: String,
        /// User name and password.
        login: Option<(String, SecretText)>,
    },
    /// A folder that gets one file a mail: for development.
    Folder(PathBuf),
}

impl std::fmt::Debug for MailConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.road {
            MailRoad::Server { url, login } => {
                write!(
                    f,
                    "MailConfig({} by {url}, {})",
                    self.from,
                    if login.is_some() { "with a login" } else { "no login" }
                )
            }
            MailRoad::Folder(folder) => write!(f, "MailConfig({} into {})", self.from, folder.display()),
        }
    }
}

/// Why mail cannot go out as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The sender.
    #[error("`{0}` is no sender; write it like --mail-from \"Koppel <koppel@example.org>\"")]
    From(String),
    /// The server.
    #[error(
        "`{0}` is no mail server; write it like smtps://mail.example.org or smtp://mail.example.org:587 (with STARTTLS)"
    )]
    Server(String),
    /// A folder that is none.
    #[error("{0} is not a folder; make it first")]
    Folder(PathBuf),
    /// A login without TLS.
    #[error("a mail server on loopback without TLS gets no password")]
    PlainLogin,
    /// TLS.
    #[error("TLS for mail cannot be prepared: {0}")]
    Tls(lettre::transport::smtp::Error),
}

/// Brings mail away.
#[derive(Debug)]
pub struct Mail {
    from: Mailbox,
    road: Road,
}

#[derive(Debug)]
enum Road {
    Server(Box<AsyncSmtpTransport<Tokio1Executor>>),
    Folder(PathBuf),
}

impl Mail {
    /// Reads how mail goes out. `roots` (DER) are trusted beside the bundled ones.
    ///
    /// # Errors
    /// [`MailError`], with a sentence that says what to do.
    pub fn new(config: &MailConfig, roots: &[rustls::pki_types::CertificateDer<'static>]) -> Result<Mail, MailError> {
        let from = config.from.parse().map_err(|_| MailError::From(config.from.clone()))?;
        let road = match &config.road {
            MailRoad::Folder(folder) if folder.is_dir() => Road::Folder(folder.clone()),
            MailRoad::Folder(folder) => return Err(MailError::Folder(folder.clone())),
            MailRoad::Server { url, login } => Road::Server(Box::new(server(url, login.as_ref(), roots)?)),
        };
        Ok(Mail { from, road })
    }

    /// Brings one mail. `id` is the same at every try, so that a mail program shows a double once.
    pub(super) async fn bring(&self, to: &MailAddress, id: &str, words: Words) -> (End, u32) {
        let began = Instant::now();
        let end = self.try_once(to, id, words).await;
        (end, u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX))
    }

    async fn try_once(&self, to: &MailAddress, id: &str, words: Words) -> End {
        let Ok(to) = to.expose().parse() else {
            return End::Hopeless("mail cannot be written to this address".to_owned());
        };
        let built = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(words.subject)
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .raw_header(header::HeaderValue::new(
                header::HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .header(ContentType::TEXT_PLAIN)
            .body(words.text);
        let Ok(message) = built else { return End::Hopeless("the mail could not be written".to_owned()) };
        match &self.road {
            Road::Folder(folder) => {
                let file = folder.join(format!("{id}.eml"));
                match tokio::fs::write(&file, message.formatted()).await {
                    Ok(()) => End::Taken(format!("written to {}", file.display())),
                    Err(error) => End::Failed(format!("the folder: {error}")),
                }
            }
            Road::Server(server) => match tokio::time::timeout(WAIT, server.send(message)).await {
                Ok(Ok(answer)) => End::Taken(answer.code().to_string()),
                Ok(Err(error)) => why(&error),
                Err(_) => End::Failed("no answer within 20 seconds".to_owned()),
            },
        }
    }
}

/// What a server said, without the address, which it may repeat. Only what concerns the mailbox is for ever: a login that is refused, or
/// a sender that is blocked, is ours to mend.
fn why(error: &lettre::transport::smtp::Error) -> End {
    match error.status() {
        Some(code) if matches!(u16::from(code), 550 | 551 | 553) => {
            End::Hopeless(format!("{code}: the mail server refuses the address"))
        }
        Some(code) => End::Failed(format!("{code}: the mail server does not take it")),
        None if cause::<rustls::Error>(error).is_some() => End::Failed(TLS_FAILED.to_owned()),
        None if error.is_timeout() => End::Failed("no answer in time".to_owned()),
        None => End::Failed("no connection".to_owned()),
    }
}

fn server(
    text: &str,
    login: Option<&(String, SecretText)>,
    roots: &[rustls::pki_types::CertificateDer<'static>],
) -> Result<AsyncSmtpTransport<Tokio1Executor>, MailError> {
    let wrong = || MailError::Server(text.to_owned());
    let url = Url::parse(text).map_err(|_| wrong())?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && matches!(url.path(), "" | "/")
        && url.query().is_none();
    let host = url.host_str().filter(|_| bare).ok_or_else(wrong)?.trim_matches(['[', ']']).to_owned();
    let loopback = match url.host().map(|host| host.to_owned()) {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        // For schemes it does not know, `url` leaves addresses as names.
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        None => return Err(wrong()),
    };
    let tls = || {
        let mut parameters = TlsParameters::builder(host.clone()).certificate_store(CertificateStore::WebpkiRoots);
        for root in roots {
            let root = Certificate::from_der(root.to_vec()).map_err(MailError::Tls)?;
            parameters = parameters.add_root_certificate(root);
        }
        parameters.build_rustls().map_err(MailError::Tls)
    };
    let (tls, port) = match url.scheme() {
        "smtps" => (Tls::Wrapper(tls()?), 465),
        "smtp" if loopback && login.is_none() => (Tls::Opportunistic(tls()?), 25),
        "smtp" if loopback => return Err(MailError::PlainLogin),
        "smtp" => (Tls::Required(tls()?), 587),
        _ => return Err(wrong()),
    };
    let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&host)
        .port(url.port().unwrap_or(port))
        .tls(tls)
        .hello_name(ClientId::default())
        .timeout(Some(WAIT));
    if let Some((user, password)) = login {
        transport = transport.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
    }
    Ok(transport.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(url: &str, login: bool) -> Result<Mail, MailError> {
        let login = login.then(|| ("user".to_owned(), SecretText::new("correct horse".to_owned()).expect("text")));
        let road = MailRoad::Server { url: url.to_owned(), login };
        Mail::new(&MailConfig { from: "Koppel <koppel@example.org>".to_owned(), road }, &[])
    }

    #[test]
    fn a_password_goes_by_tls_only() {
        for good in ["smtps://mail.example.org", "smtps://mail.example.org:4465", "smtp://mail.example.org:587"] {
            assert!(by(good, true).is_ok(), "{good}");
        }
        assert!(by("smtp://127.0.0.1:25", false).is_ok());
        assert!(matches!(by("smtp://localhost", true), Err(MailError::PlainLogin)));
        for wrong in [
            "",
            "mail.example.org",
            "http://mail.example.org",
            "smtp://u:p@mail.example.org",
            "smtps://mail.example.org/x",
            "smtps://",
        ] {
            assert!(matches!(by(wrong, false), Err(MailError::Server(_))), "{wrong}");
        }
    }

    #[test]
    fn nothing_prints_the_password() {
        let login = Some(("user".to_owned(), SecretText::new("correct horse".to_owned()).expect("text")));
        let config = MailConfig {
            from: "a@b.example".to_owned(),
            road: MailRoad::Server { url: "smtps://m.example".to_owned(), login },
        };
        assert!(!format!("{config:?}").contains("horse"));
        assert!(!format!("{:?}", Mail::new(&config, &[])).contains("horse"));
    }

    #[test]
    fn a_sender_or_folder_that_is_none_is_explained() {
        let folder = MailRoad::Folder(PathBuf::from("/nowhere/at/all"));
        let error = Mail::new(&MailConfig { from: "a@b.example".to_owned(), road: folder.clone() }, &[])
            .expect_err("no folder");
        assert!(error.to_string().contains("not a folder"));
        let error = Mail::new(&MailConfig { from: "nobody".to_owned(), road: folder }, &[]).expect_err("no sender");
        assert!(error.to_string().contains("--mail-from"));
    }
}
