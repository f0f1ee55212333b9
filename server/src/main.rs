//! `koppel-server`: the verification server and its commands.

mod arguments;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use koppel_server::commands::{self, Refused};
use koppel_server::log::{self, Format};
use koppel_server::{Config, Server};
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

use arguments::{Arguments, Do, RelyingPartyTask, UserTask};

fn main() -> ExitCode {
    let Arguments { common, command } = Arguments::parse();
    let json = common.json;
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(json, &Refused(format!("the system gave no threads: {error}"))),
    };
    let done = runtime.block_on(async {
        let config = || common.config().map_err(|error| Refused(error.to_string()));
        match command {
            Do::Serve(serve) => {
                let (config, format) = common.serve(serve).map_err(|error| Refused(error.to_string()))?;
                self::serve(config, format).await.map(|()| None)
            }
            Do::Init(init) => commands::init(&config()?, init.organisation()).await.map(Some),
            Do::Status => commands::perform(&config()?, commands::Command::Status).await.map(Some),
            Do::Clock { confirm } => {
                commands::perform(&config()?, commands::Command::Clock { confirm }).await.map(Some)
            }
            Do::Restore => commands::restore(&config()?).await.map(Some),
            Do::Organisation(organisation) => commands::perform(&config()?, organisation.command()).await.map(Some),
            Do::RelyingParty(party) => match party.task() {
                RelyingPartyTask::Command(command) => commands::perform(&config()?, command).await.map(Some),
                RelyingPartyTask::Progress(report) => {
                    commands::progress_report(&config()?, report, say_how_many).await.map(Some)
                }
            },
            Do::Key(key) => commands::perform(&config()?, key.command()).await.map(Some),
            Do::Webhook(webhook) => commands::perform(&config()?, webhook.command()).await.map(Some),
            Do::Mail(mail) => commands::perform(&config()?, mail.command()).await.map(Some),
            Do::Operator(operator) => commands::perform(&config()?, operator.command()).await.map(Some),
            Do::User(user) => match user.task() {
                UserTask::Command(command) => commands::perform(&config()?, command).await.map(Some),
                UserTask::Import(import) => commands::import(&config()?, import, say_how_far).await.map(Some),
            },
        }
    });
    match done {
        Ok(Some(answer)) => {
            print(json, &answer);
            ExitCode::SUCCESS
        }
        Ok(None) => ExitCode::SUCCESS,
        Err(refused) => failed(json, &refused),
    }
}

/// Runs until SIGTERM or SIGINT; a second signal does not wait.
async fn serve(config: Config, format: Format) -> Result<(), Refused> {
    log::begin(format);
    log::keep_memory_private();
    let signals = signal(SignalKind::terminate()).and_then(|term| Ok((term, signal(SignalKind::interrupt())?)));
    let (mut terminate, mut interrupt) =
        signals.map_err(|error| Refused(format!("signals cannot be received: {error}")))?;
    let secure = config.tls.is_some();
    let running = Server::start(config).await?;
    let scheme = if secure { "https" } else { "http" };
    let mut out = std::io::stdout();
    let _ = writeln!(out, "listening on {scheme}://{}", running.address());
    let _ = out.flush();
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tokio::select! {
        () = running.stop() => Ok(()),
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    }
}

/// On stderr: what is asked for goes to stdout.
fn say_how_far(done: usize, of: usize) {
    let _ = writeln!(std::io::stderr(), "{done} of {of} users");
}

fn say_how_many(done: u64) {
    let _ = writeln!(std::io::stderr(), "{done} users");
}

fn print(json: bool, answer: &Value) {
    let mut out = std::io::stdout().lock();
    if json {
        let _ = writeln!(out, "{answer}");
    } else {
        let _ = write_plainly(&mut out, answer, 0);
    }
}

/// Names and values, one a line, indented by depth.
fn write_plainly(out: &mut impl Write, value: &Value, depth: usize) -> std::io::Result<()> {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.replace('_', " ");
                match value {
                    Value::Null => {}
                    Value::Object(_) => {
                        writeln!(out, "{indent}{name}:")?;
                        write_plainly(out, value, depth + 1)?;
                    }
                    Value::Array(items) if items.iter().all(|item| !item.is_object()) => {
                        let items: Vec<_> = items.iter().map(plain).collect();
                        writeln!(out, "{indent}{name}: {}", items.join(" "))?;
                    }
                    Value::Array(items) => {
                        writeln!(out, "{indent}{name}:")?;
                        for item in items {
                            write_plainly(out, item, depth + 1)?;
                            writeln!(out)?;
                        }
                    }
                    _ => writeln!(out, "{indent}{name}: {}", plain(value))?,
                }
            }
            Ok(())
        }
        other => writeln!(out, "{indent}{}", plain(other)),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn failed(json: bool, refused: &Refused) -> ExitCode {
    if json {
        let _ = writeln!(std::io::stdout(), "{}", serde_json::json!({ "error": refused.0 }));
    }
    let _ = writeln!(std::io::stderr(), "koppel-server: {refused}");
    ExitCode::FAILURE
}
