//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::texts::Locale;

/// `koppel`, the phone in a terminal. The help texts stand in `l10n` and are put in by [`crate::help`].
#[derive(Debug, Parser)]
#[command(name = "koppel", version, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    /// Where the vault lies.
    #[arg(long, global = true, env = "KOPPEL_FOLDER", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// The language.
    #[arg(long, global = true, env = "KOPPEL_LOCALE", value_name = "nl|en")]
    pub(crate) locale: Option<Locale>,
    /// Further roots to trust.
    #[arg(long, global = true, env = "KOPPEL_CA", value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// For programs.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// For screen readers.
    #[arg(long, global = true)]
    pub(crate) plain: bool,
    /// The PIN, from a file.
    #[arg(long, global = true, env = "KOPPEL_PIN_FILE", value_name = "FILE")]
    pub(crate) pin_file: Option<PathBuf>,
    /// Agrees without asking.
    #[arg(long, global = true)]
    pub(crate) yes: bool,
    /// Where secrets go in a new folder.
    #[arg(long, global = true, value_enum, default_value_t = Secrets::Auto, hide_default_value = true)]
    pub(crate) secrets: Secrets,
    /// What to do; the live screen when absent.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Where the secrets of a new folder go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Secrets {
    /// The keyring if there is one, else a file.
    Auto,
    /// The keyring.
    Keyring,
    /// A file sealed under the PIN.
    File,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Pairs this phone with an account.
    Pair(Pair),
    /// Lists the accounts.
    Accounts,
    /// Tries every step of a login.
    TestPhone {
        /// The account, by its name here or its id; all when absent.
        account: Option<String>,
    },
    /// Gives an account another label.
    Rename {
        /// The account, by its name here or its id.
        account: String,
        /// The new label.
        label: String,
    },
    /// Removes an account from this phone.
    Remove {
        /// The account, by its name here or its id.
        account: String,
    },
    /// The codes of other services; lists them when nothing else is said.
    Codes {
        /// What to do with them.
        #[command(subcommand)]
        what: Option<Codes>,
    },
    /// Puts a vault aside that cannot be opened, and begins anew.
    StartAfresh,
}

/// What to do with the codes of other services.
#[derive(Debug, Subcommand)]
pub(crate) enum Codes {
    /// Shows them, and for how long each is still valid.
    List {
        /// Only those with this in their names.
        named: Option<String>,
    },
    /// Keeps one more, or those of another authenticator.
    Add {
        /// A link; `-` reads links from standard input. Asked for when absent.
        link: Option<String>,
        /// A picture of a QR code.
        #[arg(long, value_name = "FILE", conflicts_with = "link")]
        qr: Option<PathBuf>,
    },
    /// Puts a code on the clipboard.
    Copy {
        /// Which, by number, name or id.
        code: String,
    },
    /// Gives one another label.
    Rename {
        /// Which, by number, name or id.
        code: String,
        /// The new label.
        label: String,
    },
    /// Moves one to another place in the list.
    Move {
        /// Which, by number, name or id.
        code: String,
        /// Counted from 1.
        place: usize,
    },
    /// Forgets one.
    Remove {
        /// Which, by number, name or id.
        code: String,
    },
}

/// The doors.
#[derive(Debug, Args)]
pub(crate) struct Pair {
    /// The link of a QR code.
    #[arg(conflicts_with_all = ["server", "user", "code", "login"])]
    pub(crate) link: Option<String>,
    /// The server.
    #[arg(long, value_name = "HOST")]
    pub(crate) server: Option<String>,
    /// The user's name at the panel.
    #[arg(long, value_name = "NAME", requires = "server")]
    pub(crate) user: Option<String>,
    /// The koppelcode.
    #[arg(long, value_name = "KOPPELCODE", requires = "user", conflicts_with = "login")]
    pub(crate) code: Option<String>,
    /// By the password of the panel.
    #[arg(long, requires = "user")]
    pub(crate) login: bool,
    /// The password, from a file.
    #[arg(long, value_name = "FILE", requires = "login")]
    pub(crate) password_file: Option<PathBuf>,
    /// What other devices and support see this phone as.
    #[arg(long, value_name = "DEVICE")]
    pub(crate) name: Option<String>,
    /// Without approvals.
    #[arg(long)]
    pub(crate) codes_only: bool,
    /// Goes on as the live screen.
    #[arg(long, conflicts_with = "no_wait")]
    pub(crate) stay: bool,
    /// Ends when the check number is known.
    #[arg(long)]
    pub(crate) no_wait: bool,
}
