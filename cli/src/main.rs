//! koppel: the companion in a terminal.
//!
//! ```text
//! arguments, help ─▶ phone (folder, lock, secrets, client) ─▶ session ◀─▶ a face: json · lines · screen
//! ```
//!
//! A [`session`] is the same whoever looks at it; the three faces differ in how they show what happened and how they are told
//! what is wanted. All words stand in `l10n/terminal.*.ftl`.

mod arguments;
mod ask;
mod codes;
mod complaint;
mod countdown;
mod digits;
mod doors;
mod happening;
mod help;
mod json;
mod lines;
mod phone;
mod screen;
mod sentences;
mod session;
mod texts;

use std::io::IsTerminal;
use std::process::ExitCode;

use koppel_core::{AccountView, Invitation, State};
use koppel_protocol::SecretText;
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::arguments::{Arguments, Command, Pair};
use crate::ask::Asker;
use crate::complaint::Complaint;
use crate::happening::{Face, PairWish, Wish};
use crate::json::Json;
use crate::lines::Lines;
use crate::phone::{Phone, Place};
use crate::screen::Screen;
use crate::session::{End, Goal, Session};
use crate::texts::{Locale, Texts};

/// What is freed is overwritten first, also by libraries that forgot to.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    let line: Vec<_> = std::env::args_os().collect();
    let arguments = match help::read(line.clone()) {
        Ok(arguments) => arguments,
        Err(error) => {
            if error.use_stderr() && help::names_a_link(&line) {
                // Clap would repeat it, and there is a secret in it.
                let complaint = Complaint::of("command-with-link");
                eprintln!("{}", sentences::complaint(&Texts::of(help::language(&line)), &complaint));
                return ExitCode::from(complaint.exit());
            }
            // Help and version go to standard output and are no failure; clap knows which it is.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let locale = arguments.locale.unwrap_or_else(|| help::language(&line));
    log();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return finish(&arguments, locale, Err(error.into())),
    };
    let ended = runtime.block_on(run(&arguments, locale));
    // A thread that still waits for a key must not keep the program alive.
    runtime.shutdown_background();
    finish(&arguments, locale, ended)
}

/// Why a program ends: said already, or still to be said.
enum Ending {
    Said(Complaint),
    Unsaid(Complaint),
}

impl From<Complaint> for Ending {
    fn from(complaint: Complaint) -> Self {
        Self::Unsaid(complaint)
    }
}

impl From<std::io::Error> for Ending {
    fn from(error: std::io::Error) -> Self {
        Self::Unsaid(error.into())
    }
}

fn finish(arguments: &Arguments, locale: Locale, ended: Result<(), Ending>) -> ExitCode {
    let complaint = match ended {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Ending::Said(complaint)) => complaint,
        Err(Ending::Unsaid(complaint)) => {
            let texts = Texts::of(locale);
            match arguments.json {
                true => Json::last_complaint(&texts, &complaint),
                false => eprintln!("{}", sentences::complaint(&texts, &complaint)),
            }
            complaint
        }
    };
    ExitCode::from(complaint.exit())
}

/// Logs go to standard error and are off unless `RUST_LOG` asks for them; nothing secret is ever in one.
fn log() {
    let asked = EnvFilter::try_from_default_env().unwrap_or_else(|_| "off".into());
    // Libraries log what they send and receive; only our own words are let through.
    let ours = filter_fn(|metadata| metadata.target().starts_with("koppel"));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_filter(ours);
    tracing_subscriber::registry().with(asked).with(lines).init();
}

