//! Users from a file: what a panel exports, read as CSV, judged as a whole, and taken over only when all of it can be.
//!
//! The file is read by whoever runs the command; what it says goes to the process that owns the database, some users at a time. A run
//! that was cut short is run again: who is there already stays as is.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use koppel_domain::contacts::NotAnAddress;
use koppel_domain::{
    Account, Command, ExternalId, Locale, LoginName, MailAddress, Method, MethodKind, Needs, PutContacts, PutUser,
    Region, User,
};
use koppel_protocol::{SecretText, Text};
use koppel_store::Locator;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::registry::organisation;
use super::user::{Desk, by};
use super::{Refused, perform};
use crate::api::relying_party::seed;
use crate::app::{App, By};
use crate::config::Config;
use crate::contacts;

/// So many users go to the server at once: far less than the longest line of the control socket.
const AT_ONCE: usize = 32;
/// So many lines that cannot be taken are named; more are counted.
const NAMED: usize = 20;

/// The first two must be there.
const COLUMNS: [&str; 10] = [
    "external_id",
    "login_name",
    "display",
    "locale",
    "group",
    "protected",
    "mobile",
    "mobile_verified",
    "mail",
    "totp_secret",
];

/// `user import`
#[derive(Debug)]
pub struct UserImport {
    /// The file.
    pub file: PathBuf,
    /// Whose users; the only organisation when left out.
    pub organisation: Option<String>,
    /// Only say what would happen.
    pub dry_run: bool,
    /// Who acts, why.
    pub desk: Desk,
}

/// Some users of the file, on their way to the server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UserBatch {
    organisation: Option<String>,
    dry_run: bool,
    desk: Desk,
    users: Vec<ImportedUser>,
}

/// One line of the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct ImportedUser {
    line: u64,
    external_id: ExternalId,
    login_name: LoginName,
    display: Option<Text>,
    locale: Option<Locale>,
    group: Option<Text>,
    protected: Option<bool>,
    /// As it stands in the file: what it means depends on the organisation, which the server knows.
    mobile: Option<SecretText>,
    mobile_verified: Option<bool>,
    mail: Option<Vec<MailAddress>>,
    totp_secret: Option<SecretText>,
}

/// What became of one line, or would.
#[derive(Debug, Serialize, Deserialize)]
struct Taken {
    line: u64,
    outcome: Outcome,
    /// Whether the authenticator was brought along; one that is there already stays.
    authenticator: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Created,
    Changed,
    Unchanged,
    Refused(String),
}

/// The columns, as they stand in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Columns {
    external_id: String,
    login_name: String,
    display: Option<String>,
    locale: Option<String>,
    group: Option<String>,
    protected: Option<String>,
    mobile: Option<String>,
    mobile_verified: Option<String>,
    mail: Option<String>,
    totp_secret: Option<String>,
}

impl Columns {
    /// # Errors
    /// What is wrong, without the value: one of them is a secret.
    fn read(self, line: u64) -> Result<ImportedUser, String> {
        let text = |column: &str, text: Option<String>| {
            let read = text.map(|text| Text::exact(&text)).transpose();
            read.map_err(|_| format!("`{column}` must be at most 64 bytes, without characters that are not shown"))
        };
        let locale = self.locale.as_deref().map(str::parse::<Locale>).transpose();
        let locale = locale.map_err(|_| "`locale` must be nl or en".to_owned())?;
        let truth = |column: &str, text: Option<String>| {
            let read = text.map(|text| text.to_ascii_lowercase().parse::<bool>()).transpose();
            read.map_err(|_| format!("`{column}` must be true or false"))
        };
        let mobile = self.mobile.map(SecretText::new).transpose();
        let mail = self.mail.as_deref().map(addresses).transpose();
        let totp_secret = match self.totp_secret {
            None => None,
            Some(secret) => {
                seed(&secret).map_err(|_| "`totp_secret` must be base 32 of 10 to 64 bytes".to_owned())?;
                Some(SecretText::new(secret).map_err(|_| "`totp_secret` is too long".to_owned())?)
            }
        };
        Ok(ImportedUser {
            line,
            external_id: self.external_id.parse().map_err(|wrong| format!("`external_id`: {wrong}"))?,
            login_name: self.login_name.parse().map_err(|wrong| format!("`login_name`: {wrong}"))?,
            display: text("display", self.display)?,
            locale,
            group: text("group", self.group)?,
            protected: truth("protected", self.protected)?,
            mobile: mobile.map_err(|_| "`mobile` is too long".to_owned())?,
            mobile_verified: truth("mobile_verified", self.mobile_verified)?,
            mail: mail.map_err(|wrong| format!("`mail`: {wrong}"))?,
            totp_secret,
        })
    }
}

