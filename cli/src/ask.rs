//! Questions before the phone is open: PIN, password, yes or no.
//!
//! They go to the terminal itself (`/dev/tty`), not to standard output, so that a program may read that. Where nobody can be
//! asked, a file or an option must have said it before.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use koppel_client::pin::Pin;
use koppel_client::secrets::home::Kind;
use zeroize::Zeroizing;

use crate::complaint::Complaint;
use crate::screen::style::wrap;
use crate::texts::Texts;

/// Whoever can be asked.
pub(crate) struct Asker {
    texts: Texts,
    pin: Option<Pin>,
    person: bool,
}

impl Asker {
    /// With the PIN of `--pin-file`, if it was given; without a person where a program reads (`--json`) or there is no terminal.
    pub(crate) fn new(texts: Texts, pin_file: Option<&Path>, json: bool) -> Result<Self, Complaint> {
        let pin = match pin_file {
            None => None,
            Some(file) => Some(Pin::parse(&read_secret(file)?)?),
        };
        Ok(Self { texts, pin, person: !json && io::stdin().is_terminal() })
    }

    /// Whether there is somebody to ask.
    pub(crate) fn can_ask(&self) -> bool {
        self.person && self.pin.is_none()
    }

    /// Whether a person sits before a terminal.
    pub(crate) fn is_person(&self) -> bool {
        self.person
    }

    /// The PIN of `--pin-file`.
    pub(crate) fn given_pin(&self) -> Option<Pin> {
        self.pin.clone()
    }

    /// The PIN. Where the secrets lie says what it is needed for.
    pub(crate) fn pin(&self, kind: Kind) -> Result<Pin, Complaint> {
        if let Some(pin) = &self.pin {
            return Ok(pin.clone());
        }
        if !self.person {
            return Err(pin_needed(kind));
        }
        self.hidden("ask-pin").and_then(|typed| Ok(Pin::parse(typed.as_bytes())?))
    }

    /// A new PIN, typed twice.
    pub(crate) fn new_pin(&self, kind: Kind) -> Result<Pin, Complaint> {
        if let Some(pin) = &self.pin {
            return Ok(pin.clone());
        }
        if !self.person {
            return Err(pin_needed(kind));
        }
        self.say(&match kind {
            Kind::File => self.texts.say("ask-new-pin-file"),
            Kind::Keyring => self.texts.say("ask-new-pin-keyring"),
        });
        loop {
            let first = self.hidden("ask-new-pin")?;
            match Pin::parse(first.as_bytes()) {
                Err(error) => self.complain(&error.into()),
                Ok(pin) => {
                    if *self.hidden("ask-new-pin-again")? == *first {
                        return Ok(pin);
                    }
                    self.complain(&Complaint::of("pins-differ"));
                }
            }
        }
    }

    /// A password: from a file, or typed.
    pub(crate) fn password(&self, file: Option<&Path>) -> Result<Zeroizing<String>, Complaint> {
        let Some(file) = file else {
            if !self.person {
                return Err(Complaint::of("password-needed"));
            }
            return self.hidden("ask-password").map_err(|_| Complaint::of("password-needed"));
        };
        let bytes = read_secret(file)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| Complaint::of("password-needed"))?;
        Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// A line that may be seen.
    pub(crate) fn line(&self, key: &str) -> Result<String, Complaint> {
        if !self.person {
            return Err(Complaint::of("command-invalid"));
        }
        eprint!("{} ", self.texts.say(key));
        io::stderr().flush()?;
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    /// Yes or no; no where nobody can be asked.
    pub(crate) fn agrees(&self, question: &str) -> Result<bool, Complaint> {
        if !self.person {
            return Ok(false);
        }
        self.say(question);
        let typed = self.line("ask-yes-no")?;
        Ok(self.texts.say("ask-yes").split(' ').any(|yes| typed.eq_ignore_ascii_case(yes)))
    }

    /// Says what went wrong with an answer, before the question is asked again.
    pub(crate) fn complain(&self, complaint: &Complaint) {
        self.say(&format!("{} {}", complaint.message(&self.texts), complaint.next(&self.texts)));
    }

    fn say(&self, sentence: &str) {
        for line in wrap(sentence, width()) {
            eprintln!("{line}");
        }
    }

    /// A line that nobody sees.
    pub(crate) fn hidden(&self, key: &str) -> Result<Zeroizing<String>, Complaint> {
        let typed = rpassword::prompt_password(format!("{} ", self.texts.say(key)));
        Ok(Zeroizing::new(typed.map_err(|_| Complaint::of("interrupted"))?))
    }
}

/// Before a phone is open its PIN opens the folder; with a keyring the folder is open, and the PIN is there to approve.
fn pin_needed(kind: Kind) -> Complaint {
    match kind {
        Kind::File => Complaint::of("pin-needed-to-open"),
        Kind::Keyring => Complaint::about("pin-needed-to-approve", "pairing"),
    }
}

/// How wide a sentence may be.
fn width() -> usize {
    crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns)).min(76)
}

fn read_secret(file: &Path) -> Result<Zeroizing<Vec<u8>>, Complaint> {
    match fs::read(file) {
        Ok(bytes) => Ok(Zeroizing::new(bytes)),
        Err(error) => Err(Complaint::about("file-unreadable", format!("{}: {error}", file.display()))),
    }
}