async fn run(arguments: &Arguments, locale: Locale) -> Result<(), Ending> {
    let texts = || Texts::of(locale);
    let place = Place::of(arguments)?;
    let mut asker = Asker::new(texts(), arguments.pin_file.as_deref(), arguments.json)?;
    match &arguments.command {
        None => live(arguments, &place, &mut asker, locale).await,
        Some(Command::Pair(pair)) => self::pair(arguments, pair, &place, &mut asker, locale).await,
        Some(Command::StartAfresh) => start_afresh(arguments, &place, &mut asker, &texts()).await,
        Some(Command::Codes { what }) => Ok(codes::run(arguments, what.as_ref(), &place, &mut asker, locale).await?),
        Some(_) if !place.is_used() => {
            if arguments.json {
                json::write(&json::accounts_event(&State::default()));
            } else {
                println!("{}", texts().say("welcome"));
            }
            match arguments.command {
                Some(Command::Accounts) => Ok(()),
                _ => Err(Ending::Said(Complaint::of("no-such-account"))),
            }
        }
        Some(Command::Accounts) => {
            let phone = place.open(&mut asker).await?;
            accounts(arguments, &phone.client.state(), &texts());
            phone.client.stop().await;
            Ok(())
        }
        Some(Command::TestPhone { account }) => {
            let phone = place.open(&mut asker).await?;
            let wish = match account {
                None => Wish::Test(None),
                Some(named) => Wish::Test(Some(find(&phone.client.state(), named)?.account)),
            };
            sit(arguments, &phone, &asker, locale, Goal::Test, vec![wish]).await
        }
        Some(Command::Rename { account, label }) => {
            let phone = place.open(&mut asker).await?;
            let account = find(&phone.client.state(), account)?.account;
            phone.client.rename(account, label.clone()).await.map_err(Complaint::from)?;
            accounts(arguments, &phone.client.state(), &texts());
            phone.client.stop().await;
            Ok(())
        }
        Some(Command::Remove { account }) => remove(arguments, account, &place, &mut asker, &texts()).await,
    }
}

async fn live(arguments: &Arguments, place: &Place, asker: &mut Asker, locale: Locale) -> Result<(), Ending> {
    if !place.is_used() && !arguments.json {
        println!("{}", Texts::of(locale).say("welcome"));
        return Ok(());
    }
    let phone = place.open(asker).await?;
    sit(arguments, &phone, asker, locale, Goal::Live, Vec::new()).await
}

async fn pair(
    arguments: &Arguments,
    pair: &Pair,
    place: &Place,
    asker: &mut Asker,
    locale: Locale,
) -> Result<(), Ending> {
    // Everything that can be mistyped is read before the folder is touched or a network asked.
    let name = doors::device_name(pair.name.as_deref())?;
    let invitation = door(pair, asker)?;
    let texts = Texts::of(locale);
    if !arguments.yes && !arguments.json {
        let host = match &invitation {
            Invitation::Link(link) => link.origin.host().to_string(),
            Invitation::Koppelcode { origin, .. } | Invitation::Login { origin, .. } => origin.host().to_string(),
        };
        let question = texts.say_with("agree-host", &[("host", host.into())]);
        if !asker.agrees(&question)? {
            return Err(Complaint::of("cancelled").into());
        }
    }
    let phone = place.open(asker).await?;
    let approvals = !pair.codes_only;
    let pin = match approvals {
        true => Some(phone::pin_for_pairing(&phone, asker).await?),
        false => None,
    };
    let wish = PairWish { invitation, name, approvals, pin };
    let goal = Goal::Pair { stay: pair.stay, no_wait: pair.no_wait };
    sit(arguments, &phone, asker, locale, goal, vec![Wish::Pair(Box::new(wish))]).await
}

/// The door that was named, or that the person is asked for.
fn door(pair: &Pair, asker: &Asker) -> Result<Invitation, Complaint> {
    if let Some(link) = &pair.link {
        return doors::by_link(link);
    }
    let Some(server) = &pair.server else {
        let link = asker.line("ask-link-or-server")?;
        if link.contains('#') {
            return doors::by_link(&link);
        }
        let origin = doors::server(&link)?;
        let user = asker.line("ask-user")?;
        return doors::by_code(origin, &user, &asker.line("ask-koppelcode")?);
    };
    let origin = doors::server(server)?;
    let user = match &pair.user {
        Some(user) => user.clone(),
        None => asker.line("ask-user")?,
    };
    if pair.login {
        let password = asker.password(pair.password_file.as_deref())?;
        let password = SecretText::new(password.to_string()).map_err(|_| Complaint::of("password-needed"))?;
        return doors::by_login(origin, &user, password);
    }
    let code = match &pair.code {
        Some(code) => code.clone(),
        None => asker.line("ask-koppelcode")?,
    };
    doors::by_code(origin, &user, &code)
}

