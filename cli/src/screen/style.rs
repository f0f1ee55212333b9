//! What a row on screen is made of: pieces of text, each in a tone. The terminal decides what a tone looks like.

/// How a piece of text is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it is.
    Plain,
    /// A headline, a code.
    Strong,
    /// Beside the point.
    Muted,
    /// Ours: what is live, what went well.
    Accent,
    /// Refused, reported, lost.
    Danger,
    /// Look twice.
    Warning,
}

/// A piece of text in one tone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The text.
    pub(crate) text: String,
    /// Its tone.
    pub(crate) tone: Tone,
}

/// A row of the screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Row(pub(crate) Vec<Piece>);

impl Row {
    /// An empty row.
    pub(crate) fn empty() -> Self {
        Self::default()
    }

    /// One text in one tone.
    pub(crate) fn of(text: impl Into<String>, tone: Tone) -> Self {
        Self::empty().and(text, tone)
    }

    /// This row and another piece.
    #[must_use]
    pub(crate) fn and(mut self, text: impl Into<String>, tone: Tone) -> Self {
        self.0.push(Piece { text: text.into(), tone });
        self
    }

    /// This row with `right` at the right end of `width`, as far as there is room.
    #[must_use]
    pub(crate) fn with_right(mut self, right: &str, tone: Tone, width: usize) -> Self {
        let used = self.width() + right.chars().count();
        if used < width {
            self = self.and(" ".repeat(width - used), Tone::Plain).and(right, tone);
        }
        self
    }

    /// This row, cut off at `width`.
    #[must_use]
    pub(crate) fn fitted(self, width: usize) -> Self {
        let mut room = width;
        let pieces = self.0.into_iter().filter_map(|piece| {
            let text: String = piece.text.chars().take(room).collect();
            room -= text.chars().count();
            (!text.is_empty()).then_some(Piece { text, ..piece })
        });
        Self(pieces.collect())
    }

    /// How many columns it takes.
    pub(crate) fn width(&self) -> usize {
        self.0.iter().map(|piece| piece.text.chars().count()).sum()
    }

    /// The bare text.
    #[cfg(test)]
    pub(crate) fn text(&self) -> String {
        self.0.iter().map(|piece| piece.text.as_str()).collect()
    }
}

/// Breaks a sentence into lines of at most `width` columns, at spaces.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let fits = lines
            .last()
            .is_some_and(|line| line.is_empty() || line.chars().count() + 1 + word.chars().count() <= width);
        if !fits {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.into_iter().map(|line| cut(&line, width)).collect()
}

/// The first `width` columns, with an ellipsis when something was left out.
pub(crate) fn cut(text: &str, width: usize) -> String {
    match text.chars().count() > width {
        false => text.to_owned(),
        true => text.chars().take(width.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_break_at_spaces_and_nothing_is_lost() {
        let lines = wrap("een twee drie vier", 9);
        assert_eq!(lines, ["een twee", "drie vier"]);
        assert_eq!(wrap("", 9), [""]);
        assert_eq!(wrap("onafzienbaar", 5), ["onaf…"]);
    }

    #[test]
    fn what_stands_right_ends_at_the_edge() {
        let row = Row::of("links", Tone::Plain).with_right("rechts", Tone::Muted, 20);
        assert_eq!(row.text().chars().count(), 20);
        assert!(row.text().ends_with("rechts"));
    }
}