/// Addresses, parted by a space, comma or semicolon.
fn addresses(text: &str) -> Result<Vec<MailAddress>, NotAnAddress> {
    text.split([' ', ',', ';']).filter(|address| !address.is_empty()).map(contacts::address).collect()
}

/// Takes the users of a file over: all of them, or none when a line cannot be taken. `progress` hears how many of how many are done.
///
/// # Errors
/// A sentence that names the lines.
pub async fn import(
    config: &Config,
    import: UserImport,
    mut progress: impl FnMut(usize, usize),
) -> Result<Value, Refused> {
    let path = import.file.display().to_string();
    let bytes = std::fs::read(&import.file)
        .map(Zeroizing::new)
        .map_err(|error| Refused(format!("{path} cannot be read: {error}")))?;
    let users = read(&bytes, &import.file)?;
    let mut judged = Vec::with_capacity(users.len());
    let passes: &[bool] = if import.dry_run { &[true] } else { &[true, false] };
    for dry_run in passes {
        judged.clear();
        for some in users.chunks(AT_ONCE) {
            let batch = UserBatch {
                organisation: import.organisation.clone(),
                dry_run: *dry_run,
                desk: import.desk.clone(),
                users: some.to_vec(),
            };
            let answer = perform(config, super::Command::UserImport(batch)).await?;
            let taken: Vec<Taken> = serde_json::from_value(answer).map_err(|_| {
                Refused::because("the server that runs is of another version; restart it and try again")
            })?;
            judged.extend(taken);
            if !dry_run {
                progress(judged.len(), users.len());
            }
        }
        let refused = judged.iter().filter_map(|taken| match &taken.outcome {
            Outcome::Refused(why) => Some((taken.line, why.clone())),
            Outcome::Created | Outcome::Changed | Outcome::Unchanged => None,
        });
        let refused: Vec<_> = refused.collect();
        if !refused.is_empty() {
            let after = if *dry_run {
                "nothing was changed"
            } else {
                "the other users were taken; mend these lines and run it again"
            };
            return Err(wrong_lines(&path, &refused, after));
        }
    }
    let count = |outcome: &Outcome| judged.iter().filter(|taken| taken.outcome == *outcome).count();
    Ok(json!({
        "users": judged.len(),
        "created": count(&Outcome::Created),
        "changed": count(&Outcome::Changed),
        "unchanged": count(&Outcome::Unchanged),
        "authenticators": judged.iter().filter(|taken| taken.authenticator).count(),
        "dry_run": import.dry_run,
    }))
}

fn wrong_lines(path: &str, wrong: &[(u64, String)], after: &str) -> Refused {
    let named = wrong.iter().take(NAMED).map(|(line, why)| format!("  line {line}: {why}\n"));
    let more = match wrong.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("  and {more} more\n"),
    };
    Refused(format!("{path} has lines that cannot be taken:\n{}{more}{after}", named.collect::<String>()))
}

/// Reads the whole file, or says everything that is wrong with it.
fn read(bytes: &[u8], file: &Path) -> Result<Vec<ImportedUser>, Refused> {
    let path = file.display().to_string();
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        Refused(format!("line {line} of {path} is not UTF-8; save the file as UTF-8"))
    })?;
    // Spreadsheets put a mark before the first column, and part columns by a semicolon where the comma parts decimals. The reader counts
    // the lines of this form alone.
    let text = Zeroizing::new(text.trim_start_matches('\u{feff}').replace("\r\n", "\n"));
    let heading = text.lines().next().unwrap_or_default();
    let delimiter = if heading.contains(';') { b';' } else { b',' };
    let mut lines = csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(text.as_bytes());
    let headers = lines.headers().map_err(|error| Refused(format!("{path}: {error}")))?.clone();
    let unknown = headers.iter().find(|header| !COLUMNS.contains(header));
    if unknown.is_some() || COLUMNS[..2].iter().any(|needed| !headers.iter().any(|header| header == *needed)) {
        let unknown = unknown.map(|name| format!("; `{name}` is none of them")).unwrap_or_default();
        return Err(Refused(format!(
            "the first line of {path} names its columns: external_id and login_name, and whichever there are of {}{unknown}",
            COLUMNS[2..].join(", ")
        )));
    }
    let (mut users, mut wrong) = (Vec::new(), Vec::new());
    let (mut ids, mut names) = (HashMap::new(), HashMap::new());
    for record in lines.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                let why = match error.kind() {
                    csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                        format!("{len} columns, where the first line names {expected_len}")
                    }
                    _ => "cannot be read as CSV".to_owned(),
                };
                wrong.push((line, why));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        // What serde says could quote a value; every column is text, so that nothing is left for it to say.
        let read = record.deserialize::<Columns>(Some(&headers)).map_err(|_| "cannot be read as CSV".to_owned());
        match read.and_then(|columns| columns.read(line)) {
            Ok(user) => {
                let name = user.login_name.canonical().to_owned();
                let twice = ids.insert(user.external_id.clone(), line).map(|first| ("external_id", first));
                match twice.or(names.insert(name, line).map(|first| ("login_name", first))) {
                    Some((column, first)) => wrong.push((line, format!("the same `{column}` as line {first}"))),
                    None => users.push(user),
                }
            }
            Err(why) => wrong.push((line, why)),
        }
    }
    if !wrong.is_empty() {
        return Err(wrong_lines(&path, &wrong, "nothing was changed"));
    }
    if users.is_empty() {
        return Err(Refused(format!("{path} names no user")));
    }
    Ok(users)
}

