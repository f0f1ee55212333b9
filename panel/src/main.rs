//! `koppel-panel`: serves the panel, and cares for its two files.

use std::fs;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{CommandFactory as _, Parser as _};
use koppel_panel::address::Address;
use koppel_panel::arguments::{Arguments, Command, KeyCommand, Log, Serve, UserCommand, WhichKey};
use koppel_panel::clock::Clock;
use koppel_panel::directory::DirectorySecret;
use koppel_panel::json_file::JsonFile;
use koppel_panel::pins::{Origin, Pins};
use koppel_panel::site::{DIRECTORY_PATH, Panel, RETURN_PATH, Settings};
use koppel_panel::users::{Subscriber, Users};
use koppel_panel::verification::{ANSWER_WITHIN, Mode, VerificationServer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match (arguments.command, arguments.serve) {
        (Some(Command::User(command)), _) => add_user(command),
        (Some(Command::Key(command)), _) => keys(command),
        (None, Some(serve)) => run(serve),
        (None, None) => Arguments::command().print_help().map_err(Into::into),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("koppel-panel: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(serve: Serve) -> anyhow::Result<()> {
    log(serve.log);
    let listener = TcpListener::bind(serve.listen)
        .await
        .with_context(|| format!("cannot listen on {}; --listen with port 0 takes a free one", serve.listen))?;
    let local = listener.local_addr()?;
    let panel = assemble(&serve, local)?;

    let mut stdout = io::stdout();
    writeln!(stdout, "listening on http://{local}")?;
    stdout.flush()?;
    let service = panel.router().into_make_service_with_connect_info::<SocketAddr>();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    axum::serve(listener, service)
        .with_graceful_shutdown(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
        .await?;
    Ok(())
}

/// Reads every file and checks every setting, so that what is wrong is said at start.
fn assemble(serve: &Serve, local: SocketAddr) -> anyhow::Result<std::sync::Arc<Panel>> {
    let clock = Clock::system();
    let public_url = match &serve.public_url {
        Some(url) => url.clone(),
        None => format!("http://{local}")
            .parse::<Address>()
            .with_context(|| format!("http://{local} cannot be the public address; give --public-url https://…"))?,
    };
    let mut users = match &serve.users {
        Some(path) => Users::in_file(JsonFile::at(path)).context("`koppel-panel user add` makes a file of users")?,
        None => Users::none()?,
    };
    if serve.example_users {
        if !public_url.is_loopback() {
            bail!("--example-users have public passwords and are for loopback addresses only, not for {public_url}");
        }
        users = users.with_examples()?;
    }
    let pins = JsonFile::at(&serve.state);
    pins.create::<Pins>()?;

    let key = secret_file(&serve.api_key_file, "the API key; `koppel-server key add --scope verify` prints one")?;
    let visible = |key: &str| key.starts_with("kp_") && key.bytes().all(|b| b.is_ascii_graphic());
    if !visible(&key) {
        bail!("{} holds no API key: it begins with kp_ and has no white space", serve.api_key_file.display());
    }
    let directory = match &serve.directory_secret_file {
        Some(path) => {
            let text = secret_file(path, "the directory secret; `koppel-server init --directory-url` prints one")?;
            let short = || format!("{} is too short for a secret", path.display());
            Some(DirectorySecret::new(&text).with_context(short)?)
        }
        None => None,
    };
    let roots = serve.ca.as_deref().map(certificates).transpose()?.unwrap_or_default();
    let api = serve.server_api.clone().unwrap_or_else(|| serve.server.clone());
    let server = VerificationServer::new(api, serve.server.clone(), key, roots, ANSWER_WITHIN)?;

    tracing::info!(
        return_url = format!("{public_url}{RETURN_PATH}"),
        directory_url = directory.is_some().then(|| format!("{public_url}{DIRECTORY_PATH}")),
        "serving"
    );
    if serve.require_device_signature && serve.mode == Some(Mode::Code) {
        bail!("--require-device-signature needs --mode number: with a typed code no phone signs anything");
    }
    let settings = Settings {
        public_url,
        mode: serve.mode.or(serve.require_device_signature.then_some(Mode::Number)),
        require_signature: serve.require_device_signature,
        roll_out: serve.roll_out,
        trusted_proxies: serve.trusted_proxy.clone(),
    };
    Ok(Panel::new(settings, users, pins, server, directory, clock))
}

fn log(form: Log) {
    let level = tracing::Level::INFO;
    let lines = tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(level);
    match form {
        Log::Text => lines.with_ansi(io::stderr().is_terminal()).init(),
        Log::Json => lines.json().init(),
    }
}

/// The text of a file without the line's end.
fn secret_file(path: &Path, what: &str) -> anyhow::Result<Zeroizing<String>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {} ({what})", path.display()))?;
    let text = Zeroizing::new(text);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
            tracing::warn!("others can read {}; chmod 600 it", path.display());
        }
    }
    Ok(Zeroizing::new(text.trim().to_owned()))
}

fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let unreadable = || format!("{} holds no certificates in PEM form", path.display());
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).with_context(unreadable)?.collect();
    let found = found.with_context(unreadable)?;
    if found.is_empty() {
        bail!(unreadable());
    }
    Ok(found)
}

fn add_user(
    UserCommand::Add { users, login_name, display, extension, password_file }: UserCommand,
) -> anyhow::Result<()> {
    let password = match password_file {
        Some(path) if path == Path::new("-") => {
            let mut text = Zeroizing::new(String::new());
            io::stdin().read_to_string(&mut text)?;
            first_line(&text)
        }
        Some(path) => first_line(&Zeroizing::new(
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?,
        )),
        None => {
            let asked = rpassword::prompt_password("Password: ");
            Zeroizing::new(asked.context("there is no terminal to ask on; give --password-file")?)
        }
    };
    let display = display.unwrap_or_else(|| login_name.clone());
    let new = Subscriber::new(&login_name, &display, &extension, &password, Clock::system().now())?;
    let user = Users::add(&JsonFile::at(users), new)?;
    println!("added {} as {}", user.login_name, user.external_id);
    Ok(())
}

fn first_line(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.lines().next().unwrap_or_default().to_owned())
}

fn keys(command: KeyCommand) -> anyhow::Result<()> {
    match command {
        KeyCommand::List { state } => {
            let pins: Pins = JsonFile::at(state).read()?;
            for user in pins.users() {
                for pin in pins.of(user) {
                    let how = match &pin.origin {
                        Origin::First => "first key of its user".to_owned(),
                        Origin::Endorsed { by } => format!("endorsed by {by}"),
                        Origin::Accepted => "accepted".to_owned(),
                        Origin::Waiting => "waiting: not trusted".to_owned(),
                    };
                    println!("{user}\t{}\t{how}", pin.device);
                }
            }
            Ok(())
        }
        KeyCommand::Accept(key) => change(&key, Pins::accept, "waits"),
        KeyCommand::Forget(key) => change(&key, Pins::forget, "is known"),
    }
}

fn change(key: &WhichKey, act: impl FnOnce(&mut Pins, &str, &str) -> bool, state: &str) -> anyhow::Result<()> {
    let done = JsonFile::at(&key.state).change(|pins: &mut Pins| act(pins, &key.user, &key.device))?;
    if !done {
        bail!("no key of {} on {} {state}; `koppel-panel key list` shows them", key.user, key.device);
    }
    Ok(())
}
