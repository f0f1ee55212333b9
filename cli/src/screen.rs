//! The live screen: whatever waits stands in front, large, with the keys that answer it below.
//!
//! [`model`] knows, [`keys`] changes it, [`view`] draws it; the terminal itself is in [`terminal`].

pub(crate) mod keys;
pub(crate) mod model;
pub(crate) mod style;
pub(crate) mod terminal;
#[cfg(test)]
mod tests;
pub(crate) mod view;

use std::io;
use std::time::Duration;

use crossterm::event::Event;
use koppel_core::State;
use serde_json::Value;
use tokio::sync::mpsc;

use self::model::Model;
use self::terminal::Terminal;
use crate::countdown;
use crate::happening::{Asked, Face, Happening, Wish};
use crate::texts::Texts;

/// How often the countdown moves.
const BEAT: Duration = Duration::from_millis(250);

/// The live screen.
pub(crate) struct Screen {
    model: Model,
    terminal: Terminal,
    keys: mpsc::UnboundedReceiver<Event>,
    ascii: bool,
}

impl Screen {
    /// Takes the terminal. `ascii` where it cannot show more.
    pub(crate) fn open(texts: Texts, colours: bool, ascii: bool) -> io::Result<Self> {
        let terminal = Terminal::take(colours)?;
        Ok(Self { model: Model::new(texts), terminal, keys: terminal::events(), ascii })
    }

    fn draw(&mut self) {
        let rows = view::rows(&self.model, countdown::now_ms(), Terminal::size(), self.ascii);
        if let Err(error) = self.terminal.show(rows) {
            tracing::warn!(%error, "the terminal takes nothing");
        }
        if std::mem::take(&mut self.model.bell) {
            self.terminal.ring();
        }
    }
}

impl Face for Screen {
    async fn next(&mut self) -> Asked {
        loop {
            if let Some((account, cid)) = self.model.to_show.take() {
                return Wish::Show(account, cid).into();
            }
            self.draw();
            tokio::select! {
                event = self.keys.recv() => match event {
                    Some(Event::Key(key)) => {
                        let wish = self.model.press(key);
                        self.draw();
                        if let Some(wish) = wish {
                            return wish.into();
                        }
                    }
                    Some(_) => {}
                    None => return Wish::Quit.into(),
                },
                () = tokio::time::sleep(BEAT) => {}
            }
        }
    }

    fn tell(&mut self, happening: &Happening, _reference: Option<&Value>, state: &State) {
        self.model.hear(happening, state);
        self.draw();
    }

    fn shows_at_once(&self) -> bool {
        false
    }

    fn can_ask_pin(&self) -> bool {
        true
    }
}
