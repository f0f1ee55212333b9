//! Plays a scenario with phones in Rust.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::Instant,
};

use super::{
    phone::Phone,
    script::{PhoneAct, Scenario, Step, fill_in, misfit, part},
};
use crate::server_process::programs;

/// How long a phone may take to show what must come.
const PATIENCE: Duration = Duration::from_secs(75);

/// All scenarios, by name.
///
/// # Errors
/// When one of them cannot be read.
pub fn all() -> Result<Vec<Scenario>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files: Result<Vec<PathBuf>, _> = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect();
    let mut files: Vec<PathBuf> = files.map_err(|error: std::io::Error| error)?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    files.iter().map(|file| Scenario::read(file)).collect()
}

/// Plays one to its end.
///
/// # Errors
/// The first step that does not come out as expected.
pub async fn play(scenario: &Scenario) -> Result<()> {
    let mut play = Play { stage: Stage::start()?, phones: BTreeMap::new(), saved: BTreeMap::new() };
    for (name, settings) in &scenario.servers {
        let mut start = settings.clone();
        start.insert("do".into(), json!("start"));
        let answer = play.stage.act(name, start).await?;
        play.saved.insert(name.clone(), answer["host"].clone());
    }
    for (name, is) in &scenario.phones {
        play.phones.insert(name.clone(), Phone::new(is.clock_s).await?);
        for paired in &is.paired {
            for step in paired.steps(name)? {
                play.step(&step).await.with_context(|| format!("{name} pairs: {:?}", step.act))?;
            }
        }
        if !is.connected {
            play.phones.get_mut(name).context("no phone")?.does(PhoneAct::Disconnect).await?;
        }
    }
    for (index, step) in scenario.steps.iter().enumerate() {
        let (who, act) = (step.phone.as_ref().or(step.server.as_ref()), Value::Object(step.act.clone()));
        play.step(step).await.with_context(|| format!("step {index}, {}: {act}", who.map_or("", String::as_str)))?;
    }
    Ok(())
}

struct Play {
    stage: Stage,
    phones: BTreeMap<String, Phone>,
    saved: BTreeMap<String, Value>,
}

impl Play {
    async fn step(&mut self, step: &Step) -> Result<()> {
        let Value::Object(act) = fill_in(&Value::Object(step.act.clone()), &self.saved)? else { bail!("no act") };
        let expected = fill_in(step.expect.as_ref().unwrap_or(&json!({})), &self.saved)?;
        let answer = match (&step.phone, &step.server) {
            (Some(phone), _) => {
                let phone = self.phones.get_mut(phone).context("no such phone")?;
                if act["do"] == "see" { see(phone, &expected).await? } else { phone.does(step.phone_act(act)?).await? }
            }
            (None, server) => self.stage.act(server.as_ref().context("no server")?, act).await?,
        };
        ensure!(answer.get("error").is_none() || expected.get("error").is_some(), "it failed: {answer}");
        if let Some(wrong) = misfit(&expected, &answer) {
            bail!("{wrong} in {answer}");
        }
        for (name, path) in &step.save {
            let part = part(&answer, path).filter(|part| !part.is_null());
            self.saved.insert(name.clone(), part.with_context(|| format!("no {path} in {answer}"))?.clone());
        }
        Ok(())
    }
}

async fn see(phone: &Phone, expected: &Value) -> Result<Value> {
    let begin = Instant::now();
    loop {
        let state = phone.state()?;
        match misfit(expected, &state) {
            Some(wrong) if begin.elapsed() > PATIENCE => bail!("never seen: {wrong} in {state}"),
            Some(_) => tokio::time::sleep(Duration::from_millis(25)).await,
            None => return Ok(state),
        }
    }
}

/// `koppel-stage` as a process, killed with this value.
struct Stage {
    _child: Child,
    acts: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Stage {
    fn start() -> Result<Self> {
        let mut child = Command::new(programs().join("koppel-stage"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("koppel-stage is not built: cargo build --profile ci --workspace")?;
        let acts = child.stdin.take().context("stdin")?;
        let answers = BufReader::new(child.stdout.take().context("stdout")?).lines();
        Ok(Self { _child: child, acts, answers })
    }

    async fn act(&mut self, server: &str, mut act: Map<String, Value>) -> Result<Value> {
        act.insert("server".into(), json!(server));
        self.acts.write_all(format!("{}\n", Value::Object(act)).as_bytes()).await?;
        let line = self.answers.next_line().await?.context("the stage ended")?;
        let mut said: Value = serde_json::from_str(&line)?;
        match said["failure"].as_str() {
            Some(failure) => bail!("{failure}"),
            None => Ok(said["answer"].take()),
        }
    }
}
