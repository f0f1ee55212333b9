//! The terminal: raw while the screen lives, as it was when it ends, however it ends.

use std::io::{self, Stdout, Write};

use crossterm::event::{self, Event};
use crossterm::style::{Attribute, Color, Print, ResetColor, SetAttribute, SetForegroundColor};
use crossterm::{cursor, execute, queue, terminal};

use tokio::sync::mpsc;

use super::style::{Row, Tone};

/// Keys and other events of the terminal.
pub(crate) fn events() -> mpsc::UnboundedReceiver<Event> {
    let (pressed, keys) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        // Ends with the process, or when nobody listens any more.
        while let Ok(event) = event::read() {
            if pressed.send(event).is_err() {
                break;
            }
        }
    });
    keys
}

/// The terminal while the screen has it.
pub(crate) struct Terminal {
    out: Stdout,
    colours: bool,
    shown: Vec<Row>,
    size: (u16, u16),
}

impl Terminal {
    /// Takes the terminal. `colours` is false under `NO_COLOR`.
    pub(crate) fn take(colours: bool) -> io::Result<Self> {
        terminal::enable_raw_mode()?;
        let mut out = io::stdout();
        execute!(out, terminal::EnterAlternateScreen, cursor::Hide)?;
        Ok(Self { out, colours, shown: Vec::new(), size: (0, 0) })
    }

    /// Columns and rows.
    pub(crate) fn size() -> (usize, usize) {
        let (columns, rows) = terminal::size().unwrap_or((80, 24));
        (columns.into(), rows.into())
    }

    /// Shows these rows; only those that changed are written.
    pub(crate) fn show(&mut self, rows: Vec<Row>) -> io::Result<()> {
        let size = terminal::size().unwrap_or((80, 24));
        if size != self.size {
            self.size = size;
            self.shown.clear();
            queue!(self.out, terminal::Clear(terminal::ClearType::All))?;
        }
        let shown = std::mem::take(&mut self.shown);
        for (at, row) in changed(&shown, &rows) {
            let Ok(line) = u16::try_from(at) else { break };
            queue!(self.out, cursor::MoveTo(0, line), terminal::Clear(terminal::ClearType::UntilNewLine))?;
            for piece in row.map_or(&[][..], |row| &row.0) {
                self.put(&piece.text, piece.tone)?;
            }
        }
        self.shown = rows;
        self.out.flush()
    }

    /// The bell, once.
    pub(crate) fn ring(&mut self) {
        // A terminal without a bell is no failure.
        let _ = self.out.write_all(b"\x07").and_then(|()| self.out.flush());
    }

    fn put(&mut self, text: &str, tone: Tone) -> io::Result<()> {
        let colour = match tone {
            Tone::Accent => Some(Color::Green),
            Tone::Danger => Some(Color::Red),
            Tone::Warning => Some(Color::Yellow),
            Tone::Plain | Tone::Strong | Tone::Muted => None,
        };
        let attribute = match tone {
            Tone::Strong | Tone::Danger | Tone::Warning => Some(Attribute::Bold),
            Tone::Muted => Some(Attribute::Dim),
            Tone::Plain | Tone::Accent => None,
        };
        if let Some(colour) = colour.filter(|_| self.colours) {
            queue!(self.out, SetForegroundColor(colour))?;
        }
        if let Some(attribute) = attribute {
            queue!(self.out, SetAttribute(attribute))?;
        }
        queue!(self.out, Print(text), SetAttribute(Attribute::Reset))?;
        if self.colours {
            queue!(self.out, ResetColor)?;
        }
        Ok(())
    }
}

/// The rows that are another than before, and nothing for those that are no more.
fn changed<'a>(shown: &[Row], rows: &'a [Row]) -> impl Iterator<Item = (usize, Option<&'a Row>)> {
    let all = (0..rows.len().max(shown.len())).map(|at| (at, rows.get(at)));
    all.filter(|(at, row)| row.is_none() || shown.get(*at) != *row)
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Nothing more can be done for a terminal that does not take this.
        let _ = execute!(self.out, terminal::LeaveAlternateScreen, cursor::Show);
        let _ = terminal::disable_raw_mode();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_no_more_are_taken_away() {
        let rows = |texts: &[&str]| texts.iter().map(|text| Row::of(*text, Tone::Plain)).collect::<Vec<_>>();
        let (long, short) = (rows(&["a", "b", "c", "d"]), rows(&["a", "x"]));
        assert_eq!(changed(&long, &short).collect::<Vec<_>>(), [(1, Some(&short[1])), (2, None), (3, None)]);
        let grown: Vec<_> = changed(&short, &long).map(|(at, _)| at).collect();
        assert_eq!(grown, [1, 2, 3]);
        assert_eq!(changed(&long, &long).count(), 0);
    }
}
