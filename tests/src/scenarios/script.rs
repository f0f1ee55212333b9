//! The language of the scenarios: how a file is read, what fits an expectation, and how names are filled in.
//!
//! Reading is strict. A step, a field or a word that the language does not have is refused before anything is played.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::stage;

/// One file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The file's name without its ending.
    pub name: String,
    /// What it shows, in a sentence.
    pub shows: String,
    /// What a player must be able to do beyond the ordinary.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// The servers by name, each with the fields of [`stage::Act::Start`].
    pub servers: BTreeMap<String, Map<String, Value>>,
    /// The phones by name.
    pub phones: BTreeMap<String, PhoneIs>,
    /// What happens, one after the other.
    pub steps: Vec<Step>,
}

/// What not every language can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// To give a phone a clock of its own.
    Clock,
}

/// A phone at the beginning: open, with nothing in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhoneIs {
    /// Whether its app is on screen.
    #[serde(default = "yes")]
    pub connected: bool,
    /// By how many seconds its clock is ahead.
    #[serde(default)]
    pub clock_s: i64,
    /// With whom it is paired already.
    #[serde(default)]
    pub paired: Vec<Paired>,
}

/// A pairing that is over when a scenario begins.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paired {
    /// At which server.
    pub server: String,
    /// For which user.
    pub user: String,
    /// Whether it can approve.
    #[serde(default = "yes")]
    pub approvals: bool,
}

impl Paired {
    /// The steps of it, by koppelcode and desk.
    ///
    /// # Errors
    /// None that a file could cause.
    pub fn steps(&self, phone: &str) -> Result<Vec<Step>> {
        let Self { server, user, approvals } = self;
        let host = format!("${server}");
        Ok(serde_json::from_value(json!([
            {"server": server, "do": "user", "user": user},
            {"server": server, "do": "koppelcode", "user": user, "save": {"code": "code"}},
            {"phone": phone, "do": "pair", "door": "koppelcode", "host": host, "user": user, "code": "$code", "approvals": approvals},
            {"phone": phone, "do": "accept", "save": {"check_number": "check_number"}},
            {"server": server, "do": "confirm", "user": user, "check_number": "$check_number"},
            {"phone": phone, "do": "see", "expect": {"accounts": {"any": {"host": host, "user": user, "status": "active"}}}},
        ]))?)
    }
}

/// One step: somebody does something, and something is expected of the answer.
#[derive(Debug, Deserialize)]
pub struct Step {
    /// Which phone; or
    pub phone: Option<String>,
    /// which server.
    pub server: Option<String>,
    /// What the answer must hold. An answer with `error` fails the step unless it is expected.
    #[serde(default)]
    pub expect: Option<Value>,
    /// Names for parts of the answer: name to path.
    #[serde(default)]
    pub save: BTreeMap<String, String>,
    /// For the reader.
    #[serde(default)]
    pub note: Option<String>,
    /// `do` and its fields.
    #[serde(flatten)]
    pub act: Map<String, Value>,
}

/// What a phone, or the person who holds it, can do. The README of the scenarios says what each does and answers.
#[expect(missing_docs, reason = "the README of the scenarios says what each field is")]
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum PhoneAct {
    /// The app is opened on what lies in its folder.
    Open {
        #[serde(default = "yes")]
        connected: bool,
    },
    /// The app is closed in good order.
    Close,
    /// The app is killed.
    Kill,
    /// The app comes on screen.
    Connect,
    /// The app leaves the screen.
    Disconnect,
    /// Pull to refresh.
    Refresh,
    /// Waits until the state is as expected.
    See,
    /// An invitation is used.
    Pair {
        /// Flat beside `do` in a file.
        door: Door,
    },
    /// The person agrees to the newest offer.
    Accept {
        #[serde(default)]
        prompt: Prompt,
        #[serde(default = "yes")]
        waits: bool,
    },
    /// The person gives the newest pairing up.
    Decline,
    /// A challenge comes on screen.
    Show { challenge: Option<String> },
    /// The person approves.
    Approve {
        challenge: Option<String>,
        number: Option<String>,
        #[serde(default)]
        prompt: Prompt,
    },
    /// The person says no.
    Deny { challenge: Option<String>, reason: Reason },
    /// The person who reported wants the lock lifted.
    Unlock {
        #[serde(default)]
        account: usize,
    },
    /// A push brings an envelope.
    Receive { envelope: String },
    /// A label of the person's own.
    Rename {
        #[serde(default)]
        account: usize,
        label: String,
    },
    /// An account is removed.
    Remove {
        #[serde(default)]
        account: usize,
    },
    /// The oldest notice was read.
    Dismiss,
    /// The secret store of the phone.
    Secrets { are: Secrets },
    /// After a lost key: the vault is put aside.
    StartAfresh,
}

