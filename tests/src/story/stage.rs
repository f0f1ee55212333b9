//! Where the story is played: a server and two panels as processes, in a folder that goes with them.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
};

use anyhow::{Context as _, Result, bail};

use super::{person::PASSWORD, phone::PhoneFolder};
use crate::server_process::{ServerProcess, free_port, programs};

/// The shortest life of a delivery that policy allows: the story waits for it in real time.
const DELIVERY: &str = "delivery_lifetime=60";

/// A server and its panels.
#[derive(Debug)]
pub struct Stage {
    server: Mutex<ServerProcess>,
    url: String,
    folder: PathBuf,
    code: Panel,
    number: Panel,
}

/// One panel process, killed with its stage.
#[derive(Debug)]
struct Panel {
    child: Child,
    url: String,
}

/// How a panel asks for the second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The person types the phone's code on the page.
    Code,
    /// The person types the page's number into the phone, which signs; the panel lets nobody in without that signature.
    Number,
}

impl Stage {
    /// Builds it up for these users.
    ///
    /// # Errors
    /// When a program is missing or does not do what it should; the message holds what it said.
    pub fn new(users: &[&str]) -> Result<Self> {
        let (code_port, number_port) = (free_port()?, free_port()?);
        let directory = format!("http://127.0.0.1:{code_port}/koppel/directory");
        let settings = ["--directory-url", &directory, "--set", DELIVERY];
        let (mut server, organisation) = ServerProcess::with_organisation(&settings, &[])?;
        let folder = server.folder().to_owned();
        let secret = organisation["directory_secret"].as_str().context("no directory_secret after init")?;
        fs::write(folder.join("directory.secret"), secret)?;
        for user in users {
            add_user(&folder, user)?;
        }
        server.restart()?;
        let stage = Self {
            url: server.url(),
            code: Panel::start(&server, Mode::Code, code_port)?,
            number: Panel::start(&server, Mode::Number, number_port)?,
            server: Mutex::new(server),
            folder,
        };
        Ok(stage)
    }

    /// Where the panel of this mode is.
    #[must_use]
    pub fn panel(&self, mode: Mode) -> &str {
        match mode {
            Mode::Code => &self.code.url,
            Mode::Number => &self.number.url,
        }
    }

    /// The server's address, `127.0.0.1:PORT`, as a person types it into a phone.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// A new phone, not yet paired.
    ///
    /// # Errors
    /// When its folder cannot be made.
    pub fn new_phone(&self, name: &str) -> Result<PhoneFolder> {
        PhoneFolder::new(&self.folder.join("phones").join(name))
    }

    /// A koppelcode from support, by the server's own command while it runs.
    ///
    /// # Errors
    /// When the command fails.
    pub fn koppelcode_from_support(&self, user: &str) -> Result<String> {
        let why = ["--reason", "new phone", "--ticket", "4711"];
        let koppelcode = [&["user", "koppelcode", "--organisation", "De Linden", user][..], &why].concat();
        let answer = self.server()?.command(&koppelcode)?;
        answer["code"].as_str().map(str::to_owned).with_context(|| format!("no code in {answer}"))
    }

    /// kill -9.
    ///
    /// # Errors
    /// Never, unless another step panicked meanwhile.
    pub fn kill_server(&self) -> Result<()> {
        self.server()?.kill();
        Ok(())
    }

    /// Starts the server again on the same file.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_server(&self) -> Result<()> {
        self.server()?.restart()
    }

    fn server(&self) -> Result<std::sync::MutexGuard<'_, ServerProcess>> {
        Ok(self.server.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the server and the panels logged, for the message of a failure.
    #[must_use]
    pub fn logs(&self) -> String {
        let names = ["server.log", "panel-code.log", "panel-number.log"];
        let read = |name| fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        names.map(|name| format!("----- {name}\n{}", read(name))).concat()
    }
}

impl Panel {
    fn start(server: &ServerProcess, mode: Mode, port: u16) -> Result<Self> {
        let (party, name, arguments): (_, _, &[&str]) = match mode {
            Mode::Code => ("Klantpaneel", "panel-code", &["--mode", "code"]),
            Mode::Number => ("Beheerpaneel", "panel-number", &["--require-device-signature"]),
        };
        let folder = server.folder();
        let url = format!("http://127.0.0.1:{port}");
        let (_, key) = server.add_relying_party(party, &format!("{url}/koppel/return"), &[])?;
        let key_file = folder.join(format!("{name}.key"));
        fs::write(&key_file, key)?;
        let mut child = Command::new(programs().join("koppel-panel"))
            .args(["--listen", &format!("127.0.0.1:{port}"), "--public-url", &url, "--server", &server.url()])
            .args(arguments)
            .arg("--api-key-file")
            .arg(key_file)
            .arg("--directory-secret-file")
            .arg(folder.join("directory.secret"))
            .arg("--users")
            .arg(folder.join("users.json"))
            .arg("--state")
            .arg(folder.join(format!("{name}.json")))
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.join(format!("{name}.log")))?)
            .spawn()
            .context("koppel-panel does not start")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("stdout")?).read_line(&mut line)?;
        let panel = Self { child, url };
        if !line.starts_with("listening on ") {
            let log = fs::read_to_string(folder.join(format!("{name}.log"))).unwrap_or_default();
            bail!("the panel did not come up: {line}{log}");
        }
        Ok(panel)
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        // It may have died by itself; both calls then fail harmlessly.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn add_user(folder: &std::path::Path, name: &str) -> Result<()> {
    let mut child = Command::new(programs().join("koppel-panel"))
        .args(["user", "add", "--password-file", "-", "--users"])
        .arg(folder.join("users.json"))
        .arg(name)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .context("koppel-panel does not start")?;
    child.stdin.take().context("stdin")?.write_all(PASSWORD.as_bytes())?;
    if !child.wait()?.success() {
        bail!("koppel-panel user add {name} failed");
    }
    Ok(())
}