/// Takes some users over, in the process that owns the database.
pub(super) async fn take(app: &Arc<App>, batch: UserBatch) -> Result<Value, Refused> {
    let organisation = organisation(app, batch.organisation.as_deref())?;
    let (organisation, region) = (organisation.id, organisation.region);
    let by_desk = || by(organisation, batch.desk.clone());
    let mut taken = Vec::with_capacity(batch.users.len());
    for user in batch.users {
        let line = user.line;
        let at = Locator::ExternalId(organisation, user.external_id.clone());
        let known = account(app, at.clone()).await?;
        let named = account(app, Locator::LoginName(organisation, user.login_name.clone())).await?;
        let taken_name = named.filter(|named| named.user.external_id != user.external_id);
        let told = match taken_name {
            Some(other) => {
                Err(format!("the login name belongs to the user with external id `{}`", other.user.external_id))
            }
            None => user.told(known.as_ref().map(|known| &known.user), region),
        };
        let (outcome, put_user) = match told {
            Ok(told) => told,
            Err(why) => {
                taken.push(Taken { line, authenticator: false, outcome: Outcome::Refused(why) });
                continue;
            }
        };
        let secret = user.totp_secret.filter(|_| !known.as_ref().is_some_and(has_an_authenticator));
        let brings = secret.is_some();
        let outcome = if batch.dry_run {
            outcome
        } else {
            let put_user = (outcome != Outcome::Unchanged).then_some(put_user);
            match put(app, &at, put_user, secret, &by_desk).await {
                Ok(()) => outcome,
                Err(Refused(why)) => Outcome::Refused(why),
            }
        };
        taken.push(Taken { line, authenticator: brings && !matches!(outcome, Outcome::Refused(_)), outcome });
    }
    Ok(json!(taken))
}

async fn put(
    app: &Arc<App>,
    at: &Locator,
    put_user: Option<PutUser>,
    secret: Option<SecretText>,
    actor: impl Fn() -> By,
) -> Result<(), Refused> {
    if let Some(put_user) = put_user {
        app.decide(at.clone(), Command::PutUser(Box::new(put_user)), actor()).await?;
    }
    if let Some(secret) = secret {
        let put = account(app, at.clone()).await?;
        let put = put.ok_or_else(|| Refused::because("the user was deleted meanwhile; run it again"))?;
        let sealed = app.seal_seed(put.user.id, &seed(secret.expose())?)?;
        app.decide(at.clone(), Command::ImportAuthenticator { seed: sealed }, actor()).await?;
    }
    Ok(())
}

async fn account(app: &App, at: Locator) -> Result<Option<Account>, Refused> {
    let needs = Needs { methods: true, ..Needs::default() };
    Ok(app.account(at, needs).await?.filter(Account::exists))
}

fn has_an_authenticator(account: &Account) -> bool {
    let held = account.method(MethodKind::Totp).and_then(Method::authenticator);
    held.is_some_and(|held| held.seed.is_some())
}

impl ImportedUser {
    /// What the line says of a user, if it can be taken. What it leaves out stays as it is.
    fn told(&self, known: Option<&User>, region: Region) -> Result<(Outcome, PutUser), String> {
        let mobile = self.mobile.as_ref().map(|typed| contacts::mobile(typed.expose(), region)).transpose();
        let told = PutContacts {
            mobile: mobile.map_err(|wrong| format!("`mobile`: {wrong}"))?.map(Some),
            mobile_verified: self.mobile_verified,
            mail: self.mail.clone(),
        };
        let reached = known.map(|user| user.contacts.clone()).unwrap_or_default();
        let changed = reached.with(&told).map_err(|wrong| wrong.to_string())? != reached;
        let outcome = match known {
            None => Outcome::Created,
            Some(user) if changed || self.changes(user) => Outcome::Changed,
            Some(_) => Outcome::Unchanged,
        };
        let put = PutUser {
            display: self.display.clone(),
            locale: self.locale,
            group: self.group.clone(),
            protected: self.protected,
            contacts: told,
            ..PutUser::named(self.login_name.clone())
        };
        Ok((outcome, put))
    }

