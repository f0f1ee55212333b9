//! `relying-party progress`: how far a roll-out is, and who is not there yet.
//!
//! Users come in pieces, so that an organisation of any size passes through the control socket.

use std::path::PathBuf;

use koppel_domain::{ExternalId, Standing};
use koppel_protocol::Text;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::registry::relying_party;
use super::{Refused, perform};
use crate::app::App;
use crate::config::Config;
use crate::progress::{self, Counts, Progress};
use crate::rules::day;

/// So many users come at once: far less than the longest line of the control socket.
const AT_ONCE: u32 = 64;

/// `relying-party progress`
#[derive(Debug)]
pub struct ProgressReport {
    /// Which: name or id.
    pub relying_party: String,
    /// Where one line for each user goes, as CSV.
    pub csv: Option<PathBuf>,
}

/// Some users, asked of the process that owns the database.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProgressPiece {
    relying_party: String,
    after: Option<ExternalId>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Piece {
    users: Vec<Person>,
    next: Option<ExternalId>,
}

/// The columns of the file.
const COLUMNS: [&str; 7] =
    ["external_id", "login_name", "display", "group", "standing", "times_put_off", "last_put_off"];

/// One user.
#[derive(Debug, Serialize, Deserialize)]
struct Person {
    external_id: ExternalId,
    login_name: Option<String>,
    display: Text,
    group: Option<Text>,
    /// `disabled`, or as [`Standing::name`] says.
    standing: String,
    times_put_off: u32,
    /// A day, or nothing.
    last_put_off: String,
}

/// One piece, in the process that owns the database.
pub(super) async fn piece(app: &App, asked: ProgressPiece) -> Result<Value, Refused> {
    let party = relying_party(app, &asked.relying_party)?;
    let terms = party.terms();
    let (users, next) = progress::users(app, &party, asked.after, AT_ONCE).await?;
    let person = |account: koppel_domain::Account| {
        let standing = progress::standing(&account, &terms).map_or("disabled", Standing::name);
        let user = account.user;
        Person {
            external_id: user.external_id,
            login_name: user.login_name.map(|name| name.shown().to_string()),
            display: user.display,
            group: user.group,
            standing: standing.to_owned(),
            times_put_off: user.postponed.map_or(0, |postponed| postponed.times),
            last_put_off: user.postponed.map(|postponed| day(postponed.last)).unwrap_or_default(),
        }
    };
    Ok(json!(Piece { users: users.into_iter().map(person).collect(), next }))
}

/// Reads all users, writes the file if there is to be one, and counts. `progress` hears how many are done.
///
/// # Errors
/// A sentence that says what to do.
pub async fn report(config: &Config, report: ProgressReport, mut heard: impl FnMut(u64)) -> Result<Value, Refused> {
    let mut file = report.csv.as_ref().map(|path| writer(path)).transpose()?;
    if let Some(file) = &mut file {
        file.write_record(COLUMNS).map_err(|error| unwritten(&report, &error))?;
    }
    let (mut counted, mut after, mut done) = (Progress::default(), None, 0);
    loop {
        let asked = ProgressPiece { relying_party: report.relying_party.clone(), after };
        let answer = perform(config, super::Command::ProgressPiece(asked)).await?;
        let piece: Piece = serde_json::from_value(answer)
            .map_err(|_| Refused::because("the server that runs is of another version; restart it and try again"))?;
        for person in piece.users {
            match Standing::ALL.into_iter().find(|standing| standing.name() == person.standing) {
                Some(standing) => counted.count(person.group.clone(), standing),
                None => counted.disabled += 1,
            }
            if let Some(file) = &mut file {
                file.write_record(person.line()).map_err(|error| unwritten(&report, &error))?;
            }
            done += 1;
        }
        match piece.next {
            Some(next) => after = Some(next),
            None => break,
        }
        heard(done);
    }
    if let Some(file) = &mut file {
        file.flush().map_err(|error| unwritten(&report, &error))?;
    }
    let rules = perform(config, super::Command::RelyingPartyShow { name: report.relying_party.clone() }).await?;
    let groups = counted.groups.iter().map(|(group, counts)| {
        let mut line = shown(*counts);
        line["group"] = group.as_ref().map_or(Value::Null, |group| group.as_str().into());
        line
    });
    let mut answer = json!({ "relying_party": rules["name"], "enforcement": rules["enforcement"] });
    answer["groups"] = groups.collect();
    answer["total"] = shown(counted.total());
    answer["disabled"] = counted.disabled.into();
    Ok(answer)
}

fn shown(counts: Counts) -> Value {
    let mut line = json!({ "group": null, "users": counts.all(), "percent": counts.percent() });
    for standing in Standing::ALL {
        line[standing.name()] = counts.of(standing).into();
    }
    line
}

/// Personal data: nobody but its owner reads the file.
fn writer(path: &std::path::Path) -> Result<csv::Writer<std::fs::File>, Refused> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let opened = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    let file = opened.map_err(|error| Refused(format!("{} cannot be written: {error}", path.display())))?;
    Ok(csv::Writer::from_writer(file))
}

/// A spreadsheet takes a cell that begins so for a formula.
fn harmless(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text }
}

impl Person {
    /// As a line of the file.
    fn line(self) -> [String; 7] {
        [
            harmless(self.external_id.to_string()),
            harmless(self.login_name.unwrap_or_default()),
            harmless(self.display.to_string()),
            harmless(self.group.map(|group| group.to_string()).unwrap_or_default()),
            self.standing,
            self.times_put_off.to_string(),
            self.last_put_off,
        ]
    }
}

fn unwritten(report: &ProgressReport, error: &dyn std::fmt::Display) -> Refused {
    let path = report.csv.as_deref().map(|path| path.display().to_string()).unwrap_or_default();
    Refused(format!("{path} cannot be written: {error}"))
}
