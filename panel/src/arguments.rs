//! What can be typed behind `koppel-panel`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::address::Address;
use crate::verification::Mode;

const STORY: &str = "\
A small web site that asks a user name and a password, and then lets a Koppel server ask the user's phone. \
It uses nothing but the server's public HTTP API, checks the phone's signature itself, and lets nobody in when \
anything goes wrong: there is no setting for that.

Without a command it serves the site. Users stand in a JSON file (`koppel-panel user add`), or try it with \
--example-users. Keys of phones that it knows stand in the --state file (`koppel-panel key`).";

const EXAMPLES: &str = "\
Try it on one machine, beside a server on port 8080:
  koppel-server relying-party add \"De Linden\" --organisation … --return-url http://127.0.0.1:8090/koppel/return
  koppel-server key add --relying-party … --scope verify > panel.key
  koppel-panel --listen 127.0.0.1:8090 --server http://127.0.0.1:8080 --api-key-file panel.key --example-users

In earnest, behind a proxy that speaks https:
  koppel-panel user add --users users.json noor --display \"Noor Smit\" --extension 31
  koppel-panel --listen 127.0.0.1:8090 --public-url https://panel.example.org --trusted-proxy 127.0.0.1 \\
      --server https://id.example.org --api-key-file panel.key --users users.json --state keys.json";

/// The web panel of a telephone exchange.
#[derive(Debug, Parser)]
#[command(name = "koppel-panel", version, long_about = STORY, after_long_help = EXAMPLES)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Arguments {
    /// Serving the site.
    #[command(flatten)]
    pub serve: Option<Serve>,
    /// Anything else.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The site.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where to listen; port 0 takes a free one. The address is printed as `listening on http://…`
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    pub listen: SocketAddr,
    /// Under which address browsers find the panel; without it, the address it listens on.
    /// Register this address and `/koppel/return` behind it as the relying party's return URL
    #[arg(long, value_name = "URL")]
    pub public_url: Option<Address>,
    /// The Koppel server, by its public address
    #[arg(long, value_name = "URL")]
    pub server: Address,
    /// Where to ask the server, when it is not at its public address (a network of its own)
    #[arg(long, value_name = "URL")]
    pub server_api: Option<Address>,
    /// A file with the API key; the scope `verify` is enough
    #[arg(long, value_name = "FILE")]
    pub api_key_file: PathBuf,
    /// A file with the secret of the directory question; without it no question is answered
    #[arg(long, value_name = "FILE")]
    pub directory_secret_file: Option<PathBuf>,
    /// Certificates (PEM) to trust beside the usual ones
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Type a code here, or a number on the phone, which then signs; without it the server decides
    #[arg(long, value_enum)]
    pub mode: Option<Mode>,
    /// Let nobody in without the signature of a phone that is known; implies --mode number
    #[arg(long)]
    pub require_device_signature: bool,
    /// While the server says that a user need not have a second factor yet, let them in by the password alone
    #[arg(long, conflicts_with = "require_device_signature")]
    pub roll_out: bool,
    /// The users (JSON), see `koppel-panel user add`
    #[arg(long, value_name = "FILE", required_unless_present = "example_users")]
    pub users: Option<PathBuf>,
    /// Eight example users: anna (password linden-anna), bram, chloe, daan, esra, femke, gijs, hanna. On loopback only
    #[arg(long)]
    pub example_users: bool,
    /// The keys of phones that are known (JSON), made when there is none
    #[arg(long, value_name = "FILE", default_value = "koppel-panel.json")]
    pub state: PathBuf,
    /// A proxy whose X-Forwarded-For is believed; can be given more than once
    #[arg(long, value_name = "IP")]
    pub trusted_proxy: Vec<IpAddr>,
    /// How the log on stderr is written
    #[arg(long, value_enum, default_value = "text")]
    pub log: Log,
}

/// A form of log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Log {
    /// Lines for people.
    Text,
    /// Lines for programs.
    Json,
}

/// Caring for the files.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The people who may sign in
    #[command(subcommand)]
    User(UserCommand),
    /// The keys of phones that the panel knows
    #[command(subcommand)]
    Key(KeyCommand),
}

/// Users.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user; asks for the password. A running panel sees it at once
    Add {
        /// The file; made when there is none
        #[arg(long, value_name = "FILE")]
        users: PathBuf,
        /// What the user types
        login_name: String,
        /// What the user is called; without it, the login name
        #[arg(long)]
        display: Option<String>,
        /// The number of their telephone
        #[arg(long, default_value = "–")]
        extension: String,
        /// A file whose first line is the password; `-` is standard input
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
}

/// Known keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Show every known key and how it came to be known
    List {
        /// The file of a panel's --state
        #[arg(long, value_name = "FILE", default_value = "koppel-panel.json")]
        state: PathBuf,
    },
    /// Trust a key that waits: a new phone for which no known phone signed
    Accept(WhichKey),
    /// Forget a key: a phone that is lost. The next key of a user who has none is taken as it comes
    Forget(WhichKey),
}

/// One key.
#[derive(Debug, Args)]
pub struct WhichKey {
    /// The file of a panel's --state
    #[arg(long, value_name = "FILE", default_value = "koppel-panel.json")]
    pub state: PathBuf,
    /// The user's external id, as `key list` shows it
    pub user: String,
    /// The device, as `key list` shows it
    pub device: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_are_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn serving_needs_a_server_a_key_and_users() {
        let parse = |line: &str| Arguments::try_parse_from(line.split(' '));
        let good = "koppel-panel --server https://id.nl --api-key-file k";
        assert!(parse(&format!("{good} --example-users")).unwrap().serve.is_some());
        assert!(parse(good).is_err());
        assert!(parse("koppel-panel --example-users --api-key-file k").is_err());
        assert!(parse("koppel-panel").is_err());
        let add = parse("koppel-panel user add --users u.json noor").unwrap();
        assert!(add.serve.is_none() && add.command.is_some());
    }
}