    /// Whether the line says something else of who the user is than is known.
    fn changes(&self, user: &User) -> bool {
        let shown = |name: &LoginName| name.shown().to_string();
        user.login_name.as_ref().map(shown) != Some(shown(&self.login_name))
            || self.display.as_ref().is_some_and(|display| *display != user.display)
            || self.locale.is_some() && self.locale != user.locale
            || self.group.is_some() && self.group != user.group
            || self.protected.is_some_and(|protected| protected != user.protected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        read(text.as_bytes(), Path::new("users.csv")).expect_err("refused").0
    }

    #[test]
    fn a_file_is_read_as_spreadsheets_write_it() {
        let users = read(
            "\u{feff}external_id;login_name;display;locale\r\n4711; jansen ;\"Jansen; Anna\";nl\r\n4712;bakker;;\r\n"
                .as_bytes(),
            Path::new("users.csv"),
        )
        .expect("read");
        assert_eq!(users.len(), 2);
        assert_eq!(users[0].login_name.canonical(), "jansen");
        assert_eq!(users[0].display.as_ref().map(Text::as_str), Some("Jansen; Anna"));
        assert_eq!((users[0].locale, users[0].line), (Some(Locale::Nl), 2));
        assert!(users[1].display.is_none() && users[1].locale.is_none());
    }

    #[test]
    fn every_wrong_line_is_named_and_no_secret() {
        let said = refused(
            "external_id,login_name,locale,totp_secret\n1,anna,nl,CANARY1\n2,bas,de,\n,cor,,\n4,,,\n5,ANNA2,,\n6,anna2,,\n5,dirk,,\n7,eva\n8,f\u{202e}x,,\n",
        );
        for part in ["line 2: `totp_secret`", "line 3: `locale`", "line 4: `external_id`", "line 5: `login_name`"] {
            assert!(said.contains(part), "{said:?} lacks {part:?}");
        }
        for part in [
            "line 7: the same `login_name` as line 6",
            "line 8: the same `external_id` as line 6",
            "line 9: 2 columns",
            "line 10",
        ] {
            assert!(said.contains(part), "{said:?} lacks {part:?}");
        }
        assert!(said.ends_with("nothing was changed"), "{said}");
        assert!(!said.contains("CANARY"), "{said}");
    }

    #[test]
    fn where_a_user_is_reached_is_read_and_not_repeated() {
        let text = "external_id,login_name,protected,mobile_verified,mail\n1,anna,TRUE,false,anna@x.nl; a@x.org\n";
        let users = read(text.as_bytes(), Path::new("users.csv")).expect("read");
        assert_eq!((users[0].protected, users[0].mobile_verified), (Some(true), Some(false)));
        assert_eq!(users[0].mail.as_ref().map(Vec::len), Some(2));
        let said = refused(
            "external_id,login_name,protected,mobile_verified,mail\n1,anna,ja,,\n2,bas,,waar,\n3,cor,,,CANARY\n",
        );
        for part in ["line 2: `protected`", "line 3: `mobile_verified`", "line 4: `mail`"] {
            assert!(said.contains(part), "{said:?} lacks {part:?}");
        }
        assert!(!said.contains("CANARY"), "{said}");
    }

    #[test]
    fn many_wrong_lines_are_counted() {
        let said = refused(&format!("external_id,login_name\n{}", ",x\n".repeat(50)));
        assert!(said.contains("and 30 more"), "{said}");
    }

    #[test]
    fn a_file_of_another_kind_is_told_what_its_columns_are() {
        for text in ["", "naam\nanna\n", "external_id,login_name,wachtwoord\n1,anna,x\n", "external_id\n1\n"] {
            assert!(refused(text).contains("names its columns"), "{text:?}: {}", refused(text));
        }
        assert!(refused("external_id,login_name\n").contains("names no user"));
        let latin =
            read(b"external_id,login_name\n1,anna\n2,ren\xe9\n", Path::new("users.csv")).expect_err("refused").0;
        assert!(latin.contains("line 3 of users.csv is not UTF-8"), "{latin}");
    }

    #[test]
    fn nothing_on_the_way_to_the_server_shows_a_secret() {
        let users = read(
            b"external_id,login_name,totp_secret\n1,anna,GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n",
            Path::new("users.csv"),
        );
        assert!(!format!("{:?}", users.expect("read")).contains("GEZD"));
    }
}