/// Puts the right face before a session and runs it.
async fn sit(
    arguments: &Arguments,
    phone: &Phone,
    asker: &Asker,
    locale: Locale,
    goal: Goal,
    first: Vec<Wish>,
) -> Result<(), Ending> {
    let texts = Texts::of(locale);
    let stays = matches!(goal, Goal::Live | Goal::Pair { stay: true, .. });
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if arguments.json {
        return with(Json::new(texts, stays), arguments, phone, asker, goal, first).await;
    }
    if stays && terminal && !arguments.plain {
        let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let screen = Screen::open(texts, colours, is_ascii())?;
        return with(screen, arguments, phone, asker, goal, first).await;
    }
    with(Lines::new(texts, arguments.plain, goal), arguments, phone, asker, goal, first).await
}

async fn with<F: Face>(
    mut face: F,
    arguments: &Arguments,
    phone: &Phone,
    asker: &Asker,
    goal: Goal,
    first: Vec<Wish>,
) -> Result<(), Ending> {
    let (session, results) = Session::new(phone, &mut face, goal, arguments.yes, asker.given_pin());
    match session.run(results, first).await {
        End::Done => Ok(()),
        End::Failed(complaint) => Err(Ending::Said(complaint)),
    }
}

/// Whether the terminal's character set is named, and is not Unicode.
fn is_ascii() -> bool {
    let named = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    named.is_some_and(|value| !value.to_lowercase().replace('-', "").contains("utf8"))
}

fn accounts(arguments: &Arguments, state: &State, texts: &Texts) {
    if arguments.json {
        json::write(&json::accounts_event(state));
        return;
    }
    if state.accounts.is_empty() {
        println!("{}", texts.say("welcome"));
    }
    for view in &state.accounts {
        println!("{}  {}", view.account, sentences::name(view));
        println!("    {}, {}", view.user, view.host);
        println!("    {}", sentences::status(texts, view));
    }
}

/// An account by its id, its label, or its host, where only one has it.
fn find<'a>(state: &'a State, named: &str) -> Result<&'a AccountView, Complaint> {
    let by_id = state.accounts.iter().find(|view| view.account.to_string() == named);
    let mut by_name = state
        .accounts
        .iter()
        .filter(|view| view.label.eq_ignore_ascii_case(named) || view.host.to_string() == named || view.user == named);
    match (by_id, by_name.next(), by_name.next()) {
        (Some(view), _, _) | (None, Some(view), None) => Ok(view),
        _ => Err(Complaint::about("no-such-account", named)),
    }
}

async fn remove(
    arguments: &Arguments,
    named: &str,
    place: &Place,
    asker: &mut Asker,
    texts: &Texts,
) -> Result<(), Ending> {
    let phone = place.open(asker).await?;
    let view = find(&phone.client.state(), named)?.clone();
    let question = texts.say_with("agree-remove", &[("who", view.label.as_str().into()), ("user", view.user.into())]);
    if !arguments.yes && !asker.agrees(&question)? {
        return Err(Complaint::of("cancelled").into());
    }
    phone.client.remove(view.account).await.map_err(Complaint::from)?;
    let mut states = phone.client.watch();
    let gone = states.wait_for(|state| state.accounts.iter().all(|other| other.account != view.account));
    gone.await.map_err(|_| Complaint::of("internal"))?;
    accounts(arguments, &phone.client.state(), texts);
    phone.client.stop().await;
    Ok(())
}

async fn start_afresh(arguments: &Arguments, place: &Place, asker: &mut Asker, texts: &Texts) -> Result<(), Ending> {
    if !arguments.yes && !asker.agrees(&texts.say("agree-afresh"))? {
        return Err(Complaint::of("cancelled").into());
    }
    let aside = place.start_afresh(asker).await?.display().to_string();
    match arguments.json {
        true => json::write(&serde_json::json!({"event": "done", "do": "start-afresh", "aside": aside})),
        false => println!("{}", texts.say_with("started-afresh", &[("file", aside.into())])),
    }
    Ok(())
}
