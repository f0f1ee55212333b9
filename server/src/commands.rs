//! What an operator does by command: organisations, relying parties, keys, and the care for users.
//!
//! A command runs in the process that owns the database. `koppel-server` opens the file itself when nobody holds it, and otherwise
//! puts the same command to the running server over the control socket. Both ways end in [`run`]. There is no admin HTTP
//! API and no default password.

mod import;
mod mail;
mod operator;
mod parcels;
mod progress;
mod registry;
mod user;
mod webhook;

use std::path::Path;
use std::sync::Arc;

use koppel_domain::Time;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::control::{self, ControlSocket};
use crate::problem::Problem;
use crate::server::{self, StartError};

pub use crate::support::SupportChange;
pub use import::{UserBatch, UserImport, import};
pub use mail::MailStep;
pub use operator::OperatorPut;
pub use progress::{ProgressPiece, ProgressReport, report as progress_report};
pub use registry::{ApiKeyAdd, OrganisationAdd, PolicySet, RelyingPartyAdd, RelyingPartySet, RuleSet};
pub use user::{Desk, UserConfirm, UserName, UserReset};
pub use webhook::{WebhookAct, WebhookStep};

/// One command.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Command {
    /// Another organisation.
    OrganisationAdd(OrganisationAdd),
    /// What the server that runs has done since its start.
    Status,
    /// The server's time, and whether it goes on by itself; confirms it as it is.
    Clock {
        /// An operator has looked.
        confirm: bool,
    },
    /// All organisations and their relying parties.
    OrganisationList,
    /// Changes one number of an organisation.
    PolicySet(PolicySet),
    /// A relying party of an organisation.
    RelyingPartyAdd(RelyingPartyAdd),
    /// Other rules of a relying party.
    RelyingPartySet(RelyingPartySet),
    /// The rules of a relying party.
    RelyingPartyShow {
        /// Which: name or id.
        name: String,
    },
    /// Where a relying party hears what happened.
    Webhook(WebhookAct),
    /// Whether mail to users goes out.
    Mail(MailStep),
    /// How far some of its users are.
    ProgressPiece(ProgressPiece),
    /// A key of a relying party.
    KeyAdd(ApiKeyAdd),
    /// A key counts no more.
    KeyRevoke {
        /// Its id, `ak_…`, or the key itself.
        key: String,
    },
    /// Another operator.
    OperatorAdd(OperatorPut),
    /// Another role, other organisations, or a new link.
    OperatorSet(OperatorPut),
    /// All operators.
    OperatorList,
    /// An operator is none any more.
    OperatorRemove {
        /// Which.
        name: String,
    },
    /// A koppelcode to read out.
    UserKoppelcode {
        /// Who.
        user: UserName,
        /// By whom, why.
        desk: Desk,
    },
    /// Lifts the lock of a fraud report.
    UserUnlock {
        /// Who.
        user: UserName,
        /// By whom, why.
        desk: Desk,
    },
    /// A step of taking away all that a user proves themselves with.
    UserReset {
        /// Who.
        user: UserName,
        /// Which step.
        step: UserReset,
        /// By whom, why.
        desk: Desk,
    },
    /// Codes of a method may be typed again.
    UserEnableTyping {
        /// Who.
        user: UserName,
        /// Which method.
        method: String,
        /// By whom, why.
        desk: Desk,
    },
    /// The check number of a new phone, read out by its owner.
    UserConfirm(UserConfirm),
    /// Some users of a file.
    UserImport(UserBatch),
    /// What is known of a user.
    UserShow {
        /// Who.
        user: UserName,
    },
}

/// Why a command was not done: a sentence that says what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

impl Refused {
    pub(crate) fn because(sentence: impl Into<String>) -> Refused {
        Refused(sentence.into())
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Refused {
        let tries = problem.tries_left.map(|tries| format!(" Tries left: {tries}.")).unwrap_or_default();
        Refused(format!("{}: {}{tries}", problem.slug.title(), problem.detail))
    }
}

impl From<StartError> for Refused {
    fn from(error: StartError) -> Refused {
        Refused(error.to_string())
    }
}

/// What a command answers over the control socket.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Done(Value),
    Refused(Refused),
}