/// How a person gets an invitation into the phone.
#[expect(missing_docs, reason = "the README of the scenarios says what each field is")]
#[derive(Debug, Deserialize)]
#[serde(tag = "door", rename_all = "snake_case")]
pub enum Door {
    /// A QR code or a link.
    Link {
        link: String,
        #[serde(flatten)]
        how: How,
    },
    /// Typed.
    Koppelcode {
        host: String,
        user: String,
        code: String,
        #[serde(flatten)]
        how: How,
    },
    /// User name and password.
    Login {
        host: String,
        user: String,
        password: String,
        #[serde(flatten)]
        how: How,
    },
}

/// What is common to all doors.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct How {
    /// Whether a key is made that approves.
    #[serde(default = "yes")]
    pub approvals: bool,
    /// Whether the step waits for the offer.
    #[serde(default = "yes")]
    pub waits: bool,
}

/// What the person does at the prompt for finger, face or PIN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// Agrees.
    #[default]
    Agrees,
    /// Steps back.
    Cancels,
    /// Nothing: the step ends while the prompt is open.
    StaysOpen,
    /// Learns that the key is gone for good.
    KeyGone,
    /// Fails: too many wrong fingers.
    Fails,
}

/// Why a person says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A slip.
    Mistake,
    /// A report.
    NotMe,
}

/// What the secret store does from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Secrets {
    /// It answers.
    Open,
    /// It is locked, as before the first unlock.
    Locked,
    /// It lost everything, as after a restored backup.
    Gone,
}

fn yes() -> bool {
    true
}

impl Scenario {
    /// Reads one file.
    ///
    /// # Errors
    /// When it says anything that the language does not have.
    pub fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file)?;
        let scenario = Self::parse(&text).with_context(|| file.display().to_string())?;
        ensure!(file.file_stem().is_some_and(|stem| stem == &*scenario.name), "{} is not its name", file.display());
        Ok(scenario)
    }

    /// Reads the text of one.
    ///
    /// # Errors
    /// As [`Scenario::read`].
    pub fn parse(text: &str) -> Result<Self> {
        let scenario: Self = serde_json::from_str(text)?;
        for settings in scenario.servers.values() {
            let mut start = settings.clone();
            start.insert("do".into(), json!("start"));
            serde_json::from_value::<stage::Act>(start.into())?;
        }
        let paired = scenario.phones.values().flat_map(|is| &is.paired);
        for Paired { server, .. } in paired {
            ensure!(scenario.servers.contains_key(server), "no server {server}");
        }
        for (index, step) in scenario.steps.iter().enumerate() {
            scenario.understands(step).with_context(|| format!("step {index}: {:?}", step.act))?;
        }
        Ok(scenario)
    }

    fn understands(&self, step: &Step) -> Result<()> {
        match (&step.phone, &step.server) {
            (Some(phone), None) => {
                ensure!(self.phones.contains_key(phone), "no phone {phone}");
                drop(step.phone_act(step.act.clone())?);
            }
            (None, Some(server)) => {
                ensure!(self.servers.contains_key(server), "no server {server}");
                serde_json::from_value::<stage::Act>(step.act.clone().into())?;
            }
            _ => bail!("a step is of one phone or of one server"),
        }
        Ok(())
    }
}

impl Step {
    /// The act of a phone's step.
    ///
    /// # Errors
    /// When phones do no such thing.
    pub fn phone_act(&self, act: Map<String, Value>) -> Result<PhoneAct> {
        // serde cannot refuse the unknown beside a flattened part.
        if act.get("do").is_some_and(|verb| verb == "pair") {
            let door = ["do", "door", "approvals", "waits", "host", "user", "code", "password", "link"];
            if let Some(unknown) = act.keys().find(|field| !door.contains(&field.as_str())) {
                bail!("a pairing has no {unknown}");
            }
            let mut act = act;
            act.remove("do");
            return Ok(PhoneAct::Pair { door: serde_json::from_value(act.into())? });
        }
        Ok(serde_json::from_value(act.into())?)
    }
}

/// Fills in names: `$name` is what was saved under it, `$!name` the same with every digit changed: a wrong one.
///
/// # Errors
/// When nothing was saved under a name.
pub fn fill_in(value: &Value, saved: &BTreeMap<String, Value>) -> Result<Value> {
    let known = |name: &str| saved.get(name).with_context(|| format!("nothing was saved as {name}"));
    Ok(match value {
        Value::String(text) => match text.strip_prefix('$') {
            None => value.clone(),
            Some(name) => match name.strip_prefix('!') {
                None => known(name)?.clone(),
                Some(name) => other(known(name)?.as_str().context("not a text")?).into(),
            },
        },
        Value::Array(items) => items.iter().map(|item| fill_in(item, saved)).collect::<Result<_>>()?,
        Value::Object(fields) => {
            let filled = fields.iter().map(|(name, field)| Ok((name.clone(), fill_in(field, saved)?)));
            Value::Object(filled.collect::<Result<_>>()?)
        }
        _ => value.clone(),
    })
}

