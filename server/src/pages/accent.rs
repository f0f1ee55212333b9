//! A relying party's colour on its pages: readable in light and in dark, or not taken.
//!
//! Contrast is that of WCAG 2.2 (relative luminance, success criterion 1.4.3: at least 4.5 : 1). The colour is that of buttons with white
//! words in the light theme, and must allow them; it is darkened a little where words in it stand on a tint of it. The dark theme has a
//! lighter one, with dark words, made here.

use koppel_domain::Colour;

/// The least contrast of words (WCAG 2.2, 1.4.3).
const LEAST: f64 = 4.5;

const WHITE: Colour = Colour([0xFF, 0xFF, 0xFF]);
const BLACK: Colour = Colour([0, 0, 0]);
/// As in `koppel.css`: behind everything in the light theme, and behind cards in the dark one.
const GROUND: Colour = Colour([0xF5, 0xF7, 0xF8]);
const DARK_CARD: Colour = Colour([0x17, 0x24, 0x30]);
const DARK_GROUND: Colour = Colour([0x0E, 0x17, 0x1F]);
/// Words on a button of the dark theme.
const DARK_WORDS: Colour = Colour([0x0B, 0x11, 0x16]);

/// The colour is too pale for white words on it: so many tenths to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "white words on this colour have a contrast of {}.{} : 1; at least 4.5 : 1 is needed: choose a darker one",
    .0 / 10,
    .0 % 10
)]
pub struct TooPale(
    /// The contrast, in tenths, rounded down.
    pub u16,
);

/// The colours of one theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shades {
    accent: Colour,
    words: Colour,
    soft: Colour,
    strong: Colour,
}

/// A colour that is readable in both themes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Accent {
    light: Shades,
    dark: Shades,
}

impl Accent {
    /// Makes the shades.
    ///
    /// # Errors
    /// [`TooPale`].
    pub(crate) fn of(colour: Colour) -> Result<Accent, TooPale> {
        let tenths = contrast(colour, WHITE) * 10.0;
        if tenths < LEAST * 10.0 {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a contrast is 1 to 21")]
            return Err(TooPale(tenths.floor() as u16));
        }
        Ok(Accent { light: light(colour), dark: dark(colour) })
    }

    /// What stands after `koppel.css`.
    pub(crate) fn stylesheet(&self) -> String {
        let root = |shades: Shades| {
            let Shades { accent, words, soft, strong } = shades;
            format!(
                ":root {{ --accent: {accent}; --on-accent: {words}; --accent-soft: {soft}; --accent-strong: {strong}; }}"
            )
        };
        format!("{}\n@media (prefers-color-scheme: dark) {{ {} }}\n", root(self.light), root(self.dark))
    }
}

/// The nearest to the colour whose words are read on everything they stand on.
fn light(colour: Colour) -> Shades {
    let soft = mix(colour, WHITE, 90);
    let mut accent = colour;
    for percent in (0..=100).step_by(2) {
        accent = mix(colour, BLACK, percent);
        if [WHITE, GROUND, soft].into_iter().all(|under| contrast(accent, under) >= LEAST) {
            break;
        }
    }
    Shades { accent, words: WHITE, soft, strong: mix(accent, BLACK, 25) }
}

fn dark(colour: Colour) -> Shades {
    let shades = |percent| {
        let accent = mix(colour, WHITE, percent);
        Shades { accent, words: DARK_WORDS, soft: mix(accent, DARK_CARD, 85), strong: mix(accent, WHITE, 25) }
    };
    let readable = |shades: &Shades| {
        let under = [DARK_CARD, DARK_GROUND, shades.soft, shades.words];
        under.into_iter().all(|under| contrast(shades.accent, under) >= LEAST)
    };
    (0..=100).step_by(2).map(shades).find(readable).unwrap_or_else(|| shades(100))
}

/// So many percent of the way from one colour to the other.
fn mix(from: Colour, to: Colour, percent: u32) -> Colour {
    let channel = |n: usize| {
        let (from, to) = (u32::from(from.0[n]), u32::from(to.0[n]));
        u8::try_from((from * (100 - percent) + to * percent + 50) / 100).unwrap_or(u8::MAX)
    };
    Colour([channel(0), channel(1), channel(2)])
}

/// WCAG 2.2: from 1 to 21.
fn contrast(one: Colour, other: Colour) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(colour: Colour) -> f64 {
    let [red, green, blue] = colour.0.map(|channel| {
        let part = f64::from(channel) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accent(text: &str) -> Result<Accent, TooPale> {
        Accent::of(text.parse().unwrap())
    }

    #[test]
    fn contrast_is_that_of_the_standard() {
        assert!((contrast(BLACK, WHITE) - 21.0).abs() < 1e-9);
        let grey: Colour = "#767676".parse().unwrap();
        assert!((contrast(grey, WHITE) - 4.54).abs() < 0.005);
    }

    #[test]
    fn a_pale_colour_is_refused_and_the_sentence_says_by_how_much() {
        assert_eq!(accent("#FFFFFF"), Err(TooPale(10)));
        let refused = accent("#FFD500").unwrap_err().to_string();
        assert!(refused.contains("1.4 : 1") && refused.contains("4.5 : 1"), "{refused}");
        assert_eq!(accent("#777777"), Err(TooPale(44)), "4.48 is not 4.5");
        assert!(accent("#767676").is_ok());
    }

    #[test]
    fn whatever_is_taken_is_readable_in_both_themes() {
        let steps = [0x00, 0x33, 0x5D, 0x80, 0xB3, 0xFF];
        let mut taken = 0;
        for red in steps {
            for green in steps {
                for blue in steps {
                    let Ok(Accent { light, dark }) = Accent::of(Colour([red, green, blue])) else { continue };
                    taken += 1;
                    for (shades, under) in [(light, [WHITE, GROUND]), (dark, [DARK_CARD, DARK_GROUND])] {
                        for (words, ground) in [
                            (shades.words, shades.accent),
                            (shades.words, shades.strong),
                            (shades.accent, shades.soft),
                            (shades.strong, shades.soft),
                            (shades.accent, under[0]),
                            (shades.accent, under[1]),
                        ] {
                            let ratio = contrast(words, ground);
                            assert!(ratio >= LEAST, "{words} on {ground}: {ratio} ({shades:?})");
                        }
                    }
                }
            }
        }
        assert!(taken > 60, "{taken}");
    }

    #[test]
    fn a_dark_colour_stays_what_it_is_in_the_light_theme() {
        let Accent { light, dark } = accent("#0B6B5D").unwrap();
        assert_eq!(light.accent.to_string(), "#0B6B5D");
        assert!(luminance(dark.accent) > luminance(light.accent));
    }
}