/// Runs a command in the process that owns the database.
///
/// # Errors
/// A sentence that says what to do.
pub async fn run(app: &Arc<App>, command: Command) -> Result<Value, Refused> {
    match command {
        Command::OrganisationAdd(add) => registry::add_organisation(app, add).await,
        Command::Status => Ok(serde_json::json!({ "commits": koppel_store::Store::commits(&app.store) })),
        Command::Clock { confirm } => {
            if confirm {
                app.clock.confirm();
            }
            Ok(serde_json::json!({ "time": written(app.now()), "steady": app.clock.is_steady() }))
        }
        Command::OrganisationList => Ok(registry::list(app)),
        Command::PolicySet(set) => registry::set_policy(app, set).await,
        Command::RelyingPartyAdd(add) => registry::add_relying_party(app, add).await,
        Command::RelyingPartySet(set) => registry::set_relying_party(app, set).await,
        Command::RelyingPartyShow { name } => registry::show_relying_party(app, &name),
        Command::Webhook(act) => webhook::act(app, act).await,
        Command::Mail(step) => mail::act(app, step).await,
        Command::ProgressPiece(piece) => progress::piece(app, piece).await,
        Command::KeyAdd(add) => registry::add_key(app, add).await,
        Command::KeyRevoke { key } => registry::revoke_key(app, &key).await,
        Command::UserKoppelcode { user, desk } => user::koppelcode(app, &user, desk).await,
        Command::UserUnlock { user, desk } => user::unlock(app, &user, desk).await,
        Command::OperatorAdd(put) => operator::put(app, put, true).await,
        Command::OperatorSet(put) => operator::put(app, put, false).await,
        Command::OperatorList => Ok(operator::list(app)),
        Command::OperatorRemove { name } => operator::remove(app, &name).await,
        Command::UserReset { user, step, desk } => user::reset(app, &user, step, desk).await,
        Command::UserEnableTyping { user, method, desk } => user::enable_typing(app, &user, &method, desk).await,
        Command::UserConfirm(confirm) => user::confirm(app, confirm).await,
        Command::UserImport(batch) => import::take(app, batch).await,
        Command::UserShow { user } => user::show(app, &user).await,
    }
}

/// A moment as commands write it (RFC 3339, in UTC).
fn written(at: Time) -> String {
    i64::try_from(at.0).ok().and_then(|at| jiff::Timestamp::from_second(at).ok()).unwrap_or_default().to_string()
}

/// Runs a command on a database: through its running server, or by opening the file.
///
/// # Errors
/// A sentence that says what to do.
pub async fn perform(config: &Config, command: Command) -> Result<Value, Refused> {
    let asked = control::ask::<_, Answer>(&config.database, &command).await;
    let asked = asked.map_err(|error| {
        Refused(format!(
            "the server that runs on {} did not answer on its control socket ({error}); run the command as the same account, or stop the server first",
            config.database.display()
        ))
    })?;
    match asked {
        Some(Answer::Done(value)) => Ok(value),
        Some(Answer::Refused(refused)) => Err(refused),
        None => {
            let opened = server::open(config, Clock::system(), false).await?;
            run(&opened.app, command).await
        }
    }
}

/// Makes database, keys file and restore epoch file, and the first organisation.
///
/// # Errors
/// A sentence that says what to do; nothing is left half made.
pub async fn init(config: &Config, add: OrganisationAdd) -> Result<Value, Refused> {
    if config.database.exists() {
        let path = config.database.display();
        return Err(Refused(format!("{path} exists already; start it with: koppel-server serve --database {path}")));
    }
    registry::check(&add)?;
    let made = async {
        let opened = server::open(config, Clock::system(), true).await?;
        let mut answer = run(&opened.app, Command::OrganisationAdd(add)).await?;
        answer["database"] = config.database.display().to_string().into();
        answer["keys"] = config.keys.display().to_string().into();
        answer["server_id"] = opened.app.keys.identity.server_id.to_string().into();
        Ok(answer)
    };
    let existed = config.keys.exists();
    let result: Result<Value, Refused> = made.await;
    if result.is_err() && !existed {
        remove_made(config);
    }
    result
}

/// What a failed `init` made, it takes away again: nothing in it was ever used.
fn remove_made(config: &Config) {
    let beside = |suffix: &str| {
        let mut path = config.database.as_os_str().to_owned();
        path.push(suffix);
        std::path::PathBuf::from(path)
    };
    let made = ["", "-wal", "-shm", ".lock"].map(beside);
    for path in made.iter().chain([&config.keys, &server::epoch_path(&config.database)]) {
        let _ = std::fs::remove_file(path);
    }
}

/// After the database was restored from a backup: raises the epoch, which ends every code, invitation and open login.
///
/// # Errors
/// A sentence that says what to do.
pub async fn restore(config: &Config) -> Result<Value, Refused> {
    let epoch = server::restore(config).await?;
    Ok(serde_json::json!({ "epoch": epoch, "database": display(&config.database) }))
}

fn display(path: &Path) -> String {
    path.display().to_string()
}

/// Answers commands until the server stops.
pub async fn answer(app: Arc<App>, control: ControlSocket) {
    loop {
        let (command, caller) = tokio::select! {
            next = control.next::<Command>() => match next {
                Ok(next) => next,
                Err(error) => {
                    tracing::warn!(%error, "the control socket failed");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    continue;
                }
            },
            () = app.drain.draining() => return,
        };
        let answer = match run(&app, command).await {
            Ok(value) => Answer::Done(value),
            Err(refused) => Answer::Refused(refused),
        };
        if let Err(error) = caller.answer(&answer).await {
            tracing::warn!(%error, "a command's caller did not wait for its answer");
        }
    }
}
