//! `cargo xtask demo`: server, panel and phone on this machine, on files that go when it ends.
//!
//! The person opens the panel in a browser, and this terminal becomes their phone. `--check` plays the same without a person:
//! `koppel-story`, in `tests/src/story/`.

use std::{
    fs,
    io::{BufRead as _, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::{
    process::{self, Guarded},
    workspace::{PROFILE, Workspace},
};

const ORGANISATION: &str = "De Linden";
/// One of the panel's own example users.
const USER: &str = "anna";
const PASSWORD: &str = "linden-anna";

/// Builds, and plays the story without a person; whether every step went well.
pub(crate) fn check(workspace: &Workspace) -> Result<bool> {
    build(workspace)?;
    let programs = workspace.programs(PROFILE);
    process::succeeds(Command::new(programs.join("koppel-story")).env("KOPPEL_BIN_DIR", &programs))
}

/// Builds, starts everything, and becomes the phone; ends when the person leaves it.
pub(crate) fn run(workspace: &Workspace) -> Result<bool> {
    build(workspace)?;
    let stage = Stage::new(workspace)?;
    let _server = stage.start_server()?;
    let _panel = stage.start_panel()?;
    let desk = stage.add_operator()?;
    stage.explain(&desk);
    stage.pair_and_stay()
}

fn build(workspace: &Workspace) -> Result<()> {
    println!("building (the first time takes some minutes)");
    process::run(&mut workspace.cargo(&["build", "--workspace", "--bins", "--profile", PROFILE]))
}

/// The folder, the programs and the addresses of one demonstration.
struct Stage {
    folder: PathBuf,
    programs: PathBuf,
    server: String,
    panel: String,
}

impl Stage {
    fn new(workspace: &Workspace) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("koppel-demo-{}", std::process::id()));
        private_folder(&folder)?;
        let (server, panel) = (free_port()?, free_port()?);
        Ok(Self {
            folder,
            programs: workspace.programs(PROFILE),
            server: format!("127.0.0.1:{server}"),
            panel: format!("127.0.0.1:{panel}"),
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn program(&self, name: &str) -> Command {
        Command::new(self.programs.join(name))
    }

    /// One of the server's commands; what it answers.
    fn command(&self, arguments: &[&str]) -> Result<Value> {
        let mut command = self.program("koppel-server");
        command.args(arguments).arg("--json").arg("--database").arg(self.path("koppel.sqlite"));
        Ok(serde_json::from_str(&process::output(&mut command)?)?)
    }

    fn start_server(&self) -> Result<Guarded> {
        let (public, panel) = (format!("http://{}", self.server), format!("http://{}", self.panel));
        let directory = format!("{panel}/koppel/directory");
        let made = self.command(&[
            "init",
            "--organisation",
            ORGANISATION,
            "--public-url",
            &public,
            "--directory-url",
            &directory,
        ])?;
        keep(&made["directory_secret"], &self.path("directory.secret"))?;
        let returned = format!("{panel}/koppel/return");
        self.command(&[
            "relying-party",
            "add",
            "Klantpaneel",
            "--organisation",
            ORGANISATION,
            "--return-url",
            &returned,
        ])?;
        let key = self.command(&["key", "add", "--relying-party", "Klantpaneel", "--scope", "verify"])?;
        keep(&key["key"], &self.path("panel.key"))?;
        let mut serve = self.program("koppel-server");
        serve.args(["serve", "--listen", &self.server, "--database"]).arg(self.path("koppel.sqlite"));
        Guarded::start(serve, &self.path("server.log"))
    }

    fn start_panel(&self) -> Result<Guarded> {
        let mut panel = self.program("koppel-panel");
        panel
            .args(["--listen", &self.panel, "--server", &format!("http://{}", self.server), "--example-users"])
            .arg("--api-key-file")
            .arg(self.path("panel.key"))
            .arg("--directory-secret-file")
            .arg(self.path("directory.secret"))
            .arg("--state")
            .arg(self.path("panel.json"));
        Guarded::start(panel, &self.path("panel.log"))
    }

    /// Somebody at the support desk; the link with which they choose a password.
    fn add_operator(&self) -> Result<String> {
        let made = self.command(&["operator", "add", "piet", "--role", "supervisor"])?;
        Ok(made["link"].as_str().context("the operator got no link")?.to_owned())
    }

    fn explain(&self, desk: &str) {
        println!(
            "
A server, the web panel of a telephone exchange, and your phone: this terminal.

  1. Open     http://{panel}
     user     {USER}
     password {PASSWORD}
  2. The panel wants to secure the account first and shows what there is.
     Add the Koppel app: under its QR code stand the same invitation as a
     koppelcode and as a link. Copy one of them, and type it here. Then choose
     a PIN for this phone.
  3. This phone shows a check number. Type it in the browser, then the code
     that arrives here. Add a backup, such as recovery codes, and you are in.

Sign out and in again, and the code arrives here by itself. q leaves;
everything is removed then.

The support desk, in another browser or a private window: choose a password,
prove yourself as above, and help {USER} or another user (bram, daan):
     {desk}
Logs: {folder}
",
            panel = self.panel,
            folder = self.folder.display()
        );
    }

    /// Asks for the invitation until one works, then is the phone until the person leaves it.
    fn pair_and_stay(&self) -> Result<bool> {
        loop {
            print!("Koppelcode or link from the browser: ");
            std::io::stdout().flush()?;
            let mut typed = String::new();
            if std::io::stdin().lock().read_line(&mut typed)? == 0 {
                println!();
                return Ok(true);
            }
            let typed = typed.trim();
            let mut phone = self.phone();
            phone.arg("pair");
            match typed {
                "" => continue,
                link if link.contains("://") => phone.arg(link),
                code => phone.args(["--server", &self.server, "--user", USER, "--code", code]),
            };
            if process::succeeds(phone.arg("--stay"))? {
                return Ok(true);
            }
        }
    }

    fn phone(&self) -> Command {
        let mut phone = self.program("koppel");
        phone.args(["--secrets", "file", "--folder"]).arg(self.path("phone"));
        phone
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // What is left over is in the folder for temporary files, readable to its owner alone.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn private_folder(folder: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).with_context(|| format!("{} cannot be made", folder.display()))
}

fn keep(secret: &Value, file: &Path) -> Result<()> {
    let Some(secret) = secret.as_str() else { bail!("no secret for {}", file.display()) };
    Ok(fs::write(file, secret)?)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