fn other(digits: &str) -> String {
    let next = |digit: char| match digit {
        '0'..='8' => char::from(digit as u8 + 1),
        '9' => '0',
        other => other,
    };
    digits.chars().map(next).collect()
}

/// What of `actual` is not as expected; none when it fits.
#[must_use]
pub fn misfit(expected: &Value, actual: &Value) -> Option<String> {
    let wrong = || Some(format!("expected {expected}, not {actual}"));
    match (expected, actual) {
        (Value::Object(fields), _) if fields.len() == 1 && fields.contains_key("between") => {
            let (low, high) = (fields["between"][0].as_i64()?, fields["between"][1].as_i64()?);
            if actual.as_i64().is_some_and(|number| (low..=high).contains(&number)) { None } else { wrong() }
        }
        (Value::Object(fields), Value::Array(items)) if fields.len() == 1 && fields.contains_key("any") => {
            if items.iter().any(|item| misfit(&fields["any"], item).is_none()) { None } else { wrong() }
        }
        (Value::Object(fields), Value::Array(items)) if fields.len() == 1 && fields.contains_key("none") => {
            if items.iter().any(|item| misfit(&fields["none"], item).is_none()) { wrong() } else { None }
        }
        (Value::Object(fields), Value::Object(_)) => fields.iter().find_map(|(name, field)| {
            misfit(field, actual.get(name).unwrap_or(&Value::Null)).map(|wrong| format!("{name}: {wrong}"))
        }),
        (Value::Array(wanted), Value::Array(items)) if wanted.len() == items.len() => {
            wanted.iter().zip(items).find_map(|(wanted, item)| misfit(wanted, item))
        }
        _ if expected == actual => None,
        _ => wrong(),
    }
}

/// The part of an answer at a path like `challenges.0.id`.
#[must_use]
pub fn part<'a>(answer: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(answer, |value, step| match step.parse::<usize>() {
        Ok(index) => value.get(index),
        Err(_) => value.get(step),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_step(step: &str) -> Result<Scenario> {
        Scenario::parse(&format!(
            r#"{{"name": "x", "shows": "x", "servers": {{"linden": {{}}}}, "phones": {{"one": {{}}}}, "steps": [{step}]}}"#
        ))
    }

    #[test]
    fn what_the_language_does_not_have_is_refused() {
        assert!(with_step(r#"{"phone": "one", "do": "approve", "number": "$n", "expect": {}, "note": "x"}"#).is_ok());
        for unknown in [
            r#"{"phone": "one", "do": "dance"}"#,
            r#"{"phone": "one", "do": "approve", "nummer": "1"}"#,
            r#"{"phone": "one", "do": "approve", "prompt": "dances"}"#,
            r#"{"phone": "one", "do": "pair", "door": "window"}"#,
            r#"{"phone": "one", "do": "pair", "door": "link", "link": "x", "wait": true}"#,
            r#"{"phone": "two", "do": "see"}"#,
            r#"{"server": "linden", "do": "begin_login", "user": "x", "mode": "code", "wait": true}"#,
            r#"{"server": "linde", "do": "kill"}"#,
            r#"{"server": "linden", "phone": "one", "do": "kill"}"#,
        ] {
            assert!(with_step(unknown).is_err(), "{unknown}");
        }
        let server = r#"{"name": "x", "shows": "x", "servers": {"a": {"sets": []}}, "phones": {}, "steps": []}"#;
        assert!(Scenario::parse(server).is_err());
    }

    #[test]
    fn what_fits_and_what_does_not() {
        let answer = json!({"a": [{"n": 5, "m": 6}], "b": "x"});
        for fits in [
            json!({}),
            json!({"b": "x"}),
            json!({"a": [{"n": 5}]}),
            json!({"a": {"any": {"m": 6}}}),
            json!({"a": {"none": {"m": 7}}}),
            json!({"a": [{"n": {"between": [1, 5]}}]}),
            json!({"c": null}),
        ] {
            assert_eq!(misfit(&fits, &answer), None);
        }
        for not in [
            json!({"b": "y"}),
            json!({"a": []}),
            json!({"a": {"any": {"m": 5}}}),
            json!({"a": {"none": {"m": 6}}}),
            json!({"a": [{"n": {"between": [6, 9]}}]}),
            json!({"c": 1}),
        ] {
            assert!(misfit(&not, &answer).is_some(), "{not}");
        }
    }

    #[test]
    fn names_are_filled_in() -> Result<()> {
        let saved = BTreeMap::from([("n".to_owned(), json!("129"))]);
        assert_eq!(fill_in(&json!({"a": ["$n", "$!n", "n"]}), &saved)?, json!({"a": ["129", "230", "n"]}));
        assert!(fill_in(&json!("$m"), &saved).is_err());
        Ok(())
    }
}
